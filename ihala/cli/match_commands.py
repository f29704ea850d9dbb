"""`ihala match`, `ihala explain`: who can help this person, and why or why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ihala.answer import Answer
from ihala.cli import home, typed
from ihala.cli.case_file import case_in, safety_in
from ihala.cli.documents import answer_document
from ihala.cli.explain_page import explain_document, show_explanations
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_page import show_answer
from ihala.cli.output import Format, FormatOption, emit
from ihala.cli.page import Page, PageLanguageOption, read_language
from ihala.cli.search_commands import METRES, CountryOption, FarOption, NeedOption
from ihala.client import Ihala
from ihala.match_wire import token_to_text
from ihala.person import Need, Person, TravelMode, Urgency
from ihala.safety_wire import safety_from_json
from services.errors import InvalidInput

AtOption = Annotated[str | None, typer.Option("--at", help="Where the person is: LAT,LON, or a town in any script.")]
UrgencyOption = Annotated[str, typer.Option("--urgency", help="immediate, emergency, urgent or normal.")]
AgeOption = Annotated[str | None, typer.Option("--age", help="Years, a range as 15-17, or unknown.")]
BasisOption = Annotated[str, typer.Option("--age-basis", help="stated, document, appears or disputed.")]
GenderOption = Annotated[str | None, typer.Option("--gender", help="woman, man, …; female or male; unknown.")]
LanguageOption = Annotated[
    list[str] | None, typer.Option("--language", help="Understood (BCP 47); several times, or unknown.")
]
ProcessOption = Annotated[
    str | None, typer.Option("--process", help="tip_presumed, tip_confirmed, som, both, unknown.")
]
AloneOption = Annotated[bool | None, typer.Option(help="A child without a carer.")]
NoChildOption = Annotated[bool | None, typer.Option(help="The worker's recorded word.")]
WhenOption = Annotated[str | None, typer.Option("--when", help="A day or a time; else now.")]
ExcludeOption = Annotated[list[str] | None, typer.Option("--exclude", help="A provider not to be offered.")]
TravelOption = Annotated[str | None, typer.Option("--travel", help="car, public or foot.")]
HoursOption = Annotated[
    float | None, typer.Option("--hours-since-event", help="How long ago it happened, for clinical clocks.")
]
InterpreterOption = Annotated[
    bool, typer.Option("--interpreter", help="A vetted one joins, as by telephone: then languages do not matter.")
]
SafetyOption = Annotated[
    Path | None,
    typer.Option(
        "--safety", help="Danger zones, who apart, who together, in a JSON file: no shell keeps it; - is stdin."
    ),
]
CaseOption = Annotated[
    Path | None,
    typer.Option(
        "--case", help="The whole case in a JSON file instead, the safety envelope among it; - is standard input."
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=100, help="Rows a list.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A search as it was typed."""

    at: str | None
    need: Sequence[str] | None
    urgency: str
    person: Person | None
    when: str | None
    exclude: Sequence[str] | None
    travel: str | None
    hours_since: float | None
    interpreter: bool
    safety: Path | None
    case: Path | None
    max_distance_km: float | None
    country: str
    limit: int


