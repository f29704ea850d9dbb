"""Ask referrals and the directory for the duty page, as whoever is signed in."""

from collections.abc import AsyncGenerator
from typing import Any

import h3

from ihala.directory.v1 import directory_pb2 as dir_types
from ihala.directory.v1 import directory_service_pb2 as dir_pb
from ihala.directory.v1 import directory_service_pb2_grpc as dir_grpc
from ihala.matching.v1 import matching_pb2 as match_pb
from ihala.referrals.v1 import referrals_pb2 as ref_types
from ihala.referrals.v1 import referrals_service_pb2 as ref_pb
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from services.errors import IhalaError, NotFound
from services.notify.clients import method_of
from services.notify.duty.model import Callee, DutyRoster, DutyTask
from services.notify.shown import Offer
from services.notify.wire.offers import offer_from_wire, terms_to_wire, word_of
from services.runtime.auth import ACTOR_METADATA_KEY
from services.runtime.channel import Channel
from services.runtime.times import time_of
from services.taxonomy import Urgency

MOST = 500  #: tasks of one look
AREA_RESOLUTION = 3
VIA = ref_types.VIA_PHONE


class RemoteDuty:
    """Tasks, rosters and answers by telephone, by RPC, with a duty coordinator's token."""

    def __init__(self, channel: Channel) -> None:
        self._stub = ref_grpc.ReferralsServiceStub(channel)

    async def tasks(self, by: str) -> list[DutyTask]:
        """List what is not done, the earliest due first."""
        response = await self._stub.ListTasks(ref_pb.ListTasksRequest(page_size=MOST), metadata=_as(by))
        return [_task(each) for each in response.tasks]

    async def changes(self) -> AsyncGenerator[None]:
        """
        Yield whenever a task has come or gone, or has another owner.

        Raises:
            Unavailable: referrals cannot be asked now.
        """
        call = self._stub.WatchTasks(ref_pb.WatchTasksRequest())
        try:
            async for message in call:
                if message.tasks:
                    yield None
        finally:
            call.cancel()  # grpc keeps an abandoned call open

    async def task(self, task_id: str, by: str) -> DutyTask:
        """
        Find a task.

        Raises:
            NotFound: there is none, or it is done.
        """
        for each in await self.tasks(by):
            if each.task_id == task_id:
                return each
        raise NotFound("there is no such object")

    async def take(self, task_id: str, version: int, by: str, request_id: str) -> None:
        """Let somebody own a task."""
        request = ref_pb.TakeTaskRequest(request_id=request_id, task_id=task_id, expected_version=version)
        await self._stub.TakeTask(request, metadata=_as(by))

    async def close(self, task_id: str, version: int, outcome: str, by: str, request_id: str) -> None:
        """Close a task with a code."""
        request = ref_pb.CloseTaskRequest(
            request_id=request_id, task_id=task_id, expected_version=version, outcome=outcome
        )
        await self._stub.CloseTask(request, metadata=_as(by))

    async def read(self, offer_id: str, on_behalf_of: str, by: str) -> Offer:
        """Read an offer as far as a duty coordinator may; it is in the audit."""
        request = ref_pb.ReadOfferRequest(offer_id=offer_id, on_behalf_of=on_behalf_of, via=VIA)
        return offer_from_wire((await self._stub.ReadOffer(request, metadata=_as(by))).offer)

    async def answer(self, verb: str, offer_id: str, on_behalf_of: str, by: str, request_id: str, **facts: Any) -> None:
        """Record what a provider said on the telephone."""
        method = method_of(verb)
        request = getattr(ref_pb, f"{method}Request")(
            offer_id=offer_id, request_id=request_id, on_behalf_of=on_behalf_of, via=VIA, **terms_to_wire(facts)
        )
        await getattr(self._stub, method)(request, metadata=_as(by))

    async def rosters(self, by: str) -> list[DutyRoster]:
        """List the rosters, by name."""
        response = await self._stub.ListRosters(ref_pb.ListRostersRequest(), metadata=_as(by))
        return [
            DutyRoster(
                roster_id=each.roster_id,
                on_duty=tuple(each.on_duty),
                nights_woken=each.nights_woken,
                paused_until_time=time_of(each, "paused_until_time"),
                stand_in=each.stand_in,
                named=frozenset(shift.actor for shift in each.shifts),
            )
            for each in response.rosters
        ]

    async def pause(self, roster_id: str, by: str, request_id: str, **until: Any) -> None:
        """Let a roster rest `until_time`, or end its rest."""
        request = ref_pb.PauseRosterRequest(request_id=request_id, roster_id=roster_id, **terms_to_wire(until))
        await self._stub.PauseRoster(request, metadata=_as(by))


