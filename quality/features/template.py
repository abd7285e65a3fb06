"""Lines of page templates: questions that nothing answers, openings of encyclopaedias, and headings above nothing.

Aggregators fill pages up with them. Honest guides ask as well, and honest lists of people define, so lines count only where
two kinds of them make up a good part of a page, and where what is defined is not what the page is about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.columns import Bools, Floats, changes, within
from quality.lexicon import MONTHS, WEEKDAYS, is_stop_word
from quality.padding import KINDS, padding_log_odds
from quality.registers import cue_points
from quality.registry import Counted, rule_among
from quality.rules import Spans
from quality.text import Batch, hash_words, once_per_batch
from quality.topic_inputs import shared_words

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

# Words of a question stub, at least and at most.
STUB_LOW, STUB = 3, 14

# "X is a ...": what an encyclopaedia's first sentence looks like, up to this many tokens in.
DEFINITION_REACH = 14
# Words of such a line, and of whatever answers a stub. A line of a glossary, "X: a ..." or "X - the ...", has so many words, and its mark
# within so many tokens.
DEFINITION_LOW, DEFINITION = 6, 60
GLOSS_LOW, GLOSS, GLOSS_REACH = 4, 24, 5
# Words of a term that a stop ends; more of them may be a sentence.
TERM = 2
# Words of a day or a month; "may" is a verb as often.
DAYS = tuple({*WEEKDAYS, *MONTHS, "today", "tomorrow", "yesterday"} - {"may"})
ARTICLES = ("a", "an", "the", "one", "any")
# What an encyclopaedia says of words and places besides.
TIMELESS = (
    "refers",
    "means",
    "denotes",
    "derives",
    "describes",
    "lies",
    "refer",
    "mean",
    "describe",
    "stands",
    "belongs",
)
# Words in lower case, function words aside, before its verb: "officially", "also called". News tells first:
# "The witness said she mistook the flat, which is a ..."
TOLD = 3

# A page is a template from this share of such lines on: of pages made as aggregators make them .27 to .59 are, of
# web pages with two definitions and two questions .15 in nine cases of ten.
TEMPLATE = 0.2
# Definitions of a page share less of their words with it, by weight, than the answers of an honest guide (shared pages:
# .25 at most of aggregators, .5 at least of nine in ten guides). What shares less than `FAR` answers no question of the page (own
# choice; of parking rules in questions and answers, made up to try it, one answer of four shares less).
STRANGE, FAR = 0.45, 0.2
# Tokens of "In law," at the opening of a definition.
FIELD = 3
# Words of a heading.
HEADING = 6


@dataclass(frozen=True)
class Template:
    """Lines of pages that are templates filled in; bool[paragraphs] each.

    `question`: short ones that only the next line may answer; `definition`: openings as of an encyclopaedia and other answers;
    `heading`: of either, or of nothing.
    """

    question: Bools
    definition: Bools
    heading: Bools


def template_lines(batch: Batch, hollow: Bools, furniture: Bools) -> Template:
    """The lines of templates, where two kinds of them make up a fifth of a page.

    Kinds are short questions, openings as of an encyclopaedia, and lines without a word; a question with a definition or a
    `hollow` paragraph (stock text or a leak) below it is two kinds at once. Page `furniture` is neither; bool[paragraphs] each. Where
    definitions share many of their words with the page, it is a guide that explains what it speaks of, and no template.
    """
    group = batch.paragraphs
    words = batch.n_words(group)
    definition, likely, thing = _definitions(batch)
    gloss = _glosses(batch)
    definition = (definition | gloss) & ~furniture
    question, bare = _questions(batch) & ~furniture, words == 0
    is_sentence = batch.ends_with(".!")
    below = _before(batch, question)
    answered = below & (definition | hollow)
    shared = shared_words(batch)
    strayed = shared <= FAR
    told = below & is_sentence & ~answered & ~likely & ~strayed

    def on_page(some: Bools | Floats) -> Floats:
        return np.bincount(group.parent, weights=some, minlength=batch.n_documents).astype(np.float64)

    # whoever defines people and places alone may be telling who is who
    defines = (on_page(definition) >= 2) & (on_page(definition & (thing | gloss)) >= 1)
    kinds = [on_page(question) >= 2, defines, on_page(bare) >= 2]
    is_template = (
        (np.sum(kinds, axis=0) >= 2) | (defines & (on_page(answered) >= 2)) | (on_page(below & hollow) >= 2)
    )
    is_template &= 2 * on_page(told) <= on_page(question)
    signs = on_page(question | definition | bare | answered)
    is_template &= signs >= TEMPLATE * on_page(np.ones(group.n))
    known = definition & ~np.isnan(shared)
    is_template &= on_page(np.where(known, shared, 0.0)) <= STRANGE * on_page(known)

    here = is_template[group.parent] & ~furniture
    question &= here
    # too short to compare counts as strange: a page of this sort says little in few words
    strange = np.isnan(shared) | (shared <= STRANGE)
    # an answer of no day and nobody's word ("Yes. The yen has a hundred sen.") is of an encyclopaedia as well
    strayed |= strange & (cue_points(batch)[1] == 0) & (batch.paragraphs.sum(_is_day(batch)) == 0)
    answer = _before(batch, question) & is_sentence & strayed & (words <= DEFINITION) & ~_quotes(batch)
    definition = here & (definition | answer | ((likely | _asks_first(batch)) & strange))
    # whatever stands right below one and not above more of the story: "Safari - Swahili for journey"
    below = question | definition | bare | furniture | _short_line(batch)
    among = (
        _before(batch, definition)
        & (_after(batch, below) | _ends_page(batch))
        & strange
        & (words <= DEFINITION)
    )
    definition |= here & among & ~question & ~bare & ~_short_line(batch) & ~_quotes(batch)
    line = question | definition | bare
    heading = here & ~line & _short_line(batch) & _after(batch, line)
    return Template(question, definition, heading & ~_opens_page(batch))


def _questions(batch: Batch) -> Bools:
    """Short lines that are one question; bool[paragraphs]."""
    words = batch.n_words(batch.paragraphs)
    one = batch.paragraphs.sum(batch.mark("?")) == 1
    return batch.ends_with("?") & one & (words >= STUB_LOW) & (words <= STUB) & ~_quotes(batch)


def _quotes(batch: Batch) -> Bools:
    return batch.paragraphs.sum(batch.mark('"')) > 0


@once_per_batch
def _is_day(batch: Batch) -> Bools:
    """Words of a day or a month; bool[tokens]."""
    return batch.vocabulary.among(hash_words(DAYS))[batch.token_word]


def _short_line(batch: Batch) -> Bools:
    """Lines of a heading's length that are no sentence, quotation or list item; bool[paragraphs]."""
    words = batch.n_words(batch.paragraphs)
    is_short = (words > 0) & (words <= HEADING) & ~batch.ends_with(".!")
    return is_short & ~_quotes(batch) & ~batch.is_list_item


