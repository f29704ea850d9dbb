"""Files and mappings that are wrong: each has its reason and field, a code that is not 0, and changes nothing."""

from pathlib import Path

import pytest

from tests.directory.import_files import HEADER, MAPPING
from tests.house import House

ROW = "fault-1,Dar,Bayt,32.1,20.1,yes\n"


def imported(house: House, folder: Path, content: bytes, mapping: str = MAPPING) -> tuple[str, ...]:
    """Write a file and its mapping, and return the command that imports them."""
    (folder / "file.csv").write_bytes(content)
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    return ("import", str(folder / "file.csv"), "--mapping", str(folder / "mapping.toml"), "--format", "json")


def everything_in(house: House) -> list[str]:
    found = house.json("search", "--dataset", "towns.test", "--limit", "500")["providers"]
    return [each["provider_id"] for each in found]


@pytest.mark.parametrize(
    ("content", "mapping", "reason", "exit_code"),
    [
        (b"\xff\xfe\x00", MAPPING, "MALFORMED", 12),
        (b"", MAPPING, "MALFORMED", 12),
        ((HEADER + ROW).encode(), MAPPING + 'colour = "red"\n', "UNKNOWN_FIELD", 13),
        ((HEADER + ROW).encode(), MAPPING.replace('code = "ACC-EMG"', 'code = "ACC-XXX"'), "UNKNOWN_CODE", 14),
        ((HEADER + ROW).encode(), MAPPING.replace('latitude = "lat"', 'latitude = "nord"'), "UNKNOWN_FIELD", 13),
        ((HEADER + ROW).encode(), "this is no TOML", "MALFORMED", 12),
    ],
    ids=["a file of bytes", "an empty file", "unknown key", "unknown code", "unknown column", "no TOML"],
)
def test_a_file_or_mapping_that_cannot_be_read_changes_nothing(
    house: House, tmp_path: Path, content: bytes, mapping: str, reason: str, exit_code: int
) -> None:
    before = everything_in(house)

    said = house.ihala(*imported(house, tmp_path, content, mapping))

    assert (said.error["reason"], said.exit_code, said.out) == (reason, exit_code, "")
    assert said.error["fields"][0]["field"]
    assert everything_in(house) == before


def test_a_row_that_is_wrong_is_reported_and_the_rest_imported(house: House, tmp_path: Path) -> None:
    lines = [HEADER, ROW, "fault-2,Dar,Bayt,91,20.1,yes\n", "fault-3,Dar\n", "fault-4,Dar,Bayt,32.3,20.1,maybe\n"]

    said = house.ihala(*imported(house, tmp_path, "".join(lines).encode()))

    rejected = {each["row"]: each for each in said.document["rejected"]}
    assert (said.exit_code, said.document["read"], said.document["created"]) == (0, 4, 3)
    assert rejected[2]["record_kept"] is True  # kept without a point: latitude 91 is none
    assert "latitude" in rejected[2]["field"]
    assert rejected[3]["record_kept"] is False
    assert {"row", "field", "reason"} <= rejected[3].keys()


def test_a_dry_run_says_what_would_be_and_changes_nothing(house: House, tmp_path: Path) -> None:
    before = everything_in(house)
    rows = "".join(f"dry-{number},Dar,Bayt,32.1,20.1,yes\n" for number in range(5))

    said = house.ihala(*imported(house, tmp_path, (HEADER + rows).encode()), "--dry-run")

    assert (said.document["created"], said.document["dry_run"]) == (5, True)
    assert everything_in(house) == before
