"""Metrics of scores against labels: arrays in, numbers out.

`unreliable` bool[n] is what there is to find, `suspicion` float64[n] grows with what speaks against a
text (1 - reliability), so a *false alarm* is a reliable text above a threshold. Every statistic takes
`weight`, float64[n] or [draws, n], and gives float64[] or [draws]: with the counts of `draws` as
weights, one call gives a whole bootstrap. Where a statistic is undefined it is NaN.

Seeds are arguments; the same seed gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats, Ints, changes

Statistic = Callable[[Floats], Floats]

# Equal-mass bins of reliability: at most so many, of at least so many texts each, or a bin says nothing.
N_BINS_HIGH, BIN_SIZE_LOW = 15, 20
# The share outside a 95 % interval on either side, and the standard normal quantile that goes with it.
TAIL, NORMAL = 0.025, 1.959963984540054
# Numbers held at once while a bootstrap runs: 16 MB of float64 for each column.
CHUNK = 2_000_000


@dataclass(frozen=True)
class Curve:
    """Weighted counts of texts at or above each distinct suspicion, from the highest down.

    `caught` and `alarms`, float64[..., k], count unreliable and reliable texts; `threshold` float64[k].
    """

    caught: Floats
    alarms: Floats
    threshold: Floats

    @classmethod
    def of(cls, unreliable: Bools, suspicion: Floats, weight: Floats) -> Curve:
        """The curve of some scores; texts of equal suspicion enter together."""
        order = np.argsort(-suspicion, kind="stable")
        ordered = suspicion[order]
        last = np.flatnonzero(np.concatenate((changes(ordered)[1:], [True]))) if ordered.size else order
        counts = weight[..., order]
        caught, alarms = (
            np.cumsum(counts * some[order], axis=-1)[..., last] for some in (unreliable, ~unreliable)
        )
        return cls(caught, alarms, ordered[last])


def _last(counts: Floats) -> Floats:
    return counts[..., -1] if counts.shape[-1] else np.zeros(counts.shape[:-1])


def _steps(counts: Floats) -> Floats:
    return np.diff(counts, axis=-1, prepend=0.0)


def _divided(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)


def auc(unreliable: Bools, suspicion: Floats, weight: Floats) -> Floats:
    """Probability that an unreliable text is more suspicious than a reliable one, ties counting half."""
    curve = Curve.of(unreliable, suspicion, weight)
    n_unreliable, n_reliable = _last(curve.caught), _last(curve.alarms)
    below = n_reliable[..., None] - curve.alarms + 0.5 * _steps(curve.alarms)
    return _divided((_steps(curve.caught) * below).sum(axis=-1), n_unreliable * n_reliable)


def average_precision(unreliable: Bools, suspicion: Floats, weight: Floats) -> Floats:
    """Precision at each threshold, averaged by the recall that it adds (no interpolation)."""
    curve = Curve.of(unreliable, suspicion, weight)
    precision = np.nan_to_num(_divided(curve.caught, curve.caught + curve.alarms))
    return _divided((_steps(curve.caught) * precision).sum(axis=-1), _last(curve.caught))


def caught_at(rate: float, unreliable: Bools, suspicion: Floats, weight: Floats) -> Floats:
    """Largest share of unreliable texts caught by a threshold with false alarms on at most `rate` of the reliable."""
    curve = Curve.of(unreliable, suspicion, weight)
    n_reliable = _last(curve.alarms)
    # a hair above, so that 5 of 100 is within 0.05
    allowed = curve.alarms <= (rate * n_reliable * (1 + 1e-12))[..., None]
    caught = np.where(allowed, curve.caught, 0.0).max(axis=-1, initial=0.0)
    return np.where(n_reliable == 0, np.nan, _divided(caught, _last(curve.caught)))


def smallest_rate(unreliable: Bools) -> float:
    """Smallest false-positive rate above 0 that the reliable texts of a sample can show: one of them."""
    n_reliable = int((~unreliable).sum())
    return 1.0 / n_reliable if n_reliable else float("nan")


def brier(unreliable: Bools, suspicion: Floats, weight: Floats) -> Floats:
    """Mean squared difference between probability and label."""
    loss = (suspicion - unreliable) ** 2
    return _divided((weight * loss).sum(axis=-1), weight.sum(axis=-1))


def n_bins(n: int) -> int:
    """Bins for n texts: `N_BINS_HIGH`, fewer where a bin would hold under `BIN_SIZE_LOW`."""
    return max(1, min(N_BINS_HIGH, n // BIN_SIZE_LOW))


def _bins(suspicion: Floats, weight: Floats, bins: int) -> Ints:
    """Bin of equal mass of each text, equal values in one bin; int64[..., n], 0 the least suspicious."""
    order = np.argsort(suspicion, kind="stable")
    tie = np.cumsum(changes(suspicion[order])) - 1
    last = np.flatnonzero(np.concatenate((changes(suspicion[order])[1:], [True])))
    running = np.cumsum(weight[..., order], axis=-1)[..., last]
    middle = running - 0.5 * _steps(running)
    total = np.maximum(running[..., -1:], 1e-300)
    of_tie = np.minimum((bins * middle / total).astype(np.int64), bins - 1)
    found = np.empty(weight.shape, np.int64)
    found[..., order] = of_tie[..., tie]
    return found


def ece(unreliable: Bools, suspicion: Floats, weight: Floats, bins: int | None = None) -> Floats:
    """Expected calibration error: mean distance of probability from frequency over bins of equal mass.

    Ties share a bin. Small samples are off by chance alone, so a perfect model does not reach 0.
    """
    if not suspicion.size:
        return np.full(weight.shape[:-1], np.nan)
    bins = bins or n_bins(suspicion.size)
    bin = _bins(suspicion, weight, bins)
    rows = weight.shape[:-1]
    n_rows = int(np.prod(rows, dtype=np.int64))
    cell = (bin.reshape(n_rows, -1) + bins * np.arange(n_rows)[:, None]).ravel()
    gap = (weight * (suspicion - unreliable)).ravel()
    summed = np.abs(np.bincount(cell, weights=gap, minlength=bins * n_rows)).reshape(n_rows, bins)
    return _divided(summed.sum(axis=-1).reshape(rows), weight.sum(axis=-1))


@dataclass(frozen=True)
class Bin:
    """Texts of like reliability: how many, their mean reliability, and the share that is reliable."""

    n: int
    reliability: float
    share: float


def diagram(unreliable: Bools, suspicion: Floats, bins: int | None = None) -> list[Bin]:
    """The bins of `ece`, least reliable first; empty ones left out."""
    if not suspicion.size:
        return []
    bins = bins or n_bins(suspicion.size)
    bin = _bins(suspicion, np.ones(suspicion.size), bins)
    chosen = [np.flatnonzero(bin == k) for k in range(bins)][::-1]
    return [
        Bin(int(i.size), float(1 - suspicion[i].mean()), float(1 - unreliable[i].mean()))
        for i in chosen
        if i.size
    ]


def wilson(n_hits: float, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927): stays within 0..1 and says something of 0 out of n."""
    if not n:
        return float("nan"), float("nan")
    share, square = n_hits / n, NORMAL**2 / n
    centre = (share + square / 2) / (1 + square)
    half = NORMAL * np.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return float(centre - half) if n_hits > 0 else 0.0, float(centre + half) if n_hits < n else 1.0


