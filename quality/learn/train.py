"""From a base to a model: fit roles, filler, evidence; calibrate; choose thresholds.

All of it reads numbers only (quality/learn/base.py), so a model can be trained again without the
corpora. scikit-learn fits what has no constraints; the evidence is fitted with its signs fixed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quality import __version__
from quality.columns import Bools, Floats
from quality.learn.base import Base, sound_rows
from quality.learn.corpora import Labelled
from quality.learn.fit import fit_boilerplate, fit_filler, fit_signed
from quality.model import KNOWN, LIKENESS_LIMIT, Linear, Model, seal, sigmoid, total, write_arrays
from quality.report import Policy
from quality.scorer import Scorer
from quality.trees import Trees

# Penalty on evidence weights, on the mean loss; and how far a term may move the logit for each unit, by the id of the
# rule, else its family, else its tier. What is wrong about the world weighs most, then what only a program says; marks and
# tags left over may be a slip of a page that is sound otherwise.
EVIDENCE_PENALTY = 1e-4
EVIDENCE_LIMIT = {
    "hard": 4.0,
    "leak": 3.0,
    "leak.category_tags": 2.0,
    "leak.citation_debris": 1.0,
    "repeat.headline": 1.0,
    "soft": 0.5,
    "filler_words": 1.2,
}

# Log odds of furniture that a careful scorer takes off: with it 1.4 in 100 words of content are lost on corpora left out,
# less than half as many as otherwise (docs/results.md).
CAREFUL = 0.8

POLICY_RATES = {
    # share of reliable texts (mean over corpora) that a policy may keep back for review, and drop
    "default": (0.025, 0.002),
    "strict": (0.15, 0.005),
    "lenient": (0.01, 0.001),
}
# The only policy that keeps a text back for its wording alone. What reads unlike the reliable corpora may be honest writing of another
# kind: models of the same recipe kept back 4 to 15 of 77 honest texts of early Wikinews for that, none for a fault (docs/decisions.md).
BY_WORDING = "strict"
# Fewer words than this say too little; English text has a share of function words above this
# (own counts on the shared corpora: 99.9 % of texts of 60 words have more than 0.2).
N_WORDS_LOW, STOP_WORD_SHARE_LOW = 25, 0.2


def fit(base: Base, name: str, *, seed: int = 0, parts: tuple[Trees, Linear] | None = None) -> Model:
    """The model that a base gives; `parts` are its two role models, where they are known already."""
    roles, filler = parts or (
        fit_boilerplate(base.roles, base.role_edges, seed),
        fit_filler(base.filler, sound_rows(base.filler, base.kinds), base.hard),
    )
    documents = base.documents
    matrix = np.nan_to_num(documents.matrix.astype(np.float64))
    label = documents.label == 1
    weight = documents.weight.astype(np.float64)
    likeness_effect = base.likeness.effect(base.likeness_score, base.familiarity)
    limits = [_limit(n, n in base.hard) for n in documents.names]
    weights, intercept = fit_signed(
        matrix, label, weight, likeness_effect, EVIDENCE_PENALTY, [(-limit, 0.0) for limit in limits]
    )
    evidence_logit = intercept + total(matrix * weights)
    logit = evidence_logit + likeness_effect
    reliability = Linear(documents.names, weights, intercept)
    slope, offset = fit_signed(logit[:, None], label, weight, None, 0.0, (0.05, 20.0))
    chance = sigmoid(slope[0] * logit + offset)
    paragraph_model, paragraph_calibration = _fit_paragraphs(base, evidence_logit)
    return Model(
        name,
        "",
        {},
        base.first_look,
        roles,
        CAREFUL,
        filler,
        base.filler_words,
        base.likeness,
        reliability,
        paragraph_model,
        (float(slope[0]), offset),
        paragraph_calibration,
        _policies(base, chance, label, float(sigmoid(slope[0] * (intercept - LIKENESS_LIMIT) + offset))),
    )


def _limit(name: str, hard: bool) -> float:
    """How far a term may move the logit for each unit."""
    family = name.partition(".")[0] if hard else name
    return EVIDENCE_LIMIT.get(name, EVIDENCE_LIMIT.get(family, EVIDENCE_LIMIT["hard" if hard else "soft"]))


def _fit_paragraphs(base: Base, evidence_logit: Floats) -> tuple[Linear, tuple[float, float]]:
    """Reliability of paragraphs: their role, the hard findings in them, and the article around them."""
    table = base.paragraphs
    matrix = np.nan_to_num(table.matrix.astype(np.float64))
    label = table.label == 1
    columns = list(table.names)
    bounds = [(-6.0, 0.0)] * len(columns)
    at = columns.index("article")
    bounds[at] = (0.0, 0.0)
    weights, intercept = fit_signed(matrix, label, table.weight.astype(np.float64), None, 1e-3, bounds)
    # a paragraph of a doubtful article is doubtful itself: half of the article's logit, by choice
    weights[at] = 0.5
    # texts that nobody could judge have no weight
    centre = 0.5 * float(np.median(evidence_logit[base.documents.weight > 0]))
    return Linear(table.names, weights, intercept - centre), (1.0, 0.0)


def _policies(base: Base, chance: Floats, label: Bools, wording: float) -> dict[str, Policy]:
    """Thresholds at which stated shares of reliable texts are kept back or dropped, mean over corpora.

    `wording` is the reliability of a text against which nothing but all of its wording speaks: all policies but `BY_WORDING` keep it.
    """
    corpora = base.documents.corpus
    sound = [chance[label & (corpora == c)] for c in np.unique(corpora[label])]
    sound = [values for values in sound if values.size >= 50]
    policies = {}
    for name, (review, drop) in POLICY_RATES.items():
        keep, low = _level(sound, review), _level(sound, drop)
        if name != BY_WORDING:
            keep = min(keep, math.floor(wording * 1e4) / 1e4)
        policies[name] = Policy(
            name, round(keep, 4), round(min(low, keep), 4), N_WORDS_LOW, STOP_WORD_SHARE_LOW
        )
    return policies


def _level(sound: Sequence[Floats], share: float) -> float:
    """The value below which a share of each corpus's texts lies, mean over corpora."""
    values = np.concatenate(sound)
    weight = np.concatenate([np.full(v.size, 1.0 / (v.size * len(sound))) for v in sound])
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order]) - weight[order]
    return float(values[order][np.searchsorted(below, share, "right") - 1])


