"""New labels into a base: their rows beside its rows, and words learnt from them where they teach any.

Paragraph labels teach roles, and filler of a new kind by its words; labels of whole texts (without
paragraph labels) teach the likeness. Both start from what the base knows: its weights are the prior, its
reference set stands beside the new texts, so that what was known stays. Scores of the new texts are out
of sample, by folds of their groups, as those of the base are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.features.ngrams import DOCUMENT_BITS, PARAGRAPH_BITS, document_rows, paragraph_rows
from quality.learn.base import Base, fingerprint, sound_rows
from quality.learn.build import (
    PAGE_SAMPLE,
    ROLE_NAMES,
    document_tables,
    filler_label,
    judge,
    known_texts,
    mixed,
)
from quality.learn.columns import Names, Some, codes_of, columns_of, sample_of_each, table_of
from quality.learn.corpora import Labelled
from quality.learn.encoders import LIKENESS_PENALTY, fit_hashed, likeness_parts, sparse_rows, tf_idf
from quality.learn.fit import FILLER_FALSE_ALARMS, Table, balanced, fit_boilerplate, fit_filler, grown
from quality.learn.reference import JudgedParagraphs
from quality.matrices import role_matrix
from quality.model import FillerWords, Likeness, Linear, rounded, sigmoid
from quality.trees import Trees, bins

# Folds of groups by which new texts are scored by words that have not seen them.
N_FOLDS = 5
# Penalty on the weights of words of filler: of 1e-5, 1e-4 and 1e-3 the first found most (docs/training.md).
FILLER_PENALTY = 1e-5
# Share of the base's texts from which an n-gram is held twice as fast as one that is in none.
SHARE_HELD = 0.001
# The term of filler words is whole at half as far above what sound paragraphs reach as that is above what is usual
# there; at once as far, the term was too small for one in twenty paragraphs of a new kind (docs/training.md).
REACH = 0.5
# New filler paragraphs from which words are learnt; of fewer, every word would be a sign.
N_FILLER_LOW = 10
# New texts of a label from which likeness is learnt, for the same reason.
N_TEXTS_LOW = 10


@dataclass(frozen=True)
class Merged:
    """A base with new rows, the role models it gives, and where the new documents stand in its table."""

    base: Base
    roles: Trees
    filler: Linear
    ids: tuple[str, ...]
    rows: NDArray[np.int64]


def merge(base: Base, texts: Sequence[Labelled], *, seed: int = 0) -> Merged:
    """The base and new texts as one.

    Raises ValueError where the base was built with other rules or features than there are, or where the
    paragraph labels of a text do not line up.
    """
    some = columns_of(texts)
    corpora, kinds = Names(base.corpora), Names(base.kinds)
    known_groups = Names(map(str, base.groups.tolist()))

    def groups(name: str) -> int:
        return known_groups(str(fingerprint(name)))

    codes = [codes_of(s.texts, corpora, kinds, groups) for s in some]
    roles = _with_roles(base, some, codes, seed)
    words, terms = _filler_words(base, some, codes)
    filler = _with_filler(base, some, codes, terms)
    role_model = fit_boilerplate(roles, base.role_edges, seed)
    filler_model = fit_filler(filler, sound_rows(filler, tuple(kinds.index)), base.hard)
    judged = []
    for s, term in zip(some, terms, strict=True):
        columns = evidence.filler_terms(s.batch, s.counted, filler_model.names, term)
        judged.append(judge(s, columns, base.first_look, role_model, filler_model))
    told = [t for s in some for t in s.texts]
    is_told = np.array([t.label in ("reliable", "unreliable") for t in told], bool)
    likeness, score, familiarity, of_reference = _likeness(base, some, judged, codes)
    table, paragraphs = document_tables(
        some, judged, lambda t: t.label in ("reliable", "unreliable"), corpora, kinds, groups
    )
    if table.names != base.documents.names or paragraphs.names != base.paragraphs.names:
        raise ValueError("the base was built with other rules than there are now: build it anew")
    n_known = base.documents.label.size
    documents = _stacked(base.documents, table)
    code = np.column_stack([documents.corpus, documents.kind, documents.group])
    weight = mixed(documents.label, code, tuple(kinds.index), n_known)
    paragraphs = _stacked(base.paragraphs, paragraphs)
    old_score = base.likeness_score.copy()
    old_score[base.reference.row] = of_reference
    whole = replace(
        base,
        corpora=tuple(corpora.index),
        kinds=tuple(kinds.index),
        groups=np.array([int(name) for name in known_groups.index], np.uint64),
        roles=roles,
        filler=filler,
        documents=replace(documents, weight=weight.astype(np.float32)),
        likeness_score=np.concatenate([old_score, score[is_told]]),
        familiarity=np.concatenate([base.familiarity, familiarity[is_told]]),
        paragraphs=replace(paragraphs, weight=balanced(paragraphs.label).astype(np.float32)),
        filler_words=words,
        likeness=likeness,
        texts=np.unique(np.concatenate([base.texts, known_texts(told)]), axis=0),
    )
    ids = tuple(t.id for t, judged_ in zip(told, is_told.tolist(), strict=True) if judged_)
    return Merged(whole, role_model, filler_model, ids, n_known + np.arange(len(ids)))


def _stacked(one: Table, other: Table) -> Table:
    """Rows of one table and then of another with the same columns."""
    parts = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("matrix", "label", "weight", "corpus", "kind", "group")
    }
    return Table(one.names, **parts)


def _with_roles(base: Base, some: Sequence[Some], codes: Sequence[NDArray[np.int32]], seed: int) -> Table:
    """The role table with the new paragraphs whose role is content or boilerplate.

    As in the base, a new corpus weighs as the root of its pages' weight, beside the largest of the base.
    """
    random = np.random.default_rng(seed)
    known = base.roles
    tables = []
    for s, code in zip(some, codes, strict=True):
        parent = s.batch.paragraphs.parent
        pick = np.flatnonzero(sample_of_each(parent, np.isin(s.roles, ROLE_NAMES), PAGE_SAMPLE, random))
        matrix = role_matrix(s.batch, base.first_look, known.names)[pick]
        rows = np.column_stack([bins(matrix[:, j], e) for j, e in enumerate(base.role_edges)])
        size = np.bincount(parent[pick], minlength=s.batch.n_documents)
        weight = 1.0 / np.sqrt(np.maximum(size, 1))[parent[pick]]
        label = s.roles[pick] == "boilerplate"
        tables.append(table_of(known.names, rows, label, weight, code[parent[pick]]))
    new = reduce(_stacked, tables)
    largest = np.bincount(known.corpus, weights=known.weight).max()
    whole = np.bincount(new.corpus, weights=new.weight)[new.corpus]
    weight = new.weight * np.sqrt(np.maximum(largest / whole, 1.0))
    return _stacked(known, replace(new, weight=weight.astype(np.float32)))


def _filler_words(
    base: Base, some: Sequence[Some], codes: Sequence[NDArray[np.int32]]
) -> tuple[FillerWords, list[Floats]]:
    """Words that tell the new filler from what is none, and the term of each paragraph by words that had not seen it.

    All that the base holds beside them is the reference's sound, content and boilerplate paragraphs: of the filler
    known to the base, the words are no sign of other filler.
    """
    parents = [s.batch.paragraphs.parent for s in some]
    label = np.concatenate([filler_label(s) for s in some])
    n_filler = int((label == 1).sum())
    if n_filler < N_FILLER_LOW:
        term = [base.filler_words.term(paragraph_rows(s.batch).dot(base.filler_words.weights)) for s in some]
        return base.filler_words, term
    from scipy import sparse

    reference = base.reference
    honest = np.flatnonzero(reference.honest)
    rows = [paragraph_rows(s.batch) for s in some]
    new = sparse_rows(rows, [np.arange(r.n) for r in rows], PARAGRAPH_BITS)
    matrix = sparse.vstack([reference.paragraph_matrix()[honest], new]).tocsr()
    truth = np.concatenate([np.zeros(honest.size, np.int8), label])
    code = np.concatenate([c[p] for c, p in zip(codes, parents, strict=True)])
    group = np.concatenate([reference.group[honest], code[:, 2]])
    cell = np.concatenate([reference.corpus[honest], code[:, 0]])
    fold = group % N_FOLDS

    def fitted(train: Bools) -> Floats:
        at = np.flatnonzero(train & (truth >= 0))
        is_filler = truth[at] == 1
        if not is_filler.any():  # all of it is of one group: nothing is left to learn it from
            return np.zeros(matrix.shape[1])
        # the filler weighs as much as all the rest, of which every corpus weighs the same
        weight = np.where(is_filler, 1.0 / is_filler.sum(), 0.0)
        others = at[~is_filler]
        rest = balanced(cell[others]) * grown(cell[others], others >= honest.size)
        weight[~is_filler] = rest / rest.sum()
        columns = np.unique(matrix[at[is_filler]].indices)
        given = np.zeros(at.size)
        penalty = np.full(columns.size, FILLER_PENALTY)
        return fit_hashed(matrix[at], is_filler, weight, given, penalty, columns, free=True)

    score = np.zeros(truth.size)
    for k in range(N_FOLDS):
        here = fold == k
        score[here] = (matrix @ rounded(fitted(~here)))[here]
    sound = reference.sound[honest]
    usual, low = _usual_and_rare(score[: honest.size][sound], cell[: honest.size][sound])
    words = FillerWords(rounded(fitted(np.ones(truth.size, bool))), low, low + REACH * (low - usual))
    terms = words.term(score[honest.size :])
    return words, np.split(terms, np.cumsum([p.size for p in parents])[:-1])


def _usual_and_rare(score: Floats, corpus: NDArray[Any]) -> tuple[float, float]:
    """Median of the scores of sound paragraphs, and what the allowed share of them reaches in the worst corpus.

    Corpora with too few paragraphs to tell that share count together as one.
    """
    low = float(np.quantile(score, 1 - FILLER_FALSE_ALARMS))
    for code in np.unique(corpus):
        of_corpus = score[corpus == code]
        if of_corpus.size >= 1 / FILLER_FALSE_ALARMS:
            low = max(low, float(np.quantile(of_corpus, 1 - FILLER_FALSE_ALARMS)))
    return float(np.median(score)), low


def _with_filler(
    base: Base, some: Sequence[Some], codes: Sequence[NDArray[np.int32]], terms: Sequence[Floats]
) -> Table:
    """The table of the filler model with the new paragraphs that are known to be filler or none."""
    table = base.filler
    for s, code, term in zip(some, codes, terms, strict=True):
        label = filler_label(s)
        pick = np.flatnonzero(label >= 0)
        matrix = evidence.filler_terms(s.batch, s.counted, table.names, term)[pick].astype(np.float32)
        none = np.ones(pick.size)
        new = table_of(table.names, matrix, label[pick] == 1, none, code[s.batch.paragraphs.parent[pick]])
        table = _stacked(table, new)
    cell = table.corpus.astype(np.int64) * 2 + table.label
    is_new = np.arange(cell.size) >= base.filler.label.size
    return replace(table, weight=(balanced(cell) * grown(cell, is_new)).astype(np.float32))


def _likeness(
    base: Base, some: Sequence[Some], judged: Sequence[JudgedParagraphs], codes: Sequence[NDArray[np.int32]]
) -> tuple[Likeness, Floats, Floats, Floats]:
    """The likeness, of each new text the score by words that had not seen it and its familiarity, and the reference's scores.

    Texts with paragraph labels are told by them and teach no likeness: their manner is that of their content.
    """
    from scipy import sparse

    likeness, reference = base.likeness, base.reference
    content = [j.role == evidence.CONTENT for j in judged]
    pairs = [document_rows(s.batch, c) for s, c in zip(some, content, strict=True)]
    every = [np.arange(s.batch.n_documents) for s in some]
    streams = [sparse_rows([p[k] for p in pairs], every, DOCUMENT_BITS) for k in (0, 1)]
    told = [t for s in some for t in s.texts]
    parts = likeness_parts(likeness, streams, np.ones(len(told), bool))
    familiarity = likeness.familiarity(parts[:, 2])
    known = base.likeness_score[reference.row]
    label = np.array([t.label == "reliable" for t in told])
    teaches = np.array([t.roles is None and t.label in ("reliable", "unreliable") for t in told], bool)
    if max((teaches & label).sum(), (teaches & ~label).sum()) < N_TEXTS_LOW:
        return likeness, likeness.blend(parts[:, 0], parts[:, 1]), familiarity, known
    code = np.concatenate(codes)
    documents = base.documents
    old = reference.row[reference.teaches]
    truth = np.concatenate([documents.label[old] == 1, label])
    corpus = np.concatenate([documents.corpus[old], code[:, 0]])
    used = np.concatenate([np.ones(old.size, bool), teaches])
    fold = code[:, 2] % N_FOLDS
    new_weights, moved = [], np.zeros((reference.row.size, 2))
    for k, (weights, idf) in enumerate(
        ((likeness.words, likeness.words_idf), (likeness.masked, likeness.masked_idf))
    ):
        of_reference = reference.streams(likeness)[k]
        matrix = sparse.vstack([of_reference[reference.teaches], tf_idf(streams[k], idf)]).tocsr()
        given = matrix @ weights
        given += _offsets(given, truth, corpus, old.size)
        columns = np.unique(matrix[old.size + np.flatnonzero(teaches)].indices)
        # the share of the base's texts that an n-gram is in, by its idf: what many texts have is held
        penalty = LIKENESS_PENALTY * (1.0 + np.exp(1.0 - idf[columns]) / SHARE_HELD)

        fitted = partial(_moved, matrix, truth, corpus, given, penalty, columns, old.size)
        for f in np.unique(fold[teaches]):
            unseen = np.concatenate([np.zeros(old.size, bool), teaches & (fold == f)])
            parts[unseen[old.size :], k] += (matrix @ fitted(used & ~unseen))[unseen]
        whole = fitted(used)
        other = np.concatenate([np.zeros(old.size, bool), ~teaches])
        parts[~teaches, k] += (matrix @ whole)[other]
        moved[:, k] = of_reference @ whole
        new_weights.append(rounded(weights + whole))
    score = likeness.blend(parts[:, 0], parts[:, 1])
    shift = likeness.blend(moved[:, 0], moved[:, 1])
    return replace(likeness, words=new_weights[0], masked=new_weights[1]), score, familiarity, known + shift


def _moved(
    matrix: Any,
    truth: Bools,
    corpus: NDArray[Any],
    given: Floats,
    penalty: Floats,
    columns: Ints,
    n_known: int,
    train: Bools,
) -> Floats:
    """What the rows to train on ask to add to the weights of the likeness; float64[buckets]."""
    at = np.flatnonzero(train)
    cell = corpus[at].astype(np.int64) * 2 + truth[at]
    weight = balanced(cell) * grown(cell, at >= n_known)
    return fit_hashed(matrix[at], truth[at], weight, given[at], penalty, columns, free=False)


def _offsets(given: Floats, truth: Bools, corpus: NDArray[Any], n_known: int) -> Floats:
    """What to add to the scores of each text: the intercept of its corpus, of new corpora the mean of the others.

    A free intercept for the new texts would learn their label from nothing but where they come from.
    """
    from scipy.optimize import brentq

    found = np.zeros(given.size)
    intercepts = []
    new = np.ones(given.size, bool)
    for code in np.unique(corpus[:n_known]):
        here = corpus == code
        known = here.copy()
        known[n_known:] = False
        weight = balanced(truth[known])
        value = given[known]

        def excess(b: float, value: Floats = value, known: Bools = known, weight: Floats = weight) -> float:
            return float(weight @ (sigmoid(value + b) - truth[known]))

        intercept = brentq(excess, -30.0, 30.0) if np.unique(truth[known]).size == 2 else 0.0
        intercepts.append(intercept)
        found[here] = intercept
        new &= ~here
    found[new] = np.mean(intercepts) if intercepts else 0.0
    return found
