"""Small imports through the door that `ihala import` comes in by, and what the directory has after them."""

from pathlib import Path
from typing import Any

from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.importing import Report, import_files
from services.runtime.postgres import read
from tests.directory.house import NOON, House
from tests.directory.import_files import HEADER, MAPPING

HEADER_SENT = rpc_pb.ImportHeader(dataset="towns.test", digest="0" * 64, on_duplicate=rpc_pb.ON_DUPLICATE_FIRST)


def rows(*keys: object, name: str = "Bayt") -> str:
    return HEADER + "".join(f"{key},Dar,{name} {key},32.8,13.1,yes\n" for key in keys)


async def bring(house: House, folder: Path, content: str, mapping: str = MAPPING, **options: Any) -> Report:
    """Import a small file."""
    (folder / "file").write_text(content, encoding="utf-8")
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    return await import_files(
        house.editor.ImportProviders, [folder / "file"], folder / "mapping.toml", now=lambda: NOON, **options
    )


async def revision(house: House) -> int:
    async with read(house.pool) as connection:
        cursor = await connection.execute("SELECT coalesce(max(revision), 0) FROM feed")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def contents(house: House) -> dict[str, list[Any]]:
    """Read every table of the directory but the audit."""
    tables = ("organization", "service", "location", "provider", "place_report", "import_run", "import_key", "feed")
    found = {}
    async with read(house.pool) as connection:
        for table in tables:
            found[table] = await (await connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")).fetchall()  # noqa: S608
    return found


async def names(house: House, dataset: str = "towns.test") -> dict[str, str]:
    answer = await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset=dataset, page_size=500))
    return {each.source.source_key: each.names[0].text for each in answer.providers}
