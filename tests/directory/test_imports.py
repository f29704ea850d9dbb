"""Imports through the door that `ihala import` comes in by, against the real database."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.importing import Report, import_files
from services.directory.importing.apart import ReaderApart
from services.directory.model.imports import Counts
from services.directory.wire.import_rows_wire import batches
from services.errors import FailedPrecondition, IhalaError, InvalidInput, PermissionDenied, Reason
from services.runtime.auth import Role
from services.runtime.postgres import read
from tests.directory.house import NOON, House
from tests.directory.import_files import HEADER, MAPPING, ROOT, healthsites_files, results_of, unhcr_file


def rows(*keys: object, name: str = "Bayt") -> str:
    return HEADER + "".join(f"{key},Dar,{name} {key},32.8,13.1,yes\n" for key in keys)


async def bring(house: House, folder: Path, content: str, mapping: str = MAPPING, **options: Any) -> Report:
    """Import a small file."""
    (folder / "file").write_text(content, encoding="utf-8")
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    return await import_files(
        house.editor.ImportProviders, [folder / "file"], folder / "mapping.toml", now=lambda: NOON, **options
    )


async def revision(house: House) -> int:
    async with read(house.pool) as connection:
        cursor = await connection.execute("SELECT coalesce(max(revision), 0) FROM feed")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def contents(house: House) -> dict[str, list[Any]]:
    """Read every table of the directory but the audit."""
    tables = ("organization", "service", "location", "provider", "place_report", "import_run", "import_key", "feed")
    found = {}
    async with read(house.pool) as connection:
        for table in tables:
            found[table] = await (await connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")).fetchall()  # noqa: S608
    return found


async def names(house: House, dataset: str = "towns.test") -> dict[str, str]:
    answer = await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset=dataset, page_size=500))
    return {each.source.source_key: each.names[0].text for each in answer.providers}


async def test_a_second_import_changes_nothing_and_takes_no_revision(house: House, tmp_path: Path) -> None:
    first = await bring(house, tmp_path, rows(1, 2, 3))
    before = await contents(house)

    again = await bring(house, tmp_path, rows(1, 2, 3))

    assert first.counts == Counts(read=3, created=3)
    assert again.counts == Counts(read=3, unchanged=3)
    after = await contents(house)
    assert {**after, "import_run": None} == {**before, "import_run": None}


async def test_a_changed_row_is_updated_and_the_others_are_not(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(1, 2, 3))

    report = await bring(house, tmp_path, rows(1, 3) + "2,Dar,New,32.8,13.1,yes\n")

    assert report.counts == Counts(read=3, updated=1, unchanged=2)
    assert await names(house) == {"1": "Bayt 1", "2": "New", "3": "Bayt 3"}


async def test_a_dry_run_counts_the_same_and_changes_nothing(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(1, 2, 3, 4, 5, 6))
    before, content = await contents(house), rows(1, 7, 2, 2) + "3,Dar,New,91,13,yes\n4,x\n"

    dry = await bring(house, tmp_path, content, dry_run=True, complete=True, allow_large_archive=True)
    between = await contents(house)
    real = await bring(house, tmp_path, content, complete=True, allow_large_archive=True)

    assert between == before
    assert dry.counts == real.counts
    assert dry.rejected == real.rejected
    assert dry.remarks == real.remarks
    assert real.counts == Counts(read=6, created=1, updated=1, unchanged=2, archived=3, duplicates=1, rejected=1)


@pytest.mark.parametrize(
    ("on_duplicate", "kept", "counts"),
    [
        ("first", "one", Counts(read=3, created=2, duplicates=1)),
        ("last", "two", Counts(read=3, created=2, duplicates=1)),
        ("reject", "one", Counts(read=3, created=2, rejected=1)),
    ],
)
async def test_a_repeated_key_goes_by_the_mapping(
    house: House, tmp_path: Path, on_duplicate: str, kept: str, counts: Counts
) -> None:
    mapping = MAPPING.replace('on_duplicate = "first"', f'on_duplicate = "{on_duplicate}"')
    content = f"{HEADER}1,Dar,one,,,\n2,Dar,other,,,\n1,Dar,two,,,\n"

    report = await bring(house, tmp_path, content, mapping)

    assert report.counts == counts
    assert await names(house) == {"1": kept, "2": "other"}
    assert [(each.row_number, each.fault.field) for each in report.rejected] == [(3, "key")] * counts.rejected


async def test_a_row_after_a_refused_one_of_its_key_is_imported(house: House, tmp_path: Path) -> None:
    report = await bring(house, tmp_path, f"{HEADER}1,,no owner,,,\n1,Dar,good,,,\n")

    assert report.counts == Counts(read=2, created=1, rejected=1)
    assert await names(house) == {"1": "good"}


async def test_a_refused_row_is_reported_and_the_rest_imported(house: House, tmp_path: Path) -> None:
    """Latitude 91: the record is kept without a point; a row of the wrong length is no record."""
    report = await bring(house, tmp_path, f"{HEADER}1,Dar,a,91,13,yes\n2,Dar\n3,Dar,c,0,0,yes\n")

    assert report.counts == Counts(read=3, created=2, rejected=1)
    assert [(each.row_number, each.fault.field, each.record_kept) for each in report.rejected] == [
        (1, "location.latitude_deg", True),
        (2, "row", False),
    ]
    assert [(each.row_number, each.notice.code) for each in report.remarks] == [(1, "point_refused")]
    answer = await house.editor.ListProviders(rpc_pb.ListProvidersRequest(dataset="towns.test"))
    has_place = {each.source.source_key: each.HasField("place") for each in answer.providers}
    assert has_place == {"1": False, "3": True}


async def test_rows_that_are_gone_are_archived_only_if_the_file_is_complete(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))
    await bring(house, tmp_path, rows("other"), MAPPING.replace("towns.test", "other.test"))

    partial = await bring(house, tmp_path, rows(*range(1, 9)))
    complete = await bring(house, tmp_path, rows(*range(1, 9)) + "9,refused\n", complete=True)

    assert partial.counts.archived == 0
    assert complete.counts == Counts(read=9, unchanged=8, rejected=1, archived=2)
    assert len(await names(house)) == 8
    assert list(await names(house, "other.test")) == ["other"]


async def test_a_refused_row_does_not_archive_its_record(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))

    report = await bring(house, tmp_path, rows(*range(1, 10)) + "10,,no owner,,,\n", complete=True)

    assert report.counts == Counts(read=10, unchanged=9, rejected=1)


async def test_more_than_20_percent_is_archived_only_if_that_is_allowed(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))

    with pytest.raises(FailedPrecondition) as caught:
        await bring(house, tmp_path, rows(*range(1, 8)), complete=True)
    kept = await names(house)
    report = await bring(house, tmp_path, rows(*range(1, 8)), complete=True, allow_large_archive=True)

    assert [violation.field for violation in caught.value.fields] == ["header.allow_large_archive"]
    assert len(kept) == 10
    assert report.counts.archived == 3
    assert report.resumed_after_row == 7


async def test_an_archived_record_that_comes_back_is_in_use_again(house: House, tmp_path: Path) -> None:
    await bring(house, tmp_path, rows(*range(1, 11)))
    await bring(house, tmp_path, rows(*range(1, 10)), complete=True)

    report = await bring(house, tmp_path, rows(*range(1, 11)))

    assert report.counts == Counts(read=10, unchanged=9, updated=1)


class TestInterrupted:
    KEYS = range(1, 3501)

    async def cut(self, house: House, folder: Path, after_commits: int, content: str) -> int:
        """Import until some commits are heard of, then hang up; return the last row that was told."""
        told = 0

        def hang_up(report: Report) -> None:
            nonlocal told
            told = report.counts.read
            if told >= 1000 * after_commits:
                raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await bring(house, folder, content, on_progress=hang_up)
        return told

    async def test_the_same_file_goes_on_where_it_stopped(self, house: House, tmp_path: Path) -> None:
        # the last row repeats the first key, which another call has imported
        content = rows(*self.KEYS) + "1,Dar,again,,,\n"
        told = await self.cut(house, tmp_path, 2, content)

        report = await bring(house, tmp_path, content)

        assert told >= 2000
        assert report.resumed_after_row >= told
        assert report.counts == Counts(read=3501, created=3500, duplicates=1)
        async with read(house.pool) as connection:
            cursor = await connection.execute("SELECT count(*), count(DISTINCT source_key) FROM provider")
            assert await cursor.fetchone() == (3500, 3500)
            cursor = await connection.execute("SELECT count(*) FROM provider_history")
            assert await cursor.fetchone() == (3500,)
            cursor = await connection.execute("SELECT state FROM import_run")
            assert await cursor.fetchall() == [("done",)]
            assert await (await connection.execute("SELECT FROM import_key")).fetchall() == []

    async def test_another_file_begins_at_its_beginning(self, house: House, tmp_path: Path) -> None:
        await self.cut(house, tmp_path, 1, rows(*self.KEYS))

        report = await bring(house, tmp_path, rows(*self.KEYS, name="New"))

        assert report.resumed_after_row == 0
        assert report.counts.read == 3500
        assert report.counts.updated >= 1000

    async def test_of_two_imports_of_one_file_at_once_one_gives_way(self, house: House, tmp_path: Path) -> None:
        folders = [tmp_path / "one", tmp_path / "two"]
        for folder in folders:
            folder.mkdir()

        ends = await asyncio.gather(
            *(bring(house, folder, rows(*self.KEYS)) for folder in folders), return_exceptions=True
        )

        reports = [each for each in ends if isinstance(each, Report)]
        assert [each for each in ends if not isinstance(each, Report | FailedPrecondition)] == []
        # whichever went on: a call that began when the other was done finds everything there
        assert Counts(read=3500, created=3500) in [each.counts for each in reports]
        assert len((await contents(house))["import_run"]) == len(reports)

    async def test_of_two_calls_that_begin_together_the_second_to_commit_learns_why_and_nothing_is_lost(
        self, house: House, tmp_path: Path
    ) -> None:
        rows_sent = list(batches(results_of(tmp_path, rows(*range(1, 2501)))))
        first, second = Sender(house), Sender(house)
        for sender in (first, second):  # both have read that nothing is committed yet
            await sender.send(TestRefused.HEADER)
            assert (await sender.hear()).resume_after_row == 0
        for message in rows_sent:
            await first.send(message.rows)
            await second.send(message.rows)
        ends = [await sender.end() for sender in (first, second)]

        (report,) = [end for end in ends if not isinstance(end, IhalaError)]
        (refused,) = [end for end in ends if isinstance(end, IhalaError)]
        assert isinstance(refused, FailedPrecondition)
        assert (report.read_count, report.created_count, report.done) == (2500, 2500, True)
        assert len(await names(house)) == 500  # of a page
        again = Sender(house)
        for part in (TestRefused.HEADER, *(message.rows for message in rows_sent)):
            await again.send(part)
        assert (await again.end()).unchanged_count == 2500


class Sender:
    """One call of ImportProviders, a message at a time."""

    def __init__(self, house: House) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._answers = aiter(house.editor.ImportProviders(self._messages()))

    async def _messages(self) -> AsyncIterator[rpc_pb.ImportProvidersRequest]:
        while (part := await self._queue.get()) is not None:
            field = "header" if isinstance(part, rpc_pb.ImportHeader) else "rows"
            yield rpc_pb.ImportProvidersRequest(**{field: part})

    async def send(self, part: Any) -> None:
        await self._queue.put(part)

    async def hear(self) -> Any:
        return await anext(self._answers)

    async def end(self) -> Any:
        """Send no more, and return the last answer, or what the call failed with."""
        await self._queue.put(None)
        last = None
        try:
            async for answer in self._answers:
                last = answer
        except IhalaError as error:
            return error
        return last


class TestRefused:
    async def sent(self, house: House, *requests: rpc_pb.ImportProvidersRequest) -> list[Any]:
        async def all_of_them() -> AsyncIterator[rpc_pb.ImportProvidersRequest]:
            for request in requests:
                yield request

        return [answer async for answer in house.editor.ImportProviders(all_of_them())]

    HEADER = rpc_pb.ImportHeader(dataset="towns.test", digest="0" * 64, on_duplicate=rpc_pb.ON_DUPLICATE_FIRST)

    @pytest.mark.parametrize(
        ("header", "field"),
        [
            ({"dataset": "Towns!"}, "header.dataset"),
            ({"digest": "abc"}, "header.digest"),
            ({"on_duplicate": rpc_pb.ON_DUPLICATE_UNSPECIFIED}, "header.on_duplicate"),
        ],
    )
    async def test_a_header_that_says_too_little(self, house: House, header: dict[str, Any], field: str) -> None:
        good: dict[str, Any] = {
            "dataset": "towns",
            "digest": "0" * 64,
            "on_duplicate": rpc_pb.ON_DUPLICATE_FIRST,
        }
        with pytest.raises(InvalidInput) as caught:
            await self.sent(house, rpc_pb.ImportProvidersRequest(header=rpc_pb.ImportHeader(**{**good, **header})))

        assert [violation.field for violation in caught.value.fields] == [field]

    async def test_rows_before_the_header_and_a_second_header(self, house: House) -> None:
        header = rpc_pb.ImportProvidersRequest(header=self.HEADER)
        rows_first = rpc_pb.ImportProvidersRequest(rows=rpc_pb.ImportRows())

        for requests in ((), (rows_first,), (header, header)):
            with pytest.raises(InvalidInput):
                await self.sent(house, *requests)

    async def test_a_row_that_the_model_refuses_is_no_failed_call(self, house: House) -> None:
        """Latitude 91, an unknown service code, and a row without parts, sent past the reader."""
        names = [pb.LocalizedText(language="en", text="Dar")]

        def a_row(number: int, latitude_deg: float = 1.0, code: str = "HEA-PRI") -> rpc_pb.ImportRow:
            location = pb.Location(disclosure=pb.DISCLOSURE_PUBLIC, country_code="LY", time_zone="Africa/Tripoli")
            location.place.point.latitude_deg, location.place.point.longitude_deg = latitude_deg, 2.0
            return rpc_pb.ImportRow(
                row_number=number,
                source_key=str(number),
                organization=pb.Organization(names=names),
                service=pb.Service(names=names),
                location=location,
                provider=pb.Provider(
                    names=names, status=pb.STATUS_ACTIVE, claims=[pb.ServiceClaim(code=code, claim=pb.CLAIM_YES)]
                ),
            )

        batch = [a_row(1), a_row(2, latitude_deg=91.0), a_row(3, code="HEA-XXX"), rpc_pb.ImportRow(row_number=4)]
        answers = await self.sent(
            house,
            rpc_pb.ImportProvidersRequest(header=self.HEADER),
            rpc_pb.ImportProvidersRequest(rows=rpc_pb.ImportRows(rows=batch)),
        )

        assert answers[-1].created_count == 1
        assert answers[-1].rejected_count == 3
        assert [(each.row_number, each.field) for answer in answers for each in answer.rejected] == [
            (2, "location.place.point.latitude_deg"),
            (3, "provider.claims[0].code"),
            (4, "organization"),
        ]

    async def test_nobody_but_an_editor_imports(self, house: House) -> None:
        async def a_header() -> AsyncIterator[rpc_pb.ImportProvidersRequest]:
            yield rpc_pb.ImportProvidersRequest(header=self.HEADER)

        for role in (Role.COORDINATOR, Role.CASE_SYSTEM, Role.SERVICE):
            with pytest.raises(PermissionDenied):
                _ = [each async for each in house.stub(role).ImportProviders(a_header())]

    async def test_a_file_that_breaks_on_the_way_says_why(
        self, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def breaks(reader: object, after_row: int) -> AsyncIterator[Any]:
            raise OSError("the disk is gone")
            yield

        monkeypatch.setattr(ReaderApart, "requests", breaks)

        with pytest.raises(OSError, match="the disk is gone"):
            await bring(house, tmp_path, rows(1))

    async def test_a_bad_file_or_mapping_sends_nothing(self, house: House, tmp_path: Path) -> None:
        before = await contents(house)
        for content, mapping, reason in (
            ("", MAPPING, Reason.MALFORMED),
            ("id,other\n1,2\n", MAPPING, Reason.UNKNOWN_FIELD),
            (rows(1), MAPPING + "\nspelling = 1\n", Reason.UNKNOWN_FIELD),
            (rows(1), MAPPING.replace("ACC-EMG", "ACC-XXX"), Reason.UNKNOWN_CODE),
        ):
            with pytest.raises(IhalaError) as caught:
                await bring(house, tmp_path, content, mapping)
            assert caught.value.reason is reason

        assert await contents(house) == before


class TestRealFiles:
    async def test_both_healthsites_files_are_one_dataset(self, house: House) -> None:
        files, mapping = healthsites_files(), ROOT / "mappings" / "healthsites.toml"

        one = await import_files(house.editor.ImportProviders, files[:1], mapping, now=lambda: NOON)
        other = await import_files(house.editor.ImportProviders, files[1:], mapping, now=lambda: NOON)
        before = await revision(house)
        both = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON, complete=True)

        assert one.counts == Counts(read=2432, created=2255, duplicates=177)
        assert other.counts == Counts(read=3580, created=3575, duplicates=5)
        assert both.counts == Counts(read=6012, unchanged=5830, duplicates=182)
        assert await revision(house) == before

    async def test_the_unhcr_file_is_read_whole_and_a_second_time_changes_nothing(self, house: House) -> None:
        files, mapping = [unhcr_file()], ROOT / "mappings" / "unhcr-services-advisor.toml"

        first = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)
        before = await revision(house)
        again = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)

        assert first.counts == Counts(read=562, created=562)
        assert again.counts == Counts(read=562, unchanged=562)
        assert await revision(house) == before
        assert Counter(each.notice.code for each in first.remarks)["expired"] == 562

    async def test_the_demo_is_imported_whole_and_a_second_time_changes_nothing(self, house: House) -> None:
        files, mapping = [ROOT / "demo" / "providers.json"], ROOT / "demo" / "mapping.toml"
        count = len(json.loads(files[0].read_text(encoding="utf-8")))

        first = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)
        again = await import_files(house.editor.ImportProviders, files, mapping, now=lambda: NOON)

        assert first.counts == Counts(read=count, created=count)
        assert again.counts == Counts(read=count, unchanged=count)
        assert not first.rejected
