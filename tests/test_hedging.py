"""Hedges and weasel words: what their neighbours decide, who answers for a doubt, and how the weights are written."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from quality.features.hedging import WEIGHTS, Contexts, is_sourced, read_weights
from quality.registry import CODE_RULES, count
from quality.text import Batch

MARKED = Path(__file__).parents[2] / "shared" / "corpora" / "hedging"

# A rule of one word, which a word before or after can turn.
TURNED = Contexts.of(
    [
        ("*", "*", "*", -1.0),
        ("*", "may", "*", 2.0),
        ("*", "May", "*", 0.5),
        ("*", "may", "^", -3.0),
        ("in", "*", "*", -4.0),
        ("*", "*", "#", -8.0),
    ]
)


def pieces(rule: str, text: str) -> list[str]:
    spans = CODE_RULES[rule].find(Batch.of([text]))
    return [text[a:b] for a, b in zip(spans.start.tolist(), spans.end.tolist(), strict=True)]


def scores(text: str) -> list[float]:
    batch = Batch.of([text])
    return TURNED.score(batch, TURNED.candidates(batch)).tolist()


def sourced(text: str) -> bool:
    return bool(is_sourced(Batch.of([text]), np.array([0]))[0])


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Boats may sail.", 1.0),
        ("May boats sail?", 1.0),
        ("It was May when boats sailed.", -0.5),
        ("The boats sailed in may when", -3.0),
        ("Boats may 12", -7.0),
        ("Sail they may", -2.0),
    ],
)
def test_a_place_scores_the_sum_of_its_contexts(text: str, score: float) -> None:
    assert scores(text) == [score]


def test_the_neighbour_is_one_of_the_same_sentence() -> None:
    assert scores("We came in. May we leave?") == [1.0]


def test_a_word_in_quotation_marks_is_no_candidate() -> None:
    assert scores('She said "boats may sail" and left.') == []


def test_the_month_of_may_is_no_hedge() -> None:
    assert pieces("hedge.cue", "In May the ferry may be late.") == ["may"]


def test_being_able_is_no_hedge_and_being_possible_is_one() -> None:
    assert pieces("hedge.cue", "The crew could not reach the wreck, which could be older.") == ["could"]


def test_a_count_of_some_hundreds_leaves_nothing_open() -> None:
    assert pieces("hedge.weasel", "In some towns some 300 mills burnt down.") == ["some"]


@pytest.mark.parametrize(
    "text",
    [
        "The mill may have burnt down in 1840.",
        "The mill may be older, Mara Olsen wrote.",
        "The committee expected that prices could rise.",
        "The results suggest that the mill may be older.",
        "The mill may be older than we thought.",
        "The court held that the mill may be sold.",
    ],
)
def test_a_figure_a_named_source_or_a_speaker_answers_for_a_doubt(text: str) -> None:
    assert sourced(text)
    assert pieces("hedge.cue", text) == []
    assert pieces("hedge.cue_sourced", text) != []


@pytest.mark.parametrize(
    "text",
    [
        "The mill may be older.",
        "The mill at Larnsund may be older.",
        "Experts said the mill may be older.",
        "The court may sell the mill.",
        "This suggests the mill may be older.",
    ],
)
def test_a_name_alone_or_a_nameless_voice_does_not(text: str) -> None:
    assert not sourced(text)
    assert pieces("hedge.cue", text) != []
    assert pieces("hedge.cue_sourced", text) == []


def test_a_hedge_is_not_counted_as_a_weasel_word_too() -> None:
    assert pieces("hedge.cue", "The mill is probably haunted.") == ["probably"]
    assert pieces("hedge.weasel", "The mill is probably haunted.") == []


def test_the_same_places_are_found_in_any_batch() -> None:
    texts = ["The mill may be older.", "", "In some towns it is unclear who paid.", "May came. It may rain."]

    for name in ("hedge.cue", "hedge.cue_sourced", "hedge.weasel"):
        together = Batch.of(texts)
        spans = CODE_RULES[name].find(together)
        for k, text in enumerate(texts):
            own = spans.start[together.paragraphs.parent[spans.paragraph] == k]
            alone = CODE_RULES[name].find(Batch.of([text]))
            assert (own - together.document_start[k]).tolist() == alone.start.tolist()


def test_a_context_of_both_neighbours_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'it' 'may' 'be'.*at most one neighbour"):
        Contexts.of([("it", "may", "be", 1.0)])


def test_nothing_learnt_finds_nothing() -> None:
    batch = Batch.of(["The rain may stop."])
    assert Contexts.of([]).find(batch).tolist() == []
    assert Contexts.of([("*", "*", "*", 1.0)]).find(batch).tolist() == []


def test_a_line_with_other_columns_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "weights.tsv"
    path.write_text("# what: a test\nhedge.cue\t*\tmay\t*\t1.0\t2\t0.5\nhedge.cue\tmay\t1.0\n", "utf8")
    with pytest.raises(ValueError, match=r"weights\.tsv, line 3: 3 columns; expected rule, before, cue"):
        read_weights(path)


def test_the_weights_say_where_they_come_from() -> None:
    head = [line.split(":")[0] for line in WEIGHTS.read_text("utf8").splitlines() if line.startswith("# ")]
    assert set(head) == {"# what", "# source", "# licence", "# date"}


@pytest.mark.skipif(not MARKED.is_dir(), reason="../shared/corpora/hedging is not here")
@pytest.mark.parametrize(
    ("name", "least"),
    [("szeged_wiki_train", 0.74), ("szeged_bio", 0.77), ("conll2010_wikiweasel_sample", 0.58)],
)
def test_marked_sentences_are_told_as_well_as_in_cross_validation(name: str, least: float) -> None:
    """F1 of sentences with any hedge finding; docs/results.md has the figures."""
    with gzip.open(MARKED / f"{name}.jsonl.gz", "rt", encoding="utf8") as handle:
        rows = [json.loads(line) for line in handle]
    uncertain = np.array([row["label"] == "uncertain" for row in rows])
    batch = Batch.of([""] * len(rows), [[row["text"]] for row in rows])
    counted = count(batch)
    hedging = np.array([rule.id.startswith("hedge.") for rule in counted.rules])[counted.rule]
    found = np.zeros(len(rows), bool)
    found[batch.paragraphs.parent[counted.paragraph[hedging]]] = True
    assert 2 * (uncertain & found).sum() / (uncertain.sum() + found.sum()) >= least
