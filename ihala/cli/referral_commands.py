"""`ihala refer`, `ihala referrals`: the sender's side of a referral."""

from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.briefing import BroughtByOption, PrecautionOption, RiskOption, briefing_of
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_file import (
    ArrangedOption,
    CaseRefOption,
    GatesOption,
    ProvidersOption,
    RequestIdOption,
    match_document,
    rows_of,
    token_of,
)
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text, to_json
from ihala.cli.referral_documents import event_document, referral_document
from ihala.client import Ihala
from ihala.referral import Referral
from services.errors import FailedPrecondition, Reason

referrals = typer.Typer(help="The caller's referrals: list (also without a word), show, watch, revoke, cancel.")


@command
async def refer(
    match: Annotated[
        Path, typer.Option("--match", help="What `ihala match --format json` printed; - is standard input.")
    ],
    case_ref: CaseRefOption,
    consent_id: Annotated[str | None, typer.Option("--consent", help="The consent that covers the receivers.")] = None,
    provider: ProvidersOption = None,
    gate_confirmed: GatesOption = None,
    arranged: ArrangedOption = None,
    person_ref: Annotated[str, typer.Option(help="The caller's person, opaque.")] = "",
    brought_by: BroughtByOption = None,
    risk: RiskOption = None,
    precaution: PrecautionOption = None,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Ask providers of a match to take the person; without --provider the nearest sure one of each need."""
    document = match_document(match)
    rows = rows_of(document, provider)
    if consent_id is None:
        raise FailedPrecondition(
            "a consent must be recorded first (`ihala consent record`) and named by --consent",
            reason=Reason.CONSENT_MISSING,
        )
    token = token_of(document)
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        referred = await ihala.refer_choices(
            token,
            [(row["need_no"], row["provider_id"]) for row in rows],
            case_ref=case_ref,
            consent=consent_id,
            briefing=briefing_of(brought_by, risk, precaution),
            person_ref=person_ref,
            gates_confirmed=gate_confirmed or (),
            arranged=arranged or (),
            request_id=request_id,
        )
        referral = await ihala.get_referral(referred.referral_id) if referred.referral_id else None
    result = {
        **(referral_document(referral) if referral else {"referral_id": "", "offers": []}),
        "create_time": referred.create_time,
        "lost_provider_ids": referred.lost_provider_ids,
        "next_candidates": [
            {"need_no": need_no, "provider_id": provider_id} for need_no, provider_id in referred.next_candidates
        ],
        "replayed": referred.is_replayed,
    }

    def show(console: Console) -> None:
        if referral:
            _show_referral(console, referral)
        else:
            console.print("every place was taken by others meanwhile; nothing was made")
        for need_no, provider_id in referred.next_candidates:
            console.print(f"next for need {need_no}: {provider_id}")

    emit(result, form, show)


@referrals.callback(invoke_without_command=True)
def referrals_alone(context: typer.Context, form: FormatOption = Format.TABLE, profile: ProfileOption = None) -> None:
    """List the caller's referrals where no other word follows."""
    if context.invoked_subcommand is None:
        list_referrals(form=form, profile=profile)


@referrals.command("list")
@command
async def list_referrals(
    case_ref: Annotated[str, typer.Option(help="Only of this case.")] = "",
    state: Annotated[list[str] | None, typer.Option(help="Only in this state; several times.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """List the caller's referrals, the newest first."""
    found: list[Referral] = []
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        async for referral in ihala.list_referrals(case_ref=case_ref, states=state or ()):
            found.append(referral)
            if len(found) == limit:
                break

    def show(console: Console) -> None:
        table = a_table("referral", "case", "state", "made", "offers")
        for each in found:
            offers = ", ".join(offer.state for offer in each.offers)
            add_row(table, each.referral_id, each.case_ref, each.state, local_text(each.create_time), offers)
        console.print(table if found else "none")

    emit({"referrals": [referral_document(each) for each in found]}, form, show)


@referrals.command("show")
@command
async def show_referral(
    referral_id: Annotated[str, typer.Argument()],
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Show a referral, its offers and its history."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        referral, history = await ihala.get_history(referral_id)

    def show(console: Console) -> None:
        _show_referral(console, referral)
        table = a_table("when", "what", "offer", "by", "for", "via")
        for event in history:
            add_row(
                table,
                local_text(event.recorded_time),
                event.type,
                event.offer_id,
                event.actor,
                event.on_behalf_of,
                event.via,
            )
        console.print(table)

    document = {**referral_document(referral), "history": [event_document(event) for event in history]}
    emit(document, form, show)


@referrals.command("watch")
@command
async def watch_referrals(
    after: Annotated[str | None, typer.Option(help="The cursor of the last event that was applied.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Print every event of the caller's referrals as it happens; with JSON one line an event."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        heard = 0
        async with aclosing(ihala.watch(after=after)) as events:
            async for event in events:
                if form is Format.JSON:
                    line = {
                        **event_document(event),
                        "referral": referral_document(event.referral),
                        "cursor": str(event.cursor),
                    }
                    print(to_json(line, indent=None), flush=True)
                else:
                    when = local_text(event.recorded_time)
                    print(f"{when}  {event.type:<20} case {event.case_ref}  offer {event.offer_id}", flush=True)
                heard += 1
                if heard == count:
                    return


@referrals.command("revoke")
@command
async def revoke_referral(
    referral_id: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="A code of the person's side, as no_longer_needed.")],
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """End a referral: open offers are cancelled, their places given back."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        referral = await ihala.revoke(referral_id, reason, request_id=request_id)
    emit(referral_document(referral), form, lambda console: _show_referral(console, referral))


@referrals.command("cancel")
@command
async def cancel_offer(
    offer_id: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="A code of the person's side, as prefers_other.")],
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Recall one offer; its place is given back."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        await ihala.cancel(offer_id, reason, request_id=request_id)
    emit({"offer_id": offer_id, "state": "cancelled"}, form, lambda console: console.print("cancelled"))


def _show_referral(console: Console, referral: Referral) -> None:
    console.print(f"referral {referral.referral_id}, case {referral.case_ref}: {referral.state}")
    codes = {need.need_no: need.code for need in referral.needs}
    table = a_table("offer", "need", "provider", "state", "due", "for", "hold", "ring")
    for offer in referral.offers:
        add_row(
            table,
            offer.offer_id,
            codes.get(offer.need_no, ""),
            offer.provider_id,
            offer.state,
            local_text(offer.due_time),
            offer.due_kind,
            offer.hold.state if offer.hold else "",
            "yes" if offer.ring else "",
        )
    console.print(table)
