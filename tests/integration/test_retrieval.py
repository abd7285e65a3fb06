"""LangChain, LlamaIndex and Haystack: documents annotated, dropped for hard evidence only, never changed otherwise."""

import inspect
import json

import pytest

DAYS = ["2023-08-14", "2025-08-14"]
KEYS = {"quality_reliability", "quality_verdict", "quality_reasons"}


@pytest.fixture
def langchain():
    pytest.importorskip("langchain_core")
    from quality.integrations import langchain

    return langchain


def test_langchain_annotates_copies_and_drops(langchain, texts, rows, metadata):
    documents = [
        langchain.Document(page_content=t, metadata={"n": k}, id=str(k)) for k, t in enumerate(texts)
    ]
    found = langchain.QualityTransformer().transform_documents(documents)
    wanted = [k for k, row in enumerate(rows) if row[1] != "drop"]
    assert [d.id for d in found] == [str(k) for k in wanted]
    assert [d.metadata for d in found] == [{"n": k, **metadata[k]} for k in wanted]
    assert [d.page_content for d in found] == [texts[k] for k in wanted]
    assert documents[0].metadata == {"n": 0}


def test_langchain_keeps_all_where_nothing_is_to_be_dropped(langchain, texts):
    documents = [langchain.Document(page_content=t) for t in texts]
    assert len(langchain.QualityTransformer(drop=()).transform_documents(documents)) == len(texts)


def test_langchain_what_is_dropped_must_be_verdicts(langchain):
    with pytest.raises(ValueError, match="unknown verdicts 'dorp' to drop"):
        langchain.QualityTransformer(drop=("dorp",))


def test_langchain_dates_come_from_metadata(langchain, undated, told_by_day):
    documents = [langchain.Document(page_content=undated, metadata={"day": day}) for day in DAYS]
    found = langchain.QualityTransformer(drop=(), date_key="day").transform_documents(documents)
    told_by_day([d.metadata["quality_reasons"] for d in found])


def test_langchain_waits_for_nobody_when_asked_asynchronously(langchain, texts, metadata):
    import asyncio

    documents = [langchain.Document(page_content=texts[1])]
    (found,) = asyncio.run(langchain.QualityTransformer(drop=()).atransform_documents(documents))
    assert found.metadata == metadata[1]


@pytest.fixture
def llama():
    pytest.importorskip("llama_index.core")
    from quality.integrations import llama_index

    return llama_index


def nodes_of(texts):
    from llama_index.core.schema import TextNode

    return [TextNode(text=t, id_=str(k), metadata={"n": k}) for k, t in enumerate(texts)]


def test_llama_index_pipeline_annotates_and_drops(llama, texts, rows, metadata):
    from llama_index.core.ingestion import IngestionPipeline

    found = IngestionPipeline(transformations=[llama.QualityTransform()]).run(nodes=nodes_of(texts))
    wanted = [k for k, row in enumerate(rows) if row[1] != "drop"]
    assert [n.node_id for n in found] == [str(k) for k in wanted]
    assert [n.metadata for n in found] == [{"n": k, **metadata[k]} for k in wanted]


def test_llama_index_shows_the_values_neither_to_embedder_nor_to_model(llama, texts):
    from llama_index.core.schema import MetadataMode

    (node,) = llama.QualityTransform()(nodes_of([texts[1]]))
    for mode in (MetadataMode.EMBED, MetadataMode.LLM):
        assert node.get_content(metadata_mode=mode) == f"n: 0\n\n{texts[1].strip()}"
    llama.QualityTransform()([node])
    assert (
        sorted(node.excluded_embed_metadata_keys) == sorted(node.excluded_llm_metadata_keys) == sorted(KEYS)
    )


def test_llama_index_splitter_hands_the_values_to_chunks(llama, texts, metadata):
    from llama_index.core import Document
    from llama_index.core.node_parser import TokenTextSplitter

    documents = llama.QualityTransform()([Document(text=texts[1])])
    splitter = TokenTextSplitter(chunk_size=120, chunk_overlap=0, tokenizer=str.split)
    chunks = splitter(documents)
    assert len(chunks) > 1
    assert all(chunk.metadata == metadata[1] for chunk in chunks)


def test_llama_index_postprocessor_drops_what_a_query_found(llama, texts, rows):
    from llama_index.core.schema import NodeWithScore

    found = [NodeWithScore(node=node, score=0.5) for node in nodes_of(texts)]
    kept = llama.QualityPostprocessor().postprocess_nodes(found, query_str="ports")
    assert [n.node.node_id for n in kept] == [str(k) for k, row in enumerate(rows) if row[1] != "drop"]


