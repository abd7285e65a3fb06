"""Build quality/data/words.npz and quality/data/lexicons/common_words.txt.

    npm pack cmu-pronouncing-dictionary@3.0.0 && tar xzf cmu-pronouncing-dictionary-3.0.0.tgz
    python scripts/build_words.py package/index.js ../shared/corpora/articles

Needs the `test` extra (textstat, for its list of familiar words). What the table holds, all arrays of
numbers; words are there as hashes of `quality.text.hash_words`, ascending:

    syllable_hash, syllable_count   words of the pronouncing dictionary that the rule gets wrong
    familiar_hash                   Dale and Chall's familiar words and their regular inflections
    frequency_hash, idf             ln((1 + n) / (1 + df)) + 1 of words in the article corpora, one text
                                    of each group; words of a single text are left out
    n_documents                     that n; a word not listed has idf ln(1 + n) + 1 (df 0)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import re
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date
from importlib import resources
from pathlib import Path

import numpy as np

from quality.columns import NUMBER, WORD, Bools
from quality.features.readability import syllables_by_rule
from quality.lexicon import DATA
from quality.text import Batch, hash_words

# The release named above; another one gives other counts.
DICTIONARY_SHA256 = "ef8b2b976d2e5801b7541ebcc7714f538d1ffa0ebb28645259536e2666bd2948"

# Corpora of one making count once among the families that a common word must be common in.
FAMILIES = {
    "imbd_xsum": "xsum",
    "fastdetect_xsum": "xsum",
    "detectrl_xsum": "xsum",
    "llmfake_politifact": "politifact",
    "politifact_pp": "politifact",
}
N_COMMON = 1000
N_FREQUENCIES = 60_000
# characters of a document that the common words are counted in, those that the style part reads
N_CHARACTERS = 3500
CHUNK = 500


def pronounced_syllables(path: Path) -> dict[str, int]:
    """Syllables in the first pronunciation of each word of plain letters and inner apostrophes or stops."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != DICTIONARY_SHA256:
        raise ValueError(f"{path}: sha256 {found}, expected {DICTIONARY_SHA256} (release 3.0.0)")
    entry = re.compile(r"""^\s*["']?([a-z][a-z'.]*)["']?: ["']([A-Z0-9 ]+)["'],?$""", re.MULTILINE)
    listed = dict(entry.findall(content.decode("utf8")))
    # "u.s." stands for initials, "u.s" for more than one u; "rep." is not how "rep" sounds
    sounds = {word: phones for word, phones in listed.items() if "." not in word}
    for word in [w for w in listed if w.endswith(".")]:
        sounds.setdefault(word.rstrip("."), listed[word])
    # at least one: hmm and shh have no vowel sound
    count = {w: max(1, sum(s[-1].isdigit() for s in phones.split())) for w, phones in sounds.items()}
    plain = re.compile(r"[a-z]+('[a-z]+)*|[a-z](\.[a-z])+")
    return {word: n for word, n in sorted(count.items()) if plain.fullmatch(word)}


def corrections(pronounced: dict[str, int]) -> dict[str, int]:
    """The words whose syllables the rule gets wrong."""
    words = list(pronounced)
    batch = Batch.of(words)
    by_rule = syllables_by_rule(batch.vocabulary)[batch.token_word]
    assert by_rule.size == len(words), "every word of the dictionary is one token"
    wrong = {w: n for (w, n), rule in zip(pronounced.items(), by_rule.tolist(), strict=True) if n != rule}
    print(f"{len(words)} words pronounced, rule right for {1 - len(wrong) / len(words):.4f}")
    return wrong


def inflected(word: str, known: Collection[str]) -> set[str]:
    """The word's regular inflections that are known words (Dale and Chall's rules for their list).

    -er and -est only as a pair, so that a bank does not make a banker familiar.
    """
    stems = {word, word + word[-1]} if re.search(r"[^aeiou][aeiou][bdgklmnprtvz]$", word) else {word}
    if word.endswith("e"):
        stems = {word[:-1]}
    if re.search(r"[^aeiou]y$", word):
        stems = {word[:-1] + "i"}
    forms = {word + "s", word + "ing"} | {stem + "es" for stem in stems} | {stem + "ed" for stem in stems}
    forms |= {word[:-2] + "ying"} if word.endswith("ie") else {stem + "ing" for stem in stems}
    for stem in stems:
        if stem + "er" in known and stem + "est" in known:
            forms |= {stem + "er", stem + "est"}
    return {form for form in forms if form in known}


def familiar(known: dict[str, int]) -> list[str]:
    """Familiar words of one token each, their inflections and possessives."""
    listing = resources.files("textstat") / "resources" / "en" / "easy_words.txt"
    words = sorted({word.rstrip(".") for word in listing.read_text("utf8").lower().split()})
    forms: set[str] = set()
    for word in words:
        forms |= {word} | (inflected(word, known) | {word + "'s"} if len(word) > 2 else set())
    one_token = re.compile(r"[a-z]+('[a-z]+)*")
    left_out = [w for w in words if not one_token.fullmatch(w)]
    kept = sorted(w for w in forms if one_token.fullmatch(w))
    print(f"{len(words)} familiar words, {len(kept)} with inflections; left out {left_out}")
    return kept


