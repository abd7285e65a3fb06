"""What a run of the filter counts: where records went and why, for its closing lines and for a monitor (Prometheus)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from quality import __version__

# Upper ends of the classes in which reliabilities are counted.
CLASSES = tuple(k / 10 for k in range(1, 11))
LAST_SUCCESS = "quality_last_success_timestamp_seconds"


@dataclass
class Counts:
    """How many records went where, and why. `read` is counted where they are read, the rest where they are judged.

    `looked_through` are those that a first pass has seen, which become of nothing there.
    """

    read: int = 0
    passed: int = 0
    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    dropped_for: Counter[str] = field(default_factory=Counter)
    quarantined_for: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    total_reliability: float = 0.0
    looked_through: int = 0

    @property
    def n(self) -> int:
        """Records that went in; what passes as no text is none."""
        return self.read - self.passed

    def add(self, other: Counts) -> None:
        """Count what another has counted."""
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:  # numbers and lists alike
                setattr(self, name, getattr(self, name) + value)

    def __str__(self) -> str:
        return f"in {self.n} = kept {self.kept} + dropped {self.dropped} + quarantined {self.quarantined}"

    def check(self) -> None:
        """Raise ArithmeticError where a record was lost or counted twice."""
        if self.n != self.kept + self.dropped + self.quarantined:
            raise ArithmeticError(f"it does not add up: {self}")

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain values, a copy."""
        return {k: dict(v) if isinstance(v, dict) else v for k, v in vars(self).items()}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Counts:
        """Counts as `to_dict` gave them."""
        given: dict[str, Any] = {k: Counter(v) if isinstance(v, dict) else v for k, v in values.items()}
        return cls(**given)

    def exposition(self, model: Mapping[str, str], last_success: float | None) -> str:
        """The counts in the text format of Prometheus; `last_success` in seconds since 1970."""
        n_scored = sum(self.classes.values())
        below = accumulate(self.classes[str(high)] for high in CLASSES)
        buckets = {f'{{le="{high}"}}': n for high, n in zip(CLASSES, below, strict=True)}
        outcomes = {"kept": self.kept, "dropped": self.dropped, "quarantined": self.quarantined}
        counters: list[tuple[str, str, str, Mapping[str, int]]] = [
            ("records", "Records, by what became of them.", "outcome", outcomes),
            ("verdicts", "Scored records, by verdict.", "verdict", self.verdicts),
            ("dropped", "Dropped records, by reason.", "reason", self.dropped_for),
            ("quarantined", "Records set aside, by reason.", "reason", self.quarantined_for),
            ("removed", "What clean took out of texts.", "what", self.removed),
        ]
        lines = []
        for name, told, label, values in counters:
            lines += _metric(f"quality_{name}_total", "counter", told, _by(label, values))
        told = "Records that a first pass has seen."
        lines += _metric("quality_first_pass_records_total", "counter", told, {"": self.looked_through})
        seconds = {"": self.seconds}
        lines += _metric("quality_scoring_seconds_total", "counter", "Processor time of scoring.", seconds)
        lines += _metric(
            "quality_model_info", "gauge", "The model.", {_labels({**model, "version": __version__}): 1}
        )
        if last_success is not None:
            ended = {"": last_success}
            lines += _metric(LAST_SUCCESS, "gauge", "When a run last ended well.", ended)
        histogram = {
            **{f"_bucket{labels}": n for labels, n in buckets.items()},
            '_bucket{le="+Inf"}': n_scored,
            "_sum": self.total_reliability,
            "_count": n_scored,
        }
        lines += _metric("quality_reliability", "histogram", "Reliability of scored records.", histogram)
        return "".join(line + "\n" for line in lines)


def _metric(name: str, kind: str, told: str, values: Mapping[str, float]) -> list[str]:
    head = [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
    return head + [f"{name}{rest} {value}" for rest, value in values.items()]


def _by(label: str, counts: Mapping[str, int]) -> dict[str, float]:
    return {_labels({label: name}): n for name, n in counts.items()}


# All that the text format escapes in the value of a label; everything else stands there in UTF-8.
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()) + "}"


def last_success(exposition: str) -> float | None:
    """When a run last ended well, by what `Counts.exposition` gave; None where none did."""
    found = re.search(rf"^{LAST_SUCCESS} (\S+)$", exposition, re.MULTILINE)
    return float(found[1]) if found else None
