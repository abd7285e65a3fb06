"""Off-topic filler: what is judged, what is found, and that good texts stay silent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quality import topic_inputs
from quality.features import topic
from quality.features.topic import off_topic, off_topic_log_odds
from quality.lexicon import DATA
from quality.registers import REGISTERS
from quality.registry import CODE_RULES
from quality.text import Batch
from quality.topics import Directions, Topics, shipped_topics, stems

GARDEN = [
    "The gardeners of the valley have begun to pick their apples two weeks early, after a summer that was "
    "the driest since the orchards were planted.",
    "Dry weather makes the fruit small but sweet, said the woman who runs the cider press, and she expects "
    "the orchards to deliver a third less than last autumn.",
    "Several orchards have dug ponds to keep rain from the winter for their youngest trees, whose roots do "
    "not yet reach the damp clay under the gravel.",
    "The press will open on Saturdays until the last apples have been delivered, and it takes plums and "
    "pears from the same gardens as well.",
]
BONDS = (
    "Yields on ten-year government bonds climbed after the central bank said that it would sell part of "
    "its holdings, and lenders raised the interest they ask for mortgages."
)
# the same matter in other words, as a second-language writer might put it
MORE_FRUIT = (
    "For the farmer with old trees is the harvest more easy, because the roots go deep and the apple get "
    "water also in a year when is no rain."
)


def odds(*documents: list[str]) -> list[list[float]]:
    batch = Batch.of([""] * len(documents), documents)
    values = off_topic_log_odds(batch)
    parent = batch.paragraphs.parent
    return [values[parent == k].tolist() for k in range(len(documents))]


def test_a_strange_paragraph_stands_far_above_the_others_wherever_it_stands():
    ten_times_the_odds = np.log(10)
    for at in range(1, len(GARDEN) + 1):
        (found,) = odds([*GARDEN[:at], BONDS, *GARDEN[at:]])
        assert int(np.argmax(found)) == at
        assert found[at] - sorted(found)[-2] > ten_times_the_odds, at


def test_paragraphs_of_one_matter_lie_far_below_the_threshold():
    (found,) = odds([*GARDEN, MORE_FRUIT])
    assert max(found) < -3


def test_the_probability_is_that_of_the_network_less_where_something_is_reported_and_zero_where_nothing_is_judged():
    said, told = [0, 1, 4], [2, 3]  # "said" stands in three; of ponds and opening hours nobody speaks
    batch = Batch.of([""], [[*GARDEN, BONDS, "Too short to judge."]])
    log_odds, chance = off_topic_log_odds(batch), off_topic(batch)
    assert np.isnan(log_odds[5])
    assert chance[5] == 0.0
    network = 1 / (1 + np.exp(-log_odds))
    assert chance[told].tolist() == pytest.approx(network[told].tolist(), abs=1e-12)
    assert chance[said].tolist() == pytest.approx((0.8 * network[said]).tolist(), abs=1e-12)


def test_nothing_is_judged_where_there_are_fewer_than_three_paragraphs_of_ten_words():
    assert np.isnan(odds([GARDEN[0], BONDS, "Nine words are too few, even in three."])[0]).all()
    assert not np.isnan(odds([GARDEN[0], GARDEN[1], BONDS])[0]).any()


def test_a_text_without_words_of_any_subject_is_measured_without_a_warning():
    function_words = "it is what it was and so it is that there it was"
    with np.errstate(all="raise"):
        (found,) = odds([function_words] * 3)
    assert np.isfinite(found).all()


def test_a_document_is_judged_alike_in_any_batch_to_the_last_bit():
    alone = odds([*GARDEN, BONDS])[0]
    others = [[BONDS] * 4, [*GARDEN, BONDS], GARDEN[::-1]]
    assert odds(*others)[1] == alone


def test_no_text_gives_no_paragraphs():
    assert off_topic(Batch.of([], [])).tolist() == []
    assert off_topic(Batch.of([""], [[]])).tolist() == []


def test_a_quoted_paragraph_is_no_filler():
    text = [*GARDEN, f'"{BONDS}"']
    batch = Batch.of([""], [text])
    assert topic._spans(batch, np.ones(batch.paragraphs.n, bool)).paragraph.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("words", "alike"),
    [
        (("country", "countries", "country's"), True),
        (("tree", "trees", "tree's"), True),
        (("analysis", "analysi"), False),
        (("class", "clas"), False),
        (("campus", "campu"), False),
        (("gas", "ga"), False),
        (("organisation", "organ"), False),
    ],
)
def test_only_plurals_possessives_and_final_y_are_cut(words: tuple[str, ...], alike: bool):
    found = stems(Batch.of([""], [[" ".join(words)]]).vocabulary)
    assert (len(set(found.tolist())) == 1) is alike


def test_sums_of_vectors_do_not_depend_on_the_order_of_addition():
    rng = np.random.default_rng(0)
    rows = rng.integers(-127, 128, (5000, 8)).astype(np.float32)
    size = np.array([1, 7, 0, 4000, 992])
    found = topic_inputs._sum_runs(rows, size)
    first = np.cumsum(size) - size
    assert found.tolist() == [
        rows[f : f + n].astype(np.int64).sum(0).tolist() for f, n in zip(first, size, strict=True)
    ]


def test_a_direction_is_500_long_in_whole_numbers_and_nothing_has_none():
    found = Directions.of(np.array([[3, 4], [0, 0], [1, 1]], np.float32))
    assert found.rows.tolist() == [[300, 400], [0, 0], [354, 354]]
    assert found.length.tolist() == pytest.approx([5, 0, 2**0.5])
    across = Directions.of(np.array([[4, -3], [1, 0], [-2, -2]], np.float32))
    assert found.cosine(across).tolist() == [0, 0, -1]


def test_the_worst_window_lies_within_a_paragraph_and_a_short_paragraph_is_one_window():
    # paragraphs of one, two and three steps; all of them point along the rest but the fifth and sixth
    step = np.array([[75, 0], [75, 0], [75, 0], [75, 0], [0, 75], [0, 75]], np.float32)
    rest = np.array([[500, 0]] * 3, np.float32)
    found = topic_inputs._clauses(step, np.array([1, 2, 3]), rest)
    assert found["clause"].tolist() == pytest.approx([75 / 150, 150 / 225, 0])
    assert found["stretch"].tolist() == pytest.approx([75 / 150, 150 / 225, 75 / (75 * 5**0.5 + 75)])
    assert np.exp(found["n_clauses"]).tolist() == pytest.approx([1, 1, 2])


def test_a_file_made_for_other_inputs_is_refused(tmp_path: Path):
    with np.load(DATA / "topic.npz") as file:
        content = dict(file)
    content["inputs"] = content["inputs"][:-1]
    np.savez(tmp_path / "other.npz", **content)
    with pytest.raises(ValueError, match=r"made for other inputs; run scripts/build_topic\.py"):
        Topics.load(tmp_path / "other.npz")


def test_log_odds_of_a_network_are_what_its_numbers_say():
    table = replace(
        shipped_topics(),
        center=np.array([1.0, 0.0]),
        spread=np.array([2.0, 1.0]),
        hidden=np.array([[1024.0, -1024.0], [0.0, 512.0], [0.0, 1024.0]]),
        output=np.array([2048.0, 1024.0, -1024.0]),
    )
    # inputs (3, 2) are (1, 2) in spreads; hidden units 1 and max(0, -1 + 1 + 1) = 1; 2 + 1 - 1
    assert table.log_odds(np.array([[3.0, 2.0]])).tolist() == [2.0]
    # a value ten spreads off counts as five
    assert table.log_odds(np.array([[21.0, 0.0]])).tolist() == [2 * 5 - 1]


# ---- registers of the article's own matter -----------------------------------------------------------

_GUIDE = (
    "Repointing a brick wall is a job for dry weather between April and September, when frost cannot "
    "reach the new mortar before it has set.\n"
    "Rake out the old joints to a depth of about 20 millimetres with a plugging chisel, and brush out"
    " the dust. Never use an angle grinder on soft bricks.\n"
    "Rinse the joints, soak the bricks overnight, and stir the mortar until it is soft; a trowel leaves it "
    "smooth.\n"
    "The winger scored twice in the second half, and the visitors left the ground with three points and a "
    "clean sheet for the first time since March.\n"
    "Old walls need lime mortar, which stays softer than the brick and lets the wall breathe. Cement "
    "traps the water behind it, and the face of the brick falls off.\n"
    "When the joint has stiffened, strike it with a pointing iron and brush the wall lightly. Cover "
    "it with damp sacking for three days.\n"
)

_CUTS = (
    "The county hospital will cut 90 jobs by the spring, its chief executive told staff on Monday, "
    "after a review found a deficit of 14 million pounds.\n"
    "Nurses and doctors are not affected, she said. Most of the posts are in accounts, purchasing and"
    " the records office, and a third of them are empty.\n"
    "The café on the ground floor is open from eight to four.\n"
    "The union that speaks for the clerks said letters to patients would be late. It has asked for a "
    "meeting with the regional health board.\n"
    "In March the hospital closed a ward for the elderly, and patients have since been sent to a "
    "clinic 30 miles away.\n"
    "The board is to vote on the plan on 12 June. Three of its nine members have said that they will "
    "vote against it.\n"
)


def registers(text: str) -> list[tuple[str, str]]:
    """The rules of registers and what they find in a text."""
    batch = Batch.of([text])
    found = [(name, CODE_RULES[name].find(batch)) for name in (f"filler.{r}" for r in REGISTERS)]
    return [
        (name, batch.text_of(int(start), int(end)))
        for name, spans in found
        for start, end in zip(spans.start, spans.end, strict=True)
    ]


def test_an_instruction_in_the_words_of_its_guide_is_not_out_of_place() -> None:
    assert [rule for rule, _ in registers(_GUIDE)] == ["filler.notice"]


def test_one_turn_of_a_notice_does_not_make_a_paragraph_of_the_place_strange() -> None:
    assert registers(_CUTS) == []
    several = "The flower show opens its gates on Sunday; admission is free, and the raffle is drawn at noon."
    assert registers(_CUTS.replace("The café on the ground floor is open from eight to four.", several)) == [
        ("filler.notice", several)
    ]
