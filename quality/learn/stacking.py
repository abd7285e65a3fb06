"""Learning what decides where extractors differ about a page (`quality.html.stack`), on pages with gold texts.

The numbers are few and are sought for the figure that counts, the token F1 of whole pages, one step after another from
numbers set by hand. Corpora disagree about what belongs to a text, and what is gained by one corpus's taste is lost on
the next. So a page that comes out worse than by the first extractor alone counts `LOSS` times, and a step is taken only
where no corpus loses by it and pages agree about its gain: a search for the highest figure alone lost more on the corpus
left out than it gained (docs/results.md).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from quality.columns import Bools, Floats, Ints
from quality.html.stack import Heard, Stack

LOSS = 2.0
# A step must raise the mean gain by this much, and by so many of its standard errors, to be worth leaving the value it
# started from.
GAIN_LOW, ERRORS_LOW = 2e-4, 1.5
# Values that are tried. "comment" is not sought: comments by readers are restored on no page, by choice. An asked -9 is
# nothing asked, 9 is too much for any block, within the odds of +-5.
CHOICES: Mapping[str, tuple[float, ...]] = {
    "best": (0, 1, 2, 3, 4),
    "link": (0, 1, 2, 3),
    "agree": (0.3, 0.4, 0.5, 0.6, 0.7),
    "first_agree": (-9, -2, -1, 0, 1, 2, 3),
    "first_differ": (-9, -3, -1, 0, 1, 2),
    "second_agree": (0, 1, 2, 3, 4, 5, 6, 9),
    "second_differ": (-9, -2, -1, 0, 1, 2, 3, 4, 5),
    "both": (-99, -3, -2, -1),
}
# Where the search begins, by hand: the middle of what does well on all corpora. What both keep stays unless the role model
# is clearly against it, in the best container nearly sure. What the first alone keeps stays where they differ about the
# page; where they agree, if the role model is for it, or in the best container not clearly against it. What the second
# alone keeps stays if the role model is for it where they differ, or in the best container not clearly against it; where
# they agree, only there, if the role model is nearly sure of it.
START = Stack(
    agree=0.5, best=2, link=2, comment=10, both=-2, first_agree=1, first_differ=-9, second_agree=5, second_differ=0
)  # fmt: skip

_words = re.compile(r"\w+").findall


def token_f1(text: str, gold: str) -> float:
    """F1 of the words of a text against those of the gold text, each as often as it stands there."""
    ours, theirs = Counter(_words(text.lower())), Counter(_words(gold.lower()))
    both = sum((ours & theirs).values())
    return 2 * both / max(sum(ours.values()) + sum(theirs.values()), 1)


@dataclass(frozen=True)
class Pages:
    """Pages with gold texts, their blocks in a row: `heard` of all, `edge` int64[pages + 1] where each page begins.

    `word`, `block` and `number` say how often a block has a word of its page's gold text, numbered over all pages;
    `gold` how often that has it, `page_of_word` whose it is. `n_words` float64[blocks] and `n_gold` float64[pages]
    count all words. `corpus` and `base` are a page's corpus and its token F1 by the first extractor alone.
    """

    heard: Heard
    edge: Ints
    word: Ints
    block: Ints
    number: Floats
    gold: Floats
    page_of_word: Ints
    n_words: Floats
    n_gold: Floats
    corpus: Sequence[str]
    base: Floats

    @classmethod
    def of(
        cls,
        texts: Sequence[Sequence[str]],
        golds: Sequence[str],
        heard: Sequence[Heard],
        corpus: Sequence[str],
    ) -> Pages:
        """The pages with these texts of blocks."""
        word: list[int] = []
        block: list[int] = []
        number: list[int] = []
        gold: list[int] = []
        owner: list[int] = []
        n_words: list[int] = []
        n_gold: list[int] = []
        for k, (some, wanted) in enumerate(zip(texts, golds, strict=True)):
            counts = Counter(_words(wanted.lower()))
            n_gold.append(sum(counts.values()))
            place = {w: len(gold) + i for i, w in enumerate(counts)}
            gold += counts.values()
            owner += [k] * len(counts)
            for text in some:
                own = Counter(_words(text.lower()))
                hit = [w for w in own if w in place]
                word += [place[w] for w in hit]
                number += [own[w] for w in hit]
                block += [len(n_words)] * len(hit)
                n_words.append(sum(own.values()))
        columns = {f.name: np.concatenate([getattr(h, f.name) for h in heard]) for f in fields(Heard)}
        pages = cls(
            Heard(**columns), np.cumsum([0, *map(len, texts)]),
            np.array(word, np.int64), np.array(block, np.int64), np.array(number, np.float64),
            np.array(gold, np.float64), np.array(owner, np.int64),
            np.array(n_words, np.float64), np.array(n_gold, np.float64), corpus, np.zeros(len(texts)),
        )  # fmt: skip
        return replace(pages, base=pages.f1(pages.heard.first))

    def f1(self, kept: Bools) -> Floats:
        """Token F1 of each page if these blocks are kept; float64[pages]."""
        n = len(self.corpus)
        had = np.bincount(self.word, weights=self.number * kept[self.block], minlength=self.gold.size)
        both = np.bincount(self.page_of_word, weights=np.minimum(had, self.gold), minlength=n)
        page = np.repeat(np.arange(n), np.diff(self.edge))
        ours = np.bincount(page, weights=self.n_words * kept, minlength=n)
        return 2 * both / np.maximum(ours + self.n_gold, 1)

    def gain(self, stack: Stack) -> Floats:
        """What a stack gains on each page over the first extractor, losses counting more; float64[pages]."""
        change = self.f1(stack.margin(self.heard) > 0) - self.base
        return np.where(change < 0, LOSS * change, change)

    def worth(self, change: Floats, used: Bools) -> float:
        """Mean over corpora of what changes on the pages used, 0 where it is none to rely on; float64[pages], bool[pages]."""
        corpus = np.array(self.corpus)
        parts = [change[used & (corpus == c)] for c in sorted(set(corpus[used]))]
        means = np.array([part.mean() for part in parts])
        error = np.sqrt(sum(part.var() / part.size for part in parts)) / len(parts)
        mean = float(means.mean())
        return mean if means.min() >= 0 and mean > max(GAIN_LOW, ERRORS_LOW * error) else 0.0


def seek(pages: Pages, used: Bools) -> Stack:
    """The numbers to which steps lead that are each worth most on the pages used, bool[pages]."""
    stack, gain = START, pages.gain(START)
    while True:
        others = [replace(stack, **{name: value}) for name, values in CHOICES.items() for value in values]
        gains = [pages.gain(other) for other in others]
        worth = [pages.worth(other - gain, used) for other in gains]
        best = int(np.argmax(worth))
        if not worth[best]:
            return stack
        stack, gain = others[best], gains[best]
