"""Calls that come close to each other are answered in a row, each with its own answer."""

import asyncio
from typing import Any

import pytest

from services.errors import InvalidInput
from services.matching.together import ENOUGH, LINGER_S, Together


class Answers:
    """Answers with the request, and remembers after how many looks at the transport each was answered."""

    def __init__(self, linger_s: float = LINGER_S) -> None:
        self.looks = 0
        self.answered_at: list[tuple[Any, int]] = []
        self.together = Together(self._answer, linger_s)

    def _answer(self, request: Any) -> str:
        self.answered_at.append((request, self.looks))
        if request == "bad":
            raise InvalidInput("needs must be 1 to 16")
        return f"answer to {request}"

    async def look(self) -> None:
        """Count looks until cancelled."""
        while True:
            await asyncio.sleep(0)
            self.looks += 1


async def test_each_of_several_calls_has_its_own_answer_or_error() -> None:
    answers = Answers()

    found = await asyncio.gather(
        *(answers.together.answered(each) for each in ("a", "bad", "b")), return_exceptions=True
    )

    assert (found[0], found[2]) == ("answer to a", "answer to b")
    assert isinstance(found[1], InvalidInput)
    assert [request for request, _ in answers.answered_at] == ["a", "bad", "b"]


async def test_who_calls_alone_is_answered_at_the_next_look() -> None:
    answers = Answers()
    looking = asyncio.create_task(answers.look())
    await asyncio.sleep(0)
    for number in range(3):
        before = answers.looks
        await answers.together.answered(number)
        assert answers.answered_at[-1][1] <= before + 2
    looking.cancel()


async def test_where_several_call_others_are_waited_for_but_not_for_long() -> None:
    linger_s, loop = 0.05, asyncio.get_running_loop()
    answers = Answers(linger_s)
    await asyncio.gather(*(answers.together.answered(each) for each in range(2)))
    first = asyncio.create_task(answers.together.answered("first"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not first.done(), "others may come"
    second = asyncio.create_task(answers.together.answered("second"))
    began_s = loop.time()

    await asyncio.gather(first, second)

    assert loop.time() - began_s >= linger_s
    assert [request for request, _ in answers.answered_at[-2:]] == ["first", "second"]


async def test_enough_calls_wait_for_nobody() -> None:
    answers = Answers(linger_s=60.0)
    await asyncio.gather(*(answers.together.answered(each) for each in range(2)))
    looking = asyncio.create_task(answers.look())

    await asyncio.gather(*(answers.together.answered(each) for each in range(ENOUGH)))

    looking.cancel()
    assert answers.answered_at[-1][1] <= 2


async def test_who_waits_no_longer_is_not_answered() -> None:
    answers = Answers()
    gone, stays = (asyncio.create_task(answers.together.answered(each)) for each in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == "answer to stays"
    assert [request for request, _ in answers.answered_at] == ["stays"]
    with pytest.raises(asyncio.CancelledError):
        await gone
