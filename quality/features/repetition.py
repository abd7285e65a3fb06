"""What a text says twice: paragraphs that copy an earlier one, and rows of words that come again.

A paragraph copies an earlier one *exactly* when both have the same words and numbers in the same
order (case, accents and marks aside), *nearly* when most of its letters stand in pairs of
neighbouring words that the earlier one has too. Figures, weekdays, months and ordinals must be
there: "Tuesday: rain, 14 degrees" does not repeat "Monday: rain, 12 degrees", nor one item of an
amending law the next. A line of few words must lack no word at all but function words.

Honest prose repeats short things: "Yes." in an interview, "stir well" in a recipe, the refrain of a
song, "paragraph 2 is deleted" in a law. So a copy counts in full only from `LINE` words on for a line
that stands free like a heading, and from `SENTENCE` words on for a sentence or a list item; shorter
ones count in proportion. Where a page consists of short lines throughout (verse, menu, table), its
short lines count for nothing: repeating them is its form. A sentence that a longer paragraph further
up holds among others (caption, pull quote) counts little.

Not here: what furniture a copied line may be (boilerplate), and other texts (minhash).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.columns import NUMBER, PUNCTUATION, Bools, Floats, Group, Hashes, Ints, combine, ratio, within
from quality.lexicon import Spans, is_stop_word
from quality.registry import feature, rule
from quality.text import Batch, hash_words, once_per_batch

nan = float("nan")

# All numbers of this file were chosen by reading what fired on the articles and controls of the
# shared corpora labelled reliable; docs/results.md has the counts.

# Words from which on a copy counts in full, as the head of this file says.
LINE, SENTENCE = 10, 20
# Score from which on a copy is reported.
REPORTED = 0.5
# Words of a long paragraph, and of one that counts towards a copied block.
LONG, BLOCK = 12, 25
# Near copies: share of letters covered above which a copy begins to be one, and at which it surely is.
COVER_LOW, COVER_HIGH = 0.65, 0.85
# How many times longer the earlier one may be; in more words much is covered by chance.
LONGER_LINE, LONGER_SENTENCE = 2.0, 1.25
# A row of three words that stands in more paragraphs of a document than this is a formula of the
# page and leads to no candidate; with it the number of pairs stays linear in the words.
COMMON = 8
CANDIDATES = 3
# Share of the shorter paragraph's rows of three words that a candidate must have.
SHARED = 0.2
# A headline: words, and how far above the first paragraph of `BODY` words it may stand.
HEADLINE_LOW, HEADLINE_HIGH, HEADLINE_REACH, BODY = 5, 25, 8, 20
# Window of `unique_word_share` in words.
WINDOW = 50

# Words that tell one item of a list from the next although all the rest agrees.
TELLING = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
)


@dataclass(frozen=True)
class _Words:
    """The words and numbers of a batch, marks left out, and the runs of them.

    `token`, `entry`, `letters`, `paragraph`, `document` int64[words]; words of paragraph p are
    `first[p] : last[p]`, those of document d `document_first[d] : document_last[d]`.
    """

    token: Ints
    entry: Ints
    letters: Ints
    paragraph: Ints
    document: Ints
    first: Ints
    last: Ints
    document_first: Ints
    document_last: Ints

    @property
    def count(self) -> Ints:
        """Words of each paragraph."""
        return self.last - self.first


@once_per_batch
def _words(batch: Batch) -> _Words:
    keep = batch.token_kind != PUNCTUATION
    before = np.concatenate(([0], np.cumsum(keep)))
    token = np.flatnonzero(keep)
    entry = batch.token_word[token]
    return _Words(
        token,
        entry,
        batch.vocabulary.length[entry],
        batch.paragraphs.of_token[token],
        batch.documents.of_token[token],
        before[batch.paragraphs.first],
        before[batch.paragraphs.last],
        before[batch.documents.first],
        before[batch.documents.last],
    )


@dataclass(frozen=True)
class _Repeated:
    """Rows of n words that stand at least twice in their document.

    `position` int64[k]: first word of each, ascending; `row` int64[k]: which row of words it is, a
    number that no other row and no other document has.
    """

    position: Ints
    row: Ints


def _repeated(batch: Batch, n: int) -> _Repeated:
    """Repeated rows of n words, two or more, paragraphs' ends ignored."""
    position, key = _perhaps_repeated(batch, n)
    _, row, count = np.unique(key, return_inverse=True, return_counts=True)
    twice = count[row] > 1
    return _Repeated(position[twice], row[twice])


