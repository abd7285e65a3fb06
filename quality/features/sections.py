"""Names of website sections in prose, told by how they stand together rather than by a list of wordings.

"The strike matters in business, travel, and consumer-affairs circles": sections in a row, a hyphenated one used as a
noun, and somebody they are hung on. Each of these happens in good prose; points are added up over a sentence.
The words are in quality/data/sections.toml. Not here: wordings known by heart (rules/leak.toml).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quality.columns import WORD as LETTERS
from quality.columns import Ints
from quality.lexicon import DATA, WordTable, is_stop_word
from quality.registry import Counted, rule_among
from quality.rules import Spans
from quality.text import Batch, once_per_batch

# What a token may be, as bits: by the lists of the file, by itself, by its kind.
TOPIC, ENDING, COMPOUND, STRONG, WEAK, DESCRIBED, FRAME, OWNER, IDIOM = (1 << k for k in range(9))
PREFIX, AND, COMMA, HYPHEN, SLASH, COLON, STOP, WORD = (1 << k for k in range(9, 17))
BITS = {
    "topic": TOPIC,
    "ending": ENDING,
    "compound": COMPOUND,
    "strong": STRONG,
    "weak": WEAK,
    "described": DESCRIBED,
    "frame": FRAME,
    "owner": OWNER,
    "idiom": IDIOM,
    "prefix": PREFIX,
}
# Points of a sentence from which it is found: `SOFT` with some hyphenated name in it, else `PLAIN`; from `HARD` on it
# is hard evidence where a name in it weighs `CLEAR`. Set on the reliable articles and controls of the shared
# corpora and the texts of pages there, so that next to none of them has a hard one (docs/results.md).
SOFT, PLAIN, HARD, CLEAR = 4, 5, 5, 2
# The rule of wordings known by heart.
KNOWN = "leak.category_tags"
# Units a frame may stand before the row that it introduces.
REACH = 3


@cache
def _words() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads((DATA / "sections.toml").read_text("utf8"))["words"]
    return {name: tuple(some.split()) for name, some in table.items()}


@cache
def _table() -> WordTable:
    """Bits of each word of the file, and of the marks that join."""
    bits: dict[str, int] = {
        ",": COMMA,
        "-": HYPHEN,
        "/": SLASH,
        ":": COLON,
        **dict.fromkeys(("and", "or", "&"), AND),
    }
    for name, some in _words().items():
        for word in some:
            if name in BITS:  # "ordinary" holds whole names
                bits[word] = bits.get(word, 0) | BITS[name]
    return WordTable.of(bits)


@once_per_batch
def _bits(batch: Batch) -> NDArray[np.int32]:
    """What each token may be, as bits; int32[tokens]."""
    bits = _table().look_up(batch.vocabulary.hash).astype(np.int32)[batch.token_word]
    # a capital within a sentence is that of a department or a firm
    named = batch.token_upper.copy()
    named[batch.sentences.first[batch.sentences.filled]] = False
    bits[named] &= ~TOPIC
    return bits


class Unit(NamedTuple):
    """A word, a mark or a hyphenated name: its tokens, what it may be, and the points of its hyphens."""

    first: int
    last: int
    bits: int
    slug: int = 0


def _candidates(batch: Batch) -> Ints:
    """Sentences that may hold such a row: a hyphenated name beside what a row has, or four topics hung on somebody."""
    bits, of = _bits(batch), batch.sentences.of_token
    n = batch.sentences.n
    topic = np.flatnonzero(bits & TOPIC)
    topics = np.bincount(of[topic], minlength=n)
    some = np.flatnonzero(bits & (STRONG | WEAK | FRAME))
    hung = np.zeros(n, bool)
    hung[of[some]] = True
    hyphen = np.flatnonzero(bits & HYPHEN)
    hyphen = hyphen[(hyphen > 0) & (hyphen + 1 < bits.size)]
    touches = (batch.token_start[hyphen] == batch.token_end[hyphen - 1]) & (
        batch.token_start[hyphen + 1] == batch.token_end[hyphen]
    )
    tied = touches & ((bits[hyphen - 1] | bits[hyphen + 1]) & TOPIC > 0)
    tied &= (bits[hyphen + 1] & (ENDING | AND) > 0) | (bits[hyphen - 1] & AND > 0)
    # and something it stands in a row with, or is hung on
    tied &= (
        _beside(bits, of, hyphen, 2) & (AND | COMMA | HYPHEN | SLASH | STRONG | WEAK)
        | _beside(bits, of, hyphen, -2) & (AND | COMMA | HYPHEN | SLASH | FRAME)
    ) > 0
    slugs = np.zeros(n, bool)
    slugs[of[hyphen[tied]]] = True
    return np.flatnonzero((slugs & ((topics >= 2) | hung)) | ((topics >= 4) & hung))


def _beside(bits: NDArray[np.int32], of: Ints, token: Ints, step: int) -> NDArray[np.int32]:
    """Bits of the tokens some steps from others, 0 beyond their sentence (`of`): there another text may begin."""
    at = np.clip(token + step, 0, bits.size - 1)
    return np.where((at == token + step) & (of[at] == of[token]), bits[at], 0)


def _units(batch: Batch, bits: NDArray[np.int32], first: int, last: int) -> list[Unit]:
    """Tokens of a sentence, hyphenated ones put together."""
    stop, kind = is_stop_word(batch)[first:last], batch.token_kind[first:last]
    kinds = (bits[first:last] | STOP * stop | WORD * (kind == LETTERS)).tolist()
    starts, ends = batch.token_start[first:last].tolist(), batch.token_end[first:last].tolist()
    units, k = [], 0
    while k < len(kinds):
        end = k + 1
        while (
            end + 1 < len(kinds)
            and kinds[end] & HYPHEN
            and kinds[end + 1] & WORD
            and starts[end] == ends[end - 1]
            and starts[end + 1] == ends[end]
        ):
            end += 2
        if end == k + 1:
            units.append(Unit(first + k, first + end, kinds[k]))
        else:
            parts = kinds[k:end:2]
            name = batch.text_of(starts[k], ends[end - 1]).lower()
            units.append(Unit(first + k, first + end, WORD, _slug(parts, name)))
        k = end
    return units


def _slug(parts: list[int], name: str) -> int:
    """Points of a hyphenated name: 0 for none of a section, 1 for one that good prose writes, else 2."""
    topical = [p & TOPIC > 0 for p in parts]
    inner_and = any(p & AND for p in parts[1:-1])
    if any(p & STOP and not p & AND for p in parts):  # "brother-in-law"
        return 0
    if inner_and:
        if parts[0] & IDIOM or not any(topical):
            return 0
        return 2 if (topical[0] and (topical[-1] or parts[-1] & ENDING)) or len(parts) > 3 else 1
    if parts[0] & PREFIX or not parts[-1] & ENDING or not any(topical):
        return 0
    is_ordinary = parts[-1] & COMPOUND or name in _words()["ordinary"]
    return 1 if is_ordinary or not any(topical[:-1]) else 2


class Row(NamedTuple):
    """Sections in a row: units from `first` to `last` (exclusive), what they weigh, points of the clearest name."""

    first: int
    last: int
    points: int
    clearest: int


def _rows(units: list[Unit]) -> Iterator[Row]:
    """Rows of items joined by commas, "and", "or" or slashes, some of them sections."""
    k = 0
    while k < len(units):
        end = _item(units, k)
        if not end or (k and units[k - 1].bits & SLASH):  # an address holds such names by nature
            k += 1
            continue
        items, last = [(k, end)], end
        while True:
            at = last
            while at < len(units) and at - last < 4 and _joins(units, at):
                at += 1
            following = _item(units, at) or _other_item(units, at)
            if at == last or not following:
                break
            items.append((at, following))
            last = following
        while len(items) > 1 and not _is_section(units, *items[-1]):
            items.pop()
        last = items[-1][1]
        yield _weighed(units, items, k, last)
        k = last


def _joins(units: list[Unit], k: int) -> bool:
    return units[k].bits & (COMMA | AND | SLASH) > 0


def _is_section(units: list[Unit], first: int, last: int) -> bool:
    return any(u.bits & TOPIC or u.slug for u in units[first:last])


def _item(units: list[Unit], k: int) -> int:
    """End of an item that begins at a unit and holds a section, 0 for none: one word or two, or a hyphenated name."""
    if k >= len(units):
        return 0
    if units[k].slug:
        return k + 1
    if units[k].bits & TOPIC and units[k].bits & WORD:
        following = k + 1 < len(units) and units[k + 1]
        if following and following.bits & TOPIC and not following.bits & (STRONG | WEAK):
            return k + 2
        return k + 1
    return 0


def _other_item(units: list[Unit], k: int) -> int:
    """End of an item that is no section, within a row: a word, not one of grammar."""
    if k >= len(units) or not units[k].bits & WORD or units[k].bits & (STOP | AND):
        return 0
    if k + 1 < len(units) and (following := _item(units, k + 1)):
        return following
    return k + 1


def _weighed(units: list[Unit], items: list[tuple[int, int]], first: int, last: int) -> Row:
    """A row with its points."""
    slugs = clearest = topics = points = 0
    hung = units[last].bits & (STRONG | WEAK) if last < len(units) else 0
    owned = last < len(units) and units[last].bits & OWNER
    describes = False
    if last < len(units):
        following = units[last].bits
        # before a word that they describe hyphens are ordinary English: "border-security and trade provisions", and
        # alone before some that rows are hung on: "the travel-and-tourism sector"
        describes = following & WORD > 0 and not following & STOP and not hung
        describes = describes or (len(items) == 1 and following & DESCRIBED > 0)
    for begin, end in items:
        slug = max(u.slug for u in units[begin:end])
        if not slug:
            topics += _is_section(units, begin, end)
        elif not owned and not describes:
            slugs += slug
            clearest = max(clearest, slug)
    if len(items) > 1 or slugs:
        points = 2 * slugs + min(topics, 3)
        if hung:
            points += 2 if hung & STRONG else 1
        if any(u.bits & FRAME for u in units[max(first - REACH, 0) : first]):
            points += 1
    return Row(first, last + (1 if hung else 0), points, clearest)


@once_per_batch
def rows_of_sections(batch: Batch) -> tuple[Spans, Spans]:
    """Rows of sections: with a hyphenated name as a noun and enough points, and all others of enough points."""
    bits = _bits(batch)
    hard: list[tuple[int, int]] = []
    soft: list[tuple[int, int]] = []
    for sentence in _candidates(batch).tolist():
        first, last = int(batch.sentences.first[sentence]), int(batch.sentences.last[sentence])
        units = _units(batch, bits, first, last)
        rows = [row for row in _rows(units) if row.points]
        if not rows:
            continue
        total, clearest = sum(row.points for row in rows), max(row.clearest for row in rows)
        where = [(units[row.first].first, units[row.last - 1].last) for row in rows]
        if any(u.bits & OWNER for u in units) or _is_tag_line(units, rows[0].first):
            continue
        if clearest >= CLEAR and total >= HARD:
            hard += where
        elif total >= (SOFT if clearest else PLAIN):
            soft += where
    return _spans(batch, hard), _spans(batch, soft)


def _is_tag_line(units: list[Unit], first: int) -> bool:
    """Whether a row belongs to a line "Topics: boats, trade, world-news", as stands below a page."""
    colon = next((k for k, u in enumerate(units[:first]) if u.bits & COLON), None)
    return colon is not None and units[first - 1].bits & (COLON | COMMA) > 0


def _spans(batch: Batch, where: list[tuple[int, int]]) -> Spans:
    first, last = (np.array(column, np.int64) for column in (zip(*where, strict=True) if where else ((), ())))
    kept = ~batch.is_quoted[first] if first.size else np.zeros(0, bool)
    return Spans.of_tokens(batch, first[kept], last[kept]) if kept.any() else Spans.none()


# ---- rules -------------------------------------------------------------------------------------------


@rule_among(
    "leak.category_list",
    tier="hard",
    title="names of sections in a row",
    message="names of website sections, hyphens and all, stand in a sentence as if they were topics: «{text}»",
    why="Content farms make a program mention the sections under which a page is filed, so that it ranks for them. "
    "A person writes hyphens before the noun they belong to, and not for a list of menu entries.",
    source="own",
    unit="count",
    hits=[
        (
            "The strike matters in business, travel, and consumer-affairs circles.",
            ["business, travel, and consumer-affairs circles"],
        ),
        ("It shook the trade and consumer-affairs circles.", ["trade and consumer-affairs circles"]),
        (
            "The trial adds to the weather-and-travel conversation of the coast.",
            ["weather-and-travel conversation"],
        ),
    ],
    clean=[
        "The union fought for border-security and immigration provisions in the bill.",
        "She edits the business, travel, and consumer-affairs section.",
        "Topics: trade, world-news, consumer-affairs",
        "Her brother-in-law works in trade, transport and law.",
        "It matters to oil-and-gas, energy and transport firms.",
        "The law covers e-sports, gambling and gaming.",
        '"It matters in business, travel, and consumer-affairs circles," the page said.',
        "The harbour lost jobs in trade, transport and travel.",
        "The travel-and-tourism sector lost a tenth of its jobs.",
        "Ministers discussed trade, migration and climate-policy.",
        "See example.org/world-news/business-travel for the fares.",
    ],
)
def category_list(batch: Batch, counted: Counted) -> Spans:
    """Rows of sections with a hyphenated name among them."""
    return counted.unmet(rows_of_sections(batch)[0], KNOWN)


@rule_among(
    "leak.section_words",
    tier="soft",
    title="list of sections for topics",
    message="a list of topics as a menu has them, hung on readers or realms: «{text}»",
    why="Lists such as «the health, science, travel and fashion segment» come from the menu of a website. Business "
    "prose has them too, so one alone proves nothing; in a news story they say nothing about the news.",
    source="own",
    unit="count",
    hits=[
        (
            "It echoes in the weather, crime, trade and fashion universe.",
            ["weather, crime, trade and fashion universe"],
        ),
    ],
    clean=[
        "Guests came from the worlds of business, politics and sport.",
        "The prize goes to works in the categories science, fashion, travel and health.",
        "The Weather, Crime, Trade and Fashion universe is a board game.",
    ],
)
def section_words(batch: Batch, counted: Counted) -> Spans:
    """Rows of sections that are not as clear."""
    return counted.unmet(rows_of_sections(batch)[1], KNOWN)
