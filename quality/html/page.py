"""A page cut into blocks: the texts that block elements separate, and where each of them stands.

One walk over the tree that lxml made gives all of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Elements whose text is no text of the page.
SKIPPED = frozenset(
    """script style noscript template head iframe frameset noframes svg math object embed applet canvas
    select datalist textarea video audio map""".split()
)
# Elements that begin and end a block. The last line is of the trees that trafilatura gives, which are walked as pages
# are, so that both are cut at the same places.
BLOCKS = frozenset(
    """address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table
    tbody td tfoot th thead tr ul
    cell head item list quote row""".split()
)
LINKS, BREAKS, ROWS = frozenset(["a", "ref"]), frozenset(["br", "lb"]), frozenset(["tr", "row"])
# Characters of a cell to which the cells that follow it in its row are added where they hold no letter: alone, a number
# says nothing.
CELL = 100
# Levels of containers above a block that are remembered.
N_LEVELS = 12
# Elements read at most: over thirty times those of the largest of 384 pages of the corpora (5,488), walked in a second.
N_ELEMENTS_HIGH = 200_000
# Elements, and levels of blocks, of an ordinary page (the corpora have up to 5,488 and 51). Beyond them trafilatura and
# htmldate take seconds and more.
N_ORDINARY, DEPTH_ORDINARY = 20_000, 250
# Levels of elements from which lxml may have left out what stands deeper: libxml2 ends at 2,048.
N_LEVELS_HIGH = 2_045

# Ends of a page that are no end: what follows them is shown, and lxml would leave it out.
_ends = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_hides = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE).search
_ends_sentence = re.compile(r"""[.!?…。！？]["'”’»)\]]{0,3}\s*$""").search
_blank_lines = re.compile(r"\n[^\S\n]*\n")


class Block(NamedTuple):
    """A text of the page, and where it stands.

    `containers` numbers the block elements it stands in, innermost first and at most `N_LEVELS`, in the order in
    which they open on the page. `n_link_characters` of its characters stand in links.
    """

    text: str
    containers: tuple[int, ...]
    n_link_characters: int


@dataclass(frozen=True)
class Page:
    """The blocks of a page in order, how many elements were walked, how many blocks and how many elements stand in one
    another, and how many letters are hidden."""

    blocks: tuple[Block, ...]
    n_elements: int
    depth: int
    n_levels: int
    n_hidden: int

    @property
    def is_ordinary(self) -> bool:
        """Whether it is no larger than pages made for people are."""
        return self.n_elements <= N_ORDINARY and self.depth <= DEPTH_ORDINARY

    @property
    def is_cut(self) -> bool:
        """Whether there was more than is read."""
        return self.n_elements > N_ELEMENTS_HIGH

    @property
    def is_too_deep(self) -> bool:
        """Whether there may be more below than lxml gave."""
        return self.n_levels >= N_LEVELS_HIGH


_has_word = re.compile(r"[^\W_]").search
_has_letter = re.compile(r"[^\W\d_]").search


def tree_of(html: str) -> HtmlElement | None:
    """The tree that lxml makes of a page; None where there is nothing in it."""
    from lxml.etree import ParserError, XMLSyntaxError
    from lxml.html import HTMLParser, document_fromstring

    # huge_tree: without it all that stands more than 256 levels deep would be lost with its text
    parser = HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
    )
    try:
        return document_fromstring(_ends.sub("", html).encode("utf-8", "replace"), parser=parser)
    except (ParserError, XMLSyntaxError):  # what lxml says of an empty document
        return None


def walk(root: HtmlElement, skipped: frozenset[str] = SKIPPED, *, with_hidden: bool = False) -> Page:
    """The blocks of a tree, but for what its elements say is hidden.

    One function with its state in local names: it is called for every page and sees every element.
    """
    from lxml.etree import iterwalk

    found: list[Block] = []
    # the text since the last break, how much of it stands in links, line breaks at its end, links that are open
    parts: list[str] = []
    n_link_characters = n_breaks = n_links = number = depth = 0
    level = n_levels = n_hidden = n_preformatted = 0
    is_skipping = False
    # numbers of the open block elements, innermost last, and of the rows among them
    containers = [0]
    rows: list[int] = []

    def end_block() -> None:
        text = " ".join("".join(parts).split())
        if rows and found and not _has_letter(text) and _is_cell(found[-1], rows[-1]):
            before = found.pop()
            text = f"{before.text} {text}"
            found.append(before._replace(text=text.rstrip()))
        elif _has_word(text):
            inner = tuple(containers[: -N_LEVELS - 1 : -1])
            found.append(Block(text, inner, min(n_link_characters, len(text))))
        parts.clear()

    events = iterwalk(root, events=("start", "end"))
    for event, element in events:
        tag = element.tag
        if event == "start":
            number += 1
            level += 1
            n_levels = max(n_levels, level)
            if number > N_ELEMENTS_HIGH:
                break
            if tag in skipped or not isinstance(tag, str):
                is_skipping = True
            elif not with_hidden and _is_hidden(element):
                is_skipping = True
                n_hidden += sum(n_letters(text) for text in element.itertext())
            if is_skipping:
                events.skip_subtree()
                continue
            if tag in BLOCKS:
                if parts:
                    end_block()
                    n_link_characters = 0
                n_breaks = 0
                containers.append(number)
                depth = max(depth, len(containers))
                n_preformatted += tag == "pre"
                if tag in ROWS:
                    rows.append(number)
            elif tag in LINKS:
                n_links += 1
            elif tag in BREAKS:
                # one line break is white space but after a sentence, two in a row end a block
                n_breaks += 1
                if parts and (n_breaks > 1 or _ends_sentence(_last_text(parts))):
                    end_block()
                    n_link_characters = 0
                parts.append(" ")
            text = element.text
        else:
            level -= 1
            if is_skipping:
                is_skipping = False  # only what follows it is text
            elif tag in BLOCKS:
                if parts:
                    end_block()
                    n_link_characters = 0
                n_breaks = 0
                containers.pop()
                n_preformatted -= tag == "pre"
                if tag in ROWS:
                    rows.pop()
            elif tag in LINKS:
                n_links -= 1
            text = element.tail
        if text:
            if n_preformatted:
                *before, text = _blank_lines.split(text)
                for paragraph in before:
                    parts.append(paragraph)
                    if n_links:
                        n_link_characters += len(paragraph.strip())
                    end_block()
                    n_link_characters = 0
            parts.append(text)
            if n_breaks or n_links:
                length = len(text.strip())
                if length:
                    n_breaks = 0
                    if n_links:
                        n_link_characters += length
    if parts:
        end_block()
    return Page(tuple(found), number, depth, n_levels, n_hidden)


def _is_cell(block: Block, row: int) -> bool:
    """Whether a block is a short cell of a row."""
    return block.containers[1:2] == (row,) and len(block.text) <= CELL


def _is_hidden(element: HtmlElement) -> bool:
    """Whether an element says that it is not shown; of the whole page only scripts say so, to show it later."""
    if element.get("aria-hidden") != "true" and element.get("hidden") in (None, "until-found"):
        style = element.get("style")
        if not style or not _hides(style):
            return False
    return element.tag not in ("html", "body")


def n_letters(text: str) -> int:
    """Characters of a text but white space."""
    return len("".join(text.split()))


def _last_text(parts: Sequence[str]) -> str:
    """The last of these that is more than white space."""
    return next((part for part in reversed(parts) if part.strip()), "")


def texts(blocks: Sequence[Block]) -> list[str]:
    """The texts of some blocks."""
    return [block.text for block in blocks]
