"""Referrals of one night to one house while its services are killed, and the house's software that says yes."""

import asyncio
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from ihala.answer import MatchToken, Row
from ihala.client import FEMALE, IMMEDIATE, PERSON, SPOKEN, Ihala, Need, Person, between
from ihala.directory_client import Directory
from ihala.person import PlaceId
from ihala.receiver import OpenOffer, Receiver
from ihala.records import PlaceReport, Provider
from ihala.referral import Consent, Event, Referred
from services.errors import Exhausted, Unavailable
from tests.faults.journals import Answered, Evidence, SenderJournal, alerts_in, answers_in
from tests.house import House

T = TypeVar("T")

SITE, DESK, GIRLS = "tripoli-girls-house", "house-system", "girls"
TRIPOLI = PlaceId("geonames:2210247")
GIRL = Person(age=between(15, 17), sex=FEMALE, languages=["en"], family=["alone"], unaccompanied=True)
AT_ONCE = 12
FREE = "SELECT 1 FROM referrals.place WHERE population = %s AND total - occupied - held - booked = %s"
MAX_UNANSWERED = 60  #: referrals that the house's software has not answered yet: its senders wait for it
PATIENCE_S = 240.0
PAUSE_S = 0.2


async def until_it_works(call: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do as a case system does: the same call again until there is an answer."""
    while True:
        try:
            return await call()
        except (Unavailable, Exhausted):
            await asyncio.sleep(PAUSE_S)


@dataclass
class Storm:
    """
    Runs on a thread and loop of its own: what is killed was started by the main thread, and is killed from there.

    Where more cases ask than there are places, a place that is given twice would show.
    """

    house: House
    prefix: str  #: of the cases' references
    cases: int  #: at most; `enough` ends it earlier
    places: int  #: free when it begins
    taken: int = 0  #: of the house's places, by storms before this one
    told: frozenset[str] = frozenset()  #: alerts that storms before this one brought; a journal forgets the oldest
    patience_s: float = PATIENCE_S
    enough: threading.Event = field(default_factory=threading.Event)
    referred: dict[str, Referred] = field(default_factory=dict)  #: by case
    heard: Counter[str] = field(default_factory=Counter)  #: how often each offer's alert was handed over
    accepted: set[str] = field(default_factory=set)
    seen: list[Event] = field(default_factory=list)  #: what the sender's watch brought
    yeses: int = 0  #: among them
    made: int = 0  #: referrals; the others found every place gone
    fault: str = ""  #: with its traceback
    row: Row = field(init=False)  #: of the house, in the match
    token: MatchToken = field(init=False)
    end_time: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=1))

    @property
    def journal_file(self) -> Path:
        return self.house.folder / f"{self.prefix}.answers"

    def evidence(self) -> Evidence:
        """Collect what both sides wrote down; to be called when it is over."""
        own = self.house.profile(f"receivers/{DESK}").receiver
        assert own is not None
        heard = {own.receiver_id: alerts_in(own.journal_file) | self.told}
        watched = {self.prefix: [event.cursor.revision for event in self.seen]}
        return Evidence(answers_in(self.journal_file), heard, self.heard, watched)

    def begin(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name=self.prefix, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        try:
            asyncio.run(asyncio.wait_for(self._blow(), self.patience_s))
        except BaseException:  # noqa: BLE001 -- the test shows it
            self.fault = traceback.format_exc()

    async def _blow(self) -> None:
        async with Ihala(self.house.profile("ministry")) as ihala, asyncio.TaskGroup() as group:
            await self.match(ihala)
            software = group.create_task(self._answer())
            watch = group.create_task(self.watch(ihala))
            case_refs = iter([f"{self.prefix}-{number}" for number in range(self.cases)])
            with SenderJournal(self.journal_file) as journal:
                async with asyncio.TaskGroup() as senders:
                    for _ in range(AT_ONCE):
                        senders.create_task(self._send(ihala, case_refs, journal))
            while min(len(self.accepted), self.yeses) < self.made:  # noqa: ASYNC110 -- other processes'
                await asyncio.sleep(PAUSE_S)
            software.cancel()
            watch.cancel()

    async def _send(self, ihala: Ihala, case_refs: Iterator[str], journal: SenderJournal) -> None:
        for case_ref in case_refs:
            if self.enough.is_set():
                return
            referred = await self.refer(ihala, case_ref)
            journal.note(Answered(case_ref, case_ref, referred.referral_id, tuple(referred.offer_ids.values())))
            self.referred[case_ref] = referred
            self.made += bool(referred.referral_id)
            while self.made - len(self.accepted) > MAX_UNANSWERED:  # noqa: ASYNC110 -- other processes'
                await asyncio.sleep(PAUSE_S)

    async def watch(self, ihala: Ihala) -> None:
        """Hear as the sender, through every outage."""
        async with aclosing(ihala.watch()) as events:
            async for event in events:
                if event.case_ref.startswith(f"{self.prefix}-"):
                    self.seen.append(event)
                    self.yeses += event.type == "offer_accepted"

    async def refer(self, ihala: Ihala, case_ref: str) -> Referred:
        """Record a consent and refer; a repeat of both is the same request."""
        consent = await until_it_works(lambda: self.consent(ihala, case_ref))
        return await until_it_works(
            lambda: ihala.refer(self.token, self.row, case_ref=case_ref, consent=consent, request_id=case_ref)
        )

    async def consent(self, ihala: Ihala, case_ref: str) -> Consent:
        """Record a consent to what the storm is about; a repeat is the same request."""
        return await ihala.record_consent(
            case_ref,
            self.row.receiver_class,
            self.row.needed_fields,
            given_by=PERSON,
            method=SPOKEN,
            end_time=self.end_time,
            request_id=f"{case_ref}-consent",
        )

    async def match(self, ihala: Ihala) -> None:
        """Report the places, and match once that report is known everywhere."""
        site = await self._site()
        need = Need(code="ACC-EMG", urgency=IMMEDIATE, items={GIRLS: 1})
        while True:
            answer = await ihala.find_matches([need], TRIPOLI, person=GIRL)
            rows = (*answer["ACC-EMG"].matches, *answer["ACC-EMG"].ask_first)
            for row in rows:
                if row.provider_id == site.provider_id and row.places.free == self.places and self._is_known():
                    self.row, self.token = row, answer.token
                    return
            await asyncio.sleep(PAUSE_S)

    def _is_known(self) -> bool:
        """Say whether referrals, which gives the places, has heard of them as matching has."""
        with psycopg.connect(self.house.parts.database_url, autocommit=True) as connection:
            return connection.execute(FREE, [GIRLS, self.places]).fetchone() is not None

    async def _site(self) -> Provider:
        async with Directory(self.house.profile("editor")) as directory:
            providers = [each async for each in directory.list_providers(dataset="demo") if each.source_key == SITE]
            report = PlaceReport(population=GIRLS, total=self.taken + self.places, occupied=0)
            return await directory.report_places(providers[0].provider_id, [report])

    async def _answer(self) -> None:
        """Be the house's software and the people at it, who say yes to everybody."""
        profile = self.house.identities.profile_file(f"receivers/{DESK}")
        room = asyncio.Semaphore(AT_ONCE)
        async with (
            Receiver.from_profile(profile) as receiver,
            asyncio.TaskGroup() as people,
            aclosing(aiter(receiver)) as alerts,
        ):
            async for alert in alerts:
                self.heard[alert.offer_id] += 1
                alert.finish()
                people.create_task(self._say_yes(receiver, alert.offer_id, room))

    async def _say_yes(self, receiver: Receiver, offer_id: str, room: asyncio.Semaphore) -> None:
        async with room:
            await self._accept(await self._read(receiver, offer_id))
            self.accepted.add(offer_id)

    async def _read(self, receiver: Receiver, offer_id: str) -> OpenOffer:
        return await until_it_works(lambda: receiver.read(offer_id, by="night desk"))

    async def _accept(self, offer: OpenOffer) -> None:
        # the same request each time: a yes that was lost on its way back is answered again, not refused
        await until_it_works(lambda: offer.accept(request_id=f"{offer.view.offer_id}-yes"))
