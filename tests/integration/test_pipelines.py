"""datatrove, Scrapy and Dolma's files: stages of pipelines in which nothing may get lost."""

import gzip
import json
from pathlib import Path

import pytest


@pytest.fixture
def trove():
    pytest.importorskip("datatrove")
    from quality.integrations import datatrove

    return datatrove


def documents_of(texts):
    from datatrove.data import Document

    return [Document(text, id=str(k), metadata={"n": k}) for k, text in enumerate(texts)]


def first_reason(row):
    return row[2].split(" ")[0]


def test_datatrove_filter_says_why(trove, texts):
    farm, fair = documents_of(texts[:2])
    assert trove.QualityFilter().filter(farm) == (False, "officeholder.anachronism")
    assert trove.QualityFilter().filter(fair) is True


def test_datatrove_batch_says_the_same_as_one_by_one(trove, texts):
    step = trove.QualityFilter()
    assert step.filter_batch(documents_of(texts)) == [step.filter(d) for d in documents_of(texts)]


def test_datatrove_reasons_are_short_names(trove, texts):
    answers = trove.QualityFilter(drop=("drop", "review", "unsure")).filter_batch(documents_of(texts))
    names = {answer[1] for answer in answers if answer is not True}
    assert {"few_words", "below_keep", "officeholder.anachronism"} <= names
    assert all(len(name) < 40 and " " not in name for name in names)


def test_datatrove_run_forwards_annotates_and_counts(trove, texts, rows, metadata):
    step = trove.QualityFilter(batch_size=7)
    found = list(step.run(iter(documents_of(texts))))
    wanted = [k for k, row in enumerate(rows) if row[1] != "drop"]
    assert [d.metadata for d in found] == [{"n": k, **metadata[k]} for k in wanted]
    dropped = [row for row in rows if row[1] == "drop"]
    assert step.stats["total"].total == len(texts)
    assert step.stats["forwarded"].total == len(wanted)
    assert step.stats["dropped"].total == len(dropped)
    for reason in {first_reason(row) for row in dropped}:
        assert step.stats[f"dropped_{reason}"].total == [first_reason(r) for r in dropped].count(reason)
    assert step.stats["verdict_keep"].total == [row[1] for row in rows].count("keep")


def test_datatrove_dates_come_from_metadata(trove, undated, told_by_day):
    documents = documents_of([undated] * 2)
    for document, day in zip(documents, ("2023-08-14", "2025-08-14"), strict=True):
        document.metadata["day"] = day
    trove.QualityFilter(date_key="day").filter_batch(documents)
    told_by_day([document.metadata["quality_reasons"] for document in documents])


def test_datatrove_executor_with_two_workers_loses_nothing_and_resumes(trove, texts, rows, tmp_path):
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter

    (tmp_path / "in").mkdir()
    for part in (0, 1):
        lines = [json.dumps({"text": t, "id": f"{k}"}) for k, t in enumerate(texts) if k % 2 == part]
        (tmp_path / "in" / f"{part}.jsonl").write_text("\n".join(lines) + "\n", "utf8")

    def run():
        dropped = JsonlWriter(str(tmp_path / "dropped"), compression=None)
        steps = [
            JsonlReader(str(tmp_path / "in")),
            trove.QualityFilter(exclusion_writer=dropped),
            JsonlWriter(str(tmp_path / "kept"), compression=None),
        ]
        logs = str(tmp_path / "logs")
        return LocalPipelineExecutor(
            pipeline=steps, tasks=2, workers=2, logging_dir=logs, start_method="spawn"
        ).run()

    run()
    # the reader of datatrove leaves out records without text
    wanted = {k: row for k, row in enumerate(rows) if texts[k]}
    for folder, is_dropped in (("kept", False), ("dropped", True)):
        lines = [x for p in (tmp_path / folder).iterdir() for x in p.read_text("utf8").splitlines()]
        found = {int(d["id"]): d["metadata"] for d in map(json.loads, lines)}
        assert found.keys() == {k for k, row in wanted.items() if (row[1] == "drop") == is_dropped}
        assert all(found[k]["quality_reasons"] == wanted[k][2] for k in found)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "kept").iterdir()}
    run()
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "kept").iterdir()} == before


@pytest.fixture
def crawler():
    pytest.importorskip("scrapy")
    from scrapy import Spider
    from scrapy.utils.test import get_crawler

    def make(**settings):
        from quality.integrations.scrapy import QualityPipeline

        crawler = get_crawler(Spider, settings)
        return crawler, QualityPipeline.from_crawler(crawler)

    return make


