"""Let the browser of somebody on duty be woken while its page is closed."""

from starlette.responses import JSONResponse, Response

from services.errors import InvalidInput, NotFound
from services.notify.duty.parts import DutyParts, DutyPush, DutyVisit
from services.notify.secrecy import token_digest


async def subscribe(visit: DutyVisit, parts: DutyParts) -> Response:
    """Keep where this browser is woken, until its session ends."""
    fields = await visit.form()
    push = _push(parts)
    try:
        address = push.rules.read(fields.get("url", "")).url
    except InvalidInput:
        return JSONResponse({"kept": False}, status_code=400)
    await push.pushes.subscribe(token_digest(visit.token), visit.coordinator, address)
    return JSONResponse({"kept": True})


async def unsubscribe(visit: DutyVisit, parts: DutyParts) -> Response:
    """Let this browser sleep."""
    await visit.form()
    await _push(parts).pushes.unsubscribe(token_digest(visit.token), visit.coordinator)
    return JSONResponse({"kept": False})


def _push(parts: DutyParts) -> DutyPush:
    if parts.push is None:
        raise NotFound("browsers are not woken here")
    return parts.push
