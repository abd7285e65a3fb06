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
from functools import cache
from pathlib import Path

import numpy as np

from quality.columns import NUMBER, Bools, Floats, Ints, combine
from quality.lexicon import DATA, is_stop_word
from quality.masks import PAIR, masked
from quality.registers import cue_points, foreign_register
from quality.text import Batch, hash_words, once_per_batch
from quality.topic_inputs import looked_at, off_topic_log_odds
from quality.topics import INPUTS

# A hollow paragraph says nothing; a spliced one is about something else.
KINDS = ("hollow", "spliced")
# A paragraph is judged from this many words on, in documents with this many such paragraphs: below that there is
# nothing to tell, or nothing to hold it against. A short question is a heading as often as filler.
N_WORDS_LOW, N_PARAGRAPHS_LOW, QUESTION = 6, 3, 16
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

    `words` float64[kinds, buckets] are weights of masked words and rows of two and three of them. Of the columns: `center` and
    `spread` float64[columns], `weights` float64[kinds, columns]; `intercept` float64[kinds], 0 at the threshold of the rule.
    """

    words: Floats
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
            words = file["words"] * file["words_scale"][:, None]
            return cls(words, file["center"], file["spread"], file["weights"], file["intercept"])

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

    def beside(self, values: Floats) -> tuple[Floats, Floats]:
        """Mean of the other judged paragraphs of the document, and their variance; float64[n] each."""
        n = np.bincount(self.document)[self.document] - 1
        mean = (np.bincount(self.document, weights=values)[self.document] - values) / n
        square = values * values
        mean_square = (np.bincount(self.document, weights=square)[self.document] - square) / n
        return mean, np.maximum(mean_square - mean * mean, 0.0)


@once_per_batch
def _prose(batch: Batch) -> _Prose:
    group = batch.paragraphs
    words = batch.n_words(group)
    long = words >= N_WORDS_LOW
    question = batch.mark("?")
    if question.any():
        asks = np.zeros(group.n, bool)
        asks[group.filled] = question[group.last[group.filled] - 1]
        long &= ~asks | (words >= QUESTION)
    enough = np.bincount(group.parent[long], minlength=batch.n_documents) >= N_PARAGRAPHS_LOW
    paragraph = np.flatnonzero(long & enough[group.parent])
    return _Prose(paragraph, group.parent[paragraph], words[paragraph])


def word_rows(batch: Batch) -> tuple[Ints, Ints, Floats]:
    """Masked words of the judged paragraphs, rows of two and three, and how paragraph and sentences begin.

    Judged paragraph (int64[k]), bucket (int64[k]), and for each judged paragraph the value that makes its row's length about one (float64[n]).
    """
    prose, group, mask = _prose(batch), batch.paragraphs, masked(batch)
    number = np.full(group.n, -1)
    number[prose.paragraph] = np.arange(prose.paragraph.size)
    # what is judged, close together: rows of two and three that cross paragraphs are left out below
    token = np.flatnonzero(np.repeat(number >= 0, group.last - group.first))
    of, mask = number[group.of_token[token]], mask[token]
    pair = combine(mask[:-1], mask[1:])
    triple = combine(pair[:-1], mask[2:])
    two, three = (np.flatnonzero(of[by:] == of[:-by]) for by in (1, 2))
    opens = np.zeros(group.of_token.size, bool)
    opens[batch.sentences.first[batch.sentences.filled]] = True
    sentence = np.flatnonzero(opens[token])
    first = np.flatnonzero(np.diff(of, prepend=-1))
    parts = (
        (of, mask),
        (of[two], pair[two] ^ PAIR),
        (of[three], triple[three]),
        (of[first], mask[first] ^ _BEGINS[0]),
        (of[sentence], mask[sentence] ^ _BEGINS[1]),
    )
    owner = np.concatenate([some for some, _ in parts])
    bucket = (np.concatenate([key for _, key in parts]) >> np.uint64(64 - BITS)).astype(np.int64)
    return owner, bucket, 1.0 / np.sqrt(np.maximum(np.bincount(owner, minlength=prose.paragraph.size), 1.0))


def word_scores(batch: Batch, words: Floats) -> Floats:
    """Score of each kind by the words of each judged paragraph; float64[kinds, n]."""
    owner, bucket, value = word_rows(batch)
    sums = [np.bincount(owner, weights=some[bucket], minlength=value.size) for some in words]
    return np.array(sums).reshape(len(words), value.size) * value


@once_per_batch
def _rates(batch: Batch) -> Floats:
    """Classes of words and marks for each word, and lengths, of each judged paragraph; float64[columns, n]."""
    prose, group, vocabulary = _prose(batch), batch.paragraphs, batch.vocabulary
    of_token, n = group.of_token, group.n

    def entries(chosen: Bools) -> Ints:
        return np.flatnonzero(chosen[batch.token_word])

    tokens = [entries(vocabulary.among(hash_words(words))) for words in _classes().values()]
    for endings in ENDINGS.values():
        chosen = np.zeros(len(vocabulary), bool)
        for ending in endings:
            size = np.uint64((1 << (8 * len(ending))) - 1)
            chosen |= (vocabulary.ending & size) == int.from_bytes(ending.encode(), "big")
        tokens.append(entries(chosen))
    tokens.append(np.flatnonzero(batch.token_kind == NUMBER))
    opens = np.zeros(of_token.size, bool)
    opens[batch.sentences.first[batch.sentences.filled]] = True
    capital = batch.token_upper & batch.is_word
    tokens += [np.flatnonzero(capital & ~opens), np.flatnonzero(capital), np.flatnonzero(is_stop_word(batch))]
    counts = [np.bincount(of_token[some], minlength=n)[prose.paragraph] for some in tokens]
    counts.append(group.sum(np.where(batch.is_word, batch.token_length, 0))[prose.paragraph])
    return np.vstack([np.array(counts) / prose.n_words, prose.n_words / _n_sentences(batch)])


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
    beside = np.array([row - prose.beside(row)[0] for row in rates]).reshape(rates.shape)
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
        mean, variance = prose.beside(score)
        found += [score, score - mean, (score - mean) / np.sqrt(variance + GUESS)]
    return np.array(found).reshape(3 * len(scores), prose.paragraph.size)


@once_per_batch
def padding_log_odds(batch: Batch) -> Floats:
    """Log odds of each kind of padding, 0 at the threshold of its rule; float64[kinds, paragraphs].

    NaN where nothing is judged: under six words, a short question, or with fewer than two others to hold it against.
    """
    table = shipped_padding()
    judged, plain = plain_columns(batch)
    matrix = np.vstack([score_columns(batch, word_scores(batch, table.words)), plain]).T
    odds = np.full((len(KINDS), batch.paragraphs.n), np.nan)
    odds[:, judged] = table.log_odds(matrix)
    return odds
