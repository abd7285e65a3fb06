"""Where a text names an office-holder: a title and a name side by side, read as one mention.

Titles are found by the phrase matcher; only where the name of a known holder stands near one does
Python look closer, at a window of words on either side. Read are "Title Name", "Title of X, Name",
"Name, the title of X," and "X's title, Name", whole names and family names, with ranks, initials and
suffixes, in either order of names. A title that is only the tail of another one ("deputy", "shadow",
the treasurer of a club) gives no mention.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from quality.columns import PUNCTUATION, Bools, Hashes, hash_bytes
from quality.lexicon import DATA, Phrases, expand
from quality.officeholders import OfficeTable, Term, edge_words, family_names, full_names, shipped_table
from quality.text import Batch, hash_words

# Tokens from a title within which a known name must stand for a closer look: before it, or after it with
# words of its own between ("of", "-elect"); right after it, with a mark and a rank; and how far that look goes.
NEAR, NEXT, REACH = 8, 4, 14
# Tokens that the look may overshoot a window on either side: a mark and the words it leads to.
BEYOND = 4

# Offices whose holders keep the title for life in polite use, and monarchs: they date a text, no more.
COURTESY = re.compile(
    r"\w\w(\.\w\w)?\.(president|vice_president|first_lady|monarch|king|sultan|emperor|pope|crown_prince"
    r"|supreme_leader|leader|general_secretary|chief_justice|house_speaker|governor)"
)
RULER = re.compile(r"\.(president|prime_minister|chancellor)$")

NOWHERE: frozenset[str] = frozenset()
# Forms as paths of word hashes; under END stands what the form that ends here stands for.
Tree = dict[int, Any]
END = -1
NO_TREE: Tree = {}
MARKS = {
    "comma": ",",
    "dot": ".",
    "hyphen": "-",
    "dash": "_",
    "opening": "(",
    "apostrophe": "'",
    "quote": '"',
}
MARKS |= {"ampersand": "&", "the": "the", "who": "who"}


class Index:
    """An office table turned to face a text: phrases of titles, names and places by their hashed words."""

    def __init__(self, table: OfficeTable) -> None:
        words = tomllib.loads((DATA / "officials.toml").read_text("utf8"))
        self.forms, self.place_names = table.forms, table.places
        self.common_families = frozenset(words["names"]["common"].split())
        listed = {cue: text.split() for cue, text in words["words"].items()}
        distinct = sorted({word for some in listed.values() for word in some})
        value = dict(zip(distinct, hash_words(distinct).tolist(), strict=True))
        self.cue = {cue: frozenset(value[word] for word in some) for cue, some in listed.items()}
        marks: list[int] = hash_words(list(MARKS.values())).tolist()
        self.mark = dict(zip(MARKS, marks, strict=True))
        # what may stand before a title, and after it, and say more of it; capitals and possessives aside
        self.before = frozenset(
            {self.mark[name] for name in ("dot", "apostrophe", "hyphen", "the")}.union(
                *(self.cue[name] for name in ("other", "former", "coming", "neutral", "whose", "to"))
            )
        )
        self.after = self.cue["coming"] | self.cue["of"] | {self.mark["hyphen"]}
        self.after_title = np.array(sorted(self.after), np.uint64)
        self.apart = frozenset(self.mark[name] for name in ("comma", "opening", "dash"))
        self.apart_marks = np.array(sorted(self.apart), np.uint64)
        # years after the table's last are plans, whatever the text says
        self.latest_year = date.fromordinal(max(t.asof for t in table.terms)).year
        self._add_titles(table, _set(words["titles"]["shared"]), _set(words["titles"]["staff"]))
        self._add_people(table)
        self._of: dict[tuple[str, int], tuple[Term, ...]] = {}

    def _add_titles(self, table: OfficeTable, shared: frozenset[str], staff: frozenset[str]) -> None:
        core = {t.office for t in table.terms if t.core}
        number: dict[str, int] = {}
        for form in sorted({form for office in core for form in table.forms[office]}):
            number[form] = len(number)
        self.titles = list(number)
        self.phrases = Phrases(number.items())
        self.title_words = {w for title in number for w in title.split()}.union("and or the both".split())
        self.written = [""] * len(number)
        for form in (form for listed in table.titles.values() for title in listed for form in expand(title)):
            if form.lower() in number:
                self.written[number[form.lower()]] = form
        self.title_of = {
            office: next(iter(expand(titles[0]))) for office, titles in table.titles.items() if titles
        }
        self.offices: list[set[str]] = [set() for _ in number]
        for office, forms in table.forms.items():
            for form in forms & number.keys():
                self.offices[number[form]].add(office)
        self.is_staff = [title in staff for title in self.titles]
        self.is_shared = [title in shared | staff for title in self.titles]
        countries = [len({office.split(".")[0] for office in offices}) for offices in self.offices]
        self.is_telling = [n <= 2 and not s for n, s in zip(countries, self.is_shared, strict=True)]

    def _add_people(self, table: OfficeTable) -> None:
        used = set().union(*self.offices)
        self.terms: dict[str, list[Term]] = defaultdict(list)
        self.of_office: dict[str, list[Term]] = defaultdict(list)
        for term in table.terms:
            if term.office in used:
                self.terms[term.person].append(term)
                self.of_office[term.office].append(term)
        self.rulers = [t for t in table.terms if t.core and RULER.search(t.office)]
        # a name is written out only when a text first has a word of it: most never come
        holding: dict[str, list[str]] = defaultdict(list)
        for person, terms in self.terms.items():
            for word in edge_words(person, *terms[0].aliases):
                holding[word].append(person)
        self._holding: dict[int, list[str]] = defaultdict(list)
        for word, people in zip(hash_words(list(holding)).tolist(), holding.values(), strict=True):
            self._holding[word] += people  # José and Jose read the same
        self.names: Tree = {}
        self.names_backward: Tree = {}
        self.name_words = np.array(sorted(self._holding), np.uint64)
        places: dict[str, frozenset[str]] = defaultdict(frozenset)
        for place, listed in table.places.items():
            for form in listed:
                places[form] |= {place}
        self.places, self.places_backward = _trees(places, _hashes(places))

    def grow(self, words: Iterable[int]) -> None:
        """Write out the names that begin or end with some words, given by their hashes, into `names` and `names_backward`."""
        new = [word for word in words if word in self._holding and word not in self.names_backward]
        if not new:
            return
        written = {word: self._names_with(word) for word in new}
        # to hash words one name at a time takes many times as long
        value = _hashes(form for names in written.values() for form in names)
        for word, names in written.items():
            forward, backward = _trees(names, value)
            self.names[word] = forward.get(word, NO_TREE)
            self.names_backward[word] = backward.get(word, NO_TREE)

    def _names_with(self, word: int) -> dict[str, tuple[frozenset[str], bool]]:
        """Names of the people who have a word at an edge of theirs: who is meant, and whether it is a whole name."""
        whole: dict[str, set[str]] = defaultdict(set)
        family: dict[str, set[str]] = defaultdict(set)
        for person in self._holding[word]:
            terms = self.terms[person]
            home = terms[0].jurisdiction
            for name in (person, *terms[0].aliases):
                for form in full_names(name, home) if " " in name or "-" in name else ():
                    whole[form].add(person)
                for form in family_names(name, home):
                    family[form].add(person)
        names = {form: (frozenset(people), False) for form, people in family.items()}
        return names | {form: (frozenset(people), True) for form, people in whole.items()}

    def terms_of(self, person: str, title: int) -> tuple[Term, ...]:
        """Terms of a person in any office that bears a title, by start."""
        key = (person, title)
        if key not in self._of:
            found = [t for t in self.terms[person] if t.office in self.offices[title]]
            self._of[key] = tuple(sorted(found, key=lambda t: t.start))
        return self._of[key]


@cache
def shipped_index() -> Index:
    """The package's own table, turned to face a text."""
    return Index(shipped_table())


