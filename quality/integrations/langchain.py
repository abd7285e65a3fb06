"""LangChain: a document transformer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import BaseDocumentTransformer, Document

from quality.integrations.rater import DEFAULT, Rater, checked_verdicts, metadata


class QualityTransformer(BaseDocumentTransformer):
    """Gives documents the values of `FIELDS` as metadata and leaves out those whose verdict is one of `drop`.

    Documents given are not changed. `date_key` is the key of metadata with the day of a text. Where documents are chunks
    rather than articles, short ones are "unsure": rate before splitting, metadata goes with the chunks.
    """

    def __init__(
        self, rater: Rater = DEFAULT, *, drop: Sequence[str] = ("drop",), date_key: str | None = None
    ) -> None:
        self.rater, self.drop, self.date_key = rater, checked_verdicts(drop), date_key

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> Sequence[Document]:
        """Copies of the documents that stay, in order."""
        dates = None if self.date_key is None else [d.metadata.get(self.date_key) for d in documents]
        reports = self.rater.reports((d.page_content for d in documents), dates)
        return [
            document.model_copy(update={"metadata": {**document.metadata, **metadata(report)}})
            for document, report in zip(documents, reports, strict=True)
            if report.verdict not in self.drop
        ]
