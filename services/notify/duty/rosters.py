"""The rosters: who is on duty, how often they were woken, and a rest for those who need one (R61)."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from services.errors import InvalidInput
from services.notify.duty.model import PAUSES
from services.notify.duty.parts import DutyParts, DutyVisit
from services.notify.duty.screens import show
from services.notify.model import OPAQUE_ID

HOUR_S: Final = 3600


async def show_rosters(visit: DutyVisit, parts: DutyParts) -> Response:
    """List the rosters with the nights in which each was woken."""
    words, zone = visit.words, parts.time_zone
    return show(
        visit,
        parts,
        "duty_rosters.html",
        rosters=[
            {
                "id": roster.roster_id,
                "on_duty": roster.on_duty,
                "nights": roster.nights_woken,
                "paused": words.time(roster.paused_until_time, zone, visit.now)
                if roster.paused_until_time and roster.paused_until_time > visit.now
                else "",
                "stand_in": roster.stand_in,
            }
            for roster in await parts.duty.rosters(visit.coordinator)
        ],
        pauses=[
            (str(int(pause.total_seconds()) // HOUR_S), words.time(visit.now + pause, zone, visit.now))
            for pause in PAUSES
        ],
    )


async def pause(visit: DutyVisit, parts: DutyParts) -> Response:
    """Let a roster rest for so many hours, or end its rest."""
    fields = await visit.form()
    roster_id, hours = fields.get("roster", ""), fields.get("hours", "")
    allowed = {str(int(each.total_seconds()) // HOUR_S): each for each in PAUSES}
    if OPAQUE_ID.fullmatch(roster_id) is None or (hours and hours not in allowed):
        raise InvalidInput("hours must be one of those that were offered")
    until = {"until_time": visit.now + allowed[hours]} if hours else {}
    await parts.duty.pause(roster_id, visit.coordinator, visit.request_id(fields), **until)
    return RedirectResponse("/rosters", status_code=303)
