"""What a coordinator does with files by the command line: a template filled, tried dry, imported; a sheet printed."""

from pathlib import Path

from tests.directory.test_import_template import FILLED, fill
from tests.house import House


def test_a_template_is_made_filled_tried_and_imported(house: House, tmp_path: Path) -> None:
    path = tmp_path / "providers.xlsx"
    assert house.ihala("template", str(path), "--language", "ar", "--dataset", "by.hand").exit_code == 0
    fill(path, "ar", FILLED)

    tried = house.json("import", str(path), "--dry-run")
    shown = house.ihala("import", str(path), "--dry-run")
    done = house.json("import", str(path))
    again = house.json("import", str(path), "--dry-run")

    assert [(each["row"], each["source_key"], each["outcome"]) for each in tried["changes"]] == [(1, "7", "created")]
    assert "would be" in shown.out
    assert (tried["created"], done["created"]) == (1, 1)
    assert (done["changes"], again["changes"]) == ([], [])


def test_a_file_beyond_a_limit_is_refused_by_the_limit(house: House, tmp_path: Path) -> None:
    path = tmp_path / "providers.csv"
    path.write_text("id\n1\n2\n", encoding="utf-8")
    mapping = str(Path(__file__).parents[2] / "mappings" / "healthsites.toml")

    too_many = house.ihala("import", str(path), "--mapping", mapping, "--max-rows", "1")
    unmapped = house.ihala("import", str(path))

    assert "must have at most 1 rows" in too_many.err
    assert "mapping" in unmapped.err
    assert 0 not in {too_many.exit_code, unmapped.exit_code}


def test_the_call_sheet_has_no_confidential_site_unless_it_is_asked_for(house: House, tmp_path: Path) -> None:
    public, whole = tmp_path / "public.html", tmp_path / "whole.html"

    assert house.ihala("export", str(public), "--as", "sheet", "--page-language", "ar").exit_code == 0
    assert house.ihala("export", str(whole), "--as", "sheet", "--with-confidential").exit_code == 0

    assert 'dir="rtl"' in public.read_text(encoding="utf-8")
    assert "Demo site" not in public.read_text(encoding="utf-8")
    assert "Demo site" in whole.read_text(encoding="utf-8")
    assert house.ihala("export", str(tmp_path / "x.csv"), "--as", "csv", "--with-confidential").exit_code != 0


def test_every_form_of_table_is_written(house: House, tmp_path: Path) -> None:
    for form, name in (("geopackage", "out.gpkg"), ("geoparquet", "out.parquet"), ("excel", "out.xlsx")):
        assert house.ihala("export", str(tmp_path / name), "--as", form).exit_code == 0
        assert b"Demo site" not in (tmp_path / name).read_bytes()
