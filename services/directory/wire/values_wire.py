"""The small values of records on the wire: times, texts, sources, periods, contacts, hours, reports."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import (
    Contact,
    LanguageOffer,
    LocalizedText,
    Period,
    PlaceReport,
    Schedule,
    Source,
    Texts,
    each_inside,
    inside,
    language_tag,
    refuse,
)
from services.directory.wire.hours_wire import day_from_wire
from services.directory.wire.words_wire import (
    CALENDAR_KIND,
    CLAIM,
    CONTACT_KIND,
    LANGUAGE_MODE,
    MODALITY,
    SCHEDULE_PURPOSE,
)
from services.runtime.times import time_to_wire

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NANOS_PER_MICRO = 1000
_ANYTIME: Final = Period()
#: small values are read from their fields once each: a file says the same ones thousands of times
_REMEMBERED: Final = 1024


def time_from_wire(field: str, timestamp: Timestamp) -> datetime:
    """
    Read a time; nanoseconds below a microsecond are dropped.

    Raises:
        InvalidInput: it is not between the years 1 and 9999.
    """
    try:
        return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // _NANOS_PER_MICRO)
    except OverflowError:
        raise refuse(field, "must be a time between the years 1 and 9999") from None


def text_from_wire(text: pb.LocalizedText) -> LocalizedText:
    return LocalizedText(language_tag(text.language), text.text)


def texts_from_wire(field: str, texts: Iterable[pb.LocalizedText]) -> Texts:
    return each_inside(field, text_from_wire, texts)


def text_to_wire(text: LocalizedText) -> pb.LocalizedText:
    return pb.LocalizedText(language=text.language, text=text.text)


def texts_to_wire(texts: Texts) -> list[pb.LocalizedText]:
    return [pb.LocalizedText(language=text.language, text=text.text) for text in texts] if texts else []


Lists = Sequence[tuple[str, Callable[[Any], Any]]]  #: fields, each with what writes an entry


def add_lists(message: Any, record: Any, lists: Lists) -> None:
    """Write the lists of a record that are not empty: few are, and an import writes hundreds of thousands."""
    for field, write in lists:
        values = getattr(record, field)
        if values:
            getattr(message, field).extend(map(write, values))


def source_from_wire(source: pb.Source) -> Source:
    return Source(
        dataset=source.dataset,
        source_key=source.source_key,
        licence=source.licence,
        verified_time=time_from_wire("verified_time", source.verified_time)
        if source.HasField("verified_time")
        else None,
    )


def source_to_wire(source: Source | None) -> pb.Source | None:
    if source is None:
        return None
    return pb.Source(
        dataset=source.dataset,
        source_key=source.source_key,
        licence=source.licence,
        verified_time=time_to_wire(source.verified_time) if source.verified_time else None,
    )


def period_from_wire(period: pb.Period) -> Period:
    has_start, has_end = period.HasField("start_time"), period.HasField("end_time")
    if not has_start and not has_end:
        return _ANYTIME
    return Period(
        time_from_wire("start_time", period.start_time) if has_start else None,
        time_from_wire("end_time", period.end_time) if has_end else None,
    )


def period_to_wire(period: Period) -> pb.Period | None:
    if period.start_time is None and period.end_time is None:
        return None
    return pb.Period(
        start_time=time_to_wire(period.start_time) if period.start_time else None,
        end_time=time_to_wire(period.end_time) if period.end_time else None,
    )


def contact_from_wire(contact: pb.Contact) -> Contact:
    kind = CONTACT_KIND.read("kind", contact.kind)
    return Contact(kind, contact.value, texts_from_wire("labels", contact.labels))


def contact_to_wire(contact: Contact) -> pb.Contact:
    return pb.Contact(kind=CONTACT_KIND.write(contact.kind), value=contact.value, labels=texts_to_wire(contact.labels))


def language_from_wire(offer: pb.LanguageOffer) -> LanguageOffer:
    return _language_offer(offer.language, offer.modality, offer.mode, offer.vetted, offer.gender)


@lru_cache(maxsize=_REMEMBERED)
def _language_offer(tag: str, modality: int, mode: int, vetted: int, gender: str) -> LanguageOffer:
    return LanguageOffer(
        language=language_tag(tag),
        modality=MODALITY.read("modality", modality),
        mode=LANGUAGE_MODE.read("mode", mode),
        vetted=CLAIM.read("vetted", vetted),
        gender=gender,
    )


def language_to_wire(offer: LanguageOffer) -> pb.LanguageOffer:
    return pb.LanguageOffer(
        language=offer.language,
        modality=MODALITY.write(offer.modality),
        mode=LANGUAGE_MODE.write(offer.mode),
        vetted=CLAIM.write(offer.vetted),
        gender=offer.gender,
    )


def schedule_from_wire(schedule: pb.Schedule) -> Schedule:
    read = _schedule(
        schedule.purpose,
        schedule.rrule,
        schedule.opens_at,
        schedule.closes_at,
        schedule.first_day,
        schedule.calendar,
    )
    if not schedule.HasField("valid"):
        return read
    return replace(read, valid=inside("valid", period_from_wire, schedule.valid))


@lru_cache(maxsize=_REMEMBERED)
def _schedule(purpose: int, rrule: str, opens_at: str, closes_at: str, first_day: str, calendar: int) -> Schedule:
    return Schedule(
        purpose=SCHEDULE_PURPOSE.read("purpose", purpose),
        rrule=rrule,
        opens_at=opens_at,
        closes_at=closes_at,
        first_day=day_from_wire("first_day", first_day),
        calendar=CALENDAR_KIND.read("calendar", calendar) if calendar else None,
    )


def schedule_to_wire(schedule: Schedule) -> pb.Schedule:
    return pb.Schedule(
        purpose=SCHEDULE_PURPOSE.write(schedule.purpose),
        rrule=schedule.rrule,
        opens_at=schedule.opens_at,
        closes_at=schedule.closes_at,
        valid=period_to_wire(schedule.valid),
        first_day=schedule.first_day.isoformat() if schedule.first_day else "",
        calendar=CALENDAR_KIND.write(schedule.calendar) if schedule.calendar else pb.CALENDAR_KIND_UNSPECIFIED,
    )


def report_from_wire(report: pb.PlaceReport) -> PlaceReport:
    if not report.HasField("report_time"):
        raise refuse("report_time", "must be given")
    return PlaceReport(
        population=report.population,
        total=report.total if report.HasField("total") else None,
        occupied=report.occupied if report.HasField("occupied") else None,
        report_time=time_from_wire("report_time", report.report_time),
    )


def report_to_wire(report: PlaceReport) -> pb.PlaceReport:
    return pb.PlaceReport(
        population=report.population,
        total=report.total,
        occupied=report.occupied,
        report_time=time_to_wire(report.report_time),
    )
