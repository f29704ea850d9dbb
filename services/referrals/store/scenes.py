"""Scenes: referrals locked with all that moves with them, and what a move replaced written back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from services.referrals.model import Event, Hold, Need, NextKind, Offer, Place, PlaceKey, Referral, Task
from services.referrals.scene import House, Scene
from services.referrals.scene.waiting import keep_awake
from services.referrals.store import events, exclusions, handovers, places, rosters
from services.referrals.store.rows import HOLD, NEED, OFFER, REFERRAL, TASK, Table
from services.referrals.store.together import Together
from services.runtime import failpoints
from services.runtime.postgres import Connection

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class Locked:
    """Scenes of one transaction, and what stood in the database before."""

    scenes: list[Scene]
    _referrals: dict[str, Referral]
    _needs: dict[tuple[str, int], Need]
    _offers: dict[str, Offer]
    _holds: dict[str, Hold]
    _tasks: dict[str, Task]
    _places: dict[PlaceKey, Place]

    @classmethod
    def fresh(cls, scenes: Sequence[Scene], known_places: dict[PlaceKey, Place]) -> "Locked":
        """Take scenes that were made now, on the same places, as these stood when they were locked."""
        return cls(list(scenes), {}, {}, {}, {}, {}, known_places)

    @property
    def scene(self) -> Scene:
        """The only scene."""
        (scene,) = self.scenes
        return scene

    async def save(self, connection: Connection, now: datetime, besides: Together | None = None) -> None:
        """
        Write what was replaced, the events last of all; no referral is left asleep (R62).

        Args:
            connection: In the transaction.

            now: The time.

            besides: What else is written with it.
        """
        for scene in self.scenes:
            keep_awake(scene, now)
        changed = [scene for scene in self.scenes if scene.events or self._differs(scene)]
        for scene in changed:
            scene.referral = replace(scene.referral, version=scene.referral.version + 1)
        together = besides or Together()
        await self._collect(together, connection, changed, now)
        await together.write(connection)
        failpoints.reach("M3")
        noted: dict[str, list[Event]] = {}
        for scene in changed:
            noted.setdefault(scene.referral.client_id, []).extend(scene.events)
        offers = {offer_id: offer for scene in changed for offer_id, offer in scene.offers.items()}
        await events.append(connection, noted, offers)

    async def _collect(
        self, together: Together, connection: Connection, changed: Sequence[Scene], now: datetime
    ) -> None:
        tasks: list[Task] = []
        for scene in changed:
            await exclusions.add(connection, scene.referral, scene.excluded, now)
            tasks += await rosters.assign(connection, scene.house, _new(scene.tasks, self._tasks), now)
        offers = [offer for scene in changed for offer in _new(scene.offers, self._offers)]
        self._put(together, REFERRAL, [scene.referral for scene in changed])
        needs = [need for scene in changed for need in _new(_by_key(scene), self._needs)]
        connection.word += [need for need in needs if need.next_kind is NextKind.REMATCH]  # for who looks for the next
        self._put(together, NEED, needs)
        self._put(together, OFFER, offers)
        self._put(together, HOLD, [hold for scene in changed for hold in _new(scene.holds, self._holds)])
        self._put(together, TASK, tasks)
        if changed:
            places.save(together, _new(dict(sorted(changed[0].places.items())), self._places))
        handovers.forget(together, [offer for offer in offers if offer.offer_id in self._offers])

    def _put(self, together: Together, table: Table[Value], values: Sequence[Value]) -> None:
        if values:
            statement = table.putting if self._referrals else table.inserting
            together.add(statement, **{table.name: table.document(values)})

    def _differs(self, scene: Scene) -> bool:
        return bool(
            _new(_by_key(scene), self._needs)
            or _new(scene.offers, self._offers)
            or _new(scene.holds, self._holds)
            or _new(scene.tasks, self._tasks)
            or scene.referral is not self._referrals.get(scene.referral.referral_id)
        )


async def lock(
    connection: Connection,
    house: House,
    referral_ids: Collection[str],
    *,
    more_places: Collection[PlaceKey] = (),
    skip_busy: bool = False,
) -> Locked:
    """
    Lock referrals: all their needs, then offers by id, then places by key, then tasks.

    Args:
        connection: In a transaction that has locked nothing of the kind yet.

        house: For the moves to come.

        referral_ids: Which; unknown ones are left out.

        more_places: To lock besides those of the offers.

        skip_busy: Leave out referrals that another transaction has locked, instead of waiting.
    """
    wanted = {"referral_ids": sorted(referral_ids)}
    skip = "SKIP LOCKED" if skip_busy else ""
    needs = await NEED.select(
        connection,
        f"WHERE referral_id = ANY(%(referral_ids)s) ORDER BY referral_id, need_no FOR UPDATE {skip}",
        wanted,
    )
    locked = {"referral_ids": sorted({need.referral_id for need in needs})}
    offers = await OFFER.select(
        connection, "WHERE referral_id = ANY(%(referral_ids)s) ORDER BY offer_id FOR UPDATE", locked
    )
    held = {
        hold.offer_id: hold
        for hold in await HOLD.select(
            connection,
            "WHERE offer_id = ANY(%(offer_ids)s)",
            {"offer_ids": [offer.offer_id for offer in offers]},
        )
    }
    keys = {PlaceKey(offer.pool_id, item.population) for offer in offers for item in offer.items}
    known = await places.lock(connection, sorted(keys | set(more_places)))
    tasks = await TASK.select(
        connection,
        "WHERE referral_id = ANY(%(referral_ids)s) AND state <> 'closed' ORDER BY task_id FOR UPDATE",
        locked,
    )
    referrals = await REFERRAL.select(
        connection, "WHERE referral_id = ANY(%(referral_ids)s) ORDER BY referral_id", locked
    )
    shared = dict(known)
    return Locked(
        [_scene(house, each, needs, offers, held, shared, tasks) for each in referrals],
        {each.referral_id: each for each in referrals},
        {(need.referral_id, need.need_no): need for need in needs},
        {offer.offer_id: offer for offer in offers},
        held,
        {task.task_id: task for task in tasks},
        known,
    )


def _scene(
    house: House,
    referral: Referral,
    needs: Sequence[Need],
    offers: Sequence[Offer],
    held: dict[str, Hold],
    shared: dict[PlaceKey, Place],
    tasks: Sequence[Task],
) -> Scene:
    own = [offer for offer in offers if offer.referral_id == referral.referral_id]
    return Scene(
        house,
        referral,
        needs={need.need_no: need for need in needs if need.referral_id == referral.referral_id},
        offers={offer.offer_id: offer for offer in own},
        holds={offer.offer_id: held[offer.offer_id] for offer in own if offer.offer_id in held},
        places=shared,
        tasks={task.task_id: task for task in tasks if task.referral_id == referral.referral_id},
    )


def _by_key(scene: Scene) -> dict[tuple[str, int], Need]:
    return {(need.referral_id, need.need_no): need for need in scene.needs.values()}


def _new(values: dict[Key, Value], before: dict[Key, Value]) -> list[Value]:
    return [value for key, value in values.items() if before.get(key) is not value]
