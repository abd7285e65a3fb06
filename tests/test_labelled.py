"""The project's own labelled texts: well-formed, and enough of each kind."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from quality.learn.corpora import half, own
from quality.text import Batch

FOLDER = Path(__file__).parent.parent / "labelled"
LEARNT, HELD_OUT = (
    [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text("utf8").splitlines()
    ]
    for folder in (FOLDER, FOLDER / "held_out")
)
ROWS = LEARNT + HELD_OUT
FIELDS = {
    "id", "text", "label", "kind", "subject", "paragraph_labels", "date", "group", "source", "annotator", "licence",
}  # fmt: skip


def test_there_are_enough_texts_subjects_and_hard_negatives() -> None:
    assert len(ROWS) >= 120
    assert len({row["subject"] for row in ROWS}) >= 20
    assert Counter(row["kind"] for row in ROWS)["hard_negative"] >= 25


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_labelled_text_is_well_formed(row: dict[str, object]) -> None:
    assert set(row) == FIELDS
    assert row["label"] in ("reliable", "unreliable", "unclear")
    assert (row["label"] == "reliable") == (row["kind"] in ("sound", "hard_negative"))
    labels = row["paragraph_labels"]
    assert isinstance(labels, list)
    assert set(labels) <= {"content", "boilerplate", "filler", "duplicate"}
    assert len(labels) == Batch.of([str(row["text"])]).paragraphs.n


def test_ids_are_given_once() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def test_every_spoilt_text_has_its_sound_version() -> None:
    sound = {row["group"] for row in ROWS if row["kind"] in ("sound", "hard_negative")}
    spoilt = {row["group"] for row in ROWS if row["kind"] not in ("sound", "hard_negative")}
    assert spoilt <= sound


def test_the_fillers_held_out_are_enough_and_none_is_learnt_from() -> None:
    fillers = [row for row in HELD_OUT if row["kind"] == "blended_filler"]
    assert sum(row["paragraph_labels"].count("filler") for row in fillers) >= 80
    assert len({row["subject"] for row in fillers}) >= 20
    assert not {row["id"] for row in HELD_OUT} & {text.id for text in own(FOLDER)}


def test_files_are_named_by_kind() -> None:
    for path in [*FOLDER.glob("*.jsonl"), *(FOLDER / "held_out").glob("*.jsonl")]:
        assert {json.loads(line)["kind"] for line in path.read_text("utf8").splitlines()} == {path.stem}


def test_hands_are_pages_with_roles_or_banks_of_stories_and_fillers() -> None:
    for path in (FOLDER / "hands").glob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text("utf8").splitlines()]
        if "story" in rows[0]:
            kinds = Counter((row["kind"], row["label"]) for row in rows)
            assert min(kinds["stock", "filler"], kinds["near", "honest"]) >= 3 * len(
                {r["story"] for r in rows}
            )
        else:
            roles = {p["label"] for row in rows for p in row["paragraphs"]}
            assert roles == {"content", "boilerplate", "filler", "duplicate"}


def test_reading_keeps_labels_and_groups_are_halved_for_good() -> None:
    texts = {t.id: t for t in own(FOLDER)}
    assert texts["own-a-TRADE-sound"].roles is not None
    assert {half(f"group-{k}") for k in range(8)} == {0, 1}
    assert half("own-a-TRADE") == 0
