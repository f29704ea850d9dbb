"""A duty page that runs, with tasks and rosters behind it and a browser's hands in front."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from ihala.directory.v1 import directory_pb2 as dir_types
from ihala.directory.v1 import directory_service_pb2 as dir_pb
from ihala.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from ihala.referrals.v1.referrals_service_pb2_grpc import add_ReferralsServiceServicer_to_server
from services.errors import Conflict, NotFound
from services.notify.channels.egress_rules import EgressRules
from services.notify.channels.push import vapid_key
from services.notify.duty.app import make_duty_app
from services.notify.duty.clients import RemoteCallees, RemoteDuty
from services.notify.duty.parts import DutyParts, DutyPush
from services.notify.duty.ringer import follow
from services.notify.store.addresses import AddressSealer
from services.notify.store.contacts import ContactStore
from services.notify.store.duty_pushes import DutyPushStore
from services.notify.store.duty_sessions import DutySessionStore
from services.runtime.auth import Role, current_principal
from services.runtime.feed import FeedWaker
from services.runtime.sign_in import issue_code
from tests.notify.desk import EXIT_URL, Browser, Server
from tests.notify.fakes import FakeDirectory, FakeReferrals, stamp
from tests.notify.stores import Clock, Stores
from tests.serving import an_identity, serving

NUMBER = "+218 91 234 5678"
RINGER = "provider-2"  #: without a receiver
HIDDEN = "provider-3"  #: a confidential site


class FakeDutyReferrals(FakeReferrals):
    """Tasks and rosters, and offers of providers without a receiver."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.tasks: dict[str, pb.Task] = {}
        self.acts: list[tuple[str, str | None, Any]] = []
        self.paused_until: datetime | None = None
        self.other_rosters: list[pb.Roster] = []
        self.changed = FeedWaker()

    def task(self, task_id: str = "task-1", *, kind: str = "RING", minutes: int = 10, **more: Any) -> pb.Task:
        now = self._now()
        self.tasks[task_id] = pb.Task(
            task_id=task_id,
            kind=pb.TaskKind.Value(f"TASK_KIND_{kind}"),
            state=pb.TASK_STATE_OPEN,
            due_time=stamp(now + timedelta(minutes=minutes)),
            create_time=stamp(now),
            version=1,
            **{"owner": "duty", "code": "ACC-EMG", "urgency": match_pb.URGENCY_IMMEDIATE, **more},
        )
        self.changed.wake()
        return self.tasks[task_id]

    def ring_task(self, provider_id: str = RINGER, **more: Any) -> None:
        """Open a task to ring a provider for an offer."""
        offer = self.offer("offer-9", receiver_id="")
        offer.provider_id = provider_id
        self.task(offer_id="offer-9", provider_id=provider_id, **more)

    async def ListTasks(self, request: Any, context: Any) -> Any:
        return service_pb.ListTasksResponse(
            tasks=[each for each in self.tasks.values() if each.state != pb.TASK_STATE_CLOSED]
        )

    async def WatchTasks(self, request: Any, context: Any) -> AsyncIterator[Any]:
        while True:
            ticket = self.changed.ticket()
            yield service_pb.WatchTasksResponse(tasks=list(self.tasks.values()))
            await ticket.wait()

    async def TakeTask(self, request: Any, context: Any) -> Any:
        task = self._at_version(request)
        task.state, task.owner = pb.TASK_STATE_TAKEN, current_principal().actor or ""
        self.acts.append(("take", current_principal().actor, request))
        self.changed.wake()
        return service_pb.TakeTaskResponse(task=task)

    async def CloseTask(self, request: Any, context: Any) -> Any:
        task = self._at_version(request)
        task.state, task.outcome = pb.TASK_STATE_CLOSED, request.outcome
        self.acts.append(("close", current_principal().actor, request))
        return service_pb.CloseTaskResponse(task=task)

    async def ListRosters(self, request: Any, context: Any) -> Any:
        roster = pb.Roster(roster_id="duty", on_duty=["amal"], nights_woken=11, stand_in="manager")
        if self.paused_until is not None:
            roster.paused_until_time.CopyFrom(stamp(self.paused_until))
        return service_pb.ListRostersResponse(rosters=[roster, *self.other_rosters])

    async def PauseRoster(self, request: Any, context: Any) -> Any:
        if request.roster_id != "duty":
            raise NotFound("there is no such object")
        has_time = request.HasField("until_time")
        self.paused_until = request.until_time.ToDatetime(tzinfo=UTC) if has_time else None
        self.acts.append(("pause", current_principal().actor, request))
        return service_pb.PauseRosterResponse()

    def _own(self, request: Any) -> pb.OfferView:
        offer = self.offers.get(request.offer_id)
        assert request.via == pb.VIA_PHONE
        if offer is None or request.on_behalf_of != (offer.receiver_id or offer.provider_id):
            raise NotFound("there is no such object")
        return offer

    def _move(self, verb: str, request: Any, state: Any) -> Any:
        answer = super()._move(verb, request, state)
        for task in self.tasks.values():
            if task.offer_id == request.offer_id and verb != "Acknowledge":
                task.state = pb.TASK_STATE_CLOSED
        return answer

    def _view(self, offer: pb.OfferView) -> pb.OfferView:
        view = super()._view(offer)
        for name in ("person", "briefing"):  # nothing of a person for a duty coordinator
            view.ClearField(name)
        return view

    def _at_version(self, request: Any) -> pb.Task:
        task = self.tasks[request.task_id]
        if task.version != request.expected_version:
            raise Conflict("expected_version is not the present one: read it again")
        task.version += 1
        return task


