"""Rows to values and back, where columns are named like fields."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, LiteralString, TypeVar

from services.referrals.model import (
    Cause,
    DueKind,
    EventType,
    HoldState,
    Need,
    NextKind,
    Offer,
    OfferState,
    Place,
    PlaceItem,
    Referral,
    ReferralState,
    Task,
    TaskKind,
    TaskState,
    Via,
)
from services.referrals.model import Event as EventValue
from services.referrals.model import Hold as HoldValue
from services.runtime.postgres import Connection
from services.taxonomy import Urgency

Value = TypeVar("Value")


def items_of(stored: Iterable[Sequence[Any]]) -> tuple[PlaceItem, ...]:
    """Read `[[population, count], ...]`."""
    return tuple(PlaceItem(population, count) for population, count in stored)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, PlaceItem):
        return [value.population, value.count]
    raise TypeError(f"{type(value).__name__} has no column")


@dataclass(frozen=True)
class Table(Generic[Value]):
    """
    A table whose columns are the fields of a value.

    Args:
        name: Of the table.

        kind: Of the values.

        key: Columns of the primary key.

        readers: How a column is read, where it is not as it stands.
    """

    name: str
    kind: type[Value]
    key: tuple[str, ...]
    readers: Mapping[str, Callable[[Any], Any]]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns, as the fields stand."""
        return tuple(each.name for each in fields(self.kind))  # type: ignore[arg-type]

    @cached_property
    def listed(self) -> LiteralString:
        """The columns, for a statement: names of our code, and never a caller's."""
        return ", ".join(self.columns)

    @cached_property
    def rows(self) -> LiteralString:
        """The rows of a document as a table, for FROM; the document is the parameter that the table gives its name."""
        return f"jsonb_populate_recordset(NULL::{self.name}, %({self.name})s::jsonb)"

    @cached_property
    def inserting(self) -> LiteralString:
        """The statement that inserts the rows of a document."""
        return f"INSERT INTO {self.name} ({self.listed}) SELECT {self.listed} FROM {self.rows}"  # noqa: S608

    @cached_property
    def putting(self) -> LiteralString:
        """The statement that inserts the rows of a document, or replaces those of the same key."""
        changed = ", ".join(f"{name} = excluded.{name}" for name in self.columns if name not in self.key)
        return f"{self.inserting} ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {changed}"

    def value(self, row: Sequence[Any]) -> Value:
        """Make the value of a row, whose columns stand as the fields do."""
        found = dict(zip(self.columns, row, strict=True))
        for name, read in self.readers.items():
            if found[name] is not None:
                found[name] = read(found[name])
        return self.kind(**found)

    def document(self, values: Iterable[Value]) -> str:
        """Write values as a JSON document of rows; codes and ids, as the table has them."""
        rows = [{name: getattr(value, name) for name in self.columns} for value in values]
        return json.dumps(rows, default=_plain)

    async def select(self, connection: Connection, rest: LiteralString, parameters: Mapping[str, Any]) -> list[Value]:
        """Read the rows that the rest of a statement, after FROM, names."""
        cursor = await connection.execute(f"SELECT {self.listed} FROM {self.name} {rest}", parameters)  # noqa: S608
        return [self.value(row) for row in await cursor.fetchall()]

    async def put(self, connection: Connection, values: Sequence[Value]) -> None:
        """Insert values, or replace those of the same key."""
        if values:
            await connection.execute(self.putting, {self.name: self.document(values)})


REFERRAL = Table("referral", Referral, ("referral_id",), {"state": ReferralState})
NEED = Table("need", Need, ("referral_id", "need_no"), {"urgency": Urgency, "next_kind": NextKind, "items": items_of})
OFFER = Table(
    "offer",
    Offer,
    ("offer_id",),
    {
        "state": OfferState,
        "urgency": Urgency,
        "due_kind": DueKind,
        "items": items_of,
        "needed_fields": tuple,
        "conditions": tuple,
    },
)
HOLD = Table("hold", HoldValue, ("offer_id",), {"state": HoldState, "items": items_of})
PLACE = Table("place", Place, ("pool_id", "population"), {})
TASK = Table(
    "task",
    Task,
    ("task_id",),
    {"kind": TaskKind, "cause": Cause, "state": TaskState, "urgency": Urgency},
)
EVENT = Table(
    "event",
    EventValue,
    ("client_id", "revision"),
    {"event_id": str, "type": EventType, "state": OfferState, "due_kind": DueKind, "via": Via},
)
