"""`ihala plan`: assign many people at once, and print the lists that a team leader carries."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ihala.cli import home, typed
from ihala.cli.case_file import case_in
from ihala.cli.documents import row_document
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, emit, first_text
from ihala.cli.page import Page, PageLanguageOption, read_language
from ihala.cli.plan_page import show_plan
from ihala.client import Ihala
from ihala.plan import PlanAnswer, PlanPart


@command
async def plan(
    file: Annotated[Path, typer.Argument(help="A PlanMatchesRequest in JSON; - is standard input.")],
    at: Annotated[str | None, typer.Option(help="Where they are, instead of the file's: LAT,LON, or a town.")] = None,
    country: Annotated[str, typer.Option(help="Of the town (ISO 3166).")] = "",
    when: Annotated[str | None, typer.Option(help="A day or a time; else the file's, or now.")] = None,
    page_language: PageLanguageOption = "en",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Assign many people at once at least total cost: who goes where, who comes to whom, and who is left."""
    spoken = read_language(page_language)
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        document = await case_in(file, ihala.directory, "plan")
        start = None if at is None else await typed.start_of(at, country, ihala.directory)
        answer = await ihala.plan_matches_for(
            document, origin=None if start is None else start.origin, when_time=typed.time_of(when, "when_time")
        )
    emit(plan_document(answer), form, lambda console: show_plan(Page(console, spoken), answer))


def plan_document(answer: PlanAnswer) -> dict[str, Any]:
    """Write a plan with the keys that docs/cli.md names."""
    return {
        "assignments": [
            {
                "label": each.label,
                "need_no": each.need_no,
                "code": each.code,
                "added_by": each.added_by,
                "provider_id": each.provider_id,
                "name": first_text(answer.providers[each.provider_id].names),
                "count": each.count,
                "cost_m": each.cost_m,
                **_distance(each),
                "items": each.items,
                "party_no": each.party_no,
                "cautions": [{"constraint": name, "code": code} for name, code in each.cautions],
            }
            for each in answer.parts
        ],
        "unassigned": [
            {
                "label": each.label,
                "need_no": each.need_no,
                "code": each.code,
                "added_by": each.added_by,
                "count": each.count,
                "excluded": [{"constraint": name, "count": count} for name, count in each.excluded],
                "ask_first_count": each.ask_first_count,
                "ask_first": [row_document(row) for row in each.ask_first],
            }
            for each in answer.left
        ],
        "conflicts": [{"labels": list(labels), "keep_apart": label} for labels, label in answer.conflicts],
        "providers": [row_document(row) for row in answer.providers.values()],
        "total_cost_m": answer.total_cost_m,
        "bound_m": answer.bound_m,
        "greedy_cost_m": answer.greedy_cost_m,
        "placed_count": answer.placed_count,
        "greedy_placed_count": answer.greedy_placed_count,
        "method": answer.method,
        "optimal": answer.is_optimal,
        "directory_epoch": answer.directory_epoch,
        "directory_revision": answer.directory_revision,
        "evaluated_time": answer.evaluated_time,
        "rules_version": answer.rules_version,
        "match_token": answer.match_token,
    }


def _distance(part: PlanPart) -> Mapping[str, Any]:
    return {"distance_m": part.distance_m} if part.band is None else {"distance_band": part.band.value}
