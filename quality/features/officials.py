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

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from quality.dating import (
    MONTHS,
    When,
    Years,
    contradiction,
    earliest_by_officials,
    earliest_by_years,
    given_day,
    in_prose,
    own_date,
    remembered_years,
)
from quality.mentions import COURTESY, Index, Mention, find_mentions, shipped_index
from quality.officeholders import Term, family_names, iso
from quality.registry import Told
from quality.rightful import (
    SLACK,
    Case,
    is_acting,
    is_known_as_former,
    is_rightful,
    may_be_rightful,
    tells_of_coming,
)
from quality.rules import Rule, Spans
from quality.text import Batch

# Days that an office may stand empty between two holders without the table having lost one.
VACANCY = 120
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
    message="{text}: the text names somebody else in the same office, of another time",
    why="An office with one seat has one holder at a time; texts stitched from several have two.",
    source="own",
    unit="count",
    hits=(
        (
            "Treasury Secretary Scott Bessent landed on Monday. Treasury Secretary Steven Mnuchin will join.",
            ("Treasury Secretary Scott Bessent",),
        ),
    ),
    clean=("Treasury Secretary Scott Bessent praised Steven Mnuchin, treasury secretary until 2021.",),
)
NEVER_HELD = Rule(
    id="officeholder.never_held",
    tier="soft",
    title="title of an office never held",
    message="{text}: this person held another office then",
    why="Mixed-up titles are slips of the pen in news, and common where a text was made from many.",
    source="own",
    unit="count",
    hits=(
        (
            "LONDON, June 9, 2025 - Defense Secretary Marco Rubio will lead the American side.",
            ("Defense Secretary Marco Rubio",),
        ),
    ),
    clean=("LONDON, June 9, 2025 - Secretary of State Marco Rubio will lead the American side.",),
)
DOUBTFUL = Rule(
    id="officeholder.doubtful",
    tier="soft",
    title="official perhaps out of time",
    message="{text}: perhaps not in this office at the time of the text, which names the one who was",
    why="A title may be kept in courtesy, and a past deed told without its year; beside the right holder it may be neither.",
    source="own",
    unit="count",
    hits=(
        (
            "LONDON, June 9, 2025 - President Barack Obama will open the fair. President Donald Trump sent a note.",
            ("President Barack Obama", "President Donald Trump"),
        ),
        (
            "LONDON, June 9, 2025 - Treasury Secretary Steven Mnuchin had promised it. Treasury Secretary Scott Bessent did "
            "not comment.",
            ("Treasury Secretary Steven Mnuchin", "Treasury Secretary Scott Bessent"),
        ),
    ),
    clean=(
        "LONDON, June 9, 2025 - President Barack Obama will open the fair.",
        "LONDON, June 9, 2025 - The aide of President Barack Obama wrote it. President Donald Trump sent a note.",
        "LONDON, June 9, 2025 - Treasury Secretary Steven Mnuchin had promised it.",
        "LONDON, June 9, 2025 - President Barack Obama had signed it. President Donald Trump sent a note.",
    ),
)
RULES = (ANACHRONISM, TWO_HOLDERS, NEVER_HELD, DOUBTFUL)


@dataclass(frozen=True)
class OfficialsResult:
    """What officials tell of a batch: findings as `registry.count` takes them, and each document's date.

    `warnings[d]` says where the date given for document d is far from its own.
    """

    findings: tuple[Told, ...]
    as_of: tuple[Mapping[str, str | None], ...]
    warnings: tuple[tuple[str, ...], ...]


