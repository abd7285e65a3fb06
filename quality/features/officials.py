"""Officials named out of their time: a title and a name that do not go together on the text's date.

Titles are found by the phrase matcher; only where the name of a known holder stands beside one does
Python look closer. A mention is compared with the terms of that person under that title, whatever the
country, and only a person out of office by more than `SLACK` days on either side is a candidate. Then
everything that makes such a mention rightful cancels it: former, then-, nominee, a past year, a book,
a quotation and so on (docs/officials.md says how it decides). In doubt: silence.

The date is the one given, else one in the text, else that of the officials themselves: nobody is named
as in office before getting there, so the latest start among the named holders is the earliest the text
can be.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from quality.lexicon import DATA, Phrases, Rule, Spans, expand
from quality.registry import Told
from quality.text import NUMBER, PUNCTUATION, Batch, Bools, Hashes, Ints, hash_bytes, hash_words

COLUMNS = tuple(
    "person aliases office titles seats jurisdiction start end status asof tier confidence".split()
)
JURISDICTION_COLUMNS = tuple("jurisdiction name adjectives asof_core asof_extended".split())

# Days around the ends of a term in which a mention is fine: confirmed, sworn in and announced differ by
# weeks, and reports written before a change are printed after it.
SLACK = 60
# Two regular terms in a single-seat office may overlap by so many days (dates of letter and ceremony).
OVERLAP = 31
# Days that an office may stand empty between two holders without the table having lost one.
VACANCY = 120
# Tokens looked at on either side of a title.
REACH = 14

# Offices whose holders keep the title for life in polite use, and monarchs: they date a text, no more.
COURTESY = re.compile(
    r"\w\w(\.\w\w)?\.(president|vice_president|first_lady|monarch|king|sultan|emperor|pope|crown_prince"
    r"|supreme_leader|leader|general_secretary|chief_justice|house_speaker|governor)|kp\.leader"
)
# Titles that other people bear in states, provinces and firms: with a surname alone they do not tell who.
SHARED = re.compile(
    r"attorney general|secretary of state|(prime )?minister|premier|pm|president|chancellor|speaker|opposition leader"
    r"|(health|education|labor|labour|transportation|agriculture|commerce|finance|trade|business|energy) (secretary|chief)"
    r"|(finance|health|interior|economy|trade) minister|leader of the opposition|mayor|treasurer|governor|first minister"
)
# Posts that the same people held with somebody else before: a mention before the term proves nothing.
STAFF = re.compile(
    r"chief of staff|press secretary|budget director|treasurer|premier|pm|opposition leader|chief executive( officer)?"
    r"|leader of the opposition|ceo|boss|chief exec"
)

ANACHRONISM = Rule(
    id="officeholder.anachronism",
    tier="hard",
    title="official out of time",
    message="{text}: not in this office at the time of the text",
    why="Reporters name who is in office; texts made from old ones name who was.",
    source="own",
    unit="count",
    hits=(
        (
            "Treasury Secretary Scott Bessent left for London with Commerce Secretary Wilbur Ross.",
            ("Commerce Secretary Wilbur Ross",),
        ),
    ),
    clean=("Treasury Secretary Scott Bessent met Wilbur Ross, a former commerce secretary.",),
)
TWO_HOLDERS = Rule(
    id="officeholder.two_holders",
    tier="hard",
    title="two holders of one office",
    message="{text}: the text names somebody else in the same office",
    why="An office with one seat has one holder at a time; texts stitched from several have two.",
    source="own",
    unit="count",
    hits=(
        (
            "Treasury Secretary Scott Bessent landed on Monday. Treasury Secretary Steven Mnuchin will join.",
            ("Treasury Secretary Steven Mnuchin",),
        ),
    ),
    clean=("Treasury Secretary Scott Bessent praised Steven Mnuchin, treasury secretary until 2021.",),
)


# ---- the table ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """One person's term in one office. Dates are proleptic ordinals; `end` None means: in office on `asof`."""

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
        return [_iso(self.start), _iso(self.end) if self.end is not None else None]


def check_table(rows: Sequence[Mapping[str, str]], places: Sequence[Mapping[str, str]]) -> None:
    """Raise ValueError naming every row of an office table that cannot be right.

    Checked: columns, dates, an end before its start, a jurisdiction that is not in the table of
    jurisdictions, a row given twice, and two regular terms that overlap in a core office of one seat.
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
        terms.sort()
        for (_, end, person), (start, _, other) in zip(terms, terms[1:], strict=False):
            if end - start > OVERLAP:
                wrong.append(f"{office}: {person} and {other} overlap by {end - start} days in one seat")
    if wrong:
        raise ValueError("office table: " + "; ".join(wrong))


@dataclass(frozen=True)
class OfficeTable:
    """Who held which office when. Load one with `OfficeTable.load`; `shipped_table()` is the package's own."""

    terms: tuple[Term, ...]
    titles: Mapping[str, tuple[str, ...]]
    places: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, *paths: Path, jurisdictions: Path = DATA / "jurisdictions.csv") -> OfficeTable:
        """The terms of some CSV files in the format of quality/data/officeholders.csv.

        An office's titles may stand in its first row alone.

        Raises ValueError naming the rows that cannot be right (see `check_table`).
        """
        places = _read(jurisdictions)
        rows = [row for path in paths for row in _read(path)]
        check_table(rows, places)
        titles: dict[str, dict[str, None]] = defaultdict(dict)
        for row in rows:
            for title in filter(None, row["titles"].split("|")):
                titles[row["office"]][title] = None
        without = sorted({r["office"] for r in rows} - set(titles))
        if without:
            raise ValueError(
                f"offices without a title: {', '.join(without[:5])}; give titles in the first row"
            )
        return cls(
            tuple(_term(row) for row in rows),
            {office: tuple(t) for office, t in titles.items()},
            {
                p["jurisdiction"]: tuple(
                    dict.fromkeys(filter(None, [p["name"], *p["adjectives"].split("|")]))
                )
                for p in places
            },
        )

    def holders(self, title: str, on: date) -> list[Term]:
        """Terms on a day in every office that bears a title, "US Treasury Secretary" or "treasury secretary".

        Open terms are given even after their as-of date, from which on they prove nothing: look at `asof`.

        Raises KeyError where no office bears the title.
        """
        place, base = self._split(title)
        day = on.toordinal()
        offices = {office for office, forms in self.forms.items() if base in forms}
        if not offices:
            raise KeyError(f"no office is called {title!r}; titles stand without their country in the table")
        found = [t for t in self.terms if t.office in offices and t.covers(day, day)]
        return sorted(
            (t for t in found if place in (None, t.jurisdiction)), key=lambda t: (t.office, t.start)
        )

    def _split(self, title: str) -> tuple[str | None, str]:
        """Jurisdiction that a title begins with, if any, and the rest in lower case."""
        whole = " ".join(title.split())
        if not any(whole.lower() in forms for forms in self.forms.values()):
            for key, names in self.places.items():
                for name in names:
                    for form in (f"{name} ", f"{name}'s "):
                        if whole.startswith(form):
                            return key, whole[len(form) :].lower()
        return None, whole.lower()

    @cached_property
    def forms(self) -> dict[str, frozenset[str]]:
        return {o: frozenset(f.lower() for t in forms for f in expand(t)) for o, forms in self.titles.items()}

    @cached_property
    def index(self) -> _Index:
        """The table turned to face a text."""
        return _Index(self)


