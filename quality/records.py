"""What goes in: from files and standard input to records, one text each.

`read` yields, in the order of the input, a `Record` for every text and a `Problem` for everything
that is none; it never stops at a problem and never holds more than one line (or one text file) in
memory. What may be read, and which fields of a JSON line are looked at, is told in docs/output.md.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO

from quality.decoding import BROKEN_STREAM, buffered, decode, decode_page, decompressed

KINDS = ("auto", "text", "html", "jsonl")
# Where some readers break lines and JSON does not, and how JSON writes these characters as escapes.
SEPARATORS = {c: f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"}
# How pages of HTML are read (quality.html): by two extractors, or by one that is some times faster.
PAGE_MODES = ("full", "fast")

# Where a field is looked for when its name is not given, best first: the contract's own name, then
# those of schema.org, Common Crawl derivatives (raw_content), RAG loaders (page_content), news
# downloaders and feeds. `created` comes last among dates: it may be the day of the download.
COMMON_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "text": ("text", "content", "body", "raw_content", "page_content", "articleBody", "maintext"),
    "title": ("title", "headline"),
    "date": ("date", "datePublished", "published", "publish_date", "date_publish", "created"),
    "url": ("url", "link"),
}

# Endings that are not a plain text and not one record a line, and what to do with such a file.
NOT_READ: Mapping[str, str] = {
    ".csv": "a table: write one JSON object per line (.jsonl)",
    ".docx": "a word processor's file: save it as plain text",
    ".json": "one JSON value: write one JSON object per line (.jsonl), or say --input jsonl if it is that",
    ".parquet": "Parquet is not read: write one JSON object per line (.jsonl)",
    ".pdf": "PDF is not read: extract its text first",
    ".tsv": "a table: write one JSON object per line (.jsonl)",
    ".warc": "WARC is not read: extract the texts first",
    ".wet": "WET is not read: write one JSON object per line (.jsonl)",
}

# Endings of pages, and what a page begins with under any other name.
PAGES = (".html", ".htm", ".xhtml")
PAGE = re.compile(
    r"\s*(?:<\?xml\b[^>]*>\s*)?(?:(?><!--.*?-->)\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)

# A day in words, as it begins a field: day or month first, the month by its name or the first three letters of it, a
# weekday before it or not. What follows is a time, if anything.
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = "(" + "|".join(f"{m[:3]}(?:{m[3:]})?" if m[3:] else m for m in _MONTHS) + r"|sept)\.?"
_DAY_IN_WORDS = re.compile(
    rf"\s*(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
    rf"(?:(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?[\s-]+{_MONTH}|{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?),?[\s-]+(\d{{4}})(?!\w)",
    re.IGNORECASE,
)
# Numbers in another order than ISO's, with a time or not, or one number.
_NUMBERS = re.compile(r"\s*(?!\d{4}-)\d[\d./-]*(?:[\s,]+[\d:.]+)?\s*")

# What a text given as prose begins with when it is none; such a page would look bad for its marks alone.
NO_PROSE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*\[\s*\{"), "a JSON array: write one JSON object per line (.jsonl)"),
    (re.compile(r"\s*<(?:!doctype|\?xml)\b", re.IGNORECASE), "XML is not read: extract the texts first"),
)

# Endings of a file of one record a line, packed or not.
_RECORDS = re.compile(r"\.(?:jsonl|ndjson)(?:\.(?:gz|bz2|xz|zst))*$", re.IGNORECASE)

_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True)
class Record:
    """One text to score.

    `text` is what offsets count in: the text as decoded or, where `paragraphs` are given (kept as
    they are, one paragraph each), these joined by a blank line. `date` is an ISO day; `has_unread_date`
    that there was one in a form we do not read, so that no other day may be put in its place. `fields` are
    all fields of a JSON line as they were, `line` its number in the file (that of a row or record in others), `warnings`
    what a reader of the result should know. Where the text has no id of its own (`has_id`), `id` is that number, or what
    its file is called.

    A record of a page has `html` and no text yet: `Scorer.extracted` gives it both text and paragraphs, of which
    `furniture` says how likely each is none of the page's text, and `page` what the page says of itself (title, author,
    date, url, language, as far as it does). `has_page_date` tells that `date` is from there.
    """

    id: str
    source: str
    text: str = ""
    paragraphs: tuple[str, ...] | None = None
    title: str | None = None
    date: str | None = None
    url: str | None = None
    label: str | None = None
    warnings: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    has_unread_date: bool = False
    line: int | None = None
    html: str | None = None
    page: Mapping[str, str] | None = None
    furniture: tuple[float, ...] | None = None
    has_page_date: bool = False
    has_id: bool = True

    @property
    def identity(self) -> str:
        """What tells the text from all others, whatever reads it: its own id, else the whole path of its file, with its number there.

        Links are followed, so that a file is one, and `/dev/stdin` the file that stands behind it. Standard input, and what is
        in no file, has no path.
        """
        if self.has_id:
            return self.id
        place = self.source if self.source in ("", "-") else os.path.realpath(self.source)
        return place if self.line is None else f"{place}:{self.line}"

    @classmethod
    def of(
        cls,
        fields: Mapping[str, Any],
        number: int,
        *,
        source: str = "",
        names: FieldNames | None = None,
        warnings: Iterable[str] = (),
    ) -> Record:
        """The record that the fields of a JSON object (or a dict) describe.

        `number` becomes the id where there is none. Raises ValueError where there is no text.
        """
        names = names or FieldNames()
        notes = list(warnings)
        text, paragraphs, html = _text(fields, names)
        if html is not None:
            pass  # what is wrong with its text is told when it is known
        elif not text.strip():
            notes.append("the text is empty")
        elif "\0" in text:
            notes.append(f"{text.count(chr(0))} NUL characters in the text")
        given_date = _first(fields, names, "date")
        day = None
        if given_date is not None:
            try:
                day = iso_day(given_date)
            except ValueError as error:
                notes.append(f"{error}; it is not used")
        given_id = _first(fields, names, "id")
        title, url, label = (_first(fields, names, name) for name in ("title", "url", "label"))
        return cls(
            id=str(number) if given_id is None else str(given_id),
            source=source,
            text=text,
            paragraphs=paragraphs,
            title=title if isinstance(title, str) else None,
            date=day,
            url=url if isinstance(url, str) else None,
            label=label if isinstance(label, str) else None,
            warnings=tuple(notes),
            fields=fields,
            has_unread_date=given_date is not None and day is None,
            line=number,
            html=html,
            has_id=given_id is not None,
        )

    def on(self, day: str | None) -> Record:
        """The record, of an ISO day where it has none of its own, read or not."""
        return replace(self, date=day) if day and self.date is None and not self.has_unread_date else self


@dataclass(frozen=True)
class FieldNames:
    """Names of the fields to read; None looks under `COMMON_NAMES`."""

    id: str | None = None
    text: str | None = None
    title: str | None = None
    date: str | None = None


@dataclass(frozen=True)
class Problem:
    """Something that could not be read: where (line None: the whole file) and what to do about it."""

    source: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.message}"


def read(
    paths: Iterable[str],
    *,
    kind: str = "auto",
    names: FieldNames | None = None,
    stdin: BinaryIO | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> Iterator[Record | Problem]:
    """Records and problems of some files, in order; "-" is standard input.

    A file is JSONL when its name (without .gz, .bz2, .xz, .zst) ends in .jsonl or .ndjson, standard input
    when its first character is "{"; a page of HTML when its name ends in .html, .htm or .xhtml or when it begins as
    one; everything else is one text, and a problem where it begins as a JSON array does. `kind` "text", "html" or "jsonl" overrules that. Compression is told by the first bytes. `on_bytes` hears how many bytes of the files,
    as they lie on disk, have been used since it was last called.

    Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of input {kind!r}; expected one of {', '.join(KINDS)}")
    for path in paths:
        yield from _read_one(path, kind, names or FieldNames(), stdin, on_bytes or (lambda _: None))