def find_officials(
    batch: Batch, dates: Sequence[str | None] | None = None, index: Index | None = None
) -> OfficialsResult:
    """Officials named out of their time in each document of a batch.

    `dates[d]` is the date given for document d: ISO (year or year and month suffice) or "10 June 2025";
    what cannot be read as one counts as no date. `index` is that of the shipped table unless given: build
    one for a table of your own with `Index(table)`, once.

    Raises ValueError where the number of dates is not that of the documents.
    """
    given = list(dates) if dates is not None else [None] * batch.n_documents
    if len(given) != batch.n_documents:
        raise ValueError(f"{len(given)} dates but {batch.n_documents} documents given; numbers must agree")
    index = shipped_index() if index is None else index
    known = [given_day(text) for text in given]
    by_document: dict[int, list[Mention]] = defaultdict(list)
    dating: dict[int, list[Mention]] = defaultdict(list)
    everywhere = list(find_mentions(batch, index))
    strangers: dict[int, list[Mention]] = defaultdict(list)
    for mention in everywhere:
        if mention.strangers and not mention.cancelled:
            strangers[mention.document].append(mention)
    everywhere = [m for m in everywhere if m.persons]
    prose = in_prose(batch, np.array([m.first for m in everywhere], np.int64)).tolist()
    for mention, stands_in_prose in zip(everywhere, prose, strict=True):
        by_document[mention.document].append(mention)
        if stands_in_prose and mention.cancelled != "coming":
            dating[mention.document].append(mention)
    years = Years.of(batch, index)
    as_of: list[Mapping[str, str | None]] = []
    warnings: list[tuple[str, ...]] = []
    found: list[_Finding] = []
    for document, when in enumerate(known):
        mentions = by_document.get(document, [])
        own = own_date(batch, document, years)
        doubt = contradiction(when, own) if when is not None else None
        warnings.append((doubt,) if doubt else ())
        when = own if when is None else when
        found += _never_held(batch, index, strangers.get(document, []), when)
        if known[document] is None and mentions and when.high is None:
            when = earliest_by_officials(dating[document], index)
            when = earliest_by_years(batch, document, years, when)
        bound = {"bound": "earliest"} if when.low and when.high is None else {}
        as_of.append({"date": iso(when.low) if when.low else None, "from": when.source} | bound)
        if mentions and when.low:
            found += _judged(batch, index, mentions, when, years)
    told = tuple(_told(batch, rule, [f for f in found if f.rule == rule.id]) for rule in RULES)
    return OfficialsResult(told, tuple(as_of), tuple(warnings))


def _told(batch: Batch, rule: Rule, found: Sequence[_Finding]) -> Told:
    start, end = (np.array([getattr(f, side) for f in found], np.int64) for side in ("start", "end"))
    paragraph = np.searchsorted(batch.paragraphs.start, start, "right") - 1
    return rule, Spans(start, end, paragraph), [f.data for f in found]


@dataclass(frozen=True)
class _Finding:
    """What a rule has to say of the characters start..end of the joined text."""

    rule: str
    start: int
    end: int
    data: dict[str, Any]


# ---- judging -----------------------------------------------------------------------------------------


