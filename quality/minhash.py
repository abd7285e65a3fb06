"""MinHash signatures: how alike two texts are, from 128 numbers each instead of the texts.

The set compared is that of a text's shingles, five words in a row: words as `\\w+` matches them in
the text in small letters, joined by one blank. The share of equal numbers in two signatures estimates
the Jaccard similarity of the sets (Broder 1997), with a standard error of sqrt(s (1 - s) / 128),
0.04 at most.

Signatures are bit for bit those of

    m = datasketch.MinHash(128, seed=1, hashfunc=zlib.crc32, scheme="affine32")
    m.update_batch(shingle.encode() for shingle in shingles)

but computed in columns: the CRC-32 of all shingles of a batch from those of their words, since the
CRC of two strings joined is a linear function of both CRCs that depends on the second's length.
CRC-32 is no defence against somebody who builds a text to collide with another.

Not here: keeping signatures on disk (index).
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Bytes, Floats, Group, Ints, combine
from quality.text import Batch, once_per_batch

Signatures = NDArray[np.uint32]

SHINGLE = 5
# What makes two signatures comparable; an index keeps it and refuses any other.
SCHEME = "affine32"
HASH = "crc32"
# Number that stands in every place of the signature of a text without shingles.
EMPTY = np.uint32(2**32 - 1)

# Words of more bytes than this are rare in English; their shingles are hashed one by one.
_LONG = 32
_POLYNOMIAL = 0xEDB88320  # of CRC-32 as zlib has it, lowest bit first
_ONES = np.uint32(2**32 - 1)
# Share of different numbers whose lowest eight bits agree.
_BY_CHANCE = 1 / 256
# How many keys there are: SQLite keeps one in four bytes. Of 100 million texts of twelve keys each, three or four share one with
# a given text by chance, and are found to be unlike it.
_KEYS = 2**32
# Bits of a number that count for a key: so few can be kept, and the key be made again to take it out.
_KEY_BITS = np.uint32(2**16 - 1)
# Shingles permuted at a time.
_PORTION = 1 << 16


def signatures(
    batch: Batch,
    group: Group,
    *,
    n_permutations: int = 128,
    seed: int = 1,
    hashfunc: Callable[[bytes], int] | None = None,
) -> Signatures:
    """MinHash signature of each document or paragraph; uint32[group.n, n_permutations].

    A text under five words has no shingle and `EMPTY` in all places. `hashfunc` gives the 32-bit
    hash of a shingle's UTF-8 bytes where it shall not be CRC-32 (datasketch's own default is
    `datasketch.hashfunc.sha1_hash32`); it is called for every shingle and slow.

    Raises ValueError where `n_permutations` is less than 1.
    """
    if n_permutations < 1:
        raise ValueError(f"n_permutations is {n_permutations}; expected at least 1")
    words = _words(batch)
    if group is batch.documents:  # all of the text as given, list markers too
        start, end = batch.document_start[:-1], batch.document_start[1:] - 1
    else:
        start, end = group.start, group.end
    if words.at is not None:
        start, end = words.at[start], words.at[end]
    first, last = np.searchsorted(words.start, start), np.searchsorted(words.start, end)
    size = np.maximum(last - first - SHINGLE + 1, 0)  # shingles; each is numbered by its first word
    result = np.full((group.n, n_permutations), EMPTY, np.uint32)
    used = np.flatnonzero(size)
    if not used.size:
        return result
    hashes = _shingle_hashes(batch) if hashfunc is None else _mix(words.hashed(hashfunc))
    size = size[used]
    begin = np.cumsum(size) - size
    hashes = hashes[np.arange(int(size.sum())) + np.repeat(first[used] - begin, size)]
    # a few runs at a time, whose numbers stay in the processor's cache through all permutations
    cuts = np.unique(begin // _PORTION, return_index=True)[1]
    for low, high in itertools.pairwise([*cuts.tolist(), used.size]):
        portion = hashes[begin[low] : begin[high] if high < used.size else None]
        permuted = np.empty_like(portion)
        for column, (a, b) in enumerate(zip(*_permutations(n_permutations, seed), strict=True)):
            np.multiply(portion, a, out=permuted)
            np.add(permuted, b, out=permuted)
            result[used[low:high], column] = np.minimum.reduceat(permuted, begin[low:high] - begin[low])
    return result


def is_empty(signature: Signatures) -> Bools:
    """Signatures of texts without a shingle; bool, one for each."""
    return (signature == EMPTY).all(axis=-1)


def compact(signature: Signatures) -> Bytes:
    """The lowest eight bits of each number, which `similarity` compares; uint8[n, n_permutations].

    A quarter of the room for next to no precision (b-bit minwise hashing, Li & Koenig 2010).
    """
    return (signature & np.uint32(255)).astype(np.uint8)


def similarity(left: Bytes, right: Bytes) -> Floats:
    """Estimated Jaccard similarity of texts by their compact signatures, 0..1; float64, one for each row pair.

    The arguments broadcast against each other in all but the last dimension. Numbers that differ agree in eight bits
    once in 256 times, which is taken off.
    """
    share = (left == right).mean(axis=-1)
    return np.maximum((share - _BY_CHANCE) / (1 - _BY_CHANCE), 0.0)


def band_keys(signature: Signatures, n_bands: int, size: int) -> Ints:
    """Keys of n_bands times `size` numbers of each signature, the first ones; int64[n, n_bands], of 32 bits with a sign.

    Texts of similarity s share a given key with probability s**size, so all keys differ with (1 - s**size)**n_bands.
    Only the lowest 16 bits of a number count. Each band has keys of its own.

    Raises ValueError where a signature has fewer numbers.
    """
    if n_bands * size > signature.shape[1]:
        raise ValueError(
            f"{n_bands} bands of {size} numbers need {n_bands * size}; signatures have {signature.shape[1]}"
        )
    key = np.tile(np.arange(n_bands, dtype=np.uint64), (signature.shape[0], 1))
    for k in range(size):
        key = combine(key, (signature[:, k : n_bands * size : size] & _KEY_BITS).astype(np.uint64))
    span = _KEYS // n_bands
    return (key % np.uint64(span)).astype(np.int64) + np.arange(n_bands) * span - _KEYS // 2


@cache
def _permutations(n: int, seed: int) -> tuple[Signatures, Signatures]:
    """Factors and summands of the permutations `a h + b` modulo 2**32, as datasketch draws them."""
    random = np.random.RandomState(seed)
    a = random.randint(0, 1 << 31, n, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, random.randint(0, 1 << 32, n, dtype=np.uint32)


def _mix(value: Signatures) -> Signatures:
    """MurmurHash3's finaliser, which the scheme applies before it permutes."""
    value = (value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    value = (value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return value ^ (value >> np.uint32(16))


@dataclass(frozen=True)
class _Words:
    """The `\\w+` words of a batch in small letters.

    Word k is `text[start[k] : end[k]]` (bytes of UTF-8); `at` int64[characters + 1] is the byte where
    each character of the joined text begins, None where both count alike.
    """

    text: bytes
    start: Ints
    end: Ints
    at: Ints | None

    @classmethod
    def of(cls, batch: Batch) -> _Words:
        small = ("\n".join(batch.texts) + "\n").lower()
        text = small.encode("utf-8", "surrogatepass")
        code = np.frombuffer(small.encode("utf-32-le", "surrogatepass"), "<u4")
        wordly, at = _is_wordly(code), None
        if len(text) != batch.code.size:
            size = 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000)
            wordly = np.repeat(wordly, size)
            # one letter alone becomes two characters as a small one: I with a dot above
            character = np.concatenate(([0], np.cumsum(1 + (batch.code == 0x130))))
            at = np.concatenate(([0], np.cumsum(size)))[character]
        edge = np.flatnonzero(np.diff(wordly, prepend=False, append=False))
        return cls(text, edge[::2], edge[1::2], at)

    def shingle(self, k: int) -> bytes:
        """The shingle that begins with word k."""
        span = range(k, k + SHINGLE)
        return b" ".join(self.text[self.start[i] : self.end[i]] for i in span)

    def hashed(self, hashfunc: Callable[[bytes], int]) -> Signatures:
        """Hash of the shingle that begins with each word, by a given function; uint32[words - 4]."""
        n = self.start.size - SHINGLE + 1
        return np.fromiter((hashfunc(self.shingle(k)) for k in range(n)), np.uint32, n)

    def crc(self) -> Signatures:
        """CRC-32 of the shingle that begins with each word; uint32[words - 4]."""
        n = self.start.size - SHINGLE + 1
        size = np.minimum(self.end - self.start, _LONG)
        shift = _shift()
        # CRCs here begin at 0, which makes them linear: that of a word is the exclusive or of what
        # each of its bytes leaves after the bytes behind it
        begin = np.cumsum(size) - size
        place = np.arange(int(size.sum())) + np.repeat(self.start - begin, size)
        behind = np.repeat(self.start + size, size) - place
        letters = shift[behind, 0, np.frombuffer(self.text, np.uint8)[place]]
        word = np.bitwise_xor.reduceat(letters, begin)
        spaced = word ^ shift[size + 1, 0, ord(" ")]
        value, total = word[:n], size[:n]
        for k in range(1, SHINGLE):
            more = size[k : n + k] + 1
            value = spaced[k : n + k] ^ _after(shift, more, value)
            total = total + more
        # a CRC-32 begins with all bits set and is turned over at the end
        value ^= _begun_with_ones()[total] ^ _ONES
        long = np.concatenate(([0], np.cumsum(self.end - self.start > _LONG)))
        for k in np.flatnonzero(long[SHINGLE:] > long[:-SHINGLE]).tolist():
            value[k] = zlib.crc32(self.shingle(k))
        return value


@once_per_batch
def _words(batch: Batch) -> _Words:
    return _Words.of(batch)


@once_per_batch
def _shingle_hashes(batch: Batch) -> Signatures:
    """Hash of the shingle that begins with each word, mixed; uint32[words - 4]."""
    return _mix(_words(batch).crc())


def _is_wordly(code: NDArray[np.uint32]) -> Bools:
    """Characters that `\\w` matches; bool[n]. Python is asked once about each distinct one."""
    present = np.flatnonzero(np.bincount(code))
    table = np.zeros(int(present[-1]) + 1, bool)
    table[present] = [character == "_" or character.isalnum() for character in map(chr, present.tolist())]
    return table[code]


@cache
def _shift() -> Signatures:
    """What byte k of a CRC, of each value, becomes when n zero bytes follow; uint32[n, k, value]."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ np.where(table & np.uint32(1), np.uint32(_POLYNOMIAL), np.uint32(0))
    states = [np.arange(256, dtype=np.uint32) << np.arange(0, 32, 8, dtype=np.uint32)[:, None]]
    for _ in range(_LONG + 1):
        states.append((states[-1] >> np.uint32(8)) ^ table[states[-1] & np.uint32(255)])
    return np.array(states)


def _after(shift: Signatures, size: Ints, value: Signatures) -> Signatures:
    """CRCs after so many zero bytes each; uint32[n]."""
    result = np.zeros(value.size, np.uint32)
    for k in range(4):
        result ^= shift[size, k, (value >> np.uint32(8 * k)) & np.uint32(255)]
    return result


@cache
def _begun_with_ones() -> Signatures:
    """What a CRC of all bits set becomes after n zero bytes; uint32[longest shingle + 1]."""
    states = [np.array([_ONES])]
    for _ in range(SHINGLE * (_LONG + 1)):
        states.append(_after(_shift(), np.array([1]), states[-1]))
    return np.concatenate(states)
