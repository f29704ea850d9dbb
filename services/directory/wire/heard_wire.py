"""When desks were heard, on the wire."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import refuse
from services.directory.wire.requests_wire import is_record_id, refuse_unknown
from services.directory.wire.values_wire import time_from_wire

MAX_HEARD: Final = 500
MAX_SKEW: Final = timedelta(minutes=5)  #: that clocks may differ by; a time ahead counts as now
HeardAnswer: Final[type[Any]] = service_pb.ReportReceiversHeardResponse


def heard_of(request: service_pb.ReportReceiversHeardRequest, now: datetime) -> Mapping[str, datetime]:
    """
    Read when desks were heard, by id; what is no id of a desk is passed over as an unknown one is.

    Raises:
        InvalidInput: there are none or too many, one is named twice, or was not heard yet.
    """
    refuse_unknown(request)
    if not 1 <= len(request.heard) <= MAX_HEARD:
        raise refuse("heard", f"must have 1 to {MAX_HEARD} entries")
    found: dict[str, datetime] = {}
    for index, each in enumerate(request.heard):
        if not each.HasField("heard_time"):
            raise refuse(f"heard[{index}].heard_time", "must be given")
        time = time_from_wire(f"heard[{index}].heard_time", each.heard_time)
        if time > now + MAX_SKEW:
            raise refuse(f"heard[{index}].heard_time", "must not be in the future")
        if each.receiver_id in found:
            raise refuse("heard", "must not name a desk twice")
        found[each.receiver_id] = min(time, now)
    return {receiver_id: time for receiver_id, time in found.items() if is_record_id(receiver_id)}
