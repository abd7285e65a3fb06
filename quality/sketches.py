"""Entries of a SQLite file that are found by likeness: MinHash signatures cut to a byte a number, and the keys of their bands.

Two entries that share a key are compared. How signatures are made is told in `quality.minhash`.

Entries that may be taken out again keep their signatures as `kept`: with a second byte of the numbers that keys are made of.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from quality.columns import Bools, Bytes, Ints, within
from quality.minhash import HASH, SCHEME, SHINGLE, Signatures, band_keys, compact, similarity

# Twelve keys of three numbers: a pair of similarity .7 shares none with a probability of .0065, one of .3 shares one with .28.
N_BANDS, BAND = 12, 3
# Similarity from which on a text is listed. Pairs of .7 are estimated with a standard error of .04, so this far below
# it one in 140 of them is lost.
LISTED = 0.6
# Similarity from which on one is called a copy of the other: what most tools call a near-duplicate.
NEAR = 0.7
# Texts looked at for each key: what bounds the time of a query where thousands of texts are alike.
PER_KEY = 64
# Pairs of signatures compared at a time.
_PORTION = 1 << 16
# Bytes of the file that a process keeps in memory.
CACHE_BYTES = 32_000_000


@dataclass(frozen=True)
class Settings:
    """What makes signatures comparable, with datasketch's names and numbers."""

    n_permutations: int = 128
    seed: int = 1
    scheme: str = SCHEME
    hash: str = HASH
    shingle: int = SHINGLE
    n_bands: int = N_BANDS
    band: int = BAND

    @property
    def n_keyed(self) -> int:
        """How many numbers of a signature keys are made of: the first ones."""
        return self.n_bands * self.band

    @property
    def n_kept(self) -> int:
        """Bytes of a signature as it is `kept`."""
        return self.n_permutations + self.n_keyed

    def kept(self, signature: Signatures) -> Bytes:
        """Compact signatures and behind them the second byte of each keyed number; uint8[n, n_kept]."""
        return np.hstack([compact(signature), compact(signature[:, : self.n_keyed] >> np.uint32(8))])

    def keys(self, signature: Signatures) -> Ints:
        """The keys of signatures; int64[n, bands]."""
        return band_keys(signature, self.n_bands, self.band)

    def keys_again(self, kept: Bytes) -> Ints:
        """The keys of signatures that were `kept`; int64[n, bands]."""
        low, high = kept[:, : self.n_keyed], kept[:, self.n_permutations :]
        return self.keys(low.astype(np.uint32) | high.astype(np.uint32) << np.uint32(8))


class Hit(NamedTuple):
    """An entry that resembles what was asked for: its number and the estimated similarity."""

    number: int
    similarity: float


class Copies(NamedTuple):
    """How many near-copies of each text were found, int64[texts], and whether there may be more, bool[texts]."""

    n: Ints
    is_cut: Bools


