"""Labelled texts and what a scorer says of them: what every figure of an evaluation is made from.

A text is read, scored, and cut down to what is counted later (verdict, terms, findings, roles), so that
an evaluation holds no reports.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from typing import Any

import numpy as np

from quality.columns import Bools, Floats
from quality.learn.base import text_fingerprint
from quality.learn.corpora import Labelled
from quality.records import stem
from quality.report import Report
from quality.scorer import Scorer

# Characters of a text that baselines read, as many as the likeness does (features/ngrams.py).
N_CHARACTERS = 3500
# How much of the reasons is kept for the lists of errors.
N_QUOTES, N_EFFECTS, QUOTE_LENGTH, OPENING_LENGTH = 3, 3, 160, 120
# Lengths that are sliced by, in words: a brief, a short report, an article, a long read (own choice).
LENGTHS = (150, 400, 1000)


@dataclass(frozen=True)
class Judged:
    """A text, its labels, and what was made of it.

    `label` is one of `LABELS`, None where there is none. `paragraphs` holds (label, role given, words)
    of each paragraph with a label. `findings` counts by rule, `tiers` says of what tier each rule is,
    `terms` are the values of the model's terms that weighed, `reasons` and `effects` the strongest. `learnt`
    and `learnt_by_second` say whether a model is known to have learnt from the very text.
    """

    id: str
    source: str
    corpus: str
    group: str
    label: str | None
    kind: str
    year: str
    n_words: int
    text: str
    form: tuple[float, ...]
    reliability: float | None
    verdict: str
    findings: Mapping[str, int]
    tiers: Mapping[str, str]
    terms: Mapping[str, float]
    reasons: tuple[Mapping[str, Any], ...]
    effects: tuple[tuple[str, float], ...]
    paragraphs: tuple[tuple[str, str, int], ...] = ()
    compared: tuple[float | None, str] | None = None
    learnt: bool = False
    learnt_by_second: bool = False

    @property
    def unreliable(self) -> bool:
        """Is this one of the texts that are to be found?"""
        return self.label == "unreliable"

    @property
    def is_measured(self) -> bool:
        """Does the text count: has it a clear label, and a number from every model?"""
        numbers = [self.reliability, *(self.compared[:1] if self.compared else ())]
        return self.label in ("reliable", "unreliable") and None not in numbers

    @property
    def corpora(self) -> frozenset[str]:
        """Names under which a model may have learnt from the text: its corpus, and that of its file."""
        return frozenset((self.corpus, stem(self.source)))

    @property
    def length(self) -> str:
        """The slice of length, in words."""
        edges = (0, *LENGTHS)
        k = bisect_right(edges, self.n_words) - 1
        return f"{edges[k]} words or more" if k == len(LENGTHS) else f"{edges[k]}-{edges[k + 1] - 1} words"

    def told(self) -> dict[str, Any]:
        """What a list of texts says of one."""
        return {
            "id": self.id,
            "source": self.source,
            "corpus": self.corpus,
            "label": self.label,
            "kind": self.kind,
            "reliability": self.reliability,
            "verdict": self.verdict,
            "learnt": self.learnt,
            "findings": [dict(reason) for reason in self.reasons],
            "effects": [{"feature": name, "effect": effect} for name, effect in self.effects],
            "opening": _cut(self.text, OPENING_LENGTH),
        }


def judge(texts: Iterable[Labelled], scorer: Scorer, other: Scorer | None = None) -> Iterator[Judged]:
    """What the scorer makes of each text, in order; `other` is a second model to compare with."""
    given, scored, again = tee(texts, 3)
    reports = scorer.score_many(text.record for text in scored)
    others = other.score_many(text.record for text in again) if other else None
    known, known_to_other = (_learnt_from(some) for some in (scorer, other))
    for text, report in zip(given, reports, strict=True):
        second = next(others) if others else None
        key = text_fingerprint(text)
        yield _judged(text, report, second, key in known, key in known_to_other)


def _learnt_from(scorer: Scorer | None) -> frozenset[int]:
    """Fingerprints of the texts that a scorer's model is known to have learnt from."""
    known = scorer.model.learnt_from() if scorer else None
    return frozenset(() if known is None else known.tolist())


def _judged(
    labelled: Labelled, report: Report, second: Report | None, learnt: bool, learnt_by_second: bool
) -> Judged:
    text = labelled.record.text
    roles = labelled.roles or ()
    # the first finding of each rule, hard ones before soft ones
    first = list({f.rule: f for f in reversed([*report.hard, *report.soft])}.values())[::-1][:N_QUOTES]
    return Judged(
        labelled.id,
        labelled.source,
        labelled.corpus,
        labelled.group,
        labelled.label or None,
        labelled.kind,
        labelled.date[:4] if labelled.date else "no date",
        len(text.split()),
        " ".join(text[: 2 * N_CHARACTERS].split())[:N_CHARACTERS],
        form_of(text),
        report.reliability,
        report.verdict,
        Counter(f.rule for f in report.findings),
        {f.rule: f.tier for f in (*report.soft, *report.hard)},
        {c.feature: c.value for c in report.contributions if c.value is not None},
        tuple(
            {"rule": f.rule, "tier": f.tier, "text": _cut(f.text, QUOTE_LENGTH), "message": f.message}
            for f in first
        ),
        tuple((c.feature, c.effect) for c in report.contributions[:N_EFFECTS] if c.effect),
        tuple(
            (role, p.role, len(text[p.start : p.end].split()))
            for role, p in zip(roles, report.paragraphs, strict=bool(roles))
            if role is not None
        ),
        (second.reliability, second.verdict) if second else None,
        learnt,
        learnt_by_second,
    )


def _cut(text: str, n: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= n else text[: n - 1] + "…"


def taken_together(texts: Sequence[Judged]) -> tuple[Sequence[Judged], bool]:
    """The texts, as one corpus where no corpus has both labels though the texts have; and whether so."""
    labels = {(t.corpus, t.label) for t in texts if t.is_measured}
    names = {corpus for corpus, _ in labels}
    both = any({(name, "reliable"), (name, "unreliable")} <= labels for name in names)
    if both or len(names) < 2 or len({label for _, label in labels}) < 2:
        return texts, False
    return [replace(t, corpus="all") for t in texts], True


MARKS = "\n\"'-(,.:;!?"


def form_of(text: str) -> tuple[float, ...]:
    """Length, blank lines, shares of marks, capitals and digits: nothing of what a text says."""
    size = max(len(text), 1)
    return (
        float(np.log(size)),
        float(text.count("\n\n")),
        *(text.count(mark) / size for mark in MARKS),
        sum(map(str.isupper, text)) / size,
        sum(map(str.isdigit, text)) / size,
    )


def labels_and_suspicion(texts: Sequence[Judged], compared: bool = False) -> tuple[Bools, Floats]:
    """Label (bool[n], True for unreliable) and 1 - reliability (float64[n]) of texts that are measured."""
    number = [(t.compared[0] if t.compared else None) if compared else t.reliability for t in texts]
    return (
        np.array([t.unreliable for t in texts], bool),
        1.0 - np.array([np.nan if n is None else n for n in number], np.float64),
    )


def tiers_of(texts: Iterable[Judged]) -> dict[str, str]:
    """The tier of each rule that fired: hard where it was so in any text, since in furniture some hard rules are soft."""
    found = [(rule, tier) for t in texts for rule, tier in t.tiers.items()]
    return dict(sorted(found, key=lambda one: one[1], reverse=True))
