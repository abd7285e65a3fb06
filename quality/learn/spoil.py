"""Sound texts spoilt in one known way: material to learn from where no labelled pages exist.

`spoil` takes the paragraphs of a text, adds or changes what its kind says and nothing else, and tells the
role of every paragraph. The sentences it adds come from quality/data/spoil.toml, filled in with names of
the text, or from other articles (donors). Half of the entries, by hash, can be kept for measuring.

A spoilt text is a model of a bad page, not one: no share measured on it is a share in the wild.
"""

from __future__ import annotations

import csv
import datetime
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from quality.learn.corpora import half
from quality.lexicon import DATA, expand, read_lexicon

BANKS = ("train", "held_out", "all")

# A donor's paragraph shorter than this is too thin to be told from a transition; the intruder measure
# of this project draws the same line.
N_INTRUDER_WORDS = 25
# Paragraphs worth saying twice, and prose that a sentence can be glued to.
N_REPEATED_WORDS, N_GLUED_WORDS = 15, 8
# Farms add their filler at the end: so much of it goes there, the rest anywhere after the first paragraph.
END_SHARE = 0.45
# Lines of page furniture around one text, from a stray "Skip to content" to a whole frame.
N_FURNITURE_LOW, N_FURNITURE_HIGH = 2, 15
# Days between a text and the term of an official who is wrong for it: far beyond the weeks for
# which a term's dates are in doubt. Holders within `NEAR` days go first: texts are stitched from recent ones.
APART, NEAR = 200, 12 * 365

SLOTS = frozenset("subject name place year section section2 sections number site menu teaser".split())
# Drawn anew at each place of an entry; the others are one value throughout.
_FRESH = ("number", "menu")

