"""Where a paragraph stands on its page, and the words of page furniture in it.

What makes a line furniture is seldom the line alone: "Latest" is a heading in one place and a menu
entry in another. Most of what the role model knows comes from here: cue words, copies elsewhere on
the page, position, distance to the nearest long paragraph, the run of short lines it stands in.
The recipe is that of ../shared/notes/boilerplate.md; what it gives on corpora left out: docs/results.md.
"""

from __future__ import annotations

import tomllib
from functools import cache

import numpy as np

from quality.columns import NUMBER, PUNCTUATION, WORD, Bools, Floats, Group, Ints, changes, combine, ratio
from quality.lexicon import DATA, Phrases
from quality.registry import Counted, feature, rule_among
from quality.rules import Spans
from quality.text import Batch, hash_words, once_per_batch

nan = float("nan")

# A long paragraph: at least this many words and a full stop at its end (jusText's idea; 20 as in
# ../shared/notes/boilerplate.md).
LONG = 20
# A short line: fewer words than this.
SHORT = 8
# Distances are in paragraphs and stop mattering here.
FAR = 200


@cache
def _cues() -> tuple[list[str], Phrases]:
    table = tomllib.loads((DATA / "cues.toml").read_text("utf8"))
    return list(table), Phrases((p, k) for k, kind in enumerate(table.values()) for p in kind["phrases"])


@once_per_batch
def _cue_counts(batch: Batch) -> Floats:
    """Cues of each kind in each paragraph, damped by its length; float64[paragraphs, kinds]."""
    kinds, phrases = _cues()
    found = phrases.find(batch)
    cell = batch.paragraphs.of_token[found.first] * len(kinds) + found.value
    counts = np.bincount(cell, minlength=batch.paragraphs.n * len(kinds)).reshape(-1, len(kinds))
    # a cue in a menu line of three words says more than one in a sentence of thirty
    return counts / (1 + 0.1 * batch.n_words(batch.paragraphs))[:, None]


def _cue(kind: str, what: str) -> None:
    def measure(batch: Batch, group: Group) -> Floats:
        return np.ascontiguousarray(_cue_counts(batch)[:, _cues()[0].index(kind)])

    measure.__name__ = f"cue_{kind}"
    measure.__module__ = __name__
    measure.__doc__ = (
        f"Words of {what}, each counting less the longer the paragraph.\n\nList: quality/data/cues.toml."
    )
    around = (-1, 1) if kind in ("related", "sharing", "legal", "comment", "dateline", "navigation") else ()
    feature("count", source="own", of="paragraphs", values=[("it rained", 0.0)], around=around)(measure)


for _kind, _entry in tomllib.loads((DATA / "cues.toml").read_text("utf8")).items():
    _cue(_kind, _entry["what"])


@once_per_batch
def _is_long(batch: Batch) -> Bools:
    """Paragraphs of at least `LONG` words that end in a stop; bool[paragraphs]."""
    words = batch.n_words(batch.paragraphs)
    long = np.flatnonzero(words >= LONG)
    stop = batch.vocabulary.among(hash_words((".", "!", "?")))
    last = batch.paragraphs.last[long]
    is_long = np.zeros(batch.paragraphs.n, bool)
    # a closing quotation mark may follow the stop
    is_long[long] = stop[batch.token_word[last - 1]] | stop[batch.token_word[last - 2]]
    return is_long


@once_per_batch
def _index(batch: Batch) -> tuple[Ints, Ints]:
    """Number of each paragraph in its document and number of paragraphs there; int64[paragraphs] each."""
    size = np.bincount(batch.paragraphs.parent, minlength=batch.n_documents)
    first = np.cumsum(size) - size
    return np.arange(batch.paragraphs.n) - first[batch.paragraphs.parent], size[batch.paragraphs.parent]


@feature("log", source="own", of="paragraphs", values=[("x", 0.0)])
def paragraphs_before(batch: Batch, group: Group) -> Floats:
    """Logarithm of one more than the number of paragraphs above it."""
    return np.log1p(_index(batch)[0])


@feature("log", source="own", of="paragraphs", values=[("x", 0.0)])
def paragraphs_after(batch: Batch, group: Group) -> Floats:
    """Logarithm of one more than the number of paragraphs below it."""
    number, size = _index(batch)
    return np.log1p(size - 1 - number)


@feature("share", source="own", of="paragraphs", values=[("x", nan), ("", nan)])
def relative_position(batch: Batch, group: Group) -> Floats:
    """Place on the page from 0 (first paragraph) to 1 (last)."""
    number, size = _index(batch)
    return ratio(number.astype(np.float64), (size - 1).astype(np.float64))


@feature("log", source="own", of="paragraphs", values=[("x", float(np.log(2)))])
def page_n_paragraphs(batch: Batch, group: Group) -> Floats:
    """Logarithm of one more than the number of paragraphs of the page."""
    return np.log1p(_index(batch)[1])


