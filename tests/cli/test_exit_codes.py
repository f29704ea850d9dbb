"""Each reason of an error has an exit code of its own, which is documented and never changes."""

import re
from pathlib import Path

from ihala.cli.exit_codes import BY_REASON
from ihala.errors.v1 import error_reason_pb2 as pb
from services.errors import Reason

DOCS = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


def test_a_code_is_10_and_the_number_of_the_reason() -> None:
    assert {
        Reason[name.removeprefix("ERROR_REASON_")]: 10 + number for name, number in pb.ErrorReason.items() if number
    } == dict(BY_REASON)


def test_every_code_stands_in_the_documentation() -> None:
    documented = dict(re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))

    assert {int(code): reason for code, reason in documented.items()} == {
        code: reason.value for reason, code in BY_REASON.items()
    }