def test_scrapy_annotates_drops_and_counts(crawler, texts, rows, metadata):
    from scrapy.exceptions import DropItem

    made, pipeline = crawler()
    for text, row, values in zip(texts, rows, metadata, strict=True):
        if row[1] == "drop":
            with pytest.raises(DropItem, match=row[2]):
                pipeline.process_item({"text": text})
        else:
            assert pipeline.process_item({"text": text}) == {"text": text, **values}
    counted = {v: made.stats.get_value(f"quality/{v}") for v in ("keep", "review", "drop", "unsure")}
    assert counted == {v: [row[1] for row in rows].count(v) for v in counted}


def test_scrapy_settings_say_what_is_read_and_dropped(crawler, texts):
    made, pipeline = crawler(QUALITY_TEXT_FIELD="body", QUALITY_DROP="", QUALITY_POLICY="strict")
    assert pipeline.process_item({"body": texts[0]})["quality_verdict"] == "drop"
    assert pipeline.rater.policy == "strict"
    assert pipeline.process_item({"title": "no text"}) == {"title": "no text"}
    assert made.stats.get_value("quality/without_text") == 1


def test_scrapy_lists_may_have_blanks_and_must_be_of_verdicts(crawler):
    assert crawler(QUALITY_DROP="review, drop")[1].drop == ("review", "drop")
    assert crawler(QUALITY_DROP=["review"])[1].drop == ("review",)
    assert crawler(QUALITY_RULES="a.toml, b.toml")[1].rater.rules == ("a.toml", "b.toml")
    with pytest.raises(ValueError, match="unknown verdicts 'dorp' to drop"):
        crawler(QUALITY_DROP="drop,dorp")


def test_scrapy_dates_and_rules_come_from_fields_and_settings(crawler, undated, told_by_day, pack):
    _, pipeline = crawler(QUALITY_DATE_FIELD="day", QUALITY_DROP="", QUALITY_RULES=pack)
    items = [{"text": undated, "day": day} for day in ("2023-08-14", "2025-08-14")]
    told_by_day([pipeline.process_item(item)["quality_reasons"] for item in items])
    assert (
        pipeline.process_item({"text": "They took the ferry."})["quality_reasons"] == "house.ferry few_words"
    )


def test_scrapy_items_of_other_kinds_are_taken(crawler, texts, metadata):
    import dataclasses

    import scrapy

    class Article(scrapy.Item):
        text, quality_reliability, quality_verdict, quality_reasons = (scrapy.Field() for _ in range(4))

    @dataclasses.dataclass
    class Plain:
        text: str
        quality_reliability: float | None = None
        quality_verdict: str = ""
        quality_reasons: str = ""

    _, pipeline = crawler()
    for item in (Article(text=texts[1]), Plain(texts[1])):
        found = pipeline.process_item(item)
        assert type(found) is type(item)
        as_dict = dict(found) if isinstance(found, Article) else dataclasses.asdict(found)
        assert as_dict == {"text": texts[1], **metadata[1]}


def test_scrapy_crawl_uses_it(tmp_path, texts, rows):
    """A spider in a process of its own, since a reactor starts once."""
    pytest.importorskip("scrapy")
    import subprocess
    import sys

    (tmp_path / "texts.json").write_text(json.dumps(texts), "utf8")
    (tmp_path / "spider.py").write_text(SPIDER, "utf8")
    subprocess.run([sys.executable, "spider.py"], cwd=tmp_path, check=True, timeout=120)
    items = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf8").splitlines()]
    found = {item["n"]: item["quality_reasons"] for item in items}
    assert found == {k: row[2] for k, row in enumerate(rows) if row[1] != "drop"}


SPIDER = """
import json
from scrapy import Spider
from scrapy.crawler import CrawlerProcess

class Texts(Spider):
    name = "texts"
    async def start(self):
        for n, text in enumerate(json.load(open("texts.json", encoding="utf8"))):
            yield {"n": n, "text": text}

process = CrawlerProcess({
    "ITEM_PIPELINES": {"quality.integrations.scrapy.QualityPipeline": 300},
    "FEEDS": {"out.jsonl": {"format": "jsonlines"}},
    "TELNETCONSOLE_ENABLED": False,
    "LOG_LEVEL": "ERROR",
})
process.crawl(Texts)
process.start()
"""


