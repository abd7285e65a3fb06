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
    rarer_in_long_texts,
    roles,
)
from quality.features.template import definition_line, question_stub
from quality.features.topic import off_topic
from quality.registry import count
from quality.text import Batch

HARBOUR = "Larnsund is a harbour town on the western coast, known for its herring and its lighthouse."
RIVER = "The Orne, a river of two countries, is the longest of the region and floods in most springs."
NEWS = "The harbour was closed for two hours on Monday after a barge had lost its anchor in the channel."
WHEN, WHO = "When will the harbour open again?", "Who pays for the lost anchor?"

# What three lines on a page say: the logarithm of their number to base 2.
THREE = 1.584962500721156


def batch(*paragraphs: str) -> Batch:
    return Batch.of([""], [paragraphs])


def stubs(*paragraphs: str, hollow: int | None = None) -> list[float]:
    return question_stub(batch(*paragraphs), np.arange(len(paragraphs)) == hollow).tolist()


def test_lines_that_open_like_an_encyclopaedia_count_where_three_stand_together():
    assert definition_line(batch(NEWS, HARBOUR, RIVER, HARBOUR)).tolist() == [0.0, THREE, THREE, THREE]
    assert definition_line(batch(HARBOUR, NEWS, "-", RIVER, HARBOUR)).tolist() == [
        THREE,
        0.0,
        0.0,
        THREE,
        THREE,
    ]
    assert definition_line(batch(HARBOUR, RIVER, NEWS, NEWS, HARBOUR)).tolist() == [0.0, 0.0, 0.0, 0.0, 0.0]
    assert definition_line(batch(NEWS, HARBOUR, RIVER)).tolist() == [0.0, 0.0, 0.0]


def test_two_texts_of_a_batch_do_not_stand_together():
    assert definition_line(Batch.of([HARBOUR, RIVER, HARBOUR])).tolist() == [0.0, 0.0, 0.0]
    assert question_stub(Batch.of([WHEN, WHO, WHEN]), np.zeros(3, bool)).tolist() == [0.0, 0.0, 0.0]


def test_more_such_lines_say_more_up_to_eight():
    lines = [HARBOUR, RIVER] * 5
    for n, expected in ((4, 2.0), (8, 3.0), (10, 3.0)):
        assert definition_line(batch(*lines[:n])).tolist() == [expected] * n


def first_of_three(line: str) -> float:
    return float(definition_line(batch(line, HARBOUR, RIVER))[0])


def test_an_aside_in_brackets_does_not_push_the_verb_out_of_reach():
    aside = "Larnsund (old spelling: Larnsond, from two words for sand and bay; chartered on 3 May 1290, a Sunday) "
    assert first_of_three(aside + "is a harbour town on the coast.") == THREE
    bare = aside.replace("(", "").replace(")", "")
    assert first_of_three(bare + "is a harbour town on the coast.") == 0.0


def test_a_sentence_that_tells_something_before_the_verb_is_news():
    told = "Larnsund learned on Friday that its old quay, where the herring boats used to lie, is a listed building."
    assert first_of_three(told) == 0.0


def test_a_sentence_that_opens_with_a_function_word_goes_on_with_a_story():
    assert first_of_three("But Larnsund is a harbour town that would rather keep its herring boats.") == 0.0
    assert first_of_three("The Larn is a river that drains the moors above the harbour town.") == THREE
    assert first_of_three("A barge is a flat boat that carries heavy goods on rivers and canals.") == THREE
    assert first_of_three("The closure is a blow to the boats that land their herring in winter.") == 0.0


def test_the_past_tense_is_that_of_an_encyclopaedia_after_dates_in_brackets_only():
    was = "was a pilot who marked the channel of the harbour with beacons of his own."
    assert first_of_three(f"Oluf Brask (1790-1856) {was}") == THREE
    assert first_of_three(f"Oluf Brask {was}") == 0.0


def test_a_quoted_definition_is_part_of_a_story():
    quoted = (
        'Larnsund is a town "that never sleeps in the herring season", the mayor told the crowd on the quay.'
    )
    assert first_of_three(quoted) == 0.0


def test_three_questions_that_stand_together_are_stubs():
    assert stubs(NEWS, WHEN, WHO, WHEN) == [0.0, 1.0, 1.0, 1.0]
    assert stubs(WHEN, "-", WHO, WHEN) == [1.0, 0.0, 1.0, 1.0]
    assert stubs(NEWS, WHEN, WHO) == [0.0, 0.0, 0.0]
    assert stubs(WHEN, "Why? Who pays for it?", WHO) == [0.0, 0.0, 0.0]


def test_questions_that_the_text_answers_are_no_stubs():
    assert stubs(WHEN, NEWS, WHO, NEWS, WHEN, NEWS) == [0.0] * 6


def test_a_question_before_stock_text_is_a_stub():
    assert stubs(WHEN, NEWS, WHO, NEWS, hollow=1) == [1.0, 0.0, 0.0, 0.0]


