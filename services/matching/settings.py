"""What the matching service reads from its environment. Explained in docs/settings.md."""

from typing import Annotated

from pydantic import AfterValidator

from services.runtime.settings import Address, ReadableFile, ServiceSettings, country_codes


def _country_codes_or_none(text: str) -> str:
    return text and country_codes(text)


class Settings(ServiceSettings, env_prefix="IHALA_MATCHING_"):
    """What matching needs besides what every service does."""

    directory_address: Address  #: whose providers are matched
    referrals_address: Address  #: who tells which places are held and booked
    token_key_file: ReadableFile  #: 32 secret bytes, or their 64 hexadecimal digits; one for all replicas
    countries: Annotated[str, AfterValidator(_country_codes_or_none)] = ""  #: whose towns are read; empty: the region's
