"""Fixtures of the tests of matching."""

from tests.matching.houses import house

__all__ = ["house"]
