"""Measure models on corpora that they have not seen, through the command line, beside two baselines.

    python scripts/measure_left_out.py ../shared out [--only articles|pages|made|keep|base]

For each family of article corpora and each main page corpus a model is trained without it and
`../shared/tools/measure.py` is run on it with that model; for the made pages, by two halves of
their groups. Baselines measured on the same folds: TF-IDF with logistic regression, and a probe
that sees length and format alone. `keep`: what `quality filter` keeps, of articles by models that have not seen their
family, of the controls (../shared/corpora/controls, which nothing learns from) by the shipped one. Writes out/left_out.json
and prints Markdown for docs/results.md.

`--only base` is a short cut of seconds: wording as the base has it (by models without the family), weights of the
evidence learnt without the family; roles of paragraphs and the scale of the wording have seen it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from quality import evidence
from quality.columns import Bools, Floats
from quality.features.officials import OfficialsResult
from quality.learn.base import Base, load
from quality.learn.build import build, with_roles
from quality.learn.columns import Material, Some
from quality.learn.corpora import FAMILIES, LABEL_FAMILIES, Labelled, half, read_rows
from quality.learn.fit import Table
from quality.learn.judged import form_of
from quality.learn.material import read_material
from quality.learn.train import fit, save_model
from quality.model import Model
from quality.scorer import Scorer

PAGE_CORPORA = ("wcxb_dev", "aeb", "cleaneval")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("shared", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--only", choices=("articles", "pages", "made", "keep", "base"))
    options.add_argument("--own", type=Path, default=Path("labelled"))
    options.add_argument("--base", type=Path, help="for pages: a base built from all of it already")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    if given.only == "base":
        show(measure_base(load(given.own / "base"), seed=given.seed))
        return
    material = read_material(given.shared / "corpora", given.own, seed=given.seed)
    found: dict[str, Any] = {}
    if given.only in (None, "articles"):
        found["articles"] = measure_articles(given, material)
    if given.only in (None, "pages"):
        found["pages"] = measure_pages(given, material)
    if given.only in (None, "made"):
        found["made"] = measure_made(given, material)
    if given.only in (None, "keep"):
        found["keep"] = measure_keep(given, material)
    (given.out / "left_out.json").write_text(json.dumps(found, indent=1) + "\n", "utf8")


def trained_without(given: argparse.Namespace, material: Material, family: str) -> Path:
    """Folder of a model trained without a family."""
    folder: Path = given.out / "models" / family
    base = build(material, leave_out=frozenset([family]), seed=given.seed)
    save_model(fit(base, family, seed=given.seed), base, folder)
    return folder


def measured(given: argparse.Namespace, what: str, data: Path, model: Path) -> dict[str, Any]:
    """What measure.py finds on some data with a model."""
    result = given.out / "measured.json"
    command = [sys.executable, str(given.shared / "tools" / "measure.py"), what, str(data)]
    command += ["--cmd", f"{sys.executable} -m quality --model {model}", "--json", str(result)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    print(done.stdout, file=sys.stderr)
    return dict(json.loads(result.read_text("utf8")))


def measure_articles(given: argparse.Namespace, material: Material) -> list[dict[str, Any]]:
    texts = [t for some in material.articles for t in some.texts]
    rows = []
    for family in sorted({t.family for t in texts}):
        model = trained_without(given, material, family)
        for corpus in sorted({t.corpus for t in texts if t.family == family}):
            data = given.shared / "corpora" / "articles" / f"{corpus}.jsonl.xz"
            row = measured(given, "articles", data, model)["table"][0]
            row["tf-idf + lr"], row["format only"] = baselines(texts, corpus, family)
            rows.append(row)
            print(json.dumps(row), file=sys.stderr)
    show(rows)
    for key in ("auc", "tf-idf + lr", "format only"):
        print(f"macro {key}: {np.mean([r[key] for r in rows]):.3f}")
    return rows


def measure_base(base: Base, *, seed: int) -> list[dict[str, Any]]:
    """Ranking, and verdicts of the policy `default`, by the base's own scores and evidence learnt without the family."""
    table = base.documents
    family = np.array([FAMILIES.get(name, name) for name in base.corpora])[table.corpus]
    as_published = np.array([":" not in kind for kind in base.kinds])[table.kind]
    reliable = table.label == 1
    likeness = base.likeness.effect(base.likeness_score, base.familiarity)
    shipped = fit(base, "all", seed=seed)
    roles = (shipped.boilerplate, shipped.filler)
    rows = []
    for code, corpus in enumerate(base.corpora):
        here = np.flatnonzero(as_published & (table.corpus == code))
        if LABEL_FAMILIES.get(corpus) in (None, "making") or not here.size:
            continue
        others = np.flatnonzero(family != FAMILIES.get(corpus, corpus))
        part = {f.name: getattr(table, f.name)[others] for f in fields(Table) if f.name != "names"}
        without = replace(
            base,
            documents=Table(table.names, **part),
            likeness_score=base.likeness_score[others],
            familiarity=base.familiarity[others],
        )
        model = fit(without, corpus, seed=seed, parts=roles)
        matrix = table.matrix[here].astype(np.float64)
        value = model.calibrated(model.reliability.logit(matrix) + likeness[here])
        hard = (matrix[:, [table.names.index(name) for name in base.hard]] > 0).any(axis=1)
        policy, truth = model.policies["default"], reliable[here]
        review, drop = value < policy.keep, hard & (value < policy.drop)
        rows.append(
            {
                "corpus": corpus,
                "wording alone": round(auc(truth, base.likeness_score[here]), 3),
                "whole": round(auc(truth, value), 3),
                "reliable dropped": round(float(drop[truth].mean()), 4),
                "reliable kept back": round(float(review[truth].mean()), 3),
                "unreliable kept back": round(float(review[~truth].mean()), 3),
            }
        )
    mean = {k: round(float(np.mean([r[k] for r in rows])), 4) for k in rows[0] if k != "corpus"}
    return [*rows, {"corpus": "mean"} | mean]


