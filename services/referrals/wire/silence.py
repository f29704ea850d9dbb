"""Who has been silent, in messages."""

from collections.abc import Iterable

from ihala.referrals.v1 import referrals_service_pb2 as pb
from services.referrals.model.silence import HALF_LIFE, Silent
from services.runtime.times import time_to_wire


def silence_to_wire(silent: Iterable[Silent]) -> pb.SilentProviders:
    """Write all who have been silent of late."""
    message = pb.SilentProviders(
        providers=[
            pb.SilentProvider(
                provider_id=each.provider_id, unread_count=each.count, last_time=time_to_wire(each.last_time)
            )
            for each in silent
        ]
    )
    message.half_life.FromTimedelta(HALF_LIFE)
    return message
