"""The command that checks the invariants finds what is broken, and nothing where nothing is."""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from tests.faults.invariants import violations
from tests.faults.journals import Answered, Evidence, SenderJournal

ROOT = Path(__file__).resolve().parents[2]
Migrated = Callable[..., Awaitable[str]]

OFFER = """
    INSERT INTO notify.offer VALUES ('offer-1', 'desk', 1, 'requested');
    INSERT INTO notify.alert (alert_id, receiver_id, offer_id, offer_version, urgency, create_time)
    VALUES ('alert-1', 'desk', 'offer-1', 1, 'immediate', now());
"""
DEAD = """
    INSERT INTO notify.delivery (alert_id, channel, state, create_time) VALUES ('alert-1', 'sms', 'dead', now());
"""
UNHEARD = """
    INSERT INTO notify.delivery (alert_id, channel, state, create_time, delivered_time)
    VALUES ('alert-1', 'nats', 'delivered', now(), now());
"""
OVERDUE = """
    INSERT INTO notify.delivery (alert_id, channel, state, create_time, next_time)
    VALUES ('alert-1', 'sms', 'pending', now(), now() - interval '1 h');
"""
COMMAND = """
    INSERT INTO referrals.request_key (client_id, request_id, subject_id, create_time)
    VALUES ('ministry', 'request-1', 'case-1', now());
"""
AUDITED = """
    INSERT INTO referrals.audit (actor, actor_kind, action, object_kind, decision, request_id_hash)
    VALUES ('ministry', 'system', 'referral.create', 'referral', 'allowed', sha256('request-1'));
"""
BREAKAGES = {
    "I3 an alert has its offer": OFFER,
    "I3 a heard event was committed": "INSERT INTO notify.inbox VALUES (gen_random_uuid()::text, now())",
    "I4 counters of places equal the holds": """
        INSERT INTO referrals.place VALUES ('house', 'girls', 5, 0, now(), 1, 1, 0)""",
    "I4 no place is given twice": "INSERT INTO referrals.place VALUES ('house', 'girls', 5, 6, now(), 1, 0, 0)",
    "I8 what rings goes somewhere, or a person has it": OFFER,
    "I8 what was given up is a dead letter": OFFER + DEAD,
    "I9 a delivery by the bus has a receipt": OFFER + UNHEARD,
    "I11 every command of referrals was audited": COMMAND,
    "I13 no attempt is overdue": OFFER + OVERDUE,
    "I13 no task is waited for": """
        INSERT INTO notify.wanted_task (request_id, urgency, create_time, next_time)
        VALUES ('request-1', 'urgent', now(), now() - interval '1 h')""",
}


async def test_where_nothing_is_broken_nothing_is_found(migrated_url: Migrated) -> None:
    assert list(violations(await migrated_url("referrals", "notify"), Evidence())) == []


@pytest.mark.parametrize("invariant", BREAKAGES)
async def test_what_is_broken_is_found(migrated_url: Migrated, invariant: str) -> None:
    url = await migrated_url("referrals", "notify")
    with psycopg.connect(url) as connection:
        connection.execute(BREAKAGES[invariant])

    assert invariant in {each.invariant for each in violations(url, Evidence())}


async def test_a_row_of_the_audit_that_somebody_removed_is_missed(migrated_url: Migrated) -> None:
    """I11: who owns the tables can put the guard aside; the command still says what it did."""
    url = await migrated_url("referrals", "notify")
    with psycopg.connect(url) as connection:
        connection.execute(COMMAND + AUDITED)
    whole = list(violations(url, Evidence()))
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE referrals.audit DISABLE TRIGGER audit_append_only")
        connection.execute("DELETE FROM referrals.audit")

    assert whole == []
    assert [each.invariant for each in violations(url, Evidence())] == ["I11 every command of referrals was audited"]


async def test_what_the_journals_say_is_compared(migrated_url: Migrated) -> None:
    url = await migrated_url("referrals", "notify")
    answered = [Answered("request-1", "case-1", "referral-1", ()), Answered("request-1", "case-1", "referral-2", ())]
    evidence = Evidence(answered, {"desk": frozenset({"alert-9"})}, Counter({"offer-1": 2}), {"case": [1]})

    assert {each.invariant for each in violations(url, evidence)} == {
        "I1 an answered referral exists",
        "I2 a person is told once",
        "I6 all answers to a request are equal",
        "I7 a desk hears its own alerts only",
        "I10 a sender heard every event, in its order",
    }


async def test_the_command_says_by_its_exit_code_whether_a_referral_is_lost(
    migrated_url: Migrated, tmp_path: Path
) -> None:
    url, logs, answers = await migrated_url("referrals", "notify"), tmp_path / "logs", tmp_path / "answers"
    logs.mkdir()
    with SenderJournal(answers) as journal:
        fine = await checked(url, "--sender", str(answers), "--search", str(logs))
        journal.note(Answered("request-1", "canary-1", "referral-1", ("offer-1",)))
        (logs / "notify.log").write_text("canary-1")
        broken = await checked(url, "--sender", str(answers), "--search", str(logs))

    assert fine == (0, "")
    assert broken[0] == 1
    assert "I1 an answered referral exists: referral-1" in broken[1]
    assert "I12 no reference of a case in logs or on the bus: notify.log" in broken[1]


async def checked(*arguments: str) -> tuple[int | None, str]:
    """Run the command; return its exit code and what it said."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.invariants", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _nothing = await command.communicate()
    return command.returncode, said.decode()
