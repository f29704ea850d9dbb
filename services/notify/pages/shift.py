"""Screens before the PIN: connect a device, wait, ring, and open the shift. They say nothing of what waits (R11)."""

import asyncio
import re
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from starlette.responses import JSONResponse, RedirectResponse, Response

from services.errors import InvalidInput
from services.notify.model import OPAQUE_ID, Channel, Waiting
from services.notify.pages.answers import read_next
from services.notify.pages.away import away_in, away_of, tell
from services.notify.pages.parts import Parts
from services.notify.pages.screens import show
from services.notify.pages.visit import Visit, cookie_name, form_of
from services.notify.pages.waking import worker_path
from services.notify.secrecy import CODE, code_digest, digits_of, pin_digest, require_pin, token_digest
from services.notify.store.shifts import Unlock

HEARD_EVERY: Final = timedelta(minutes=1)
COOKIE_AGE_S: Final = 400 * 86_400  #: as long as browsers keep one
SEEN_AT_ONCE: Final = 8  #: alerts that one look confirms
NEXT: Final = re.compile(r"reading|list|places|item/[A-Za-z0-9_.:-]{1,64}", re.ASCII)


async def start(visit: Visit, parts: Parts) -> Response:
    """Show what waits, or the form that connects a device."""
    if visit.device is None:
        fault = visit.request.query_params.get("e", "")
        known = {"wrong": "enrol_wrong", "pin": "enrol_pin_bad", "busy": "enrol_busy"}
        return show(visit, parts, "enrol.html", fault=visit.words[known[fault]] if fault in known else "")
    waiting = await _look(visit, parts)
    query = visit.request.query_params
    away = away_of(visit.desk, visit.now) or away_in(query.get("since", ""), query.get("until", ""), visit.now)
    return show(
        visit,
        parts,
        "waiting.html",
        count=waiting.count,
        due=_due(visit, waiting),
        seen=_seen(waiting),
        missed=await tell(visit, parts, away, waiting.count),
        again=away.query if away else "",
        push_key=parts.push.public_key if parts.push else "",
        push_kept=parts.push is not None and await parts.push.subscriptions.is_subscribed(visit.desk.device_id),
        worker=worker_path(visit.words),
    )


async def count(visit: Visit, parts: Parts) -> Response:
    """Tell the waiting screen's script what waits."""
    if visit.device is None:
        return JSONResponse({}, status_code=403)
    waiting = await _look(visit, parts)
    missed = await tell(visit, parts, away_of(visit.desk, visit.now), waiting.count)
    return JSONResponse({"count": waiting.count, "due": _due(visit, waiting), "seen": _seen(waiting), "missed": missed})


async def enrol(visit: Visit, parts: Parts) -> Response:
    """Turn a code that was read out by telephone into this browser's cookie."""
    fields = await form_of(visit)
    code, pin = digits_of(fields.get("code", "")), digits_of(fields.get("pin", ""))
    if not await parts.devices.may_try_code(visit.now):
        return _to("/?e=busy")
    try:
        require_pin(pin)
    except InvalidInput:
        return _to("/?e=pin")
    if pin != digits_of(fields.get("pin_again", "")):
        return _to("/?e=pin")
    if CODE.fullmatch(code) is None:
        return _to("/?e=wrong")
    token = parts.random_token()
    digest = await asyncio.to_thread(code_digest, code)
    kept_pin = await asyncio.to_thread(pin_digest, pin, token)
    device = await parts.devices.enrol(digest, token_digest(token), kept_pin, visit.now)
    if device is None:
        return _to("/?e=wrong")
    response = _to("/")
    response.set_cookie(
        cookie_name(parts),
        token,
        max_age=COOKIE_AGE_S,
        path="/",
        secure=parts.is_secure,
        httponly=True,
        samesite="strict",
    )
    return response


async def ask_pin(visit: Visit, parts: Parts) -> Response:
    """Ask for the PIN of the shift."""
    query = visit.request.query_params
    fault = query.get("e", "")
    faults = {
        "wrong": visit.words["pin_wrong"],
        "expired": visit.words["pin_expired"],
        "wait": visit.words.say("pin_wait", minutes=_minutes(query.get("m", ""))),
    }
    return show(visit, parts, "pin.html", fault=faults.get(fault, ""), next=_next(query.get("next", "")))


async def unlock(visit: Visit, parts: Parts) -> Response:
    """Open the shift for ten minutes, and go on to what was asked."""
    fields = await form_of(visit)
    target = _next(fields.get("next", ""))
    digest = await asyncio.to_thread(pin_digest, digits_of(fields.get("pin", "")), visit.token)
    tried = await parts.shifts.unlock(visit.desk.device_id, digest, visit.now)
    if tried.unlock is Unlock.WAIT:
        return _to(f"/pin?e=wait&m={_whole_minutes(tried.wait)}&next={quote(target)}")
    if tried.unlock is Unlock.WRONG:
        return _to(f"/pin?e=wrong&next={quote(target)}")
    if target == "reading":
        return await read_next(visit, parts, fields)
    return _to(f"/{target}")


async def reading(visit: Visit, parts: Parts) -> Response:
    """Somebody pressed: the most urgent thing is being read, once the PIN says who may."""
    fields = await form_of(visit)
    if not visit.is_unlocked:
        return _to("/pin?next=reading")
    return await read_next(visit, parts, fields)


async def leave(visit: Visit, parts: Parts) -> Response:
    """Close the shift and show something that anybody may have open."""
    if visit.device is not None and visit.is_unlocked:
        await parts.shifts.lock(visit.device.device_id)
    return RedirectResponse(parts.exit_url, status_code=303, headers={"Clear-Site-Data": '"cache"'})


async def _look(visit: Visit, parts: Parts) -> Waiting:
    """Count what waits. What the browser says that it has shown is delivered now, and not before."""
    device = visit.desk
    shown = [each for each in visit.request.query_params.get("seen", "").split(",") if OPAQUE_ID.fullmatch(each)]
    if shown:
        await parts.deliveries.receive(
            shown[:SEEN_AT_ONCE], device.receiver_id, Channel.PAGE, device.device_id, visit.now
        )
    return await parts.alerts.waiting(device.receiver_id)


def _due(visit: Visit, waiting: Waiting) -> str:
    return visit.words.due(waiting.oldest_due_time, visit.desk.time_zone, visit.now)


def _seen(waiting: Waiting) -> str:
    return ",".join(waiting.unseen_ids[:SEEN_AT_ONCE])


def _next(text: str) -> str:
    return text if NEXT.fullmatch(text) else "list"


def _minutes(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 1  # noqa: PLR2004 -- no wait is longer


def _whole_minutes(wait: timedelta) -> int:
    return max(1, -(-int(wait.total_seconds()) // 60))


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
