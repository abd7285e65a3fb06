"""Metrics of scores against labels, beside figures worked out by hand and those of scikit-learn."""

import math

import numpy as np
import pytest

from quality.learn import metrics

# two unreliable and two reliable texts, one of each at .5
LABEL = np.array([True, True, False, False])
SUSPICION = np.array([0.9, 0.5, 0.5, 0.1])
ONE_EACH = np.ones(4)


def sample(seed, n=300, decimals=1):
    random = np.random.default_rng(seed)
    label = random.random(n) < 0.3
    suspicion = np.round(np.clip(0.3 * label + 0.7 * random.random(n), 0, 1), decimals)
    return label, suspicion, random.integers(0, 4, n).astype(float)


def test_auc_counts_ties_half():
    assert metrics.auc(LABEL, SUSPICION, ONE_EACH) == 0.875  # 3.5 of 4 pairs


def test_auc_is_undefined_with_one_label():
    assert math.isnan(metrics.auc(np.array([True, True]), np.array([0.1, 0.2]), np.ones(2)))
    assert math.isnan(metrics.auc(np.zeros(0, bool), np.zeros(0), np.zeros(0)))


def test_average_precision_takes_texts_of_equal_suspicion_together():
    # half of the recall at precision 1, the other half at precision 2/3
    assert metrics.average_precision(LABEL, SUSPICION, ONE_EACH) == pytest.approx(5 / 6)


def test_what_is_caught_at_a_rate_of_false_alarms_keeps_within_the_rate():
    caught = [float(metrics.caught_at(rate, LABEL, SUSPICION, ONE_EACH)) for rate in (0.0, 0.49, 0.5, 1.0)]
    assert caught == [0.5, 0.5, 1.0, 1.0]


def test_five_of_a_hundred_are_within_five_percent():
    label = np.array([False] * 100 + [True])
    suspicion = np.array([0.9] * 5 + [0.1] * 95 + [0.5])
    assert metrics.caught_at(0.05, label, suspicion, np.ones(101)) == 1.0
    assert metrics.caught_at(0.04, label, suspicion, np.ones(101)) == 0.0
    assert 0.29 * 100 < 29
    suspicion[:29] = 0.9
    assert metrics.caught_at(0.29, label, suspicion, np.ones(101)) == 1.0


def test_the_smallest_rate_is_one_reliable_text():
    assert metrics.smallest_rate(np.array([True] * 7 + [False] * 50)) == 0.02
    assert math.isnan(metrics.smallest_rate(np.array([True])))


def test_brier_is_the_mean_squared_distance():
    label, suspicion = np.array([False, True, True, True]), np.array([0.1, 0.1, 0.9, 0.9])
    assert metrics.brier(label, suspicion, ONE_EACH) == pytest.approx(0.21)


def test_ece_is_the_mean_gap_over_bins():
    label, suspicion = np.array([False, True, True, True]), np.array([0.1, 0.1, 0.9, 0.9])
    # gaps of .4 (said .1, is .5) and .1 (said .9, is 1)
    assert metrics.ece(label, suspicion, ONE_EACH, bins=2) == pytest.approx(0.25)
    assert metrics.ece(label, suspicion, np.array([0.0, 1, 1, 1]), bins=1) == pytest.approx(1 - 1.9 / 3)
    # texts of equal suspicion go where the middle of them lies: gaps of .1 once and .5 three times
    tied = np.array([0.1, 0.5, 0.5, 0.5])
    assert metrics.ece(label, tied, ONE_EACH, bins=2) == pytest.approx(0.4)


def test_ece_does_not_depend_on_the_order_of_equal_texts():
    label, suspicion, _ = sample(3)
    turned = np.random.default_rng(0).permutation(label.size)
    weight = np.ones(label.size)
    assert metrics.ece(label, suspicion, weight) == pytest.approx(
        float(metrics.ece(label[turned], suspicion[turned], weight)), abs=1e-12
    )


