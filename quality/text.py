"""Many texts as flat numpy columns: characters, tokens, sentences, paragraphs, documents.

A `Batch` holds some texts joined by line breaks and, beside them, columns that say where things
are. Nothing here edits a text: offsets are code points of the text as given, and folded forms
(lower case, accents and look-alike letters mapped to plain Latin, zero-width characters skipped)
live in columns of their own.

A word is interned once: `vocabulary` has one entry for each distinct folded form in the batch, and
whatever is asked of a word (length, syllables, is it a stop word) is asked of the entry and
gathered through `token_word`. Sums over tokens go through `Group.sum`, so one feature serves
sentences, paragraphs and documents alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from quality.columns import (
    LETTER,
    NUMBER,
    SPACE,
    UPPER,
    WORD,
    Bools,
    Bytes,
    Floats,
    Group,
    Hashes,
    Ints,
    Vocabulary,
    changes,
    sorting,
    within,
)
from quality.segment import CHARACTERS, paragraphs_of, tokens_of, words_and_marks

Given = ParamSpec("Given")
Result = TypeVar("Result")


# Words of saying with which a line introduces what stands below it, among its last tokens, and words of such a line at least.
SAYS = tuple(
    "said says wrote writes replied replies answered answers asked told read reads began "
    "begins ended ends printed returned responded explained offered produced typed quoted".split()
)
LEAD, INTRODUCTION = 4, 4


def once_per_batch(
    function: Callable[Concatenate[Batch, Given], Result],
) -> Callable[Concatenate[Batch, Given], Result]:
    """Remember what a function of a batch (and perhaps of a group) returned, for as long as that batch lives.

    For columns that several features need, such as syllables per token.
    """

    @wraps(function)
    def remembered(batch: Batch, /, *given: Given.args, **named: Given.kwargs) -> Result:
        key = (function, *given, *named.items())
        if key not in batch.memory:
            batch.memory[key] = function(batch, *given, **named)
        return cast(Result, batch.memory[key])

    return remembered


@dataclass(frozen=True, eq=False)
class Batch:
    """Texts as columns. Build one with `Batch.of`.

    Characters (of the texts joined by one line break each): `code` uint32, `kind` uint8 (class),
    `folded` uint8. Tokens: `token_start`, `token_end` int64 (characters of the joined text),
    `token_kind` uint8, `token_word` int64 (entry of `vocabulary`), `token_upper` bool (begins with a
    capital), `spaced` bool (white space or a paragraph's start before it). Tokens are in order and
    every one lies in exactly one sentence, paragraph and document; list markers are not tokens.
    """

    texts: tuple[str, ...]
    code: NDArray[np.uint32]
    kind: Bytes
    folded: Bytes
    document_start: Ints
    token_start: Ints
    token_end: Ints
    token_kind: Bytes
    token_word: Ints
    token_upper: Bools
    spaced: Bools
    vocabulary: Vocabulary
    sentences: Group
    paragraphs: Group
    documents: Group
    is_list_item: Bools
    after_blank: Bools
    memory: dict[object, object] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, texts: Sequence[str], paragraphs: Sequence[Sequence[str] | None] | None = None) -> Batch:
        """Columns of some texts.

        Where `paragraphs[d]` is given, document d consists of exactly these paragraphs joined by a
        blank line and `texts[d]` is ignored; elsewhere `texts[d]` is cut at line breaks, blank
        lines and list items, and hard-wrapped lines are joined.

        Raises
        ------
        TypeError: `texts` is one string instead of a sequence of strings.
        ValueError: `paragraphs` and `texts` differ in length.
        """
        if isinstance(texts, str):
            raise TypeError("one text given, a sequence of texts expected: write Batch.of([text])")
        given = list(paragraphs) if paragraphs is not None else [None] * len(texts)
        if len(given) != len(texts):
            raise ValueError(
                f"{len(texts)} texts but {len(given)} lists of paragraphs given; lengths must agree"
            )
        whole = tuple(t if p is None else "\n\n".join(p) for t, p in zip(texts, given, strict=True))
        sizes = np.array([len(t) + 1 for t in whole], np.int64)
        document_start = np.concatenate(([0], np.cumsum(sizes)))
        joined = "\n".join(whole) + "\n"
        code = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32, copy=False)
        kind, folded = CHARACTERS.of(code)
        # "\r\n" is one line break, not a blank line
        carriage = np.flatnonzero(code[:-1] == 13)
        kind[carriage[code[carriage + 1] == 10]] = SPACE
        spans = words_and_marks(kind, folded)
        paragraphs_found, is_marker = paragraphs_of(kind, folded, code, document_start, given, *spans)
        first, last, document, is_list_item, after_blank = paragraphs_found
        start, end = (edge[~is_marker] for edge in spans)
        return cls(
            whole,
            code,
            kind,
            folded,
            document_start,
            start,
            end,
            *tokens_of(kind, folded, start, end, first, last, document, len(whole)),
            is_list_item,
            after_blank,
        )

    @property
    def n_documents(self) -> int:
        """Number of texts."""
        return len(self.texts)

    @cached_property
    def is_word(self) -> Bools:
        """Tokens that begin with a letter; bool[tokens]."""
        return self.token_kind == WORD

    @cached_property
    def token_length(self) -> NDArray[np.int32]:
        """Characters of each token's folded form; int32[tokens]."""
        return self.vocabulary.length.astype(np.int32)[self.token_word]

    @once_per_batch
    def n_words(self, group: Group) -> Floats:
        """Number of words in each run of sentences, paragraphs or documents; float64[n], not to be written to."""
        return group.sum(self.is_word)

    @once_per_batch
    def n_numbers(self, group: Group) -> Floats:
        """Number of numbers in figures in each run; float64[n], not to be written to."""
        return group.sum(self.token_kind == NUMBER)

    @cached_property
    def is_all_capitals(self) -> Bools:
        """Words of two or more letters, all of them capitals; bool[tokens]."""
        capitals = np.zeros(self.token_word.size, bool)
        likely = np.flatnonzero(
            self.token_upper & self.is_word & (self.kind.take(self.token_start + 1, mode="clip") != LETTER)
        )
        at, token = within(self.token_start[likely], self.token_end[likely] - self.token_start[likely])
        kind = self.kind[at]
        n_upper = np.bincount(token[kind == UPPER], minlength=likely.size)
        n_lower = np.bincount(token[kind == LETTER], minlength=likely.size)
        capitals[likely] = (n_upper > 1) & (n_lower == 0)
        return capitals

    @cached_property
    def token_hash(self) -> Hashes:
        """Hash of each token's folded form; uint64[tokens]."""
        return self.vocabulary.hash[self.token_word]

    @cached_property
    def is_quoted(self) -> Bools:
        """Tokens inside double quotation marks; bool[tokens].

        Marks alternate between opening and closing within a paragraph, so a quotation that runs
        over several paragraphs is quoted to the end of each one it opens.
        """
        quote = self.mark('"')
        total = np.concatenate(([0], np.cumsum(quote, dtype=np.int32)))
        before = total[self.paragraphs.first]  # of each paragraph
        return ((total[1:] - before[self.paragraphs.of_token]) & 1).astype(bool) & ~quote

    @cached_property
    def is_cited(self) -> Bools:
        """Tokens in quotation marks, or of a paragraph that the one above introduces as somebody's words; bool[tokens].

        "One answer began like this:" introduces it; a colon without a word of saying right before, as above a list, does not.
        """
        group = self.paragraphs
        says = self.vocabulary.among(hash_words(SAYS))[self.token_word]
        near = np.minimum(group.last[group.of_token] - np.arange(group.of_token.size), LEAD + 1) <= LEAD
        told = self.ends_with(":") & (group.sum(says & near) > 0) & (self.n_words(group) >= INTRODUCTION)
        cited = np.zeros(group.n, bool)
        cited[1:] = told[:-1] & (group.parent[1:] == group.parent[:-1])
        return self.is_quoted | cited[group.of_token]

    @cached_property
    def places(self) -> Places:
        """Where each word of each document stands; sorted once for all who ask."""
        return Places.of(self)

    def mark(self, character: str) -> Bools:
        """Tokens that are this one punctuation mark (folded); bool[tokens]."""
        return self.vocabulary.among(hash_words([character]))[self.token_word]

    def opens_with(self, marks: str) -> Bools:
        """Paragraphs whose first token is one of some punctuation marks (folded), one a character; bool[paragraphs]."""
        return self._are_marks(marks, self.paragraphs.first)

    def ends_with(self, marks: str) -> Bools:
        """Paragraphs whose last token is one of some punctuation marks (folded), one a character; bool[paragraphs]."""
        return self._are_marks(marks, self.paragraphs.last - 1)

    def _are_marks(self, marks: str, token: Ints) -> Bools:
        """Paragraphs with any token whose one given here is among some marks; bool[paragraphs]."""
        some = self.paragraphs.filled
        found = np.zeros(self.paragraphs.n, bool)
        found[some] = self.vocabulary.among(hash_words(list(marks)))[self.token_word[token[some]]]
        return found

    def local(self, position: int) -> tuple[int, int]:
        """Document and offset in it of a character of the joined text."""
        document = int(np.searchsorted(self.document_start, position, "right")) - 1
        return document, position - int(self.document_start[document])

    def text_of(self, start: int, end: int) -> str:
        """The characters of the joined text between two positions in one document, as given."""
        document, offset = self.local(start)
        return self.texts[document][offset : offset + end - start]


@dataclass(frozen=True)
class Places:
    """Distinct words of paragraphs and documents.

    One row for each distinct token (by folded form) of each paragraph, sorted by document, token and
    paragraph: `paragraph` int64[k], `word` int64[k] (vocabulary entry), `count` int64[k] (how often
    there), `of_document` int64[k] (number of the run of rows with the same document and word).
    """

    paragraph: Ints
    word: Ints
    count: Ints
    of_document: Ints

    @classmethod
    def of(cls, batch: Batch) -> Places:
        """The rows of a batch."""
        # keeps paragraphs in order within a word
        order = sorting(
            (batch.token_word, len(batch.vocabulary)), (batch.documents.of_token, batch.n_documents)
        )
        word, paragraph = batch.token_word[order], batch.paragraphs.of_token[order]
        first = np.flatnonzero(changes(word) | changes(paragraph))
        count = np.diff(np.append(first, word.size))
        paragraph, word = paragraph[first], word[first]
        new_word = changes(word) | changes(batch.paragraphs.parent[paragraph])
        return cls(paragraph, word, count, np.cumsum(new_word) - 1)

    @cached_property
    def n_paragraphs(self) -> Ints:
        """In how many paragraphs of the document the word of each row stands; int64[k]."""
        return np.bincount(self.of_document)[self.of_document] if self.word.size else self.word


def hash_words(words: Sequence[str]) -> Hashes:
    """Hash of each word as a batch would hash it; uint64[n], not to be written to.

    Raises ValueError where an item is not exactly one token.
    """
    return _hash_words(tuple(words))


@cache
def _hash_words(words: tuple[str, ...]) -> Hashes:
    batch = Batch.of([], None) if not words else Batch.of(words)
    if not words:
        return np.zeros(0, np.uint64)
    count = batch.documents.last - batch.documents.first
    if (count != 1).any():
        wrong = [w for w, k in zip(words, count, strict=True) if k != 1]
        raise ValueError(f"expected one token each, given {wrong[:5]!r}: split phrases into tokens first")
    hashes = batch.vocabulary.hash[batch.token_word]
    hashes.setflags(write=False)  # the same array goes to all who ask
    return hashes
