"""A text about to be spoilt, and the bank of sentences that are put into it.

The sentences come from quality/data/spoil.toml and are filled in with names of the text. Half of the entries, by hash, can be
kept for measuring.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from random import Random

from quality.learn.corpora import half
from quality.lexicon import DATA, read_lexicon

BANKS = ("train", "held_out", "all")

# A donor's paragraph shorter than this is too thin to be told from a transition; the intruder measure
# of this project draws the same line.
N_INTRUDER_WORDS = 25
# Words of prose that a sentence can be glued to.
N_GLUED_WORDS = 8
# Farms add their filler at the end: so much of it goes there, the rest anywhere after the first paragraph.
END_SHARE = 0.45

SLOTS = frozenset("subject name place year section section2 sections number site menu teaser".split())
# Drawn anew at each place of an entry; the others are one value throughout.
_FRESH = ("number", "menu")

_CHOICE = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")
_SLOT = re.compile(r"(?<!\{)\{([a-z]+\d?)\}")
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

# Paragraphs, each with its role.
Pieces = list[tuple[str, str]]


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


class Story:
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
        """An entry with one of its choices each, and words of the text in its slots."""
        plain = _CHOICE.sub(lambda m: self.random.choice(m[1].split("|")), entry)
        chosen: dict[str, str] = {}

        def value(match: re.Match[str]) -> str:
            slot = match[1]
            if slot not in chosen or slot in _FRESH:
                chosen[slot] = self._word(slot, chosen.values())
            return chosen[slot]

        text = _SLOT.sub(value, plain)
        return upper(text) if _SLOT.match(plain) else text

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

    def _place(self) -> int:
        """Where a paragraph may be put: mostly the end, never before the first."""
        n = len(self.paragraphs)
        return n if self.random.random() < END_SHARE else self.random.randint(1, n)

    def strangers(self) -> list[str]:
        """Paragraphs of the donors that are long enough to tell and not in the text itself."""
        own = set(self.paragraphs)
        return [p for d in self.donors for p in d if len(p.split()) >= N_INTRUDER_WORDS and p not in own]

    def listed(self, texts: Sequence[str]) -> Pieces:
        """The text with additions as list items after its end, numbered or with a bullet."""
        mark = self.random.choice(("{}. ", "{}. ", "• ", "- "))
        return self.pieces() + [(mark.format(k) + text, "filler") for k, text in enumerate(texts, 1)]

    def alone(self, texts: Sequence[str]) -> Pieces:
        """The text with additions in a row as paragraphs of their own."""
        pieces, at = self.pieces(), self._place()
        return pieces[:at] + [(text, "filler") for text in texts] + pieces[at:]

    def _glued(self, text: str) -> Pieces | None:
        """The text with an addition at the end of a paragraph, which is filler once most of it is addition."""
        pieces = self.pieces()
        prose = [
            k
            for k, (own, _) in enumerate(pieces)
            if len(own.split()) >= N_GLUED_WORDS and own.rstrip()[-1] in ".!?\"”'’"
        ]
        if not prose:
            return None
        at = prose[-1] if self.random.random() < END_SHARE else self.random.choice(prose)
        own = pieces[at][0].rstrip()
        label = "filler" if len(text.split()) > len(own.split()) else "content"
        pieces[at] = (f"{own} {text}", label)
        return pieces

    def placed(self, texts: Sequence[str]) -> Pieces | None:
        """The text with additions alone, as list items or, one at a time, glued to a paragraph."""
        if not texts:
            return None
        way = self.random.random()
        if way < 0.3:
            return self.listed(texts)
        if way < 0.55 and (pieces := self._glued(texts[0])) is not None:
            return pieces
        return self.alone(texts)


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


def upper(text: str) -> str:
    """A text with a capital first."""
    return text[:1].upper() + text[1:]
