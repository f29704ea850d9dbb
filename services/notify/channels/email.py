"""Send mail that says that there is something, and nothing of what: one constant line, from a sender without a name."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import uuid4

import aiosmtplib

from services.notify.channels import SendFailed
from services.notify.channels.texts import mail_of
from services.notify.model import Attempt
from services.notify.store.endpoints import EndpointStore

TOTAL_S: Final = 15.0  #: for one mail, from the connection to the server's word
PERMANENT: Final = range(500, 600)  #: replies of a server that another attempt will not change
LOCAL_NAME: Final = "localhost"  #: in EHLO: the name of this machine is nobody's business
AT_ONCE: Final = 4  #: connections to the server


class Security(StrEnum):
    """How the way to the mail server is kept."""

    STARTTLS = "starttls"  #: refuses to send if the server does not offer it
    TLS = "tls"
    NONE = "none"  #: on this machine alone


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The server that takes mail from us."""

    host: str
    port: int
    security: Security
    sender: str  #: address in From; its name must not give the field away
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None  #: of a private authority; None: those of this machine


class EmailChannel:
    """
    The channel.

    Args:
        endpoints: Where mailboxes are known.

        server: Takes the mail.

        now: The time in the mail.
    """

    def __init__(self, endpoints: EndpointStore, server: MailServer, now: Callable[[], datetime]) -> None:
        self._endpoints = endpoints
        self._server = server
        self._now = now
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tls: ssl.SSLContext | None = None
        if server.security is not Security.NONE:
            self._tls = ssl.create_default_context(cafile=server.ca_file)

    async def send(self, attempt: Attempt) -> bool:
        """
        Mail to the attempt's endpoint.

        Returns:
            False: a mailbox says nothing of who has read it.

        Raises:
            SendFailed: the server did not take it.
        """
        target = await self._endpoints.target(attempt.endpoint_id)
        if target is None:
            raise SendFailed("endpoint_ended", permanent=True)
        message = self._message(target.address, target.endpoint.language)
        async with self._turns:
            await self._hand_over(message)
        await self._endpoints.hear(target.endpoint, self._now())
        return False

    def _message(self, address: str, language: str) -> EmailMessage:
        subject, body = mail_of(language)
        message = EmailMessage(policy=SMTP)
        message["From"] = self._server.sender
        message["To"] = address
        message["Subject"] = subject
        message["Date"] = format_datetime(self._now())
        # random: an id of ours would be in the logs of every server on the way
        message["Message-ID"] = f"<{uuid4().hex}@{self._server.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        return message

    async def _hand_over(self, message: EmailMessage) -> None:
        server = self._server
        try:
            async with asyncio.timeout(TOTAL_S):
                await aiosmtplib.send(
                    message,
                    hostname=server.host,
                    port=server.port,
                    username=server.username or None,
                    password=server.password or None,
                    use_tls=server.security is Security.TLS,
                    start_tls=server.security is Security.STARTTLS,
                    tls_context=self._tls,
                    local_hostname=LOCAL_NAME,
                    timeout=TOTAL_S,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {each.code for each in error.recipients}
            raise SendFailed("mailbox_refused", permanent=all(code in PERMANENT for code in codes)) from None
        except aiosmtplib.SMTPAuthenticationError:
            raise SendFailed("sign_in_refused", permanent=False) from None
        except aiosmtplib.SMTPResponseException as error:
            raise SendFailed(f"reply_{error.code}", permanent=False) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            raise SendFailed("server_away", permanent=False) from None
