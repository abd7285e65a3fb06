"""Reading: whatever comes in, nothing is lost and nothing is guessed in silence."""

import bz2
import gzip
import io
import itertools
import json
import lzma
import os
import sys
import threading
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.decoding import decode, decode_page
from quality.records import FieldNames, Problem, Record, iso_day, read, read_texts

NAMES = "text, content, body, raw_content, page_content, articleBody, maintext, paragraphs, html"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read_bytes(folder, name, data, **options):
    (folder / name).write_bytes(data)
    return list(read([name], **options))


def read_lines(folder, *lines, **options):
    return read_bytes(folder, "some.jsonl", "\n".join(lines).encode(), **options)


def read_fields(folder, names=None, **fields):
    (item,) = read_lines(folder, json.dumps(fields), names=names)
    return item


# ---- text files ----


def test_a_text_file_is_one_record_as_it_stands(folder):
    (record,) = read_bytes(folder, "harbour.txt", b"Harbour reopens\r\n\r\nShips left on Monday.\n")
    assert record == Record(
        id="harbour.txt",
        source="harbour.txt",
        text="Harbour reopens\r\n\r\nShips left on Monday.\n",
        has_id=False,
    )


def test_a_file_with_any_other_name_is_a_text(folder):
    assert read_bytes(folder, "notes", b"Ships left.")[0].text == "Ships left."
    assert read_bytes(folder, "notes.md", b"Ships left.")[0].text == "Ships left."


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfShips left.", "Ships left."),
        ("Ships left – late.".encode("utf-16"), "Ships left – late."),
        (b"\xfe\xff\x00S\x00h", "Sh"),
        (b"\x1b[1mShips\x1b[0m\x0cleft\t.", "\x1b[1mShips\x1b[0m\x0cleft\t."),
    ],
)
def test_marks_of_encoding_are_taken_off_without_a_warning(data, text):
    assert decode(data) == (text, ())


def test_what_is_not_utf_8_is_read_as_windows_1252_with_a_warning():
    assert decode(b"The \x93old\x94 caf\xe9") == (
        "The “old” café",
        ("not UTF-8 (byte 0x93 at 4): read as Windows-1252",),
    )


def test_a_byte_that_windows_1252_lacks_is_replaced_not_refused():
    assert decode(b"caf\xe9 \x9d")[0] == "café \N{REPLACEMENT CHARACTER}"


def test_the_warning_stands_in_the_record(folder):
    (record,) = read_bytes(folder, "old.txt", b"caf\xe9")
    assert record.warnings == ("not UTF-8 (byte 0xe9 at 3): read as Windows-1252",)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.txt", b"", "a.txt: is empty: there is no text in it"),
        ("a.txt", b" \n\t\n", "a.txt: is empty: there is no text in it"),
        ("a.txt", b"PK\x03\x04\x00\x00", "a.txt: looks binary (NUL bytes): expected text"),
        ("a.txt", b"\x01\x02\x03abc", "a.txt: looks binary (control characters): expected text"),
        ("a.txt", b"\xff\xfea", "a.txt: begins like UTF-16 but is not (truncated data): save it as UTF-8"),
        ("a.html", b"", "a.html: is empty: there is no text in it"),
        ("a.html", b"<p>\0\0\0</p>", "a.html: looks binary (NUL bytes): expected text"),
        ("a.jsonl", b"", "a.jsonl: is empty: there is no record in it"),
        ("a.jsonl", b"\n\n", "a.jsonl: is empty: there is no record in it"),
        ("a.jsonl", b"\x89PNG\x00\n\x00", "a.jsonl: looks binary (NUL bytes): expected one JSON object"),
        ("a.jsonl", b"\xff\xfe{\x00}\x00", "a.jsonl: is UTF-16: save it as UTF-8"),
        ("a.txt", b"\x28\xb5\x2f\xfdnonsense", "a.txt: cannot be read: "),
        ("a.txt", b"\x1f\x8bnonsense", "a.txt: cannot be read: "),
    ],
)  # fmt: skip
def test_a_file_that_is_no_text_is_a_problem_and_says_why(folder, name, data, message):
    if data.startswith(b"\x28\xb5"):
        pytest.importorskip("zstandard")
    (problem,) = read_bytes(folder, name, data)
    assert isinstance(problem, Problem)
    assert str(problem).startswith(message)


