"""Import files by a mapping, for `ihala import` and the demo."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ihala.profile import Profile
from ihala.records import ImportReport


async def import_files(
    profile: Profile,
    files: Sequence[Path],
    mapping_file: Path,
    *,
    dry_run: bool = False,
    complete: bool = False,
    allow_large_archive: bool = False,
    progress: Callable[[ImportReport], None] = lambda report: None,
) -> ImportReport:
    """Import files of one dataset."""
    raise NotImplementedError
