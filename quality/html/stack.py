"""Where two extractors differ about a block: a few numbers and the role model decide.

    margin = log odds of content by the role model + best * (it stands in the container with most content)
             - link * (share of it in links) - comment * (the first extractor takes it for a reader's comment)
             - what is asked of it

What is asked is one number for blocks that both extractors keep (little), and one each for those that only the first or
only the second keeps, on pages where the two mostly agree and on those where they do not. A block is text where the
margin is above 0; what neither keeps is none, but for who wrote it and when, in lines of their own above the text: by
our choice these belong to it, whatever extractors think. So the first extractor is trusted, as far as the numbers have learnt to
trust it: scripts/build_html.py, which leaves corpora out to say what that is worth (docs/html.md).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from quality.columns import Bools, Floats, Ints
from quality.html.page import N_LEVELS, Block
from quality.lexicon import DATA

NUMBERS = DATA / "html.toml"
# Words of a block count up to this many when blocks are summed: one long block must not outweigh a page.
ENOUGH = 150
# Log odds beyond this count no more: the role model is sure of many a block that it gets wrong.
SURE = 5.0
# Probability of content above which a block speaks for its container, and how close to the best sum the sum of a
# container within it must come to be preferred (as in ../shared/notes/boilerplate.md).
FAIR, CLOSE = 0.45, 0.95
# Who wrote it and when stand at most so many blocks above the first in the best container with so many words.
ABOVE, LONG = 5, 20
# Their margin, in log odds: text, with a little doubt.
BYLINE = 1.0

_NAME = r"(?-i:[A-Z][\w.'’-]{0,30})"
_NAMES = rf"{_NAME}(?:,? (?:{_NAME}|and|&|de|la|van|von|der)){{0,9}}"
_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_DATE = rf"(?:\d{{4}}-\d\d-\d\d|\d\d?([./])\d\d?\1\d{{4}}|{_MONTH} \d\d?(?:st|nd|rd|th)?,? \d{{4}}|\d\d?(?:st|nd|rd|th)? {_MONTH},? \d{{4}})"
_TIME = r"(?:at )?\d\d?[:.]\d\d(?: ?[ap]\.?m\.?)?(?: \(?(?-i:[A-Z]{2,4})\)?)?"
_is_byline = re.compile(
    rf"(?:(?:written |posted |published |story |words |text )?by:? {_NAMES}"
    rf"|(?:(?:published|posted|updated|date)(?: on)?:? )?(?:[a-z]{{3,6}}day,? )?{_DATE}(?:\W{{1,3}}{_TIME})?)\W{{0,3}}",
    re.IGNORECASE,
).fullmatch


@dataclass(frozen=True)
class Heard:
    """The blocks of a page, or of many in a row, and what is said of each; one value for each block.

    `odds` float64, the role model's log odds of content; `first`, `second` and `comment` bool, what the extractors kept
    and what the first took for comments; `best` bool, whether it stands in the container with most content; `byline`
    bool, whether it says above the text who wrote it or when; `links` float64, the share of it in links; `agreed` float64, the share of words kept by either extractor on its page that
    both keep, NaN where neither keeps any.
    """

    odds: Floats
    first: Bools
    second: Bools
    comment: Bools
    best: Bools
    byline: Bools
    links: Floats
    agreed: Floats

    @classmethod
    def of(cls, blocks: Sequence[Block], odds: Floats, first: Bools, second: Bools, comment: Bools) -> Heard:
        """All that is known of the blocks of one page."""
        odds = np.clip(odds, -SURE, SURE)
        weight = np.array([min(b.text.count(" ") + 1, ENOUGH) + 1.0 for b in blocks])
        either = (weight * (first | second)).sum()
        agreed = (weight * (first & second)).sum() / either if either else np.nan
        links = np.array([b.n_link_characters / len(b.text) for b in blocks])
        best = in_best_container(blocks, odds, weight)
        byline = bylines(blocks, odds, best)
        return cls(odds, first, second, comment, best, byline, links, np.full(len(blocks), agreed))


@dataclass(frozen=True)
class Stack:
    """The numbers, all in log odds but `agree`: the share of words kept by either extractor that both must keep for
    them to agree about a page."""

    agree: float
    best: float
    link: float
    comment: float
    both: float
    first_agree: float
    first_differ: float
    second_agree: float
    second_differ: float

    @classmethod
    def load(cls, path: Path = NUMBERS) -> Stack:
        """The numbers of a file.

        Raises ValueError where one is missing or not known.
        """
        given = tomllib.loads(path.read_text("utf8"))
        known = [field.name for field in fields(cls)]
        if sorted(given) != sorted(known):
            raise ValueError(f"{path} has the numbers {sorted(given)}, expected {sorted(known)}")
        return cls(**{name: float(value) for name, value in given.items()})

    def to_toml(self) -> str:
        """The numbers as lines of a file."""
        return "".join(f"{name} = {value}\n" for name, value in asdict(self).items())

    def margin(self, heard: Heard) -> Floats:
        """How far each block is above what is asked, in log odds; minus infinity for what nobody keeps; float64[blocks].

        Where no extractor keeps anything of a page, the role model is asked alone.
        """
        is_agreed = heard.agreed >= self.agree
        asked = np.where(
            heard.first,
            np.where(heard.second, self.both, np.where(is_agreed, self.first_agree, self.first_differ)),
            np.where(is_agreed, self.second_agree, self.second_differ),
        )
        margin = heard.odds - asked + self.best * heard.best - self.link * heard.links
        margin -= self.comment * heard.comment
        kept = np.where(heard.first | heard.second, margin, -np.inf)
        kept = np.where(heard.byline, np.maximum(kept, BYLINE), kept)
        return np.where(np.isnan(heard.agreed), heard.odds, kept)


@cache
def shipped() -> Stack:
    """The numbers that came with the package."""
    return Stack.load()


def bylines(blocks: Sequence[Block], odds: Floats, best: Bools) -> Bools:
    """Whether each block is a line above the text that says who wrote it or when, and nothing else; bool[blocks]."""
    found = np.zeros(len(blocks), bool)
    text = (i for i in np.flatnonzero(best & (odds > 0)).tolist() if blocks[i].text.count(" ") >= LONG - 1)
    begin = next(text, 0)
    for i in range(max(begin - ABOVE, 0), begin):
        found[i] = _is_byline(blocks[i].text) is not None
    return found


def in_best_container(blocks: Sequence[Block], odds: Floats, weight: Floats) -> Bools:
    """Whether each block stands in the container that holds most content and least else; bool[blocks].

    Of containers that are nearly as good, it is the one that opens last: that is the innermost.
    """
    containers = _containers(blocks)
    # a short chain repeats its last container, which must count once
    fresh = np.ones(containers.shape, bool)
    fresh[:, 1:] = containers[:, 1:] != containers[:, :-1]
    score = (0.5 * (1.0 + np.tanh(0.5 * odds)) - FAIR) * weight
    row, _ = np.nonzero(fresh)
    number, cell = np.unique(containers[fresh], return_inverse=True)
    total = np.bincount(cell, weights=score[row])
    high = total.max()
    best = number[total >= (CLOSE * high if high > 0 else high)].max()
    stands_in_it: Bools = (containers == best).any(axis=1)
    return stands_in_it


def _containers(blocks: Sequence[Block]) -> Ints:
    """Containers of each block; int64[blocks, N_LEVELS]."""
    rows = [b.containers + b.containers[-1:] * (N_LEVELS - len(b.containers)) for b in blocks]
    return np.array(rows, np.int64)
