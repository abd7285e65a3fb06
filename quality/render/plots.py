"""Plots as SVG, drawn by hand: strings that stand in a page without script or style sheet of their own.

Colours are classes (`line`, `band`, `guide`, `reliable`, `unreliable`, ...) that the page sets, so that one
drawing serves light, dark and print. Every plot has a title that says what it shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

# Size of a small plot in its own units, and the room for its axis labels.
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 240, 208, 30, 34, 20, 18
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
# A row of the chart of intervals, a letter of its name (about), and the room for its figure.
ROW_HEIGHT, LETTER_WIDTH, FIGURE_WIDTH, BARS_WIDTH = 22, 6.5, 48, 560
NAME_LENGTH = 36

Scale = Callable[[float], float]


def _across(share: float) -> float:
    return LEFT + INNER_WIDTH * share


def _up(share: float) -> float:
    return TOP + INNER_HEIGHT * (1 - share)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _text(x: float, y: float, words: str, anchor: str = "middle", cls: str = "") -> str:
    kind = f' class="{cls}"' if cls else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(words)}</text>'


def _svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _frame(
    across: str, ticks_across: Mapping[float, str], ticks_up: Mapping[float, str], up: str = ""
) -> list[str]:
    """Axes with their ticks; places are shares of the plot's width and height."""
    parts = []
    for place, words in ticks_up.items():
        y = _up(place)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 5, y + 3.5, words, "end"))
    for place, words in ticks_across.items():
        parts.append(_text(_across(place), HEIGHT - BOTTOM + 13, words))
    parts.append(f'<path class="axis" d="M{LEFT} {_up(0):.1f}H{WIDTH - RIGHT}"/>')
    parts.append(_text(_across(0.5), HEIGHT - 5, across, cls="name"))
    if up:
        parts.append(_text(LEFT, TOP - 8, up, "start", "name"))
    return parts


TENTHS = {0.0: "0", 0.25: ".25", 0.5: ".5", 0.75: ".75", 1.0: "1"}


def reliability_diagram(name: str, bins: Sequence[Mapping[str, Any]]) -> str:
    """Share of reliable texts against reliability, a point for each bin of like mass; the guide is truth."""
    points = [(_across(b["reliability"]), _up(b["share"])) for b in bins]
    dots = [
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{b["n"]} texts of reliability '
        f"{b['reliability']:.2f}: {100 * b['share']:.0f} % reliable</title></circle>"
        for (x, y), b in zip(points, bins, strict=True)
    ]
    return _svg(
        f"Reliability diagram of {name}: share of reliable texts by reliability",
        WIDTH,
        HEIGHT,
        [
            *_frame("reliability", TENTHS, TENTHS, "share reliable"),
            f'<path class="guide" d="{_path([(_across(0), _up(0)), (_across(1), _up(1))])}"/>',
            f'<path class="line" d="{_path(points)}"/>' if points else "",
            *dots,
        ],
    )


def roc(name: str, points: Sequence[Sequence[float]], smallest: float) -> str:
    """Unreliable texts caught against reliable ones flagged, on a logarithmic axis from one text of the sample."""
    low = min(smallest, 0.1)
    decades = -math.log10(low)

    def place(rate: float) -> float:
        return 1 + math.log10(max(rate, low)) / decades

    ticks = {
        place(r): w for r, w in ((0.001, ".1 %"), (0.01, "1 %"), (0.1, "10 %"), (1.0, "100 %")) if r >= low
    }
    line: list[tuple[float, float]] = []
    caught_before = 0.0
    for rate, caught in points:  # steps: between two rates as much is caught as at the lower one
        if rate < low:
            caught_before = caught
            continue
        if not line:
            line.append((_across(0), _up(caught_before)))
        line += [(_across(place(rate)), _up(caught_before)), (_across(place(rate)), _up(caught))]
        caught_before = caught
    chance = [(k / 24, low ** (1 - k / 24)) for k in range(25)]
    guides = [
        f'<path class="rate" d="M{_across(place(r)):.1f} {_up(0):.1f}V{_up(1):.1f}"/>'
        for r in (0.01, 0.05)
        if r >= low
    ]
    return _svg(
        f"ROC curve of {name}: unreliable texts caught by reliable texts flagged, logarithmic",
        WIDTH,
        HEIGHT,
        [
            *_frame("reliable texts flagged", ticks, TENTHS, "unreliable caught"),
            *guides,
            f'<path class="guide" d="{_path([(_across(x), _up(y)) for x, y in chance])}"/>',
            f'<path class="line" d="{_path(line)}"/>' if line else "",
        ],
    )


