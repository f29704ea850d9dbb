"""Referrals at a steady rate, whether they are answered or not, and how long each took to be answered and heard."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import psycopg

from ihala.client import Ihala
from ihala.receiver import Receiver
from ihala.referral import Consent
from services.errors import IhalaError
from services.runtime.embedded.postgres import OWNER, SUPERUSER
from tests.faults.breaking import POSTGRES, kill, replace_by, start_again
from tests.faults.journals import Answered
from tests.faults.storm import DESK, Storm, until_it_works
from tests.house import House

HEARD_WITHIN_S = 20.0
PARENT, SESSION, USER_TICKS, SYSTEM_TICKS = 1, 3, 11, 12  #: of /proc/…/stat, after the name
COMMITTED = """
    SELECT offer_id, pg_xact_commit_timestamp(case_facts.xmin) FROM referrals.offer
    JOIN referrals.case_facts USING (referral_id) WHERE offer_id = ANY(%s) AND part = 'request'
"""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def time_commits(house: House) -> None:
    """Let PostgreSQL keep the time of each commit, and referrals hold as many places for one sender as are asked."""
    passwords = house.folder / POSTGRES
    url = house.parts.database_url.replace(f"//{OWNER}:", f"//{SUPERUSER}:").replace(
        (passwords / f"{OWNER}.password").read_text(), (passwords / f"{SUPERUSER}.password").read_text()
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    kill(house, POSTGRES)
    start_again(house, POSTGRES)
    replace_by(house, "referrals", None, {"IHALA_REFERRALS_MAX_HELD": "100000"})


def processor_s(house: House) -> dict[str, float]:
    """Return the time that each process of a house has had a processor for, with all that it started, in seconds."""
    names = {child.pid: child.name for child in house.supervisor.children}
    spent = dict.fromkeys(names.values(), 0.0)
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = file.read_text().rpartition(")")[2].split()
            ticks = int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])
            # each session of PostgreSQL is one of the system too, below its parent
            name = names.get(int(fields[SESSION])) or names.get(int(fields[PARENT]))
            if name is not None:
                spent[name] += ticks / os.sysconf("SC_CLK_TCK")
    return spent


@dataclass
class Pace:
    """One run at one rate."""

    storm: Storm
    rate: float  #: referrals a second
    seconds: float
    is_heard: bool = True
    took_s: list[float] = field(default_factory=list)  #: until the answer
    refused: Counter[str] = field(default_factory=Counter)  #: by the name of the error
    answered: list[Answered] = field(default_factory=list)
    run_s: float = 0.0  #: until the last answer
    processor_s: dict[str, float] = field(default_factory=dict)  #: by process, meanwhile
    heard_time: dict[str, float] = field(default_factory=dict)  #: by offer, since 1970
    _offer_ids: list[str] = field(default_factory=list)

    async def run(self, ihala: Ihala, consent: Consent) -> None:
        """Send at the rate, wait for what is under way, and for its alerts."""
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen() if self.is_heard else asyncio.sleep(0))
            begin_s, before_s = time.monotonic(), processor_s(self.storm.house)
            async with asyncio.TaskGroup() as senders:
                for number in range(int(self.rate * self.seconds)):
                    await asyncio.sleep(begin_s + number / self.rate - time.monotonic())
                    senders.create_task(self._refer(ihala, consent))
            self.run_s = time.monotonic() - begin_s
            after_s = processor_s(self.storm.house)
            self.processor_s = {name: after_s[name] - before_s[name] for name in before_s}
            try:
                async with asyncio.timeout(HEARD_WITHIN_S):
                    while self.is_heard and not self.heard_time.keys() >= set(self._offer_ids):  # noqa: ASYNC110 -- others'
                        await asyncio.sleep(0.1)
            finally:
                listening.cancel()

    async def _refer(self, ihala: Ihala, consent: Consent) -> None:
        began_s, request_id, case_ref = time.monotonic(), uuid4().hex, consent.case_ref
        try:
            referred = await ihala.refer(
                self.storm.token, self.storm.row, case_ref=case_ref, consent=consent, request_id=request_id
            )
        except IhalaError as error:
            self.refused[type(error).__name__] += 1
            return
        self.took_s.append(time.monotonic() - began_s)
        offer_ids = tuple(referred.offer_ids.values())
        self.answered.append(Answered(request_id, case_ref, referred.referral_id, offer_ids))
        self._offer_ids += offer_ids

    async def _listen(self) -> None:
        profile = self.storm.house.identities.profile_file(f"receivers/{DESK}")
        async with Receiver.from_profile(profile) as receiver, aclosing(aiter(receiver)) as alerts:
            async for alert in alerts:
                self.heard_time[alert.offer_id] = time.time()
                alert.finish()

    def latencies_s(self) -> list[float]:
        """Return how long each alert took from the commit to the hands of the desk's software, in seconds."""
        with psycopg.connect(self.storm.house.parts.database_url, autocommit=True) as connection:
            rows: list[tuple[str, datetime]] = connection.execute(COMMITTED, [self._offer_ids]).fetchall()
        return [self.heard_time[offer_id] - committed.timestamp() for offer_id, committed in rows]


async def paces(storm: Storm, *runs: tuple[float, float], is_heard: bool = True) -> list[Pace]:
    """Match and record a consent, then send at each rate for so many seconds. Nobody listens unless it is heard."""
    async with Ihala(storm.house.profile("ministry")) as ihala:
        await until_it_works(lambda: storm.match(ihala))
        consent = await until_it_works(lambda: storm.consent(ihala, f"{storm.prefix}-1"))
        made = [Pace(storm, rate, seconds, is_heard) for rate, seconds in runs]
        for each in made:
            await each.run(ihala, consent)
        return made
