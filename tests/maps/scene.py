"""A fake directory and fake referrals on real channels, and the maps' page before them in a real server."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import grpc
import h3
import httpx

from ihala.directory.v1 import directory_pb2, directory_service_pb2, directory_service_pb2_grpc
from ihala.geo.v1 import geo_pb2
from ihala.referrals.v1 import referrals_service_pb2, referrals_service_pb2_grpc
from services.maps.app import Door, create_app
from services.maps.clients import KeptPictures, RemotePictures
from services.runtime import web
from services.runtime.auth import Role
from services.runtime.channel import Channel, open_channel
from services.runtime.sessions import Sessions
from services.runtime.sign_in import issue_code
from tests.serving import Identity, an_identity, serving

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
TRIPOLI, BENGHAZI, CASABLANCA, TUNIS, CAIRO = (
    (32.8874, 13.1873),
    (32.1194, 20.0868),
    (33.5731, -7.5898),
    (36.8065, 10.1815),
    (30.0444, 31.2357),
)


def area_cell(where: tuple[float, float]) -> str:
    return str(h3.latlng_to_cell(*where, 3))


def a_provider(
    name: str = "Harbour clinic",
    where: tuple[float, float] | None = TRIPOLI,
    codes: Sequence[str] = ("HEA-EMG",),
    *,
    languages: Sequence[str] = ("ar",),
    places: tuple[int, int] | None = None,
    disclosure: directory_pb2.Disclosure.ValueType = directory_pb2.DISCLOSURE_PUBLIC,
    **more: Any,
) -> directory_pb2.Provider:
    """Make a provider; `places` is total and occupied."""
    made = directory_pb2.Provider(
        provider_id=name[:60],
        names=[directory_pb2.LocalizedText(language="en", text=name)],
        claims=[directory_pb2.ServiceClaim(code=each, claim=directory_pb2.CLAIM_YES) for each in codes],
        languages=[directory_pb2.LanguageOffer(language=each) for each in languages],
        disclosure=disclosure,
        status=directory_pb2.STATUS_ACTIVE,
        reach_out=directory_pb2.REACH_OUT_ENROLLED,
        country_code="LY",
        **more,
    )
    if where is not None:
        made.place.point.CopyFrom(geo_pb2.Point(latitude_deg=where[0], longitude_deg=where[1]))
    if places is not None:
        made.place_reports.add(population="anyone", total=places[0], occupied=places[1]).report_time.FromDatetime(NOON)
    return made


@dataclass
class FakeDirectory(directory_service_pb2_grpc.DirectoryServiceServicer):
    """Answers what it was given, in pages, and remembers what it was asked."""

    providers: list[directory_pb2.Provider] = field(default_factory=list)
    areas: dict[str, int] = field(default_factory=dict)
    searches: list[directory_service_pb2.SearchProvidersRequest] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    async def SearchProviders(
        self, request: directory_service_pb2.SearchProvidersRequest, context: Any
    ) -> directory_service_pb2.SearchProvidersResponse:
        self.searches.append(request)
        left = [each for each in self.providers if self._passes(each, request)]
        start = int(request.page_token or 0)
        end = start + request.page_size
        return directory_service_pb2.SearchProvidersResponse(
            found=[directory_service_pb2.FoundProvider(provider=each) for each in left[start:end]],
            next_page_token=str(end) if end < len(left) else "",
        )

    def _passes(self, provider: directory_pb2.Provider, request: directory_service_pb2.SearchProvidersRequest) -> bool:
        return all(any(claim.code.startswith(code) for claim in provider.claims) for code in request.codes) and (
            not request.language or request.language in {each.language for each in provider.languages}
        )

    async def CountAreas(
        self, request: directory_service_pb2.CountAreasRequest, context: Any
    ) -> directory_service_pb2.CountAreasResponse:
        self.counted.append(request.code)
        return directory_service_pb2.CountAreasResponse(
            counts=[
                directory_service_pb2.AreaCount(h3_cell=cell, provider_count=count)
                for cell, count in sorted(self.areas.items())
            ]
        )


@dataclass
class FakeReferrals(referrals_service_pb2_grpc.ReferralsServiceServicer):
    """Answers counts by area and group: offers and accepted ones."""

    counts: dict[tuple[str, str], tuple[int, int | None]] = field(default_factory=dict)

    async def SummarizeReferrals(
        self, request: referrals_service_pb2.SummarizeReferralsRequest, context: Any
    ) -> referrals_service_pb2.SummarizeReferralsResponse:
        return referrals_service_pb2.SummarizeReferralsResponse(
            counts=[
                referrals_service_pb2.ReferralCount(
                    area_cell=cell, group=group, offer_count=offers, accepted_count=accepted
                )
                for (cell, group), (offers, accepted) in sorted(self.counts.items())
            ],
            suppressed=True,
        )


def a_directory(
    providers: Sequence[directory_pb2.Provider] = (), areas: Mapping[str, int] | None = None
) -> FakeDirectory:
    return FakeDirectory(list(providers), dict(areas or {}))  # type: ignore[abstract]  # the rest is unimplemented


def some_referrals(counts: Mapping[tuple[str, str], tuple[int, int | None]] | None = None) -> FakeReferrals:
    return FakeReferrals(dict(counts or {}))  # type: ignore[abstract]  # the same


@dataclass
class Clock:
    """A time that a test moves."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Scene:
    """Everything that runs, and how to come in."""

    url: str
    directory: FakeDirectory
    referrals: FakeReferrals
    login_file: Path
    clock: Clock
    pictures: KeptPictures
    to_directory: Channel
    to_referrals: Channel

    def code(self, coordinator: str = "amina") -> str:
        return issue_code(self.login_file, coordinator, now=self.clock())


