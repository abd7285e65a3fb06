"""Rows of section names that a sentence recites: "Health, beauty and the Balkans meet at this crossroads".

No wording tells them but what they are made of: names of several kinds of sections, far from the matter of the text,
what joins them, what such sentences are padded out with, and little else - no deed, nobody who speaks, no body that
is called so. Each of these is counted for every row of such names, and a logistic regression
(scripts/build_section_rows.py) weighs the counts. The words are in quality/data/section_names.toml, the weights in
section_rows.tsv. Not here: hyphenated names (sections), rows of pages' own marks (category_lines), wordings known by
heart (rules/leak.toml).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.columns import NUMBER, Bools, Floats, Ints, changes, within
from quality.lexicon import DATA, WordTable, read_lexicon
from quality.rules import Spans
from quality.text import Batch, once_per_batch
from quality.topics import IDF_UNIT, shipped_topics, stems

WEIGHTS = DATA / "section_rows.tsv"
# What a word may be, as bits: the lists of the file, and function words.
KINDS = tuple("news state money technology nature body home culture sport travel place".split())
WORDS = tuple("within meeting belonging calling hollow telling doing persons owner filing".split())
BIT = {name: 1 << k for k, name in enumerate((*KINDS, *WORDS, "joint", "stop"))}
NAME = (1 << len(KINDS)) - 1
FRAME = BIT["meeting"] | BIT["belonging"] | BIT["calling"] | BIT["hollow"]
DEED = BIT["doing"] | BIT["telling"] | BIT["persons"] | BIT["owner"]
# What joins names; a hyphen does with blanks around it.
JOINTS = (*",/&.;+|>·•-", "and", "or", "under", "where", "meets", "meet", "greets", "beside", "alongside")
# From one name of a row to the next: tokens, and among them words that are not known and those with a capital.
REACH, FOREIGN, STRANGE = 8, 1, 3
# Tokens of a sentence that is too long for such a row, and of one that may be an item by itself.
LONG, SHORT = 60, 4
# What a token between two names is.
JOINED, FOREIGNER, STRANGER, DONE = 1, 1 << 4, 1 << 8, 1 << 12
# Length to which directions of words are scaled before they are rounded.
UNIT = 256
# The last two letters of a deed, as numbers.
ED = np.uint64(ord("d") | ord("e") << 8)
# Tokens before and behind a row in which it is looked for whose it is.
BEFORE, BEHIND = 4, 2

# Log odds from which a row is reported, and is hard evidence; unknown words beside a hard one at most; and words of padding
# from which a sentence is padding whatever else it says. Set so that of the reliable articles and controls of the shared
# corpora none has a hard one and one in a thousand a soft one (docs/results.md).
SOFT, HARD, FACTS, PADDED = 1.5, 2.0, 4, 3
# Of the counts that are made last the values that speak for a row, as far as any has them.
BEST = (-0.35, -0.6)

COUNTS = (
    "kinds", "three_kinds", "four_kinds", "capitals", "all_capitals", "news", "place", "joints", "pair", "three_items",
    "unknown_inside", "unknown_outside", "unknown_plain", "short", "frames", "frames_alone", "filed", "opens", "listed",
    "persons", "deeds", "tellers", "owner", "owner_before", "owner_behind", "elsewhere", "nowhere_else", "rare", "coherent", "fits",
)  # fmt: skip


@dataclass(frozen=True)
class Lexicon:
    """The words of the file: `place` their numbers, `bits` int32[n + 1], `between` int64[n + 1] what they are
    between two names, `rarity` float64[n + 1] their idf.

    `direction` float32[n + 1, d]: the directions of their vectors, in whole 256ths so that sums are exact. The last of
    each stands for all other words.
    """

    place: WordTable
    bits: NDArray[np.int32]
    between: Ints
    rarity: Floats
    direction: NDArray[np.float32]

    @classmethod
    @cache
    def shipped(cls) -> Lexicon:
        """The lists that come with the package."""
        table = tomllib.loads((DATA / "section_names.toml").read_text("utf8"))
        return cls.of([*table["kinds"].items(), *table["words"].items()])

    @classmethod
    def of(cls, lists: Iterable[tuple[str, str]]) -> Lexicon:
        """From lists of words with blanks between them, each with the name of its bit."""
        some = [(name, words.split()) for name, words in lists]
        bits: dict[str, int] = {}
        for name, words in (*some, ("joint", JOINTS), ("stop", read_lexicon("stop_words"))):
            for word in words:
                bits[word] = bits.get(word, 0) | BIT[name]
        topics, batch = shipped_topics(), Batch.of([*bits])
        row = topics.rows(stems(batch.vocabulary))[batch.token_word]
        vector = topics.vector[np.append(row, topics.stem.size)].astype(np.float64)
        length = np.maximum(np.sqrt((vector * vector).sum(1, keepdims=True)), 1.0)
        kinds = np.array([*bits.values(), 0], np.int32)
        done = (kinds & DEED > 0) & (kinds & NAME == 0)
        return cls(
            WordTable.of({word: k for k, word in enumerate(bits)}),
            kinds,
            (JOINED * (kinds & BIT["joint"] > 0) + DONE * done).astype(np.int64),
            np.append(topics.idf, topics.rare_idf)[np.append(row, topics.stem.size)] / IDF_UNIT,
            np.rint(UNIT * vector / length).astype(np.float32),
        )

    def look_up(self, batch: Batch) -> Ints:
        """Number of the word of every entry of a batch's vocabulary; int64[v]."""
        return self.place.look_up(batch.vocabulary.hash, len(self.place)).astype(np.int64)


