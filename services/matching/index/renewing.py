"""
Keep what was compiled of a pass until something changes that it is made of.

The compiler by itself looks at the file of the pass alone. What stands elsewhere, a part or a constant, could change
unseen, and the pass would go on with what was.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from inspect import getfile, unwrap
from pathlib import Path
from types import BuiltinFunctionType, ModuleType
from typing import Any, Final

import numpy as np
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher

_FORM: Final = 2  #: of what is kept: what was made, and by what


class Kept(FunctionCache):
    """
    What was compiled of a pass, in a file beside its module or in the user's cache.

    Args:
        found: The pass, not compiled yet.

    Raises:
        RuntimeError: There is no folder that can be written.
    """

    def __init__(self, found: Dispatcher) -> None:
        super().__init__(found.py_func)  # type: ignore[no-untyped-call]
        stamp = f"{_FORM} {_digest(found)}"
        self._cache_file = _Files(self.cache_path, self._impl.filename_base, stamp)  # type: ignore[no-untyped-call]


class _Files(IndexDataCacheFile):
    """
    An index that says by what all was made, and what was made.

    The index is written first, so that another process could find under the new stamp what was made by an old one:
    what was made says itself by what.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (self._source_stamp, data))  # type: ignore[no-untyped-call]

    def load(self, key: Any) -> Any:
        stamp, data = super().load(key) or (None, None)  # type: ignore[no-untyped-call]
        return data if stamp == self._source_stamp else None


def _digest(found: Dispatcher) -> str:
    return sha256("\n".join(_made_of(found)).encode()).hexdigest()


def _made_of(found: Dispatcher) -> Iterator[str]:
    """List what a pass or a part is made of: how it is compiled, its code, and what that names of its module."""
    function: Callable[..., Any] = found.py_func
    code = function.__code__
    yield repr((found.targetoptions, code.co_code, code.co_consts, code.co_names, code.co_varnames))
    for name in code.co_names:
        if name in function.__globals__:
            yield from _named(name, function.__globals__[name])


def _named(name: str, value: Any) -> Iterator[str]:
    """List what is behind a name that a pass uses."""
    match value:
        case Dispatcher():
            yield from _made_of(value)
        case bool() | int() | float() | np.generic() | BuiltinFunctionType():
            yield f"{name} {value!r}"
        case np.ndarray():
            yield f"{name} {value.dtype} {value.shape} {value.tobytes().hex()}"
        case type() if issubclass(value, tuple):
            yield f"{name} {value.__annotations__}"
        case ModuleType(__name__="numpy" | "math"):
            yield name
        case _ if hasattr(value, "__wrapped__"):  # an instruction of the processor
            yield Path(getfile(unwrap(value))).read_text(encoding="utf-8")
        case _:
            raise TypeError(f"nobody could tell when {name} changes, which a pass uses")
