"""
Say what went wrong: the field, its rule, and what was sent, with an exit code a reason.

The services never repeat a value. This side knows what was typed, so it can.
"""

import asyncio
import functools
import os
import re
import sys
from collections.abc import Callable, Coroutine, Mapping
from itertools import chain
from typing import Any, ParamSpec, TypeVar

import structlog
import typer
from typer.exceptions import TyperException

from ihala.cli.exit_codes import BY_REASON, FAULT, INTERRUPTED
from ihala.cli.output import Format, to_json
from services.errors import IhalaError, Reason

P = ParamSpec("P")
T = TypeVar("T")

_VOCABULARY = re.compile(r"a code of the vocabulary (\w+)")
#: names of fields on the wire, or parts of them, and the options that they were typed as
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "code": ("need", "code"),
    "codes": ("need", "code"),
    "needs": ("need",),
    "origin": ("at", "near"),
    "point": ("at", "near"),
    "latitude_deg": ("at", "near"),
    "longitude_deg": ("at", "near"),
    "place_id": ("at", "near"),
    "h3_cell": ("at", "near"),
    "text": ("at", "near", "text"),
    "languages": ("language",),
    "when_time": ("when",),
    "max_distance_m": ("max_distance_km",),
    "page_size": ("limit",),
    "provider_ids": ("provider",),
    "provider_id": ("provider", "provider_id"),
    "receiver_id": ("receiver", "receiver_id"),
    "consent_id": ("consent", "consent_id"),
    "match_token": ("match",),
    "fields": ("field",),
    "purposes": ("purpose",),
    "end_time": ("days",),
    "valid_for": ("days",),
    "country_code": ("country",),
    "area_cells": ("area",),
    "statuses": ("status",),
    "states": ("state",),
    "kinds": ("kind",),
    "items": ("places",),
    "hours_since_event": ("hours_since",),
    "time_zone": ("zone", "time_zone"),
    "until_time": ("until",),
    "wait_until_time": ("until",),
    "order_no": ("order",),
    "phones": ("phone",),
    "address": ("address", "number"),
}


#: what the services say of whatever is absent or forbidden: both look the same
ABSENT = "there is no such object"
NAMING = frozenset({"receiver", "consent", "provider"})


def command(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make a coroutine a command: it runs, and what it fails with is shown."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return shown(lambda: asyncio.run(function(*args, **kwargs)), kwargs)

    return run


def plain_command(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function a command: what it fails with is shown."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return shown(lambda: function(*args, **kwargs), kwargs)

    return run


def shown(act: Callable[[], T], typed: Mapping[str, Any] | None = None) -> T:
    """
    Do something for the command line: a failure ends it with words and an exit code, never with a traceback.

    Args:
        act: What is done.

        typed: What was typed, by the name of the option; `form` is the format asked for.
    """
    # what libraries and our channel log is for services; a person reads the error itself
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr), processors=[_drop])
    try:
        return act()
    except IhalaError as error:
        show(error, typed or {})
        raise typer.Exit(BY_REASON[error.reason]) from None
    except BrokenPipeError:  # `| head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAULT) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort, TyperException):
        raise
    except OSError as error:
        print(f"error: {error.strerror or type(error).__name__}: {error.filename or ''}", file=sys.stderr)
        raise typer.Exit(FAULT) from None
    except Exception as error:
        if os.environ.get("IHALA_TRACEBACK"):
            raise
        print(
            f"error: a fault of ours ({type(error).__name__}); IHALA_TRACEBACK=1 shows where",
            file=sys.stderr,
        )
        raise typer.Exit(BY_REASON[Reason.INTERNAL]) from None


def show(error: IhalaError, typed: Mapping[str, Any]) -> None:
    """Print a failure on standard error, as the format asked for has it."""
    document = {
        "error": {
            "reason": error.reason,
            "message": error.message,
            "fields": [
                {"field": fault.field, "rule": fault.rule, "sent": _sent(fault.field, typed)} for fault in error.fields
            ],
            "metadata": error.metadata,
            "retry_after_s": error.retry_after_s,
            "exit_code": BY_REASON[error.reason],
        }
    }
    if typed.get("form") is Format.JSON:
        print(to_json(document), file=sys.stderr)
        return
    print(f"error: {error.reason}: {error.message}", file=sys.stderr)
    for fault in error.fields:
        if f"{fault.field} {fault.rule}" != error.message:
            print(f"  {fault.field} {fault.rule}", file=sys.stderr)
        if (sent := _sent(fault.field, typed)) is not None:
            print(f"  sent: {sent}", file=sys.stderr)
    for vocabulary in dict.fromkeys(_VOCABULARY.findall(error.message)):
        print(f"  its codes: ihala vocabulary {vocabulary}", file=sys.stderr)
    for name, value in error.metadata.items():
        print(f"  {name}: {value}", file=sys.stderr)
    if error.message == ABSENT:
        for name, value in _named(typed).items():
            print(f"  named: {name} {value}: absent, or not for this caller to see", file=sys.stderr)
    if error.retry_after_s:
        print(f"  try again after {error.retry_after_s:.0f} s", file=sys.stderr)


def _named(typed: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what was typed to name a thing, where the services must not say which of it is not there."""
    names = [name for name in typed if (name.endswith("_id") and name != "request_id") or name in NAMING]
    return {name.removesuffix("_id"): typed[name] for name in names if typed[name] and isinstance(typed[name], str)}


def _sent(path: str, typed: Mapping[str, Any]) -> str | None:
    """Find what was typed for a field, from the end of its path, which is the most particular."""
    numbers = re.findall(r"\[(\d+)\]", path)
    index = int(numbers[-1]) if numbers else None
    names = re.findall(r"[a-z_]\w*", path)[::-1]
    if names[:1] == ["codes"]:  # of a list of codes what they are of says more
        names[:2] = names[1::-1]
    for option in chain.from_iterable((name, *OPTIONS.get(name, ())) for name in names):
        value = typed.get(option)
        if value is None or value in ([], ()):
            continue
        if isinstance(value, list | tuple):
            value = value[index] if index is not None and index < len(value) else ", ".join(map(str, value))
        return str(value)
    return None


def _drop(*_: Any) -> Any:
    raise structlog.DropEvent
