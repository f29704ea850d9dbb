"""What a house takes does not grow with what it has been through (I14)."""

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.faults.breaking import NATS, POSTGRES, kill, start_again
from tests.faults.pressing import POOL_SIZE
from tests.faults.sizes import grown, pair, settle
from tests.faults.weather import await_referrals, blowing, storm_at
from tests.house import House, house_in

CYCLES = 10
WARM_UP = 3  #: cycles, a restart of both among them
RESTART_EACH = 3
CASES = 200
SHARE = 0.10
SETTLES_WITHIN_S = 10.0
#: what grows with what a house keeps, or comes and goes, and where that ends
ALLOWED = {
    "sessions": POOL_SIZE,  # of a pool, by how busy it was in the last ten minutes
    "threads": 2.0,
    "files": 2.0,  # of connections that are just being made or left
    "postgres files": 12.0,  # of a session, that has read one table or index more; there are 200
    "postgres MiB": 1.0,  # of a session, which keeps 100 prepared plans at most
    "referrals MiB": 8.0,  # 4 KiB a referral that Python's arenas keep; the blocks in use do not grow
    "nats MiB": 32.0,  # of an index of the messages that it keeps for 30 days, and of memory that Go has not given back
}


@pytest.fixture
def house_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run a house that no other storm has been at."""
    with house_in(tmp_path_factory.mktemp("bounded") / ".ihala") as house:
        yield house


def cycle(house: House, number: int) -> None:
    """Let one storm blow; in each third one, NATS and PostgreSQL are started anew."""
    with blowing(storm_at(house, f"cycle-{number}", CASES)) as storm:
        if number % RESTART_EACH == 1:
            await_referrals(storm, CASES // 3)
            for name, number_of_signal in ((NATS, signal.SIGTERM), (POSTGRES, signal.SIGINT)):
                kill(house, name, number_of_signal)
                start_again(house, name)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ten_storms_leave_a_house_as_large_as_it_was(
    house_of_its_own: House, record_property: Callable[[str, object], None]
) -> None:
    house = house_of_its_own
    for number in range(WARM_UP):
        cycle(house, number)
    before = settle(house, SETTLES_WITHIN_S)
    for number in range(WARM_UP, WARM_UP + CYCLES):
        cycle(house, number)
    after = settle(house, SETTLES_WITHIN_S)
    for name in sorted(before | after):
        record_property(name, pair(name, before, after))

    assert grown(before, after, share=SHARE, allowed=ALLOWED) == {}
    assert max(size for name, size in after.items() if name.endswith("sessions")) <= POOL_SIZE
