"""A receiver's account of NATS while its software changes from one key to the next (F27)."""

from datetime import timedelta

from services.notify.store.repairs import RepairStore
from services.runtime.embedded.nats_accounts import generate_key
from services.runtime.postgres import Process
from tests.notify.conftest import NOON, Stores, a_nats_device, a_request

OPERATOR = Process(client_id="operator-1")
OLD, NEW, NEWEST = (generate_key()[1] for _ in range(3))


async def register(stores: Stores, key: str, minute: int, *, keeps_previous: bool, receiver_id: str = "house-1") -> str:
    """Give a receiver a key, and return the device that stands for it."""
    device = a_nats_device(receiver_id, key)
    time = NOON + timedelta(minutes=minute)
    await stores.devices.register_nats(a_request(f"{minute}"), OPERATOR, device, time, keeps_previous=keeps_previous)
    return device.device_id


async def test_the_key_before_holds_on_beside_the_new_one_until_it_is_ended(stores: Stores) -> None:
    before = await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, NEW, 1, keeps_previous=True)
    both = await stores.devices.nats_accounts()

    await stores.devices.end(a_request("end"), OPERATOR, before, NOON + timedelta(minutes=2))

    assert both == {"house-1": sorted([OLD, NEW])}
    assert await stores.devices.nats_accounts() == {"house-1": [NEW]}


async def test_no_more_than_two_hold(stores: Stores) -> None:
    await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, NEW, 1, keeps_previous=True)
    await register(stores, NEWEST, 2, keeps_previous=True)

    assert await stores.devices.nats_accounts() == {"house-1": sorted([NEW, NEWEST])}


async def test_without_a_word_every_key_before_ends_at_once(stores: Stores) -> None:
    await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, NEW, 1, keeps_previous=True)
    await register(stores, NEWEST, 2, keeps_previous=False)

    assert await stores.devices.nats_accounts() == {"house-1": [NEWEST]}


async def test_a_key_belongs_to_one_receiver_and_leaves_the_one_before(stores: Stores) -> None:
    await register(stores, OLD, 0, keeps_previous=False)
    await register(stores, OLD, 1, keeps_previous=True, receiver_id="house-2")

    assert await stores.devices.nats_accounts() == {"house-2": [OLD]}


async def test_a_second_key_is_no_new_consumer_whose_alerts_must_be_told_again(stores: Stores) -> None:
    before = await register(stores, OLD, 0, keeps_previous=False)
    repairs = RepairStore(stores.pool)
    await repairs.note_consumer("house-1", NOON, NOON)
    await register(stores, NEW, 1, keeps_previous=True)
    await stores.devices.end(a_request("end"), OPERATOR, before, NOON)

    assert not await repairs.note_consumer("house-1", NOON, NOON)
    assert await repairs.note_consumer("house-1", NOON + timedelta(hours=1), NOON)
