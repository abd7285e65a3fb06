"""Pages: their text without what stands around it, whatever they are made of, and what they say of themselves."""

import json
import logging
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality import html
from quality.folders import listed
from quality.html import extractors, reading
from quality.html.agreement import kept
from quality.html.metadata import Metadata, metadata, searched_day
from quality.html.page import Block, tree_of, walk
from quality.html.stack import Heard, Stack, bylines, in_best_container, shipped
from quality.records import PAGE_MODES, Record

STORY = [
    "The harbour of the old town was opened again on Monday, eleven weeks after the storm had broken its wall.",
    "Six ships left for the islands in the morning, with bread, oil and the letters that had waited since spring.",
    "“We have never seen so many people on the quay,” said the harbour master, who has worked there for thirty years.",
    "The council paid for the stones, and the fishermen, who had no work for most of the season, carried them.",
    "A second wall, farther out, is to be built before the autumn; nobody could say on Monday what it will cost.",
]
MENU = "".join(f'<li><a href="/{n}">{n}</a></li>' for n in ("Home", "News", "Sport", "Weather", "Contact us"))
HEAD = """<title>Harbour opens again | The Tidings</title>
<meta property="og:title" content="Harbour opens again">
<link rel="canonical" href="https://tidings.example/harbour">"""


def page(body, head=HEAD, attributes=' lang="en-GB"'):
    return f"<!DOCTYPE html><html{attributes}><head>{head}</head><body>{body}</body></html>"


def article(paragraphs=STORY):
    inner = "".join(f"<p>{p}</p>" for p in paragraphs)
    return page(
        f"<nav><ul>{MENU}</ul></nav><main><article><h1>Harbour opens again</h1>{inner}</article></main>"
        "<footer><p>© The Tidings. All rights reserved.</p><p><a href=/c>Cookie settings</a></p></footer>"
    )


def needs_extra():
    for package in ("lxml", "trafilatura", "htmldate", "resiliparse"):
        pytest.importorskip(package)


@pytest.fixture(scope="module")
def scorer():
    needs_extra()
    from quality.scorer import Scorer

    return {mode: Scorer.load(pages=mode) for mode in PAGE_MODES}


def read(scorer, source, mode="full", **fields):
    from quality.records import Record

    (record,) = scorer[mode].extracted([Record.of({"html": source, **fields}, 1)])
    return record


# ---- the text ----


@pytest.mark.parametrize("mode", PAGE_MODES)
def test_an_article_comes_out_without_menu_and_footer_in_order(scorer, mode):
    record = read(scorer, article(), mode)
    assert [p for p in record.paragraphs if p != "Harbour opens again"] == STORY
    assert record.text == "\n\n".join(record.paragraphs)
    assert record.html is None
    assert record.warnings == ()
    assert len(record.furniture) == len(record.paragraphs)
    assert 0 < max(record.furniture) <= 0.25


@pytest.mark.parametrize("mode", PAGE_MODES)
def test_a_page_gives_the_same_text_in_any_company(scorer, mode):
    from quality.records import Record

    pages = [
        Record.of({"html": source}, 1) for source in (article(), "", article(STORY[:3]), "<p>Ships left.")
    ]
    together = list(scorer[mode].extracted(pages))
    alone = [next(scorer[mode].extracted([one])) for one in pages]
    assert together == alone


def test_records_keep_their_order_among_pages(scorer):
    given = [{"text": "Ships left."}, {"html": article(), "id": "page"}, {"paragraphs": ["Ships came."]}]
    reports = list(scorer["full"].score_many(given, with_text=True))
    assert [r.id for r in reports] == ["1", "page", "3"]
    assert reports[0].text == "Ships left."
    assert reports[1].text.endswith(STORY[-1])
    assert reports[2].text == "Ships came."


def test_offsets_of_a_report_count_in_the_text_that_was_found(scorer):
    report = scorer["full"].score({"html": article()}, with_text=True)
    assert [report.text[p.start : p.end] for p in report.paragraphs] == [p.text for p in report.paragraphs]
    assert {p.role for p in report.paragraphs} == {"content"}


def test_reasons_for_furniture_are_those_of_the_chance_that_is_given(scorer):
    given = [{"html": article()}, {"text": "\n\n".join(STORY)}]
    ours, plain = scorer["full"].score_many(given, with_roles=True)
    for paragraph in ours.paragraphs:
        (reason,) = paragraph.boilerplate.contributions
        assert paragraph.boilerplate.intercept == 0.0
        chance = 1 / (1 + np.exp(-reason.effect))
        assert reason == ("told_by_page", pytest.approx(chance), reason.effect)
        # less the little that filler takes of it
        assert paragraph.roles["boilerplate"] == pytest.approx(chance, rel=0.1)
    assert {c.feature for c in plain.paragraphs[0].boilerplate.contributions} > {"main_stretch"}


def test_cues_of_furniture_count_beside_what_the_page_gave(scorer):
    story = [*STORY, "Read more: Ten soups for autumn"]
    page = Record("a", "", "\n\n".join(story), paragraphs=tuple(story), furniture=(0.2,) * len(story))
    told = scorer["full"].score(page, with_roles=True).paragraphs[-1]
    assert told.role == "boilerplate"
    effects = {c.feature: c.effect for c in told.boilerplate.contributions}
    assert effects == {"told_by_page": pytest.approx(np.log(0.25)), "cue_words": pytest.approx(2.0, abs=0.3)}
    plain = scorer["full"].score(page, with_roles=True).paragraphs[0]
    assert {c.feature for c in plain.boilerplate.contributions} == {"told_by_page"}


# ---- pages that resist ----

WORDS = "<p>Some words that make a paragraph of this page.</p>"


