"""Read what `ihala plan --format json` printed, for the commands that go on from there."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ihala.answer import ReceiverClass
from ihala.cli import typed
from services.errors import FailedPrecondition, InvalidInput, Reason


def plan_file(file: Path) -> Mapping[str, Any]:
    """
    Read a plan.

    Raises:
        NotFound, InvalidInput: there is no such file, or it is something else (MALFORMED).
    """
    try:
        document = json.loads(typed.text_of(file, "plan"))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"plan must be JSON (line {error.lineno})", reason=Reason.MALFORMED) from None
    if not isinstance(document, dict) or not {"assignments", "match_token"} <= document.keys():
        raise InvalidInput("plan must be what `ihala plan --format json` printed", reason=Reason.MALFORMED)
    return document


def class_of(plan: Mapping[str, Any], provider_ids: Collection[str]) -> tuple[ReceiverClass, list[str]]:
    """
    Say the one class of receivers that covers a plan, and the fields that its offers would show.

    Args:
        plan: As `plan_file` read it.

        provider_ids: Only these of its providers; none: all.

    Raises:
        FailedPrecondition: the plan has assigned nobody to them.

        InvalidInput: it is not a plan (MALFORMED).
    """
    try:
        assigned = [each for each in plan["assignments"] if not provider_ids or each["provider_id"] in provider_ids]
        chosen = {each["provider_id"] for each in assigned}
        rows = [row for row in plan["providers"] if row["provider_id"] in chosen]
        receivers = ReceiverClass(
            codes=tuple(sorted({each["code"] for each in assigned})),
            area_cells=tuple(sorted({row["area_cell"] for row in rows} - {""})),
            vetted=all(row["vetted"] for row in rows),
        )
        fields = sorted({name for row in rows for name in row["needed_fields"]})
    except (KeyError, TypeError):
        raise InvalidInput("plan must be what `ihala plan --format json` printed", reason=Reason.MALFORMED) from None
    if not assigned:
        raise FailedPrecondition("the plan has assigned nobody to these providers")
    return receivers, fields