@cache
def shipped_table() -> OfficeTable:
    """The office table of the package."""
    return OfficeTable.load(DATA / "officeholders.csv")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf8", newline="") as handle:
        return list(csv.DictReader(handle))


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


def _iso(day: int) -> str:
    return date.fromordinal(day).isoformat()


# ---- names -------------------------------------------------------------------------------------------

# First names that stand for one another in news.
GIVEN = """alex alexander|andy andrew|ben benjamin|bill william will billy|bob robert rob bobby|charlie charles chuck
chris christopher|dan daniel danny|dave david|dick richard rick|don donald|doug douglas|ed edward eddie
greg gregory|hank henry|jack jacob john|jay jerome|jeff jeffrey geoffrey|jim james jimmy|joe joseph|josh joshua
ken kenneth|larry lawrence|matt matthew|mike michael|nick nicholas|pam pamela|pat patrick|pete peter
ron ronald|sam samuel|steve steven stephen|ted theodore edward|tim timothy|tom thomas|tony anthony antony
sergei sergey|andrei andrey|alexei aleksei alexey|dmitry dmitri dmitriy|yevgeny evgeny|anatoly anatoliy
mohammed mohammad muhammad mohamed mohamad|yukio|abdullah abdallah|debbie deborah|liz elizabeth|kathy katherine"""
_GIVEN = {name: group.split() for group in GIVEN.replace("\n", "|").split("|") for name in group.split()}
PARTICLES = frozenset("al el bin ben de del della da dos di du la le van von der zu den ter af abu".split())
SUFFIXES = frozenset("jr sr ii iii iv".split())
# Where the family name comes first, and where news uses the first of the names alone.
SURNAME_FIRST = frozenset(("CN", "KR", "KP", "TW", "SG", "VN", "HK", "KH"))
GIVEN_USED = frozenset(("MY", "ID", "TH", "KH", "LA", "MM", "SA", "BD"))
TURNED = frozenset(("JP", "HU"))


def full_names(person: str, jurisdiction: str) -> list[str]:
    """The forms in which a text may give a person's whole name: without initials, with short first names,
    and in the other order where the language has it."""
    words = [w.strip(",") for w in person.split()]
    while len(words) > 2 and words[-1].strip(".").lower() in SUFFIXES:
        words = words[:-1]
    apart = " ".join(words).replace(".", ". ").split()  # J.D. and J. D.
    short = [w for w in apart if len(w.strip(".")) > 1]
    forms = [words] + [form for form in (apart, short) if len(form) > 1 and form != words]
    for form in list(forms):
        for other in _GIVEN.get(form[0].lower(), ()):
            forms.append([other, *form[1:]])
    if jurisdiction in SURNAME_FIRST and 2 <= len(words) <= 3:
        forms.append([*words[1:], words[0]])
    if jurisdiction in TURNED and len(words) == 2:
        forms.append([words[1], words[0]])
    found = [" ".join(form) for form in forms if len(form) > 1 or "-" in form[0]]
    return found + [f.replace("'", "").replace("’", "") for f in found if "'" in f or "’" in f]


def surnames(person: str, jurisdiction: str) -> list[str]:
    """What a text calls a person after the first mention: the family name, with its particles or without."""
    words = [w.strip(",") for w in person.split()]
    while len(words) > 1 and (words[-1].strip(".").lower() in SUFFIXES or len(words[-1]) == 1):
        words = words[:-1]
    if len(words) == 1:
        return [words[0]]
    if jurisdiction in SURNAME_FIRST:
        return [words[0]]
    at = len(words) - 1
    while at > 1 and words[at - 1].lower().rstrip("-") in PARTICLES:
        at -= 1
    forms = [" ".join(words[at:]), words[-1]]
    if len(words) == 3 and at == 2 and len(words[1].strip(".")) > 1:
        forms.append(" ".join(words[1:]))  # Peña Nieto, Villeroy de Galhau, Thomas-Greenfield
    if jurisdiction in GIVEN_USED:
        forms.append(words[0])
    return list(dict.fromkeys(f for f in forms if len(f) > 1))


# ---- the table, turned to face a text ----------------------------------------------------------------

Row = tuple[int, ...]
Rows = dict[int, list[tuple[Row, Any]]]

