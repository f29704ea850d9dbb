"""A crowd that asks for the same cases as a storm, by many channels, each once: who is refused does not come back."""

import asyncio
import time
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from ihala.client import Ihala
from services.errors import IhalaError
from tests.faults.probing import probe
from tests.faults.storm import Storm


@dataclass
class Mob:
    """Every case of a storm is asked for by every channel, at a steady rate, whether it is answered or not."""

    storm: Storm  #: that has matched; its senders ask for the same meanwhile, and come back until they are answered
    channels: int
    over_s: float  #: in which all are asked for
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  #: referrals by case
    refused: Counter[str] = field(default_factory=Counter)  #: by the name of the error
    took_s: list[float] = field(default_factory=list)  #: from asking to an answer or a refusal
    probes_s: list[float] = field(default_factory=list)  #: that the service took to say that it serves

    @property
    def size(self) -> int:
        """How often the crowd asks."""
        return self.channels * self.storm.cases

    async def run(self) -> None:
        """Ask, and return once everybody was answered or refused."""
        async with AsyncExitStack() as stack:
            profile = self.storm.house.profile("ministry")
            doors = [await stack.enter_async_context(Ihala(profile)) for _ in range(self.channels)]
            probing = asyncio.create_task(probe(self.storm.house.addresses["referrals"], self.probes_s))
            begin_s = time.monotonic()
            async with asyncio.TaskGroup() as people:
                for number in range(self.storm.cases):
                    await asyncio.sleep(begin_s + number * self.over_s / self.storm.cases - time.monotonic())
                    for ihala in doors:
                        people.create_task(self._ask(ihala, f"{self.storm.prefix}-{number}"))
            probing.cancel()

    async def _ask(self, ihala: Ihala, case_ref: str) -> None:
        storm, began_s = self.storm, time.monotonic()
        try:
            consent = await storm.consent(ihala, case_ref)
            referred = await ihala.refer(
                storm.token, storm.row, case_ref=case_ref, consent=consent, request_id=case_ref
            )
            self.told[case_ref].add(referred.referral_id)
        except IhalaError as error:
            self.refused[type(error).__name__] += 1
        self.took_s.append(time.monotonic() - began_s)