def _judged(
    batch: Batch, index: Index, mentions: Sequence[Mention], when: When, years: Years
) -> Iterator[_Finding]:
    """Findings of one document."""
    # a text of `low` or later may be of any later day
    latest = when.high if when.high is not None else date.max.toordinal()
    cleared = {p for m in mentions if m.cancelled == "former" for p in m.persons}
    named = {p for m in mentions if m.full for p in m.persons}
    current: dict[str, tuple[Term, Mention]] = {}
    cases: list[Case] = []
    doubtful: list[Case] = []
    former: dict[tuple[str, str], bool] = {}
    for mention in mentions:
        terms = {p: index.terms_of(p, mention.title) for p in mention.persons}
        if mention.place and any(
            place.startswith("company:") for place in mention.place
        ):  # one may lead several firms
            terms = {p: tuple(t for t in ts if t.jurisdiction in mention.place) for p, ts in terms.items()}
        holding = [t for ts in terms.values() for t in ts if t.covers(when.low, latest, SLACK)]
        if holding:
            if not mention.cancelled and len(mention.persons) == 1:
                current |= {t.office: (t, mention) for t in holding if t.core and t.office not in current}
            continue
        person = _who(batch, mention, terms, named, index)
        if person is None or mention.cancelled or person in cleared:
            continue
        term = _out_of_time(index, mention, terms[person], when)
        if term is None:
            continue
        early = when.high is not None and when.high < term.start and _is_surely_named(batch, mention)
        # courtesy leaves the country out, not the state: "Iran's President X" may count, "Vermont Gov. X" may not
        told_where = mention.place and not term.office.endswith(".governor")
        courteous = _is_courtesy(term) and not (told_where or early or term.office == "us.house_speaker")
        if courteous and not (mention.full and is_acting(batch, mention)):
            continue
        ahead = tells_of_coming(batch, mention)
        case = Case(mention, person, terms[person], term, when, ahead, early)
        # a text that looks back, to a year of the person's time
        remembered = () if ahead else remembered_years(batch, mention.document, years)
        then = any(t.covers(*days) for t in case.terms for days in remembered)
        if then or is_rightful(batch, index, case):
            continue
        if (key := case.key) not in former:
            former[key] = is_known_as_former(batch, index, case)
        if former[key]:
            continue
        doubts = courteous + may_be_rightful(batch, case)
        if doubts < 2:
            (doubtful if doubts else cases).append(case)
    holders: dict[tuple[str, str], tuple[str, int, int] | None] = {}
    for case in cases + doubtful:
        if (key := case.key) not in holders:
            holders[key] = _right_holder(batch, index, case, current)
    every = cases
    # nobody bears a title in courtesy before the first term: there the right holder tells, or the country
    cases = [c for c in cases if not (c.early and _is_courtesy(c.term)) or c.mention.place or holders[c.key]]
    if (
        len({case.person for case in cases}) < 2
    ):  # courtesy alone is none, but keeps nobody in office for what is to come
        cases = [c for c in cases if c.early or not _is_courtesy(c.term) or (c.ahead and c.mention.full)]
    doubtful += [case for case in every if case.mention.full and case not in cases]
    people = {case.person for case in cases}
    told: set[str] = set()
    for case in cases:
        other = holders[case.key]
        strong = len(people) > 1 or other is not None or case.ahead
        data = _data(index, case) | {"strength": "strong" if strong else "single"}
        yield _Finding(ANACHRONISM.id, *case.mention.span(batch), data)
        if other is not None and case.term.office not in told:
            told.add(case.term.office)
            person, start, end = other
            message = f"The text names {person} too, who held the office then: {data['message']}"
            yield _Finding(TWO_HOLDERS.id, start, end, data | {"message": message, "beside": person})
    for case in doubtful:
        # who was in office then stands in the text: else courtesy or the past explain the title well enough
        if (other := holders[case.key]) is not None:
            person, start, end = other
            data = _data(index, case) | {"beside": person}
            message = (
                f"{data['message'][:-1]}. The text names {person} too; a courtesy or a past deed may be why."
            )
            yield _Finding(DOUBTFUL.id, *case.mention.span(batch), data | {"message": message})
            if case.term.office not in told:
                told.add(case.term.office)
                yield _Finding(DOUBTFUL.id, start, end, data | {"message": message})


def _never_held(batch: Batch, index: Index, mentions: Sequence[Mention], when: When) -> Iterator[_Finding]:
    """Findings of one document: titles beside people who never bore them and were in another office that day.

    Only on a whole date, and where the table surely knows who bore the title: a regular holder of the one
    seat, well before and well after. Who was in no office then may be a namesake or an earlier holder.
    """
    former: dict[tuple[str, str], bool] = {}
    for mention in mentions:
        for case, office, holder in _strange_cases(index, mention, when):
            if is_rightful(batch, index, case):
                continue
            if (key := (case.person, case.term.office)) not in former:
                former[key] = is_known_as_former(batch, index, case)
            if not former[key]:
                title, other = index.written[mention.title], index.title_of[case.term.office]
                message = (
                    f"{case.person} was {other}, not {title}, as far as is known: {_whence(when)}; "
                    f"{holder} was {title}."
                )
                data = {"message": message, "person": case.person, "office": office, "holders": [holder]}
                yield _Finding(NEVER_HELD.id, *mention.span(batch), data)
                break


