"""Tests of endpoints through real channels: who may register what for whom, by challenge and by two people."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1.notify_pb2_grpc import (
    NotifyServiceServicer,
    NotifyServiceStub,
    add_NotifyServiceServicer_to_server,
)
from services.errors import (
    Conflict,
    Exhausted,
    FailedPrecondition,
    IhalaError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    Reason,
)
from services.notify.channels.webhook import WebhookChannel
from services.notify.model import Channel, Desk
from services.notify.servicer import Combined
from services.notify.servicer_endpoints import EndpointDesk, EndpointMethods
from services.notify.store.endpoint_limits import MAX_NEW, MAX_OPEN
from services.runtime.auth import Role
from tests.notify.posting import Authority, Posted, Reply, Server, egress_to, https_server, says
from tests.notify.stores import Clock, Stores
from tests.notify.test_webhooks import echoes
from tests.notify.ways import endpoint_store
from tests.serving import Serving, an_identity, serving

PROVEN = (pb.ENDPOINT_STATE_ACTIVE, "")


class Houses:
    """A directory in which `house-9` is a confidential site."""

    async def desk(self, receiver_id: str) -> Desk:
        if not receiver_id.startswith("house"):
            raise NotFound("there is no such object")
        return Desk(receiver_id=receiver_id, time_zone="Africa/Tripoli")

    async def has_confidential(self, receiver_id: str) -> bool:
        return receiver_id == "house-9"


class Whole(Combined, NotifyServiceServicer):
    """The part under test; whatever else the proto has is unimplemented."""


@dataclass
class Door:
    """Notify's methods on endpoints, and one system outside that webhooks may go to."""

    serving: Serving
    server: Server
    replies: list[Reply]

    def stub(self, *roles: Role, client_id: str = "client-1", **claims: Any) -> Any:
        token = self.serving.identity.token(*roles, client_id=client_id, **claims)
        return NotifyServiceStub(self.serving.channel(token=token))

    @property
    def coordinator(self) -> Any:
        return self.stub(Role.COORDINATOR, client_id="coordinator-1")

    def desk(self, receiver_id: str = "house-1") -> Any:
        return self.stub(Role.RECEIVER, client_id=f"of-{receiver_id}", receiver_ids=[receiver_id])

    def a_webhook(self, request_id: str = "1", receiver_id: str = "house-1", **more: Any) -> Any:
        return pb.RegisterWebhookRequest(
            request_id=request_id, receiver_id=receiver_id, **{"url": self.server.url, **more}
        )


@pytest.fixture
async def door(stores: Stores, clock: Clock, tmp_path: Path) -> AsyncIterator[Door]:
    async with a_door(stores, clock, tmp_path) as made:
        yield made


@asynccontextmanager
async def a_door(stores: Stores, clock: Clock, folder: Path) -> AsyncIterator[Door]:
    authority, replies = Authority(folder), [echoes()]

    async def reply(posted: Posted, writer: Any) -> None:
        await replies[-1](posted, writer)

    async with https_server(authority.server(), reply) as server:
        egress, store = egress_to(server, authority), endpoint_store(stores.pool)
        desk = EndpointDesk(
            endpoints=store,
            webhook=WebhookChannel(store, egress, clock),
            rules=egress.rules,
            directory=Houses(),
            offered=frozenset({Channel.WEBHOOK, Channel.EMAIL}),
            now=clock,
            random_token=lambda: "c" * 43,
        )
        servicer: Any = Whole(EndpointMethods(endpoint_desk=desk))  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
        async with serving(
            an_identity(folder), lambda grpc: add_NotifyServiceServicer_to_server(servicer, grpc)
        ) as running:
            yield Door(running, server, replies)


def state_of(endpoint: Any) -> tuple[Any, str]:
    return endpoint.state, endpoint.pause_code


async def test_a_webhook_that_echoes_is_in_use_at_once(door: Door) -> None:
    response = await door.coordinator.RegisterWebhook(door.a_webhook(order_no=1))

    endpoint = response.endpoint
    assert state_of(endpoint) == PROVEN
    assert (endpoint.receiver_id, endpoint.client_id, endpoint.order_no) == ("house-1", "", 1)
    assert endpoint.public_key.startswith("whpk_")
    assert (response.device.device_id, response.device.channel) == (endpoint.endpoint_id, pb.CHANNEL_WEBHOOK)
    assert len(door.server.requests) == 1


