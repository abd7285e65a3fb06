"""The reference set: a sample of the base's documents, so that models can be compared and new words weighed.

It holds what the tables leave out: rows of hashed n-grams of some documents and of all their paragraphs, and of
some paragraphs of web pages. Every second n-gram is left out at random, and the order of all is lost, so that no
text can be put together again; sums over the rest are doubled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.features.ngrams import DOCUMENT_BITS, PARAGRAPH_BITS, document_rows, paragraph_rows
from quality.learn.columns import Some, sample_of_each
from quality.learn.encoders import sparse_rows, tf_idf
from quality.learn.fit import Table
from quality.model import Likeness
from quality.report import ROLES

# Documents of a kind in a corpus, at most: as published, made or own, and spoilt on purpose. So many that the sound
# ones have some 4,000 paragraphs, from which a rate of 1 in 1,000 can be read, and the base stays under 10 MB.
N_DOCUMENTS, N_SPOILT = 50, 4
# Web pages of a corpus, and paragraphs of each.
N_PAGES, N_PAGE_PARAGRAPHS = 120, 4


@dataclass(frozen=True)
class Halves:
    """Sparse rows with every second entry left out: `start` int64[n + 1], bucket gaps uint32, values float16."""

    start: Ints
    gap: NDArray[np.uint32]
    value: NDArray[np.float16]

    @classmethod
    def of(cls, matrix: Any, random: np.random.Generator) -> Halves:
        """Half of the entries of a sparse matrix, at random."""
        matrix = matrix.tocsr()
        matrix.sort_indices()
        kept = random.random(matrix.nnz) < 0.5
        owner = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[kept]
        start = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=matrix.shape[0]))))
        bucket = matrix.indices[kept].astype(np.int64)
        gap = np.diff(bucket, prepend=0)
        first = start[:-1][np.diff(start) > 0]
        gap[first] = bucket[first]
        return cls(start.astype(np.int64), gap.astype(np.uint32), matrix.data[kept].astype(np.float16))

    def matrix(self, bits: int, scale: Floats | None = None) -> Any:
        """The rows as a sparse matrix, sums over them twice what was kept; `scale` float64[buckets]; csr."""
        from scipy import sparse

        running = np.cumsum(self.gap.astype(np.int64))
        owner = np.repeat(np.arange(self.start.size - 1), np.diff(self.start))
        before = np.concatenate(([0], running))[self.start[:-1]]
        bucket = running - before[owner]
        value = 2.0 * self.value.astype(np.float64)
        if scale is not None:
            value *= scale[bucket]
        return sparse.csr_matrix((value, bucket, self.start), shape=(self.start.size - 1, 1 << bits))


@dataclass(frozen=True)
class Reference:
    """Documents of the sample and their paragraphs.

    Of documents: `row` int32[d] in the base's table of documents, `teaches` bool[d] those that the likeness was
    learnt from, `words` and `masked` their n-grams without idf. Of paragraphs (`document` int32[p], -1 for those
    of web pages, which come last): `n_words`, `terms` float32[p, filler terms], `label`
    int8[p], the index in `ROLES` of what somebody said it is (-1 unknown), `sound` bool[p] of reliable articles as
    published, `corpus` and `group` int32[p], `rows` their n-grams. Of paragraphs of documents alone: `bins` uint8[q,
    features of the role model], `added` float32[q], what cues and neighbours add to their log odds of furniture (neighbours as the base saw them), `copied` float32[q], the chance of being a copy, and `findings` uint8[q, rules], how often each
    rule of the documents' terms fired.
    """

    row: NDArray[np.int32]
    teaches: Bools
    words: Halves
    masked: Halves
    document: NDArray[np.int32]
    n_words: NDArray[np.int32]
    terms: NDArray[np.float32]
    label: NDArray[np.int8]
    sound: Bools
    corpus: NDArray[np.int32]
    group: NDArray[np.int32]
    rows: Halves
    bins: NDArray[np.uint8]
    added: NDArray[np.float32]
    copied: NDArray[np.float32]
    findings: NDArray[np.uint8]

    @property
    def honest(self) -> Bools:
        """Paragraphs that are no filler: somebody said so, or they are of a reliable article; bool[p]."""
        marked = (self.label == evidence.CONTENT) | (self.label == evidence.BOILERPLATE)
        return marked | self.sound

    def streams(self, likeness: Likeness) -> tuple[Any, Any]:
        """Rows of the documents with the idf of a likeness; two csr [d, buckets]."""
        return (
            self.words.matrix(DOCUMENT_BITS, likeness.words_idf),
            self.masked.matrix(DOCUMENT_BITS, likeness.masked_idf),
        )

    def paragraph_matrix(self) -> Any:
        """Rows of the paragraphs; csr [p, buckets]."""
        return self.rows.matrix(PARAGRAPH_BITS)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by the name they are stored under."""
        found: dict[str, NDArray[Any]] = {}
        for field in fields(self):
            part = getattr(self, field.name)
            if isinstance(part, Halves):
                found |= {f"{field.name}_{f.name}": getattr(part, f.name) for f in fields(Halves)}
            else:
                found[field.name] = part
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Reference:
        """The reference that `arrays` stored. Raises KeyError where one is missing."""
        parts: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in arrays:
                parts[field.name] = arrays[field.name]
            else:
                parts[field.name] = Halves(*(arrays[f"{field.name}_{f.name}"] for f in fields(Halves)))
        return cls(**parts)


