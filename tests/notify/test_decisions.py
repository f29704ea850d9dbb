"""Tests of what is decided without a clock: what rings, when to try again, what a secret leaves behind."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import InvalidInput
from services.notify import ringing, secrecy
from services.notify.model import Channel, OfferEvent, OfferState
from services.notify.wire.events import event_from_json
from services.taxonomy import Urgency
from tests.notify.stores import NOON, an_event, as_cloudevent


def test_only_an_offer_a_probe_or_an_answer_that_nobody_has_read_rings() -> None:
    assert {state for state in OfferState if ringing.rings(state)} == {
        OfferState.PROBING,
        OfferState.REQUESTED,
        OfferState.ANSWERED,
    }


def test_an_answer_that_waits_to_be_read_is_told_by_a_flag_beside_the_state() -> None:
    for state, said in ((OfferState.RECEIVED, OfferState.ANSWERED), (OfferState.ACCEPTED, OfferState.ACCEPTED)):
        event = event_from_json(as_cloudevent(an_event(state=state)).replace(b'"state"', b'"answered":true,"state"'))
        assert event is not None
        assert event.state is said


def test_only_what_answers_by_receipts_is_sent_again_unasked() -> None:
    again = {channel: ringing.confirm_time(channel, NOON) for channel in Channel}

    assert {channel for channel, time in again.items() if time is not None} == {Channel.NATS}


def test_what_fails_is_tried_again_ever_more_slowly_and_for_ever() -> None:
    waits = [ringing.retry_time(attempt, NOON) - NOON for attempt in range(1, 100)]

    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=0.5)
    assert waits[-1] == timedelta(seconds=60)


def test_five_wrong_pins_wait_longer_each_time() -> None:
    waits = {wrong: wait for wrong in range(1, 31) if (wait := secrecy.wait_after(wrong))}

    assert {wrong: wait.total_seconds() / 60 for wrong, wait in waits.items()} == {
        5: 5,
        10: 15,
        15: 60,
        20: 60,
        25: 60,
        30: 60,
    }


@pytest.mark.parametrize("pin", ["123", "1234567890123", "0000", "12 4", "", "١٢٣٤"])
def test_a_pin_has_four_to_twelve_digits_that_differ(pin: str) -> None:
    with pytest.raises(InvalidInput, match="pin must be"):
        secrecy.require_pin(pin)


def test_the_same_pin_on_two_devices_has_two_digests() -> None:
    assert secrecy.pin_digest("4711", "cookie-1") != secrecy.pin_digest("4711", "cookie-2")
    assert secrecy.pin_digest("4711", "cookie-1") == secrecy.pin_digest("4711", "cookie-1")


@given(digits=st.text("0123456789", min_size=8, max_size=8))
def test_a_code_is_the_same_in_groups_and_in_arabic_figures(digits: str) -> None:
    arabic = digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    assert secrecy.digits_of(f" {digits[:4]} {digits[4:]}\u200f") == digits
    assert secrecy.digits_of(f"{arabic[:4]}-{arabic[4:]}") == digits


def test_an_event_is_read_as_it_was_written() -> None:
    event = an_event()

    assert event_from_json(as_cloudevent(event)) == event


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"specversion":"0.3"}',
        as_cloudevent(an_event()).replace(b"org.ihala.referral", b"com.example"),
        as_cloudevent(an_event()).replace(b'"requested"', b'"unheard_of"'),
        as_cloudevent(an_event()).replace(b'"immediate"', b'"soon"'),
        as_cloudevent(an_event()).replace(b'"offer_version": 1', b'"offer_version": 0'),
        as_cloudevent(an_event()).replace(b'"offer_version": 1', b'"offer_version": "x"'),
        as_cloudevent(an_event()).replace(b"house-1", b"house.*"),
    ],
)
def test_what_is_no_event_of_an_offer_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidInput):
        event_from_json(payload)


@given(payload=st.binary(max_size=200))
def test_garbage_is_refused_and_never_more_than_that(payload: bytes) -> None:
    with pytest.raises(InvalidInput):
        event_from_json(payload)


def test_an_event_without_a_zone_in_its_time_is_refused() -> None:
    with pytest.raises(InvalidInput, match="due_time must have a time zone"):
        OfferEvent(
            event_id="event-1",
            offer_id="offer-1",
            offer_version=1,
            receiver_id="house-1",
            state=OfferState.REQUESTED,
            urgency=Urgency.NORMAL,
            due_time=NOON.replace(tzinfo=None),
        )
