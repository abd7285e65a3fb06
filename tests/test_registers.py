"""Registers: cues are counted once, where they stand for something, and only in texts that speak otherwise."""

from __future__ import annotations

import tomllib

from quality.lexicon import DATA, expand
from quality.registers import AGAINST, POINTS, REGISTERS, cue_points, foreign_register
from quality.text import Batch

TABLE = tomllib.loads((DATA / "registers.toml").read_text("utf8"))
# five paragraphs without a cue
STORY = "\n".join(
    f"The bridge over the {river} stays closed for repairs until next spring."
    for river in ("Orne", "Aller", "Leine", "Oker", "Fuhse")
)
PLUG = "The recliner comes with a washable cover in six colours."


def points(text: str) -> dict[str, int]:
    """Points of the registers in the first paragraph, those with none left out."""
    found = cue_points(Batch.of([text]))[0][0].tolist()
    return {name: n for name, n in zip(REGISTERS, found, strict=True) if n}


def foreign(*texts: str) -> list[list[int]]:
    """Points of foreign registers less words of the story, for each paragraph of each text."""
    batch = Batch.of(texts)
    found = foreign_register(batch)[0]
    return [found[batch.paragraphs.parent == k].tolist() for k in range(len(texts))]


def test_a_telling_cue_weighs_two_points_and_a_word_of_the_matter_one() -> None:
    assert points("The gearbox is placed on the market.") == {"regulation": 2}
    assert points("The gearbox has a spatula in it.") == {"advice": 1}
    assert points("The gearbox has a leak in it.") == {}


def test_a_cue_counts_once_in_a_paragraph() -> None:
    assert points("A spatula, a spatula and a spatula.") == {"advice": 1}


def test_an_imperative_counts_at_the_start_of_a_sentence_only() -> None:
    assert points("It rains. Rinse the gearbox at dusk today.") == {"advice": 3}
    assert points("They rinse the gearbox at dusk today.") == {"advice": 1}


def test_a_nod_counts_at_the_start_of_a_paragraph_only() -> None:
    assert points("In view of the bridge it rains.") == {"nod": 1}
    assert points("It rains in view of the bridge.") == {}


def test_words_of_the_story_count_against_a_register() -> None:
    plain, told = foreign(f"{STORY}\n{PLUG}", f"{STORY}\n{PLUG} She said he had one.")
    assert plain[-1] - told[-1] == 4


def test_a_greeting_takes_a_register_away_and_asking_people_along_a_point() -> None:
    notice = "Admission is free, and the gates open at noon."
    plain, greeted, asked = foreign(
        *(f"{STORY}\n{said}{notice}" for said in ("", "Good morning, all. ", "Please bring a friend. "))
    )
    assert (plain[-1] - greeted[-1], plain[-1] - asked[-1]) == (4, 1)


def test_the_matter_of_several_registers_is_none() -> None:
    spatula, both = "The gearbox has a spatula in it.", "The gearbox has a spatula and a mattress in it."
    assert points(both) == {"plug": 1, "advice": 1}
    assert foreign(f"{STORY}\n{both}")[0][-1] == 0
    assert foreign(f"{STORY}\n{spatula} And a whisk.")[0][-1] == 2


def test_advice_that_somebody_gave_is_told_and_not_given() -> None:
    advice = "Readers should knead the dough for ten minutes and let it rise near the oven under a tea towel."
    told = "The baker advised readers to knead the dough for ten minutes and let it rise near the oven."
    assert foreign(f"{STORY}\n{advice}")[0][-1] >= 2
    assert foreign(f"{STORY}\n{told}")[0][-1] < 2


def test_a_register_is_foreign_where_the_text_speaks_otherwise() -> None:
    alone, twice, shop = foreign(
        f"{STORY}\n{PLUG}", f"{STORY}\n{PLUG}\n{PLUG}", f"{STORY}\n{PLUG}\n{PLUG}\n{PLUG}"
    )
    assert alone[-1] == twice[-1] == twice[-2] > 2
    assert shop[-3:] == [0, 0, 0]


def test_the_register_with_most_points_is_named_and_a_text_is_judged_alike_in_any_batch() -> None:
    texts = [STORY, f"{STORY}\n{PLUG}", "", PLUG]
    whole = foreign_register(Batch.of(texts))
    parts = [foreign_register(Batch.of([text])) for text in texts]
    assert whole[0].tolist() == [n for found, _ in parts for n in found.tolist()]
    assert whole[1].tolist() == [n for _, found in parts for n in found.tolist()]
    assert REGISTERS[int(parts[1][1][-1])] == "plug"


def test_the_file_names_the_registers_their_kinds_of_cues_and_the_story() -> None:
    assert tuple(TABLE) == (*REGISTERS, "story")
    assert tuple(TABLE["story"]) == tuple(AGAINST)
    assert {kind for name in REGISTERS for kind in TABLE[name]} == set(POINTS)


def test_no_word_of_a_registers_matter_stands_in_two_registers() -> None:
    """It would weigh two points, as much as a turn of speech."""
    words = [form for name in REGISTERS for cue in TABLE[name]["faint"] for form in expand(cue)]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_no_cue_of_two_points_shrinks_to_a_short_common_word() -> None:
    forms = [
        form
        for name in REGISTERS
        for kind, cues in TABLE[name].items()
        if POINTS[kind] == 2
        for cue in cues
        for form in expand(cue)
    ]
    assert [form for form in forms if len(form) < 5] == []
