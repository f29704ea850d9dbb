"""Vocabularies and towns on the wire."""

from collections.abc import Sequence
from typing import Final

from ihala.directory.v1 import directory_pb2 as pb
from ihala.directory.v1 import directory_service_pb2 as service_pb
from services.directory.model import refuse
from services.directory.model.checks import check_country
from services.directory.wire.places_wire import point_to_wire
from services.directory.wire.requests_wire import refuse_unknown
from services.taxonomy import VERSION, Entry, Kind, kind_of
from services.towns import Town

DEFAULT_TOWNS: Final = 10
MAX_TOWNS: Final = 50
MAX_TEXT: Final = 200


def vocabulary_of(request: service_pb.ListVocabularyRequest) -> tuple[Kind, str]:
    """Read which vocabulary, and the language of its labels."""
    refuse_unknown(request)
    return kind_of(request.kind), request.language


def vocabulary_answer(entries: Sequence[Entry]) -> service_pb.ListVocabularyResponse:
    return service_pb.ListVocabularyResponse(entries=map(_entry, entries), version=VERSION)


def place_name_of(request: service_pb.ResolvePlaceRequest) -> tuple[str, str, int]:
    """Read the name of a town, its country if given, and how many towns are asked for."""
    refuse_unknown(request)
    if not 0 < len(request.text) <= MAX_TEXT:
        raise refuse("text", f"must have 1 to {MAX_TEXT} characters")
    if request.country_code:
        check_country("country_code", request.country_code)
    if not 0 <= request.limit <= MAX_TOWNS:
        raise refuse("limit", f"must be in [0, {MAX_TOWNS}]")
    return request.text, request.country_code, request.limit or DEFAULT_TOWNS


def towns_answer(towns: Sequence[Town]) -> service_pb.ResolvePlaceResponse:
    return service_pb.ResolvePlaceResponse(towns=map(_town, towns))


def place_id_of(request: service_pb.GetTownRequest) -> str:
    refuse_unknown(request)
    return request.place_id


def town_answer(town: Town) -> service_pb.GetTownResponse:
    return service_pb.GetTownResponse(town=_town(town))


def _entry(entry: Entry) -> pb.VocabularyEntry:
    return pb.VocabularyEntry(
        code=entry.term.code,
        label=pb.LocalizedText(language=entry.language, text=entry.label),
        parent=entry.term.parent,
        foreign_codes=entry.term.foreign_codes,
        since=entry.term.since,
        deprecated=entry.term.deprecated,
        marks=sorted(entry.term.marks),
    )


def _town(town: Town) -> pb.Town:
    return pb.Town(
        place_id=town.place_id,
        name=town.name,
        other_names=town.names,
        country_code=town.country_code,
        point=point_to_wire(town.point),
        population=town.population,
        time_zone=town.time_zone,
    )
