"""Keep alerts, deliveries, devices and codes in the schema `notify`."""
