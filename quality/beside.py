"""A SQLite file that a run makes for itself beside its output, before the rest: what a first pass over the input finds out.

It gets its name when it is finished, and keeps the terms it was made on, so that a run which goes on from an earlier one knows
whether it can be used again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from quality.sketches import CACHE_BYTES


@contextmanager
def making(path: Path, terms: str, tables: str) -> Iterator[sqlite3.Connection]:
    """A connection to a new file with these tables, which takes its place when the block has ended well.

    Raises OSError where the file cannot be written, ValueError where another's file stands in its place.
    """
    _terms_of(path)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            # a file that is not finished is made anew, so nothing has to survive a crash
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(f"PRAGMA cache_size = -{CACHE_BYTES // 1024}")
            connection.executescript(f"CREATE TABLE header (terms TEXT);\n{tables}")
            connection.execute("INSERT INTO header VALUES (?)", [terms])
            yield connection
    except sqlite3.DatabaseError as error:
        raise OSError(None, f"{path.name} cannot be written: {error}", str(path)) from error
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    os.replace(part, path)


def is_made(path: Path, terms: str) -> bool:
    """Whether a finished file is there that was made on the same terms. Raises ValueError where it is another's."""
    return _terms_of(path) == terms


def _terms_of(path: Path) -> str | None:
    """Terms that a file was made on, None where there is none."""
    if not path.exists():
        return None
    try:
        with opened(str(path)) as connection:
            (terms,) = connection.execute("SELECT terms FROM header").fetchone()
    except (OSError, TypeError, ValueError):
        raise ValueError(f"{path} is no file of a run, and its place is needed: move it elsewhere") from None
    return str(terms)


@contextmanager
def opened(path: str) -> Iterator[sqlite3.Connection]:
    """A connection to a finished file, to read it. Raises OSError where it cannot be read."""
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        raise OSError(None, f"cannot be read: {error}", path) from error
