"""The report: verdicts, its form as data, and how it reads at a terminal."""

import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import quality
from quality.render.terminal import render, visible
from quality.report import ROLES, Contribution, Duplicate, Finding, Paragraph, Policy, Report, RoleReasons

SCHEMA = json.loads((Path(quality.__file__).parent / "data" / "output.schema.json").read_text("utf8"))
POLICY = Policy("default", keep=0.6, drop=0.3, n_words_low=40, stop_word_share_low=0.25)

TEXT = """Port of Brackwater reopens after storm

The port of Brackwater reopened on Tuesday after four days, the harbour office said.

Trade talks led by Commerce Secretary Wilbur Ross could significantly affect the reopening, experts say.

As of my last update, the port handles 3 million tonnes. It may grow.

Subscribe to our newsletter

The directive on carcinogens at work sets limits for eleven substances in plants.

Port of Brackwater reopens after storm"""
GIVEN_ROLES = ("content", "content", "content", "filler", "boilerplate", "filler", "duplicate")
RELIABILITIES = (0.8, 0.9, 0.2, 0.05, 0.3, 0.02, 0.1)


def made_paragraphs():
    at = 0
    for i, (words, role, reliability) in enumerate(
        zip(TEXT.split("\n\n"), GIVEN_ROLES, RELIABILITIES, strict=True)
    ):
        at = TEXT.index(words, at)
        roles = {r: 0.85 if r == role else 0.05 for r in ROLES}
        yield Paragraph(i, at, at + len(words), role, roles, reliability)
        at += len(words)


PARAGRAPHS = tuple(made_paragraphs())


def finding(rule, tier, words, message):
    start = TEXT.index(words)
    (paragraph,) = (p.i for p in PARAGRAPHS if p.start <= start < p.end)
    return Finding(rule, tier, paragraph, start, start + len(words), words, message, {})


FINDINGS = (
    finding(
        "officeholder.anachronism",
        "hard",
        "Commerce Secretary Wilbur Ross",
        "Wilbur Ross held this office from 2017-02-28 to 2021-01-20; on 2025-06-10 it was Howard Lutnick",
    ),
    finding("filler.outlook", "soft", "could significantly affect", "an outlook that claims nothing"),
    finding("hedge.cue", "soft", "experts say", "nobody is named"),
    finding("leak.chatbot", "hard", "As of my last update", "a model names itself: «As of my last update»"),
    finding("hedge.cue", "soft", "may", "a hedge"),
)  # fmt: skip
REPORT = Report(
    id="port.txt",
    source="port.txt",
    reliability=0.0912,
    verdict="drop",
    policy="default",
    as_of={"date": "2025-06-10", "from": "field"},
    paragraphs=PARAGRAPHS,
    findings=FINDINGS,
    contributions=(
        Contribution("leak.chatbot", 1.0, -1.31),
        Contribution("filler_words", 0.9, -0.6),
        Contribution("likeness", 0.3, 0.35),
        Contribution("hedge.cue", 2.0, -0.02),
    ),
    intercept=0.4,
    model={"name": "default", "digest": "9f2c"},
    warnings=("not UTF-8 (byte 0x96 at 12): read as Windows-1252",),
)
CLEAN = replace(
    REPORT,
    reliability=0.8,
    verdict="keep",
    findings=(),
    contributions=(),
    warnings=(),
    paragraphs=PARAGRAPHS[:2],
    as_of={"date": None, "from": "none"},
)

