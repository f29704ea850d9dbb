"""Vocabularies and towns over gRPC."""

from typing import Any

from services.directory.servicer.commands import Directory
from services.directory.wire.lists_wire import (
    place_id_of,
    place_name_of,
    town_answer,
    towns_answer,
    vocabulary_answer,
    vocabulary_of,
)
from services.taxonomy import vocabulary


class ListMethods:
    """The methods that look words and towns up."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def ListVocabulary(self, request: Any, context: Any) -> Any:
        return vocabulary_answer(vocabulary(*vocabulary_of(request)))

    async def ResolvePlace(self, request: Any, context: Any) -> Any:
        text, country_code, limit = place_name_of(request)
        return towns_answer(self._directory.towns.resolve(text, country_code)[:limit])

    async def GetTown(self, request: Any, context: Any) -> Any:
        return town_answer(self._directory.towns.get(place_id_of(request)))
