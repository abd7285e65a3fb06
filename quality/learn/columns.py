"""Labelled texts as columns: batches with their findings and roles, and tables of rows to learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import quality.features  # noqa: F401 - declares the features
from quality.columns import Bools, Floats, Ints
from quality.features.officials import find_officials
from quality.learn.corpora import Labelled
from quality.learn.fit import Table
from quality.registry import Counted, count
from quality.text import Batch


@dataclass(frozen=True)
class Some:
    """Columns of one batch of labelled texts."""

    texts: tuple[Labelled, ...]
    batch: Batch
    counted: Counted
    roles: NDArray[np.object_]


def columns_of(texts: Iterable[Labelled], size: int = 500_000) -> list[Some]:
    """Batches of texts with their findings; `size` in characters. Labels that do not line up are refused.

    Raises ValueError naming the text whose number of role labels is not its number of paragraphs.
    """
    found: list[Some] = []
    waiting: list[Labelled] = []
    length = 0
    for text in [*texts, None]:
        more = 0 if text is None else len(text.text) + sum(map(len, text.paragraphs or ()))
        if waiting and (text is None or length + more > size):
            found.append(_some(waiting))
            waiting, length = [], 0
        if text is not None:
            waiting.append(text)
            length += more
    return found


def _some(texts: Sequence[Labelled]) -> Some:
    batch = Batch.of([t.text for t in texts], [t.paragraphs for t in texts])
    officials = find_officials(batch, [t.date for t in texts])
    n_paragraphs = np.bincount(batch.paragraphs.parent, minlength=len(texts))
    roles: list[str | None] = []
    for text, n in zip(texts, n_paragraphs.tolist(), strict=True):
        if text.roles is not None and len(text.roles) != n:
            raise ValueError(
                f"{text.id}: {len(text.roles)} paragraph labels for {n} paragraphs; label each one"
            )
        roles += text.roles if text.roles is not None else (None,) * n
    return Some(tuple(texts), batch, count(batch, told=officials.findings), np.array(roles, dtype=object))


@dataclass(frozen=True)
class Material:
    """All labelled texts as columns: pages and marked texts for roles, documents for reliability.

    `others` are texts without a label, which together with pages that are no articles tell other kinds of text from
    those that the likeness is learnt on.
    """

    pages: list[Some]
    articles: list[Some]
    marked: list[Some]
    others: list[Some]


class Names:
    """Indices for names, given out in order of appearance, after those that are `known`."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.index: dict[str, int] = {name: k for k, name in enumerate(known)}

    def __call__(self, name: str) -> int:
        """Index of a name, a new one where it is new."""
        return self.index.setdefault(name, len(self.index))


# What gives the index of a name.
Index = Callable[[str], int]


def codes_of(texts: Sequence[Labelled], corpora: Index, kinds: Index, groups: Index) -> NDArray[np.int32]:
    """Corpus, kind and group of each text; int32[texts, 3]."""
    rows = [(corpora(t.corpus), kinds(t.kind), groups(t.group)) for t in texts]
    return np.array(rows, np.int32).reshape(-1, 3)


def table_of(
    names: Sequence[str],
    matrix: NDArray[Any],
    label: Bools | NDArray[np.uint8],
    weight: Floats,
    codes: NDArray[np.int32],
) -> Table:
    """Rows with their labels, weights, and codes int32[n, 3] of corpus, kind and group."""
    return Table(
        tuple(names),
        matrix,
        label.astype(np.uint8),
        weight.astype(np.float32),
        codes[:, 0],
        codes[:, 1],
        codes[:, 2],
    )


def sample_of_each(parent: Ints, used: Bools, most: int, random: np.random.Generator) -> Bools:
    """At most `most` of the used paragraphs of each page, at random; bool[paragraphs]."""
    order = np.lexsort((random.random(parent.size), ~used, parent))
    start = np.searchsorted(parent[order], parent[order])
    rank = np.empty(parent.size, np.int64)
    rank[order] = np.arange(parent.size) - start
    return used & (rank < most)
