"""The fits: trees for furniture, filler model, and logistic regression with fixed signs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats
from quality.evidence import WORD_TERM
from quality.model import Linear, sigmoid, total
from quality.padding import KINDS
from quality.trees import LEAVES, NEVER, UNIT, Trees

# Boosted trees of either look at a paragraph: how many, how far each goes, rows in a leaf, penalty on its value, and the
# share of columns that each node may choose from. By hand; docs/results.md has other numbers of trees and leaves.
N_TREES, TREE_RATE, TREE_LEAF_LOW, TREE_PENALTY, TREE_COLUMNS = 100, 0.1, 60, 5.0, 0.6
# Log odds of furniture are lowered by this: as much is found as may be while fewer than 3 in 100 words of content are called
# boilerplate, on corpora left out (docs/results.md).
BALANCE = 0.65
# Columns that can only speak for furniture (+1) or against it (-1), with all that begin with the same word: what the page
# around a paragraph looks like must not be read the other way round on pages of another kind.
DIRECTIONS = {
    "word_score": 1,
    **dict.fromkeys(("first_look", "look_above", "look_below", "best_look_above", "best_look_below"), -1),
    **dict.fromkeys(("look_rank", "main_stretch", "wide_stretch", "between_sure_content"), -1),
}
# Share of sound paragraphs that may look like filler when nothing else speaks, in the worst of the corpora: a third of the
# 3 in 1,000 that we allow on corpora never seen.
FILLER_FALSE_ALARMS = 0.001
# Chance of filler that the usual sound paragraph is given.
FILLER_USUAL = 0.02
# What a soft finding may add to the logit of filler: less than half of what the intercept takes off as learnt.
SOFT_LIMIT = 0.5
# Chance of being hollow or spliced from which a paragraph is filler by that alone. Not learnt: the labelled texts taught these
# two terms as well, and would take them for surer than they are of a hand never seen. Lower, more alarms (docs/results.md).
PADDING_ALONE = 0.93
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


def fit_trees(table: Table, edges: Sequence[NDArray[np.float32]], seed: int) -> Trees:
    """Log odds of boilerplate as a sum of trees over the bins of each column (`Trees.bins`)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    weight = table.weight / table.weight.mean()
    model = HistGradientBoostingClassifier(
        max_iter=N_TREES,
        learning_rate=TREE_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=TREE_LEAF_LOW,
        l2_regularization=TREE_PENALTY,
        max_features=TREE_COLUMNS,
        monotonic_cst=[DIRECTIONS.get(name.partition(" ")[0], 0) for name in table.names],
        early_stopping=False,
        random_state=seed,
    ).fit(table.matrix.astype(np.float32), table.label, sample_weight=weight)
    # there is no public way to the nodes of these trees; a test holds the tables against the model they came from
    tables = [_tree(predictors[0].nodes) for predictors in model._predictors]
    parts = {key: np.stack([tree[key] for tree in tables]) for key in tables[0]}
    return Trees(table.names, tuple(edges), **parts, intercept=float(model._baseline_prediction.item()))


def fit_boilerplate(table: Table, edges: Sequence[NDArray[np.float32]], seed: int) -> Trees:
    """The second look at a paragraph: trees that `BALANCE` makes a little slower to call furniture."""
    trees = fit_trees(table, edges, seed)
    return replace(trees, intercept=trees.intercept - BALANCE)


def _tree(nodes: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The tables of one tree (`quality.trees.Trees`) from scikit-learn's nodes."""
    found: dict[str, NDArray[Any]] = {
        "column": np.zeros(LEAVES - 1, np.uint8),
        "step": np.full(LEAVES - 1, NEVER, np.uint8),
        "left": np.zeros(LEAVES - 1, np.uint16),
        "right": np.zeros(LEAVES - 1, np.uint16),
        "leaf": np.zeros(LEAVES, np.int16),
        "node": np.zeros(LEAVES - 1, np.int16),
    }
    n_nodes = n_leaves = 0

    def read(k: int) -> tuple[int, float, float]:
        """Leaves below a node as bits, and the sum of their values and the number of rows over them."""
        nonlocal n_nodes, n_leaves
        node = nodes[k]
        if node["is_leaf"]:
            found["leaf"][n_leaves] = round(float(node["value"]) * UNIT)
            n_leaves += 1
            return 1 << (n_leaves - 1), float(node["value"]) * float(node["count"]), float(node["count"])
        at = n_nodes
        n_nodes += 1
        left, left_value, left_count = read(int(node["left"]))
        right, right_value, right_count = read(int(node["right"]))
        found["column"][at] = node["feature_idx"]
        found["step"][at] = int(np.floor(node["num_threshold"])) + 1
        found["left"][at], found["right"][at] = left, right
        value, count = left_value + right_value, left_count + right_count
        found["node"][at] = round(value / count * UNIT)
        return left | right, value, count

    read(0)
    return found


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
    # kept out of the fit, and weighed below
    padding = [table.names.index(name) for name in KINDS if name in table.names]
    for column in padding:
        bounds[column] = (0.0, 0.0)

    weights, intercept = fit_signed(matrix, label, table.weight.astype(np.float64), None, 1e-3, bounds)
    logit = intercept + total(matrix * weights)
    rates = [
        float(np.quantile(logit[sound & (table.corpus == corpus)], 1 - FILLER_FALSE_ALARMS))
        for corpus in np.unique(table.corpus[sound])
        if (sound & (table.corpus == corpus)).sum() >= 1 / FILLER_FALSE_ALARMS
    ]
    intercept -= max(0.0, *rates) if rates else 0.0
    # what is learnt of padding rings once in 1,000 such paragraphs by its own threshold, so no more is taken off
    weights[padding] = max(0.0, -intercept) / PADDING_ALONE
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
