"""Tests of the settings of further ways: each is whole or refused by name, and what is set is what is sent by."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.notify.model import Channel
from services.notify.outgoing import outgoing
from services.notify.settings import Settings
from tests.notify.stores import Clock, Stores
from tests.notify.test_endpoint_rpcs import Houses


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    for name in ("jwks", "token", "seed"):
        (tmp_path / name).write_text("x")
    (tmp_path / "key").write_bytes(b"k" * 32)
    (tmp_path / "secret").write_text("Bearer s3cret\n")
    return {name: tmp_path / name for name in ("jwks", "token", "seed", "key", "secret")}


def a_settings(files: dict[str, Path], **more: Any) -> Settings:
    return Settings(
        **{
            "listen_address": "127.0.0.1:0",
            "jwks_file": files["jwks"],
            "token_file": files["token"],
            "database_url": "postgresql://localhost/x",
            "nats_url": "nats://127.0.0.1:4222",
            "nats_seed_file": files["seed"],
            "referrals_address": "127.0.0.1:1",
            "directory_address": "127.0.0.1:2",
            "page_address": "127.0.0.1:0",
            **{name: files.get(str(value), value) for name, value in more.items()},
        }
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"smtp_address": "127.0.0.1:25", "smtp_sender": "post@example.org"}, "ENDPOINT_KEY_FILE must be set"),
        ({"sms_url": "https://sms.example.org"}, "ENDPOINT_KEY_FILE must be set"),
        ({"vapid_key_file": "key", "vapid_contact": "mailto:post@example.org"}, "ENDPOINT_KEY_FILE must be set"),
        ({"endpoint_key_file": "key", "smtp_address": "127.0.0.1:25"}, "SMTP_SENDER must be"),
        ({"duty_address": "127.0.0.1:0"}, "DUTY_TOKEN_FILE and DUTY_LOGIN_FILE must be set"),
        (
            {"duty_address": "127.0.0.1:0", "duty_token_file": "token"},
            "DUTY_TOKEN_FILE and DUTY_LOGIN_FILE must be set",
        ),
        ({"duty_address": "0.0.0.0:0", "duty_token_file": "token", "duty_login_file": "secret"}, "duty_address"),
        ({"duty_time_zone": "Mars/Olympus"}, "must be the name of a time zone"),
        (
            {
                "endpoint_key_file": "key",
                "smtp_address": "mail.example.org:25",
                "smtp_sender": "post@example.org",
                "smtp_security": "none",
            },
            "SMTP_SECURITY must be",
        ),
        (
            {
                "endpoint_key_file": "key",
                "smtp_address": "127.0.0.1:25",
                "smtp_sender": "post@example.org",
                "smtp_username": "house",
            },
            "SMTP_PASSWORD_FILE must be set",
        ),
        ({"endpoint_key_file": "key", "sms_url": "http://sms.example.org"}, "SMS_URL must begin with https"),
        (
            {"endpoint_key_file": "key", "sms_url": "https://sms.example.org", "sms_header": "Authorization"},
            "SMS_HEADER and SMS_SECRET_FILE",
        ),
        ({"sms_header": "Authorization: x"}, "must be the name of a header"),
        ({"sms_fields": "to={to}"}, "must be a JSON object of texts"),
        ({"sms_fields": '{"to": "{to}"}'}, "must have {to} and {text}"),
        ({"endpoint_key_file": "key", "vapid_key_file": "key"}, "VAPID_CONTACT must begin with"),
        ({"egress_allow": "https://partner.internal"}, "must be HOST:PORT in small letters"),
        ({"egress_allow": "Partner.Internal:443"}, "must be HOST:PORT in small letters"),
    ],
)
def test_a_way_that_is_half_set_stops_the_process_by_name(
    files: dict[str, Path], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        a_settings(files, **more)


def test_no_secret_is_in_settings_as_they_print_themselves(files: dict[str, Path]) -> None:
    settings = a_settings(
        files,
        endpoint_key_file="key",
        sms_url="https://sms.example.org/zqx7",
        sms_header="Authorization",
        sms_secret_file="secret",
    )

    assert "zqx7" not in repr(settings)
    assert "s3cret" not in repr(settings)


async def test_without_a_key_nothing_has_an_address(files: dict[str, Path], stores: Stores, clock: Clock) -> None:
    assert outgoing(a_settings(files), stores.pool, Houses(), clock) is None


async def test_what_is_set_is_what_is_sent_by(files: dict[str, Path], stores: Stores, clock: Clock) -> None:
    some = a_settings(files, endpoint_key_file="key", egress_allow="partner.internal:8443,other.internal:443")
    every = a_settings(
        files,
        endpoint_key_file="key",
        smtp_address="mail.example.org:587",
        smtp_sender="post@example.org",
        smtp_username="house",
        smtp_password_file="secret",
        sms_url="https://sms.example.org",
        sms_header="Authorization",
        sms_secret_file="secret",
        vapid_key_file="key",
        vapid_contact="mailto:post@example.org",
    )

    ways, all_ways = (outgoing(each, stores.pool, Houses(), clock) for each in (some, every))

    assert ways is not None
    assert all_ways is not None
    assert (set(ways.senders), ways.waker) == ({Channel.WEBHOOK}, None)
    assert ways.rules.allowed == {"partner.internal:8443", "other.internal:443"}
    assert set(all_ways.senders) == {Channel.WEBHOOK, Channel.EMAIL, Channel.SMS, Channel.PUSH}
    assert all_ways.desk.offered == set(all_ways.senders)
    assert "s3cret" not in repr(all_ways)
