"""Referrals of one night to one house while its services are killed, and the house's software that says yes."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ihala.answer import MatchToken, Row
from ihala.client import FEMALE, IMMEDIATE, PERSON, SPOKEN, Ihala, Need, Person, between
from ihala.directory_client import Directory
from ihala.person import PlaceId
from ihala.receiver import OpenOffer, Receiver
from ihala.records import PlaceReport, Provider
from ihala.referral import Event, Referred
from services.errors import Unavailable
from tests.house import House

T = TypeVar("T")

SITE, DESK, GIRLS = "tripoli-girls-house", "house-system", "girls"
TRIPOLI = PlaceId("geonames:2210247")
GIRL = Person(age=between(15, 17), sex=FEMALE, languages=["en"], family=["alone"], unaccompanied=True)
AT_ONCE = 8
PATIENCE_S = 240.0
PAUSE_S = 0.2


async def until_it_works(call: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do as a case system does: the same call again until there is an answer."""
    while True:
        try:
            return await call()
        except Unavailable:
            await asyncio.sleep(PAUSE_S)


@dataclass
class Storm:
    """
    Runs on a thread and loop of its own: what is killed was started by the main thread, and is killed from there.

    More cases ask than there are places, so that a place given twice would show.
    """

    house: House
    prefix: str  #: of the cases' references
    cases: int
    places: int
    referred: dict[str, Referred] = field(default_factory=dict)  #: by case
    heard: Counter[str] = field(default_factory=Counter)  #: how often each offer's alert was handed over
    accepted: set[str] = field(default_factory=set)
    seen: list[Event] = field(default_factory=list)  #: what the sender's watch brought
    house_is_full: asyncio.Event = field(default_factory=asyncio.Event)
    fault: BaseException | None = None
    _end_time: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=1))

    def begin(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name=self.prefix, daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        try:
            asyncio.run(asyncio.wait_for(self._blow(), PATIENCE_S))
        except BaseException as error:  # noqa: BLE001 -- the test shows it
            self.fault = error

    async def _blow(self) -> None:
        async with Ihala(self.house.profile("ministry")) as ihala, asyncio.TaskGroup() as group:
            self.row, self.token = await self._match(ihala)
            software = group.create_task(self._answer())
            watch = group.create_task(self._watch(ihala))
            room = asyncio.Semaphore(AT_ONCE)

            async def one(case_ref: str) -> None:
                async with room:
                    self.referred[case_ref] = await self.refer(ihala, case_ref)

            async with asyncio.TaskGroup() as senders:
                for number in range(self.cases):
                    senders.create_task(one(f"{self.prefix}-{number}"))
            await self.house_is_full.wait()
            software.cancel()
            await watch

    async def _watch(self, ihala: Ihala) -> None:
        """Hear as the sender, through every outage, until the house is full."""
        yeses = 0
        async with aclosing(ihala.watch()) as events:
            async for event in events:
                if event.case_ref.startswith(f"{self.prefix}-"):
                    self.seen.append(event)
                    yeses += event.type == "offer_accepted"
                if yeses == self.places:
                    return

    async def refer(self, ihala: Ihala, case_ref: str) -> Referred:
        """Record a consent and refer; a repeat of both is the same request."""
        consent = await until_it_works(
            lambda: ihala.record_consent(
                case_ref,
                self.row.receiver_class,
                self.row.needed_fields,
                given_by=PERSON,
                method=SPOKEN,
                end_time=self._end_time,
                request_id=f"{case_ref}-consent",
            )
        )
        return await until_it_works(
            lambda: ihala.refer(self.token, self.row, case_ref=case_ref, consent=consent, request_id=case_ref)
        )

    async def _match(self, ihala: Ihala) -> tuple[Row, MatchToken]:
        """Report the places, and match once that report is known everywhere."""
        site = await self._site()
        need = Need(code="ACC-EMG", urgency=IMMEDIATE, items={GIRLS: 1})
        while True:
            answer = await ihala.find_matches([need], TRIPOLI, person=GIRL)
            rows = (*answer["ACC-EMG"].matches, *answer["ACC-EMG"].ask_first)
            for row in rows:
                if row.provider_id == site.provider_id and row.places.free == self.places:
                    return row, answer.token
            await asyncio.sleep(PAUSE_S)

    async def _site(self) -> Provider:
        async with Directory(self.house.profile("editor")) as directory:
            providers = [each async for each in directory.list_providers(dataset="demo") if each.source_key == SITE]
            report = PlaceReport(population=GIRLS, total=self.places, occupied=0)
            return await directory.report_places(providers[0].provider_id, [report])

    async def _answer(self) -> None:
        """Be the house's software and the person at it, who says yes to everybody."""
        profile = self.house.identities.profile_file(f"receivers/{DESK}")
        async with Receiver.from_profile(profile) as receiver, aclosing(aiter(receiver)) as alerts:
            async for alert in alerts:
                self.heard[alert.offer_id] += 1
                await self._accept(await self._read(receiver, alert.offer_id))
                self.accepted.add(alert.offer_id)
                if len(self.accepted) == self.places:
                    self.house_is_full.set()

    async def _read(self, receiver: Receiver, offer_id: str) -> OpenOffer:
        return await until_it_works(lambda: receiver.read(offer_id, by="night desk"))

    async def _accept(self, offer: OpenOffer) -> None:
        await until_it_works(offer.accept)
