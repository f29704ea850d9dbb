"""A row that is put together from fragments reads as protobuf itself would have written it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ihala.directory.v1 import directory_pb2
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from services.geo import AreaCell, area_at, band_of
from services.matching.index.snapshot import Snapshot
from services.matching.model.answer import Row
from services.matching.model.provider import Claim, Contact, Provider, ReachOut, Text
from services.matching.model.request import Asked
from services.matching.ranking import find
from services.matching.wire.answer_wire import need_to_bytes
from services.matching.wire.fragments import match_to_wire, row_to_bytes
from services.matching.wire.listing_bytes import listing_to_bytes
from services.matching.wire.provider_bytes import provider_to_bytes
from services.matching.wire.writing import tag_of, time, varint
from tests.matching.samples import NOON, a_provider, asked
from tests.matching.test_index import QUESTIONS, directories

TEXTS = st.builds(Text, language=st.sampled_from(("ar", "")), text=st.sampled_from(("البيت", "house", "")))


def whole(row: Row) -> pb.Match:
    """Write a row field by field, as the protos say."""
    provider, remarks = row.provider, row.remarks
    match = whole_provider(provider)
    for unknown in remarks.unknowns:
        match.unknowns.add(**unknown._asdict())
    for caution in remarks.cautions:
        match.cautions.add(**caution._asdict())
    match.places.kind = pb.PlacesKind.Value(f"PLACES_KIND_{row.places.kind.name}")
    match.places.free_place_count = row.places.free
    match.places.population = row.places.population
    if row.places.report_time is not None:
        match.places.report_time.FromDatetime(row.places.report_time)
    match.open = pb.OpenState.Value(f"OPEN_STATE_{remarks.open.name}")
    match.vetted = remarks.is_vetted
    match.needed_fields.extend(row.needed_fields)
    if provider.is_confidential:
        match.reach.band = geo_pb2.DistanceBand.Value(f"DISTANCE_BAND_{band_of(row.cost_mm)}")
    else:
        match.reach.distance_m = match.cost_m = row.cost_mm / 1000
        match.cost_parts.add(code="distance", cost_m=row.cost_mm / 1000)
    if row.silence_mm:
        match.cost_m = (row.cost_mm + row.silence_mm) / 1000
        match.cost_parts.add(code="silence", cost_m=row.silence_mm / 1000)
    if row.travel is not None:
        match.travel.duration.seconds = row.travel.duration_s
        match.travel.arrival_time.FromDatetime(row.travel.arrival_time)
        match.travel.mode = pb.TravelMode.Value(f"TRAVEL_MODE_{row.travel.mode.name}")
    for each in row.clocks:
        clock = match.clinical_clocks.add(code=each.code)
        clock.care_time.FromDatetime(each.care_time)
        clock.left.FromTimedelta(each.left)
    return match


def whole_provider(provider: Provider) -> pb.Match:
    """Write what a provider says in every row field by field."""
    match = pb.Match(
        provider_id=provider.provider_id,
        names=[texted(each) for each in provider.names],
        reach_out=directory_pb2.ReachOut.Value(f"REACH_OUT_{provider.reach_out.name}"),
        service_codes=[code for code, claim in provider.claims if claim is Claim.YES],
        dataset=provider.dataset,
        country_code=provider.country_code,
        time_zone=provider.time_zone,
    )
    if provider.verified_time is not None:
        match.verified_time.FromDatetime(provider.verified_time)
    if isinstance(provider.place, AreaCell):
        match.place.cell.h3_cell = provider.place.h3_cell
    elif provider.place is not None:
        match.place.point.latitude_deg = provider.place.latitude_deg
        match.place.point.longitude_deg = provider.place.longitude_deg
    if provider.place is not None:
        match.area_cell = area_at(provider.place).h3_cell
    if not provider.is_confidential:
        match.source_key = provider.source_key
        if provider.receiver_heard_time is not None:
            match.receiver_heard_time.FromDatetime(provider.receiver_heard_time)
        for contact in provider.contacts:
            kind = directory_pb2.ContactKind.Value(f"CONTACT_KIND_{contact.kind.upper()}")
            match.contacts.add(kind=kind, value=contact.value, labels=map(texted, contact.labels))
    return match


def texted(said: Text) -> directory_pb2.LocalizedText:
    return directory_pb2.LocalizedText(language=said.language, text=said.text)


@settings(max_examples=60, deadline=None)
@given(directories(), QUESTIONS)
def test_a_row_of_fragments_reads_as_the_row_itself(providers: list[Provider], question: Asked) -> None:
    answer = find(Snapshot.of("epoch", 1, providers), question, 20)

    for row in (*answer.matches, *answer.ask_first):
        assert pb.Match.FromString(row_to_bytes(row)) == whole(row)


@settings(max_examples=60, deadline=None)
@given(directories(), QUESTIONS, st.integers(0, 3))
def test_lists_that_are_joined_at_once_are_the_rows_one_after_the_other(
    providers: list[Provider], question: Asked, changed: int
) -> None:
    snapshot = Snapshot.of("epoch", 1, providers)
    snapshot = snapshot.with_changes(2, {each.provider_id: each for each in providers[:changed]})
    for _ in range(2):  # what was met for the first time was written then, and is read now
        answer = find(snapshot, question, 20)

        told = pb.NeedMatches.FromString(need_to_bytes(3, answer))

        assert [*told.matches] == [whole(row) for row in answer.matches]
        assert [*told.ask_first] == [whole(row) for row in answer.ask_first]
        assert (told.need_no, told.code, tuple(told.questions)) == (3, question.need.code, answer.questions)
        assert [(each.constraint, each.provider_count) for each in told.excluded] == list(answer.excluded)
        assert told.confidential_safety_count == answer.confidential_safety_count
        assert listing_to_bytes(answer.listing, answer.counts, room=0) == listing_to_bytes(
            answer.listing, answer.counts
        )
        rows = (*answer.matches, *answer.ask_first)
        for name in ("language", "vetting"):
            assert answer.listing.all_mention(name) == all(row.remarks.mentions(name) for row in rows)


@given(
    st.fixed_dictionaries(
        {
            "names": st.lists(TEXTS, max_size=2).map(tuple),
            "contacts": st.lists(
                st.builds(
                    Contact,
                    kind=st.sampled_from(("phone", "email", "web")),
                    value=st.sampled_from(("+218 21 000 0000", "")),
                    labels=st.lists(TEXTS, max_size=2).map(tuple),
                ),
                max_size=2,
            ).map(tuple),
            "dataset": st.sampled_from(("", "clinics")),
            "source_key": st.text(max_size=3),
            "reach_out": st.sampled_from(ReachOut),
            "is_confidential": st.booleans(),
            "receiver_heard_time": st.none() | st.datetimes(timezones=st.just(UTC)),
            "verified_time": st.none() | st.datetimes(timezones=st.just(UTC)),
        }
    )
)
def test_what_a_provider_says_reads_as_protobuf_would_write_it(facts: dict[str, Any]) -> None:
    provider = a_provider("p-1", **facts)

    assert pb.Match.FromString(provider_to_bytes(provider)) == whole_provider(provider)


def test_what_a_provider_says_is_in_it_and_changes_with_it() -> None:
    for name in ("البيت", "البيت الجديد"):
        provider = a_provider("p-1", names=(Text(language="ar", text=name),))
        (row,) = find(Snapshot.of("epoch", 1, [provider]), asked(), 1).matches

        assert [each.text for each in match_to_wire(row).names] == [name]


def test_a_number_is_written_as_protobuf_writes_it() -> None:
    for number in (0, 1, 127, 128, 300, 4095, 4096, 2**14 - 1, 2**14, 2**21 - 1, 2**21, 2**31, 2**63 - 1):
        written = pb.Excluded(provider_count=number).SerializeToString()

        assert written == (b"\x10" + varint(number) if number else b"")


@pytest.mark.parametrize(
    "when", [NOON, NOON + timedelta(microseconds=1), datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)]
)
def test_a_time_is_written_as_protobuf_writes_it(when: datetime) -> None:
    match = pb.Match()
    match.verified_time.FromDatetime(when)

    assert time(tag_of(pb.Match, "verified_time"), when) == match.SerializeToString()
