"""Let a storm blow over a house while faults happen, and hold the end to what was promised."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from ihala.client import Ihala
from tests.faults.breaking import NATS
from tests.faults.invariants import settled
from tests.faults.storm import DESK, GIRLS, PATIENCE_S, Storm
from tests.house import House

POLL_S = 0.02
TAKEN = "SELECT max(held + booked) FROM referrals.place WHERE population = %s"  # of the one house that is asked
TOLD = """
    SELECT alert_id FROM notify.delivery JOIN notify.alert USING (alert_id)
    WHERE state = 'delivered' AND channel = 'nats' AND receiver_id = %s"""
SETTLED_WITHIN_S = 60.0  #: what was under way when a part died comes again after at most 30 s


def await_referrals(storm: Storm, count: int) -> None:
    """Wait until so many cases have their answer."""
    await_that(storm, lambda: len(storm.referred) >= count, f"{count} referrals")


def await_that(storm: Storm, holds: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait for something while a storm goes on."""
    end_s = time.monotonic() + within_s
    while not holds():
        assert not storm.fault, storm.fault
        assert time.monotonic() < end_s, f"{what}: {len(storm.referred)} answered, {len(storm.accepted)} accepted"
        time.sleep(POLL_S)


def storm_at(
    house: House, prefix: str, cases: int, places: int | None = None, *, patience_s: float = PATIENCE_S
) -> Storm:
    """Prepare a storm at a house where others were before; as many places are free as cases ask if none are named."""
    desk = house.profile(f"receivers/{DESK}").receiver
    assert desk is not None
    with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
        row = connection.execute(TAKEN, [GIRLS]).fetchone()
        told = frozenset(row[0] for row in connection.execute(TOLD, [desk.receiver_id]))
    taken = (row and row[0]) or 0
    return Storm(house, prefix, cases, places or cases, taken=taken, told=told, patience_s=patience_s)


@contextmanager
def blowing(storm: Storm) -> Iterator[Storm]:
    """Let a storm blow while the context lasts, then wait for its end and check."""
    thread = storm.begin()
    try:
        yield storm
        await_that(
            storm, lambda: storm.enough.is_set() or len(storm.referred) >= storm.cases, "cases", storm.patience_s
        )
    finally:
        storm.enough.set()
        thread.join(storm.patience_s)
    assert not storm.fault, storm.fault
    assert not thread.is_alive()
    check(storm)


def check(storm: Storm) -> None:
    """Hold the end of a storm to what was promised."""
    made = {case_ref: each for case_ref, each in storm.referred.items() if each.referral_id}
    offer_ids = [offer_id for each in made.values() for offer_id in each.offer_ids.values()]
    assert len(made) == min(len(storm.referred), storm.places)  # no place given twice, and none left empty
    assert asyncio.run(_kept(storm)) == {case_ref: ["accepted"] for case_ref in made}  # none lost, none doubled
    assert storm.heard == dict.fromkeys(offer_ids, 1)  # each rang once
    revisions = [event.cursor.revision for event in storm.seen]
    assert revisions == sorted(set(revisions))  # the sender heard each event once and in its order
    told = Counter(event.type for event in storm.seen)
    assert [told[name] for name in ("referral_created", "offer_requested", "offer_received", "offer_accepted")] == (
        [len(made)] * 4
    )
    searched = (storm.house.folder / "logs", storm.house.folder / NATS / "store")
    broken = settled(storm.house.parts.database_url, storm.evidence(), searched, within_s=SETTLED_WITHIN_S)
    assert not broken, sorted(Counter(each.invariant for each in broken).items())
    again = asyncio.run(_repeated(storm))
    assert {case_ref: again[case_ref] for case_ref in made} == {case: each.referral_id for case, each in made.items()}


async def _repeated(storm: Storm) -> dict[str, str]:
    """Send every referral once more, and return what was told: the referral by case."""
    async with Ihala(storm.house.profile("ministry")) as ihala:
        return {case_ref: (await storm.refer(ihala, case_ref)).referral_id for case_ref in storm.referred}


async def _kept(storm: Storm) -> dict[str, list[str]]:
    """Return the states of the offers that referrals has, by case."""
    async with Ihala(storm.house.profile("ministry")) as ihala:
        found: dict[str, list[str]] = {}
        async for referral in ihala.list_referrals():
            if referral.case_ref.startswith(f"{storm.prefix}-"):
                found.setdefault(referral.case_ref, []).extend(offer.state for offer in referral.offers)
        return found
