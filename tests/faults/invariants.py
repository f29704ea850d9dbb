"""
Check after faults that nothing was lost, doubled, oversold or forgotten: `python -m tests.faults.invariants --help`.

Each invariant is a query over the tables that must return no row, or a comparison of the
tables with what both sides wrote down. Ids are printed, no values.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, LiteralString, NamedTuple

import psycopg

from tests.faults.journals import Evidence, alerts_in, answers_in

QUERIES: Final[Mapping[str, LiteralString]] = {
    "I2 an offer that was asked of a desk has an alert": """
        SELECT offer_id FROM referrals.event JOIN referrals.offer USING (offer_id)
        WHERE type = 'offer_requested' AND receiver_id <> ''
        EXCEPT SELECT offer_id FROM notify.alert WHERE offer_id IS NOT NULL""",
    "I2 an offer rings once at a time": """
        SELECT offer_id FROM notify.alert WHERE offer_id IS NOT NULL AND settled_time IS NULL
        GROUP BY offer_id HAVING count(*) > 1""",
    "I3 an alert has its offer": """
        SELECT alert_id FROM notify.alert WHERE offer_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM referrals.offer WHERE offer.offer_id = alert.offer_id)""",
    "I3 a heard event was committed": """
        SELECT event_id FROM notify.inbox
        WHERE NOT EXISTS (SELECT FROM referrals.event
                          WHERE event.event_id::text = split_part(inbox.event_id, ':', 1))""",
    "I4 counters of places equal the holds": """
        SELECT pool_id, population, held, booked, counted.* FROM referrals.place
        LEFT JOIN (
            SELECT pool_id, item->>0 AS population, sum((item->>1)::int) FILTER (WHERE state = 'held') AS in_hold,
                   sum((item->>1)::int) FILTER (WHERE state = 'booked') AS in_book
            FROM referrals.hold CROSS JOIN jsonb_array_elements(items) AS item GROUP BY 1, 2
        ) AS counted USING (pool_id, population)
        WHERE (held, booked) IS DISTINCT FROM (coalesce(in_hold, 0), coalesce(in_book, 0))""",
    "I4 no place is given twice": """
        SELECT pool_id, population FROM referrals.place
        WHERE occupied + held + booked > total AND NOT EXISTS (
            SELECT FROM referrals.event JOIN referrals.offer USING (offer_id)
            WHERE event.type = 'hold_overcommitted' AND offer.pool_id = place.pool_id)""",
    "I5 no hold outlives its time": """
        SELECT offer_id FROM referrals.hold WHERE state = 'held' AND expire_time < now() - interval '60 s'""",
    "I5 a closed offer holds nothing": """
        SELECT offer_id FROM referrals.hold JOIN referrals.offer USING (offer_id)
        WHERE hold.state IN ('held', 'booked') AND offer.state IN (
            'completed', 'rejected', 'declined_by_person', 'failed', 'cancelled', 'expired', 'superseded',
            'entered_in_error')""",
    "I6 a request made one referral": """
        SELECT answer->>'referral_id' FROM referrals.request_key
        WHERE jsonb_typeof(answer) = 'object' AND answer->>'referral_id' <> ''
        GROUP BY 1 HAVING count(*) > 1""",
    "I8 what rings goes somewhere, or a person has it": """
        SELECT alert_id FROM notify.alert WHERE settled_time IS NULL
        AND NOT EXISTS (SELECT FROM notify.delivery
                        WHERE delivery.alert_id = alert.alert_id AND state IN ('pending', 'sent', 'delivered'))
        AND NOT EXISTS (SELECT FROM notify.escalation WHERE escalation.alert_id = alert.alert_id)""",
    "I8 what was given up is a dead letter": """
        SELECT alert_id, channel FROM notify.delivery WHERE state = 'dead'
        AND NOT EXISTS (SELECT FROM notify.dead_letter WHERE dead_letter.alert_id = delivery.alert_id)""",
    "I8 an open offer has a clock, an open need is watched": """
        SELECT referral_id FROM referrals.referral JOIN referrals.need USING (referral_id)
        WHERE referral.state = 'active' AND accepted_offer_id IS NULL AND next_time IS NULL
        AND NOT EXISTS (SELECT FROM referrals.offer WHERE offer.referral_id = referral.referral_id
                        AND offer.need_no = need.need_no AND due_time IS NOT NULL)
        AND NOT EXISTS (SELECT FROM referrals.task WHERE task.referral_id = referral.referral_id)""",
    "I9 a delivery by the bus has a receipt": """
        SELECT alert_id FROM notify.delivery WHERE state = 'delivered' AND channel IN ('nats', 'stream')
        AND NOT EXISTS (SELECT FROM notify.receipt
                        WHERE receipt.alert_id = delivery.alert_id AND receipt.channel = delivery.channel)""",
    "I10 notify knows the last that was published": """
        SELECT offer_id FROM notify.offer JOIN (
            SELECT offer_id, max(offer_version) AS published FROM referrals.event
            WHERE published_time IS NOT NULL AND state IS NOT NULL GROUP BY offer_id
        ) AS told USING (offer_id) WHERE offer_version < published""",
    "I10 a sender's feed has no gap": """
        SELECT client_id, count(*), max(revision) FROM referrals.event GROUP BY client_id
        HAVING count(*) <> max(revision)""",
    "I11 every referral was audited": """
        SELECT referral_id FROM referrals.referral WHERE NOT EXISTS (
            SELECT FROM referrals.audit WHERE object_id_hash = sha256(convert_to(referral_id, 'UTF8')))""",
    "I11 every command of referrals was audited": """
        SELECT client_id, request_id FROM referrals.request_key AS command WHERE NOT EXISTS (
            SELECT FROM referrals.audit WHERE request_id_hash = sha256(convert_to(command.request_id, 'UTF8'))
            AND command.client_id IN (actor, via_system))""",
    "I11 every command of notify was audited": """
        SELECT client_id, request_id FROM notify.request_key AS command WHERE NOT EXISTS (
            SELECT FROM notify.audit WHERE request_id_hash = sha256(convert_to(command.request_id, 'UTF8'))
            AND command.client_id IN (actor, via_system))""",
    "I13 nothing waits to be published": """
        SELECT event_id FROM referrals.event WHERE published_time IS NULL AND offer_id IS NOT NULL""",
    "I13 no attempt is overdue": """
        SELECT alert_id, channel FROM notify.delivery WHERE next_time < now() - interval '30 s'""",
    "I13 no task is waited for": """
        SELECT request_id FROM notify.wanted_task WHERE next_time < now() - interval '60 s'""",
    "I14 no session stands open": """
        SELECT pid FROM pg_stat_activity
        WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '10 s'""",
}


class Violation(NamedTuple):
    """A promise that was broken."""

    invariant: str
    row: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the tables have that the journals are compared with."""

    referral_ids: frozenset[str]
    receivers: Mapping[str, str]  #: by alert
    delivered: frozenset[str]  #: alerts that count as delivered over the bus


