"""Build quality/data/section_rows.tsv: what each count of a row of section names weighs (quality/section_rows.py).

    python scripts/build_section_rows.py [--corpora ../shared/corpora] [--labelled labelled]

Rows of sections are written at random from the words of quality/data/section_names.toml and of the common words, for the
names that no list has: alone in a sentence of padding, and glued to a sentence of an honest article. Those of
labelled/section_rows.txt and of the made pages in labelled/hands are put in as they are. Each stands in an honest article,
since it is also counted what the rest of a text has of it. Against them stand all rows of names that the reliable
articles, the controls, the main text of web pages and the sound texts of `labelled` have themselves, and the sentences of
labelled/section_rows_honest.txt, put in likewise: on ministries, markets, shelves and the like, of which those have few.

Printed is how many honest texts are alarmed by weights that were learnt without them (five folds), and what is found of
the rows that were not made at random. The file holds names of counts and numbers.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from quality import section_rows
from quality.columns import Bools, Floats, Ints
from quality.learn.corpora import pages, read_rows
from quality.lexicon import DATA, read_lexicon
from quality.section_rows import COUNTS, KINDS, WEIGHTS, Weights, counted_rows, is_clear, log_odds
from quality.text import Batch

SEED, FOLDS, STRENGTH, BATCH = 5, 5, 0.3, 100
# Rows of each kind that are made at random.
N_MADE = 1500
# What a row weighs that was made at random, that was written as a recital, that stands in a made page.
MADE_WEIGHT, WRITTEN_WEIGHT, FARM_WEIGHT = 0.3, 4.0, 2.0
# What an honest row weighs: of an article, of a web page, of a sentence that was written and is put into so many articles.
ARTICLE_WEIGHT, WEB_WEIGHT, HONEST_WEIGHT, N_PLACES = 1.0, 0.3, 0.2, 3
# Of a name: how often no list has it, and what stands before and behind it ("" for nothing).
UNLISTED, COMMON_FROM = 0.2, 300
BEFORE = (
    *("",) * 8,
    "local",
    "home",
    "world",
    "personal",
    "green",
    "northern",
    "the",
    "the",
    "small",
    "breaking",
)
BEHIND = (*("",) * 10, "life", "news", "affairs", "and garden", "tips", "things", "today")
SMALL = tuple("the a of in to and is are it its this that with for by at on all into these where".split())
PADDED = ((0, 0), (3, 0), (0, 4), (5, 4), (2, 6), (6, 2), (0, 8), (8, 0), (4, 10))


class Writer:
    """Writes rows of sections from the lists, each as the text it stands in and the row."""

    def __init__(self, honest: Sequence[str]) -> None:
        table = tomllib.loads((DATA / "section_names.toml").read_text("utf8"))
        self.random, self.honest = Random(SEED), honest
        self.lists = {name: some.split() for part in table.values() for name, some in part.items()}
        self.common = [word for word in read_lexicon("common_words") if len(word) > 4][COMMON_FROM:]

    def word(self, *lists: str) -> str:
        """A word of one of some lists."""
        chosen: str = self.random.choice(self.lists[self.random.choice(lists)])
        return chosen

    def name(self) -> str:
        """What a section may be called."""
        if self.random.random() < UNLISTED:
            return self.random.choice(self.common)
        word = self.word(*KINDS)
        return f"{self.random.choice(BEFORE)} {word} {self.random.choice(BEHIND)}".strip()

    def row(self, capitals: float) -> str:
        """Names in one of the forms that rows have, with capitals now and then."""
        pick = self.random.choice
        names = [self.name() for _ in range(pick((2, 3, 3, 4, 4, 5, 6)))]
        if self.random.random() < capitals:
            names = [name.title() for name in names]
        small = pick(("under", "of", "with", "for", "in", "to", "from", "as", "thus", "it is"))
        forms: tuple[Callable[[], str], ...] = (
            *(lambda: ", ".join(names[:-1]) + pick((" and ", ", and ", ", ", " or ")) + names[-1],) * 3,
            lambda: " and ".join(names),
            lambda: small + " " + f", {small} ".join(names[:-1]) + f" and {small} {names[-1]}",
            lambda: pick((" / ", "/", " & ", "; ", ". ", ", ", " | ")).join(names),
            lambda: f"{names[0]} where {names[1]} {pick(('greets', 'meets'))} {names[-1]}",
            lambda: ", the ".join(names[:-1]) + " and the " + names[-1],
        )
        return pick(forms)()

    def padding(self, n: int) -> str:
        """Words such sentences are padded out with."""
        words = []
        for _ in range(n):
            lot = self.random.random()
            if lot < 0.45:
                words.append(self.random.choice(SMALL))
            elif lot < 0.87:
                words.append(self.word("meeting", "belonging", "calling", "hollow", "within"))
            else:
                words.append(self.random.choice(self.common))
        return " ".join(words)

    def recital(self) -> tuple[str, str]:
        """A row in a sentence of padding."""
        before, behind = self.random.choice(PADDED)
        text = f"{self.padding(before)} {self.row(0.3)} {self.padding(behind)}".strip()
        text = text[0].upper() + text[1:] + self.random.choice((".", ".", ".", ""))
        return text, text

    def glued(self) -> tuple[str, str]:
        """A row put before or behind a sentence of an honest article."""
        fact, row = self.fact(), self.row(0.85)
        lead = f"{self.word('filing')} {self.random.choice(('', 'under', 'in', 'as', 'to', 'of', 'with'))}".strip()
        if self.random.random() < 0.5:
            lead = self.padding(self.random.choice((1, 2, 3)))
        forms = (
            f"{fact}. {row}.", f"{fact}, {lead} {row}.", f"{fact} {row}", f"{row}: {fact}.", f"{fact} ({row}).",
            f"{lead.capitalize()} {row}, {fact[0].lower() + fact[1:]}.", f"{fact}; {row}.", f"{fact}, and {row}.",
        )  # fmt: skip
        return self.random.choice(forms), row

    def fact(self) -> str:
        """A sentence of an honest article."""
        while True:
            line = self.random.choice(self.random.choice(self.honest).split("\n"))
            sentence = self.random.choice(line.split(". ")).strip().rstrip(".")
            if 40 < len(sentence) < 220 and '"' not in sentence and sentence[0].isupper():
                return sentence

    def put_in(self, text: str) -> str:
        """An honest article with a text in its second half."""
        lines: list[str] = []
        while len(lines) < 2:
            lines = [line for line in self.random.choice(self.honest).split("\n") if line.strip()][:12]
        at, lot = self.random.randrange(len(lines) // 2, len(lines)), self.random.random()
        if lot < 0.4:
            lines[at] += " " + text
        elif lot < 0.6:
            lines[at] = text + " " + lines[at]
        else:
            lines.insert(at, text)
        return "\n\n".join(lines)


def honest_texts(corpora: Path, labelled: Path) -> list[str]:
    """Reliable articles, controls and sound texts."""
    texts = []
    for path in sorted((corpora / "articles").glob("*.xz")):
        texts += [row["text"] for row in read_rows(path) if row["label"] == "reliable"]
    for path in (
        *sorted((corpora / "controls").glob("*.xz")),
        labelled / "sound.jsonl",
        labelled / "hard_negative.jsonl",
    ):
        texts += [row["text"] for row in read_rows(path)]
    made = [*sorted((labelled / "hands").glob("*.jsonl")), corpora / "made" / "farm.jsonl"]
    return texts + [row["text"] for path in made for row in read_rows(path) if row.get("made") == "fair"]


def page_texts(corpora: Path) -> list[str]:
    """Main text of web pages, among which are shops, catalogues and lists of what somebody offers."""
    return [
        "\n\n".join(
            text
            for text, role in zip(page.paragraphs or (), page.roles or (), strict=True)
            if role == "content"
        )
        for page in pages(corpora / "boilerplate")
    ]


def written_rows(path: Path) -> list[tuple[str, str]]:
    """Lines of a list, each as the text and the row in it."""
    lines = path.read_text("utf8").splitlines()
    return [(line, line) for line in lines if line and not line.startswith("#")]


def farm_rows(labelled: Path) -> list[tuple[str, str]]:
    """Rows planted in the made pages, each as the text and the row in it."""
    return [
        (found["text"], found["text"])
        for path in sorted((labelled / "hands").glob("*.jsonl"))
        for row in read_rows(path)
        for found in row.get("findings", ())
        if found["rule"] == "leak.category_tags"
    ]


def honest_rows(texts: Sequence[str]) -> tuple[Floats, Ints]:
    """Counts of all rows in some texts, and the number of the text of each."""
    counts, owner = [], []
    for begin in range(0, len(texts), BATCH):
        batch = Batch.of(texts[begin : begin + BATCH])
        spans, some = counted_rows(batch)
        counts.append(some)
        owner.append(begin + batch.paragraphs.parent[spans.paragraph])
    return np.concatenate(counts), np.concatenate(owner)


def rows_of(writer: Writer, given: Sequence[tuple[str, str]]) -> Floats:
    """Counts of the longest row in each of some rows put into honest articles; NaN where there is none."""
    texts = [writer.put_in(text) for text, _ in given]
    counts = np.full((len(given), len(COUNTS)), np.nan)
    for k, (text, row) in enumerate(given):
        batch = Batch.of([texts[k]])
        spans, some = counted_rows(batch)
        start = texts[k].find(text) + text.find(row)
        touched = np.flatnonzero((spans.start < start + len(row)) & (spans.end > start))
        if touched.size:
            counts[k] = some[touched[np.argmax((spans.end - spans.start)[touched])]]
    return counts


@dataclass(frozen=True)
class Examples:
    """What is learnt from: `counts` float64[k, counts], what each `weighs`, and the number of the text or plant it is of."""

    counts: Floats
    weighs: Floats
    owner: Ints

    def where(self, kept: Bools) -> Examples:
        """Some of them."""
        return Examples(self.counts[kept], self.weighs[kept], self.owner[kept])

    @classmethod
    def joined(cls, some: Sequence[Examples]) -> Examples:
        """All of some."""
        columns = ([getattr(one, name) for one in some] for name in ("counts", "weighs", "owner"))
        return cls(*map(np.concatenate, columns))


def learnt(honest: Examples, recited: Examples) -> Weights:
    """Weights of a logistic regression, for counts as they are."""
    counts = np.concatenate([honest.counts, recited.counts])
    label = np.repeat((0, 1), (len(honest.counts), len(recited.counts)))
    scale = StandardScaler().fit(counts)
    model = LogisticRegression(C=STRENGTH, l1_ratio=0, solver="liblinear", max_iter=500)
    model.fit(scale.transform(counts), label, sample_weight=np.append(honest.weighs, recited.weighs))
    of = model.coef_[0] / scale.scale_
    return Weights(float(model.intercept_[0] - of @ scale.mean_), of)


def rounded(weights: Weights) -> Weights:
    return Weights(round(weights.start, 3), np.round(weights.of, 3))


def options(description: str | None) -> argparse.Namespace:
    """Where the corpora and the labelled texts are."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", type=Path, default=Path("../shared/corpora"))
    parser.add_argument("--labelled", type=Path, default=Path("labelled"))
    return parser.parse_args()


