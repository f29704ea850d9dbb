"""What a sender chose, and what must hold of it before anything is made: consent, and a match that still stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from services.errors import Exhausted, FailedPrecondition, IhalaError, NotFound, Reason, Unavailable, Violation
from services.referrals import scene
from services.referrals.consent import require_covering
from services.referrals.model import Choice, Consent, PlaceKey, Provider
from services.referrals.servicer.desk import Desk
from services.referrals.store import exclusions, providers, referrals
from services.referrals.wire.asking import Checked, CheckedMatch
from services.runtime.postgres import Connection

log = structlog.get_logger(__name__)

#: the hold in the transaction decides about places: a lost one is an answer, not an error
PLACES = "places"
#: a provider that shall not meet this person again, for a reason that is told to nobody
EXCLUDED = "excluded"


class EveryPlaceIsGone(Exception):
    """Nothing is made of a referral whose every place was lost: its transaction is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a sender asks, read from its request."""

    match_token: str
    match_request: Any
    choices: Sequence[Choice]
    codes: Mapping[int, str]  #: of the needs, by number; one that a rule adds is known once the match was checked
    fields: frozenset[str]  #: what the sender wants told besides the need
    now: datetime
    person_ref: str = ""  #: the sender's person


class Chooser:
    """Checks choices."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._full: set[str] = set()  #: senders that were refused for what they hold

    async def check_consent(self, connection: Connection, consent: Consent, wish: Wish) -> Mapping[str, Provider]:
        """Check that the consent covers every choice, and return the providers."""
        known = await self.check_known(connection, consent.client_id, consent.case_ref, wish)
        for choice in wish.choices:
            provider, code = known[choice.provider_id], wish.codes.get(choice.need_no)
            if code is not None:
                require_covering(consent, provider, code, fields=wish.fields, now=wish.now)
        return known

    async def check_known(
        self, connection: Connection, client_id: str, case_ref: str, wish: Wish
    ) -> Mapping[str, Provider]:
        """Check that every choice is a provider that may meet this person, and return the providers."""
        subject = exclusions.subject_of(case_ref, wish.person_ref)
        chosen = {choice.provider_id for choice in wish.choices}
        known, excluded = await providers.find_for(connection, chosen, client_id, subject)
        for number, choice in enumerate(wish.choices):
            if choice.provider_id in excluded:
                raise FailedPrecondition(
                    "the provider is excluded for this person",
                    reason=Reason.MATCH_STALE,
                    metadata={"constraint": EXCLUDED},
                )
            if choice.provider_id not in known:
                raise self._unknown(f"choices[{number}].provider_id")
        return known

    async def check_quota(self, connection: Connection, client_id: str, asks: Sequence[scene.Ask]) -> None:
        """
        Refuse a sender that was refused before and still holds as many places as it may, before any work (T9).

        Raises:
            Exhausted: QUOTA.
        """
        if client_id not in self._full or not any(each.items for each in asks):
            return
        if await referrals.count_held(connection, client_id) >= self._desk.max_held:
            raise _quota()
        self._full.discard(client_id)

    async def require_quota(self, connection: Connection, client_id: str) -> None:
        """
        Refuse a sender that would hold more places than it may: the last thing in a transaction that has held some.

        The sender's feed is locked by then, so that whatever else it holds is committed and counted.

        Raises:
            Exhausted: QUOTA; the transaction is rolled back.
        """
        if await referrals.count_held(connection, client_id) > self._desk.max_held:
            self._full.add(client_id)
            raise _quota()

    def _unknown(self, field: str) -> NotFound | Unavailable:
        if not self._desk.readiness.knows_providers:
            return Unavailable("the directory has not been read whole yet", retry_after_s=1.0)
        return NotFound("there is no such provider", fields=[Violation(field, "must be a provider's id")])

    async def check_match(self, wish: Wish) -> CheckedMatch:
        """
        Let matching check the choices again.

        Raises:
            FailedPrecondition: MATCH_STALE, naming the constraint that has turned;
                GATE_NOT_CONFIRMED: the front gate of a confidential site must be spoken to first.
        """
        match = await self._desk.matching.check(wish.match_token, wish.match_request, wish.choices)
        if [each.choice for each in match.choices] != list(wish.choices):
            raise Unavailable("matching has not answered for every choice", retry_after_s=1.0)
        for each, choice in zip(match.choices, wish.choices, strict=True):
            turned = [constraint for constraint in each.turned if constraint != PLACES]
            if turned:
                raise FailedPrecondition(
                    "a constraint has turned since the match",
                    reason=Reason.MATCH_STALE,
                    metadata={"constraint": turned[0]},
                )
            if each.asks_gate and not choice.gate_confirmed:
                raise FailedPrecondition(
                    "somebody must speak to the front gate first", reason=Reason.GATE_NOT_CONFIRMED
                )
        return match

    async def who_follows(self, wish: Wish, need_nos: Collection[int]) -> list[Choice]:
        """Ask matching who comes next for needs whose places were lost; nobody, if it cannot say it now."""
        if not need_nos:
            return []
        try:
            match = await self._desk.matching.check(wish.match_token, wish.match_request, wish.choices, with_next=True)
        except IhalaError as error:  # what was made stands, whoever comes next
            log.warning("next.unknown", reason=error.reason)
            return []
        return [choice for choice in match.following if choice.need_no in need_nos]


def _quota() -> Exhausted:
    return Exhausted("too many offers hold places: wait for answers", reason=Reason.QUOTA, retry_after_s=60.0)


def asks_of(known: Mapping[str, Provider], checked: Sequence[Checked]) -> list[scene.Ask]:
    """Join what is known of the providers with what matching says of the choices."""
    return [scene.Ask(each.choice, known[each.choice.provider_id], each.items, each.needed_fields) for each in checked]


def keys_of(asks: Sequence[scene.Ask]) -> set[PlaceKey]:
    """List the places that may be held."""
    return {PlaceKey(each.provider.pool_id, item.population) for each in asks for item in each.items}
