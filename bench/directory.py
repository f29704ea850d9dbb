"""A made-up directory and made-up questions: seven facts of ten are not known, as where lists were put together."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, TypeVar

from services.geo import Place, Point, cell_at
from services.hours import Schedule
from services.matching.model.person import AgeRange, Person
from services.matching.model.provider import (
    Claim,
    Contact,
    LanguageOffer,
    PlaceReport,
    Provider,
    ReachOut,
    Reporting,
    Rule,
    RuleKind,
    Text,
    VettingState,
)
from services.matching.model.request import Asked, Need
from services.taxonomy import services

T = TypeVar("T")

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
UNKNOWN_SHARE: Final = 0.7
CODES: Final = tuple(services())
_COUNTRIES: Final = ("LY", "MA", "TN", "EG", "DZ")
_LANGUAGES: Final = ("ar", "ary", "ayl", "fr", "en", "ti", "am", "so", "es")
_WEEK: Final = tuple(
    Schedule(is_intake=intake, rrule=rule, opens_at=opens, closes_at=closes)
    for intake in (True, False)
    for rule in ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH", "")
    for opens, closes in (("08:00", "15:00"), ("09:00", "17:30"), ("00:00", "24:00"))
)


def _rules(kind: RuleKind, *codes: str) -> list[Rule]:
    return [
        Rule(kind=kind, claim=Claim.YES),
        Rule(kind=kind, claim=Claim.YES, codes=frozenset(codes)),
        Rule(kind=kind, claim=Claim.NO, codes=frozenset(codes)),
    ]


_AGES: Final = ((None, None), (18, None), (None, 17), (12, 25), (15, 60))
_RULES: Final = (
    [Rule(kind=RuleKind.AGE, claim=Claim.YES, min_years=low, max_years=high) for low, high in _AGES],
    _rules(RuleKind.GENDER, "man"),
    _rules(RuleKind.FAMILY, "couple"),
    _rules(RuleKind.EXPLOITATION, "forced_labour"),
    _rules(RuleKind.PROCESS, "som"),
    _rules(RuleKind.LEGAL_STATUS, "irregular"),
    [Rule(kind=RuleKind.DOCUMENTS, claim=Claim.YES), Rule(kind=RuleKind.DOCUMENTS, claim=Claim.NO)],
    [Rule(kind=RuleKind.UNACCOMPANIED_CHILD, claim=claim) for claim in (Claim.YES, Claim.NO)],
)


def providers(count: int) -> Iterator[Provider]:
    """Make a directory up; the same one for the same number."""
    random = Random(count)

    def known(values: Any, otherwise: T) -> T:
        return otherwise if random.random() < UNKNOWN_SHARE else random.choice(values)

    rule_sets = [frozenset(rule for kind in _RULES for rule in _some(random, kind)) for _ in range(5000)]
    speaks = [frozenset(LanguageOffer(tag=tag) for tag in random.sample(_LANGUAGES, 2)) for _ in range(30)]
    contacts = (Contact(kind="phone", value="+218 21 000 0000"),)
    staff = [frozenset({"woman"}), frozenset({"man"}), frozenset({"woman", "man"})]
    for number in range(count):
        identifier = f"{random.getrandbits(64):016x}-{number:07}"
        place: Place = point(random)
        is_confidential = random.random() < 0.02  # noqa: PLR2004 -- a share
        if is_confidential:
            place = cell_at(point(random), random.choice((4, 5, 6)))
        codes = sorted(random.sample(CODES, random.choice((1, 1, 2))))
        yield Provider(
            provider_id=identifier,
            revision=number,
            pool_id=identifier,
            place=place if random.random() < 0.98 else None,  # noqa: PLR2004 -- a share
            is_confidential=is_confidential,
            country_code=random.choice(_COUNTRIES),
            time_zone="Africa/Tripoli",
            names=(Text(language="en", text=f"House {number}"),),
            claims=tuple((code, Claim.YES if random.random() > UNKNOWN_SHARE else Claim.UNKNOWN) for code in codes),
            rules=random.choice(rule_sets),
            languages=known(speaks, frozenset()),
            end_time=known((NOON + timedelta(days=random.randrange(-90, 900), seconds=number), None), None),
            vetting=known((VettingState.UNVETTED, VettingState.LISTED, VettingState.VETTED), VettingState.UNVETTED),
            vetting_expire_time=known((NOON + timedelta(days=random.randrange(-90, 900), seconds=number), None), None),
            reporting=known((Reporting.NONE, Reporting.NONE, Reporting.BY_LAW), Reporting.UNKNOWN),
            co_located=known((Claim.YES, Claim.NO, Claim.NO), Claim.UNKNOWN),
            reach_out=random.choice((ReachOut.ENROLLED, ReachOut.TELEPHONE, ReachOut.WALK_IN)),
            contacts=known((contacts,), ()),
            place_reports=known((_reports(random),), ()),
            schedules=known([(each,) for each in _WEEK], ()),
            staff_genders=known(staff, frozenset()),
            wheelchair=known((Claim.YES, Claim.NO), Claim.UNKNOWN),
            works_across_borders=known((Claim.YES, Claim.NO), Claim.UNKNOWN),
            dataset="bench",
            source_key=str(number),
        )


def _some(random: Random, rules: list[Rule]) -> list[Rule]:
    """Choose a rule of a kind, or none where nobody knows."""
    return [] if random.random() < UNKNOWN_SHARE else [random.choice(rules)]


def questions(count: int, seed: int, codes: tuple[str, ...] = CODES) -> list[Asked]:
    """Make up questions of different people, each for one need, at moments that go on."""
    random = Random(seed)
    wanted = [services()[code] for code in codes]
    return [
        Asked(
            need=Need(service=random.choice(wanted), has_risk_assessment=True),
            origin=point(random),
            when_time=NOON + timedelta(seconds=7 * number),
            now_time=NOON + timedelta(seconds=7 * number),
            country_code=random.choice(_COUNTRIES),
            person=person(random),
            excluded_provider_ids=frozenset({"nobody"}),
            max_cost_mm=random.choice((None, None, 50_000_000, 500_000_000)),
            taken=TAKEN,
        )
        for number in range(count)
    ]


TAKEN: Final = {("nobody", "anyone"): 1}


def person(random: Random) -> Person:
    """Make up a person: each fact is known or not, and there is no end of different ones."""
    low = random.randrange(0, 60)

    def known(value: T) -> T | None:
        return value if random.random() > 0.4 else None  # noqa: PLR2004 -- a share

    return Person(
        age=known(AgeRange(low, low + random.choice((0, 0, 2, 7)))),
        gender=known(random.choice(("woman", "man", "transgender_woman"))),
        languages=known(frozenset(random.sample(_LANGUAGES, random.choice((1, 2))))),
        family=known(random.choice((frozenset(), frozenset({"couple"}), frozenset({"mother_with_children"})))),
        process=known(random.choice(("som", "tip_presumed", "tip_confirmed"))),
        exploitation=known(random.choice((frozenset({"forced_labour"}), frozenset({"servitude"})))),
        is_unaccompanied=known(random.random() < 0.5),  # noqa: PLR2004 -- a share
        no_reason_to_believe_child=random.random() < 0.5,  # noqa: PLR2004 -- a share
        accessibility=known(random.choice((frozenset[str](), frozenset({"step_free"})))),
        has_documents=known(random.random() < 0.5),  # noqa: PLR2004 -- a share
        status_class=known(random.choice(("irregular", "national"))),
    )


def point(random: Random) -> Point:
    """Choose somewhere in North Africa."""
    return Point(random.uniform(19, 36), random.uniform(-12, 30))


def _reports(random: Random) -> tuple[PlaceReport, ...]:
    total = random.randrange(2, 20)
    population = random.choice(("anyone", "women", "men", "girls", "boys"))
    return (PlaceReport(population=population, total=total, occupied=random.randrange(0, total + 1), report_time=NOON),)
