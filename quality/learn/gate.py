"""Champion and challenger: what two models say of the reference set, and whether the new one may replace the old.

The reference set and the table of roles are numbers (quality/learn/reference.py), so this needs no corpora. Every
figure is taken within one corpus, or is the mean over corpora, for both models on the same texts. A figure is worse
when the challenger loses more than `LEAST` by it and the whole 95 % bootstrap interval of the difference, by groups
that are drawn for both alike, is a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.learn import metrics
from quality.learn.base import LABELS, Base
from quality.learn.corpora import LABEL_FAMILIES
from quality.learn.fit import FILLER_FALSE_ALARMS
from quality.model import Model, sigmoid, total
from quality.report import VERDICTS

# Share that may change: of the verdicts of a policy, of the roles in a corpus, and of the paragraphs' reliabilities by
# `MOVED` or more.
CHANGED_HIGH, MOVED = 0.02, 0.1
# A smaller loss is none that counts: half a text in a hundred, and of the calibration in one corpus two, since whatever
# moves the mean of all moves it there, and of so few texts it is known to no more than that (own choices).
LEAST, CALIBRATION_LEAST = 0.005, 0.02
# Draws of groups for an interval, and texts or paragraphs of either label without which a figure says nothing.
N_DRAWS, N_LOW = 400, 10
# False alarms at which it is counted what is caught.
RATES = (0.01, 0.05)
# Shares of few in a thousand are told so.
THOUSAND = 1000


@dataclass(frozen=True)
class Said:
    """What a model says of a base's reference set and role table.

    Of documents: `reliability` float64[d], `verdict` int64[d] by policy (indices in `VERDICTS`). Of their paragraphs:
    `role` int64[q] (indices in `ROLES`), `paragraph` float64[q], their reliability. `furniture` bool[rows of the role
    table]: is it called boilerplate?
    """

    reliability: Floats
    verdict: Mapping[str, Ints]
    role: Ints
    paragraph: Floats
    furniture: Bools


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
    figures = _figures(base, old, new, seed)
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


def said(model: Model, base: Base) -> Said:
    """What a model says of the base's reference set, by the terms that scoring weighs (quality/evidence.py).

    Likeness is the out-of-sample score of the base, plus what the model's words add to those of the base: it does not
    follow a change of roles. All texts are taken to be English.

    Raises ValueError where the model was made from another base: its terms, bins or words are not the base's.
    """
    _check(model, base)
    reference, table = base.reference, base.documents
    inside = slice(0, reference.bins.shape[0])
    document, n_words = reference.document[inside], reference.n_words[inside]
    n = reference.row.size
    terms = reference.terms.astype(np.float64)[
        :, [base.filler.names.index(name) for name in model.filler.names]
    ]
    if evidence.WORD_TERM in model.filler.names and model.filler_words.weights.any():
        score = reference.paragraph_matrix() @ model.filler_words.weights
        terms[:, model.filler.names.index(evidence.WORD_TERM)] = model.filler_words.term(score)
    wordless = n_words == 0
    filler = np.where(wordless, 0.0, sigmoid(model.filler.logit(terms[inside])))
    boilerplate = np.where(wordless, 1.0, sigmoid(model.boilerplate.logit_of_bins(reference.bins)))
    chance, role = evidence.role_chances(reference.copied[inside].astype(np.float64), boilerplate, filler)

    def summed(values: Floats) -> Floats:
        return np.bincount(document, weights=values, minlength=n).astype(np.float64)

    content, foreign = (summed(n_words * (role == code)) for code in (evidence.CONTENT, evidence.FILLER))
    matrix = table.matrix[reference.row].astype(np.float64)
    findings = reference.findings.astype(np.float64)
    for k, name in enumerate(_rules(table.names)):
        if name not in base.hard and name not in evidence.ANYWHERE:
            in_content = summed(findings[:, k] * (role == evidence.CONTENT))
            matrix[:, table.names.index(name)] = evidence.content_rate(in_content, content)
    matrix[:, table.names.index(evidence.FILLER_WORDS)] = evidence.filler_amount(foreign, content)
    chosen = matrix[:, [table.names.index(name) for name in model.reliability.names]]
    evidence_logit = model.reliability.intercept + total(model.reliability.effects(chosen))
    reliability = model.calibrated(evidence_logit + model.likeness.effect(_likeness(model, base)))
    is_hard = (matrix[:, [table.names.index(name) for name in base.hard]] > 0).any(axis=1)
    columns = {name: evidence.amount(findings[:, k]) for k, name in enumerate(_rules(table.names))}
    columns |= {"not_content": 1.0 - chance[:, evidence.CONTENT], "article": evidence_logit[document]}
    rows = np.column_stack([columns[name] for name in model.paragraph_reliability.names])
    verdict = {}
    for name, policy in model.policies.items():
        unsure = content < policy.n_words_low
        told = np.where(reliability >= policy.keep, KEEP, REVIEW)
        verdict[name] = np.where(
            is_hard & (reliability < policy.drop), DROP, np.where(unsure, VERDICTS.index("unsure"), told)
        )
    return Said(
        reliability,
        verdict,
        role,
        model.calibrated_paragraph(model.paragraph_reliability.logit(rows)),
        model.boilerplate.logit_of_bins(base.roles.matrix) > 0,
    )


KEEP, REVIEW, DROP = (VERDICTS.index(name) for name in ("keep", "review", "drop"))


def _rules(names: Sequence[str]) -> list[str]:
    """Rules among the terms of documents, as the reference set counts them."""
    return [name for name in names if name != evidence.FILLER_WORDS]


def _check(model: Model, base: Base) -> None:
    """Refuse a model that weighs, cuts or reads otherwise than the base's numbers were made."""
    known = (
        (model.reliability, base.documents),
        (model.filler, base.filler),
        (model.paragraph_reliability, base.paragraphs),
    )
    unknown = [name for linear, table in known for name in linear.names if name not in table.names]
    if unknown:
        raise ValueError(f"weighs {', '.join(unknown)}, which the base does not have; {ANOTHER}")
    if model.boilerplate.names != base.roles.names or not _same(model.boilerplate.edges, base.role_edges):
        raise ValueError(f"cuts the features of paragraphs at other values than the base; {ANOTHER}")
    mine, theirs = model.likeness, base.likeness
    pairs = [(model.paragraph_words, base.paragraph_words)]
    pairs += [(mine.words_idf, theirs.words_idf), (mine.masked_idf, theirs.masked_idf)]
    if mine.style.names != theirs.style.names or not _same(*zip(*pairs, strict=True)):
        raise ValueError(f"reads other words than the base; {ANOTHER}")


