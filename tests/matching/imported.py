"""Directories read from files by their mappings, as matching would hear of them through the feed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from services.directory.importing.mapping import read_mapping
from services.directory.importing.reading import read_rows
from services.directory.model import ImportRecord, Site
from services.directory.wire.provider_wire import provider_to_wire
from services.errors import InvalidInput
from services.matching.model.provider import Provider
from services.matching.wire.provider_wire import provider_from_wire

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


def healthsites() -> tuple[Provider, ...]:
    files = [DATA / "healthsites" / name for name in ("healthsites_LBY_2432.csv", "healthsites_MAR_3580.csv")]
    if not all(each.exists() for each in files):
        pytest.skip("the healthsites files are not beside the repository")
    return imported(ROOT / "mappings" / "healthsites.toml", tuple(files))


def unhcr() -> tuple[Provider, ...]:
    file = DATA / "unhcr-jordan-services" / "services_2015_EN_562.json"
    if not file.exists():
        pytest.skip("the UNHCR file is not beside the repository")
    return imported(ROOT / "mappings" / "unhcr-services-advisor.toml", (file,))


def demo() -> tuple[Provider, ...]:
    return imported(ROOT / "demo" / "mapping.toml", (ROOT / "demo" / "providers.json",))


@cache
def imported(mapping: Path, files: Sequence[Path]) -> tuple[Provider, ...]:
    """Read files; the id of a provider is its key in the source, the first of a key is kept."""
    providers: dict[str, Provider] = {}
    for row in read_rows(files, read_mapping(mapping), now=lambda: datetime(2026, 11, 21, tzinfo=UTC)):
        provider = None if row.record is None else _matched(row.record)
        if provider is not None:
            providers.setdefault(provider.provider_id, provider)
    return tuple(providers.values())


def _matched(record: ImportRecord) -> Provider | None:
    try:
        located = record.provider.at(Site.of(record.location, "organization"))
    except InvalidInput:
        return None
    return provider_from_wire(provider_to_wire(record.source_key, located), revision=1)
