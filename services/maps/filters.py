"""
What a coordinator chose to see, as it stands in the page's address.

Rule of this file: a key or a code that is not known is refused. A filter that
was dropped silently would show more than was asked for, as if it were the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from services.errors import InvalidInput, Reason
from services.taxonomy import GROUPS, LABEL_LANGUAGES, canonical_language, languages, services

FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """
    Which providers to draw.

    Raises:
        InvalidInput: A code is not known, naming the key.
    """

    service: str = ""  #: a service code or the code of a group; empty for all
    speaks: str = ""  #: a language that the provider works in, BCP 47; empty for any
    country: str = ""  #: ISO 3166-1 alpha-2; empty for all
    free_only: bool = False  #: only with a free place reported

    def __post_init__(self) -> None:
        if self.service and self.service not in GROUPS and self.service not in services():
            raise InvalidInput("service must be a code of the vocabulary", reason=Reason.UNKNOWN_CODE)
        if self.speaks:
            canonical = canonical_language(self.speaks, "speaks")
            if canonical not in languages():
                raise InvalidInput("speaks must be a language of the vocabulary", reason=Reason.UNKNOWN_CODE)
            object.__setattr__(self, "speaks", canonical)
        if self.country and not (
            len(self.country) == 2 and self.country.isascii() and self.country.isalpha() and self.country.isupper()  # noqa: PLR2004 -- alpha-2
        ):
            raise InvalidInput("country must be ISO 3166-1 alpha-2 in capitals")

    @property
    def group(self) -> str:
        """The group that the service belongs to; empty for all."""
        return self.service.partition("-")[0]

    def query(self, **more: str) -> str:
        """Write the filters as the query of an address, with more keys before them."""
        pairs = more | {
            "service": self.service,
            "speaks": self.speaks,
            "country": self.country,
            "places": FREE if self.free_only else "",
        }
        return urlencode({key: value for key, value in pairs.items() if value})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What to see, and in which language the page is."""

    filters: Filters
    language: str = "en"  #: one of LABEL_LANGUAGES

    @property
    def direction(self) -> str:
        """Which way the page is read: "rtl" or "ltr"."""
        return "rtl" if self.language == "ar" else "ltr"

    def query(self, **more: str) -> str:
        """Write the view as the query of an address; `lang` may be given anew."""
        return self.filters.query(**({"lang": self.language} | more))


def view_from_query(pairs: Sequence[tuple[str, str]], preferred: str = "en") -> View:
    """
    Read the query of an address. A key without a value is as good as absent: forms send those.

    Args:
        pairs: Its keys and values, in order.

        preferred: The page's language where the query names none.

    Raises:
        InvalidInput: A key is not known or comes twice, or a code is not known.
    """
    given: dict[str, str] = {}
    for key, value in pairs:
        if key not in {"lang", "service", "speaks", "country", "places"}:
            raise InvalidInput("the address must have no filter but service, speaks, country, places and lang")
        if key in given:
            raise InvalidInput(f"{key} must be given once")
        given[key] = value
    language = given.get("lang") or preferred
    if language not in LABEL_LANGUAGES:
        raise InvalidInput(f"lang must be one of {', '.join(LABEL_LANGUAGES)}")
    if given.get("places") not in {None, "", FREE}:
        raise InvalidInput(f"places must be {FREE}")
    return View(
        filters=Filters(
            service=given.get("service", ""),
            speaks=given.get("speaks", ""),
            country=given.get("country", ""),
            free_only=given.get("places") == FREE,
        ),
        language=language,
    )


def preferred_language(accept_language: str) -> str:
    """Choose the page's language by a browser's Accept-Language; English where it names none of ours."""
    ranked = []
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        ranked.append((-_quality(quality), tag.partition("-")[0].lower()))
    ours = [tag for _, tag in sorted(ranked, key=lambda pair: pair[0]) if tag in LABEL_LANGUAGES]
    return ours[0] if ours else "en"


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def filters_by_name(filters: Filters) -> Mapping[str, str]:
    """Return the value of each key as a form shows it."""
    return {
        "service": filters.service,
        "speaks": filters.speaks,
        "country": filters.country,
        "places": FREE if filters.free_only else "",
    }
