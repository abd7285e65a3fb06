"""Lines that stand on many pages of a site, within a run of the filter: furniture is found, stories stay as they are."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from quality import cli, containers, lines
from quality import filter as engine
from quality.decisions import Plan
from quality.filter import _terms
from quality.html import Extraction
from quality.html.metadata import Metadata
from quality.known import furniture
from quality.sketches import PER_KEY, Copies
from quality.text import Batch

ROOT = Path(__file__).parents[1]
SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "or", "en", "al")]
FURNITURE = {
    "tidings.example": [
        "Skip to the stories",
        "Get the harbour letter every Friday: ships, tides and the price of fish.",
        "The Tidings is read in nine towns and printed in one. All that is in it belongs to who wrote it.",
    ],
    "ferry.example": ["Timetables and tickets", "Ask the purser about dogs, bicycles and seasickness."],
    "small.example": ["Home of the small press", "Printed by hand since the last flood."],
}


class Site:
    """A maker of pages in made words: no two stories have a line in common."""

    def __init__(self, seed=1):
        self.random = random.Random(seed)

    def sentence(self, n):
        words = ("".join(self.random.choices(SYLLABLES, k=self.random.randint(1, 3))) for _ in range(n))
        return " ".join(words).capitalize() + "."

    def story(self, n=5):
        return [self.sentence(self.random.randint(18, 30)) for _ in range(n)]

    def pages(self, host, n, story=None):
        """Pages of a site, as address and paragraphs: its lines above and below a story, nine in ten of them on each."""
        made = []
        for k in range(n):
            above, *below = [line for line in FURNITURE[host] if self.random.random() < 0.9] or [""]
            body = self.story() if story is None else [*story[:-1], self.sentence(12)]
            www = "www." if k % 3 == 0 else ""
            made.append(
                (
                    f"https://{www}{host}/{self.random.getrandbits(40)}",
                    [p for p in (above, *body, *below) if p],
                )
            )
        return made


def crawl():
    """Three sites, one of them of twenty pages, and a story of an agency that the largest printed thirty times."""
    site = Site()
    pages = [
        *site.pages("tidings.example", 50),
        *site.pages("tidings.example", 30, site.story(8)),
        *site.pages("ferry.example", 30),
        *site.pages("small.example", 20),
    ]
    random.Random(2).shuffle(pages)
    return pages


def looked_over(pages, path, size=37):
    """Of each page the paragraphs that are called furniture, with the number of other documents."""
    with lines.making(path, "") as hold:
        for low in range(0, len(pages), size):
            some = pages[low : low + size]
            batch = Batch.of(["\n\n".join(p) for _, p in some], [tuple(p) for _, p in some])
            hold(low, lines.sign(batch, [url for url, _ in some]))
    read = lines.read(str(path), 0, len(pages))
    return [{pages[k][1][p]: n for p, n in read.get(k, {}).items()} for k in range(len(pages))]


def expected(pages):
    large = {*FURNITURE["tidings.example"], *FURNITURE["ferry.example"]}
    return [large & {*paragraphs} for _, paragraphs in pages]


def test_all_furniture_of_large_sites_is_found_and_no_line_of_a_story(tmp_path):
    pages = crawl()
    found = looked_over(pages, tmp_path / "lines")
    assert [{*some} for some in found] == expected(pages)
    assert sum(map(len, found)) > 250


@pytest.mark.parametrize(("n", "is_found"), [(20, False), (21, True)])
def test_a_line_must_stand_in_twenty_other_documents(tmp_path, n, is_found):
    site = Site()
    pages = [("https://a.example/", ["Tides and times", *site.story()]) for _ in range(n)]
    found = looked_over(pages, tmp_path / "lines")
    assert found == [{"Tides and times": 20} if is_found else {}] * n


def test_what_is_told_twice_on_a_page_counts_once(tmp_path):
    site = Site()
    pages = [("https://a.example/", [*["Read on"] * 2, *site.story()]) for _ in range(20)]
    assert looked_over(pages, tmp_path / "lines") == [{}] * 20


def test_sites_are_counted_apart_and_pages_without_an_address_together(tmp_path):
    site = Site()
    hosts = ["https://a.example/x", "https://b.example/x", None, "http://[broken", "no address", ""]
    pages = [(host, ["Tides and times", *site.story()]) for host in hosts for _ in range(12)]
    found = looked_over(pages, tmp_path / "lines")
    assert found[:24] == [{}] * 24
    assert found[24:] == [{"Tides and times": 47}] * 48


def test_near_copies_on_other_sites_take_nothing_off_the_count(tmp_path):
    site = Site()
    story = site.story(8)
    own = [("https://a.example/", ["Tides and times", *site.story()]) for _ in range(30)]
    copies = [(f"https://{k}.example/", ["Tides and times", *story]) for k in range(30)]
    found = looked_over(
        [*own, ("https://a.example/", ["Tides and times", *story]), *copies], tmp_path / "lines"
    )
    assert found[30] == {"Tides and times": 30}


def test_copies_with_changes_printed_more_often_than_are_looked_at_are_left_alone(tmp_path):
    site = Site()
    first, *others = site.story(6)
    pages = [
        ("https://a.example/", [first, *(f"{p[:40]} {site.sentence(1)} {p[40:]}" for p in others)])
        for _ in range(2 * PER_KEY + 50)
    ]
    assert looked_over(pages, tmp_path / "lines") == [{}] * len(pages)


def test_a_story_printed_more_often_than_copies_are_looked_at_is_left_alone(tmp_path):
    site = Site()
    story = site.story(3)
    pages = [("https://a.example/", [*story, site.sentence(4)]) for _ in range(150)]
    assert looked_over(pages, tmp_path / "lines") == [{}] * 150


def test_paragraphs_without_words_are_not_lines(tmp_path):
    site = Site()
    pages = [("https://a.example/", ["* * *", *site.story()]) for _ in range(30)]
    assert looked_over(pages, tmp_path / "lines") == [{}] * 30


def test_a_text_half_of_which_stands_elsewhere_has_no_furniture():
    parent, n_words = np.array([0, 0, 1, 1]), np.array([5, 5, 4, 6])
    copies = Copies(np.zeros(2, np.int64), np.ones(2, bool))
    assert furniture(parent, n_words, np.array([20, 0, 20, 19]), copies).tolist() == [
        False,
        False,
        True,
        False,
    ]


def test_a_text_whose_copies_are_many_and_were_not_all_counted_has_no_furniture():
    parent, n_words, seen = np.arange(4), np.ones(4, np.int64), np.full(4, 99)
    copies = Copies(np.array([19, 20, 19, 20]), np.array([False, False, True, True]))
    words = np.concatenate([n_words, 9 * n_words])
    found = furniture(np.tile(parent, 2), words, np.concatenate([seen, 0 * seen]), copies)
    assert found[:4].tolist() == [True, True, True, False]


def test_what_is_found_does_not_depend_on_the_size_of_portions(tmp_path, monkeypatch):
    pages = crawl()
    found = looked_over(pages, tmp_path / "a")
    monkeypatch.setattr(lines, "_PORTION", 7)
    assert looked_over(pages, tmp_path / "b", size=11) == found


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with (
        pytest.raises(OSError, match=r"out\.lines cannot be written"),
        lines.making(tmp_path / "no" / "out.lines", ""),
    ):
        pass


def test_texts_without_anything_in_them_do_no_harm(tmp_path):
    with lines.making(tmp_path / "lines", "") as hold:
        hold(0, lines.sign(Batch.of([]), []))
        hold(0, lines.sign(Batch.of(["", "* * *", "Ships left."]), [None] * 3))
    assert lines.read(str(tmp_path / "lines"), 0, 3) == {}


# ---- in a run ----


def run(*arguments, text=None):
    return CliRunner().invoke(cli.main, ["filter", *map(str, arguments)], input=text)


def read_lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """The crawl as records, in chunks of fifty, with a line that is none."""
    monkeypatch.setattr(containers, "CHUNK_RECORDS", 50)
    path = tmp_path / "in.jsonl"
    records = [{"id": str(k), "url": url, "text": "\n\n".join(p)} for k, (url, p) in enumerate(crawl())]
    path.write_text("no json\n" + "".join(json.dumps(r) + "\n" for r in records))
    return path


def test_a_run_tells_how_often_and_changes_no_number(corpus, tmp_path):
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--repeated-lines")
    assert done.exit_code == 0, done.stderr
    assert "quality: lines of many pages are looked for first" in done.stderr
    run(corpus, "-o", tmp_path / "without.jsonl")
    told = read_lines(tmp_path / "out.jsonl")
    pages = crawl()
    repeated = [r["quality"].pop("repeated") for r in told]
    assert told == read_lines(tmp_path / "without.jsonl")
    found = [{p[one["paragraph"]] for one in some} for (_, p), some in zip(pages, repeated, strict=True)]
    assert found == expected(pages)
    assert {one["documents"] for some in repeated for one in some} <= set(range(20, 80))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl", "without.jsonl"]


def test_clean_takes_the_lines_out_and_leaves_stories_as_without(corpus, tmp_path):
    options = ("--mode", "clean", "--with-text")
    run(corpus, "-o", tmp_path / "without.jsonl", *options)
    done = run(corpus, "-o", tmp_path / "out.jsonl", *options, "--repeated-lines")
    assert done.exit_code == 0, done.stderr
    before = {r["id"]: r["text"].split("\n\n") for r in read_lines(tmp_path / "without.jsonl")}
    after = {r["id"]: r["text"].split("\n\n") for r in read_lines(tmp_path / "out.jsonl")}
    lost = expected(crawl())
    assert any({*before[id]} & lost[int(id)] for id in before)
    for id, paragraphs in before.items():
        assert after[id] == [p for p in paragraphs if p not in lost[int(id)]]


def test_the_finding_says_in_how_many_documents_of_this_run():
    from quality.scorer import Scorer

    text = "Tides and times\n\n" + "\n\n".join(Site().story())
    report = Scorer.load().score(text)
    told = lines.told(report, text, {0: 44})
    (finding,) = [f for f in told.findings if f.rule == "boilerplate.repeated"]
    assert (finding.text, finding.paragraph, finding.tier) == ("Tides and times", 0, "soft")
    assert (finding.message, finding.data) == ("seen in 44 documents of this run", {"documents": 44})
    assert told.paragraphs[0].role == "boilerplate"
    assert told.paragraphs[1:] == report.paragraphs[1:]
    assert (told.reliability, told.verdict) == (report.reliability, report.verdict)


def test_what_an_index_knows_stays_beside_it(tmp_path):
    from quality.index import Index
    from quality.scorer import Scorer

    text = "Tides and times\n\n" + "\n\n".join(Site().story())
    with Index.create(tmp_path / "known.index") as index:
        index.add([(Batch.of([text]), ["elsewhere"])])
    report = Scorer.load(against=tmp_path / "known.index").score(text)
    told = lines.told(report, text, {0: 44})
    assert {one.id for one in told.duplicates} == {"elsewhere"}
    assert told.duplicates == report.duplicates


def test_lines_of_pages_are_those_of_the_text_found_in_them(tmp_path, monkeypatch):
    def extract(pages, urls, odds, mode):
        found = [tuple(page.split("|")) for page in pages]
        return [Extraction(p, (0.1,) * len(p), Metadata(url="https://a.example/"), ()) for p in found]

    monkeypatch.setattr("quality.html.extract", extract)
    site = Site()
    path = tmp_path / "in.jsonl"
    path.write_text(
        "".join(json.dumps({"html": "|".join(["Tides and times", *site.story()])}) + "\n" for _ in range(21))
    )
    done = run(path, "-o", tmp_path / "out.jsonl", "--repeated-lines")
    assert done.exit_code == 0, done.stderr
    told = [r["quality"]["repeated"] for r in read_lines(tmp_path / "out.jsonl")]
    assert told == [[{"paragraph": 0, "documents": 20}]] * 21


def test_one_pass_serves_near_copies_as_well(corpus, tmp_path, monkeypatch):
    alone = {}
    for name, options in (("cluster", ("--dedup", "first")), ("repeated", ("--repeated-lines",))):
        run(corpus, "-o", tmp_path / "out.jsonl", *options)
        alone[name] = [r["quality"].get(name) for r in read_lines(tmp_path / "out.jsonl")]
    signed = []
    sign = engine.sign
    monkeypatch.setattr(engine, "sign", lambda *given: signed.append(given[1]) or sign(*given))
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--dedup", "first", "--repeated-lines")
    assert "quality: near-copies and lines of many pages are looked for first" in done.stderr
    told = read_lines(tmp_path / "out.jsonl")
    assert {name: [r["quality"].get(name) for r in told] for name in alone} == alone
    assert signed == [{"clusters", "lines"}] * 3


KILLED = """
import os, signal, sys
from quality import cli, containers, filter
containers.CHUNK_RECORDS = 50
work, calls = getattr(filter, sys.argv[1]), []
def killed(*given):
    calls.append(given)
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(*given)
setattr(filter, sys.argv[1], killed)
cli.main(sys.argv[2:])
"""


@pytest.mark.parametrize(("where", "jobs"), [("sign", 2), ("judge", 1)])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes_in_any_number_of_processes(
    corpus, tmp_path, monkeypatch, where, jobs
):
    options = ("--repeated-lines", "--mode", "clean")
    run(corpus, "-o", tmp_path / "whole.jsonl", *options)
    target, made = tmp_path / "out.jsonl", tmp_path / "out.jsonl.lines"
    command = [*map(str, ("filter", corpus, "-o", target, *options, "--resume", "--checkpoint", "0"))]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run([sys.executable, "-c", KILLED, where, *command], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not target.exists()
    assert made.exists() == (where == "judge")
    if where == "judge":
        monkeypatch.setattr(lines, "making", lambda *_: pytest.fail("made anew"))
    done = CliRunner().invoke(cli.main, [*command, "--jobs", str(jobs)])
    assert done.exit_code == 0, done.stderr
    assert target.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert [p.name for p in tmp_path.glob("out.jsonl*")] == ["out.jsonl"]


def test_it_is_part_of_what_a_resumed_run_is_compared_by():
    assert _terms(Plan(repeated_lines=True), [], {}) != _terms(Plan(), [], {})


def test_standard_input_cannot_be_read_twice():
    done = run("-", "--repeated-lines", text="")
    assert done.exit_code == 2
    assert "--repeated-lines reads the input twice" in done.stderr
    with pytest.raises(
        ValueError, match="lines of many pages are looked for before the rest: standard input"
    ):
        engine.run(Plan(repeated_lines=True), [containers.Source("-", "-")], {"kept": None})


def test_a_table_gets_them_as_a_list_of_structs(corpus, tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [json.loads(line) for line in corpus.read_text().splitlines()[1:]]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "in.parquet")
    done = run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--repeated-lines")
    assert done.exit_code == 0, done.stderr
    told = [r["quality"]["repeated"] for r in parquet.read_table(tmp_path / "out.parquet").to_pylist()]
    pages = crawl()
    assert [
        {p[one["paragraph"]] for one in some} for (_, p), some in zip(pages, told, strict=True)
    ] == expected(pages)
