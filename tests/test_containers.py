"""Files of many records: read in chunks that do not depend on where one begins, written with every other byte kept."""

import bz2
import gzip
import io
import json
import lzma
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality import containers, folders
from quality.containers import (
    Change,
    Fault,
    Feed,
    Form,
    Item,
    Lines,
    Place,
    Source,
    kind_of,
    packed,
    spliced,
    value_places,
)
from quality.decoding import decode
from quality.folders import Texts, listed
from quality.records import FieldNames

FOUND = {"reliability": 0.5, "verdict": "keep", "reasons": []}
NAMES = st.text(st.characters(codec="utf8"), max_size=5).filter(lambda name: name not in ("quality", "text"))
# whatever JSON can hold, halves of surrogate pairs and numbers of any size included
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def chunks_of(container, sources, start=None, form=None, **feed):
    return list(container.chunks(sources, start or Place(), form or Form(), Feed(**feed)))


def write(path, data):
    path.write_bytes(data)
    return Source(str(path), path.name)


def records_of(container, sources, form=None):
    form = form or Form()
    return [r for chunk in chunks_of(container, sources, form=form) for r in container.read(chunk, form)]


# ---- splicing ----


def test_what_is_added_goes_before_the_last_brace_and_no_other_byte_moves():
    line = b'{"a":1e400, "b": 12345678901234567890123, "a" : NaN,"text":"\\u0041\\/",  "s": "\\ud800"  }\r\n'
    assert spliced(line, Change(0, FOUND, None, "text"), "quality") == (
        b'{"a":1e400, "b": 12345678901234567890123, "a" : NaN,"text":"\\u0041\\/",  "s": "\\ud800"  '
        b', "quality": {"reliability": 0.5, "verdict": "keep", "reasons": []}}\r\n'
    )


def test_a_line_stays_one_line_for_readers_that_break_at_separators_of_unicode():
    line = '{"a": "one\u2028two\u2029\x85", "text": "old"}\n'.encode()
    assert spliced(line, Change(0, FOUND, "né\u2028w", "text"), "quality") == (
        '{"a": "one\\u2028two\\u2029\\u0085", "text": "né\\u2028w", '
        '"quality": {"reliability": 0.5, "verdict": "keep", "reasons": []}}\n'.encode()
    )


def test_a_line_in_another_encoding_keeps_the_bytes_that_would_be_a_separator_in_utf_8():
    line = b'{"a": "\xc2\x85\xff"}\n'
    assert spliced(line, Change(0, FOUND, None, "text"), "quality").startswith(b'{"a": "\xc2\x85\xff", ')


def test_a_new_text_takes_the_place_of_the_old_one_and_of_nothing_else():
    line = '{"text": "old", "x": {"text": "inner"}, "t\\u0065xt": "the last counts", "y": "é"}\n'.encode()
    assert spliced(line, Change(0, FOUND, "néw", "text"), "quality") == (
        '{"text": "old", "x": {"text": "inner"}, "t\\u0065xt": "néw", "y": "é", '
        '"quality": {"reliability": 0.5, "verdict": "keep", "reasons": []}}\n'.encode()
    )


def test_what_an_earlier_run_added_is_replaced_where_it_stands():
    line = b'{"quality": {"reliability": 1, "verdict": "keep", "reasons": []}, "text": "t"}\n'
    assert spliced(line, Change(0, {"verdict": "drop"}, None, "text"), "quality") == (
        b'{"quality": {"verdict": "drop"}, "text": "t"}\n'
    )


@pytest.mark.parametrize("order", ['{"q": {}, "text": "old", "n": 1}', '{"text": "old", "n": 1, "q": {}}'])
def test_two_values_are_replaced_each_in_its_place(order):
    line = spliced(order.encode(), Change(0, {"verdict": "keep"}, "quite another length", "text"), "q")
    expected = order.replace('"q": {}', '"q": {"verdict": "keep"}').replace("old", "quite another length")
    assert line.decode() == expected + "\n"


