"""A referral as it was locked, and the steps that every move is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from services.referrals.clocks import Clocks, Where
from services.referrals.holds import Places, release
from services.referrals.model import (
    PLACED,
    UNANSWERED,
    Act,
    Event,
    EventType,
    Hold,
    Need,
    Offer,
    OfferState,
    Referral,
    Task,
)
from services.referrals.referral import Move, Turn, transition, turned


def where_of(offer: Offer) -> Where:
    """Say where the provider of an offer works."""
    return Where(offer.country_code, offer.time_zone)


@dataclass(frozen=True, slots=True)
class House:
    """What a jurisdiction decides, and where new ids come from."""

    clocks: Clocks
    duty_roster: str  #: owns a task until somebody takes it
    new_id: Callable[[], str]  #: random, without order
    manager_roster: str = "manager"  #: owns what the duty roster has let pass
    zone: tzinfo = UTC  #: where it is night for the rosters
    has_legal_duty: bool = False  #: whether a law here obliges to act without consent (R5)


@dataclass(slots=True)
class Scene:
    """
    One referral with everything that moves with it.

    The values are frozen and replaced, never changed. `places` is shared by the
    scenes of one transaction. A task that was closed stays here as closed.
    """

    house: House
    referral: Referral
    needs: dict[int, Need] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)  #: by offer
    places: Places = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)  #: those not closed when it was locked, and new ones
    events: list[Event] = field(default_factory=list)  #: that were noted, in order
    excluded: set[str] = field(default_factory=set)  #: providers that shall not meet this person again

    def move(self, offer: Offer, move: Move, act: Act, **changes: Any) -> Offer:
        """
        Make a move of the table: the state, the clock, the hold if it ends, and the event.

        Raises:
            FailedPrecondition: The state has no such move.
        """
        row = transition(offer.state, move)
        due_time = None
        if row.clock is not None:
            due_time = self.house.clocks.due_time(row.clock, offer.urgency, offer.create_time, act.now, where_of(offer))
        # whatever has happened, it was not silence; who is to be rung from now on is told by the caller
        facts = {"due_time": due_time, "rung_time": None, "answer_time": None, **changes}
        moved = replace(offer, state=row.target, version=offer.version + 1, due_kind=row.clock, **facts)
        self.offers[offer.offer_id] = moved
        if moved.is_closed:
            self._end(moved)
        self.note(row.event, act, moved)
        return moved

    def ladder_of(self, offer: Offer, now: datetime) -> dict[str, Any]:
        """Say what a move changes that has a provider rung: the ladder of its class begins."""
        return {"rung_no": 0, "rung_time": self.house.clocks.rung_time(offer.urgency, 0, now, where_of(offer))}

    def _end(self, offer: Offer) -> None:
        hold = self.holds.get(offer.offer_id)
        if hold is not None:
            self.holds[offer.offer_id] = release(self.places, hold, offer.arrive_time)
        need = self.needs[offer.need_no]
        # a service that was given keeps its need met; whatever else ends leaves it open again
        was_given = offer.arrive_time is not None and offer.state is not OfferState.ENTERED_IN_ERROR
        if need.accepted_offer_id == offer.offer_id and not was_given:
            self.needs[offer.need_no] = replace(need, accepted_offer_id=None)

    def note(self, type_: EventType, act: Act, offer: Offer | None = None, reason: str = "") -> None:
        """Note an event: of an offer with its present state, or of the whole referral."""
        self.events.append(
            Event(
                event_id=self.house.new_id(),
                referral_id=self.referral.referral_id,
                offer_id=offer.offer_id if offer else None,
                offer_version=offer.version if offer else 0,
                type=type_,
                state=offer.state if offer else None,
                due_time=offer.due_time if offer else None,
                due_kind=offer.due_kind if offer else None,
                reason=reason or (offer.reason if offer else ""),
                occurred_time=act.occurred_time,
                recorded_time=act.now,
                actor=act.actor,
                on_behalf_of=act.on_behalf_of,
                via=act.via,
            )
        )

    def tell_by(self, consent_id: str, offer_id: str, needed_fields: tuple[str, ...]) -> None:
        """Note by which consent a provider is told of the person, and what its rules need to know."""
        if self.referral.consent_id is None:
            self.referral = replace(self.referral, consent_id=consent_id)
        self.offers[offer_id] = replace(self.offers[offer_id], needed_fields=needed_fields)

    def turn(self, turn: Turn, act: Act, type_: EventType | None = None, reason: str = "") -> None:
        """
        Turn the referral as a whole.

        Raises:
            FailedPrecondition: Its state has no such move.
        """
        self.referral = replace(self.referral, state=turned(self.referral.state, turn))
        if type_ is not None:
            self.note(type_, act, reason=reason)

    def siblings(self, offer: Offer) -> list[Offer]:
        """List the other offers of the same need, by id."""
        same = [each for each in self.offers.values() if each.need_no == offer.need_no]
        return sorted((each for each in same if each is not offer), key=lambda each: each.offer_id)

    def is_asked(self, need_no: int) -> bool:
        """Say whether somebody is asked for a need, or has said yes to it."""
        return any(each.need_no == need_no and each.state in UNANSWERED | PLACED for each in self.offers.values())

    def is_wanting(self, need_no: int) -> bool:
        """Say whether a need of an open referral has nobody who is asked or has said yes."""
        return self.referral.is_open and not self.needs[need_no].is_met and not self.is_asked(need_no)
