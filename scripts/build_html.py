"""Learn the numbers that decide where extractors differ about a page, and say what they are worth.

    python scripts/build_html.py ../shared out quality/data/html.toml

For each corpus of pages, role models are trained without it, and the numbers sought on the others; the table shows token
F1 on the corpus left out, beside the first extractor's. The file is written from all corpora, each judged by a role
model that has not seen it. `out` keeps these models, and the numbers sought without each corpus, for
scripts/bench_html.py; models of the
same base that are there already are used again.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
from pathlib import Path

import numpy as np

from quality.html.reading import full_draft
from quality.learn.base import load
from quality.learn.build import with_roles
from quality.learn.corpora import read_rows
from quality.learn.fit import one_thread
from quality.learn.material import read_material
from quality.learn.stacking import Pages, seek
from quality.learn.train import fit, save_model
from quality.scorer import Scorer

CORPORA = ("wcxb_dev", "aeb", "cleaneval")
HEADER = """\
# Numbers that decide where two extractors differ about a block of a page (quality/html/stack.py), in log odds.
# source: own; made by scripts/build_html.py from the pages of the shared corpora; licence MIT.
"""


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("shared", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("numbers", type=Path)
    options.add_argument("--base", type=Path, default=Path("labelled/base"))
    options.add_argument("--own", type=Path, default=Path("labelled"))
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    rows = list(read_rows(given.shared / "corpora" / "boilerplate" / "dev_html.jsonl.xz"))
    drafts = [full_draft(row["html"], row["url"]) for row in rows]
    corpus = [row["source_corpus"] for row in rows]
    scorers = left_out_scorers(given)

    def pages(unseen: frozenset[str]) -> Pages:
        """All pages, each judged by a role model that has seen neither its corpus nor these."""
        odds = [scorers[unseen | {c}].odds([d.lines])[0] for d, c in zip(drafts, corpus, strict=True)]
        heard = [draft.heard(o) for draft, o in zip(drafts, odds, strict=True)]
        return Pages.of([d.lines for d in drafts], [r["gold_text"] for r in rows], heard, corpus)

    print("| corpus left out | pages | first extractor | with the stack |\n| --- | --- | --- | --- |")
    judged = pages(frozenset())
    of_page = np.array(corpus)
    for left_out in CORPORA:
        test = of_page == left_out
        stack = seek(pages(frozenset([left_out])), ~test)
        f1 = judged.f1(stack.margin(judged.heard) > 0)
        print(f"| {left_out} | {test.sum()} | {judged.base[test].mean():.4f} | {f1[test].mean():.4f} |")
        (given.out / left_out / "html.toml").write_text(HEADER + stack.to_toml(), "utf8")
    given.numbers.write_text(HEADER + seek(judged, np.ones(len(rows), bool)).to_toml(), "utf8")


def left_out_scorers(given: argparse.Namespace) -> dict[frozenset[str], Scorer]:
    """Scorers whose role models have not seen one or two of the corpora."""
    wanted = [some for n in (1, 2) for some in itertools.combinations(CORPORA, n)]
    # models of another base would say what another model is worth
    mark, known = given.out / "base.sha256", digest(given.base)
    if not mark.exists() or mark.read_text("utf8") != known:
        missing = wanted
    else:
        missing = [some for some in wanted if not (given.out / "+".join(some) / "card.json").exists()]
    if missing:
        material = read_material(given.shared / "corpora", given.own, seed=given.seed)
        base = load(given.base)
        for some in missing:
            without = with_roles(base, material, leave_out=frozenset(some), seed=given.seed)
            with one_thread():
                model = fit(without, some[0], seed=given.seed)
            save_model(model, without, given.out / "+".join(some))
        mark.write_text(known, "utf8")
    return {frozenset(some): Scorer.load(given.out / "+".join(some)) for some in wanted}


def digest(folder: Path) -> str:
    """SHA-256 of the files of a folder."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).hexdigest()


if __name__ == "__main__":
    main()
