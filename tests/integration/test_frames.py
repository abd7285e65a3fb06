"""Columns of frames and datasets are those of the scorer, and a second run finds the first one's cache."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from quality.integrations.rater import FIELDS, Rater

PAGE = (Path(__file__).parents[2] / "docs" / "pipelines.md").read_text("utf8")


def test_pandas_gets_a_frame_with_the_index_of_its_column(texts, rows, same):
    pandas = pytest.importorskip("pandas")
    from quality.integrations.dataframes import pandas_columns

    series = pandas.Series(texts, index=range(100, 100 + len(texts)))
    frame = pandas_columns(series)
    assert frame.index.tolist() == series.index.tolist()
    assert list(frame.columns) == list(FIELDS)
    assert frame["quality_reliability"].dtype == np.float64
    same({name: frame[name].tolist() for name in FIELDS}, rows)


def test_pandas_frames_with_labels_that_come_twice_keep_their_rows(texts, rows, same):
    pandas = pytest.importorskip("pandas")
    from quality.integrations.dataframes import pandas_columns

    frame = pandas.DataFrame({"text": texts[:6]}, index=[0, 1, 0, 1, 2, 0])
    for _ in range(2):  # and a second time what is there is replaced
        frame = frame.assign(**pandas_columns(frame["text"]))
        assert frame.index.tolist() == [0, 1, 0, 1, 2, 0]
        same({name: frame[name].tolist() for name in FIELDS}, rows[:6])


def test_no_example_or_recipe_joins_by_labels():
    assert len(re.findall(r"\.assign\(\*\*pandas_columns\(", PAGE)) == 4
    assert ".join(pandas_columns" not in PAGE


@pytest.mark.parametrize("kind", [object, "string"])
def test_pandas_missing_texts_are_unsure(kind):
    pandas = pytest.importorskip("pandas")
    from quality.integrations.dataframes import pandas_columns

    frame = pandas_columns(pandas.Series(["Words.", None, float("nan"), pandas.NA], dtype=kind))
    assert frame["quality_reliability"].isna().tolist() == [False, True, True, True]
    assert frame["quality_verdict"].tolist() == ["unsure"] * 4


def test_pandas_dates_may_be_timestamps(undated, told_by_day):
    pandas = pytest.importorskip("pandas")
    from quality.integrations.dataframes import pandas_columns

    dates = pandas.Series(pandas.to_datetime(["2023-08-14", "2025-08-14", None]))
    told_by_day(pandas_columns(pandas.Series([undated] * 3), dates)["quality_reasons"][:2])


def test_pandas_missing_dates_are_none_and_no_dates_that_could_not_be_read():
    pandas = pytest.importorskip("pandas")
    missing = [None, float("nan"), pandas.NaT, pandas.NA]
    assert [report.warnings for report in Rater().reports(["Words."] * 4, missing)] == [()] * 4


def test_polars_dates_may_be_dates(undated, told_by_day):
    polars = pytest.importorskip("polars")
    from quality.integrations.dataframes import polars_columns

    dates = polars.Series(["2023-08-14", "2025-08-14"]).str.to_date()
    told_by_day(polars_columns(polars.Series([undated] * 2), dates)["quality_reasons"])


@pytest.mark.parametrize("batched", [True, False])
def test_huggingface_dates_come_from_their_column(undated, told_by_day, batched):
    datasets = pytest.importorskip("datasets")
    from quality.integrations.huggingface import Annotate, Keep

    dataset = datasets.Dataset.from_dict({"text": [undated] * 2, "day": ["2023-08-14", "2025-08-14"]})
    told_by_day(dataset.map(Annotate(date="day"), batched=batched)["quality_reasons"])
    step = Keep(date="day", drop=("drop", "review"))
    assert len(dataset.filter(step, batched=batched)) == 0


def test_pandas_empty_column_gives_typed_columns():
    pandas = pytest.importorskip("pandas")
    from quality.integrations.dataframes import pandas_columns

    frame = pandas_columns(pandas.Series([], dtype=object))
    assert (len(frame), frame["quality_reliability"].dtype) == (0, np.float64)


def test_polars_gets_typed_columns(texts, rows, same):
    polars = pytest.importorskip("polars")
    from quality.integrations.dataframes import polars_columns

    frame = polars_columns(polars.Series(texts))
    assert frame.schema == dict(zip(FIELDS, (polars.Float64, polars.String, polars.String), strict=True))
    same(frame.to_dict(as_series=False), rows)
    assert polars_columns(polars.Series([None], dtype=polars.String))["quality_verdict"].to_list() == [
        "unsure"
    ]


@pytest.fixture
def dataset(texts, tmp_path):
    """The texts as a dataset on disk, so that results are cached beside it."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    datasets.Dataset.from_dict({"text": [*texts, None]}).save_to_disk(str(tmp_path / "data"))
    return datasets.load_from_disk(str(tmp_path / "data"))


