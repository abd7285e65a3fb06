"""`quality rules bench`: rules counted in labelled texts, the misfiring ones named."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from quality.catalogue import known_rules
from quality.misfires import Bench, bench, table
from quality.records import Record
from quality.registry import own_packs
from quality.scorer import Scorer

SOUND = "The council met on Monday in the old hall and put off its decision on the bridge until June."
LEAK = "As an AI language model, I cannot say when the council will meet."
PACK = """
[[rule]]
id = "house.bridge"
tier = "soft"
title = "bridge"
message = "a bridge: «{text}»"
why = "An example of a rule that honest texts set off more often than others do."
source = "own"
phrases = ["the bridge"]
hits = [["They cross the bridge.", ["the bridge"]]]
clean = ["They cross the river."]
"""


def records(n_reliable: int, n_unreliable: int) -> list[Record]:
    good = [
        Record(str(k), "north.jsonl", f"{SOUND}\n\nThe ferry sails at {k}.", label="reliable")
        for k in range(n_reliable)
    ]
    bad = [
        Record(str(k), "south.jsonl.gz", f"{LEAK}\n\nThe ferry sails at {k}.", label="unreliable")
        for k in range(n_unreliable)
    ]
    return good + bad


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    path = tmp_path_factory.mktemp("pack") / "house.toml"
    path.write_text(PACK, "utf8")
    unlabelled = Record("x", "north.jsonl", SOUND, label="unclear")
    return bench(Scorer.load(rules=[path]), known_rules(own_packs([path])), [*records(30, 20), unlabelled])


def test_findings_are_counted_by_label(found: Bench) -> None:
    by_rule = {r.rule: r for r in found.rules}
    assert (found.texts, found.paragraphs, found.unlabelled) == ((30, 20), (60, 40), 1)
    assert by_rule["leak.chatbot"].findings == (0, 20)
    assert by_rule["leak.chatbot"].per_1000 == (0.0, 500.0)
    assert by_rule["leak.chatbot"].share == (0.0, 1.0)
    assert by_rule["house.bridge"].findings == (30, 0)
    assert by_rule["house.bridge"].worst == ("north", 500.0)


def test_a_rule_that_fires_in_reliable_texts_alone_misfires_and_comes_first_in_its_tier(found: Bench) -> None:
    soft = [r for r in found.rules if r.tier == "soft"]
    assert (soft[0].rule, soft[0].verdict) == ("house.bridge", "misfires")
    assert {r.rule: r.verdict for r in found.rules}["leak.chatbot"] == "ok"
    assert {r.rule: r.verdict for r in found.rules}["leak.placeholder"] == "silent"
    assert [r.tier for r in found.rules] == sorted(r.tier for r in found.rules)


def test_the_ratio_is_that_of_the_shares_of_texts_with_an_interval(found: Bench) -> None:
    """20 of 20 against 0 of 30, a half added to each count: (20.5/20.5) / (.5/30.5) = 61."""
    (rates,) = [r for r in found.rules if r.rule == "leak.chatbot"]
    assert rates.ratio == pytest.approx(61.0)
    assert rates.interval == pytest.approx((3.90, 954.2), rel=1e-2)


def test_the_page_says_plainly_what_misfires(found: Bench) -> None:
    page = table(found)
    assert "fire more in reliable than in unreliable texts: house.bridge\n" in page
    assert "1 text with neither label left out" in page


def test_files_of_one_name_in_different_folders_are_kept_apart() -> None:
    north, south = (
        [Record(str(k), f"{folder}/news.jsonl", text, label=label) for k in range(3)]
        for folder, text, label in (("north", SOUND, "reliable"), ("south", LEAK, "reliable"))
    )
    other = Record("x", "north/other.jsonl.xz", LEAK, label="unreliable")
    found = bench(Scorer.load(), known_rules(), [*north, *south, other])
    assert found.corpora == ("north/news", "south/news", "other")
    (rates,) = [r for r in found.rules if r.rule == "leak.chatbot"]
    assert rates.worst == ("south/news", 1000.0)


@pytest.mark.parametrize(("reliable", "unreliable", "said"), [(3, 0, "unreliable"), (0, 3, "reliable")])
def test_both_labels_are_needed(reliable: int, unreliable: int, said: str) -> None:
    with pytest.raises(ValueError, match=f"no text is labelled {said}: give JSON Lines"):
        bench(Scorer.load(), known_rules(), records(reliable, unreliable))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "quality", *arguments], capture_output=True, text=True)


def test_the_command_reads_a_folder_and_prints_a_table_or_json(tmp_path: Path) -> None:
    lines = [json.dumps({"id": r.id, "text": r.text, "label": r.label}) for r in records(4, 4)]
    (tmp_path / "one.jsonl").write_text("\n".join(lines[:6]), "utf8")
    with gzip.open(tmp_path / "two.jsonl.gz", "wt", encoding="utf8") as file:
        file.write("\n".join(lines[6:]))
    done = run("rules", "bench", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.startswith("4 reliable texts (8 paragraphs), 4 unreliable (8), from one, two")
    done = run("rules", "bench", str(tmp_path), "--format", "json")
    assert json.loads(done.stdout)["texts"] == {"reliable": 4, "unreliable": 4}


def test_what_the_command_cannot_use_ends_with_2_and_a_word_on_it(tmp_path: Path) -> None:
    done = run("rules", "bench")
    assert (done.returncode, "give a folder of labelled texts" in done.stderr) == (2, True)
    (tmp_path / "one.jsonl").write_text('{"text": "The ferry sails."}\n', "utf8")
    done = run("rules", "bench", str(tmp_path))
    assert (done.returncode, "no text is labelled reliable and none unreliable" in done.stderr) == (2, True)
    done = run("rules", "leak.chatbot", str(tmp_path))
    assert (done.returncode, "only `quality rules bench DIR`" in done.stderr) == (2, True)
