"""Give every receiver that chose NATS its account: a file that the server includes, and a signal to read it again."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from services.errors import FailedPrecondition
from services.runtime.embedded.files import write_private
from services.runtime.embedded.nats_accounts import render_receiver_accounts

SERVER: Final = "nats-server"
#: nats-server 2.15.1: what an account imports works only from the second reading on that has the account
READINGS: Final = 2
#: a reading takes 0.3 s with 1,000 accounts, and a signal that comes meanwhile is lost
BETWEEN_READINGS_S: Final = 0.5

log = structlog.get_logger(__name__)


class AccountsFile:
    """
    The file of accounts and the server that reads it.

    Args:
        file: What is written; None: accounts are not kept here.

        pid_file: Begins with the server's process id; None: somebody else tells it.

        accounts: Lists the receivers, with the public nkeys of each.
    """

    def __init__(
        self, file: Path | None, pid_file: Path | None, accounts: Callable[[], Awaitable[Mapping[str, Sequence[str]]]]
    ) -> None:
        self._file = file
        self._pid_file = pid_file
        self._accounts = accounts
        self._turn = asyncio.Lock()
        # at first too: the last signal may have been lost with the process that wrote the file
        self._readings_due = READINGS

    def require(self) -> None:
        """
        Refuse to promise an account where none can be made.

        Raises:
            FailedPrecondition: no file is set.
        """
        if self._file is None:
            raise FailedPrecondition("nats_accounts_file must be set before a receiver can have an account")

    async def apply(self) -> None:
        """Make the file say what the accounts are now, and the server read it where that is new."""
        if self._file is None:
            return
        async with self._turn:
            text = render_receiver_accounts(await self._accounts())
            if not self._file.exists() or self._file.read_text(encoding="ascii") != text:
                write_private(self._file, text)
                # one more than is waited for here: made up for later, in case a signal was lost
                self._readings_due = READINGS + 1
            for number in range(min(READINGS, self._readings_due)):
                if number:
                    await asyncio.sleep(BETWEEN_READINGS_S)
                if self._tell():
                    self._readings_due -= 1

    def _tell(self) -> bool:
        """Say whether the server was told; one that is not running reads the file when it starts."""
        if self._pid_file is None:
            return True
        try:
            # what stands after the number, as the embedded run writes it, is not needed here
            pid = int(self._pid_file.read_text(encoding="ascii").split()[0])
            if not _is_server(pid):
                return False
            os.kill(pid, signal.SIGHUP)
        except (FileNotFoundError, ValueError, IndexError, ProcessLookupError):
            return False
        except PermissionError:
            log.error("nats.not_told")  # noqa: TRY400 -- there is nothing to trace
            return False
        return True


def _is_server(pid: int) -> bool:
    # the signal ends any other process: a number that was left behind may be somebody else's by now
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == SERVER
    except FileNotFoundError:
        return not Path("/proc/self").exists()
