"""A database restored from a backup that is older than the bus, the desks and the case systems (F29, I3)."""

import asyncio
import json
import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ihala.cli.exit_codes import BY_REASON
from ihala.journal import Journal
from ihala.referral import Cursor, Event, Referred
from services.errors import Reason
from services.runtime.embedded.postgres import SUPERUSER
from tests.faults.backups import back_up, restore
from tests.faults.breaking import POSTGRES, kill, start_again
from tests.faults.sides import WITHIN_S, Watching, at_desk, at_desk_until_nothing_waits, refer
from tests.faults.storm import DESK, Storm
from tests.faults.weather import blowing, storm_at
from tests.house import House, house_in

SENT = "SELECT count(*) FROM notify.delivery WHERE state = 'sent' AND channel = 'nats'"
WAITING = "SELECT count(*) FROM referrals.event WHERE published_time IS NULL AND offer_id IS NOT NULL"
REVISION = "SELECT max(revision) FROM referrals.event"
UNKNOWN = """
    SELECT count(*) FROM notify.alert WHERE offer_id IS NOT NULL
    AND offer_id NOT IN (SELECT offer_id FROM referrals.offer)"""
FOLLOWED = "SELECT epoch FROM referrals.followed_feed WHERE name = 'providers'"
ANEW = ["alerts.rung_anew", "bus.begun_anew"]
#: what has tables; all else runs on, as where an operator forgets to stop it
KEEPERS = ("directory", "referrals", "notify")
PLACES = 40


def until(holds: Callable[[], bool], what: str, within_s: float = WITHIN_S) -> None:
    end_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end_s, what
        time.sleep(0.05)


def count_of(house: House, query: str) -> object:
    with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def await_rows(house: House, query: str, expected: int) -> None:
    until(lambda: count_of(house, query) == expected, query)


def offers_of(*referred: Mapping[str, Referred]) -> set[str]:
    return {offer_id for some in referred for each in some.values() for offer_id in each.offer_ids.values()}


def server_of(house: House) -> tuple[int, str]:
    """Say where PostgreSQL is, and its superuser's password."""
    port = conninfo_to_dict(house.parts.database_url)["port"]
    return int(str(port)), (house.folder / POSTGRES / f"{SUPERUSER}.password").read_text()


def journal_of(house: House) -> Path:
    profile = house.profile(f"receivers/{DESK}").receiver
    assert profile is not None
    return profile.journal_file


def logged(house: House, service: str) -> list[tuple[str, str]]:
    """List what a service has logged, in its order: events, and the reasons of those that have one."""
    log = (house.folder / "logs" / f"{service}.log").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in log if line.startswith("{")]
    return [(event["event"], event.get("reason", "")) for event in events]


@dataclass(frozen=True, kw_only=True)
class Before:
    """What happened before the restore: some of it the backup has."""

    done: Mapping[str, Referred]  #: answered before the backup
    still_open: Mapping[str, Referred]  #: open at the time of the backup
    answered: Collection[str]  #: offers among them to which the desk said yes after it
    in_journal: Mapping[str, Referred]  #: made after it; the desk's software has alerts of them
    lost: Collection[str]  #: all offers that were made after it
    gone: int  #: alerts that the desk's software has not handed over to the end
    seen: Sequence[Event]  #: by the sender


def live(house: House, storm: Storm, watching: Watching, dump: Path) -> Before:
    """Refer and answer, back up, go on; leave alerts in the desk's journal, on the bus, and events unheard on it."""
    done = asyncio.run(refer(storm, *(f"restored-done-{number}" for number in range(3))))
    asyncio.run(at_desk(house, len(done)))
    still_open = asyncio.run(refer(storm, *(f"restored-open-{number}" for number in range(6))))
    await_rows(house, SENT, len(still_open))

    back_up(*server_of(house), dump)

    answered = asyncio.run(at_desk(house, 4))
    in_journal = asyncio.run(refer(storm, *(f"restored-journal-{number}" for number in range(3))))
    asyncio.run(at_desk(house, 4, yes=False))  # the two others that are open, and the first of these
    await_rows(house, SENT, 0)
    on_bus = asyncio.run(refer(storm, *(f"restored-bus-{number}" for number in range(3))))
    await_rows(house, SENT, len(on_bus))
    kill(house, "notify", signal.SIGTERM)
    unheard = asyncio.run(refer(storm, *(f"restored-unheard-{number}" for number in range(3))))
    await_rows(house, WAITING, 0)
    until(lambda: bool(watching.seen) and watching.seen[-1].cursor.revision == count_of(house, REVISION), "all is seen")
    return Before(
        done=done,
        still_open=still_open,
        answered=answered.keys(),
        in_journal=in_journal,
        lost=offers_of(in_journal, on_bus, unheard),
        gone=2,
        seen=watching.seen.copy(),
    )


