"""`ihala plan`: assign many people at once, and print the lists that a team leader carries."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ihala.answer import Row
from ihala.cli import home, typed
from ihala.cli.case_file import case_in
from ihala.cli.documents import row_document
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.output import Format, FormatOption, a_table, add_row, emit, first_text, in_km
from ihala.cli.plan_words import LANGUAGES, WORDS
from ihala.client import Ihala
from ihala.plan import PlanAnswer, PlanPart
from services.errors import InvalidInput, Reason
from services.geo import DistanceBand
from services.taxonomy import services


@command
async def plan(
    file: Annotated[Path, typer.Argument(help="A PlanMatchesRequest in JSON; - is standard input.")],
    at: Annotated[str | None, typer.Option(help="Where they are, instead of the file's: LAT,LON, or a town.")] = None,
    country: Annotated[str, typer.Option(help="Of the town (ISO 3166).")] = "",
    when: Annotated[str | None, typer.Option(help="A day or a time; else the file's, or now.")] = None,
    page_language: Annotated[str, typer.Option(help="Of the lists: en, fr or ar.")] = "en",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Assign many people at once at least total cost: who goes where, who comes to whom, and who is left."""
    if page_language not in LANGUAGES:
        raise InvalidInput(f"page_language must be one of {', '.join(LANGUAGES)}", reason=Reason.UNKNOWN_CODE)
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        document = await case_in(file, ihala.directory, "plan")
        start = None if at is None else await typed.start_of(at, country, ihala.directory)
        answer = await ihala.plan_matches_for(
            document, origin=None if start is None else start.origin, when_time=typed.time_of(when, "when_time")
        )
    emit(plan_document(answer), form, lambda console: show_plan(console, answer, page_language))


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


def show_plan(console: Console, answer: PlanAnswer, language: str) -> None:
    """Print the three lists: by group, by provider, and who is left."""
    words = WORDS[language]
    _show_groups(console, answer, language)
    _show_providers(console, answer, language)
    if answer.left:
        table = a_table(*words["left_head"].split("|"), title=words["left"])
        for each in answer.left:
            why = ", ".join(f"{words.get(name, name)} {count}" for name, count in each.excluded[:3])
            ask = ", ".join(first_text(row.names, (language, *LANGUAGES)) for row in each.ask_first)
            add_row(table, each.label, _need(each.code, language), each.count, why or words["none"], ask)
        console.print(table)
        console.print()
    for labels, label in answer.conflicts:
        console.print(words["conflict"].format(labels=", ".join(labels), label=label), markup=False)
    console.print(
        words["sum"].format(
            placed=answer.placed_count,
            total=in_km(answer.total_cost_m),
            bound=in_km(answer.bound_m),
            proof=words["proven" if answer.is_optimal else "unproven"],
            greedy=f"{answer.greedy_placed_count}, {in_km(answer.greedy_cost_m)}",
        ),
        markup=False,
    )
    console.print(words["promise"], markup=False)


def _show_groups(console: Console, answer: PlanAnswer, language: str) -> None:
    words = WORDS[language]
    table = a_table(*words["group_head"].split("|"), title=words["groups"])
    for each in answer.parts:
        add_row(
            table,
            each.label,
            _need(each.code, language),
            each.count,
            _name(answer.providers[each.provider_id], language),
            _far(each.distance_m, each.band),
            ", ".join(f"{population} {count}" for population, count in each.items.items()),
            f"{words['party']} {each.party_no}" if each.party_no else "",
        )
    console.print(table if answer.parts else f"{words['groups']}: {words['none']}")
    console.print()


def _show_providers(console: Console, answer: PlanAnswer, language: str) -> None:
    words = WORDS[language]
    parts: dict[tuple[str, str], list[PlanPart]] = defaultdict(list)
    for each in answer.parts:
        parts[each.provider_id, each.code].append(each)
    if not parts:
        return
    table = a_table(*words["provider_head"].split("|"), title=words["providers"])
    for (provider_id, code), listed in parts.items():
        row = answer.providers[provider_id]
        add_row(
            table,
            _name(row, language),
            ", ".join(value for kind, value in row.contacts if kind == "phone"),
            _far(listed[0].distance_m, listed[0].band),
            sum(each.count for each in listed),
            ", ".join(f"{each.label} {each.count}" for each in listed),
            _need(code, language),
        )
    console.print(table)
    console.print()


def _need(code: str, language: str) -> str:
    return services()[code].labels[language] if code in services() else code


def _name(row: Row, language: str) -> str:
    return first_text(row.names, (language, *LANGUAGES)) or row.provider_id


def _far(distance_m: float | None, band: DistanceBand | None) -> str:
    return in_km(distance_m) if band is None else band.value.lower().replace("_", " ")


def _distance(part: PlanPart) -> Mapping[str, Any]:
    return {"distance_m": part.distance_m} if part.band is None else {"distance_band": part.band.value}
