"""From texts to reports: the one path that scores, explains and points.

A `Scorer` holds a model and rule packs. It takes records in batches of about a megabyte, so that
columns are long enough to be fast and memory stays flat, and gives reports in the same order.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import quality.features  # noqa: F401 - declares the features
from quality import evidence
from quality.columns import Floats, Ints, ratio
from quality.features.officials import OfficialsResult, find_officials
from quality.lexicon import is_stop_word
from quality.matrices import boilerplate_effects, filler_matrix, likeness_score, role_matrix
from quality.mentions import Index
from quality.model import Model, sigmoid, total
from quality.officeholders import OFFICEHOLDERS, OfficeTable
from quality.records import PAGE_MODES, Record, iso_day
from quality.registry import Counted, count, own_packs
from quality.report import ROLES, Contribution, Finding, Paragraph, Policy, Report, RoleReasons
from quality.rules import RulePack, shipped_rules
from quality.text import Batch

if TYPE_CHECKING:
    from quality.html import Extraction
    from quality.index import Index as ReferenceIndex

# Characters of text in a batch: enough for columns to pay. With half of it scoring takes a sixteenth longer, and
# 40 MB of memory less (own measurement on news).
BATCH_CHARACTERS = 1_000_000

# Where `quality train` puts models, from the working folder.
HOME = Path("models")

# What speaks for furniture in a paragraph of a page: the chance that reading the page gave it.
TOLD_BY_PAGE = "told_by_page"

# What a paragraph's neighbours add.
BESIDE = "beside_furniture"

# Share of a paragraph's characters under cues of furniture.
CUE_WORDS = "cue_words"


@dataclass(frozen=True)
class Columns:
    """All that a model computes of a batch, before it is told in words."""

    batch: Batch
    counted: Counted
    officials: OfficialsResult
    looked: Floats
    cued: Floats
    beside: Floats
    furniture: Floats
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
        *,
        careful: bool = False,
        pages: str = "full",
        against: ReferenceIndex | None = None,
    ) -> None:
        if pages not in PAGE_MODES:
            raise ValueError(f"unknown way to read HTML {pages!r}; expected one of {', '.join(PAGE_MODES)}")
        if policy not in model.policies:
            raise ValueError(f"unknown policy {policy!r}; this model knows {', '.join(model.policies)}")
        self.model = model
        self.policies: Mapping[str, Policy] = model.policies
        self.policy = model.policies[policy]
        self._packs = tuple(packs)
        self._officials = officials
        self._careful = careful
        # log odds of furniture are lowered by this
        self._doubt = model.careful if careful else 0.0
        self._pages = pages
        self._against = against

    @classmethod
    def load(
        cls,
        model: str | Path | Model = "default",
        *,
        policy: str = "default",
        rules: Sequence[str | Path] = (),
        officials: Sequence[str | Path] = (),
        careful: bool = False,
        pages: str = "full",
        against: str | Path | None = None,
    ) -> Scorer:
        """A scorer with a model, by folder, by name (`load_model`) or loaded, further rule packs and terms of office.

        A `careful` one calls fewer paragraphs boilerplate, and none filler or a copy but by a hard finding, where losing
        some of the text is worse than keeping a menu.
        `pages` says how HTML is read: "full" or "fast" (docs/html.md).
        `against` is a reference index: reports then tell what of a text is known from it (docs/index.md). It must be
        there, and is read when the first text is scored; what cannot be used then raises `quality.index_file.UnusableIndexError`.

        Raises FileNotFoundError where there is no such model, ValueError where it cannot be used, where
        the policy is unknown, where a rule pack is not as docs/rules.md says or a row not as docs/officials.md.
        """
        loaded = model if isinstance(model, Model) else load_model(model)
        index = Index(OfficeTable.load(OFFICEHOLDERS, *map(Path, officials))) if officials else None
        reference = None
        if against is not None:
            from quality.index import Index as ReferenceIndex

            reference = ReferenceIndex(against)
        packs = own_packs(map(Path, rules))
        return cls(loaded, policy, packs, index, careful=careful, pages=pages, against=reference)

    def score(
        self,
        record: str | Mapping[str, Any] | Record,
        *,
        date: str | datetime.date | None = None,
        with_text: bool = False,
        with_roles: bool = False,
    ) -> Report:
        """Report on one text; `date` is the day it is to be read as new, unless the record has one.

        It goes before a date that the text itself bears; where the two are far apart, the report warns.

        `with_text` and `with_roles` put the text, and what each paragraph's boilerplate chance is made of, into it.

        Raises TypeError for what is no text or record, ValueError for a record without text or a date
        that is no day.
        """
        (one,) = self.extracted([_record(record, 1)])
        one = one.on(None if date is None else iso_day(date))
        return next(self.score_many([one], with_text=with_text, with_roles=with_roles))

    def score_many(
        self,
        records: Iterable[str | Mapping[str, Any] | Record],
        *,
        with_text: bool = False,
        with_roles: bool = False,
    ) -> Iterator[Report]:
        """Reports on texts, in order; records are read as reports are asked for, a batch ahead.

        Raises TypeError for one text instead of many and for what is no text or record, ValueError for a
        record without text; both say which record, counted from 1.
        """
        if isinstance(records, str | Mapping | Record):
            raise TypeError("one text given, an iterable of texts expected: use score(text)")
        for some in batches(self.extracted(_record(r, number) for number, r in enumerate(records, 1))):
            yield from self._reports(some, with_text, with_roles)

    def extracted(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records in order, those of pages with text, paragraphs and metadata in place of their HTML.

        What a record says itself (title, date, url) is kept; its page fills what is missing. Others pass as they are.

        Raises ModuleNotFoundError where packages that read HTML are missing.
        """
        for some in batches(records):
            pages = [r for r in some if r.html is not None]
            found: Iterator[Extraction] = iter(())
            if pages:
                from quality.html import extract  # imported for pages alone: texts are to be scored soon

                sources, urls = [r.html or "" for r in pages], [r.url for r in pages]
                found = iter(extract(sources, urls, self.odds, self._pages))
            for record in some:
                yield record if record.html is None else _of_page(record, next(found))

    def odds(self, pages: Sequence[Sequence[str]]) -> list[Floats]:
        """Log odds of content, by the role model, of the paragraphs of some pages; float64[paragraphs] each."""
        batch = Batch.of(["\n\n".join(page) for page in pages], list(pages))
        # wordless paragraphs are furniture, as in `evidence.roles`
        logit = np.where(
            batch.n_words(batch.paragraphs) == 0, np.inf, self._furniture_logit(self._looked(batch))
        )
        return np.split(-logit, np.searchsorted(batch.paragraphs.parent, np.arange(1, len(pages))))

    def _looked(self, batch: Batch) -> Floats:
        """Columns of the second look at the paragraphs of a batch."""
        return role_matrix(batch, self.model.first_look, self.model.boilerplate.names)

    def _furniture_logit(self, looked: Floats) -> Floats:
        """Log odds of being furniture by the role model, for the columns of its second look; float64[paragraphs]."""
        return self.model.boilerplate.logit(looked) - self._doubt

    def columns_of(self, records: Sequence[Record]) -> Columns:
        """The model's columns for some records, as one batch."""
        batch = Batch.of([r.text for r in records], [r.paragraphs for r in records])
        officials = find_officials(batch, [r.date for r in records], self._officials)
        counted = count(batch, (shipped_rules(), *self._packs), officials.findings)
        as_of = tuple(
            {**day, "from": "metadata"} if record.has_page_date and day["from"] == "field" else day
            for record, day in zip(records, officials.as_of, strict=True)
        )
        return self.weigh(batch, counted, replace(officials, as_of=as_of), _known_furniture(records, batch))

    def weigh(
        self,
        batch: Batch,
        counted: Counted,
        officials: OfficialsResult,
        furniture: Floats | None = None,
    ) -> Columns:
        """The model's columns for a batch and its findings.

        `furniture` float64[paragraphs] is the chance of being furniture where it is known from the page, else NaN.
        """
        model = self.model
        looked = self._looked(batch)
        cued, logit = evidence.cued(batch, counted), self._furniture_logit(looked)
        beside = evidence.beside_furniture(batch, logit + cued)
        boilerplate = sigmoid(logit + cued + beside)
        if furniture is not None:
            boilerplate = np.where(np.isnan(furniture), boilerplate, sigmoid(_odds(furniture) + cued))
        filler = sigmoid(
            model.filler.logit(filler_matrix(batch, counted, model.filler_words, model.filler.names))
        )
        proved = evidence.proved_by_findings(batch, counted) if self._careful else None
        chance, role = evidence.roles(batch, boilerplate, filler, proved)
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
            evidence.furniture_told(batch, counted, role),
            officials,
            looked,
            cued,
            beside,
            np.full(batch.paragraphs.n, np.nan) if furniture is None else furniture,
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

    def _reports(self, records: Sequence[Record], with_text: bool, with_roles: bool) -> Iterator[Report]:
        columns = self.columns_of(records)
        batch, counted = columns.batch, columns.counted
        model = {"name": self.model.name, "digest": self.model.digest}
        edges = np.searchsorted(batch.paragraphs.parent, np.arange(len(records) + 1))
        finding_edges = np.searchsorted(counted.start, batch.document_start)
        reasons = self._role_reasons(columns) if with_roles else None
        known = None if self._against is None else self._against.look_up(batch, [r.identity for r in records])
        all_paragraphs, all_findings = (
            _paragraphs(columns, edges, with_text, reasons),
            _findings(columns, edges),
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
            report = Report(
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
                page=record.page,
            )
            yield report if known is None else known.told(report, d, text)

    def _role_reasons(self, columns: Columns) -> list[RoleReasons]:
        """What each paragraph's log odds of furniture are the sum of; where they are known from the page, those and the cues."""
        names, values, effects, start = boilerplate_effects(columns.looked, self.model.boilerplate)
        found: list[RoleReasons] = []
        by_page, page_odds = columns.furniture.tolist(), _odds(columns.furniture).tolist()
        for i, cued in enumerate(columns.cued.tolist()):
            if np.isnan(by_page[i]):
                intercept, some = start - self._doubt, np.flatnonzero(effects[i]).tolist()
                told = [
                    Contribution(
                        names[j], None if np.isnan(x := values[i, j]) else float(x), float(effects[i, j])
                    )
                    for j in some
                ]
                told.append(Contribution(BESIDE, None, float(columns.beside[i])))
            else:
                intercept, told = 0.0, [Contribution(TOLD_BY_PAGE, by_page[i], page_odds[i])]
            if cued:
                told.append(Contribution(CUE_WORDS, cued / evidence.CUED, cued))
            found.append(RoleReasons(intercept, tuple(sorted(told, key=lambda c: -abs(c.effect)))))
        return found

    def _contributions(self, columns: Columns, d: int) -> tuple[Contribution, ...]:
        # told whole, and then what is taken off it where the text is of another kind than those it was learnt on
        counted, whole = float(columns.likeness_effect[d]), float(columns.likeness_whole[d])
        likeness = [Contribution(evidence.LIKENESS, float(columns.likeness[d]), whole)]
        if counted != whole:
            strangeness = 1.0 - float(columns.familiarity[d])
            likeness.append(Contribution(evidence.STRANGE_KIND, strangeness, counted - whole))
        some = np.flatnonzero(columns.effects[d])
        terms, effects = columns.terms[d, some].tolist(), columns.effects[d, some].tolist()
        names = [self.model.reliability.names[j] for j in some.tolist()]
        others = map(Contribution, names, terms, effects)
        return tuple(sorted([*likeness, *others], key=lambda c: -abs(c.effect)))


def _paragraphs(
    columns: Columns, edges: Ints, with_text: bool, reasons: list[RoleReasons] | None
) -> list[Paragraph]:
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
    if reasons is not None:
        given += [reasons] if with_text else [[None] * group.n, reasons]
    return list(map(Paragraph, *given))


def _findings(columns: Columns, edges: Ints) -> list[Finding]:
    """All findings of a batch, told of their texts; paragraphs of document d begin with `edges[d]`.

    A hard rule's finding that is none against the text (`evidence.is_hard`) is told as a soft one.
    """
    batch, counted = columns.batch, columns.counted
    hard = evidence.is_hard(counted, columns.role)
    document = batch.paragraphs.parent[counted.paragraph]
    base = batch.document_start[document]
    number = counted.paragraph - edges[document]
    told = (counted.rule, hard, document, number, counted.start - base, counted.end - base)
    found = []
    rows = zip(*(column.tolist() for column in told), counted.data, strict=True)
    for code, is_hard, d, paragraph, start, end, data in rows:
        rule, span = counted.rules[code], batch.texts[d][start:end]
        others = dict(data or {})
        message = str(others.pop("message", None) or rule.message.replace("{text}", span))
        found.append(
            Finding(rule.id, "hard" if is_hard else "soft", paragraph, start, end, span, message, others)
        )
    return found


def shipped_models() -> Mapping[str, Path]:
    """Models that came with the package or stand in the checkout's `models/`, by name."""
    package = Path(str(resources.files("quality")))
    found: dict[str, Path] = {}
    for home in (package.parent / "models", package / "models"):
        if home.is_dir():
            found |= {p.parent.name: p.parent for p in sorted(home.glob("*/card.json"))}
    return found


def model_folder(name: str) -> Path | None:
    """Folder of a model that is shipped or stands in `HOME` of the working folder, None where there is none.

    A name that is shipped means the shipped one, wherever one works.
    """
    own = HOME / name
    return shipped_models().get(name) or (own if (own / "card.json").exists() else None)


def _record(given: str | Mapping[str, Any] | Record, number: int) -> Record:
    if isinstance(given, Record):
        return given
    if isinstance(given, str):
        return Record(id=str(number), source="", text=given, line=number, has_id=False)
    if not isinstance(given, Mapping):
        expected = "a string, a dict with a field text or paragraphs, or a Record"
        raise TypeError(f"record {number} is of type {type(given).__name__}, expected {expected}")
    try:
        return Record.of(given, number)
    except ValueError as error:
        raise ValueError(f"record {number}: {error}") from None


def _of_page(record: Record, found: Extraction) -> Record:
    """The record of a page with what was found in it."""
    told = found.metadata
    is_undated = record.date is None and not record.has_unread_date
    return replace(
        record,
        html=None,
        text="\n\n".join(found.paragraphs),
        paragraphs=found.paragraphs,
        furniture=found.furniture,
        title=record.title or told.title,
        url=record.url or told.url,
        date=told.date if is_undated else record.date,
        has_page_date=is_undated and told.date is not None,
        page={name: value for name, value in vars(told).items() if value is not None},
        warnings=(*record.warnings, *found.warnings),
    )


def _odds(chance: Floats) -> Floats:
    """Log odds of chances, which reading a page keeps off 0 and 1; NaN stays."""
    return np.log(chance / (1.0 - chance))


def _known_furniture(records: Sequence[Record], batch: Batch) -> Floats | None:
    """Chance of being furniture of the paragraphs of pages, NaN for others; None where there are no pages."""
    if all(r.furniture is None for r in records):
        return None
    size = np.bincount(batch.paragraphs.parent, minlength=len(records)).tolist()
    parts = [
        np.full(n, np.nan) if r.furniture is None else np.array(r.furniture, np.float64)
        for r, n in zip(records, size, strict=True)
    ]
    return np.concatenate(parts)


# Characters of a page's source for one of its text; some ten on the pages of the corpora.
SOURCE_PER_TEXT = 8


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records in lists of at most `BATCH_CHARACTERS`, or of one where it is longer."""
    some: list[Record] = []
    size = 0
    for record in records:
        length = len(record.text) if record.paragraphs is None else sum(map(len, record.paragraphs))
        if record.html is not None:
            length = len(record.html) // SOURCE_PER_TEXT
        if some and size + length > BATCH_CHARACTERS:
            yield some
            some, size = [], 0
        some.append(record)
        size += length
    if some:
        yield some


@cache
def shared_model(name: str) -> Model:
    """The model that all scorers of a process share which are asked for it so: some megabytes. Raises what `load_model` does."""
    return load_model(name)


def load_model(model: str | Path) -> Model:
    """A model by its folder, or by its name (`model_folder`).

    Raises FileNotFoundError where there is no such model, ValueError where it cannot be used.
    """
    folder = Path(model)
    if not (folder / "card.json").exists():
        shipped = model_folder(str(model))
        if shipped is None:
            known = ", ".join(sorted(shipped_models())) or "none"
            raise FileNotFoundError(
                f"no model {str(model)!r}: neither a folder with card.json, nor one in {HOME}, nor shipped ({known})"
            )
        folder = shipped
    return Model.load(folder)
