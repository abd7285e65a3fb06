"""From labelled texts to the numbers that training reads.

`Material` holds the columns of all texts. `build` learns the encoders (weights of hashed n-grams, the
style part) and gives a `Base`: matrices, labels, corpora and groups, no text.

Word scores and likeness in the base are out of sample: of paragraphs by folds of domains, of
documents from encoders that have not seen their corpus family. A model that is to be measured on a
family is trained on a base built with that family left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import quality.features  # noqa: F401 - declares the features
from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.features.ngrams import DOCUMENT_BITS, PARAGRAPH_BITS, Rows, document_rows, paragraph_rows
from quality.features.officials import find_officials
from quality.learn.base import Base, sound_rows
from quality.learn.corpora import Labelled
from quality.learn.fit import Table, balanced, fit_filler, fit_roles
from quality.model import (
    Additive,
    Likeness,
    Linear,
    rounded,
    sigmoid,
)
from quality.registry import FEATURES, Counted, count, paragraph_matrix, paragraph_names
from quality.scorer import word_score_columns
from quality.text import Batch

# Paragraphs of a page that training reads at most: long pages would drown the others.
PAGE_SAMPLE = 40
# Bins of a feature in the role model.
N_BINS = 48
# Families of features that the role model reads.
ROLE_FAMILIES = ("surface", "boilerplate")
# Folds of domains for the word score.
N_FOLDS = 3

# Rates of a document that are no part of the likeness: length, and how a text was stored.
FORMAT_FEATURES = ("log_n_words", "non_ascii_share", "marks_per_word")
ROLE_NAMES = ("content", "boilerplate")


Used = Callable[[Labelled], bool]


@dataclass(frozen=True)
class Some:
    """Columns of one batch of labelled texts."""

    texts: tuple[Labelled, ...]
    batch: Batch
    counted: Counted
    roles: NDArray[np.object_]


def columns_of(texts: Iterable[Labelled], size: int = 500_000) -> list[Some]:
    """Batches of texts with their findings; `size` in characters. Labels that do not line up are refused.

    Raises ValueError naming the text whose number of role labels is not its number of paragraphs.
    """
    found: list[Some] = []
    waiting: list[Labelled] = []
    length = 0
    for text in [*texts, None]:
        more = 0 if text is None else len(text.text) + sum(map(len, text.paragraphs or ()))
        if waiting and (text is None or length + more > size):
            found.append(_some(waiting))
            waiting, length = [], 0
        if text is not None:
            waiting.append(text)
            length += more
    return found


def _some(texts: Sequence[Labelled]) -> Some:
    batch = Batch.of([t.text for t in texts], [t.paragraphs for t in texts])
    officials = find_officials(batch, [t.date for t in texts])
    n_paragraphs = np.bincount(batch.paragraphs.parent, minlength=len(texts))
    roles: list[str | None] = []
    for text, n in zip(texts, n_paragraphs.tolist(), strict=True):
        if text.roles is not None and len(text.roles) != n:
            raise ValueError(
                f"{text.id}: {len(text.roles)} paragraph labels for {n} paragraphs; label each one"
            )
        roles += text.roles if text.roles is not None else (None,) * n
    return Some(tuple(texts), batch, count(batch, told=officials.findings), np.array(roles, dtype=object))


@dataclass(frozen=True)
class Material:
    """All labelled texts as columns: pages and marked texts for roles, documents for reliability."""

    pages: list[Some]
    articles: list[Some]
    marked: list[Some]


class Names:
    """Indices for names, given out in order of appearance."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        """Index of a name, a new one where it is new."""
        return self.index.setdefault(name, len(self.index))


def style_names() -> tuple[str, ...]:
    """Rates of a document that the style part of the likeness is linear in."""
    families = ("surface", "readability")
    chosen = (f for f in FEATURES.values() if f.of == "both" and f.family in families)
    return tuple(f.name for f in chosen if f.name not in FORMAT_FEATURES)


def build(material: Material, *, leave_out: frozenset[str] = frozenset(), seed: int = 0) -> Base:
    """Learn the encoders and collect the tables, without the corpus families in `leave_out`.

    Documents whose group or page whose domain also occurs in a family left out are left out with it.
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
    chosen = [_role_of(some, role_model, words, filler_model) for some in documents]
    likeness, score = _likeness(documents, [role for _, role in chosen], is_used, leave_out)
    table, paragraphs = _documents(documents, chosen, is_used, corpora, kinds, groups)
    used = np.array([is_used(t) for some in documents for t in some.texts])
    return Base(
        tuple(corpora.index),
        tuple(kinds.index),
        hard,
        len(groups.index),
        edges,
        roles,
        filler,
        table,
        score[used],
        paragraphs,
        words,
        likeness,
    )


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


