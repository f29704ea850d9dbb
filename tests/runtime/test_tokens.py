"""Which tokens hold, which do not, and when one ceases to."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.errors import InvalidInput, Unauthenticated
from services.runtime.auth import Principal, Role
from services.runtime.denials import deny_subject, deny_token
from services.runtime.keys import (
    create_signing_key,
    write_jwks,
)
from services.runtime.tokens import CACHE_SIZE, MAX_LIFE_S, Verifier, mint
from tests.runtime.echo import RULES, echo_service, first_answer
from tests.serving import Identity, an_identity, serving

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def identity(tmp_path: Path, clock: Clock) -> Identity:
    return an_identity(tmp_path, clock)


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def signed(identity: Identity, claims: dict[str, Any], **options: Any) -> str:
    given: dict[str, Any] = {"key": identity.key.private, "algorithm": "EdDSA", "headers": {"kid": identity.key.key_id}}
    return jwt.encode(claims, **(given | options))


def test_a_token_says_who_its_bearer_is(identity: Identity) -> None:
    token = identity.token(Role.RECEIVER, receiver_ids=["r2", "r1"], actor="night-desk", life_s=60)

    assert identity.verifier.verify(token) == Principal(
        client_id="client-1",
        roles=frozenset({Role.RECEIVER}),
        receiver_ids=frozenset({"r1", "r2"}),
        actor="night-desk",
        token_id=claims_of(token)["jti"],
        issued_time=NOON,
        expires_time=NOON + timedelta(seconds=60),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "other"},
        {"aud": "other"},
        {"aud": ["ihala", "other"]},
        {"iss": None},
        {"sub": ""},
        {"sub": "not opaque"},
        {"sub": 7},
        {"jti": None},
        {"iat": None},
        {"iat": "noon"},
        {"iat": True},
        {"exp": None},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 1e300},
        {"nbf": NOON.timestamp() + 120},
        {"iat": NOON.timestamp() + 120},
        {"exp": NOON.timestamp() + MAX_LIFE_S + 1},
        {"roles": None},
        {"roles": "operator"},
        {"roles": [7]},
        {"receiver_ids": "r1"},
        {"actor": "a person's name"},
    ],
    ids=str,
)
def test_a_claim_that_is_not_right_is_refused(identity: Identity, change: dict[str, Any]) -> None:
    claims = claims_of(identity.token(Role.OPERATOR)) | change
    token = signed(identity, {name: claim for name, claim in claims.items() if claim is not None})

    with pytest.raises(Unauthenticated):
        identity.verifier.verify(token)


def test_a_role_of_a_later_version_gives_nothing(identity: Identity) -> None:
    claims = claims_of(identity.token(Role.OPERATOR)) | {"roles": ["police"]}

    assert identity.verifier.verify(signed(identity, claims)).roles == frozenset()


def test_forgeries_are_refused(identity: Identity, tmp_path: Path) -> None:
    token = identity.token(Role.OPERATOR)
    claims = claims_of(token)
    other = create_signing_key(tmp_path / "other.pem")
    public = identity.key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    header, body, signature = token.split(".")
    richer = base64.urlsafe_b64encode(json.dumps(claims | {"roles": ["service"]}).encode()).rstrip(b"=").decode()

    forgeries = [
        signed(identity, claims, key=other.private),  # another key under our key's name
        signed(identity, claims, key=other.private, headers={"kid": other.key_id}),  # unknown key
        signed(identity, claims, headers={}),  # no key named
        signed(identity, claims, key="", algorithm="none"),
        signed(identity, claims, key=public * 2, algorithm="HS256"),  # our public key as a secret
        f"{header}.{richer}.{signature}",
        f"{header}.{body}.",
        token[:-8],
        "",
        "é",
        "x" * 5000,
    ]

    for forgery in forgeries:
        with pytest.raises(Unauthenticated):
            identity.verifier.verify(forgery)


def test_a_token_expires_even_if_it_was_verified_before(identity: Identity, clock: Clock) -> None:
    token = identity.token(Role.OPERATOR, life_s=600)

    clock.forward(659)  # clocks may be a minute apart
    identity.verifier.verify(token)
    clock.forward(2)

    for _ in range(2):
        with pytest.raises(Unauthenticated):
            identity.verifier.verify(token)


def test_a_revoked_token_is_refused_within_five_seconds(identity: Identity, clock: Clock) -> None:
    revoked, other = identity.token(Role.OPERATOR), identity.token(Role.OPERATOR)
    for token in (revoked, other):
        identity.verifier.verify(token)

    deny_token(identity.deny_file, claims_of(revoked)["jti"])
    clock.forward(5)

    identity.verifier.verify(other)
    with pytest.raises(Unauthenticated):
        identity.verifier.verify(revoked)


def test_a_revoked_subject_is_refused_until_it_gets_a_new_token(identity: Identity, clock: Clock) -> None:
    old = identity.token(Role.OPERATOR)
    clock.forward(60)

    deny_subject(identity.deny_file, "client-1", before=clock())
    clock.forward(5)

    with pytest.raises(Unauthenticated):
        identity.verifier.verify(old)
    identity.verifier.verify(identity.token(Role.OPERATOR))
    identity.verifier.verify(identity.token(Role.OPERATOR, client_id="client-2"))


async def test_a_stream_ends_when_its_token_is_revoked(identity: Identity, clock: Clock) -> None:
    token = identity.token(Role.CASE_SYSTEM)
    async with serving(identity, echo_service(), rules=RULES) as running, running.channel(token=token) as channel:
        answers = channel.unary_stream("/ihala.test.v1.EchoService/WatchEcho")(b"")
        await anext(answers)

        deny_token(identity.deny_file, claims_of(token)["jti"])
        clock.forward(5)

        with pytest.raises(Unauthenticated):
            async for _ in answers:
                pass
        with pytest.raises(Unauthenticated):
            await first_answer(channel, "unary_unary", "x")


@pytest.mark.parametrize("harm", ["torn", "gone"])
def test_a_deny_list_that_is_harmed_still_denies(identity: Identity, clock: Clock, harm: str) -> None:
    revoked, other = identity.token(Role.OPERATOR), identity.token(Role.OPERATOR)
    deny_token(identity.deny_file, claims_of(revoked)["jti"])
    clock.forward(5)
    identity.verifier.verify(other)

    if harm == "torn":
        identity.deny_file.write_text("toke", encoding="utf-8")
    else:
        identity.deny_file.unlink()
    clock.forward(5)

    identity.verifier.verify(other)
    with pytest.raises(Unauthenticated):
        identity.verifier.verify(revoked)


def test_a_deny_list_that_cannot_be_read_stops_the_start(identity: Identity) -> None:
    identity.deny_file.write_text("subject client-1 yesterday\n", encoding="utf-8")

    with pytest.raises(InvalidInput):
        Verifier(identity.jwks_file, identity.deny_file, now=identity.now)


def test_a_line_left_open_by_hand_does_not_swallow_the_next(identity: Identity, clock: Clock) -> None:
    token = identity.token(Role.OPERATOR)
    identity.deny_file.write_text("# stolen telephone\ntoken 0123", encoding="utf-8")

    deny_token(identity.deny_file, claims_of(token)["jti"])
    clock.forward(5)

    with pytest.raises(Unauthenticated):
        identity.verifier.verify(token)


def test_keys_rotate_without_a_restart(identity: Identity, clock: Clock, tmp_path: Path) -> None:
    old = identity.token(Role.OPERATOR)
    identity.verifier.verify(old)
    fresh = create_signing_key(tmp_path / "fresh.pem")
    new = mint(fresh, client_id="client-1", roles=[Role.OPERATOR], now=clock(), life_s=600)

    write_jwks(identity.jwks_file, [identity.key, fresh])
    clock.forward(5)
    assert identity.verifier.verify(old).client_id == identity.verifier.verify(new).client_id

    write_jwks(identity.jwks_file, [fresh])
    clock.forward(5)
    identity.verifier.verify(new)
    with pytest.raises(Unauthenticated):
        identity.verifier.verify(old)


def test_a_new_keys_first_token_is_believed_the_moment_the_key_is_published(
    identity: Identity, clock: Clock, tmp_path: Path
) -> None:
    """F27: whoever signs with a new key need not know when each service looks at its file."""
    fresh = create_signing_key(tmp_path / "fresh.pem")
    new = mint(fresh, client_id="client-1", roles=[Role.OPERATOR], now=clock(), life_s=600)
    with pytest.raises(Unauthenticated):
        identity.verifier.verify(new)

    write_jwks(identity.jwks_file, [identity.key, fresh])

    assert identity.verifier.verify(new).client_id == "client-1"


def test_what_is_remembered_is_bounded(identity: Identity) -> None:
    claims = claims_of(identity.token(Role.OPERATOR))
    for number in range(CACHE_SIZE + 10):
        identity.verifier.verify(signed(identity, claims | {"jti": str(number)}))

    assert len(identity.verifier._cache) == CACHE_SIZE


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": []},
        {"life_s": 0.0},
        {"life_s": MAX_LIFE_S + 1},
        {"client_id": "a name"},
        {"actor": ""},
        {"roles": [Role.RECEIVER]},
        {"receiver_ids": ["r 1"]},
    ],
    ids=str,
)
def test_no_token_is_made_that_would_be_refused(identity: Identity, wrong: dict[str, Any]) -> None:
    right: dict[str, Any] = {"client_id": "client-1", "roles": [Role.OPERATOR], "life_s": 60.0}

    with pytest.raises(InvalidInput):
        mint(identity.key, now=NOON, **(right | wrong))
