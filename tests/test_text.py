"""Columns: where paragraphs, sentences and tokens begin and end, and that nothing edits the text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.columns import Group, Numbers, changes, sorting, within
from quality.segment import _interned
from quality.text import Batch, hash_words


def paragraphs(text: str) -> list[str]:
    batch = Batch.of([text])
    return [
        batch.text_of(int(a), int(b))
        for a, b in zip(batch.paragraphs.start, batch.paragraphs.end, strict=True)
    ]


def sentences(text: str) -> list[str]:
    batch = Batch.of([text])
    return [
        batch.text_of(int(a), int(b)) for a, b in zip(batch.sentences.start, batch.sentences.end, strict=True)
    ]


def tokens(text: str) -> list[str]:
    batch = Batch.of([text])
    return [batch.text_of(int(a), int(b)) for a, b in zip(batch.token_start, batch.token_end, strict=True)]


def folded(text: str) -> list[str]:
    batch = Batch.of([text])
    return [batch.vocabulary.word(int(w)) for w in batch.token_word]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One line.\nAnother line.", ["One line.", "Another line."]),
        ("One.\n\n\nTwo.", ["One.", "Two."]),
        ("One.\r\n\r\nTwo.\r\nThree.", ["One.", "Two.", "Three."]),
        ("  padded  \n\t\n", ["padded"]),
        ("", []),
        ("\n \n", []),
        ("line\N{LINE SEPARATOR}line", ["line", "line"]),
    ],
)
def test_line_breaks_and_blank_lines_end_paragraphs(text: str, expected: list[str]) -> None:
    assert paragraphs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- milk\n- eggs", ["milk", "eggs"]),
        ("• milk\n  ◦ eggs", ["milk", "eggs"]),
        ("1. milk\n2) eggs\n(3) flour\na) salt", ["milk", "eggs", "flour", "salt"]),
        ("-\nmilk", ["-", "milk"]),
        ("1999. A year.", ["1999. A year."]),
        ("3.5 per cent", ["3.5 per cent"]),
        ("-5 degrees", ["-5 degrees"]),
        ("A. N. Other wrote", ["A. N. Other wrote"]),
    ],
)
def test_list_markers_are_not_part_of_a_paragraph(text: str, expected: list[str]) -> None:
    assert paragraphs(text) == expected


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    text = (
        "The council met on Monday evening to consider the budget, which\n"
        "had been sent back twice, and approved it by nine votes to four\n"
        "after a short debate.\n\nThe mayor thanked the clerks."
    )
    assert paragraphs(text) == [text.split("\n\n")[0], "The mayor thanked the clerks."]


def test_a_wrapped_block_of_names_is_joined_where_the_document_is_wrapped() -> None:
    text = (
        "The council met on Monday evening to consider the budget, which\n"
        "had been sent back twice, and approved it by nine votes to four\n"
        "after a short debate that nobody had expected to be so short at\n"
        "all, and then the members went home to their families for once.\n\n"
        "It was signed by the mayor, the clerk and the treasurer on 3 May\n"
        "2019."
    )
    assert len(paragraphs(text)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "Council approves the yearly budget after a long debate\nMayor thanks clerks for their work on the accounts\n"
        "Swimming pool to close for repairs until late summer",
        "Home\nNews\nSport\nWeather",
        "What does the new budget mean for people who rent their homes?\nthe-daily.example is not a financial adviser.",
    ],
)
def test_headlines_and_menus_are_not_joined(text: str) -> None:
    assert paragraphs(text) == text.split("\n")


def test_given_paragraphs_are_kept_one_for_one() -> None:
    batch = Batch.of(["ignored", "a\nb"], [["One\ntwo", "", "- three"], None])
    found = [
        batch.text_of(int(a), int(b))
        for a, b in zip(batch.paragraphs.start, batch.paragraphs.end, strict=True)
    ]
    assert found == ["One\ntwo", "", "three", "a", "b"]
    assert batch.paragraphs.parent.tolist() == [0, 0, 0, 1, 1]
    assert batch.texts[0] == "One\ntwo\n\n\n\n- three"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. It stopped.", ["It rained.", "It stopped."]),
        ("Mr. Hall met Dr. Rey.", ["Mr. Hall met Dr. Rey."]),
        ("The U.S. Senate voted.", ["The U.S. Senate voted."]),
        ("J. K. Hall sat down.", ["J. K. Hall sat down."]),
        ('"Why?" she asked.', ['"Why?" she asked.']),
        ('He left. "Why?" She stayed.', ["He left.", '"Why?"', "She stayed."]),
        ("It cost $3.50. Cheap!", ["It cost $3.50.", "Cheap!"]),
        ("No stop\nNext line", ["No stop", "Next line"]),
        ("one. two", ["one. two"]),
    ],
)
def test_sentences_end_at_stops_but_not_after_abbreviations(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't stop", ["don't", "stop"]),
        ("1,000.50 dollars", ["1,000.50", "dollars"]),
        ("well-known", ["well", "-", "known"]),
        ("the U.S. vote", ["the", "U.S", ".", "vote"]),
        ("at 5 p.m. today", ["at", "5", "p.m", ".", "today"]),
        ("'quoted'", ["'", "quoted", "'"]),
        ("end.Start", ["end", ".", "Start"]),
    ],
)
def test_tokens_are_words_numbers_and_single_marks(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Caf\u00e9 CAFE\u0301", ["cafe", "cafe"]),
        ("Mi\u200bnister", ["minister"]),
        ("\u0420\u0430ul", ["paul"]),  # Cyrillic capital er and small a
        ("don\u2019t", ["don't"]),
        ("\u201cyes\u201d", ['"', "yes", '"']),
        ("\uff26\uff35\uff2c\uff2c", ["full"]),
        ("soft\u00adhyphen", ["softhyphen"]),
    ],
)
def test_folded_forms_see_through_accents_look_alikes_and_hidden_characters(
    text: str, expected: list[str]
) -> None:
    assert folded(text) == expected


def test_offsets_point_into_the_text_as_given() -> None:
    text = "The mi\u200bnister spoke \U0001f600 in Paris."
    batch = Batch.of(["before", text])
    words = [batch.text_of(int(a), int(b)) for a, b in zip(batch.token_start, batch.token_end, strict=True)]
    assert "mi\u200bnister" in words
    assert batch.local(int(batch.token_start[words.index("Paris")])) == (1, text.index("Paris"))


def test_quoted_tokens_are_those_between_double_quotation_marks() -> None:
    batch = Batch.of(['He said \u201cno way\u201d and left.\n"Open to the end'])
    assert [batch.vocabulary.word(int(w)) for w in batch.token_word[batch.is_quoted]] == [
        "no", "way", "open", "to", "the", "end",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "opens", "ends"),
    [
        (
            ["\u201cNo,\u201d he said.", '"No"', 'He said "no" today'],
            [True, True, False],
            [False, True, False],
        ),
        (
            ["So he said.) ", "(So he said", "- ", "", "."],
            [False, True, False, False],
            [True, False, False, False],
        ),
    ],
)
def test_marks_are_looked_for_at_both_ends_of_a_paragraph(
    texts: list[str], opens: list[bool], ends: list[bool]
) -> None:
    batch = Batch.of(texts)
    assert batch.opens_with('"(').tolist() == opens
    assert batch.ends_with('")').tolist() == ends


def test_words_are_interned_apart_though_their_hashes_begin_alike() -> None:
    top = np.uint64(7 << 48)  # all in one slot but the last
    value = np.array([top + 9, top + 1, top + 9, top + 5, top + 1, 3], np.uint64)
    hashes, sample, word = _interned(value)
    assert hashes.tolist() == [3, top + 1, top + 5, top + 9]
    assert sample.tolist() == [5, 1, 3, 0]
    assert word.tolist() == [3, 1, 3, 2, 1, 0]


def test_the_last_column_sorts_first_and_equal_rows_keep_their_order() -> None:
    for bound in (10, 300, 70_000, 2**40):  # whatever the width of the numbers
        low = np.array([bound - 1, 1, bound - 1, 0])
        high = np.array([bound - 1, 0, bound - 1, 0])
        assert sorting((low, bound), (high, bound)).tolist() == [3, 1, 0, 2]


def test_stretches_are_laid_out_in_a_row() -> None:
    position, owner = within(np.array([5, 9, 2]), np.array([2, 0, 3]))
    assert position.tolist() == [5, 6, 2, 3, 4]
    assert owner.tolist() == [0, 0, 2, 2, 2]
    assert changes(owner).tolist() == [True, False, True, False, False]


def test_the_vocabulary_knows_which_of_some_words_it_has() -> None:
    vocabulary = Batch.of(["the cat saw the dog"]).vocabulary
    found = vocabulary.among(hash_words(("dog", "zebra", "the", "aardvark", "dog")))
    assert sorted(vocabulary.word(k) for k in np.flatnonzero(found)) == ["dog", "the"]
    assert Batch.of([""]).vocabulary.among(hash_words(("dog",))).tolist() == []


def test_letters_are_counted_from_the_end_of_a_word() -> None:
    vocabulary = Batch.of(["extraordinary ox"]).vocabulary
    words = {vocabulary.word(k): k for k in range(len(vocabulary))}
    seen = {w: bytes(int(vocabulary.last(j)[k]) for j in range(1, 9)) for w, k in words.items()}
    assert seen == {"extraordinary": b"yranidro", "ox": b"xo\0\0\0\0\0\0"}


def test_one_string_instead_of_many_is_refused() -> None:
    with pytest.raises(TypeError, match=r"write Batch.of\(\[text\]\)"):
        Batch.of("text")


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts but 1 lists"):
        Batch.of(["a", "b"], [None])


def test_a_phrase_is_no_word() -> None:
    with pytest.raises(ValueError, match="one token each"):
        hash_words(["two words"])


def test_sums_of_whole_numbers_and_of_fractions_agree() -> None:
    batch = Batch.of(["One two.\nThree", "", "Four"])
    ones = np.ones(batch.token_word.size, bool)
    for group in (batch.sentences, batch.paragraphs, batch.documents):
        assert group.sum(ones).tolist() == group.sum(ones.astype(np.float64)).tolist()
    assert batch.documents.sum(batch.is_word).tolist() == [3.0, 0.0, 1.0]


def in_order(group: Group) -> bool:
    return bool((group.first <= group.last).all() and (group.first[1:] >= group.last[:-1]).all())


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_gives_columns_that_fit_together(texts: list[str]) -> None:
    batch = Batch.of(texts)
    assert batch.n_documents == len(texts)
    assert batch.texts == tuple(texts)
    for group in (batch.sentences, batch.paragraphs, batch.documents):
        assert in_order(group)
        assert int((group.last - group.first).sum()) == batch.token_word.size
    owner = batch.paragraphs.of_token
    assert (batch.token_start >= batch.paragraphs.start[owner]).all()
    assert (batch.token_end <= batch.paragraphs.end[owner]).all()
    assert (batch.token_start < batch.token_end).all()
    assert (batch.documents.of_token == batch.paragraphs.parent[owner]).all()


@given(
    st.lists(
        st.text(alphabet=st.sampled_from("aB .\n-1\u200b'\u201c\r"), max_size=80), min_size=1, max_size=4
    )
)
def test_a_text_has_the_same_tokens_in_any_batch(texts: list[str]) -> None:
    together = Batch.of(texts)
    for number, text in enumerate(texts):
        alone = Batch.of([text])
        low, high = together.documents.first[number], together.documents.last[number]
        base = together.document_start[number]
        assert (together.token_start[low:high] - base).tolist() == alone.token_start.tolist()
        assert together.token_hash[low:high].tolist() == alone.token_hash.tolist()
        of_document = together.paragraphs.parent == number
        assert (together.paragraphs.start[of_document] - base).tolist() == alone.paragraphs.start.tolist()
        assert together.is_list_item[of_document].tolist() == alone.is_list_item.tolist()


def test_a_sign_that_folds_to_a_digit_is_another_word_than_the_digit():
    for texts in (["1 ½ m"], ["½ m, 1 cm"]):
        batch = Batch.of(texts)
        words = {
            batch.texts[0][batch.token_start[k]]: batch.token_word[k] for k in range(batch.token_word.size)
        }
        assert words["1"] != words["½"]
        assert (batch.vocabulary.kind[batch.token_word] == batch.token_kind).all()


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_numbers_are_found_among_others(known: list[int], others: list[int]) -> None:
    numbers, asked = Numbers(np.array(known, np.uint64)), [*known[::2], *others]
    rows, at = numbers.find(np.array(asked, np.uint64))
    assert rows.tolist() == [k for k, number in enumerate(asked) if number in known]
    assert numbers.number[at].tolist() == [number for number in asked if number in known]


def test_the_letters_that_a_word_opens_with_are_a_number() -> None:
    vocabulary = Batch.of(["ab internationally"]).vocabulary
    openings = {vocabulary.word(k): int(vocabulary.opening[k]).to_bytes(8, "little") for k in range(2)}
    assert openings == {"ab": b"ab\0\0\0\0\0\0", "internationally": b"internat"}


def test_what_a_line_introduces_as_somebodys_words_is_cited():
    lead, list_lead, words = (
        "One answer began like this:",
        "Bring these things with you:",
        "I cannot help you.",
    )

    def cited(*lines):
        batch = Batch.of(["\n".join(lines)])
        return batch.paragraphs.sum(batch.is_cited).tolist()

    assert cited(lead, words, words) == [0, 5, 0]
    assert cited(list_lead, words) == [0, 0]
    assert cited(lead[:-1] + ".", words) == [0, 0]
    assert cited("It said:", words) == [0, 0]  # too short to be prose
    assert cited("You can read more of this story here:", words) == [0, 0]  # "read" is far from the colon
    assert cited(words, f'"{words}"') == [0, 5]
    batch = Batch.of([lead, words])
    assert batch.is_cited.tolist() == batch.is_quoted.tolist()  # the line above is of another text
