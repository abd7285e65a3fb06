"""What speaks for filler: stubs of questions and openings of encyclopaedias; terms of content alone."""

import numpy as np
import pytest

import quality.features  # noqa: F401 - declares the features
from quality import evidence
from quality.evidence import (
    copied,
    document_terms,
    filler_terms,
    hard_rules,
    roles,
)
from quality.features.topic import off_topic
from quality.registry import Counted, count
from quality.rules import Spans
from quality.scorer import Scorer
from quality.text import Batch

NEWS = "The harbour was closed for two hours on Monday after a barge had lost its anchor in the channel."


def batch(*paragraphs: str) -> Batch:
    return Batch.of([""], [paragraphs])


GARDEN = [
    "The gardeners of the valley have begun to pick their apples two weeks early, after a dry summer.",
    "Dry weather makes the apples small but sweet, said the woman who runs the cider press of the valley.",
    "Several gardeners of the valley have dug ponds to keep rain from the winter for their young apple trees.",
]
BONDS = (
    "Yields on ten-year bonds climbed after the central bank said that it would sell part of its holdings."
)


def test_page_furniture_is_off_every_topic_and_no_filler_for_that() -> None:
    def term(line: str) -> float:
        text = batch(*GARDEN, line)
        assert off_topic(text)[3] > 0.01
        return float(filler_terms(text, count(text), ["off_topic"])[3, 0])

    assert term(BONDS) > 0.01
    assert term(BONDS + " Sign up for our weekly newsletter.") == 0.0


def test_a_paragraph_without_words_is_furniture() -> None:
    chance, role = roles(batch("* * *", NEWS), np.array([0.1, 0.1]), np.array([0.9, 0.1]))
    assert (role.tolist(), chance[0].tolist()) == ([1, 0], [0.0, 1.0, 0.0, 0.0])


def test_a_copy_of_what_only_furniture_said_before_is_none() -> None:
    page = batch(NEWS, "Contact us", NEWS)
    assert copied(page, np.array([0.1, 0.9, 0.1])).tolist() == [0.0, 0.0, pytest.approx(0.855)]
    assert copied(page, np.array([0.9, 0.9, 0.1])).tolist() == [0.0, 0.0, pytest.approx(0.095)]


def test_near_copies_count_less_where_a_page_is_full_of_them() -> None:
    def near(n: int) -> list[float]:
        lines = [f"{NEWS} The {word} boat was not among them." for word in WORDS[: n + 1]]
        return copied(batch(*lines), np.zeros(n + 1)).tolist()[1:]

    assert near(2) == pytest.approx([0.95] * 2)
    assert near(5) == pytest.approx([0.95 * 2 / 5] * 5)


LINES = [f"{NEWS} The {word} boat was not among them, nor was its crew." for word in ("first", "second", "third", "fourth",
         "fifth", "sixth", "seventh", "eighth")]  # fmt: skip


WORDS = ("red", "old", "long", "small", "white", "heavy", "tarred")


def test_exact_copies_in_plain_content_count_less_where_a_page_is_full_of_them() -> None:
    def said_twice(n: int, boilerplate: float = 0.0) -> list[float]:
        page = batch(*[line for line in LINES[:n] for _ in range(2)])
        return copied(page, np.full(2 * n, boilerplate)).tolist()[1::2]

    assert said_twice(6) == [1.0] * 6
    assert said_twice(8) == [0.75] * 8
    # what may be furniture is a copy by being said again
    assert said_twice(8, 0.3) == pytest.approx([0.7] * 8)


def test_copies_in_a_block_count_in_full_however_many_they_are() -> None:
    assert copied(batch(*LINES, *LINES), np.zeros(16)).tolist() == [0.0] * 8 + [1.0] * 8


def test_more_than_three_findings_of_a_hard_rule_add_nothing() -> None:
    def amount(n: int) -> float:
        text = batch(*["As an AI language model, I cannot tell you when the harbour opens."] * n)
        counted = count(text)
        assert "leak.chatbot" in hard_rules(counted)
        return float(document_terms(text, counted, np.zeros(n, np.int64), ["leak.chatbot"])[0, 0])

    assert [amount(n) for n in (1, 3, 5)] == [1.0, 2.0, 2.0]


def test_reference_marks_make_no_filler() -> None:
    text = batch(NEWS, "Funding rose.[2][3][4]", NEWS)
    names = ["leaked_words", "question_stub"]
    assert filler_terms(text, count(text), names).tolist() == [[0.0, 0.0]] * 3


