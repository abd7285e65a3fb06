"""Offsets of labelling tools in code points, whatever the tool counts.

Tools that count in a browser count UTF-16 code units, in which most emoji are two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np


class Mark(NamedTuple):
    """A name given to a stretch of the text, in the tool's offsets; `quoted` is the stretch, where told."""

    start: object
    end: object
    name: object
    where: str
    quoted: str | None = None


def placed(
    text: str, marks: Sequence[Mark], unit: str, *, is_sure: bool = False
) -> Iterator[tuple[Mark, int, int]]:
    """Each mark with its start and end in code points; `unit` is "utf16" or "codepoint".

    Unless the unit `is_sure`, what is quoted decides for the other one where it fits all marks and the first does
    not: some versions of a tool count otherwise.

    Raises ValueError for offsets that are none, that lie outside the text, or that hold other words than are quoted.
    """
    if not is_sure and any(mark.quoted for mark in marks):
        other = {"utf16": "codepoint", "codepoint": "utf16"}[unit]
        fits = [all(_fits(text, mark, some) for mark in marks) for some in (unit, other)]
        unit = other if fits == [False, True] else unit
    for mark in marks:
        start, end = _code_points(text, mark, unit)
        if not _fits(text, mark, unit):
            raise ValueError(
                f"{mark.where}: the offsets {mark.start} to {mark.end} hold {text[start:end]!r:.50}, "
                f"but the tool says {mark.quoted!r:.50}: is this the text that was labelled?"
            )
        yield mark, start, end


def utf16_starts(text: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Where each code point begins in UTF-16 code units, and where the text ends; int64[len(text) + 1]."""
    code = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return np.concatenate(([0], np.cumsum(1 + (code > 0xFFFF), dtype=np.int64)))


@lru_cache(maxsize=2)  # the marks of a text come one after another, and are tried in both units
def _starts(text: str, unit: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    return utf16_starts(text) if unit == "utf16" else np.arange(len(text) + 1, dtype=np.int64)


def _code_points(text: str, mark: Mark, unit: str) -> tuple[int, int]:
    """Start and end of a mark in code points; one inside a surrogate pair takes the whole character."""
    low, high = _whole(mark.start, f"{mark.where}: start"), _whole(mark.end, f"{mark.where}: end")
    starts = _starts(text, unit)
    length = int(starts[-1])
    if not 0 <= low < high <= length:
        counted = "UTF-16 code units" if unit == "utf16" else "code points"
        raise ValueError(
            f"{mark.where}: {low} to {high} is no stretch of a text of {length} {counted}; see --offsets"
        )
    start, end = np.searchsorted(starts, low, side="right") - 1, np.searchsorted(starts, high, side="left")
    return int(start), int(end)


def _whole(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{where} is {value!r:.50}, expected a whole number")
    return value


def _fits(text: str, mark: Mark, unit: str) -> bool:
    """Whether a mark's offsets hold what the tool quotes, apart from white space and half characters."""
    if not mark.quoted:
        return True
    try:
        start, end = _code_points(text, mark, unit)
    except ValueError:
        return False
    return _plain(mark.quoted) == _plain(text[start:end])


def _plain(text: str) -> str:
    # Label Studio writes line breaks as \n in two characters, and may cut an emoji in half
    text = re.sub("[\ud800-\udfff\U00010000-\U0010ffff]", "", text.replace("\\n", "\n"))
    return "".join(text.split())
