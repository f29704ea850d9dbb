"""What the forms of an offer let one choose, on the answer page and on the duty page alike."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.errors import Reason
from services.notify.pages.pressed import MISSING, NUMBER, QUESTIONS
from services.notify.pages.terms import TICKED, Choices, arrivals, stays, waits
from services.notify.pages.words import Words
from services.notify.shown import Offer
from services.taxonomy import Kind, Side, decline_reason, terms

#: why a button was not taken, by words
FAULTS: Final[Mapping[str, str]] = {
    Reason.ALREADY_PLACED: "error_already_placed",
    Reason.NO_PLACE: "error_no_place",
    Reason.CONSENT_WITHDRAWN: "error_consent_withdrawn",
    Reason.ILLEGAL_MOVE: "error_illegal_move",
    MISSING: "reason_missing",
    NUMBER: "number_bad",
}
#: by what a question is answered already, where it has another name
_SHOWN_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "gender": ("sex", "gender"),
    "language": ("languages",),
    "unaccompanied_child": ("unaccompanied",),
    "documents": ("has_documents",),
    "arrival": ("arrive_start_time", "arrive_end_time"),
}


def forms(
    offer: Offer, acts: Iterable[str], words: Words, zone: str, now: datetime, query: Mapping[str, str]
) -> dict[str, Any]:
    """
    Say which buttons an offer has, and what each lets one choose.

    Args:
        offer: As its reader may see it.

        acts: The buttons.

        words: Of the reader.

        zone: In which times are read, IANA.

        now: The time.

        query: Of the address: `e` says why the button `a` was not taken.
    """
    language = words.language
    return {
        "acts": ("acknowledge", *acts) if offer.is_answer_unread else acts,
        "beyond": query.get("e") == Reason.NO_PLACE,
        "opened": query.get("a", ""),
        "is_asking": offer.state == "info_requested",
        "numbers": items_of(offer, language) if offer.is_divisible else [],
        "ticked": [(name, words[f"if_{name}"]) for name in TICKED],
        "arrivals": arrivals(words, zone, now),
        "stays": stays(words, zone, now),
        "waits": waits(words, zone, now),
        "questions": [(name, words[f"ask_{name}"]) for name in _open_questions(offer)],
        "coded": _coded(language),
    }


def items_of(offer: Offer, language: str) -> Sequence[tuple[str, str, int]]:
    """List the places that are asked for: population, its label, how many."""
    known = terms(Kind.POPULATION)
    return [
        (each, known[each].labels[language] if each in known else each, count) for each, count in offer.items.items()
    ]


def _open_questions(offer: Offer) -> list[str]:
    told = {**offer.briefing, **offer.facts}
    if told.get("risk") == "not_asked":
        del told["risk"]
    return [each for each in QUESTIONS if not any(name in told for name in _SHOWN_AS.get(each, (each,)))]


def _coded(language: str) -> dict[str, Choices]:
    reasons = terms(Kind.DECLINE_REASON).items()
    return {
        "decline_reasons": [
            (code, term.labels[language]) for code, term in reasons if decline_reason(code).side is Side.PROVIDER
        ],
        "populations": _labels(Kind.POPULATION, language),
        "failures": _labels(Kind.FAILURE, language),
        "outcomes": _labels(Kind.OUTCOME, language),
    }


def _labels(kind: Kind, language: str) -> Choices:
    return [(code, term.labels[language]) for code, term in terms(kind).items()]
