"""`ihala match`, `ihala explain`: who can help this person, and why or why not."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ihala.answer import Answer
from ihala.cli import home
from ihala.cli.documents import answer_document
from ihala.cli.explain_page import explain_document, show_explanations
from ihala.cli.failures import command
from ihala.cli.home import ActorOption, ProfileOption
from ihala.cli.match_page import show_answer
from ihala.cli.output import Format, FormatOption, emit
from ihala.cli.page import Page, PageLanguageOption, read_language
from ihala.cli.typed_search import Search, found, with_search
from ihala.client import Ihala
from ihala.match_wire import token_to_text
from services.errors import InvalidInput


@command
@with_search
async def match(
    search: Search,
    page_language: PageLanguageOption = "en",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Find who can meet a need, and whom to ask first, nearest first. Without facts of a person: a plain search."""
    spoken = read_language(page_language)
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        answer, origin = await found(ihala, search)
    emit(
        answer_document(answer, origin, token_to_text(answer.token)),
        form,
        lambda console: show_answer(Page(console, spoken), answer),
    )


@command
@with_search
async def explain(
    search: Search,
    provider: Annotated[str, typer.Option(help="Whom to explain; else the nearest that offer it or might.")] = "",
    only: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Of the needs that match lists, this one alone, as LEG-GRD or LNG-INT."),
    ] = None,
    page_language: PageLanguageOption = "en",
    form: FormatOption = Format.TABLE,
    profile: ProfileOption = None,
    actor: ActorOption = None,
) -> None:
    """Say of a provider, or of the nearest, why it fits or does not, and the least change that would make it fit."""
    spoken = read_language(page_language)
    async with Ihala(home.profile_for(home.MINISTRY, profile), actor=actor) as ihala:
        answer, _ = await found(ihala, search)
        needs = _explained(answer, only, provider)
        why = [await ihala.explain_matches(answer.token, need_no=each, provider_id=provider) for each in needs]
    emit(
        explain_document(why),
        form,
        lambda console: show_explanations(Page(console, spoken), why, is_one=bool(provider)),
    )


def _explained(answer: Answer, only: str | None, provider: str) -> Sequence[int]:
    """
    Choose which needs of an answer are explained, by number.

    Without a word all are, those that a rule added too; but of one provider only what
    was asked for, since it was chosen for that.
    """
    if only is None:
        return [each.need_no for each in answer if not (provider and each.added_by)]
    chosen = [each.need_no for each in answer if each.code == only]
    if not chosen:
        raise InvalidInput(f"only must be a need of this search: {', '.join(each.code for each in answer)}")
    return chosen