class RemoteCallees:
    """Providers as whoever rings them needs to know them, by RPC."""

    def __init__(self, channel: Channel) -> None:
        self._stub = dir_grpc.DirectoryServiceStub(channel)

    async def callee(self, provider_id: str) -> Callee:
        """
        Find a provider, with its own numbers, else those of its location, service or organization.

        Raises:
            NotFound: there is none.
        """
        found = (await self._stub.GetProvider(dir_pb.GetProviderRequest(provider_id=provider_id))).provider
        names: dict[str, str] = {}
        for name in found.names:
            names.setdefault(name.language, name.text)
        return Callee(
            provider_id=found.provider_id,
            receiver_id=found.receiver_id,
            names=names,
            phones=_phones(found) or await self._further_phones(found),
            area_cell=_area(found.place),
            country_code=found.country_code,
            time_zone=found.time_zone,
        )

    async def _further_phones(self, provider: dir_types.Provider) -> tuple[str, ...]:
        if provider.disclosure != dir_types.DISCLOSURE_PUBLIC:
            return ()
        for noun in ("location", "service", "organization"):
            if not (object_id := getattr(provider, f"{noun}_id")):
                continue
            request = getattr(dir_pb, f"Get{noun.title()}Request")(**{f"{noun}_id": object_id})
            try:
                answer = await getattr(self._stub, f"Get{noun.title()}")(request)
            except IhalaError:  # a number that is missing must not hide the task
                continue
            if phones := _phones(getattr(answer, noun)):
                return phones
        return ()


def _as(by: str) -> list[tuple[str, str]]:
    return [(ACTOR_METADATA_KEY, by)]


def _task(task: ref_types.Task) -> DutyTask:
    urgency = word_of(match_pb.Urgency, "URGENCY", task.urgency)
    due_time, create_time = time_of(task, "due_time"), time_of(task, "create_time")
    assert due_time is not None and create_time is not None  # noqa: S101, PT018 -- a task has both
    return DutyTask(
        task_id=task.task_id,
        kind=word_of(ref_types.TaskKind, "TASK_KIND", task.kind),
        is_taken=task.state == ref_types.TASK_STATE_TAKEN,
        offer_id=task.offer_id,
        provider_id=task.provider_id,
        code=task.code,
        urgency=Urgency(urgency) if urgency else None,
        due_time=due_time,
        create_time=create_time,
        owner=task.owner,
        version=task.version,
        sender=task.sender,
    )


def _phones(holder: Any) -> tuple[str, ...]:
    return tuple(each.value for each in holder.contacts if each.kind == dir_types.CONTACT_KIND_PHONE)


def _area(place: Any) -> str:
    match place.WhichOneof("place"):
        case "point":
            return str(h3.latlng_to_cell(place.point.latitude_deg, place.point.longitude_deg, AREA_RESOLUTION))
        case "cell":
            cell = place.cell.h3_cell
            if h3.is_valid_cell(cell) and h3.get_resolution(cell) >= AREA_RESOLUTION:
                return str(h3.cell_to_parent(cell, AREA_RESOLUTION))
    return ""
