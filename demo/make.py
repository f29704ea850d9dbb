"""
Write the fictional directory of the demo: providers.json, receivers.json, past_referrals.json.

Run it as `python demo/make.py` after a change of kinds.toml; it writes the same
files every time. Points lie near real towns (GeoNames), at nobody's address. A
confidential site has a cell in the file, never a point: there is no exact one.
"""

import json
import random
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from services import geo, towns  # noqa: E402 -- the script runs from any folder

TABLES = tomllib.loads((FOLDER / "kinds.toml").read_text(encoding="utf-8"))
MARKS = {"ar": " (تجريبي)", "en": " (demo)", "fr": " (démo)"}  #: every name says that it is made up
FICTIONAL = {
    "ar": "جهة متخيلة للعرض فقط؛ لا تُحِل إليها أحدًا.",
    "en": "Fictional, for demonstration only; refer nobody.",
    "fr": "Structure fictive, pour démonstration seulement ; n'y orientez personne.",
}
REPORTED = "2026-01-05T08:00:00Z"
NEVER_AUTOMATIC = {"PRO-POL", "RET-AVR", "LEG-CON", "FAM-TRC", "PRO-AGE"}
BUSY_TOWNS = ("tripoli", "tunis", "cairo", "rabat", "oujda")
#: population → (youngest, oldest, genders) that a house for it takes
TAKEN: dict[str, tuple[int, int, list[str]]] = {
    "women": (18, 130, ["woman"]),
    "girls": (12, 17, ["woman"]),
    "men": (18, 130, ["man"]),
    "boys": (12, 17, ["man"]),
    "families": (0, 130, []),
    "transgender": (18, 130, ["transgender_woman", "transgender_man", "other"]),
}

Table = dict[str, Any]


class Maker:
    """Makes one provider after the other from a fixed seed."""

    def __init__(self) -> None:
        self.random = random.Random(2026)
        self.towns = towns.load(list(TABLES["countries"]))
        self.count = 0

    def providers(self) -> Iterator[Table]:
        for slug, town in TABLES["towns"].items():
            middle = self.towns.resolve(town["lookup"], town["country"])[0]
            near = self.moved(middle.point)
            for name in town["kinds"]:
                self.count += 1
                yield self.provider(f"{slug}-{name}", name, town, middle, self.moved(near))

    def moved(self, point: geo.Point) -> geo.Point:
        """Move a point by some hundred metres, inland rather than out to sea."""
        return geo.Point(
            round(point.latitude_deg - self.random.uniform(0, 0.01), 5),
            round(point.longitude_deg + self.random.uniform(-0.01, 0.004), 5),
        )

    def provider(self, key: str, name: str, town: Table, middle: towns.Town, point: geo.Point) -> Table:
        kind, changed = TABLES["kinds"][name], dict(TABLES["changed"].get(key, {}))
        country = TABLES["countries"][town["country"]]
        shown = ("ar", country["second_language"])
        names = {tag: f"{kind[tag]} {town['names'][tag]}{MARKS[tag]}" for tag in shown}
        vetting = changed.pop("vetting", kind.get("vetting", "vetted"))
        organization = country["organizations"][2 if vetting == "listed" else self.count % 2]
        silent, full = changed.pop("silent", False), changed.pop("full", False)
        round_the_clock = changed.pop("round_the_clock", kind.get("round_the_clock", False))
        point = geo.Point(*changed.pop("at", (point.latitude_deg, point.longitude_deg)))
        record = {
            "key": key,
            "fictional": True,
            "organization": {
                "key": organization["key"],
                "names": {tag: organization[tag] + MARKS[tag] for tag in shown},
                "url": f"https://{organization['key']}.example",
            },
            "service": {
                "key": f"{organization['key']}/{name}",
                "names": {tag: kind[tag] + MARKS[tag] for tag in shown},
            },
            "location": self.location(key, kind, names, middle, point),
            "claims": {code: claim for claim in ("yes", "unknown", "no") for code in kind.get(claim, [])},
            "rules": [] if silent else list(rules(kind)),
            "languages": [] if silent else self.languages(country),
            "schedules": schedules(
                country["working_days"], round_the_clock=round_the_clock, tells_ramadan=self.count % 3 == 0
            ),
            "places": [self.places(population, full=full) for population in kind.get("people", [])],
            "status": "active",
            "vetting": vetting,
            "vetting_expires": "2036-12-31" if vetting == "vetted" else None,
            "reporting": "unknown" if silent else "none",
            "co_located": "unknown" if silent else "no",
            "reach_out": "enrolled" if key in ENROLLED else kind.get("reach_out", "telephone"),
            "staff_genders": kind.get("staff", ["woman", "man"]),
            "works_across_borders": "no",
            "free_of_charge": "yes",
            "detention": "no",
            "start": "2020-01-01",
            "last_day": None,
            "verified": "2025-12-01",
            "pool": None,
        }
        if not kind.get("area"):
            record |= {
                "names": names,
                "descriptions": {tag: FICTIONAL[tag] for tag in shown},
                "contacts": self.contacts(),
            }
        more = {field: value for field, value in kind.get("more", {}).items() if field != "wheelchair"}
        return record | more | changed

    def location(self, key: str, kind: Table, names: Table, middle: towns.Town, point: geo.Point) -> Table:
        location = {
            "key": key,
            "country": middle.country_code,
            "time_zone": middle.time_zone,
            "wheelchair": kind.get("more", {}).get("wheelchair") or self.random.choice(["yes", "no", "unknown"]),
        }
        if kind.get("area"):
            return location | {
                "disclosure": "area",
                "cell": geo.snap_to_area(point, self.towns.population_in).h3_cell,
                "alias": {"ar": f"موقع تجريبي {self.count}", "en": f"Demo site {self.count}"},
                "front_gate": middle.place_id,
            }
        position = {"latitude": point.latitude_deg, "longitude": point.longitude_deg}
        return location | {"disclosure": "public", "names": names} | position

    def contacts(self) -> list[Table]:
        # +999 is a country code that nobody has: these numbers ring nowhere
        return [
            {"kind": "phone", "value": f"+999 0000 0{self.count:03d}"},
            {"kind": "email", "value": f"desk{self.count:03d}@demo.example"},
        ]

    def languages(self, country: Table) -> list[Table]:
        staff = [{"language": tag, "mode": "staff"} for tag in country["staff_languages"]]
        brought = [tag for tag in country["interpreted"] if tag not in country["staff_languages"]]
        chosen = sorted({*self.random.sample(brought, 3), brought[0]})
        return staff + [{"language": tag, "mode": "interpreter_remote", "vetted": "yes"} for tag in chosen]

    def places(self, population: str, *, full: bool) -> Table:
        total = self.random.choice([4, 6, 8, 10, 12, 20])
        occupied = self.random.randint(0, total - 2)
        return {
            "population": population,
            "total": total,
            "occupied": total if full else occupied,
            "report_time": REPORTED,
        }


