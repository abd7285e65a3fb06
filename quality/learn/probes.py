"""What else might explain a figure: simple models on the same texts, form alone, and shuffled labels.

Each baseline learns from the very labels that are measured, corpus by corpus, in other folds of groups,
which the model under test does not: a baseline that stays behind is behind for good, one ahead knows
the corpus. One model of all corpora would hide what gives a label away in one of them: where reliable
texts are the longer ones here and the shorter ones there, length would seem to say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from quality.columns import Bools, Floats, Ints
from quality.learn import metrics
from quality.learn.fit import balanced
from quality.learn.judged import Judged, labels_and_suspicion
from quality.registry import FEATURES, measure
from quality.text import Batch

N_FOLDS = 5
N_SHUFFLES = 200
# As in the baseline of scripts/measure_left_out.py, with fewer n-grams so that it takes seconds.
N_GRAMS_HIGH, INVERSE_PENALTY = 100_000, 3.0
# Texts measured at once: about half a megabyte at 3,500 characters each.
CHUNK = 128


def baselines(texts: Sequence[Judged], seed: int) -> dict[str, Floats]:
    """Suspicion of each text by simple models of its corpus that have not seen its group; float64[n] by name."""
    group = metrics.numbered([t.group for t in texts])[1]
    fold = metrics.folds(group, N_FOLDS, seed)
    label = np.array([t.unreliable for t in texts], bool)
    names, corpus = metrics.numbered([t.corpus for t in texts])
    parts = [np.flatnonzero(corpus == k) for k in range(len(names))]
    form = np.array([t.form for t in texts], np.float64)
    matrices: dict[str, Any] = {
        "length": form[:, :1],
        "length and format": form,
        "readability": readability(texts),
        "rules": amounts(texts)[1],
        "TF-IDF": n_grams(texts),
    }
    found = {}
    for name, matrix in matrices.items():
        found[name] = np.full(label.size, np.nan)
        for i in parts:
            weight = balanced(label[i])
            found[name][i] = out_of_fold(matrix[i], label[i], weight, fold[i], scaled=name != "TF-IDF")
    return found


def out_of_fold(matrix: Any, label: Bools, weight: Floats, fold: Ints, *, scaled: bool = True) -> Floats:
    """Log odds of "unreliable" by logistic regression learnt from the other folds; float64[n].

    `matrix` [n, columns], sparse or not; `scaled` gives every column mean 0 and spread 1 in the texts
    learnt from. NaN in a fold whose complement has one label alone.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    found = np.full(label.size, np.nan)
    for k in np.unique(fold):
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        if label[train].all() or not label[train].any() or not matrix.shape[1]:
            continue
        some, rest = matrix[train], matrix[test]
        if scaled:
            scale = StandardScaler().fit(some)
            some, rest = scale.transform(some), scale.transform(rest)
        model = LogisticRegression(C=1.0 if scaled else INVERSE_PENALTY, max_iter=300)
        found[test] = model.fit(some, label[train], sample_weight=weight[train]).decision_function(rest)
    return found


def amounts(texts: Sequence[Judged]) -> tuple[list[str], Floats]:
    """Rules that fired and, for each text, 0, 1, 1.58, 2 for no, one, two, three findings or more."""
    rules = sorted({rule for t in texts for rule in t.findings})
    found = np.array([[t.findings.get(rule, 0) for rule in rules] for t in texts], np.float64)
    return rules, np.log2(1 + np.minimum(found.reshape(len(texts), len(rules)), 3))


def readability(texts: Sequence[Judged]) -> Floats:
    """The readability features of each text's beginning, the mean where undefined; float64[n, features]."""
    names = sorted(f.name for f in FEATURES.values() if f.family == "readability" and f.of != "paragraphs")
    rows = []
    for low in range(0, len(texts), CHUNK):
        batch = Batch.of([t.text for t in texts[low : low + CHUNK]])
        rows.append(measure(batch, batch.documents, names))
    matrix = np.concatenate(rows)
    known = ~np.isnan(matrix)
    mean = np.where(known, matrix, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, matrix, mean)


def n_grams(texts: Sequence[Judged]) -> Any:
    """TF-IDF of words and pairs; the idf is that of all texts, which knows no label."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(
        ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=N_GRAMS_HIGH, dtype=np.float32
    )
    try:
        return vectors.fit_transform(t.text for t in texts).astype(np.float64)
    except ValueError:  # no word in two texts: nothing to learn from, so no column
        return np.zeros((len(texts), 0))


def shuffled(corpora: Sequence[Sequence[Judged]], seed: int) -> dict[str, Any]:
    """Macro AUC with the labels shuffled within each corpus: .5 by chance, and what chance may reach."""
    random = np.random.default_rng(seed)
    rows = [metrics.shuffled_auc(*labels_and_suspicion(some), N_SHUFFLES, random) for some in corpora]
    if not rows:
        return {"rounds": 0, "mean": None, "low": None, "high": None}
    values = np.mean(rows, axis=0)
    low, high = metrics.interval(values)
    return {"rounds": N_SHUFFLES, "mean": float(values.mean()), "low": low, "high": high}
