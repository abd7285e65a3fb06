"""Who held which office when: the table of office-holders, its checks, and the names of its people.

A row is one person's term in one office. Rows of the core tier were written out office by office and
may be held against a text; the others only tell who else may be meant. An open row proves nothing
after its as-of date. Format of the files: docs/officials.md.
"""

from __future__ import annotations

import csv
import difflib
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from quality.lexicon import DATA, expand

COLUMNS = tuple(
    "person aliases office titles seats jurisdiction start end status asof tier confidence".split()
)
JURISDICTION_COLUMNS = tuple("jurisdiction name adjectives asof_core asof_extended".split())

OFFICEHOLDERS, JURISDICTIONS = DATA / "officeholders.csv", DATA / "jurisdictions.csv"

# Two regular terms in an office of one seat may overlap by so many days (dates of letter and ceremony).
OVERLAP = 31
# Titles named where the one asked for is unknown, and how like it they must be (difflib's ratio).
NEAR, LIKE = 4, 0.7


class Term(NamedTuple):
    """One person's term in one office; days are ordinals, `end` None means in office on the day `asof`."""

    person: str
    aliases: tuple[str, ...]
    office: str
    jurisdiction: str
    single: bool
    start: int
    end: int | None
    acting: bool
    asof: int
    core: bool
    confidence: str

    def covers(self, low: int, high: int, slack: int = 0) -> bool:
        """Whether the term may touch the days low..high.

        An open core term has no end that is known; an open term of the other tier is taken to end when
        the table last saw it, since the core rows of the same person are the better ones.
        """
        end = self.end if self.core or self.end is not None else self.asof
        return self.start - slack <= high and (end is None or end + slack >= low)

    @property
    def dates(self) -> list[str | None]:
        """First and last day in ISO form, None for an open end."""
        return [iso(self.start), iso(self.end) if self.end is not None else None]


def iso(day: int) -> str:
    """An ordinal day as 2025-01-31."""
    return date.fromordinal(day).isoformat()


def check_table(rows: Sequence[Mapping[str, str]], places: Sequence[Mapping[str, str]]) -> None:
    """Raise ValueError naming every row of an office table that cannot be right.

    Checked: columns, dates, an end before its start, a jurisdiction that is not in the table of
    jurisdictions, a row given twice, and two regular terms that overlap in a core office of one seat,
    unless both have the same first and last day: then the office was shared, or both claimed it.
    """
    if rows and (missing := set(COLUMNS) - set(rows[0])):
        raise ValueError(f"office table lacks the columns {sorted(missing)}; needed are {', '.join(COLUMNS)}")
    known = {p["jurisdiction"] for p in places}
    wrong: list[str] = []
    seen: set[tuple[str, str, str]] = set()
    offices: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for row in rows:
        name = f"{row['office']}, {row['person']}, from {row['start']}"
        key = (row["office"], row["person"], row["start"])
        if key in seen:
            wrong.append(f"{name}: given twice")
        seen.add(key)
        if row["jurisdiction"] not in known:
            wrong.append(f"{name}: unknown jurisdiction {row['jurisdiction']!r}")
        try:
            start = date.fromisoformat(row["start"]).toordinal()
            end = date.fromisoformat(row["end"]).toordinal() if row["end"] else date.max.toordinal()
            date.fromisoformat(row["asof"])
        except ValueError as error:
            wrong.append(f"{name}: {error}; dates are written 2025-01-31")
            continue
        if end < start:
            wrong.append(f"{name}: ends {row['end']}, before it starts")
        if row["seats"] == "1" and row["tier"] == "core" and not row["status"]:
            offices[row["office"]].append((start, end, row["person"]))
    for office, terms in offices.items():
        for (begun, end, person), (start, until, other) in itertools.pairwise(sorted(terms)):
            if end - start > OVERLAP and (begun, end) != (start, until):
                wrong.append(f"{office}: {person} and {other} overlap by {end - start} days in one seat")
    if wrong:
        raise ValueError("office table: " + "; ".join(wrong))


