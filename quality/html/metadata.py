"""What a page says of itself: title, author, day of publication, address, language.

Read from the marks made for it - JSON-LD, meta elements, time elements, the head - as they stand in the page's source,
with no tree. Only where these tell no day, and a tree is there, is htmldate asked (`searched_day`): it knows many more
names of meta elements, and days in other languages. It is shown nothing but marks.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

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
USED_NAMES = frozenset(TITLE_NAMES + AUTHOR_NAMES + DATE_NAMES + URL_NAMES + LANGUAGE_NAMES)

# Characters of a tag that are looked at.
TAG = 10_000
# Where days stand that are another text's or the site's, in source and tree.
ASIDE = ("aside", "footer", "nav")
# Elements that are asked for nothing but whether they hold comments.
BOXES = ("div", "section", "ul", "ol", "li")
# Elements marked as a day that are asked at most: an article has one or two, a list of teasers many.
N_DAYS_HIGH = 10
# Characters of text in such an element, as "Posted on 4 March 2025 by A. Writer in News".
DAY_MARK = 100


def _named(names: Sequence[str]) -> re.Pattern[str]:
    """Finds comments and tags of these names in capitals or small letters, which classes tell faster than a flag does.

    Most tags are others, so the first letter is looked at before all else.
    """
    first = "".join(sorted({name[0] for name in names}))
    either = re.sub("[a-z]", lambda letter: f"[{letter[0]}{letter[0].upper()}]", "|".join(names))
    return re.compile(rf"<(?=[!{first}{first.upper()}])(?:(!--)|({either})\b)")


# Elements whose inside is no HTML.
RAW = ("title", "script", "style")
_MARKED = _named(("html", "meta", "link", "time", *RAW))
# What tells whether a mark is the page's own: of end tags those alone that are counted, for they are half of all tags.
_AROUND = _named((*BOXES, *ASIDE, *(f"/{name}" for name in ASIDE), *RAW))
# What follows a tag's name. Quotation marks count after "=" alone, and what was read is never read again.
_REST = re.compile(r"""(?:[^<>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+)*+""")
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_RAW_END = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in RAW}
_CANONICAL = re.compile("canonical", re.IGNORECASE)
_PUBLISHED = re.compile(r"\bpubdate\b|datePublished|\bpublished\b")
# What an element's id and class say of it, word by word, and in a word.
_COMMENTS = re.compile(r"(?<![^\W_])comments?(?![^\W_])", re.IGNORECASE)
_NO_DAY = re.compile(
    r"(?<![^\W_])(?:comments?|replies|footer|sidebar|related|widget|copyright|events?)(?![^\W_])|modifi|updat",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"(?<![^\W_])(?:date|time|datetime|timestamp|pubdate|published?|posted|dateline|byline)(?![^\W_])"
    r"|datePublished|[a-z](?:Date|Time)(?![a-z])"
)
# A day that begins with its year has one meaning without hyphens too.
_YEAR_FIRST = re.compile(r"\s*(\d{4})([/.]?)(\d\d)\2(\d\d)(?!\d)")
# Types of schema.org that are the page's own piece, rather than its site, its menu or a picture in it; best first, for
# a page may review or list pieces of others.
_PIECES = tuple(
    map(re.compile, (r"(?:Article|BlogPosting|LiveBlogPosting|Report)$", r"WebPage$", r"(?:Posting|Review)$"))
)
_NO_PIECE = re.compile(r"JobPosting$")


@dataclass(frozen=True)
class Metadata:
    """What is known of a page; None what it does not tell. `date` is an ISO day, `language` a code such as "en"."""

    title: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None
    language: str | None = None


def metadata(html: str) -> Metadata:
    """What a page says of itself in the marks of its source."""
    marks = _Marks(html[:HEAD])
    named = marks.named
    pieces = _ranked(marks.pieces)
    days = [_text(piece.get("datePublished")) for piece in pieces] + [named.get(name) for name in DATE_NAMES]
    date = next((day for day in map(_day, days) if day), None)
    titles: list[str | None] = [unescape(_text(piece.get("headline")) or "") for piece in pieces]
    titles += [named.get(name) for name in TITLE_NAMES]
    authors = [_names(piece.get("author")) for piece in pieces] + [named.get(name) for name in AUTHOR_NAMES]
    languages = [marks.spoken, *(named.get(name) for name in LANGUAGE_NAMES)]
    language = _first(languages)
    return Metadata(
        _first([*titles, marks.title]),
        _first([author for author in authors if author and "://" not in author]),
        date or _agreed(map(_day, marks.times)),
        _first([u for u in (marks.canonical, *(named.get(name) for name in URL_NAMES)) if u and "://" in u]),
        re.split("[-_,; ]", language)[0].lower() if language else None,
    )


def _first(values: Sequence[str | None]) -> str | None:
    """The first that says anything, white space collapsed."""
    return next((" ".join(value.split()) for value in values if value and value.strip()), None)


def _agreed(days: Iterable[str | None]) -> str | None:
    """The day that all which tell one tell; None where they differ."""
    told = {day for day in days if day}
    return told.pop() if len(told) == 1 else None


class _Tag(NamedTuple):
    """A tag in a page's source: where its name ends, the name in lower case (of an end with its stroke), what follows
    it, and what stands inside where that is no HTML."""

    place: int
    name: str
    rest: str
    inside: str


def _tags(head: str, named: re.Pattern[str]) -> Iterator[_Tag]:
    """Tags of these names, in one pass that never goes back, as parsers make it: comments and scripts are passed over."""
    at = 0
    while match := named.search(head, at):
        place = at = match.end()
        if match[1]:
            at = head.find("-->", at)
            if at < 0:
                return
            continue
        rest = _REST.match(head, at, at + TAG)
        if rest is None or not head.startswith(">", at := rest.end()):
            continue  # no tag
        name, inside = match[2].lower(), ""
        if name in _RAW_END:
            raw_end = _RAW_END[name].search(head, at)
            if raw_end is None:
                return
            inside = head[at + 1 : raw_end.start()]
            at = raw_end.end()
        yield _Tag(place, name, rest[0], inside)


class _Marks:
    """The marks in a page's source: contents of meta elements by name in lower case, the title, the canonical address,
    the language, times of publication and JSON-LD values."""

    def __init__(self, head: str) -> None:
        self.named: dict[str, str] = {}
        self.title: str | None = None
        self.canonical: str | None = None
        self.spoken: str | None = None
        self.times: list[str] = []
        self.pieces: list[Any] = []
        self._n_aside = 0
        self._in_comments = False
        self._attributes_end = 0
        self._around = _tags(head, _AROUND)
        self._next = next(self._around, None)
        for tag in _tags(head, _MARKED):
            if tag.name in _RAW_END:
                self._inside(tag)
            else:
                self._tag(tag)

    def _is_elsewhere(self, place: int) -> bool:
        """Whether it is another text's or the site's what a tag at this place says; asked from above to below.

        What tells it are most tags of a page, so they are read no further than is asked.
        """
        while self._next is not None and self._next.place < place:
            name, rest = self._next.name, self._next.rest
            self._attributes_end = self._next.place + len(rest)
            if name in ASIDE:
                self._n_aside += 1
            elif name.startswith("/"):
                self._n_aside = max(self._n_aside - 1, 0)
            elif name in BOXES and not self._in_comments:
                # they stand below the text, and without a tree nobody knows where they end
                self._in_comments = _holds_comments(rest)
            self._next = next(self._around, None)
        return place < self._attributes_end or self._n_aside > 0 or self._in_comments

    def _tag(self, tag: _Tag) -> None:
        name, rest = tag.name, tag.rest
        if name == "meta":
            given = _attributes(rest)
            content = given.get("content")
            for key in ("property", "name", "http-equiv", "itemprop"):
                named = given.get(key, "").strip().lower()
                # in the body they are of a piece of it, such as a comment
                if (
                    named in USED_NAMES
                    and content
                    and (key != "itemprop" or not self._is_elsewhere(tag.place))
                ):
                    self.named.setdefault(named, content)
        elif name == "link":
            if self.canonical is None and _CANONICAL.search(rest):
                given = _attributes(rest)
                if given.get("rel", "").lower() == "canonical":
                    self.canonical = given.get("href")
        elif name == "html":
            given = _attributes(rest)
            self.spoken = self.spoken or given.get("lang") or given.get("xml:lang")
        elif _PUBLISHED.search(rest) and not self._is_elsewhere(tag.place):
            self.times.append(_attributes(rest).get("datetime", ""))

    def _inside(self, tag: _Tag) -> None:
        if tag.name == "title":
            self.title = self.title or unescape(tag.inside[:TAG])
        elif tag.name == "script" and "ld+json" in tag.rest.lower() and len(tag.inside) <= MARK:
            # sites leave line breaks in strings, and HTML comments around it all
            source = tag.inside.strip().removeprefix("<!--").removesuffix("-->")
            with suppress(ValueError, RecursionError):  # no JSON, or a number or nesting that Python refuses
                self.pieces.append(json.loads(source, strict=False))


def _attributes(rest: str) -> dict[str, str]:
    """Attributes of a tag, from what follows its name."""
    return {m[1].lower(): unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(rest)}


def _holds_comments(rest: str) -> bool:
    """Whether a box says so, in what follows its name."""
    if not _COMMENTS.search(rest):
        return False
    given = _attributes(rest)
    return _COMMENTS.search(f"{given.get('id', '')} {given.get('class', '')}") is not None


def _ranked(values: Sequence[object]) -> list[Mapping[str, Any]]:
    """The objects of JSON-LD that are a piece, those in a graph, list or page each for itself; the page's own first."""
    found: list[tuple[int, Mapping[str, Any]]] = []
    waiting = list(reversed(values))
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, dict):
            rank = _rank(value.get("@type"))
            if rank is not None:
                found.append((rank, value))
            waiting += [value[key] for key in ("mainEntity", "@graph") if key in value]
    return [piece for _, piece in sorted(found, key=lambda one: one[0])]


