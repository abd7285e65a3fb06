"""Tells, for an article and each of its paragraphs, whether it is worth trusting as source material, and why.

    import quality
    report = quality.score("text ...", date="2025-06-10")

Names are imported when first used, so that `import quality` costs nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quality.report import Report
    from quality.scorer import Scorer

__version__ = "0.1.0"
__all__ = ["Report", "Scorer", "__version__", "score"]


@cache
def _scorer() -> Scorer:
    from quality.scorer import Scorer

    return Scorer.load()


def score(text: str, *, date: str | None = None, title: str | None = None) -> Report:
    """Report on one text with the shipped model; `date` (ISO) is the day the text is to be read as new.

    Raises ValueError where `date` is no day.
    """
    from quality.records import Record, iso_day

    day = None if date is None else iso_day(date)
    return _scorer().score(Record(id="1", source="", text=text, date=day, title=title))


def __getattr__(name: str) -> Any:
    if name == "Scorer":
        from quality.scorer import Scorer

        return Scorer
    if name == "Report":
        from quality.report import Report

        return Report
    raise AttributeError(f"module 'quality' has no attribute {name!r}")