def test_missing_files_and_directories_are_problems_and_the_others_are_read(folder):
    (folder / "pages").mkdir()
    (folder / "ships.txt").write_text("Ships left.")
    (folder / "crawl").mkdir()
    for name in ("about", "b.htm"):
        (folder / "crawl" / name).write_text("<p>Ships left.")
    (told,) = read(["crawl"])
    assert told.message == "is a directory: name its files, such as crawl/*.htm"
    missing, directory, record = read(["none.txt", "pages", "ships.txt"])
    assert str(missing) == "none.txt: cannot be read: No such file or directory"
    assert str(directory) == "pages: is a directory: name its files, such as pages/*.txt"
    assert record.text == "Ships left."


# ---- JSON lines ----


def test_every_line_is_a_record_and_its_number_the_id_where_it_has_none(folder):
    first, second, third = read_lines(
        folder, '{"text": "One."}', "", '{"id": 7, "text": "Two."}', '{"text": ""}'
    )
    assert [first.id, second.id, third.id] == ["1", "7", "4"]
    assert [first.text, second.text, third.text] == ["One.", "Two.", ""]
    assert first.source == "some.jsonl"
    assert third.warnings == ("the text is empty",)


def test_all_fields_are_kept_as_they_were(folder):
    fields = {
        "text": "One.",
        "title": "T",
        "url": "https://example.org",
        "label": "reliable",
        "x": {"y": [1]},
    }
    record = read_fields(folder, **fields)
    assert record.fields == fields
    assert (record.title, record.url, record.label) == ("T", "https://example.org", "reliable")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "One."', "not JSON (Expecting ',' delimiter, column 16): one object per line is expected"),
        ("[1, 2]", "a JSON array: one object per line is expected"),
        ("null", "a JSON null: one object per line is expected"),
        ('{"id": 3}', f"no text: none of {NAMES}; it has id"),
        ("{}", f"no text: none of {NAMES}; it has no field"),
        ('{"text": null, "html": 5}', "field 'html' is a JSON number, expected a string"),
        ('{"text": 5}', "field 'text' is a JSON number, expected a string"),
        ('{"paragraphs": "One."}', "field 'paragraphs' is a JSON string, expected a list of strings"),
        ('{"paragraphs": ["One.", {"text": "Two."}]}',
         "field 'paragraphs', item 2, is a JSON object, expected a string"),
        ('{"text": "a\0b"}', "looks binary (NUL bytes): expected text"),
        ("[" * 100_000, "JSON nested too deeply: one object per line is expected"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_by_its_number_and_the_rest_is_read(folder, line, message):
    first, problem, last = read_lines(folder, '{"text": "One."}', line, '{"text": "Three."}')
    assert problem == Problem("some.jsonl", 2, message)
    assert str(problem) == f"some.jsonl:2: {message}"
    assert (first.id, last.id) == ("1", "3")


def test_a_line_in_another_encoding_does_not_touch_its_neighbours(folder):
    data = '{"text": "café"}\n'.encode() + '{"text": "café"}\n'.encode("cp1252")
    first, second = read_bytes(folder, "some.jsonl", data)
    assert first.text == second.text == "café"
    assert first.warnings == ()
    assert second.warnings == ("not UTF-8 (byte 0xe9 at 13): read as Windows-1252",)


def test_a_line_separator_inside_a_string_does_not_end_the_line(folder):
    (record,) = read_lines(folder, '{"text": "One.\u2028Two.\x85"}')
    assert record.text == "One.\u2028Two.\x85"


@pytest.mark.parametrize(
    "name", ["text", "content", "body", "raw_content", "page_content", "articleBody", "maintext"]
)
def test_common_names_of_the_text_are_found_by_themselves(folder, name):
    assert read_fields(folder, **{name: "One."}).text == "One."


@pytest.mark.parametrize(
    "name", ["date", "datePublished", "published", "publish_date", "date_publish", "created"]
)
def test_common_names_of_the_date_are_found_by_themselves(folder, name):
    assert read_fields(folder, text="One.", **{name: "2025-06-10T08:30:00Z"}).date == "2025-06-10"


def test_the_contracts_own_name_comes_first(folder):
    record = read_fields(folder, content="other", text="own", created="2020-01-01", date="2025-06-10")
    assert (record.text, record.date) == ("own", "2025-06-10")


def test_a_field_that_is_no_string_gives_way_to_one_that_is(folder):
    assert read_fields(folder, content={"a": 1}, body="One.").text == "One."


def test_a_name_that_is_given_is_the_only_one_looked_at(folder):
    names = FieldNames(id="key", text="article", title="head", date="day")
    record = read_fields(folder, names, key=9, article="One.", head="H", day="2025-06-10", text="not this")
    assert (record.id, record.text, record.title, record.date) == ("9", "One.", "H", "2025-06-10")
    problem = read_fields(folder, names, text="One.")
    assert problem.message == "no field 'article'; it has text"


def test_paragraphs_are_kept_and_joined_by_a_blank_line(folder):
    record = read_fields(folder, paragraphs=["One.", "", "Two.\nThree."])
    assert record.paragraphs == ("One.", "", "Two.\nThree.")
    assert record.text == "One.\n\n\n\nTwo.\nThree."
    assert read_fields(folder, FieldNames(text="blocks"), blocks=["One.", "Two."]).paragraphs == (
        "One.",
        "Two.",
    )


def test_beside_paragraphs_the_text_counts(folder):
    record = read_fields(folder, paragraphs=["One.", "Menu"], text="One.")
    assert (record.text, record.paragraphs) == ("One.", None)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2025-06-10", "2025-06-10"),
        (" 2025-06-10 08:30:00+02:00", "2025-06-10"),
        ("2024-02-29T00:00", "2024-02-29"),
        ("2025-06-10T23:59:59.5-11:00", "2025-06-10"),  # the day of where it was written
        ("10 June 2025", "2025-06-10"),
        ("10th of June, 2025", "2025-06-10"),
        ("10-Jun-2025", "2025-06-10"),
        ("June 10, 2025", "2025-06-10"),
        ("june 10th 2025, 8:30 pm", "2025-06-10"),
        ("Tuesday, Sept. 2, 2025", "2025-09-02"),
        ("Tue, 10 Jun 2025 08:30:00 +0200", "2025-06-10"),
        ("Sat, 07 Sep 02 00:00:01 GMT", "2002-09-07"),
    ],
)
def test_a_date_is_the_day_that_it_begins_with(value, day):
    assert iso_day(value) == day


