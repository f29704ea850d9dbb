"""Everything on one machine: PostgreSQL, NATS and the services as children of one process, for `make run` and tests."""
