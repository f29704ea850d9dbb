"""Write the coordinators' map to one file, for `ihala map`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from ihala.profile import Profile
from services.maps.standalone import render_standalone


async def write_map(
    profile: Profile, out: Path, *, language: str, service: str, speaks: str, country: str, free_only: bool
) -> None:
    """
    Write the map as the caller of a profile may see it; one file that asks no host for anything.

    Raises:
        InvalidInput: a code is not known.

        Unavailable: the directory cannot be read: an empty map would be read as an empty directory.
    """
    async with profile.open_channel("directory") as directory, profile.open_channel("referrals") as referrals:
        page = await render_standalone(
            directory,
            referrals,
            now=lambda: datetime.now(UTC),
            language=language,
            service=service,
            speaks=speaks,
            country=country,
            free_only=free_only,
        )
    await asyncio.to_thread(out.write_text, page, encoding="utf-8")
