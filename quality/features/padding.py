"""Padding by what is learnt of it: paragraphs that say nothing, and paragraphs that came from another text.

What is judged and how: `quality.padding`. The rules for stock phrases, registers and subjects know what they find by
name; these two find what none of them has a name for, and say less of why.
"""

from __future__ import annotations

import numpy as np

from quality.columns import Floats
from quality.padding import KINDS, padding_log_odds
from quality.registry import rule
from quality.rules import Spans
from quality.text import Batch

# Log odds from which padding is told, a soft signal. At even odds one honest paragraph in 1,000 is taken for it; here .2 to 2.2 in
# 1,000 of reliable articles are told of, and .87 of blended fillers by a hand that was not learnt from in place of .81 (docs/results.md).
TOLD = -0.5

_STORY = (
    "Work on the new town library has stopped because the roof timbers ordered in March are a metre too "
    "short, the council's surveyor told members on Monday.\n"
    "The supplier has offered to replace the timbers at no cost, but not before the end of September, and "
    "the library cannot be closed in against the winter without them.\n"
    "Councillors agreed to keep the old library in the market hall open until the new building is ready, "
    "which the surveyor now expects in May.\n"
    "The library was to open in October. Its shelves and reading desks stand in a store that the council "
    "rents for £400 a month, which the surveyor, Anne Hollis, said was a further reason for haste.\n"
)
_HOLLOW = (
    "As communities everywhere continue to evolve, one thing is clear: the future of reading depends on all of us "
    "working together to embrace new challenges and opportunities."
)
_SPLICED = (
    "To keep a sourdough starter alive, feed it with equal parts of flour and water every day, and put it in the fridge "
    "when you go away; if a grey liquid gathers on top, just stir it in or pour it off."
)
_OUTLOOK = "The council will decide on 14 June whether to sue the supplier, and the surveyor will report to members again in July."
_SIGN_UP = " Sign up for our weekly newsletter. You can unsubscribe at any time."


def padding_chance(batch: Batch, kind: str) -> Floats:
    """Probability of a kind of padding, one half where one honest paragraph in 1,000 is taken for it, 0 where nothing is judged; float64[paragraphs]."""
    return np.nan_to_num(1.0 / (1.0 + np.exp(-padding_log_odds(batch)[KINDS.index(kind)])))


def _found(batch: Batch, kind: str) -> Spans:
    """Paragraphs of which a kind is told, and no surer to be of the other."""
    odds = padding_log_odds(batch)
    mine = odds[KINDS.index(kind)]
    paragraph = np.flatnonzero((mine >= TOLD) & (mine >= odds.max(axis=0)))
    return Spans.of_paragraphs(batch, paragraph)


@rule(
    "filler.hollow",
    tier="soft",
    title="paragraph that says nothing",
    message="a paragraph that tells nothing of this story and would fit any other",
    why="Beside the rest of the text it speaks in generalities: nobody does or says anything, nothing is counted or dated, and "
    "all of it would be as true of another story. Learnt from filler by several writers; a conclusion or a moral may read so too.",
    source="own",
    unit="count",
    hits=[(_STORY + _HOLLOW, [_HOLLOW])],
    clean=[_STORY + _OUTLOOK, _HOLLOW, _STORY + _HOLLOW + _SIGN_UP],
    in_furniture=False,
)
def hollow_paragraph(batch: Batch) -> Spans:
    """Paragraphs that are likely enough to be hollow."""
    return _found(batch, "hollow")


@rule(
    "filler.spliced",
    tier="soft",
    title="paragraph of another text",
    message="a paragraph that reads as if it came from another text",
    why="Both its subject and its manner differ from those of the text around it, as where farms put a piece of a guide, an "
    "advertisement or other news into a story. Learnt from pieces by several writers; an aside or a box may read so too.",
    source="own",
    unit="count",
    hits=[(_STORY + _SPLICED, [_SPLICED])],
    clean=[_STORY + _OUTLOOK, _SPLICED, _STORY + _SPLICED + _SIGN_UP],
    in_furniture=False,
)
def spliced_paragraph(batch: Batch) -> Spans:
    """Paragraphs that are likely enough to be spliced."""
    return _found(batch, "spliced")
