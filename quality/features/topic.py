"""Off-topic filler, a first version: TF-IDF of a paragraph against the rest of its article.

Finds paragraphs of quite another matter, not blended ones; to be replaced by word vectors and clauses.
"""

from __future__ import annotations

import numpy as np

from quality.lexicon import DATA
from quality.text import WORD, Batch, Floats, once_per_batch


@once_per_batch
def off_topic(batch: Batch) -> Floats:
    """How far a paragraph lacks words of its article, 0 to 1, by a curve set by hand; float64[paragraphs]."""
    with np.load(DATA / "words.npz") as z:
        h, v, n = z["frequency_hash"], z["idf"], float(z["n_documents"])
    voc = batch.vocabulary
    at = np.minimum(np.searchsorted(h, voc.hash), h.size - 1)
    idf = np.where(h[at] == voc.hash, v[at], np.log(n + 1))
    idf = np.where(voc.kind == WORD, idf, 0.0)
    places = batch.places
    x = (1 + np.log(places.count)) * idf[places.word] * (voc.length[places.word] > 2)
    group = places.of_document
    total = np.bincount(group, weights=x)[group]
    rest = total - x
    parent = batch.paragraphs.parent[places.paragraph]
    dot = np.bincount(places.paragraph, weights=x * rest, minlength=batch.paragraphs.n)
    own = np.bincount(places.paragraph, weights=x * x, minlength=batch.paragraphs.n)
    tot2 = np.bincount(
        parent,
        weights=np.where(np.r_[True, group[1:] != group[:-1]], total * total, 0),
        minlength=batch.n_documents,
    )[batch.paragraphs.parent]
    rest2 = np.maximum(tot2 - 2 * dot - own, 1e-9)
    cos = dot / np.sqrt(np.maximum(own, 1e-9) * rest2)
    words = batch.paragraphs.sum(batch.is_word)
    prose = np.bincount(batch.paragraphs.parent, weights=words >= 10, minlength=batch.n_documents)[
        batch.paragraphs.parent
    ]
    p = 1 / (1 + np.exp(40 * (cos - 0.04)))
    return np.where((words >= 12) & (prose >= 4), p, 0.0)
