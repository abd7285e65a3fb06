"""Sums of small trees: where rows end, what they add up to, and what each column adds."""

import numpy as np
import pytest

from quality.learn.columns import table_of
from quality.learn.fit import fit_trees
from quality.trees import LEAVES, NEVER, UNIT, Trees, bins

NAN = float("nan")


def of(*edges: float) -> np.ndarray:
    return np.array(edges, np.float32)


def one_tree() -> Trees:
    """Under 10 of `a`: -1; from 10 on, by `b`: under 5 a half, from 5 on 3."""
    column, step = np.zeros((1, LEAVES - 1), np.uint8), np.full((1, LEAVES - 1), NEVER, np.uint8)
    left, right = np.zeros((2, 1, LEAVES - 1), np.uint16)
    leaf, node = np.zeros((1, LEAVES), np.int16), np.zeros((1, LEAVES - 1), np.int16)
    column[0, :2], step[0, :2] = (0, 1), (2, 2)
    left[0, :2], right[0, :2] = (0b001, 0b010), (0b110, 0b100)
    leaf[0, :3] = -1 * UNIT, UNIT // 2, 3 * UNIT
    node[0, :2] = 0, 2 * UNIT
    return Trees(("a", "b"), (of(10), of(5)), column, step, left, right, leaf, node, 0.25)


ROWS = np.array([[0.0, 9.0], [10.0, 4.9], [12.0, 5.0], [NAN, 9.0]])


def test_a_row_ends_in_the_leaf_its_answers_lead_to():
    trees = one_tree()
    assert trees.ends(trees.bins(ROWS)).tolist() == [[0, 1, 2, 0]]


def test_the_logit_is_the_intercept_and_the_values_of_the_leaves():
    assert one_tree().logit(ROWS).tolist() == [-0.75, 0.75, 3.25, -0.75]


def test_a_column_adds_the_changes_at_the_nodes_that_ask_it():
    effects, start = one_tree().effects(ROWS)
    assert start == 0.25
    assert effects.tolist() == [[-1.0, 0.0], [2.0, -1.5], [2.0, 1.0], [-1.0, 0.0]]


def test_undefined_values_have_a_bin_of_their_own():
    assert bins(np.array([NAN, 4.0, 5.0, 7.0]), of(5, 6)).tolist() == [0, 1, 2, 3]


def test_trees_come_back_from_their_arrays():
    trees = one_tree()
    again = Trees.from_arrays("some", trees.names, trees.arrays("some"))
    assert again.logit(ROWS).tolist() == [-0.75, 0.75, 3.25, -0.75]


def learnt(n: int = 3000) -> tuple[Trees, np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    matrix = random.normal(size=(n, 3))
    matrix[::11, 2] = np.nan
    label = (matrix[:, 0] * matrix[:, 1] > 0) ^ (random.random(n) < 0.1)
    edges = tuple(np.linspace(-2, 2, 9, dtype=np.float32) for _ in range(3))
    rows = np.column_stack([bins(matrix[:, j], e) for j, e in enumerate(edges)])
    table = table_of(("a", "b", "c"), rows, label, np.ones(n), np.zeros((n, 3), np.int32))
    return fit_trees(table, edges, 0), matrix, label


def test_trees_learn_what_two_columns_say_together():
    trees, matrix, label = learnt()
    assert ((trees.logit(matrix) > 0) == label).mean() > 0.85


def test_effects_and_their_beginning_add_up_to_the_logit():
    trees, matrix, _ = learnt()
    effects, start = trees.effects(matrix)
    np.testing.assert_allclose(start + effects.sum(axis=1), trees.logit(matrix), rtol=0, atol=1e-9)


def test_the_tables_say_what_the_model_they_were_read_from_says(monkeypatch: pytest.MonkeyPatch):
    from sklearn.ensemble import HistGradientBoostingClassifier

    kept = []
    fit = HistGradientBoostingClassifier.fit
    monkeypatch.setattr(
        HistGradientBoostingClassifier,
        "fit",
        lambda self, *a, **k: kept.append(fit(self, *a, **k)) or kept[-1],
    )
    trees, matrix, _ = learnt()
    rows = trees.bins(matrix).T.astype(np.float32)
    # each of a hundred values is rounded by half a step at most
    np.testing.assert_allclose(trees.logit(matrix), kept[0].decision_function(rows), atol=100 * 0.5 / UNIT)
    assert trees.leaf.shape[0] == 100


def test_a_row_has_the_same_logit_alone_and_among_thousands():
    trees, matrix, _ = learnt()
    together = trees.logit(matrix)
    assert [trees.logit(matrix[k : k + 1])[0] for k in (0, 1023, 1024, 2999)] == together[
        [0, 1023, 1024, 2999]
    ].tolist()


def test_columns_with_a_direction_never_speak_the_other_way():
    random = np.random.default_rng(3)
    n = 2000
    rows = random.integers(1, 10, (n, 2)).astype(np.uint8)
    label = (rows[:, 0] > 5) ^ (random.random(n) < 0.3)
    edges = (of(*range(2, 10)), of(*range(2, 10)))
    table = table_of(("first_look", "b"), rows, label, np.ones(n), np.zeros((n, 3), np.int32))
    trees = fit_trees(table, edges, 0)
    rising = np.column_stack([np.arange(1.0, 10.0), np.full(9, 4.0)])
    assert (np.diff(trees.logit(rising)) <= 1e-2).all()  # a first look at content speaks against furniture