def test_a_date_may_be_one_of_pythons_own():
    for value in (date(2025, 6, 10), datetime(2025, 6, 10, 8, 30)):
        assert Record.of({"text": "One.", "date": value}, 1).date == "2025-06-10"


@pytest.mark.parametrize(
    "value",
    ["2025-02-30", "2025-06", "2025-06-101", "", "yesterday", "31 June 2025", "10 June 25", "10 June 20251",
     "10 Juneau 2025", "since 10 June 2025"],
)  # fmt: skip
def test_any_other_date_is_refused_but_the_record_is_kept(folder, value):
    record = read_fields(folder, text="One.", date=value)
    assert (record.date, record.has_unread_date) == (None, True)
    assert record.warnings == (f"date {value!r} is not a day written YYYY-MM-DD; it is not used",)


@pytest.mark.parametrize(
    "value", ["03/04/2025", "10.06.2025", "3-4-2025 08:30", "2025/06/10", "1592697600", 1592697600, 1.5e9]
)
def test_numbers_alone_are_no_date_since_they_may_mean_several(folder, value):
    record = read_fields(folder, text="One.", created=value)
    assert (record.date, record.has_unread_date) == (None, True)
    assert record.warnings == (
        f"date {value!r} is not a day written YYYY-MM-DD, and numbers alone may mean several days; it is not used",
    )


def test_nul_characters_that_json_wrote_are_kept_with_a_warning(folder):
    record = read_fields(folder, text="One.\0\0")
    assert (record.text, record.warnings) == ("One.\0\0", ("2 NUL characters in the text",))