@feature("share of words", source="own", of="paragraphs", values=[("x", 0.0), ("", nan)])
def words_before_share(batch: Batch, group: Group) -> Floats:
    """Share of the page's words that stand above it."""
    words = batch.n_words(group)
    total = np.bincount(group.parent, weights=words, minlength=batch.n_documents)
    running = np.concatenate(([0.0], np.cumsum(words)))  # whole numbers: exact in any batch
    start = running[np.searchsorted(group.parent, np.arange(batch.n_documents))]
    return ratio(running[:-1] - start[group.parent], total[group.parent])


def _distance(batch: Batch, backwards: bool) -> Floats:
    """Paragraphs to the nearest long one above (or below) on the page, at most `FAR`; float64[paragraphs]."""
    n = batch.paragraphs.n
    place = np.arange(n)
    number, size = _index(batch)
    long = _is_long(batch)
    if backwards:
        seen = np.where(long, place, -1)
        before = np.concatenate(([-1], np.maximum.accumulate(seen)[:-1])) if n else seen
        distance = np.where(before >= place - number, place - before, FAR)
    else:
        seen = np.where(long, place, n + FAR)
        after = np.concatenate((np.minimum.accumulate(seen[::-1])[::-1][1:], [n + FAR])) if n else seen
        distance = np.where(after < place - number + size, after - place, FAR)
    return np.minimum(distance, FAR).astype(np.float64)


@feature("log", source="justext", of="paragraphs", values=[("x", float(np.log1p(FAR)))])
def distance_to_long_above(batch: Batch, group: Group) -> Floats:
    """Logarithm of one more than the paragraphs up to the nearest long one above."""
    return np.log1p(_distance(batch, True))


@feature("log", source="justext", of="paragraphs", values=[("x", float(np.log1p(FAR)))])
def distance_to_long_below(batch: Batch, group: Group) -> Floats:
    """Logarithm of one more than the paragraphs down to the nearest long one below."""
    return np.log1p(_distance(batch, False))


@feature(
    "yes or no",
    source="justext",
    of="paragraphs",
    values=[("x", 0.0)],
    around=("mean 2", "mean 5", "mean 10"),
)
def is_long(batch: Batch, group: Group) -> Floats:
    """At least 20 words and a full stop at the end."""
    return _is_long(batch).astype(np.float64)


def _page_mean(batch: Batch, values: Floats) -> Floats:
    """Mean over the paragraphs of the page, given to each of them; float64[paragraphs]."""
    parent = batch.paragraphs.parent
    known = np.isfinite(values)
    total = np.bincount(parent, weights=np.where(known, values, 0.0), minlength=batch.n_documents)
    return ratio(total, np.bincount(parent, weights=known, minlength=batch.n_documents))[parent]


@feature("share", source="own", of="paragraphs", values=[("x", 0.0)])
def page_long_share(batch: Batch, group: Group) -> Floats:
    """Share of the page's paragraphs that are long."""
    return _page_mean(batch, _is_long(batch).astype(np.float64))


@feature("log", source="own", of="paragraphs", values=[("", 0.0), ("x", float(np.log(2)))])
def page_log_n_words(batch: Batch, group: Group) -> Floats:
    """Mean over the page's paragraphs of the logarithm of one more than their words."""
    return _page_mean(batch, np.log1p(batch.n_words(group)))


@feature("share of words", source="own", of="paragraphs", values=[("x", 0.0), ("", nan)])
def page_words_in_long_share(batch: Batch, group: Group) -> Floats:
    """Share of the page's words that stand in long paragraphs."""
    words = batch.n_words(group)
    return ratio(_page_mean(batch, words * _is_long(batch)), _page_mean(batch, words))


@once_per_batch
def _copies(batch: Batch) -> Ints:
    """Paragraphs of the page with the same words, itself included; int64[paragraphs]."""
    key = _text_hash(batch) ^ combine(
        batch.paragraphs.parent.astype(np.uint64), batch.paragraphs.parent.astype(np.uint64)
    )
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    return count[inverse]


@once_per_batch
def _text_hash(batch: Batch) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """A hash of the folded tokens of each paragraph in order, marks left out; uint64[paragraphs]."""
    group = batch.paragraphs
    keep = batch.token_kind != PUNCTUATION
    place = np.arange(batch.token_word.size) - group.first[group.of_token]
    value = combine(batch.token_hash, place.view(np.uint64))
    value *= keep
    total = np.concatenate(([np.uint64(0)], np.cumsum(value, dtype=np.uint64)))  # wraps round: exact
    return total[group.last] - total[group.first]


@feature("log", source="own", of="paragraphs", values=[("x", 0.0), ("", 0.0)])
def copies_on_page(batch: Batch, group: Group) -> Floats:
    """Logarithm of the number of paragraphs of the page with these same words."""
    return np.log(np.maximum(_copies(batch), 1))


