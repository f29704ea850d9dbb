"""What an import is made of: its header, what came of each row of the file, and how far it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.directory.model.checks import check_dataset, refuse
from services.directory.model.records import ImportRecord, Outcome

#: texts that a translation may bring
TRANSLATED: Final = (
    "organization.names",
    "organization.descriptions",
    "service.names",
    "service.descriptions",
    "location.names",
    "location.addresses",
    "provider.names",
    "provider.descriptions",
)
#: facts that it may be held against
COMPARED: Final = (
    "location.country_code",
    "location.place",
    "location.wheelchair",
    "provider.claims",
    "provider.contacts",
    "provider.languages",
    "provider.reach_out",
    "provider.rules",
    "provider.schedules",
    "provider.staff_genders",
    "provider.status",
    "provider.valid",
)
DIGEST_LENGTH = 64  #: of SHA-256 in hexadecimal


class OnDuplicate(StrEnum):
    """What to do with a second row of one key in the same import."""

    FIRST = "FIRST"  #: keep the first, count the rest
    LAST = "LAST"  #: keep the last
    REJECT = "REJECT"  #: report every later row as refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportHeader:
    """What is imported, and how."""

    dataset: str
    digest: str  #: of the files and the mapping: the same digest goes on where it stopped
    on_duplicate: OnDuplicate
    dry_run: bool = False  #: report what would change, and change nothing
    complete: bool = False  #: archive what the files no longer have
    allow_large_archive: bool = False  #: even if that is more than 20 % of the dataset
    #: texts that the rows add to records of the dataset in other languages, and nothing else; empty: no translation
    translated: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()  #: facts in which a translation and the record must not differ unremarked

    def __post_init__(self) -> None:
        check_dataset("header.dataset", self.dataset)
        for field, names, known in (
            ("translated_texts", self.translated, TRANSLATED),
            ("compared_facts", self.compared, COMPARED),
        ):
            for index, name in enumerate(names):
                if name not in known:
                    raise refuse(f"header.{field}[{index}]", f"must be one of {', '.join(known)}")
        if self.compared and not self.translated:
            raise refuse("header.compared_facts", "must be empty but in a translation")
        if self.complete and self.translated:
            raise refuse("header.complete", "must not be true in a translation")
        if len(self.digest) != DIGEST_LENGTH or not set(self.digest) <= set("0123456789abcdef"):
            raise refuse("header.digest", "must be SHA-256 in lower-case hexadecimal")


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
    """What the reader made of one row."""

    row_number: int  #: counted from 1, over all files of the import, without header lines
    source_key: str = ""  #: empty if the row has none
    record: ImportRecord | None = None  #: None if the row is refused, or passed over
    faults: tuple[Fault, ...] = ()  #: with a record: fields left out of it; without: why it was refused
    notices: tuple[Notice, ...] = ()
    repeated: bool = False  #: passed over, because a later row of this key is kept


@dataclass(frozen=True, slots=True)
class Rejected:
    """A fault of a row, as it is reported."""

    row_number: int
    fault: Fault
    source_key: str = ""
    record_kept: bool = False  #: the record was imported without this field


@dataclass(frozen=True, slots=True)
class Remark:
    """A notice about a row, as it is reported."""

    row_number: int
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a dry run would do to one record."""

    row_number: int  #: 0: the file no longer has it
    source_key: str
    provider_id: str  #: empty if it would be created
    outcome: Outcome  #: CREATED, UPDATED or ARCHIVED
    fields: tuple[str, ...] = ()  #: of an update, ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows an import has met, and what became of them."""

    read: int = 0  #: all of them, repeats and refused ones among them
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    archived: int = 0
    duplicates: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import is, as it is told after every commit."""

    run_id: str
    resume_after_row: int = 0  #: told once, at the beginning
    counts: Counts
    rejected: tuple[Rejected, ...] = ()  #: since the last telling
    remarks: tuple[Remark, ...] = ()  #: the same
    changes: tuple[Changed, ...] = ()  #: the same, of a dry run
    done: bool = False
