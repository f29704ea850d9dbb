"""The answer by the slowest and plainest way: every provider, every constraint, one by one."""

from collections import Counter
from collections.abc import Iterable

from services.geo import cost_mm
from services.matching.constraints.table import CONSTRAINTS
from services.matching.listing import NeedAnswer
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.verdicts import Verdict

Listed = list[tuple[int, str]]


def full_scan(providers: Iterable[Provider], asked: Asked, limit: int) -> tuple[Listed, Listed, dict[str, int]]:
    """List matches, those to ask first (cost with what silence adds and id each), and the excluded by constraint."""
    matches: Listed = []
    ask_first: Listed = []
    excluded: Counter[str] = Counter()
    for provider in providers:
        is_unsure = False
        for each in CONSTRAINTS:
            verdict = each.judged(asked, provider).verdict
            if verdict is Verdict.NO and each.excludes(asked.need.service):
                excluded[each.name] += 1
                break
            is_unsure |= verdict is Verdict.UNKNOWN
        else:
            assert provider.place is not None
            silence_mm = 0 if provider.is_confidential else (asked.silence_mm or {}).get(provider.provider_id, 0)
            row = (cost_mm(asked.origin, provider.place) + silence_mm, provider.provider_id)
            (ask_first if is_unsure and not asked.need.service.life_first else matches).append(row)
    return sorted(matches)[:limit], sorted(ask_first)[:limit], dict(excluded)


def lists_of(answer: NeedAnswer) -> tuple[Listed, Listed, dict[str, int]]:
    """Reduce an answer to what a full scan gives."""
    matches, ask_first = (
        [(row.cost_mm + row.silence_mm, row.provider.provider_id) for row in rows]
        for rows in (answer.matches, answer.ask_first)
    )
    return matches, ask_first, dict(answer.excluded)