@dataclass(frozen=True)
class Rows:
    """Rows of names in a batch, by a lexicon: first token, the token behind the last, items; int64[k] each.

    `entry` int64[v]: the number in the lexicon of every entry of the vocabulary; `name` int64: tokens that are names.
    """

    lexicon: Lexicon
    batch: Batch
    entry: Ints
    name: Ints
    first: Ints
    last: Ints
    items: Ints

    @classmethod
    def of(cls, batch: Batch) -> Rows:
        """Those of two kinds or of three items."""
        group, lexicon = batch.sentences, Lexicon.shipped()
        entry = lexicon.look_up(batch)
        name = np.flatnonzero((lexicon.bits[entry] & NAME > 0)[batch.token_word])
        if not name.size:
            return cls(lexicon, batch, entry, name, name, name, name)
        tied, parted = _tied(lexicon, batch, entry, name)
        begin = np.flatnonzero(~tied)
        first, last = name[begin], name[np.append(begin[1:], name.size) - 1] + 1
        items = 1 + np.add.reduceat(parted.astype(np.int64), begin)
        kinds = np.bitwise_or.reduceat(_looked_up(lexicon, batch, entry, name)[1] & NAME, begin)
        own = group.of_token[first]
        kept = (items > 2) | ((items > 1) & ~single(kinds))
        kept &= group.last[own] - group.first[own] <= LONG
        kept &= ~batch.is_quoted[first] & ~batch.is_quoted[last - 1]
        kept[kept] &= ~_in_longer_name(lexicon, batch, entry, first[kept], last[kept])
        return cls(lexicon, batch, entry, name, first[kept], last[kept], items[kept])

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.first.size

    @cached_property
    def sentence(self) -> Ints:
        """Sentence of the first token."""
        return self.batch.sentences.of_token[self.first]

    def total(self, row: Ints, marked: NDArray[np.generic]) -> Floats:
        """Sum over the rows of something of tokens, whose rows are given."""
        return np.bincount(row, weights=marked, minlength=self.n).astype(np.float64)

    def inside(self) -> dict[str, Floats | Bools]:
        """What is counted of the names themselves and what stands between them."""
        batch = self.batch
        token, row = within(self.first, self.last - self.first)
        _, bits = _looked_up(self.lexicon, batch, self.entry, token)
        named = bits & NAME
        kind = np.bitwise_or.reduceat(np.where(single(named), named, 0), _starts(row))
        more = (named > 0) & ~single(named) & (named & kind[row] == 0)
        kinds: Floats = np.bitwise_count(kind) + (self.total(row, more) > 0).astype(np.float64)
        subject = (named > 0) & (named & BIT["place"] == 0)
        capital = batch.token_upper[token] & (token != batch.sentences.first[self.sentence][row])
        n_capitals = self.total(row, capital & subject)
        share = n_capitals / np.maximum(self.total(row, subject), 1)
        place = self.total(row, named & BIT["place"]) > 0
        return {
            "kinds": np.minimum(kinds, 5.0),
            "three_kinds": kinds >= 3,
            "four_kinds": kinds >= 4,
            "capitals": share,
            "all_capitals": (n_capitals > 1) & (share > 0.7),
            "news": self.total(row, named & BIT["news"]) > 0,
            "place": place & (kinds >= 3),
            "joints": np.minimum(self.total(row, bits & BIT["joint"] > 0), 8),
            "pair": self.items == 2,
            "three_items": self.items >= 3,
            "unknown_inside": np.minimum(self.total(row, batch.is_word[token] & (bits == 0)), 4),
            **self.elsewhere(token[named > 0], row[named > 0]),
        }

    def elsewhere(self, token: Ints, row: Ints) -> dict[str, Floats | Bools]:
        """How rare the names (given) are, and which of them the rest of the document has."""
        document, size = self.batch.documents.of_token, self.total(row, np.ones(row.size))
        n_words = len(self.lexicon.place)
        word = self.entry[self.batch.token_word[token]]
        key = document[self.name] * n_words + self.entry[self.batch.token_word[self.name]]
        own = row * n_words + word
        n_times = times(np.sort(key), document[token] * n_words + word)
        elsewhere = self.total(row, n_times > times(np.sort(own), own)) / size
        rarity = self.lexicon.rarity[word]
        return {
            "elsewhere": elsewhere,
            "nowhere_else": elsewhere == 0,
            "rare": self.total(row, rarity) / size,
        }

    def matter(self, some: Ints) -> tuple[Floats, Floats]:
        """How like one another the names of some rows are, and how near to the names in the rest of their documents."""
        direction, document = self.lexicon.direction, self.batch.documents.of_token
        token, row = within(self.first[some], self.last[some] - self.first[some])
        word, bits = _looked_up(self.lexicon, self.batch, self.entry, token)
        word, row = word[bits & NAME > 0], row[bits & NAME > 0]
        own = np.add.reduceat(direction[word], _starts(row))
        holding = np.zeros(self.batch.n_documents, bool)
        holding[document[self.first[some]]] = True
        name = self.name[holding[document[self.name]]]
        others = self.entry[self.batch.token_word[name]]
        whole = np.add.reduceat(direction[others], _starts(document[name]))
        nth = np.cumsum(holding) - 1
        rest = (whole[nth[document[self.first[some]]]] - own).astype(np.float64)
        own, size = own.astype(np.float64), np.bincount(row)
        square = (own * own).sum(1)
        length = np.sqrt(square * (rest * rest).sum(1))
        return square / (UNIT * size) ** 2 - 1 / size, (own * rest).sum(1) / np.maximum(length, 1.0)

    @cached_property
    def _cheap(self) -> dict[str, Floats | Bools]:
        """All but `matter`."""
        found = self.inside() | self.outside()
        # a row of capitals may stand in a sentence of facts, another may not
        plain: Floats = np.asarray(found["unknown_outside"] * (1.0 - found["capitals"]), np.float64)
        return found | {"unknown_plain": plain}

    def counted(self, some: Ints) -> Floats:
        """What is counted of every row, `matter` of some alone; float64[k, counts]."""
        counts = np.zeros((self.n, len(COUNTS)))
        if self.n:
            for k, name in enumerate(COUNTS[: -len(BEST)]):
                counts[:, k] = self._cheap[name]
        if some.size:
            counts[some, -len(BEST) :] = np.column_stack(self.matter(some))
        return counts

    def outside(self) -> dict[str, Floats | Bools]:
        """What is counted of the rest of their sentences."""
        batch, group = self.batch, self.batch.sentences
        low, high = group.first[self.sentence], group.last[self.sentence]
        token, row = within(low, high - low)
        kept = (token < self.first[row]) | (token >= self.last[row])
        _, every = _looked_up(self.lexicon, batch, self.entry, token)
        all_row, bits, token, row = row, every[kept], token[kept], row[kept]
        unknown = batch.is_word[token] & (bits == 0)
        content = batch.is_word[token] & (bits & BIT["stop"] == 0)
        frame = content & (bits & FRAME > 0)
        n_unknown, n_frames = self.total(row, unknown), self.total(row, frame)
        before = (token < self.first[row]) & (token >= self.first[row] - BEFORE)
        behind = (token >= self.last[row]) & (token < self.last[row] + BEHIND)
        ended = unknown & (batch.vocabulary.ending[batch.token_word[token]] & np.uint64(0xFFFF) == ED)

        def some(marked: Bools) -> Bools:
            return self.total(row, marked) > 0

        def somewhere(name: str) -> Bools:
            return self.total(all_row, (every & BIT[name] > 0) & (every & NAME == 0)) > 0

        owner = bits & BIT["owner"] > 0
        return {
            "unknown_outside": np.minimum(n_unknown, 8.0),
            "short": n_unknown <= 1,
            "frames": n_frames / np.maximum(self.total(row, content), 1),
            "frames_alone": np.minimum(n_frames, 4.0) * (n_unknown <= 2),
            "filed": some(before & (bits & BIT["filing"] > 0)),
            "opens": self.first <= low + 1,
            "listed": batch.is_list_item[group.parent[self.sentence]],
            "persons": somewhere("persons"),
            "deeds": some((bits & BIT["doing"] > 0) | ended),
            "tellers": somewhere("telling"),
            "owner": some(owner),
            "owner_before": some(owner & before),
            "owner_behind": some(owner & behind),
        }