def _perhaps_repeated(batch: Batch, n: int) -> tuple[Ints, Hashes]:
    """First words of all rows of n words that are repeated and of a few others, and the hash of each row.

    A row can come twice only if the rows one shorter at both its ends do, so after the pairs only
    a few per cent of the words are looked at.
    """
    known = _rows_met(batch)
    if n not in known:
        words = _words(batch)
        if n == 2:
            position = np.flatnonzero(words.document[1:] == words.document[:-1])
            head = combine(words.document.astype(np.uint64), words.entry.astype(np.uint64))[position]
        else:
            position, head = _perhaps_repeated(batch, n - 1)
            follows = np.flatnonzero(position[1:] == position[:-1] + 1)
            position, head = position[follows], head[follows]
        key = combine(head, words.entry[position + n - 1].astype(np.uint64))
        maybe = _perhaps_twice(key)
        known[n] = position[maybe], key[maybe]
    return known[n]


@once_per_batch
def _rows_met(batch: Batch) -> dict[int, tuple[Ints, Hashes]]:
    return {}


def _perhaps_twice(key: Hashes) -> Ints:
    """Indices of all hashes that occur twice and of a few others, much faster than sorting; int64[k]."""
    bits = key.size.bit_length() + 1
    bucket = (key >> np.uint64(64 - bits)).view(np.int64)
    return np.flatnonzero(np.bincount(bucket, minlength=1)[bucket] > 1)


def _sum(run: Ints, values: Ints | Floats | Bools, n: int) -> Floats:
    """Sum of the values of each of n runs; float64[n]."""
    return np.bincount(run, weights=values, minlength=n).astype(np.float64)


@once_per_batch
def _characters(batch: Batch) -> Floats:
    """Characters of each document from its first paragraph to the end of its last; float64[documents]."""
    return (batch.documents.end - batch.documents.start).astype(np.float64)


@once_per_batch
def _letters_before(batch: Batch) -> Ints:
    """Letters of all words before each word, and of all; int64[words + 1]."""
    return np.concatenate(([0], np.cumsum(_words(batch).letters)))


def _top_share(batch: Batch, n: int) -> Floats:
    """Characters of the commonest n-gram times its number, over the characters of the document."""
    words, repeated = _words(batch), _repeated(batch, n)
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
    words, repeated = _words(batch), _repeated(batch, n)
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
    total = _sum(words.document[at], before[at + n] - before[at], batch.n_documents)
    enough = words.document_last - words.document_first >= n
    return ratio(np.where(enough, total, nan), _characters(batch))


# --- lines and paragraphs said again -------------------------------------------------------------


@once_per_batch
def _paragraph_hash(batch: Batch) -> Hashes:
    """Hash of the words of each paragraph in order, 0 for one without words; uint64[paragraphs]."""
    words = _words(batch)
    place = np.arange(words.token.size) - words.first[words.paragraph]
    value = combine(batch.token_hash[words.token], place.astype(np.uint64))
    return _sums(value, words.first, words.last)


def _sums(value: Hashes, first: Ints, last: Ints) -> Hashes:
    """Sum of each run modulo 2**64, which is exact and so the same in any batch."""
    total = np.concatenate((np.zeros(1, np.uint64), np.cumsum(value, dtype=np.uint64)))
    return total[last] - total[first]


def _first_equal(key: Hashes, document: Ints) -> Ints:
    """Index of the first item of the same document with the same key, itself if none is earlier; int64[n]."""
    here = combine(key, document.astype(np.uint64))
    _, at, inverse = np.unique(here, return_index=True, return_inverse=True)
    return at[inverse]