ANOTHER = "it was made from another base, so give -o another name, or a reason with --allow-regression"


def _same(some: Sequence[Floats], others: Sequence[Floats]) -> bool:
    """Whether the arrays are the same but for what packing them into a file rounds off."""
    return len(some) == len(others) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=0.0)
        for a, b in zip(some, others, strict=True)
    )


def _likeness(model: Model, base: Base) -> Floats:
    """Likeness score of the reference's documents by the words of a model; float64[d]."""
    score = base.likeness_score[base.reference.row]
    mine, known = model.likeness, base.likeness
    pairs = ((mine.words, known.words), (mine.masked, known.masked))
    if _same(*zip(*pairs, strict=True)):
        return score
    streams = base.reference.streams(known)
    moved = [stream @ (a - b) for stream, (a, b) in zip(streams, pairs, strict=True)]
    return score + known.blend(moved[0], moved[1], np.zeros(score.size))


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


@dataclass(frozen=True)
class Parts:
    """Rows to measure, by corpus; a figure of several parts is the mean over them."""

    by_name: Mapping[str, Ints]

    @classmethod
    def of(cls, corpora: Sequence[str], corpus: NDArray[np.int32], *needed: Bools) -> Parts:
        """Rows where any of `needed` holds, of each corpus with `N_LOW` rows of each of them."""
        found = {}
        for code in np.unique(corpus).tolist():
            some = [each & (corpus == code) for each in needed]
            if min(int(each.sum()) for each in some) >= N_LOW:
                found[corpora[code]] = np.flatnonzero(np.any(some, axis=0))
        return cls(found)

    def within(self, names: Iterable[str]) -> Parts:
        """The parts of some corpora."""
        chosen = set(names)
        return Parts({name: at for name, at in self.by_name.items() if name in chosen})


def _figure(
    name: str,
    where: str,
    measured: Measured,
    parts: Iterable[Ints],
    old: Said,
    new: Said,
    *,
    more_is_better: bool = True,
    least: float = LEAST,
) -> Figure | None:
    """One figure over some parts; None where it is undefined."""
    parts = list(parts)
    values, draws = [], []
    for one in (old, new):
        rows = [measured(one, at) for at in parts]
        known = [row for row in rows if not np.isnan(row[0])]
        if not known:
            return None
        values.append(float(np.mean([value for value, _ in known])))
        draws.append(metrics.macro([drawn for _, drawn in known]))
    interval, own = metrics.interval(draws[1] - draws[0]), metrics.interval(draws[0])
    return Figure(name, where, values[0], values[1], *interval, *own, more_is_better, least)


