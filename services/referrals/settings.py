"""What the referrals service reads from its environment. Explained in docs/settings.md."""

from typing import Annotated

from pydantic import AfterValidator, Field

from services.hours import zone
from services.runtime.settings import Address, DatabaseUrl, NatsUrl, ReadableFile, ServiceSettings
from services.taxonomy import Rung, Urgency

Seconds = tuple[float, float, float]
Step = tuple[float, Rung]


def _growing(clocks_s: dict[str, Seconds]) -> dict[str, Seconds]:
    for urgency, (read_s, decide_s, arrive_s) in clocks_s.items():
        if urgency not in set(Urgency) or not 0.0 < read_s <= decide_s <= arrive_s:
            raise ValueError("must have growing seconds to read, decide and arrive for classes of urgency")
    return clocks_s


def _climbing(ladder_s: dict[str, list[Step]]) -> dict[str, list[Step]]:
    for urgency, steps in ladder_s.items():
        spans = [after_s for after_s, _rung in steps]
        if urgency not in set(Urgency) or spans != sorted(spans) or any(after_s <= 0.0 for after_s in spans):
            raise ValueError("must have ascending seconds of silence and their rungs for classes of urgency")
    return ladder_s


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except ValueError:
        raise ValueError("must be an IANA time zone") from None
    return name


class Settings(ServiceSettings, env_prefix="IHALA_REFERRALS_"):
    """What referrals need besides what every service does."""

    database_url: DatabaseUrl
    nats_url: NatsUrl
    nats_seed_file: ReadableFile  #: of the user `relay`
    #: of the user `provisioner`: a missing stream is made with it; without it, it must be made elsewhere
    nats_provisioner_seed_file: ReadableFile | None = None
    nats_replicas: int = Field(default=1, ge=1, le=5)  #: copies of a stream that is made
    directory_address: Address  #: whose providers may be asked
    matching_address: Address  #: who says whether a match still holds
    kek_file: ReadableFile  #: 32 bytes that wrap the keys of cases; not in the database's backups
    #: while one KEK takes the place of another: opens what it wrapped; what is not under `kek_file` is put there
    kek_other_file: ReadableFile | None = None
    hmac_key_file: ReadableFile  #: 32 bytes that digest requests; one for all replicas
    duty_roster: str = Field(default="duty", min_length=1, max_length=64)  #: owns tasks until somebody takes them
    manager_roster: str = Field(default="manager", min_length=1, max_length=64)  #: owns what the other let pass
    #: seconds to read, decide and arrive per class of urgency, for example {"immediate": [600, 1800, 10800]}
    clocks_s: Annotated[dict[str, Seconds], AfterValidator(_growing)] = Field(default_factory=dict)
    #: seconds of silence and the rung that they lead to, per class of urgency; [] is no ladder
    ladder_s: Annotated[dict[str, list[Step]], AfterValidator(_climbing)] = Field(default_factory=dict)
    #: IANA: where it is night for the rosters, and for what one worker may do alone (R5)
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    has_legal_duty: bool = False  #: whether a law here obliges to act without consent (R5)
    retention_days: int = Field(default=30, ge=1, le=3650)  #: that a case is kept after its referral is over (R13)
    max_held: int = Field(default=1000, ge=1)  #: offers of one sender with places held at once
    max_connections: int = Field(default=10, ge=2, le=100)  #: to the database