@dataclass(frozen=True)
class JudgedParagraphs:
    """What the role models say of the paragraphs of some texts; float64[p, roles], int64[p].

    `added` float64[p] is what cues and neighbours add to their log odds of furniture, `bins` uint8[p, features] the bins of the role
    model's features.
    """

    chance: Floats
    role: Ints
    added: Floats
    bins: NDArray[np.uint8]


def take(
    documents: Sequence[Some],
    judged: Sequence[JudgedParagraphs],
    pages: Sequence[Some],
    table: Table,
    kinds: Sequence[str],
    used: Bools,
    page_codes: Sequence[NDArray[np.int32]],
    likeness: Likeness,
    names: Sequence[str],
    seed: int,
) -> Reference:
    """A sample of the `used` documents (bool[documents], the rows of `table`) and of pages with codes not negative."""
    random = np.random.default_rng(seed)
    chosen = _some_of_each(table, kinds, random)
    row_of = np.full(used.size, -1)
    row_of[used] = np.arange(int(used.sum()))
    place = {int(row): d for d, row in enumerate(chosen.tolist())}
    streams: tuple[list[Any], list[Any]] = ([], [])
    parts: list[dict[str, NDArray[Any]]] = []
    rows, bins, added, copied, findings = [], [], [], [], []
    offset = 0
    for some, judgement in zip(documents, judged, strict=True):
        mine = row_of[offset : offset + some.batch.n_documents]
        offset += some.batch.n_documents
        at = np.array([place.get(row, -1) for row in mine.tolist()], np.int32)
        there = np.flatnonzero(at >= 0)
        if not there.size:
            continue
        content = judgement.role == evidence.CONTENT
        pair = document_rows(some.batch, content)
        for stream, counted, idf in zip(
            streams, pair, (likeness.words_idf, likeness.masked_idf), strict=True
        ):
            sparse = sparse_rows([counted], [there], DOCUMENT_BITS)
            weighted = tf_idf(sparse, idf)
            weighted.data = weighted.data / idf[weighted.indices]
            stream.append((at[there], weighted))
        parent = some.batch.paragraphs.parent
        pick = np.flatnonzero(at[parent] >= 0)
        code = np.column_stack([table.corpus, table.group])[mine[parent[pick]]]
        parts.append(_paragraphs(some, pick, at[parent[pick]], code, names))
        bins.append(judgement.bins[pick])
        added.append(judgement.added[pick].astype(np.float32))
        copied.append(judgement.chance[pick, evidence.DUPLICATE].astype(np.float32))
        findings.append(_findings(some, pick, table.names))
        rows.append(sparse_rows([paragraph_rows(some.batch)], [pick], PARAGRAPH_BITS))
    every = np.concatenate([code[:, 0] for code in page_codes]) if page_codes else np.zeros(0, np.int32)
    n_of_corpus = np.bincount(every[every >= 0], minlength=1)
    for some, code in zip(pages, page_codes, strict=True):
        parent = some.batch.paragraphs.parent
        pick = _page_paragraphs(some, code, n_of_corpus, random)
        alone = np.full(pick.size, -1, np.int32)
        parts.append(_paragraphs(some, pick, alone, code[parent[pick]][:, [0, 2]], names))
        rows.append(sparse_rows([paragraph_rows(some.batch)], [pick], PARAGRAPH_BITS))
    from scipy import sparse as sparse_module

    ordered = []
    for stream in streams:
        order = np.argsort(np.concatenate([place_ for place_, _ in stream]), kind="stable")
        ordered.append(Halves.of(sparse_module.vstack([m for _, m in stream]).tocsr()[order], random))
    is_spoilt = np.array([":" in kind for kind in kinds])
    unmarked = np.concatenate([[t.roles is None for t in some.texts] for some in documents])
    whole = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    return Reference(
        row=chosen.astype(np.int32),
        teaches=unmarked[used][chosen] & ~is_spoilt[table.kind[chosen]],
        words=ordered[0],
        masked=ordered[1],
        rows=Halves.of(sparse_module.vstack(rows), random),
        bins=np.vstack(bins),
        added=np.concatenate(added),
        copied=np.concatenate(copied),
        findings=np.vstack(findings),
        **whole,
    )


