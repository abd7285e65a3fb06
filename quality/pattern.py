"""Regular expressions that are tried only where their letters stand.

Searching a text for a regular expression without regard to capitals costs some twenty nanoseconds a
character, and there are hundreds of them. So a `Pattern` knows pieces of text that any match of it
must hold, read off the parsed expression, and those that any match begins with. `Patterns` finds the
pieces of many patterns in one look through the letters, and tries a pattern only in passages that
hold all it needs, and there only at its beginnings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import groupby
from operator import itemgetter
from re import _parser  # type: ignore[attr-defined]  # the only way to an expression's parts
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Bytes, Ints, Numbers, within
from quality.text import Batch

# Letters of a piece: shorter ones stand nearly everywhere, longer ones do not fit into a number. Pieces from `TELLING`
# letters on are rare enough to be looked for wherever there are any. Lists of more than `MOST` pieces take long to make.
SHORTEST, TELLING, LONGEST, MOST = 3, 5, 8, 128
# Lists looked for beside the openings: further ones keep hardly any passage from being tried. (Own timing on news.)
LISTS = 2
# Marks that stand in many paragraphs; any other is a piece by itself.
COMMON_MARKS = b" .,:;'\"-?!()"
# Of the table that tells quickly where no piece begins.
BITS = 18
# How far from the start a tied pattern is asked for what it opens with.
FAR = 80

# The last part of an expression that matches at the end of a text only.
_END = (_parser.AT, _parser.AT_END)

Pieces = frozenset[bytes]
NOTHING: Pieces = frozenset((b"",))


class Passages:
    """Stretches of text to search: `texts`, and the characters of each as in `Batch.folded`.

    `letters` uint8 has them one after the other, each with a break behind it, those of passage k from
    `edges[k]` on (int64[n + 1]). Line breaks within a passage are read as blanks.
    """

    def __init__(self, texts: Sequence[str], folded: Sequence[bytes]) -> None:
        self.texts = texts
        joined = b"\n".join(one.replace(b"\n", b" ") for one in folded)
        # a window may begin with the last letter
        self.letters = np.frombuffer(joined + b"\n" * LONGEST, np.uint8)
        self.edges = np.cumsum([0] + [len(one) + 1 for one in folded])


class Pattern:
    """A regular expression with what its matches hold; compiled when it is first needed."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.is_tied = is_tied(expression)

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression compiled; raises re.error where it is none."""
        return re.compile(self.expression, re.IGNORECASE)

    @cached_property
    def alternatives(self) -> list[Pattern]:
        """The pattern itself, or one of each of the alternatives it consists of; none of them with a group to refer to."""
        parts = _split(self.expression)
        return [self] if len(parts) == 1 else [Pattern(part) for part in parts]

    @property
    def longest(self) -> float:
        """Characters of the longest text that it can match where it matches whole texts only, else infinity."""
        return self._read[1]

    @property
    def pieces(self) -> tuple[Pieces, int, list[Pieces]]:
        """Pieces one of which any match begins with, if any are known; lists of each of which any match holds one.

        Where the pattern is tied, the former are those of which one stands at most so many characters from the start.
        """
        return self._read[0]

    @cached_property
    def _read(self) -> tuple[tuple[Pieces, int, list[Pieces]], float]:
        parts = _parser.parse(self.expression, re.IGNORECASE)
        longest = float(parts.getwidth()[1]) if self.is_tied and parts[-1] == _END else math.inf
        runs, _ = _runs(parts)
        openings, reach = _openings(runs), 0
        for k in range(1, len(parts) if self.is_tied and not openings else 0):
            openings, reach = _openings(_runs(parts[k:])[0]), parts[:k].getwidth()[1]
            if openings or reach > FAR:
                break
        others = sorted((run for run in runs if run != openings), key=lambda run: (-_shortest(run), len(run)))
        telling = [run for run in others if _shortest(run) >= TELLING]
        if telling or openings:
            return (openings, reach, telling[:LISTS]), longest
        marks = [frozenset(piece[:1] for piece in run) for run in others if not _has_common_head(run)]
        rest = (marks or [run for run in others if _shortest(run) >= SHORTEST])[:1]
        return (openings, reach, rest), longest

    def begins(self, text: str) -> Iterator[int]:
        """All places at which a match begins, also those within another."""
        match = self.regex.search(text)
        while match:
            yield match.start()
            match = self.regex.search(text, match.start() + 1)

    def matches(self, text: str, places: Iterable[int] | None) -> Iterator[re.Match[str]]:
        """Matches that do not overlap, as `finditer` gives them; at some places, in order, where those are given."""
        if places is None:
            yield from self.regex.finditer(text)
            return
        end = 0
        for place in places:
            if place >= end and (match := self.regex.match(text, place)):
                yield match
                end = match.end()


class Patterns:
    """Several patterns, searched together."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        # alternatives apart: together they hold nothing in common, and each may hold what is rare
        parts = [(k, part) for k, pattern in enumerate(patterns) for part in pattern.alternatives]
        self._patterns, self._parts = patterns, [part for _, part in parts]
        self._whole = np.array([k for k, _ in parts], np.int64)
        self._is_alone = np.array([len(patterns[k].alternatives) == 1 for k, _ in parts], bool)
        self._is_tied = np.array([part.is_tied for part in self._parts], bool)
        self._index = _Index(self._parts, self._is_tied, np.zeros(len(parts), bool))

    def short_enough(self, asked: Bools, length: Ints) -> Bools:
        """`asked` without passages that are too long for all that a pattern can match; `length` int64[passages]."""
        longest = self._known(np.any(asked[self._whole], axis=1)).longest
        longest = np.maximum.reduceat(longest, np.flatnonzero(np.diff(self._whole, prepend=-1)))
        return asked & (length <= longest[:, None])

    def _known(self, asked: Bools) -> _Index:
        """An index that has the pieces of some alternatives and of all that were ever asked for.

        Taken and put as a whole: threads that search at once may each make one, and every one is right.
        """
        index = self._index
        known = index.known | asked
        if (known != index.known).any():
            self._index = index = _Index(self._parts, self._is_tied, known)
        return index

    def search(self, some: Passages, asked: Bools) -> Iterator[tuple[int, int, re.Match[str]]]:
        """Number of a pattern, of a passage, and match: all that a pattern finds in the passages it is asked for.

        `asked` bool[patterns, passages].
        """
        asked = asked[self._whole]
        index = self._known(np.any(asked, axis=1))
        place, of_list = index.table.places(some.letters)
        passage = np.searchsorted(some.edges, place, "right") - 1
        near = np.flatnonzero(place - some.edges[passage] <= index.reach[of_list])
        place, of_list, passage = place[near], of_list[near], passage[near]
        held = np.zeros((index.opens.size, len(some.texts)), bool)
        held[0] = True
        held[of_list, passage] = True
        possible = asked.copy()
        for lists in index.lists:
            possible &= held[lists]
        # at its openings where they are known, else at the start if it is tied to that, else everywhere
        part = index.opens[of_list]
        at = np.flatnonzero(part >= 0)
        at = at[possible[part[at], passage[at]]]
        tied, of_tied = _cells(possible, np.flatnonzero(self._is_tied))
        part, passage = np.append(part[at], tied), np.append(passage[at], of_tied)
        places = np.append(place[at] - some.edges[passage[: at.size]], np.zeros(tied.size, np.int64))
        tries = [(self._whole[part], passage, places)]
        untied = _cells(possible, np.flatnonzero(~self._is_tied & (index.lists[0] == 0)))
        for k, p in zip(*(column.tolist() for column in untied), strict=True):
            if self._is_alone[k]:
                for match in self._parts[k].matches(some.texts[p], None):
                    yield int(self._whole[k]), p, match
            else:
                begins = np.array(list(self._parts[k].begins(some.texts[p])), np.int64)
                tries.append((np.full(begins.size, self._whole[k]), np.full(begins.size, p), begins))
        whole, passage, places = (np.concatenate(column) for column in zip(*tries, strict=True))
        order = np.lexsort((places, passage, whole))
        told = zip(whole[order].tolist(), passage[order].tolist(), places[order].tolist(), strict=True)
        for (k, p), group in groupby(told, key=itemgetter(0, 1)):
            for match in self._patterns[k].matches(some.texts[p], map(itemgetter(2), group)):
                yield k, p, match


