"""Rows of section names set apart by marks: "Weather + Real Life + Stories", alone on a line or within a sentence.

A row has some items between marks of one kind, each of a few words, some of them names of sections. In a page's head a
line of them is its way through the site and is left to the rules of furniture. The words are in
quality/data/category_lines.toml and sections.toml. Not here: rows in a sentence as if they were topics (sections).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from quality.columns import Bools
from quality.lexicon import DATA, is_stop_word, read_lexicon
from quality.registry import Counted, rule_among
from quality.rules import Spans, joined
from quality.section_rows import recited_rows
from quality.section_sentences import sentences_of_sections
from quality.text import Batch, hash_words, once_per_batch

# Marks that set items of a row apart, one kind a row: those that sentences do not have, and those that they do.
CLEAR = tuple(
    re.compile(mark)
    for mark in (r" ?/ ?", r" ?\| ?", r" ?> ?", r" ?[›»→] ?", r" ?[•·] ?", r" \+ ", r" :: ", r"\] ?\[")
)
COMMA = re.compile(r", (?:and )?")
COMMON = (COMMA, re.compile(r" [–—-] "), re.compile(r" ?; "))
# Hyphens without blanks, outside addresses; tags with hash signs, more than a post needs.
CHAIN = re.compile(r"(?<![\w/.@–—-])[\w&]{2,20}(?:[–—-][\w&]{2,20}){2,6}(?![\w/@–—-])")
HASHES = re.compile(r"#\w{2,30}(?:,? #\w{2,30}){3,30}")
# An item: up to four words; as much of it as has capitals.
ITEM = re.compile(r"(?:[\w&][\w’'.&-]{0,20})(?: [\w&][\w’'.&-]{0,20}){0,3}")
CAPITALS = re.compile(r"(?:(?:[A-Z0-9&][\w’'.&-]{0,20})(?: |$)){1,4}")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){0,3}")
# What a row may be put behind within a sentence.
GUIDE = re.compile(
    r"\b(?:tags|topics|categories|filed under|posted in|more (?:in|on)|section|in) ?:? ?$", re.IGNORECASE
)
# Items of a row, and names of sections among them, at least; the same of one that blanks alone set apart.
ITEMS, NAMED = 3, 2
BLANKS, BLANK_NAMED = 5, 3
# Tokens one of which any row needs.
MARKS = (*"/|>›»→•·+;–—-,]:#&", "and", "or")
# Those of them that sentences do not have, by one of which or two colons `CLEAR` are known; stop words that an item may have.
CLEAR_MARKS = "/|>›»→•·+]"
SIGNS = re.compile(f"[{re.escape(CLEAR_MARKS)}]|::")
KEPT = frozenset(("and", "of", "us"))
# Words from which on a paragraph is prose.
PROSE = 20
# What joins a list in a sentence, what brings sections in, and the points from which on it is one of sections: `HELD` for
# what it is hung on, one for each other sign.
JOINED = re.compile(r",? (?:and|or|&) (?:the )?|, ")
BRINGING = (
    *(
        "across",
        "interested in",
        "tracking",
        "following",
        "readers of",
        "world of",
        "within",
        "spanning",
        "span",
        "spans",
    ),
    *("squarely in", "squarely under", "heading of", "headings of", "realm of", "realms of", "crossroads of"),
    "intersection of",
)
ACROSS = re.compile(rf"(?:{'|'.join(BRINGING)}) (?:the |our )?$")
HELD, LISTED = 2, 3


class Row(NamedTuple):
    """A row in a text: from where to where, and whether it is all of the text."""

    start: int
    end: int
    whole: bool


@cache
def _names(*lists: str) -> frozenset[str]:
    table: dict[str, str] = {}
    for file in ("sections.toml", "category_lines.toml"):
        table |= tomllib.loads((DATA / file).read_text("utf8"))["words"]
    return frozenset(word for name in lists for word in table[name].split())


@cache
def _stops() -> frozenset[str]:
    return frozenset(read_lexicon("stop_words")) - KEPT


def _words(item: str) -> list[str]:
    return re.findall(r"\w+", item.lower())


def _is_item(item: str) -> bool:
    return bool(ITEM.fullmatch(item)) and not _stops().intersection(_words(item))


def _is_named(item: str) -> bool:
    return not _names("topic", "label").isdisjoint(_words(item))


def _is_place(item: str) -> bool:
    return not _names("place").isdisjoint(item.lower().split())


def _rows(text: str, mark: re.Pattern[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Runs of items between marks of a kind: start, end and the items."""
    edges = [(m.start(), m.end()) for m in mark.finditer(text)]
    if len(edges) < ITEMS - 1:
        return
    starts, ends = [0] + [e for _, e in edges], [s for s, _ in edges] + [len(text)]
    run: list[str] = []
    first = 0
    for k, (a, b) in enumerate(zip(starts, ends, strict=True)):
        item = text[a:b]
        lead = len(item) - len(item.lstrip(' "“(*|[#'))
        tail = len(item.rstrip(' .!?"”)*|]:'))
        core = item[lead:tail]
        if not core and k in (0, len(starts) - 1):
            continue
        if _is_item(core):
            run = run or []
            if not run:
                first = a + lead
            run.append(core)
            last = a + tail
            continue
        # the beginning of an item behind a row, and the end of one before it
        head = CAPITALS.match(core)
        if run and head:
            run.append(head[0].strip())
            last = a + lead + len(head[0].rstrip())
        if run:
            yield first, last, run
        run = []
        words = core.split(" ")
        size = 0
        while size < min(3, len(words)) and words[-1 - size][:1].isupper():
            size += 1
        if not size and words and _is_item(words[-1]):
            size = 1
        if size:
            run = [" ".join(words[len(words) - size :])]
            first, last = a + tail - len(run[0]), a + tail
    if run:
        yield first, last, run


