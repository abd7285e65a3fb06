"""Tables of words and phrases, and the data that they are read from.

`WordTable` answers questions about single words (one look-up per vocabulary entry). `Phrases` finds token phrases,
many thousands at once, by walking a trie over whole columns. A phrase is matched on folded tokens: case, accents,
curly quotes and zero-width characters make no difference. Rules made of phrases are in `quality.rules`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path

import numpy as np

from quality.columns import Bools, Floats, Hashes, Ints, Numbers, Vocabulary, combine, hash_bytes, within
from quality.text import Batch, hash_words, once_per_batch

DATA = Path(str(resources.files("quality") / "data"))

_STEM = np.uint64(0x5D588B656C078965)
_ROOT = np.uint64(0x2545F4914F6CDD1D)
_BRACES, _STAR = re.compile(r"\{([^{}]*)\}"), re.compile(r"\w\*")
_BEFORE = "x "


# Days, months and small numbers by name, which tell one item of a list, one report or one year from another.
WEEKDAYS = tuple("monday tuesday wednesday thursday friday saturday sunday".split())
MONTHS = tuple(
    "january february march april may june july august september october november december".split()
)
NUMBERS = tuple("one two three four five six seven eight nine ten eleven twelve".split())


@dataclass(frozen=True)
class WordTable:
    """A number for each of some words: `hash` uint64[n] ascending, `value` [n]."""

    hash: Hashes
    value: Floats

    @classmethod
    def of(cls, words: Mapping[str, float]) -> WordTable:
        """A table of words and their numbers."""
        hashes = hash_words(list(words))
        order = np.argsort(hashes)
        return cls(hashes[order], np.array(list(words.values()), np.float64)[order])

    def __len__(self) -> int:
        return int(self.hash.size)

    def look_up(self, hashes: Hashes, default: float = 0.0) -> Floats:
        """Value of each hash, `default` where the table has none; float64[n]."""
        if not len(self):
            return np.full(hashes.size, default)
        at = np.minimum(np.searchsorted(self.hash, hashes), len(self) - 1)
        return np.where(self.hash[at] == hashes, self.value[at], default)

    def among(self, hashes: Hashes) -> Bools:
        """Whether the table has each hash; bool[n]."""
        return np.isin(hashes, self.hash)


@cache
def read_lexicon(name: str) -> tuple[str, ...]:
    """Entries of `quality/data/lexicons/NAME.txt`: one a line, in order, header lines (#) left out.

    Raises ValueError with the names that exist.
    """
    path = DATA / "lexicons" / f"{name}.txt"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.txt")))
        raise ValueError(f"no lexicon {name!r}; there are: {known}")
    lines = path.read_text("utf8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


@once_per_batch
def is_stop_word(batch: Batch) -> Bools:
    """Tokens that are function words of English; bool[tokens]."""
    return batch.vocabulary.among(hash_words(read_lexicon("stop_words")))[batch.token_word]


@dataclass(frozen=True)
class Hits:
    """Phrases found: first token (int64[k]), number of tokens (int64[k]) and the entry's value (int64[k])."""

    first: Ints
    n_tokens: Ints
    value: Ints


class Phrases:
    """Many token phrases at once, each with a number that says whose it is.

    Phrases are written as text: "skip to {content,main content}" stands for two phrases, braces may
    hold an empty alternative, and a `*` at the end of a word matches any ending of at least no letter.

    Raises ValueError for an empty phrase or unbalanced braces.
    """

    def __init__(self, phrases: Iterable[tuple[str, int]]) -> None:
        # each phrase becomes a path of keys from the root; a node is the hash of the path so far
        flat = [(form, value) for phrase, value in phrases for form in expand(phrase)]
        forms, values = [form for form, _ in flat], np.array([value for _, value in flat], np.int64)
        stars = [k for k, form in enumerate(forms) if _is_starred(form)]
        texts = list(forms)
        for k in stars:
            texts[k] = forms[k].replace("*", "")
        # behind a word, or a dash that opens a phrase would be read as the mark of a list item
        texts = [_BEFORE + t for t in texts]
        batch = Batch.of(texts)
        first, last = batch.documents.first + 1, batch.documents.last
        if (first == last).any():
            form = forms[int(np.argmax(first == last))]
            raise ValueError(f"phrase {form!r} holds no token: write at least one word")
        is_stem = np.zeros(batch.token_word.size, bool)
        for k in stars:
            ends = batch.document_start[k] + len(_BEFORE) + np.array(sorted(_star_ends(forms[k])), np.int64)
            is_stem[first[k] : last[k]] = np.isin(batch.token_end[first[k] : last[k]], ends)
        stem = np.unique(batch.token_word[is_stem])
        size, opening = batch.vocabulary.length[stem], batch.vocabulary.opening[stem]
        self._stems = Numbers(batch.vocabulary.hash[stem])
        # how stems begin: with which three letters, and with which of up to eight, by their length
        self._three = Numbers(_head(opening[size > 2], 3))
        self._heads = {int(n): Numbers(_head(opening[size == n], int(n))) for n in np.unique(size)}
        keys = np.where(is_stem, batch.token_hash ^ _STEM, batch.token_hash)
        node = np.full(len(forms), _ROOT, np.uint64)
        paths, inner = [node[:0]], [node[:0]]
        for depth in range(int((last - first).max(initial=0))):
            going = np.flatnonzero(first + depth < last)
            inner.append(node[going])
            node[going] = combine(node[going], keys[first[going] + depth])
            paths.append(node[going])
        self._nodes = Numbers(np.concatenate(paths))
        self._node = self._nodes.number
        self._goes_on = np.isin(self._node, np.concatenate(inner))
        # one row for each ending and value, in that order
        owner = self._nodes.find(node)[1]
        order = np.lexsort((values, owner))
        owner, values = owner[order], values[order]
        kept = np.ones(owner.size, bool)
        kept[1:] = (owner[1:] != owner[:-1]) | (values[1:] != values[:-1])
        self._n_values = np.bincount(owner[kept], minlength=self._node.size)
        self._first_value = np.cumsum(self._n_values) - self._n_values
        self._value = values[kept]

    def __len__(self) -> int:
        return int((self._n_values > 0).sum())

    def find(self, batch: Batch) -> Hits:
        """All places where a phrase stands within one paragraph, by first token; overlaps included."""
        empty = np.zeros(0, np.int64)
        if not self._node.size:
            return Hits(empty, empty, empty)
        hashes = batch.vocabulary.hash
        entry, stem = self._stem_keys(batch.vocabulary)
        n_stems = np.bincount(entry, minlength=hashes.size)
        first_stem = np.cumsum(n_stems) - n_stems
        # the first step is the same for all tokens of a word
        keys, of_entry = np.concatenate((hashes, stem)), np.concatenate((np.arange(hashes.size), entry))
        row, node = self._nodes.find(combine(np.array([_ROOT]), keys))
        order = np.argsort(of_entry[row], kind="stable")
        node = node[order]
        n_nodes = np.bincount(of_entry[row], minlength=hashes.size)
        first_node = np.cumsum(n_nodes) - n_nodes
        first = np.flatnonzero((n_nodes > 0)[batch.token_word])
        word = batch.token_word[first]
        row, of = within(first_node[word], n_nodes[word])
        first, at = first[of], node[row]
        limit = batch.paragraphs.last[batch.paragraphs.of_token[first]]
        depth = 1
        found: list[tuple[Ints, int, Ints]] = [(empty, 0, empty)]
        while first.size:
            ends = self._n_values[at] > 0
            found.append((first[ends], depth, at[ends]))
            more = np.flatnonzero((first + depth < limit) & self._goes_on[at])
            first, limit, prefix = first[more], limit[more], self._node[at[more]]
            word = batch.token_word[first + depth]
            whole, at = self._nodes.find(combine(prefix, hashes[word]))
            some = np.flatnonzero(n_stems[word])
            key, of = within(first_stem[word[some]], n_stems[word[some]])
            hit, of_stem = self._nodes.find(combine(prefix[some[of]], stem[key]))
            row, at = np.concatenate((whole, some[of[hit]])), np.concatenate((at, of_stem))
            first, limit = first[row], limit[row]
            depth += 1
        return self._collect(found)

    def _stem_keys(self, vocabulary: Vocabulary) -> tuple[Ints, Hashes]:
        """Vocabulary entries that begin with a stem, in order, and the key of that stem; several for some."""
        likely = self._three.find(_head(vocabulary.opening, 3))[0]
        opening = vocabulary.opening[likely]
        entries, sizes = [likely[:0]], [likely[:0]]
        for size, heads in self._heads.items():
            if size < 3:
                found = heads.find(_head(vocabulary.opening, size))[0]
            else:
                found = likely[heads.find(_head(opening, size))[0]]
            found = found[vocabulary.length[found] >= size]
            entries.append(found)
            sizes.append(np.full(found.size, size))
        entry, length = np.concatenate(entries), np.concatenate(sizes)
        order = np.argsort(entry, kind="stable")
        entry, length = entry[order], length[order]
        padded = np.concatenate((vocabulary.letters, np.zeros(16, np.uint8)))
        head = hash_bytes(padded, vocabulary.start[entry], length)
        kept = self._stems.find(head)[0]
        return entry[kept], head[kept] ^ _STEM

    def _collect(self, found: list[tuple[Ints, int, Ints]]) -> Hits:
        first = np.concatenate([f for f, _, _ in found])
        n_tokens = np.concatenate([np.full(f.size, d, np.int64) for f, d, _ in found])
        at = np.concatenate([a for _, _, a in found])
        copies = self._n_values[at]
        offset = np.arange(int(copies.sum())) - np.repeat(np.cumsum(copies) - copies, copies)
        value = self._value[np.repeat(self._first_value[at], copies) + offset]
        first, n_tokens = np.repeat(first, copies), np.repeat(n_tokens, copies)
        order = np.lexsort((value, -n_tokens, first))
        return Hits(first[order], n_tokens[order], value[order])


def _head(opening: Hashes, size: int) -> Hashes:
    """The first letters of words, as many but at most eight, of the numbers in `Vocabulary.opening`; uint64[n]."""
    return opening & np.uint64(2 ** (8 * min(size, 8)) - 1)


def expand(phrase: str) -> list[str]:
    """All phrases that one with braces stands for: "{read,see} more" gives two.

    Raises ValueError for unbalanced braces.
    """
    if phrase.count("{") != phrase.count("}"):
        raise ValueError(f"unbalanced braces in {phrase!r}")
    parts = _BRACES.split(phrase)
    choices = [part.split(",") if k % 2 else [part] for k, part in enumerate(parts)]
    forms = (" ".join("".join(choice).split()) for choice in product(*choices))
    return list(dict.fromkeys(forms))


def _is_starred(form: str) -> bool:
    return _STAR.search(form) is not None


def _star_ends(form: str) -> set[int]:
    """Where, in the form without its stars, the starred words end."""
    ends, removed = set(), 0
    for position, character in enumerate(form):
        if character == "*":
            ends.add(position - removed)
            removed += 1
    return ends


@cache
def sources() -> Mapping[str, Mapping[str, str]]:
    """What `quality/data/sources.toml` says of each source key: title, licence, url or reference."""
    table: Mapping[str, Mapping[str, str]] = tomllib.loads((DATA / "sources.toml").read_text("utf8"))
    return table