def _cells(table: Bools, rows: Ints) -> tuple[Ints, Ints]:
    """Row and column of what is true in some rows of a table, in order; int64[k] each."""
    # several times as fast as the nonzero of two dimensions
    row, column = np.divmod(np.flatnonzero(table[rows]), table.shape[1])
    return rows[row], column


class _Index:
    """What the `known` of some patterns hold (bool[patterns]), as lists of pieces; never changed once it is made.

    `lists` int64[1 + `LISTS`, patterns] are of each pattern its openings and its further lists, list 0 where it has
    none: every passage holds that. Of each list: `reach` int64, how far from the start of a passage its pieces
    count, and `opens` int64, the pattern that is tried wherever one of them stands, -1 for none. `longest` float64[patterns]
    is `Pattern.longest` of those known, infinity for the others.
    """

    def __init__(self, patterns: Sequence[Pattern], is_tied: Bools, known: Bools) -> None:
        self.known = known
        self.lists = np.zeros((1 + LISTS, known.size), np.int64)
        lists: list[Pieces] = [NOTHING]
        reaches = [0]
        # a third of a second for all the shipped ones
        for k in np.flatnonzero(known).tolist():
            openings, reach, others = patterns[k].pieces
            for slot, pieces in enumerate((openings, *others)):
                if pieces:
                    self.lists[slot, k] = len(lists)
                    lists.append(pieces)
                    reaches.append(reach if is_tied[k] and not slot else 2**62)
        self.reach = np.array(reaches)
        self.longest = np.full(known.size, math.inf)
        self.longest[known] = [patterns[k].longest for k in np.flatnonzero(known).tolist()]
        self.opens = np.full(len(lists), -1)
        self.opens[self.lists[0]] = np.where(is_tied, -1, np.arange(known.size))
        self.opens[0] = -1
        self.table = _Table(lists)


