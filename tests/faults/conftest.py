"""A house of their own for tests that kill parts of it."""

from collections.abc import Iterator

import pytest

from tests.house import House, house_in


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run everything with the demo's directory, for one storm after the other; each finds it well again."""
    with house_in(tmp_path_factory.mktemp("faults") / ".ihala") as house:
        yield house
