"""Read what `ihala match --format json` printed, for the commands that go on from there."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ihala.answer import MatchToken
from ihala.cli import typed
from ihala.match_wire import token_from_text
from services.errors import FailedPrecondition, InvalidInput, Reason

CaseRefOption = Annotated[str, typer.Option("--case-ref", help="The caller's case, opaque.")]
MatchOption = Annotated[
    Path | None, typer.Option("--match", help="What `ihala match --format json` printed; - is standard input.")
]
RequestIdOption = Annotated[
    str | None, typer.Option("--request-id", help="Makes a repeat harmless; a new one if left out.")
]
ArrangedOption = Annotated[
    list[str] | None,
    typer.Option("--arranged", help="A need that a rule adds (LEG-GRD, LNG-INT) and that is met elsewhere."),
]
GatesOption = Annotated[
    list[str] | None,
    typer.Option("--gate-confirmed", help="A provider whose front gate somebody has spoken to; several times."),
]
ProvidersOption = Annotated[list[str] | None, typer.Option("--provider", help="A provider's id; several times.")]


def match_document(file: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(typed.text_of(file, "match"))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"match must be JSON (line {error.lineno})", reason=Reason.MALFORMED) from None
    if not isinstance(document, dict) or not {"needs", "match_token"} <= document.keys():
        raise InvalidInput("match must be what `ihala match --format json` printed", reason=Reason.MALFORMED)
    return document


def token_of(document: Mapping[str, Any]) -> MatchToken:
    return token_from_text(str(document["match_token"]))


def rows_of(document: Mapping[str, Any], provider_ids: Sequence[str] | None) -> list[dict[str, Any]]:
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
