"""The one ordered table of constraints. Its order is that in which excluded providers are counted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.matching.constraints import (
    children,
    eligibility,
    envelope,
    meeting,
    places,
    record,
    trust,
    ways,
    whereabouts,
)
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import YES, Finding
from services.taxonomy import Service

SAFETY: Final = "safety"  #: the one name of all that the envelope excludes
RULES_VERSION: Final = "3"  #: raised when a constraint comes, goes or changes its answer


@dataclass(frozen=True, slots=True, eq=False)  # each is one of a kind, and looked up by
class Constraint:
    """
    One thing that must hold.

    `looks_at` names the only attributes of a provider that `judge` may read:
    the index judges once for all providers in which they are equal. `asks` names
    what it may read of the question: an answer holds for all that are alike there.
    """

    name: str  #: as it is counted, asked about and explained
    requirement: str  #: the number of the requirement that asks for it; empty where the words of the directory do
    judge: Callable[[Asked, Provider], Finding]
    looks_at: tuple[str, ...]  #: `rules.age` and the like: the rules of that kind
    asks: tuple[str, ...] | None = None  #: of `Asked`; None: not said, so nothing is kept
    needs_person: bool = False  #: a plain search leaves it out (R2)
    only_for: str = ""  #: a mark of the service that it is about; empty: every service
    yields_to_life: bool = False  #: for life-first needs its no is a caution (R59)
    only_if: Callable[[Asked], bool] | None = None  #: of a question without which everybody is a yes; None: always
    only_of: Callable[[Provider], bool] | None = None  #: of a provider without which it is a yes; None: always

    def applies(self, asked: Asked) -> bool:
        """Say whether the question can be answered otherwise than by yes."""
        is_asked = self.only_if is None or self.only_if(asked)
        return is_asked and self.applies_to(asked.need.service, has_person=asked.person is not None)

    def applies_to(self, service: Service, *, has_person: bool) -> bool:
        """Say so for all questions about a service, with or without a person."""
        if self.needs_person and not has_person:
            return False
        return not self.only_for or bool(getattr(service, self.only_for))

    def excludes(self, service: Service) -> bool:
        """Say whether a no keeps a provider out, which it must not where life comes first (R59)."""
        return not (service.life_first and self.yields_to_life)

    def judged(self, asked: Asked, provider: Provider) -> Finding:
        """Judge a provider, as the index does for many."""
        return self.judge(asked, provider) if self.applies(asked) else YES


_VETTING: Final = ("vetting", "vetting_expire_time")
_BORDERS: Final = ("country_code", "works_across_borders")
_REPORTS: Final = ("reporting", "co_located")
_CHILD_PATH: Final = (
    "person.may_be_child",
    "person.is_child_alone",
    "person.child_years",
    "need.service.child_path",
    "need.service.not_for_child_alone",
    "need.service.accommodation",
    "when_time",
)

CONSTRAINTS: Final = (
    Constraint("service", "R21", record.service, ("claims",), ("need.code", "need.service")),
    Constraint("status", "", record.status, ("status",), ()),
    Constraint("validity", "", record.validity, ("start_time", "end_time"), ("when_time",)),
    Constraint("safeguarding", "R33", record.safeguarding, ("vetting",), ()),
    Constraint(
        "detention",
        "R28",
        record.detention,
        ("is_detention",),
        ("need.service.accommodation",),
        only_for="accommodation",
    ),
    Constraint(
        "risk_assessment",
        "R27",
        record.risk_assessment,
        (),
        ("need.service.never_automatic", "need.has_risk_assessment"),
        only_for="never_automatic",
    ),
    Constraint("takes_referrals", "", record.takes_referrals, ("reach_out",), (), needs_person=True),
    Constraint("country", "R60", whereabouts.country, _BORDERS, ("country_code", "need.is_remote"), needs_person=True),
    Constraint(
        "service_area",
        "",
        ways.service_area,
        ("service_areas",),
        needs_person=True,
        yields_to_life=True,
        only_of=ways.names_areas,
    ),
    Constraint(
        "vetting",
        "R33",
        trust.vetting,
        _VETTING,
        ("need.service.vetted_only", "person.counts_as_child", "when_time"),
        yields_to_life=True,
    ),
    Constraint(
        "firewall",
        "R29",
        trust.firewall,
        _REPORTS,
        ("person.is_harmed_by_reports",),
        needs_person=True,
        yields_to_life=True,
    ),
    Constraint("age", "R38", eligibility.age, ("rules.age",), ("person.years",), needs_person=True),
    Constraint("gender", "R38", eligibility.gender, ("rules.gender",), ("person.known_gender",), needs_person=True),
    Constraint("family", "R38", eligibility.family, ("rules.family",), ("person.company",), needs_person=True),
    Constraint(
        "exploitation",
        "R44",
        eligibility.exploitation,
        ("rules.exploitation",),
        ("person.exploitation",),
        needs_person=True,
    ),
    Constraint("process", "R44", eligibility.process, ("rules.process",), ("person.process",), needs_person=True),
    Constraint(
        "legal_status",
        "R31",
        eligibility.legal_status,
        ("rules.legal_status",),
        ("person.status_class",),
        needs_person=True,
        yields_to_life=True,
    ),
    Constraint(
        "documents",
        "R59",
        eligibility.documents,
        ("rules.documents",),
        ("person.has_documents",),
        needs_person=True,
        yields_to_life=True,
    ),
    Constraint(
        "unaccompanied_child",
        "R35",
        children.unaccompanied_child,
        ("rules.unaccompanied_child",),
        ("person.is_child_alone", "need.service.child_path"),
        needs_person=True,
        yields_to_life=True,
    ),
    Constraint(
        "child_path",
        "R34",
        children.child_path,
        ("rules.age", "populations", "is_detention", *_VETTING),
        _CHILD_PATH,
        needs_person=True,
        only_for="child_path",
    ),
    Constraint(
        "best_interests",
        "R35",
        children.best_interests,
        (),
        (
            "person.is_child_alone",
            "need.has_best_interests",
            "need.code",
            "need.urgency",
            "need.service.accommodation",
        ),
        needs_person=True,
        only_for="accommodation",
    ),
    Constraint(
        "language",
        "R40",
        meeting.language,
        ("languages",),
        ("person.languages", "need.has_interpreter"),
        needs_person=True,
        yields_to_life=True,
    ),
    Constraint("staff_gender", "R39", meeting.staff_gender, ("staff_genders",), ("need.staff_gender",)),
    Constraint(
        "accessibility", "R42", meeting.accessibility, ("wheelchair",), ("person.accessibility",), needs_person=True
    ),
    Constraint(
        "places",
        "R7",
        places.places,
        ("pool_id", "place_reports", "rules.age"),
        (
            "need.service.accommodation",
            "need.items",
            "person.population",
            "person.is_child_alone",
            "taken",
        ),
        only_for="accommodation",
    ),
    Constraint("position", "", whereabouts.position, ("place",)),
    Constraint("distance", "", whereabouts.distance, ("place",), only_if=whereabouts.has_limit),
    Constraint(
        "reachable",
        "R46",
        ways.reachable,
        ("place",),
        needs_person=True,
        yields_to_life=True,
        only_if=ways.has_deadline,
    ),
    Constraint("lines", "R60", ways.lines, ("place",), needs_person=True, only_if=ways.has_lines),
    Constraint(
        "together",
        "R25",
        envelope.together,
        ("provider_id", "pool_id", "location_id"),
        only_for="accommodation",
        only_if=envelope.has_company,
    ),
    Constraint(
        SAFETY,
        "R22",
        envelope.safety,
        ("provider_id", "pool_id", "location_id", "place"),
        only_if=envelope.has_envelope,
    ),
)
#: by name, the place in the table
PLACES: Final = {each.name: place for place, each in enumerate(CONSTRAINTS)}
