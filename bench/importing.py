"""
Measure an import end to end, the sender, the reader, the directory and the database each in a process of its own.

Beside it a bare COPY of the same file into a table of texts with a primary key, in the
same database and run, and how long another writer waits while the import goes on.
`python -m bench.importing 100000` measures it alone.
"""

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg

from bench import processors
from bench.facilities import COLUMNS, MAPPING, write_file
from bench.rows import Line
from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from ihala.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from services.directory.importing import import_files
from services.runtime.auth import Role
from services.runtime.channel import open_channel
from services.runtime.embedded import postgres
from services.runtime.embedded.processes import Supervisor
from services.runtime.keys import create_signing_key, write_jwks
from services.runtime.migrate import migrate
from services.runtime.tokens import mint

ROWS: Final = 100_000
BAR_ROWS_PER_S: Final = 5_000.0
WRITE_EVERY_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredImport:
    """What an import of a made-up file took."""

    work: str
    rows: int
    seconds: float
    rows_per_s: float
    bar_rows_per_s: float
    reader_s: float  #: of a processor, as are the next three
    sender_s: float
    directory_s: float  #: with what it answered the other writer
    database_s: float
    copy_seconds: float  #: the peer: a bare COPY of the same file
    times_of_copy: float
    writes_beside: int  #: that another writer made meanwhile
    write_median_ms: float
    write_worst_ms: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def lines(count: int = ROWS) -> list[Line]:
    """Measure, and lay out what came of it for the table of `make bench`."""
    return [
        Line(
            work=f"{each.work}, {each.rows:,} rows",
            bar=f">= {each.bar_rows_per_s:,.0f} rows/s",
            figure=f"{each.rows_per_s:,.0f} rows/s; another writer {each.write_median_ms:.0f} ms",
            peer="bare COPY of the file",
            peer_figure=f"{each.rows / each.copy_seconds:,.0f} rows/s",
            ratio=f"{each.times_of_copy:.0f} times its time",
            holds="yes" if each.rows_per_s >= each.bar_rows_per_s else "no",
        )
        for each in asyncio.run(measure(count))
    ]


async def measure(count: int = ROWS) -> list[MeasuredImport]:
    """Measure a first import and the same again, in a database of this run."""
    with _a_database() as (folder, url):
        await migrate(url, "directory", "services.directory")
        file, mapping = folder / "rows.csv", folder / "mapping.toml"
        write_file(file, count)
        mapping.write_text(MAPPING, encoding="utf-8")
        copy_s = _bare_copy(url, file)
        async with a_directory(folder, url) as (stub, pid):
            measured = _Measuring(stub, pid, file, mapping, count, copy_s)
            return [await measured.of("import, all new"), await measured.of("import, all known")]


@contextmanager
def _a_database() -> Iterator[tuple[Path, str]]:
    with tempfile.TemporaryDirectory(prefix="ihala-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        with Supervisor(folder / "postgres") as supervisor:
            yield folder, postgres.start(supervisor).url(postgres.OWNER)


@dataclass(frozen=True, slots=True)
class _Measuring:
    """Imports of one file into one directory, measured."""

    stub: Any
    directory_pid: int
    file: Path
    mapping: Path
    count: int
    copy_s: float

    async def of(self, work: str) -> MeasuredImport:
        done, waits_ms = asyncio.Event(), []
        async with asyncio.TaskGroup() as tasks:
            beside = tasks.create_task(_write_beside(self.stub, done, work))
            started, before = time.perf_counter(), self._spent_s()
            report = await import_files(self.stub.ImportProviders, [self.file], self.mapping, now=_now)
            seconds, after = time.perf_counter() - started, self._spent_s()
            done.set()
        waits_ms = beside.result()
        reader_s, sender_s, directory_s, database_s = (now - then for now, then in zip(after, before, strict=True))
        assert report.counts.created + report.counts.unchanged == self.count, "every row must arrive"
        return MeasuredImport(
            work=work,
            rows=self.count,
            seconds=seconds,
            rows_per_s=self.count / seconds,
            bar_rows_per_s=BAR_ROWS_PER_S,
            reader_s=reader_s,
            sender_s=sender_s,
            directory_s=directory_s,
            database_s=database_s,
            copy_seconds=self.copy_s,
            times_of_copy=seconds / self.copy_s,
            writes_beside=len(waits_ms),
            write_median_ms=median(waits_ms),
            write_worst_ms=max(waits_ms),
        )

    def _spent_s(self) -> tuple[float, float, float, float]:
        """Read what was spent until now by readers that are gone, by us, by the directory, by PostgreSQL."""
        gone = resource.getrusage(resource.RUSAGE_CHILDREN)
        readers_s, own_s = gone.ru_utime + gone.ru_stime, time.process_time()
        directory_s = processors.spent_s(self.directory_pid)
        others_s = processors.spent_below_s(os.getpid()) - readers_s - own_s - directory_s
        return readers_s, own_s, directory_s, others_s


def _bare_copy(url: str, file: Path) -> float:
    columns = ", ".join(f'"{name}" text' for name in COLUMNS)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE copied ({columns}, PRIMARY KEY (id))")
        started = time.perf_counter()
        with cursor.copy("COPY copied FROM STDIN (FORMAT csv, HEADER true)") as copy:
            copy.write(file.read_bytes())
        connection.commit()
        return time.perf_counter() - started


async def _write_beside(stub: Any, done: asyncio.Event, work: str) -> list[float]:
    """Write a desk and an organization again and again as another editor, and time each."""
    waits_ms: list[float] = []
    while not done.is_set():
        started = time.perf_counter()
        request = service_pb.CreateOrganizationRequest(
            request_id=f"{work[-9:].replace(' ', '-')}-{len(waits_ms)}",
            organization=pb.Organization(names=[pb.LocalizedText(language="en", text="Beside")]),
        )
        await stub.CreateOrganization(request)
        waits_ms.append((time.perf_counter() - started) * 1000)
        try:
            async with asyncio.timeout(WRITE_EVERY_S):
                await done.wait()
        except TimeoutError:
            continue
    return waits_ms


@asynccontextmanager
async def a_directory(folder: Path, url: str) -> AsyncIterator[tuple[Any, int]]:
    """Run the directory's process, and speak to it as an editor; yields its stub and its process."""
    key = create_signing_key(folder / "signing_key.pem")
    write_jwks(folder / "jwks.json", [key])
    token = mint(key, client_id="bench", roles=[Role.DIRECTORY_EDITOR], life_s=3600.0, now=_now())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.directory"),
        env={
            **os.environ,
            "IHALA_DIRECTORY_LISTEN_ADDRESS": "127.0.0.1:0",
            "IHALA_DIRECTORY_JWKS_FILE": str(folder / "jwks.json"),
            "IHALA_DIRECTORY_DATABASE_URL": url,
            "IHALA_DIRECTORY_COUNTRIES": "LY",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async for line in process.stderr:
            event = json.loads(line)
            if event["event"] == "service.started":
                break
        drain = asyncio.create_task(process.stderr.read())
        async with open_channel(f"127.0.0.1:{event['port']}", lambda: token) as channel:
            await channel.channel_ready()
            stub = DirectoryServiceStub(channel)
            await _until_ready(stub)
            yield stub, process.pid
    finally:
        process.terminate()
        await process.wait()
        drain.cancel()


async def _until_ready(stub: Any) -> None:
    request = service_pb.ListVocabularyRequest(kind="service")
    await stub.ListVocabulary(request, wait_for_ready=True)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    for row in asyncio.run(measure(*map(int, sys.argv[1:]))):
        print(json.dumps(row.as_json(), indent=2))
