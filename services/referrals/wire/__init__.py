"""Messages to values and back: with the clients, the only place that names the generated stubs."""