# What a word beside a title or name makes of it. One line each; hyphenated forms are met word by word.
CUES = {
    # another office, of which the title is only the tail
    "other": "deputy vice assistant under associate shadow co junior sub undersecretary principal regional state "
    "provincial parliamentary permanent private minister ministers honorary opposition alternate pro student",
    # in office once
    "former": "former formerly ex then onetime late ousted outgoing departing retired previous past erstwhile "
    "deposed exiled jailed imprisoned departed fired disgraced longtime first last predecessor old era",
    # in office perhaps one day
    "coming": "elect designate nominee nominees pick candidate candidates hopeful contender aspirant choice "
    "incoming next future prospective presumptive likely possible potential aspiring frontrunner be",
    # capitals that may stand before a title without being a place
    "neutral": "monday tuesday wednesday thursday friday saturday sunday january february march april may june july "
    "august september october november december republican democratic democrat tory labour conservative gop "
    "acting photo file pictured left right centre center liberal national",
    # words that open a sentence
    "opener": "but and when while as meanwhile yesterday today both with like after before since if though although "
    "because for from in on at by only even still later earlier however instead a an our your this that also or so "
    "yet once about among according to against between without says said is was will did does has had can could "
    "should would may tonight tomorrow now here there what why how who where whether not neither either below above",
    "article": "the a an its their current sitting now country nation government bloc alliance agency bank company group firm "
    "carmaker airline retailer union",
    "rank": "gen general adm admiral lt col maj capt dr sir lord lady dame mr mrs ms sen rep prof hon the shri smt "
    "baroness rt right honourable honorable senator herr",
    # small words that may follow an apposition that no comma closes
    "closing": "said says told and who in will is has to on at from with as but after before while during when by or "
    "also had was were are would could should may might that which whose over about warned added wrote",
    "before_year": "in since during from between of and late early mid after spring summer autumn fall winter "
    "january february march april may june july august september october november december jan feb mar apr jun jul "
    "aug sep sept oct nov dec",
    "no_bound": "by until through to toward towards before for till beyond",
    "of": "of for at",
    "to": "to",
    "whose": "his her",
    "is": "is remains",
    "suffix": "jr sr ii iii iv",
}  # fmt: skip
MARKS = {"comma": ",", "dot": ".", "hyphen": "-", "dash": "_", "opening": "(", "apostrophe": "'", "quote": '"',
         "ampersand": "&", "the": "the", "who": "who"}  # fmt: skip


class _Index:
    """Phrases of titles, and names and places by their first and last word."""

    def __init__(self, table: OfficeTable) -> None:
        self.forms = table.forms
        self.cue = {name: frozenset(hash_words(words.split()).tolist()) for name, words in CUES.items()}
        self.mark = dict(zip(MARKS, hash_words(list(MARKS.values())).tolist(), strict=True))
        core = {t.office for t in table.terms if t.core}
        number: dict[str, int] = {}
        for office in sorted(core):
            for form in sorted(table.forms[office]):
                number.setdefault(form, len(number))
        self.titles = list(number)
        self.phrases = Phrases(number.items())
        self.title_words = {w for form in number for w in form.split()} | {
            "and",
            "or",
            "the",
            "both",
            "as",
            "well",
        }
        self.offices: list[set[str]] = [set() for _ in number]
        for office, forms in table.forms.items():
            for form in forms & number.keys():
                self.offices[number[form]].add(office)
        self.is_shared = [SHARED.fullmatch(t) is not None for t in self.titles]
        self.is_staff = [STAFF.fullmatch(t) is not None for t in self.titles]
        self.is_telling = [
            not (shared or staff) and len({o.split(".")[0] for o in offices}) <= 2
            for shared, staff, offices in zip(self.is_shared, self.is_staff, self.offices, strict=True)
        ]

        # later years are plans, whatever the text says
        self.latest_year = date.fromordinal(max(t.asof for t in table.terms)).year
        used = set().union(*self.offices)
        self.terms: dict[str, list[Term]] = defaultdict(list)
        self.of_office: dict[str, list[Term]] = defaultdict(list)
        for term in table.terms:
            if term.office in used:
                self.terms[term.person].append(term)
                self.of_office[term.office].append(term)
        self.rulers = [
            t for t in table.terms if re.search(r"president|prime_minister|chancellor", t.office) and t.core
        ]
        names: dict[str, dict[bool, set[str]]] = defaultdict(lambda: {True: set(), False: set()})
        for person, terms in self.terms.items():
            home = terms[0].jurisdiction
            for name in (person, *terms[0].aliases):
                for form in full_names(name, home) if " " in name or "-" in name else ():
                    names[form][True].add(person)
                for form in surnames(name, home):
                    names[form][False].add(person)
        places: dict[str, set[str]] = defaultdict(set)
        for place, forms_of_place in table.places.items():
            for form in forms_of_place:
                places[form].add(place)
        self.names, self.names_backward = _rows({form: _name(sets) for form, sets in names.items()})
        self.places, self.places_backward = _rows({form: frozenset(some) for form, some in places.items()})
        self.name_words = np.array(sorted(self.names.keys() | self.names_backward.keys()), np.uint64)
        self._of: dict[tuple[str, int], tuple[Term, ...]] = {}

    def terms_of(self, person: str, title: int) -> tuple[Term, ...]:
        """Terms of a person in any office that bears a title, by start."""
        key = (person, title)
        if key not in self._of:
            found = [t for t in self.terms[person] if t.office in self.offices[title]]
            self._of[key] = tuple(sorted(found, key=lambda t: t.start))
        return self._of[key]


def _name(sets: Mapping[bool, set[str]]) -> tuple[frozenset[str], bool]:
    """Persons a form of name stands for and whether it is a whole name; whole names come first."""
    return frozenset(sets[True] or sets[False]), bool(sets[True])


def _rows(forms: Mapping[str, Any]) -> tuple[Rows, Rows]:
    """Forms as rows of word hashes, by first word and, turned round, by last; the longest first."""
    cut = {form: [re.sub(r"['’]s$", "", w) for w in re.findall(r'&|[^\s&,\-"()]+', form)] for form in forms}
    cut = {form: [w.strip(".") for w in words] for form, words in cut.items()}
    distinct = sorted({w for words in cut.values() for w in words})
    value = dict(zip(distinct, hash_words(distinct).tolist(), strict=True))
    sides: tuple[dict[int, dict[Row, Any]], ...] = (defaultdict(dict), defaultdict(dict))
    for form, words in cut.items():
        row = tuple(value[w] for w in words)
        for side, turned in zip(sides, (row, row[::-1]), strict=True):
            known = side[turned[0]].get(turned)
            side[turned[0]][turned] = forms[form] if known is None else _either(known, forms[form])
    forward, backward = ({k: sorted(v.items(), key=lambda e: -len(e[0])) for k, v in s.items()} for s in sides)
    return forward, backward


def _either(one: Any, other: Any) -> Any:
    """What two forms that read the same stand for: whole names before family names."""
    if isinstance(one, frozenset):
        return one | other
    if one[1] != other[1]:
        return one if one[1] else other
    return one[0] | other[0], one[1]


