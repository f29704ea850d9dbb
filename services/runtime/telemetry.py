"""Metrics of a process: calls by method and status, served for Prometheus when asked to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

#: from a cached answer to the longest deadline that a call may have
CALL_BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)


class MethodMetrics:
    """The counters of one method, found once so that a call only adds to them."""

    def __init__(self, method: str, calls: Counter, duration_s: Histogram) -> None:
        self._by_code = {code: calls.labels(method, code.name) for code in grpc.StatusCode}
        self._duration_s = duration_s.labels(method)

    def observe(self, code: grpc.StatusCode, duration_s: float) -> None:
        """Count one call that ended."""
        self._by_code[code].inc()
        self._duration_s.observe(duration_s)


class CallMetrics:
    """
    Calls by method and status.

    Labels come from the fixed lists of methods and of statuses: never from a
    path that a stranger chose, and never a provider or a place.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._calls = Counter(
            "ihala_rpc_calls",
            "Calls that ended, by method and gRPC status.",
            ("method", "code"),
            registry=self.registry,
        )
        self._duration_s = Histogram(
            "ihala_rpc_duration_seconds",
            "Time in seconds from a request's arrival to the end of its call.",
            ("method",),
            registry=self.registry,
            buckets=CALL_BUCKETS_S,
        )

    def method(self, name: str) -> MethodMetrics:
        """Return the counters of a method that is registered on this server."""
        return MethodMetrics(name, self._calls, self._duration_s)


@contextmanager
def serve_metrics(registry: CollectorRegistry, address: str | None) -> Iterator[int | None]:
    """Serve metrics over HTTP while the context lasts, and yield the port; None serves nothing."""
    if address is None:
        yield None
        return
    host, _, port = address.rpartition(":")
    server, thread = start_http_server(int(port), host.strip("[]"), registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
