"""The stage before all others: every record kept, dropped or set aside, and the same whatever happened meanwhile."""

import gzip
import json
import math
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from quality import cli
from quality import filter as engine
from quality.containers import Feed
from quality.counts import Counts
from quality.decisions import Decision, Plan, decide, kept_text
from quality.folders import listed
from quality.html import Extraction
from quality.html.metadata import Metadata
from quality.processes import processes
from quality.records import Record
from quality.report import Finding, Paragraph, Policy, Report, Threshold
from quality.scorer import Scorer

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "quality", "filter"]
FAIR = (ROOT / "labelled" / "examples" / "fair.txt").read_text("utf8")
FARM = (ROOT / "labelled" / "examples" / "farm.txt").read_text("utf8")


def run(*arguments, text=None):
    return CliRunner().invoke(cli.main, ["filter", *map(str, arguments)], input=text)


def write_lines(path, *records):
    path.write_text("".join(json.dumps(r) + "\n" if isinstance(r, dict) else r + "\n" for r in records))
    return path


def read_lines(path):
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def corpus(tmp_path):
    """A sound text, a farm's, one too short, one in paragraphs."""
    return write_lines(
        tmp_path / "in.jsonl",
        {"id": "fair", "text": FAIR, "n": 1},
        {"id": "farm", "text": FARM, "n": 2},
        {"id": "short", "text": "Ships left on Monday.", "n": 3},
        {"id": "parts", "paragraphs": FARM.split("\n\n"), "n": 4},
    )


# ---- what becomes of a record ----


