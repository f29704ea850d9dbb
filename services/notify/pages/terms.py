"""Times and conditions as choices of one press: from when, until when, and on what a yes hangs. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.errors import InvalidInput
from services.hours import zone as zone_of
from services.notify.pages.words import Words
from services.notify.secrecy import in_figures
from services.notify.shown import Offer

#: conditions that are ticked; the two with a time are chosen by their time
TICKED: Final = ("escort", "interpreter_by_telephone", "guardian", "paper")
ARRIVALS: Final = tuple(timedelta(hours=each) for each in (1, 2, 3, 4, 6, 8, 12, 24, 48))
NIGHTS: Final = (1, 2, 3, 7, 14, 30)
DAYS_OF_WAITING: Final = (1, 2, 3, 7, 14, 28)  #: a waiting list lasts 30 days at most
QUARTER: Final = timedelta(minutes=15)
LEAVING_HOUR: Final = 12  #: at which a last night ends, and a wait
LONGEST: Final = timedelta(days=60)
Choices = list[tuple[str, str]]


def arrivals(words: Words, zone: str, now: datetime) -> Choices:
    """List from when a desk could take the person: what is sent, and what is read."""
    found = []
    for wait in ARRIVALS:
        time = _on_the_quarter(now + wait)
        hours = int(wait.total_seconds() // 3600)
        found.append((str(int(time.timestamp())), f"{words.time(time, zone, now)} ({words.say('hours', hours=hours)})"))
    return found


def stays(words: Words, zone: str, now: datetime) -> Choices:
    """List until when a desk could keep the person."""
    return [
        (code, words.say("nights", nights=nights, until=until))
        for nights, code, until in _noons(NIGHTS, words, zone, now)
    ]


def waits(words: Words, zone: str, now: datetime) -> Choices:
    """List until when a desk could let the person wait for a place."""
    return [
        (code, words.say("days", days=days, until=until))
        for days, code, until in _noons(DAYS_OF_WAITING, words, zone, now)
    ]


def wait_in(fields: Mapping[str, str], now: datetime) -> datetime:
    """
    Read until when the person may wait.

    Raises:
        InvalidInput: nothing was chosen, or a time that was not offered.
    """
    until = _time(fields, "wait_until", now)
    if until is None:
        raise InvalidInput("wait_until must be chosen")
    return until


def terms_in(fields: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """
    Read what a "yes, if" hangs on.

    Raises:
        InvalidInput: nothing was chosen, or a time is none of those that were offered.
    """
    start, end = _time(fields, "arrive_start", now), _time(fields, "stay_end", now)
    conditions = [name for name in TICKED if fields.get(name) == "1"]
    if start is not None:
        conditions.append("earliest_arrival")
    if end is not None:
        conditions.append("longest_stay")
    if not conditions:
        raise InvalidInput("conditions must name at least one")
    times = {"arrive_start_time": start, "stay_end_time": end}
    return {"conditions": conditions, **{name: time for name, time in times.items() if time is not None}}


def numbers_in(fields: Mapping[str, str], offer: Offer) -> dict[str, int]:
    """
    Read how many of a group a desk takes; empty for all of it.

    Raises:
        InvalidInput: one is no number of those that were asked for, or none is taken at all.
    """
    if not offer.is_divisible:
        return {}
    taken = {}
    for population, asked in offer.items.items():
        digits = in_figures(fields.get(f"take:{population}", str(asked)))
        if not digits.isascii() or not digits.isdigit() or not 0 <= int(digits) <= asked:
            raise InvalidInput("accept_items must not be more than were asked for")
        taken[population] = int(digits)
    if not any(taken.values()):
        raise InvalidInput("accept_items must take somebody")
    return {} if taken == dict(offer.items) else {each: count for each, count in taken.items() if count}


def _noons(days: Iterable[int], words: Words, zone: str, now: datetime) -> Iterator[tuple[int, str, str]]:
    """Yield, for each number of days, the noon on the desk's wall: what is sent, and what is read."""
    for count in days:
        noon = (now.astimezone(_zone(zone)) + timedelta(days=count)).replace(
            hour=LEAVING_HOUR, minute=0, second=0, microsecond=0
        )
        yield count, str(int(noon.timestamp())), words.time(noon, zone, now)


def _time(fields: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    text = fields.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len("9999999999"):
        raise InvalidInput(f"{name} must be one of the times that were offered")
    time = datetime.fromtimestamp(int(text), UTC)
    if not now - timedelta(days=1) < time < now + LONGEST:
        raise InvalidInput(f"{name} must be one of the times that were offered")
    return time


def _on_the_quarter(time: datetime) -> datetime:
    day = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + -(-(time - day) // QUARTER) * QUARTER


def _zone(name: str) -> Any:
    try:
        return zone_of(name)
    except ValueError:
        return zone_of("UTC")
