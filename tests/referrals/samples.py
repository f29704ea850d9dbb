"""Makers of test data, and referrals running on a real server and a real database."""

import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1.referrals_service_pb2_grpc import (
    ReferralsServiceStub,
    add_ReferralsServiceServicer_to_server,
)
from services.errors import Unavailable
from services.referrals.clients import ProviderPage
from services.referrals.clocks import Clocks
from services.referrals.due import Rematcher, escalate_tasks, remind_senders, take_rungs
from services.referrals.follower import Follower
from services.referrals.model import (
    Choice,
    PlaceItem,
    Provider,
    ReachOut,
    ReportedPlace,
    Status,
    Vetting,
)
from services.referrals.scene import House
from services.referrals.servicer import Desk, ReferralsServicer
from services.referrals.servicer.desk import Readiness
from services.referrals.store.sealing import Sealer
from services.referrals.wire.asking import Checked, CheckedMatch
from services.referrals.wire.plans import CheckedPlan, plan_check_to_wire, plan_from_wire
from services.runtime import postgres
from services.runtime.auth import Role
from services.runtime.feed import FeedWaker
from services.runtime.times import time_to_wire
from tests.serving import Identity, Serving, serving

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
AREA = "833f4dfffffffff"  # around Tripoli
FIELDS = ("need", "urgency", "age", "gender", "language", "brought_by", "arrival", "risk", "precaution")
NUMBERS = itertools.count(1)


def a_request_id() -> str:
    return f"request-{next(NUMBERS)}"


def a_provider(provider_id: str = "house", **changes: Any) -> Provider:
    facts: dict[str, Any] = {
        "provider_id": provider_id,
        "receiver_id": f"{provider_id}-desk",
        "pool_id": f"{provider_id}-pool",
        "status": Status.ACTIVE,
        "reach_out": ReachOut.ENROLLED,
        "vetting": Vetting.VETTED,
        "area_cell": AREA,
        "country_code": "LY",
        "codes": ("ACC-EMG", "HEA-SGV"),
        "revision": next(NUMBERS),
    }
    return Provider(**facts | changes)


def a_report(total: int | None, occupied: int = 0, population: str = "girls", time: datetime = NOON) -> ReportedPlace:
    return ReportedPlace(population, total, occupied, time)


def a_match_request(*codes: str, urgency: str = "IMMEDIATE") -> matching_pb2.FindMatchesRequest:
    return matching_pb2.FindMatchesRequest(
        needs=[
            matching_pb2.Need(code=code, urgency=matching_pb2.Urgency.Value(f"URGENCY_{urgency}"))
            for code in codes or ("ACC-EMG",)
        ],
        origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=32.876543, longitude_deg=13.187654)),
        person=matching_pb2.Person(
            age=matching_pb2.AgeRange(min_years=15, max_years=17),
            sex=matching_pb2.SEX_FEMALE,
            languages=matching_pb2.LanguageList(languages=["ti"]),
            status_class="canary-status-5521",
        ),
        safety=matching_pb2.Safety(excluded_provider_ids=["canary-provider-7743"]),
    )


def a_consent(case_ref: str, now: datetime, **changes: Any) -> pb.Consent:
    facts: dict[str, Any] = {
        "case_ref": case_ref,
        "receiver_class": pb.ReceiverClass(codes=["ACC-EMG", "HEA-SGV"], area_cells=[AREA], vetted=True),
        "fields": FIELDS,
        "purposes": ["referral"],
        "start_time": time_to_wire(now - timedelta(minutes=1)),
        "end_time": time_to_wire(now + timedelta(days=30)),
        "given_by": pb.GIVEN_BY_PERSON,
        "method": pb.CONSENT_METHOD_SPOKEN,
    }
    return pb.Consent(**facts | changes)


