"""Tests of alerts that are posted: how they are signed, what a repeat is, and what each answer leads to."""

import asyncio
import base64
import json
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.notify.channels import SendFailed
from services.notify.channels.webhook import WebhookChannel
from services.notify.endpoint import EndpointState
from services.notify.store.endpoints import EndpointStore
from tests.notify.posting import Authority, Posted, Reply, Server, egress_to, https_server, says
from tests.notify.stores import Clock, Stores
from tests.notify.ways import a_target, an_attempt, endpoint_store, registered


@pytest.fixture
def store(stores: Stores) -> EndpointStore:
    return endpoint_store(stores.pool)


def channel_to(server: Server, authority: Authority, store: EndpointStore, clock: Clock) -> WebhookChannel:
    return WebhookChannel(store, egress_to(server, authority), clock)


def verify(posted: Posted, public_key: str) -> None:
    """Verify as Standard Webhooks says that a receiver does."""
    scheme, _, signature = posted.headers["webhook-signature"].partition(",")
    signed = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    assert scheme == "v1a"
    key.verify(base64.b64decode(signature), signed)


async def test_an_alert_is_posted_with_a_signature_that_its_endpoints_key_verifies(
    authority: Authority, store: EndpointStore, clock: Clock
) -> None:
    async with https_server(authority.server(), says(204)) as server:
        target = a_target(server.url)
        endpoint_id = await registered(store, target)
        assert await channel_to(server, authority, store, clock).send(an_attempt(endpoint_id))

    [posted] = server.requests
    verify(posted, target.endpoint.public_key)
    with pytest.raises(InvalidSignature):
        verify(posted, a_target(server.url).endpoint.public_key)
    assert (await store.get(endpoint_id)).heard_time == clock()


async def test_what_is_posted_is_ids_an_urgency_and_a_deadline(
    authority: Authority, store: EndpointStore, clock: Clock
) -> None:
    async with https_server(authority.server(), says(200)) as server:
        endpoint_id = await registered(store, a_target(server.url))
        await channel_to(server, authority, store, clock).send(an_attempt(endpoint_id))

    assert json.loads(server.requests[0].body)["data"] == {
        "alert_id": "alert-1",
        "offer_id": "offer-1",
        "offer_version": 1,
        "urgency": "immediate",
        "due_time": "2026-03-04T12:10:00.000Z",
    }


async def test_a_repeat_has_the_same_id_and_body_and_a_timestamp_of_its_own(
    authority: Authority, store: EndpointStore, clock: Clock
) -> None:
    async with https_server(authority.server(), says(503)) as server:
        target = a_target(server.url)
        endpoint_id = await registered(store, target)
        channel = channel_to(server, authority, store, clock)
        for number in (1, 2):
            with pytest.raises(SendFailed, match="status_503") as caught:
                await channel.send(an_attempt(endpoint_id, number=number))
            assert not caught.value.permanent
            clock.advance(minutes=1)

    first, second = server.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "alert-1"
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    for each in (first, second):
        verify(each, target.endpoint.public_key)


@pytest.mark.parametrize("status", [401, 410])
async def test_an_endpoint_that_wants_nothing_more_is_paused_and_the_next_channel_has_its_turn(
    authority: Authority, store: EndpointStore, clock: Clock, status: int
) -> None:
    async with https_server(authority.server(), says(status)) as server:
        endpoint_id = await registered(store, a_target(server.url))
        with pytest.raises(SendFailed) as caught:
            await channel_to(server, authority, store, clock).send(an_attempt(endpoint_id))

    assert (caught.value.permanent, caught.value.pauses) == (True, True)
    endpoint = await store.get(endpoint_id)
    assert (endpoint.state, endpoint.pause_code) == (EndpointState.PAUSED, f"status_{status}")
    assert await store.active(receiver_id="house-1") == []


@pytest.mark.parametrize(("head", "asked"), [({"Retry_After": "120"}, 120), ({}, 60)])
async def test_an_endpoint_that_is_overwhelmed_is_left_alone_as_long_as_it_asks(
    authority: Authority, store: EndpointStore, clock: Clock, head: dict[str, str], asked: int
) -> None:
    async with https_server(authority.server(), says(429, b"", **head)) as server:
        endpoint_id = await registered(store, a_target(server.url))
        with pytest.raises(SendFailed, match="status_429") as caught:
            await channel_to(server, authority, store, clock).send(an_attempt(endpoint_id))

    assert (caught.value.permanent, caught.value.asked) == (False, timedelta(seconds=asked))


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 500])
async def test_any_other_answer_is_a_failure_to_repeat(
    authority: Authority, store: EndpointStore, clock: Clock, status: int
) -> None:
    async with https_server(authority.server(), says(status, Location="https://127.0.0.1/")) as server:
        endpoint_id = await registered(store, a_target(server.url))
        with pytest.raises(SendFailed, match=f"status_{status}") as caught:
            await channel_to(server, authority, store, clock).send(an_attempt(endpoint_id))

    assert not caught.value.permanent
    assert len(server.requests) == 1


async def test_nothing_is_posted_to_an_endpoint_that_has_ended(
    authority: Authority, store: EndpointStore, clock: Clock
) -> None:
    async with https_server(authority.server(), says(200)) as server:
        with pytest.raises(SendFailed, match="endpoint_ended") as caught:
            await channel_to(server, authority, store, clock).send(an_attempt("unknown"))

    assert caught.value.permanent
    assert server.connections == 0


def echoes(change: str = "") -> Reply:
    """Answer a challenge as a receiver does; `change` is put behind it."""

    async def reply(posted: Posted, writer: asyncio.StreamWriter) -> None:
        challenge = json.loads(posted.body)["data"]["challenge"]
        await says(200, json.dumps({"challenge": challenge + change}).encode())(posted, writer)

    return reply


async def test_an_endpoint_that_echoes_its_signed_challenge_is_proven(
    authority: Authority, store: EndpointStore, clock: Clock
) -> None:
    async with https_server(authority.server(), echoes()) as server:
        target = a_target(server.url)
        assert await channel_to(server, authority, store, clock).challenge(target, "c" * 43) == ""

    verify(server.requests[0], target.endpoint.public_key)
    assert json.loads(server.requests[0].body)["type"] == "org.ihala.challenge.v1"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (echoes("x"), "no_echo"),
        (says(200), "no_echo"),
        (says(200, b"[" * 4000), "no_echo"),
        (says(200, b'{"challenge": 7}'), "no_echo"),
        (says(204), "status_204"),
        (says(302, b"{}"), "status_302"),
        (says(500), "status_500"),
    ],
)
async def test_an_endpoint_that_does_not_know_of_us_is_not_proven(
    authority: Authority, store: EndpointStore, clock: Clock, reply: Reply, code: str
) -> None:
    async with https_server(authority.server(), reply) as server:
        assert await channel_to(server, authority, store, clock).challenge(a_target(server.url), "c" * 43) == code
