"""Padding: paragraphs that pose as story and say nothing, or were taken from another text.

Words alone do not tell them on pages of a hand never seen; how a paragraph differs from the rest of its own page does.
So each is held against the other paragraphs of its document: in the manner of its words (a learnt score of words masked
by their shape), in the rates of small classes of words and marks, and in its subject (`quality.topic_inputs`). A weighted
sum of these columns gives the log odds of each kind. `scripts/build_padding.py` learns the numbers; docs/results.md has
what they find.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.columns import NUMBER, Bools, Floats, Hashes, Ints, combine
from quality.lexicon import DATA, is_stop_word
from quality.masks import PAIR, masked
from quality.registers import cue_points, foreign_register
from quality.text import Batch, hash_words, once_per_batch
from quality.topic_inputs import looked_at, off_topic_log_odds
from quality.topics import INPUTS

# A hollow paragraph says nothing; a spliced one is about something else.
KINDS = ("hollow", "spliced")
# A paragraph is judged from this many words on, in documents with this many such paragraphs: below that there is
# nothing to tell, or too little to hold it against, since a brief of four sentences has no manner of its own. Below `LINE`
# words it must end as a sentence does: a short question or line is a heading as often as filler.
N_WORDS_LOW, N_PARAGRAPHS_LOW, LINE = 6, 5, 16
# log2 of the number of buckets of the word score.
BITS = 16
# Variance of a word score within one document where it has too few paragraphs to tell.
GUESS = 0.1
# Values from this many spreads on count alike.
CLIP = 5.0
# Inputs of the topic network left out: length stands here already, and by what tells of the document rather than the
# paragraph one would learn whose pages these are.
LEFT_OUT = (
    "is_first",
    "from_end",
    "n_paragraphs",
    "n_words",
    "mass_elsewhere",
    "similarity_usual",
    "overlap_usual",
    "coverage_usual",
)
SUBJECT = tuple(name for name in INPUTS if name not in LEFT_OUT)
# Endings of words that stand for a class, by what they say of a text.
ENDINGS = {
    "past": ("ed",),
    "ongoing": ("ing",),
    "manner": ("ly",),
    "abstract": ("tion", "ment", "ity", "ness", "tions", "ments", "ance", "ence"),
}
_BEGINS = (np.uint64(0xA24BAED4963EE407), np.uint64(0x9FB21C651E98DF25))


@cache
def _classes() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads((DATA / "padding.toml").read_text("utf8"))["classes"]
    return {name: tuple(words.split()) for name, words in table.items()}


def column_names() -> tuple[str, ...]:
    """Names of the columns, in order."""
    rates = (
        *_classes(),
        *ENDINGS,
        "numbers",
        "names",
        "capitals",
        "function_words",
        "word_length",
        "sentence_length",
    )
    scores = [f"{kind}_{part}" for kind in KINDS for part in ("score", "beside", "spreads")]
    rest = (
        "n_words",
        "n_sentences",
        "is_last",
        "from_end",
        "off_topic",
        "register",
        "register_points",
        "story_points",
    )
    return (*scores, *rates, *(f"{name}_beside" for name in rates), *rest, *SUBJECT)


@dataclass(frozen=True)
class Padding:
    """What is learnt of padding, for each of `KINDS`.

    `words` int8[kinds, buckets] are weights of masked words and rows of two and three of them, in units of `scale` float64[kinds]. Of the columns: `center` and
    `spread` float64[columns], `weights` float64[kinds, columns]; `intercept` float64[kinds], 0 at the threshold of the rule.
    """

    words: NDArray[np.int8]
    scale: Floats
    center: Floats
    spread: Floats
    weights: Floats
    intercept: Floats

    @classmethod
    def load(cls, path: Path) -> Padding:
        """Read a file of `scripts/build_padding.py`.

        Raises ValueError where it was made for other columns.
        """
        with np.load(path, allow_pickle=False) as file:
            if tuple(file["names"]) != column_names():
                raise ValueError(f"{path} was made for other columns; run scripts/build_padding.py again")
            return cls(
                *(file[name] for name in ("words", "scale", "center", "spread", "weights", "intercept"))
            )

    def log_odds(self, matrix: Floats) -> Floats:
        """Log odds of each kind from rows of columns, NaN counting as usual; float64[kinds, n].

        Summed column by column, so that a row's sum does not depend on the others.
        """
        scaled = np.clip(
            (np.where(np.isnan(matrix), self.center, matrix) - self.center) / self.spread, -CLIP, CLIP
        )
        found = np.tile(self.intercept[:, None], (1, matrix.shape[0]))
        for column, weight in zip(scaled.T, self.weights.T, strict=True):
            found += weight[:, None] * column
        return found


@cache
def shipped_padding() -> Padding:
    """The numbers that come with the package."""
    return Padding.load(DATA / "padding.npz")


@dataclass(frozen=True)
class _Prose:
    """The paragraphs that are judged: `paragraph` int64[n] in order, `document` int64[n], `n_words` float64[n]."""

    paragraph: Ints
    document: Ints
    n_words: Floats

    @cached_property
    def n_others(self) -> Ints:
        """How many other paragraphs of the document are judged; int64[n]."""
        return np.bincount(self.document)[self.document] - 1

    def beside(self, values: Floats) -> Floats:
        """Mean of the other judged paragraphs of the document; float64[n]."""
        return (np.bincount(self.document, weights=values)[self.document] - values) / self.n_others


@once_per_batch
def _prose(batch: Batch) -> _Prose:
    group = batch.paragraphs
    words = batch.n_words(group)
    long = words >= N_WORDS_LOW
    long &= batch.ends_with('.!")') | (words >= LINE)
    enough = np.bincount(group.parent[long], minlength=batch.n_documents) >= N_PARAGRAPHS_LOW
    paragraph = np.flatnonzero(long & enough[group.parent])
    return _Prose(paragraph, group.parent[paragraph], words[paragraph])


class _Stream(NamedTuple):
    """Buckets (int64) of what is hashed at some tokens: at each from the first on but those at `crossing`, or only `at` some."""

    bucket: Ints
    crossing: Ints
    at: Ints | None = None


@once_per_batch
def _streams(batch: Batch) -> tuple[Ints, tuple[_Stream, ...]]:
    """Tokens of judged paragraphs by paragraph (int64[t], numbered among the judged), and what is hashed of them.

    Masked words, rows of two and three of them, and how paragraphs and sentences begin.
    """
    prose, group, mask = _prose(batch), batch.paragraphs, masked(batch)
    number = np.full(group.n, -1)
    number[prose.paragraph] = np.arange(prose.paragraph.size)
    # what is judged, close together; rows that cross from one paragraph to the next do not count
    token = np.flatnonzero(np.repeat(number >= 0, group.last - group.first))
    of, mask = number[group.of_token[token]], mask[token]
    pair = combine(mask[:-1], mask[1:])
    triple = combine(pair[:-1], mask[2:])
    crossing = [np.flatnonzero(of[by:] != of[: of.size - by]) for by in range(3)]
    first = np.flatnonzero(np.diff(of, prepend=-1))
    sentence = np.flatnonzero(_opens(batch)[token])
    begins = zip((first, sentence), _BEGINS, strict=True)
    shift = np.uint64(64 - BITS)

    def bucket(key: Hashes) -> Ints:
        return (key >> shift).view(np.int64)

    rows = zip((mask, pair ^ PAIR, triple), crossing, strict=True)
    return of, (
        *(_Stream(bucket(key), across) for key, across in rows),
        *(_Stream(bucket(mask[at] ^ salt), crossing[0], at) for at, salt in begins),
    )


@once_per_batch
def _opens(batch: Batch) -> Bools:
    """Tokens that open a sentence; bool[tokens]."""
    opens = np.zeros(batch.token_word.size, bool)
    opens[batch.sentences.first[batch.sentences.filled]] = True
    return opens


def word_rows(batch: Batch) -> tuple[Ints, Ints, Floats]:
    """What is hashed of each judged paragraph (int64[k]), its bucket (int64[k]), and the value of each judged paragraph's entries.

    The values (float64[n]) make a row's length about one.
    """
    of, streams = _streams(batch)
    owner, bucket = [], []
    for stream in streams:
        at = np.arange(stream.bucket.size) if stream.at is None else stream.at
        kept = np.ones(at.size, bool)
        kept[stream.crossing] = False
        owner.append(of[at[kept]])
        bucket.append(stream.bucket[kept])
    return np.concatenate(owner), np.concatenate(bucket), _value(batch)


def _value(batch: Batch) -> Floats:
    """One over the root of the number of entries of each judged paragraph; float64[n]."""
    of, streams = _streams(batch)
    size = np.bincount(of, minlength=_prose(batch).paragraph.size)
    # of n words there are n - 1 rows of two and n - 2 of three, and the paragraph begins once
    n_sentences = np.bincount(of[streams[-1].at], minlength=size.size)
    return 1.0 / np.sqrt(np.maximum(3 * size - 2 + n_sentences, 1))


def word_scores(batch: Batch, words: NDArray[np.int8], scale: Floats) -> Floats:
    """Score of each kind by the words of each judged paragraph; float64[kinds, n].

    Summed as whole numbers, so that a score does not depend on the order or the batch.
    """
    of, streams = _streams(batch)
    begins = np.flatnonzero(np.diff(of, prepend=-1))
    value, found = _value(batch), []
    for some, unit in zip(words, scale.tolist(), strict=True):
        total = np.zeros(of.size, np.int16)
        for bucket, crossing, at in streams:
            weight = some.take(bucket)
            weight[crossing] = 0
            total[slice(bucket.size) if at is None else at] += weight
        sums = np.add.reduceat(total, begins, dtype=np.int64) if begins.size else total
        found.append(sums * (unit * value))
    return np.array(found).reshape(len(words), value.size)


@once_per_batch
def _rates(batch: Batch) -> Floats:
    """Classes of words and marks for each word, and lengths, of each judged paragraph; float64[columns, n]."""
    prose, group, vocabulary = _prose(batch), batch.paragraphs, batch.vocabulary
    classes = np.full(len(vocabulary), -1, np.int8)
    for k, words in enumerate(_classes().values()):
        classes[vocabulary.among(hash_words(words))] = k
    endings = np.full(len(vocabulary), -1, np.int8)
    for k, some in enumerate(ENDINGS.values()):
        for ending in some:
            size = np.uint64((1 << (8 * len(ending))) - 1)
            endings[(vocabulary.ending & size) == int.from_bytes(ending.encode(), "big")] = k
    capital = batch.token_upper & batch.is_word
    single = (batch.token_kind == NUMBER, capital & ~_opens(batch), capital, is_stop_word(batch))
    counts = [
        _counts(batch, classes[batch.token_word], len(_classes())),
        _counts(batch, endings[batch.token_word], len(ENDINGS)),
        *(group.sum(some)[None] for some in (*single, np.where(batch.is_word, batch.token_length, 0))),
    ]
    rates = np.vstack(counts)[:, prose.paragraph] / prose.n_words
    return np.vstack([rates, prose.n_words / _n_sentences(batch)])


def _counts(batch: Batch, number: NDArray[np.int8], n: int) -> Floats:
    """How many tokens of each paragraph have each number, -1 being none; float64[n, paragraphs]."""
    token = np.flatnonzero(number >= 0)
    cell = number[token].astype(np.int64) * batch.paragraphs.n + batch.paragraphs.of_token[token]
    return np.bincount(cell, minlength=n * batch.paragraphs.n).reshape(n, -1).astype(np.float64)


@once_per_batch
def _n_sentences(batch: Batch) -> Floats:
    filled = batch.sentences.first[batch.sentences.filled]
    n = np.bincount(batch.paragraphs.of_token[filled], minlength=batch.paragraphs.n)
    return n[_prose(batch).paragraph].astype(np.float64)


@once_per_batch
def plain_columns(batch: Batch) -> tuple[Ints, Floats]:
    """Judged paragraphs (int64[n]) and all columns that need no word scores; float64[columns, n]."""
    prose, group = _prose(batch), batch.paragraphs
    at = prose.paragraph
    rates = _rates(batch)
    beside = np.array([row - prose.beside(row) for row in rates]).reshape(rates.shape)
    after = np.searchsorted(group.parent, group.parent[at], "right") - 1 - at
    points, story = cue_points(batch)
    rest = (
        np.log1p(prose.n_words),
        _n_sentences(batch),
        after == 0,
        np.log1p(after),
        off_topic_log_odds(batch)[at],
        foreign_register(batch)[0][at],
        points.sum(axis=1)[at],
        story[at],
    )
    judged, values = looked_at(batch)
    subject = np.full((group.n, len(INPUTS)), np.nan)
    subject[judged] = values
    chosen = [INPUTS.index(name) for name in SUBJECT]
    return at, np.vstack([rates, beside, *rest, subject[at][:, chosen].T])


def score_columns(batch: Batch, scores: Floats) -> Floats:
    """Word scores, how far they lie above those of the other judged paragraphs, and that in spreads; float64[3 kinds, n]."""
    prose, found = _prose(batch), []
    for score in scores:
        mean = prose.beside(score)
        variance = np.maximum(prose.beside(score * score) - mean * mean, 0.0)
        found += [score, score - mean, (score - mean) / np.sqrt(variance + GUESS)]
    return np.array(found).reshape(3 * len(scores), prose.paragraph.size)


@once_per_batch
def padding_log_odds(batch: Batch) -> Floats:
    """Log odds of each kind of padding, 0 at the threshold of its rule; float64[kinds, paragraphs].

    NaN where nothing is judged: under six words, a short line that is no sentence, or with fewer than four others to hold it against.
    """
    table = shipped_padding()
    judged, plain = plain_columns(batch)
    matrix = np.vstack([score_columns(batch, word_scores(batch, table.words, table.scale)), plain]).T
    odds = np.full((len(KINDS), batch.paragraphs.n), np.nan)
    odds[:, judged] = table.log_odds(matrix)
    return odds
