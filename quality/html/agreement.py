"""Which blocks of a page an extractor kept: its lines laid beside the page's.

Extractors give text, not the elements it came from, and on the way they join, cut and drop things. So a block counts
as kept where its letters are a line of the extractor's, or, for longer ones, where most of its runs of four words stand
in lines that are no block as they are. Of blocks that stand on the page more often than in the extractor's text, those
count whose neighbours were kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from quality.columns import Bools, Floats

# As the corpora of pages were labelled (../shared/corpora/boilerplate/README.md): shingles of four words, of which
# seven in ten must be found, for texts of eight words or more.
SHINGLE = 4
SHARE_LOW = 0.7
N_WORDS_LOW = 8
# Neighbours that decide between copies, on each side, and the letters up to which each counts.
NEAR = 8
N_LETTERS_HIGH = 250

_words = re.compile(r"\w+").findall


def kept(page: Sequence[str], lines: Sequence[str]) -> Bools:
    """Whether each text of a page stands in an extractor's lines; bool[page]."""
    keys = [text.replace(" ", "") for text in page]
    line_keys = [line.replace(" ", "") for line in lines]
    on_page, left = Counter(keys), Counter(line_keys)
    result = np.array([left[key] >= on_page[key] for key in keys], bool)
    # what remains of the extractor's text when whole lines are done, and of the page
    rest = [_words(line.lower()) for line, key in zip(lines, line_keys, strict=True) if key not in on_page]
    open_places = np.flatnonzero(~result).tolist()
    asked = {i: _words(page[i].lower()) for i in open_places if rest and not left[keys[i]]}
    shingles = Counter(s for words in rest for s in _runs(words, SHINGLE))
    short = _those_in({tuple(words) for words in asked.values() if len(words) < N_WORDS_LOW}, rest)
    doubtful = [i for i in open_places if left[keys[i]]]
    for i, words in asked.items():
        if len(words) >= N_WORDS_LOW:
            own = list(_runs(words, SHINGLE))
            if sum(shingles[s] > 0 for s in own) >= SHARE_LOW * len(own):
                result[i] = True
                shingles.subtract(own)
        elif tuple(words) in short:
            # part of a line that holds more, such as a cell of a table: kept if what stands around it is
            doubtful.append(i)
    if doubtful:
        weight = np.array([min(len(key), N_LETTERS_HIGH) for key in keys], np.float64)
        weight[doubtful] = 0
        share = _around(weight * result) / np.maximum(_around(weight), 1)
        for i in sorted(doubtful, key=lambda i: (-share[i], i)):
            if left[keys[i]] > 0:
                left[keys[i]] -= 1
                result[i] = True
            elif keys[i] not in left:
                result[i] = share[i] > 0.5
    return result


def _runs(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """The runs of so many words."""
    return zip(*(words[k:] for k in range(size)), strict=False)


def _those_in(runs: set[tuple[str, ...]], lines: Sequence[Sequence[str]]) -> set[tuple[str, ...]]:
    """Those of some runs of words that stand in a line."""
    sizes = sorted({len(run) for run in runs} - {0})
    return {run for words in lines for size in sizes for run in runs.intersection(_runs(words, size))}


def _around(values: Floats) -> Floats:
    """Sum of whole numbers over the `NEAR` places on either side; float64, same shape."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    place = np.arange(values.size)
    return total[np.minimum(place + NEAR + 1, values.size)] - total[np.maximum(place - NEAR, 0)]