def _strange_cases(index: Index, mention: Mention, when: When) -> Iterator[tuple[Case, str, str]]:
    """A mention as a case of each office that its title can mean: the case, that office and its holder."""
    if when.high is None or len(mention.strangers) != 1:
        return
    if index.is_staff[mention.title] or not (mention.place or index.is_telling[mention.title]):
        return
    (person,) = mention.strangers
    low, high = when.low, when.high
    own = [t for t in index.terms[person] if t.covers(low, high) and (t.end or t.asof) >= high]
    own.sort(key=lambda t: (t.core, not t.acting), reverse=True)
    for office in sorted(index.offices[mention.title]):
        held = [t for t in index.of_office[office] if t.core and t.single and not t.acting]
        held = [t for t in held if t.start + SLACK <= low and high <= (t.end - SLACK if t.end else t.asof)]
        at_home = [t for t in own if held and t.jurisdiction == held[0].jurisdiction]
        elsewhere = mention.place and held and held[0].jurisdiction not in mention.place
        if not at_home or elsewhere or COURTESY.fullmatch(office) or _namesakes(person, held[0].person):
            continue
        yield Case(mention, person, tuple(own), at_home[0], when), office, held[0].person


def _namesakes(one: str, other: str) -> bool:
    """Whether two names share two words: most likely one person, written otherwise."""
    return len(set(one.split()) & set(other.split())) > 1


def _is_courtesy(term: Term) -> bool:
    return COURTESY.fullmatch(term.office) is not None


def _is_surely_named(batch: Batch, mention: Mention) -> bool:
    """Whether a whole name that no other office-holder has stands with its title, and not as a guess ("a President X")."""
    document, start = batch.local(mention.span(batch)[0])
    guess = re.search(r"\b[Aa]n?\s+(?:\w+\s+)?$", batch.texts[document][max(0, start - 30) : start])
    return mention.full and len(mention.persons) == 1 and guess is None


def _right_holder(
    batch: Batch, index: Index, case: Case, current: Mapping[str, tuple[Term, Mention]]
) -> tuple[str, int, int] | None:
    """Who held the one seat on the text's date, where the text names that person too: name and characters."""
    if not case.term.single:
        return None
    if case.term.office in current:
        term, mention = current[case.term.office]
        if term.person != case.person:
            return term.person, *mention.span(batch)
    if case.when.high is None:
        return None
    base, text = int(batch.document_start[case.mention.document]), batch.texts[case.mention.document]
    for term in index.of_office[case.term.office]:
        if term.core and term.person != case.person and term.covers(case.when.low, case.when.high):
            for name in (term.person, *term.aliases):
                if " " in name and (match := re.search(rf"\b{re.escape(name)}\b", text)):
                    return term.person, base + match.start(), base + match.end()
            family = family_names(term.person, term.jurisdiction)[0]
            places = "|".join(map(re.escape, index.place_names[term.jurisdiction]))
            if family.lower() in index.common_families or family in case.person.split():
                continue
            match = re.search(rf"\bM(?:r|rs|s)\b\.? {re.escape(family)}\b", text)
            if match and re.search(rf"\b(?:{places})\b", text):
                return term.person, base + match.start(), base + match.end()
    return None


def _who(
    batch: Batch, mention: Mention, terms: Mapping[str, tuple[Term, ...]], named: set[str], index: Index
) -> str | None:
    """The one person that a mention can mean, None where it stays open."""
    fitting = [
        person
        for person, held in terms.items()
        if held and (not mention.place or any(t.jurisdiction in mention.place for t in held))
    ]
    if mention.full and fitting:  # namesakes, none of whom was in office: the last of them
        return max(fitting, key=lambda p: (any(t.core for t in terms[p]), terms[p][-1].start, p))
    spelt_out = [p for p in fitting if p in named]
    if len(spelt_out) == 1:
        return spelt_out[0]
    if len(fitting) != 1:
        return None
    if mention.place or index.is_telling[mention.title]:
        return fitting[0]
    home = terms[fitting[0]][-1].jurisdiction
    family = family_names(fitting[0], home)[0].lower()
    if family in index.common_families or index.is_shared[mention.title]:
        return None
    text = batch.texts[mention.document]
    return fitting[0] if any(name in text for name in index.place_names[home]) else None