@pytest.mark.parametrize(
    "options", [{"batched": True, "batch_size": 7}, {"batched": False}, {"batched": True, "num_proc": 2}]
)
def test_huggingface_map_adds_columns(dataset, texts, rows, same, options):
    from quality.integrations.huggingface import Annotate

    found = dataset.map(Annotate(), **options)
    same({name: found[name][:-1] for name in FIELDS}, rows)
    assert found["quality_verdict"][-1] == "unsure"
    assert found["text"][:-1] == texts


@pytest.mark.parametrize("options", [{"batched": True}, {"batched": False}])
def test_huggingface_filter_keeps_what_is_not_dropped(dataset, texts, rows, options):
    from quality.integrations.huggingface import Keep

    found = dataset.filter(Keep(), **options)
    assert found["text"][:-1] == [
        t for t, (_, verdict, _) in zip(texts, rows, strict=True) if verdict != "drop"
    ]


def test_huggingface_streams_take_it_too(dataset, rows, same):
    from quality.integrations.huggingface import Annotate

    stream = list(dataset.to_iterable_dataset().map(Annotate(), batched=True, batch_size=8))
    same({name: [row[name] for row in stream[:-1]] for name in FIELDS}, rows)


def test_huggingface_second_run_finds_the_cache(dataset, monkeypatch):
    from quality.integrations.huggingface import Annotate

    first = dataset.map(Annotate(), batched=True)
    monkeypatch.setattr(Rater, "columns", lambda *_: pytest.fail("rated a second time"))
    second = dataset.map(Annotate(), batched=True)
    assert second._fingerprint == first._fingerprint
    assert second["quality_reasons"][:] == first["quality_reasons"][:]


def test_huggingface_fingerprints_tell_model_policy_and_fields_apart(dataset):
    fingerprint = pytest.importorskip("datasets.fingerprint")
    from quality.integrations.huggingface import Annotate, Keep

    others = [
        Annotate(),
        Annotate(Rater(policy="strict")),
        Annotate(fields=FIELDS[:1]),
        Annotate(text="body"),
        Keep(),
        Keep(drop=("drop", "review")),
    ]
    assert len({fingerprint.Hasher.hash(one) for one in others}) == len(others)


def test_huggingface_fingerprints_are_the_same_in_another_process():
    fingerprint = pytest.importorskip("datasets.fingerprint")
    import subprocess
    import sys

    from quality.integrations.huggingface import Annotate

    code = (
        "from datasets.fingerprint import Hasher; from quality.integrations.huggingface import Annotate; "
        "print(Hasher.hash(Annotate()))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == fingerprint.Hasher.hash(Annotate())


@pytest.mark.parametrize("kind", ["numpy", "pandas", "arrow", "polars"])
def test_huggingface_batches_in_other_formats_are_refused(dataset, kind):
    from quality.integrations.huggingface import Annotate, Keep

    if kind not in ("numpy", "arrow"):
        pytest.importorskip(kind)
    for call in (lambda d: d.map(Annotate(), batched=True), lambda d: d.filter(Keep(), batched=True)):
        with pytest.raises(TypeError, match=r"expected a text or a list of texts: use dataset\.with_format"):
            call(dataset.with_format(kind))


def test_huggingface_what_is_dropped_must_be_verdicts():
    from quality.integrations.huggingface import Keep

    with pytest.raises(ValueError, match="unknown verdicts 'Drop' to drop"):
        Keep(drop=("Drop",))


def test_huggingface_a_column_that_is_not_there_is_told_with_those_that_are():
    datasets = pytest.importorskip("datasets")
    from quality.integrations.huggingface import Annotate, Keep

    dataset = datasets.Dataset.from_dict({"body": ["Ships left."], "n": [1]})
    told = r"there is no column 'text' but body, n: say with text= which holds it"
    for call in (lambda d: d.map(Annotate(), batched=True), lambda d: d.filter(Keep())):
        with pytest.raises(ValueError, match=told):
            call(dataset)
    with pytest.raises(ValueError, match="there is no column 'day' but body, n: say with date= which"):
        dataset.map(Annotate(text="body", date="day"))
    assert dataset.map(Annotate(text="body"))["quality_verdict"][:] == ["unsure"]


def test_huggingface_unknown_fields_are_refused():
    from quality.integrations.huggingface import Annotate

    with pytest.raises(ValueError, match="unknown fields quality_mood; expected some of quality_reliability"):
        Annotate(fields=("quality_mood",))
