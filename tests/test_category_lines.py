"""Rows of section names: what makes one, and where it is furniture or English."""

from __future__ import annotations

import tomllib

import pytest

from quality.features.category_lines import rows_of_names
from quality.lexicon import DATA
from quality.text import Batch

WORDS = tomllib.loads((DATA / "category_lines.toml").read_text("utf8"))["words"]
PROSE = (
    "The ferry was late again on Monday, since the mate had lost his way in the fog, and nobody on the island had a "
    "newspaper before noon."
)


def rows(text: str) -> list[str]:
    batch = Batch.of([text])
    found = rows_of_names(batch)
    return [batch.text_of(int(a), int(b)) for a, b in zip(found.start, found.end, strict=True)]


@pytest.mark.parametrize("mark", [" / ", "/", " | ", " > ", " › ", " » ", " • ", " · ", " + ", " :: "])
def test_three_sections_between_marks_of_one_kind_are_a_row(mark: str) -> None:
    line = mark.join(["Culture", "Islands", "Travel"])
    assert rows(f"{PROSE}\n{line}") == [line]


def test_brackets_make_a_row_as_well() -> None:
    assert rows("[Culture] [Islands] [Travel]") == ["Culture] [Islands] [Travel"]


def test_names_of_people_or_two_items_are_none() -> None:
    assert not rows("Mato / Larn / Orne")
    assert not rows("Culture / Travel")


def test_a_row_in_a_page_s_head_is_its_way_through_the_site() -> None:
    assert not rows(f"Culture / Islands / Travel\n{PROSE}")
    assert rows(f"{PROSE}\nCulture / Islands / Travel")


def test_a_line_that_says_that_it_is_one_of_tags_is_left_alone() -> None:
    assert not rows(f"{PROSE}\nTopics: Culture, Islands, Travel")
    assert rows(f"{PROSE}\nCulture, Islands, Travel")


def test_commas_within_a_sentence_need_capitals_and_something_to_hang_on() -> None:
    assert rows("It sits in the Culture, Travel, Islands Bucket.")
    assert not rows("It sits in the Culture, Travel, Islands of old.")
    assert not rows("It tells of culture, travel, islands.")


def test_words_of_a_chain_must_not_be_english_compounds() -> None:
    assert rows("It is a culture-travel-islands tale.") == ["culture-travel-islands"]
    assert not rows("It is a real-time-data tale.")
    assert not rows("The culture-versus-travel debate goes on.")
    assert not rows("See example.org/culture-travel-law for it.")


def test_a_list_is_one_of_sections_by_what_it_is_hung_on_and_speaks_of() -> None:
    assert rows("It matters for the travel, opinion and culture categories.")
    assert not rows("It matters for the travel, opinion and culture of the isle.")
    assert not rows("A prize in the travel, opinion and culture categories.")


def test_tags_with_hash_signs_are_a_row_from_four_on() -> None:
    assert rows("#ferry #fog #isle #late") == ["#ferry #fog #isle #late"]
    assert not rows("#ferry #fog #isle")


def test_a_quoted_row_is_told_of() -> None:
    assert not rows('"Culture / Islands / Travel" it said.')


def test_the_lists_of_the_file_hold_single_words() -> None:
    assert all(word.isalnum() for some in WORDS.values() for word in some.split())