def test_a_reliability_diagram_has_bins_of_like_size_from_the_least_reliable():
    label, suspicion = np.array([False, True, True, True]), np.array([0.1, 0.1, 0.9, 0.9])
    low, high = metrics.diagram(label, suspicion, bins=2)
    assert (low.n, low.reliability, low.share) == (2, pytest.approx(0.1), 0.0)
    assert (high.n, high.reliability, high.share) == (2, pytest.approx(0.9), 0.5)


def test_small_samples_get_few_bins():
    assert [metrics.n_bins(n) for n in (5, 59, 299, 300, 10_000)] == [1, 2, 14, 15, 15]


def test_wilson_says_something_of_none_in_a_hundred():
    assert metrics.wilson(0, 100) == (0.0, pytest.approx(0.036994, abs=1e-6))
    assert metrics.wilson(5, 100) == (pytest.approx(0.021544, abs=1e-6), pytest.approx(0.111750, abs=1e-6))
    assert all(map(math.isnan, metrics.wilson(0, 0)))


def test_precision_falls_with_prevalence():
    assert metrics.precision_at(0.01, 0.5, 0.01) == pytest.approx(0.005 / 0.0149)
    assert metrics.precision_at(0.5, 0.5, 0.01) == pytest.approx(0.25 / 0.255)
    assert math.isnan(metrics.precision_at(0.5, 0.0, 0.0))


def test_precision_is_taken_within_corpora_of_both_labels_and_then_averaged():
    # 8 of 10 caught at no false alarm; 1 of 2 at 1 of 4; texts of one label tell no precision
    counts = [(8, 10, 0, 100), (1, 2, 1, 4), (50, 50, 0, 0)]
    value, low = metrics.macro_precision(0.5, counts)
    assert value == pytest.approx((1 + 0.5 / 0.75) / 2)
    ends = [
        metrics.precision_at(0.5, metrics.wilson(a, b)[0], metrics.wilson(c, d)[1])
        for a, b, c, d in counts[:2]
    ]
    assert low == pytest.approx(sum(ends) / 2)
    assert low < 0.65
    # a large corpus weighs no more than a small one
    assert metrics.macro_precision(0.5, [(800, 1000, 0, 100), counts[1]])[0] == pytest.approx(value)
    # where nothing is flagged there is no precision, and the bad end counts
    assert math.isnan(metrics.macro_precision(0.5, [(0, 10, 0, 10)])[0])
    assert metrics.macro_precision(0.5, [(0, 10, 0, 10)])[1] == 0.0
    assert all(map(math.isnan, metrics.macro_precision(0.5, [])))


def test_a_mean_in_every_draw_counts_groups_as_often_as_they_were_drawn():
    counts = np.array([[1, 1, 1], [2, 0, 1], [0, 0, 3], [0, 3, 0]], np.uint8)
    found = metrics.resampled_mean(np.array([1.0, 0.0, 6.0]), np.array([0, 0, 2]), counts)
    assert found[:3].tolist() == pytest.approx([7 / 3, 8 / 5, 6.0])
    assert math.isnan(found[3])
    # as the slow way gives it
    random = np.random.default_rng(0)
    values, group = random.random(50), random.integers(0, 9, 50)
    counts = metrics.draws(np.arange(9), 20, 1)
    slow = metrics.resampled(lambda w: (w * values).sum(axis=-1) / w.sum(axis=-1), group, counts)
    assert metrics.resampled_mean(values, group, counts) == pytest.approx(slow)


def test_a_mean_over_corpora_is_over_those_where_it_is_defined_in_a_draw():
    rows = [np.array([1.0, np.nan, np.nan]), np.array([3.0, 5.0, np.nan])]
    assert metrics.macro(rows)[:2].tolist() == [2.0, 5.0]
    assert math.isnan(metrics.macro(rows)[2])


