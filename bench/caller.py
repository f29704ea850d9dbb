"""
Call two servers in turns: the other process of `bench.serving`.

Prints for each the calls a second, and how much of a processor the serving
process, which started this one, spent on a call.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import grpc

from bench.processors import spent_s

METHOD = "/ihala.matching.v1.MatchingService/FindMatches"
ROUNDS = 8
CALLS = 400  # a round
AT_ONCE = 8


async def main(plan: Any) -> None:
    requests = [bytes.fromhex(each) for each in plan["requests"]]
    metadata = (("authorization", f"Bearer {plan['token']}"),)
    rates: list[list[float]] = [[] for _ in plan["ports"]]
    spent: list[float] = [0.0 for _ in plan["ports"]]
    channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}") for port in plan["ports"]]
    for number in range(ROUNDS + 1):
        for which, channel in enumerate(channels):
            asked = requests[number * CALLS : (number + 1) * CALLS]
            before_s = spent_s(os.getppid())
            found = await _rate(channel.unary_unary(METHOD), asked, metadata)
            if number:  # the first round warms up
                rates[which].append(found)
                spent[which] += spent_s(os.getppid()) - before_s
    for channel in channels:
        await channel.close()
    print(json.dumps({"rates": [median(each) for each in rates], "cpu_s": [each / (ROUNDS * CALLS) for each in spent]}))


async def _rate(call: Any, requests: list[bytes], metadata: Any) -> float:
    waiting = iter(requests)

    async def keep_calling() -> None:
        for request in waiting:
            await call(request, metadata=metadata, timeout=10.0)

    started = perf_counter()
    await asyncio.gather(*(keep_calling() for _ in range(AT_ONCE)))
    return len(requests) / (perf_counter() - started)


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
