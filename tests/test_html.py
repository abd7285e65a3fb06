"""Pages: their text without what stands around it, whatever they are made of, and what they say of themselves."""

import json
from dataclasses import replace

import numpy as np
import pytest

from quality import html
from quality.html import extractors, reading
from quality.html.agreement import kept
from quality.html.metadata import Metadata, metadata
from quality.html.page import Block
from quality.html.stack import Heard, Stack, in_best_container, shipped
from quality.records import PAGE_MODES

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
    monkeypatch.setattr(reading, "main_lines", lambda _: [])
    record = read(scorer, article())
    assert [p for p in record.paragraphs if p in STORY] == STORY
    assert "Weather" not in record.paragraphs


@pytest.mark.parametrize("mode", PAGE_MODES)
def test_where_one_parser_makes_nothing_of_a_page_the_other_is_asked(scorer, mode, monkeypatch):
    if mode == "full":
        monkeypatch.setattr(reading, "tree_of", lambda _: None)
    else:
        monkeypatch.setattr(extractors, "_lines", lambda _, **_named: [])
    record = read(scorer, article(), mode)
    assert [p for p in record.paragraphs if p in STORY] == STORY


def test_nothing_is_fetched(scorer, monkeypatch):
    import socket

    def refuse(*given, **named):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    body = '<img src="https://tidings.example/a.png"><iframe src="https://tidings.example/b"></iframe>'
    for mode in PAGE_MODES:
        assert STORY[0] in read(scorer, article().replace("<main>", f"{body}<main>"), mode).paragraphs


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


def margin(odds=0.0, first=False, second=False, comment=False, best=False, links=0.0, agreed=0.8):
    columns = [np.array([c]) for c in (odds, first, second, comment, best, links, agreed)]
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


def test_the_shipped_numbers_load_and_a_file_without_one_is_refused(tmp_path):
    numbers = shipped()
    path = tmp_path / "numbers.toml"
    path.write_text(numbers.to_toml(), "utf8")
    assert Stack.load(path) == numbers
    assert Stack.load(path) != replace(numbers, both=numbers.both + 1)
    path.write_text("agree = 0.5\n", "utf8")
    with pytest.raises(ValueError, match=r"has the numbers \['agree'\], expected \['agree', 'best'"):
        Stack.load(path)


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


def test_a_day_that_is_written_in_no_such_mark_is_found_by_htmldate():
    needs_extra()
    from quality.html.page import tree_of

    source = page('<p class="entry-date">March 4, 2025</p>')
    assert metadata(source).date is None
    assert metadata(source, tree_of(source)).date == "2025-03-04"


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
