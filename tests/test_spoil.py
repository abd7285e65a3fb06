import re
from collections import Counter
from random import Random

import pytest

from quality.learn import story
from quality.learn.spoil import KINDS, spoil
from quality.learn.story import SLOTS, entries_of, read_bank

TITLE = "Ferry to Skarvoy sails again after five weeks"
STORY = (
    "The ferry between Skarvoy and the mainland sailed again on Tuesday after five weeks in dock. "
    "About 140 islanders stood on the quay in Skarvoy when the ferry tied up.",
    "Engineers had found a crack in the rudder in April. A new part was cast in Trondheim, and the "
    "harbour board paid for it out of its own reserve. The work took 33 days in all.",
    '"We missed two weddings and a funeral," said the head of the island school, who has asked Trondheim '
    "for a second boat. The harbour board will answer her in June.",
    "Treasury Secretary Scott Bessent, on a visit to Norway, called the ferry a model. "
    "Scott Bessent left Skarvoy in the evening.",
)
DONOR = (
    "Almonds fetch a third less than last year",
    "Growers in the San Joaquin Valley sold almonds for 1.40 dollars a pound in May, a third less than a "
    "year earlier, and some have begun to pull out trees that still had ten good years ahead of them.",
    "Water is dear as well. A grower near Fresno said that he paid more for it than for wages, fuel and bees "
    "together, and that his bank had asked him twice what he meant to plant in place of the almonds.",
)
DATE = "2025-06-10"
ADDING = set(KINDS) - {"citation_debris", "officeholder"}


def spoilt(kind, seed=1, **changes):
    return spoil(
        changes.pop("paragraphs", STORY),
        kind,
        Random(seed),
        **({"title": TITLE, "donors": [DONOR], "date": DATE} | changes),
    )


def many(kind, n=60, **changes):
    found = [spoilt(kind, seed, **changes) for seed in range(n)]
    assert None not in found
    return found


def added(text):
    return [(p, label) for p, label in zip(text.paragraphs, text.labels, strict=True) if p not in STORY]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_a_text_and_says_the_role_of_every_paragraph(kind):
    for text in many(kind):
        assert text.kind == kind
        assert text.date == DATE
        assert text.paragraphs != STORY
        assert len(text.labels) == len(text.paragraphs)
        assert set(text.labels) <= {"content", "boilerplate", "filler", "duplicate"}


@pytest.mark.parametrize("kind", sorted(ADDING))
def test_kinds_that_add_keep_every_paragraph_and_their_order(kind):
    for text in many(kind):
        rest = iter(text.paragraphs)
        assert all(any(p.startswith(own) for p in rest) for own in STORY)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_random_state_gives_the_same_text(kind):
    assert many(kind, 5) == many(kind, 5)
    assert len({text.paragraphs for text in many(kind, 20)}) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_nothing_to_spoil_in_an_empty_text(kind):
    assert spoilt(kind, paragraphs=()) is None
    assert spoilt(kind, paragraphs=("", "  ")) is None


@pytest.mark.parametrize("kind", KINDS)
def test_no_slot_is_left_open(kind):
    for text in many(kind):
        assert not SLOTS & set(re.findall(r"\{(\w+)\}", " ".join(text.paragraphs)))
        assert not re.search(r"\(\w[^()|]*\|[^()]*\)", " ".join(text.paragraphs))


def test_off_topic_splices_one_whole_paragraph_of_a_donor_after_the_first():
    for text in many("off_topic"):
        ((intruder, label),) = added(text)
        assert label == "filler"
        assert intruder.removeprefix("1. ").removeprefix("• ").removeprefix("- ") in DONOR[1:]
        assert text.paragraphs[0] == STORY[0]


def test_off_topic_mostly_goes_to_the_end_and_sometimes_into_a_list():
    last = [text.paragraphs[-1] for text in many("off_topic", 200)]
    assert sum(p not in STORY for p in last) > 100
    assert 20 < sum(p.startswith(("1. ", "• ", "- ")) for p in last) < 100


def test_off_topic_needs_a_donor_that_is_another_text_with_a_long_paragraph():
    assert spoilt("off_topic", donors=()) is None
    assert spoilt("off_topic", donors=[DONOR[:1]]) is None
    assert spoilt("off_topic", donors=[STORY]) is None


def test_blended_filler_names_the_subject_of_the_text():
    named = ("the ferry", "the harbour", "Skarvoy", "Trondheim", "Norway", "Scott Bessent")
    for text in many("blended", 100):
        for filler, label in added(text):
            assert label == "filler"
            assert any(name.lower() in filler.lower() for name in named), filler


def test_blended_filler_takes_half_a_donor_paragraph_or_a_sentence_of_the_bank():
    fillers = [" ".join(p for p, _ in added(text)) for text in many("blended", 100)]
    from_donor = [f for f in fillers if re.search("almonds|Fresno", f)]
    assert 10 < len(from_donor) < 70
    assert not any("Growers" in f and "pull out trees" in f and "Water is dear" in f for f in from_donor)


