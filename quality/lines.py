"""Lines that stand on many pages of a site, within a run of the filter: what the site says, not the article.

A *site* is the host of records' addresses; all records without an address are of one site, as in an index, so that nothing depends on
how the input is cut into files. A paragraph is called furniture as by a reference index (`quality.known`): its very words stand in
`FURNITURE` other documents of its site or more, near-copies of the whole text left out, and the text has most of its words
to itself. So a site of that many documents or fewer has none.

All of it is in a file, so memory does not grow with the input: about a kilobyte a text while it is made.

Not here: what is known from elsewhere (index), copies of whole texts (clusters).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np

from quality import beside
from quality.columns import Bytes, Ints, combine
from quality.copies import paragraph_hash, words_of
from quality.known import FURNITURE, Known, distinct_lines, furniture
from quality.minhash import compact, is_empty, signatures
from quality.report import Report
from quality.sketches import NEAR, Copies, Settings, Sketches
from quality.text import Batch

# Texts decided on at a time.
_PORTION = 512

_SETTINGS = Settings()
_PAGES = Sketches("page", _SETTINGS)
_TABLES = """
CREATE TABLE page (number INTEGER PRIMARY KEY, signature BLOB, keys BLOB, lines BLOB NOT NULL, words BLOB NOT NULL);
CREATE TABLE line (hash INTEGER PRIMARY KEY, documents INTEGER NOT NULL);
CREATE TABLE often (hash INTEGER PRIMARY KEY, documents INTEGER NOT NULL);
CREATE TABLE repeated (number INTEGER, paragraph INTEGER, documents INTEGER, PRIMARY KEY (number, paragraph)) WITHOUT ROWID;
"""


class Paged(NamedTuple):
    """What is kept of some texts: their places, and columns in which the same words are equal on pages of one site only.

    Texts: `signature` uint8[d, k], `keys` int64[d, bands], `is_signed` bool[d] (has a shingle). Paragraphs: `line` int64[p] (hash of
    the words), `parent` int64[p], `n_words` int64[p].
    """

    at: Sequence[int]
    signature: Bytes
    keys: Ints
    is_signed: Sequence[bool]
    line: Ints
    parent: Ints
    n_words: Ints


def site_of(url: str | None) -> str:
    """The host of an address, without "www."; "" where there is none."""
    try:
        host = urlsplit(url or "").hostname
    except ValueError:  # no address at all, such as one with half a bracket
        return ""
    return (host or "").removeprefix("www.")


def sign(batch: Batch, urls: Sequence[str | None]) -> Paged:
    """What is kept of the texts of a batch, each with its address."""
    sites = [hashlib.blake2b(site_of(url).encode("utf8", "replace"), digest_size=8).digest() for url in urls]
    site = np.frombuffer(b"".join(sites), "<u8")
    whole = signatures(batch, batch.documents)
    parent = batch.paragraphs.parent
    keys = combine(_PAGES.keys(whole).astype(np.uint64), site[:, None])
    line = combine(paragraph_hash(batch), site[parent])
    signed = (~is_empty(whole)).tolist()
    places = range(len(urls))
    n_words = words_of(batch).count
    return Paged(places, compact(whole), keys.view(np.int64), signed, line.view(np.int64), parent, n_words)


@contextmanager
def making(path: Path, terms: str) -> Iterator[Callable[[int, Paged], None]]:
    """What takes some texts, with the number of the text at their place 0; after the block the file is there.

    Raises OSError where it cannot be written.
    """
    with beside.making(path, terms, _TABLES + _PAGES.tables) as connection:
        yield partial(_hold, connection)
        connection.execute("BEGIN")
        connection.execute("INSERT INTO often SELECT * FROM line WHERE documents > ?", [FURNITURE])
        pages = connection.execute("SELECT * FROM page ORDER BY number")
        while rows := pages.fetchmany(_PORTION):
            _decide(connection, rows)
        connection.execute("COMMIT")


def read(path: str, first: int, n: int) -> dict[int, dict[int, int]]:
    """Of n texts from a number on, by place from 0, the paragraphs that are furniture and in how many other documents each stands."""
    with beside.opened(path) as connection:
        rows = connection.execute(
            "SELECT number, paragraph, documents FROM repeated WHERE number BETWEEN ? AND ?",
            [first, first + n - 1],
        ).fetchall()
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for number, paragraph, documents in rows:
        found[number - first][paragraph] = documents
    return dict(found)


def told(report: Report, text: str, repeated: Mapping[int, int]) -> Report:
    """The report on a text with paragraphs that `read` found."""
    n = len(report.paragraphs)
    seen = np.zeros(n, np.int64)
    seen[list(repeated)] = list(repeated.values())
    known = Known([()], [()] * n, seen, seen > 0, np.zeros(n, np.int64), "documents of this run")
    return known.told(report, 0, text)


def _hold(connection: sqlite3.Connection, first: int, some: Paged) -> None:
    line, count = np.unique(distinct_lines(some.parent, some.line, some.n_words)[:, 1], return_counts=True)
    edges = np.searchsorted(some.parent, np.arange(len(some.at) + 1)).tolist()
    numbers = [first + place for place in some.at]
    rows = (
        (
            number,
            some.signature[d].tobytes() if some.is_signed[d] else None,
            some.keys[d].tobytes() if some.is_signed[d] else None,
            some.line[edges[d] : edges[d + 1]].tobytes(),
            some.n_words[edges[d] : edges[d + 1]].astype(np.int32).tobytes(),
        )
        for d, number in enumerate(numbers)
    )
    signed = np.flatnonzero(some.is_signed)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO page VALUES (?, ?, ?, ?, ?)", rows)
    _PAGES.insert(connection, [numbers[d] for d in signed.tolist()], some.keys[signed])
    connection.executemany(
        "INSERT INTO line VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET documents = documents + excluded.documents",
        zip(line.tolist(), count.tolist(), strict=True),
    )
    connection.execute("COMMIT")


def _decide(
    connection: sqlite3.Connection, rows: Sequence[tuple[int, bytes | None, bytes | None, bytes, bytes]]
) -> None:
    """Write down which paragraphs of some pages are furniture."""
    numbers = [row[0] for row in rows]
    line = np.frombuffer(b"".join(row[3] for row in rows), np.int64)
    n_words = np.frombuffer(b"".join(row[4] for row in rows), np.int32).astype(np.int64)
    parent = np.repeat(np.arange(len(rows)), [len(row[3]) // 8 for row in rows])
    asked = np.unique(line)
    question = (
        "SELECT hash, documents FROM often WHERE hash IN (SELECT value FROM json_each(?)) ORDER BY hash"
    )
    found = np.array(connection.execute(question, [json.dumps(asked.tolist())]).fetchall(), np.int64).reshape(
        -1, 2
    )
    seen = np.zeros(line.size, np.int64)  # of lines that stand in fewer documents it makes no difference
    is_often = np.isin(line, found[:, 0])  # none without words: those were not counted
    seen[is_often] = found[np.searchsorted(found[:, 0], line[is_often]), 1] - 1
    signed = [d for d in np.unique(parent[is_often]).tolist() if rows[d][1] is not None]
    signature = np.frombuffer(b"".join(rows[d][1] or b"" for d in signed), np.uint8).reshape(
        -1, _SETTINGS.n_permutations
    )
    keys = np.frombuffer(b"".join(rows[d][2] or b"" for d in signed), np.int64).reshape(-1, _SETTINGS.n_bands)
    copies = Copies(np.zeros(len(rows), np.int64), np.zeros(len(rows), bool))
    near, copies.is_cut[signed] = _PAGES.search(connection, signature, keys)
    for d, hits in zip(signed, near, strict=True):
        copies.n[d] = sum(hit.similarity >= NEAR and hit.number != numbers[d] for hit in hits)
    seen = np.maximum(seen - copies.n[parent], 0)
    edges = np.searchsorted(parent, np.arange(len(rows)))
    connection.executemany(
        "INSERT INTO repeated VALUES (?, ?, ?)",
        (
            (numbers[parent[p]], int(p - edges[parent[p]]), int(seen[p]))
            for p in np.flatnonzero(furniture(parent, n_words, seen, copies)).tolist()
        ),
    )
