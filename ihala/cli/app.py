"""Put the commands together."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from ihala.cli import (
    area_commands,
    calendar_commands,
    consent_commands,
    contact_commands,
    data_commands,
    deploy_commands,
    desk_commands,
    doctor,
    epoch_commands,
    handover_commands,
    later,
    line_commands,
    match_commands,
    override_command,
    plan_commands,
    probe_command,
    receiver_commands,
    record_commands,
    refer_plan_command,
    referral_commands,
    respond_command,
    roster_commands,
    search_commands,
    task_commands,
    template_commands,
    terms_commands,
    token_commands,
    vocabulary_command,
)
from ihala.cli.failures import shown

app = typer.Typer(
    name="ihala",
    help="Find who can help, refer, and hear the answer. Exit codes and JSON keys: docs/cli.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ihala {metadata.version('ihala')}")
        raise typer.Exit


@app.callback()
def _ihala(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Take what stands before the command."""


@app.command()
def run(
    home: Annotated[Path | None, typer.Option(help="Where .ihala/ is kept; else IHALA_HOME, else this folder.")] = None,
    demo: Annotated[bool, typer.Option(help="Import demo/ and walk its cases.")] = True,
    once: Annotated[bool, typer.Option("--once", help="End in order after READY.")] = False,
) -> None:
    """Start everything on this machine, send the demo case through, stay until Ctrl-C."""
    from ihala.cli.run.command import run_everything

    shown(lambda: run_everything(home, with_demo=demo, once=once))


app.command("import")(data_commands.import_)
app.command()(template_commands.template)
app.command()(search_commands.search)
app.command()(match_commands.match)
app.command()(match_commands.explain)
app.command()(plan_commands.plan)
app.add_typer(consent_commands.consent, name="consent")
app.command()(referral_commands.refer)
app.command("refer-plan")(refer_plan_command.refer_plan)
for name, act in terms_commands.COMMANDS.items():
    referral_commands.referrals.command(name)(act)
app.add_typer(referral_commands.referrals, name="referrals")
consent_commands.consent.command("override")(override_command.override_consent)
app.command()(probe_command.probe)
app.command()(respond_command.respond)
app.add_typer(handover_commands.handover, name="handover")
app.add_typer(contact_commands.contact, name="contact")
app.add_typer(roster_commands.rosters, name="rosters")
app.add_typer(task_commands.tasks, name="tasks")
app.command()(desk_commands.listen)
app.command()(desk_commands.places)
app.command()(data_commands.export)
app.command("map")(data_commands.map_)
app.command()(vocabulary_command.vocabulary)
app.add_typer(calendar_commands.calendar, name="calendar")
app.add_typer(area_commands.areas, name="areas")
app.add_typer(record_commands.record, name="record")
app.add_typer(line_commands.lines, name="lines")
app.add_typer(receiver_commands.receiver, name="receiver")
app.add_typer(token_commands.token, name="token")
app.add_typer(deploy_commands.keys, name="keys")
app.add_typer(epoch_commands.epochs, name="epochs")
app.add_typer(later.audit, name="audit")
app.command()(doctor.doctor)