def test_blended_filler_does_without_donors_but_not_without_a_subject():
    assert spoilt("blended", donors=()) is not None
    assert spoilt("blended", paragraphs=("It rained. Nobody came. They went home, and so did we.",)) is None


@pytest.mark.parametrize("kind", ["stock_phrase", "category_tags", "chatbot_leak", "placeholder"])
def test_additions_stand_alone_in_a_list_or_glued_to_a_paragraph(kind):
    ways = Counter()
    for text in many(kind, 100):
        for paragraph, label in added(text):
            glued = next((own for own in STORY if paragraph.startswith(own)), None)
            if glued:
                ways["glued"] += 1
                most = len(paragraph.split()) > 2 * len(glued.split())
                assert label == ("filler" if most else "content")
            else:
                ways["list" if paragraph.startswith(("1. ", "2. ", "• ", "- ")) else "alone"] += 1
                assert label == "filler"
    assert min(ways["glued"], ways["list"], ways["alone"]) > 5


def test_a_paragraph_is_filler_once_most_of_it_is_addition():
    short = ("The boat sails from the quay at nine.",)
    labels = Counter(
        label
        for text in many("stock_phrase", 100, paragraphs=short)
        for p, label in zip(text.paragraphs, text.labels, strict=True)
        if p.startswith(short[0]) and p != short[0]
    )
    assert labels["filler"] > labels["content"]


def test_category_tags_hold_a_hyphenated_site_section():
    sections = entries_of("section")
    for text in many("category_tags", 500):
        for paragraph, _ in added(text):
            assert any(section in paragraph.lower() for section in sections), paragraph


# the longest first, as "[1]" stands in "[1][2]"
MARKS = sorted(entries_of("citation_mark"), key=len, reverse=True)
MARK = "|".join(re.escape(mark).replace(re.escape("{number}"), r"\d") for mark in MARKS)


def test_citation_debris_comes_off_without_a_trace():
    for text in many("citation_debris", 100):
        if text.labels[-1] == "filler":
            assert text.paragraphs[:-1] == STORY
        else:
            assert tuple(re.sub(MARK, "", p) for p in text.paragraphs) == STORY
            assert set(text.labels) == {"content"}


def test_citation_debris_stands_at_the_ends_of_sentences():
    one = "The U.S. fleet left Mr. Holm behind. He swam. Nobody looked for him. The sea was calm."
    for text in many("citation_debris", 100, paragraphs=(one,)):
        bare = re.sub(rf"(behind|swam|him|calm)(?:{MARK})?\.(?:{MARK})?", r"\1.", text.paragraphs[0])
        assert bare == one


def test_a_headline_is_content_once_and_duplicate_after_that():
    for text in many("repeated_headline", 100):
        assert (text.paragraphs[0], text.labels[0]) == (TITLE, "content")
        again = [p for p, label in zip(text.paragraphs, text.labels, strict=True) if label == "duplicate"]
        assert any(p.lower().startswith("ferry to skarvoy") for p in again)
        content = [p for p, label in zip(text.paragraphs, text.labels, strict=True) if label == "content"]
        assert tuple(p for p in content[1:] if not p.endswith("...")) == STORY


def test_a_headline_is_repeated_word_for_word_or_nearly():
    again = [
        p
        for text in many("repeated_headline", 100)
        for p in text.paragraphs[1:]
        if p.lower().startswith("ferry to skarvoy")
    ]
    assert 30 < again.count(TITLE) < 120
    assert "Ferry to Skarvoy sails again..." in again
    assert "FERRY TO SKARVOY SAILS AGAIN AFTER FIVE WEEKS" in again


def test_a_headline_that_opens_the_text_is_not_put_there_twice():
    text = spoilt("repeated_headline", paragraphs=(TITLE, *STORY))
    assert text.labels[0] == "content"
    assert text.labels.count("content") == len(STORY) + 1 + sum(
        p.endswith("...") for p in text.paragraphs[1:2]
    )


def test_without_a_title_a_line_is_made_of_the_first_sentence():
    text = spoilt("repeated_headline", title=None)
    assert text.paragraphs[0] == "The ferry between Skarvoy and the mainland sailed again on Tuesday"
    assert spoilt("repeated_headline", title=None, paragraphs=("It rained.", *STORY)) is None


def test_a_repeated_paragraph_is_one_of_the_text_in_whole_or_in_part():
    for text in many("repeated_paragraph", 100):
        (at,) = [i for i, label in enumerate(text.labels) if label == "duplicate"]
        again = text.paragraphs[at].removesuffix("...")
        assert any(again in own for own in text.paragraphs[:at])
        assert text.paragraphs[:at] + text.paragraphs[at + 1 :] == STORY
    assert spoilt("repeated_paragraph", paragraphs=("Too short to say twice.",)) is None