def main() -> None:
    given = options(__doc__)
    articles, web = honest_texts(given.corpora, given.labelled), page_texts(given.corpora)
    writer = Writer(articles)
    made = {
        "recitals": ([writer.recital() for _ in range(N_MADE)], MADE_WEIGHT),
        "glued": ([writer.glued() for _ in range(N_MADE)], MADE_WEIGHT),
        "written": (written_rows(given.labelled / "section_rows.txt"), WRITTEN_WEIGHT),
        "made pages": (farm_rows(given.labelled), FARM_WEIGHT),
    }
    found = {name: rows_of(writer, some) for name, (some, _) in made.items()}
    kept = {name: counts[~np.isnan(counts[:, 0])] for name, counts in found.items()}
    weighs = [np.full(len(counts), made[name][1]) for name, counts in kept.items()]
    recited = Examples(np.concatenate(list(kept.values())), np.concatenate(weighs), np.zeros(0, np.int64))
    sentences = written_rows(given.labelled / "section_rows_honest.txt")
    placed = rows_of(writer, [sentence for sentence in sentences for _ in range(N_PLACES)])
    counts, owner = honest_rows(articles + web)
    n_texts = len(articles) + len(web)
    # a sentence is one text wherever it is put, so that no fold learns from what it is tried on
    number = n_texts + np.repeat(np.arange(len(sentences)), N_PLACES)
    is_row = ~np.isnan(placed[:, 0])
    honest = Examples(
        np.concatenate([counts, placed[is_row]]),
        np.append(
            np.where(owner < len(articles), ARTICLE_WEIGHT, WEB_WEIGHT),
            np.full(is_row.sum(), HONEST_WEIGHT / N_PLACES),
        ),
        np.append(owner, number[is_row]),
    )
    left_out = np.zeros(len(honest.counts))
    for fold in range(FOLDS):
        out = honest.owner % FOLDS == fold
        left_out[out] = log_odds(honest.counts[out], learnt(honest.where(~out), recited))
    weights = rounded(learnt(honest, recited))

    def alarmed(hard: bool, odds: Floats) -> str:
        text = np.unique(honest.owner[is_found(honest.counts, odds, hard)])
        n_each = np.diff(np.searchsorted(text, (0, len(articles), n_texts, n_texts + len(sentences))))
        return " + ".join(map(str, n_each))

    print(
        f"{len(articles)} honest texts + {len(web)} web pages + {len(sentences)} sentences with {len(honest.counts)} rows"
    )
    for hard in (False, True):
        print(
            f"{'hard' if hard else 'found'}: alarms {alarmed(hard, left_out)} left out,"
            f" {alarmed(hard, log_odds(honest.counts, weights))} learnt from; "
            + ", ".join(
                f"{name} {is_found(counts, log_odds(counts, weights), hard).sum() / len(found[name]):.2f}"
                for name, counts in kept.items()
            )
        )
    head = (
        "# what: counts of a row of section names (quality/section_rows.py) and what one of each adds to the log odds",
        "# source: learnt by scripts/build_section_rows.py from rows made of quality/data/section_names.toml and the rows",
        "# source: of reliable articles (counts, no text)",
        "# licence: MIT",
    )
    body = [
        f"{name}\t{number:.3f}"
        for name, number in (("start", weights.start), *zip(COUNTS, weights.of, strict=True))
    ]
    WEIGHTS.write_text("\n".join((*head, *body)) + "\n", "utf8")


def is_found(counts: Floats, odds: Floats, hard: bool) -> Bools:
    """Whether each row is reported, or is hard evidence."""
    if hard:
        return np.asarray(is_clear(counts) & (odds >= section_rows.HARD))
    return np.asarray(odds >= section_rows.SOFT)


if __name__ == "__main__":
    main()
