"""What `ihala referrals` says on single offers: agree, refuse, answer, send, defer, void."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from ihala.cli import home
from ihala.cli.briefing import BroughtByOption, PrecautionOption, RiskOption, briefing_of
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_file import RequestIdOption, match_document, token_of
from ihala.cli.output import Format, FormatOption, emit
from ihala.cli.referral_documents import referral_document
from ihala.client import Ihala
from ihala.draft_client import Awaiting

OfferArgument = Annotated[str, typer.Argument()]


@command
async def agree(
    offer_id: OfferArgument,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say that the person agrees to a "yes, if"."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        await ihala.agree(offer_id, request_id=request_id)
    _emit(offer_id, "accepted", form)


@command
async def refuse(
    offer_id: OfferArgument,
    reason: Annotated[str, typer.Option(help="A code of the person's side, as unsafe_for_me.")],
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say that the person does not want it, or cannot."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        await ihala.refuse(offer_id, reason, request_id=request_id)
    _emit(offer_id, "declined_by_person", form)


@command
async def answer_info(
    offer_id: OfferArgument,
    answer: Annotated[str, typer.Argument(help="told, not_known or not_told.")],
    brought_by: BroughtByOption = None,
    risk: RiskOption = None,
    precaution: PrecautionOption = None,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Answer a provider's question; what is told must be covered by the consent."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        await ihala.answer_info(
            offer_id, answer, briefing=briefing_of(brought_by, risk, precaution), request_id=request_id
        )
    _emit(offer_id, "received", form)


@command
async def send_offer(
    offer_id: OfferArgument,
    match: Annotated[
        Path, typer.Option("--match", help="What `ihala match --format json` printed; - is standard input.")
    ],
    consent_id: Annotated[str, typer.Option("--consent", help="The consent that covers the provider.")],
    brought_by: BroughtByOption = None,
    risk: RiskOption = None,
    precaution: PrecautionOption = None,
    gate_confirmed: Annotated[
        bool, typer.Option("--gate-confirmed", help="Somebody has spoken to the front gate.")
    ] = False,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Send an offer that was a draft after a probe, or waited for consent or approval."""
    token = token_of(match_document(match))
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        await ihala.send_offer(
            offer_id,
            token,
            consent=consent_id,
            briefing=briefing_of(brought_by, risk, precaution),
            gate_confirmed=gate_confirmed,
            request_id=request_id,
        )
    _emit(offer_id, "requested", form)


@command
async def defer_offer(
    offer_id: OfferArgument,
    awaiting: Annotated[Awaiting, typer.Option("--for", help="What it waits for.")],
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Let a draft wait for consent, or for another worker's approval."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        await ihala.defer_offer(offer_id, awaiting, request_id=request_id)
    _emit(offer_id, f"awaiting_{awaiting.value}", form)


@command
async def void_referral(
    referral_id: Annotated[str, typer.Argument(help="A referral; or an offer, with --offer.")],
    offer: Annotated[bool, typer.Option("--offer", help="Only this offer.")] = False,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say that a referral, or one offer, was made by mistake."""
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        if offer:
            await ihala.void_offer(referral_id, request_id=request_id)
            _emit(referral_id, "entered_in_error", form)
            return
        voided = await ihala.void_referral(referral_id, request_id=request_id)
    emit(referral_document(voided), form, lambda console: console.print(voided.state))


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "agree": agree,
    "refuse": refuse,
    "answer": answer_info,
    "send": send_offer,
    "defer": defer_offer,
    "void": void_referral,
}


def _emit(offer_id: str, state: str, form: Format) -> None:
    emit({"offer_id": offer_id, "state": state}, form, lambda console: console.print(state))
