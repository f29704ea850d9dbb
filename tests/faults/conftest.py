"""A house of their own for tests that kill parts of it."""

from collections.abc import Iterator

import pytest

from tests.house import House, house_in


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run everything with the demo's directory."""
    with house_in(tmp_path_factory.mktemp("faults") / ".ihala") as house:
        yield house
