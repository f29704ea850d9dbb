"""Match tokens hold for 30 minutes, are nobody else's, and tell nothing."""

from datetime import timedelta
from pathlib import Path
from string import ascii_letters, digits

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.errors import FailedPrecondition, InvalidInput, Reason
from services.matching.token import LIFE_S, Answered, Sealer, read_key
from tests.matching.samples import NOON

SEALER = Sealer(b"k" * 32)
#: what may stand in an address as it is
IN_ADDRESSES = {*ascii_letters, *digits}
REQUEST = b"facts and envelope"
ANSWERED = Answered(
    epoch="epoch-1",
    revision=7,
    rules="1",
    evaluated_s=NOON.timestamp(),
    expires_s=NOON.timestamp() + LIFE_S,
)


def test_a_token_opens_as_it_was_sealed() -> None:
    assert SEALER.open(SEALER.seal(ANSWERED, REQUEST), REQUEST, NOON) == ANSWERED


@given(
    st.builds(
        Answered,
        epoch=st.text(max_size=40),
        revision=st.integers(0, 2**63 - 1),
        rules=st.text(max_size=8),
        evaluated_s=st.floats(allow_nan=False),
        expires_s=st.floats(min_value=NOON.timestamp() + 1),
        with_interpreter=st.booleans(),
    )
)
def test_whatever_was_answered_is_read_again(answered: Answered) -> None:
    token = SEALER.seal(answered, REQUEST)

    assert SEALER.open(token, REQUEST, NOON) == answered
    assert set(token) <= IN_ADDRESSES


def test_replicas_with_the_same_key_accept_each_others() -> None:
    assert Sealer(b"k" * 32).open(SEALER.seal(ANSWERED, REQUEST), REQUEST, NOON) == ANSWERED


def test_another_key_opens_nothing() -> None:
    other = Sealer(b"x" * 32)

    with pytest.raises(FailedPrecondition):
        other.open(SEALER.seal(ANSWERED, REQUEST), REQUEST, NOON)


def test_it_ends_after_half_an_hour() -> None:
    with pytest.raises(FailedPrecondition) as caught:
        SEALER.open(SEALER.seal(ANSWERED, REQUEST), REQUEST, NOON + timedelta(minutes=30))

    assert caught.value.reason is Reason.MATCH_STALE


@given(st.data())
def test_one_changed_character_is_enough(data: st.DataObject) -> None:
    token = SEALER.seal(ANSWERED, REQUEST)
    where = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([each for each in "ABCabcxyz019-_ " if each != token[where]]))

    with pytest.raises(FailedPrecondition):
        SEALER.open(token[:where] + other + token[where + 1 :], REQUEST, NOON)


@given(st.binary(max_size=40))
def test_it_is_of_its_request_alone(request: bytes) -> None:
    assume(request != REQUEST)

    with pytest.raises(FailedPrecondition):
        SEALER.open(SEALER.seal(ANSWERED, REQUEST), request, NOON)


def test_no_byte_of_a_request_is_taken_for_one_of_its_token_or_the_other_way_round() -> None:
    token = SEALER.seal(ANSWERED, REQUEST)
    content = bytes.fromhex(token)
    payload, signature = content[:-32], content[-32:]
    signed = payload + REQUEST

    for border in {*range(len(signed) + 1)} - {len(payload)}:
        moved = (signed[:border] + signature).hex()
        with pytest.raises(FailedPrecondition):
            SEALER.open(moved, signed[border:], NOON)

    assert SEALER.open((signed[: len(payload)] + signature).hex(), REQUEST, NOON) == ANSWERED


def test_it_has_one_spelling() -> None:
    token = SEALER.seal(ANSWERED, REQUEST)

    for other in (token.upper(), f" {token}", f"{token[:2]} {token[2:]}"):
        with pytest.raises(FailedPrecondition):
            SEALER.open(other, REQUEST, NOON)


def test_nothing_of_a_request_can_be_read_from_it() -> None:
    token = SEALER.seal(ANSWERED, REQUEST)

    assert REQUEST not in bytes.fromhex(token)
    assert len(token) == len(SEALER.seal(ANSWERED, REQUEST * 100))


@given(st.text(max_size=300))
def test_whatever_else_comes_is_stale(text: str) -> None:
    with pytest.raises(FailedPrecondition):
        SEALER.open(text, REQUEST, NOON)


@pytest.mark.parametrize("content", [b"k" * 32, b"6b" * 32])
def test_a_key_is_32_bytes_or_their_digits(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)

    assert read_key(path) == b"k" * 32


@pytest.mark.parametrize("content", [b"", b"k" * 31, b"zz" * 32])
def test_a_key_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)

    with pytest.raises(InvalidInput):
        read_key(path)
