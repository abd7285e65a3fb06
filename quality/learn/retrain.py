"""`quality train`: new labels and the base become a model, which takes the place of the old one or waits.

Reads labels, refuses what contradicts, merges (quality/learn/merge.py), fits (quality/learn/train.py), compares
with the model in place (quality/learn/gate.py) and writes (quality/learn/shelf.py). What was done is told on
one page, which the model card keeps.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from quality.learn.base import LABELS, Base, load
from quality.learn.corpora import Labelled
from quality.learn.fit import one_thread
from quality.learn.gate import Figure, Gate, compare
from quality.learn.labels import new_ones, read_labels, refused
from quality.learn.merge import Merged, merge
from quality.learn.shelf import CANDIDATE, check_place, golden, put
from quality.learn.train import POLICY_RATES, fit, save_model
from quality.model import Model
from quality.records import Record
from quality.report import Report
from quality.scorer import Scorer, model_folder

# Figures of the gate that are about the whole reference set; they come first.
N_WHOLE = 4


class LabelError(ValueError):
    """Labels that nothing can be learnt from; `reasons` has one line for each fault."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(f"{len(reasons)} labels refused")
        self.reasons = tuple(reasons)


@dataclass(frozen=True)
class NewText:
    """A new text before and after: what the model in place said, and the new one by words that had not seen it."""

    id: str
    kind: str
    label: str
    before: str
    after: str
    reliability: float


@dataclass(frozen=True)
class Outcome:
    """What a training came to: where the model is, whether it is in use, and the page about it."""

    folder: Path
    digest: str
    gate: Gate
    is_in_use: bool
    page: str


def base_folder(name: str) -> Path:
    """The folder of a base: as given, or the checkout's own where the working folder has none of that name."""
    given = Path(name)
    checkout = Path(__file__).parents[2] / name
    return checkout if not given.exists() and not given.is_absolute() and checkout.exists() else given


def train(
    files: Sequence[Path], base_at: Path, folder: Path, *, seed: int = 0, allow_regression: str | None = None
) -> Outcome:
    """Learn from label files and a base, and put the model at `folder`, or at NAME.candidate where the gate refuses.

    The model in place is that at `folder`, or else the shipped default. `allow_regression` is the reason for which
    the gate may be overruled; it is kept in the card.

    Raises OSError where a file or the base cannot be read, `LabelError` where labels contradict, ValueError where the
    base or the model in place is of another format, or nothing new is among the labels.
    """
    check_place(folder)
    base = load(base_at)
    given, problems = read_labels(files)
    problems += refused(given, base)
    if problems:
        raise LabelError(problems)
    texts = new_ones(given, base)
    if not texts:
        raise ValueError(f"{len(given)} texts given, all of which the base holds: there is nothing to learn")
    in_place = folder if (folder / "card.json").exists() else model_folder("default")
    if in_place is None:
        raise ValueError(f"no model at {folder} and none shipped: there is nothing to compare with")
    champion = Model.load(in_place)
    with one_thread():
        merged = merge(base, texts, seed=seed)
        model = fit(merged.base, folder.name, seed=seed, parts=(merged.roles, merged.filler))
    gate = compare(base, champion, model, seed=seed)
    gate = replace(gate, objections=(*gate.objections, *_forgotten(champion, texts)))
    seen = _new_texts(texts, merged, model, champion)
    is_in_use = gate.is_passed or allow_regression is not None
    target = folder if is_in_use else folder.with_name(folder.name + CANDIDATE)
    told: dict[str, Any] = {
        "labels": _counted(texts),
        "seed": seed,
        "compared_with": {"name": champion.name, "digest": champion.digest},
        "gate_passed": gate.is_passed,
    }
    if allow_regression is not None:
        told["allow_regression"] = allow_regression
    page = _page(texts, len(given), merged, model, champion, gate, seen, allow_regression)
    texts_of_gold = [
        Labelled(row["id"], "golden", row["id"], "", "", row["text"], date=row.get("date"))
        for row in golden(in_place)
    ]

    def write(part: Path) -> None:
        save_model(
            model, merged.base, part, texts_of_gold, told=told, page=f"\n## Training\n```\n{page}```\n"
        )
        write_metrics(part, gate, seen)

    put(target, write)
    return Outcome(target, Model.load(target).digest, gate, is_in_use, page)


def _forgotten(champion: Model, texts: Sequence[Labelled]) -> list[str]:
    """Kinds that the model in place was taught by labels which are not given now: the reference set has none of them."""
    kinds = set(champion.card.get("labels", ())) - {text.kind for text in texts}
    return [
        f"the model in place has learnt {kind!r} from labels that are not given now: give all label files each time"
        for kind in sorted(kinds)
    ]


