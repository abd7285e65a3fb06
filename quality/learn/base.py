"""The base: what training reads of labelled texts, as numbers without text, and how it is stored.

`quality.learn.build` makes one; labelled/base holds the shipped one, so that anyone can train again, with new
labels, without the public corpora.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats
from quality.learn.fit import Table
from quality.model import (
    Likeness,
    likeness_arrays,
    likeness_from,
    write_arrays,
)

FORMAT = "quality-base/1"


@dataclass(frozen=True)
class Base:
    """Everything training needs, as numbers. See labelled/base/README.md for the files."""

    corpora: tuple[str, ...]
    kinds: tuple[str, ...]
    hard: tuple[str, ...]
    n_groups: int
    role_edges: tuple[Floats, ...]
    roles: Table
    filler: Table
    documents: Table
    likeness_score: Floats
    paragraphs: Table
    paragraph_words: Floats
    likeness: Likeness


def sound_rows(filler: Table, kinds: Iterable[str]) -> Bools:
    """Rows of a filler table that are paragraphs of reliable articles as published; bool[rows]."""
    as_published = np.array([k.startswith("human_news") for k in kinds], bool)
    return as_published[filler.kind] & (filler.label == 0)


TABLES = ("roles", "filler", "documents", "paragraphs")


def save(base: Base, folder: Path) -> None:
    """Write a base as `base.json` and one npz for each table; the same base gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    card: dict[str, Any] = {
        "format": FORMAT,
        "corpora": base.corpora,
        "kinds": base.kinds,
        "hard": base.hard,
        "n_groups": base.n_groups,
    }
    card["names"] = {key: getattr(base, key).names for key in TABLES} | {"style": base.likeness.style.names}
    for key in TABLES:
        table: Table = getattr(base, key)
        arrays = {f.name: getattr(table, f.name) for f in fields(Table) if f.name != "names"}
        write_arrays(folder / f"{key}.npz", arrays)
    edges: dict[str, NDArray[Any]] = {
        "role_edges": np.concatenate([*base.role_edges, np.zeros(0)]),
        "role_n_edges": np.array([e.size for e in base.role_edges], np.int64),
    }
    score: dict[str, NDArray[Any]] = {
        "likeness_score": base.likeness_score.astype(np.float32),
        "paragraph_words": base.paragraph_words,
    }
    write_arrays(folder / "encoders.npz", edges | score | likeness_arrays(base.likeness))
    (folder / "base.json").write_text(json.dumps(card, indent=1) + "\n", "utf8")


def load(folder: Path) -> Base:
    """The base in a folder.

    Raises FileNotFoundError where there is none, ValueError where it is of another format.
    """
    path = folder / "base.json"
    if not path.exists():
        raise FileNotFoundError(f"no base in {folder}: base.json is missing; scripts/build_base.py makes one")
    card = json.loads(path.read_text("utf8"))
    if card.get("format") != FORMAT:
        raise ValueError(f"{path} has format {card.get('format')!r}, expected {FORMAT!r}: build it anew")
    tables = {}
    for key in TABLES:
        with np.load(folder / f"{key}.npz", allow_pickle=False) as stored:
            tables[key] = Table(tuple(card["names"][key]), **{k: stored[k] for k in stored.files})
    with np.load(folder / "encoders.npz", allow_pickle=False) as stored:
        arrays = {k: stored[k] for k in stored.files}
    return Base(
        tuple(card["corpora"]),
        tuple(card["kinds"]),
        tuple(card["hard"]),
        int(card["n_groups"]),
        tuple(np.split(arrays["role_edges"], np.cumsum(arrays["role_n_edges"])[:-1])),
        tables["roles"],
        tables["filler"],
        tables["documents"],
        arrays["likeness_score"].astype(np.float64),
        tables["paragraphs"],
        arrays["paragraph_words"],
        likeness_from(arrays, card["names"]["style"]),
    )
