"""From texts to reports: the one path that scores, explains and points.

A `Scorer` holds a model and rule packs. It takes records in batches of about a megabyte, so that
columns are long enough to be fast and memory stays flat, and gives reports in the same order.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

import quality.features  # noqa: F401 - declares the features
from quality import evidence
from quality.columns import Floats, Ints, ratio
from quality.features.ngrams import document_rows, paragraph_rows, weighted
from quality.features.officials import OfficialsResult, find_officials
from quality.lexicon import RulePack, is_stop_word, shipped_rules
from quality.mentions import Index
from quality.model import FillerWords, Model, sigmoid, total
from quality.officeholders import OFFICEHOLDERS, OfficeTable
from quality.records import Record, iso_day
from quality.registry import Counted, around_names, count, neighbourhood, own_packs, paragraph_matrix
from quality.report import ROLES, Contribution, Finding, Paragraph, Policy, Report
from quality.text import Batch

# Characters of text in a batch: enough for columns to pay. With half of it scoring takes a sixteenth longer, and
# 40 MB of memory less (own measurement on news).
BATCH_CHARACTERS = 1_000_000

# Word score of paragraphs, the column beside the measured features.
WORD_SCORE = "word_score"


@dataclass(frozen=True)
class Columns:
    """All that a model computes of a batch, before it is told in words."""

    batch: Batch
    counted: Counted
    officials: OfficialsResult
    chance: Floats
    role: Ints
    terms: Floats
    likeness: Floats
    familiarity: Floats
    likeness_whole: Floats
    likeness_effect: Floats
    effects: Floats
    logit: Floats
    reliability: Floats
    paragraph_reliability: Floats
    n_words: Ints
    n_content_words: Ints
    stop_word_share: Floats


class Scorer:
    """Scores texts with one model. Picklable; `Scorer.load()` takes a few hundredths of a second."""

    def __init__(
        self,
        model: Model,
        policy: str = "default",
        packs: Sequence[RulePack] = (),
        officials: Index | None = None,
    ) -> None:
        if policy not in model.policies:
            raise ValueError(f"unknown policy {policy!r}; this model knows {', '.join(model.policies)}")
        self.model = model
        self.policies: Mapping[str, Policy] = model.policies
        self.policy = model.policies[policy]
        self._packs = tuple(packs)
        self._officials = officials

    @classmethod
    def load(
        cls,
        model: str | Path = "default",
        *,
        policy: str = "default",
        rules: Sequence[str | Path] = (),
        officials: Sequence[str | Path] = (),
    ) -> Scorer:
        """A scorer with a shipped model (by name) or one in a folder, further rule packs and terms of office.

        Raises FileNotFoundError where there is no such model, ValueError where it cannot be used, where
        the policy is unknown, where a rule pack is not as docs/rules.md says or a row not as docs/officials.md.
        """
        folder = Path(model)
        if not (folder / "card.json").exists():
            shipped = model_folder(str(model))
            if shipped is None:
                known = ", ".join(sorted(shipped_models())) or "none"
                raise FileNotFoundError(
                    f"no model {str(model)!r}: neither a folder with card.json nor shipped ({known})"
                )
            folder = shipped
        index = Index(OfficeTable.load(OFFICEHOLDERS, *map(Path, officials))) if officials else None
        return cls(Model.load(folder), policy, own_packs(map(Path, rules)), index)

    def score(
        self,
        record: str | Mapping[str, Any] | Record,
        *,
        date: str | datetime.date | None = None,
        with_text: bool = False,
    ) -> Report:
        """Report on one text; `date` is the day it is to be read as new, unless the record has one.

        It goes before a date that the text itself bears; where the two are far apart, the report warns.

        Raises TypeError for what is no text or record, ValueError for a record without text or a date
        that is no day.
        """
        one = _record(record, 1)
        if date is not None and one.date is None:
            one = replace(one, date=iso_day(date))
        return next(self.score_many([one], with_text=with_text))

    def score_many(
        self, records: Iterable[str | Mapping[str, Any] | Record], *, with_text: bool = False
    ) -> Iterator[Report]:
        """Reports on texts, in order; records are read as reports are asked for, a batch ahead.

        Raises TypeError for one text instead of many and for what is no text or record, ValueError for a
        record without text; both say which record, counted from 1.
        """
        if isinstance(records, str | Mapping | Record):
            raise TypeError("one text given, an iterable of texts expected: use score(text)")
        for some in batches(_record(r, number) for number, r in enumerate(records, 1)):
            yield from self._reports(some, with_text)

    def columns_of(self, records: Sequence[Record]) -> Columns:
        """The model's columns for some records, as one batch."""
        batch = Batch.of([r.text for r in records], [r.paragraphs for r in records])
        officials = find_officials(batch, [r.date for r in records], self._officials)
        counted = count(batch, (shipped_rules(), *self._packs), officials.findings)
        return self.weigh(batch, counted, officials)

    def weigh(self, batch: Batch, counted: Counted, officials: OfficialsResult) -> Columns:
        """The model's columns for a batch and its findings."""
        model = self.model
        boilerplate = sigmoid(
            model.boilerplate.logit(role_matrix(batch, model.paragraph_words, model.boilerplate.names))
        )
        filler = sigmoid(
            model.filler.logit(filler_matrix(batch, counted, model.filler_words, model.filler.names))
        )
        chance, role = evidence.roles(batch, boilerplate, filler)
        terms = evidence.document_terms(batch, counted, role, model.reliability.names)
        effects = model.reliability.effects(terms)
        evidence_logit = model.reliability.intercept + total(effects)
        likeness, familiarity = likeness_score(batch, role, model)
        likeness_whole = model.likeness.effect(likeness, 1.0)
        likeness_effect = model.likeness.effect(likeness, familiarity)
        logit = evidence_logit + likeness_effect
        paragraph_logit = model.paragraph_reliability.logit(
            evidence.paragraph_terms(
                batch, counted, chance, evidence_logit, model.paragraph_reliability.names
            )
        )
        n_words = batch.n_words(batch.documents)
        content = role == evidence.CONTENT
        n_content_words, n_stop_words = (
            np.bincount(batch.paragraphs.parent, weights=some * content, minlength=batch.n_documents)
            for some in (batch.n_words(batch.paragraphs), batch.paragraphs.sum(is_stop_word(batch)))
        )
        return Columns(
            batch,
            counted,
            officials,
            chance,
            role,
            terms,
            likeness,
            familiarity,
            likeness_whole,
            likeness_effect,
            effects,
            logit,
            model.calibrated(logit),
            model.calibrated_paragraph(paragraph_logit),
            n_words.astype(np.int64),
            n_content_words.astype(np.int64),
            ratio(n_stop_words, n_content_words),
        )

    def _reports(self, records: Sequence[Record], with_text: bool) -> Iterator[Report]:
        columns = self.columns_of(records)
        batch, counted = columns.batch, columns.counted
        model = {"name": self.model.name, "digest": self.model.digest}
        edges = np.searchsorted(batch.paragraphs.parent, np.arange(len(records) + 1))
        finding_edges = np.searchsorted(counted.start, batch.document_start)
        all_paragraphs, all_findings = (
            _paragraphs(columns, edges, with_text),
            _findings(batch, counted, edges),
        )
        for d, record in enumerate(records):
            text = batch.texts[d]
            paragraphs = tuple(all_paragraphs[edges[d] : edges[d + 1]])
            findings = tuple(all_findings[finding_edges[d] : finding_edges[d + 1]])
            value = float(columns.reliability[d]) if columns.n_words[d] else None
            n_words, share = int(columns.n_content_words[d]), float(columns.stop_word_share[d])
            is_hard = any(f.tier == "hard" for f in findings)
            verdict = self.policy.verdict(value, n_words=n_words, stop_word_share=share, hard=is_hard)
            doubt = self.policy.doubt(n_words=n_words, stop_word_share=share)
            yield Report(
                record.id,
                record.source,
                value,
                verdict,
                self.policy.name,
                columns.officials.as_of[d],
                paragraphs,
                findings,
                self._contributions(columns, d) if value is not None else (),
                self.model.reliability.intercept,
                model,
                warnings=(*record.warnings, *columns.officials.warnings[d]),
                doubt=doubt if verdict == "unsure" else None,
                text=text if with_text else None,
            )

    def _contributions(self, columns: Columns, d: int) -> tuple[Contribution, ...]:
        # told whole, and then what is taken off it where the text is of another kind than those it was learnt on
        counted, whole = float(columns.likeness_effect[d]), float(columns.likeness_whole[d])
        likeness = [Contribution("likeness", float(columns.likeness[d]), whole)]
        if counted != whole:
            strangeness = 1.0 - float(columns.familiarity[d])
            likeness.append(Contribution("strange_kind", strangeness, counted - whole))
        some = np.flatnonzero(columns.effects[d])
        terms, effects = columns.terms[d, some].tolist(), columns.effects[d, some].tolist()
        names = [self.model.reliability.names[j] for j in some.tolist()]
        others = map(Contribution, names, terms, effects)
        return tuple(sorted([*likeness, *others], key=lambda c: -abs(c.effect)))


