"""Says the words of the pages in the reader's language."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from services.taxonomy import GROUPS, languages, services

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"


@cache
def _read(name: str) -> Mapping[str, Mapping[str, str]]:
    text = files("services.maps").joinpath("data", name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def words_in(language: str) -> Mapping[str, str]:
    """Return every word by its key, in one of LABEL_LANGUAGES."""
    return {key: texts[language] for key, texts in _read("words.toml").items()}


def say(language: str, key: str, **values: object) -> str:
    """Say one thing, with values put in its gaps; each keeps its own direction among words of the other."""
    isolated = {name: f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}" for name, value in values.items()}
    return _read("words.toml")[key][language].format(**isolated)


def service_label(code: str, language: str) -> str:
    """Name a service or a group; a code of a newer vocabulary names itself."""
    term = GROUPS.get(code) or services().get(code)
    return term.labels[language] if term else code


def service_labels(codes: Iterable[str], language: str) -> list[str]:
    """Name services in order, each once."""
    return list(dict.fromkeys(service_label(code, language) for code in codes))


def service_choices(language: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """List the groups with their services for a form: code, label, services' codes and labels."""
    return [
        (
            code,
            group.labels[language],
            [(each.code, each.labels[language]) for each in services().values() if each.parent == code],
        )
        for code, group in GROUPS.items()
    ]


def language_choices(language: str) -> list[tuple[str, str]]:
    """List the languages that people may speak for a form, by label."""
    return sorted(((each.code, each.labels[language]) for each in languages().values()), key=lambda pair: pair[1])


def country_choices(language: str, chosen: str = "") -> list[tuple[str, str]]:
    """List countries for a form, by name; one that was chosen though it is not listed goes by its code."""
    names = {code: texts[language] for code, texts in _read("countries.toml").items()}
    if chosen:
        names.setdefault(chosen, chosen)
    return sorted(names.items(), key=lambda pair: pair[1])
