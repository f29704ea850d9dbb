"""
Keep the alerts that a receiver's software has, on disk before notify hears that it has them.

Two kinds of lines: an alert that came, and one whose handing over was finished.
What came and was not finished is handed over again after a crash.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

KEEP = (
    10_000  #: finished ones that are remembered when the file is opened; NATS repeats none that is older than 30 days
)


class Journal:
    """
    A file of alerts; a context manager.

    A line that a crash cut short does not count: notify has no receipt for it, and sends it again.

    Args:
        path: Made if absent; one process writes to it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._unfinished: dict[str, Mapping[str, Any]] = {}
        self._finished: dict[str, None] = {}  # in the order in which they were
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
            if line.endswith(b"\n"):
                self._recall(json.loads(line))
        self._finished = dict.fromkeys(list(self._finished)[-KEEP:])
        # begun anew, so that it does not grow for ever; a crash leaves the old one or the new one
        draft = path.with_name(f"{path.name}.new")
        self._file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._write(*({"done": alert_id} for alert_id in self._finished), *self._unfinished.values())
        draft.replace(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def unfinished(self) -> list[Mapping[str, Any]]:
        """List what came and was not finished, in the order in which it came."""
        return list(self._unfinished.values())

    def keep(self, alert: Mapping[str, Any]) -> bool:
        """Keep an alert, as `keep_all`; False if it came before."""
        return bool(self.keep_all([alert]))

    def keep_all(self, alerts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """
        Keep alerts that came together; they are on disk when this returns.

        Args:
            alerts: The fields of each, `alert_id` among them.

        Returns:
            Those that had not come before, in their order.
        """
        by_id = {alert["alert_id"]: alert for alert in alerts}
        news = [each for id_, each in by_id.items() if id_ not in self._unfinished and id_ not in self._finished]
        if news:
            self._write(*news)
        for each in news:
            self._recall(each)
        return news

    def finish(self, alert_id: str) -> None:
        """Note that an alert was handed over and dealt with; again is a no-op."""
        if alert_id in self._finished:
            return
        self._write({"done": alert_id})
        self._recall({"done": alert_id})

    def _recall(self, line: Mapping[str, Any]) -> None:
        if "done" in line:
            self._unfinished.pop(line["done"], None)
            self._finished[line["done"]] = None
        else:
            self._unfinished[line["alert_id"]] = line

    def _write(self, *lines: Mapping[str, Any]) -> None:
        os.write(self._file, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        os.fsync(self._file)
