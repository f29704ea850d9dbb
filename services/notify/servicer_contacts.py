"""Answer for whom those on duty ring about a system's referrals."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.errors import InvalidInput, Violation
from services.notify.channels.written import read_telephone
from services.notify.store.contacts import ContactStore
from services.notify.store.requests import Request
from services.notify.wire import contacts as wire
from services.notify.wire.rpc import digest_of, request_id_from_wire
from services.runtime.auth import Role, absent, current_principal

MOST: Final = 5  #: numbers of a system


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactMethods:
    """The methods of NotifyService on contacts; see its proto."""

    contacts: ContactStore
    now: Callable[[], datetime]

    async def SetContact(self, request: Any, context: Any) -> Any:
        """Keep the caller's numbers."""
        principal = current_principal()
        if len(request.phones) > MOST:
            raise InvalidInput(f"phones must be at most {MOST}")
        phones = list(dict.fromkeys(_phone(text, number) for number, text in enumerate(request.phones)))
        command = Request(
            client_id=principal.client_id,
            request_id=request_id_from_wire(request),
            body_digest=digest_of(request),
            answer=b"",
        )
        replayed = await self.contacts.put(command, principal, phones, self.now())
        kept = await self.contacts.phones(principal.client_id)
        return wire.contact_set(principal.client_id, kept, replayed=replayed)

    async def GetContact(self, request: Any, context: Any) -> Any:
        """Return a system's numbers; another's to those on duty alone."""
        principal = current_principal()
        client_id = request.client_id or principal.client_id
        if client_id != principal.client_id and not principal.has(Role.DUTY_COORDINATOR):
            raise absent()
        return wire.contact_got(client_id, await self.contacts.phones(client_id))


def _phone(text: str, number: int) -> str:
    try:
        return read_telephone(text)
    except InvalidInput as error:
        rule = "must be a telephone number with its country, as +218911234567"
        raise InvalidInput(f"phones[{number}] {rule}", fields=[Violation(f"phones[{number}]", rule)]) from error
