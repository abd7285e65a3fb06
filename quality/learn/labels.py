"""Reading labels that people made, and refusing what would teach a model the wrong thing.

A file holds one JSON object a line (docs/labels.md). `labelled_texts` is the one way in which such files are
read, to measure as to learn; what keeps a text from being learnt from is told by `refused`. Everything wrong
is told at once, not the first thing only.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from quality.learn.base import LABELS, Base, fingerprint, text_fingerprint
from quality.learn.corpora import Labelled
from quality.records import Problem, Record, files_of_records, read_texts, short_names
from quality.render.terminal import counted
from quality.report import ROLES
from quality.text import Batch

# Fields that say something of a text's label. The others are the text, which nobody can do without, or matter less.
LABEL_FIELDS = ("label", "paragraph_labels", "kind", "group", "corpus", "date")
# As difflib measures it: "lable" and "label" are .8 alike (own choice).
LIKENESS_LOW = 0.8


def labelled_texts(
    paths: Iterable[str | PathLike[str]], corpus: str | None = None, *, may_wait: bool = True
) -> Iterator[Labelled | Problem]:
    """The texts of some files or folders of JSON Lines, in order, each with its labels or with what is wrong with it.

    Files may be packed (gzip, bzip2, xz, zstd); "-" is standard input. The corpus is `corpus`, else the record's own, else
    the file's name, with folders where two files have the same. A text without an id is called after its file and
    line, and one without a group stands alone. A text that waits for its label is a problem unless it `may_wait`.
    A record with a fault in any of its labels, its date or its names is a problem and no text.
    """
    files = files_of_records(fspath(path) for path in paths)
    names = short_names(files)
    for item in read_texts(files, kind="jsonl"):
        if isinstance(item, Problem):
            yield item
            continue
        try:
            yield _labelled(item, names[item.source], corpus, may_wait)
        except ValueError as error:
            yield Problem(item.source, item.line, f"record {item.id}: {error}")


def read_labels(paths: Iterable[str | PathLike[str]]) -> tuple[list[Labelled], list[str]]:
    """The texts of some files, all of which must have a label, and what is wrong with the others, by file and line."""
    items = list(labelled_texts(paths, may_wait=False))
    texts = [item for item in items if isinstance(item, Labelled)]
    return texts, [str(item) for item in items if isinstance(item, Problem)]


def _labelled(record: Record, file: str, corpus: str | None, may_wait: bool) -> Labelled:
    """One record; raises ValueError saying which field is wrong."""
    fields = record.fields
    if not record.text.strip():
        raise ValueError("the text is empty")
    _check_names(fields)
    label = "" if fields.get("label") is None else fields["label"]
    expected = ", ".join(LABELS) + (", or none yet" if may_wait else "")
    if label not in ("", *LABELS):
        raise ValueError(f"label {label!r} is unknown; expected one of {expected}")
    if not (label or may_wait):
        raise ValueError(f"no label; expected one of {expected}")
    if record.has_unread_date:
        (told,) = (w for w in record.warnings if w.startswith("date "))
        raise ValueError(told.removesuffix("; it is not used"))
    place = f"{file}:{record.id}"  # ids may be no more than numbers of lines
    return Labelled(
        _name(fields, "id") or place,
        corpus or _name(fields, "corpus") or file,
        _name(fields, "group") or place,
        label,
        _name(fields, "kind") or "labelled",
        "" if record.paragraphs is not None else record.text,
        record.paragraphs,
        _roles(record),
        record.date,
        record.title,
        record.source,
    )


def _check_names(fields: Mapping[str, Any]) -> None:
    """Refuse a field that is probably a misspelt label, which would be passed over without a word.

    A field is one where it is a letter or so from one of `LABEL_FIELDS` that the record has not. Other fields are the
    user's own. Raises ValueError naming both.
    """
    missing = [name for name in LABEL_FIELDS if name not in fields]
    for name in fields:
        plain = name.casefold().replace("-", "_").replace(" ", "_")
        near = difflib.get_close_matches(plain, missing, 1, LIKENESS_LOW)
        if name not in LABEL_FIELDS and near and abs(len(plain) - len(near[0])) <= 1:
            raise ValueError(
                f"the field {name!r} is not read: is {near[0]!r} meant? Else give it another name"
            )


def _name(fields: Mapping[str, Any], field: str) -> str:
    """A name or number as a string, "" where there is none. Raises ValueError for anything else."""
    value = fields.get(field)
    if (
        value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    ):  # as tables write "none"
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(f"{field} {value!r} is neither a name nor a whole number")
    return str(value)


def _roles(record: Record) -> tuple[str | None, ...] | None:
    """The role labels of a record, None where nobody said. Raises ValueError where they cannot be used."""
    roles = record.fields.get("paragraph_labels")
    if roles is None or roles == []:
        return None
    if not isinstance(roles, list):
        raise ValueError(
            f"paragraph_labels is no list but {type(roles).__name__}: give one label a paragraph"
        )
    if unknown := [role for role in roles if role is not None and role not in ROLES]:
        raise ValueError(f"paragraph label {unknown[0]!r} is unknown; expected {', '.join(ROLES)} or null")
    n = Batch.of([record.text], [record.paragraphs]).paragraphs.n
    if len(roles) != n:
        raise ValueError(
            f"{counted(len(roles), 'paragraph label')} for {counted(n, 'paragraph')}; label each one, null where nobody said"
        )
    return tuple(roles)


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
        if ":" in text.kind:
            problems.append(
                f"{text.id}: kind {text.kind!r}: a colon marks texts that were spoilt by program; name it without one"
            )
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
