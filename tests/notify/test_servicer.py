"""Tests of NotifyService through real channels: who may enrol what, once, and what is told of it."""

import random
from collections.abc import AsyncIterator
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
    FailedPrecondition,
    IhalaError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    Reason,
)
from services.notify.accounts import AccountsFile
from services.notify.model import Desk
from services.notify.secrecy import code_digest
from services.notify.servicer import Combined, NotifyServicer
from services.notify.servicer_records import RecordMethods
from services.notify.store.logs import LogStore
from services.runtime.auth import Role
from tests.notify.stores import NOON, Clock, Stores, an_event
from tests.serving import Serving, an_identity, serving

KEY = "U" + "A" * 55
OTHER_KEY = "U" + "B" * 55


class Whole(Combined, NotifyServiceServicer):
    """The parts under test; whatever else the proto has is unimplemented."""


class Houses:
    """A directory that knows every receiver whose id begins with `house`."""

    async def desk(self, receiver_id: str) -> Desk:
        if not receiver_id.startswith("house"):
            raise NotFound("there is no such object")
        return Desk(receiver_id=receiver_id, time_zone="Africa/Tripoli")


class Consumers:
    """Notes for whom a consumer was made."""

    def __init__(self) -> None:
        self.made: list[str] = []

    async def ensure_consumer(self, receiver_id: str) -> None:
        self.made.append(receiver_id)


@pytest.fixture
def consumers() -> Consumers:
    return Consumers()


@pytest.fixture
def accounts_file(tmp_path: Path) -> Path:
    return tmp_path / "accounts.conf"


@pytest.fixture
async def notify(
    stores: Stores, clock: Clock, consumers: Consumers, accounts_file: Path, tmp_path: Path
) -> AsyncIterator[Serving]:
    servicer: Any = Whole(  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
        NotifyServicer(
            alerts=stores.alerts,
            devices=stores.devices,
            directory=Houses(),
            consumers=consumers,
            accounts=AccountsFile(accounts_file, None, stores.devices.nats_accounts),
            page_url="http://127.0.0.1:8080",
            now=clock,
            random_below=random.Random(7).randrange,
        ),
        RecordMethods(logs=LogStore(stores.pool), letters=stores.letters, now=clock),
    )
    async with serving(
        an_identity(tmp_path), lambda server: add_NotifyServiceServicer_to_server(servicer, server)
    ) as far:
        yield far


def written(file: Path) -> str:
    return file.read_text(encoding="ascii")


def stub(notify: Serving, *roles: Role) -> Any:
    return NotifyServiceStub(notify.channel(*roles))


async def test_a_code_is_eight_digits_good_for_half_an_hour_and_kept_as_a_digest(
    notify: Serving, stores: Stores
) -> None:
    response = await stub(notify, Role.COORDINATOR).CreateEnrolmentCode(
        pb.CreateEnrolmentCodeRequest(request_id="1", receiver_id="house-1")
    )

    assert len(response.code) == 8
    assert response.code.isdigit()
    assert response.expire_time.ToDatetime().minute == 30
    assert response.page_url == "http://127.0.0.1:8080"
    rows = await stores.rows("SELECT receiver_id, code_digest, time_zone FROM enrolment_code")
    assert rows == [("house-1", code_digest(response.code), "Africa/Tripoli")]


async def test_a_repeat_gets_the_first_answer_without_the_code(notify: Serving, stores: Stores) -> None:
    coordinator = stub(notify, Role.COORDINATOR)
    request = pb.CreateEnrolmentCodeRequest(request_id="1", receiver_id="house-1")
    first = await coordinator.CreateEnrolmentCode(request)
    digests = await stores.rows("SELECT code_digest FROM enrolment_code")

    again = await coordinator.CreateEnrolmentCode(request)

    assert (again.code, again.replayed, again.expire_time) == ("", True, first.expire_time)
    assert await stores.rows("SELECT code_digest FROM enrolment_code") == digests
    with pytest.raises(InvalidInput) as caught:
        await coordinator.CreateEnrolmentCode(pb.CreateEnrolmentCodeRequest(request_id="1", receiver_id="house-2"))
    assert caught.value.reason is Reason.REQUEST_ID_REUSED


async def test_a_nats_receiver_gets_an_account_and_a_consumer(
    notify: Serving, consumers: Consumers, accounts_file: Path
) -> None:
    operator = stub(notify, Role.OPERATOR)
    request = pb.RegisterNatsReceiverRequest(request_id="1", receiver_id="house-1", public_nkey=KEY)

    response = await operator.RegisterNatsReceiver(request)
    again = await operator.RegisterNatsReceiver(request)

    assert response.device.channel == pb.CHANNEL_NATS
    assert (again.device, again.replayed) == (response.device, True)
    assert set(consumers.made) == {"house-1"}
    assert KEY in written(accounts_file)


async def test_another_key_ends_the_account_before(notify: Serving, accounts_file: Path) -> None:
    operator = stub(notify, Role.OPERATOR)
    for number, key in enumerate((KEY, OTHER_KEY)):
        await operator.RegisterNatsReceiver(
            pb.RegisterNatsReceiverRequest(request_id=str(number), receiver_id="house-1", public_nkey=key)
        )

    devices = (await operator.ListDevices(pb.ListDevicesRequest(receiver_id="house-1"))).devices
    assert [device.HasField("end_time") for device in devices].count(False) == 1
    assert KEY not in written(accounts_file)
    assert OTHER_KEY in written(accounts_file)


