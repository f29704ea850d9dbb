"""
Bring HSDS files in and take the directory out as HSDS, for `ihala import --mapping hsds` and `ihala export --as hsds`.

`bring` and `take` are all that a caller needs.
"""

from services.directory.exchange.bringing import Brought, bring
from services.directory.exchange.taking import Form, take
from services.directory.hsds.ways import Ways

__all__ = ["Brought", "Form", "Ways", "bring", "take"]
