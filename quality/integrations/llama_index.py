"""LlamaIndex: a step of ingestion, and a postprocessor of what a query found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.bridge.pydantic import BaseModel, ConfigDict, Field, field_validator
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore, QueryBundle, TransformComponent

from quality.integrations.rater import FIELDS, Rater, checked_verdicts, metadata


class Terms(BaseModel):
    """What both are given."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(default="default", description="A shipped model or a folder.")
    policy: str = Field(default="default", description="Where verdicts begin.")
    rules: tuple[str, ...] = Field(default=(), description="Further rule packs.")
    officials: tuple[str, ...] = Field(default=(), description="Further terms of office.")
    drop: tuple[str, ...] = Field(default=("drop",), description="Verdicts that are left out.")
    date_key: str | None = Field(default=None, description="The key of metadata with the day of a text.")

    @field_validator("drop", mode="before")
    @classmethod
    def _checked(cls, drop: Sequence[str]) -> tuple[str, ...]:
        return checked_verdicts(drop)


class QualityTransform(Terms, TransformComponent):
    """Gives nodes the values of `FIELDS` as metadata, hidden from embedding and model, and leaves out those of `drop`.

    Put it before the splitter: short chunks are "unsure", and metadata goes with the chunks.
    """

    @classmethod
    def class_name(cls) -> str:
        """The name under which LlamaIndex stores it."""
        return "QualityTransform"

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[BaseNode]:
        """The nodes that stay, in order, annotated in place as LlamaIndex's own steps do."""
        return [
            node
            for node, verdict in zip(nodes, _annotate(self, nodes), strict=True)
            if verdict not in self.drop
        ]


class QualityPostprocessor(Terms, BaseNodePostprocessor):
    """Leaves out found nodes whose verdict is one of `drop`: that of ingestion where there is one, else their own."""

    @classmethod
    def class_name(cls) -> str:
        """The name under which LlamaIndex stores it."""
        return "QualityPostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        _annotate(self, [n.node for n in nodes if "quality_verdict" not in n.node.metadata])
        return [n for n in nodes if n.node.metadata["quality_verdict"] not in self.drop]


def _annotate(terms: Terms, nodes: Sequence[BaseNode]) -> list[str]:
    rater = Rater(terms.model, terms.policy, terms.rules, terms.officials)
    dates = None if terms.date_key is None else [node.metadata.get(terms.date_key) for node in nodes]
    texts = [node.get_content(metadata_mode=MetadataMode.NONE) for node in nodes]
    verdicts = []
    for node, report in zip(nodes, rater.reports(texts, dates), strict=True):
        node.metadata.update(metadata(report))
        for hidden in (node.excluded_embed_metadata_keys, node.excluded_llm_metadata_keys):
            hidden.extend(name for name in FIELDS if name not in hidden)
        verdicts.append(report.verdict)
    return verdicts
