"""What a stretch of text looks like: length, case, digits, marks, kinds of words.

None of it says that a text is good or bad. The role model needs it to tell a menu line from a
sentence.
"""

from __future__ import annotations

from math import log
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats, Group, Ints, ratio
from quality.lexicon import is_stop_word
from quality.registry import feature
from quality.text import Batch, hash_words, once_per_batch

Kind = TypeVar("Kind", bound=np.generic)

nan = float("nan")

# Small closed classes of English words; each is the whole class, not a sample.
YOU = ("you", "your", "yours", "yourself", "you're", "you'll", "you've")
WE = ("we", "our", "ours", "us", "we're", "we'll", "we've", "ourselves")
SELF = ("i", "my", "me", "mine", "myself", "i'm", "i've", "i'll", "i'd")
THIRD = ("he", "she", "they", "him", "her", "them", "his", "hers", "their", "theirs", "it", "its")
REPORTING = (
    "said",
    "says",
    "told",
    "according",
    "added",
    "was",
    "were",
    "has",
    "had",
    "have",
    "been",
    "is",
    "are",
)


# Words and marks whose rates are features; no two classes share one.
CLASSES = {
    "commas": (",",),
    "quotation_marks": ('"',),
    "separators": ("|", "*", "›", ">", "/", "<", "→", "·"),
    "dashes": ("-", "—"),
    "brackets": ("(", "["),
    "handles": ("@", "#"),
    "addresses": ("http", "https", "www", "com"),
    "money": ("$", "£", "€", "%"),
    "you": YOU,
    "we": WE,
    "self": SELF,
    "third_person": THIRD,
    "reporting": REPORTING,
}


def _per_word(batch: Batch, group: Group, *names: str) -> Floats:
    """Tokens of some classes for each word; float64[group.n], NaN where there is no word."""
    rows = [k for k, name in enumerate(CLASSES) if name in names]
    return ratio(_class_counts(batch, group)[rows].sum(axis=0), batch.n_words(group))


@once_per_batch
def _class_counts(batch: Batch, group: Group) -> Floats:
    """Number of tokens of each of `CLASSES` in each run; float64[classes, group.n]."""
    token, number = _classed(batch)
    cell = number * group.n + group.of_token[token]
    counts = np.bincount(cell, minlength=len(CLASSES) * group.n)
    return counts.reshape(len(CLASSES), group.n).astype(np.float64)


@once_per_batch
def _classed(batch: Batch) -> tuple[Ints, Ints]:
    """Tokens that are in one of `CLASSES`, and the number of the class; int64[k] each."""
    vocabulary = batch.vocabulary
    number = np.full(len(vocabulary), -1, np.int8)
    for k, words in enumerate(CLASSES.values()):
        number[vocabulary.among(hash_words(words))] = k
    number = number[batch.token_word]
    token = np.flatnonzero(number >= 0)
    return token, number[token].astype(np.int64)


@feature(
    "log",
    source="own",
    values=[("", 0.0), ("One two three.", log(4))],
    around=(-2, -1, 1, 2, "mean 2", "mean 5", "mean 10", "before 5", "after 5", "before 10", "after 10"),
)
def log_n_words(batch: Batch, group: Group) -> Floats:
    """Natural logarithm of one more than the number of words."""
    return np.log1p(batch.n_words(group))


@feature(
    "characters",
    source="rae2021",
    values=[("aa bbbb", 3.0), ("aa, bbbb!", 3.0), ("...", nan), ("", nan)],
    around=(-1, 1),
)
def mean_word_length(batch: Batch, group: Group) -> Floats:
    """Mean number of characters in a word."""
    return ratio(group.sum(batch.token_length * batch.is_word), batch.n_words(group))


@feature(
    "share of words",
    source="rae2021",
    values=[("The cat and the dog", 0.6), ("...", nan)],
    around=(-2, -1, 1, 2, "mean 2", "mean 5", "mean 10"),
)
def stop_word_share(batch: Batch, group: Group) -> Floats:
    """Share of words that are function words such as "the", "of", "and"."""
    return ratio(group.sum(is_stop_word(batch)), batch.n_words(group))


