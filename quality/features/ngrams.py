"""Hashed n-grams: (text, bucket, value) triples that learnt weights are summed over.

Three streams. Of paragraphs: words, pairs, and how the paragraph opens and closes, for its role. Of
documents: plain words and pairs, and the same with every word outside the thousand commonest masked
by its shape, so that what remains is manner rather than matter. A bucket is the top bits of a
64-bit hash: a model made of these holds numbers and no words.

Recipe and figures: docs/results.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.lexicon import read_lexicon
from quality.text import (
    NUMBER,
    PUNCTUATION,
    Batch,
    Bools,
    Floats,
    Hashes,
    Ints,
    combine,
    hash_words,
    once_per_batch,
)

# log2 of the number of buckets; sizes after the experiments, where larger tables gained nothing
PARAGRAPH_BITS = 16
DOCUMENT_BITS = 18
# characters of content that a document's streams read
N_CHARACTERS = 3500
# of long paragraphs only this many tokens at the start and end count
HEAD, TAIL = 40, 20

SUFFIXES = ("ing", "ed", "ly", "tions", "tion", "ments", "ment", "ness", "ity", "ive", "ous", "able", "ally", "ers", "er", "est", "s")  # fmt: skip
LONG_WORD = 7  # letters; a masked word without a known suffix is longer than this, or not

_OPENS, _CLOSES, _PAIR, _SIZE, _WHOLE = (np.uint64(k) for k in (0xA24BAED4963EE407, 0x9FB21C651E98DF25, 0xC5A5F3C1D6E8FEB8, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7))  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Sparse rows: `text` int64[k], `bucket` int64[k], `value` float64[k]; sorted by text."""

    n: int
    text: Ints
    bucket: Ints
    value: Floats

    def dot(self, weight: Floats) -> Floats:
        """Sum of value times the bucket's weight for each text; float64[n]. Same bits in any batch."""
        return np.bincount(self.text, weights=self.value * weight[self.bucket], minlength=self.n).astype(
            np.float64
        )


def _named(name: str) -> np.uint64:
    return np.uint64(hash_words([name])[0])


@once_per_batch
def _plain(batch: Batch) -> Hashes:
    """Hash of each token with numbers known by their length alone; uint64[tokens]."""
    vocabulary = batch.vocabulary
    number = combine(
        np.full(len(vocabulary), _named("0")), np.minimum(vocabulary.length, 5).astype(np.uint64)
    )
    return np.where(vocabulary.kind == NUMBER, number, vocabulary.hash)[batch.token_word]


@once_per_batch
def _masked(batch: Batch) -> Hashes:
    """Hash of each token, uncommon words known by case, suffix or length alone; uint64[tokens]."""
    vocabulary = batch.vocabulary
    shape = np.where(vocabulary.length > LONG_WORD, _named("l"), _named("s"))
    undecided = np.ones(len(vocabulary), bool)
    for suffix in SUFFIXES:
        ends = undecided & (vocabulary.length > len(suffix))
        for k, letter in enumerate(reversed(suffix), 1):
            ends &= vocabulary.last(k) == ord(letter)
        shape = np.where(ends, _named(suffix), shape)
        undecided &= ~ends
    shape = combine(shape, np.full(len(vocabulary), _PAIR))
    kept = np.isin(vocabulary.hash, hash_words(read_lexicon("common_words"))) | (
        vocabulary.kind == PUNCTUATION
    )
    entry = np.where(vocabulary.kind == NUMBER, _named("0"), np.where(kept, vocabulary.hash, shape))
    by_case = np.where(batch.is_all_capitals, _named("aaa"), _named("aa"))
    name = batch.token_upper & batch.is_word & ~kept[batch.token_word]
    return np.where(name, by_case, entry[batch.token_word])