@once_per_batch
def _original(batch: Batch) -> Ints:
    """Earlier paragraph of the document with the very same words, -1 without; int64[paragraphs]."""
    first = _first_equal(_paragraph_hash(batch), batch.paragraphs.parent)
    again = (first < np.arange(first.size)) & (_words(batch).count > 0)
    return np.where(again, first, -1)


@once_per_batch
def _blocks(batch: Batch) -> tuple[Ints, Ints, Bools, Bools]:
    """Blocks between blank lines: first line, last (exclusive), whether said before, whether it has words."""
    n = batch.paragraphs.n
    parent = batch.paragraphs.parent
    begins = batch.after_blank.copy()
    begins[1:] |= parent[1:] != parent[:-1]
    begins[:1] = True
    first = np.flatnonzero(begins)
    last = np.append(first[1:], n)[: first.size]
    place = np.arange(n) - np.repeat(first, last - first)
    key = _sums(combine(_paragraph_hash(batch), place.astype(np.uint64)), first, last)
    original = _first_equal(key, parent[first])
    wordy = np.add.reduceat(_words(batch).count, first) > 0 if n else np.zeros(0, bool)
    return first, last, (original < np.arange(first.size)) & wordy, wordy


@once_per_batch
def _near(batch: Batch) -> tuple[Floats, Ints]:
    """How nearly each paragraph that is no exact copy repeats an earlier one, and which; one a paragraph."""
    words = _words(batch)
    n = batch.paragraphs.n
    match, source = np.zeros(n), np.full(n, -1, np.int64)
    later, earlier = _candidates(batch)
    if not later.size:
        return match, source
    size, of = words.count[later], words.count[earlier]
    forward, backward = _cover(batch, later, earlier), np.zeros(later.size)
    shorter = of <= size  # only these can stand whole in the later one, and a huge one costs nothing
    backward[shorter] = _cover(batch, earlier[shorter], later[shorter])
    near = np.clip((forward - COVER_LOW) / (COVER_HIGH - COVER_LOW), 0, 1) * 0.95
    longer = of > size * np.where(_is_free_line(batch)[later], LONGER_LINE, LONGER_SENTENCE)
    near[longer] = np.where((size >= LINE) & (forward >= 0.95), 0.4, 0.0)[longer]
    whole = (backward >= 0.95) & (of >= HEADLINE_LOW)
    # a caption or teaser cut off with an ellipsis and then printed in full
    near[whole & _is_cut_off(batch)[earlier]] = 1.0
    # a headline with something glued to it: a date, a section, a byline
    glued = whole & _is_free_line(batch)[earlier] & (size <= 2 * of)
    near = np.where(glued, np.maximum(near, 0.85), near)
    order = np.lexsort((earlier, -near, later))
    best = order[np.unique(later[order], return_index=True)[1]]
    best = best[near[best] > 0]
    match[later[best]], source[later[best]] = near[best], earlier[best]
    return match, source


def _candidates(batch: Batch) -> tuple[Ints, Ints]:
    """Pairs of paragraphs of a document, later and earlier, that share rarer rows of three words."""
    words, repeated = _words(batch), _repeated(batch, 3)
    paragraph = words.paragraph[repeated.position]
    inside = (paragraph == words.paragraph[repeated.position + 2]) & (_original(batch)[paragraph] < 0)
    posting = np.unique(repeated.row[inside] * (batch.paragraphs.n + 1) + paragraph[inside])
    row, paragraph = posting // (batch.paragraphs.n + 1), posting % (batch.paragraphs.n + 1)
    rare = np.bincount(row)[row] <= COMMON if row.size else np.zeros(0, bool)
    row, paragraph = row[rare], paragraph[rare]
    pairs = [
        paragraph[k:][row[k:] == row[:-k]] * batch.paragraphs.n + paragraph[:-k][row[k:] == row[:-k]]
        for k in range(1, COMMON)
    ]
    pair, shared = np.unique(np.concatenate(pairs), return_counts=True)
    later, earlier = pair // max(batch.paragraphs.n, 1), pair % max(batch.paragraphs.n, 1)
    rows = np.minimum(words.count[later], words.count[earlier]) - 2
    enough = shared >= SHARED * rows
    later, earlier, shared = later[enough], earlier[enough], shared[enough]
    order = np.lexsort((earlier, -shared, later))
    later, earlier = later[order], earlier[order]
    rank = np.arange(later.size) - np.searchsorted(later, later)
    return later[rank < CANDIDATES], earlier[rank < CANDIDATES]


