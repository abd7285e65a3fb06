"""The base: what training reads of labelled texts, as numbers without text, and how it is stored.

`quality.learn.build` makes one; labelled/base holds the shipped one, so that anyone can train again, with new
labels, without the public corpora.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Bools, Floats
from quality.features.ngrams import PARAGRAPH_BITS
from quality.learn.corpora import Labelled
from quality.learn.fit import Table
from quality.learn.reference import Reference
from quality.model import (
    FillerWords,
    FirstLook,
    Likeness,
    filler_words_arrays,
    filler_words_from,
    likeness_arrays,
    likeness_from,
    read_arrays,
    write_arrays,
)

FORMAT = "quality-base/5"
WHERE = (
    "A base is no part of the installed package: it is the folder labelled/base of the repository and of the source archive. "
    "Get one of them and name the folder (quality train --base FOLDER), or make one with scripts/build_base.py"
)
LABELS = ("unreliable", "reliable", "unclear")
# No words are held against a paragraph: what the public corpora and our own texts say of filler by its words alone does
# not carry over to filler of another hand (docs/results.md).
NO_WORDS = FillerWords(np.zeros(1 << PARAGRAPH_BITS), 0.0, 1.0)


@dataclass(frozen=True)
class Base:
    """Everything training needs, as numbers. See labelled/base/README.md for the files.

    `groups` uint64[groups] are fingerprints of their names, in the order of the tables' indices; `texts` and
    `held_out_texts` uint64[n, 2] hold a fingerprint and the index of its label in `LABELS`.
    """

    corpora: tuple[str, ...]
    kinds: tuple[str, ...]
    hard: tuple[str, ...]
    groups: NDArray[np.uint64]
    role_edges: tuple[NDArray[np.float32], ...]
    roles: Table
    filler: Table
    documents: Table
    likeness_score: Floats
    familiarity: Floats
    paragraphs: Table
    first_look: FirstLook
    filler_words: FillerWords
    likeness: Likeness
    reference: Reference
    texts: NDArray[np.uint64]
    held_out_texts: NDArray[np.uint64]
    held_out_groups: NDArray[np.uint64]


def fingerprint(name: str) -> int:
    """64 bits of the SHA-256 of a name: a group can be told again without being named."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def text_fingerprint(text: Labelled) -> int:
    """Fingerprint of the words of a text, in small letters; white space and marks do not count."""
    whole = text.text if text.paragraphs is None else "\n".join(text.paragraphs)
    return fingerprint(" ".join(re.findall(r"\w+", whole.lower())))


def sound_rows(filler: Table, kinds: Iterable[str]) -> Bools:
    """Rows of a filler table that are paragraphs of reliable articles as published; bool[rows]."""
    as_published = np.array([k.startswith("human_news") for k in kinds], bool)
    return as_published[filler.kind] & (filler.label == 0)


KNOWN_ARRAYS = ("groups", "texts", "held_out_texts", "held_out_groups")
TABLES = ("roles", "filler", "documents", "paragraphs")


def save(base: Base, folder: Path) -> None:
    """Write a base as `base.json` and one npz for each table; the same base gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    card: dict[str, Any] = {
        "format": FORMAT,
        "corpora": base.corpora,
        "kinds": base.kinds,
        "hard": base.hard,
    }
    card["names"] = {key: getattr(base, key).names for key in TABLES}
    card["names"] |= {"first_look": base.first_look.trees.names}
    for key in TABLES:
        table: Table = getattr(base, key)
        arrays = {f.name: getattr(table, f.name) for f in fields(Table) if f.name != "names"}
        write_arrays(folder / f"{key}.npz", arrays)
    edges: dict[str, NDArray[Any]] = {
        "role_edges": np.concatenate([*base.role_edges, np.zeros(0, np.float32)]),
        "role_n_edges": np.array([e.size for e in base.role_edges], np.int64),
    }
    score: dict[str, NDArray[Any]] = {
        "likeness_score": base.likeness_score.astype(np.float32),
        "familiarity": base.familiarity.astype(np.float32),
    }
    words = filler_words_arrays(base.filler_words)
    first, likeness = base.first_look.arrays(), likeness_arrays(base.likeness)
    write_arrays(folder / "encoders.npz", edges | score | first | words | likeness)
    write_arrays(folder / "reference.npz", base.reference.arrays())
    write_arrays(folder / "known.npz", {key: getattr(base, key) for key in KNOWN_ARRAYS})
    (folder / "base.json").write_text(json.dumps(card, indent=1) + "\n", "utf8")


class BaseError(ValueError):
    """A base that cannot be used: not there, of another format, or damaged."""


def load(folder: Path) -> Base:
    """The base in a folder.

    Raises `BaseError` where there is none, where it is of another format and where a file of it is damaged.
    """
    path = folder / "base.json"
    if not path.exists():
        raise BaseError(f"no base in {folder}: base.json is missing. {WHERE}")
    try:
        card = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise BaseError(f"{path} is not JSON ({error}): restore it") from error
    given = card.get("format") if isinstance(card, dict) else None
    if given != FORMAT:
        raise BaseError(f"{path} has format {given!r}, expected {FORMAT!r}: build it anew")
    try:
        return _loaded(folder, card)
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise BaseError(f"the base in {folder} cannot be used: {what}") from error


def _loaded(folder: Path, card: Mapping[str, Any]) -> Base:
    """The base that a card and the files beside it describe."""
    tables = {}
    for key in TABLES:
        tables[key] = Table(tuple(card["names"][key]), **read_arrays(folder / f"{key}.npz"))
    arrays, reference, known = (
        read_arrays(folder / f"{name}.npz") for name in ("encoders", "reference", "known")
    )
    return Base(
        tuple(card["corpora"]),
        tuple(card["kinds"]),
        tuple(card["hard"]),
        known["groups"],
        tuple(np.split(arrays["role_edges"], np.cumsum(arrays["role_n_edges"])[:-1])),
        tables["roles"],
        tables["filler"],
        tables["documents"],
        arrays["likeness_score"].astype(np.float64),
        arrays["familiarity"].astype(np.float64),
        tables["paragraphs"],
        FirstLook.from_arrays(card["names"]["first_look"], arrays),
        filler_words_from(arrays),
        likeness_from(arrays),
        Reference.from_arrays(reference),
        known["texts"],
        known["held_out_texts"],
        known["held_out_groups"],
    )
