"""Learning the numbers of the stack: the figure it seeks, and that it finds what is there to be found."""

import numpy as np
import pytest

from quality.html.page import Block
from quality.html.stack import Heard, Stack
from quality.learn.stacking import Pages, seek, token_f1


def heard(odds, first, second):
    n = len(odds)
    blocks = [Block("some words", (k + 1, 0), 0) for k in range(n)]
    columns = [np.array(c, bool) for c in (first, second, [0] * n)]
    return Heard.of(blocks, np.array(odds, float), *columns)


def test_token_f1_counts_words_as_often_as_they_stand():
    assert token_f1("a b b", "b a b") == 1.0
    assert token_f1("A, b!", "a b b b") == pytest.approx(2 * 2 / 6)
    assert token_f1("", "a") == token_f1("a", "") == token_f1("", "") == 0.0


def test_pages_tell_the_token_f1_of_the_blocks_that_are_kept():
    texts = [["one two", "two three", "four"], ["five", "one"]]
    golds = ["one two three", "one one six"]
    pages = Pages.of(
        texts, golds, [heard([0] * 3, [1, 0, 0], [0] * 3), heard([0] * 2, [0, 0], [0, 1])], ["x", "y"]
    )
    kept = np.array([1, 1, 0, 0, 1], bool)
    assert pages.f1(kept).tolist() == [token_f1("one two two three", golds[0]), token_f1("one", golds[1])]
    assert pages.base.tolist() == [token_f1("one two", golds[0]), 0.0]


def test_a_page_that_comes_out_worse_than_by_the_first_extractor_counts_double():
    texts, golds = [["one", "two"]] * 3, ["one two", "one two", "one"]
    # the second extractor also keeps "two", of which the role model is sure
    known = [heard([0, 5], [1, 0], [1, 1]) for _ in texts]
    pages = Pages.of(texts, golds, known, ["x", "x", "y"])
    every = Stack(
        agree=0.9, best=0, link=0, comment=0, both=-99,
        first_agree=9, first_differ=9, second_agree=9, second_differ=0,
    )  # fmt: skip
    better, worse = 1 - 2 / 3, 2 / 3 - 1
    assert pages.gain(every).tolist() == pytest.approx([better, better, 2 * worse])


def test_a_change_is_worth_its_mean_over_corpora_where_none_loses_and_pages_agree():
    pages = Pages.of([["one"]] * 6, ["one"] * 6, [heard([0], [1], [1])] * 6, ["x", "x", "x", "x", "y", "y"])
    every = np.ones(6, bool)
    assert pages.worth(np.array([0.1, 0.1, 0.1, 0.1, 0.3, 0.3]), every) == pytest.approx(0.2)
    assert pages.worth(np.array([0.1, 0.1, 0.1, 0.1, -0.01, 0]), every) == 0
    assert pages.worth(np.array([0.1, 0.1, 0.1, 0.1, -0.01, 0]), np.arange(6) < 4) == pytest.approx(0.1)
    # one page alone gains much
    assert pages.worth(np.array([0.9, 0, 0, 0, 0, 0]), every) == 0
    assert pages.worth(np.full(6, 1e-4), every) == 0


@pytest.mark.parametrize(("gold", "is_restored"), [("one two three four", True), ("one", False)])
def test_what_the_second_alone_keeps_is_restored_where_that_pays(gold, is_restored):
    texts = [["one", "two three four"]] * 10
    known = [heard([1, 1.5], [1, 0], [1, 1]) for _ in texts]
    pages = Pages.of(texts, [gold] * 10, known, ["x", "y"] * 5)
    found = seek(pages, np.ones(10, bool))
    assert (found.margin(known[0]) > 0).tolist() == [True, is_restored]
