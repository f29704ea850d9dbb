"""`ihala probe`: ask providers without identity whether they could take somebody (R10)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ihala.cli import home
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_file import (
    CaseRefOption,
    GatesOption,
    ProvidersOption,
    RequestIdOption,
    match_document,
    rows_of,
    token_of,
)
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit
from ihala.client import Ihala


@command
async def probe(
    match: Annotated[
        Path, typer.Option("--match", help="What `ihala match --format json` printed; - is standard input.")
    ],
    case_ref: CaseRefOption,
    provider: ProvidersOption = None,
    gate_confirmed: GatesOption = None,
    person_ref: Annotated[str, typer.Option(help="The caller's person, opaque.")] = "",
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """
    Ask providers of a match without saying of whom: only the service, places and a coarse area are told.

    The first that can take her holds the place for minutes: then `ihala referrals send OFFER`, with a consent.
    """
    document = match_document(match)
    rows = rows_of(document, provider)
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        probed = await ihala.probe(
            token_of(document),
            [(row["need_no"], row["provider_id"]) for row in rows],
            case_ref=case_ref,
            person_ref=person_ref,
            gates_confirmed=gate_confirmed or (),
            request_id=request_id,
        )
    offers = [{"offer_id": offer_id, "provider_id": each} for each, offer_id in probed.offer_ids.items()]

    def show(console: Console) -> None:
        table = a_table("offer", "provider")
        for each in offers:
            add_row(table, each["offer_id"], each["provider_id"])
        console.print(table)

    result = {
        "referral_id": probed.referral_id,
        "offers": offers,
        "create_time": probed.create_time,
        "replayed": probed.is_replayed,
    }
    emit(result, form, show)
