"""Send the demo's past referrals through the real path, so that the coordinators' map has something to show."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ihala.cli.run.cases import OUTCOME
from ihala.cli.run.demo_data import DATASET
from ihala.cli.run.identities import Identities
from ihala.client import EMERGENCY, IMMEDIATE, NORMAL, PERSON, URGENT, WRITTEN, Ihala, Need
from ihala.desk_client import Desk
from ihala.directory_client import Directory
from ihala.profile import read_profile
from ihala.records import Provider
from ihala.referral import Via
from services.errors import IhalaError

AT_ONCE: Final = 8
ACTOR: Final = "demo-seed"
URGENCIES: Final = {"immediate": IMMEDIATE, "emergency": EMERGENCY, "urgent": URGENT, "normal": NORMAL}
LIMIT: Final = 100


async def seed(
    identities: Identities, referrals: Sequence[Mapping[str, Any]], progress: Callable[[int, int], None]
) -> int:
    """
    Make past referrals and answer each as it was answered.

    Args:
        identities: Whose profiles are used.

        referrals: As demo/past_referrals.json has them.

        progress: Told how many of how many are done.

    Returns:
        How many could be made; one whose provider takes nobody now is left out.
    """
    editor = read_profile(identities.profile_file("editor"))
    async with Directory(editor) as directory:
        providers = {each.source_key: each async for each in directory.list_providers(dataset=DATASET)}
    room = asyncio.Semaphore(AT_ONCE)
    done = made = 0
    async with Ihala.from_profile(identities.profile_file("ministry"), actor=ACTOR) as ihala:

        async def one(record: Mapping[str, Any]) -> None:
            nonlocal done, made
            async with room:
                made += await _past_referral(ihala, identities, record, providers)
                done += 1
                progress(done, len(referrals))

        async with asyncio.TaskGroup() as group:
            for record in referrals:
                group.create_task(one(record))
    return made


async def _past_referral(
    ihala: Ihala, identities: Identities, record: Mapping[str, Any], providers: Mapping[str, Provider]
) -> bool:
    provider = providers[record["provider_key"]]
    if provider.place is None:
        return False
    code, case_ref = record["code"], record["case_ref"]
    need = Need(code=code, urgency=URGENCIES[record["urgency"]], items={record["group"]: 1} if _is_bed(code) else {})
    try:
        answer = await ihala.find_matches([need], provider.place, limit=LIMIT)
        rows = [*answer[code].matches, *answer[code].ask_first]
        row = next((row for row in rows if row.provider_id == provider.provider_id), None)
        if row is None:
            return False
        consent = await ihala.record_consent(
            case_ref,
            [row.provider_id],
            row.needed_fields,
            given_by=PERSON,
            method=WRITTEN,
            request_id=f"{case_ref}-consent",
        )
        referred = await ihala.refer(
            answer.token, row, case_ref=case_ref, consent=consent, request_id=f"{case_ref}-refer"
        )
        if not referred.referral_id:
            return False
        await _end(ihala, identities, record, provider, referred.referral_id, referred.offer_ids[row.provider_id])
    except IhalaError:
        return False  # a past that today's rules do not allow is no part of the picture
    return True


async def _end(
    ihala: Ihala,
    identities: Identities,
    record: Mapping[str, Any],
    provider: Provider,
    referral_id: str,
    offer_id: str,
) -> None:
    profile = read_profile(_answering_profile(identities))
    async with Desk(profile, actor=ACTOR, on_behalf_of=provider.receiver_id, via=Via.PHONE) as desk:
        match record["outcome"]:
            case "completed":
                await desk.accept(offer_id)
                await desk.arrive(offer_id)
                await desk.complete(offer_id, OUTCOME)
            case "failed":
                await desk.accept(offer_id)
                await desk.fail(offer_id, "no_show")
            case "declined":
                await desk.decline(offer_id, record["reason"], population=record["group"])
            case _:  # cancelled, or expired: no clock is set forward for a demo
                await ihala.revoke(referral_id, "no_longer_needed")


def _answering_profile(identities: Identities) -> Path:
    return identities.profile_file("coordinator")


def _is_bed(code: str) -> bool:
    return code.startswith("ACC-") or code == "REC-RRP"