def _codes(texts: Sequence[Labelled], corpora: Names, kinds: Names, groups: Names) -> NDArray[np.int32]:
    """Corpus, kind and group of each text; int32[texts, 3]."""
    rows = [(corpora(t.corpus), kinds(t.kind), groups(t.group)) for t in texts]
    return np.array(rows, np.int32).reshape(-1, 3)


def _table(
    names: Sequence[str], matrix: NDArray[Any], label: Bools, weight: Floats, codes: NDArray[np.int32]
) -> Table:
    return Table(
        tuple(names),
        matrix,
        label.astype(np.uint8),
        weight.astype(np.float32),
        codes[:, 0],
        codes[:, 1],
        codes[:, 2],
    )


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
        pick = _sample(parent, used, PAGE_SAMPLE, random)
        code = _codes(some.texts, corpora, kinds, groups)[parent]
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
    sparse = _sparse(rows, at, PARAGRAPH_BITS)
    fold = code[:, 2] % N_FOLDS
    parts = [_fit_words(sparse[fold != f], label[fold != f], weight[fold != f], seed) for f in range(N_FOLDS)]
    words = rounded(_fit_words(sparse, label, weight, seed))
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
    return words, edges, _table(all_names, bins, label, weight, code)


def _sample(parent: Ints, used: Bools, most: int, random: np.random.Generator) -> Bools:
    """At most `most` of the used paragraphs of each page, at random; bool[paragraphs]."""
    order = np.lexsort((random.random(parent.size), ~used, parent))
    start = np.searchsorted(parent[order], parent[order])
    rank = np.empty(parent.size, np.int64)
    rank[order] = np.arange(parent.size) - start
    return used & (rank < most)


