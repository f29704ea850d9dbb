"""An offer in the hands of a desk's software, and its answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ihala.desk_client import Desk, OfferView
from ihala.person import Urgency
from services.errors import InvalidInput

#: states in which no yes can count any more, not even a late one
_NOBODY_WAITS: Final = frozenset(
    {"cancelled", "declined_by_person", "rejected", "failed", "completed", "entered_in_error"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedNeed:
    """What is asked of the house, as far as it must know to decide (R10)."""

    code: str  #: the service
    urgency: Urgency | None
    facts: Mapping[str, Any]  #: of the person, by name; only what the house's rules need
    briefing: Mapping[str, Any]  #: who brings, when, risks, by name
    items: Mapping[str, int]  #: places by population


class OpenOffer:
    """
    An offer that a person at the desk has read.

    One that was over before anybody read it takes no answer: a yes or a no then changes
    nothing and returns it as it stands, so that a desk goes on with its next alert.

    Args:
        desk: Through which it is answered.

        view: The offer as it is.
    """

    def __init__(self, desk: Desk, view: OfferView) -> None:
        self._desk = desk
        self.view = view  #: as it is after the last answer

    @property
    def is_over(self) -> bool:
        """Whether nothing is expected of the desk any more; a late yes may still count, and an arrival always does."""
        return self.view.due_time is None

    @property
    def need(self) -> RequestedNeed:
        """What is asked."""
        view = self.view
        return RequestedNeed(
            code=view.code, urgency=view.urgency, facts=view.facts, briefing=view.briefing, items=view.items
        )

    async def accept(self, *, places: int | None = None, accept_beyond_report: bool = False, **more: Any) -> OfferView:
        """
        Say yes.

        Args:
            places: How many places the desk means to give; None for as many as are asked. Of a group it may be fewer.

            accept_beyond_report: The desk's word wins over its last report.

            more: `request_id`, `expected_version`, `occurred_time`.

        Raises:
            InvalidInput: it is another number than is asked, and these people stay together, or are of
                several populations: `ihala.desk_client.Desk.accept` takes `items` by population.

            FailedPrecondition: ALREADY_PLACED; NO_PLACE unless `accept_beyond_report`.
        """
        if self.view.state in _NOBODY_WAITS:
            return self.view
        asked = sum(self.view.items.values()) or 1
        items = None
        if places is not None and places != asked:
            if not self.view.is_divisible or len(self.view.items) != 1 or not 0 < places < asked:
                raise InvalidInput("places must be as many as are asked")
            items = dict.fromkeys(self.view.items, places)
        return self._now(
            await self._desk.accept(self.view.offer_id, accept_beyond_report=accept_beyond_report, items=items, **more)
        )

    async def decline(self, reason: str, **more: Any) -> OfferView:
        """Say no, with a code of vocabulary `decline_reason`; for NO_CAPACITY name the `population`."""
        if self.is_over:
            return self.view
        return self._now(await self._desk.decline(self.view.offer_id, reason, **more))

    async def arrive(self, **more: Any) -> OfferView:
        """Say that the person has arrived; never refused."""
        return self._now(await self._desk.arrive(self.view.offer_id, **more))

    async def fail(self, reason: str, **more: Any) -> OfferView:
        """Say that the person did not arrive, or that the place was none."""
        return self._now(await self._desk.fail(self.view.offer_id, reason, **more))

    async def complete(self, outcome: str, **more: Any) -> OfferView:
        """Say that the service is done, with a code of vocabulary `outcome`."""
        return self._now(await self._desk.complete(self.view.offer_id, outcome, **more))

    def _now(self, view: OfferView) -> OfferView:
        self.view = view
        return view
