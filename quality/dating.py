"""When a text is from: the day given with it, the one at its head, or bounds that its years and officials set.

Nobody is named as in office before getting there, so the latest start among the officials that a text
names as in office is the earliest it can be; so is the latest past year it names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from quality.columns import NUMBER, PUNCTUATION, Bools, Ints
from quality.mentions import Index, Mention
from quality.text import Batch


@dataclass(frozen=True)
class When:
    """Days between which a text was written: `low` 0 where nothing is known, `high` None where open."""

    low: int
    high: int | None
    source: str
    witness: Mention | None = None


UNKNOWN = When(0, None, "none")
MONTHS = "January February March April May June July August September October November December".split()
_MONTH = "(?:" + "|".join(f"{m[:3]}(?:{m[3:]})?" if m[3:] else m for m in MONTHS) + r"|Sept)\.?"
_FULL_DATE = re.compile(
    rf"\b(?:(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d\d)"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month2>{_MONTH}),?\s+(?P<year2>(?:19|20)\d\d)"
    r"|(?P<iso>(?:19|20)\d\d-\d\d-\d\d))\b",
    re.IGNORECASE,
)
# A text's own date at its head: after "Published" and the like, in a dateline ("LONDON, 9 June 2025 - ", "AUSTIN,
# Texas, June 9, 2025 /Wire/ -", "ROME (XY) - June 9, 2025 -"), in a byline, or alone on a line. On the first line sites
# print today's date, and an essay may bear the day that it looks back on, so that counts where nothing else does.
_LABEL = re.compile(r"(?:published|updated|posted|modified|date)\b[^\n\d]{0,24}$", re.IGNORECASE)
_DATELINE = re.compile(
    r"(?:^|\n)[A-Z][A-Z .'’\-]{2,30}(?:, ?[A-Z][\w.'’]{1,20}(?: [A-Z][\w.'’]{1,20}){0,2})?"
    r"(?:(?: |[-–—]{1,2})\([A-Z][\w .&]{1,24}\))?(?:,| ?[-–—]{1,2})\s*$"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_BYLINE = re.compile(
    r"(?:^|\n)\W{0,4}(?:(?:words|story|text|report|written|posted|article|analysis|review) )?by (?-i:[A-Z][\w.'’-]{0,20})(?: (?:(?-i:[A-Z][\w.'’-]{0,20})|and|de|van|von|der|la)){1,7}"
    rf"(?:, (?-i:[A-Z])[\w ]{{2,30}})?\s?(?:[,|•·/]|[-–—]{{1,2}})?\s*{_WEEKDAY}$",
    re.IGNORECASE,
)
_REST_OF_LINE = re.compile(r"[|,\s]{0,3}(?:(?:at )?\d{1,2}[:.]\d\d[^\n]{0,20})?\s*?(?:\n|$)")
_ALONE = re.compile(rf"(?:^|\n)\W{{0,4}}{_WEEKDAY}$", re.IGNORECASE)
_PROSE = re.compile(r"[.!?][\"”']?\s*\n")  # a line before the date that ends as sentences do
_AFTER_DATE = re.compile(r",?\s*(?:\n|$|[-–—|(:/•·]|\d{1,2}[:.]\d\d)")
# A sentence that looks ahead, or a copyright line: its years say nothing of when the text was written.
_NO_BOUND = re.compile(
    r"©|\(c\)|\b(?:copyright|will|would|by|until|plans?|planned|expected|scheduled|due|next|target|goal"
    r"|aims?|deadline|could|should|(?:19|20)\d\d to [a-z]+)\b",
    re.IGNORECASE,
)
# The head of a text that tells of a past year: its officials are those of that year.
_LOOKING_BACK = re.compile(r"\b(?:years ago|anniversary|on this day|looking back)\b", re.IGNORECASE)
LINE, SENTENCE = 60, 25  # characters from which a line, or one with a closing mark, may date a text
CLOSING = np.zeros(256, bool)
CLOSING[np.frombuffer(b'.!?")', np.uint8)] = True
HEAD = 400  # characters in which a text's own date stands
DATE_WIDTH = 24  # characters of the longest date, "September 30th, 2025", and a little


# Days by which the date given with a text and its own may differ unremarked: news is gathered, put on again and
# brought up to date for some weeks.
ASUNDER = 31


def contradiction(given: When, own: When) -> str | None:
    """What to say where the day given with a text and the whole date that it bears are far apart, else None."""
    if given.low != given.high or own.low != own.high or abs(given.low - own.low) <= ASUNDER:
        return None
    days = (date.fromordinal(when.low).isoformat() for when in (given, own))
    return "the date given, {}, is not the one that the text bears at its head, {}; the one given is used".format(
        *days
    )


def given_day(text: str | None) -> When | None:
    """The date given with a document, None where there is none that can be read."""
    if not text:
        return None
    match = re.match(r"\s*(\d{4})(?:-(\d\d)(?!\d))?(?:-(\d\d)(?!\d))?(?![\d/])", text)
    if match is None:
        written = _FULL_DATE.search(text)
        day = _day(written) if written else None
        return When(day, day, "field") if day else None
    year, month, day = (int(g) if g else None for g in match.groups())
    try:
        low = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return When(low.toordinal(), low.toordinal(), "field")
    after = date(low.year + 1, 1, 1) if month is None else date(low.year + month // 12, month % 12 + 1, 1)
    return When(low.toordinal(), after.toordinal() - 1, "field")


@dataclass(frozen=True)
class Years:
    """Tokens that can be years, in order: index, first character, value, whether they bound the text's date.

    Those of document d are `first[d] : last[d]`.
    """

    token: list[int]
    start: list[int]
    value: list[int]
    bounds: list[bool]
    first: list[int]
    last: list[int]

    @classmethod
    def of(cls, batch: Batch, index: Index) -> Years:
        """The years of a batch."""
        vocabulary = batch.vocabulary
        entries = np.flatnonzero((vocabulary.kind == NUMBER) & (vocabulary.length == 4))
        value = np.zeros(len(vocabulary) + 1, np.int64)
        for entry in entries.tolist():
            word = vocabulary.word(entry)
            if word.isdecimal() and word[:2] in ("19", "20") and int(word) <= index.latest_year:
                value[entry] = int(word)
        token = np.flatnonzero((value > 0)[batch.token_word])
        bounds = np.zeros(token.size, bool)
        if token.size:
            before = [batch.token_word[np.maximum(token - k, 0)] for k in (1, 2, 3)]
            is_dating, is_ahead = (
                batch.vocabulary.among(np.array(list(index.cue[cue]), np.uint64))
                for cue in ("before_year", "no_bound")
            )
            comma = (vocabulary.hash == index.mark["comma"])[before[0]]
            after_day = (vocabulary.kind == NUMBER)[before[1]]  # 9 June, 2025
            following = np.minimum(token + 1, batch.token_word.size - 1)
            closed = (batch.token_kind[following] == PUNCTUATION) | (following == token)  # in Baghdad, 2019.
            bounds = is_dating[before[0]] | (comma & (after_day | closed))
            bounds &= ~(is_ahead[before[0]] | is_ahead[before[1]] | is_ahead[before[2]])
            bounds &= in_prose(batch, token)
        columns = (token, batch.token_start[token], value[batch.token_word[token]], bounds)
        edges = (np.searchsorted(token, of) for of in (batch.documents.first, batch.documents.last))
        return cls(*(column.tolist() for column in (*columns, *edges)))


def in_prose(batch: Batch, token: Ints) -> Bools:
    """Whether tokens stand in a sentence or long line, not in a menu, a footer or the head of a comment."""
    paragraph = batch.paragraphs.of_token[token]
    length = batch.paragraphs.end[paragraph] - batch.paragraphs.start[paragraph]
    last = batch.folded[batch.paragraphs.end[paragraph] - 1]
    return (length >= LINE) | (CLOSING[last] & (length >= SENTENCE))


def own_date(batch: Batch, document: int, years: Years) -> When:
    """The date that a text bears at its head."""
    text, base = batch.texts[document], int(batch.document_start[document])
    first: When | None = None
    for k in range(years.first[document], years.last[document]):
        start = years.start[k] - base
        if start >= HEAD:
            break
        match = _FULL_DATE.search(text, max(0, start - DATE_WIDTH), start + DATE_WIDTH)
        day = _day(match) if match else None
        if match and day and _own(text, match):
            when = When(day, day, "text")
            if match["iso"] or not _ALONE.match(text, 0, match.start()):
                return when
            if _REST_OF_LINE.match(text, match.end()):
                first = when
    if first is None or _LOOKING_BACK.search(text, 0, HEAD):
        return UNKNOWN
    later = earliest_by_years(batch, document, years, first)
    return first if later is first else UNKNOWN


def earliest_by_years(batch: Batch, document: int, years: Years, when: When) -> When:
    """`when`, or later where the latest past year that a text names is not before it."""
    text, base = batch.texts[document], int(batch.document_start[document])
    bounding = [k for k in range(years.first[document], years.last[document]) if years.bounds[k]]
    for k in sorted(bounding, key=years.value.__getitem__, reverse=True):
        first = date(years.value[k], 1, 1).toordinal()
        if first < when.low:
            break
        sentence = batch.sentences.of_token[years.token[k]]
        start, end = int(batch.sentences.start[sentence]) - base, int(batch.sentences.end[sentence]) - base
        if not _NO_BOUND.search(text, start, end):
            return When(first, None, "text")
    return when


def _own(text: str, match: re.Match[str]) -> bool:
    """Whether a date at the head of a text is the text's own."""
    begins = match.start()
    ends_well = _AFTER_DATE.match(text, match.end()) is not None

    def follows(form: re.Pattern[str]) -> bool:
        return form.search(text, max(0, begins - 80), begins) is not None

    if ends_well and follows(_BYLINE):
        return True
    if _PROSE.search(text, 0, begins):
        return False
    if follows(_LABEL) or (match["iso"] and text[max(0, begins - 80) : begins].strip() == ""):
        return True
    return ends_well and (follows(_DATELINE) or follows(_ALONE))


