"""`ihala consent override`: go ahead without consent, on a coded ground and with a second person (R5)."""

from pathlib import Path
from typing import Annotated

import typer

from ihala.cli import home, typed
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_file import CaseRefOption, RequestIdOption
from ihala.cli.output import Format, FormatOption, emit
from ihala.client import Ihala, OverrideGround
from ihala.referral import Assent


@command
async def override_consent(
    case_ref: CaseRefOption,
    ground: Annotated[str, typer.Option(help="danger_to_life, child_best_interests or legal_duty.")],
    reason_file: Annotated[Path, typer.Option(help="The reason, sealed by the caller's own tool; at most 16 KiB.")],
    provider: Annotated[list[str], typer.Option("--provider", help="Who may be asked; several times.")],
    second_person: Annotated[str, typer.Option(help="Who signs besides, opaque; needed by day.")] = "",
    assent: Annotated[str | None, typer.Option(help="A child's own word: given, refused, not_possible.")] = None,
    request_id: RequestIdOption = None,
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """
    Go ahead without consent: what is printed is named like a consent by `refer --consent`.

    Tasks ask to tell the person, and at night for a second signature within a day.
    """
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        consent_id = await ihala.override_consent(
            case_ref,
            ground=typed.word_in(OverrideGround, ground, "ground"),
            sealed_reason=typed.bytes_of(reason_file, "reason_file"),
            provider_ids=provider,
            second_person=second_person,
            child_assent=typed.word_in(Assent, assent, "assent") if assent else None,
            request_id=request_id,
        )
    words = f"use it as consent: {consent_id}\na task asks somebody to tell the person once that is safe"
    if not second_person:
        words += "\nanother asks a second person to sign within a day"
    emit({"consent_id": consent_id}, form, lambda console: console.print(words))
