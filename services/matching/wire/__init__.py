"""Messages to values and back: with the clients, the only place of matching that names the generated stubs."""