@pytest.mark.parametrize("mode", PAGE_MODES)
@pytest.mark.parametrize(
    ("source", "warning"),
    [
        ("", "the page has no text: there is nothing in it"),
        (" \n ", "the page has no text: there is nothing in it"),
        ("<!-- nothing -->", "the page has no text: there is nothing in it"),
        ("<" * 20_000, "the page has no text: there is nothing in it"),
        ("<a href='" * 5_000, "the page has no text: there is nothing in it"),
        (
            "<html><body><script>document.write('Ships left')</script></body></html>",
            "the page has no text: it may be made by scripts, which are not run",
        ),
        (
            "<html><frameset cols=1,2><frame src=a><frame src=b></frameset></html>",
            "the page has no text: it is a frameset: its text is in other files",
        ),
    ],
)
def test_a_page_without_text_gives_none_and_says_why(scorer, mode, source, warning):
    record = read(scorer, source, mode)
    assert (record.text, record.paragraphs, record.warnings) == ("", (), (warning,))
    report = scorer[mode].score({"html": source})
    assert (report.reliability, report.verdict, report.warnings) == (None, "unsure", (warning,))


@pytest.mark.parametrize("mode", PAGE_MODES)
@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 10_000 + WORDS + "</div>" * 10_000,
        "<p>" + "<span><b>" * 5_000 + "Some words that make a paragraph of this page.",
        "<table><tr><td>" * 3_000 + WORDS,
        f'<div class="{"x " * 20_000}">{WORDS}</div>',
        WORDS + "<!-- " + "never closed " * 1_000,
        '<script type="application/ld+json">' * 2_000 + "</script>" + WORDS,
        "<p>Some words that make\0 a paragraph of this page.</p>",
        "<p>Some words that make \ud800 a paragraph of this page.</p>",
        "Some words that make a paragraph of this page.",
    ],
    ids=["deep", "deep inline", "deep tables", "long attribute", "open comment", "scripts", "NUL", "surrogate", "no tag"],
)  # fmt: skip
def test_malformed_and_deep_pages_are_read_all_the_same(scorer, mode, source):
    record = read(scorer, source, mode)
    assert "a paragraph of this page." in record.text


def test_of_a_huge_page_the_beginning_is_read_and_the_report_says_so(scorer, monkeypatch):
    monkeypatch.setattr(reading, "N_CHARACTERS_HIGH", 1_000)
    for mode in PAGE_MODES:
        record = read(scorer, WORDS * 100, mode)
        assert record.warnings == ("the page has 5,300 characters: the first 1,000 are read",)
    monkeypatch.undo()
    monkeypatch.setattr(reading, "N_LINES_HIGH", 3)
    for mode in PAGE_MODES:
        record = read(scorer, "".join(f"<p>{p}</p>" for p in STORY), mode)
        assert record.warnings == ("the page has 5 lines: the first 3 are read",)
        assert list(record.paragraphs) == STORY[:3]


def test_elements_beyond_the_limit_are_not_walked(scorer, monkeypatch):
    monkeypatch.setattr("quality.html.page.N_ELEMENTS_HIGH", 6)
    record = read(scorer, "<html><body>" + "".join(f"<p>{p}</p>" for p in STORY))
    # html, body and four paragraphs
    assert record.paragraphs == tuple(STORY[:4])
    assert record.warnings[0].startswith("the page has more than")


def test_a_page_too_large_for_the_first_extractor_is_read_by_the_second(scorer, monkeypatch):
    monkeypatch.setattr("quality.html.page.N_ORDINARY", 5)
    record = read(scorer, article())
    assert STORY[0] in record.paragraphs
    assert "Weather" not in record.paragraphs
    assert record.warnings[0].startswith("the page is too large for trafilatura")


def test_an_extractor_that_fails_costs_no_page(scorer, monkeypatch):
    import trafilatura

    def fail(*given, **named):
        raise RecursionError("of its own")

    monkeypatch.setattr(trafilatura, "bare_extraction", fail)
    record = read(scorer, article())
    assert STORY[0] in record.paragraphs
    assert record.warnings == ("trafilatura failed on it (RecursionError)",)


def test_where_neither_extractor_keeps_anything_the_role_model_decides(scorer, monkeypatch):
    monkeypatch.setattr(reading, "article_lines", lambda *_: ([], [], None))
    monkeypatch.setattr(reading, "main_lines", lambda *_: [])
    record = read(scorer, article())
    assert [p for p in record.paragraphs if p in STORY] == STORY
    assert "Weather" not in record.paragraphs


def test_where_the_main_text_is_a_line_or_two_the_fast_path_reads_all_of_the_page(scorer, monkeypatch):
    monkeypatch.setattr(reading, "main_lines", lambda *_: ["Six ships left the harbour."] * 9)
    assert [p for p in read(scorer, article(), "fast").paragraphs if p in STORY] == STORY
    monkeypatch.setattr(reading, "main_lines", lambda *_: [STORY[0]] * 50)
    assert set(read(scorer, article(), "fast").paragraphs) <= {STORY[0]}


@pytest.mark.parametrize("mode", PAGE_MODES)
def test_where_one_parser_makes_nothing_of_a_page_the_other_is_asked(scorer, mode, monkeypatch):
    if mode == "full":
        monkeypatch.setattr(reading, "tree_of", lambda _: None)
    else:
        monkeypatch.setattr(extractors, "_lines", lambda _, **_named: [])
    record = read(scorer, article(), mode)
    assert [p for p in record.paragraphs if p in STORY] == STORY


