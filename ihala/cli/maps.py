"""Write the coordinators' map to one file, for `ihala map`."""

from pathlib import Path

from ihala.profile import Profile
from services.errors import Unimplemented


async def write_map(profile: Profile, out: Path, *, service: str, language: str) -> None:
    """Write the map as the caller of a profile may see it."""
    raise Unimplemented("this version does not answer `ihala map` yet: open the maps page instead")
