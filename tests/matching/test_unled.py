"""R31, R44: of what happened to a person an explanation says which fact to ask, never which answer is wanted."""

import json
from typing import Any

import pytest
from rich.console import Console

from ihala.cli.explain_page import explain_document, show_explanations
from ihala.cli.page import Page
from ihala.explain_wire import explanations_from_wire
from ihala.explanation import ExplainAnswer
from services.matching.explanations import explained
from services.matching.index.snapshot import Snapshot
from services.matching.model.person import AgeRange
from services.matching.model.provider import Claim, RuleKind
from services.taxonomy import LABEL_LANGUAGES, Kind, terms
from tests.matching.samples import FOR_ALL, a_need, a_person, a_provider, a_rule, asked

#: the question, the rule and its vocabulary, the one code that a house takes, and what is known of everybody
FACTS: dict[str, tuple[RuleKind, Kind, str]] = {
    "process": (RuleKind.PROCESS, Kind.PROCESS, "tip_confirmed"),
    "exploitation": (RuleKind.EXPLOITATION, Kind.EXPLOITATION, "servitude"),
    "legal_status": (RuleKind.LEGAL_STATUS, Kind.STATUS_CLASS, "refugee"),
}


def answered(question: str, provider_id: str) -> ExplainAnswer:
    """Explain a lawyer who takes one code alone, to a woman of whom that fact is not known."""
    kind, _, code = FACTS[question]
    provider = a_provider("p-1", rules=FOR_ALL | {a_rule(kind, Claim.YES, code)})
    facts: dict[str, Any] = {
        "age": AgeRange(30, 30),
        "gender": "woman",
        "family": frozenset({"alone"}),
        "has_documents": True,
        "accessibility": frozenset(),
        "accepts_reporting": True,
    }
    found = explained(Snapshot.of("epoch", 1, [provider]), asked(a_need(), person=a_person(**facts)), provider_id, 10)
    return explanations_from_wire(found)


@pytest.mark.parametrize("provider_id", ["p-1", ""])
@pytest.mark.parametrize("question", FACTS)
def test_the_fact_is_named_and_the_answer_is_not(question: str, provider_id: str) -> None:
    answer = answered(question, provider_id)

    (found,) = answer.explanations
    assert [(each.kind, each.code, each.ask, each.answer) for each in found.least_change] == [
        ("ask", question, "person", "")
    ]
    assert found.unlocks
    assert [(each.change.code, each.change.answer) for each in answer.changes] == (
        [] if provider_id else [(question, "")]
    )


@pytest.mark.parametrize("language", LABEL_LANGUAGES)
@pytest.mark.parametrize("question", FACTS)
def test_nothing_that_is_printed_leads_to_an_answer(question: str, language: str) -> None:
    _, vocabulary, code = FACTS[question]
    answer = answered(question, "")
    console = Console(width=200)
    with console.capture() as caught:
        show_explanations(Page(console, language), [answer], is_one=False)
    text = caught.get()

    assert terms(Kind.PERSON_QUESTION)[question].labels[language] in text
    assert terms(vocabulary)[code].labels[language] not in text
    assert code not in text
    assert code not in json.dumps(explain_document([answer]), default=str)