async def test_a_webhook_that_does_not_echo_is_kept_and_may_be_resumed(door: Door, clock: Clock) -> None:
    door.replies.append(says(500))
    endpoint = (await door.coordinator.RegisterWebhook(door.a_webhook())).endpoint
    assert state_of(endpoint) == (pb.ENDPOINT_STATE_UNPROVEN, "status_500")
    request = pb.ResumeEndpointRequest(request_id="2", endpoint_id=endpoint.endpoint_id)
    with pytest.raises(Exhausted) as caught:  # whoever is at that address need not know of us
        await door.coordinator.ResumeEndpoint(request)
    assert caught.value.retry_after_s == 10
    assert len(door.server.requests) == 1
    clock.advance(seconds=10)
    still = (await door.coordinator.ResumeEndpoint(request)).endpoint
    assert state_of(still) == (pb.ENDPOINT_STATE_UNPROVEN, "status_500")
    door.replies.append(echoes())
    clock.advance(seconds=10)

    assert state_of((await door.coordinator.ResumeEndpoint(request)).endpoint) == PROVEN
    assert (await door.coordinator.ResumeEndpoint(request)).replayed


async def test_a_repeat_registers_once_and_sends_no_second_challenge(door: Door) -> None:
    first = await door.coordinator.RegisterWebhook(door.a_webhook())
    again = await door.coordinator.RegisterWebhook(door.a_webhook())

    assert (again.replayed, again.endpoint.endpoint_id) == (True, first.endpoint.endpoint_id)
    assert len(door.server.requests) == 1
    with pytest.raises(InvalidInput) as caught:
        await door.coordinator.RegisterWebhook(door.a_webhook(receiver_id="house-2"))
    assert caught.value.reason is Reason.REQUEST_ID_REUSED
    with pytest.raises(Conflict):
        await door.coordinator.RegisterWebhook(door.a_webhook("2"))


async def test_a_confidential_sites_endpoint_is_in_use_once_a_second_person_approved_it(door: Door) -> None:
    endpoint = (await door.coordinator.RegisterWebhook(door.a_webhook(receiver_id="house-9"))).endpoint
    mailbox = (
        await door.coordinator.RegisterEndpoint(
            pb.RegisterEndpointRequest(
                request_id="m", receiver_id="house-9", channel=pb.CHANNEL_EMAIL, address="desk@example.org"
            )
        )
    ).endpoint
    assert endpoint.state == mailbox.state == pb.ENDPOINT_STATE_AWAITING_APPROVAL
    for each in (endpoint, mailbox):
        request = pb.ApproveEndpointRequest(request_id=f"2{each.endpoint_id[:8]}", endpoint_id=each.endpoint_id)
        with pytest.raises(FailedPrecondition) as caught:
            await door.coordinator.ApproveEndpoint(request)
        assert caught.value.reason is Reason.SECOND_PERSON_NEEDED
        with pytest.raises(PermissionDenied):
            await door.desk("house-9").ApproveEndpoint(request)

        second = door.stub(Role.DUTY_COORDINATOR, client_id="coordinator-2")
        assert state_of((await second.ApproveEndpoint(request)).endpoint) == PROVEN


async def test_a_desk_and_a_system_register_for_themselves_and_for_nobody_else(door: Door) -> None:
    own = (await door.desk().RegisterWebhook(door.a_webhook())).endpoint
    system = door.stub(Role.CASE_SYSTEM, client_id="system-1")
    of_system = (await system.RegisterWebhook(door.a_webhook(receiver_id=""))).endpoint

    assert (own.receiver_id, of_system.client_id, of_system.receiver_id) == ("house-1", "system-1", "")
    for stub, receiver_id in ((door.desk(), "house-2"), (system, "house-1")):
        with pytest.raises(NotFound):
            await stub.RegisterWebhook(door.a_webhook("2", receiver_id=receiver_id))
    with pytest.raises(InvalidInput):
        await door.desk().RegisterWebhook(door.a_webhook("3", receiver_id=""))
    assert {each.endpoint_id for each in (await system.ListEndpoints(pb.ListEndpointsRequest())).endpoints} == {
        of_system.endpoint_id
    }


@pytest.mark.parametrize("verb", ["Update", "Pause", "Resume", "End"])
async def test_anothers_endpoint_looks_the_same_as_one_that_is_absent(door: Door, verb: str) -> None:
    endpoint = (await door.coordinator.RegisterWebhook(door.a_webhook())).endpoint
    of_system = (
        await door.stub(Role.CASE_SYSTEM, client_id="system-1").RegisterWebhook(door.a_webhook(receiver_id=""))
    ).endpoint
    kind = getattr(pb, f"{verb}EndpointRequest")
    said = set()
    for stub, endpoint_id in (
        (door.desk("house-2"), endpoint.endpoint_id),
        (door.desk("house-1"), of_system.endpoint_id),
        (door.stub(Role.CASE_SYSTEM, client_id="system-2"), of_system.endpoint_id),
        (door.stub(Role.CASE_SYSTEM, client_id="system-1"), endpoint.endpoint_id),
        (door.coordinator, "absent"),
    ):
        with pytest.raises(NotFound) as caught:
            await getattr(stub, f"{verb}Endpoint")(kind(request_id="9", endpoint_id=endpoint_id))
        said.add(caught.value.message)

    assert len(said) == 1


