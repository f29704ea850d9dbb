"""The gate, asked through real channels by each of the four kinds of method."""

import asyncio
import io
import random
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services import errors
from services.errors import IhalaError, Reason, Violation
from services.runtime import log
from services.runtime.admission import MAX_MESSAGE_BYTES
from services.runtime.auth import Role, current_principal
from services.runtime.methods import METHODS
from services.runtime.statuses import STATUS_BY_ERROR, error_of
from tests.runtime.echo import KINDS, METHOD_OF, RULES, echo_service, first_answer, first_bytes
from tests.serving import Identity, Serving, an_identity, serving

CANARY = "12 Elm Street ZQX-7"


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return an_identity(tmp_path)


@pytest.fixture
async def echo(identity: Identity) -> AsyncIterator[Serving]:
    async with serving(identity, echo_service(), rules=RULES) as running:
        yield running


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_method_answers(echo: Serving, kind: str) -> None:
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        assert await first_answer(channel, kind, "جنزور") == "جنزور"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [each for each in STATUS_BY_ERROR if each is not IhalaError])
async def test_every_error_arrives_whole(identity: Identity, kind: str, error: type[IhalaError]) -> None:
    raised = error(
        "needs[0].code must be in the vocabulary",
        reason=Reason.UNKNOWN_CODE,
        fields=[Violation("needs[0].code", "must be in the vocabulary")],
        retry_after_s=600.0,
        metadata={"constraint": "age_band"},
    )

    async def fail(text: str) -> str:
        raise raised

    async with (
        serving(identity, echo_service(fail), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        with pytest.raises(error) as caught:
            await first_answer(channel, kind, "x")

    assert type(caught.value) is error
    assert caught.value.message == raised.message
    assert caught.value.reason == raised.reason
    assert caught.value.fields == raised.fields
    assert caught.value.retry_after_s == raised.retry_after_s
    assert caught.value.metadata == raised.metadata


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unforeseen_failure_tells_an_id_and_nothing_else(identity: Identity, kind: str) -> None:
    async def fail(text: str) -> str:
        try:
            number = int(CANARY)
        except ValueError as error:
            raise LookupError(f"no shelter at {CANARY}") from error
        return str(number)

    lines = io.StringIO()
    log.configure("test", "debug", stream=lines)
    async with serving(identity, echo_service(fail), rules=RULES) as running, running.bare_channel() as channel:
        metadata = bearer(identity.token(Role.CASE_SYSTEM))
        raw = StringValue(value=CANARY).SerializeToString()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await first_bytes(channel, kind, raw, metadata=metadata, timeout=5)

    failure = error_of(caught.value)
    error_id = failure.metadata["error_id"]
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert failure.reason == Reason.INTERNAL
    assert caught.value.details() == f"error {error_id}"
    assert "Elm" not in repr(caught.value)
    assert b"Elm" not in b"".join(map(str.encode, map(str, caught.value.trailing_metadata())))
    assert error_id in lines.getvalue()
    assert "LookupError<ValueError" in lines.getvalue()
    assert "Elm" not in lines.getvalue()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_that_is_no_message_is_our_fault(identity: Identity, kind: str) -> None:
    async def forget(text: str) -> str:
        return 5  # type: ignore[return-value]

    async with (
        serving(identity, echo_service(forget), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        with pytest.raises(IhalaError) as caught:
            await first_answer(channel, kind, "x")

    assert caught.value.reason == Reason.INTERNAL


@pytest.mark.parametrize("kind", KINDS)
async def test_a_message_too_large_is_refused_with_its_field(echo: Serving, kind: str) -> None:
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        with pytest.raises(errors.Exhausted) as caught:
            await first_answer(channel, kind, "x" * MAX_MESSAGE_BYTES)

    assert caught.value.reason == Reason.TOO_LARGE
    assert [each.field for each in caught.value.fields] == ["message"]


async def test_the_largest_message_passes(echo: Serving) -> None:
    text = "x" * (MAX_MESSAGE_BYTES - 4)
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        assert await first_answer(channel, "unary_unary", text) == text


async def test_beyond_the_transports_limit_it_is_too_large_as_well(echo: Serving) -> None:
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        with pytest.raises(errors.Exhausted) as caught:
            await first_answer(channel, "unary_unary", "x" * 1_100_000)

    assert caught.value.reason == Reason.TOO_LARGE


@pytest.mark.parametrize("kind", KINDS)
async def test_garbage_is_refused_and_never_guessed(echo: Serving, kind: str) -> None:
    dice = random.Random(7)
    known = set()
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        for _ in range(50):
            with pytest.raises(errors.InvalidInput) as caught:
                await first_bytes(channel, kind, b"\xff" + dice.randbytes(dice.randint(1, 400)))
            known.add(caught.value.reason)

    assert known <= {Reason.MALFORMED, Reason.UNKNOWN_FIELD}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_field_that_is_not_known_here_is_refused(echo: Serving, kind: str) -> None:
    future = b"\x0a\x01x" + b"\x12\x01y"  # value = "x", and a field 2
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        with pytest.raises(errors.InvalidInput) as caught:
            await first_bytes(channel, kind, future)

    assert caught.value.reason == Reason.UNKNOWN_FIELD


@pytest.mark.parametrize("kind", KINDS)
async def test_a_nul_in_a_text_is_refused_by_its_field_since_no_table_can_keep_it(echo: Serving, kind: str) -> None:
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        with pytest.raises(errors.InvalidInput) as caught:
            await first_answer(channel, kind, f"{CANARY}\0")

    assert caught.value.reason == Reason.MALFORMED
    assert caught.value.fields == (Violation("value", "must have no NUL character"),)


@pytest.mark.parametrize("kind", ["unary_unary", "stream_unary"])
@pytest.mark.parametrize("timeout_s", [None, 40.0])
async def test_who_waits_for_an_answer_says_how_long(echo: Serving, kind: str, timeout_s: float | None) -> None:
    async with echo.bare_channel() as channel:
        metadata = bearer(echo.identity.token(Role.CASE_SYSTEM))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await first_bytes(channel, kind, b"", metadata=metadata, timeout=timeout_s)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(caught.value).reason == Reason.DEADLINE_REQUIRED


async def test_the_longest_deadline_passes_and_streams_need_none(echo: Serving) -> None:
    metadata = bearer(echo.identity.token(Role.CASE_SYSTEM))
    async with echo.bare_channel() as channel:
        assert await first_bytes(channel, "unary_unary", b"", metadata=metadata, timeout=30.0) == b""
        assert await first_bytes(channel, "unary_stream", b"", metadata=metadata) == b""


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stranger_is_refused(echo: Serving, kind: str) -> None:
    async with echo.bare_channel() as channel:
        for metadata in [(), (("authorization", "Basic eDp5"),), bearer(""), bearer("a.b.c")]:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await first_bytes(channel, kind, b"", metadata=metadata, timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_two_tokens_are_one_too_many(echo: Serving) -> None:
    metadata = bearer(echo.identity.token(Role.CASE_SYSTEM)) * 2
    async with echo.bare_channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await first_bytes(channel, "unary_unary", b"", metadata=metadata, timeout=5)

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CASE_SYSTEM])
async def test_other_roles_are_refused(echo: Serving, kind: str, role: Role) -> None:
    async with echo.channel(role) as channel:
        with pytest.raises(errors.PermissionDenied) as caught:
            await first_answer(channel, kind, "x")

    assert caught.value.reason == Reason.ROLE_NOT_ALLOWED


@pytest.mark.parametrize("kind", KINDS)
async def test_a_method_without_a_row_is_refused_to_everybody(identity: Identity, kind: str) -> None:
    async with serving(identity, echo_service(), rules={}) as running, running.channel(*Role) as channel:
        with pytest.raises(errors.PermissionDenied):
            await first_answer(channel, kind, "x")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_servicer_knows_who_calls_and_for_whom(identity: Identity, kind: str) -> None:
    async def who(text: str) -> str:
        principal = current_principal()
        return f"{principal.client_id} for {principal.actor}"

    async with serving(identity, echo_service(who), rules=RULES) as running:
        async with running.channel(Role.CASE_SYSTEM, actor="worker-118") as channel:
            assert await first_answer(channel, kind, "x") == "client-1 for worker-118"
        bound = identity.token(Role.CASE_SYSTEM, actor="worker-7")
        async with running.channel(token=bound) as channel:
            assert await first_answer(channel, kind, "x") == "client-1 for worker-7"
        async with running.channel(token=bound, actor="worker-118") as channel:
            with pytest.raises(errors.PermissionDenied):
                await first_answer(channel, kind, "x")


async def test_callers_at_the_same_time_are_not_mistaken_for_each_other(identity: Identity) -> None:
    both_in = asyncio.Barrier(2)

    async def who(text: str) -> str:
        await both_in.wait()
        return current_principal().client_id

    async with serving(identity, echo_service(who), rules=RULES) as running:
        tokens = [identity.token(Role.CASE_SYSTEM, client_id=name) for name in ("a", "b")]
        async with running.channel(token=tokens[0]) as one, running.channel(token=tokens[1]) as other:
            answers = await asyncio.gather(
                first_answer(one, "unary_unary", "x"), first_answer(other, "unary_unary", "x")
            )

    assert [*answers] == ["a", "b"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_caller_that_leaves_is_noticed(identity: Identity, kind: str) -> None:
    entered, left = asyncio.Event(), asyncio.Event()

    async def wait(text: str) -> str:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.set()
            raise
        return text

    async with (
        asyncio.timeout(10),
        serving(identity, echo_service(wait), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        call = asyncio.create_task(first_answer(channel, kind, "x"))
        await entered.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await left.wait()


async def test_one_call_too_many_is_shed_and_the_others_are_answered(identity: Identity) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(text: str) -> str:
        if text == "x":
            entered.set()
            await leave.wait()
        return text

    async with (
        asyncio.timeout(10),
        serving(identity, echo_service(wait), rules={**METHODS, **RULES}, max_concurrent_calls=1) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        first = asyncio.create_task(first_answer(channel, "unary_unary", "x"))
        await entered.wait()
        with pytest.raises(errors.Exhausted) as caught:
            await first_answer(channel, "unary_unary", "y", timeout=0.5)
        health = channel.unary_unary("/grpc.health.v1.Health/Check")
        assert await health(b"") == b"\x08\x01"  # SERVING
        assert await first_answer(channel, "unary_stream", "z") == "z"
        leave.set()
        assert await first == "x"
        assert await first_answer(channel, "unary_unary", "z") == "z"

    assert caught.value.reason == Reason.QUOTA
    assert caught.value.retry_after_s == 1.0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_between_services_is_not_the_callers_fault(identity: Identity, kind: str) -> None:
    async with serving(identity, echo_service(), rules=RULES) as behind, behind.channel(token="none") as to_behind:

        async def ask_on(text: str) -> str:
            return await first_answer(to_behind, "unary_unary", text)

        async with (
            serving(identity, echo_service(ask_on), rules=RULES) as running,
            running.channel(Role.CASE_SYSTEM) as channel,
        ):
            with pytest.raises(IhalaError) as caught:
                await first_answer(channel, kind, "x")

    assert caught.value.reason == Reason.INTERNAL


async def test_a_method_that_is_not_served_is_unknown(echo: Serving) -> None:
    async with echo.channel(Role.CASE_SYSTEM) as channel:
        with pytest.raises(errors.Unimplemented):
            await channel.unary_unary("/ihala.test.v1.EchoService/Nothing")(b"")


async def test_calls_are_counted_by_method_and_status(echo: Serving) -> None:
    async with echo.channel(Role.CASE_SYSTEM) as channel, echo.channel(Role.AUDITOR) as other:
        await first_answer(channel, "unary_unary", "x")
        with pytest.raises(errors.PermissionDenied):
            await first_answer(other, "unary_unary", "x")

    registry = echo.server.gate.metrics.registry
    for code in ("OK", "PERMISSION_DENIED"):
        labels = {"method": METHOD_OF["unary_unary"], "code": code}
        assert registry.get_sample_value("ihala_rpc_calls_total", labels) == 1.0
