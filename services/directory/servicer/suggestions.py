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

    async def SuspendProvider(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")

    async def VerifyProvider(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")

    async def ListStale(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")

    async def GetProviderHistory(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")

    async def ListDuplicates(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")

    async def CreateLine(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")

    async def EndLine(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")

    async def ListLines(self, request: Any, context: Any) -> NoReturn:
        raise Unimplemented("not in this version")
