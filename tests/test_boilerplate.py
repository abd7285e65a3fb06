"""Where a paragraph stands on its page, and what of it the page says elsewhere too: columns worked out by hand."""

import numpy as np
import pytest

import quality.features  # noqa: F401 - declares the features
from quality.registry import paragraph_matrix
from quality.text import Batch

nan = float("nan")

# Twenty words and a stop; of those with four letters or more, "harbour" and "ships" stand elsewhere.
LONG = "Six ships left the old harbour on a day in May with oil for us all and we saw it."
QUOTED = "“Six boats left the old quay on a day in June with oil for us all and we saw it.”"
PAGE = ("Harbour news", "Menu", LONG, "Harbour news", QUOTED, "ships of 1912 and 1913")


def column(name: str, *pages: tuple[str, ...]) -> list[float]:
    batch = Batch.of([""] * len(pages), list(pages))
    return paragraph_matrix(batch, [name])[:, 0].tolist()


def logs(*numbers: int) -> list[float]:
    return np.log(numbers).tolist()


FAR = 201  # one more than 200, at which distances stop mattering
EXPECTED = {
    "is_long": [0, 0, 1, 0, 1, 0],
    "paragraphs_before": logs(1, 2, 3, 4, 5, 6),
    "paragraphs_after": logs(6, 5, 4, 3, 2, 1),
    "relative_position": [0, 0.2, 0.4, 0.6, 0.8, 1],
    "page_n_paragraphs": logs(7, 7, 7, 7, 7, 7),
    "words_before_share": [k / 48 for k in (0, 2, 3, 23, 25, 45)],
    "distance_to_long_above": logs(FAR, FAR, FAR, 2, 3, 2),
    "distance_to_long_below": logs(3, 2, 3, 2, FAR, FAR),
    "page_long_share": [1 / 3] * 6,
    "page_words_in_long_share": [40 / 48] * 6,
    "copies_on_page": logs(2, 1, 1, 2, 1, 1),
    # of "harbour news"; "menu"; "ships left harbour with"; ...; "boats left quay june with"; "ships"
    "words_elsewhere_share": [1, 0, 1, 1, 2 / 5, 1],
    "short_run_length": logs(3, 3, 1, 2, 1, 2),
    "last_word_length": [4, 4, 2, 4, 2, 4],
    "numbers_share": [0, 0, 0, 0, 0, 2 / 5],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_page_of_six_paragraphs_has_the_columns_worked_out_by_hand(name: str) -> None:
    assert column(name, PAGE) == pytest.approx(EXPECTED[name])


@pytest.mark.parametrize("name", EXPECTED)
def test_pages_know_nothing_of_one_another(name: str) -> None:
    other = (LONG, "Harbour news", "Menu", LONG)
    among = column(name, other, PAGE, other)
    assert among[4:10] == pytest.approx(EXPECTED[name])


def test_a_long_paragraph_has_twenty_words_and_a_stop() -> None:
    words = "six ships left the old harbour on a day in may with oil for us all and we saw"
    assert column(
        "is_long", (f"{words} it.", f"{words} it", f"{words}.", f"{words} it!", f"{words} it?")
    ) == [1, 0, 0, 1, 1]


def test_cues_count_less_the_longer_the_paragraph() -> None:
    found = column("cue_cookie", ("cookies", "we use cookies on a page of the harbour today", "ships left"))
    assert found == pytest.approx([1 / 1.1, 1 / 2, 0])