def test_what_follows_an_early_end_of_the_page_is_read(scorer):
    early = "<html><body><div>The Tidings</div></body></html>"
    record = read(scorer, early + article())
    assert [p for p in record.paragraphs if p in STORY] == STORY
    assert record.warnings == ()


def test_where_lxml_lost_a_part_of_a_page_the_other_parser_reads_it_with_a_warning(scorer, monkeypatch):
    # whatever it is that the next lxml stumbles over
    monkeypatch.setattr(reading, "tree_of", lambda source: tree_of(source[: source.index(STORY[2])]))
    record = read(scorer, article())
    assert [p for p in record.paragraphs if p in STORY] == STORY
    (warning,) = record.warnings
    assert warning.startswith("the page is broken where lxml reads no further: read by resiliparse alone")


@pytest.mark.parametrize("tag", ["div", "font"])
def test_text_deeper_than_lxml_reads_is_read_by_the_other_parser_with_a_warning(scorer, tag):
    above, below = ("".join(f"<p>{p}</p>" for p in some) for some in (STORY[:3], STORY[3:]))
    deep = f"<{tag}>" * 2_100
    record = read(scorer, page(f"<article>{above}{deep}{below}</article>"))
    assert [p for p in record.paragraphs if p in STORY] == STORY
    assert record.warnings[0].startswith("the page is nested too deeply: read by resiliparse alone")
    less = f"<{tag}>" * 2_000
    record = read(scorer, page(f"<article>{above}{less}{below}</article>"))
    assert not [w for w in record.warnings if "nested too deeply" in w]


@pytest.mark.parametrize(
    "hidden",
    [
        'style="color: red; DISPLAY : none"',
        "hidden",
        'hidden=""',
        'aria-hidden="true"',
        "style=display:none;",
    ],
)
def test_hidden_text_is_none_of_the_page(scorer, hidden):
    more = (
        "A third wall, which nobody asked for, stands farther in, and the harbour master says nothing of it."
    )
    source = article().replace("</article>", f"<div {hidden}><p>{more}</p></div></article>")
    assert more not in read(scorer, source).paragraphs
    shown = source.replace(hidden, 'style="display:block" hidden="until-found" aria-hidden="false"')
    assert more in read(scorer, shown).paragraphs


@pytest.mark.parametrize(
    "source",
    [
        article().replace("<main>", "<main hidden>"),
        article().replace("<body>", '<body style="display:none">'),
    ],
)
def test_a_page_that_scripts_show_is_read_though_it_is_hidden(scorer, source):
    assert [p for p in read(scorer, source).paragraphs if p in STORY] == STORY


def blocks(body):
    needs_extra()
    return [block.text for block in walk(tree_of(f"<html><body>{body}</body></html>")).blocks]


def test_each_way_of_hiding_hides_a_block_but_not_the_whole_page():
    for way in ("hidden", "aria-hidden=true", "style=display:none"):
        assert blocks(f"<p>Oil</p><div {way}><p>Menu</p></div>tail") == ["Oil", "tail"]
        whole = f"<html {way}><body {way}><p>Oil</p><p {way}>Menu</p></body></html>"
        assert [block.text for block in walk(tree_of(whole)).blocks] == ["Oil"]


def test_what_an_extractor_keeps_is_heard_though_the_page_hides_it(monkeypatch):
    needs_extra()
    import trafilatura

    found = SimpleNamespace(body=tree_of("<p style=display:none>Ships left."), commentsbody=None)
    monkeypatch.setattr(trafilatura, "bare_extraction", lambda *_, **_named: found)
    assert extractors.article_lines(tree_of(article()), None) == (["Ships left."], [], None)


def test_lines_of_preformatted_text_are_parted_by_blank_ones():
    text = "Six ships\nleft.\n\n  \n<b>Bread</b> and\noil.\n \n"
    assert blocks(f"<pre>{text}</pre>tail\n\ntail") == ["Six ships left.", "Bread and oil.", "tail tail"]
    assert blocks("<p>Six\n\nships</p>") == ["Six ships"]


def test_a_line_break_ends_a_paragraph_after_a_sentence_and_two_do_anywhere():
    assert blocks("Six ships left.<br>Bread came.”<br>\n Oil<br>and letters<br><br>Menu") == [
        "Six ships left.", "Bread came.”", "Oil and letters", "Menu",
    ]  # fmt: skip


def test_numbers_in_a_row_of_a_table_stay_with_the_cell_that_says_what_they_count():
    row = "<tr><td>Oil</td><td>46</td><td>- 12 %</td><td>tons</td></tr>"
    assert blocks(f"<table><tr><th>1</th><th>Load</th></tr>{row}<tr><td>9</td></tr></table>") == [
        "1", "Load", "Oil 46 - 12 %", "tons", "9",
    ]  # fmt: skip
    # elsewhere they do not, nor with a text that only stands in a table
    assert blocks("<p>Oil</p><p>46</p>") == ["Oil", "46"]
    assert blocks(f"<table><tr><td>{STORY[0]}</td><td>46</td></tr></table>") == [STORY[0], "46"]
    assert blocks("<table><tr><td><p>Oil</p></td><td>46</td></tr></table>") == ["Oil", "46"]


def test_numbers_in_a_table_of_the_text_come_out_with_it(scorer):
    table = "<table><tr><td>Bread for the islands</td><td>46</td></tr></table>"
    source = article().replace(f"<p>{STORY[3]}", f"{table}<p>{STORY[3]}")
    assert "Bread for the islands 46" in read(scorer, source).paragraphs


def test_links_are_counted_in_every_part_of_preformatted_text():
    needs_extra()
    found = walk(tree_of("<pre><a>Six\n\nships</a> left</pre>")).blocks
    assert [(b.text, b.n_link_characters) for b in found] == [("Six", 3), ("ships left", 5)]


