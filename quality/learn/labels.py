"""Reading labels that people made, and refusing what would teach a model the wrong thing.

A file holds one JSON object a line (labelled/README.md): `id`, `text` or `paragraphs`, `label`, and where
known `kind`, `paragraph_labels`, `date`, `group`, `corpus`. Everything wrong is told at once, not the first
thing only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from quality.learn.base import LABELS, Base, fingerprint, text_fingerprint
from quality.learn.corpora import Labelled, read_lines
from quality.records import iso_day
from quality.report import ROLES
from quality.text import Batch


def read_labels(paths: Iterable[Path]) -> tuple[list[Labelled], list[str]]:
    """The labelled texts of some files, and what is wrong with the others, each with its file and line.

    Raises OSError where a file cannot be read.
    """
    found: list[Labelled] = []
    problems: list[str] = []
    for path in paths:
        corpus = path.name.split(".jsonl")[0]
        for number, line in enumerate(read_lines(path), 1):
            if not line.strip():
                continue
            try:
                found.append(_labelled(json.loads(line), corpus, f"{corpus}:{number}"))
            except ValueError as error:
                problems.append(f"{path}, line {number}: {error}")
    return found, problems


def _labelled(row: Any, corpus: str, number: str) -> Labelled:
    """One record; raises ValueError saying which field is wrong."""
    if not isinstance(row, dict):
        raise ValueError(f"{type(row).__name__} given, expected an object with text and label")
    text, parts = row.get("text"), row.get("paragraphs")
    if parts is not None and not (isinstance(parts, list) and all(isinstance(p, str) for p in parts)):
        raise ValueError("paragraphs is no list of strings")
    if parts is None and not (isinstance(text, str) and text.strip()):
        raise ValueError("no text: give text or paragraphs")
    label = row.get("label")
    if label not in LABELS:
        raise ValueError(f"label {label!r} is unknown; expected one of {', '.join(LABELS)}")
    roles = row.get("paragraph_labels")
    if roles is not None:
        wrong = (
            roles if not isinstance(roles, list) else [r for r in roles if r is not None and r not in ROLES]
        )
        if wrong:
            raise ValueError(
                f"paragraph_labels: {wrong!r} unknown; expected {', '.join(ROLES)} or null for each"
            )
    kind = str(row.get("kind") or "labelled")
    if ":" in kind:
        raise ValueError(
            f"kind {kind!r}: a colon marks texts that were spoilt by program; name it without one"
        )
    name = str(row.get("id", number))
    result = Labelled(
        name, str(row.get("corpus") or corpus), str(row.get("group") or name), label, kind,
        "" if parts is not None else str(text), tuple(parts) if parts is not None else None,
        tuple(roles) if roles else None, None if row.get("date") is None else iso_day(row["date"]), row.get("title"),
    )  # fmt: skip
    if result.roles is not None:
        given = None if result.paragraphs is None else [result.paragraphs]
        n = Batch.of([result.text], given).paragraphs.n
        if len(result.roles) != n:
            raise ValueError(
                f"{name}: {len(result.roles)} paragraph labels for {n} paragraphs; label each one"
            )
    return result


def refused(texts: Sequence[Labelled], base: Base) -> list[str]:
    """Why some labels cannot be learnt from: they contradict each other or the base, or are there to measure on."""
    problems = []
    ids: dict[str, int] = {}
    for text in texts:
        ids[text.id] = ids.get(text.id, 0) + 1
    problems += [f"{name}: the id is given {n} times; ids must differ" for name, n in ids.items() if n > 1]
    labels: dict[int, Labelled] = {}
    known = {int(key): int(label) for key, label in base.texts.tolist()}
    held = {int(key) for key in base.held_out_texts[:, 0].tolist()}
    held_groups = {int(key) for key in base.held_out_groups.tolist()}
    for text in texts:
        key = text_fingerprint(text)
        other = labels.setdefault(key, text)
        if other.label != text.label:
            problems.append(f"{text.id}: {text.label}, but {other.id} is the same text and {other.label}")
        elif other is not text and other.group != text.group:
            problems.append(
                f"{text.id}: the same text as {other.id}, but in group {text.group!r} instead of {other.group!r}: "
                "it would stand on both sides of a split"
            )
        if known.get(key, LABELS.index(text.label)) != LABELS.index(text.label):
            problems.append(
                f"{text.id}: {text.label}, but the base has the same text as {LABELS[known[key]]}"
            )
        if key in held:
            problems.append(f"{text.id}: this text is held out to measure on; nothing may learn from it")
        elif fingerprint(text.group) in held_groups:
            problems.append(
                f"{text.id}: group {text.group!r} is held out to measure on; nothing may learn from it"
            )
    return problems


def new_ones(texts: Sequence[Labelled], base: Base) -> list[Labelled]:
    """Texts that the base does not hold yet, each once, in an order that is theirs and not that of files and lines."""
    seen = {int(key) for key in base.texts[:, 0].tolist()}
    found = []
    # by all fields where a text is given twice, so that the same one of them is taken
    for text in sorted(texts, key=lambda t: (text_fingerprint(t), repr(t))):
        key = text_fingerprint(text)
        if key not in seen:
            seen.add(key)
            found.append(text)
    return found
