"""Regular expressions that are tried only where their letters stand.

Searching a text for a regular expression without regard to capitals costs some twenty nanoseconds a
character, finding a few letters in it less than one. So a `Pattern` knows pieces of text that any
match of it must hold, read off the parsed expression, and those that any match begins with: most
texts lack a piece and are not searched at all, and in the others it is tried at the beginnings alone.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate
from re import _parser  # type: ignore[attr-defined]  # the only way to an expression's parts
from typing import Any

import numpy as np

from quality.columns import Bools, Hashes, Ints
from quality.text import Batch

# Letters of a piece: shorter ones stand nearly everywhere, longer ones say hardly more and are more in number.
# From about `MOST` pieces on, finding them takes as long as searching. (Own timing on news.)
SHORTEST, LONGEST, MOST = 3, 6, 128
# Of the table that tells quickly which pieces a text lacks.
BITS = 18

Pieces = frozenset[bytes]
NOTHING: Pieces = frozenset((b"",))


class Some:
    """Some texts to search: `texts`, and their characters as in `Batch.folded`, each text's with a break after it."""

    def __init__(self, texts: Sequence[str], folded: bytes) -> None:
        self.texts = texts
        self.folded = folded
        self.edges = [0, *accumulate(len(text) + 1 for text in texts)]

    @cached_property
    def holds(self) -> Bools:
        """Whether some piece of up to `LONGEST` letters with this hash is in the texts; bool[2 ** BITS]."""
        holds = np.zeros(2**BITS, bool)
        letters = np.frombuffer(self.folded, np.uint8).astype(np.uint64)
        codes = np.zeros(letters.size, np.uint64)
        for n in range(LONGEST):
            codes = (codes[: letters.size - n] << np.uint64(8)) | letters[n:]
            holds[_hash(codes)] = True
        return holds

    def there(self, pieces: Sequence[bytes]) -> list[bytes]:
        """Those of some pieces that may be in the texts."""
        return [pieces[k] for k in np.flatnonzero(self.holds[_hashes_of(pieces)]).tolist()]


