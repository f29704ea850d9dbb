"""Which server of a cluster a connection turns to (F17, F18)."""

from urllib.parse import urlparse

import pytest
from nats.aio.client import Server
from nats.errors import NoRespondersError
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServiceUnavailableError

from services.runtime.nats_connection import RECONNECT_WAIT_S, Course, is_cut_off

NAMES = ("one:4222", "two:4222", "three:4222")


def servers(*failures: int) -> list[Server]:
    return [Server(urlparse(f"nats://{name}"), count) for name, count in zip(NAMES, failures, strict=True)]


def test_the_server_that_was_left_is_tried_last_and_the_one_left_longest_ago_first() -> None:
    course = Course()
    chosen = []
    for _ in range(6):
        server, wait_s = course.choose(servers(0, 0, 0), {})
        chosen.append(server.uri.netloc)
        assert wait_s == 0.0
        course.leave(server.uri.netloc)

    assert chosen == [*NAMES, *NAMES]


def test_a_server_that_cannot_be_reached_is_tried_after_those_that_may_be_and_not_in_haste() -> None:
    course = Course()
    course.leave("two:4222")

    assert course.choose(servers(1, 0, 1), {})[0].uri.netloc == "two:4222"
    assert course.choose(servers(1, 1, 1), {})[1] == RECONNECT_WAIT_S


def test_a_server_alone_is_tried_again_at_once() -> None:
    course = Course()
    course.leave("one:4222")

    server, wait_s = course.choose(servers(0, 0, 0)[:1], {})

    assert (server.uri.netloc, wait_s) == ("one:4222", 0.0)


@pytest.mark.parametrize(
    ("error", "left_or_not"),
    [
        (TimeoutError(), "left"),
        (NoRespondersError(), "left"),
        (NoStreamResponseError(), "left"),
        (ServiceUnavailableError(), "left"),  # of a pull
        (ServiceUnavailableError(code=503, err_code=10008), "left"),  # the cluster cannot be reached
        (ServiceUnavailableError(code=503, err_code=10047), "kept"),  # no room: the others would say the same
        (APIError(code=409, err_code=10158), "left"),  # it has the message, and cannot confirm it
        (NotFoundError(code=404, err_code=10059), "kept"),
    ],
)
def test_a_server_is_left_for_what_another_may_be_able_to_do(error: Exception, left_or_not: str) -> None:
    assert is_cut_off(error) is (left_or_not == "left")