class Clock:
    """A clock that a test moves."""

    def __init__(self, time: datetime | None = None) -> None:
        self.time = time or datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.time

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class FixedMatching:
    """Matching that says what a test told it; the real one is met in tests/system."""

    items: dict[str, tuple[PlaceItem, ...]] = field(default_factory=dict)  #: by provider
    turned: dict[str, tuple[str, ...]] = field(default_factory=dict)  #: by provider
    following: list[Choice] = field(default_factory=list)
    next_ones: list[str] = field(default_factory=list)  #: providers, best first
    asked_next: list[Any] = field(default_factory=list)
    is_away: bool = False
    is_away_for_next: bool = False
    calls: int = 0
    area_cell: str = ""  #: where the person is
    asks_gate: set[str] = field(default_factory=set)  #: providers whose front gate must be spoken to
    added: list[str] = field(default_factory=list)  #: codes of needs that a rule adds
    added_to_plan: list[tuple[str, str]] = field(default_factory=list)  #: the same, with the label of the group

    async def check(
        self, match_token: str, request: Any, choices: Sequence[Choice], *, with_next: bool = False
    ) -> CheckedMatch:
        self.calls += 1
        if with_next and self.is_away_for_next:
            raise Unavailable("matching is away")
        needed = ("need", "urgency", "age", "language", "brought_by", "arrival", "risk", "precaution")
        checked = [
            Checked(
                each,
                self.turned.get(each.provider_id, ()),
                self.items.get(each.provider_id, (PlaceItem("girls", 1),)),
                needed,
                each.provider_id in self.asks_gate,
                request.needs[each.need_no].code if each.need_no < len(request.needs) else "LEG-GRD",
                self.area_cell,
            )
            for each in choices
        ]
        following = self.following if with_next else []
        return CheckedMatch(checked, following, dict(enumerate(self.added, start=len(request.needs))))

    async def check_plan(self, request: Any) -> CheckedPlan:
        """Say of every part that it holds, as the real one puts it."""
        answer = matching_pb2.CheckPlanResponse()
        for part in plan_check_to_wire(request).assignments:
            group = next(each for each in request.plan_request.groups if each.label == part.label)
            need = matching_pb2.Need()
            need.CopyFrom(group.needs[part.need_no])
            need.items.extend(part.items)
            match = matching_pb2.Match(provider_id=part.provider_id, needed_fields=["need", "age"])
            if part.provider_id in self.asks_gate:
                match.unknowns.add(constraint="safety", question="front_gate")
            answer.parts.add(
                assignment=part,
                turned=self.turned.get(part.provider_id, ()),
                match=match,
                items=part.items,
                request=matching_pb2.FindMatchesRequest(
                    needs=[need], origin=request.plan_request.origin, person=group.person
                ),
            )
        for label, code in self.added_to_plan:
            group = next(each for each in request.plan_request.groups if each.label == label)
            need = matching_pb2.Need(code=code, urgency=group.needs[0].urgency)
            search = matching_pb2.FindMatchesRequest(
                needs=[need], origin=request.plan_request.origin, person=group.person
            )
            answer.unassigned.add(label=label, need_no=len(group.needs), code=code, request=search)
        return plan_from_wire(answer)

    async def find_next(self, request: Any) -> list[Checked]:
        if self.is_away:
            raise Unavailable("matching is away")
        self.asked_next.append(request)
        excluded = set(request.safety.excluded_provider_ids)
        choices = [Choice(0, each) for each in self.next_ones if each not in excluded]
        return (await self.check("", request, choices)).choices


class NoDirectory:
    """A directory that tests do not follow."""

    def watch(self, epoch: str, after_revision: int) -> AsyncIterator[ProviderPage]:
        raise NotImplementedError


