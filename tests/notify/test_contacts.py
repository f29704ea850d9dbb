"""Tests of whom those on duty ring about a system's referrals: the system says it, and nobody else sees it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ihala.notify.v1 import notify_pb2 as pb
from ihala.notify.v1.notify_pb2_grpc import (
    NotifyServiceServicer,
    NotifyServiceStub,
    add_NotifyServiceServicer_to_server,
)
from services.errors import InvalidInput, NotFound, PermissionDenied, Reason
from services.notify.servicer import Combined
from services.notify.servicer_contacts import ContactMethods
from services.notify.store.contacts import ContactStore
from services.runtime.auth import Role
from services.runtime.channel import Channel
from tests.notify.duty_desk import a_duty_page
from tests.notify.stores import Clock, Stores
from tests.serving import Serving, an_identity, serving

NIGHT, DAY = "+218911234567", "+218917654321"


class Whole(Combined, NotifyServiceServicer):
    """The parts under test; whatever else the proto has is unimplemented."""


@pytest.fixture
async def served(stores: Stores, clock: Clock, tmp_path: Path) -> AsyncIterator[Serving]:
    servicer = Whole(ContactMethods(contacts=ContactStore(stores.pool), now=clock))  # type: ignore[abstract]  # the rest is UNIMPLEMENTED
    async with serving(
        an_identity(tmp_path), lambda server: add_NotifyServiceServicer_to_server(servicer, server)
    ) as made:
        yield made


def a_system(served: Serving, client_id: str) -> Channel:
    return served.channel(token=served.identity.token(Role.CASE_SYSTEM, client_id=client_id))


async def test_a_system_says_whom_to_ring_and_says_it_anew(served: Serving) -> None:
    async with a_system(served, "system-1") as channel:
        system = NotifyServiceStub(channel)
        request = pb.SetContactRequest(request_id="one", phones=["+218 91-123-4567", DAY, NIGHT])
        first = await system.SetContact(request)
        assert list(first.contact.phones) == [NIGHT, DAY]
        assert (await system.SetContact(request)).replayed
        await system.SetContact(pb.SetContactRequest(request_id="two", phones=[DAY]))
        assert list((await system.GetContact(pb.GetContactRequest())).contact.phones) == [DAY]
        await system.SetContact(pb.SetContactRequest(request_id="three"))
        assert list((await system.GetContact(pb.GetContactRequest())).contact.phones) == []
        with pytest.raises(InvalidInput) as reused:
            await system.SetContact(pb.SetContactRequest(request_id="one", phones=[DAY]))

    assert reused.value.reason is Reason.REQUEST_ID_REUSED


@pytest.mark.parametrize(("phones", "field"), [(["0911234567"], "phones[0]"), ([NIGHT, "ring me"], "phones[1]")])
async def test_what_is_no_number_with_its_country_is_named_and_not_kept(
    served: Serving, stores: Stores, phones: list[str], field: str
) -> None:
    async with served.channel(Role.CASE_SYSTEM) as channel:
        with pytest.raises(InvalidInput) as caught:
            await NotifyServiceStub(channel).SetContact(pb.SetContactRequest(request_id="one", phones=phones))
        with pytest.raises(InvalidInput, match="at most 5"):
            await NotifyServiceStub(channel).SetContact(pb.SetContactRequest(request_id="two", phones=[NIGHT] * 6))

    assert [each.field for each in caught.value.fields] == [field]
    assert await stores.rows("SELECT 1 FROM sender_contact") == []


async def test_those_on_duty_see_it_and_no_other_system_nor_desk_does(served: Serving) -> None:
    asked = pb.GetContactRequest(client_id="system-1")
    async with a_system(served, "system-1") as channel:
        await NotifyServiceStub(channel).SetContact(pb.SetContactRequest(request_id="one", phones=[NIGHT]))
    async with served.channel(Role.DUTY_COORDINATOR) as channel:
        assert list((await NotifyServiceStub(channel).GetContact(asked)).contact.phones) == [NIGHT]
    async with a_system(served, "system-2") as channel:
        with pytest.raises(NotFound):
            await NotifyServiceStub(channel).GetContact(asked)
    for role in (Role.RECEIVER, Role.COORDINATOR, Role.OPERATOR):
        async with served.channel(role) as channel:
            with pytest.raises(PermissionDenied):
                await NotifyServiceStub(channel).GetContact(asked)


async def test_a_task_shows_the_senders_number_ready_to_press(
    served: Serving, stores: Stores, clock: Clock, tmp_path: Path
) -> None:
    """Design part 9: code, class, area, provider, clocks, the sender's contact."""
    (tmp_path / "duty").mkdir()
    async with a_duty_page(stores, clock, tmp_path / "duty") as page, page.signed_in() as browser:
        page.referrals.ring_task(sender="system-1")
        assert "They have given no number" in await browser.get("/task/task-1")
        async with a_system(served, "system-1") as channel:
            await NotifyServiceStub(channel).SetContact(pb.SetContactRequest(request_id="one", phones=[NIGHT]))
        text = await browser.get("/task/task-1")

    assert f'href="tel:{NIGHT}"' in text
    assert "system-1" in text
