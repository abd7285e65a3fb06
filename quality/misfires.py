"""Which rules misfire: how often each fires in texts labelled reliable, and in those labelled unreliable.

A rule earns its place by firing more in the second than in the first. `bench` counts, `table` sets the
counts out for people, `Bench.to_dict` for programs (docs/rules.md). Not here: what a rule is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import exp, log, sqrt
from typing import Any

from quality.records import Record, short_names
from quality.rules import TIERS, Rule
from quality.scorer import Scorer

LABELS = ("reliable", "unreliable")
# Texts scored at a time.
CHUNK = 500
# Two-sided 95 % of the normal distribution.
Z = 1.96


@dataclass(frozen=True)
class Rates:
    """How often one rule fires; pairs are (in reliable texts, in unreliable texts).

    `worst` is the corpus with most findings per 1,000 paragraphs of its reliable texts, and that number.
    """

    rule: str
    tier: str
    findings: tuple[int, int]
    texts: tuple[int, int]
    per_1000: tuple[float, float]
    share: tuple[float, float]
    ratio: float
    interval: tuple[float, float]
    worst: tuple[str, float]

    @property
    def verdict(self) -> str:
        """What the counts say: "silent", "misfires" (surely), "in doubt" (ratio below 1), or "ok"."""
        if not any(self.findings):
            return "silent"
        if self.interval[1] < 1:
            return "misfires"
        return "in doubt" if self.ratio < 1 else "ok"


@dataclass(frozen=True)
class Bench:
    """Rates of all rules, most misfiring first within each tier, and the texts they were counted in.

    `texts` and `paragraphs` are (reliable, unreliable); `unlabelled` texts had neither label and were left out.
    """

    rules: tuple[Rates, ...]
    corpora: tuple[str, ...]
    texts: tuple[int, int]
    paragraphs: tuple[int, int]
    unlabelled: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `--format json` prints them."""
        return {
            "corpora": list(self.corpora),
            "texts": dict(zip(LABELS, self.texts, strict=True)),
            "paragraphs": dict(zip(LABELS, self.paragraphs, strict=True)),
            "unlabelled": self.unlabelled,
            "rules": [
                {
                    "rule": r.rule,
                    "tier": r.tier,
                    "verdict": r.verdict,
                    "findings": dict(zip(LABELS, r.findings, strict=True)),
                    "texts": dict(zip(LABELS, r.texts, strict=True)),
                    "per_1000_paragraphs": dict(zip(LABELS, r.per_1000, strict=True)),
                    "share_of_texts": dict(zip(LABELS, r.share, strict=True)),
                    "ratio": r.ratio,
                    "interval": list(r.interval),
                    "worst": {"corpus": r.worst[0], "per_1000_paragraphs": r.worst[1]},
                }
                for r in self.rules
            ],
        }


