"""The one floor that import-linter cannot say: who may name the generated stubs."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Where messages are translated, once: a file or a folder of this name, or one that ends in it, as offer_wire.py.
TRANSLATORS = ("wire", "client", "clients", "channel", "receiver")
#: Where servicers are put onto a server, besides the translators.
WIRING = ("__main__",)


def stubs_named_in(path: Path) -> Iterator[str]:
    """List the modules generated from our protos that a file imports."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "ihala" and any(part.endswith(("_pb2", "_pb2_grpc")) for part in parts):
                yield name


def is_one_of(path: Path, words: tuple[str, ...]) -> bool:
    """Tell whether a file, or the folder it is in, has one of these names or ends in one."""
    return any(name == word or name.endswith(f"_{word}") for name in (path.stem, path.parent.name) for word in words)


def written_by_hand() -> list[Path]:
    return [
        path for package in ("services", "ihala") for path in (ROOT / package).rglob("*.py") if "_pb2" not in path.name
    ]


def test_only_translators_name_messages() -> None:
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in written_by_hand()
        for name in stubs_named_in(path)
        if not is_one_of(path, TRANSLATORS) and not (is_one_of(path, WIRING) and "_pb2_grpc" in name)
    ] == []


def test_wire_knows_messages_and_no_servers() -> None:
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in written_by_hand()
        for name in stubs_named_in(path)
        if is_one_of(path, ("wire",)) and "_pb2_grpc" in name
    ] == []


def test_an_import_of_a_stub_is_seen_however_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "ranking.py"
    path.write_text(
        "import ihala.geo.v1.geo_pb2\n"
        "from ihala.geo.v1 import geo_pb2 as pb\n"
        "from ihala.geo.v1.geo_pb2 import Point\n"
        "from google.rpc import status_pb2\n"
    )

    assert list(stubs_named_in(path)) == [
        "ihala.geo.v1.geo_pb2",
        "ihala.geo.v1.geo_pb2",
        "ihala.geo.v1.geo_pb2.Point",
    ]
