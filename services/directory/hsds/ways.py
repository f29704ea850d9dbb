"""How documents of one file are read where the standard does not say, and what was noticed on the way."""

from dataclasses import dataclass, field

from services.directory.model import LocalizedText, Texts
from services.directory.model.imports import Fault, Notice
from services.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Ways:
    """What the caller says of a file; the standard has no place for it."""

    dataset: str = "hsds"
    language: str = "und"  #: of its texts, BCP 47
    country_code: str = ""  #: of locations without an address that names one; empty: they are refused
    time_zone: str = ""  #: IANA, of locations and dates; empty: not known, dates are of UTC
    licence: str = ""


@dataclass(slots=True)
class Remarks:
    """What was left out of a record, and what a reader should know."""

    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def left_out(self, error: InvalidInput, path: str) -> None:
        """Note the fields that are left out of a record because of a fault."""
        for each in error.fields:
            self.faults.append(Fault(f"{path}.{each.field}", each.rule))


def texts_of(remarks: Remarks, path: str, language: str, *values: object) -> Texts:
    """Read texts of one language; a blank gives none, and one that is no text of ours is left out."""
    found: list[LocalizedText] = []
    for value in values:
        if isinstance(value, str) and value:
            try:
                found.append(LocalizedText(language, value))
            except InvalidInput as error:
                remarks.left_out(error, path)
    return tuple(found)
