"""Read events of offers, and write alerts and receipts, as JSON on NATS."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from services.errors import InvalidInput
from services.notify.model import Alert, OfferEvent, OfferState
from services.taxonomy import Rung, Urgency

EVENT_TYPES: Final = "org.ihala.referral.v1."
ALERT_TYPE: Final = "org.ihala.alert.v1"
SENDER_TYPE: Final = "org.ihala.event.v1"
SOURCE: Final = "ihala/notify"
OVERDUE: Final = "offer_overdue"
#: a rung that this version does not know is a matter of people, as most are
_RUNGS: Final = {each.value: each for each in Rung}


def event_from_json(payload: bytes) -> OfferEvent | None:
    """
    Read a CloudEvent of the stream REFERRALS.

    Returns:
        None for an event that concerns no receiver.

    Raises:
        InvalidInput: it is not such an event.
    """
    try:
        message = json.loads(payload)
        if message["specversion"] != "1.0" or not message["type"].startswith(EVENT_TYPES):
            raise InvalidInput("event must be a CloudEvent 1.0 of a referral")
        data = message["data"]
        if not data.get("offer_id") or not data.get("receiver_id"):
            return None
        return OfferEvent(
            event_id=message["id"],
            offer_id=data["offer_id"],
            offer_version=int(data["offer_version"]),
            receiver_id=data["receiver_id"],
            state=_state(data),
            urgency=Urgency(data["urgency"]),
            due_time=datetime.fromisoformat(data["due_time"]) if data.get("due_time") else None,
            rung=_RUNGS.get(data.get("rung")),
            is_overdue=message["type"] == f"{EVENT_TYPES}{OVERDUE}",
            part_offer_ids=tuple(sorted(data.get("part_offer_ids", ()))),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput("event must have the fields of an offer's event") from error


def _state(data: dict[str, Any]) -> OfferState:
    state = OfferState(data["state"])
    return OfferState.ANSWERED if state is OfferState.RECEIVED and data.get("answered") is True else state


def alert_to_json(alert: Alert, now: datetime) -> bytes:
    """
    Write an alert for a system: its id names it for good, however often it is sent.

    A sender is told which event of its feed is new, and reads there what it is.
    """
    if alert.client_id:
        return _message(SENDER_TYPE, alert, now, {"event_id": alert.alert_id, "revision": alert.revision})
    return _message(
        ALERT_TYPE,
        alert,
        now,
        {
            "alert_id": alert.alert_id,
            "offer_id": alert.offer_id,
            "offer_version": alert.offer_version,
            "urgency": alert.urgency.value,
            "due_time": _time_text(alert.due_time) if alert.due_time else None,
            **({"offer_ids": list(alert.offer_ids)} if alert.offer_ids else {}),
        },
    )


def receipt_from_json(payload: bytes) -> str:
    """
    Read which alert a receiver says it has.

    Raises:
        InvalidInput: it is no receipt.
    """
    try:
        event_id = json.loads(payload)["event_id"]
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidInput("receipt must be JSON with event_id") from error
    if not isinstance(event_id, str):
        raise InvalidInput("event_id must be a text")
    return event_id


def receipt_answer_to_json(reason: str | None = None) -> bytes:
    """Write the answer to a receipt: kept, or why not."""
    return _encode({"kept": True} if reason is None else {"kept": False, "reason": reason})


def _message(type_: str, alert: Alert, now: datetime, data: dict[str, Any]) -> bytes:
    return _encode(
        {
            "specversion": "1.0",
            "id": alert.alert_id,
            "source": SOURCE,
            "type": type_,
            "time": _time_text(now),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


def _time_text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encode(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()