@dataclass(frozen=True)
class OfficeTable:
    """Terms of many offices; `titles` gives each office's titles, `places` each jurisdiction's names.

    Titles stand without their country and may hold braces as phrases do ("{ECB,European Central Bank}
    President").
    """

    terms: tuple[Term, ...]
    titles: Mapping[str, tuple[str, ...]]
    places: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, *paths: Path, jurisdictions: Path = JURISDICTIONS) -> OfficeTable:
        """The terms of some CSV files in the format of quality/data/officeholders.csv.

        An office's titles may stand in its first row alone.

        Raises ValueError naming a file without a term, the rows that cannot be right (see `check_table`) and
        offices without title.
        """
        places = read_rows(jurisdictions)
        tables = {path: read_rows(path) for path in paths}
        if empty := [str(path) for path, rows in tables.items() if not rows]:
            raise ValueError(
                f"no term of office in {', '.join(empty)}; expected a head of columns and a row for each term"
            )
        rows = [row for path in paths for row in tables[path]]
        check_table(rows, places)
        table = cls._of(rows, places)
        if without := sorted(office for office, titles in table.titles.items() if not titles):
            raise ValueError(
                f"offices without a title: {', '.join(without[:5])}; give titles in the first row"
            )
        return table

    @classmethod
    def _of(cls, rows: Sequence[Mapping[str, str]], places: Sequence[Mapping[str, str]]) -> OfficeTable:
        titles: dict[str, dict[str, None]] = defaultdict(dict)
        for row in rows:
            titles[row["office"]] |= dict.fromkeys(filter(None, row["titles"].split("|")))
        names = {p["jurisdiction"]: [p["name"], *p["adjectives"].split("|")] for p in places}
        return cls(
            tuple(_term(row) for row in rows),
            {office: tuple(listed) for office, listed in titles.items()},
            {place: tuple(dict.fromkeys(filter(None, listed))) for place, listed in names.items()},
        )

    def holders(self, title: str, on: date) -> list[Term]:
        """Terms on a day in every office that bears a title, such as "US Treasury Secretary" or "chancellor".

        Open terms are given even after their as-of date, from which on they prove nothing: look at `asof`.

        Raises KeyError, naming near titles, where no office bears the title.
        """
        place, base = self._split(title)
        day = on.toordinal()
        homes = {t.office: t.jurisdiction for t in self.terms}
        offices = {o for o, forms in self.forms.items() if base in forms and place in (None, homes[o])}
        if not offices:
            raise KeyError(self._unknown(title, place, base, homes))
        found = [t for t in self.terms if t.office in offices and t.covers(day, day)]
        return sorted(found, key=lambda t: (t.office, t.start, t.person))

    def _unknown(self, title: str, place: str | None, base: str, homes: Mapping[str, str]) -> str:
        """What to say of a title that no office bears: the nearest ones, each with its country."""
        written = {f.lower(): f for listed in self.titles.values() for t in listed for f in expand(t)}
        offices: dict[str, list[str]] = defaultdict(list)
        for office in homes:
            for form in self.forms[office]:
                offices[form].append(office)
        near = difflib.get_close_matches(base, sorted(offices), 8, LIKE)
        found = [(homes[office], written[form]) for form in near for office in sorted(offices[form])]
        found.sort(key=lambda one: one[0] != place)
        called = dict.fromkeys(
            f"{[*self.places[home], self.places[home][0]][1]} {form}" for home, form in found
        )
        listed = ", ".join(f'"{name}"' for name in itertools.islice(called, NEAR))
        message = f"no office in the table is called {title!r}"
        return f"{message}; near are {listed}" if listed else f"{message}, nor anything near it"

    def _split(self, title: str) -> tuple[str | None, str]:
        """Jurisdiction that a title begins with, or ends with after "of", if any, and the rest in lower case."""
        whole = " ".join(title.split())
        if any(whole.lower() in forms for forms in self.forms.values()):
            return None, whole.lower()
        for place, names in self.places.items():
            for start in (f"{name}{mark} " for name in names for mark in ("", "'s")):
                if whole.startswith(start):
                    return place, whole[len(start) :].lower()
            for end in (f" of {the}{name.lower()}" for name in names for the in ("", "the ")):
                if whole.lower().endswith(end):
                    return place, whole[: -len(end)].lower()
        return None, whole.lower()

    @cached_property
    def forms(self) -> Mapping[str, frozenset[str]]:
        """All surface forms of each office's titles, in lower case."""
        return {
            o: frozenset(f.lower() for t in listed for f in expand(t)) for o, listed in self.titles.items()
        }


@cache
def shipped_table() -> OfficeTable:
    """The office table of the package, not checked again: the tests do."""
    return OfficeTable._of(read_rows(OFFICEHOLDERS), read_rows(JURISDICTIONS))


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file by column, empty ones left out; cells may stand between semicolons, as Excel writes them."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        head = handle.readline()
        handle.seek(0)
        mark = ";" if head.count(";") > head.count(",") else ","
        rows = csv.reader(handle, delimiter=mark)
        columns = next(rows, [])
        # shorter rows end with empty cells; a DictReader takes twice as long
        return [dict(itertools.zip_longest(columns, row, fillvalue="")) for row in rows if any(row)]