def restore_as_the_page_says(house: House, dump: Path) -> dict[str, str]:
    """Stop, restore, renew and start; return the new epochs by schema. What has no tables runs on."""
    renewing = ("epochs", "renew", "--database", house.parts.database_url)
    refused = house.ihala(*renewing)
    assert refused.exit_code == BY_REASON[Reason.ILLEGAL_MOVE]
    for name in ("directory", "referrals"):
        assert f"{name} (" in refused.err
        kill(house, name, signal.SIGTERM)
    restore(*server_of(house), dump)
    renewed = {each["schema"]: each["epoch"] for each in house.json(*renewing)["schemas"]}
    for name in KEEPERS:
        start_again(house, name)
    return renewed


def hold_the_sender_to_it(house: House, watching: Watching, before: Before, epoch: str) -> None:
    """It heard all that exists once more, in its order, in the new epoch; numbers that come again mean others."""
    until(lambda: watching.seen[-1].cursor == Cursor(epoch, int(str(count_of(house, REVISION)))), "all is seen again")
    again = [event for event in watching.seen if event.cursor.epoch == epoch]
    exist = {each.referral_id for each in (*before.done.values(), *before.still_open.values())}
    old_ids = {event.cursor.revision: event.event_id for event in before.seen}
    others = {event.event_id for event in again if old_ids.get(event.cursor.revision) not in {None, event.event_id}}
    assert [event.cursor.revision for event in again] == list(range(1, len(again) + 1))
    assert {event.referral_id for event in again} == exist
    assert others
    assert not others & set(old_ids.values())


def hold_requests_to_it(house: House, storm: Storm, before: Before) -> None:
    """A request that was answered after the backup makes one new referral, and is then known."""
    for _ in range(2):
        made = asyncio.run(refer(storm, *before.in_journal))
    assert all(each.is_replayed for each in made.values())
    assert not offers_of(made) & set(before.lost)
    assert count_of(house, "SELECT count(*) FROM referrals.referral") == sum(
        map(len, (before.done, before.still_open, made))
    )
    assert asyncio.run(at_desk(house, len(made))).keys() == offers_of(made)


@pytest.mark.long
def test_a_database_older_than_the_bus_rings_for_what_exists_and_for_nothing_else(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """F29, by the steps of docs/operations.md; NATS and the journals of both sides are those of before."""
    with house_in(tmp_path / ".ihala") as house:
        watching, storm = Watching(house), Storm(house, "restored", 0, PLACES)
        with watching.through():
            before = live(house, storm, watching, tmp_path / "ihala.dump")
            epochs = restore_as_the_page_says(house, tmp_path / "ihala.dump")
            up_s = time.monotonic()

            # the desk is rung for what is open, whatever it had and said before; what is gone says so, once each
            heard, gone = asyncio.run(at_desk_until_nothing_waits(house, offers_of(before.still_open)))
            record_property("every open offer rung and answered after, s", round(time.monotonic() - up_s, 1))
            assert heard.keys() == offers_of(before.still_open)
            assert set(before.answered) < heard.keys()
            assert gone == before.gone  # of those on the bus none has rung
            assert [name for name, _ in logged(house, "notify") if name in ANEW] == ANEW
            assert count_of(house, "SELECT count(*) FROM notify.dead_letter") == 0
            assert count_of(house, UNKNOWN) == 0
            hold_the_sender_to_it(house, watching, before, epochs["referrals"])
            hold_requests_to_it(house, storm, before)

        # matching has followed without a restart, and all promises hold
        journal = journal_of(house)
        assert not Journal(journal).unfinished()
        journal.unlink()  # the checks hold a journal to what the tables know, and this one knows more
        with blowing(storm_at(house, "after", 20)):
            pass
        assert count_of(house, FOLLOWED) == epochs["directory"]
        assert logged(house, "matching").count(("lines.lost", "EPOCH_CHANGED")) == 1  # and read anew
