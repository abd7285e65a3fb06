"""Words known by their manner: each word outside the thousand commonest stands for its shape alone.

What is learnt from such tokens tells how a text speaks rather than what it speaks of.
"""

from __future__ import annotations

import numpy as np

from quality.columns import NUMBER, PUNCTUATION, Hashes, combine
from quality.lexicon import read_lexicon
from quality.text import Batch, hash_words, once_per_batch

SUFFIXES = ("ing", "ed", "ly", "tions", "tion", "ments", "ment", "ness", "ity", "ive", "ous", "able", "ally", "ers", "er", "est", "s")  # fmt: skip
LONG_WORD = 7  # letters; a masked word without a known suffix is longer than this, or not

PAIR = np.uint64(0xC5A5F3C1D6E8FEB8)


def named(name: str) -> np.uint64:
    """The hash that stands for all words of one shape."""
    return np.uint64(hash_words([name])[0])


@once_per_batch
def masked(batch: Batch) -> Hashes:
    """Hash of each token, uncommon words known by case, suffix or length alone; uint64[tokens]."""
    vocabulary = batch.vocabulary
    shape = np.where(vocabulary.length > LONG_WORD, named("l"), named("s"))
    for suffix in reversed(SUFFIXES):  # of two that fit, the first of the list is written last
        size = 8 * len(suffix)
        ends = (vocabulary.ending & np.uint64((1 << size) - 1)) == int.from_bytes(suffix.encode(), "big")
        shape[ends & (vocabulary.length > len(suffix))] = named(suffix)
    shape = combine(shape, np.full(len(vocabulary), PAIR))
    kept = vocabulary.among(hash_words(read_lexicon("common_words"))) | (vocabulary.kind == PUNCTUATION)
    entry = np.where(vocabulary.kind == NUMBER, named("0"), np.where(kept, vocabulary.hash, shape))
    masks = entry[batch.token_word]
    name = np.flatnonzero(batch.token_upper & batch.is_word & ~kept[batch.token_word])
    masks[name] = np.where(batch.is_all_capitals[name], named("aaa"), named("aa"))
    return masks