def _set(listed: str) -> frozenset[str]:
    return frozenset(title.strip() for title in listed.split("|"))


def _cut(form: str) -> list[str]:
    """The words of a name or place, without stops and possessives."""
    return [word.strip(".").removesuffix("'s") for word in re.findall(r'&|[^\s&,\-"()]+', form)]


def _hashes(forms: Iterable[str]) -> dict[str, int]:
    """The hash of every word of some forms."""
    distinct = sorted({word for form in forms for word in _cut(form)})
    return dict(zip(distinct, hash_words(distinct).tolist(), strict=True))


def _trees(forms: Mapping[str, Any], value: Mapping[str, int]) -> tuple[Tree, Tree]:
    """Forms as paths of word hashes (`value`), from the first word on and, turned round, from the last."""
    trees: tuple[Tree, Tree] = ({}, {})
    for form in forms:
        path = [value[word] for word in _cut(form)]
        for node, turned in zip(trees, (path, path[::-1]), strict=True):
            for word in turned:
                node = node.setdefault(word, {})
            node[END] = _either(node[END], forms[form]) if END in node else forms[form]
    return trees


def _either(one: Any, other: Any) -> Any:
    """What two forms that read the same stand for: whole names before family names."""
    if isinstance(one, frozenset):
        return one | other
    if one[1] != other[1]:
        return one if one[1] else other
    return one[0] | other[0], one[1]


