"""Import files by a mapping, for `ihala import` and the demo."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ihala.directory_client import Directory
from ihala.profile import Profile
from services.directory.importing import Report
from services.directory.importing import import_files as send_files
from services.directory.importing.limits import Limits

DEFAULT_LIMITS: Final = Limits()

__all__ = ["Limits", "Report", "import_files"]


async def import_files(
    profile: Profile,
    files: Sequence[Path],
    mapping_file: Path | None,
    *,
    actor: str | None = None,
    dry_run: bool = False,
    complete: bool = False,
    allow_large_archive: bool = False,
    progress: Callable[[Report], None] = lambda report: None,
    limits: Limits = DEFAULT_LIMITS,
) -> Report:
    """
    Import files of one dataset as the caller of a profile; without a mapping a workbook of `ihala template`.

    Raises:
        InvalidInput: the mapping or a file cannot be read; nothing was sent.

        IhalaError: as the directory says; the same call goes on after what was committed.
    """
    async with Directory(profile, actor=actor) as directory:
        return await send_files(
            directory.import_providers,
            files,
            mapping_file,
            now=lambda: datetime.now(UTC),
            dry_run=dry_run,
            complete=complete,
            allow_large_archive=allow_large_archive,
            on_progress=progress,
            limits=limits,
        )
