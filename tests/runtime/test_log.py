"""What a log line can say, and what it cannot whatever is given to it."""

import io
import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from services.runtime import log
from services.runtime.log import AllowList

CANARY = "12 Elm Street ZQX-7"


@pytest.fixture
def lines() -> io.StringIO:
    stream = io.StringIO()
    log.configure("test", "debug", stream=stream)
    return stream


def logged(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_with_its_time_and_service(lines: io.StringIO) -> None:
    structlog.get_logger().info("message.retried", attempt=3, delay_s=0.5, reason="UNREADY")

    [line] = logged(lines)
    time = datetime.fromisoformat(line.pop("time"))
    assert time.tzinfo == UTC
    assert line == {
        "event": "message.retried",
        "level": "info",
        "service": "test",
        "attempt": 3,
        "delay_s": 0.5,
        "reason": "UNREADY",
    }


def test_what_is_not_on_the_list_is_dropped_and_its_name_is_shown(lines: io.StringIO) -> None:
    structlog.get_logger().info("provider.stored", latitude_deg=32.887412, name=CANARY, request={"a": CANARY})

    [line] = logged(lines)
    assert line["dropped"] == ["latitude_deg", "name", "request"]
    assert "Elm" not in lines.getvalue()
    assert "32.88" not in lines.getvalue()


def test_a_sentence_under_an_allowed_key_is_dropped(lines: io.StringIO) -> None:
    structlog.get_logger().info("rpc.refused", error=str(ValueError(CANARY)), reason=CANARY, count=[1])

    [line] = logged(lines)
    assert line["dropped"] == ["count", "error", "reason"]
    assert "Elm" not in lines.getvalue()


def test_an_event_that_is_a_sentence_is_dropped(lines: io.StringIO) -> None:
    structlog.get_logger().info(f"stored {CANARY}")

    [line] = logged(lines)
    assert line["event"] == "log.event_unnamed"
    assert "Elm" not in lines.getvalue()


def test_an_id_is_a_hash_that_changes_daily() -> None:
    censor = AllowList(b"secret")

    def on(day: str, offer_id: str) -> str:
        event = {"event": "offer.read", "time": f"2026-03-{day}T12:00:00Z", "offer_id": offer_id}
        return str(censor(None, "info", event)["offer_id"])

    assert on("01", "offer-1") == on("01", "offer-1")
    assert on("01", "offer-1") != on("02", "offer-1")
    assert on("01", "offer-1") != on("01", "offer-2")
    assert "offer-1" not in on("01", "offer-1")


def test_an_exception_is_its_classes_and_its_lines_of_code(lines: io.StringIO) -> None:
    def fail() -> None:
        try:
            int(CANARY)
        except ValueError as error:
            raise KeyError(CANARY) from error

    try:
        fail()
    except KeyError:
        structlog.get_logger().exception("import.failed")

    [line] = logged(lines)
    assert line["error"] == "KeyError<ValueError"
    assert "test_log:" in line["where"]
    assert "Elm" not in lines.getvalue()


def test_of_a_group_the_first_is_told(lines: io.StringIO) -> None:
    group = ExceptionGroup(CANARY, [ValueError(CANARY), KeyError(CANARY)])
    structlog.get_logger().error("process.failed", exc_info=group)

    assert logged(lines)[0]["error"] == "ExceptionGroup<ValueError"
    assert "Elm" not in lines.getvalue()


@pytest.mark.parametrize("name", ["grpc", "nats", "asyncio", "some.library"])
def test_a_library_is_heard_from_warning_on_without_what_it_says(lines: io.StringIO, name: str) -> None:
    library = logging.getLogger(name)
    library.info("connected to %s", CANARY)
    library.warning("lost %s", CANARY)
    library.error("lost " + CANARY)
    library.error("nats: encountered error", exc_info=ValueError(CANARY))

    warning, error, exception = logged(lines)
    assert (warning["event"], warning["logger"], warning["level"]) == ("library.warned", name, "warning")
    assert warning["template"] == "lost %s"
    assert error["template"] is None
    assert exception["error"] == "ValueError"
    assert "Elm" not in lines.getvalue()


def test_a_template_is_shown_of_libraries_alone(lines: io.StringIO) -> None:
    structlog.get_logger().info("thing.happened", template=CANARY)

    assert "Elm" not in lines.getvalue()


@pytest.mark.parametrize("where", ["main", "thread"])
def test_the_last_words_of_a_process_say_nothing_either(where: str) -> None:
    program = f"""
import threading
from services.runtime import log
log.configure("test")
def fail(): raise ValueError({CANARY!r})
if {where!r} == "main": fail()
thread = threading.Thread(target=fail); thread.start(); thread.join()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert "Elm" not in ended.stderr + ended.stdout
    assert json.loads(ended.stderr)["event"] == "process.failed"
