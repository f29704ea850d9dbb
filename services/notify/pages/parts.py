"""What the page is made of: the stores it reads and writes, and the services it asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.notify.channels.egress_rules import EgressRules
from services.notify.shown import Handover, House, Offer, ReportedPlaces
from services.notify.store.alerts import AlertStore
from services.notify.store.deliveries import DeliveryStore
from services.notify.store.devices import DeviceStore
from services.notify.store.outages import OutageStore
from services.notify.store.shifts import ShiftStore
from services.notify.store.subscriptions import SubscriptionStore


class Referrals(Protocol):
    """The offers of a desk."""

    async def list_offers(self, receiver_id: str) -> list[Offer]:
        """List those that are open, the earliest due first."""

    async def read(self, offer_id: str, receiver_id: str, by: str) -> Offer:
        """Read one as far as the desk may know it now."""

    async def handover(self, offer_id: str, receiver_id: str, by: str) -> Handover | None:
        """Read what the sender has left for the meeting."""

    async def answer(self, verb: str, offer_id: str, receiver_id: str, by: str, request_id: str, **facts: Any) -> Offer:
        """Give a person's answer."""


class Directory(Protocol):
    """The houses of a desk."""

    async def houses(self, receiver_id: str) -> list[House]:
        """List them."""

    async def report_places(
        self, provider_id: str, reports: Sequence[ReportedPlaces], request_id: str, now: datetime
    ) -> None:
        """Tell how many places one has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What it takes to wake a browser."""

    subscriptions: SubscriptionStore
    rules: EgressRules  #: by which the address of a push service is read
    public_key: str  #: by which push services know us, as browsers want it


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that the page's screens use."""

    alerts: AlertStore
    deliveries: DeliveryStore
    devices: DeviceStore
    shifts: ShiftStore
    outages: OutageStore
    push: Push | None  #: None: browsers are not woken
    referrals: Referrals
    directory: Directory
    now: Callable[[], datetime]
    random_token: Callable[[], str]  #: `secrets.token_urlsafe`
    exit_url: str  #: where the quick exit leads
    is_secure: bool  #: whether browsers come by https
