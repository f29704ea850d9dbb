"""Handovers, in messages."""

from ihala.referrals.v1 import referrals_pb2 as pb
from services.referrals.model import Handover
from services.runtime.times import time_to_wire


def handover_to_wire(left: Handover) -> pb.Handover:
    """Write what the other side has left."""
    return pb.Handover(
        offer_id=left.offer_id, sealed=left.sealed, key_id=left.key_id, create_time=time_to_wire(left.create_time)
    )