def _rank(kinds: object) -> int | None:
    """How likely an object of these types is the page's own piece, 0 the most; None where it is none."""
    some = [k for k in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(k, str)]
    ranks = (i for i, kind in enumerate(_PIECES) for k in some if kind.search(k) and not _NO_PIECE.search(k))
    return next(ranks, None)


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
        day = iso_day(_YEAR_FIRST.sub(r"\1-\3-\4", value.strip(), count=1) if value else None)
    except ValueError:
        return None
    return day if FIRST_DAY <= day < LAST_DAY else None


def searched_day(tree: HtmlElement, url: str | None) -> tuple[str | None, str | None]:
    """The day that htmldate finds in the marks of a page, and a warning where it failed.

    It is shown the address and the head first, then each element that is marked as a day and is neither another text's
    nor the site's; of these all must agree. The text of a page it never sees: days are what texts tell of.
    """
    days: set[str | None] = set()
    try:
        with quiet("htmldate"):
            day = _day(_found(_page(tree.xpath("/html/head/meta|/html/head/link")), url))
            marks = _day_marks(tree) if day is None else ()
            if len(marks) <= N_DAYS_HIGH:
                days = {_day(mark) or _day(_found(_page((), mark), None)) for mark in marks}
    except (
        Exception
    ) as error:  # another's code on a hostile page: without a day the page is read all the same
        return None, f"htmldate failed on it ({type(error).__name__})"
    return day or _agreed(days), None


