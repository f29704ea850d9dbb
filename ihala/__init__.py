"""What case systems and providers import, and the `ihala` command."""
