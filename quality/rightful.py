"""Whether an official who was out of office may be named with the title all the same.

A `Case` is a mention of somebody who was not in the office on the text's date. Most are rightful: the words around the
mention speak of the past, of a former holder or of a government that is over, or the text says so elsewhere.
What one sentence tells by its grammar is in `hindsight`; here its quotations, years and neighbours are looked at as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np

from quality.dating import When
from quality.hindsight import BESIDE, COMING, acts, is_background, is_of_the_day, tells_of_past
from quality.lexicon import NUMBERS
from quality.mentions import Index, Mention
from quality.officeholders import Term, family_names
from quality.text import Batch

# Days around the ends of a term in which a mention is fine: confirmed, sworn in and announced differ by
# weeks, and reports written before a change are printed after it.
SLACK = 60
REACH, NEARBY = 600, 3000  # characters of a long sentence, and of its surroundings, looked at on either side
ACTING = 2 * 365  # days before a term in which the table may lack the same person's acting one
_FORMER = re.compile(r"\b(?:former|formerly|ex-|then-|one-time|onetime)\b", re.IGNORECASE)
_VERB = re.compile(r"\w+ed|\w+ing|said|told|met|saw|sat|is|was|has|had|will|who|that|of|to|with|by|for|in|on")
_ADMINISTRATION = re.compile(
    r"\b(?P<who>[A-Z][\w-]+)(?:['’]s?)?(?: first)? "
    r"(?:administration|presidency|government|cabinet|era|years|White House|(?:second )?term)\b"
)
_UNDER = re.compile(
    r"\bunder (?:(?:President|Prime Minister|Chancellor|[A-Z]\.?|[A-Z]\w+) )*(?P<who>[A-Z][\w-]+)"
)
_TO_WHOM = re.compile(
    r"^ (?:to|for|in) (?:(?:the|former|President|Prime Minister|Chancellor|[A-Z]\.) )*(?P<who>[A-Z][\w-]+)"
)
# Characters of a text's head, which tells what it looks back on.
HEAD = 400
MANY = {name: k for k, name in enumerate(NUMBERS, 1)} | {
    **{"a": 1, "fifteen": 15, "twenty": 20, "twenty-five": 25, "thirty": 30, "forty": 40, "fifty": 50},
}
_YEARS_AGO = re.compile(
    rf"\b(\d{{1,2}}|{'|'.join(MANY)}) years? (?:ago|on|earlier|later|after|since)\b", re.IGNORECASE
)
# Presidents before the table begins.
EARLIER = frozenset("Reagan Carter Ford Nixon Johnson Kennedy Eisenhower Truman".split())
_YEAR = re.compile(r"(?<![\d,.$£€])(?:19|20)\d\d(?![\d,]*\d|%|\.\d)")


@dataclass(frozen=True)
class Case:
    """A mention of one person who was not in the office on the text's date; `term` is the nearest one.

    `ahead` says whether its sentence tells of what is to come, `early` whether the person was surely meant and had
    never been in the office yet.
    """

    mention: Mention
    person: str
    terms: tuple[Term, ...]
    term: Term
    when: When
    ahead: bool = False
    early: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The person and the office."""
        return self.person, self.term.office

    @property
    def stale(self) -> bool:
        """Whether the term was over; else it had not begun."""
        return self.term.end is not None and self.term.end < self.when.low


def _sentence(batch: Batch, mention: Mention) -> tuple[str, str, str]:
    """The sentence of a mention: what stands before it, itself, and what follows, `REACH` characters at most."""
    start, end = mention.span(batch)
    sentence = batch.sentences.of_token[mention.first]
    low = max(int(batch.sentences.start[sentence]), start - REACH)
    high = min(int(batch.sentences.end[sentence]), end + REACH)
    return batch.text_of(low, start), batch.text_of(start, end), batch.text_of(end, max(end, high))


def tells_of_coming(batch: Batch, mention: Mention) -> bool:
    """Whether the sentence of a mention tells of what is to come."""
    return COMING.search("".join(_sentence(batch, mention))) is not None


def is_acting(batch: Batch, mention: Mention) -> bool:
    """Whether the person of a mention does something in its sentence."""
    return acts(_sentence(batch, mention)[2])


def is_rightful(batch: Batch, index: Index, case: Case) -> bool:
    """Whether the words around a mention surely allow it although the person was out of office."""
    mention = case.mention
    if _quoted(batch, mention):
        return True
    before, named, after = _sentence(batch, mention)
    sentence = before + named + after
    return (
        tells_of_past(before, named, after)
        or _acting_before(before, named, case)
        or _in_a_list_of_former(before, index)
        or _of_an_administration_past(before, after[:BESIDE], sentence, index, case.when)
        or (case.stale and _names_years_of_office(case, sentence))
        or (case.stale and not (case.ahead or is_of_the_day(sentence)) and _looks_years_back(batch, case))
    )


def may_be_rightful(batch: Batch, case: Case) -> bool:
    """Whether who had left may be named for what the person once did: by the grammar of the sentence, or by a year nearby."""
    return case.stale and (
        is_background(*_sentence(batch, case.mention)) or _stands_by_its_years(batch, case)
    )


def _quoted(batch: Batch, mention: Mention) -> bool:
    """Whether a mention stands in a quotation, and not right after one ("...", Name said)."""
    if not (batch.is_quoted[mention.first] or batch.is_quoted[mention.last - 1]):
        return False
    document, start = batch.local(int(batch.token_start[mention.first]))
    closing = re.compile(r"[,.?!…][\"”’']+\s+(?:said |says )?(?:the |\w+['’]s )?$")
    return closing.search(batch.texts[document][max(0, start - 20) : start]) is None