def _tied(lexicon: Lexicon, batch: Batch, entry: Ints, name: Ints) -> tuple[Bools, Bools]:
    """Names (tokens, at least one) that are in a row with the one before, and that are another item of it; bool[names] each."""
    group, between = batch.sentences, lexicon.between
    sentence = group.of_token[name]
    short = (group.last - group.first <= SHORT)[sentence]
    same = sentence[1:] == sentence[:-1]
    same |= (group.parent[sentence[1:]] == group.parent[sentence[:-1]]) & short[1:] & short[:-1]
    near = np.flatnonzero(same & (np.diff(name) <= REACH))
    # what stands between, four bits for each kind, which hold what `REACH` tokens may have
    here, there = name[near], name[near + 1]
    token, pair = within(here + 1, there - here - 1)
    word, bits = _looked_up(lexicon, batch, entry, token)
    weight = between[word] * (bits != 0)
    unknown = batch.is_word[token] & (bits == 0)
    weight += unknown * np.where(batch.token_upper[token], STRANGER, FOREIGNER)
    weight += FOREIGNER * (batch.token_kind[token] == NUMBER)
    found = np.bincount(pair, weights=weight, minlength=near.size).astype(np.int64)
    n_joints = found & 15
    kept = ((n_joints > 0) | (there - here == 1)) & (found >> 4 & 15 <= FOREIGN)
    kept &= (found >> 8 & 15 <= STRANGE) & (found < DONE)
    tied, parted = np.zeros(name.size, bool), np.zeros(name.size, bool)
    tied[near[kept] + 1] = True
    parted[near[kept & (n_joints > 0)] + 1] = True
    return tied, parted


