"""Near-copies within a run of the filter: which texts belong together, and which one of each cluster stays.

Texts are taken one after the other, in the order of the input or the most reliable first, and after all others those that
the run will drop for something else: a text that is lost itself should not cost its copies. One that resembles a text
that stays (`sketches.NEAR`) belongs to that one's cluster, every other one stays itself. So no chain of small changes
makes one cluster of texts that have nothing in common, and only what stays has to be found again. A text of under five
words, which has no row of five to compare, resembles those of the same words in the same order and no other; there signs
count ("$5" is no "€5"), marks around a word do not.

All of it is in a file, so memory does not grow with the input: about 600 bytes a text while it is made.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from quality import beside
from quality.columns import Bytes, Ints
from quality.minhash import Signatures, compact, is_empty, signatures, similarity
from quality.sketches import NEAR, Settings, Sketches
from quality.text import Batch

ORDERS = ("first", "best")
# Texts decided on at a time: those that stay among them are found in memory, and written down together.
_PORTION = 512

_WORD = re.compile(r"\w")
# What may stand around a word of a short text and leave it the same word; every other sign is part of it.
_MARKS = ".,;:!?\u2026'\"\u2018\u2019\u201c\u201d"
_TEXTS = Sketches("text", Settings())
_TABLES = """
CREATE TABLE text (number INTEGER PRIMARY KEY, id TEXT, reliability REAL, is_lost INTEGER NOT NULL, signature BLOB NOT NULL, keys BLOB NOT NULL);
CREATE TABLE cluster (number INTEGER PRIMARY KEY, kept INTEGER, similarity REAL);
"""


class Cluster(NamedTuple):
    """Where a text belongs: number and id of the text that stays, how alike the two are, and whether it is that one."""

    kept: int
    id: str
    similarity: float
    stays: bool


class Signed(NamedTuple):
    """What is kept of some texts with words: their places, ids, reliabilities, whether they are dropped for something
    else, compact signatures and keys.
    """

    at: Sequence[int]
    ids: Sequence[str]
    reliability: Sequence[float | None]
    is_lost: Sequence[bool]
    signature: Bytes
    keys: Ints


def sign(
    batch: Batch, ids: Sequence[str], reliability: Sequence[float | None], is_lost: Sequence[bool]
) -> Signed:
    """What is kept of the texts of a batch; those of under five words are like those of the same words alone, those without
    any are left out.
    """
    whole = signatures(batch, batch.documents)
    for k in np.flatnonzero(is_empty(whole)).tolist():
        if _WORD.search(batch.texts[k]):
            words = [word.strip(_MARKS) for word in batch.texts[k].lower().split()]
            whole[k] = _of_few([word for word in words if word], whole.shape[1])
    at = np.flatnonzero(~is_empty(whole)).tolist()
    whole = whole[at]
    facts = [ids[k] for k in at], [reliability[k] for k in at], [is_lost[k] for k in at]
    return Signed(at, *facts, compact(whole), _TEXTS.keys(whole))


def _of_few(words: Sequence[str], n: int) -> Signatures:
    """A signature for a text that has no shingle: n numbers, all the same for the same words and none for any others."""
    digest = hashlib.shake_128(" ".join(words).encode("utf8", "surrogatepass")).digest(4 * n)
    return np.frombuffer(digest, np.uint32)


@contextmanager
def making(path: Path, terms: str, order: str) -> Iterator[Callable[[int, Signed], None]]:
    """What takes some texts, with the number of the text at their place 0; after the block their clusters are written down.

    Raises OSError where the file cannot be written, ValueError for an unknown order.
    """
    if order not in ORDERS:
        raise ValueError(f"unknown order {order!r}; expected one of {', '.join(ORDERS)}")
    with beside.making(path, terms, _TABLES + _TEXTS.tables) as connection:
        yield partial(_hold, connection)
        by = "is_lost, number" if order == "first" else "is_lost, reliability DESC, number"
        numbers = connection.execute(f"SELECT number FROM text ORDER BY {by}")
        while rows := numbers.fetchmany(_PORTION):
            _decide(connection, [row[0] for row in rows])


def read(path: str, first: int, n: int) -> dict[int, Cluster]:
    """Clusters of n texts from a number on, by place from 0; a text that is like no other has none."""
    with beside.opened(path) as connection:
        found = connection.execute(
            "SELECT cluster.number, kept, text.id, similarity FROM cluster JOIN text ON text.number = kept "
            "WHERE cluster.number BETWEEN ? AND ?",
            [first, first + n - 1],
        ).fetchall()
    return {number - first: Cluster(kept, id, like, number == kept) for number, kept, id, like in found}


def _hold(connection: sqlite3.Connection, first: int, some: Signed) -> None:
    rows: Iterator[tuple[object, ...]] = zip(
        [first + k for k in some.at],
        [id.encode("utf8", "backslashreplace").decode() for id in some.ids],
        some.reliability,
        some.is_lost,
        [row.tobytes() for row in some.signature],
        [row.tobytes() for row in some.keys],
        strict=True,
    )
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO text VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")


def _decide(connection: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Say of texts, in the order given, which stay and where the others belong."""
    held = "SELECT signature, keys FROM text WHERE number = ?"
    rows = [connection.execute(held, [number]).fetchone() for number in numbers]
    signature = np.frombuffer(b"".join(row[0] for row in rows), np.uint8).reshape(len(rows), -1)
    keys = np.frombuffer(b"".join(row[1] for row in rows), np.int64).reshape(len(rows), -1)
    before = _TEXTS.near(connection, signature, keys)
    staying: list[int] = []
    by_key: defaultdict[int, list[int]] = defaultdict(list)  # those of this portion that stay
    found: list[tuple[int, int, float]] = []
    for k, own in enumerate(keys.tolist()):
        hits = [(hit.similarity, hit.number) for hit in before[k][:1]]
        met = sorted({j for key in own for j in by_key.get(key, ())})
        if met:
            like = similarity(signature[k], signature[met])
            hits += [(float(s), numbers[j]) for s, j in zip(like, met, strict=True)]
        best = max(hits, key=lambda hit: hit[0], default=(0.0, -1))
        if best[0] >= NEAR:
            found += [(numbers[k], best[1], best[0]), (best[1], best[1], 1.0)]
            continue
        staying.append(k)
        for key in own:
            by_key[key].append(k)
    connection.execute("BEGIN")
    connection.executemany("INSERT OR IGNORE INTO cluster VALUES (?, ?, ?)", found)
    _TEXTS.insert(connection, [numbers[k] for k in staying], keys[staying])
    connection.execute("COMMIT")
