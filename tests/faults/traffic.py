"""Calls that mean harm, by kind: each makes so many for one service."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from tests.faults.callers import Call, Metadata, Target, targets
from tests.faults.hostile import MARK, a_message, crowded, deep, garbage, nested
from tests.house import House

FITS: Final = 250_000  #: bytes that a service takes; what is larger is asked for by itself
HUGE: Final = 4 * 2**20 + 1
NO_CREDENTIALS: Final = ("", "Bearer ", f"Bearer {MARK}", "Bearer e30.e30.e30", "Basic YTpi", "Bearer " + "a" * 4_000)
Kind = Callable[[House, str, int, random.Random], Iterator[Call]]


def unknown_methods(house: House, peer: str, count: int, dice: random.Random) -> Iterator[Call]:
    """Call methods that nobody has."""
    known, service = targets(house, peer)[0], f"{peer.capitalize()}Service"
    for number in range(count):
        path = dice.choice(
            (
                f"/ihala.{peer}.v1.{service}/Get{number}",
                f"/ihala.{peer}.v2.{service}/{MARK}",
                f"/{'a' * dice.randint(1, 2_000)}/{number}",
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                f"/../../{MARK}%00{number}",
            )
        )
        yield Call(replace(known, path=path), garbage(dice), known.metadata)


def random_bodies(house: House, peer: str, count: int, dice: random.Random) -> Iterator[Call]:
    """Send bytes that are no message to every method, half of them without a token that holds."""
    known = targets(house, peer)
    for number in range(count):
        target = known[number % len(known)]
        yield Call(target, garbage(dice), _credential(target, dice))


def hostile_texts(house: House, peer: str, count: int, dice: random.Random) -> Iterator[Call]:
    """Send messages of the right type, whose every field may mean harm, by somebody who may call the method."""
    known = targets(house, peer)
    for number in range(count):
        target = known[number % len(known)]
        raw = a_message(target.descriptor.input_type, dice).SerializeToString()
        yield Call(target, raw[:FITS], target.metadata)


def too_large(house: House, peer: str, count: int, dice: random.Random) -> Iterator[Call]:
    """Send what is too large, too deep, or a crowd; at most so many of each for a service."""
    for target in _some(targets(house, peer), count):
        yield Call(target, b"\x0a\x81\x80\x80\x02" + b"a" * HUGE, target.metadata)
        for raw in (nested(), deep(b"\x0b", b"\x0c"), deep(b"\x0b")):
            yield Call(target, raw, target.metadata)
        yield Call(target, b"", (*target.metadata, ("x-more", MARK + "a" * 17_408)))
        for raw in crowded(target.descriptor.input_type):
            yield Call(target, raw, target.metadata)


KINDS: Final[Mapping[str, Kind]] = {
    "unknown methods": unknown_methods,
    "random bodies": random_bodies,
    "hostile texts": hostile_texts,
}


def _credential(target: Target, dice: random.Random) -> Metadata:
    return target.metadata if dice.random() < 0.5 else (("authorization", dice.choice(NO_CREDENTIALS)),)


def _some(known: list[Target], count: int) -> list[Target]:
    # streams are asked for by themselves: they take a message when they come to it
    answering = [each for each in known if not each.descriptor.server_streaming]
    return answering[:: max(1, len(answering) // count)]
