"""What speaks for filler: stubs of questions and openings of encyclopaedias."""

from quality.evidence import definition_line, question_stub
from quality.text import Batch

HARBOUR = "Larnsund is a harbour town on the western coast, known for its herring and its lighthouse."
RIVER = "The Orne, a river of two countries, is the longest of the region and floods in most springs."
NEWS = "The harbour was closed for two hours on Monday after a barge had lost its anchor in the channel."


def batch(*paragraphs: str) -> Batch:
    return Batch.of([""], [paragraphs])


def test_lines_that_open_like_an_encyclopaedia_count_where_there_are_two():
    assert definition_line(batch(NEWS, HARBOUR, RIVER)).tolist() == [0.0, 1.0, 1.0]
    assert definition_line(batch(NEWS, HARBOUR)).tolist() == [0.0, 0.0]


def test_more_such_lines_say_more_up_to_eight():
    lines = [HARBOUR, RIVER] * 5
    for n, expected in ((2, 1.0), (4, 2.0), (8, 3.0), (10, 3.0)):
        assert definition_line(batch(*lines[:n])).tolist() == [expected] * n


def test_an_aside_in_brackets_does_not_push_the_verb_out_of_reach():
    aside = "Larnsund (old spelling: Larnsond, from two words for sand and bay; chartered on 3 May 1290, a Sunday) "
    assert definition_line(batch(aside + "is a harbour town on the coast.", RIVER)).tolist() == [1.0, 1.0]
    bare = aside.replace("(", "").replace(")", "")
    assert definition_line(batch(bare + "is a harbour town on the coast.", RIVER)).tolist() == [0.0, 0.0]


def test_a_quoted_definition_is_part_of_a_story():
    quoted = (
        'Larnsund is a town "that never sleeps in the herring season", the mayor told the crowd on the quay.'
    )
    assert definition_line(batch(quoted, HARBOUR, RIVER)).tolist() == [0.0, 1.0, 1.0]


def test_short_lines_of_one_question_count_where_there_are_two():
    one, two = "When will the harbour open again?", "Who pays for the lost anchor?"
    assert question_stub(batch(NEWS, one, two)).tolist() == [0.0, 1.0, 1.0]
    assert question_stub(batch(NEWS, one, two, one, two)).tolist() == [0.0, 1.0, 1.0, 1.0, 1.0]
    assert question_stub(batch(NEWS, one)).tolist() == [0.0, 0.0]
    assert question_stub(batch(NEWS, one, "Why? Who pays for it?")).tolist() == [0.0, 0.0, 0.0]
