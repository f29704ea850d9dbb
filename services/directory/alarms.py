"""What somebody must see to in the directory, as figures to be alarmed by: stale records, vetting that ends (R33)."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Gauge

from services.directory.readiness import Ready
from services.directory.store.life import count_due
from services.errors import Unavailable
from services.runtime.postgres import Pool, read

COUNT_EVERY_S: Final = 300.0
LOOK_EVERY_S: Final = 2.0  #: until the tables are there

log = structlog.get_logger(__name__)


class Alarms:
    """
    The figures.

    Args:
        registry: Where they are told.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._due = Gauge(
            "ihala_directory_records_due",
            "Records in use to be seen to, at most 10,000 each: stale, vetting_expiring in 30 days, vetting_expired.",
            ("why",),
            registry=registry,
        )
        self._told: Mapping[str, int] = {}

    def tell(self, due: Mapping[str, int]) -> None:
        """Set the figures, and log what has changed of the vetting."""
        for why, count in due.items():
            self._due.labels(why).set(count)
        vetting = {why: count for why, count in due.items() if why != "stale"}
        if vetting != self._told and any(vetting.values()):
            log.warning("vetting.ends", **vetting)
        self._told = vetting


async def keep_counting(pool: Pool, ready: Ready, alarms: Alarms, now: Callable[[], datetime]) -> None:
    """Count every five minutes, once the tables are there; what is away meanwhile keeps its last figure."""
    while True:
        if ready.has_tables:
            try:
                async with read(pool) as connection:
                    alarms.tell(await count_due(connection, now()))
            except Unavailable:
                log.info("alarms.not_counted")
        await asyncio.sleep(COUNT_EVERY_S if ready.has_tables else LOOK_EVERY_S)
