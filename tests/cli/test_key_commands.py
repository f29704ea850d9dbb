"""A deployment's signing key takes the place of another while the tokens of both hold (F27)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ihala.cli.app import app
from services.errors import Unauthenticated
from services.runtime.tokens import Verifier

FAILED_PRECONDITION = 36


def keys(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["keys", *arguments])
    return result.exit_code, result.stderr


def holds(folder: Path, token: str) -> bool:
    """Ask as a service does that has just looked at its files."""
    verifier = Verifier(folder / "gate" / "jwks.json", folder / "gate" / "deny.txt", now=lambda: datetime.now(UTC))
    try:
        verifier.verify(token)
    except Unauthenticated:
        return False
    return True


def token_of(folder: Path, service: str) -> str:
    return (folder / service / "token").read_text()


def test_tokens_of_both_keys_hold_until_the_old_one_is_withdrawn(tmp_path: Path) -> None:
    folder = tmp_path / "deployed"
    assert keys("init", str(folder))[0] == 0
    old = token_of(folder, "referrals")

    assert keys("rotate", str(folder))[0] == 0
    new = token_of(folder, "referrals")
    both = holds(folder, old), holds(folder, new)
    assert keys("init", str(folder))[0] == 0  # the monthly renewal meanwhile withdraws nothing
    still = holds(folder, old), holds(folder, new), holds(folder, token_of(folder, "referrals"))
    assert keys("withdraw", str(folder))[0] == 0

    assert both == (True, True)
    assert still == (True, True, True)
    assert (holds(folder, old), holds(folder, new), holds(folder, token_of(folder, "notify"))) == (False, True, True)


@pytest.mark.parametrize(
    ("before", "command", "words"),
    [
        ([], "rotate", "keys init"),
        (["init"], "withdraw", "keys rotate"),
        (["init", "rotate"], "rotate", "keys withdraw"),
    ],
)
def test_what_is_not_its_turn_is_refused_and_says_what_is(
    tmp_path: Path, before: list[str], command: str, words: str
) -> None:
    for each in before:
        assert keys(each, str(tmp_path))[0] == 0

    code, said = keys(command, str(tmp_path))

    assert code == FAILED_PRECONDITION
    assert words in said
