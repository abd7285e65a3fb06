"""Build quality/data/section_sentences.tsv: what each count of a sentence that may speak of sections weighs.

    python scripts/build_section_sentences.py [--corpora ../shared/corpora] [--labelled labelled]

Sentences to find are those planted in the made pages of labelled/hands and in half 0 of the shared ones, where they stand;
those of labelled/section_sentences.txt and section_rows.txt, put into honest articles, since it is also counted what the
rest of a text has of them. Against them stand all such sentences of the reliable articles, the controls, the sound texts of
`labelled` and the main text of web pages, and those of labelled/section_rows_honest.txt and section_sentences_honest.txt,
put in likewise (quality/section_sentences.py says what is counted). No weight has another sign than its count.

Printed is how many honest texts are alarmed by weights that were learnt without them (four folds), and of each set of
planted sentences what is found by weights that were learnt without the set. The file holds names of counts and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from build_section_rows import BATCH, Examples, Writer, honest_texts, options, page_texts, written_rows

from quality.columns import Floats
from quality.learn.corpora import half, read_rows
from quality.learn.fit import fit_signed
from quality.section_rows import Weights, log_odds
from quality.section_sentences import COUNTS, FOR, SOFT, WEIGHTS, counted_sentences
from quality.text import Batch

FOLDS, PENALTY = 4, 2.5
# What a planted sentence weighs, one of section_rows.txt; an honest one of an article, of a web page, that was written and put
# into so many articles.
PLANTED_WEIGHT, ROW_WEIGHT = 2.0, 1.0
ARTICLE_WEIGHT, WEB_WEIGHT, WRITTEN_WEIGHT, N_PLACES = 1.0, 0.3, 0.5, 2


def of_texts(texts: Sequence[str], weight: float, number: int) -> Examples:
    """All sentences of some honest texts, which are numbered from one number on."""
    counts, owner = [np.zeros((0, len(COUNTS)))], [np.zeros(0, np.int64)]
    for begin in range(0, len(texts), BATCH):
        batch = Batch.of(texts[begin : begin + BATCH])
        spans, some = counted_sentences(batch)
        counts.append(some)
        owner.append(number + begin + batch.paragraphs.parent[spans.paragraph])
    return Examples(np.concatenate(counts), np.full(sum(map(len, counts)), weight), np.concatenate(owner))


def of_place(text: str, part: str, weight: float, number: int) -> Examples:
    """The sentences that some part of a text meets; together they weigh what is given."""
    spans, counts = counted_sentences(Batch.of([text]))
    start = text.index(part)
    kept = (spans.start < start + len(part)) & (spans.end > start)
    n = int(kept.sum())
    return Examples(counts[kept], np.full(n, weight / max(n, 1)), np.full(n, number))


def made_pages(corpora: Path, labelled: Path) -> dict[str, list[tuple[str, str]]]:
    """Planted sentences by the page they stand in, for every hand, and those of half 0 of the shared pages."""

    def planted(path: Path, kept: bool) -> Iterator[tuple[str, str]]:
        for row in read_rows(path):
            if kept or half(row["group"]) == 0:
                for found in row.get("findings", ()):
                    if found["rule"] == "leak.category_tags":
                        yield row["text"], found["text"]

    hands = {
        path.stem: list(planted(path, True)) for path in sorted((labelled / "hands").glob("hand_*.jsonl"))
    }
    return hands | {"farm": list(planted(corpora / "made" / "farm.jsonl", False))}


def put_in(writer: Writer, path: Path) -> list[tuple[str, str]]:
    """Lines of a list in honest articles, each with its part behind the tab, or the whole."""
    texts = [line.partition("\t") for line, _ in written_rows(path)]
    return [(writer.put_in(text), part or text) for text, _, part in texts]


def learnt(honest: Examples, planted: Examples) -> Weights:
    """Weights of a logistic regression with fixed signs, for counts as they are."""
    counts = np.concatenate([honest.counts, planted.counts])
    label = np.repeat((False, True), (len(honest.counts), len(planted.counts)))
    weighs = np.append(honest.weighs, planted.weighs)
    center, spread = counts.mean(0), np.maximum(counts.std(0), 0.05)
    bounds = [(0.0, np.inf) if name in FOR else (-np.inf, 0.0) for name in COUNTS]
    penalty = PENALTY / float(weighs.sum())
    of, start = fit_signed((counts - center) / spread, label, weighs, None, penalty, bounds)
    return Weights(float(start - (of / spread) @ center), of / spread)


def share_found(planted: Examples, n: int, weights: Weights) -> float:
    """Of so many planted sentences the share that is found."""
    return np.unique(planted.owner[log_odds(planted.counts, weights) >= SOFT]).size / max(n, 1)


def main() -> None:
    given = options(__doc__)
    articles, web = honest_texts(given.corpora, given.labelled), page_texts(given.corpora)
    writer = Writer(articles)
    sets = made_pages(given.corpora, given.labelled)
    sets["sentences"] = put_in(writer, given.labelled / "section_sentences.txt")
    sets["rows"] = put_in(writer, given.labelled / "section_rows.txt")
    planted = {
        name: Examples.joined(
            [
                of_place(text, part, ROW_WEIGHT if name == "rows" else PLANTED_WEIGHT, number)
                for number, (text, part) in enumerate(some)
            ]
        )
        for name, some in sets.items()
    }
    lines = [
        line
        for name in ("section_rows_honest.txt", "section_sentences_honest.txt")
        for line, _ in written_rows(given.labelled / name)
    ]
    n_texts = len(articles) + len(web)
    honest = Examples.joined(
        [
            of_texts(articles, ARTICLE_WEIGHT, 0),
            of_texts(web, WEB_WEIGHT, len(articles)),
            *(
                of_place(writer.put_in(line), line, WRITTEN_WEIGHT, n_texts + number)
                for number, line in enumerate(lines)
                for _ in range(N_PLACES)
            ),
        ]
    )
    every = Examples.joined(list(planted.values()))
    left_out = np.zeros(len(honest.counts))
    for fold in range(FOLDS):
        out = honest.owner % FOLDS == fold
        left_out[out] = log_odds(honest.counts[out], learnt(honest.where(~out), every))
    weights = learnt(honest, every)
    weights = Weights(round(weights.start, 3), np.round(weights.of, 3))

    def alarmed(odds: Floats) -> str:
        text = np.unique(honest.owner[odds >= SOFT])
        n_each = np.diff(np.searchsorted(text, (0, len(articles), n_texts, n_texts + len(lines))))
        return " + ".join(map(str, n_each))

    print(
        f"{len(articles)} honest texts + {len(web)} web pages + {len(lines)} sentences: "
        f"alarms {alarmed(left_out)} left out, {alarmed(log_odds(honest.counts, weights))} learnt from"
    )
    for name, some in planted.items():
        others = learnt(honest, Examples.joined([found for other, found in planted.items() if other != name]))
        n = len(sets[name])
        print(
            f"{name}: {n} planted, found {share_found(some, n, others):.2f} left out, {share_found(some, n, weights):.2f} learnt from"
        )
    head = (
        "# what: counts of a sentence that may speak of sections (quality/section_sentences.py) and what one of each adds to the log odds",
        "# source: learnt by scripts/build_section_sentences.py from sentences of labelled/ and of reliable articles (counts, no text)",
        "# licence: MIT",
    )
    body = [
        f"{name}\t{number:.3f}"
        for name, number in (("start", weights.start), *zip(COUNTS, weights.of + 0.0, strict=True))
    ]
    WEIGHTS.write_text("\n".join((*head, *body)) + "\n", "utf8")


if __name__ == "__main__":
    main()
