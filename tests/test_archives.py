"""Tables and web archives: other columns and records pass as they are, and what goes in comes out as the same kind."""

import gzip
import json
import lzma
import os
import re
import tempfile
import zlib
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from quality import archives, cli
from quality.containers import Feed, Form, Place, Source
from quality.html import Extraction
from quality.html.metadata import Metadata

ROOT = Path(__file__).parents[1]
FAIR = (ROOT / "labelled" / "examples" / "fair.txt").read_text("utf8")
FARM = (ROOT / "labelled" / "examples" / "farm.txt").read_text("utf8")


def run(*arguments):
    done = CliRunner().invoke(cli.main, ["filter", *map(str, arguments)])
    return done.exit_code, done.stderr.splitlines()[-1:], done.stderr


# ---- Parquet ----


@pytest.fixture
def arrow():
    return pytest.importorskip("pyarrow")


@pytest.fixture
def parquet():
    return pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def table(arrow, parquet, tmp_path):
    """Five rows in two row groups; one without a text."""
    rows = arrow.table(
        {
            "id": arrow.array([1, 2, 3, 4, 5], arrow.int32()),
            "text": arrow.array([FAIR, FARM, None, FAIR, FARM], arrow.large_string()),
            "date": arrow.array([date(2025, 8, 14)] * 5),
            "vector": arrow.array(
                [[0.1, float("nan")], None, [], [1.5], [2.0]], arrow.list_(arrow.float16())
            ),
            "kind": arrow.array(["a", "b", "a", "b", None]).dictionary_encode(),
        }
    ).replace_schema_metadata({"made by": "hand"})
    parquet.write_table(rows, tmp_path / "in.parquet", row_group_size=3)
    return tmp_path / "in.parquet"


def test_a_table_gets_a_column_and_all_others_stay(arrow, parquet, table, tmp_path):
    code, last, _ = run(table, "-o", tmp_path / "out.parquet", "--quarantine", tmp_path / "q.jsonl")
    assert (code, last) == (0, ["quality: in 5 = kept 4 + dropped 0 + quarantined 1"])
    before, after = parquet.read_table(table), parquet.read_table(tmp_path / "out.parquet")
    assert after.schema.names == [*before.schema.names, "quality"]
    kept = before.take([0, 1, 3, 4])
    for name in before.schema.names:
        assert after.schema.field(name).type == before.schema.field(name).type
        # NaN differs from itself
        assert repr(after.column(name).to_pylist()) == repr(kept.column(name).to_pylist())
    assert after.schema.metadata[b"made by"] == b"hand"
    found = after.column("quality").to_pylist()
    assert [f["verdict"] for f in found] == ["keep", "drop", "keep", "drop"]
    assert "leak.chatbot" in found[1]["reasons"]
    (aside,) = map(json.loads, (tmp_path / "q.jsonl").read_text().splitlines())
    assert (aside["line"], aside["id"], aside["reason"]) == (3, "3", "no_text")
    assert aside["head"] == '{"id": 3, "text": null, "date": "2025-08-14"}'


def test_drop_and_clean_write_tables(parquet, table, tmp_path):
    run(table, "-o", tmp_path / "out.parquet", "--mode", "drop", "--dropped", tmp_path / "no.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").column("id").to_pylist() == [1, 4]
    assert parquet.read_table(tmp_path / "no.parquet").column("id").to_pylist() == [2, 5]
    run(table, "-o", tmp_path / "clean.parquet", "--mode", "clean")
    fair, farm, *_ = parquet.read_table(tmp_path / "clean.parquet").column("text").to_pylist()
    assert fair == FAIR
    assert "Skip to main content" not in farm
    assert "Under the new scale" in farm


