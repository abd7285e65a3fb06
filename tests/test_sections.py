"""Names of sections in prose: what makes a row of them, what it weighs, and where hyphens are ordinary English."""

from __future__ import annotations

import tomllib

import pytest

from quality.features.sections import BITS, rows_of_sections
from quality.lexicon import DATA
from quality.registry import count
from quality.rules import Spans
from quality.text import Batch

WORDS = tomllib.loads((DATA / "sections.toml").read_text("utf8"))["words"]


def pieces(batch: Batch, spans: Spans) -> list[str]:
    return [batch.text_of(a, b) for a, b in zip(spans.start.tolist(), spans.end.tolist(), strict=True)]


def hard(text: str) -> list[str]:
    batch = Batch.of([text])
    return pieces(batch, rows_of_sections(batch)[0])


def soft(text: str) -> list[str]:
    batch = Batch.of([text])
    return pieces(batch, rows_of_sections(batch)[1])


def test_a_hyphenated_name_as_a_noun_in_a_row_of_sections_is_hard_evidence() -> None:
    assert hard("It is watched in trade, weather, and world-events circles.") == [
        "trade, weather, and world-events circles"
    ]


def test_a_pair_of_sections_counts_like_one_with_a_hyphen() -> None:
    assert hard("It is news for the crime-and-justice and travel segment.") == [
        "crime-and-justice and travel segment"
    ]


def test_sections_between_others_of_a_row_belong_to_it() -> None:
    assert hard("Those following boats, trade, and consumer-affairs will nod.") == [
        "trade, and consumer-affairs"
    ]
    assert hard("Those following trade, boats, and consumer-affairs will nod.") == [
        "trade, boats, and consumer-affairs"
    ]
    assert hard("Those following trade, consumer-affairs and boats will nod.") == ["trade, consumer-affairs"]


def test_a_row_may_open_its_sentence() -> None:
    assert hard("Weather, trade and world-events circles took note.") == [
        "Weather, trade and world-events circles"
    ]


def test_a_word_that_introduces_a_row_weighs_a_point() -> None:
    assert hard("Those following consumer-affairs will nod.") == ["consumer-affairs"]
    assert hard("Those who are into consumer-affairs, and only those, will nod.") == []


@pytest.mark.parametrize(
    "text",
    [
        # before the noun that they describe
        "They asked for border-security and trade provisions in the bill.",
        # a pair of English words, and a word that only looks like a pair
        "It matters for law-and-order and trade circles.",
        "It matters for high-tech, trade and travel firms.",
        "Her brother-in-law follows trade and travel news.",
        # whose sections they are
        "The trade, weather, and world-events desk of the paper is empty.",
        # names of departments, tag lines, addresses
        "The Trade, Weather, and World-Events segment is a department.",
        "Topics: trade, weather, world-events",
        "See example.org/trade/world-events/weather-news for it.",
        # a dash, not a hyphen
        "It is news in crime, trade, travel and consumer -affairs circles.",
    ],
)
def test_ordinary_english_is_left_alone(text: str) -> None:
    assert hard(text) == []


@pytest.mark.parametrize(
    "text",
    [
        # hyphenated words that hold the name of a section and are none
        "The son-in-law, trade and travel fans came along.",
        "It is of use to non-business, trade and travel fans.",
        # alone before a noun on which rows are hung as well
        "Work in the food-and-beverage segment is badly paid.",
        "She leads the weather-and-climate community.",
        # a word that breaks off
        "Those following trade and consumer-",
        # three are what many a sentence holds
        "It echoes in the weather, crime and fashion universe.",
    ],
)
def test_what_only_resembles_a_row_is_no_evidence_at_all(text: str) -> None:
    assert (hard(text), soft(text)) == ([], [])


def test_without_hyphens_it_takes_more_and_proves_less() -> None:
    text = "It echoes in the weather, crime, trade and fashion universe."
    assert (hard(text), soft(text)) == ([], ["weather, crime, trade and fashion universe"])
    assert soft("It echoes in the worlds of weather, crime and trade.") == []


def test_a_careless_hyphen_weighs_half() -> None:
    assert hard("It matters in health-care circles.") == []
    assert hard("It matters in consumer-affairs circles.") == ["consumer-affairs circles"]


def test_hyphens_in_compounds_weigh_half_however_many_there_are() -> None:
    assert hard("She writes on trade, migration and climate-policy.") == []
    assert hard("He invests in health-care, food-safety and travel.") == []
    assert hard("He invests in health-care, world-affairs and travel.") == [
        "health-care, world-affairs and travel"
    ]


def test_what_stands_in_quotation_marks_is_left_alone() -> None:
    assert hard('"It matters in consumer-affairs circles," the page said.') == []


def test_a_text_is_judged_alike_in_any_batch() -> None:
    texts = [
        "It matters in consumer-affairs circles.",
        "",
        "The ferry was late.",
        "It shook the crime-news sphere.",
    ]
    batch = Batch.of(texts)
    assert pieces(batch, rows_of_sections(batch)[0]) == [piece for text in texts for piece in hard(text)]


@pytest.mark.parametrize("following", ["News came late.", ", and so on", "The ferry was late."])
@pytest.mark.parametrize(
    "text", ["A story for readers of local consumer-affairs", "Readers of local world-news"]
)
def test_what_the_next_text_begins_with_makes_no_row(text: str, following: str) -> None:
    batch = Batch.of([text, following])
    assert (hard(text), len(rows_of_sections(batch)[0])) == ([], 0)


def test_a_wording_known_by_heart_is_told_once() -> None:
    """The "general-news sphere" is a wording of the rule pack, that of "consumer-affairs" is not."""
    for text, rule in (
        ("It shook the trade and general-news sphere.", "leak.category_tags"),
        ("It shook the trade and consumer-affairs circles.", "leak.category_list"),
    ):
        counted = count(Batch.of([text]))
        assert [counted.rules[k].id for k in counted.rule if counted.rules[k].id.startswith("leak.")] == [
            rule
        ]


def test_the_file_holds_the_lists_that_are_read() -> None:
    assert list(tomllib.loads((DATA / "sections.toml").read_text("utf8"))) == ["words"]
    assert set(WORDS) == {*BITS, "ordinary"}
    for name, some in WORDS.items():
        assert len(set(some.split())) > 10, name