def _is_whole(text: str, start: int, end: int) -> bool:
    return end - start >= len(text.strip(' .!?*|[]"”“')) - 2


def _apart(text: str) -> Iterator[Row]:
    """Rows whose items some mark sets apart."""
    owned = not _names("owner", "jury").isdisjoint(_words(text))
    for mark in (*(CLEAR if SIGNS.search(text) else ()), *COMMON):
        for start, end, items in _rows(text, mark):
            named = sum(map(_is_named, items))
            placed = sum(map(_is_place, items)) if mark in CLEAR else 0
            in_address = "/" in (text[end : end + 1], text[:start][-1:])
            if len(items) < ITEMS or not named or named + placed < NAMED or in_address:
                continue
            whole = _is_whole(text, start, end)
            capitals = all(item[:1].isupper() or item[:1].isdigit() for item in items)
            if mark in CLEAR:
                kept = whole or capitals or 2 * named > len(items)
            elif 2 * named < len(items):
                kept = False
            else:
                # glued to the sentence behind it, to its own sentence's end or to what it is put before
                opens = start == 0 and not re.match(r" (?:and|or)\b|,", text[end:])
                edge = opens or not text[end:].strip(" .!?*") or bool(GUIDE.search(text[:start]))
                held = start > 0 and not _names("holder").isdisjoint(_words(text[end - 12 : end + 24]))
                long = capitals and edge and len(items) > ITEMS and (opens or not owned)
                kept = whole or long or (held and (capitals or mark is not COMMA))
            if kept and (whole or not any(re.search(r"[.’']", item) for item in items)):
                yield Row(start, end, whole)


def _tied(text: str) -> Iterator[Row]:
    """Rows whose items hyphens tie together, tags with hash signs, and lines of nothing but small words."""
    names, commonplace = _names("topic", "label"), _names("commonplace")
    for match in CHAIN.finditer(text):
        whole = _is_whole(text, *match.span())
        parts = re.split("[–—-]", match[0])
        spelt = whole or all(part[0].isupper() for part in parts)
        found = [set(_words(part)) & names for part in parts]
        clear = sum(bool(some - commonplace) for some in found)
        known = (sum(map(bool, found)) if spelt else clear) + sum(map(_is_place, parts))
        small = {part.lower() for part in parts}
        if (
            clear
            and known >= NAMED
            and len(small) == len(parts)
            and small.isdisjoint(_stops() | _names("joint"))
        ):
            yield Row(*match.span(), whole)
    for match in HASHES.finditer(text):
        yield Row(*match.span(), _is_whole(text, *match.span()))
    line = text.strip(" .")
    words = line.split(" ")
    bare = len(words) >= BLANKS and all(map(SLUG.fullmatch, words)) and _stops().isdisjoint(_words(line))
    if bare and sum(map(_is_named, words)) >= BLANK_NAMED:
        yield Row(text.index(line), text.index(line) + len(line), True)