def read_texts(
    paths: Iterable[str], *, kind: str = "auto", names: FieldNames | None = None
) -> Iterator[Record | Problem]:
    """As `read`, where only texts can be used: a page of HTML is a problem."""
    for item in read(paths, kind=kind, names=names):
        if isinstance(item, Record) and item.html is not None:
            named = "" if item.id == item.source else f"record {item.id}: "
            yield Problem(
                item.source, None, f"{named}a page of HTML, where a text is needed: extract its text first"
            )
        else:
            yield item


def files_of_records(paths: Iterable[str]) -> list[str]:
    """The paths, with the JSON Lines files in it (packed or not, by name) in the place of each folder.

    A folder without any stays, so that reading it tells what is wrong.
    """
    found: list[str] = []
    for path in paths:
        inside = sorted(Path(path).iterdir()) if path != "-" and Path(path).is_dir() else []
        found += [str(file) for file in inside if _RECORDS.search(file.name) and file.is_file()] or [path]
    return found


def stem(path: str) -> str:
    """What a file of records is called: its name without endings."""
    return "standard input" if path == "-" else _RECORDS.sub("", Path(path).name)


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """A name for each path: its stem, after as many of its folders as tell it from the others."""
    parts = {path: (*Path(path).absolute().parent.parts, stem(path)) for path in paths}
    names = {}
    for path, own in parts.items():
        others = [other for other in parts.values() if other != own]
        n = next(n for n in range(1, len(own) + 1) if all(other[-n:] != own[-n:] for other in others))
        names[path] = "/".join(own[-n:])
    return names