def test_words_under_a_soft_leak_are_no_leaked_words_for_honest_lines_look_so_too() -> None:
    text = batch(NEWS, "The mill in MILL_TOWN closes.", "[Your Name], the mayor")
    leaked, blank, placeholder = filler_terms(
        text, count(text), ["leaked_words", "leak.blank", "leak.placeholder"]
    ).T.tolist()
    assert [value > 0 for value in blank] == [False, True, False]
    assert [value > 0 for value in placeholder] == [False, False, True]
    assert [value > 0 for value in leaked] == [False, False, True]


def test_every_term_that_is_no_rule_is_declared_with_its_meaning():
    counted = count(Batch.of(["One."]))
    rules = {rule.id for rule in counted.rules}
    named = {
        "documents": [evidence.LIKENESS, evidence.STRANGE_KIND, *evidence.document_names(counted)],
        "filler": evidence.filler_names(counted),
        "paragraphs": evidence.paragraph_names(counted),
    }
    for of, names in named.items():
        declared = [term.name for term in evidence.TERMS if term.of == of]
        assert declared == [name for name in names if name not in rules]


def test_cues_of_furniture_add_to_its_odds_as_far_as_they_cover_a_paragraph() -> None:
    text = batch(*GARDEN[:2], "Advertisement", BONDS)
    (cue,) = (r for r in count(text).rules if r.id == "boilerplate.share")
    bonds = text.paragraphs.start[3:]
    half = Counted.of([(cue, Spans(bonds, bonds + len(BONDS) // 2, np.array([3])), [None])])
    assert evidence.cued(text, count(text)).tolist() == [0.0, 0.0, 2.0, 0.0]
    assert evidence.cued(text, half).tolist() == [0.0, 0.0, 0.0, pytest.approx(1.0, abs=0.02)]


def test_lines_among_furniture_are_the_likelier_furniture_and_all_else_the_less() -> None:
    text = batch(*GARDEN, "Ten soups for autumn", "Bakers", "Brewers", "What to cook tonight?", BONDS)

    def added(*furniture: int) -> list[float]:
        odds = np.array([1.0 if k in furniture else -1.0 for k in range(8)])
        return evidence.beside_furniture(text, odds).tolist()

    assert added() == [-0.2] * 8
    # two of the six beside the soups; the question and the sentence behind have more, and end as such
    assert added(4, 5) == [-0.2, -0.2, -0.2, 0.3, -0.2, -0.2, -0.2, -0.2]
    assert added(3, 4, 5) == [-0.2, -0.2, -0.2, 0.3, 0.3, 0.3, -0.2, -0.2]


def test_a_headline_counts_by_its_copies_alone() -> None:
    title = "Apples of the valley are small but sweet this year"
    text = batch(title, *GARDEN, title)
    counted = count(text)

    def term(last: int) -> float:
        role = np.array([evidence.CONTENT] * 4 + [last])
        return float(document_terms(text, counted, role, ["repeat.headline"])[0, 0])

    assert term(evidence.DUPLICATE) == 1.0
    assert term(evidence.BOILERPLATE) == 0.0  # a menu that names the page
    assert term(evidence.CONTENT) == 0.0  # a thread that says it with every answer


def test_a_blank_counts_against_the_text_outside_furniture_alone() -> None:
    text = batch(*GARDEN, "Hello {{first_name}}, please log in.", BONDS)
    counted = count(text)
    (leak,) = {r.id for k, r in enumerate(counted.rules) if r.tier == "hard" and k in counted.rule}
    assert leak == "leak.placeholder"

    def term(role_of_leak: int) -> tuple[float, list[bool]]:
        role = np.array([evidence.CONTENT] * 3 + [role_of_leak, evidence.CONTENT])
        hard = [counted.rules[k].tier == "hard" for k in counted.rule]
        return float(document_terms(text, counted, role, [leak])[0, 0]), evidence.is_hard(counted, role)[
            hard
        ].tolist()

    assert term(evidence.CONTENT) == (1.0, [True])
    assert term(evidence.FILLER) == (1.0, [True])
    assert term(evidence.BOILERPLATE) == (0.0, [False])


def test_a_line_that_cues_cover_is_furniture_where_its_look_leaves_a_doubt() -> None:
    page = "\n\n".join([GARDEN[0], "Advertisement", *GARDEN[1:]])
    line = Scorer.load().score(page, with_roles=True).paragraphs[1]
    assert line.role == "boilerplate"
    assert line.boilerplate is not None
    effects = {c.feature: c.effect for c in line.boilerplate.contributions}
    assert effects["cue_words"] == 2.0
    assert line.boilerplate.intercept + sum(effects.values()) < 2.0  # by its look alone it would be content
