"""What the matching service reads from its environment. Explained in docs/settings.md."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from services.runtime.settings import Address, ReadableFile, ServiceSettings

_COUNTRIES: Final = re.compile("[A-Z]{2}(,[A-Z]{2})*", re.ASCII)


def _country_codes(text: str) -> str:
    if text and not _COUNTRIES.fullmatch(text):
        raise ValueError("must be ISO 3166-1 alpha-2 codes in capitals with commas between")
    return text


class Settings(ServiceSettings, env_prefix="IHALA_MATCHING_"):
    """What matching needs besides what every service does."""

    directory_address: Address  #: whose providers are matched
    referrals_address: Address  #: who tells which places are held and booked
    token_key_file: ReadableFile  #: 32 secret bytes, or their 64 hexadecimal digits; one for all replicas
    countries: Annotated[str, AfterValidator(_country_codes)] = ""  #: whose towns are read; empty: the region's
