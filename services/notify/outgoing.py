"""Put together by which further ways this house sends, as its settings say."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.notify.channels import Sender
from services.notify.channels.egress import Egress
from services.notify.channels.egress_rules import EgressRules
from services.notify.channels.email import EmailChannel, MailServer, Security
from services.notify.channels.push import BrowserWaker, PushChannel, vapid_key
from services.notify.channels.sms import Form, Gateway, SmsChannel
from services.notify.channels.webhook import WebhookChannel
from services.notify.model import Channel
from services.notify.servicer_endpoints import Directory, EndpointDesk
from services.notify.settings import ChannelSettings
from services.notify.store.addresses import AddressSealer
from services.notify.store.endpoints import EndpointStore
from services.notify.store.subscriptions import SubscriptionStore
from services.runtime.postgres import Pool
from services.runtime.sealing import read_key

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What sends to addresses, and who registers them."""

    senders: Mapping[Channel, Sender]
    desk: EndpointDesk
    subscriptions: SubscriptionStore
    rules: EgressRules  #: by which a browser's push service is read too
    sealer: AddressSealer  #: of every address
    waker: BrowserWaker | None  #: None: browsers are not woken


def outgoing(
    settings: ChannelSettings, pool: Pool, directory: Directory, now: Callable[[], datetime]
) -> Outgoing | None:
    """
    Make every way that is set.

    Args:
        settings: Which are, and where.

        pool: Of notify.

        directory: Where receivers are known.

        now: The clock.

    Returns:
        None if there is no key to seal addresses with.

    Raises:
        InvalidInput: a file holds something else than it should.
    """
    if settings.endpoint_key_file is None:
        return None
    sealer = AddressSealer(read_key(settings.endpoint_key_file, "endpoint_key_file"))
    endpoints = EndpointStore(pool, sealer)
    rules = EgressRules(allowed=frozenset(filter(None, settings.egress_allow.split(","))))
    egress = Egress(rules, ca_file=settings.egress_ca_file)
    webhook = WebhookChannel(endpoints, egress, now)
    senders: dict[Channel, Sender] = {Channel.WEBHOOK: webhook}
    if settings.smtp_address is not None:
        senders[Channel.EMAIL] = EmailChannel(endpoints, _mail_server(settings, settings.smtp_address), now)
    if settings.sms_url is not None:
        senders[Channel.SMS] = SmsChannel(endpoints, _gateway(settings, settings.sms_url), now)
    waker = None
    if settings.vapid_key_file is not None:
        key = vapid_key(read_key(settings.vapid_key_file, "vapid_key_file"), settings.vapid_contact)
        waker = BrowserWaker(egress, key)
        senders[Channel.PUSH] = PushChannel(endpoints, waker, now)
    desk = EndpointDesk(
        endpoints=endpoints,
        webhook=webhook,
        rules=rules,
        directory=directory,
        offered=frozenset(senders),
        now=now,
        random_token=lambda: secrets.token_urlsafe(TOKEN_BYTES),
    )
    return Outgoing(
        senders=senders,
        desk=desk,
        subscriptions=SubscriptionStore(pool, sealer),
        rules=rules,
        sealer=sealer,
        waker=waker,
    )


def _mail_server(settings: ChannelSettings, address: str) -> MailServer:
    host, _, port = address.rpartition(":")
    return MailServer(
        host=host.strip("[]"),
        port=int(port),
        security=Security(settings.smtp_security),
        sender=settings.smtp_sender,
        username=settings.smtp_username,
        password=_secret(settings.smtp_password_file),
        ca_file=settings.smtp_ca_file,
    )


def _gateway(settings: ChannelSettings, url: str) -> Gateway:
    return Gateway(
        url=url,
        method=settings.sms_method,
        form=Form(settings.sms_form),
        fields=json.loads(settings.sms_fields),
        header=settings.sms_header,
        secret=_secret(settings.sms_secret_file),
        ca_file=settings.sms_ca_file,
    )


def _secret(file: Path | None) -> str:
    return "" if file is None else file.read_text(encoding="utf-8").strip()
