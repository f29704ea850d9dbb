"""The library against a server of this process: what travels, what comes back, what it does when the server goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.client import (
    FEMALE,
    IMMEDIATE,
    PERSON,
    THROUGH_INTERPRETER,
    Absence,
    Cursor,
    Ihala,
    Person,
    Point,
    ReceiverClass,
    between,
    place,
)
from ihala.directory.v1 import directory_pb2 as dir_pb
from ihala.directory.v1 import directory_service_pb2 as dir_service_pb
from ihala.directory.v1.directory_service_pb2_grpc import (
    DirectoryServiceServicer,
    add_DirectoryServiceServicer_to_server,
)
from ihala.geo.v1 import geo_pb2
from ihala.match_wire import token_from_text, token_to_text
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.matching.v1.matching_pb2_grpc import MatchingServiceServicer, add_MatchingServiceServicer_to_server
from ihala.profile import Profile, read_profile
from ihala.referrals.v1 import referrals_pb2 as ref_pb
from ihala.referrals.v1 import referrals_service_pb2 as ref_service_pb
from ihala.referrals.v1.referrals_service_pb2_grpc import (
    ReferralsServiceServicer,
    add_ReferralsServiceServicer_to_server,
)
from ihala.request_wire import person_to_wire
from services.errors import FailedPrecondition, InvalidInput, NotFound, Reason, Violation
from services.runtime.auth import Role, current_principal
from tests.serving import an_identity, serving

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_stamp() -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(NOON)
    return stamp


class Towns(DirectoryServiceServicer):
    async def ResolvePlace(self, request: Any, context: Any) -> Any:
        known = request.text == "جنزور" and request.country_code == "LY"
        return dir_service_pb.ResolvePlaceResponse(towns=[dir_pb.Town(place_id="geonames:1")] if known else [])


@dataclass
class Matcher(MatchingServiceServicer):
    asked: list[Any] = field(default_factory=list)

    async def FindMatches(self, request: Any, context: Any) -> Any:
        self.asked.append((request, current_principal().actor))
        if request.needs[0].code == "XXX":
            raise InvalidInput(
                "needs[0].code must be a code",
                reason=Reason.UNKNOWN_CODE,
                fields=[Violation("needs[0].code", "must be")],
            )
        row = match_pb.Match(
            provider_id="p-1",
            names=[dir_pb.LocalizedText(language="en", text="Site 1")],
            reach=geo_pb2.Reach(band=geo_pb2.DISTANCE_BAND_UNDER_25_KM),
            place=geo_pb2.Place(cell=geo_pb2.AreaCell(h3_cell="84384b3ffffffff")),
            area_cell="83384bfffffffff",
            vetted=True,
            needed_fields=["need", "age"],
            places=match_pb.PlacesView(
                kind=match_pb.PLACES_KIND_COUNTED, free_place_count=2, population="girls", report_time=a_stamp()
            ),
        )
        return match_pb.FindMatchesResponse(
            needs=[
                match_pb.NeedMatches(
                    need_no=0,
                    code=request.needs[0].code,
                    matches=[row],
                    excluded=[match_pb.Excluded(constraint="age", provider_count=3)],
                )
            ],
            directory_epoch="e",
            directory_revision=7,
            evaluated_time=a_stamp(),
            rules_version="1",
            match_token="signed",
        )


@dataclass
class Referrer(ReferralsServiceServicer):
    """Keeps what it was told, and a feed of events that goes away after some."""

    told: list[Any] = field(default_factory=list)
    epoch: str = "e1"
    last: int = 5
    a_stream: int = 2  #: events before a stream breaks off
    cursors: list[tuple[str, int]] = field(default_factory=list)

    async def RecordConsent(self, request: Any, context: Any) -> Any:
        self.told.append(request)
        consent = ref_pb.Consent(consent_id="c-1")
        consent.MergeFrom(request.consent)
        return ref_service_pb.RecordConsentResponse(consent=consent)

    async def CreateReferral(self, request: Any, context: Any) -> Any:
        self.told.append(request)
        if request.consent_id == "withdrawn":
            raise FailedPrecondition("the consent was withdrawn", reason=Reason.CONSENT_WITHDRAWN)
        return ref_service_pb.CreateReferralResponse(
            referral_id="r-1",
            offers=[ref_service_pb.CreatedOffer(offer_id="o-1", provider_id=request.choices[0].provider_id)],
            create_time=a_stamp(),
        )

    async def WatchReferrals(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.cursors.append((request.epoch, request.after_revision))
        if request.after_revision and request.epoch != self.epoch:
            raise FailedPrecondition("another epoch", reason=Reason.EPOCH_CHANGED)
        for count, revision in enumerate(range(request.after_revision + 1, self.last + 1)):
            if count == self.a_stream:
                return  # as a server that is restarted
            event = ref_pb.ReferralEvent(
                revision=revision,
                event_id=f"{self.epoch}-{revision}",
                type="offer_accepted",
                referral=ref_pb.Referral(referral_id="r-1", case_ref="case-1"),
            )
            yield ref_service_pb.WatchReferralsResponse(epoch=self.epoch, events=[event], revision=revision)
        await asyncio.Event().wait()


@dataclass
class Peers:
    ihala: Ihala
    matcher: Matcher
    referrer: Referrer


@pytest.fixture
async def peers(tmp_path: Path) -> AsyncIterator[Peers]:
    identity = an_identity(tmp_path)
    (tmp_path / "token").write_text(identity.token(Role.CASE_SYSTEM))
    matcher, referrer = Matcher(), Referrer()  # type: ignore[abstract]  # they answer what is asked of them here
    async with AsyncExitStack() as stack:
        addresses = {}
        for name, add, servicer in (
            ("directory", add_DirectoryServiceServicer_to_server, Towns()),  # type: ignore[abstract]
            ("matching", add_MatchingServiceServicer_to_server, matcher),
            ("referrals", add_ReferralsServiceServicer_to_server, referrer),
        ):
            running = await stack.enter_async_context(
                serving(identity, lambda server, add=add, servicer=servicer: add(servicer, server))  # type: ignore[misc]
            )
            addresses[name] = running.address
        profile = Profile(addresses=addresses, token_file=tmp_path / "token")
        ihala = await stack.enter_async_context(Ihala(profile, actor="worker-118"))
        yield Peers(ihala, matcher, referrer)


async def test_the_example_of_the_documentation_works_as_it_stands(peers: Peers) -> None:
    answer = await peers.ihala.find_matches(
        needs=["HEA-SGV", "ACC-EMG"],
        origin=place("LY", "جنزور"),
        urgency=IMMEDIATE,
        person=Person(age=between(15, 17), sex=FEMALE, languages=["ti"]),
    )
    row = answer["HEA-SGV"].matches[0]
    consent = await peers.ihala.record_consent(
        "case-1", receivers=row.receiver_class, fields=row.needed_fields, given_by=PERSON, method=THROUGH_INTERPRETER
    )
    referral = await peers.ihala.refer(answer.token, row, case_ref="case-1", consent=consent, request_id="outbox-1")

    asked, actor = peers.matcher.asked[0]
    recorded, created = peers.referrer.told
    assert (asked.origin.place_id, asked.needs[1].urgency, actor) == (
        "geonames:1",
        match_pb.URGENCY_IMMEDIATE,
        "worker-118",
    )
    assert (answer["HEA-SGV"].excluded, answer.directory_revision, answer.evaluated_time) == ({"age": 3}, 7, NOON)
    assert (row.names, row.distance_m, row.places.free, row.cost_m) == ({"en": "Site 1"}, None, 2, None)
    assert row.receiver_class == ReceiverClass(("HEA-SGV",), ("83384bfffffffff",), vetted=True)
    assert list(recorded.consent.receiver_class.codes) == ["HEA-SGV"]
    assert (recorded.consent.given_by, list(recorded.consent.fields)) == (ref_pb.GIVEN_BY_PERSON, ["need", "age"])
    assert (created.match_token, created.match_request, created.request_id) == ("signed", asked, "outbox-1")
    assert (referral.referral_id, referral.offer_ids, referral.create_time) == ("r-1", {"p-1": "o-1"}, NOON)


async def test_a_search_without_a_person_says_nothing_of_one(peers: Peers) -> None:
    await peers.ihala.find_matches(["HEA-EMG"], Point(0, 0))

    request, _ = peers.matcher.asked[0]
    assert not request.HasField("person")
    assert (request.origin.point.latitude_deg, request.origin.point.HasField("latitude_deg")) == (0, True)


def test_what_was_not_asked_is_never_no() -> None:
    person = person_to_wire(
        Person(
            age=between(15, 17),
            sex=Absence.DECLINED,
            languages=[],
            unaccompanied=False,
            process=Absence.ASKED_NOT_KNOWN,
        )
    )

    assert (person.age.min_years, person.age.max_years) == (15, 17)
    assert (person.HasField("sex"), person.sex_absence) == (False, match_pb.ABSENCE_DECLINED)
    assert (person.HasField("languages"), list(person.languages.languages)) == (True, [])
    assert (person.HasField("unaccompanied"), person.unaccompanied) == (True, False)
    assert (person.HasField("process"), person.process_absence) == (False, match_pb.ABSENCE_ASKED_NOT_KNOWN)
    assert (person.HasField("family"), person.family_absence) == (False, match_pb.ABSENCE_NOT_ASKED)


async def test_a_town_that_nobody_knows_is_not_found(peers: Peers) -> None:
    with pytest.raises(NotFound, match="no town"):
        await peers.ihala.find_matches(["HEA-EMG"], place("LY", "Atlantis"))


async def test_an_error_has_its_class_reason_and_fields(peers: Peers) -> None:
    with pytest.raises(InvalidInput) as caught:
        await peers.ihala.find_matches(["XXX"], Point(0, 0))
    assert caught.value.reason is Reason.UNKNOWN_CODE
    assert caught.value.fields == (Violation("needs[0].code", "must be"),)

    answer = await peers.ihala.find_matches(["HEA-EMG"], Point(0, 0))
    with pytest.raises(FailedPrecondition) as refused:
        await peers.ihala.refer(answer.token, answer["HEA-EMG"].matches[0], case_ref="c", consent="withdrawn")
    assert refused.value.reason is Reason.CONSENT_WITHDRAWN


async def test_a_token_is_kept_as_text_with_its_request(peers: Peers) -> None:
    answer = await peers.ihala.find_matches(["HEA-EMG"], Point(32.8, 13.1))

    kept = token_from_text(token_to_text(answer.token))

    assert (kept.text, kept.request) == (answer.token.text, answer.token.request)
    assert "32.8" not in repr(answer.token)
    for text in ("", "signed~%%", "signed~AAAA"):
        with pytest.raises(InvalidInput):
            token_from_text(text)


async def test_a_case_that_is_written_down_is_asked_as_it_stands(peers: Peers) -> None:
    case = {"needs": [{"code": "ACC-EMG", "urgency": "URGENCY_URGENT"}], "origin": {"place_id": "geonames:1"}}

    await peers.ihala.find_matches_for(case, when_time=NOON, limit=3)

    request, _ = peers.matcher.asked[0]
    assert (request.needs[0].code, request.limit, request.when_time) == ("ACC-EMG", 3, a_stamp())
    with pytest.raises(InvalidInput) as caught:
        await peers.ihala.find_matches_for({"kneads": []})
    assert caught.value.reason is Reason.UNKNOWN_FIELD


async def heard(peers: Peers, count: int, after: Cursor | str | None = None) -> list[str]:
    """Hear so many events and return their ids."""
    ids: list[str] = []
    async with asyncio.timeout(10), aclosing(peers.ihala.watch(after=after)) as events:
        async for event in events:
            ids.append(event.event_id)
            if len(ids) == count:
                break
    return ids


async def test_a_watch_that_breaks_off_goes_on_where_it_was(peers: Peers) -> None:
    assert await heard(peers, 5) == [f"e1-{revision}" for revision in range(1, 6)]
    assert peers.referrer.cursors == [("", 0), ("e1", 2), ("e1", 4)]


async def test_a_watch_begins_after_the_cursor_that_was_kept(peers: Peers) -> None:
    assert await heard(peers, 2, after="e1:3") == ["e1-4", "e1-5"]


async def test_after_a_restore_events_come_from_the_start(peers: Peers) -> None:
    peers.referrer.epoch = "e2"

    assert await heard(peers, 2, after=Cursor("e1", 4)) == ["e2-1", "e2-2"]


@pytest.mark.parametrize("text", ["", "e1", "e1:", "e1:-1", "e1:x"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Cursor.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[services]\ndirectory = 3", "services must be a table of texts"),
        ("[service]\n", "must not have the table service"),
        ("[identity]\ntoken = 'x'", "identity must not have the key token"),
        ("[receiver]\nreceiver_id = 'r'", "must be set in the profile"),
        ("not toml", "must be a TOML file"),
    ],
)
def test_a_profile_with_a_fault_is_refused_and_the_fault_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p.toml").write_text(text)

    with pytest.raises(InvalidInput, match=message):
        read_profile(tmp_path / "p.toml")


def test_an_address_that_the_profile_does_not_have_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"services\.matching must be set"):
        Profile().address("matching")
