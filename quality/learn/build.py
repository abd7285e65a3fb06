"""From labelled texts to the numbers that training reads.

`Material` holds the columns of all texts. `build` learns the encoders (weights of hashed n-grams)
and gives a `Base`: matrices, labels, corpora and groups, no text.

Word scores and likeness in the base are out of sample: of paragraphs by folds of domains, of
documents from encoders that have not seen their corpus family. A model that is to be measured on a
family is trained on a base built with that family left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import quality.features  # noqa: F401 - declares the features
from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.features.ngrams import DOCUMENT_BITS, PARAGRAPH_BITS, document_rows, paragraph_rows
from quality.learn.base import LABELS, NO_WORDS, Base, fingerprint, sound_rows, text_fingerprint
from quality.learn.columns import Index, Material, Names, Some, codes_of, sample_of_each, table_of
from quality.learn.corpora import Labelled
from quality.learn.encoders import (
    balanced_cells,
    fit_kind,
    fit_likeness,
    fit_words,
    kind_weights,
    likeness_parts,
    platt,
    sparse_rows,
    tf_idf,
)
from quality.learn.fit import Table, balanced, fit_filler, fit_roles, grown
from quality.learn.reference import Judged, take
from quality.model import Additive, FillerWords, Likeness, Linear, rounded, sigmoid
from quality.registry import paragraph_matrix, paragraph_names
from quality.scorer import filler_matrix, role_matrix, word_score_columns

# Paragraphs of a page that training reads at most: long pages would drown the others.
PAGE_SAMPLE = 40
# Bins of a feature in the role model.
N_BINS = 48
# Families of features that the role model reads.
ROLE_FAMILIES = ("surface", "boilerplate")
# Folds of domains for the word score.
N_FOLDS = 3

# Words of content from which a text of another kind tells of it, as many as the shortest articles have.
N_WORDS_OF_KIND = 60
ROLE_NAMES = ("content", "boilerplate")
PAGE_KINDS = ("page", "other page")


Used = Callable[[Labelled], bool]


def build(
    material: Material,
    *,
    leave_out: frozenset[str] = frozenset(),
    held_out: Sequence[Labelled] = (),
    seed: int = 0,
) -> Base:
    """Learn the encoders and collect the tables, without the corpus families in `leave_out`.

    Documents whose group or page whose domain also occurs in a family left out are left out with it.
    `held_out` are texts to measure on, of which the base remembers that nobody may learn from them.
    """
    corpora, kinds, groups = Names(), Names(), Names()
    barred = {t.group for some in _all(material) for t in some.texts if t.family in leave_out}

    def is_used(text: Labelled) -> bool:
        return text.family not in leave_out and text.group not in barred

    hard = tuple(evidence.hard_rules(material.marked[0].counted))
    words, edges, roles = _roles(material, is_used, corpora, kinds, groups, seed)
    filler = _filler(material, is_used, corpora, kinds, groups, seed)

    role_model, filler_model = (
        fit_roles(roles, edges, seed),
        fit_filler(filler, sound_rows(filler, kinds.index), hard),
    )
    documents = [*material.articles, *material.marked]
    judged = [judge(some, role_model, words, filler_model, NO_WORDS) for some in documents]
    others = [*material.pages, *material.others]
    likeness, score, familiarity = _likeness(documents, [j.role for j in judged], others, is_used)
    table, paragraphs = document_tables(documents, judged, is_used, corpora, kinds, groups)
    used = np.array([is_used(t) for some in documents for t in some.texts])
    page_codes = [
        np.where(
            np.array([is_used(t) for t in some.texts])[:, None],
            codes_of(some.texts, corpora, kinds, groups),
            -1,
        )
        for some in material.pages
    ]
    reference = take(
        documents,
        judged,
        material.pages,
        table,
        tuple(kinds.index),
        used,
        page_codes,
        likeness,
        filler.names,
        seed,
    )
    return Base(
        tuple(corpora.index),
        tuple(kinds.index),
        hard,
        np.array([fingerprint(name) for name in groups.index], np.uint64),
        edges,
        roles,
        filler,
        table,
        score[used],
        familiarity[used],
        paragraphs,
        words,
        NO_WORDS,
        likeness,
        reference,
        known_texts(t for some in documents for t in some.texts if is_used(t) and ":" not in t.kind),
        known_texts(held_out),
        np.array(sorted({fingerprint(t.group) for t in held_out}), np.uint64),
    )


def known_texts(texts: Iterable[Labelled]) -> NDArray[np.uint64]:
    """Fingerprint and label of each text; uint64[n, 2]."""
    rows = sorted({(text_fingerprint(t), LABELS.index(t.label)) for t in texts if t.label in LABELS})
    return np.array(rows, np.uint64).reshape(-1, 2)


def with_roles(base: Base, material: Material, *, leave_out: frozenset[str], seed: int = 0) -> Base:
    """The base with its role tables learnt anew, without the page corpora in `leave_out`; all else as it is."""
    barred = {t.group for some in _all(material) for t in some.texts if t.family in leave_out}
    words, edges, roles = _roles(
        material,
        lambda t: t.family not in leave_out and t.group not in barred,
        Names(),
        Names(),
        Names(),
        seed,
    )
    return replace(base, paragraph_words=words, role_edges=edges, roles=roles)


def _all(material: Material) -> list[Some]:
    return [*material.pages, *material.articles, *material.marked]


def _roles(
    material: Material, is_used: Used, corpora: Names, kinds: Names, groups: Names, seed: int
) -> tuple[Floats, tuple[Floats, ...], Table]:
    """Word weights of paragraphs, bin edges, and the table of the role model."""
    pages = [*material.pages, *material.marked]
    names = paragraph_names(ROLE_FAMILIES)
    random = np.random.default_rng(seed)
    scores, sampled, labels, codes, folds, rows = [], [], [], [], [], []
    for some in pages:
        label = np.array([ROLE_NAMES.index(r) if r in ROLE_NAMES else -1 for r in some.roles])
        parent = some.batch.paragraphs.parent
        # spoilt articles would outnumber the pages; only those with furniture teach roles
        teaches = [is_used(t) and (":" not in t.kind or t.kind == "spoilt:navigation") for t in some.texts]
        used = np.array(teaches)[parent] & (label >= 0)
        pick = sample_of_each(parent, used, PAGE_SAMPLE, random)
        code = codes_of(some.texts, corpora, kinds, groups)[parent]
        sampled.append(pick)
        labels.append(label)
        codes.append(code)
        folds.append(code[:, 2] % N_FOLDS)
        rows.append(paragraph_rows(some.batch))
    at = [np.flatnonzero(p) for p in sampled]
    label = np.concatenate([lab[i] for lab, i in zip(labels, at, strict=True)]) == 1
    code = np.concatenate([c[i] for c, i in zip(codes, at, strict=True)])
    page = np.concatenate(
        [k * 1_000_000 + s.batch.paragraphs.parent[i] for k, (s, i) in enumerate(zip(pages, at, strict=True))]
    )
    # a page's blocks weigh as the root of their number
    _, inverse, size = np.unique(page, return_inverse=True, return_counts=True)
    weight = 1.0 / np.sqrt(size[inverse])
    sparse = sparse_rows(rows, at, PARAGRAPH_BITS)
    fold = code[:, 2] % N_FOLDS
    parts = [fit_words(sparse[fold != f], label[fold != f], weight[fold != f], seed) for f in range(N_FOLDS)]
    words = rounded(fit_words(sparse, label, weight, seed))
    matrices = []
    for some, row, page_fold, i in zip(pages, rows, folds, at, strict=True):
        # every page is scored by the weights that have not seen its domain
        by_fold = np.column_stack([row.dot(w) for w in parts])
        score = by_fold[np.arange(row.n), page_fold]
        scores.append(score)
        near = word_score_columns(some.batch, score)
        matrices.append(
            np.column_stack([paragraph_matrix(some.batch, names)[i], *[c[i] for c in near.values()]])
        )
    matrix = np.vstack(matrices)
    all_names = [*names, *word_score_columns(pages[0].batch, scores[0])]
    edges = tuple(_edges(matrix[:, j]) for j in range(matrix.shape[1]))
    bins = np.column_stack([Additive.bins(matrix[:, j], e) for j, e in enumerate(edges)]).astype(np.uint8)
    return words, edges, table_of(all_names, bins, label, weight, code)


def _edges(values: Floats) -> Floats:
    """Distinct quantiles that cut a column into at most `N_BINS` bins; float64[at most N_BINS - 1]."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.zeros(0)
    cut = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1], method="lower"))
    return cut[cut > known.min()]