class _Table:
    """Pieces of some lists, each as a number that has its first letter in the lowest byte."""

    def __init__(self, lists: Sequence[Pieces]) -> None:
        rows = [(piece, k) for k, pieces in enumerate(lists) for piece in pieces - NOTHING]
        code = np.array([int.from_bytes(piece, "little") for piece, _ in rows], np.uint64)
        size = np.array([len(piece) for piece, _ in rows], np.int64)
        # the lists of each piece, in order of its number
        order = np.argsort(code)
        self._list = np.array([k for _, k in rows], np.int64)[order]
        distinct, self._n_lists = np.unique(code, return_counts=True)
        self._first_list = np.cumsum(self._n_lists) - self._n_lists
        # pieces by length; place of the first of each among all
        self._of_size = {}
        for n in np.unique(size).tolist():
            some = Numbers(code[size == n])
            self._of_size[n] = some, np.searchsorted(distinct, some.number)
        # where none begins: marks, and what the first four letters of the others are
        self._is_mark = np.zeros(256, bool)
        self._is_mark[code[size == 1].astype(np.int64)] = True
        fourth = np.arange(256, dtype=np.uint64) << np.uint64(24)
        begins = np.concatenate((code[size > 3], (code[size == 3, None] | fourth).ravel()))
        self._begins = np.zeros(2**BITS, bool)
        self._begins[_hash(begins.astype(np.uint32))] = True

    def places(self, letters: Bytes) -> tuple[Ints, Ints]:
        """Where pieces stand, and a list that holds each, once for each list; int64[k] each.

        `letters` must go on for `LONGEST` behind the last piece.
        """
        n = letters.size - LONGEST
        four = np.ndarray((n,), "<u4", letters, 0, (1,))
        maybe = np.flatnonzero(self._begins[_hash(four)] | self._is_mark[letters[:n]])
        window = np.ndarray((n,), "<u8", letters, 0, (1,))[maybe]
        places, pieces = [maybe[:0]], [maybe[:0]]
        for size, (some, piece) in self._of_size.items():
            there, at = some.find(window & np.uint64(2 ** (8 * size) - 1))
            places.append(maybe[there])
            pieces.append(piece[at])
        piece = np.concatenate(pieces)
        row, of = within(self._first_list[piece], self._n_lists[piece])
        return np.concatenate(places)[of], self._list[row]


