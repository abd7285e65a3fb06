"""The two extractors that are heard: what each would keep of a page, as lines of text.

trafilatura reads the tree with rules made for articles, resiliparse with rules made for the crawled web in general;
they fail on different pages. Both are imported when a page is there to be read (extra `html`).
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from quality.html.page import texts, walk

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# resiliparse's time grows with the square of the nesting of containers; at this it is a fifth of a second. Pages of the
# corpora have up to 124 by this count.
NESTING_HIGH = 1_000

_has_word = re.compile(r"[^\W_]").search


def article_lines(root: HtmlElement, url: str | None) -> tuple[list[str], list[str], str | None]:
    """What trafilatura keeps as text and as comments by readers, and a warning where it failed."""
    import trafilatura

    # it says on its log what it thinks of a page; what matters of it is in our warnings
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        # what it keeps too much of, the other extractor and the role model take out; this way it is also faster
        found: Any = trafilatura.bare_extraction(root, url=url, favor_recall=True)
    except Exception as error:  # another's code on a hostile page: whatever it is, the page is read without
        return [], [], f"trafilatura failed on it ({type(error).__name__})"
    if found is None:
        return [], [], None
    lines, comments = (
        [] if tree is None else texts(walk(tree, frozenset()).blocks)
        for tree in (found.body, found.commentsbody)
    )
    return lines, comments, None


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
    """How many containers of a page's source stand in one another at most, as far as their names' first letters tell."""
    source = np.frombuffer(html.encode() + b"   ", np.uint8)
    at = np.flatnonzero(source[:-3] == ord("<"))
    closes = source[at + 1] == ord("/")
    at += closes
    # without the bit that tells small letters from capitals
    name = (source[at + 1] & 0xDF).astype(np.int64) << 8 | (source[at + 2] & 0xDF)
    return int(np.cumsum(np.isin(name, _CONTAINERS) * np.where(closes, -1, 1)).max(initial=0))


_CONTAINERS = [a << 8 | b for a, b in (b"DI", b"SE", b"AR", b"TA", b"UL", b"OL", b"MA", b"BL", b"CE")]
