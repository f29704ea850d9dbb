"""Write what a person reads in a text message or a mail: that there is something, how soon, by when."""

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from services.hours import zone as zone_of
from services.notify.endpoint import LANGUAGES
from services.notify.model import Alert

DEFAULT: Final = "en"
SHORT_ID: Final = 4  #: signs of base32
_LEFT_TO_RIGHT: Final = "\u2066{}\u2069"  #: keeps 21:40 and 3/4 in order inside a line of Arabic
_RIGHT_TO_LEFT: Final = frozenset({"ar"})


def sms_of(alert: Alert, language: str, time_zone: str, now: datetime) -> str:
    """
    Write a text message.

    Args:
        alert: What it is about; of a receiver.

        language: One of `LANGUAGES`; any other is read as English.

        time_zone: IANA, in which the reader's clock goes.

        now: Whether the deadline is today goes by it.
    """
    texts = texts_in(language)
    values = {"id": short_id(alert.alert_id), "urgency": texts[alert.urgency.value]}
    if alert.due_time is None:
        return texts["sms_without_time"].format(**values)
    time = time_text(alert.due_time, time_zone, now)
    if language in _RIGHT_TO_LEFT:
        time = _LEFT_TO_RIGHT.format(time)
    return texts["sms"].format(**values, time=time)


def mail_of(language: str) -> tuple[str, str]:
    """Return subject and body of a mail: the same for every alert."""
    texts = texts_in(language)
    return texts["subject"], texts["body"]


def short_id(alert_id: str) -> str:
    """Shorten an id to what can be read out; it finds nothing by itself."""
    return base64.b32encode(hashlib.sha256(alert_id.encode()).digest()).decode("ascii")[:SHORT_ID]


def time_text(time: datetime, time_zone: str, now: datetime) -> str:
    """Say a time as the clock on the reader's wall shows it, with day and month if it is not today."""
    try:
        zone = zone_of(time_zone)
    except ValueError:
        zone = zone_of("UTC")
    local = time.astimezone(zone)
    clock = f"{local:%H:%M}"
    return clock if local.date() == now.astimezone(zone).date() else f"{local.day}/{local.month} {clock}"


def texts_in(language: str) -> Mapping[str, str]:
    """Return the texts of a language."""
    return _texts()[language if language in LANGUAGES else DEFAULT]


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    text = files("services.notify.channels").joinpath("texts.toml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, str]] = tomllib.loads(text)
    return found
