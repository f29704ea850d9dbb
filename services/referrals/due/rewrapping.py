"""Puts the keys of cases under the KEK of now, while the one before is still there to open them."""

from typing import Final

import structlog

from services.referrals.store.sealing import Sealer
from services.runtime.postgres import Act as AuditAct
from services.runtime.postgres import Pool, Process, look, transaction

BATCH: Final = 500
ACTOR: Final = Process(client_id="referrals.rewrapping")

log = structlog.get_logger(__name__)


class Rewrapper:
    """
    Goes through the keys of cases again and again, for other replicas may still wrap by the KEK before.

    Args:
        pool: Of the service.

        sealer: Has both KEKs.
    """

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer
        self._after = ""  #: the last key that was looked at
        self._wrapped = self._unknown = 0  #: in this pass

    async def look(self) -> int:
        """Look at the next keys and wrap those anew that need it; return how many were looked at, 0 at the end."""
        rows = await look(
            self._pool,
            """
            SELECT key_id, wrapped FROM case_key
            WHERE key_id > %(after)s AND wrapped IS NOT NULL ORDER BY key_id LIMIT %(limit)s
            """,
            {"after": self._after, "limit": BATCH},
        )
        changes = [change for key_id, wrapped in rows if (change := self._change(key_id, wrapped))]
        if changes:
            await self._write(changes)
        if rows:
            self._after = rows[-1][0]
            return len(rows)
        if not self._wrapped and not self._unknown:
            log.info("kek.other_unused")  # nothing is left that needs it
        if self._unknown:
            log.error("kek.unknown", count=self._unknown)
        self._after, self._wrapped, self._unknown = "", 0, 0
        return 0

    def _change(self, key_id: str, wrapped: bytes) -> tuple[str, bytes, bytes] | None:
        try:
            anew = self._sealer.wrapped_anew(key_id, wrapped)
        except RuntimeError:
            self._unknown += 1
            return None
        return None if anew is None else (key_id, wrapped, anew)

    async def _write(self, changes: list[tuple[str, bytes, bytes]]) -> None:
        act = AuditAct(action="case_key.rewrap", object_kind="case_key", object_ids=tuple(each[0] for each in changes))
        async with transaction(self._pool, ACTOR, act) as connection:
            # one that was destroyed meanwhile stays destroyed
            cursor = await connection.execute(
                """
                UPDATE case_key SET wrapped = change.anew
                FROM unnest(%s::text[], %s::bytea[], %s::bytea[]) AS change (key_id, before, anew)
                WHERE case_key.key_id = change.key_id AND case_key.wrapped = change.before
                """,
                [list(column) for column in zip(*changes, strict=True)],
            )
            self._wrapped += cursor.rowcount
        log.info("kek.wrapped_anew", rows=len(changes))
