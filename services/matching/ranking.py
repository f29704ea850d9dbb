"""Answer one need: sift the directory through the table of constraints, and list what is left nearest first."""

from services.geo import Gauge, Place, cost_mm
from services.matching.arriving import questions
from services.matching.constraints.table import CONSTRAINTS
from services.matching.index.excluding import together
from services.matching.index.question import Question
from services.matching.index.sieve import Sifted
from services.matching.index.snapshot import Snapshot
from services.matching.listing import Listing, NeedAnswer
from services.matching.model.answer import Row
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import YES, Verdict
from services.matching.rows import Rows
from services.values import made


def find(snapshot: Snapshot, asked: Asked, limit: int, gauge: Gauge | None = None) -> NeedAnswer:
    """Answer a need from a whole directory: at most `limit` rows a list, measured by a gauge of its origin if given."""
    question, parts, counts, confidential_safety_count = Question(asked, gauge), [], [], 0
    for part in snapshot.asked:
        sifted = Sifted(part, question)
        parts.append(sifted)
        counts.append(sifted.counts)
        confidential_safety_count += sifted.confidential_safety_count
    listing = Listing(asked, parts, limit)
    return made(NeedAnswer, (asked.need, listing, together(counts), confidential_safety_count, questions(asked)))


def turned(asked: Asked, provider: Provider) -> tuple[str, ...]:
    """Name the constraints that keep a provider out, in the order of the table."""
    return tuple(
        each.name
        for each in CONSTRAINTS
        if each.excludes(asked.need.service) and each.judged(asked, provider).verdict is Verdict.NO
    )


def row_of(asked: Asked, provider: Provider, place: Place) -> Row:
    """Say all that is to be said of one provider at its place, whatever the constraints answer."""
    judged = [(each, each.judged(asked, provider)) for each in CONSTRAINTS]
    reasons = [(each, finding) for each, finding in judged if finding is not YES]
    (row,) = Rows(asked).rows([(cost_mm(asked.origin, place), provider, reasons)])
    return row
