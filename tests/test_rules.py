"""The shipped rule packs: each rule finds what it says, is silent where it should be, ends in linear time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from quality.backtracking import most_ways
from quality.lexicon import DATA, Phrases, expand, sources
from quality.rules import WAYS_HIGH, Rule, RulePack
from quality.text import Batch

FILES = sorted((DATA / "rules").glob("*.toml"))
RULES = RulePack.load(*FILES).rules
BY_NAME = {rule.id: rule for rule in RULES}
HITS = [(rule.id, text, list(spans)) for rule in RULES for text, spans in rule.hits]
CLEAN = [(rule.id, text) for rule in RULES for text in rule.clean]
PATTERNS = [
    (r.id, pattern)
    for r in RULES
    for pattern in r.patterns + r.unless + r.paragraph_unless + r.document_unless
]

SHARED = Path(__file__).parents[1].parent / "shared"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the corpora in ../shared are not here")


ALL = RulePack(RULES)
LEAKS = RulePack([rule for rule in RULES if rule.id.startswith("leak.")])
ONE = {rule.id: RulePack([rule]) for rule in RULES}


def spans(pack: RulePack, text: str) -> list[tuple[str, str]]:
    batch = Batch.of([text])
    return [
        (rule.id, batch.text_of(int(start), int(end)))
        for rule, places in zip(pack.rules, pack.find(batch), strict=True)
        for start, end in zip(places.start, places.end, strict=True)
    ]


def pieces(name: str, text: str) -> list[str]:
    return [piece for _, piece in spans(ONE[name], text)]


@pytest.mark.parametrize(("name", "text", "expected"), HITS)
def test_a_rule_finds_exactly_the_spans_of_its_example(name: str, text: str, expected: list[str]) -> None:
    assert pieces(name, text) == expected


@pytest.mark.parametrize(("name", "text"), CLEAN)
def test_a_rule_is_silent_on_its_clean_example(name: str, text: str) -> None:
    assert pieces(name, text) == []


@pytest.mark.parametrize(("name", "pattern"), PATTERNS)
def test_every_pattern_and_exception_has_an_example_that_needs_it(name: str, pattern: str) -> None:
    rule = BY_NAME[name]
    examples = [text for text, _ in rule.hits] if pattern in rule.patterns else rule.clean
    assert any(re.search(pattern, text, re.IGNORECASE) for text in examples)


def test_the_packs_hold_the_rules_that_reports_promise() -> None:
    promised = {
        "leak": "chatbot placeholder category_tags citation_debris",
        "filler": "stock_phrase",
        "boilerplate": "navigation cookie subscribe share related legal comment",
        "hedge": "vague_attribution empty_outlook",
    }
    assert set(BY_NAME) >= {
        f"{family}.{name}" for family, names in promised.items() for name in names.split()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_pack_holds_the_rules_of_one_family(path: Path) -> None:
    names = [rule.id for rule in RulePack.load(path).rules]
    assert names
    assert {name.partition(".")[0] for name in names} == {path.stem}


def test_only_leaks_are_hard_evidence() -> None:
    assert {rule.id.partition(".")[0] for rule in RULES if rule.tier == "hard"} == {"leak"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_speaks_to_its_reader_and_names_a_source(rule: Rule) -> None:
    assert "{text}" in rule.message
    assert len(rule.title.split()) <= 5
    assert rule.why.endswith(".")
    assert len(rule.why.split()) >= 12
    assert rule.source in sources()


@pytest.mark.parametrize("typo", ["pattern", "phrase", "anchor", "severity"])
def test_a_misspelt_field_is_refused_by_name(tmp_path: Path, typo: str) -> None:
    block = FILES[0].read_text("utf8").partition("[[rule]]")[2].partition("[[rule]]")[0]
    path = tmp_path / "house.toml"
    path.write_text(f'[[rule]]\n{typo} = ["x"]\n{block}', "utf8")
    with pytest.raises(ValueError, match=rf"(?s)house\.toml.*unknown fields \['{typo}'\]"):
        RulePack.load(path)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_phrase_shrinks_to_one_common_word(rule: Rule) -> None:
    """A comma inside braces makes an empty alternative: "{now ,then} in" would find every "in"."""
    single = {"oaicite", "contentreference", "attributableindex", "upvote", "downvote"}
    forms = [form for phrase in rule.phrases for form in expand(phrase)]
    batch = Batch.of(forms, [[form] for form in forms])
    tokens = batch.documents.last - batch.documents.first
    assert [form for form, n in zip(forms, tokens, strict=True) if n < 2 and form not in single] == []


def test_a_phrase_that_opens_with_a_dash_keeps_it() -> None:
    batch = Batch.of(["The Echo \N{EM DASH} news and more news."])
    hits = Phrases([("\N{EM DASH} news", 0)]).find(batch)
    assert [batch.text_of(int(batch.token_start[k]), int(batch.token_end[k + 1])) for k in hits.first] == [
        "\N{EM DASH} news"
    ]


@pytest.mark.parametrize(("name", "pattern"), PATTERNS)
def test_a_pattern_leaves_few_ways_to_try_it(name: str, pattern: str) -> None:
    assert most_ways(pattern) <= WAYS_HIGH


@pytest.mark.parametrize("name", sorted({rule.lexicon for rule in RULES if rule.lexicon}))
def test_a_lexicon_of_the_rules_says_what_it_is_and_is_sorted(name: str) -> None:
    lines = (DATA / "lexicons" / f"{name}.txt").read_text("utf8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    assert {"what", "source", "licence", "date"} <= {line[2:].partition(":")[0] for line in head}
    assert not any("GPL" in line or "non-commercial" in line for line in head)
    entries = lines[len(head) :]
    assert entries == sorted(set(entries))


PUMPED = [
    unit * (5_000 // len(unit))
    for unit in (
        *(
            "a",
            "word ",
            "[",
            "(",
            "-and-a",
            "a, ",
            "a | ",
            " \N{MIDDLE DOT} a",
            "> a ",
            "A  b   ",
            "[1]",
            "[a",
            "{{a",
        ),
        *("copyright 2024 ", "note : ", "politics, ", "share ", "read more : ", "12 34 "),
    )
]


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_rule_ends_on_pumped_paragraphs_of_five_thousand_characters(name: str) -> None:
    """A pattern that backtracks would not come back from these in a lifetime."""
    rule = BY_NAME[name]
    own = [(text + " ") * (5_000 // len(text)) for text, _ in rule.hits]
    anchors = " ".join(form for anchor in rule.anchors for form in expand(anchor)[:1])
    pumped = PUMPED + [
        (form + " ") * (5_000 // (len(form) + 1)) for a in rule.anchors for form in expand(a)[:1]
    ]
    for pattern in rule.patterns + rule.unless + rule.paragraph_unless + rule.document_unless:
        compiled = re.compile(pattern, re.IGNORECASE)
        for text in own + pumped:
            assert all(match.end() - match.start() <= 1_000 for match in compiled.finditer(text))
    found = ONE[name].find(Batch.of([f"{anchors} {text}" for text in PUMPED]))
    assert all(len(places) <= 5_000 * len(PUMPED) for places in found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("leak.chatbot", "As of my last update, the mill was shut."),
        ("leak.placeholder", "The fair opens on [date] in [City]."),
        ("leak.category_tags", "It shook the general-news sphere."),
        ("filler.stock_phrase", "Only time will tell."),
        ("style.stock_wording", "It serves as a reminder."),
    ],
)
def test_what_somebody_is_quoted_as_saying_is_not_the_writers_fault(name: str, text: str) -> None:
    assert pieces(name, text) != []
    quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{text}\N{RIGHT DOUBLE QUOTATION MARK} the clerk read."
    assert pieces(name, quoted) == []


def test_what_a_line_introduces_as_somebodys_answer_is_not_the_writers_fault():
    leak, lead = "As of my last update, the mill was shut.", "One answer began like this:"
    assert pieces("leak.chatbot", f"{lead[:-1]}.\n{leak}") != []
    assert pieces("leak.chatbot", f"{lead}\n{leak}") == []
    assert pieces("leak.placeholder", f"{lead}\nThe fair opens on [date] in [City].") != []


BLANK = RulePack(
    [Rule("a.b", "hard", "t", "m", "w", "own", patterns=(r"\[[a-z ]{1,20}\]",), anchors=("[",),
          paragraph_unless=("form letter", "␣ stands for"))]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A form letter: [name].", []),
        ("A form letter:\n[name].", []),
        ("[name].\nSo goes the form letter.", []),
        ("[name] stands for yours.", []),
        ("[form letter] came.", ["[form letter]"]),
        ("A form letter:\nRain.\n[name].", ["[name]"]),
        ("A form letter:\n[name].\n" + "Rain fell.\n" * 5 + "[town]", []),
        ("A form letter:\n[name].\n" + "Rain fell.\n" * 6 + "[town]", ["[town]"]),
    ],
)
def test_words_beside_a_finding_excuse_it_and_those_soon_after(text: str, found: list[str]) -> None:
    assert [piece for _, piece in spans(BLANK, text)] == found


def test_words_in_one_text_excuse_nothing_in_the_next() -> None:
    batch = Batch.of(["[name].", "A form letter: [name].", "[town]."])
    (places,) = BLANK.find(batch)
    assert [batch.text_of(a, b) for a, b in zip(places.start, places.end, strict=True)] == [
        "[name]",
        "[town]",
    ]


def test_look_alike_letters_and_zero_width_characters_do_not_hide_a_leak() -> None:
    text = "the provided t\N{CYRILLIC SMALL LETTER IE}xt d\N{ZERO WIDTH SPACE}oes not say"
    assert pieces("leak.chatbot", text) == [text.removesuffix(" say")]


def test_a_reference_mark_counts_only_where_nothing_is_listed() -> None:
    assert pieces("leak.citation_debris", "Fares rose in May[3].\n\nThe board met.") == ["[3]"]
    assert pieces("leak.citation_debris", "Fares rose in May[3].\n\nSources\n\nHarbour board") == []


@pytest.mark.parametrize(
    "text",
    [
        "Further research may show whether the effect, which appears to be small, is real (p = 0.04).",
        "The court found that the tenant had probably read the notice.",
        "Road closed Sunday 9-11 for the harbour run. Soup afterwards in the parish hall.",
        "I learn English since two years and I am very thankful for my teacher, she help me much.",
        "The directive on the protection of workers from carcinogens was adopted in 2004.",
        "The former treasurer, who left in 2019, told the inquiry that she had warned the board.",
    ],
)
def test_honest_writing_of_many_kinds_has_no_hard_finding_and_no_filler(text: str) -> None:
    found = {name for name, _ in spans(ALL, text)}
    assert not {name for name in found if name.partition(".")[0] in ("leak", "filler", "boilerplate")}


@needs_shared
def test_the_seeds_show_the_leaks_that_are_in_them_and_the_fair_one_shows_none() -> None:
    folder = SHARED / "seeds"
    wanted = json.loads((folder / "expected.json").read_text("utf8"))
    text = {path.name[:3]: path.read_text("utf8") for path in folder.glob("0*.txt")}
    for seed, name, piece in wanted["finding"]:
        if name.startswith("leak."):
            found = [span for rule, span in spans(LEAKS, text[seed]) if rule == name]
            assert any(piece in span or span in piece for span in found), (seed, name, piece)
    assert spans(LEAKS, text["004"]) == []


@needs_shared
def test_sound_versions_of_the_made_pages_have_no_leak_and_most_spoilt_ones_show_theirs() -> None:
    lines = (SHARED / "corpora" / "made" / "farm.jsonl").read_text("utf8").splitlines()
    records = [json.loads(line) for line in lines]
    found = {record["id"]: {name for name, _ in spans(LEAKS, record["text"])} for record in records}
    assert [r["id"] for r in records if r["made"] == "fair" and found[r["id"]]] == []
    tagged = [r["id"] for r in records if any(f["rule"] == "leak.category_tags" for f in r["findings"])]
    # measured: 27 of these 30 pages; the bar lies below, so that one phrase more or less does not matter
    assert sum("leak.category_tags" in found[name] for name in tagged) >= 0.75 * len(tagged)