def test_several_tables_and_processes_give_one_table_that_is_always_the_same(arrow, parquet, table, tmp_path):
    outs = [tmp_path / f"{jobs}.parquet" for jobs in (1, 2)]
    for jobs, out in enumerate(outs, 1):
        assert run(table, table, "-o", out, "--jobs", jobs)[0] == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert parquet.read_table(outs[0]).num_rows == 8
    parquet.write_table(arrow.table({"text": [FAIR]}), tmp_path / "other.parquet")
    code, _, errors = run(table, tmp_path / "other.parquet", "-o", tmp_path / "x.parquet")
    assert code == 2
    assert "its columns are not those of the first file" in errors


def test_paragraphs_in_a_table_give_it_a_column_of_texts(arrow, parquet, tmp_path):
    parquet.write_table(arrow.table({"paragraphs": [["Ships left.", FAIR], [FAIR]]}), tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--with-text")
    after = parquet.read_table(tmp_path / "out.parquet")
    assert after.column("text").to_pylist() == ["Ships left.\n\n" + FAIR, FAIR]
    run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").schema.names == ["paragraphs", "quality"]


def test_a_table_is_filtered_again_and_a_strangers_column_is_left_alone(arrow, parquet, table, tmp_path):
    run(table, "-o", tmp_path / "one.parquet")
    run(tmp_path / "one.parquet", "-o", tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    parquet.write_table(arrow.table({"text": [FAIR], "quality": ["good"]}), tmp_path / "own.parquet")
    code, _, errors = run(tmp_path / "own.parquet", "-o", tmp_path / "x.parquet")
    assert (code, "has a column 'quality' of its own" in errors) == (2, True)
    assert run(tmp_path / "own.parquet", "-o", tmp_path / "x.parquet", "--key", "q")[0] == 0


def test_a_table_without_rows_and_a_file_that_is_none(arrow, parquet, tmp_path):
    parquet.write_table(arrow.table({"text": arrow.array([], arrow.string())}), tmp_path / "in.parquet")
    assert run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet")[0] == 1
    assert parquet.read_table(tmp_path / "out.parquet").schema.names == ["text", "quality"]
    (tmp_path / "no.parquet").write_bytes(b"nothing of the kind")
    code, _, errors = run(tmp_path / "no.parquet", "-o", tmp_path / "x.parquet")
    assert code == 2
    assert "no.parquet" in errors


def test_a_table_goes_on_where_it_was_stopped(parquet, arrow, tmp_path, monkeypatch):
    rows = [FARM if k % 5 == 2 else FAIR for k in range(60)]
    wide = {"text": rows, "raw": [chr(97 + k % 26) * 40_000 for k in range(60)]}
    parquet.write_table(
        arrow.table(wide),
        tmp_path / "in.parquet",
        row_group_size=40,
        use_dictionary=False,
        compression="none",
    )
    run(tmp_path / "in.parquet", "-o", tmp_path / "whole.parquet", "--mode", "drop")
    real, n = cli_filter().judge, 0

    def stops(plan, chunk, first):
        nonlocal n
        n += 1
        if n == 3:
            raise KeyboardInterrupt
        return real(plan, chunk, first)

    monkeypatch.setattr(cli_filter(), "judge", stops)
    assert run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--mode", "drop")[0] == 130
    monkeypatch.setattr(cli_filter(), "judge", real)
    assert run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--mode", "drop", "--resume")[0] == 0
    assert (tmp_path / "out.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert n == 3
    assert parquet.read_table(tmp_path / "out.parquet").num_rows == 48


def test_a_table_that_is_refused_does_not_touch_the_others(arrow, parquet, tmp_path):
    parquet.write_table(arrow.table({"text": [FAIR], "quality": ["good"]}), tmp_path / "own.parquet")
    parquet.write_table(arrow.table({"text": [FARM]}), tmp_path / "good.parquet")
    code, last, errors = run(
        tmp_path / "own.parquet", tmp_path / "good.parquet", "-o", tmp_path / "out.parquet"
    )
    assert (code, last) == (2, ["quality: in 2 = kept 1 + dropped 0 + quarantined 1"])
    assert "own.parquet: cannot be read further: has a column 'quality' of its own" in errors
    assert parquet.read_table(tmp_path / "out.parquet").column("text").to_pylist() == [FARM]


def test_a_table_that_could_not_be_read_is_not_told_again_when_the_run_goes_on(arrow, parquet, tmp_path):
    parquet.write_table(arrow.table({"text": [FAIR] * 3}), tmp_path / "in.parquet", row_group_size=1)
    (tmp_path / "no.parquet").write_bytes(b"nothing of the kind")
    sources = [Source(str(tmp_path / name), "") for name in ("no.parquet", "in.parquet")]
    whole = [*archives.Parquet().chunks(sources, Place(), Form(), Feed())]
    assert [chunk.n for chunk in whole] == [1, 1, 1, 1]
    rest = [*archives.Parquet().chunks(sources, whole[1].end, Form(), Feed())]
    assert [chunk.end for chunk in rest] == [chunk.end for chunk in whole[2:]]


@pytest.mark.parametrize("kind", ["list_", "large_list", "fixed"])
def test_all_parts_of_a_table_have_the_same_columns_whatever_kind_of_list_the_paragraphs_are(
    arrow, parquet, tmp_path, monkeypatch, kind
):
    monkeypatch.setattr(archives, "CHUNK_RECORDS", 1)
    text = arrow.large_string()
    of_two = arrow.list_(text, 2) if kind == "fixed" else getattr(arrow, kind)(text)
    rows = {"paragraphs": arrow.array([None, ["Ships left.", FAIR], ["Ships came.", FAIR]], of_two)}
    parquet.write_table(arrow.table(rows), tmp_path / "in.parquet")
    code, last, errors = run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--with-text")
    assert (code, last) == (0, ["quality: in 3 = kept 2 + dropped 0 + quarantined 1"]), errors
    texts = parquet.read_table(tmp_path / "out.parquet").column("text").to_pylist()
    assert texts == [f"Ships {did}.\n\n{FAIR}" for did in ("left", "came")]


def test_a_table_some_texts_of_which_are_pages_gets_a_column_of_texts(
    arrow, parquet, tmp_path, monkeypatch, extracted
):
    monkeypatch.setattr(archives, "CHUNK_RECORDS", 1)
    parquet.write_table(arrow.table({"content": [FAIR, "<html><p>x</html>", FAIR]}), tmp_path / "in.parquet")
    code, last, errors = run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--mode", "clean")
    assert (code, last) == (0, ["quality: in 3 = kept 3 + dropped 0 + quarantined 0"]), errors
    before, page, after = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert (before["content"], before["text"], after["text"]) == (FAIR, None, None)
    assert "Under the new scale" in page["text"]
    assert before["quality"]["verdict"] == "keep"


def test_a_row_that_is_too_large_is_set_aside_with_what_was_read_of_it(arrow, parquet, tmp_path):
    rows = {"story": [FAIR, "x" * 5000, None], "id": ["a", "b", "c"]}
    parquet.write_table(arrow.table(rows), tmp_path / "in.parquet")
    options = ("--text-field", "story", "--max-bytes", "4000", "--quarantine", tmp_path / "q.jsonl")
    _, last, _ = run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", *options)
    assert last == ["quality: in 3 = kept 1 + dropped 0 + quarantined 2"]
    large, none = map(json.loads, (tmp_path / "q.jsonl").read_text().splitlines())
    assert (large["line"], large["reason"], large["head"][:16]) == (2, "too_large", '{"story": "xxxxx')
    assert (none["line"], none["reason"], none["head"]) == (3, "no_text", '{"story": null, "id": "c"}')


def cli_filter():
    from quality import filter as engine

    return engine


# ---- WARC, WET ----


@pytest.fixture
def warc():
    return pytest.importorskip("fastwarc.warc")


def record(kind, block, *headers, version="1.0"):
    block = block if isinstance(block, bytes) else block.encode()
    head = [
        f"WARC-Type: {kind}",
        *headers,
        f"Content-Length: {len(block)}",
    ]
    told = "".join(f"{h}\r\n" for h in (f"WARC/{version}", *head)).encode("utf8", "surrogateescape")
    return told + b"\r\n" + block + b"\r\n\r\n"


def named(number, url):
    return (
        f"WARC-Record-ID: <urn:uuid:{number}>",
        "WARC-Date: 2026-01-02T03:04:05Z",
        f"WARC-Target-URI: {url}",
    )


INFO = record("warcinfo", "software: hand\r\n", "WARC-Record-ID: <urn:uuid:0>")
GOOD = record("conversion", FAIR, *named(1, "https://a.example/é"), "Content-Type: text/plain")
BAD = record(
    "conversion",
    FARM,
    *named(2, "https://b.example/"),
    "Content-Type: text/plain",
    "WARC-Block-Digest: sha1:X",
)
IMAGE = record(
    "response",
    b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG\0",
    *named(3, "https://a.example/p"),
)
PLAIN = record(
    "response",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin-1\r\n\r\n"
    + "A café opened. ".encode("latin-1") * 20,
    *named(4, "https://a.example/t"),
    "Content-Type: application/http; msgtype=response",
)


def read_all(warc, path):
    with open(path, "rb") as file:
        return [
            (dict(r.headers.items()), r.reader.read())
            for r in warc.ArchiveIterator(file, parse_http=False, record_types=warc.WarcRecordType.any_type)
        ]


@pytest.fixture
def archive(tmp_path, warc):
    (tmp_path / "in.wet.gz").write_bytes(b"".join(gzip.compress(r) for r in (INFO, GOOD, BAD, IMAGE, PLAIN)))
    return tmp_path / "in.wet.gz"


def test_what_is_found_out_about_a_record_of_an_archive_is_a_header_of_it(archive, warc, tmp_path):
    code, last, _ = run(archive, "-o", tmp_path / "out.wet.gz")
    assert (code, last) == (0, ["quality: in 3 = kept 3 + dropped 0 + quarantined 0"])
    before, after = read_all(warc, archive), read_all(warc, tmp_path / "out.wet.gz")
    found = [json.loads(h.pop("WARC-Quality", "null")) for h, _ in after]
    assert before == after
    assert [f and f["verdict"] for f in found] == [None, "keep", "drop", None, "keep"]


def test_archives_drop_texts_and_pass_what_is_none(archive, warc, tmp_path):
    run(archive, "-o", tmp_path / "out.wet", "--mode", "drop", "--dropped", tmp_path / "no.wet.gz")
    kept = read_all(warc, tmp_path / "out.wet")
    assert [h["WARC-Type"] for h, _ in kept] == ["warcinfo", "conversion", "response", "response"]
    assert kept[1][1].decode() == FAIR
    ((headers, block),) = read_all(warc, tmp_path / "no.wet.gz")
    assert (headers["WARC-Record-ID"], block.decode()) == ("<urn:uuid:2>", FARM)


def test_clean_writes_texts_of_an_archive_as_conversions(archive, warc, tmp_path):
    run(archive, "-o", tmp_path / "out.wet.gz", "--mode", "clean")
    after = read_all(warc, tmp_path / "out.wet.gz")
    headers, block = after[2]
    assert "Skip to main content" not in block.decode()
    assert "Under the new scale" in block.decode()
    assert headers["Content-Length"] == str(len(block))
    assert "WARC-Block-Digest" not in headers
    assert after[1][1].decode() == FAIR


def test_the_day_of_the_download_is_not_taken_for_the_day_of_the_text(archive, warc, tmp_path):
    old = FAIR.replace(
        "the trade office said on Thursday", "Treasury Secretary Steven Mnuchin said on 14 August 2019"
    )
    archive.write_bytes(
        record("conversion", old, *named(1, "https://a.example/"), "Content-Type: text/plain")
    )
    run(archive, "-o", tmp_path / "out.wet")
    ((headers, _),) = read_all(warc, tmp_path / "out.wet")
    assert json.loads(headers["WARC-Quality"])["reasons"] == []


def test_an_archive_that_is_cut_off_says_so(archive, warc, tmp_path):
    whole = b"".join((INFO, GOOD, BAD))
    archive.write_bytes(whole[:-100])
    code, last, errors = run(archive, "-o", tmp_path / "out.wet", "--quarantine", tmp_path / "q.jsonl")
    assert (code, last) == (2, ["quality: in 2 = kept 1 + dropped 0 + quarantined 1"])
    assert "the file is cut off" in errors
    (aside,) = map(json.loads, (tmp_path / "q.jsonl").read_text().splitlines())
    assert (aside["line"], aside["reason"]) == (3, "broken_file")
    assert "record <urn:uuid:2> has 1,280 bytes of 1,376" in aside["error"]


def test_a_record_of_an_archive_that_is_too_large_is_set_aside(archive, warc, tmp_path):
    _, last, _ = run(
        archive, "-o", tmp_path / "out.wet", "--max-bytes", "1200", "--quarantine", tmp_path / "q.jsonl"
    )
    assert last == ["quality: in 3 = kept 2 + dropped 0 + quarantined 1"]


def page(body, *headers, **more):
    head = "".join(f"{h}\r\n" for h in ("HTTP/1.1 200 OK", *headers)).encode()
    body = body if isinstance(body, bytes) else body.encode()
    kind = "Content-Type: application/http; msgtype=response"
    return record("response", head + b"\r\n" + body, *named(5, "https://c.example/"), kind, **more)


def read(*records, limit=20_000_000):
    """What the container makes of some records."""
    container, form = archives.Warc(), Form(limit=limit)
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(records))
        file.flush()
        chunks = [*container.chunks([Source(file.name, "")], Place(), form, Feed())]
    return [item for chunk in chunks for item in container.read(chunk, form)]


@pytest.fixture
def extracted(monkeypatch):
    """Every page holds the farm's text, whatever is in it."""
    found = Extraction(tuple(FARM.split("\n\n")), (0.1,) * len(FARM.split("\n\n")), Metadata(), ())
    monkeypatch.setattr("quality.html.extract", lambda pages, *_: [found for _ in pages])


def test_a_page_of_an_archive_stays_a_page_and_its_text_takes_its_place_in_clean_only(extracted, tmp_path):
    given = page("<html><p>Ships left.</html>", "Content-Type: text/html", "X-Own: 1", version="1.1")
    (tmp_path / "in.warc").write_bytes(given)
    run(tmp_path / "in.warc", "-o", tmp_path / "out.warc")
    run(tmp_path / "in.warc", "-o", tmp_path / "x.warc", "--mode", "drop", "--dropped", tmp_path / "no.warc")
    for name in ("out.warc", "no.warc"):
        head, added, rest = re.split(rb"WARC-Quality: (.*)\r\n", (tmp_path / name).read_bytes())
        assert head + rest == given
        assert json.loads(added)["verdict"] == "drop"
    run(tmp_path / "in.warc", "-o", tmp_path / "out.warc", "--mode", "clean")
    written = (tmp_path / "out.warc").read_bytes()
    assert written.startswith(b"WARC/1.1\r\nWARC-Type: conversion\r\n")
    assert b"WARC-Refers-To: <urn:uuid:5>\r\n" in written
    assert b"WARC-Target-URI: https://c.example/\r\n" in written
    assert b"Under the new scale" in written
    assert b"Ships left" not in written
    (record,) = read(written)
    assert "Under the new scale" in record.text


def test_records_that_are_no_texts_pass_byte_for_byte_whatever_they_hold(tmp_path):
    odd = record("metadata", b"x\r\n\r\n", "X-Note: a\r\n folded", "X-Name: caf\udce9", version="1.1")
    picture = page(os.urandom(70_000), "Content-Type: image/png")
    others = [
        odd,
        picture,
        IMAGE,
        record("revisit", "", *named(6, "u")),
        record("request", "GET / HTTP/1.1\r\n\r\n"),
    ]
    (tmp_path / "in.warc").write_bytes(b"".join(others) + GOOD)
    code, last, _ = run(tmp_path / "in.warc", "-o", tmp_path / "out.warc", "--max-bytes", "2000")
    assert (code, last) == (0, ["quality: in 1 = kept 1 + dropped 0 + quarantined 0"])
    assert (tmp_path / "out.warc").read_bytes().startswith(b"".join(others))


def test_a_large_text_is_set_aside_and_the_next_record_is_read():
    large = page("x" * 200_000, "Content-Type: text/plain")
    aside, *others = read(large, GOOD, limit=5000)
    assert (aside.reason, aside.id, aside.error) == (
        "too_large",
        "<urn:uuid:5>",
        "has 200,045 bytes, more than 5,000 (--max-bytes)",
    )
    assert [r.id for r in others] == ["<urn:uuid:1>"]
    packed = gzip.compress(b"x" * 200_000)
    (aside,) = read(page(packed, "Content-Type: text/plain", "Content-Encoding: gzip"), limit=5000)
    assert (aside.reason, aside.error) == ("too_large", "unpacks to more than 5,000 bytes (--max-bytes)")


SHORT = [
    record("conversion", f"Ship {k} left.", *named(k, "u"), "Content-Type: text/plain") for k in range(3)
]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: lzma.compress(data, preset=0)])
def test_an_archive_that_is_cut_off_anywhere_says_so_and_gives_what_is_whole(pack):
    packed = [pack(one) for one in SHORT]
    ends = [sum(map(len, packed[: k + 1])) for k in range(3)]
    for cut in range(ends[0] + 1, ends[2]):
        if cut == ends[1]:  # as good as an archive of two
            continue
        *whole, last = read(b"".join(packed)[:cut])
        assert (last.reason, last.breaks_input) == ("broken_file", True), cut
        assert [r.id for r in whole] == [f"<urn:uuid:{k}>" for k in range(len(whole))]
        # a record may be there but for what ends it
        n = sum(end <= cut for end in ends)
        assert len(whole) in (n, n + 1), cut


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (b"garbage\r\n", "b'garbage\\r\\n' stands where a record should begin"),
        (SHORT[1].replace(b"Content-Length", b"X-Length"), "record <urn:uuid:1> has no Content-Length"),
        (SHORT[1].replace(b"Content-Length: 12", b"Content-Length: 7"), "stands where a record should begin"),
        (b"WARC/1.0\r\nX: " + b"x" * 70_000, "the file is cut off"),
        (b"WARC/1.0\r\n" + b"X: %s\r\n" % (b"x" * 999) * 70, "have more than 65,536 bytes"),
    ],
)
def test_what_stands_in_a_records_place_ends_the_archive_and_says_what_it_is(wrong, told):
    first, *_, last = read(SHORT[0], wrong, SHORT[2])
    assert first.id == "<urn:uuid:0>"
    assert last.reason == "broken_file"
    assert told in last.error