@feature("share of words", source="own", values=[("Read More from Our desk", 0.6), ("", nan)], around=(-1, 1))
def capitalised_share(batch: Batch, group: Group) -> Floats:
    """Share of words that begin with a capital letter."""
    return ratio(group.sum(batch.token_upper & batch.is_word), batch.n_words(group))


@feature("share of words", source="own", values=[("BREAKING news", 0.5), ("A plan", 0.0), ("", nan)])
def all_capitals_share(batch: Batch, group: Group) -> Floats:
    """Share of words of two letters or more written in capitals throughout."""
    return ratio(group.sum(batch.is_all_capitals), batch.n_words(group))


@feature("ratio", source="own", values=[("In 2019 and 2020", 1.0), ("", nan)], around=(-1, 1))
def numbers_per_word(batch: Batch, group: Group) -> Floats:
    """Numbers in figures for each word."""
    return ratio(batch.n_numbers(group), batch.n_words(group))


@feature("ratio", source="own", values=[("Red, green, blue", 2 / 3), ("", nan)])
def commas_per_word(batch: Batch, group: Group) -> Floats:
    """Commas for each word."""
    return _per_word(batch, group, "commas")


@feature("ratio", source="own", values=[("Wait... what?", 2.0), ("", nan)])
def marks_per_word(batch: Batch, group: Group) -> Floats:
    """Punctuation marks and symbols for each word."""
    words = batch.n_words(group)
    return ratio(group.last - group.first - words - batch.n_numbers(group), words)


@feature("ratio", source="own", values=[('"Yes," she said', 2 / 3), ("", nan)])
def quotation_marks_per_word(batch: Batch, group: Group) -> Floats:
    """Double quotation marks for each word."""
    return _per_word(batch, group, "quotation_marks")


@feature("ratio", source="own", values=[("Home | News | Sport", 2 / 3), ("", nan)])
def separators_per_word(batch: Batch, group: Group) -> Floats:
    """Marks that pages set between links (bars, arrows, bullets, slashes) for each word."""
    return _per_word(batch, group, "separators")


@feature("ratio", source="own", values=[("well - known", 0.5), ("", nan)])
def dashes_per_word(batch: Batch, group: Group) -> Floats:
    """Hyphens and dashes for each word."""
    return _per_word(batch, group, "dashes")


@feature("ratio", source="own", values=[("One (two) three", 1 / 3), ("", nan)])
def brackets_per_word(batch: Batch, group: Group) -> Floats:
    """Opening brackets for each word."""
    return _per_word(batch, group, "brackets")


@feature("ratio", source="own", values=[("Follow @desk #news", 2 / 3), ("", nan)])
def handles_per_word(batch: Batch, group: Group) -> Floats:
    """Signs of handles, tags and addresses (@, #) for each word."""
    return _per_word(batch, group, "handles")


@feature("ratio", source="own", values=[("See www.example.org", 0.25), ("", nan)])
def addresses_per_word(batch: Batch, group: Group) -> Floats:
    """Parts of web addresses (http, www, com) for each word."""
    return _per_word(batch, group, "addresses")


@feature("ratio", source="own", values=[("It costs $5.", 0.5), ("", nan)])
def money_per_word(batch: Batch, group: Group) -> Floats:
    """Currency and percent signs for each word."""
    return _per_word(batch, group, "money")


@feature("share of words", source="own", values=[("You and your friend", 0.5), ("", nan)])
def you_share(batch: Batch, group: Group) -> Floats:
    """Share of words that address the reader."""
    return _per_word(batch, group, "you")


@feature("share of words", source="own", values=[("We like our site", 0.5), ("", nan)])
def we_share(batch: Batch, group: Group) -> Floats:
    """Share of words that are "we", "our" and the like."""
    return _per_word(batch, group, "we")


@feature("share of words", source="own", values=[("I lost my way", 0.5), ("", nan)])
def self_share(batch: Batch, group: Group) -> Floats:
    """Share of words that are "I", "my" and the like."""
    return _per_word(batch, group, "self")


@feature("share of words", source="own", values=[("She lost her way", 0.5), ("", nan)])
def third_person_share(batch: Batch, group: Group) -> Floats:
    """Share of words that are "he", "she", "they", "it" and their forms."""
    return _per_word(batch, group, "third_person")


@feature("share of words", source="own", values=[("He said it was", 0.5), ("", nan)], around=(-1, 1))
def reporting_share(batch: Batch, group: Group) -> Floats:
    """Share of words that narrate or report: said, told, according, was, were, has, had."""
    return _per_word(batch, group, "reporting")


