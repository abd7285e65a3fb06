"""From labelled texts to the numbers that training reads.

`Material` holds the columns of all texts. `build` learns the encoders (weights of hashed n-grams)
and gives a `Base`: matrices, labels, corpora and groups, no text.

Word scores and likeness in the base are out of sample: of paragraphs by folds of domains, of
documents from encoders that have not seen their corpus family. A model that is to be measured on a
family is trained on a base built with that family left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

import quality.features  # noqa: F401 - declares the features
from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.features.ngrams import DOCUMENT_BITS, PARAGRAPH_BITS, Rows, document_rows, paragraph_rows
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
from quality.learn.fit import Table, balanced, fit_boilerplate, fit_filler, fit_trees, grown
from quality.learn.reference import JudgedParagraphs, take
from quality.matrices import (
    WORD_SCORE,
    WORD_SCORE_AROUND,
    filler_matrix,
    first_look_matrix,
    role_matrix,
    second_look_matrix,
)
from quality.model import FirstLook, Likeness, Linear, rounded, sigmoid
from quality.registry import FEATURES, around_names, paragraph_names
from quality.second_look import AROUND, FIRST_LOOK, PAGE_NAMES
from quality.trees import Trees, bins

# Paragraphs of a page that training reads at most: long pages would drown the others.
PAGE_SAMPLE = 40
# Bins of a column in the role models.
N_BINS = 32
# Families of features that the first look reads.
ROLE_FAMILIES = ("surface", "boilerplate")
# Features that tell of the place on the page rather than the paragraph: the second look, which knows the page from the
# first, learns the corpus by them (../shared/notes/boilerplate.md). How much of the page is prose it may know: that
# tells articles from lists, threads and goods (docs/results.md).
PAGE_FEATURES = (
    *(
        "paragraphs_before",
        "paragraphs_after",
        "relative_position",
        "page_n_paragraphs",
        "words_before_share",
    ),
    *("distance_to_long_above", "distance_to_long_below", "is_long", "short_run_length"),
)
# Folds of domains for the word score.
N_FOLDS = 3

# Words of content from which a text of another kind tells of it, as many as the shortest articles have.
N_WORDS_OF_KIND = 60
ROLE_NAMES = ("content", "boilerplate")
PAGE_KINDS = ("page", "other page")


Used = Callable[[Labelled], bool]
Edges = tuple[NDArray[np.float32], ...]


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
    first, edges, roles = _roles(material, is_used, corpora, kinds, groups, seed)
    filler = _filler(material, is_used, corpora, kinds, groups, seed)

    role_model, filler_model = (
        fit_boilerplate(roles, edges, seed),
        fit_filler(filler, sound_rows(filler, kinds.index), hard),
    )
    documents = [*material.articles, *material.marked]
    terms = [filler_matrix(s.batch, s.counted, NO_WORDS, filler_model.names) for s in documents]
    judged = [judge(*pair, first, role_model, filler_model) for pair in zip(documents, terms, strict=True)]
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
        first,
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
    first, edges, roles = _roles(
        material,
        lambda t: t.family not in leave_out and t.group not in barred,
        Names(),
        Names(),
        Names(),
        seed,
    )
    return replace(base, first_look=first, role_edges=edges, roles=roles)


def _all(material: Material) -> list[Some]:
    return [*material.pages, *material.articles, *material.marked]


@dataclass(frozen=True)
class _Paragraphs:
    """Labelled paragraphs of one batch that teach roles: which, their labels, codes int32[k, 3], word rows."""

    some: Some
    at: Ints
    label: Bools
    code: NDArray[np.int32]
    rows: Rows
    fold: NDArray[np.int32]

    def rows_of(self, matrix: Floats, edges: Edges) -> NDArray[np.uint8]:
        """Bins of the chosen rows of a matrix of all paragraphs; uint8[k, columns]."""
        return np.column_stack([bins(matrix[self.at, j], e) for j, e in enumerate(edges)])


def _roles(
    material: Material, is_used: Used, corpora: Names, kinds: Names, groups: Names, seed: int
) -> tuple[FirstLook, Edges, Table]:
    """The first look, and bin edges and table of the second one.

    What the second look is learnt from is said by words and trees that have not seen the paragraph's domain.
    """
    pages = _teaching(material, is_used, corpora, kinds, groups, seed)
    label = np.concatenate([p.label for p in pages])
    code = np.concatenate([p.code for p in pages])
    page = np.concatenate([k * 1_000_000 + p.some.batch.paragraphs.parent[p.at] for k, p in enumerate(pages)])
    # a page's blocks weigh as the root of their number
    _, inverse, size = np.unique(page, return_inverse=True, return_counts=True)
    weight = 1.0 / np.sqrt(size[inverse])
    fold = code[:, 2] % N_FOLDS
    words, scores = _paragraph_words(pages, label, weight, fold, seed)
    weight = _with_corpora(weight, code, tuple(kinds.index))
    names = [*paragraph_names(ROLE_FAMILIES), *around_names(WORD_SCORE, WORD_SCORE_AROUND)]
    matrices = [first_look_matrix(p.some.batch, score, names) for p, score in zip(pages, scores, strict=True)]
    edges = _all_edges([m[p.at] for m, p in zip(matrices, pages, strict=True)])
    rows = np.vstack([p.rows_of(m, edges) for m, p in zip(matrices, pages, strict=True)])
    table = table_of(names, rows, label, weight, code)
    first = fit_trees(table, edges, seed)
    by_fold = [fit_trees(_where(table, fold != f), edges, seed) for f in range(N_FOLDS)]
    names = second_look_names()
    seen = []
    for p, score, matrix in zip(pages, scores, matrices, strict=True):
        said = np.empty(score.size)
        for f in np.unique(p.fold).tolist():
            said[p.fold == f] = by_fold[f].logit(matrix[p.fold == f])
        seen.append(second_look_matrix(p.some.batch, score, said, names))
    edges = _all_edges([m[p.at] for m, p in zip(seen, pages, strict=True)])
    rows = np.vstack([p.rows_of(m, edges) for m, p in zip(seen, pages, strict=True)])
    return FirstLook(words, first), edges, table_of(names, rows, label, weight, code)


def second_look_names() -> list[str]:
    """Columns of the second look: what is measured of a paragraph itself, its word score, and the page at first sight."""
    chosen = (FEATURES[n] for n in paragraph_names(ROLE_FAMILIES) if n in FEATURES)
    own = [f.name for f in chosen if f.name not in PAGE_FEATURES]
    return [*own, WORD_SCORE, *around_names(FIRST_LOOK, AROUND), *PAGE_NAMES]


def _teaching(
    material: Material, is_used: Used, corpora: Names, kinds: Names, groups: Names, seed: int
) -> list[_Paragraphs]:
    """The paragraphs that teach roles, by batch."""
    random = np.random.default_rng(seed)
    found = []
    for some in [*material.pages, *material.marked]:
        label = np.array([ROLE_NAMES.index(r) if r in ROLE_NAMES else -1 for r in some.roles])
        parent = some.batch.paragraphs.parent
        # spoilt articles would outnumber the pages; only those with furniture teach roles
        teaches = [is_used(t) and (":" not in t.kind or t.kind == "spoilt:navigation") for t in some.texts]
        used = np.array(teaches)[parent] & (label >= 0)
        at = np.flatnonzero(sample_of_each(parent, used, PAGE_SAMPLE, random))
        code = codes_of(some.texts, corpora, kinds, groups)[parent]
        found.append(
            _Paragraphs(some, at, label[at] == 1, code[at], paragraph_rows(some.batch), code[:, 2] % N_FOLDS)
        )
    return found


def _with_corpora(weight: Floats, code: NDArray[np.int32], kinds: Sequence[str]) -> Floats:
    """Weights of paragraphs under which a corpus weighs as the root of what it did; float64[n], none less than before.

    Articles spoilt on purpose are one corpus.
    """
    is_spoilt = np.array([":" in kind for kind in kinds], bool)[code[:, 1]]
    _, inverse = np.unique(np.where(is_spoilt, -1, code[:, 0]), return_inverse=True)
    whole = np.bincount(inverse, weights=weight)
    return weight * np.sqrt(whole.max() / whole)[inverse]


def _paragraph_words(
    pages: Sequence[_Paragraphs], label: Bools, weight: Floats, fold: NDArray[np.int32], seed: int
) -> tuple[Floats, list[Floats]]:
    """Word weights of paragraphs, and for each batch the scores by weights that have not seen the domain."""
    sparse = sparse_rows([p.rows for p in pages], [p.at for p in pages], PARAGRAPH_BITS)
    parts = [fit_words(sparse[fold != f], label[fold != f], weight[fold != f], seed) for f in range(N_FOLDS)]
    words = rounded(fit_words(sparse, label, weight, seed))
    scores = []
    for p in pages:
        by_fold = np.column_stack([p.rows.dot(w) for w in parts])
        scores.append(by_fold[np.arange(p.rows.n), p.fold])
    return words, scores


def _where(table: Table, chosen: Bools) -> Table:
    """Some rows of a table."""
    parts = {f.name: getattr(table, f.name)[chosen] for f in fields(Table) if f.name != "names"}
    return Table(table.names, **parts)


def _all_edges(matrices: Sequence[Floats]) -> Edges:
    """Edges of every column of the rows of some matrices."""
    whole = np.vstack(matrices)
    return tuple(_edges(whole[:, j]) for j in range(whole.shape[1]))


def _edges(values: Floats) -> NDArray[np.float32]:
    """Distinct quantiles that cut a column into at most `N_BINS` bins; float32[at most N_BINS - 1]."""
    known = values[np.isfinite(values)].astype(np.float32)
    if not known.size:
        return np.zeros(0, np.float32)
    cut = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1], method="lower"))
    return np.asarray(cut[cut > known.min()], np.float32)


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
        label = filler_label(some)
        used = np.array([is_used(t) for t in some.texts])[parent] & (label >= 0)
        is_page = np.array([t.kind in PAGE_KINDS for t in some.texts])[parent]
        pick = np.flatnonzero(used & (~is_page | sample_of_each(parent, used, PAGE_SAMPLE // 4, random)))
        matrices.append(evidence.filler_terms(some.batch, some.counted, names)[pick].astype(np.float32))
        labels.append(label[pick] == 1)
        codes.append(codes_of(some.texts, corpora, kinds, groups)[parent][pick])
    is_filler, code = np.concatenate(labels), np.concatenate(codes)
    # equal parts for filler and the rest, and within each for every corpus
    weight = balanced(code[:, 0] * 2 + is_filler)
    return table_of(names, np.vstack(matrices), is_filler, weight, code)


def filler_label(some: Some) -> NDArray[np.int8]:
    """1 for filler, 0 for what is none, -1 where nobody said; int8[paragraphs].

    Headings of a template count as filler, as what stands below them: annotators call them furniture as often.
    """
    parent = some.batch.paragraphs.parent
    sound = np.array([t.label == "reliable" and t.roles is None for t in some.texts], bool)[parent]
    label = np.array([{"filler": 1, "content": 0, "boilerplate": 0}.get(r, -1) for r in some.roles], np.int8)
    label[(some.counted.covered(some.batch, "filler.heading") > 0) & (some.roles == "boilerplate")] = 1
    return np.where(sound, np.int8(0), label)


def judge(
    some: Some, filler_terms: Floats, first: FirstLook, second: Trees, filler: Linear
) -> JudgedParagraphs:
    """Roles of the paragraphs of some texts by the role models; `filler_terms` are the columns of the filler model."""
    rows = second.bins(role_matrix(some.batch, first, second.names))
    logit, added = second.logit_of(rows), evidence.cued(some.batch, some.counted)
    added = added + evidence.beside_furniture(some.batch, logit + added)
    boilerplate, doubt = sigmoid(logit + added), sigmoid(filler.logit(filler_terms))
    return JudgedParagraphs(*evidence.roles(some.batch, boilerplate, doubt), added, rows.T)


def document_tables(
    documents: Sequence[Some],
    judged: Sequence[JudgedParagraphs],
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
