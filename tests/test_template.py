"""Lines of page templates (quality.features.template)."""

import numpy as np
import pytest

from quality.features.template import template_lines
from quality.registry import count
from quality.text import Batch

NEWS = "The harbour was closed for two hours on Monday after a barge had lost its anchor in the channel."
TOWN = "Larnsund is a harbour town on the western coast, known for its herring and its lighthouse."
RIVER = "A lighthouse is a tower with a lamp that warns ships of rocks at night."
ORNE = "The Orne, a river of two countries, is the longest of the region and floods in most springs."
BARGE = "A barge is a flat boat that carries heavy goods on rivers and canals."
WHEN, WHO = "When will the harbour open again?", "Who pays for the lost anchor?"
STOCK = "Only time will tell what this means for the valley, and stay tuned for more updates as the story unfolds."


def lines(*paragraphs: str, hollow: int | None = None, furniture: int | None = None) -> str:
    """What each paragraph is: q(uestion), d(efinition), h(eading) or a point."""
    at = np.arange(len(paragraphs))
    found = template_lines(Batch.of([""], [paragraphs]), at == hollow, at == furniture)
    columns = zip(found.question, found.definition, found.heading, strict=True)
    return "".join("q" if q else "d" if d else "h" if h else "." for q, d, h in columns)


def test_two_questions_and_two_definitions_make_a_template() -> None:
    assert lines(NEWS, WHEN, WHO, TOWN, RIVER) == ".qqdd"
    assert lines(NEWS, WHEN, TOWN, RIVER) == "...."
    assert lines(NEWS, WHEN, WHO, TOWN) == "...."


def test_definitions_of_people_and_places_alone_tell_who_is_who() -> None:
    assert lines(NEWS, WHEN, WHO, TOWN, ORNE, TOWN.replace("Larnsund", "Brask")) == "......"
    assert lines(NEWS, WHEN, WHO, TOWN, ORNE, BARGE) == ".qqddd"
    assert lines(NEWS, WHEN, WHO, TOWN, ORNE, "Anchor: a hook on a chain.") == ".qqddd"
    assert lines(NEWS, "-", "-", TOWN, ORNE) == "....."


def test_definitions_without_other_lines_of_a_template_are_a_glossary() -> None:
    assert lines(NEWS, TOWN, RIVER, BARGE) == "...."
    assert lines(NEWS, TOWN, RIVER, BARGE, WHEN) == "....."


def test_lines_without_a_word_are_of_a_template_beside_questions_or_definitions() -> None:
    assert lines(NEWS, "-", "-", WHEN, WHO) == "...qq"
    assert lines(NEWS, "-", "-", TOWN, RIVER) == "...dd"
    assert lines(NEWS, "-", WHEN, WHO) == "...."


def test_questions_that_only_stock_text_answers_are_of_a_template() -> None:
    assert lines(NEWS, WHEN, STOCK, TOWN, WHO, BARGE, hollow=2) == ".qddqd"
    assert lines(NEWS, WHEN, STOCK, NEWS, WHO, STOCK) == "......"
    assert lines(NEWS, WHEN, STOCK, WHO, STOCK, hollow=2) == "....."


def test_a_page_that_answers_more_than_half_of_its_questions_is_no_template() -> None:
    answer = "It opens on Monday."
    assert lines(NEWS, WHEN, answer, WHO, TOWN, RIVER) == ".q.qdd"
    assert lines(NEWS, WHEN, answer, WHO, answer, TOWN, RIVER) == "......."


def test_a_long_page_with_a_few_such_lines_is_no_template() -> None:
    assert lines(*[NEWS] * 16, WHEN, WHO, TOWN, RIVER) == "." * 16 + "qqdd"
    assert lines(*[NEWS] * 17, WHEN, WHO, TOWN, RIVER) == "." * 21


