"""Ring for offers that are heard of for the first time, many in one statement, and take on what can be sent at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import uuid4

from services.notify.ladder import Step, Way, begun_by
from services.notify.model import Alert, Attempt, Channel, OfferEvent
from services.notify.ringing import LEASE, rings
from services.notify.store import ladder
from services.notify.store.rows import NOTIFY, alert_of, state_of_new
from services.runtime.postgres import Act, Pool, look, write

#: all or nothing of each event, whose offer must not be known: then nothing rings for it yet
_STEPS: Final[LiteralString] = """
    came AS (
        SELECT * FROM unnest(
            %(event_ids)s::text[], %(alert_ids)s::text[], %(offer_ids)s::text[], %(receiver_ids)s::text[],
            %(versions)s::bigint[], %(states)s::text[], %(urgencies)s::text[], %(due_times)s::timestamptz[]
        ) AS came (event_id, alert_id, offer_id, receiver_id, offer_version, state, urgency, due_time)
    ), unknown AS (
        INSERT INTO offer (offer_id, receiver_id, offer_version, state)
        SELECT offer_id, receiver_id, offer_version, state FROM came ORDER BY offer_id
        ON CONFLICT DO NOTHING RETURNING offer_id
    ), heard AS (
        INSERT INTO inbox (event_id, received_time)
        SELECT event_id, %(now)s FROM came JOIN unknown USING (offer_id) RETURNING event_id
    ), rung AS (
        INSERT INTO alert (alert_id, receiver_id, offer_id, offer_version, urgency, due_time, create_time)
        SELECT alert_id, receiver_id, offer_id, offer_version, urgency, due_time, %(now)s
        FROM came JOIN unknown USING (offer_id) RETURNING alert_id
    ), begun AS (
        INSERT INTO delivery (alert_id, channel, endpoint_id, step, state, attempt_count, next_time, first_time,
                              create_time)
        SELECT alert_id, channel, endpoint_id, %(step)s, state, attempt_count, next_time, first_time, %(now)s
        FROM rung JOIN unnest(
            %(ways_alert_ids)s::text[], %(ways_channels)s::text[], %(ways_endpoint_ids)s::text[],
            %(ways_states)s::text[], %(ways_attempt_counts)s::int[], %(ways_next_times)s::timestamptz[],
            %(ways_first_times)s::timestamptz[]
        ) AS way (alert_id, channel, endpoint_id, state, attempt_count, next_time, first_time) USING (alert_id)
    )
    SELECT event_id FROM heard
"""


@dataclass(slots=True)
class Rung:
    """What came of events of which offers were first heard."""

    event_ids: set[str] = field(default_factory=set)  #: those that are dealt with
    attempts: list[Attempt] = field(default_factory=list)  #: taken on: whoever heard sends them now
    has_others: bool = False  #: something has begun that others send, or that is fetched


def is_first(event: OfferEvent) -> bool:
    """Say whether an event may be the first of an offer that stands alone, and does no more than ring."""
    return rings(event.state) and event.rung is None and not event.is_overdue and event.part_id is None


async def ring(pool: Pool, events: Sequence[OfferEvent], at_once: Collection[Channel], now: datetime) -> Rung:
    """
    Ring for the offers of these events that are not known.

    Args:
        pool: Of notify.

        events: Each the only one of its offer, and `is_first`.

        at_once: Channels of which the caller makes the first attempt itself, as soon as this returns. Should it
            die before, they are due again after the lease.

        now: The time of it.

    Returns:
        Events of offers that are known are not among those that are dealt with.
    """
    receiver_ids = {each.receiver_id for each in events}
    rows = await look(pool, ladder.WAYS, {"receiver_ids": list(receiver_ids)})
    ways = ladder.ways_by_receiver(rows, receiver_ids)
    alerts = {each.event_id: alert_of(each, uuid4().hex, now) for each in events}
    begun = [
        _Begun(alert, way, at_once, now)
        for alert in alerts.values()
        for way in begun_by(ways[alert.receiver_id], Step.FIRST)
    ]
    taken = await write(
        pool,
        NOTIFY,
        Act(action="alert.hear", object_kind="offer", object_ids=tuple(each.offer_id for each in events)),
        _STEPS,
        {**_columns_of_events(events, alerts), **_columns_of_ways(begun), "step": Step.FIRST, "now": now},
    )
    event_ids = {row[0] for row in taken}
    rung = {alerts[event_id].alert_id for event_id in event_ids}
    fresh = [each for each in begun if each.alert.alert_id in rung]
    return Rung(
        event_ids,
        [each.attempt for each in fresh if each.is_at_once],
        has_others=any(not each.is_at_once and each.way.channel is not Channel.PAGE for each in fresh),
    )


class _Begun:
    """A way of a new alert, as a row."""

    def __init__(self, alert: Alert, way: Way, at_once: Collection[Channel], now: datetime) -> None:
        first_time = way.first_time(alert.urgency, now)
        self.alert = alert
        self.way = way
        self.state, self.first_time = state_of_new(way.channel, first_time)
        self.is_at_once = way.channel in at_once and self.first_time == now
        self.attempt_count = int(self.is_at_once)
        self.next_time = now + LEASE if self.is_at_once else self.first_time

    @property
    def attempt(self) -> Attempt:
        return Attempt(alert=self.alert, channel=self.way.channel, number=1, first_time=self.first_time)


def _columns_of_events(events: Sequence[OfferEvent], alerts: dict[str, Alert]) -> dict[str, Any]:
    return {
        "event_ids": [each.event_id for each in events],
        "alert_ids": [alerts[each.event_id].alert_id for each in events],
        "offer_ids": [each.offer_id for each in events],
        "receiver_ids": [each.receiver_id for each in events],
        "versions": [each.offer_version for each in events],
        "states": [each.state.value for each in events],
        "urgencies": [each.urgency.value for each in events],
        "due_times": [each.due_time for each in events],
    }


def _columns_of_ways(begun: Sequence[_Begun]) -> dict[str, Any]:
    return {
        "ways_alert_ids": [each.alert.alert_id for each in begun],
        "ways_channels": [each.way.channel.value for each in begun],
        "ways_endpoint_ids": [each.way.endpoint_id for each in begun],
        "ways_states": [each.state.value for each in begun],
        "ways_attempt_counts": [each.attempt_count for each in begun],
        "ways_next_times": [each.next_time for each in begun],
        "ways_first_times": [each.first_time for each in begun],
    }