@command
async def match(
    at: AtOption = None,
    need: NeedOption = None,
    urgency: UrgencyOption = "normal",
    age: AgeOption = None,
    age_basis: BasisOption = "stated",
    gender: GenderOption = None,
    language: LanguageOption = None,
    process: ProcessOption = None,
    unaccompanied: AloneOption = None,
    no_reason_to_believe_child: NoChildOption = None,
    when: WhenOption = None,
    exclude: ExcludeOption = None,
    travel: TravelOption = None,
    hours_since: HoursOption = None,
    interpreter: InterpreterOption = False,
    safety: SafetyOption = None,
    case: CaseOption = None,
    max_distance_km: FarOption = None,
    country: CountryOption = "",
    limit: LimitOption = 10,
    page_language: PageLanguageOption = "en",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Find who can meet a need, and whom to ask first, nearest first. Without facts of a person: a plain search."""
    spoken = read_language(page_language)
    typed_in = _Search(
        at=at,
        need=need,
        urgency=urgency,
        person=_person(age, age_basis, gender, language, process, unaccompanied, no_reason_to_believe_child),
        when=when,
        exclude=exclude,
        travel=travel,
        hours_since=hours_since,
        interpreter=interpreter,
        safety=safety,
        case=case,
        max_distance_km=max_distance_km,
        country=country,
        limit=limit,
    )
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        answer, origin = await _found(ihala, typed_in)
    emit(
        answer_document(answer, origin, token_to_text(answer.token)),
        form,
        lambda console: show_answer(Page(console, spoken), answer),
    )


@command
async def explain(
    provider: Annotated[
        str, typer.Option("--provider", help="Whom to explain; else the nearest that offer it or might.")
    ] = "",
    at: AtOption = None,
    need: NeedOption = None,
    urgency: UrgencyOption = "normal",
    age: AgeOption = None,
    age_basis: BasisOption = "stated",
    gender: GenderOption = None,
    language: LanguageOption = None,
    process: ProcessOption = None,
    unaccompanied: AloneOption = None,
    no_reason_to_believe_child: NoChildOption = None,
    when: WhenOption = None,
    exclude: ExcludeOption = None,
    travel: TravelOption = None,
    hours_since: HoursOption = None,
    interpreter: InterpreterOption = False,
    safety: SafetyOption = None,
    case: CaseOption = None,
    max_distance_km: FarOption = None,
    country: CountryOption = "",
    limit: LimitOption = 10,
    page_language: PageLanguageOption = "en",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say of a provider, or of the nearest, why it fits or does not, and the least change that would make it fit."""
    spoken = read_language(page_language)
    typed_in = _Search(
        at=at,
        need=need,
        urgency=urgency,
        person=_person(age, age_basis, gender, language, process, unaccompanied, no_reason_to_believe_child),
        when=when,
        exclude=exclude,
        travel=travel,
        hours_since=hours_since,
        interpreter=interpreter,
        safety=safety,
        case=case,
        max_distance_km=max_distance_km,
        country=country,
        limit=limit,
    )
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        found, _ = await _found(ihala, typed_in)
        asked_for = [each.need_no for each in found if not each.added_by]
        why = [await ihala.explain_matches(found.token, need_no=each, provider_id=provider) for each in asked_for]
    emit(
        explain_document(why),
        form,
        lambda console: show_explanations(Page(console, spoken), why, is_one=bool(provider)),
    )


async def _found(ihala: Ihala, search: _Search) -> tuple[Answer, Mapping[str, Any]]:
    """Search as it was typed; say also from where."""
    when_time = typed.time_of(search.when, "when_time")
    if search.case is not None:
        if search.safety is not None or search.travel is not None or search.hours_since is not None:
            raise InvalidInput("safety, travel and hours_since_event must be said in the case's file, if there is one")
        document = await case_in(search.case, ihala.directory)
        return await ihala.find_matches_for(document, when_time=when_time), document.get("origin", {})
    if search.at is None or not search.need:
        raise InvalidInput(
            "at must be given, and a need, or a case" if search.at is None else "need must be given at least once"
        )
    start = await typed.start_of(search.at, search.country, ihala.directory)
    answer = await ihala.find_matches(
        [Need(code=code, hours_since_event=search.hours_since, interpreter=search.interpreter) for code in search.need],
        start.origin,
        urgency=typed.word_in(Urgency, search.urgency, "urgency"),
        person=search.person,
        safety=None if search.safety is None else safety_from_json(await safety_in(search.safety, ihala.directory)),
        excluded_provider_ids=search.exclude or (),
        when_time=when_time,
        limit=search.limit,
        max_distance_m=None if search.max_distance_km is None else search.max_distance_km * METRES,
        travel_mode=None if search.travel is None else typed.word_in(TravelMode, search.travel, "travel"),
    )
    return answer, start.document


def _person(
    age: str | None,
    age_basis: str,
    gender: str | None,
    language: list[str] | None,
    process: str | None,
    unaccompanied: bool | None,
    no_reason_to_believe_child: bool | None,
) -> Person | None:
    if all(fact is None for fact in (age, gender, process, unaccompanied, no_reason_to_believe_child)) and not language:
        return None
    sex, gender_fact = typed.gender_of(gender)
    facts: dict[str, Any] = {} if unaccompanied is None else {"unaccompanied": unaccompanied}
    return Person(
        age=typed.age_of(age, age_basis),
        sex=sex,
        gender=gender_fact,
        languages=typed.languages_of(language),
        process=typed.process_of(process),
        no_reason_to_believe_child=no_reason_to_believe_child,
        **facts,
    )