def _listed(text: str) -> Iterator[Row]:
    """Lists of sections in a sentence, told by what they are hung on and what speaks of itself."""
    words = _words(text)
    if not _names("jury").isdisjoint(words):
        return
    names, places = _names("topic", "label"), _names("place")
    edges = [(m.start(), m.end()) for m in JOINED.finditer(text)]
    starts, ends = [0] + [e for _, e in edges], [s for s, _ in edges] + [len(text)]
    run: list[tuple[int, int]] = []
    for k, (a, b) in enumerate(zip(starts, ends, strict=True)):
        some = list(re.finditer(r"[\w’'-]+", text[a:b]))
        known = [_known(m[0], names | places) for m in some]
        hung = len(known) > 1 and _known(some[-1][0], _names("strong", "holder", "weak"))
        if run and known and all(known) and len(known) <= 2 and k < len(starts) - 1 and not hung:
            run.append((a + some[0].start(), a + some[-1].end()))
            continue
        if run and known and known[0]:
            size = 2 if len(known) > 1 and known[1] and not _known(some[1][0], _names("holder")) else 1
            run.append((a + some[0].start(), a + some[size - 1].end()))
            behind = some[size][0].lower() if len(some) > size else ""
            yield from _judged(text, words, run, behind)
        elif len(run) > 2:
            yield from _judged(text, words, run, "")
        run = []
        if known and known[-1] and k < len(starts) - 1:
            run = [(a + some[-1].start(), a + some[-1].end())]


def _known(word: str, names: frozenset[str]) -> bool:
    """Whether a word, or all the parts of a hyphenated one, are among some names."""
    word = word.lower()
    return word in names or all(part in names or part == "and" for part in word.split("-"))


def _judged(text: str, words: list[str], run: list[tuple[int, int]], behind: str) -> Iterator[Row]:
    """The list as a row, where signs enough say that it is one of sections."""
    items = [text[a:b] for a, b in run]
    before, parts = text[: run[0][0]], {part for item in items for part in _words(item)}
    if parts.isdisjoint(_names("topic")) or (len(items) < ITEMS and not behind):
        return
    of_itself, across = not _names("piece").isdisjoint(words), bool(ACROSS.search(before))
    signs = [
        bool(before) and of_itself,
        across,
        across and of_itself,
        not parts.isdisjoint(_names("bare")),
        not parts.isdisjoint(_names("place")),
        bool(before) and all(item[:1].isupper() for item in items),
        any("-" in item for item in items),
        "alike" in words,
    ]
    points = sum(signs) + HELD * (behind in _names("strong", "holder", "weak"))
    points -= not _names("owner").isdisjoint(words)
    if points >= LISTED + (len(items) < ITEMS):
        yield Row(run[0][0], run[-1][1], False)


