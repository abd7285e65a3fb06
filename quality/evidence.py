"""The terms that the models weigh: evidence and structure of paragraphs and documents, as columns.

Every term is named, is 0 where there is nothing to hold against the text, and grows with what
speaks against it. Their weights are learnt with the sign fixed, so more evidence never raises a
score, and terms of a document look at its content or at what stands beside it in proportion to its
content, so taking out a bad paragraph never lowers one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quality.columns import Bools, Floats, Group, Ints, ratio, within
from quality.copies import duplicates
from quality.features.topic import off_topic
from quality.lexicon import is_stop_word
from quality.registry import Counted, measure
from quality.report import ROLES
from quality.text import Batch, hash_words, once_per_batch

CONTENT, BOILERPLATE, FILLER, DUPLICATE = range(len(ROLES))

# Further findings of one rule in one text add nothing beyond this many.
ENOUGH = 3
# Words added to a text's own when a rate is taken, so that one phrase in a short notice is no flood.
DAMPING = 100
# Words that make up a question stub at most, and stubs on a page that make its other questions stubs as well.
STUB, STUBS = 20, 3

# "X is a ...": what an encyclopaedia's first sentence looks like, up to this many tokens in.
DEFINITION_REACH = 14
# Words in lower case, function words aside, before its verb: "officially", "also called". News tells first:
# "The witness said she mistook the flat, which is a ..."
TOLD = 3


def hard_rules(counted: Counted) -> list[str]:
    """Ids of the rules whose findings are hard evidence."""
    return [r.id for r in counted.rules if r.tier == "hard"]


def soft_rules(counted: Counted) -> list[str]:
    """Ids of the soft rules that speak against a text as such; page furniture is judged by role instead."""
    return [
        r.id for r in counted.rules if r.tier == "soft" and not r.id.startswith(("boilerplate.", "hedge.cue"))
    ]


def findings_per(batch: Batch, counted: Counted, group: Group, kept: Bools | None = None) -> Floats:
    """Number of findings of each rule in each run; float64[n, rules]. `kept` bool[findings] leaves some out."""
    run = counted.paragraph if group is batch.paragraphs else batch.paragraphs.parent[counted.paragraph]
    cell = run * len(counted.rules) + counted.rule
    weights = None if kept is None else kept.astype(np.float64)
    counts = np.bincount(cell, weights=weights, minlength=group.n * len(counted.rules))
    return counts.astype(np.float64).reshape(group.n, len(counted.rules))


def _amount(counts: Floats) -> Floats:
    """0, 1, 1.58, 2 for no, one, two, three or more findings."""
    return np.log2(1.0 + np.minimum(counts, ENOUGH))


def filler_names(counted: Counted) -> list[str]:
    """Terms of `filler_terms`."""
    rules = [r.id for r in counted.rules if r.id.startswith(("leak.", "filler.stock"))]
    return ["off_topic", "leaked_words", "question_stub", "definition_line", *rules]


def filler_terms(batch: Batch, counted: Counted, names: Sequence[str]) -> Floats:
    """What speaks for a paragraph being filler; float64[paragraphs, names]."""
    amounts = _amount(findings_per(batch, counted, batch.paragraphs))
    columns = {rule.id: amounts[:, k] for k, rule in enumerate(counted.rules)}
    columns["off_topic"] = np.where(counted.is_furniture(batch), 0.0, off_topic(batch))
    leaked = counted.covered(batch, "leak.", "filler.stock")
    columns["leaked_words"] = leaked
    # honest guides ask, and honest lists of people define: each counts beside another sign on the page
    stub, definition = question_stub(batch, leaked > 0), definition_line(batch)
    columns["question_stub"] = stub * (_on_page(batch, definition) | _on_page(batch, leaked))
    columns["definition_line"] = definition * (_on_page(batch, stub) | _on_page(batch, leaked))
    return _chosen(columns, names)


def _chosen(columns: dict[str, Floats], names: Sequence[str]) -> Floats:
    unknown = [n for n in names if n not in columns]
    if unknown:
        raise ValueError(
            f"the model weighs {unknown}, which this version of quality does not compute: train anew"
        )
    return np.column_stack([columns[n] for n in names])


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


def _on_page(batch: Batch, values: Floats) -> Bools:
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
    line &= _near(batch, line, (-2, -1, 1, 2))
    n = np.bincount(group.parent, weights=line, minlength=batch.n_documents)[group.parent]
    return np.where(line & (n > 2), np.log2(np.clip(n, 1, 8)), 0.0)


def _definitions(batch: Batch) -> Ints:
    """Paragraphs that open with "Name is a ..." or "A thing is a ..."; int64[k]."""
    group, entry = batch.paragraphs, batch.token_word
    present, past, article = (
        batch.vocabulary.among(hash_words(words))
        for words in (("is", "are"), ("was", "were"), ("a", "an", "the", "one"))
    )
    words = batch.n_words(group)
    could = (words >= 8) & (words <= 60) & (group.sum(batch.mark('"')) == 0)
    verb = np.flatnonzero((present | past)[entry])
    verb = verb[verb + 1 < entry.size]
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


def roles(batch: Batch, boilerplate: Floats, filler: Floats) -> tuple[Floats, Ints]:
    """Probability of each role and the role given; float64[paragraphs, 4], int64[paragraphs].

    A copy is first of all a copy, filler is what reads like a story but is none, and furniture is
    what remains of the doubt. The role given is the likeliest; a paragraph without words is furniture.
    """
    copied, _ = duplicates(batch)
    wordless = batch.n_words(batch.paragraphs) == 0
    boilerplate = np.where(wordless, 1.0, boilerplate)
    filler = np.where(wordless, 0.0, filler)
    # the larger of two doubts is taken whole, the other one out of what it leaves
    as_filler = np.where(filler >= boilerplate, filler, filler * (1 - boilerplate))
    as_boilerplate = np.where(filler >= boilerplate, boilerplate * (1 - filler), boilerplate)
    left = 1.0 - copied
    content = 1.0 - as_filler - as_boilerplate
    chance = np.column_stack([left * content, left * as_boilerplate, left * as_filler, copied])
    return chance, np.argmax(chance, axis=1)


def content_style(batch: Batch, content: Bools, names: Sequence[str]) -> Floats:
    """Mean of the named features over each document's content, by words; float64[documents, names].

    `content` bool[paragraphs]. NaN where no content has words. Furniture does not take part, so a
    text reads the same with and without it.
    """
    words = batch.n_words(batch.paragraphs)
    chosen = np.flatnonzero(content & (words > 0))
    parent, weight = batch.paragraphs.parent[chosen], words[chosen]
    whole = np.bincount(parent, weights=weight, minlength=batch.n_documents)
    of_paragraph = measure(batch, batch.paragraphs, names)[chosen]
    columns = [
        ratio(np.bincount(parent, weights=weight * column, minlength=batch.n_documents), whole)
        for column in of_paragraph.T
    ]
    return np.column_stack(columns)


def document_names(counted: Counted) -> list[str]:
    """Terms of `document_terms`, the likeness left out."""
    return [*hard_rules(counted), *soft_rules(counted), "filler_words"]


def document_terms(batch: Batch, counted: Counted, role: Ints, names: Sequence[str]) -> Floats:
    """Evidence and structure of each document; float64[documents, names].

    Hard rules by amount wherever they fired, soft ones by their rate in content paragraphs, filler
    by its words in proportion to the words of content. Furniture and copies are no term: on corpora
    left out, the reliable pages had more of them (docs/results.md).
    """
    words = batch.n_words(batch.paragraphs)
    content, filler = (
        np.bincount(batch.paragraphs.parent, weights=words * (role == code), minlength=batch.n_documents)
        for code in (CONTENT, FILLER)
    )
    in_content = (role == CONTENT)[counted.paragraph] if counted.paragraph.size else np.zeros(0, bool)
    amounts = _amount(findings_per(batch, counted, batch.documents))
    soft = findings_per(batch, counted, batch.documents, in_content)
    columns: dict[str, Floats] = {}
    for k, rule in enumerate(counted.rules):
        columns[rule.id] = amounts[:, k] if rule.tier == "hard" else 100 * soft[:, k] / (content + DAMPING)
    columns["filler_words"] = np.log1p(10 * filler / (content + DAMPING / 2))
    return _chosen(columns, names)


def paragraph_names(counted: Counted) -> list[str]:
    """Terms of `paragraph_terms`."""
    return ["article", "not_content", *hard_rules(counted)]


def paragraph_terms(
    batch: Batch, counted: Counted, chance: Floats, article: Floats, names: Sequence[str]
) -> Floats:
    """What each paragraph's reliability is weighed from; float64[paragraphs, names].

    `article` is the document's logit without likeness (float64[documents]), `chance` the roles'.
    """
    amounts = _amount(findings_per(batch, counted, batch.paragraphs))
    columns = {rule.id: amounts[:, k] for k, rule in enumerate(counted.rules)}
    columns["not_content"] = 1.0 - chance[:, CONTENT]
    columns["article"] = article[batch.paragraphs.parent]
    return _chosen(columns, names)