class Mention(NamedTuple):
    """A title beside a name: `persons` may be meant, `first : last` are the tokens of the whole.

    Where nobody of the name ever bore the title, `persons` is empty and `strangers` are those known from
    other offices. `full` says whether the name is a whole one, `place` the jurisdictions named with the title, and
    `cancelled` is "" or why the mention does not say that the person holds the office now.
    """

    document: int
    title: int
    persons: frozenset[str]
    strangers: frozenset[str]
    full: bool
    place: frozenset[str]
    first: int
    last: int
    cancelled: str

    def span(self, batch: Batch) -> tuple[int, int]:
        """Where the whole begins and ends among the characters of the joined text."""
        return int(batch.token_start[self.first]), int(batch.token_end[self.last - 1])


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


# What a window knows of a token besides its hash, as bits; from _SIZE on: its length.
_UPPER, _WORDLY, _SPACED, _OWNS, _SIZE = 1, 2, 4, 8, 4


def find_mentions(batch: Batch, index: Index) -> Iterator[Mention]:
    """Mentions of a batch, in order."""
    hits = index.phrases.find(batch)
    if not hits.first.size:
        return
    first, last, title = hits.first, hits.first + hits.n_tokens, hits.value
    keep = np.ones(first.size, bool)
    # longest title first: one that begins inside another is its tail
    keep[1:] = first[1:] >= np.maximum.accumulate(last)[:-1]
    plain, owns = _plain(batch)
    at = np.minimum(np.searchsorted(index.name_words, plain), index.name_words.size - 1)
    named = (index.name_words[at] == plain)[batch.token_word] & batch.token_upper
    total = np.concatenate(([0], np.cumsum(named, dtype=np.int32)))
    following = plain[batch.token_word[np.minimum(last, named.size - 1)]]
    reach = np.where((following[:, None] == index.after_title).any(1), NEAR, NEXT)
    after = total[np.minimum(last + reach, named.size)] > total[last]
    # a name stands before a title only with a mark between
    behind = np.maximum(first[:, None] - np.arange(1, NEAR + 1), 0)
    marked = (plain[batch.token_word[behind]][..., None] == index.apart_marks).any((1, 2))
    keep &= after | (marked & (total[first] > total[behind[:, -1]]))
    first, last, title = first[keep], last[keep], title[keep]
    if not first.size:
        return
    sentence = batch.sentences.of_token[first]
    low = np.maximum(batch.sentences.first[sentence], first - REACH)
    high = np.minimum(batch.sentences.last[sentence], last + REACH)
    # all windows in one gather: a row of hashes and a row of flags for each hit, zeros beyond its end, so
    # that a place a little before the first token (the end of the row) or after the last has no word
    wide = low[:, None] + np.arange(int((high - low).max()) + BEYOND)
    inside = wide < high[:, None]
    token = np.minimum(wide, batch.token_word.size - 1)
    word = batch.token_word[token]
    # the names that will be asked for, as good as all, written out together
    close = inside & (wide >= first[:, None] - NEAR - 2) & (wide < last[:, None] + NEAR + 2)
    index.grow(np.unique(plain[word[close & named[token]]]).tolist())
    flags = (
        batch.token_upper[token] * _UPPER
        + (batch.token_kind[token] != PUNCTUATION) * _WORDLY
        + batch.spaced[token] * _SPACED
        + owns[word] * _OWNS
        + (np.minimum(batch.vocabulary.length[word], 15) << _SIZE)
    )
    columns = zip(
        np.where(inside, plain[word], 0).tolist(),
        (flags * inside).tolist(),
        (high - low).tolist(),
        (low == batch.sentences.first[sentence]).tolist(),
        first.tolist(),
        (first - low).tolist(),
        (last - low).tolist(),
        title.tolist(),
        batch.documents.of_token[first].tolist(),
        strict=True,
    )
    for hashes, flag, n, opens, at, a, b, number, document in columns:
        found = _Window(index, hashes, flag, n, opens).mention(a, b, number)
        if found is not None:
            persons, strangers, full, place, start, end, cancelled = found
            start, end = at - a + start, at - a + end
            yield Mention(document, number, persons, strangers, full, place, start, end, cancelled)