def histogram(name: str, reliable: Sequence[int], unreliable: Sequence[int]) -> str:
    """Share of the texts of either label by reliability: reliable ones upwards, unreliable ones downwards."""
    sides = [[n / max(sum(counts), 1) for n in counts] for counts in (reliable, unreliable)]
    highest = max([*sides[0], *sides[1], 1e-9])
    middle, half = TOP + INNER_HEIGHT / 2, INNER_HEIGHT / 2 - 2
    step = INNER_WIDTH / max(len(reliable), 1)
    bars = []
    for side, counts, label in ((0, reliable, "reliable"), (1, unreliable, "unreliable")):
        for k, share in enumerate(sides[side]):
            if not share:
                continue
            height = max(half * share / highest, 1)
            y = middle - 0.5 - height if side == 0 else middle + 0.5
            bars.append(
                f'<rect class="{label}" x="{LEFT + k * step + 0.75:.1f}" y="{y:.1f}" width="{step - 1.5:.1f}" '
                f'height="{height:.1f}"><title>{counts[k]} {label} texts of reliability '
                f"{k / len(counts):.2f} to {(k + 1) / len(counts):.2f}</title></rect>"
            )
    return _svg(
        f"Texts of {name} by reliability and label",
        WIDTH,
        HEIGHT,
        [
            *_frame("reliability", TENTHS, {}),
            f'<path class="axis" d="M{LEFT} {middle:.1f}H{WIDTH - RIGHT}"/>',
            *bars,
            _text(LEFT, TOP - 8, f"▲ {sum(reliable):,} reliable", "start", "name"),
            _text(WIDTH - RIGHT, TOP - 8, f"▼ {sum(unreliable):,} unreliable", "end", "name"),
        ],
    )


def bars(title: str, rows: Sequence[tuple[str, Mapping[str, float | None] | None]]) -> str:
    """A point with its 95 % interval for each slice, from .4 (or the lowest bound) to 1; the guide is chance."""
    known = [f for _, f in rows if f is not None and f["value"] is not None]
    bounds = [f[key] for f in known for key in ("value", "low") if f[key] is not None]
    low = min([0.4, *(math.floor(10 * b) / 10 for b in bounds if b is not None)])
    shown = [name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…" for name, _ in rows]
    left = 16 + LETTER_WIDTH * max(map(len, shown), default=0)
    room = BARS_WIDTH - left - FIGURE_WIDTH

    def place(value: float) -> float:
        return left + room * (value - low) / (1 - low)

    height = ROW_HEIGHT * len(rows) + 24
    parts = []
    for tick in range(round(10 * low), 11):
        x = place(tick / 10)
        parts.append(f'<path class="{"guide" if tick == 5 else "grid"}" d="M{x:.1f} 0V{height - 20}"/>')
        parts.append(_text(x, height - 6, f"{tick / 10:g}".lstrip("0") or "0"))
    for k, (_, figure) in enumerate(rows):
        y = ROW_HEIGHT * (k + 0.5)
        parts.append(_text(left - 8, y + 4, shown[k], "end", "label"))
        if figure is None or figure["value"] is None:
            parts.append(_text(BARS_WIDTH, y + 4, "-", "end", "label"))
            continue
        value, bottom, top = figure["value"], figure["low"], figure["high"]
        if bottom is not None and top is not None:
            parts.append(f'<path class="band" d="M{place(bottom):.1f} {y:.1f}H{place(top):.1f}"/>')
        parts.append(f'<circle class="dot" cx="{place(value):.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(_text(BARS_WIDTH, y + 4, f"{value:.3f}", "end", "label"))
    return _svg(title, BARS_WIDTH, height, parts)
