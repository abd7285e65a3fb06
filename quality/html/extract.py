"""From pages to their texts: the full path, the fast path, and what is done where a page resists.

Pages are read some at a time, since the role model of paragraphs, which is given as a function, is many times faster so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from quality.columns import Floats
from quality.html.agreement import kept
from quality.html.extractors import article_lines, main_lines
from quality.html.metadata import Metadata, metadata
from quality.html.page import N_ELEMENTS_HIGH, Block, texts, tree_of, walk
from quality.html.stack import Heard, shipped

MODES = ("full", "fast")
# Packages that each mode needs; all of them come with the extra.
NEEDED = {"full": ("lxml", "trafilatura", "htmldate", "resiliparse"), "fast": ("lxml", "resiliparse")}
# Characters of a page that are read: what trafilatura takes at most. The largest of 384 pages of the corpora has 1.5 M.
N_CHARACTERS_HIGH = 20_000_000
# Log odds of content that the fast path asks of a line of resiliparse's; chosen by scripts/build_html.py's corpora left
# out (docs/html.md).
FAST_ODDS_LOW = -1.0

# Log odds of content of every text of every page, pages apart; float64[texts] each.
Odds = Callable[[Sequence[Sequence[str]]], Sequence[Floats]]


@dataclass(frozen=True)
class Extraction:
    """The text of a page: its paragraphs in order, and how sure each is to be furniture after all (below one half)."""

    paragraphs: tuple[str, ...]
    furniture: tuple[float, ...]
    metadata: Metadata
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Draft:
    """A page before the role model is asked: texts, and for the full path their blocks with the extractors' word."""

    lines: tuple[str, ...]
    metadata: Metadata
    warnings: tuple[str, ...]
    blocks: tuple[Block, ...] | None = None
    first: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    second: tuple[str, ...] = ()


def check(mode: str) -> None:
    """Raise ModuleNotFoundError where a package is missing that the mode needs, ValueError for an unknown mode."""
    if mode not in MODES:
        raise ValueError(f"unknown way to read HTML {mode!r}; expected one of {', '.join(MODES)}")
    missing = [name for name in NEEDED[mode] if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(f"reading HTML needs {', '.join(missing)}: pip install 'quality[html]'")


def extract(
    pages: Sequence[str], urls: Sequence[str | None], odds: Odds, mode: str = "full"
) -> list[Extraction]:
    """The texts of some pages, in order.

    `odds` gives the log odds of content by which lines are judged. A page without any text gives an extraction without
    paragraphs and a warning. The same page gives the same text in any company.

    Raises ModuleNotFoundError where a package of the extra is missing, ValueError for an unknown mode.
    """
    check(mode)
    draft = _full_draft if mode == "full" else _fast_draft
    drafts = [draft(page, url) for page, url in zip(pages, urls, strict=True)]
    return [_judged(d, o) for d, o in zip(drafts, odds([d.lines for d in drafts]), strict=True)]


def _full_draft(html: str, url: str | None) -> _Draft:
    html, notes = _readable(html)
    tree = tree_of(html)
    page = None if tree is None else walk(tree)
    told = metadata(html, tree, url)
    if tree is None or page is None or not page.blocks:
        # lxml made nothing of it; the other parser may
        return _with_warning(told, notes, main_lines(html, everything=True), html)
    if page.is_cut:
        notes.append(f"the page has more than {N_ELEMENTS_HIGH:,} elements: the rest is not read")
    second = main_lines(html)
    first, comments, problem = article_lines(tree, page, url or told.url)
    if problem:
        notes.append(f"the page is {problem}: read without" if problem.startswith("too") else problem)
    return _Draft(
        tuple(texts(page.blocks)),
        told,
        tuple(notes),
        page.blocks,
        tuple(first),
        tuple(comments),
        tuple(second),
    )


def _fast_draft(html: str, url: str | None) -> _Draft:
    html, notes = _readable(html)
    told = metadata(html)
    lines = main_lines(html) or main_lines(html, everything=True)
    if not lines:
        # resiliparse made nothing of it; the other parser may
        tree = tree_of(html)
        lines = [] if tree is None else texts(walk(tree).blocks)
    return _with_warning(told, notes, lines, html)


def _with_warning(told: Metadata, notes: list[str], lines: Sequence[str], html: str) -> _Draft:
    if not lines:
        why = "there is nothing in it"
        if "<frameset" in html[:100_000].lower():
            why = "it is a frameset: its text is in other files"
        elif "<script" in html.lower():
            why = "it may be made by scripts, which are not run"
        notes.append(f"the page has no text: {why}")
    return _Draft(tuple(lines), told, tuple(notes))


def _readable(html: str) -> tuple[str, list[str]]:
    """What is read of a page, and warnings. Half a surrogate pair and NUL, which no parser takes, become U+FFFD."""
    notes = []
    if len(html) > N_CHARACTERS_HIGH:
        notes.append(f"the page has {len(html):,} characters: the first {N_CHARACTERS_HIGH:,} are read")
        html = html[:N_CHARACTERS_HIGH]
    return html.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd"), notes


def _judged(draft: _Draft, odds: Floats) -> Extraction:
    """The text of a page, from what the role model says of its lines."""
    notes = draft.warnings
    if draft.blocks is None:
        margin = odds - FAST_ODDS_LOW
    else:
        first, second, comment = (
            kept(draft.lines, lines) for lines in (draft.first, draft.second, draft.comments)
        )
        margin = shipped().margin(Heard(draft.blocks, odds, first, second, comment))
    chosen = np.flatnonzero(margin > 0).tolist()
    if draft.lines and not chosen:
        notes = (*notes, "the page has no text that is not furniture")
    furniture = 0.5 * (1.0 - np.tanh(0.5 * margin))
    return Extraction(
        tuple(draft.lines[i] for i in chosen),
        tuple(float(furniture[i]) for i in chosen),
        draft.metadata,
        notes,
    )