def iso_day(value: object) -> str:
    """The day, as YYYY-MM-DD, with which a date begins, in its own time zone; that of a `datetime.date`.

    Read are ISO 8601 ("2025-06-10T08:30:00Z"), what mail and feeds write (RFC 2822: "Tue, 10 Jun 2025 08:30:00 GMT")
    and days with the month in letters ("10 June 2025", "June 10th, 2025, 8:30"). Numbers alone in another order, and
    seconds since 1970, are refused: they may mean several days.

    Raises ValueError for anything else.
    """
    if isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, str):
        written = re.match(r"\s*(\d{4})-(\d{2})-(\d{2})(?!\d)", value)
        in_words = _DAY_IN_WORDS.match(value)
        try:
            if written:
                return date(*map(int, written.groups())).isoformat()
            if in_words:
                first, month, month_first, second, year = in_words.groups()
                number = [m[:3] for m in _MONTHS].index((month or month_first)[:3].lower()) + 1
                return date(int(year), number, int(first or second)).isoformat()
            if re.match(r"\s*[A-Z][a-z]{2}, \d", value):  # feeds may write the year in two digits
                return parsedate_to_datetime(value).date().isoformat()
        except (ValueError, OverflowError):
            pass  # such as 2025-02-30, or a time zone beyond all: told below like any other value that is no day
    is_number = isinstance(value, int | float) or (isinstance(value, str) and _NUMBERS.fullmatch(value))
    hint = ", and numbers alone may mean several days" if is_number else ""
    raise ValueError(f"date {_shortened(value)} is not a day written YYYY-MM-DD{hint}")


def _read_one(
    path: str, kind: str, names: FieldNames, stdin: BinaryIO | None, on_bytes: Callable[[int], None]
) -> Iterator[Record | Problem]:
    name = path.lower()
    while name.endswith(_COMPRESSED):
        name = name.rpartition(".")[0]
    ending = Path(name).suffix
    if kind == "auto" and path != "-":
        if ending in NOT_READ:
            yield Problem(path, None, NOT_READ[ending])
            return
        kind = "jsonl" if ending in (".jsonl", ".ndjson") else "html" if ending in PAGES else "auto"
    try:
        if path == "-":
            given = stdin or sys.stdin.buffer
            yield from _read_stream(path, buffered(given), kind, names, lambda: 0, on_bytes)
            return
        if Path(path).is_dir():
            endings = (p.suffix for p in sorted(Path(path).iterdir()) if p.is_file() and p.suffix)
            named = Path(path) / f"*{next(endings, '.txt')}"
            yield Problem(path, None, f"is a directory: name its files, such as {named}")
            return
        with open(path, "rb") as raw:
            # a pipe or terminal given by name has no place to tell
            tell = raw.tell if raw.seekable() else lambda: 0
            yield from _read_stream(path, raw, kind, names, tell, on_bytes)
    except BROKEN_STREAM as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Problem(path, None, f"cannot be read: {reason}")


def _read_stream(
    path: str,
    raw: io.BufferedReader,
    kind: str,
    names: FieldNames,
    tell: Callable[[], int],
    on_bytes: Callable[[int], None],
) -> Iterator[Record | Problem]:
    try:
        stream = decompressed(raw)
    except ImportError as error:
        yield Problem(path, None, str(error))
        return
    if kind == "auto" and path == "-":
        head = stream.peek(1).removeprefix(b"\xef\xbb\xbf").lstrip()
        kind = "jsonl" if head.startswith(b"{") else kind
    if kind != "jsonl":
        yield _text_record(path, stream.read(), kind)
        on_bytes(tell())
        return
    seen = done = 0
    for item in _line_records(path, stream, names):
        yield item
        seen += 1
        on_bytes(tell() - done)
        done = tell()
    if not seen:
        yield Problem(path, None, "is empty: there is no record in it")


def _text_record(path: str, data: bytes, kind: str) -> Record | Problem:
    """The one text or page in a file; "auto" looks at how it begins."""
    try:
        text, warnings = decode_page(data) if kind == "html" else decode(data)
    except ValueError as error:
        return Problem(path, None, str(error))
    if not text.strip():
        return Problem(path, None, "is empty: there is no text in it")
    if kind == "auto" and PAGE.match(text):
        kind = "html"
        text, warnings = decode_page(data)
    if kind == "html":
        return Record(id=path, source=path, html=text, warnings=warnings, has_id=False)
    for beginning, message in NO_PROSE:
        if kind == "auto" and beginning.match(text):
            return Problem(path, None, f"{message}; --input text scores it as it stands")
    return Record(id=path, source=path, text=text, warnings=warnings, has_id=False)


