"""What a text says twice is found where it stands, and honest repetition is left in peace."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality import copies
from quality.copies import duplicates
from quality.features import repetition
from quality.registry import CODE_RULES, FEATURES, count
from quality.text import Batch

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
FAMILY = [f for f in FEATURES.values() if f.family == "repetition"]
RULES = [r for r in CODE_RULES.values() if r.rule.id.startswith("repeat.")]

BRIDGE = (
    "The old bridge over the Lune will stay closed to lorries until the autumn, the county's engineers "
    "said after a second survey had found rust in eleven of its forty bearings."
)
DETOUR = (
    "Drivers of heavy vehicles have to take the road through Halden, which adds half an hour to the way "
    "to the port and has been busy enough since the factory moved there."
)
TITLE = "Old bridge stays closed to lorries until autumn"


def scores(*lines):
    score, source = duplicates(Batch.of(["\n".join(lines)]))
    return [round(s, 2) for s in score.tolist()], source.tolist()


def found(rule, *lines):
    batch = Batch.of(["\n".join(lines)])
    spans = CODE_RULES[rule].find(batch)
    return [batch.text_of(start, end) for start, end in zip(spans.start, spans.end, strict=True)]


# --- which paragraph repeats which ---------------------------------------------------------------


def test_a_copy_names_the_first_paragraph_with_its_words():
    assert scores(BRIDGE, DETOUR, BRIDGE, BRIDGE) == ([0.0, 0.0, 1.0, 1.0], [-1, -1, 0, 0])


def test_case_accents_and_marks_make_no_difference():
    other = BRIDGE.upper().replace("O", "Ó").replace(",", " –")
    assert scores(BRIDGE, other) == ([0.0, 1.0], [-1, 0])


def test_the_same_words_in_another_order_are_no_copy():
    assert scores(BRIDGE, " ".join(reversed(BRIDGE.split())))[0] == [0.0, 0.0]


def test_a_copy_in_another_document_is_none():
    assert duplicates(Batch.of([BRIDGE, BRIDGE]))[0].tolist() == [0.0, 0.0]


def test_a_headline_nearly_repeated_is_a_near_copy():
    again = "The old bridge is to be opened to lorries before the autumn"
    near, source = scores(TITLE, BRIDGE, "Old bridge stays closed to all lorries until autumn", again)
    assert source == [-1, -1, 0, -1]
    assert near[2] == 0.85
    assert near[3] == 0.0  # tells another thing of the bridge


def test_a_headline_with_a_word_moved_is_a_near_copy():
    assert scores(TITLE, "Autumn: old bridge stays closed to lorries until", BRIDGE)[0] == [0.0, 0.76, 0.0]


def test_a_near_copy_is_seen_however_often_the_very_words_came_before():
    assert scores(*[TITLE] * 12, f"{TITLE} after all", BRIDGE, DETOUR)[1] == [-1, *[0] * 12, -1, -1]


def test_a_headline_cut_short_is_a_near_copy():
    assert scores(f"{TITLE}, county says", TITLE, BRIDGE, DETOUR) == ([0.0, 0.76, 0.0, 0.0], [-1, 0, -1, -1])


def test_a_headline_with_something_glued_to_it_is_a_near_copy():
    assert scores(TITLE, f"Home News Roads and rail {TITLE}", BRIDGE, DETOUR)[0] == [0.0, 0.85, 0.0, 0.0]


@pytest.mark.parametrize("mark", ["...", "…"])
def test_a_caption_cut_off_is_repeated_by_the_full_one(mark):
    assert scores(BRIDGE[:80] + mark, BRIDGE) == ([0.0, 1.0], [-1, 0])
    assert scores(BRIDGE[:80] + ".", BRIDGE)[0] == [0.0, 0.0]


def test_a_sentence_out_of_a_longer_paragraph_counts_little():
    assert scores(f"{BRIDGE} {DETOUR}", BRIDGE)[0] == [0.0, 0.4]


def test_other_figures_make_another_paragraph():
    assert scores(BRIDGE, BRIDGE.replace("eleven", "twelve"))[0][1] > 0.9
    assert scores(BRIDGE, BRIDGE.replace("eleven", "ten"))[0] == [0.0, 0.0]
    assert scores(BRIDGE.replace("eleven", "11"), BRIDGE.replace("eleven", "12"))[0] == [0.0, 0.0]


def test_a_line_with_another_word_of_weight_is_another_line():
    lines = (
        "Road works in the northern harbour begin at dawn",
        "Road works in the southern harbour begin at dawn",
    )
    assert scores(*lines, BRIDGE)[0] == [0.0, 0.0, 0.0]


# --- honest repetition ---------------------------------------------------------------------------


def test_short_answers_in_an_interview_hardly_count():
    answer = scores(
        BRIDGE, "Is it safe?", "Yes.", "Was it last year?", "Yes.", "For lorries too?", "Yes.", DETOUR
    )
    assert answer[0] == [0.0, 0.0, 0.0, 0.0, 0.05, 0.0, 0.05, 0.0]


def test_recipe_steps_and_items_of_a_law_stay_under_the_bound_of_a_report():
    recipe = ["- Salt and pepper to taste", "- Add two eggs.", "- Salt and pepper to taste"]
    law = ["(a) the second sentence is deleted;", "(b) in point 3:", "(c) the second sentence is deleted;"]
    assert max(scores(BRIDGE, *recipe, DETOUR)[0]) == 0.25
    assert max(scores(BRIDGE, *law, DETOUR)[0]) == 0.25


def test_the_refrain_of_a_poem_is_its_form():
    verse = ["Carry me over the water wide", "the lamps are lit in the inn", "Carry me over the water wide"]
    assert scores(*verse)[0] == [0.0, 0.0, 0.0]
    assert scores(BRIDGE, *verse)[0][3] == 0.6  # in running text it is a line said twice


def test_a_short_line_said_over_and_over_is_copied_though_a_refrain_is_not():
    line = "The mayor spoke on Monday."
    assert [sum(duplicates(Batch.of(["\n".join([line] * n)]))[0] > 0.5) for n in (11, 12)] == [0, 11]
    assert not duplicates(Batch.of(["\n".join(["Yes, your honour."] * 50)]))[0].any()


def test_lines_without_words_are_no_copies():
    assert scores(BRIDGE, "***", DETOUR, "***")[0] == [0.0, 0.0, 0.0, 0.0]


def test_a_formula_of_the_page_leads_to_no_near_copy():
    lines = [
        f"Posted in the forum about {topic} by a guest"
        for topic in "boats cars dogs eggs figs gnus hats".split()
    ]
    assert copies._candidates(Batch.of(["\n".join(lines)]))[0].size > 0
    more = [f"Posted in the forum about {topic} by a guest" for topic in ("inns", "jars", "kits")]
    assert copies._candidates(Batch.of(["\n".join(lines + more)]))[0].size == 0


def test_the_pairs_looked_at_grow_with_the_lines_not_with_their_square():
    lines = [
        f"All about the {a} harbours of the {b} coast of {c}"
        for a in "abcdefgh"
        for b in "ijkl"
        for c in "mnopqrst"
    ]
    later, earlier = copies._candidates(Batch.of(["\n".join(lines * 4)]))
    assert later.size <= copies.CANDIDATES * len(lines)
    assert (earlier < later).all()


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", RULES, ids=lambda r: r.rule.id)
def test_the_examples_of_a_rule_hold(declared):
    for text, spans in declared.rule.hits:
        assert found(declared.rule.id, text) == list(spans)
    for text in declared.rule.clean:
        assert found(declared.rule.id, text) == []


def test_only_a_block_of_copied_paragraphs_is_hard_evidence():
    assert {r.rule.id: r.rule.tier for r in RULES} == {
        "repeat.block": "hard",
        "repeat.headline": "soft",
        "repeat.paragraph": "soft",
        "repeat.line": "soft",
        "repeat.doubled": "soft",
    }
    assert found("repeat.block", BRIDGE, DETOUR, TITLE, BRIDGE, DETOUR) == [BRIDGE, DETOUR]
    assert found("repeat.paragraph", BRIDGE, DETOUR, TITLE, BRIDGE, DETOUR) == []


def test_copies_in_another_order_or_of_short_paragraphs_are_no_block():
    assert found("repeat.block", BRIDGE, DETOUR, TITLE, DETOUR, BRIDGE) == []
    short = "Cars and bicycles may still use the bridge at all hours of the day."
    assert found("repeat.block", BRIDGE, short, DETOUR, BRIDGE, short) == []


def test_captions_printed_twice_in_a_row_are_not_reported():
    assert found("repeat.block", BRIDGE, BRIDGE, DETOUR, DETOUR) == []
    assert found("repeat.paragraph", BRIDGE, BRIDGE, DETOUR, DETOUR) == []


def test_a_headline_far_above_the_text_is_a_line():
    menu = [f"{a} and {b}" for a in ("Roads", "Ports", "Trains") for b in ("weather", "prices", "maps")]
    assert found("repeat.headline", TITLE, *menu, BRIDGE, DETOUR, TITLE) == []
    assert found("repeat.line", TITLE, *menu, BRIDGE, DETOUR, TITLE) == [TITLE, TITLE]


@pytest.mark.skipif(not SEEDS.exists(), reason="../shared/seeds is not there")
def test_the_seeds_repeat_their_headlines_and_captions_where_they_do():
    batch = Batch.of([path.read_text("utf8") for path in sorted(SEEDS.glob("*.txt"))])
    findings = count(batch, [])
    document = batch.paragraphs.parent[findings.paragraph]
    names = [(int(d), findings.rules[r].id) for d, r in zip(document, findings.rule, strict=True)]
    assert Counter(n for n in names if n[1].startswith("repeat.")) == {
        (0, "repeat.headline"): 4,
        (1, "repeat.headline"): 2,
        (1, "repeat.paragraph"): 2,
    }


# --- shares --------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", FAMILY, ids=lambda f: f.name)
def test_the_examples_of_a_feature_hold(declared):
    for text, value in declared.values:
        batch = Batch.of([text])
        assert declared.measure(batch, batch.documents).tolist() == pytest.approx([value], nan_ok=True)


def test_words_said_before_count_by_how_surely_they_repeat():
    batch = Batch.of([f"{BRIDGE}\n{DETOUR}\n{BRIDGE}"])
    share = repetition.said_before_share
    assert share(batch, batch.paragraphs).tolist() == [0.0, 0.0, 1.0]
    assert share(batch, batch.documents).tolist() == [31 / 94]


def test_the_share_of_unique_words_does_not_fall_with_length():
    words = [f"w{k % 70}" for k in range(700)]
    batch = Batch.of([" ".join(words[:70]), " ".join(words)])
    assert repetition.unique_word_share(batch, batch.documents).tolist() == [1.0, 1.0]


def test_the_share_of_unique_words_is_the_mean_over_all_stretches():
    words = ["a", "b", "a", "c", "c", "d", "a"] * 12
    stretches = [words[k : k + 50] for k in range(len(words) - 49)]
    batch = Batch.of([" ".join(words)])
    expected = sum(len(set(s)) for s in stretches) / (50 * len(stretches))
    assert repetition.unique_word_share(batch, batch.documents)[0] == pytest.approx(expected)


# The definitions of Rae et al. 2021 as datatrove's GopherRepetitionFilter computes them, told once
# more in plain Python over a list of lines, blocks or words.


def repeated_parts(parts):
    seen = set()
    again = [p for p in parts if p in seen or seen.add(p)]
    return len(again) / len(parts), sum(map(len, again))


def top_characters(words, n):
    grams = [" ".join(words[k : k + n]) for k in range(len(words) - n + 1)]
    gram, times = Counter(grams).most_common(1)[0]
    return len(gram) * times


def duplicate_characters(words, n):
    seen, total, k = set(), 0, 0
    while k <= len(words) - n:
        gram = "".join(words[k : k + n])
        if gram in seen:
            total += len(gram)
            k += n
        else:
            seen.add(gram)
            k += 1
    return total


# no word is the end and beginning of two others, so joining words loses nothing
WORDS = st.lists(st.sampled_from(["ax", "bxx", "cx", "dxxx"]), min_size=1, max_size=40)


@given(st.lists(WORDS, min_size=1, max_size=3), st.integers(1, 9))
def test_shares_of_word_rows_are_datatroves_on_the_same_words(documents, width):
    texts = ["\n".join(" ".join(w[k : k + width]) for k in range(0, len(w), width)) for w in documents]
    batch = Batch.of(texts)
    for n in range(2, 11):
        kind, plain = ("top", top_characters) if n < 5 else ("duplicate", duplicate_characters)
        value = FEATURES[f"{kind}_{n}_gram_character_share"].measure(batch, batch.documents)
        expected = [
            plain(w, n) / len(t) if len(w) >= n else np.nan for w, t in zip(documents, texts, strict=True)
        ]
        assert value.tolist() == pytest.approx(expected, nan_ok=True)


@given(WORDS, st.integers(1, 9))
def test_what_is_told_once_more_here_is_what_datatrove_itself_computes(words, n):
    filters = pytest.importorskip("datatrove.pipeline.filters.gopher_repetition_filter")
    again, characters = filters.find_duplicates(words)
    assert repeated_parts(words) == (again / len(words), characters)
    assert duplicate_characters(words, n) == filters.find_all_duplicate(words, n)
    if len(words) >= n:
        assert top_characters(words, n) == filters.find_top_duplicate(filters.get_n_grams(words, n))


LINES = st.lists(st.sampled_from(["ax bxx", "bxx ax", "ax", "", "cx dxxx ax"]), min_size=1, max_size=12)


@given(LINES)
def test_shares_of_lines_and_blocks_are_datatroves_on_the_same_lines(lines):
    text = "\n".join(lines).strip("\n")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    if not text:
        return
    batch = Batch.of([text])
    for kind, parts in (("line", text.replace("\n\n", "\n").split("\n")), ("paragraph", text.split("\n\n"))):
        share, characters = repeated_parts(parts)
        value = [
            FEATURES[f"duplicate_{kind}_{what}share"].measure(batch, batch.documents)[0]
            for what in ("", "character_")
        ]
        assert value == pytest.approx([share, characters / len(text)])


# --- properties ----------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        BRIDGE,
        DETOUR,
        TITLE,
        BRIDGE[:70] + "...",
        "Yes.",
        "- item 1",
        "***",
        "",
        "\n",
        TITLE.upper(),
        "the the the",
    ]
)
PAGES = st.lists(PIECES, max_size=12).map("\n".join)


@given(st.lists(PAGES, min_size=1, max_size=4))
def test_values_are_the_same_in_any_batch_and_are_shares(texts):
    together = Batch.of(texts)
    alone = [Batch.of([t]) for t in texts]
    assert duplicates(together)[0].tolist() == [s for b in alone for s in duplicates(b)[0].tolist()]
    for f in FAMILY:
        values = f.measure(together, together.documents)
        assert np.array_equal(
            values, np.concatenate([f.measure(b, b.documents) for b in alone]), equal_nan=True
        )
        known = values[~np.isnan(values)]
        high = np.inf if f.name.startswith("top_") else 1.0  # rows that overlap count in full
        assert ((known >= 0) & (known <= high)).all()


@given(PAGES)
def test_what_is_repeated_stands_earlier_in_the_same_document(text):
    batch = Batch.of(["x", text])
    score, source = duplicates(batch)
    assert ((score > 0) == (source >= 0)).all()
    assert (source < np.arange(source.size)).all()
    repeating = np.flatnonzero(source >= 0)
    assert (batch.paragraphs.parent[source[repeating]] == batch.paragraphs.parent[repeating]).all()


def test_a_question_said_anew_is_the_heading_of_its_answer():
    asked = "Why does the old bridge stay closed to lorries until autumn?"
    assert scores("Why old bridge stays closed to lorries until autumn", BRIDGE, asked, DETOUR)[0] == [
        0.0,
        0.0,
        0.0,
        0.0,
    ]
    assert scores(TITLE, BRIDGE, "Until autumn lorries are closed out of old bridge", DETOUR)[0][2] > 0.5
