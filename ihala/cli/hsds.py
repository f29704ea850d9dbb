"""HSDS in and out, for `ihala import --mapping hsds` and `ihala export --as hsds`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ihala.exchange_client import Exchange
from ihala.profile import Profile
from services.directory.exchange import Brought, Form, Ways, bring, take

NAME = "hsds"  #: as a mapping

__all__ = ["NAME", "Brought", "Form", "Ways", "bring_files", "take_files"]


async def bring_files(
    profile: Profile,
    files: Sequence[Path],
    ways: Ways,
    *,
    actor: str | None = None,
    dry_run: bool = False,
    complete: bool = False,
    allow_large_archive: bool = False,
    progress: Callable[[Any], None] = lambda report: None,
) -> Brought:
    """
    Import files, folders and ZIP archives of one dataset as the caller of a profile.

    Raises:
        InvalidInput: a file cannot be read; nothing was sent.

        IhalaError: as the directory says; the same call goes on after what was committed.
    """
    async with Exchange(profile, actor=actor) as exchange:
        return await bring(
            exchange.directory.ImportProviders,
            exchange.documents.KeepDocuments,
            files,
            ways,
            dry_run=dry_run,
            complete=complete,
            allow_large_archive=allow_large_archive,
            on_progress=progress,
        )


async def take_files(
    profile: Profile, out: Path, form: Form, *, actor: str | None = None, dataset: str = "", table: str = "service"
) -> int:
    """
    Write what may leave of the directory, and return how many services at locations that is.

    Raises:
        InvalidInput: the form does not go into such a file.
    """
    async with Exchange(profile, actor=actor) as exchange:
        return await take(exchange.directory, exchange.documents, out, form, dataset=dataset, table=table)