def auc(truth: Bools, value: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, value))


def baselines(texts: list[Labelled], corpus: str, family: str) -> tuple[float, float]:
    """AUC of TF-IDF with logistic regression, and of length and format alone, trained without the family."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.preprocessing import StandardScaler

    test = [t for t in texts if t.corpus == corpus]
    groups = {t.group for t in texts if t.family == family}
    train = [t for t in texts if t.family != family and t.group not in groups]
    label, truth = ([t.label == "unreliable" for t in some] for some in (train, test))
    cells = Counter((t.corpus, t.label) for t in train)
    weight = np.array([1.0 / cells[t.corpus, t.label] for t in train])
    weight /= weight.mean()
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=300_000)
    words = [" ".join(t.text.split())[:3500] for t in train], [" ".join(t.text.split())[:3500] for t in test]
    model = LogisticRegression(C=3.0, max_iter=200).fit(
        vectors.fit_transform(words[0]), label, sample_weight=weight
    )
    tf_idf = roc_auc_score(truth, model.decision_function(vectors.transform(words[1])))
    scale = StandardScaler()
    shape = scale.fit_transform([form_of(t.text) for t in train])
    probe = LogisticRegression().fit(shape, label, sample_weight=weight)
    only_format = roc_auc_score(
        truth, probe.decision_function(scale.transform([form_of(t.text) for t in test]))
    )
    return round(float(tf_idf), 4), round(float(only_format), 4)


def measure_pages(given: argparse.Namespace, material: Material) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    intervals: list[dict[str, Any]] = []
    base = load(given.base) if given.base else build(material, seed=given.seed)
    for corpus in PAGE_CORPORA:
        model = given.out / "models" / corpus
        without = with_roles(base, material, leave_out=frozenset([corpus]), seed=given.seed)
        save_model(fit(without, corpus, seed=given.seed), without, model)
        data = given.shared / "corpora" / "boilerplate" / f"{corpus}.jsonl.xz"
        rows.append(measured(given, "paragraphs", data, model)["table"][0])
        print(json.dumps(rows[-1]), file=sys.stderr)
        pages = [some for some in material.pages if any(t.corpus == corpus for t in some.texts)]
        for careful in (False, True):
            counts = page_counts(Scorer(Model.load(model), careful=careful), pages, corpus)
            intervals.append({"corpus": corpus, "careful": careful} | by_pages(counts, given.seed))
            print(json.dumps(intervals[-1]), file=sys.stderr)
    show(rows)
    show(intervals)
    for careful in (False, True):
        mean = {k: np.mean([r[k][0] for r in intervals if r["careful"] is careful]) for k in PAGE_FIGURES}
        print(f"mean, careful {careful}: " + ", ".join(f"{k} {v:.4f}" for k, v in mean.items()))
    return rows + intervals


# Of counts of paragraphs of eight words and more by truth and role (furniture found, content lost, furniture kept,
# content kept), and of words of all (the same): figures of a set of pages.
PAGE_FIGURES: dict[str, Callable[[Floats], float]] = {
    "boilerplate F1": lambda c: 2 * c[0] / (2 * c[0] + c[1] + c[2]),
    "content F1": lambda c: 2 * c[3] / (2 * c[3] + c[1] + c[2]),
    "words lost": lambda c: c[5] / (c[5] + c[7]),
    "words lost to furniture": lambda c: c[8] / (c[5] + c[7]),
    "words kept": lambda c: c[6] / (c[4] + c[6]),
}


def page_counts(scorer: Scorer, pages: Sequence[Some], corpus: str) -> Floats:
    """Counts for `PAGE_FIGURES` of each page of a corpus; float64[pages, 9]. The last: content words called boilerplate."""
    found = []
    for some in pages:
        undated = OfficialsResult((), ({},) * len(some.texts), ((),) * len(some.texts))
        columns = scorer.weigh(some.batch, some.counted, undated)
        parent = some.batch.paragraphs.parent
        words = np.array([len(re.findall(r"\w+", p)) for t in some.texts for p in t.paragraphs or ()])
        known = np.isin(some.roles, ("content", "boilerplate"))
        furniture, other = some.roles == "boilerplate", columns.role != evidence.CONTENT
        long = known & (words >= 8)
        cells = [furniture & other, ~furniture & other, furniture & ~other, ~furniture & ~other]
        weights = [long & cell for cell in cells] + [words * (known & cell) for cell in cells]
        weights.append(words * (known & ~furniture & (columns.role == evidence.BOILERPLATE)))
        table = [np.bincount(parent, weights=w, minlength=len(some.texts)) for w in weights]
        mine = np.array([t.corpus == corpus for t in some.texts])
        found.append(np.column_stack(table)[mine])
    return np.vstack(found)


def by_pages(counts: Floats, seed: int, n_draws: int = 1000) -> dict[str, tuple[float, float, float]]:
    """Each figure with its 95 % interval, pages drawn anew."""
    random = np.random.default_rng(seed)
    draws = [counts[random.integers(0, len(counts), len(counts))].sum(axis=0) for _ in range(n_draws)]
    result = {}
    for name, figure in PAGE_FIGURES.items():
        low, high = np.quantile([figure(d) for d in draws], [0.025, 0.975])
        whole = float(figure(counts.sum(axis=0)))
        result[name] = (round(whole, 4), round(float(low), 4), round(float(high), 4))
    return result


def measure_made(given: argparse.Namespace, material: Material) -> list[dict[str, Any]]:
    """Each half of the made pages by a model that has seen only the other half."""
    rows = []
    path = given.shared / "corpora" / "made" / "farm.jsonl"
    for side in (0, 1):
        named = f"made{side}"
        marked = [
            replace(some, texts=tuple(_renamed(t, side, named) for t in some.texts))
            for some in material.marked
        ]
        model = trained_without(given, replace(material, marked=marked), named)
        data = given.out / f"{named}.jsonl"
        lines = [json.dumps(row, ensure_ascii=False) for row in read_rows(path) if half(row["group"]) == side]
        data.write_text("\n".join(lines) + "\n", "utf8")
        result = measured(given, "farm", data, model)
        rows.append({"half": side} | {k: v for k, v in result.items() if k != "table"})
    show(rows)
    return rows


POLICIES = ("default", "strict", "lenient", "hard-only", "threshold 0.5")


def measure_keep(given: argparse.Namespace, material: Material) -> list[dict[str, Any]]:
    """Share of texts that `quality filter --mode drop` keeps, by corpus, label and policy; and that are "keep"."""
    texts = [t for some in material.articles for t in some.texts]
    rows = []
    for family in sorted({t.family for t in texts}):
        model = str(trained_without(given, material, family))
        for corpus in sorted({t.corpus for t in texts if t.family == family}):
            data = read_rows(given.shared / "corpora" / "articles" / f"{corpus}.jsonl.xz")
            rows += kept_of(corpus, model, list(data))
    for path in sorted((given.shared / "corpora" / "controls").glob("*.jsonl.xz")):
        rows += kept_of(path.name.partition(".")[0], "default", list(read_rows(path)))
    show(rows)
    return rows


def kept_of(corpus: str, model: str, data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one corpus, one a label."""
    from quality.filter import scorer_of

    rows = []
    for label in ("reliable", "unreliable"):
        some = [{k: v for k, v in row.items() if k != "label"} for row in data if row["label"] == label]
        if not some:
            continue
        row: dict[str, Any] = {"corpus": corpus, "label": label, "texts": len(some)}
        for name in POLICIES:
            threshold = float(name.split()[1]) if " " in name else None
            scorer = scorer_of(model, "default" if threshold else name, threshold, (), ())
            verdicts = Counter(report.verdict for report in scorer.score_many(some))
            row[f"{name}: kept"] = round(1 - verdicts["drop"] / len(some), 4)
            row[f"{name}: keep"] = round(verdicts["keep"] / len(some), 4)
        rows.append(row)
        print(json.dumps(row), file=sys.stderr)
    return rows


def _renamed(text: Labelled, side: int, name: str) -> Labelled:
    return replace(text, corpus=name) if text.corpus == "made" and half(text.group) == side else text


def show(rows: list[dict[str, Any]]) -> None:
    columns = list(rows[0])
    print("| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(row.get(c, "")) for c in columns) + " |")


if __name__ == "__main__":
    main()
