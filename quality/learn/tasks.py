"""Files of labelling tools as tasks: a JSON array, an object a line, or the rows of a table.

What stands in a task is read by `quality.learn.exchange`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from quality.decoding import decode
from quality.records import Problem


class Task(NamedTuple):
    """A task as it stands in a file: its number, and its line where it has one of its own."""

    number: int
    line: int | None
    fields: Mapping[str, Any]


def tasks(path: str, *, table: bool, warn: Callable[[str], None]) -> Iterator[Task | Problem]:
    """The tasks in a file, a `table` or JSON, and problems of its parts; `warn` hears how it had to be decoded."""
    try:
        text, warnings = decode(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "; unpack it first" if path.endswith((".zip", ".gz")) else ""
        yield Problem(path, None, f"cannot be read: {reason}{hint}")
        return
    for warning in warnings:
        warn(f"{path}: {warning}")
    if other := _other_kind(text, table):
        yield Problem(path, None, other)
        return
    n = 0
    for n, item in enumerate(_rows(path, text) if table else _objects(path, text), 1):  # noqa: B007 - counted
        yield item
    if not n:
        yield Problem(path, None, "is empty: there is no task in it")


def _other_kind(text: str, table: bool) -> str | None:
    """That a whole file is none of the kind that was named, told once instead of line by line; None where it may be."""
    beginning = text.lstrip()
    if table and beginning.startswith(("[", "{")):
        return "looks like JSON, not like a table: name the tool that it comes from instead of csv"
    # a file that has some object among other lines is read, and the others are told one by one
    if not table and beginning and not re.search(r"^\s*[\[{]", text, re.MULTILINE):
        return (
            f"is no JSON (it begins with {beginning[:20]!r}): one array, or one object a line is expected; "
            "a table is read with `quality import csv`"
        )
    return None


def _objects(path: str, text: str) -> Iterator[Task | Problem]:
    """Objects of a JSON array, or of a file with one a line."""
    if text.lstrip().startswith("["):
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Problem(path, getattr(error, "lineno", None), f"not JSON ({_fault(error)})")
            return
        for number, value in enumerate(whole, 1):
            if isinstance(value, dict):
                yield Task(number, None, value)
            else:
                yield Problem(path, None, f"task {number}: {value!r:.50} is no JSON object")
        return
    number = 0
    # not splitlines, which also cuts at characters that may stand in a JSON string
    for line_number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        number += 1
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            expected = "one array, or one object a line is expected"
            yield Problem(path, line_number, f"not JSON ({_fault(error)}): {expected}")
            continue
        if isinstance(value, dict):
            yield Task(number, line_number, value)
        else:
            yield Problem(path, line_number, f"{value!r:.50} is no JSON object")


def _rows(path: str, text: str) -> Iterator[Task | Problem]:
    """Rows of a table with a head, empty ones left out.

    The mark between cells is the one that Excel may name in a first line ("sep=;"), else the commonest of , ; and
    tab in the head, names in quotation marks left out.
    """
    named = re.match(r"sep=([,;\t])\r?\n", text)
    text = text[named.end() :] if named else text
    head = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", text, maxsplit=1)[0])
    mark = named[1] if named else max(",;\t", key=head.count)
    before = int(named is not None)  # lines before the table
    limit = csv.field_size_limit(2**31 - 1)  # an article may be longer than csv's 128 KB
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        try:
            for number, row in enumerate(rows, 1):
                if None in row or None in row.values():
                    n = len(rows.fieldnames or ())
                    yield Problem(path, rows.line_num + before, f"the row has not {n} cells, as the head has")
                    continue
                if any(row.values()):  # spreadsheets write their empty rows too
                    yield Task(number, rows.line_num + before, row)
        except csv.Error as error:
            yield Problem(path, rows.line_num + before, f"not CSV after this line: {error}")
    finally:
        csv.field_size_limit(limit)


def _fault(error: Exception) -> str:
    """What is wrong with some JSON, without the place."""
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)
