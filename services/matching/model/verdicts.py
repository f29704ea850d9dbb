"""Say what a constraint answers: yes, no, or unknown with the question that settles it."""

from enum import IntEnum
from typing import NamedTuple


class Verdict(IntEnum):
    """A three-valued answer; the numbers are those in the index's columns."""

    YES = 0
    NO = 1
    UNKNOWN = 2

    __hash__ = int.__hash__  # an enum's own is slow, and rows are looked up by their findings


class Finding(NamedTuple):
    """A verdict, and for an unknown one what to ask whom."""

    verdict: Verdict
    question: str = ""  #: a code, empty unless unknown
    ask: str = ""  #: "person" or "provider", empty unless unknown


YES = Finding(Verdict.YES)
NO = Finding(Verdict.NO)


def ask_person(question: str) -> Finding:
    """Leave it unknown until the person has answered."""
    return Finding(Verdict.UNKNOWN, question, "person")


def ask_provider(question: str) -> Finding:
    """Leave it unknown until the provider has answered."""
    return Finding(Verdict.UNKNOWN, question, "provider")
