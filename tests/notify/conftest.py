"""What the tests of notify begin with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from services.runtime.embedded.nats import NatsServer
from tests.notify.desk import Page, a_page
from tests.notify.posting import Authority
from tests.notify.stores import Clock, Running, Stores, loops_of_notify, stores_at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Make certificates for a test's servers."""
    return Authority(tmp_path)


@pytest.fixture
async def stores(migrated_url: Callable[..., Awaitable[str]]) -> AsyncIterator[Stores]:
    async with stores_at(await migrated_url("notify")) as made:
        yield made


@pytest.fixture
async def running(stores: Stores, nats_server: NatsServer, clock: Clock, tmp_path: Path) -> AsyncIterator[Running]:
    """Run consumer, deliveries and receipts until the test ends."""
    async with loops_of_notify(stores, nats_server, clock, tmp_path) as made:
        yield made


@pytest.fixture
async def page(stores: Stores, clock: Clock, tmp_path: Path) -> AsyncIterator[Page]:
    """Run the answer page of a desk."""
    async with a_page(stores, clock, tmp_path) as running:
        yield running
