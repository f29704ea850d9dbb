"""A search for one person as it is typed: the options that `match` and `explain` have in common."""

import functools
import inspect
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from ihala.answer import Answer
from ihala.cli import typed
from ihala.cli.case_file import case_in, safety_in
from ihala.cli.search_commands import METRES, CountryOption, FarOption, NeedOption
from ihala.client import Ihala
from ihala.person import Need, Person, TravelMode, Urgency
from ihala.safety_wire import safety_from_json
from services.errors import InvalidInput
from services.taxonomy import service

T = TypeVar("T")

_PLACES: Final = re.compile(r"([a-z_]+)=(\d+)", re.ASCII)
_NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked, for whom, from where and when."""

    at: Annotated[str | None, typer.Option(help="Where the person is: LAT,LON, or a town in any script.")] = None
    need: NeedOption = None
    urgency: Annotated[str, typer.Option(help="immediate, emergency, urgent or normal.")] = "normal"
    age: Annotated[str | None, typer.Option(help="Years, a range as 15-17, or unknown.")] = None
    age_basis: Annotated[str, typer.Option(help="stated, document, appears or disputed.")] = "stated"
    gender: Annotated[str | None, typer.Option(help="woman, man, …; female or male; unknown.")] = None
    family: Annotated[
        list[str] | None,
        typer.Option(help="alone, couple, mother_with_children, …; several times, or unknown."),
    ] = None
    places: Annotated[
        list[str] | None,
        typer.Option(metavar="WHO=NUMBER", help="Places under the roof, as women=1 girls=2; else one. Several times."),
    ] = None
    accessibility: Annotated[
        list[str] | None, typer.Option(help="step_free, care_help, …; several times, or none, or unknown.")
    ] = None
    language: Annotated[
        list[str] | None, typer.Option(help="Understood (BCP 47); several times, or unknown.")
    ] = None  # fmt: skip
    process: Annotated[str | None, typer.Option(help="tip_presumed, tip_confirmed, som, both, unknown.")] = None
    unaccompanied: Annotated[bool | None, typer.Option(help="A child without a carer.")] = None
    no_reason_to_believe_child: Annotated[bool | None, typer.Option(help="The worker's recorded word.")] = None
    when: Annotated[str | None, typer.Option(help="A day or a time; else now.")] = None
    exclude: Annotated[list[str] | None, typer.Option(help="A provider not to be offered.")] = None
    travel: Annotated[str | None, typer.Option(help="car, public or foot.")] = None
    hours_since: Annotated[
        float | None, typer.Option("--hours-since-event", help="How long ago it happened, for clinical clocks.")
    ] = None
    interpreter: Annotated[
        bool, typer.Option("--interpreter", help="A vetted one joins, as by telephone: then languages do not matter.")
    ] = False
    safety: Annotated[
        Path | None,
        typer.Option(help="Danger zones, who apart, who together, in a JSON file: no shell keeps it; - is stdin."),
    ] = None
    case: Annotated[
        Path | None,
        typer.Option(help="The whole case in a JSON file instead, the safety envelope among it; - is standard input."),
    ] = None
    max_distance_km: FarOption = None
    country: CountryOption = ""
    limit: Annotated[int, typer.Option(min=1, max=100, help="Rows a list.")] = 10


def with_search(function: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., Coroutine[Any, Any, T]]:
    """Give a command, in place of its parameter `search`, the options of a search."""
    fields = inspect.signature(Search).parameters

    @functools.wraps(function)
    async def run(**given: Any) -> T:
        search = Search(**{name: given.pop(name) for name in fields})
        return await function(search=search, **given)

    own = inspect.signature(function)
    parameters = [
        each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, one in own.parameters.items()
        for each in (fields.values() if name == "search" else [one])
    ]
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # what a command is made of
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


async def found(ihala: Ihala, search: Search) -> tuple[Answer, Mapping[str, Any]]:
    """Search as it was typed; say also from where."""
    when_time = typed.time_of(search.when, "when_time")
    if search.case is not None:
        beside = {
            "safety": search.safety,
            "travel": search.travel,
            "hours_since_event": search.hours_since,
            "family": search.family,
            "places": search.places,
            "accessibility": search.accessibility,
        }
        told = [name for name, value in beside.items() if value is not None]
        if told:
            raise InvalidInput(f"{told[0]} must be said in the case's file, if there is one")
        document = await case_in(search.case, ihala.directory)
        return await ihala.find_matches_for(document, when_time=when_time), document.get("origin", {})
    if search.at is None or not search.need:
        raise InvalidInput(
            "at must be given, and a need, or a case" if search.at is None else "need must be given at least once"
        )
    needs = _needs(search, search.need)
    start = await typed.start_of(search.at, search.country, ihala.directory)
    answer = await ihala.find_matches(
        needs,
        start.origin,
        urgency=typed.word_in(Urgency, search.urgency, "urgency"),
        person=_person(search),
        safety=None if search.safety is None else safety_from_json(await safety_in(search.safety, ihala.directory)),
        excluded_provider_ids=search.exclude or (),
        when_time=when_time,
        limit=search.limit,
        max_distance_m=None if search.max_distance_km is None else search.max_distance_km * METRES,
        travel_mode=None if search.travel is None else typed.word_in(TravelMode, search.travel, "travel"),
    )
    return answer, start.document


def _needs(search: Search, codes: list[str]) -> list[Need]:
    """Write the needs; places are of the roofs among them."""
    items = _items(search.places or [])
    roofs = {code for code in codes if items and service(code, "need").accommodation}
    if items and not roofs:
        raise InvalidInput("places must be of a need for a roof, as ACC-EMG")
    return [
        Need(
            code=code,
            hours_since_event=search.hours_since,
            interpreter=search.interpreter,
            items=items if code in roofs else {},
        )
        for code in codes
    ]


def _items(texts: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in texts:
        read = _PLACES.fullmatch(text)
        if read is None or read[1] in found:
            raise InvalidInput("places must be WHO=NUMBER, as girls=2, each of whom once")
        found[read[1]] = int(read[2])
    return found


def _person(search: Search) -> Person | None:
    """Write what was said of a person; None if nothing was, which makes a plain search (R2)."""
    facts = (search.age, search.gender, search.process, search.unaccompanied, search.no_reason_to_believe_child)
    lists = (search.family, search.accessibility, search.language)
    if all(fact is None for fact in facts) and not any(lists):
        return None
    sex, gender = typed.gender_of(search.gender)
    told: dict[str, Any] = {} if search.unaccompanied is None else {"unaccompanied": search.unaccompanied}
    return Person(
        age=typed.age_of(search.age, search.age_basis),
        sex=sex,
        gender=gender,
        family=typed.codes_of(search.family),
        accessibility=() if search.accessibility == [_NONE] else typed.codes_of(search.accessibility),
        languages=typed.codes_of(search.language),
        process=typed.process_of(search.process),
        no_reason_to_believe_child=search.no_reason_to_believe_child,
        **told,
    )
