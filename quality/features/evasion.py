"""Characters that hide words from programs while people read on: zero-width, look-alike, direction marks.

Honest text has none of them inside English words, but pages that copy from word processors sometimes
do, so these are soft signals. Matching elsewhere reads through them.
"""

from __future__ import annotations

import numpy as np

from quality.columns import LETTER, UPPER, Ints, within
from quality.registry import rule
from quality.rules import Spans
from quality.text import Batch, once_per_batch

# The soft hyphen is left out: typesetters use it.
ZERO_WIDTH = (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)
DIRECTION = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
# Greek, and Cyrillic with its supplement
OTHER_SCRIPTS = (0x0370, 0x052F)


@once_per_batch
def _unusual(batch: Batch) -> Ints:
    """Characters beyond the Latin ones: few, and all that this file asks of; indices in the joined text."""
    return np.flatnonzero(batch.code >= OTHER_SCRIPTS[0])


def _holding(batch: Batch, characters: Ints) -> Ints:
    """Words that hold one of some characters, which are given in order; token indices."""
    token = np.searchsorted(batch.token_end, characters, "right")
    characters, token = characters[token < batch.token_end.size], token[token < batch.token_end.size]
    token = token[batch.token_start[token] <= characters]
    return np.unique(token[batch.is_word[token]])


@rule(
    "evasion.zero_width",
    tier="soft",
    title="hidden characters in a word",
    message="a word with characters that cannot be seen: {text}",
    why="Invisible characters inside words defeat searches and filters; editors do not put them there.",
    source="unicode",
    hits=[("The mi\u200bnister spoke.", ["mi\u200bnister"])],
    clean=["The minister spoke.", "The \u200bminister spoke.", "soft\u00adhyphen"],
)
def zero_width(batch: Batch) -> Spans:
    """Words with a zero-width character inside."""
    at = _unusual(batch)
    found = _holding(batch, at[np.isin(batch.code[at], ZERO_WIDTH)])
    return Spans.of_tokens(batch, found, found + 1)


@rule(
    "evasion.mixed_script",
    tier="soft",
    title="letters of two scripts in a word",
    message="a word that mixes letters of two scripts: {text}",
    why="A Cyrillic letter in an English word looks the same to a reader and different to a program.",
    source="unicode",
    hits=[("The m\u0438nister spoke.", ["m\u0438nister"])],
    clean=["The minister spoke.", "\u041c\u043e\u0441\u043a\u0432\u0430 is Moscow.", "the \u03b1-helix"],
)
def mixed_script(batch: Batch) -> Spans:
    """Words with both Latin letters and Greek or Cyrillic ones."""
    at = _unusual(batch)
    found = _holding(batch, at[batch.code[at] <= OTHER_SCRIPTS[1]])
    if not found.size:
        return Spans.none()
    size = batch.token_end[found] - batch.token_start[found]
    inside, _ = within(batch.token_start[found], size)
    letter = (batch.kind[inside] == LETTER) | (batch.kind[inside] == UPPER)
    found = found[
        np.logical_or.reduceat(letter & (batch.code[inside] < OTHER_SCRIPTS[0]), np.cumsum(size) - size)
    ]
    return Spans.of_tokens(batch, found, found + 1)


@rule(
    "evasion.bidi",
    tier="soft",
    title="marks that turn the direction of writing",
    message="a mark that turns the direction of writing",
    why="Direction overrides in English text show the reader other words than a program sees.",
    source="unicode",
    hits=[("Pay \u202e01\u202c now.", ["\u202e", "\u202c"])],
    clean=["Pay 10 now."],
)
def bidi(batch: Batch) -> Spans:
    """Controls that override or isolate the direction of writing."""
    at = _unusual(batch)
    at = at[np.isin(batch.code[at], DIRECTION)]
    paragraph = np.searchsorted(batch.paragraphs.start, at, "right") - 1
    inside = (paragraph >= 0) & (at < batch.paragraphs.end[np.maximum(paragraph, 0)])
    return Spans(at[inside], at[inside] + 1, paragraph[inside])
