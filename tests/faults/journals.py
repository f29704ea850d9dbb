"""What both sides wrote down while parts of the house died: the evidence that the house's own tables are held to."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that a case system had."""

    request_id: str
    case_ref: str
    referral_id: str  #: empty: every place was gone
    offer_ids: tuple[str, ...]


class SenderJournal:
    """A file with a line for each answer; what was noted is on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self._file)

    def note(self, answered: Answered) -> None:
        """Keep an answer before anybody relies on it."""
        line = [answered.request_id, answered.case_ref, answered.referral_id, *answered.offer_ids]
        os.write(self._file, json.dumps(line).encode() + b"\n")
        os.fsync(self._file)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was written down."""

    answered: Sequence[Answered] = ()
    heard: Mapping[str, frozenset[str]] = field(default_factory=dict)  #: alert ids by receiver id, of those with a file
    handed: Counter[str] = field(default_factory=Counter)  #: how often each offer was handed to a person
    watched: Mapping[str, Sequence[int]] = field(
        default_factory=dict
    )  #: revisions, by what references of cases begin with


def answers_in(path: Path) -> list[Answered]:
    """Read a sender's journal."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        Answered(request_id, case_ref, referral_id, tuple(ids)) for request_id, case_ref, referral_id, *ids in lines
    ]


def alerts_in(path: Path) -> frozenset[str]:
    """Read the alert ids of a receiver's journal, whole lines only."""
    lines: Iterable[dict[str, Any]] = (
        json.loads(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")
    )
    return frozenset(str(line.get("done") or line["alert_id"]) for line in lines)
