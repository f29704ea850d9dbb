"""
Read a mapping: a TOML file that says how one source is read, without Python.

docs/mappings.md explains each key with an example. A key that is not known here
is an error, as is a code that is not ours: a mapping that is half understood
would send people to the wrong place.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path as FilePath
from typing import TypeVar

from services.directory.importing import parts
from services.directory.importing.paths import Path, Record
from services.directory.importing.sections import Section, Used
from services.directory.importing.shaping import Split, split
from services.directory.importing.sources import Notes, RowRefused, one_of
from services.directory.model import Disclosure, ImportRecord, refuse
from services.directory.model.imports import COMPARED, TRANSLATED, OnDuplicate
from services.errors import InvalidInput, Reason

Word = TypeVar("Word", bound=StrEnum)


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSON = "json"  #: a list of objects
    GEOJSON = "geojson"  #: a FeatureCollection, or a bare list of Features
    TABLE = "table"  #: what geopandas reads, GeoPackage, GeoParquet, Shapefile; or a workbook of Excel
    TEMPLATE = "template"  #: a workbook that `ihala template` made and somebody filled; it has its mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How one source is read."""

    dataset: str
    on_duplicate: OnDuplicate
    file_format: Format
    key: parts.ReadKey
    split: Split  #: brings a record into shape before anything else reads it, its key too
    gather: str  #: the list in which all rows of a key are; empty: each row is a record
    used: tuple[tuple[Path, str], ...]  #: paths that the mapping reads, each with the place that names it
    optional: frozenset[Path]  #: paths that a file may lack altogether
    text: bytes  #: the file itself, for the digest of an import
    translated: tuple[str, ...]  #: the texts that it brings in another language; empty: it is no translation
    compared: tuple[str, ...]  #: the facts in which a translation is held against the record
    organization: parts.ReadOrganization
    service: parts.ReadService
    location: parts.ReadLocation
    provider: parts.ReadProvider

    def read(self, record: Record, notes: Notes, population_in: parts.PopulationIn) -> ImportRecord:
        """
        Make the records of one row.

        Raises:
            RowRefused: the row cannot be read as the mapping says.

            InvalidInput: the row says something that the directory refuses.
        """
        source_key = self.key(record)
        if not source_key:
            raise RowRefused("key", "must be given")
        location = self.location(record, notes, population_in)
        confidential = location.disclosure is Disclosure.AREA
        return ImportRecord(
            source_key=source_key,
            organization=self.organization(record, notes, confidential),
            service=self.service(record, notes, confidential),
            location=location,
            provider=self.provider(record, notes, location, source_key),
        )


def read_mapping(path: FilePath) -> Mapping:
    """
    Read a mapping file.

    Raises:
        InvalidInput: the file cannot be read, or does not say what a mapping
            must; the fields name the keys at fault (UNKNOWN_FIELD for one that
            is not known, UNKNOWN_CODE for a code that is not ours).
    """
    try:
        text = path.read_bytes()
    except OSError:
        raise refuse("mapping", "must be a file that can be read") from None
    return parse_mapping(text)


def parse_mapping(text: bytes) -> Mapping:
    """Read the text of a mapping, as `read_mapping` does."""
    try:
        table = tomllib.loads(text.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise refuse("mapping", "must be TOML in UTF-8", Reason.MALFORMED) from None
    used = Used()
    with Section(table, "", used) as top:
        file_format = _one(top, "format", Format)
        on_duplicate = _one(top, "on_duplicate", OnDuplicate)
        origin = parts.Origin(top.text("dataset"), top.text("licence"))
        if not top.has("key"):
            raise InvalidInput("key must be given")
        optional = frozenset(top.paths("optional"))
        split_up, gather = split(top), top.text("gather", "")
        translated, compared = _translation(top)
        mapping = Mapping(
            dataset=origin.dataset,
            on_duplicate=on_duplicate,
            file_format=file_format,
            key=parts.key_of(top),
            organization=parts.organization(top.inner("organization"), origin),
            service=parts.service(top.inner("service"), origin),
            location=parts.location(top.inner("location"), origin),
            provider=parts.provider(top, origin),
            split=split_up,
            gather=gather,
            optional=optional,
            used=_used(used, gather),
            text=text,
            translated=translated,
            compared=compared,
        )
    origin.source("any")  # checks dataset and licence
    return mapping


def _used(used: Used, gather: str) -> tuple[tuple[Path, str], ...]:
    """List the paths that a file must have; a path into gathered rows is one of the rows themselves."""
    inside = ((path[1:] if gather and path[0] == gather else path, where) for path, where in used.paths)
    return tuple((path, where) for path, where in inside if path)


def _translation(top: Section) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read `[translation]`: the texts that the file brings in another language, and the facts that are compared."""
    if not top.has("translation"):
        return (), ()
    with top.inner("translation") as section:
        texts = section.texts("texts")
        compared = section.texts("compare") if section.has("compare") else ()
        for key, names, known in (("texts", texts, TRANSLATED), ("compare", compared, COMPARED)):
            for name in names:
                one_of(*known)(name, section.at(key))
    return texts, compared


def _one(section: Section, key: str, kind: type[Word]) -> Word:
    name = section.text(key)
    if name not in [member.name.lower() for member in kind]:
        raise InvalidInput(f"{section.at(key)} must be one of {', '.join(member.name.lower() for member in kind)}")
    return kind[name.upper()]
