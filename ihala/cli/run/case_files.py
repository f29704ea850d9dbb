"""The demo's cases, as files tell them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case of demo/cases/."""

    number: int
    title: str
    story: str
    prefix: str  #: of the case's reference, which is new in every run
    desk_key: str
    nearest: Mapping[str, str]  #: the source key of the provider that is meant, by service code
    request: Mapping[str, Any]

    @classmethod
    def of(cls, number: int, document: Mapping[str, Any]) -> "CaseFile":
        """Read a file's document."""
        return cls(
            number=number,
            title=document["title"],
            story=document["story"],
            prefix=document["case_ref"],
            desk_key=document["answered_by"],
            nearest=document["nearest"],
            request=document["request"],
        )
