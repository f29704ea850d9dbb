"""Events that are heard many at a time: the same comes of them as one by one, and what can be sent is sent at once."""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.notify import receipts
from services.notify.at_once import MAX_IN_HAND, AtOnce
from services.notify.channels import SendFailed
from services.notify.model import Attempt, Channel, OfferEvent, OfferState
from services.notify.ringing import LEASE
from services.runtime.postgres import Process
from services.taxonomy import Rung
from tests.notify.stores import NOON, Stores, a_nats_device, a_request, an_event

NATS = frozenset({Channel.NATS})
TABLES = (
    "SELECT offer_id, offer_version, state FROM offer WHERE offer_id LIKE '{0}-%' ORDER BY 1",
    """
    SELECT offer_id, offer_version, urgency, step, settled_time IS NULL FROM alert
    WHERE offer_id LIKE '{0}-%' ORDER BY 1, 2
    """,
    """
    SELECT offer_id, offer_version, channel, delivery.step, state, attempt_count, next_time, first_time
    FROM delivery JOIN alert USING (alert_id) WHERE offer_id LIKE '{0}-%' ORDER BY 1, 2, 3
    """,
    "SELECT event_id FROM inbox WHERE event_id LIKE '{0}-%' ORDER BY 1",
    """
    SELECT offer_id, rung, way_count FROM escalation JOIN alert USING (alert_id)
    WHERE offer_id LIKE '{0}-%' ORDER BY 1, 2
    """,
)


async def with_nats(stores: Stores, *receiver_ids: str) -> None:
    for each in receiver_ids:
        device = a_nats_device(each, f"U{uuid4().hex.upper().translate(str.maketrans('0189', 'WXYZ')):A<55}")
        await stores.devices.register_nats(a_request(uuid4().hex), Process(client_id="operator-1"), device, NOON)


def some_events(chance: random.Random) -> list[OfferEvent]:
    """Make events of few offers in any order, some twice, with rungs and parts among them."""
    found = []
    for number in range(chance.randrange(1, 12)):
        offer = chance.randrange(4)
        event = an_event(
            f"x-{offer}",
            version=chance.randrange(1, 4),
            state=chance.choice(
                [
                    OfferState.REQUESTED,
                    OfferState.REQUESTED,
                    OfferState.RECEIVED,
                    OfferState.ANSWERED,
                    OfferState.CANCELLED,
                ]
            ),
            receiver_id=f"x-house-{offer % 2}",
            event_id=f"x-{number}",
            part_offer_ids=("x-0", "x-2") if offer in {0, 2} and chance.random() < 0.5 else (),
        )
        rung = chance.choice([None, None, None, Rung.SECOND_CHANNEL, Rung.DEPUTY])
        found += [replace(event, rung=rung, is_overdue=chance.random() < 0.1)] * chance.choice([1, 1, 2])
    return found


def called(name: str, event: OfferEvent) -> OfferEvent:
    """Tell the same of other offers."""
    return replace(
        event,
        event_id=event.event_id.replace("x", name, 1),
        offer_id=event.offer_id.replace("x", name, 1),
        receiver_id=event.receiver_id.replace("x", name, 1),
        part_offer_ids=tuple(each.replace("x", name, 1) for each in event.part_offer_ids),
    )


async def hear_together(stores: Stores, events: Sequence[OfferEvent]) -> None:
    rung = await stores.alerts.hear_first(events, (), NOON)
    for event in events:
        if event.event_id not in rung.event_ids:
            await stores.alerts.hear(event, NOON)


async def test_the_same_comes_of_events_that_are_heard_together_as_of_one_by_one(stores: Stores) -> None:
    for seed in range(40):
        chance, single, many = random.Random(seed), f"a{seed}", f"b{seed}"
        events = some_events(chance)
        await with_nats(stores, f"{single}-house-0", f"{many}-house-0")

        for event in events:
            await stores.alerts.hear(called(single, event), NOON)
        left = list(events)
        while left:
            cut = chance.randrange(1, len(left) + 1)
            await hear_together(stores, [called(many, each) for each in left[:cut]])
            left = left[cut:]

        for query in TABLES:
            one_by_one = await stores.rows(query.format(single))
            together = await stores.rows(query.format(many))
            assert [[str(cell).replace(many, single, 1) for cell in row] for row in together] == [
                [str(cell) for cell in row] for row in one_by_one
            ], (seed, query)


async def test_what_is_taken_on_at_once_is_due_for_others_after_the_lease_only(stores: Stores) -> None:
    """C1: a process that dies before it has sent leaves the alert to the next one."""
    await with_nats(stores, "house-1")

    rung = await stores.alerts.hear_first([an_event()], NATS, NOON)

    [attempt] = rung.attempts
    assert (attempt.channel, attempt.number, attempt.alert.offer_id) == (Channel.NATS, 1, "offer-1")
    assert not rung.has_others
    assert await stores.deliveries.claim_due(NOON + LEASE - timedelta(seconds=1)) == []
    [again] = await stores.deliveries.claim_due(NOON + LEASE)
    assert (again.alert.alert_id, again.number) == (attempt.alert.alert_id, 2)