def precision_at(prevalence: float, caught: float, alarms: float) -> float:
    """Share of flagged texts that are unreliable, where a share `prevalence` of all texts is.

    `caught` and `alarms` are the shares of unreliable and of reliable texts that are flagged.
    """
    flagged = prevalence * caught + (1 - prevalence) * alarms
    return prevalence * caught / flagged if flagged > 0 else float("nan")


def macro_precision(prevalence: float, counts: Sequence[tuple[int, int, int, int]]) -> tuple[float, float]:
    """`precision_at` within each corpus, averaged, and the same by the bad ends of both shares' 95 % intervals (Wilson).

    `counts` has of each corpus: unreliable texts flagged, and in all, reliable texts flagged, and in all. A corpus that has
    texts of one label only has no precision; in one where nothing is flagged it is undefined, so only its bad end counts.
    """
    values, ends = [], []
    for n_caught, n_unreliable, n_alarms, n_reliable in counts:
        if n_unreliable and n_reliable:
            values.append(precision_at(prevalence, n_caught / n_unreliable, n_alarms / n_reliable))
            worst = wilson(n_caught, n_unreliable)[0], wilson(n_alarms, n_reliable)[1]
            ends.append(precision_at(prevalence, *worst))
    known = [value for value in values if not np.isnan(value)]
    mean = float(np.mean(known)) if known else float("nan")
    return mean, float(np.mean(ends)) if ends else float("nan")


