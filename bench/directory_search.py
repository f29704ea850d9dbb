"""
Measure the directory over gRPC: search near a point, text search, and the feed's snapshot, each beside bare SQL.

`python -m bench.directory_search 1000000` measures it alone.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from psycopg import AsyncConnection

from bench.directory_process import filled, serving
from bench.rows import Line
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from ihala.geo.v1 import geo_pb2
from services.directory.search import asked_words
from services.directory.settings import REGION
from services.errors import Unavailable
from services.runtime.embedded import postgres
from services.runtime.embedded.processes import Supervisor
from services.towns import Town
from services.towns import load as load_towns

QUESTIONS: Final = 200
WARM_UP: Final = 10
LIMIT: Final = 10
CODES: Final = ("ACC", "HEA", "HEA-EMG", "LEG", "LEG-IMM", "PSY")
LANGUAGES: Final = ("ar", "fr", "en", "ti", "ha")
WORDS: Final = ("مأوى", "عيادة", "Clinique", "Shelter", "Hotline", "بيت")
SETTINGS: Final = {"max_wal_size": "4GB", "maintenance_work_mem": "512MB", "fsync": "off"}
NEAR_BAR_MS: Final = 20.0
TEXT_BAR_MS: Final = 100.0
FEED_BAR_PER_S: Final = 20_000.0
#: the plane's own order, which is not exact
NEAR_PEER: Final = """
    SELECT doc FROM provider WHERE NOT archived AND disclosure = 'PUBLIC' AND status = 'ACTIVE'
    AND codes @> %(codes)s AND languages @> ARRAY[%(language)s]
    ORDER BY position <-> %(near)s::point LIMIT 10
"""
TEXT_PEER: Final = """
    SELECT doc FROM provider WHERE NOT archived AND disclosure = 'PUBLIC' AND status = 'ACTIVE'
    AND words @@ %(words)s::tsquery ORDER BY provider_id LIMIT 10
"""
FEED_PEER: Final = "COPY (SELECT doc FROM provider ORDER BY revision) TO STDOUT"

Ask = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table."""

    work: str
    provider_count: int
    figure: float
    unit: str
    ninety_ninth: float | None  #: of the same unit
    bar: float
    peer: str
    ratio: float  #: how many times the peer's time

    @property
    def is_met(self) -> bool:
        """Whether the bar is reached."""
        return self.figure >= self.bar if self.unit.endswith("/s") else self.figure <= self.bar

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "is_met": self.is_met}


def measure(count: int) -> Iterator[Measured]:
    """Measure a made-up directory of a size, in a database that is gone afterwards."""
    with TemporaryDirectory() as folder, Supervisor(Path(folder) / "run") as supervisor:
        server = postgres.start(supervisor, settings=SETTINGS)
        url = asyncio.run(filled(server, count))
        yield from asyncio.run(measured(url, count, Path(folder)))


async def measured(
    url: str, count: int, folder: Path, works: tuple[str, ...] = ("near", "text", "fitting", "feed")
) -> list[Measured]:
    """Measure a directory that is filled already."""
    towns = await asyncio.to_thread(load_towns, REGION.split(","))
    random = Random(count)
    near = random.choices(list(towns), [town.population**0.5 for town in towns], k=QUESTIONS)
    async with (
        serving(url, folder) as stub,
        await AsyncConnection.connect(
            url, autocommit=True, options="-c search_path=directory -c statement_timeout=0"
        ) as connection,
    ):
        by_work = {
            "near": lambda: _near(stub, connection, count, random, near),
            "text": lambda: _text(stub, connection, count, random, near),
            "fitting": lambda: _text(stub, connection, count, random, near, by_relevance=True),
            "feed": lambda: _feed(stub, connection, count),
        }
        return [await by_work[work]() for work in works]


