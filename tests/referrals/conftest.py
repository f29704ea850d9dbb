"""What the tests of referrals share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.referrals.samples import Running, running
from tests.serving import an_identity


@pytest.fixture
async def referrals(migrated_url: Callable[..., Awaitable[str]], tmp_path: Path) -> AsyncIterator[Running]:
    """Run referrals on a database of the test's own."""
    async with running(await migrated_url("referrals"), an_identity(tmp_path)) as made:
        yield made
