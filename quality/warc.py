"""Web archives as they stand: the records of a WARC or WET file byte for byte, and the text or page that one holds.

What is not understood is not lost: a record is its head (version, headers, blank line) and its block, both as they were
written, so that it goes out again as it came in, whatever its version and charset.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import BinaryIO, NamedTuple

from quality.decoding import BROKEN_STREAM, decompressed

# Kinds of records that may hold a text; all others (requests, metadata) pass as they are.
TEXT_RECORDS = ("conversion", "response", "resource")
# What texts and pages are called there, and the field of a record that they are.
FIELD_OF = {"text/plain": "text", "text/html": "html", "application/xhtml+xml": "html"}

_VERSION = re.compile(rb"WARC/\d+\.\d+\r?\n")
# a header, and the lines that go on with it
_FIELD = re.compile(rb"^[^ \t\r\n].*\n(?:[ \t]+[^ \t\r\n].*\n)*", re.MULTILINE)
# The size of a piece of a body that was sent in pieces.
_PIECE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_BLANK = re.compile(rb"\r?\n\r?\n")
# Bytes of a head, WARC's or HTTP's: what is longer is none.
HEAD_BYTES = 1 << 16


class Payload(NamedTuple):
    """The text ("text") or page ("html") that a record holds: its bytes and the charset said beside them."""

    field: str
    data: bytes
    charset: str | None


class Archived(NamedTuple):
    """A record of an archive. `length` is what its block has, of which less is here where it is larger than was asked for."""

    head: bytes
    block: bytes
    length: int

    @property
    def kind(self) -> str:
        """What kind of record it is, such as "response"."""
        return (self.header("WARC-Type") or "").lower()

    def header(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        return _value(self.head, name)

    def fields(self) -> Iterator[tuple[str, bytes]]:
        """The headers as they stand, each with its name in lower case."""
        for field in _FIELD.findall(self.head)[1:]:
            yield field.partition(b":")[0].strip().lower().decode("latin-1"), field

    def written(self) -> bytes:
        """The record as it stands in a file."""
        return self.head + self.block + b"\r\n\r\n"


def read(stream: BinaryIO, limit: int) -> Iterator[Archived]:
    """The records of a stream; of a text or page with more bytes than `limit` only the beginning.

    Raises EOFError where the stream ends within a record, ValueError where something else stands in a record's place.
    """
    n_breaks = 2  # line breaks since the last record, which two of them end
    while True:
        line = stream.readline(HEAD_BYTES)
        if not line:
            if n_breaks < 2:
                raise EOFError("the last record has no end: the file is cut off")
            return
        if not line.strip():
            n_breaks += line.endswith(b"\n")
            continue
        if not _VERSION.fullmatch(line):
            raise ValueError(f"{line[:40]!r} stands where a record should begin")
        yield _archived(line, stream, limit)
        n_breaks = 0


def _archived(line: bytes, stream: BinaryIO, limit: int) -> Archived:
    head = line
    while line.strip(b"\r\n"):
        line = stream.readline(HEAD_BYTES)
        head += line
        if not line.endswith(b"\n"):
            raise EOFError("the headers of a record have no end: the file is cut off")
        if len(head) > HEAD_BYTES:
            raise ValueError(f"the headers of a record have more than {HEAD_BYTES:,} bytes")
    id, length = _value(head, "WARC-Record-ID"), _value(head, "Content-Length") or ""
    if not re.fullmatch("[0-9]{1,18}", length):
        raise ValueError(f"record {id} has no Content-Length: where it ends is not known")
    size = int(length)
    n_first = min(size, max(limit, HEAD_BYTES))
    record = Archived(head, stream.read(n_first), size)
    n_read = len(record.block)
    if n_read == n_first < size:
        if _field_of(record) is None:  # what is no text passes, whatever its size
            record = record._replace(block=record.block + stream.read(size - n_read))
            n_read = len(record.block)
        else:
            while n_read < size and (piece := stream.read(min(size - n_read, HEAD_BYTES))):
                n_read += len(piece)
    if n_read < size:
        raise EOFError(f"record {id} has {n_read:,} bytes of {size:,}: the file is cut off")
    return record


def payload(record: Archived, limit: int) -> Payload | None:
    """The text or page in a record, unpacked, at most `limit` + 1 bytes of it; None where it holds neither.

    Archives often keep what HTTP said of a body and not the body as it was sent. So a body that is not packed as it is
    said to be is taken as it stands.

    Raises ModuleNotFoundError where a package is missing to unpack it.
    """
    field = _field_of(record)
    if field is None:
        return None
    if not _is_http(record):
        return Payload(field, record.block[: limit + 1], _charset(record.header("Content-Type")))
    head, body = _parted(record.block)
    if "chunked" in (_value(head, "Transfer-Encoding") or "").lower():
        body = _joined(body)
    for how in reversed((_value(head, "Content-Encoding") or "").lower().split(",")):
        body = _unpacked(body, how.strip(), limit + 1)
    return Payload(field, body[: limit + 1], _charset(_value(head, "Content-Type")))


def _field_of(record: Archived) -> str | None:
    """The field that what a record holds is of; None for what is no text."""
    if record.kind not in TEXT_RECORDS:
        return None
    head = _parted(record.block[:HEAD_BYTES])[0] if _is_http(record) else record.head
    kind = (_value(head, "Content-Type") or "").partition(";")[0]
    return FIELD_OF.get(kind.strip().lower())


def _is_http(record: Archived) -> bool:
    return record.kind != "conversion" and record.block.startswith(b"HTTP/")


def _parted(block: bytes) -> tuple[bytes, bytes]:
    """Head and body of an HTTP message."""
    blank = _BLANK.search(block)
    return (block, b"") if blank is None else (block[: blank.start()] + b"\r\n", block[blank.end() :])


def _value(head: bytes, name: str) -> str | None:
    """Value of the first header of that name: of several lines as of one, in UTF-8, else Latin-1."""
    pattern = rb"^%s[ \t]*:(.*(?:\n[ \t]+[^ \t\r\n].*)*)" % re.escape(name.encode())
    found = re.search(pattern, head, re.IGNORECASE | re.MULTILINE)
    if found is None:
        return None
    value = b" ".join(found[1].split())
    try:
        return value.decode("utf8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _charset(content_type: str | None) -> str | None:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type or "", re.IGNORECASE)
    return found[1] if found else None


def _joined(body: bytes) -> bytes:
    """A body that was sent in pieces, as far as it goes; the body itself where it was not, or was joined already."""
    pieces, at = [], 0
    while piece := _PIECE.match(body, at):
        low, high = piece.end(), piece.end() + int(piece[1], 16)
        if body[high : high + 2] not in (b"\r\n", b"\r", b""):  # it ends otherwise, so it is none
            break
        pieces.append(body[low:high])
        at = high + 2
    return b"".join(pieces) if pieces else body


def _unpacked(body: bytes, how: str, limit: int) -> bytes:
    """The first `limit` bytes of what a body is packed as, or the body itself."""
    if how in ("gzip", "x-gzip", "zstd"):
        try:
            return decompressed(io.BufferedReader(io.BytesIO(body))).read(limit)
        except BROKEN_STREAM:
            return body
    if how == "deflate":
        for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # some servers send it bare
            try:
                return zlib.decompressobj(wbits).decompress(body, limit)
            except zlib.error:
                continue
    if how == "br":
        try:
            brotli = import_module("brotli")
        except ModuleNotFoundError:
            raise ModuleNotFoundError("a page is packed with Brotli: pip install 'quality[warc]'") from None
        try:
            return bytes(brotli.Decompressor().process(body, output_buffer_limit=limit))
        except brotli.error:
            return body
    return body
