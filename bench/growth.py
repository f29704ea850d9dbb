"""Draw how the cost of an answer grows with the directory, as a small SVG that needs no library."""

from collections.abc import Callable, Sequence
from math import log10
from pathlib import Path

from bench.matching import Measured

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "matching-growth.svg"
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 560, 300, 70, 20, 150, 40
SECONDS = 3  # of powers of ten: 1,000 ms
DECADES = (-2, 4)  # of milliseconds: 0.01 ms to 10 s
LINES: tuple[tuple[str, str, Callable[[Measured], float]], ...] = (
    ("full scan", "#b00020", lambda each: each.scan_median_ms),
    ("99th percentile", "#7a9cc6", lambda each: each.ninety_ninths_ms[0]),
    ("median", "#1b4f8a", lambda each: each.medians_ms[0]),
)


def draw(measured: Sequence[Measured]) -> None:
    """Write the picture: both axes by powers of ten."""
    sizes = [log10(each.provider_count) for each in measured]

    def x(size: float) -> float:
        return LEFT + (size - sizes[0]) / (sizes[-1] - sizes[0]) * (WIDTH - LEFT - RIGHT)

    def y(time_ms: float) -> float:
        low, high = DECADES
        return TOP + (high - log10(time_ms)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        "<title>Cost of an answer by the size of the directory</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for decade in range(DECADES[0], DECADES[1] + 1):
        at = y(10**decade)
        label = f"{10**decade:g} ms" if decade < SECONDS else f"{10 ** (decade - SECONDS):g} s"
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    for size, each in zip(sizes, measured, strict=True):
        middle = f'text-anchor="middle">{each.provider_count:,}</text>'
        parts.append(f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 18}" {middle}')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">providers</text>')
    for name, colour, of in LINES:
        points = " ".join(f"{x(size):.1f},{y(of(each)):.1f}" for size, each in zip(sizes, measured, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        last = of(measured[-1])
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{y(last) + 4:.1f}" fill="{colour}">{name}</text>')
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")
