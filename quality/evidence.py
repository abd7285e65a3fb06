"""The terms that the models weigh: evidence and structure of paragraphs and documents, as columns.

Every term is named, is 0 where there is nothing to hold against the text, and grows with what
speaks against it. Their weights are learnt with the sign fixed, so more evidence never raises a
score, and terms of a document look at its content or at what stands beside it in proportion to its
content, so taking out a bad paragraph never lowers one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quality.features.repetition import duplicates
from quality.features.topic import off_topic
from quality.registry import Counted
from quality.report import ROLES
from quality.text import Batch, Bools, Floats, Group, Ints, hash_words, once_per_batch, ratio

CONTENT, BOILERPLATE, FILLER, DUPLICATE = range(len(ROLES))

# Further findings of one rule in one text add nothing beyond this many.
ENOUGH = 3
# Words added to a text's own when a rate is taken, so that one phrase in a short notice is no flood.
DAMPING = 100
# Words that make up a question stub at most, and at least that many stubs make a list of them.
STUB = 20

# "X is a ...": what an encyclopaedia's first sentence looks like, up to this many tokens in.
DEFINITION_REACH = 14


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
    columns["off_topic"] = off_topic(batch)
    columns["leaked_words"] = leaked_share(batch, counted)
    columns["question_stub"] = question_stub(batch)
    columns["definition_line"] = definition_line(batch)
    return _chosen(columns, names)


def _chosen(columns: dict[str, Floats], names: Sequence[str]) -> Floats:
    unknown = [n for n in names if n not in columns]
    if unknown:
        raise ValueError(
            f"the model weighs {unknown}, which this version of quality does not compute: train anew"
        )
    return np.column_stack([columns[n] for n in names])


def leaked_share(batch: Batch, counted: Counted) -> Floats:
    """Share of each paragraph's characters under leak and filler findings, at most 1; float64[paragraphs]."""
    of_leak = np.array([r.id.startswith(("leak.", "filler.stock")) for r in counted.rules], bool)
    keep = of_leak[counted.rule] if counted.rule.size else np.zeros(0, bool)
    size = (counted.end - counted.start)[keep].astype(np.float64)
    covered = np.bincount(counted.paragraph[keep], weights=size, minlength=batch.paragraphs.n)
    length = (batch.paragraphs.end - batch.paragraphs.start).astype(np.float64)
    return np.minimum(np.nan_to_num(ratio(covered, length)), 1.0)


@once_per_batch
def question_stub(batch: Batch) -> Floats:
    """1 for a short line that is one question, where the page has at least two of them; float64[paragraphs].

    Their number says no more: honest interviews and guides have many.
    """
    group = batch.paragraphs
    words = group.sum(batch.is_word)
    mark = batch.mark("?")
    some = group.last > group.first
    ends = np.zeros(group.n, bool)
    if mark.size:
        ends = some & mark[np.maximum(group.last - 1, 0)]
    stub = ends & (group.sum(mark) == 1) & (words >= 4) & (words <= STUB) & (group.sum(batch.mark('"')) == 0)
    return np.minimum(_one_of_several(group, stub), 1.0)


def _one_of_several(group: Group, chosen: Bools) -> Floats:
    """For each chosen paragraph, how often the number of them on its page doubles, at most 3; 0 elsewhere."""
    n = np.bincount(group.parent, weights=chosen, minlength=1)[group.parent]
    return np.where(chosen, np.log2(np.clip(n, 1, 8)), 0.0)


