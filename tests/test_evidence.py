"""What speaks for filler: stubs of questions and openings of encyclopaedias."""

import numpy as np

from quality.evidence import definition_line, question_stub
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