def _found(tree: HtmlElement, url: str | None) -> str | None:
    from htmldate import find_date

    found: str | None = find_date(
        tree, url=url, original_date=True, extensive_search=False, min_date=FIRST_DAY, max_date=LAST_DAY
    )
    return found


def _page(head: Iterable[HtmlElement], mark: str = "") -> HtmlElement:
    """A page of copies of some elements in its head, and one marked as a day."""
    from lxml.html import builder

    return builder.HTML(
        builder.HEAD(*map(deepcopy, head)), builder.BODY(builder.P(builder.CLASS("date"), mark))
    )


def _day_marks(tree: HtmlElement) -> tuple[str, ...]:
    """What the elements of a tree say that are marked as a day, each saying only once."""
    found: dict[str, None] = {}
    waiting = [element for body in tree.iterfind("body") for element in reversed(body)]
    while waiting and len(found) <= N_DAYS_HIGH:
        element = waiting.pop()
        tag, given = element.tag, element.attrib
        named = " ".join(given.get(key, "") for key in ("id", "class", "itemprop"))
        if not isinstance(tag, str) or tag in ASIDE or tag in _RAW_END or _NO_DAY.search(named):
            continue
        if tag == "time" or _DAY.search(named):
            told = given.get("datetime") or given.get("content") or (tag == "abbr" and given.get("title"))
            text = " ".join((told or "".join(islice(element.itertext(), DAY_MARK))).split())
            if len(text) <= DAY_MARK:
                # lxml takes no control characters back
                found["".join(filter(str.isprintable, text))] = None
                continue
        waiting += reversed(element)
    return tuple(found)


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Nothing is said on this log: what a library thinks of a page is no matter of ours."""
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