def _in_longer_name(lexicon: Lexicon, batch: Batch, entry: Ints, first: Ints, last: Ints) -> Bools:
    """Rows (first token, the token behind the last) that go on as a name does: "Leeds Culture and Sport Trust"."""
    group = batch.sentences
    own = group.of_token[first]

    def is_named(token: Ints) -> Bools:
        named = batch.token_upper[token] & batch.is_word[token] & ~batch.is_all_capitals[token]
        return named & (token > group.first[own]) & (token < group.last[own])

    # a row that ends the batch has nothing behind it, and must not be its own neighbour
    before, behind = np.maximum(first - 1, 0), np.minimum(last, batch.token_word.size - 1)
    leads = _looked_up(lexicon, batch, entry, before)[1] & FRAME > 0
    longer = is_named(first) & is_named(before) & ~leads
    return longer | (is_named(last - 1) & is_named(behind) & (behind == last))


def _looked_up(lexicon: Lexicon, batch: Batch, entry: Ints, token: Ints) -> tuple[Ints, NDArray[np.int32]]:
    """Numbers of some tokens' words in the lexicon, and what these may be; a hyphen without blanks is nothing."""
    word = entry[batch.token_word[token]]
    bits = lexicon.bits[word]
    bits[(batch.folded[batch.token_start[token]] == ord("-")) & ~batch.spaced[token]] = 0
    return word, bits


