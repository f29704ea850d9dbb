"""The client's side: who it is, how long it waits, what it repeats, and how a stream is left."""

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services.errors import DeadlineExceeded, Exhausted, IhalaError, InvalidInput, Reason, Unauthenticated, Unavailable
from services.runtime.auth import Role, current_principal
from services.runtime.calls import AT_ONCE, Caller, Unary
from services.runtime.channel import Channel, open_channel, token_file
from services.runtime.denials import deny_token
from services.runtime.methods import Rule
from services.runtime.tokens import Verifier
from tests.runtime.echo import METHOD_OF, RULES, SERVICE, echo_service, first_answer
from tests.serving import Identity, an_identity, serving

PUT = f"/{SERVICE}/PutEcho"
RULES_WITH_PUT = RULES | {PUT: Rule(frozenset({Role.CASE_SYSTEM}))}


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return an_identity(tmp_path)


class FailsFirst:
    """Answers after a number of failures."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left = failures
        self.error = error
        self.asked = 0

    async def __call__(self, text: str) -> str:
        self.asked += 1
        if self.left:
            self.left -= 1
            raise self.error
        return text


class Command(bytes):
    """Stands for a request message with a request id."""

    request_id = "request-1"


async def put(channel: Channel, request: bytes) -> str:
    return StringValue.FromString(await channel.unary_unary(PUT, bytes)(request)).value


async def test_a_read_is_repeated_until_the_server_is_there(identity: Identity) -> None:
    act = FailsFirst(3, Unavailable("the index is not warm"))
    async with (
        serving(identity, echo_service(act), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM, jitter=lambda: 0.0) as channel,
    ):
        assert await first_answer(channel, "unary_unary", "x") == "x"

    assert act.asked == 4


async def test_it_gives_up_in_the_end_and_says_why(identity: Identity) -> None:
    act = FailsFirst(100, Unavailable("the index is not warm"))
    async with (
        serving(identity, echo_service(act), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM, jitter=lambda: 0.0) as channel,
    ):
        with pytest.raises(Unavailable) as caught:
            await first_answer(channel, "unary_unary", "x")

    assert act.asked == 5
    assert caught.value.reason == Reason.UNREADY


async def test_no_repeat_goes_beyond_the_deadline(identity: Identity) -> None:
    act = FailsFirst(100, Unavailable("the index is not warm", retry_after_s=60.0))
    async with (
        asyncio.timeout(5),
        serving(identity, echo_service(act), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        with pytest.raises(Unavailable):
            await first_answer(channel, "unary_unary", "x")

    assert act.asked == 1


async def test_a_command_is_repeated_only_if_the_repeat_is_recognised(identity: Identity) -> None:
    act = FailsFirst(1, Unavailable("the database is away"))
    message = StringValue(value="x").SerializeToString()
    async with (
        serving(identity, echo_service(act), rules=RULES_WITH_PUT) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        with pytest.raises(Unavailable):
            await put(channel, message)
        act.left = 1
        assert await put(channel, Command(message)) == "x"


@pytest.mark.parametrize("error", [InvalidInput("x must be y"), DeadlineExceeded("late"), RuntimeError("fault")])
async def test_what_a_repeat_would_not_mend_is_not_repeated(identity: Identity, error: Exception) -> None:
    act = FailsFirst(100, error)
    async with (
        serving(identity, echo_service(act), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        with pytest.raises(IhalaError):
            await first_answer(channel, "unary_unary", "x")

    assert act.asked == 1


async def test_who_is_asked_to_come_again_comes_after_that_time_and_not_with_all_others(identity: Identity) -> None:
    """F24."""
    act = FailsFirst(1, Exhausted("too much at once", retry_after_s=0.2))
    clock = asyncio.get_running_loop().time
    async with (
        serving(identity, echo_service(act), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM, jitter=lambda: 0.5) as channel,
    ):
        began_s = clock()
        assert await first_answer(channel, "unary_unary", "x") == "x"

    assert clock() - began_s >= 0.3  # the server's 0.2 and one of its own


async def test_a_limit_that_waiting_does_not_mend_is_not_asked_again(identity: Identity) -> None:
    act = FailsFirst(1, Exhausted("too large"))
    async with (
        serving(identity, echo_service(act), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        with pytest.raises(Exhausted):
            await first_answer(channel, "unary_unary", "x")

    assert act.asked == 1


async def test_calls_beyond_what_a_channel_sends_at_once_stand_in_line_and_are_not_sent_late(
    identity: Identity,
) -> None:
    """F24."""
    came: list[str] = []
    is_full, leave = asyncio.Event(), asyncio.Event()

    async def wait(text: str) -> str:
        came.append(text)
        if len(came) == AT_ONCE:
            is_full.set()
        await leave.wait()
        return text

    async with (
        asyncio.timeout(10),
        serving(identity, echo_service(wait), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        first = [asyncio.create_task(first_answer(channel, "unary_unary", "x")) for _ in range(AT_ONCE)]
        await is_full.wait()
        patient = asyncio.create_task(first_answer(channel, "unary_unary", "patient"))
        with pytest.raises(Exhausted) as caught:
            await first_answer(channel, "unary_unary", "hasty", timeout=0.2)
        assert came == ["x"] * AT_ONCE
        leave.set()
        assert await asyncio.gather(*first, patient) == [*["x"] * AT_ONCE, "patient"]

    assert "hasty" not in came
    assert caught.value.retry_after_s is not None


async def test_a_call_ends_also_when_the_transport_never_says_so() -> None:
    async def never(_request: object, **_options: object) -> None:
        await asyncio.Event().wait()

    call = Unary(Caller(None, None, 0.05, lambda: 0.0), never, reads=True)
    async with asyncio.timeout(10):
        with pytest.raises(DeadlineExceeded):
            await call(b"")


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with open_channel("127.0.0.1:1", jitter=lambda: 0.0) as channel:
        with pytest.raises(Unavailable):
            await channel.unary_unary(PUT)(b"")


async def test_an_answer_that_does_not_come_in_time_is_said_so(identity: Identity) -> None:
    async def hang(text: str) -> str:
        await asyncio.Event().wait()
        return text

    async with (
        asyncio.timeout(5),
        serving(identity, echo_service(hang), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM, timeout_s=0.05) as channel,
    ):
        with pytest.raises(DeadlineExceeded):
            await first_answer(channel, "unary_unary", "x")


async def test_a_renewed_token_is_taken_up(identity: Identity, tmp_path: Path) -> None:
    async def who(text: str) -> str:
        return current_principal().client_id

    path = tmp_path / "token"
    path.write_text(f"{identity.token(Role.CASE_SYSTEM)}\n", encoding="ascii")
    async with (
        serving(identity, echo_service(who), rules=RULES) as running,
        open_channel(running.address, token_file(path)) as channel,
    ):
        assert await first_answer(channel, "unary_unary", "x") == "client-1"
        path.write_text(identity.token(Role.CASE_SYSTEM, client_id="client-02"), encoding="ascii")
        assert await first_answer(channel, "unary_unary", "x") == "client-02"


async def test_without_a_token_nobody_is_let_in(identity: Identity) -> None:
    async with serving(identity, echo_service(), rules=RULES) as running, open_channel(running.address) as channel:
        with pytest.raises(Unauthenticated):
            await first_answer(channel, "unary_unary", "x")


@pytest.mark.parametrize("leave", ["cancel", "aclose", "drop"])
async def test_a_stream_that_is_left_ends_at_the_server_too(identity: Identity, leave: str) -> None:
    ended = asyncio.Event()

    async def wait_second(text: str) -> str:
        if text == "second":
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
        return text

    async def two() -> AsyncIterator[bytes]:
        for text in ("first", "second"):
            yield StringValue(value=text).SerializeToString()
        await asyncio.Event().wait()

    async with (
        asyncio.timeout(10),
        serving(identity, echo_service(wait_second), rules=RULES) as running,
        running.channel(Role.CASE_SYSTEM) as channel,
    ):
        answers = channel.stream_stream(METHOD_OF["stream_stream"])(two())
        await anext(answers)
        if leave == "cancel":
            assert answers.cancel()
        elif leave == "aclose":
            await answers.aclose()
        else:
            del answers
            gc.collect()
        await ended.wait()


def test_tokens_never_cross_a_network_in_the_clear(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_channel("directory.example.org:443")

    assert [each.field for each in caught.value.fields] == ["tls_dir"]


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1", "localhost:1", "unix:/tmp/socket"])
async def test_this_machine_needs_no_tls(address: str) -> None:
    async with open_channel(address):
        pass


async def test_somebody_may_vouch_for_the_network() -> None:
    async with open_channel("directory:50051", allow_plaintext=True):
        pass


def test_an_actor_that_is_a_name_is_refused_before_it_travels() -> None:
    with pytest.raises(InvalidInput):
        open_channel("127.0.0.1:1", actor="Fatima B.")


async def test_who_was_refused_for_a_token_that_was_renewed_meanwhile_comes_back_with_the_new_one(
    identity: Identity, tmp_path: Path
) -> None:
    """F27: the token is read, renewed and withdrawn before the call is judged."""
    old, new = identity.token(Role.CASE_SYSTEM), identity.token(Role.CASE_SYSTEM)
    deny_token(identity.deny_file, identity.verifier.verify(old).token_id)
    identity = replace(identity, verifier=Verifier(identity.jwks_file, identity.deny_file, now=identity.now))
    tokens = iter([old])
    async with serving(identity, echo_service(), rules=RULES) as running:
        async with open_channel(running.address, lambda: next(tokens, new), jitter=lambda: 0.0) as channel:
            assert await first_answer(channel, "unary_unary", "x") == "x"
        tokens = iter([old])
        async with open_channel(running.address, lambda: next(tokens, new)) as channel:
            with pytest.raises(Unavailable):
                await first_answer(channel, "unary_stream", "x")
            assert await first_answer(channel, "unary_stream", "x") == "x"
        async with open_channel(running.address, lambda: old) as channel:
            with pytest.raises(Unauthenticated):
                await first_answer(channel, "unary_stream", "x")
