"""What the methods share, and how every command runs: once for each request id, audited, in one transaction."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.errors import Conflict, Unavailable
from services.referrals.clients import Matching
from services.referrals.model import Act, RequestKey, Via
from services.referrals.scene import House
from services.referrals.store import requests
from services.referrals.store.sealing import Sealer
from services.referrals.wire.basics import canonical, request_id
from services.runtime.auth import Principal, current_principal
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Connection, Pool, read, transaction


@dataclass(slots=True)
class Readiness:
    """What the process has reached."""

    has_schema: bool = False  #: the tables are there
    knows_providers: bool = False  #: the directory has been read whole, now or before


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the methods share."""

    pool: Pool
    house: House
    sealer: Sealer
    digest_key: bytes = field(repr=False)  #: so that a digest of a request cannot be guessed
    matching: Matching
    waker: FeedWaker  #: woken after every commit
    now: Callable[[], datetime]
    max_held: int = 1000  #: offers of one sender with places held at once
    readiness: Readiness = field(default_factory=Readiness)

    def digest(self, request: Any) -> bytes:
        """Digest a request, so that another body under its id is noticed."""
        return hmac.new(self.digest_key, canonical(request), hashlib.sha256).digest()

    def digest_of(self, text: str) -> bytes:
        """Digest a text, so that equal ones are found and none is guessed."""
        return hmac.new(self.digest_key, text.encode(), hashlib.sha256).digest()

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False) -> AsyncIterator[Connection]:
        """
        Read in a short transaction.

        Raises:
            Unavailable: The tables are not there yet, or the database is away.
        """
        self._require_schema()
        async with read(self.pool, snapshot=snapshot) as connection:
            yield connection

    @asynccontextmanager
    async def write(self, action: str, object_id: str, request_id: str | None = None) -> AsyncIterator[Connection]:
        """
        Write in a transaction that is audited, then wake who waits.

        Args:
            action: A noun and a verb, for example "offer.accept".

            object_id: What it is done to.

            request_id: Of the command.

        Raises:
            Unavailable: The tables are not there yet, or the database is away.
        """
        self._require_schema()
        audit = AuditAct(
            action=action, object_kind=action.partition(".")[0], object_id=object_id, request_id=request_id
        )
        async with transaction(self.pool, current_principal(), audit) as connection:
            yield connection
        self.waker.wake()

    async def find_done(self, request: Any) -> RequestKey | None:
        """
        Find whether this very request was done before.

        Raises:
            InvalidInput: REQUEST_ID_REUSED, or the id is malformed.

            FailedPrecondition: ERASED.
        """
        async with self.read() as connection:
            return await self.find_done_in(connection, request)

    async def find_done_in(self, connection: Connection, request: Any) -> RequestKey | None:
        """Find it, as `find_done` does, within what is read."""
        return await requests.find_same(
            connection, current_principal().client_id, request_id(request), self.digest(request)
        )

    async def once(
        self,
        action: str,
        request: Any,
        subject_id: str,
        run: Callable[[Connection], Awaitable[None]],
        *,
        referral_id: str | None = None,
    ) -> RequestKey | None:
        """
        Run a command, unless it was done before.

        Args:
            action: For the audit.

            request: What came.

            subject_id: What it makes or changes.

            run: Does it in the transaction.

            referral_id: The referral that it is about.

        Returns:
            The key of the earlier doing, or None if it was done now.
        """
        done = await self.find_done(request)
        if done is not None:
            return done
        client_id, id_ = current_principal().client_id, request_id(request)
        key = RequestKey(self.digest(request), referral_id, subject_id)
        try:
            async with self.write(action, subject_id, id_) as connection:
                await requests.claim(connection, client_id, id_, key, self.now())
                await run(connection)
        except requests.AlreadyDone:
            return await self.find_done(request)
        return None

    def _require_schema(self) -> None:
        if not self.readiness.has_schema:
            raise Unavailable("the database is not ready", retry_after_s=1.0)


def actor_of(principal: Principal) -> str:
    """Name who acts: the worker, else the system."""
    return principal.actor or principal.client_id


def act_of(
    principal: Principal,
    now: datetime,
    *,
    occurred_time: datetime | None = None,
    on_behalf_of: str = "",
    via: Via = Via.SYSTEM,
) -> Act:
    """Say who acts; what happened at no time of its own happened now."""
    return Act(
        actor=actor_of(principal), on_behalf_of=on_behalf_of, via=via, occurred_time=occurred_time or now, now=now
    )


def require_version(version: int, expected: int) -> None:
    """
    Refuse a command on a version that has been left behind; 0 expects any.

    Raises:
        Conflict: VERSION_CONFLICT.
    """
    if expected not in {0, version}:
        raise Conflict("expected_version is not the present one: read it again")