def violations(database_url: str, evidence: Evidence, searched: tuple[Path, ...] = ()) -> Iterator[Violation]:
    """Find what is broken now; what is still on its way counts as broken too."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for invariant, query in QUERIES.items():
            for row in connection.execute(query).fetchall():
                yield Violation(invariant, " ".join(map(str, row)))
        known = _known(connection)
        yield from _watched(connection, evidence)
    yield from _answers(evidence, known)
    yield from _alerts(evidence, known)
    case_refs = {each.case_ref.rpartition("-")[0].encode() for each in evidence.answered}
    for file in (each for folder in searched for each in folder.rglob("*") if each.is_file()):
        content = file.read_bytes()
        if any(case_ref in content for case_ref in case_refs):
            yield Violation("I12 no reference of a case in logs or on the bus", file.name)


def _known(connection: psycopg.Connection) -> Known:
    alerts = connection.execute("SELECT alert_id, receiver_id FROM notify.alert WHERE receiver_id IS NOT NULL")
    receivers: dict[str, str] = dict(alerts.fetchall())
    referrals = connection.execute("SELECT referral_id FROM referrals.referral").fetchall()
    delivered = connection.execute(
        "SELECT alert_id FROM notify.delivery WHERE state = 'delivered' AND channel = 'nats'"
    ).fetchall()
    return Known(frozenset(row[0] for row in referrals), receivers, frozenset(row[0] for row in delivered))


def _watched(connection: psycopg.Connection, evidence: Evidence) -> Iterator[Violation]:
    for prefix, seen in evidence.watched.items():
        rows = connection.execute(
            """
            SELECT revision FROM referrals.event JOIN referrals.referral USING (referral_id)
            WHERE case_ref LIKE %s || '-%%' ORDER BY revision
            """,
            [prefix],
        ).fetchall()
        if [row[0] for row in rows] != list(seen):
            yield Violation("I10 a sender heard every event, in its order", f"{len(seen)} of {len(rows)}")


def _answers(evidence: Evidence, known: Known) -> Iterator[Violation]:
    answers: dict[str, set[tuple[str, ...]]] = {}
    for each in evidence.answered:
        answers.setdefault(each.request_id, set()).add((each.referral_id, *each.offer_ids))
        if each.referral_id and each.referral_id not in known.referral_ids:
            yield Violation("I1 an answered referral exists", each.referral_id)
    for request_id, same in answers.items():
        if len(same) > 1:
            yield Violation("I6 all answers to a request are equal", request_id)


def _alerts(evidence: Evidence, known: Known) -> Iterator[Violation]:
    for receiver_id, heard in evidence.heard.items():
        own = {alert_id for alert_id, whose in known.receivers.items() if whose == receiver_id}
        for alert_id in heard - own:
            yield Violation("I7 a desk hears its own alerts only", alert_id)
        for alert_id in (known.delivered & own) - heard:
            yield Violation("I9 what counts as delivered is in the desk's journal", alert_id)
    for offer_id, count in evidence.handed.items():
        if count > 1:
            yield Violation("I2 a person is told once", offer_id)


def settled(
    database_url: str,
    evidence: Evidence,
    searched: tuple[Path, ...] = (),
    *,
    within_s: float,
    known: frozenset[Violation] = frozenset(),
) -> list[Violation]:
    """Look until nothing is broken but what is known, or this time is over; return what still is."""
    end_s = time.monotonic() + within_s
    while True:
        found = [each for each in violations(database_url, evidence, searched) if each not in known]
        if not found or time.monotonic() > end_s:
            return found
        time.sleep(0.5)


def main() -> int:
    """Check, print what is broken, and say so by the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.invariants", description=__doc__)
    parser.add_argument("database_url", help="with the schemas of all services")
    parser.add_argument("--sender", type=Path, action="append", default=[], help="journal of a sender")
    parser.add_argument("--receiver", action="append", default=[], metavar="ID=FILE", help="journal of a receiver")
    parser.add_argument("--search", type=Path, action="append", default=[], help="folder of logs, or of the bus")
    parser.add_argument("--within", type=float, default=0.0, help="seconds that what is on its way has")
    chosen = parser.parse_args()
    heard = {
        receiver_id: alerts_in(Path(file)) for receiver_id, _, file in (each.partition("=") for each in chosen.receiver)
    }
    evidence = Evidence([each for file in chosen.sender for each in answers_in(file)], heard, Counter())
    found = settled(chosen.database_url, evidence, tuple(chosen.search), within_s=chosen.within)
    for violation in found:
        print(f"{violation.invariant}: {violation.row}")  # noqa: T201 -- a command
    print(f"{len(found)} violations", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
