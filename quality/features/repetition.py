"""What a text says twice, in numbers and findings: copied paragraphs, and rows of words that come again.

What a copy is stands in `quality.copies`; the shares of lines, paragraphs and n-grams are those of Rae et
al. 2021. Not here: what furniture a copied line may be (boilerplate), and other texts (minhash).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quality.columns import PUNCTUATION, Bools, Floats, Group, Ints, ratio
from quality.copies import (
    HEADLINE_HIGH,
    LONG,
    blocks,
    duplicates,
    in_block,
    is_free_line,
    is_headline,
    originals,
    repeated_rows,
    sum_of,
    words_of,
)
from quality.registry import feature, rule
from quality.rules import Spans
from quality.text import Batch, once_per_batch

nan = float("nan")
# Score from which on a copy is reported (chosen like the numbers of quality/copies.py).
REPORTED = 0.5
# Window of `unique_word_share` in words.
WINDOW = 50


@once_per_batch
def _characters(batch: Batch) -> Floats:
    """Characters of each document from its first paragraph to the end of its last; float64[documents]."""
    return (batch.documents.end - batch.documents.start).astype(np.float64)


@once_per_batch
def _letters_before(batch: Batch) -> Ints:
    """Letters of all words before each word, and of all; int64[words + 1]."""
    return np.concatenate(([0], np.cumsum(words_of(batch).letters)))


def _top_share(batch: Batch, n: int) -> Floats:
    """Characters of the commonest n-gram times its number, over the characters of the document."""
    words, repeated = words_of(batch), repeated_rows(batch, n)
    before = _letters_before(batch)
    some = words.document_last - words.document_first >= n
    # without any repetition the first n-gram is the commonest, once
    first, times = np.where(some, words.document_first, 0), np.ones(batch.n_documents, np.int64)
    if repeated.row.size:
        _, at, count = np.unique(repeated.row, return_index=True, return_counts=True)
        place = repeated.position[at]
        document = words.document[place]
        order = np.lexsort((place, -count, document))  # of equally common ones the first in the text
        best = order[np.unique(document[order], return_index=True)[1]]
        first[document[best]], times[document[best]] = place[best], count[best]
    size = before[np.minimum(first + n, before.size - 1)] - before[first] + n - 1
    return ratio(np.where(some, size * times, nan), _characters(batch))


def _duplicate_share(batch: Batch, n: int) -> Floats:
    """Letters in n-grams that came before, over the characters of the document.

    Read from left to right; after an n-gram that came before, reading goes on behind it.
    """
    words, repeated = words_of(batch), repeated_rows(batch, n)
    seen: set[int] = set()
    again = []
    resume = 0
    # one step for each n-gram that stands twice, none for the others
    for position, row in zip(repeated.position.tolist(), repeated.row.tolist(), strict=True):
        if position >= resume:
            if row in seen:
                again.append(position)
                resume = position + n
            else:
                seen.add(row)
    at = np.array(again, np.int64)
    before = _letters_before(batch)
    total = sum_of(words.document[at], before[at + n] - before[at], batch.n_documents)
    enough = words.document_last - words.document_first >= n
    return ratio(np.where(enough, total, nan), _characters(batch))


# --- features ------------------------------------------------------------------------------------


@feature(
    "share of words",
    source="own",
    values=[
        ("The harbour was closed for nine hours after the storm had torn two cranes from their rails.", 0.0),
        ("", nan),
    ],
)
def said_before_share(batch: Batch, group: Group) -> Floats:
    """Share of words in paragraphs that repeat an earlier paragraph of the document.

    Near copies count in part, and so do copies of lines so short that honest texts repeat them.
    """
    words = words_of(batch).count.astype(np.float64)
    score = duplicates(batch)[0]
    if group is batch.paragraphs:
        return np.where(words > 0, score, nan)
    of = batch.paragraphs.parent
    return ratio(sum_of(of, score * words, group.n), sum_of(of, words, group.n))


@feature(
    "share",
    source="rae2021",
    of="documents",
    values=[("Sea fog\nlifts\nSea fog", 1 / 3), ("Sea fog\nlifts", 0.0), ("--", nan)],
)
def duplicate_line_share(batch: Batch, group: Group) -> Floats:
    """Share of lines that have the same words as an earlier line.

    Lines are the paragraphs of the batch that hold a word or number; case, accents and marks make
    no difference.
    """
    of = batch.paragraphs.parent
    return ratio(sum_of(of, originals(batch) >= 0, group.n), sum_of(of, words_of(batch).count > 0, group.n))


@feature(
    "share of characters",
    source="rae2021",
    of="documents",
    values=[("Sea fog\nlifts\nSea fog", 7 / 21), ("--", 0.0), ("", nan)],
)
def duplicate_line_character_share(batch: Batch, group: Group) -> Floats:
    """Characters of lines that have the same words as an earlier line, over those of the document."""
    lines = batch.paragraphs
    size = (lines.end - lines.start) * (originals(batch) >= 0)
    return ratio(sum_of(lines.parent, size, group.n), _characters(batch))


@feature(
    "share",
    source="rae2021",
    of="documents",
    values=[("Sea fog\nlifts\n\nWind\n\nSea fog\nlifts", 1 / 3), ("Sea fog\nlifts\nSea fog", 0.0), ("", nan)],
)
def duplicate_paragraph_share(batch: Batch, group: Group) -> Floats:
    """Share of the blocks between blank lines that have the same words as an earlier block."""
    first, _, again, wordy = blocks(batch)
    of = batch.paragraphs.parent[first]
    return ratio(sum_of(of, again, group.n), sum_of(of, wordy, group.n))


@feature(
    "share of characters",
    source="rae2021",
    of="documents",
    values=[("Sea fog\nlifts\n\nWind\n\nSea fog\nlifts", 13 / 34), ("", nan)],
)
def duplicate_paragraph_character_share(batch: Batch, group: Group) -> Floats:
    """Characters of blocks with the same words as an earlier block, over those of the document."""
    first, last, again, _ = blocks(batch)
    lines = batch.paragraphs
    size = (lines.end[last - 1] - lines.start[first]) * again
    return ratio(sum_of(lines.parent[first], size, group.n), _characters(batch))


def _top(n: int, example: float) -> None:
    def measure(batch: Batch, _group: Group) -> Floats:
        return _top_share(batch, n)

    measure.__name__ = f"top_{n}_gram_character_share"
    measure.__module__ = __name__
    measure.__doc__ = (
        f"Characters of the commonest row of {n} words times its number, over those of the document.\n\n"
        "Words and numbers without marks, in small letters, joined by one blank; of equally common "
        "rows the first counts. Over 1 where the row overlaps itself. Undefined under that many words."
    )
    values = [("wet and cold and wet and cold", example), ("x", nan)]
    feature("share of characters", source="rae2021", of="documents", values=values)(measure)


def _duplicate(n: int) -> None:
    def measure(batch: Batch, _group: Group) -> Floats:
        return _duplicate_share(batch, n)

    measure.__name__ = f"duplicate_{n}_gram_character_share"
    measure.__module__ = __name__
    measure.__doc__ = (
        f"Letters of rows of {n} words that came before in the document, over its characters.\n\n"
        "Read from the left: a row seen before counts with its letters, and reading goes on behind it; "
        "any other row is remembered, and reading goes on one word further. Words and numbers "
        "without marks, in small letters. Undefined under that many words."
    )
    values = [("a b c d e f g h i j k a b c d e f g h i j k", 11 // n * n / 43), ("x", nan)]
    feature("share of characters", source="rae2021", of="documents", values=values)(measure)


for _n, _example in ((2, 14 / 29), (3, 24 / 29), (4, 16 / 29)):
    _top(_n, _example)
for _n in range(5, 11):
    _duplicate(_n)


@feature(
    "share of words",
    source="covington2010",
    values=[(" ".join(f"w{k}" for k in range(50)), 1.0), ("tick tock " * 25, 2 / 50), ("too short", nan)],
)
def unique_word_share(batch: Batch, group: Group) -> Floats:
    """Mean share of distinct words in all stretches of 50 words in a row.

    The moving-average type-token ratio: unlike the share of distinct words in a whole text it does
    not fall with length. Undefined under 50 words.
    """
    words = words_of(batch)
    before = np.concatenate(([0], np.cumsum(batch.token_kind != PUNCTUATION)))
    first, last = before[group.first], before[group.last]
    run = np.repeat(np.arange(group.n), last - first)
    # a word counts in the stretches that hold it but not an earlier one of the same word
    # two-byte keys are sorted by radix, several times faster, and few batches have more words
    order = np.argsort(
        words.entry.astype(np.uint16 if len(batch.vocabulary) < 2**16 else np.int64), kind="stable"
    )
    same = words.entry[order[1:]] == words.entry[order[:-1]]
    previous = np.full(run.size, -1)
    previous[order[1:][same]] = order[:-1][same]
    word = np.arange(run.size)
    low = np.maximum(np.maximum(first[run], word - WINDOW + 1), previous + 1)
    high = np.minimum(word, last[run] - WINDOW)
    stretches = np.maximum(last - first - WINDOW + 1, 0)
    distinct = sum_of(run, np.maximum(high - low + 1, 0), group.n)
    return ratio(distinct, (stretches * WINDOW).astype(np.float64))


# --- rules ---------------------------------------------------------------------------------------


def _places(batch: Batch, copies: Bools) -> Spans:
    """The copies and their originals, each whole."""
    paragraph = np.unique(np.concatenate((np.flatnonzero(copies), duplicates(batch)[1][copies])))
    return Spans.of_paragraphs(batch, paragraph)


class Repeats(NamedTuple):
    """Copies to report, no copy as two; bool[paragraphs] each."""

    block: Bools
    headline: Bools
    paragraph: Bools
    line: Bools
    doubled: Bools


@once_per_batch
def _reported(batch: Batch) -> Repeats:
    score, source = duplicates(batch)
    count = words_of(batch).count
    block = in_block(batch)
    copies = (score >= REPORTED) & ~block
    headline = copies & is_free_line(batch) & (count <= HEADLINE_HIGH)
    headline[headline] = is_headline(batch)[source[headline]]
    doubled = copies & ~headline & (originals(batch) == np.arange(count.size) - 1) & (count >= LONG)
    return Repeats(
        block,
        headline,
        paragraph=copies & ~headline & ~doubled & (count >= LONG),
        line=copies & ~headline & (count < LONG),
        doubled=doubled,
    )


_FERRY = (
    "The ferry to the outer islands will not sail before Thursday, because divers have found a crack in "
    "the hull and the spare ship is still in the yard at Rosvik."
)
_TICKETS = "Passengers with a ticket can change it at the pier or ask for their money back."
_BOATS = (
    "Two fishing boats will carry mail and medicine in the meantime, and the clinic has asked all people who "
    "need regular treatment to call before the weekend."
)
_TITLE = "Island ferry stays in port until Thursday"
_ANEW = "Until Thursday the island's ferry is staying in port"
_THREE, _IN_FIGURES = "Storm sinks three island ferries at Rosvik", "At Rosvik 3 Island Ferries Sunk by Storm"
_CAPTION = "File photo: The ferry leaves Rosvik in June."
_FARES = "Timetables and fares of the island ferries"
_NIGHT = "Fares from the north pier and back by night"


@rule(
    "repeat.block",
    tier="hard",
    title="copied block",
    message="these paragraphs stand in the same order further up",
    why="A caption or a pull quote may stand twice; several paragraphs in a row do only where nobody looked.",
    source="own",
    hits=[(f"{_FERRY}\n{_BOATS}\n{_TICKETS}\n{_FERRY}\n{_BOATS}", [_FERRY, _BOATS])],
    clean=[f"{_FERRY}\n{_BOATS}\n{_TICKETS}\n{_FERRY}", f"{_FERRY}\n{_FERRY}\n{_BOATS}\n{_BOATS}"],
)
def block(batch: Batch) -> Spans:
    """Paragraphs in a row, two of them of 25 words or more, that copy as many in a row further up."""
    paragraph = np.flatnonzero(_reported(batch).block)
    return Spans.of_paragraphs(batch, paragraph)


@rule(
    "repeat.headline",
    tier="soft",
    title="headline repeated",
    message="the headline stands here more than once",
    why="Pages that machines fill print the title once for the layout and once as part of the text.",
    source="own",
    hits=[
        (f"{_TITLE}\n{_TITLE}\n{_FERRY}", [_TITLE, _TITLE]),
        (f"{_TITLE}\nBy our correspondent\n{_FERRY}\n{_TICKETS}\nThe {_TITLE}", [_TITLE, f"The {_TITLE}"]),
        (f"{_TITLE}\n{_FERRY}\n{_ANEW}", [_TITLE, _ANEW]),
        (f"{_THREE}\n{_FERRY}\n{_IN_FIGURES}", [_THREE, _IN_FIGURES]),
    ],
    clean=[
        f"{_TITLE}\nCrack found below the water line\n{_FERRY}",
        f"{_TITLE}\n{_FERRY}\nIsland ferry sails again on Friday",
        f"{_TITLE}\n{_FERRY}\nIsland ferry stays in port until Friday",
        f"{_TITLE}\n{_FERRY}\n{_ANEW}.",
        f"{_THREE}\n{_FERRY}\n{_IN_FIGURES.replace('3', '4')}",
        f"{_TITLE}\n{_FERRY}\nIsland ferry in port: what all the passengers with tickets should know until Thursday",
        f"{_FERRY}\n{_TITLE}\n{_ANEW}",
    ],
)
def headline(batch: Batch) -> Spans:
    """A line of 5 to 25 words just above the running text, and every line that repeats it."""
    return _places(batch, _reported(batch).headline)


@rule(
    "repeat.paragraph",
    tier="soft",
    title="paragraph repeated",
    message="much the same paragraph stands elsewhere in this text",
    why="A caption printed cut off and in full, or a passage given twice, shows that nobody read the page.",
    source="own",
    hits=[
        (f"{_FERRY}\n{_TICKETS}\n{_FERRY}", [_FERRY, _FERRY]),
        (f"{_FERRY[:60]}...\n{_FERRY}", [f"{_FERRY[:60]}...", _FERRY]),
        (
            f"{_FERRY}\n{_TICKETS}\n{_FERRY.replace('because', 'since')}",
            [_FERRY, _FERRY.replace("because", "since")],
        ),
    ],
    clean=[
        f"{_TICKETS}\n{_FERRY}",
        f"{_FERRY}\n{_FERRY}\n{_TICKETS}",
        f"{_FERRY} {_TICKETS} {_BOATS}\n{_TICKETS}",
        "Paragraph 4 of the order on harbour dues of coastal towns shall no longer apply from 1 January.\n"
        "Paragraph 9 of the order on harbour dues of coastal towns shall no longer apply from 1 January.",
    ],
)
def paragraph(batch: Batch) -> Spans:
    """A paragraph of 12 words or more that repeats an earlier one exactly or nearly, and the earlier one."""
    return _places(batch, _reported(batch).paragraph)


@rule(
    "repeat.line",
    tier="soft",
    title="line repeated",
    message="this line stands elsewhere in this text too",
    why="Running text says a thing once; lines that return come from the page around it.",
    source="own",
    hits=[
        (f"{_FERRY}\n{_FARES}\n{_TICKETS}\n{_FARES}", [_FARES, _FARES]),
        (f"{_FERRY}\n{_CAPTION}\n{_TICKETS}\n{_CAPTION}", [_CAPTION, _CAPTION]),
    ],
    clean=[
        f"{_FERRY}\nDid you know of the crack?\nNo.\nDid the yard know?\nNo.\n{_TICKETS}",
        "Row, row against the tide\nfar is the shore\nRow, row against the tide\nwe rowed this way before",
        f"{_FERRY}\n{_CAPTION[12:]}\n{_TICKETS}\n{_CAPTION[12:]}",
        f"{_TICKETS}\n- paragraph 2 is deleted;\n- paragraph 3 is replaced;\n- paragraph 2 is deleted;",
        f"{_NIGHT}\n{_BOATS}\n{_FERRY}\n{_NIGHT.replace('north', 'south')}",
    ],
)
def line(batch: Batch) -> Spans:
    """A line of under 12 words, no answer, verse or headline, that repeats an earlier one; both."""
    return _places(batch, _reported(batch).line)


@rule(
    "repeat.doubled",
    tier="soft",
    title="paragraph doubled",
    message="the same paragraph stands right above",
    why="Pages carry captions twice in a row, once for the picture and once for its large view: a slip of whoever took the text "
    "from the page, which says nothing against the text.",
    source="own",
    hits=[(f"{_FERRY}\n{_FERRY}\n{_TICKETS}", [_FERRY, _FERRY])],
    clean=[
        f"{_FERRY}\n{_TICKETS}\n{_FERRY}",
        f"{_FERRY}\n{_FERRY.replace('because', 'since')}\n{_TICKETS}",
        f"{_FARES}\n{_FARES}\n{_TICKETS}",
    ],
)
def doubled(batch: Batch) -> Spans:
    """A paragraph of 12 words or more that the next one repeats exactly; both."""
    return _places(batch, _reported(batch).doubled)
