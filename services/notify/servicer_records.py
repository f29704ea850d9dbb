"""Answer for the log of deliveries and the dead letters that a person must clear."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.errors import InvalidInput
from services.notify.model import OPAQUE_ID, require_receiver_id
from services.notify.store.letters import LetterStore
from services.notify.store.logs import LogStore
from services.notify.store.requests import Request
from services.notify.wire import records as wire
from services.notify.wire.rpc import digest_of, page_from_wire, page_token, request_id_from_wire
from services.runtime.auth import Role, current_principal, require_receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMethods:
    """The methods of NotifyService that tell what was done; see its proto."""

    logs: LogStore
    letters: LetterStore
    now: Callable[[], datetime]

    async def ListDeliveries(self, request: Any, context: Any) -> Any:
        """List what became of alerts, with every attempt."""
        if request.offer_id and OPAQUE_ID.fullmatch(request.offer_id) is None:
            raise InvalidInput("offer_id must be an opaque id of 1 to 64 characters")
        principal = current_principal()
        sees_all = principal.has(Role.COORDINATOR, Role.DUTY_COORDINATOR, Role.OPERATOR)
        if request.receiver_id or not (sees_all and request.offer_id):
            require_receiver_id(request.receiver_id)
        if not sees_all:
            require_receiver(principal, request.receiver_id)
        limit, after = page_from_wire(request)
        found = await self.logs.list_page(
            receiver_id=request.receiver_id, offer_id=request.offer_id, limit=limit, after=after
        )
        last = (found[-1].alert.create_time, found[-1].alert.alert_id) if len(found) == limit else None
        return wire.deliveries_listed(found, page_token(last))

    async def ListDeadLetters(self, request: Any, context: Any) -> Any:
        """List what a person must see to."""
        limit, after = page_from_wire(request)
        found = await self.letters.list_page(limit, after, with_cleared=request.with_cleared)
        last = (found[-1].create_time, found[-1].dead_letter_id) if len(found) == limit else None
        return wire.letters_listed(found, page_token(last))

    async def ClearDeadLetter(self, request: Any, context: Any) -> Any:
        """Note that a person has seen to it."""
        if not request.dead_letter_id:
            raise InvalidInput("dead_letter_id must not be empty")
        principal = current_principal()
        command = Request(
            client_id=principal.client_id,
            request_id=request_id_from_wire(request),
            body_digest=digest_of(request),
            answer=b"",
        )
        letter, replayed = await self.letters.clear(command, principal, request.dead_letter_id, self.now())
        return wire.letter_cleared(letter, replayed=replayed)
