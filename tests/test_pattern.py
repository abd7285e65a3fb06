"""A pattern finds what searching every character finds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest

from quality.pattern import Passages, Pattern, Patterns, is_tied
from quality.rules import shipped_rules
from quality.text import Batch


def found_by(expressions: Sequence[str], texts: list[str]) -> list[list[tuple[int, str]]]:
    """Number of a text and what was found in it, for each of some expressions that are searched together."""
    matches: list[list[tuple[int, str]]] = [[] for _ in expressions]
    some = Passages(texts, [Batch.of([text]).folded[:-1].tobytes() for text in texts])
    patterns = Patterns([Pattern(expression) for expression in expressions])
    for k, p, match in patterns.search(some, np.ones((len(expressions), len(texts)), bool)):
        matches[k].append((p, match[0]))
    return matches


def found(expression: str, texts: list[str]) -> list[tuple[int, str]]:
    return found_by([expression], texts)[0]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (r"\bferr(?:y|ies)\b", "Ferry, FERRIES, ferryman, the\u00a0ferry"),
        (r"\b(?-i:May)\b", "In May it may. MAY"),
        (r"(?<!no )harbou?r", "harbour, no harbour, Harbor"),
        (r"abab|ba", "ababab bab"),
        (r"\bI['\u2019]m sorry", "I\u2019m sorry. i'm Sorry. I am sorry"),
        (r"[$#]x+|xx% of|\Wof x", "$xx% of x, xx% of x"),
        (r"\[\d{1,2}\]", "[1][22] [333]"),
        (r"(?:\[\d\]){1,3}", "[1][2] and [3][4][5][6]"),
        (r"[a-z]{2,9}-and-[a-z]{2,9} (?:scene|realm)s?", "the salt-and-pepper realms"),
        (r"(?:left|right)? ?turn(?! back)", "Right turn, turn back, left turn"),
        (r"kiss|\u00e9tude", "\u212ai\u017f\u017f, \u00c9TUDE, etude"),
        (r"\u03b2-(?:wave|ray)s", "\u0392-waves, \u03b2-rays, b-rays"),
        (r"(?:one|two|[3-9]) boats", "two boats, 7 boats, boats"),
        (r"^note|note$", "note the note"),
        (r"\W{2,3}fish", "... fish"),
        (r"x?", "xx"),
        (r"\bI\s(?:have|had)\sno", "I\u2003have no, i had no"),
        (r"(?:\[photo|\[image) of", "[photo of] [Image of]"),
        (r"^\W{0,4}(?:share|tweet) (?:this|it)$", "- Share this"),
        (r"^[^.]{0,9}#[a-z]{2,9}", "see #news"),
        (r"^.{0,4}ferry", "The ferry and the ferry"),
    ],
)
def test_a_pattern_finds_the_same_as_a_search_of_every_character(expression: str, text: str) -> None:
    expected = [match[0] for match in re.finditer(expression, text, re.IGNORECASE)]
    assert expected
    assert found(expression, [text]) == [(0, match) for match in expected]


def test_matches_stay_within_their_text() -> None:
    assert found("one two", ["one", "two", "", "One two", "one two one two"]) == [
        (3, "One two"),
        (4, "one two"),
        (4, "one two"),
    ]
    assert found(r"one\s", ["one", "one "]) == [(1, "one ")]


def test_each_pattern_is_searched_where_it_is_asked_for() -> None:
    texts = ["a ferry boat", "a ferry boat", "a canoe"]
    some = Passages(texts, [text.encode() for text in texts])
    patterns = Patterns([Pattern("ferry"), Pattern("boats?"), Pattern("^a")])
    asked = np.array([[True, False, True], [False, True, True], [False, False, True]])
    matches = [(k, p, match[0]) for k, p, match in patterns.search(some, asked)]
    assert sorted(matches) == [(0, 0, "ferry"), (1, 1, "boat"), (2, 2, "a")]


def test_a_tied_pattern_is_tried_only_where_what_it_opens_with_stands_near_the_start() -> None:
    tried = []

    class Told(Pattern):
        def matches(self, text: str, places: Iterable[int] | None) -> Iterator[re.Match[str]]:
            tried.append(text)
            return super().matches(text, places)

    texts = ["by the ferry", "nowhere near the ferry", "a canoe"]
    some = Passages(texts, [text.encode() for text in texts])
    matches = Patterns([Told("^.{0,9}ferry")]).search(some, np.ones((1, 3), bool))
    assert [match[0] for _, _, match in matches] == ["by the ferry"]
    assert tried == ["by the ferry"]


def test_a_search_that_begins_while_another_reads_the_patterns_finds_the_same() -> None:
    """As where threads share the shipped rules."""
    some, asked = Passages(["a ferry boat"], [b"a ferry boat"]), np.ones((2, 1), bool)
    others = []

    class Reading(Pattern):
        @property
        def pieces(self):  # type: ignore[no-untyped-def, override]
            if not others:
                others.append([])
                others[0] += [match[0] for _, _, match in patterns.search(some, asked)]
            return super().pieces

    patterns = Patterns([Pattern("ferry"), Reading("boats?")])
    assert [match[0] for _, _, match in patterns.search(some, asked)] == ["ferry", "boat"]
    assert others == [["ferry", "boat"]]


def test_shipped_patterns_find_the_same_as_a_full_search_in_the_examples_of_their_rule() -> None:
    for rule in shipped_rules().rules:
        texts = [*rule.clean, *(text for text, _ in rule.hits)]
        matches = found_by(rule.patterns, texts)
        for expression, mine in zip(rule.patterns, matches, strict=True):
            expected = [
                (k, match[0])
                for k, text in enumerate(texts)
                for match in re.finditer(expression, text, re.IGNORECASE)
            ]
            assert mine == expected, expression


@pytest.mark.parametrize(
    ("expression", "tied"),
    [("^a", True), ("^(?:a|b)", True), (r"^[|]a\|b", True), ("^a|b", False), ("a", False)],
)
def test_an_expression_is_tied_to_the_start_where_it_cannot_match_elsewhere(
    expression: str, tied: bool
) -> None:
    assert is_tied(expression) is tied
    assert (re.search(expression, "x b, a|b") is None) or not tied


def test_passages_too_long_for_all_that_a_pattern_can_match_are_not_asked() -> None:
    patterns = Patterns([Pattern(p) for p in ("^ab{1,3}$", "^ab$|^abcdef$", "^ab", "ab")])
    asked = np.ones((4, 3), bool)
    asked[3, 0] = False
    assert patterns.short_enough(asked, np.array([4, 5, 7])).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
        [False, True, True],
    ]
