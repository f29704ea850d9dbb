"""Referrals over gRPC: one servicer, made of parts by noun."""

from services.referrals.servicer.adding import AddingMethods
from services.referrals.servicer.answering import AnsweringMethods
from services.referrals.servicer.bargaining import BargainingMethods
from services.referrals.servicer.consents import ConsentMethods
from services.referrals.servicer.creating import CreatingMethods
from services.referrals.servicer.desk import Desk
from services.referrals.servicer.duty import DutyMethods
from services.referrals.servicer.ending import EndingMethods
from services.referrals.servicer.handovers import HandoverMethods
from services.referrals.servicer.notifying import NotifyingMethods
from services.referrals.servicer.offers import OfferMethods
from services.referrals.servicer.overriding import OverrideMethods
from services.referrals.servicer.places import PlaceMethods
from services.referrals.servicer.planning import PlanningMethods
from services.referrals.servicer.probing import ProbingMethods
from services.referrals.servicer.referrals import ReferralMethods
from services.referrals.servicer.rosters import RosterMethods
from services.referrals.servicer.sending import SendingMethods
from services.referrals.servicer.tasks import TaskMethods
from services.referrals.servicer.watching import WatchMethods

__all__ = ["Desk", "ReferralsServicer"]


class ReferralsServicer:
    """
    Answers ReferralsService.

    Args:
        desk: What the methods share.
    """

    def __init__(self, desk: Desk) -> None:
        parts = (
            ConsentMethods(desk),
            CreatingMethods(desk),
            AddingMethods(desk),
            EndingMethods(desk),
            ReferralMethods(desk),
            WatchMethods(desk),
            OfferMethods(desk),
            AnsweringMethods(desk),
            BargainingMethods(desk),
            TaskMethods(desk),
            DutyMethods(desk),
            RosterMethods(desk),
            HandoverMethods(desk),
            OverrideMethods(desk),
            PlaceMethods(desk),
            NotifyingMethods(desk),
            ProbingMethods(desk),
            SendingMethods(desk),
            PlanningMethods(desk),
        )
        for part in parts:
            for name in vars(type(part)):
                if name[0].isupper():  # RPCs are, and nothing else is
                    setattr(self, name, getattr(part, name))
