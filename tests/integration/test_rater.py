"""What adapters share: flat values, small pickles, one model for each process."""

import math
import pickle
import subprocess
import sys

import pytest

from quality.integrations import rater
from quality.integrations.rater import Rater, checked_verdicts


def test_columns_are_what_the_scorer_says(texts, rows, same):
    same(Rater().columns(texts), rows)


def test_no_texts_give_empty_columns():
    assert Rater().columns([]) == {"quality_reliability": [], "quality_verdict": [], "quality_reasons": []}


def test_a_missing_text_counts_as_an_empty_one():
    columns = Rater().columns([None, math.nan])
    assert columns["quality_verdict"] == ["unsure", "unsure"]
    assert columns["quality_reasons"] == ["few_words", "few_words"]


def test_what_is_no_text_is_refused_by_its_row():
    with pytest.raises(TypeError, match="row 1 is of type int, expected a text"):
        Rater().columns(["a", 7])


def test_dates_count(undated, told_by_day):
    told_by_day(Rater().columns([undated] * 2, ["2023-08-14", "2025-08-14"])["quality_reasons"])


def test_dates_must_be_as_many_as_texts():
    with pytest.raises(ValueError, match="zip"):
        Rater().columns(["a", "b"], ["2025-08-14"])


def test_a_pickle_is_small_and_comes_back_equal():
    given = Rater(policy="strict")
    assert given.scorer.policy.name == "strict"
    written = pickle.dumps(given)
    assert len(written) < 200
    assert pickle.loads(written) == given


def test_a_pickle_names_the_model_it_was_made_with(pack):
    given = Rater(rules=(pack,))
    digest = given.digest
    assert pickle.loads(pickle.dumps(given)).expected == digest
    assert digest.encode() in pickle.dumps(given)


def test_pickles_are_the_same_bytes_whether_the_model_was_used_or_not():
    before, used = Rater(), Rater()
    used.columns(["A text."])
    assert pickle.dumps(before) == pickle.dumps(used) == pickle.dumps(pickle.loads(pickle.dumps(used)))


def test_another_policy_rule_or_model_gives_another_digest(pack, monkeypatch):
    digests = {Rater().digest, Rater(policy="strict").digest, Rater(rules=(pack,)).digest}
    monkeypatch.setattr(rater, "__version__", "0.0.0")
    rater._loaded.cache_clear()
    digests.add(Rater().digest)
    rater._loaded.cache_clear()
    assert len(digests) == 4


def test_a_process_with_another_model_refuses_the_pickle():
    made = Rater("default", "default", (), (), "0123456789abcdef")
    with pytest.raises(RuntimeError, match=r"is \w{16} here, 0123456789abcdef where this comes from"):
        made.columns(["A text."])


def test_own_rules_are_used(pack):
    (reasons,) = Rater(rules=(pack,)).columns(["They took the ferry."])["quality_reasons"]
    assert reasons == "house.ferry few_words"


def test_files_may_be_a_list_but_not_one(pack):
    assert Rater(rules=[pack]) == Rater(rules=(pack,))
    with pytest.raises(TypeError, match="rules is one file, a list of files expected"):
        Rater(rules=pack)


def test_every_process_loads_the_model_once(monkeypatch):
    loads = []
    load = rater.Scorer.load
    monkeypatch.setattr(rater.Scorer, "load", lambda *a, **k: loads.append(1) or load(*a, **k))
    rater._loaded.cache_clear()
    for _ in range(3):
        Rater().columns(["A text."])
    assert loads == [1]


def test_adapters_of_functions_import_their_package_when_used():
    code = (
        "import sys, quality.integrations.dataframes, quality.integrations.huggingface, quality.integrations.ray_data, "
        "quality.integrations.dolma\n"
        "print(sorted({'pandas', 'polars', 'datasets', 'ray', 'pyarrow', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_is_dropped_must_be_a_list_of_verdicts():
    assert checked_verdicts(["review", "drop"]) == ("review", "drop")
    assert checked_verdicts(()) == ()
    with pytest.raises(
        TypeError, match=r"drop is the text 'drop', a list of verdicts expected, such as \['drop'\]"
    ):
        checked_verdicts("drop")
    with pytest.raises(
        ValueError, match="unknown verdicts 'dorp', 'Drop' to drop; there are keep, review, drop, uns"
    ):
        checked_verdicts(["dorp", "drop", "Drop"])