def _ends_page(batch: Batch) -> Bools:
    """The last paragraph of each document; bool[paragraphs]."""
    return np.append(_opens_page(batch)[1:], np.ones(min(batch.paragraphs.n, 1), bool))


def _opens_page(batch: Batch) -> Bools:
    """The first paragraph of each document; bool[paragraphs]."""
    return changes(batch.paragraphs.parent)


def _before(batch: Batch, chosen: Bools) -> Bools:
    """Whether the paragraph before each, in its document, is chosen; bool[paragraphs]."""
    found = np.zeros(chosen.size, bool)
    found[1:] = chosen[:-1]
    return found & ~_opens_page(batch)


def _after(batch: Batch, chosen: Bools) -> Bools:
    """Whether the paragraph after each, in its document, is chosen; bool[paragraphs]."""
    found = np.zeros(chosen.size, bool)
    found[:-1] = chosen[1:] & ~_opens_page(batch)[1:]
    return found


def _glosses(batch: Batch) -> Bools:
    """Paragraphs that open as a glossary does: "Name: a ...", "Thing - the ...", "Thing (noun). A ..."; bool[paragraphs]."""
    group, entry = batch.paragraphs, batch.token_word
    article = batch.vocabulary.among(hash_words(ARTICLES))
    words = batch.n_words(group)
    could = (words >= GLOSS_LOW) & (words <= GLOSS) & ~_quotes(batch)
    stop = batch.mark(".")
    mark = np.flatnonzero(batch.mark(":") | batch.mark("-") | batch.mark("—") | stop)
    owner = group.of_token[mark]
    mark, owner = (some[(mark + 1 < group.last[owner]) & could[owner]] for some in (mark, owner))
    place = mark - group.first[owner]
    opens = (place > 0) & (place <= GLOSS_REACH) & article[entry[mark + 1]] & batch.spaced[mark + 1]
    # a dash without a blank before it joins a word; a letter alone is the "A:" of an answer; a stop ends short forms too
    opens &= batch.mark(":")[mark] | stop[mark] | batch.spaced[mark]
    term = batch.mark(")")[mark - 1] | ((place <= TERM) & (batch.token_length[mark - 1] > 3))
    opens &= ~stop[mark] | (batch.token_upper[mark + 1] & term)
    opens &= (place > 1) | (batch.token_length[group.first[owner]] > 1)
    found = np.zeros(group.n, bool)
    found[owner[opens]] = True
    return found


