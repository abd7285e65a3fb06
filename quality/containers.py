"""Files of many records: how each kind is read in chunks, and written again with what was found out added.

A *chunk* is about a megabyte of input, as it stood there. A *member* is what becomes of a chunk in an output: bytes
that may follow any other member (lines, gzip members, bzip2 and xz streams, zstd frames, WARC records, Arrow streams, entries
of a tar archive). So an output grows by members, may be cut after any of them, and is the same whichever process
made them. Where the kind itself is none of that (a folder, a Parquet file), `finish` makes it of the members.

Everything a record holds besides goes through as it stood: lines are spliced, not written anew.
"""

from __future__ import annotations

import bz2
import codecs
import errno
import gzip
import hashlib
import io
import json
import lzma
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

from quality.decoding import BROKEN_STREAM, buffered, decode, decode_page, decompressed
from quality.journal import sync_folder
from quality.records import NO_PROSE, NOT_READ, PAGE, PAGES, SEPARATORS, FieldNames, Record

# Bytes of input in a chunk: a little less than two of the scorer's batches (half a million characters each), so that no
# third one is all but empty, and a third of a second of work, beside which handing it to another process is nothing.
CHUNK_BYTES = 950_000
# Records in a chunk, where they are small: what is held for each while it is scored is larger than the record.
CHUNK_RECORDS = 4096
# Bytes of a file within which a page has begun, comments before it and all.
_HEAD_BYTES = 1 << 16
# The list of verdicts that stands in an output folder beside the texts.
MANIFEST = "quality.jsonl"
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


def listed(paths: Sequence[str], kind: str) -> list[Source]:
    """The files of some paths; of folders every file that is not hidden, by name, without the list of an earlier run.

    Raises ValueError where two texts, or a text and that of a page, would be called the same in an output folder, or a
    folder is given that holds no texts.
    """
    if kind != "text":
        for path in paths:
            if os.path.isdir(path):
                raise ValueError(f"{path} is a directory, which can only hold texts: name the files")
        return [Source(path, path) for path in paths]
    found: dict[str, str] = {}
    for path in paths:
        base = Path(path)
        inside = [base] if not base.is_dir() else sorted(p for p in base.rglob("*") if p.is_file())
        root = base.parent if not base.is_dir() or len(paths) > 1 else base
        for file in inside:
            name = file.relative_to(root).as_posix()
            inner = file.relative_to(base)
            if inner.as_posix() == MANIFEST or any(part.startswith(".") for part in inner.parts):
                continue
            if name in found:
                raise ValueError(f"{found[name]} and {file} would both be called {name} in the output")
            found[name] = str(file)
    for name, path in found.items():
        own = _name_of_text(name)
        if own != name and own in found:
            raise ValueError(f"the text of {path} and {found[own]} would both be called {own} in the output")
    return [Source(path, name) for name, path in found.items()]


def _name_of_text(name: str) -> str:
    """What a text is called in an output folder where it is written anew: where the name promises a page, one of its own.

    A page that only its beginning tells keeps its name: nothing in it is wrong of a text, and files need not be read to
    know whether two names clash.
    """
    return name + ".txt" if name.lower().endswith(PAGES) else name


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


# ---- texts ----


