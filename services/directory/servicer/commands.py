"""How every command runs: once for each request id, audited, in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.directory.model import Viewer
from services.directory.store.requests import RequestKey, claim, remember
from services.directory.wire.requests_wire import canonical, digest_of, request_id_of
from services.geo import AreaCell
from services.runtime.auth import Principal, Role, current_principal
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Act, Connection, Pool, transaction
from services.towns import TownList

_SEE_ALL = (Role.DIRECTORY_EDITOR, Role.OPERATOR, Role.SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What the methods share."""

    pool: Pool
    towns: TownList
    waker: FeedWaker  #: woken after every commit
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]

    @property
    def population_of(self) -> "Peopled":
        """How many people live where, as the town list knows."""
        return Peopled(self.towns)

    def make_id(self) -> str:
        return str(self.new_id())

    async def command(
        self,
        action: str,
        request: Any,
        answer_type: type[Any],
        object_id: str,
        run: Callable[[Connection, str, datetime], Awaitable[Any]],
        *,
        reason: str | None = None,
    ) -> Any:
        """
        Run a command in a transaction of its own, or give its first answer again.

        Args:
            action: For the audit, a noun and a verb, for example "provider.update".

            request: What came, after the door was closed.

            answer_type: The message of the answer; it has a field `replayed`.

            object_id: The record that it is about.

            run: Given the connection, the actor and the time, does it and
                returns the answer. Taking the feed's revisions is its last step.

            reason: For the audit, a code.
        """
        principal = current_principal()
        key = RequestKey(
            client_id=principal.client_id,
            request_id=request_id_of(request),
            method=request.DESCRIPTOR.full_name,
            digest=digest_of(request),
        )
        act = Act(
            action=action,
            object_kind=action.partition(".")[0],
            object_id=object_id,
            request_id=key.request_id,
            reason=reason,
        )
        now = self.now()
        async with transaction(self.pool, principal, act) as connection:
            first = await claim(connection, key, object_id, now)
            if first is not None:
                answer = answer_type.FromString(first)
                answer.replayed = True
                return answer
            answer = await run(connection, actor_of(principal), now)
            await remember(connection, key, canonical(answer))
        self.waker.wake()
        return answer


@dataclass(frozen=True, slots=True)
class Peopled:
    """Counts people by the town list."""

    towns: TownList

    def __call__(self, cell: AreaCell, /) -> int:
        return self.towns.population_in(cell)

    def knows(self, country_code: str) -> bool:
        return country_code in self.towns.country_codes


def actor_of(principal: Principal) -> str:
    """Name who acts, for the history: the worker, else the system."""
    return principal.actor or principal.client_id


def viewer_of(principal: Principal) -> Viewer:
    """Say what the caller may see."""
    desks = tuple(principal.receiver_ids) if principal.has(Role.RECEIVER) else ()
    return Viewer(principal.has(*_SEE_ALL), desks)
