"""Haystack: a component that parts documents into those that stay and those that do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from haystack import Document, component

from quality.integrations.rater import Rater, checked_verdicts, metadata


@component
class QualityFilter:
    """Documents with the values of `FIELDS` in `meta`; `rejected` are those whose verdict is one of `drop`.

    Documents given are not changed and ids stay. `date_key` is the key of meta with the day of a text.
    """

    def __init__(
        self,
        model: str = "default",
        policy: str = "default",
        rules: Sequence[str] = (),
        officials: Sequence[str] = (),
        drop: Sequence[str] = ("drop",),
        date_key: str | None = None,
    ) -> None:
        # lists, which is how they come back from a stored pipeline
        self.model, self.policy, self.rules, self.officials = model, policy, list(rules), list(officials)
        self.drop, self.date_key = list(checked_verdicts(drop)), date_key
        self._rater = Rater(model, policy, rules, officials)

    def warm_up(self) -> None:
        """Load the model now, not with the first documents."""
        _ = self._rater.scorer

    @component.output_types(documents=list[Document], rejected=list[Document])
    def run(self, documents: list[Document]) -> dict[str, list[Document]]:
        """The documents parted, in order."""
        dates = None if self.date_key is None else [d.meta.get(self.date_key) for d in documents]
        reports = self._rater.reports((d.content for d in documents), dates)
        parted: dict[str, list[Document]] = {"documents": [], "rejected": []}
        for document, report in zip(documents, reports, strict=True):
            where = "rejected" if report.verdict in self.drop else "documents"
            parted[where].append(replace(document, meta={**document.meta, **metadata(report)}))
        return parted