def test_page_furniture_stands_around_and_between_an_unchanged_text():
    between = 0
    for text in many("navigation", 100):
        lines = [p for p, label in zip(text.paragraphs, text.labels, strict=True) if label == "boilerplate"]
        content = [p for p, label in zip(text.paragraphs, text.labels, strict=True) if label == "content"]
        assert 2 <= len(lines) <= 15
        assert tuple(content) == STORY
        first, last = text.labels.index("content"), len(text.labels) - text.labels[::-1].index("content")
        between += "boilerplate" in text.labels[first:last]
    assert between > 30


def test_an_official_is_changed_for_a_holder_of_another_time_and_nothing_else():
    # not Janet Yellen, who had left office only 141 days before
    known = {"Steven Mnuchin", "Jack Lew", "Timothy Geithner", "Henry Paulson", "John Snow"}
    found = Counter()
    for text in many("officeholder", 100):
        assert set(text.labels) == {"content"}
        assert text.paragraphs[:3] == STORY[:3]
        name = re.match(r"Treasury Secretary (\w+ \w+),", text.paragraphs[3])[1]
        assert name in known
        tail = f", on a visit to Norway, called the ferry a model. {name} left Skarvoy in the evening."
        assert text.paragraphs[3].replace("Scott Bessent", name) == f"Treasury Secretary {name}{tail}"
        found["both" if "Scott Bessent" not in text.paragraphs[3] else "once"] += 1
    assert min(found["both"], found["once"]) > 20


@pytest.mark.parametrize(
    ("paragraph", "date"),
    [
        ("A speech by Treasury Secretary Scott Bessent was read out.", None),
        ("A speech by Treasury Secretary Scott Bessent was read out.", "2018-03-01"),  # not yet in office
        ("A speech by Scott Bessent was read out.", DATE),  # no title
        ("A speech by Treasury Secretary Scott Bessents was read out.", DATE),  # another name
        ("A speech by shadow chancellor Rachel Reeves was read out.", DATE),  # another office
        ("A speech by President Joe Biden was read out.", "2022-06-01"),  # former ones keep the title
    ],
)
def test_no_official_is_changed_where_the_wrong_name_would_prove_nothing(paragraph, date):
    assert spoilt("officeholder", paragraphs=(paragraph,), date=date) is None


def test_officials_are_found_in_lower_case_and_after_a_country():
    text = spoilt("officeholder", paragraphs=("A speech by British chancellor Rachel Reeves was read out.",))
    name = re.fullmatch(r"A speech by British chancellor (.+) was read out\.", text.paragraphs[0])[1]
    ministers = "Javid Hammond Osborne Sunak Zahawi Kwarteng Hunt"
    assert name.split()[-1] in ministers.split()


def test_halves_of_the_bank_share_no_entry_and_are_of_like_size():
    for name, entries in read_bank().items():
        train, held_out = entries_of(name, "train"), entries_of(name, "held_out")
        assert sorted(train + held_out) == sorted(entries)
        if name != "courtesy_offices":
            assert min(len(train), len(held_out)) >= len(entries) / 4, name


def test_a_text_draws_from_the_half_asked_for():
    free = {e for e in entries_of("stock_phrase") if "{" not in e and "|" not in e}
    for bank in ("train", "held_out"):
        own = free & set(entries_of("stock_phrase", bank))
        texts = " ".join(p for text in many("stock_phrase", 100, bank=bank) for p, _ in added(text))
        assert any(e in texts for e in own)
        assert not any(e in texts for e in free - own)


def test_the_bank_is_as_varied_as_promised():
    bank = {name: len(entries) for name, entries in read_bank().items()}
    furniture = "way about cookie subscribe share related_heading related advert legal comment".split()
    assert bank["stock_phrase"] >= 60
    assert bank["category_tags"] >= 60
    assert bank["chatbot_opening"] + bank["chatbot_leak"] >= 50
    assert bank["placeholder"] >= 40
    assert bank["citation_mark"] + bank["citation_line"] >= 15
    assert bank["blended"] >= 60
    assert sum(bank[name] for name in furniture) >= 150


def test_every_blended_sentence_names_a_subject():
    assert [line for line in read_bank()["blended"] if "{subject}" not in line] == []


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ('stock_phrase = ["All about {topic}."]', r"stock_phrase: unknown slot \['topic'\]"),
        ('stock_phrase = ["The same.", "The same."]', "'The same.' is given twice"),
    ],
)
def test_a_bank_that_is_not_well_formed_is_refused(tmp_path, monkeypatch, lines, complaint):
    (tmp_path / "spoil.toml").write_text(lines + "\nblended = []\n", "utf8")
    monkeypatch.setattr(story, "DATA", tmp_path)
    with pytest.raises(ValueError, match=complaint):
        read_bank.__wrapped__()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"kind": "typo"}, "no kind 'typo'; there are: off_topic, blended"),
        ({"kind": "blended", "bank": "test"}, "no bank 'test'; there are: train, held_out, all"),
        ({"kind": "blended", "date": "June 2025"}, "date 'June 2025' is no ISO date"),
    ],
)
def test_what_is_unknown_is_named(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        spoilt(**changes)
