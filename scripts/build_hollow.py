"""Builds quality/data/hollow_weights.tsv, words by which paragraphs that fit any story are told, and measures it.

    python scripts/build_hollow.py [--corpora ../shared/corpora] [--measure]

Examples for are sentences written for the project: labelled/hollow/sentences.txt and the stock phrases of
quality/data/spoil.toml; against, sentences of reliable articles, controls and the content of web pages, `EACH` of every
corpus at most. A logistic regression with an L1 penalty over the number of times that words stand in a sentence keeps some
hundred of them. The start's weight is set so that `ALARMS` of the paragraphs against are found: a paragraph is the sum of its
words, so two hollow sentences outweigh one, and one that tells something outweighs a hollow one. `--measure` learns anew without
a fifth of the examples for, and without one corpus against after the other, and prints what is found of what was left out.
No sentence is kept: the file holds single words, all of them from the sentences written for the project.
"""

from __future__ import annotations

import argparse
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from quality.columns import Floats
from quality.features.hollow import KINDS, SHORTEST, START, WEIGHTS, kinds_of_tokens
from quality.learn.corpora import read_rows
from quality.text import Batch

ROOT = Path(__file__).parents[1]
# Sentences and paragraphs of each corpus at most, and the share of paragraphs that may be found: half of what holds a stock
# phrase (docs/results.md).
EACH, ALARMS = 8000, 0.001
# A sentence for weighs as much as this many against; inverse strength of the penalty: of 5, 20 and 80, and .1, .3 and 1, these
# found most of the stock phrases in the half of the made pages that was read, at the same alarms.
HEAVIER, STRENGTH = 5.0, 1.0
# A word stands in this many of the sentences written for the project, or it would be learnt by heart.
SENTENCES = 2
FOLDS = 5
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")


def written(seed: int = 1) -> list[tuple[int, str]]:
    """Sentences for, with the number of the entry each comes from; two forms of an entry that has choices."""
    drawn = random.Random(seed)
    entries = tomllib.loads((ROOT / "quality/data/spoil.toml").read_text("utf8"))["stock_phrase"]
    lines = (ROOT / "labelled/hollow/sentences.txt").read_text("utf8").splitlines()
    entries += [line for line in lines if not line.startswith("#")]
    found = []
    for number, entry in enumerate(entries):
        forms = _forms(re.sub(r"\{[a-z0-9]+\}", "Larnsund", entry))
        found += [(number, form) for form in drawn.sample(forms, min(2, len(forms)))]
    return found


def _forms(text: str) -> list[str]:
    match = _CHOICE.search(text)
    if not match:
        return [text]
    return [
        form
        for one in match[1].split("|")
        for form in _forms(text[: match.start()] + one + text[match.end() :])
    ]


@dataclass(frozen=True)
class Told:
    """Sentences and paragraphs of one corpus that tell something."""

    sentences: list[str]
    paragraphs: list[str]


def told(corpora: Path, seed: int = 1) -> dict[str, Told]:
    """What is against, by corpus."""
    found = {}
    for path in sorted([*(corpora / "articles").glob("*.xz"), *(corpora / "controls").glob("*.xz")]):
        rows = read_rows(path)
        texts = [r["text"] for r in rows if path.parent.name == "controls" or r.get("label") == "reliable"]
        found[path.name.partition(".")[0]] = _cut(texts, seed)
    rows = [
        r for r in read_rows(corpora / "boilerplate" / "wcxb_dev.jsonl.xz") if r.get("lang", "en") == "en"
    ]
    pages = ["\n".join(p["text"] for p in r["paragraphs"] if p.get("label") == "content") for r in rows]
    found["wcxb_dev"] = _cut(pages, seed)
    return found


def _cut(texts: Sequence[str], seed: int) -> Told:
    found: tuple[list[str], list[str]] = ([], [])
    for k in range(0, len(texts), 100):
        batch = Batch.of(texts[k : k + 100])
        for group, some in zip((batch.sentences, batch.paragraphs), found, strict=True):
            chosen = np.flatnonzero(batch.n_words(group) >= SHORTEST)
            bounds = zip(group.start[chosen].tolist(), group.end[chosen].tolist(), strict=True)
            some += [batch.text_of(start, end).replace("\n", " ") for start, end in bounds]
    for some in found:
        random.Random(seed).shuffle(some)
    return Told(found[0][:EACH], found[1][:EACH])


def _matrix(sentences: Sequence[str], words: tuple[str, ...]) -> sparse.csr_matrix:
    """How often each word, then each kind behind the start, stands in each sentence."""
    empty = np.zeros(0, np.int64)
    rows, columns = [empty], [empty]
    for k in range(0, len(sentences), 1000):
        # one sentence each, whatever marks it holds
        batch = Batch.of(sentences[k : k + 1000])
        kinds = kinds_of_tokens(batch, words)
        some = kinds > -len(KINDS)
        rows.append(k + batch.documents.of_token[some])
        columns.append(np.where(kinds < 0, len(words) - 1 - kinds, kinds)[some])
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = (len(sentences), len(words) + len(KINDS) - 1)
    return sparse.csr_matrix((np.ones(row.size), (row, column)), shape=shape)


