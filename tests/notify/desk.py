"""An answer page that runs, with a desk behind it and a browser's hands in front."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
from starlette.applications import Starlette

from ihala.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from ihala.referrals.v1.referrals_service_pb2_grpc import add_ReferralsServiceServicer_to_server
from services.notify.channels.egress_rules import EgressRules
from services.notify.channels.push import vapid_key
from services.notify.clients import RemoteDirectory, RemoteReferrals
from services.notify.pages.app import make_app
from services.notify.pages.parts import Parts, Push
from services.notify.pages.serving import listen, serve
from services.notify.secrecy import code_digest
from services.notify.store.addresses import AddressSealer
from services.notify.store.outages import OutageStore
from services.notify.store.subscriptions import SubscriptionStore
from services.runtime.auth import Role
from services.runtime.postgres import Process
from tests.notify.fakes import HOUSE, FakeDirectory, FakeReferrals
from tests.notify.stores import Clock, Stores, a_request, an_event
from tests.serving import an_identity, serving

CODE = "12345678"
PIN = "4711"
EXIT_URL = "http://127.0.0.1:9/weather"


@dataclass(kw_only=True)
class Page:
    """The page at an address, and what stands behind it."""

    url: str
    clock: Clock
    stores: Stores
    referrals: FakeReferrals
    directory: FakeDirectory
    server: "Server"

    async def make_code(self, code: str = CODE, receiver_id: str = HOUSE) -> str:
        """Make an enrolment code known beforehand."""
        await self.stores.devices.create_code(
            a_request(f"code-{next(_NUMBERS)}"),
            Process(client_id="coordinator-1"),
            receiver_id,
            code_digest(code),
            "Africa/Tripoli",
            self.clock(),
        )
        return code

    async def ring(self, offer_id: str = "offer-1", receiver_id: str = HOUSE) -> None:
        """Let an offer be made, and the desk be rung for it."""
        self.referrals.offer(offer_id, receiver_id=receiver_id)
        await self.stores.alerts.hear(an_event(offer_id, receiver_id=receiver_id), self.clock())

    @asynccontextmanager
    async def browser(self, language: str = "en") -> AsyncIterator["Browser"]:
        """Open a browser without JavaScript."""
        async with httpx.AsyncClient(
            base_url=self.url, headers={"accept-language": language}, follow_redirects=False
        ) as client:
            yield Browser(client)

    @asynccontextmanager
    async def enrolled(self, language: str = "en") -> AsyncIterator["Browser"]:
        """Open a browser whose device is enrolled."""
        await self.make_code()
        async with self.browser(language) as browser:
            await browser.post("/enrol", code=CODE, pin=PIN, pin_again=PIN)
            yield browser

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Browser"]:
        """Open a browser whose device is enrolled, and was rung for the offer `offer-1` that it shows."""
        async with self.enrolled() as browser:
            await self.ring()
            await browser.unlock()
            await browser.get("/item/offer-1")
            yield browser


_NUMBERS = count()


class Browser:
    """What a person does in a browser without JavaScript: follows links, presses buttons."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.text = ""
        self.status = 0
        self.path = ""
        self.seen: list[tuple[str, str]] = []  #: every screen, by path

    async def get(self, path: str) -> str:
        return await self._follow(await self.client.get(path))

    async def post(self, path: str, **fields: str) -> str:
        """Send a form with these fields and nothing else."""
        return await self._follow(await self.client.post(path, data=fields))

    async def press(self, action: str, **fields: str) -> str:
        """Send the form of the screen that goes to `action`, its hidden fields filled in."""
        return await self.post(action, **{**self.hidden_fields(action), **fields})

    def hidden_fields(self, action: str) -> dict[str, str]:
        found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', self.text, re.DOTALL)
        assert found is not None, f"no form for {action} on {self.path}"
        return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', found[0]))

    async def unlock(self, pin: str = PIN) -> str:
        await self.get("/pin?next=list")
        return await self.press("/pin", pin=pin)

    async def _follow(self, response: httpx.Response) -> str:
        while response.is_redirect and response.headers["location"].startswith("/"):
            response = await self.client.get(response.headers["location"])
        self.text, self.status = response.text, response.status_code
        self.path = response.request.url.raw_path.decode()
        self.last = response
        self.seen.append((self.path, self.text))
        return self.text


class Server:
    """The page's server, which a test may stop and start again at the same address."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._address = "127.0.0.1:0"
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Serve, and return the address."""
        self._stop = asyncio.Event()
        listener = listen(self._address)
        self._address = f"127.0.0.1:{listener.getsockname()[1]}"
        self._task = asyncio.create_task(serve(self._app, listener, None, self._stop))
        return f"http://{self._address}"

    async def stop(self) -> None:
        """Serve nobody any more."""
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None


@asynccontextmanager
async def a_page(stores: Stores, clock: Clock, folder: Path) -> AsyncIterator[Page]:
    """Run the answer page over real HTTP, against fakes of its neighbours over real channels."""
    referrals, directory = FakeReferrals(clock), FakeDirectory()  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
    identity = an_identity(folder)
    async with AsyncExitStack() as stack:
        far_referrals = await stack.enter_async_context(
            serving(identity, lambda server: add_ReferralsServiceServicer_to_server(referrals, server))
        )
        far_directory = await stack.enter_async_context(
            serving(identity, lambda server: add_DirectoryServiceServicer_to_server(directory, server))
        )
        to_referrals = await stack.enter_async_context(far_referrals.channel(Role.SERVICE))
        to_directory = await stack.enter_async_context(far_directory.channel(Role.SERVICE))
        app = make_app(
            Parts(
                alerts=stores.alerts,
                deliveries=stores.deliveries,
                devices=stores.devices,
                shifts=stores.shifts,
                outages=OutageStore(stores.pool),
                push=Push(
                    subscriptions=SubscriptionStore(stores.pool, AddressSealer(bytes(32))),
                    rules=EgressRules(),
                    public_key=vapid_key(bytes(31) + b"\1", "mailto:nobody@example.org").public_text,
                ),
                referrals=RemoteReferrals(to_referrals),
                directory=RemoteDirectory(to_directory),
                now=clock,
                random_token=_tokens(),
                exit_url=EXIT_URL,
                is_secure=False,
            )
        )
        server = Server(app)
        url = await server.start()
        try:
            yield Page(url=url, clock=clock, stores=stores, referrals=referrals, directory=directory, server=server)
        finally:
            await server.stop()


def _tokens() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"token-{next(numbers):04}-of-the-test"
