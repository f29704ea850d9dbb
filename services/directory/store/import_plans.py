"""What is to become of the provider of each row of an import, out of the row and what the directory knows better."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.directory.model import Outcome, Provider, Site, Source, Upserted, Vetting, VettingState
from services.directory.model.copies import altered
from services.directory.model.translations import keeping
from services.directory.store import places
from services.directory.store.import_ground import Ground
from services.directory.store.import_rows import Known, Row
from services.directory.store.providers import Change
from services.directory.store.translations import Languages
from services.directory.wire.hiding_wire import is_suspended, verified_time_of
from services.directory.wire.nouns_wire import PROVIDER
from services.runtime.postgres import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to become of the provider of one row."""

    provider_id: str
    provider: Provider
    before: Known | None

    def outcome(self) -> Upserted:
        """Say what it comes to, and which fields are different then."""
        if self.before is None:
            return Upserted(Outcome.CREATED, self.provider_id)
        doc = PROVIDER.doc(self.provider_id, self.provider)
        if doc == self.before.doc and not self.before.archived:
            return Upserted(Outcome.UNCHANGED, self.provider_id)
        changed = PROVIDER.changed_fields(self.before.doc, doc)
        names = tuple(field.removeprefix("provider.") for field in changed)
        return Upserted(
            Outcome.UPDATED, self.provider_id, changed=(*names, "archived") if self.before.archived else names
        )

    @property
    def change(self) -> Change:
        create_time = self.before.create_time if self.before else None
        return Change(provider_id=self.provider_id, provider=self.provider, create_time=create_time)

    @property
    def hides(self) -> bool:
        return self.before is not None and self.before.is_public and self.provider.is_confidential


def planned(row: Row, ground: Ground, before: Known | None, new_id: Callable[[], UUID], translated: Languages) -> Plan:
    """Put a provider together out of its row and what the directory knows better; reports come later."""
    provider_id = before.provider_id if before else str(new_id())
    location = ground.location_by_key[row.location_key]
    vetting = row.provider.vetting
    if before is not None and vetting.state is not VettingState.SUSPENDED and is_suspended(before.doc):
        vetting = Vetting(VettingState.SUSPENDED)
    # what is confidential is held to its rules with its site once more
    put_together = replace if location.is_confidential else altered
    provider = put_together(
        row.provider,
        source=_kept_source(row.provider.source, before),
        service_id=ground.services.id_by_key[row.service_key],
        location_id=ground.locations.id_by_key[row.location_key],
        receiver_id=row.provider.receiver_id or (before.receiver_id if before else ""),
        pool_id=row.provider.pool_id or (before.pool_id if before else provider_id),
        vetting=vetting,
        site=Site.of(location, ground.service_by_key[row.service_key].organization_id),
        **_kept_texts(row.provider, before, translated, is_hidden=location.is_confidential),
    )
    return Plan(provider_id=provider_id, provider=provider, before=before)


def _kept_source(told: Source | None, before: Known | None) -> Source | None:
    """A file does not make a record older than somebody has verified it here."""
    known = verified_time_of(before.doc) if before else None
    if told is None or known is None or (told.verified_time and told.verified_time >= known):
        return told
    return replace(told, verified_time=known)


def _kept_texts(told: Provider, before: Known | None, translated: Languages, *, is_hidden: bool) -> Mapping[str, Any]:
    """Keep what translations have said of a public provider."""
    fields = [field for field in ("names", "descriptions") if f"provider.{field}" in translated]
    if not fields or before is None or is_hidden or not before.is_public:
        return {}
    present = before.provider
    return {
        field: keeping(getattr(told, field), getattr(present, field), translated[f"provider.{field}"])
        for field in fields
    }


async def with_places(
    connection: Connection, plans: Sequence[Plan], *, actor: str, now: datetime
) -> tuple[list[Plan], Mapping[str, places.Reports]]:
    """Give the providers the reports of their pools, and return the pools that have news with theirs."""
    before = await places.present(connection, [plan.provider.pool_id for plan in plans])
    news: dict[str, places.Reports] = defaultdict(tuple)
    for plan in plans:
        pool_id = plan.provider.pool_id
        news[pool_id] += places.newer(plan.provider.place_reports, before[pool_id])
    news = {pool_id: reports for pool_id, reports in news.items() if reports}
    after = await places.add(connection, news, actor=actor, now=now) if news else {}
    reports = {**before, **after}
    given = [_reported(plan, reports.get(plan.provider.pool_id, ())) for plan in plans]
    return given, after


def _reported(plan: Plan, reports: places.Reports) -> Plan:
    if plan.provider.place_reports == reports:
        return plan
    return replace(plan, provider=replace(plan.provider, place_reports=reports))
