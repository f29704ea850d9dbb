"""Time zones are those of the locked package, on whatever machine: a border of days must not move with the host."""

import re
from pathlib import Path

import pytest

from services.hours import zone

SERVICES = Path(__file__).resolve().parents[2] / "services"


def test_no_service_reads_the_zones_of_the_machine_that_it_runs_on() -> None:
    reading = [
        path.relative_to(SERVICES).as_posix()
        for path in SERVICES.rglob("*.py")
        if re.search(r"\bZoneInfo\(", path.read_text(encoding="utf-8"))
    ]

    assert reading == []


@pytest.mark.parametrize("name", ["", "Africa/Nowhere", "../../etc/passwd", "/etc/localtime", "africa/tripoli"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        zone(name)


def test_a_zone_is_the_one_of_the_package() -> None:
    assert zone("Africa/Tripoli").key == "Africa/Tripoli"