def _cover(batch: Batch, of: Ints, by: Ints) -> Floats:
    """Share of the letters of paragraph `of` in pairs of words that paragraph `by` has too; float64[pairs].

    0 where `by` lacks a word of `of` that it must not lack.
    """
    words = _words(batch)
    entry = words.entry.astype(np.uint64)
    holders = np.unique(by)
    place, holder = within(words.first[holders], words.count[holders])
    owner = holders[holder].astype(np.uint64)
    paired = place + 1 < words.last[holders[holder]]
    known_words = combine(entry[place], owner)
    known_pairs = combine(_pair_hash(batch, place[paired]), owner[paired])

    word, pair = within(words.first[of], words.count[of])
    owner = by[pair].astype(np.uint64)
    opens = np.flatnonzero(word + 1 < words.last[of[pair]])
    hit = opens[_among(combine(_pair_hash(batch, word[opens]), owner[opens]), known_pairs)]
    covered = np.zeros(word.size, bool)
    covered[hit] = True
    covered[hit + 1] = True
    must = _is_telling(batch)[word] | (words.count[of[pair]] < LONG) & ~is_stop_word(batch)[words.token[word]]
    asked = np.flatnonzero(must & ~covered)
    lacking = asked[~_among(combine(entry[word[asked]], owner[asked]), known_words)]
    share = ratio(
        _sum(pair, words.letters[word] * covered, of.size), _sum(pair, words.letters[word], of.size)
    )
    share[pair[lacking]] = 0.0
    return share


def _among(some: Hashes, known: Hashes) -> Bools:
    """Which of some hashes are known; bool[n]. `np.isin` sorts both sides."""
    if not known.size:
        return np.zeros(some.size, bool)
    known = np.sort(known)
    found: Bools = known[np.minimum(np.searchsorted(known, some), known.size - 1)] == some
    return found


def _pair_hash(batch: Batch, word: Ints) -> Hashes:
    """Hash of each word with the one after it; uint64[n]."""
    token = _words(batch).token
    return combine(batch.token_hash[token[word]], batch.token_hash[token[word + 1]])


@once_per_batch
def _is_telling(batch: Batch) -> Bools:
    """Words that must not differ between near copies: figures, weekdays, months, ordinals; bool[words]."""
    telling = batch.vocabulary.among(hash_words(TELLING)) | (batch.vocabulary.kind == NUMBER)
    return telling[_words(batch).entry]


@once_per_batch
def _is_cut_off(batch: Batch) -> Bools:
    """Paragraphs that end in an ellipsis, as one character or three stops; bool[paragraphs]."""
    end = batch.paragraphs.end
    tail = batch.code[np.maximum(end[:, None] - np.array([1, 2, 3]), 0)]
    return (tail[:, 0] == ord("…")) | ((tail == ord(".")).all(axis=1) & (_words(batch).count > 0))


@once_per_batch
def _is_free_line(batch: Batch) -> Bools:
    """Paragraphs that stand like a heading: no list item, no stop at the end; bool[paragraphs].

    A question or exclamation mark may end a headline; a closing quotation mark may follow the stop.
    """
    group = batch.paragraphs
    stop = batch.vocabulary.among(hash_words((".", ",", ";", ":")))
    ended = np.zeros(group.n, bool)
    for k in (1, 2):
        some = np.flatnonzero(group.last - k >= group.first)
        ended[some] |= stop[batch.token_word[group.last[some] - k]]
    return ~ended & ~batch.is_list_item


