"""Tell on the terminal what a run does, step by step, with times."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Story:
    """
    Progress for people, one line a step.

    On a terminal a step that takes long shows that it is at work; elsewhere it
    is a plain line when it is done.

    Args:
        begin_s: Monotonic time in seconds from which steps are timed; None: now.
    """

    def __init__(self, begin_s: float | None = None) -> None:
        self._console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._begin_s = time.monotonic() if begin_s is None else begin_s

    @contextmanager
    def step(self, name: str, *, detail: str = "") -> Iterator[None]:
        """Tell that a step is at work, and when it is done."""
        with self.working(name):
            yield
        self.tell(name, f"ready{f': {detail}' if detail else ''}")

    @contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Show on a terminal that something is at work."""
        if self._console.is_terminal:
            with self._console.status(f"{escape(name)} …"):
                yield
        else:
            yield

    def tell(self, who: str, what: str) -> None:
        """Tell what happened, after how many seconds and by whom."""
        elapsed_s = time.monotonic() - self._begin_s
        self._console.print(f"[dim]{elapsed_s:6.2f} s[/dim]  [bold]{escape(who):<12}[/bold] {escape(what)}")
        sys.stdout.flush()

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self._console.print(f"\n[bold]{escape(title)}[/bold]")
        sys.stdout.flush()

    def line(self, text: str) -> None:
        """Print a line as it is, for programs that read it."""
        print(text, flush=True)
