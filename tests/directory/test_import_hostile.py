"""Files made to hurt (T12): each is refused by name, or read as what it says, and only the reader's process suffers."""

import asyncio
import io
import json
import os
import platform
import socket
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ihala.directory.v1 import directory_service_pb2 as rpc_pb
from services.directory.importing.apart import reader_apart
from services.directory.importing.limits import Limits
from services.errors import InvalidInput, Reason
from tests.directory.house import NOON
from tests.directory.import_files import HEADER, MAPPING, ROOT

ROW = "1,Dar,Bayt,32.8,13.1,yes\n"


async def read(path: Path, file_format: str = "csv", **limits: int) -> list[rpc_pb.ImportRows]:
    """Read a file in a process apart, as an import does."""
    mapping = path.with_name("mapping.toml")
    mapping.write_text(MAPPING.replace('"csv"', f'"{file_format}"'), encoding="utf-8")
    async with reader_apart([path], mapping, now=NOON, limits=Limits(**limits)) as reader:
        await reader.header()
        return [request.rows async for request in reader.requests(0)]


async def refusal(path: Path, file_format: str = "csv", **limits: int) -> tuple[Reason, str]:
    """Say why a file is refused; every refusal names the file and a rule."""
    with pytest.raises(InvalidInput) as caught:
        await read(path, file_format, **limits)
    (violation,) = caught.value.fields
    assert violation.field == "file"
    return caught.value.reason, violation.rule


def a_file(folder: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def a_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def a_workbook(path: Path, *rows: list[str]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell in (cell for row in book.active for cell in row):
        cell.data_type = "s"  # a text, whatever it begins with
    book.save(path)
    return path


async def test_a_file_larger_than_the_limit_is_not_opened(tmp_path: Path) -> None:
    path = a_file(tmp_path, "")
    os.truncate(path, 64 * 1_048_576 + 1)  # a hole: nothing is written

    assert await refusal(path) == (Reason.TOO_LARGE, "must have at most 64 megabytes")


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "absent"])
async def test_what_is_no_plain_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")

    assert (await refusal(path))[1] == "must be a file that can be read"


async def test_a_million_columns_are_too_many(tmp_path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(1_000_000))

    assert await refusal(a_file(tmp_path, header)) == (Reason.TOO_LARGE, "must have at most 1000 columns")


async def test_a_row_with_a_million_columns_is_refused_alone(tmp_path: Path) -> None:
    (rows,) = await read(a_file(tmp_path, f"{HEADER}{'x,' * 1_000_000}\n{ROW}"))

    assert [(each.row_number, each.rule) for each in rows.rejected] == [(1, "must have 6 columns")]
    assert [each.source_key for each in rows.rows] == ["1"]


async def test_too_many_rows_are_refused_before_the_first_is_sent(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER + ROW * 11)

    assert await refusal(path, rows=10) == (Reason.TOO_LARGE, "must have at most 10 rows")
    assert len((await read(path, rows=11))[0].rows) == 11


async def test_a_line_break_inside_quotes_is_no_row(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER + '1,Dar,"' + "\n" * 50 + '",,,\n')

    assert len((await read(path, rows=1))[0].rows) == 1


@pytest.mark.parametrize("depth", [65, 100_000])
async def test_json_nested_too_deep_is_refused(tmp_path: Path, depth: int) -> None:
    path = a_file(tmp_path, f'[{{"id": {"[" * depth}{"]" * depth}}}]')

    reason, rule = await refusal(path, "json")

    assert (reason, rule) in {
        (Reason.TOO_LARGE, "must not have objects and lists more than 64 deep"),
        (Reason.MALFORMED, "must be JSON in UTF-8"),
    }


async def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bomb.xlsx", {"xl/worksheets/sheet1.xml": bytes(50_000_000)})

    assert path.stat().st_size < 100_000
    assert await refusal(path, "table") == (Reason.TOO_LARGE, "must not unpack to more than 100 times its size")