@once_per_batch
def _is_headline(batch: Batch) -> Bools:
    """Lines of a headline's length just above the first paragraph of running text; bool[paragraphs]."""
    count = _words(batch).count
    parent = batch.paragraphs.parent
    size = np.bincount(parent, minlength=batch.n_documents)
    begin = np.cumsum(size) - size
    place = np.arange(parent.size) - begin[parent]
    body = np.minimum(size, HEADLINE_REACH)  # a page without running text: its first lines
    running = np.flatnonzero(count >= BODY)
    document, at = np.unique(parent[running], return_index=True)
    body[document] = place[running[at]]
    near = (place < body[parent]) & (place >= body[parent] - HEADLINE_REACH)
    return near & (count >= HEADLINE_LOW) & (count <= HEADLINE_HIGH)


@once_per_batch
def _weight(batch: Batch) -> Floats:
    """How much it would mean that a paragraph is a copy, from its length and form; float64[paragraphs]."""
    words = _words(batch)
    count = words.count
    weight = np.minimum(count / np.where(_is_free_line(batch), LINE, SENTENCE), 1.0)
    parent = batch.paragraphs.parent
    long = _sum(parent, count * (count >= LONG), batch.n_documents)
    prose = np.minimum(2 * ratio(long, (words.document_last - words.document_first).astype(np.float64)), 1.0)
    return np.where(count < LONG, weight * prose[parent], weight)


@once_per_batch
def duplicates(batch: Batch) -> tuple[Floats, Ints]:
    """How surely each paragraph repeats an earlier one of its document, and the index of that one.

    float64[paragraphs] from 0 to 1 and int64[paragraphs], -1 where the first is 0. 1 is an exact
    copy long enough to mean something; near copies and short ones have less (see the module).
    """
    near, source = _near(batch)
    original = _original(batch)
    score = np.where(original >= 0, 1.0, near) * np.where(_words(batch).count > 0, _weight(batch), 0.0)
    return score, np.where(score > 0, np.where(original >= 0, original, source), -1)


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
    words = _words(batch).count.astype(np.float64)
    score = duplicates(batch)[0]
    if group is batch.paragraphs:
        return np.where(words > 0, score, nan)
    of = batch.paragraphs.parent
    return ratio(_sum(of, score * words, group.n), _sum(of, words, group.n))


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
    return ratio(_sum(of, _original(batch) >= 0, group.n), _sum(of, _words(batch).count > 0, group.n))


@feature(
    "share of characters",
    source="rae2021",
    of="documents",
    values=[("Sea fog\nlifts\nSea fog", 7 / 21), ("--", 0.0), ("", nan)],
)
def duplicate_line_character_share(batch: Batch, group: Group) -> Floats:
    """Characters of lines that have the same words as an earlier line, over those of the document."""
    lines = batch.paragraphs
    size = (lines.end - lines.start) * (_original(batch) >= 0)
    return ratio(_sum(lines.parent, size, group.n), _characters(batch))


@feature(
    "share",
    source="rae2021",
    of="documents",
    values=[("Sea fog\nlifts\n\nWind\n\nSea fog\nlifts", 1 / 3), ("Sea fog\nlifts\nSea fog", 0.0), ("", nan)],
)
def duplicate_paragraph_share(batch: Batch, group: Group) -> Floats:
    """Share of the blocks between blank lines that have the same words as an earlier block."""
    first, _, again, wordy = _blocks(batch)
    of = batch.paragraphs.parent[first]
    return ratio(_sum(of, again, group.n), _sum(of, wordy, group.n))