PAGE = """\
DROP  0.09 █░░░░░░░░░  port.txt  as of 2025-06-10 (given)
Hard evidence speaks against it, and as a whole it falls below the line for
dropping.

Hard evidence (2)
  ¶3  …by «Commerce Secretary Wilbur Ross» could…  officeholder.anachronism
      Wilbur Ross held this office from 2017-02-28 to 2021-01-20; on 2025-06-10
      it was Howard Lutnick
  ¶4  «As of my last update», the port handles 3 million…  leak.chatbot
      a model names itself

Soft signals (3): none decides alone
  hedge.cue       2 in 2 paragraphs  “experts say”, “may”
  filler.outlook  1  “could significantly affect”

Paragraphs (7)
  CCCFBFD
    !!
  C content 3 · B boilerplate 1 · F filler 2 · D duplicate 1 · ! hard evidence

What weighed most
  strongly against  −1.31  chatbot's own words
  clearly against   −0.60  filler passing as content
  slightly for      +0.35  worded like the reliable side of the corpora

Where to look next
  ¶4  0.05  filler, 1 hard  “As of my last update, the port handles 3 million…”
  ¶3  0.20  content, 1 hard  “Trade talks led by Commerce Secretary Wilbur…”
  ¶6  0.02  filler  “The directive on carcinogens at work sets limits for…”

Warnings
  not UTF-8 (byte 0x96 at 12): read as Windows-1252

A probability, no fact-check and no proof of who wrote it."""


def verdict(reliability, *, n_words=300, stop_word_share=0.4, hard=False):
    return POLICY.verdict(reliability, n_words=n_words, stop_word_share=stop_word_share, hard=hard)


# ---- verdicts ----


@pytest.mark.parametrize(
    ("reliability", "word"), [(0.6, "keep"), (0.59, "review"), (0.3, "review"), (0.0, "review")]
)
def test_soft_signals_alone_never_drop_a_text(reliability, word):
    assert verdict(reliability) == word


@pytest.mark.parametrize(("reliability", "word"), [(0.6, "keep"), (0.3, "review"), (0.29, "drop")])
def test_hard_evidence_drops_a_text_below_the_line(reliability, word):
    assert verdict(reliability, hard=True) == word


def test_a_text_too_short_or_not_english_is_unsure_unless_hard_evidence_drops_it():
    assert verdict(0.9, n_words=39) == "unsure"
    assert verdict(0.9, stop_word_share=0.2) == "unsure"
    assert verdict(0.9, stop_word_share=float("nan")) == "unsure"
    assert verdict(0.1, n_words=39, hard=True) == "drop"


def test_a_text_without_words_is_unsure():
    assert verdict(None, n_words=0, hard=True) == "unsure"


@pytest.mark.parametrize(
    ("n_words", "share", "doubt"),
    [(39, 0.4, "few_words"), (0, math.nan, "few_words"), (40, 0.2, "not_english"), (40, 0.4, None)],
)
def test_the_reason_of_doubt_is_the_one_that_holds(n_words, share, doubt):
    assert POLICY.doubt(n_words=n_words, stop_word_share=share) == doubt


# ---- data ----


def test_the_report_as_data_has_the_fields_of_the_contract_in_their_order():
    assert list(REPORT.to_dict()) == [
        "schema", "id", "source", "reliability", "verdict", "policy", "as_of", "paragraphs", "findings",
        "contributions", "intercept", "duplicates", "warnings", "offset_unit", "model",
    ]  # fmt: skip
    assert REPORT.to_dict()["schema"] == "quality/1"
    assert REPORT.to_dict()["reliability"] == 0.0912
    assert list(replace(REPORT, text=TEXT).to_dict())[-1] == "text"


def test_the_text_of_a_paragraph_is_there_only_when_it_was_asked_for():
    assert "text" not in REPORT.to_dict()["paragraphs"][0]
    paragraph = PARAGRAPHS[0]._replace(text="Port")
    assert replace(REPORT, paragraphs=(paragraph,)).to_dict()["paragraphs"][0]["text"] == "Port"


def test_a_duplicate_names_a_paragraph_only_where_one_is_meant():
    report = replace(REPORT, duplicates=(Duplicate("a", 0.9), Duplicate("b", 0.8, 3)))
    assert report.to_dict()["duplicates"] == [
        {"id": "a", "similarity": 0.9},
        {"id": "b", "similarity": 0.8, "paragraph": 3},
    ]


