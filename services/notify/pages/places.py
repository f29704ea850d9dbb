"""The screen on which a desk tells how many places its houses have now."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse, Response

from services.errors import InvalidInput, Unavailable
from services.notify.pages.facts import house_name
from services.notify.pages.parts import Parts
from services.notify.pages.screens import message, show
from services.notify.pages.visit import Visit, form_of, request_id_of
from services.notify.pages.words import Words
from services.notify.secrecy import in_figures
from services.notify.shown import House, ReportedPlaces
from services.taxonomy import Kind, terms

MAX_PLACES: Final = 100_000


async def show_places(visit: Visit, parts: Parts) -> Response:
    """Show what was reported last, to be put right."""
    houses = await parts.directory.houses(visit.desk.receiver_id)
    query = visit.request.query_params
    return show(
        visit,
        parts,
        "places.html",
        note=visit.words["places_kept"] if "kept" in query else "",
        fault=visit.words["places_bad"] if "bad" in query else "",
        houses=[_house(house, visit.words) for house in houses],
    )


async def report(visit: Visit, parts: Parts) -> Response:
    """Pass on what a desk says of one house."""
    fields = await form_of(visit)
    if not visit.is_unlocked:
        return _to("/pin?e=expired&next=places")
    houses = {house.provider_id: house for house in await parts.directory.houses(visit.desk.receiver_id)}
    house = houses.get(fields.get("house", ""))
    if house is None:
        raise InvalidInput("house must be one of this desk")
    try:
        reports = reports_in(fields)
    except InvalidInput:
        return _to("/places?bad=1")
    # the report's time is part of it, so a second press is a second report of the same places, and does no harm
    request_id = request_id_of(visit, {**fields, "time": visit.now.isoformat()})
    try:
        await parts.directory.report_places(house.provider_id, reports, request_id, visit.now)
    except InvalidInput:
        return _to("/places?bad=1")
    except Unavailable:
        return message(visit, parts, visit.words["try_again"], 503, again=fields)
    return _to("/places?kept=1")


def reports_in(fields: Mapping[str, str]) -> list[ReportedPlaces]:
    """
    Read the numbers of a form.

    Raises:
        InvalidInput: one is no number of places, or there is none at all.
    """
    reports = []
    for name, total in fields.items():
        kind, _, population = name.partition(":")
        if kind != "total":
            continue
        occupied = fields.get(f"occupied:{population}", "")
        population = population or fields.get("other", "")
        if population and (total.strip() or occupied.strip()):
            reports.append(ReportedPlaces(population=population, total=_number(total), occupied=_number(occupied)))
    if not reports:
        raise InvalidInput("places must be told for somebody")
    return reports


def _number(text: str) -> int | None:
    digits = in_figures(text)
    if not digits:
        return None
    if not digits.isascii() or not digits.isdigit() or int(digits) > MAX_PLACES:
        raise InvalidInput(f"places must be in [0, {MAX_PLACES}]")
    return int(digits)


def _house(house: House, words: Words) -> dict[str, object]:
    populations = terms(Kind.POPULATION)
    reported = {report.population for report in house.places}
    return {
        "id": house.provider_id,
        "name": house_name(house, words),
        "rows": [
            {
                "population": report.population,
                "label": populations[report.population].labels[words.language],
                "total": "" if report.total is None else report.total,
                "occupied": "" if report.occupied is None else report.occupied,
            }
            for report in house.places
            if report.population in populations
        ],
        "others": [(code, term.labels[words.language]) for code, term in populations.items() if code not in reported],
    }


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)
