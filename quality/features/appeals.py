"""Lines in which a page speaks of itself to its reader: calls to do something with it, notices about it.

Rule packs know such lines by their wording. Here it is their form: a call is an imperative, something that belongs to
a page, and the reader or the page named; a notice names the page and what notices are about. Both are short, and
neither stands in quotation marks.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

import numpy as np

from quality.columns import PUNCTUATION, Bools
from quality.lexicon import DATA, Phrases
from quality.registry import rule
from quality.rules import Spans
from quality.text import Batch, hash_words

# Words of a call and of a notice at most: longer ones are mostly instructions and articles about such matters
# (own reading on the shared pages).
CALL_LOW, CALL, NOTICE = 3, 30, 45
# Marks after which a sentence, or what a page asks, begins.
BEGINS = (".", "!", "?", ":", ";", "—", "-", "|", "·", "*")


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads((DATA / "appeals.toml").read_text("utf8"))


@cache
def _notice_phrases() -> Phrases:
    parts = ("self", "matter")
    return Phrases((phrase, k) for k, part in enumerate(parts) for phrase in _lists()[part])


def _words(batch: Batch, part: str) -> Bools:
    """Tokens that are words of a list; bool[tokens]."""
    return batch.vocabulary.among(hash_words(_lists()[part].split()))[batch.token_word]


def _unquoted(batch: Batch) -> Bools:
    return batch.paragraphs.sum(batch.mark('"')) == 0


def _imperatives(batch: Batch) -> Bools:
    """Verbs of the list at the beginning of a sentence, at most two small words before them; bool[tokens]."""
    starts = np.zeros(batch.token_word.size, bool)
    some = batch.paragraphs.last > batch.paragraphs.first
    starts[batch.paragraphs.first[some]] = True
    mark = batch.vocabulary.among(hash_words(BEGINS))[batch.token_word]
    opening = (batch.token_kind == PUNCTUATION) | _words(batch, "before")
    after = starts.copy()
    after[1:] |= mark[:-1]
    for _ in range(2):
        after[1:] |= after[:-1] & opening[:-1]
    return after & _words(batch, "verbs")


def _whole(batch: Batch, chosen: Bools) -> Spans:
    paragraph = np.flatnonzero(chosen)
    return Spans.of_paragraphs(batch, paragraph)


@rule(
    "boilerplate.call",
    tier="soft",
    title="call to the reader",
    message="the page asks its reader for something: «{text}»",
    why="Pages ask to be followed, shared, joined and read on. Such a line belongs to the website, not to the article, in whatever words.",
    source="own",
    unit="count",
    hits=[
        ("Ring our bell for the ferry", ["Ring our bell for the ferry"]),
        ("Fog again? Please tag us in your posts", ["Fog again? Please tag us in your posts"]),
    ],
    clean=[
        "Ring the bell for the ferry",
        "Our bell will ring for the ferry",
        "Ring our mate for the ferry",
        "Our bell",
        '"Ring our bell for the ferry," he said.',
        "Ring our bell for the ferry " + "and wait in the fog with the others " * 4,
    ],
)
def call(batch: Batch) -> Spans:
    """Short paragraphs that ask the reader, in the imperative, for something to do with the page."""
    group = batch.paragraphs
    words = batch.n_words(group)
    chosen = (words >= CALL_LOW) & (words <= CALL) & _unquoted(batch)
    for part in ("page", "address"):
        chosen &= group.sum(_words(batch, part)) > 0
    chosen &= group.sum(_imperatives(batch)) > 0
    return _whole(batch, chosen)


@rule(
    "boilerplate.notice",
    tier="soft",
    title="notice of the page",
    message="the page speaks of itself: «{text}»",
    why="Who owns, answers for, pays for or counts the page is said in many words on every page and is no part of the article.",
    source="own",
    unit="count",
    hits=[("This site takes a commission on oilskins.", ["This site takes a commission on oilskins."])],
    clean=[
        "The harbour takes a commission on oilskins.",
        "This site has the best oilskins.",
        '"This site takes a commission on oilskins," he said.',
        "This site takes a commission on oilskins " + "and on all that is sold in the harbour " * 5,
    ],
)
def notice(batch: Batch) -> Spans:
    """Short paragraphs about the page and who owns, answers for, pays for or counts it."""
    group = batch.paragraphs
    found = _notice_phrases().find(batch)
    cell = group.of_token[found.first] * 2 + found.value
    has = np.bincount(cell, minlength=2 * group.n).reshape(-1, 2) > 0
    chosen = has.all(axis=1) & (batch.n_words(group) <= NOTICE) & _unquoted(batch)
    return _whole(batch, chosen)
