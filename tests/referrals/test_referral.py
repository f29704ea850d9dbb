"""The table of moves that an offer may make."""

import pytest

from services.errors import FailedPrecondition, Reason
from services.referrals.model import (
    CLOSED,
    PLACED,
    UNANSWERED,
    OfferState,
)
from services.referrals.referral import OFFER_TABLE, Actor, Guard, Move, is_legal, transition


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


def test_closed_unanswered_and_placed_are_all_states_once() -> None:
    assert set(OfferState) == CLOSED | UNANSWERED | PLACED
    assert len(CLOSED) + len(UNANSWERED) + len(PLACED) == len(OfferState)
