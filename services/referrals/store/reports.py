"""Reports of places applied to what is claimed of them; an honest lower report is accepted."""

from collections.abc import Sequence
from dataclasses import replace

from services.referrals import holds
from services.referrals.clocks import WELFARE_CHECK
from services.referrals.model import (
    Act,
    Cause,
    Event,
    EventType,
    Hold,
    HoldState,
    Offer,
    Place,
    PlaceKey,
    Provider,
    ReportedPlace,
    Task,
    TaskKind,
)
from services.referrals.scene import House
from services.referrals.store import events, places, rosters
from services.referrals.store.rows import HOLD, OFFER, PLACE, REFERRAL, TASK
from services.runtime.postgres import Connection
from services.taxonomy import Urgency


async def news(connection: Connection, providers: Sequence[Provider]) -> list[Provider]:
    """List those whose reports are newer than what is known, without locking anything."""
    known = {
        place.key: place
        for place in await PLACE.select(
            connection,
            "WHERE pool_id = ANY(%(pool_ids)s)",
            {"pool_ids": [provider.pool_id for provider in providers if provider.places]},
        )
    }
    return [
        provider
        for provider in providers
        if any(
            holds.is_news(_known(known, provider, reported), reported, provider.revision)
            for reported in provider.places
        )
    ]


async def apply(connection: Connection, house: House, provider: Provider, act: Act) -> None:
    """
    Apply the reports of one provider's record, if they are news.

    What is promised beyond a lower report is told to the senders and made a task.
    """
    keys = sorted(PlaceKey(provider.pool_id, reported.population) for reported in provider.places)
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO place (pool_id, population, total, occupied, report_revision, held, booked)
            VALUES (%s, %s, NULL, 0, 0, 0, 0) ON CONFLICT DO NOTHING
            """,
            keys,
        )
    known = await places.lock(connection, keys)
    claims = await _claims(connection, provider.pool_id)
    noted: dict[str, list[Event]] = {}
    for reported in sorted(provider.places, key=lambda each: each.population):
        before = _known(known, provider, reported)
        if not holds.is_news(before, reported, provider.revision):
            continue
        claims = await _claim_uncounted(connection, before, reported, claims)
        booked = sum(_booked(offer, hold, reported) for offer, hold in claims if hold is not None)
        after = holds.report(before, reported, provider.revision, booked)
        await PLACE.put(connection, [after])
        if after.is_overcommitted and not before.is_overcommitted:
            await _open_task(connection, house, provider, act)
            await _note(connection, house, reported, claims, act, noted)
    await events.append(connection, noted)


def _known(known: dict[PlaceKey, Place], provider: Provider, reported: ReportedPlace) -> Place:
    key = PlaceKey(provider.pool_id, reported.population)
    return known.get(key) or Place(pool_id=key.pool_id, population=key.population)


async def _claims(connection: Connection, pool_id: str) -> list[tuple[Offer, Hold | None]]:
    held = {
        hold.offer_id: hold
        for hold in await HOLD.select(
            connection, "WHERE pool_id = %(pool_id)s AND state IN ('held', 'booked')", {"pool_id": pool_id}
        )
    }
    offers = await OFFER.select(
        connection,
        """
        WHERE offer_id = ANY(%(offer_ids)s)
           OR (pool_id = %(pool_id)s AND state IN ('accepted', 'in_transit', 'in_progress'))
        """,
        {"offer_ids": list(held), "pool_id": pool_id},
    )
    return [(offer, held.get(offer.offer_id)) for offer in offers]


async def _claim_uncounted(
    connection: Connection, before: Place, reported: ReportedPlace, claims: list[tuple[Offer, Hold | None]]
) -> list[tuple[Offer, Hold | None]]:
    """Book for those who were accepted while nobody counted, now that somebody does."""
    if before.total is not None or reported.total is None:
        return claims
    counted = []
    for offer, hold in claims:
        items = tuple(item for item in offer.items if item.population == reported.population)
        has_claim = hold is not None and any(item.population == reported.population for item in hold.items)
        if items and not has_claim and (hold is None or hold.state is HoldState.BOOKED):
            earlier = () if hold is None else hold.items
            hold = Hold(  # noqa: PLW2901 -- the claim as it is from here on
                offer_id=offer.offer_id,
                pool_id=offer.pool_id,
                items=earlier + items,
                state=HoldState.BOOKED,
                expire_time=offer.create_time if hold is None else hold.expire_time,
            )
            await HOLD.put(connection, [hold])
        counted.append((offer, hold))
    return counted


def _booked(offer: Offer, hold: Hold, reported: ReportedPlace) -> int:
    arrived = offer.arrive_time is not None and offer.arrive_time <= reported.report_time
    if hold.state is not HoldState.BOOKED or arrived:
        return 0
    return sum(item.count for item in hold.items if item.population == reported.population)


async def _open_task(connection: Connection, house: House, provider: Provider, act: Act) -> None:
    task = Task(
        task_id=house.new_id(),
        kind=TaskKind.OVERCOMMITTED,
        cause=Cause.OVERCOMMITTED,
        provider_id=provider.provider_id,
        urgency=Urgency.EMERGENCY,
        due_time=act.now + WELFARE_CHECK,
        owner=house.duty_roster,
        create_time=act.now,
    )
    await TASK.put(connection, await rosters.assign(connection, house, [task], act.now))


async def _note(
    connection: Connection,
    house: House,
    reported: ReportedPlace,
    claims: Sequence[tuple[Offer, Hold | None]],
    act: Act,
    noted: dict[str, list[Event]],
) -> None:
    """Tell the senders of those who have not arrived yet."""
    waiting = [
        offer
        for offer, hold in claims
        if hold is not None
        and offer.arrive_time is None
        and any(item.population == reported.population for item in hold.items)
    ]
    senders = {
        referral.referral_id: referral.client_id
        for referral in await REFERRAL.select(
            connection,
            "WHERE referral_id = ANY(%(referral_ids)s)",
            {"referral_ids": [offer.referral_id for offer in waiting]},
        )
    }
    template = Event(
        event_id="",
        referral_id="",
        type=EventType.HOLD_OVERCOMMITTED,
        occurred_time=reported.report_time,
        recorded_time=act.now,
        actor=act.actor,
    )
    for offer in waiting:
        noted.setdefault(senders[offer.referral_id], []).append(
            replace(
                template,
                event_id=house.new_id(),
                referral_id=offer.referral_id,
                offer_id=offer.offer_id,
                offer_version=offer.version,
                state=offer.state,
                due_time=offer.due_time,
                due_kind=offer.due_kind,
            )
        )
