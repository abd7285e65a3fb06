"""datatrove: a filter step for its pipelines."""

from __future__ import annotations

from datatrove.data import Document
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.writers.disk_base import DiskWriter

from quality.integrations.rater import DEFAULT, Rater, checked_verdicts, metadata
from quality.report import Report


class QualityFilter(BaseFilter):
    """Drops documents whose verdict is "drop", for the first hard evidence in them, and writes `FIELDS` to metadata.

    `drop` are the verdicts that are dropped; `date_key` is the key of metadata with the day on which a text is to be
    read as new, not that of its download.
    """

    name = "🔎 Quality"

    def __init__(
        self,
        rater: Rater = DEFAULT,
        *,
        drop: tuple[str, ...] = ("drop",),
        date_key: str | None = None,
        exclusion_writer: DiskWriter | None = None,
        batch_size: int = 256,
    ) -> None:
        super().__init__(exclusion_writer, batch_size)
        self.rater, self.drop, self.date_key = rater, checked_verdicts(drop), date_key

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        """True to keep, (False, reason) to drop."""
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        """The same for many documents, in order."""
        dates = None if self.date_key is None else [doc.metadata.get(self.date_key) for doc in batch]
        found = list(self.rater.reports((doc.text for doc in batch), dates))
        for doc, report in zip(batch, found, strict=True):
            doc.metadata.update(metadata(report))
            self.stat_update(f"verdict_{report.verdict}")
        return [self._decision(report) for report in found]

    def _decision(self, report: Report) -> bool | tuple[bool, str]:
        if report.verdict not in self.drop:
            return True
        return False, next(iter(report.reasons), report.verdict)
