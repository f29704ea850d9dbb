"""The life of a referral from the shell, against real referrals: what commands do, and the keys that they print."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ihala.answer import MatchToken
from ihala.cli.app import app
from ihala.match_wire import token_to_text
from ihala.referrals.v1 import referrals_service_pb2 as service_pb
from services.runtime.auth import Role
from tests.referrals.samples import AREA, Running, a_match_request, a_provider, a_report

Shell = Callable[..., Any]


def a_profile(referrals: Running, folder: Path, role: Role, client_id: str) -> str:
    token = referrals.serving.identity.token(role, client_id=client_id, receiver_ids=[client_id])
    (folder / f"{client_id}.token").write_text(token)
    services = "".join(f'{name} = "{referrals.serving.address}"\n' for name in ("directory", "matching", "referrals"))
    file = folder / f"{client_id}.toml"
    file.write_text(f'[services]\n{services}[identity]\ntoken_file = "{client_id}.token"\n')
    return str(file)


@pytest.fixture
def shell(referrals: Running, tmp_path: Path) -> Shell:
    """Type a command as a caller: returns its document, or its exit code and error."""
    roles = {"ministry": Role.CASE_SYSTEM, "duty": Role.DUTY_COORDINATOR}

    async def type_(caller: str, *arguments: str) -> Any:
        profile = a_profile(referrals, tmp_path, roles.get(caller, Role.RECEIVER), caller)
        result = await asyncio.to_thread(
            CliRunner().invoke, app, [*arguments, "--format", "json", "--profile", profile]
        )
        if result.exit_code:
            return result.exit_code, json.loads(result.stderr)["error"]["reason"]
        return json.loads(result.stdout)

    return type_


@pytest.fixture
def match_file(referrals: Running, tmp_path: Path) -> str:
    """What `ihala match --format json` would have printed."""
    row = {"need_no": 0, "area_cell": AREA, "vetted": True, "needed_fields": ["need", "age"]}
    text = token_to_text(MatchToken("token", a_match_request()))
    rows = [{**row, "provider_id": each} for each in ("house", "other")]
    file = tmp_path / "match.json"
    file.write_text(json.dumps({"needs": [{"code": "ACC-EMG", "matches": rows, "ask_first": []}], "match_token": text}))
    return str(file)


async def test_a_probe_is_asked_answered_and_sent(referrals: Running, shell: Shell, match_file: str) -> None:
    await referrals.know(*(a_provider(each, places=(a_report(1),)) for each in ("house", "other")))
    named = ("--match", match_file, "--case-ref", "case-1")
    probed = await shell("ministry", "probe", *named, "--provider", "house", "--provider", "other")
    offers = {each["provider_id"]: each["offer_id"] for each in probed["offers"]}

    read = await shell("house-desk", "respond", offers["house"], "read")
    answered = await shell("house-desk", "respond", offers["house"], "can-take")
    deferred = await shell("ministry", "referrals", "defer", offers["house"], "--for", "consent")
    consent_id = await referrals.consent()
    sent = await shell(
        "ministry",
        "referrals",
        "send",
        offers["house"],
        "--match",
        match_file,
        "--consent",
        consent_id,
        "--risk",
        "armed",
    )
    accepted = await shell("house-desk", "respond", offers["house"], "accept")

    assert (read["offer"]["code"], read["offer"]["facts"], read["offer"]["briefing"]) == ("ACC-EMG", {}, {})
    assert (answered["offer"]["state"], answered["offer"]["hold"]["state"]) == ("draft", "held")
    assert (deferred["state"], sent["state"]) == ("awaiting_consent", "requested")
    assert accepted["offer"]["state"] == "accepted"
    shown = await shell("ministry", "referrals", "show", probed["referral_id"])
    assert {each["provider_id"]: each["state"] for each in shown["offers"]} == {
        "house": "accepted",
        "other": "cancelled",
    }


async def test_both_sides_come_to_terms_from_the_shell(referrals: Running, shell: Shell) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    offer_id = made.offers[0].offer_id

    asked = await shell("house-desk", "respond", offer_id, "ask", "--question", "arrival")
    told = await shell("ministry", "referrals", "answer", offer_id, "not_known")
    proposed = await shell(
        "house-desk", "respond", offer_id, "propose", "--condition", "escort", "--condition", "earliest_arrival",
        "--arrive-from", (referrals.clock() + timedelta(hours=1)).isoformat(),
    )  # fmt: skip
    agreed = await shell("ministry", "referrals", "agree", offer_id)

    assert asked["offer"]["terms"]["question"] == "arrival"
    assert told["state"] == "received"
    assert proposed["offer"]["terms"]["conditions"] == ["escort", "earliest_arrival"]
    assert agreed["state"] == "accepted"
    again = await referrals.refer()
    refused = await shell("ministry", "referrals", "refuse", again.offers[0].offer_id, "--reason", "unsafe_for_me")
    assert refused["state"] == "declined_by_person"


async def test_a_waiting_list_and_a_number_of_a_group(referrals: Running, shell: Shell) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    offer_id = made.offers[0].offer_id
    until = (referrals.clock() + timedelta(hours=5)).isoformat()

    waits = await shell("house-desk", "respond", offer_id, "waitlist", "--until", until)
    nothing = await shell("house-desk", "respond", offer_id, "accept", "--take", "girls")
    too_many = await shell("house-desk", "respond", offer_id, "accept", "--take", "girls=2")
    taken = await shell("house-desk", "respond", offer_id, "accept", "--take", "girls=1")

    assert waits["offer"]["state"] == "waitlisted"
    assert nothing == too_many == (11, "INVALID_FIELD")
    assert taken["offer"]["items"] == {"girls": 1}


async def test_a_handover_is_left_read_and_gone(referrals: Running, shell: Shell, tmp_path: Path) -> None:
    """R20."""
    await referrals.know(a_provider())
    made = await referrals.refer()
    offer_id = made.offers[0].offer_id
    await shell("house-desk", "respond", offer_id, "accept")
    (tmp_path / "sealed").write_bytes(b"\x00sealed")

    left = await shell("ministry", "handover", "leave", offer_id, str(tmp_path / "sealed"), "--key-id", "k1")
    found = await shell(
        "house-desk", "handover", "read", offer_id, "--out", str(tmp_path / "read"), "--receiver", "house-desk"
    )
    await shell("house-desk", "respond", offer_id, "arrive")
    gone = await shell(
        "house-desk", "handover", "read", offer_id, "--out", str(tmp_path / "again"), "--receiver", "house-desk"
    )

    assert left == {"offer_id": offer_id, "bytes": 7}
    assert found["key_id"] == "k1"
    assert (tmp_path / "read").read_bytes() == b"\x00sealed"
    assert gone == (20, "NOT_FOUND")


async def test_an_override_needs_a_second_person_by_day(referrals: Running, shell: Shell, tmp_path: Path) -> None:
    """R5."""
    await referrals.know(a_provider())
    referrals.clock.time = referrals.clock.time.replace(hour=12)
    (tmp_path / "why").write_bytes(b"sealed")
    typed = (
        "consent", "override", "--case-ref", "case-1", "--ground", "danger_to_life", "--provider", "house",
        "--reason-file", str(tmp_path / "why"),
    )  # fmt: skip

    alone = await shell("ministry", *typed)
    two = await shell("ministry", *typed, "--second-person", "supervisor")

    assert alone == (35, "SECOND_PERSON_NEEDED")
    assert two["consent_id"]
    assert (await referrals.refer(consent_id=two["consent_id"], briefing=None)).referral_id


async def test_rosters_are_set_rest_and_are_listed(referrals: Running, shell: Shell) -> None:
    """R61."""
    now = referrals.clock()
    shift = f"worker-7={now.isoformat()}/{(now + timedelta(hours=8)).isoformat()}"

    made = await shell("duty", "rosters", "set", "night", "--shift", shift, "--stand-in", "duty")
    rests = await shell("duty", "rosters", "pause", "night", "--until", (now + timedelta(days=2)).isoformat())
    back = await shell("duty", "rosters", "resume", "night")
    listed = await shell("duty", "rosters", "list")
    wrong = await shell("duty", "rosters", "set", "night", "--shift", "worker-7")

    assert made["rosters"][0]["on_duty"] == ["worker-7"]
    assert rests["rosters"][0]["paused_until_time"] is not None
    assert back["rosters"][0]["paused_until_time"] is None
    assert [each["roster_id"] for each in listed["rosters"]] == ["duty", "manager", "night"]
    assert wrong == (11, "INVALID_FIELD")


async def test_tasks_are_watched_taken_and_closed(referrals: Running, shell: Shell) -> None:
    await referrals.know(a_provider(receiver_id=""))
    await referrals.refer()

    seen = await shell("duty", "tasks", "watch", "--count", "1")
    taken = await shell("duty", "tasks", "take", seen["task_id"], "--actor", "worker-7")
    closed = await shell("duty", "tasks", "close", seen["task_id"], "--outcome", "reached_nobody")

    assert (seen["kind"], seen["state"]) == ("ring", "open")
    assert (taken["owner"], closed["state"]) == ("worker-7", "closed")


async def test_a_mistake_is_taken_back(referrals: Running, shell: Shell) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()

    offer = await shell("ministry", "referrals", "void", made.offers[0].offer_id, "--offer")
    referral = await shell("ministry", "referrals", "void", made.referral_id)

    assert offer["state"] == referral["state"] == "entered_in_error"
    stands = await referrals.sender().GetReferral(service_pb.GetReferralRequest(referral_id=made.referral_id))
    assert stands.history[-1].type in {"referral_voided", "offer_cancelled"}


async def test_r22_the_front_gate_is_confirmed_by_name(referrals: Running, shell: Shell, match_file: str) -> None:
    await referrals.know(a_provider())
    referrals.matching.asks_gate.add("house")
    typed = (
        "refer", "--match", match_file, "--case-ref", "case-1", "--consent", await referrals.consent(),
        "--provider", "house",
    )  # fmt: skip

    unconfirmed = await shell("ministry", *typed)
    confirmed = await shell("ministry", *typed, "--gate-confirmed", "house")

    assert unconfirmed == (34, "GATE_NOT_CONFIRMED")
    assert confirmed["offers"][0]["state"] == "requested"


async def test_a_yes_after_a_no_is_told_what_to_do_instead(referrals: Running, tmp_path: Path, shell: Shell) -> None:
    await referrals.know(a_provider())
    made = await referrals.refer()
    offer_id = made.offers[0].offer_id
    await shell("house-desk", "respond", offer_id, "decline", "--reason", "staff_unavailable")
    profile = a_profile(referrals, tmp_path, Role.RECEIVER, "house-desk")

    result = await asyncio.to_thread(CliRunner().invoke, app, ["respond", offer_id, "accept", "--profile", profile])

    assert "ILLEGAL_MOVE" in result.stderr
    assert "instead: this desk has said no, which stands" in result.stderr
