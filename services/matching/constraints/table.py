"""The one ordered table of constraints. Its order is that in which excluded providers are counted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.matching.constraints import children, eligibility, meeting, places, record, trust, whereabouts
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import YES, Finding
from services.taxonomy import Service

RULES_VERSION: Final = "1"  #: raised when a constraint comes, goes or changes its answer


@dataclass(frozen=True, slots=True)
class Constraint:
    """
    One thing that must hold.

    `looks_at` names the only attributes of a provider that `judge` may read:
    the index judges once for all providers in which they are equal.
    """

    name: str  #: as it is counted, asked about and explained
    requirement: str  #: the number of the requirement that asks for it; empty where the words of the directory do
    judge: Callable[[Asked, Provider], Finding]
    looks_at: tuple[str, ...]
    needs_person: bool = False  #: a plain search leaves it out (R2)
    only_for: str = ""  #: a mark of the service that it is about; empty: every service
    yields_to_life: bool = False  #: for life-first needs its no is a caution (R59)

    def applies(self, asked: Asked) -> bool:
        """Say whether the question can be answered otherwise than by yes."""
        if self.needs_person and asked.person is None:
            return False
        return not self.only_for or bool(getattr(asked.need.service, self.only_for))

    def excludes(self, service: Service) -> bool:
        """Say whether a no keeps a provider out, which it must not where life comes first (R59)."""
        return not (service.life_first and self.yields_to_life)

    def judged(self, asked: Asked, provider: Provider) -> Finding:
        """Judge a provider, as the index does for many."""
        return self.judge(asked, provider) if self.applies(asked) else YES


_RULES: Final = ("rules",)
_VETTING: Final = ("vetting", "vetting_expire_time")

CONSTRAINTS: Final = (
    Constraint("service", "R21", record.service, ("claims",)),
    Constraint("status", "", record.status, ("status",)),
    Constraint("validity", "", record.validity, ("start_time", "end_time")),
    Constraint("safeguarding", "R33", record.safeguarding, ("vetting",)),
    Constraint("detention", "R28", record.detention, ("is_detention",), only_for="accommodation"),
    Constraint("risk_assessment", "R27", record.risk_assessment, (), only_for="never_automatic"),
    Constraint("takes_referrals", "", record.takes_referrals, ("reach_out",), needs_person=True),
    Constraint("country", "R60", whereabouts.country, ("country_code", "works_across_borders"), needs_person=True),
    Constraint("vetting", "R33", trust.vetting, _VETTING, yields_to_life=True),
    Constraint("firewall", "R29", trust.firewall, ("reporting", "co_located"), needs_person=True, yields_to_life=True),
    Constraint("age", "R38", eligibility.age, _RULES, needs_person=True),
    Constraint("gender", "R38", eligibility.gender, _RULES, needs_person=True),
    Constraint("family", "R38", eligibility.family, _RULES, needs_person=True),
    Constraint("exploitation", "R44", eligibility.exploitation, _RULES, needs_person=True),
    Constraint("process", "R44", eligibility.process, _RULES, needs_person=True),
    Constraint("legal_status", "R31", eligibility.legal_status, _RULES, needs_person=True, yields_to_life=True),
    Constraint("documents", "R59", eligibility.documents, _RULES, needs_person=True, yields_to_life=True),
    Constraint(
        "unaccompanied_child", "R35", children.unaccompanied_child, _RULES, needs_person=True, yields_to_life=True
    ),
    Constraint(
        "child_path",
        "R34",
        children.child_path,
        ("rules", "place_reports", "is_detention", *_VETTING),
        needs_person=True,
        only_for="child_path",
    ),
    Constraint("language", "R40", meeting.language, ("languages",), needs_person=True, yields_to_life=True),
    Constraint("staff_gender", "R39", meeting.staff_gender, ("staff_genders",)),
    Constraint("accessibility", "R42", meeting.accessibility, ("wheelchair",), needs_person=True),
    Constraint("places", "R7", places.places, ("pool_id", "place_reports"), only_for="accommodation"),
    Constraint("position", "", whereabouts.position, ("place",)),
    Constraint("distance", "", whereabouts.distance, ("place",)),
    Constraint("safety", "R22", whereabouts.safety, ("provider_id",)),
)
