"""Serve the duty page on a port of its own, with a token that may do what duty coordinators may and nothing else."""

import asyncio
import secrets
import socket
from collections.abc import Callable
from datetime import datetime

import structlog

from services.notify.duty import ringer
from services.notify.duty.app import make_duty_app
from services.notify.duty.clients import RemoteCallees, RemoteDuty
from services.notify.duty.parts import DutyParts, DutyPush
from services.notify.outgoing import Outgoing
from services.notify.pages.serving import serve
from services.notify.settings import Settings
from services.notify.store.contacts import ContactStore
from services.notify.store.duty_pushes import DutyPushStore
from services.notify.store.duty_sessions import DutySessionStore
from services.runtime.channel import Channel, open_channel, token_file
from services.runtime.feed import FeedWaker
from services.runtime.postgres import Pool

TOKEN_BYTES = 32

log = structlog.get_logger(__name__)


async def run(
    settings: Settings,
    listener: socket.socket,
    pool: Pool,
    ways: Outgoing | None,
    now: Callable[[], datetime],
    stop: asyncio.Event,
) -> None:
    """
    Serve until a stop is requested.

    Args:
        settings: With `duty_token_file` and `duty_login_file`.

        listener: An open port.

        pool: Of notify.

        ways: How browsers are woken; None: they are not.

        now: The clock.

        stop: Set when it is time.
    """
    assert settings.duty_token_file is not None and settings.duty_login_file is not None  # noqa: S101, PT018 -- settings saw to it
    token = token_file(settings.duty_token_file)

    def channel_to(address: str) -> Channel:
        return open_channel(address, token, settings.tls_dir, allow_plaintext=settings.allow_plaintext)

    async with (
        channel_to(settings.referrals_address) as referrals,
        channel_to(settings.directory_address) as directory,
        asyncio.TaskGroup() as tasks,
    ):
        duty, bell = RemoteDuty(referrals), FeedWaker()
        tasks.create_task(ringer.follow(duty, bell, stop), name="duty bell")
        push, sessions = None, DutySessionStore(pool)
        if ways is not None and ways.waker is not None:
            pushes = DutyPushStore(pool, ways.sealer)
            push = DutyPush(pushes=pushes, rules=ways.rules, public_key=ways.waker.public_text)
            waking = ringer.Ringer(duty, sessions, pushes, ways.waker, now)
            tasks.create_task(waking.run(bell, stop), name="duty ringer")
        parts = DutyParts(
            duty=duty,
            callees=RemoteCallees(directory),
            contacts=ContactStore(pool),
            sessions=sessions,
            push=push,
            bell=bell,
            stop=stop,
            login_file=settings.duty_login_file,
            time_zone=settings.duty_time_zone,
            now=now,
            random_token=lambda: secrets.token_urlsafe(TOKEN_BYTES),
            exit_url=settings.exit_url,
            is_secure=settings.duty_is_secure,
        )
        log.info("duty.started", port=listener.getsockname()[1])
        tasks.create_task(serve(make_duty_app(parts), listener, settings.tls_dir, stop), name="duty page")