@pytest.mark.parametrize(
    "report",
    [
        REPORT,
        replace(CLEAN, reliability=None, verdict="unsure", paragraphs=()),
        replace(REPORT, text=TEXT, duplicates=(Duplicate("a", 0.9, 3),)),
        replace(CLEAN, verdict="unsure", doubt="few_words"),
        replace(CLEAN, page={"title": "Port", "date": "2025-02-01"}),
        replace(CLEAN, as_of={"date": "2025-02-01", "from": "officials", "bound": "earliest"}),
    ],
)
def test_reports_are_as_the_schema_says(report):
    jsonschema.validate(json.loads(json.dumps(report.to_dict(), allow_nan=False)), SCHEMA)


REASONS = RoleReasons(-1.5, (Contribution("log_n_words", 3.2, -0.4),))


def test_the_reasons_for_a_role_are_told_as_a_sum():
    told = replace(REPORT, paragraphs=(PARAGRAPHS[0]._replace(boilerplate=REASONS),)).to_dict()["paragraphs"][
        0
    ]
    assert told["boilerplate"] == {
        "intercept": -1.5,
        "contributions": [{"feature": "log_n_words", "value": 3.2, "effect": -0.4}],
    }


def test_the_schema_knows_every_field_and_asks_for_each_that_is_always_there():
    def known(values, schema):
        return set(values) == set(schema["properties"]) and set(schema["required"]) <= set(values)

    report = replace(
        REPORT,
        text=TEXT,
        page={},
        doubt="few_words",
        paragraphs=(PARAGRAPHS[0]._replace(text="Port", boilerplate=REASONS),),
        duplicates=(Duplicate("a", 0.9, 3),),
    ).to_dict()
    assert known(report, SCHEMA)
    for name in ("paragraph", "finding", "contribution", "duplicate"):
        assert known(report[f"{name}s"][0], SCHEMA["$defs"][name])


