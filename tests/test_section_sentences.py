"""Sentences that speak of sections: where names stand thickest, what is counted, and what makes a sentence none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quality.lexicon import DATA
from quality.section_rows import Weights, log_odds
from quality.section_sentences import (
    AGAINST,
    ALONE,
    COUNTS,
    FOR,
    OF_NAMES,
    SOFT,
    WEIGHTS,
    counted_sentences,
    lists,
    sentences_of_sections,
)
from quality.text import Batch

STORY = (
    "The ferry to the island was late again on Monday, since the mate had lost his way in the fog.\n"
    "Passengers waited for two hours in the rain, the harbour master said.\n"
)


def stretches(text: str) -> list[str]:
    """The stretches of a text behind the story."""
    batch = Batch.of([STORY + text])
    spans, _ = counted_sentences(batch)
    return [batch.text_of(int(a), int(b)) for a, b in zip(spans.start, spans.end, strict=True)]


def found(text: str) -> list[str]:
    """Those of them that are reported."""
    batch = Batch.of([STORY + text])
    spans = sentences_of_sections(batch)
    return [batch.text_of(int(a), int(b)) for a, b in zip(spans.start, spans.end, strict=True)]


def counts(text: str) -> dict[str, float]:
    """What is counted of the one stretch of a text behind the story."""
    _, rows = counted_sentences(Batch.of([STORY + text]))
    assert len(rows) == 1
    return dict(zip(COUNTS, rows[0].tolist(), strict=True))


TALE = "Such tales echo through Banking, nod at Gadgets, and wave, weather permitting, to Careers"


def test_names_in_several_rows_of_one_sentence_are_told() -> None:
    assert found(f"{TALE}.") == [TALE.removeprefix("Such tales echo through ")]


def test_a_list_of_its_own_is_none() -> None:
    for text in (
        "The festival brings together music, chess and food in the old docks.",
        "The ministries of Banking, Gadgets and Careers sent 12 people.",
        "He said that Banking, Gadgets and Careers had bored him, and he left.",
    ):
        assert found(text) == []


def test_a_stretch_goes_from_a_name_to_a_name_past_little_else() -> None:
    assert stretches("It lies in the realm of chess, of Wales and of recipes now.") == [
        "chess, of Wales and of recipes"
    ]
    assert (
        stretches("Chess bored him and recipes, he thought, wobbled, tumbled, grumbled, and mortgages.") == []
    )


def test_a_number_ends_a_stretch() -> None:
    assert stretches("It is chess, recipes and 12 mortgages.") == ["chess, recipes"]


def test_every_sentence_has_a_stretch_of_its_own() -> None:
    assert stretches("It is chess and recipes. It is yoga and mortgages.") == [
        "chess and recipes",
        "yoga and mortgages",
    ]


def test_names_with_capitals_that_no_list_has_stand_within_a_stretch_where_other_words_part_it() -> None:
    assert stretches("It is chess, Wobbling, Tumbling, yoga and recipes.") == [
        "chess, Wobbling, Tumbling, yoga and recipes"
    ]
    assert stretches("It is chess, wobbling, tumbling, yoga and recipes.") == ["yoga and recipes"]


def test_many_places_are_no_thicker_than_two_subjects() -> None:
    text = "It is chess and yoga, wobbling tumbling grumbling, or Wales, Scotland, Ireland and Kenya."
    assert stretches(text) == ["chess and yoga"]


def test_of_two_stretches_the_thicker_one_is_taken() -> None:
    text = "It is chess and yoga, wobbling tumbling grumbling mumbling, or recipes, gadgets and mortgages."
    assert stretches(text) == ["recipes, gadgets and mortgages"]


def test_names_that_the_rest_of_the_document_has_make_no_stretch() -> None:
    assert stretches("It is chess and recipes.") == ["chess and recipes"]
    assert stretches("It is chess and recipes.\nHe plays chess.") == []


def test_one_name_said_twice_and_places_are_none() -> None:
    assert stretches("It is chess and chess.") == []
    assert stretches("It is Wales and Scotland and Ireland.") == []


def test_names_that_capitals_tie_to_other_words_are_none() -> None:
    assert stretches("It greets the Leeds Banking Trust and the Obolo Careers Chapel.") == []
    assert stretches("Obolo Chess and recipes are here.") == ["Chess and recipes"]


def test_lists_of_a_page_and_what_somebody_says_are_none() -> None:
    assert stretches(f"- {TALE}.") == []
    assert stretches(f'"{TALE}," he said.') == []


def test_sentences_too_long_have_none() -> None:
    assert stretches("It is chess and recipes" + " and so on and on" * 16 + ".") == []


def test_a_clause_ends_at_the_marks_around_the_stretch() -> None:
    far = counts("The mate wobbled, tumbled and mumbled, a tale that sits with chess and recipes.")
    near = counts("The mate wobbled and mumbled in a tale that sits with chess and recipes.")
    assert (far["unknown_clause"], far["unknown_beyond"]) == (0.0, 4.0)
    assert (near["unknown_clause"], near["unknown_beyond"]) == (3.0, 0.0)


def test_a_mark_right_beside_the_stretch_bounds_nothing() -> None:
    assert counts("The mate wobbled: chess and recipes.")["unknown_beyond"] == 0.0
    assert counts("Chess and recipes, wobbled the mate.")["unknown_beyond"] == 0.0
    assert counts("Chess and recipes here, wobbled the mate.")["unknown_beyond"] == 2.0


def test_a_place_counts_beside_subjects_of_two_kinds() -> None:
    assert counts("It is chess, golf and Wales.")["place"] == 0.0
    assert counts("It is chess, yoga and Wales.")["place"] == 1.0


def test_only_a_clause_of_names_and_what_frames_them_is_pure() -> None:
    assert counts("It is a tale for chess and recipes.")["pure_far"] > 0.0
    assert counts("It is a wobbling tale for chess and recipes.")["pure_far"] == 0.0
    assert counts("It is for chess and recipes.")["accounted_framed"] == 0.0
    assert counts("It is a tale for chess and recipes.")["accounted_framed"] == 1.0


def test_frames_without_names_enough_are_none() -> None:
    text = (
        "This great story touches hearts, echoes here and dwells likewise in the realm of work and law alike."
    )
    assert stretches(text) == ["work and law"]
    assert found(text) == []


def test_words_that_frame_the_names_are_counted_by_kind() -> None:
    number = counts("It is a tale that greets friends from the realm of chess and recipes.")
    assert {
        name: number[name] for name in ("piece", "does", "whom", "where", "where_beside", "whom_before")
    } == {
        "piece": 1.0,
        "does": 1.0,
        "whom": 1.0,
        "where": 1.0,
        "where_beside": 1.0,
        "whom_before": 0.0,
    }


def test_whom_it_calls_is_looked_for_right_before_the_names() -> None:
    assert counts("It is for friends of chess and recipes.")["whom_before"] == 1.0
    assert counts("It is for chess and recipes and friends.")["whom_before"] == 0.0


def test_capitals_count_within_a_sentence_alone() -> None:
    assert counts("It is Chess and Recipes.")["capitals"] == 1.0
    assert counts("Chess and recipes are here.")["capitals"] == 0.0


def test_whose_list_it_is_counts_before_and_behind() -> None:
    number = counts("It is the professor of chess and recipes.")
    assert (number["owner_before"], number["owner_behind"], number["owner_clause"]) == (1.0, 0.0, 1.0)
    number = counts("It is the chess and recipes jury.")
    assert (number["owner_before"], number["owner_behind"]) == (0.0, 1.0)


def test_such_says_whose_list_it_is_before_as_alone() -> None:
    assert counts("It greets such chess and recipes.")["owner_before"] == 0.0
    assert counts("It greets some such as chess and recipes.")["owner_before"] == 1.0


def test_they_are_somebody_and_the_page_its_reader_and_what_is_theirs_are_nobody() -> None:
    assert counts("They greet chess and recipes.")["persons"] == 1.0
    assert counts("We greet you, and chess and recipes find their place.")["persons"] == 0.0
    assert stretches("It is chess as they and they greet yoga and recipes.") == ["yoga and recipes"]
    assert stretches("It is chess as we and we greet yoga and recipes.") == [
        "chess as we and we greet yoga and recipes"
    ]


def test_those_told_in_two_steps_are_those_whose_names_and_sum_reach_the_thresholds() -> None:
    batch = Batch.of(
        [
            STORY + text
            for text in (
                f"{TALE}.",
                "It is chess and recipes.",
                "For readers across banking, yoga and opinion, this story will matter.",
                "A survey found chess, and recipes, in Wales.",
                "This great story touches hearts, echoes here and dwells likewise in the realm of work and law alike.",
            )
        ]
    )
    spans, rows = counted_sentences(batch)
    weights = Weights.read(WEIGHTS, COUNTS)
    names = (
        rows[:, [COUNTS.index(name) for name in OF_NAMES]]
        @ weights.of[[COUNTS.index(name) for name in OF_NAMES]]
    )
    told = spans.where((names >= ALONE) & (log_odds(rows, weights) >= SOFT))
    assert sentences_of_sections(batch).start.tolist() == told.start.tolist()
    assert len(told) == 2


def test_no_weight_has_another_sign_than_its_count() -> None:
    weight = dict(zip(COUNTS, Weights.read(WEIGHTS, COUNTS).of.tolist(), strict=True))
    assert min(weight[name] for name in FOR) >= 0.0
    assert max(weight[name] for name in AGAINST) <= 0.0


def test_no_word_that_frames_names_is_a_name_of_this_file() -> None:
    table = lists()
    names = {word for some in table["kinds"].values() for word in some.split()}
    frames = {word for name in ("whom", "where", "does", "piece") for word in table["words"][name].split()}
    assert names.isdisjoint(frames)


def test_texts_without_names_and_no_text_have_no_stretch() -> None:
    for texts in ([], [""], ["The mate slept."], ["It is the Leeds Chess Trust or the Obolo Recipes Trust."]):
        spans, rows = counted_sentences(Batch.of(texts))
        assert (len(spans), rows.shape) == (0, (0, len(COUNTS)))
        assert len(sentences_of_sections(Batch.of(texts))) == 0


def test_a_sentence_counts_the_same_in_any_batch() -> None:
    texts = [STORY + f"{TALE}.", "It is chess and recipes. It is yoga and Wales and mortgages."]
    together = counted_sentences(Batch.of(texts))[1]
    apart = np.concatenate([counted_sentences(Batch.of([text]))[1] for text in texts])
    assert together.tolist() == apart.tolist()


def test_weights_for_other_counts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "section_sentences.tsv"
    path.write_text("# what: none\nstart\t-1.0\njoints\t2.0\n", "utf8")
    with pytest.raises(ValueError, match=r"run scripts/build_section_sentences\.py again"):
        Weights.read(path, COUNTS)


def test_the_weights_are_where_the_package_keeps_its_data() -> None:
    assert WEIGHTS.parent == DATA
