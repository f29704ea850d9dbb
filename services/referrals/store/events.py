"""Events: history, outbox and the sender's feed in one table."""

from collections.abc import Mapping, Sequence

from services.referrals.model import Event, OfferState
from services.referrals.store.rows import EVENT
from services.runtime import feed
from services.runtime.postgres import Connection


def feed_of(client_id: str) -> str:
    """Name the feed of a sender: one each, so that senders do not wait for each other."""
    return f"referrals:{client_id}"


async def append(connection: Connection, noted: Mapping[str, Sequence[Event]]) -> None:
    """
    Write events into their senders' feeds: the last thing in a transaction.

    Args:
        connection: In a transaction that has done everything else.

        noted: The events of each client, in order.
    """
    for client_id in sorted(noted):
        events = noted[client_id]
        if not events:
            continue
        revisions = await feed.take(connection, feed_of(client_id), len(events))
        rows = [
            {**EVENT.parameters(event), "revision": revision, "client_id": client_id}
            for event, revision in zip(events, revisions, strict=True)
        ]
        async with connection.cursor() as cursor:
            await cursor.executemany(
                """
                INSERT INTO event (client_id, revision, event_id, referral_id, offer_id, offer_version, type, state,
                                   due_time, due_kind, reason, occurred_time, recorded_time, actor, on_behalf_of, via)
                VALUES (%(client_id)s, %(revision)s, %(event_id)s, %(referral_id)s, %(offer_id)s, %(offer_version)s,
                        %(type)s, %(state)s, %(due_time)s, %(due_kind)s, %(reason)s, %(occurred_time)s,
                        %(recorded_time)s, %(actor)s, %(on_behalf_of)s, %(via)s)
                """,
                rows,
            )


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
