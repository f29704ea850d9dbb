"""Messages to values and back: the one place of the directory that names the generated stubs."""
