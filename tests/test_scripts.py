"""Set-up and generation do their work once, and nothing when there is nothing to do."""

from pathlib import Path

import pytest

from scripts import gen, make_venv


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    return folder


def test_stubs_that_did_not_change_are_not_touched(tmp_path: Path) -> None:
    fresh = made(tmp_path / "fresh", "ihala/geo/v1/geo_pb2.py", "ihala/geo/v1/__init__.py")
    root = tmp_path / "root"

    assert gen.install(fresh, root) == 2
    assert gen.install(fresh, root) == 0


def test_stubs_of_a_proto_that_is_gone_go_too_and_nothing_else_does(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "ihala/geo/v1/gone_pb2.py", "ihala/geo/v1/gone_pb2_grpc.pyi", "ihala/client.py")
    fresh = made(tmp_path / "fresh", "ihala/geo/v1/geo_pb2.py")

    gen.install(fresh, root)

    assert sorted(path.name for path in root.rglob("*.py*")) == ["client.py", "geo_pb2.py"]


def test_every_generated_folder_is_a_package(tmp_path: Path) -> None:
    made(tmp_path, "ihala/geo/v1/geo_pb2.py")

    gen.add_packages(tmp_path)

    assert (tmp_path / "ihala/geo/__init__.py").exists()
    assert (tmp_path / "ihala/geo/v1/__init__.py").exists()
    assert not (tmp_path / "ihala/__init__.py").exists()


def test_lock_is_read_as_one_requirement_with_its_hashes(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# header\npip==26.3 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nsix==1.0 \\\n    --hash=sha256:cc\n"
    )

    assert make_venv.read_lock(lock) == {
        "pip": "pip==26.3 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n",
        "six": "six==1.0 \\\n    --hash=sha256:cc\n",
    }


def test_environment_of_another_folder_is_seen_as_moved(tmp_path: Path) -> None:
    stamp = tmp_path / ".installed"
    stamp.write_text(f"{make_venv.ROOT}\n")

    assert not make_venv.was_moved(stamp)

    stamp.write_text("/elsewhere\n")

    assert make_venv.was_moved(stamp)


def test_environment_that_was_never_finished_is_not_up_to_date(tmp_path: Path) -> None:
    assert not make_venv.up_to_date(tmp_path / ".installed")


def test_environment_that_is_a_link_is_left_to_whom_it_belongs(tmp_path: Path) -> None:
    others = made(tmp_path / "others", "bin/python")
    linked = tmp_path / ".venv"
    linked.symlink_to(others)

    with pytest.raises(SystemExit, match="is a link"):
        make_venv.main(linked)
    assert (others / "bin" / "python").exists()
