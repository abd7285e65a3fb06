"""What becomes of one record: dropped or kept, what is added to it, and which of its paragraphs stay.

A `Plan` says what is asked of every record, `Met` what a first pass over all of them found out about this one; `decide` takes them
with the report of the record together. Nothing is read or written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quality import lines
from quality.clusters import Cluster
from quality.containers import Form
from quality.evidence import FURNITURE
from quality.records import COMMON_NAMES, Record
from quality.report import Paragraph, Policy, Report, Threshold, values_of
from quality.segment import BREAKS

MODES = ("annotate", "drop", "clean")


@dataclass(frozen=True)
class Plan:
    """What is to be done with every record; all that a process needs to know.

    `threshold` overrules `policy`: what is not unsure is kept from it on and dropped below it. `careful` and `pages` are
    as for `Scorer.load`, `against` is a reference index. `dedup` is which text of a cluster stays (`clusters.ORDERS`),
    `clusters` the file that says so; `repeated_lines` whether lines of many pages of a site are looked for, `lines` the
    file that has them.
    """

    kind: str = "jsonl"
    mode: str = "annotate"
    form: Form = field(default_factory=Form)
    model: str = "default"
    policy: str = "default"
    threshold: float | None = None
    rules: tuple[str, ...] = ()
    officials: tuple[str, ...] = ()
    date: str | None = None
    with_text: bool = False
    careful: bool = False
    pages: str = "full"
    packing: tuple[tuple[str, str], ...] = ()
    against: str | None = None
    dedup: str | None = None
    clusters: str | None = None
    repeated_lines: bool = False
    lines: str | None = None

    @property
    def first_pass(self) -> tuple[str, ...]:
        """What all of the input is read for before the rest; each is a file, and a field here that says where."""
        asked = {"clusters": self.dedup is not None, "lines": self.repeated_lines}
        return tuple(name for name, is_asked in asked.items() if is_asked)


class Met(NamedTuple):
    """What a first pass found out about a record: its cluster, and its paragraphs that stand in so many other documents."""

    cluster: Cluster | None = None
    repeated: Mapping[int, int] = {}


NOTHING_MET = Met()


class Decision(NamedTuple):
    """What becomes of a record: dropped or not, and what for; what is added, and its new text if it has one."""

    is_dropped: bool
    reasons: tuple[str, ...]
    quality: Mapping[str, Any]
    text: str | None
    field: str


def decide(plan: Plan, policy: Policy, report: Report, record: Record, met: Met = NOTHING_MET) -> Decision:
    """What becomes of a record by its report and what a first pass found out about it."""
    cluster = met.cluster
    if met.repeated:
        report = lines.told(report, record.text, met.repeated)
    reasons = list(report.reasons)
    if report.verdict == "drop" and isinstance(policy, Threshold):
        reasons.append("below_threshold")
    quality: dict[str, Any] = {
        "reliability": report.reliability,
        "verdict": report.verdict,
        "policy": report.policy,
        "reasons": reasons,
    }
    name = _text_field(plan, record)
    # in an archive a text takes the place of the page, which only `clean` may do
    adds_text = plan.kind != "warc" and (_is_extracted(plan, record) or (plan.with_text and name is None))
    text = record.text if adds_text else None
    is_dropped = plan.mode == "drop" and report.verdict == "drop"
    # what else speaks against a text does not drop it, and is not counted as if it did
    dropped_for = reasons[:] if is_dropped else []
    if plan.mode == "clean":
        kept = kept_text(report, record)
        quality["removed"] = _removed(report, record, kept)
        if not kept.strip():
            is_dropped = True
            dropped_for.append("nothing_left")
            reasons.append("nothing_left")
        elif name is None or kept != record.text:
            text = kept
    if plan.against is not None:
        quality["duplicates"] = [values_of(one) for one in report.duplicates]
    if plan.lines is not None:
        quality["repeated"] = [{"paragraph": p, "documents": n} for p, n in met.repeated.items()]
    if cluster is not None:
        quality["cluster"] = {
            "number": cluster.kept + 1,
            "kept": cluster.id,
            "similarity": cluster.similarity,
        }
        if not cluster.stays:
            is_dropped |= plan.mode != "annotate"
            dropped_for.append("near_duplicate")
            reasons.append("near_duplicate")
    if report.warnings:
        quality["warnings"] = list(report.warnings)
    quality["model"] = report.model["digest"][:16]
    return Decision(is_dropped, tuple(dropped_for), quality, text, name or "text")


def _text_field(plan: Plan, record: Record) -> str | None:
    """The field that is the record's text; None where the text was made from paragraphs or a page."""
    asked = plan.form.names.text
    names = COMMON_NAMES["text"] if asked is None else (asked,)
    return next((name for name in names if record.fields.get(name) is record.text), None)


def _is_extracted(plan: Plan, record: Record) -> bool:
    """Whether the text was taken out of the page in the field `html`: then every mode writes it down beside that."""
    is_made = _text_field(plan, record) is None and record.fields.get("paragraphs") is None
    return is_made and isinstance(record.fields.get("html"), str)


def kept_text(report: Report, record: Record) -> str:
    """The text without paragraphs that are no content; what is kept stands as it stood.

    With a paragraph goes what stands before it on its line (a list marker). Between two that are kept stands the widest
    of the gaps that were between them, so that no two paragraphs grow together; before the first and after the last
    stands what stood there.
    """
    kept = _kept(report)
    if record.paragraphs is not None:
        return "\n\n".join(record.paragraphs[p.i] for p in kept)
    if not kept:
        return "" if report.paragraphs else record.text
    text, ends = record.text, [0, *(p.end for p in report.paragraphs)]
    begins = [_line_start(text, ends[p.i], p.start) for p in report.paragraphs]
    gaps = [text[end:begin] for end, begin in zip(ends, begins, strict=False)]
    pieces = [gaps[0]]
    for k, p in enumerate(kept):
        if k:
            pieces.append(max(gaps[kept[k - 1].i + 1 : p.i + 1], key=_n_breaks))
        pieces.append(text[begins[p.i] : p.end])
    return "".join(pieces) + text[ends[-1] :]


def _kept(report: Report) -> list[Paragraph]:
    """The paragraphs that are content; and the only one of a text that is called boilerplate for its looks alone.

    Furniture is told from a text by what stands around it: with nothing there, a short text looks like a line of a menu,
    and only words that a rule knows tell the two apart.
    """
    kept = [p for p in report.paragraphs if p.role == "content"]
    by_words = [f for f in report.findings if f.rule.startswith("boilerplate.") and f.rule != FURNITURE.id]
    is_alone = [p.role for p in report.paragraphs] == ["boilerplate"]
    return list(report.paragraphs) if is_alone and not by_words else kept


def _n_breaks(gap: str) -> int:
    return sum(gap.count(mark) for mark in BREAKS)


def _line_start(text: str, low: int, start: int) -> int:
    """Where the line that a paragraph begins on begins, not before `low`."""
    return max(low, *(text.rfind(mark, low, start) + 1 for mark in BREAKS))


def _removed(report: Report, record: Record, kept: str) -> dict[str, int]:
    roles = Counter(p.role for p in report.paragraphs)
    roles.subtract(p.role for p in _kept(report))
    counts = {role: roles[role] for role in ("boilerplate", "filler", "duplicate")}
    return counts | {"characters": len(record.text) - len(kept)}
