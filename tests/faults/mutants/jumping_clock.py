"""Referrals whose wall clock stands as far off as a file says, in seconds; nothing else is wrong with it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from services.referrals import __main__ as process

FILE = Path(os.environ["IHALA_FAULT_CLOCK"])


def utc_now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=int(FILE.read_text() or 0))


process.utc_now = utc_now
uvloop.run(process.main())