@once_per_batch
def definition_line(batch: Batch) -> Floats:
    """A paragraph that opens as an encyclopaedia does ("X, of Y, is a ..."), one of several; float64[paragraphs].

    0 for a single one, which is an ordinary way to begin; 1 for two, 2 for four, 3 from eight on.
    """
    group = batch.paragraphs
    verb = np.isin(batch.vocabulary.hash, hash_words(("is", "was", "are")))[batch.token_word]
    article = np.isin(batch.vocabulary.hash, hash_words(("a", "an", "the", "one")))[batch.token_word]
    opening = np.zeros(verb.size, bool)
    opening[:-1] = verb[:-1] & article[1:]
    # an aside in brackets, "(born 1944; in Greek ...)", does not count: it may be long
    inside = np.cumsum(batch.mark("(").astype(np.int64) - batch.mark(")"))
    before = np.append(0, inside)[group.first][group.of_token]
    outside = np.cumsum(inside <= before) - 1
    place = outside - np.append(0, outside + 1)[group.first][group.of_token]
    opening &= (place < DEFINITION_REACH) & (place > 0) & (inside <= before)
    words = group.sum(batch.is_word)
    named = np.zeros(group.n, bool)
    some = group.last > group.first
    if verb.size:
        first = np.minimum(group.first, verb.size - 1)
        the = np.isin(batch.vocabulary.hash, hash_words(("the", "a", "an")))[batch.token_word]
        first = np.where(the[first], np.minimum(first + 1, verb.size - 1), first)
        named = some & batch.token_upper[first]
    quoted = group.sum(batch.mark('"')) > 0
    line = named & (group.sum(opening) > 0) & (words >= 8) & (words <= 60) & ~quoted
    return _one_of_several(group, line)


def roles(batch: Batch, boilerplate: Floats, filler: Floats) -> tuple[Floats, Ints]:
    """Probability of each role and the role given; float64[paragraphs, 4], int64[paragraphs].

    A copy is first of all a copy, filler is what reads like a story but is none, and furniture is
    what remains of the doubt. The role given is the likeliest; a paragraph without words is furniture.
    """
    copied, _ = duplicates(batch)
    wordless = batch.paragraphs.sum(batch.is_word) == 0
    boilerplate = np.where(wordless, 1.0, boilerplate)
    filler = np.where(wordless, 0.0, filler)
    # the larger of two doubts is taken whole, the other one out of what it leaves
    as_filler = np.where(filler >= boilerplate, filler, filler * (1 - boilerplate))
    as_boilerplate = np.where(filler >= boilerplate, boilerplate * (1 - filler), boilerplate)
    left = 1.0 - copied
    content = 1.0 - as_filler - as_boilerplate
    chance = np.column_stack([left * content, left * as_boilerplate, left * as_filler, copied])
    return chance, np.argmax(chance, axis=1)


def document_names(counted: Counted) -> list[str]:
    """Terms of `document_terms`, the likeness left out."""
    structure = ["boilerplate_words", "filler_words", "duplicate_words"]
    return [*hard_rules(counted), *soft_rules(counted), *structure]


def document_terms(batch: Batch, counted: Counted, role: Ints, names: Sequence[str]) -> Floats:
    """Evidence and structure of each document; float64[documents, names].

    Hard rules by amount wherever they fired, soft ones by their rate in content paragraphs, roles
    by their words in proportion to the words of content.
    """
    words = batch.paragraphs.sum(batch.is_word)
    content = np.bincount(
        batch.paragraphs.parent, weights=words * (role == CONTENT), minlength=batch.n_documents
    )
    in_content = (role == CONTENT)[counted.paragraph] if counted.paragraph.size else np.zeros(0, bool)
    amounts = _amount(findings_per(batch, counted, batch.documents))
    soft = findings_per(batch, counted, batch.documents, in_content)
    columns: dict[str, Floats] = {}
    for k, rule in enumerate(counted.rules):
        columns[rule.id] = amounts[:, k] if rule.tier == "hard" else 100 * soft[:, k] / (content + DAMPING)
    for name, code in (("boilerplate", BOILERPLATE), ("filler", FILLER), ("duplicate", DUPLICATE)):
        of_role = np.bincount(
            batch.paragraphs.parent, weights=words * (role == code), minlength=batch.n_documents
        )
        columns[f"{name}_words"] = np.log1p(10 * of_role / (content + DAMPING / 2))
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
