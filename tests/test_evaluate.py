"""Evaluations: what is measured on labelled texts, what is listed, and what the command says of it."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from quality import cli
from quality.learn.corpora import Labelled
from quality.learn.evaluate import compare, evaluate
from quality.learn.judged import Judged, judge
from quality.learn.probes import baselines, shuffled
from quality.learn.selection import confident, next_to_label, suspects
from quality.render.evaluation import page
from quality.render.evaluation_html import html
from quality.scorer import Scorer, shipped_models

LABELLED = Path(__file__).parent.parent / "labelled"


def judged(name="a", label="reliable", reliability=0.9, corpus="one", verdict="keep", **others):
    values = {
        "id": name, "source": "f.jsonl", "corpus": corpus, "group": name, "label": label, "kind": "news",
        "year": "2020", "n_words": 200, "text": f"Text {name}.", "form": (1.0, 2.0), "reliability": reliability,
        "verdict": verdict, "findings": {}, "tiers": {}, "terms": {}, "reasons": (), "effects": (),
    }  # fmt: skip
    return Judged(**(values | others))


def corpus_of(name, reliable, unreliable, n=20, **others):
    """n texts of either label, all of one reliability each."""
    return [
        judged(f"{name}-{label}-{k}", label, value, name, **others)
        for label, value in (("reliable", reliable), ("unreliable", unreliable))
        for k in range(n)
    ]


def measured(texts, **options):
    return evaluate(texts, **({"n_draws": 50, "probes": False} | options))


# ---- figures ----


def test_corpora_are_averaged_and_never_pooled():
    # within each corpus all is in order; pooled, reliable texts of one stand below unreliable ones of the other
    whole = measured([*corpus_of("high", 0.9, 0.8), *corpus_of("low", 0.2, 0.1)])
    assert whole["macro"]["auc"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n_corpora": 2}


def test_under_twenty_texts_of_either_label_give_no_figure():
    texts = corpus_of("one", 0.9, 0.1)
    assert measured(texts)["corpora"][0]["auc"]["value"] == 1.0
    whole = measured(texts[1:])
    assert whole["corpora"][0]["auc"] is None
    assert whole["macro"]["auc"] is None
    assert "fewer than 20 texts" in whole["notes"][0]


def test_a_rate_that_the_sample_cannot_show_has_no_figure():
    (few,) = measured(corpus_of("one", 0.9, 0.1, n=99))["corpora"]
    (enough,) = measured(corpus_of("one", 0.9, 0.1, n=100))["corpora"]
    assert few["caught_at_1"]["value"] is None
    assert enough["caught_at_1"]["value"] == 1.0
    assert few["smallest_rate"] == pytest.approx(1 / 99)


def test_a_corpus_of_one_label_shows_its_decisions():
    honest = [judged(str(k), verdict="drop" if k < 2 else "keep", corpus="essays") for k in range(40)]
    essays, _ = measured([*honest, *corpus_of("one", 0.9, 0.1)])["corpora"]
    assert essays["auc"] is None
    assert essays["verdicts"]["reliable"] == {"keep": 38, "review": 0, "drop": 2, "unsure": 0}


def test_files_of_one_label_each_are_taken_as_one_corpus():
    texts = [replace(t, corpus=str(t.label)) for t in corpus_of("one", 0.9, 0.1)]
    whole = measured(texts)
    assert [c["corpus"] for c in whole["corpora"]] == ["all"]
    assert whole["macro"]["auc"]["value"] == 1.0
    assert any("as one corpus" in note for note in whole["notes"])


def test_corpora_that_the_model_learnt_from_are_named():
    (note,) = measured(corpus_of("one", 0.9, 0.1), learnt=["one", "two"])["notes"]
    assert note == "the model learnt from corpora of these names, so figures flatter: one"
    texts = [replace(t, source="data/celebrity.jsonl.xz") for t in corpus_of("renamed", 0.9, 0.1)]
    (note,) = measured(texts, learnt=["celebrity"])["notes"]
    assert note.endswith(": celebrity")


def test_precision_is_that_of_the_verdicts_at_a_prevalence():
    reliable = [judged(f"r{k}", verdict="drop" if k < 1 else "keep") for k in range(100)]
    unreliable = [
        judged(f"u{k}", "unreliable", 0.1, verdict="drop" if k < 50 else "review") for k in range(100)
    ]
    rows = {(r["flag"], r["prevalence"]): r for r in measured(reliable + unreliable)["precision"]}
    dropped = rows["dropped", 0.01]
    assert (dropped["caught"], dropped["false_alarms"]) == (0.5, 0.01)
    assert dropped["precision"] == pytest.approx(0.005 / 0.0149)
    assert 0 < dropped["low"] < dropped["precision"]
    assert rows["dropped or reviewed", 0.5]["precision"] == pytest.approx(1 / 1.01)


def test_paragraph_figures_by_hand():
    marked = judged(
        paragraphs=(
            ("content", "content", 30),
            ("content", "filler", 10),
            ("filler", "filler", 12),
            ("boilerplate", "content", 4),
        )
    )
    long, all_of_them = measured([marked])["paragraphs"]
    assert (long["paragraphs"], all_of_them["paragraphs"]) == (3, 4)
    assert long["content_words_lost"] == 0.25
    assert long["roles"]["filler"] == {
        "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "labelled": 1
    }  # fmt: skip
    assert long["roles"]["content"]["f1"] == pytest.approx(2 / 3)
    assert long["roles"]["boilerplate"]["f1"] is None
    assert all_of_them["roles"]["boilerplate"]["f1"] == 0.0


def test_a_slice_of_one_label_is_measured_with_the_other_label_of_its_corpora():
    texts = [
        replace(t, kind="satire" if t.unreliable else "news") for t in corpus_of("one", 0.9, 0.1)
    ] + corpus_of("two", 0.05, 0.01)
    rows = {s["value"]: s for s in measured(texts, by=["kind"])["slices"]}
    satire = rows["satire"]
    assert (satire["reliable"], satire["unreliable"], satire["against"]) == (0, 20, "reliable")
    assert (satire["n_corpora"], satire["auc"]["value"]) == (1, 1.0)


def test_slices_of_length_are_in_their_order_and_thin_ones_empty():
    texts = [*corpus_of("one", 0.9, 0.1), *(judged(f"l{k}", n_words=5000) for k in range(30))]
    texts += [judged(f"s{k}", n_words=20) for k in range(30)]
    rows = measured(texts, by=["length"])["slices"]
    assert [r["value"] for r in rows] == ["0-149 words", "150-399 words", "1000 words or more"]
    assert rows[1]["auc"]["value"] == 1.0
    alone = measured([judged(f"s{k}", n_words=20 + 300 * k) for k in range(2)], by=["length"])["slices"]
    assert [r["auc"] for r in alone] == [None, None]


def test_lengths_are_cut_where_they_say():
    assert [judged(n_words=n).length for n in (0, 149, 150, 999, 1000)] == [
        "0-149 words", "0-149 words", "150-399 words", "400-999 words", "1000 words or more"
    ]  # fmt: skip


def test_findings_are_counted_by_texts():
    tiers = {"leak.chatbot": "hard", "hedge.cue": "soft"}
    texts = [judged("a", findings={"hedge.cue": 5}, tiers=tiers), judged("b", "unreliable", findings={"leak.chatbot": 1, "hedge.cue": 1}, tiers=tiers)]  # fmt: skip
    assert measured(texts)["rules"] == [
        {"rule": "leak.chatbot", "tier": "hard", "reliable": 0, "unreliable": 1},
        {"rule": "hedge.cue", "tier": "soft", "reliable": 1, "unreliable": 1},
    ]


def test_ece_comes_without_an_interval():
    ece = measured(corpus_of("one", 0.9, 0.1))["macro"]["ece"]
    assert (ece["value"], ece["low"], ece["high"]) == (pytest.approx(0.1), None, None)


def test_the_worst_errors_come_first():
    texts = [judged(f"r{k}", reliability=k / 20) for k in range(20)]
    texts += [judged(f"u{k}", "unreliable", k / 20) for k in range(20)]
    whole = measured(texts)
    assert [e["id"] for e in whole["false_alarms"]][:2] == ["r0", "r1"]
    assert [e["id"] for e in whole["misses"]][:2] == ["u19", "u18"]


def test_the_same_seed_gives_the_same_and_the_order_of_texts_is_of_no_account():
    random = np.random.default_rng(0)
    texts = [replace(t, reliability=float(random.random())) for t in corpus_of("one", 0, 0, n=30)]
    assert measured(texts) == measured(texts)
    assert measured(texts)["corpora"] == measured(texts[::-1])["corpora"]
    assert measured(texts)["corpora"] != measured(texts, seed=1)["corpora"]


def test_an_unknown_slice_is_refused():
    with pytest.raises(ValueError, match="unknown slice 'colour'"):
        measured([judged()], by=["colour"])


def test_no_text_at_all_is_no_error():
    whole = measured([], probes=True)
    assert whole["macro"] == dict.fromkeys(whole["macro"]) | {"n_corpora": 0}
    assert "0 texts with a label" in page(whole)
    json.dumps(whole, allow_nan=False)


def test_unclear_texts_are_counted_and_nothing_else():
    texts = corpus_of("one", 0.9, 0.1)
    doubtful = [judged(f"u{k}", "unclear", 0.95, "one", "drop", findings={"a.b": 1}, tiers={"a.b": "hard"})
                for k in range(9)]  # fmt: skip
    plain, more = measured(texts), measured([*texts, *doubtful])
    assert (plain["read"].pop("unclear"), more["read"].pop("unclear")) == (0, 9)
    assert (plain["read"].pop("texts"), more["read"].pop("texts")) == (40, 49)
    assert more == plain


# ---- texts that a model has learnt from ----


def half_learnt():
    """One corpus of which the model knows every text that it gets right."""
    known = [replace(t, learnt=True) for t in corpus_of("one", 0.9, 0.1)]
    return [*known, *[replace(t, id=f"new-{t.id}", group=f"new-{t.id}") for t in corpus_of("one", 0.1, 0.9)]]


def test_figures_are_given_with_and_without_the_texts_learnt_from():
    whole = measured(half_learnt())
    assert whole["notes"] == ["the model learnt from 40 of these 80 texts, so its figures flatter"]
    assert whole["macro"]["auc"]["value"] == 0.5
    assert (whole["unseen"]["learnt"], whole["unseen"]["macro"]["auc"]["value"]) == (40, 0.0)
    assert [c["unreliable"] for c in whole["unseen"]["corpora"]] == [20]
    assert whole["false_alarms"][0]["learnt"] is False
    shown = page(whole)
    assert "Ranking of texts that the model has not learnt from" in shown
    assert re.search(r"^ +one +20 +20 +0.000", shown, re.MULTILINE)


def test_texts_learnt_from_are_marked_in_the_lists():
    assert "one-reliable-0 (one): reliability 0.900, keep, news, learnt from" in page(
        measured([replace(t, learnt=True) for t in corpus_of("one", 0.9, 0.1)])
    )


def test_without_texts_learnt_from_nothing_is_said():
    whole = measured(corpus_of("one", 0.9, 0.1))
    assert (whole["notes"], whole["unseen"]) == ([], None)


def test_where_all_were_learnt_from_no_figure_is_left():
    whole = measured([replace(t, learnt=True) for t in corpus_of("one", 0.9, 0.1)])
    assert (whole["unseen"]["corpora"], whole["unseen"]["macro"]["auc"]) == ([], None)


def test_two_models_are_compared_on_texts_that_neither_knows_as_well():
    texts = [
        replace(t, compared=(0.5, "review"), learnt_by_second=t.learnt, learnt=False) for t in half_learnt()
    ]
    assert measured(texts)["notes"] == [
        "the second model learnt from 40 of these 80 texts, so its figures flatter"
    ]
    found = compare(texts, n_draws=5)
    assert found["macro"]["auc"]["value"] == 0.0
    assert (found["unseen"]["learnt"], found["unseen"]["macro"]["auc"]["value"]) == (40, 0.5)
    assert compare([replace(t, learnt_by_second=False) for t in texts], n_draws=5)["unseen"] is None
    shown = page(measured(texts) | {"compare": found})
    assert "on texts that neither has learnt from" in shown


def test_suspects_of_texts_learnt_from_are_told_by_words():
    words = {"reliable": "harbour council ferry", "unreliable": "miracle secret shocking"}
    texts = [replace(t, text=words[t.label], learnt=True) for t in corpus_of("one", 0.9, 0.1, n=30)]
    texts[3] = replace(texts[3], label="unreliable")
    texts = [replace(t, terms={"likeness": -1.0 if t.unreliable else 1.0}) for t in texts]
    assert [s["id"] for s in suspects(texts, seed=0)] == ["one-reliable-3"]


# ---- two models ----


def test_a_model_does_not_differ_from_itself():
    texts = [replace(t, compared=(t.reliability, t.verdict)) for t in corpus_of("one", 0.9, 0.1)]
    found = compare(texts, n_draws=20)
    assert found["macro"]["auc"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert (found["changed"], found["moves"]) == (0.0, [])


def test_differences_are_second_less_first_and_moves_are_counted():
    texts = [
        replace(t, reliability=0.5, compared=(t.reliability, "drop" if t.unreliable else t.verdict))
        for t in corpus_of("one", 0.9, 0.1)
    ]
    found = compare(texts, n_draws=20)
    assert found["corpora"][0]["auc"]["value"] == 0.5
    assert found["changed"] == 0.5
    assert found["moves"] == [{"from": "keep", "to": "drop", "texts": 20}]


def test_comparing_needs_a_second_model():
    with pytest.raises(ValueError, match="no second model"):
        compare([judged()])


# ---- probes ----


def test_shuffled_labels_stay_at_one_half():
    random = np.random.default_rng(0)
    texts = [replace(t, reliability=float(random.random())) for t in corpus_of("one", 0, 0, n=100)]
    found = shuffled([texts], seed=0)
    assert found["low"] < 0.5 < found["high"]
    assert found["mean"] == pytest.approx(0.5, abs=0.01)


def test_baselines_see_what_gives_a_label_away_and_nothing_else():
    random = np.random.default_rng(0)
    texts = [
        replace(
            t, form=(float(t.unreliable), float(random.random())), findings={"a.b": int(random.integers(2))}
        )
        for t in corpus_of("one", 0, 0, n=60)
    ]
    found = {row["name"]: row["macro"] for row in evaluate(texts, n_draws=2)["probes"]["baselines"]}
    assert found["length"] == 1.0
    assert 0.3 < found["rules"] < 0.7
    assert list(found) == ["this model", "length", "length and format", "readability", "rules", "TF-IDF"]


def test_length_that_gives_a_label_away_in_opposite_ways_is_seen_in_either_corpus():
    texts = [replace(t, form=(float(t.unreliable == (t.corpus == "one")), 0.0))
             for t in [*corpus_of("one", 0, 0), *corpus_of("two", 0, 0)]]  # fmt: skip
    found = {row["name"]: row["auc"] for row in evaluate(texts, n_draws=2)["probes"]["baselines"]}
    assert found["length"] == {"one": 1.0, "two": 1.0}


def test_a_baseline_has_not_seen_the_group_it_scores():
    # every group has a word and a label of its own: who has seen the group knows, nobody else can
    random = np.random.default_rng(0)
    texts = []
    for g in range(60):
        label = ("reliable", "unreliable")[int(random.integers(2))]
        texts += [judged(f"{g}-{k}", label, group=str(g), text=f"word{g} said thing") for k in range(4)]
    score = baselines(texts, 0)["TF-IDF"]
    label = np.array([t.unreliable for t in texts])
    from quality.learn.metrics import auc

    assert auc(label, score, np.ones(label.size)) < 0.6


# ---- labels to look at ----


def test_a_class_is_suggested_above_its_own_threshold_alone():
    chance = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.8, 0.2], [0.45, 0.55]])
    # mean of class 0 over those given 0: .5; of class 1 over those given 1: .5167
    assert confident(np.array([0, 0, 1, 1, 1]), chance).tolist() == [0, 1, 1, 0, 1]
    surer = np.array([[0.9, 0.1], [0.55, 0.45], [0.1, 0.9]])
    # .55 is the likelier class but below that class's threshold of .9
    assert confident(np.array([0, 1, 1]), surer).tolist() == [0, -1, 1]


def test_a_label_turned_over_is_the_suspect():
    random = np.random.default_rng(0)
    texts = [
        replace(t, terms={"likeness": float((-1 if t.unreliable else 1) + 0.1 * random.standard_normal())})
        for t in corpus_of("one", 0.9, 0.1, n=30)
    ]
    texts[3] = replace(texts[3], label="unreliable")
    found = suspects(texts, seed=0)
    assert [(s["id"], s["given"], s["suggested"]) for s in found] == [
        ("one-reliable-3", "unreliable", "reliable")
    ]
    assert found[0]["probability"] > 0.9
    assert found[0]["because"] == ["likeness"]


def test_where_the_model_has_seen_the_labels_words_are_asked_instead():
    words = {"reliable": "harbour council ferry", "unreliable": "miracle secret shocking"}
    texts = [replace(t, text=words[t.label]) for t in corpus_of("one", 0.9, 0.1, n=30)]
    texts[3] = replace(texts[3], label="unreliable")
    texts = [replace(t, terms={"likeness": -1.0 if t.unreliable else 1.0}) for t in texts]
    assert suspects(texts, seed=0) == []
    (found,) = suspects(texts, seed=0, learnt=["one"])
    assert (found["id"], found["because"]) == ("one-reliable-3", ["words"])


def test_a_text_does_not_speak_for_its_own_label():
    texts = [
        replace(t, terms={"likeness": -1.0 if t.unreliable else 1.0}) for t in corpus_of("one", 0.9, 0.1)
    ]
    # all that is against it is a finding that no other text has: learnt from the text itself, if from any
    texts[3] = replace(texts[3], label="unreliable", findings={"a.b": 3}, tiers={"a.b": "hard"})
    assert [s["id"] for s in suspects(texts, seed=0)] == ["one-reliable-3"]


def test_no_suspects_where_there_is_one_label():
    assert suspects([judged(str(k)) for k in range(9)], 0) == []


def waiting(n=40):
    return [
        judged(f"w{k}", None, k / n, text=f"The harbour and the council met on day {k}.") for k in range(n)
    ]


def test_next_are_half_uncertain_a_third_novel_and_the_rest_at_random():
    known = [judged("k", text="The harbour and the council met on day one.")]
    texts = [
        *known,
        *waiting(),
        judged("odd", None, 0.99, text="Zebras graze quietly beyond marshy riverbanks."),
    ]
    found = next_to_label(texts, 12, seed=0)
    assert [f["reason"] for f in found] == ["uncertain"] * 6 + ["novel"] * 4 + ["random"] * 2
    assert found[0]["id"] == "w20"
    assert found[6]["id"] == "odd"
    assert len({f["id"] for f in found}) == 12
    assert found == next_to_label(texts, 12, seed=0)
    assert found[-2:] != next_to_label(texts, 12, seed=1)[-2:]


def test_next_takes_one_uncertain_text_of_a_group():
    texts = [replace(t, group="same") if k in (19, 20, 21) else t for k, t in enumerate(waiting())]
    found = [f["id"] for f in next_to_label(texts, 6, seed=0)]
    assert sum(name in ("w19", "w20", "w21") for name in found[:3]) == 1


def test_next_gives_all_where_there_are_too_few_and_no_labelled_ones():
    assert {f["id"] for f in next_to_label([*waiting(2), judged("k")], 9, seed=0)} == {"w0", "w1"}
    assert next_to_label([judged()], 9, seed=0) == []


def test_unclear_texts_wait_for_a_label_too():
    assert [f["id"] for f in next_to_label([judged("u", "unclear")], 1, seed=0)] == ["u"]


# ---- reading ----


def written(path, *rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf8")
    return str(path)


def test_judging_counts_words_of_paragraphs_and_keeps_the_first_hard_reasons():
    text = (
        "The ferry may be late again on Monday, the harbour office said in a notice of two pages.\n\n"
        "As an AI language model, I cannot say when. As an AI language model, I have no timetable.\n\n"
        "Share this article"
    )
    roles = ("content", None, "boilerplate")
    (found,) = judge([Labelled("a", "own", "7", "unreliable", "leak", text, None, roles)], Scorer.load())
    assert (found.corpus, found.kind, found.group, found.unreliable) == ("own", "leak", "7", True)
    assert [(label, n_words) for label, _, n_words in found.paragraphs] == [
        ("content", 18),
        ("boilerplate", 3),
    ]
    assert found.findings["leak.chatbot"] > 1
    rules = [reason["rule"] for reason in found.reasons]
    assert rules[0] == "leak.chatbot"
    assert len(set(rules)) == len(rules) > 1


def test_a_text_without_a_label_is_judged_as_one_that_waits():
    (found,) = judge([Labelled("a", "own", "a", "", "news", "The ferry was late on Monday.")], Scorer.load())
    assert (found.label, found.is_measured) == (None, False)


# ---- pages ----


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e</style>"


def hostile():
    texts = corpus_of(HOSTILE, 0.9, 0.1, kind=HOSTILE, group=HOSTILE, text=HOSTILE, year=HOSTILE)
    reason = {"rule": HOSTILE, "tier": "hard", "text": HOSTILE, "message": HOSTILE}
    texts = [
        replace(
            t, reasons=(reason,), effects=((HOSTILE, -1.0),), findings={HOSTILE: 1}, tiers={HOSTILE: "hard"}
        )
        for t in texts
    ]
    whole = measured([*texts, *corpus_of("two", 0.8, 0.3, kind="plain")])
    told = texts[0].told()
    whole["suspects"] = [told | {"given": "reliable", "suggested": "unreliable", "probability": 0.9, "because": [HOSTILE]}]  # fmt: skip
    whole["next"] = [told | {"reason": "novel", "why": HOSTILE}]
    whole["model"] = {"name": HOSTILE, "digest": HOSTILE}
    whole["notes"] = [HOSTILE]
    whole["compare"] = compare([replace(t, compared=(0.5, "review")) for t in texts], n_draws=5) | {"model": {"name": HOSTILE}}  # fmt: skip
    return whole


def test_nothing_of_a_text_becomes_markup():
    from html.parser import HTMLParser

    seen = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.add(tag)
            assert not [
                name for name, _ in attrs if name.startswith("on") or name in ("href", "src", "style")
            ]

    written_page = html(hostile())
    Tags().feed(written_page)
    assert "img" not in seen
    assert "script" not in seen
    assert written_page.count("<style>") == written_page.count("</style>") == 1
    assert "\u202e" not in written_page
    assert "&lt;script&gt;alert(1)" in written_page


def test_a_page_loads_nothing_and_says_so():
    written_page = html(measured(corpus_of("one", 0.9, 0.1)))
    assert "default-src 'none'; style-src 'unsafe-inline'" in written_page
    assert "http" not in written_page.replace("http-equiv", "")
    assert "url(" not in written_page


def test_plots_are_drawn_for_each_corpus_with_figures():
    written_page = html(measured([*corpus_of("one", 0.9, 0.1), judged(corpus="thin")]))
    titles = re.findall(r'aria-label="([^"]*)"', written_page)
    assert sum("Reliability diagram of one" in t for t in titles) == 1
    assert sum("ROC curve of one" in t for t in titles) == 1
    assert sum("by reliability and label" in t for t in titles) == 2
    assert not any("ROC curve of thin" in t for t in titles)
    assert "nan" not in written_page


def test_a_roc_curve_is_drawn_in_steps_from_one_text_of_the_sample():
    from quality.render.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, roc

    line = re.search(r'class="line" d="M([^"]*)"', roc("one", [[0, 0.5], [0.1, 0.5], [1.0, 1.0]], 0.1))[1]
    left, right, middle = LEFT, WIDTH - RIGHT, TOP + (HEIGHT - TOP - BOTTOM) / 2
    assert line == "L".join(
        f"{x:.1f} {y:.1f}" for x, y in [(left, middle)] * 3 + [(right, middle), (right, float(TOP))]
    )


def test_the_terminal_page_is_free_of_control_characters_and_within_its_width():
    shown = page(hostile(), 100)
    assert "\u202e" not in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_undefined_figures_are_dashes():
    shown = page(measured([judged("a"), judged("b", "unreliable")]))
    assert re.search(r"^ +one +1 +1 +- +- +- +- +100.0 %", shown, re.MULTILINE)
    assert "nan" not in shown


def test_a_table_of_which_the_terminal_shows_no_row_says_so():
    texts = [judged(str(k), year=str(1990 + k)) for k in range(30)]
    shown = page(measured(texts, by=["year"]))
    assert "Slices" in shown
    assert "and 30 more: --report or --format json" in shown


# ---- the command ----


def run(*arguments):
    return CliRunner().invoke(cli.main, ["evaluate", *map(str, arguments)])


@pytest.fixture(scope="module")
def own():
    return [str(path) for path in sorted(LABELLED.glob("*.jsonl"))]


def test_the_command_measures_the_labelled_texts(own, tmp_path):
    done = run(*own, "--format", "json", "--report", tmp_path / "page.html", "--suspects", "--next", "3")
    assert (done.exit_code, done.stderr) == (0, "")
    whole = json.loads(done.stdout)
    assert whole["schema"] == "quality-evaluation/1"
    assert whole["read"]["unclear"] == 4
    assert whole["macro"]["auc"]["value"] > 0.6
    assert whole["corpora"][0]["verdicts"]["reliable"]["drop"] == 0
    assert [len(whole["probes"]["baselines"]), len(whole["next"])] == [6, 3]
    assert whole["paragraphs"][0]["roles"]["content"]["f1"] > 0.9
    assert all(text["id"] for text in whole["suspects"])
    assert (tmp_path / "page.html").read_text("utf8").startswith("<!doctype html>")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_comparing_a_model_with_itself_changes_nothing_and_tells_what_both_know(own):
    held_out = LABELLED / "held_out" / "sound.jsonl"
    done = run(*own[:3], held_out, "--quick", "--compare", "default", "--corpus", "mine", "--format", "json")
    assert done.exit_code == 0
    whole = json.loads(done.stdout)
    assert (whole["compare"]["changed"], whole["compare"]["moves"]) == (0.0, [])
    n, n_held_out = (sum(len(Path(p).read_text("utf8").splitlines()) for p in some)
                     for some in (own[:3], [held_out]))  # fmt: skip
    n_clear = n + n_held_out - whole["read"]["unclear"]
    assert whole["notes"][:2] == [
        f"{name} learnt from {n_clear - n_held_out} of these {n_clear} texts, so its figures flatter"
        for name in ("the model", "the second model")
    ]


def test_a_model_that_does_not_tell_what_it_learnt_from_is_said_to(tmp_path):
    shutil.copytree(shipped_models()["default"], tmp_path / "mine")
    (tmp_path / "mine" / "known.npz").unlink()
    path = written(tmp_path / "a.jsonl", {"text": "The ferry was late on Monday.", "label": "reliable"})
    done = CliRunner().invoke(cli.main, ["--model", str(tmp_path / "mine"), "evaluate", path, "--quick"])
    assert done.exit_code == 0
    assert "the model does not tell which texts it learnt from" in " ".join(done.stdout.split())


def test_what_a_damaged_model_learnt_from_ends_with_three(tmp_path):
    shutil.copytree(shipped_models()["default"], tmp_path / "mine")
    known = tmp_path / "mine" / "known.npz"
    known.write_bytes(known.read_bytes()[:5000])
    path = written(tmp_path / "a.jsonl", {"text": "The ferry was late on Monday.", "label": "reliable"})
    done = CliRunner().invoke(cli.main, ["--model", str(tmp_path / "mine"), "evaluate", path, "--quick"])
    assert done.exit_code == 3
    assert "known.npz is damaged" in done.stderr


def test_a_folder_stands_for_the_files_in_it(own):
    folder, files = (run(*some, "--quick", "--format", "json") for some in ([LABELLED], own))
    assert folder.exit_code == 0
    assert json.loads(folder.stdout) == json.loads(files.stdout)


def test_lines_that_cannot_be_read_are_told_and_the_rest_is_measured(tmp_path):
    path = written(
        tmp_path / "a.jsonl",
        {"id": "x", "text": "The ferry was late on Monday.", "label": "reliable"},
        "{not json",
        {
            "id": "y",
            "text": "The ferry was late.",
            "label": "unreliable",
            "paragraph_labels": ["content", "content"],
        },
        {"id": "z", "text": "The ferry was late.", "label": "unreliable"},
    )
    done = run(path, "--quick")
    assert done.exit_code == 2
    assert "a.jsonl:2: not JSON" in done.stderr
    assert "a.jsonl:3: record y: 2 paragraph labels for 1 paragraph; " in done.stderr
    assert "2 problems in the labels" in done.stderr
    assert "2 texts with a label (1 reliable, 1 unreliable)" in done.stdout


def test_without_a_label_the_answer_is_no_unless_the_next_are_asked_for(tmp_path):
    path = written(tmp_path / "a.jsonl", {"id": "x", "text": "The ferry was late on Monday."})
    done = run(path)
    assert done.exit_code == 1
    assert "there is nothing to measure" in done.stderr
    asked = run(path, "--next", "5")
    assert asked.exit_code == 0
    assert "x (a): uncertain" in asked.stdout


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--by", "colour"], 2, "expected some of corpus,kind,length,year"),
        (["--compare", "none"], 3, "no model 'none'"),
        (["--policy", "none"], 2, "unknown policy 'none'"),
        (["--report", "nowhere/page.html"], 2, "no such directory"),
        (["--next", "0"], 2, "--next"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_measured(own, options, code, told):
    done = run(own[0], *options)
    assert (done.exit_code, done.stdout) == (code, "")
    assert told in done.stderr


def test_a_file_that_is_not_there_is_a_problem():
    done = run("nowhere.jsonl")
    assert done.exit_code == 2
    assert "nowhere.jsonl: cannot be read" in done.stderr


def test_paragraph_labels_alone_are_enough_to_measure(tmp_path):
    row = {"id": "x", "text": "The ferry was late on Monday.", "paragraph_labels": ["content"]}
    done = run(written(tmp_path / "a.jsonl", row))
    assert done.exit_code == 0
    assert "All paragraphs" in done.stdout
