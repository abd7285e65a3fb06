"""All labelled texts as columns: the public corpora, pages made for the project, own texts, spoilt texts."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

from quality.learn.columns import Material, columns_of
from quality.learn.corpora import Labelled, articles, made, other_kinds, own, pages
from quality.learn.spoil import KINDS, spoil

# Sound articles that are spoilt, at most, from each corpus, and ways in which each is spoilt.
N_SPOILT_ARTICLES, N_WAYS = 200, 3
# Only texts with this many paragraphs can hold a bad one.
N_PARAGRAPHS_LOW = 5


def read_material(corpora: Path, own_folder: Path, *, seed: int = 0) -> Material:
    """Everything there is to learn from; `corpora` holds articles/, boilerplate/, hedging/ and made/."""
    sound = articles(corpora / "articles")
    spoilt = spoil_some(sound, random.Random(seed))
    marked = [*made(corpora / "made" / "farm.jsonl"), *own(own_folder)]
    return Material(
        columns_of(pages(corpora / "boilerplate")),
        columns_of(sound),
        columns_of([*marked, *spoilt]),
        columns_of(other_kinds(corpora / "hedging")),
    )


def spoil_some(texts: Sequence[Labelled], chance: random.Random) -> list[Labelled]:
    """Reliable articles, each spoilt in some known ways; corpus and group are those of the article."""
    by_corpus: dict[str, list[Labelled]] = {}
    for text in texts:
        if text.label == "reliable" and len(split(text.text)) >= N_PARAGRAPHS_LOW:
            by_corpus.setdefault(text.corpus, []).append(text)
    found = []
    for corpus in sorted(by_corpus):
        some = by_corpus[corpus]
        chosen = chance.sample(some, min(N_SPOILT_ARTICLES, len(some)))
        for text in chosen:
            donors = [split(t.text) for t in chance.sample(some, min(5, len(some))) if t.group != text.group]
            for kind in chance.sample(KINDS, N_WAYS):
                result = spoil(
                    split(text.text),
                    kind,
                    chance,
                    title=text.title,
                    donors=donors,
                    date=text.date,
                    bank="train",
                )
                if result is not None:
                    found.append(
                        Labelled(
                            f"{text.id}:{kind}", corpus, text.group, "unreliable", f"spoilt:{kind}",
                            "", result.paragraphs, result.labels, result.date, text.title,
                        )
                    )  # fmt: skip
    return found


def split(text: str) -> list[str]:
    """Paragraphs of an article of the corpora: a blank line stands between them."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
