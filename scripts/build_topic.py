"""Build quality/data/topic.npz: what `quality.topics` knows of words, and its network.

    python scripts/build_topic.py ../shared/corpora [--evaluate report.md]

Word vectors come in three steps, all from counts of words in the article corpora and in the main text
of the web pages: positive pointwise mutual information of the words of 120-word chunks, cut to its
largest 300 dimensions; the discriminant axes that tell articles apart best for the differences within
them (as in speaker verification); and a few passes of gradient descent that bring a paragraph nearer to
the rest of its own article than to the rest of 511 others. The network then learns from articles with
strange paragraphs spliced in. So that it meets words as they will meet it, every article is measured
with vectors that were learnt without it (three folds by group). The file holds numbers only.

`--evaluate` measures the network on each corpus with all its articles left out of the network's
training (fold vectors throughout), and writes the tables of docs/results.md.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.utils.extmath import randomized_svd

from quality import topics
from quality.columns import Floats, Hashes, Ints
from quality.features.topic import ASTRAY
from quality.learn.corpora import read_rows
from quality.learn.spoil import spoil
from quality.lexicon import DATA
from quality.text import Batch
from quality.topic_inputs import N_WORDS_LOW, inputs
from quality.topics import INPUTS, Topics, stems, with_zeros

N_FOLDS = 3
# Words in fewer documents get no vector. Three contexts are little to learn one from; six and 96
# dimensions, of the same size on disk, did as well but took half as long again.
N_DOCUMENTS_LOW = 3
N_CHUNK, N_SVD, N_DIMENSIONS = 120, 300, 64
# A unit of length in the vectors; 127 holds the longest component met.
SCALE = 50
# Texts that came without paragraphs are cut at this many words; they are machine rewrites in the main,
# so a share of them is enough.
N_FLAT_WORDS, FLAT_SHARE = 40, 0.4
# Gradient descent: documents of a step, steps, rate, temperature, share of words left out.
N_BATCH, N_ROUNDS, RATE, TEMPERATURE, DROPPED = 512, 480, 0.002, 0.1, 0.4
# Networks whose log odds are averaged (one alone wavers where alarms are rare), hidden units of each,
# paragraphs sampled, penalty on squared weights.
N_NETWORKS, N_HIDDEN, N_SAMPLED, PENALTY = 3, 32, 400_000, 0.03
# Passes over the sample and their learning rate; a slower end steadies the rare, high values.
PASSES = ((12, 2e-3), (5, 2e-4))
# Weight of each kind of page in the training of the network; within a corpus, strange paragraphs weigh
# `STRANGE_SHARE` of the others, and a corpus weighs the square root of its paragraphs.
KINDS = {"sound": 1.0, "short": 1.0, "stranger": 3.0, "akin": 1.5, "half": 0.2, "blended": 0.8, "tail": 0.45}
STRANGE_SHARE = 0.1
# Alarms per paragraph of sound pages that the threshold allows in the worst corpus of the training.
ALARMS = 0.0008

# Furniture that the corpora left among the paragraphs of reliable articles: off-topic, but no filler.
# The tables tell alarms with it and without it.
FURNITURE = re.compile(
    r"^×|sign up|newsletter|subscri|your browser|click (?:here|to)|follow (?:him|her|us|me) on|on twitter|"
    r"disclosure:|©|copyright|all rights reserved|advertis|e-?mail address|read more|editor's note|"
    r"contributed to this|this (?:article|story|post) (?:was|first|originally)|javascript|cookie|"
    r"is an? (?:\w+ ){0,2}(?:reporter|editor|columnist|writer|contributor|correspondent)|donat|"
    r"privacy policy|terms of",
    re.IGNORECASE,
)

Matrix = Any  # scipy's sparse matrices carry no types
Vectors = NDArray[np.float32]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class Text:
    """One document: `paragraphs` in order; `fold` by group."""

    id: str
    corpus: str
    group: str
    label: str
    paragraphs: tuple[str, ...]

    @property
    def fold(self) -> int:
        """Which of the folds holds the text, by its group."""
        return int(hashlib.md5(self.group.encode()).hexdigest(), 16) % N_FOLDS


def read_texts(corpora: Path) -> list[Text]:
    """All texts whose words are counted, corpus by corpus."""
    found = []
    paths = [*sorted((corpora / "articles").glob("*.xz")), *sorted((corpora / "controls").glob("*.xz"))]
    for path in [*paths, corpora / "neardup" / "llmfake_gossipcop.jsonl.xz"]:
        corpus = path.name.split(".")[0]
        for row in read_rows(path):
            paragraphs = tuple(p for p in re.split(r"\n\s*\n", row["text"]) if p.strip())
            group = str(row.get("group", row.get("cluster", row["id"])))
            found.append(Text(str(row["id"]), corpus, group, row.get("label", ""), paragraphs))
    for corpus in ("wcxb_dev", "aeb", "cleaneval", "readability", "trafilatura_eval"):
        for row in read_rows(corpora / "boilerplate" / f"{corpus}.jsonl.xz"):
            paragraphs = tuple(
                p["text"]
                for p in row["paragraphs"]
                if p["label"] == "content" and not p.get("amb") and not p.get("hidden")
            )
            if row["lang"] == "en" and paragraphs:
                label = "page" if row.get("page_type", "article") == "article" else "other page"
                found.append(Text(row["id"], corpus, str(row["domain"] or row["id"]), label, paragraphs))
    return found


# ---- vectors -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Words of paragraphs: `matrix` (paragraphs x stems, sparse), and of each paragraph its document and length."""

    matrix: Matrix
    document: Ints
    n_words: Ints

    def where(self, kept: NDArray[np.bool_]) -> Counts:
        """The rows of some paragraphs."""
        return Counts(self.matrix[kept], self.document[kept], self.n_words[kept])


