"""
Constraints of the safety envelope (R8, R22-R26, R32).

All but one answer under the one name `safety`, which never says why not. Who is
asked about a place learns nothing either: the question is only where its front
gate is.
"""

from typing import Final

from services.geo import AreaCell, Point
from services.matching.model.provider import Provider
from services.matching.model.request import Asked
from services.matching.model.safety import NO_ENVELOPE, Keepout
from services.matching.model.verdicts import NO, YES, Finding, ask_provider

FRONT_GATE: Final = "front_gate"
_HALF: Final = 0.5


def safety(asked: Asked, provider: Provider) -> Finding:
    """Whether the envelope allows it."""
    if not allowed(asked, provider) or not apart(asked, provider):
        return NO
    return out_of_zones(asked, provider)


def has_envelope(asked: Asked) -> bool:
    """Whether `safety` can answer otherwise than by yes."""
    if asked.envelope is NO_ENVELOPE:  # as mostly
        return bool(asked.excluded_provider_ids)
    return bool(asked.excluded_provider_ids or asked.envelope.apart or asked.envelope.zones)


def allowed(asked: Asked, provider: Provider) -> bool:
    """Whether it is not among those that must not be offered: a conflict, a refusal, a community (R8, R26, R32)."""
    return provider.provider_id not in asked.excluded_provider_ids


def apart(asked: Asked, provider: Provider) -> bool:
    """Whether nobody is there from whom the person is kept apart (R25)."""
    return not (asked.envelope.apart and asked.envelope.apart.has(provider))


def out_of_zones(asked: Asked, provider: Provider) -> Finding:
    """
    Whether it is in no danger zone, and the straight way there enters none (R22, R23).

    Of a confidential site only the cell is known: zones that hold its centre or
    half of it exclude; less, and its front gate must be confirmed first.
    """
    keepout = keepout_of(asked)
    place = provider.place
    if keepout is None or place is None:
        return YES
    if isinstance(place, Point):
        return NO if keepout.forbids(place) else YES
    return NO if keepout.forbids(place.centre) else of_cell(keepout, place)


def of_cell(keepout: Keepout, cell: AreaCell) -> Finding:
    """Judge a cell whose centre is free by how much of it zones hold."""
    is_touched, share = keepout.overlap(cell)
    if share >= _HALF:
        return NO
    return ask_provider(FRONT_GATE) if is_touched else YES


def keepout_of(asked: Asked) -> Keepout | None:
    """Look at the zones that count for this need; none does where nobody has to go anywhere."""
    if asked.need.is_remote:
        return None
    stays = asked.need.service.accommodation
    return asked.envelope.keepout(now=asked.now_time, when=asked.when_time, stays=stays)


def together(asked: Asked, provider: Provider) -> Finding:
    """Whether all with whom the person stays are there, where a roof is needed (R25)."""
    if not asked.need.service.accommodation:
        return YES
    return YES if all(each.has(provider) for each in asked.envelope.together) else NO


def has_company(asked: Asked) -> bool:
    """Whether `together` can answer otherwise than by yes."""
    return bool(asked.envelope.together)
