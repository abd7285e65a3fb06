"""`quality train`: new labels and the base become a model, which takes the place of the old one or waits.

Reads labels, refuses what contradicts, merges (quality/learn/merge.py), fits (quality/learn/train.py), compares
with the model in place (quality/learn/gate.py) and writes (quality/learn/shelf.py). What was done is told on
one page, which the model card keeps.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from quality.learn.base import LABELS, Base, load, text_fingerprint
from quality.learn.corpora import Labelled
from quality.learn.fit import N_WHOLE, one_thread
from quality.learn.gate import Change, Figure, Gate, compare
from quality.learn.labels import new_ones, read_labels, refused
from quality.learn.merge import N_FILLER_LOW, N_TEXTS_LOW, Merged, merge
from quality.learn.shelf import CANDIDATE, check_place, golden, mend, put
from quality.learn.train import POLICY_RATES, fit, save_model
from quality.model import KNOWN, Model
from quality.report import Report
from quality.scorer import Scorer, model_folder

# Slices that the page shows at most if none is worse; metrics.json has all.
N_SLICES = 8


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
    mend(folder)
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
    forgotten = _forgotten(champion, given, base)
    with one_thread():
        merged = merge(base, texts, seed=seed)
        model = fit(merged.base, folder.name, seed=seed, parts=(merged.roles, merged.filler))
        gate = compare(base, champion, model, seed=seed)
    gate = replace(gate, objections=(*gate.objections, *forgotten))
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
    page = _page(texts, len(given), base, merged, model, champion, gate, seen, allow_regression)
    texts_of_gold = [
        Labelled(row["id"], "golden", row["id"], "", "", row["text"], date=row.get("date"))
        for row in golden(in_place)
    ]

    def write(part: Path) -> None:
        write_metrics(part, gate, seen)
        save_model(
            model, merged.base, part, texts_of_gold, told=told, page=f"\n## Training\n```\n{page}```\n"
        )

    put(target, write)
    return Outcome(target, Model.load(target).digest, gate, is_in_use, page)


def _forgotten(champion: Model, given: Sequence[Labelled], base: Base) -> list[str]:
    """Why the new model would forget what the one in place was taught: by texts that are neither given nor in the base.

    The gate's reference set has none of those, so nothing else would tell.
    """
    learnt = champion.learnt_from()
    if learnt is None:
        told = "that says which texts the model in place has learnt from: nothing tells whether they are given again"
        return [f"there is no {champion.folder}/{KNOWN} {told}"] if champion.card.get("labels") else []
    now = np.array([text_fingerprint(text) for text in given], np.uint64)
    n = int((~np.isin(learnt, np.concatenate([base.texts[:, 0], now]))).sum())
    if not n:
        return []
    return [
        f"the model in place has learnt from {n} text{'s' * (n > 1)} not given now: give all label files each time"
    ]


def write_metrics(folder: Path, gate: Gate, seen: Sequence[NewText] = ()) -> None:
    """Write all figures of a comparison, and what was said of the new texts, as metrics.json."""
    metrics = {
        "objections": gate.objections,
        "changes": [asdict(change) for change in gate.changes],
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
    for report in scorer.score_many(t.record for t in texts):
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
    base: Base,
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
    lines += ["", *_weighed(texts, base), *_cautions(texts, marked)]
    lines += ["", *_parts(base, merged, marked), "", "What changed:"]
    lines += _changes(model, champion) or ["  no term by more than 0.005"]
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
    lines += [_change(change) for change in _largest(gate.changes)]
    if gate.is_passed:
        lines.append("  passed: nothing is worse beyond the interval of the difference")
    else:
        lines += ["  refused:", *(f"  - {objection}" for objection in gate.objections)]
        if allow_regression is not None:
            lines.append(f"  overruled: {allow_regression}")
    return "\n".join(lines) + "\n"


def _weighed(texts: Sequence[Labelled], base: Base) -> list[str]:
    """What each corpus of new texts weighs beside the others, by label."""
    lines = [f"What their labels weigh (1: as much as any corpus; from {N_WHOLE} texts of a label on):"]
    for corpus in dict.fromkeys(t.corpus for t in texts):
        counts = Counter(t.label for t in texts if t.corpus == corpus and t.label != "unclear")
        told = [f"{label} {min(1.0, n / N_WHOLE):.2f}" for label, n in sorted(counts.items())]
        if corpus in base.corpora:
            told = ["a corpus of the base: together they weigh what it weighed"]
        lines.append(f"  {corpus}: {', '.join(told) or 'nothing; their paragraphs teach alone'}")
    return lines


def _cautions(texts: Sequence[Labelled], marked: Mapping[str, int]) -> list[str]:
    """What makes the labels worth less than they could be."""
    lines = []
    for corpus in dict.fromkeys(t.corpus for t in texts):
        counts = Counter(t.label for t in texts if t.corpus == corpus)
        for label in ("reliable", "unreliable"):
            n = counts[label]
            if not n:
                lines.append(
                    f"  beware: {corpus} has no {label} texts: what all texts of that source share may be learnt as a sign"
                )
            elif n < N_TEXTS_LOW:
                lines.append(
                    f"  beware: {corpus} has {n} {label} text{'s' * (n > 1)}: a label of so few weighs next to nothing"
                )
    if 0 < marked.get("filler", 0) < N_FILLER_LOW:
        lines.append(
            f"  beware: of {marked['filler']} filler paragraphs no words are learnt; {N_FILLER_LOW} are needed"
        )
    return lines


def _parts(base: Base, merged: Merged, marked: Mapping[str, int]) -> list[str]:
    """Which parts of the model the labels could reach, and which are as the base has them."""
    lines = [
        "What was learnt:",
        "  anew from all rows: roles, filler, evidence, calibration, thresholds, paragraphs' reliability",
    ]
    kept = []
    new = merged.base
    if new.filler_words is base.filler_words:
        kept.append("words of filler")
    else:
        n_words = int((new.filler_words.weights != 0).sum())
        lines.append(f"  words of filler: {n_words} hashed words and pairs")
    if new.likeness is base.likeness:
        kept.append("wording (likeness)")
    else:
        lines.append("  wording (likeness): moved from where it was")
    lines.append(f"  not: {', '.join([*kept, 'words of furniture'])}; they are as the base has them")
    if marked.get("boilerplate"):
        lines.append(
            "    (the marked furniture teaches by its shape, place and cue words alone, not by its other words)"
        )
    return lines


def _known_already(n: int) -> str:
    return f" ({n} more are in the base already)" if n else ""


def _changes(model: Model, champion: Model) -> list[str]:
    """Terms that weigh otherwise than before, largest change first."""
    lines = []
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
    """The means over corpora, and of the slices those that are worse or moved most; metrics.json has all."""
    whole, slices = [f for f in figures if not f.where], [f for f in figures if f.where]
    moved = [f for f in slices if f.is_worse or abs(f.challenger - f.champion) > f.least]
    moved.sort(key=lambda f: (not f.is_worse, -abs(f.challenger - f.champion) / f.least))
    n_worse = sum(f.is_worse for f in slices)
    lines = [_figure(f) for f in whole]
    if slices:
        lines.append(
            f"  {len(slices)} slices (corpora, label families, kinds): {n_worse} worse, {len(moved)} moved"
        )
    return lines + [_figure(f) for f in moved[: max(N_SLICES, n_worse)]]


def _figure(figure: Figure) -> str:
    mark = "!" if figure.is_worse else " "
    return (
        f"{mark} {figure.title:<56} {figure.champion:6.3f} -> {figure.challenger:6.3f}   "
        f"({figure.low:+.3f} to {figure.high:+.3f})"
    )


def _largest(changes: Sequence[Change]) -> list[Change]:
    """The change of most of each sort (verdicts, roles, reliability), and all that are too much."""
    largest: dict[str, Change] = {}
    for change in changes:
        sort = change.name.split()[0]
        if sort not in largest or change.share > largest[sort].share:
            largest[sort] = change
    return [c for c in changes if c.is_too_much or c in largest.values()]


def _change(change: Change) -> str:
    mark = "!" if change.is_too_much else " "
    return f"{mark} {change.name}: {100 * change.share:.2f} % (at most {100 * change.high:g} %)"
