"""What is said to a house beside the need: how somebody comes, and what to be ready for."""

from typing import Annotated

import typer

from ihala.cli import typed
from ihala.referral import Briefing, BroughtBy, Precaution, Risk

BroughtByOption = Annotated[str | None, typer.Option(help="alone, worker, escort or house.")]
RiskOption = Annotated[str | None, typer.Option(help="none_known, not_asked, somebody_searches or armed.")]
PrecautionOption = Annotated[str | None, typer.Option(help="none, contact or airborne.")]


def briefing_of(brought_by: str | None, risk: str | None, precaution: str | None) -> Briefing | None:
    """
    Read a briefing; None if nothing of it is said.

    Raises:
        InvalidInput: there is no such word (UNKNOWN_CODE).
    """
    if brought_by is None and risk is None and precaution is None:
        return None
    return Briefing(
        brought_by=typed.word_in(BroughtBy, brought_by, "brought_by") if brought_by else None,
        risk=typed.word_in(Risk, risk, "risk") if risk else None,
        precaution=typed.word_in(Precaution, precaution, "precaution") if precaution else None,
    )
