"""What the tests of the directory share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.directory.house import House, a_house


@pytest.fixture
async def house(migrated_url: Callable[..., Awaitable[str]], tmp_path: Path) -> AsyncIterator[House]:
    """Run a directory over an empty database."""
    async with a_house(await migrated_url("directory"), tmp_path) as running:
        yield running
