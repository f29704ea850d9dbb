"""
Measure an import end to end, the sender, the reader, the directory and the database each in a process of its own.

Beside it a bare COPY of the same file into a table of texts with a primary key, in the
same database and run, and how long another writer waits while the import goes on.
`python -m bench.importing 100000` measures it alone.
"""

import asyncio
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import psycopg

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
COLUMNS: Final = ("id", "owner", "name", "name_fr", "lat", "lon", "kind", "emergency", "phone", "hours", "language")
MAPPING: Final = """
format = "csv"
dataset = "bench"
licence = "CC0-1.0"
key = ["id"]
on_duplicate = "first"
[organization]
names = [{ from = "owner", language = "und" }]
[service]
names = [{ from = "kind", language = "en", codes = { hospital = "Hospital", clinic = "Clinic", house = "House" } }]
[location]
disclosure = "public"
latitude = "lat"
longitude = "lon"
country = "LY"
time_zone = "Africa/Tripoli"
names = [{ from = "name", language = "ar" }]
[provider]
names = [{ from = "name", language = "ar" }, { from = "name_fr", language = "fr" }]
status = "active"
reach_out = "telephone"
[[claims]]
code = "HEA-EMG"
from = "emergency"
[[claims]]
code = "HEA-PRI"
claim = "unknown"
when = { from = "kind", is = ["hospital", "clinic"] }
[[contacts]]
kind = "phone"
value = { from = "phone" }
[[languages]]
language = { from = "language" }
[[schedules]]
osm = "hours"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredImport:
    """What an import of a made-up file took."""

    work: str
    rows: int
    seconds: float
    rows_per_s: float
    bar_rows_per_s: float
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


def write_file(path: Path, count: int) -> None:
    """Make up facilities with names in Arabic and French, the same ones every time."""
    random = Random(count)
    kinds, answers = ("hospital", "clinic", "house"), ("yes", "no", "")
    hours, languages = ("24/7", "Sa-Th 09:00-17:00", ""), ("ar", "fr", "ber", "")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(count):
            writer.writerow(
                [
                    number,
                    f"Organization {number % 500}",
                    f"عيادة الأمل {number}",
                    f"Clinique de l'espoir {number}",
                    round(random.uniform(25, 33), 6),
                    round(random.uniform(10, 24), 6),
                    random.choice(kinds),
                    random.choice(answers),
                    f"+218 21 {number:07}",
                    random.choice(hours),
                    random.choice(languages),
                ]
            )


async def measure(count: int = ROWS) -> list[MeasuredImport]:
    """Measure a first import and the same again, in a database of this run."""
    with _a_database() as (folder, url):
        await migrate(url, "directory", "services.directory")
        file, mapping = folder / "rows.csv", folder / "mapping.toml"
        write_file(file, count)
        mapping.write_text(MAPPING, encoding="utf-8")
        copy_s = _bare_copy(url, file)
        async with a_directory(folder, url) as stub:
            first = await _measured("import, all new", stub, file, mapping, count, copy_s)
            return [first, await _measured("import, all known", stub, file, mapping, count, copy_s)]


@contextmanager
def _a_database() -> Iterator[tuple[Path, str]]:
    with tempfile.TemporaryDirectory(prefix="ihala-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        with Supervisor(folder / "postgres") as supervisor:
            yield folder, postgres.start(supervisor).url(postgres.OWNER)


async def _measured(work: str, stub: Any, file: Path, mapping: Path, count: int, copy_s: float) -> MeasuredImport:
    done, waits_ms = asyncio.Event(), []
    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(_write_beside(stub, done, work))
        started = time.perf_counter()
        report = await import_files(stub.ImportProviders, [file], mapping, now=_now)
        seconds = time.perf_counter() - started
        done.set()
    waits_ms = beside.result()
    assert report.counts.created + report.counts.unchanged == count, "every row must arrive"
    return MeasuredImport(
        work=work,
        rows=count,
        seconds=seconds,
        rows_per_s=count / seconds,
        bar_rows_per_s=BAR_ROWS_PER_S,
        copy_seconds=copy_s,
        times_of_copy=seconds / copy_s,
        writes_beside=len(waits_ms),
        write_median_ms=median(waits_ms),
        write_worst_ms=max(waits_ms),
    )


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
async def a_directory(folder: Path, url: str) -> AsyncIterator[Any]:
    """Run the directory's process, and speak to it as an editor."""
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
            yield stub
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
