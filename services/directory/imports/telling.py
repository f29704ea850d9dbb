"""What a commit tells the caller: counts, refused rows, remarks, and what a dry run would change."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.directory.imports.keys import Sorted
from services.directory.model import Outcome, Upserted
from services.directory.model.imports import Changed, Counts, Fault, Notice, Rejected, Remark, RowResult


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the rows of one commit."""

    created: int
    updated: int
    unchanged: int
    duplicates: int
    refused_rows: int
    rejected: tuple[Rejected, ...]  #: by row
    remarks: tuple[Remark, ...]
    changes: tuple[Changed, ...]

    def added_to(self, before: Counts, read: int) -> Counts:
        """Count them in, with how many rows were read."""
        return Counts(
            read=before.read + read,
            created=before.created + self.created,
            updated=before.updated + self.updated,
            unchanged=before.unchanged + self.unchanged,
            archived=before.archived,
            duplicates=before.duplicates + self.duplicates,
            rejected=before.rejected + self.refused_rows,
        )


def tell(batch: Sorted, upserted: Sequence[Upserted]) -> Told:
    """
    Say what became of a batch.

    Args:
        batch: Its rows.

        upserted: What the directory made of the rows to import, in their order.
    """
    came = list(zip((result for result, _ in batch.rows), upserted, strict=True))
    rejected = batch.rejected + [
        Rejected(result.row_number, Fault(each.fault.field, each.fault.rule), result.source_key)
        for result, each in came
        if each.fault is not None
    ]
    refused = {each.row_number for each in rejected if not each.record_kept}
    outcomes = [each.outcome for each in upserted]
    return Told(
        created=outcomes.count(Outcome.CREATED),
        updated=outcomes.count(Outcome.UPDATED),
        unchanged=outcomes.count(Outcome.UNCHANGED),
        duplicates=batch.duplicates,
        refused_rows=len(refused),
        rejected=tuple(sorted(rejected, key=lambda each: each.row_number)),
        remarks=tuple(
            Remark(result.row_number, notice)
            for result, each in came
            for notice in (*result.notices, *(Notice(field, "translation_differs") for field in each.differing))
            if result.row_number not in refused
        ),
        changes=tuple(_changed(result, each) for result, each in came if _is_change(each)),
    )


def _is_change(came: Upserted) -> bool:
    return came.outcome is not Outcome.REFUSED and (came.outcome is not Outcome.UNCHANGED or bool(came.changed))


def _changed(row: RowResult, came: Upserted) -> Changed:
    is_new = came.outcome is Outcome.CREATED
    return Changed(
        row_number=row.row_number,
        source_key=row.source_key,
        provider_id="" if is_new else came.provider_id,
        outcome=Outcome.CREATED if is_new else Outcome.UPDATED,
        fields=tuple(sorted(came.changed)),
    )