def _hash(four: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Multiplicative hash (Knuth 1998) of four letters to `BITS` bits."""
    return (four * np.uint32(0x9E3779B1)) >> np.uint32(32 - BITS)


def is_tied(expression: str) -> bool:
    """Whether an expression can match at the start of a text only: it begins with ^ and has no other alternative."""
    return expression.startswith("^") and len(_split(expression)) == 1


def _split(expression: str) -> list[str]:
    """The alternatives of an expression, those within groups left together."""
    parts, depth, in_class = [""], 0, False
    for piece in re.findall(r"\\.|.", expression, re.DOTALL):
        if in_class:
            in_class = piece != "]"
        elif piece == "[":
            in_class = True
        elif piece == "|" and not depth:
            parts.append("")
            continue
        else:
            depth += (piece == "(") - (piece == ")")
        parts[-1] += piece
    return parts


def _openings(runs: Sequence[Pieces]) -> Pieces:
    """The pieces that any match begins with, none where they are too short to look for."""
    if _shortest(runs[0]) >= SHORTEST:
        return runs[0]
    heads = frozenset(piece[:1] for piece in runs[0])
    if any(head.isalnum() or not head.strip() for head in heads):
        return frozenset()
    return heads  # marks are rare


def _shortest(pieces: Pieces) -> int:
    return min(map(len, pieces))


def _runs(parts: Iterable[tuple[Any, Any]]) -> tuple[list[Pieces], bool]:
    """What stands in any match, of each set one piece, in that order; whether it is one set of all that can match.

    Pieces are cut to `LONGEST` letters.
    """
    runs, whole, literal = [NOTHING], True, b""
    for operation, value in parts:
        if operation is _parser.LITERAL and value < 128:
            literal += _ascii_folds()[value : value + 1]
            continue
        runs, literal = _extended(runs, frozenset((literal,))), b""
        (opening, *others), all_of_it = _within(operation, value)
        runs = _extended(runs, opening)
        if not all_of_it:
            runs += [*others, NOTHING]
            whole = False
    runs = _extended(runs, frozenset((literal,)))
    return runs, whole and len(runs) == 1


def _extended(runs: list[Pieces], forms: Pieces) -> list[Pieces]:
    """The runs, the last one followed by one of some forms."""
    last = runs[-1]
    if forms == NOTHING or _shortest(last) >= LONGEST:
        return runs
    if len(last) * len(forms) > MOST:
        return [*runs, forms]
    return [*runs[:-1], frozenset((one + other)[:LONGEST] for one in last for other in forms)]


def _within(operation: Any, value: Any) -> tuple[list[Pieces], bool]:
    """As `_runs`, of one part."""
    match operation:
        case _parser.AT | _parser.ASSERT | _parser.ASSERT_NOT:
            return [NOTHING], True
        case _parser.LITERAL:
            return _known(_fold(value))
        case _parser.CATEGORY if value is _parser.CATEGORY_SPACE:
            return _known(frozenset((b" ",)))
        case _parser.IN:
            return _either([_within(*item) for item in value])
        case _parser.BRANCH:
            return _either([_runs(parts) for parts in value[1]])
        case _parser.SUBPATTERN:
            return _runs(value[3])
        case _parser.MAX_REPEAT | _parser.MIN_REPEAT:
            low, high, body = value
            runs, whole = _runs(body)
            if high == 1:
                return _either([(runs, whole), ([NOTHING], True)]) if not low else (runs, whole)
            if low:
                return runs, False
    return [NOTHING], False


def _known(forms: Pieces | None) -> tuple[list[Pieces], bool]:
    return ([NOTHING], False) if forms is None else ([forms], True)


def _either(choices: Sequence[tuple[list[Pieces], bool]]) -> tuple[list[Pieces], bool]:
    """As `_runs`, of alternatives: the pieces they begin with, and of each the run that says most."""
    opening: Pieces = frozenset().union(*(runs[0] for runs, _ in choices))
    if all(whole for _, whole in choices) and len(opening) <= MOST:
        return [opening], True
    best: Pieces = frozenset().union(*(max(runs, key=_shortest) for runs, _ in choices))
    return [some if len(some) <= MOST else NOTHING for some in (opening, best)], False


def _has_common_head(run: Pieces) -> bool:
    return any(not piece or piece[:1].isalnum() or piece[0] in COMMON_MARKS for piece in run)


@cache
def _fold(code: int) -> Pieces | None:
    """A character as batches fold it; None for letters beyond ASCII, whose capitals may fold otherwise."""
    if code < 128:
        return frozenset((_ascii_folds()[code : code + 1],))
    character = chr(code)
    if character.lower() != character.upper():
        return None
    return frozenset((Batch.of([character]).folded[:1].tobytes(),))


@cache
def _ascii_folds() -> bytes:
    return Batch.of(["".join(map(chr, range(128)))]).folded.tobytes().replace(b"\n", b" ")
