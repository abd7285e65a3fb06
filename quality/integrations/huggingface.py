"""Hugging Face datasets: callables for `map` and `filter`, alike for one example and for batches.

Texts and dates are taken as Python's own, as datasets give them unless another format is asked for. Their pickle is small and depends on nothing but their own terms and the rater's digest, so a second run finds the
cache of the first, and one with another model, policy or rules does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quality.integrations.rater import DEFAULT, FIELDS, Rater, checked_verdicts


@dataclass(frozen=True)
class Annotate:
    """For `dataset.map(Annotate(), batched=True)`: adds columns, those of `fields`.

    Raises ValueError for a field that is none of `FIELDS`.
    """

    rater: Rater = DEFAULT
    text: str = "text"
    date: str | None = None
    fields: tuple[str, ...] = FIELDS

    def __post_init__(self) -> None:
        if unknown := set(self.fields) - set(FIELDS):
            raise ValueError(
                f"unknown fields {', '.join(sorted(unknown))}; expected some of {', '.join(FIELDS)}"
            )

    def __call__(self, examples: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of a batch, or the values of one example."""
        columns = _columns(self.rater, self.text, self.date, examples)
        return {name: columns[name] for name in self.fields}


@dataclass(frozen=True)
class Keep:
    """For `dataset.filter(Keep(), batched=True)`: False where the verdict is one of `drop`."""

    rater: Rater = DEFAULT
    text: str = "text"
    date: str | None = None
    drop: tuple[str, ...] = ("drop",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "drop", checked_verdicts(self.drop))

    def __call__(self, examples: Mapping[str, Any]) -> Any:
        """A truth value for each text of a batch, or that of one example."""
        verdicts = _columns(self.rater, self.text, self.date, examples)["quality_verdict"]
        if isinstance(verdicts, list):
            return [verdict not in self.drop for verdict in verdicts]
        return verdicts not in self.drop


def _columns(rater: Rater, text: str, date: str | None, examples: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a batch; of one example, values."""
    for option, name in (("text", text), ("date", date)):
        if name is not None and isinstance(examples, Mapping) and name not in examples:
            known = ", ".join(map(str, examples))
            raise ValueError(f"there is no column {name!r} but {known}: say with {option}= which holds it")
    texts, dates = examples[text], None if date is None else examples[date]
    if not isinstance(texts, list | str | None):
        raise TypeError(
            f"column {text!r} comes as {type(texts).__name__}, expected a text or a list of texts: "
            "use dataset.with_format(None)"
        )
    if isinstance(texts, list):
        return dict(rater.columns(texts, dates))
    return {name: values[0] for name, values in rater.columns([texts], date and [dates]).items()}
