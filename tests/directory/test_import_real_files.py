"""The mappings of this repository on the real files, by the numbers that their sources state."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from services.directory.importing.mapping import read_mapping
from services.directory.importing.reading import read_rows
from services.directory.model import Claim, ImportRecord, ReachOut, VettingState
from services.directory.model.imports import Notice, RowResult
from services.geo import Point
from tests.directory.import_files import ROOT, healthsites_files, unhcr_file

PUBLISHED = datetime(2015, 3, 22, tzinfo=UTC)  #: when the snapshot of the UNHCR file was taken


@cache
def read(mapping: str, paths: Sequence[Path], now: datetime = PUBLISHED) -> list[RowResult]:
    return list(read_rows(paths, read_mapping(ROOT / "mappings" / mapping), now=lambda: now))


def healthsites() -> list[RowResult]:
    return read("healthsites.toml", tuple(healthsites_files()))


def rows_of_the_files() -> list[dict[str, str]]:
    return [
        row
        for path in healthsites_files()
        for row in csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"), newline=""))
    ]


def unhcr() -> list[RowResult]:
    return read("unhcr-services-advisor.toml", (unhcr_file(),))


def records(results: list[RowResult]) -> list[ImportRecord]:
    return [each.record for each in results if each.record is not None]


def claim_of(record: ImportRecord, code: str) -> Claim | None:
    return next((each.claim for each in record.provider.claims if each.code == code), None)


class TestHealthsites:
    def test_both_files_are_read_whole(self) -> None:
        results = healthsites()

        assert len(results) == 2432 + 3580
        assert all(each.record is not None and not each.faults for each in results)
        assert len({each.source_key for each in results}) == 5830
        assert Counter(each.location.country_code for each in records(results)) == {"LY": 2432, "MA": 3580}

    def test_names_are_byte_identical(self) -> None:
        rows = rows_of_the_files()

        for row, record in zip(rows, records(healthsites()), strict=True):
            if row["name"]:
                assert record.provider.names[0].text.encode() == row["name"].encode()
                assert record.provider.names[0].language == "und"
            assert record.location.place == Point(float(row["lat"]), float(row["lon"]))
        assert sum(not row["name"] for row in rows) == 585

    def test_emergency_is_yes_no_or_unknown_as_the_source_says(self) -> None:
        rows = rows_of_the_files()
        said = {"yes": Claim.YES, "no": Claim.NO, "": Claim.UNKNOWN}

        for row, record in zip(rows, records(healthsites()), strict=True):
            if row["amenity"] == "hospital":
                assert claim_of(record, "HEA-EMG") is said[row["emergency"]]
            elif not row["emergency"]:
                assert claim_of(record, "HEA-EMG") is None
        assert Counter(claim_of(each, "HEA-EMG") for each in records(healthsites())) == {
            None: 5008,
            Claim.UNKNOWN: 911,
            Claim.YES: 64,
            Claim.NO: 29,
        }

    def test_a_pharmacy_offers_nothing_that_a_case_worker_looks_for(self) -> None:
        pharmacies = [each for each in records(healthsites()) if each.service.names[0].text == "Pharmacy"]

        assert len(pharmacies) == 1008 + 2313
        assert not any(each.provider.claims for each in pharmacies)

    def test_only_what_the_map_calls_public_is_listed(self) -> None:
        states = Counter(each.provider.vetting.state for each in records(healthsites()))

        assert states == {VettingState.UNVETTED: 6008, VettingState.LISTED: 4}

    def test_with_a_number_it_is_rung_and_without_one_people_walk_in(self) -> None:
        for record in records(healthsites()):
            expected = ReachOut.TELEPHONE if record.provider.contacts else ReachOut.WALK_IN
            assert record.provider.reach_out is expected


class TestUnhcr:
    def test_all_are_read_and_both_records_of_a_reused_id_kept(self) -> None:
        results = unhcr()
        ids = Counter(each.source_key.partition(":")[0] for each in results)

        assert len(records(results)) == 562
        assert len({each.source_key for each in results}) == 562
        assert sum(count == 2 for count in ids.values()) == 13
        assert max(ids.values()) == 2

    def test_an_indicator_of_0_is_no(self) -> None:
        counts = {code: Counter(claim_of(each, code) for each in records(unhcr())) for code in ("ACC-DV", "HEA-SGV")}

        assert counts["ACC-DV"] == {None: 551, Claim.NO: 8, Claim.YES: 3}
        assert counts["HEA-SGV"] == {None: 551, Claim.NO: 11}

    @pytest.mark.parametrize(
        ("code", "count"),
        [("LEG-ADV", 15), ("ACC-CHI", 11), ("HEA-PRI", 11), ("PRO-DET", 4), ("ACC-DV", 3), ("HEA-SGV", 0)],
    )
    def test_those_that_provide_it_are_as_many_as_the_source_states(self, code: str, count: int) -> None:
        assert sum(claim_of(each, code) is Claim.YES for each in records(unhcr())) == count

    def test_every_indicator_is_mapped_or_left_out_on_purpose(self) -> None:
        assert not any(notice.code == "unmapped" for each in unhcr() for notice in each.notices)

    def test_those_that_had_ended_are_reported(self) -> None:
        expired = [each for each in unhcr() if Notice("provider.valid", "expired") in each.notices]

        assert len(expired) == 454

    def test_the_last_day_is_inside_and_ends_at_midnight_in_amman(self) -> None:
        features = json.loads(unhcr_file().read_text(encoding="utf-8"))
        february = datetime(2015, 2, 15, 12, 0, tzinfo=UTC)
        active = [each for each in records(unhcr()) if each.provider.valid.has(february)]

        assert len(active) == sum(
            each["properties"]["startDate"] <= "2015-02-15" <= each["properties"]["endDate"] for each in features
        )
        assert active[0].provider.valid.end_time is not None
        assert active[0].provider.valid.end_time.hour in {21, 22}

    def test_the_referral_method_becomes_reach(self) -> None:
        features = json.loads(unhcr_file().read_text(encoding="utf-8"))
        by_method: dict[str, set[ReachOut]] = {}
        for feature, record in zip(features, records(unhcr()), strict=True):
            for method in feature["properties"].get("10. Referral Method", {"nothing said": True}):
                by_method.setdefault(method, set()).add(record.provider.reach_out)

        assert by_method["Referrals not accepted"] == {ReachOut.NONE}
        assert by_method["Referral is not required"] == {ReachOut.WALK_IN}
        for method in ("Telephone on a per case basis", "Email on a per case basis", "IA Form", "RAIS"):
            assert by_method[method] == {ReachOut.TELEPHONE}
        assert sum(each.provider.reach_out is ReachOut.NONE for each in records(unhcr())) >= 87

    def test_a_blank_at_the_end_of_a_partner_stays(self) -> None:
        names = {each.organization.names[0].text for each in records(unhcr())}

        assert len(names) == 44
        assert {"IFH/NHF ", "NHF"} <= names

    def test_services_on_the_same_point_share_their_location(self) -> None:
        places = {each.location.place for each in records(unhcr())}

        assert len(places) == 82
        assert all(isinstance(place, Point) for place in places)

    def test_hours_that_make_no_sense_are_left_out(self) -> None:
        for record in records(unhcr()):
            assert all(each.rrule for each in record.provider.schedules)