def _edges(values: Floats) -> Floats:
    """Distinct quantiles that cut a column into at most `N_BINS` bins; float64[at most N_BINS - 1]."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.zeros(0)
    cut = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1], method="lower"))
    return cut[cut > known.min()]


def _sparse(rows: Sequence[Rows], at: Sequence[Ints], bits: int) -> Any:
    """Chosen rows of several batches as one sparse matrix; float64 csr."""
    from scipy import sparse

    parts = [
        sparse.csr_matrix((r.value, (r.text, r.bucket)), shape=(r.n, 1 << bits))[i]
        for r, i in zip(rows, at, strict=True)
    ]
    return sparse.vstack(parts).tocsr()


def _fit_words(matrix: Any, label: Bools, weight: Floats, seed: int) -> Floats:
    """Weights of hashed words for boilerplate; float64[buckets]."""
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=5, tol=None, average=True, random_state=seed)
    model.fit(matrix, label, sample_weight=weight / weight.mean())
    return np.asarray(model.coef_[0], np.float64)


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
        is_page = np.array([t.kind == "page" for t in some.texts])[parent]
        pick = np.flatnonzero(used & (~is_page | _sample(parent, used, PAGE_SAMPLE // 4, random)))
        matrices.append(evidence.filler_terms(some.batch, some.counted, names)[pick].astype(np.float32))
        labels.append(label[pick] == 1)
        codes.append(_codes(some.texts, corpora, kinds, groups)[parent][pick])
    label, code = np.concatenate(labels), np.concatenate(codes)
    # equal parts for filler and the rest, and within each for every corpus
    weight = balanced(code[:, 0] * 2 + label)
    return _table(names, np.vstack(matrices), label, weight, code)


def _role_of(some: Some, roles: Additive, words: Floats, filler: Linear) -> tuple[Floats, Ints]:
    from quality.scorer import role_matrix

    boilerplate = sigmoid(roles.logit(role_matrix(some.batch, words, roles.names)))
    doubt = sigmoid(filler.logit(evidence.filler_terms(some.batch, some.counted, filler.names)))
    return evidence.roles(some.batch, boilerplate, doubt)


def _documents(
    documents: Sequence[Some],
    chosen: Sequence[tuple[Floats, Ints]],
    is_used: Used,
    corpora: Names,
    kinds: Names,
    groups: Names,
) -> tuple[Table, Table]:
    """Tables of documents and of marked paragraphs."""
    matrices, labels, codes = [], [], []
    rows, truths, sources = [], [], []
    names: list[str] = []
    paragraph_names_: list[str] = []
    for some, (chance, role) in zip(documents, chosen, strict=True):
        names = names or evidence.document_names(some.counted)
        paragraph_names_ = paragraph_names_ or evidence.paragraph_names(some.counted)
        used = np.array([is_used(t) for t in some.texts])
        code = _codes(some.texts, corpora, kinds, groups)
        matrices.append(
            evidence.document_terms(some.batch, some.counted, role, names)[used].astype(np.float32)
        )
        labels.append(np.array([t.label == "reliable" for t in some.texts])[used])
        codes.append(code[used])
        parent = some.batch.paragraphs.parent
        judged = used[parent] & (some.roles != None)  # noqa: E711 - element by element
        judged &= some.batch.paragraphs.sum(some.batch.is_word) > 0
        # the article's own logit is put in when the reliability model is known
        zero = np.zeros(some.batch.n_documents)
        rows.append(
            evidence.paragraph_terms(some.batch, some.counted, chance, zero, paragraph_names_)[judged]
        )
        hard = np.isin([r.tier for r in some.counted.rules], "hard")
        struck = np.zeros(some.batch.paragraphs.n, bool)
        struck[some.counted.paragraph[hard[some.counted.rule]]] = True
        truths.append(((some.roles == "content") & ~struck)[judged])
        sources.append(code[parent][judged])
    label, code = np.concatenate(labels), np.concatenate(codes)
    table = _table(names, np.vstack(matrices), label, _mixed(label, code, tuple(kinds.index)), code)
    truth, source = np.concatenate(truths), np.concatenate(sources)
    paragraphs = _table(paragraph_names_, np.vstack(rows).astype(np.float32), truth, balanced(truth), source)
    return table, paragraphs


def _mixed(label: Bools, code: NDArray[np.int32], kinds: Sequence[str]) -> Floats:
    """Weights of the stated mix; float64[documents], mean 1.

    Every corpus and label weighs 1, every way of spoiling half of that over all corpora, and then
    reliable and unreliable texts are brought to the same total.
    """
    is_spoilt = np.array([":" in kind for kind in kinds], bool)[code[:, 1]]
    cell = np.where(is_spoilt, -1 - code[:, 1], code[:, 0] * 2 + label)
    weight = balanced(cell) * np.where(is_spoilt, 0.5, 1.0)
    share = weight[label].sum() / weight.sum()
    weight *= np.where(label, 0.5 / share, 0.5 / (1 - share))
    return weight / weight.mean()


def _likeness(
    documents: Sequence[Some], roles: Sequence[Ints], is_used: Used, leave_out: frozenset[str]
) -> tuple[Likeness, Floats]:
    """The likeness learnt from all article corpora, and each document's score by one that has not seen its family."""
    texts = [t for some in documents for t in some.texts]
    names = style_names()
    content = [(some.batch, role == evidence.CONTENT) for some, role in zip(documents, roles, strict=True)]
    pairs = [document_rows(batch, chosen) for batch, chosen in content]
    style = np.vstack([evidence.content_style(batch, chosen, names) for batch, chosen in content])
    everything = [np.arange(some.batch.n_documents) for some in documents]
    streams = [_sparse([p[k] for p in pairs], everything, DOCUMENT_BITS) for k in (0, 1)]
    family = np.array([t.family for t in texts])
    corpus = np.array([t.corpus for t in texts])
    # the own texts teach evidence and roles, not likeness: one manner, machine-written on both sides
    teaches = np.array(
        [is_used(t) and t.label in ("reliable", "unreliable") and _is_public(t) for t in texts]
    )
    label = np.array([t.label == "reliable" for t in texts])
    groups = np.array([t.group for t in texts])
    parts = np.full((len(texts), 3), np.nan)
    for held in sorted(set(family[teaches])):
        of_family = family == held
        train = teaches & ~of_family & ~np.isin(groups, groups[of_family])
        fitted = _fit_likeness(streams, style, names, label, corpus, train)
        parts[of_family] = _parts(fitted, streams, style, of_family)
    whole = _fit_likeness(streams, style, names, label, corpus, teaches)
    rest = np.isnan(parts[:, 0])
    parts[rest] = _parts(whole, streams, style, rest)
    # spread within a corpus of the out-of-family scores: what the parts are worth on unseen sources
    public = np.flatnonzero(teaches)
    spreads: Floats = np.array(
        [
            np.mean([parts[public[corpus[public] == c], k].std() for c in sorted(set(corpus[public]))])
            for k in range(3)
        ]
    )
    whole = replace(whole, spreads=spreads)
    score = whole.blend(parts[:, 0], parts[:, 1], parts[:, 2])
    slope, offset = _platt(score[public], label[public], _balanced_text(corpus[public], label[public]))
    return replace(whole, scale=slope, centre=-offset / slope), score


