"""The table that the bench prints: a bar, what was measured, and the peer of the same run."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.matching import CHANGES, Kind, Measured
from bench.postgis import Peer
from bench.serving import Served

# the bars
MOST_MEDIAN_MS = 0.3
MOST_99TH_MS = 1.5
MOST_GROWTH = 6
MOST_BUILD_S = 10
MOST_CHANGE_MS = 1000
MOST_BYTES = 700
LEAST_OF_POSTGIS = 25
LEAST_OF_ECHO = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row."""

    work: str
    bar: str
    figure: str
    peer: str = ""
    peer_figure: str = ""
    ratio: str = ""
    holds: str = ""


def of(measured: Sequence[Measured], served: Sequence[Served], peer: Peer) -> list[Line]:
    """Lay out all that was measured."""
    lines = [line for each in measured for line in _answers(each)]
    lines += [_kind(kind, measured[-1].provider_count) for kind in measured[-1].kinds]
    first, last = measured[0], measured[-1]
    if len(measured) > 1:
        times = last.medians_ms[0] / first.medians_ms[0]
        work = f"median, {first.provider_count:,} to {last.provider_count:,}"
        lines.append(Line(work=work, bar="grows <= 6x", figure=f"{times:.1f}x", holds=_word(times <= MOST_GROWTH)))
    lines += _index(last)
    ratio = "" if peer.mean_ms is None else f"{peer.mean_ms / last.mean_ms:.0f}x"
    lines.append(
        Line(
            work=f"mean answer, {last.provider_count:,}",
            bar=">= 25x PostGIS",
            figure=f"{last.mean_ms:.2f} ms",
            peer="PostGIS k-nearest, same filters",
            peer_figure=peer.word if peer.mean_ms is None else f"{peer.mean_ms:.1f} ms",
            ratio=ratio,
            holds="" if peer.mean_ms is None else _word(peer.mean_ms >= LEAST_OF_POSTGIS * last.mean_ms),
        )
    )
    lines += map(_served, served)
    return lines


def _served(each: Served) -> Line:
    share, cpu_share = each.calls_per_s / each.echo_calls_per_s, each.echo_cpu_ms / each.cpu_ms
    return Line(
        work=f"FindMatches over gRPC, {each.provider_count:,}, {each.result_count:.1f} results, "
        f"{each.response_bytes:,} bytes",
        bar=">= 0.5x an echo",
        figure=f"{each.calls_per_s:.0f}/s (cpu {each.cpu_ms:.2f} ms)",
        peer="echo: same bytes, options, gate",
        peer_figure=f"{each.echo_calls_per_s:.0f}/s (cpu {each.echo_cpu_ms:.2f} ms)",
        ratio=f"{share:.2f}x (cpu {cpu_share:.2f}x)",
        holds="yes" if share >= LEAST_OF_ECHO else "by cpu" if cpu_share >= LEAST_OF_ECHO else "no",
    )


def _answers(each: Measured) -> list[Line]:
    scan = f"{each.scan_median_ms:.0f} ms"
    ratio = f"{each.scan_median_ms / each.medians_ms[0]:.0f}x"
    work = f"both lists of 10, {each.provider_count:,}"
    return [
        Line(
            work=f"{work}: median",
            bar="<= 0.3 ms",
            figure=_both(each.medians_ms, "ms"),
            peer=f"full numpy scan, {each.equal_count} equal",
            peer_figure=scan,
            ratio=ratio,
            holds=_held(each.medians_ms, MOST_MEDIAN_MS),
        ),
        Line(
            work=f"{work}: 99th",
            bar="<= 1.5 ms",
            figure=_both(each.ninety_ninths_ms, "ms"),
            holds=_held(each.ninety_ninths_ms, MOST_99TH_MS),
        ),
        Line(
            work=f"{work}, {CHANGES:,} changes since: median",
            bar="",
            figure=_both(each.changed_medians_ms, "ms"),
        ),
    ]


def _kind(kind: Kind, count: int) -> Line:
    return Line(
        work=f"{count:,}, {kind.name}: median; 99th",
        bar="",
        figure=f"{_both(kind.medians_ms, 'ms')}; {_both(kind.ninety_ninths_ms, 'ms')}",
        peer="others without, by turns: median",
        peer_figure=_both(kind.plain_medians_ms, "ms"),
        ratio=f"{kind.medians_ms[1] / kind.plain_medians_ms[1]:.2f}x (cpu)",
    )


def _index(each: Measured) -> list[Line]:
    return [
        Line(
            work=f"build, {each.provider_count:,}",
            bar="<= 10 s",
            figure=_both(each.build_s, "s"),
            holds=_held(each.build_s, MOST_BUILD_S),
        ),
        Line(
            work=f"99th while it rebuilds, {each.provider_count:,}",
            bar="off the serving path",
            figure=f"{each.rebuild_99th_ms:.1f} ms",
        ),
        Line(
            work="one change visible, delta nearly full",
            bar="<= 1 s",
            figure=f"{each.change_ms:.0f} ms",
            holds=_word(each.change_ms <= MOST_CHANGE_MS),
        ),
        Line(
            work="memory of the index, warm",
            bar="<= 700 B a provider",
            figure=f"{each.index_bytes:.0f} B",
            peer="the records themselves",
            peer_figure=f"{each.record_bytes:.0f} B",
            holds=_word(each.index_bytes <= MOST_BYTES),
        ),
    ]


def _both(pair: tuple[float, float], unit: str) -> str:
    wall, cpu = pair
    return f"{wall:.2f} {unit} (cpu {cpu:.2f})"


def _held(pair: tuple[float, float], most: float) -> str:
    """Say whether a bar holds; a busy machine may let it hold by the processor's clock alone."""
    wall, cpu = pair
    return "yes" if wall <= most else "by cpu" if cpu <= most else "no"


def _word(holds: bool) -> str:  # noqa: FBT001 -- a column of the table
    return "yes" if holds else "no"
