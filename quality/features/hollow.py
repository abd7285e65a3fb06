"""Paragraphs that could stand in any article: told by what they are made of, not by their wording.

Such a paragraph has no figure, no name, nobody who did or said something; it has challenges, hopes and ways forward.
Each word of it weighs for or against, and so does what a figure, a name or any other word is. The weights are words to be read, in
`quality/data/hollow_weights.tsv`, learnt by `scripts/build_hollow.py`. Not here: phrases known by heart
(rules/filler.toml), and paragraphs off the subject (topic).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from quality.columns import NUMBER, WORD, Bools, Ints
from quality.lexicon import DATA, Spans
from quality.registry import rule
from quality.text import Batch, hash_words

WEIGHTS = DATA / "hollow_weights.tsv"
# Rows of the file that are no words: where a paragraph starts from, and what a token may be.
START, FIGURE, NAME, QUOTATION, PAST, OTHER = KINDS = (
    "*start",
    "*figure",
    "*name",
    "*quotation",
    "*past",
    "*other",
)
# Words of a paragraph that is judged: shorter ones are headings.
SHORTEST = 6


def read_weights(path: Path) -> dict[str, int]:
    """Weight of each word and of `KINDS`, in thousandths.

    Raises ValueError naming the line that is not word and whole number, or the kind that is missing.
    """
    weights: dict[str, int] = {}
    for number, line in enumerate(path.read_text("utf8").splitlines(), 1):
        if line.startswith("# "):
            continue
        word, _, weight = line.partition("\t")
        try:
            weights[word] = int(weight)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {line!r}; expected word, tab, whole number") from error
    missing = [kind for kind in KINDS if kind not in weights]
    if missing:
        raise ValueError(f"{path}: no row for {', '.join(missing)}; build it with scripts/build_hollow.py")
    return weights


@cache
def _learnt() -> dict[str, int]:
    return read_weights(WEIGHTS)


def kinds_of_tokens(batch: Batch, words: tuple[str, ...]) -> Ints:
    """What each token counts as; int64[tokens].

    An index of `words`, or -1 to -5 for the kinds behind `START` in their order, or -6 for a mark that counts nothing.
    """
    vocabulary = batch.vocabulary
    hashes = hash_words(list(words))
    order = np.argsort(hashes)
    at = np.minimum(np.searchsorted(hashes[order], vocabulary.hash), max(hashes.size - 1, 0))
    known = hashes[order][at] == vocabulary.hash if hashes.size else np.zeros(len(vocabulary), bool)
    is_past = (vocabulary.last(1) == ord("d")) & (vocabulary.last(2) == ord("e"))
    word = np.where(known, order[at] if hashes.size else 0, np.where(is_past, -4, -5))
    entry = np.select([vocabulary.kind == NUMBER, vocabulary.kind == WORD], [-1, word], -6)
    entry[vocabulary.among(hash_words(['"']))] = -3
    kinds = entry[batch.token_word]
    named = batch.token_upper & (batch.token_kind == WORD) & ~_opens(batch)
    named &= ~vocabulary.among(hash_words(["I"]))[batch.token_word]
    kinds[named] = -2
    return kinds


def _opens(batch: Batch) -> Bools:
    """Tokens that open a sentence, or stand behind the mark that does; bool[tokens]."""
    opens = np.zeros(batch.token_word.size + 1, bool)
    first = batch.sentences.first[batch.sentences.filled]
    opens[first] = True
    opens[first[batch.token_kind[first] != WORD] + 1] = True
    return opens[:-1]


def hollowness(batch: Batch, weights: Mapping[str, int]) -> Ints:
    """Sum of a paragraph's weights with that of the start, in thousandths; int64[paragraphs]. Whole numbers add up alike."""
    words = tuple(word for word in weights if word not in KINDS)
    # negative indices count from the end of a column: the kinds stand there in turn
    column = np.array([weights[w] for w in words] + [0] + [weights[kind] for kind in KINDS[:0:-1]], np.int64)
    group = batch.paragraphs
    total = np.full(group.n, weights[START], np.int64)
    if group.filled.size:
        of_token = column[kinds_of_tokens(batch, words)]
        total[group.filled] += np.add.reduceat(of_token, group.first[group.filled])
    return total


@rule(
    "filler.hollow_paragraph",
    tier="soft",
    title="paragraph that fits any story",
    message="a paragraph that could stand in any article on any day",
    why="It has no figure, no name and nobody who did or said something, but challenges, hopes and ways forward. "
    "Speeches and leading articles have such paragraphs with good reason; pages made for length are full of them.",
    source="own",
    unit="count",
    hits=[
        (
            "The ferry was late on Monday, said the harbour master.\nThe future will bring new challenges, and it is "
            "important that all of us remain patient. Only together can solutions be found.",
            [
                "The future will bring new challenges, and it is important that all of us remain patient. "
                "Only together can solutions be found."
            ],
        ),
    ],
    clean=[
        "The ferry was late on Monday because its pilot had missed the bus, said the harbour master.",
        # somebody says so, and the figures and names that make it news
        '"The future will bring new challenges, and it is important that all of us remain patient," he said.',
        "The future will bring 12 new challenges to Larnsund, and patience was important for Ida Kallas in May 2019.",
        "Challenges for all of us.",
    ],
    in_furniture=False,
)
def hollow_paragraph(batch: Batch) -> Spans:
    """Paragraphs whose weights exceed nothing, but for those that open with a quotation mark."""
    group = batch.paragraphs
    hollow = (hollowness(batch, _learnt()) > 0) & (batch.n_words(group) >= SHORTEST)
    found = np.flatnonzero(hollow)
    found = found[~batch.is_quoted[group.first[found]]]
    return Spans(group.start[found], group.end[found], found)
