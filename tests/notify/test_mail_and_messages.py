"""Tests of mail over a real SMTP server, and of text messages and Web Push over real HTTP servers."""

import asyncio
import base64
import json
import ssl
import urllib.parse
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography.hazmat.primitives.asymmetric import ec

from services.errors import InvalidInput
from services.notify.channels import SendFailed
from services.notify.channels.egress import Egress
from services.notify.channels.egress_rules import EgressRules
from services.notify.channels.email import EmailChannel, MailServer, Security
from services.notify.channels.push import BrowserWaker, PushChannel, VapidKey, vapid_key
from services.notify.channels.sms import Form, Gateway, SmsChannel
from services.notify.endpoint import EndpointState
from services.notify.model import Channel
from services.notify.store.endpoints import EndpointStore
from services.taxonomy import Urgency
from tests.notify.posting import LOOPBACK, NAME, Authority, Names, Server, egress_to, https_server, says
from tests.notify.stores import NOON, Clock, Stores
from tests.notify.ways import a_target, an_alert, an_attempt, endpoint_store, registered

BOX, TELEPHONE = "desk-7Q4X@example.org", "+218911234567"


@pytest.fixture
def store(stores: Stores) -> EndpointStore:
    return endpoint_store(stores.pool)


@dataclass
class Mailboxes:
    """What a mail server was given."""

    port: int = 0
    refuse: str = ""  #: the reply to RCPT; empty: all are taken
    mails: list[Any] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, rcpt_options: list[str]) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, from_the_start: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Mailboxes]:
    """Run a mail server on this machine; `tls` is demanded by STARTTLS, `from_the_start` at once."""
    boxes = Mailboxes()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(boxes, tls_context=tls, require_starttls=tls is not None, hostname="mail", **options),
        "127.0.0.1",
        0,
        ssl=from_the_start,
    )
    boxes.port = server.sockets[0].getsockname()[1]
    try:
        yield boxes
    finally:
        server.close()


def a_mail_server(boxes: Mailboxes, security: Security = Security.NONE, **more: Any) -> MailServer:
    return MailServer(host="localhost", port=boxes.port, security=security, sender="post@example.org", **more)


async def test_a_mail_arrives_and_says_nothing_but_that_there_is_something(store: EndpointStore, clock: Clock) -> None:
    endpoint_id = await registered(store, a_target(BOX, Channel.EMAIL, language="fr"))
    async with mail_server() as boxes:
        assert not await EmailChannel(store, a_mail_server(boxes), clock).send(an_attempt(endpoint_id, Channel.EMAIL))

    [mail] = boxes.mails
    assert (mail["To"], mail["From"], mail["Subject"]) == (BOX, "post@example.org", "Un nouveau message")
    assert "alert-1" not in mail.as_string()
    assert "offer-1" not in mail.as_string()
    assert (await store.get(endpoint_id)).heard_time == NOON


async def test_a_mail_goes_by_starttls_with_a_name_and_a_password(
    store: EndpointStore, clock: Clock, authority: Authority
) -> None:
    seen: list[LoginPassword] = []

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        seen.append(data)
        return AuthResult(success=data.password == b"secret")

    endpoint_id = await registered(store, a_target(BOX, Channel.EMAIL))
    async with mail_server(authority.server("localhost"), authenticator=authenticate, auth_required=True) as boxes:
        server = a_mail_server(boxes, Security.STARTTLS, username="house", password="secret", ca_file=authority.file)
        await EmailChannel(store, server, clock).send(an_attempt(endpoint_id, Channel.EMAIL))

    assert len(boxes.mails) == 1
    assert [each.login for each in seen] == [b"house"]


async def test_a_mail_goes_by_tls_from_the_start(store: EndpointStore, clock: Clock, authority: Authority) -> None:
    endpoint_id = await registered(store, a_target(BOX, Channel.EMAIL))
    async with mail_server(from_the_start=authority.server("localhost")) as boxes:
        server = a_mail_server(boxes, Security.TLS, ca_file=authority.file)
        await EmailChannel(store, server, clock).send(an_attempt(endpoint_id, Channel.EMAIL))

    assert len(boxes.mails) == 1


async def test_no_mail_goes_in_plain_text_where_tls_is_set(
    store: EndpointStore, clock: Clock, authority: Authority
) -> None:
    endpoint_id = await registered(store, a_target(BOX, Channel.EMAIL))
    async with mail_server() as boxes:
        server = a_mail_server(boxes, Security.STARTTLS, ca_file=authority.file)
        with pytest.raises(SendFailed, match="server_away"):
            await EmailChannel(store, server, clock).send(an_attempt(endpoint_id, Channel.EMAIL))

    assert boxes.mails == []