@once_per_batch
def _candidates(batch: Batch) -> tuple[Bools, Bools, Bools]:
    """Sentences that may hold a row set apart by marks, one tied together, or a list; bool[sentences] each.

    All have names and marks enough, and a sign that they are no list of the sentence's own.
    """
    group, entry = batch.sentences, batch.token_word
    n = entry.size
    subject, place, joins, hung, brings, of_itself = (
        batch.vocabulary.among(hash_words(words))[entry]
        for words in (
            sorted(_names("topic", "label")),
            sorted(_names("place")),
            MARKS,
            sorted(_names("strong", "holder", "weak")),
            [words.split()[0] for words in BRINGING],
            sorted(_names("piece")),
        )
    )
    named = subject | place
    # as they are written: folded, some are quotation marks
    clear = np.isin(batch.code[batch.token_start], list(map(ord, CLEAR_MARKS)))
    # names beside a mark, or one word from it
    near = np.zeros(n + 4, bool)
    for by in (0, 1, 3, 4):
        near[by : n + by] |= joins
    tied = named & near[2 : n + 2]
    n_tied = group.sum(tied)
    enough = (n_tied >= NAMED) & (group.sum(joins) >= ITEMS - 1)
    # marks that sentences do not have; no word but names; subjects in capitals; a chain
    small = is_stop_word(batch) & ~batch.vocabulary.among(hash_words(sorted(KEPT)))[entry]
    apart = (group.sum(clear) >= ITEMS - 1) | (group.sum(small) == 0)
    parts = batch.vocabulary.among(hash_words(",;–—-"))[entry] & (batch.spaced | ~batch.mark("-"))
    capital = subject & batch.token_upper & tied
    apart |= (group.sum(capital) >= NAMED) & (group.sum(parts) >= ITEMS - 1)
    apart |= (group.sum(hung) > 0) & (group.sum(parts & ~batch.mark(",")) >= ITEMS - 1)
    hyphen = batch.mark("-") & ~batch.spaced
    chain = hyphen.copy()
    chain[:-2] &= hyphen[2:]
    chain[-2:] = False
    tags = group.sum(batch.mark("#")) > ITEMS
    apart |= group.sum(batch.mark(":")) > ITEMS
    # a list, names and what joins them (", and the" at most), and what it may hang on
    follows = np.zeros(n, bool)
    for by in (2, 3, 4):
        follows[: max(n - by, 0)] |= named[by:]
    listed = named & follows
    listed[:-1] &= joins[1:]
    held = np.zeros(n, bool)
    for by in (1, 2):
        held[: max(n - by, 0)] |= hung[by:]
    hangs = (group.sum(named & held) > 0) | ((group.sum(brings) > 0) & (group.sum(of_itself) > 0))
    some = (group.sum(listed) > 0) & (group.sum(tied & subject) > 0) & hangs
    # rows that blanks alone set apart
    n_named = group.sum(named)
    bare = (n_named >= BLANK_NAMED) & (2 * n_named >= group.last - group.first)
    chained = (n_tied >= NAMED) & (group.sum(chain) > 0)
    return enough & apart, chained | bare | tags, some


def _in_head(batch: Batch) -> Bools:
    """Paragraphs before the first prose of their text, where it has any; bool[paragraphs]."""
    group = batch.paragraphs
    prose = batch.n_words(group) >= PROSE
    first = np.full(batch.n_documents, -1)
    at = np.flatnonzero(prose)[::-1]
    first[group.parent[at]] = at
    return np.arange(group.n) < first[group.parent]


@once_per_batch
def rows_of_names(batch: Batch) -> Spans:
    """Rows of section names, those left out that are a text's head or say what they are."""
    group = batch.sentences
    head = _in_head(batch)
    found: list[tuple[int, int, int]] = []
    apart, tied, listed = _candidates(batch)
    for sentence in np.flatnonzero(apart | tied | listed).tolist():
        if batch.is_quoted[group.first[sentence]]:
            continue
        begin, paragraph = int(group.start[sentence]), int(group.parent[sentence])
        text = batch.text_of(begin, int(group.end[sentence])).replace("\n", " ")
        ways = [way for way, asked in ((_apart, apart), (_tied, tied), (_listed, listed)) if asked[sentence]]
        reach = 0
        for row in sorted(row for way in ways for row in way(text)):
            alone = row.whole and batch.paragraphs.start[paragraph] == begin
            said = alone and not _names("guide").isdisjoint(_words(text)[:2])
            if row.start >= reach and not (alone and (head[paragraph] or said)):
                found.append((begin + row.start, begin + row.end, paragraph))
                reach = row.end
    return Spans(*np.array(found, np.int64).T) if found else Spans.none()


_STORY = (
    "The ferry to the island was late again on Monday, since the mate had lost his way in the fog.\n"
    "Passengers waited for two hours in the rain, the harbour master said.\n"
)


