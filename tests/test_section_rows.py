"""Rows of section names that a sentence recites: where one begins and ends, what is none, and what makes it certain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quality.section_rows import COUNTS, HARD, SOFT, Weights, counted_rows, is_clear, log_odds, recited_rows
from quality.section_rows import WEIGHTS as FILE
from quality.text import Batch

STORY = (
    "The ferry to the island was late again on Monday, since the mate had lost his way in the fog.\n"
    "Passengers waited for two hours in the rain, the harbour master said.\n"
)


def pieces(text: str) -> list[list[str]]:
    """The rows of a text behind the story that are certain, and the others."""
    batch = Batch.of([STORY + text])
    return [
        [batch.text_of(int(a), int(b)) for a, b in zip(spans.start, spans.end, strict=True)]
        for spans in recited_rows(batch)
    ]


def counts(text: str) -> dict[str, float]:
    """What is counted of the one row of a text behind the story."""
    spans, found = counted_rows(Batch.of([STORY + text]))
    assert len(spans) == 1
    return dict(zip(COUNTS, found[0].tolist(), strict=True))


ROW = "Gardening, Ohio, chess and mortgages"


def test_names_of_several_kinds_in_a_sentence_of_padding_are_certain() -> None:
    assert pieces(f"{ROW} meet at this vibrant crossroads.") == [[ROW], []]


def test_a_row_of_capitals_is_certain_in_a_sentence_of_facts_as_well() -> None:
    facts = "The mate has resigned and left the foggy harbour behind"
    assert pieces(f"{facts}, filed under Chess, Recipes, Ohio, Viral.")[0] == ["Chess, Recipes, Ohio, Viral"]
    assert pieces(f"{facts}, filed under chess, recipes, Ohio, viral.")[0] == []


def test_two_items_are_no_certain_row() -> None:
    assert pieces("Where chess greets gardening, there this story lives.") == [[], ["chess greets gardening"]]


def test_two_items_of_one_kind_and_single_names_are_no_row() -> None:
    for text in ("Cricket and rugby meet at this crossroads.", "Cricket meets this vibrant crossroads."):
        assert len(counted_rows(Batch.of([text]))[0]) == 0


def test_what_somebody_says_is_no_row() -> None:
    assert pieces(f'"{ROW} meet at this vibrant crossroads," he said.') == [[], []]


def test_part_of_a_longer_name_is_no_row() -> None:
    assert len(counted_rows(Batch.of(["She runs the Chess, Ohio and Gardening Club there."]))[0]) == 0
    assert len(counted_rows(Batch.of(["She runs the Leeds Chess, Ohio and Gardening there."]))[0]) == 0


def test_the_next_line_is_no_part_of_a_name() -> None:
    assert pieces(f"This story belongs to {ROW.title()}\nThe Harbour is open.")[0] == [ROW.title()]


def test_a_row_that_ends_the_last_text_is_the_one_it_is_before_another_text() -> None:
    row = "One for Culture > Travel > Islands"
    alone, followed = (counted_rows(Batch.of(texts)) for texts in ([row], [row, "The mate slept."]))
    assert len(alone[0]) == 1
    assert alone[0].start.tolist() == followed[0].start.tolist()
    assert alone[1].tolist() == followed[1].tolist()


def test_a_row_ends_where_somebody_does_something_or_where_words_are_not_known() -> None:
    assert len(counted_rows(Batch.of(["Chess, made in Ohio."]))[0]) == 0
    assert len(counted_rows(Batch.of(["Chess, wobbling, tumbling Ohio."]))[0]) == 0
    assert len(counted_rows(Batch.of(["Chess, wobbling Ohio."]))[0]) == 1


def test_names_further_apart_than_a_row_reaches_are_none() -> None:
    assert len(counted_rows(Batch.of(["Chess, and of the and of the and of Ohio."]))[0]) == 0


def test_sentences_of_a_name_or_two_make_a_row() -> None:
    batch = Batch.of([STORY + "Chess. Ohio. Mortgages."])
    spans, _ = counted_rows(batch)
    assert [batch.text_of(int(a), int(b)) for a, b in zip(spans.start, spans.end, strict=True)] == [
        "Chess. Ohio. Mortgages"
    ]
    assert len(counted_rows(Batch.of(["Chess.\nOhio.\nMortgages."]))[0]) == 0


def test_long_sentences_hold_no_row() -> None:
    assert len(counted_rows(Batch.of([f"{ROW} meet " + "here and now and " * 16 + "there."]))[0]) == 0


def test_hyphens_join_with_blanks_around_them_alone() -> None:
    assert len(counted_rows(Batch.of(["chess - Ohio - mortgages"]))[0]) == 1
    assert len(counted_rows(Batch.of(["chess-Ohio-mortgages"]))[0]) == 0


def test_names_that_the_rest_of_the_text_has_are_told() -> None:
    assert counts("Chess, Ohio and mortgages meet.")["elsewhere"] == 0.0
    assert counts("Chess, Ohio and mortgages meet.\nHe plays chess.")["elsewhere"] == pytest.approx(1 / 3)
    assert counts("Chess, Ohio, chess and mortgages meet.")["elsewhere"] == 0.0


def test_a_row_of_the_matter_of_its_text_fits_it() -> None:
    far, near = (
        counts(f"Farming, livestock and Ohio meet.\n{text}")["fits"]
        for text in ("He plays cricket and tennis.", "He has cattle and crops.")
    )
    assert near > far


def test_rows_told_in_two_steps_are_those_told_in_one() -> None:
    texts = [
        STORY + text
        for text in (
            f"{ROW} meet here.",
            "Health and education meet here.",
            "Cars, Wales, tea.",
            "Chess or Ohio.",
        )
    ]
    batch = Batch.of(texts)
    spans, found = counted_rows(batch)
    odds = log_odds(found, Weights.read(FILE))
    hard = is_clear(found) & (odds >= HARD)
    certain, others = recited_rows(batch)
    assert certain.start.tolist() == spans.start[hard].tolist()
    assert others.start.tolist() == spans.start[(odds >= SOFT) & ~hard].tolist()


def test_a_text_without_names_and_no_text_have_no_row() -> None:
    for texts in ([], [""], ["The mate slept."]):
        assert [len(spans) for spans in recited_rows(Batch.of(texts))] == [0, 0]
        assert counted_rows(Batch.of(texts))[1].shape == (0, len(COUNTS))


def test_weights_for_other_counts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.tsv"
    path.write_text("# what: none\nstart\t-1.0\nkinds\t2.0\n", "utf8")
    with pytest.raises(ValueError, match="was made for other counts"):
        Weights.read(path)


def test_certain_rows_have_three_kinds_and_items_and_no_list_of_their_own() -> None:
    row = dict.fromkeys(COUNTS, 0.0) | {
        "three_kinds": 1.0,
        "three_items": 1.0,
        "news": 1.0,
        "unknown_outside": 4.0,
    }

    def clear(**changed: float) -> bool:
        return bool(is_clear(np.array([list((row | changed).values())]))[0])

    assert clear()
    assert clear(news=0.0, place=1.0)
    assert clear(news=0.0, frames_alone=1.0)
    assert not clear(unknown_outside=5.0)
    assert not clear(news=0.0)
    assert not clear(three_kinds=0.0)
    assert not clear(three_items=0.0)
    # somebody does it, says it or owns it: much padding is enough, and for an owner nothing but padding
    for said in ("deeds", "tellers", "owner"):
        assert not clear(**{said: 1.0})
    assert not clear(deeds=1.0, frames_alone=2.0)
    assert clear(deeds=1.0, frames_alone=3.0)
    assert not clear(owner=1.0, frames_alone=3.0)
    assert clear(owner=1.0, frames=1.0)
    assert not clear(owner=1.0, frames=1.0, tellers=1.0)
    # capitals: with nothing but padding, or filed
    assert not clear(all_capitals=1.0)
    assert clear(all_capitals=1.0, frames=1.0)
    assert not clear(all_capitals=1.0, frames=1.0, deeds=1.0)
    assert clear(unknown_outside=5.0, all_capitals=1.0, filed=1.0)
    assert not clear(unknown_outside=5.0, filed=1.0)
    assert not clear(all_capitals=1.0, filed=1.0, owner=1.0)
    assert clear(all_capitals=1.0, filed=1.0, owner=1.0, frames=1.0)


@pytest.mark.parametrize(
    "text",
    [
        "The committees on Health, Education and Transport meet next.",
        "Readers can choose Politics, Business or Sport in the menu.",
        "Shares in Energy, Technology and Health fell most.",
        "The library sorts its shelves by History, Travel, Health and Crime.",
        "The new minister takes over Health, Education and Sport.",
        "Our reader survey covered Health, Travel, Money and Food.",
        "Candidates sit papers in Music, Travel and Business.",
        "Medals were given for Food, Design and Science.",
        "The front page links to News, Sport, Travel and Weather.",
        "Categories such as Politics, World and Culture were dropped from the app.",
    ],
)
def test_ministries_markets_shelves_and_the_like_are_no_certain_row(text: str) -> None:
    assert pieces(text)[0] == []


def test_a_name_says_nothing_about_who_tells_something() -> None:
    assert counts("Chess, Ohio and money meet.")["tellers"] == 0.0
    assert counts("Chess, Ohio and gardening, he said.")["tellers"] == 1.0
