"""An evaluation: every figure about a model on labelled texts, as plain values.

`evaluate` gives a dictionary that is printed as JSON and that the pages in quality/render read. It never
pools corpora: a label means something else in each, so figures are taken within a corpus and averaged
over corpora. Undefined is None. How to read it: docs/evaluation.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Floats, Ints
from quality.learn import metrics
from quality.learn.corpora import Labelled
from quality.learn.judged import Judged, judge, labels_and_suspicion, taken_together, tiers_of
from quality.learn.labels import labelled_texts
from quality.learn.probes import baselines, shuffled
from quality.learn.selection import next_to_label, suspects
from quality.records import Problem
from quality.report import ROLES, VERDICTS
from quality.scorer import Scorer

SCHEMA = "quality-evaluation/1"
SLICES: Mapping[str, Callable[[Judged], str]] = {
    "corpus": lambda t: t.corpus,
    "kind": lambda t: t.kind,
    "length": lambda t: t.length,
    "year": lambda t: t.year,
}
# Fewer texts of either label than this give no figure; an AUC of 20 and 20 is known to about +-.17.
N_LOW = 20
N_DRAWS = 1000
RATES = (0.01, 0.05)
PREVALENCES = (0.01, 0.05, 0.20, 0.50)
# Verdicts that hold a text back, by the threshold that they cross.
FLAGS: Mapping[str, tuple[str, ...]] = {"dropped": ("drop",), "dropped or reviewed": ("drop", "review")}
# Words from which a paragraph counts in the stricter of the two tables; shorter ones are mostly furniture.
N_PARAGRAPH_WORDS = 8
N_ERRORS = 10
N_HISTOGRAM_BINS = 20
N_ROC_POINTS = 200

Measured = Callable[..., Floats]
METRICS: Mapping[str, Measured] = {
    "auc": metrics.auc,
    "average_precision": metrics.average_precision,
    "caught_at_1": partial(metrics.caught_at, RATES[0]),
    "caught_at_5": partial(metrics.caught_at, RATES[1]),
    "brier": metrics.brier,
    "ece": metrics.ece,
}
# Chance adds to these, and drawing texts anew adds more: an interval would lie above the value. Their
# differences have one, since there it cancels.
BIASED = ("ece",)
SLICE_METRICS = ("auc", "caught_at_5", "ece")
# Least false-positive rate that must be within reach for a figure to stand.
NEEDS = {"caught_at_1": RATES[0], "caught_at_5": RATES[1]}


@dataclass(frozen=True)
class Sample:
    """Measured texts, with the bootstrap draws of their groups that all figures share."""

    texts: tuple[Judged, ...]
    group: Ints
    counts: NDArray[np.uint8]

    @classmethod
    def of(cls, texts: Sequence[Judged], n_draws: int, seed: int) -> Sample:
        """The texts that can be measured; groups are drawn `n_draws` times."""
        # in an order of their own, so that sums have the same bits however the files were given
        chosen = tuple(
            sorted((t for t in texts if t.is_measured), key=lambda t: (t.corpus, t.group, t.id, t.text))
        )
        group = metrics.numbered([t.group for t in chosen])[1]
        return cls(chosen, group, metrics.draws(group, n_draws, seed))

    def part(self, chosen: Callable[[Judged], bool]) -> Sample:
        """Some of the texts, in the same draws."""
        at = [i for i, t in enumerate(self.texts) if chosen(t)]
        return Sample(tuple(self.texts[i] for i in at), self.group[at], self.counts)

    def by(self, key: Callable[[Judged], str]) -> dict[str, Sample]:
        """Parts by name, in order of the names."""
        return {name: self._named(key, name) for name in sorted({key(t) for t in self.texts})}

    def _named(self, key: Callable[[Judged], str], name: str) -> Sample:
        return self.part(lambda t: key(t) == name)

    def labelled(self, unreliable: bool) -> Sample:
        """Texts of one label."""
        return self.part(lambda t: t.unreliable == unreliable)

    @property
    def n_unreliable(self) -> int:
        """Texts labelled unreliable."""
        return sum(t.unreliable for t in self.texts)

    @property
    def n_reliable(self) -> int:
        """Texts labelled reliable."""
        return len(self.texts) - self.n_unreliable

    @property
    def is_enough(self) -> bool:
        """Are there enough texts of either label for a figure?"""
        return min(self.n_reliable, self.n_unreliable) >= N_LOW

    def values(self, name: str, compared: bool = False) -> tuple[float, Floats]:
        """A metric of these texts and its value in every draw (float64[draws])."""
        unreliable, suspicion = labels_and_suspicion(self.texts, compared)
        statistic = partial(METRICS[name], unreliable, suspicion)
        if NEEDS.get(name, 1.0) < metrics.smallest_rate(unreliable):
            return float("nan"), np.full(self.counts.shape[0], np.nan)
        return float(statistic(np.ones(suspicion.size))), metrics.resampled(
            statistic, self.group, self.counts
        )


def evaluate(
    texts: Sequence[Judged],
    *,
    by: Sequence[str] = tuple(SLICES),
    seed: int = 0,
    n_draws: int = N_DRAWS,
    learnt: Iterable[str] = (),
    probes: bool = True,
) -> dict[str, Any]:
    """All figures about the texts.

    `by` names slices, `learnt` corpora that the model was trained on; `probes` False leaves out the
    baselines, which need scikit-learn and take the longest. Where no corpus has both labels, as with
    one file for each kind, all texts count as one corpus. The same texts and seed give the same figures.

    Raises ValueError for an unknown slice.
    """
    unknown = [name for name in by if name not in SLICES]
    if unknown:
        raise ValueError(f"unknown slice {unknown[0]!r}; expected some of {','.join(SLICES)}")
    notes = _learnt_notes(texts)
    named = {name for t in texts for name in t.corpora}
    texts, merged = taken_together(texts)
    if merged:
        notes.append("no file or corpus has both labels: all texts are taken as one corpus")
    seen = sorted(named & set(learnt))
    if seen:
        notes.append(f"the model learnt from corpora of these names, so figures flatter: {', '.join(seen)}")
    sample = Sample.of(texts, n_draws, seed)
    corpora = sample.by(SLICES["corpus"])
    small = [name for name, part in corpora.items() if not part.is_enough]
    if small:
        notes.append(f"fewer than {N_LOW} texts of either label, so no figure: {', '.join(small)}")
    enough = {name: part for name, part in corpora.items() if part.is_enough}
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "seed": seed,
        "draws": n_draws,
        "read": _read(texts, sample),
        "notes": notes,
        "corpora": [_corpus(name, part) for name, part in corpora.items()],
        "macro": {"n_corpora": len(enough)} | _macro(list(enough.values())),
        "unseen": _unseen(sample),
        "precision": _precision(sample),
        "paragraphs": _paragraphs(texts),
        "rules": _rules(sample.texts),
        "slices": [row for name in by if name != "corpus" for row in _slices(name, sample)],
        "by": list(by),
        "probes": _probes(enough, sample, seed) if probes else None,
        "false_alarms": _errors(sample.texts, unreliable=False),
        "misses": _errors(sample.texts, unreliable=True),
    }
    return defined(whole)


def _learnt_notes(texts: Sequence[Judged]) -> list[str]:
    """What to say where a model learnt from some of the very texts that it is measured on."""
    n_labelled = sum(t.label in ("reliable", "unreliable") for t in texts)
    counts = {
        "the model": sum(t.learnt and t.label in ("reliable", "unreliable") for t in texts),
        "the second model": sum(t.learnt_by_second and t.label in ("reliable", "unreliable") for t in texts),
    }
    return [
        f"{name} learnt from {n:,} of these {n_labelled:,} texts, so its figures flatter"
        for name, n in counts.items()
        if n
    ]


def _unseen(sample: Sample) -> dict[str, Any] | None:
    """Ranking and calibration on the texts that the model has not learnt from; None where there are no others."""
    part = sample.part(lambda t: not t.learnt)
    if len(part.texts) == len(sample.texts):
        return None
    corpora = part.by(SLICES["corpus"])
    enough = [some for some in corpora.values() if some.is_enough]
    return {
        "learnt": len(sample.texts) - len(part.texts),
        "corpora": [_corpus(name, some) for name, some in corpora.items()],
        "macro": {"n_corpora": len(enough)} | _macro(enough),
    }


def examine(
    paths: Iterable[str],
    scorer: Scorer,
    *,
    other: Scorer | None = None,
    corpus: str | None = None,
    by: Sequence[str] = tuple(SLICES),
    seed: int = 0,
    probes: bool = True,
    suspected: bool = False,
    n_next: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The evaluation of a scorer on files of labelled texts, with what else is asked for.

    `other` adds "compare", `suspected` "suspects", `n_next` "next". `tell` hears of every problem in
    the input; `read.problems` counts them.
    """
    problems: list[Problem] = []

    def noted(items: Iterable[Labelled | Problem]) -> Iterator[Labelled]:
        for item in items:
            if isinstance(item, Problem):
                problems.append(item)
                tell(str(item))
            else:
                yield item

    texts = list(judge(noted(labelled_texts(paths, corpus)), scorer, other))
    learnt = scorer.model.card.get("documents", {})
    whole = evaluate(texts, by=by, seed=seed, learnt=learnt, probes=probes)
    for name, some in (("the model", scorer), ("the second model", other)):
        if some is not None and some.model.learnt_from() is None:
            whole["notes"].append(
                f"{name} does not tell which texts it learnt from: it may know some of these"
            )
    whole["read"]["problems"] = len(problems)
    whole["model"] = {"name": scorer.model.name, "digest": scorer.model.digest}
    whole["policy"] = scorer.policy.name
    if other is not None:
        model = {"name": other.model.name, "digest": other.model.digest}
        whole["compare"] = {"model": model} | compare(texts, seed=seed)
    if suspected:
        whole["suspects"] = defined(suspects(texts, seed, learnt=learnt))
    if n_next:
        whole["next"] = defined(next_to_label(texts, n_next, seed))
    return whole


