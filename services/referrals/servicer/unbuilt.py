"""Methods that stand in the contract and that this version does not answer yet."""

from typing import Any, NoReturn

from services.errors import Unimplemented


class UnbuiltMethods:
    """They refuse in one way, so that a caller can tell."""

    async def CreateReferrals(self, request: Any, context: Any) -> Any:
        _refuse("CreateReferrals")


def _refuse(method: str) -> NoReturn:
    raise Unimplemented(f"{method} is not answered by this version")