def test_annotate_adds_one_field_to_every_record_and_drops_none(corpus, tmp_path):
    done = run(corpus, "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 0
    before, after = corpus.read_text().splitlines(), (tmp_path / "out.jsonl").read_text().splitlines()
    for old, new in zip(before, after, strict=True):
        assert new.startswith(old[:-1] + ', "quality": {"reliability": ')
    found = {r["id"]: r["quality"] for r in map(json.loads, after)}
    assert {id: f["verdict"] for id, f in found.items()} == {
        "fair": "keep",
        "farm": "drop",
        "short": "unsure",
        "parts": "drop",
    }
    assert found["fair"]["reasons"] == []
    assert found["short"]["reasons"] == ["few_words"]
    assert "leak.chatbot" in found["farm"]["reasons"]
    assert set(found["fair"]) == {"reliability", "verdict", "policy", "reasons", "model"}
    assert found["fair"]["reliability"] == Scorer.load().score(FAIR).reliability
    assert done.stderr.splitlines()[-1] == "quality: in 4 = kept 4 + dropped 0 + quarantined 0"


def test_drop_leaves_out_what_is_dropped_and_puts_it_elsewhere_with_the_reasons(corpus, tmp_path):
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--mode", "drop", "--dropped", tmp_path / "no.jsonl.gz")
    assert done.exit_code == 0
    assert [r["id"] for r in read_lines(tmp_path / "out.jsonl")] == ["fair", "short"]
    dropped = read_lines(tmp_path / "no.jsonl.gz")
    assert [(r["id"], r["n"]) for r in dropped] == [("farm", 2), ("parts", 4)]
    assert all("leak.chatbot" in r["quality"]["reasons"] for r in dropped)
    told = done.stderr.splitlines()
    assert told[-1] == "quality: in 4 = kept 2 + dropped 2 + quarantined 0"
    assert re.search(r"^quality: dropped: .*leak\.chatbot 2", done.stderr, re.MULTILINE)


def test_clean_takes_out_paragraphs_and_leaves_the_rest_byte_for_byte(corpus, tmp_path):
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--mode", "clean")
    assert done.exit_code == 0
    fair, farm, short, parts = read_lines(tmp_path / "out.jsonl")
    assert (fair["text"], short["text"]) == (FAIR, "Ships left on Monday.")
    assert "Read also" not in farm["text"]
    assert "Skip to main content" not in farm["text"]
    head, *kept = farm["text"].rstrip("\n").split("\n\n")
    assert head == "Port fees on car carriers to be cut in autumn"
    assert set(kept) < set(FARM.split("\n\n"))
    assert farm["text"].endswith("\n")
    assert farm["quality"]["removed"]["characters"] == len(FARM) - len(farm["text"]) > 0
    assert parts["paragraphs"] == FARM.split("\n\n")
    assert "Skip to main content" not in parts["text"]
    assert "\n\nUnder the new scale" in parts["text"]
    assert list(parts) == ["id", "paragraphs", "n", "text", "quality"]


def test_a_text_of_which_nothing_is_left_is_dropped_by_clean(tmp_path):
    path = write_lines(
        tmp_path / "in.jsonl", {"id": "menu", "text": "Share this article\n\nSubscribe to our newsletter"}
    )
    done = run(path, "-o", tmp_path / "out.jsonl", "--mode", "clean", "--dropped", tmp_path / "no.jsonl")
    assert done.exit_code == 1
    (dropped,) = read_lines(tmp_path / "no.jsonl")
    assert dropped["text"] == "Share this article\n\nSubscribe to our newsletter"
    assert dropped["quality"]["reasons"] == ["few_words", "nothing_left"]
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_a_text_of_one_paragraph_is_not_taken_out_for_its_looks_alone(tmp_path):
    texts = ["Prices", "Latest prices", "Subscribe to our newsletter", ""]
    assert [Scorer.load().score(t).paragraphs[0].role for t in texts[:3]] == ["boilerplate"] * 3
    path = write_lines(tmp_path / "in.jsonl", *({"id": str(k), "text": t} for k, t in enumerate(texts)))
    done = run(path, "-o", tmp_path / "out.jsonl", "--mode", "clean", "--dropped", tmp_path / "no.jsonl")
    kept = read_lines(tmp_path / "out.jsonl")
    assert [r["text"] for r in kept] == texts[:2]
    assert kept[0]["quality"]["removed"] == {"boilerplate": 0, "filler": 0, "duplicate": 0, "characters": 0}
    dropped = read_lines(tmp_path / "no.jsonl")
    assert [r["text"] for r in dropped] == texts[2:]
    assert dropped[0]["quality"]["removed"]["boilerplate"] == 1
    assert done.stderr.splitlines()[1:] == [
        "quality: dropped: nothing_left 2",  # and not what else is said of them, such as few words
        "quality: in 4 = kept 2 + dropped 2 + quarantined 0",
    ]


def test_clean_writes_to_the_field_that_was_read(tmp_path):
    path = write_lines(tmp_path / "in.jsonl", {"body": FARM, "text": "mine"}, {"body": FAIR.split("\n\n")})
    run(path, "-o", tmp_path / "out.jsonl", "--mode", "clean", "--text-field", "body")
    one, two = read_lines(tmp_path / "out.jsonl")
    assert one["text"] == "mine"
    assert len(one["body"]) < len(FARM)
    assert two["body"] == FAIR.split("\n\n")
    assert two["text"] == FAIR


def test_with_text_adds_the_text_to_paragraphs_only(corpus, tmp_path):
    run(corpus, "-o", tmp_path / "out.jsonl", "--with-text")
    fair, _, _, parts = read_lines(tmp_path / "out.jsonl")
    assert list(fair) == ["id", "text", "n", "quality"]
    assert parts["text"] == "\n\n".join(parts["paragraphs"])


@pytest.mark.parametrize("mode", ["annotate", "drop", "clean"])
def test_a_page_gets_its_text_in_every_mode(mode):
    record = Record(id="1", source="", text="Ships left.", fields={"html": "<p>Ships left.</p>"})
    report = reported("Ships left.", [(0, 11, "content")])
    assert decide(Plan(mode=mode), POLICY, report, record)[3:5] == ("Ships left.", "text")
    given = Record.of({"html": "x", "content": "Ships left."}, 1)
    assert decide(Plan(mode=mode), POLICY, report, given)[3:5] == (None, "content")


def test_a_careful_run_leaves_more_in_the_text(tmp_path):
    lines = (
        "Port fees on car carriers to be cut in autumn",
        "Port fees on foreign-built car carriers will be cut by a third from October, the Maritime Administration said on Thursday.",
        "Under the new scale a ship of 7,000 cars will pay about 310,000 dollars a call, which owners had called ruinous.",
        "Car carriers",
        "Share this article",
    )
    path = write_lines(tmp_path / "in.jsonl", {"id": "a", "text": "\n\n".join(lines)})
    for options, n_kept in (((), 3), (("--careful",), 4)):
        done = run(path, "-o", tmp_path / "out.jsonl", "--mode", "clean", *options)
        assert done.exit_code == 0, done.stderr
        (record,) = read_lines(tmp_path / "out.jsonl")
        assert record["text"].split("\n\n") == list(lines[:n_kept])


def test_pages_are_read_in_the_way_asked_for(tmp_path, monkeypatch):
    asked = []

    def extract(pages, urls, odds, mode):
        asked.append(mode)
        return [Extraction((FAIR,), (0.1,), Metadata(), ()) for _ in pages]

    monkeypatch.setattr("quality.html.extract", extract)
    path = write_lines(tmp_path / "in.jsonl", {"id": "a", "html": "<p>x</p>"})
    for options in ((), ("--html", "full"), ("--html", "fast")):
        done = run(path, "-o", tmp_path / "out.jsonl", *options)
        assert done.exit_code == 0, done.stderr
        assert read_lines(tmp_path / "out.jsonl")[0]["text"] == FAIR
    assert asked == ["full", "full", "fast"]


@pytest.mark.parametrize("others", [{"careful": True}, {"pages": "fast"}])
def test_how_it_is_read_is_part_of_what_a_resumed_run_is_compared_by(others):
    from quality.filter import _terms

    assert _terms(Plan(**others), [], {}) != _terms(Plan(), [], {})


def test_the_text_of_a_page_is_read_and_written_through_one_door(tmp_path, monkeypatch):
    real = Record.of.__func__

    def of(cls, fields, number, **more):
        record = real(cls, {"text": re.sub("<[^>]*>", "", fields["html"])}, number, **more)
        return replace(record, fields=fields)

    monkeypatch.setattr(Record, "of", classmethod(of))
    page = "".join(f"<p>{part}</p>\n\n" for part in FARM.split("\n\n"))
    path = write_lines(tmp_path / "in.jsonl", {"id": "a", "html": page, "url": "https://a.example/"})
    for mode in ("annotate", "clean"):
        assert run(path, "-o", tmp_path / "out.jsonl", "--mode", mode, "--with-text").exit_code == 0
        (out,) = read_lines(tmp_path / "out.jsonl")
        assert list(out) == ["id", "html", "url", "text", "quality"]
        assert ("Skip to main content" in out["text"]) == (mode == "annotate")
        assert "Under the new scale" in out["text"]


POLICY = Policy("default", 0.6, 0.3, 5, 0.1)


def reported(text, paragraphs, reliability=0.9, hard=False, policy=POLICY):
    roles = dict.fromkeys(("content", "boilerplate", "filler", "duplicate"), 0.25)
    found = (Finding("leak.chatbot", "hard", 0, 0, 3, text[:3], "a leak", {}),) if hard else ()
    verdict = policy.verdict(reliability, n_words=9, stop_word_share=0.4, hard=hard)
    parts = tuple(Paragraph(i, s, e, role, roles, 0.5) for i, (s, e, role) in enumerate(paragraphs))
    as_of = {"date": None, "from": "none"}
    model = {"name": "default", "digest": "9f2c" * 16}
    return Report("1", "", reliability, verdict, policy.name, as_of, parts, found, (), 0.4, model)


def test_what_stands_on_a_paragraphs_line_goes_with_it_and_the_widest_gap_stays():
    text = "\n1. One.\r\n\r\n2. Two.\n• Three.\n\nFour.\n"
    places = [(text.index(w), text.index(w) + len(w)) for w in ("One.", "Two.", "Three.", "Four.")]
    record = Record(id="1", source="", text=text)

    def kept(*roles):
        return kept_text(reported(text, [(*p, r) for p, r in zip(places, roles, strict=True)]), record)

    c, b = "content", "boilerplate"
    assert kept(c, c, c, c) == text
    assert kept(b, c, c, c) == "\n2. Two.\n• Three.\n\nFour.\n"
    assert kept(c, b, b, c) == "\n1. One.\r\n\r\nFour.\n"
    assert kept(c, c, b, b) == "\n1. One.\r\n\r\n2. Two.\n"
    assert kept(b, c, b, c) == "\n2. Two.\n\nFour.\n"
    assert kept(b, b, b, b) == ""


@given(st.lists(st.tuples(st.sampled_from(["One.", "* Two.", "3. Three"]), st.sampled_from(["\n", "\n\n", "\r\n"])), min_size=1, max_size=6), st.data())  # fmt: skip
def test_what_is_kept_is_the_kept_paragraphs_in_their_order(lines, data):
    text = "".join(line + end for line, end in lines)
    at, spans = 0, []
    for line, end in lines:
        mark = len(line) - len(line.lstrip("*3. "))
        spans.append((at + mark, at + len(line)))
        at += len(line + end)
    roles = data.draw(
        st.lists(st.sampled_from(["content", "filler"]), min_size=len(spans), max_size=len(spans))
    )
    report = reported(text, [(*s, r) for s, r in zip(spans, roles, strict=True)])
    kept = kept_text(report, Record(id="1", source="", text=text))
    assert kept.split() == [
        w for (line, _), r in zip(lines, roles, strict=True) if r == "content" for w in line.split()
    ]


# ---- policies ----


def verdicts(corpus, tmp_path, *options):
    done = run(corpus, "-o", tmp_path / "out.jsonl", *options)
    assert done.exit_code == 0, done.stderr
    return {
        r["id"]: (r["quality"]["verdict"], r["quality"]["policy"]) for r in read_lines(tmp_path / "out.jsonl")
    }


def test_policies_of_the_model_are_known_by_name(corpus, tmp_path):
    assert verdicts(corpus, tmp_path, "--policy", "strict")["fair"] == ("keep", "strict")


def test_hard_only_drops_by_hard_evidence_whatever_the_number(corpus, tmp_path):
    text = FAIR.replace("Under the new scale", "As an AI language model I cannot browse. Under the new scale")
    write_lines(
        corpus, {"id": "fair", "text": FAIR}, {"id": "hard", "text": text}, {"id": "short", "text": "Ships."}
    )
    assert verdicts(corpus, tmp_path, "--policy", "hard-only") == {
        "fair": ("keep", "hard-only"),
        "hard": ("drop", "hard-only"),
        "short": ("unsure", "hard-only"),
    }


def test_a_threshold_cuts_by_the_number_but_never_a_text_that_is_unsure(corpus, tmp_path):
    assert verdicts(corpus, tmp_path, "--threshold", "0.99") == {
        "fair": ("drop", "threshold 0.99"),
        "farm": ("drop", "threshold 0.99"),
        "short": ("unsure", "threshold 0.99"),
        "parts": ("drop", "threshold 0.99"),
    }
    assert read_lines(tmp_path / "out.jsonl")[0]["quality"]["reasons"] == ["below_threshold"]
    assert verdicts(corpus, tmp_path, "--threshold", "0")["farm"] == ("keep", "threshold 0.0")


def test_a_threshold_still_says_unsure_where_it_does_not_know():
    policy = Threshold("mine", 0.5, 0.5, 5, 0.1)
    assert policy.verdict(0.4, n_words=9, stop_word_share=0.4, hard=False) == "drop"
    assert policy.verdict(0.4, n_words=4, stop_word_share=0.4, hard=False) == "unsure"
    assert policy.verdict(None, n_words=0, stop_word_share=0.4, hard=False) == "unsure"
    assert policy.verdict(0.4, n_words=4, stop_word_share=0.4, hard=True) == "drop"
    assert policy.verdict(0.5, n_words=9, stop_word_share=0.4, hard=False) == "keep"


# ---- bad records ----

BAD = [
    ('{"id": "broken", "text": "x', "not_json"),
    ('{"id": "none"}', "no_text"),
    ('{"id": "nul", "text": "a\0b"}', "not_text"),
    ('{"id": "other", "text": ["a", 3]}', "no_text"),
    ('{"id": "mine", "text": "x", "quality": 1}', "key_taken"),
    ('{"id": "huge", "text": "%s"}' % ("x" * 30_000), "too_large"),
]


def test_a_bad_record_is_set_aside_alone(corpus, tmp_path):
    good = corpus.read_text().splitlines()
    mixed = [line for k, (bad, _) in enumerate(BAD) for line in ([good[k]] if k < 4 else []) + [bad]]
    write_lines(tmp_path / "mixed.jsonl", *mixed)
    run(corpus, "-o", tmp_path / "alone.jsonl")
    done = run(
        tmp_path / "mixed.jsonl", "-o", tmp_path / "out.jsonl", "--quarantine", tmp_path / "q.jsonl",
        "--max-bytes", "20000",
    )  # fmt: skip
    assert done.exit_code == 0
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "alone.jsonl").read_bytes()
    assert done.stderr.splitlines()[-1] == "quality: in 10 = kept 4 + dropped 0 + quarantined 6"
    aside = read_lines(tmp_path / "q.jsonl")
    assert [(r["line"], r["reason"]) for r in aside] == list(
        zip([2, 4, 6, 8, 9, 10], [reason for _, reason in BAD], strict=True)
    )
    assert [r["id"] for r in aside] == [None, "none", None, "other", "mine", None]
    assert set(aside[0]) == {"source", "line", "id", "reason", "error", "sha256", "head"}
    assert aside[0]["head"] == '{"id": "broken", "text": "x'
    assert aside[5]["head"].startswith('{"id": "huge", "text": "xxx')
    assert all(re.fullmatch("[0-9a-f]{64}", r["sha256"]) for r in aside)


