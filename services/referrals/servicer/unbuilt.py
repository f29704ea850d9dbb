"""Methods that stand in the contract and that this version does not answer yet."""

from typing import Any, NoReturn

from services.errors import Unimplemented


class UnbuiltMethods:
    """They refuse in one way, so that a caller can tell."""

    async def OverrideConsent(self, request: Any, context: Any) -> Any:
        _refuse("OverrideConsent")

    async def CreateReferrals(self, request: Any, context: Any) -> Any:
        _refuse("CreateReferrals")

    async def ProbeProviders(self, request: Any, context: Any) -> Any:
        _refuse("ProbeProviders")

    async def ProposeOffer(self, request: Any, context: Any) -> Any:
        _refuse("ProposeOffer")

    async def RequestInfo(self, request: Any, context: Any) -> Any:
        _refuse("RequestInfo")

    async def WaitlistOffer(self, request: Any, context: Any) -> Any:
        _refuse("WaitlistOffer")

    async def SubmitHandover(self, request: Any, context: Any) -> Any:
        _refuse("SubmitHandover")

    async def GetHandover(self, request: Any, context: Any) -> Any:
        _refuse("GetHandover")


def _refuse(method: str) -> NoReturn:
    raise Unimplemented(f"{method} is not answered by this version")