@rule_among(
    "leak.category_recital",
    tier="hard",
    title="sections recited",
    message="names of website sections recited as if they were the matter of the text: «{text}»",
    why="Content farms make a program mention the sections under which a page is filed, so that it ranks for them. The "
    "names belong neither together nor to the story, and the sentence says nothing else.",
    source="own",
    unit="count",
    hits=[
        (
            _STORY + "Gardening, Ohio, chess and mortgages meet at this vibrant crossroads.",
            ["Gardening, Ohio, chess and mortgages"],
        ),
        ("It matters for the travel, opinion and culture categories.", ["travel, opinion and culture"]),
        ("It is a story for readers of Culture, Travel and Law alike.", ["Culture, Travel and Law"]),
        (
            _STORY + "The mate has resigned (filed under Chess, Recipes, Ohio, Viral).",
            ["Chess, Recipes, Ohio, Viral"],
        ),
    ],
    clean=[
        _STORY + "Ministers of health, education and transport met on the quay.",
        _STORY + '"Gardening, Ohio, chess and mortgages meet at this vibrant crossroads," he said.',
        _STORY + "The Leeds Chess, Ohio and Gardening Club moved to the harbour.",
        "A prize in the travel, opinion and culture categories.",
        _STORY + "Chess, Recipes, Ohio, Viral",
        _STORY + "News | Chess | Ohio | Recipes | e-Edition | Mortgages",
        _STORY + "Gardening, Ohio, chess and mortgages meet here. Sign up for our weekly newsletter.",
        _STORY + "Topics: Chess, Recipes, Ohio, Viral.",
        _STORY + "Shares in Energy, Technology and Health fell most.",
        _STORY + "The library sorts its shelves by History, Travel, Health and Crime.",
        _STORY + "Our reader survey covered Health, Travel, Money and Food.",
    ],
)
def category_recital(batch: Batch, counted: Counted) -> Spans:
    """Rows that are recited for certain, in no furniture, and meet no finding of section names in prose."""
    rows = counted.unmet(_recited(batch).certain, "leak.category")
    return rows.where(~counted.is_furniture(batch)[rows.paragraph])


def _placed(batch: Batch, spans: Spans) -> tuple[Bools, Bools]:
    """Which rows a page has of its own, and which are a line by themselves or end as no sentence does; bool[rows] each.

    A page has them in its head, as lines that say what they are, and where it tells of prizes in categories. Menus end
    without a stop.
    """
    group, head = batch.paragraphs, _in_head(batch)
    honest, alone = np.zeros(len(spans), bool), np.zeros(len(spans), bool)
    for k, paragraph in enumerate(spans.paragraph.tolist()):
        begin = int(group.start[paragraph])
        text = batch.text_of(begin, int(group.end[paragraph]))
        before, behind = text[: int(spans.start[k]) - begin], text[int(spans.end[k]) - begin :]
        alone[k] = not _words(before + behind)
        says_what = not _names("guide").isdisjoint(_words(before)[:2]) and not _words(behind)
        of_prize = not _names("jury").isdisjoint(_words(text))
        honest[k] = (alone[k] and head[paragraph]) or says_what or of_prize
    return honest, alone | ~batch.ends_with(".!?)")[spans.paragraph]


class Recited(NamedTuple):
    """Rows that are recited for certain, and those that may be."""

    certain: Spans
    likely: Spans


@once_per_batch
def _recited(batch: Batch) -> Recited:
    """Recited rows, none that a page has of its own; those that are no part of a sentence are not certain."""
    certain, likely = recited_rows(batch)
    honest, alone = _placed(batch, certain)
    likely = likely.where(~_placed(batch, likely)[0])
    return Recited(certain.where(~honest & ~alone), joined(certain.where(~honest & alone), likely))