class Pattern:
    """A regular expression with what its matches hold; compiled when it is first needed."""

    def __init__(self, expression: str) -> None:
        self.expression = expression

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression compiled; raises re.error where it is none."""
        return re.compile(self.expression, re.IGNORECASE)

    def search(self, some: Some) -> Iterator[tuple[int, re.Match[str]]]:
        """Number of a text and match, for all matches that do not overlap, as `finditer` gives them."""
        openings, needed = self.pieces
        there = [some.there(pieces) for pieces in ([openings] if openings else needed)]
        if not all(there):
            return
        if openings:
            end = 0
            for place in _places(there[0], some.folded):
                if place >= end:
                    k = bisect_right(some.edges, place) - 1
                    if match := self.regex.match(some.texts[k], place - some.edges[k]):
                        yield k, match
                        end = some.edges[k] + match.end()
            return
        # the texts that hold a piece of the shortest list
        numbers: Iterable[int] = range(len(some.texts))
        if there:
            rarest = min(there, key=len)
            numbers = sorted({bisect_right(some.edges, place) - 1 for place in _places(rarest, some.folded)})
        for k in numbers:
            if _has(some.folded, some.edges[k], some.edges[k + 1], there):
                for match in self.regex.finditer(some.texts[k]):
                    yield k, match

    @cached_property
    def pieces(self) -> tuple[list[bytes], list[list[bytes]]]:
        """Pieces one of which any match begins with, if known; lists of each of which any match holds one."""
        runs = _runs(_parser.parse(self.expression, re.IGNORECASE))
        heads = {piece[:1] for piece in runs[0]}
        runs = [frozenset(piece[:LONGEST] for piece in run) for run in runs]
        needed = sorted((_least(run) for run in runs if min(map(len, run)) >= SHORTEST), key=len)
        if not any(head.isalnum() or not head.strip() for head in heads):
            return sorted(heads), needed  # marks are rare
        if min(map(len, runs[0])) >= SHORTEST:
            return sorted(p for p in runs[0] if not any(p.startswith(q) for q in runs[0] - {p})), needed
        return [], needed


class Patterns:
    """Several patterns, searched together: one look-up tells which of them may match at all."""

    def __init__(self, expressions: Iterable[str]) -> None:
        self._patterns = [Pattern(expression) for expression in expressions]

    def __len__(self) -> int:
        return len(self._patterns)

    def search(self, some: Some) -> Iterator[tuple[int, re.Match[str]]]:
        """What each pattern finds, pattern by pattern."""
        for k in self._possible(some):
            yield from self._patterns[k].search(some)

    def _possible(self, some: Some) -> list[int]:
        """Patterns of each of whose lists of pieces one is in the texts."""
        possible = np.ones(len(self._patterns), bool)
        hashes, first, owner = self._lists
        if first.size:
            lacks = ~np.logical_or.reduceat(some.holds[hashes], first)
            possible[owner[lacks]] = False
        return np.flatnonzero(possible).tolist()

    @cached_property
    def _lists(self) -> tuple[Ints, Ints, Ints]:
        """Hashes of all pieces list by list; where each list begins, and whose it is; int64 each."""
        lists = [
            (k, pieces)
            for k, pattern in enumerate(self._patterns)
            for pieces in (*([pattern.pieces[0]] if pattern.pieces[0] else []), *pattern.pieces[1])
        ]
        size = np.array([len(pieces) for _, pieces in lists], np.int64)
        hashes = _hashes_of([piece for _, pieces in lists for piece in pieces])
        return hashes, np.cumsum(size) - size, np.array([k for k, _ in lists], np.int64)


def is_tied(expression: str) -> bool:
    """Whether an expression can match at the start of a text only: it begins with ^ and has no other alternative."""
    if not expression.startswith("^"):
        return False
    depth, in_class = 0, False
    for mark in re.sub(r"\\.", "", expression):  # what is escaped is no mark
        if in_class:
            in_class = mark != "]"
        elif mark == "[":
            in_class = True
        elif mark == "|" and not depth:
            return False
        else:
            depth += (mark == "(") - (mark == ")")
    return True


def has_groups(expression: str) -> bool:
    """Whether an expression has groups that others may refer to, by number or name."""
    bare = re.sub(r"\\[^1-9]", "", expression)
    return re.search(r"\((?!\?)|\(\?P|\\[1-9]", bare) is not None


def _hashes_of(pieces: Sequence[bytes]) -> Ints:
    return _hash(np.array([int.from_bytes(piece[:LONGEST], "big") for piece in pieces], np.uint64))


def _hash(codes: Hashes) -> Ints:
    """Multiplicative hash (Knuth 1998) to `BITS` bits."""
    return ((codes * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - BITS)).astype(np.int64)


def _has(text: bytes, start: int, end: int, needed: Sequence[Sequence[bytes]]) -> bool:
    """Whether a stretch of text holds a piece of each list."""
    return all(any(text.find(piece, start, end) >= 0 for piece in pieces) for pieces in needed)


def _least(pieces: Pieces) -> list[bytes]:
    """The pieces that hold no other one."""
    return sorted(p for p in pieces if not any(q in p for q in pieces - {p}))


def _places(pieces: Sequence[bytes], text: bytes) -> list[int]:
    places = []
    for piece in pieces:
        at = text.find(piece)
        while at >= 0:
            places.append(at)
            at = text.find(piece, at + 1)
    return sorted(places) if len(pieces) > 1 else places


def _runs(parts: Iterable[tuple[Any, Any]]) -> list[Pieces]:
    """What stands in any match, from its beginning: of each set one piece, in that order."""
    runs = [NOTHING]
    for operation, value in parts:
        forms = _forms(operation, value)
        if forms is None:
            opening, *others = _within(operation, value)
            runs = [*_extended(runs, opening), *others, NOTHING]
        else:
            runs = _extended(runs, forms)
    return runs


def _extended(runs: list[Pieces], forms: Pieces) -> list[Pieces]:
    """The runs, the last one followed by one of some forms."""
    if len(runs[-1]) * len(forms) > MOST:
        return [*runs, forms]
    return [*runs[:-1], _followed(runs[-1], forms)]


def _followed(left: Pieces, right: Pieces) -> Pieces:
    return frozenset(one + other for one in left for other in right)


def _forms(operation: Any, value: Any) -> Pieces | None:
    """All that a part of an expression can match, folded; None where that is much or not known."""
    forms: Pieces | None = None
    match str(operation):
        case "AT" | "ASSERT" | "ASSERT_NOT":
            forms = NOTHING
        case "LITERAL":
            forms = _fold(value)
        case "IN":
            forms = _union(_forms(*item) if str(item[0]) == "LITERAL" else None for item in value)
        case "BRANCH":
            forms = _union(_sequence(parts) for parts in value[1])
        case "SUBPATTERN":
            forms = _sequence(value[3])
        case "MAX_REPEAT" | "MIN_REPEAT" if value[1] in (0, 1):
            once = _sequence(value[2])
            forms = once if once is None or value[0] else once | NOTHING
    return forms if forms is not None and len(forms) <= MOST else None


def _sequence(parts: Iterable[tuple[Any, Any]]) -> Pieces | None:
    forms = NOTHING
    for part in parts:
        following = _forms(*part)
        if following is None or len(forms) * len(following) > MOST:
            return None
        forms = _followed(forms, following)
    return forms


def _union(some: Iterable[Pieces | None]) -> Pieces | None:
    union: set[bytes] = set()
    for forms in some:
        if forms is None:
            return None
        union |= forms
    return frozenset(union)


def _within(operation: Any, value: Any) -> list[Pieces]:
    """What stands in any match of a part that has too many forms, from its beginning."""
    match str(operation):
        case "SUBPATTERN":
            return _runs(value[3])
        case "MAX_REPEAT" | "MIN_REPEAT" if value[0]:
            return _runs(value[2])
        case "BRANCH":
            # of each alternative the run that says most
            best = [max(_runs(parts), key=lambda run: min(map(len, run))) for parts in value[1]]
            union = frozenset().union(*best)
            return [NOTHING, union] if len(union) <= MOST else [NOTHING]
    return [NOTHING]


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
    return Batch.of(["".join(map(chr, range(128)))]).folded.tobytes()