class Sketches:
    """The tables of one kind of entries: signatures by number, and the keys by which like ones are found."""

    def __init__(self, kind: str, settings: Settings) -> None:
        self.kind = kind
        self._settings = settings
        self._near = (
            f"SELECT value, (SELECT group_concat(number) FROM (SELECT number FROM {kind}_band WHERE key = value "
            f"LIMIT {PER_KEY})) AS found FROM json_each(?) WHERE found IS NOT NULL"
        )
        self._signatures = f"SELECT number, signature FROM {kind} WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"

    @property
    def tables(self) -> str:
        """The table of keys; that of the entries has a column `signature` besides others."""
        return f"CREATE TABLE {self.kind}_band (key INTEGER, number INTEGER, PRIMARY KEY (key, number)) WITHOUT ROWID;"

    def keys(self, signature: Signatures) -> Ints:
        """The keys of signatures; int64[n, bands]."""
        return self._settings.keys(signature)

    def insert(self, connection: sqlite3.Connection, numbers: Sequence[int], keys: Ints) -> None:
        """Write down the keys of entries, in the order of the table, which saves most of the work."""
        flat = keys.ravel()
        order = np.argsort(flat, kind="stable")
        owner = np.repeat(np.array(numbers, np.int64), keys.shape[1])[order]
        rows = zip(flat[order].tolist(), owner.tolist(), strict=True)
        connection.executemany(f"INSERT OR IGNORE INTO {self.kind}_band VALUES (?, ?)", rows)

    def take_out(self, connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
        """Take out entries with `kept` signatures, and their keys."""
        rows = connection.execute(self._signatures, [json.dumps(list(numbers))]).fetchall()
        held = [row for row in rows if row[1] is not None]
        keys = self._settings.keys_again(_stacked([row[1] for row in held], self._settings.n_kept))
        connection.executemany(
            f"DELETE FROM {self.kind}_band WHERE key = ? AND number = ?",
            ((key, row[0]) for row, some in zip(held, keys.tolist(), strict=True) for key in some),
        )
        connection.executemany(f"DELETE FROM {self.kind} WHERE number = ?", ([row[0]] for row in rows))

    def near(self, connection: sqlite3.Connection, signature: Bytes, keys: Ints) -> list[list[Hit]]:
        """For each of some compact signatures the entries that share a key with it and resemble it, likest first."""
        return self.search(connection, signature, keys)[0]

    def search(
        self, connection: sqlite3.Connection, signature: Bytes, keys: Ints
    ) -> tuple[list[list[Hit]], Bools]:
        """The same, and for which of them not all entries were looked at, since a key has more than `PER_KEY`; bool[n]."""
        hits: list[list[Hit]] = [[] for _ in range(signature.shape[0])]
        key, place = np.unique(keys, return_inverse=True)
        held: dict[int, str] = dict(connection.execute(self._near, [json.dumps(key.tolist())]))
        if not held:
            return hits, np.zeros(len(hits), bool)
        numbers = np.array(",".join(held.values()).split(","), np.int64)
        count, start = np.zeros(key.size, np.int64), np.zeros(key.size, np.int64)
        at = np.searchsorted(key, list(held))
        count[at] = [found.count(",") + 1 for found in held.values()]
        start[at] = np.cumsum(count[at]) - count[at]
        is_cut: Bools = np.logical_or.reduce((count >= PER_KEY)[place.ravel()].reshape(keys.shape), axis=1)
        met = np.flatnonzero(count[place.ravel()])
        position, owner = within(start[place.ravel()[met]], count[place.ravel()[met]])
        pair = np.unique(np.column_stack([met[owner] // keys.shape[1], numbers[position]]), axis=0)
        entry = np.unique(pair[:, 1])
        held_signatures = connection.execute(self._signatures, [json.dumps(entry.tolist())]).fetchall()
        if len(held_signatures) < entry.size:
            raise sqlite3.DatabaseError(f"there are keys of {self.kind}s that are not there")
        width = max(len(held_signatures[0][1]), signature.shape[1])  # of those `kept` more
        kept = _stacked([row[1] for row in held_signatures], width)[:, : signature.shape[1]]
        other = np.searchsorted(entry, pair[:, 1])
        for low in range(0, pair.shape[0], _PORTION):
            some = slice(low, low + _PORTION)
            like = similarity(signature[pair[some, 0]], kept[other[some]])
            for k in np.flatnonzero(like >= LISTED).tolist():
                row, number = pair[low + k].tolist()
                hits[row].append(Hit(number, float(like[k])))
        for some_hits in hits:
            some_hits.sort(key=lambda hit: (-hit.similarity, hit.number))
        return hits, is_cut


def _stacked(signatures: Sequence[bytes], width: int) -> Bytes:
    """Signatures of so many bytes each as rows. Raises sqlite3.DatabaseError where one has another length."""
    if any(len(signature) != width for signature in signatures):
        raise sqlite3.DatabaseError(f"there are signatures that are not {width} bytes long")
    return np.frombuffer(b"".join(signatures), np.uint8).reshape(len(signatures), width)