async def test_a_desk_pauses_resumes_and_ends_its_own(door: Door, clock: Clock) -> None:
    desk = door.desk()
    endpoint_id = (await desk.RegisterWebhook(door.a_webhook())).endpoint.endpoint_id

    paused = await desk.PauseEndpoint(pb.PauseEndpointRequest(request_id="2", endpoint_id=endpoint_id))
    assert state_of(paused.endpoint) == (pb.ENDPOINT_STATE_PAUSED, "by_hand")
    clock.advance(seconds=10)
    resumed = await desk.ResumeEndpoint(pb.ResumeEndpointRequest(request_id="3", endpoint_id=endpoint_id))
    assert state_of(resumed.endpoint) == PROVEN
    assert len(door.server.requests) == 2  # it proved itself again
    ended = await desk.EndEndpoint(pb.EndEndpointRequest(request_id="4", endpoint_id=endpoint_id))
    again = await desk.EndEndpoint(pb.EndEndpointRequest(request_id="4", endpoint_id=endpoint_id))

    assert ended.endpoint.state == pb.ENDPOINT_STATE_ENDED
    assert (again.endpoint, again.replayed) == (ended.endpoint, True)
    [listed] = (await desk.ListEndpoints(pb.ListEndpointsRequest(receiver_id="house-1"))).endpoints
    assert listed == ended.endpoint


async def test_quiet_hours_and_order_come_back_as_they_were_given(door: Door) -> None:
    quiet = pb.QuietHours(start_minute=22 * 60, end_minute=7 * 60 + 30, time_zone="Africa/Tripoli")
    endpoint = (
        await door.coordinator.RegisterEndpoint(
            pb.RegisterEndpointRequest(
                request_id="1",
                receiver_id="house-1",
                channel=pb.CHANNEL_EMAIL,
                address="desk@example.org",
                language="fr",
                quiet=quiet,
            )
        )
    ).endpoint
    assert (endpoint.quiet, endpoint.language, endpoint.time_zone) == (quiet, "fr", "Africa/Tripoli")

    request = pb.UpdateEndpointRequest(request_id="2", endpoint_id=endpoint.endpoint_id, order_no=4)
    after = (await door.coordinator.UpdateEndpoint(request)).endpoint

    assert (after.order_no, after.HasField("quiet")) == (4, False)


async def test_no_answer_and_no_audit_has_an_address(door: Door, stores: Stores) -> None:
    response = await door.coordinator.RegisterEndpoint(
        pb.RegisterEndpointRequest(
            request_id="1", receiver_id="house-1", channel=pb.CHANNEL_EMAIL, address="zqx7@example.org"
        )
    )
    listed = await door.coordinator.ListEndpoints(pb.ListEndpointsRequest(receiver_id="house-1"))

    rows = await stores.rows("SELECT audit::text FROM audit UNION ALL SELECT request_key::text FROM request_key")
    assert "zqx7" not in f"{response}{listed}{rows}"
    assert b"zqx7".hex() not in json.dumps([str(row) for row in rows])


async def test_an_endpoint_of_another_page_goes_on_where_the_first_ended(door: Door) -> None:
    for number in range(3):
        await door.coordinator.RegisterEndpoint(
            pb.RegisterEndpointRequest(
                request_id=str(number),
                receiver_id="house-1",
                channel=pb.CHANNEL_EMAIL,
                address=f"desk{number}@example.org",
            )
        )
    first = await door.coordinator.ListEndpoints(pb.ListEndpointsRequest(receiver_id="house-1", page_size=2))
    rest = await door.coordinator.ListEndpoints(
        pb.ListEndpointsRequest(receiver_id="house-1", page_size=2, page_token=first.next_page_token)
    )

    assert len({each.endpoint_id for each in (*first.endpoints, *rest.endpoints)}) == 3
    assert rest.next_page_token == ""


async def test_nobody_registers_without_end(door: Door) -> None:
    for number in range(MAX_OPEN):
        await door.coordinator.RegisterEndpoint(mail(request_id=f"{number}", address=f"desk{number}@example.org"))

    with pytest.raises(Exhausted) as caught:
        await door.coordinator.RegisterEndpoint(mail(request_id="more", address="more@example.org"))
    assert caught.value.reason is Reason.QUOTA
    await door.coordinator.RegisterEndpoint(mail(request_id="other", receiver_id="house-2"))


