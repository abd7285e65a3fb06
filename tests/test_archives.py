"""Tables and web archives: other columns and records pass as they are, and what goes in comes out as the same kind."""

import gzip
import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from quality import cli

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


def cli_filter():
    from quality import filter as engine

    return engine


# ---- WARC, WET ----


@pytest.fixture
def warc():
    return pytest.importorskip("fastwarc.warc")


def record(kind, block, *headers):
    block = block if isinstance(block, bytes) else block.encode()
    head = [
        f"WARC-Type: {kind}",
        *headers,
        f"Content-Length: {len(block)}",
    ]
    return b"WARC/1.0\r\n" + "".join(f"{h}\r\n" for h in head).encode() + b"\r\n" + block + b"\r\n\r\n"


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
    assert (aside["line"], aside["id"], aside["reason"]) == (3, "<urn:uuid:2>", "broken_file")


def test_a_record_of_an_archive_that_is_too_large_is_set_aside(archive, warc, tmp_path):
    _, last, _ = run(
        archive, "-o", tmp_path / "out.wet", "--max-bytes", "1200", "--quarantine", tmp_path / "q.jsonl"
    )
    assert last == ["quality: in 3 = kept 2 + dropped 0 + quarantined 1"]


def test_without_the_package_it_is_said_what_to_install(archive, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    code, _, errors = run(archive, "-o", tmp_path / "out.wet")
    assert (code, errors) == (2, "quality: this kind of file needs: pip install 'quality[warc]'\n")
