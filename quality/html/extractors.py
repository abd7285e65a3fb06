"""The two extractors that are heard: what each would keep of a page, as lines of text.

trafilatura reads the tree with rules made for articles, resiliparse with rules made for the crawled web in general;
they fail on different pages. Both are imported when a page is there to be read (extra `html`).
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from quality.html.page import Page, texts, walk

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# trafilatura takes seconds for pages of more elements, or with more levels, than a page made for people has (the largest
# of 384 pages of the corpora has 6,500 and 60); these are left to the other extractor and the role model.
N_ELEMENTS_HIGH, DEPTH_HIGH = 20_000, 250

_has_word = re.compile(r"[^\W_]").search


def article_lines(root: HtmlElement, page: Page, url: str | None) -> tuple[list[str], list[str], str | None]:
    """What trafilatura keeps as text and as comments by readers, and a warning where it could not be asked."""
    if page.n_elements > N_ELEMENTS_HIGH or page.depth > DEPTH_HIGH:
        return [], [], f"too large for trafilatura ({page.n_elements:,} elements, {page.depth:,} levels)"
    import trafilatura

    # it says on its log what it thinks of a page; what matters of it is in our warnings
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = trafilatura.bare_extraction(root, url=url)
    except Exception as error:  # noqa: BLE001 - another's code on a hostile page: whatever it is, the page is read without
        return [], [], f"trafilatura failed on it ({type(error).__name__})"
    if found is None:
        return [], [], None
    lines, comments = (
        [] if tree is None else texts(walk(tree, frozenset()).blocks)
        for tree in (found.body, found.commentsbody)
    )
    return lines, comments, None


def main_lines(html: str, *, everything: bool = False) -> list[str]:
    """What resiliparse takes for the main text of a page, or all of its visible text, line by line."""
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(
        html, main_content=not everything, list_bullets=False, alt_texts=False, form_fields=False
    )
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in lines if _has_word(line)]
