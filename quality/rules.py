"""Rule packs: rules made of phrases and patterns that turn places in a text into findings.

`RulePack` reads `quality/data/rules/*.toml`, or a user's own file. A pattern is a regular expression that is searched only
in paragraphs that hold one of its anchor words, and must be linear-time: `RulePack.load` refuses repeats that are
unbounded, nested or overlap too much.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from quality.backtracking import most_ways
from quality.columns import Bools, Ints
from quality.lexicon import DATA, Hits, Phrases, read_lexicon
from quality.pattern import Passages, Pattern, Patterns
from quality.text import Batch

# Words in a paragraph that counts as short: a menu line or heading, rarely a sentence (own count on
# the shared boilerplate pages: 9 in 10 navigation blocks have at most 12 words).
SHORT = 12

UNITS = ("count", "per 100 words", "per 1000 words", "per sentence")
WHERE = ("any", "start", "whole", "short")
TIERS = ("hard", "soft")
QUOTED = ("silent", "cited", "allowed")

# "$$" stands for a plain "$"
_LIST = re.compile(r"\$(\$|[a-z][a-z_]*)")


@dataclass(frozen=True)
class Rule:
    """A rule as written in a rule pack; field by field as in docs/rules.md."""

    id: str
    tier: str
    title: str
    message: str
    why: str
    source: str
    unit: str = "per 1000 words"
    phrases: tuple[str, ...] = ()
    lexicon: str = ""
    patterns: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    quoted: str = "allowed"
    where: str = "any"
    unless: tuple[str, ...] = ()
    paragraph_unless: tuple[str, ...] = ()
    document_unless: tuple[str, ...] = ()
    hits: tuple[tuple[str, tuple[str, ...]], ...] = ()
    clean: tuple[str, ...] = ()


# Paragraphs over which `paragraph_unless` goes on: a letter's greeting, body and close.
SHOWN = 6
# What stands in the text for a finding where `paragraph_unless` is searched.
CUT = "\N{OPEN BOX}"


@dataclass(frozen=True)
class Spans:
    """Places in a batch: characters of the joined text (int64[k]) and the paragraph that holds each."""

    start: Ints
    end: Ints
    paragraph: Ints

    @classmethod
    def none(cls) -> Spans:
        """No place at all."""
        empty = np.zeros(0, np.int64)
        return cls(empty, empty, empty)

    @classmethod
    def of_tokens(cls, batch: Batch, first: Ints, last: Ints) -> Spans:
        """Spans from token `first` to token `last` (exclusive), both int64[k]."""
        return cls(batch.token_start[first], batch.token_end[last - 1], batch.paragraphs.of_token[first])

    @classmethod
    def of_paragraphs(cls, batch: Batch, paragraph: Ints) -> Spans:
        """Whole paragraphs, given by number: int64[k]."""
        return cls(batch.paragraphs.start[paragraph], batch.paragraphs.end[paragraph], paragraph)

    def where(self, kept: Bools) -> Spans:
        """Some of the places: bool[k]."""
        return Spans(self.start[kept], self.end[kept], self.paragraph[kept])

    def apart_from(self, others: Spans) -> Spans:
        """The places that meet none of some others."""
        # as many end before a place as begin before its end: none lies across it
        before = np.searchsorted(np.sort(others.end), self.start, "right")
        return self.where(before == np.searchsorted(np.sort(others.start), self.end, "left"))

    def __len__(self) -> int:
        return int(self.start.size)


_FIELDS = set(Rule.__dataclass_fields__)
_NEEDED = ("id", "tier", "title", "message", "why", "source", "hits", "clean")


class RulePack:
    """Rules compiled for columns. `find` gives each rule's spans in a batch."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        refuse(_given_twice(rules))
        self.rules = tuple(rules)
        entries: list[tuple[str, int]] = []
        for number, rule in enumerate(self.rules):
            entries += [(p, number) for p in rule.phrases]
            if rule.lexicon:
                entries += [(p, number) for p in read_lexicon(rule.lexicon)]
        # anchors go into the same table, numbered after the rules: one walk over the text finds both
        entries += [(a, len(self.rules) + k) for k, r in enumerate(self.rules) for a in r.anchors]
        self._phrases = Phrases(entries)
        # all patterns in a row, and the rule of each
        self._owner = np.array([k for k, rule in enumerate(self.rules) for _ in rule.patterns], np.int64)
        self._patterns = Patterns([Pattern(p) for rule in self.rules for p in rule.patterns])
        self._unless = [[Pattern(p) for p in r.unless] for r in self.rules]
        self._paragraph_unless = [[Pattern(p) for p in r.paragraph_unless] for r in self.rules]
        self._document_unless = [[Pattern(p) for p in r.document_unless] for r in self.rules]

    @classmethod
    def load(cls, *paths: Path, further: Callable[[Rule], Iterable[str]] = lambda _: ()) -> RulePack:
        """Rules of some TOML files, in the files' order; `further` gives what else is wrong with a rule.

        Raises ValueError naming file, rule and field of everything that is not as docs/rules.md says.
        """
        with naming(*paths):
            read = [_read_rules(path) for path in paths]
            rules = [rule for some, _ in read for rule in some]
            faults = [fault for _, some in read for fault in some]
            for rule in rules:
                faults += further(rule)
                patterns = (*rule.patterns, *rule.unless, *rule.paragraph_unless, *rule.document_unless)
                faults += (fault for p in patterns for fault in _pattern_faults(p, rule.id))
            refuse([*faults, *_given_twice(rules)])
            return cls(rules)

    def check_examples(self) -> int:
        """Find what the rules' own examples say; the number of examples.

        Raises ValueError naming every rule and text where something else is found.
        """
        faults = []
        for number, rule in enumerate(self.rules):
            for text, expected in [*rule.hits, *((text, ()) for text in rule.clean)]:
                spans = self.find(Batch.of([text]))[number]
                found = tuple(
                    text[a:b] for a, b in zip(spans.start.tolist(), spans.end.tolist(), strict=True)
                )
                if found != tuple(expected):
                    faults.append(
                        f"rule {rule.id!r}: in {text!r} it finds {list(found)}, its example says {list(expected)}"
                    )
        refuse(faults)
        return sum(len(rule.hits) + len(rule.clean) for rule in self.rules)

    def find(self, batch: Batch) -> list[Spans]:
        """Spans of every rule, in the order of `rules`."""
        found = self._phrases.find(batch)
        of_pattern = self._search(batch, found)
        # by rule, phrases in order of place
        order = np.argsort(found.value, kind="stable")
        edges = np.searchsorted(found.value[order], np.arange(len(self.rules) + 1))
        result = []
        for number, rule in enumerate(self.rules):
            of_rule = order[edges[number] : edges[number + 1]]
            first = found.first[of_rule]
            first, last = _without_overlap(first, first + found.n_tokens[of_rule])
            spans = Spans.of_tokens(batch, first, last) if first.size else Spans.none()
            if number in of_pattern:
                spans = joined(spans, of_pattern[number])
            if len(spans):
                spans = self._allowed(batch, number, rule, spans)
            result.append(spans)
        return result

    def _search(self, batch: Batch, found: Hits) -> dict[int, Spans]:
        """What the patterns of each rule find in paragraphs that hold one of its anchors, by the rule's number."""
        of = batch.paragraphs
        anchors = np.flatnonzero(found.value >= len(self.rules))
        asked = np.zeros((len(self.rules), of.n), bool)
        asked[found.value[anchors] - len(self.rules), of.of_token[found.first[anchors]]] = True
        long = batch.n_words(of) > SHORT
        for number, rule in enumerate(self.rules):
            if rule.where == "short":
                asked[number, long] = False
        paragraphs = np.flatnonzero(asked.any(axis=0))
        wanted = self._patterns.short_enough(
            asked[:, paragraphs][self._owner], (of.end - of.start)[paragraphs]
        )
        is_wanted = wanted.any(axis=0)
        paragraphs, wanted = paragraphs[is_wanted], wanted[:, is_wanted]
        if not paragraphs.size:
            return {}
        start, end, document = (column[paragraphs].tolist() for column in (of.start, of.end, of.parent))
        first, folded = batch.document_start.tolist(), batch.folded.tobytes()
        bounds = list(zip(start, end, document, strict=True))
        # lines broken by hand within a paragraph are no breaks of the sentence
        texts = [
            batch.texts[d][low - first[d] : high - first[d]].replace("\n", " ") for low, high, d in bounds
        ]
        some = Passages(texts, [folded[low:high] for low, high, _ in bounds])
        places: dict[int, list[tuple[int, int, int]]] = {}
        for k, p, match in self._patterns.search(some, wanted):
            if match.end() > match.start():
                place = (start[p] + match.start(), start[p] + match.end(), int(paragraphs[p]))
                places.setdefault(int(self._owner[k]), []).append(place)
        return {number: Spans(*np.array(some, np.int64).T) for number, some in places.items()}

    def _allowed(self, batch: Batch, number: int, rule: Rule, spans: Spans) -> Spans:
        """The spans that the rule's conditions leave."""
        keep = np.ones(len(spans), bool)
        token = np.searchsorted(batch.token_end, spans.start, "right")
        token = np.minimum(token, max(batch.token_end.size - 1, 0))
        if rule.quoted != "allowed":
            keep &= ~(batch.is_quoted if rule.quoted == "silent" else batch.is_cited)[token]
        if rule.where == "short":
            keep &= batch.n_words(batch.paragraphs)[spans.paragraph] <= SHORT
        if rule.where in ("start", "whole"):
            keep &= _only_marks_between(batch, batch.paragraphs.first[spans.paragraph], token)
        if rule.where == "whole":
            after = np.searchsorted(batch.token_start, spans.end)
            keep &= _only_marks_between(batch, after, batch.paragraphs.last[spans.paragraph])
        # a sentence or document is searched once, however many spans it holds
        if self._unless[number]:
            sentence, of_span = np.unique(batch.sentences.of_token[token[keep]], return_inverse=True)
            bounds = zip(batch.sentences.start[sentence], batch.sentences.end[sentence], strict=True)
            texts = [batch.text_of(int(start), int(end)).replace("\n", " ") for start, end in bounds]
            keep[keep] = ~_any_holds(texts, self._unless[number])[of_span]
        if self._paragraph_unless[number]:
            kept = spans.where(keep)
            keep[keep] = ~_spoken_of(batch, kept, self._paragraph_unless[number])
        if self._document_unless[number]:
            document, of_span = np.unique(batch.documents.of_token[token[keep]], return_inverse=True)
            texts = [batch.texts[k] for k in document]
            keep[keep] = ~_any_holds(texts, self._document_unless[number])[of_span]
        return spans.where(keep)


