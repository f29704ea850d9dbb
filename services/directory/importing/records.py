"""Say what came of one row of a file: a record of the directory, or why not, and what is remarked."""

from dataclasses import dataclass

from services.directory.model import ImportRecord


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that broke a rule."""

    field: str  #: a field of the record, or a place in the mapping that reads it
    rule: str  #: for example "must be in [-90, 90]"; never the value


@dataclass(frozen=True, slots=True)
class Notice:
    """A remark about a row that is imported."""

    field: str
    code: str  #: for example `expired`, `point_refused`, `unmapped`


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What came of one row."""

    row_number: int  #: counted from 1, over all files of the import, without header lines
    source_key: str = ""  #: empty if the row has none
    record: ImportRecord | None = None  #: None if the row is refused
    faults: tuple[Fault, ...] = ()  #: with a record: fields left out of it; without: why it was refused
    notices: tuple[Notice, ...] = ()
    repeated: bool = False  #: a later row of this key is kept instead
