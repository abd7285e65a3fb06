"""The file of a reference index (`quality.index`): what stands in it, and how it is made, opened and checked.

header        what signatures are made of, and counters
document      id, signature, hashes of its paragraphs      document_band   keys by which like ones are found
passage       signature of a paragraph's words             passage_band    the same
line          hash of a paragraph's words, its passage if it is long, number of documents that have it
place         which documents have which passage
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from quality.columns import Bools, Bytes, Ints
from quality.copies import paragraph_hash, words_of
from quality.known import distinct_lines
from quality.minhash import is_empty, signatures
from quality.sketches import CACHE_BYTES, Settings, Sketches
from quality.text import Batch

# Raised when the tables or what is in them change their meaning, so that an old index is refused and not misread.
FORMAT = 2
# Words from which on paragraphs have a signature. Below, one other word leaves less than half of the shingles.
LONG = 12
# Seconds to wait for other writers, each of which holds the file for a second or two at a time.
PATIENCE = 600.0
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


@cache
def sketches_of(settings: Settings) -> tuple[Sketches, Sketches]:
    """The tables of documents and of passages."""
    return Sketches("document", settings), Sketches("passage", settings)


def unlocked(path: Path) -> tuple[int, ...] | None:
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


def connected(path: Path, writes: bool, is_unlocked: bool) -> sqlite3.Connection:
    """A connection to an index, to read it only unless it `writes`; `is_unlocked` where there can be no locks."""
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


def make(path: Path, settings: Settings) -> None:
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
            connection.executescript(_TABLES + "".join(s.tables for s in sketches_of(settings)))
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


def settings_of(connection: sqlite3.Connection, path: Path) -> Settings:
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


def storable(id: str) -> str:
    """An id as SQLite can hold it: half a surrogate pair is written out."""
    return id.encode("utf8", "backslashreplace").decode("utf8")


def contradictions(connection: sqlite3.Connection, settings: Settings) -> Iterator[str]:
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
