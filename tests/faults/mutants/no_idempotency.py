"""Referrals that do not recognise a request that comes again."""

from typing import Any

import uvloop

from services.referrals.__main__ import main
from services.referrals.servicer.desk import Desk
from services.referrals.store import requests


async def nothing(*_arguments: Any, **_named: Any) -> None:
    return None


def silent(*_arguments: Any, **_named: Any) -> None:
    return None


requests.claim = nothing
requests.keep_answer = silent
Desk.find_done = nothing  # type: ignore[method-assign]
uvloop.run(main())
