"""What the feeds of other services tell, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.matching.model.lines import Line
from services.matching.model.provider import Provider
from services.matching.model.silence import SilencePage


@dataclass(frozen=True, slots=True)
class ProviderChange:
    """The latest state of one provider."""

    revision: int
    provider_id: str
    provider: Provider | None  #: None: archived, or not to be matched for another reason


@dataclass(frozen=True, slots=True)
class ProviderPage:
    """A page of the directory's change feed."""

    epoch: str
    revision: int  #: resume after this
    is_caught_up: bool
    changes: tuple[ProviderChange, ...]  #: revisions ascending


@dataclass(frozen=True, slots=True)
class LinePage:
    """A page of the lines that coordinators draw and end."""

    epoch: str
    revision: int  #: ask again after this
    is_caught_up: bool
    lines: dict[str, Line | None]  #: by id; None: ended


@dataclass(frozen=True, slots=True)
class TakenPage:
    """A page of the places that referrals hold and book, and of who has been silent."""

    taken: Mapping[tuple[str, str], int]  #: (pool id, population) -> places, 0 for none any more
    is_caught_up: bool  #: the snapshot is whole; what follows are changes
    silence: SilencePage | None = None  #: None: as before
