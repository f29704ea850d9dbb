"""Print why providers match or do not, and what would change it."""

from collections.abc import Sequence
from typing import Any

from ihala.cli.documents import row_document
from ihala.cli.match_page import excluded_lines, show_title
from ihala.cli.output import first_text
from ihala.cli.page import Page
from ihala.explanation import Change, ExplainAnswer, Explanation, Verdict
from services.taxonomy import LABEL_LANGUAGES, Kind, terms

#: the vocabularies of answers that are codes, by the question or condition
_ANSWERS = {
    "gender": Kind.GENDER,
    "family": Kind.FAMILY,
    "population": Kind.POPULATION,
    "languages": Kind.LANGUAGE,
    "urgency": Kind.URGENCY,
}
_MOST_SHARED = 5  #: of the changes that would help most: the first are worth most
_MARKS = {"yes": "✓", "no": "✗", "unknown": "?"}


def explain_document(answers: Sequence[ExplainAnswer]) -> dict[str, Any]:
    """Write explanations with the keys that docs/cli.md names; those of the first provider stand on top, too."""
    needs = [_need_document(each) for each in answers]
    listed = [each for need in needs for each in need["explanations"]]
    top = listed[0] if len(listed) == 1 else {}
    return {
        "constraints": top.get("constraints", []),
        "least_change": top.get("least_change", []),
        "needs": needs,
        "directory_revision": answers[0].directory_revision,
        "evaluated_time": answers[0].evaluated_time,
        "rules_version": answers[0].rules_version,
    }


def _need_document(answer: ExplainAnswer) -> dict[str, Any]:
    return {
        "code": answer.code,
        "added_by": answer.added_by,
        "explanations": [
            {
                "provider_id": each.provider_id,
                "name": "" if each.row is None else first_text(each.row.names),
                "standing": each.standing,
                "constraints": [
                    {
                        "name": verdict.constraint,
                        "verdict": verdict.verdict,
                        "words": words_of(verdict, "en"),
                        "requirement": verdict.requirement,
                        "caution": verdict.is_caution,
                        "question": verdict.question,
                        "ask": verdict.ask,
                    }
                    for verdict in each.verdicts
                ],
                "least_change": [_change_document(change) for change in each.least_change],
                "unlocks": each.unlocks,
                "fixed": each.fixed,
                "match": None if each.row is None else row_document(each.row),
            }
            for each in answer.explanations
        ],
        "changes": [
            {
                **_change_document(each.change),
                "settled_count": each.settled_count,
                "unlocked_count": each.unlocked_count,
                "unlocked_provider_ids": each.unlocked_provider_ids,
            }
            for each in answer.changes
        ],
        "confidential_excluded": [
            {"constraint": name, "count": count} for name, count in answer.confidential_excluded.items()
        ],
    }


def _change_document(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "code": change.code,
        "words": _label(change.kind, change.code, change.ask, "en"),
        "ask": change.ask,
        "answer": change.answer,
        "constraint": change.constraint,
        "turns": change.turns,
        "cost_m": change.cost_m,
        "wait_s": int(change.wait.total_seconds()),
    }


def words_of(verdict: Verdict, language: str) -> str:
    """Say what a constraint answers: what holds, what does not, or what to ask."""
    if verdict.verdict == "unknown":
        kind = Kind.PERSON_QUESTION if verdict.ask == "person" else Kind.PROVIDER_QUESTION
        return _words(kind, verdict.question, language)
    return _words(Kind.CONSTRAINT if verdict.verdict == "yes" else Kind.EXCLUSION, verdict.constraint, language)


def _label(kind: str, code: str, ask: str, language: str) -> str:
    if kind != "ask":
        return _words(Kind.CHANGE, code, language)
    return _words(Kind.PERSON_QUESTION if ask == "person" else Kind.PROVIDER_QUESTION, code, language)


def _words(kind: Kind, code: str, language: str) -> str:
    found = terms(kind).get(code)
    return found.labels[language if language in LABEL_LANGUAGES else "en"] if found else code


def show_explanations(page: Page, answers: Sequence[ExplainAnswer], *, is_one: bool) -> None:
    """Print what is said of each need."""
    for each in answers:
        show_explanation(page, each, is_one=is_one)


def show_explanation(page: Page, answer: ExplainAnswer, *, is_one: bool) -> None:
    """Print the whole ledger of one provider, or of the nearest what stands in the way and what would help most."""
    show_title(page, answer.code, answer.added_by)
    for each in answer.explanations:
        _show_one(page, each, is_whole=is_one)
    page.items(page.words["most"], (_shared(page, each) for each in answer.changes[:_MOST_SHARED]))
    page.items(page.words["hidden"], excluded_lines(page, answer.confidential_excluded.items()))
    page.line()


def _shared(page: Page, each: Any) -> str:
    more = (
        page.say("alone_enough", count=each.unlocked_count)
        if each.unlocked_count
        else page.say("settles", count=each.settled_count)
    )
    return f"{_change_line(page, each.change)} - {more}"


def _show_one(page: Page, each: Explanation, *, is_whole: bool) -> None:
    name = "" if each.row is None else page.name(each.row.names)
    far = "" if each.row is None else page.far(each.row.distance_m, each.row.band)
    standing = page.words["excluded"] if each.standing == "excluded" else page.words[each.standing]
    page.line(" - ".join(part for part in (page.isolated(name or each.provider_id), far, standing) if part))
    if is_whole:
        page.table(page.words["why_head"], (_verdict_cells(page, verdict) for verdict in each.verdicts))
    else:
        helps = {(change.code, change.ask) for change in each.least_change}  # said below, with the answer
        said = [
            f"    {_MARKS[verdict.verdict]} {_verdict_words(page, verdict)}"
            for verdict in each.verdicts
            if verdict.verdict != "yes" and (verdict.question, verdict.ask) not in helps
        ]
        for line in dict.fromkeys(said):  # one question may stand behind two constraints
            page.line(line)
    page.items(
        page.words["least" if each.unlocks else "some"], (_change_line(page, change) for change in each.least_change)
    )
    page.items(page.words["fixed"], (page.label(Kind.EXCLUSION, name) for name in each.fixed))


def _verdict_cells(page: Page, verdict: Verdict) -> Sequence[str]:
    return _MARKS[verdict.verdict], _verdict_words(page, verdict), verdict.requirement


def _verdict_words(page: Page, verdict: Verdict) -> str:
    words = words_of(verdict, page.language)
    if verdict.verdict == "unknown":
        words = f"{_whom(page, verdict.ask)}: {words}"
    return f"{words} ({page.words['cautioned']})" if verdict.is_caution else words


def _whom(page: Page, ask: str) -> str:
    return page.words["person_question" if ask == "person" else "provider_question"]


def _change_line(page: Page, change: Change) -> str:
    words = _label(change.kind, change.code, change.ask, page.language)
    if change.kind == "ask":
        words = f"{_whom(page, change.ask)}: {words}"
    more = []
    if change.answer:
        kind = _ANSWERS.get(change.code)
        answer = page.words.get(change.answer, change.answer) if kind is None else page.label(kind, change.answer)
        more.append(page.say("answer" if change.kind == "ask" else "to", answer=answer))
    if change.cost_m:
        more.append(page.say("farther", distance=page.far(change.cost_m, None)))
    if change.wait:
        more.append(page.say("wait", time=page.long(change.wait)))
    return f"{words} ({', '.join(more)})" if more else words
