"""Off-topic filler: a paragraph that has nothing to do with the rest of its article.

Every paragraph of prose is held against the other paragraphs of its document in four ways: words
they share (weighed by how rare a word is), likeness of their subjects (word vectors learnt from
news and web pages), the stretch of a few words that fits worst, and how far all this lies below
what is usual in this very article, since some honest texts go from subject to subject. A small
network (`quality.topics`) turns these into one probability; docs/results.md has what each part is worth.
Where that falls short of saying so, the register of the paragraph may (`quality.registers`).

Vectors and their sums are whole numbers, small enough that sums and products are exact, so it makes no
difference in which order they are added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from quality.columns import NUMBER, WORD, Bools, Floats, Ints, changes
from quality.lexicon import Spans
from quality.registers import REGISTERS, cue_points, foreign_register
from quality.registry import rule
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
# Log odds from which a paragraph is said to stray, a soft signal: on corpora left out it marks one or two in a
# thousand honest paragraphs beside the hard rule's (seven in one corpus) and a quarter of the strange ones (docs/results.md).
ASTRAY = -1.5

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


# ---- answers -----------------------------------------------------------------------------------------


@once_per_batch
def _looked_at(batch: Batch) -> tuple[Ints, Floats]:
    return inputs(batch, shipped_topics())


@once_per_batch
def off_topic_log_odds(batch: Batch) -> Floats:
    """Log odds that a paragraph is off-topic, 0 at the threshold of the hard rule; float64[paragraphs].

    NaN where it is not judged: under 10 words, or with fewer than two others of such length.
    """
    judged, values = _looked_at(batch)
    odds = np.full(batch.paragraphs.n, nan)
    odds[judged] = shipped_topics().log_odds(values)
    return odds


def shared_words(batch: Batch) -> Floats:
    """Share of a paragraph's words, by weight, that stand elsewhere in its text; float64[paragraphs].

    NaN where it is not judged.
    """
    judged, values = _looked_at(batch)
    share = np.full(batch.paragraphs.n, nan)
    share[judged] = values[:, INPUTS.index("coverage")]
    return share


def off_topic(batch: Batch) -> Floats:
    """Probability that a paragraph is off-topic, one half at the threshold of the hard rule; float64[paragraphs].

    0 where it is not judged, half of it where the paragraph opens with a quotation: filler quotes nobody, but an extract
    of another article may.
    """
    chance = np.nan_to_num(1.0 / (1.0 + np.exp(-off_topic_log_odds(batch))))
    return np.where(_opens_with_quotation(batch), 0.5 * chance, chance)


def _opens_with_quotation(batch: Batch) -> Bools:
    group = batch.paragraphs
    opens = np.zeros(group.n, bool)
    some = np.flatnonzero(group.last > group.first)
    opens[some] = batch.mark('"')[group.first[some]]
    return opens


def _spans(batch: Batch, chosen: Bools) -> Spans:
    """Whole paragraphs, without those that open with a quotation mark."""
    paragraph = np.flatnonzero(chosen & ~_opens_with_quotation(batch))
    return Spans(batch.paragraphs.start[paragraph], batch.paragraphs.end[paragraph], paragraph)


_STORY = (
    "Work on the new town library has stopped because the roof timbers ordered in March are a metre too "
    "short, the council's surveyor told members on Monday.\n"
    "The supplier has offered to replace the timbers at no cost, but not before the end of September, and "
    "the library cannot be closed in against the winter without them.\n"
    "Councillors agreed to keep the old library in the market hall open until the new building is ready, "
    "which the surveyor now expects in May.\n"
)
_MORE = (
    "The library was to open in October. Its shelves and reading desks have been delivered and stand in a "
    "store that the council rents for four hundred pounds a month, which the surveyor said was a further "
    "reason for haste.\n"
)
_STRANGE = (
    "Cholesterol rises when the thyroid gland is slow, and doctors advise patients to have their blood "
    "tested twice before any tablets are prescribed, since diet and weight change the result."
)
_FAR = (
    "Goalkeepers who train twice a day need more protein than outfield players, and the club's striker "
    "scored his ninth goal of the season from a penalty in the derby."
)
_TIMELESS = "A sharp plane makes light work of a warped door, and a little wax on the hinges stops the noise of an old gate."
# which tell of nobody either, but of the story's matter
_ROOFS = (
    "The timbers of the roof of a library carry the weight of snow and of slates in winter.\n"
    "A library needs a roof that is dry, and timbers in the roof that do not warp in winter.\n"
)
# page furniture is off every topic, and told as such
_SIGN_UP = " Sign up for our weekly newsletter about health. You can unsubscribe at any time."
# which a tail does not make of a strange paragraph
_SHARE = " Share this article."
_RELATED = (
    "Readers who had reserved books at the new building will be able to collect them from the market hall, "
    "the council's librarian said."
)


@rule(
    "filler.off_topic",
    tier="hard",
    title="off-topic paragraph",
    message="a paragraph that has nothing to do with the rest of the text",
    why="Neither its words nor its subject occur elsewhere in the text, which otherwise keeps to its own. "
    "Farms fill pages up with pieces of other texts; ask what the paragraph does here.",
    source="own",
    unit="count",
    hits=[(_STORY + _STRANGE, [_STRANGE]), (_STORY + _STRANGE + _SHARE, [_STRANGE + _SHARE])],
    clean=[_STORY + _RELATED, _STRANGE, _STORY + '"' + _STRANGE + '"', _STORY + _STRANGE + _SIGN_UP],
    in_furniture=False,
)
def off_topic_paragraph(batch: Batch) -> Spans:
    """Paragraphs at or above the threshold."""
    return _spans(batch, off_topic_log_odds(batch) >= 0.0)


@rule(
    "filler.astray",
    tier="soft",
    title="paragraph off the subject",
    message="a paragraph that has little to do with the rest of the text",
    why="It strays further from the subject than paragraphs of honest articles mostly do. Background, "
    "a digest of several stories or a note of the editors may do so with good reason.",
    source="own",
    unit="count",
    hits=[(_STORY + _MORE + _FAR, [_FAR])],
    clean=[_STORY + _RELATED, _STORY + _STRANGE, _STORY + _MORE + _FAR + _SIGN_UP],
    in_furniture=False,
)
def astray_paragraph(batch: Batch) -> Spans:
    """Paragraphs below the threshold, but not by much."""
    odds = off_topic_log_odds(batch)
    return _spans(batch, (odds >= ASTRAY) & (odds < 0.0))


# ---- paragraphs that tell of nobody -------------------------------------------------------------------

# Log odds of being off the subject from which a paragraph that tells of nobody is reported; words in -ed it may have
# ("related", "limited"), and the share of the other paragraphs that tell something. Chosen on the reliable articles and
# the half of the made pages that was read.
TIMELESS, ENDINGS, TELLING, SHORTEST = -5.0, 1, 0.8, 8


@once_per_batch
def _tells(batch: Batch) -> Bools:
    """Paragraphs with a figure, a name, or somebody who did or said something; bool[paragraphs]."""
    group, vocabulary = batch.paragraphs, batch.vocabulary
    opens = np.zeros(batch.token_word.size + 1, bool)
    first = batch.sentences.first[batch.sentences.filled]
    opens[first] = True
    opens[first[batch.token_kind[first] != WORD] + 1] = True
    past = (vocabulary.last(1) == ord("d")) & (vocabulary.last(2) == ord("e"))
    named = batch.token_upper & ~opens[:-1] & (batch.token_kind == WORD)
    return (
        (group.sum(named | (batch.token_kind == NUMBER)) > 0)
        | (group.sum(past[batch.token_word]) > ENDINGS)
        | (cue_points(batch)[1] > 0)
    )


@rule(
    "filler.timeless",
    tier="soft",
    title="paragraph that tells of nobody",
    message="a paragraph off the subject that tells of nobody and of no day, in a text that does",
    why="It names nobody, gives no figure and says of nobody what he did, while the rest of the text does, and it has "
    "little to do with that. So read pieces of guides and advertisements; a sentence that explains a term may read so as well.",
    source="own",
    unit="count",
    hits=[
        (_STORY + _MORE + _TIMELESS, [_TIMELESS]),
        (_STORY + _MORE + f"({_TIMELESS})", [f"({_TIMELESS})"]),
    ],
    clean=[
        _STORY + _MORE + _TIMELESS.replace("a warped", "a warped Larnsund"),
        _STORY + _MORE + _TIMELESS.replace("a little", "20 grams of"),
        _STORY + _MORE + _TIMELESS.replace("of a warped", "of a warped, cracked or painted"),
        _STORY + _MORE + _TIMELESS + " So the surveyor said.",
        _TIMELESS + "\n" + "A cellar should be dry and dark all year round.\n" * 3 + _TIMELESS,
        _STORY + _MORE + _ROOFS + _TIMELESS,
        _STORY + _RELATED,
    ],
    in_furniture=False,
)
def timeless_paragraph(batch: Batch) -> Spans:
    """Paragraphs off the subject that tell of nobody, where most others tell something."""
    group = batch.paragraphs
    tells, words = _tells(batch), batch.n_words(group)
    judged = words >= SHORTEST
    n, n_telling = (
        np.bincount(group.parent, weights=some, minlength=batch.n_documents)[group.parent]
        for some in (judged, judged & tells)
    )
    odds = off_topic_log_odds(batch)
    telling = n_telling >= TELLING * (n - 1)  # the paragraph itself tells nothing
    return _spans(batch, judged & ~tells & telling & (odds >= TIMELESS) & (odds < ASTRAY))


# ---- pieces of another register ----------------------------------------------------------------------

# Points of cues that a paragraph of another register has at least, and log odds of being off the subject from which so
# many count: three from -9, each further one lets the bound down by one, to -10; two, which one turn of speech gives,
# from -6 on. And the share of words in common with the rest of the text from which a paragraph is of its subject,
# unless it has more points than count. Chosen on half of the made and labelled pages, by group, and of the alarms in reliable texts: there
# 48 of 50 pieces found without this care still are, and 4 of 17 alarms are left; on the other half 42 of 43, and 4 of 6.
POINTS_LOW, POINTS_COUNTED, REGISTER_BOUND, TWO_BOUND = 2, 4, -6.0, -6.0
ITS_OWN = 0.3


@once_per_batch
def _intrudes(batch: Batch) -> Ints:
    """Which register a paragraph speaks that is foreign to its text, -1 for none; int64[paragraphs]."""
    points, register = foreign_register(batch)
    # NaN, where nothing was judged, is below any bound
    bound = np.where(points > POINTS_LOW, REGISTER_BOUND - np.minimum(points, POINTS_COUNTED), TWO_BOUND)
    off = off_topic_log_odds(batch) >= bound
    off &= (shared_words(batch) < ITS_OWN) | (points > POINTS_COUNTED)
    return np.where(off & (points >= POINTS_LOW), register, -1)


def _register_rule(register: str, *, intruder: str, at_home: str, **declaration: str) -> None:
    """A rule for one register, with a paragraph of it in a story and a text of its own as examples."""

    def find(batch: Batch) -> Spans:
        return _spans(batch, _intrudes(batch) == REGISTERS.index(register))

    find.__doc__ = f"Paragraphs of the register {register} in texts that speak otherwise."
    rule(
        f"filler.{register}",
        tier="soft",
        source="own",
        unit="count",
        hits=[(_STORY + _MORE + intruder, [intruder])],
        clean=[_STORY + _MORE + _RELATED, intruder, at_home + intruder, _STORY + _MORE + intruder + _SIGN_UP],
        in_furniture=False,
        **declaration,
    )(find)


_register_rule(
    "regulation",
    title="piece of a regulation",
    message="a paragraph in the language of law or administration in a text that speaks otherwise",
    why="It sets out who is to submit, mark or register what, in a story about something else. Farms splice pieces "
    "of directives and committee papers into news; a text about rules speaks so throughout and is left alone.",
    intruder="In view of the timbers, the draft directive on bottle crates lays down minimum requirements for "
    "handles, and crates placed on the market are to be marked with the name of the competent authority.",
    at_home="The draft directive on crates lays down minimum requirements for handles and edges.\n"
    "Each member state is to notify its competent authority, and crates are to be marked by type.\n"
    "The annexes are to be read together with the delegated act on pallets placed on the market.\n",
)
_register_rule(
    "plug",
    title="piece of shop talk",
    message="a paragraph in the language of a shop or catalogue in a text that speaks otherwise",
    why="It praises goods, colours and prices in a story about something else: an advertisement without the word. "
    "A review, a catalogue and a consumer's guide speak so throughout and are left alone.",
    intruder="Reading is twice as pleasant in a recliner with a washable cover, available in six colours from our "
    "online shop; matching cushions start at 29 pounds, and delivery is free.",
    at_home="Our armchairs come with a washable cover and are available in six colours.\n"
    "Cushions and footstools start at 29 pounds, with free delivery from our online shop.\n"
    "The recliner with memory foam comes in black and grey, machine washable and easy to clean.\n",
)
_register_rule(
    "advice",
    title="advice out of place",
    message="a paragraph of advice for house, body or purse in a text that speaks otherwise",
    why="It tells readers how to bake, prune, save or polish in a story about something else. Farms take such tips "
    "over for length; a recipe, a guide and a column of tips advise throughout and are left alone.",
    intruder="Whoever grows tomatoes should water them little and often, best in the morning, and feed them every "
    "two weeks; the stems are tied to canes, and the lower leaves must be cut back before the first frost.",
    at_home="Sow the tomatoes in pots indoors and keep the seedlings at room temperature.\n"
    "Tomatoes should be watered every two days, best in the morning, with lukewarm water.\n"
    "Prune the side shoots twice a week and spread compost or mulch over the topsoil.\n",
)
_register_rule(
    "notice",
    title="notice out of place",
    message="a paragraph of a notice board, results page or horoscope in a text that speaks otherwise",
    why="It tells of opening hours, scores or stars in a story about something else. Farms fill pages with such "
    "notices; a list of events, a match report and a digest speak so throughout and are left alone.",
    intruder="The model railway opens its doors on the first Sunday of the month between ten and four; admission is "
    "free, children under six need an adult, and the raffle has a hamper as its prize.",
    at_home="The flea market opens its gates on the first Sunday of the month; admission is free.\n"
    "The pottery course for beginners has two places left; children under twelve pay half.\n"
    "The raffle and the tombola are drawn at noon, and the guided tour on Saturday starts at the stalls.\n",
)
_register_rule(
    "nod",
    title="nod to the story",
    message="a paragraph about something else that nods to the story",
    why="It joins another matter to the story by a phrase such as «those following this may also like to know». "
    "Farms use it to hold together what has nothing in common; a digest may do so too, and does so throughout.",
    intruder="Those following the delay of the library may also like to know that lovers of old maps can take heart "
    "from a small exhibition about canals in another county.",
    at_home="In view of the fair, friends of maps may also like to know where the canals ran.\n"
    "Speaking of canals, it should be recalled that lovers of maps take an interest in locks.\n"
    "Those interested in locks may also wish to know that owners of barges are asked to note the depth.\n",
)
