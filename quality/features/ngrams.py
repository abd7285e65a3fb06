"""Hashed n-grams: (text, bucket, value) triples that learnt weights are summed over.

Three streams. Of paragraphs: words, pairs, and how the paragraph opens and closes, for its role. Of
documents: plain words and pairs without marks, and words, marks and pairs with every word outside the thousand
commonest masked by its shape, so that what remains is manner rather than matter. A bucket is the top bits of a
64-bit hash: a model made of these holds numbers and no words.

Recipe and figures: docs/results.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.columns import NUMBER, PUNCTUATION, Bools, Floats, Hashes, Ints, changes, combine, sorting
from quality.masks import PAIR, masked, named
from quality.text import Batch, once_per_batch

# log2 of the number of buckets, of the sizes measured in ../shared/notes (boilerplate.md, transfer.md): the larger
# one for paragraphs would gain an AUC of .01 for four times the model
PARAGRAPH_BITS = 16
DOCUMENT_BITS = 18
# characters of content that a document's streams read
N_CHARACTERS = 3500
# of long paragraphs only this many tokens at the start and end count
HEAD, TAIL = 40, 20

_OPENS, _CLOSES, _SIZE, _WHOLE = (np.uint64(k) for k in (0xA24BAED4963EE407, 0x9FB21C651E98DF25, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7))  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Sparse rows: `text` int64[k], `bucket` int64[k], `value` float64[k]."""

    n: int
    text: Ints
    bucket: Ints
    value: Floats

    def dot(self, weight: Floats) -> Floats:
        """Sum of value times the bucket's weight for each text; float64[n]. Same bits in any batch."""
        return np.bincount(self.text, weights=self.value * weight[self.bucket], minlength=self.n).astype(
            np.float64
        )


@once_per_batch
def _plain(batch: Batch) -> Hashes:
    """Hash of each token with numbers known by their length alone; uint64[tokens]."""
    vocabulary = batch.vocabulary
    number = combine(np.full(len(vocabulary), named("0")), np.minimum(vocabulary.length, 5).astype(np.uint64))
    return np.where(vocabulary.kind == NUMBER, number, vocabulary.hash)[batch.token_word]


@once_per_batch
def paragraph_rows(batch: Batch) -> Rows:
    """Opening, closing, words and pairs of each paragraph; values make each row's length about 1."""
    group = batch.paragraphs
    plain = _plain(batch)
    pair = combine(plain[:-1], plain[1:])
    size = group.last - group.first
    some, two, three = (np.flatnonzero(size > k) for k in range(3))
    head = np.minimum(size, HEAD)
    tail = np.minimum(size - head, TAIL)
    parts_of_all = np.column_stack((head, size - head - tail, tail)).ravel()
    used = np.repeat(np.tile([True, False, True], group.n), parts_of_all)
    tokens = np.flatnonzero(used)
    used[group.last[some] - 1] = False  # no pair begins with a paragraph's last token
    pairs = np.flatnonzero(used)
    bucket_size = np.where(size < 8, size, 8 + np.minimum(size, 200) // 6).astype(np.uint64)
    brief = some[size[some] < 8]
    parts = [
        (group.of_token[tokens], plain[tokens]),
        (group.of_token[pairs], pair[pairs] ^ PAIR),
        (some, plain[group.first[some]] ^ _OPENS),
        (two, pair[group.first[two]] ^ _OPENS),
        (three, combine(pair[group.first[three]], plain[group.first[three] + 2]) ^ _OPENS),
        (two, pair[group.last[two] - 2] ^ _CLOSES),
        (some, combine(bucket_size[some], np.full(some.size, _SIZE))),
        (brief, _whole(batch, brief) ^ _WHOLE),
    ]
    text = np.concatenate([owner for owner, _ in parts])
    bucket = (np.concatenate([key for _, key in parts]) >> np.uint64(64 - PARAGRAPH_BITS)).astype(np.int64)
    count = np.bincount(text, minlength=group.n)
    return Rows(group.n, text, bucket, (1.0 / np.sqrt(np.maximum(count, 1)))[text])


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
    """Counts of words and pairs of each document, plain without marks and masked with them, in its content paragraphs.

    `content` bool[paragraphs]; only the first `N_CHARACTERS` of content are read. Values are counts.
    """
    group = batch.paragraphs
    size = np.where(content, group.end - group.start, 0)
    running = np.concatenate(([0], np.cumsum(size)))
    start = running[np.searchsorted(group.parent, np.arange(batch.n_documents))]
    before = running[:-1] - start[group.parent]
    # characters of the joined text before which a paragraph's tokens are read
    limit = np.where(content, group.start + N_CHARACTERS - before, 0)
    tokens = np.flatnonzero(batch.token_start < limit[group.of_token])
    unmarked = tokens[batch.token_kind[tokens] != PUNCTUATION]
    document = batch.documents.of_token
    return (
        _counted(batch.n_documents, document[unmarked], _plain(batch)[unmarked]),
        _counted(batch.n_documents, document[tokens], masked(batch)[tokens]),
    )


def _counted(n: int, document: Ints, keys: Hashes) -> Rows:
    pair = np.flatnonzero(document[1:] == document[:-1])
    hashes = np.concatenate((keys, combine(keys[pair], keys[pair + 1]) ^ PAIR))
    bucket = (hashes >> np.uint64(64 - DOCUMENT_BITS)).astype(np.int64)
    cell = np.concatenate((document, document[pair])) << DOCUMENT_BITS | bucket
    cell = cell[sorting((cell & 0xFFFF, 1 << 16), (cell >> 16, n << DOCUMENT_BITS - 16))]
    first = np.flatnonzero(changes(cell))
    count = np.diff(first, append=cell.size).astype(np.float64)
    cell = cell[first]
    return Rows(n, cell >> DOCUMENT_BITS, cell & ((1 << DOCUMENT_BITS) - 1), count)


def weighted(rows: Rows, idf: Floats) -> Rows:
    """(1 + ln count) times the bucket's idf, scaled so that each text's row has length 1."""
    value = (1.0 + np.log(rows.value)) * idf[rows.bucket]
    norm = np.sqrt(np.bincount(rows.text, weights=value * value, minlength=rows.n))
    return Rows(rows.n, rows.text, rows.bucket, value / np.where(norm > 0, norm, 1.0)[rows.text])