def _day(match: re.Match[str]) -> int | None:
    """Day of a match of `_FULL_DATE`, None where the calendar has no such day."""
    try:
        if match["iso"]:
            return date.fromisoformat(match["iso"]).toordinal()
        name = (match["month"] or match["month2"])[:3].capitalize()
        month = next(k for k, m in enumerate(MONTHS, 1) if m.startswith(name))
        year, day = match["year"] or match["year2"], match["day"] or match["day2"]
        return date(int(year), month, int(day)).toordinal()
    except ValueError:
        return None


def remembered_years(batch: Batch, document: int, years: Years) -> list[tuple[int, int]]:
    """Years that a text which looks back names at its head, each as first and last day."""
    text, base = batch.texts[document], int(batch.document_start[document])
    if not _LOOKING_BACK.search(text, 0, HEAD):
        return []
    some = range(years.first[document], years.last[document])
    told = sorted({years.value[k] for k in some if years.start[k] - base < HEAD})
    return [(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()) for year in told]


def earliest_by_officials(mentions: Sequence[Mention], index: Index) -> When:
    """Earliest day a text can be of by the latest start among the officials named as in office."""
    when = UNKNOWN
    for mention in mentions:
        if not (mention.full or mention.place or index.is_telling[mention.title]):
            continue
        terms = [t for p in mention.persons for t in index.terms_of(p, mention.title)]
        certain = [t for t in terms if t.core and t.confidence != "low"]
        if not certain or (len(certain) < len(terms) and not mention.full):
            continue
        if mention.place and not any(t.jurisdiction in mention.place for t in certain):
            continue
        start = min(t.start for t in terms)
        if start > when.low:
            when = When(start, None, "officials", mention)
    return when
