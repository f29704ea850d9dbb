"""Facilities that are made up, and the mapping by which they are read: what an import is measured with."""

import csv
from pathlib import Path
from random import Random
from typing import Final

COLUMNS: Final = ("id", "owner", "name", "name_fr", "lat", "lon", "kind", "emergency", "phone", "hours", "language")
MAPPING: Final = """
format = "csv"
dataset = "bench"
licence = "CC0-1.0"
key = ["id"]
on_duplicate = "first"
[organization]
names = [{ from = "owner", language = "und" }]
[service]
names = [{ from = "kind", language = "en", codes = { hospital = "Hospital", clinic = "Clinic", house = "House" } }]
[location]
disclosure = "public"
latitude = "lat"
longitude = "lon"
country = "LY"
time_zone = "Africa/Tripoli"
names = [{ from = "name", language = "ar" }]
[provider]
names = [{ from = "name", language = "ar" }, { from = "name_fr", language = "fr" }]
status = "active"
reach_out = "telephone"
[[claims]]
code = "HEA-EMG"
from = "emergency"
[[claims]]
code = "HEA-PRI"
claim = "unknown"
when = { from = "kind", is = ["hospital", "clinic"] }
[[contacts]]
kind = "phone"
value = { from = "phone" }
[[languages]]
language = { from = "language" }
[[schedules]]
osm = "hours"
"""


def write_file(path: Path, count: int) -> None:
    """Make up facilities with names in Arabic and French, the same ones every time."""
    random = Random(count)
    kinds, answers = ("hospital", "clinic", "house"), ("yes", "no", "")
    hours, languages = ("24/7", "Sa-Th 09:00-17:00", ""), ("ar", "fr", "ber", "")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(count):
            writer.writerow(
                [
                    number,
                    f"Organization {number % 500}",
                    f"عيادة الأمل {number}",
                    f"Clinique de l'espoir {number}",
                    round(random.uniform(25, 33), 6),
                    round(random.uniform(10, 24), 6),
                    random.choice(kinds),
                    random.choice(answers),
                    f"+218 21 {number:07}",
                    random.choice(hours),
                    random.choice(languages),
                ]
            )