def _spoken_of(batch: Batch, spans: Spans, patterns: Sequence[Pattern]) -> Bools:
    """Whether some pattern is found near each span; bool[k].

    Near is the paragraph of the span and those beside it, with `CUT` in place of each span. What shows one such thing
    shows others: a span no more than `SHOWN` paragraphs behind one that is spoken of is so as well.
    """
    of = batch.paragraphs
    held: dict[int, str] = {}
    near = (p + by for p in set(spans.paragraph.tolist()) for by in (-1, 0, 1))
    for p in sorted(q for q in set(near) if 0 <= q < of.n):
        low, high = np.searchsorted(spans.paragraph, [p, p + 1])
        begins = [int(of.start[p]), *spans.end[low:high].tolist()]
        ends = [*spans.start[low:high].tolist(), int(of.end[p])]
        parts = [batch.text_of(begin, end) for begin, end in zip(begins, ends, strict=True)]
        held[p] = CUT.join(parts).replace("\n", " ")
    holds = dict(zip(held, _any_holds(list(held.values()), patterns).tolist(), strict=True))
    last, spoken = -1, set[int]()
    for p in sorted(set(spans.paragraph.tolist())):
        beside = (q for q in (p - 1, p, p + 1) if q in holds and of.parent[q] == of.parent[p])
        shown = last >= 0 and p - last <= SHOWN and of.parent[last] == of.parent[p]
        if shown or any(map(holds.__getitem__, beside)):
            spoken.add(p)
            last = p
    return np.array([p in spoken for p in spans.paragraph.tolist()], bool)


