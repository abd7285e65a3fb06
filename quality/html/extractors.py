"""The two extractors that are heard: what each would keep of a page, as lines of text.

trafilatura reads the tree with rules made for articles, resiliparse with rules made for the crawled web in general;
they fail on different pages. Both are imported when a page is there to be read (extra `html`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Ints
from quality.html.metadata import quiet
from quality.html.page import BLOCKS, texts, walk

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# resiliparse's time grows with the square of the nesting of containers; at this it is a fifth of a second. Pages of the
# corpora have up to 124 by this count.
NESTING_HIGH = 1_000
# Elements of formatting that a parser opens again, for they were left open; each takes some 400 bytes.
REOPENED_HIGH = 1_000_000

_has_word = re.compile(r"[^\W_]").search


def article_lines(root: HtmlElement, url: str | None) -> tuple[list[str], list[str], str | None]:
    """What trafilatura keeps as text and as comments by readers, and a warning where it failed."""
    import trafilatura

    try:
        with quiet("trafilatura"):
            # what it keeps too much of, the other extractor and the role model take out; this way it is also faster
            found: Any = trafilatura.bare_extraction(root, url=url, favor_recall=True)
    except Exception as error:  # another's code on a hostile page: whatever it is, the page is read without
        return [], [], f"trafilatura failed on it ({type(error).__name__})"
    if found is None:
        return [], [], None
    lines, comments = (
        [] if tree is None else texts(walk(tree, frozenset(), with_hidden=True).blocks)
        for tree in (found.body, found.commentsbody)
    )
    return lines, comments, None


def refusal(tags: Tags) -> str | None:
    """What to say of a page that resiliparse must not read, for the memory it would take; None where it may."""
    if tags.reopened() <= REOPENED_HIGH:
        return None
    return "the page leaves too much formatting open for resiliparse: read without"


def main_lines(html: str, tags: Tags) -> list[str]:
    """What resiliparse takes for the main text of a page, line by line; nothing where the page is nested too deeply."""
    return [] if tags.nesting() > NESTING_HIGH else _lines(html, main_content=True)


def all_lines(html: str) -> list[str]:
    """All visible text of a page, line by line, as resiliparse reads it."""
    return _lines(html, main_content=False)


def _lines(html: str, *, main_content: bool) -> list[str]:
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(
        html, main_content=main_content, list_bullets=False, alt_texts=False, form_fields=False
    )
    return [" ".join(line.split()) for line in text.split("\n") if line and _has_word(line)]


class Tags(NamedTuple):
    """The tags of a page's source that matter here: their kinds (sums of `_KINDS`), and +1 where one begins, -1 where it
    ends."""

    kind: Ints
    step: Ints

    @classmethod
    def of(cls, source: bytes) -> Tags:
        """The tags of a source in UTF-8, those in comments and scripts among them."""
        padded = source + b" " * (LETTERS + 2)
        letters = np.frombuffer(padded, np.uint8)
        at = np.flatnonzero(letters[: -LETTERS - 2] == ord("<"))
        closes = letters[at + 1] == ord("/")
        # at every place the letters from there as one number, the first in its highest byte
        from_here = np.ndarray(len(padded) - LETTERS, ">u8", padded, strides=(1,))
        name = _name(from_here[at + 1 + closes].astype(np.uint64))
        place = np.searchsorted(_NAMES[:-1], name)
        known = _NAMES[place] == name
        return cls(_KINDS_OF_NAMES[place][known], np.where(closes, -1, 1)[known])

    def nesting(self) -> int:
        """How many containers stand in one another at most; an end without a beginning counts nothing."""
        return int(_open(self.step * self._is(CONTAINER)).max(initial=0))

    def reopened(self) -> int:
        """How many elements of formatting are open where blocks begin or end, summed: each may be made again there."""
        return int(_open(self.step * self._is(FORMATTING))[self._is(BLOCK)].sum())

    def _is(self, kind: int) -> Bools:
        return np.asarray(self.kind & kind > 0)


def _open(step: Ints) -> Ints:
    """How many are open after each step, +1 a beginning and -1 an end; what was not begun cannot end."""
    running = np.cumsum(step)
    return running - np.minimum.accumulate(np.minimum(running, 0))


# Letters of a name that are read: one less than a number of 64 bits has bytes, so that a longer name is no shorter one.
LETTERS = 7


def _each(byte: int) -> np.uint64:
    """This byte eight times, as one number."""
    return np.uint64(byte * 0x0101010101010101)


def _name(letters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The names that begin eight bytes each, as `_number` gives them: all bytes of a number at once."""
    # without the bit that tells small letters from capitals, nor the highest, so that sums stay within their byte
    low = letters & _each(0x5F)
    # the highest bit of a byte is set: it is at least "A"; not set: it is at most "Z"
    is_letter = low + _each(0x80 - ord("A")) & ~(low + _each(0x7F - ord("Z"))) & ~letters & _each(0x80)
    ends = is_letter ^ _each(0x80)
    for n in (8, 16, 32):
        ends |= ends >> np.uint64(n)  # ... and all bytes after one that is no letter
    return low & ~((ends >> np.uint64(7)) * np.uint64(0xFF)) & ~np.uint64(0xFF)


def _number(name: str) -> int:
    """The first letters of an element's name as one number."""
    return int.from_bytes(name.upper().encode()[:LETTERS].ljust(LETTERS + 1, b"\0"))


CONTAINER, BLOCK, FORMATTING = 1, 2, 4
_KINDS: Mapping[int, frozenset[str]] = {
    CONTAINER: frozenset("article blockquote center div main ol section table ul".split()),
    BLOCK: BLOCKS,
    # the elements that HTML opens again after a block that ended with them open; h1 to h6 are no such
    FORMATTING: frozenset("a b big code em font i nobr s small strike strong tt u".split()),
}
_NAMES = np.unique(np.array([_number(name) for names in _KINDS.values() for name in names], np.uint64))
_KINDS_OF_NAMES = np.array(
    [sum(kind for kind, names in _KINDS.items() if n in map(_number, names)) for n in _NAMES.tolist()]
)