def _some_of_each(table: Table, kinds: Sequence[str], random: np.random.Generator) -> Ints:
    """Rows of at most so many documents of each kind in each corpus, in order; int64[d]."""
    is_spoilt = np.array([":" in kind for kind in kinds])[table.kind]
    cell = table.corpus.astype(np.int64) * len(kinds) + table.kind
    order = np.lexsort((random.random(cell.size), cell))
    rank = np.empty(cell.size, np.int64)
    rank[order] = np.arange(cell.size) - np.searchsorted(cell[order], cell[order])
    return np.flatnonzero(rank < np.where(is_spoilt, N_SPOILT, N_DOCUMENTS))


def _page_paragraphs(
    some: Some, code: NDArray[np.int32], n_of_corpus: Ints, random: np.random.Generator
) -> Ints:
    """Some labelled paragraphs of some of the pages that are used; int64[k]."""
    parent = some.batch.paragraphs.parent
    # the last one, which a code of -1 points to, is for pages that are not used
    share = np.append(np.minimum(1.0, N_PAGES / np.maximum(n_of_corpus, 1)), 0.0)
    drawn = random.random(code.shape[0]) < share[code[:, 0]]
    used = drawn[parent] & np.isin(some.roles, ("content", "boilerplate"))
    return np.flatnonzero(sample_of_each(parent, used, N_PAGE_PARAGRAPHS, random))


def _paragraphs(
    some: Some,
    pick: Ints,
    document: NDArray[np.int32],
    code: NDArray[Any],
    names: Sequence[str],
) -> dict[str, NDArray[Any]]:
    """Columns of the chosen paragraphs of a batch; `code` holds corpus and group."""
    parent = some.batch.paragraphs.parent
    published = np.array(
        [t.label == "reliable" and t.roles is None and ":" not in t.kind for t in some.texts]
    )
    known = np.array([ROLES.index(r) if r in ROLES else -1 for r in some.roles], np.int8)
    return {
        "document": document,
        "n_words": some.batch.n_words(some.batch.paragraphs)[pick].astype(np.int32),
        "terms": evidence.filler_terms(some.batch, some.counted, names)[pick].astype(np.float32),
        "label": known[pick],
        "sound": published[parent][pick],
        "corpus": code[:, 0].astype(np.int32),
        "group": code[:, 1].astype(np.int32),
    }


def _findings(some: Some, pick: Ints, names: Sequence[str]) -> NDArray[np.uint8]:
    """How often each rule among the terms of documents fired in the chosen paragraphs; uint8[k, rules]."""
    counts = evidence.findings_per(some.batch, some.counted, some.batch.paragraphs)[pick]
    column = {rule.id: k for k, rule in enumerate(some.counted.rules)}
    chosen = counts[:, [column[name] for name in names if name in column]]
    return np.minimum(chosen, np.iinfo(np.uint8).max).astype(np.uint8)
