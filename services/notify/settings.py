"""What the notify service reads from its environment. Explained in docs/settings.md."""

import json
import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from services.errors import InvalidInput
from services.hours import zone as zone_of
from services.runtime.settings import (
    Address,
    DatabaseUrl,
    NatsUrl,
    ReadableFile,
    ServiceSettings,
    WebAddress,
    WritableFile,
)
from services.runtime.tls import is_loopback, require_private

HOST_AND_PORT: Final = re.compile(r"[a-z0-9.-]+:[1-9][0-9]{0,4}", re.ASCII)
HEADER: Final = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


def _hosts(text: str) -> str:
    if text and not all(HOST_AND_PORT.fullmatch(each) for each in text.split(",")):
        raise ValueError("must be HOST:PORT in small letters with commas between")
    return text


def _fields(text: str) -> str:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not all(isinstance(each, str) for each in fields.values()):
        raise ValueError("must be a JSON object of texts")
    if not any("{to}" in each for each in fields.values()) or not any("{text}" in each for each in fields.values()):
        raise ValueError("must have {to} and {text} in its texts")
    return text


def _zone(text: str) -> str:
    try:
        zone_of(text)
    except ValueError:
        raise ValueError("must be the name of a time zone") from None
    return text


def _header(text: str) -> str:
    if text and HEADER.fullmatch(text) is None:
        raise ValueError("must be the name of a header")
    return text


class ChannelSettings(ServiceSettings):
    """By which further ways alerts are sent; each is off until it is set."""

    endpoint_key_file: ReadableFile | None = None  #: 32 bytes that seal addresses; without it nothing has an address
    egress_allow: Annotated[str, AfterValidator(_hosts)] = ""  #: partners inside one's own network
    egress_ca_file: ReadableFile | None = None  #: further authorities to believe for webhooks
    smtp_address: Address | None = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_sender: str = ""  #: the address in From: its name must not give away what this is about
    smtp_username: str = ""
    smtp_password_file: ReadableFile | None = None
    smtp_ca_file: ReadableFile | None = None
    sms_url: WebAddress | None = Field(default=None, repr=False)  #: of the gateway for text messages
    sms_method: Literal["POST", "PUT", "GET"] = "POST"
    sms_form: Literal["json", "form", "query"] = "json"  #: how the fields travel
    sms_fields: Annotated[str, AfterValidator(_fields)] = '{"to": "{to}", "text": "{text}"}'
    sms_header: Annotated[str, AfterValidator(_header)] = ""  #: carries the secret, for example Authorization
    sms_secret_file: ReadableFile | None = None
    sms_ca_file: ReadableFile | None = None
    vapid_key_file: ReadableFile | None = None  #: 32 bytes: who we are to push services
    vapid_contact: str = ""  #: mailto: or https:, for whoever runs a push service

    @model_validator(mode="after")
    def _each_way_is_whole(self) -> Self:
        has_way = self.smtp_address or self.sms_url or self.vapid_key_file
        if has_way and self.endpoint_key_file is None:
            raise ValueError("ENDPOINT_KEY_FILE must be set for any way that has addresses")
        if self.smtp_address and "@" not in self.smtp_sender:
            raise ValueError("SMTP_SENDER must be a mail address")
        if self.smtp_address and self.smtp_security == "none" and not self._is_private(self.smtp_address):
            raise ValueError("SMTP_SECURITY must be starttls or tls beyond this machine")
        if self.smtp_username and self.smtp_password_file is None:
            raise ValueError("SMTP_PASSWORD_FILE must be set for SMTP_USERNAME")
        if self.sms_url and self.sms_url.startswith("http://"):
            parts = urlsplit(self.sms_url)
            if not self._is_private(f"{parts.hostname}:{parts.port or 80}"):
                raise ValueError("SMS_URL must begin with https:// beyond this machine")
        if bool(self.sms_header) != bool(self.sms_secret_file):
            raise ValueError("SMS_HEADER and SMS_SECRET_FILE must be set together")
        if self.vapid_key_file and not self.vapid_contact.startswith(("mailto:", "https://")):
            raise ValueError("VAPID_CONTACT must begin with mailto: or https://")
        return self

    def _is_private(self, address: str) -> bool:
        return self.allow_plaintext or is_loopback(address)


class Settings(ChannelSettings, env_prefix="IHALA_NOTIFY_"):
    """How the notify service finds its parts."""

    token_file: ReadableFile  #: its own token, of role `service`
    database_url: DatabaseUrl
    nats_url: NatsUrl
    nats_seed_file: ReadableFile  #: of the user `notify`
    #: of the user `provisioner`: streams that are missing are made with it; without it they must be made elsewhere
    nats_provisioner_seed_file: ReadableFile | None = None
    nats_accounts_file: Path | None = None  #: written here: one account a receiver; without it none can be registered
    nats_pid_file: Path | None = None  #: of the NATS server, which is told to read the accounts again
    nats_replicas: int = Field(default=1, ge=1, le=5)  #: copies of a stream that is made
    referrals_address: Address
    directory_address: Address
    page_address: Address  #: where the answer page is served; port 0 takes a free one
    page_url: WebAddress | None = None  #: what receivers type in; by default that of `page_address`
    duty_address: Address | None = None  #: where the duty page is served; without it there is none
    duty_url: WebAddress | None = None  #: how coordinators reach it; with https:// cookies are sent over TLS only
    duty_token_file: ReadableFile | None = None  #: of role `duty_coordinator`: the page may do no more than its readers
    duty_login_file: WritableFile | None = None  #: one-time codes, see `runtime.sign_in`
    duty_time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"  #: of the roster's wall clock
    retention_days: int = Field(default=90, ge=1, le=3650)  #: that what was told and is over is kept (R13)
    exit_url: WebAddress = "https://www.wikipedia.org"  #: where the quick exit leads: a page that anybody may have open

    @property
    def duty_is_secure(self) -> bool:
        """Whether browsers reach the duty page by TLS alone."""
        return self.tls_dir is not None or (self.duty_url or "").startswith("https://")

    @model_validator(mode="after")
    def _pages_stay_private(self) -> Self:
        for name, address in (("page_address", self.page_address), ("duty_address", self.duty_address)):
            try:
                if address is not None:
                    require_private(address, self.tls_dir, allow_plaintext=self.allow_plaintext)
            except InvalidInput as error:
                raise ValueError(f"{name}: {error.message}, or allow_plaintext to true") from error
        return self

    @model_validator(mode="after")
    def _duty_is_whole(self) -> Self:
        if self.duty_address and (self.duty_token_file is None or self.duty_login_file is None):
            raise ValueError("DUTY_TOKEN_FILE and DUTY_LOGIN_FILE must be set for DUTY_ADDRESS")
        return self