def _term(row: Mapping[str, str]) -> Term:
    return Term(
        row["person"],
        tuple(filter(None, row["aliases"].split("|"))),
        row["office"],
        row["jurisdiction"],
        row["seats"] == "1",
        date.fromisoformat(row["start"]).toordinal(),
        date.fromisoformat(row["end"]).toordinal() if row["end"] else None,
        bool(row["status"]),
        date.fromisoformat(row["asof"]).toordinal(),
        row["tier"] == "core",
        row["confidence"],
    )


# First names that stand for one another in news.
GIVEN = """alex alexander|andy andrew|ben benjamin|bill william will billy|bob robert rob bobby|
dan daniel danny|charlie charles chuck|chris christopher|dave david|dick richard rick|don donald|doug douglas|
ed edward eddie|greg gregory|hank henry|jack jacob john|jay jerome|jeff jeffrey geoffrey|jim james jimmy|
joe joseph|josh joshua|ken kenneth|larry lawrence|matt matthew|mike michael|nick nicholas|pam pamela|
pat patrick|pete peter|ron ronald|sam samuel|steve steven stephen|ted theodore|tim timothy|tom thomas|
tony anthony antony|sergei sergey|andrei andrey|alexei aleksei alexey|dmitry dmitri dmitriy|yevgeny evgeny|
mohammed mohammad muhammad mohamed mohamad"""
_GIVEN = {name: group.split() for group in GIVEN.split("|") for name in group.split()}
PARTICLES = frozenset("al el bin ben de del della da dos di du la le van von der zu den ter af abu".split())
SUFFIXES = frozenset("jr sr ii iii iv".split())
# Where the family name comes first, where it is often put first in English, and where news goes on with the
# first of the names.
FAMILY_FIRST = frozenset("CN KR KP TW SG VN HK KH".split())
TURNED = frozenset("JP HU".split())
GIVEN_USED = frozenset("MY ID TH KH LA MM SA BD".split())


def full_names(person: str, jurisdiction: str) -> list[str]:
    """The forms in which a text may give a person's whole name.

    Without initials and suffix, with the other forms of the first name, and in the other order where
    the language has one.
    """
    words = _words(person)
    apart = " ".join(words).replace(".", ". ").split()  # J.D. and J. D.
    short = [w for w in apart if len(w.strip(".")) > 1]
    forms = [words] + [form for form in (apart, short) if len(form) > 1 and form != words]
    forms += [[other.capitalize(), *form[1:]] for form in forms for other in _GIVEN.get(form[0].lower(), ())]
    if jurisdiction in FAMILY_FIRST and 2 <= len(words) <= 3:
        forms.append([*words[1:], words[0]])
    if jurisdiction in TURNED and len(words) == 2:
        forms.append([words[1], words[0]])
    found = [" ".join(form) for form in forms if len(form) > 1 or "-" in form[0]]
    return found + [name.replace("'", "") for name in found if "'" in name]


def family_names(person: str, jurisdiction: str) -> list[str]:
    """What a text calls a person after the first mention: the family name, with its particles or without."""
    words = _words(person)
    if len(words) == 1 or jurisdiction in FAMILY_FIRST:
        return words[:1]
    at = len(words) - 1
    while at > 1 and words[at - 1].lower().rstrip("-") in PARTICLES:
        at -= 1
    forms = [" ".join(words[at:]), words[-1]]
    if len(words) == 3 and at == 2 and len(words[1].strip(".")) > 1:
        forms.append(" ".join(words[1:]))  # Peña Nieto, Mathews Burwell
    if jurisdiction in GIVEN_USED:
        forms.append(words[0])
    return list(dict.fromkeys(f for f in forms if len(f) > 1))


_MARKS = str.maketrans('-,&"()', "      ")


def edge_words(*names: str) -> set[str]:
    """Words with which a form of these names may begin or end, as `full_names` and `family_names` give them."""
    found: set[str] = set()
    for name in names:
        if "." in name or "'" in name:  # J.D. and J. D., O'Brien and OBrien
            found.update(word.strip(".") for word in name.translate(_MARKS).split())
            name = f"{name.replace('.', '. ')} {name.replace(chr(39), '')}"
        words = [word.strip(".") for word in name.translate(_MARKS).split()]
        found.update(words)
        for word in words:
            if (others := _GIVEN.get(word.lower())) is not None:
                found.update(other.capitalize() for other in others)
    found.discard("")
    return found


def _words(person: str) -> list[str]:
    """A name's words without "Jr." and the like at its end."""
    words = [w.strip(",") for w in person.split()]
    while len(words) > 1 and (words[-1].strip(".").lower() in SUFFIXES or len(words[-1]) == 1):
        words = words[:-1]
    return words