def test_nesting_counts_containers_that_are_open_whatever_was_closed_before():
    assert extractors.Tags.of(b"<div><p><DIV><div></div><section></section></div></div>").nesting() == 3
    assert extractors.Tags.of(b"</div>" * 50 + b"<div>" * 40).nesting() == 40
    assert extractors.Tags.of(b"<divider><p><b><dir>").nesting() == 0
    assert extractors.Tags.of(b"").nesting() == 0


def test_formatting_that_is_left_open_is_summed_over_the_blocks_that_would_open_it_again():
    assert extractors.Tags.of(b"<p><b><i>x<p>y</p>").reopened() == 0 + 2 + 2
    assert extractors.Tags.of(b"<p><b>x</b><span></span><p>y</p>").reopened() == 0
    assert extractors.Tags.of(b"</b></b><p><bold><br>").reopened() == 0


@pytest.mark.parametrize("mode", PAGE_MODES)
def test_a_page_that_leaves_much_formatting_open_is_read_by_lxml_with_a_warning(scorer, mode, monkeypatch):
    monkeypatch.setattr(extractors, "REOPENED_HIGH", 100)
    monkeypatch.setattr(extractors, "_lines", lambda *_, **_named: pytest.fail("resiliparse was asked"))
    record = read(scorer, article().replace("<main>", "<main>" + "<b>" * 20), mode)
    assert [p for p in record.paragraphs if p in STORY] == STORY
    assert record.warnings == ("the page leaves too much formatting open for resiliparse: read without",)


def test_nothing_is_fetched(scorer, monkeypatch):
    import socket

    asked = []

    def refuse(*given, **named):
        asked.append(given)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    body = '<img src="https://tidings.example/a.png"><iframe src="https://tidings.example/b"></iframe>'
    head = '<link rel=stylesheet href="https://tidings.example/s.css"><base href="https://tidings.example">'
    source = "<!DOCTYPE html SYSTEM 'https://tidings.example/d'>" + article().replace(
        "<main>", f"{body}<main>"
    )
    for mode in PAGE_MODES:
        record = read(
            scorer, source.replace("<head>", f"<head>{head}"), mode, url="https://tidings.example/c"
        )
        assert STORY[0] in record.paragraphs
        assert record.warnings == ()
    # errors of its own an extractor may swallow
    assert asked == []


# ---- without the extra ----


def test_without_the_packages_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(reading, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"needs lxml, resiliparse: pip install 'quality\[html\]'"):
        html.check("fast")
    with pytest.raises(ModuleNotFoundError, match="trafilatura"):
        html.extract(["<p>Ships left."], [None], lambda _: [], "full")


def test_an_unknown_way_of_reading_is_refused():
    from quality.scorer import Scorer

    with pytest.raises(ValueError, match="unknown way to read HTML 'quick'; expected one of full, fast"):
        html.check("quick")
    with pytest.raises(ValueError, match="expected one of full, fast"):
        Scorer.load(pages="quick")


# ---- the command ----


def test_the_command_reads_pages_beside_texts_and_dates_them(scorer, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from quality.cli import main

    monkeypatch.chdir(tmp_path)
    dated = HEAD + '<meta property="article:published_time" content="2025-03-04T08:00:00Z">'
    (tmp_path / "dated.html").write_text(article().replace(HEAD, dated), "utf8")
    (tmp_path / "undated.html").write_text(article(), "utf8")
    (tmp_path / "plain.txt").write_text("\n\n".join(STORY), "utf8")
    arguments = [
        "score",
        "dated.html",
        "undated.html",
        "plain.txt",
        "--date",
        "2024-01-01",
        "--format",
        "jsonl",
    ]
    done = CliRunner().invoke(main, [*arguments, "--html", "fast", "--with-text", "--quiet"])
    assert done.exit_code == 0
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first["as_of"] == {"date": "2025-03-04", "from": "metadata"}
    assert second["as_of"] == third["as_of"] == {"date": "2024-01-01", "from": "field"}
    assert first["page"] == {
        "title": "Harbour opens again", "date": "2025-03-04", "url": "https://tidings.example/harbour", "language": "en",
    }  # fmt: skip
    assert "page" not in third
    assert STORY[0] in first["text"]
    shown = CliRunner().invoke(main, ["score", "dated.html", "--quiet"])
    assert shown.exit_code == 0
    assert "as of 2025-03-04 (by the page)" in shown.stdout


def test_a_folder_of_pages_is_filtered_and_cleaned_texts_have_names_of_their_own(tmp_path):
    needs_extra()
    from click.testing import CliRunner

    from quality.cli import main

    def run(*arguments):
        return CliRunner().invoke(main, ["filter", *map(str, arguments)])

    (tmp_path / "in" / "sub").mkdir(parents=True)
    files = {
        "a.html": article(),
        "sub/b.HTM": article(STORY[:3]),
        "page": article(),
        "c.txt": "\n\n".join(STORY),
    }
    for name, text in files.items():
        (tmp_path / "in" / name).write_text(text, "utf8")
    done = run(tmp_path / "in", "-o", tmp_path / "told")
    assert done.stderr.splitlines()[-1] == "quality: in 4 = kept 4 + dropped 0 + quarantined 0"
    assert {name: (tmp_path / "told" / name).read_text("utf8") for name in files} == files
    ids = [json.loads(line)["id"] for line in (tmp_path / "told" / "quality.jsonl").read_text().splitlines()]
    assert ids == ["a.html", "c.txt", "page", "sub/b.HTM"]
    assert run(tmp_path / "in", "-o", tmp_path / "clean", "--mode", "clean", "--html", "fast").exit_code == 0
    texts = {
        p.relative_to(tmp_path / "clean").as_posix(): p.read_text("utf8") for p in (tmp_path / "clean").rglob("*")
        if p.is_file() and p.name != "quality.jsonl"
    }  # fmt: skip
    assert sorted(texts) == ["a.html.txt", "c.txt", "page", "sub/b.HTM.txt"]
    for text in texts.values():
        assert STORY[2] in text  # with its curly quotes: whatever the page was in, its text is UTF-8
        assert "Cookie settings" not in text
        assert "<p>" not in text
    one = run(tmp_path / "in" / "a.html", "-o", tmp_path / "one")
    assert (one.exit_code, (tmp_path / "one" / "a.html").read_text("utf8")) == (0, article())


def test_a_page_and_a_text_that_would_have_its_name_are_refused(tmp_path):
    for name in ("a.html", "a.html.txt"):
        (tmp_path / name).write_text("Ships left.")
    with pytest.raises(ValueError, match=r"a\.html.* would both be called a\.html\.txt in the output"):
        listed([str(tmp_path)], "text")


def test_the_command_names_pages_that_it_cannot_read_without_the_extra_and_scores_the_rest(
    tmp_path, monkeypatch
):
    from click.testing import CliRunner

    from quality.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reading, "find_spec", lambda _: None)
    (tmp_path / "page.html").write_text(article(), "utf8")
    (tmp_path / "some.jsonl").write_text(
        '{"id": "x", "html": "<p>Ships left."}\n{"text": "Ships left."}\n', "utf8"
    )
    done = CliRunner().invoke(main, ["score", "page.html", "some.jsonl", "--format", "jsonl", "--quiet"])
    assert done.exit_code == 2
    assert len(done.stdout.splitlines()) == 1
    assert "page.html: reading HTML needs" in done.stderr
    assert "some.jsonl: record x: reading HTML needs" in done.stderr
    assert "pip install 'quality[html]'" in done.stderr
    done = CliRunner().invoke(
        main, ["filter", "some.jsonl", "-o", "out.jsonl", "--quarantine", "aside.jsonl"]
    )
    assert done.stderr.splitlines()[-1] == "quality: in 2 = kept 1 + dropped 0 + quarantined 1"
    (aside,) = map(json.loads, (tmp_path / "aside.jsonl").read_text().splitlines())
    assert (aside["id"], aside["reason"], aside["error"][:18]) == ("x", "not_text", "reading HTML needs")


