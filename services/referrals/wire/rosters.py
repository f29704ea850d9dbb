"""Rosters, in messages."""

from datetime import datetime

from ihala.referrals.v1 import referrals_pb2 as pb
from services.errors import InvalidInput
from services.referrals.model import Roster, Shift
from services.referrals.wire.basics import time_from_wire
from services.runtime.times import time_to_wire


def roster_to_wire(roster: Roster, nights: int, now: datetime) -> pb.Roster:
    """Write a roster, with who is on duty now and how many nights it was woken."""
    return pb.Roster(
        roster_id=roster.roster_id,
        shifts=[
            pb.Shift(actor=each.actor, start_time=time_to_wire(each.start_time), end_time=time_to_wire(each.end_time))
            for each in roster.shifts
        ],
        stand_in=roster.stand_in,
        paused_until_time=time_to_wire(roster.paused_until_time),
        nights_woken=nights,
        on_duty=sorted(roster.on_duty(now)),
        version=roster.version,
    )


def shifts_from_wire(message: pb.Roster) -> tuple[Shift, ...]:
    """
    Read who is on duty when.

    Raises:
        InvalidInput: A time is missing, or a shift ends before it starts.
    """
    read = []
    for number, each in enumerate(message.shifts):
        start_time, end_time = time_from_wire(each, "start_time"), time_from_wire(each, "end_time")
        if start_time is None or end_time is None:
            raise InvalidInput(f"roster.shifts[{number}] must have start_time and end_time")
        read.append(Shift(each.actor, start_time, end_time))
    return tuple(read)