@asynccontextmanager
async def a_scene(
    folder: Path,
    *,
    directory: FakeDirectory | None = None,
    referrals: FakeReferrals | None = None,
    directory_is_there: bool = True,
    referrals_are_there: bool = True,
    roles: Sequence[Role] = (Role.COORDINATOR,),
) -> AsyncIterator[Scene]:
    """Run the page over channels that carry a coordinator's token."""
    identity: Identity = an_identity(folder)
    directory, referrals, clock = directory or a_directory(), referrals or some_referrals(), Clock()

    def register(server: grpc.aio.Server) -> None:
        directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server(directory, server)
        referrals_service_pb2_grpc.add_ReferralsServiceServicer_to_server(referrals, server)

    async with AsyncExitStack() as rest:
        there = await rest.enter_async_context(serving(identity, register))
        token = identity.token(*roles)
        nowhere = "localhost:1"
        to_directory = open_channel(there.address if directory_is_there else nowhere, lambda: token, timeout_s=1.0)
        to_referrals = open_channel(there.address if referrals_are_there else nowhere, lambda: token, timeout_s=1.0)
        await rest.enter_async_context(to_directory)
        await rest.enter_async_context(to_referrals)
        login_file = folder / "sign_in_codes"
        sessions = Sessions(clock, timedelta(minutes=15), timedelta(hours=8))
        pictures = KeptPictures(RemotePictures(to_directory, to_referrals, clock), clock)
        app = create_app(pictures, Door(login_file=login_file, sessions=sessions, now=clock, has_tls=False))
        listener = web.listen("localhost:0")
        stop = asyncio.Event()
        url = f"http://localhost:{listener.getsockname()[1]}"
        task = asyncio.create_task(web.serve(app, listener, stop, grace_s=2.0))
        try:
            yield Scene(url, directory, referrals, login_file, clock, pictures, to_directory, to_referrals)
        finally:
            stop.set()
            await task


@asynccontextmanager
async def a_browser_without_scripts(scene: Scene, *, signed_in: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """Give an HTTP client with a cookie jar, signed in by a code."""
    async with httpx.AsyncClient(base_url=scene.url, trust_env=False) as client:
        if signed_in:
            answer = await client.post("/sign-in", data={"code": scene.code()})
            assert answer.status_code == HTTPStatus.SEE_OTHER
        yield client
