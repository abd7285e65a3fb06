"""What a page looks like at first sight, told to each of its paragraphs."""

import numpy as np
import pytest

from quality.second_look import NOTHING, PAGE_NAMES, SURE, second_look_columns
from quality.text import Batch

# A page: menu, menu, story of 30 words, heading, story of 30 words, menu.
STORY = " ".join(["word"] * 30)
PAGE = ("home", "news", STORY, "why it matters", STORY, "contact")
LOOK = np.array([3.0, 3.0, -4.0, 1.0, -4.0, 3.0])


def columns(*pages: tuple[str, ...], look: np.ndarray | None = None) -> dict[str, np.ndarray]:
    batch = Batch.of([""] * len(pages), list(pages))
    return second_look_columns(batch, np.tile(LOOK, len(pages)) if look is None else look)


# Chances of content .047, .047, .982, .269, .982, .047; weights, one more than words, 2, 2, 31, 4, 31, 2.
EXPECTED = {
    "look_above (0.6)": [0.5, 0.048, 0.048, 0.524, 0.407, 0.656],
    "look_above (0.9)": [0.5, 0.048, 0.048, 0.392, 0.356, 0.509],
    "look_above (0.97)": [0.5, 0.048, 0.048, 0.368, 0.342, 0.478],
    "look_above (words)": [0.5, 0.048, 0.047, 0.896, 0.82, 0.905],
    "look_below (0.6)": [0.413, 0.693, 0.447, 0.631, 0.048, 0.5],
    "look_below (0.9)": [0.463, 0.597, 0.44, 0.539, 0.048, 0.5],
    "look_below (0.97)": [0.465, 0.578, 0.435, 0.522, 0.048, 0.5],
    "look_below (words)": [0.886, 0.92, 0.85, 0.933, 0.048, 0.5],
    "best_look_above": [-4, -3, -3, 4, 4, 4],
    "best_look_below": [4, 4, 4, 4, -3, -4],
    "content_above_share": [0, 0.002, 0.003, 0.492, 0.509, 0.998],
    "content_below_share": [0.998, 0.997, 0.508, 0.491, 0.002, 0],
    "page_look": [0.396, 0.396, 0.396, 0.396, 0.396, 0.396],
    "page_look (words)": [0.864, 0.864, 0.864, 0.864, 0.864, 0.864],
    "page_content_words": [4.147, 4.147, 4.147, 4.147, 4.147, 4.147],
    "look_rank": [0, 0.2, 0.8, 0.6, 1, 0.4],
    "main_stretch": [0, 0, 1, 1, 1, 0],
    "from_main_stretch": [-1.099, -0.693, 0, 0, 0, 0.693],
    "place_in_stretch": [-1, -0.5, 0, 0.5, 1, 1.5],
    "stretch_share (of page)": [0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    "stretch_share (of content)": [0.995, 0.995, 0.995, 0.995, 0.995, 0.995],
    "stretch_look": [0.939, 0.939, 0.939, 0.939, 0.939, 0.939],
    "wide_stretch": [0, 0, 1, 1, 1, 0],
    "from_wide_stretch": [-1.099, -0.693, 0, 0, 0, 0.693],
    "sure_content_above": [4.615, 4.615, 4.615, 0.693, 1.099, 0.693],
    "sure_content_below": [1.099, 0.693, 1.099, 0.693, 4.615, 4.615],
    "between_sure_content": [0, 0, 0, 1, 0, 0],
}


def test_every_column_of_the_page_is_as_worked_out_by_hand():
    found = columns(PAGE)
    assert set(EXPECTED) == set(PAGE_NAMES)
    for name, expected in EXPECTED.items():
        assert found[name].round(3).tolist() == expected, name


def test_all_columns_are_there_and_of_one_length():
    found = columns(PAGE)
    assert set(PAGE_NAMES) < set(found)
    assert {column.shape for column in found.values()} == {(6,)}


def test_the_main_stretch_is_from_the_first_story_to_the_last_over_the_heading():
    found = columns(PAGE)
    assert found["main_stretch"].tolist() == [0, 0, 1, 1, 1, 0]
    assert np.expm1(np.abs(found["from_main_stretch"])).round(6).tolist() == [2, 1, 0, 0, 0, 1]
    assert np.sign(found["from_main_stretch"]).tolist() == [-1, -1, 0, 0, 0, 1]
    assert found["place_in_stretch"].tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5]
    assert set(found["stretch_share (of page)"].tolist()) == {0.5}