def count_words(texts: Sequence[Text]) -> tuple[Hashes, Ints, Counts, Counts]:
    """Stems in enough documents and in how many; counts of paragraphs, and of pieces of flat texts."""
    stem, owner, position = [], [], []
    parent, size = [], []
    n_paragraphs = 0
    for low in range(0, len(texts), 500):
        some = texts[low : low + 500]
        batch = Batch.of([""] * len(some), [t.paragraphs for t in some])
        word = np.flatnonzero(batch.is_word)
        stem.append(stems(batch.vocabulary)[batch.token_word[word]])
        local = batch.paragraphs.of_token[word]
        owner.append(local + n_paragraphs)
        position.append(word - batch.paragraphs.first[local])
        parent.append(batch.paragraphs.parent + low)
        size.append(batch.paragraphs.last - batch.paragraphs.first)
        n_paragraphs += batch.paragraphs.n
    token, paragraph, place = np.concatenate(stem), np.concatenate(owner), np.concatenate(position)
    document, n_tokens = np.concatenate(parent), np.concatenate(size)
    known, number = np.unique(token, return_inverse=True)
    pairs = np.unique(number * len(texts) + document[paragraph])
    n_documents = np.bincount(pairs // len(texts))
    kept = n_documents >= N_DOCUMENTS_LOW
    column = (np.cumsum(kept) - 1)[number]
    kept_token = kept[number]

    def counted(row: Ints, document: Ints, n_words: Ints) -> Counts:
        ones = np.ones(int(kept_token.sum()), np.float32)
        shape = (document.size, int(kept.sum()))
        matrix = sp.csr_matrix((ones, (row[kept_token], column[kept_token])), shape=shape)
        matrix.sum_duplicates()
        return Counts(matrix, document, n_words)

    n_pieces = np.maximum(n_tokens // N_FLAT_WORDS, 1)
    piece = np.minimum(place // N_FLAT_WORDS, n_pieces[paragraph] - 1)
    piece_row = (np.cumsum(n_pieces) - n_pieces)[paragraph] + piece
    of_piece = np.repeat(np.arange(document.size), n_pieces)
    flat = np.bincount(document, minlength=len(texts))[document] < 3
    pieces = counted(piece_row, document[of_piece], np.full(of_piece.size, N_FLAT_WORDS))
    return (
        known[kept],
        n_documents[kept],
        counted(paragraph, document, n_tokens),
        pieces.where(flat[of_piece] & (n_pieces[of_piece] > 2)),
    )


def learn_vectors(counts: Counts, pieces: Counts, idf: Floats, corpus: Ints, chance: int = 1) -> Vectors:
    """Vectors of the stems from the counts of some documents; float32[stems, N_DIMENSIONS].

    `corpus` int64[documents] is the corpus of each document.
    """
    telling = idf > topics.IDF_LOW / topics.IDF_UNIT
    weight = np.sqrt(np.where(telling, idf - 1.0, 0.0))[:, None]
    vectors = _unit(_by_information(_chunks(counts), idf)) * weight
    vectors = vectors @ _discriminant(counts, vectors)
    vectors /= np.sqrt((vectors * vectors).sum(1).mean())
    rng = np.random.default_rng(chance)
    some = rng.random(corpus.size) < FLAT_SHARE
    long = counts.where(counts.n_words >= 12)
    several = np.bincount(long.document, minlength=corpus.size) >= 3
    long, pieces = long.where(several[long.document]), pieces.where(some[pieces.document])
    matrix = sp.vstack([long.matrix, pieces.matrix]).tocsr()
    document = np.concatenate([long.document, pieces.document])
    order = np.argsort(document, kind="stable")
    return _drawn_together(vectors.astype(np.float32), matrix[order], document[order], corpus, rng)


def _chunks(counts: Counts) -> Matrix:
    """Words of consecutive paragraphs of a document, about N_CHUNK words each."""
    total = np.cumsum(counts.n_words) - counts.n_words
    first = np.searchsorted(counts.document, counts.document)
    key = counts.document * 100_000 + (total - total[first]) // N_CHUNK
    _, chunk = np.unique(key, return_inverse=True)
    ones = np.ones(chunk.size, np.float32)
    return (sp.csr_matrix((ones, (chunk, np.arange(chunk.size)))) @ counts.matrix).tocsr()


def _by_information(chunks: Matrix, idf: Floats) -> Floats:
    """Truncated SVD of positive pointwise mutual information, contexts smoothed by the power 0.75."""
    present = chunks @ sp.diags((idf > 1.5).astype(np.float32))
    present.eliminate_zeros()
    present.data[:] = 1
    together = (present.T @ present).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    n = np.asarray(together.sum(1)).ravel()
    context = n**0.75 / (n**0.75).sum()
    together = together.tocoo()
    information = np.log(together.data / np.maximum(n[together.row] * context[together.col], 1e-30))
    kept = (information > 0) & (together.data >= 2)
    positive = sp.csr_matrix(
        (information[kept], (together.row[kept], together.col[kept])), shape=together.shape
    )
    left, strength, _ = randomized_svd(positive, N_SVD, n_iter=3, random_state=0)
    return left * np.sqrt(strength)


def _unit(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def _discriminant(counts: Counts, vectors: Floats) -> Floats:
    """Axes along which documents differ most for how their paragraphs differ; float64[n, N_DIMENSIONS]."""
    long = counts.where(counts.n_words >= 25)
    several = np.bincount(long.document)[long.document] >= 3
    long = long.where(several)
    rows = _unit(long.matrix @ vectors)
    rows = rows - rows.mean(0)
    _, document = np.unique(long.document, return_inverse=True)
    n = np.bincount(document)
    ones = np.ones(document.size)
    mean = (sp.csr_matrix((ones, (document, np.arange(document.size)))) @ rows) / n[:, None]
    weight = np.minimum(n, 20) / n
    off = rows - mean[document]
    within = (off * weight[document][:, None]).T @ off / weight[document].sum()
    between = mean - np.average(mean, axis=0, weights=np.minimum(n, 20))
    within += 0.1 * np.trace(within) / within.shape[0] * np.eye(within.shape[0])
    _, axes = eigh(between.T @ between / n.size, within)
    return axes[:, ::-1][:, :N_DIMENSIONS]


def _drawn_together(
    vectors: Vectors, matrix: Matrix, document: Ints, corpus: Ints, rng: np.random.Generator
) -> Vectors:
    """The vectors after some steps that draw paragraphs to the rest of their documents (softmax, Adam)."""
    names, document = np.unique(document, return_inverse=True)
    first = np.searchsorted(document, np.arange(names.size))
    n = np.diff(np.append(first, document.size))
    corpora = [np.flatnonzero(corpus[names] == c) for c in np.unique(corpus[names])]
    share = np.sqrt([c.size for c in corpora])
    mean, square = np.zeros_like(vectors), np.zeros_like(vectors)

    def thinned(rows: Matrix) -> Matrix:
        rows = rows.copy()
        rows.data *= rng.random(rows.data.size) > DROPPED
        return rows

    def through_unit(rows: Vectors, gradient: Vectors) -> Vectors:
        length = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        unit = rows / length
        return (gradient - (gradient * unit).sum(1, keepdims=True) * unit) / length

    for step in range(1, N_ROUNDS + 1):
        # every other step within one corpus, where telling articles apart is harder
        pool = corpora[rng.choice(len(corpora), p=share / share.sum())] if step % 2 else np.arange(n.size)
        chosen = rng.choice(pool, min(N_BATCH, pool.size), replace=False)
        one = first[chosen] + (rng.random(chosen.size) * n[chosen]).astype(np.int64)
        others = [
            np.setdiff1d(np.arange(first[d], first[d] + n[d]), [p]) for d, p in zip(chosen, one, strict=True)
        ]
        others = [o if o.size <= 20 else rng.choice(o, 20, replace=False) for o in others]
        owner = np.repeat(np.arange(chosen.size), [o.size for o in others])
        gather = sp.csr_matrix((np.ones(owner.size, np.float32), (owner, np.arange(owner.size))))
        left_words, right_words = thinned(matrix[one]), thinned(matrix[np.concatenate(others)])
        left, right = left_words @ vectors, right_words @ vectors
        rest = gather @ _unit(right)
        score = _unit(left) @ _unit(rest).T / TEMPERATURE
        chance = np.exp(score - score.max(1, keepdims=True))
        chance /= chance.sum(1, keepdims=True)
        chance[np.diag_indices(chosen.size)] -= 1
        chance /= chosen.size * TEMPERATURE
        to_left = through_unit(left, chance @ _unit(rest))
        to_right = through_unit(right, gather.T @ through_unit(rest, chance.T @ _unit(left)))
        gradient = left_words.T @ to_left + right_words.T @ to_right
        mean += 0.1 * (gradient - mean)
        square += 0.001 * (gradient * gradient - square)
        rate = RATE * (1 - 0.9 * step / N_ROUNDS)
        vectors -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return vectors


def as_topics(stem: Hashes, n_documents: Ints, n_texts: int, vectors: Vectors) -> Topics:
    """A table without a network."""
    idf = np.log(n_texts / n_documents) * topics.IDF_UNIT
    whole = np.clip(np.rint(vectors * SCALE), -127, 127).astype(np.int8)
    nothing = np.zeros(0)
    return Topics(
        stem,
        np.clip(np.rint(idf), 0, 255).astype(np.uint8),
        with_zeros(whole),
        int(topics.IDF_UNIT * np.log(n_texts / 2)),
        nothing.astype(np.float32),
        nothing,
        nothing,
        nothing,
        nothing,
    )


def read_furniture(corpora: Path) -> list[Text]:
    """Blocks of web pages that are not main text, page by page."""
    found = []
    for corpus in ("wcxb_dev", "aeb", "cleaneval"):
        for row in read_rows(corpora / "boilerplate" / f"{corpus}.jsonl.xz"):
            blocks = tuple(
                p["text"] for p in row["paragraphs"] if p["label"] == "boilerplate" and not p.get("amb")
            )
            if row["lang"] == "en" and blocks:
                found.append(Text(row["id"], corpus, str(row["domain"] or row["id"]), "furniture", blocks))
    return found


def furniture_direction(texts: Sequence[Text], table: Topics) -> Vectors:
    """Direction that separates subjects of furniture from those of main text (logistic regression)."""
    judged = [[p for p in t.paragraphs if len(p.split()) >= N_WORDS_LOW][:20] for t in texts]
    owner = np.repeat([t.label == "furniture" for t in texts], [len(j) for j in judged])
    subject = subjects([p for j in judged for p in j], table)
    separate = LogisticRegression(class_weight="balanced", max_iter=500).fit(subject, owner)
    return np.rint(_unit(separate.coef_) * topics.UNIT)[0].astype(np.float32)


def subjects(texts: Sequence[str], table: Topics) -> Floats:
    """Direction of the sum of each text's vectors; float64[texts, N_DIMENSIONS]."""
    batch = Batch.of([""] * len(texts), [[t] for t in texts])
    row = table.rows(stems(batch.vocabulary))
    cell = batch.documents.of_token * len(batch.vocabulary) + batch.token_word
    pair, n = np.unique(cell, return_counts=True)
    shape = (len(texts), len(batch.vocabulary))
    words = sp.csr_matrix((n, (pair // shape[1], pair % shape[1])), shape=shape)
    return _unit(words @ table.vector[row].astype(np.float64))


# ---- pages to learn from -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """Paragraphs and which of them are strange; `kind` is one of `KINDS` or of a measurement."""

    text: Text
    kind: str
    paragraphs: tuple[str, ...]
    strange: tuple[bool, ...]


# Corpora to learn from, with the rounds of spoiling that make their weight alike.
LEARNT = {
    "allsides_mbfc_a": 2,
    "wcxb_dev": 2,
    "cleaneval": 2,
    "fakenewsnet_old": 4,
    "celebrity": 4,
    "horne2017": 4,
    "politifact_pp": 4,
    "aeb": 4,
    "state_union": 4,
    "blog_balter": 4,
    "abc_rural": 4,
    "wikinews_2004": 4,
}


def pages_of(
    corpus: str, texts: Sequence[Text], strangers: Sequence[Text], likeness: Floats
) -> Iterator[Page]:
    """Sound and spoilt pages of one corpus.

    `texts` are its texts, `likeness` the cosine of each to each, `strangers` texts of all corpora.
    """
    chance = Random(corpus)
    for k, text in enumerate(texts):
        whole = tuple(p for p in text.paragraphs if len(p.split()) >= 5)[:40]
        yield Page(text, "sound", whole, (False,) * len(whole))
        near = [
            j
            for j in np.argsort(-likeness[k])[1:40]
            if texts[j].group != text.group and likeness[k, j] < 0.97
        ]
        for number in range(LEARNT[corpus]):
            kind = ("stranger", "akin", "blended", "half")[(number + k) % 4]
            donor = texts[near[chance.randrange(min(25, len(near)))]] if kind == "akin" and near else None
            while donor is None or donor.group == text.group:
                donor = chance.choice(texts)
            page = _spoilt(text, kind, whole, donor, chance)
            if page is not None:
                yield page
            short = whole[: chance.randrange(4, 13)]
            yield Page(text, "short", short, (False,) * len(short))
            yield _with_tail(text, short, strangers, chance)


def _spoilt(text: Text, kind: str, whole: tuple[str, ...], donor: Text, chance: Random) -> Page | None:
    if kind == "blended":
        result = spoil(whole, "blended", chance, donors=[donor.paragraphs], bank="train")
        if result is None:
            return None
        return Page(text, kind, result.paragraphs, tuple(label == "filler" for label in result.labels))
    strange = chance.choice([p for p in donor.paragraphs if len(p.split()) >= 15])
    at = chance.randint(1, len(whole))
    if kind != "half":
        return _inserted(text, kind, whole, strange, at)
    long = [k for k in range(1, len(whole)) if len(whole[k].split()) >= 20]
    if not long:
        return None
    at = chance.choice(long)
    own = whole[at].split()
    foreign = " ".join(strange.split()[: max(10, len(own) // 2)])
    mixed = [" ".join(own[: len(own) // 2]), foreign]
    if chance.random() < 0.4:
        mixed.reverse()
    return _inserted(text, kind, whole[:at] + whole[at + 1 :], " ".join(mixed), at)


def _inserted(text: Text, kind: str, whole: tuple[str, ...], strange: str, at: int) -> Page:
    flags = tuple(k == at for k in range(len(whole) + 1))
    return Page(text, kind, (*whole[:at], strange, *whole[at:]), flags)


def _with_tail(text: Text, short: tuple[str, ...], strangers: Sequence[Text], chance: Random) -> Page:
    """A short page with one to three strange or blended paragraphs, most of them at its end."""
    page = Page(text, "tail", short, (False,) * len(short))
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        donor = chance.choice(strangers)
        strange = [p for p in donor.paragraphs if len(p.split()) >= 12]
        if donor.group == text.group or not strange:
            continue
        result = spoil(short, "blended", chance, donors=[donor.paragraphs], bank="train")
        added = (
            [p for p, label in zip(result.paragraphs, result.labels, strict=True) if label == "filler"]
            if result
            else []
        )
        one = (
            chance.choice(added)
            if added and chance.random() < 0.75
            else _some_words(chance.choice(strange), chance)
        )
        n = len(page.paragraphs)
        at = n if chance.random() < 0.6 else chance.randint(1, n)
        page = replace(
            page,
            paragraphs=(*page.paragraphs[:at], one, *page.paragraphs[at:]),
            strange=(*page.strange[:at], True, *page.strange[at:]),
        )
    return page


def _some_words(paragraph: str, chance: Random) -> str:
    words = paragraph.split()
    return " ".join(words[: chance.randint(15, 60)])


def intruders(texts: Sequence[Text], limit: int = 300) -> list[Page]:
    """The pages of `measure.py intruder`, by the same random numbers; none where too few articles serve."""
    data = []
    for text in texts:
        parts = [p for p in text.paragraphs if len(p.split()) >= 25] if text.label == "reliable" else []
        if len(parts) >= 6:
            data.append((text, tuple(parts[:20])))
    if len(data) < 40:
        return []
    chance = Random(11)
    chance.shuffle(data)
    data = data[:limit]
    found = []
    for k, (text, parts) in enumerate(data):
        donor = data[(k + len(data) // 2) % len(data)][1]
        at = chance.randrange(1, len(parts) + 1)
        strange = donor[chance.randrange(len(donor))]
        found.append(Page(text, "measured sound", parts, (False,) * len(parts)))
        found.append(_inserted(text, "measured intruder", parts, strange, at))
    return found


def blended_held_out(texts: Sequence[Text]) -> list[Page]:
    """Reliable articles with filler of the half of the bank that is not learnt from, one each."""
    chance = Random(17)
    some = [
        t
        for t in texts
        if t.label in ("reliable", "page") and sum(len(p.split()) >= 15 for p in t.paragraphs) >= 4
    ]
    some = chance.sample(some, min(300, len(some)))
    found = []
    for text in some:
        whole = tuple(p for p in text.paragraphs if len(p.split()) >= 5)[: chance.randrange(5, 16)]
        donor = chance.choice(some)
        if donor.group == text.group:
            continue
        result = spoil(whole, "blended", chance, donors=[donor.paragraphs], bank="held_out")
        if result is not None:
            flags = tuple(label == "filler" for label in result.labels)
            found.append(Page(text, "measured blended", result.paragraphs, flags))
    return found


# ---- the network -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Judged paragraphs: inputs, page, whether strange, and whether it is furniture left in a sound page."""

    x: Floats
    page: Ints
    place: Ints
    strange: NDArray[np.bool_]
    furniture: NDArray[np.bool_]


def measure_pages(pages: Sequence[Page], tables: Sequence[Topics]) -> Rows:
    """Inputs of all judged paragraphs; each page by the table of its fold (or the one table there is)."""
    x, page, place = [], [], []
    for fold, table in enumerate(tables):
        mine = [k for k, p in enumerate(pages) if len(tables) == 1 or p.text.fold == fold]
        for low in range(0, len(mine), 1000):
            some = mine[low : low + 1000]
            batch = Batch.of([""] * len(some), [pages[k].paragraphs for k in some])
            judged, values = inputs(batch, table)
            parent = batch.paragraphs.parent[judged]
            x.append(values)
            page.append(np.array(some)[parent])
            place.append(judged - np.searchsorted(batch.paragraphs.parent, parent))
    of_page, at = np.concatenate(page), np.concatenate(place)
    pairs = list(zip(of_page.tolist(), at.tolist(), strict=True))
    strange = np.array([pages[k].strange[i] for k, i in pairs], bool)
    furniture = np.array([FURNITURE.search(pages[k].paragraphs[i]) is not None for k, i in pairs], bool)
    return Rows(np.concatenate(x), of_page, at, strange, furniture & ~strange)


def learn_network(rows: Rows, kind: Names, corpus: Names, table: Topics, left_out: str = "") -> Topics:
    """The table with a network trained on all corpora but one; log odds are those at the threshold."""
    weight = np.array([KINDS.get(k, 0.0) for k in kind]) * (corpus != left_out)
    for name in np.unique(corpus[weight > 0]):
        sound, strange = (corpus == name) & ~rows.strange, (corpus == name) & rows.strange
        share = np.sqrt(weight[sound].sum())
        weight[sound] *= share / weight[sound].sum()
        weight[strange] *= share * STRANGE_SHARE / weight[strange].sum()
    center, spread = rows.x[weight > 0].mean(0), rows.x[weight > 0].std(0)
    x = np.clip((rows.x - center) / spread, -topics.CLIP, topics.CLIP)
    hidden, output = [], []
    for chance in range(N_NETWORKS):
        sample = np.random.default_rng(chance).choice(weight.size, N_SAMPLED, p=weight / weight.sum())
        network = MLPClassifier(
            (N_HIDDEN,), alpha=PENALTY, batch_size=512, warm_start=True, random_state=chance
        )
        for n_passes, rate in PASSES:
            network.set_params(max_iter=n_passes, learning_rate_init=rate)
            network.fit(x[sample], rows.strange[sample])
        (first, second), constant = network.coefs_, network.intercepts_
        hidden.append(np.rint(np.vstack([first, constant[0]]) * topics.WEIGHT_UNIT))
        output.append(np.append(second[:, 0], constant[1]) * topics.WEIGHT_UNIT / N_NETWORKS)
    weights = np.concatenate([*(o[:-1] for o in output), [sum(o[-1] for o in output)]])
    learnt = replace(table, center=center, spread=spread, hidden=np.hstack(hidden), output=np.rint(weights))
    # the threshold is where the worst of the corpora has as many alarms as are allowed
    odds = learnt.log_odds(rows.x)
    worst = max(
        float(np.quantile(odds[some], 1 - ALARMS))
        for name in np.unique(corpus[weight > 0])
        if (some := np.isin(kind, ("sound", "short")) & (corpus == name)).sum() >= 1000
    )
    learnt.output[-1] -= np.ceil(worst * topics.WEIGHT_UNIT)
    return learnt


# ---- evaluation --------------------------------------------------------------------------------------


def auc(truth: NDArray[np.bool_], value: Floats) -> float:
    """Probability that a strange paragraph ranks above another."""
    order = np.argsort(value, kind="stable")
    rank = np.empty(value.size)
    rank[order] = np.arange(1, value.size + 1)
    n = int(truth.sum())
    return float((rank[truth].sum() - n * (n + 1) / 2) / (n * (value.size - n)))


def intruder_row(rows: Rows, kind: Names, some: NDArray[np.bool_], odds: Floats) -> dict[str, float]:
    """The figures of `measure.py intruder` for one corpus; unjudged paragraphs count as never flagged."""
    spoilt, sound = some & (kind == "measured intruder"), some & (kind == "measured sound")
    order = np.lexsort((-odds[spoilt], rows.page[spoilt]))
    page, strange = rows.page[spoilt][order], rows.strange[spoilt][order]
    top = np.append(True, page[1:] != page[:-1])
    alarm = odds[sound] > 0
    return {
        "pages": int(top.sum()),
        "AUC": auc(rows.strange[spoilt], odds[spoilt]),
        "ranked first": float(strange[top].mean()),
        "flagged": float((odds[spoilt][rows.strange[spoilt]] > 0).mean()),
        "alarms per 1,000": 1000 * float(alarm.mean()),
        "without furniture": 1000 * float(alarm[~rows.furniture[sound]].sum() / sound.sum()),
        "astray or flagged": float((odds[spoilt][rows.strange[spoilt]] >= ASTRAY).mean()),
    }


def table_of(rows: Sequence[dict[str, Any]]) -> str:
    """A Markdown table."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names)]
    lines += [[f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


# ---- all together ------------------------------------------------------------------------------------


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("corpora", type=Path)
    options.add_argument("--evaluate", type=Path, metavar="FILE")
    given = options.parse_args()
    texts = read_texts(given.corpora)
    tables = learn_tables(texts, read_furniture(given.corpora))
    pages = all_pages(texts, tables[-1])
    rows = measure_pages(pages, tables[:-1])
    kind = np.array([pages[k].kind for k in rows.page])
    corpus = np.array([pages[k].text.corpus for k in rows.page])
    write(learn_network(rows, kind, corpus, tables[-1]), DATA / "topic.npz")
    if given.evaluate:
        given.evaluate.write_text(evaluation(rows, kind, corpus, tables[-1]), "utf8")


def learn_tables(texts: Sequence[Text], furniture: Sequence[Text]) -> list[Topics]:
    """Tables learnt without each fold, then the one learnt from everything; none has a network."""
    stem, n_documents, counts, pieces = count_words(texts)
    idf = np.log(len(texts) / n_documents)
    fold = np.array([t.fold for t in texts])
    _, corpus = np.unique([t.corpus for t in texts], return_inverse=True)
    found = []
    for left_out in [*range(N_FOLDS), -1]:
        kept = fold != left_out
        some, flat = counts.where(kept[counts.document]), pieces.where(kept[pieces.document])
        table = as_topics(stem, n_documents, len(texts), learn_vectors(some, flat, idf, corpus))
        web = [t for t in (*texts, *furniture) if t.corpus in ("wcxb_dev", "aeb", "cleaneval")]
        direction = furniture_direction([t for t in web if t.fold != left_out], table)
        found.append(replace(table, furniture=direction))
        print(f"vectors without fold {left_out}: {stem.size} words, {int(kept.sum())} texts", flush=True)
    return found


def all_pages(texts: Sequence[Text], table: Topics) -> list[Page]:
    """All pages to learn from and to measure on."""
    pages: list[Page] = []
    by_corpus: dict[str, list[Text]] = {}
    for text in texts:
        by_corpus.setdefault(text.corpus, []).append(text)
    chance = Random(0)
    strangers = [
        t for c in by_corpus.values() for t in chance.sample(c, min(len(c), 600)) if len(t.paragraphs) > 2
    ]
    for corpus in LEARNT:
        some = [
            t
            for t in by_corpus[corpus]
            if sum(len(p.split()) >= 15 for p in t.paragraphs) >= 4 and t.label != "other page"
        ]
        pages += pages_of(corpus, some, strangers, likeness(some, table))
    for some in by_corpus.values():
        pages += intruders(some)
        pages += blended_held_out(some)
    return pages


def likeness(texts: Sequence[Text], table: Topics) -> Floats:
    """Cosine of the subjects of each text and each other."""
    subject = subjects([" ".join(t.paragraphs) for t in texts], table)
    return subject @ subject.T


def write(table: Topics, path: Path) -> None:
    """The table as a file that `Topics.load` reads."""
    np.savez(
        path,
        inputs=np.array(INPUTS),
        stem=table.stem,
        idf=table.idf,
        vector=table.vector[:-1].astype(np.int8),
        rare_idf=table.rare_idf,
        furniture=table.furniture.astype(np.int16),
        center=table.center,
        spread=table.spread,
        hidden=table.hidden.astype(np.int32),
        output=table.output.astype(np.int32),
    )


def evaluation(rows: Rows, kind: Names, corpus: Names, table: Topics) -> str:
    """Tables of the network measured on corpora left out of its training."""
    found, blended, alarms = [], [], []
    for name in dict.fromkeys(corpus.tolist()):
        odds = learn_network(rows, kind, corpus, table, name).log_odds(rows.x)
        some = corpus == name
        if (some & (kind == "measured intruder")).any():
            found.append({"corpus": name} | intruder_row(rows, kind, some, odds))
            print(found[-1], flush=True)
        row: dict[str, Any] = {"corpus": name}
        for k in ("measured blended", "stranger", "akin", "half", "tail"):
            at = some & (kind == k) & rows.strange
            row[k] = float((odds[at] > 0).mean()) if at.any() else float("nan")
        blended.append(row)
        sound = some & (kind == "sound")
        if sound.any():
            alarm = odds[sound] > 0
            n_pages = np.unique(rows.page[sound]).size
            alarms.append(
                {
                    "corpus": name,
                    "pages": n_pages,
                    "paragraphs": int(sound.sum()),
                    "alarms per 1,000": 1000 * float(alarm.mean()),
                    "without furniture": 1000 * float((alarm & ~rows.furniture[sound]).mean()),
                    "pages with an alarm": float(np.unique(rows.page[sound][alarm]).size / n_pages),
                    "astray or alarm per 1,000": 1000 * float((odds[sound] >= ASTRAY).mean()),
                }
            )
            print(alarms[-1], row, flush=True)
    parts = [
        "Intruders (manner of `measure.py intruder`)",
        table_of(found),
        "Found at the threshold, by kind",
        table_of(blended),
        "Alarms on whole sound pages",
        table_of(alarms),
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
