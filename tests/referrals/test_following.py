"""The directory's feed applied: newer wins, honest reports are accepted, a rebuilt directory replaces the old."""

from datetime import timedelta
from typing import Any

from services.referrals.clients import ProviderPage
from services.referrals.follower import Follower
from services.referrals.model import Provider, Status
from services.referrals.store import providers
from tests.referrals.samples import NOON, NoDirectory, Running, a_provider, a_report, order


def a_follower(referrals: Running, caught_up: list[bool] | None = None) -> Follower:
    return Follower(
        referrals.desk.pool,
        referrals.desk.house,
        NoDirectory(),
        referrals.desk.waker,
        now=referrals.clock,
        on_caught_up=lambda: None if caught_up is None else caught_up.append(True),
    )


def a_page(*known: Provider, epoch: str = "one", archived: Any = (), caught_up: bool = False) -> ProviderPage:
    revision = max([each.revision for each in known] + [revision for _id, revision in archived] + [1])
    return ProviderPage(epoch, revision, caught_up, known, tuple(archived))


async def statuses(referrals: Running) -> dict[str, tuple[str, bool]]:
    rows = await referrals.rows("SELECT provider_id, status, is_archived FROM provider")
    return {row[0]: (row[1], row[2]) for row in rows}


async def the_place(referrals: Running) -> tuple[Any, ...]:
    (row,) = await referrals.rows("SELECT total, occupied, held, booked FROM place")
    return row


async def test_an_older_record_changes_nothing(referrals: Running) -> None:
    follower = a_follower(referrals)
    await follower.apply(a_page(a_provider(revision=7, status=Status.PAUSED)))
    await follower.apply(a_page(a_provider(revision=6)))
    await follower.apply(a_page(archived=[("house", 5)]))

    assert await statuses(referrals) == {"house": ("paused", False)}


async def test_an_archived_provider_may_come_back(referrals: Running) -> None:
    follower = a_follower(referrals)
    await follower.apply(a_page(a_provider(revision=1)))
    await follower.apply(a_page(archived=[("house", 2)]))
    assert await statuses(referrals) == {"house": ("active", True)}

    await follower.apply(a_page(a_provider(revision=3)))

    assert await statuses(referrals) == {"house": ("active", False)}


async def test_a_rebuilt_directory_replaces_the_old_one_once_it_is_whole(referrals: Running) -> None:
    caught_up: list[bool] = []
    follower = a_follower(referrals, caught_up)
    await follower.apply(a_page(a_provider("one", revision=900), a_provider("two", revision=901)))

    await follower.apply(a_page(a_provider("one", revision=1, status=Status.CLOSED), epoch="two"))
    assert await statuses(referrals) == {"one": ("closed", False), "two": ("active", False)}
    await follower.apply(a_page(epoch="two", caught_up=True))

    assert await statuses(referrals) == {"one": ("closed", False), "two": ("active", True)}
    assert caught_up == [True]
    async with referrals.desk.read() as connection:
        assert (await providers.cursor_of(connection, "providers"))[0] == "two"


async def test_an_older_report_changes_nothing_and_a_later_record_of_one_time_corrects(referrals: Running) -> None:
    follower = a_follower(referrals)
    await follower.apply(a_page(a_provider(revision=5, places=(a_report(4, 1),))))
    await follower.apply(a_page(a_provider(revision=6, places=(a_report(9, time=NOON - timedelta(hours=1)),))))
    assert await the_place(referrals) == (4, 1, 0, 0)

    await follower.apply(a_page(a_provider(revision=7, places=(a_report(3, 2),))))

    assert await the_place(referrals) == (3, 2, 0, 0)


async def test_a_report_has_those_who_had_arrived_and_not_those_on_the_way(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(5, 0, time=referrals.clock()),)))
    there, coming = await referrals.refer(), await referrals.refer()
    for made in (there, coming):
        await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
    referrals.clock.move(minutes=10)
    await referrals.receiver().ArriveOffer(order("Arrive", there.offers[0]))
    assert await the_place(referrals) == (5, 0, 0, 2)

    referrals.clock.move(minutes=10)
    await referrals.know(a_provider(places=(a_report(5, 1, time=referrals.clock()),)))
    assert await the_place(referrals) == (5, 1, 0, 1)

    await referrals.receiver().CompleteOffer(order("Complete", there.offers[0], outcome="provided_here"))
    assert await the_place(referrals) == (5, 1, 0, 1)


async def test_an_honest_lower_report_is_accepted_told_and_made_a_task(referrals: Running) -> None:
    await referrals.know(a_provider(places=(a_report(2),)))
    made = await referrals.refer()

    await referrals.know(a_provider(places=(a_report(0, time=NOON + timedelta(hours=1)),)))

    assert await the_place(referrals) == (0, 0, 1, 0)
    assert await referrals.rows("SELECT offer_id FROM event WHERE type = 'hold_overcommitted'") == [
        (made.offers[0].offer_id,)
    ]
    assert await referrals.rows("SELECT kind, provider_id FROM task") == [("overcommitted", "house")]
    await referrals.know(a_provider(places=(a_report(0, time=NOON + timedelta(hours=2)),)))
    assert await referrals.rows("SELECT count(*) FROM task") == [(1,)]


async def test_those_accepted_while_nobody_counted_are_booked_once_somebody_does(referrals: Running) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    await referrals.receiver().AcceptOffer(order("Accept", made.offers[0]))
    assert await referrals.rows("SELECT 1 FROM hold") == []

    await referrals.know(a_provider(places=(a_report(4, 3),)))

    assert await the_place(referrals) == (4, 3, 0, 1)
    await referrals.sender().CancelOffer(order("Cancel", made.offers[0], reason="moved"))
    assert (await the_place(referrals))[3] == 0
