"""Interim: whole-paragraph TF-IDF against the rest of the article."""

from __future__ import annotations

import numpy as np

from quality.lexicon import DATA
from quality.text import WORD, Batch, Floats, once_per_batch


@once_per_batch
def off_topic(batch: Batch) -> Floats:
    """Interim probability; float64[paragraphs]."""
    with np.load(DATA / "words.npz") as z:
        h, v, n = z["frequency_hash"], z["idf"], float(z["n_documents"])
    voc = batch.vocabulary
    at = np.minimum(np.searchsorted(h, voc.hash), h.size - 1)
    idf = np.where(h[at] == voc.hash, v[at], np.log(n + 1))
    idf = np.where(voc.kind == WORD, idf, 0.0)
    P = batch.places
    x = (1 + np.log(P.count)) * idf[P.word] * (voc.length[P.word] > 2)
    group = P.of_document
    total = np.bincount(group, weights=x)[group]
    rest = total - x
    parent = batch.paragraphs.parent[P.paragraph]
    dot = np.bincount(P.paragraph, weights=x * rest, minlength=batch.paragraphs.n)
    own = np.bincount(P.paragraph, weights=x * x, minlength=batch.paragraphs.n)
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