def _asks_first(batch: Batch) -> Bools:
    """Paragraphs whose first sentence is a short question that the rest answers; bool[paragraphs]."""
    group, sentences = batch.paragraphs, batch.sentences
    words = batch.n_words(group)
    asks = np.zeros(group.n, bool)
    some = np.flatnonzero(group.last > group.first)
    sentence = sentences.of_token[group.first[some]]
    last = sentences.last[sentence]
    asks[some] = (
        batch.mark("?")[last - 1] & (last < group.last[some]) & (last - group.first[some] <= STUB + 1)
    )
    return asks & (words <= DEFINITION) & ~_quotes(batch)


@once_per_batch
def _definitions(batch: Batch) -> tuple[Bools, Bools, Bools]:
    """Paragraphs that open with "Name is a ..." or "A thing is a ...", those that open much as these do, and the things; bool[paragraphs] each.

    Much as these: "The thing is one of", "In law, a thing is any", "Name refers to", "A thing lies". News opens so as well.
    """
    group, entry = batch.paragraphs, batch.token_word
    present, past, timeless, article = (
        batch.vocabulary.among(hash_words(words))
        for words in (("is", "are"), ("was", "were"), TIMELESS, ARTICLES)
    )
    words = batch.n_words(group)
    could = (words >= DEFINITION_LOW) & (words <= DEFINITION) & ~_quotes(batch)
    # in the first sentence of its paragraph
    opening = batch.sentences.of_token[group.first[group.of_token]] if entry.size else entry
    verb = np.flatnonzero((present | past | timeless)[entry] & (batch.sentences.of_token == opening))
    verb = verb[verb + 1 < group.last[group.of_token[verb]]]
    verb = verb[(article[entry[verb + 1]] | timeless[entry[verb]]) & could[group.of_token[verb]]]
    owner = group.of_token[verb]
    first = group.first[owner]
    # "In law, ..."
    field = batch.vocabulary.among(hash_words(("in",)))[entry[first]] & (first + FIELD < verb)
    comma = np.append(batch.mark(","), np.zeros(FIELD, bool))
    for by in range(FIELD, 1, -1):
        first = np.where(field & comma[group.first[owner] + by], group.first[owner] + by + 1, first)
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
    named = thing | (batch.token_upper & ~is_stop_word(batch))[name]
    sure = (
        opens
        & named
        & (first == group.first[owner])
        & (present[entry[verb]] | (past[entry[verb]] & (n_closing > 0)))
    )
    likely = opens & (named | article[entry[first]]) & ~past[entry[verb]]
    found = np.zeros((3, group.n), bool)
    for row, chosen in enumerate((sure, likely, sure & thing)):
        found[row, owner[chosen]] = True
    return found[0], found[1], found[2]


# ---- rules -------------------------------------------------------------------------------------------


@once_per_batch
def _found(batch: Batch, counted: Counted) -> Template:
    hollow = (counted.covered(batch, *HOLLOW) > 0) | (counted.covered(batch, "filler.hollow") > 0)
    return template_lines(batch, hollow, counted.is_furniture(batch))