def _out_of_time(index: Index, mention: Mention, terms: Sequence[Term], when: When) -> Term | None:
    """The term nearest to the date where the person surely was not in office on it, else None."""
    core = [t for t in terms if t.core]
    if mention.place:
        core = [t for t in core if t.jurisdiction in mention.place]
    else:  # "the chief executive": of what?
        core = [t for t in core if not t.office.startswith("company.")]
    if not core:
        return None
    low, high = when.low, when.high if when.high is not None else when.low
    row = index.of_office[core[0].office]
    # somebody else is known to have held the office about then: the table has no hole there
    known = any(
        t.core
        and t.person != core[0].person
        and t.covers(low, high, VACANCY)
        and (t.end or t.asof) >= low - VACANCY
        for t in row
    )
    before = [t for t in core if t.end is not None and t.end + SLACK < low]
    if before:
        over = low > max(t.end or t.asof for t in row)
        return max(before, key=lambda t: t.end or 0) if known or over else None
    after = [t for t in core if t.start - SLACK > high]
    unsafe = index.is_staff[mention.title] and not mention.place
    if index.titles[mention.title].endswith(" minister") and core[0].office.startswith("gb."):
        # news calls the junior ministers of a British department so as well
        unsafe = not core[0].office.endswith(("prime_minister", "first_minister"))
    # earlier terms are what a table lacks first, so there the holder of the very day must be known
    surely = any(t.core and t.person != core[0].person and t.covers(low, high) for t in row)
    if after and when.high is not None and surely and not unsafe:
        return min(after, key=lambda t: t.start)
    return None


# ---- what a finding says -----------------------------------------------------------------------------

SURENESS = {
    "high": "two sources agree on these dates",
    "medium": "these dates rest on one source",
    "low": "the end date is inferred",
}


def _data(index: Index, case: Case) -> dict[str, Any]:
    """Message and facts of a finding."""
    when, term = case.when, case.term
    row = index.of_office[term.office]
    own = [t for t in row if t.person == case.person]
    until = when.high if when.high is not None else max(t.asof for t in row)
    others = [t for t in row if t.core and t.person != case.person and t.covers(when.low, until)]
    if not term.single or when.low > max(t.asof for t in row):
        others = []  # several hold it at once, or the table ends before that date
    holders = list(dict.fromkeys([t.person for t in others if not t.acting] or [t.person for t in others]))
    spans = " and ".join(_period(t) for t in own)
    message = f"{case.person} was {index.written[case.mention.title]} {spans}, but {_whence(when)}"
    if holders:
        names = " and ".join(filter(None, [", ".join(holders[:-1]), holders[-1]]))
        message += f"; since then {names} held it" if when.high is None else f"; {names} held it then"
    return {
        "message": f"{message} ({SURENESS.get(term.confidence, SURENESS['medium'])}).",
        "person": case.person,
        "office": term.office,
        "held": [t.dates for t in own],
        "holders": holders,
    }


def _whence(when: When) -> str:
    """The date of the text and how it is known, in words."""
    day = _spoken(when.low)
    if when.source == "officials" and when.witness is not None:
        return (
            f"the text is of {day} or later, naming {' or '.join(sorted(when.witness.persons))} as in office"
        )
    if when.high is None:
        return f"the text is of {day} or later by the years it names"
    if when.high > when.low:
        return f"the text is of {date.fromordinal(when.low).year}"
    return f"the text is of {day}"


def _period(term: Term) -> str:
    if term.end is None:
        return f"from {_spoken(term.start)} on"
    return f"from {_spoken(term.start)} to {_spoken(term.end)}"


def _spoken(day: int) -> str:
    when = date.fromordinal(day)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"
