"""One house for all tests of the whole path."""

from collections.abc import Iterator

import pytest

from tests.house import House, house_in


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run everything with the demo's directory, in a folder with a blank in its name."""
    with house_in(tmp_path_factory.mktemp("a house") / ".ihala") as house:
        yield house