# ---- streams ----


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compression_is_told_by_the_first_bytes(folder, compress):
    assert read_bytes(folder, "a.jsonl.gz", compress(b'{"text": "One."}\n'))[0].text == "One."
    assert read_bytes(folder, "a.jsonl", compress(b'{"text": "One."}\n'))[0].text == "One."
    assert read_bytes(folder, "a.txt.xz", compress(b"One."))[0].text == "One."


def test_bzip2_is_known_by_its_name_and_its_first_block_and_not_by_letters_that_could_begin_a_text(folder):
    one, two = (bz2.compress((json.dumps({"text": text}) + "\n").encode()) for text in ("One.", "Two."))
    assert [r.text for r in read_bytes(folder, "a.jsonl.bz2", one + two)] == ["One.", "Two."]
    *records, problem = read_bytes(folder, "a.jsonl.bz2", one + two[:-20])
    assert [r.text for r in records] == ["One."]
    assert "the file breaks off here" in problem.message
    (problem,) = read_bytes(folder, "a.txt.bz2", bz2.compress(b""))
    assert problem.message == "is empty: there is no text in it"
    assert read_bytes(folder, "a.txt", b"BZh9 is a postcode.")[0].text == "BZh9 is a postcode."


def test_zstd_is_read_where_the_package_is_there(folder):
    zstandard = pytest.importorskip("zstandard")
    data = zstandard.compress(b'{"text": "One."}\n{"text": "Two."}\n')
    assert [r.text for r in read_bytes(folder, "a.jsonl.zst", data)] == ["One.", "Two."]


def test_zstd_of_several_frames_is_read_to_its_end_and_one_that_breaks_off_is_told(folder):
    zstandard = pytest.importorskip("zstandard")
    one, two = (zstandard.compress((json.dumps({"text": text}) + "\n").encode()) for text in ("One.", "Two."))
    assert [r.text for r in read_bytes(folder, "a.jsonl.zst", one + two)] == ["One.", "Two."]
    *records, problem = read_bytes(folder, "a.jsonl.zst", one + two[:-4])
    assert [r.text for r in records] == ["One."]
    assert "the file breaks off here" in problem.message


def test_without_the_package_zstd_is_a_problem_that_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    (problem,) = read_bytes(folder, "a.jsonl.zst", b"\x28\xb5\x2f\xfd\x00")
    assert problem.message == "is compressed with zstd: pip install zstandard, or unpack it first"


def test_what_stands_before_a_break_in_a_compressed_file_is_kept(folder):
    lines = b"".join(b'{"text": "Number %d."}\n' % k for k in range(50_000))
    items = read_bytes(folder, "a.jsonl.gz", gzip.compress(lines)[:-5_000])
    *records, problem = items
    assert len(records) > 1000
    assert all(isinstance(r, Record) for r in records)
    assert problem.line == len(records) + 1
    assert problem.message.startswith("the file breaks off here: ")


def test_standard_input_is_lines_when_it_begins_with_a_brace():
    def kinds(data, kind="auto"):
        return [
            r.text if isinstance(r, Record) else str(r)
            for r in read(["-"], kind=kind, stdin=io.BytesIO(data))
        ]

    assert kinds(b"Ships left.\n{}") == ["Ships left.\n{}"]
    assert kinds(b'\n {"text": "One."}\n{"text": "Two."}') == ["One.", "Two."]
    assert kinds(b'\xef\xbb\xbf{"text": "One."}') == ["One."]
    assert kinds(gzip.compress(b'{"text": "One."}')) == ["One."]
    assert kinds(b'{"text": "One."}', "text") == ['{"text": "One."}']
    assert kinds(b"Ships left.", "jsonl")[0].startswith("-:1: not JSON")
    assert kinds(b"") == ["-: is empty: there is no text in it"]