def _paragraphs(columns: Columns, edges: Ints, with_text: bool) -> list[Paragraph]:
    """All paragraphs of a batch, told of their texts; those of document d begin with `edges[d]`."""
    batch, group = columns.batch, columns.batch.paragraphs
    base = batch.document_start[group.parent]
    number = np.arange(group.n) - edges[group.parent]
    start, end = (group.start - base).tolist(), (group.end - base).tolist()
    # in the order of ROLES; a literal is many times faster than dict(zip(...)) for each paragraph
    roles = [
        {"content": content, "boilerplate": boilerplate, "filler": filler, "duplicate": duplicate}
        for content, boilerplate, filler, duplicate in columns.chance.tolist()
    ]
    reliability: list[float | None] = columns.paragraph_reliability.tolist()
    for wordless in np.flatnonzero(batch.n_words(group) == 0).tolist():
        reliability[wordless] = None
    role = [ROLES[code] for code in columns.role.tolist()]
    given = [number.tolist(), start, end, role, roles, reliability]
    if with_text:
        places = zip(group.parent.tolist(), start, end, strict=True)
        given.append([batch.texts[d][low:high] for d, low, high in places])
    return list(map(Paragraph, *given))


def _findings(batch: Batch, counted: Counted, edges: Ints) -> list[Finding]:
    """All findings of a batch, told of their texts; paragraphs of document d begin with `edges[d]`."""
    document = batch.paragraphs.parent[counted.paragraph]
    base = batch.document_start[document]
    number = counted.paragraph - edges[document]
    columns = (counted.rule, document, number, counted.start - base, counted.end - base)
    found = []
    rows = zip(*(column.tolist() for column in columns), counted.data, strict=True)
    for code, d, paragraph, start, end, data in rows:
        rule, span = counted.rules[code], batch.texts[d][start:end]
        others = dict(data or {})
        message = str(others.pop("message", None) or rule.message.replace("{text}", span))
        found.append(Finding(rule.id, rule.tier, paragraph, start, end, span, message, others))
    return found


