"""Files of records: what a kind is, read in chunks and written again with what was found out added; and JSON Lines.

A *chunk* is about a megabyte of input, as it stood there. A *member* is what becomes of a chunk in an output: bytes
that may follow any other member (lines, gzip members, bzip2 and xz streams, zstd frames, WARC records, Arrow streams, entries
of a tar archive). So an output grows by members, may be cut after any of them, and is the same whichever process
made them. Where the kind itself is none of that (a folder, a Parquet file), `finish` makes it of the members.

Everything a record holds besides goes through as it stood: lines are spliced, not written anew.
Not here: texts and pages that are a file each (folders), tables and web archives (archives).
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import io
import json
import lzma
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from quality.decoding import BROKEN_STREAM, buffered, decode, decompressed
from quality.records import NOT_READ, SEPARATORS, FieldNames, Record

# Bytes of input in a chunk: a little less than two of the scorer's batches (half a million characters each), so that no
# third one is all but empty, and a third of a second of work, beside which handing it to another process is nothing.
CHUNK_BYTES = 950_000
# Records in a chunk, where they are small: what is held for each while it is scored is larger than the record.
CHUNK_RECORDS = 4096
COMPRESSIONS = ("gz", "bz2", "xz", "zst")
# How a kind that is one file may be compressed: only as its readers expect it.
PACKINGS: Mapping[str, tuple[str, ...]] = {"jsonl": COMPRESSIONS, "warc": ("gz",), "parquet": ()}
# Endings of names, without those of `COMPRESSIONS`; every other file is a text.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet",),
    "warc": (".warc", ".wet"),
}


class Source(NamedTuple):
    """A file to read: where it is and, of a text, what it is called in an output folder."""

    path: str
    name: str


class Place(NamedTuple):
    """A point between two records: number of the file, bytes used of it (unpacked), records read of it."""

    file: int = 0
    offset: int = 0
    number: int = 0


class Item(NamedTuple):
    """A record as it stands: its number (line, row, record) in the file and what it is made of."""

    number: int
    data: Any


class Fault(NamedTuple):
    """What cannot be scored: `reason` is a slug to count by, `error` a sentence; `breaks_input`: the file ends here."""

    number: int | None
    reason: str
    error: str
    id: str | None = None
    head: bytes = b""
    sha256: str | None = None
    breaks_input: bool = False


class Chunk(NamedTuple):
    """Some records of one file, in order, and the place behind them."""

    source: str
    items: Any
    n: int
    end: Place


class Change(NamedTuple):
    """What is added to the record `at` this index of a chunk; `text` (None: as it was) is for `field`."""

    at: int
    quality: Mapping[str, Any]
    text: str | None
    field: str


@dataclass(frozen=True)
class Form:
    """What is asked of every container: the key of what is added, the fields to read, the largest record."""

    key: str = "quality"
    names: FieldNames = field(default_factory=FieldNames)
    limit: int = 20_000_000
    adds_text: bool = False


@dataclass(frozen=True)
class Feed:
    """Where input comes from besides files, and who hears how many bytes of files have been used."""

    stdin: BinaryIO | None = None
    on_bytes: Callable[[int], None] = lambda _: None


class Container(Protocol):
    """One kind of file."""

    def chunks(self, sources: Sequence[Source], start: Place, form: Form, feed: Feed) -> Iterator[Chunk]:
        """Chunks from a place on; the same ones, whatever the place, so that members are the same."""

    def read(self, chunk: Chunk, form: Form) -> list[Record | Fault | None]:
        """What each item of a chunk is; None for what is no text and passes as it stands."""

    def stood(self, chunk: Chunk, at: int, form: Form) -> tuple[str, int | None, bytes]:
        """Of an item the file, its number there, and how it stood (of a fault as much as is known)."""

    def member(
        self, chunk: Chunk, changes: Sequence[Change], passed: Sequence[int], form: Form, packing: str
    ) -> bytes:
        """The member with the changed records alone and those that pass as they stand."""

    def finish(self, partial: Path, target: Path) -> None:
        """Put in place what has grown."""


def comes_once(path: str) -> bool:
    """Whether an input is standard input, a pipe or the like, which cannot be read a second time."""
    return path == "-" or (os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)))


def kind_of(path: str) -> str:
    """Kind of a file by its name: text where it says nothing else. Raises ValueError for what is not read."""
    if path == "-":
        return "jsonl"
    name = path.lower()
    while name.rpartition(".")[2] in COMPRESSIONS:
        name = name.rpartition(".")[0]
    ending = Path(name).suffix
    for kind, endings in ENDINGS.items():
        if ending in endings and not os.path.isdir(path):
            return kind
    if ending in NOT_READ and not os.path.isdir(path):
        raise ValueError(f"{path}: {NOT_READ[ending]}")
    return "text"


def packing_of(path: Path | None) -> str:
    """How a file of this name is compressed: one of `COMPRESSIONS`, or "" for not at all."""
    ending = "" if path is None else path.suffix.lower().removeprefix(".")
    return ending if ending in COMPRESSIONS else ""


def packed(data: bytes, packing: str) -> bytes:
    """A member of a compressed file; nothing of nothing. Raises ModuleNotFoundError without zstd."""
    return _packed(data, packing) if data and packing else data


def _packed(data: bytes, packing: str) -> bytes:
    if packing == "gz":
        return gzip.compress(data, 6, mtime=0)
    if packing == "bz2":
        return bz2.compress(data)
    if packing == "xz":
        return lzma.compress(data, preset=1)  # 6 takes as long as scoring does
    for name in ("compression.zstd", "zstandard"):
        try:
            return cast(bytes, import_module(name).compress(data))
        except ModuleNotFoundError:
            continue
    raise ModuleNotFoundError("zstd needs Python 3.14 or later, or: pip install zstandard")


def named(partial: Path, target: Path) -> None:
    """Give a file that has grown its name; one without any member gets an empty one, so that it can be unpacked."""
    packing = packing_of(target)
    if packing and not partial.stat().st_size:
        partial.write_bytes(_packed(b"", packing))
    os.replace(partial, target)


def is_ours(value: object) -> bool:
    """Whether a field is what an earlier run added, and may be replaced."""
    return isinstance(value, dict) and {"reliability", "verdict", "reasons"} <= set(value)


# ---- JSON Lines ----


def _whole(digits: str) -> int | str:
    """A whole number; beyond what Python reads as one (4300 digits) the digits, since nobody counts with it."""
    return int(digits) if len(digits) <= 4300 else digits


DECODER = json.JSONDecoder(parse_int=_whole)
ENCODE = json.JSONEncoder(allow_nan=False).encode
_WHITE = re.compile(r"[ \t\r\n]*")


class Lines:
    """JSON Lines: one object a line."""

    def chunks(self, sources: Sequence[Source], start: Place, form: Form, feed: Feed) -> Iterator[Chunk]:
        """Chunks of lines; a file that breaks off ends with a fault, blank lines are left out."""
        for k in range(start.file, len(sources)):
            place = start if k == start.file else Place(k)
            path = sources[k].path
            try:
                if path == "-":
                    stdin = buffered(cast(BinaryIO, feed.stdin))
                    yield from self._of_stream(path, stdin, place, form, feed)
                    continue
                with open(path, "rb") as raw:
                    yield from self._of_stream(path, raw, place, form, feed)
            except BROKEN_STREAM as error:
                yield broken_input(path, place.number + 1, error, Place(k + 1))

    def _of_stream(
        self, path: str, raw: io.BufferedReader, place: Place, form: Form, feed: Feed
    ) -> Iterator[Chunk]:
        used = 0

        def told() -> None:
            nonlocal used
            if path != "-" and raw.seekable():
                feed.on_bytes(raw.tell() - used)
                used = raw.tell()

        stream = decompressed(raw)
        offset, number = place.offset, place.number
        if stream is raw and offset:
            raw.seek(offset)
        elif offset:
            _skip(stream, offset)
        items: list[Item | Fault] = []
        size = 0
        is_over = False
        while not is_over:
            number += 1
            try:
                line = stream.readline(form.limit + 1)
                length = len(line)
                if length > form.limit and not line.endswith(b"\n"):
                    fault, length = _too_large(stream, line, number, form.limit)
                    items.append(fault)
                elif number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise OSError("is UTF-16: save it as UTF-8")
                elif line.strip():
                    items.append(Item(number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line))
                is_over = not line
                offset += length
                size += length
            except BROKEN_STREAM as error:
                items.append(broken_input(path, number, error, place).items[0])
                is_over = True
            if items and (is_over or size >= CHUNK_BYTES or len(items) >= CHUNK_RECORDS):
                end = Place(place.file + 1) if is_over else Place(place.file, offset, number)
                yield Chunk(path, items, len(items), end)
                told()
                items, size = [], 0
        told()

    def read(self, chunk: Chunk, form: Form) -> list[Record | Fault | None]:
        """Records of the lines."""
        return [
            item if isinstance(item, Fault) else self._record(chunk.source, item, form)
            for item in chunk.items
        ]

    def _record(self, source: str, item: Item, form: Form) -> Record | Fault:
        number = item.number
        warnings: Sequence[str] = ()
        try:
            text = item.data.decode("utf8")  # what else `decode` looks for, JSON refuses
        except UnicodeDecodeError:
            text = ""
        if not text or "\0" in text:
            try:
                text, warnings = decode(item.data.strip())
            except ValueError as error:
                return Fault(number, "not_text", str(error))
        try:
            fields = DECODER.decode(text)
        except json.JSONDecodeError as error:
            reason = f"not JSON ({error.msg}, column {error.colno}): one object per line is expected"
            return Fault(number, "not_json", reason)
        except RecursionError:
            return Fault(number, "not_json", "JSON nested too deeply: one object per line is expected")
        if not isinstance(fields, dict):
            return Fault(
                number, "not_json", "a JSON value that is no object: one object per line is expected"
            )
        return of_fields(fields, number, source, form, warnings)

    def stood(self, chunk: Chunk, at: int, form: Form) -> tuple[str, int | None, bytes]:
        """The line without its end."""
        item = chunk.items[at]
        raw = item.head if isinstance(item, Fault) else item.data.rstrip(b"\r\n")
        return chunk.source, item.number, raw

    def member(
        self, chunk: Chunk, changes: Sequence[Change], passed: Sequence[int], form: Form, packing: str
    ) -> bytes:
        """The changed lines."""
        lines = [spliced(chunk.items[change.at].data, change, form.key) for change in changes]
        return packed(b"".join(lines), packing)

    def finish(self, partial: Path, target: Path) -> None:
        """Give the file its name."""
        named(partial, target)


def spliced(line: bytes, change: Change, key: str) -> bytes:
    """A line of JSON with what is added put in; every other byte of the object stays where it is.

    But for the three characters at which some readers of lines break and JSON does not: they become escapes.
    """
    body = line.strip()
    end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
    added = {key: change.quality} if change.text is None else {change.field: change.text, key: change.quality}
    places = value_places(body) if change.text is not None or key.encode() in body else {}
    for name in sorted((name for name in added if name in places), key=lambda n: -places[n][0]):
        low, high = places[name]
        body = body[:low] + _json(added[name], body) + body[high:]
    new = [b", " + _json(name) + b": " + _json(added[name], body) for name in added if name not in places]
    return _one_line(body[:-1] + b"".join(new) + b"}") + end


def _one_line(body: bytes) -> bytes:
    """JSON without a raw U+0085, U+2028 or U+2029, which stand in strings alone."""
    with suppress(UnicodeDecodeError):  # in another encoding the bytes of them mean something else
        body.decode("utf8")
        for character, escape in SEPARATORS.items():
            body = body.replace(character.encode(), escape.encode())
    return body


def value_places(line: bytes) -> dict[str, tuple[int, int]]:
    """Where the values of an object's fields stand (begin, end in bytes); of a name given twice the last, which counts.

    Read as Latin-1, one character a byte: what JSON is built of is ASCII in UTF-8 as well.
    """
    text = line.decode("latin-1")
    found: dict[str, tuple[int, int]] = {}

    def over_white(at: int) -> int:
        return cast(re.Match[str], _WHITE.match(text, at)).end()

    at = over_white(text.index("{") + 1)
    while text[at] != "}":
        if text[at] == ",":
            at = over_white(at + 1)
        begin = at
        name, at = DECODER.raw_decode(text, begin)
        with suppress(UnicodeDecodeError):  # else the line is in another encoding, and so is the name
            name = DECODER.decode(line[begin:at].decode("utf8"))
        low = over_white(over_white(at) + 1)  # over the colon
        _, high = DECODER.raw_decode(text, low)
        found[name] = low, high
        at = over_white(high)
    return found


def _json(value: object, beside: bytes = b"") -> bytes:
    """A value as JSON: in UTF-8 where it is a text beside a line that is, and no half of a surrogate pair; else in ASCII."""
    if isinstance(value, str) and not value.isascii():
        with suppress(UnicodeError):
            beside.decode("utf8")
            return json.dumps(value, ensure_ascii=False).encode("utf8")
    return ENCODE(value).encode("ascii")


def of_fields(
    fields: Mapping[str, Any], number: int, source: str, form: Form, warnings: Sequence[str] = ()
) -> Record | Fault:
    """The record that some fields are, or why they are none."""
    name = form.names.id or "id"
    given = fields.get(name)
    id = str(given) if isinstance(given, str | int) else None
    if form.key in fields and not is_ours(fields[form.key]):
        return Fault(
            number, "key_taken", f"has a field {form.key!r} of its own: say another name with --key", id
        )
    try:
        return Record.of(fields, number, source=source, names=form.names, warnings=warnings)
    except ValueError as error:
        return Fault(number, "no_text", str(error), id)
    except (
        Exception
    ) as error:  # whatever it is, such as a page nested too deeply: it concerns this record only
        return Fault(number, "reading_failed", f"reading failed: {type(error).__name__}: {error}", id)


def broken_input(path: str, number: int | None, error: Exception, end: Place) -> Chunk:
    """A chunk that says that a file cannot be read further."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    fault = Fault(number, "broken_file", f"cannot be read further: {reason}", breaks_input=True)
    return Chunk(path, [fault], 1, end)


def _skip(stream: BinaryIO, size: int) -> None:
    while size:
        size -= len(stream.read(min(size, CHUNK_BYTES))) or size


def _too_large(stream: BinaryIO, head: bytes, number: int, limit: int) -> tuple[Fault, int]:
    """The fault that a line is which nobody wants to hold, and its length; the stream stands behind it then."""
    digest, length, part = hashlib.sha256(head), len(head), head
    while part and not part.endswith(b"\n"):
        part = cast(io.BufferedReader, stream).readline(CHUNK_BYTES)
        digest.update(part)
        length += len(part)
    error = f"has {length:,} bytes, more than {limit:,} (--max-bytes)"
    return Fault(number, "too_large", error, head=head[:1000], sha256=digest.hexdigest()), length
