"""Which labels to look at: those that look wrong, and the texts worth labelling next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from quality.columns import Bools, Floats, Ints
from quality.features.ngrams import DOCUMENT_BITS, document_rows
from quality.learn import metrics
from quality.learn.fit import balanced, fit_signed
from quality.learn.judged import Judged, taken_together, tiers_of
from quality.learn.probes import CHUNK, N_FOLDS, amounts, n_grams, out_of_fold
from quality.model import sigmoid, total
from quality.text import Batch

# How far a finding may move the logit, by tier, as when a model is trained; and the penalty of the fit, on
# the mean loss: with rare rules left free, two texts would make one of them speak for a text.
LIMITS = {"hard": 4.0, "soft": 0.5}
PENALTY = 1e-3
CLASSES = ("reliable", "unreliable")


def suspects(texts: Sequence[Judged], seed: int, learnt: Collection[str] = ()) -> list[dict[str, Any]]:
    """Labels that a simple model of the other texts contradicts, the surest first.

    Confident learning (Northcutt, Jiang and Chuang 2021): a class's threshold is the mean probability
    of that class over the texts that bear it; a text is suspect where its likeliest class among those
    at or above their thresholds is not the one given. Probabilities come from logistic regression over
    the likeness, filler and the amount of each finding, which can only speak against a text, by folds of groups. Where the model learnt from
    some of the texts, or from a corpus of that name (`learnt`), its likeness has seen these very labels and would agree with all of
    them: there the words themselves, learnt out of fold, take its place.
    """
    texts = [t for t in taken_together(texts)[0] if t.is_measured]
    label = np.array([t.unreliable for t in texts], bool)
    if label.all() or not label.any():
        return []
    fold = metrics.folds(metrics.numbered([t.group for t in texts])[1], N_FOLDS, seed)
    weight = balanced(metrics.numbered([(t.corpus, t.unreliable) for t in texts])[1])
    names, matrix, limits = _terms(texts)
    if any(t.learnt or not t.corpora.isdisjoint(learnt) for t in texts):
        words = out_of_fold(n_grams(texts), label, weight, fold, scaled=False)
        names[0], matrix[:, 0] = "words", -np.nan_to_num(words)
    matrix[:, 0] /= matrix[:, 0].std() or 1.0
    unreliable = np.full(label.size, np.nan)
    effects = np.zeros(matrix.shape)
    for k in np.unique(fold):
        train, test = fold != k, fold == k
        if not label[train].all() and label[train].any():
            weights, intercept = fit_signed(
                matrix[train], ~label[train], weight[train], None, PENALTY, limits
            )
            unreliable[test] = sigmoid(-intercept - total(matrix[test] * weights))
            effects[test] = (matrix[test] - matrix[train].mean(axis=0)) * weights
    chance: Floats = np.column_stack((1 - unreliable, unreliable))
    suggested: Ints = confident(label.astype(np.int64), chance)
    chosen: Ints = np.flatnonzero((suggested >= 0) & (suggested != label))
    sure: Floats = chance[chosen, suggested[chosen]]
    order = chosen[np.argsort(-sure, kind="stable")]
    return [
        texts[i].told()
        | {
            "given": CLASSES[int(label[i])],
            "suggested": CLASSES[int(suggested[i])],
            "probability": float(chance[i, suggested[i]]),
            "because": _because(names, matrix[i], effects[i] if suggested[i] == 0 else -effects[i]),
        }
        for i in order
    ]


def confident(given: Ints, chance: Floats) -> Ints:
    """Likeliest class at or above its threshold, -1 where there is none; int64[n].

    `given` int64[n] is the class given, `chance` float64[n, classes] out of fold; rows with NaN have none.
    """
    known: Bools = ~np.isnan(chance.sum(axis=1))
    chance = np.where(known[:, None], chance, -1.0)
    above = np.zeros(chance.shape, bool)
    for k in range(chance.shape[1]):
        own = known & (given == k)
        if own.any():
            above[:, k] = known & (chance[:, k] >= chance[own, k].mean())
    best = np.argmax(np.where(above, chance, -1.0), axis=1)
    return np.where(above.any(axis=1), best, -1)


def _because(names: Sequence[str], values: Floats, pull: Floats) -> list[str]:
    """The two terms that pull the most towards what is suggested; what is absent is told as such."""
    strongest = [j for j in np.argsort(-pull, kind="stable")[:2].tolist() if pull[j] > 0]
    return [names[j] if j == 0 or values[j] else f"no {names[j]}" for j in strongest]


def _terms(texts: Sequence[Judged]) -> tuple[list[str], Floats, list[tuple[float, float]]]:
    """Names, values and bounds of what is weighed: likeness first, then what can only speak against a text."""
    rules, found = amounts(texts)
    columns = [[t.terms.get(name, 0.0) for t in texts] for name in ("likeness", "filler_words")]
    tiers = tiers_of(texts)
    limits = [(-LIMITS[tiers[rule]], 0.0) for rule in rules]
    bounds = [(0.0, np.inf), (-LIMITS["soft"], 0.0), *limits]
    return ["likeness", "filler_words", *rules], np.column_stack((*columns, found)), bounds


def next_to_label(texts: Sequence[Judged], n: int, seed: int) -> list[dict[str, Any]]:
    """At most n texts without a clear label, and why: half uncertain, a third novel, the rest at random.

    *Uncertain* is a reliability near one half, one text of a group. *Novel* is far from every labelled
    text and from those chosen so far: the smallest cosine of their words, the farthest first.
    """
    pool = [t for t in texts if t.label not in CLASSES and t.reliability is not None]
    n = min(n, len(pool))
    n_uncertain, n_novel = (n + 1) // 2, n // 3
    doubt = np.array([abs((t.reliability or 0.0) - 0.5) for t in pool])
    chosen: dict[int, tuple[str, str]] = {}
    first_of_group: dict[str, int] = {}
    order = np.argsort(doubt, kind="stable").tolist()
    for i in order:
        first_of_group.setdefault(pool[i].group, i)
    firsts = set(first_of_group.values())
    for i in sorted(order, key=lambda i: i not in firsts)[:n_uncertain]:
        chosen[i] = ("uncertain", f"reliability {pool[i].reliability:.2f}")
    if n_novel:
        labelled = [t for t in texts if t.label in CLASSES]
        for i, nearest in _farthest(pool, labelled, set(chosen), n_novel):
            chosen[i] = ("novel", f"nearest labelled or chosen text has a cosine of {nearest:.2f}")
    rest = np.array([i for i in range(len(pool)) if i not in chosen], np.int64)
    for i in np.random.default_rng(seed).permutation(rest)[: n - len(chosen)].tolist():
        chosen[i] = ("random", f"drawn with seed {seed}")
    return [pool[i].told() | {"reason": reason, "why": why} for i, (reason, why) in chosen.items()]


def _farthest(
    pool: Sequence[Judged], labelled: Sequence[Judged], taken: set[int], n: int
) -> list[tuple[int, float]]:
    """n texts of the pool, each the farthest from all labelled and chosen ones, with the largest cosine."""
    vectors = word_vectors([*pool, *labelled])
    pooled, known = vectors[: len(pool)], vectors[len(pool) :]
    nearest = np.zeros(len(pool))

    def closer(others: Any) -> Floats:
        return np.maximum(nearest, (pooled @ others.T).max(axis=1).toarray().ravel())

    for low in range(0, len(labelled), CHUNK):
        nearest = closer(known[low : low + CHUNK])
    free = np.ones(len(pool), bool)
    for i in sorted(taken):
        free[i] = False
        nearest = closer(pooled[i])
    found = []
    for _ in range(n):
        i = int(np.argmin(np.where(free, nearest, np.inf)))
        found.append((i, float(nearest[i])))
        free[i] = False
        nearest = closer(pooled[i])
    return found


def word_vectors(texts: Sequence[Judged]) -> Any:
    """TF-IDF of each text's hashed words and pairs, each row of length 1; sparse float64[n, buckets]."""
    from scipy.sparse import csr_matrix

    row, bucket, count = [], [], []
    for low in range(0, len(texts), CHUNK):
        batch = Batch.of([t.text for t in texts[low : low + CHUNK]])
        rows, _ = document_rows(batch, np.ones(batch.paragraphs.n, bool))
        row.append(rows.text + low)
        bucket.append(rows.bucket)
        count.append(rows.value)
    text, cell = np.concatenate(row), np.concatenate(bucket)
    in_texts = np.bincount(cell, minlength=1 << DOCUMENT_BITS)
    value = (1 + np.log(np.concatenate(count))) * np.log((1 + len(texts)) / in_texts[cell])
    size = np.sqrt(np.bincount(text, weights=value * value, minlength=len(texts)))
    value /= np.where(size > 0, size, 1.0)[text]
    return csr_matrix((value, (text, cell)), shape=(len(texts), 1 << DOCUMENT_BITS))
