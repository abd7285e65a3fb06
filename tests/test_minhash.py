"""Signatures are datasketch's, bit for bit, in any batch; and they say how alike two texts are."""

import re
import zlib

import numpy as np
import pytest
from datasketch import MinHash, bBitMinHash
from datasketch.hashfunc import sha1_hash32
from hypothesis import given
from hypothesis import strategies as st

from quality import minhash
from quality.minhash import band_keys, compact, signatures, similarity
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


def test_the_compact_signature_is_datasketchs_of_eight_bits():
    sketch = MinHash(128, seed=1, hashfunc=zlib.crc32, scheme="affine32")
    sketch.hashvalues = of_documents(FERRY)[0]
    assert compact(of_documents(FERRY))[0].tolist() == bBitMinHash(sketch, b=8).hashvalues.tolist()


def test_similarity_by_compact_signatures_takes_off_what_agrees_by_chance():
    left = np.arange(256, dtype=np.uint8)
    assert similarity(left, left) == 1.0
    right = left.copy()
    right[1:] += 1  # one in 256 agrees, as of two texts that have nothing in common
    assert similarity(left, right) == 0.0
    right[128:] = left[128:]
    assert similarity(left, right) == pytest.approx((129 / 256 - 1 / 256) / (255 / 256))


def test_texts_share_a_key_as_often_as_their_similarity_says():
    random = np.random.RandomState(0)
    left = random.randint(0, 2**32, (2000, 36), dtype=np.uint32)
    right = np.where(random.random_sample(left.shape) < 0.7, left, left + np.uint32(1))
    shared = (band_keys(left, 12, 3) == band_keys(right, 12, 3)).mean()
    assert shared == pytest.approx(0.7**3, abs=0.01)
    assert np.unique(band_keys(left, 12, 3)).size == 24000
    assert (np.abs(band_keys(left, 12, 3)) <= 2**31).all()


def test_bands_have_keys_of_their_own_and_only_16_bits_of_a_number_count():
    left = np.full((1, 36), 5, np.uint32)
    assert np.unique(band_keys(left, 12, 3)).size == 12
    assert (band_keys(left + np.uint32(2**16), 12, 3) == band_keys(left, 12, 3)).all()
    assert (band_keys(left + np.uint32(2**15), 12, 3) != band_keys(left, 12, 3)).all()


def test_keys_are_these_very_numbers():
    assert band_keys(of_documents(FERRY), 2, 3).tolist() == [[-2085259917, 1689366841]]
    with pytest.raises(ValueError, match="13 bands of 10 numbers need 130; signatures have 128"):
        band_keys(of_documents(FERRY), 13, 10)


def test_nonsense_is_refused_with_what_was_expected():
    with pytest.raises(ValueError, match="n_permutations is 0; expected at least 1"):
        of_documents(FERRY, n_permutations=0)
