"""Tests of what is kept of commands: a repeat gets its first answer for 90 days, and is never done twice after that."""

from datetime import timedelta

import pytest

from services.errors import FailedPrecondition, Reason
from services.notify.store.requests import KEPT, Request, first_answer, forget_old, keep_answer
from services.runtime.postgres import Act, Process, transaction
from tests.notify.stores import NOON, Stores

ACT = Act(action="test.request", object_kind="request")
CLIENT = Process(client_id="desk")


def a_request(number: int) -> Request:
    return Request(client_id="desk", request_id=f"r-{number}", body_digest=b"d", answer=b"first")


async def test_an_answer_is_kept_for_ninety_days_and_its_command_is_never_done_again(stores: Stores) -> None:
    old, fresh = a_request(1), a_request(2)
    async with transaction(stores.pool, CLIENT, ACT) as connection:
        await keep_answer(connection, old, NOON - KEPT - timedelta(seconds=1))
        await keep_answer(connection, fresh, NOON - KEPT + timedelta(seconds=1))

    assert await forget_old(stores.pool, NOON) == 1
    assert await forget_old(stores.pool, NOON) == 0

    async with transaction(stores.pool, CLIENT, ACT) as connection:
        assert await first_answer(connection, fresh) == b"first"
        with pytest.raises(FailedPrecondition) as caught:
            await first_answer(connection, old)
    assert caught.value.reason is Reason.ERASED
    assert await stores.rows("SELECT request_id FROM request_key WHERE answer IS NULL AND body_digest IS NULL") == [
        ("r-1",)
    ]