ARRAY = "a JSON array: write one JSON object per line (.jsonl); --input text scores it as it stands"
XML = "XML is not read: extract the texts first; --input text scores it as it stands"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'[{"text": "One."}]', ARRAY),
        (b'\xef\xbb\xbf[\n  {"text": "One."}\n]', ARRAY),
        (b'<?xml version="1.0"?><rss>', XML),
        (b"<!DOCTYPE article><article>", XML),
    ],
)
def test_what_begins_as_xml_or_a_json_array_is_no_text_unless_it_is_called_one(folder, data, message):
    (problem,) = read(["-"], stdin=io.BytesIO(data))
    assert problem == Problem("-", None, message)
    assert read_bytes(folder, "a.txt", data) == [Problem("a.txt", None, message)]
    (record,) = read_bytes(folder, "a.txt", data, kind="text")
    assert record.text == data.decode("utf-8-sig")


@pytest.mark.parametrize("text", ["[A note of the editor]", "<htmlish> is no tag.", "<b>One.</b>"])
def test_prose_may_begin_with_a_bracket(text):
    (record,) = read(["-"], stdin=io.BytesIO(text.encode()))
    assert record.text == text


def test_prose_that_begins_with_a_brace_is_told_how_it_can_be_read():
    first, second = read(["-"], stdin=io.BytesIO(b"{sic} Ships left.\n{sic} Ships came.\n"))
    assert first.message.startswith("not JSON (")
    assert first.message.endswith("one object per line is expected; for one text say --input text")
    assert second.message.endswith("one object per line is expected")


def test_lines_are_read_as_they_are_asked_for():
    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            line = b'{"text": "One more."}\n'
            buffer[: len(line)] = line
            return len(line)

    stream = io.BufferedReader(Endless(), 64)
    assert len(list(itertools.islice(read(["-"], stdin=stream), 3))) == 3


def test_twenty_megabytes_in_one_line_are_one_record(folder):
    text = "The ferry left on Monday. " * 800_000
    (record,) = read_lines(folder, json.dumps({"text": text}))
    assert record.text == text


def test_the_bytes_reported_are_those_of_the_files(folder):
    (folder / "a.txt").write_bytes(b"Ships left.")
    (folder / "b.jsonl").write_bytes(b'{"text": "One."}\n\n{"text": "Two."}\n')
    (folder / "c.jsonl.gz").write_bytes(gzip.compress(b'{"text": "One."}\n' * 100))
    heard = []
    list(read(["a.txt", "b.jsonl", "c.jsonl.gz"], on_bytes=heard.append))
    assert sum(heard) == sum((folder / name).stat().st_size for name in ("a.txt", "b.jsonl", "c.jsonl.gz"))


def test_an_unknown_kind_is_refused():
    with pytest.raises(
        ValueError, match="unknown kind of input 'pdf'; expected one of auto, text, html, jsonl"
    ):
        list(read(["-"], kind="pdf"))


@given(st.binary(max_size=200), st.sampled_from(["auto", "text", "html", "jsonl"]))
def test_no_bytes_whatever_stop_the_reading(data, kind):
    items = list(read(["-"], kind=kind, stdin=io.BytesIO(data)))
    assert items
    assert all(isinstance(item, Record | Problem) for item in items)


@given(
    st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text())))
)
def test_a_dict_is_a_record_or_says_why_not(fields):
    try:
        record = Record.of(fields, 1)
    except ValueError as error:
        assert str(error).startswith(("no text: ", "field '"))  # noqa: PT017 - either end is right
    else:
        assert isinstance(record.text, str)


