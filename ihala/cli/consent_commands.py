"""`ihala consent`: record, show and withdraw what a person has consented to."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from ihala.answer import ReceiverClass
from ihala.cli import home, typed
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_file import CaseRefOption, MatchOption, ProvidersOption, RequestIdOption, match_document, rows_of
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text
from ihala.cli.plan_file import class_of, plan_file
from ihala.cli.referral_documents import consent_document
from ihala.client import Ihala
from ihala.referral import (
    Assent,
    Consent,
    ConsentMethod,
    GivenBy,
    Withdrawal,
)
from services.errors import InvalidInput

consent = typer.Typer(help="Record, show and withdraw what a person has consented to.", no_args_is_help=True)

DAYS: Final = 30


@consent.command("record")
@command
async def record_consent(
    case_ref: CaseRefOption,
    given_by: Annotated[str, typer.Option(help="person, carer or guardian.")],
    method: Annotated[str, typer.Option(help="spoken, written, through_interpreter or assisted.")],
    match: MatchOption = None,
    plan: Annotated[
        Path | None, typer.Option(help="What `ihala plan --format json` printed: one class for all of it.")
    ] = None,
    provider: ProvidersOption = None,
    code: Annotated[list[str] | None, typer.Option(help="A class of receivers: its service codes.")] = None,
    area: Annotated[list[str] | None, typer.Option(help="A class: its H3 cells of resolution 3.")] = None,
    vetted: Annotated[bool, typer.Option(help="A class: vetted or listed ones only.")] = True,
    field: Annotated[list[str] | None, typer.Option(help="What may be disclosed; several times.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="What for; `referral` if left out.")] = None,
    days: Annotated[float, typer.Option(help="How long it holds.")] = DAYS,
    assent: Annotated[str | None, typer.Option(help="A child's own word: given, refused, not_possible.")] = None,
    language: Annotated[str, typer.Option(help="In which it was given (BCP 47).")] = "",
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """
    Record a person's consent: to providers by id, or to a class by its codes.

    With --match and --provider the class and the fields are taken from the rows of these providers;
    with --plan from all providers of a plan, or from those that are named.
    """
    receivers: ReceiverClass | Sequence[str]
    fields = list(field or ())
    if match is not None and plan is not None:
        raise InvalidInput("match or plan must be given, not both")
    if plan is not None:
        receivers, shown = class_of(plan_file(plan), provider or ())
        fields = fields or shown
    elif match is not None:
        rows = rows_of(match_document(match), provider)
        receivers = ReceiverClass(
            codes=tuple(dict.fromkeys(row["code"] for row in rows)),
            area_cells=tuple(dict.fromkeys(row["area_cell"] for row in rows if row["area_cell"])),
            vetted=all(row["vetted"] for row in rows),
        )
        fields = fields or sorted({name for row in rows for name in row["needed_fields"]})
    elif code:
        receivers = ReceiverClass(tuple(code), tuple(area or ()), vetted)
    else:
        receivers = provider or ()
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        recorded = await ihala.record_consent(
            case_ref,
            receivers,
            fields,
            given_by=typed.word_in(GivenBy, given_by, "given_by"),
            method=typed.word_in(ConsentMethod, method, "method"),
            purposes=purpose or ("referral",),
            valid_for=timedelta(days=days),
            child_assent=typed.word_in(Assent, assent, "assent") if assent else None,
            language=language,
            request_id=request_id,
        )
    emit(consent_document(recorded), form, lambda console: _show_consents(console, [recorded]))


@consent.command("show")
@command
async def show_consent(
    consent_id: Annotated[str, typer.Argument()],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Show a consent."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        found = await ihala.get_consent(consent_id)
    emit(consent_document(found), form, lambda console: _show_consents(console, [found]))


@consent.command("list")
@command
async def list_consents(
    case_ref: CaseRefOption,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List the consents of a case, the newest first."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        found = await ihala.list_consents(case_ref)
    emit({"consents": [consent_document(each) for each in found]}, form, lambda console: _show_consents(console, found))


@consent.command("withdraw")
@command
async def withdraw_consent(
    consent_id: Annotated[str, typer.Argument()],
    withdrawal: Annotated[str, typer.Option("--as", help="this_receiver, stop_sharing or stop_service.")],
    provider: Annotated[str, typer.Option(help="For this_receiver: which provider.")] = "",
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Withdraw a consent: for one receiver, for all sharing, or for the service itself."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        after = await ihala.withdraw_consent(
            consent_id,
            typed.word_in(Withdrawal, withdrawal, "withdrawal"),
            provider_id=provider,
            request_id=request_id,
        )
    emit(consent_document(after), form, lambda console: _show_consents(console, [after]))


def _show_consents(console: Console, found: Sequence[Consent]) -> None:
    table = a_table("consent", "case", "holds until", "withdrawn", "fields")
    for each in found:
        add_row(
            table,
            each.consent_id,
            each.case_ref,
            local_text(each.end_time),
            local_text(each.withdrawn_time),
            ", ".join(each.fields),
        )
    console.print(table)