# ---- whose lines are kept ----


def test_a_block_is_kept_where_it_is_a_line_of_the_extractor():
    assert kept(["Ships left.", "Menu", "Ships came."], ["Ships came.", "Ships left."]).tolist() == [
        True,
        False,
        True,
    ]
    assert kept([], ["Ships left."]).tolist() == []
    assert kept(["Ships left."], []).tolist() == [False]


def test_a_block_that_was_cut_or_joined_is_kept_where_most_of_its_words_stand_in_a_row():
    long = "Six ships left for the islands in the morning with bread and oil"
    assert kept([long], [f"{long} and the letters"]).tolist() == [True]
    assert kept([long], ["Six ships left for the islands"]).tolist() == [False]
    # the line belongs to the block it is: a teaser that begins like it is another
    assert kept([long, f"{long[:-7]} ..."], [long]).tolist() == [True, False]


def test_of_copies_those_are_kept_whose_neighbours_are():
    blocks = ["Oil", "Menu", *["Search"] * 20, "Oil", "Bread is sold on Monday.", "Letters on Friday."]
    found = kept(blocks, ["Oil", "Bread is sold on Monday.", "Letters on Friday."])
    assert np.flatnonzero(found).tolist() == [22, 23, 24]


def test_a_cell_of_a_joined_row_is_kept_where_what_stands_around_it_is():
    line = ["Ships and their loads.", "Oil 12 Bread 40", "All left on Monday."]
    around = ["Ships and their loads.", "Oil", "12", "Bread", "40", "All left on Monday."]
    assert kept(around, line).tolist() == [True] * 6
    assert kept([*["Menu of the page"] * 9, "Oil"], line).tolist() == [False] * 10


# ---- where extractors differ ----

NUMBERS = Stack(
    agree=0.5, best=3.0, link=2.0, comment=10.0, both=-3.0,
    first_agree=2.0, first_differ=-9.0, second_agree=4.0, second_differ=0.0,
)  # fmt: skip


def margin(
    odds=0.0, first=False, second=False, comment=False, best=False, byline=False, links=0.0, agreed=0.8
):
    columns = [np.array([c]) for c in (odds, first, second, comment, best, byline, links, agreed)]
    return NUMBERS.margin(Heard(*columns)).item()


def test_what_is_asked_of_a_block_depends_on_who_keeps_it_and_whether_they_agree_about_the_page():
    assert margin(first=True, second=True) == 3.0
    assert margin(first=True) == -2.0
    assert margin(first=True, agreed=0.2) == 9.0
    assert margin(second=True) == -4.0
    assert margin(second=True, agreed=0.2) == 0.0
    assert margin(odds=5.0) == -np.inf


def test_the_best_container_speaks_for_a_block_and_links_and_comments_against_it():
    assert margin(first=True, best=True) == 1.0
    assert margin(first=True, second=True, links=0.5) == 2.0
    assert margin(second=True, odds=5.0, comment=True) == -9.0


def test_where_no_extractor_keeps_anything_the_role_model_is_asked_alone():
    assert margin(odds=1.5, agreed=np.nan) == 1.5


