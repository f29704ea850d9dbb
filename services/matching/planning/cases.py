"""What is known of a band before anybody is placed: its errands, its roofs, and the spots for its night."""

from dataclasses import dataclass

from services.matching.planning.errands import Errands, Listed
from services.matching.planning.groups import Band
from services.matching.planning.model import Party


@dataclass(frozen=True, slots=True)
class Errand:
    """A need besides the roof that some groups of a band have."""

    code: str
    takers: tuple[tuple[int, int], ...]  #: number of the group, and of the need in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Who of a band needs a roof, and where it could be."""

    party: Party
    party_no: int  #: its place in the problem
    roofs: Listed  #: who can take all of them by the constraints
    without_way_count: int  #: of those, who could if no child were alone among adults there


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A band with all that was found for it."""

    band: Band
    band_no: int  #: from 1; 0 for those who can go alone
    unit_count: int  #: how many can go to different providers
    errands: tuple[Errand, ...]  #: those that somebody can do
    routes: Errands
    night: Night | None  #: None: nobody of them needs a roof