def save_model(
    model: Model,
    base: Base,
    folder: Path,
    golden: Sequence[Labelled] = (),
    *,
    told: Mapping[str, Any] | None = None,
    page: str = "",
) -> str:
    """Write a model with its card, golden texts and expected values, and the model card; returns the digest.

    `told` are further fields of the card, `page` what the model card adds about the training. Who adds a file
    afterwards seals the folder again (quality/model.py).
    """
    documents = base.documents
    counts = {}
    for k, corpus in enumerate(base.corpora):
        label = documents.label[documents.corpus == k]  # 2, unclear, is neither
        if label.size:
            counts[corpus] = {"reliable": int((label == 1).sum()), "unreliable": int((label == 0).sum())}
    card = {
        "name": model.name,
        "made_by": f"quality {__version__}",
        "documents": counts,
        "n_role_paragraphs": int(base.roles.label.size),
        "n_filler_paragraphs": int(base.filler.label.size),
        "mix": MIX,
        "limits": LIMITS,
        **(told or {}),
    }
    digest = model.save(folder, card)
    scorer = Scorer(Model.load(folder))
    lines = []
    for text in golden:
        report = scorer.score(text.record)
        expected = {"reliability": report.reliability, "verdict": report.verdict}
        lines.append(
            json.dumps({"id": text.id, "date": text.date, "text": text.text, **expected}, ensure_ascii=False)
        )
    (folder / "golden.jsonl").write_text("".join(line + "\n" for line in lines), "utf8")
    (folder / "README.md").write_text(model_card(model, counts) + page, "utf8")
    write_arrays(folder / KNOWN, {"texts": base.texts[:, 0]})
    seal(folder)
    return digest


MIX = (
    "every public article corpus and each of its labels weighs the same, as do the kinds of spoilt, made and own "
    "texts: about half of the weight is reliable"
)
LIMITS = (
    "English news and web text. No fact-check and no proof of who wrote a text. Labels mean different things in "
    "different corpora; on sources never seen the likeness ranks at an AUC of about .8 and is not calibrated."
)


def model_card(model: Model, counts: Mapping[str, Mapping[str, int]]) -> str:
    """The README of a model folder, with the front matter that model hubs read."""
    rows = "\n".join(f"| {k} | {v['reliable']} | {v['unreliable']} |" for k, v in counts.items())
    policies = "\n".join(f"| {p.name} | {p.keep} | {p.drop} |" for p in model.policies.values())
    weights = "\n".join(
        f"| {n} | {w:.2f} |"
        for n, w in zip(model.reliability.names, model.reliability.weights, strict=True)
        if w
    )
    # a name alone is looked for among the shipped models only
    place = model.name if model.name == "default" else f"path/to/{model.name}"
    return f"""---
license: mit
language: en
tags: [source-quality, boilerplate, news]
---
# {model.name}

Reliability of English news and web texts and of their paragraphs, and the role of each paragraph.
Numbers only: `card.json`, `weights.npz` (no pickle), `known.npz` (fingerprints of the texts learnt from). Load with `quality.Scorer.load("{place}")`.

**Meaning.** Probability that a text belongs to the sourced, human-edited, true-to-its-date side of this mix:
{MIX}.

**Limits.** {LIMITS}

| texts learnt from | reliable | unreliable |
| --- | --- | --- |
{rows}

| policy | keep from | drop below (hard evidence only) |
| --- | --- | --- |
{policies}

What a unit of each term adds to the logit (terms: quality/evidence.py); the likeness adds at most one either way.

| term | weight |
| --- | --- |
{weights}

Figures on left-out corpora: docs/results.md. Fingerprints of the texts learnt from: `known.npz`. Sums of all files:
`sha256sum --check SHA256SUMS`.
"""
