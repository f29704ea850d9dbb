"""The tables of schema `directory`, in numbered files that are never changed once applied."""
