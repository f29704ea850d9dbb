"""Print a plan as the lists that a team leader carries: by group, by provider, and who is left."""

from collections import defaultdict
from collections.abc import Sequence

from ihala.answer import Row
from ihala.cli.match_page import cautions_text
from ihala.cli.page import Page
from ihala.cli.plan_words import WORDS
from ihala.plan import PlanAnswer, PlanLeft, PlanPart
from services.taxonomy import Kind

_REASONS = 3  #: told of those that left somebody without a place


def show_plan(page: Page, answer: PlanAnswer) -> None:
    """Print the three lists, and what is proven."""
    words = WORDS[page.language]
    _show_groups(page, answer)
    _show_providers(page, answer)
    if answer.left:
        page.table(words["left_head"], (_left_cells(page, each) for each in answer.left), title=words["left"])
        page.line()
    for labels, label in answer.conflicts:
        page.line(words["conflict"].format(labels=page.isolated(", ".join(labels)), label=page.isolated(label)))
    page.line(
        words["sum"].format(
            placed=page.isolated(str(answer.placed_count)),
            total=page.isolated(page.far(answer.total_cost_m, None)),
            bound=page.isolated(page.far(answer.bound_m, None)),
            proof=words["proven" if answer.is_optimal else "unproven"],
            greedy=page.isolated(f"{answer.greedy_placed_count}, {page.far(answer.greedy_cost_m, None)}"),
        )
    )
    page.line(words["promise"])


def _show_groups(page: Page, answer: PlanAnswer) -> None:
    words = WORDS[page.language]
    if answer.parts:
        rows = (_group_cells(page, each, answer.providers[each.provider_id]) for each in answer.parts)
        page.table(words["group_head"], rows, title=words["groups"])
    else:
        page.line(f"{words['groups']}: {words['none']}")
    page.line()


def _group_cells(page: Page, part: PlanPart, row: Row) -> Sequence[object]:
    return (
        part.label,
        page.label(Kind.SERVICE, part.code),
        part.count,
        _name(page, row),
        page.far(part.distance_m, part.band),
        ", ".join(f"{page.label(Kind.POPULATION, population)} {count}" for population, count in part.items.items()),
        f"{WORDS[page.language]['party']} {part.party_no}" if part.party_no else "",
        "; ".join(each for each in (_added(page, part.added_by), cautions_text(page, part.cautions)) if each),
    )


def _show_providers(page: Page, answer: PlanAnswer) -> None:
    parts: dict[tuple[str, str], list[PlanPart]] = defaultdict(list)
    for each in answer.parts:
        parts[each.provider_id, each.code].append(each)
    if not parts:
        return
    words = WORDS[page.language]
    rows = (
        (
            _name(page, answer.providers[provider_id]),
            ", ".join(value for kind, value in answer.providers[provider_id].contacts if kind == "phone"),
            page.far(listed[0].distance_m, listed[0].band),
            sum(each.count for each in listed),
            ", ".join(f"{each.label} {each.count}" for each in listed),
            page.label(Kind.SERVICE, code),
        )
        for (provider_id, code), listed in parts.items()
    )
    page.table(words["provider_head"], rows, title=words["providers"])
    page.line()


def _left_cells(page: Page, left: PlanLeft) -> Sequence[object]:
    words = WORDS[page.language]
    # who never offered the service is not what left them
    reasons = [(name, count) for name, count in left.excluded if name != "service"][:_REASONS]
    why = ", ".join(f"{words.get(name) or page.label(Kind.EXCLUSION, name)} {count}" for name, count in reasons)
    ask = ", ".join(_name(page, row) for row in left.ask_first)
    said = "; ".join(each for each in (_added(page, left.added_by), why) if each)
    return left.label, page.label(Kind.SERVICE, left.code), left.count, said or words["none"], ask


def _added(page: Page, added_by: str) -> str:
    return page.words.get(added_by, added_by)


def _name(page: Page, row: Row) -> str:
    return page.name(row.names) or row.provider_id
