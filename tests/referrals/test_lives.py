"""Whatever happens to a referral in whatever order, nothing falls silent and nothing is oversold."""

from datetime import timedelta

from hypothesis import settings
from hypothesis.stateful import invariant

from services.referrals.model import (
    NOT_SENT,
    HoldState,
    OfferState,
    ReferralState,
    TaskKind,
    TaskState,
)
from tests.referrals.lives import Lives


class Invariants(Lives):
    """What holds after every act."""

    @invariant()
    def an_open_offer_has_a_clock(self) -> None:
        for offer in self.scene.offers.values():
            assert offer.is_closed or offer.due_time is not None

    @invariant()
    def a_closed_offer_holds_nothing(self) -> None:
        for offer_id, hold in self.scene.holds.items():
            if self.scene.offers[offer_id].is_closed:
                assert hold.state is HoldState.RELEASED

    @invariant()
    def the_counters_equal_the_holds(self) -> None:
        for place in self.scene.places.values():
            claims = [
                hold.state
                for hold in self.scene.holds.values()
                if hold.pool_id == place.pool_id and hold.state in {HoldState.HELD, HoldState.BOOKED}
            ]
            assert (place.held, place.booked) == (claims.count(HoldState.HELD), claims.count(HoldState.BOOKED))

    @invariant()
    def no_place_is_held_that_is_not_there(self) -> None:
        for place in self.scene.places.values():
            assert place.total is not None
            assert place.held <= place.total

    @invariant()
    def a_need_has_one_yes_at_most_unless_somebody_arrived(self) -> None:
        for need_no in self.scene.needs:
            placed = [
                offer
                for offer in self.scene.offers.values()
                if offer.need_no == need_no
                and offer.state in {OfferState.ACCEPTED, OfferState.IN_TRANSIT}
                and offer.arrive_time is None
            ]
            assert len(placed) <= 1

    @invariant()
    def a_need_of_an_open_referral_has_an_answer_a_clock_or_a_task(self) -> None:
        """R62: whatever happened in whatever order, nothing falls silent."""
        if not self.scene.referral.is_open:
            return
        for need in self.scene.needs.values():
            is_asked = any(
                offer.need_no == need.need_no and offer.due_time is not None for offer in self.scene.offers.values()
            )
            is_task = any(
                task.state is not TaskState.CLOSED and task.need_no == need.need_no and task.owner
                for task in self.scene.tasks.values()
            )
            assert need.accepted_offer_id is not None or is_asked or is_task or need.next_time is not None

    @invariant()
    def every_clock_runs_out_in_time(self) -> None:
        """A clock that nobody lives to see is none."""
        clocks = [offer.due_time for offer in self.scene.offers.values() if offer.due_time is not None]
        clocks += [need.next_time for need in self.scene.needs.values() if need.next_time is not None]
        assert all(each < self.now + timedelta(days=200) for each in clocks)

    @invariant()
    def nobody_is_rung_who_has_read_it(self) -> None:
        for offer in self.scene.offers.values():
            has_unread_answer = offer.state is OfferState.RECEIVED and offer.answer_time is not None
            assert offer.rung_time is None or offer.state is OfferState.REQUESTED or has_unread_answer
            assert offer.answer_time is None or has_unread_answer

    @invariant()
    def nobody_is_told_of_a_person_without_a_consent(self) -> None:
        """R1: what was only asked stays a question, whatever happens, unless she stands at the door."""
        for offer in self.scene.offers.values():
            is_waiting = offer.state in NOT_SENT | {OfferState.PROBING}
            assert not offer.is_question or is_waiting or offer.is_closed or offer.arrive_time is not None
            assert offer.is_question or not is_waiting

    @invariant()
    def one_yes_to_a_question_holds_a_place(self) -> None:
        if self.scene.referral.consent_id is None:
            held = [
                self.scene.offers[offer_id].need_no
                for offer_id, hold in self.scene.holds.items()
                if hold.state is HoldState.HELD
            ]
            assert len(held) == len(set(held))

    @invariant()
    def an_exhausted_referral_was_made_a_task(self) -> None:
        if self.scene.referral.state is ReferralState.EXHAUSTED:
            assert TaskKind.MATCH_BY_HAND in {task.kind for task in self.scene.tasks.values()}


Invariants.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
TestLives = Invariants.TestCase
