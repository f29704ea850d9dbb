"""What the gateway reads from its environment. Explained in docs/settings.md."""

from pydantic import Field

from services.runtime.rpc import MAX_CONCURRENT_CALLS
from services.runtime.settings import Address, ProcessSettings


class Settings(ProcessSettings, env_prefix="IHALA_GATEWAY_"):
    """Where the gateway passes calls on to. It has no token: it may do what its caller may."""

    directory_address: Address
    matching_address: Address
    referrals_address: Address
    max_concurrent_calls: int = Field(default=MAX_CONCURRENT_CALLS, ge=1, le=100_000)
