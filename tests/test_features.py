"""Every feature and rule: its own examples, and what must hold for all of them at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quality.features  # noqa: F401 - declares them
from quality.columns import Floats, Group
from quality.features.surface import CLASSES
from quality.registry import (
    CODE_RULES,
    FEATURES,
    LATE_RULES,
    count,
    feature,
    paragraph_matrix,
    paragraph_names,
    rule,
)
from quality.rules import shipped_rules
from quality.text import Batch, hash_words

RULES = [
    *shipped_rules().rules,
    *(d.rule for declared in (CODE_RULES, LATE_RULES) for d in declared.values()),
]
HITS = [(r.id, text, expected) for r in RULES for text, expected in r.hits]
CLEAN = [(r.id, text) for r in RULES for text in r.clean]
VALUES = [(f.name, text, value) for f in FEATURES.values() for text, value in f.values]


def found(name: str, text: str) -> list[str]:
    batch = Batch.of([text])
    counted = count(batch)
    at = [k for k in range(counted.rule.size) if counted.rules[counted.rule[k]].id == name]
    return [batch.text_of(int(counted.start[k]), int(counted.end[k])) for k in at]


@pytest.mark.parametrize(("name", "text", "value"), VALUES)
def test_a_feature_has_the_value_of_its_example(name: str, text: str, value: float) -> None:
    batch = Batch.of([text])
    declared = FEATURES[name]
    if declared.of == "paragraphs" and text:
        measured = declared.measure(batch, batch.paragraphs)
    elif declared.of == "paragraphs":
        batch = Batch.of([""], [[""]])
        measured = declared.measure(batch, batch.paragraphs)
    else:
        measured = declared.measure(batch, batch.documents)
    assert measured.dtype == np.float64
    assert measured[-1] == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(("name", "text", "expected"), HITS)
def test_a_rule_finds_the_spans_of_its_example(name: str, text: str, expected: tuple[str, ...]) -> None:
    assert found(name, text) == list(expected)


@pytest.mark.parametrize(("name", "text"), CLEAN)
def test_a_rule_is_silent_on_its_clean_examples(name: str, text: str) -> None:
    assert found(name, text) == []


WORDS = st.sampled_from(
    "the Minister said read more may subscribe cookies 2019 in 1 [1] - \u2022 \" ' ? . , experts As my of last update "
    "President Obama Secretary and \u200b \u0430 copyright home news menu".split(" ")
)
TEXTS = st.lists(
    st.lists(st.lists(WORDS, min_size=0, max_size=12).map(" ".join), max_size=6).map("\n".join),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(TEXTS)
def test_features_and_findings_of_a_text_are_the_same_in_any_batch(texts: list[str]) -> None:
    together = Batch.of(texts)
    matrix = paragraph_matrix(together, paragraph_names())
    counted = count(together)
    for number, text in enumerate(texts):
        alone = Batch.of([text])
        own = paragraph_matrix(alone, paragraph_names())
        np.testing.assert_array_equal(matrix[together.paragraphs.parent == number], own)
        for declared in FEATURES.values():
            if declared.of != "paragraphs":
                mine = declared.measure(alone, alone.documents)[0]
                assert np.array_equal(
                    declared.measure(together, together.documents)[number], mine, equal_nan=True
                )
        base, end = together.document_start[number : number + 2]
        inside = (counted.start >= base) & (counted.start < end)
        single = count(alone)
        assert (counted.start[inside] - base).tolist() == single.start.tolist()
        assert counted.rule[inside].tolist() == single.rule.tolist()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=120), max_size=4))
def test_values_are_finite_or_undefined_and_spans_lie_in_one_paragraph(texts: list[str]) -> None:
    batch = Batch.of(texts)
    assert not np.isinf(paragraph_matrix(batch, paragraph_names())).any()
    for declared in FEATURES.values():
        if declared.of != "paragraphs":
            assert not np.isinf(declared.measure(batch, batch.documents)).any()
    counted = count(batch)
    assert (counted.start < counted.end).all()
    assert (counted.start >= batch.paragraphs.start[counted.paragraph]).all()
    assert (counted.end <= batch.paragraphs.end[counted.paragraph]).all()


def example(batch: Batch, group: Group) -> Floats:
    """An example."""
    return np.zeros(group.n)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unit": "furlongs"}, "unknown unit 'furlongs'"),
        ({"source": "nobody"}, "not in quality/data/sources.toml"),
        ({"values": []}, "no example"),
        ({"of": "sentences"}, "expected one of both, paragraphs, documents"),
    ],
)
def test_a_wrong_declaration_is_refused(arguments: dict[str, object], message: str) -> None:
    right: dict[str, object] = {"unit": "count", "source": "own", "values": [("", 0.0)]}
    given_ = right | arguments
    with pytest.raises(ValueError, match=message):
        feature(given_.pop("unit"), **given_)(example)  # type: ignore[arg-type]


def test_a_name_is_taken_once() -> None:
    again = FEATURES["mean_word_length"].measure
    with pytest.raises(ValueError, match="declared twice"):
        feature("count", source="own", values=[("", 0.0)])(again)
    declared = CODE_RULES["evasion.bidi"]
    with pytest.raises(ValueError, match="declared twice"):
        rule(
            "evasion.bidi",
            tier="soft",
            title="t",
            message="m",
            why="w",
            source="own",
            hits=[("a", ["a"])],
            clean=["b"],
        )(declared.find)


def test_a_feature_without_definition_is_refused() -> None:
    def silent(batch: Batch, group: Group) -> Floats:
        return np.zeros(group.n)

    with pytest.raises(ValueError, match="has no docstring"):
        feature("count", source="own", values=[("", 0.0)])(silent)


def test_neighbours_are_those_of_the_same_page() -> None:
    batch = Batch.of(["a\na b c\na b c d e f g", "x"])
    names = ["log_n_words (-1)", "log_n_words (+1)", "log_n_words (mean 2)", "log_n_words (before 5)"]
    matrix = paragraph_matrix(batch, names)
    first, second, third = math.log(2), math.log(4), math.log(8)
    np.testing.assert_allclose(matrix[1], [first, third, (first + third) / 2, first])
    np.testing.assert_allclose(matrix[2], [second, math.nan, (second + first) / 2, (second + first) / 2])
    assert np.isnan(matrix[3]).all()


def test_no_word_is_in_two_classes() -> None:
    hashes = [h for words in CLASSES.values() for h in set(hash_words(words).tolist())]
    assert len(hashes) == len(set(hashes))


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(KeyError, match="unknown paragraph features"):
        paragraph_matrix(Batch.of(["a"]), ["no_such_feature"])
