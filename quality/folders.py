"""Files that are a text or a page each: found in folders, and put into a folder again with a list of verdicts."""

from __future__ import annotations

import codecs
import errno
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import cast

from quality.containers import (
    CHUNK_BYTES,
    CHUNK_RECORDS,
    Change,
    Chunk,
    Fault,
    Feed,
    Form,
    Item,
    Place,
    Source,
    packing_of,
)
from quality.decoding import decode, decode_page
from quality.journal import sync_folder
from quality.records import NO_PROSE, NOT_READ, PAGE, PAGES, Record

# The list of verdicts that stands in an output folder beside the texts.
MANIFEST = "quality.jsonl"
# Bytes of a file within which a page has begun, comments before it and all.
_HEAD_BYTES = 1 << 16


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
