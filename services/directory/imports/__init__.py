"""Import rows that a reader sends: `ImportMethods` is the method of the servicer, `Import` one call of it."""

from services.directory.imports.methods import ImportMethods

__all__ = ["ImportMethods"]