def paragraph_rows(batch: Batch) -> Rows:
    """Opening, closing, words and pairs of each paragraph; values make each row's length about 1."""
    group = batch.paragraphs
    plain = _plain(batch)
    place = np.arange(plain.size) - group.first[group.of_token]
    left = group.last[group.of_token] - np.arange(plain.size) - 1
    used = (place < HEAD) | (left < TAIL)
    pair = combine(plain[:-1], plain[1:]) if plain.size > 1 else plain[:0]
    triple = combine(pair[:-1], plain[2:]) if pair.size > 1 else plain[:0]
    tokens = np.flatnonzero(used)
    pairs = np.flatnonzero(used[:-1] & (left[:-1] > 0))
    some = np.flatnonzero(group.last > group.first)
    size = group.last - group.first
    two, three = some[size[some] > 1], some[size[some] > 2]
    bucket_size = np.where(size < 8, size, 8 + np.minimum(size, 200) // 6).astype(np.uint64)
    brief = some[size[some] < 8]
    parts = [
        (group.of_token[tokens], plain[tokens]),
        (group.of_token[pairs], pair[pairs] ^ _PAIR),
        (some, plain[group.first[some]] ^ _OPENS),
        (two, pair[group.first[two]] ^ _OPENS),
        (three, triple[group.first[three]] ^ _OPENS),
        (two, pair[group.last[two] - 2] ^ _CLOSES),
        (some, combine(bucket_size[some], np.full(some.size, _SIZE))),
        (brief, _whole(batch, brief) ^ _WHOLE),
    ]
    text = np.concatenate([owner for owner, _ in parts])
    bucket = (np.concatenate([key for _, key in parts]) >> np.uint64(64 - PARAGRAPH_BITS)).astype(np.int64)
    order = np.argsort(text, kind="stable")
    text, bucket = text[order], bucket[order]
    count = np.bincount(text, minlength=group.n)
    return Rows(group.n, text, bucket, 1.0 / np.sqrt(count[text]))


def _whole(batch: Batch, paragraphs: Ints) -> Hashes:
    """Hash of all tokens of some paragraphs of fewer than eight tokens; uint64[k]."""
    group, plain = batch.paragraphs, _plain(batch)
    value = np.zeros(paragraphs.size, np.uint64)
    for k in range(8):
        at = group.first[paragraphs] + k
        inside = at < group.last[paragraphs]
        value[inside] = combine(value[inside], plain[at[inside]])
    return value


def document_rows(batch: Batch, content: Bools) -> tuple[Rows, Rows]:
    """Counts of words and pairs of each document, plain and masked, in its content paragraphs.

    `content` bool[paragraphs]; only the first `N_CHARACTERS` of content are read. Values are counts.
    """
    group = batch.paragraphs
    size = np.where(content, group.end - group.start, 0)
    running = np.concatenate(([0], np.cumsum(size)))
    start = running[np.searchsorted(group.parent, np.arange(batch.n_documents))]
    before = running[:-1] - start[group.parent]
    within = before[group.of_token] + batch.token_start - group.start[group.of_token]
    tokens = np.flatnonzero(content[group.of_token] & (within < N_CHARACTERS))
    document = batch.documents.of_token[tokens]
    return tuple(
        _counted(batch.n_documents, document, keys[tokens]) for keys in (_plain(batch), _masked(batch))
    )  # type: ignore[return-value]


def _counted(n: int, document: Ints, keys: Hashes) -> Rows:
    same = document[1:] == document[:-1]
    pair = combine(keys[:-1], keys[1:])[same] if keys.size > 1 else keys[:0]
    owner = np.concatenate((document, document[1:][same]))
    bucket = (np.concatenate((keys, pair ^ _PAIR)) >> np.uint64(64 - DOCUMENT_BITS)).astype(np.int64)
    cell, count = np.unique((owner << DOCUMENT_BITS) | bucket, return_counts=True)
    return Rows(n, cell >> DOCUMENT_BITS, cell & ((1 << DOCUMENT_BITS) - 1), count.astype(np.float64))


def weighted(rows: Rows, idf: Floats) -> Rows:
    """(1 + ln count) times the bucket's idf, scaled so that each text's row has length 1."""
    value = (1.0 + np.log(rows.value)) * idf[rows.bucket]
    norm = np.sqrt(np.bincount(rows.text, weights=value * value, minlength=rows.n))
    return Rows(rows.n, rows.text, rows.bucket, value / np.where(norm > 0, norm, 1.0)[rows.text])
