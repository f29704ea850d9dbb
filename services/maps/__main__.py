"""
The maps service: `python -m services.maps`.

`python -m services.maps code [COORDINATOR]` prints a one-time sign-in code instead.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from services.maps.settings import Settings
from services.runtime import log as logs
from services.runtime import settings as environment
from services.runtime.sign_in import issue_code
from services.runtime.stop import on_signals

CALL_TIMEOUT_S: Final = 5.0  #: a page that waits longer is loaded again by hand anyway

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until the stop is requested."""
    from services.maps.app import Door, create_app
    from services.maps.assets import assets
    from services.maps.clients import KeptPictures, RemotePictures
    from services.runtime import web
    from services.runtime.channel import Channel, open_channel, token_file
    from services.runtime.sessions import Sessions

    assets()  # a missing package stops the start, not the first page
    token = token_file(settings.token_file)
    listener = web.listen(settings.listen_address)

    def channel_to(address: str) -> Channel:
        return open_channel(
            address,
            token,
            settings.tls_dir,
            timeout_s=CALL_TIMEOUT_S,
            allow_plaintext=settings.allow_plaintext,
        )

    async with (
        channel_to(settings.directory_address) as directory,
        channel_to(settings.referrals_address) as referrals,
    ):
        sessions = Sessions(
            utc_now, timedelta(seconds=settings.session_idle_s), timedelta(seconds=settings.session_life_s)
        )
        door = Door(login_file=settings.login_file, sessions=sessions, now=utc_now, has_tls=settings.has_tls)
        app = create_app(KeptPictures(RemotePictures(directory, referrals, utc_now), utc_now), door)
        log.info("service.started", port=listener.getsockname()[1])
        await web.serve(app, listener, stop, tls_dir=settings.tls_dir, grace_s=settings.stop_grace_s)
    log.info("service.stopped")


async def _main(settings: Settings) -> None:
    with on_signals() as stop:
        await run(settings, stop)


def main(arguments: list[str]) -> None:
    """Start the service, or print a sign-in code."""
    settings = environment.load(Settings)
    if arguments[:1] == ["code"]:
        coordinator = arguments[1] if len(arguments) > 1 else "coordinator"
        print(issue_code(settings.login_file, coordinator, now=utc_now()))  # noqa: T201 -- what it was asked for
        return
    logs.configure("maps", settings.log_level)
    asyncio.run(_main(settings))


if __name__ == "__main__":
    main(sys.argv[1:])