class _Window:
    """The tokens around one title, within its sentence."""

    def __init__(self, index: Index, hashes: list[int], flags: list[int], n: int, opens: bool) -> None:
        self.index, self.cue, self.mark = index, index.cue, index.mark
        self.hash, self.flag, self.n = hashes, flags, n
        self.opens = opens  # the window begins where the sentence does

    def mention(
        self, a: int, b: int, title: int
    ) -> tuple[frozenset[str], frozenset[str], bool, frozenset[str], int, int, str] | None:
        """Persons, strangers, whole name or not, place, first and last token, why cancelled, of the title a..b."""
        if (before := self._qualifiers(a)) is None or (after := self._qualifiers_after(b)) is None:
            return None
        place, left, cancelled = before
        place_after, right, coming = after
        if (found := self._name_after(right)) is not None:
            (persons, full), end = found
            start = left + 1 if place and not cancelled else a
        elif (found := self._name_before(left, right)) is not None:
            (persons, full), start = found
            end = b
            if self._in(start - 1, "former"):
                cancelled = "former"
        else:
            return None
        known = frozenset(p for p in persons if self.index.terms_of(p, title))
        # a stranger to the office stands right after its title, in capitals; else it is a list
        close = full and end > b and self._has(b - 1, _UPPER) and self._has(b, _WORDLY)
        strangers = persons if close and not known else NOWHERE
        if not known and not strangers:
            return None
        return (
            known,
            strangers,
            full,
            place | place_after,
            start,
            end,
            cancelled or ("coming" if coming else ""),
        )

    def _is(self, i: int, mark: str) -> bool:
        return self.hash[i] == self.mark[mark]

    def _in(self, i: int, cue: str) -> bool:
        return self.hash[i] in self.cue[cue]

    def _has(self, i: int, flag: int) -> bool:
        return bool(self.flag[i] & flag)

    def _joins(self, i: int) -> bool:
        """Whether the token at i is a hyphen without a blank before it, and not the second of a dash, "--"."""
        of_dash = i > 0 and self._is(i - 1, "hyphen")
        return self._is(i, "hyphen") and not (self.flag[i] & _SPACED or of_dash)

    def _qualifiers(self, a: int) -> tuple[frozenset[str], int, str] | None:
        """What stands before the title at a: the place, the token before it all, why it is no present one.

        None where the title is only part of another one ("deputy", "shadow", an unknown place).
        """
        place: frozenset[str] = NOWHERE
        i, cancelled = a - 1, ""
        if not self.flag[i] & (_UPPER | _OWNS) and self.hash[i] not in self.index.before:
            return place, i, cancelled  # most titles
        for _ in range(4):  # "former U.S. acting": in any order
            j = i
            while self._is(j, "dot") or self._is(j, "apostrophe"):
                j -= 1
            if j < 0:
                break
            word = self.hash[j]
            if (matched := self._match(self.index.places_backward, j, -1)) is not None:
                place, i = matched
                continue
            if self._joins(j):
                j -= 1
                if not (self._in(j, "former") or self._in(j, "coming")):
                    return None
                word = self.hash[j]
            to_whom = j - 1 if word == self.mark["the"] else j
            if word in self.cue["other"] or (self._in(to_whom, "to") and self._has(to_whom - 1, _UPPER)):
                return None  # "Deputy", "Parliamentary Secretary to the"
            if word in self.cue["former"] or word in self.cue["coming"]:
                cancelled, i = ("former" if word in self.cue["former"] else "coming"), j - 1
            elif word in self.cue["neutral"]:
                i = j - 1
            elif word in self.cue["whose"]:
                cancelled, i = cancelled or "whose", j - 1
            elif self.flag[j] & _OWNS and word not in self.cue["article"]:
                return None  # "the club's treasurer"
            else:
                begins = (j == 0 and self.opens) or self._is(j - 1, "quote")
                capital = self._has(j, _UPPER) and self._has(j, _WORDLY) and word != self.mark["the"]
                if capital and not (begins and word in self.cue["opener"]):
                    return None
                break
        return place, i, cancelled

    def _qualifiers_after(self, b: int) -> tuple[frozenset[str], int, bool] | None:
        """What stands after the title that ends at b: the place, the token after it, whether "-elect".

        None where "of" leads to a place that is not known: it is another office.
        """
        i, coming = b, False
        if self.hash[i] not in self.index.after:
            return NOWHERE, i, coming
        if self._joins(i):
            i += 1
            if not self._in(i, "coming"):
                return None
        while self._in(i, "coming"):
            i, coming = i + 1, True
        place: frozenset[str] = NOWHERE
        if self._in(i, "of"):
            matched = self._match(self.index.places, i + 2 if self._is(i + 1, "the") else i + 1, 1)
            if matched is None:
                return None
            place, i = matched
        return place, i, coming

    def _name_after(self, i: int) -> tuple[tuple[frozenset[str], bool], int] | None:
        """Persons named after a title, and the token after the name."""
        apart = self.hash[i] in self.index.apart
        i += apart
        matched = self._known(self.index.names, i, 1)
        while matched is None and (self._in(i, "rank") or self._is(i, "dot")):  # but Gen Nakatani is a name
            i += 1
            matched = self._known(self.index.names, i, 1)
        if matched is None or not self._has(i, _UPPER):
            return None
        (_, full), end = matched
        suffix = end + 1 if self._is(end, "comma") else end
        if self._in(suffix, "suffix"):
            end = suffix + 2 if self._is(suffix + 1, "dot") else suffix + 1
        closed = end >= self.n or self._has(end - 1, _OWNS) or not self._has(end, _WORDLY)
        if apart and not (full and closed):
            return None  # "the foreign secretary, Boris Johnson and the choir": a list
        if (not full and not closed and self._has(end, _UPPER)) or self._joins(end):
            return None  # the surname is the first of two: President Johnson Sirleaf
        return matched[0], end

    def _name_before(self, left: int, right: int) -> tuple[tuple[frozenset[str], bool], int] | None:
        """Persons named before a title ("Name, the title of X,"), and the name's first token."""
        if self._has(right, _WORDLY) and (self._has(right, _UPPER) or not self._in(right, "closing")):
            return None
        j = left
        while self._in(j, "article"):
            j -= 1
        if self._in(j, "is") and self._is(j - 1, "who"):
            j -= 2
        if self.hash[j] not in self.index.apart:
            return None
        j -= 1
        while (
            self._is(j, "dot")
            or self._in(j, "suffix")
            or (self._is(j, "comma") and self._in(j + 1, "suffix"))
        ):
            j -= 1
        matched = self._known(self.index.names_backward, j, -1)
        if matched is None or not self._has(matched[1] + 1, _UPPER):
            return None
        (_, full), before = matched
        if (
            not full
            and self._has(before, _UPPER)
            and self._has(before, _WORDLY)
            and not self._in(before, "rank")
        ):
            return None  # another first name
        return matched[0], before + 1

    def _known(self, table: Tree, i: int, step: int) -> tuple[Any, int] | None:
        """What `_match` gives for a table of names."""
        if 0 <= i < self.n:
            self.index.grow((self.hash[i],))
        return self._match(table, i, step)

    def _match(self, table: Tree, i: int, step: int) -> tuple[Any, int] | None:
        """Value of the longest form at token i, read in the direction of `step`, and the token beyond.

        Hyphens within a name and the stops of initials are passed over, and initials where nothing else fits.
        """
        if not 0 <= i < self.n or (node := table.get(self.hash[i])) is None:
            return None
        return self._walk(node, i, step) or self._walk(node, i, step, passing=_UPPER | 1 << _SIZE)

    def _walk(self, node: Tree, i: int, step: int, passing: int = 0) -> tuple[Any, int] | None:
        """What `_match` gives, from the node of the word at i on; words with the flags `passing` are left out."""
        hashes, flags, n, mark = self.hash, self.flag, self.n, self.mark
        found, last, j = node.get(END), i, i
        while not (step == 1 and flags[j] & _OWNS):
            j += step
            if not 0 <= j < n:
                break
            word, flag = hashes[j], flags[j]
            if not flag & _WORDLY and word != mark["ampersand"]:
                if flag & _SPACED or not (
                    word == mark["hyphen"] or (word == mark["dot"] and self._abbreviates(j))
                ):
                    break
            elif flag & ~(_WORDLY | _SPACED) != passing:
                if (node := node.get(word, NO_TREE)) is NO_TREE:
                    break
                if END in node:
                    found, last = node[END], j
        return None if found is None else (found, self._beyond(last, step))

    def _beyond(self, last: int, step: int) -> int:
        """Token after the last one of a match; the stop of an abbreviation still belongs to it."""
        end = last + step
        if step == 1 and self.hash[end] == self.mark["dot"] and self._abbreviates(end):
            return end + 1
        return end

    def _abbreviates(self, j: int) -> bool:
        """Whether the stop at j follows an initial, a short form or letters with stops, not a sentence."""
        return (
            self._has(j - 1, _WORDLY)
            and not self.flag[j] & _SPACED
            and self.flag[j - 1] >> _SIZE <= 4
            and j + 1 < self.n
        )