def test_agreement_is_the_share_of_words_that_both_keep_of_those_that_either_does():
    blocks = [Block("one two three", (1, 0), 0), Block("four", (1, 0), 4), Block("five", (2, 0), 0)]
    heard = Heard.of(blocks, np.zeros(3), *np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]], bool))
    # a block counts one more than its words
    assert heard.agreed.tolist() == [4 / 6] * 3
    assert heard.links.tolist() == [0.0, 1.0, 0.0]
    nothing = Heard.of(blocks, np.zeros(3), *np.zeros((3, 3), bool))
    assert np.isnan(nothing.agreed).all()


def test_the_best_container_is_the_innermost_of_those_that_hold_nearly_all_content():
    blocks = [
        Block("menu", (1, 0), 0),
        Block("story", (3, 2, 0), 0),
        Block("more", (4, 2, 0), 0),
        Block("legal", (5, 0), 0),
    ]
    odds, weight = np.array([-4.0, 4.0, 4.0, -4.0]), np.array([5.0, 50.0, 50.0, 5.0])
    assert in_best_container(blocks, odds, weight).tolist() == [False, True, True, False]
    # with most of it in one place, that is the innermost
    assert in_best_container(blocks, odds, np.array([5.0, 500.0, 5.0, 5.0])).tolist() == [
        False,
        True,
        False,
        False,
    ]


def test_pages_are_judged_by_the_numbers_that_are_given():
    needs_extra()

    def odds(pages):
        return [np.full(len(lines), 0.5) for lines in pages]

    (usual,) = html.extract([article()], [None], odds)
    (strict,) = html.extract([article()], [None], odds, stack=replace(shipped(), both=9.0))
    assert STORY[0] in usual.paragraphs
    assert strict.paragraphs == ()


def test_the_shipped_numbers_load_and_a_file_without_one_is_refused(tmp_path):
    numbers = shipped()
    path = tmp_path / "numbers.toml"
    path.write_text(numbers.to_toml(), "utf8")
    assert Stack.load(path) == numbers
    assert Stack.load(path) != replace(numbers, both=numbers.both + 1)
    path.write_text("agree = 0.5\n", "utf8")
    with pytest.raises(ValueError, match=r"has the numbers \['agree'\], expected \['agree', 'best'"):
        Stack.load(path)


@pytest.mark.parametrize(
    "line",
    [
        "By A. Writer", "by Ann O’Writer and Bo de la Tour, The Tidings", "Written by: A. Writer", "Words by ANN WRITER",
        "4 March 2025", "March 4th, 2025", "Published on Tuesday, Mar. 4, 2025", "2025-03-04", "04.03.2025, 9:05 am (GMT)",
        "Posted: 4 March 2025 at 10:00 |",
    ],
)  # fmt: skip
def test_a_line_of_who_wrote_a_text_and_when_belongs_to_it_though_no_extractor_keeps_it(line):
    assert bylined(line).tolist() == [True, False]


@pytest.mark.parametrize(
    "line",
    [
        "By the quay six ships waited", "by hand", "By A. Writer in the harbour of the old town", "Standby Harbour", "March",
        "On 4 March 2025 the harbour was opened again", "4/3.2025", "Home", "By A. Writer Photo of the harbour: B. writer",
    ],
)  # fmt: skip
def test_other_short_lines_above_a_text_are_no_bylines(line):
    assert bylined(line).tolist() == [False, False]


def bylined(*lines, odds=1.0, best=True):
    """Whether lines above a long one are bylines."""
    found = [Block(text, (1, 0), 0) for text in (*lines, STORY[0])]
    return bylines(found, np.full(len(found), odds), np.full(len(found), best))


def test_a_byline_stands_near_above_the_first_long_text_of_the_best_container():
    by = "By A. Writer"
    assert bylined(by, *["Menu"] * 5).tolist() == [False] * 7
    assert bylined(by, *["Menu"] * 4).tolist() == [True] + [False] * 5
    assert not bylined(by, best=False).any()
    assert not bylined(by, odds=-1.0).any()
    assert not bylined(by, STORY[1], by)[2:].any()


def test_a_byline_is_text_with_a_little_doubt_however_little_else_speaks_for_it():
    assert margin(byline=True, odds=-5.0) == 1.0
    assert margin(byline=True, first=True, second=True) == 3.0


def test_byline_and_date_above_an_article_come_out_with_it_and_menu_dates_do_not(scorer):
    lines = "<p class=byline>By A. Writer</p><p>4 March 2025</p>"
    source = (
        article()
        .replace("</h1>", f"</h1>{lines}")
        .replace("</main>", "</main><p>By B. Writer</p><p>5 May 2012</p>")
    )
    assert read(scorer, source).paragraphs[:4] == (
        "Harbour opens again",
        "By A. Writer",
        "4 March 2025",
        STORY[0],
    )
    assert read(scorer, source).paragraphs[-1] == STORY[-1]


# ---- what a page says of itself ----


def json_ld(value):
    return f'<script type="application/ld+json">{value if isinstance(value, str) else json.dumps(value)}</script>'


def test_title_author_day_address_and_language_are_read_from_the_marks_of_a_page():
    piece = {
        "@type": "NewsArticle",
        "headline": "Harbour  opens again",
        "datePublished": "2025-03-04T23:30:00+01:00",
        "author": [{"@type": "Person", "name": "A. Writer"}, {"name": "B. Writer"}],
    }
    assert metadata(page("", HEAD + json_ld(piece))) == Metadata(
        "Harbour opens again", "A. Writer, B. Writer", "2025-03-04", "https://tidings.example/harbour", "en"
    )
    head = """<title>Tom &amp; Ann</title><META NAME=author CONTENT='C. Writer'>
    <meta itemprop="datePublished" content="2024-12-31"><meta property=og:url content=https://tidings.example/x>
    <meta property="og:locale" content="en_US">"""
    assert metadata(page("", head, "")) == Metadata(
        "Tom & Ann", "C. Writer", "2024-12-31", "https://tidings.example/x", "en"
    )


