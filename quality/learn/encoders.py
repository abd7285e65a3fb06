"""Encoders: linear weights of hashed n-grams, learnt from sparse rows of texts.

What a model reads of words: whether a paragraph is furniture (`fit_words`), whether it is filler
(`fit_hashed`), how much a document reads like the reliable side (`fit_likeness`), and whether it is of a kind
of which that can be said (`fit_kind`). `fit_hashed` can start from weights that are known and move only where
new texts ask for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats, Ints
from quality.features.ngrams import Rows
from quality.learn.fit import balanced
from quality.model import Likeness, rounded, sigmoid

# On the weighted mean loss: best on families left out in ../shared/notes/transfer.md.
LIKENESS_PENALTY = 3e-5
# For plain and masked words, whether every corpus has an intercept of its own (docs/results.md).
INTERCEPTS = (False, True)
# Penalty on the weights that tell kinds of text: of 1e-3 and 1e-4 the one that took less from the ranking.
KIND_PENALTY = 1e-3


def sparse_rows(rows: Sequence[Rows], at: Sequence[Ints], bits: int) -> Any:
    """Chosen rows of several batches as one sparse matrix; float64 csr."""
    from scipy import sparse

    parts = [
        sparse.csr_matrix((r.value, (r.text, r.bucket)), shape=(r.n, 1 << bits))[i]
        for r, i in zip(rows, at, strict=True)
    ]
    return sparse.vstack(parts).tocsr()


def fit_words(matrix: Any, label: Bools, weight: Floats, seed: int) -> Floats:
    """Weights of hashed words for boilerplate; float64[buckets]."""
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=5, tol=None, average=True, random_state=seed)
    model.fit(matrix, label, sample_weight=weight / weight.mean())
    return np.asarray(model.coef_[0], np.float64)


def fit_hashed(
    matrix: Any, label: Bools, weight: Floats, given: Floats, penalty: Floats, columns: Ints, *, free: bool
) -> Floats:
    """Weights to add to those behind the `given` logit, so that some rows are told better; float64[buckets].

    Logistic loss (weighted mean) plus half the penalty (float64[columns]) times the square of what is added:
    what is known acts as the prior. Only `columns` move; with `free` an intercept is learnt beside them and let go.
    """
    from scipy.optimize import minimize

    chosen = matrix[:, columns]
    turned = chosen.T.tocsr()
    sign, share = np.where(label, 1.0, -1.0), weight / weight.sum()

    def loss(theta: Floats) -> tuple[float, Floats]:
        margin = sign * (given + chosen @ theta[:-1] + theta[-1] * free)
        value = float(share @ np.logaddexp(0, -margin) + 0.5 * penalty @ (theta[:-1] ** 2))
        slope = -share * sign * sigmoid(-margin)
        return value, np.append(turned @ slope + penalty * theta[:-1], slope.sum() * free)

    start = np.zeros(columns.size + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    added = np.zeros(matrix.shape[1])
    added[columns] = found.x[:-1]
    return added


def balanced_cells(corpus: NDArray[Any], label: Bools) -> Floats:
    """Weights that give every label of every corpus the same total, mean 1; float64[n]."""
    return balanced(np.unique(corpus, return_inverse=True)[1] * 2 + label)


def platt(score: Floats, label: Bools, weight: Floats) -> tuple[float, float]:
    """Slope and offset of the logistic curve through some scores."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e4).fit(score[:, None], label, sample_weight=weight)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def fit_likeness(streams: Sequence[Any], label: Bools, corpus: NDArray[Any], train: Bools) -> Likeness:
    """Two linear models, all corpora and labels weighing the same; kinds of text and the scale are still to be set.

    Plain words have one intercept, masked ones one for each corpus: of what was tried, the best mean over families
    left out (docs/results.md).
    """
    at = np.flatnonzero(train)
    weight = balanced_cells(corpus[at], label[at])
    weights, idfs = [], []
    for stream, each in zip(streams, INTERCEPTS, strict=True):
        rows = stream[at]
        document_frequency = np.bincount(rows.indices, minlength=rows.shape[1])
        idf: Floats = (
            (np.log((1 + at.size) / (1 + document_frequency)) + 1).astype(np.float16).astype(np.float64)
        )
        source = corpus[at] if each else np.zeros(at.size)
        fitted = _fit_logistic(tf_idf(rows, idf), label[at], source, weight, LIKENESS_PENALTY)
        weights.append(rounded(fitted))
        idfs.append(idf)
    nothing = np.zeros(streams[1].shape[1])
    return Likeness(weights[0], idfs[0], weights[1], idfs[1], nothing, 0.0, np.ones(2), 0.0, 1.0)


def kind_weights(is_learnt: Bools, corpus: NDArray[Any]) -> Floats:
    """Weights that give both sides the same total, and in each side every corpus; float64[n], mean 1."""
    weight = balanced(corpus)
    for side in (is_learnt, ~is_learnt):
        if side.any():
            weight[side] *= 0.5 * side.size / weight[side].sum()
    return weight


def fit_kind(rows: Any, is_learnt: Bools, corpus: NDArray[Any]) -> tuple[Floats, float]:
    """Weights of masked n-grams (tf-idf rows) that tell the kinds of text learnt on from others, and the intercept."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0 / (KIND_PENALTY * is_learnt.size), max_iter=30, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in `_fit_logistic`
        model.fit(rows, is_learnt, sample_weight=kind_weights(is_learnt, corpus))
    return np.asarray(model.coef_[0], np.float64), float(model.intercept_[0])


def tf_idf(rows: Any, idf: Floats) -> Any:
    """As `features.ngrams.weighted`, for a sparse matrix."""
    from scipy import sparse

    value = (1.0 + np.log(rows.data)) * idf[rows.indices]
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    norm = np.sqrt(np.bincount(owner, weights=value * value, minlength=rows.shape[0]))
    return sparse.csr_matrix(
        (value / np.where(norm > 0, norm, 1)[owner], rows.indices, rows.indptr), rows.shape
    )


def _fit_logistic(matrix: Any, label: Bools, corpus: NDArray[Any], weight: Floats, lam: float) -> Floats:
    """Logistic regression with an all but free intercept for each of the corpora given; float64[columns]."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    code = np.unique(corpus, return_inverse=True)[1]
    # a column of 30s instead of 1s makes the penalty on an intercept 900 times smaller
    dummies = sparse.csr_matrix((np.full(code.size, 30.0), (np.arange(code.size), code)))
    whole = sparse.hstack([matrix, dummies]).tocsr()
    model = LogisticRegression(C=1.0 / (lam * code.size), max_iter=40, fit_intercept=False, tol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # stopped at 40 steps on purpose: early stopping is part of the recipe
        model.fit(whole, label, sample_weight=weight)
    return np.asarray(model.coef_[0, : matrix.shape[1]], np.float64)


def likeness_parts(likeness: Likeness, streams: Sequence[Any], which: Bools) -> Floats:
    """The two scores of some documents and the sum of the weights of their kind; float64[k, 3]."""
    at = np.flatnonzero(which)
    words = tf_idf(streams[0][at], likeness.words_idf) @ likeness.words
    masked = tf_idf(streams[1][at], likeness.masked_idf)
    return np.column_stack([words, masked @ likeness.masked, masked @ likeness.kind])
