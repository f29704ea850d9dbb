"""
The deny list: tokens and subjects that are refused before they expire.

One entry a line, so that an operator can append by hand in a hurry:
`token <jti>` refuses one token; `subject <client id> <unix time>` refuses every
token of a subject that was issued before that time; `#` begins a comment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.errors import InvalidInput
from services.runtime.auth import OPAQUE_ID


@dataclass(frozen=True, slots=True)
class Denials:
    """What a deny list says."""

    token_ids: frozenset[str] = frozenset()
    subjects: Mapping[str, float] = field(default_factory=dict)  #: unix time in seconds

    def refuse(self, *, token_id: str, client_id: str, issued_s: float) -> bool:
        """Say whether a token was revoked, by itself or with all of its subject's."""
        return token_id in self.token_ids or issued_s < self.subjects.get(client_id, float("-inf"))


def read_denials(path: Path) -> Denials:
    """
    Read a deny list.

    Raises:
        InvalidInput: A line is neither form. Skipping it would let a revoked token in.

        OSError: The file cannot be read.
    """
    token_ids: set[str] = set()
    subjects: dict[str, float] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match line.partition("#")[0].split():
            case []:
                continue
            case ["token", token_id]:
                token_ids.add(token_id)
            case ["subject", client_id, before]:
                subjects[client_id] = max(_seconds(before, number), subjects.get(client_id, 0.0))
            case _:
                raise _unreadable(number)
    return Denials(frozenset(token_ids), subjects)


def deny_token(path: Path, token_id: str) -> None:
    """Refuse one token from now on. Saying it twice changes nothing."""
    _append(path, "token", token_id)


def deny_subject(path: Path, client_id: str, *, before: datetime) -> None:
    """Refuse every token of a subject that was issued before a time; later ones hold."""
    _append(path, "subject", client_id, f"{before.timestamp():.6f}")


def _append(path: Path, kind: str, name: str, *rest: str) -> None:
    if OPAQUE_ID.fullmatch(name) is None:
        raise InvalidInput(f"{kind} must be an opaque id of 1 to 64 characters")
    # the line break first: it ends a line that a hand or a crash left open
    line = f"\n{' '.join((kind, name, *rest))}\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seconds(text: str, number: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise _unreadable(number) from None


def _unreadable(number: int) -> InvalidInput:
    return InvalidInput(f"deny_file:{number} must be `token ID` or `subject ID UNIX_TIME`")