def write_metrics(folder: Path, gate: Gate, seen: Sequence[NewText] = ()) -> None:
    """Write all figures of a comparison, and what was said of the new texts, as metrics.json."""
    metrics = {
        "verdicts_changed": None if np.isnan(gate.changed) else gate.changed,
        "objections": gate.objections,
        "figures": [asdict(f) | {"is_worse": f.is_worse} for f in gate.figures],
        "new_texts": [asdict(text) for text in seen],
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", "utf8")


def _counted(texts: Sequence[Labelled]) -> dict[str, dict[str, int]]:
    """How many texts of each label, by kind."""
    found: dict[str, dict[str, int]] = {}
    for text in texts:
        of_kind = found.setdefault(text.kind, dict.fromkeys(LABELS, 0))
        of_kind[text.label] += 1
    return found


def _new_texts(texts: Sequence[Labelled], merged: Merged, model: Model, champion: Model) -> list[NewText]:
    """Verdicts on the new texts by the model in place, and by the new one's sum with words that had not seen them."""
    scorer = Scorer(champion)
    before: dict[str, Report] = {}
    records = [Record(t.id, "", t.text, t.paragraphs, date=t.date) for t in texts]
    for report in scorer.score_many(records):
        before[report.id] = report
    by_id = {t.id: t for t in texts}
    base = merged.base
    matrix = base.documents.matrix[merged.rows].astype(np.float64)
    logit = model.reliability.logit(matrix) + base.likeness.effect(
        base.likeness_score[merged.rows], base.familiarity[merged.rows]
    )
    is_hard = np.any(matrix[:, [base.documents.names.index(name) for name in base.hard]] > 0, axis=1)
    policy = model.policies["default"]
    found = []
    for name, value, hard in zip(merged.ids, model.calibrated(logit).tolist(), is_hard.tolist(), strict=True):
        verdict = policy.verdict(value, n_words=policy.n_words_low, stop_word_share=1.0, hard=hard)
        text = by_id[name]
        found.append(NewText(name, text.kind, text.label, before[name].verdict, verdict, value))
    return found


def _page(
    texts: Sequence[Labelled],
    n_given: int,
    merged: Merged,
    model: Model,
    champion: Model,
    gate: Gate,
    seen: Sequence[NewText],
    allow_regression: str | None,
) -> str:
    """What was learnt from, what changed, and what the gate says, in plain lines."""
    lines = [f"Learnt from {len(texts)} new texts" + _known_already(n_given - len(texts)) + " and the base:"]
    marked = Counter(role for t in texts for role in t.roles or () if role)
    for kind, counts in _counted(texts).items():
        lines.append(f"  {kind}: " + ", ".join(f"{n} {label}" for label, n in counts.items() if n))
    if marked:
        lines.append("  their paragraphs: " + ", ".join(f"{n} {role}" for role, n in marked.most_common()))
    lines += ["", "What changed:"]
    lines += _changes(model, champion, merged.base) or ["  no term by more than 0.005"]
    for kind in dict.fromkeys(t.kind for t in seen):
        for label in ("reliable", "unreliable"):
            some = [t for t in seen if t.kind == kind and t.label == label]
            if some:
                before, after = (
                    sum((v == "keep") == (label == "reliable") for v in said if v != "unsure")
                    for said in ([t.before for t in some], [t.after for t in some])
                )
                lines.append(
                    f"  {kind}, {label}: on the right side {before} of {len(some)} before, {after} by words "
                    "that had not seen them"
                )
    lines += ["", "Policies: reliable texts to review and drop (mean over corpora), thresholds:"]
    for name, policy in model.policies.items():
        review, drop = POLICY_RATES[name]
        lines.append(
            f"  {name:<8} {100 * review:g} % below {policy.keep:.3f}, {100 * drop:g} % below {policy.drop:.3f}"
        )
    lines += ["", f"Gate, beside {champion.name} {champion.digest[:16]}, on the base's reference set:"]
    lines += _figures(gate.figures)
    if not np.isnan(gate.changed):
        lines.append(f"  verdicts changed: {100 * gate.changed:.2f} %")
    if gate.is_passed:
        lines.append("  passed: nothing is worse beyond its interval")
    else:
        lines += ["  refused:", *(f"  - {objection}" for objection in gate.objections)]
        if allow_regression is not None:
            lines.append(f"  overruled: {allow_regression}")
    return "\n".join(lines) + "\n"


def _known_already(n: int) -> str:
    return f" ({n} more are in the base already)" if n else ""


def _changes(model: Model, champion: Model, base: Base) -> list[str]:
    """Terms that weigh otherwise than before, largest change first."""
    lines = []
    n_words = int((model.filler_words.weights != 0).sum())
    if n_words != int((champion.filler_words.weights != 0).sum()):
        lines.append(f"  filler is told by {n_words} hashed words and pairs")
    if not np.array_equal(model.likeness.words, base.likeness.words) or not np.array_equal(
        model.likeness.words, champion.likeness.words
    ):
        lines.append("  the wording term has moved")
    for what, new, old in (
        ("filler", model.filler, champion.filler),
        ("reliability", model.reliability, champion.reliability),
    ):
        before = dict(zip(old.names, old.weights.tolist(), strict=True))
        moved = [
            (name, before.get(name, 0.0), weight)
            for name, weight in zip(new.names, new.weights.tolist(), strict=True)
            if abs(weight - before.get(name, 0.0)) > 0.005
        ]
        for name, was, weight in sorted(moved, key=lambda m: -abs(m[2] - m[1]))[:5]:
            lines.append(f"  {what}: {name} {was:+.2f} -> {weight:+.2f}")
    return lines


def _figures(figures: Sequence[Figure]) -> list[str]:
    """The figures of the whole set, and of the slices those that are worse or moved most; metrics.json has all."""
    whole, slices = figures[:N_WHOLE], figures[N_WHOLE:]
    moved = [f for f in slices if f.is_worse or abs(f.challenger - f.champion) >= 0.005]
    moved.sort(key=lambda f: (not f.is_worse, -abs(f.challenger - f.champion)))
    n_worse = sum(f.is_worse for f in slices)
    lines = [_figure(f) for f in whole]
    if slices:
        lines.append(
            f"  {len(slices)} slices (corpora, label families, kinds): {n_worse} worse, {len(moved)} moved"
        )
    return lines + [_figure(f) for f in moved[: max(8, n_worse)]]


def _figure(figure: Figure) -> str:
    mark = "!" if figure.is_worse else " "
    return (
        f"{mark} {figure.name:<48} {figure.champion:6.3f} -> {figure.challenger:6.3f}   "
        f"({figure.low:.3f} to {figure.high:.3f})"
    )