@rule_among(
    "leak.category_line",
    tier="soft",
    title="row of section names",
    message="names of website sections in a row: «{text}»",
    why="The sections under which a page is filed, with the marks that a site puts between them, stand in its text. "
    "A list of tags below an article looks the same, so one alone proves little.",
    source="own",
    unit="count",
    hits=[
        ("Weather + Real Life + Recipes", ["Weather + Real Life + Recipes"]),
        ("The ferry is late. Culture / Travel / Islands", ["Culture / Travel / Islands"]),
        ("Culture, Travel, Islands", ["Culture, Travel, Islands"]),
        ("It sits in the Culture, Travel, Islands Bucket.", ["Culture, Travel, Islands"]),
        ("It is a culture-travel-islands tale.", ["culture-travel-islands"]),
        ("#ferry #islands #late #summer", ["#ferry #islands #late #summer"]),
        ("culture travel islands museums law", ["culture travel islands museums law"]),
        ("One for Culture > Travel > Islands.", ["Culture > Travel > Islands"]),
        (_STORY + "The mate has resigned (Chess, Recipes, Ohio, Viral).", ["Chess, Recipes, Ohio, Viral"]),
        (_STORY + "Where chess greets gardening, there this story lives.", ["chess greets gardening"]),
    ],
    clean=[
        "Culture, Travel",
        "Mato / Larn / Orne",
        "Topics: Culture, Travel, Islands",
        "She writes of culture, travel and islands.",
        "Ministers of Culture, Travel and Islands met.",
        "A prize in the travel, opinion and culture categories.",
        "See example.org/culture/travel/law for fares.",
        "The culture-or-travel debate goes on.",
        "A real-time top-level local offer.",
        "Culture / Travel / Islands\nThe ferry was late again on Monday, since the mate had lost his way in the fog, "
        "and nobody on the island had a newspaper before noon.",
        '"Culture / Travel / Islands" it said.',
    ],
)
def category_line(batch: Batch, counted: Counted) -> Spans:
    """Rows set apart by marks and rows that may be recited, but for those that other rules of section names find."""
    recited = _recited(batch)
    rows = counted.unmet(rows_of_names(batch), "leak.category")
    likely = counted.unmet(recited.likely, "leak.category").apart_from(rows)
    return joined(rows, likely).apart_from(recited.certain)


@rule_among(
    "leak.category_sentence",
    tier="soft",
    title="sentence of section names",
    message="a sentence that speaks of sections of a website as if they were its topics: «{text}»",
    why="Content farms make a program mention the sections under which a page is filed, so that it ranks for them. The "
    "sentence brings together what the story does not, for readers, realms or corners. Honest sentences list subjects too, "
    "so one alone proves little.",
    source="own",
    unit="count",
    hits=[
        (
            _STORY
            + "Such tales echo through Banking, nod at Government, and wave, weather permitting, to Careers.",
            ["Banking, nod at Government, and wave, weather permitting, to Careers"],
        ),
        (
            _STORY + "The mate has resigned, a wish that sits squarely within environment, cinema and UAE.",
            ["environment, cinema and UAE"],
        ),
    ],
    clean=[
        _STORY
        + '"Such tales echo through Banking, nod at Government, and wave, weather permitting, to Careers," he said.',
        _STORY
        + "Topics: such tales echo through Banking, nod at Government, and wave, weather permitting, to Careers",
        _STORY
        + "Such tales echo through Banking, nod at Government, and wave, weather permitting, to Careers. "
        "Sign up for our weekly newsletter.",
        _STORY
        + "Such tales echo through Banking, nod at Government, and wave, weather permitting, to Careers. It won a prize.",
        # other rules find these
        _STORY + "Such tales touch Banking, nod at Gadgets, and rest in the politics sphere.",
        _STORY + "For readers of Gardening, money and the Alps it brings good tidings.",
        _STORY + "Such tales echo through Chess, brush the realm of Mortgages, and wander to Recipes.",
        _STORY
        + "It greets the friends of Cinema, tickles the followers of Economy and ends upon the shelf of Gadgets.",
        _STORY + "The festival brings together music, chess and food in the old docks.",
        _STORY + "Mates have left shipping for banking, politics and the cinema since 1990.",
    ],
)
def category_sentence(batch: Batch, counted: Counted) -> Spans:
    """Sentences that speak of sections, in no furniture, none that a page has of its own nor that other rules of section names find."""
    spans = counted.unmet(sentences_of_sections(batch), "leak.category").apart_from(_recited(batch).certain)
    spans = spans.apart_from(category_line(batch, counted))
    spans = spans.where(~counted.is_furniture(batch)[spans.paragraph])
    return spans.where(~_placed(batch, spans)[0])
