"""A directory and referrals to follow, played over real channels: their feeds as the contract has them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from ihala.directory.v1 import calendar_pb2, directory_pb2, directory_service_pb2, lines_pb2
from ihala.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from ihala.geo.v1 import geo_pb2
from ihala.referrals.v1 import referrals_service_pb2
from ihala.referrals.v1.referrals_service_pb2_grpc import add_ReferralsServiceServicer_to_server
from services.errors import FailedPrecondition, Reason, Unavailable
from services.runtime.feed import FeedState, check_cursor
from tests.matching.samples import NOON

PAGE = 3  #: changes a page; small, so that there are several


class Unserved:
    """Answers every other method of a service with nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda request, context: None


class FeedDirectory(Unserved):
    """The change feed of a directory: a log of the latest states."""

    def __init__(self) -> None:
        self.epoch = "epoch-1"
        self.revision = 0
        self.asked: list[tuple[str, int]] = []  #: cursors that came
        self.calendar: list[calendar_pb2.CalendarEntry] = []  #: what is announced
        self.lines: list[lines_pb2.Line] = []  #: that are drawn, revisions ascending
        self.breaks_after: int | None = None  #: pages after which a stream breaks
        self._changes: dict[str, directory_service_pb2.ProviderChange] = {}
        self._changed = asyncio.Event()

    def put(self, *messages: directory_pb2.Provider) -> None:
        for message in messages:
            self._add(message.provider_id, provider=message)

    def archive(self, provider_id: str) -> None:
        self._add(provider_id, archived_provider_id=provider_id)

    def begin_epoch(self, epoch: str, *messages: directory_pb2.Provider) -> None:
        """Be restored: other revisions, fewer of them."""
        self.epoch, self.revision, self._changes = epoch, 0, {}
        self.put(*messages)

    def _add(self, provider_id: str, **change: Any) -> None:
        self.revision += 1
        self._changes[provider_id] = directory_service_pb2.ProviderChange(revision=self.revision, **change)
        self._changed.set()
        self._changed = asyncio.Event()

    async def ListCalendarEntries(self, request: Any, context: Any) -> Any:
        return calendar_pb2.ListCalendarEntriesResponse(calendar_entries=self.calendar)

    async def ListLines(self, request: Any, context: Any) -> Any:
        at = FeedState(self.epoch, max((each.revision for each in self.lines), default=0))
        check_cursor(at, request.epoch, request.after_revision)
        newer = [each for each in self.lines if each.revision > request.after_revision]
        page = newer[:PAGE] if request.after_revision else [each for each in newer if not each.ended][:PAGE]
        return lines_pb2.ListLinesResponse(
            epoch=self.epoch,
            lines=page,
            revision=page[-1].revision if page else request.after_revision,
            caught_up=len(newer) <= PAGE,
        )

    async def WatchProviders(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.asked.append((request.epoch, request.after_revision))
        after, epoch, pages = request.after_revision, self.epoch, 0
        if after and (request.epoch != epoch or after > self.revision):
            raise FailedPrecondition("the cursor is of another epoch", reason=Reason.EPOCH_CHANGED)
        while True:
            changed = self._changed
            newer = sorted(
                (each for each in self._changes.values() if each.revision > after), key=lambda each: each.revision
            )
            page = newer[:PAGE]
            after = page[-1].revision if page else after
            if self.breaks_after is not None and pages >= self.breaks_after:
                raise Unavailable("broken")
            pages += 1
            yield directory_service_pb2.WatchProvidersResponse(
                epoch=epoch, changes=page, revision=after, caught_up=len(newer) <= PAGE
            )
            if len(newer) <= PAGE:
                await changed.wait()
            if self.epoch != epoch:
                raise FailedPrecondition("the epoch has changed", reason=Reason.EPOCH_CHANGED)


class FeedReferrals(Unserved):
    """The places that are held and booked."""

    def __init__(self) -> None:
        self.taken: dict[tuple[str, str], int] = {}
        self.silent: referrals_service_pb2.SilentProviders | None = None
        self.is_away = False
        self._changed = asyncio.Event()

    def hold(self, pool_id: str, population: str, count: int) -> None:
        self.taken[pool_id, population] = count
        self._wake()

    def tell_silent(self, counts: dict[str, float]) -> None:
        """Say how many offers have just run out unread, by provider."""
        self.silent = referrals_service_pb2.SilentProviders(
            providers=[
                referrals_service_pb2.SilentProvider(
                    provider_id=each, unread_count=count, last_time=Timestamp(seconds=int(NOON.timestamp()))
                )
                for each, count in counts.items()
            ],
            half_life=Duration(seconds=7 * 86_400),
        )
        self._wake()

    def leave(self) -> None:
        self.is_away = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def WatchTakenPlaces(self, request: Any, context: Any) -> AsyncIterator[Any]:
        while not self.is_away:
            changed = self._changed
            places = [
                referrals_service_pb2.TakenPlace(pool_id=pool_id, population=population, held_count=count)
                for (pool_id, population), count in self.taken.items()
            ]
            yield referrals_service_pb2.WatchTakenPlacesResponse(places=places, caught_up=True, silent=self.silent)
            self.silent = None
            await changed.wait()
        raise Unavailable("away")


def register(directory: FeedDirectory, referrals: FeedReferrals, server: grpc.aio.Server) -> None:
    servicers: tuple[Any, Any] = (directory, referrals)
    add_DirectoryServiceServicer_to_server(servicers[0], server)
    add_ReferralsServiceServicer_to_server(servicers[1], server)


def a_message(provider_id: str, *, code: str = "LEG-ADV", **facts: Any) -> directory_pb2.Provider:
    """Write a public provider in Tripoli as the feed tells it."""
    good: dict[str, Any] = {
        "pool_id": provider_id,
        "disclosure": directory_pb2.DISCLOSURE_PUBLIC,
        "place": geo_pb2.Place(point=geo_pb2.Point(latitude_deg=32.88, longitude_deg=13.19)),
        "country_code": "LY",
        "time_zone": "Africa/Tripoli",
        "names": [directory_pb2.LocalizedText(language="ar", text="دار")],
        "claims": [directory_pb2.ServiceClaim(code=code, claim=directory_pb2.CLAIM_YES)],
        "status": directory_pb2.STATUS_ACTIVE,
        "vetting": directory_pb2.Vetting(state=directory_pb2.VETTING_STATE_VETTED),
        "firewall": directory_pb2.Firewall(reporting=directory_pb2.REPORTING_NONE),
        "reach_out": directory_pb2.REACH_OUT_TELEPHONE,
        "contacts": [directory_pb2.Contact(kind=directory_pb2.CONTACT_KIND_PHONE, value="000")],
        "source": directory_pb2.Source(dataset="test", source_key=provider_id),
    }
    return directory_pb2.Provider(provider_id=provider_id, **good | facts)
