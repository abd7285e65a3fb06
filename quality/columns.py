"""Columns: their types, hashes of words, and the runs that cut them.

What every other module computes with. Nothing here knows of texts or of English.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]

# Character classes.
MARK, SPACE, BREAK, LETTER, DIGIT, APOSTROPHE, IGNORED, UPPER = range(8)

# Token kinds. A word begins with a letter, a number with a digit, a mark is one other character.
WORD, NUMBER, PUNCTUATION = range(3)

_K1, _K2, _K3 = (np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_WINDOW = np.array([(1 << (8 * k)) - 1 for k in range(8)] + [2**64 - 1], np.uint64)


def hash_bytes(buffer: Bytes, start: Ints, length: Ints) -> Hashes:
    """64-bit hash of each stretch `buffer[start : start + length]`; uint64[n].

    Reads the first sixteen bytes, the last eight and the length: two words of more than 24 letters
    that agree in all of these share a hash, which no English pair does. `buffer` must go on for at
    least eight bytes after the last stretch.
    """
    window = np.ndarray((buffer.size - 7,), "<u8", np.ascontiguousarray(buffer), 0, (1,))
    value = window[start]
    value &= _WINDOW.take(length, mode="clip")
    value ^= value >> np.uint64(29)
    value *= _K1
    value += length.astype(np.uint64)
    long = np.flatnonzero(length > 8)
    if long.size:
        at, size = start[long], length[long]
        second = window[at + 8] & _WINDOW[np.minimum(size - 8, 8)]
        last = window[at + size - 8]
        mixed = (second ^ (second >> np.uint64(30))) * _K2 + last * _K3
        value[long] = (value[long] ^ (value[long] >> np.uint64(31))) * _K3 + mixed
    value ^= value >> np.uint64(32)
    value *= _K2
    value ^= value >> np.uint64(29)
    return value


def sorting(*columns: tuple[Ints, int]) -> Ints:
    """Stable order of rows by some columns, the last counting most; int64[n].

    Each column comes with a bound: whole numbers below 65,536 are sorted many times faster than others.
    """
    return np.lexsort([column.astype(np.min_scalar_type(max(bound - 1, 0))) for column, bound in columns])


def within(start: Ints, length: Ints) -> tuple[Ints, Ints]:
    """All positions of the stretches `start[i] : start[i] + length[i]` in a row, and i of each; int64 each."""
    owner = np.repeat(np.arange(start.size), length)
    return np.arange(owner.size) + (start - np.cumsum(length) + length)[owner], owner


def changes(column: NDArray[Any]) -> Bools:
    """Where a column differs from the row before, and its first row; bool[n]."""
    new = np.ones(column.size, bool)
    np.not_equal(column[1:], column[:-1], out=new[1:])
    return new


def combine(left: Hashes, right: Hashes) -> Hashes:
    """Hash of two hashes in order; uint64[n]. Folding it over a row of tokens hashes the phrase."""
    mixed = (left * _K1) ^ (right + _K2)
    mixed ^= mixed >> np.uint64(31)
    mixed *= _K3
    mixed ^= mixed >> np.uint64(29)
    return mixed


class Numbers:
    """Some unsigned numbers among which many others are looked up: `number` uint64[n], in an order of its own."""

    def __init__(self, numbers: Hashes) -> None:
        distinct = np.unique(numbers)
        # in order of a multiplicative hash (Knuth 1998), which is one to one; its first bits are the bucket
        order = np.argsort(distinct * _K1)
        self.number = distinct[order]
        self._hash = np.append(self.number * _K1, np.uint64(2**64 - 1))
        bits = distinct.size.bit_length() + 3
        self._shift = np.uint64(64 - bits)
        size = np.bincount((self._hash[:-1] >> self._shift).view(np.int64), minlength=2**bits)
        self._first = (np.cumsum(size) - size).astype(np.int32)
        self._is_filled = size > 0
        self._most = int(size.max())

    def find(self, asked: Hashes) -> tuple[Ints, Ints]:
        """Which of some numbers are there, and where in `number` each of these stands; int64 each."""
        hashes = asked * _K1
        bucket = (hashes >> self._shift).view(np.int64)
        maybe = np.flatnonzero(
            self._is_filled[bucket]
        )  # most are not, and the rest costs several times as much
        hashes, at = hashes[maybe], self._first[bucket[maybe]].astype(np.int64)
        for _ in range(self._most - 1):
            at += self._hash[at] < hashes
        hit = self._hash[at] == hashes
        return maybe[hit], at[hit]


@dataclass(frozen=True, eq=False)
class Group:
    """A way to cut the tokens of a batch into consecutive runs: its sentences, paragraphs or documents.

    `first[g] : last[g]` are the tokens of run g (int64[n]); `start[g] : end[g]` its characters in
    the joined text; `parent[g]` the run of the next larger group that holds it.
    """

    n: int
    first: Ints
    last: Ints
    start: Ints
    end: Ints
    parent: Ints

    @cached_property
    def of_token(self) -> Ints:
        """Run of every token; int64[tokens]."""
        return np.repeat(np.arange(self.n), self.last - self.first)

    @cached_property
    def filled(self) -> Ints:
        """Runs with a token or more."""
        return np.flatnonzero(self.last > self.first)

    def sum(self, values: NDArray[np.generic]) -> Floats:
        """Sum of a column of tokens over each run; float64[n]. Same bits in any batch."""
        if values.dtype.kind == "f":
            return np.bincount(self.of_token, weights=values, minlength=self.n).astype(np.float64)
        total = np.zeros(self.n)
        dtype = np.int64 if values.dtype.itemsize == 8 else np.int32
        total[self.filled] = np.add.reduceat(values, self.first[self.filled], dtype=dtype)
        return total

    def count(self, characters: Bools) -> Floats:
        """Number of marked characters of the joined text within each run; float64[n]."""
        marked = np.flatnonzero(characters)
        return (np.searchsorted(marked, self.end) - np.searchsorted(marked, self.start)).astype(np.float64)

    def among(self, positions: Ints) -> Floats:
        """Number of tokens, given by index, that fall into each run; float64[n]."""
        return np.bincount(self.of_token[positions], minlength=self.n).astype(np.float64)


def ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> Floats:
    """`numerator / denominator`, NaN where the denominator is 0; float64[n]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)


