"""The two extractors that are heard: what each would keep of a page, as lines of text.

trafilatura reads the tree with rules made for articles, resiliparse with rules made for the crawled web in general;
they fail on different pages. Both are imported when a page is there to be read (extra `html`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from quality.columns import Ints
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


def refusal(html: str) -> str | None:
    """What to say of a page that resiliparse must not read, for the memory it would take; None where it may."""
    if reopened(html) <= REOPENED_HIGH:
        return None
    return "the page leaves too much formatting open for resiliparse: read without"


def main_lines(html: str) -> list[str]:
    """What resiliparse takes for the main text of a page, line by line; nothing where the page is nested too deeply."""
    return [] if nesting(html) > NESTING_HIGH else _lines(html, main_content=True)


def all_lines(html: str) -> list[str]:
    """All visible text of a page, line by line, as resiliparse reads it."""
    return _lines(html, main_content=False)


def _lines(html: str, *, main_content: bool) -> list[str]:
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(
        html, main_content=main_content, list_bullets=False, alt_texts=False, form_fields=False
    )
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in lines if _has_word(line)]


def nesting(html: str) -> int:
    """How many containers of a page's source stand in one another at most; an end without a beginning counts nothing."""
    name, step = _tags(html)
    return int(_open(step * np.isin(name, _CONTAINERS)).max(initial=0))


def reopened(html: str) -> int:
    """How many elements of formatting are open where blocks begin or end, summed: each may be made again there."""
    name, step = _tags(html)
    n_open = _open(step * np.isin(name, _FORMATTING))
    return int(n_open[np.isin(name, _BLOCKS)].sum())


def _open(step: Ints) -> Ints:
    """How many are open after each step, +1 a beginning and -1 an end; what was not begun cannot end."""
    running = np.cumsum(step)
    return running - np.minimum.accumulate(np.minimum(running, 0))


def _tags(html: str) -> tuple[Ints, Ints]:
    """The tags of a page's source: their names as numbers (`_number`), and +1 where one begins, -1 where it ends."""
    source = np.frombuffer(html.encode() + b" " * (LETTERS + 2), np.uint8)
    at = np.flatnonzero(source[: -LETTERS - 2] == ord("<"))
    closes = source[at + 1] == ord("/")
    at += 1 + closes
    name = np.zeros(at.size, np.int64)
    goes_on = np.ones(at.size, bool)
    for k in range(LETTERS):
        # without the bit that tells small letters from capitals
        letter = source[at + k] & 0xDF
        goes_on &= (letter >= ord("A")) & (letter <= ord("Z"))
        name = name << 8 | np.where(goes_on, letter, 0)
    return name[name > 0], np.where(closes, -1, 1)[name > 0]


# Letters of a name that are read.
LETTERS = 7


def _number(name: str) -> int:
    """The first letters of an element's name as one number."""
    return int.from_bytes(name.upper().encode()[:LETTERS].ljust(LETTERS, b"\0"))


_CONTAINERS = [_number(name) for name in "article blockquote center div main ol section table ul".split()]
_BLOCKS = [_number(name) for name in BLOCKS]
# The elements that HTML opens again after a block that ended with them open; h1 to h6 are no such.
_FORMATTING = [_number(name) for name in "a b big code em font i nobr s small strike strong tt u".split()]
