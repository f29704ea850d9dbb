"""Channels from the shell, on the real thing: what coordinators and desks type, good and bad."""

import pytest

from ihala.cli.run.identities import Identities
from services.runtime.auth import Role
from tests.house import House

KEYS = {
    "endpoint_id",
    "receiver_id",
    "client_id",
    "channel",
    "state",
    "order_no",
    "quiet",
    "language",
    "time_zone",
    "public_key",
    "create_time",
    "heard_time",
    "pause_time",
    "pause_code",
    "end_time",
}
NOWHERE = "https://zqx7-nowhere.invalid/alerts"  #: a name that is never given out (RFC 6761)


def a_desk(house: House) -> str:
    return min(house.desks)


def second_coordinator(identities: Identities, house: House) -> str:
    """Make a coordinator with a credential of their own."""
    identities.write_token("second", [Role.COORDINATOR])
    return str(identities.write_profile("second", house.addresses))


def test_a_webhook_that_answers_nobody_is_kept_unproven_and_its_address_is_shown_nowhere(house: House) -> None:
    desk = a_desk(house)
    [made] = house.json(
        *("receiver", "channels", "webhook", "--receiver", desk),
        *("--order", "2", "--quiet", "22:00-07:00", "--zone", "Africa/Tripoli"),
        typed=f"{NOWHERE}\n",
    )["endpoints"]
    assert made.keys() == KEYS
    assert (made["channel"], made["state"], made["pause_code"]) == ("webhook", "unproven", "name_unknown")
    assert (made["order_no"], made["quiet"]) == (2, "22:00-07:00 Africa/Tripoli")
    assert made["public_key"].startswith("whpk_")

    endpoint_id = made["endpoint_id"]
    [after] = house.json("receiver", "channels", "set", endpoint_id, "--order", "1")["endpoints"]
    assert (after["order_no"], after["quiet"]) == (1, "")
    again = house.ihala("receiver", "channels", "resume", endpoint_id, "--format", "json")
    assert again.exit_code in {0, 19}, again.err  # 19: it was challenged a moment ago, if the machine is quick
    [ended] = house.json("receiver", "channels", "end", endpoint_id)["endpoints"]
    assert ended["state"] == "ended"

    listed = house.ihala("receiver", "channels", "list", "--receiver", desk)
    assert (listed.exit_code, endpoint_id in listed.out) == (0, True)
    for log in (house.folder / "logs").glob("*"):
        assert "zqx7" not in log.read_text(encoding="utf-8", errors="replace"), log.name


def test_a_system_registers_for_itself(house: House) -> None:
    [made] = house.json("receiver", "channels", "webhook", NOWHERE, "--sender")["endpoints"]
    assert (made["client_id"], made["receiver_id"]) == ("ministry", "")
    listed = house.json("receiver", "channels", "list", "--sender")["endpoints"]
    assert made["endpoint_id"] in {each["endpoint_id"] for each in listed}

    [ended] = house.json("receiver", "channels", "end", made["endpoint_id"], "--sender")["endpoints"]
    assert ended["state"] == "ended"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "reason"),
    [
        (["webhook", "https://127.0.0.1/", "--receiver", "DESK"], 11, "INVALID_FIELD"),
        (["webhook", "https://metadata.google.internal/", "--receiver", "DESK"], 11, "INVALID_FIELD"),
        (["webhook", NOWHERE], 11, "INVALID_FIELD"),
        (["webhook", NOWHERE, "--receiver", "DESK", "--sender"], 11, "INVALID_FIELD"),
        (["email", "nobody", "--receiver", "DESK"], 11, "INVALID_FIELD"),
        (["email", "desk@example.org", "--receiver", "DESK", "--quiet", "late"], 11, "INVALID_FIELD"),
        (["email", "desk@example.org", "--receiver", "DESK", "--quiet", "22:00-07:00"], 11, "INVALID_FIELD"),
        (["approve", "absent"], 20, "NOT_FOUND"),
        (["pause", "absent"], 20, "NOT_FOUND"),
    ],
)
def test_what_cannot_be_is_refused_with_its_own_exit_code(
    house: House, arguments: list[str], exit_code: int, reason: str
) -> None:
    typed = [a_desk(house) if each == "DESK" else each for each in arguments]

    said = house.ihala("receiver", "channels", *typed, "--format", "json")

    assert said.exit_code == exit_code, said.err
    assert said.error["reason"] == reason


def test_a_house_without_a_mail_server_promises_no_mail(house: House) -> None:
    said = house.ihala("receiver", "channels", "email", "desk@example.org", "--receiver", a_desk(house))

    assert said.exit_code != 0
    assert "desk@example.org" not in said.out


def test_nobody_approves_what_does_not_wait_for_it(house: House) -> None:
    [made] = house.json("receiver", "channels", "webhook", NOWHERE, "--receiver", a_desk(house))["endpoints"]
    second = second_coordinator(house.identities, house)

    said = house.ihala(
        *("receiver", "channels", "approve", made["endpoint_id"], "--profile", second, "--format", "json")
    )

    assert said.error["reason"] == "ILLEGAL_MOVE"
    house.json("receiver", "channels", "end", made["endpoint_id"])