@pytest.mark.parametrize(
    "change", [{"verdict": "good"}, {"reliability": 1.2}, {"schema": "quality/2"}, {"id": 3}]
)
def test_the_schema_refuses_what_is_not_in_the_contract(change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(REPORT.to_dict() | change, SCHEMA)


def test_hard_and_soft_findings_are_told_apart():
    assert [f.rule for f in REPORT.hard] == ["officeholder.anachronism", "leak.chatbot"]
    assert [f.rule for f in REPORT.soft] == ["filler.outlook", "hedge.cue", "hedge.cue"]


# ---- at the terminal ----


def test_the_page_tells_verdict_evidence_signals_paragraphs_and_where_to_look():
    assert render(REPORT, TEXT, titles={"leak.chatbot": "chatbot's own words"}) == PAGE


def test_colour_changes_the_dress_and_not_the_words():
    plain = render(CLEAN, TEXT)
    colored = render(CLEAN, TEXT, color=True)
    assert "\x1b[32m" in colored
    assert "\x1b" not in plain
    import click

    assert click.unstyle(colored) == plain


def test_a_clean_text_gets_a_short_page():
    assert render(CLEAN, TEXT) == (
        "KEEP  0.80 ████████░░  port.txt  no date\n"
        "Worth keeping.\n\n"
        "Paragraphs (2)\n  CC\n  C content 2\n\n"
        "A probability, no fact-check and no proof of who wrote it."
    )


def test_a_text_kept_though_more_likely_bad_than_good_is_not_called_worth_keeping():
    page = render(replace(CLEAN, reliability=0.49), TEXT)
    assert page.startswith(
        "KEEP  0.49 █████░░░░░  port.txt  no date\nNo evidence is strong enough to hold it back;"
    )
    assert "Worth keeping" not in page


def test_a_terminal_without_the_glyphs_gets_plain_ones():
    page = render(REPORT, TEXT, encoding="ascii")
    page.encode("ascii")
    assert page.startswith("DROP  0.09 #.........  port.txt")
    assert "P3  ~by <Commerce Secretary Wilbur Ross> could~  officeholder.anachronism" in page
    assert '"experts say", "may"' in page


def test_a_text_without_words_gets_no_number():
    report = replace(CLEAN, reliability=None, verdict="unsure", paragraphs=())
    page = render(replace(report, contributions=REPORT.contributions), "")
    assert "What weighed most" not in page
    assert page.startswith("UNSURE  no number  port.txt  no date\nThere is no word in it")


@pytest.mark.parametrize(
    ("doubt", "words"), [("few_words", "Too few words of content to judge"), ("not_english", "Not English")]
)
def test_a_page_that_is_unsure_says_why(doubt, words):
    page = render(replace(CLEAN, verdict="unsure", doubt=doubt), TEXT)
    assert page.splitlines()[1].startswith(words)


def test_a_day_that_is_only_a_bound_is_shown_as_one():
    as_of = {"date": "2025-02-01", "from": "officials"}
    assert "  as of 2025-02-01 (by the officials named)\n" in render(replace(CLEAN, as_of=as_of), TEXT)
    as_of["bound"] = "earliest"
    assert "  not before 2025-02-01 (by the officials named)\n" in render(replace(CLEAN, as_of=as_of), TEXT)


@pytest.mark.parametrize(("reliability", "shown"), [(0.0004, "<0.01"), (0.9999, ">0.99"), (0.126, "0.13")])
def test_no_number_is_rounded_to_certainty(reliability, shown):
    assert render(replace(CLEAN, reliability=reliability), TEXT).startswith(f"KEEP  {shown} ")


def test_a_record_is_named_by_file_and_id():
    assert "corpus.jsonl: 17" in render(replace(CLEAN, source="corpus.jsonl", id="17"), TEXT)


def test_what_a_text_holds_cannot_command_the_terminal():
    assert visible("a\x1b[2Jb\u202ec\u200b\n\n d\ud800") == "a<U+001B>[2Jb<U+202E>c<U+200B> d<U+D800>"
    words = "Commerce\x1b[2J Secretary"
    report = replace(REPORT, id="\x1b]0;x\x07", findings=(FINDINGS[0]._replace(text=words, message=words),))
    assert "\x1b" not in render(report, TEXT)


def test_a_page_with_hundreds_of_findings_is_still_one_screen():
    rules = [f"family.rule_{k}" for k in range(12)]
    findings = tuple(
        FINDINGS[k % 2]._replace(
            rule=rules[k % 12], tier=("hard", "soft")[k % 2], message="a long message " * 20
        )
        for k in range(300)
    )
    paragraphs = tuple(PARAGRAPHS[3]._replace(i=i) for i in range(400))
    report = replace(REPORT, findings=findings, paragraphs=paragraphs, warnings=("w",) * 9)
    for width in (60, 80, 120):
        lines = render(report, TEXT, width=width).splitlines()
        assert len(lines) <= 51
        assert max(map(len, lines)) <= min(width, 110)
    assert any(line.startswith("  and 146 more: family.rule_8 25, ") for line in lines)
    assert "Soft signals (150): none decides alone; 4 of 6 kinds shown" in lines


def test_on_a_long_page_one_letter_stands_for_several_paragraphs_and_shows_the_worst():
    paragraphs = tuple(PARAGRAPHS[5 if i == 250 else 0]._replace(i=i) for i in range(300))
    page = render(replace(CLEAN, paragraphs=paragraphs), TEXT, width=80)
    assert "Paragraphs (300): one letter is 3 of them" in page
    letters = "".join(line for line in page.splitlines() if set(line) <= set("CF ") and line.strip())
    assert letters.replace(" ", "") == "C" * 83 + "F" + "C" * 16


def test_the_first_finding_of_every_rule_comes_before_the_second_of_any():
    findings = (*[FINDINGS[3]] * 6, FINDINGS[0])
    page = render(replace(REPORT, findings=findings), TEXT)
    assert "officeholder.anachronism" in page
    assert "and 3 more: leak.chatbot 3" in page


def test_short_findings_are_shown_with_what_stands_around_them():
    report = replace(REPORT, findings=(finding("hedge.cue", "hard", "four days", "a span"),))
    assert "  ¶2  …on Tuesday after «four days», the harbour office said.  hedge.cue" in render(report, TEXT)


def test_without_the_text_findings_are_shown_in_their_own_words():
    assert "  ¶3  «Commerce Secretary Wilbur Ross»  officeholder.anachronism\n" in render(REPORT, "")
