"""From pages to their texts: the full path, the fast path, and what is done where a page resists.

Pages are read some at a time, since the role model of paragraphs, which is given as a function, is many times faster so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TypeVar

import numpy as np

from quality.columns import Floats
from quality.html.agreement import kept
from quality.html.extractors import Tags, all_lines, article_lines, main_lines, refusal
from quality.html.metadata import Metadata, metadata, searched_day
from quality.html.page import N_ELEMENTS_HIGH, Block, n_letters, texts, tree_of, walk
from quality.html.stack import Heard, Stack, shipped
from quality.records import PAGE_MODES

# Packages that each mode needs; all of them come with the extra.
NEEDED = {"full": ("lxml", "trafilatura", "htmldate", "resiliparse"), "fast": ("lxml", "resiliparse")}
# Characters of a page that are read, and blocks or lines of it. The largest of 384 pages of the corpora has 1.5 million
# and 1,548.
N_CHARACTERS_HIGH = 10_000_000
N_LINES_HIGH = 50_000
# Share of the letters that resiliparse finds on a page which lxml must find too, or it has lost a part: on 384 pages of
# the corpora it is .98 and more.
FOUND_LOW = 0.9
# Words of resiliparse's main text from which the fast path takes it for the page's: it gives a line or two where its
# rules fail. On 384 pages of the corpora anything from 50 to 100 does as well, and the next fifty lose lists and short news.
N_MAIN_WORDS_LOW = 50
# Log odds of content that the fast path asks of a line of resiliparse's: its rules have spoken for the line, so the role
# model must be against it. By hand, and not sought since; scripts/bench_html.py says what it gives.
FAST_ODDS_LOW = -1.0

# Log odds of content of every text of every page, pages apart; float64[texts] each.
Odds = Callable[[Sequence[Sequence[str]]], Sequence[Floats]]


@dataclass(frozen=True)
class Extraction:
    """The text of a page: its paragraphs in order, and how likely each is furniture after all (at most a quarter)."""

    paragraphs: tuple[str, ...]
    furniture: tuple[float, ...]
    metadata: Metadata
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A page before the role model is asked.

    `lines` are its texts; in the full path those of its `blocks`, with the lines that either extractor kept and those
    that the first took for comments.
    """

    lines: tuple[str, ...]
    metadata: Metadata
    warnings: tuple[str, ...]
    blocks: tuple[Block, ...] | None = None
    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    def heard(self, odds: Floats) -> Heard:
        """What is known of the blocks of the full path, with the role model's log odds of content."""
        kept_by = [kept(self.lines, lines) for lines in (self.first, self.second, self.comments)]
        return Heard.of(self.blocks or (), odds, *kept_by)


