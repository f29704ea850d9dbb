"""Tests of the receiver's side of webhooks against what the house really signs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihala.webhook import read_webhook
from services.errors import IhalaError, InvalidInput, Unauthenticated
from services.notify.channels.webhook_signing import new_key, public_key_of, signed_headers

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
KEY = new_key()
PUBLIC = public_key_of(KEY)
BODY = json.dumps({"type": "org.ihala.alert.v1", "data": {"alert_id": "alert-1"}}).encode()


def headers(body: bytes = BODY, key: bytes = KEY, now: datetime = NOON) -> dict[str, str]:
    return signed_headers(key, "alert-1", now, body)


def test_what_the_house_signs_is_read_whatever_the_case_of_its_headers() -> None:
    for each in (headers(), {name.upper(): value for name, value in headers().items()}):
        message = read_webhook(each, BODY, PUBLIC, NOON + timedelta(minutes=5))
        assert (message.message_id, message.type) == ("alert-1", "org.ihala.alert.v1")
        assert message.data == {"alert_id": "alert-1"}
        assert message.echo is None


def test_a_challenge_is_echoed() -> None:
    body = json.dumps({"type": "org.ihala.challenge.v1", "data": {"challenge": "c"}}).encode()

    assert read_webhook(headers(body), body, PUBLIC, NOON).echo == b'{"challenge": "c"}'


def test_one_good_signature_among_others_is_enough() -> None:
    found = headers()
    found["webhook-signature"] = f"v1,abc {found['webhook-signature']} v1a,xyz"

    assert read_webhook(found, BODY, PUBLIC, NOON).message_id == "alert-1"


@pytest.mark.parametrize(
    ("changed", "body", "later"),
    [
        ({}, BODY + b" ", timedelta()),
        ({"webhook-id": "alert-2"}, BODY, timedelta()),
        ({"webhook-timestamp": str(int(NOON.timestamp()) + 1)}, BODY, timedelta()),
        ({"webhook-timestamp": "soon"}, BODY, timedelta()),
        ({"webhook-timestamp": "9" * 30}, BODY, timedelta()),
        ({"webhook-signature": ""}, BODY, timedelta()),
        ({"webhook-signature": "v1a,"}, BODY, timedelta()),
        ({}, BODY, timedelta(minutes=5, seconds=1)),
        ({}, BODY, timedelta(minutes=-6)),
    ],
)
def test_what_was_changed_or_is_old_is_refused(changed: dict[str, str], body: bytes, later: timedelta) -> None:
    with pytest.raises(Unauthenticated):
        read_webhook(headers() | changed, body, PUBLIC, NOON + later)


def test_another_endpoints_signature_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        read_webhook(headers(key=new_key()), BODY, PUBLIC, NOON)


@pytest.mark.parametrize("key", ["", "whpk_", "whpk_abc", "whsk_" + "A" * 44])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        read_webhook(headers(), BODY, key, NOON)


@given(st.binary(max_size=60), st.dictionaries(st.sampled_from(sorted(headers())), st.text(max_size=20)))
def test_whatever_comes_is_read_or_refused(body: bytes, changed: dict[str, Any]) -> None:
    try:
        read_webhook(headers(body) | changed, body, PUBLIC, NOON)
    except IhalaError:
        return
    assert json.loads(body)["type"]
