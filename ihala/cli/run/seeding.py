"""Send the demo's past referrals through the real path, so that the coordinators' map has something to show."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final, Self

from ihala.cli.run.cases import OUTCOME
from ihala.cli.run.demo_data import DATASET, DemoDesk
from ihala.cli.run.identities import Identities
from ihala.client import EMERGENCY, IMMEDIATE, NORMAL, PERSON, URGENT, WRITTEN, Ihala, Need
from ihala.desk_client import Desk
from ihala.directory_client import Directory
from ihala.profile import read_profile
from ihala.records import Provider
from ihala.referral import Via
from ihala.task_client import Tasks
from services.errors import IhalaError

AT_ONCE: Final = 8
ACTOR: Final = "demo-seed"
URGENCIES: Final = {"immediate": IMMEDIATE, "emergency": EMERGENCY, "urgent": URGENT, "normal": NORMAL}
LIMIT: Final = 100
TASK_OUTCOMES: Final = {"match_by_hand": "placed", "welfare_check": "well", "ring": "answered"}


async def seed(
    identities: Identities,
    desks: Mapping[str, DemoDesk],
    referrals: Sequence[Mapping[str, Any]],
    progress: Callable[[int, int], None],
) -> int:
    """
    Make past referrals and answer each as it was answered.

    Args:
        identities: Whose profiles are used.

        desks: The demo's, by key.

        referrals: As demo/past_referrals.json has them.

        progress: Told how many of how many are done.

    Returns:
        How many could be made; one whose provider takes nobody now is left out.
    """
    async with Seeder(identities, desks) as seeder:
        room = asyncio.Semaphore(AT_ONCE)
        outcomes: list[bool] = []

        async def one(record: Mapping[str, Any]) -> None:
            async with room:
                outcomes.append(await seeder.make(record))
                progress(len(outcomes), len(referrals))

        async with asyncio.TaskGroup() as group:
            for record in referrals:
                group.create_task(one(record))
        await seeder.close_tasks()
    return sum(outcomes)


class Seeder:
    """
    Makes past referrals; an asynchronous context manager.

    Args:
        identities: Whose profiles are used.

        desks: The demo's, by key.
    """

    def __init__(self, identities: Identities, desks: Mapping[str, DemoDesk]) -> None:
        self._identities = identities
        self._keys = {desk.receiver_id: desk.key for desk in desks.values()}
        self._open = AsyncExitStack()
        self._voices: dict[str, Desk] = {}
        self._offer_ids: set[str] = set()

    async def __aenter__(self) -> Self:
        editor = read_profile(self._identities.profile_file("editor"))
        self._directory = await self._open.enter_async_context(Directory(editor))
        listed = self._directory.list_providers(dataset=DATASET)
        self._providers = {each.source_key: each async for each in listed}
        ministry = self._identities.profile_file("ministry")
        self._ihala = await self._open.enter_async_context(Ihala.from_profile(ministry, actor=ACTOR))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def make(self, record: Mapping[str, Any]) -> bool:
        """Make one referral and answer it; say whether today's directory and rules allowed it."""
        provider = self._providers[record["provider_key"]]
        try:
            made = await self._refer(record, provider)
            if made is None:
                return False
            self._offer_ids.add(made[1])
            await self._end(record, provider, *made)
            await self._empty(record, provider)
        except IhalaError:
            return False  # a past that today's rules do not allow is no part of the picture
        return True

    async def close_tasks(self) -> None:
        """Close what a past refusal left to do: it was dealt with long ago."""
        coordinator = read_profile(self._identities.profile_file("coordinator"))
        async with Tasks(coordinator, actor=ACTOR) as duty:
            open_tasks = [task async for task in duty.list() if task.offer_id in self._offer_ids]
            for task in open_tasks:
                taken = await duty.take(task.task_id, task.version)
                await duty.close(task.task_id, taken.version, TASK_OUTCOMES.get(task.kind, "cleared"))

    async def _refer(self, record: Mapping[str, Any], provider: Provider) -> tuple[str, str] | None:
        """Return the ids of the referral and of its offer."""
        code, case_ref = record["code"], record["case_ref"]
        if provider.place is None:
            return None
        items = {record["group"]: 1} if _is_bed(code) else {}
        need = Need(code=code, urgency=URGENCIES[record["urgency"]], items=items)
        answer = await self._ihala.find_matches([need], provider.place, limit=LIMIT)
        rows = [*answer[code].matches, *answer[code].ask_first]
        row = next((row for row in rows if row.provider_id == provider.provider_id), None)
        if row is None:
            return None
        consent = await self._ihala.record_consent(
            case_ref, [row.provider_id], row.needed_fields, given_by=PERSON, method=WRITTEN
        )
        referred = await self._ihala.refer(answer.token, row, case_ref=case_ref, consent=consent)
        return (referred.referral_id, referred.offer_ids[row.provider_id]) if referred.referral_id else None

    async def _end(self, record: Mapping[str, Any], provider: Provider, referral_id: str, offer_id: str) -> None:
        voice = await self._voice_of(provider)
        match record["outcome"]:
            case "completed":
                await voice.accept(offer_id)
                await voice.arrive(offer_id)
                await voice.complete(offer_id, OUTCOME)
            case "failed":
                await voice.accept(offer_id)
                await voice.fail(offer_id, "no_show")
            case "declined":
                await voice.decline(offer_id, record["reason"], population=record["group"])
            case _:  # cancelled, or expired: no clock is set forward for a demo
                await self._ihala.revoke(referral_id, "no_longer_needed")

    async def _empty(self, record: Mapping[str, Any], provider: Provider) -> None:
        """Report the house as it was: whoever came has left long ago."""
        if provider.places and _is_bed(record["code"]):
            reports = [replace(each, report_time=None) for each in provider.places]
            await self._directory.report_places(provider.provider_id, reports)

    async def _voice_of(self, provider: Provider) -> Desk:
        """Return who answers for a provider: its desk, or somebody on duty who has rung it."""
        key = self._keys.get(provider.receiver_id)
        named = key or provider.provider_id
        if named not in self._voices:
            caller = f"receivers/{key}" if key else "coordinator"
            desk = Desk(
                read_profile(self._identities.profile_file(caller)),
                actor=ACTOR,
                on_behalf_of="" if key else provider.provider_id,
                via=Via.PHONE,
            )
            self._voices[named] = desk
            await self._open.enter_async_context(desk)
        return self._voices[named]


def _is_bed(code: str) -> bool:
    return code.startswith("ACC-") or code == "REC-RRP"
