"""The two examples of docs/sdk.md, run as they are written: only their profile files are prepared."""

import asyncio
import re
import textwrap
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ihala.cli.run.identities import Identities
from ihala.client import Cursor, Referral
from ihala.receiver import RequestedNeed
from tests.house import ROOT, House

PAGE = ROOT / "docs" / "sdk.md"
HOUSE = "house-system"  #: the desk of the demo whose software hears over NATS
PATIENCE_S = 60.0


class EnoughSeen(Exception):
    """The example's own loop would go on for ever."""


@dataclass
class Database:
    """What the example calls `db`: a sender's own tables."""

    until: str
    applied: list[tuple[str, Referral]] = field(default_factory=list)
    at: Cursor | None = None

    def cursor(self) -> Cursor | None:
        return self.at

    def apply(self, case_ref: str, referral: Referral, *, cursor: Cursor) -> None:
        self.applied.append((case_ref, referral))
        self.at = cursor
        if case_ref.startswith("sdk-") and self.until in {offer.state for offer in referral.offers}:
            raise EnoughSeen


def example(title: str, names: dict[str, Any]) -> Callable[[], Awaitable[None]]:
    """Make a function of the code below a heading, which stands there with only some names missing."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^## {title}$.*?^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    exec(f"async def run():\n{textwrap.indent(found[1], '    ')}", names)  # noqa: S102 -- the page's own words
    run: Callable[[], Awaitable[None]] = names["run"]
    return run


@pytest.fixture
def folder(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Prepare the two profiles in a folder of the test's own, and stand there."""
    profiles = Identities.profile_file
    for name, file in (("ministry", "ministry.toml"), (f"receivers/{HOUSE}", "house.toml")):
        source = profiles(house.identities, name)
        text = re.sub(r'(?<=_file = ")(?=[^/"])', f"{source.parent}/", source.read_text(encoding="utf-8"))
        (tmp_path / file).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def both(case_ref: str, *, fits: bool, until: str) -> tuple[Database, list[RequestedNeed]]:
    """Run both examples against each other until the sender has seen an offer in this state."""
    asked: list[RequestedNeed] = []
    db = Database(until)

    def decides(need: RequestedNeed) -> bool:
        asked.append(need)
        return fits

    sender = example("A case system", {"case_ref": case_ref, "db": db, "outbox": SimpleNamespace(id=f"{case_ref}-out")})
    desk = example("A desk with its own system", {"fits": decides})
    async with asyncio.timeout(PATIENCE_S):
        hearing = asyncio.ensure_future(desk())
        sending = asyncio.ensure_future(sender())
        try:
            await asyncio.wait({hearing, sending}, return_when=asyncio.FIRST_COMPLETED)
            with suppress(EnoughSeen):
                await (hearing if hearing.done() else sending)
        finally:
            for task in (hearing, sending):
                task.cancel()
            await asyncio.wait({hearing, sending})
    return db, asked


@pytest.mark.usefixtures("folder")
async def test_both_examples_run_as_they_are_written_to_a_yes() -> None:
    db, asked = await both("sdk-case-1", fits=True, until="accepted")
    last = db.applied[-1][1]

    assert {case_ref for case_ref, _ in db.applied if case_ref.startswith("sdk-")} == {"sdk-case-1"}
    assert ("ACC-EMG", True) in [(need.code, bool(need.facts)) for need in asked]
    assert any(need.accepted_offer_id for need in last.needs)
    assert db.at is not None
    assert replace(db.at) == Cursor.parse(str(db.at))


@pytest.mark.usefixtures("folder")
async def test_both_examples_run_as_they_are_written_to_a_no() -> None:
    db, _ = await both("sdk-case-2", fits=False, until="rejected")
    reasons = {offer.reason for offer in db.applied[-1][1].offers}

    assert "no_capacity" in reasons
