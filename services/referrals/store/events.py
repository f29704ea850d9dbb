"""Events: history, outbox and the sender's feed in one table."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, LiteralString

from services.referrals.model import Event, Offer, OfferState
from services.referrals.store import outbox
from services.referrals.store.rows import EVENT
from services.runtime import feed
from services.runtime.postgres import Connection

_WRITTEN: Final = [name for name in EVENT.columns if name != "revision"]
#: revisions are taken and stamped in one statement: the last lock, held for as short as can be
_APPENDING: Final[LiteralString] = f"""
    WITH taken AS ({feed.TAKING})
    INSERT INTO event (client_id, revision, {", ".join(_WRITTEN)})
    SELECT %(client_id)s, taken.revision - %(count)s + new.ordinality, {", ".join(f"new.{name}" for name in _WRITTEN)}
    FROM taken, {EVENT.rows} WITH ORDINALITY AS new
    RETURNING revision
"""  # noqa: S608 -- names of our code


def feed_of(client_id: str) -> str:
    """Name the feed of a sender: one each, so that senders do not wait for each other."""
    return f"referrals:{client_id}"


async def append(
    connection: Connection, noted: Mapping[str, Sequence[Event]], offers: Mapping[str, Offer] = MappingProxyType({})
) -> None:
    """
    Write events into their senders' feeds, and leave word for the relay: the last thing in a transaction.

    Args:
        connection: In a transaction that has done everything else.

        noted: The events of each client, in order.

        offers: By id, as far as they are known here; the relay reads the others.
    """
    for client_id in sorted(noted):
        noting = noted[client_id]
        if not noting:
            continue
        parameters = {"client_id": client_id, "event": EVENT.document(noting)}
        cursor = await connection.execute(_APPENDING, parameters | feed.taking(feed_of(client_id), len(noting)))
        revisions = sorted(row[0] for row in await cursor.fetchall())
        if len(revisions) != len(noting):
            raise feed.rootless()
        for event, revision in zip(noting, revisions, strict=True):
            word = outbox.told(event, offers.get(event.offer_id or ""), client_id, revision)
            if word is not None:
                connection.word.append(word)


async def after(connection: Connection, client_id: str, revision: int, limit: int) -> list[Event]:
    """List the events of a sender after a revision, ascending."""
    return await EVENT.select(
        connection,
        "WHERE client_id = %(client_id)s AND revision > %(revision)s ORDER BY revision LIMIT %(limit)s",
        {"client_id": client_id, "revision": revision, "limit": limit},
    )


async def last_actor(connection: Connection, offer_id: str, state: OfferState) -> str:
    """Say who brought an offer into a state last; empty: nobody did."""
    found = await EVENT.select(
        connection,
        "WHERE offer_id = %(offer_id)s AND state = %(state)s ORDER BY revision DESC LIMIT 1",
        {"offer_id": offer_id, "state": str(state)},
    )
    return found[0].actor if found else ""


async def history(connection: Connection, referral_id: str, limit: int) -> list[Event]:
    """List the last events of a referral, oldest first."""
    last = await EVENT.select(
        connection,
        "WHERE referral_id = %(referral_id)s ORDER BY revision DESC LIMIT %(limit)s",
        {"referral_id": referral_id, "limit": limit},
    )
    return last[::-1]
