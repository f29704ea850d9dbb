"""Parts that cannot hear each other while each of them runs (F16, F18)."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.faults.breaking import NATS, POSTGRES
from tests.faults.networks import cut_off, needs_networks, own_network
from tests.faults.weather import await_referrals, await_that, blowing, storm_at
from tests.house import House, house_in

pytestmark = [
    pytest.mark.long,
    needs_networks,
    #: nats-py leaves the socket of a server that stands still open until it is collected
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CASES = 60
PATIENCE_S = 150.0
LOST_WITHIN_S = 90.0


@pytest.fixture(scope="module")
def house_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run a house in a network of its own."""
    with own_network(), house_in(tmp_path_factory.mktemp("networks") / ".ihala") as house:
        yield house


def port_of(house: House, name: str) -> int:
    """Return where a part listens."""
    urls = {POSTGRES: house.parts.database_url, NATS: house.parts.nats_url}
    return urlsplit(urls.get(name) or f"//{house.parts.address(name)}").port or 0


@pytest.mark.parametrize(
    ("name", "cut_s"), [(NATS, 20.0), (POSTGRES, 8.0), ("matching", 8.0), ("directory", 8.0), ("referrals", 8.0)]
)
def test_who_cannot_be_heard_loses_and_doubles_nothing(
    house_apart: House, name: str, cut_s: float, record_property: Callable[[str, object], None]
) -> None:
    with blowing(storm_at(house_apart, f"apart-{name}", CASES, patience_s=PATIENCE_S)) as storm:
        await_referrals(storm, CASES // 3)
        with cut_off(port_of(house_apart, name)):
            time.sleep(cut_s)  # the fault itself
        healed_s = time.monotonic()
        await_that(storm, lambda: len(storm.referred) == CASES == len(storm.accepted), "the rest", LOST_WITHIN_S)
        record_property("all done after, s", round(time.monotonic() - healed_s, 1))
