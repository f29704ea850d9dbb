"""The life of records on the wire: suspension, verification, staleness, history, duplicates."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import record_life_pb2 as life_pb
from services.directory.model import Provider, Source, Stored, Vetting, VettingState, refuse
from services.directory.model.checks import check_dataset
from services.directory.wire.differences_wire import differences
from services.directory.wire.nouns_wire import PROVIDER
from services.directory.wire.requests_wire import (
    fitting,
    is_record_id,
    page_position,
    page_token_for,
    refuse_unknown,
    time_in_token,
)
from services.directory.wire.values_wire import time_from_wire
from services.errors import FailedPrecondition, Reason
from services.runtime.auth import absent
from services.runtime.times import time_to_wire

OWN_DATASET: Final = "ihala"  #: of records that came from no source
STALE_AFTER: Final = timedelta(days=180)
EXPIRES_WITHIN: Final = timedelta(days=30)  #: soon: long enough to be vetted again
MAX_APART_M: Final = 5000.0
APART_M: Final = 250.0
LIKENESS: Final = 0.5
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)

SuspendAnswer: Final[type[Any]] = life_pb.SuspendProviderResponse
VerifyAnswer: Final[type[Any]] = life_pb.VerifyProviderResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One row of a provider's history."""

    revision: int
    archived: bool
    doc: bytes
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Alike:
    """Which pairs may be one: how near, and how alike their names."""

    apart_m: float
    likeness: float
    dataset: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two providers that may be one."""

    first: Stored
    second: Stored
    distance_m: float
    likeness: float


def suspension_of(request: life_pb.SuspendProviderRequest) -> str:
    """Read why a provider is suspended, a code and nothing else."""
    _named(request)
    if not _CODE.fullmatch(request.reason):
        raise refuse("reason", "must be a code of at most 32 characters in lower_snake_case")
    return request.reason


def suspended(provider: Provider) -> Provider:
    """Raise the flag; it has no end but an editor's word."""
    return replace(provider, vetting=Vetting(VettingState.SUSPENDED))


def verification_of(request: life_pb.VerifyProviderRequest, now: datetime) -> datetime:
    """Read when a record was checked."""
    _named(request)
    if request.expected_revision <= 0:
        raise refuse("expected_revision", "must be the revision that was read")
    if not request.HasField("verified_time"):
        return now
    time = time_from_wire("verified_time", request.verified_time)
    if time > now:
        raise refuse("verified_time", "must not be in the future")
    return time


def verified(provider_id: str, provider: Provider, time: datetime) -> Provider:
    """
    Write down when a record was checked; one that came from no source is of our own dataset then.

    Raises:
        FailedPrecondition: it was checked later already (ILLEGAL_MOVE).
    """
    source = provider.source or Source(dataset=OWN_DATASET, source_key=provider_id)
    if source.verified_time and time < source.verified_time:
        raise FailedPrecondition("the record was verified later already", reason=Reason.ILLEGAL_MOVE)
    return replace(provider, source=replace(source, verified_time=time))


def life_answer(kind: type[Any], stored: Stored) -> Any:
    return kind(provider=PROVIDER.shown(stored))


def stale_of(request: life_pb.ListStaleRequest, now: datetime) -> datetime:
    """Read before when a record must have been verified to be stale."""
    refuse_unknown(request)
    if request.dataset:
        check_dataset("dataset", request.dataset)
    if not request.HasField("verified_before_time"):
        return now - STALE_AFTER
    return time_from_wire("verified_before_time", request.verified_before_time)


def expiring_of(request: life_pb.ListStaleRequest) -> datetime | None:
    """Read before when vetting must end; None if it is asked who is unverified."""
    if not request.HasField("vetting_expires_before_time"):
        return None
    if request.HasField("verified_before_time"):
        raise refuse("verified_before_time", "must not be set together with vetting_expires_before_time")
    return time_from_wire("vetting_expires_before_time", request.vetting_expires_before_time)


def stale_position(request: life_pb.ListStaleRequest) -> tuple[str, str] | None:
    """Read where the page before ended: the verified time as ISO 8601, empty for never, and the id."""
    position = page_position(request, (str, str))
    if position is None:
        return None
    if position[0]:
        time_in_token(position[0])
    return position[0], position[1]


def stale_page(request: life_pb.ListStaleRequest, found: Sequence[tuple[Stored, datetime | None]], size: int) -> Any:
    """Write a page; `found` has one more than fits if there is more."""
    count = fitting((stored.doc for stored, _ in found), size)
    token = ""
    if len(found) > count:
        last, time = found[count - 1]
        token = page_token_for(request, [time.isoformat() if time else "", last.record_id])
    shown = [PROVIDER.shown(stored) for stored, _ in found[:count]]
    return life_pb.ListStaleResponse(providers=shown, next_page_token=token)


def history_position(request: life_pb.GetProviderHistoryRequest) -> int | None:
    """Read before which revision to go on; None for the newest."""
    _named(request)
    position = page_position(request, (int, str))
    if position is not None and position[1] != request.provider_id:
        raise refuse("page_token", "must be of the page before, with the same conditions")
    return None if position is None else position[0]


def history_page(request: life_pb.GetProviderHistoryRequest, states: Sequence[State], size: int) -> Any:
    """Write a page, newest first; `states` has the one before the last that fits, if there is one."""
    entries = []
    for number, state in enumerate(states[:size]):
        before = pb.Provider.FromString(states[number + 1].doc) if number + 1 < len(states) else pb.Provider()
        entries.append(
            life_pb.HistoryEntry(
                revision=state.revision,
                change_time=time_to_wire(state.at),
                actor=state.actor,
                archived=state.archived,
                changes=differences(before, pb.Provider.FromString(state.doc)),
            )
        )
    count = fitting((json.dumps(str(entry)).encode() for entry in entries), size)
    token = page_token_for(request, [states[count - 1].revision, request.provider_id]) if len(states) > count else ""
    return life_pb.GetProviderHistoryResponse(entries=entries[:count], next_page_token=token)


def alike_of(request: life_pb.ListDuplicatesRequest) -> Alike:
    """Read which pairs to look for."""
    refuse_unknown(request)
    if request.dataset:
        check_dataset("dataset", request.dataset)
    apart_m = request.max_distance_m if request.HasField("max_distance_m") else APART_M
    likeness = request.least_similarity if request.HasField("least_similarity") else LIKENESS
    if not 0 < apart_m <= MAX_APART_M:
        raise refuse("max_distance_m", f"must be in (0, {MAX_APART_M:.0f}]")
    if not 0 < likeness <= 1:
        raise refuse("least_similarity", "must be in (0, 1]")
    return Alike(apart_m, likeness, request.dataset)


def pairs_page(request: life_pb.ListDuplicatesRequest, pairs: Sequence[Pair], after_id: str) -> Any:
    """Write pairs; `after_id` is the last record that was looked at, empty at the end."""
    return life_pb.ListDuplicatesResponse(
        pairs=[
            life_pb.DuplicatePair(
                first=PROVIDER.shown(pair.first),
                second=PROVIDER.shown(pair.second),
                distance_m=pair.distance_m,
                similarity=pair.likeness,
            )
            for pair in pairs
        ],
        next_page_token=page_token_for(request, [after_id]) if after_id else "",
    )


def _named(request: Any) -> None:
    refuse_unknown(request)
    if not is_record_id(request.provider_id):
        raise absent()
