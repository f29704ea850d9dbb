"""What every failure carries."""

import pickle

from ihala.errors.v1.error_reason_pb2 import ErrorReason
from services.errors import IhalaError, InvalidInput, NotFound, Reason, Violation


def test_reasons_are_those_of_the_proto() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118 -- an enum wrapper

    assert names - {"UNSPECIFIED"} == set(Reason)


def test_every_error_has_a_reason_of_its_own() -> None:
    assert NotFound("there is no such object").reason == Reason.NOT_FOUND
    assert NotFound("the case was erased", reason=Reason.ERASED).reason == Reason.ERASED
    assert IhalaError("error 1").reason == Reason.INTERNAL


def test_a_sentence_about_a_field_is_its_violation() -> None:
    assert InvalidInput("need.radius_m must be in (0, 100000]").fields == (
        Violation("need.radius_m", "must be in (0, 100000]"),
    )


def test_a_sentence_about_something_else_names_no_field() -> None:
    assert InvalidInput("the file must end").fields == ()


def test_named_fields_are_kept_as_they_are() -> None:
    fields = [Violation("origin", "must be a point, a cell or a place id")]

    assert InvalidInput("origin must be given", fields=fields).fields == tuple(fields)


def test_an_error_survives_the_way_between_processes() -> None:
    error = NotFound("there is no such object", metadata={"kind": "provider"}, retry_after_s=1.0)

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own

    assert (copy.message, copy.metadata, copy.retry_after_s) == (error.message, error.metadata, 1.0)