def test_a_text_that_has_no_field_is_added_beside_the_rest():
    line = b'{"paragraphs": ["a", "b"]}'
    assert spliced(line, Change(0, {}, "a\n\nb", "text"), "q") == (
        b'{"paragraphs": ["a", "b"], "text": "a\\n\\nb", "q": {}}\n'
    )


def test_a_line_in_another_encoding_gets_plain_ascii():
    line = b'{"text": "caf\xe9", "x": "\x93"}\n'
    assert (
        spliced(line, Change(0, {}, "café", "text"), "q") == b'{"text": "caf\\u00e9", "x": "\x93", "q": {}}\n'
    )


def test_half_a_surrogate_pair_is_written_as_it_was_read():
    line = '{"text": "\\ud83d é"}'.encode()
    assert spliced(line, Change(0, {}, "\ud83d", "text"), "q") == b'{"text": "\\ud83d", "q": {}}\n'


@given(
    st.dictionaries(NAMES, VALUES, max_size=5), st.booleans(), st.sampled_from([(", ", ": "), (" ,", " : ")])
)
def test_every_value_is_found_where_it_stands(fields, ascii_only, separators):
    written = json.dumps(fields, ensure_ascii=ascii_only, separators=separators)
    line = written.encode("utf8", "surrogatepass")
    places = value_places(line)
    assert list(places) == list(fields)
    values = [line[low:high] for low, high in places.values()]
    expected = [json.dumps(v, ensure_ascii=ascii_only, separators=separators) for v in fields.values()]
    assert values == [v.encode("utf8", "surrogatepass") for v in expected]


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_taking_away_what_was_added_gives_the_line_again(fields):
    line = json.dumps({"text": "t", **fields}).encode()
    added = spliced(line, Change(0, FOUND, None, "text"), "quality")
    assert added.replace(b', "quality": ' + json.dumps(FOUND).encode(), b"") == line + b"\n"
    assert json.loads(added)["quality"] == FOUND


# ---- lines ----


def test_lines_come_in_chunks_that_end_where_the_next_run_may_begin(tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "CHUNK_RECORDS", 2)
    first = write(tmp_path / "a.jsonl", b'{"text": "1"}\n\n{"text": "2"}\n{"text": "3"}')
    second = write(tmp_path / "b.jsonl", b'\xef\xbb\xbf{"text": "4"}\r\n')
    chunks = chunks_of(Lines(), [first, second])
    assert [(c.source, c.n, c.end) for c in chunks] == [
        (first.path, 2, Place(0, 29, 3)),
        (first.path, 1, Place(1)),
        (second.path, 1, Place(2)),
    ]
    assert [i for c in chunks for i in c.items] == [
        Item(1, b'{"text": "1"}\n'),
        Item(3, b'{"text": "2"}\n'),
        Item(4, b'{"text": "3"}'),
        Item(1, b'{"text": "4"}\r\n'),
    ]
    for k, chunk in enumerate(chunks):
        assert chunks_of(Lines(), [first, second], chunk.end) == chunks[k + 1 :]


@pytest.mark.parametrize("packing", ["", "gz", "bz2", "xz", "zst"])
def test_members_of_a_compressed_file_follow_one_another(tmp_path, monkeypatch, packing):
    if packing == "zst":
        pytest.importorskip("zstandard")
    monkeypatch.setattr(containers, "CHUNK_BYTES", 10)
    lines = [b'{"text": "%d"}\n' % k for k in range(5)]
    source = write(tmp_path / "a.jsonl", b"".join(packed(line, packing) for line in lines))
    chunks = chunks_of(Lines(), [source])
    assert [c.items for c in chunks[:5]] == [[Item(k + 1, line)] for k, line in enumerate(lines)]
    assert chunks_of(Lines(), [source], chunks[2].end) == chunks[3:]


