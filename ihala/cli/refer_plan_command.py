"""`ihala refer-plan`: ask each provider of a plan once, for all of its part (R52)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_file import ArrangedOption, CaseRefOption, ProvidersOption, RequestIdOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.cli.plan_file import plan_file
from ihala.client import Ihala
from ihala.plan_referral_client import ToRefer
from services.errors import FailedPrecondition, InvalidInput, Reason


@command
async def refer_plan(
    plan: Annotated[Path, typer.Argument(help="What `ihala plan --format json` printed; - is standard input.")],
    case_ref: CaseRefOption,
    consent_id: Annotated[str | None, typer.Option("--consent", help="The consent that covers the providers.")] = None,
    provider: ProvidersOption = None,
    arranged: ArrangedOption = None,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Refer what a plan has assigned, to all of its providers or to those that are named."""
    if consent_id is None:
        raise FailedPrecondition(
            "a consent must be recorded first (`ihala consent record`) and named by --consent",
            reason=Reason.CONSENT_MISSING,
        )
    document = plan_file(plan)
    parts = _parts_of(document, provider or ())
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        made = await ihala.refer_plan(
            str(document["match_token"]),
            parts,
            case_ref=case_ref,
            consent=consent_id,
            arranged=arranged or (),
            request_id=request_id,
        )
    rows = [
        {
            "referral_id": each.referral_id,
            "offer_id": each.offer_id,
            "provider_id": each.provider_id,
            "labels": each.labels,
        }
        for each in made
    ]

    def show(console: Console) -> None:
        table = a_table("provider", "groups", "offer", "referral")
        for each in made:
            unasked = (
                "nobody is asked yet for a need that a rule adds" if each.referral_id else "places taken meanwhile"
            )
            groups = ", ".join(each.labels) or unasked
            add_row(table, each.provider_id, groups, each.offer_id, each.referral_id)
        console.print(table)

    emit({"referrals": rows}, form, show)


def _parts_of(document: Mapping[str, Any], provider_ids: list[str] | tuple[()]) -> list[ToRefer]:
    try:
        parts = [
            ToRefer(
                label=each["label"],
                need_no=each["need_no"],
                provider_id=each["provider_id"],
                count=each["count"],
                items=each["items"],
                party_no=each["party_no"],
            )
            for each in document["assignments"]
            if not provider_ids or each["provider_id"] in provider_ids
        ]
    except (KeyError, TypeError):
        raise InvalidInput("plan must be what `ihala plan --format json` printed", reason=Reason.MALFORMED) from None
    if not parts:
        raise FailedPrecondition("the plan has assigned nobody to these providers")
    return parts