@dataclass
class Running:
    """Referrals that run, and the ways to them."""

    desk: Desk
    serving: Serving
    clock: Clock
    matching: FixedMatching
    url: str

    def stub(self, *roles: Role, client_id: str = "ministry", receiver_ids: Iterable[str] = ()) -> Any:
        token = self.serving.identity.token(*roles, client_id=client_id, receiver_ids=list(receiver_ids))
        return ReferralsServiceStub(self.serving.channel(token=token))

    def sender(self, client_id: str = "ministry") -> Any:
        return self.stub(Role.CASE_SYSTEM, client_id=client_id)

    def receiver(self, receiver_id: str = "house-desk") -> Any:
        return self.stub(Role.RECEIVER, client_id=receiver_id, receiver_ids=[receiver_id])

    def duty(self) -> Any:
        return self.stub(Role.DUTY_COORDINATOR, client_id="duty")

    def service(self) -> Any:
        return self.stub(Role.SERVICE, client_id="notify")

    async def know(self, *providers: Provider, epoch: str = "epoch-1") -> None:
        """Take providers and their reports as the directory's feed brings them."""
        page = ProviderPage(epoch, max(each.revision for each in providers), False, providers, ())  # noqa: FBT003
        follower = Follower(
            self.desk.pool,
            self.desk.house,
            NoDirectory(),
            self.desk.waker,
            now=self.clock,
            on_caught_up=lambda: None,
        )
        await follower.apply(page)

    async def consent(self, sender: Any = None, case_ref: str = "case-1", **changes: Any) -> str:
        stub = sender or self.sender()
        request = service_pb.RecordConsentRequest(
            request_id=a_request_id(), consent=a_consent(case_ref, self.clock(), **changes)
        )
        response = await stub.RecordConsent(request)
        return str(response.consent.consent_id)

    async def refer(
        self,
        *provider_ids: str,
        sender: Any = None,
        consent_id: str | None = None,
        codes: Sequence[str] = ("ACC-EMG",),
        urgency: str = "IMMEDIATE",
        **changes: Any,
    ) -> service_pb.CreateReferralResponse:
        stub = sender or self.sender()
        request = self.a_referral(
            *provider_ids,
            consent_id=await self.consent(stub) if consent_id is None else consent_id,
            codes=codes,
            urgency=urgency,
            **changes,
        )
        response: service_pb.CreateReferralResponse = await stub.CreateReferral(request)
        return response

    def a_referral(
        self,
        *provider_ids: str,
        consent_id: str,
        codes: Sequence[str] = ("ACC-EMG",),
        urgency: str = "IMMEDIATE",
        **changes: Any,
    ) -> service_pb.CreateReferralRequest:
        facts: dict[str, Any] = {
            "request_id": a_request_id(),
            "match_token": "token",
            "match_request": a_match_request(*codes, urgency=urgency),
            "choices": [service_pb.OfferChoice(provider_id=each) for each in provider_ids or ("house",)],
            "case_ref": "case-1",
            "consent_id": consent_id,
            "briefing": pb.Briefing(
                brought_by=pb.BROUGHT_BY_WORKER,
                risk=pb.RISK_SOMEBODY_SEARCHES,
                arrive_end_time=time_to_wire(self.clock() + timedelta(hours=2)),
            ),
        }
        return service_pb.CreateReferralRequest(**facts | changes)

    async def pass_time(self, **by: float) -> int:
        """Move the clock, and let the loops of the clock go round once."""
        self.clock.move(**by)
        desk, now = self.desk, self.clock()
        taken = await take_rungs(desk.pool, desk.house, now) + await remind_senders(desk.pool, desk.house, now)
        await escalate_tasks(desk.pool, desk.house, now)
        return taken + await Rematcher(desk.pool, desk.house, desk.sealer, self.matching).look(now)

    async def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        async with self.desk.pool.connection() as connection:
            cursor = await connection.execute(statement.encode(), parameters)
            return await cursor.fetchall()


def a_house(new_id: Callable[[], str] = lambda: str(uuid4())) -> House:
    return House(Clocks(), "duty", new_id)


@asynccontextmanager
async def running(
    url: str, identity: Identity, clock: Clock | None = None, *, keys: tuple[bytes, bytes] | None = None
) -> AsyncIterator[Running]:
    """Run the servicer over a database that has its schema."""
    clock = clock or Clock()
    matching = FixedMatching()
    kek, digest_key = keys or (os.urandom(32), os.urandom(32))
    async with postgres.open_pool(url, "referrals", max_size=40, plans_once=True) as pool:
        desk = Desk(
            pool=pool,
            house=a_house(),
            sealer=Sealer(kek),
            digest_key=digest_key,
            matching=matching,
            waker=FeedWaker(),
            now=clock,
            readiness=Readiness(has_schema=True, knows_providers=True),
        )

        def register(server: Any) -> None:
            add_ReferralsServiceServicer_to_server(ReferralsServicer(desk), server)  # type: ignore[arg-type]  # a plain class will do

        async with serving(identity, register) as served:
            yield Running(desk, served, clock, matching, url)


def order(command: str, offer: Any, **facts: Any) -> Any:
    """Make a command on an offer: `order("Accept", offer)`."""
    offer_id = offer if isinstance(offer, str) else offer.offer_id
    return getattr(service_pb, f"{command}OfferRequest")(**{"offer_id": offer_id, "request_id": a_request_id()} | facts)
