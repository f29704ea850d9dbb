"""Methods that are agreed in the protos and not built yet."""

from typing import Any, NoReturn

from services.errors import Unimplemented


class SuggestionMethods:
    """The methods about suggestions."""

    async def SuggestChange(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("suggestions are not taken in this version")

    async def ListSuggestions(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("suggestions are not taken in this version")

    async def ReviewSuggestion(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("suggestions are not taken in this version")