def test_of_two_stories_far_apart_the_longer_is_the_main_stretch():
    page = (STORY, *["menu"] * 20, STORY, STORY, "menu")
    look = np.array([-4.0, *[3.0] * 20, -4.0, -4.0, 3.0])
    assert np.flatnonzero(columns(page, look=look)["main_stretch"]).tolist() == [21, 22]


def test_neighbours_are_told_with_their_first_look_as_content():
    found = columns(PAGE)
    assert found["first_look"].tolist() == [-3.0, -3.0, 4.0, -1.0, 4.0, -3.0]
    assert found["first_look (-1)"][1:].tolist() == [-3.0, -3.0, 4.0, -1.0, 4.0]
    assert np.isnan(found["first_look (-1)"][0])
    assert found["best_look_above"].tolist() == [NOTHING, -3.0, -3.0, 4.0, 4.0, 4.0]
    assert found["best_look_below"].tolist() == [4.0, 4.0, 4.0, 4.0, -3.0, NOTHING]


def test_a_row_of_marks_looks_like_what_it_parts():
    page = ("* * *", STORY, "* * *", "why it matters", "* * *", "* * *")
    look = np.array([9.0, -4.0, 9.0, 1.0, 9.0, 9.0])
    found = columns(("menu",), page, ("menu",), look=np.array([3.0, *look, 3.0]))
    # at an end of the page there is one side only, and no other page lends its own
    assert found["first_look"].tolist() == [-3.0, 4.0, 4.0, 1.5, -1.0, -1.0, -1.0, -3.0]


def test_a_page_of_marks_alone_keeps_its_look():
    assert columns(("* * *", "---"), look=np.array([2.0, 1.0]))["first_look"].tolist() == [-2.0, -1.0]


def test_distances_lead_to_sure_content_on_either_side():
    found = columns(PAGE)
    assert np.expm1(found["sure_content_below"]).round(6).tolist() == [2, 1, 2, 1, 100, 100]
    assert np.expm1(found["sure_content_above"]).round(6).tolist() == [100, 100, 100, 1, 2, 1]
    assert found["between_sure_content"].tolist() == [0, 0, 0, 1, 0, 0]


def test_shares_of_content_above_and_below_and_the_paragraph_itself_make_one():
    found = columns(PAGE)
    above, below = found["content_above_share"], found["content_below_share"]
    assert above[0] == 0.0
    assert below[-1] == pytest.approx(0.0)
    assert (1 - above - below)[2] == pytest.approx(0.48, abs=0.02)  # one story of two
    assert found["look_rank"].tolist() == [0.0, 0.2, 0.8, 0.6, 1.0, 0.4]


def test_what_is_nearer_counts_more_in_a_fading_mean():
    found = columns(PAGE)
    # above the heading: story at once, then menu; above the last line: story, heading, story
    assert found["look_above (0.6)"][0] == 0.5  # nothing above says nothing
    assert found["look_above (0.6)"][3] == pytest.approx(
        (0.982 + 0.6 * 0.0474 + 0.36 * 0.0474) / 1.96, abs=0.001
    )
    assert found["look_above (0.6)"][1] == pytest.approx(0.0474, abs=0.001)


def test_a_page_is_told_the_same_alone_and_among_others():
    other = (STORY,) * 300
    alone = columns(PAGE)
    random = np.random.default_rng(0)
    look = np.concatenate([random.normal(size=300), LOOK, random.normal(size=300)])
    among = columns(other, PAGE, other, look=look)
    for name, column in alone.items():
        assert np.array_equal(among[name][300:306], column, equal_nan=True), name


def test_means_reach_to_the_end_of_a_page_and_no_further():
    page = ("menu",) * 200
    look = np.array([-SURE, *[SURE] * 199])
    far = columns(page, look=look)["look_above (0.97)"]
    assert far[1] > 0.9
    assert 0 < far[199] - columns(page, look=np.full(200, SURE))["look_above (0.97)"][199] < 0.01


def test_nothing_is_told_of_no_paragraphs():
    batch = Batch.of([""])
    assert all(
        c.size == batch.paragraphs.n
        for c in second_look_columns(batch, np.zeros(batch.paragraphs.n)).values()
    )