# ---- mentions ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mention:
    """A title beside a name: `persons` may be meant, `first : last` are the tokens of the whole.

    `cancelled` is "" or why the mention does not say that the person holds the office now.
    """

    document: int
    title: int
    persons: frozenset[str]
    full: bool
    place: frozenset[str]
    first: int
    last: int
    cancelled: str


@dataclass(frozen=True)
class OfficialsResult:
    """What officials tell of a batch: findings as `registry.count` takes them, and each document's date."""

    findings: tuple[Told, ...]
    as_of: tuple[Mapping[str, str | None], ...]


def find_officials(
    batch: Batch, dates: Sequence[str | None] | None = None, table: OfficeTable | None = None
) -> OfficialsResult:
    """Officials named out of their time in each document of a batch.

    `dates[d]` is the date given for document d: ISO, of which year or year and month suffice.

    Raises ValueError where the number of dates is not that of the documents.
    """
    given = list(dates) if dates is not None else [None] * batch.n_documents
    if len(given) != batch.n_documents:
        raise ValueError(f"{len(given)} dates but {batch.n_documents} documents given; numbers must agree")
    index = (table or shipped_table()).index
    by_document: dict[int, list[Mention]] = defaultdict(list)
    for mention in _mentions(batch, index):
        by_document[mention.document].append(mention)
    years = _year_tokens(batch)
    year_edges = np.searchsorted(years, batch.documents.first), np.searchsorted(years, batch.documents.last)
    as_of: list[Mapping[str, str | None]] = []
    told: dict[str, list[tuple[Mention, dict[str, Any]]]] = {ANACHRONISM.id: [], TWO_HOLDERS.id: []}
    for document in range(batch.n_documents):
        mentions = by_document.get(document, [])
        when = _given(given[document])
        if when is None:
            some = years[int(year_edges[0][document]) : int(year_edges[1][document])]
            when = _of_text(batch, document, some, index)
            when = _of_officials(mentions, index, when)
        as_of.append({"date": _iso(when.low) if when.low else None, "from": when.source})
        if mentions and when.low:
            for rule, mention, data in _judged(batch, index, mentions, when):
                told[rule].append((mention, data))
    return OfficialsResult(
        tuple(_told(batch, rule, told[rule.id]) for rule in (ANACHRONISM, TWO_HOLDERS)), tuple(as_of)
    )


def _told(batch: Batch, rule: Rule, found: Sequence[tuple[Mention, dict[str, Any]]]) -> Told:
    first = np.array([m.first for m, _ in found], np.int64)
    last = np.array([m.last for m, _ in found], np.int64)
    spans = Spans.of_tokens(batch, first, last) if found else Spans.none()
    return rule, spans, [data for _, data in found]


def _plain(batch: Batch) -> tuple[Hashes, Bools]:
    """Hash of each vocabulary entry without a final 's, and whether it had one; uint64[v], bool[v]."""
    vocabulary = batch.vocabulary
    owns = (vocabulary.length > 2) & (vocabulary.last(1) == ord("s")) & (vocabulary.last(2) == ord("'"))
    plain = vocabulary.hash.copy()
    entries = np.flatnonzero(owns)
    if entries.size:
        padded = np.concatenate((vocabulary.letters, np.zeros(16, np.uint8)))
        plain[entries] = hash_bytes(padded, vocabulary.start[entries], vocabulary.length[entries] - 2)
    return plain, owns


def _mentions(batch: Batch, index: _Index) -> Iterator[Mention]:
    hits = index.phrases.find(batch)
    if not hits.first.size:
        return
    first, last, title = hits.first, hits.first + hits.n_tokens, hits.value
    # longest title first: one that begins inside another is its tail
    reach = np.maximum.accumulate(last)
    keep = np.ones(first.size, bool)
    keep[1:] = first[1:] >= reach[:-1]
    first, last, title = first[keep], last[keep], title[keep]
    plain, owns = _plain(batch)
    named = np.isin(plain, index.name_words)[batch.token_word] & batch.token_upper
    total = np.concatenate(([0], np.cumsum(named, dtype=np.int32)))
    near = np.minimum(last + 9, named.size), np.maximum(first - 9, 0)
    some = (total[near[0]] > total[last]) | (total[first] > total[near[1]])
    first, last, title = first[some], last[some], title[some]
    sentence = batch.sentences.of_token[first]
    low = np.maximum(batch.sentences.first[sentence], first - REACH)
    high = np.minimum(batch.sentences.last[sentence], last + REACH)
    document = batch.documents.of_token[first]
    columns = zip(
        first.tolist(),
        last.tolist(),
        title.tolist(),
        low.tolist(),
        high.tolist(),
        document.tolist(),
        strict=True,
    )
    for a, b, number, lo, hi, d in columns:
        mention = _Window(batch, index, plain, owns, lo, hi).mention(a, b, number, d)
        if mention is not None:
            yield mention


