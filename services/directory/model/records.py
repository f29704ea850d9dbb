"""How records are kept, and what an import brings: values around the domain's own."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.directory.model.bodies import Organization, Service
from services.directory.model.locations import Location
from services.directory.model.providers import Provider
from services.errors import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """
    A record as the database has it.

    `doc` is its message on the wire without what the server sets at every
    change, so that reading and streaming need no decoding.
    """

    record_id: str
    revision: int  #: of a provider, its position in the change feed
    archived: bool = False
    doc: bytes
    create_time: datetime | None = None  #: of a provider only
    update_time: datetime | None = None  #: of a provider only
    told_revision: int | None = None  #: of what is told of a provider, if later ones only brought it into the feed
    receiver_heard_time: datetime | None = None  #: of a provider only: when its desk was last heard
    service_doc: bytes | None = None  #: in the feed, of a provider without areas of its own: what its service says

    def is_of(self, revision: int) -> bool:
        """Say whether who has read a revision has read what is told now."""
        return (self.told_revision or self.revision) <= revision <= self.revision


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a search has found."""

    stored: Stored
    rank: int  #: what rows are ordered by, before their ids; the less the better
    cost_mm: int | None  #: from where the search started; None: there is no start or no position


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads: confidential records are seen by editors, services and their own desk alone."""

    sees_all: bool
    receiver_ids: tuple[str, ...] = ()  #: the desks that the caller acts as


class Outcome(StrEnum):
    """What became of a row of an import."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"
    ARCHIVED = "ARCHIVED"  #: of a record that the file no longer has


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecord:
    """
    One row of an import: a provider and what it rests on, without ids.

    The parts are known by `source.source_key` of their own where they have one;
    else the organization by its first name, the service and the location by the
    row's key. The provider is always known by the row's key.
    """

    source_key: str
    organization: Organization
    service: Service
    location: Location
    provider: Provider


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of one row; `fault` says why it was refused."""

    outcome: Outcome
    provider_id: str = ""  #: empty if refused
    fault: Violation | None = None
    changed: tuple[str, ...] = ()  #: the fields of the record and of what it rests on that are different now
    differing: tuple[str, ...] = ()  #: facts that a translation says otherwise
