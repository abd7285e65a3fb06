"""Near-copies within a run of the filter: one of each cluster stays, the others say which; whatever the size of a portion."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from quality import beside, cli, clusters
from quality import filter as engine
from quality.decisions import NOTHING_MET
from quality.scorer import Scorer
from quality.text import Batch

ROOT = Path(__file__).parents[1]
FAIR = (ROOT / "labelled" / "examples" / "fair.txt").read_text("utf8")
FARM = (ROOT / "labelled" / "examples" / "farm.txt").read_text("utf8")
LEAK = " As an AI language model, I cannot say more."
OTHER = "\n\n".join(
    f"The {n} pier was closed for {k} days after the storm, the harbour office said, and {k + 3} boats had to "
    f"land their fish at the {n} quay of the next town, where the ice ran out on the {k}th."
    for k, n in enumerate(("old", "new", "north", "south", "long"), 12)
)


def run(*arguments, text=None):
    return CliRunner().invoke(cli.main, ["filter", *map(str, arguments)], input=text)


def make(path, terms, signed, order):
    with clusters.making(path, terms, order) as hold:
        for first, some in signed:
            hold(first, some)


def read_lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def corpus(tmp_path):
    """Near-copies 1, 3 and 5, of which the first has a leak and the second is the soundest; 2 and 4 and 6 alone."""
    texts = {
        "spoilt": FAIR + LEAK,
        "other": OTHER,
        "sound": FAIR,
        "short": "Ships left on Monday.",
        "cut": FAIR[:-80],
        "farm": FARM,
    }
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": k, "text": t}) + "\n" for k, t in texts.items()))
    return path


def told(path):
    return {
        r["id"]: (r["quality"]["cluster"]["number"], r["quality"]["cluster"]["kept"])
        for r in read_lines(path)
        if "cluster" in r["quality"]
    }


def test_annotate_tells_the_cluster_and_drops_nothing(corpus, tmp_path):
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--dedup", "first")
    assert done.exit_code == 0, done.stderr
    assert told(tmp_path / "out.jsonl") == dict.fromkeys(("spoilt", "sound", "cut"), (1, "spoilt"))
    found = {r["id"]: r["quality"] for r in read_lines(tmp_path / "out.jsonl")}
    assert len(found) == 6
    assert [found[k]["reasons"][-1:] == ["near_duplicate"] for k in ("spoilt", "sound", "cut")] == [
        False,
        True,
        True,
    ]
    assert found["spoilt"]["cluster"]["similarity"] == 1.0
    assert 0.8 < found["sound"]["cluster"]["similarity"] < 1.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_first_keeps_the_first_and_best_the_most_reliable(corpus, tmp_path):
    scorer = Scorer.load()
    value = {r["id"]: scorer.score(r["text"]).reliability for r in read_lines(corpus)}
    best = max(("spoilt", "sound", "cut"), key=value.__getitem__)
    assert best != "spoilt"
    for order, kept in (("first", "spoilt"), ("best", best)):
        done = run(
            corpus, "-o", tmp_path / "out.jsonl", "--dedup", order, "--mode", "clean", "--dropped", tmp_path / "no.jsonl",
        )  # fmt: skip
        assert done.exit_code == 0, done.stderr
        assert {r["id"] for r in read_lines(tmp_path / "out.jsonl")} == {kept, "other", "short", "farm"}
        dropped = read_lines(tmp_path / "no.jsonl")
        assert {r["id"] for r in dropped} == {"spoilt", "sound", "cut"} - {kept}
        assert all(r["quality"]["cluster"]["kept"] == kept for r in dropped)
        assert "quality: dropped: near_duplicate 2" in done.stderr
        assert done.stderr.splitlines()[-1] == "quality: in 6 = kept 4 + dropped 2 + quarantined 0"


@pytest.mark.parametrize("order", ["first", "best"])
@pytest.mark.parametrize("mode", ["drop", "clean"])
def test_a_text_that_is_lost_itself_does_not_cost_its_copies(corpus, tmp_path, monkeypatch, order, mode):
    real, decide = Scorer.columns_of, engine.decide

    def fails(self, records):
        if any(LEAK in r.text for r in records):
            raise ZeroDivisionError
        return real(self, records)

    def loses(plan, policy, report, record, met=NOTHING_MET):
        decision = decide(plan, policy, report, record, met)
        return decision._replace(is_dropped=True) if record.id == "sound" else decision

    monkeypatch.setattr(Scorer, "columns_of", fails)  # for "spoilt", the first
    monkeypatch.setattr(engine, "decide", loses)
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--dedup", order, "--mode", mode, "--policy", "lenient")
    assert "quarantined 1" in done.stderr
    assert {r["id"] for r in read_lines(tmp_path / "out.jsonl")} >= {"cut", "other", "short"}
    assert told(tmp_path / "out.jsonl")["cut"] == (5, "cut")


def test_a_first_text_with_hard_evidence_does_not_cost_its_copies(corpus, tmp_path):
    done = run(
        corpus, "-o", tmp_path / "out.jsonl", "--dedup", "first", "--mode", "drop", "--policy", "hard-only"
    )
    assert done.exit_code == 0, done.stderr
    assert {r["id"] for r in read_lines(tmp_path / "out.jsonl")} == {"sound", "other", "short"}


def test_bad_records_keep_their_place_in_the_count(corpus, tmp_path):
    lines = corpus.read_text().splitlines()
    corpus.write_text("\n".join(["no json", lines[0], "no json", *lines[1:]]) + "\n")
    run(corpus, "-o", tmp_path / "out.jsonl", "--dedup", "first")
    assert told(tmp_path / "out.jsonl") == dict.fromkeys(("spoilt", "sound", "cut"), (2, "spoilt"))


def test_texts_of_fewer_than_five_words_are_copies_where_their_words_are_the_same_and_else_not(tmp_path):
    texts = [
        "Ships left.",
        "Ships came.",
        "ships  left!",
        "Left ships.",
        "Ships",
        "",
        "",
        "...",
        "Ships left.",
    ]
    texts += [
        "Four ships have left",
        "Five ships have left",
        "Four ships have left",
        "Ships left port, they say.",
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": str(k), "text": t}) + "\n" for k, t in enumerate(texts)))
    done = run(path, "-o", tmp_path / "out.jsonl", "--dedup", "first", "--mode", "drop")
    assert "quality: dropped: near_duplicate 3" in done.stderr
    kept = [int(r["id"]) for r in read_lines(tmp_path / "out.jsonl")]
    assert kept == [0, 1, 3, 4, 5, 6, 7, 9, 10, 12]
    assert told(tmp_path / "out.jsonl") == {"0": (1, "0"), "9": (10, "9")}
    assert read_lines(tmp_path / "out.jsonl")[0]["quality"]["cluster"]["similarity"] == 1.0


def test_short_texts_that_differ_in_a_sign_are_no_copies_and_marks_around_their_words_are_no_signs(tmp_path):
    texts = [
        "It costs $5",
        "It costs €5",
        "Learn C++",
        "Learn C#",
        "Up 1.5 points",
        "Up 15 points",
        "Well done :)",
    ]
    texts += ["Well done :(", "“It costs $5.”", "'Learn C++', …", "***", "***"]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": str(k), "text": t}) + "\n" for k, t in enumerate(texts)))
    run(path, "-o", tmp_path / "out.jsonl", "--dedup", "first")
    assert told(tmp_path / "out.jsonl") == {"0": (1, "0"), "8": (1, "0"), "2": (3, "2"), "9": (3, "2")}


def test_clusters_are_the_same_in_portions_of_any_size(tmp_path, monkeypatch):
    words = [f"w{k}" for k in range(200)]
    # every text is near the one before and the one after, and the first is far from the last
    texts = [" ".join(words[3 * k : 3 * k + 100]) for k in range(30)]
    batch = Batch.of(texts)
    signed = clusters.sign(batch, [str(k) for k in range(30)], [0.5] * 30, [False] * 30)
    found = []
    for size in (1, 4, 512):
        monkeypatch.setattr(clusters, "_PORTION", size)
        path = tmp_path / f"{size}.clusters"
        make(path, "", [(0, signed)], "first")
        found.append(clusters.read(str(path), 0, 30))
    assert found[0] == found[1] == found[2]
    kept = [c.kept for c in found[0].values()]
    assert len(set(kept)) > 3  # no chain of all
    assert all(c.stays == (number == c.kept) and c.similarity >= 0.7 for number, c in found[0].items())


def test_texts_are_read_by_number_from_any_place(tmp_path):
    batch = Batch.of([FAIR, "...", FAIR])
    signed = clusters.sign(batch, ["a", "b", "c"], [None] * 3, [False] * 3)
    assert signed.at == [0, 2]
    make(tmp_path / "c", "", [(10, signed)], "best")
    assert clusters.read(str(tmp_path / "c"), 11, 9) == {1: clusters.Cluster(10, "a", 1.0, False)}
    assert clusters.read(str(tmp_path / "c"), 0, 10) == {}


def test_an_unknown_order_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown order 'last'; expected one of first, best"):
        make(tmp_path / "c", "", [], "last")


def test_standard_input_cannot_be_read_twice():
    done = run("-", "--dedup", "first", text="")
    assert done.exit_code == 2
    assert "reads the input twice" in done.stderr


def test_two_processes_give_the_same_bytes_as_one(corpus, tmp_path):
    lines = corpus.read_text().splitlines()
    corpus.write_text(
        "".join(line.replace('"id": "', f'"id": "{k} ') + "\n" for k in range(120) for line in lines)
    )
    for jobs in (1, 2):
        done = run(
            corpus, "-o", tmp_path / f"{jobs}.jsonl", "--dedup", "best", "--mode", "drop", "--jobs", jobs
        )
        assert done.exit_code == 0, done.stderr
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    assert len(read_lines(tmp_path / "1.jsonl")) < 240


def test_a_run_that_was_killed_uses_its_clusters_again(corpus, tmp_path, monkeypatch):
    lines = corpus.read_text().splitlines()
    corpus.write_text(
        "".join(line.replace('"id": "', f'"id": "{k} ') + "\n" for k in range(80) for line in lines)
    )
    run(corpus, "-o", tmp_path / "whole.jsonl", "--dedup", "first", "--mode", "drop")
    target, made = tmp_path / "out.jsonl", tmp_path / "out.jsonl.clusters"
    command = [*map(str, ("filter", corpus, "-o", target, "--dedup", "first", "--mode", "drop"))]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, "-m", "quality", *command], env=environment) as begun:
        while not made.exists():
            assert begun.poll() is None
            time.sleep(0.005)
        begun.send_signal(signal.SIGKILL)
    assert not target.exists()
    monkeypatch.setattr(clusters, "making", lambda *_: pytest.fail("made anew"))
    done = CliRunner().invoke(cli.main, [*command, "--resume"])
    assert done.exit_code == 0, done.stderr
    assert target.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert not made.exists()


def test_a_file_of_clusters_that_was_spoilt_meanwhile_is_an_error_with_its_name(tmp_path):
    path = tmp_path / "c"
    path.write_bytes(b"no clusters" * 99)
    with pytest.raises(OSError, match="cannot be read") as error:
        clusters.read(str(path), 0, 9)
    assert error.value.filename == str(path)
    with pytest.raises(ValueError, match="is no file of a run"):
        make(path, "", [], "first")
    assert path.read_bytes() == b"no clusters" * 99


def test_clusters_of_other_terms_are_made_anew(tmp_path):
    path = tmp_path / "c"
    signed = clusters.sign(Batch.of([FAIR]), ["a"], [None], [False])
    assert not beside.is_made(path, "these")
    make(path, "these", [(0, signed)], "first")
    assert beside.is_made(path, "these")
    assert not beside.is_made(path, "those")


# ---- against an index ----


def test_filter_tells_what_is_known_from_an_index(corpus, tmp_path):
    index = tmp_path / "known.index"
    CliRunner().invoke(cli.main, ["index", "add", str(index), str(corpus)])
    run(corpus, "-o", tmp_path / "out.jsonl", "--against", index)
    found = {r["id"]: r["quality"]["duplicates"] for r in read_lines(tmp_path / "out.jsonl")}
    assert found["other"] == found["short"] == []
    whole = [d["id"] for d in found["sound"] if "paragraph" not in d]
    assert sorted(whole) == ["cut", "spoilt"]
    assert {d["id"] for d in found["sound"] if "paragraph" in d} >= {"cut", "spoilt"}


def test_clean_takes_out_paragraphs_that_an_index_has(corpus, tmp_path):
    index, new = tmp_path / "known.index", tmp_path / "new.jsonl"
    CliRunner().invoke(cli.main, ["index", "add", str(index), str(corpus)])
    known = OTHER.split("\n\n")[1]
    new.write_text(json.dumps({"id": "new", "text": f"{known}\n\n{FERRY}"}) + "\n")
    done = run(new, "-o", tmp_path / "out.jsonl", "--against", index, "--mode", "clean")
    assert done.exit_code == 0, done.stderr
    (record,) = read_lines(tmp_path / "out.jsonl")
    assert record["text"].strip() == FERRY
    assert record["quality"]["removed"]["duplicate"] == 1


def test_an_index_that_was_changed_meanwhile_is_not_resumed_with(corpus, tmp_path):
    from quality.decisions import Plan
    from quality.filter import _terms
    from quality.index import Index

    with Index.create(tmp_path / "known.index") as index:
        plan = Plan(against=str(index.path))
        before = _terms(plan, [], {})["index"]
        assert _terms(plan, [], {})["index"] == before
        index.add([(Batch.of([FAIR]), ["a"])])
        assert _terms(plan, [], {})["index"] != before


def test_an_index_that_cannot_be_used_ends_the_run_with_3(corpus, tmp_path):
    (tmp_path / "no.index").write_bytes(b"no index" * 99)
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--against", tmp_path / "no.index")
    assert done.exit_code == 3
    assert not (tmp_path / "out.jsonl").exists()


def test_an_index_that_fails_on_the_way_stops_the_run(corpus, tmp_path, monkeypatch):
    from quality.index import Index
    from quality.index_file import UnusableIndexError

    CliRunner().invoke(cli.main, ["index", "add", str(tmp_path / "known.index"), str(corpus)])

    def fail(self, batch, ids):
        raise UnusableIndexError("damaged")

    monkeypatch.setattr(Index, "look_up", fail)
    done = run(corpus, "-o", tmp_path / "out.jsonl", "--against", tmp_path / "known.index")
    assert done.exit_code == 3
    assert "damaged" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_a_table_gets_clusters_and_duplicates_as_structs(corpus, tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow
    import pyarrow.parquet as parquet

    parquet.write_table(pyarrow.Table.from_pylist(read_lines(corpus)), tmp_path / "in.parquet")
    CliRunner().invoke(cli.main, ["index", "add", str(tmp_path / "known.index"), str(corpus)])
    done = run(
        tmp_path / "in.parquet",
        "-o",
        tmp_path / "out.parquet",
        "--dedup",
        "first",
        "--against",
        tmp_path / "known.index",
    )
    assert done.exit_code == 0, done.stderr
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [r["quality"]["cluster"] and r["quality"]["cluster"]["number"] for r in rows] == [
        1,
        None,
        1,
        None,
        1,
        None,
    ]
    assert rows[1]["quality"]["duplicates"] == []
    assert {d["paragraph"] for d in rows[2]["quality"]["duplicates"]} > {None, 1}


FERRY = (
    "The ferry to the outer islands will not sail before Thursday, the harbour office said, because divers have "
    "found a crack in the hull and the spare ship is still in the yard at Rosvik."
)
