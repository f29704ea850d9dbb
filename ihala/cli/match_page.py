"""Print an answer to a search so that a social worker can read it: who, when there, what to ask, what to know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ihala.answer import Answer, NeedMatches, Row
from ihala.cli.page import Page
from services.taxonomy import Kind


def show_answer(page: Page, answer: Answer) -> None:
    """Print both lists of each need, and what left out the others."""
    can: dict[str, list[str]] = {}  # who can meet several needs: one stop
    for need in answer:
        for row in need.matches:
            can.setdefault(row.provider_id, []).append(need.code)
    for need in answer:
        _show_need(page, need, can, answer.evaluated_time)
    page.items(page.words["rescreen"], (page.label(Kind.SCREENING_QUESTION, each) for each in answer.rescreen))
    page.items(
        page.words["conflicts"],
        (
            f"{page.label(Kind.SAFETY_CONFLICT, each.code)}: {page.isolated(', '.join(each.person_refs))}"
            for each in answer.safety_conflicts
        ),
    )
    page.line(page.words["estimate"])
    page.line(
        page.say(
            "judged",
            revision=answer.directory_revision,
            time=_with_zone(answer.evaluated_time.astimezone()),
            rules=answer.rules_version,
        )
    )


def _with_zone(time: datetime) -> str:
    """Say a time here with how far it is from UTC: ways end on the clocks of places, which may be others."""
    return f"{time:%Y-%m-%d %H:%M} (UTC{time.isoformat()[-6:]})"


def show_title(page: Page, code: str, added_by: str) -> None:
    """Name a need, and say why it is there if nobody asked for it."""
    title = f"{page.label(Kind.SERVICE, code)} {page.isolated(f'({code})')}"
    page.line(f"{title} - {page.words.get(added_by, added_by)}" if added_by else title)


def _show_need(page: Page, need: NeedMatches, can: Mapping[str, Sequence[str]], now: datetime) -> None:
    show_title(page, need.code, need.added_by)
    if not need.matches and not need.ask_first:
        page.items(page.words["none_found"].rstrip(":"), excluded_lines(page, need.excluded.items(), need))
        page.line()
        return
    for word, rows in (("can", need.matches), ("ask_first", need.ask_first)):
        if rows:
            cells = (_cells(page, row, can, now) for row in rows)
            page.table(page.words["head"], cells, title=page.words[word])
        else:
            page.line(f"{page.words[word]}: {page.words['nobody']}")
    _show_questions(page, need)
    page.items(page.words["excluded"], excluded_lines(page, need.excluded.items(), need))
    page.line()


def excluded_lines(page: Page, excluded: Iterable[tuple[str, int]], need: NeedMatches | None = None) -> Iterable[str]:
    """Say how many were left out and why, the most first; last who was never meant."""
    for name, count in sorted(excluded, key=lambda each: each[0] == "service"):
        hidden = need.confidential_safety_count if need is not None and name == "safety" else 0
        more = f" ({page.say('confidential', count=hidden)})" if hidden else ""
        yield f"{page.isolated(str(count))} - {page.label(Kind.EXCLUSION, name)}{more}"


def _show_questions(page: Page, need: NeedMatches) -> None:
    """Print each question once: to the person, then to each provider that it is for."""
    person = dict.fromkeys(need.questions)
    providers: dict[str, dict[str, None]] = {}
    for row in (*need.matches, *need.ask_first):
        for each in row.unknowns:
            if each.ask == "person":
                person[each.question] = None
            else:
                providers.setdefault(each.question, {})[page.name(row.names)] = None
    page.items(page.words["person_question"], (page.label(Kind.PERSON_QUESTION, each) for each in person))
    page.items(
        page.words["provider_question"],
        (
            f"{page.label(Kind.PROVIDER_QUESTION, question)} {page.isolated('; '.join(names))}"
            for question, names in providers.items()
        ),
    )


def _cells(page: Page, row: Row, can: Mapping[str, Sequence[str]], now: datetime) -> Sequence[str]:
    there = "" if row.travel is None else page.at(row.travel.arrival_time, row.time_zone, now)
    also = [page.label(Kind.SERVICE, code) for code in can.get(row.provider_id, ()) if code != row.code]
    one_stop = [page.say("also", services=", ".join(also))] if also else []
    way = "" if row.travel is None else f" ({page.long(row.travel.duration)})"
    return (
        page.name(row.names),
        page.far(row.distance_m, row.band),
        there + way,
        page.words.get(row.open, row.open),
        places_of(page, row),
        page.words.get(row.reach_out, row.reach_out),
        "; ".join([*one_stop, *silence_of(page, row), *clocks_of(page, row), *cautions_of(page, row)]),
        row.provider_id,
    )


def places_of(page: Page, row: Row) -> str:
    """Say how many places seem free, and for whom."""
    if row.places.free is None:
        return page.words.get(row.places.kind, row.places.kind)
    return f"{row.places.free} {page.label(Kind.POPULATION, row.places.population)}".strip()


def silence_of(page: Page, row: Row) -> list[str]:
    """Say how much farther back a provider stands because offers there ran out unread."""
    metres = row.cost_parts.get("silence")
    return [page.say("silence", distance=page.far(metres, None))] if metres else []


def clocks_of(page: Page, row: Row) -> list[str]:
    """Say what is left of the clinical clocks when care can begin."""
    return [
        page.say("left", clock=page.label(Kind.CLINICAL_CLOCK, each.code), time=page.long(each.left))
        if each.left > timedelta(0)
        else page.say("run_out", clock=page.label(Kind.CLINICAL_CLOCK, each.code))
        for each in row.clinical_clocks
    ]


def cautions_of(page: Page, row: Row) -> list[str]:
    """Say what to know; of a constraint that life lets pass, which one it is."""
    return [_caution(page, each.constraint, each.code) for each in row.cautions]


def cautions_text(page: Page, cautions: Iterable[tuple[str, str]]) -> str:
    """Say what to know, given as constraint and code."""
    return "; ".join(_caution(page, *each) for each in cautions)


def _caution(page: Page, constraint: str, code: str) -> str:
    if code == "not_met":
        return page.label(Kind.EXCLUSION, constraint)
    if code == "unknown":
        return f"{page.label(Kind.CONSTRAINT, constraint)}: {page.label(Kind.CAUTION, code)}"
    return page.label(Kind.CAUTION, code)