class Texts:
    """Files that are a text or a page each; in the output a folder with the same names, and the list `MANIFEST`.

    A page stays as it stood; a text that takes its place has a name of its own where the name is that of a page.
    """

    def chunks(self, sources: Sequence[Source], start: Place, form: Form, feed: Feed) -> Iterator[Chunk]:
        """Chunks of whole files."""
        items: list[Item | Fault] = []
        size = 0
        for k in range(start.file, len(sources)):
            path, name = sources[k]
            try:
                length = os.path.getsize(path)
                if length > form.limit:
                    error = f"has {length:,} bytes, more than {form.limit:,} (--max-bytes)"
                    items.append(Fault(None, "too_large", error, name))
                else:
                    items.append(Item(k + 1, (path, name, Path(path).read_bytes())))
                size += length
                feed.on_bytes(length)
            except OSError as error:
                items.append(
                    Fault(None, "broken_file", f"cannot be read: {error.strerror}", name, breaks_input=True)
                )
            if size >= CHUNK_BYTES or len(items) >= CHUNK_RECORDS or k + 1 == len(sources):
                yield Chunk("", items, len(items), Place(k + 1))
                items, size = [], 0

    def read(self, chunk: Chunk, form: Form) -> list[Record | Fault | None]:
        """Records of the files, their names the ids."""
        return [item if isinstance(item, Fault) else self._record(*item.data) for item in chunk.items]

    def _record(self, path: str, name: str, data: bytes) -> Record | Fault:
        ending = Path(name).suffix.lower()
        if ending in NOT_READ or ending in (".jsonl", ".ndjson"):
            return Fault(None, "not_text", NOT_READ.get(ending, "holds records: name it by itself"), name)
        if packing_of(Path(name)):
            return Fault(None, "not_text", "a text that is compressed: unpack it first", name)
        try:
            is_page = _is_page(name, data)
            text, warnings = decode_page(data) if is_page else decode(data)
        except ValueError as error:
            return Fault(None, "not_text", str(error), name)
        if not text.strip():
            return Fault(None, "no_text", "is empty: there is no text in it", name)
        if is_page:
            return Record(id=name, source=path, html=text, warnings=warnings, has_id=False)
        for beginning, message in NO_PROSE:
            if beginning.match(text):
                return Fault(None, "not_text", message, name)
        return Record(id=name, source=path, text=text, warnings=warnings, fields={"text": text}, has_id=False)

    def stood(self, chunk: Chunk, at: int, form: Form) -> tuple[str, int | None, bytes]:
        """The file, which has no number."""
        item = chunk.items[at]
        if isinstance(item, Fault):
            return str(item.id), None, item.head
        path, _, data = item.data
        return path, None, data

    def member(
        self, chunk: Chunk, changes: Sequence[Change], passed: Sequence[int], form: Form, packing: str
    ) -> bytes:
        """The texts, as entries of a tar archive, and their part of the list."""
        entries, lines = [], []
        for change in changes:
            _, name, data = chunk.items[change.at].data
            place = name
            if change.text is not None:
                place = _name_of_text(name)
                data = change.text.encode() if _is_page(name, data) else _encoded_like(data, change.text)
            entries.append(_tar_entry(place, data))
            lines.append(json.dumps({"id": name, form.key: change.quality}, allow_nan=False))
        listing = "".join(line + "\n" for line in lines).encode("ascii")
        return b"".join(entries) + (_tar_entry(MANIFEST, listing) if lines else b"")

    def finish(self, partial: Path, target: Path) -> None:
        """Unpack what has grown into a folder and give it its name. An empty folder in its place is replaced.

        Raises FileExistsError where the place has been filled meanwhile; what has grown stays.
        """
        if target.is_dir() and any(target.iterdir()):
            told = "has been filled meanwhile, and nothing was written: move what is in it elsewhere"
            raise FileExistsError(errno.EEXIST, told, str(target))
        folder = target.with_name(target.name + ".part")
        if partial.exists():
            self._unpack(partial, folder)
            partial.unlink()  # so whoever finds the folder without it knows that the folder is whole
        os.rename(folder, target)

    def _unpack(self, partial: Path, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with tarfile.open(partial, "r:") if partial.stat().st_size else nullcontext(()) as entries:
            for entry in entries:
                path = folder / entry.name
                path.parent.mkdir(parents=True, exist_ok=True)
                given = cast(tarfile.TarFile, entries).extractfile(entry)
                assert given is not None
                with open(path, "ab") as file:
                    shutil.copyfileobj(given, file)
                    file.flush()
                    os.fsync(file.fileno())
        for place, _, _ in os.walk(folder):
            sync_folder(Path(place))


def _is_page(name: str, data: bytes) -> bool:
    """Whether a file is a page of HTML, by its name or by how it begins."""
    head = data[:_HEAD_BYTES]
    codec = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return name.lower().endswith(PAGES) or PAGE.match(head.decode(codec, "replace")) is not None


def _tar_entry(name: str, data: bytes) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    head = entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    return head + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def _encoded_like(data: bytes, text: str) -> bytes:
    """A text in the encoding (and with the byte-order mark) of what it was decoded from."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return mark + text.encode(name)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return text.encode("cp1252", "replace")
    return text.encode("utf-8")
