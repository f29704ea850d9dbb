"""
What a case system imports: find who can help, record consent, refer, and hear every answer.

    async with Ihala.from_profile("ministry.toml", actor="worker-118") as ihala:
        answer = await ihala.find_matches(needs=["HEA-SGV"], origin=place("LY", "جنزور"))

Calls fail with the errors of `ihala.exceptions`. A command that is repeated with
the same `request_id` gives its first answer again.
"""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from ihala.answer import Answer, MatchToken, ReceiverClass, Row
from ihala.consent_client import CONSENT_VALID, Consents
from ihala.directory_client import Directory
from ihala.draft_client import Drafts
from ihala.explain_client import Explanations
from ihala.match_client import Matches
from ihala.matching.v1 import matching_pb2_grpc as match_grpc
from ihala.person import (
    Absence,
    AgeBasis,
    Need,
    Person,
    PlaceId,
    Sex,
    TravelMode,
    Urgency,
    between,
    place,
)
from ihala.plan import PlanAnswer
from ihala.plan_referral_client import PlanReferrals
from ihala.profile import Profile, read_profile
from ihala.referral import (
    Assent,
    Briefing,
    Consent,
    ConsentMethod,
    Cursor,
    Event,
    GivenBy,
    Referral,
    Referred,
    Withdrawal,
)
from ihala.referral_client import Referrals
from ihala.referrals.v1 import referrals_service_pb2_grpc as ref_grpc
from ihala.safety import Box, Cells, Circle, DangerZone, PlacedPerson, Polygon, Safety, around
from ihala.terms_client import Bargains, OverrideGround
from services.geo import Point

__all__ = [
    "CONSENT_VALID",
    "DISPUTED",
    "EMERGENCY",
    "FEMALE",
    "IMMEDIATE",
    "MALE",
    "NORMAL",
    "PERSON",
    "SPOKEN",
    "THROUGH_INTERPRETER",
    "URGENT",
    "WRITTEN",
    "Absence",
    "Answer",
    "Assent",
    "Box",
    "Briefing",
    "Cells",
    "Circle",
    "Consent",
    "ConsentMethod",
    "Cursor",
    "DangerZone",
    "Event",
    "GivenBy",
    "Ihala",
    "MatchToken",
    "Need",
    "OverrideGround",
    "Person",
    "PlaceId",
    "PlacedPerson",
    "PlanAnswer",
    "Point",
    "Polygon",
    "ReceiverClass",
    "Referral",
    "Referred",
    "Row",
    "Safety",
    "TravelMode",
    "Urgency",
    "Withdrawal",
    "around",
    "between",
    "place",
]

# the words that stand in nearly every call
IMMEDIATE, EMERGENCY, URGENT, NORMAL = Urgency
FEMALE, MALE = Sex.FEMALE, Sex.MALE
DISPUTED = AgeBasis.DISPUTED
PERSON = GivenBy.PERSON
SPOKEN, WRITTEN, THROUGH_INTERPRETER = (
    ConsentMethod.SPOKEN,
    ConsentMethod.WRITTEN,
    ConsentMethod.THROUGH_INTERPRETER,
)


class Ihala(Bargains, Consents, Drafts, Explanations, Matches, PlanReferrals, Referrals):
    """A case system's side of Ihala; an asynchronous context manager."""

    def __init__(self, profile: Profile, *, actor: str | None = None) -> None:
        self._profile = profile
        self._actor = actor
        self._stack = AsyncExitStack()

    @classmethod
    def from_profile(cls, path: str | Path, *, actor: str | None = None) -> Self:
        """
        Read where the services are and who calls from a profile (`ihala.profile`).

        Args:
            path: The TOML file.

            actor: The worker on whose behalf calls are made, opaque; it stands in the audit log.
        """
        return cls(read_profile(Path(path)), actor=actor)

    async def __aenter__(self) -> Self:
        enter = self._stack.enter_async_context
        self.directory = await enter(Directory(self._profile, actor=self._actor))
        to_matching = await enter(self._profile.open_channel("matching", actor=self._actor))
        to_referrals = await enter(self._profile.open_channel("referrals", actor=self._actor))
        self._matching = match_grpc.MatchingServiceStub(to_matching)
        self._referrals = ref_grpc.ReferralsServiceStub(to_referrals)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
