"""
Follow the feeds: the directory into the index, referrals' holds beside it.

A feed that ends or cannot be reached is taken up again where it stopped; a feed
of another epoch is read from the beginning, and the present snapshot answers
until the new one is whole.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

import structlog

from services.errors import FailedPrecondition, IhalaError, Reason
from services.hours import Entry
from services.matching.index.block import Block
from services.matching.index.snapshot import Snapshot
from services.matching.index.state import Directory, Taken
from services.matching.model.feed import LinePage, ProviderPage, TakenPage
from services.matching.model.lines import Line
from services.matching.model.provider import Provider
from services.matching.silence import Silences
from services.matching.wire.ahead import write_ahead

log = structlog.get_logger(__name__)

FIRST_DELAY_S: Final = 0.2
MAX_DELAY_S: Final = 5.0
CALENDAR_EVERY_S: Final = 5.0  #: a closure counts within that
LINES_EVERY_S: Final = 5.0  #: a line stops people within that


class ProviderFeed(Protocol):
    """The directory, as far as it is followed."""

    def watch(self, epoch: str, after_revision: int) -> AsyncIterator[ProviderPage]: ...


class Announcements(Protocol):
    """The directory, as far as it is asked what is announced."""

    async def calendar(self) -> tuple[Entry, ...]: ...


class Drawn(Protocol):
    """The directory, as far as it is asked which lines are drawn."""

    async def lines(self, epoch: str, after_revision: int) -> LinePage: ...


class TakenFeed(Protocol):
    """Referrals, as far as they are followed."""

    def watch(self) -> AsyncIterator[TakenPage]: ...


class ProviderFollower:
    """
    Applies the pages of the directory's feed.

    Args:
        directory: What answers are made from.

        on_warm: Called when the first snapshot is whole.
    """

    def __init__(self, directory: Directory, on_warm: Callable[[], None]) -> None:
        self._directory = directory
        self._on_warm = on_warm
        self._rebuild: asyncio.Task[None] | None = None
        self._ahead: asyncio.Task[None] | None = None
        self.restart()

    def restart(self) -> None:
        """Read everything anew from the next page on."""
        self.epoch = ""
        self.revision = 0
        self._read: dict[str, Provider] | None = {}  #: until caught up

    async def take(self, page: ProviderPage) -> None:
        """
        Apply a page.

        Raises:
            FailedPrecondition: the page is of another epoch than the ones before (EPOCH_CHANGED).
        """
        if self.epoch not in {"", page.epoch}:
            raise FailedPrecondition("epoch must be the one before", reason=Reason.EPOCH_CHANGED)
        self.epoch = page.epoch
        changes = {each.provider_id: each.provider for each in page.changes if each.revision > self.revision}
        if self._read is not None:
            await self._take_snapshot(page, self._read, changes)
        else:
            await self._take_changes(page, changes)
        self.revision = page.revision

    async def _take_snapshot(
        self, page: ProviderPage, read: dict[str, Provider], changes: dict[str, Provider | None]
    ) -> None:
        for provider_id, provider in changes.items():
            if provider is None:
                read.pop(provider_id, None)
            else:
                read[provider_id] = provider
        if page.is_caught_up:
            snapshot = await asyncio.to_thread(Snapshot.of, page.epoch, page.revision, tuple(read.values()))
            self._lay_down(snapshot)
            gc.freeze()  # a directory lives as long as the process: the collector need not walk it for an answer
            self._read = None
            self._on_warm()
            log.info("directory.read", count=len(snapshot), revision=page.revision)

    def _lay_down(self, snapshot: Snapshot) -> None:
        """Answer from another block from now on, and write ahead what its rows will say."""
        self._directory.swap(snapshot)
        if self._ahead is not None:
            self._ahead.cancel()
        self._ahead = asyncio.create_task(self._write_ahead(snapshot.base.block), name="rows written ahead")

    async def _write_ahead(self, block: Block) -> None:
        try:
            await write_ahead(block)
        except Exception:
            log.exception("rows.not_written_ahead")  # each is written once it is told of

    async def _take_changes(self, page: ProviderPage, changes: dict[str, Provider | None]) -> None:
        snapshot = replace(self._directory.snapshot, revision=page.revision)
        if changes:
            snapshot = snapshot.with_changes(page.revision, changes)
        self._directory.swap(snapshot)
        if snapshot.wants_rebuild and self._rebuild is None:
            self._rebuild = asyncio.create_task(self._lay_out_anew(snapshot), name="rebuild of the index")

    async def _lay_out_anew(self, snapshot: Snapshot) -> None:
        """Rebuild beside the answers and the feed; what has changed meanwhile is put on top."""
        try:
            fresh = await asyncio.to_thread(snapshot.rebuilt)
            present = self._directory.snapshot
            if present.base.block is snapshot.base.block:  # else another epoch was read meanwhile
                self._lay_down(fresh.with_changes(present.revision, present.changed_since(snapshot)))
                gc.freeze()
                log.info("index.rebuilt", count=len(fresh), revision=present.revision)
        except Exception:
            log.exception("index.rebuild_failed")  # the delta grows, and the next change tries again
        finally:
            self._rebuild = None


async def follow_providers(feed: ProviderFeed, follower: ProviderFollower) -> None:
    """Follow the directory until cancelled, through its restarts and ours."""
    delay_s = FIRST_DELAY_S
    while True:
        try:
            async with aclosing(feed.watch(follower.epoch, follower.revision)) as pages:  # type: ignore[type-var]
                async for page in pages:
                    await follower.take(page)
                    delay_s = FIRST_DELAY_S
            log.info("feed.ended", stream="providers")
        except IhalaError as error:
            log.warning("feed.lost", stream="providers", reason=error.reason, delay_s=delay_s)
            if error.reason is Reason.EPOCH_CHANGED:
                follower.restart()
        await asyncio.sleep(delay_s)
        delay_s = min(2 * delay_s, MAX_DELAY_S)


async def follow_calendar(source: Announcements, directory: Directory) -> None:
    """Ask what is announced again and again until cancelled; what was last heard holds while nobody answers."""
    while True:
        try:
            directory.calendar = await source.calendar()
        except IhalaError as error:
            log.warning("calendar.lost", reason=error.reason)
        await asyncio.sleep(CALENDAR_EVERY_S)


async def follow_lines(source: Drawn, directory: Directory) -> None:
    """Ask which lines are drawn again and again until cancelled; those last heard of hold while nobody answers."""
    epoch, revision = "", 0
    lines: dict[str, Line] = {}
    while True:
        try:
            page = await source.lines(epoch, revision)
            epoch, revision = page.epoch, page.revision
            lines = {key: each for key, each in ({**lines, **page.lines}).items() if each is not None}
            if not page.is_caught_up:
                continue
            directory.lines = tuple(lines.values())
        except IhalaError as error:
            log.warning("lines.lost", reason=error.reason)
            if error.reason is Reason.EPOCH_CHANGED:  # restored: read anew, and answer from the old ones meanwhile
                epoch, revision, lines = "", 0, {}
                continue
        await asyncio.sleep(LINES_EVERY_S)


async def follow_taken(feed: TakenFeed, taken: Taken, silences: Silences, now: Callable[[], datetime]) -> None:
    """Follow what referrals hold and book, and who is silent, until cancelled; note when they stop telling."""
    delay_s = FIRST_DELAY_S
    while True:
        try:
            read: dict[tuple[str, str], int] | None = {}
            async with aclosing(feed.watch()) as pages:  # type: ignore[type-var]
                async for page in pages:
                    read = _apply(page, read, taken)
                    if page.silence is not None:
                        silences.take(page.silence)
                    delay_s = FIRST_DELAY_S
            log.info("feed.ended", stream="taken_places")
        except IhalaError as error:
            log.warning("feed.lost", stream="taken_places", reason=error.reason, delay_s=delay_s)
        taken.lose(now())
        await asyncio.sleep(delay_s)
        delay_s = min(2 * delay_s, MAX_DELAY_S)


def _apply(page: TakenPage, read: dict[tuple[str, str], int] | None, taken: Taken) -> dict[tuple[str, str], int] | None:
    """Add a page to a snapshot that is being read, or change what is known once it is whole."""
    if read is None:
        taken.change(page.taken)
        return None
    read.update(page.taken)
    if not page.is_caught_up:
        return read
    taken.replace(read)
    return None
