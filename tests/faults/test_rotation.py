"""Keys that take each other's place while referrals go on: nobody is refused, and the old one is withdrawn (F27)."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from ihala.cli.run.identities import ensure_identities, retire_signing_key, withdraw_signing_key
from ihala.client import Ihala
from ihala.profile import Profile
from services.errors import NotFound, PermissionDenied, Unauthenticated
from services.referrals.store.sealing import Sealer
from services.runtime import jetstream
from services.runtime.auth import Role
from services.runtime.embedded.files import write_private
from services.runtime.embedded.nats_accounts import generate_key
from services.runtime.sealing import read_key
from tests.faults.breaking import begin, kill
from tests.faults.storm import DESK, Storm
from tests.faults.weather import await_referrals, await_that, blowing, storm_at
from tests.house import House, house_in, utc_now

pytestmark = [
    pytest.mark.long,
    # nats-py leaves the socket of a server that took its key away open until it is collected
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

CASES = 150
WITHIN_S = 60.0
REFUSED_WITHIN_S = 5.0
REFUSED = '"event": "token.refused"'
WRAPPED = "SELECT key_id, wrapped FROM referrals.case_key WHERE wrapped IS NOT NULL"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run a house whose keys are nobody else's to rely on."""
    with house_in(tmp_path_factory.mktemp("rotation") / ".ihala") as house:
        yield house


def refused_tokens(house: House) -> int:
    """Count the tokens that any process has refused."""
    return sum(each.read_text().count(REFUSED) for each in (house.folder / "logs").glob("*.log"))


def await_accepted(storm: Storm, share: float) -> None:
    """Wait until a share of the cases is answered and said yes to."""
    await_that(storm, lambda: len(storm.accepted) >= share * storm.cases, "yeses")


def sign_anew(house: House) -> None:
    """Sign the tokens of all processes, callers and desks with the signing key of now."""
    identities = ensure_identities(house.folder, utc_now)
    for name, desk in house.desks.items():
        identities.write_token(f"receivers/{name}", {Role.RECEIVER}, [desk.receiver_id])


async def comes_in(profile: Profile) -> bool:
    async with Ihala(profile) as ihala:
        try:
            await ihala.look_up_request("none")
        except NotFound:  # which only those are told who are let in
            return True
        except Unauthenticated:
            return False
    return True


def test_the_signing_key_changes_and_nobody_who_may_come_in_is_refused(
    house: House, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    old = Profile(addresses=house.addresses, token_file=tmp_path / "old.token")
    write_private(tmp_path / "old.token", house.identities.token_file("ministry").read_text())
    with blowing(storm_at(house, "signing", CASES)) as storm:
        await_accepted(storm, 0.2)
        retire_signing_key(house.folder)
        sign_anew(house)
        await_accepted(storm, 0.5)
        beside = refused_tokens(house), asyncio.run(comes_in(old))
        withdraw_signing_key(house.folder)
        sign_anew(house)
        await_that(storm, lambda: not asyncio.run(comes_in(old)), "refused by the key before", REFUSED_WITHIN_S)
        await_accepted(storm, 0.8)

    assert beside == (0, True)
    record_property("refused while both held", beside[0])


def test_a_desks_key_of_nats_changes_and_each_alert_is_heard_once(house: House) -> None:
    desk = house.profile(f"receivers/{DESK}").receiver
    assert desk is not None
    old_seed = desk.seed_file.read_text()
    held = {each["device_id"] for each in nats_devices(house, desk.receiver_id)}
    with blowing(storm_at(house, "nats-key", CASES)) as storm:
        await_accepted(storm, 0.2)
        seed, public = generate_key()
        house.json("receiver", "nats", DESK, "--key", public, "--beside")
        write_private(desk.seed_file, seed)
        await_accepted(storm, 0.5)  # by the old one, which is still connected
        for device_id in held:
            house.json("receiver", "end", device_id, "--profile", str(house.identities.profile_file("operator")))
        await_accepted(storm, 0.8)

    write_private(house.folder / "old.nk", old_seed)
    asyncio.run(refused_by_nats(house, house.folder / "old.nk"))


def nats_devices(house: House, receiver_id: str) -> list[dict[str, str]]:
    found = house.json("receiver", "devices", receiver_id)["devices"]
    return [each for each in found if each["channel"] == "nats" and not each["end_time"]]


async def refused_by_nats(house: House, seed_file: Path) -> None:
    with pytest.raises(PermissionDenied):
        async with jetstream.connect(house.parts.nats_url, seed_file, name="old", inbox_prefix="_INBOX"):
            pass


def test_the_key_of_keys_changes_and_every_case_stays_readable(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    old, new = house.identities.key_file("referrals_kek"), house.folder / "keys" / "new_kek.key"
    write_private(new, os.urandom(32).hex())
    with blowing(storm_at(house, "rewrapped", CASES)) as storm:
        await_referrals(storm, CASES // 5)
        with_keks(house, new, old)
        await_that(storm, lambda: not under_another(house, new), "keys under the new KEK", WITHIN_S)
        record_property("keys under the new KEK", len(wrapped(house)))
        await_accepted(storm, 0.6)
        with_keks(house, new, None)
        await_accepted(storm, 0.8)


def with_keks(house: House, kek: Path, other: Path | None) -> None:
    """Start referrals anew with these."""
    kill(house, "referrals", signal.SIGTERM)
    variables = {"IHALA_REFERRALS_KEK_FILE": str(kek)}
    if other is not None:
        variables["IHALA_REFERRALS_KEK_OTHER_FILE"] = str(other)
    begin(house, "referrals", variables)


def wrapped(house: House) -> list[tuple[str, bytes]]:
    with psycopg.connect(house.parts.database_url, autocommit=True) as connection:
        return connection.execute(WRAPPED).fetchall()


def under_another(house: House, kek: Path) -> int:
    """Count the keys of cases that a KEK does not open."""
    sealer, count = Sealer(read_key(kek, "kek")), 0
    for key_id, each in wrapped(house):
        try:
            sealer.unwrap(key_id, each)
        except RuntimeError:
            count += 1
    return count
