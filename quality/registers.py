"""Registers: paragraphs that speak otherwise than their text, as law, a shop, an adviser or a notice board.

Farms splice pieces of other texts into a story and let them nod to it. Each register is known by cues
(quality/data/registers.toml). They count in a text that speaks otherwise only, so a piece about a directive, a
recipe and a shop's page have no foreign register; and words of the story (who said or did something) count against
them, for filler tells of nobody.
"""

from __future__ import annotations

import tomllib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Ints
from quality.lexicon import DATA, Hits, Phrases
from quality.text import Batch, once_per_batch

REGISTERS = ("regulation", "plug", "advice", "notice", "nod")

# Points of a cue by its kind. An opening cue counts at the start of a sentence only, a leading one at that of a
# paragraph.
POINTS = {"telling": 2, "opening": 2, "faint": 1, "leading": 1}
# Words of the story: one of them takes away a point, a verb of advice that somebody gave ("she advised readers to")
# as many as make a register at the least and once more, since what follows it is all advice; so does a greeting, with
# which somebody speaks to people who have come.
AGAINST = {"words": -1, "advised": -4, "greeting": -4}
# A register is at home in a text that has more than this many points of it in its other paragraphs, and one more
# for every ten of them; a paragraph gives two at most. Farms put two or three such pieces into a story.
AT_HOME, EVERY = 2, 10
# Points from which a paragraph speaks a register.
CLEAR = 2


@cache
def _cues() -> tuple[Phrases, Ints, Ints, Bools, Bools]:
    """Cues numbered in order of the file; of each: register, points, whether opening, whether leading.

    The words of the story come last, as a register with points below zero.
    """
    table = tomllib.loads((DATA / "registers.toml").read_text("utf8"))
    cues = [
        (k, kind, p) for k, name in enumerate(REGISTERS) for kind in table[name] for p in table[name][kind]
    ]
    against = [(p, AGAINST[kind]) for kind, some in table["story"].items() for p in some]
    story = [p for p, _ in against]
    register = np.array([k for k, _, _ in cues] + [len(REGISTERS)] * len(story), np.int64)
    points = np.array([POINTS[kind] for _, kind, _ in cues] + [n for _, n in against], np.int64)
    opening, leading = (
        np.array([kind == wanted for _, kind, _ in cues] + [False] * len(story), bool)
        for wanted in ("opening", "leading")
    )
    phrases = Phrases((p, k) for k, p in enumerate([p for _, _, p in cues] + story))
    return phrases, register, points, opening, leading


def _counting(batch: Batch, found: Hits, opening: Bools, leading: Bools) -> Bools:
    """Cues that stand where they count; bool[k]."""
    begins_sentence, begins_paragraph = (np.zeros(batch.token_word.size + 1, bool) for _ in range(2))
    begins_sentence[batch.sentences.first] = True
    begins_paragraph[batch.paragraphs.first] = True
    return (~opening[found.value] | begins_sentence[found.first]) & (
        ~leading[found.value] | begins_paragraph[found.first]
    )


@once_per_batch
def cue_points(batch: Batch) -> tuple[NDArray[np.int64], Ints]:
    """Points of each register, a cue counting once in a paragraph; those that the story takes away.

    int64[paragraphs, registers] and int64[paragraphs].
    """
    phrases, register, points, opening, leading = _cues()
    n, kinds = batch.paragraphs.n, len(REGISTERS)
    found = phrases.find(batch)
    counts = _counting(batch, found, opening, leading)
    paragraph, cue = batch.paragraphs.of_token[found.first[counts]], found.value[counts]
    told = points[cue] < 0
    story = np.bincount(paragraph[told], weights=-points[cue[told]], minlength=n).astype(np.int64)
    paragraph, cue = np.divmod(np.unique(paragraph[~told] * points.size + cue[~told]), points.size)
    cell = paragraph * kinds + register[cue]
    sums = np.bincount(cell, weights=points[cue], minlength=n * kinds).astype(np.int64)
    return sums.reshape(n, kinds), story


@once_per_batch
def foreign_register(batch: Batch) -> tuple[Ints, Ints]:
    """Points of a paragraph for registers foreign to its text, less its words of the story; the strongest register.

    int64[paragraphs] each. No points where no single register has two: the matter of several is no register. The
    register is an index of `REGISTERS`, the first of equals.
    """
    points, story = cue_points(batch)
    group = batch.paragraphs
    capped = np.minimum(points, POINTS["telling"])
    of_text = [np.bincount(group.parent, column, batch.n_documents) for column in capped.T]
    others = np.array(of_text, np.int64).T[group.parent] - capped
    n_others = np.bincount(group.parent, minlength=batch.n_documents)[group.parent] - 1
    usual = AT_HOME + n_others // EVERY
    foreign = np.where(others <= usual[:, None], points, 0)
    spoken = foreign.max(axis=1) >= CLEAR
    return np.where(spoken, foreign.sum(axis=1) - story, 0), foreign.argmax(axis=1)