def test_a_record_that_makes_scoring_fail_is_set_aside_alone(corpus, tmp_path, monkeypatch):
    real = Scorer.columns_of

    def fails(self, records):
        if any("Ships left on Monday." in r.text for r in records):
            raise ZeroDivisionError("as in a bug")
        return real(self, records)

    monkeypatch.setattr(Scorer, "columns_of", fails)
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--quarantine", tmp_path / "q.jsonl", "--strict")
    assert done.exit_code == 4
    assert [r["id"] for r in read_lines(tmp_path / "out.jsonl")] == ["fair", "farm", "parts"]
    (aside,) = read_lines(tmp_path / "q.jsonl")
    assert (aside["line"], aside["id"], aside["reason"]) == (3, "short", "scoring_failed")
    assert aside["error"] == "scoring failed: ZeroDivisionError: as in a bug"
    assert aside["head"] == corpus.read_text().splitlines()[2]


def test_a_run_whose_counts_do_not_add_up_fails_and_leaves_no_output(corpus, tmp_path, monkeypatch):
    real = engine.judge

    def forgets(plan, chunk, first):
        outcome = real(plan, chunk, first)
        outcome.counts.kept -= 1
        return outcome

    monkeypatch.setattr(engine, "judge", forgets)
    done = run(corpus, "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 2
    assert "does not add up: in 4 = kept 3 + dropped 0 + quarantined 0" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_an_input_that_breaks_off_is_used_as_far_as_it_goes_and_the_run_ends_with_2(corpus, tmp_path):
    whole = gzip.compress(corpus.read_bytes() * 50 + b'{"id": "%s"}\n' % os.urandom(5000).hex().encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:-3000])
    done = run(tmp_path / "cut.jsonl.gz", corpus, "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 2
    n = len(read_lines(tmp_path / "out.jsonl"))
    assert n == 51 * 4  # all that is whole
    assert f"= kept {n} + dropped 0 + quarantined 1" in done.stderr
    assert re.search(r"cut\.jsonl\.gz: cannot be read further", done.stderr)


def test_nothing_kept_is_a_negative_answer(tmp_path):
    path = write_lines(tmp_path / "in.jsonl", {"text": FARM})
    assert run(path, "-o", tmp_path / "out.jsonl", "--mode", "drop").exit_code == 1
    (tmp_path / "empty.jsonl").touch()
    assert run(tmp_path / "empty.jsonl", "-o", tmp_path / "out.jsonl").exit_code == 1


# ---- passing through ----


def test_what_is_not_ours_goes_through_as_it_was_written(tmp_path):
    line = '{"z": 1.0e5, "big": 123456789012345678901234567890, "nan": NaN, "s": "\\ud800\\u00e9é", "text": "Ships.", "z": -0.0}'
    (tmp_path / "in.jsonl").write_text(line + "\r\n", "utf8", newline="")
    run(tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl")
    out = (tmp_path / "out.jsonl").read_bytes().decode()
    assert out.startswith(line[:-1] + ', "quality": {')
    assert out.endswith("}}\r\n")


def test_a_second_run_replaces_what_the_first_one_added(corpus, tmp_path):
    run(corpus, "-o", tmp_path / "one.jsonl")
    run(tmp_path / "one.jsonl", "-o", tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_standard_input_goes_to_standard_output(corpus):
    done = run("-", "--key", "q", text=corpus.read_text())
    assert [json.loads(line)["q"]["verdict"] for line in done.stdout.splitlines()] == [
        "keep", "drop", "unsure", "drop",
    ]  # fmt: skip


def test_two_processes_give_the_same_bytes_as_one(crowd, tmp_path):
    one, two = ["out.jsonl.gz", "no.jsonl.gz"], ["out2.jsonl.gz", "no2.jsonl.gz"]
    for (out, no), jobs in ((one, 1), (two, 2)):
        done = run(crowd, "-o", tmp_path / out, "--mode", "drop", "--dropped", tmp_path / no, "--jobs", jobs)
        assert done.exit_code == 0
    for first, second in zip(one, two, strict=True):
        assert (tmp_path / first).read_bytes() == (tmp_path / second).read_bytes()


# ---- a folder of texts ----


def test_a_folder_of_texts_becomes_a_folder_of_the_kept_ones_and_a_list(tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "fair.txt").write_text(FAIR)
    (tmp_path / "in" / "sub" / "farm.txt").write_text(FARM)
    (tmp_path / "in" / "table.csv").write_text("a,b")
    done = run(tmp_path / "in", "-o", tmp_path / "out", "--mode", "drop", "--dropped", tmp_path / "no")
    assert done.stderr.splitlines()[-1] == "quality: in 3 = kept 1 + dropped 1 + quarantined 1"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["fair.txt", "quality.jsonl"]
    assert (tmp_path / "out" / "fair.txt").read_text() == FAIR
    assert (tmp_path / "no" / "sub" / "farm.txt").read_text() == FARM
    (listed,) = read_lines(tmp_path / "out" / "quality.jsonl")
    assert (listed["id"], listed["quality"]["verdict"]) == ("fair.txt", "keep")
    twice = run(tmp_path / "out", "-o", tmp_path / "twice")  # without the list that the first run made
    assert twice.stderr.splitlines()[-1] == "quality: in 1 = kept 1 + dropped 0 + quarantined 0"
    for more in ([], ["--resume"]):
        again = run(tmp_path / "in", "-o", tmp_path / "out", *more)
        assert (again.exit_code, "not empty: give a new folder" in again.stderr) == (2, True)


# ---- what is said ----


def test_the_help_says_what_is_written_for_one_input_for_several_and_for_a_folder():
    shown = run("--help").stdout
    assert re.search(r"JSON Lines .*  one file of the same kind for all inputs;\n", shown)
    assert re.search(
        r"texts or pages of HTML, even  +a new folder in which they have the same names\n", shown
    )


def test_what_was_set_aside_is_told_even_when_quiet(corpus, tmp_path):
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--quiet")
    assert (done.exit_code, done.stderr) == (0, "")
    corpus.write_text(corpus.read_text() + "no json\nno json\n[]\n" + '{"n": 1}\n')
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--quiet")
    assert (done.exit_code, done.stderr) == (0, "quality: quarantined: not_json 3, no_text 1\n")


def test_metrics_are_in_the_text_format_of_prometheus(corpus, tmp_path):
    path = tmp_path / "m.prom"
    run(corpus, "-o", tmp_path / "out.jsonl", "--mode", "drop", "--metrics", path)
    values = dict(line.rsplit(" ", 1) for line in path.read_text().splitlines() if not line.startswith("#"))
    assert values['quality_records_total{outcome="kept"}'] == "2"
    assert values['quality_records_total{outcome="dropped"}'] == "2"
    assert values['quality_records_total{outcome="quarantined"}'] == "0"
    assert values['quality_dropped_total{reason="leak.chatbot"}'] == "2"
    assert values['quality_verdicts_total{verdict="unsure"}'] == "1"
    assert values['quality_reliability_bucket{le="+Inf"}'] == values["quality_reliability_count"] == "4"
    assert values['quality_reliability_bucket{le="0.1"}'] == "2"
    assert float(values["quality_last_success_timestamp_seconds"]) > 1.7e9
    helped = re.findall(r"^# TYPE (\S+) (\S+)$", path.read_text(), re.MULTILINE)
    assert len(helped) == len(set(helped)) == 10


def test_a_run_that_fails_does_not_take_away_when_one_last_ended_well(corpus, tmp_path):
    path = tmp_path / "m.prom"
    path.write_text("quality_last_success_timestamp_seconds 12.5\n")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(corpus.read_bytes())[:-9])
    assert run(tmp_path / "cut.jsonl.gz", "-o", tmp_path / "out.jsonl", "--metrics", path).exit_code == 2
    assert "quality_last_success_timestamp_seconds 12.5" in path.read_text()
    write_lines(corpus, '{"id": "broken"', {"text": FAIR})
    assert run(corpus, "-o", tmp_path / "out.jsonl", "--metrics", path, "--strict").exit_code == 4
    assert "quality_last_success_timestamp_seconds 12.5" in path.read_text()
    assert run(corpus, "-o", tmp_path / "out.jsonl", "--metrics", path).exit_code == 0
    assert "quality_last_success_timestamp_seconds 12.5" not in path.read_text()


def test_labels_of_metrics_are_escaped():
    counts = Counts(dropped_for={'a"b\n\\ größe\t': 1})
    assert 'quality_dropped_total{reason="a\\"b\\n\\\\ größe\t"} 1' in counts.exposition({"model": "m"}, None)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.jsonl"], "there is no missing.jsonl"),
        (["in.jsonl", "in.txt", "-o", "x"], "given are jsonl and text: filter each by itself"),
        (["in.jsonl", "-o", "in.jsonl"], "in.jsonl is also read"),
        (["in.jsonl", "-o", "x.parquet"], "outputs are of the same kind"),
        (
            ["in.jsonl", "-o", "x.csv"],
            "x.csv is named like .csv, but jsonl goes in: outputs are of the same kind",
        ),
        (["in.jsonl", "-o", "none/x.jsonl"], "there is no folder none to write x.jsonl into: make it first"),
        (["in.jsonl", "-o", "texts"], "texts is a directory: give a file, one file for all inputs, such as"),
        (["in.jsonl", "-o", "new/"], "new/ names a folder: give one file for all inputs, such as OUT.jsonl"),
        (
            ["x.parquet", "-o", "new/"],
            "new/ names a folder: give one file for all inputs, such as OUT.parquet",
        ),
        (["texts", "-o", "x", "--quarantine", "q/"], "q/ names a folder: give one file for all inputs"),
        (
            ["in.txt", "-o", "new.txt"],
            "new.txt names a file, but texts, even one, go into a folder: give a new",
        ),
        (
            ["in.txt", "-o", "x.rules"],
            "x.rules names a file, but texts, even one, go into a folder: give a new",
        ),
        (
            ["in.txt", "-o", "new.jsonl"],
            "outputs are of the same kind; give a new folder, in which the texts",
        ),
        (["x.parquet"], "parquet cannot be written to standard output: say where with -o, one file"),
        (["texts", "-o", "texts/out"], "texts, which is read"),
        (["texts"], "text cannot be written to standard output: say where with -o, a new folder"),
        (["in.jsonl", "-o", "a", "--dropped", "a", "--mode", "drop"], "two outputs have the same name"),
        (
            ["in.jsonl", "-o", "a", "--dropped", "a.partial", "--mode", "drop"],
            "two outputs have the same name",
        ),
        (["in.jsonl", "-o", "a", "--metrics", "a.progress"], "two outputs have the same name"),
        (["in.jsonl", "-o", "a", "--metrics", "in.jsonl"], "in.jsonl is also read"),
        (["in.jsonl", "-o", "a", "--metrics", "x.pipe"], "x.pipe is a device or pipe"),
        (["in.jsonl", "-o", "x.pipe"], "x.pipe is a device or pipe"),
        (["in.jsonl", "-o", "x.same"], "x.same is also read"),
        (["in.jsonl", "-o", "x.rules", "--rules", "x.rules"], "x.rules is also read"),
        (["x.jsonl.partial", "--input", "jsonl", "-o", "x.jsonl"], "x.jsonl.partial is also read"),
        (["x.jsonl.clusters", "--input", "jsonl", "-o", "x.jsonl"], "x.jsonl.clusters is also read"),
        (["texts", "-o", "new", "--quarantine", "new/q.jsonl"], "in a folder that is made at the end"),
        (["texts", "-o", "new", "--metrics", "new/m.prom"], "in a folder that is made at the end"),
        (["texts", "-o", "new", "--metrics", "texts/m.prom"], "texts, which is read"),
        (["in.jsonl", "-o", "a", "--mode", "drop", "--dropped", "-"], "--dropped needs a file"),
        (["in.jsonl", "-o", "a", "--quarantine", "-"], "--quarantine needs a file"),
        (["in.jsonl", "-o", "a", "--metrics", "-"], "--metrics needs a file"),
        (["x.pipe", "--input", "jsonl", "-o", "a", "--dedup", "first"], "reads the input twice"),
        (["x.pipe", "--input", "jsonl", "-o", "a", "--repeated-lines"], "reads the input twice"),
        (["x.pipe", "--input", "jsonl", "-o", "a", "--resume"], "--resume needs files"),
        (["x.warc", "-o", "a.warc.xz"], "a.warc.xz: warc is not written as .xz"),
        (["x.parquet", "-o", "a.parquet.gz"], "a.parquet.gz: parquet is not written as .gz"),
        (["x.warc", "-o", "a.warc", "--with-text"], "--mode clean writes texts"),
        (["in.jsonl", "--dropped", "a"], "drops nothing"),
        (["in.jsonl", "--resume"], "--resume needs files"),
        (["in.jsonl", "--threshold", "nan"], "no number from 0 to 1"),
        (["in.jsonl", "--threshold", "0.5", "--policy", "strict"], "not both"),
        (["in.jsonl", "--policy", "mild"], "there are default, strict, lenient, hard-only"),
        (["texts", "-o", "x", "--text-field", "body"], "names of fields are for JSON Lines and Parquet"),
        (["in.csv"], "a table: write one JSON object per line"),
        (["in.jsonl", "--metrics", "none/m.prom", "-o", "x"], "No such file or directory"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    write_lines(Path("in.jsonl"), {"text": "Ships left."})
    Path("in.txt").write_text("Ships left.")
    Path("texts").mkdir()
    for name in ("x.rules", "x.jsonl.partial", "x.jsonl.clusters", "x.warc", "x.parquet"):
        Path(name).write_text(name)
    os.mkfifo("x.pipe")
    os.link("in.jsonl", "x.same")
    before = {p.name: p.is_file() and p.read_bytes() for p in tmp_path.iterdir()}
    done = run(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr
    for name in ("x.partial", "x.progress"):
        Path(name).unlink(missing_ok=True)
    assert {p.name: p.is_file() and p.read_bytes() for p in tmp_path.iterdir()} == before


def test_an_output_that_is_a_link_is_written_where_it_leads(corpus, tmp_path):
    (tmp_path / "there").mkdir()
    for name in ("out.jsonl", "m.prom"):
        (tmp_path / name).symlink_to(tmp_path / "there" / name)
    assert run(corpus, "-o", tmp_path / "out.jsonl", "--metrics", tmp_path / "m.prom").exit_code == 0
    assert len(read_lines(tmp_path / "there" / "out.jsonl")) == 4
    assert (tmp_path / "out.jsonl").is_symlink()
    assert (tmp_path / "m.prom").is_symlink()
    assert {p.name for p in (tmp_path / "there").iterdir()} == {"out.jsonl", "m.prom"}


@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_a_file_that_has_the_place_of_ours_and_is_none_is_left_alone(corpus, tmp_path, more):
    mine = tmp_path / "out.jsonl.clusters"
    mine.write_text("notes of mine")
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--dedup", "first", *more)
    assert done.exit_code == 2
    assert "out.jsonl.clusters is no file of a run" in done.stderr
    assert mine.read_text() == "notes of mine"


def test_a_note_that_is_none_is_not_resumed_from(corpus, tmp_path):
    (tmp_path / "out.jsonl.progress").write_text("notes of mine")
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--resume")
    assert done.exit_code == 2
    assert "out.jsonl.progress is no note of a run" in done.stderr


def test_what_a_first_pass_has_seen_is_told_in_the_bar_and_in_the_metrics(corpus, tmp_path):
    seen, bytes_told = [], []
    engine.run(
        Plan(dedup="first"),
        listed([str(corpus)], "jsonl"),
        {"kept": tmp_path / "out.jsonl"},
        feed=Feed(None, bytes_told.append),
        watch=lambda counts: seen.append((counts.looked_through, counts.n)),
    )
    assert seen == [(0, 0), (4, 0), (4, 4)]
    assert sum(bytes_told) == 2 * corpus.stat().st_size
    assert "quality_first_pass_records_total 4" in Counts(looked_through=4).exposition({}, None)


# ---- what happens to real processes ----

N_CHUNKS = 12


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Some megabytes, most of it in a field that passes through, with a bad line and a farm's text here and there."""
    path = tmp_path_factory.mktemp("crowd") / "crowd.jsonl"
    with path.open("w") as file:
        for k in range(N_CHUNKS * 20):
            text = FARM if k % 7 == 3 else FAIR
            file.write(json.dumps({"id": k, "text": text, "raw": chr(97 + k % 26) * 50_000}) + "\n")
            if k % 50 == 9:
                file.write('{"id": "broken\n')
    return path


def options(folder, *more):
    return [
        "-o", str(folder / "out.jsonl.gz"), "--mode", "drop", "--dropped", str(folder / "no.jsonl"),
        "--quarantine", str(folder / "q.jsonl"), "--checkpoint", "0", *more,
    ]  # fmt: skip


def start(crowd, folder, *more, **settings):
    return subprocess.Popen(
        [*COMMAND, str(crowd), *options(folder, *more)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **settings,
    )


def outputs(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.fixture(scope="module")
def expected(crowd, tmp_path_factory):
    """What a run leaves that nothing happens to."""
    folder = tmp_path_factory.mktemp("expected")
    process = start(crowd, folder)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert set(outputs(folder)) == {"out.jsonl.gz", "no.jsonl", "q.jsonl"}
    return outputs(folder), errors.splitlines()[-1]


def place_noted(folder):
    try:
        note = json.loads((folder / "out.jsonl.gz.progress").read_text())
    except FileNotFoundError:
        return -1
    return note["state"]["place"][1]


def wait_for_note(process, folder, after):
    """Wait until the run has noted a place behind `after`; the place."""
    while (place := place_noted(folder)) <= after:
        if process.poll() is not None:
            return None
        time.sleep(0.002)
    return place


def children(pid):
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


def is_alive(pid):
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(crowd, expected, tmp_path, jobs):
    place, n_killed = -1, 0
    while n_killed < 4:
        process = start(crowd, tmp_path, "--resume", "--jobs", jobs)
        place = wait_for_note(process, tmp_path, place)
        workers = children(process.pid)
        process.kill()
        process.communicate()
        if place is None:
            break
        n_killed += process.returncode == -signal.SIGKILL
        assert not (tmp_path / "out.jsonl.gz").exists()
        while any(map(is_alive, workers)):  # nobody is left behind
            time.sleep(0.01)
    assert n_killed >= 2
    process = start(crowd, tmp_path, "--resume", "--jobs", jobs)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert (outputs(tmp_path), errors.splitlines()[-1]) == expected


def test_a_process_that_is_killed_ends_the_run_and_what_was_done_is_kept(crowd, tmp_path):
    process = start(crowd, tmp_path, "--jobs", "2")
    assert wait_for_note(process, tmp_path, -1) is not None
    command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process.pid)]
    begun: list[int] = []
    while not begun and process.poll() is None:
        told = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        begun = [int(line.split()[0]) for line in told if "spawn_main" in line]
    os.kill(begun[0], signal.SIGKILL)
    _, errors = process.communicate()
    assert (process.returncode, "a process was killed, perhaps for want of memory" in errors) == (2, True)
    assert "--resume goes on from there" in errors
    assert not (tmp_path / "out.jsonl.gz").exists()


def die_in_an_answer():
    pipe = sys._getframe(2).f_locals["pipe"]  # of the loop that called
    os.write(pipe.fileno(), struct.pack("!i", 1000) + b"half")
    os._exit(1)


@pytest.mark.parametrize("work", [(die_in_an_answer,), (os._exit, 1)])
def test_a_process_that_dies_even_in_the_middle_of_an_answer_is_missed(work):
    with processes(1) as submit, pytest.raises(RuntimeError, match="a process was killed"):
        submit(*work).result(60)


def test_a_process_that_cannot_begin_ends_the_run_and_none_waits(monkeypatch):
    def start(self):
        raise BrokenPipeError

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", start)
    with processes(2) as submit:
        given = [submit(divmod, 1, 1) for _ in range(4)]
        for future in given:
            with pytest.raises(RuntimeError, match="a process was killed"):
                future.result(60)


def test_an_error_in_another_process_is_raised_here_with_the_place_it_came_from():
    with processes(1) as submit, pytest.raises(ZeroDivisionError) as error:
        submit(divmod, 1, 0).result(60)
    assert "answer" in error.value.__notes__[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_and_goes_on_to_the_same_bytes(crowd, expected, tmp_path, number):
    process = start(crowd, tmp_path, "--jobs", "2", start_new_session=True)
    assert wait_for_note(process, tmp_path, -1) is not None
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert errors.splitlines() == [
        "quality: stopped; the same command with --resume goes on from there",
        "quality: interrupted",
    ]
    process = start(crowd, tmp_path, "--resume")
    process.communicate()
    assert outputs(tmp_path) == expected[0]


def test_a_full_disk_ends_the_run_and_what_was_done_is_kept(crowd, expected, tmp_path):
    limit = 1_000_000
    assert (
        len(expected[0]["no.jsonl"])
        > limit
        > max(len(expected[0][name]) for name in ("out.jsonl.gz", "q.jsonl"))
    )
    process = start(
        crowd, tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY)),
    )  # fmt: skip
    _, errors = process.communicate()
    assert process.returncode == 2
    assert "no.jsonl.partial: File too large" in errors
    assert "--resume goes on from there" in errors
    assert not (tmp_path / "out.jsonl.gz").exists()
    process = start(crowd, tmp_path, "--resume")
    process.communicate()
    assert outputs(tmp_path) == expected[0]


def test_a_full_device_under_standard_output_is_an_error_of_its_own(corpus):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, str(corpus)], stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
    assert done.returncode == 2
    assert done.stderr == "quality: standard output: No space left on device\n"


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_read(corpus, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(0o555)
    # nobody may write there, not even who may write anywhere
    folder = Path("/sys") if os.access(closed, os.W_OK) else closed
    done = run(corpus, "-o", folder / "out.jsonl")
    assert done.exit_code == 2
    assert re.search(
        r"out\.jsonl\.partial: (Permission denied|Operation not permitted|Read-only)", done.stderr
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reader_that_goes_away_ends_the_run_quietly(crowd, jobs):
    process = subprocess.Popen(
        [*COMMAND, str(crowd), "--jobs", jobs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout.readline().startswith(b'{"id": 0, ')
    process.stdout.close()
    with process.stderr:
        errors = process.stderr.read()
    assert (process.wait(), errors) == (0, b"")


def test_other_options_do_not_resume_and_two_runs_do_not_share_an_output(crowd, tmp_path):
    process = start(crowd, tmp_path)
    assert wait_for_note(process, tmp_path, -1) is not None
    other = run(crowd, *options(tmp_path))
    assert other.exit_code == 2
    (told,) = other.stderr.splitlines()  # and no word on what is kept: it is the other run's
    assert "another run is writing it" in told
    process.kill()
    process.communicate()
    other = run(crowd, *options(tmp_path, "--resume", "--policy", "strict"))
    assert other.exit_code == 2
    (told,) = other.stderr.splitlines()  # and not that the same command would go on
    assert "options is not as it was in the run to resume" in told
    os.utime(crowd, (1, 1))
    other = run(crowd, *options(tmp_path, "--resume"))
    assert "inputs is not as it was in the run to resume" in other.stderr


def test_a_new_run_forgets_the_note_of_an_old_one(crowd, expected, tmp_path):
    process = start(crowd, tmp_path)
    assert wait_for_note(process, tmp_path, -1) is not None
    process.kill()
    process.communicate()
    process = start(crowd, tmp_path)
    process.communicate()
    assert outputs(tmp_path) == expected[0]


def test_reliability_is_counted_in_classes_that_end_where_they_say():
    counts = Counts()
    for value in (0.1, 0.100001, 1.0, None):
        quality = {"reliability": value, "verdict": "keep"}
        engine.count(Decision(False, (), quality, None, "text"), counts)
    assert counts.classes == {"0.1": 1, "0.2": 1, "1.0": 1}
    assert math.isclose(counts.total_reliability, 1.200001)
