"""What is known of the subjects of words, directions of their sums, and the network that judges by them.

Each stem has its inverse document frequency and a vector; the network is a few thousand numbers.
`scripts/build_topic.py` makes them all; `quality.topic_inputs` and `quality.features.topic` use them. Vectors and the weights of
the network are whole numbers, small enough that sums and products are exact, so it makes no
difference in which order they are added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quality.columns import Floats, Hashes, Ints, Vocabulary, hash_bytes
from quality.lexicon import DATA

# Inverse document frequency is kept in twentieths; words in more than a document in e (idf below 1)
# say nothing about a subject.
IDF_UNIT, IDF_LOW = 20, 20
# Length to which directions are scaled before they are rounded: dot products stay below 2 ** 24,
# where single precision is exact.
UNIT = 500
# Values from this many spreads on are alike to the network; its inputs are kept in 64ths.
CLIP, INPUT_UNIT, WEIGHT_UNIT = 5.0, 64, 1024

# What the network looks at, in this order. "own" means: of the paragraph; "usual": mean of the
# other paragraphs of the document; "below": distance to that mean in standard deviations.
INPUTS = (
    "similarity",
    "overlap",
    "coverage",
    "nearest",
    "adjacent",
    "subject_strength",
    "coherence",
    "clause",
    "clause_foreign",
    "stretch",
    "stretch_foreign",
    "foreign_share",
    "n_clauses",
    "similarity_below",
    "overlap_below",
    "coverage_below",
    "plain_below",
    "similarity_usual",
    "overlap_usual",
    "coverage_usual",
    "gap",
    "plain_coverage",
    "plain_similarity",
    "plain_to_plain",
    "name_share",
    "furniture",
    "is_first",
    "from_end",
    "n_paragraphs",
    "n_words",
    "mass",
    "mass_elsewhere",
)

Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Topics:
    """What is known of words, and the network.

    Stems: `stem` uint64[v] ascending, `idf` uint8[v] (twentieths), `vector` int16[v + 1, k] with a last row
    of zeros, `rare_idf` the idf of a word not listed, `furniture` float32[k] the direction in which
    the subjects of menus, notices and subscription boxes lie off those of main text. Network: `center` and
    `spread` float64[inputs], `hidden` float32[inputs + 1, h] and `output` float64[h + 1] of whole
    numbers, the last row of each being the constant. What comes into a hidden unit is below 2 ** 24.
    """

    stem: Hashes
    idf: NDArray[np.uint8]
    vector: NDArray[np.int16]
    rare_idf: int
    furniture: Singles
    center: Floats
    spread: Floats
    hidden: Singles
    output: Floats

    @classmethod
    def load(cls, path: Path) -> Topics:
        """Read a file of `scripts/build_topic.py`.

        Raises ValueError where the network was made for other inputs.
        """
        with np.load(path, allow_pickle=False) as file:
            if tuple(file["inputs"]) != INPUTS:
                raise ValueError(f"{path} was made for other inputs; run scripts/build_topic.py again")
            return cls(
                file["stem"],
                file["idf"],
                with_zeros(file["vector"]),
                int(file["rare_idf"]),
                file["furniture"].astype(np.float32),
                file["center"].astype(np.float64),
                file["spread"].astype(np.float64),
                file["hidden"].astype(np.float32),
                file["output"].astype(np.float64),
            )

    def rows(self, stem: Hashes) -> Ints:
        """Row of each stem's vector, the last row (zeros) where it has none; int64[n]."""
        at = np.minimum(np.searchsorted(self.stem, stem), self.stem.size - 1)
        return np.where(self.stem[at] == stem, at, self.stem.size)

    @cached_property
    def square(self) -> Floats:
        """Squared length of each vector; float64[v + 1]."""
        wide = self.vector.astype(np.float32)
        return np.einsum("ij,ij->i", wide, wide).astype(np.float64)

    def log_odds(self, inputs: Floats) -> Floats:
        """Log odds of off-topic from rows of inputs; float64[n]."""
        scaled = np.clip((inputs - self.center) / self.spread, -CLIP, CLIP)
        hidden = np.rint(scaled * INPUT_UNIT).astype(np.float32) @ self.hidden[:-1]
        hidden += self.hidden[-1] * INPUT_UNIT
        np.maximum(hidden, 0.0, out=hidden)
        output = hidden.astype(np.float64) @ self.output[:-1] / (INPUT_UNIT * WEIGHT_UNIT)
        return (output + self.output[-1]) / WEIGHT_UNIT


def with_zeros(vector: NDArray[np.int8]) -> NDArray[np.int16]:
    """The vectors as `Topics` keeps them, with a row of zeros for words without."""
    padded = np.zeros((vector.shape[0] + 1, vector.shape[1]), np.int16)
    padded[:-1] = vector
    return padded


def dot(left: Singles, right: Singles) -> Floats:
    """Dot product of each pair of rows; float64[n]."""
    return np.einsum("ij,ij->i", left, right).astype(np.float64)


@dataclass(frozen=True)
class Directions:
    """Directions of sums of vectors.

    `length` float64[n] of each sum; `rows` float32[n, k]: the sum scaled to `UNIT` and rounded, zeros
    where it is nothing; `square` float64[n]: squared length of these.
    """

    length: Floats
    rows: Singles
    square: Floats

    @classmethod
    def of(cls, sums: Singles) -> Directions:
        """Directions of some sums."""
        wide = sums.astype(np.float64)  # single precision may not hold the square of a sum
        length = np.sqrt(np.einsum("ij,ij->i", wide, wide))
        rows = sums * (UNIT / np.maximum(length, 1e-9)).astype(np.float32)[:, None]
        np.rint(rows, out=rows)
        return cls(length, rows, dot(rows, rows))

    def cosine(self, other: Directions) -> Floats:
        """Cosine of each row to the same row of the other; float64[n]."""
        return dot(self.rows, other.rows) / np.maximum(np.sqrt(self.square * other.square), 1.0)


@cache
def shipped_topics() -> Topics:
    """The table and network that come with the package."""
    return Topics.load(DATA / "topic.npz")


def stems(vocabulary: Vocabulary) -> Hashes:
    """Hash of each entry without a possessive 's, a plural s or es of ies, and a final y; uint64[v].

    "country", "country's" and "countries" share one; nothing else is cut, since a wrong stem would
    join words of different subjects.
    """
    first, second = vocabulary.last(1), vocabulary.last(2)
    is_possessive = (second == ord("'")) & (first == ord("s")) & (vocabulary.length > 3)
    size = vocabulary.length - 2 * is_possessive
    letters = np.append(vocabulary.letters, np.zeros(16, np.uint8))
    first, second, third = (letters[np.maximum(vocabulary.start + size - k, 0)] for k in (1, 2, 3))
    plural = (first == ord("s")) & (size > 3)
    in_ies = plural & (second == ord("e")) & (third == ord("i")) & (size > 4)
    for letter in b"sui'":
        plural &= second != letter
    size = size - np.where(in_ies, 3, plural | ((first == ord("y")) & (size > 3)))
    stem = vocabulary.hash.copy()
    shorter = np.flatnonzero(size < vocabulary.length)
    stem[shorter] = hash_bytes(letters, vocabulary.start[shorter], size[shorter])
    return stem