def _figures(base: Base, old: Said, new: Said, seed: int) -> list[Figure]:
    """All figures of the gate; those of everything have no slice."""
    reference, table, roles = base.reference, base.documents, base.roles
    inside = slice(0, reference.bins.shape[0])
    groups = [table.group[reference.row], reference.group[inside], roles.group]
    _, numbered = np.unique(np.concatenate(groups), return_inverse=True)
    counts = metrics.draws(numbered, N_DRAWS, seed)
    texts, paragraphs, blocks = (
        Rows(part, counts) for part in np.split(numbered, np.cumsum([g.size for g in groups])[:-1])
    )
    found: list[Figure | None] = []

    def add(
        name: str,
        measured: Measured,
        parts: Parts,
        *,
        better: bool = True,
        least: float = LEAST,
        least_of_corpus: float = LEAST,
    ) -> None:
        """The mean over corpora, and each corpus."""
        every = list(parts.by_name.values())
        found.append(_figure(name, "", measured, every, old, new, more_is_better=better, least=least))
        least = max(least, least_of_corpus)
        for corpus, at in parts.by_name.items():
            where = f"corpus {corpus}"
            found.append(_figure(name, where, measured, [at], old, new, more_is_better=better, least=least))

    label = table.label[reference.row]
    reliable, unreliable = (label == LABELS.index(name) for name in ("reliable", "unreliable"))
    corpus, kind = table.corpus[reference.row], table.kind[reference.row]
    spoilt = np.array([":" in name for name in base.kinds])[kind]
    published = Parts.of(base.corpora, corpus, reliable & ~spoilt, unreliable & ~spoilt)
    ranking = texts.statistic(metrics.auc, unreliable, _reliability)
    add("ranking", ranking, published)
    families = {name: LABEL_FAMILIES.get(name, "yourself") for name in published.by_name}
    for family in sorted(set(families.values())):
        own = published.within(name for name, of in families.items() if of == family)
        if len(own.by_name) > 1:
            found.append(_figure("ranking", f"labels by {family}", ranking, own.by_name.values(), old, new))
    for rate in RATES:
        name = f"unreliable texts caught at {100 * rate:g} % false alarms"
        add(name, texts.statistic(partial(_caught, rate), unreliable, _reliability), published)
    add(
        "calibration error",
        texts.statistic(metrics.ece, unreliable, _reliability, _halves(corpus, reliable, published)),
        published,
        better=False,
        least_of_corpus=CALIBRATION_LEAST,
    )
    sound = Parts.of(base.corpora, corpus, reliable & ~spoilt)
    others = Parts.of(base.corpora, corpus, unreliable & ~spoilt)
    for policy in [name for name in old.verdict if name in new.verdict]:
        kept, dropped = (texts.share(partial(_has, policy, code)) for code in (KEEP, DROP))
        whole = (
            ("reliable texts kept", kept, sound, True),
            ("reliable texts dropped", dropped, sound, False),
            ("unreliable texts kept", kept, others, False),
        )
        for name, measured, parts, better in whole:
            some = parts.by_name.values()
            found.append(_figure(f"{name}, {policy}", "", measured, some, old, new, more_is_better=better))
        for code in np.unique(kind[reliable | unreliable]).tolist():
            here = (kind == code) & (reliable | unreliable)
            if ":" in base.kinds[code]:  # as many of each corpus, but few
                slices = {base.kinds[code]: np.flatnonzero(here)} if here.sum() >= N_LOW else {}
            else:
                by_corpus = Parts.of(base.corpora, corpus, here).by_name
                slices = {f"{base.kinds[code]} in {name}": at for name, at in by_corpus.items()}
            right = texts.share(partial(_is_right, policy, reliable))
            for where, at in slices.items():
                found.append(_figure(f"on the right side, {policy}", where, right, [at], old, new))

    code_of = reference.corpus[inside]
    marked, is_sound = reference.label[inside], reference.sound[inside]
    has_words = reference.n_words[inside] > 0
    content, filler = (has_words & (marked == role) for role in (evidence.CONTENT, evidence.FILLER))
    # words may add as many false alarms as the fit allows all terms together
    add(
        "sound paragraphs called filler, per 1,000",
        paragraphs.share(lambda said: THOUSAND * (said.role == evidence.FILLER)),
        Parts.of(base.corpora, code_of, is_sound & has_words),
        better=False,
        least=THOUSAND * FILLER_FALSE_ALARMS,
    )
    is_filler = paragraphs.share(lambda said: said.role == evidence.FILLER)
    add("filler found", is_filler, Parts.of(base.corpora, code_of, filler))
    is_lost = paragraphs.share(lambda said: said.role != evidence.CONTENT)
    add("content taken for something else", is_lost, Parts.of(base.corpora, code_of, content), better=False)
    furniture = roles.label == 1
    called = blocks.share(lambda said: said.furniture)
    add("furniture found", called, Parts.of(base.corpora, roles.corpus, furniture))
    add(
        "content taken for furniture",
        called,
        Parts.of(base.corpora, roles.corpus, ~furniture),
        better=False,
    )
    struck = (
        reference.findings[:, [k for k, name in enumerate(_rules(table.names)) if name in base.hard]] > 0
    ).any(axis=1)
    bad = has_words & (marked >= 0) & ((marked != evidence.CONTENT) | struck)
    good = content & ~struck
    add(
        "ranking of paragraphs",
        paragraphs.statistic(metrics.auc, bad, lambda said: said.paragraph),
        Parts.of(base.corpora, code_of, good, bad),
    )
    add(
        "reliability of sound paragraphs",
        paragraphs.share(lambda said: said.paragraph),
        Parts.of(base.corpora, code_of, is_sound & has_words),
        least=2 * LEAST,
    )
    return [figure for figure in found if figure is not None]


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
    for at in parts.by_name.values():
        for label in (True, False):
            rows = at[reliable[at] == label]
            weight[rows] = 0.5 / rows.size
    return weight
