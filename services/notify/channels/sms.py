"""Send text messages through a gateway over HTTP: whichever it is, its request is a setting."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from services.notify.channels import SendFailed
from services.notify.channels.texts import sms_of
from services.notify.model import Attempt
from services.notify.store.endpoints import EndpointStore

TOTAL_S: Final = 15.0
AT_ONCE: Final = 8
#: what the gateway says of the number or the text, whatever we do
REFUSED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


class Form(StrEnum):
    """How the gateway takes the fields."""

    JSON = "json"  #: in the body, as one object
    FORM = "form"  #: in the body, as a web form
    QUERY = "query"  #: behind the address


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway for text messages."""

    url: str
    method: str = "POST"
    form: Form = Form.JSON
    #: what is sent: texts in which {to} and {text} stand for number and message
    fields: Mapping[str, str]
    header: str = ""  #: its name, for example Authorization; empty: none
    secret: str = field(default="", repr=False)  #: what stands in it
    ca_file: Path | None = None


class SmsChannel:
    """
    The channel.

    Args:
        endpoints: Where telephones are known.

        gateway: Takes the messages.

        now: Whether a deadline is today goes by it.
    """

    def __init__(self, endpoints: EndpointStore, gateway: Gateway, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._gateway = gateway
        self._now = now
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tls = ssl.create_default_context(cafile=gateway.ca_file)

    async def send(self, attempt: Attempt) -> bool:
        """
        Send a text message to the attempt's endpoint.

        Returns:
            False: that a telephone got it says nothing of who has read it.

        Raises:
            SendFailed: the gateway did not take it.
        """
        target = await self._endpoints.target(attempt.endpoint_id)
        if target is None:
            raise SendFailed("endpoint_ended", permanent=True)
        endpoint = target.endpoint
        text = sms_of(attempt.alert, endpoint.language, endpoint.time_zone, self._now())
        async with self._turns:
            status = await self._ask(target.address, text)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SendFailed("status_429", permanent=False)
        if status in REFUSED:
            raise SendFailed(f"status_{status}", permanent=True)
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise SendFailed(f"status_{status}", permanent=False)
        await self._endpoints.hear(target.endpoint, self._now())
        return False

    async def _ask(self, number: str, text: str) -> int:
        """Hand a message to the gateway and return its status; what else it says stays where it is."""
        try:
            async with asyncio.timeout(TOTAL_S), self._client() as client:
                request = self._request(client, number, text)
                response = await client.send(request, stream=True)
                await response.aclose()
                return response.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError):
            raise SendFailed("gateway_away", permanent=False) from None

    def _request(self, client: httpx.AsyncClient, number: str, text: str) -> httpx.Request:
        gateway = self._gateway
        # by replacing, not by format: what a text holds is never read as a place to fill
        fields = {name: value.replace("{to}", number).replace("{text}", text) for name, value in gateway.fields.items()}
        headers = {gateway.header: gateway.secret} if gateway.header else {}
        match gateway.form:
            case Form.JSON:
                return client.build_request(gateway.method, gateway.url, headers=headers, json=fields)
            case Form.FORM:
                return client.build_request(gateway.method, gateway.url, headers=headers, data=fields)
            case Form.QUERY:
                return client.build_request(gateway.method, gateway.url, headers=headers, params=fields)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False, timeout=TOTAL_S)
