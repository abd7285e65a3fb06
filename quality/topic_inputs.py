"""What the network that tells off-topic paragraphs (`quality.topics`) reads of each of them.

Every paragraph of prose is held against the other paragraphs of its document in four ways: words they share (weighed by
how rare a word is), likeness of their subjects (word vectors learnt from news and web pages), the stretch of a few words
that fits worst, and how far all this lies below what is usual in this very article, since some honest texts go from subject to
subject. docs/results.md has what each part is worth.

Vectors and their sums are whole numbers, small enough that sums and products are exact, so it makes no
difference in which order they are added up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quality.columns import WORD, Bools, Floats, Ints, changes
from quality.text import Batch, once_per_batch
from quality.topics import (
    IDF_LOW,
    IDF_UNIT,
    INPUTS,
    UNIT,
    Directions,
    Singles,
    Topics,
    dot,
    shipped_topics,
    stems,
)

# A paragraph is judged from this many words on, in documents with this many such paragraphs: below
# that there is nothing to compare, or nothing to compare it with.
N_WORDS_LOW, N_PARAGRAPHS_LOW = 10, 3

# A clause is fourteen words, moved on by seven at a time, as in ../shared/notes/libraries.md; the longer stretch,
# of 28, is about a sentence of news.
STEP = 7
# Words of a paragraph that count for the subject of the article: one long paragraph is not all of it.
N_WORDS_COUNTED = 40
# How many paragraphs away a paragraph looks for others like it.
REACH = 12
# What a clause of the article's own subject usually reaches, and the vector length below which
# a clause says too little (both from the lower quartile of reliable articles).
USUAL, FAINT = 0.3, 75.0
# Spread of a score within one article where it has too few paragraphs to tell (reliable articles),
# and how many paragraphs that guess counts for.
SPREAD, GUESS = {"similarity": 0.15, "overlap": 0.07, "coverage": 0.15, "plain": 0.12}, 4


@dataclass(frozen=True)
class _Prose:
    """The paragraphs that are judged, in order.

    `paragraph`, `document` (numbered among those that hold any), `place` (in its document), `n_words`
    int64[n]; `first`, `n` int64[documents]: the first of each document and how many.
    """

    paragraph: Ints
    document: Ints
    place: Ints
    n_words: Ints
    first: Ints
    n: Ints

    @classmethod
    def of(cls, batch: Batch) -> _Prose:
        group = batch.paragraphs
        words = batch.n_words(group).astype(np.int64)
        long = words >= N_WORDS_LOW
        enough = np.bincount(group.parent[long], minlength=batch.n_documents) >= N_PARAGRAPHS_LOW
        paragraph = np.flatnonzero(long & enough[group.parent])
        parent = group.parent[paragraph]
        begins = changes(parent)
        first, document = np.flatnonzero(begins), np.cumsum(begins) - 1
        n = np.diff(np.append(first, paragraph.size))
        place = np.arange(paragraph.size) - first[document]
        return cls(paragraph, document, place, words[paragraph], first, n)

    def per_paragraph(self, owner: Ints, values: Floats) -> Floats:
        return np.bincount(owner, weights=values, minlength=self.paragraph.size).astype(np.float64)

    def below(self, values: Floats, spread: float) -> tuple[Floats, Floats]:
        """Distance to the mean of the others, in standard deviations, and that mean; float64[n] each."""
        n = self.n[self.document] - 1

        def mean_of_others(values: Floats) -> Floats:
            return (np.bincount(self.document, weights=values)[self.document] - values) / n

        mean = mean_of_others(values)
        variance = np.maximum(mean_of_others(values * values) - mean * mean, 0.0)
        deviation = np.sqrt((n * variance + GUESS * spread * spread) / (n + GUESS))
        return (values - mean) / deviation, mean


@dataclass(frozen=True)
class _Words:
    """The words of the judged paragraphs that say something of a subject, in order.

    `owner` int64[k] is the judged paragraph, `nth` int64[k] the word's number in it, `term` int64[k] its
    stem (ascending by hash), `is_name` bool[k]: a capital within a sentence. Of each stem: `weight`
    int64[t], `row` int64[t] of its vector (the last row where it has none).
    """

    owner: Ints
    nth: Ints
    term: Ints
    is_name: Bools
    weight: Ints
    row: Ints

    @classmethod
    def of(cls, batch: Batch, prose: _Prose, topics: Topics) -> _Words:
        vocabulary = batch.vocabulary
        stem, of_entry = np.unique(stems(vocabulary), return_inverse=True)
        row = topics.rows(stem)
        weight = np.append(topics.idf, topics.rare_idf)[row].astype(np.int64)
        weight[weight < IDF_LOW] = 0
        telling = (vocabulary.kind == WORD) & (vocabulary.length > 1) & (weight[of_entry] > 0)

        # telling words of the judged paragraphs, and how many words stand before each
        group, judged = batch.paragraphs, prose.paragraph
        in_prose = np.zeros(group.n, bool)
        in_prose[judged] = True
        kept = telling[batch.token_word] & np.repeat(in_prose, group.last - group.first)
        token, n_kept = np.flatnonzero(kept), group.sum(kept)[judged].astype(np.int64)
        n_before: Ints = np.cumsum(batch.is_word) - batch.is_word
        nth: Ints = n_before[token] - np.repeat(n_before[group.first[judged]], n_kept)
        opens = np.zeros(batch.token_word.size, bool)
        opens[batch.sentences.first] = True
        return cls(
            np.repeat(np.arange(judged.size), n_kept),
            nth,
            of_entry[batch.token_word[token]],
            batch.token_upper[token] & ~opens[token],
            weight,
            row,
        )


@once_per_batch
def looked_at(batch: Batch) -> tuple[Ints, Floats]:
    """As `inputs`, by the table that comes with the package."""
    return inputs(batch, shipped_topics())


@once_per_batch
def off_topic_log_odds(batch: Batch) -> Floats:
    """Log odds that a paragraph is off-topic, 0 at the threshold of the hard rule; float64[paragraphs].

    NaN where it is not judged: under 10 words, or with fewer than two others of such length.
    """
    judged, values = looked_at(batch)
    odds = np.full(batch.paragraphs.n, np.nan)
    odds[judged] = shipped_topics().log_odds(values)
    return odds


def inputs(batch: Batch, topics: Topics) -> tuple[Ints, Floats]:
    """Judged paragraphs (int64[n]) and what the network looks at (float64[n, inputs])."""
    prose = _Prose.of(batch)
    if not prose.paragraph.size:
        return prose.paragraph, np.zeros((0, len(INPUTS)))
    words = _Words.of(batch, prose, topics)
    found = _shared_words(prose, words) | _subjects(prose, words, topics)
    last = prose.n[prose.document] - 1 - prose.place
    found |= {
        "is_first": (prose.place == 0).astype(np.float64),
        "from_end": np.log1p(last),
        "n_paragraphs": np.log(prose.n[prose.document]),
        "n_words": np.log(prose.n_words),
    }
    for name, values in (("similarity", "similarity"), ("overlap",) * 2, ("coverage",) * 2):
        found[f"{name}_below"], found[f"{name}_usual"] = prose.below(found[values], SPREAD[name])
    found["plain_below"], _ = prose.below(found["plain_to_plain"], SPREAD["plain"])
    return prose.paragraph, np.column_stack([found[name] for name in INPUTS])


def _shared_words(prose: _Prose, words: _Words) -> dict[str, Floats]:
    """How much of each paragraph's words, by weight, stands elsewhere in the document."""
    n_terms = words.weight.size
    # sorted by stem; documents and paragraphs stay in order
    order = np.argsort(words.term.astype(np.min_scalar_type(n_terms)), kind="stable")
    term, owner = words.term[order], words.owner[order]
    begins = changes(term) | changes(owner)  # a word of a paragraph
    first = np.flatnonzero(begins)
    named = np.zeros(first.size, bool)
    named[(np.cumsum(begins) - 1)[words.is_name[order]]] = True
    is_name = np.flatnonzero(named)
    term, owner = term[first], owner[first]
    document = prose.document[owner]
    opens = np.flatnonzero(changes(term) | changes(document))  # a word of a document
    n_holding = np.diff(np.append(opens, term.size))
    n_holding = np.repeat(n_holding, n_holding)
    weight = words.weight.astype(np.float64)[term]

    def summed(some: Ints, values: Floats = weight) -> Floats:
        return prose.per_paragraph(owner[some], values[some])

    elsewhere = np.flatnonzero(n_holding > 1)
    name_elsewhere = is_name[n_holding[is_name] > 1]
    mass = prose.per_paragraph(owner, weight)
    shared, names = summed(elsewhere), summed(is_name)
    # cosine of the weighed words to those of the rest, in which a word counts by the logarithm
    # of how many paragraphs hold it
    counts = np.arange(1.0, int(prose.n.max()) + 1)
    whole, rest = np.log1p(counts)[n_holding - 1], np.log(counts)[n_holding - 1]
    square = weight * weight
    alike = summed(elsewhere, square * rest)
    of_document = np.bincount(document[opens], weights=(square * whole * whole)[opens])
    of_rest = of_document[prose.document] - prose.per_paragraph(owner, square * (whole * whole - rest * rest))
    norm = np.sqrt(prose.per_paragraph(owner, square) * np.maximum(of_rest, 1.0))
    in_document = np.bincount(prose.document, weights=mass)[prose.document]
    return {
        "overlap": _share(alike, norm),
        "coverage": _share(shared, mass),
        "plain_coverage": _share(shared - summed(name_elsewhere), mass - names),
        "name_share": _share(names, mass),
        "mass": np.log1p(mass / IDF_UNIT),
        "mass_elsewhere": np.log1p((in_document - mass) / IDF_UNIT),
    }


