"""Lines of page templates: questions that nothing answers, and openings of encyclopaedias in a row.

Aggregators fill pages up with both. Honest guides ask as well, and honest lists of people define, so
each counts only beside another such sign on the page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quality.columns import Bools, Floats, Ints, within
from quality.lexicon import is_stop_word
from quality.registry import Counted, rule_among
from quality.rules import Spans
from quality.text import Batch, hash_words, once_per_batch

# Rules whose findings say that a line is hollow; a reference mark left in it says nothing of the kind.
HOLLOW = (
    "leak.chatbot",
    "leak.assistant",
    "leak.prompt",
    "leak.outline",
    "leak.placeholder",
    "leak.blank",
    "leak.category",
    "filler.stock",
)

# Words that make up a question stub at most, and stubs on a page that make its other questions stubs as well.
STUB, STUBS = 20, 3

# "X is a ...": what an encyclopaedia's first sentence looks like, up to this many tokens in.
DEFINITION_REACH = 14
# Words of such a line at least. A line of a glossary, "X: a ..." or "X - the ...", has so many words, and its mark within
# so many tokens.
DEFINITION_LOW, GLOSS_LOW, GLOSS, GLOSS_REACH = 6, 4, 20, 5
ARTICLES = ("a", "an", "the", "one")
# Words in lower case, function words aside, before its verb: "officially", "also called". News tells first:
# "The witness said she mistook the flat, which is a ..."
TOLD = 3


def question_stub(batch: Batch, hollow: Bools) -> Floats:
    """1 for a short line that is one question and that nothing answers; float64[paragraphs].

    Nothing answers it in a row of three such lines or more (rhetoric asks twice), or where the paragraph
    after it is `hollow` (bool[paragraphs]: stock text or a leak); where `STUBS` of a page are
    such, all of them are. Interviews and guides ask as much, and answer.
    """
    group = batch.paragraphs
    words = batch.n_words(group)
    mark = batch.mark("?")
    some = group.last > group.first
    ends = np.zeros(group.n, bool)
    if mark.size:
        ends = some & mark[np.maximum(group.last - 1, 0)]
    stub = ends & (group.sum(mark) == 1) & (words >= 4) & (words <= STUB) & (group.sum(batch.mark('"')) == 0)
    middle = stub & _near(batch, stub, (-1,)) & _near(batch, stub, (1,))
    unanswered = middle | (stub & (_near(batch, middle, (-1, 1)) | _near(batch, hollow, (1,))))
    many = np.bincount(group.parent, weights=unanswered, minlength=batch.n_documents) >= STUBS
    return (unanswered | (stub & many[group.parent])).astype(np.float64)


def _on_page(batch: Batch, values: Floats | Bools) -> Bools:
    """Whether some paragraph of the page of each has a value above 0; bool[paragraphs]."""
    parent = batch.paragraphs.parent
    return (np.bincount(parent, weights=values > 0, minlength=batch.n_documents) > 0)[parent]


def _near(batch: Batch, chosen: Bools, places: Sequence[int]) -> Bools:
    """Whether a chosen paragraph stands at one of some places from each, passing wordless ones; bool[paragraphs]."""
    group = batch.paragraphs
    worded = np.flatnonzero(batch.n_words(group))
    flag, parent = chosen[worded], group.parent[worded]
    found = np.zeros(worded.size, bool)
    for by in places:
        here = slice(max(-by, 0), worded.size - max(by, 0))
        there = slice(max(by, 0), worded.size - max(-by, 0))
        found[here] |= flag[there] & (parent[there] == parent[here])
    near = np.zeros(group.n, bool)
    near[worded] = found
    return near


@once_per_batch
def definition_line(batch: Batch) -> Floats:
    """A paragraph that opens as an encyclopaedia does ("X, of Y, is a ..."), in a list of such; float64[paragraphs].

    0 for one without another within two paragraphs, an ordinary way to begin, and for two on a page.
    Else 1.58 for three, 2 for four, 3 from eight on. A past tense counts after an aside in brackets only (that of the
    dead): "X was the first" is news.
    """
    group = batch.paragraphs
    line = np.zeros(group.n, bool)
    line[_definitions(batch)] = True
    line[_glosses(batch)] = True
    line &= _near(batch, line, (-2, -1, 1, 2))
    n = np.bincount(group.parent, weights=line, minlength=batch.n_documents)[group.parent]
    return np.where(line & (n > 2), np.log2(np.clip(n, 1, 8)), 0.0)


def _glosses(batch: Batch) -> Ints:
    """Paragraphs that open as a glossary does: "Name: a ...", "Thing - the ..."; int64[k]."""
    group, entry = batch.paragraphs, batch.token_word
    article = batch.vocabulary.among(hash_words(ARTICLES))
    words = batch.n_words(group)
    could = (words >= GLOSS_LOW) & (words <= GLOSS) & (group.sum(batch.mark('"')) == 0)
    mark = np.flatnonzero(batch.mark(":") | batch.mark("-") | batch.mark("—"))
    owner = group.of_token[mark]
    mark, owner = (some[(mark + 1 < group.last[owner]) & could[owner]] for some in (mark, owner))
    place = mark - group.first[owner]
    opens = (place > 0) & (place <= GLOSS_REACH) & article[entry[mark + 1]] & batch.spaced[mark + 1]
    # a dash without a blank before it joins a word; a letter alone is the "A:" of an answer
    opens &= batch.mark(":")[mark] | batch.spaced[mark]
    opens &= (place > 1) | (batch.token_length[group.first[owner]] > 1)
    return np.unique(owner[opens])


def _definitions(batch: Batch) -> Ints:
    """Paragraphs that open with "Name is a ..." or "A thing is a ..."; int64[k]."""
    group, entry = batch.paragraphs, batch.token_word
    present, past, article = (
        batch.vocabulary.among(hash_words(words)) for words in (("is", "are"), ("was", "were"), ARTICLES)
    )
    words = batch.n_words(group)
    could = (words >= DEFINITION_LOW) & (words <= 60) & (group.sum(batch.mark('"')) == 0)
    verb = np.flatnonzero((present | past)[entry])
    verb = verb[verb + 1 < group.last[group.of_token[verb]]]
    verb = verb[article[entry[verb + 1]] & could[group.of_token[verb]]]
    owner = group.of_token[verb]
    first = group.first[owner]
    name = np.where(article[entry[first]], first + 1, first)
    # what stands before the verb; an aside in brackets, "(born 1944; in Greek ...)", does not count: it may be long
    token, of_verb = within(first, verb - first)
    closing = batch.mark(")")[token]
    depth = np.cumsum(batch.mark("(")[token].astype(np.int64) - closing)
    edge = np.cumsum(verb - first)
    before = np.append(0, depth)[edge - (verb - first)]
    outside = depth <= before[of_verb]
    told = outside & (batch.is_word & ~batch.token_upper & ~is_stop_word(batch))[token]
    place, n_told, n_closing = (
        np.bincount(of_verb, weights=column, minlength=verb.size) for column in (outside, told, closing)
    )
    opens = (place < DEFINITION_REACH) & (n_told <= TOLD) & (np.append(0, depth)[edge] <= before)
    thing = batch.vocabulary.among(hash_words(("a", "an")))[entry[first]]
    opens &= thing | (batch.token_upper & ~is_stop_word(batch))[name]
    opens &= present[entry[verb]] | (n_closing > 0)
    return np.unique(owner[opens])


# ---- rules -------------------------------------------------------------------------------------------


@once_per_batch
def _beside(batch: Batch, counted: Counted) -> tuple[Floats, Floats]:
    """Question stubs and definition lines on pages with another sign of a template; float64[paragraphs] each."""
    definition = definition_line(batch)
    # a definition is no sign for itself
    says_nothing = (counted.covered(batch, "filler.hollow") > 0) & (definition == 0)
    hollow = (counted.covered(batch, *HOLLOW) > 0) | says_nothing
    stub = question_stub(batch, hollow)
    beside = _on_page(batch, hollow)
    return stub * (beside | _on_page(batch, definition)), definition * (beside | _on_page(batch, stub))


def _lines(batch: Batch, value: Floats) -> Spans:
    paragraph = np.flatnonzero(value)
    return Spans.of_paragraphs(batch, paragraph)


_NEWS = "The harbour was closed for two hours on Monday after a barge had lost its anchor in the channel.\n"
_PLACES = (
    "Larnsund is a harbour town on the western coast, known for its herring and its lighthouse.",
    "The Orne, a river of two countries, is the longest of the region and floods in most springs.",
    "An anchor is a heavy object that holds a vessel in its place.",
)
_GLOSSARY = (
    "Harbour: a place on the coast where ships may moor.",
    "Lighthouse \u2013 a tower with a light that warns ships.",
    "Mooring: an anchor, a buoy or a ring on a quay.",
)
_ANSWERS = (
    "A: The harbour opened again at four on Monday afternoon.",
    "A: The firm that owns the barge has paid for it.",
    "A: A return ticket costs six pounds in August.",
)
_QUESTIONS = (
    "When will the harbour open again?",
    "Who pays for the lost anchor?",
    "What does the ferry cost this summer?",
)


@rule_among(
    "filler.question_stub",
    tier="soft",
    title="question without an answer",
    message="a question that the page asks and does not answer: «{text}»",
    why="Rows of questions are put on pages for search engines. Where nothing follows that answers them "
    "there is nothing to cite; interviews and guides ask as much, and answer.",
    source="own",
    unit="count",
    hits=[(_NEWS + "\n".join([*_QUESTIONS, *_PLACES]), list(_QUESTIONS))],
    clean=[_NEWS + "\n".join(_QUESTIONS), _NEWS + f"{_QUESTIONS[0]}\nOn Friday, the harbour master said."],
)
def question_stub_lines(batch: Batch, counted: Counted) -> Spans:
    """Questions that nothing answers, beside another sign of a template."""
    return _lines(batch, _beside(batch, counted)[0])


@rule_among(
    "filler.definition_line",
    tier="soft",
    title="opening of an encyclopaedia",
    message="a line as from an encyclopaedia, one of several in a row: «{text}»",
    why="Definitions of places, people and things that a text merely names pad it out; they are copied from "
    "encyclopaedias and say nothing of the matter. Lists of people define as well, which is why another "
    "sign of a template has to stand on the page.",
    source="own",
    unit="count",
    hits=[
        (_NEWS + "\n".join([*_PLACES, *_QUESTIONS]), list(_PLACES)),
        (_NEWS + "\n".join([*_GLOSSARY, *_QUESTIONS]), list(_GLOSSARY)),
    ],
    clean=[
        _NEWS + "\n".join(_PLACES),
        _NEWS + "\n".join(_GLOSSARY),
        _NEWS + "\n".join([*_ANSWERS, *_QUESTIONS]),
        "\n".join(
            [
                "Ex-the old tug, it was sold.",
                "Re-the mooring, it was cut.",
                "Co-the ferry, it was late.",
                *_QUESTIONS,
            ]
        ),
    ],
)
def definition_lines(batch: Batch, counted: Counted) -> Spans:
    """Openings of encyclopaedias in a row, beside another sign of a template."""
    return _lines(batch, _beside(batch, counted)[1])
