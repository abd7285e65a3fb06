"""What all adapters share: texts in, flat values out; a model loaded once in each process.

`quality_reliability` is a number, NaN (in metadata: not there) where a text has no words; `quality_verdict` is "keep",
"review", "drop" or "unsure"; `quality_reasons` are ids of rules and, where it is no hard evidence that decides, why not,
parted by a space. Flat and of one type: stores of vectors and inferred tables take neither lists nor None.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from quality import __version__
from quality.records import Record
from quality.report import VERDICTS, Report
from quality.scorer import Scorer

FIELDS = ("quality_reliability", "quality_verdict", "quality_reasons")


@dataclass(frozen=True)
class Rater:
    """Which model rates, by which policy, with which further rules and terms of office.

    Small to pickle: a copy in another process loads the model there, and refuses one that is not the same.
    """

    model: str = "default"
    policy: str = "default"
    rules: Sequence[str] = ()
    officials: Sequence[str] = ()
    expected: str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("rules", "officials"):
            if isinstance(getattr(self, name), str | Path):
                raise TypeError(f"{name} is one file, a list of files expected")
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))

    def __reduce__(self) -> tuple[type[Rater], tuple[Any, ...]]:
        return Rater, (self.model, self.policy, self.rules, self.officials, self.digest)

    @property
    def digest(self) -> str:
        """16 digits that differ where a text may be rated differently: of program, model, policy, further files."""
        return _loaded(self)[1]

    @property
    def scorer(self) -> Scorer:
        """The scorer of this process, loaded when first asked for.

        Raises what `Scorer.load` raises, RuntimeError where it is not the one that the pickle was made with.
        """
        scorer, digest = _loaded(self)
        if self.expected not in (None, digest):
            raise RuntimeError(
                f"model {self.model!r} is {digest} here, {self.expected} where this comes from: install the same"
            )
        return scorer

    def reports(self, texts: Iterable[Any], dates: Iterable[Any] | None = None) -> Iterator[Report]:
        """Reports on texts, in order; raises what `records` and `scorer` raise."""
        return self.scorer.score_many(records(texts, dates))

    def columns(self, texts: Sequence[Any], dates: Sequence[Any] | None = None) -> dict[str, list[Any]]:
        """A list for each of `FIELDS`, as long as `texts`."""
        rows = [(r.reliability, r.verdict, " ".join(r.reasons)) for r in self.reports(texts, dates)]
        values = [
            [math.nan if value is None else value for value in column] for column in zip(*rows, strict=True)
        ]
        return dict(zip(FIELDS, values or [[], [], []], strict=True))


DEFAULT = Rater()


def records(texts: Iterable[Any], dates: Iterable[Any] | None = None) -> Iterator[Record]:
    """Records of texts; `dates`, if given, are as many. A missing text (None, NaN) counts as empty, a missing date as none.

    Raises TypeError for what is no text, with its row, counted from 0.
    """
    rows = zip(texts, dates, strict=True) if dates is not None else ((text, None) for text in texts)
    for row, (text, date) in enumerate(rows):
        yield Record.of({"text": _text(text, row), "date": None if _is_missing(date) else date}, row)


def checked_verdicts(drop: Sequence[str]) -> tuple[str, ...]:
    """The verdicts that an adapter is to drop.

    Raises TypeError for one text instead of a list, ValueError for what is no verdict.
    """
    if isinstance(drop, str):
        raise TypeError(f"drop is the text {drop!r}, a list of verdicts expected, such as ['drop']")
    if unknown := [verdict for verdict in drop if verdict not in VERDICTS]:
        raise ValueError(
            f"unknown verdicts {', '.join(map(repr, unknown))} to drop; there are {', '.join(VERDICTS)}"
        )
    return tuple(drop)


def metadata(report: Report) -> Mapping[str, str | float]:
    """The values of `FIELDS` for one text, without what is undefined."""
    values = dict(zip(FIELDS, (report.reliability, report.verdict, " ".join(report.reasons)), strict=True))
    return {name: value for name, value in values.items() if value is not None}


@cache
def _loaded(rater: Rater) -> tuple[Scorer, str]:
    scorer = Scorer.load(rater.model, policy=rater.policy, rules=rater.rules, officials=rater.officials)
    files = [hashlib.sha256(Path(p).read_bytes()).hexdigest() for p in (*rater.rules, *rater.officials)]
    terms = [__version__, scorer.model.digest, rater.policy, files]
    return scorer, hashlib.sha256(json.dumps(terms).encode()).hexdigest()[:16]


def _text(value: Any, row: int) -> str:
    if isinstance(value, str):
        return value
    if _is_missing(value):
        return ""
    raise TypeError(f"row {row} is of type {type(value).__name__}, expected a text")


def _is_missing(value: Any) -> bool:
    """Whether it is nothing, as Python or pandas write that, which is told by its names, so that pandas need not be there."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")