@dataclass(frozen=True)
class Vocabulary:
    """The distinct folded tokens of a batch.

    `hash` uint64[v] ascending, `length` int64[v] in characters, `kind` uint8[v];
    the folded letters of entry i are `letters[start[i] : start[i] + length[i]]` (uint8).
    """

    hash: Hashes
    letters: Bytes
    start: Ints
    length: Ints
    kind: Bytes

    def __len__(self) -> int:
        return int(self.hash.size)

    def among(self, hashes: Hashes) -> Bools:
        """Entries whose hash is one of a few; bool[v]."""
        found = np.zeros(len(self), bool)
        if found.size:
            at = np.minimum(np.searchsorted(self.hash, hashes), found.size - 1)
            found[at[self.hash[at] == hashes]] = True
        return found

    def word(self, entry: int) -> str:
        """Folded form of one entry, for people; letters outside Latin show as '?'."""
        at = int(self.start[entry])
        return bytes(self.letters[at : at + int(self.length[entry])]).decode("ascii", "replace")

    def last(self, k: int) -> Bytes:
        """The k-th letter from the end (1 = the last, at most 8) of each entry, 0 where it is shorter; uint8[v]."""
        return (self.ending >> np.uint64(8 * (k - 1))).astype(np.uint8)

    @cached_property
    def opening(self) -> Hashes:
        """The first eight letters of each entry as one number, the first of all in its lowest byte; uint64[v]."""
        padded = np.concatenate((self.letters, np.zeros(8, np.uint8)))
        window = np.ndarray((self.letters.size + 1,), "<u8", padded, 0, (1,))
        return window[self.start] & _WINDOW.take(self.length, mode="clip")

    @cached_property
    def ending(self) -> Hashes:
        """The last eight letters of each entry as one number, the last of all in its lowest byte; uint64[v]."""
        padded = np.concatenate((np.zeros(8, np.uint8), self.letters))
        window = np.ndarray((self.letters.size + 1,), ">u8", padded, 0, (1,))
        return window[self.start + self.length].astype(np.uint64) & _WINDOW.take(self.length, mode="clip")

    @cached_property
    def order(self) -> Ints:
        """Entry of each letter of `letters` that belongs to a word; for sums over letters; int64."""
        return np.repeat(np.arange(len(self)), self.length)
