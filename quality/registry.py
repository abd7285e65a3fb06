"""What there is to ask of a text: every feature and rule, declared once, and the matrices they give.

A *measured* feature is a function of a batch and a group that gives one number for each run:

    @feature("characters", source="rae2021", values=[("aa bbbb", 3.0), ("...", nan)])
    def mean_word_length(batch: Batch, group: Group) -> Floats:
        \"\"\"Mean number of characters in a word.\"\"\"

A *counted* feature is a rule of a rule pack, or a `@rule` function where a rule needs code: it gives
spans, and its value is their number in the rule's unit. Value and evidence cannot disagree, since
one is the count of the other.

From a declaration follow its tests (the examples), its row in docs/features.md, what `quality
features NAME` prints and the column of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from quality.columns import Bools, Floats, Group, Ints, ratio
from quality.lexicon import sources
from quality.rules import TIERS, UNITS, Rule, RulePack, Spans, shipped_rules
from quality.text import Batch, once_per_batch

Measure = Callable[[Batch, Group], Floats]
Count = Callable[[Batch], Spans]
CountAmong = Callable[[Batch, "Counted"], Spans]

MEASURED_UNITS = (
    "characters",
    "count",
    "grade",
    "letters",
    "log",
    "points",
    "ratio",
    "share",
    "share of characters",
    "share of words",
    "similarity",
    "standard deviations",
    "syllables",
    "words",
    "yes or no",
)
FOR = ("both", "paragraphs", "documents")


@dataclass(frozen=True)
class Feature:
    """A number of a paragraph or document, and all that is said about it.

    `around` names neighbours whose value is a further column of the paragraph model: -1 is the
    paragraph before, 1 the one after, "mean 2" the mean of the two on either side without the
    paragraph itself.
    """

    name: str
    family: str
    unit: str
    source: str
    definition: str
    details: str
    measure: Measure
    values: tuple[tuple[str, float], ...]
    of: str
    around: tuple[int | str, ...]


@dataclass(frozen=True)
class CodeRule:
    """A rule that needs code: the declaration is that of a rule pack, the spans come from `find`."""

    rule: Rule
    find: Count
    in_furniture: bool


@dataclass(frozen=True)
class LateRule:
    """A rule that needs to know what the other rules have found; late rules do not see each other."""

    rule: Rule
    find: CountAmong


FEATURES: dict[str, Feature] = {}
CODE_RULES: dict[str, CodeRule] = {}
LATE_RULES: dict[str, LateRule] = {}


def feature(
    unit: str,
    *,
    source: str,
    values: Sequence[tuple[str, float]],
    of: str = "both",
    around: Sequence[int | str] = (),
) -> Callable[[Measure], Measure]:
    """Declare a measured feature; `values` are examples (text, value of the whole text).

    It is measured once for a batch and group, and what it returns is not to be written to.

    Raises ValueError for a name taken, no docstring, an unknown unit or source, or no example.
    """

    def declare(measure: Measure) -> Measure:
        measure = once_per_batch(measure)
        name = measure.__name__
        definition, _, details = (measure.__doc__ or "").strip().partition("\n")
        if name in FEATURES:
            raise ValueError(f"feature {name!r} is declared twice: choose another name")
        if not definition:
            raise ValueError(
                f"feature {name!r} has no docstring: its first line is the definition people read"
            )
        if unit not in MEASURED_UNITS:
            raise ValueError(
                f"feature {name!r}: unknown unit {unit!r}; known are {', '.join(MEASURED_UNITS)}"
            )
        if of not in FOR:
            raise ValueError(f"feature {name!r}: of={of!r}; expected one of {', '.join(FOR)}")
        if not values:
            raise ValueError(f"feature {name!r} has no example: give values=[(text, value), ...]")
        _check_source(name, source)
        family = measure.__module__.rpartition(".")[2]
        FEATURES[name] = Feature(
            name, family, unit, source, definition, details.strip(), measure, tuple(values), of, tuple(around)
        )
        return measure

    return declare


def rule(id: str, *, in_furniture: bool = True, **declaration: Any) -> Callable[[Count], Count]:
    """Declare a rule that needs code; the declaration is that of `Rule`, its `hits` with the exact spans found.

    Where `in_furniture` is not set it is silent in paragraphs that are page furniture.

    Raises ValueError for a name taken, an unknown tier, unit or source, or no example.
    """

    def declare(find: Count) -> Count:
        CODE_RULES[id] = CodeRule(_declared(id, **declaration), find, in_furniture)
        return find

    return declare


def rule_among(id: str, **declaration: Any) -> Callable[[CountAmong], CountAmong]:
    """Declare a rule that needs code and the findings of the other rules; else as `rule`."""

    def declare(find: CountAmong) -> CountAmong:
        LATE_RULES[id] = LateRule(_declared(id, **declaration), find)
        return find

    return declare


def _declared(
    id: str,
    *,
    tier: str,
    title: str,
    message: str,
    why: str,
    source: str,
    hits: Sequence[tuple[str, Sequence[str]]],
    clean: Sequence[str],
    unit: str = "per 1000 words",
) -> Rule:
    if id in CODE_RULES or id in LATE_RULES:
        raise ValueError(f"rule {id!r} is declared twice: choose another name")
    if tier not in TIERS or unit not in UNITS:
        raise ValueError(f"rule {id!r}: tier {tier!r} or unit {unit!r} unknown; tiers {TIERS}, units {UNITS}")
    if not hits or not clean:
        raise ValueError(f"rule {id!r} needs hits and clean examples")
    _check_source(id, source)
    examples = tuple((text, tuple(spans)) for text, spans in hits)
    return Rule(id, tier, title, message, why, source, unit, hits=examples, clean=tuple(clean))


def _check_source(name: str, source: str) -> None:
    if source not in sources():
        raise ValueError(_no_source(name, source))


def _no_source(name: str, source: str) -> str:
    return f"{name!r}: source {source!r} is not in quality/data/sources.toml; add it there"


# Ids of rules, or their beginnings, that neither packs nor code declare here: their findings need a date, or the roles.
BY_ROLE = "boilerplate.furniture"
TOLD = ("officeholder.", BY_ROLE)


def own_packs(paths: Iterable[Path]) -> tuple[RulePack, ...]:
    """Rule packs of a user's own.

    Raises ValueError where one is not as docs/rules.md says, or names a rule as another one is named.
    """
    packs: list[RulePack] = []
    taken: set[str] = set()

    def faults(rule: Rule) -> Iterator[str]:
        if rule.id in taken or rule.id.startswith(TOLD):
            yield f"rule {rule.id!r} is there already: give yours another id"
        if rule.source not in sources():
            yield _no_source(rule.id, rule.source)

    for path in paths:
        # here, since the shipped rules take a while to read, and loading a model does not need them
        taken |= _shipped_ids()
        packs.append(RulePack.load(path, further=faults))
        taken |= {rule.id for rule in packs[-1].rules}
    return tuple(packs)


@cache
def _shipped_ids() -> frozenset[str]:
    return frozenset(rule.id for rule in shipped_rules().rules) | CODE_RULES.keys() | LATE_RULES.keys()


# Share of a paragraph's characters under boilerplate cues from which it is page furniture: boxes for newsletters in
# articles of the shared corpora have .15 to .23, a strange paragraph with "Share this article" at its end .08.
FURNITURE = 1 / 8


# What is found of a rule: where, and what is said beyond the span, if anything.
Told = tuple[Rule, Spans, Sequence[Mapping[str, Any] | None]]


@dataclass(frozen=True, eq=False)
class Counted:
    """All findings of a batch in columns.

    `rule` int64[k] indexes `rules`; `start`, `end` are characters of the joined text, `paragraph`
    the paragraph; sorted by place. `data[k]` holds what a rule says beyond its span, if anything; a
    `message` in it replaces the rule's own.
    """

    rules: tuple[Rule, ...]
    rule: Ints
    start: Ints
    end: Ints
    paragraph: Ints
    data: tuple[Mapping[str, Any] | None, ...]

    @classmethod
    def of(cls, found: Sequence[Told]) -> Counted:
        """Findings by rule put in order of place."""
        number = np.repeat(np.arange(len(found)), [len(spans) for _, spans, _ in found])
        start, end, paragraph = (
            np.concatenate([np.zeros(0, np.int64), *(getattr(spans, column) for _, spans, _ in found)])
            for column in ("start", "end", "paragraph")
        )
        data = tuple(item for _, _, items in found for item in items)
        return cls(tuple(r for r, _, _ in found), number, start, end, paragraph, data).sorted()

    def sorted(self) -> Counted:
        """The findings by place."""
        return self.where(np.lexsort((self.rule, self.end, self.start)))

    def where(self, kept: Ints | Bools) -> Counted:
        """Some of the findings, or all in another order."""
        at = np.flatnonzero(kept) if kept.dtype == bool else kept
        return Counted(
            self.rules,
            self.rule[at],
            self.start[at],
            self.end[at],
            self.paragraph[at],
            tuple(self.data[k] for k in at.tolist()),
        )

    def joined(self, other: Counted) -> Counted:
        """These findings and those of other rules."""
        return Counted(
            self.rules + other.rules,
            np.append(self.rule, other.rule + len(self.rules)),
            np.append(self.start, other.start),
            np.append(self.end, other.end),
            np.append(self.paragraph, other.paragraph),
            self.data + other.data,
        ).sorted()

    def unmet(self, spans: Spans, *families: str) -> Spans:
        """The places that meet no finding of the rules whose id begins so, which tell the same."""
        ids = [rule.id.startswith(families) for rule in self.rules]
        known = np.array(ids, bool)[self.rule]
        return spans.apart_from(Spans(self.start[known], self.end[known], self.paragraph[known]))

    def covered(self, batch: Batch, *families: str) -> Floats:
        """Share of each paragraph's characters under findings of shipped rules whose id begins so, at most 1; float64[n].

        Rules of a user's own do not count, whatever they are called: roles follow from it, and no model weighs them.
        """
        shipped = _shipped_ids()
        ids = [rule.id in shipped and rule.id.startswith(families) for rule in self.rules]
        some = np.flatnonzero(np.array(ids, bool)[self.rule])
        group = batch.paragraphs
        size = (self.end - self.start)[some].astype(np.float64)
        covered = np.bincount(self.paragraph[some], weights=size, minlength=group.n)
        return np.minimum(np.nan_to_num(ratio(covered, (group.end - group.start).astype(np.float64))), 1.0)

    def is_furniture(self, batch: Batch) -> Bools:
        """Paragraphs that boilerplate cues cover from `FURNITURE` of their characters on; bool[paragraphs]."""
        return self.covered(batch, "boilerplate.") >= FURNITURE


def count(batch: Batch, packs: Sequence[RulePack] | None = None, told: Sequence[Told] = ()) -> Counted:
    """All findings of the rule packs (the shipped ones unless given), of the code rules, and those told.

    `told` are findings that need more than the batch, such as a date: rule, spans and data of each.
    """
    found: list[Told] = []
    for pack in packs if packs is not None else (shipped_rules(),):
        found += [(r, s, (None,) * len(s)) for r, s in zip(pack.rules, pack.find(batch), strict=True)]
    for declared in CODE_RULES.values():
        spans = declared.find(batch)
        found.append((declared.rule, spans, (None,) * len(spans)))
    found += told
    whole = Counted.of(found)
    wary = {declared.rule.id for declared in CODE_RULES.values() if not declared.in_furniture}
    at_risk = np.array([rule.id in wary for rule in whole.rules], bool)[whole.rule]
    if at_risk.any():
        whole = whole.where(~(at_risk & whole.is_furniture(batch)[whole.paragraph]))
    late = [(declared.rule, declared.find(batch, whole)) for declared in LATE_RULES.values()]
    return whole.joined(Counted.of([(r, spans, (None,) * len(spans)) for r, spans in late]))


@once_per_batch
def _apart(batch: Batch, reach: int) -> tuple[Ints, int]:
    """Places of paragraphs in a column with `reach` empty ones around each page, int64[paragraphs]; its length."""
    place = np.arange(batch.paragraphs.n) + reach * (batch.paragraphs.parent + 1)
    return place, batch.paragraphs.n + reach * (batch.n_documents + 2)


def neighbourhood(batch: Batch, values: Floats, around: Sequence[int | str]) -> list[Floats]:
    """Columns of the neighbours that `Feature.around` names, in that order; float64[paragraphs] each.

    NaN where there is none on the same page.
    """
    if not around:
        return []
    means = [(a, *a.split()) for a in around if isinstance(a, str)]
    reach = max([abs(a) for a in around if isinstance(a, int)] + [int(size) for _, _, size in means])
    place, length = _apart(batch, reach)
    column = np.full(length, np.nan)
    column[place] = values
    found: dict[int | str, Floats] = {a: column[place + a] for a in around if isinstance(a, int)}
    if means:
        known = (~np.isnan(column)).astype(np.float64)
        filled = np.where(known, column, 0.0)
    for kind, sides in (("mean", (-1, 1)), ("before", (-1,)), ("after", (1,))):
        wanted = {int(size): name for name, of, size in means if of == kind}
        # plain sums in a fixed order: running sums would depend on what else is in the batch
        inner = length - 2 * reach
        total, count = np.zeros(inner), np.zeros(inner)
        for k in range(1, max(wanted, default=0) + 1):
            for side in sides:
                near = slice(reach + side * k, reach + side * k + inner)
                total += filled[near]
                count += known[near]
            if k in wanted:
                found[wanted[k]] = ratio(total, count)[place - reach]
    return [found[a] for a in around]


def around_names(name: str, around: Sequence[int | str]) -> list[str]:
    """Column names of a feature and its neighbours: "x", "x (-1)", "x (mean 2)"."""
    return [name] + [f"{name} ({a:+d})" if isinstance(a, int) else f"{name} ({a})" for a in around]


def paragraph_names(families: Sequence[str] = ()) -> list[str]:
    """Columns that `paragraph_matrix` can give: features of paragraphs, each followed by its neighbours.

    `families` leaves out all others.
    """
    chosen = (
        f
        for f in FEATURES.values()
        if f.of in ("both", "paragraphs") and f.family in (families or (f.family,))
    )
    return [name for f in chosen for name in around_names(f.name, f.around)]


def paragraph_matrix(batch: Batch, names: Sequence[str]) -> Floats:
    """Measured features of paragraphs with their neighbours, by name; float64[paragraphs, len(names)]."""
    columns: dict[str, Floats] = {}
    asked, wanted = set(names), {n.partition(" ")[0] for n in names}
    for f in FEATURES.values():
        if f.name in wanted:
            values = f.measure(batch, batch.paragraphs)
            around = [a for a in f.around if around_names(f.name, (a,))[1] in asked]
            near = neighbourhood(batch, values, around)
            columns |= zip(around_names(f.name, around), [values, *near], strict=True)
    unknown = [n for n in names if n not in columns]
    if unknown:
        raise KeyError(
            f"unknown paragraph features {unknown}: the model was made by another version of quality"
        )
    return np.array([columns[n] for n in names]).reshape(len(names), batch.paragraphs.n).T


def measure(batch: Batch, group: Group, names: Sequence[str]) -> Floats:
    """Matrix of the named features; float64[group.n, len(names)], NaN where undefined.

    Raises KeyError naming the features that do not exist.
    """
    unknown = [n for n in names if n not in FEATURES]
    if unknown:
        raise KeyError(f"unknown features {unknown}; known are {', '.join(FEATURES)}")
    columns = [FEATURES[n].measure(batch, group) for n in names]
    return np.column_stack(columns) if columns else np.zeros((group.n, 0))
