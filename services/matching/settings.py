"""What the matching service reads from its environment. Explained in docs/settings.md."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.runtime.settings import Address, ReadableFile, ServiceSettings, country_codes


def _country_codes_or_none(text: str) -> str:
    return text and country_codes(text)


class Settings(ServiceSettings, env_prefix="IHALA_MATCHING_"):
    """What matching needs besides what every service does."""

    directory_address: Address  #: whose providers are matched
    referrals_address: Address  #: who tells which places are held and booked
    token_key_file: ReadableFile  #: 32 secret bytes, or their 64 hexadecimal digits; one for all replicas
    detour: Annotated[float, Field(ge=1, le=10)] = 1.4  #: how much longer a way is than the straight line
    car_kmh: Annotated[float, Field(gt=0, le=200)] = 50.0  #: usual from door to door
    public_kmh: Annotated[float, Field(gt=0, le=200)] = 30.0  #: usual by bus, shared taxi or train
    foot_kmh: Annotated[float, Field(gt=0, le=10)] = 4.0  #: usual on foot
    silence_m: Annotated[float, Field(ge=0, le=100_000)] = 5_000.0  #: metres for an offer that ran out unread just now
    countries: Annotated[str, AfterValidator(_country_codes_or_none)] = ""  #: whose towns are read; empty: the region's
