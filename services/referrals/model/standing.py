"""A referral as it stands now, for whoever may see it whole."""

from dataclasses import dataclass

from services.referrals.model.offer import Offer
from services.referrals.model.place import Hold
from services.referrals.model.referral import Need, Referral


@dataclass(frozen=True, slots=True)
class Standing:
    """A referral with its needs and offers."""

    referral: Referral
    needs: tuple[Need, ...]  #: by number
    offers: tuple[Offer, ...]  #: in the order in which they were made
    holds: dict[str, Hold]  #: by offer
