"""A reference index: texts known already, in one file, to hold new ones against.

Of each text it keeps no word but MinHash signatures (`quality.minhash`, as `quality.sketches` keeps them), of the whole and of
each paragraph of `LONG` words or more, and a hash of the words of every paragraph, with the number of documents that
have it. What is equal in all words is kept once, however many documents have it.

The file is SQLite's, with a write-ahead log: it survives a crash at any moment, several processes may write at once
(each batch is a transaction of its own), and who reads sees the state before or after a batch and waits for nobody.

What stands in it, and how it is made and opened, is told in `quality.index_file`.

Not here: copies within a text (copies), within a run of the filter (clusters, lines).
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from quality.columns import Ints
from quality.index_file import (
    Entries,
    UnusableIndexError,
    connected,
    contradictions,
    make,
    settings_of,
    sketches_of,
    storable,
    unlocked,
)
from quality.known import FURNITURE, Known, furniture
from quality.report import Duplicate
from quality.sketches import NEAR, Copies, Hit, Settings
from quality.text import Batch

# Texts listed for a document, and documents for a paragraph.
MOST = 20
# Paragraphs and documents that are written together. Their keys go to places all over the file, so twice as many cost hardly more;
# other writers wait a second or two for them.
TOGETHER = 32_000


class Added(NamedTuple):
    """How many documents an index got, and how many of them took the place of an earlier one of their id."""

    n: int
    n_replaced: int


# Connections that a process made by fork has got from the one it comes from: held, so that nothing closes them.
_of_parents: list[sqlite3.Connection | None] = []


# ---- the index ----


class Index:
    """A reference index that is there; `create` makes one. Picklable: each process opens it when it first asks.

    Threads may share it, and take turns. Every method raises UnusableIndexError where the file cannot be used, and one
    that `writes` OSError where it cannot be written.
    """

    # kept here since modules are gone before the last scorer when the interpreter ends
    _this_process = staticmethod(os.getpid)

    def __init__(self, path: str | Path, *, writes: bool = False) -> None:
        """Raises UnusableIndexError where there is no such file."""
        self.path = Path(path)
        self._writes = writes
        self._settings = Settings()
        self._begin()
        if not self.path.exists():
            raise UnusableIndexError(f"there is no file {path}: `quality index add` makes one")

    @classmethod
    def create(cls, path: str | Path, **asked: Any) -> Index:
        """The index at a path, made if there is none; `asked` are settings by name, which one that is there must have.

        Raises UnusableIndexError where it has others, ValueError where `n_permutations` is too few for its keys.
        """
        path = Path(path)
        settings = replace(Settings(), **asked)
        if not path.exists():
            make(path, settings)
        index = cls(path, writes=True)
        there = index.settings
        for name, value in asked.items():
            given = getattr(there, name)
            if given != value:
                raise UnusableIndexError(
                    f"{path} has {name} {given}, not {value}: they could not be compared"
                )
        return index

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()  # a scorer goes without saying so

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_writes": self._writes, "_settings": self._settings}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def _begin(self) -> None:
        """Nothing opened, in this process."""
        self._process = self._this_process()
        self._turn = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._seen: tuple[int, ...] | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None and self._process == self._this_process():
            self._opened.close()
            self._opened = None

    @property
    def settings(self) -> Settings:
        """What its signatures are made of."""
        with self._told():
            self._connection  # noqa: B018 - opening reads them
        return self._settings

    @property
    def state(self) -> str:
        """A mark that changes with every change of what is in it."""
        with self._told():
            return f"{self._header('made')}.{self._header('changes')}"

    def add(self, parts: Iterable[tuple[Batch, Sequence[str]]]) -> Added:
        """Add the texts of batches under their ids; a text of an id that is there takes its place.

        Some batches go in together, in one step, and then the next ones.
        """
        held: list[Entries] = []
        ids: list[str] = []
        n = n_replaced = 0
        for batch, some in parts:
            held.append(Entries.of(batch, self.settings))
            ids += some
            if len(ids) + sum(entries.line.size for entries in held) >= TOGETHER:
                n_replaced += self._add(Entries.joined(held), ids)
                n += len(ids)
                held, ids = [], []
        if held:
            n_replaced += self._add(Entries.joined(held), ids)
        return Added(n + len(ids), n_replaced)

    def _add(self, entries: Entries, ids: Sequence[str]) -> int:
        """Add some documents in one step; how many of them took the place of others."""
        settings = self.settings
        last = {storable(id): d for d, id in enumerate(ids)}  # of two texts with one id the later one stays
        pair = entries.pairs
        edges = np.searchsorted(pair[:, 0], np.arange(len(ids) + 1)).tolist()
        rows = {
            id: (
                entries.signature[d].tobytes() if entries.is_signed[d] else None,
                pair[edges[d] : edges[d + 1], 1].astype("<i8").tobytes(),
            )
            for id, d in last.items()
        }
        n_replaced = len(ids) - len(last)
        known = "SELECT signature, lines FROM document WHERE id = ?"
        with self._told(), self._step("IMMEDIATE") as connection:
            for id, row in list(rows.items()):
                found = connection.execute(known, [id]).fetchone()
                n_replaced += found is not None
                if found == row:  # the same text again: nothing to write
                    del rows[id], last[id]
            number = self._reserve("document", len(last))
            chosen = np.array(list(last.values()), np.int64)
            numbers = np.full(len(ids), -1)
            numbers[chosen] = number + np.arange(chosen.size)
            self._add_lines(connection, entries, pair[numbers[pair[:, 0]] >= 0], numbers)
            # last: paragraphs that stay are held by the new text now, and are left as they are
            for id in rows:
                self._take_out(connection, id)
            connection.executemany(
                "INSERT INTO document VALUES (?, ?, ?, ?)",
                ((number + k, id, *row) for k, (id, row) in enumerate(rows.items())),
            )
            signed = chosen[entries.is_signed[chosen]]
            sketches_of(settings)[0].insert(connection, numbers[signed].tolist(), entries.keys[signed])
            self._changed(connection, len(rows))
        return n_replaced

    def remove(self, ids: Sequence[str]) -> int:
        """Take documents out by their ids, in one step; how many there were."""
        with self._told(), self._step("IMMEDIATE") as connection:
            n = sum(self._take_out(connection, storable(id)) for id in ids)
            self._changed(connection, n)
        return n

    def look_up(self, batch: Batch, ids: Sequence[str]) -> Known:
        """What is known of the texts of a batch; a document of the same id is the text itself and does not count.

        The id of a record is its `identity`.
        """
        settings = self.settings
        entries = Entries.of(batch, settings)
        with self._told(), self._step("DEFERRED") as connection:
            return _known(connection, settings, entries, [storable(id) for id in ids])

    def stats(self) -> dict[str, Any]:
        """What is in it, and how large it is, by name."""
        with self._told(), self._step("DEFERRED") as connection:

            def number(question: str) -> int:
                return int(connection.execute(question).fetchone()[0])

            pages = number("PRAGMA page_count") - number("PRAGMA freelist_count")
            return {
                "documents": number("SELECT count(*) FROM document"),
                "lines": number("SELECT count(*) FROM line"),
                "passages": number("SELECT count(*) FROM passage"),
                "places": number("SELECT count(*) FROM place"),
                f"lines in {FURNITURE} documents or more": number(
                    f"SELECT count(*) FROM line WHERE documents >= {FURNITURE}"
                ),
                "bytes": pages * number("PRAGMA page_size"),
                **asdict(self.settings),
            }

    def problems(self) -> list[str]:
        """What is wrong with it, in words; nothing where it is sound."""
        try:
            with self._told(), self._step("DEFERRED") as connection:
                damage = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
                if damage != ["ok"]:
                    return damage
                return list(contradictions(connection, settings_of(connection, self.path)))
        except UnusableIndexError as error:
            return [str(error)]

    def compact(self) -> tuple[int, int]:
        """Write the file anew without gaps; its bytes before and after.

        Raises TimeoutError where others have been reading it all the while: it then gets smaller with the next step.
        """
        with self._told():
            connection = self._connection
            pages, bytes_each = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "page_size")
            )
            connection.execute("VACUUM")
            is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if is_busy:
                raise TimeoutError(
                    errno.EBUSY, "others are reading it: try again when they are done", str(self.path)
                )
            return pages * bytes_each, self.path.stat().st_size

    # -- the file --

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._seen = None if self._writes else unlocked(self.path)
            opened = connected(self.path, self._writes, self._seen is not None)
            try:
                self._settings = settings_of(opened, self.path)
            except BaseException:
                opened.close()
                raise
            self._opened = opened
        return self._opened

    @property
    def _is_stale(self) -> bool:
        """Whether a file that is read without locks is another than it was when it was opened."""
        return self._seen is not None and self._seen != unlocked(self.path)

    @contextmanager
    def _step(self, kind: str) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing."""
        connection = self._connection
        connection.execute(f"BEGIN {kind}")
        try:
            yield connection
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if self._is_stale:
            raise UnusableIndexError(
                f"{self.path} was changed while it was read, in a folder that cannot be written, where this goes unnoticed "
                "until then: try again"
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One thread's turn, with SQLite's errors as those of Python that they are."""
        # made by fork: SQLite forbids to use, or even to close, what is the parent's
        if self._process != self._this_process():
            _of_parents.append(self._opened)
            self._begin()
        with self._turn, self._as_python():
            if self._is_stale:
                self.close()
            yield

    @contextmanager
    def _as_python(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _OF_THE_SYSTEM and self._writes:
                raise OSError(_OF_THE_SYSTEM[code], str(error), str(self.path)) from error
            raise UnusableIndexError(f"{self.path} cannot be used as an index: {error}") from error

    def _header(self, name: str) -> Any:
        return self._connection.execute("SELECT value FROM header WHERE name = ?", [name]).fetchone()[0]

    def _reserve(self, kind: str, n: int) -> int:
        """The first of n numbers that no entry has or had."""
        name = f"next_{kind}"
        first = int(self._header(name))
        self._connection.execute("UPDATE header SET value = ? WHERE name = ?", [first + n, name])
        return first

    def _changed(self, connection: sqlite3.Connection, n: int) -> None:
        connection.execute("UPDATE header SET value = value + ? WHERE name = 'changes'", [n])

    # -- what is in it --

    def _add_lines(self, connection: sqlite3.Connection, entries: Entries, pair: Ints, numbers: Ints) -> None:
        """Write down the paragraphs of some documents: `pair` int64[n, 2] of `Entries.pairs`, `numbers` int64[d]."""
        line, count = np.unique(pair[:, 1], return_counts=True)
        asked = json.dumps(line.tolist())
        question = "SELECT hash, passage FROM line WHERE hash IN (SELECT value FROM json_each(?))"
        passage_of: dict[int, int | None] = dict(connection.execute(question, [asked]))
        long = np.flatnonzero(np.isin(entries.line[entries.long], line))
        _, first = np.unique(entries.line[entries.long[long]], return_index=True)
        long = np.sort(long[first])
        new = [k for k in long.tolist() if int(entries.line[entries.long[k]]) not in passage_of]
        number = self._reserve("passage", len(new))
        added = range(number, number + len(new))
        passage_of |= {int(entries.line[entries.long[k]]): n for k, n in zip(new, added, strict=True)}
        connection.executemany(
            "INSERT INTO passage VALUES (?, ?)",
            ((n, entries.long_signature[k].tobytes()) for k, n in zip(new, added, strict=True)),
        )
        sketches_of(self.settings)[1].insert(connection, added, entries.long_keys[new])
        connection.executemany(
            "INSERT INTO line VALUES (?, ?, ?) "
            "ON CONFLICT (hash) DO UPDATE SET documents = documents + excluded.documents",
            ((h, passage_of.get(h), n) for h, n in zip(line.tolist(), count.tolist(), strict=True)),
        )
        places = ((passage_of.get(h), int(numbers[d])) for d, h in pair.tolist())
        connection.executemany(
            "INSERT INTO place VALUES (?, ?)", sorted(p for p in places if p[0] is not None)
        )

    def _take_out(self, connection: sqlite3.Connection, id: str) -> bool:
        """Take out the document of an id, with what no other one has; whether there was one."""
        found = connection.execute("SELECT number, lines FROM document WHERE id = ?", [id]).fetchone()
        if found is None:
            return False
        number, lines = found
        asked = [json.dumps(np.frombuffer(lines, "<i8").tolist())]
        own = "(SELECT value FROM json_each(?))"
        connection.execute(
            f"DELETE FROM place WHERE document = ? AND passage IN (SELECT passage FROM line WHERE hash IN {own})",
            [number, *asked],
        )
        connection.execute(f"UPDATE line SET documents = documents - 1 WHERE hash IN {own}", asked)
        gone = f"FROM line WHERE documents = 0 AND hash IN {own}"
        passages = connection.execute(f"SELECT passage {gone} AND passage IS NOT NULL", asked).fetchall()
        of_documents, of_passages = sketches_of(self.settings)
        of_passages.take_out(connection, [passage for (passage,) in passages])
        connection.execute(f"DELETE {gone}", asked)
        of_documents.take_out(connection, [number])
        return True


_OF_THE_SYSTEM: Mapping[int, int] = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
}


# ---- what is known of texts ----


def _known(connection: sqlite3.Connection, settings: Settings, entries: Entries, ids: Sequence[str]) -> Known:
    of_documents, of_passages = sketches_of(settings)
    own: list[int] = []
    own_lines: list[set[int]] = []
    for id in ids:
        found = connection.execute("SELECT number, lines FROM document WHERE id = ?", [id]).fetchone()
        own.append(-1 if found is None else found[0])
        own_lines.append(set() if found is None else set(np.frombuffer(found[1], "<i8").tolist()))
    name_of = "SELECT id FROM document WHERE number = ?"
    documents: list[list[Duplicate]] = [[] for _ in ids]
    copies = Copies(np.zeros(len(ids), np.int64), np.zeros(len(ids), bool))
    signed = np.flatnonzero(entries.is_signed)
    n = settings.n_permutations  # what is kept for keys is no part of the comparison
    near, copies.is_cut[signed] = of_documents.search(
        connection, entries.signature[signed, :n], entries.keys[signed]
    )
    for d, some in zip(signed.tolist(), near, strict=True):
        hits = [hit for hit in some if hit.number != own[d]]
        copies.n[d] = sum(hit.similarity >= NEAR for hit in hits)
        documents[d] = [
            Duplicate(connection.execute(name_of, [h.number]).fetchone()[0], h.similarity)
            for h in hits[:MOST]
        ]
    asked = json.dumps(np.unique(entries.line).tolist())
    question = "SELECT hash, passage, documents FROM line WHERE hash IN (SELECT value FROM json_each(?))"
    lines = {row[0]: row[1:] for row in connection.execute(question, [asked])}
    seen = np.zeros(entries.line.size, np.int64)
    first = np.searchsorted(entries.parent, np.arange(len(ids)))
    for p, (hash, d) in enumerate(zip(entries.line.tolist(), entries.parent.tolist(), strict=True)):
        if hash in lines and entries.n_words[p]:
            seen[p] = lines[hash][1] - (hash in own_lines[d])
    places = (
        "SELECT document.id, document.number FROM place JOIN document ON document.number = place.document "
        f"WHERE place.passage = ? ORDER BY place.document LIMIT {MOST + 1}"
    )
    paragraphs: list[list[Duplicate]] = [[] for _ in range(entries.line.size)]
    near = of_passages.near(connection, entries.long_signature[:, :n], entries.long_keys)
    for p, hits in zip(entries.long.tolist(), near, strict=True):
        d = int(entries.parent[p])
        exact = lines.get(int(entries.line[p]), (None, 0))[0]
        if exact is not None:  # it need not be among those looked at for its keys
            hits = [Hit(exact, 1.0), *(hit for hit in hits if hit.number != exact)]
        listed: dict[int, Duplicate] = {}
        for hit in hits:
            for id, number in connection.execute(places, [hit.number]).fetchall():
                if number != own[d] and number not in listed and len(listed) < MOST:
                    listed[number] = Duplicate(id, hit.similarity, p - int(first[d]))
            if len(listed) >= MOST:
                break
        paragraphs[p] = list(listed.values())
    elsewhere = np.maximum(seen - copies.n[entries.parent], 0)
    is_furniture = furniture(entries.parent, entries.n_words, elsewhere, copies)
    return Known(documents, paragraphs, elsewhere, is_furniture, entries.parent)
