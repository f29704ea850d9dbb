"""When desks were last heard: beside their records, and in the feed of the providers that they answer for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from services.directory.store.telling_again import bring_again
from services.runtime.postgres import Connection

NEWS_AFTER: Final = timedelta(hours=1)  #: a desk that was heard within this is no news: watchers need not know


async def note_heard(connection: Connection, time_by_receiver: Mapping[str, datetime]) -> list[str]:
    """
    Keep when desks were heard, and bring their providers into the feed again: the last step of a transaction.

    Neither a provider's record nor its history changes; who has read it before may still change it.

    Args:
        connection: In a transaction.

        time_by_receiver: By id of the desk; those that nobody knows are passed over.

    Returns:
        The desks of which it was news, ordered: not heard for an hour before that.
    """
    cursor = await connection.execute(
        """
        SELECT receiver_id::text, heard_time FROM receiver WHERE receiver_id = ANY(%s::uuid[])
        ORDER BY receiver_id FOR NO KEY UPDATE
        """,
        [list(time_by_receiver)],
    )
    known = await cursor.fetchall()
    news = [
        receiver_id
        for receiver_id, heard_time in known
        if heard_time is None or time_by_receiver[receiver_id] - heard_time >= NEWS_AFTER
    ]
    if not news:
        return []
    await connection.execute(
        """
        UPDATE receiver SET heard_time = heard.at
        FROM unnest(%s::uuid[], %s::timestamptz[]) AS heard (receiver_id, at)
        WHERE receiver.receiver_id = heard.receiver_id
        """,
        [news, [time_by_receiver[each] for each in news]],
    )
    await bring_again(connection, "receiver_id", news)
    return news