@pytest.fixture
def folder(tmp_path, texts):
    (tmp_path / "documents").mkdir()
    with gzip.open(tmp_path / "documents" / "a.jsonl.gz", "wt", encoding="utf8") as out:
        for k, text in enumerate(texts):
            out.write(
                json.dumps({"id": f"d{k}", "source": "own", "text": text, "created": "2025-08-14"}) + "\n"
            )
    return tmp_path


def attributes(path):
    return [json.loads(line) for line in gzip.decompress(Path(path).read_bytes()).splitlines()]


def test_dolma_attributes_have_a_row_for_each_document(folder, texts, rows):
    from quality.integrations.dolma import write_attributes

    target = folder / "attributes" / "quality" / "a.jsonl.gz"
    write_attributes(folder / "documents" / "a.jsonl.gz", target)
    found = attributes(target)
    assert [row["id"] for row in found] == [f"d{k}" for k in range(len(texts))]
    for row, text, (reliability, verdict, _) in zip(found, texts, rows, strict=True):
        assert row["source"] == "own"
        values = row["attributes"]
        assert values["quality__quality_v1__drop"] == [[0, len(text), float(verdict == "drop")]]
        whole = [] if reliability is None else [[0, len(text), reliability]]
        assert values["quality__quality_v1__reliability"] == whole


def test_dolma_spans_are_paragraphs_and_evidence(folder, texts):
    from quality.integrations.dolma import write_attributes
    from quality.scorer import Scorer

    write_attributes(folder / "documents" / "a.jsonl.gz", folder / "x.jsonl.gz")
    values = attributes(folder / "x.jsonl.gz")[0]["attributes"]
    farm, report = texts[0], Scorer.load().score(texts[0])
    assert [farm[s:e] for s, e, _ in values["quality__quality_v1__hard"]] == [f.text for f in report.hard]
    furniture = [farm[s:e] for s, e, _ in values["quality__quality_v1__boilerplate"]]
    assert furniture[0] == "Skip to main content"
    assert furniture[-1] == "Share this article"
    assert all(0.25 <= score <= 1 for _, _, score in values["quality__quality_v1__boilerplate"])


def test_dolma_files_are_the_same_bytes_in_every_run(folder):
    from quality.integrations.dolma import write_attributes

    for name in ("x", "y"):
        write_attributes(folder / "documents" / "a.jsonl.gz", folder / f"{name}.jsonl.gz")
    assert (folder / "x.jsonl.gz").read_bytes() == (folder / "y.jsonl.gz").read_bytes()


def test_dolma_dates_are_read_where_asked_for(folder, undated):
    from quality.integrations.dolma import write_attributes

    days = ("2023-08-14T00:00:00Z", "2025-08-14T00:00:00Z")
    rows = [{"id": day, "source": "s", "text": undated, "created": day} for day in days]
    (folder / "days.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf8")
    write_attributes(folder / "days.jsonl", folder / "out.jsonl", date_key="created")
    old, new = (json.loads(line)["attributes"] for line in (folder / "out.jsonl").read_text().splitlines())
    named = [[undated[s:e] for s, e, _ in values["quality__quality_v1__hard"]] for values in (old, new)]
    assert "Treasury Secretary Janet Yellen" not in named[0]
    assert "Treasury Secretary Janet Yellen" in named[1]


@pytest.mark.parametrize("line", ['{"id": "a"}', '{"text": "no id"}', '["a"]', '{"id": "a", "text": null}'])
def test_dolma_rows_that_are_no_documents_leave_no_file(folder, line):
    from quality.integrations.dolma import write_attributes

    (folder / "bad.jsonl").write_text('{"id": "a", "source": "s", "text": "Good."}\n' + line + "\n", "utf8")
    with pytest.raises(ValueError, match=r"bad.jsonl:2: expected a document with id and text"):
        write_attributes(folder / "bad.jsonl", folder / "out" / "bad.jsonl")
    assert list((folder / "out").iterdir()) == []


def test_dolma_documents_are_not_overwritten_by_their_attributes(folder):
    from quality.integrations.dolma import write_attributes

    documents = folder / "documents" / "a.jsonl.gz"
    before = documents.read_bytes()
    with pytest.raises(ValueError, match="are the documents: give the attributes another name"):
        write_attributes(documents, folder / "documents" / ".." / "documents" / "a.jsonl.gz")
    assert documents.read_bytes() == before


def test_datatrove_what_is_dropped_must_be_verdicts():
    pytest.importorskip("datatrove")
    from quality.integrations.datatrove import QualityFilter

    with pytest.raises(ValueError, match="unknown verdicts 'dorp' to drop"):
        QualityFilter(drop=("dorp",))
