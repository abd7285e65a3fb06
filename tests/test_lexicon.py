"""Phrases, lexicons and rule packs: what is found, and what is refused at the door."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.lexicon import DATA, Phrases, WordTable, expand, read_lexicon, sources
from quality.rules import Rule, RulePack, shipped_rules
from quality.text import Batch, hash_words

RULE = """
[[rule]]
id = "style.shouting"
tier = "soft"
title = "shouting"
message = "shouts: {text}"
why = "An example."
source = "own"
hits = [["Act now or lose", ["Act now"]]]
clean = ["They act nowhere."]
"""


def pack(tmp_path: Path, body: str) -> RulePack:
    path = tmp_path / "pack.toml"
    path.write_text(RULE + body, "utf8")
    return RulePack.load(path)


def spans(rules: RulePack, text: str) -> list[str]:
    batch = Batch.of([text])
    (found,) = rules.find(batch)
    return [batch.text_of(int(a), int(b)) for a, b in zip(found.start, found.end, strict=True)]


def found_phrases(phrases: list[str], text: str) -> list[str]:
    batch = Batch.of([text])
    hits = Phrases((p, 0) for p in phrases).find(batch)
    return [
        batch.text_of(int(batch.token_start[a]), int(batch.token_end[a + n - 1]))
        for a, n in zip(hits.first, hits.n_tokens, strict=True)
    ]


@pytest.mark.parametrize(
    ("phrases", "text", "expected"),
    [
        (["read also"], "READ also: more. Read, also", ["READ also"]),
        (["subscrib*"], "subscribe, Subscribing; transcribe", ["subscribe", "Subscribing"]),
        (["{see,read} {all,} news"], "See all news. Read news.", ["See all news", "Read news"]),
        (["check-in"], "my check-in and check in", ["check-in"]),
        (["u.s. vote"], "the U.S. vote", ["U.S. vote"]),
        (["one two", "one two three"], "one two three", ["one two three", "one two"]),
        (["caf\u00e9"], "Cafe", ["Cafe"]),
        (["one two"], "one\n\ntwo", []),
        (["minister"], "mi\u200bnister", ["mi\u200bnister"]),
    ],
)
def test_phrases_match_folded_tokens_within_one_paragraph(
    phrases: list[str], text: str, expected: list[str]
) -> None:
    assert found_phrases(phrases, text) == expected


def test_each_phrase_keeps_its_owner() -> None:
    batch = Batch.of(["may be"])
    hits = Phrases([("may", 3), ("may be", 5), ("may", 4)]).find(batch)
    assert list(zip(hits.value.tolist(), hits.n_tokens.tolist(), strict=True)) == [(5, 2), (3, 1), (4, 1)]


def test_braces_stand_for_every_choice() -> None:
    assert expand("{read,see} {more,}") == ["read more", "read", "see more", "see"]
    with pytest.raises(ValueError, match="unbalanced braces"):
        expand("{read more")


def test_an_empty_phrase_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no token"):
        Phrases([("  ", 0)])


def test_a_word_table_gives_the_value_or_the_default() -> None:
    table = WordTable.of({"two": 2.0, "one": 1.0})
    assert table.look_up(hash_words(["one", "three", "two"]), -1.0).tolist() == [1.0, -1.0, 2.0]


@pytest.mark.parametrize(
    ("body", "text", "expected"),
    [
        ('phrases = ["act now"]', "Act now, they said. Act now.", ["Act now", "Act now"]),
        ('phrases = ["act now"]\nquoted = "silent"', 'Act now. "Act now," he said.', ["Act now"]),
        ('phrases = ["act now"]\nwhere = "start"', "- \u201cAct now. We act now.", ["Act now"]),
        ('phrases = ["act now"]\nwhere = "whole"', "Act now!\nAct now and win", ["Act now"]),
        (
            'phrases = ["act now"]\nwhere = "short"',
            "Act now\nThey told the crowd in the square that it was time to act now or never",
            ["Act now"],
        ),
        ('phrases = ["act now"]\nunless = ["slogan"]', "The slogan was act now. Act now.", ["Act now"]),
        ('phrases = ["act now"]\ndocument_unless = ["^Campaign notes"]', "Campaign notes\nAct now.", []),
        ("patterns = ['[A-Z]{3,9}!']\nanchors = [\"!\"]", "WIN! now\nWIN now", ["WIN!"]),
        ("patterns = ['^win']\nanchors = [\"win\"]", "Win, they said, win.", ["Win"]),
        ('phrases = ["act now", "now or never"]', "act now or never", ["act now"]),
        # "$$" is a dollar sign, or the end of a text, where a list could be meant
        ("patterns = ['(?:now|never$$x?)']\nanchors = [\"never\"]", "now or never", ["now", "never"]),
        (r"patterns = ['\$$win']" + '\nanchors = ["win"]', "a prize of $win", ["$win"]),
    ],
)
def test_conditions_of_a_rule(tmp_path: Path, body: str, text: str, expected: list[str]) -> None:
    assert spans(pack(tmp_path, body), text) == expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('phrases = ["x"]\ncolour = "red"', r"unknown fields \['colour'\]"),
        ("", "needs phrases, a lexicon or patterns"),
        ("patterns = ['x']", "patterns need anchors"),
        ('phrases = ["x"]\nwhere = "end"', "where is 'end'"),
        ('phrases = ["x"]\nquoted = "loud"', "quoted is 'loud'"),
        ("patterns = ['(a+)+']\nanchors = [\"a\"]", "more than linear time"),
        ("patterns = ['a.*b']\nanchors = [\"a\"]", "more than linear time"),
        ("patterns = ['(?:a{0,9}+b){0,9}']\nanchors = [\"a\"]", r"holds a possessive repeat such as a\+\+"),
        ("patterns = ['(?>a{0,9}b)']\nanchors = [\"a\"]", "holds an atomic group"),
        ("patterns = ['(a)?(?(1)b|c)']\nanchors = [\"a\"]", "holds a condition"),
        ("patterns = ['(a']\nanchors = [\"a\"]", "not a regular expression"),
        ('lexicon = "no_such_list"', "no lexicon 'no_such_list'"),
        ('phrases = "act now"', "phrases is 'act now'; expected a list"),
        ('phrases = ["x"]\nunit = 3', "unit is 3; expected a string"),
        ("phrases = [1]", r"phrases is \[1\]; expected a list of strings"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_reason(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack(tmp_path, body)


def test_a_rule_without_examples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pack.toml"
    path.write_text(RULE.replace('clean = ["They act nowhere."]', 'phrases = ["x"]'), "utf8")
    with pytest.raises(ValueError, match="fields missing or empty: clean"):
        RulePack.load(path)


def test_an_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "pack.toml"
    for body in ("[[rule]", "rule = 3", RULE + 'patterns = ["x.*"]\nanchors = ["x"]\n'):
        path.write_text(body, "utf8")
        with pytest.raises(ValueError, match=r"^\S*pack\.toml: (?!\S*pack\.toml)"):
            RulePack.load(path)


def test_examples_of_another_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pack.toml"
    path.write_text(RULE.replace('[["Act now or lose", ["Act now"]]]', '["Act now"]'), "utf8")
    with pytest.raises(
        ValueError, match=r"hits is \['Act now'\]; expected \[\[text, \[span, \.\.\.\]\], \.\.\.\]"
    ):
        RulePack.load(path)


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pack.toml"
    path.write_text(2 * (RULE + 'phrases = ["act now"]\n'), "utf8")
    with pytest.raises(ValueError, match=r"rules given twice: style\.shouting"):
        RulePack.load(path)


@pytest.mark.parametrize("path", sorted((DATA / "lexicons").glob("*.txt")), ids=lambda p: p.stem)
def test_every_lexicon_has_a_header_and_no_entry_twice(path: Path) -> None:
    header = [line for line in path.read_text("utf8").splitlines() if line.startswith("#")]
    assert {line.split(":")[0] for line in header} >= {"# what", "# source", "# licence", "# date"}
    entries = read_lexicon(path.stem)
    assert len(entries) == len(set(entries))


def test_every_shipped_rule_names_a_known_source() -> None:
    assert {rule.source for rule in shipped_rules().rules} <= set(sources())


def test_every_source_has_a_title_and_a_licence_that_lets_it_ship() -> None:
    for key, entry in sources().items():
        assert entry["title"], key
        assert not any(word in entry["licence"] for word in ("GPL", "NC")), key


def test_of_patterns_tied_to_the_start_none_hides_another() -> None:
    patterns = (r"^(?P<a>foo) bar", r"^(?P<a>baz) bar", r"^null|\[object \w+\]", r"^(ho) \1 he")
    rule = Rule("a.b", "soft", "t", "m", "w", "own", patterns=patterns, anchors=("bar", "object", "he"))
    texts = ["foo bar", "baz bar", "He saw [object Object] there", "ho ho he"]
    batch = Batch.of(texts)
    (found,) = RulePack([rule]).find(batch)
    assert [batch.text_of(a, b) for a, b in zip(found.start, found.end, strict=True)] == [
        "foo bar",
        "baz bar",
        "[object Object]",
        "ho ho he",
    ]