def bench(scorer: Scorer, rules: Sequence[Rule], records: Iterable[Record]) -> Bench:
    """Score labelled texts and count each rule's findings; a record's corpus is the file it comes from.

    Files of one name in different folders are different corpora.

    Raises ValueError where one of the two labels is missing.
    """
    findings: Counter[tuple[str, str, str]] = Counter()  # by rule, label and corpus
    texts: Counter[tuple[str, str]] = Counter()  # with a finding, by rule and label
    n_texts: Counter[str] = Counter()
    n_paragraphs: Counter[tuple[str, str]] = Counter()
    unlabelled = 0
    for some in _chunks(iter(records)):
        # without words there is nothing to misfire on
        labelled = [record for record in some if record.label in LABELS and record.text.strip()]
        unlabelled += len(some) - len(labelled)
        for record, report in zip(labelled, scorer.score_many(labelled), strict=True):
            label, corpus = str(record.label), record.source
            n_texts[label] += 1
            n_paragraphs[label, corpus] += len(report.paragraphs)
            findings.update((finding.rule, label, corpus) for finding in report.findings)
            texts.update((rule, label) for rule in {finding.rule for finding in report.findings})
    missing = [label for label in LABELS if not n_texts[label]]
    if missing:
        raise ValueError(
            f"no text is labelled {' and none '.join(missing)}: give JSON Lines whose "
            f"`label` is {' or '.join(LABELS)}, some of each"
        )
    corpora = tuple(dict.fromkeys(corpus for _, corpus in n_paragraphs))
    names = short_names(corpora)
    whole = [sum(n_paragraphs[label, corpus] for corpus in corpora) for label in LABELS]

    def rates(rule: Rule) -> Rates:
        counts = [sum(findings[rule.id, label, corpus] for corpus in corpora) for label in LABELS]
        having = [texts[rule.id, label] for label in LABELS]
        of = [n_texts[label] for label in LABELS]
        ratio, low, high = _ratio(having, of)
        by_corpus = {c: n_paragraphs[LABELS[0], c] for c in corpora if n_paragraphs[LABELS[0], c]}
        worst = {c: 1000 * findings[rule.id, LABELS[0], c] / n for c, n in by_corpus.items()}
        most = max(worst, key=lambda corpus: worst[corpus])
        return Rates(
            rule.id,
            rule.tier,
            (counts[0], counts[1]),
            (having[0], having[1]),
            (1000 * counts[0] / max(whole[0], 1), 1000 * counts[1] / max(whole[1], 1)),
            (having[0] / of[0], having[1] / of[1]),
            ratio,
            (low, high),
            (names[most], worst[most]),
        )

    order = {verdict: k for k, verdict in enumerate(("misfires", "in doubt", "ok", "silent"))}
    found = sorted(
        map(rates, rules),
        key=lambda r: (TIERS.index(r.tier), order[r.verdict], r.ratio, -r.per_1000[0], r.rule),
    )
    return Bench(
        tuple(found),
        tuple(names[corpus] for corpus in corpora),
        (n_texts[LABELS[0]], n_texts[LABELS[1]]),
        (whole[0], whole[1]),
        unlabelled,
    )


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while some := list(islice(records, CHUNK)):
        yield some


def _ratio(having: Sequence[int], of: Sequence[int]) -> tuple[float, float, float]:
    """Share of unreliable texts over that of reliable ones, and its 95 % interval.

    Of texts, not findings, which come in swarms. The interval is that of the logarithm (Katz et al. 1978) with a
    half added to each count (Walter 1975), so that a rule that never fired has one as well.
    """
    counts, totals = [n + 0.5 for n in having], [n + 0.5 for n in of]
    centre = log(counts[1] / totals[1]) - log(counts[0] / totals[0])
    spread = sqrt(sum(1 / n - 1 / total for n, total in zip(counts, totals, strict=True)))
    return exp(centre), exp(centre - Z * spread), exp(centre + Z * spread)


def table(found: Bench) -> str:
    """The counts as a page: a table for each tier, and in words which rules misfire."""
    lines = [
        f"{found.texts[0]:,} reliable texts ({found.paragraphs[0]:,} paragraphs), "
        f"{found.texts[1]:,} unreliable ({found.paragraphs[1]:,}), from {', '.join(found.corpora)}"
    ]
    if found.unlabelled:
        lines.append(f"{found.unlabelled:,} text{'s' * (found.unlabelled != 1)} with neither label left out")
    width = max((len(r.rule) for r in found.rules), default=0)
    for tier in TIERS:
        rows = [r for r in found.rules if r.tier == tier]
        fired = [r for r in rows if r.verdict != "silent"]
        lines += [
            "",
            f"{tier} rules: findings per 1,000 paragraphs, share of texts, ratio of the shares with its 95 % interval",
            f"{'':<{width}} {'reliable':>9} {'unreliable':>10} {'reliable':>9} {'unreliable':>10} {'ratio':>8}  interval",
        ]
        lines += [_row(r, width) for r in fired]
        silent = [r.rule for r in rows if r.verdict == "silent"]
        if silent:
            lines.append(f"never fired: {', '.join(silent)}")
    lines.append("")
    for verdict, said in (
        ("misfires", "fire more in reliable than in unreliable texts"),
        ("in doubt", "seem to, but the interval holds 1"),
    ):
        names = [r.rule for r in found.rules if r.verdict == verdict]
        lines.append(f"{said}: {', '.join(names) or 'none'}")
    return "\n".join(lines)


def _row(r: Rates, width: int) -> str:
    return (
        f"{r.rule:<{width}} {r.per_1000[0]:>9.3f} {r.per_1000[1]:>10.3f} {100 * r.share[0]:>8.2f}% "
        f"{100 * r.share[1]:>9.2f}% {r.ratio:>8.2f}  {r.interval[0]:.2f} to {r.interval[1]:.2f}"
    )