def test_f1_of_eight_right_of_ten_given_and_sixteen_to_give():
    assert metrics.f1(8, 10, 16) == (0.8, 0.5, pytest.approx(16 / 26))
    assert all(map(math.isnan, metrics.f1(0, 0, 0)))
    assert math.isnan(metrics.f1(0, 3, 0)[2])
    assert metrics.f1(0, 0, 3)[2] == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_scikit_learn_agrees(seed):
    from sklearn import metrics as oracle

    label, suspicion, weight = sample(seed)
    for w in (np.ones(label.size), weight):
        assert metrics.auc(label, suspicion, w) == pytest.approx(
            oracle.roc_auc_score(label, suspicion, sample_weight=w)
        )
        assert metrics.average_precision(label, suspicion, w) == pytest.approx(
            oracle.average_precision_score(label, suspicion, sample_weight=w)
        )
        assert metrics.brier(label, suspicion, w) == pytest.approx(
            oracle.brier_score_loss(label, suspicion, sample_weight=w)
        )
        false, true, _ = oracle.roc_curve(label, suspicion, sample_weight=w, drop_intermediate=False)
        assert metrics.caught_at(0.3, label, suspicion, w) == pytest.approx(true[false <= 0.3].max())


@pytest.mark.parametrize("statistic", [metrics.auc, metrics.average_precision, metrics.brier, metrics.ece])
def test_a_row_of_weights_gives_what_it_gives_alone(statistic):
    label, suspicion, weight = sample(5, n=60)
    rows = np.stack((weight, np.ones(60), weight[::-1]))
    alone = [float(statistic(label, suspicion, row)) for row in rows]
    assert statistic(label, suspicion, rows) == pytest.approx(alone)


def test_a_text_drawn_twice_counts_as_two():
    twice = np.array([0, 0, 1, 2, 3])
    assert metrics.auc(LABEL, SUSPICION, np.array([2.0, 1, 1, 1])) == pytest.approx(
        float(metrics.auc(LABEL[twice], SUSPICION[twice], np.ones(5)))
    )


def test_draws_take_as_many_groups_as_there_are_and_the_seed_decides():
    counts = metrics.draws(np.array([0, 0, 1, 2, 2]), 50, seed=1)
    assert counts.shape == (50, 3)
    assert set(counts.sum(axis=1).tolist()) == {3}
    assert (counts == metrics.draws(np.array([0, 1, 2]), 50, seed=1)).all()
    assert (counts != metrics.draws(np.array([0, 1, 2]), 50, seed=2)).any()


def test_texts_of_a_group_come_and_go_together():
    group = np.array([0, 0, 1, 1])
    values = metrics.resampled(
        lambda w: w[:, 0] - w[:, 1] + w[:, 2] - w[:, 3], group, metrics.draws(group, 40, 0)
    )
    assert not values.any()


def test_a_bootstrap_in_pieces_is_the_same(monkeypatch):
    label, suspicion, _ = sample(6, n=50)
    group = np.arange(50)
    counts = metrics.draws(group, 30, 0)

    def auc(weight):
        return metrics.auc(label, suspicion, weight)

    whole = metrics.resampled(auc, group, counts)
    monkeypatch.setattr(metrics, "CHUNK", 120)
    assert (metrics.resampled(auc, group, counts) == whole).all()


def test_an_interval_leaves_out_what_is_undefined():
    assert metrics.interval(np.array([np.nan, *range(101)])) == (2.5, 97.5)
    assert all(map(math.isnan, metrics.interval(np.array([np.nan]))))


def test_shuffled_labels_rank_nothing():
    label, suspicion, _ = sample(7)
    values = metrics.shuffled_auc(label, suspicion, 300, np.random.default_rng(0))
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    assert 0.01 < values.std() < 0.1


def test_folds_keep_groups_together_and_are_of_like_size():
    group = np.repeat(np.arange(23), 3)
    fold = metrics.folds(group, 5, seed=0)
    assert all(len(set(fold[group == g].tolist())) == 1 for g in range(23))
    assert sorted(np.bincount(fold).tolist()) == [12, 12, 15, 15, 15]
