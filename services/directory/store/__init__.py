"""The directory in PostgreSQL: SQL stands in the methods, and each write is part of its caller's transaction."""
