"""`ihala tasks`: what somebody on duty has to do."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text, to_json
from ihala.cli.referral_documents import task_document
from ihala.task_client import Task, Tasks

tasks = typer.Typer(help="What a named person has to do: list (also without a word), take, close, watch.")


@tasks.callback(invoke_without_command=True)
def tasks_alone(context: typer.Context, form: FormatOption = Format.TABLE, profile: ProfileOption = None) -> None:
    """List the tasks where no other word follows."""
    if context.invoked_subcommand is None:
        list_tasks(form=form, profile=profile)


@tasks.command("list")
@command
async def list_tasks(
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind; several times.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List what is not done, the earliest due first."""
    async with Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty:
        found = [task async for task in duty.list(kind or ())]
    emit({"tasks": [task_document(task) for task in found]}, form, lambda console: show_tasks(console, found))


@tasks.command("take")
@command
async def take_task(
    task_id: Annotated[str, typer.Argument()],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = "duty",
) -> None:
    """Take a task: --actor owns it from now on."""
    async with Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty:
        task = await duty.take(task_id, (await duty.get(task_id)).version)
    emit(task_document(task), form, lambda console: show_tasks(console, [task]))


@tasks.command("close")
@command
async def close_task(
    task_id: Annotated[str, typer.Argument()],
    outcome: Annotated[str, typer.Option(help="How it ended, as answered or reached_nobody.")],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = "duty",
) -> None:
    """Close a task with a code."""
    async with Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty:
        task = await duty.close(task_id, (await duty.get(task_id)).version, outcome)
    emit(task_document(task), form, lambda console: show_tasks(console, [task]))


@tasks.command("watch")
@command
async def watch_tasks(
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind; several times.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Print every task that is not closed, then each that changes; with JSON one line a task."""
    seen = 0
    async with (
        Tasks(home.profile_for(home.COORDINATOR, profile), actor=actor) as duty,
        aclosing(duty.watch(kind or ())) as found,
    ):
        async for task in found:
            if form is Format.JSON:
                print(to_json(task_document(task), indent=None), flush=True)
            else:
                when = local_text(task.due_time)
                line = f"{task.kind:<15} {task.state:<7} due {when}  {task.owner}  {task.code}  {task.provider_id}"
                print(f"{task.task_id}  {line}", flush=True)
            seen += 1
            if seen == count:
                return


def show_tasks(console: Console, found: Sequence[Task]) -> None:
    """Print tasks for people."""
    # two lines a task, so that both ids can be copied from a window of 80 columns
    table = a_table("task\nprovider", "kind\nneed", "owner\nstate", "due", "asked by")
    table.columns[3].no_wrap = True  # a day in two halves is read as another
    for task in found:
        add_row(
            table,
            f"{task.task_id}\n{task.provider_id}",
            f"{task.kind}\n{task.code}",
            f"{task.owner}\n{task.state}",
            local_text(task.due_time).replace(" ", "\n"),
            task.sender,
        )
    console.print(table if found else "nothing is to be done")
