"""NATS loses its disk while referrals and notify run: all that anybody must still hear comes again (L3, F6)."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import monotonic
from unittest.mock import patch

import pytest
from nats.aio.msg import Msg

from ihala.receiver import Receiver
from services.errors import Unavailable
from services.notify import reconciler
from services.notify.consumer import EventConsumer
from services.referrals import relay as relay_module
from services.referrals.relay import relay
from services.runtime import jetstream
from services.runtime.embedded import nats
from services.runtime.embedded.processes import Supervisor
from tests.notify.stores import Clock as NotifyClock
from tests.notify.stores import Running, loops_of_notify, stores_at
from tests.notify.test_alerts_over_nats import a_profile
from tests.referrals.samples import Clock, a_provider, running
from tests.referrals.test_relay import connected
from tests.serving import an_identity

DESK = "house-desk"
OFFERS = 10  #: heard by notify before the loss; as many are lost on the way
BOUND_S = 90.0


@pytest.fixture(params=["soon", pytest.param("as it is set", marks=pytest.mark.long)])
def pace(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the loops that look for losses do so often, or as often as they do in a house."""
    if request.param == "soon":
        monkeypatch.setattr(reconciler, "EVERY_S", 0.3)
        monkeypatch.setattr(relay_module, "LOOK_EVERY_S", 0.3)
    return str(request.param)


async def all_heard(notify: Running, offer_ids: set[str]) -> list[str]:
    heard: list[str] = []
    async with Receiver(a_profile(notify, DESK, notify.folder / f"{DESK}.nk")) as receiver:
        async for alert in receiver:
            heard.append(alert.offer_id)
            if offer_ids <= set(heard):
                return heard
    raise AssertionError("a receiver never ends by itself")


async def test_a_lost_disk_loses_no_alert_and_doubles_none(
    migrated_url: Callable[..., Awaitable[str]], tmp_path: Path, pace: str
) -> None:
    url = await migrated_url("referrals", "notify")
    stop, is_deaf = asyncio.Event(), False
    hear, hear_all = EventConsumer.handle, EventConsumer.handle_all

    async def handle(self: EventConsumer, message: Msg) -> None:
        if is_deaf:
            raise Unavailable("notify hears nothing now")
        await hear(self, message)

    async def handle_all(self: EventConsumer, messages: Sequence[Msg]) -> None:
        if is_deaf:
            raise Unavailable("notify hears nothing now")
        await hear_all(self, messages)

    with (
        Supervisor(tmp_path / "nats_server") as supervisor,
        patch.object(EventConsumer, "handle", handle),
        patch.object(EventConsumer, "handle_all", handle_all),
    ):
        server = nats.start(supervisor)
        async with (
            asyncio.timeout(180),
            running(url, an_identity(tmp_path), Clock()) as referrals,
            stores_at(url) as stores,
            loops_of_notify(stores, server, NotifyClock(), tmp_path) as notify,
            asyncio.TaskGroup() as tasks,
        ):
            await notify.register(DESK)
            await referrals.know(a_provider())
            consent_id = await referrals.consent()
            tasks.create_task(
                relay(
                    referrals.desk.pool,
                    lambda: connected(server, "relay"),
                    stop,
                    referrals.clock,
                )
            )
            made = [(await referrals.refer(consent_id=consent_id)).offers[0].offer_id for _ in range(OFFERS)]
            await notify.until("SELECT count(*) FROM delivery WHERE state = 'sent' AND channel = 'nats'", [(OFFERS,)])
            await notify.reconciler.reconcile(notify.connection)
            is_deaf = True
            made += [(await referrals.refer(consent_id=consent_id)).offers[0].offer_id for _ in range(OFFERS)]
            async with asyncio.timeout(20):
                while await notify.count_messages("REFERRALS") < 2 * OFFERS:  # noqa: ASYNC110 -- the server's
                    await asyncio.sleep(0.02)
            tasks.create_task(notify.reconciler.run(notify.connection, stop))

            supervisor.end(server.child)
            shutil.rmtree(server.folder / "store")
            nats.start(supervisor)
            wiped_s, is_deaf = monotonic(), False
            heard = await all_heard(notify, set(made))

            took_s = monotonic() - wiped_s
            stop.set()
    assert sorted(heard) == sorted(made)
    assert took_s < BOUND_S, pace
    assert jetstream.DAY_S == 86_400  # the window in which the server would have swallowed an old id
