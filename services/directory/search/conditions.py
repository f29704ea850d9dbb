"""What a search asks for."""

from dataclasses import dataclass
from datetime import datetime

from services.directory.model import Delivery, Status
from services.directory.search.areas import Area
from services.geo import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a public provider must be to be found; all that is given must hold."""

    origin: Point | None = None  #: where to measure from; None: rows come by id
    area: Area | None = None
    max_cost_mm: int | None = None  #: needs an origin
    codes: tuple[str, ...] = ()  #: each claimed yes or unknown; a code at the top means any below it
    words: tuple[str, ...] = ()  #: normalised; each starts a word of a name
    language: str = ""  #: canonical BCP 47
    statuses: tuple[Status, ...] = ()  #: none: active and inside the period of validity now
    dataset: str = ""
    country_code: str = ""
    places_free: bool = False
    open_at_time: datetime | None = None  #: when people are surely taken in (R48)
    covers: Point | None = None  #: in a service area whose outline is known
    deliveries: tuple[Delivery, ...] = ()  #: one of these ways
    staff_genders: tuple[str, ...] = ()  #: staff of one of these
    by_relevance: bool = False  #: whose names fit the words best come first; needs words
