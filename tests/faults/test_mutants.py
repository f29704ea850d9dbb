"""Services that are broken on purpose are caught by the very checks that the real ones pass."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import LiteralString

import psycopg
import pytest

from ihala.client import IMMEDIATE, Ihala
from services.runtime.failpoints import FLAG, VARIABLE
from tests.faults.breaking import NATS, child_of, kill, replace_by, start_again
from tests.faults.invariants import settled, violations
from tests.faults.journals import Answered, Evidence
from tests.faults.storm import GIRL, TRIPOLI, Storm
from tests.faults.weather import POLL_S, storm_at
from tests.house import House, house_in

CASES = 10
KILLED_WITHIN_S = 60.0
SETTLED_WITHIN_S = 45.0  #: a message comes again after 30 s
PLACES = 1000
HEARD_WITHIN_S = 6.0
BELIEVED_WITHIN_S = 5.0
WITHOUT_PLACES = "HEA-SGV"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run one house for all: what one mutant broke stays broken, and is left out of what the next has broken."""
    with house_in(tmp_path_factory.mktemp("mutants") / ".ihala") as house:
        yield house


async def refer(storm: Storm, *, times: int = 1) -> Evidence:
    """Send some cases, each so often under one request id, and write down every answer."""
    async with Ihala(storm.house.profile("ministry")) as ihala:
        if not hasattr(storm, "token"):
            await storm.match(ihala)
        answered = []
        for _ in range(times):
            case_refs = [f"{storm.prefix}-{number}" for number in range(storm.cases)]
            for case_ref, each in zip(
                case_refs, await asyncio.gather(*(storm.refer(ihala, case_ref) for case_ref in case_refs)), strict=True
            ):
                answered.append(Answered(case_ref, case_ref, each.referral_id, tuple(each.offer_ids.values())))
    return Evidence(answered)


ALERTED = "SELECT count(*) FROM notify.alert WHERE offer_id = ANY(%s)"
PUBLISHED = """
    SELECT count(*) FROM referrals.event
    WHERE offer_id = ANY(%s) AND type = 'offer_requested' AND published_time IS NOT NULL"""


def becomes_of_all(house: House, query: LiteralString, evidence: Evidence, within_s: float) -> bool:
    """Wait until a query counts every offer of some answers, and say whether it did in time."""
    offer_ids = [offer_id for each in evidence.answered for offer_id in each.offer_ids]
    end_s = time.monotonic() + within_s
    with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
        while connection.execute(query, [offer_ids]).fetchone() != (len(offer_ids),):
            if time.monotonic() > end_s:
                return False
            time.sleep(POLL_S)
    return True


def acknowledged_first(house: House, storm: Storm, program: str | None) -> Evidence:
    """Notify dies with an event in the inbox that is not committed."""
    replace_by(house, "notify", program, {VARIABLE: "N2:kill9", FLAG: "1"})
    evidence = asyncio.run(refer(storm))
    child = child_of(house, "notify")
    assert child.ended.wait(KILLED_WITHIN_S)
    house.supervisor.children.remove(child)
    start_again(house, "notify")
    return evidence


def published_into_the_void(house: House, storm: Storm, program: str | None) -> Evidence:
    """NATS is away while referrals are made, and referrals dies before it is back."""
    replace_by(house, "referrals", program, {})
    evidence = asyncio.run(refer(storm))
    assert becomes_of_all(house, ALERTED, evidence, SETTLED_WITHIN_S), "the relay is not connected"
    kill(house, NATS)
    storm.prefix += "-away"
    into_the_void = asyncio.run(refer(storm))
    # whoever believes in a message that nobody confirmed has said so by then
    assert becomes_of_all(house, PUBLISHED, into_the_void, BELIEVED_WITHIN_S) is (program is not None)
    replace_by(house, "referrals", None, {})
    start_again(house, NATS)
    return Evidence([*evidence.answered, *into_the_void.answered])


def asked_twice(house: House, storm: Storm, program: str | None) -> Evidence:
    """Every request comes twice."""
    replace_by(house, "referrals", program, {})
    evidence = asyncio.run(refer(storm, times=2))
    replace_by(house, "referrals", None, {})
    return evidence


def watched(house: House, storm: Storm, program: str | None) -> Evidence:
    """Many at once write to the feed that a sender watches."""
    replace_by(house, "referrals", program, {})

    async def both() -> Evidence:
        async with Ihala(house.profile("ministry")) as ihala:
            # a service without places that are counted: whoever asks for one waits for no lock of another
            answer = await ihala.find_matches([WITHOUT_PLACES], TRIPOLI, urgency=IMMEDIATE, person=GIRL)
            storm.row, storm.token = answer[WITHOUT_PLACES].matches[0], answer.token
            watch = asyncio.create_task(storm.watch(ihala))
            answered = (await refer(storm)).answered
            await asyncio.sleep(HEARD_WITHIN_S)  # what is late is what this is about
            watch.cancel()
        return Evidence(answered, watched={storm.prefix: [event.cursor.revision for event in storm.seen]})

    evidence = asyncio.run(both())
    replace_by(house, "referrals", None, {})
    return evidence


Scenario = Callable[[House, Storm, str | None], Evidence]
SCENARIOS: list[tuple[Scenario, str, str]] = [
    (acknowledged_first, "ack_first", "I2 an offer that was asked of a desk has an alert"),
    (published_into_the_void, "core_publish", "I2 an offer that was asked of a desk has an alert"),
    (asked_twice, "no_idempotency", "I6 all answers to a request are equal"),
    (watched, "sequence_feed", "I10 a sender heard every event, in its order"),
]


@pytest.mark.long
@pytest.mark.parametrize(
    ("scenario", "name", "invariant"),
    SCENARIOS,
    ids=[name for _scenario, name, _invariant in SCENARIOS],
)
def test_a_broken_variant_is_caught_and_the_real_one_is_not(
    house: House, scenario: Scenario, name: str, invariant: str
) -> None:
    def broken_by(program: str | None) -> set[str]:
        before = frozenset(violations(house.parts.database_url, Evidence()))
        prefix = f"{name.replace('_', '-')}-{'real' if program is None else 'mutant'}"
        storm = storm_at(house, prefix, CASES, PLACES)
        evidence = scenario(house, storm, program)
        found = settled(house.parts.database_url, evidence, within_s=SETTLED_WITHIN_S, known=before)
        return {each.invariant for each in found}

    assert broken_by(None) == set()
    assert invariant in broken_by(name)
