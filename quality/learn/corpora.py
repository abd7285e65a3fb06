"""Reading labelled texts: the public corpora beside the project, and the project's own.

The public corpora are not part of the repository. Their folder is an argument; what is learnt from
them is kept as numbers in labelled/base (quality/learn/base.py).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quality.records import Record

# Corpora whose texts share an origin are left out together.
FAMILIES = {
    "imbd_xsum": "xsum",
    "fastdetect_xsum": "xsum",
    "detectrl_xsum": "xsum",
    "llmfake_politifact": "politifact",
    "politifact_pp": "politifact",
}
# What the labels of a corpus rest on; corpora not named here are labelled by the user.
LABEL_FAMILIES = {
    "allsides_mbfc_a": "publishers",
    "celebrity": "fact-checkers",
    "fakenewsnet_old": "fact-checkers",
    "horne2017": "fact-checkers",
    "politifact_pp": "fact-checkers",
    "detectrl_xsum": "who wrote it",
    "fastdetect_xsum": "who wrote it",
    "imbd_xsum": "who wrote it",
    "llmfake_politifact": "who wrote it",
    "made": "making",
    "own": "making",
}


@dataclass(frozen=True)
class Labelled:
    """A text with its labels; `paragraphs` is None where the text is to be cut by us, `label` "" where there is none.

    `source` is the file that the text was read from, where that is told.
    """

    id: str
    corpus: str
    group: str
    label: str
    kind: str
    text: str
    paragraphs: tuple[str, ...] | None = None
    roles: tuple[str | None, ...] | None = None
    date: str | None = None
    title: str | None = None
    source: str = ""

    @property
    def record(self) -> Record:
        """The text as scorers take it."""
        text = self.text if self.paragraphs is None else "\n\n".join(self.paragraphs)
        return Record(self.id, self.source, text, self.paragraphs, self.title, self.date)

    @property
    def family(self) -> str:
        """Corpora of one origin, to be left out together."""
        return FAMILIES.get(self.corpus, self.corpus)


def read_lines(path: Path) -> Iterator[bytes]:
    """Lines of a file, plain, gzip or xz."""
    opener: Any = {".xz": lzma.open, ".gz": gzip.open}.get(path.suffix, open)
    with opener(path, "rb") as handle:
        yield from handle


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Objects of a JSON Lines file, plain, gzip or xz."""
    for line in read_lines(path):
        if line.strip():
            yield json.loads(line)


def articles(folder: Path) -> list[Labelled]:
    """Texts of `corpora/articles` (or `controls`) with a label of reliable or unreliable."""
    found = []
    for path in sorted(folder.glob("*.jsonl*")):
        corpus = path.name.split(".jsonl")[0]
        for row in read_rows(path):
            if row["label"] in ("reliable", "unreliable"):
                group = str(row.get("group", row["id"]))
                found.append(
                    Labelled(
                        str(row["id"]), corpus, group, row["label"], row.get("kind", ""), row["text"],
                        date=row.get("date"), title=row.get("title"),
                    )
                )  # fmt: skip
    return found


def pages(folder: Path) -> list[Labelled]:
    """English pages of `corpora/boilerplate`, cut into blocks; doubtful labels are None.

    The kind is "other page" where most pages of the corpus, or by its `page_type` this one, are no articles.
    """
    found = []
    for path in sorted(folder.glob("*.jsonl*")):
        corpus = path.name.split(".jsonl")[0]
        if corpus == "dev_html":
            continue
        for row in read_rows(path):
            if row.get("lang", "en") not in ("en", None):
                continue
            blocks = row["paragraphs"]
            roles = tuple(
                None if b.get("amb") or b["label"] not in ("content", "boilerplate") else b["label"]
                for b in blocks
            )
            texts = tuple(b["text"] for b in blocks)
            domain = str(row.get("domain") or row["id"])
            is_other = corpus == "cleaneval" or row.get("page_type", "article") != "article"
            kind = "other page" if is_other else "page"
            found.append(Labelled(str(row["id"]), corpus, domain, "", kind, "", texts, roles))
    return found


def other_kinds(folder: Path) -> list[Labelled]:
    """Documents of `corpora/hedging` that are encyclopaedia or science: their marked sentences, joined again."""
    found = []
    for corpus in ("szeged_wiki_train", "szeged_bio"):
        sentences: dict[str, list[str]] = {}
        for row in read_rows(folder / f"{corpus}.jsonl.gz"):
            sentences.setdefault(str(row["doc"]), []).append(row["text"])
        for name, some in sentences.items():
            found.append(Labelled(name, corpus, f"{corpus} {name}", "", "other page", " ".join(some)))
    return found


def made(path: Path) -> list[Labelled]:
    """Pages made for the project, with a role for each paragraph."""
    found = []
    for row in read_rows(path):
        roles = tuple(p["label"] for p in row["paragraphs"])
        found.append(
            Labelled(
                row["id"],
                "made",
                row["group"],
                row["label"],
                row["made"],
                row["text"],
                None,
                roles,
                row.get("date"),
            )
        )
    return found


def own(folder: Path) -> list[Labelled]:
    """The labelled texts of this repository, in the order of their files."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for row in read_rows(path):
            parts = row.get("paragraphs")
            found.append(
                Labelled(
                    row["id"], row.get("corpus", "own"), row["group"], row["label"], row["kind"],
                    row.get("text", ""), tuple(parts) if parts is not None else None,
                    tuple(row["paragraph_labels"]) if row.get("paragraph_labels") else None, row.get("date"),
                )
            )  # fmt: skip
    return found


def half(group: str) -> int:
    """0 or 1 by a hash of the group: choose on one half, report on the other."""
    return hashlib.sha256(group.encode()).digest()[0] & 1
