"""Reads the picture of a page from the directory and from referrals."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import grpc
import structlog

from ihala.directory.v1 import directory_service_pb2_grpc
from ihala.referrals.v1 import referrals_service_pb2, referrals_service_pb2_grpc
from services.errors import IhalaError, Reason
from services.maps import wire
from services.maps.filters import Filters
from services.maps.model import AreaCount, Part, Picture, PublicProvider, ReferralCount

MAX_PROVIDERS: Final = 100_000  #: more than a browser draws in a few seconds
READ_TIMEOUT_S: Final = 20.0  #: for everything together
KEPT_S: Final = 10.0  #: how long a picture serves the page, its script and its tables alike
KEPT_PICTURES: Final = 8

log = structlog.get_logger(__name__)

ReadT = TypeVar("ReadT")


@dataclass(frozen=True, slots=True)
class _Failure:
    reason: Reason


class RemotePictures:
    """
    Pictures read over gRPC, by a caller who sees no more than a coordinator may.

    Args:
        directory: A channel to the directory.

        referrals: A channel to referrals.

        now: The time now.
    """

    def __init__(self, directory: grpc.aio.Channel, referrals: grpc.aio.Channel, now: Callable[[], datetime]) -> None:
        self._directory = directory_service_pb2_grpc.DirectoryServiceStub(directory)
        self._referrals = referrals_service_pb2_grpc.ReferralsServiceStub(referrals)
        self._now = now

    async def read(self, filters: Filters) -> Picture:
        """Read everything that can be read; what cannot is named in `missing` with its reason."""
        providers, areas, referrals = await asyncio.gather(
            self._part(Part.PROVIDERS, self._providers(filters)),
            self._part(Part.AREAS, self._areas(filters)),
            self._part(Part.REFERRALS, self._referral_counts(filters)),
        )
        missing = {
            part: read.reason
            for part, read in ((Part.PROVIDERS, providers), (Part.AREAS, areas), (Part.REFERRALS, referrals))
            if isinstance(read, _Failure)
        }
        found, is_cut = ([], False) if isinstance(providers, _Failure) else providers
        counts, is_suppressed = ([], False) if isinstance(referrals, _Failure) else referrals
        return Picture(
            as_of=self._now(),
            providers=found,
            is_cut=is_cut,
            areas=[] if isinstance(areas, _Failure) else areas,
            referrals=counts,
            is_suppressed=is_suppressed,
            missing=missing,
        )

    async def _part(self, part: Part, reading: Coroutine[Any, Any, ReadT]) -> ReadT | _Failure:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                return await reading
        except TimeoutError:
            reason = Reason.DEADLINE_EXCEEDED
        except IhalaError as error:
            reason = error.reason
        log.warning("picture.part_missing", kind=part.value, reason=reason.value)
        return _Failure(reason)

    async def _providers(self, filters: Filters) -> tuple[list[PublicProvider], bool]:
        found: list[PublicProvider] = []
        page_token = ""
        while True:
            response = await self._directory.SearchProviders(wire.search_to_wire(filters, page_token))
            found += wire.providers_from_wire(response.found)
            page_token = response.next_page_token
            if not page_token or len(found) >= MAX_PROVIDERS:
                return found[:MAX_PROVIDERS], bool(page_token)

    async def _areas(self, filters: Filters) -> list[AreaCount]:
        return wire.areas_from_wire(await self._directory.CountAreas(wire.count_to_wire(filters)))

    async def _referral_counts(self, filters: Filters) -> tuple[list[ReferralCount], bool]:
        response = await self._referrals.SummarizeReferrals(referrals_service_pb2.SummarizeReferralsRequest())
        return wire.referrals_from_wire(response, filters), response.suppressed


class KeptPictures:
    """
    Pictures kept for some seconds, so that a page, its script and its tables tell the same numbers.

    Requests that come together for one picture wait for one reading. A picture with a
    part missing is not kept: the next request tries again.
    """

    def __init__(self, pictures: RemotePictures, now: Callable[[], datetime]) -> None:
        self._pictures = pictures
        self._now = now
        self._kept: OrderedDict[Filters, asyncio.Task[Picture]] = OrderedDict()

    async def read(self, filters: Filters) -> Picture:
        """Return a picture that is at most `KEPT_S` old."""
        task = self._kept.get(filters)
        if task is None or self._is_stale(task):
            task = self._kept[filters] = asyncio.create_task(self._pictures.read(filters), name="picture")
            self._kept.move_to_end(filters)
            while len(self._kept) > KEPT_PICTURES:
                self._kept.popitem(last=False)
        return await asyncio.shield(task)  # one who goes away does not end it for the others

    def _is_stale(self, task: asyncio.Task[Picture]) -> bool:
        if not task.done():
            return False
        if task.cancelled() or task.exception() is not None or task.result().missing:
            return True
        return self._now() - task.result().as_of > timedelta(seconds=KEPT_S)