def times(ordered: Ints, asked: Ints) -> Ints:
    """How often each number stands in some ordered ones."""
    return np.searchsorted(ordered, asked, "right") - np.searchsorted(ordered, asked, "left")


def single(bits: NDArray[np.int32]) -> Bools:
    """Which have one bit and no more."""
    return (bits > 0) & (bits & (bits - 1) == 0)


def _starts(row: Ints) -> Ints:
    return np.flatnonzero(changes(row))


@dataclass(frozen=True)
class Weights:
    """What was learnt: where the sum starts and what each count adds, in the order of `COUNTS`."""

    start: float
    of: Floats

    @classmethod
    def read(cls, path: Path, counts: Sequence[str] = COUNTS) -> Weights:
        """From a file of scripts/build_section_rows.py, or of the like for other counts.

        Raises ValueError where the file was made for other counts.
        """
        lines = [line.split("\t") for line in path.read_text("utf8").splitlines() if not line.startswith("#")]
        weight = {name: float(number) for name, number in lines}
        if set(weight) != {"start", *counts}:
            raise ValueError(f"{path} was made for other counts; run scripts/build_{path.stem}.py again")
        return cls(weight["start"], np.array([weight[name] for name in counts]))


@cache
def _shipped() -> Weights:
    return Weights.read(WEIGHTS)


def log_odds(counts: Floats, weights: Weights) -> Floats:
    """What the counts of rows add up to, in one order in any batch; float64[k]."""
    total = np.full(counts.shape[0], weights.start)
    for column, weight in zip(counts.T, weights.of.tolist(), strict=True):
        total += weight * column
    return total


def is_clear(counts: Floats) -> Bools:
    """Rows of three kinds and items that no sentence makes for itself; bool[k].

    Such a list has neither places nor news nor padding, or the sentence says something: that somebody does it, or whose
    it is. Ministries, markets and shelves have capitals as well. So a row of capitals, or of an owner, needs a sentence
    that is padding alone; one in a sentence that says something needs much of it; and a row of capitals can do with what
    says that a page is filed so.
    """
    number = dict(zip(COUNTS, counts.T, strict=True))
    of = {name: column > 0 for name, column in number.items()}
    menu = (of["news"] | of["place"] | of["frames_alone"]) & (number["unknown_outside"] <= FACTS)
    nothing_else = number["frames"] >= 1
    bare = ~of["deeds"] & ~of["tellers"] & (nothing_else | ~(of["all_capitals"] | of["owner"]))
    padded = (number["frames_alone"] >= PADDED) & ~of["owner"]
    filed = of["all_capitals"] & of["filed"] & (nothing_else | ~of["owner"])
    return np.asarray((filed | (menu & (bare | padded))) & of["three_kinds"] & of["three_items"])


def counted_rows(batch: Batch) -> tuple[Spans, Floats]:
    """All rows of names and what is counted of them; float64[k, counts]. For learning."""
    rows = Rows.of(batch)
    return Spans.of_tokens(batch, rows.first, rows.last), rows.counted(np.arange(rows.n))


@once_per_batch
def recited_rows(batch: Batch) -> tuple[Spans, Spans]:
    """Rows of sections that are recited for certain, and others that may be."""
    rows, weights = Rows.of(batch), _shipped()
    # what is counted last costs most: only of rows that it may bring there
    counts = rows.counted(np.zeros(0, np.int64))
    counts[:, -len(BEST) :] = BEST
    some = np.flatnonzero(log_odds(counts, weights) >= SOFT)
    counts[some] = rows.counted(some)[some]
    odds = log_odds(counts[some], weights)
    hard = is_clear(counts[some]) & (odds >= HARD)
    spans = Spans.of_tokens(batch, rows.first[some], rows.last[some])
    return spans.where(hard), spans.where((odds >= SOFT) & ~hard)
