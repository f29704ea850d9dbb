"""Read moments and days as a source writes them, in the time zone of the place."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from services.directory.importing.paths import Record, is_blank, text_of
from services.directory.importing.sections import Section
from services.directory.importing.sources import RowRefused
from services.errors import InvalidInput
from services.hours import zone as zone_of

ReadTime = Callable[[Record, str], datetime | None]  #: (record, IANA zone) → UTC, or None where nothing is said


def moment(section: Section, key: str, *, day_after: bool = False) -> ReadTime:
    """
    Read a moment: a constant or a column, ISO 8601 or in a stated format.

    A day alone is its first moment in the zone of the place.

    Args:
        section: The section that holds it.

        key: The field.

        day_after: The source states the last day inside: answer the first
            moment after it.
    """
    if not section.has(key):
        return lambda record, zone: None
    spec, field = section.take(key), section.at(key)
    if isinstance(spec, str):
        try:
            parsed = datetime.fromisoformat(spec)
        except ValueError:
            raise InvalidInput(f"{field} must be a date or time by ISO 8601") from None
        return lambda record, zone: _in_utc(parsed, zone, day_after=day_after)
    with section.open(spec, key) as inner:
        get, formats = inner.source("from"), inner.texts("format") if inner.has("format") else ("",)

    def read(record: Record, zone: str) -> datetime | None:
        value = get(record)
        if is_blank(value):
            return None
        text = text_of(value).strip()
        for written_as in formats:  # the first that fits
            with suppress(ValueError, OverflowError):
                parsed = datetime.strptime(text, written_as) if written_as else datetime.fromisoformat(text)  # noqa: DTZ007
                return _in_utc(parsed, zone, day_after=day_after)
        raise RowRefused(field, f"must be a date or time as {' or '.join(formats) or 'ISO 8601'}")

    return read


def _in_utc(time: datetime, zone: str, *, day_after: bool) -> datetime:
    if time.tzinfo is None:
        # the day first, the zone after: a day may have 23 or 25 hours
        time = (time + timedelta(days=day_after)).replace(tzinfo=zone_of(zone))
    return time.astimezone(UTC)