async def test_a_mail_server_that_another_authority_vouches_for_gets_nothing(
    store: EndpointStore, clock: Clock, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    endpoint_id = await registered(store, a_target(BOX, Channel.EMAIL))
    async with mail_server(Authority(tmp_path / "other").server("localhost")) as boxes:
        server = a_mail_server(boxes, Security.STARTTLS, ca_file=authority.file)
        with pytest.raises(SendFailed, match="server_away"):
            await EmailChannel(store, server, clock).send(an_attempt(endpoint_id, Channel.EMAIL))

    assert boxes.mails == []


@pytest.mark.parametrize(("reply", "permanent"), [("550 no such box", True), ("451 later", False)])
async def test_a_mailbox_that_is_refused_for_good_is_given_up(
    store: EndpointStore, clock: Clock, reply: str, *, permanent: bool
) -> None:
    endpoint_id = await registered(store, a_target(BOX, Channel.EMAIL))
    async with mail_server() as boxes:
        boxes.refuse = reply
        with pytest.raises(SendFailed, match="mailbox_refused") as caught:
            await EmailChannel(store, a_mail_server(boxes), clock).send(an_attempt(endpoint_id, Channel.EMAIL))

    assert caught.value.permanent is permanent
    assert "7Q4X" not in str(caught.value)


async def test_a_mail_server_that_is_away_is_tried_again(store: EndpointStore, clock: Clock) -> None:
    endpoint_id = await registered(store, a_target(BOX, Channel.EMAIL))
    async with mail_server() as boxes:
        server = a_mail_server(boxes)
    with pytest.raises(SendFailed, match="server_away") as caught:
        await EmailChannel(store, server, clock).send(an_attempt(endpoint_id, Channel.EMAIL))

    assert not caught.value.permanent


FIELDS = {"recipient": "{to}", "message": "{text}", "from": "Desk"}


@asynccontextmanager
async def sms_to(
    store: EndpointStore, clock: Clock, status: int = 200, **gateway: Any
) -> AsyncIterator[tuple[Server, Callable[[], Any]]]:
    """Run a gateway that answers by a status, and return what sends one message to it."""
    endpoint_id = await registered(store, a_target(TELEPHONE, Channel.SMS))
    async with https_server(None, says(status)) as server:
        made = Gateway(url=f"http://127.0.0.1:{server.port}/send", **{"fields": FIELDS, **gateway})
        channel = SmsChannel(store, made, clock)
        yield server, lambda: channel.send(an_attempt(endpoint_id, Channel.SMS))


@pytest.mark.parametrize("form", Form)
async def test_a_gateway_is_told_number_and_text_in_the_form_that_it_takes(
    store: EndpointStore, clock: Clock, form: Form
) -> None:
    async with sms_to(store, clock, form=form, header="Authorization", secret="Bearer s3cret") as (server, send):
        assert not await send()

    [posted] = server.requests
    match form:
        case Form.JSON:
            said = json.loads(posted.body)
        case Form.FORM:
            said = dict(urllib.parse.parse_qsl(posted.body.decode()))
        case Form.QUERY:
            said = dict(urllib.parse.parse_qsl(posted.path.partition("?")[2]))
    assert (said["recipient"], said["from"]) == (TELEPHONE, "Desk")
    assert said["message"].endswith("new message, at once. Answer by 14:10.")
    assert posted.headers["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (404, True), (422, True), (401, False), (429, False), (302, False), (503, False)],
)
async def test_a_gateway_says_whether_another_attempt_can_help(
    store: EndpointStore, clock: Clock, status: int, *, permanent: bool
) -> None:
    async with sms_to(store, clock, status) as (server, send):
        with pytest.raises(SendFailed, match=f"status_{status}") as caught:
            await send()

    assert caught.value.permanent is permanent
    assert len(server.requests) == 1


async def test_a_gateway_that_is_away_is_tried_again(store: EndpointStore, clock: Clock) -> None:
    async with sms_to(store, clock) as (_, send):
        pass
    with pytest.raises(SendFailed, match="gateway_away") as caught:
        await send()

    assert not caught.value.permanent


PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = VapidKey(PRIVATE, "mailto:post@example.org")


async def push_to(server: Server, authority: Authority, store: EndpointStore, clock: Clock, **alert: Any) -> str:
    endpoint_id = await registered(store, a_target(f"https://{NAME}:{server.port}/push/1", Channel.PUSH))
    channel = PushChannel(store, BrowserWaker(egress_to(server, authority), KEY), clock)
    await channel.send(an_attempt(endpoint_id, Channel.PUSH, alert=an_alert(**alert)))
    return endpoint_id


async def test_a_push_is_empty_and_signed_for_its_push_service_alone(
    authority: Authority, store: EndpointStore, clock: Clock
) -> None:
    async with https_server(authority.server(), says(201)) as server:
        await push_to(server, authority, store, clock)

    [posted] = server.requests
    assert (posted.body, posted.headers["ttl"], posted.headers["urgency"]) == (b"", "600", "high")
    assert "content-encoding" not in posted.headers
    scheme, token, key = posted.headers["authorization"].replace(",", "").split(" ")
    assert (scheme, key) == ("vapid", f"k={KEY.public_text}")
    claims = jwt.decode(
        token.removeprefix("t="),
        PRIVATE.public_key(),
        algorithms=["ES256"],
        audience=f"https://{NAME}:{server.port}",
        options={"verify_exp": False},
    )
    assert claims["sub"] == "mailto:post@example.org"
    assert claims["exp"] == (NOON + timedelta(hours=12)).timestamp()
    assert len(base64.urlsafe_b64decode(KEY.public_text + "=")) == 65


@pytest.mark.parametrize(
    ("facts", "ttl", "urgency"),
    [
        ({"due_time": NOON - timedelta(minutes=1)}, "0", "high"),
        ({"due_time": None, "urgency": Urgency.NORMAL}, "14400", "normal"),
        ({"due_time": NOON + timedelta(days=3), "urgency": Urgency.URGENT}, "14400", "normal"),
    ],
)
async def test_a_push_is_kept_no_longer_than_its_deadline(
    authority: Authority, store: EndpointStore, clock: Clock, facts: dict[str, Any], ttl: str, urgency: str
) -> None:
    async with https_server(authority.server(), says(201)) as server:
        await push_to(server, authority, store, clock, **facts)

    assert (server.requests[0].headers["ttl"], server.requests[0].headers["urgency"]) == (ttl, urgency)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_the_browser_ended_is_paused(
    authority: Authority, store: EndpointStore, clock: Clock, status: int
) -> None:
    async with https_server(authority.server(), says(status)) as server:
        with pytest.raises(SendFailed) as caught:
            await push_to(server, authority, store, clock)

    assert (caught.value.permanent, caught.value.pauses) == (True, True)
    [endpoint] = await store.list_page(receiver_id="house-1", limit=10, after=None)
    assert (endpoint.state, endpoint.pause_code) == (EndpointState.PAUSED, f"status_{status}")


@pytest.mark.parametrize(("status", "asked"), [(429, 60), (500, None)])
async def test_a_push_service_that_is_busy_is_tried_again(
    authority: Authority, store: EndpointStore, clock: Clock, status: int, asked: int | None
) -> None:
    async with https_server(authority.server(), says(status)) as server:
        with pytest.raises(SendFailed, match=f"status_{status}") as caught:
            await push_to(server, authority, store, clock)

    assert not caught.value.permanent
    assert caught.value.asked == (None if asked is None else timedelta(seconds=asked))


async def test_a_browser_cannot_send_us_inside_by_its_subscription(store: EndpointStore, clock: Clock) -> None:
    endpoint_id = await registered(store, a_target("https://push.example.org/1", Channel.PUSH))
    channel = PushChannel(store, BrowserWaker(Egress(EgressRules(), resolve=Names([LOOPBACK])), KEY), clock)

    with pytest.raises(SendFailed, match="address_refused"):
        await channel.send(an_attempt(endpoint_id, Channel.PUSH))


def test_a_vapid_key_is_made_of_its_secret_and_no_other() -> None:
    contact = "mailto:post@example.org"

    assert vapid_key(b"k" * 32, contact).public_text == vapid_key(b"k" * 32, contact).public_text
    with pytest.raises(InvalidInput, match="vapid_key_file"):
        vapid_key(b"\xff" * 32, contact)


async def test_a_channel_sends_nothing_to_an_endpoint_that_has_ended(store: EndpointStore, clock: Clock) -> None:
    server = MailServer(host="127.0.0.1", port=1, security=Security.NONE, sender="post@example.org")
    channels = (
        EmailChannel(store, server, clock),
        SmsChannel(store, Gateway(url="http://127.0.0.1:1", fields=FIELDS), clock),
        PushChannel(store, BrowserWaker(Egress(EgressRules()), KEY), clock),
    )

    for each in channels:
        with pytest.raises(SendFailed, match="endpoint_ended") as caught:
            await asyncio.wait_for(each.send(an_attempt("unknown", Channel.EMAIL)), 5)
        assert caught.value.permanent
