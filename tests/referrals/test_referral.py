"""The table of moves, and the moves on a scene: whatever happens, nothing falls silent and nothing is oversold."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.errors import FailedPrecondition, Reason
from services.referrals import scene
from services.referrals.model import (
    CLOSED,
    NOT_SENT,
    PLACED,
    UNANSWERED,
    Act,
    Choice,
    HoldState,
    Need,
    NextKind,
    OfferState,
    Place,
    PlaceItem,
    Referral,
    ReferralState,
    TaskKind,
    TaskState,
)
from services.referrals.referral import OFFER_TABLE, Actor, Guard, Move, is_legal, transition
from services.taxonomy import Kind, Side, Urgency, decline_reason, terms
from tests.referrals.samples import NOON, a_house, a_provider


def test_a_state_has_one_row_for_a_move() -> None:
    pairs = [(source, row.move) for row in OFFER_TABLE for source in row.sources]

    assert len(pairs) == len(set(pairs))


def test_an_open_offer_always_has_a_clock() -> None:
    """R62."""
    assert [row for row in OFFER_TABLE if (row.clock is None) != (row.target in CLOSED)] == []


def test_every_open_state_can_end_by_the_clock_or_by_a_person() -> None:
    for state in set(OfferState) - CLOSED:
        assert is_legal(state, Move.EXPIRE) or is_legal(state, Move.FAIL) or is_legal(state, Move.COMPLETE)


def test_only_a_provider_says_that_somebody_has_arrived() -> None:
    assert {actor for row in OFFER_TABLE if row.move is Move.ARRIVE for actor in row.actors} == {Actor.PROVIDER}


def test_an_arrival_is_refused_in_no_state() -> None:
    assert all(is_legal(state, Move.ARRIVE) for state in set(OfferState) - {OfferState.IN_PROGRESS})


def test_a_late_yes_needs_that_nobody_else_accepted() -> None:
    assert {transition(state, Move.ACCEPT).guard for state in (OfferState.EXPIRED, OfferState.SUPERSEDED)} == {
        Guard.NOBODY_ELSE
    }


@pytest.mark.parametrize("state", sorted(CLOSED - {OfferState.EXPIRED, OfferState.SUPERSEDED}))
def test_what_has_ended_is_not_accepted(state: OfferState) -> None:
    with pytest.raises(FailedPrecondition) as caught:
        transition(state, Move.ACCEPT)

    assert caught.value.reason is Reason.ILLEGAL_MOVE
    assert caught.value.metadata == {"state": state, "move": "accept"}


PROVIDER_REASONS = sorted(code for code in terms(Kind.DECLINE_REASON) if decline_reason(code).side is Side.PROVIDER)
PERSON_REASONS = sorted(code for code in terms(Kind.DECLINE_REASON) if decline_reason(code).side is Side.PERSON)


def as_committed(present: scene.Scene) -> scene.Scene:
    """Copy a scene as far as moves change it: the values in it are never changed."""
    kept: dict[str, Any] = {
        name: dict(getattr(present, name)) for name in ("needs", "offers", "holds", "places", "tasks")
    }
    return replace(present, events=list(present.events), excluded=set(present.excluded), **kept)


def an_ask(need_no: int, number: int) -> scene.Ask:
    provider = a_provider(f"p{number}", pool_id="ab"[number % 2 == 0], receiver_id="" if number == 4 else f"r{number}")
    return scene.Ask(Choice(need_no, provider.provider_id), provider, (PlaceItem("girls", 1),), ())


class Lives(RuleBasedStateMachine):
    """One referral with two needs and five providers that share two pools of places, under any order of moves."""

    def __init__(self) -> None:
        super().__init__()
        numbers = itertools.count()
        self.house = a_house(lambda: f"id-{next(numbers):04}")
        self.now = NOON
        self.is_covered = True

    @initialize(free=st.integers(0, 4), urgency=st.sampled_from(list(Urgency)), begins_by_asking=st.booleans())
    def create(self, free: int, urgency: Urgency, *, begins_by_asking: bool) -> None:
        pools = {
            place.key: place
            for place in (
                Place(pool_id="a", population="girls", total=free, report_time=NOON - timedelta(hours=1)),
                Place(pool_id="b", population="girls", total=1, report_time=NOON - timedelta(hours=1)),
            )
        }
        asks = [an_ask(number % 2, number) for number in range(5)]
        referral = Referral(
            referral_id="r",
            client_id="ministry",
            case_ref="case",
            consent_id="c",
            create_time=NOON,
            occurred_time=NOON,
        )
        needs = [
            Need(referral_id="r", need_no=number, code=code, urgency=urgency)
            for number, code in enumerate(("ACC-EMG", "HEA-SGV"))
        ]
        if begins_by_asking:
            asked = replace(referral, consent_id=None)
            self.scene = scene.probe(self.house, asked, needs, asks, self.act())
            self.scene.places = pools
        else:
            self.scene, _asked = scene.create(self.house, referral, needs, pools, asks, self.act())
        self.scene.keep_awake(self.now)

    def act(self) -> Act:
        return Act(actor="somebody", occurred_time=self.now, now=self.now)

    def attempt(self, move: Any, number: int, **facts: Any) -> None:
        offer_ids = sorted(self.scene.offers)
        if not offer_ids:
            return
        before, refusal = dict(self.scene.offers), None
        self.saved = as_committed(self.scene)
        try:
            move(self.scene, offer_ids[number % len(offer_ids)], self.act(), **facts)
        except FailedPrecondition as error:
            refusal = error.reason
        assert refusal in {None, Reason.ILLEGAL_MOVE, Reason.NO_PLACE, Reason.ALREADY_PLACED}
        assert refusal is None or self.scene.offers == before
        self.scene.keep_awake(self.now)

    @rule(minutes=st.sampled_from([1, 9, 25, 200, 3000, 100_000]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for offer_id in sorted(self.scene.offers):
            scene.let_time_pass(self.scene, offer_id, self.act())
            scene.lapse_hold(self.scene, offer_id, self.act())
        for need_no in self.scene.needs:
            scene.remind(self.scene, need_no, self.act())
        self.scene.keep_awake(self.now)

    @rule(count=st.integers(0, 3), twice=st.booleans())
    def matching_is_asked(self, count: int, *, twice: bool) -> None:
        """As the loop does it, perhaps on two replicas."""
        for _time in range(1 + twice):
            for need_no in self.scene.needs:
                if not scene.is_due(self.scene, need_no, NextKind.REMATCH, self.act()):
                    continue
                before = len(self.scene.offers)
                if self.is_covered and self.scene.referral.consent_id is not None:
                    asks = [an_ask(need_no, number) for number in range(5, 5 + count)]
                    scene.ask_next(self.scene, need_no, asks, self.act())
                else:
                    scene.wait_again(self.scene, need_no, self.act())
                assert len(self.scene.offers) <= before + 1
            self.scene.keep_awake(self.now)

    @rule()
    def crash(self) -> None:
        """What was not committed has not happened."""
        self.scene = getattr(self, "saved", self.scene)

    @rule()
    def the_clock_is_set_back(self) -> None:
        self.now = max(NOON, self.now - timedelta(hours=3))

    @rule(number=st.integers(0, 7))
    def acknowledge(self, number: int) -> None:
        self.attempt(scene.acknowledge, number)

    @rule(number=st.integers(0, 7), beyond_report=st.booleans())
    def accept(self, number: int, *, beyond_report: bool) -> None:
        self.attempt(scene.accept, number, beyond_report=beyond_report)

    @rule(number=st.integers(0, 7), assess_first=st.booleans(), beyond_report=st.booleans())
    def answer_probe(self, number: int, *, assess_first: bool, beyond_report: bool) -> None:
        self.attempt(scene.answer_probe, number, assess_first=assess_first, beyond_report=beyond_report)

    @rule(number=st.integers(0, 7))
    def send(self, number: int) -> None:
        def tell_and_send(present: scene.Scene, offer_id: str, act: Act) -> None:
            transition(present.offers[offer_id].state, Move.REQUEST)
            if present.referral.is_open and present.needs[present.offers[offer_id].need_no].accepted_offer_id is None:
                present.tell_by("c", offer_id, ())
            scene.send(present, offer_id, act)

        if self.is_covered:
            self.attempt(tell_and_send, number)

    @rule(number=st.integers(0, 7), for_approval=st.booleans())
    def defer(self, number: int, *, for_approval: bool) -> None:
        self.attempt(scene.defer, number, for_approval=for_approval)

    @rule(number=st.integers(0, 7))
    def void_offer(self, number: int) -> None:
        self.attempt(scene.void_offer, number)

    @rule(number=st.integers(0, 7), reason=st.sampled_from(PROVIDER_REASONS))
    def decline(self, number: int, reason: str) -> None:
        self.attempt(scene.decline, number, reason=reason)

    @rule(number=st.integers(0, 7))
    def depart(self, number: int) -> None:
        self.attempt(scene.depart, number)

    @rule(number=st.integers(0, 7))
    def arrive(self, number: int) -> None:
        offers = sorted(self.scene.offers)
        self.attempt(scene.arrive, number)
        if offers:
            assert self.scene.offers[offers[number % len(offers)]].state is OfferState.IN_PROGRESS

    @rule(number=st.integers(0, 7), reason=st.sampled_from(["no_show", "refused_at_door", "lost_contact"]))
    def fail(self, number: int, reason: str) -> None:
        self.attempt(scene.fail, number, reason=reason)

    @rule(number=st.integers(0, 7))
    def complete(self, number: int) -> None:
        self.attempt(scene.complete, number, outcome="provided_here")

    @rule(number=st.integers(0, 7), reason=st.sampled_from(PERSON_REASONS))
    def cancel(self, number: int, reason: str) -> None:
        self.attempt(scene.cancel, number, reason=reason)

    @rule(number=st.integers(0, 7), beyond_report=st.booleans())
    def propose(self, number: int, *, beyond_report: bool) -> None:
        yes_if = scene.YesIf(conditions=("paper",))
        self.attempt(scene.propose, number, yes_if=yes_if, beyond_report=beyond_report)

    @rule(number=st.integers(0, 7))
    def agree(self, number: int) -> None:
        self.attempt(scene.agree, number)

    @rule(number=st.integers(0, 7), reason=st.sampled_from(PERSON_REASONS))
    def refuse(self, number: int, reason: str) -> None:
        self.attempt(scene.refuse, number, reason=reason)

    @rule(number=st.integers(0, 7), asks=st.booleans())
    def question_and_answer(self, number: int, *, asks: bool) -> None:
        if asks:
            self.attempt(scene.ask_info, number, question="age")
        else:
            self.attempt(scene.answer_info, number, answer="told")

    @rule(number=st.integers(0, 7), hours=st.integers(1, 700))
    def waitlist(self, number: int, hours: int) -> None:
        self.attempt(scene.waitlist, number, until=self.now + timedelta(hours=hours))

    @rule()
    def stop_sharing(self) -> None:
        self.is_covered = False
        scene.withdraw(self.scene, self.act())
        self.scene.keep_awake(self.now)

    @rule(task=st.integers(0, 30))
    def a_person_closes_a_task(self, task: int) -> None:
        open_tasks = [each for each in self.scene.tasks.values() if each.state is not TaskState.CLOSED]
        if open_tasks:
            chosen = open_tasks[task % len(open_tasks)]
            self.scene.close_tasks("cleared", self.act(), is_meant=lambda each: each is chosen)
            self.scene.keep_awake(self.now)

    @invariant()
    def an_open_offer_has_a_clock(self) -> None:
        for offer in getattr(self, "scene", scene_of_nothing()).offers.values():
            assert offer.is_closed or offer.due_time is not None

    @invariant()
    def a_closed_offer_holds_nothing(self) -> None:
        present = getattr(self, "scene", scene_of_nothing())
        for offer_id, hold in present.holds.items():
            if present.offers[offer_id].is_closed:
                assert hold.state is HoldState.RELEASED

    @invariant()
    def the_counters_equal_the_holds(self) -> None:
        present = getattr(self, "scene", scene_of_nothing())
        for place in present.places.values():
            claims = [
                hold.state
                for hold in present.holds.values()
                if hold.pool_id == place.pool_id and hold.state in {HoldState.HELD, HoldState.BOOKED}
            ]
            assert (place.held, place.booked) == (claims.count(HoldState.HELD), claims.count(HoldState.BOOKED))

    @invariant()
    def no_place_is_held_that_is_not_there(self) -> None:
        for place in getattr(self, "scene", scene_of_nothing()).places.values():
            assert place.total is not None
            assert place.held <= place.total

    @invariant()
    def a_need_has_one_yes_at_most_unless_somebody_arrived(self) -> None:
        present = getattr(self, "scene", scene_of_nothing())
        for need_no in present.needs:
            placed = [
                offer
                for offer in present.offers.values()
                if offer.need_no == need_no
                and offer.state in {OfferState.ACCEPTED, OfferState.IN_TRANSIT}
                and offer.arrive_time is None
            ]
            assert len(placed) <= 1

    @invariant()
    def a_need_of_an_open_referral_has_an_answer_a_clock_or_a_task(self) -> None:
        """R62: whatever happened in whatever order, nothing falls silent."""
        present = getattr(self, "scene", scene_of_nothing())
        if not present.referral.is_open:
            return
        for need in present.needs.values():
            is_asked = any(
                offer.need_no == need.need_no and offer.due_time is not None for offer in present.offers.values()
            )
            is_task = any(
                task.state is not TaskState.CLOSED and task.need_no == need.need_no and task.owner
                for task in present.tasks.values()
            )
            assert need.accepted_offer_id is not None or is_asked or is_task or need.next_time is not None

    @invariant()
    def every_clock_runs_out_in_time(self) -> None:
        """A clock that nobody lives to see is none."""
        present = getattr(self, "scene", scene_of_nothing())
        clocks = [offer.due_time for offer in present.offers.values() if offer.due_time is not None]
        clocks += [need.next_time for need in present.needs.values() if need.next_time is not None]
        assert all(each < self.now + timedelta(days=200) for each in clocks)

    @invariant()
    def nobody_is_rung_who_has_read_it(self) -> None:
        for offer in getattr(self, "scene", scene_of_nothing()).offers.values():
            assert offer.rung_time is None or offer.state is OfferState.REQUESTED

    @invariant()
    def nobody_is_told_of_a_person_without_a_consent(self) -> None:
        """R1: what was only asked stays a question, whatever happens, unless she stands at the door."""
        for offer in getattr(self, "scene", scene_of_nothing()).offers.values():
            is_waiting = offer.state in NOT_SENT | {OfferState.PROBING}
            assert not offer.is_question or is_waiting or offer.is_closed or offer.arrive_time is not None
            assert offer.is_question or not is_waiting

    @invariant()
    def one_yes_to_a_question_holds_a_place(self) -> None:
        present = getattr(self, "scene", scene_of_nothing())
        if present.referral.consent_id is None:
            held = [
                present.offers[offer_id].need_no
                for offer_id, hold in present.holds.items()
                if hold.state is HoldState.HELD
            ]
            assert len(held) == len(set(held))

    @invariant()
    def an_exhausted_referral_was_made_a_task(self) -> None:
        present = getattr(self, "scene", scene_of_nothing())
        if present.referral.state is ReferralState.EXHAUSTED:
            assert TaskKind.MATCH_BY_HAND in {task.kind for task in present.tasks.values()}


def scene_of_nothing() -> scene.Scene:
    referral = Referral(referral_id="", client_id="", case_ref="", consent_id="", create_time=NOON, occurred_time=NOON)
    return scene.Scene(a_house(), referral)


Lives.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
TestLives = Lives.TestCase


def test_closed_unanswered_and_placed_are_all_states_once() -> None:
    assert set(OfferState) == CLOSED | UNANSWERED | PLACED
    assert len(CLOSED) + len(UNANSWERED) + len(PLACED) == len(OfferState)