def test_an_archive_may_be_empty_and_may_have_more_blank_lines():
    assert read(b"") == []
    assert [r.id for r in read(SHORT[0], b"\r\n\n", SHORT[1])] == ["<urn:uuid:0>", "<urn:uuid:1>"]


def in_pieces(data, size=300, last=b"0\r\n\r\n"):
    pieces = [data[k : k + size] for k in range(0, len(data), size)]
    return b"".join(b"%x; a=b\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + last


def bare_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (in_pieces(FAIR.encode()), ["Transfer-Encoding: chunked"]),
        (in_pieces(FAIR.encode(), 10_000), ["Transfer-Encoding: chunked"]),
        (in_pieces(FAIR.encode(), last=b""), ["Transfer-Encoding: chunked"]),
        (in_pieces(FAIR.encode(), 10_000, last=b"")[:-2], ["Transfer-Encoding: chunked"]),
        (in_pieces(FAIR.encode(), last=b"0\r\nX: y\r\n\r\n"), ["Transfer-Encoding: chunked"]),
        (FAIR.encode(), ["Transfer-Encoding: chunked"]),  # joined by who made the archive
        (gzip.compress(FAIR.encode()), ["Content-Encoding: gzip"]),
        (in_pieces(gzip.compress(FAIR.encode())), ["content-encoding: GZIP", "transfer-encoding: Chunked"]),
        (FAIR.encode(), ["Content-Encoding: gzip"]),
        (zlib.compress(FAIR.encode()), ["Content-Encoding: deflate"]),
        (bare_deflate(FAIR.encode()), ["Content-Encoding: deflate"]),
        (FAIR.encode(), ["Content-Encoding: deflate"]),
        (gzip.compress(zlib.compress(FAIR.encode())), ["Content-Encoding: deflate, gzip"]),
        (FAIR.encode(), ["Content-Encoding: identity"]),
    ],
)
def test_a_body_is_unpacked_as_http_says_or_taken_as_it_stands(body, headers):
    (record,) = read(page(body, "Content-Type: text/plain; charset=utf-8", *headers))
    assert record.text == FAIR


