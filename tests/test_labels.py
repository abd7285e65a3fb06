"""Label files: one way of reading them, whoever asks, and one word on everything that is wrong with them."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from quality.cli import main
from quality.learn.base import load
from quality.learn.labels import labelled_texts, read_labels, refused
from quality.records import Problem

ROW = {"id": "x", "text": "The ferry was late on Monday.", "label": "reliable"}


def written(path: Path, *rows: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), "utf8")
    return path


def one(tmp_path: Path, **fields: Any) -> Any:
    (item,) = labelled_texts([written(tmp_path / "a.jsonl", ROW | fields)])
    return item


def test_the_corpus_is_what_was_asked_for_or_the_field_or_the_name_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "farm.v2.jsonl", ROW | {"corpus": "mine"}, ROW)
    assert [text.corpus for text in labelled_texts([path])] == ["mine", "farm.v2"]
    assert [text.corpus for text in labelled_texts([path], "all of it")] == ["all of it"] * 2


def test_files_of_one_name_in_two_folders_are_two_corpora(tmp_path: Path) -> None:
    paths = [written(tmp_path / folder / "news.jsonl", {"text": "A."}) for folder in ("north", "south")]
    texts = list(labelled_texts(paths))
    assert [text.corpus for text in texts] == ["north/news", "south/news"]
    assert [text.id for text in texts] == ["north/news:1", "south/news:1"]


def test_a_folder_is_the_files_of_records_in_it(tmp_path: Path) -> None:
    written(tmp_path / "some" / "b.ndjson", ROW)
    written(tmp_path / "some" / "a.jsonl", ROW)
    written(tmp_path / "some" / "base.json", "{}")
    written(tmp_path / "some" / "inner.jsonl" / "c.jsonl", ROW)
    assert [text.corpus for text in labelled_texts([tmp_path / "some"])] == ["a", "b"]
    (problem,) = labelled_texts([written(tmp_path / "none" / "x.txt", "A.").parent])
    assert "is a directory" in problem.message


def test_a_group_may_be_the_number_nought_and_a_text_without_one_stands_alone(tmp_path: Path) -> None:
    assert one(tmp_path, group=0).group == "0"
    assert one(tmp_path, group=3.0).group == "3"
    for nothing in (None, "", float("nan")):
        assert one(tmp_path, group=nothing).group == "a:x"


def test_a_text_without_an_id_is_called_after_its_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", {"text": "A."}, "", ROW | {"id": None}, ROW | {"id": 0})
    assert [(text.id, text.group) for text in labelled_texts([path])] == [
        ("a:1", "a:1"), ("a:3", "a:3"), ("0", "a:0")
    ]  # fmt: skip


def test_a_text_may_wait_for_its_label(tmp_path: Path) -> None:
    assert [one(tmp_path, label=label).label for label in (None, "", "unclear")] == ["", "", "unclear"]


def test_no_paragraph_label_is_the_same_as_none_given(tmp_path: Path) -> None:
    assert one(tmp_path, paragraph_labels=[]).roles is None
    assert one(tmp_path, paragraph_labels=None).roles is None
    assert one(tmp_path, paragraph_labels=[None]).roles == (None,)


def test_given_paragraphs_are_kept_as_they_are_cut(tmp_path: Path) -> None:
    parts = ["One.\nStill one.", "Two."]
    item = one(tmp_path, text=None, paragraphs=parts, paragraph_labels=["content", "filler"])
    assert (item.text, item.paragraphs, item.roles) == ("", tuple(parts), ("content", "filler"))
    assert (item.record.text, item.record.paragraphs) == ("One.\nStill one.\n\nTwo.", tuple(parts))


def test_a_date_is_read_as_everywhere_else(tmp_path: Path) -> None:
    assert one(tmp_path, date="10 June 2025").date == "2025-06-10"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label": "good"}, "label 'good' is unknown; expected one of"),
        ({"label": 0}, "label 0 is unknown"),
        ({"label": ["reliable"]}, "label ['reliable'] is unknown"),
        ({"text": " \n"}, "the text is empty"),
        ({"paragraph_labels": ["advert"]}, "paragraph label 'advert' is unknown"),
        ({"paragraph_labels": "content"}, "paragraph_labels is no list but str"),
        ({"paragraph_labels": ["content", None]}, "2 paragraph labels for 1 paragraph; "),
        ({"date": "03/04/2025"}, "numbers alone may mean several days"),
        ({"group": ["a"]}, "group ['a'] is neither a name nor a whole number"),
        ({"kind": True}, "kind True is neither"),
        ({"id": 1.5}, "id 1.5 is neither"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_the_record_left_out(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    path = written(tmp_path / "a.jsonl", ROW, ROW | fields)
    text, problem = labelled_texts([path])
    assert text.id == "x"
    assert isinstance(problem, Problem)
    assert (problem.source, problem.line) == (str(path), 2)
    assert said in problem.message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("paragraph_label", "paragraph_labels"),
        ("Paragraph-Labels", "paragraph_labels"),
        ("groups", "group"),
        ("kinds", "kind"),
    ],
)
def test_a_misspelt_label_is_told_and_not_passed_over(tmp_path: Path, name: str, meant: str) -> None:
    item = one(tmp_path, **{name: ["filler"]})
    assert item.message == (
        f"record x: the field {name!r} is not read: is {meant!r} meant? Else give it another name"
    )


def test_fields_of_ones_own_pass(tmp_path: Path) -> None:
    own = {
        "labels": ["sport"],
        "update": "noon",
        "data": 1,
        "corpus_id": 7,
        "group_name": "a",
        "mood": "glad",
    }
    assert one(tmp_path, **own).label == "reliable"  # which has its label: "labels" is another matter
    item = one(tmp_path, paragraph_labels=["filler"], paragraph_label="filler")
    assert item.roles == ("filler",)


def test_what_is_expected_as_a_label_is_told_as_it_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ROW | {"label": "good"})
    refusal = f"{path}:1: record x: label 'good' is unknown; expected one of unreliable, reliable, unclear"
    assert read_labels([path]) == ([], [refusal])
    assert [str(item) for item in labelled_texts([path])] == [f"{refusal}, or none yet"]


def test_whoever_learns_needs_a_label(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", ROW, {"id": "y", "text": "A."})
    texts, problems = read_labels([path])
    assert [text.id for text in texts] == ["x"]
    assert problems == [f"{path}:2: record y: no label; expected one of unreliable, reliable, unclear"]


def test_nobody_learns_from_a_kind_that_only_programs_give(tmp_path: Path) -> None:
    texts, problems = read_labels([written(tmp_path / "a.jsonl", ROW | {"kind": "spoilt:leak"})])
    assert problems == []
    (reason,) = refused(texts, load(Path(__file__).parents[1] / "labelled" / "base"))
    assert reason.startswith("x: kind 'spoilt:leak': a colon marks texts that were spoilt by program")


def packed(path: Path, ending: str) -> Path:
    content = path.read_bytes()
    if ending == ".zst":
        zstandard = pytest.importorskip("zstandard")
        content = zstandard.ZstdCompressor().compress(content)
    elif ending:
        content = {".gz": gzip.compress, ".xz": lzma.compress}[ending](content)
    target = path.with_name(path.name + ending)
    target.write_bytes(content)
    return target


@pytest.mark.parametrize("ending", ["", ".gz", ".xz", ".zst"])
def test_packed_files_are_read(tmp_path: Path, ending: str) -> None:
    path = packed(written(tmp_path / "a.jsonl", ROW), ending)
    (text,) = labelled_texts([path])
    assert (text.id, text.corpus) == ("x", "a")


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_a_packed_file_that_breaks_off_ends_with_two(tmp_path: Path, ending: str, command: str) -> None:
    rows = [ROW | {"id": str(k), "text": f"The ferry was late on day {k * k}."} for k in range(2000)]
    path = packed(written(tmp_path / "a.jsonl", *rows), ending)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    more = ["-o", str(tmp_path / "mine")] if command == "train" else ["--quick", "--by", "kind"]
    done = CliRunner().invoke(main, [command, str(path), *more])
    assert done.exit_code == 2
    assert f"{path}:" in done.output
    assert "the file breaks off here" in done.output


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_file_that_is_no_json_ends_with_two(tmp_path: Path, command: str) -> None:
    path = written(tmp_path / "a.txt", "The ferry was late.")
    more = ["-o", str(tmp_path / "mine")] if command == "train" else ["--quick"]
    done = CliRunner().invoke(main, [command, str(path), *more])
    assert done.exit_code == 2
    assert f"{path}:1: not JSON" in done.output