@feature(
    "share of characters",
    source="rae2021",
    of="documents",
    values=[("Sea fog\nlifts\n\nWind\n\nSea fog\nlifts", 13 / 34), ("", nan)],
)
def duplicate_paragraph_character_share(batch: Batch, group: Group) -> Floats:
    """Characters of blocks with the same words as an earlier block, over those of the document."""
    first, last, again, _ = _blocks(batch)
    lines = batch.paragraphs
    size = (lines.end[last - 1] - lines.start[first]) * again
    return ratio(_sum(lines.parent[first], size, group.n), _characters(batch))


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
    words = _words(batch)
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
    distinct = _sum(run, np.maximum(high - low + 1, 0), group.n)
    return ratio(distinct, (stretches * WINDOW).astype(np.float64))


# --- rules ---------------------------------------------------------------------------------------


@once_per_batch
def _in_block(batch: Batch) -> Bools:
    """Exact copies in a row whose originals stand in that row too, two of them long; bool[paragraphs]."""
    original, count = _original(batch), _words(batch).count
    follows: Bools = np.zeros(original.size, bool)
    follows[1:] = (original[1:] == original[:-1] + 1) & (original[:-1] >= 0)
    run = np.cumsum(~follows) - 1
    size = int(run[-1]) + 1 if run.size else 0
    long = _sum(run, (original >= 0) & (count >= BLOCK), size)
    return (original >= 0) & (long >= 2)[run]


def _places(batch: Batch, copies: Bools) -> Spans:
    """The copies and their originals, each whole."""
    paragraph = np.unique(np.concatenate((np.flatnonzero(copies), duplicates(batch)[1][copies])))
    return Spans(batch.paragraphs.start[paragraph], batch.paragraphs.end[paragraph], paragraph)


@once_per_batch
def _reported(batch: Batch) -> tuple[Bools, Bools, Bools, Bools]:
    """Copies to report as block, headline, paragraph and line, no copy as two; bool[paragraphs] each."""
    score, source = duplicates(batch)
    count = _words(batch).count
    block = _in_block(batch)
    copies = (score >= REPORTED) & ~block
    headline = copies & _is_free_line(batch) & (count <= HEADLINE_HIGH)
    headline[headline] = _is_headline(batch)[source[headline]]
    # pages carry captions twice in a row, once for the picture and once for its large view
    doubled = (_original(batch) == np.arange(count.size) - 1) & (count >= LONG)
    return (
        block,
        headline,
        copies & ~headline & ~doubled & (count >= LONG),
        copies & ~headline & (count < LONG),
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
    paragraph = np.flatnonzero(_reported(batch)[0])
    return Spans(batch.paragraphs.start[paragraph], batch.paragraphs.end[paragraph], paragraph)


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
    ],
    clean=[
        f"{_TITLE}\nCrack found below the water line\n{_FERRY}",
        f"{_TITLE}\n{_FERRY}\nIsland ferry sails again on Friday",
        f"{_TITLE}\n{_FERRY}\nIsland ferry stays in port until Friday",
    ],
)
def headline(batch: Batch) -> Spans:
    """A line of 5 to 25 words just above the running text, and every line that repeats it."""
    return _places(batch, _reported(batch)[1])


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
    return _places(batch, _reported(batch)[2])


@rule(
    "repeat.line",
    tier="soft",
    title="line repeated",
    message="this line stands elsewhere in this text too",
    why="Running text says a thing once; lines that return come from the page around it.",
    source="own",
    hits=[(f"{_FERRY}\n{_FARES}\n{_TICKETS}\n{_FARES}", [_FARES, _FARES])],
    clean=[
        f"{_FERRY}\nDid you know of the crack?\nNo.\nDid the yard know?\nNo.\n{_TICKETS}",
        "Row, row against the tide\nfar is the shore\nRow, row against the tide\nwe rowed this way before",
        f"{_TICKETS}\n- paragraph 2 is deleted;\n- paragraph 3 is replaced;\n- paragraph 2 is deleted;",
        f"{_NIGHT}\n{_BOATS}\n{_FERRY}\n{_NIGHT.replace('north', 'south')}",
    ],
)
def line(batch: Batch) -> Spans:
    """A line of under 12 words, no answer, verse or headline, that repeats an earlier one; both."""
    return _places(batch, _reported(batch)[3])
