"""The matching service's methods: wire in, decision, wire out. Nothing of a request is stored or logged."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from services import geo
from services.matching import bundle, explanations, ranking, screening
from services.matching.companions import Conflict, settled
from services.matching.constraints.table import RULES_VERSION
from services.matching.index.snapshot import Snapshot
from services.matching.index.state import Directory, Taken
from services.matching.index.times import microseconds
from services.matching.model.answer import Row
from services.matching.model.request import Asked, Enquiry, Need
from services.matching.model.travel import USUAL_PACE, Pace
from services.matching.origins import Origins
from services.matching.plans import Plans, Searches
from services.matching.silence import Silences
from services.matching.together import Together
from services.matching.token import LIFE_S, Answered, Sealer
from services.matching.wire import added_wire, answer_wire, explain_wire, request_wire, response_wire

NEXT_CANDIDATES = 5  #: a need
_US_PER_S = 1_000_000


class MatchingServicer:
    """
    Answers who can meet a need.

    Args:
        directory: The index, fed by the directory's feed.

        taken: Places held and booked, fed by referrals.

        origins: Towns, for place ids and the country of a point.

        sealer: Signs match tokens.

        now: The clock, timezone-aware.

        pace: How fast people get on.

        silences: Who has let offers run out unread, fed by referrals.
    """

    def __init__(
        self,
        directory: Directory,
        taken: Taken,
        origins: Origins,
        sealer: Sealer,
        now: Callable[[], datetime],
        pace: Pace = USUAL_PACE,
        silences: Silences | None = None,
    ) -> None:
        self._directory = directory
        self._taken = taken
        self._origins = origins
        self._sealer = sealer
        self._now = now
        self._pace = pace
        self._silences = silences or Silences()
        self._together = Together(self._find_matches)
        self._plans = Plans(
            directory,
            Searches(
                enquiry=self._enquiry,
                questions=self._asked,
                token=self._token,
                verify=sealer.open,
            ),
            now,
        )

    async def FindMatches(self, request: Any, context: Any) -> Any:
        return await self._together.answered(request)

    def _find_matches(self, request: Any) -> bytes:
        snapshot = self._directory.snapshot
        now = self._now().astimezone(UTC)
        enquiry, conflicts, gauge = self._read(request, snapshot)
        answers = [
            ranking.find(snapshot, asked, enquiry.limit, gauge) for asked in self._asked(enquiry, enquiry.needs, now)
        ]
        interpreter = bundle.interpreter_for(enquiry)
        is_added = interpreter is not None and bundle.nobody_speaks(answers)
        if interpreter is not None and is_added:
            (asked,) = self._asked(enquiry, [interpreter], now)
            answers.append(ranking.find(snapshot, asked, enquiry.limit, gauge))
        now_us = microseconds(now)
        evaluated_us = now_us if enquiry.when_time is None else microseconds(enquiry.when_time)
        token = self._token(request_wire.signed(request), snapshot, evaluated_us, now_us, with_interpreter=is_added)
        return answer_wire.answer_to_wire(
            answers,
            epoch=snapshot.epoch,
            revision=snapshot.revision,
            evaluated_us=evaluated_us,
            match_token=token,
            conflicts=conflicts,
            screening=screening.questions(enquiry.person),
        )

    async def CheckMatch(self, request: Any, context: Any) -> Any:
        snapshot = self._directory.snapshot
        now = self._now().astimezone(UTC)
        proof = self._sealer.open(request.match_token, request_wire.signed(request.request), now)
        enquiry, _ = self._enquiry(request.request, snapshot)
        needs = bundle.needs_of(enquiry)
        choices = request_wire.choices_from_wire(request, len(needs))
        asked = self._asked(enquiry, needs, now)
        checked = [_check(snapshot, asked[need_no], need_no, provider_id) for need_no, provider_id in choices]
        chosen = {provider_id for _, provider_id in choices}
        wanted = {*range(len(request.request.needs)), *(need_no for need_no, _ in choices)}
        if request.without_next:
            wanted = set()
        candidates = [
            (need_no, row.provider.provider_id)
            for need_no, each in enumerate(asked)
            if need_no in wanted
            for row in _others(snapshot, each, chosen)
        ]
        answer = response_wire.check_to_wire(checked, candidates)
        added = (needs if proof.with_interpreter else enquiry.needs)[len(request.request.needs) :]
        added_wire.add_needs(answer, [each.service.code for each in added], len(request.request.needs))
        answer.origin_area_cell = geo.area_at(geo.position_of(enquiry.origin)).h3_cell
        return answer

    async def ExplainMatch(self, request: Any, context: Any) -> Any:
        snapshot = self._directory.snapshot
        now = self._now().astimezone(UTC)
        provider_id = explain_wire.provider_id_from_wire(request)
        enquiry, _ = self._enquiry(request.request, snapshot)
        need = explain_wire.need_from_wire(request, bundle.needs_of(enquiry))
        (asked,) = self._asked(enquiry, [need], now)
        return await asyncio.to_thread(explanations.explained, snapshot, asked, provider_id, enquiry.limit)

    async def PlanMatches(self, request: Any, context: Any) -> Any:
        return await self._plans.plan(request, context.time_remaining())

    async def CheckPlan(self, request: Any, context: Any) -> Any:
        return await self._plans.check(request)

    def _enquiry(self, request: Any, snapshot: Snapshot) -> tuple[Enquiry, tuple[Conflict, ...]]:
        """Read a request with the needs that it brings with it, and what of its envelope cannot hold."""
        enquiry, conflicts, _ = self._read(request, snapshot)
        return enquiry, conflicts

    def _read(self, request: Any, snapshot: Snapshot) -> tuple[Enquiry, tuple[Conflict, ...], geo.Gauge]:
        """Do so, and find what measures from its origin."""
        enquiry, gauge = request_wire.enquiry_from_wire(request, self._origins.town, self._origins.country_at)
        enquiry, conflicts = settled(bundle.with_guardian(enquiry), snapshot.provider)
        return enquiry, conflicts, gauge

    def _asked(self, enquiry: Enquiry, needs: Iterable[Need], now: datetime) -> list[Asked]:
        taken, silence = self._taken.at(now), self._silences.at(now)
        calendar, lines, pace = self._directory.calendar, self._directory.known_lines, self._pace
        asked = []
        for need in needs:  # a comprehension would be a function of eight names, made for each answer
            each = Asked.of(enquiry, need, now, taken, calendar, lines=lines, pace=pace, silence_mm=silence)
            asked.append(each)
        return asked

    def _token(
        self, request: bytes, snapshot: Snapshot, evaluated_us: int, now_us: int, *, with_interpreter: bool = False
    ) -> str:
        """
        Sign that a request was answered.

        Args:
            request: Its envelope included.

            snapshot: From which it was answered.

            evaluated_us: For when, in microseconds since 1970.

            now_us: When, the same.

            with_interpreter: Whether the answer has an interpreter that was added.
        """
        return self._sealer.seal(
            Answered(  # in their order: by name takes three times as long
                snapshot.epoch,
                snapshot.revision,
                RULES_VERSION,
                evaluated_us / _US_PER_S,
                now_us / _US_PER_S + LIFE_S,
                with_interpreter,
            ),
            request,
        )


def _check(snapshot: Snapshot, asked: Asked, need_no: int, provider_id: str) -> Any:
    """Judge a choice at the present revision; one that is gone has turned `status`."""
    provider = snapshot.provider(provider_id)
    if provider is None:
        return response_wire.checked_to_wire(need_no, asked.need.code, provider_id, ["status"], None)
    turned = ranking.turned(asked, provider)
    row = None if provider.place is None else ranking.row_of(asked, provider, provider.place)
    return response_wire.checked_to_wire(need_no, asked.need.code, provider_id, turned, row)


def _others(snapshot: Snapshot, asked: Asked, chosen: set[str]) -> list[Row]:
    """List who comes next for a need, without those who were chosen."""
    rows = ranking.find(snapshot, asked, NEXT_CANDIDATES + len(chosen)).matches
    return [row for row in rows if row.provider.provider_id not in chosen][:NEXT_CANDIDATES]
