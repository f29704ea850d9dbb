"""
The peer in a database: k-nearest in PostGIS with GIN and GiST, and the same facts as filters.

It needs Debian's postgresql-15-postgis-3 (`make bench-postgis` installs it, as
root). Without it the row says so and everything else is measured.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter, sleep
from typing import Any

import psycopg

from bench import directory
from services.geo import position_of
from services.matching.index.snapshot import Snapshot
from services.matching.model.provider import Claim, Provider, RuleKind
from services.matching.model.request import Asked

BINARIES = Path("/usr/lib/postgresql/15/bin")
EXTENSION = Path("/usr/share/postgresql/15/extension/postgis.control")
QUESTIONS = 60
WARM_UP = 3
LONGEST_MS = 60_000.0
TABLE = """
CREATE EXTENSION postgis;
CREATE TABLE provider (
    id text NOT NULL, position geography(Point) NOT NULL, codes text[] NOT NULL, maybe text[] NOT NULL,
    status text NOT NULL, end_time timestamptz, reach_out text NOT NULL, country_code text NOT NULL,
    across text NOT NULL, vetting text NOT NULL, expire_time timestamptz, reporting text NOT NULL,
    co_located text NOT NULL, least_age int, most_age int, has_ages boolean NOT NULL,
    refused text[] NOT NULL, languages text[] NOT NULL, staff text[] NOT NULL, wheelchair text NOT NULL
)
"""
INDEXES = """
CREATE INDEX ON provider USING gist (position);
CREATE INDEX ON provider USING gin (codes);
ANALYZE provider
"""
#: whoever no filter excludes; `maybe` and what is not known come out as the second list
NEAREST = """
SELECT id, position <-> %(here)s::geography FROM provider
WHERE codes @> ARRAY[%(code)s] AND status = 'active' AND (end_time IS NULL OR end_time > %(when)s)
  AND reach_out <> 'none' AND (country_code = %(country)s OR across = 'yes') AND vetting <> 'suspended'
  AND NOT (reporting IN ('by_law', 'by_policy') AND %(concerned)s) AND NOT (co_located = 'yes' AND %(concerned)s)
  AND (NOT has_ages OR ((least_age IS NULL OR least_age <= %(age)s) AND (most_age IS NULL OR most_age >= %(age)s)))
  AND NOT (refused && %(facts)s::text[]) AND (languages = '{}' OR languages && %(languages)s::text[])
  AND (staff = '{}' OR %(staff)s = '' OR staff @> ARRAY[%(staff)s])
  AND (%(reach_m)s::float8 IS NULL OR ST_DWithin(position, %(here)s::geography, %(reach_m)s))
  AND (maybe @> ARRAY[%(code)s] OR NOT has_ages OR reporting = 'unknown' OR languages = '{}') = %(unsure)s
ORDER BY position <-> %(here)s::geography LIMIT 10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What the database took, or a word why it was not asked."""

    mean_ms: float | None
    word: str = ""


def measure(snapshot: Snapshot) -> Peer:
    """Load the directory's public points and ask for both lists of each question."""
    if not (EXTENSION.exists() and (BINARIES / "postgres").exists()):
        return Peer(mean_ms=None, word="skipped: not installed (make bench-postgis)")
    with _database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
        columns = ", ".join(_COLUMNS)
        with connection.cursor().copy(f"COPY provider ({columns}) FROM STDIN") as copy:
            for row in _rows(snapshot.providers()):
                copy.write_row(row)
        for statement in INDEXES.split(";"):
            connection.execute(statement)
        questions = directory.questions(QUESTIONS, seed=1)
        for each in questions[:WARM_UP]:
            _ask(connection, each)
        times_ms: list[float] = []
        for each in questions[WARM_UP:]:
            if sum(times_ms) > LONGEST_MS:
                break  # what was asked by then is enough
            started = perf_counter()
            _ask(connection, each)
            times_ms.append((perf_counter() - started) * 1000)
    return Peer(mean_ms=fmean(times_ms))


_COLUMNS = (
    "id", "position", "codes", "maybe", "status", "end_time", "reach_out", "country_code", "across", "vetting",
    "expire_time", "reporting", "co_located", "least_age", "most_age", "has_ages", "refused", "languages", "staff",
    "wheelchair",
)  # fmt: skip


def _rows(providers: Iterable[Provider]) -> Iterator[tuple[Any, ...]]:
    for each in providers:
        if each.place is None:
            continue
        at = position_of(each.place)
        ages = each.rules_of(RuleKind.AGE)
        refused = {code for rule in each.rules if rule.claim is Claim.NO for code in rule.codes}
        yield (
            each.provider_id,
            f"SRID=4326;POINT({at.longitude_deg} {at.latitude_deg})",
            [code for code, _ in each.claims],
            [code for code, claim in each.claims if claim is Claim.UNKNOWN],
            each.status,
            each.end_time,
            each.reach_out,
            each.country_code,
            each.works_across_borders,
            each.vetting,
            each.vetting_expire_time,
            each.reporting,
            each.co_located,
            ages[0].min_years if ages else None,
            ages[0].max_years if ages else None,
            bool(ages),
            sorted(refused),
            sorted(offer.tag for offer in each.languages),
            sorted(each.staff_genders),
            each.wheelchair,
        )


def _ask(connection: psycopg.Connection[Any], asked: Asked) -> None:
    person, at = asked.person, position_of(asked.origin)
    assert person is not None
    facts = {
        person.known_gender,
        person.process,
        person.status_class,
        *(person.family or ()),
        *(person.exploitation or ()),
    }
    wanted = {
        "here": f"SRID=4326;POINT({at.longitude_deg} {at.latitude_deg})",
        "code": asked.need.code,
        "when": asked.when_time,
        "country": asked.country_code,
        "concerned": person.process == "som",
        "age": 30 if person.age is None else person.age.min_years,
        "facts": [each for each in facts if each],
        "languages": sorted(person.languages or ("ar", "fr")),
        "staff": asked.need.staff_gender,
        "reach_m": None if asked.max_cost_mm is None else asked.max_cost_mm / 1000,
    }
    for unsure in (False, True):
        connection.execute(NEAREST, wanted | {"unsure": unsure}).fetchall()


@contextmanager
def _database() -> Iterator[str]:
    """Start a server of our own on a socket in a folder of its own, gone afterwards."""
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if as_user:
            subprocess.run(["chown", "postgres:postgres", name], check=True)
        data = folder / "data"
        subprocess.run(
            [*as_user, BINARIES / "initdb", "-D", data, "-U", "bench", "-A", "trust"], check=True, capture_output=True
        )
        settings = {"unix_socket_directories": name, "listen_addresses": "", "shared_buffers": "1GB", "jit": "off"}
        flags = [flag for key, value in settings.items() for flag in ("-c", f"{key}={value}")]
        with subprocess.Popen(
            [*as_user, BINARIES / "postgres", "-D", data, *flags], stderr=subprocess.DEVNULL
        ) as server:
            try:
                url = f"host={name} user=bench dbname=postgres"
                _await(url)
                yield url
            finally:
                server.terminate()
                server.wait()


def _await(url: str) -> None:
    for _ in range(100):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            sleep(0.1)
        else:
            return
    raise TimeoutError("PostgreSQL did not start")
