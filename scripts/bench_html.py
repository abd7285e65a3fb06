"""Token F1, block F1 and speed of what takes the main text out of pages, in one run on the same pages.

    python scripts/bench_html.py ../shared/corpora/boilerplate [--left-out out] [--pages N]

Ours are judged by models and numbers that have not seen the corpus where `--left-out` names the folder that
scripts/build_html.py made; else by the shipped ones, which have seen these pages. Token F1 is the mean over pages;
block F1 is over all blocks of a corpus that are labelled beyond doubt, a block counting as kept where its text stands in
what was kept (quality/html/agreement.py). Times are of the processor, in one thread, the systems taking turns page by
page so that noise of the machine hits all alike; ours gets 48 pages at a time. Prints Markdown for docs/results.md.
"""

from __future__ import annotations

import argparse
import difflib
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from quality.html import reading
from quality.html.agreement import kept
from quality.html.page import texts, tree_of, walk
from quality.html.stack import Stack
from quality.learn.corpora import read_rows
from quality.learn.stacking import token_f1
from quality.scorer import Scorer

# About as many as a scorer reads together (`quality.scorer.batches`).
AT_ONCE = 48
# Pages that every system reads before its time is taken.
WARM = 8

Extract = Callable[[Sequence[str]], Sequence[str]]


def trafilatura(**options: Any) -> Extract:
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return lambda pages: [trafilatura.extract(page, **options) or "" for page in pages]


def justext() -> Extract:
    import justext

    words = justext.get_stoplist("English")

    def text(page: str) -> str:
        try:
            return "\n".join(p.text for p in justext.justext(page, words) if not p.is_boilerplate)
        except Exception as error:  # it fails on some pages, which then have no text
            print(f"jusText: {error!r}", file=sys.stderr)
            return ""

    return lambda pages: [text(page) for page in pages]


def resiliparse() -> Extract:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda pages: [extract_plain_text(page, main_content=True) for page in pages]


def ours(scorer: Scorer, stack: Stack, mode: str) -> Extract:
    def run(pages: Sequence[str]) -> list[str]:
        found = reading.extract(pages, [None] * len(pages), scorer.odds, mode, stack)
        return ["\n".join(one.paragraphs) for one in found]

    return run


def systems(scorer: Scorer, stack: Stack) -> dict[str, Extract]:
    """All that take the main text out of pages, by name, ours with a scorer's role model and these numbers."""
    return {
        "quality": ours(scorer, stack, "full"),
        "quality --html fast": ours(scorer, stack, "fast"),
        "trafilatura": trafilatura(),
        "trafilatura, favor_recall": trafilatura(favor_recall=True),
        "jusText": justext(),
        "resiliparse, main_content": resiliparse(),
    }


def timed(runs: dict[str, Extract], pages: Sequence[str], spent: dict[str, float]) -> dict[str, list[str]]:
    """What each makes of the pages, taking turns; the processor time of each is added to `spent`."""
    found: dict[str, list[str]] = defaultdict(list)
    for run in runs.values():
        run(pages[:WARM])
    for k in range(0, len(pages), AT_ONCE):
        for name, run in runs.items():
            begun = time.process_time()
            found[name] += run(pages[k : k + AT_ONCE])
            spent[name] += time.process_time() - begun
    return found


def labels(row: dict[str, Any], blocks: Sequence[str]) -> list[str | None]:
    """Label of each of our blocks of a page, from the corpus's own; None where it has none beyond doubt."""
    keys = ["".join(p["text"].split()) for p in row["paragraphs"]]
    match = difflib.SequenceMatcher(None, keys, ["".join(b.split()) for b in blocks], autojunk=False)
    found: list[str | None] = [None] * len(blocks)
    for i, j, n in match.get_matching_blocks():
        for k in range(n):
            paragraph = row["paragraphs"][i + k]
            found[j + k] = None if paragraph.get("amb") else paragraph["label"]
    return found


def block_f1(truth: np.ndarray, said: np.ndarray) -> float:
    return float(2 * (truth & said).sum() / max(truth.sum() + said.sum(), 1))


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("corpora", type=Path)
    options.add_argument("--left-out", type=Path, dest="left_out")
    options.add_argument("--pages", type=int, help="only the first N of each corpus")
    given = options.parse_args()
    rows = defaultdict(list)
    for row in read_rows(given.corpora / "dev_html.jsonl.xz"):
        if given.pages is None or len(rows[row["source_corpus"]]) < given.pages:
            rows[row["source_corpus"]].append(row)
    f1: dict[str, dict[str, list[float]]] = defaultdict(dict)
    blocks: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    spent: dict[str, float] = defaultdict(float)
    n_timed = 0
    for corpus, some in rows.items():
        folder = given.left_out and given.left_out / corpus
        scorer = Scorer.load(folder or "default")
        stack = Stack.load(folder / "html.toml") if folder else Stack.load()
        runs = systems(scorer, stack)
        found = timed(runs, [row["html"] for row in some], spent)
        n_timed += len(some)
        labelled = {row["id"]: row for row in read_rows(given.corpora / f"{corpus}.jsonl.xz")}
        truths = []
        page_texts = []
        for row in some:
            tree = tree_of(row["html"])
            page_texts.append([] if tree is None else texts(walk(tree).blocks))
            truths += labels(labelled[row["id"]], page_texts[-1])
        truth = np.array(truths, object)
        for name in runs:
            f1[name][corpus] = [
                token_f1(t, row["gold_text"]) for t, row in zip(found[name], some, strict=True)
            ]
            said = np.concatenate(
                [
                    kept(
                        own,
                        [
                            " ".join(line.split()).removeprefix("- ")
                            for line in text.split("\n")
                            if line.strip()
                        ],
                    )
                    for own, text in zip(page_texts, found[name], strict=True)
                ]
            )
            sure = truth != None  # noqa: E711 - element by element
            is_content = truth[sure] == "content"
            blocks[name][corpus] = block_f1(is_content, said[sure]), block_f1(~is_content, ~said[sure])
    corpora = list(rows)
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("trafilatura", "jusText", "Resiliparse", "lxml")
    )
    print(f"{', '.join(f'{len(some)} pages of {c}' for c, some in rows.items())}; {versions}.\n")
    head = [f"{c}" for c in (*corpora, "all pages", "mean of corpora")]
    print("| token F1 | " + " | ".join(head) + " | ms a page | times as fast as trafilatura |")
    print("|" + " --- |" * (len(head) + 3))
    for name, of in f1.items():
        means = [float(np.mean(of[c])) for c in corpora]
        every = float(np.mean([x for c in corpora for x in of[c]]))
        cells = [f"{x:.4f}" for x in (*means, every, float(np.mean(means)))]
        fast = spent["trafilatura"] / spent[name]
        print(f"| {name} | " + " | ".join(cells) + f" | {1000 * spent[name] / n_timed:.1f} | {fast:.2f} |")
    print("\n| block F1, content / boilerplate | " + " | ".join((*corpora, "mean of corpora")) + " |")
    print("|" + " --- |" * (len(corpora) + 2))
    for name, by in blocks.items():
        pairs = [by[c] for c in corpora]
        pairs.append((float(np.mean([p[0] for p in pairs])), float(np.mean([p[1] for p in pairs]))))
        print(f"| {name} | " + " | ".join(f"{a:.3f} / {b:.3f}" for a, b in pairs) + " |")


if __name__ == "__main__":
    main()
