"""`ihala consent`, `ihala refer`, `ihala referrals`: the sender's side of a referral."""

import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from ihala.answer import MatchToken, ReceiverClass
from ihala.cli import home, typed
from ihala.cli.documents import consent_document, event_document, referral_document
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, local_text, to_json
from ihala.client import Ihala
from ihala.match_wire import token_from_text
from ihala.referral import (
    Assent,
    Briefing,
    BroughtBy,
    Consent,
    ConsentMethod,
    GivenBy,
    Precaution,
    Referral,
    Risk,
    Withdrawal,
)
from services.errors import FailedPrecondition, InvalidInput, Reason

consent = typer.Typer(help="Record, show and withdraw what a person has consented to.", no_args_is_help=True)
referrals = typer.Typer(help="The caller's referrals: list (also without a word), show, watch, revoke, cancel.")

DAYS: Final = 30
CaseRefOption = Annotated[str, typer.Option("--case-ref", help="The caller's case, opaque.")]
MatchOption = Annotated[
    Path | None, typer.Option("--match", help="What `ihala match --format json` printed; - is standard input.")
]
RequestIdOption = Annotated[
    str | None, typer.Option("--request-id", help="Makes a repeat harmless; a new one if left out.")
]
ProvidersOption = Annotated[list[str] | None, typer.Option("--provider", help="A provider's id; several times.")]


@consent.command("record")
@command
async def record_consent(
    case_ref: CaseRefOption,
    given_by: Annotated[str, typer.Option(help="person, carer or guardian.")],
    method: Annotated[str, typer.Option(help="spoken, written, through_interpreter or assisted.")],
    match: MatchOption = None,
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

    With --match and --provider the class and the fields are taken from the rows of these providers.
    """
    receivers: ReceiverClass | Sequence[str]
    fields = list(field or ())
    if match is not None:
        rows = _rows_of(_match_document(match), provider)
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
            # at the day's end, so that a repeat on the same day is the same request
            end_time=datetime.combine(datetime.now(UTC) + timedelta(days=days), time.max, UTC).replace(microsecond=0),
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


@command
async def refer(
    match: Annotated[
        Path, typer.Option("--match", help="What `ihala match --format json` printed; - is standard input.")
    ],
    case_ref: CaseRefOption,
    consent_id: Annotated[str | None, typer.Option("--consent", help="The consent that covers the receivers.")] = None,
    provider: ProvidersOption = None,
    person_ref: Annotated[str, typer.Option(help="The caller's person, opaque.")] = "",
    brought_by: Annotated[str | None, typer.Option(help="alone, worker, escort or house.")] = None,
    risk: Annotated[str | None, typer.Option(help="none_known, not_asked, somebody_searches or armed.")] = None,
    precaution: Annotated[str | None, typer.Option(help="none, contact or airborne.")] = None,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Ask providers of a match to take the person; without --provider the nearest sure one of each need."""
    document = _match_document(match)
    rows = _rows_of(document, provider)
    if consent_id is None:
        raise FailedPrecondition(
            "a consent must be recorded first (`ihala consent record`) and named by --consent",
            reason=Reason.CONSENT_MISSING,
        )
    token = _token_of(document)
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        referred = await ihala.refer_choices(
            token,
            [(row["need_no"], row["provider_id"]) for row in rows],
            case_ref=case_ref,
            consent=consent_id,
            briefing=Briefing(
                brought_by=typed.word_in(BroughtBy, brought_by, "brought_by") if brought_by else None,
                risk=typed.word_in(Risk, risk, "risk") if risk else None,
                precaution=typed.word_in(Precaution, precaution, "precaution") if precaution else None,
            ),
            person_ref=person_ref,
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
def referrals_alone(context: typer.Context) -> None:
    """List the caller's referrals where no other word follows."""
    if context.invoked_subcommand is None:
        list_referrals()


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


def _match_document(file: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(typed.text_of(file, "match"))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"match must be JSON (line {error.lineno})", reason=Reason.MALFORMED) from None
    if not isinstance(document, dict) or not {"needs", "match_token"} <= document.keys():
        raise InvalidInput("match must be what `ihala match --format json` printed", reason=Reason.MALFORMED)
    return document


def _token_of(document: Mapping[str, Any]) -> MatchToken:
    return token_from_text(str(document["match_token"]))


def _rows_of(document: Mapping[str, Any], provider_ids: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the rows of these providers, or the first sure row of each need; each with its need's code."""
    try:
        rows = [
            {**row, "code": need["code"]}
            for need in document["needs"]
            for row in (*need["matches"], *(need["ask_first"] if provider_ids else ()))
            if provider_ids is None or row["provider_id"] in provider_ids
        ]
        if provider_ids is None:
            rows = list({row["need_no"]: row for row in reversed(rows)}.values())[::-1]
        else:
            missing = set(provider_ids) - {row["provider_id"] for row in rows}
            if missing:
                # it may be a real provider of another town: the services judge, not the file
                rows += [{"need_no": 0, "provider_id": each, "code": "", **_NO_ROW} for each in sorted(missing)]
    except (KeyError, TypeError):
        raise InvalidInput("match must be what `ihala match --format json` printed", reason=Reason.MALFORMED) from None
    if not rows:
        raise FailedPrecondition("the match has no row that is sure; name one to ask first by --provider")
    return rows


_NO_ROW: Final[Mapping[str, Any]] = {"area_cell": "", "vetted": True, "needed_fields": []}


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