async def _near(stub: Any, connection: AsyncConnection[Any], count: int, random: Random, towns: list[Town]) -> Measured:
    asked = [(town.point, random.choice(CODES), random.choice(LANGUAGES)) for town in towns]

    async def ask(number: int) -> None:
        point, code, language = asked[number]
        origin = geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=point.latitude_deg, longitude_deg=point.longitude_deg))
        await stub.SearchProviders(
            rpc_pb.SearchProvidersRequest(origin=origin, codes=[code], language=language, page_size=LIMIT)
        )

    async def ask_peer(number: int) -> None:
        point, code, language = asked[number]
        near = f"({point.longitude_deg!r},{point.latitude_deg!r})"
        cursor = await connection.execute(NEAR_PEER, {"codes": [code], "language": language, "near": near})
        await cursor.fetchall()

    return await _compared("search near, two filters", count, NEAR_BAR_MS, "SQL on a plane", ask, ask_peer)


async def _text(
    stub: Any,
    connection: AsyncConnection[Any],
    count: int,
    random: Random,
    towns: list[Town],
    *,
    by_relevance: bool = False,
) -> Measured:
    order = rpc_pb.SEARCH_ORDER_RELEVANCE if by_relevance else rpc_pb.SEARCH_ORDER_UNSPECIFIED
    work = "search by text, best fitting first" if by_relevance else "search by text"
    asked = [
        random.choice((town.name[:4], f"{random.choice(WORDS)} {town.name[:5]}", random.choice(WORDS)[:3]))
        for town in towns
    ]

    async def ask(number: int) -> None:
        await stub.SearchProviders(rpc_pb.SearchProvidersRequest(text=asked[number], page_size=LIMIT, order=order))

    async def ask_peer(number: int) -> None:
        words = " & ".join(f"'{word}':*" for word in asked_words(asked[number]))
        cursor = await connection.execute(TEXT_PEER, {"words": words})
        await cursor.fetchall()

    return await _compared(work, count, TEXT_BAR_MS, "SQL by id", ask, ask_peer)


async def _feed(stub: Any, connection: AsyncConnection[Any], count: int) -> Measured:
    start = perf_counter()
    heard = 0
    async with aclosing(stub.WatchProviders(rpc_pb.WatchProvidersRequest())) as pages:
        async for page in pages:
            heard += len(page.changes)
            if page.caught_up:
                break
    ours_s = perf_counter() - start
    assert heard == count, "the snapshot has every provider"
    start = perf_counter()
    async with connection.cursor().copy(FEED_PEER) as copy:
        async for _ in copy:
            pass
    ratio = ours_s / (perf_counter() - start)
    return Measured("the feed's snapshot", count, count / ours_s, "providers/s", None, FEED_BAR_PER_S, "COPY", ratio)


async def _compared(work: str, count: int, bar_ms: float, peer: str, ask: Ask, ask_peer: Ask) -> Measured:
    """Ask the same questions of both, in turns; the first ones warm up."""
    times_ms: tuple[list[float], list[float]] = ([], [])
    for number in [*range(WARM_UP), *range(QUESTIONS)]:
        for asker, kept in zip((ask, ask_peer), times_ms, strict=True):
            start = perf_counter()
            await asker(number)
            kept.append((perf_counter() - start) * 1000)
    ours, peers = (each[WARM_UP:] for each in times_ms)
    last = quantiles(ours, n=100)[98]
    return Measured(work, count, median(ours), "ms", last, bar_ms, peer, median(ours) / median(peers))


def lines(count: int) -> list[Line]:
    """Measure, and lay out rows for the table; a word instead where there is no PostgreSQL."""
    try:
        return [_line(each) for each in measure(count)]
    except Unavailable as error:
        return [Line(work="directory", bar="", figure=f"left out: {error}")]


def _line(measured: Measured) -> Line:
    is_rate = measured.unit.endswith("/s")
    last = "" if measured.ninety_ninth is None else f", 99th {measured.ninety_ninth:.0f}"
    return Line(
        work=f"{measured.work}, {measured.provider_count:,}",
        bar=f"{'>=' if is_rate else '<='} {measured.bar:,.0f} {measured.unit}",
        figure=f"{measured.figure:,.0f} {measured.unit}" if is_rate else f"{measured.figure:.1f}{last} ms",
        peer=measured.peer,
        peer_figure=f"{measured.figure * measured.ratio:,.0f}/s"
        if is_rate
        else f"{measured.figure / measured.ratio:.1f} ms",
        ratio=f"{measured.ratio:.2f}x its time",
        holds="yes" if measured.is_met else "no",
    )


if __name__ == "__main__":
    for line in lines(int(sys.argv[1])):
        print(line)