def words_of(sentences: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """Words in `SENTENCES` of the entries or more."""
    seen = Counter()
    by_entry: dict[int, set[str]] = {}
    for number, sentence in sentences:
        batch = Batch.of([sentence])
        entries = batch.token_word[(batch.token_kind == 0)]
        by_entry.setdefault(number, set()).update(batch.vocabulary.word(int(e)) for e in entries)
    for words in by_entry.values():
        seen.update(words)
    return tuple(sorted(word for word, n in seen.items() if n >= SENTENCES and word != "larnsund"))


@dataclass(frozen=True)
class Learnt:
    """Weights of words and kinds, and that of the start."""

    weights: Floats
    start: float

    def share_found(self, texts: sparse.csr_matrix) -> float:
        """Share of some texts that is found."""
        return float((texts @ self.weights + self.start > 0).mean()) if texts.shape[0] else float("nan")


def _fit(
    positive: sparse.csr_matrix,
    sentences: Sequence[sparse.csr_matrix],
    paragraphs: Sequence[sparse.csr_matrix],
) -> Learnt:
    """Weights learnt from sentences, the start from `paragraphs` that tell something."""
    negative = sparse.vstack(list(sentences)).tocsr()
    both = sparse.vstack([positive, negative]).tocsr()
    label = np.repeat([1, 0], [positive.shape[0], negative.shape[0]])
    model = LogisticRegression(
        C=STRENGTH, l1_ratio=1.0, solver="liblinear", max_iter=500, random_state=0
    ).fit(both, label, sample_weight=np.where(label, HEAVIER, 1.0))
    weights = model.coef_[0]
    scores = np.concatenate([some @ weights for some in paragraphs])
    return Learnt(weights, -float(np.quantile(scores, 1 - ALARMS)))


def measure(sentences: list[tuple[int, str]], against: dict[str, Told]) -> None:
    """Print what is found of what was left out."""
    entry, texts = np.array([number for number, _ in sentences]), [text for _, text in sentences]
    found = {1: 0.0, 2: 0.0, 3: 0.0}
    for fold in range(FOLDS):
        left = entry % FOLDS == fold
        words = words_of([one for one, out in zip(sentences, left, strict=True) if not out])
        mine = _matrix(texts, words)
        learnt = _fit(mine[~left], *_columns(against.values(), words))
        for n in found:
            # paragraphs of so many sentences that were left out, each beside the next ones
            out = np.flatnonzero(left)
            rows = sum(mine[np.roll(out, -k)] for k in range(n))
            found[n] += learnt.share_found(rows) * out.size / len(texts)
    for n, share in found.items():
        print(
            f"| paragraphs of {n} sentences written for the project, a fifth left out | {len(texts)} | {share:.3f} |"
        )
    words = words_of(sentences)
    mine = _matrix(texts, words)
    columns = dict(zip(against, zip(*_columns(against.values(), words), strict=True), strict=True))
    for name, (_, paragraphs) in columns.items():
        rest = [pair for key, pair in columns.items() if key != name]
        learnt = _fit(mine, [s for s, _ in rest], [p for _, p in rest])
        print(f"| {name} | {paragraphs.shape[0]} | {learnt.share_found(paragraphs):.4f} |")


def _columns(
    against: Iterable[Told], words: tuple[str, ...]
) -> tuple[list[sparse.csr_matrix], list[sparse.csr_matrix]]:
    """Matrices of the sentences and of the paragraphs of each corpus."""
    some = list(against)
    return [_matrix(t.sentences, words) for t in some], [_matrix(t.paragraphs, words) for t in some]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=Path, default=ROOT.parent / "shared" / "corpora")
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    sentences, against = written(), told(options.corpora)
    if options.measure:
        measure(sentences, against)
        return
    words = words_of(sentences)
    learnt = _fit(_matrix([text for _, text in sentences], words), *_columns(against.values(), words))
    thousandths = np.rint(1000 * learnt.weights).astype(int).tolist()
    kinds = dict(zip(KINDS[1:], thousandths[len(words) :], strict=True))
    lines = [
        "# what: words for and against a paragraph that could stand in any article, in thousandths; one is found above 0",
        "# what: rows with a * are the start of the sum, figures, names within a sentence, quotation marks, words in -ed and",
        "# what: others; a word of no weight is none of the others",
        "# source: learnt by scripts/build_hollow.py; the words are those of sentences written for this project",
        "# licence: MIT",
        f"# date: {date.today().isoformat()}",
        f"{START}\t{round(1000 * learnt.start)}",
        *(f"{kind}\t{weight}" for kind, weight in kinds.items()),
        *(f"{word}\t{weight}" for word, weight in zip(words, thousandths, strict=False)),
    ]
    WEIGHTS.write_text("\n".join(lines) + "\n", "utf8")
    print(f"{len(lines) - 6} rows, {WEIGHTS}")


if __name__ == "__main__":
    main()
