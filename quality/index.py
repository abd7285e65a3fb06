"""A reference index: texts known already, in one file, to hold new ones against.

Of each text it keeps no word but MinHash signatures (`quality.minhash`, as `quality.sketches` keeps them), of the whole and of
each paragraph of `LONG` words or more, and a hash of the words of every paragraph, with the number of documents that
have it. What is equal in all words is kept once, however many documents have it.

The file is SQLite's, with a write-ahead log: it survives a crash at any moment, several processes may write at once
(each batch is a transaction of its own), and who reads sees the state before or after a batch and waits for nobody.

    header        what signatures are made of, and counters
    document      id, signature, hashes of its paragraphs      document_band   keys by which like ones are found
    passage       signature of a paragraph's words             passage_band    the same
    line          hash of a paragraph's words, its passage if it is long, number of documents that have it
    place         which documents have which passage

Not here: copies within a text (copies), within a run of the filter (clusters, lines).
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from quality.columns import Bools, Bytes, Ints
from quality.copies import paragraph_hash, words_of
from quality.known import FURNITURE, Known, distinct_lines, furniture
from quality.minhash import is_empty, signatures
from quality.report import Duplicate
from quality.sketches import CACHE_BYTES, NEAR, Copies, Hit, Settings, Sketches
from quality.text import Batch

# Raised when the tables or what is in them change their meaning, so that an old index is refused and not misread.
FORMAT = 2
# Words from which on paragraphs have a signature. Below, one other word leaves less than half of the shingles.
LONG = 12
# Texts listed for a document, and documents for a paragraph.
MOST = 20
# Seconds to wait for other writers, each of which holds the file for a second or two at a time.
PATIENCE = 600.0
# Paragraphs and documents that are written together. Their keys go to places all over the file, so twice as many cost hardly more;
# other writers wait a second or two for them.
TOGETHER = 32_000
# Pages of four kilobytes that the log may have before they are written to their places, which takes longest.
LOG_PAGES = 8192
_TABLES = """
CREATE TABLE header (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE document (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, signature BLOB, lines BLOB NOT NULL);
CREATE TABLE passage (number INTEGER PRIMARY KEY, signature BLOB NOT NULL);
CREATE TABLE line (hash INTEGER PRIMARY KEY, passage INTEGER, documents INTEGER NOT NULL);
CREATE TABLE place (passage INTEGER, document INTEGER, PRIMARY KEY (passage, document)) WITHOUT ROWID;
"""
# A text of which the header keeps what is made of it: where another version makes something else, nothing would match.
_SAMPLE = "The ferry “Łódź” will not sail before 9.30 on Thursday, the harbour master’s office said."


class UnusableIndexError(ValueError):
    """A file that is no index, is damaged, was made another way, or cannot be read."""


class Added(NamedTuple):
    """How many documents an index got, and how many of them took the place of an earlier one of their id."""

    n: int
    n_replaced: int


@dataclass(frozen=True)
class Entries:
    """What an index keeps of the texts of a batch.

    Documents: `signature` uint8[d, n_kept], `keys` int64[d, bands], `is_signed` bool[d] (has a shingle). Paragraphs:
    `line` int64[p] (hash of the words), `parent` int64[p], `n_words` int64[p]; the long ones, `long` int64[l] (which
    they are), have `long_signature` uint8[l, n_kept] and `long_keys` int64[l, bands].
    """

    signature: Bytes
    keys: Ints
    is_signed: Bools
    line: Ints
    parent: Ints
    n_words: Ints
    long: Ints
    long_signature: Bytes
    long_keys: Ints

    @classmethod
    def of(cls, batch: Batch, settings: Settings) -> Entries:
        """Entries for the texts of a batch."""
        n, seed = settings.n_permutations, settings.seed
        whole = signatures(batch, batch.documents, n_permutations=n, seed=seed)
        n_words = words_of(batch).count
        parts = signatures(batch, batch.paragraphs, n_permutations=n, seed=seed)
        long = np.flatnonzero((n_words >= LONG) & ~is_empty(parts))
        parts = parts[long]
        return cls(
            settings.kept(whole),
            settings.keys(whole),
            ~is_empty(whole),
            paragraph_hash(batch).view(np.int64),
            batch.paragraphs.parent,
            n_words,
            long,
            settings.kept(parts),
            settings.keys(parts),
        )

    @property
    def pairs(self) -> Ints:
        """Each document with each of its lines that have words, once, ascending; int64[n, 2]."""
        return distinct_lines(self.parent, self.line, self.n_words)

    @classmethod
    def joined(cls, parts: Sequence[Entries]) -> Entries:
        """Entries of several batches as those of one."""
        n_documents = np.cumsum([0, *(part.signature.shape[0] for part in parts)])
        n_paragraphs = np.cumsum([0, *(part.line.size for part in parts)])
        columns = {name: [getattr(part, name) for part in parts] for name in cls.__dataclass_fields__}
        columns["parent"] = [c + n for c, n in zip(columns["parent"], n_documents, strict=False)]
        columns["long"] = [c + n for c, n in zip(columns["long"], n_paragraphs, strict=False)]
        return cls(**{name: np.concatenate(some) for name, some in columns.items()})


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
            _make(path, settings)
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
        last = {_storable(id): d for d, id in enumerate(ids)}  # of two texts with one id the later one stays
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
            _sketches(settings)[0].insert(connection, numbers[signed].tolist(), entries.keys[signed])
            self._changed(connection, len(rows))
        return n_replaced

    def remove(self, ids: Sequence[str]) -> int:
        """Take documents out by their ids, in one step; how many there were."""
        with self._told(), self._step("IMMEDIATE") as connection:
            n = sum(self._take_out(connection, _storable(id)) for id in ids)
            self._changed(connection, n)
        return n

    def look_up(self, batch: Batch, ids: Sequence[str]) -> Known:
        """What is known of the texts of a batch; a document of the same id is the text itself and does not count.

        The id of a record is its `identity`.
        """
        settings = self.settings
        entries = Entries.of(batch, settings)
        with self._told(), self._step("DEFERRED") as connection:
            return _known(connection, settings, entries, [_storable(id) for id in ids])

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
                return list(_contradictions(connection, _settings(connection, self.path)))
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
            self._seen = None if self._writes else _unlocked(self.path)
            opened = _connected(self.path, self._writes, self._seen is not None)
            try:
                self._settings = _settings(opened, self.path)
            except BaseException:
                opened.close()
                raise
            self._opened = opened
        return self._opened

    @property
    def _is_stale(self) -> bool:
        """Whether a file that is read without locks is another than it was when it was opened."""
        return self._seen is not None and self._seen != _unlocked(self.path)

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
        _sketches(self.settings)[1].insert(connection, added, entries.long_keys[new])
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
        of_documents, of_passages = _sketches(self.settings)
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


@cache
def _sketches(settings: Settings) -> tuple[Sketches, Sketches]:
    """The tables of documents and of passages."""
    return Sketches("document", settings), Sketches("passage", settings)


# Connections that a process made by fork has got from the one it comes from: held, so that nothing closes them.
_of_parents: list[sqlite3.Connection | None] = []


def _unlocked(path: Path) -> tuple[int, ...] | None:
    """What changes with every change of a file that must be read without locks; None where it need not be.

    SQLite cannot put its log into a folder that cannot be written; and where there is no log nobody is writing yet.
    """
    if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
        return None
    try:
        facts = path.stat()
    except FileNotFoundError:
        return ()  # as SQLite will tell
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _connected(path: Path, writes: bool, is_unlocked: bool) -> sqlite3.Connection:
    mode = "rw" if writes else "ro&immutable=1" if is_unlocked else "ro"
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        check_same_thread=False,  # they take turns
    )
    connection.execute(f"PRAGMA cache_size = -{CACHE_BYTES // 1024}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    connection.execute("PRAGMA synchronous = FULL")  # what was said to be added is on the disk
    return connection


def _make(path: Path, settings: Settings) -> None:
    """Put an empty index in place, whole: who finds the file finds all of it, however many make it at once."""
    sample = _sample(settings)  # raises where the settings do not fit
    part = path.with_name(f"{path.name}.new{os.urandom(4).hex()}")  # none that a killed process left
    header = {
        "format": FORMAT,
        **asdict(settings),
        "bits": 8,
        "sample": sample,
        "made": os.urandom(8).hex(),
        "changes": 0,
        "next_document": 1,
        "next_passage": 1,
    }
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES + "".join(s.tables for s in _sketches(settings)))
            connection.executemany("INSERT INTO header VALUES (?, ?)", header.items())
        os.link(part, path)
    except FileExistsError:
        pass  # another process was faster, with the same thing
    except sqlite3.OperationalError as error:
        raise OSError(errno.EACCES, f"an index cannot be made here: {error}", str(path)) from error
    finally:
        part.unlink(missing_ok=True)


@cache
def _sample(settings: Settings) -> str:
    """What is made of the sample, in hexadecimal digits."""
    entries = Entries.of(Batch.of([_SAMPLE]), settings)
    parts = (entries.signature, entries.keys, entries.line, entries.long_signature, entries.long_keys)
    return f"{np.bitwise_xor.reduce(np.frombuffer(b''.join(p.tobytes() for p in parts), '<u8')):016x}"


def _settings(connection: sqlite3.Connection, path: Path) -> Settings:
    """The settings in the header. Raises UnusableIndexError where this version would make other signatures of them."""
    try:
        header = dict(connection.execute("SELECT name, value FROM header"))
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in (
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_NOTADB,
        ):
            raise
        raise UnusableIndexError(f"{path} is no index: make one with `quality index add`") from None
    if header.get("format") != FORMAT:
        raise UnusableIndexError(
            f"{path} has format {header.get('format')}, this version reads {FORMAT}: index anew"
        )
    known = Settings()
    given: dict[str, Any] = {name: header.get(name) for name in asdict(known)}
    settings = Settings(**given)
    for name in ("scheme", "hash", "shingle", "n_bands", "band"):
        ours = getattr(known, name)
        if given[name] != ours:
            raise UnusableIndexError(
                f"{path} has {name} {given[name]!r}, this version makes {ours!r}: index anew"
            )
    if header.get("sample") != _sample(settings):
        raise UnusableIndexError(f"{path} was made by a version that makes other hashes: index anew")
    return settings


def _storable(id: str) -> str:
    """An id as SQLite can hold it: half a surrogate pair is written out."""
    return id.encode("utf8", "backslashreplace").decode("utf8")


def _contradictions(connection: sqlite3.Connection, settings: Settings) -> Iterator[str]:
    """What does not fit together in an index whose file is sound."""

    def number(question: str) -> int:
        return int(connection.execute(question).fetchone()[0] or 0)

    equal = [
        (
            "documents of lines",
            "SELECT sum(documents) FROM line",
            "lines of documents",
            "SELECT sum(length(lines)) / 8 FROM document",
        ),
        (
            "documents of long lines",
            "SELECT sum(documents) FROM line WHERE passage IS NOT NULL",
            "places",
            "SELECT count(*) FROM place JOIN document ON number = document",
        ),
        (
            "passages",
            "SELECT count(*) FROM passage",
            "lines that have one",
            "SELECT count(*) FROM line JOIN passage ON number = passage",
        ),
        (
            "long lines",
            "SELECT count(*) FROM line WHERE passage IS NOT NULL",
            "of them with a passage",
            "SELECT count(*) FROM line JOIN passage ON number = passage",
        ),
    ]
    for kind in ("document", "passage"):
        equal.append(
            (
                f"keys of {kind}s",
                f"SELECT count(*) FROM {kind}_band AS band JOIN {kind} AS entry ON entry.number = band.number",
                "keys there should be",
                f"SELECT {settings.n_bands} * count(*) FROM {kind} WHERE signature IS NOT NULL",
            )
        )
        equal.append(
            (
                f"keys of {kind}s",
                f"SELECT count(*) FROM {kind}_band",
                "of them that lead to one",
                f"SELECT count(*) FROM {kind}_band AS band JOIN {kind} AS entry ON entry.number = band.number",
            )
        )
    for one, first, other, second in equal:
        if (n := number(first)) != (m := number(second)):
            yield f"{n} {one}, but {m} {other}"
    for kind in ("document", "passage"):
        wrong = number(f"SELECT count(*) FROM {kind} WHERE length(signature) <> {settings.n_kept}")
        if wrong:
            yield f"{wrong} signatures of {kind}s are not {settings.n_kept} bytes long"
        highest = number(f"SELECT max(number) FROM {kind}")
        following = number(f"SELECT value FROM header WHERE name = 'next_{kind}'")
        if highest >= following:
            yield f"the next {kind} would get number {following}, but there is number {highest}"


# ---- what is known of texts ----


def _known(connection: sqlite3.Connection, settings: Settings, entries: Entries, ids: Sequence[str]) -> Known:
    of_documents, of_passages = _sketches(settings)
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
