"""What is told on the bus: CloudEvents with opaque ids, codes and times, never a need, name or place (R11)."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

SUBJECTS: Final = "referral.v1"
STREAM: Final = "REFERRALS"
SOURCE: Final = "ihala/referrals"


def subject_of(type_: str) -> str:
    """Name the subject of a type of event."""
    return f"{SUBJECTS}.{type_}"


def offer_event(
    *,
    event_id: str,
    type_: str,
    occurred_time: datetime,
    offer_id: str,
    offer_version: int,
    receiver_id: str,
    state: str,
    urgency: str,
    due_time: datetime | None,
    rung: str = "",
    is_answered: bool = False,
    part_offer_ids: Sequence[str] = (),
) -> bytes:
    """
    Write an event of an offer.

    No referral, case, provider or service code is in it. A receiver that is empty
    means that nobody is enrolled. `rung` names what silence has led to, a matter of channels.
    `is_answered`: what the desk asked was answered, and nobody there has read that; said of the latest version.
    `part_offer_ids` are all offers of the receiver that one alert tells of, if they are several.
    """
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": f"org.ihala.{subject_of(type_)}",
        "time": _text(occurred_time),
        "datacontenttype": "application/json",
        "data": {
            "offer_id": offer_id,
            "offer_version": offer_version,
            "receiver_id": receiver_id,
            "state": state,
            "urgency": urgency,
            "due_time": None if due_time is None else _text(due_time),
            **({"rung": rung} if rung else {}),
            **({"answered": True} if is_answered else {}),
            **({"part_offer_ids": list(part_offer_ids)} if len(part_offer_ids) > 1 else {}),
        },
    }
    return json.dumps(event, separators=(",", ":")).encode()


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