async def test_each_offer_that_is_heard_of_has_its_row_in_the_audit(stores: Stores) -> None:
    await stores.alerts.hear_first([an_event(f"offer-{each}") for each in range(3)], NATS, NOON)

    audit = "SELECT count(DISTINCT object_id_hash) FROM audit WHERE action = 'alert.hear' AND object_kind = 'offer'"
    assert await stores.rows(audit) == [(3,)]


async def test_a_receipt_that_is_faster_than_the_note_that_it_was_sent_stands(stores: Stores) -> None:
    await with_nats(stores, "house-1")
    [attempt] = (await stores.alerts.hear_first([an_event()], NATS, NOON)).attempts

    await stores.deliveries.receive([attempt.alert.alert_id], "house-1", Channel.NATS, None, NOON)
    await stores.deliveries.note_sent([(attempt, NOON)])

    delivery = "SELECT state, next_time, sent_time FROM delivery WHERE channel = 'nats'"
    assert await stores.rows(delivery) == [("delivered", None, NOON)]
    assert await stores.rows("SELECT attempt_no, code FROM attempt") == [(1, "")]


class Sends:
    """A channel that sends when it is let, or fails."""

    def __init__(self, fault: SendFailed | None = None) -> None:
        self.may = asyncio.Event()
        self.sent: list[str] = []
        self._fault = fault

    async def send(self, attempt: Attempt) -> bool:
        await self.may.wait()
        if self._fault is not None:
            raise self._fault
        self.sent.append(attempt.alert.offer_id)
        return False


async def test_what_is_in_hand_is_finished_and_noted_before_the_end(stores: Stores) -> None:
    """F26: a stop leaves nothing to the lease."""
    await with_nats(stores, "house-1")
    channel, stop = Sends(), asyncio.Event()
    at_once = AtOnce(stores.deliveries, {Channel.NATS: channel}, lambda: NOON)
    running = asyncio.create_task(at_once.run(stop))
    at_once.take((await stores.alerts.hear_first([an_event()], at_once.channels, NOON)).attempts)

    stop.set()
    await asyncio.wait([running], timeout=0.1)
    assert at_once.channels == frozenset()
    channel.may.set()
    await running

    assert channel.sent == ["offer-1"]
    assert await stores.rows("SELECT state FROM delivery WHERE channel = 'nats'") == [("sent",)]


async def test_what_fails_at_once_is_tried_again_by_the_schedule(stores: Stores) -> None:
    await with_nats(stores, "house-1")
    channel, stop = Sends(SendFailed("UNREADY", permanent=False)), asyncio.Event()
    at_once = AtOnce(stores.deliveries, {Channel.NATS: channel}, lambda: NOON, chance=lambda: 0.5)
    channel.may.set()
    at_once.take((await stores.alerts.hear_first([an_event()], at_once.channels, NOON)).attempts)
    stop.set()
    await at_once.run(stop)

    assert await stores.rows("SELECT attempt_no, code FROM attempt") == [(1, "UNREADY")]
    [again] = await stores.deliveries.claim_due(NOON + LEASE - timedelta(seconds=1))
    assert again.number == 2


async def test_no_more_is_taken_on_than_can_be_in_hand(stores: Stores) -> None:
    await with_nats(stores, "house-1")
    at_once = AtOnce(stores.deliveries, {Channel.NATS: Sends()}, lambda: NOON)
    attempts = (await stores.alerts.hear_first([an_event()], at_once.channels, NOON)).attempts
    at_once.take(attempts * MAX_IN_HAND)

    rung = await stores.alerts.hear_first([an_event("offer-2")], at_once.channels, NOON)

    assert (rung.attempts, rung.has_others) == ([], True)  # left to who looks for what is due
    [due] = await stores.deliveries.claim_due(NOON)
    assert due.alert.offer_id == "offer-2"
    stop = asyncio.Event()
    stop.set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.notify.at_once.STOP_WAIT_S", 0.0)
        await at_once.run(stop)


async def test_receipts_that_come_together_share_a_commit_and_each_has_its_answer(stores: Stores) -> None:
    """R12: another's alert stays another's, in the same batch too."""
    await with_nats(stores, "house-1", "house-2")
    events = [an_event(f"offer-{each}", receiver_id=f"house-{each}") for each in (1, 2)]
    own, others = (each.alert.alert_id for each in (await stores.alerts.hear_first(events, NATS, NOON)).attempts)

    def saying(alert_id: str) -> bytes:
        return json.dumps({"event_id": alert_id}).encode()

    answers = await receipts.take(
        [
            ("receipt.v1.house-1", saying(own)),
            ("receipt.v1.house-1", saying(others)),
            ("receipt.v1.house-2", b"no receipt"),
            ("receipt.v1.house-1", saying(own)),
        ],
        stores.deliveries,
        NOON,
    )

    kept = {"kept": True}
    assert [json.loads(each) for each in answers] == [
        kept,
        {"kept": False, "reason": "NOT_FOUND"},
        {"kept": False, "reason": "MALFORMED"},
        kept,
    ]
    states = "SELECT receiver_id, state FROM delivery JOIN alert USING (alert_id) WHERE channel = 'nats' ORDER BY 1"
    assert await stores.rows(states) == [("house-1", "delivered"), ("house-2", "pending")]
    assert await stores.rows("SELECT count(*) FROM receipt") == [(1,)]
