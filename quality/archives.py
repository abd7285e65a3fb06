"""Kinds of files that are no lines and no texts: Parquet (needs pyarrow), and web archives, WARC and WET."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from quality import warc
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
    broken_input,
    is_ours,
    named,
    of_fields,
    packed,
)
from quality.decoding import BROKEN_STREAM, decode_page, decompressed
from quality.records import COMMON_NAMES, Record
from quality.warc import Archived

# Bytes of columns in a row group that is written: large enough to be read fast, small enough to be held.
ROW_GROUP_BYTES = 32_000_000


def needed(module: str, extra: str) -> Any:
    """A package of an extra. Raises ModuleNotFoundError that says what to install."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise ModuleNotFoundError(f"this kind of file needs: pip install 'quality[{extra}]'") from None


# ---- Parquet ----


class Parquet:
    """Tables: a row is a record, a column a field; other columns pass as they are."""

    def chunks(self, sources: Sequence[Source], start: Place, form: Form, feed: Feed) -> Iterator[Chunk]:
        """Chunks of rows of one row group, each an Arrow stream; one without rows for a table without any."""
        arrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
        first: Any = None
        for k, (path, _) in enumerate(sources):
            if k < start.file and first is not None:
                continue
            place = start if k == start.file else Place(k)
            number = 0
            try:
                with parquet.ParquetFile(path, pre_buffer=False, buffer_size=CHUNK_BYTES) as table:
                    schema = table.schema_arrow
                    _check_schema(schema, first, form)
                    first = schema
                    if k < start.file:
                        continue
                    n_chunks = 0
                    size = os.path.getsize(path)
                    for group in range(table.metadata.num_row_groups):
                        facts = table.metadata.row_group(group)
                        if number + facts.num_rows > place.number:
                            for rows in _rows(table, group, facts):
                                number += rows.num_rows
                                if number > place.number:
                                    data = _stream(arrow, rows.replace_schema_metadata(first.metadata))
                                    yield Chunk(path, data, rows.num_rows, Place(k, 0, number))
                                    n_chunks += 1
                        else:
                            number += facts.num_rows
                        feed.on_bytes(size // table.metadata.num_row_groups)
                    if not n_chunks and not number:
                        yield Chunk(path, _stream(arrow, schema.empty_table()), 0, Place(k + 1))
            except (OSError, ValueError) as error:
                if k >= start.file:
                    yield broken_input(path, number + 1, error, Place(k + 1))

    def read(self, chunk: Chunk, form: Form) -> list[Record | Fault | None]:
        """Records of the rows; only the columns that may be asked for are made Python values."""
        if isinstance(chunk.items, list):
            return list(chunk.items)
        table = _table(chunk)
        first = chunk.end.number - chunk.n + 1
        wanted = _wanted(table.schema.names, form)
        try:
            rows = table.select(wanted).to_pylist()
        except (ValueError, OverflowError):  # some row holds what Python cannot: look which
            rows = [_row(table.select(wanted), i) for i in range(table.num_rows)]
        if table.nbytes > form.limit:  # else no row of it can be larger
            rows = [_unless_large(row, table.slice(i, 1).nbytes, form) for i, row in enumerate(rows)]
        return [
            row._replace(number=first + i)
            if isinstance(row, Fault)
            else of_fields(_without_key(row, form.key), first + i, chunk.source, form)
            for i, row in enumerate(rows)
        ]

    def stood(self, chunk: Chunk, at: int, form: Form) -> tuple[str, int | None, bytes]:
        """The columns that are read, as JSON."""
        if isinstance(chunk.items, list):
            return chunk.source, chunk.items[at].number, b""
        table = _table(chunk)
        number = chunk.end.number - chunk.n + 1 + at
        row = _row(table.select(_wanted(table.schema.names, form)), at)
        if isinstance(row, Fault):
            return chunk.source, number, b""
        shown = json.dumps(row, ensure_ascii=False, default=str)
        return chunk.source, number, shown.encode("utf8", "backslashreplace")

    def member(
        self, chunk: Chunk, changes: Sequence[Change], passed: Sequence[int], form: Form, packing: str
    ) -> bytes:
        """The changed rows as an Arrow stream; also where there are none, for the names of the columns."""
        if isinstance(chunk.items, list):
            return b""
        arrow = needed("pyarrow", "parquet")
        table = _table(chunk).take(arrow.array([c.at for c in changes], arrow.int64()))
        fields = {change.field for change in changes if change.text is not None}
        # by the schema alone, whatever the rows, so that parts of a corpus that are filtered apart have the same columns
        has_lists = any(_is_list(arrow, kind) for kind in table.schema.types)
        if (form.adds_text and has_lists) or "html" in table.schema.names:
            fields.add("text")
        for field in sorted(fields):
            table = _with_text(arrow, table, field, changes)
        found = arrow.array([dict(change.quality) for change in changes], _quality_type(arrow))
        return _stream(arrow, _with_column(table, form.key, found))

    def finish(self, partial: Path, target: Path) -> None:
        """Write one Parquet file of all members and give it its name."""
        arrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
        part = target.with_name(target.name + ".part")
        writer, held, size = None, [], 0
        try:
            with open(partial, "rb") as file:
                while file.peek(1):
                    table = arrow.ipc.open_stream(file).read_all()
                    if writer is None:
                        schema = _schema_of_all(arrow, partial)
                        writer = parquet.ParquetWriter(part, schema)
                        nothing = schema.empty_table()
                    if table.num_rows:
                        held.append(table)
                        size += table.nbytes
                    if size >= ROW_GROUP_BYTES:
                        _write_group(arrow, writer, nothing, held)
                        size = 0
            if writer is None:  # no file could be read, which the quarantine tells
                partial.unlink()
                return
            _write_group(arrow, writer, nothing, held)
        finally:
            if writer is not None:
                writer.close()
        with open(part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
        partial.unlink()


def _check_schema(schema: Any, first: Any, form: Form) -> None:
    if first is not None and not schema.equals(first):
        raise ValueError("its columns are not those of the first file")
    if form.key in schema.names and not is_ours(dict.fromkeys(_inner(schema.field(form.key)))):
        raise ValueError(f"has a column {form.key!r} of its own: say another name with --key")


def _is_list(arrow: Any, kind: Any) -> bool:
    types = arrow.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _unless_large(row: Any, size: int, form: Form) -> Any:
    if size <= form.limit:
        return row
    return Fault(None, "too_large", f"has {size:,} bytes, more than {form.limit:,} (--max-bytes)")


def _inner(field: Any) -> list[str]:
    return [field.type.field(i).name for i in range(field.type.num_fields)]


def _rows(table: Any, group: int, facts: Any) -> Iterator[Any]:
    """Batches of about a megabyte of a row group."""
    n = CHUNK_BYTES * facts.num_rows // max(1, facts.total_byte_size)
    yield from table.iter_batches(
        batch_size=max(1, min(n, CHUNK_RECORDS)), row_groups=[group], use_threads=False
    )


def _stream(arrow: Any, table: Any) -> bytes:
    sink = io.BytesIO()
    with arrow.ipc.new_stream(
        sink, table.schema, options=arrow.ipc.IpcWriteOptions(compression="lz4")
    ) as out:
        out.write(table)
    return sink.getvalue()


def _table(chunk: Chunk) -> Any:
    arrow = needed("pyarrow", "parquet")
    return arrow.ipc.open_stream(chunk.items).read_all()


def _wanted(columns: Sequence[str], form: Form) -> list[str]:
    """Columns that a record may be made of."""
    named = {form.names.id, form.names.text, form.names.title, form.names.date}
    common = {name for names in COMMON_NAMES.values() for name in names}
    asked = named | common | {"paragraphs", "html", "label"}
    return [name for name in dict.fromkeys(columns) if name in asked]


def _without_key(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return {name: value for name, value in row.items() if name != key}


def _row(table: Any, index: int) -> Any:
    try:
        (row,) = table.slice(index, 1).to_pylist()
    except (ValueError, OverflowError) as error:
        return Fault(None, "not_text", f"a value cannot be read: {error}")
    return row


def _with_text(arrow: Any, table: Any, field: str, changes: Sequence[Change]) -> Any:
    """The table with new texts in a column, which is made where there is none."""
    new = [change.text if change.field == field else None for change in changes]
    if field not in table.schema.names:
        return table.append_column(field, arrow.array(new, arrow.string()))
    column = table.column(field)
    given = arrow.array(new, arrow.string()).cast(column.type)
    has_new = arrow.array([text is not None for text in new], arrow.bool_())
    return _with_column(table, field, needed("pyarrow.compute", "parquet").if_else(has_new, given, column))


def _with_column(table: Any, name: str, column: Any) -> Any:
    """The table with a column in its place, or behind all others."""
    at = table.schema.get_field_index(name)
    return table.append_column(name, column) if at < 0 else table.set_column(at, name, column)


def _quality_type(arrow: Any) -> Any:
    text, whole = arrow.string(), arrow.int64()
    removed = {"boilerplate": whole, "filler": whole, "duplicate": whole, "characters": whole}
    return arrow.struct(
        {
            "reliability": arrow.float64(),
            "verdict": text,
            "policy": text,
            "reasons": arrow.list_(text),
            "removed": arrow.struct(removed),
            "duplicates": arrow.list_(
                arrow.struct({"id": text, "similarity": arrow.float64(), "paragraph": whole})
            ),
            "repeated": arrow.list_(arrow.struct({"paragraph": whole, "documents": whole})),
            "cluster": arrow.struct({"number": whole, "kept": text, "similarity": arrow.float64()}),
            "warnings": arrow.list_(text),
            "model": text,
        }
    )


def _schema_of_all(arrow: Any, partial: Path) -> Any:
    """The columns of all members: where a text was a page, one has a column of texts that the others have not."""
    found: list[Any] = []
    with open(partial, "rb") as file:
        while file.peek(1):
            stream = arrow.ipc.open_stream(file)
            if stream.schema not in found:
                found.append(stream.schema)
            for _ in stream:
                pass
    return arrow.unify_schemas(found)


def _write_group(arrow: Any, writer: Any, nothing: Any, held: list[Any]) -> None:
    """Write tables as one group of rows, with nulls where they lack a column of the table `nothing`."""
    if held:
        rows = arrow.concat_tables([nothing, *held], promote_options="default")
        writer.write_table(rows, row_group_size=rows.num_rows)
    held.clear()


# ---- WARC, WET ----

# What `warc.read` and the stream that it reads may raise.
BROKEN_ARCHIVE: tuple[type[Exception], ...] = (*BROKEN_STREAM, ValueError)
# Headers that no longer hold once the block is another.
OF_THE_BLOCK = ("content-length", "warc-block-digest", "warc-payload-digest", "warc-truncated")
# Headers of a page that its text keeps.
OF_THE_PAGE = ("warc-target-uri", "warc-date", "warc-warcinfo-id", "warc-identified-content-language")


class Warc:
    """Web archives: texts are the conversions (WET) and the pages in responses; what is added is a header."""

    def chunks(self, sources: Sequence[Source], start: Place, form: Form, feed: Feed) -> Iterator[Chunk]:
        """Chunks of records."""
        for k in range(start.file, len(sources)):
            path = sources[k].path
            skipped = start.number if k == start.file else 0
            number = used = size = 0
            items: list[Item | Fault] = []
            try:
                with open(path, "rb") as raw:
                    for record in warc.read(decompressed(raw), form.limit):
                        number += 1
                        if number <= skipped:
                            continue
                        items.append(_item(record, number, form.limit))
                        size += record.length
                        if size >= CHUNK_BYTES or len(items) >= CHUNK_RECORDS:
                            yield Chunk(path, items, len(items), Place(k, 0, number))
                            items, size = [], 0
                            feed.on_bytes(raw.tell() - used)
                            used = raw.tell()
                    feed.on_bytes(raw.tell() - used)
            except BROKEN_ARCHIVE as error:
                items += broken_input(path, number + 1, error, Place(k + 1)).items
            if items:
                yield Chunk(path, items, len(items), Place(k + 1))

    def read(self, chunk: Chunk, form: Form) -> list[Record | Fault | None]:
        """Records of the texts and pages."""
        return [
            item if isinstance(item, Fault) else self._record(chunk.source, item, form)
            for item in chunk.items
        ]

    def _record(self, source: str, item: Item, form: Form) -> Record | Fault | None:
        archived: Archived = item.data
        found = warc.payload(archived, form.limit)
        if found is None:
            return None
        id = archived.header("WARC-Record-ID")
        if len(found.data) > form.limit:
            error = f"unpacks to more than {form.limit:,} bytes (--max-bytes)"
            return Fault(item.number, "too_large", error, id)
        try:
            text, warnings = decode_page(found.data, found.charset)
        except ValueError as error:
            return Fault(item.number, "not_text", str(error), id)
        # the day of the download is not the day of the text, and would make old officials look out of time
        fields = {"id": id, found.field: text, "url": archived.header("WARC-Target-URI")}
        return of_fields(fields, item.number, source, Form(key=form.key), warnings)

    def stood(self, chunk: Chunk, at: int, form: Form) -> tuple[str, int | None, bytes]:
        """The record."""
        item = chunk.items[at]
        return chunk.source, item.number, item.head if isinstance(item, Fault) else item.data.written()

    def member(
        self, chunk: Chunk, changes: Sequence[Change], passed: Sequence[int], form: Form, packing: str
    ) -> bytes:
        """The changed records, compressed one by one, as archives are."""
        by_index = {change.at: change for change in changes}
        written = []
        for index, item in enumerate(chunk.items):
            if index in by_index:
                written.append(_changed(item.data, by_index[index], form.key).written())
            elif index in passed:
                written.append(item.data.written())
        return b"".join(packed(one, packing) for one in written)

    def finish(self, partial: Path, target: Path) -> None:
        """Give the file its name."""
        named(partial, target)


def _item(record: Archived, number: int, limit: int) -> Item | Fault:
    if len(record.block) == record.length:
        return Item(number, record)
    error = f"has {record.length:,} bytes, more than {limit:,} (--max-bytes)"
    head = record.head + record.block
    return Fault(number, "too_large", error, record.header("WARC-Record-ID"), head[:1000])


def _changed(archived: Archived, change: Change, key: str) -> Archived:
    """The record with what was found out in a header; where its text is another, a conversion of it."""
    name = f"WARC-{key.title()}"
    version = archived.head[: archived.head.index(b"\n") + 1]
    fields = [pair for pair in archived.fields() if pair[0] != name.lower()]
    block = archived.block
    if change.text is not None:
        block = change.text.encode("utf8", "replace")
        if archived.kind == "conversion":
            fields = [pair for pair in fields if pair[0] not in OF_THE_BLOCK]
        else:
            fields = [*_of_a_conversion(archived), *(pair for pair in fields if pair[0] in OF_THE_PAGE)]
        fields.append(_field("Content-Length", str(len(block))))
    fields.append(_field(name, json.dumps(change.quality, allow_nan=False)))
    return Archived(version + b"".join(field for _, field in fields) + b"\r\n", block, len(block))


def _of_a_conversion(archived: Archived) -> list[tuple[str, bytes]]:
    """Headers of the text of a page that its own id and type stand in."""
    id = archived.header("WARC-Record-ID") or ""
    headers = {
        "WARC-Type": "conversion",
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, id + ' text')}>",
        "WARC-Refers-To": id,
        "Content-Type": "text/plain",
    }
    return [_field(name, value) for name, value in headers.items()]


def _field(name: str, value: str) -> tuple[str, bytes]:
    return name.lower(), f"{name}: {value}\r\n".encode()
