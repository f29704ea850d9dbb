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
    Cause,
    Event,
    EventType,
    Hold,
    Need,
    NextKind,
    Offer,
    OfferState,
    Referral,
    ReferralState,
    Task,
    TaskKind,
    TaskState,
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

    def ring_by_hand(self, offer: Offer, due_time: datetime | None, act: Act) -> None:
        """Have a person ring a provider at once where nobody is enrolled; nothing happens elsewhere."""
        if offer.ring:
            self.open_task(TaskKind.RING, Cause.NO_RECEIVER, offer, due_time or act.now, act)

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

    def open_task(
        self, kind: TaskKind, cause: Cause, offer: Offer, due_time: datetime, act: Act, owner: str | None = None
    ) -> None:
        """Open a task about an offer, owned by the duty roster; nothing happens if one of that cause is open."""
        if any(
            task.cause is cause and task.offer_id == offer.offer_id and task.state is not TaskState.CLOSED
            for task in self.tasks.values()
        ):
            return
        task = Task(
            task_id=self.house.new_id(),
            kind=kind,
            cause=cause,
            referral_id=offer.referral_id,
            need_no=offer.need_no,
            offer_id=offer.offer_id,
            provider_id=offer.provider_id,
            code=offer.code,
            urgency=offer.urgency,
            due_time=due_time,
            owner=owner or self.house.duty_roster,
            create_time=act.now,
        )
        self.tasks[task.task_id] = task
        self.note(EventType.TASK_OPENED, act, offer, reason=kind)

    def open_need_task(self, kind: TaskKind, cause: Cause, need: Need, due_time: datetime, act: Act) -> None:
        """Open a task about a need for which nobody is asked."""
        task = Task(
            task_id=self.house.new_id(),
            kind=kind,
            cause=cause,
            referral_id=need.referral_id,
            need_no=need.need_no,
            code=need.code,
            urgency=need.urgency,
            due_time=due_time,
            owner=self.house.duty_roster,
            create_time=act.now,
        )
        self.tasks[task.task_id] = task
        self.note(EventType.TASK_OPENED, act, reason=kind)

    def close_task(self, task_id: str, outcome: str, act: Act) -> None:
        """Close one task, as a person says it ended."""
        self.close_tasks(outcome, act, is_meant=lambda task: task.task_id == task_id)

    def escalate(self, task_id: str, act: Act) -> None:
        """Give a task that nobody has taken in time to the manager's roster; nothing happens before."""
        task = self.tasks.get(task_id)
        manager = self.house.manager_roster
        if task is None or task.state is not TaskState.OPEN or task.due_time > act.now or task.owner == manager:
            return
        self.tasks[task_id] = replace(task, owner=manager, version=task.version + 1)
        self.note(EventType.TASK_ESCALATED, act, self.offers.get(task.offer_id or ""), reason=task.kind)

    def close_tasks(self, outcome: str, act: Act, *, is_meant: Callable[[Task], bool]) -> None:
        """Close the tasks that an event has made needless, so that nobody is woken for them (R61)."""
        for task in list(self.tasks.values()):
            if task.state is not TaskState.CLOSED and is_meant(task):
                self.tasks[task.task_id] = replace(
                    task, state=TaskState.CLOSED, outcome=outcome, version=task.version + 1
                )
                self.note(EventType.TASK_CLOSED, act, self.offers.get(task.offer_id or ""), reason=task.kind)

    def siblings(self, offer: Offer) -> list[Offer]:
        """List the other offers of the same need, by id."""
        same = [each for each in self.offers.values() if each.need_no == offer.need_no]
        return sorted((each for each in same if each is not offer), key=lambda each: each.offer_id)

    def is_asked(self, need_no: int) -> bool:
        """Say whether somebody is asked for a need, or has said yes to it."""
        return any(each.need_no == need_no and each.state in UNANSWERED | PLACED for each in self.offers.values())

    def is_watched(self, need_no: int) -> bool:
        """Say whether a need that is not met has somebody to answer, a clock, or a task that somebody owns (R62)."""
        need = self.needs[need_no]
        return (
            need.is_met
            or need.next_time is not None
            or self.is_asked(need_no)
            or any(
                task.state is not TaskState.CLOSED and task.need_no in {need_no, None} for task in self.tasks.values()
            )
        )

    def keep_awake(self, now: datetime) -> None:
        """
        Give each need that nothing and nobody watches the sender's clock, and stop clocks that are needless.

        The last step of every act: whatever a move has left behind, no referral falls asleep.
        """
        for need_no, need in self.needs.items():
            if need.next_time is not None and (not self.referral.is_open or need.is_met):
                self.needs[need_no] = replace(need, next_time=None, next_kind=None)
            elif self.referral.is_open and not self.is_watched(need_no):
                self.wait_for_sender(need_no, now)

    def wait_for_sender(self, need_no: int, now: datetime) -> None:
        """Start the clock by which the sender must have said how to go on with a need."""
        need = self.needs[need_no]
        next_time = self.house.clocks.sender_time(need.urgency, now)
        self.needs[need_no] = replace(need, next_time=next_time, next_kind=NextKind.SENDER)

    def look_for_next(self, need_no: int, next_time: datetime) -> None:
        """Start the clock after which the next provider is looked for."""
        self.needs[need_no] = replace(self.needs[need_no], next_time=next_time, next_kind=NextKind.REMATCH)

    def pause_if_nobody_is_asked(self, act: Act) -> None:
        """Let a referral wait for its sender when the sender's own act has left nobody to answer."""
        looks_further = any(need.next_kind is NextKind.REMATCH for need in self.needs.values())
        is_over = all(offer.is_closed for offer in self.offers.values())
        if self.referral.state is ReferralState.ACTIVE and is_over and not looks_further:
            self.turn(Turn.PAUSE, act)

    def resume(self, act: Act) -> None:
        """Let a referral go on that has waited for somebody to be asked or to answer, or begin that was a question."""
        if self.referral.state is ReferralState.ON_HOLD:
            self.turn(Turn.RESUME, act)
        elif self.referral.state is ReferralState.DRAFT:
            self.turn(Turn.ACTIVATE, act)

    def go_on(self, offer: Offer, act: Act) -> None:
        """Look for the next provider when the last offer of a need came to nothing."""
        need = self.needs[offer.need_no]
        if self.referral.consent_id is None:
            return  # nobody may be told of a person yet: the sender's clock starts
        if self.is_wanting(offer.need_no) and need.next_kind is not NextKind.REMATCH:
            self.look_for_next(offer.need_no, self.house.clocks.rematch_time(need.urgency, act.now))

    def is_wanting(self, need_no: int) -> bool:
        """Say whether a need of an open referral has nobody who is asked or has said yes."""
        return self.referral.is_open and not self.needs[need_no].is_met and not self.is_asked(need_no)

    def exhaust_if_nobody_is_left(self, offer: Offer, act: Act) -> None:
        """Call for a hand when the last offer of a need came to nothing (R62)."""
        if not self.is_wanting(offer.need_no):
            return
        need = replace(self.needs[offer.need_no], next_time=None, next_kind=None)
        self.needs[offer.need_no] = need
        due_time = act.now + self.house.clocks.by_urgency[need.urgency].read
        self.open_task(TaskKind.MATCH_BY_HAND, Cause.EXHAUSTED, offer, due_time, act)
        if self.referral.state is ReferralState.ACTIVE:
            self.turn(Turn.EXHAUST, act, EventType.REFERRAL_EXHAUSTED)