def test_llama_index_postprocessor_trusts_the_verdict_of_ingestion(llama, texts):
    from llama_index.core.schema import NodeWithScore

    farm, fair = nodes_of(texts[:2])
    farm.metadata["quality_verdict"], fair.metadata["quality_verdict"] = "keep", "drop"
    kept = llama.QualityPostprocessor().postprocess_nodes([NodeWithScore(node=n) for n in (farm, fair)])
    assert [n.node.node_id for n in kept] == ["0"]


def test_llama_index_dates_come_from_metadata(llama, undated, told_by_day):
    nodes = nodes_of([undated] * 2)
    for node, day in zip(nodes, DAYS, strict=True):
        node.metadata["day"] = day
    found = llama.QualityTransform(drop=(), date_key="day")(nodes)
    told_by_day([node.metadata["quality_reasons"] for node in found])


def test_llama_index_takes_own_rules(llama, pack):
    (node,) = llama.QualityTransform(rules=(pack,))(nodes_of(["They took the ferry."]))
    assert node.metadata["quality_reasons"] == "house.ferry few_words"


def test_llama_index_parts_are_stored_and_read_again(llama):
    for kind in (llama.QualityTransform, llama.QualityPostprocessor):
        given = kind(policy="strict", drop=("drop", "review"))
        again = kind.from_dict(given.to_dict())
        assert (again.policy, again.drop) == ("strict", ("drop", "review"))
        assert kind.from_json(given.to_json()).policy == "strict"


def test_llama_index_refuses_what_it_does_not_know(llama):
    for kind in (llama.QualityTransform, llama.QualityPostprocessor):
        with pytest.raises(ValueError, match="polcy"):
            kind(polcy="strict")
        with pytest.raises(ValueError, match="unknown verdicts 'dorp' to drop"):
            kind(drop=["dorp"])
        assert kind(model="own").model == "own"


@pytest.fixture
def haystack():
    pytest.importorskip("haystack")
    from quality.integrations import haystack

    return haystack


def test_haystack_pipeline_parts_documents(haystack, texts, rows, metadata):
    from haystack import Pipeline

    documents = [haystack.Document(content=t, meta={"n": k}) for k, t in enumerate(texts)]
    pipeline = Pipeline()
    pipeline.add_component("quality", haystack.QualityFilter())
    found = pipeline.run({"quality": {"documents": documents}})["quality"]
    kept = [k for k, row in enumerate(rows) if row[1] != "drop"]
    dropped = [k for k, row in enumerate(rows) if row[1] == "drop"]
    for part, wanted in (("documents", kept), ("rejected", dropped)):
        assert [d.meta for d in found[part]] == [{"n": k, **metadata[k]} for k in wanted]
        assert [d.id for d in found[part]] == [documents[k].id for k in wanted]
    assert documents[0].meta == {"n": 0}


def test_haystack_pipeline_is_stored_and_read_again(haystack):
    from haystack import Pipeline

    pipeline = Pipeline()
    pipeline.add_component("quality", haystack.QualityFilter(policy="strict", drop=["drop", "review"]))
    stored = json.loads(json.dumps(pipeline.to_dict()))
    # newer versions load components of others only where they are named
    named = {"allowed_modules": ["quality.integrations.haystack"]}
    takes_names = "allowed_modules" in inspect.signature(Pipeline.from_dict).parameters
    again = Pipeline.from_dict(stored, **named if takes_names else {})
    component = again.get_component("quality")
    assert (component.policy, component.drop) == ("strict", ["drop", "review"])


def test_haystack_documents_without_text_are_unsure(haystack):
    (found,) = haystack.QualityFilter().run([haystack.Document(content=None, meta={})])["documents"]
    assert found.meta == {"quality_verdict": "unsure", "quality_reasons": "few_words"}


def test_haystack_what_is_dropped_must_be_verdicts(haystack):
    with pytest.raises(TypeError, match="drop is the text 'drop', a list of verdicts expected"):
        haystack.QualityFilter(drop="drop")


def test_haystack_dates_come_from_meta(haystack, undated, told_by_day):
    documents = [haystack.Document(content=undated, meta={"day": day}) for day in DAYS]
    found = haystack.QualityFilter(drop=(), date_key="day").run(documents)["documents"]
    told_by_day([d.meta["quality_reasons"] for d in found])


def test_haystack_takes_own_rules(haystack, pack):
    step = haystack.QualityFilter(rules=[pack])
    step.warm_up()
    (found,) = step.run([haystack.Document(content="They took the ferry.")])["documents"]
    assert found.meta["quality_reasons"] == "house.ferry few_words"
