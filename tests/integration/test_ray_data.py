"""Ray Data with two workers says what one process says, also when one of them is killed at work."""

import os
import random
import signal
from pathlib import Path

import pytest

from quality.integrations.rater import FIELDS, Rater

N_RECORDS = 20_000
N_BLOCKS = 16
TOWNS = "Hull Lowestoft Grimsby Whitby Oban Fowey Amble Deal".split()
GOODS = "timber gravel oats cement herring paper steel salt".split()
SENTENCES = (
    "The harbour at {town} handled {n} tonnes of {goods} last year, the port authority said on Monday.",
    "Its director said {n} ships had called, most of them with {goods} for the inland mills.",
    "Councillors in {town} will vote on {n} new berths in the spring.",
    "A union of dockers in {town} said it had not been told how many posts depend on {goods}.",
    "As of my last update, no figures for {town} were available.",
    "Read also: Ten things to know about {goods}",
    "Prices of {goods} rose by {n} per cent between March and June, according to the chamber of trade.",
)


@pytest.fixture(scope="module")
def many():
    """Small articles, each another one, of one seed."""
    draw = random.Random(20)

    def sentence():
        values = {"town": draw.choice(TOWNS), "goods": draw.choice(GOODS), "n": draw.randrange(2, 900)}
        return draw.choice(SENTENCES).format(**values)

    return ["\n\n".join(sentence() for _ in range(draw.randrange(1, 6))) for _ in range(N_RECORDS)]


@pytest.fixture(scope="module")
def wanted(many):
    columns = Rater().columns(many)
    assert len(set(columns["quality_verdict"])) >= 3
    return columns


@pytest.fixture(scope="module")
def dataset(many):
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    import pyarrow

    ray.init(num_cpus=2, object_store_memory=200_000_000, include_dashboard=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    size = N_RECORDS // N_BLOCKS
    tables = [
        pyarrow.table({"n": range(k, k + size), "text": many[k : k + size]})
        for k in range(0, N_RECORDS, size)
    ]
    yield ray.data.from_arrow(tables)
    ray.shutdown()


def columns_of(dataset):
    """Columns in the order of the records; each record must be there once."""
    rows = sorted(dataset.take_all(), key=lambda row: row["n"])
    assert [row["n"] for row in rows] == list(range(N_RECORDS))
    return {name: [row[name] for row in rows] for name in FIELDS}


def assert_same(found, wanted):
    for name in FIELDS:
        differing = [
            k for k, pair in enumerate(zip(found[name], wanted[name], strict=True)) if pair[0] != pair[1]
        ]
        assert differing == [], f"{name} of {len(differing)} records"


def test_two_workers_say_what_one_process_says(dataset, wanted):
    from quality.integrations.ray_data import annotate

    assert_same(columns_of(annotate(dataset, concurrency=2)), wanted)


def test_a_worker_killed_at_work_loses_nothing(dataset, wanted, tmp_path):
    from quality.integrations.ray_data import QualityActor

    def with_an_accident(folder):
        # made here, so that workers get it by value: they cannot import this file
        class Victim(QualityActor):
            """Dies in the middle, once for all workers; says who rated what."""

            def __call__(self, table):
                first = table["n"][0].as_py()
                (Path(folder) / f"{os.getpid()}-{first}").touch()
                if first >= N_RECORDS // 2:
                    try:
                        with open(Path(folder) / "killed", "x") as note:
                            note.write(str(os.getpid()))
                    except FileExistsError:
                        return super().__call__(table)
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().__call__(table)

        return Victim

    rated = dataset.map_batches(
        with_an_accident(str(tmp_path)), batch_format="pyarrow", batch_size=256, concurrency=2
    )
    assert_same(columns_of(rated), wanted)
    killed = (tmp_path / "killed").read_text()
    workers = {name.split("-")[0] for name in os.listdir(tmp_path) if name != "killed"}
    assert killed in workers
    assert workers - {killed}, "others went on"


def test_dates_come_from_their_column(undated, told_by_day):
    pyarrow = pytest.importorskip("pyarrow")
    from quality.integrations.ray_data import QualityActor

    table = pyarrow.table({"text": [undated] * 2, "day": ["2023-08-14", "2025-08-14"]})
    told_by_day(QualityActor(date="day")(table)["quality_reasons"].to_pylist())


def test_columns_of_an_earlier_run_are_replaced():
    pyarrow = pytest.importorskip("pyarrow")
    from quality.integrations.ray_data import QualityActor

    table = pyarrow.table({"text": ["Two words."], "quality_verdict": ["keep"]})
    found = QualityActor()(table)
    assert found.column_names == ["text", "quality_reliability", "quality_verdict", "quality_reasons"]
    assert found["quality_verdict"].to_pylist() == ["unsure"]


def test_a_column_without_any_text_keeps_its_types():
    pyarrow = pytest.importorskip("pyarrow")
    from quality.integrations.ray_data import QualityActor

    found = QualityActor()(pyarrow.table({"text": pyarrow.array([None, ""], pyarrow.string())}))
    assert found.schema.field("quality_reliability").type == pyarrow.float64()
    assert found.schema.field("quality_reasons").type == pyarrow.string()
