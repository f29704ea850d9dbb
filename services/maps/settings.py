"""What the maps service reads from its environment. Explained in docs/settings.md."""

from pydantic import Field

from services.runtime.settings import Address, ProcessSettings, ReadableFile, WebAddress, WritableFile


class Settings(ProcessSettings, env_prefix="IHALA_MAPS_"):
    """How the maps service finds its parts."""

    token_file: ReadableFile  #: its own token, of role `coordinator`: it may see no more than its readers
    directory_address: Address
    referrals_address: Address
    login_file: WritableFile  #: one-time codes, see `runtime.sign_in`
    #: how browsers reach it, where that is not `listen_address`; with https:// cookies are sent over TLS only
    public_url: WebAddress | None = None
    session_idle_s: float = Field(
        default=900.0, ge=60.0, le=86_400.0
    )  #: a session ends after as long without a request
    session_life_s: float = Field(default=28_800.0, ge=60.0, le=86_400.0)  #: and after as long in any case

    @property
    def has_tls(self) -> bool:
        """Whether browsers reach the pages by TLS alone."""
        return self.tls_dir is not None or (self.public_url or "").startswith("https://")