def role_matrix(batch: Batch, word_weights: Floats, names: Sequence[str]) -> Floats:
    """Columns of the role model: measured features and neighbours by name, and the word score with its own."""
    measured = [n for n in names if not n.startswith(WORD_SCORE)]
    matrix = paragraph_matrix(batch, measured)
    if len(measured) == len(names):
        return matrix
    score = paragraph_rows(batch).dot(word_weights)
    columns = dict(zip(measured, matrix.T, strict=True)) | word_score_columns(batch, score)
    return np.column_stack([columns[n] for n in names])


def filler_matrix(batch: Batch, counted: Counted, words: FillerWords, names: Sequence[str]) -> Floats:
    """Columns of the filler model by name; words without weights are not read."""
    term = words.term(paragraph_rows(batch).dot(words.weights)) if words.weights.any() else None
    return evidence.filler_terms(batch, counted, names, term)


WORD_SCORE_AROUND: tuple[int | str, ...] = (-2, -1, 1, 2, "mean 2", "mean 5", "mean 10")


def word_score_columns(batch: Batch, score: Floats) -> dict[str, Floats]:
    """The word score of paragraphs and of their neighbours, by column name."""
    names = around_names(WORD_SCORE, WORD_SCORE_AROUND)
    return dict(zip(names, [score, *neighbourhood(batch, score, WORD_SCORE_AROUND)], strict=True))


def likeness_score(batch: Batch, role: Ints, model: Model) -> tuple[Floats, Floats]:
    """How much each document's content reads like the reliable side, and how far it is of a kind that this was
    learnt on; two float64[documents].
    """
    likeness = model.likeness
    content = role == evidence.CONTENT
    words, masked = document_rows(batch, content)
    masked = weighted(masked, likeness.masked_idf)
    score = likeness.blend(
        weighted(words, likeness.words_idf).dot(likeness.words), masked.dot(likeness.masked)
    )
    return score, likeness.familiarity(masked.dot(likeness.kind))


def shipped_models() -> Mapping[str, Path]:
    """Models that came with the package or stand in the checkout's `models/`, by name."""
    package = Path(str(resources.files("quality")))
    found: dict[str, Path] = {}
    for home in (package.parent / "models", package / "models"):
        if home.is_dir():
            found |= {p.parent.name: p.parent for p in sorted(home.glob("*/card.json"))}
    return found


def model_folder(name: str) -> Path | None:
    """Folder of a shipped model, None where there is none of that name."""
    return shipped_models().get(name)


def _record(given: str | Mapping[str, Any] | Record, number: int) -> Record:
    if isinstance(given, Record):
        return given
    if isinstance(given, str):
        return Record(id=str(number), source="", text=given)
    if not isinstance(given, Mapping):
        expected = "a string, a dict with a field text or paragraphs, or a Record"
        raise TypeError(f"record {number} is of type {type(given).__name__}, expected {expected}")
    try:
        return Record.of(given, number)
    except ValueError as error:
        raise ValueError(f"record {number}: {error}") from None


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records in lists of at most `BATCH_CHARACTERS`, or of one where it is longer."""
    some: list[Record] = []
    size = 0
    for record in records:
        length = len(record.text) if record.paragraphs is None else sum(map(len, record.paragraphs))
        if some and size + length > BATCH_CHARACTERS:
            yield some
            some, size = [], 0
        some.append(record)
        size += length
    if some:
        yield some
