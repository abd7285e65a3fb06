"""Champion and challenger: what two models say of the reference set, and whether the new one may replace the old.

The reference set is numbers (quality/learn/reference.py), so this needs no corpora. A figure is worse when it lies
outside the 95 % bootstrap interval, by groups, of the champion's own figure, on the wrong side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.learn.base import Base
from quality.learn.corpora import LABEL_FAMILIES
from quality.learn.fit import FILLER_FALSE_ALARMS
from quality.model import Model, sigmoid, total

# Share of the reference set whose verdict may change.
CHANGED_HIGH = 0.02
# Drawn samples of groups for an interval, and texts of either label without which a figure says nothing.
N_DRAWS, N_LOW = 400, 10
# Bins of equal mass of the calibration error.
N_BINS = 10


@dataclass(frozen=True)
class Verdicts:
    """What a model says of the reference set: reliability float64[d], verdict int64[d] (keep, review, drop: 0, 1,
    2), and whether each paragraph is called filler, bool[p].
    """

    reliability: Floats
    verdict: Ints
    is_filler: Bools


# A figure of verdicts, labels, weights and the rows that count; NaN where it is undefined.
Measured = Callable[[Verdicts, Bools, Floats, Ints], float]


@dataclass(frozen=True)
class Figure:
    """One figure of both models: the champion's with its interval, the challenger's; `more` is better or worse."""

    name: str
    champion: float
    low: float
    high: float
    challenger: float
    more_is_better: bool

    @property
    def is_worse(self) -> bool:
        """Whether the challenger lies outside the champion's interval on the wrong side."""
        if self.more_is_better:
            return self.challenger < self.low - 1e-9
        return self.challenger > self.high + 1e-9


@dataclass(frozen=True)
class Gate:
    """Outcome of a comparison: figures, share of changed verdicts, and why the challenger is refused."""

    figures: tuple[Figure, ...]
    changed: float
    objections: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """Whether nothing speaks against the challenger."""
        return not self.objections


def verdicts(model: Model, base: Base) -> Verdicts:
    """What a model says of the base's reference set.

    Likeness is the out-of-sample score of the base, plus what the model's words add to those of the base.

    Raises ValueError where the model weighs terms that the base does not have.
    """
    reference, table = base.reference, base.documents
    unknown = [n for n in model.reliability.names if n not in table.names]
    unknown += [n for n in model.filler.names if n not in base.filler.names]
    if unknown or model.paragraph_words.shape != base.paragraph_words.shape:
        raise ValueError(f"weighs {', '.join(unknown) or 'other words'}, which the base does not have")
    terms = reference.terms.astype(np.float64)[:, [base.filler.names.index(n) for n in model.filler.names]]
    if evidence.WORD_TERM in model.filler.names and model.filler_words.weights.any():
        score = reference.paragraph_matrix() @ model.filler_words.weights
        terms[:, model.filler.names.index(evidence.WORD_TERM)] = model.filler_words.term(score)
    filler = sigmoid(model.filler.logit(terms))
    copied, boilerplate = (a.astype(np.float64) for a in (reference.copied, reference.boilerplate))
    _, role = evidence.role_chances(copied, boilerplate, filler)
    matrix = table.matrix[reference.row].astype(np.float64)
    n = reference.row.size
    inside = reference.document >= 0
    words = reference.n_words * inside
    content, foreign = (
        np.bincount(np.where(inside, reference.document, 0), weights=words * (role == code), minlength=n)
        for code in (evidence.CONTENT, evidence.FILLER)
    )
    matrix[:, table.names.index(evidence.FILLER_WORDS)] = evidence.filler_amount(foreign, content)
    chosen = matrix[:, [table.names.index(name) for name in model.reliability.names]]
    evidence_logit = model.reliability.intercept + total(model.reliability.effects(chosen))
    likeness_effect = model.likeness.effect(_likeness(model, base), base.familiarity[reference.row])
    reliability = model.calibrated(evidence_logit + likeness_effect)
    policy = model.policies["default"]
    is_hard = (matrix[:, [table.names.index(name) for name in base.hard]] > 0).any(axis=1)
    verdict = np.where(reliability >= policy.keep, 0, np.where(is_hard & (reliability < policy.drop), 2, 1))
    return Verdicts(reliability, verdict, role == evidence.FILLER)


def _likeness(model: Model, base: Base) -> Floats:
    """Likeness score of the reference's documents by the words of a model; float64[d]."""
    score = base.likeness_score[base.reference.row]
    mine, known = model.likeness, base.likeness
    pairs = ((mine.words, known.words), (mine.masked, known.masked))
    if all(np.array_equal(a, b) for a, b in pairs):
        return score
    streams = base.reference.streams(known)
    moved = [stream @ (a - b) for stream, (a, b) in zip(streams, pairs, strict=True)]
    return score + known.blend(*moved)


def compare(base: Base, champion: Model, challenger: Model, *, seed: int = 0) -> Gate:
    """Whether a challenger may replace the champion, by the reference set of a base."""
    try:
        old = verdicts(champion, base)
    except ValueError as error:
        return Gate((), float("nan"), (f"the model in place cannot be compared: it {error}",))
    new = verdicts(challenger, base)
    figures = _figures(base, old, new, np.random.default_rng(seed))
    changed = float((old.verdict != new.verdict).mean())
    objections = [
        f"{f.name}: {f.challenger:.3f}, but the model in place has {f.champion:.3f} ({f.low:.3f} to {f.high:.3f})"
        for f in figures
        if f.is_worse
    ]
    if changed > CHANGED_HIGH:
        objections.append(
            f"verdicts change on {100 * changed:.1f} % of the reference set, more than {100 * CHANGED_HIGH:g} %"
        )
    return Gate(tuple(figures), changed, tuple(objections))


