"""Build quality/data/padding.npz: what `quality.padding` knows of hollow and spliced paragraphs.

    python scripts/build_padding.py ../shared/corpora [--evaluate report.md]

Filler comes from the hands in labelled/hands (pages, and banks of paragraphs that are put into their stories here), from our own
labelled texts and from half of the made pages; honest paragraphs from these and from reliable articles and web pages. Each hand
and each corpus family is a source. First weights of masked words are learnt for either kind, then weights of the columns; the
columns of a source take their word scores from weights that have not seen it, as those of a new hand will. The threshold of a
rule is what stated shares of the paragraphs of reliable articles reach, each family scored by what was learnt without it.

`--evaluate` writes what is found of each hand left out, together with a corpus family in which alarms are counted.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from quality.columns import Bools, Floats, Ints
from quality.features.template import HOLLOW as HOLLOW_LINES
from quality.features.template import template_lines
from quality.learn.corpora import Labelled, articles, half, own, pages, read_rows
from quality.learn.fit import one_thread
from quality.lexicon import DATA
from quality.model import write_arrays
from quality.padding import (
    BITS,
    CLIP,
    KINDS,
    Padding,
    column_names,
    plain_columns,
    score_columns,
    word_rows,
    word_scores,
)
from quality.registry import Counted, shipped_rules
from quality.text import Batch

# Texts of a batch.
N_TEXTS = 400
# Paragraphs of a corpus of articles that teach, at most, and web pages whose main text does.
N_ARTICLE, N_PAGES = 9000, 900
# Where a bank's fillers are put: hollow ones at the end in this share of cases, else anywhere behind the first.
AT_END = 0.5
# Inverse penalties of the regressions: of words, of columns.
WORD_FREEDOM, COLUMN_FREEDOM = 0.5, 0.01
# Folds in which word scores are made.
N_FOLDS = 3
# Share of the paragraphs of reliable articles that either rule may mark.
ALARMS = 0.001
HOLLOW, SPLICED = (KINDS.index(kind) for kind in ("hollow", "spliced"))
HONEST, UNUSED = -1, -2
# What the fillers of a page are by the rule expected of them, or by the way in which a text was spoilt.
BY_RULE = {"filler.stock_phrase": HOLLOW, "filler.off_topic": SPLICED}
BY_KIND = {
    "stock_phrase": HOLLOW,
    "aggregator": HOLLOW,
    "off_topic_filler": SPLICED,
    "blended_filler": SPLICED,
}
Sparse = Any  # scipy's sparse matrices carry no types


@dataclass(frozen=True)
class Marked:
    """A text and what each of its paragraphs is: a kind of padding, `HONEST` or `UNUSED`; `note` tells kinds apart in reports."""

    text: Labelled
    kind: tuple[int, ...]
    note: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """The judged paragraphs of one hand or corpus family.

    `words` (sparse [n, buckets]) and `plain` float64[n, columns]; `kind` int64[n]; `teaches` bool[n]; `note` [n].
    """

    name: str
    is_hand: bool
    batches: tuple[Batch, ...]
    words: Sparse
    plain: Floats
    kind: Ints
    teaches: Bools
    note: NDArray[np.str_]
    corpus: NDArray[np.str_]

    def columns(self, words: NDArray[np.int8], scale: Floats) -> Floats:
        """All columns, with the scores of some words; float64[n, columns]."""
        scores = [score_columns(b, word_scores(b, words, scale)).T for b in self.batches]
        return np.hstack([np.vstack(scores), self.plain])


def batch_of(marked: Sequence[Marked]) -> Batch:
    """The paragraphs of some texts as columns."""
    return Batch.of([m.text.text for m in marked], [m.text.paragraphs for m in marked])


def is_told(batch: Batch) -> Bools:
    """Paragraphs that boilerplate cues cover, and lines of templates; bool[paragraphs]. The other rules need what is learnt here."""
    rules = shipped_rules()
    told = [(r, s, (None,) * len(s)) for r, s in zip(rules.rules, rules.find(batch), strict=True)]
    counted = Counted.of(told)
    furniture = counted.is_furniture(batch)
    lines = template_lines(batch, counted.covered(batch, *HOLLOW_LINES) > 0, furniture)
    return furniture | lines.question | lines.definition


def source_of(name: str, marked: Sequence[Marked], *, is_hand: bool) -> Source:
    """The paragraphs of some texts; page furniture and lines of templates teach nothing, of a corpus a sample teaches."""
    batches, words, plain, kind, note, corpus = [], [], [], [], [], []
    for low in range(0, len(marked), N_TEXTS):
        mine = marked[low : low + N_TEXTS]
        batch = batch_of(mine)
        judged, matrix = plain_columns(batch)
        owner, bucket, value = word_rows(batch)
        shape = (judged.size, 1 << BITS)
        batches.append(batch)
        words.append(sp.csr_matrix((value[owner].astype(np.float32), (owner, bucket)), shape=shape))
        plain.append(matrix.T)
        kinds = np.concatenate([m.kind for m in mine])
        kind.append(np.where(is_told(batch), UNUSED, kinds)[judged])
        note.append(np.concatenate([m.note for m in mine])[judged])
        names = np.array([m.text.corpus for m in mine])
        corpus.append(names[batch.paragraphs.parent[judged]])
    whole_kind, whole_corpus = np.concatenate(kind), np.concatenate(corpus)
    teaches = whole_kind != UNUSED
    if not is_hand:
        draw = np.random.default_rng(0)
        for one in np.unique(whole_corpus):
            here = np.flatnonzero(teaches & (whole_corpus == one))
            teaches[draw.permutation(here)[N_ARTICLE:]] = False
    return Source(
        name, is_hand, tuple(batches), sp.vstack(words).tocsr(), np.vstack(plain), whole_kind, teaches,
        np.concatenate(note), whole_corpus,
    )  # fmt: skip


# ---- what is read ------------------------------------------------------------------------------------


def read_sources(corpora: Path, labelled: Path) -> list[Source]:
    """All hands, then the families of articles, then web pages."""
    found = []
    for path in sorted((labelled / "hands").glob("*.jsonl")):
        rows = list(read_rows(path))
        marked = from_bank(path.stem, rows) if "story" in rows[0] else [from_page(r, path.stem) for r in rows]
        found.append(source_of(path.stem, marked, is_hand=True))
    rows = [r for r in read_rows(corpora / "made" / "farm.jsonl") if half(r["group"]) == 0]
    found.append(source_of("made", [from_page(r, "made") for r in rows], is_hand=True))
    found.append(source_of("own", once([from_own(t) for t in own(labelled)]), is_hand=True))
    sound = [t for t in articles(corpora / "articles") if t.label == "reliable"]
    for family in sorted({t.family for t in sound}):
        some = [as_honest(t) for t in sound if t.family == family]
        source = source_of(family, some, is_hand=False)
        if source.kind.size:  # one corpus keeps its articles as single paragraphs
            found.append(source)
    web = random.Random(1).sample(pages(corpora / "boilerplate"), N_PAGES)
    found.append(source_of("pages", [from_web(t) for t in web], is_hand=False))
    return found


def as_honest(text: Labelled) -> Marked:
    """A reliable article."""
    cut = tuple(p.strip() for p in text.text.split("\n\n") if p.strip())
    return Marked(replace(text, text="", paragraphs=cut), (HONEST,) * len(cut), ("article",) * len(cut))


def from_web(text: Labelled) -> Marked:
    """A web page: its main text is honest."""
    roles = text.roles or ()
    kind = tuple(HONEST if role == "content" else UNUSED for role in roles)
    return Marked(replace(text, roles=None), kind, ("page",) * len(roles))


def from_page(row: dict[str, Any], hand: str) -> Marked:
    """A made page: fillers are told apart by the rule expected of them."""
    expected = {e["text"].strip(): e["rule"] for e in row["findings"]}
    kinds, notes = [], []
    for paragraph in row["paragraphs"]:
        text = paragraph["text"].strip()
        rule = expected.get(text) or next((r for t, r in expected.items() if text in t or t in text), "")
        is_filler, is_honest = paragraph["label"] == "filler", paragraph["label"] == "content"
        kinds.append(BY_RULE.get(rule, UNUSED) if is_filler else HONEST if is_honest else UNUSED)
        notes.append(rule if is_filler else paragraph["label"])
    parts = tuple(p["text"] for p in row["paragraphs"])
    text = Labelled(row["id"], hand, row["group"], row["label"], row["made"], "", parts)
    return Marked(text, tuple(kinds), tuple(notes))


def from_bank(hand: str, rows: Sequence[dict[str, Any]]) -> list[Marked]:
    """Pages of each story of a bank, each with a hollow paragraph, an honest one that looks so and a spliced one, while there are any."""
    chance = random.Random(hand)
    found = []
    for number in sorted({r["story"] for r in rows}):
        by = {kind: [r["text"] for r in rows if (r["story"], r["kind"]) == (number, kind)] for kind in BANK}
        for k in range(max(len(by[kind]) for kind in PLANTED)):
            page = [(text, "story") for text in by["story"]]
            for kind in PLANTED:
                at_end = kind == "stock" and chance.random() < AT_END
                place = len(page) if at_end else chance.randint(1, len(page))
                page[place:place] = [(text, kind) for text in by[kind][k : k + 1]]
            texts, notes = zip(*page, strict=True)
            text = Labelled(f"{hand}-{number}-{k}", hand, f"{hand}-{number}", "", hand, "", texts)
            found.append(Marked(text, tuple(BANK[note] for note in notes), notes))
    return found


PLANTED = ("near", "off_topic", "stock")
BANK = {"story": HONEST, "near": HONEST, "stock": HOLLOW, "off_topic": SPLICED}


def from_own(text: Labelled) -> Marked:
    """A labelled text of our own: fillers are told apart by how it was spoilt."""
    kinds = {"filler": BY_KIND.get(text.kind, UNUSED), "content": HONEST}
    roles = text.roles or ()
    kind = tuple(kinds.get(role or "", UNUSED) for role in roles)
    return Marked(replace(text, roles=None), kind, (text.kind,) * len(roles))


def once(marked: Sequence[Marked]) -> list[Marked]:
    """The texts, with sentences of a story that stand in several versions teaching once."""
    batch = batch_of(marked)
    group = batch.paragraphs
    edges = np.searchsorted(group.parent, np.arange(len(marked) + 1)).tolist()
    seen: set[str] = set()
    found = []
    for one, low, high in zip(marked, edges, edges[1:], strict=False):
        places = zip(group.start[low:high].tolist(), group.end[low:high].tolist(), strict=True)
        mine = [batch.text_of(*place) for place in places]
        kind = tuple(UNUSED if k == HONEST and t in seen else k for k, t in zip(one.kind, mine, strict=True))
        seen.update(mine)
        found.append(replace(one, kind=kind))
    return found


# ---- what is learnt ----------------------------------------------------------------------------------


def weights_of(sources: Sequence[Source], rows: Sequence[Ints], label: Bools) -> Floats:
    """Weights of rows: three tenths for the filler, half for honest paragraphs of hands, the rest for corpora; within these, the root of the number."""
    source = np.concatenate([np.full(r.size, k) for k, r in enumerate(rows)])
    hand = np.array([s.is_hand for s in sources])[source]
    weight = np.zeros(label.size)
    for cell in np.unique(source * 2 + label):
        here = source * 2 + label == cell
        weight[here] = 1 / np.sqrt(here.sum())
    for some, share in ((label, 0.3), (~label & hand, 0.5), (~label & ~hand, 0.2)):
        weight[some] *= share * label.size / weight[some].sum()
    return weight


def taught(sources: Sequence[Source], kind: int) -> tuple[list[Ints], Bools]:
    """Rows of each source that teach a kind, honest ones and those of the kind, and the label of each."""
    rows = [np.flatnonzero(s.teaches & np.isin(s.kind, (HONEST, kind))) for s in sources]
    return rows, np.concatenate([s.kind[r] == kind for s, r in zip(sources, rows, strict=True)])


def learn_words(sources: Sequence[Source]) -> tuple[NDArray[np.int8], Floats]:
    """Weights of buckets for each kind, int8[kinds, buckets] in units of 1/127 of the largest, float64[kinds]."""
    from sklearn.linear_model import LogisticRegression

    found = []
    for kind in range(len(KINDS)):
        rows, label = taught(sources, kind)
        matrix = sp.vstack([s.words[r] for s, r in zip(sources, rows, strict=True)]).tocsr()
        fit = LogisticRegression(C=WORD_FREEDOM, max_iter=60, tol=1e-3)
        fit.fit(matrix, label, sample_weight=weights_of(sources, rows, label))
        found.append(fit.coef_[0])
    weights = np.array(found)
    scale = np.abs(weights).max(axis=1) / 127
    return np.round(weights / scale[:, None]).astype(np.int8), scale


def learn(sources: Sequence[Source]) -> Padding:
    """Words and columns, the intercept at even chances."""
    from sklearn.linear_model import LogisticRegression

    columns = {}
    for fold in range(N_FOLDS):
        words = learn_words([s for k, s in enumerate(sources) if k % N_FOLDS != fold])
        columns |= {s.name: s.columns(*words) for s in sources[fold::N_FOLDS]}
    usual = np.vstack([columns[s.name][s.teaches] for s in sources])
    center, spread = np.nanmean(usual, axis=0), np.nanstd(usual, axis=0)
    spread[spread == 0] = 1.0
    weights, intercept = [], []
    for kind in range(len(KINDS)):
        rows, label = taught(sources, kind)
        matrix = np.vstack([columns[s.name][r] for s, r in zip(sources, rows, strict=True)])
        scaled = np.clip((np.where(np.isnan(matrix), center, matrix) - center) / spread, -CLIP, CLIP)
        fit = LogisticRegression(C=COLUMN_FREEDOM, max_iter=200)
        fit.fit(scaled, label, sample_weight=weights_of(sources, rows, label))
        weights.append(fit.coef_[0])
        intercept.append(fit.intercept_[0])
    return Padding(*learn_words(sources), center, spread, np.array(weights), np.array(intercept))


def left_out(sources: Sequence[Source]) -> dict[str, Floats]:
    """Log odds of each source by what was learnt without it, and without a hand or family; float64[kinds, n]."""
    hands, families = [s for s in sources if s.is_hand], [s for s in sources if not s.is_hand]
    odds: dict[str, Floats] = {}
    for k in range(max(len(hands), len(families))):
        out = [some[k % len(some)] for some in (hands, families)]
        table = learn([s for s in sources if s not in out])
        odds |= {
            s.name: table.log_odds(s.columns(table.words, table.scale)) for s in out if s.name not in odds
        }
        print("without", *(s.name for s in out), flush=True)
    return odds


def bounds(sources: Sequence[Source], odds: dict[str, Floats], share: float) -> Floats:
    """Log odds that a share of the paragraphs of reliable articles reaches, mean over families; float64[kinds]."""
    some = [odds[s.name][:, s.kind == HONEST] for s in sources if not s.is_hand]
    levels = [np.quantile(values, 1 - share, axis=1) for values in some if values.shape[1] >= 1 / share]
    return np.asarray(np.mean(levels, axis=0), np.float64)


def report(sources: Sequence[Source], odds: dict[str, Floats]) -> str:
    """What is found of each source left out at 1 and at 5 alarms in 1,000 paragraphs of reliable articles."""
    levels = [bounds(sources, odds, share) for share in (0.001, 0.005)]
    heads = ["source", "what", "paragraphs"]
    heads += [f"{name} at {n}" for n in (1, 5) for name in (*KINDS, "either")]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for s in sources:
        note = s.note if s.is_hand else np.full(s.kind.size, "article")
        for kind, what in sorted(set(zip(s.kind.tolist(), note.tolist(), strict=True)), reverse=True):
            here = (s.kind == kind) & (note == what)
            if kind == UNUSED:
                continue
            row = []
            for level in levels:
                hit = odds[s.name][:, here] > level[:, None]
                row += [*hit.mean(axis=1), hit.any(axis=0).mean()]
            name = "honest" if kind == HONEST else KINDS[kind]
            cells = [s.name, f"{name}, {what}", str(here.sum()), *(f"{value:.4f}" for value in row)]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("corpora", type=Path)
    options.add_argument("--own", type=Path, default=Path("labelled"))
    options.add_argument("--evaluate", type=Path, metavar="FILE")
    given = options.parse_args()
    with one_thread():
        sources = read_sources(given.corpora, given.own)
        odds = left_out(sources)
        table = learn(sources)
    if given.evaluate:
        given.evaluate.write_text(report(sources, odds), "utf8")
    bound = bounds(sources, odds, ALARMS)
    numbers = {f.name: getattr(table, f.name) for f in fields(Padding)}
    write_arrays(
        DATA / "padding.npz",
        {"names": np.array(column_names()), **numbers, "intercept": table.intercept - bound},
    )


if __name__ == "__main__":
    main()