def test_a_guide_that_explains_what_it_speaks_of_is_no_template() -> None:
    ferry = "A ferry is a boat that carries cars, carts and people over the sound to the island of the gulls."
    sound = "The sound is a narrow water that parts the island of the gulls from the land, and cars from the ferry."
    tells = "The ferry over the narrow sound carries cars and people to the island of the gulls, and carts as well."
    guide = (tells, "What is a ferry?", ferry, "What is a sound?", sound)
    assert lines(*guide) == "....."
    assert lines(NEWS, "What is a ferry?", TOWN, "What is a sound?", RIVER) == ".qdqd"


def test_page_furniture_is_no_line_of_a_template() -> None:
    assert lines(NEWS, WHEN, WHO, TOWN, RIVER, furniture=1) == "....."
    assert lines(NEWS, WHEN, WHO, TOWN, RIVER, BARGE, furniture=5) == ".qqdd."


def test_what_stands_below_a_question_and_is_far_from_the_page_answers_it() -> None:
    far = "Nobody who grows tulips under glass has seen a bee there since autumn."
    assert lines(NEWS, WHEN, far, WHO, TOWN, RIVER) == ".qdqdd"
    assert lines(NEWS, WHEN, f'"{far}"', WHO, TOWN, RIVER) == ".q.qdd"
    assert lines(NEWS, far, WHEN, WHO, TOWN, RIVER) == "..qqdd"
    assert lines(NEWS, WHEN, "Nobody has said so until now.", WHO, TOWN, RIVER) == ".q.qdd"


def test_a_question_that_its_own_line_answers_is_a_definition_of_a_template() -> None:
    assert lines(NEWS, "What is an anchor? Iron.", WHEN, WHO, TOWN, RIVER) == ".dqqdd"
    assert lines(NEWS, "An anchor. What is it? Iron.", WHEN, WHO, TOWN, RIVER) == "..qqdd"


@pytest.mark.parametrize(
    "line",
    [
        "The mile is a unit of length, as is the league.",
        "In shipping, a quay is any wall along which boats may moor.",
        "Larn refers to a rock, to a song and to a cheese of the moors.",
    ],
)
def test_what_opens_much_like_a_definition_is_one_on_a_template_only(line: str) -> None:
    assert lines(NEWS, line, WHEN, WHO, TOWN, RIVER) == ".dqqdd"
    assert lines(NEWS, line, WHEN, WHO, TOWN, "-") == "......"


def test_headings_of_a_template_stand_above_its_other_lines() -> None:
    assert lines("At sea", NEWS, "At a glance", "-", "People ask", WHEN, WHO, TOWN, RIVER) == "..h.hqqdd"
    assert lines("At sea", WHEN, WHO, TOWN, RIVER) == ".qqdd"
    assert lines(NEWS, "The harbour opens.", WHEN, WHO, TOWN, RIVER) == "..qqdd"
    assert lines(NEWS, "- the harbour", WHEN, WHO, TOWN, RIVER) == "..qqdd"


def test_two_texts_of_a_batch_are_two_pages() -> None:
    found = template_lines(Batch.of([f"{NEWS}\n{WHEN}\n{WHO}", f"{TOWN}\n{RIVER}"]), *np.zeros((2, 5), bool))
    assert not (found.question | found.definition).any()


def first(line: str) -> str:
    """Whether a line is a definition that makes a template of a page with another one."""
    return lines(NEWS, line, BARGE, WHEN, WHO)[1]


def test_an_aside_in_brackets_does_not_push_the_verb_out_of_reach() -> None:
    aside = "Orne (old spelling: Ornus, from two words for sand and bay; chartered on 3 May 1290, a Sunday) "
    assert first(aside + "is a fishing village of the moors.") == "d"
    bare = aside.replace("(", "").replace(")", "")
    assert first(bare + "is a fishing village of the moors.") == "."