@feature("share of words", source="own", of="paragraphs", values=[("alpha beta", 0.0), ("", nan)])
def words_elsewhere_share(batch: Batch, group: Group) -> Floats:
    """Share of its words of four letters or more that stand in other paragraphs of the page too."""
    places = batch.places
    content = (batch.vocabulary.length >= 4) & (batch.vocabulary.kind == WORD)
    row = np.flatnonzero(content[places.word])
    paragraph = places.paragraph[row]
    shared = np.bincount(paragraph[places.n_paragraphs[row] > 1], minlength=group.n)
    return ratio(shared, np.bincount(paragraph, minlength=group.n))


@feature("log", source="own", of="paragraphs", values=[("x", float(np.log(2))), ("a b c d e f g h", 0.0)])
def short_run_length(batch: Batch, group: Group) -> Floats:
    """Logarithm of one more than the length of the run of short lines it stands in, 0 where it is not short."""
    short = batch.n_words(group) < SHORT
    begins = changes(short) | ~short | changes(group.parent)
    run = np.cumsum(begins) - 1
    return np.log1p(np.bincount(run, minlength=1)[run] * short) if group.n else np.zeros(0)


@feature("letters", source="own", of="paragraphs", values=[("read more", 4.0), ("", nan)])
def last_word_length(batch: Batch, group: Group) -> Floats:
    """Letters of its last word or number."""
    token = np.flatnonzero(batch.token_kind != PUNCTUATION)
    last = np.append(token, -1)[np.searchsorted(token, group.last) - 1]  # -1 before the first of all
    length = np.full(group.n, nan)
    some = last >= group.first
    length[some] = batch.token_length[last[some]]
    return length


@feature("share", source="own", of="paragraphs", values=[("2 May 2019", 2 / 3), ("", nan)])
def numbers_share(batch: Batch, group: Group) -> Floats:
    """Share of tokens other than marks that are numbers in figures."""
    numbers = batch.n_numbers(group)
    return ratio(numbers, numbers + batch.n_words(group))


# ---- teasers -----------------------------------------------------------------------------------------

# Words of a teaser, and the share of its longer words that stand elsewhere on the page from which on it is the page's own.
TEASER_LOW, TEASER_HIGH, TEASER_SHARED = 4, 18, 0.34
# Marks that a title does not end in; a lone question is a stub, and slashes and commas part tags.
ENDS = ".:;,?"
PARTS = ("/", ",", "|")


@once_per_batch
def _titles(batch: Batch) -> Bools:
    """Lines like titles of other stories, below the last long paragraph of their page; bool[paragraphs]."""
    group = batch.paragraphs
    words = batch.n_words(group)
    title = (words >= TEASER_LOW) & (words <= TEASER_HIGH) & ~batch.is_list_item & (group.last > group.first)
    title &= group.sum(batch.mark('"')) == 0
    title &= group.sum(batch.vocabulary.among(hash_words(PARTS))[batch.token_word]) < 2
    if title.any():
        # "Box office: who won?" and "Who is next? A slideshow" are titles all the same
        title &= ~batch.ends_with(ENDS) | ((group.sum(batch.mark(":")) > 0) & batch.ends_with("?"))
        title &= (batch.token_upper | (batch.token_kind == NUMBER))[
            np.minimum(group.first, batch.token_word.size - 1)
        ]
    title &= ~(words_elsewhere_share(batch, group) >= TEASER_SHARED)
    return title & (_distance(batch, False) == FAR) & (_distance(batch, True) < FAR)


_STORY = (
    "The harbour was closed for two hours on Monday after a barge had lost its anchor in the channel, "
    "the harbour master told the board.\n"
)


@rule_among(
    "boilerplate.teaser",
    tier="soft",
    title="title of another story",
    message="the title of another story, as lists below an article have them: «{text}»",
    why="Pages end in lists of what else there is to read. The titles say nothing about the story above them.",
    source="own",
    unit="count",
    hits=[
        (
            _STORY + "Most read\nGolden retriever wins village show\nBakers strike over Sunday hours",
            ["Golden retriever wins village show", "Bakers strike over Sunday hours"],
        ),
    ],
    clean=[
        _STORY + "Golden retriever wins village show\nBakers strike over Sunday hours",
        _STORY + "Most read\nHarbour closed after barge lost anchor",
        _STORY + "Most read\nGolden retriever wins village show.",
        _STORY + "Most read\nGolden retriever wins village show\n" + _STORY,
    ],
)
def teasers(batch: Batch, counted: Counted) -> Spans:
    """Titles with other words than the story, below its last long paragraph, in a row that page furniture begins or ends."""
    group = batch.paragraphs
    title, furniture = _titles(batch), counted.is_furniture(batch)
    worded = np.flatnonzero(batch.n_words(group))
    row = (title | furniture)[worded]
    begins = changes(group.parent[worded]) | ~row
    begins[1:] |= ~row[:-1]
    run = np.cumsum(begins) - 1
    size = max(int(run[-1]) + 1, 1) if run.size else 1
    held = np.bincount(run, weights=furniture[worded], minlength=size) > 0
    paragraph = worded[row & title[worded] & ~furniture[worded] & held[run]] if run.size else worded
    return Spans.of_paragraphs(batch, paragraph)
