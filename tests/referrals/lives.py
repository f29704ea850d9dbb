"""A referral of two needs to which anything happens in any order, for the tests of what always holds."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from services.errors import FailedPrecondition, Reason
from services.referrals import scene
from services.referrals.model import (
    Act,
    Choice,
    Need,
    NextKind,
    OfferState,
    Place,
    PlaceItem,
    Referral,
    TaskState,
)
from services.referrals.referral import Move, transition
from services.referrals.scene.tasks import close_tasks
from services.referrals.scene.waiting import keep_awake
from services.taxonomy import Kind, Side, Urgency, decline_reason, terms
from tests.referrals.samples import NOON, a_house, a_provider

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
        keep_awake(self.scene, self.now)

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
        keep_awake(self.scene, self.now)

    @rule(minutes=st.sampled_from([1, 9, 25, 200, 3000, 100_000]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for offer_id in sorted(self.scene.offers):
            scene.let_time_pass(self.scene, offer_id, self.act())
            scene.lapse_hold(self.scene, offer_id, self.act())
        for need_no in self.scene.needs:
            scene.remind(self.scene, need_no, self.act())
        keep_awake(self.scene, self.now)

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
            keep_awake(self.scene, self.now)

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
        keep_awake(self.scene, self.now)

    @rule(task=st.integers(0, 30))
    def a_person_closes_a_task(self, task: int) -> None:
        open_tasks = [each for each in self.scene.tasks.values() if each.state is not TaskState.CLOSED]
        if open_tasks:
            chosen = open_tasks[task % len(open_tasks)]
            close_tasks(self.scene, "cleared", self.act(), is_meant=lambda each: each is chosen)
            keep_awake(self.scene, self.now)
