"""How hard a text is to read: the classic formulas, from counts of sentences, words, syllables, letters.

They measure length of words and sentences and nothing else. A hard text is not a bad one, and easy
prose is no proof of care; the figures are soft signals that describe.

What the formulas count, the same for all of them:

- *word*: a token that begins with a letter or a figure; a hyphenated compound is one word (Flesch).
- *sentence*: as the batch cuts them, if it has a word; headings and list items end at their line.
- *syllables*: those of the CMU Pronouncing Dictionary's first pronunciation; a rule for words it does not
  hold (see `syllables_by_rule`). A number in figures counts as one.
- *familiar*: in Dale and Chall's list or a regular inflection of it, a number, or a name, that is a word
  with a capital that does not open its sentence.

Every feature is NaN where there is no word. The formulas were made for samples of a hundred words and
more; on a line of three words they are defined and say little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from quality.columns import (
    NUMBER,
    PUNCTUATION,
    Bools,
    Floats,
    Group,
    Hashes,
    Ints,
    Vocabulary,
    changes,
    ratio,
    within,
)
from quality.lexicon import DATA, WordTable
from quality.registry import feature
from quality.text import Batch, once_per_batch

nan = float("nan")

# Letters of words as the syllable rule reads them; "#" stands before a word, "?" for any other letter.
SYMBOLS = "#abcdefghijklmnopqrstuvwxyz'?"
VOWELS = "aeiouy"
# In patterns: V a vowel, C a consonant, K a consonant that makes "le" a syllable of its own (ta-ble),
# S a hissing sound, after which "es" and "'s" are syllables.
CLASSES = {"V": VOWELS, "C": "bcdfghjklmnpqrstvwxz", "K": "bcdfghjkmnpqstvxz", "S": "cgsxz"}

# Corrections to the number of vowel groups, by the last letters of a word and by letters anywhere in it.
# Patterns have at most four letters; all that match are added up. Chosen by hand from the errors that
# were left on the 124,095 words of the dictionary: agreement by vowel groups alone 78 %, with these
# 94 %; of the running words of ../shared/corpora/articles 97.8 % (the table mends the rest).
ENDINGS = {
    # silent e: make, makes, named, lately, technique, league
    "Ce Ces Ced Ce's Cely que ques qued gue gues gued eman": -1,
    # ... which is heard here: table, tables, houses, wanted; tumbled has lost one too many above
    "Kle Kles Kled Ses Se's ches shes ted ded": +1,
    "s's z's x's ch's sh's dn't sn't tn't": +1,
    # prism, rhythm
    "sm sms thm thms": +1,
    # two vowels, two syllables: carrier, seeing, player (not lawyer), area (not sea), heroic
    "ier iers iest Ving yer yers ea oa uel uels oic": +1,
    "wyer sea tea tia": -1,
    # centre, acre, fibre, andante
    "tre cre bre tres nte tke": +1,
    # ratio, cheerio; before, at home
    "cio gio hio lio nio sio tio fore home": +1,
}
ANYWHERE = {
    "#mc": +1,
    # two vowels, two syllables: media, period, medium, video, usual, fluoride, society, science, royal
    "ia io iu eo ua uo iet ien ii iy aya oya ayo oyo eyo eya rya aue poe ruin uid uen uism iell riel yis": +1,
    "ciat scie #rea #coe #geo leme": +1,
    # ... and where they are one: special, nation, million, people, guard, quality, patient, friend
    "cia tial tian sian gian iage liam tio sio cio gio xio hio nio lio geo #peo leop": -1,
    "qua gua quo sua luo tien cien iend quid guid quen guen piet": -1,
    # silent e within: basement, careful, careless, awareness, forecast, homeless, framework, gateway
    "emen eful eles enes fore home ewor eway ehou": -1,
}

# More letters than this make a long word (Bjornsson 1968; Anderson 1983).
LONG_WORD = 6
# A word of this many syllables is polysyllabic (McLaughlin 1969) and may be complex (Gunning 1952).
POLYSYLLABLE = 3
# Of unfamiliar words, in per cent; above it the Dale-Chall formula adds a constant.
DALE_CHALL_STEP = 5.0

_WIDTH = 4
_RADIX = 32
_SYMBOL = np.full(256, SYMBOLS.index("?"), np.int32)
_SYMBOL[[ord(s) for s in SYMBOLS]] = np.arange(len(SYMBOLS))
_SYMBOL[0] = SYMBOLS.index("#")  # what `Vocabulary.last` gives before a word
_IS_VOWEL = np.isin(np.arange(_RADIX), [SYMBOLS.index(v) for v in VOWELS])


@dataclass(frozen=True)
class Tables:
    """What `quality/data/words.npz` knows of words, for this family."""

    syllables: WordTable
    familiar: Hashes


@cache
def tables() -> Tables:
    """Syllables of the words that the rule gets wrong, and the familiar words."""
    with np.load(DATA / "words.npz", allow_pickle=False) as stored:
        counts = stored["syllable_count"].astype(np.float64)
        return Tables(WordTable(stored["syllable_hash"], counts), stored["familiar_hash"])


@cache
def _corrections(at_end: bool) -> NDArray[np.int8]:
    """Correction of each row of four symbols, read as a number of base 32; int8[32**4]."""
    table = np.zeros((_RADIX,) * _WIDTH, np.int8)
    anything = list(range(_RADIX))
    patterns: Mapping[str, int] = ENDINGS if at_end else ANYWHERE
    for line, correction in patterns.items():
        for pattern in line.split():
            symbols = [[SYMBOLS.index(s) for s in CLASSES.get(letter, letter)] for letter in pattern]
            rest = [anything] * (_WIDTH - len(symbols))
            table[np.ix_(*(rest + symbols if at_end else symbols + rest))] += correction
    return table.ravel()


def syllables_by_rule(vocabulary: Vocabulary) -> Ints:
    """Syllables of each entry as its spelling suggests; int64[v].

    The number of vowel groups, corrected by `ENDINGS` and `ANYWHERE`, at least one. A word without a
    vowel letter is spelt out (bbc: three), and so are initials (u.s: two), "w" as "double u". Numbers
    have one, punctuation marks none.
    """
    n = len(vocabulary)
    if not n:
        return np.zeros(0, np.int64)
    symbol = np.zeros(vocabulary.letters.size + n + _WIDTH, np.int32)
    symbol[np.arange(vocabulary.letters.size) + vocabulary.order + 1] = _SYMBOL[vocabulary.letters]
    window = symbol[: -_WIDTH + 1].copy()
    for k in range(1, _WIDTH):
        window *= _RADIX
        window += symbol[k : symbol.size - _WIDTH + 1 + k]
    vowel = _IS_VOWEL[symbol[: window.size]]
    opens = np.zeros(window.size, np.int8)
    opens[1:] = vowel[1:] & ~vowel[:-1]
    begins = vocabulary.start + np.arange(n)
    groups = np.add.reduceat(opens, begins, dtype=np.int64)
    count = groups + np.add.reduceat(_corrections(False)[window], begins, dtype=np.int64)
    ending = np.zeros(n, np.int32)
    for k in range(_WIDTH, 0, -1):
        ending = ending * _RADIX + _SYMBOL[vocabulary.last(k)]
    count = np.maximum(count + _corrections(True)[ending], 1)

    head = vocabulary.letters[vocabulary.start + np.minimum(1, vocabulary.length - 1)]
    initials = (vocabulary.length > 2) & (head == ord("."))
    spelt = np.flatnonzero(initials | (groups == 0))
    letter, owner = within(vocabulary.start[spelt], vocabulary.length[spelt])
    names = np.bincount(owner, weights=_SPELT[vocabulary.letters[letter]], minlength=spelt.size)
    count[spelt] = np.maximum(names, 1)
    return np.where(vocabulary.kind == NUMBER, 1, np.where(vocabulary.kind == PUNCTUATION, 0, count))


# Syllables of the letters' names.
_SPELT = np.zeros(256, np.int8)
_SPELT[[ord(c) for c in SYMBOLS[1:27]]] = 1
_SPELT[ord("w")] = 3


def syllables(vocabulary: Vocabulary) -> Ints:
    """Syllables of each entry: the dictionary's where the rule differs from it, else the rule's; int64[v]."""
    by_rule = syllables_by_rule(vocabulary)
    known = tables().syllables.look_up(vocabulary.hash, nan)
    return np.where(np.isnan(known), by_rule, known).astype(np.int64)


@dataclass(frozen=True)
class Counts:
    """Columns of tokens, each valued at the first token of a word and 0 or False elsewhere."""

    is_word: Bools
    letters: NDArray[np.int32]
    syllables: NDArray[np.int32]
    is_long: Bools
    is_polysyllabic: Bools
    is_complex: Bools
    is_unfamiliar: Bools


@once_per_batch
def counts(batch: Batch) -> Counts:
    """What the formulas count, once for a batch."""
    vocabulary = batch.vocabulary
    entry = batch.token_word
    is_token = batch.token_kind != PUNCTUATION
    marks = (
        (vocabulary.letters == ord("'")) | (vocabulary.letters == ord(".")) | (vocabulary.letters == ord(","))
    )
    inner = np.bincount(vocabulary.order[marks], minlength=len(vocabulary))
    n_syllables = syllables(vocabulary)
    familiar = vocabulary.among(tables().familiar) | (vocabulary.kind == NUMBER)
    many = (n_syllables >= POLYSYLLABLE) & ~_inflected_to_three(vocabulary, n_syllables)

    may_be_hard = is_token & ~batch.token_upper
    may_be_hard[_opening_words(batch, is_token)] = True
    is_complex = many[entry] & may_be_hard
    is_unfamiliar = ~familiar[entry] & may_be_hard
    of_entry = np.where(vocabulary.kind == PUNCTUATION, 0, vocabulary.length - inner)
    letters = of_entry.astype(np.int32)[entry]
    word_syllables = n_syllables.astype(np.int32)[entry]
    is_word = is_token
    joined = _joined(batch, is_token)
    if joined.size:
        # the parts of a compound are added up at its first token, the one before the first joined to it
        begins = changes(joined - np.arange(joined.size))
        head = (joined[begins] - 1)[np.cumsum(begins) - 1]
        is_word = is_token.copy()
        is_word[joined] = False
        np.add.at(letters, head, letters[joined])
        np.add.at(word_syllables, head, word_syllables[joined])
        for column in (is_complex, is_unfamiliar):
            column[head[column[joined]]] = True
            column[joined] = False
    letters *= is_word
    word_syllables *= is_word
    return Counts(
        is_word,
        letters,
        word_syllables,
        letters > LONG_WORD,
        word_syllables >= POLYSYLLABLE,
        is_complex,
        is_unfamiliar,
    )


def _joined(batch: Batch, is_token: Bools) -> Ints:
    """Hyphens between two words without white space, and the word after each; token indices, ascending."""
    hyphen = np.flatnonzero(batch.mark("-") & ~batch.spaced)
    hyphen = hyphen[hyphen + 1 < is_token.size]
    # a paragraph's first token counts as spaced, so both neighbours stand in the same paragraph
    hyphen = hyphen[is_token[hyphen - 1] & is_token[hyphen + 1] & ~batch.spaced[hyphen + 1]]
    return np.column_stack((hyphen, hyphen + 1)).ravel()


def _opening_words(batch: Batch, is_token: Bools) -> Ints:
    """First word of each sentence that has one; token indices."""
    word = np.flatnonzero(is_token)
    at = np.searchsorted(word, batch.sentences.first)
    opening = np.append(word, is_token.size)[at]
    return opening[opening < batch.sentences.last]


def _inflected_to_three(vocabulary: Vocabulary, n_syllables: Ints) -> Bools:
    """Entries with a third syllable only through -ed or -es (created, trespasses); bool[v]."""
    last, before, third = vocabulary.last(1), vocabulary.last(2), vocabulary.last(3)
    ed = (last == ord("d")) & (before == ord("e")) & ((third == ord("t")) | (third == ord("d")))
    es = (last == ord("s")) & (before == ord("e"))
    hiss = np.isin(third, [ord(c) for c in CLASSES["S"]])
    hiss |= (third == ord("h")) & np.isin(vocabulary.last(4), [ord("c"), ord("s")])
    inflected: Bools = (n_syllables == POLYSYLLABLE) & (ed | (es & hiss))
    return inflected


@once_per_batch
def _words(batch: Batch, group: Group) -> Floats:
    return group.sum(counts(batch).is_word)


@once_per_batch
def _sentences(batch: Batch, group: Group) -> Floats:
    holder = batch.sentences.parent
    if group is batch.documents:
        holder = batch.paragraphs.parent[holder]
    with_words = _words(batch, batch.sentences) > 0
    return np.bincount(holder[with_words], minlength=group.n).astype(np.float64)


@once_per_batch
def _long_words(batch: Batch, group: Group) -> Floats:
    return group.sum(counts(batch).is_long)


def _words_per_sentence(batch: Batch, group: Group) -> Floats:
    return ratio(_words(batch, group), _sentences(batch, group))


# The three own examples, counted by hand:
# EASY: 6 words, 1 sentence, 6 syllables, 17 letters, 18 strokes; no long, polysyllabic or unfamiliar word.
EASY = "The cat sat on the mat."
# HARD: 6 words, 1 sentence, 21 syllables, 53 letters, 54 strokes; all but "a" are long, polysyllabic,
# complex and unfamiliar.
HARD = "Legislators negotiated a complicated bipartisan compromise."
NONE = "..."


@feature("syllables", source="cmudict", values=[(EASY, 1.0), (HARD, 3.5), (NONE, nan)])
def syllables_per_word(batch: Batch, group: Group) -> Floats:
    """Mean number of syllables in a word."""
    return ratio(group.sum(counts(batch).syllables), _words(batch, group))


@feature("share of words", source="dale_chall1995", values=[(EASY, 0.0), (HARD, 5 / 6), (NONE, nan)])
def unfamiliar_word_share(batch: Batch, group: Group) -> Floats:
    """Share of words outside the 3,000 that four in five American fourth-graders know.

    Regular inflections of the list's words are familiar, and so are numbers and names (words with a
    capital that do not open a sentence). A compound is unfamiliar if one of its parts is.
    """
    return ratio(group.sum(counts(batch).is_unfamiliar), _words(batch, group))


@feature("points", source="flesch1948", values=[(EASY, 116.145), (HARD, -95.355), (NONE, nan)])
def flesch_reading_ease(batch: Batch, group: Group) -> Floats:
    """Flesch reading ease: about 60-70 is plain English, below 30 very hard.

    206.835 - 1.015 words/sentences - 84.6 syllables/words. Unbounded at both ends.
    """
    words_per_sentence = _words_per_sentence(batch, group)
    return 206.835 - 1.015 * words_per_sentence - 84.6 * syllables_per_word(batch, group)


@feature("grade", source="kincaid1975", values=[(EASY, -1.45), (HARD, 28.05), (NONE, nan)])
def flesch_kincaid_grade(batch: Batch, group: Group) -> Floats:
    """Flesch-Kincaid grade: the American school year in which the text can be read.

    0.39 words/sentences + 11.8 syllables/words - 15.59. Short lines fall below 0.
    """
    return 0.39 * _words_per_sentence(batch, group) + 11.8 * syllables_per_word(batch, group) - 15.59


@feature("grade", source="gunning1952", values=[(EASY, 2.4), (HARD, 35.73333333), (NONE, nan)])
def gunning_fog(batch: Batch, group: Group) -> Floats:
    """Gunning fog: years of schooling needed, from sentence length and the share of complex words.

    0.4 (words/sentences + 100 complex/words). Complex: three syllables or more, but not a name, not a
    compound of shorter words, not a word with a third syllable only through -ed or -es.
    """
    percent = 100.0 * ratio(group.sum(counts(batch).is_complex), _words(batch, group))
    return 0.4 * (_words_per_sentence(batch, group) + percent)


@feature("grade", source="mclaughlin1969", values=[(EASY, 3.1291), (HARD, 15.90318889), (NONE, nan)])
def smog_grade(batch: Batch, group: Group) -> Floats:
    """SMOG: grade needed to understand a text fully, from its words of three syllables or more.

    1.043 sqrt(30 polysyllabic/sentences) + 3.1291. Made for thirty sentences; rough below that.
    """
    polysyllabic = group.sum(counts(batch).is_polysyllabic)
    return 1.043 * np.sqrt(30.0 * ratio(polysyllabic, _sentences(batch, group))) + 3.1291


@feature("grade", source="smith_senter1967", values=[(EASY, -4.3), (HARD, 23.96), (NONE, nan)])
def automated_readability_index(batch: Batch, group: Group) -> Floats:
    """Automated readability index: grade from the typewriter strokes in a word and sentence length.

    4.71 strokes/words + 0.5 words/sentences - 21.43. Strokes: letters, figures, marks; no white space.
    """
    strokes = ratio(group.sum(batch.token_length), _words(batch, group))
    return 4.71 * strokes + 0.5 * _words_per_sentence(batch, group) - 21.43


@feature("grade", source="coleman_liau1975", values=[(EASY, -4.073333333), (HARD, 31.20666667), (NONE, nan)])
def coleman_liau_index(batch: Batch, group: Group) -> Floats:
    """Coleman-Liau index: grade from letters and sentences per hundred words, without syllables.

    0.0588 L - 0.296 S - 15.8 with L letters and S sentences per hundred words.
    """
    words = _words(batch, group)
    letters = 100.0 * ratio(group.sum(counts(batch).letters), words)
    return 0.0588 * letters - 0.296 * 100.0 * ratio(_sentences(batch, group), words) - 15.8


@feature("grade", source="dale_chall1995", values=[(EASY, 0.2976), (HARD, 17.09243333), (NONE, nan)])
def dale_chall_grade(batch: Batch, group: Group) -> Floats:
    """Dale-Chall: grade from the share of unfamiliar words and sentence length.

    0.1579 U + 0.0496 words/sentences, and 3.6365 more where U, the percentage of unfamiliar words, is
    above 5; what counts as familiar: `unfamiliar_word_share`. The step at 5 is part of the formula.
    """
    percent = 100.0 * unfamiliar_word_share(batch, group)
    score = 0.1579 * percent + 0.0496 * _words_per_sentence(batch, group)
    return score + np.where(percent > DALE_CHALL_STEP, 3.6365, 0.0)


@feature("points", source="bjornsson1968", values=[(EASY, 6.0), (HARD, 89.33333333), (NONE, nan)])
def lix(batch: Batch, group: Group) -> Floats:
    """LIX: words in a sentence plus the percentage of words of more than six letters; 40 is medium, 60 hard.

    words/sentences + 100 long/words. Needs no syllables, so it also serves other languages.
    """
    long = ratio(_long_words(batch, group), _words(batch, group))
    return _words_per_sentence(batch, group) + 100.0 * long


@feature("ratio", source="anderson1983", values=[(EASY, 0.0), (HARD, 5.0), (NONE, nan)])
def rix(batch: Batch, group: Group) -> Floats:
    """RIX: words of more than six letters in a sentence; 3.0 is the eighth grade, from 7.2 on college."""
    return ratio(_long_words(batch, group), _sentences(batch, group))