class _Window:
    """The tokens around one title, within its sentence."""

    def __init__(self, batch: Batch, index: _Index, plain: Hashes, owns: Bools, low: int, high: int) -> None:
        word = batch.token_word[low:high]
        self.index = index
        self.low, self.n = low, high - low
        self.hash: list[int] = plain[word].tolist()
        self.owns = owns[word]
        self.upper = batch.token_upper[low:high]
        self.wordly = batch.token_kind[low:high] != PUNCTUATION
        self.spaced = batch.spaced[low:high]
        self.size = batch.vocabulary.length[word]
        self.at_start = bool(low == batch.sentences.first[batch.sentences.of_token[low]])

    def mention(self, first: int, last: int, title: int, document: int) -> Mention | None:
        """The mention that the title at tokens first..last is part of, if it is one."""
        before = self._qualifiers(first - self.low)
        if before is None:
            return None
        place, left, cancelled = before
        after = self._qualifiers_after(last - self.low)
        if after is None:
            return None
        place_after, right, coming = after
        found = self._name_after(right)
        if found is not None:
            (persons, full), at = found
            span = self.low + (left + 1 if place and not cancelled else first - self.low), self.low + at
        else:
            if (found := self._name_before(left, right)) is None:
                return None
            (persons, full), at = found
            span = self.low + at, last
            if at > 0 and self.hash[at - 1] in self.index.cue["former"]:
                cancelled = "former"
        persons = frozenset(p for p in persons if self.index.terms_of(p, title))
        if not persons:
            return None
        if coming and not cancelled:
            cancelled = "coming"
        return Mention(document, title, persons, full, place | place_after, span[0], span[1], cancelled)

    def _is(self, i: int, mark: str) -> bool:
        return 0 <= i < self.n and self.hash[i] == self.index.mark[mark]

    def _in(self, i: int, cue: str) -> bool:
        return 0 <= i < self.n and self.hash[i] in self.index.cue[cue]

    def _qualifiers(self, a: int) -> tuple[frozenset[str], int, str] | None:
        """What stands before the title at a: the place, the token before it all, and why it is no present one.

        None where the title is only part of another one ("deputy", "shadow", an unknown place).
        """
        place: frozenset[str] = frozenset()
        i, cancelled = a - 1, ""
        for _ in range(4):  # "former U.S. acting": in any order
            j = i
            while self._is(j, "dot") or self._is(j, "apostrophe"):
                j -= 1
            if j < 0:
                break
            if (matched := self._match(self.index.places_backward, j, -1)) is not None:
                place, i = matched
                continue
            if self._is(j, "hyphen") and not self.spaced[j]:
                j -= 1
                if not (self._in(j, "former") or self._in(j, "coming")):
                    return None
            if self._in(j, "other") or (self._in(j, "to") and self.upper[max(j - 1, 0)]):
                return None  # "Deputy", "Parliamentary Secretary to the"
            if self._in(j, "former") or self._in(j, "coming"):
                cancelled, i = ("former" if self._in(j, "former") else "coming"), j - 1
            elif self._in(j, "neutral"):
                i = j - 1
            elif self._in(j, "whose"):
                cancelled, i = cancelled or "whose", j - 1
            elif self.owns[j] and not self._in(j, "article"):
                return None  # "the club's treasurer"
            else:
                opens = (j == 0 and self.at_start) or self._is(j - 1, "quote")
                foreign = self.upper[j] and self.wordly[j] and not self._is(j, "the")
                if foreign and not (opens and self._in(j, "opener")):
                    return None
                if self._is(j, "the") and self._in(j - 1, "to") and self.upper[max(j - 2, 0)]:
                    return None
                break
        return place, i, cancelled

    def _qualifiers_after(self, b: int) -> tuple[frozenset[str], int, bool] | None:
        """What stands after the title that ends at b: the place, the token after it, and "-elect" and the like.

        None where "of" leads to a place that is not known: it is another office.
        """
        i, coming = b, False
        if self._is(i, "hyphen") and not self.spaced[i]:
            if not self._in(i + 1, "coming"):
                return None
            i += 1
        while self._in(i, "coming"):
            i, coming = i + 1, True
        place: frozenset[str] = frozenset()
        if self._in(i, "of"):
            matched = self._match(self.index.places, i + 2 if self._is(i + 1, "the") else i + 1, 1)
            if matched is None:
                return None
            place, i = matched
        return place, i, coming

    def _name_after(self, i: int) -> tuple[tuple[frozenset[str], bool], int] | None:
        """Persons named after a title, and the token after the name."""
        apart = self._is(i, "comma") or self._is(i, "opening") or self._is(i, "dash")
        i += apart
        matched = self._match(self.index.names, i, 1)
        while matched is None and (self._in(i, "rank") or self._is(i, "dot")):  # but Gen Nakatani is a name
            i += 1
            matched = self._match(self.index.names, i, 1)
        if matched is None or not self.upper[i]:
            return None
        (_, full), end = matched
        suffix = end + 1 if self._is(end, "comma") else end
        if self._in(suffix, "suffix"):
            end = suffix + 2 if self._is(suffix + 1, "dot") else suffix + 1
            matched = matched[0], end
        closed = end >= self.n or self.owns[end - 1] or not self.wordly[end]
        if apart and not (full and closed):
            return None
        if not full and not closed and self.upper[end]:
            return None  # the surname is the first of two: President Johnson Sirleaf
        if self._is(end, "hyphen") and not self.spaced[end]:
            return None
        return matched

    def _name_before(self, left: int, right: int) -> tuple[tuple[frozenset[str], bool], int] | None:
        """Persons named before a title in apposition ("Name, the title of X,"), and the name's first token."""
        if right < self.n and self.wordly[right] and (self.upper[right] or not self._in(right, "closing")):
            return None
        j = left
        while self._in(j, "article"):
            j -= 1
        if self._in(j, "is") and self._is(j - 1, "who"):
            j -= 2
        if not (self._is(j, "comma") or self._is(j, "opening") or self._is(j, "dash")):
            return None
        j -= 1
        while self._is(j, "dot") or self._in(j, "suffix") or (self._is(j, "comma") and self._in(j + 1, "suffix")):
            j -= 1
        matched = self._match(self.index.names_backward, j, -1)
        if matched is None or not self.upper[matched[1] + 1]:
            return None
        (_, full), before = matched
        if (
            not full
            and before >= 0
            and self.upper[before]
            and self.wordly[before]
            and not self._in(before, "rank")
        ):
            return None  # another first name
        return matched[0], before + 1

    def _match(self, table: Rows, i: int, step: int) -> tuple[Any, int] | None:
        """Value of the longest row that stands at token i, read in the direction of `step`, and the token beyond it.

        Hyphens within a name and the stops of initials are passed over, and initials where nothing else fits.
        """
        if not 0 <= i < self.n or self.hash[i] not in table:
            return None
        row: list[int] = []
        at: list[int] = []
        j = i
        while 0 <= j < self.n and len(row) < 7:
            if self.wordly[j] or self._is(j, "ampersand"):
                row.append(self.hash[j])
                at.append(j)
                if step == 1 and self.owns[j]:
                    break
            elif not (
                (self._is(j, "hyphen") and not self.spaced[j])
                or (self._is(j, "dot") and self._abbreviates(j))
            ):
                break
            j += step
        long = [k for k in range(len(row)) if self.size[at[k]] > 1 or not self.upper[at[k]] or k == 0]
        for chosen in (range(len(row)), long):
            words = tuple(row[k] for k in chosen)
            for path, value in table[self.hash[i]]:
                if words[: len(path)] == path:
                    end = at[chosen[len(path) - 1]] + step
                    return value, end + 1 if step == 1 and self._is(end, "dot") and self._abbreviates(
                        end
                    ) else end
        return None

    def _abbreviates(self, j: int) -> bool:
        """Whether the stop at j follows an initial, a short form or letters with stops, and not a sentence."""
        return (
            j > 0
            and bool(self.wordly[j - 1])
            and not self.spaced[j]
            and int(self.size[j - 1]) <= 4
            and j + 1 < self.n
        )


