"""What a service costs the person who comes."""

import re
from dataclasses import dataclass
from typing import Final

from services.directory.model.checks import check_count, refuse
from services.directory.model.values import Period, Texts, check_texts

MAX_OPTIONS: Final = 50
_AMOUNT: Final = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_ANYTIME: Final = Period()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOption:
    """What it costs in one case."""

    amount: str = ""  #: a decimal number, "0" is free; empty: not said
    currency: str = ""  #: ISO 4217; empty: not said
    descriptions: Texts = ()  #: for whom it is and what it is for
    valid: Period = _ANYTIME

    def __post_init__(self) -> None:
        if self.amount and not _AMOUNT.fullmatch(self.amount):
            raise refuse("amount", "must be a decimal number of at most 12 digits, and 4 after the point")
        if self.currency and not _CURRENCY.fullmatch(self.currency):
            raise refuse("currency", "must be a code of ISO 4217, in capitals")
        check_texts("descriptions", self.descriptions)
        if not (self.amount or self.descriptions):
            raise refuse("amount", "must be given, or descriptions")


CostOptions = tuple[CostOption, ...]


def check_terms(costs: CostOptions, documents: Texts, conditions: Texts) -> None:
    """Check what somebody pays, brings along and must be for those who pay: none of it too long a list."""
    if not costs and not documents and not conditions:
        return  # as in most records
    check_count("cost_options", costs, MAX_OPTIONS)
    check_texts("required_documents", documents)
    check_texts("funding_conditions", conditions)
