"""How much a regular expression may try at one place of a text, told from its parts.

Python's `re` tries one way of matching after the other. Where two parts of an expression can share
out the same characters between them, the ways multiply, and on a hostile text a search takes hours.
`most_ways` bounds their number at any one place; as long as it is small, a search takes time in
proportion to the text. Not here: what a pattern is searched in (pattern).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from re import _parser  # type: ignore[attr-defined]  # the only way to an expression's parts
from typing import Any

# Ways beyond which counting stops.
MANY = 10**9

# Characters looked ahead: a repeat ends where what follows stands, if one of these cannot be in it.
REACH = 6

Part = tuple[Any, Any]
Parts = tuple[Part, ...]
# Characters as bits: ASCII, Latin letters and the marks that patterns name, then three bits for whatever else is
# a letter, a digit or a mark.
_SAMPLE = [
    chr(code)
    for low, high in (
        (0, 0x100),
        (0x2000, 0x2070),
        (0x20A0, 0x20C0),
        (0x2190, 0x2200),
        (0x25A0, 0x27C0),
        (0x3000, 0x3020),
    )
    for code in range(low, high)
]
_BIT = {character: 1 << k for k, character in enumerate(_SAMPLE)}
_LETTER, _DIGIT, _MARK = (1 << len(_SAMPLE) + k for k in range(3))
_OTHERS = _LETTER | _DIGIT | _MARK
_ALL = (_MARK << 1) - 1
_SINGLE = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
_ENDS = ("AT_END", "AT_END_STRING")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
# Parts whose ways are not counted here, and what a person calls them.
_UNCOUNTED = {
    "POSSESSIVE_REPEAT": "a possessive repeat such as a++",
    "ATOMIC_GROUP": "an atomic group (?>...)",
    "GROUPREF_EXISTS": "a condition (?(1)...)",
}


def most_ways(expression: str) -> int:
    """Upper bound on the ways to try an expression at one place, `MANY` where it has no smaller one.

    Raises re.error where it is none, and ValueError for an unbounded repeat (`*`, `+`, `{2,}`): tried
    anew at every place, even a harmless one takes time in the square of a text's length. ValueError as well
    for a possessive repeat, an atomic group or a condition, whose ways are not counted.
    """
    return min(_ways(tuple(_parser.parse(expression, re.IGNORECASE)), ()), MANY)


def _ways(parts: Parts, rest: Parts) -> int:
    """Ways of a row of parts, given the parts that stand behind it."""
    ways = 1
    for k, (operation, value) in enumerate(parts):
        ways = min(ways * _ways_of(str(operation), value, parts[k + 1 :] + rest), MANY)
    return ways


def _ways_of(operation: str, value: Any, rest: Parts) -> int:
    if operation in _UNCOUNTED:
        raise ValueError(f"it holds {_UNCOUNTED[operation]}, which is not supported")
    if operation == "SUBPATTERN":
        return _ways(tuple(value[3]), rest)
    if operation == "BRANCH":
        return _ways_of_choice([tuple(parts) for parts in value[1]], rest)
    if operation in ("ASSERT", "ASSERT_NOT"):
        return _ways(tuple(value[1]), ())
    if operation in _REPEATS:
        low, high, body = value[0], value[1], tuple(value[2])
        if high == _parser.MAXREPEAT:
            raise ValueError("it repeats without an upper bound")
        again = ((_parser.MAX_REPEAT, (0, 1, body)), *rest)
        alone = len(body) == 1 and str(body[0][0]) in _SINGLE
        inner = 1 if alone else _ways(body, again)
        # how many there are is open only where what comes next may be one more as well as what follows
        more, behind = _ahead(body + again, REACH), _ahead(rest, REACH)
        if alone:
            more = (_characters_of(body[0]),) * REACH
        ends = high - low + 1 if all(a & b for a, b in zip(more, behind, strict=True)) else 1
        return min(ends * inner ** min(high, 64), MANY)
    return 1


def _ways_of_choice(choices: Sequence[Parts], rest: Parts) -> int:
    """Ways of alternatives: those that can begin with the same character add up."""
    by_letter: dict[int, list[Parts]] = {}
    counted: list[tuple[int, int]] = []  # the characters that some begin with, and their ways
    for parts in choices:
        if parts and str(parts[0][0]) == "LITERAL":
            by_letter.setdefault(_characters_of(parts[0]), []).append(parts[1:])
        else:
            counted.append((_ahead(parts + rest, 1)[0], _ways(parts, rest)))
    for first, rests in by_letter.items():
        counted.append((first, _ways(rests[0], rest) if len(rests) == 1 else _ways_of_choice(rests, rest)))
    most = 1
    for bit in _bits(first for first, _ in counted):
        most = max(most, sum(ways for first, ways in counted if first & bit))
    return min(most, MANY)


def _ahead(parts: Parts, reach: int) -> tuple[int, ...]:
    """Characters that can stand first, second and so on where a row of parts is to match, as bits."""
    if not reach:
        return ()
    if not parts:
        return (0,) * reach  # the match has been found, and nothing else is tried
    (operation, value), rest = parts[0], parts[1:]
    name = str(operation)
    if name in ("AT", "ASSERT", "ASSERT_NOT") and not rest and str(value) not in _ENDS:
        return (_ALL,) * reach  # it may still fail
    if name in _SINGLE:
        return (_characters_of(parts[0]), *_ahead(rest, reach - 1))
    if name == "AT" and str(value) in _ENDS:
        return (_BIT["\n"], *(0,) * (reach - 1))  # the last break of a text may stand behind its end
    if name == "SUBPATTERN":
        return _ahead(tuple(value[3]) + rest, reach)
    if name == "BRANCH":
        return _either([_ahead(tuple(choice) + rest, reach) for choice in value[1]])
    if name in _REPEATS:
        low, high, body = value
        fewer = (operation, (max(low - 1, 0), high - 1, body))
        more = _ahead((*tuple(body), *((fewer,) if high > 1 else ()), *rest), reach)
        return more if low else _either([more, _ahead(rest, reach)])
    if name == "GROUPREF":
        return (_ALL,) * reach
    return _ahead(rest, reach)


def _either(some: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    whole = list(some[0])
    for one in some[1:]:
        whole = [a | b for a, b in zip(whole, one, strict=True)]
    return tuple(whole)


def _bits(firsts: Iterable[int]) -> list[int]:
    union = 0
    for first in firsts:
        union |= first
    return [1 << k for k in range(union.bit_length()) if union >> k & 1]


def _characters_of(part: Part) -> int:
    operation, value = part
    return _characters(str(operation), tuple(map(tuple, value)) if str(operation) == "IN" else value)


@cache
def _characters(name: str, value: Any) -> int:
    """The characters of a part that matches one of them, as bits; capitals make no difference."""
    if name == "ANY":
        return _ALL
    if name == "NOT_LITERAL":
        return _ALL & ~(_characters("LITERAL", value) & ~_OTHERS)
    if name == "LITERAL":
        return _literal(chr(value))
    some = whole = 0  # of the bits of others, `some` has those that it holds characters of, `whole` all
    for item, argument in value:
        match str(item):
            case "LITERAL":
                some |= _literal(chr(argument))
            case "RANGE":
                some |= _range(*argument)
            case "CATEGORY":
                whole |= _category(str(argument))
    if any(str(item) == "NEGATE" for item, _ in value):
        return _ALL & ~whole & ~(some & ~_OTHERS)
    return some | whole


def _literal(character: str) -> int:
    forms = {character, character.lower(), character.upper()}
    found = 0
    for form in forms:
        other = _DIGIT if form.isdecimal() else _LETTER if form.isalnum() else _MARK
        found |= _BIT.get(form, other)
    return found


def _range(low: int, high: int) -> int:
    found = _OTHERS if high > 0xFF else 0
    for character, bit in _BIT.items():
        if any(
            len(f) == 1 and low <= ord(f) <= high for f in (character, character.lower(), character.upper())
        ):
            found |= bit
    return found


@cache
def _category(name: str) -> int:
    kind = name.removeprefix("CATEGORY_").removeprefix("NOT_")
    if kind == "DIGIT":
        found = _DIGIT | sum(_BIT[c] for c in _SAMPLE if c.isdecimal())
    elif kind == "SPACE":
        found = sum(_BIT[c] for c in _SAMPLE if c.isspace())
    else:
        found = _LETTER | _DIGIT | sum(_BIT[c] for c in _SAMPLE if c.isalnum() or c == "_")
    return _ALL & ~found if "NOT_" in name else found