async def test_a_zip_that_lies_about_its_sizes_is_measured(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bomb.xlsx", {"a": bytes(20_000_000)})
    honest = path.read_bytes()
    size = struct.pack("<I", 20_000_000)
    assert honest.count(size) == 2
    path.write_bytes(honest.replace(size, struct.pack("<I", 100)))

    assert (await refusal(path, "table"))[0] in {Reason.TOO_LARGE, Reason.MALFORMED}


async def test_a_zip_of_many_entries_is_refused(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "many.xlsx", {f"{number}.xml": b"" for number in range(1001)})

    assert await refusal(path, "table") == (Reason.TOO_LARGE, "must be a zip of at most 1000 entries")


async def test_a_zip_inside_a_zip_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a", b"a")
    path = a_zip(tmp_path / "nested.xlsx", {"xl/picture.png": inner.getvalue()})

    assert await refusal(path, "table") == (Reason.MALFORMED, "must not hold another zip")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_xml_entities_are_refused_before_a_parser_sees_them(tmp_path: Path, encoding: str) -> None:
    laughs = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><a>&b;</a>'
    path = a_zip(tmp_path / "laughs.xlsx", {"xl/workbook.xml": laughs.encode(encoding)})

    assert await refusal(path, "table") == (
        Reason.MALFORMED,
        "must not hold XML that declares a document type or entities",
    )


@pytest.mark.parametrize("name", ["file.kml", "file.gpx", "file.gml", "file.vrt", "file.zip", "file.xls"])
async def test_formats_that_name_other_files_or_entities_are_not_read(tmp_path: Path, name: str) -> None:
    external = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml>&x;</kml>'

    reason, rule = await refusal(a_file(tmp_path, external, name), "table")

    assert reason is Reason.MALFORMED
    assert rule == "must be GeoPackage, GeoParquet, Shapefile (.shp) or Excel (.xlsx)"


@pytest.mark.parametrize("name", ["file.gpkg", "file.shp", "file.parquet"])
async def test_a_name_is_not_believed(tmp_path: Path, name: str) -> None:
    other = "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"

    reason, rule = await refusal(a_file(tmp_path, other, name), "table")

    assert reason is Reason.MALFORMED
    assert rule.endswith("and whole")


async def test_nested_wkb_that_overthrows_its_parser_overthrows_nothing_else(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    nested = b"\x01\x07\x00\x00\x00\x01\x00\x00\x00" * 1_000_000 + b"\x01\x07\x00\x00\x00\x00\x00\x00\x00"
    meta = {
        "version": "1.0.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
    }
    table = pyarrow.table({"id": ["1"], "geometry": pyarrow.array([nested], pyarrow.binary())})
    path = tmp_path / "file.parquet"
    parquet.write_table(table.replace_schema_metadata({b"geo": json.dumps(meta).encode()}), path)

    reason, rule = await refusal(path, "table")

    assert reason is Reason.MALFORMED
    assert rule == "must be one that its reader survives"
    assert (await read(a_file(tmp_path, HEADER + ROW)))[0].rows  # the next import is as good as ever


async def test_a_nul_refuses_its_row_alone(tmp_path: Path) -> None:
    (rows,) = await read(a_file(tmp_path, f"{HEADER}1,Dar,Ba\0yt,1,1,yes\n2,Dar,Bayt,1,1,yes\n"))

    assert [each.source_key for each in rows.rows] == ["2"]
    assert [each.row_number for each in rows.rejected] == [1]


async def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (rows,) = await read(a_file(tmp_path, b"\xef\xbb\xbf" + (HEADER + ROW).encode()))

    assert [each.source_key for each in rows.rows] == ["1"]
    assert (await refusal(a_file(tmp_path, (HEADER + ROW).encode("utf-16"))))[0] is Reason.MALFORMED


@pytest.mark.parametrize("formula", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", '=HYPERLINK("http://x","y")'])
async def test_what_looks_like_a_formula_is_a_text(tmp_path: Path, formula: str) -> None:
    quoted = formula.replace('"', '""')
    book = a_workbook(tmp_path / "file.xlsx", HEADER.strip().split(","), ["1", "Dar", formula, "1", "1", "yes"])

    for path, file_format in ((a_file(tmp_path, f'{HEADER}1,Dar,"{quoted}",1,1,yes\n'), "csv"), (book, "table")):
        (rows,) = await read(path, file_format)
        assert rows.rows[0].provider.names[0].text == formula


@pytest.mark.parametrize("latitude", ["nan", "inf", "-inf", "91", "1e400", "٣٢"])
async def test_a_number_that_is_no_latitude_is_no_point(tmp_path: Path, latitude: str) -> None:
    (rows,) = await read(a_file(tmp_path, f"{HEADER}1,Dar,Bayt,{latitude},13.1,yes\n"))

    assert rows.rows[0].location.place.WhichOneof("place") is None
    assert [each.record_kept for each in rows.rejected] == [True]


async def test_memory_is_bounded(tmp_path: Path) -> None:
    path = a_file(tmp_path, "[" + ",".join(["{}"] * 15_000_000) + "]", "file.json")

    reason, rule = await refusal(path, "json", rows=20_000_000, memory_megabytes=700)

    assert (reason, rule) == (Reason.TOO_LARGE, "must be read with at most 700 megabytes of memory")


async def test_time_is_bounded(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER + "".join(f"{number},Dar,Bayt,1,1,yes\n" for number in range(150_000)))

    assert await refusal(path, cpu_s=1) == (Reason.TOO_LARGE, "must be read within 1 seconds")


async def test_a_reader_nobody_waits_for_is_gone(tmp_path: Path) -> None:
    mapping = a_file(tmp_path, MAPPING, "mapping.toml")
    async with reader_apart([a_file(tmp_path, HEADER + ROW)], mapping, now=NOON, limits=Limits()) as reader:
        process = reader._process
        assert process.returncode is None

    assert process.returncode is not None


def test_the_reader_has_no_network_and_writes_no_file(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        tries = f"""
import socket
from services.directory.importing.confinement import confine
from services.directory.importing.limits import Limits
confine(Limits())
try:
    socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), 2)
    print("network", end=" ")
except OSError:
    pass
try:
    with open({str(tmp_path / "written")!r}, "w") as file:
        file.write("x")
    print("file", end=" ")
except OSError:
    pass
print("NoNewPrivs:\\t1" in open("/proc/self/status").read())
"""
        done = subprocess.run([sys.executable, "-c", tries], cwd=ROOT, capture_output=True, text=True, check=True)

    if "network" in done.stdout:
        pytest.skip("this system lets no process leave the network")
    assert done.stdout.split() == ["True"]


TRIES = """
import ctypes, json, os, resource, signal, sys, threading
from pathlib import Path
from services.directory.importing.confinement import confine
from services.directory.importing.limits import Limits

network = os.readlink("/proc/self/ns/net")
folder, parent = Path(sys.argv[1]), os.getppid()
confine(Limits(memory_megabytes=1024, cpu_s=50))
libc = ctypes.CDLL(None, use_errno=True)


def loses(call, *arguments):
    try:
        answer = call(*arguments)
    except OSError:
        return True
    return answer == -1


def in_a_thread():
    done = []
    thread = threading.Thread(target=done.append, args=[1])
    thread.start()
    thread.join()
    return done == [1]


print(json.dumps({
    "socket": loses(libc.socket, 2, 1, 0),
    "fork": loses(os.fork),
    "exec": loses(os.execv, "/bin/true", ["true"]),
    "signal": loses(os.kill, parent, 0),
    "trace": loses(libc.ptrace, 16, parent, 0, 0),
    "limits of another": loses(resource.prlimit, parent, resource.RLIMIT_NOFILE),
    "create": loses(os.open, folder / "new", os.O_WRONLY | os.O_CREAT),
    "append": loses(os.open, folder / "kept", os.O_WRONLY | os.O_APPEND),
    "remove": loses(os.unlink, folder / "kept"),
    "rename": loses(os.rename, folder / "kept", folder / "moved"),
    "make open to all": loses(os.chmod, folder / "kept", 0o777),
    "namespace": loses(libc.unshare, 0x10000000),
    "memory without a file": loses(libc.memfd_create, b"x", 0),
    "reads": (folder / "kept").read_text() == "kept",
    "threads": in_a_thread(),
    "network": os.readlink("/proc/self/ns/net") == network,
    "interfaces": [line.split(":")[0].strip() for line in Path("/proc/self/net/dev").read_text().splitlines()[2:]],
    "filter": "Seccomp:\t2" in Path("/proc/self/status").read_text(),
    "limits": [resource.getrlimit(kind) for kind in (
        resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE,
    )],
}))
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}, reason="the filter is not for it"
)
def test_t12_a_reader_that_was_taken_over_can_read_and_compute_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    command = [sys.executable, "-c", TRIES, str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    found = json.loads(done.stdout)
    assert found.pop("limits") == [[50, 50], [2**30, 2**30], [0, 0], [0, 0], [128, 128]]
    network, interfaces = found.pop("network"), found.pop("interfaces")
    assert [name for name, held in found.items() if not held] == []
    assert (tmp_path / "kept").read_text() == "kept"
    if network:
        pytest.skip("this system lets no process leave the network: without a socket it is of no use either")
    assert interfaces == ["lo"]


async def test_two_readers_at_once_do_not_meet(tmp_path: Path) -> None:
    files = [a_file(tmp_path, HEADER + ROW.replace("1,", f"{number},", 1), f"{number}.csv") for number in (1, 2)]

    first, second = await asyncio.gather(*map(read, files))

    assert [first[0].rows[0].source_key, second[0].rows[0].source_key] == ["1", "2"]