def f1(n_right: float, n_given: float, n_true: float) -> tuple[float, float, float]:
    """Precision, recall and F1 from the number rightly given, given, and there to be given."""
    precision = n_right / n_given if n_given else float("nan")
    recall = n_right / n_true if n_true else float("nan")
    whole = n_given + n_true
    return precision, recall, 2 * n_right / whole if n_true and whole else float("nan")


def draws(group: Ints, n_draws: int, seed: int) -> NDArray[np.uint8]:
    """How often each group is drawn when as many groups are drawn as there are; uint8[n_draws, groups].

    `group` int64[n] counts groups from 0. Texts of a group come and go together, as near-copies must.
    """
    n = int(group.max()) + 1 if group.size else 0
    random = np.random.default_rng(seed)
    counts = np.zeros((n_draws, n), np.uint8)
    for row in counts:
        drawn = np.bincount(random.integers(0, n, n), minlength=n) if n else row
        row[:] = np.minimum(drawn, 255)
    return counts


def resampled(statistic: Statistic, group: Ints, counts: NDArray[np.uint8]) -> Floats:
    """A statistic of n texts in every draw; float64[draws]. `group` int64[n] are columns of `counts`."""
    size = max(1, CHUNK // max(group.size, 1))
    parts = [
        statistic(counts[low : low + size][:, group].astype(np.float64))
        for low in range(0, counts.shape[0], size)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def resampled_mean(values: Floats, group: Ints, counts: NDArray[np.uint8]) -> Floats:
    """Mean of n values in every draw, NaN where none is drawn; float64[draws]. By sums of groups, so n may be large."""
    columns, of_row = np.unique(group, return_inverse=True)
    drawn = counts[:, columns].astype(np.float64)
    return _divided(
        drawn @ np.bincount(of_row, weights=values), drawn @ np.bincount(of_row).astype(np.float64)
    )


def macro(rows: Sequence[Floats]) -> Floats:
    """Mean over corpora of a figure in every draw, over those where it is defined; float64[draws], NaN where none is."""
    stacked = np.array(rows)
    known = ~np.isnan(stacked)
    return _divided(np.where(known, stacked, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))


def interval(values: Floats) -> tuple[float, float]:
    """The 95 % interval of some draws, undefined ones left out."""
    values = values[~np.isnan(values)]
    if not values.size:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    return float(low), float(high)


def shuffled_auc(unreliable: Bools, suspicion: Floats, n_rounds: int, random: np.random.Generator) -> Floats:
    """AUC of the same scores with the labels dealt out anew; float64[rounds]."""
    order = np.argsort(suspicion, kind="stable")
    first = np.flatnonzero(changes(suspicion[order]))
    size = np.diff(first, append=suspicion.size)
    rank = np.empty(suspicion.size)
    rank[order] = np.repeat(first + (size + 1) / 2, size)
    n, n_reliable = int(unreliable.sum()), int((~unreliable).sum())
    if not n or not n_reliable:
        return np.full(n_rounds, np.nan)
    sums = np.array([rank[random.permutation(unreliable)].sum() for _ in range(n_rounds)])
    return (sums - n * (n + 1) / 2) / (n * n_reliable)


def folds(group: Ints, n_folds: int, seed: int) -> Ints:
    """Fold of each text, texts of a group in one, folds of like numbers of groups; int64[n]."""
    n = int(group.max()) + 1 if group.size else 0
    return (np.random.default_rng(seed).permutation(n) % n_folds)[group]


def numbered(names: Sequence[Any]) -> tuple[list[Any], Ints]:
    """The distinct names in order, and the number of each; int64[n]."""
    known = sorted(set(names))
    at = {name: k for k, name in enumerate(known)}
    return known, np.array([at[name] for name in names], np.int64)
