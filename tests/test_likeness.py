"""How a text is worded, and whether it is of a kind of which that can be said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import quality.features  # noqa: F401 - declares the features
from quality.evidence import soft_rules
from quality.features.ngrams import document_rows
from quality.learn.corpora import other_kinds, own
from quality.learn.encoders import fit_kind, kind_weights
from quality.model import Likeness
from quality.registry import count
from quality.report import Report
from quality.scorer import Scorer
from quality.text import Batch

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "corpora"

# Own words: a manual, of which wording learnt on news can say little.
MANUAL = (
    "To add a printer, open the settings and choose Devices. If you do not see your printer in the list, check that the cable is "
    "plugged in and that the printer is switched on. You can then click Add, type a name, and select a default paper "
    "size. Note that you need to restart the service after you change the port. For more options, see the next section. "
    "You can also export your settings to a file, so that you can load them on another computer. "
)


def likeness(**given: float) -> Likeness:
    none = np.zeros(4)
    return Likeness(none, none, none, none, none, given.get("kind_intercept", 0.0), np.ones(2), 0.0, 1.0)


def batch(*texts: str) -> Batch:
    return Batch.of(texts, [None] * len(texts))


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def test_wording_counts_whole_from_even_odds_on_and_for_nothing_at_odds_of_one_to_seven() -> None:
    assert likeness().familiarity(np.array([-9.0, -2.0, -1.0, 0.0, 5.0])).tolist() == [
        0.0,
        0.0,
        0.5,
        1.0,
        1.0,
    ]
    assert likeness(kind_intercept=1.0).familiarity(np.array([-2.0])).tolist() == [0.5]


def test_a_strange_kind_scales_the_likeness_towards_nothing() -> None:
    z = np.array([-20.0, -20.0, -20.0, 20.0])
    assert likeness().effect(z, np.array([1.0, 0.5, 0.0, 0.25])).tolist() == [-1.0, -0.5, 0.0, 0.25]


def test_plain_words_are_read_without_marks_and_masked_ones_with_them() -> None:
    texts = batch("Boats, nets and oars.", "Boats nets and oars")
    plain, masked = document_rows(texts, np.ones(2, bool))

    def buckets(rows: object, text: int) -> list[int]:
        return rows.bucket[rows.text == text].tolist()  # type: ignore[attr-defined]

    assert len(buckets(plain, 0)) == 7  # four words and three pairs
    assert buckets(plain, 0) == buckets(plain, 1)
    assert buckets(masked, 0) != buckets(masked, 1)


def test_words_outside_content_are_not_read() -> None:
    text = Batch.of([""], [["Boats and nets.", "Subscribe now!"]])
    plain, _ = document_rows(text, np.array([True, False]))
    alone, _ = document_rows(Batch.of([""], [["Boats and nets."]]), np.array([True]))
    assert plain.bucket.tolist() == alone.bucket.tolist()


def test_the_kinds_learnt_on_and_the_others_weigh_the_same_and_so_does_every_corpus_of_a_side() -> None:
    corpus = np.array(["news", "news", "news", "paper", "forum", "forum"])
    weight = kind_weights(np.array([True, True, True, True, False, False]), corpus)
    assert weight.tolist() == pytest.approx([0.5, 0.5, 0.5, 1.5, 1.5, 1.5])


def test_words_of_other_kinds_of_text_speak_against_the_kind() -> None:
    rows = sparse.csr_matrix(np.array([[1.0, 0, 0], [0.8, 0, 0.6], [0, 1.0, 0], [0, 0.8, 0.6]]))
    weights, intercept = fit_kind(rows, np.array([True, True, False, False]), np.array(["a", "a", "b", "b"]))
    assert weights[0] > 1 > -1 > weights[1]
    assert abs(weights[2]) < 0.1
    assert abs(intercept) < 0.1


def told(report: Report) -> dict[str, float]:
    return {c.feature: c.effect for c in report.contributions}


def test_wording_of_a_strange_kind_is_told_whole_and_then_what_is_taken_off(scorer: Scorer) -> None:
    effects = told(scorer.score(MANUAL * 2))
    assert effects["strange_kind"] * effects["likeness"] < 0
    assert 0.25 < -effects["strange_kind"] / effects["likeness"] <= 1.0


def test_most_own_news_texts_are_of_the_kind_that_wording_was_learnt_on(scorer: Scorer) -> None:
    sound = [t for t in own(ROOT / "labelled") if t.kind == "sound"]
    reports = list(scorer.score_many({"text": t.text, "date": t.date or ""} for t in sound if t.text))
    assert sum("strange_kind" not in told(report) for report in reports) >= len(reports) // 2
    strange = [c.value for r in reports for c in r.contributions if c.feature == "strange_kind"]
    assert sum(value > 0.5 for value in strange if value is not None) <= len(sound) // 10


def test_hedges_and_weasel_words_are_findings_and_no_terms() -> None:
    counted = count(batch("Some say that it may rain."))
    assert "hedge.weasel" in [rule.id for rule in counted.rules]
    assert not [name for name in soft_rules(counted) if name.startswith(("hedge.cue", "hedge.weasel"))]


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/corpora is absent")
def test_documents_of_other_kinds_are_put_together_from_their_sentences() -> None:
    texts = other_kinds(SHARED / "hedging")
    assert {t.corpus for t in texts} == {"szeged_wiki_train", "szeged_bio"}
    assert {(t.label, t.kind, t.roles) for t in texts} == {("", "other page", None)}
    assert len({(t.corpus, t.id) for t in texts}) == len(texts)
    assert 2 < np.median([t.text.count(". ") for t in texts]) < 30
