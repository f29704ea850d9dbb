"""
A made-up directory of any size at real towns, the same for the same size: for benchmarks, never for use.

Every provider is fictional. What is real are the towns (GeoNames, CC BY 4.0) of
the countries that the directory reads by default, where more people live the
more providers stand, scattered within about 15 km. Four of ten buildings share
an organization, four services share a building, seven facts of ten are left
unknown, and two of a hundred buildings are confidential sites.

The rows go in by COPY, in the layout of the store itself: templates are made by
the store's own `columns_of`, and only what differs from provider to provider is
written into them, so a new column of the store is filled here without a word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection, sql

from ihala.directory.v1 import directory_pb2 as pb
from services.directory.model import (
    Claim,
    Disclosure,
    LanguageOffer,
    LocalizedText,
    Location,
    Organization,
    Provider,
    ReachOut,
    Service,
    ServiceClaim,
    Site,
    Source,
    Status,
    Texts,
)
from services.directory.search import sort_name, words_of
from services.directory.store.provider_columns import COLUMNS, FORM, columns_of
from services.directory.wire.nouns_wire import LOCATION, ORGANIZATION, SERVICE
from services.geo import AreaCell, Point, snap_to_area
from services.taxonomy import services
from services.towns import Town, TownList

DATASET: Final = "bench"
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES_A_BUILDING: Final = 4
BUILDINGS_AN_ORGANIZATION: Final = 25
CONFIDENTIAL_SHARE: Final = 0.02
UNKNOWN_SHARE: Final = 0.7
SCATTER_DEG: Final = 0.06
SHAPES_A_COUNTRY: Final = 400
NUMBERS: Final = 10_000
ALEF, YA = "\u0621", "\u064a"  #: the first and the last of the Arabic letters

Row = dict[str, Any]  #: values by column of `provider`, with `provider_id`; lists as lists

_KINDS: Final = (
    ("Shelter", "مأوى", "Hébergement"),
    ("Clinic", "عيادة", "Clinique"),
    ("Legal aid", "مساعدة قانونية", "Aide juridique"),
    ("Day centre", "مركز نهاري", "Centre de jour"),
    ("Safe house", "بيت آمن", "Maison sûre"),
    ("Hotline", "خط ساخن", "Ligne d'écoute"),
)
_LANGUAGES: Final = ("ar", "fr", "en", "am", "ti", "so", "ha", "es")
_STATUSES: Final = (Status.ACTIVE,) * 18 + (Status.PAUSED, Status.DRAFT)


@dataclass(frozen=True, slots=True)
class Building:
    """A location of the made-up directory."""

    number: int
    location_id: str
    organization_id: str
    town: Town
    location: Location


class SyntheticDirectory:
    """
    Providers that nobody runs.

    Args:
        towns: Where they stand.

        count: How many there are; the same count makes the same directory.
    """

    def __init__(self, towns: TownList, count: int) -> None:
        self.count = count
        self._towns = [town for town in towns if town.population]
        self._population_in = towns.population_in
        self._random = Random(count)
        self._shapes: dict[str, list[Row]] = {}
        self._words: dict[tuple[int, str], frozenset[str]] = {}
        buildings = -(-count // SERVICES_A_BUILDING)
        self.organizations = [
            (self._id(), f"Fictional organization {number}")
            for number in range(-(-buildings // BUILDINGS_AN_ORGANIZATION))
        ]
        self.services = [
            (self._id(), organization_id, f"{kind[0]} {number}")
            for number, (organization_id, _) in enumerate(self.organizations)
            for kind in _KINDS
        ]

    def buildings(self) -> Iterator[Building]:
        """Make the locations, one after the other; call it once."""
        weights = [town.population**0.5 for town in self._towns]
        total = -(-self.count // SERVICES_A_BUILDING)
        for number, town in enumerate(self._random.choices(self._towns, weights, k=total)):
            yield self._building(number, town)

    def providers(self, building: Building) -> Iterator[Row]:
        """Make the rows of the providers of a building: values by column, with the id."""
        shapes = self._shapes_of(building.town)
        for _ in range(SERVICES_A_BUILDING):
            yield self._provider(building, self._random.choice(shapes))

    def _building(self, number: int, town: Town) -> Building:
        point = Point(
            max(-89.0, min(89.0, town.point.latitude_deg + self._random.gauss(0, SCATTER_DEG))),
            max(-179.0, min(179.0, town.point.longitude_deg + self._random.gauss(0, SCATTER_DEG))),
        )
        is_confidential = self._random.random() < CONFIDENTIAL_SHARE
        location = Location(
            disclosure=Disclosure.AREA if is_confidential else Disclosure.PUBLIC,
            place=snap_to_area(point, self._population_in) if is_confidential else point,
            names=(LocalizedText("en", f"Alias {number}" if is_confidential else f"Building {number}"),),
            country_code=town.country_code,
            time_zone=town.time_zone,
            source=Source(dataset=DATASET, source_key=f"building-{number}"),
        )
        organization_id = self.organizations[number // BUILDINGS_AN_ORGANIZATION][0]
        return Building(number, self._id(), organization_id, town, location)

    def _provider(self, building: Building, shape: Row) -> Row:
        provider_id = self._id()
        location = building.location
        kind, number = self._random.randrange(len(_KINDS)), self._random.randrange(NUMBERS)
        service_id = self.services[building.number // BUILDINGS_AN_ORGANIZATION * len(_KINDS) + kind][0]
        if location.is_confidential:
            names, words = location.names, words_of(location.names)
        else:
            names = _names(kind, building.town, number)
            words = sorted(self._words_of(kind, building.town) | {str(number)})
        message = pb.Provider.FromString(shape["doc"])
        message.provider_id = message.pool_id = provider_id
        message.organization_id = building.organization_id
        message.service_id, message.location_id = service_id, building.location_id
        message.source.source_key = provider_id
        for text in names:
            message.names.add(language=text.language, text=text.text)
        place = location.place
        if isinstance(place, AreaCell):
            message.disclosure = pb.DISCLOSURE_AREA
            message.place.cell.h3_cell = place.h3_cell
        elif isinstance(place, Point):
            message.place.point.latitude_deg = place.latitude_deg
            message.place.point.longitude_deg = place.longitude_deg
        return {
            **shape,
            "provider_id": provider_id,
            "pool_id": provider_id,
            "organization_id": building.organization_id,
            "service_id": service_id,
            "location_id": building.location_id,
            "source_key": provider_id,
            "disclosure": location.disclosure.value,
            "h3_cell": place.h3_cell if isinstance(place, AreaCell) else None,
            "position": f"({place.longitude_deg!r},{place.latitude_deg!r})" if isinstance(place, Point) else None,
            "words": words,
            "doc": message.SerializeToString(deterministic=True),
        }

    def _shapes_of(self, town: Town) -> list[Row]:
        if town.country_code not in self._shapes:
            self._shapes[town.country_code] = [self._shape(town) for _ in range(SHAPES_A_COUNTRY)]
        return self._shapes[town.country_code]

    def _shape(self, town: Town) -> Row:
        random = self._random
        codes = random.sample(sorted(services()), random.randint(1, 4))
        languages = random.sample(_LANGUAGES, 0 if random.random() < UNKNOWN_SHARE else random.randint(1, 3))
        provider = Provider(
            service_id="",
            location_id="",
            source=Source(
                dataset=DATASET,
                source_key="-",
                licence="CC0-1.0",
                verified_time=START - timedelta(days=random.randrange(700)),
            ),
            claims=tuple(ServiceClaim(code, random.choice((Claim.YES, Claim.UNKNOWN)), "stated") for code in codes),
            languages=tuple(LanguageOffer(language=tag) for tag in languages),
            status=random.choice(_STATUSES),
            reach_out=random.choice((ReachOut.TELEPHONE, ReachOut.WALK_IN, ReachOut.NONE)),
            free_of_charge=Claim.YES if random.random() > UNKNOWN_SHARE else Claim.UNKNOWN,
            site=Site.of(
                Location(
                    disclosure=Disclosure.PUBLIC,
                    place=town.point,
                    country_code=town.country_code,
                    time_zone=town.time_zone,
                ),
                "",
            ),
        )
        return columns_of("", provider)

    def _words_of(self, kind: int, town: Town) -> frozenset[str]:
        """Normalise the words of a name once, without its number."""
        key = (kind, town.place_id)
        if key not in self._words:
            self._words[key] = frozenset(words_of(_names(kind, town, 0))) - {"0"}
        return self._words[key]

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _names(kind: int, town: Town, number: int) -> Texts:
    english, arabic, french = _KINDS[kind]
    return (
        LocalizedText("en", f"{english} {town.name} {number}"),
        LocalizedText("ar", f"{arabic} {_arabic(town)}"),
        LocalizedText("fr", f"{french} {town.name}"),
    )


def _arabic(town: Town) -> str:
    return next((name for name in town.names if ALEF <= name[0] <= YA), town.name)


async def load(connection: AsyncConnection[Any], directory: SyntheticDirectory) -> None:
    """
    Fill the empty tables of a directory by COPY; the indexes of providers are built at the end.

    Args:
        connection: Of the owner of the tables, in autocommit, with the schema in its search path.

        directory: What to load.
    """
    await _copy(connection, "organization", _organization_rows(directory))
    await _copy(connection, "service", _service_rows(directory))
    buildings = list(directory.buildings())
    await _copy(connection, "location", map(_location_row, buildings))
    indexes = await _drop_indexes(connection, "provider")
    await connection.execute("SET session_replication_role = replica")  # what they rest on is there
    numbered = enumerate(islice((row for each in buildings for row in directory.providers(each)), directory.count), 1)
    await _copy(connection, "provider", (_provider_row(revision, row) for revision, row in numbered))
    for index in indexes:
        await connection.execute(index)
    await connection.execute(
        """
        INSERT INTO provider_history (provider_id, revision, archived, doc, actor, at)
        SELECT provider_id, revision, archived, doc, 'bench', create_time FROM provider
        """
    )
    await connection.execute("SET session_replication_role = DEFAULT")
    await connection.execute(
        "INSERT INTO feed (name, epoch, revision) SELECT 'providers', epoch, %s FROM feed WHERE name = ''",
        [directory.count],
    )
    for table in ("organization", "service", "location", "provider", "provider_history"):
        await connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


def _organization_rows(directory: SyntheticDirectory) -> Iterator[Row]:
    for organization_id, name in directory.organizations:
        value = Organization(names=(LocalizedText("en", name),))
        yield {"organization_id": organization_id, **_body(ORGANIZATION.doc(organization_id, value), value.names)}


def _service_rows(directory: SyntheticDirectory) -> Iterator[Row]:
    for service_id, organization_id, name in directory.services:
        value = Service(organization_id=organization_id, names=(LocalizedText("en", name),))
        row = _body(SERVICE.doc(service_id, value), value.names)
        yield {"service_id": service_id, "organization_id": organization_id, **row}


def _location_row(building: Building) -> Row:
    location = building.location
    return {
        "location_id": building.location_id,
        "disclosure": location.disclosure.value,
        **_body(LOCATION.doc(building.location_id, location), location.names),
    }


def _body(doc: bytes, names: Texts) -> Row:
    return {"revision": 1, "sort_name": sort_name(names), "doc": doc}


def _provider_row(revision: int, row: Row) -> Row:
    lists = {name: _array(row[name]) for name, kind in COLUMNS.items() if kind.endswith("[]")}
    words = " ".join(f"'{word}'" for word in row["words"])  # lexemes; normalised words have no quotes
    times = {"create_time": START, "update_time": START}
    # of the present form: the directory would else renew all of them while it is measured
    fixed = {"words": words, "archived": False, "columns_form": FORM}
    return {**row, **lists, **times, **fixed, "revision": revision}


def _array(values: list[str]) -> str:
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


async def _copy(connection: AsyncConnection[Any], table: str, rows: Iterator[Row]) -> None:
    first = next(rows)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, first))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        await copy.write_row(list(first.values()))
        for row in rows:
            await copy.write_row([row[name] for name in first])


async def _drop_indexes(connection: AsyncConnection[Any], table: str) -> list[sql.SQL]:
    """Drop the indexes that no constraint needs, and return what makes them again."""
    cursor = await connection.execute(
        """
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
        """,
        [table],
    )
    found = await cursor.fetchall()
    for name, _ in found:
        await connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [sql.SQL(definition) for _, definition in found]