def check(mode: str) -> None:
    """Raise ModuleNotFoundError where a package is missing that the mode needs, ValueError for an unknown mode."""
    if mode not in PAGE_MODES:
        raise ValueError(f"unknown way to read HTML {mode!r}; expected one of {', '.join(PAGE_MODES)}")
    missing = [name for name in NEEDED[mode] if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(f"reading HTML needs {', '.join(missing)}: pip install 'quality[html]'")


def extract(
    pages: Sequence[str],
    urls: Sequence[str | None],
    odds: Odds,
    mode: str = "full",
    stack: Stack | None = None,
) -> list[Extraction]:
    """The texts of some pages, in order.

    `odds` gives the log odds of content by which lines are judged, `stack` the numbers by which the full path does (the
    shipped ones where None). A page without any text gives an extraction without
    paragraphs and a warning. The same page gives the same text in any company.

    Raises ModuleNotFoundError where a package of the extra is missing, ValueError for an unknown mode.
    """
    check(mode)
    draft = full_draft if mode == "full" else fast_draft
    drafts = [draft(page, url) for page, url in zip(pages, urls, strict=True)]
    judged = zip(drafts, odds([d.lines for d in drafts]), strict=True)
    return [_judged(d, o, stack or shipped()) for d, o in judged]


def full_draft(html: str, url: str | None) -> Draft:
    """A page as both extractors see it."""
    html, source, notes = _readable(html)
    told = metadata(html)
    tree = tree_of(html)
    page = None if tree is None else walk(tree)
    if page is not None and page.n_hidden > sum(n_letters(block.text) for block in page.blocks):
        # most of it hidden is a page that scripts show
        page = walk(tree, with_hidden=True)
    tags = Tags.of(source)
    refused = refusal(tags)
    notes += [refused] if refused else []
    every = [] if refused else all_lines(html)
    if tree is None or page is None or not page.blocks:
        # lxml made nothing of it; the other parser may
        return _with_warning(told, notes, every, html)
    if page.is_cut:
        notes.append(f"the page has more than {N_ELEMENTS_HIGH:,} elements: the rest is not read")
    elif not refused:
        n_found = page.n_hidden + sum(n_letters(block.text) for block in page.blocks)
        is_lost = n_found < FOUND_LOW * sum(map(n_letters, every))
        if page.is_too_deep or is_lost:
            why = "is nested too deeply" if page.is_too_deep else "is broken where lxml reads no further"
            notes.append(f"the page {why}: read by resiliparse alone, with what stands around its text")
            return _with_warning(told, notes, every, html)
    elif page.is_too_deep:
        notes.append("the page is nested too deeply: what stands deeper is not read")
    blocks = _first_lines(page.blocks, notes)
    second = [] if refused else main_lines(html, tags)
    first: Sequence[str] = ()
    comments: Sequence[str] = ()
    if page.is_ordinary:
        if told.date is None:
            day, problem = searched_day(tree, url)
            told = replace(told, date=day)
            notes += [problem] if problem else []
        first, comments, problem = article_lines(tree, url)
        notes += [problem] if problem else []
    else:
        notes.append(
            f"the page is too large for trafilatura ({page.n_elements:,} elements, {page.depth:,} levels): read without"
        )
    return Draft(
        tuple(texts(blocks)), told, tuple(notes), tuple(blocks), tuple(first), tuple(second), tuple(comments)
    )


def fast_draft(html: str, url: str | None) -> Draft:
    """A page as the fast one of the extractors sees it."""
    html, source, notes = _readable(html)
    told = metadata(html)
    tags = Tags.of(source)
    refused = refusal(tags)
    notes += [refused] if refused else []
    lines = [] if refused else main_lines(html, tags)
    if not refused and sum(line.count(" ") + 1 for line in lines) < N_MAIN_WORDS_LOW:
        lines = all_lines(html)
    if not lines:
        # resiliparse made nothing of it; the other parser may
        tree = tree_of(html)
        lines = [] if tree is None else texts(walk(tree).blocks)
    return _with_warning(told, notes, lines, html)


def _with_warning(told: Metadata, notes: list[str], lines: Sequence[str], html: str) -> Draft:
    if not lines:
        why = "there is nothing in it"
        if "<frameset" in html[:100_000].lower():
            why = "it is a frameset: its text is in other files"
        elif "<script" in html.lower():
            why = "it may be made by scripts, which are not run"
        notes.append(f"the page has no text: {why}")
    lines = _first_lines(lines, notes)
    return Draft(tuple(lines), told, tuple(notes))


T = TypeVar("T")


def _first_lines(lines: Sequence[T], notes: list[str]) -> Sequence[T]:
    if len(lines) > N_LINES_HIGH:
        notes.append(f"the page has {len(lines):,} lines: the first {N_LINES_HIGH:,} are read")
    return lines[:N_LINES_HIGH]


def _readable(html: str) -> tuple[str, bytes, list[str]]:
    """What is read of a page, the same in UTF-8, and warnings. NUL, which no parser takes, becomes U+FFFD, and half a
    surrogate pair, which UTF-8 has not, a question mark."""
    notes = []
    if len(html) > N_CHARACTERS_HIGH:
        notes.append(f"the page has {len(html):,} characters: the first {N_CHARACTERS_HIGH:,} are read")
        html = html[:N_CHARACTERS_HIGH]
    html = html.replace("\0", "\ufffd")
    try:
        source = html.encode()
    except UnicodeEncodeError:
        source = html.encode("utf-8", "replace")
        html = source.decode()
    return html, source, notes


def _judged(draft: Draft, odds: Floats, stack: Stack) -> Extraction:
    """The text of a page, from what the role model says of its lines."""
    notes = draft.warnings
    margin = odds - FAST_ODDS_LOW if draft.blocks is None else stack.margin(draft.heard(odds))
    chosen = np.flatnonzero(margin > 0).tolist()
    if draft.lines and not chosen:
        notes = (*notes, "the page has no text that is not furniture")
    # half of what the margin says: the page has told that these are text, and doubts of filler and copies come on top
    furniture = 0.25 * (1.0 - np.tanh(0.5 * margin))
    return Extraction(
        tuple(draft.lines[i] for i in chosen),
        tuple(float(furniture[i]) for i in chosen),
        draft.metadata,
        notes,
    )
