"""The keys that an import has met: which rows are to be imported, and which repeat or refuse."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from services.directory.model import ImportRecord
from services.directory.model.imports import Fault, OnDuplicate, Rejected, RowResult
from services.directory.wire.import_rows_wire import rejected_of


@dataclass(slots=True)
class Sorted:
    """A batch, sorted out."""

    rows: list[tuple[RowResult, ImportRecord]]  #: to import, each key once
    rejected: list[Rejected]
    duplicates: int  #: rows that repeat another


@dataclass(slots=True)
class MetKeys:
    """What is remembered of the rows so far, those of earlier calls of the same run too."""

    imported: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)  #: a later row of such a key may still be imported

    @property
    def met(self) -> AbstractSet[str]:
        """Every key that the files have."""
        return self.imported | self.refused

    def sort_out(self, batch: Sequence[RowResult], on_duplicate: OnDuplicate) -> Sorted:
        """Tell rows to import from refused ones and repeats, and remember their keys."""
        rows: dict[str, tuple[RowResult, ImportRecord]] = {}
        rejected: list[Rejected] = []
        duplicates = 0
        for result in batch:
            repeats = result.source_key in self.imported
            if result.repeated:
                duplicates += 1
            elif result.record is None:
                rejected += rejected_of(result)
                self.refused.add(result.source_key)
            elif repeats and on_duplicate is OnDuplicate.REJECT:
                fault = Fault("key", "must not be that of an earlier row")
                rejected.append(Rejected(result.row_number, fault, result.source_key))
            elif repeats and on_duplicate is OnDuplicate.FIRST:
                duplicates += 1
            else:
                duplicates += repeats
                rows[result.source_key] = (result, result.record)  # of a batch's repeats the last counts
                rejected += rejected_of(result)
                self.imported.add(result.source_key)
        return Sorted(list(rows.values()), rejected, duplicates)
