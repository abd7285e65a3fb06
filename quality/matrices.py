"""What the models read of a batch: columns of either look at its paragraphs, of filler, and n-grams of documents; what each column added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from quality import evidence
from quality.columns import Floats, Ints
from quality.features.ngrams import document_rows, paragraph_rows, weighted
from quality.model import FillerWords, FirstLook, Model
from quality.registry import Counted, around_names, neighbourhood, paragraph_matrix
from quality.second_look import second_look_columns
from quality.text import Batch
from quality.trees import Trees

# Word score of paragraphs, the column beside the measured features.
WORD_SCORE = "word_score"


def boilerplate_effects(looked: Floats, second: Trees) -> tuple[list[str], Floats, Floats, float]:
    """What each feature adds to the log odds of furniture, and what the sum begins with.

    Columns whose names begin with the same word (neighbours, means of several reaches) are one feature.

    Names, values of the paragraph itself (NaN where there is none) and effects, float64[paragraphs, names] each.
    """
    names = list(dict.fromkeys(n.partition(" ")[0] for n in second.names))
    values = np.full((looked.shape[0], len(names)), np.nan)
    effects = np.zeros(values.shape)
    of_columns, start = second.effects(looked)
    for j, name in enumerate(second.names):
        at = names.index(name.partition(" ")[0])
        effects[:, at] += of_columns[:, j]
        if name == names[at]:
            values[:, at] = looked[:, j]
    return names, values, effects, start


def role_matrix(batch: Batch, first: FirstLook, names: Sequence[str]) -> Floats:
    """Columns of the second look at the paragraphs of a batch, after the first; float64[paragraphs, names]."""
    score = paragraph_rows(batch).dot(first.words)
    logit = first.trees.logit(first_look_matrix(batch, score, first.trees.names))
    return second_look_matrix(batch, score, logit, names)


def first_look_matrix(batch: Batch, score: Floats, names: Sequence[str]) -> Floats:
    """Columns of the first look: measured features and neighbours, and the word score (float64[paragraphs]) with its own."""
    return _matrix(batch, names, word_score_columns(batch, score))


def second_look_matrix(batch: Batch, score: Floats, look: Floats, names: Sequence[str]) -> Floats:
    """Columns of the second look: what is measured of a paragraph, its word score, and what the first look said."""
    return _matrix(batch, names, {WORD_SCORE: score} | second_look_columns(batch, look))


def _matrix(batch: Batch, names: Sequence[str], told: Mapping[str, Floats]) -> Floats:
    """Named columns, those `told` and measured features; float64[paragraphs, names]."""
    measured = [n for n in names if n not in told]
    columns = dict(zip(measured, paragraph_matrix(batch, measured).T, strict=True))
    found = [told[n] if n in told else columns[n] for n in names]
    return np.array(found).reshape(len(names), batch.paragraphs.n).T


def filler_matrix(batch: Batch, counted: Counted, words: FillerWords, names: Sequence[str]) -> Floats:
    """Columns of the filler model by name; words without weights are not read."""
    term = words.term(paragraph_rows(batch).dot(words.weights)) if words.weights.any() else None
    return evidence.filler_terms(batch, counted, names, term)


WORD_SCORE_AROUND: tuple[int | str, ...] = (-2, -1, 1, 2, "mean 2", "mean 5", "mean 10")


def word_score_columns(batch: Batch, score: Floats) -> dict[str, Floats]:
    """The word score of paragraphs and of their neighbours, by column name."""
    names = around_names(WORD_SCORE, WORD_SCORE_AROUND)
    return dict(zip(names, [score, *neighbourhood(batch, score, WORD_SCORE_AROUND)], strict=True))


def likeness_score(batch: Batch, role: Ints, model: Model) -> tuple[Floats, Floats]:
    """How much each document's content reads like the reliable side, and how far it is of a kind that this was
    learnt on; two float64[documents].
    """
    likeness = model.likeness
    content = role == evidence.CONTENT
    words, masked = document_rows(batch, content)
    masked = weighted(masked, likeness.masked_idf)
    score = likeness.blend(
        weighted(words, likeness.words_idf).dot(likeness.words), masked.dot(likeness.masked)
    )
    return score, likeness.familiarity(masked.dot(likeness.kind))
