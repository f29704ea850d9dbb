"""Says how each test ended as soon as it has: a plugin of pytest for a run of half an hour."""

import time
from collections.abc import Iterator

import pytest


class Teller:
    """Writes a line for each test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._begin_s = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear of a phase of a test; the call says all, unless another one failed."""
        if report.when != "call" and report.passed:
            return
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.write_line("\n".join(self._lines(report)))

    def _lines(self, report: pytest.TestReport) -> Iterator[str]:
        spent_s = time.monotonic() - self._begin_s
        yield f"  {spent_s:5.0f} s  {report.outcome}  {report.duration:.1f} s  {report.nodeid}"
        for name, value in report.user_properties:
            yield f"           {name}: {value}"
        if report.failed:
            yield report.longreprtext


def pytest_configure(config: pytest.Config) -> None:
    """Begin."""
    config.pluginmanager.register(Teller(config), "teller")
