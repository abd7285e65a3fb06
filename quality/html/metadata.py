"""What a page says of itself: title, author, day of publication, address, language.

Read from the marks made for it - JSON-LD, meta elements, time elements, the head - as they stand in the page's source,
with no tree. Only where these tell no day, and a tree is there, htmldate is asked: it knows many more places.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from quality.records import iso_day

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Characters of a page in which marks are looked for, and of one of them: a data set in JSON is none.
HEAD, MARK = 2_000_000, 200_000
# Days outside these are slips or placeholders. A fixed last day, since the same page must give the same record
# tomorrow.
FIRST_DAY, LAST_DAY = "1990-01-01", "2100-01-01"

# Names of meta elements (property, name or itemprop), best first.
TITLE_NAMES = ("og:title", "twitter:title", "dc.title", "headline")
AUTHOR_NAMES = ("author", "article:author", "dc.creator", "parsely-author", "sailthru.author")
DATE_NAMES = (
    "article:published_time", "og:article:published_time", "datepublished", "date.published", "publish-date",
    "publishdate", "pubdate", "publication_date", "article.published", "parsely-pub-date", "sailthru.date",
    "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date", "citation_publication_date", "date",
)  # fmt: skip
URL_NAMES = ("og:url", "twitter:url")
LANGUAGE_NAMES = ("og:locale", "content-language", "dc.language")

_TAG = re.compile(r"<(html|meta|link|time)\b([^<>]{0,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_TITLE = re.compile(r"<title\b[^>]{0,500}>([^<]{0,2000})", re.IGNORECASE)
_JSON_LD = re.compile(r"<script\b[^>]{0,500}application/ld\+json[^>]{0,500}>", re.IGNORECASE)
# Types of schema.org that are the page's own piece, rather than its site, its menu or a picture in it.
_PIECE = re.compile(r"(?:Article|Posting|Report|Review|WebPage)$")


@dataclass(frozen=True)
class Metadata:
    """What is known of a page; None what it does not tell. `date` is an ISO day, `language` a code such as "en"."""

    title: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None
    language: str | None = None


def metadata(html: str, tree: HtmlElement | None = None, url: str | None = None) -> Metadata:
    """What a page says of itself; `url` is where it was found, which may hold its day.

    A `tree` may be taken apart in the search for a day.
    """
    head = html[:HEAD]
    marks, canonical, spoken, times = _marks(head)
    pieces = [piece for piece in _pieces(head) if _is_piece(piece)]
    days = [_text(piece.get("datePublished")) for piece in pieces]
    days += [*(marks.get(name) for name in DATE_NAMES), *times]
    date = next((day for day in map(_day, days) if day), None)
    if date is None and tree is not None:
        date = _searched_day(tree, url)
    found = _TITLE.search(head)
    titles = [_text(piece.get("headline")) for piece in pieces] + [marks.get(name) for name in TITLE_NAMES]
    authors = [_names(piece.get("author")) for piece in pieces] + [marks.get(name) for name in AUTHOR_NAMES]
    languages = [spoken, *(marks.get(name) for name in LANGUAGE_NAMES)]
    language = _first(languages)
    return Metadata(
        _first([*titles, found and unescape(found[1])]),
        _first([author for author in authors if author and "://" not in author]),
        date,
        _first([u for u in (canonical, *(marks.get(name) for name in URL_NAMES)) if u and "://" in u]),
        re.split("[-_,; ]", language)[0].lower() if language else None,
    )


def _first(values: list[str | None]) -> str | None:
    """The first that says anything, white space collapsed."""
    return next((" ".join(value.split()) for value in values if value and value.strip()), None)


def _marks(head: str) -> tuple[dict[str, str], str | None, str | None, list[str]]:
    """Contents of meta elements by name in lower case, the canonical address, the language, and times of publication."""
    marks: dict[str, str] = {}
    canonical = spoken = None
    times: list[str] = []
    for match in _TAG.finditer(head):
        given = {m[1].lower(): unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(match[2])}
        tag = match[1].lower()
        if tag == "meta":
            for key in ("property", "name", "itemprop", "http-equiv"):
                if key in given and given.get("content"):
                    marks.setdefault(given[key].strip().lower(), given["content"])
        elif tag == "link" and given.get("rel", "").lower() == "canonical":
            canonical = canonical or given.get("href")
        elif tag == "html":
            spoken = spoken or given.get("lang") or given.get("xml:lang")
        elif tag == "time" and re.search(r"\bpubdate\b|datePublished|\bpublished\b", match[2]):
            times.append(given.get("datetime", ""))
    return marks, canonical, spoken, times


def _pieces(head: str) -> Iterator[Mapping[str, Any]]:
    """Objects of JSON-LD on the page, in order, those in a graph or list each for itself."""
    for match in _JSON_LD.finditer(head):
        end = head.find("</script", match.end())
        if end < 0:
            return
        source = head[match.end() : end].strip()
        if len(source) <= MARK:
            try:
                # sites leave line breaks in strings, and HTML comments around it all
                value = json.loads(source.removeprefix("<!--").removesuffix("-->"), strict=False)
            except (json.JSONDecodeError, RecursionError):
                continue
            graph = value.get("@graph", value) if isinstance(value, dict) else value
            yield from (
                one for one in (graph if isinstance(graph, list) else [graph]) if isinstance(one, dict)
            )


def _is_piece(piece: Mapping[str, Any]) -> bool:
    kinds = piece.get("@type")
    return any(
        isinstance(k, str) and _PIECE.search(k) for k in (kinds if isinstance(kinds, list) else [kinds])
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _names(value: object) -> str | None:
    """Names of persons or organisations as JSON-LD gives them."""
    some = value if isinstance(value, list) else [value]
    names = [one.get("name") if isinstance(one, dict) else one for one in some]
    return ", ".join(unescape(name) for name in names if isinstance(name, str) and name.strip()) or None


def _day(value: str | None) -> str | None:
    """The ISO day of a date, None where it is none that we read or one that cannot be."""
    try:
        day = iso_day(value.strip() if value else None)
    except ValueError:
        return None
    return day if FIRST_DAY <= day < LAST_DAY else None


def _searched_day(tree: HtmlElement, url: str | None) -> str | None:
    """The day that htmldate finds in the marks of a page, without guessing from its text."""
    from htmldate import find_date

    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    try:
        found = find_date(
            tree,
            url=url,
            original_date=True,
            extensive_search=False,
            min_date=FIRST_DAY,
            max_date=LAST_DAY,
        )
    except Exception:  # another's code on a hostile page: without a day the page is read all the same
        return None
    return _day(found)
