"""Rows to values and back, where columns are named like fields."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, LiteralString, TypeVar

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

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


def _stored(value: Any) -> Any:
    if isinstance(value, tuple) and all(isinstance(each, PlaceItem) for each in value):
        return Jsonb([[item.population, item.count] for item in value])
    return str(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Table(Generic[Value]):
    """
    A table whose columns are the fields of a value.

    Args:
        name: Of the table.

        kind: Of the values.

        key: Columns of the primary key.

        readers: How a column is read, where it is not as it stands.

        plain_tuples: Columns that are arrays of text.
    """

    name: str
    kind: type[Value]
    key: tuple[str, ...]
    readers: Mapping[str, Callable[[Any], Any]]
    plain_tuples: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[str]:
        """The columns, as the fields stand."""
        return [each.name for each in fields(self.kind)]  # type: ignore[arg-type]

    def value(self, row: Mapping[str, Any]) -> Value:
        """Make the value of a row; other columns are left out."""
        read = self.readers
        return self.kind(
            **{
                name: read[name](row[name]) if name in read and row[name] is not None else row[name]
                for name in self.columns
            }
        )

    def parameters(self, value: Value) -> dict[str, Any]:
        """Make the parameters of a value."""
        stored = {name: getattr(value, name) for name in self.columns}
        return {name: list(each) if name in self.plain_tuples else _stored(each) for name, each in stored.items()}

    async def select(self, connection: Connection, rest: LiteralString, parameters: Mapping[str, Any]) -> list[Value]:
        """Read the rows that the rest of a statement, after FROM, names."""
        async with connection.cursor(row_factory=dict_row) as cursor:
            columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
            statement = sql.SQL("SELECT {} FROM {} ").format(columns, sql.Identifier(self.name)) + sql.SQL(rest)
            await cursor.execute(statement, parameters)
            return [self.value(row) for row in await cursor.fetchall()]

    async def put(self, connection: Connection, values: Iterable[Value]) -> None:
        """Insert values, or replace those of the same key."""
        rows = [self.parameters(value) for value in values]
        if not rows:
            return
        columns = [sql.Identifier(name) for name in self.columns]
        changed = [sql.Identifier(name) for name in self.columns if name not in self.key]
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {}").format(
            sql.Identifier(self.name),
            sql.SQL(", ").join(columns),
            sql.SQL(", ").join(sql.Placeholder(name) for name in self.columns),
            sql.SQL(", ").join(sql.Identifier(name) for name in self.key),
            sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(name) for name in changed),
        )
        async with connection.cursor() as cursor:
            await cursor.executemany(statement, rows)


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
    frozenset({"needed_fields", "conditions"}),
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
