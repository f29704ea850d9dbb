"""`ihala record`: keep the directory true — verify, look back, find doubles, review suggestions, raise a flag."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, in_km, local_text, to_json
from ihala.cli.referral_documents import offer_view_document
from ihala.cli.typed import time_of
from ihala.desk_client import Desk, OfferView
from ihala.record_client import Document, Records
from services.errors import IhalaError, NotFound

record = typer.Typer(
    help="Records of the directory: stale, expiring, verify, history, duplicates, suggestions, review, suspend.",
    no_args_is_help=True,
)

FLAG_HEARD_WITHIN_S: Final = 5.0
ASKED_EVERY_S: Final = 0.2

RequestOption = Annotated[str | None, typer.Option(help="Makes a repeat harmless.")]


@record.command()
@command
async def stale(
    before: Annotated[str | None, typer.Option(help="Last verified before this time; else 180 days ago.")] = None,
    dataset: Annotated[str, typer.Option(help="Only of this one.")] = "",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List records that nobody has verified for long, those never verified first."""
    time = time_of(before, "before")
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        found = [each async for each in records.stale(time, dataset)]
    emit({"providers": found}, form, lambda console: _show_providers(console, found))


@record.command()
@command
async def expiring(
    within: Annotated[int, typer.Option(min=0, help="Days from now in which the vetting ends.")] = 30,
    dataset: Annotated[str, typer.Option(help="Only of this one.")] = "",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List records whose vetting ends soon or has ended, the first to end first."""
    before = datetime.now(UTC) + timedelta(days=within)
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        found = [each async for each in records.expiring(before, dataset)]
    emit({"providers": found}, form, lambda console: _show_expiring(console, found))


@record.command()
@command
async def verify(
    provider_id: Annotated[str, typer.Argument()],
    at: Annotated[str | None, typer.Option(help="When it was checked; else now.")] = None,
    revision: Annotated[int | None, typer.Option(help="The state that was checked; else the present one.")] = None,
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say that a person has checked a record."""
    time = time_of(at, "at")
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        after = await records.verify(provider_id, time, revision=revision, request_id=request_id)
    emit(after, form, lambda console: _show_providers(console, [after]))


@record.command()
@command
async def history(
    provider_id: Annotated[str, typer.Argument()],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say who changed a record, when and how, newest first."""
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        entries = [each async for each in records.history(provider_id)]
    emit({"provider_id": provider_id, "entries": entries}, form, lambda console: _show_changes(console, entries))


@record.command()
@command
async def duplicates(
    within: Annotated[float | None, typer.Option(help="Metres, at most 5000; else 250.")] = None,
    similarity: Annotated[float | None, typer.Option(help="Of their names, in (0, 1]; else 0.5.")] = None,
    dataset: Annotated[str, typer.Option(help="Only pairs with one of this.")] = "",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List public providers that may be there twice: near each other, with similar names."""
    async with Records(home.profile_for(home.COORDINATOR, profile), actor=actor) as records:
        pairs = [each async for each in records.duplicates(within, similarity, dataset)]
    emit({"pairs": pairs}, form, lambda console: _show_pairs(console, pairs))


@record.command()
@command
async def suggestions(
    form: FormatOption = Format.TABLE, profile: ProfileOption = None, actor: ActorOption = None
) -> None:
    """List what providers would change in their own records."""
    async with Records(home.profile_for(home.EDITOR, profile), actor=actor) as records:
        found = [each async for each in records.suggestions()]
    emit({"suggestions": found}, form, lambda console: _show_changes(console, found))


@record.command()
@command
async def review(
    suggestion_id: Annotated[str, typer.Argument()],
    approve: Annotated[int | None, typer.Option(help="Approve it; the provider_revision that was seen.")] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it.")] = False,
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Approve or refuse a suggestion."""
    if (approve is None) != refuse:
        raise typer.BadParameter("say --approve REVISION or --refuse")
    async with Records(home.profile_for(home.EDITOR, profile), actor=actor) as records:
        after = await records.review(suggestion_id, approved=not refuse, revision=approve or 0, request_id=request_id)
    emit(after, form, lambda console: _show_providers(console, [after]))


@record.command()
@command
async def suspend(
    provider_id: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="A code, as safeguarding_report; never what happened.")],
    request_id: RequestOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Raise a safeguarding flag: nobody is matched there from now on. What is open there is listed."""
    of = home.profile_for(home.COORDINATOR, profile)
    async with Records(of, actor=actor) as records:
        after = await records.suspend(provider_id, reason, request_id=request_id)
    try:
        async with Desk(of, actor=actor) as desk:
            offers = await _open_at(desk, provider_id)
    except IhalaError as error:  # the flag stands, whatever else is away
        print(f"the flag stands; what is open there could not be listed: {error.message}", file=sys.stderr)
        emit({**after, "open_offers": None}, form, lambda console: _show_providers(console, [after]))
        return
    document = {**after, "open_offers": [offer_view_document(each) for each in offers]}
    emit(document, form, lambda console: _show_suspended(console, after, offers))


async def _open_at(desk: Desk, provider_id: str) -> list[OfferView]:
    """List what is open at a provider as soon as referrals has heard of the flag, which takes a moment."""
    end = monotonic() + FLAG_HEARD_WITHIN_S
    while True:
        try:
            return await desk.list_suspended(provider_id)
        except NotFound:
            if monotonic() > end:
                raise
        await asyncio.sleep(ASKED_EVERY_S)


def _show_providers(console: Console, found: Sequence[Document]) -> None:
    table = a_table("provider", "name", "status", "vetting", "verified", "contact")
    for each in found:
        contact = next(iter(each["contacts"]), "")
        cells = (each["provider_id"], each["name"], each["status"], each["vetting"], each["verified_time"], contact)
        add_row(table, *cells)
    console.print(table)


def _show_expiring(console: Console, found: Sequence[Document]) -> None:
    table = a_table("provider", "name", "status", "vetting", "until", "contact")
    for each in found:
        contact, until = next(iter(each["contacts"]), ""), each["vetting_expire_time"]
        add_row(table, each["provider_id"], each["name"], each["status"], each["vetting"], until, contact)
    console.print(table)


def _show_suspended(console: Console, after: Document, offers: Sequence[OfferView]) -> None:
    _show_providers(console, [after])
    table = a_table("open offer", "state", "due", "urgency", "receiver", title="open there: see to each")
    for each in offers:
        add_row(table, each.offer_id, each.state, local_text(each.due_time), each.urgency, each.receiver_id)
    console.print(table if offers else "nothing is open there")


def _show_pairs(console: Console, pairs: Sequence[Document]) -> None:
    table = a_table("provider", "name", "provider", "name", "apart#", "alike#")
    for each in pairs:
        first, second = each["first"], each["second"]
        alike = f"{each['similarity']:.0%}"
        cells = (first["provider_id"], first["name"], second["provider_id"], second["name"])
        add_row(table, *cells, in_km(each["distance_m"]), alike)
    console.print(table)


def _show_changes(console: Console, found: Sequence[Document]) -> None:
    table = a_table("id", "time", "who", "field", "before", "after")
    for each in found:
        for change in each["changes"] or [{"field": "archived" if each.get("archived") else "", "before": None}]:
            values = (_short(change.get("before")), _short(change.get("after")))
            name = each.get("suggestion_id") or each.get("revision")
            add_row(table, name, each["time"], each["actor"], change["field"], *values)
    console.print(table)


def _short(value: Any) -> str:
    return "" if value is None else to_json(value, indent=None)