def rules(kind: Table) -> Iterator[Table]:
    """State every rule, so that a match needs no question."""
    taken = [TAKEN[population] for population in kind.get("people", ["families"])]
    for low, high in sorted({(low, high) for low, high, _ in taken}):
        yield {"kind": "age", "claim": "yes", "min_years": low, "max_years": high}
    yield {"kind": "gender", "claim": "yes", "codes": sorted({code for _, _, codes in taken for code in codes})}
    yield {"kind": "process", "claim": "yes", "codes": kind.get("process", [])}
    for all_taken in ("family", "exploitation", "legal_status"):
        yield {"kind": all_taken, "claim": "yes"}
    yield {"kind": "unaccompanied_child", "claim": kind.get("alone", "no")}
    yield {"kind": "documents", "claim": "no"}


def schedules(working_days: str, *, round_the_clock: bool, tells_ramadan: bool) -> list[Table]:
    """Keep hours of an office, or none; one in three says its hours of Ramadan, for the others they are announced."""
    if round_the_clock:
        return [{"purpose": purpose, "opens_at": "00:00", "closes_at": "24:00"} for purpose in ("opening", "intake")]
    days = f"FREQ=WEEKLY;BYDAY={working_days}"
    ramadan = {"rrule": days, "calendar": "ramadan"}
    return [
        {"purpose": "opening", "rrule": days, "opens_at": "08:30", "closes_at": "16:30"},
        {"purpose": "intake", "rrule": days, "opens_at": "09:00", "closes_at": "15:00"},
        *([{"purpose": "opening", **ramadan, "opens_at": "09:30", "closes_at": "14:30"}] if tells_ramadan else []),
        *([{"purpose": "intake", **ramadan, "opens_at": "10:00", "closes_at": "13:30"}] if tells_ramadan else []),
    ]


def receivers() -> Iterator[Table]:
    for desk in TABLES["receivers"]:
        country = TABLES["countries"][desk["country"]]
        second = country["second_language"]
        yield {
            "key": desk["key"],
            "names": {"ar": desk["ar"] + MARKS["ar"], second: desk["other"] + MARKS[second]},
            "languages": ["ar", second],
            "time_zone": country["time_zone"],
            "channels": desk["channels"],
            "provider_keys": desk["provider_keys"],
        }


def codes_of(provider: Table) -> list[str]:
    """List what people were referred to a provider for; nothing where nobody can be."""
    referable = (
        provider["status"] == "active"
        and provider["reach_out"] != "none"
        and provider["last_day"] is None
        and provider["vetting"] == "vetted"
        and provider["vetting_expires"] > "2030"
    )
    offered = [code for code, claim in provider["claims"].items() if claim == "yes"]
    return [code for code in offered if referable and code not in NEVER_AUTOMATIC]


def past_referrals(providers: list[Table]) -> Iterator[Table]:
    """Make 300 referrals of the last 90 days, more where more people come through."""
    chance = random.Random(1815)
    referable = [each for each in providers if codes_of(each)]
    weights = [4 if each["key"].startswith(BUSY_TOWNS) else 1 for each in referable]
    outcomes = ["completed"] * 11 + ["declined"] * 4 + ["expired"] * 3 + ["failed", "cancelled"]
    reasons = ["no_capacity", "no_capacity", "language_unavailable", "not_eligible_age", "temporarily_closed"]
    for number, provider in enumerate(chance.choices(referable, weights, k=300), start=1):
        outcome = chance.choice(outcomes)
        groups = [report["population"] for report in provider["places"]] or ["women", "men", "girls", "boys"]
        yield {
            "case_ref": f"demo-past-{number:03d}",
            "provider_key": provider["key"],
            "code": chance.choice(codes_of(provider)),
            "urgency": chance.choice(["emergency", "urgent", "urgent", "normal"]),
            "group": chance.choice(groups),
            "outcome": outcome,
            "reason": chance.choice(reasons) if outcome == "declined" else "",
            "days_ago": chance.randint(1, 90),
        }


ENROLLED = {key for desk in TABLES["receivers"] for key in desk["provider_keys"]}


def main() -> None:
    providers = list(Maker().providers())
    for name, records in (
        ("providers", providers),
        ("receivers", list(receivers())),
        ("past_referrals", list(past_referrals(providers))),
    ):
        text = json.dumps(records, ensure_ascii=False, indent=1) + "\n"
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
        print(f"{name}.json: {len(records)}")


if __name__ == "__main__":
    main()
