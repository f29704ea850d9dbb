"""`ihala run`: everything on this machine, the demo case through all of it, until Ctrl-C."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from ihala.cli.exit_codes import FAULT
from ihala.cli.home import STATE
from ihala.cli.run.demo_data import DemoDesk
from ihala.cli.run.identities import CALLER_ROLES, Identities, ensure_identities
from ihala.cli.run.plan import RPC, Parts
from ihala.cli.run.story import Story
from services.errors import IhalaError, Unavailable
from services.runtime.embedded.processes import Child, Supervisor, interrupted_by

POLL_S: Final = 1.0
HOUSE_CASE, PAGE_CASE = "cases/1-tripoli.json", "cases/2-oujda.json"
SEEDED: Final = "demo_seeded"


def run_everything(home: Path | None, *, with_demo: bool, once: bool) -> None:
    """
    Start everything, walk the demo case, print READY and stay.

    Args:
        home: Where `.ihala/` is; None for IHALA_HOME, else this folder.

        with_demo: Import demo/ and walk its cases; without it the directory is left as it is.

        once: End in order after READY instead of staying.
    """
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # children are executed, never forked copies
    folder = (home or Path(os.environ.get("IHALA_HOME") or Path.cwd())) / STATE
    story = Story()
    with interrupted_by(signal.SIGINT, signal.SIGTERM):
        try:
            _make_private(folder)
            with Supervisor(folder, lambda line: story.tell("", line)) as supervisor:
                _serve(supervisor, story, with_demo=with_demo, once=once)
        except KeyboardInterrupt:
            story.tell("", "ended: every process is gone, the data stays")


def _serve(supervisor: Supervisor, story: Story, *, with_demo: bool, once: bool) -> None:
    from ihala.cli.run.processes import start
    from services.runtime.sign_in import issue_code

    identities = ensure_identities(supervisor.folder, utc_now)
    started = start(supervisor, identities, story)
    parts = started.parts
    for name in CALLER_ROLES:
        identities.write_profile(name, _addresses(parts))
    if with_demo:
        try:
            asyncio.run(_demo(identities, parts, story))
        except* IhalaError as group:
            _blame_the_dead(supervisor)
            raise _first(group) from None
    story.tell("maps", f"sign in once with {issue_code(identities.sign_in_file, 'coordinator', now=utc_now())}")
    code = issue_code(identities.duty_sign_in_file, "duty", now=utc_now())
    story.tell("duty", f"http://{parts.address('duty')} opens once with {code}")
    story.line("")
    story.line(_ready(parts))
    if once:
        story.tell("", "ending in order")
        return
    while (dead := supervisor.wait(POLL_S)) is None:
        pass
    raise _ended(dead)


async def _demo(identities: Identities, parts: Parts, story: Story) -> None:
    from ihala.cli.run.case_files import CaseFile
    from ihala.cli.run.cases import Walk
    from ihala.cli.run.demo_data import demo_folder, enrol_desks, import_demo, read_demo

    folder = demo_folder()
    with story.working("demo directory"):
        report = await import_demo(folder, identities)
        desks = await enrol_desks(folder, identities, _addresses(parts), parts.nats_url)
    story.tell(
        "directory",
        f"{report.counts.read} fictional providers of demo/: {report.counts.created} new, "
        f"{report.counts.unchanged} as they were, {len(report.rejected)} refused; "
        f"{len(desks)} desks enrolled",
    )
    walk = Walk(identities, desks, story, utc_now)
    await walk.answered_by_software(CaseFile.of(1, read_demo(folder, HOUSE_CASE)))
    await walk.waiting_for_page(CaseFile.of(2, read_demo(folder, PAGE_CASE)))
    if not (parts.folder / SEEDED).exists():
        await _seed(identities, desks, folder, parts, story)


async def _seed(
    identities: Identities, desks: Mapping[str, DemoDesk], folder: Path, parts: Parts, story: Story
) -> None:
    from ihala.cli.run.demo_data import read_demo
    from ihala.cli.run.seeding import seed

    story.chapter("Past referrals, for the coordinators' map")
    told_s = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told_s
        if time.monotonic() - told_s > 2 * POLL_S:
            told_s = time.monotonic()
            story.tell("past", f"{done} of {total}")

    made = await seed(identities, desks, read_demo(folder, "past_referrals.json"), progress)
    (parts.folder / SEEDED).touch()
    story.tell("past", f"{made} referrals of the last 90 days, fictional")


def _ready(parts: Parts) -> str:
    addresses = " ".join(f"grpc.{name}={parts.address(name)}" for name in RPC)
    return (
        f"READY maps=http://{parts.address('maps')} answer=http://{parts.address('answer')} "
        f"{addresses} nats={parts.nats_url} http=http://{parts.address('gateway')}"
    )


def _addresses(parts: Parts) -> Mapping[str, str]:
    return {name: parts.address(name) for name in RPC}


def _blame_the_dead(supervisor: Supervisor) -> None:
    """Name the process that ended, if one has: it is why the rest failed."""
    if (dead := supervisor.wait(0.0)) is not None:
        raise _ended(dead)


def _ended(dead: Child) -> Unavailable:
    return Unavailable(
        f"{dead.name} has ended by itself with code {dead.exit_code}; the last lines of {dead.log}:\n{dead.log_tail()}"
    )


def _first(group: BaseExceptionGroup[IhalaError]) -> IhalaError:
    """Return the first error of a group, however deep it is."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, IhalaError) else IhalaError(type(error).__name__)


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        print(f"error: {folder} belongs to another user: remove it, or run elsewhere (IHALA_HOME)")
        raise typer.Exit(FAULT)


def utc_now() -> datetime:
    """Return the time of now, in UTC."""
    return datetime.now(UTC)