def _is_public(text: Labelled) -> bool:
    return text.roles is None and ":" not in text.kind


def _balanced_text(corpus: NDArray[Any], label: Bools) -> Floats:
    return balanced(np.unique(corpus, return_inverse=True)[1] * 2 + label)


def _platt(score: Floats, label: Bools, weight: Floats) -> tuple[float, float]:
    """Slope and offset of the logistic curve through some scores."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e4).fit(score[:, None], label, sample_weight=weight)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _fit_likeness(
    streams: Sequence[Any],
    style: Floats,
    names: Sequence[str],
    label: Bools,
    corpus: NDArray[Any],
    train: Bools,
) -> Likeness:
    """Three linear models with one free intercept for each corpus, all corpora and labels weighing the same."""
    at = np.flatnonzero(train)
    weight = _balanced_text(corpus[at], label[at])
    weights, idfs = [], []
    for stream in streams:
        rows = stream[at]
        document_frequency = np.bincount(rows.indices, minlength=rows.shape[1])
        idf: Floats = (
            (np.log((1 + at.size) / (1 + document_frequency)) + 1).astype(np.float16).astype(np.float64)
        )
        # lam 3e-5 on the weighted mean loss: best on families left out in ../shared/notes/transfer.md
        weights.append(rounded(_fit_logistic(_tf_idf(rows, idf), label[at], corpus[at], weight, 3e-5)))
        idfs.append(idf)
    mean = np.nanmean(style[at], axis=0)
    spread = np.nanstd(style[at], axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = np.nan_to_num(np.clip((style[at] - mean) / spread, -3, 3))
    from scipy import sparse

    style_weights = _fit_logistic(sparse.csr_matrix(scaled), label[at], corpus[at], weight, 1e-2)
    return Likeness(
        weights[0], idfs[0], weights[1], idfs[1], Linear(tuple(names), style_weights, 0.0),
        mean, spread, np.ones(3), 0.0, 1.0,
    )  # fmt: skip


def _tf_idf(rows: Any, idf: Floats) -> Any:
    """As `features.ngrams.weighted`, for a sparse matrix."""
    from scipy import sparse

    value = (1.0 + np.log(rows.data)) * idf[rows.indices]
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    norm = np.sqrt(np.bincount(owner, weights=value * value, minlength=rows.shape[0]))
    return sparse.csr_matrix(
        (value / np.where(norm > 0, norm, 1)[owner], rows.indices, rows.indptr), rows.shape
    )


def _fit_logistic(matrix: Any, label: Bools, corpus: NDArray[Any], weight: Floats, lam: float) -> Floats:
    """Logistic regression with an all but free intercept for each corpus; float64[columns]."""
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    code = np.unique(corpus, return_inverse=True)[1]
    # a column of 30s instead of 1s makes the penalty on an intercept 900 times smaller
    dummies = sparse.csr_matrix((np.full(code.size, 30.0), (np.arange(code.size), code)))
    whole = sparse.hstack([matrix, dummies]).tocsr()
    model = LogisticRegression(C=1.0 / (lam * code.size), max_iter=40, fit_intercept=False, tol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # stopped at 40 steps on purpose: early stopping is part of the recipe
        model.fit(whole, label, sample_weight=weight)
    return np.asarray(model.coef_[0, : matrix.shape[1]], np.float64)


def _parts(likeness: Likeness, streams: Sequence[Any], style: Floats, which: Bools) -> Floats:
    """The three scores of some documents; float64[k, 3]."""
    at = np.flatnonzero(which)
    words = _tf_idf(streams[0][at], likeness.words_idf) @ likeness.words
    masked = _tf_idf(streams[1][at], likeness.masked_idf) @ likeness.masked
    return np.column_stack([words, masked, likeness.style_score(style[at])])
