"""Requests over HTTP that mean harm, to the gateway and to the pages that nobody has to sign in to reach."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx
from google.protobuf import json_format

from services.gateway.wire import METHODS
from tests.faults.callers import UNSAID, Said, token_of
from tests.faults.hostile import MARK, SECRET, TEXTS, a_message, a_text, garbage
from tests.house import House

AT_ONCE: Final = 16
TIMEOUT_S: Final = 20.0
JSON: Final = "application/json"
FORMS: Final = ("/enrol", "/pin", "/push", "/push/end", "/leave", "/reading", "/places", "/item/1/accept")
PAGES: Final = ("/", "/count", "/list", "/pin", "/item/", "/worker.js", "/static/", "/")
SERVER_ERROR: Final = 500


class Post(NamedTuple):
    """What is sent."""

    method: str
    path: str  #: encoded
    body: bytes
    headers: dict[str, str]


def to_gateway(house: House, count: int, dice: random.Random) -> Iterator[Post]:
    """Call methods, and what is none, with JSON and what is none, by somebody who may and by nobody."""
    tokens = [token_of(house, "ministry"), token_of(house, "coordinator"), "e30.e30.e30"]
    paths = [path for path, method in METHODS.items() if not method.is_streamed]  # a stream's answer has no end
    for _ in range(count):
        path = dice.choice(paths)
        headers = {"authorization": f"Bearer {dice.choice(tokens)}", "content-type": JSON}
        body = garbage(dice) if dice.random() < 0.3 else _json_of(path, dice)
        if dice.random() < 0.1:
            path = "/" + quote(a_text(dice)[:200], safe="/")
        yield Post("POST", path, body, headers)


def to_page(count: int, dice: random.Random) -> Iterator[Post]:
    """Ask for pages, and send forms, as a device that nobody has enrolled."""
    for _ in range(count):
        text = quote(dice.choice(TEXTS)[:400])
        headers = {"cookie": f"desk={text}; l={text}", "accept-language": text}
        if dice.random() < 0.4:
            yield Post("GET", f"{dice.choice(PAGES)}?l={text}&next={text}&e={text}", b"", headers)
            continue
        form = f"code={text}&pin={text}&form={text}".encode()
        body = dice.choice((form, garbage(dice), b"code=" + b"a" * 9_000, b"&".join([b"a=b"] * 200)))
        yield Post("POST", dice.choice(FORMS), body, {**headers, "content-type": "application/x-www-form-urlencoded"})


def _json_of(path: str, dice: random.Random) -> bytes:
    message = a_message(METHODS[path].descriptor.input_type, dice)
    with suppress(ValueError, TypeError, json_format.Error):  # a time that no calendar has
        return json_format.MessageToJson(message, preserving_proto_field_name=True).encode()
    return b'{"a":' * 1_000 + SECRET.encode()


async def post(address: str, posts: Iterable[Post]) -> Said:
    """Send requests, some of them at once, and return what came back."""
    left, said = iter(posts), Said()

    async def one_after_the_other(client: httpx.AsyncClient) -> None:
        for each in left:
            began_s = time.perf_counter()
            answer = await client.request(each.method, each.path, content=each.body, headers=each.headers)
            _note(said, each, answer, time.perf_counter() - began_s)

    options: dict[str, Any] = {"base_url": f"http://{address}", "timeout": TIMEOUT_S, "trust_env": False}
    async with httpx.AsyncClient(**options) as client, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_the_other(client))
    return said


def _note(said: Said, sent: Post, answer: httpx.Response, took_s: float) -> None:
    said.slowest_s = max(said.slowest_s, took_s)
    said.codes[str(answer.status_code)] += 1
    if answer.status_code >= SERVER_ERROR:
        said.failed[f"{sent.path[:60]} {answer.status_code}"] += 1
    # a page carries its own address on, in its links to other languages: as text, never as markup
    is_page = "text/html" in answer.headers.get("content-type", "")
    unsaid = {*UNSAID, "<script>alert"} - ({MARK} if is_page else set())
    told = answer.text + str(answer.headers)
    said.leaks |= {f"{sent.path[:60]}: {each}" for each in unsaid if each in told}


def all_codes(said: Iterable[Said]) -> dict[str, int]:
    """Add up what came back."""
    return dict(sum((each.codes for each in said), Counter()))