def _share(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, 0 where there is no whole: a paragraph of nothing but function words shares nothing."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _subjects(prose: _Prose, words: _Words, topics: Topics) -> dict[str, Floats]:
    """Likeness of each paragraph's subject, and of its clauses, to the rest of the document."""
    # vectors of the stems met, close together in memory, and zeros
    vector = topics.vector.take(np.append(words.row, topics.stem.size), 0)
    # steps of seven words, the last of a paragraph may be shorter
    n_steps = (prose.n_words + STEP - 1) // STEP
    slot = np.full(n_steps.sum() * STEP, words.row.size)
    slot[((np.cumsum(n_steps) - n_steps) * STEP)[words.owner] + words.nth] = words.term
    step = _sum_slots(vector, slot.reshape(-1, STEP))
    own = _sum_runs(step, n_steps)
    names = np.flatnonzero(words.is_name)
    n_names = np.bincount(words.owner[names], minlength=n_steps.size)
    plain = own - _sum_runs(vector.take(words.term[names], 0).astype(np.float32), n_names)

    subject, plain_subject = Directions.of(own), Directions.of(plain)
    counted = np.minimum(prose.n_words, N_WORDS_COUNTED).astype(np.float32)[:, None] * subject.rows
    rest, plain_rest = (
        Directions.of(np.add.reduceat(some, prose.first, 0).take(prose.document, 0) - some)
        for some in (counted, plain_subject.rows)
    )
    furniture, square = topics.furniture, topics.square[words.row]
    nearest, adjacent = _neighbours(prose, subject)
    similarity = subject.cosine(rest)
    return {
        "similarity": similarity,
        "plain_similarity": plain_subject.cosine(rest),
        "plain_to_plain": plain_subject.cosine(plain_rest),
        "furniture": _share(
            (subject.rows @ furniture).astype(np.float64), np.sqrt(subject.square * (furniture @ furniture))
        ),
        "nearest": nearest,
        "adjacent": adjacent,
        "subject_strength": np.log1p(subject.length),
        "coherence": _share(subject.length**2, prose.per_paragraph(words.owner, square[words.term])),
        "gap": _gap(prose, similarity),
        **_clauses(step, n_steps, rest.rows),
    }


def _sum_slots(vector: NDArray[np.int16], slot: Ints) -> Singles:
    """Sum of the vectors in each row of slots; float32[n, k]."""
    total = vector.take(slot[:, 0], 0)
    for column in slot.T[1:]:
        total += vector.take(column, 0)
    return total.astype(np.float32)


def _sum_runs(rows: Singles, size: Ints) -> Singles:
    """Sum of each run of `size` consecutive rows; float32[runs, k]."""
    most = size.max(initial=0)
    # the longest first, so that those with more than k rows are the first n_longer[k]
    order = np.argsort((most - size).astype(np.min_scalar_type(most)), kind="stable")
    first = (np.cumsum(size) - size)[order]
    n_longer = size.size - np.cumsum(np.bincount(size))
    total = np.zeros((size.size, rows.shape[1]), np.float32)
    for k, n in enumerate(n_longer[:-1]):
        total[:n] += rows.take(first[:n] + k, 0)
    found = np.empty_like(total)
    found[order] = total
    return found


def _neighbours(prose: _Prose, subject: Directions) -> tuple[Floats, Floats]:
    """Mean cosine to the three likest of the paragraphs within reach, and to the ones next to it; float64[n]."""
    n = prose.place.size
    n_after = prose.n[prose.document] - 1 - prose.place  # paragraphs of the document that follow
    norm, rows = np.maximum(np.sqrt(subject.square), 1.0), subject.rows
    cosine = np.full((2 * REACH, n), -1.0)  # to the paragraphs that follow, and to those before
    for by in range(1, min(REACH, n - 1) + 1):
        found = dot(rows[by:], rows[:-by]) / (norm[by:] * norm[:-by])
        found[n_after[:-by] < by] = -1.0
        cosine[by - 1, :-by] = cosine[REACH + by - 1, by:] = found
    return _mean_of_some(np.sort(cosine, axis=0)[:-4:-1]), _mean_of_some(cosine[[REACH, 0]])


def _mean_of_some(cosine: Floats) -> Floats:
    """Mean of each column without the -1 of what is not there, 0 where nothing is; float64[n]."""
    there = cosine > -1.0
    return np.where(there, cosine, 0.0).sum(0) / np.maximum(there.sum(0), 1)


def _gap(prose: _Prose, values: Floats) -> Floats:
    """Distance to the lowest of the other values of the document; float64[n]."""
    lowest = np.minimum.reduceat(values, prose.first)[prose.document]
    is_lowest = values == lowest
    second = np.minimum.reduceat(np.where(is_lowest, np.inf, values), prose.first)[prose.document]
    alone = np.bincount(prose.document, weights=is_lowest)[prose.document] == 1
    return values - np.where(is_lowest & alone, second, lowest)


def _clauses(step: Singles, n_steps: Ints, rest: Singles) -> dict[str, Floats]:
    """The clause, of two steps, and the stretch, of four, that fit the rest of the document worst.

    A shorter paragraph is one window.
    """
    owner = np.repeat(np.arange(n_steps.size), n_steps)
    begins = changes(owner)
    first = np.flatnonzero(begins)
    n_after = (first + n_steps - 1)[owner] - np.arange(owner.size)  # steps of the paragraph that follow
    to_rest = dot(step, rest.take(owner, 0)) / UNIT
    products = [dot(step[by:], step[: owner.size - by]) for by in range(4)]

    # of the window that begins with each step: dot product with the rest, and squared length
    fit, square = to_rest.copy(), products[0].copy()
    found: dict[str, Floats] = {}
    for by, name in ((1, "clause"), (2, ""), (3, "stretch")):
        inside = n_after >= by
        fit[:-by] += to_rest[by:] * inside[:-by]
        crossed = sum(products[k][by - k :] for k in range(1, by + 1))
        square[:-by] += (products[0][by:] + 2 * crossed) * inside[:-by]
        if not name:
            continue
        window = np.flatnonzero(inside | begins)
        n = np.maximum(n_steps - by, 1)
        at = np.cumsum(n) - n
        length = np.sqrt(square[window])
        foreign = USUAL * length - fit[window]
        found[name] = np.minimum.reduceat(fit[window] / (length + FAINT), at)
        found[f"{name}_foreign"] = np.maximum.reduceat(foreign, at) / FAINT
        if name == "clause":
            total, strange = (
                np.bincount(owner[window], weights=some).astype(np.float64)
                for some in (length, np.maximum(foreign, 0.0))
            )
            found["foreign_share"] = _share(strange, total)
            found["n_clauses"] = np.log(n)
    return found


def shared_words(batch: Batch) -> Floats:
    """Share of a paragraph's words, by weight, that stand elsewhere in its text; float64[paragraphs].

    NaN where it is not judged.
    """
    judged, values = looked_at(batch)
    share = np.full(batch.paragraphs.n, np.nan)
    share[judged] = values[:, INPUTS.index("coverage")]
    return share
