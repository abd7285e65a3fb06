"""Signatures are datasketch's, bit for bit, in any batch; and they say how alike two texts are."""

import re
import zlib

import numpy as np
import pytest
from datasketch import MinHash
from datasketch.hashfunc import sha1_hash32
from hypothesis import given
from hypothesis import strategies as st

from quality import minhash
from quality.minhash import jaccard, near_duplicates, signatures
from quality.text import Batch

FERRY = "The ferry to the outer islands will not sail before Thursday, the harbour master said on Monday."
TEXTS = [
    FERRY,
    "Only four words here.",
    "Now there are five words.",
    "",
    "Café owners in Málaga, Köln and Łódź agree: “prices” don’t fall — 1,000.5 times.",
    "İstanbul and ΟΔΟΣ and Kelvin\u212a and snake_case and cafe\u0301 and zero\u200bwidth and \ud800",
    "中文字 in a text of some words, 日本語 too, and ΟΔΟΣ again at the end",
    "1. the first item of a list\r\n2. the second item of a list\n\n• and a bullet that comes last",
    "a b c d "
    + "x" * 31
    + " e f g h "
    + "y" * 32
    + " i j k l "
    + "z" * 33
    + " m n o p "
    + "é" * 40
    + " q r s t",
    "again and again and again and again and again",
]


def by_datasketch(text, n=128, seed=1, hashfunc=zlib.crc32):
    words = re.findall(r"\w+", text.lower())
    sketch = MinHash(n, seed=seed, hashfunc=hashfunc, scheme="affine32")
    sketch.update_batch(" ".join(words[k : k + 5]).encode() for k in range(len(words) - 4))
    return sketch.hashvalues


def of_documents(*texts, **options):
    batch = Batch.of(texts)
    return signatures(batch, batch.documents, **options)


@pytest.mark.parametrize("text", TEXTS)
def test_a_signature_is_the_one_datasketch_computes(text):
    assert of_documents(text)[0].tolist() == by_datasketch(text).tolist()


def test_seed_and_number_of_permutations_are_datasketchs_too():
    assert of_documents(FERRY, n_permutations=5, seed=42)[0].tolist() == by_datasketch(FERRY, 5, 42).tolist()


def test_another_hash_may_be_given():
    found = of_documents(*TEXTS, hashfunc=sha1_hash32)
    assert [row.tolist() for row in found] == [by_datasketch(t, hashfunc=None).tolist() for t in TEXTS]


def test_a_signature_has_these_very_numbers():
    assert of_documents(FERRY, n_permutations=4)[0].tolist() == [716059182, 194751851, 98359117, 74972735]


def test_paragraphs_are_signed_as_texts_of_their_own():
    batch = Batch.of(TEXTS)
    found = signatures(batch, batch.paragraphs)
    spans = zip(batch.paragraphs.start, batch.paragraphs.end, strict=True)
    own = [by_datasketch(batch.text_of(start, end)).tolist() for start, end in spans]
    assert [row.tolist() for row in found] == own


@given(st.lists(st.text(alphabet=st.sampled_from("abé .İΣ_9\n-中")), min_size=1, max_size=4))
def test_a_signature_is_the_same_in_any_batch(texts):
    together = of_documents(*texts, n_permutations=8)
    assert together.tolist() == [of_documents(t, n_permutations=8)[0].tolist() for t in texts]
    assert together.tolist() == [by_datasketch(t, 8).tolist() for t in texts]


def test_a_long_text_among_short_ones_is_signed_like_any_other(monkeypatch):
    whole = of_documents(*TEXTS, " ".join(TEXTS) * 3)
    monkeypatch.setattr(minhash, "_PORTION", 7)
    assert of_documents(*TEXTS, " ".join(TEXTS) * 3).tolist() == whole.tolist()


def test_no_text_has_no_signature():
    assert of_documents().shape == (0, 128)


def test_similarity_is_the_share_of_equal_numbers():
    left = np.array([[1, 2, 3, 4], [1, 2, 3, 4]], np.uint32)
    right = np.array([[1, 2, 3, 9], [5, 6, 7, 8]], np.uint32)
    assert jaccard(left, right).tolist() == [0.75, 0.0]
    assert jaccard(left[0], right).tolist() == [0.75, 0.0]


def test_two_texts_without_shingles_are_not_alike_but_undefined():
    short, other, long = of_documents("Two words", "Three more words", FERRY)
    assert np.isnan(jaccard(short, other))
    assert jaccard(short, long) == 0.0


def test_near_duplicates_are_found_and_nothing_else():
    words = [f"w{k}" for k in range(200)]
    near = [*words[:190], *(f"v{k}" for k in range(10))]
    texts = [" ".join(words), "too short", FERRY, " ".join(near), " ".join(words[:100]), " ".join(words), ""]
    pairs, similarity = near_duplicates(of_documents(*texts), threshold=0.7)
    assert pairs.tolist() == [[0, 3], [0, 5], [3, 5]]
    assert similarity[1] == 1.0
    # 186 of 206 shingles are shared
    assert similarity[0] == similarity[2] == pytest.approx(186 / 206, abs=0.08)


def test_nonsense_is_refused_with_what_was_expected():
    with pytest.raises(ValueError, match="n_permutations is 0; expected at least 1"):
        of_documents(FERRY, n_permutations=0)
    with pytest.raises(ValueError, match="signatures of 8 and 4 numbers"):
        jaccard(of_documents(FERRY, n_permutations=8), of_documents(FERRY, n_permutations=4))
    with pytest.raises(ValueError, match=r"threshold is 1\.5; expected"):
        near_duplicates(of_documents(FERRY), threshold=1.5)
