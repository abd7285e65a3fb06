"""Labelled texts and what a scorer says of them: what every figure of an evaluation is made from.

A text is read, scored, and cut down to what is counted later (verdict, terms, findings, roles), so that
an evaluation holds no reports.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np

from quality.columns import Bools, Floats
from quality.learn.votes import LABELS
from quality.records import Problem, Record, read_texts
from quality.report import ROLES, Report
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
    `terms` are the values of the model's terms that weighed, `reasons` and `effects` the strongest.
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
        return frozenset((self.corpus, corpus_of(self.source)))

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
            "findings": [dict(reason) for reason in self.reasons],
            "effects": [{"feature": name, "effect": effect} for name, effect in self.effects],
            "opening": _cut(self.text, OPENING_LENGTH),
        }


def read_labels(
    paths: Iterable[str], corpus: str | None = None
) -> Iterator[tuple[Record, str, str | None] | Problem]:
    """Records with their corpus and label, and problems, of some files; `corpus` names all of them.

    The corpus is the record's field `corpus`, else the file's name. A record without a label is read
    as one that waits for it. A label or paragraph label that is none is a problem.
    """
    for item in read_texts(paths):
        if isinstance(item, Problem):
            yield item
            continue
        wrong = _wrong_labels(item.fields)
        if wrong:
            yield Problem(item.source, None, f"record {item.id}: {wrong}")
            continue
        named = item.fields.get("corpus")
        name = corpus or (named if isinstance(named, str) and named else corpus_of(item.source))
        yield item, name, item.fields.get("label") or None


def corpus_of(source: str) -> str:
    """The corpus that a file is called after: its name without endings."""
    return (
        "standard input" if source == "-" else re.sub(r"\.(?:jsonl|ndjson|txt)\b.*$", "", Path(source).name)
    )


def _wrong_labels(fields: Mapping[str, Any]) -> str | None:
    label = fields.get("label")
    if label not in (None, "", *LABELS):
        return f"label {label!r}, expected {', '.join(LABELS)} or none"
    roles = fields.get("paragraph_labels")
    if roles is None:
        return None
    if not isinstance(roles, list):
        return f"paragraph_labels is no list but {type(roles).__name__}: give one label a paragraph"
    unknown = [role for role in roles if role is not None and role not in ROLES]
    return f"paragraph label {unknown[0]!r}, expected {', '.join(ROLES)} or null" if unknown else None


def judge(
    records: Iterable[tuple[Record, str, str | None]], scorer: Scorer, other: Scorer | None = None
) -> Iterator[Judged | Problem]:
    """What the scorer makes of each text, in order; `other` is a second model to compare with.

    Where paragraph labels do not line up with the paragraphs, a problem comes before the text, which
    is then judged without them.
    """
    given, scored, again = tee(records, 3)
    reports = scorer.score_many(record for record, _, _ in scored)
    others = other.score_many(record for record, _, _ in again) if other else None
    for (record, corpus, label), report in zip(given, reports, strict=True):
        second = next(others) if others else None
        roles = record.fields.get("paragraph_labels")
        if roles is not None and len(roles) != len(report.paragraphs):
            told = f"{len(roles)} paragraph labels for {len(report.paragraphs)} paragraphs; they are not used"
            yield Problem(record.source, None, f"record {record.id}: {told}")
            roles = None
        yield _judged(record, corpus, label, report, roles or (), second)


def _judged(
    record: Record,
    corpus: str,
    label: str | None,
    report: Report,
    roles: Sequence[str | None],
    second: Report | None,
) -> Judged:
    text = record.text
    group, kind = record.fields.get("group"), record.fields.get("kind")
    # the first finding of each rule, hard ones before soft ones
    first = list({f.rule: f for f in reversed([*report.hard, *report.soft])}.values())[::-1][:N_QUOTES]
    return Judged(
        record.id,
        record.source,
        corpus,
        # without a group of its own a text stands alone, even where ids are line numbers
        str(group) if group not in (None, "") else f"{record.source}\n{record.id}",
        label,
        str(kind) if kind not in (None, "") else "none given",
        record.date[:4] if record.date else "no date",
        len(text.split()),
        " ".join(text[: 2 * N_CHARACTERS].split())[:N_CHARACTERS],
        form_of(text),
        report.reliability,
        report.verdict,
        Counter(f.rule for f in report.findings),
        {f.rule: f.tier for f in report.findings},
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
