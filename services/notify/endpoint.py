"""
What an endpoint is: an address to which a receiver, or a sender's system, is told that there is something. Pure.

Its address is a secret of notify: nothing here holds it, so that it cannot get into a log or an error.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from services.errors import InvalidInput
from services.hours import zone as zone_of
from services.notify.model import Channel
from services.taxonomy import Urgency, urgency_class

#: what has an address; the others are pulled, or are an account
ADDRESSED: Final = frozenset({Channel.WEBHOOK, Channel.EMAIL, Channel.SMS, Channel.PUSH})
#: what a system may have of its own, without a desk
OF_SENDERS: Final = frozenset({Channel.WEBHOOK})
LANGUAGES: Final = frozenset({"ar", "en", "fr"})
MAX_ORDER: Final = 100


class EndpointState(StrEnum):
    """Whether anything is sent to an endpoint."""

    UNPROVEN = "unproven"  #: has not echoed its challenge yet
    AWAITING_APPROVAL = "awaiting_approval"  #: a second person must approve it
    ACTIVE = "active"  #: in use
    PAUSED = "paused"  #: kept, but nothing is sent until somebody resumes it
    ENDED = "ended"  #: for good; the address is destroyed


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When what is not urgent waits; over midnight if the end is not after the start."""

    start: time  #: on the wall of the place, inclusive
    end: time  #: exclusive
    time_zone: str  #: IANA

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise InvalidInput("quiet.end must be another time than quiet.start")
        try:
            zone_of(self.time_zone)
        except ValueError:
            raise InvalidInput("quiet.time_zone must be an IANA time zone") from None

    def end_after(self, now: datetime) -> datetime | None:
        """Return when the quiet hours that run now end, in UTC; None if none do."""
        zone = zone_of(self.time_zone)
        local = now.astimezone(zone)
        clock = local.time()
        over_midnight = self.end < self.start
        is_quiet = clock >= self.start or clock < self.end if over_midnight else self.start <= clock < self.end
        if not is_quiet:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.start else 0)
        return datetime.combine(day, self.end, zone).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where alerts of a receiver, or transitions of a sender's referrals, are sent; without its address."""

    endpoint_id: str
    receiver_id: str = ""  #: whose alerts go there; empty for a sender's
    client_id: str = ""  #: whose referrals' transitions go there; empty for a receiver's
    device_id: str = ""  #: whose subscription it is, of a browser; it ends with the device
    channel: Channel
    state: EndpointState
    order_no: int = 0  #: in [0, MAX_ORDER]: the lower, the earlier
    quiet: QuietHours | None = None  #: None: it may be told at any hour
    language: str = "en"  #: of what a person reads
    time_zone: str = "UTC"  #: in which a person reads a deadline
    public_key: str = ""  #: of a webhook: `whpk_…`, what its signatures are verified with
    create_time: datetime
    heard_time: datetime | None = None  #: when it last took something
    pause_time: datetime | None = None
    pause_code: str = ""  #: why it is paused or unproven, a constant
    end_time: datetime | None = None

    def __post_init__(self) -> None:
        if bool(self.receiver_id) == bool(self.client_id):
            raise InvalidInput("receiver_id or client_id must be given, and not both")
        if self.channel not in ADDRESSED:
            raise InvalidInput("channel must be one that has an address")
        if self.client_id and self.channel not in OF_SENDERS:
            raise InvalidInput("channel must be webhook for a sender's system")
        require_order(self.order_no)
        if self.language not in LANGUAGES:
            raise InvalidInput("language must be one that alerts are written in")


def require_order(order_no: int) -> int:
    """
    Return a place in the order of channels.

    Raises:
        InvalidInput: it is out of its range.
    """
    if not 0 <= order_no <= MAX_ORDER:
        raise InvalidInput(f"order_no must be in [0, {MAX_ORDER}]")
    return order_no


def wait_for_quiet(quiet: QuietHours | None, urgency: Urgency, now: datetime) -> datetime:
    """Return from when an endpoint may be told: now, unless it is quiet and the matter can wait."""
    if quiet is None or urgency_class(urgency).rings_through_quiet_hours:
        return now
    return quiet.end_after(now) or now