_CHOICE = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")
_SLOT = re.compile(r"(?<!\{)\{([a-z]+\d?)\}")
# Three letters before the stop: "Mr." and "U.S." end no sentence.
_SENTENCE = re.compile(r"(?:(?<=\w\w\w[.!?])|(?<=[.!?][\"”]))\s+(?=[\"“(]?[A-Z])")
_SENTENCE_END = re.compile(r"(?<=\w\w\w)[.!?](?=\s+[\"“(]?[A-Z]|\s*$)")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w’'-]*\w(?: (?:of |de |al-)?[A-Z][\w’'-]*\w)*")
_PLACE = re.compile(r"\b(?:in|near|from) ([A-Z][a-z]+(?: [A-Z][a-z]+)?)")
_NOUN = re.compile(
    r"\bthe ([a-z]{4,}(?:-[a-z]+)*)"
    r"(?=[.,;:]| (?:of|in|on|at|to|is|was|has|had|will|would|said|that|for|from|and|with|by|as)\b)"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_CALENDAR = frozenset(
    "January February March April May June July August September October November December Monday "
    "Tuesday Wednesday Thursday Friday Saturday Sunday Mr Mrs Ms Dr".split()
)
# A title after one of these is another office, or names somebody who is out of this one.
_OTHER_OFFICE = frozenset(
    "former then ex vice deputy acting assistant associate under late interim shadow outgoing".split()
)

Piece = tuple[str, str]
Pieces = list[Piece]


@dataclass(frozen=True)
class Spoilt:
    """A text spoilt in one way.

    `labels[i]` is the role of `paragraphs[i]`: content, boilerplate, filler or duplicate.
    """

    paragraphs: tuple[str, ...]
    labels: tuple[str, ...]
    kind: str
    date: str | None


def spoil(
    paragraphs: Sequence[str],
    kind: str,
    random: Random,
    *,
    title: str | None = None,
    donors: Sequence[Sequence[str]] = (),
    date: str | None = None,
    bank: str = "all",
) -> Spoilt | None:
    """The text spoilt in the way `kind` names (one of `KINDS`); None where that cannot be done to it.

    `paragraphs` are taken for sound content; `donors` are other articles, for the kinds that splice;
    `date` is the ISO date of the text, which `officeholder` needs; `bank` is the part of the sentences
    to draw from: "train", "held_out" or "all". The same `random` state gives the same text.

    Raises ValueError for a kind or bank there is none of.
    Raises ValueError for a date that is not an ISO date.
    """
    if kind not in _MAKERS:
        raise ValueError(f"no kind {kind!r}; there are: {', '.join(_MAKERS)}")
    if bank not in BANKS:
        raise ValueError(f"no bank {bank!r}; there are: {', '.join(BANKS)}")
    day = _day(date)
    if not any(p.strip() for p in paragraphs):
        return None
    pieces = _MAKERS[kind](_Story(paragraphs, title, donors, day, bank, random))
    if pieces is None:
        return None
    return Spoilt(tuple(text for text, _ in pieces), tuple(label for _, label in pieces), kind, date)


def _day(date: str | None) -> datetime.date | None:
    if date is None:
        return None
    try:
        return datetime.date.fromisoformat(date[:10])
    except ValueError:
        raise ValueError(f"date {date!r} is no ISO date; write 2025-01-31") from None


# ---- the bank ----------------------------------------------------------------------------------------


@cache
def read_bank() -> Mapping[str, tuple[str, ...]]:
    """Entries of quality/data/spoil.toml by name of their list; those of all `blended` matters together.

    Raises ValueError naming an entry with an unknown slot, or one given twice.
    """
    with (DATA / "spoil.toml").open("rb") as handle:
        found = tomllib.load(handle)
    matters = found.pop("blended")
    lists = {name: tuple(entries) for name, entries in found.items()}
    lists["blended"] = tuple(line for matter in matters for line in matter["lines"])
    for name, entries in lists.items():
        for entry, times in Counter(entries).items():
            if unknown := set(_SLOT.findall(entry)) - SLOTS:
                raise ValueError(f"spoil.toml, {name}: unknown slot {sorted(unknown)} in {entry!r}")
            if times > 1:
                raise ValueError(f"spoil.toml, {name}: {entry!r} is given twice")
    return lists


@cache
def entries_of(name: str, bank: str = "all") -> tuple[str, ...]:
    """Entries of one list of the bank, in order; a half of them by hash for "train" and "held_out"."""
    entries = read_bank()[name]
    return entries if bank == "all" else tuple(e for e in entries if half(e) == BANKS.index(bank))


# ---- one text ----------------------------------------------------------------------------------------


class _Story:
    """A text about to be spoilt: its pieces, its donors, and words of it to fill slots with."""

    def __init__(
        self,
        paragraphs: Sequence[str],
        title: str | None,
        donors: Sequence[Sequence[str]],
        day: datetime.date | None,
        bank: str,
        random: Random,
    ) -> None:
        self.paragraphs = tuple(paragraphs)
        self.title = title
        self.donors = donors
        self.day = day
        self.bank = bank
        self.random = random
        text = "\n".join(paragraphs)
        names = _salient(_NAME.findall(text), 4)
        years = [str(day.year)] if day else _YEAR.findall(text)[-1:]
        self.words: dict[str, Sequence[str]] = {
            "subject": names + _nouns(text, 3),
            "name": names if len(names) > 1 else [],
            "place": _salient(_PLACE.findall(text), 3),
            "year": years or [str(random.randint(2009, 2025))],
            "section": entries_of("section", bank),
            "section2": entries_of("section", bank) + entries_of("section_plain", bank),
            "site": [random.choice(entries_of("site", bank))],
            "menu": entries_of("menu", bank),
            "teaser": entries_of("teaser", bank),
        }

    def pieces(self) -> Pieces:
        """The text as it came, all content; a new list each time."""
        return [(text, "content") for text in self.paragraphs]

    def says(self, name: str, n: int = 1) -> list[str]:
        """Up to `n` different entries of a list of the bank, filled in; fewer where the text fits fewer."""
        entries = [e for e in entries_of(name, self.bank) if self._fits(e)]
        return [self.filled(e) for e in self.random.sample(entries, min(n, len(entries)))]

    def _fits(self, entry: str) -> bool:
        return all(self.words.get(slot, True) for slot in _SLOT.findall(entry))

    def filled(self, entry: str) -> str:
        plain = _CHOICE.sub(lambda m: self.random.choice(m[1].split("|")), entry)
        chosen: dict[str, str] = {}

        def value(match: re.Match[str]) -> str:
            slot = match[1]
            if slot not in chosen or slot in _FRESH:
                chosen[slot] = self._word(slot, chosen.values())
            return chosen[slot]

        text = _SLOT.sub(value, plain)
        return _upper(text) if _SLOT.match(plain) else text

    def _word(self, slot: str, taken: Iterable[str]) -> str:
        if slot == "number":
            return str(self.random.randint(1, 9))
        if slot == "sections":
            return self._sections()
        free = [word for word in self.words[slot] if word not in taken]
        return self.random.choice(free or self.words[slot])

    def _sections(self) -> str:
        """Two to four site sections in a row, at least one of them hyphenated."""
        some = [self.random.choice(self.words["section"])]
        others = [s for s in self.words["section2"] if s not in some]
        some += self.random.sample(others, self.random.randint(1, 3))
        self.random.shuffle(some)
        return f"{', '.join(some[:-1])}{',' * (len(some) > 2)} and {some[-1]}"

    def place(self) -> int:
        """Where a paragraph may be put: mostly the end, never before the first."""
        n = len(self.paragraphs)
        return n if self.random.random() < END_SHARE else self.random.randint(1, n)

    def strangers(self) -> list[str]:
        """Paragraphs of the donors that are long enough to tell and not in the text itself."""
        own = set(self.paragraphs)
        return [p for d in self.donors for p in d if len(p.split()) >= N_INTRUDER_WORDS and p not in own]


def _salient(found: Sequence[str], n: int) -> list[str]:
    """The most frequent names among those found; no months, forms of address or "Asian-led"."""
    names = (re.sub(r"['’]s?$", "", name) for name in found)
    kept = (n for n in names if n.split()[0] not in _CALENDAR and not re.search(r"-[a-z]", n))
    return [name for name, _ in Counter(kept).most_common(n)]


def _nouns(text: str, n: int) -> list[str]:
    """The most frequent nouns after "the", found more than once and not common to all news."""
    common = frozenset(read_lexicon("common_words"))
    counted = Counter(noun for noun in _NOUN.findall(text) if noun not in common)
    return [f"the {noun}" for noun, times in counted.most_common(n) if times > 1]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentences(text: str) -> list[str]:
    return _SENTENCE.split(text)


# ---- where additions go ------------------------------------------------------------------------------


def _listed(story: _Story, texts: Sequence[str]) -> Pieces:
    """The text with additions as list items after its end, numbered or with a bullet."""
    mark = story.random.choice(("{}. ", "{}. ", "• ", "- "))
    return story.pieces() + [(mark.format(k) + text, "filler") for k, text in enumerate(texts, 1)]


def _alone(story: _Story, texts: Sequence[str]) -> Pieces:
    """The text with additions in a row as paragraphs of their own."""
    pieces, at = story.pieces(), story.place()
    return pieces[:at] + [(text, "filler") for text in texts] + pieces[at:]


def _glued(story: _Story, text: str) -> Pieces | None:
    """The text with an addition at the end of a paragraph, which is filler once most of it is addition."""
    pieces = story.pieces()
    prose = [
        k
        for k, (own, _) in enumerate(pieces)
        if len(own.split()) >= N_GLUED_WORDS and own.rstrip()[-1] in ".!?\"”'’"
    ]
    if not prose:
        return None
    at = prose[-1] if story.random.random() < END_SHARE else story.random.choice(prose)
    own = pieces[at][0].rstrip()
    label = "filler" if len(text.split()) > len(own.split()) else "content"
    pieces[at] = (f"{own} {text}", label)
    return pieces


def _placed(story: _Story, texts: Sequence[str]) -> Pieces | None:
    """The text with additions alone, as list items or, one at a time, glued to a paragraph."""
    if not texts:
        return None
    way = story.random.random()
    if way < 0.3:
        return _listed(story, texts)
    if way < 0.55 and (pieces := _glued(story, texts[0])) is not None:
        return pieces
    return _alone(story, texts)


# ---- the kinds ---------------------------------------------------------------------------------------


def _off_topic(story: _Story) -> Pieces | None:
    """A whole paragraph of another article, now and then as a list item at the end."""
    strangers = story.strangers()
    if not strangers:
        return None
    text = [story.random.choice(strangers).strip()]
    return _listed(story, text) if story.random.random() < 0.25 else _alone(story, text)


def _blended(story: _Story) -> Pieces | None:
    """Text on another matter that names the subject of this one."""
    if not story.words["subject"]:
        return None
    strangers, way = story.strangers(), story.random.random()
    if way < 0.35 and strangers:
        sentences = _sentences(story.random.choice(strangers).strip())
        n = max(1, len(sentences) // 2)
        kept = sentences[:n] if story.random.random() < 0.5 else sentences[-n:]
        texts = [_linked(story, " ".join(kept))]
    elif way < 0.6:
        texts = [_linked(story, t + ".") for t in story.says("blended_aside")]
    else:
        texts = story.says("blended", story.random.choice((1, 1, 1, 2)))
    return _listed(story, texts) if story.random.random() < 0.4 else _alone(story, texts)


def _linked(story: _Story, text: str) -> str:
    """A foreign text joined by a phrase before or after it to the subject of this one."""
    if story.random.random() < 0.5:
        (tail,) = story.says("blended_tail")
        return _upper(re.sub(r"[.!?]+([\"”’]?)$", r"\1", text)) + tail
    (lead,) = story.says("blended_lead")
    first = text.split()[0].rstrip(",")
    small = (first.lower() in read_lexicon("stop_words") and first != "I") or first.endswith("ly")
    return lead + (text[:1].lower() + text[1:] if small else text)


def _stock_phrase(story: _Story) -> Pieces | None:
    """Hollow sentences on the state of things, some under a heading of their own."""
    text = " ".join(story.says("stock_phrase", story.random.choice((1, 1, 2, 3))))
    if story.random.random() < 0.25:
        return _alone(story, [*story.says("outlook_heading"), text])
    return _placed(story, [text])


def _category_tags(story: _Story) -> Pieces | None:
    """Sentences in which site sections stand for topics."""
    return _placed(story, story.says("category_tags", story.random.choice((1, 1, 2))))


def _chatbot_leak(story: _Story) -> Pieces | None:
    """Words of the program that wrote the text: before it, in it or after it."""
    if story.random.random() < 0.25:
        return [(line, "filler") for line in story.says("chatbot_opening")] + story.pieces()
    return _placed(story, story.says("chatbot_leak"))


def _placeholder(story: _Story) -> Pieces | None:
    """Blanks that were never filled in."""
    return _placed(story, story.says("placeholder", story.random.choice((1, 1, 1, 2))))


def _citation_debris(story: _Story) -> Pieces | None:
    """Reference marks without references: at ends of sentences, or as a line after the text."""
    pieces = story.pieces()
    if story.random.random() < 0.15:
        return [*pieces, *((line, "filler") for line in story.says("citation_line"))]
    ends = [(k, m.start()) for k, (text, _) in enumerate(pieces) for m in _SENTENCE_END.finditer(text)]
    if not ends:
        return None
    form = story.random.choice(entries_of("citation_mark", story.bank))
    after_stop = story.random.random() < 0.4
    some = story.random.sample(ends, min(len(ends), story.random.randint(1, 4)))
    for k, at in sorted(some, reverse=True):  # from the back, so that positions stay true
        text = pieces[k][0]
        at += after_stop
        pieces[k] = (text[:at] + story.filled(form) + text[at:], "content")
    return pieces


def _repeated_headline(story: _Story) -> Pieces | None:
    """The headline once or twice more near the top, exactly or nearly, some with a caption cut short."""
    title = " ".join(story.title.split()) if story.title else _headline(story.paragraphs[0])
    if not title:
        return None
    pieces = story.pieces()
    if " ".join(pieces[0][0].split()).lower() != title.lower():
        pieces.insert(0, (title, "content"))
    for _ in range(story.random.choice((1, 1, 2))):
        again = title if story.random.random() < 0.5 else _nearly(title, story)
        pieces.insert(story.random.randint(1, min(3, len(pieces))), (again, "duplicate"))
    captions = [s for p in story.paragraphs[:3] for s in _sentences(p) if 10 <= len(s.split()) <= 30]
    if captions and story.random.random() < 0.3:
        caption = story.random.choice(captions)
        words = caption.split()
        cut = " ".join(words[: story.random.randint(6, len(words) - 2)]).rstrip(",;:.") + "..."
        pieces[1:1] = [(cut, "content"), (caption, "duplicate")]
    return pieces


def _headline(paragraph: str) -> str:
    """A short line made of the first sentence of a paragraph; empty where that has too few words."""
    words = _sentences(paragraph.strip())[0].split()
    small = read_lexicon("stop_words")
    n = min(len(words), 11)
    while n and words[n - 1].strip(",;:.").lower() in small:
        n -= 1
    return " ".join(words[:n]).rstrip(",;:.!?") if n >= 4 else ""


def _nearly(line: str, story: _Story) -> str:
    """A headline as a page repeats it: in other capitals, cut short, with the site's name, a word less."""
    words = line.split()
    site = story.words["site"][0]
    plain = frozenset(re.findall(r"\b[a-z]+\b", "\n".join(story.paragraphs)))  # no names among these
    forms = [
        " ".join(_upper(w) for w in words),
        _upper(" ".join(w.lower() if w.lower() in plain else w for w in words)),
        line.upper(),
        " ".join(words[: max(3, len(words) * 2 // 3)]).rstrip(",;:") + "...",
        f"{line} - {site}",
        f"{line} | {site}",
        line.replace(" and ", " & "),
        re.sub(r" (?:the|an?) ", " ", line, count=1),
    ]
    return story.random.choice([form for form in forms if form != line])


def _repeated_paragraph(story: _Story) -> Pieces | None:
    """A paragraph once more further down, word for word or less a sentence."""
    long = [k for k, text in enumerate(story.paragraphs) if len(text.split()) >= N_REPEATED_WORDS]
    if not long:
        return None
    at = story.random.choice(long)
    text = again = story.paragraphs[at]
    sentences = _sentences(text)
    way = story.random.random()
    if way < 0.3 and len(sentences) > 2:
        again = " ".join(sentences[:-1] if way < 0.15 else sentences[1:])
    elif way < 0.4:
        again = " ".join(text.split()[: len(text.split()) * 3 // 4]).rstrip(",;:.") + "..."
    pieces = story.pieces()
    pieces.insert(min(at + 1 + story.random.randint(0, 4), len(pieces)), (again, "duplicate"))
    return pieces


# What stands where on a page, by list of the bank; "row" is a row of menu entries.
_TOP = ("row", "row", "way", "way", "way", "about", "about", "cookie", "advert", "subscribe", "share")
_BETWEEN = ("related", "related", "related", "advert", "advert", "subscribe", "share", "about")
_BOTTOM = ("share", "list", "list", "subscribe", "comment", "comment", "legal", "legal", "row", "way")


def _navigation(story: _Story) -> Pieces | None:
    """Page furniture: menus, buttons and notices before, between and after the paragraphs."""
    where = [
        story.random.choices("tbe", (40, 20 if len(story.paragraphs) > 1 else 0, 40))[0]
        for _ in range(story.random.randint(N_FURNITURE_LOW, N_FURNITURE_HIGH))
    ]
    style = _Style(story)
    pieces = story.pieces()
    for line in style.lines(_BETWEEN, where.count("b")):
        pieces.insert(story.random.randint(1, len(pieces) - 1), (line, "boilerplate"))
    top, bottom = (
        [(line, "boilerplate") for line in style.lines(lists, where.count(letter))]
        for lists, letter in ((_TOP, "t"), (_BOTTOM, "e"))
    )
    return top + pieces + bottom


class _Style:
    """House style of one page: the sign between menu entries, capitals, and lines used so far."""

    def __init__(self, story: _Story) -> None:
        self.story = story
        self.between = story.random.choice((" | ", " | ", " · ", " / ", "   ", "   ", " • ", " :: ", " - "))
        self.capitals = story.random.random() < 0.15
        self.in_rows = story.random.random() < 0.7
        self.used: set[str] = set()

    def lines(self, lists: Sequence[str], n: int) -> list[str]:
        """`n` lines from some lists of the bank."""
        lines: list[str] = []
        while len(lines) < n:
            lines += self._some(self.story.random.choice(lists))
        return lines[:n]

    def _some(self, name: str) -> list[str]:
        story = self.story
        if name == "row":
            entries = story.says("menu", story.random.randint(3, 8))
            found = [self.between.join(entries)] if self.in_rows else entries
        elif name == "list":
            found = story.says("related_heading")
            found += [self._teaser() for _ in range(story.random.randint(1, 4))]
        else:
            found = story.says(name)
        if self.capitals:
            found = [line.upper() if len(line.split()) < 4 else line for line in found]
        new = [line for line in dict.fromkeys(found) if line not in self.used]
        self.used.update(new)
        return new

    def _teaser(self) -> str:
        """A headline of the bank, or one made of a donor."""
        story = self.story
        made = [_headline(donor[0]) for donor in story.donors if donor]
        made = [line for line in made if line]
        if made and story.random.random() < 0.5:
            return story.random.choice(made)
        return story.random.choice(story.words["teaser"])


# ---- officials ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Term:
    """One person's term in an office with one seat; an open one lasts, as far as is known, to `end`."""

    person: str
    names: tuple[str, ...]
    office: str
    start: datetime.date
    end: datetime.date
    open: bool
    acting: bool


@cache
def _terms() -> tuple[tuple[_Term, ...], Mapping[str, tuple[str, ...]]]:
    """Terms of the well-known offices with one seat, and by office the forms of its title, longest first."""
    terms: list[_Term] = []
    titles: dict[str, tuple[str, ...]] = {}
    with (DATA / "officeholders.csv").open(encoding="utf8", newline="") as handle:
        for row in csv.DictReader(handle):
            if row["titles"]:  # given in an office's first row alone
                forms = {form for title in row["titles"].split("|") for form in expand(title)}
                titles.setdefault(row["office"], tuple(sorted(forms, key=lambda form: (-len(form), form))))
            if row["tier"] == "core" and row["seats"] == "1":
                terms.append(
                    _Term(
                        row["person"],
                        tuple(filter(None, [row["person"], *row["aliases"].split("|")])),
                        row["office"],
                        datetime.date.fromisoformat(row["start"]),
                        datetime.date.fromisoformat(row["end"] or row["asof"]),
                        not row["end"],
                        bool(row["status"]),
                    )
                )
    return tuple(terms), titles


def _officeholder(story: _Story) -> Pieces | None:
    """One official in office on the day, named with title, changed for a holder of another time.

    Either that mention alone is changed, so that the right name may stand elsewhere in the text, or the
    whole name throughout.
    """
    if story.day is None:
        return None
    text = "\n".join(story.paragraphs)
    terms, titles = _terms()
    mentions = []
    for term in terms:
        if term.start <= story.day <= term.end:
            for name in term.names:
                for title in _titles_before(name, text, titles[term.office]):
                    if others := _others(term, story.day):
                        mentions.append((title, name, others))
    if not mentions:
        return None
    title, name, others = story.random.choice(mentions)
    other = story.random.choice(others)
    pieces = story.pieces()
    if story.random.random() < 0.5:
        whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        return [(whole.sub(other, own), label) for own, label in pieces]
    mention = f"{title} {name}"
    at = story.random.choice([k for k, (own, _) in enumerate(pieces) if mention in own])
    pieces[at] = (pieces[at][0].replace(mention, f"{title} {other}", 1), "content")
    return pieces


def _titles_before(name: str, text: str, titles: Sequence[str]) -> list[str]:
    """The forms, as the text has them, in which a title of the office stands right before a name."""
    found: dict[str, None] = {}
    if name not in text:  # nearly always: spares the search
        return []
    for match in re.finditer(rf"(?<=\w ){re.escape(name)}(?!\w)(?![-’']\w\w)", text):
        before = text[max(0, match.start() - 80) : match.start() - 1]
        for title in titles:
            if before.lower().endswith(title.lower()):
                rest = re.split(r"[\s-]+", before[: len(before) - len(title)].lower())
                inside_word = rest[-1] != ""
                if not inside_word and (len(rest) < 2 or rest[-2] not in _OTHER_OFFICE):
                    found[before[len(before) - len(title) :]] = None
                break  # the longest form that fits is the title
    return list(found)


def _others(term: _Term, day: datetime.date) -> list[str]:
    """Regular holders of an office whose every term is far from a day; those of the years around it, if any.

    Where polite use keeps the title for life, only holders who came later.
    """
    terms, _ = _terms()
    courtesy = term.office.rsplit(".", 1)[-1] in read_bank()["courtesy_offices"]
    distances: dict[str, int] = {}
    regular = {t.person for t in terms if t.office == term.office and not t.acting}
    for other in terms:
        if other.office == term.office and other.person != term.person:
            before, after = (day - other.end).days, (other.start - day).days
            distance = max(after, -1 if courtesy or other.open else before)
            distances[other.person] = min(distance, distances.get(other.person, distance))
    far = {who: distance for who, distance in distances.items() if distance >= APART and who in regular}
    return [who for who, distance in far.items() if distance <= NEAR] or list(far)


_MAKERS: Mapping[str, Callable[[_Story], Pieces | None]] = {
    "off_topic": _off_topic,
    "blended": _blended,
    "stock_phrase": _stock_phrase,
    "category_tags": _category_tags,
    "chatbot_leak": _chatbot_leak,
    "placeholder": _placeholder,
    "citation_debris": _citation_debris,
    "repeated_headline": _repeated_headline,
    "repeated_paragraph": _repeated_paragraph,
    "navigation": _navigation,
    "officeholder": _officeholder,
}
KINDS = tuple(_MAKERS)
