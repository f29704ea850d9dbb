"""Tests of the two-stage stop, on a process of its own."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.runtime import stop

PROGRAM = """
import asyncio
from services.runtime import stop

async def main():
    with stop.on_signals() as stopping:
        print("ready", flush=True)
        await stopping.wait()
        print("stopping", flush=True)
        if {hangs}:
            await asyncio.Event().wait()
    print("stopped", flush=True)

asyncio.run(main())
"""
REPOSITORY = Path(__file__).parents[2]


def started(*, hangs: bool) -> "subprocess.Popen[str]":
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(hangs=hangs)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert line(program) == "ready"
    return program


def line(program: "subprocess.Popen[str]") -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


@pytest.mark.parametrize("number", stop.SIGNALS)
def test_the_first_signal_asks(number: signal.Signals) -> None:
    with started(hangs=False) as program:
        program.send_signal(number)

        assert (line(program), line(program)) == ("stopping", "stopped")
        assert program.wait(5) == 0


def test_the_second_signal_does_not_wait() -> None:
    with started(hangs=True) as program:
        program.send_signal(signal.SIGTERM)
        assert line(program) == "stopping"
        program.send_signal(signal.SIGINT)

        assert program.wait(5) == 128 + signal.SIGINT


async def test_the_handlers_that_were_there_come_back() -> None:
    before = [signal.getsignal(number) for number in stop.SIGNALS]

    with stop.on_signals() as stopping:
        assert isinstance(stopping, asyncio.Event)
        assert [signal.getsignal(number) for number in stop.SIGNALS] != before

    assert [signal.getsignal(number) for number in stop.SIGNALS] == before


@pytest.mark.parametrize("seconds", [None, 5.0])
async def test_a_rest_ends_with_the_first_event(seconds: float | None) -> None:
    stopping, ringing = asyncio.Event(), asyncio.Event()
    resting = asyncio.create_task(stop.first_of(seconds, stopping, ringing))
    await asyncio.sleep(0)
    ringing.set()

    async with asyncio.timeout(1):
        await resting


async def test_a_rest_ends_by_itself_and_leaves_nobody_waiting() -> None:
    others = asyncio.all_tasks()
    stopping = asyncio.Event()

    async with asyncio.timeout(1):
        await stop.first_of(0.01, stopping)
    await asyncio.sleep(0)

    assert not stopping.is_set()
    assert asyncio.all_tasks() == others
