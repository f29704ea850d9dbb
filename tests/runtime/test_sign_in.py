"""A sign-in code lets one person in once, in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from services.errors import InvalidInput
from services.runtime.sign_in import issue_code, take_code
from tests.maps.scene import NOON


def test_a_code_is_good_once(tmp_path: Path) -> None:
    file = tmp_path / "codes"
    code = issue_code(file, "amina", now=NOON)

    assert take_code(file, code, now=NOON) == "amina"
    assert take_code(file, code, now=NOON) is None


def test_a_code_read_out_by_telephone_may_be_typed_without_dashes(tmp_path: Path) -> None:
    file = tmp_path / "codes"
    code = issue_code(file, "amina", now=NOON)

    assert take_code(file, f" {code.lower().replace('-', ' ')} ", now=NOON) == "amina"


def test_a_code_expires_and_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "codes"
    code = issue_code(file, "amina", now=NOON, life=timedelta(hours=1))
    issue_code(file, "basma", now=NOON + timedelta(hours=1))

    assert take_code(file, code, now=NOON) is None
    assert "amina" not in file.read_text()


def test_the_file_holds_no_code_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "codes"
    code = issue_code(file, "amina", now=NOON)

    assert code not in file.read_text()
    assert code.replace("-", "") not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("code", ["", "-", "K7QMX-2F9RT-HB4WC-8NVJD", "é" * 20])
def test_a_code_that_was_never_issued_lets_nobody_in(tmp_path: Path, code: str) -> None:
    issue_code(tmp_path / "codes", "amina", now=NOON)

    assert take_code(tmp_path / "codes", code, now=NOON) is None


def test_of_many_who_type_one_code_at_once_one_comes_in(tmp_path: Path) -> None:
    file = tmp_path / "codes"
    code = issue_code(file, "amina", now=NOON)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take_code(file, code, now=NOON), range(16)))

    assert taken.count("amina") == 1


def test_a_coordinator_is_an_opaque_id(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        issue_code(tmp_path / "codes", "two words", now=NOON)
