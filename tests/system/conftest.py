"""Houses for the tests of the whole path, each started once a session."""

from collections.abc import Iterator

import pytest

from tests.house import House, house_in


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run everything with the demo's directory, in a folder with a blank in its name."""
    with house_in(tmp_path_factory.mktemp("a house") / ".ihala") as house:
        yield house


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run everything with an empty directory, for files that others publish."""
    with house_in(tmp_path_factory.mktemp("empty") / ".ihala", with_demo=False) as house:
        yield house