def defined(value: Any) -> Any:
    """Plain values with None for what is undefined."""
    if isinstance(value, Mapping):
        return {key: defined(some) for key, some in value.items()}
    if isinstance(value, list | tuple):
        return [defined(some) for some in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def _read(texts: Sequence[Judged], sample: Sample) -> dict[str, int]:
    labels = Counter(t.label for t in texts)
    return {
        "texts": len(texts),
        "reliable": labels["reliable"],
        "unreliable": labels["unreliable"],
        "unclear": labels["unclear"],
        "unlabelled": labels[None],
        "without_words": sum(t.label in ("reliable", "unreliable") for t in texts) - len(sample.texts),
        "groups": len(set(sample.group.tolist())),
    }


def _corpus(name: str, part: Sample) -> dict[str, Any]:
    unreliable, suspicion = labels_and_suspicion(part.texts)
    row: dict[str, Any] = {"corpus": name, "reliable": part.n_reliable, "unreliable": part.n_unreliable}
    row["smallest_rate"] = metrics.smallest_rate(unreliable)
    row |= {metric: _interval(*part.values(metric), metric) if part.is_enough else None for metric in METRICS}
    row |= {"mean_reliability": float(1 - suspicion.mean()), "reliable_share": float(1 - unreliable.mean())}
    row["verdicts"] = _verdicts(part.texts)
    edges = np.minimum(((1 - suspicion) * N_HISTOGRAM_BINS).astype(np.int64), N_HISTOGRAM_BINS - 1)
    for label, some in (("reliable", ~unreliable), ("unreliable", unreliable)):
        row[f"histogram_{label}"] = np.bincount(edges[some], minlength=N_HISTOGRAM_BINS).tolist()
    if part.is_enough:
        bins = metrics.diagram(unreliable, suspicion)
        row["diagram"] = [{"n": b.n, "reliability": b.reliability, "share": b.share} for b in bins]
        row["roc"] = _roc(part)
    return row


def _interval(value: float, values: Floats, name: str = "") -> dict[str, float]:
    low, high = (float("nan"), float("nan")) if name in BIASED else metrics.interval(values)
    return {"value": value, "low": low, "high": high}


def _verdicts(texts: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """Number of texts by label and verdict."""
    counts = Counter((t.label, t.verdict) for t in texts)
    return {label: {v: counts[label, v] for v in VERDICTS} for label in ("reliable", "unreliable")}


def _roc(part: Sample) -> list[list[float]]:
    """Points (share of reliable texts flagged, share of unreliable ones caught), at most `N_ROC_POINTS`."""
    unreliable, suspicion = labels_and_suspicion(part.texts)
    curve = metrics.Curve.of(unreliable, suspicion, np.ones(suspicion.size))
    alarms, caught = curve.alarms / part.n_reliable, curve.caught / part.n_unreliable
    last = np.flatnonzero(np.append(np.diff(alarms) > 0, True))  # the most caught at each rate
    if last.size > N_ROC_POINTS:  # even steps of the logarithm, since the axis is one
        wanted = np.geomspace(1 / part.n_reliable, 1, N_ROC_POINTS)
        last = np.unique(np.concatenate((last[:1], last[np.searchsorted(alarms[last], wanted, "right") - 1])))
    return [[float(alarms[i]), float(caught[i])] for i in last]


def _macro(parts: Sequence[Sample], names: Iterable[str] = METRICS) -> dict[str, Any]:
    """Mean of each metric over corpora where it is defined, with the interval of the mean."""
    found: dict[str, Any] = {}
    for name in names:
        rows = [part.values(name) for part in parts]
        rows = [row for row in rows if not np.isnan(row[0])]
        if not rows:
            found[name] = None
            continue
        mean = float(np.mean([value for value, _ in rows]))
        found[name] = _interval(mean, metrics.macro([values for _, values in rows]), name) | {
            "n_corpora": len(rows)
        }
    return found


def _precision(sample: Sample) -> list[dict[str, Any]]:
    """Precision of the policy's decisions by prevalence, within each corpus of both labels and averaged.

    `low` takes the lower 95 % bound of what is caught and the upper one of the false alarms (Wilson), so
    that no false alarm among few texts is not taken for none at all.
    """
    parts = [p for p in sample.by(SLICES["corpus"]).values() if p.n_reliable and p.n_unreliable]
    rows: list[dict[str, Any]] = []
    if not parts:
        return rows
    for flag, verdicts in FLAGS.items():
        counts = [
            (
                _n_flagged(part.labelled(True), verdicts),
                part.n_unreliable,
                _n_flagged(part.labelled(False), verdicts),
                part.n_reliable,
            )
            for part in parts
        ]
        caught, alarms = (float(np.mean([c[k] / c[k + 1] for c in counts])) for k in (0, 2))
        for prevalence in PREVALENCES:
            precision, low = metrics.macro_precision(prevalence, counts)
            rows.append(
                {
                    "flag": flag,
                    "caught": caught,
                    "false_alarms": alarms,
                    "prevalence": prevalence,
                    "precision": precision,
                    "low": low,
                }
            )
    return rows


def _n_flagged(sample: Sample, verdicts: Sequence[str]) -> int:
    return sum(t.verdict in verdicts for t in sample.texts)


def _paragraphs(texts: Sequence[Judged]) -> list[dict[str, Any]]:
    """Roles of paragraphs by corpus: F1 of each role, words of content called something else."""
    marked = [t for t in texts if t.paragraphs]
    rows = []
    for corpus in sorted({t.corpus for t in marked}):
        some = [t for t in marked if t.corpus == corpus]
        for n_words_low in (N_PARAGRAPH_WORDS, 0):
            found = [p for t in some for p in t.paragraphs if p[2] >= n_words_low]
            cell = Counter((label, role) for label, role, _ in found)
            given, true = Counter(role for _, role, _ in found), Counter(label for label, _, _ in found)
            content = sum(n for label, _, n in found if label == "content")
            lost = sum(n for label, role, n in found if label == "content" and role != "content")
            rows.append(
                {
                    "corpus": corpus,
                    "texts": len(some),
                    "paragraphs": len(found),
                    "n_words_low": n_words_low,
                    "content_words_lost": lost / content if content else float("nan"),
                    "roles": {
                        role: dict(
                            zip(
                                ("precision", "recall", "f1"),
                                metrics.f1(cell[role, role], given[role], true[role]),
                                strict=True,
                            )
                        )
                        | {"labelled": true[role]}
                        for role in ROLES
                    },
                }
            )
    return rows


def _rules(texts: Sequence[Judged]) -> list[dict[str, Any]]:
    """Texts with a finding of each rule, by label; hard rules first."""
    tiers = tiers_of(texts)
    counts = Counter((rule, t.unreliable) for t in texts for rule in t.findings)
    rows = [
        {"rule": rule, "tier": tier, "reliable": counts[rule, False], "unreliable": counts[rule, True]}
        for rule, tier in tiers.items()
    ]
    return sorted(rows, key=lambda row: (row["tier"] != "hard", row["rule"]))


def _slices(by: str, sample: Sample) -> list[dict[str, Any]]:
    """Figures of each slice, averaged over the corpora that have enough of it.

    A slice of one label alone (a kind of spoiling, say) is measured against the texts of the other
    label in the same corpora.
    """
    rows: list[dict[str, Any]] = []
    slices = sample.by(SLICES[by])
    if len(slices) < 2:  # nothing that the figures above do not say
        return rows
    for value, own in slices.items():
        labels = {t.unreliable for t in own.texts}
        against = "" if len(labels) == 2 else "reliable" if True in labels else "unreliable"
        whole = _completed(sample, SLICES[by], value, against)
        parts = [part for part in whole.by(SLICES["corpus"]).values() if part.is_enough]
        verdicts = _verdicts(own.texts)
        figures = _macro(parts, SLICE_METRICS)
        rows.append(
            {
                "by": by,
                "value": value,
                "reliable": own.n_reliable,
                "unreliable": own.n_unreliable,
                "against": against,
                "n_corpora": len(parts),
                "verdicts": verdicts,
            }
            | figures
        )
    return _in_order(by, rows)


def _completed(sample: Sample, key: Callable[[Judged], str], value: str, against: str) -> Sample:
    """A slice with the texts of the label that it lacks (`against`, "" where it has both)."""
    return sample.part(lambda t: key(t) == value or t.label == against)


def _in_order(by: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Slices of length by length, others by name as they are."""
    return (
        sorted(rows, key=lambda r: int(r["value"].partition("-")[0].split()[0])) if by == "length" else rows
    )


def _probes(enough: Mapping[str, Sample], sample: Sample, seed: int) -> dict[str, Any]:
    """Shuffled labels, and simple models by folds of groups, each beside the model by corpus."""
    corpora = list(enough)
    found: dict[str, Any] = {"shuffled": shuffled([enough[c].texts for c in corpora], seed)}
    rows: list[dict[str, Any]] = []
    if corpora:
        texts = [t for t in sample.texts if t.corpus in enough]
        unreliable = np.array([t.unreliable for t in texts], bool)
        of = np.array([corpora.index(t.corpus) for t in texts])
        scores = {"this model": labels_and_suspicion(texts)[1]} | baselines(texts, seed)
        for name, suspicion in scores.items():
            known = ~np.isnan(suspicion)
            values = []
            for k in range(len(corpora)):
                i = np.flatnonzero(known & (of == k))
                values.append(float(metrics.auc(unreliable[i], suspicion[i], np.ones(i.size))))
            rows.append(
                {
                    "name": name,
                    "macro": float(np.mean(values)),
                    "auc": dict(zip(corpora, values, strict=True)),
                }
            )
    return found | {"baselines": rows}


def _errors(texts: Sequence[Judged], *, unreliable: bool) -> list[dict[str, Any]]:
    """The texts of a label that the model gets most wrong."""
    some = [t for t in texts if t.unreliable == unreliable]
    worst = sorted(some, key=lambda t: (t.reliability or 0.0) * (-1 if unreliable else 1))
    return [t.told() for t in worst[:N_ERRORS]]


def compare(texts: Sequence[Judged], *, seed: int = 0, n_draws: int = N_DRAWS) -> dict[str, Any]:
    """The second model of the texts beside the first: differences (second - first) and decisions changed.

    "unseen" has the same of the texts that neither model learnt from, None where there are no others. Intervals are paired: both models are measured on the same draws. Raises ValueError where there is
    no second model.
    """
    if any(t.compared is None for t in texts):
        raise ValueError("no second model: judge the texts with one (quality evaluate --compare MODEL)")
    texts, _ = taken_together(texts)
    sample = Sample.of(texts, n_draws, seed)
    part = sample.part(lambda t: not (t.learnt or t.learnt_by_second))
    n_learnt = len(sample.texts) - len(part.texts)
    unseen = {"learnt": n_learnt} | _differences(part) if n_learnt else None
    return defined(_differences(sample) | {"unseen": unseen})


def _differences(sample: Sample) -> dict[str, Any]:
    """Second model less first, by corpus and in the mean; and the decisions that differ."""
    corpora = {name: part for name, part in sample.by(SLICES["corpus"]).items() if part.is_enough}
    rows = {
        (name, metric): (part.values(metric), part.values(metric, True))
        for name, part in corpora.items()
        for metric in METRICS
    }
    differences = {key: (second[0] - first[0], second[1] - first[1]) for key, (first, second) in rows.items()}
    macro = {}
    for metric in METRICS:
        some = [differences[name, metric] for name in corpora if not np.isnan(differences[name, metric][0])]
        macro[metric] = (
            _interval(
                float(np.mean([value for value, _ in some])), metrics.macro([values for _, values in some])
            )
            if some
            else None
        )
    moves = Counter((t.verdict, t.compared[1]) for t in sample.texts if t.compared)
    n = len(sample.texts)
    changed = sum(count for (before, after), count in moves.items() if before != after)
    return {
        "macro": macro,
        "corpora": [
            {"corpus": name} | {m: _interval(*differences[name, m]) for m in METRICS} for name in corpora
        ],
        "changed": changed / n if n else float("nan"),
        "moves": [
            {"from": before, "to": after, "texts": count}
            for (before, after), count in sorted(moves.items(), key=lambda item: (-item[1], item[0]))
            if before != after
        ],
    }