@feature("words", source="own", values=[("One two. Three four five six.", 3.0), ("", nan)])
def mean_sentence_length(batch: Batch, group: Group) -> Floats:
    """Mean number of words in a sentence."""
    holder = batch.sentences.parent
    if group is batch.documents:
        holder = batch.paragraphs.parent[holder]
    with_words = batch.n_words(batch.sentences) > 0
    return ratio(batch.n_words(group), np.bincount(holder[with_words], minlength=group.n).astype(np.float64))


@feature(
    "yes or no",
    source="own",
    of="paragraphs",
    values=[("It rained.", 1.0), ("Rain?", 1.0), ("Weather", 0.0), ('It rained."', 1.0)],
    around=(-2, -1, 1, 2, "mean 2", "mean 5", "mean 10"),
)
def ends_in_stop(batch: Batch, group: Group) -> Floats:
    """The last mark is a full stop, exclamation or question mark, closing quotes and brackets aside."""
    token = _closing_token(batch, group)
    return ((token >= 0) & _is_one(batch, token, (".", "!", "?"))).astype(np.float64)


@feature("yes or no", source="own", of="paragraphs", values=[("More:", 1.0), ("More", 0.0)])
def ends_in_colon(batch: Batch, group: Group) -> Floats:
    """The last mark is a colon."""
    token = _closing_token(batch, group)
    return ((token >= 0) & _is_one(batch, token, (":",))).astype(np.float64)


@feature(
    "yes or no", source="own", of="paragraphs", values=[("read on...", 1.0), ("read on.", 0.0), ("…", 1.0)]
)
def ends_in_ellipsis(batch: Batch, group: Group) -> Floats:
    """The text breaks off in an ellipsis."""
    last = group.last - 1
    some = group.last > group.first
    single = some & (batch.code[_at(batch.token_start, last)] == 0x2026)
    stops = _is_one(batch, last, (".",)) & _is_one(batch, last - 1, (".",))
    double = (group.last - group.first > 1) & stops
    return (single | double).astype(np.float64)


@feature(
    "yes or no",
    source="own",
    of="paragraphs",
    values=[("Rain fell", 0.0), ("rain fell", 1.0), ("9 men", 0.0)],
)
def starts_small(batch: Batch, group: Group) -> Floats:
    """The first word begins with a small letter."""
    some = group.last > group.first
    small = _at(batch.is_word, group.first) & ~_at(batch.token_upper, group.first)
    return (some & small).astype(np.float64)


@feature("yes or no", source="own", of="paragraphs", values=[("x", 0.0)], around=(-1, 1))
def is_list_item(batch: Batch, group: Group) -> Floats:
    """A bullet or number stood before it."""
    return batch.is_list_item.astype(np.float64)


@feature("yes or no", source="own", of="paragraphs", values=[("x", 1.0)])
def after_blank_line(batch: Batch, group: Group) -> Floats:
    """Something more than one line break stands before it, or it is the first."""
    return batch.after_blank.astype(np.float64)


@feature("share of characters", source="own", values=[("año", 1 / 3), ("", nan)])
def non_ascii_share(batch: Batch, group: Group) -> Floats:
    """Share of characters outside ASCII."""
    return ratio(group.count(batch.code > 127), (group.end - group.start).astype(np.float64))


@once_per_batch
def _closing_token(batch: Batch, group: Group) -> Ints:
    """Last token of each run that is no closing quotation mark or bracket, -1 for an empty run."""
    token = group.last - 1
    for _ in range(2):
        token = token - ((token > group.first) & _is_one(batch, token, ('"', "'", ")")))
    return np.where(group.last > group.first, token, -1)


def _is_one(batch: Batch, token: Ints, words: tuple[str, ...]) -> Bools:
    """Whether each of some tokens is one of a few words; bool[k]."""
    return _at(batch.vocabulary.among(hash_words(words)), _at(batch.token_word, token))


def _at(column: NDArray[Kind], index: Ints) -> NDArray[Kind]:
    """Values at some places; of the nearest where there is no such place, 0 where there is none at all."""
    if not column.size:
        return np.zeros(index.size, column.dtype)
    return column.take(index, mode="clip")
