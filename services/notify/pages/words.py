"""Say everything in the reader's language, and times as the desk's wall clock shows them."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from services.hours import zone as zone_of

LANGUAGES: Final = {"ar": "العربية", "fr": "Français", "en": "English"}
DEFAULT: Final = "en"
RIGHT_TO_LEFT: Final = frozenset({"ar"})
_SOON: Final = timedelta(hours=1)
LEFT_TO_RIGHT: Final = "\u2066{}\u2069"  #: keeps 21:40, 3/4 and key-7 in order inside a line of Arabic


class Words(Mapping[str, str]):
    """
    The texts of one language by name: `words["yes"]`, in a template `words.yes`.

    Args:
        language: One of `LANGUAGES`.

        files: Whose texts; a later one's win.
    """

    def __init__(self, language: str, files: Sequence[str] = ("words.toml",)) -> None:
        self.language = language
        self._texts = {name: text for file in files for name, text in _texts(file, language).items()}

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def say(self, name: str, **values: object) -> str:
        """Return a text with its values in place."""
        return self._texts[name].format(**values)

    def time(self, time: datetime, zone: str, now: datetime) -> str:
        """Say a time as the clock on the wall of a place shows it, with the day if it is not today."""
        try:
            local_zone = zone_of(zone)
        except ValueError:
            local_zone = zone_of("UTC")
        local, today = time.astimezone(local_zone), now.astimezone(local_zone).date()
        clock = LEFT_TO_RIGHT.format(f"{local:%H:%M}")
        if local.date() == today:
            return clock
        if local.date() == today + timedelta(days=1):
            return f"{self['tomorrow']} {clock}"
        return f"{LEFT_TO_RIGHT.format(f'{local.day}/{local.month}')} {clock}"

    def due(self, time: datetime | None, zone: str, now: datetime) -> str:
        """Say by when an answer is due, and how long that is if it is soon; empty without a time."""
        if time is None:
            return ""
        said = self.time(time, zone, now)
        if time <= now:
            return self.say("overdue", time=said)
        if time - now <= _SOON:
            minutes = max(1, round((time - now).total_seconds() / 60))
            said = f"{said} ({self.say('minutes', minutes=minutes)})"
        return self.say("answer_by", time=said)


def choose_language(asked: str | None, kept: str | None, accepted: str) -> str:
    """
    Choose a language.

    Args:
        asked: Of the link that was pressed.

        kept: Of the cookie.

        accepted: The header Accept-Language.
    """
    for each in (asked, kept):
        if each in LANGUAGES:
            return str(each)
    ranked = []
    for part in accepted.split(","):
        tag, _, weight = part.partition(";q=")
        language = tag.strip().lower().split("-")[0]
        if language in LANGUAGES:
            ranked.append((-_number(weight), language))
    # the sort is stable: of equals the first stands
    return min(ranked, key=lambda each: each[0])[1] if ranked else DEFAULT


def _number(weight: str) -> float:
    try:
        return float(weight) if weight.strip() else 1.0
    except ValueError:
        return 0.0


@cache
def _texts(file: str, language: str) -> Mapping[str, str]:
    text = files("services.notify").joinpath("data", file).read_text(encoding="utf-8")
    return {name: row[language] for name, row in tomllib.loads(text).items()}
