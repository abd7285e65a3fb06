"""What a page looks like at first sight, told to each of its paragraphs for a second look.

The first look gives every paragraph log odds of furniture from itself and what stands around it. The second one sees
them all: what its neighbours were taken for, how much of the page's content lies above and below, whether it stands
in the stretch that holds the most content with the least furniture (the main text of a page is mostly one stretch).

Recipe: ../shared/notes/boilerplate.md, pass 2. Chances are rounded to `STEPS`, so that sums over a page are of whole
numbers and the same in any batch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats, Ints, changes
from quality.registry import around_names, neighbourhood
from quality.text import Batch

FIRST_LOOK = "first_look"
# Neighbours whose first look is a column of its own.
AROUND: tuple[int | str, ...] = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5)
# Log odds are cut here: 1 in 10,000.
SURE = 9.2
STEPS = 4096
# Words of a paragraph that count at most, so that one long one is not the whole page.
WORDS = 100
# A paragraph counts by its words, or by their root in steps of 1/16.
ROOT = 16
# What the chance of content must exceed to add to a stretch: by roots of words, and, for a wider stretch, by words.
STRETCH, WIDE_STRETCH = 0.5, 0.35
# Means over what stands before (or after), each paragraph counting for this share of the one nearer by; the last by words.
FADING = (0.6, 0.9, 0.97)
FADING_WORDS = 0.85
# Fading means reach this far; a power of two, since the reach doubles with each step.
REACH = 256
# A mean begins with this weight at a chance of a half.
BEGINS = 1e-3
# Sure content: chance and words from which on; distances to it stop mattering at `FAR`.
SURE_CHANCE, SURE_WORDS, FAR = 0.7, 12, 100
# What is taken for the look of paragraphs beyond the page's ends.
NOTHING = -4.0


def second_look_columns(batch: Batch, logit: Floats) -> dict[str, Floats]:
    """Columns of the second look from the log odds of furniture at first sight (float64[paragraphs]), by name.

    `first_look` and its neighbours are log odds of content; shares, means and ranks lie in 0..1, distances are
    logarithms of one more than a number of paragraphs, with a sign where they tell above (-) from below.
    """
    look = _over_wordless(batch, np.clip(-logit, -SURE, SURE))
    names = around_names(FIRST_LOOK, AROUND)
    columns = dict(zip(names, [look, *neighbourhood(batch, look, AROUND)], strict=True))
    if look.size:
        columns |= _Page(batch, look).columns()
    else:
        columns |= dict.fromkeys(PAGE_NAMES, look)
    return columns


def _over_wordless(batch: Batch, look: Floats) -> Floats:
    """The look with that of wordless paragraphs between those of the nearest worded ones; float64[paragraphs].

    A row of dashes belongs to what it parts, and is no furniture that could rub off on the heading below.
    """
    worded = np.flatnonzero(batch.n_words(batch.paragraphs))
    wordless = np.flatnonzero(batch.n_words(batch.paragraphs) == 0)
    if not worded.size or not wordless.size:
        return look
    parent = batch.paragraphs.parent
    after = np.searchsorted(worded, wordless)
    sides = [worded[np.maximum(after - 1, 0)], worded[np.minimum(after, worded.size - 1)]]
    near = np.array([parent[side] == parent[wordless] for side in sides])
    looks = np.array([look[side] for side in sides]) * near
    filled = look.copy()
    found = near.any(axis=0)
    filled[wordless[found]] = looks.sum(axis=0)[found] / near.sum(axis=0)[found]
    return filled


PAGE_NAMES = (
    *(f"look_{side} ({share})" for side in ("above", "below") for share in (*map(str, FADING), "words")),
    "best_look_above",
    "best_look_below",
    "content_above_share",
    "content_below_share",
    "page_look",
    "page_look (words)",
    "page_content_words",
    "look_rank",
    "main_stretch",
    "from_main_stretch",
    "place_in_stretch",
    "stretch_share (of page)",
    "stretch_share (of content)",
    "stretch_look",
    "wide_stretch",
    "from_wide_stretch",
    "sure_content_above",
    "sure_content_below",
    "between_sure_content",
)


# What reports tell of roles beside the measured features, by name: columns whose names begin with the same word are told
# as one, with the value of the first.
DEFINITIONS = {
    "told_by_page": "Chance of being furniture that reading a page of HTML gave one of its paragraphs; beside it the cues of furniture count, and nothing else.",
    "beside_furniture": "What the neighbours add: a line that ends no sentence gains where three in ten of six neighbours are furniture, all else loses a little.",
    "cue_words": "Share of a paragraph's characters under the cues of furniture that the findings tell of.",
    "word_score": "How much the words of a paragraph, one by one and in pairs, are those of furniture (+) or of content (-); where the text around it is told too, with its neighbours' scores.",
    "first_look": "Log odds of content at first sight, of the paragraph itself and of up to five neighbours on either side.",
    "look_above": "Mean chance of content at first sight of what stands above, the nearer the more; of several reaches, one of them by words.",
    "look_below": "Mean chance of content at first sight of what stands below, the nearer the more; of several reaches, one of them by words.",
    "best_look_above": "The highest log odds of content at first sight among the eight paragraphs above.",
    "best_look_below": "The highest log odds of content at first sight among the eight paragraphs below.",
    "content_above_share": "Share of the page's likely content, by words, that stands above.",
    "content_below_share": "Share of the page's likely content, by words, that stands below.",
    "page_look": "Mean chance of content at first sight over the page, by paragraphs and by words.",
    "page_content_words": "Logarithm of one more than the words of the page that are likely content.",
    "look_rank": "Rank on the page by the look at first sight, from 0 (the least like content) to 1.",
    "main_stretch": "Whether it stands in the main stretch: the run of paragraphs with the most content at first sight and the least furniture.",
    "from_main_stretch": "Distance to the main stretch in paragraphs, as a logarithm; below 0 above it, 0 within.",
    "place_in_stretch": "Place in the main stretch from 0 (its first paragraph) to 1 (its last); beyond these outside.",
    "stretch_share": "Share of the page's paragraphs that stand in the main stretch, and share of its likely content that does.",
    "stretch_look": "Mean chance of content at first sight over the main stretch, by words.",
    "wide_stretch": "Whether it stands in the wide stretch, which passes over more furniture than the main one.",
    "from_wide_stretch": "Distance to the wide stretch in paragraphs, as a logarithm; below 0 above it, 0 within.",
    "sure_content_above": "Logarithm of one more than the paragraphs up to the nearest sure content above: twelve words or more with a chance of .7.",
    "sure_content_below": "Logarithm of one more than the paragraphs down to the nearest sure content below: twelve words or more with a chance of .7.",
    "between_sure_content": "Whether there is sure content both above and below.",
}  # fmt: skip


class _Page:
    """Paragraphs by page, in columns; `look` float64[paragraphs], at least one."""

    def __init__(self, batch: Batch, look: Floats) -> None:
        begins = changes(batch.paragraphs.parent)
        self.page = np.cumsum(begins) - 1
        first = np.flatnonzero(begins)
        size = np.diff(first, append=look.size)
        self.first, self.size = first[self.page], size[self.page]
        self.place = np.arange(look.size)
        # paragraphs of the page above and below
        self.above = self.place - self.first
        self.below = self.size - 1 - self.above
        self.look = look
        self.words = np.minimum(batch.n_words(batch.paragraphs), WORDS).astype(np.int64)
        self.weight = self.words + 1
        self.chance = np.rint(STEPS / (1.0 + np.exp(-look))).astype(np.int64)

    def columns(self) -> dict[str, Floats]:
        """The columns named in `PAGE_NAMES`."""
        mass = self.chance * self.weight
        page_mass = self._sum(mass)
        before = self._before(mass)
        whole = np.maximum(page_mass, 1)[self.page]
        found = dict(
            zip(PAGE_NAMES, [*self._fading(self.above, 1), *self._fading(self.below, -1)], strict=False)
        )
        found["best_look_above"], found["best_look_below"] = (
            self._best(self.above, 1),
            self._best(self.below, -1),
        )
        found["content_above_share"] = before / whole
        found["content_below_share"] = 1.0 - (before + mass) / whole
        found["page_look"] = (self._sum(self.chance) / self._sum(np.ones_like(mass)) / STEPS)[self.page]
        found["page_look (words)"] = (page_mass / self._sum(self.weight) / STEPS)[self.page]
        found["page_content_words"] = np.log1p(page_mass / STEPS)[self.page]
        found["look_rank"] = self._rank()
        root = np.rint(ROOT * np.sqrt(self.weight)).astype(np.int64)
        begin, end = self._stretch((self.chance - int(STRETCH * STEPS)) * root)
        inside, distance = self._from_stretch(begin, end)
        found["main_stretch"], found["from_main_stretch"] = inside, distance
        first, last = begin[self.page], end[self.page]
        found["place_in_stretch"] = (self.place - first) / np.maximum(last - first, 1)
        found["stretch_share (of page)"] = (last - first + 1) / self.size
        held = self._between(mass, begin, end)
        found["stretch_share (of content)"] = (held / np.maximum(page_mass, 1))[self.page]
        found["stretch_look"] = (held / self._between(self.weight, begin, end) / STEPS)[self.page]
        begin, end = self._stretch((self.chance - int(WIDE_STRETCH * STEPS)) * self.weight)
        found["wide_stretch"], found["from_wide_stretch"] = self._from_stretch(begin, end)
        sure = (self.chance > SURE_CHANCE * STEPS) & (self.words >= SURE_WORDS)
        up, down = self._distances(sure)
        found["sure_content_above"], found["sure_content_below"] = np.log1p(up), np.log1p(down)
        found["between_sure_content"] = ((up < FAR) & (down < FAR)).astype(np.float64)
        return found

    def _sum(self, values: Ints) -> Floats:
        """Sum over each page; float64[pages], exact."""
        return np.bincount(self.page, weights=values).astype(np.float64)

    def _before(self, values: Ints) -> Ints:
        """Sum over the paragraphs of the page above each; int64[paragraphs]."""
        running = np.cumsum(values) - values
        return running - running[self.first]

    def _between(self, values: Ints, begin: Ints, end: Ints) -> Ints:
        """Sum over a stretch of each page, both ends included; int64[pages]."""
        running = np.concatenate(([0], np.cumsum(values)))
        return running[end + 1] - running[begin]

    def _fading(self, room: Ints, side: int) -> list[Floats]:
        """Means of the chance of content over what stands on one side, the nearer the more; float64[paragraphs] each."""
        chance = self.chance / STEPS
        words = self.weight.astype(np.float64)
        ones = np.ones(chance.size)
        n = len(FADING) + 1
        sums = np.array([chance] * (n - 1) + [chance * words] + [ones] * (n - 1) + [words])
        fade = np.array([*FADING, FADING_WORDS] * 2)[:, None]
        sums = _moved(sums, room, side)
        step = 1
        while step < REACH:
            sums += fade**step * _moved(sums, room, side * step)
            step *= 2
        return list((sums[:n] + 0.5 * BEGINS) / (sums[n:] + BEGINS))

    def _best(self, room: Ints, side: int) -> Floats:
        """The likeliest content among the eight paragraphs on one side; float64[paragraphs]."""
        best = _moved(self.look - NOTHING, room, side) + NOTHING
        for step in (1, 2, 4):
            best = np.maximum(best, _moved(best - NOTHING, room, side * step) + NOTHING)
        return best

    def _rank(self) -> Floats:
        order = np.lexsort((self.look, self.page))
        rank = np.empty(order.size, np.int64)
        rank[order] = self.place
        return (rank - self.first) / np.maximum(self.size - 1, 1)

    def _stretch(self, gain: Ints) -> tuple[Ints, Ints]:
        """First and last paragraph of the stretch of each page with the largest sum; int64[pages] each.

        Of several the one that ends first, and of those the shortest.
        """
        total = np.cumsum(gain)
        before = total - gain
        # a page's sums lie below those of all pages before it, so that the lowest so far is the page's own
        apart = self.page * (np.int64(1) << 40)
        lowest = np.minimum.accumulate(before - apart) + apart
        sums = total - lowest
        first = np.flatnonzero(self.above == 0)
        best = np.maximum.reduceat(sums, first)[self.page]
        end = np.minimum.reduceat(np.where(sums == best, self.place, self.place.size), first)
        last = end[self.page]
        starts = (before == lowest[last]) & (self.place <= last)
        begin = np.maximum.reduceat(np.where(starts, self.place, -1), first)
        return begin, end

    def _from_stretch(self, begin: Ints, end: Ints) -> tuple[Floats, Floats]:
        """Whether each paragraph is inside, and its signed distance; float64[paragraphs] each."""
        short = np.minimum(self.place - begin[self.page], 0) + np.maximum(self.place - end[self.page], 0)
        return (short == 0).astype(np.float64), np.sign(short) * np.log1p(np.abs(short))

    def _distances(self, marked: Bools) -> tuple[Ints, Ints]:
        """Paragraphs up and down to the nearest marked one of the page, at most `FAR`; int64[paragraphs] each."""
        n = marked.size
        seen = np.maximum.accumulate(np.where(marked, self.place, -1))
        up = np.concatenate(([-1], seen[:-1]))
        coming = np.minimum.accumulate(np.where(marked, self.place, 2 * n)[::-1])[::-1]
        down = np.concatenate((coming[1:], [2 * n]))
        return (
            np.minimum(np.where(up >= self.first, self.place - up, FAR), FAR),
            np.minimum(np.where(down < self.first + self.size, down - self.place, FAR), FAR),
        )


def _moved(values: Floats, room: Ints, side: int) -> Floats:
    """The value `side` paragraphs above (or, negative, below) on the same page, 0 where there is none; same shape."""
    moved = np.zeros_like(values)
    step = abs(side)
    if step >= values.shape[-1]:
        return moved
    there: NDArray[np.bool_] = room >= step
    if side > 0:
        moved[..., step:] = values[..., :-step] * there[step:]
    else:
        moved[..., :-step] = values[..., step:] * there[:-step]
    return moved
