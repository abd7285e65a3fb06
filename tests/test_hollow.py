"""Hollow paragraphs: a sum of words, to be followed by hand, and a file that says what each weighs."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.features.hollow import (
    FIGURE,
    KINDS,
    NAME,
    OTHER,
    PAST,
    QUOTATION,
    START,
    WEIGHTS,
    hollow_paragraph,
    hollowness,
    kinds_of_tokens,
    read_weights,
)
from quality.text import Batch

KIND_WEIGHTS = {START: 1, FIGURE: 10, NAME: 100, QUOTATION: 1000, PAST: 10_000, OTHER: 100_000}


def test_a_word_is_what_the_list_says_or_else_what_it_looks_like() -> None:
    batch = Batch.of(['Hope moved 12 men in Larnsund, "hope" too.'])
    assert kinds_of_tokens(batch, ("hope", "in")).tolist() == [0, -4, -1, -5, 1, -2, -6, -3, 0, -3, -5, -6]


def test_a_capital_opens_a_sentence_or_marks_a_name() -> None:
    batch = Batch.of(["Boats wait. Men wait. - Then Ida and I wait."])
    kinds = kinds_of_tokens(batch, ())
    names = [
        batch.text_of(int(batch.token_start[k]), int(batch.token_end[k])) for k in (kinds == -2).nonzero()[0]
    ]
    assert names == ["Ida"]


def test_a_paragraph_is_the_sum_of_its_words() -> None:
    batch = Batch.of(["Hope moved 12 men.\nHope.\n\nLarnsund"])
    weights = {**KIND_WEIGHTS, "hope": 7}
    assert hollowness(batch, weights).tolist() == [1 + 7 + 10_000 + 10 + 100_000, 1 + 7, 1 + 100_000]


def test_each_paragraph_sums_alike_in_any_batch() -> None:
    texts = ["Hope moved 12 men.", "", "It is hoped that all will be well.\nThe ferry sank."]
    weights = read_weights(WEIGHTS)
    together = hollowness(Batch.of(texts), weights).tolist()
    assert together == [n for text in texts for n in hollowness(Batch.of([text]), weights).tolist()]


def test_one_that_tells_something_outweighs_a_hollow_one() -> None:
    hollow = "The future will bring new challenges, and it is important that all of us remain patient."
    told = (
        "The pilot of the ferry had missed his bus on Monday, so 40 cars were left on the quay of Larnsund."
    )
    assert len(hollow_paragraph(Batch.of([hollow + " " + hollow]))) == 1
    assert len(hollow_paragraph(Batch.of([hollow + " " + told]))) == 0


def test_a_heading_is_too_short_to_be_judged() -> None:
    assert len(hollow_paragraph(Batch.of(["Challenges of the future remain"]))) == 0


def test_the_shipped_file_has_a_head_the_kinds_and_small_words() -> None:
    head = [line for line in WEIGHTS.read_text("utf8").splitlines() if line.startswith("# ")]
    assert {"what", "source", "licence", "date"} <= {line[2:].partition(":")[0] for line in head}
    weights = read_weights(WEIGHTS)
    assert set(KINDS) <= set(weights)
    assert all(word == word.lower() and " " not in word for word in weights)
    assert all(weights[kind] < 0 for kind in KINDS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hope\tmuch\n", "line 1: 'hope\\\\tmuch'; expected word, tab, whole number"),
        ("hope\t3\n", r"no row for \*start, "),
    ],
)
def test_a_wrong_file_is_refused_by_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "weights.tsv"
    path.write_text(content, "utf8")
    with pytest.raises(ValueError, match=message):
        read_weights(path)
