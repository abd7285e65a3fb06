"""Characters that hide words from programs while people read on: zero-width, look-alike, direction marks.

Honest text has none of them inside English words, but pages that copy from word processors sometimes
do, so these are soft signals. Matching elsewhere reads through them.
"""

from __future__ import annotations

import numpy as np

from quality.lexicon import Spans
from quality.registry import rule
from quality.text import LETTER, UPPER, WORD, Batch, Bools, Ints

# The soft hyphen is left out: typesetters use it.
ZERO_WIDTH = (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)
DIRECTION = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
# Greek, and Cyrillic with its supplement
OTHER_SCRIPTS = (0x0370, 0x052F)


def _holding(batch: Batch, characters: Bools) -> Ints:
    """Words that hold a marked character; token indices."""
    total = np.concatenate(([0], np.cumsum(characters, dtype=np.int32)))
    held = total[batch.token_end] > total[batch.token_start]
    return np.flatnonzero(held & (batch.token_kind == WORD))


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
    if not (batch.code > 0x2000).any():
        return Spans.none()
    found = _holding(batch, np.isin(batch.code, ZERO_WIDTH))
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
    other = (batch.code >= OTHER_SCRIPTS[0]) & (batch.code <= OTHER_SCRIPTS[1])
    if not other.any():
        return Spans.none()
    latin = (batch.code < OTHER_SCRIPTS[0]) & ((batch.kind == LETTER) | (batch.kind == UPPER))
    found = np.intersect1d(_holding(batch, other), _holding(batch, latin))
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
    if not (batch.code > 0x2000).any():
        return Spans.none()
    at = np.flatnonzero(np.isin(batch.code, DIRECTION))
    paragraph = np.searchsorted(batch.paragraphs.start, at, "right") - 1
    inside = (paragraph >= 0) & (at < batch.paragraphs.end[np.maximum(paragraph, 0)])
    return Spans(at[inside], at[inside] + 1, paragraph[inside])
