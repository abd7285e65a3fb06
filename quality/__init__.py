"""Tells, for an article and each of its paragraphs, whether it is worth trusting as source material, and why.

    import quality
    report = quality.score("text ...", date="2025-06-10")

Names are imported when first used, so that `import quality` costs nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

    from quality.report import Report
    from quality.scorer import Scorer

__version__ = "0.1.0"
__all__ = ["Report", "Scorer", "__version__", "score"]


@cache
def _scorer() -> Scorer:
    from quality.scorer import Scorer

    return Scorer.load()


def score(text: str, *, date: str | datetime.date | None = None) -> Report:
    """Report on one text with the shipped model; `date` (ISO) is the day the text is to be read as new.

    Raises TypeError where `text` is no text, ValueError where `date` is no day.
    """
    return _scorer().score(text, date=date)


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name == "Scorer":
        from quality.scorer import Scorer

        return Scorer
    if name == "Report":
        from quality.report import Report

        return Report
    raise AttributeError(f"module 'quality' has no attribute {name!r}")
