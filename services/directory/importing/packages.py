"""Import the packages of the extra `import` when a file first needs them: that takes a second."""

from importlib import import_module
from typing import Any

from services.directory.model import refuse


def package(name: str) -> Any:
    """
    Import a package.

    Raises:
        InvalidInput: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise refuse("file", f"must be read with {name}: install ihala[import]") from None