def _filler(
    material: Material, is_used: Used, corpora: Names, kinds: Names, groups: Names, seed: int
) -> Table:
    """Table of the filler model: marked texts, and paragraphs of sound articles and pages as negatives."""
    random = np.random.default_rng(seed)
    matrices, labels, codes = [], [], []
    names: list[str] = []
    for some in _all(material):
        names = names or evidence.filler_names(some.counted)
        parent = some.batch.paragraphs.parent
        sound = np.array([t.label == "reliable" and t.roles is None for t in some.texts])[parent]
        label = np.array([{"filler": 1, "content": 0, "boilerplate": 0}.get(r, -1) for r in some.roles])
        label = np.where(sound, 0, label)
        used = np.array([is_used(t) for t in some.texts])[parent] & (label >= 0)
        is_page = np.array([t.kind in PAGE_KINDS for t in some.texts])[parent]
        pick = np.flatnonzero(used & (~is_page | sample_of_each(parent, used, PAGE_SAMPLE // 4, random)))
        matrices.append(evidence.filler_terms(some.batch, some.counted, names)[pick].astype(np.float32))
        labels.append(label[pick] == 1)
        codes.append(codes_of(some.texts, corpora, kinds, groups)[parent][pick])
    label, code = np.concatenate(labels), np.concatenate(codes)
    # equal parts for filler and the rest, and within each for every corpus
    weight = balanced(code[:, 0] * 2 + label)
    return table_of(names, np.vstack(matrices), label, weight, code)


def judge(some: Some, roles: Additive, words: Floats, filler: Linear, filler_words: FillerWords) -> Judged:
    """Roles of the paragraphs of some texts by the two role models."""
    bins = roles.bins_of(role_matrix(some.batch, words, roles.names))
    doubt = sigmoid(filler.logit(filler_matrix(some.batch, some.counted, filler_words, filler.names)))
    return Judged(*evidence.roles(some.batch, sigmoid(roles.logit_of_bins(bins)), doubt), bins)


def document_tables(
    documents: Sequence[Some],
    judged: Sequence[Judged],
    is_used: Used,
    corpora: Index,
    kinds: Names,
    groups: Index,
) -> tuple[Table, Table]:
    """Tables of documents, their labels by index in `LABELS`, and of marked paragraphs."""
    matrices, labels, codes = [], [], []
    rows, truths, sources = [], [], []
    names: list[str] = []
    paragraph_names_: list[str] = []
    for some, judgement in zip(documents, judged, strict=True):
        names = names or evidence.document_names(some.counted)
        paragraph_names_ = paragraph_names_ or evidence.paragraph_names(some.counted)
        used = np.array([is_used(t) for t in some.texts])
        code = codes_of(some.texts, corpora, kinds, groups)
        matrices.append(
            evidence.document_terms(some.batch, some.counted, judgement.role, names)[used].astype(np.float32)
        )
        labels.append(np.array([LABELS.index(t.label) for t in some.texts], np.uint8)[used])
        codes.append(code[used])
        parent = some.batch.paragraphs.parent
        marked = used[parent] & (some.roles != None)  # noqa: E711 - element by element
        marked &= some.batch.paragraphs.sum(some.batch.is_word) > 0
        # the article's own logit is put in when the reliability model is known
        zero = np.zeros(some.batch.n_documents)
        rows.append(
            evidence.paragraph_terms(some.batch, some.counted, judgement.chance, zero, paragraph_names_)[
                marked
            ]
        )
        hard = np.isin([r.tier for r in some.counted.rules], "hard")
        struck = np.zeros(some.batch.paragraphs.n, bool)
        struck[some.counted.paragraph[hard[some.counted.rule]]] = True
        truths.append(((some.roles == "content") & ~struck)[marked])
        sources.append(code[parent][marked])
    label, code = np.concatenate(labels), np.concatenate(codes)
    table = table_of(names, np.vstack(matrices), label, mixed(label, code, tuple(kinds.index)), code)
    truth, source = np.concatenate(truths), np.concatenate(sources)
    paragraphs = table_of(
        paragraph_names_, np.vstack(rows).astype(np.float32), truth, balanced(truth), source
    )
    return table, paragraphs


def mixed(
    label: NDArray[np.uint8], code: NDArray[np.int32], kinds: Sequence[str], n_known: int | None = None
) -> Floats:
    """Weights of the stated mix; float64[documents], mean 1 where the label is clear, 0 where it is not.

    `label` is the index in `LABELS`. Every corpus and label weighs 1, every way of spoiling half of that over all
    corpora, and then reliable and unreliable texts are brought to the same total. Rows from `n_known` on are new: a
    corpus and label that only they have weighs less where they are few (`fit.grown`).
    """
    weight = np.zeros(label.size)
    told = np.flatnonzero(label != LABELS.index("unclear"))
    reliable = label[told] == LABELS.index("reliable")
    is_spoilt = np.array([":" in kind for kind in kinds], bool)[code[told, 1]]
    cell = np.where(is_spoilt, -1 - code[told, 1], code[told, 0] * 2 + reliable)
    mix = balanced(cell) * np.where(is_spoilt, 0.5, 1.0)
    if n_known is not None:
        mix *= grown(cell, told >= n_known)
    if reliable.any() and not reliable.all():
        share = mix[reliable].sum() / mix.sum()
        mix *= np.where(reliable, 0.5 / share, 0.5 / (1 - share))
    weight[told] = mix / mix.mean() if mix.size else mix
    return weight


def _likeness(
    documents: Sequence[Some],
    roles: Sequence[Ints],
    others: Sequence[Some],
    is_used: Used,
) -> tuple[Likeness, Floats, Floats]:
    """The likeness learnt from all article corpora, and each document's score and familiarity.

    Those of a document are by models that have not seen its family. The kind of text is learnt from articles
    against `others`, pages that are no articles and texts of other kinds; how steep it is, from scores of articles and
    others by models that had seen neither's family.
    """
    texts = [t for some in [*documents, *others] for t in some.texts]
    content = [(some.batch, role == evidence.CONTENT) for some, role in zip(documents, roles, strict=True)]
    content += [(some.batch, (some.roles == "content") | (some.roles == None)) for some in others]  # noqa: E711
    pairs = [document_rows(batch, chosen) for batch, chosen in content]
    everything = [np.arange(batch.n_documents) for batch, _ in content]
    streams = [sparse_rows([p[k] for p in pairs], everything, DOCUMENT_BITS) for k in (0, 1)]
    n_words = np.concatenate(
        [
            np.bincount(
                batch.paragraphs.parent,
                weights=batch.n_words(batch.paragraphs) * chosen,
                minlength=batch.n_documents,
            )
            for batch, chosen in content
        ]
    )
    family = np.array([t.family for t in texts])
    corpus = np.array([t.corpus for t in texts])
    used = np.array([is_used(t) for t in texts])
    # the own texts teach evidence and roles, not likeness: one manner, machine-written on both sides
    teaches = used & np.array([t.label in ("reliable", "unreliable") and _is_public(t) for t in texts])
    other = used & np.array([t.kind == "other page" for t in texts]) & (n_words >= N_WORDS_OF_KIND)
    label = np.array([t.label == "reliable" for t in texts])
    groups = np.array([t.group for t in texts])
    families, other_families = (sorted(set(family[which])) for which in (teaches, other))

    def fitted(train: Bools, against: Bools) -> Likeness:
        likeness = fit_likeness(streams, label, corpus, train)
        at = np.flatnonzero(train | against)
        rows = tf_idf(streams[1][at], likeness.masked_idf)
        kind, intercept = fit_kind(rows, train[at], corpus[at])
        return replace(likeness, kind=kind, kind_intercept=intercept)

    parts = np.full((len(texts), 3), np.nan)
    for k, held in enumerate(families):
        # with every family of articles one of the others is left out as well, in turn
        held_too = other_families[k % len(other_families) :: len(families)]
        of_family, of_other = family == held, np.isin(family, held_too)
        train = teaches & ~of_family & ~np.isin(groups, groups[of_family])
        model = fitted(train, other & ~of_other)
        for which in (of_family, of_other & other):
            parts[which] = likeness_parts(model, streams, which)
            parts[which, 2] += model.kind_intercept
    whole = fitted(teaches, other)
    rest = np.isnan(parts[:, 0])
    parts[rest] = likeness_parts(whole, streams, rest)
    parts[rest, 2] += whole.kind_intercept
    # spread within a corpus of the out-of-family scores: what the parts are worth on unseen sources
    public = np.flatnonzero(teaches)
    spreads: Floats = np.array(
        [
            np.mean([parts[public[corpus[public] == c], k].std() for c in sorted(set(corpus[public]))])
            for k in range(2)
        ]
    )
    whole = replace(whole, spreads=spreads)
    score = whole.blend(parts[:, 0], parts[:, 1])
    slope, offset = platt(score[public], label[public], balanced_cells(corpus[public], label[public]))
    both = np.flatnonzero(teaches | other)
    steep, shift = platt(parts[both, 2], teaches[both], kind_weights(teaches[both], corpus[both]))
    whole = replace(
        whole,
        kind=rounded(whole.kind * steep),
        kind_intercept=whole.kind_intercept * steep + shift,
        scale=slope,
        centre=-offset / slope,
    )
    familiarity = whole.familiarity(parts[:, 2] * steep + shift - whole.kind_intercept)
    n = sum(some.batch.n_documents for some in documents)
    return whole, score[:n], familiarity[:n]


def _is_public(text: Labelled) -> bool:
    return text.roles is None and ":" not in text.kind
