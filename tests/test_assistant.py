"""An assistant's sentences: which cues must stand together, and in which texts they are at home."""

from __future__ import annotations

import tomllib

from quality.features.assistant import KINDS, assistant_sentences
from quality.lexicon import DATA
from quality.text import Batch

CUES = tomllib.loads((DATA / "assistant.toml").read_text("utf8"))["cues"]
REMARK = "I've softened the headline, so tell me if you'd rather keep yours."
STORY = "The ferry was late. Nobody came. The harbour was dark. It rained all night. "


def sentences(text: str, level: int) -> list[str]:
    batch = Batch.of([text])
    start, end = batch.sentences.start, batch.sentences.end
    return [batch.text_of(int(start[k]), int(end[k])) for k in assistant_sentences(batch)[level]]


def hard(text: str) -> list[str]:
    return sentences(text, 0)


def soft(text: str) -> list[str]:
    return sentences(text, 1)


def test_a_remark_on_the_draft_with_an_offer_is_hard_evidence() -> None:
    assert hard(STORY + REMARK) == [REMARK]


def test_an_offer_alone_is_nothing() -> None:
    assert not hard(STORY + "Tell me if you'd rather walk.")
    assert not soft(STORY + "Tell me if you'd rather walk.")


def test_what_is_quoted_is_somebody_else_s() -> None:
    assert not hard(STORY + f'"{REMARK}" she said.')


def test_who_says_it_takes_points_away() -> None:
    remark = "I can leave out the fares if it helps"
    assert soft(f"{STORY}{remark}.") == [f"{remark}."]
    assert not soft(f"{STORY}{remark}, the clerk replied.")


def test_two_sentences_together_tell_what_neither_does() -> None:
    first, second = "Thank you for clarifying.", "I have moved the fares."
    assert not soft(STORY + first)
    assert not soft(STORY + second)
    assert soft(f"{STORY}{first} {second}") == [first, second]


def test_a_text_that_speaks_of_itself_is_at_home_with_such_remarks() -> None:
    assert not hard("I walk to the quay. I sit down. I know the mate. " + REMARK)


def test_orders_to_a_writer_are_never_hard() -> None:
    order = "Use a warm tone and keep your headline under 60 characters as requested."
    assert not hard(STORY + order)
    assert soft(STORY + order) == [order]


def test_a_limit_of_length_counts_beside_an_order_only() -> None:
    assert not soft(STORY + "It fits on a card: your name in short paragraphs, exactly 20 words.")
    assert soft(STORY + "Include your name in short paragraphs, exactly 20 words.")


def test_a_long_sentence_holds_many_cues_by_its_length() -> None:
    long = REMARK[:-1] + " and the mate and the clerk and the cook" * 3 + "."
    assert not hard(STORY + long)


def test_every_kind_of_cue_has_points_and_cues() -> None:
    assert set(CUES) == set(KINDS)
    assert all(CUES.values())


def test_texts_in_a_batch_do_not_see_each_other() -> None:
    at_home = "I walk to the quay. I sit down. I know the mate."
    batch = Batch.of([at_home, STORY + REMARK, "Thank you for clarifying.", "I have moved the fares."])
    found, doubtful = assistant_sentences(batch)
    assert [batch.text_of(int(batch.sentences.start[k]), int(batch.sentences.end[k])) for k in found] == [
        REMARK
    ]
    assert not doubtful.size


def test_an_answer_that_a_line_introduces_is_cited() -> None:
    assert sentences(f"One answer began with a nod.\n{REMARK}", 1) or sentences(REMARK, 0)
    assert (
        hard(f"One answer began like this:\n{REMARK}") == soft(f"One answer began like this:\n{REMARK}") == []
    )