@pytest.mark.parametrize(
    ("head", "day"),
    [
        # of a graph, the piece and not the site
        (json_ld({"@graph": [{"@type": "WebSite", "datePublished": "2001-01-01"},
                             {"@type": ["BlogPosting"], "datePublished": "2025-03-04"}]}), "2025-03-04"),
        (json_ld([{"@type": "Report", "datePublished": "2025-03-04"}]), "2025-03-04"),
        # what is broken or nested without end is passed over
        (json_ld("{") + '<meta name="date" content="2025-03-04">', "2025-03-04"),
        (json_ld("[" * 100_000) + '<meta name="date" content="2025-03-04">', "2025-03-04"),
        # the time of publication before any other
        ('<meta name="date" content="2025-03-05"><meta property="article:published_time" content="2025-03-04">', "2025-03-04"),
        ('<time datetime="2025-03-05">5 March</time><time datetime="2025-03-04" itemprop="datePublished">', "2025-03-04"),
        # no day that cannot be
        ('<meta name="date" content="0001-01-01">', None),
        ('<meta name="date" content="2025-02-30">', None),
        ('<meta name="date" content="soon">', None),
        ('<meta property="article:modified_time" content="2025-03-04">', None),
        ("", None),
    ],
)  # fmt: skip
def test_the_day_of_publication_is_the_first_that_a_page_marks_as_such(head, day):
    assert metadata(page("", head)).date == day


@pytest.mark.parametrize(
    "body",
    [
        '<!-- <meta name="date" content="2012-05-05"> --><p>Ships left.</p>',
        """<script>var old = '<meta name="date" content="2012-05-05">'</script><p>Ships left.</p>""",
        '<aside><time class="published" datetime="2012-05-05">5 May</time></aside><p>Ships left.</p>',
        '<footer><time class="published" datetime="2012-05-05">5 May</time></footer><p>Ships left.</p>',
        '<nav><nav></nav><time class="published" datetime="2012-05-05">5 May</time></nav><p>Ships left.</p>',
        '<ol class="comment-list"><li><time pubdate datetime="2012-05-05">5 May</time></ol>',
        '<aside><meta itemprop="datePublished" content="2012-05-05">Old story</aside>',
        '<div id=comments><meta itemprop="datePublished" content="2012-05-05">Nice</div>',
        """<div data-teaser='<time class="published" datetime="2012-05-05">'>Old story</div>""",
        '<time class="published" datetime="2012-05-05"></time><time class="published" datetime="2025-03-04"></time>',
        "<footer>Site last updated: May 5, 2012</footer><p>Ships left.</p>",
        "<aside><ul><li><a href=/a>Old story</a> 2012-05-05</li></ul></aside>",
        "<p>Text of 2012-05-05 in a paragraph.</p>",
        "<h1>What we said on May 5, 2012</h1>",
        '<div class="post-footer"><p class="date">May 5, 2012</p></div>',
        '<div class="comments"><p class="comment-date">2012-05-05</p><p class="date">2012-05-05</p></div>',
        '<p class="last-modified-date">2012-05-05</p>',
        '<p class="date">May 5, 2012</p><p class="date">May 6, 2012</p>',
        '<script>{"created_at": "2012-05-05T10:00:00Z", "datePublished": "2012-05-05"}</script>',
        f'<div class="date">{" ".join(STORY)} May 5, 2012</div>',
        '<div class="update">May 5, 2012</div>',
        "".join(f'<p class="date">May 5, 2012, {k}:00</p>' for k in range(12)),
    ],
)  # fmt: skip
def test_a_day_of_another_text_of_the_site_or_of_what_is_told_is_not_that_of_the_page(body):
    needs_extra()
    source = page(f"<article><h1>Harbour</h1><p>{STORY[0]}</p></article>{body}")
    told = metadata(source)
    assert told.date is None
    assert searched_day(tree_of(source), None) == (None, None)


@pytest.mark.parametrize(
    ("head", "body", "url"),
    [
        ("", '<p class="entry-date">March 4, 2025</p>', None),
        ("", '<p class="entry-date">4. März 2025</p><div class="comments"><i class="date">2012-05-05</i></div>', None),
        ("", '<span itemprop="datePublished" content="2025-03-04">last week</span>', None),
        ("", '<div class="author_publicationTime">2025-03-04T08:10</div>', None),
        ("", '<p class="date">March 4,\x0b\x01 2025</p>', None),
        ('<meta "="" x\x01="\x02" name=y>', '<p class="date">March 4, 2025</p>', None),
        ("", f'<div class="date"><p>{STORY[0]}</p><p class="date">March 4, 2025</p></div>', None),
        ("", '<p class="posted">March 4, 2025</p><footer><time>2012-05-05</time></footer>', None),
        ("", '<time>2025-03-04</time><p class="date">March 4, 2025</p>', None),
        ('<meta name="rnews:datePublished" content="2025-03-04">', '<p class="date">May 5, 2012</p>', None),
        ("", "", "https://tidings.example/2025/03/04/harbour"),
    ],
)  # fmt: skip
def test_a_day_in_a_mark_that_only_htmldate_knows_is_found(head, body, url):
    needs_extra()
    source = page(body, head)
    assert metadata(source).date is None
    from lxml.html import tostring

    tree = tree_of(source)
    whole = tostring(tree)
    assert searched_day(tree, url) == ("2025-03-04", None)
    assert tostring(tree) == whole


