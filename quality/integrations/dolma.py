"""Dolma: attributes files beside its documents, written without dolma (which need not be installed).

For `documents/X.jsonl.gz` stands `attributes/NAME/X.jsonl.gz`, a row for each row, in order, with spans
[start, end, score] in code points. The mixer then drops documents or replaces spans by them.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from itertools import tee
from pathlib import Path
from typing import Any, BinaryIO

from quality.integrations.rater import DEFAULT, Rater
from quality.report import Report

TAGGER = "quality_v1"  # a name of Dolma's is experiment__tagger__type


def write_attributes(
    documents: str | Path,
    attributes: str | Path,
    name: str = "quality",
    *,
    rater: Rater = DEFAULT,
    date_key: str | None = None,
) -> None:
    """Write the attributes of a file of documents, a row for each of its rows.

    Whole or not at all: the file gets its name when it is done. Both are JSON Lines, gzipped where they end in .gz.
    Raises ValueError for a row that is no document, and where the attributes would take the place of the documents.
    """
    source, target = Path(documents), Path(attributes)
    if target.exists() and target.samefile(source):
        raise ValueError(f"{target} are the documents: give the attributes another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    opened = gzip.open if source.suffix == ".gz" else open
    try:
        with opened(source, "rb") as rows, open(unfinished, "wb") as raw, _packed(raw, target) as out:
            # scoring reads a batch ahead; what it has read waits here
            read, texts, dated = tee(_documents(rows, source), 3)
            dates = (None if date_key is None else d.get(date_key) for d in dated)
            reports = rater.reports((d["text"] for d in texts), dates)
            for document, report in zip(read, reports, strict=True):
                out.write(json.dumps(_row(document, report, name)).encode() + b"\n")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _row(document: Mapping[str, Any], report: Report, name: str) -> dict[str, Any]:
    """Spans by type: of the text, of paragraphs that are no content (with the chance of their role), of evidence."""
    whole = [0, len(document["text"])]
    found = {
        role: [[p.start, p.end, p.roles[role]] for p in report.paragraphs if p.role == role]
        for role in ("boilerplate", "filler", "duplicate")
    }
    found["hard"] = [[f.start, f.end, 1.0] for f in report.hard]
    found["drop"] = [[*whole, float(report.verdict == "drop")]]
    found["reliability"] = [] if report.reliability is None else [[*whole, report.reliability]]
    attributes = {f"{name}__{TAGGER}__{kind}": spans for kind, spans in found.items()}
    return {"id": document["id"], "source": document.get("source", ""), "attributes": attributes}


def _documents(rows: Any, path: Path) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows, 1):
        match document := json.loads(row):
            case {"id": _, "text": str()}:
                yield document
            case _:
                raise ValueError(f"{path}:{number}: expected a document with id and text")


def _packed(raw: BinaryIO, path: Path) -> Any:
    # without name and time, which would make every run another file
    return gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else raw
