"""Many referrals whose providers answer, decline or say nothing at random: each ends, or is somebody's task (R62)."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from ihala.referrals.v1 import referrals_pb2 as pb
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.errors import IhalaError
from services.referrals.store import needs
from tests.referrals.samples import Running, a_provider, a_report, a_request_id, order

HOUSES = 12
AT_ONCE = 8  #: referrals that are answered at the same time
STEPS = (2, 3, 5, 10, 11, 30, 180, 1500)  #: minutes between two looks at the clocks
REASONS = ("access_blocked", "not_eligible_age", "conflict_of_interest", "already_with_us", "needs_higher_care")


class Life:
    """The desks of some houses, each of which answers as chance has it."""

    def __init__(self, referrals: Running, chance: random.Random) -> None:
        self.referrals = referrals
        self.chance = chance
        self.desks = {f"h{number}": referrals.receiver(f"h{number}-desk") for number in range(HOUSES)}
        self.heard: list[Any] = []

    async def answer(self, offer: Any) -> None:
        """Say yes, no, something between, or nothing; a race that is lost is a part of it."""
        desk = self.desks[offer.provider_id]
        says = self.chance.random()
        try:
            if says < 0.25:
                return
            if says < 0.35:
                await desk.AcknowledgeOffer(order("Acknowledge", offer))
            elif says < 0.65:
                reason = self.chance.choice(REASONS)
                await desk.DeclineOffer(order("Decline", offer, reason=reason))
            elif says < 0.72:
                await desk.ProposeOffer(order("Propose", offer, conditions=["escort"]))
            else:
                await desk.AcceptOffer(order("Accept", offer))
        except IhalaError:
            return

    async def carry(self, offer: Any) -> None:
        """Let what was agreed come true, or not."""
        desk, happens = self.desks[offer.provider_id], self.chance.random()
        try:
            if offer.state == pb.OFFER_STATE_PROPOSED and happens < 0.7:
                await self.referrals.sender().AgreeOffer(
                    service_pb.AgreeOfferRequest(offer_id=offer.offer_id, request_id=a_request_id())
                )
            elif offer.state in {pb.OFFER_STATE_ACCEPTED, pb.OFFER_STATE_IN_TRANSIT}:
                if happens < 0.6:
                    await desk.ArriveOffer(order("Arrive", offer))
                elif happens < 0.75:
                    reason = self.chance.choice(["no_show", "refused_at_door"])
                    await desk.FailOffer(order("Fail", offer, reason=reason))
            elif offer.state == pb.OFFER_STATE_IN_PROGRESS and happens < 0.7:
                await desk.CompleteOffer(order("Complete", offer, outcome="provided_here"))
        except IhalaError:
            return

    async def hear(self) -> None:
        """Follow the sender's feed to its end."""
        sender = self.referrals.sender()
        while True:
            page = await sender.ListReferralEvents(
                service_pb.ListReferralEventsRequest(
                    epoch=self.epoch, after_revision=self.heard[-1].revision if self.heard else 0
                )
            )
            self.epoch = page.epoch
            self.heard += page.events
            if page.caught_up:
                return

    epoch = ""


@pytest.mark.parametrize(
    "count", [pytest.param(60, id="short"), pytest.param(10_000, id="long", marks=pytest.mark.long)]
)
async def test_each_referral_ends_or_is_somebodys_task(referrals: Running, count: int) -> None:
    chance = random.Random(31)
    names = [f"h{number}" for number in range(HOUSES)]
    object.__setattr__(referrals.desk, "max_held", count)
    await referrals.know(*(a_provider(name, places=(a_report(count),)) for name in names))
    life = Life(referrals, chance)
    for start in range(0, count, AT_ONCE):
        chance.shuffle(names)
        referrals.matching.next_ones = names[:3]
        consent_id = await referrals.consent()  # years go by
        made = await asyncio.gather(
            *(
                referrals.refer(
                    *chance.sample(names, chance.randint(1, 2)),
                    consent_id=consent_id,
                    person_ref=f"person-{number}",
                )
                for number in range(start, min(start + AT_ONCE, count))
            )
        )
        mine = [each.referral_id for each in made]
        for minutes in STEPS:
            for deed in (life.answer, life.carry):
                offers = await open_offers(referrals, mine)
                await asyncio.gather(*map(deed, offers))
            referrals.clock.move(minutes=minutes)
            while await referrals.pass_time():
                pass
    await life.hear()

    async with referrals.desk.read() as connection:
        assert await needs.asleep(connection) == []
    # whatever is still open has a clock that is to come, or a task that somebody owns
    now = referrals.clock()
    late = await referrals.rows("SELECT count(*) FROM offer WHERE due_time <= %s OR rung_time <= %s", now, now)
    assert late == [(0,)]
    assert await referrals.rows("SELECT count(*) FROM need WHERE next_time <= %s", now) == [(0,)]
    assert await referrals.rows("SELECT count(*) FROM task WHERE owner = ''") == [(0,)]
    # the sender heard every event once, in order, and the last of each referral is as it stands
    revisions = [event.revision for event in life.heard]
    assert revisions == list(range(1, len(revisions) + 1))
    assert len({event.event_id for event in life.heard}) == len(revisions)
    assert await referrals.rows("SELECT count(*)::integer FROM event") == [(len(revisions),)]
    counted = Counter(row[0] for row in await referrals.rows("SELECT state FROM referral"))
    assert counted.total() == count
    oversold = await referrals.rows("SELECT count(*) FROM place WHERE held < 0 OR booked < 0 OR held > total")
    assert oversold == [(0,)]


async def open_offers(referrals: Running, referral_ids: list[str]) -> list[Any]:
    rows = await referrals.rows(
        """
        SELECT offer_id, provider_id, state FROM offer
        WHERE referral_id = ANY(%s) AND due_time IS NOT NULL ORDER BY offer_id
        """,
        referral_ids,
    )
    return [
        pb.Offer(offer_id=row[0], provider_id=row[1], state=pb.OfferState.Value(f"OFFER_STATE_{row[2].upper()}"))
        for row in rows
    ]


async def test_a_day_of_clocks_costs_nothing_twice(referrals: Running) -> None:
    """Taking the same rung again, as a second replica does, changes nothing."""
    await referrals.know(a_provider())
    await referrals.refer()
    referrals.clock.move(minutes=10)
    first = await referrals.pass_time()
    before = await referrals.rows("SELECT count(*) FROM event")

    assert first > 0
    assert await referrals.pass_time() == 0
    assert await referrals.rows("SELECT count(*) FROM event") == before