def _any_holds(texts: Sequence[str], patterns: Sequence[Pattern]) -> Bools:
    """Whether some pattern is found in each text; bool[n]."""
    return np.array([any(p.regex.search(text) for p in patterns) for text in texts], bool)


@cache
def shipped_rules() -> RulePack:
    """The rules in `quality/data/rules`; their patterns are checked by tests, not anew in each process."""
    paths = sorted((DATA / "rules").glob("*.toml"))
    rules = []
    for path in paths:
        some, faults = _read_rules(path)
        refuse(faults)
        rules += some
    return RulePack(rules)


@contextmanager
def naming(*paths: str | Path) -> Iterator[None]:
    """Lets the message of a ValueError begin with the files that it is about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{', '.join(map(str, paths))}: {error}") from error


def refuse(faults: Sequence[str]) -> None:
    """Raises ValueError telling all faults, one a line, where there are any."""
    if len(faults) == 1:
        raise ValueError(faults[0])
    if faults:
        raise ValueError("\n  ".join([f"{len(faults)} faults", *faults]))


def _given_twice(rules: Sequence[Rule]) -> list[str]:
    names = [rule.id for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [f"rules given twice: {', '.join(twice)}; rename one of them"] if twice else []


def _read_rules(path: Path) -> tuple[list[Rule], list[str]]:
    """The sound rules of a file, and all that is wrong with the others.

    Raises ValueError where the file as a whole cannot be read.
    """
    try:
        content = tomllib.loads(path.read_text("utf8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from error
    words, blocks = content.pop("words", {}), content.pop("rule", [])
    if content or not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ValueError(
            f"unknown top-level keys {sorted(content) or ['rule']}; only [words] and [[rule]] blocks are read"
        )
    if not isinstance(words, dict) or not all(isinstance(some, str) for some in words.values()):
        raise ValueError('[words] holds lists of words in one string each: name = "one two three"')
    rules, faults = [], []
    for block in blocks:
        some = list(_faults(block, words))
        faults += some
        if not some:
            rules.append(_rule(block, words))
    return rules, faults


# Fields in which `$list` stands for the words of a list, and what comes between those.
_WITH_WORDS = {
    "phrases": ",",
    "anchors": ",",
    "patterns": "|",
    "unless": "|",
    "paragraph_unless": "|",
    "document_unless": "|",
}


def _faults(block: Mapping[str, object], words: Mapping[str, str]) -> Iterator[str]:
    """Everything that is wrong with the fields of a rule."""
    name = f"rule {block.get('id', '(no id)')!r}"
    if unknown := set(block) - _FIELDS:
        yield f"{name}: unknown fields {sorted(unknown)}; known are {sorted(_FIELDS)}"
    if missing := [f for f in _NEEDED if not block.get(f)]:
        yield f"{name}: fields missing or empty: {', '.join(missing)}"
    # fields whose values are of the type that the further questions take for granted
    sound: dict[str, Any] = {}
    for field_name, value in block.items():
        if field_name not in _FIELDS:
            continue
        is_text = Rule.__dataclass_fields__[field_name].type == "str"
        if not isinstance(value, str if is_text else list):
            yield f"{name}: {field_name} is {value!r}; expected a {'string' if is_text else 'list'}"
        elif field_name == "hits":
            if not all(_is_hit(hit) for hit in value):
                yield f"{name}: hits is {value!r}; expected [[text, [span, ...]], ...]"
        elif isinstance(value, list) and not all(isinstance(one, str) for one in value):
            yield f"{name}: {field_name} is {value!r}; expected a list of strings"
        else:
            sound[field_name] = value
    for field_name, allowed in (("tier", TIERS), ("unit", UNITS), ("where", WHERE), ("quoted", QUOTED)):
        given = sound.get(field_name)
        if given not in (None, *allowed) and (given or field_name not in _NEEDED):  # else told as empty
            yield f"{name}: {field_name} is {given!r}; expected one of {', '.join(allowed)}"
    if sound.get("id") and not re.fullmatch(r"[a-z_]+\.[a-z_]+", sound["id"]):
        yield f"{name}: the id must be family.rule in lower case"
    if block.get("patterns") and not block.get("anchors"):
        yield f"{name}: patterns need anchors, words without which no pattern can match"
    if not (block.get("phrases") or block.get("patterns") or block.get("lexicon")):
        yield f"{name}: needs phrases, a lexicon or patterns"
    named = (
        found[1]
        for field_name in _WITH_WORDS
        for one in sound.get(field_name, ())
        for found in _LIST.finditer(one)
    )
    for unknown_list in dict.fromkeys(n for n in named if n != "$" and n not in words):
        yield f"{name}: ${unknown_list} names no list of [words]; there are: {', '.join(words) or 'none'}"


def _rule(block: Mapping[str, Any], words: Mapping[str, str]) -> Rule:
    """The rule of some fields without fault."""
    values: dict[str, Any] = {k: _tuples(v) for k, v in block.items()}
    for field_name, separator in _WITH_WORDS.items():
        some = block.get(field_name, ())
        values[field_name] = tuple(_with_words(one, words, separator) for one in some)
    return Rule(**values)


def _is_hit(hit: object) -> bool:
    """Whether an example is a text and the list of its spans."""
    if not (isinstance(hit, list) and len(hit) == 2 and isinstance(hit[1], list)):
        return False
    return all(isinstance(one, str) for one in (hit[0], *hit[1]))


def _with_words(text: str, words: Mapping[str, str], separator: str) -> str:
    """A phrase or pattern with each `$list` replaced by the words of that list, and each `$$` by `$`."""
    return _LIST.sub(lambda m: "$" if m[1] == "$" else separator.join(words[m[1]].split()), text)


def _tuples(value: object) -> object:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


# Ways to try a pattern at one place up to which it counts as taking linear time: some hundred microseconds at the
# worst. The shipped patterns keep below it, nearly all of them far below.
WAYS_HIGH = 20_000


def _pattern_faults(pattern: str, rule: str) -> Iterator[str]:
    """What is wrong with a pattern, if anything."""
    try:
        ways = most_ways(pattern)
    except re.error as error:
        yield f"rule {rule}: pattern {pattern!r} is not a regular expression: {error}"
    except ValueError as error:
        yield (
            f"rule {rule}: pattern {pattern!r} may take more than linear time: {error}; "
            "write bounded repeats such as [^.]{0,80}"
        )
    else:
        if ways > WAYS_HIGH:
            yield (
                f"rule {rule}: pattern {pattern!r} may take more than linear time: its repeats nest or overlap, and "
                f"there may be over {WAYS_HIGH:,} ways to try it at one place; let a repeat end where what follows begins"
            )


def _without_overlap(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Leftmost-longest spans: those that begin before an earlier one has ended are left out.

    Spans come sorted by first token, longer ones before shorter.
    """
    if first.size < 2:
        return first, last
    reach = np.maximum.accumulate(last)
    keep = np.ones(first.size, bool)
    keep[1:] = first[1:] >= reach[:-1]
    return first[keep], last[keep]


def joined(left: Spans, right: Spans) -> Spans:
    """Both sets of spans in order, overlaps left out."""
    start, end, paragraph = (
        np.concatenate((getattr(left, k), getattr(right, k))) for k in ("start", "end", "paragraph")
    )
    order = np.lexsort((-end, start))
    start, end, paragraph = start[order], end[order], paragraph[order]
    if start.size > 1:
        keep = np.ones(start.size, bool)
        keep[1:] = start[1:] >= np.maximum.accumulate(end)[:-1]
        start, end, paragraph = start[keep], end[keep], paragraph[keep]
    return Spans(start, end, paragraph)


def _only_marks_between(batch: Batch, first: Ints, last: Ints) -> Bools:
    """Whether the tokens from `first` to `last` (exclusive) hold no word and no number; bool[k]."""
    ink = np.concatenate(([0], np.cumsum(batch.token_kind != 2)))
    return ink[last] == ink[np.minimum(first, last)]
