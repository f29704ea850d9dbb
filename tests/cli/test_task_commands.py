"""Tests of how the command line shows what is to be done."""

from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

from rich.console import Console

from ihala.cli.output import local_text
from ihala.cli.task_commands import show_tasks
from ihala.client import IMMEDIATE
from ihala.task_client import Task

DUE = datetime(2026, 3, 4, 12, tzinfo=UTC)


def a_task(number: int, **more: str) -> Task:
    said = {"kind": "ring", "state": "open", "code": "HEA-PRI", "owner": "duty", "sender": "ministry", **more}
    return Task(
        task_id=str(UUID(int=number)),
        provider_id=str(UUID(int=number + 1000)),
        referral_id="",
        offer_id="",
        urgency=IMMEDIATE,
        due_time=DUE,
        outcome="",
        create_time=DUE,
        version=1,
        **said,
    )


def test_tasks_fit_a_window_of_80_columns_with_ids_that_can_be_copied() -> None:
    found = [a_task(1), a_task(2, kind="review_refusals", state="taken", owner="amal-of-the-night-shift")]
    console = Console(width=80)

    with console.capture() as printed:
        show_tasks(console, found)
    lines = printed.get().splitlines()
    words = [line.split() for line in lines]

    assert max(map(len, lines)) <= 80
    for task in found:
        assert any(
            first[0] == task.task_id and second[0] == task.provider_id for first, second in pairwise(words) if second
        )
    for said in (*local_text(DUE).split(), "HEA-PRI", "ministry"):
        assert sum(said in line for line in words) == len(found)
