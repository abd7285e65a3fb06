"""Sound texts spoilt in one known way: material to learn from where no labelled pages exist.

`spoil` takes the paragraphs of a text, adds or changes what its kind says and nothing else, and tells the
role of every paragraph. The sentences it adds come from a bank (`quality.learn.story`), filled in with names of
the text, or from other articles (donors).

A spoilt text is a model of a bad page, not one: no share measured on it is a share in the wild.
"""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from quality.learn.story import BANKS, Pieces, Story, entries_of, read_bank, upper
from quality.lexicon import DATA, expand, read_lexicon

# Words of a paragraph worth saying twice.
N_REPEATED_WORDS = 15
# Lines of page furniture around one text, from a stray "Skip to content" to a whole frame.
N_FURNITURE_LOW, N_FURNITURE_HIGH = 2, 15
# Days between a text and the term of an official who is wrong for it: far beyond the weeks for
# which a term's dates are in doubt. Holders within `NEAR` days go first: texts are stitched from recent ones.
APART, NEAR = 200, 12 * 365

# Three letters before the stop: "Mr." and "U.S." end no sentence.
_SENTENCE = re.compile(r"(?:(?<=\w\w\w[.!?])|(?<=[.!?][\"”]))\s+(?=[\"“(]?[A-Z])")
_SENTENCE_END = re.compile(r"(?<=\w\w\w)[.!?](?=\s+[\"“(]?[A-Z]|\s*$)")
# A title after one of these is another office, or names somebody who is out of this one.
_OTHER_OFFICE = frozenset(
    "former then ex vice deputy acting assistant associate under late interim shadow outgoing".split()
)


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
    pieces = _MAKERS[kind](Story(paragraphs, title, donors, day, bank, random))
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


def _sentences(text: str) -> list[str]:
    return _SENTENCE.split(text)


# ---- the kinds ---------------------------------------------------------------------------------------


def _off_topic(story: Story) -> Pieces | None:
    """A whole paragraph of another article, now and then as a list item at the end."""
    strangers = story.strangers()
    if not strangers:
        return None
    text = [story.random.choice(strangers).strip()]
    return story.listed(text) if story.random.random() < 0.25 else story.alone(text)


def _blended(story: Story) -> Pieces | None:
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
    return story.listed(texts) if story.random.random() < 0.4 else story.alone(texts)


def _linked(story: Story, text: str) -> str:
    """A foreign text joined by a phrase before or after it to the subject of this one."""
    if story.random.random() < 0.5:
        (tail,) = story.says("blended_tail")
        return upper(re.sub(r"[.!?]+([\"”’]?)$", r"\1", text)) + tail
    (lead,) = story.says("blended_lead")
    first = text.split()[0].rstrip(",")
    small = (first.lower() in read_lexicon("stop_words") and first != "I") or first.endswith("ly")
    return lead + (text[:1].lower() + text[1:] if small else text)


def _stock_phrase(story: Story) -> Pieces | None:
    """Hollow sentences on the state of things, some under a heading of their own."""
    text = " ".join(story.says("stock_phrase", story.random.choice((1, 1, 2, 3))))
    if story.random.random() < 0.25:
        return story.alone([*story.says("outlook_heading"), text])
    return story.placed([text])


def _category_tags(story: Story) -> Pieces | None:
    """Sentences in which site sections stand for topics."""
    return story.placed(story.says("category_tags", story.random.choice((1, 1, 2))))


def _chatbot_leak(story: Story) -> Pieces | None:
    """Words of the program that wrote the text: before it, in it or after it."""
    if story.random.random() < 0.25:
        return [(line, "filler") for line in story.says("chatbot_opening")] + story.pieces()
    return story.placed(story.says("chatbot_leak"))


def _placeholder(story: Story) -> Pieces | None:
    """Blanks that were never filled in."""
    return story.placed(story.says("placeholder", story.random.choice((1, 1, 1, 2))))


def _citation_debris(story: Story) -> Pieces | None:
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


def _repeated_headline(story: Story) -> Pieces | None:
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


def _nearly(line: str, story: Story) -> str:
    """A headline as a page repeats it: in other capitals, cut short, with the site's name, a word less."""
    words = line.split()
    site = story.words["site"][0]
    plain = frozenset(re.findall(r"\b[a-z]+\b", "\n".join(story.paragraphs)))  # no names among these
    forms = [
        " ".join(upper(w) for w in words),
        upper(" ".join(w.lower() if w.lower() in plain else w for w in words)),
        line.upper(),
        " ".join(words[: max(3, len(words) * 2 // 3)]).rstrip(",;:") + "...",
        f"{line} - {site}",
        f"{line} | {site}",
        line.replace(" and ", " & "),
        re.sub(r" (?:the|an?) ", " ", line, count=1),
    ]
    return story.random.choice([form for form in forms if form != line])


def _repeated_paragraph(story: Story) -> Pieces | None:
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


def _navigation(story: Story) -> Pieces | None:
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

    def __init__(self, story: Story) -> None:
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


def _officeholder(story: Story) -> Pieces | None:
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


_MAKERS: Mapping[str, Callable[[Story], Pieces | None]] = {
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
