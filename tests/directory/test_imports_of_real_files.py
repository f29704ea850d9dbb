"""The real files and the demo, imported whole: the second time nothing changes."""

import json
from collections import Counter

from services.directory.importing import import_files
from services.directory.model.imports import Counts
from tests.directory.house import NOON, House
from tests.directory.import_files import ROOT, healthsites_files, unhcr_file
from tests.directory.imports import revision


async def test_both_healthsites_files_are_one_dataset(house: House) -> None:
    files, mapping = healthsites_files(), ROOT / "mappings" / "healthsites.toml"

    one = await import_files(house.editor.ImportProviders, files[:1], mapping, now=lambda: NOON)
    other = await import_files(house.editor.ImportProviders, files[1:], mapping, now=lambda: NOON)
    before = await revision(house)
    both = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON, complete=True)

    assert one.counts == Counts(read=2432, created=2255, duplicates=177)
    assert other.counts == Counts(read=3580, created=3575, duplicates=5)
    assert both.counts == Counts(read=6012, unchanged=5830, duplicates=182)
    assert await revision(house) == before


async def test_the_unhcr_file_is_read_whole_and_a_second_time_changes_nothing(house: House) -> None:
    files, mapping = [unhcr_file()], ROOT / "mappings" / "unhcr-services-advisor.toml"

    first = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)
    before = await revision(house)
    again = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)

    assert first.counts == Counts(read=562, created=562)
    assert again.counts == Counts(read=562, unchanged=562)
    assert await revision(house) == before
    assert Counter(each.notice.code for each in first.remarks)["expired"] == 562


async def test_the_demo_is_imported_whole_and_a_second_time_changes_nothing(house: House) -> None:
    files, mapping = [ROOT / "demo" / "providers.json"], ROOT / "demo" / "mapping.toml"
    count = len(json.loads(files[0].read_text(encoding="utf-8")))

    first = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)
    again = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)

    assert first.counts == Counts(read=count, created=count)
    assert again.counts == Counts(read=count, unchanged=count)
    assert not first.rejected