# ---- the date ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class When:
    """Days between which a text was written: `low` 0 where nothing is known, `high` None where open."""

    low: int
    high: int | None
    source: str
    witness: Mention | None = None


MONTHS = "january february march april may june july august september october november december".split()
_MONTH = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_FULL_DATE = re.compile(
    rf"\b(?:{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d\d)"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH.replace('month', 'month2')},?\s+(?P<year2>(?:19|20)\d\d)"
    r"|(?P<iso>(?:19|20)\d\d-\d\d-\d\d))\b",
    re.IGNORECASE,
)
# A text's own date: at its head, alone on a line, after "Published" and the like, or in a dateline.
_OWN_DATE = re.compile(
    r"(?:^|\n)[^\n]{0,40}?(?:published|updated|posted|last modified|date)\b[^\n\d]{0,20}$"
    r"|(?:^|\n)[^\n.!?]{0,12}$|(?:^|\n)[A-Z][A-Z .'\-]{2,30},\s*$",
    re.IGNORECASE,
)
_COMING = re.compile(
    r"\b(?:will|would|by|until|plans?|planned|expected|scheduled|due|next|target|goal|aims?)\b", re.IGNORECASE
)
HEAD = 400  # characters in which a text's own date stands


def _given(text: str | None) -> When | None:
    """The date given with a document, None where there is none that can be read."""
    match = re.match(r"\s*(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text or "")
    if match is None:
        return None
    year, month, day = (int(g) if g else None for g in match.groups())
    try:
        low = date(year or 1, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return When(low.toordinal(), low.toordinal(), "field")
    after = date(low.year + 1, 1, 1) if month is None else date(low.year + month // 12, month % 12 + 1, 1)
    return When(low.toordinal(), after.toordinal() - 1, "field")


def _year_tokens(batch: Batch) -> Ints:
    """Tokens that can be years of 1900 to 2099, in order; int64[k]."""
    vocabulary = batch.vocabulary
    if not len(vocabulary):
        return np.zeros(0, np.int64)
    letters = vocabulary.letters
    at = np.minimum(vocabulary.start, letters.size - 1)
    second = letters[np.minimum(at + 1, letters.size - 1)]
    nineteen = (letters[at] == ord("1")) & (second == ord("9"))
    twenty = (letters[at] == ord("2")) & (second == ord("0"))
    is_year = (vocabulary.kind == NUMBER) & (vocabulary.length == 4) & (nineteen | twenty)
    for k in (2, 3):  # not 20th, not 20.7
        byte = letters[np.minimum(at + k, letters.size - 1)]
        is_year &= (byte >= ord("0")) & (byte <= ord("9"))
    return np.flatnonzero(is_year[batch.token_word])


def _of_text(batch: Batch, document: int, years: Ints, index: _Index) -> When:
    """Earliest day a text can be of, by its own date at its head or the latest past year it names."""
    if not years.size:
        return When(0, None, "none")
    text = batch.texts[document]
    for match in _FULL_DATE.finditer(text[:HEAD]):
        day = _day(match)
        if day and _OWN_DATE.search(text[max(0, match.start() - 80) : match.start()]):
            return When(day, day, "text")
    latest = 0
    first = int(batch.documents.first[document])
    for token in years.tolist():
        year = int(batch.text_of(int(batch.token_start[token]), int(batch.token_end[token])))
        if year <= latest or year > index.latest_year:
            continue
        before = batch.token_hash[max(first, token - 3) : token].tolist()
        dated = bool(before) and (before[-1] in index.cue["before_year"] or before[-1] == index.mark["comma"])
        if not dated or any(word in index.cue["no_bound"] for word in before):
            continue
        sentence = batch.sentences.of_token[token]
        said = batch.text_of(int(batch.sentences.start[sentence]), int(batch.sentences.end[sentence]))
        if not _COMING.search(said) and not re.search(r"©|copyright|\(c\)", said, re.IGNORECASE):
            latest = year
    return When(date(latest, 1, 1).toordinal(), None, "text") if latest else When(0, None, "none")


def _day(match: re.Match[str]) -> int | None:
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"]).toordinal()
        month = next(
            k
            for k, m in enumerate(MONTHS, 1)
            if m.startswith((match["month"] or match["month2"]).lower()[:3])
        )
        return date(
            int(match["year"] or match["year2"]), month, int(match["day"] or match["day2"])
        ).toordinal()
    except ValueError:
        return None


def _of_officials(mentions: Sequence[Mention], index: _Index, when: When) -> When:
    """`when`, or later where the officials named as in office began later."""
    if when.high is not None:
        return when
    for mention in mentions:
        if mention.cancelled == "coming":
            continue
        terms = [t for p in mention.persons for t in index.terms_of(p, mention.title)]
        certain = [t for t in terms if t.core and t.confidence != "low"]
        if not certain or (len(certain) < len(terms) and not mention.full):
            continue
        if mention.place and not any(t.jurisdiction in mention.place for t in certain):
            continue
        if not mention.full and not (mention.place or index.is_telling[mention.title]):
            continue
        start = min(t.start for t in terms)
        if start > when.low:
            when = When(start, None, "officials", mention)
    return when


# ---- judging -----------------------------------------------------------------------------------------

# A sentence that holds one of these speaks of another time, or of a work: nothing in it alarms.
_ELSEWHEN = re.compile(
    r"\b(?:the late|erstwhile|(?:years?|decades?) (?:ago|earlier|before|after|later|on)|last (?:century|decade)|the (?:19|20)?\d0s"
    r"|back (?:in|when|then)|at the time|in those days|of that time|serv(?:ed|ing) (?:as|under)"
    r"|under (?:Presidents?|Prime Ministers?|Chancellor) \w+|first[- ]term|first administration|predecessors?|tenure"
    r"|died|funeral|burial|buried|memorial|eulog\w+|obituar\w+|posthumous\w*|memoirs?|autobiograph\w+|biograph\w+"
    r"|novels?(?! corona| virus)|films?|movies?|documentar\w+|biopics?|dramas?|musicals?|sketch|starring|played by|portray\w*"
    r"|museum|portraits?|statue|archives?|historians?|reminisc\w+|spoof|satir\w+|impersonat\w+|impression of|fiction\w*"
    r"|imagin(?:e|ed|ary)|hypothetical|if elected|when\b[^.]{0,80}\b(?:ran|led|headed|oversaw))\b",
    re.IGNORECASE,
)
_FORMER = re.compile(r"\b(?:former|formerly|ex-|then-|one-time|onetime)\b", re.IGNORECASE)
# These speak of another time only right beside the mention: others resign and die, too.
_JUST_BEFORE = re.compile(
    r"\b(?:(?:appoint|nominat|pick|tapp|choos|chos|hir|nam|replac|succeed|fir|dismiss|sack|oust|remember|recall)\w*(?: by)?"
    r"|(?:death|legacy|departure|resignation|dismissal|firing|successor|term|time|days) of|than)"
    r"(?: the| a| [A-Z][\w.'’]*){0,2}\s*$"
)
_JUST_AFTER = re.compile(
    r"^,? (?:a |the |who is a )?(?:former|ex-|then\b|one-?time|longtime)|^,?(?: who)?(?:['’]s)? ?(?:has |have |had |was |is )?(?:since )?(?:resign\w*|step\w* down|quit\w*|retir\w*|die[sd]|dead|death"
    r"|departure|legacy|funeral|tenure|successor|predecessor|once|leaves office|left (?:office|the (?:post|job|administration"
    r"|government|department|cabinet|White House|Treasury|Fed|bank|company))|fired|sacked|ousted"
    r"|dismiss\w*|replaced|remembered|served|back then)\b|^ had\b(?! said)|^ ran\b"
)
BESIDE = 40  # characters looked at on either side of a mention
_ADMINISTRATION = re.compile(
    r"\b(?P<who>[A-Z][\w-]+)(?:['’]s?)?(?: first)? (?:administration|presidency|government|cabinet|era|years|White House)\b"
)
# Presidents before the table begins.
EARLIER = frozenset("Reagan Carter Ford Nixon Johnson Kennedy Eisenhower Truman".split())
_FUTURE = re.compile(
    r"\b(?:will|(?:is|are|was|were) (?:slated|due|set|expected|scheduled|to|planning|preparing)|plans? to|going to|next (?:week|month))\b"
)
_YEARS = re.compile(r"(?<![\d,.$£€])(?:19|20)\d\d(?![\d,]*\d|%|\.\d)")


def _judged(
    batch: Batch, index: _Index, mentions: Sequence[Mention], when: When
) -> Iterator[tuple[str, Mention, dict[str, Any]]]:
    """Findings of one document."""
    low, high = when.low, when.high if when.high is not None else when.low
    stale: list[tuple[Mention, str, Term]] = []
    current: dict[str, tuple[Mention, Term]] = {}
    cleared = {p for m in mentions if m.cancelled == "former" for p in m.persons}
    named = {p for m in mentions if m.full for p in m.persons}
    for mention in mentions:
        terms = {p: index.terms_of(p, mention.title) for p in mention.persons}
        if any(place.startswith("company:") for place in mention.place):  # one may lead several firms
            terms = {p: tuple(t for t in ts if t.jurisdiction in mention.place) for p, ts in terms.items()}
        latest = high if when.high is not None else date.max.toordinal()  # else the text may be later than `low`
        holding = [t for ts in terms.values() for t in ts if t.covers(low, latest, SLACK)]
        if holding:
            for term in holding:
                if not mention.cancelled and term.core and len(mention.persons) == 1:
                    current.setdefault(term.office, (mention, term))
            continue
        person = _who(mention, terms, named, index)
        if person is None or mention.cancelled or person in cleared:
            continue
        term = _out_of_time(index, mention, terms[person], low, high, when)
        if term is not None and not _rightful(batch, mention, person, terms[person], term, when, index):
            stale.append((mention, person, term))
    people = {person for _, person, _ in stale}
    for mention, person, term in stale:
        beside = current.get(term.office)
        together = beside is not None and term.single and beside[1].person != person
        sentence = _sentence(batch, mention)
        strong = len(people) > 1 or together or bool(_FUTURE.search(sentence))
        data = _data(index, mention, person, term, when, strong)
        yield ANACHRONISM.id, mention, data
        if together and beside is not None:
            other = beside[1].person
            message = f"The text has two holders of one office: {person}, {_period(term)}, and {other}, {_period(beside[1])}."
            yield TWO_HOLDERS.id, mention, data | {"message": message, "other": other}


def _who(
    mention: Mention, terms: Mapping[str, tuple[Term, ...]], named: set[str], index: _Index
) -> str | None:
    """The one person a mention can mean, None where it stays open."""
    fitting = [
        p
        for p, ts in terms.items()
        if ts and (not mention.place or any(t.jurisdiction in mention.place for t in ts))
    ]
    if mention.full and fitting:  # namesakes, none of whom was in office: the last of them
        return max(fitting, key=lambda p: (any(t.core for t in terms[p]), terms[p][-1].start))
    spelt_out = [p for p in fitting if p in named]
    if len(spelt_out) == 1:
        return spelt_out[0]
    if len(fitting) == 1 and (mention.place or index.is_telling[mention.title]):
        return fitting[0]
    return None


def _out_of_time(
    index: _Index, mention: Mention, terms: Sequence[Term], low: int, high: int, when: When
) -> Term | None:
    """The term nearest to the date where the person surely was not in office then, else None."""
    core = [t for t in terms if t.core and not COURTESY.fullmatch(t.office)]
    if mention.place:
        core = [t for t in core if t.jurisdiction in mention.place]
    else:  # "the chief executive": of what?
        core = [t for t in core if not t.office.startswith("company.")]
    if not core:
        return None
    before = [t for t in core if t.end is not None and t.end + SLACK < low]
    after = [t for t in core if t.start - SLACK > high]
    office = core[0].office
    others = [t for t in index.of_office[office] if t.core and t.person != core[0].person]
    known = any(t.covers(low, high, VACANCY) and (t.asof >= low or t.end is not None) for t in others)
    if before:
        term = max(before, key=lambda t: t.end or 0)
        ended = max((t.end or t.asof for t in index.of_office[office]), default=0)
        return term if known or low > ended else None
    if after and when.high is not None and known and (mention.place or not index.is_staff[mention.title]):
        return min(after, key=lambda t: t.start)
    return None


def _sentence(batch: Batch, mention: Mention) -> str:
    sentence = batch.sentences.of_token[mention.first]
    return batch.text_of(int(batch.sentences.start[sentence]), int(batch.sentences.end[sentence]))


def _listed(before: str, index: _Index) -> bool:
    """Whether a "former" earlier in the sentence covers the mention: nothing but names and titles in between."""
    former = None
    for former in _FORMER.finditer(before):
        pass
    if former is None:
        return False
    return all(w in index.title_words for w in re.findall(r"\b[a-z][\w-]*", before[former.end() :]))


def _quoted(batch: Batch, mention: Mention) -> bool:
    """Whether a mention stands in a quotation, and not right after one ("...", Name said)."""
    if not (batch.is_quoted[mention.first] or batch.is_quoted[mention.last - 1]):
        return False
    document, start = batch.local(int(batch.token_start[mention.first]))
    return (
        re.search(
            r"[,.?!…][\"”’']+\s+(?:said |says )?(?:the |\w+['’]s )?$",
            batch.texts[document][max(0, start - 20) : start],
        )
        is None
    )


def _around(batch: Batch, mention: Mention) -> str:
    """The paragraph of a mention with the one before and the one after."""
    paragraph = int(batch.paragraphs.of_token[mention.first])
    whole = np.flatnonzero(batch.paragraphs.parent == mention.document)
    low, high = max(paragraph - 1, int(whole[0])), min(paragraph + 1, int(whole[-1]))
    return batch.text_of(int(batch.paragraphs.start[low]), int(batch.paragraphs.end[high]))


def _rightful(
    batch: Batch, mention: Mention, person: str, terms: Sequence[Term], term: Term, when: When, index: _Index
) -> bool:
    """Whether the words around a mention allow it although the person was out of office."""
    if _quoted(batch, mention):
        return True
    sentence = _sentence(batch, mention)
    if _ELSEWHEN.search(sentence):
        return True
    low, high = int(batch.token_start[mention.first]), int(batch.token_end[mention.last - 1])
    opening = int(batch.sentences.start[batch.sentences.of_token[mention.first]])
    before, after = sentence[: low - opening], sentence[high - opening :]
    if _JUST_BEFORE.search(before[-BESIDE:]) or _JUST_AFTER.search(after[:BESIDE]) or _listed(before, index):
        return True
    past = {t.person.split()[-1] for t in index.rulers if t.end is not None and t.end < when.low} | EARLIER
    past -= {t.person.split()[-1] for t in index.rulers if t.covers(when.low, when.low)}
    for match in _ADMINISTRATION.finditer(before + after[:BESIDE]):
        if match["who"] in past or " first " in match[0]:
            return True
    text = batch.texts[mention.document]
    late = term.end is not None and term.end < when.low
    first_year = date.fromordinal(min(t.start for t in terms)).year - 1
    last_year = date.fromordinal(max(t.end or t.asof for t in terms)).year + 1
    this_year = date.fromordinal(when.low).year
    near = _around(batch, mention)
    if late and any(first_year <= int(y) <= min(last_year, this_year - 1) for y in _YEARS.findall(near)):
        return True
    family = re.escape(surnames(person, term.jurisdiction)[0])
    former = rf"\b(?:former|ex|then|late|one-time|onetime|retired)\b[^.\n]{{0,60}}?\b{family}\b"
    after = rf"\b{family}\b[^.\n]{{0,40}}?\b(?:who (?:served|was|left|resigned|stepped|led|held|died)|served as|a former|the former|left office|resigned|stepped down|died|then)\b"
    if re.search(f"{former}|{after}", text):
        return True
    # "the former governor of the bank", of whom the text goes on to speak by name
    titles = "|".join(re.escape(form) for form in sorted(index.forms[term.office], key=len, reverse=True))
    return (
        re.search(rf"\b(?i:former|ex-|then-)\W?(?:[\w.'’]+ ){{0,3}}(?i:{titles})\b(?!,? [A-Z])", text)
        is not None
    )


def _period(term: Term) -> str:
    if term.end is None:
        return f"in office since {_spoken(term.start)}"
    return f"in office from {_spoken(term.start)} to {_spoken(term.end)}"


def _spoken(day: int) -> str:
    when = date.fromordinal(day)
    return f"{when.day} {MONTHS[when.month - 1].capitalize()} {when.year}"


SURENESS = {
    "high": "two sources agree on these dates",
    "medium": "these dates rest on one source",
    "low": "the end date is inferred",
}


def _data(
    index: _Index, mention: Mention, person: str, term: Term, when: When, strong: bool
) -> dict[str, Any]:
    """Message and facts of a finding."""
    own = [t for t in index.of_office[term.office] if t.person == person]
    others = [
        t
        for t in index.of_office[term.office]
        if t.core and t.person != person and t.covers(when.low, when.high or when.low)
    ]
    known = term.single and when.low <= max((t.asof for t in index.of_office[term.office]), default=0)
    holders = (
        sorted({t.person for t in others if not t.acting} or {t.person for t in others}) if known else []
    )
    title = index.titles[mention.title]
    held = "; ".join(_period(t) for t in own)
    day = _spoken(when.low)
    if when.source == "officials" and when.witness is not None:
        whence = f"the text is of {day} or later, since it names {' or '.join(sorted(when.witness.persons))} in office"
    elif when.high is None:
        whence = f"the text is of {day} or later by the years it names"
    elif when.high > when.low:
        whence = f"the text is of {date.fromordinal(when.low).year}"
    else:
        whence = f"the text is of {day}"
    message = f"{person} was {title} ({held}), but {whence}"
    message += f"; the office was then held by {' and '.join(holders)}" if holders else ""
    message += f" ({SURENESS.get(term.confidence, SURENESS['medium'])})."
    return {
        "message": message,
        "person": person,
        "office": term.office,
        "held": [t.dates for t in own],
        "holders": holders,
        "strength": "strong" if strong else "single",
    }
