"""What the notify service reads from its environment. Explained in docs/settings.md."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from services.errors import InvalidInput
from services.runtime.settings import Address, DatabaseUrl, NatsUrl, ReadableFile, ServiceSettings, WebAddress
from services.runtime.tls import require_private


class Settings(ServiceSettings, env_prefix="IHALA_NOTIFY_"):
    """How the notify service finds its parts."""

    token_file: ReadableFile  #: its own token, of role `service`
    database_url: DatabaseUrl
    nats_url: NatsUrl
    nats_seed_file: ReadableFile  #: of the user `notify`
    #: of the user `provisioner`: streams that are missing are made with it; without it they must be made elsewhere
    nats_provisioner_seed_file: ReadableFile | None = None
    nats_accounts_file: Path | None = None  #: written here: one account a receiver; without it none can be registered
    nats_pid_file: Path | None = None  #: of the NATS server, which is told to read the accounts again
    nats_replicas: int = Field(default=1, ge=1, le=5)  #: copies of a stream that is made
    referrals_address: Address
    directory_address: Address
    page_address: Address  #: where the answer page is served; port 0 takes a free one
    page_url: WebAddress | None = None  #: what receivers type in; by default that of `page_address`
    exit_url: WebAddress = "https://www.wikipedia.org"  #: where the quick exit leads: a page that anybody may have open

    @model_validator(mode="after")
    def _page_stays_private(self) -> Self:
        try:
            require_private(self.page_address, self.tls_dir, allow_plaintext=self.allow_plaintext)
        except InvalidInput as error:
            raise ValueError(f"page_address: {error.message}, or allow_plaintext to true") from error
        return self
