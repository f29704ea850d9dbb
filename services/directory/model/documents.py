"""Documents of HSDS as the directory keeps them beside records: it looks into none of them."""

from dataclasses import dataclass
from typing import Final

from services.directory.model.bodies import Organization, Service
from services.directory.model.checks import check_text, refuse
from services.directory.model.locations import Location

TABLES: Final = ("organization", "service", "location", "service_at_location")  #: whose documents have records
MAX_LENGTH: Final = 131_072  #: of a document, in characters


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document to keep, and the record to bring up where no row of an import does."""

    table: str
    source_key: str
    hsds_id: str
    text: str
    record: Organization | Service | Location | None = None
    organization_key: str = ""  #: of a service: the key of its organization
    location_keys: tuple[str, ...] = ()  #: of the locations that it speaks of

    def __post_init__(self) -> None:
        check_text("table", self.table, 64, required=True)
        check_text("source_key", self.source_key, 256, required=True)
        check_text("json", self.text, MAX_LENGTH, required=True)
        for field in ("hsds_id", "organization_key"):
            check_text(field, getattr(self, field), 256)
        if isinstance(self.record, Location) and self.record.is_confidential:
            raise refuse("location.disclosure", "must be PUBLIC: a document tells where a site is")
