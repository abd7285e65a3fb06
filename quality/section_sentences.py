"""Sentences that speak of the sections of a website: "For readers of money, recipes and the Balkans it will matter".

Names of sections stand anywhere in such a sentence, in one row or in several, and it tells nothing beside them. So the
stretch of each sentence is taken in which names stand thickest: every token has a worth, above nothing for names and below
for all else, and the stretch is the one of the greatest sum. What is counted of the stretch, of the clause around it and
of the rest of the sentence is weighed by a logistic regression with fixed signs (scripts/build_section_sentences.py).
Names and other words are those of quality/data/section_names.toml and section_sentences.toml, weights in
section_sentences.tsv. Not here: rows by themselves (section_rows), rows that marks set apart (category_lines).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from quality.columns import NUMBER, Bools, Floats, Ints, changes, within
from quality.lexicon import DATA, WordTable
from quality.rules import Spans
from quality.section_rows import BIT, ED, FRAME, NAME, Lexicon, Rows, Weights, log_odds, single
from quality.text import Batch, hash_words, once_per_batch

WEIGHTS = DATA / "section_sentences.tsv"
# What a word beside the names may be, as bits: the lists of the file. The first four frame the names.
CLASSES = tuple("whom where does piece ours alike hollow".split())
CLASS = {name: 1 << k for k, name in enumerate(CLASSES)}
# What a token is worth in a stretch: a name of a subject, one of a place, an unknown word, one with a capital, a number, a
# deed or somebody, any other. Places alone make no stretch.
NAMED, PLACED, UNKNOWN, STRANGE, NUMERAL, DEED, OTHER = 8, 2, -4, -2, -12, -4, -1
# Names in a stretch at least; names of subjects in its sentence that the rest of the document has not, and tokens at most.
NAMES, OWN, LONG = 2, 2, 80
# Marks that bound a clause.
BOUNDS = ",;:()–—"
# Tokens from a stretch in which it is looked for what it is hung on, what tells it, and whose it is.
BESIDE, BEFORE, BEHIND, FROM = 3, 4, 2, 7
# How like one another the names of a stretch are when they are from anywhere, and the range beyond.
ANYWHERE, RANGE = 0.25, 0.5
# Log odds from which a sentence is reported: one in a thousand honest texts has one (docs/results.md). What the names alone
# must add to them, without which the rest is not counted: next to no planted sentence that is found has less.
SOFT, ALONE = 1.5, 3.5

# What is counted, by what it can speak for; every weight has this sign or is nothing.
FOR = (
    "joints", "joined", "capitals", "n_capitals", "subjects", "rare", "news", "place", "place_list", "whom", "where", "does",
    "piece", "alike", "hollow", "whom_before", "where_beside", "accounted_framed", "pure_far",
)  # fmt: skip
AGAINST = (
    "unknown_inside", "deeds_inside", "unknown_clause", "ed_clause", "deeds_clause", "tellers_clause",
    "owner_clause", "owner_before", "owner_behind", "tellers", "persons", "unknown_beyond", "elsewhere", "coherent", "fits",
)  # fmt: skip
COUNTS = (*FOR, *AGAINST)
# Of these, those of the names by themselves.
OF_NAMES = (
    "joints", "joined", "capitals", "n_capitals", "subjects", "rare", "news", "place", "place_list", "unknown_inside",
    "deeds_inside", "elsewhere",
)  # fmt: skip


@cache
def lists() -> dict[str, dict[str, str]]:
    """The lists of section_sentences.toml: words with blanks between them, by part and name."""
    return tomllib.loads((DATA / "section_sentences.toml").read_text("utf8"))


@cache
def _lexicon() -> Lexicon:
    """The names and words of both files."""
    names = tomllib.loads((DATA / "section_names.toml").read_text("utf8"))
    return Lexicon.of([*names["kinds"].items(), *names["words"].items(), *lists()["kinds"].items()])


@cache
def _classes() -> WordTable:
    bits: dict[str, int] = {}
    for name in CLASSES:
        for word in lists()["words"][name].split():
            bits[word] = bits.get(word, 0) | CLASS[name]
    return WordTable.of(bits)


@once_per_batch
def _class_of(batch: Batch) -> NDArray[np.int32]:
    """What every entry of the vocabulary is by the lists of the file, as bits; int32[v]."""
    return _classes().look_up(batch.vocabulary.hash).astype(np.int32)


@dataclass(frozen=True)
class _Tokens:
    """Tokens of sentences that may hold a stretch, in order, as columns.

    `entry` int64[v] is the number in the lexicon of every entry of the vocabulary, `name` int64 are all names of the batch.
    `sentence` int64[k] are the sentences, `row` int64[n] the number among them, `token` int64[n] the place in the batch,
    `bits` int32[n] what they may be by the lexicon. A name that a capital ties to other words is none: "the Leeds Music
    Trust".
    """

    batch: Batch
    entry: Ints
    name: Ints
    sentence: Ints
    row: Ints
    token: Ints
    bits: NDArray[np.int32]

    @classmethod
    def of(cls, batch: Batch) -> _Tokens:
        group, lexicon = batch.sentences, _lexicon()
        entry = lexicon.look_up(batch)
        bits = lexicon.bits[entry]
        size = group.last - group.first
        name = np.flatnonzero((bits & NAME > 0)[batch.token_word])
        subject = name[(bits & NAME & ~BIT["place"] > 0)[batch.token_word[name]]]
        some = np.flatnonzero((_own_words(batch, entry, subject) >= OWN) & (size <= LONG))
        token, row = within(group.first[some], size[some])
        found = bits[batch.token_word[token]]
        capital = batch.token_upper[token] & batch.is_word[token] & (token != group.first[some][row])
        other = capital & (found & (NAME | BIT["stop"]) == 0)
        tied = capital[1:] & capital[:-1] & (row[1:] == row[:-1])
        part = np.zeros(token.size, bool)
        part[1:] |= tied & other[:-1]
        part[:-1] |= tied & other[1:]
        return cls(
            batch, entry, name, some, row, token, np.where(part, found & ~NAME, found).astype(np.int32)
        )

    @cached_property
    def is_word(self) -> Bools:
        return self.batch.is_word[self.token]

    @cached_property
    def capital(self) -> Bools:
        """Words with a capital, those left out that begin a sentence."""
        first = self.batch.sentences.first[self.sentence]
        return np.asarray(self.batch.token_upper[self.token] & (self.token != first[self.row]) & self.is_word)

    @cached_property
    def named(self) -> Bools:
        return self.bits & NAME > 0

    @cached_property
    def unknown(self) -> Bools:
        return np.asarray(self.is_word & (self.bits == 0))

    @cached_property
    def somebody(self) -> Bools:
        """They and them, and not the page and its reader, nor what is theirs."""
        return self.has("persons") & (self.classes & CLASS["ours"] == 0)

    @cached_property
    def owner(self) -> Bools:
        """Whose list it may be; of "such" only where "as" is next."""
        such, after = (self.batch.vocabulary.among(hash_words([word])) for word in ("such", "as"))
        word = self.batch.token_word[self.token]
        followed = np.append(after[word[1:]], np.zeros(min(word.size, 1), bool))
        return self.has("owner") & ~(such[word] & ~followed)

    def has(self, *names: str) -> Bools:
        """Tokens in some of the lists of the lexicon."""
        return self.bits & sum(BIT[name] for name in names) > 0

    @cached_property
    def classes(self) -> NDArray[np.int32]:
        """What the words are by the lists of section_sentences.toml, as bits."""
        return _class_of(self.batch)[self.batch.token_word[self.token]]

    @cached_property
    def bound(self) -> Bools:
        """Marks that bound a clause."""
        return np.isin(self.batch.code[self.batch.token_start[self.token]], [ord(mark) for mark in BOUNDS])

    def of_rows(self, kept: Bools) -> _Tokens:
        """Those of some sentences."""
        some, number = kept[self.row], np.cumsum(kept) - 1
        return _Tokens(
            self.batch,
            self.entry,
            self.name,
            self.sentence[kept],
            number[self.row[some]],
            self.token[some],
            self.bits[some],
        )

    def thickest(self) -> tuple[Ints, Ints]:
        """First and last token (places in the batch) of the stretch of the greatest worth in every sentence."""
        worth = np.full(self.token.size, OTHER)
        worth[self.unknown] = UNKNOWN
        worth[self.unknown & self.capital] = STRANGE
        worth[self.has("doing", "telling") | self.somebody] = DEED
        worth[self.batch.token_kind[self.token] == NUMBER] = NUMERAL
        worth[self.named] = NAMED
        worth[self.named & (self.bits & NAME == BIT["place"])] = PLACED
        total = np.cumsum(worth)
        # the least sum before, of the same sentence: every sentence begins far below the one before it
        before, fall = total - worth, self.row * (1 << 20)
        least = np.minimum.accumulate(before - fall) + fall
        gain = total - least
        at = np.flatnonzero(gain == np.maximum.reduceat(gain, np.flatnonzero(changes(self.row)))[self.row])
        last = at[changes(self.row[at])]
        begins = np.maximum.accumulate(np.where(before == least, np.arange(worth.size), -1))
        return self.token[begins[last]], self.token[last]


def _own_words(batch: Batch, entry: Ints, token: Ints) -> Ints:
    """Number of different words of every sentence that stand nowhere else in its document, of some tokens; int64[sentences]."""
    word = batch.documents.of_token[token] * len(_lexicon().place) + entry[batch.token_word[token]]
    place = word << 32 | batch.sentences.of_token[token]
    place.sort()
    place = place[changes(place)]
    begins = changes(place >> 32)
    alone = begins & np.append(begins[1:], True)
    return np.bincount(place[alone] & 0xFFFFFFFF, minlength=batch.sentences.n)


@dataclass(frozen=True)
class _Stretches:
    """Stretches of names: the tokens of their sentences, and of each the first and the last token, int64[k]."""

    tokens: _Tokens
    first: Ints
    last: Ints

    @classmethod
    def of(cls, batch: Batch) -> _Stretches:
        tokens = _Tokens.of(batch)
        if not tokens.token.size:
            return cls(tokens, tokens.sentence, tokens.sentence)
        every = cls(tokens, *tokens.thickest())
        kept = ~batch.is_list_item[batch.sentences.parent[tokens.sentence]]
        kept &= (every.total(every.name) >= NAMES) & (every.total(batch.is_quoted[tokens.token]) == 0)
        return every.where(kept)

    def where(self, kept: Bools) -> _Stretches:
        """Some of them."""
        return _Stretches(self.tokens.of_rows(kept), self.first[kept], self.last[kept])

    @property
    def n(self) -> int:
        """Number of stretches."""
        return self.first.size

    def total(self, marked: NDArray[np.generic]) -> Floats:
        """Sum of something of the tokens over each sentence."""
        return np.bincount(self.tokens.row, weights=marked, minlength=self.n).astype(np.float64)

    @cached_property
    def inside(self) -> Bools:
        """Tokens of the stretches."""
        row, token = self.tokens.row, self.tokens.token
        return (token >= self.first[row]) & (token <= self.last[row])

    @cached_property
    def name(self) -> Bools:
        """Names in the stretches."""
        return self.inside & self.tokens.named

    @cached_property
    def clause(self) -> Bools:
        """Tokens between the marks around a stretch; one right before or behind it belongs to the clause."""
        tokens, group = self.tokens, self.tokens.batch.sentences
        row, token = tokens.row, tokens.token
        low, high = group.first[tokens.sentence].copy(), group.last[tokens.sentence].copy()
        ahead = np.flatnonzero(tokens.bound & (token < self.first[row] - 1))
        np.maximum.at(low, row[ahead], token[ahead])
        after = np.flatnonzero(tokens.bound & (token > self.last[row] + 1))
        np.minimum.at(high, row[after], token[after])
        return (token >= low[row]) & (token < high[row])

    def near(self, marked: Bools, before: int, behind: int) -> Bools:
        """Stretches that have something so many tokens before or behind them at most."""
        token, row = self.tokens.token, self.tokens.row
        ahead = (token < self.first[row]) & (token >= self.first[row] - before)
        after = (token > self.last[row]) & (token <= self.last[row] + behind)
        return self.total(marked & (ahead | after)) > 0

    def counted(self) -> Floats:
        """What is counted of every stretch; float64[k, counts]."""
        if not self.n:
            return np.zeros((0, len(COUNTS)))
        found = {**self.of_names(), **self._of_words(), **self._of_matter()}
        far = (1 - found["elsewhere"]) * np.clip((ANYWHERE + RANGE / 2 - found["coherent"]) / RANGE, 0, 1)
        found["pure_far"] = far * (found["accounted"] == 1)
        found["accounted_framed"] = found["accounted"] * found["framed"]
        return np.column_stack([np.asarray(found[name], np.float64) for name in COUNTS])

    def of_names(self) -> dict[str, Floats]:
        """What is counted of the names and of what stands between them, and how far the rest of the document has them."""
        tokens, name = self.tokens, self.name
        n = self.total(name)
        is_place = tokens.bits & NAME == BIT["place"]
        has_place = self.total(name & tokens.has("place")) > 0
        kind = tokens.bits & NAME * (name & single(tokens.bits & NAME))
        kind = np.bitwise_or.reduceat(kind, np.flatnonzero(changes(tokens.row)))
        more = name & ~single(tokens.bits & NAME) & (tokens.bits & NAME & kind[tokens.row] == 0)
        kinds = np.bitwise_count(kind) + (self.total(more) > 0)
        joint = tokens.has("joint")
        ahead, after = np.zeros(joint.size, bool), np.zeros(joint.size, bool)
        ahead[1:], after[:-1] = joint[:-1], joint[1:]
        ahead |= tokens.token == self.first[tokens.row]
        after |= tokens.token == self.last[tokens.row]
        n_joined = self.total(name & ahead & after)
        unknown = self.inside & tokens.unknown & (tokens.classes == 0)
        deeds = (
            self.total(self.inside & (tokens.has("doing", "telling") | tokens.somebody) & ~tokens.named) > 0
        )
        n_foreign = self.total(unknown & ~tokens.capital)
        n_capitals = self.total(name & tokens.capital)
        place = has_place & (kinds >= 3)
        elsewhere = self._rows.elsewhere(tokens.token[name], tokens.row[name])
        return {
            "elsewhere": np.asarray(elsewhere["elsewhere"], np.float64),
            "rare": np.asarray(elsewhere["rare"], np.float64),
            "joints": np.minimum(self.total(self.inside & joint), 6.0),
            "joined": n_joined / n,
            "capitals": n_capitals / n,
            "n_capitals": np.minimum(n_capitals, 5.0),
            "subjects": np.minimum(self.total(name & ~is_place), 6.0),
            "news": (self.total(name & tokens.has("news")) > 0).astype(np.float64),
            "place": place.astype(np.float64),
            "place_list": place * ((n_joined >= 3) & (n_foreign == 0) & ~deeds),
            "unknown_inside": np.minimum(n_foreign, 5.0),
            "deeds_inside": deeds.astype(np.float64),
        }

    def _of_words(self) -> dict[str, Floats]:
        """What is counted of the clause around the stretch and of the sentence beyond."""
        tokens = self.tokens
        some = {name: tokens.classes & CLASS[name] > 0 for name in CLASSES}
        frame = (tokens.classes > 0) | (tokens.bits & FRAME > 0)
        around, owner = self.clause & ~self.inside, tokens.owner
        content = self.clause & tokens.is_word & ~tokens.has("stop", "joint")
        foreign = tokens.unknown & ~frame
        ending = tokens.batch.vocabulary.ending[tokens.batch.token_word[tokens.token]]
        tellers = tokens.has("telling")
        beside = {name: around & some[name] for name in CLASSES}
        hung = {
            "whom_before": self.near(beside["whom"], BESIDE, 0).astype(np.float64),
            "where_beside": self.near(beside["where"], BESIDE, BEHIND).astype(np.float64),
            "does_beside": self.near(beside["does"], BESIDE, BESIDE).astype(np.float64),
            "piece_before": self.near(beside["piece"], FROM, 0).astype(np.float64),
        }
        classes = {
            name: np.minimum(self.total(self.clause & ~self.name & some[name]), 2.0) for name in CLASSES
        }
        return {
            **classes,
            **hung,
            "framed": np.minimum(sum(hung.values()), 3.0),
            "accounted": self.total(content & (frame | self.name)) / np.maximum(self.total(content), 1),
            "unknown_clause": np.minimum(self.total(around & foreign), 8.0),
            "ed_clause": np.minimum(self.total(around & foreign & (ending & np.uint64(0xFFFF) == ED)), 2.0),
            "deeds_clause": np.minimum(self.total(around & tokens.has("doing") & ~frame), 2.0),
            "tellers_clause": np.minimum(self.total(around & tellers), 2.0),
            "owner_clause": (self.total(around & owner) > 0).astype(np.float64),
            "owner_before": self.near(owner, BEFORE, 0).astype(np.float64),
            "owner_behind": self.near(owner, 0, BEHIND).astype(np.float64),
            "tellers": (self.total(tellers) > 0).astype(np.float64),
            "persons": (self.total(tokens.somebody) > 0).astype(np.float64),
            "unknown_beyond": np.minimum(self.total(~self.clause & foreign), 8.0),
        }

    def _of_matter(self) -> dict[str, Floats]:
        """How like one another the names are, and how near to those in the rest of the document."""
        coherent, fits = self._rows.matter(np.arange(self.n))
        return {"coherent": coherent, "fits": fits}

    @cached_property
    def _rows(self) -> Rows:
        """The stretches as rows of names."""
        tokens, lexicon = self.tokens, _lexicon()
        items = np.ones(self.n, np.int64)
        return Rows(lexicon, tokens.batch, tokens.entry, tokens.name, self.first, self.last + 1, items)


@cache
def _shipped() -> Weights:
    return Weights.read(WEIGHTS, COUNTS)


def _of_names_alone(some: _Stretches, weights: Weights) -> Floats:
    """What the names of some stretches add to their log odds; float64[k]."""
    total = np.zeros(some.n)
    if some.n:
        found = some.of_names()
        for name in OF_NAMES:
            total += weights.of[COUNTS.index(name)] * found[name]
    return total


def counted_sentences(batch: Batch) -> tuple[Spans, Floats]:
    """The stretches of names in a batch and what is counted of them; float64[k, counts]."""
    some = _Stretches.of(batch)
    return Spans.of_tokens(batch, some.first, some.last + 1), some.counted()


@once_per_batch
def sentences_of_sections(batch: Batch) -> Spans:
    """Stretches of sentences that speak of sections."""
    some, weights = _Stretches.of(batch), _shipped()
    some = some.where(_of_names_alone(some, weights) >= ALONE)
    return Spans.of_tokens(batch, some.first, some.last + 1).where(log_odds(some.counted(), weights) >= SOFT)
