"""Fixtures of the tests of matching."""

import sys
from types import BuiltinFunctionType

import pytest

from services.matching.index.compiling import CHECKED
from tests.matching.houses import house

__all__ = ["house"]


@pytest.fixture(scope="session", autouse=True)
def _passes_are_checked() -> None:
    """Let passes refuse what they were not compiled for; in operation nobody looks."""
    for module in [*sys.modules.values()]:
        if module.__name__.startswith(("services.matching", "tests.matching")):
            for name, value in [*vars(module).items()]:
                if isinstance(value, BuiltinFunctionType) and value in CHECKED:
                    setattr(module, name, CHECKED[value])