def test_where_htmldate_fails_the_page_has_no_day_and_a_warning(scorer, monkeypatch):
    import htmldate

    def fail(*given, **named):
        raise RecursionError("of its own")

    monkeypatch.setattr(htmldate, "find_date", fail)
    record = read(scorer, article())
    assert STORY[0] in record.paragraphs
    assert record.warnings == ("htmldate failed on it (RecursionError)",)


def test_a_wrong_day_at_the_edge_of_a_page_makes_no_officials_out_of_time(scorer):
    sentence = (
        "Treasury Secretary Scott Bessent said on Monday that the department would not change its view."
    )
    for edge in (
        "<footer>Site last updated: May 5, 2012</footer>",
        '<!-- <meta name="date" content="2012-05-05"> -->',
    ):
        report = scorer["full"].score(
            {"html": article([*STORY, sentence]).replace("</main>", f"</main>{edge}")}
        )
        assert report.as_of["from"] != "metadata"
        assert not [f for f in report.findings if f.tier == "hard"]


def test_libraries_may_say_on_their_logs_what_they_like_after_a_page(scorer):
    for name in ("htmldate", "trafilatura"):
        logging.getLogger(name).setLevel(logging.WARNING)
    read(scorer, article())
    assert [logging.getLogger(name).level for name in ("htmldate", "trafilatura")] == [logging.WARNING] * 2


def test_of_the_pieces_in_json_ld_the_article_is_the_page_s_own():
    def piece(kind, day, **more):
        return {"@type": kind, "datePublished": day, "headline": kind, **more}

    article, review, job = (
        piece("https://schema.org/NewsArticle", "2025-03-04"), piece("Review", "2001-01-01"), piece("JobPosting", "2001-01-01"),
    )  # fmt: skip
    for value in (
        [review, article],
        [job, article],
        [{"@graph": [piece("WebPage", "2001-01-01"), article]}],
        {"@type": "WebPage", "mainEntity": article},
        {"@type": "ItemList", "@graph": [{"@graph": [{"@type": "WebSite", "mainEntity": [review, article]}]}],},
    ):  # fmt: skip
        found = metadata(page("", json_ld(value)))
        assert (found.date, found.title) == ("2025-03-04", "https://schema.org/NewsArticle"), value
    assert metadata(page("", json_ld(job))).date is None
    assert metadata(page("", json_ld(review))).date == "2001-01-01"


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (json_ld({"@type": "Article", "headline": "Tom &amp; Ann&#8217;s"}), "Tom & Ann’s"),
        (json_ld({"@type": "Article", "headline": "Ships"}).replace("script", "SCRIPT"), "Ships"),
        ('<meta property="og:title" content="Profit > loss <b>">', "Profit > loss <b>"),
        ('<meta content="Profit = loss" property=og:title>', "Profit = loss"),
        ('<meta property="og:title" content="He said "hi" to all"><title>Ships</title>', "He said"),
        ('<meta property=og:title content="never closed><title>Ships</title>', "Ships"),
        ("<title>5 < 6 &amp; more</title>", "5 < 6 & more"),
        ('<!-- <title>Old</title> --><title>Ships</title>', "Ships"),
        ('<metadata name="og:title" content="Old"><title>Ships</title>', "Ships"),
    ],
)  # fmt: skip
def test_marks_are_read_as_parsers_read_them(head, title):
    assert metadata(page("", head, "")).title == title


@pytest.mark.parametrize(
    "day", ["20250304", "2025/03/04", "2025.03.04 10:00", "20250304T080000", "4 March 2025"]
)
def test_days_that_begin_with_the_year_need_no_hyphens_in_a_mark(day):
    assert metadata(f'<meta name="date" content="{day}">').date == "2025-03-04"


@pytest.mark.parametrize(
    "day",
    ["04/03/2025", "2025/0304", "202503041", "20253004", "Tue, 10 Jun 25 08:30:00 +99999999999999999999"],
)
def test_no_day_is_made_of_what_is_none(day):
    found = metadata(f'<meta name="date" content="{day}">').date
    assert found in (None, "2025-06-10")  # the last has a day, and no time zone that anyone could live in


def test_numbers_that_python_does_not_read_cost_only_their_piece():
    huge = '<script type="application/ld+json">{"@type": "Article", "n": ' + "1" * 5_000 + "}</script>"
    assert metadata(huge + '<meta name="date" content="2025-03-04">').date == "2025-03-04"


PIECES = [
    "<", ">", '"', "'", "=", "&#0;", "<!--", "-->", "<meta ", "name=", "property=", "date", "og:title", " content=",
    "2025-03-04", "Tue, 10 Jun 25 08:30:00 +9999999", "<time pubdate ", "datetime=", "<script type=application/ld+json>",
    "</script>", '{"@type": "Article", "datePublished": ', '"', "}", "[", "]", "1" * 5_000, "<title>", "</title>", "<aside>",
    "</aside>", "<html lang=en>", "\ud800", "\0", "</",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=25).map("".join))
def test_no_page_is_too_strange_for_its_marks_to_be_read(source):
    found = metadata(source)
    assert found.date is None or re.fullmatch(r"\d{4}-\d\d-\d\d", found.date)


def test_what_a_record_says_itself_is_kept_and_its_page_fills_the_rest(scorer):
    source = article().replace(HEAD, HEAD + '<meta name="date" content="2025-03-04">')
    record = read(scorer, source, "fast", date="2020-01-01", title="Mine")
    assert (record.date, record.title, record.url) == (
        "2020-01-01",
        "Mine",
        "https://tidings.example/harbour",
    )
    assert not record.has_page_date
    # a day that we could not read is none to be replaced
    assert read(scorer, source, "fast", date="last spring").date is None
    assert read(scorer, source, "fast").has_page_date