@pytest.mark.parametrize(
    "line",
    [
        "Orne learned on Friday that its old quay, where the herring boats used to lie, is a listed building.",
        "But Orne is a fishing village that would rather keep its herring boats.",
        "The closure is a blow to the boats that land their herring in winter.",
        "Oluf Brask was a pilot who marked the channel with beacons of his own.",
        'Orne is a town "that never sleeps in the herring season", the mayor told the crowd on the quay.',
        "Orne is a village.",
        "Boats lay idle. The Orne is a river that drains the moors above the village.",
        "At 9 a.m. The Orne rose above the quay of the village.",
        "Orne is a fishing village " + "on the moors, " * 20,
        "Is a fishing village on the moors in need of a second quay, or of none at all.",
        "Orne (it is a fishing village on the moors) sells its herring boats this winter.",
        "Boats of Larn and of Orne and of Brask and of Lund and of Holm and of Vik and of Nes is a sight.",
    ],
)
def test_what_does_not_open_like_an_encyclopaedia_makes_no_template(line: str) -> None:
    assert first(line) == "."


@pytest.mark.parametrize(
    "line",
    [
        "The Orne is a river that drains the moors above the village.",
        "A gull is a white bird that follows the plough.",
        "Gull (noun). A white bird that follows the plough.",
        "Anchor. A heavy object that holds a vessel in its place.",
        "Oluf Brask (1790-1856) was a pilot who marked the channel with beacons of his own.",
    ],
)
def test_names_and_things_open_as_in_an_encyclopaedia(line: str) -> None:
    assert first(line) == "d"


@pytest.mark.parametrize(
    "line",
    [
        "Who pays?",
        'Will "the gate" open?',
        "Why? Who pays for it?",
        "Who pays for the anchor that the barge lost in the channel on Monday, and for the herring?",
    ],
)
def test_what_is_no_short_plain_question_makes_no_template(line: str) -> None:
    assert lines(NEWS, line, WHO, TOWN, RIVER) == "....."
    assert lines(NEWS, "Who pays for it?", WHO, TOWN, RIVER) == ".qqdd"


def test_what_the_next_paragraph_or_text_begins_with_makes_no_definition_of_a_line() -> None:
    cut = "Orne Old Harbour of the Larn and of the Sund by the western sea is"
    for other in ("An anchor is near the pier.", "The pier is old."):
        assert lines(NEWS, TOWN, WHEN, WHO, cut, other) == "......"


def test_findings_are_told_for_the_lines_of_a_template() -> None:
    page = Batch.of([""], [[NEWS, "People ask", WHEN, WHO, TOWN, RIVER]])
    counted = count(page)
    told = [(counted.rules[r].id, p) for r, p in zip(counted.rule, counted.paragraph, strict=True)]
    names = ("filler.heading", "filler.question_stub", "filler.definition_line")
    assert sorted((p, name) for name, p in told if name in names) == [
        (1, "filler.heading"),
        (2, "filler.question_stub"),
        (3, "filler.question_stub"),
        (4, "filler.definition_line"),
        (5, "filler.definition_line"),
    ]


def test_an_answer_of_no_day_and_nobodys_word_is_of_a_template() -> None:
    assert lines(NEWS, WHEN, "Yes. The yen has a hundred sen.", WHO, TOWN, RIVER) == ".qdqdd"
    assert lines(NEWS, WHEN, "Yes. It has had sen since March.", WHO, TOWN, RIVER) == ".q.qdd"
    assert lines(NEWS, WHEN, "Yes. It has a hundred sen, they said.", WHO, TOWN, RIVER) == ".q.qdd"


def test_what_stands_below_a_definition_and_not_above_the_story_is_one_in_another_form() -> None:
    odd = "Safari is Swahili for journey, and the name of a game."
    assert lines(NEWS, WHEN, WHO, TOWN, RIVER, odd) == ".qqddd"
    assert lines(NEWS, WHEN, WHO, TOWN, odd, BARGE) == ".qqddd"
    assert lines(NEWS, WHEN, WHO, TOWN, RIVER, odd, NEWS) == ".qqdd.."
    assert lines(NEWS, WHEN, WHO, TOWN, RIVER, f'"{odd}"') == ".qqdd."
