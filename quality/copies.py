"""Paragraphs that copy an earlier one of their text.

A paragraph copies an earlier one *exactly* when both have the same words and numbers in the same
order (case, accents and marks aside), *nearly* when most of its letters stand in pairs of
neighbouring words that the earlier one has too. Figures, weekdays, months and ordinals must be
there: "Tuesday: rain, 14 degrees" does not repeat "Monday: rain, 12 degrees", nor one item of an
amending law the next. A line of few words must lack no word at all but function words.

Honest prose repeats short things: "Yes." in an interview, "stir well" in a recipe, the refrain of a
song, "paragraph 2 is deleted" in a law. So a copy counts in full only from `LINE` words on for a line
that stands free like a heading, and from `SENTENCE` words on for a sentence or a list item; shorter
ones count in proportion. Where a page consists of short lines throughout (verse, menu, table), its
short lines count for nothing: repeating them is its form. What stands there over and over (`OFTEN`) is no
refrain any more and counts in full, however short. A sentence that a longer paragraph further
up holds among others (caption, pull quote) counts little.

Not here: what is said of it (`quality.features.repetition`), and other texts (minhash).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.columns import NUMBER, PUNCTUATION, Bools, Floats, Hashes, Ints, combine, ratio, within
from quality.lexicon import MONTHS, NUMBERS, WEEKDAYS, is_stop_word
from quality.text import Batch, hash_words, once_per_batch

# All numbers of this file were chosen by reading what fired on the articles and controls of the
# shared corpora labelled reliable; docs/results.md has the counts.

# Words from which on a copy counts in full, as the head of this file says.
LINE, SENTENCE = 10, 20
# Words of a long paragraph, and of one that counts towards a copied block.
LONG, BLOCK = 12, 25
# Times that the same words stand in a text from which on they are no refrain, and words of such a line ("Yes, sir." may
# stand in a hearing a hundred times).
OFTEN, OFTEN_WORDS = 12, 4
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

# A headline said anew: share of the letters of either line's words, function words left out, that the other has too, and
# letters by which a word is known in other forms of it.
ANEW, STEM = 0.8, 4

# Words that a caption opens with, before a colon.
PICTURES = ("photo", "photos", "picture", "image", "caption", "video", "illustration", "graphic", "pictured")
# Words that tell one item of a list from the next although all the rest agrees.
TELLING = (
    *WEEKDAYS,
    *MONTHS,
    *NUMBERS[:10],
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
)


@dataclass(frozen=True)
class Words:
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
def words_of(batch: Batch) -> Words:
    """The words and numbers of a batch."""
    keep = batch.token_kind != PUNCTUATION
    before = np.concatenate(([0], np.cumsum(keep)))
    token = np.flatnonzero(keep)
    entry = batch.token_word[token]
    return Words(
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


def repeated_rows(batch: Batch, n: int) -> _Repeated:
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
        words = words_of(batch)
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


def sum_of(run: Ints, values: Ints | Floats | Bools, n: int) -> Floats:
    """Sum of the values of each of n runs; float64[n]."""
    return np.bincount(run, weights=values, minlength=n).astype(np.float64)


@once_per_batch
def paragraph_hash(batch: Batch) -> Hashes:
    """Hash of the words of each paragraph in order, 0 for one without words; uint64[paragraphs]."""
    words = words_of(batch)
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
def originals(batch: Batch) -> Ints:
    """Earlier paragraph of the document with the very same words, -1 without; int64[paragraphs]."""
    first = _first_equal(paragraph_hash(batch), batch.paragraphs.parent)
    again = (first < np.arange(first.size)) & (words_of(batch).count > 0)
    return np.where(again, first, -1)


@once_per_batch
def blocks(batch: Batch) -> tuple[Ints, Ints, Bools, Bools]:
    """Blocks between blank lines: first line, last (exclusive), whether said before, whether it has words."""
    n = batch.paragraphs.n
    parent = batch.paragraphs.parent
    begins = batch.after_blank.copy()
    begins[1:] |= parent[1:] != parent[:-1]
    begins[:1] = True
    first = np.flatnonzero(begins)
    last = np.append(first[1:], n)[: first.size]
    place = np.arange(n) - np.repeat(first, last - first)
    key = _sums(combine(paragraph_hash(batch), place.astype(np.uint64)), first, last)
    original = _first_equal(key, parent[first])
    wordy = np.add.reduceat(words_of(batch).count, first) > 0 if n else np.zeros(0, bool)
    return first, last, (original < np.arange(first.size)) & wordy, wordy


@once_per_batch
def in_block(batch: Batch) -> Bools:
    """Exact copies in a row whose originals stand in that row too, two of them of `BLOCK` words; bool[paragraphs]."""
    original, count = originals(batch), words_of(batch).count
    follows: Bools = np.zeros(original.size, bool)
    follows[1:] = (original[1:] == original[:-1] + 1) & (original[:-1] >= 0)
    run = np.cumsum(~follows) - 1
    size = int(run[-1]) + 1 if run.size else 0
    long = sum_of(run, (original >= 0) & (count >= BLOCK), size)
    return (original >= 0) & (long >= 2)[run]


@once_per_batch
def _near(batch: Batch) -> tuple[Floats, Ints]:
    """How nearly each paragraph that is no exact copy repeats an earlier one, and which; one a paragraph."""
    words = words_of(batch)
    n = batch.paragraphs.n
    match, source = np.zeros(n), np.full(n, -1, np.int64)
    later, earlier = _candidates(batch)
    size, of = words.count[later], words.count[earlier]
    forward, backward = _cover(batch, later, earlier), np.zeros(later.size)
    shorter = of <= size  # only these can stand whole in the later one, and a huge one costs nothing
    backward[shorter] = _cover(batch, earlier[shorter], later[shorter])
    near = np.clip((forward - COVER_LOW) / (COVER_HIGH - COVER_LOW), 0, 1) * 0.95
    longer = of > size * np.where(is_free_line(batch)[later], LONGER_LINE, LONGER_SENTENCE)
    near[longer] = np.where((size >= LINE) & (forward >= 0.95), 0.4, 0.0)[longer]
    whole = (backward >= 0.95) & (of >= HEADLINE_LOW)
    # a caption or teaser cut off with an ellipsis and then printed in full
    near[whole & _is_cut_off(batch)[earlier]] = 1.0
    # a headline with something glued to it: a date, a section, a byline
    glued = whole & is_free_line(batch)[earlier] & (size <= 2 * of)
    near = np.where(glued, np.maximum(near, 0.85), near)
    again, title = _said_anew(batch)
    later, earlier = np.append(later, again), np.append(earlier, title)
    near = np.append(near, np.full(again.size, 0.95))
    order = np.lexsort((earlier, -near, later))
    best = order[np.unique(later[order], return_index=True)[1]]
    best = best[near[best] > 0]
    match[later[best]], source[later[best]] = near[best], earlier[best]
    return match, source


def _said_anew(batch: Batch) -> tuple[Ints, Ints]:
    """Free lines of a headline's length that say a headline further up in its own words, however put; and the headlines.

    "Two schools shut by cough" says "Cough shuts 2 schools" anew: nearly all words are there on both sides, in whatever form
    and order, and all figures and other words that must be.
    """
    words, parent = words_of(batch), batch.paragraphs.parent
    is_line = is_free_line(batch) & (words.count >= HEADLINE_LOW) & (words.count <= HEADLINE_HIGH)
    # a question may be the headline and again the heading of what answers it
    line = np.flatnonzero(is_line & (originals(batch) < 0) & ~batch.ends_with("?"))
    title = line[is_headline(batch)[line]]
    first = np.searchsorted(parent[title], parent[line])
    place, pair = within(first, np.searchsorted(title, line) - first)
    later, earlier = line[pair], title[place]
    # without the headline's longest word there is no need to look on
    (word, owner), known = within(words.first[title], words.count[title]), _known_by(batch)
    longest = word[np.lexsort((-words.letters[word] * ~is_stop_word(batch)[words.token[word]], owner))]
    key = known[longest[np.unique(owner, return_index=True)[1]]]
    told, of_line = within(words.first[line], words.count[line])
    held = combine(known[told], line[of_line].astype(np.uint64))
    likely = _among(combine(key[place], later.astype(np.uint64)), held)
    later, earlier = later[likely], earlier[likely]
    fits = np.full(later.size, True)
    for some, others in ((later, earlier), (earlier, later)):
        fits &= _shares_words(batch, some, others) >= ANEW
    return later[fits], earlier[fits]


def _shares_words(batch: Batch, of: Ints, by: Ints) -> Floats:
    """Share of the letters of lines `of` in words that lines `by` have in some form, function words left out; float64[pairs].

    0 where a word that must be there is not, or where too few words are left to tell a line by.
    """
    words, known = words_of(batch), _known_by(batch)
    (word, pair), (other, owner) = (within(words.first[k], words.count[k]) for k in (of, by))
    said = ~is_stop_word(batch)[words.token[word]]
    word, pair = word[said], pair[said]
    met = _among(
        combine(known[word], pair.astype(np.uint64)),
        np.unique(combine(known[other], owner.astype(np.uint64))),
    )
    share = ratio(
        sum_of(pair, words.letters[word] * met, of.size), sum_of(pair, words.letters[word], of.size)
    )
    share[pair[_is_telling(batch)[word] & ~met]] = 0.0
    return np.where(sum_of(pair, met, of.size) >= HEADLINE_LOW - 1, share, 0.0)


@once_per_batch
def _known_by(batch: Batch) -> Hashes:
    """What each word is known by in other forms: its first letters, small numbers by their figure; uint64[words]."""
    vocabulary = batch.vocabulary
    known = vocabulary.opening & np.uint64(2 ** (8 * STEM) - 1)
    for figure, name in enumerate(hash_words(NUMBERS[:10]), 1):
        known[vocabulary.hash == name] = int.from_bytes(str(figure).encode(), "little")
    return known[words_of(batch).entry]


def _candidates(batch: Batch) -> tuple[Ints, Ints]:
    """Pairs of paragraphs of a document, later and earlier, that share rarer rows of three words."""
    words, repeated = words_of(batch), repeated_rows(batch, 3)
    paragraph = words.paragraph[repeated.position]
    inside = (paragraph == words.paragraph[repeated.position + 2]) & (originals(batch)[paragraph] < 0)
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
    words = words_of(batch)
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
        sum_of(pair, words.letters[word] * covered, of.size), sum_of(pair, words.letters[word], of.size)
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
    token = words_of(batch).token
    return combine(batch.token_hash[token[word]], batch.token_hash[token[word + 1]])


@once_per_batch
def _is_telling(batch: Batch) -> Bools:
    """Words that must not differ between near copies: figures, weekdays, months, ordinals; bool[words]."""
    telling = batch.vocabulary.among(hash_words(TELLING)) | (batch.vocabulary.kind == NUMBER)
    return telling[words_of(batch).entry]


@once_per_batch
def _is_cut_off(batch: Batch) -> Bools:
    """Paragraphs that end in an ellipsis, as one character or three stops; bool[paragraphs]."""
    end = batch.paragraphs.end
    tail = batch.code[np.maximum(end[:, None] - np.array([1, 2, 3]), 0)]
    return (tail[:, 0] == ord("…")) | ((tail == ord(".")).all(axis=1) & (words_of(batch).count > 0))


@once_per_batch
def is_free_line(batch: Batch) -> Bools:
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
def _is_caption(batch: Batch) -> Bools:
    """Paragraphs that say themselves that they stand under a picture: "Photo: ...", "(File picture: ...)"; bool[paragraphs]."""
    named = batch.vocabulary.among(hash_words(PICTURES))
    colon = batch.vocabulary.among(hash_words((":",)))
    words, group = words_of(batch), batch.paragraphs
    found: Bools = np.zeros(group.n, bool)
    for k in (0, 1):  # words before the colon, at most two
        some = np.flatnonzero(words.count > k + 1)
        token = words.token[words.first[some] + k]
        found[some] |= named[batch.token_word[token]] & colon[batch.token_word[token + 1]]
    return found


@once_per_batch
def is_headline(batch: Batch) -> Bools:
    """Lines of a headline's length just above the first paragraph of running text; bool[paragraphs]."""
    count = words_of(batch).count
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
    words = words_of(batch)
    count = words.count
    weight = np.minimum(count / np.where(is_free_line(batch) | _is_caption(batch), LINE, SENTENCE), 1.0)
    parent = batch.paragraphs.parent
    long = sum_of(parent, count * (count >= LONG), batch.n_documents)
    prose = np.minimum(2 * ratio(long, (words.document_last - words.document_first).astype(np.float64)), 1.0)
    weight = np.where(count < LONG, weight * prose[parent], weight)
    first = _first_equal(paragraph_hash(batch), parent)
    is_often = (np.bincount(first, minlength=first.size)[first] >= OFTEN) & (count >= OFTEN_WORDS)
    return np.where(is_often, 1.0, weight)


@once_per_batch
def duplicates(batch: Batch) -> tuple[Floats, Ints]:
    """How surely each paragraph repeats an earlier one of its document, and the index of that one.

    float64[paragraphs] from 0 to 1 and int64[paragraphs], -1 where the first is 0. 1 is an exact
    copy long enough to mean something; near copies and short ones have less (see the module).
    """
    near, source = _near(batch)
    original = originals(batch)
    score = np.where(original >= 0, 1.0, near) * np.where(words_of(batch).count > 0, _weight(batch), 0.0)
    return score, np.where(score > 0, np.where(original >= 0, original, source), -1)
