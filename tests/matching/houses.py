"""A matching service that runs in the test, and requests to it as a case system writes them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from ihala.geo.v1 import geo_pb2
from ihala.matching.v1 import matching_pb2 as pb
from ihala.matching.v1.matching_pb2_grpc import MatchingServiceStub, add_MatchingServiceServicer_to_server
from services.geo import Point
from services.matching.index.snapshot import Snapshot
from services.matching.index.state import Directory, Taken
from services.matching.model.provider import Provider
from services.matching.origins import Origins
from services.matching.servicer import MatchingServicer
from services.matching.silence import Silences
from services.matching.token import Sealer
from services.runtime.auth import Role
from services.towns import Town
from tests.matching.samples import NOON, TRIPOLI
from tests.serving import an_identity, serving

NADOR = Town(
    place_id="geonames:2541479",
    name="Nador",
    names=(),
    country_code="MA",
    point=Point(35.1681, -2.9335),
    population=1,
    time_zone="Africa/Casablanca",
)
JANZOUR = Town(
    place_id="geonames:1",
    name="Janzour",
    names=(),
    country_code="LY",
    point=Point(32.82, 13.0),
    population=1,
    time_zone="Africa/Tripoli",
)
SEALER = Sealer(b"k" * 32)


@dataclass
class House:
    """A matching service that runs, and what it knows."""

    stub: Any
    directory: Directory = field(default_factory=Directory)
    taken: Taken = field(default_factory=Taken)
    silences: Silences = field(default_factory=Silences)
    now: datetime = NOON

    def know(self, *providers: Provider, revision: int = 7) -> None:
        self.directory.swap(Snapshot.of("epoch-1", revision, providers))

    async def find(self, *codes: str, **facts: Any) -> pb.FindMatchesResponse:
        answer: pb.FindMatchesResponse = await self.stub.FindMatches(a_request(*codes, **facts))
        return answer

    async def plan(self, *groups: pb.Group, **facts: Any) -> pb.PlanMatchesResponse:
        answer: pb.PlanMatchesResponse = await self.stub.PlanMatches(a_plan(*groups, **facts))
        return answer

    async def check(
        self, plan: pb.PlanMatchesResponse, request: pb.PlanMatchesRequest, parts: Sequence[pb.Assignment] | None = None
    ) -> Sequence[pb.CheckedPart]:
        answer = await self.stub.CheckPlan(
            pb.CheckPlanRequest(
                match_token=plan.match_token,
                request=request,
                assignments=plan.assignments if parts is None else parts,
            )
        )
        return list(answer.parts)


Open = Callable[..., Any]


@pytest.fixture
def house(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def opened(*providers: Provider, role: Role = Role.SERVICE, is_warm: bool = True) -> AsyncIterator[House]:
        here = House(stub=None)
        here.taken.replace({})
        if is_warm:
            here.know(*providers)
        servicer: Any = MatchingServicer(
            here.directory,
            here.taken,
            Origins([NADOR, JANZOUR]),
            SEALER,
            now=lambda: here.now,
            silences=here.silences,
        )
        identity = an_identity(Path(mkdtemp(dir=tmp_path)))
        async with (
            serving(identity, lambda server: add_MatchingServiceServicer_to_server(servicer, server)) as served,
            served.channel(role) as channel,
        ):
            here.stub = MatchingServiceStub(channel)
            yield here

    return opened


def a_plan(*groups: pb.Group, **facts: Any) -> pb.PlanMatchesRequest:
    return pb.PlanMatchesRequest(groups=groups, origin=an_origin(TRIPOLI), **facts)


def a_request(*codes: str, **facts: Any) -> pb.FindMatchesRequest:
    good: dict[str, Any] = {
        "needs": [pb.Need(code=code) for code in codes or ("LEG-ADV",)],
        "origin": an_origin(TRIPOLI),
    }
    return pb.FindMatchesRequest(**good | facts)


def an_origin(point: Point) -> geo_pb2.Origin:
    return geo_pb2.Origin(point=geo_pb2.Point(latitude_deg=point.latitude_deg, longitude_deg=point.longitude_deg))


def a_girl(**facts: Any) -> pb.Person:
    good: dict[str, Any] = {
        "age": pb.AgeRange(min_years=16, max_years=16),
        "sex": pb.SEX_FEMALE,
        "languages": pb.LanguageList(languages=["ti"]),
    }
    return pb.Person(**good | facts)


def ids(matches: Any) -> list[str]:
    return [each.provider_id for each in matches]
