"""A house of their own for tests that kill parts of it."""

from collections.abc import Iterator

import pytest

from tests.house import House, house_in


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """
    Run everything with the demo's directory, anew for each storm.

    Whom one storm brought to the house is still on the way when the next begins,
    so that no report of places would make the house empty again.
    """
    with house_in(tmp_path_factory.mktemp("faults") / ".ihala") as house:
        yield house
