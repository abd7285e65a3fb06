"""The families of features; importing this declares them all, in this order."""

from quality.features import surface  # noqa: I001 - the order of columns
from quality.features import readability
from quality.features import boilerplate
from quality.features import appeals
from quality.features import repetition
from quality.features import topic
from quality.features import officials
from quality.features import evasion
from quality.features import template
from quality.features import ngrams
from quality.features import hedging
from quality.features import sections
from quality.features import assistant
from quality.features import category_lines
from quality.features import padding

__all__ = [
    "appeals",
    "assistant",
    "boilerplate",
    "category_lines",
    "evasion",
    "hedging",
    "ngrams",
    "officials",
    "padding",
    "readability",
    "repetition",
    "sections",
    "surface",
    "template",
    "topic",
]
