"""Padding: what is judged, what is found, and that a page's own manner is held against nobody."""

from dataclasses import replace

import numpy as np
import pytest

from quality.features.padding import padding_chance
from quality.learn.fit import Table, fit_filler
from quality.lexicon import DATA
from quality.padding import BITS, Padding, column_names, padding_log_odds, word_rows, word_scores
from quality.text import Batch

STORY = [
    "The ferry to Larn was cancelled on Tuesday after a crack was found in the ramp, the harbour office said.",
    "About 140 passengers spent the night in the school hall, where the mayor, Ida Lund, brought them soup.",
    "A diver from Holm inspected the ramp on Wednesday and found a second crack, 30 centimetres long.",
    "The yard in Holm can weld it by Friday, said its foreman, Per Aas, if the steel arrives in time.",
    "Until then the mail boat carries 12 passengers at a time, at 7 and at 15 o'clock, from the old quay in Larn.",
]
HOLLOW = (
    "At the end of the day, journeys like these remind us how important it is that everyone comes together, and that "
    "every challenge is also an opportunity to build a better future for all."
)
RECIPE = (
    "For a crisp crust, rub cold butter into the flour with your fingertips, add a splash of iced water, and leave the "
    "dough in the fridge for half an hour before you roll it out."
)


def odds(*paragraphs):
    return padding_log_odds(Batch.of([""], [paragraphs]))


def test_a_hollow_paragraph_and_a_piece_of_another_text_stand_out_among_a_story():
    hollow, spliced = odds(*STORY[:2], RECIPE, *STORY[2:], HOLLOW)
    assert int(np.argmax(hollow)) == 6
    assert hollow[6] > 0
    assert int(np.argmax(spliced)) == 2
    assert spliced[2] > 0


def test_paragraphs_of_a_story_lie_far_below_both_thresholds():
    assert odds(*STORY).max() < -2


def test_short_lines_short_questions_and_paragraphs_with_nothing_beside_them_are_not_judged():
    found = odds(
        *STORY,
        "Too short to judge.",
        "Will the ferry go again before Sunday?",
        "Ferry to Larn back by Friday",
    )[0]
    assert np.isnan(found).tolist() == [False] * 5 + [True] * 3
    assert np.isnan(odds(*STORY[:4])).all()


def test_a_text_is_judged_alike_alone_and_among_others():
    whole = padding_log_odds(Batch.of(["", "", ""], [[*STORY, HOLLOW], [RECIPE] * 5, [*STORY, RECIPE]]))
    parts = [odds(*STORY, HOLLOW), odds(*[RECIPE] * 5), odds(*STORY, RECIPE)]
    assert np.array_equal(whole, np.hstack(parts), equal_nan=True)


def test_what_is_not_judged_has_no_chance():
    batch = Batch.of([""], [[*STORY, HOLLOW, "Too short to judge."]])
    chance = padding_chance(batch, "hollow")
    assert chance[-1] == 0.0
    assert chance[-2] > 0.5


def test_scores_by_words_are_those_of_the_rows_that_weights_are_learnt_from():
    batch = Batch.of(["", ""], [[*STORY, HOLLOW], [RECIPE, *STORY]])
    words = np.random.default_rng(0).integers(-127, 128, (2, 1 << BITS)).astype(np.int8)
    owner, bucket, value = word_rows(batch)
    n = np.bincount(owner)
    assert np.allclose(value, 1 / np.sqrt(n))
    expected = [np.bincount(owner, weights=some[bucket]) * value * 0.5 for some in words]
    assert np.allclose(word_scores(batch, words, np.array([0.5, 0.5])), expected)


def test_numbers_made_for_other_columns_are_refused(tmp_path):
    with np.load(DATA / "padding.npz") as file:
        arrays = dict(file)
    arrays["names"] = np.array([*column_names()[:-1], "something_else"])
    np.savez(tmp_path / "padding.npz", **arrays)
    with pytest.raises(ValueError, match=r"run scripts/build_padding\.py again"):
        Padding.load(tmp_path / "padding.npz")


def filler_table():
    """Rows in which the labels would teach that padding is certain, and that a foreign register is fair evidence."""
    n = 2000
    rows = np.arange(n)
    label = rows < 400
    names = ("foreign_register", "hollow", "spliced")
    register = np.where(label, rows % 2, rows % 1000 == 999)
    matrix = np.column_stack([register, label, label]).astype(np.float32)
    zeros = np.zeros(n, np.int32)
    return Table(names, matrix, label.astype(np.uint8), np.ones(n, np.float32), zeros, zeros, zeros), ~label


def test_the_weight_of_padding_is_set_and_not_learnt():
    table, sound = filler_table()
    model = fit_filler(table, sound, ())
    register, hollow, spliced = model.weights
    # at a chance of .93 either makes filler by itself, and the other terms weigh as they do without them
    assert hollow == spliced
    assert 0.93 * hollow + model.intercept == pytest.approx(0.0, abs=1e-9)
    alone = fit_filler(replace(table, names=table.names[:1], matrix=table.matrix[:, :1]), sound, ())
    assert [register, model.intercept] == pytest.approx([alone.weights[0], alone.intercept], rel=1e-4)
