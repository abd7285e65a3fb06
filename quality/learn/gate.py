"""Champion and challenger: what two models say of the reference set, and whether the new one may replace the old.

The reference set and the table of roles are numbers (quality/learn/reference.py), so this needs no corpora. Every
figure is taken within one corpus, or is the mean over corpora, for both models on the same texts. A figure is worse
when the challenger loses more than `LEAST` by it and the whole 95 % bootstrap interval of the difference, by groups
that are drawn for both alike, is a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.learn import metrics
from quality.learn.base import LABELS, Base
from quality.learn.corpora import LABEL_FAMILIES
from quality.learn.fit import FILLER_FALSE_ALARMS
from quality.learn.said import DROP, KEEP, Said, rules_of, said
from quality.model import Model

# Share that may change: of the verdicts of a policy, of the roles in a corpus, and of the paragraphs' reliabilities by
# `MOVED` or more.
CHANGED_HIGH, MOVED = 0.02, 0.1
# A smaller loss is none that counts: half a text in a hundred, one of the ranking of texts in one corpus, and of calibration, of the
# ranking of paragraphs and of the furniture found in one corpus two, since whatever moves the mean of all moves them there, and of so few texts they are known to no more than
# that (own choices; with some 250 slices looked at, an interval of 95 % alone refuses good models by chance).
LEAST, CORPUS_LEAST = 0.005, 0.02
# Draws of groups for an interval, and texts or paragraphs of either label without which a figure says nothing.
N_DRAWS, N_LOW = 400, 10
# False alarms at which it is counted what is caught.
RATES = (0.01, 0.05)
# Shares of few in a thousand are told so.
THOUSAND = 1000


@dataclass(frozen=True)
class Figure:
    """One figure of both models, of everything (`where` is empty) or of a slice.

    `low` and `high` are the interval of the difference, challenger less champion; a loss up to `least` is none.
    `champion_low` and `champion_high` are that of the champion's own figure (of a calibration error it lies above the figure,
    since drawing texts anew adds to it).
    """

    name: str
    where: str
    champion: float
    challenger: float
    low: float
    high: float
    champion_low: float = float("nan")
    champion_high: float = float("nan")
    more_is_better: bool = True
    least: float = LEAST

    @property
    def is_worse(self) -> bool:
        """Whether the challenger loses, beyond chance and by more than counts for nothing."""
        sign = 1.0 if self.more_is_better else -1.0
        gain, best = sign * (self.challenger - self.champion), max(sign * self.low, sign * self.high)
        return gain < -self.least and best < 0.0

    @property
    def title(self) -> str:
        """The figure and its slice in words."""
        return f"{self.name}, {self.where}" if self.where else self.name


@dataclass(frozen=True)
class Change:
    """Share of the reference set that the models see differently, and how much of it may be."""

    name: str
    share: float
    high: float = CHANGED_HIGH

    @property
    def is_too_much(self) -> bool:
        """Whether more has changed than may."""
        return self.share > self.high


@dataclass(frozen=True)
class Gate:
    """Outcome of a comparison: figures, shares that changed, and why the challenger is refused."""

    figures: tuple[Figure, ...]
    changes: tuple[Change, ...]
    objections: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """Whether nothing speaks against the challenger."""
        return not self.objections


def compare(base: Base, champion: Model, challenger: Model, *, seed: int = 0) -> Gate:
    """Whether a challenger may replace the champion, by the reference set of a base."""
    try:
        old = said(champion, base)
    except ValueError as error:
        return Gate((), (), (f"the model in place cannot be compared: it {error}",))
    new = said(challenger, base)
    figures = Comparison(base, old, new, seed).figures()
    changes = _changes(base, old, new)
    objections = [
        f"{f.title}: {f.challenger:.3f}, but the model in place has {f.champion:.3f} "
        f"(difference {f.low:+.3f} to {f.high:+.3f})"
        for f in figures
        if f.is_worse
    ]
    objections += [
        f"{c.name} on {100 * c.share:.1f} % of the reference set, more than {100 * c.high:g} %"
        for c in changes
        if c.is_too_much
    ]
    missing = sorted(old.verdict.keys() - new.verdict.keys())
    objections += [f"there is no policy {name!r}, which the model in place has" for name in missing]
    return Gate(tuple(figures), tuple(changes), tuple(objections))


def _changes(base: Base, old: Said, new: Said) -> list[Change]:
    """What the models see differently: verdicts by policy, roles by corpus, reliability of paragraphs."""
    found = [
        Change(f"verdicts of policy {name} change", float((old.verdict[name] != new.verdict[name]).mean()))
        for name in old.verdict
        if name in new.verdict
    ]
    other = old.role != new.role
    of_texts = (other, base.reference.corpus[: other.size])
    of_pages = (old.furniture != new.furniture, base.roles.corpus)
    for what, (differs, corpus) in (("paragraphs", of_texts), ("marked paragraphs", of_pages)):
        found += [
            Change(
                f"roles of {what} in corpus {base.corpora[code]} change",
                float(differs[corpus == code].mean()),
            )
            for code in np.unique(corpus).tolist()
        ]
    worded = base.reference.n_words[: other.size] > 0
    moved = np.abs(old.paragraph - new.paragraph)[worded] >= MOVED
    return [*found, Change(f"the reliability of paragraphs moves by {MOVED:g} or more", float(moved.mean()))]


# A figure of some rows: its value, and its value in every draw.
Measured = Callable[[Said, Ints], tuple[float, Floats]]
# Something true or false, or a number, of each row of what a model said.
Told = Callable[[Said], Bools | Floats]
# Rows to measure, by corpus.
Parts = Mapping[str, Ints]


@dataclass(frozen=True)
class Rows:
    """Texts or paragraphs with their groups, and the draws of groups; figures of some of them.

    `group` int64[n] are columns of `counts` uint8[draws, groups].
    """

    group: Ints
    counts: NDArray[np.uint8]

    def share(self, told: Told) -> Measured:
        """Mean of what is told of each row."""

        def measured(said: Said, at: Ints) -> tuple[float, Floats]:
            values = told(said)[at].astype(np.float64)
            return float(values.mean()), metrics.resampled_mean(values, self.group[at], self.counts)

        return measured

    def statistic(
        self,
        function: Callable[[Bools, Floats, Floats], Floats],
        unreliable: Bools,
        told: Told,
        weight: Floats | None = None,
    ) -> Measured:
        """A statistic of quality/learn/metrics.py; `told` gives reliabilities, `weight` what each row counts."""

        def measured(said: Said, at: Ints) -> tuple[float, Floats]:
            whole = np.ones(at.size) if weight is None else weight[at]
            of_rows = partial(function, unreliable[at], 1.0 - told(said)[at].astype(np.float64))
            drawn = metrics.resampled(lambda counts: of_rows(counts * whole), self.group[at], self.counts)
            return float(of_rows(whole)), drawn

        return measured


class Comparison:
    """What two models say of a base's reference set, and all figures of it."""

    def __init__(self, base: Base, old: Said, new: Said, seed: int) -> None:
        self.base, self.old, self.new = base, old, new
        self.found: list[Figure] = []
        reference, table = base.reference, base.documents
        groups = [table.group[reference.row], reference.group[: old.role.size], base.roles.group]
        _, numbered = np.unique(np.concatenate(groups), return_inverse=True)
        counts = metrics.draws(numbered, N_DRAWS, seed)
        parts = np.split(numbered, np.cumsum([g.size for g in groups])[:-1])
        self.texts, self.paragraphs, self.blocks = (Rows(part, counts) for part in parts)

    def figures(self) -> list[Figure]:
        """All figures; those over everything have no slice."""
        self._of_texts()
        self._of_roles()
        self._of_paragraphs()
        return self.found

    def _of_texts(self) -> None:
        """Ranking, what is caught, calibration, and verdicts of every policy."""
        base, reference, table = self.base, self.base.reference, self.base.documents
        label = table.label[reference.row]
        corpus, kind = (codes[reference.row] for codes in (table.corpus, table.kind))
        reliable, unreliable = (label == LABELS.index(name) for name in ("reliable", "unreliable"))
        published = ~np.array([":" in name for name in base.kinds])[kind]
        both = self._parts(corpus, reliable & published, unreliable & published)
        ranking = self.texts.statistic(metrics.auc, unreliable, _reliability)
        self._add("ranking", ranking, both, least_of_corpus=2 * LEAST)
        families = {name: LABEL_FAMILIES.get(name, "yourself") for name in both}
        for family in sorted(set(families.values())):
            own = [at for name, at in both.items() if families[name] == family]
            if len(own) > 1:
                self._one("ranking", f"labels by {family}", ranking, own)
        for rate in RATES:
            at_rate = self.texts.statistic(partial(_caught, rate), unreliable, _reliability)
            self._add(f"unreliable texts caught at {100 * rate:g} % false alarms", at_rate, both)
        halves = _halves(corpus, reliable, both)
        error = self.texts.statistic(metrics.ece, unreliable, _reliability, halves)
        self._add("calibration error", error, both, better=False, least_of_corpus=CORPUS_LEAST)
        sound, others = (self._parts(corpus, some & published) for some in (reliable, unreliable))
        for policy in (name for name in self.old.verdict if name in self.new.verdict):
            kept, dropped = (self.texts.share(partial(_has, policy, code)) for code in (KEEP, DROP))
            self._one(f"reliable texts kept, {policy}", "", kept, sound.values())
            self._one(f"reliable texts dropped, {policy}", "", dropped, sound.values(), better=False)
            self._one(f"unreliable texts kept, {policy}", "", kept, others.values(), better=False)
            right = self.texts.share(partial(_is_right, policy, reliable))
            for where, at in self._kinds(corpus, kind, np.logical_or(reliable, unreliable)).items():
                self._one(f"on the right side, {policy}", where, right, [at])

    def _of_roles(self) -> None:
        """Furniture of pages, filler, and what is lost of content."""
        reference, roles = self.base.reference, self.base.roles
        furniture = self.blocks.share(lambda said: said.furniture)
        found = self._parts(roles.corpus, roles.label == 1)
        self._add("furniture found", furniture, found, least_of_corpus=CORPUS_LEAST)
        lost = self._parts(roles.corpus, roles.label == 0)
        self._add("content taken for furniture", furniture, lost, better=False)
        corpus, marked, sound = self._of_documents(reference.corpus, reference.label, self._sound)
        content, filler = (self._worded & (marked == role) for role in (evidence.CONTENT, evidence.FILLER))
        is_filler = self.paragraphs.share(lambda said: said.role == evidence.FILLER)
        # whatever sound texts are added set anew from where on filler is called so: .006 to .013 less of it in six sets of 20 to 50
        self._add("filler found", is_filler, self._parts(corpus, filler), least=CORPUS_LEAST)
        is_lost = self.paragraphs.share(lambda said: said.role != evidence.CONTENT)
        self._add("content taken for something else", is_lost, self._parts(corpus, content), better=False)
        # words may add as many false alarms as the fit allows all terms together
        self._add(
            "sound paragraphs called filler, per 1,000",
            self.paragraphs.share(lambda said: THOUSAND * (said.role == evidence.FILLER)),
            self._parts(corpus, sound),
            better=False,
            least=THOUSAND * FILLER_FALSE_ALARMS,
        )

    def _of_paragraphs(self) -> None:
        """Reliability of paragraphs: marked ones in order, sound ones high."""
        reference = self.base.reference
        corpus, marked = self._of_documents(reference.corpus, reference.label)
        rules = rules_of(self.base.documents.names)
        struck = (reference.findings[:, [rules.index(name) for name in self.base.hard]] > 0).any(axis=1)
        good = self._worded & (marked == evidence.CONTENT) & ~struck
        bad = self._worded & (marked >= 0) & ~good
        ranking = self.paragraphs.statistic(metrics.auc, bad, lambda said: said.paragraph)
        self._add(
            "ranking of paragraphs", ranking, self._parts(corpus, good, bad), least_of_corpus=CORPUS_LEAST
        )
        mean = self.paragraphs.share(lambda said: said.paragraph)
        self._add("reliability of sound paragraphs", mean, self._parts(corpus, self._sound), least=2 * LEAST)

    def _of_documents(self, *columns: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Columns of the reference's paragraphs, without those of pages."""
        return tuple(column[: self.old.role.size] for column in columns)

    @property
    def _worded(self) -> Bools:
        """Paragraphs of documents that have words."""
        return self.base.reference.n_words[: self.old.role.size] > 0

    @property
    def _sound(self) -> Bools:
        """Those of reliable articles as published."""
        return self._worded & self.base.reference.sound[: self.old.role.size]

    def _parts(self, corpus: NDArray[np.int32], *needed: Bools) -> Parts:
        """Rows where any of `needed` holds, of each corpus with `N_LOW` rows of each of them."""
        found = {}
        for code in np.unique(corpus).tolist():
            some = [each & (corpus == code) for each in needed]
            if min(int(each.sum()) for each in some) >= N_LOW:
                found[self.base.corpora[code]] = np.flatnonzero(np.any(some, axis=0))
        return found

    def _kinds(self, corpus: NDArray[np.int32], kind: NDArray[np.int32], told: Bools) -> Parts:
        """Texts of each kind in each corpus; of those spoilt, of which each corpus has as many but few, over all."""
        found: dict[str, Ints] = {}
        for code in np.unique(kind[told]).tolist():
            here, name = told & (kind == code), self.base.kinds[code]
            if ":" not in name:
                found |= {f"{name} in {of}": at for of, at in self._parts(corpus, here).items()}
            elif here.sum() >= N_LOW:
                found[name] = np.flatnonzero(here)
        return found

    def _add(
        self,
        name: str,
        measured: Measured,
        parts: Parts,
        *,
        better: bool = True,
        least: float = LEAST,
        least_of_corpus: float = LEAST,
    ) -> None:
        """A figure as mean over corpora, and of each of them."""
        self._one(name, "", measured, parts.values(), better=better, least=least)
        least = max(least, least_of_corpus)
        for corpus, at in parts.items():
            self._one(name, f"corpus {corpus}", measured, [at], better=better, least=least)

    def _one(
        self,
        name: str,
        where: str,
        measured: Measured,
        parts: Iterable[Ints],
        *,
        better: bool = True,
        least: float = LEAST,
    ) -> None:
        """One figure, the mean over some parts; none where it is undefined."""
        parts = list(parts)
        values, draws = [], []
        for one in (self.old, self.new):
            rows = [measured(one, at) for at in parts]
            known = [row for row in rows if not np.isnan(row[0])]
            if not known:
                return
            values.append(float(np.mean([value for value, _ in known])))
            draws.append(metrics.macro([drawn for _, drawn in known]))
        interval, own = metrics.interval(draws[1] - draws[0]), metrics.interval(draws[0])
        self.found.append(Figure(name, where, values[0], values[1], *interval, *own, better, least))


def _reliability(said: Said) -> Floats:
    return said.reliability


def _has(policy: str, verdict: int, said: Said) -> Bools:
    return np.asarray(said.verdict[policy] == verdict)


def _is_right(policy: str, reliable: Bools, said: Said) -> Bools:
    """Reliable texts are kept, others are not."""
    return np.asarray((said.verdict[policy] == KEEP) == reliable)


def _caught(rate: float, unreliable: Bools, suspicion: Floats, weight: Floats) -> Floats:
    """As `metrics.caught_at`, with one false alarm where the sample is too small to show the rate."""
    return metrics.caught_at(max(rate, metrics.smallest_rate(unreliable)), unreliable, suspicion, weight)


def _halves(corpus: NDArray[np.int32], reliable: Bools, parts: Parts) -> Floats:
    """Weights by which either label is half of each part, as in the stated mix; float64[n]."""
    weight = np.zeros(corpus.size)
    for at in parts.values():
        for label in (True, False):
            rows = at[reliable[at] == label]
            weight[rows] = 0.5 / rows.size
    return weight