async def test_registering_and_ending_again_and_again_has_an_end(door: Door, clock: Clock) -> None:
    for number in range(MAX_NEW):
        made = await door.coordinator.RegisterEndpoint(mail(request_id=f"{number}"))
        await door.coordinator.EndEndpoint(
            pb.EndEndpointRequest(request_id=f"end-{number}", endpoint_id=made.endpoint.endpoint_id)
        )

    with pytest.raises(Exhausted):
        await door.coordinator.RegisterEndpoint(mail(request_id="more"))
    clock.advance(hours=1)
    await door.coordinator.RegisterEndpoint(mail(request_id="more"))


def mail(**facts: Any) -> Any:
    whole: dict[str, Any] = {
        "request_id": "1",
        "receiver_id": "house-1",
        "channel": pb.CHANNEL_EMAIL,
        "address": "desk@example.org",
    }
    return pb.RegisterEndpointRequest(**whole | facts)


def quiet(start_minute: int = 0, end_minute: int = 60, time_zone: str = "UTC") -> Any:
    return pb.QuietHours(start_minute=start_minute, end_minute=end_minute, time_zone=time_zone)


@pytest.mark.parametrize(
    ("method", "request_message", "kind", "field"),
    [
        ("RegisterEndpoint", mail(request_id=""), InvalidInput, "request_id"),
        ("RegisterEndpoint", mail(receiver_id=""), InvalidInput, "receiver_id"),
        ("RegisterEndpoint", mail(receiver_id="unknown"), NotFound, None),
        ("RegisterEndpoint", mail(channel=pb.CHANNEL_WEBHOOK), InvalidInput, "channel"),
        ("RegisterEndpoint", mail(channel=pb.CHANNEL_PUSH), InvalidInput, "channel"),
        ("RegisterEndpoint", mail(address="desk"), InvalidInput, "address"),
        ("RegisterEndpoint", mail(address="a@b@example.org"), InvalidInput, "address"),
        ("RegisterEndpoint", mail(address="desk@example.org\r\nBcc: x@example.org"), InvalidInput, "address"),
        ("RegisterEndpoint", mail(address="Desk <desk@example.org>"), InvalidInput, "address"),
        ("RegisterEndpoint", mail(channel=pb.CHANNEL_SMS, address="0911234567"), InvalidInput, "address"),
        ("RegisterEndpoint", mail(channel=pb.CHANNEL_SMS, address="+218911234567"), FailedPrecondition, None),
        ("RegisterEndpoint", mail(order_no=101), InvalidInput, "order_no"),
        ("RegisterEndpoint", mail(language="xx"), InvalidInput, "language"),
        ("RegisterEndpoint", mail(quiet=quiet(start_minute=1440)), InvalidInput, "quiet.start_minute"),
        ("RegisterEndpoint", mail(quiet=quiet(end_minute=0)), InvalidInput, "quiet.end"),
        ("RegisterEndpoint", mail(quiet=quiet(time_zone="Mars/Base")), InvalidInput, "quiet.time_zone"),
        (
            "RegisterWebhook",
            pb.RegisterWebhookRequest(request_id="1", receiver_id="house-1", url="https://127.0.0.1/"),
            InvalidInput,
            "url",
        ),
        (
            "RegisterWebhook",
            pb.RegisterWebhookRequest(request_id="1", url="https://desk.example.org/"),
            InvalidInput,
            "receiver_id",
        ),
        ("ListEndpoints", pb.ListEndpointsRequest(), InvalidInput, "receiver_id"),
        ("ListEndpoints", pb.ListEndpointsRequest(receiver_id="house-1", page_size=501), InvalidInput, "page_size"),
        ("PauseEndpoint", pb.PauseEndpointRequest(request_id="1"), InvalidInput, "endpoint_id"),
        ("EndEndpoint", pb.EndEndpointRequest(request_id="1", endpoint_id="absent"), NotFound, None),
    ],
)
async def test_bad_input_is_refused_by_name_and_changes_nothing(
    door: Door, stores: Stores, method: str, request_message: Any, kind: type[IhalaError], field: str | None
) -> None:
    with pytest.raises(kind) as caught:
        await getattr(door.coordinator, method)(request_message)

    assert [violation.field for violation in caught.value.fields] == ([field] if field else [])
    assert await stores.rows("SELECT 1 FROM endpoint") == []
    assert door.server.requests == []


async def test_nothing_has_an_address_without_a_key_to_seal_it(tmp_path: Path) -> None:
    servicer: Any = Whole(EndpointMethods(endpoint_desk=None))  # type: ignore[abstract]  # as above
    async with serving(
        an_identity(tmp_path), lambda grpc: add_NotifyServiceServicer_to_server(servicer, grpc)
    ) as running:
        with pytest.raises(FailedPrecondition, match="endpoint_key_file"):
            await NotifyServiceStub(running.channel(Role.OPERATOR)).RegisterEndpoint(mail())
