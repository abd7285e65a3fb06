"""From bytes to text: what is compressed, and in which charset."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tomllib
import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast

# Control characters that a text file may hold: tab, line and page breaks, escape (coloured logs).
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Share of other control characters above which a file counts as binary. Text has none; in random
# bytes one in ten is one.
_CONTROL_SHARE_HIGH = 0.02
# How a bzip2 stream begins: with its first block or, of nothing, with its end; "BZh" alone could begin a text.
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)")
# Bytes of a stream that are unpacked at a time.
PIECE = 1 << 16
BROKEN_STREAM: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, lzma.LZMAError)


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Text of some bytes, and warnings: UTF-8 (UTF-16 after its mark), else Windows-1252.

    A byte-order mark is taken off. Raises ValueError for what looks binary.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), ()
        except UnicodeDecodeError as error:
            raise ValueError(f"begins like UTF-16 but is not ({error.reason}): save it as UTF-8") from None
    if b"\0" in data:
        raise ValueError("looks binary (NUL bytes): expected text")
    try:
        text, warnings = data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        text = data.decode("cp1252", "replace")
        warning = f"not UTF-8 (byte 0x{data[error.start]:02x} at {error.start}): read as Windows-1252"
        return _refuse_binary(text), (warning,)
    return _refuse_binary(text), warnings


# A charset that a page declares in its first bytes, as browsers look for it.
_CHARSET = re.compile(
    rb"""<meta\b[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]{2,40})|<\?xml\b[^>]{0,200}encoding=["']([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_CHARSET_WITHIN = 4096
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_CHARSETS = Path(__file__).parent / "data" / "charsets.toml"


@cache
def _codecs() -> dict[str, str]:
    """Python's codec for each name that a page may give to a charset."""
    table = tomllib.loads(_CHARSETS.read_text("utf8"))
    return {name: codec for codec, names in table.items() for name in names.split()}


# Share of NUL bytes above which a page counts as binary; a few are slips of the program that wrote it.
_NUL_SHARE_HIGH = 0.01


# Characters beyond ASCII that read well in a charset, for one place that does not, from which on a page is in it with a
# slip: whatever it declares, and where UTF-8 is declared. Text in another charset hardly ever reads as UTF-8.
_GOOD_PER_SLIP, _GOOD_PER_SLIP_DECLARED = 20, 1
# Bytes of a character, but for its first, that may be missing where a page breaks off.
LONGEST = 3


def decode_page(data: bytes, charset: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Text of the bytes of a page, and warnings: UTF-8 (UTF-16 after its mark), else the charset it declares.

    `charset` is what was declared beside the page, as by HTTP, and comes first. Names are those that browsers know
    (quality/data/charsets.toml). UTF-8 with a slip in it, or that breaks off, is read with U+FFFD there and a warning.
    What is declared wrongly or not at all is read as Windows-1252, with a warning. Raises ValueError for what looks
    binary.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode(data)
    has_nul = data.count(b"\0") > _NUL_SHARE_HIGH * len(data)
    if not has_nul:
        data = data.replace(b"\0", b"")
    match = _CHARSET.search(_COMMENT.sub(b"", data[:_CHARSET_WITHIN]))
    within = (match[1] or match[2]).decode("ascii") if match else ""
    beside = _codecs().get((charset or "").strip(" \t\"'").lower())
    inside = _codecs().get(within.lower())
    if inside and inside.startswith("utf-16"):
        inside = "utf-8"  # in UTF-16 the name itself could not have been read
    declared = [codec for codec in (beside, inside) if codec]
    # charsets that shift with escapes are of seven bits, and would pass for UTF-8; so would UTF-16 of English
    shifts = b"\x1b" in data and "iso-2022-jp" in declared
    is_utf_8 = _is_utf_8(data)
    if shifts or has_nul or not is_utf_8:
        found = None if is_utf_8 else _read_as("utf-8", data, is_declared=False)
        for codec in declared:
            found = found or _read_as(codec, data, is_declared=True)
        if found:
            return found
    return decode(data)


def _read_as(codec: str, data: bytes, *, is_declared: bool) -> tuple[str, tuple[str, ...]] | None:
    """Text of bytes in a charset with few slips, or which breaks off, and warnings; None where it is not in it."""
    try:
        return _refuse_binary(data.decode(codec)), ()
    except UnicodeDecodeError as error:
        first = error.start
    text = data.decode("utf-8-sig" if codec == "utf-8" else codec, "replace")
    # in UTF-8 the mark for a slip may be there already
    n_slips = text.count("\ufffd") - (data.count("\ufffd".encode()) if codec == "utf-8" else 0)
    n_good = len(text) - len(text.encode("ascii", "ignore")) - n_slips
    good_per_slip = _GOOD_PER_SLIP_DECLARED if is_declared and codec == "utf-8" else _GOOD_PER_SLIP
    breaks_off = is_declared and first >= len(data) - LONGEST
    if n_good < good_per_slip * n_slips and not breaks_off:
        return None
    places = "1 place" if n_slips == 1 else f"{n_slips} places"
    warning = f"not {codec} in {places} (first byte 0x{data[first]:02x} at {first}): read with U+FFFD there"
    return _refuse_binary(text), (warning,)


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refuse_binary(text: str) -> str:
    if len(_CONTROL.findall(text)) > _CONTROL_SHARE_HIGH * len(text):
        raise ValueError("looks binary (control characters): expected text")
    return text


def buffered(stream: BinaryIO) -> io.BufferedReader:
    """The stream itself where one can look ahead in it, else around it what can."""
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))


