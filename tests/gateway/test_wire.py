"""JSON to messages and back: what is no message is refused by its path, and no value is said again."""

import json
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput, Reason
from services.gateway.wire import METHODS, request_from_json, to_json
from services.runtime.auth import Role
from services.runtime.methods import METHODS as RULES

FIND = METHODS["/ihala.matching.v1.MatchingService/FindMatches"]
KEYS = [field.name for field in FIND.descriptor.input_type.fields]
SECRET = "Amina of 12 Harbour Street"
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.just(SECRET) | st.sampled_from(KEYS)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS, "code", "point", "items", "count", "age", SECRET]), inner, max_size=4)
    ),
    max_leaves=12,
)


def refused(document: Any) -> InvalidInput:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(InvalidInput) as caught:
        request_from_json(raw, FIND)
    return caught.value


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ([], "message", "must be an object, FindMatchesRequest"),
        ({"needs": {}}, "needs", "must be a list"),
        ({"needs": [{"code": 1}]}, "needs[0].code", "must be a text"),
        ({"needs": [{"code": "a"}, {"items": [{"count": 1.5}]}]}, "needs[1].items[0].count", "must be a whole number"),
        ({"limit": "many"}, "limit", "must be a whole number"),
        ({"origin": {"point": {"latitude_deg": SECRET}}}, "origin.point.latitude_deg", "must be a number"),
        ({"origin": {"place_id": "a", "h3_cell": "b"}}, "origin.h3_cell", "must not be given besides place_id"),
        ({"max_distance_m": 1, "maxDistanceM": 1}, "max_distance_m", "must be given once"),
        (
            {"person": {"no_reason_to_believe_child": SECRET}},
            "person.no_reason_to_believe_child",
            "must be true or false",
        ),
        ({"safety": {"excluded_provider_ids": ["a", 3]}}, "safety.excluded_provider_ids[1]", "must be a text"),
        ({"origin": {"place_id": "\ud800"}}, "origin.place_id", "must be a text"),
    ],
)
def test_what_is_no_message_is_refused_by_its_path_and_rule(document: Any, path: str, rule: str) -> None:
    error = refused(document)

    assert [(each.field, each.rule) for each in error.fields] == [(path, rule)]
    assert (error.message, error.reason) == (f"{path} {rule}", Reason.MALFORMED)


@pytest.mark.parametrize(
    ("document", "path", "rule"),
    [
        ({"nods": []}, "nods", "must be a field of FindMatchesRequest"),
        ({"needs": [{"cade": "x"}]}, "needs[0].cade", "must be a field of Need"),
        ({"person": {SECRET: 1}}, "person", "must have only fields of Person"),
    ],
)
def test_a_field_that_is_not_known_is_refused_and_named_only_if_it_could_be_one(
    document: Any, path: str, rule: str
) -> None:
    error = refused(document)

    assert [(each.field, each.rule) for each in error.fields] == [(path, rule)]
    assert error.reason is Reason.UNKNOWN_FIELD


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"limit": NaN}',
        b'{"limit": 1e999}',
        b'{"limit":1,"limit":2}',
        b"\xff",
        b"1" * 9_999,
    ],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    assert refused(raw).reason is Reason.MALFORMED


@given(DOCUMENTS)
def test_any_document_is_a_message_or_refused_without_its_values(document: Any) -> None:
    raw = json.dumps(document).encode()
    error, message = None, None
    try:
        message = request_from_json(raw, FIND)
    except InvalidInput as refusal:
        error = refusal

    if error is None:
        assert message is not None
        assert request_from_json(to_json(message), FIND) == message
    else:
        assert error.reason in {Reason.MALFORMED, Reason.UNKNOWN_FIELD}
        assert SECRET not in error.message + str(error.fields)


def test_times_and_names_are_read_in_both_forms_and_written_as_in_the_protos() -> None:
    message = request_from_json(b'{"whenTime": "2026-01-31T09:30:00+01:00", "maxDistanceM": 5}', FIND)
    written = json.loads(to_json(message))

    assert written["when_time"] == "2026-01-31T08:30:00Z"
    assert written["max_distance_m"] == 5.0
    assert written["needs"] == []  # also what is empty
    assert "person" not in written  # but not what may be absent: it would mean something
    assert MessageToDict(message)


def test_what_only_our_own_processes_call_is_not_passed_on() -> None:
    assert [path for path in METHODS if RULES[path].roles <= {Role.SERVICE}] == []
    assert {path for path in RULES if path.startswith(("/ihala.referrals.", "/ihala.matching."))} - set(METHODS) == {
        path
        for path, rule in RULES.items()
        if path.startswith(("/ihala.referrals.", "/ihala.matching.")) and rule.roles <= {Role.SERVICE}
    }
