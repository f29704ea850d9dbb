"""Tests of endpoints as they are kept: sealed, one for an address, approved by two, ended for good."""

import random
from contextlib import suppress
from datetime import timedelta

import pytest

from services.errors import Conflict, FailedPrecondition, NotFound, Reason
from services.notify.endpoint import EndpointState, QuietHours
from services.notify.model import Channel, PageDevice
from services.notify.secrecy import code_digest
from services.notify.store.addresses import AddressSealer
from services.notify.store.endpoints import EndpointStore
from services.notify.store.subscriptions import SubscriptionStore
from services.runtime.auth import Principal
from services.runtime.postgres import Process
from tests.notify.stores import NOON, Stores, a_request
from tests.notify.ways import OPERATOR, SEALER, a_target, endpoint_store, registered

URL = "https://desk.example.org/alerts-7Q4X"


async def test_an_address_comes_back_to_who_sends_and_is_nowhere_in_the_database(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    target = a_target(URL)
    endpoint_id = await registered(store, target)

    found = await store.target(endpoint_id)

    assert found is not None
    assert (found.address, found.signing_key, found.endpoint.state) == (URL, target.signing_key, EndpointState.ACTIVE)
    assert URL not in repr(found)
    [row] = await stores.rows("SELECT endpoint::text, sealed_address, sealed_signing_key FROM endpoint")
    assert "7Q4X" not in str(row[0])
    assert b"7Q4X" not in bytes(row[1])  # type: ignore[call-overload]
    assert target.signing_key not in bytes(row[2])  # type: ignore[call-overload]
    assert "7Q4X" not in str(await stores.rows("SELECT audit::text FROM audit"))


async def test_a_sealed_address_opens_in_its_own_row_with_its_own_key_alone(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    first = await registered(store, a_target(URL))
    second = await registered(store, a_target(f"{URL}2"))
    async with stores.pool.connection() as connection:
        await connection.execute(
            "UPDATE endpoint SET sealed_address = (SELECT sealed_address FROM endpoint WHERE endpoint_id = %s)"
            " WHERE endpoint_id = %s",
            [first, second],
        )

    with pytest.raises(RuntimeError):
        await store.target(second)
    with pytest.raises(RuntimeError):
        await EndpointStore(stores.pool, AddressSealer(b"x" * 32)).target(first)


async def test_an_address_is_one_endpoint_of_a_receiver_until_it_is_ended(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    endpoint_id = await registered(store, a_target(URL))

    with pytest.raises(Conflict):
        await registered(store, a_target(URL))
    await registered(store, a_target(URL, receiver_id="house-2"))
    await store.end(a_request("end"), OPERATOR, endpoint_id, NOON)
    await registered(store, a_target(URL))


async def test_ending_destroys_the_address_and_twice_is_once(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    endpoint_id = await registered(store, a_target(URL))

    first, _ = await store.end(a_request("1"), OPERATOR, endpoint_id, NOON)
    second, replayed = await store.end(a_request("1"), OPERATOR, endpoint_id, NOON + timedelta(minutes=1))

    assert (first, replayed) == (second, True)
    assert first.end_time == NOON
    assert await store.target(endpoint_id) is None
    assert await stores.rows("SELECT sealed_address, sealed_signing_key FROM endpoint") == [(None, None)]


async def test_what_needs_two_is_in_use_once_another_credential_approved_it(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    endpoint_id = await registered(store, a_target(URL, state=EndpointState.UNPROVEN), needs_approval=True)
    with pytest.raises(FailedPrecondition) as caught:
        await store.approve(a_request("0"), Process(client_id="operator-2"), endpoint_id, NOON)
    assert caught.value.reason is Reason.ILLEGAL_MOVE

    endpoint, _ = await store.prove(None, OPERATOR, endpoint_id, NOON)
    assert endpoint.state is EndpointState.AWAITING_APPROVAL
    for same in (OPERATOR, Principal(client_id="operator-1", roles=frozenset(), actor="somebody-else")):
        with pytest.raises(FailedPrecondition) as caught:
            await store.approve(a_request("1"), same, endpoint_id, NOON)
        assert caught.value.reason is Reason.SECOND_PERSON_NEEDED

    approved, _ = await store.approve(a_request("2"), Process(client_id="operator-2"), endpoint_id, NOON)
    again, replayed = await store.approve(a_request("2"), Process(client_id="operator-2"), endpoint_id, NOON)
    assert (approved.state, again.state, replayed) == (EndpointState.ACTIVE, EndpointState.ACTIVE, True)


async def test_two_credentials_of_one_person_are_not_two(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    target = a_target(URL, state=EndpointState.AWAITING_APPROVAL)
    worker = Principal(client_id="office-1", roles=frozenset(), actor="worker-7")
    await store.add(a_request("1"), worker, target, needs_approval=True, now=NOON)

    with pytest.raises(FailedPrecondition) as caught:
        await store.approve(
            a_request("2"),
            Principal(client_id="office-2", roles=frozenset(), actor="worker-7"),
            target.endpoint.endpoint_id,
            NOON,
        )
    assert caught.value.reason is Reason.SECOND_PERSON_NEEDED


async def test_a_paused_endpoint_is_not_active_and_resumes(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    endpoint_id = await registered(store, a_target(URL))

    paused, _ = await store.pause_by(a_request("1"), OPERATOR, endpoint_id, NOON)
    assert (paused.state, paused.pause_code, paused.pause_time) == (EndpointState.PAUSED, "by_hand", NOON)
    assert await store.active(receiver_id="house-1") == []
    resumed, _ = await store.prove(a_request("2"), OPERATOR, endpoint_id, NOON)

    assert (resumed.state, resumed.pause_code, resumed.pause_time) == (EndpointState.ACTIVE, "", None)


async def test_what_is_in_use_is_listed_in_its_order(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    last = await registered(store, a_target("+218911234567", Channel.SMS, order_no=2))
    first = await registered(store, a_target("desk@example.org", Channel.EMAIL, order_no=1))
    await registered(store, a_target(URL, receiver_id="", client_id="system-1"))

    assert [each.endpoint_id for each in await store.active(receiver_id="house-1")] == [first, last]
    assert len(await store.active(client_id="system-1")) == 1
    assert await store.active() == []


async def test_order_and_quiet_hours_change_together(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    endpoint_id = await registered(store, a_target(URL))
    quiet = QuietHours(start=NOON.time().replace(hour=22), end=NOON.time().replace(hour=7), time_zone="Africa/Tripoli")

    after, _ = await store.update(a_request("1"), OPERATOR, endpoint_id, 3, quiet, NOON)

    assert (after.order_no, after.quiet) == (3, quiet)
    assert (await store.get(endpoint_id)).quiet == quiet


async def test_a_page_of_endpoints_goes_on_where_it_ended(stores: Stores) -> None:
    store = endpoint_store(stores.pool)
    made = [
        await registered(store, a_target(f"{URL}{number}", create_time=NOON + timedelta(seconds=number)))
        for number in range(5)
    ]

    first = await store.list_page(receiver_id="house-1", limit=3, after=None)
    rest = await store.list_page(receiver_id="house-1", limit=3, after=(first[-1].create_time, first[-1].endpoint_id))

    assert [each.endpoint_id for each in (*first, *rest)] == made[::-1]


async def test_an_endpoint_that_nobody_made_is_absent(stores: Stores) -> None:
    with pytest.raises(NotFound):
        await endpoint_store(stores.pool).get("unknown")


#: what each command makes of each state; where nothing stands, it changes nothing or is refused
MOVES = {
    ("unproven", "prove"): "active",
    ("paused", "prove"): "active",
    ("active", "pause"): "paused",
    **{(state, "end"): "ended" for state in ("unproven", "awaiting_approval", "active", "paused")},
}
MOVES_OF_TWO = MOVES | {("unproven", "prove"): "awaiting_approval", ("awaiting_approval", "approve"): "active"}


@pytest.mark.parametrize("needs_approval", [False, True])
async def test_any_sequence_of_commands_ends_where_the_table_says(stores: Stores, *, needs_approval: bool) -> None:
    store, chance = endpoint_store(stores.pool), random.Random(7)
    moves = MOVES_OF_TWO if needs_approval else MOVES
    second = Process(client_id="operator-2")
    for sequence in range(15):
        target = a_target(f"{URL}{sequence}", state=EndpointState.UNPROVEN, receiver_id=f"house-{sequence}")
        endpoint_id, expected = await registered(store, target, needs_approval=needs_approval), "unproven"
        for number in range(8):
            verb, request = chance.choice(["prove", "pause", "approve", "end"]), a_request(f"{sequence} {number}")
            match verb:
                case "prove":
                    await store.prove(request, OPERATOR, endpoint_id, NOON)
                case "pause":
                    await store.pause_by(request, OPERATOR, endpoint_id, NOON)
                case "end":
                    await store.end(request, OPERATOR, endpoint_id, NOON)
                case _:
                    with suppress(FailedPrecondition):
                        await store.approve(request, second, endpoint_id, NOON)
            expected = moves.get((expected, verb), expected)
            assert (await store.get(endpoint_id)).state.value == expected
        assert (await store.target(endpoint_id) is None) == (expected == "ended")


async def a_page_device(stores: Stores, number: int = 1) -> PageDevice:
    code = code_digest(f"0000000{number}")
    await stores.devices.create_code(a_request(f"code-{number}"), OPERATOR, "house-1", code, "Africa/Tripoli", NOON)
    device = await stores.devices.enrol(code, b"token%d" % number, b"pin", NOON)
    assert device is not None
    return device


async def test_a_browser_has_one_subscription_and_it_ends_with_the_device(stores: Stores) -> None:
    store, subscriptions = endpoint_store(stores.pool), SubscriptionStore(stores.pool, SEALER)
    device = await a_page_device(stores)

    first = await subscriptions.subscribe(device, "https://push.example.org/1", "ar", NOON)
    second = await subscriptions.subscribe(device, "https://push.example.org/2", "ar", NOON)
    assert [each.endpoint_id for each in await store.active(receiver_id="house-1")] == [second]
    assert await store.target(first) is None
    await stores.devices.end(a_request("end"), OPERATOR, device.device_id, NOON)

    assert await store.active(receiver_id="house-1") == []
    assert await store.target(second) is None


async def test_a_browser_that_is_enrolled_anew_is_woken_once(stores: Stores) -> None:
    store, subscriptions = endpoint_store(stores.pool), SubscriptionStore(stores.pool, SEALER)
    await subscriptions.subscribe(await a_page_device(stores, 1), "https://push.example.org/1", "ar", NOON)

    second = await subscriptions.subscribe(await a_page_device(stores, 2), "https://push.example.org/1", "ar", NOON)

    assert [each.endpoint_id for each in await store.active(receiver_id="house-1")] == [second]


async def test_a_browser_may_sleep_again(stores: Stores) -> None:
    subscriptions = SubscriptionStore(stores.pool, SEALER)
    device = await a_page_device(stores)
    await subscriptions.subscribe(device, "https://push.example.org/1", "ar", NOON)

    await subscriptions.unsubscribe(device.device_id, NOON)

    assert await endpoint_store(stores.pool).active(receiver_id="house-1") == []