class FakeCallees(FakeDirectory):
    """A provider with a number, and a confidential site without one."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "Clinic of the Port"
        self.number = NUMBER

    async def GetProvider(self, request: Any, context: Any) -> Any:
        provider = dir_types.Provider(
            provider_id=request.provider_id,
            organization_id="organization-1",
            disclosure=dir_types.DISCLOSURE_PUBLIC,
            names=[dir_types.LocalizedText(language="en", text=self.name)],
            country_code="LY",
            time_zone="Africa/Tripoli",
            place=geo_pb2.Place(point=geo_pb2.Point(latitude_deg=32.887, longitude_deg=13.187)),
        )
        if request.provider_id == HIDDEN:
            provider.disclosure = dir_types.DISCLOSURE_AREA
        return dir_pb.GetProviderResponse(provider=provider)

    async def GetOrganization(self, request: Any, context: Any) -> Any:
        contact = dir_types.Contact(kind=dir_types.CONTACT_KIND_PHONE, value=self.number)
        return dir_pb.GetOrganizationResponse(organization=dir_types.Organization(contacts=[contact]))


class DutyServer(Server):
    """The page's server with what follows tasks for it; pages that wait are answered before it stops."""

    def __init__(self, parts: DutyParts) -> None:
        super().__init__(make_duty_app(parts))
        self._parts = parts
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> str:
        self._parts.stop.clear()
        self._following = asyncio.create_task(follow(self._parts.duty, self._parts.bell, self._parts.stop))
        return await super().start()

    async def stop(self) -> None:
        self._parts.stop.set()
        if self._following is not None:
            await self._following
            self._following = None
        await super().stop()


@dataclass(kw_only=True)
class DutyPage:
    """The page at an address, and what stands behind it."""

    url: str
    clock: Clock
    stores: Stores
    referrals: FakeDutyReferrals
    directory: FakeCallees
    login_file: Path
    server: Server
    parts: DutyParts

    def code(self, coordinator: str = "amal") -> str:
        """Make a one-time code."""
        return issue_code(self.login_file, coordinator, now=self.clock())

    @asynccontextmanager
    async def browser(self, language: str = "en") -> AsyncIterator[Browser]:
        """Open a browser without JavaScript."""
        async with httpx.AsyncClient(base_url=self.url, headers={"accept-language": language}) as client:
            yield Browser(client)

    @asynccontextmanager
    async def signed_in(self, coordinator: str = "amal", language: str = "en") -> AsyncIterator[Browser]:
        """Open a browser in which somebody is signed in."""
        async with self.browser(language) as browser:
            await browser.post("/sign-in", code=self.code(coordinator))
            yield browser


@asynccontextmanager
async def a_duty_page(stores: Stores, clock: Clock, folder: Path) -> AsyncIterator[DutyPage]:
    """Run the duty page over real HTTP, against fakes of its neighbours over real channels."""
    referrals, directory = FakeDutyReferrals(clock), FakeCallees()  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
    identity = an_identity(folder)
    numbers = count(1)
    async with AsyncExitStack() as stack:
        far_referrals = await stack.enter_async_context(
            serving(identity, lambda server: add_ReferralsServiceServicer_to_server(referrals, server))
        )
        far_directory = await stack.enter_async_context(
            serving(identity, lambda server: add_DirectoryServiceServicer_to_server(directory, server))
        )
        parts = DutyParts(
            duty=RemoteDuty(await stack.enter_async_context(far_referrals.channel(Role.DUTY_COORDINATOR))),
            callees=RemoteCallees(await stack.enter_async_context(far_directory.channel(Role.DUTY_COORDINATOR))),
            contacts=ContactStore(stores.pool),
            sessions=DutySessionStore(stores.pool),
            push=DutyPush(
                pushes=DutyPushStore(stores.pool, AddressSealer(bytes(32))),
                rules=EgressRules(allowed=frozenset({"push.example.org:443"})),
                public_key=vapid_key(bytes(31) + b"\1", "mailto:nobody@example.org").public_text,
            ),
            bell=FeedWaker(),
            stop=asyncio.Event(),
            login_file=folder / "duty_sign_in_codes",
            time_zone="Africa/Tripoli",
            now=clock,
            random_token=lambda: f"token-{next(numbers):04}-of-the-test",
            exit_url=EXIT_URL,
            is_secure=False,
        )
        server = DutyServer(parts)
        url = await server.start()
        try:
            yield DutyPage(
                url=url,
                clock=clock,
                stores=stores,
                referrals=referrals,
                directory=directory,
                login_file=parts.login_file,
                server=server,
                parts=parts,
            )
        finally:
            await server.stop()
