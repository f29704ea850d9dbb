"""What goes wrong is said with field, rule and what was typed, never by a traceback."""

import json
from typing import Any

import pytest
import typer

from ihala.cli.failures import shown
from ihala.cli.output import Format
from services.errors import FailedPrecondition, IhalaError, InvalidInput, NotFound, Reason, Violation


def failing(error: BaseException, typed: dict[str, Any] | None = None) -> int:
    def act() -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        shown(act, typed)
    return caught.value.exit_code


def test_a_person_reads_the_field_the_rule_and_what_was_sent(capsys: pytest.CaptureFixture[str]) -> None:
    code = failing(InvalidInput("latitude_deg must be in [-90, 90]"), {"at": "91,13"})

    assert code == 11
    assert capsys.readouterr().err == "error: INVALID_FIELD: latitude_deg must be in [-90, 90]\n  sent: 91,13\n"


@pytest.mark.parametrize(
    ("field", "typed", "sent"),
    [
        ("needs[1].code", {"need": ["A", "B"]}, "B"),
        ("match_request.needs[0].code", {"need": ["A", "B"]}, "A"),
        ("person.age", {"age": "17-15", "at": "0,0"}, "17-15"),
        ("consent.end_time", {"days": 400.0}, "400.0"),
        ("person.languages.languages[0]", {"language": ["xx-toolong"]}, "xx-toolong"),
        ("message", {"need": ["A"]}, None),
        ("code", {"need": []}, None),
        ("quiet.time_zone", {"quiet": "22:00-06:00", "zone": "Tripoli"}, "Tripoli"),
        ("phones[1]", {"phone": ["+218911234567", "ring me"]}, "ring me"),
    ],
)
def test_a_program_reads_what_was_sent_for_each_field(
    capsys: pytest.CaptureFixture[str], field: str, typed: dict[str, Any], sent: str | None
) -> None:
    failing(InvalidInput("x", fields=[Violation(field, "must be otherwise")]), {"form": Format.JSON, **typed})

    error = json.loads(capsys.readouterr().err)["error"]
    assert error["fields"] == [{"field": field, "rule": "must be otherwise", "sent": sent}]
    assert (error["reason"], error["exit_code"]) == ("INVALID_FIELD", 11)


def test_codes_that_belong_to_a_reason_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    stale = FailedPrecondition("stale", reason=Reason.MATCH_STALE, metadata={"constraint": "age"}, retry_after_s=2)

    assert failing(stale) == 29
    assert capsys.readouterr().err == "error: MATCH_STALE: stale\n  constraint: age\n  try again after 2 s\n"


def test_what_is_absent_is_named_as_it_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    typed = {"receiver_id": "misspelled", "request_id": "one", "provider": None}

    assert failing(NotFound("there is no such object"), typed) == 20
    assert capsys.readouterr().err == (
        "error: NOT_FOUND: there is no such object\n"
        "  named: receiver misspelled: absent, or not for this caller to see\n"
    )


def test_a_fault_of_ours_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(ValueError("secret")) == 40
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "secret" not in said


def test_ctrl_c_and_missing_files_have_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(KeyboardInterrupt()) == 130
    assert failing(FileNotFoundError(2, "No such file or directory", "x.csv")) == 1
    assert "x.csv" in capsys.readouterr().err


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_ends_with_a_code_of_its_own(reason: Reason) -> None:
    assert failing(IhalaError("x", reason=reason)) > 10