def test_a_pipe_given_by_name_is_read_to_its_end(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lines = b'{"id": "a", "text": "Rain fell."}\n{"id": "b", "text": "Snow fell."}\n'
    writer = threading.Thread(target=pipe.write_bytes, args=(lines,))
    writer.start()
    heard = []
    records = list(read([str(pipe)], kind="jsonl", on_bytes=heard.append))
    writer.join()
    assert [r.text for r in records] == ["Rain fell.", "Snow fell."]
    assert sum(heard) == 0


def test_a_date_in_a_form_that_is_not_read_is_kept_apart_from_no_date() -> None:
    with pytest.raises(ValueError, match="is not a day"):
        iso_day("Mon, 42 Nov 2008")
    assert Record.of({"text": "x", "date": "early June"}, 1).has_unread_date
    assert not Record.of({"text": "x"}, 1).has_unread_date


# ---- pages ----

PAGE = b"<html><body><p>Ships left.</p></body></html>"


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.XHTML", "a.html.gz"])
def test_a_page_is_told_by_its_name(folder, name):
    data = gzip.compress(b"<p>Ships left.") if name.endswith(".gz") else b"<p>Ships left."
    (record,) = read_bytes(folder, name, data)
    assert (record.html, record.text, record.id) == ("<p>Ships left.", "", name)


@pytest.mark.parametrize(
    "data",
    [PAGE, b"\xef\xbb\xbf\n" + PAGE, b"<!doctype HTML>" + PAGE, b"<!-- saved --> <!-- twice -->\n" + PAGE,
     b'<?xml version="1.0"?>\n' + PAGE],
)  # fmt: skip
def test_a_page_is_told_by_how_it_begins(folder, data):
    (record,) = read_bytes(folder, "a.txt", data)
    assert record.html == data.decode("utf-8-sig")
    assert next(iter(read(["-"], stdin=io.BytesIO(data)))).html == record.html
    (record,) = read_bytes(folder, "a.txt", data, kind="text")
    assert record.html is None


def test_a_fragment_is_a_page_where_it_is_called_one(folder):
    assert read_bytes(folder, "a.txt", b"<b>One.</b>", kind="html")[0].html == "<b>One.</b>"


def test_a_record_of_a_page_has_no_text_yet_and_no_warning(folder):
    record = read_fields(folder, html="<p>Ships left.", id="x")
    assert (record.html, record.text, record.warnings) == ("<p>Ships left.", "", ())
    assert read_fields(folder, html="<p>Ships left.", text="Ships came.").html is None
    assert read_fields(folder, html="<p>Ships left.", paragraphs=["Ships came."]).html is None


def test_a_text_that_begins_as_a_page_is_one_in_whatever_field_it_stands(folder):
    page = PAGE.decode()
    assert [read_fields(folder, **{name: page}).html for name in ("text", "content", "raw_content")] == [
        page
    ] * 3
    assert read_fields(folder, names=FieldNames(text="raw"), raw=page).html == page
    assert read_fields(folder, text="In <html> all begins.").html is None


def test_a_blank_text_beside_a_page_does_not_hide_it(folder):
    assert read_fields(folder, text=" ", html="<p>Ships left.").html == "<p>Ships left."
    assert read_fields(folder, text=" ").warnings == ("the text is empty",)


@pytest.mark.parametrize(
    ("head", "charset", "text"),
    [
        ('<meta charset="windows-1251">', "cp1251", "Корабли ушли"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">', "cp932", "船が出た①"),
        ("<meta charset=gb2312>", "gb18030", "船离开了镕"),
        ('<?xml version="1.0" encoding="iso-8859-2"?>', "iso-8859-2", "łodzie odpłynęły"),
        ("<META CHARSET='iso-8859-1'>", "cp1252", "Ships “left”"),
        ("<meta charset=iso-2022-jp>", "iso-2022-jp", "船が出た"),
        # declared wrongly: it is UTF-8 whatever the page says
        ("<meta charset=iso-8859-1>", "utf-8", "Ships “left”"),
        ("", "utf-16", "Ships “left”"),
    ],
)
def test_a_page_is_read_by_the_charset_it_is_in(head, charset, text):
    page = f"{head}<p>{text}</p>"
    assert decode_page(page.encode(charset)) == (page, ())


@pytest.mark.parametrize(
    "head",
    [
        "",
        "<meta charset=utf-8>",
        "<meta charset=no-such>",
        "<meta charset=undefined>",
        "<meta charset=utf-16>",
        "<meta charset=utf-16 >",
    ],
)
def test_a_page_in_no_charset_that_it_names_is_read_as_windows_1252_with_a_warning(head):
    page = f"{head}<p>Ships “left”"
    text, (warning,) = decode_page(page.encode("cp1252"))
    assert text == page
    assert warning.endswith("read as Windows-1252")


def test_what_http_declares_comes_before_what_the_page_does():
    assert decode_page("<meta charset=koi8-r><p>Да".encode("cp1251"), "windows-1251")[0].endswith("<p>Да")


@pytest.mark.parametrize(
    ("head", "name", "charset", "text"),
    [
        ("", "windows-31j", "cp932", "船が出た①"),
        ("<meta charset=iso8859-1>", None, "cp1252", "Ships “left”"),
        ("<meta charset=L1>", None, "cp1252", "Ships “left”"),
        ("<meta charset=x-mac-cyrillic>", None, "mac-cyrillic", "Корабли"),
        ("", ' "ISO-8859-2" ', "iso-8859-2", "łodzie"),
        # in what it names the name could not have been read; HTTP may say so all the same
        ("<meta charset=utf-16le>", None, "utf-8", "Ships “left”"),
        ("", "utf-16le", "utf-16-le", "Ships “left”"),
        ("<!-- <meta charset=koi8-r> --><meta charset=windows-1251>", None, "cp1251", "Корабли"),
    ],
)
def test_charsets_have_the_names_that_browsers_know(head, name, charset, text):
    page = f"{head}<p>{text}</p>"
    assert decode_page(page.encode(charset), name) == (page, ())


@pytest.mark.parametrize(
    "name", ["unicode_escape", "utf-7", "rot13", "utf\0-8", "utf-32", "iso-2022-kr", "ü", "idna"]
)
def test_no_other_codec_of_python_reads_a_page(name):
    page = "<p>caf\xe9 C:\\new \\u0041 +AGE-"
    text, (warning,) = decode_page(page.encode("cp1252"), name)
    assert text == page
    assert warning.endswith("read as Windows-1252")


@pytest.mark.parametrize(
    ("data", "text", "warning"),
    [
        # declared, and more than half of it reads well
        ("<meta charset=utf-8>“Ships” ".encode() + b"caf\xe9!", "<meta charset=utf-8>“Ships” caf\ufffd!", "byte 0xe9 at 35"),
        # declared, and cut
        (b"<meta charset=utf-8>caf\xc3", "<meta charset=utf-8>caf\ufffd", "byte 0xc3 at 23"),
        # not declared, or declared otherwise, and nearly all of it reads well
        ("é".encode() * 20 + b"\xe9!", "é" * 20 + "\ufffd!", "byte 0xe9 at 40"),
        (b"<meta charset=koi8-r>" + "é".encode() * 20 + b"\xe9!", "<meta charset=koi8-r>" + "é" * 20 + "\ufffd!", "0xe9 at 61"),
        # what stood for a slip before is none of ours
        ("\ufffd".encode() * 9 + "é".encode() * 20 + b"\xe9!", "\ufffd" * 9 + "é" * 20 + "\ufffd!", "not utf-8 in 1 place "),
        # other charsets break off too
        (b"<meta charset=shift_jis>" + "船が".encode("cp932")[:-1], "<meta charset=shift_jis>船\ufffd", "not cp932 in 1 place"),
    ],
)  # fmt: skip
def test_a_slip_or_a_cut_makes_no_page_unreadable(data, text, warning):
    found, (told,) = decode_page(data)
    assert found == text
    assert warning in told
    assert told.endswith("read with U+FFFD there")


@pytest.mark.parametrize(
    "page",
    ["é" * 19 + "Ã©é", "<meta charset=utf-8>“Ships”", "caf\xc3"],
    ids=["too few read well", "none reads well", "cut, and nothing declared"],
)
def test_what_reads_badly_as_utf_8_is_windows_1252(page):
    text, (warning,) = decode_page(page.encode("cp1252"))
    assert text == page
    assert warning.endswith("read as Windows-1252")


def test_a_few_nul_bytes_make_no_page_binary():
    assert decode_page(b"<p>Ships\0 left." + b" Ships came." * 20)[0].startswith("<p>Ships left.")


def test_where_texts_are_needed_a_page_is_a_problem(folder):
    (folder / "a.html").write_bytes(PAGE)
    (folder / "b.jsonl").write_text('{"id": "x", "html": "<p>Ships left."}\n{"text": "Ships left."}\n')
    page, record, text = read_texts(["a.html", "b.jsonl"])
    assert str(page) == "a.html: a page of HTML, where a text is needed: extract its text first"
    assert str(record).startswith("b.jsonl: record x: a page of HTML")
    assert text.text == "Ships left."