def _line_records(path: str, stream: BinaryIO, names: FieldNames) -> Iterator[Record | Problem]:
    number = 0
    lines = iter(stream)
    while True:
        number += 1
        try:
            line = next(lines)
        except StopIteration:
            return
        except BROKEN_STREAM as error:
            yield Problem(path, number, f"the file breaks off here: {error}")
            return
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                yield Problem(path, None, "is UTF-16: save it as UTF-8")
                return
            if b"\0" in line and not line.lstrip().startswith(b"{"):
                yield Problem(path, None, "looks binary (NUL bytes): expected one JSON object per line")
                return
        if line.strip():
            try:
                yield _line_record(path, number, line, names)
            except ValueError as error:
                yield Problem(path, number, str(error))


def _line_record(path: str, number: int, line: bytes, names: FieldNames) -> Record:
    text, warnings = decode(line.rstrip())
    try:
        fields = json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg}, column {error.colno}"
        hint = "; for one text say --input text" if (path, number) == ("-", 1) else ""
        raise ValueError(f"not JSON ({reason}): one object per line is expected{hint}") from None
    except RecursionError:
        raise ValueError("JSON nested too deeply: one object per line is expected") from None
    if not isinstance(fields, dict):
        raise ValueError(f"a {_type_name(fields)}: one object per line is expected")
    return Record.of(fields, number, source=path, names=names, warnings=warnings)


def _text(fields: Mapping[str, Any], names: FieldNames) -> tuple[str, tuple[str, ...] | None, str | None]:
    """Text of a record, its paragraphs where these are given, and its page where there is nothing else.

    Where a record has a text and paragraphs or a page, the text counts: `filter --mode clean` writes it
    beside what it was made from. A text that begins as a page does, as some crawls keep them, is one.
    """
    if names.text is not None:
        value = fields.get(names.text)
        if value is None:
            raise ValueError(f"no field {names.text!r}; {_has(fields)}")
        if isinstance(value, list):
            return *_paragraphs(names.text, value), None
        return _text_or_page(_string(names.text, value))
    common = COMMON_NAMES["text"]
    present = [name for name in common if fields.get(name) is not None]
    for name in present:
        # a blank one is what a crawl leaves where it keeps the page
        if isinstance(fields[name], str) and (fields[name].strip() or fields.get("html") is None):
            return _text_or_page(fields[name])
    if fields.get("paragraphs") is not None:
        return *_paragraphs("paragraphs", fields["paragraphs"]), None
    for name in present:
        _string(name, fields[name])
    if fields.get("html") is not None:
        return "", None, _string("html", fields["html"])
    raise ValueError(f"no text: none of {', '.join(common)}, paragraphs, html; {_has(fields)}")


def _text_or_page(value: str) -> tuple[str, None, str | None]:
    return ("", None, value) if PAGE.match(value) else (value, None, None)


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"field {name!r} is a {_type_name(value)}, expected a string")
    return value


def _paragraphs(name: str, value: object) -> tuple[str, tuple[str, ...]]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"field {name!r} is a {_type_name(value)}, expected a list of strings")
    for k, item in enumerate(value):
        if not isinstance(item, str):
            raise ValueError(f"field {name!r}, item {k + 1}, is a {_type_name(item)}, expected a string")
    return "\n\n".join(value), tuple(value)


def _first(fields: Mapping[str, Any], names: FieldNames, wanted: str) -> Any:
    """Value of the first field, under the name given or the common names, that holds a plain value."""
    given = getattr(names, wanted, None)
    for name in (given,) if given is not None else COMMON_NAMES.get(wanted, (wanted,)):
        value = fields.get(name)
        if isinstance(value, str | int | float | date) and not isinstance(value, bool):
            return value
    return None


def _has(fields: Mapping[str, Any]) -> str:
    names = [str(name) for name in fields]
    return "it has no field" if not names else f"it has {_shortened(', '.join(names), 100)}"


def _type_name(value: object) -> str:
    """What JSON calls a value, or Python where JSON has none like it."""
    names = {
        dict: "object",
        list: "array",
        str: "string",
        bool: "boolean",
        int: "number",
        float: "number",
        type(None): "null",
    }
    return f"JSON {names[type(value)]}" if type(value) in names else type(value).__name__


def _shortened(value: object, n: int = 40) -> str:
    shown = value if isinstance(value, str) and n > 40 else repr(value)
    return shown if len(shown) <= n else shown[: n - 3] + "..."
