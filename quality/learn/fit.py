"""The fits: additive role model, filler model, and logistic regression with fixed signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats
from quality.evidence import WORD_TERM
from quality.model import Additive, Linear, sigmoid, total

# Role model: boosted step functions of one feature at a time, so that the sum stays additive.
ROLE_ROUNDS, ROLE_RATE, ROLE_LEAVES, ROLE_LEAF_LOW, ROLE_PENALTY = 250, 0.1, 8, 60, 5.0
# Share of sound paragraphs that may look like filler when nothing else speaks, in the worst of the corpora: a third of the
# 3 in 1,000 that we allow on corpora never seen.
FILLER_FALSE_ALARMS = 0.001
# Chance of filler that the usual sound paragraph is given.
FILLER_USUAL = 0.02
# What a soft finding may add to the logit of filler: less than half of what the intercept takes off as learnt.
SOFT_LIMIT = 0.5
# What words may add: enough to make filler where they are far from those of sound paragraphs, as they alone can be known.
WORD_LIMIT = 3.0

# New texts of a label, or new paragraphs, from which their corpus weighs as much as the others: fifty texts are what we
# ask for (docs/training.md), and as many as the reference set has of a kind.
N_WHOLE = 50


@dataclass(frozen=True)
class Table:
    """Rows to learn from: matrix, label, weight, and where each row comes from.

    `matrix` float32 or uint8 [n, names], `label` uint8[n] (1: boilerplate, filler, reliable; of documents 2: unclear), `weight` float32[n]; `corpus`, `kind` and
    `group` are indices into the base's lists (int32[n]).
    """

    names: tuple[str, ...]
    matrix: NDArray[Any]
    label: NDArray[np.uint8]
    weight: NDArray[np.float32]
    corpus: NDArray[np.int32]
    kind: NDArray[np.int32]
    group: NDArray[np.int32]


@contextmanager
def one_thread() -> Iterator[None]:
    """Learn in one thread: sums of several depend on how many there are, and so would the digest of a model."""
    import sklearn.ensemble  # noqa: F401 - a limit reaches only libraries that are loaded
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def balanced(cell: NDArray[Any]) -> Floats:
    """Weights that give every cell the same total, mean 1; float64[n]."""
    _, inverse, size = np.unique(cell, return_inverse=True, return_counts=True)
    weight: Floats = 1.0 / size[inverse]
    return weight / weight.mean() if weight.size else weight


def grown(cell: NDArray[Any], is_new: Bools) -> Floats:
    """What the weight of each row's cell is to be multiplied by: n / `N_WHOLE` where all of its n rows are new and few.

    Without it one text in a file of its own would weigh as much as a corpus. float64[n], at most 1.
    """
    _, inverse, size = np.unique(cell, return_inverse=True, return_counts=True)
    n_old = np.bincount(inverse, weights=~is_new, minlength=size.size)
    factor = np.where(n_old == 0, np.minimum(1.0, size / N_WHOLE), 1.0)
    return np.asarray(factor[inverse], np.float64)


def fit_roles(table: Table, edges: Sequence[Floats], seed: int) -> Additive:
    """The role model: log odds of boilerplate as a sum of step functions over the bins of each feature."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    bins = table.matrix
    weight = table.weight / table.weight.mean()
    model = HistGradientBoostingClassifier(
        max_iter=ROLE_ROUNDS,
        learning_rate=ROLE_RATE,
        max_leaf_nodes=ROLE_LEAVES,
        min_samples_leaf=ROLE_LEAF_LOW,
        l2_regularization=ROLE_PENALTY,
        interaction_cst="no_interactions",
        early_stopping=False,
        random_state=seed,
    ).fit(bins.astype(np.float32), table.label, sample_weight=weight)
    # the sum is additive: vary one feature over its bins, all others in bin 0, to read its steps
    n_bins = [e.size + 2 for e in edges]
    probe = np.zeros((sum(n_bins) + 1, bins.shape[1]), np.float32)
    row = 1
    for j, n in enumerate(n_bins):
        probe[row : row + n, j] = np.arange(n)
        row += n
    logit = model.decision_function(probe)
    steps = logit[1:] - logit[0]
    tables = np.split(steps, np.cumsum(n_bins)[:-1])
    # centre every table on the training rows, so that an effect of 0 is the usual one
    intercept = float(logit[0])
    centred = []
    for j, table_j in enumerate(tables):
        mean = float(np.average(table_j[bins[:, j]], weights=weight))
        intercept += mean
        centred.append(table_j - mean)
    return Additive(table.names, tuple(edges), tuple(centred), intercept)


def fit_filler(table: Table, sound: Bools, hard: Sequence[str]) -> Linear:
    """The filler model: terms that can only speak for filler, with rare false alarms.

    `sound` bool[rows] marks paragraphs of reliable articles as published, where alarms are counted;
    `hard` names the hard rules. Other rules weigh so little that one soft finding among other words makes no filler.
    """
    matrix = np.nan_to_num(table.matrix.astype(np.float64))
    label = table.label == 1
    soft = ["." in name and name not in hard for name in table.names]
    bounds = [(0.0, SOFT_LIMIT if is_soft else 12.0) for is_soft in soft]
    if WORD_TERM in table.names:
        bounds[table.names.index(WORD_TERM)] = (0.0, WORD_LIMIT)
    weights, intercept = fit_signed(matrix, label, table.weight.astype(np.float64), None, 1e-3, bounds)
    logit = intercept + total(matrix * weights)
    rates = [
        float(np.quantile(logit[sound & (table.corpus == corpus)], 1 - FILLER_FALSE_ALARMS))
        for corpus in np.unique(table.corpus[sound])
        if (sound & (table.corpus == corpus)).sum() >= 1 / FILLER_FALSE_ALARMS
    ]
    intercept -= max(0.0, *rates) if rates else 0.0
    # the threshold stays where it is; the usual paragraph gets the chance that it has
    usual = intercept + total(matrix[sound] * weights)
    low = float(np.median(usual)) if usual.size else 0.0
    steeper = np.log(FILLER_USUAL / (1 - FILLER_USUAL)) / low if low < 0 else 1.0
    return Linear(table.names, weights * steeper, intercept * steeper)


def fit_signed(
    matrix: Floats,
    label: Bools,
    weight: Floats,
    offset: Floats | None,
    penalty: float,
    bounds: tuple[float, float] | Sequence[tuple[float, float]],
) -> tuple[Floats, float]:
    """Logistic regression with bounded weights; the offset is a part of the logit that is given.

    Returns weights float64[columns] and the intercept.
    """
    from scipy.optimize import minimize

    sign = np.where(label, 1.0, -1.0)
    share = weight / weight.sum()
    given = np.zeros(label.size) if offset is None else offset
    n = matrix.shape[1]

    def loss(theta: Floats) -> tuple[float, Floats]:
        logit = matrix @ theta[:n] + theta[n] + given
        margin = sign * logit
        value = float(share @ np.logaddexp(0, -margin) + penalty * theta[:n] @ theta[:n])
        slope = -share * sign * sigmoid(-margin)
        return value, np.append(matrix.T @ slope + 2 * penalty * theta[:n], slope.sum())

    each = [bounds] * n if isinstance(bounds, tuple) else list(bounds)
    found = minimize(loss, np.zeros(n + 1), jac=True, method="L-BFGS-B", bounds=[*each, (None, None)])
    return found.x[:n], float(found.x[n])
