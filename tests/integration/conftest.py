"""Texts and their reports by the scorer itself, which every adapter must repeat."""

import math
import os
from pathlib import Path

import pytest

from quality.learn.corpora import own
from quality.scorer import Scorer

ROOT = Path(__file__).parents[2]

# Packages that report their use to their makers, or look for files on the network, do neither here.
os.environ |= {
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def pytest_collection_modifyitems(items):
    """What packages of others warn of is theirs to mend."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session")
def texts():
    """Some forty texts of our own: keep, review, drop and unsure, an empty one, one without words."""
    examples = [
        (ROOT / "labelled" / "examples" / f"{name}.txt").read_text("utf8") for name in ("farm", "fair")
    ]
    return [*examples, "", "—", "Only four words here.", *(t.text for t in own(ROOT / "labelled")[::20])][:40]


@pytest.fixture(scope="session")
def rows(texts):
    """(reliability, verdict, reasons) of each text, by the scorer alone; None for a text without words."""
    found = []
    for report in Scorer.load().score_many(texts):
        why = list(dict.fromkeys(f.rule for f in report.hard)) + ([report.doubt] if report.doubt else [])
        why += ["below_keep"] if report.verdict == "review" else []
        found.append((report.reliability, report.verdict, " ".join(why)))
    assert {verdict for _, verdict, _ in found} == {"keep", "review", "drop", "unsure"}
    return found


@pytest.fixture(scope="session")
def undated(texts):
    """A text whose officials are out of time in August 2025 and not in August 2023, and that says no day itself."""
    return texts[0].replace("14 August 2025 - ", "")


@pytest.fixture(scope="session")
def told_by_day():
    """Whether reasons, of `undated` in August 2023 and August 2025, are what they should be."""

    def compare(found):
        assert ["officeholder.anachronism" in reasons for reasons in found] == [False, True]

    return compare


@pytest.fixture
def pack(tmp_path):
    """A file with a hard rule that finds `the ferry`."""
    path = tmp_path / "house.toml"
    path.write_text(PACK, "utf8")
    return str(path)


PACK = """
[[rule]]
id = "house.ferry"
tier = "hard"
title = "t"
message = "{text}"
why = "w"
source = "own"
phrases = ["the ferry"]
hits = [["the ferry", ["the ferry"]]]
clean = ["a boat"]
"""


@pytest.fixture(scope="session")
def same():
    """Whether columns (lists, by name) say what `rows` say, NaN for a reliability that is None."""

    def compare(columns, rows):
        names = ("quality_reliability", "quality_verdict", "quality_reasons")
        given = list(zip(*(columns[name] for name in names), strict=True))
        wanted = [(math.nan if row[0] is None else row[0], *row[1:]) for row in rows]
        assert [repr(row) for row in given] == [repr(row) for row in wanted]

    return compare


@pytest.fixture(scope="session")
def metadata(rows):
    """What an adapter should write beside each text: the same, without what is undefined."""
    names = ("quality_reliability", "quality_verdict", "quality_reasons")
    return [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