def _figures(base: Base, old: Verdicts, new: Verdicts, random: np.random.Generator) -> list[Figure]:
    """All figures of the gate, whole set first, then slices."""
    reference, table = base.reference, base.documents
    label = table.label[reference.row] == 1
    corpus, kind = table.corpus[reference.row], table.kind[reference.row]
    weight = table.weight[reference.row].astype(np.float64)
    draws = _draws(table.group[reference.row], random)
    figures = []

    def add(
        name: str, which: Bools, function: Measured, *, more_is_better: bool = True, step: float = 0.0
    ) -> None:
        values = [function(v, label, weight, np.flatnonzero(which)) for v in (old, new)]
        drawn = []
        for draw in draws:
            at = draw[which[draw]]
            value = function(old, label, weight, at) if at.size else np.nan
            if not np.isnan(value):
                drawn.append(value)
        if np.isnan(values[0]) or not drawn:
            return
        low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
        # samples of a slice without a fault have none either, and one text more is no measurable loss
        figures.append(Figure(name, values[0], min(low, values[0] - step), high, values[1], more_is_better))

    every = np.ones(label.size, bool)
    add("unreliable texts caught at 1 % false alarms", every, lambda *a: caught(*a, rate=0.01))
    add("unreliable texts caught at 5 % false alarms", every, lambda *a: caught(*a, rate=0.05))
    add("calibration error", every, calibration_error, more_is_better=False)
    figures.append(_alarms(base, old, new, random))
    family = np.array([LABEL_FAMILIES.get(name, "yourself") for name in base.corpora])[corpus]
    slices = [(f"ranking, labels by {name}", family == name) for name in sorted(set(family.tolist()))]
    slices += [(f"ranking, corpus {base.corpora[code]}", corpus == code) for code in np.unique(corpus)]
    for name, which in slices:
        if min((which & label).sum(), (which & ~label).sum()) >= N_LOW:
            add(name, which, ranking)
    for code in np.unique(kind):
        if (kind == code).sum() >= N_LOW:
            add(
                f"on the right side, {base.kinds[code]}",
                kind == code,
                right,
                step=1.0 / int((kind == code).sum()),
            )
    return figures


def _alarms(base: Base, old: Verdicts, new: Verdicts, random: np.random.Generator) -> Figure:
    """Sound paragraphs called filler, per 1,000."""
    at = np.flatnonzero(base.reference.sound)
    values = [1000.0 * float(v.is_filler[at].mean()) for v in (old, new)]
    drawn = [1000.0 * float(old.is_filler[at[d]].mean()) for d in _draws(base.reference.group[at], random)]
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    # words may add as much as the fit allows all terms together
    return Figure(
        "sound paragraphs called filler, per 1,000",
        values[0],
        low,
        max(high, values[0] + 1000 * FILLER_FALSE_ALARMS),
        values[1],
        False,
    )


def _draws(group: NDArray[np.int32], random: np.random.Generator) -> list[Ints]:
    """Rows of so many samples of groups with replacement."""
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.append(True, np.diff(group[order]) != 0))
    parts = np.split(order, edges[1:])
    found = []
    for _ in range(N_DRAWS):
        chosen = random.integers(0, len(parts), len(parts))
        found.append(np.concatenate([parts[k] for k in chosen.tolist()]))
    return found


def caught(said: Verdicts, label: Bools, weight: Floats, at: Ints, /, *, rate: float) -> float:
    """Share of unreliable texts below the reliability that a share `rate` of the reliable ones falls below."""
    value, truth = said.reliability[at], label[at]
    if truth.all() or not truth.any():
        return float("nan")
    low = np.quantile(value[truth], rate, method="lower")
    return float((value[~truth] < low).mean())


def ranking(said: Verdicts, label: Bools, weight: Floats, at: Ints, /) -> float:
    """AUC: how often a reliable text stands above an unreliable one, ties as half."""
    value, truth = said.reliability[at], label[at]
    n_reliable = int(truth.sum())
    if n_reliable in (0, truth.size):
        return float("nan")
    _, inverse, count = np.unique(value, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[inverse]
    over = float(rank[truth].sum()) - n_reliable * (n_reliable + 1) / 2
    return over / (n_reliable * (truth.size - n_reliable))


def calibration_error(said: Verdicts, label: Bools, weight: Floats, at: Ints, /) -> float:
    """Mean distance of reliability and share of reliable texts, over bins of equal number, by weight."""
    order = at[np.argsort(said.reliability[at], kind="stable")]
    error = mass = 0.0
    for part in np.array_split(order, N_BINS):
        if part.size and (w := weight[part]).sum() > 0:
            error += abs(float(w @ (said.reliability[part] - label[part])))
            mass += float(w.sum())
    return error / mass if mass else float("nan")


def right(said: Verdicts, label: Bools, weight: Floats, at: Ints, /) -> float:
    """Share of texts on the right side: reliable ones kept, others not."""
    return float(((said.verdict[at] == 0) == label[at]).mean()) if at.size else float("nan")
