"""Both sides of a house through everything that happens: the sender that refers and hears, the desk that answers."""

import asyncio
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Final

from ihala.client import Ihala
from ihala.receiver import Receiver
from ihala.referral import Event, Referred
from services.errors import NotFound
from tests.faults.storm import DESK, Storm
from tests.house import House

WITHIN_S: Final = 60.0


@dataclass
class Watching:
    """A case system that hears its feed through everything that happens, on a thread of its own."""

    house: House
    seen: list[Event] = field(default_factory=list)
    fault: str = ""
    _enough: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def through(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._enough.set()
            thread.join(WITHIN_S)
        assert not self.fault, self.fault
        assert not thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._watch())
        except BaseException:  # noqa: BLE001 -- the test shows it
            self.fault = traceback.format_exc()

    async def _watch(self) -> None:
        async with Ihala(self.house.profile("ministry")) as ihala:
            hearing = asyncio.create_task(self._hear(ihala))
            while not self._enough.is_set() and not hearing.done():  # noqa: ASYNC110 -- another thread's
                await asyncio.sleep(0.05)
            hearing.cancel()
            await asyncio.wait([hearing])
            if not hearing.cancelled():
                hearing.result()

    async def _hear(self, ihala: Ihala) -> None:
        async with aclosing(ihala.watch()) as events:
            async for event in events:
                self.seen.append(event)


async def refer(storm: Storm, *case_refs: str) -> dict[str, Referred]:
    """Refer as a case system that has no answer yet; the match is that of the first time."""
    async with Ihala(storm.house.profile("ministry")) as ihala:
        if not hasattr(storm, "token"):
            await storm.match(ihala)
        return {case_ref: await storm.refer(ihala, case_ref) for case_ref in case_refs}


async def at_desk(house: House, count: int, *, yes: bool = True) -> Counter[str]:
    """Be the desk's software until so many alerts were handed over; say how often each offer was."""
    heard: Counter[str] = Counter()
    profile = house.identities.profile_file(f"receivers/{DESK}")
    async with (
        asyncio.timeout(WITHIN_S),
        Receiver.from_profile(profile) as receiver,
        aclosing(aiter(receiver)) as alerts,
    ):
        async for alert in alerts:
            heard[alert.offer_id] += 1
            if yes:
                await (await alert.read(by="night desk")).accept()
            if heard.total() >= count:
                return heard
    raise AssertionError("a receiver never ends by itself")


async def at_desk_until_nothing_waits(house: House, expected: set[str]) -> tuple[Counter[str], int]:
    """
    Be software that ends at every error and is started again, until these offers were accepted.

    Returns:
        How often each offer was handed over and read, and how many were gone.
    """
    heard: Counter[str] = Counter()
    gone = 0
    profile = house.identities.profile_file(f"receivers/{DESK}")
    async with asyncio.timeout(WITHIN_S):
        while not expected <= heard.keys():
            try:
                async with Receiver.from_profile(profile) as receiver, aclosing(aiter(receiver)) as alerts:
                    async for alert in alerts:
                        await (await alert.read(by="night desk")).accept()
                        heard[alert.offer_id] += 1
                        if expected <= heard.keys():
                            break
            except NotFound:
                gone += 1
    return heard, gone
