"""Note that attempts went out, many in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from services.notify.model import Attempt
from services.notify.ringing import confirm_time

#: the log of attempts and the deliveries, which are locked in one order, as by whoever notes receipts
SENT: Final[LiteralString] = """
    went AS (
        SELECT * FROM unnest(%(alert_ids)s::text[], %(channels)s::text[], %(endpoint_ids)s::text[],
                             %(numbers)s::int[], %(times)s::timestamptz[], %(confirm_times)s::timestamptz[])
            AS went (alert_id, channel, endpoint_id, attempt_no, attempt_time, confirm_time)
    ), logged AS (
        INSERT INTO attempt (alert_id, channel, endpoint_id, attempt_no, attempt_time, code)
        SELECT alert_id, channel, endpoint_id, attempt_no, attempt_time, '' FROM went ON CONFLICT DO NOTHING
    ), held AS (
        SELECT went.* FROM delivery JOIN went USING (alert_id, channel, endpoint_id)
        ORDER BY alert_id FOR UPDATE OF delivery
    )
    UPDATE delivery SET
        sent_time = held.attempt_time,
        last_code = NULL,
        state = CASE WHEN state = 'pending' THEN 'sent' ELSE state END,
        next_time = CASE WHEN state IN ('pending', 'sent') THEN held.confirm_time ELSE next_time END
    FROM held
    WHERE delivery.alert_id = held.alert_id AND delivery.channel = held.channel
      AND delivery.endpoint_id = held.endpoint_id AND attempt_count = held.attempt_no AND state <> 'dead'
    RETURNING delivery.alert_id
"""


def sent_rows(sent: Sequence[tuple[Attempt, datetime]]) -> dict[str, Any]:
    """Return the parameters of `SENT`: attempts, and when each went out."""
    return {
        "alert_ids": [each.alert.alert_id for each, _ in sent],
        "channels": [each.channel.value for each, _ in sent],
        "endpoint_ids": [each.endpoint_id for each, _ in sent],
        "numbers": [each.number for each, _ in sent],
        "times": [time for _, time in sent],
        "confirm_times": [confirm_time(each.channel, time) for each, time in sent],
    }
