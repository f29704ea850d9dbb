"""
Arithmetic of places and holds: take, book, release, report.

Rules of this file: *oversold* never happens, because nothing is taken that is not
free; *overcommitted* may, because an honest lower report, a provider's own word and
an arrival are never refused. `booked` counts those accepted who had not arrived
before the last report, since that report already has the others.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from services.errors import FailedPrecondition, Reason
from services.referrals.model import Hold, HoldState, Place, PlaceItem, PlaceKey, ReportedPlace

Places = dict[PlaceKey, Place]


def counted(places: Mapping[PlaceKey, Place], pool_id: str, items: Iterable[PlaceItem]) -> tuple[PlaceItem, ...]:
    """List those items whose places are counted: the others have nothing to hold."""
    return tuple(item for item in items if _total(places, PlaceKey(pool_id, item.population)) is not None)


def is_free(places: Mapping[PlaceKey, Place], pool_id: str, items: Iterable[PlaceItem]) -> bool:
    """Say whether all of these counted items can be taken."""
    return all((places[PlaceKey(pool_id, item.population)].free or 0) >= item.count for item in items)


def take(places: Places, hold: Hold) -> None:
    """
    Hold what a hold claims.

    Raises:
        FailedPrecondition: A place is not free any more (NO_PLACE).
    """
    if not is_free(places, hold.pool_id, hold.items):
        raise no_place()
    _add(places, hold, held=1)


def leave(places: Places, hold: Hold, items: tuple[PlaceItem, ...]) -> Hold:
    """Claim fewer places than before: what is left over of a hold is free at once."""
    kept = {item.population: item.count for item in items}
    over = tuple(
        PlaceItem(item.population, item.count - kept.get(item.population, 0))
        for item in hold.items
        if item.count > kept.get(item.population, 0)
    )
    if hold.state is HoldState.HELD:
        _add(places, replace(hold, items=over), held=-1)
    smaller = tuple(PlaceItem(item.population, kept[item.population]) for item in hold.items if item.population in kept)
    return replace(hold, items=smaller)


def lapse(places: Places, hold: Hold) -> Hold:
    """Free what was held; the offer stands."""
    _add(places, hold, held=-1)
    return replace(hold, state=HoldState.LAPSED)


def book(places: Places, hold: Hold, *, beyond_report: bool) -> Hold:
    """
    Turn a hold into a booking; one that has lapsed or was released is taken again.

    Args:
        places: The places, changed in place.

        hold: The claim.

        beyond_report: Whether the provider's word wins over its report.

    Raises:
        FailedPrecondition: No place is left (NO_PLACE), and `beyond_report` is false.
    """
    if hold.state is HoldState.HELD:
        _add(places, hold, held=-1, booked=1)
    elif beyond_report or is_free(places, hold.pool_id, hold.items):
        _add(places, hold, booked=1)
    else:
        raise no_place()
    return replace(hold, state=HoldState.BOOKED)


def release(places: Places, hold: Hold, arrive_time: datetime | None) -> Hold:
    """Give back what a hold claims; a booking that the last report already counts is left to the next report."""
    if hold.state is HoldState.HELD:
        _add(places, hold, held=-1)
    elif hold.state is HoldState.BOOKED:
        _unbook(places, hold, lambda place: is_booked(place, arrive_time))
    return replace(hold, state=HoldState.RELEASED)


def arrive(places: Places, hold: Hold, arrive_time: datetime) -> None:
    """Stop counting a booking of somebody who was there before the last report."""
    if hold.state is HoldState.BOOKED:
        _unbook(places, hold, lambda place: not is_booked(place, arrive_time))


def is_booked(place: Place, arrive_time: datetime | None) -> bool:
    """Say whether a booking counts as booked: its person had not arrived before the last report."""
    return arrive_time is None or place.report_time is None or arrive_time > place.report_time


def report(place: Place, reported: ReportedPlace, revision: int, booked: int) -> Place:
    """
    Apply a report.

    Args:
        place: As it stands.

        reported: What the provider says.

        revision: Of the record that brought it.

        booked: Places booked for those who had not arrived before the report.
    """
    return replace(
        place,
        total=reported.total,
        occupied=reported.occupied,
        report_time=reported.report_time,
        report_revision=revision,
        booked=booked,
    )


def is_news(place: Place, reported: ReportedPlace, revision: int) -> bool:
    """Say whether a report is newer than what is known; of one time, the later record wins."""
    if place.report_time is None or reported.report_time > place.report_time:
        return True
    return reported.report_time == place.report_time and revision > place.report_revision


def no_place() -> FailedPrecondition:
    """Say that no free place is left."""
    return FailedPrecondition("no free place is left for the population", reason=Reason.NO_PLACE)


def _total(places: Mapping[PlaceKey, Place], key: PlaceKey) -> int | None:
    place = places.get(key)
    return None if place is None else place.total


def _add(places: Places, hold: Hold, *, held: int = 0, booked: int = 0) -> None:
    for item in hold.items:
        key = PlaceKey(hold.pool_id, item.population)
        place = places[key]
        places[key] = replace(place, held=place.held + held * item.count, booked=place.booked + booked * item.count)


def _unbook(places: Places, hold: Hold, counts: Callable[[Place], bool]) -> None:
    for item in hold.items:
        key = PlaceKey(hold.pool_id, item.population)
        if counts(places[key]):
            places[key] = replace(places[key], booked=places[key].booked - item.count)