@pytest.mark.parametrize(("body", "text"), [(b"0\r\n\r\n", ""), (b"12\r\n" + b"Ships left. " * 9, None)])
def test_a_body_in_pieces_may_be_empty_and_a_number_on_the_first_line_makes_none(body, text):
    (record,) = read(page(body, "Content-Type: text/plain", "Transfer-Encoding: chunked"))
    assert record.text == (body.decode() if text is None else text)


def test_a_body_in_brotli_is_unpacked():
    brotli = pytest.importorskip("brotli")
    for body in (brotli.compress(FAIR.encode()), FAIR.encode()):
        (record,) = read(page(body, "Content-Type: text/plain", "Content-Encoding: br"))
        assert record.text == FAIR
    large = page(brotli.compress(b"x" * 200_000), "Content-Type: text/plain", "Content-Encoding: br")
    assert read(large, limit=5000)[0].reason == "too_large"


def test_a_body_that_is_packed_and_broken_is_set_aside():
    broken = gzip.compress(os.urandom(2000))[:-500]
    (aside,) = read(page(broken, "Content-Type: text/html", "Content-Encoding: gzip"))
    assert (aside.reason, aside.id) == ("not_text", "<urn:uuid:5>")


@pytest.mark.parametrize(
    ("head", "kind", "charset", "word"),
    [
        ("<meta charset=windows-1251>", "text/html", "cp1251", "Корабли"),
        ("", "text/html; charset=windows-1251", "cp1251", "Корабли"),
        ("", "text/html; charset=iso-8859-1", "cp1252", "\u201cShips\u201d"),
        ("<meta charset=utf-8>", "text/html", "utf8", "café"),
        ("", "text/plain; charset='latin-1'", "cp1252", "café"),
    ],
)
def test_the_charset_is_what_the_page_or_its_server_says(head, kind, charset, word):
    (record,) = read(page(f"<html>{head}<p>{word}".encode(charset), f"Content-Type: {kind}"))
    assert word in (record.html or record.text)


def test_without_the_package_it_is_said_what_to_install(arrow, table, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "brotli", None)
    (tmp_path / "in.warc").write_bytes(page("x", "Content-Type: text/html", "Content-Encoding: br"))
    code, _, errors = run(tmp_path / "in.warc", "-o", tmp_path / "out.warc")
    assert code == 2
    assert "quality: a page is packed with Brotli: pip install 'quality[warc]'" in errors
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, errors = run(table, "-o", tmp_path / "out.parquet")
    assert (code, errors) == (2, "quality: this kind of file needs: pip install 'quality[parquet]'\n")