def _lines(batch: Batch, chosen: Bools) -> Spans:
    return Spans.of_paragraphs(batch, np.flatnonzero(chosen))


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
_ODD = "Safari \u2013 Swahili for journey, and the name of a game."
_STORY = _NEWS + (
    "The pilot boat brought two divers to the barge, who cut the chain and marked the place with a buoy.\n"
    "Nobody was hurt, said harbour master Greta Lind, and the ferries sailed again from half past one.\n"
    "The barge had come from Rosvik with 400 tonnes of gravel for the new pier at Larnsund.\n"
    "Its owner told the police that the winch had been serviced in March, and has to pay for the divers.\n"
)
_HOLLOW = "Only time will tell where this journey leads, but one thing is certain: hope always finds a way."
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
    """Short questions on pages that are templates."""
    return _lines(batch, _found(batch, counted).question)


@rule_among(
    "filler.definition_line",
    tier="soft",
    title="definition that the story does not need",
    message="a line as from an encyclopaedia, on a page full of such and of questions: «{text}»",
    why="Definitions of places, people and things that a text merely names pad it out; they are copied from "
    "encyclopaedias and say nothing of the matter. Lists of people define as well, and guides explain what they speak "
    "of, which is why other lines of a template have to stand on the page, and why the definition must share few words with it.",
    source="own",
    unit="count",
    hits=[
        (_NEWS + "\n".join([*_PLACES, *_QUESTIONS]), list(_PLACES)),
        (_NEWS + "\n".join([*_GLOSSARY, *_QUESTIONS]), list(_GLOSSARY)),
        (_NEWS + "\n".join([*_QUESTIONS, *_PLACES, _ODD]), [*_PLACES, _ODD]),
    ],
    clean=[
        _NEWS + "\n".join(_PLACES),
        _NEWS + "\n".join(_GLOSSARY),
        _NEWS + "\n".join([*_ANSWERS, *_QUESTIONS]),
        _NEWS + "\n".join([*_PLACES, _ODD]),
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
    """Openings of encyclopaedias and other answers on pages that are templates."""
    return _lines(batch, _found(batch, counted).definition)


@rule_among(
    "filler.heading",
    tier="soft",
    title="heading of a template",
    message="a heading of the page's template: «{text}»",
    why="Templates print the same headings on every page, above questions, above definitions or above nothing at all.",
    source="own",
    unit="count",
    hits=[
        (
            _NEWS + "\n".join(["At a glance", "-", "People ask", *_QUESTIONS, *_PLACES]),
            ["At a glance", "People ask"],
        ),
        (_STORY + "\n".join(["The road ahead", _HOLLOW]), ["The road ahead"]),
        (_STORY + "\n".join(["The road ahead", _HOLLOW, "Share this article"]), ["The road ahead"]),
    ],
    clean=[
        _NEWS + "\n".join(["At a glance", _NEWS, *_QUESTIONS, *_PLACES]),
        _NEWS + "\n".join(["- At a glance", *_QUESTIONS, *_PLACES]),
        _NEWS + "\n".join(["People ask", *_QUESTIONS]),
        "\n".join(["At a glance", *_QUESTIONS, *_PLACES]),
        _STORY + "\n".join(["The road ahead", _HOLLOW, _NEWS]),
        _STORY + "\n".join(["The road ahead", _NEWS]),
        "\n".join(["The road ahead", _HOLLOW]),
    ],
)
def headings(batch: Batch, counted: Counted) -> Spans:
    """Short lines above other lines of a template, but for the title of the page; and those above one hollow paragraph alone."""
    furniture = counted.is_furniture(batch)
    short = _short_line(batch) & ~batch.ends_with("?") & ~_opens_page(batch) & ~furniture
    ends = _ends_page(batch) | _after(batch, short | furniture | (batch.n_words(batch.paragraphs) == 0))
    # surely so: the rule tells of less
    surely = np.nan_to_num(padding_log_odds(batch)[KINDS.index("hollow")], nan=-np.inf) >= 0.0
    hollow = (counted.covered(batch, "filler.hollow") > 0) & surely & ends & ~short
    return _lines(batch, _found(batch, counted).heading | (short & _after(batch, hollow)))
