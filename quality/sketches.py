"""Entries of a SQLite file that are found by likeness: MinHash signatures cut to a byte a number, and the keys of their bands.

Two entries that share a key are compared. How signatures are made is told in `quality.minhash`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from quality.columns import Bytes, Ints, within
from quality.minhash import HASH, SCHEME, SHINGLE, band_keys, similarity

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


class Hit(NamedTuple):
    """An entry that resembles what was asked for: its number and the estimated similarity."""

    number: int
    similarity: float


class Sketches:
    """The tables of one kind of entries: signatures by number, and the keys by which like ones are found."""

    def __init__(self, kind: str, settings: Settings) -> None:
        self.kind = kind
        self._settings = settings
        self._near = (
            # keys of what was removed are passed over: they must not take the places of what is there
            f"SELECT value, (SELECT group_concat(number) FROM (SELECT number FROM {kind}_band AS band WHERE key = value "
            f"AND EXISTS (SELECT 1 FROM {kind} WHERE {kind}.number = band.number) LIMIT {PER_KEY})) AS found "
            "FROM json_each(?) WHERE found IS NOT NULL"
        )
        self._signatures = (
            f"SELECT signature FROM {kind} WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"
        )

    @property
    def tables(self) -> str:
        """The table of keys; that of the entries has a column `signature` besides others."""
        return f"CREATE TABLE {self.kind}_band (key INTEGER, number INTEGER, PRIMARY KEY (key, number)) WITHOUT ROWID;"

    def keys(self, signature: Any) -> Ints:
        """The keys of signatures; int64[n, bands]."""
        return band_keys(signature, self._settings.n_bands, self._settings.band)

    def insert(self, connection: sqlite3.Connection, numbers: Sequence[int], keys: Ints) -> None:
        """Write down the keys of entries, in the order of the table, which saves most of the work."""
        flat = keys.ravel()
        order = np.argsort(flat, kind="stable")
        owner = np.repeat(np.array(numbers, np.int64), keys.shape[1])[order]
        rows = zip(flat[order].tolist(), owner.tolist(), strict=True)
        connection.executemany(f"INSERT OR IGNORE INTO {self.kind}_band VALUES (?, ?)", rows)

    def near(self, connection: sqlite3.Connection, signature: Bytes, keys: Ints) -> list[list[Hit]]:
        """For each of some compact signatures the entries that share a key with it and resemble it, likest first."""
        hits: list[list[Hit]] = [[] for _ in range(signature.shape[0])]
        key, place = np.unique(keys, return_inverse=True)
        held: dict[int, str] = dict(connection.execute(self._near, [json.dumps(key.tolist())]))
        if not held:
            return hits
        numbers = np.array(",".join(held.values()).split(","), np.int64)
        count, start = np.zeros(key.size, np.int64), np.zeros(key.size, np.int64)
        at = np.searchsorted(key, list(held))
        count[at] = [found.count(",") + 1 for found in held.values()]
        start[at] = np.cumsum(count[at]) - count[at]
        met = np.flatnonzero(count[place.ravel()])
        position, owner = within(start[place.ravel()[met]], count[place.ravel()[met]])
        pair = np.unique(np.column_stack([met[owner] // keys.shape[1], numbers[position]]), axis=0)
        entry = np.unique(pair[:, 1])
        held_signatures = connection.execute(self._signatures, [json.dumps(entry.tolist())]).fetchall()
        kept = np.frombuffer(b"".join(row[0] for row in held_signatures), np.uint8).reshape(entry.size, -1)
        other = np.searchsorted(entry, pair[:, 1])
        for low in range(0, pair.shape[0], _PORTION):
            some = slice(low, low + _PORTION)
            like = similarity(signature[pair[some, 0]], kept[other[some]])
            for k in np.flatnonzero(like >= LISTED).tolist():
                row, number = pair[low + k].tolist()
                hits[row].append(Hit(number, float(like[k])))
        for some_hits in hits:
            some_hits.sort(key=lambda hit: (-hit.similarity, hit.number))
        return hits

    def drop_dead(self, connection: sqlite3.Connection) -> None:
        """Take out the keys of entries that are gone."""
        connection.execute(
            f"DELETE FROM {self.kind}_band WHERE number NOT IN (SELECT number FROM {self.kind})"
        )
