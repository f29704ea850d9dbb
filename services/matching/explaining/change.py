"""A change of what is known or asked, which can be tried: applied to the question and the provider."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from services.matching.model.provider import Provider
from services.matching.model.request import Asked

Case = tuple[Asked, Provider]


class ChangeKind(StrEnum):
    """What has to be done; the sooner it is done by talking, the better."""

    ASK = "ask"
    RECORD = "record"  #: what a rule wants recorded before
    RELAX = "relax"  #: a condition of the request
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that would turn a constraint to yes."""

    kind: ChangeKind
    code: str  #: of the question that is asked, or of what is done
    ask: str = ""  #: "person" or "provider", for a question
    answer: str = ""  #: that would do; empty: the provider's yes, or a fact of which no answer is told to be wanted
    cost_mm: int = 0  #: how much farther it is than was allowed
    wait_s: int = 0
    apply: Callable[[Asked, Provider], Case] = field(compare=False, repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What several providers have in common: one question to a person settles all that wait for it."""
        return self.kind, self.code, self.ask


Changes = Iterator[Change]


def with_person(asked: Asked, **facts: Any) -> Asked:
    """Change facts about the person; a question about nobody stays as it is."""
    return asked if asked.person is None else replace(asked, person=replace(asked.person, **facts))


def with_need(asked: Asked, **facts: Any) -> Asked:
    """Change what is asked for."""
    return replace(asked, need=replace(asked.need, **facts))
