"""Upsert the rows of an import in batches: a few statements for a thousand rows, not some for each."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from services.directory.model import ImportRecord, Upserted


async def upsert_rows(
    connection: AsyncConnection[Any],
    dataset: str,
    rows: Sequence[ImportRecord],
    *,
    actor: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Upserted]:
    """
    Create or change the providers of one dataset, with what they rest on.

    The last step is the feed's counter, so call it last in the transaction, and
    wake the feed's readers after the commit. Batches of one dataset follow each
    other: the dataset is locked until the transaction ends.

    Args:
        connection: In the transaction of the import's batch.

        dataset: The dataset; the rows' own `source` must be of it.

        rows: At most 1000, each source key at most once.

        actor: Who imports, for the history.

        now: The time of the change.

        new_id: Makes the ids of new records.

    Returns:
        One entry for each row, in their order. A row that is equal to what is
        there is UNCHANGED and takes no revision. A row that the directory
        refuses (a confidential site made public by a file, for example) is
        REFUSED with its field and rule, and the others go on.
    """
    raise NotImplementedError
