"""The `ihala` command; docs/cli.md tells what it does."""


def main() -> None:
    """Run the command line."""
    from ihala.cli.app import app

    app()