def _acting_before(before: str, named: str, case: Case) -> bool:
    """Whether an acting holder is meant whose term began soon after: the acting one may be missing."""
    acting = re.search(
        r"\b(?:acting|interim|caretaker)[^\w.]+(?:[\w.]+[^\w.]+){0,2}$", before, re.IGNORECASE
    ) or re.search(r"\b(?:acting|interim|caretaker)\b", named, re.IGNORECASE)
    return not case.stale and acting is not None and case.term.start - case.when.low < ACTING


def _in_a_list_of_former(before: str, index: Index) -> bool:
    """Whether a "former" earlier in the sentence covers the mention: names, titles and "a, b and" in between."""
    former = list(_FORMER.finditer(before))
    if not former:
        return False
    between = re.findall(r"\b[a-z][\w-]*", before[former[-1].end() :])
    others = [w for w in between if w not in index.title_words]
    return not others or (between[-1] == "and" and len(others) <= 2 and not any(map(_VERB.fullmatch, others)))


def _of_an_administration_past(before: str, after: str, sentence: str, index: Index, when: When) -> bool:
    """Whether the mention is tied to a government that was over: "in the Obama administration, ..."."""
    under = {match["who"] for match in (*_UNDER.finditer(sentence), *_TO_WHOM.finditer(after))}
    administrations = [(match["who"], match[0]) for match in _ADMINISTRATION.finditer(before + after)]
    if not under and not administrations:
        return False
    past = EARLIER.union(t.person.split()[-1] for t in index.rulers if t.end is not None and t.end < when.low)
    past -= {t.person.split()[-1] for t in index.rulers if t.covers(when.low, when.low)}
    return not under.isdisjoint(past) or any(
        who in past or " first " in whole for who, whole in administrations
    )


def _names_years_of_office(case: Case, sentence: str) -> bool:
    """Whether a past year of about the person's time in office stands in the sentence."""
    this_year = date.fromordinal(case.when.low).year
    own = [t for t in case.terms if t.office == case.term.office]
    first = date.fromordinal(min(t.start for t in own)).year - 1
    last = date.fromordinal(max(t.end or t.asof for t in own)).year + 1
    return any(first <= int(y) <= min(last, this_year - 1) for y in _YEAR.findall(sentence))


def _looks_years_back(batch: Batch, case: Case) -> bool:
    """Whether "ten years ago" or "ten years on" stands in the paragraph or at the head of the text, about the person's time."""
    paragraph = int(batch.paragraphs.of_token[case.mention.first])
    low, high = int(batch.paragraphs.start[paragraph]), int(batch.paragraphs.end[paragraph])
    start, end = case.mention.span(batch)
    near = batch.text_of(max(low, start - NEARBY), min(high, end + NEARBY))
    this_year = date.fromordinal(case.when.low).year
    for many in _YEARS_AGO.findall(batch.texts[case.mention.document][:HEAD] + "\n" + near):
        number = int(many) if many.isdigit() else MANY.get(many.lower(), 0)
        # the year told of and those beside it: "ten years ago" is said roughly
        years = range(this_year - number - 1, this_year - number + 2) if number else ()
        if any(_days_in(year, term) >= SLACK for year in years for term in case.terms):
            return True
    return False


def _stands_by_its_years(batch: Batch, case: Case) -> bool:
    """Whether a past year that shares `SLACK` days with the person's time in office stands in the paragraph or beside it."""
    this_year = date.fromordinal(case.when.low).year
    paragraph = int(batch.paragraphs.of_token[case.mention.first])
    of_document = np.flatnonzero(batch.paragraphs.parent == case.mention.document)
    low, high = max(paragraph - 1, int(of_document[0])), min(paragraph + 1, int(of_document[-1]))
    start, end = case.mention.span(batch)
    first_near = max(int(batch.paragraphs.start[low]), start - NEARBY)
    near = batch.text_of(first_near, min(int(batch.paragraphs.end[high]), end + NEARBY))
    years = {int(year) for year in _YEAR.findall(near) if int(year) < this_year}
    return any(_days_in(year, term) >= SLACK for year in years for term in case.terms)


def _days_in(year: int, term: Term) -> int:
    """Days of a year that fall into a term."""
    end = term.end if term.end is not None else term.asof
    return min(end, date(year, 12, 31).toordinal()) - max(term.start, date(year, 1, 1).toordinal())


def is_known_as_former(batch: Batch, index: Index, case: Case) -> bool:
    """Whether the text says elsewhere that the person, or the holder of the office, is a former one."""
    text = batch.texts[case.mention.document]
    family = re.escape(family_names(case.person, case.term.jurisdiction)[0])
    if re.search(rf"\b(?:former|ex|then|late|one-time|onetime|retired)\b[^.\n]{{0,60}}?\b{family}\b", text):
        return True
    left = (
        r"who (?:served|left|resigned|stepped|led|held|died|was (?:then|the|an?|in (?:office|charge|power)|(?:\w+ )?(?:president"
        r"|minister|premier|chancellor|secretary|governor|mayor|chair\w*|director|head|chief|speaker|until|from|for)))\b|served as"
        r"|(?:a|the) former|left office"
    )
    if re.search(
        rf"\b{family}\b[^.\n]{{0,40}}?\b(?:{left}|resigned|stepped down|died|then(?! an? ))\b", text
    ):
        return True
    # "the former governor of the bank", of whom the text goes on to speak by name
    titles = "|".join(re.escape(t) for t in sorted(index.forms[case.term.office], key=len, reverse=True))
    unnamed = rf"\b(?i:former|ex-|then-)\W?(?:[\w.'’]+ ){{0,3}}(?i:{titles})\b(?!,? [A-Z])"
    return re.search(unnamed, text) is not None