async def test_ending_a_device_takes_its_account_away_and_twice_is_once(
    notify: Serving, clock: Clock, accounts_file: Path
) -> None:
    operator = stub(notify, Role.OPERATOR)
    device = (
        await operator.RegisterNatsReceiver(
            pb.RegisterNatsReceiverRequest(request_id="1", receiver_id="house-1", public_nkey=KEY)
        )
    ).device
    clock.advance(minutes=1)
    first = await operator.EndDevice(pb.EndDeviceRequest(request_id="2", device_id=device.device_id))
    clock.advance(minutes=1)
    second = await operator.EndDevice(pb.EndDeviceRequest(request_id="3", device_id=device.device_id))
    replay = await operator.EndDevice(pb.EndDeviceRequest(request_id="2", device_id=device.device_id))

    assert first.device.end_time == second.device.end_time
    assert (first.replayed, replay.replayed) == (False, True)
    assert KEY not in written(accounts_file)


async def test_alerts_are_listed_with_what_became_of_them(notify: Serving, stores: Stores) -> None:
    for number in range(3):
        await stores.alerts.hear(an_event(f"offer-{number}"), NOON)
    operator = stub(notify, Role.OPERATOR)

    first = await operator.ListAlerts(pb.ListAlertsRequest(receiver_id="house-1", page_size=2))
    rest = await operator.ListAlerts(
        pb.ListAlertsRequest(receiver_id="house-1", page_size=2, page_token=first.next_page_token)
    )

    alerts = [*first.alerts, *rest.alerts]
    assert {alert.offer_id for alert in alerts} == {"offer-0", "offer-1", "offer-2"}
    assert rest.next_page_token == ""
    assert {(each.channel, each.state) for alert in alerts for each in alert.deliveries} == {
        (pb.CHANNEL_PAGE, pb.DELIVERY_STATE_SENT)
    }


async def test_a_receiver_sees_its_own_and_nobody_elses(notify: Serving, stores: Stores) -> None:
    await stores.alerts.hear(an_event(receiver_id="house-1"), NOON)
    token = notify.identity.token(Role.RECEIVER, receiver_ids=["house-1"])
    receiver: Any = NotifyServiceStub(notify.channel(token=token))

    assert len((await receiver.ListAlerts(pb.ListAlertsRequest(receiver_id="house-1"))).alerts) == 1
    for call, request in (
        (receiver.ListAlerts, pb.ListAlertsRequest(receiver_id="house-2")),
        (receiver.ListDevices, pb.ListDevicesRequest(receiver_id="house-2")),
    ):
        with pytest.raises(NotFound):
            await call(request)


@pytest.mark.parametrize(
    ("method", "request_message", "kind", "field"),
    [
        ("CreateEnrolmentCode", pb.CreateEnrolmentCodeRequest(receiver_id="house-1"), InvalidInput, "request_id"),
        ("CreateEnrolmentCode", pb.CreateEnrolmentCodeRequest(request_id="1"), InvalidInput, "receiver_id"),
        ("CreateEnrolmentCode", pb.CreateEnrolmentCodeRequest(request_id="1", receiver_id="unknown"), NotFound, None),
        (
            "RegisterNatsReceiver",
            pb.RegisterNatsReceiverRequest(request_id="1", receiver_id="house.1", public_nkey=KEY),
            InvalidInput,
            "receiver_id",
        ),
        (
            "RegisterNatsReceiver",
            pb.RegisterNatsReceiverRequest(request_id="1", receiver_id="house-1", public_nkey=f'U"{KEY}'),
            InvalidInput,
            "public_nkey",
        ),
        ("EndDevice", pb.EndDeviceRequest(request_id="1"), InvalidInput, "device_id"),
        ("EndDevice", pb.EndDeviceRequest(request_id="1", device_id="unknown"), NotFound, None),
        ("ListAlerts", pb.ListAlertsRequest(receiver_id="house-1", page_size=501), InvalidInput, "page_size"),
        ("ListAlerts", pb.ListAlertsRequest(receiver_id="house-1", page_token="x"), InvalidInput, "page_token"),
        ("ListDevices", pb.ListDevicesRequest(receiver_id="house 1"), InvalidInput, "receiver_id"),
    ],
)
async def test_bad_input_is_refused_by_name_and_changes_nothing(
    notify: Serving,
    stores: Stores,
    method: str,
    request_message: Any,
    kind: type[IhalaError],
    field: str | None,
) -> None:
    with pytest.raises(kind) as caught:
        await getattr(stub(notify, Role.OPERATOR), method)(request_message)

    assert [violation.field for violation in caught.value.fields] == ([field] if field else [])
    assert await stores.rows("SELECT 1 FROM device UNION ALL SELECT 1 FROM enrolment_code") == []


async def test_no_account_is_promised_where_none_can_be_made(stores: Stores) -> None:
    with pytest.raises(FailedPrecondition):
        AccountsFile(None, None, stores.devices.nats_accounts).require()


@pytest.mark.parametrize("role", [Role.CASE_SYSTEM, Role.RECEIVER, Role.AUDITOR, Role.SERVICE])
async def test_others_cannot_enrol(notify: Serving, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        await stub(notify, role).CreateEnrolmentCode(
            pb.CreateEnrolmentCodeRequest(request_id="1", receiver_id="house-1")
        )


async def test_every_command_is_in_the_audit(notify: Serving, stores: Stores) -> None:
    await stub(notify, Role.COORDINATOR).CreateEnrolmentCode(
        pb.CreateEnrolmentCodeRequest(request_id="1", receiver_id="house-1")
    )

    assert await stores.rows("SELECT actor, action, object_kind, decision FROM audit") == [
        ("client-1", "code.create", "receiver", "allowed")
    ]
