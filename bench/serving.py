"""Measure FindMatches over gRPC beside an echo with the same bytes, options and gate; the caller is another process."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

from bench import directory
from bench.caller import CALLS, ROUNDS
from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from ihala.matching.v1.matching_pb2_grpc import add_MatchingServiceServicer_to_server
from services.matching.index.snapshot import Snapshot
from services.matching.index.state import Directory, Taken
from services.matching.origins import REGION, Origins
from services.matching.servicer import MatchingServicer
from services.matching.token import Sealer
from services.matching.wire.ahead import unwritten, write
from services.runtime import rpc
from services.runtime.auth import Role
from services.runtime.keys import create_signing_key, write_jwks
from services.runtime.tokens import Verifier, mint
from services.taxonomy import services
from services.towns import load

REQUESTS = CALLS * (ROUNDS + 1)  # each is asked once


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Calls a second, medians of rounds that took turns, and what a call costs the process that serves it."""

    provider_count: int
    calls_per_s: float
    echo_calls_per_s: float
    cpu_ms: float  #: of a processor, a call
    echo_cpu_ms: float
    response_bytes: int
    result_count: float  #: a call, on average


class Echo(MatchingServicer):
    """Answers with the bytes that FindMatches gave."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    async def FindMatches(self, request: Any, context: Any) -> bytes:  # noqa: N802 -- by the protos
        return self._answer


async def measure(snapshot: Snapshot, *, knows_languages: bool) -> Served:
    """
    Serve both here, and have them called in turns by another process.

    Args:
        snapshot: The directory.

        knows_languages: Whether callers know which languages the persons speak: where nobody in the lists does, the
            answer has an interpreter's list as well.
    """
    warm, taken = Directory(), Taken()
    warm.swap(snapshot)
    write(snapshot.base.block, unwritten(snapshot.base.block))  # as the service does by and by, once it answers
    taken.replace({})
    servicer = MatchingServicer(warm, taken, Origins(load(REGION)), Sealer(b"k" * 32), _now)
    requests = [_request(number, knows_languages=knows_languages) for number in range(REQUESTS)]
    answers = [await servicer.FindMatches(each, None) for each in requests[:CALLS]]
    mean_size = sum(map(len, answers)) / len(answers)
    typical = min(answers, key=lambda each: abs(len(each) - mean_size))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = create_signing_key(folder / "key.pem")
        write_jwks(folder / "jwks.json", [key])
        verifier = Verifier(folder / "jwks.json", now=_now)
        token = mint(key, client_id="bench", roles=[Role.CASE_SYSTEM], now=_now(), life_s=3600.0)
        stop = asyncio.Event()
        ports, tasks = [], []
        for each in (servicer, Echo(typical)):
            server = rpc.new_server(verifier.verify)
            add_MatchingServiceServicer_to_server(each, server.grpc)  # type: ignore[arg-type]
            ports.append(server.listen("127.0.0.1:0"))
            tasks.append(asyncio.create_task(rpc.serve(server, stop, 1.0)))
        (folder / "plan.json").write_text(
            json.dumps(
                {"token": token, "ports": ports, "requests": [each.SerializeToString().hex() for each in requests]}
            ),
            encoding="utf-8",
        )
        called = await _called(folder / "plan.json")
        stop.set()
        await asyncio.gather(*tasks)
    return Served(
        provider_count=len(snapshot),
        calls_per_s=called["rates"][0],
        echo_calls_per_s=called["rates"][1],
        cpu_ms=called["cpu_s"][0] * 1000,
        echo_cpu_ms=called["cpu_s"][1] * 1000,
        response_bytes=len(typical),
        result_count=fmean(map(_result_count, answers)),
    )


async def _called(plan: Path) -> Mapping[str, Sequence[float]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.caller", str(plan), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    called: dict[str, list[float]] = json.loads(told)
    return called


def _result_count(answer: bytes) -> int:
    return sum(len(each.matches) + len(each.ask_first) for each in pb.FindMatchesResponse.FromString(answer).needs)


def _request(number: int, *, knows_languages: bool) -> pb.FindMatchesRequest:
    """Write a question about another person each time, somewhere else."""
    random = Random(number)
    point = directory.point(random)
    years = random.randrange(18, 60)
    return pb.FindMatchesRequest(
        needs=[pb.Need(code=random.choice(_CODES))],
        origin=geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=point.latitude_deg, longitude_deg=point.longitude_deg)),
        person=pb.Person(
            age=pb.AgeRange(min_years=years, max_years=years),
            gender=random.choice((pb.GENDER_WOMAN, pb.GENDER_MAN)),
            languages=pb.LanguageList(languages=[random.choice(("ar", "fr", "ti"))]) if knows_languages else None,
            process=pb.PROCESS_SOM,
        ),
        limit=10,
    )


_CODES = [code for code, each in services().items() if not each.never_automatic]


def _now() -> datetime:
    return datetime.now(UTC)
