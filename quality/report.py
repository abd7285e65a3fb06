"""What comes out: the report on one text, and how reliability becomes a verdict.

The fields are those of docs/output.md (schema `quality/1`); `Report.to_dict` gives them as plain
values, in the order shown there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

SCHEMA = "quality/1"
ROLES = ("content", "boilerplate", "filler", "duplicate")
VERDICTS = ("keep", "review", "drop", "unsure")
DOUBTS = ("few_words", "not_english")


@dataclass(frozen=True)
class Policy:
    """Thresholds that turn reliability into a verdict.

    At `keep` or above a text is kept; below `drop` it is dropped, provided it has hard evidence
    against it; everything else is for review. Texts with under `n_words_low` words of content, or with a share of
    English function words under `stop_word_share_low`, are `unsure` unless hard evidence drops them.
    """

    name: str
    keep: float
    drop: float
    n_words_low: int
    stop_word_share_low: float

    def verdict(self, reliability: float | None, *, n_words: int, stop_word_share: float, hard: bool) -> str:
        """One of `VERDICTS`. Soft signals alone never give "drop"."""
        if hard and reliability is not None and reliability < self.drop:
            return "drop"
        if reliability is None or self.doubt(n_words=n_words, stop_word_share=stop_word_share):
            return "unsure"
        return "keep" if reliability >= self.keep else "review"

    def doubt(self, *, n_words: int, stop_word_share: float) -> str | None:
        """Why a text with so many words of content is `unsure`, one of `DOUBTS`; None where it is not."""
        if n_words < self.n_words_low:
            return "few_words"
        return None if stop_word_share >= self.stop_word_share_low else "not_english"


class Threshold(Policy):
    """A policy by a number that somebody asked for: below `drop` a text is dropped without hard evidence too.

    Still not where it is unsure, since its number is a guess then.
    """

    def verdict(self, reliability: float | None, *, n_words: int, stop_word_share: float, hard: bool) -> str:
        """One of `VERDICTS`."""
        given = super().verdict(reliability, n_words=n_words, stop_word_share=stop_word_share, hard=hard)
        is_low = reliability is not None and reliability < self.drop
        return "drop" if is_low and given != "unsure" else given


class Finding(NamedTuple):
    """A rule that fired: where (offsets in the text as given), on what words, and what it means."""

    rule: str
    tier: str
    paragraph: int
    start: int
    end: int
    text: str
    message: str
    data: Mapping[str, Any]


class Contribution(NamedTuple):
    """One term of a score: `effect` is what it adds to the logit, `value` what was seen."""

    feature: str
    value: float | None
    effect: float


class RoleReasons(NamedTuple):
    """What the log odds of a paragraph being page furniture are the sum of: `intercept` and all effects.

    These are the odds by its looks alone, before filler and copies take their part (`quality.evidence.roles`).
    """

    intercept: float
    contributions: tuple[Contribution, ...]


class Paragraph(NamedTuple):
    """One paragraph: place, probability of each role, the role given, reliability (None without words)."""

    i: int
    start: int
    end: int
    role: str
    roles: Mapping[str, float]
    reliability: float | None
    text: str | None = None
    boilerplate: RoleReasons | None = None


class Duplicate(NamedTuple):
    """An indexed document (or paragraph of this text) that resembles one in the reference index."""

    id: str
    similarity: float
    paragraph: int | None = None


@dataclass(frozen=True)
class Report:
    """All that is said about one text.

    `reliability` is the probability, 0..1, that the text is of the sourced, human-edited,
    true-to-its-date kind; None for a text without words. Before calibration its logit is
    `intercept` plus the sum of the contributions' effects. `doubt`, one of `DOUBTS`, says why the
    verdict is "unsure". `page` is what a page of HTML says of itself.
    """

    id: str
    source: str
    reliability: float | None
    verdict: str
    policy: str
    as_of: Mapping[str, str | None]
    paragraphs: tuple[Paragraph, ...]
    findings: tuple[Finding, ...]
    contributions: tuple[Contribution, ...]
    intercept: float
    model: Mapping[str, str]
    duplicates: tuple[Duplicate, ...] = ()
    warnings: tuple[str, ...] = ()
    doubt: str | None = None
    text: str | None = None
    page: Mapping[str, str] | None = None

    @property
    def hard(self) -> tuple[Finding, ...]:
        """Findings of hard evidence, in the order of the text."""
        return tuple(f for f in self.findings if f.tier == "hard")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is what it is, in slugs: rules of hard evidence in the order of the text, then the `doubt`
        where it is unsure, `below_keep` where it is for review.
        """
        rest = ["below_keep"] if self.verdict == "review" else [] if self.doubt is None else [self.doubt]
        return tuple(dict.fromkeys([*(finding.rule for finding in self.hard), *rest]))

    @property
    def soft(self) -> tuple[Finding, ...]:
        """Findings of soft signals, in the order of the text."""
        return tuple(f for f in self.findings if f.tier == "soft")

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, as one line of `quality score --format jsonl` has them."""
        whole: dict[str, Any] = {
            "schema": SCHEMA,
            "id": self.id,
            "source": self.source,
            "reliability": self.reliability,
            "verdict": self.verdict,
            "policy": self.policy,
            "as_of": dict(self.as_of),
            "paragraphs": [values_of(p) for p in self.paragraphs],
            "findings": [values_of(f) for f in self.findings],
            "contributions": [values_of(c) for c in self.contributions],
            "intercept": self.intercept,
            "duplicates": [values_of(d) for d in self.duplicates],
            "warnings": list(self.warnings),
            "offset_unit": "codepoint",
            "model": dict(self.model),
        }
        page = None if self.page is None else dict(self.page)
        optional = {"doubt": self.doubt, "text": self.text, "page": page}
        return whole | {name: value for name, value in optional.items() if value is not None}


def values_of(part: Paragraph | Finding | Contribution | Duplicate) -> dict[str, Any]:
    """Fields of a part of the report, in order; optional ones (text, paragraph) only where given."""
    fields = part._asdict()
    for name in OPTIONAL.get(type(part), ()):
        if fields[name] is None:
            del fields[name]
    if isinstance(fields.get("boilerplate"), RoleReasons):
        intercept, contributions = fields["boilerplate"]
        fields["boilerplate"] = {
            "intercept": intercept,
            "contributions": [values_of(c) for c in contributions],
        }
    return fields


OPTIONAL: Mapping[type, tuple[str, ...]] = {Paragraph: ("text", "boilerplate"), Duplicate: ("paragraph",)}
