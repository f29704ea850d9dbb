"""Metrics, read as Prometheus reads them."""

import grpc
import httpx

from services.runtime.telemetry import CallMetrics, serve_metrics


def test_metrics_are_served_while_they_are_asked_for() -> None:
    metrics = CallMetrics()
    metrics.method("/a.B/C").observe(grpc.StatusCode.OK, 0.002)

    with serve_metrics(metrics.registry, "127.0.0.1:0") as port:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text

    assert 'ihala_rpc_calls_total{code="OK",method="/a.B/C"} 1.0' in text
    assert 'ihala_rpc_duration_seconds_bucket{le="0.0025",method="/a.B/C"} 1.0' in text


def test_they_are_off_by_default() -> None:
    with serve_metrics(CallMetrics().registry, None) as port:
        assert port is None