def test_nothing_compressed_is_nothing_but_a_file_of_nothing_can_be_unpacked(tmp_path):
    assert packed(b"", "gz") == b""
    for name, unpack in (("a.gz", gzip.decompress), ("a.bz2", bz2.decompress), ("a.xz", lzma.decompress)):
        (tmp_path / "partial").write_bytes(b"")
        containers.named(tmp_path / "partial", tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0
        assert unpack((tmp_path / name).read_bytes()) == b""


def test_a_line_that_is_too_long_is_not_held_and_the_next_one_is_read(tmp_path):
    long = b'{"text": "' + b"x" * 3_000_000 + b'"}\n'
    source = write(tmp_path / "a.jsonl", b'{"text": "1"}\n' + long + b'{"text": "2"}\n')
    items = [i for c in chunks_of(Lines(), [source], form=Form(limit=1000)) for i in c.items]
    assert (items[0].number, items[2]) == (1, Item(3, b'{"text": "2"}\n'))
    assert items[1].error == "has 3,000,013 bytes, more than 1,000 (--max-bytes)"
    assert (items[1].number, items[1].reason, len(items[1].head)) == (2, "too_large", 1000)


def test_a_file_that_breaks_off_gives_what_could_be_read_and_says_so(tmp_path):
    whole = gzip.compress(b"".join(b'{"text": "%d"}\n' % k for k in range(20_000)))
    source = write(tmp_path / "a.jsonl.gz", whole[: len(whole) // 2])
    items = [i for c in chunks_of(Lines(), [source]) for i in c.items]
    assert items[0] == Item(1, b'{"text": "0"}\n')
    assert isinstance(items[-1], Fault)
    assert (items[-1].reason, items[-1].breaks_input, items[-1].number) == ("broken_file", True, len(items))


def test_a_file_in_another_encoding_is_refused_as_a_whole(tmp_path):
    source = write(tmp_path / "a.jsonl", '{"text": "1"}\n{"text": "2"}\n'.encode("utf-16"))
    (item,) = (i for c in chunks_of(Lines(), [source]) for i in c.items)
    assert item.error == "cannot be read further: is UTF-16: save it as UTF-8"


def test_standard_input_is_read_as_lines():
    chunks = chunks_of(Lines(), [Source("-", "-")], stdin=io.BufferedReader(io.BytesIO(b'{"text": "1"}\n')))
    assert [c.items for c in chunks] == [[Item(1, b'{"text": "1"}\n')]]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "x"', "not_json"),
        (b"[1, 2]", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"id": "a"}', "no_text"),
        (b'{"id": "a", "text": 3}', "no_text"),
        (b'{"text": "a\0b"}', "not_text"),
        (b'{"text": "x", "quality": "mine"}', "key_taken"),
    ],
)
def test_a_bad_line_says_why_in_a_word(tmp_path, line, reason):
    (fault,) = records_of(Lines(), [write(tmp_path / "a.jsonl", line)])
    assert (fault.number, fault.reason) == (1, reason)


def test_numbers_of_any_size_are_read(tmp_path):
    line = b'{"id": ' + b"9" * 5000 + b', "text": "t", "n": 1e999}'
    (record,) = records_of(Lines(), [write(tmp_path / "a.jsonl", line)])
    assert (record.id, record.text, record.fields["n"]) == ("9" * 5000, "t", math.inf)


def test_fields_are_read_under_the_names_given(tmp_path):
    form = Form(names=FieldNames(id="key", text="body"))
    source = write(tmp_path / "a.jsonl", b'{"key": 7, "body": "b", "text": "t"}')
    (record,) = records_of(Lines(), [source], form)
    assert (record.id, record.text) == ("7", "b")


# ---- texts ----


@pytest.fixture
def folder(tmp_path):
    base = tmp_path / "texts"
    (base / "sub").mkdir(parents=True)
    (base / "b.txt").write_bytes(b"Ships left.\r\n")
    (base / "sub" / "a.txt").write_bytes(b"caf\xe9")
    (base / ".hidden").write_bytes(b"x")
    (base / "c.pdf").write_bytes(b"%PDF")
    (base / "d.txt").write_bytes(b"  ")
    return base


def test_a_folder_is_its_files_by_name(folder):
    found = listed([str(folder)], "text")
    assert [s.name for s in found] == ["b.txt", "c.pdf", "d.txt", "sub/a.txt"]
    records = records_of(Texts(), found)
    assert [getattr(r, "text", None) or r.reason for r in records] == [
        "Ships left.\r\n",
        "not_text",
        "no_text",
        "café",
    ]


def test_a_text_that_is_compressed_is_told_as_that(tmp_path):
    for name, compress in (("a.txt.gz", gzip.compress), ("a.txt.bz2", bz2.compress)):
        (fault,) = records_of(Texts(), [write(tmp_path / name, compress(b"Ships left."))])
        assert (fault.reason, fault.error) == ("not_text", "a text that is compressed: unpack it first")


def test_texts_of_several_places_must_have_names_of_their_own(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text("x")
    assert [s.name for s in listed([str(folder / "b.txt"), str(other)], "text")] == ["b.txt", "other/b.txt"]
    with pytest.raises(ValueError, match=r"would both be called b\.txt in the output"):
        listed([str(folder / "b.txt"), str(other / "b.txt")], "text")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_page_is_told_by_how_it_begins_whatever_stands_far_behind(tmp_path, encoding):
    page = "<!-- by hand -->\n<html><p>Caf\u00e9s closed.</p>" + "\n" * 70_000
    source = write(tmp_path / "page", page.encode(encoding))
    (record,) = records_of(Texts(), [source])
    assert record.html.startswith("<!-- by hand -->\n<html>")


def test_a_text_is_decoded_once_and_not_again_where_it_is_written(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(folders, "decode", lambda data: (read.append(data), decode(data))[1])
    source = write(tmp_path / "a.txt", b"Ships left.")
    (chunk,) = chunks_of(Texts(), [source])
    Texts().read(chunk, Form())
    Texts().member(chunk, [Change(0, FOUND, "Ships", "text")], (), Form(), "")
    assert read == [b"Ships left."]


def test_texts_become_a_folder_again_and_new_ones_are_encoded_as_the_old(folder, tmp_path):
    sources = listed([str(folder)], "text")
    (chunk,) = chunks_of(Texts(), sources)
    changes = [Change(0, FOUND, None, "text"), Change(3, FOUND, "thé", "text")]
    partial = tmp_path / "out.partial"
    partial.write_bytes(Texts().member(chunk, changes[:1], (), Form(), ""))
    with partial.open("ab") as file:
        file.write(Texts().member(chunk, changes[1:], (), Form(), ""))
    Texts().finish(partial, tmp_path / "out")
    files = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*.*")
    }
    listing = files.pop("quality.jsonl").splitlines()
    assert files == {"b.txt": b"Ships left.\r\n", "sub/a.txt": b"th\xe9"}
    assert [json.loads(line) for line in listing] == [
        {"id": "b.txt", "quality": FOUND},
        {"id": "sub/a.txt", "quality": FOUND},
    ]
    assert not partial.exists()


# ---- kinds ----


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jsonl", "jsonl"),
        ("a.NDJSON.gz", "jsonl"),
        ("a.jsonl.bz2", "jsonl"),
        ("-", "jsonl"),
        ("a.parquet", "parquet"),
        ("CC-MAIN.warc.gz", "warc"),
        ("a.wet.gz", "warc"),
        ("a.txt", "text"),
        ("notes", "text"),
    ],
)
def test_the_name_says_what_a_file_is(name, kind):
    assert kind_of(name) == kind


def test_what_is_not_read_is_refused_with_a_word_on_what_to_do():
    with pytest.raises(ValueError, match=r"a\.csv: a table: write one JSON object per line"):
        kind_of("a.csv")
    with pytest.raises(ValueError, match="is a directory, which can only hold texts"):
        listed(["."], "jsonl")
