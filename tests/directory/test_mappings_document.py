"""docs/mappings.md: what it shows is read as it stands."""

import re
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from services.directory.importing.mapping import parse_mapping
from services.directory.model import Delivery, PointPrecision, ReachOut
from services.geo import Point
from tests.directory.import_files import ROOT, results_of

TEXT = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
BLOCKS = [dedent(block) for block in re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)]
FILES = [dedent(block) for block in re.findall(r"```csv\n(.*?)```", TEXT, flags=re.DOTALL)]
FIRST = BLOCKS[0]


def test_the_first_mapping_is_one() -> None:
    assert parse_mapping(FIRST.encode()).dataset == "towns.test"


def test_the_first_mapping_reads_its_file(tmp_path: Path) -> None:
    (result,) = results_of(tmp_path, FILES[0], parse_mapping(FIRST.encode()))

    assert result.record is not None
    assert not result.faults


def test_a_new_source_in_ten_minutes_as_it_is_written(tmp_path: Path) -> None:
    (mapping,) = (parse_mapping(block.encode()) for block in BLOCKS if block.startswith("#whole"))

    first, second = results_of(tmp_path, FILES[1].replace(";", ","), mapping)

    assert first.record is not None
    assert second.record is not None
    hospital = first.record.provider
    assert [(each.language, each.text) for each in hospital.names] == [("ar", "مستشفى الأمل"), ("fr", "Hôpital Espoir")]
    assert [each.code for each in hospital.claims] == ["HEA-EMG", "HEA-MAT"]
    assert [each.value for each in hospital.contacts] == ["021 555", "021 556"]
    assert hospital.valid.start_time == datetime(2019, 2, 28, 22, 0, tzinfo=UTC)
    assert first.record.location.place == Point(32.88, 13.19)
    assert second.record.provider.reach_out is ReachOut.WALK_IN
    assert not first.notices


def test_rows_of_one_key_are_one_record(tmp_path: Path) -> None:
    gather, rule = (next(block for block in BLOCKS if block.startswith(mark)) for mark in ("#top\ngather", "#gather"))
    rows = FILES[0] + "17,Dar,بيت الأمل,32.88,13.19,dentist,yes,021 555\n18,Dar,x,,,house,no,\n"

    first, again, other = results_of(tmp_path, rows, parse_mapping((gather + FIRST + rule).encode()))

    assert first.record is not None
    assert [each.code for each in first.record.provider.claims] == ["ACC-EMG", "HEA-DEN"]
    assert (again.repeated, again.row_number) == (True, 2)
    assert other.source_key == "18"


def test_a_text_may_say_its_own_language_and_one_of_several_conditions_may_hold(tmp_path: Path) -> None:
    added = "".join(block for block in BLOCKS if "a language of the row" in block or "any = [" in block)
    rows = FILES[0] + "18,Maison,x,,,maison,no,1\n"

    first, second = results_of(tmp_path, rows, parse_mapping((FIRST + added).encode()))

    assert first.record is not None
    assert second.record is not None
    assert [
        each.labels[-1].language for each in (*first.record.provider.contacts, *second.record.provider.contacts)
    ] == [
        "und",
        "fr",
    ]
    assert "HEA-PRI" not in [each.code for each in first.record.provider.claims]
    assert "HEA-PRI" in [each.code for each in second.record.provider.claims]


@pytest.mark.parametrize("block", [block for block in BLOCKS[1:] if not block.startswith("#whole")])
def test_every_further_example_can_be_added_to_it(block: str) -> None:
    mapping = FIRST
    if block.startswith("#top"):
        mapping = block + mapping
    elif "#area" in block:
        mapping = re.sub(r"\[location\]\n.*?\n\n", block, mapping, flags=re.DOTALL)
    else:
        mapping += block
    if block.startswith("#terms"):
        mapping = FIRST[: FIRST.index("[service]")] + block + FIRST[FIRST.index("[[claims]]") :]
    if block.startswith("[split]"):
        mapping = FIRST.replace("[organization]", f"{block}\n[organization]")
    if "#json" in block:
        mapping = mapping.replace('"csv"', '"json"')

    assert parse_mapping(mapping.encode()).dataset == "towns.test"


def test_costs_papers_and_ways_there_are_read_as_they_are_written(tmp_path: Path) -> None:
    costs = next(block for block in BLOCKS if block.startswith("[[costs]]"))
    terms = next(block for block in BLOCKS if block.startswith("#terms"))
    mapping = FIRST[: FIRST.index("[service]")] + terms + FIRST[FIRST.index("[[claims]]") :] + costs

    (result,) = results_of(tmp_path, FILES[0], parse_mapping(mapping.encode()))

    assert result.record is not None
    service, location, provider = result.record.service, result.record.location, result.record.provider
    assert [each.text for each in service.required_documents] == ["Pièce d'identité"]
    assert [each.text for each in service.funding_conditions] == ["Registered with UNHCR"]
    assert (service.foreign_codes, service.contacts[0].value) == (("hpc:PRT-TIP",), "021 555")
    assert [each.amount for each in service.cost_options] == ["0"]
    assert [each.text for each in location.transportation] == ["Bus 1 to the mosque"]
    assert [each.text for each in location.accessibilities] == ["A ramp"]
    assert (location.point_precision, location.contacts[0].value) == (PointPrecision.STREET, "021 555")
    assert [(each.amount, each.currency) for each in provider.cost_options] == [("32.88", "LYD")]
    assert provider.deliveries == (Delivery.AT_LOCATION,)
    assert [each.text for each in provider.required_documents] == ["A medical paper"]


def test_an_amount_that_is_no_number_is_kept_as_a_text(tmp_path: Path) -> None:
    added = '[[costs]]\namount = { from = "kind" }\ncurrency = "LYD"\n'

    (result,) = results_of(tmp_path, FILES[0], parse_mapping((FIRST + added).encode()))

    assert result.record is not None
    (cost,) = result.record.provider.cost_options
    assert (cost.amount, cost.currency) == ("", "")
    assert [(each.language, each.text) for each in cost.descriptions] == [("und", "house")]


def test_a_confidential_site_keeps_nothing_of_them_that_tells_where_r16(tmp_path: Path) -> None:
    costs = next(block for block in BLOCKS if block.startswith("[[costs]]"))
    terms = next(block for block in BLOCKS if block.startswith("#terms"))
    mapping = FIRST[: FIRST.index("[service]")] + terms + FIRST[FIRST.index("[[claims]]") :] + costs
    hidden = mapping.replace('disclosure = "public"', 'disclosure = "area"')

    (result,) = results_of(tmp_path, FILES[0], parse_mapping(hidden.encode()))

    assert result.record is not None
    service, location, provider = result.record.service, result.record.location, result.record.provider
    assert [*service.required_documents, *service.funding_conditions, *service.contacts, *service.cost_options] == []
    assert [*location.transportation, *location.accessibilities, *location.contacts] == []
    assert location.point_precision is None
    assert [*provider.cost_options, *provider.required_documents, *provider.funding_conditions] == []
    assert (service.foreign_codes, provider.deliveries) == (("hpc:PRT-TIP",), (Delivery.AT_LOCATION,))
    assert ("service.contacts", "contact_withheld") in {(each.field, each.code) for each in result.notices}


def test_every_notice_is_explained() -> None:
    for code in (
        "expired",
        "point_refused",
        "snapped_to_area",
        "address_withheld",
        "description_withheld",
        "contact_withheld",
        "unmapped",
        "hours_not_read",
        "differs_from_first",
        "translation_differs",
    ):
        assert f"`{code}`" in TEXT