def decompressed(raw: io.BufferedReader) -> io.BufferedReader:
    """The stream itself, or what it is a gzip, bzip2, xz or zstd form of. Raises ImportError without zstd."""
    head = raw.peek(10)
    if head.startswith(b"\x1f\x8b"):
        return io.BufferedReader(_Stepwise(gzip.GzipFile(fileobj=raw)), PIECE)
    if _BZIP2.match(head):
        return io.BufferedReader(_Stepwise(bz2.BZ2File(raw)), PIECE)
    if head.startswith(b"\xfd7zXZ\0"):
        return io.BufferedReader(_Stepwise(lzma.LZMAFile(raw)), PIECE)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return io.BufferedReader(_Zstd(raw))
    return raw


class _Stepwise(io.RawIOBase):
    """A gzip, bzip2 or xz stream that gives what it has before it says that it breaks off: else all that a read had filled is lost."""

    def __init__(self, stream: gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Zstd(io.RawIOBase):
    """A zstd stream, of one frame or several, whose errors are OSErrors, as those of gzip are.

    Needs Python 3.14 or zstandard, whose own reader takes a file that breaks off for one that ends.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw, self._packed, self._plain = raw, b"", memoryview(b"")
        self._frame: Any = None
        for name in ("compression.zstd", "zstandard"):
            try:
                module = import_module(name)
            except ModuleNotFoundError:
                continue
            self._error: type[Exception] = module.ZstdError
            self._new_frame: Callable[[], Any] = module.ZstdDecompressor
            if name == "zstandard":
                self._new_frame = module.ZstdDecompressor().decompressobj
            return
        raise ModuleNotFoundError("is compressed with zstd: pip install zstandard, or unpack it first")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            packed = self._packed or self._raw.read(PIECE)
            if not packed:
                if self._frame is not None:
                    raise EOFError("the zstd stream ended before its end was reached")
                return 0
            self._frame = self._frame or self._new_frame()
            try:
                self._plain = memoryview(self._frame.decompress(packed))
            except self._error as error:
                raise OSError(str(error)) from error
            self._packed = self._frame.unused_data
            if self._frame.eof:
                self._frame = None
        n = min(len(buffer), len(self._plain))
        buffer[:n], self._plain = self._plain[:n], self._plain[n:]
        return n