def test_among_three_stubs_the_other_questions_of_a_page_are_stubs_as_well():
    assert stubs(WHEN, NEWS, NEWS, WHEN, WHO, WHEN) == [1.0, 0.0, 0.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "line",
    [
        "Who pays then?",  # three words: a heading
        'Will "the gate" open?',
        "Who pays for the anchor that the barge lost in the channel, for the two hours in which no boat could leave, "
        "and for the herring that spoilt on the quay?",
    ],
)
def test_what_is_no_short_plain_question_is_no_stub(line: str) -> None:
    assert stubs(WHEN, line, WHO) == [0.0, 0.0, 0.0]
    assert stubs(WHEN, "Who pays for the gate?", WHO) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "line",
    [
        "Larnsund is a harbour town.",  # seven words: a caption
        "Larnsund is a harbour town " + "on the coast, " * 20,
        "Is a harbour town on the western coast in need of a second quay, or of none at all.",
        "Larnsund (it is a harbour town on the western coast) sells its herring boats this winter.",
        "Boats of Larnsund and of Orne and of Brask and of Lund and of Holm and of Vik and of Nes is a sight.",
    ],
)
def test_what_does_not_open_like_an_encyclopaedia_is_no_definition(line: str) -> None:
    assert first_of_three(line) == 0.0


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


def test_filler_is_rarer_in_a_long_text() -> None:
    def odds(words: int, boilerplate: float = 0.0) -> float:
        sizes, furniture = np.array([10, words - 10]), np.array([0.0, boilerplate])
        chance = rarer_in_long_texts(np.array([0.9, 0.1]), furniture, sizes, np.zeros(2, np.int64))[0]
        return float(chance / (1 - chance))

    assert odds(1000) == pytest.approx(9.0)
    assert odds(3000) == pytest.approx(1.0)
    # words of a menu make no text long
    assert odds(3000, boilerplate=1.0) == pytest.approx(9.0)
    two_texts = rarer_in_long_texts(np.full(2, 0.9), np.zeros(2), np.array([1000, 3000]), np.arange(2))
    assert two_texts.tolist() == pytest.approx([0.9, 0.5])


def test_a_text_is_long_by_its_likely_content_when_roles_are_given() -> None:
    page = batch(*LINES, *[NEWS + f" {k}" for k in range(60)])
    chance = roles(page, np.zeros(68), np.full(68, 0.9))[0]
    assert chance[0, 2] < 0.9
    assert roles(page, np.full(68, 0.95), np.full(68, 0.9))[0][0, 2] == pytest.approx(0.045)


WORDS = ("red", "old", "long", "small", "white", "heavy", "tarred")


def test_more_than_three_findings_of_a_hard_rule_add_nothing() -> None:
    def amount(n: int) -> float:
        text = batch(*["As an AI language model, I cannot tell you when the harbour opens."] * n)
        counted = count(text)
        assert "leak.chatbot" in hard_rules(counted)
        return float(document_terms(text, counted, np.zeros(n, np.int64), ["leak.chatbot"])[0, 0])

    assert [amount(n) for n in (1, 3, 5)] == [1.0, 2.0, 2.0]


GUIDE = (
    "Here is what readers of the valley ask most, and what the council of the valley has told them so far."
)
STOCK = "Only time will tell what this means for the valley, and stay tuned for more updates as the story unfolds."


def filler_columns(*paragraphs: str) -> dict[str, list[float]]:
    text = batch(*paragraphs)
    names = ["question_stub", "definition_line"]
    columns = filler_terms(text, count(text), names).T.tolist()
    return dict(zip(names, columns, strict=True))


def test_a_list_of_definitions_or_of_questions_counts_beside_another_sign_on_the_page() -> None:
    people = [HARBOUR, RIVER, HARBOUR]
    questions = [WHEN, WHO, WHEN]
    assert filler_columns(GUIDE, *people)["definition_line"] == [0.0] * 4
    assert filler_columns(GUIDE, *questions)["question_stub"] == [0.0] * 4
    assert filler_columns(*people, *questions) == {
        "question_stub": [0.0] * 3 + [1.0] * 3,
        "definition_line": [THREE] * 3 + [0.0] * 3,
    }
    assert filler_columns(STOCK, *people)["definition_line"] == [0.0] + [THREE] * 3
    assert filler_columns(STOCK, *questions)["question_stub"] == [0.0] + [1.0] * 3


def test_what_the_next_paragraph_or_text_begins_with_makes_no_definition_of_a_line() -> None:
    cut = "Larnsund Old Harbour of the Orne and of the Sund by the western sea is"
    page = "\n".join([NEWS, HARBOUR, RIVER, cut])
    alone = definition_line(Batch.of([page])).tolist()
    assert alone == [0.0] * 4
    for other in ("An anchor is near the pier.", "The pier is old."):
        assert definition_line(Batch.of([page, other])).tolist()[:4] == alone
        assert definition_line(Batch.of([f"{page}\n{other}"])).tolist()[:4] == alone


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
