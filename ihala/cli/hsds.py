"""HSDS in and out, for `ihala import --mapping hsds` and `ihala export --as hsds`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ihala.directory.v1 import directory_service_pb2_grpc as directory_grpc
from ihala.directory.v1 import documents_pb2_grpc as documents_grpc
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
    channel = profile.open_channel("directory", actor=actor)
    directory: Any = directory_grpc.DirectoryServiceStub(channel)
    documents: Any = documents_grpc.DocumentServiceStub(channel)
    try:
        return await bring(
            directory.ImportProviders,
            documents.KeepDocuments,
            files,
            ways,
            dry_run=dry_run,
            complete=complete,
            allow_large_archive=allow_large_archive,
            on_progress=progress,
        )
    finally:
        await channel.close()


async def take_files(
    profile: Profile, out: Path, form: Form, *, actor: str | None = None, dataset: str = "", table: str = "service"
) -> int:
    """
    Write what may leave of the directory, and return how many services at locations that is.

    Raises:
        InvalidInput: the form does not go into such a file.
    """
    channel = profile.open_channel("directory", actor=actor)
    try:
        return await take(
            directory_grpc.DirectoryServiceStub(channel),
            documents_grpc.DocumentServiceStub(channel),
            out,
            form,
            dataset=dataset,
            table=table,
        )
    finally:
        await channel.close()
