"""The services whose feeds matching follows: the directory's providers and referrals' taken places."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC

import structlog

from ihala.directory.v1 import calendar_pb2 as calendar_pb
from ihala.directory.v1 import directory_service_pb2 as directory_pb
from ihala.directory.v1 import lines_pb2 as lines_pb
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from ihala.referrals.v1 import referrals_service_pb2 as referrals_pb
from ihala.referrals.v1.referrals_service_pb2_grpc import ReferralsServiceStub
from services.errors import InvalidInput
from services.hours import Entry
from services.matching.model.feed import LinePage, ProviderChange, ProviderPage, TakenPage
from services.matching.model.provider import Provider
from services.matching.model.silence import SilencePage, Silent
from services.matching.wire.areas_wire import line_from_wire
from services.matching.wire.hours_wire import entry_from_wire
from services.matching.wire.provider_wire import provider_from_wire
from services.runtime.channel import Channel

log = structlog.get_logger(__name__)


class RemoteDirectory:
    """The directory service, over a channel with a service's token."""

    def __init__(self, channel: Channel) -> None:
        self._stub = DirectoryServiceStub(channel)

    async def watch(self, epoch: str, after_revision: int) -> AsyncIterator[ProviderPage]:
        """
        Follow the providers, from a snapshot if `after_revision` is 0.

        Raises:
            FailedPrecondition: the cursor is of another epoch (EPOCH_CHANGED).

            Unavailable: the directory cannot be reached, or ended the stream.
        """
        request = directory_pb.WatchProvidersRequest(epoch=epoch, after_revision=after_revision)
        async with aclosing(self._stub.WatchProviders(request)) as responses:  # type: ignore[type-var]
            async for each in responses:
                changes = tuple(map(_change, each.changes))
                yield ProviderPage(each.epoch, each.revision, each.caught_up, changes)

    async def calendar(self) -> tuple[Entry, ...]:
        """
        Read what is announced at present and changes hours.

        Raises:
            Unavailable: the directory cannot be reached.
        """
        entries: list[Entry] = []
        request = calendar_pb.ListCalendarEntriesRequest(page_size=500)
        while True:
            answer = await self._stub.ListCalendarEntries(request)
            entries += map(entry_from_wire, answer.calendar_entries)
            if not answer.next_page_token:
                return tuple(entries)
            request.page_token = answer.next_page_token

    async def lines(self, epoch: str, after_revision: int) -> LinePage:
        """
        Read which lines have been drawn or ended; all that stand if `after_revision` is 0.

        Raises:
            Unavailable: the directory cannot be reached.
        """
        answer = await self._stub.ListLines(lines_pb.ListLinesRequest(epoch=epoch, after_revision=after_revision))
        lines = {each.line_id: None if each.ended else line_from_wire(each) for each in answer.lines}
        return LinePage(answer.epoch, answer.revision, answer.caught_up, lines)


class RemoteReferrals:
    """The referrals service, over a channel with a service's token."""

    def __init__(self, channel: Channel) -> None:
        self._stub = ReferralsServiceStub(channel)

    async def watch(self) -> AsyncIterator[TakenPage]:
        """
        Follow the places that are held and booked, from a snapshot on.

        Raises:
            Unavailable: referrals cannot be reached, or ended the stream.
        """
        request = referrals_pb.WatchTakenPlacesRequest()
        async with aclosing(self._stub.WatchTakenPlaces(request)) as responses:  # type: ignore[type-var]
            async for each in responses:
                taken = {(one.pool_id, one.population): one.held_count + one.booked_count for one in each.places}
                yield TakenPage(taken, each.caught_up, _silence(each.silent) if each.HasField("silent") else None)


def _silence(message: referrals_pb.SilentProviders) -> SilencePage:
    silent = {
        each.provider_id: Silent(each.unread_count, each.last_time.ToDatetime(tzinfo=UTC)) for each in message.providers
    }
    return SilencePage(silent, message.half_life.ToTimedelta())


def _change(message: directory_pb.ProviderChange) -> ProviderChange:
    if message.WhichOneof("change") != "provider":
        return ProviderChange(message.revision, message.archived_provider_id, None)
    return ProviderChange(message.revision, message.provider.provider_id, _provider(message))


def _provider(message: directory_pb.ProviderChange) -> Provider | None:
    try:
        return provider_from_wire(message.provider, message.revision, message.service_areas)
    except (InvalidInput, ValueError) as error:
        # one record that cannot be read must not stop the others, and is never guessed at
        log.warning("provider.refused", revision=message.revision, error=type(error).__name__)
        return None