def articles(folder: Path) -> Iterator[dict[str, str]]:
    paths = sorted(folder.glob("*.jsonl.xz"))
    if not paths:
        raise FileNotFoundError(f"no *.jsonl.xz in {folder}: give the folder of the article corpora")
    for path in paths:
        with lzma.open(path, "rt", encoding="utf8") as lines:
            yield from map(json.loads, lines)


def document_frequencies(texts: list[str], keep: str) -> Counter[str]:
    """Number of texts that hold each folded token; `keep` is "words" or "all" (figures as "0")."""
    total: Counter[str] = Counter()
    for low in range(0, len(texts), CHUNK):
        batch = Batch.of(texts[low : low + CHUNK])
        vocabulary = batch.vocabulary
        pair = np.unique(batch.documents.of_token * len(vocabulary) + batch.token_word)
        document, entry = pair // len(vocabulary), pair % len(vocabulary)
        counts = np.bincount(entry, minlength=len(vocabulary))
        is_number: Bools = vocabulary.kind == NUMBER
        wanted = vocabulary.kind == WORD if keep == "words" else ~is_number
        for k in np.flatnonzero(wanted):
            total[vocabulary.word(int(k))] += int(counts[k])
        if keep == "all":
            total["0"] += np.unique(document[is_number[entry]]).size
    # letters outside ASCII read as "?" here, so that such words cannot be told apart
    return Counter({word: n for word, n in total.items() if "\N{REPLACEMENT CHARACTER}" not in word})


def idf(records: list[dict[str, str]]) -> tuple[dict[str, float], int]:
    """Inverse document frequency of the most frequent words in one text of each group, and their number."""
    first: dict[str, str] = {}
    for record in records:
        first.setdefault(record["group"], record["text"])
    counts = document_frequencies(list(first.values()), "words")
    frequent = sorted((-n, word) for word, n in counts.items() if n > 1)[:N_FREQUENCIES]
    n = len(first)
    print(f"{n} texts, {len(counts)} words, {len(frequent)} kept")
    return {word: float(np.log((1 + n) / (1 - minus)) + 1) for minus, word in frequent}, n


def common_words(records: list[dict[str, str]]) -> list[str]:
    """Tokens with the highest minimum over the corpus families of document frequency, highest first."""
    texts: dict[str, list[str]] = {}
    for record in records:
        flat = " ".join(record["text"].split())[:N_CHARACTERS]
        family = FAMILIES.get(record["source_corpus"], record["source_corpus"])
        texts.setdefault(family, []).append(flat)
    shares = {
        family: {w: n / len(members) for w, n in document_frequencies(members, "all").items()}
        for family, members in texts.items()
    }
    print(f"families: { {family: len(members) for family, members in texts.items()} }")
    every = set.intersection(*(set(s) for s in shares.values()))
    # a line that begins with this mark is a comment in a lexicon
    every.discard("#")
    lowest = {word: min(s[word] for s in shares.values()) for word in every}
    return sorted(lowest, key=lambda word: (-lowest[word], word))[:N_COMMON]


def ascending(words: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    hashes, values = hash_words(list(words)), np.array(list(words.values()))
    order = np.argsort(hashes)
    assert (np.diff(hashes[order].astype(object)) > 0).all(), "two words share a hash"
    return hashes[order], values[order]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("dictionary", type=Path, help="index.js of the npm package")
    parser.add_argument("articles", type=Path, help="folder of the article corpora")
    given = parser.parse_args()
    pronounced = pronounced_syllables(given.dictionary)
    records = list(articles(given.articles))
    syllable_hash, syllable_count = ascending(corrections(pronounced))  # type: ignore[arg-type]
    familiar_hash, _ = ascending(dict.fromkeys(familiar(pronounced), 1.0))
    weights, n_documents = idf(records)
    frequency_hash, weight = ascending(weights)
    np.savez(
        DATA / "words.npz",
        syllable_hash=syllable_hash,
        syllable_count=syllable_count.astype(np.uint8),
        familiar_hash=familiar_hash,
        frequency_hash=frequency_hash,
        idf=weight.astype(np.float32),
        n_documents=np.array(n_documents, np.int64),
    )
    header = (
        "# what: words, marks and figures (0) common to all kinds of article: the 1,000 with the highest\n"
        "#   minimum over the families of the article corpora of document frequency, highest first\n"
        "# source: shared_articles (counted by scripts/build_words.py)\n"
        "# licence: facts\n"
        f"# date: {date.today()}\n"
    )
    lexicon = DATA / "lexicons" / "common_words.txt"
    lexicon.write_text(header + "\n".join(common_words(records)) + "\n", "utf8")
    print(f"{(DATA / 'words.npz').stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
