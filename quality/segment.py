"""Where things are in joined texts: characters by class, tokens, lines, paragraphs, sentences.

Called by `quality.text.Batch.of` alone. Nothing here edits a text. It knows no word of English except a
list of abbreviations that do not end a sentence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quality.columns import (
    APOSTROPHE,
    BREAK,
    DIGIT,
    IGNORED,
    LETTER,
    MARK,
    NUMBER,
    PUNCTUATION,
    SPACE,
    UPPER,
    WORD,
    Bools,
    Bytes,
    Group,
    Hashes,
    Ints,
    Vocabulary,
    hash_bytes,
    within,
)

# Kind of a token by the class of its first character.
_TOKEN_KIND = np.full(8, PUNCTUATION, np.uint8)
_TOKEN_KIND[[LETTER, UPPER]] = WORD
_TOKEN_KIND[DIGIT] = NUMBER
# Kind of a token by the folded byte of its first character, as it nearly always is. Others, such as the
# sign "½" (a letter that folds to "1") or "£", must not share an entry of the vocabulary with their likes.
_USUAL_KIND = np.full(256, PUNCTUATION, np.uint8)
_USUAL_KIND[[*range(ord("a"), ord("z") + 1), *range(128, 256)]] = WORD
_USUAL_KIND[ord("0") : ord("9") + 1] = NUMBER

# Letters of other scripts that look like a Latin one in most fonts (after Unicode's confusables,
# the single-letter cases only); used to read through disguised words, never to judge them.
LOOK_ALIKES = dict(
    zip(
        "\N{CYRILLIC SMALL LETTER A}\N{CYRILLIC SMALL LETTER IE}\N{CYRILLIC SMALL LETTER O}"
        "\N{CYRILLIC SMALL LETTER ER}\N{CYRILLIC SMALL LETTER ES}\N{CYRILLIC SMALL LETTER HA}"
        "\N{CYRILLIC SMALL LETTER U}\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}"
        "\N{CYRILLIC SMALL LETTER JE}\N{CYRILLIC SMALL LETTER DZE}\N{CYRILLIC SMALL LETTER SHHA}"
        "\N{GREEK SMALL LETTER ALPHA}\N{GREEK SMALL LETTER OMICRON}\N{GREEK SMALL LETTER NU}"
        "\N{GREEK SMALL LETTER RHO}\N{GREEK SMALL LETTER IOTA}\N{GREEK SMALL LETTER KAPPA}"
        "\N{GREEK SMALL LETTER TAU}\N{GREEK SMALL LETTER UPSILON}\N{LATIN SMALL LETTER DOTLESS I}",
        "aeopcxyijshaovpiktui",
        strict=True,
    )
)
# Capitals whose small form does not look the same but which themselves look Latin.
LOOK_ALIKES |= dict(
    zip(
        "\N{CYRILLIC CAPITAL LETTER VE}\N{CYRILLIC CAPITAL LETTER EN}\N{CYRILLIC CAPITAL LETTER KA}"
        "\N{CYRILLIC CAPITAL LETTER EM}\N{CYRILLIC CAPITAL LETTER TE}\N{GREEK CAPITAL LETTER BETA}"
        "\N{GREEK CAPITAL LETTER EPSILON}\N{GREEK CAPITAL LETTER ZETA}\N{GREEK CAPITAL LETTER ETA}"
        "\N{GREEK CAPITAL LETTER MU}\N{GREEK CAPITAL LETTER NU}\N{GREEK CAPITAL LETTER CHI}",
        "bhkmtbezhmnx",
        strict=True,
    )
)
# Marks that newspapers set in several shapes, folded to one.
MARK_FOLDS = {
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
    "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{MODIFIER LETTER APOSTROPHE}": "'",
    "\N{GRAVE ACCENT}": "'",
    "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "_",
    "\N{HORIZONTAL BAR}": "_",
    "\N{HORIZONTAL ELLIPSIS}": ".",
    "\N{BULLET}": "*",
    "\N{MIDDLE DOT}": "*",
}
BREAKS = "\n\r\v\f\x85\u2028\u2029"
BULLETS = "-*+•◦▪▫‣·–—●○■□►▶➤✓✔»"

# A full stop after one of these does not end a sentence even before a capital letter (own list,
# from newswire: titles, ranks, months, a few Latin and corporate ones that names follow).
ABBREVIATIONS = (
    "mr mrs ms dr prof st sen rep gov gen col lt sgt capt cmdr adm maj hon rev fr sr jr messrs mt ft "
    "jan feb mar apr jun jul aug sep sept oct nov dec no nos vs v cf eg ie al fig figs eq ch pp vol ed eds"
).split()

# What tells words of different kinds apart that fold to the same letters.
_KIND = np.uint64(0xC2B2AE3D27D4EB4F)

# Hard-wrapped text: the width that mail, plain-text releases and old pages wrap at.
WRAP_LOW, WRAP_HIGH = 45, 100

# Marks at the end of a sentence, after it (further stops too) and before the next; bool[256] by byte.
_STOPS, _CLOSES, _OPENS = (
    np.isin(np.arange(256), np.frombuffer(marks, np.uint8)) for marks in (b".!?", b".!?\"')]", b"\"'([")
)


class _Characters:
    """Class and folded byte of every code point, filled in one page of 256 at a time when first met.

    The whole of Unicode at once would cost a second at import; news text touches four pages.
    """

    def __init__(self) -> None:
        self._kind = np.zeros(0x110000, np.uint8)
        self._folded = np.zeros(0x110000, np.uint8)
        self._known = np.zeros(0x1100, bool)

    def of(self, code: NDArray[np.uint32]) -> tuple[Bytes, Bytes]:
        """Class and folded byte of each code point; uint8[n] each."""
        self._meet(np.zeros(1, np.uint32))
        high = np.flatnonzero(code > 255)
        others = code[high]
        self._meet(others)
        # nearly all characters of a text are on the first page, and bytes translate fastest
        low = bytearray(code.astype(np.uint8))
        kind, folded = (
            np.frombuffer(low.translate(table[:256].tobytes()), np.uint8)
            for table in (self._kind, self._folded)
        )
        kind[high], folded[high] = self._kind[others], self._folded[others]
        return kind, folded

    def _meet(self, code: NDArray[np.uint32]) -> None:
        pages = np.flatnonzero(np.bincount(code >> np.uint32(8), minlength=1))
        for page in pages[~self._known[pages]]:
            for character in range(page << 8, (page + 1) << 8):
                self._kind[character], self._folded[character] = _character(chr(character))
            self._known[page] = True


def _character(character: str) -> tuple[int, int]:
    """Class and folded byte of one character."""
    if character in BREAKS:
        return BREAK, 10
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf") or (category == "Cc" and not character.isspace()):
        return IGNORED, 0
    if character.isspace() or category == "Zs":
        return SPACE, 32
    if character in MARK_FOLDS:
        folded = MARK_FOLDS[character]
        return (APOSTROPHE if folded == "'" else MARK), ord(folded)
    if character == "'":
        return APOSTROPHE, ord("'")
    upper = category in ("Lu", "Lt")
    plain = LOOK_ALIKES.get(character) or LOOK_ALIKES.get(character.lower()[:1])
    if plain is None:
        plain = unicodedata.normalize("NFKD", character)[:1].lower()[:1] or character
    if category == "Nd":
        return DIGIT, ord("0") + unicodedata.digit(character)
    if category[0] in "LN":
        byte = ord(plain) if ord(plain) < 128 else 128 + ord(plain) * 37 % 127
        return (UPPER if upper else LETTER), byte
    return MARK, ord(plain) if 32 < ord(plain) < 128 else 128 + ord(plain) * 37 % 127


CHARACTERS = _Characters()


def words_and_marks(kind: Bytes, folded: Bytes) -> tuple[Ints, Ints]:
    """Start and end (exclusive) character of every word, number and mark, list markers too; int64[n] each."""
    seen = None
    if (kind == IGNORED).any():
        seen = np.flatnonzero(kind != IGNORED)
        kind, folded = kind[seen], folded[seen]
    letter = _is_letter(kind)
    digit = kind == DIGIT
    wordly = letter | digit
    single = (kind == MARK) | (kind == APOSTROPHE)
    inner = _inner_marks(kind, folded, letter, digit, wordly, single)
    wordly[inner] = True
    single[inner] = False
    before = np.zeros_like(wordly)
    before[1:] = wordly[:-1]
    start = np.flatnonzero((wordly & ~before) | single)
    after = np.zeros_like(wordly)
    after[:-1] = wordly[1:]
    last = np.flatnonzero((wordly & ~after) | single)
    return (start, last + 1) if seen is None else (seen[start], seen[last] + 1)


def paragraphs_of(
    kind: Bytes,
    folded: Bytes,
    code: NDArray[np.uint32],
    document_start: Ints,
    given: Sequence[Sequence[str] | None],
    token_start: Ints,
    token_end: Ints,
) -> tuple[tuple[Ints, Ints, Ints, Bools, Bools], Bools]:
    """Start and end character, document, list-item flag and blank-line-before flag of each paragraph.

    Beside them: which of the words and marks belong to list markers.
    """
    start, end, forced = _lines(kind, document_start, given)
    document = np.searchsorted(document_start, start, "right") - 1
    low = np.searchsorted(token_start, start)
    high = np.searchsorted(token_start, end)
    blank = low >= high
    ink_start = np.where(blank, start, np.append(token_start, 0)[low])
    ink_end = np.where(blank, start, np.append(token_end, 0)[high - 1])
    marker = _marker_length(kind, code, ink_start, ink_end)
    listed = np.flatnonzero(marker)
    size = np.searchsorted(token_start, ink_start[listed] + marker[listed]) - low[listed]
    is_marker = np.zeros(token_start.size, bool)
    is_marker[within(low[listed], size)[0]] = True

    kept = ~blank | forced
    gap = np.ones(start.size, bool)  # something else than one line break stands before this line
    gap[1:] = blank[:-1] | (document[1:] != document[:-1]) | forced[1:]
    # the gap survives dropping the blank lines, since a line after a blank one has gap set
    number = np.flatnonzero(kept)
    ink_start, ink_end, marker = ink_start[number], ink_end[number], marker[number]
    gap, document, start = gap[number], document[number], start[number]
    joined = _wrapped(kind, folded, ink_start, ink_end, start, document, marker, gap)
    head = np.flatnonzero(~joined)
    tail = np.append(head[1:], ink_start.size)[: head.size] - 1
    found = ink_start[head] + marker[head], ink_end[tail], document[head], marker[head] > 0, gap[head]
    return found, is_marker


def _lines(
    kind: Bytes, document_start: Ints, given: Sequence[Sequence[str] | None]
) -> tuple[Ints, Ints, Bools]:
    """Lines of all documents, or their given paragraphs: start, end (exclusive) and whether given."""
    breaks = np.flatnonzero(kind == BREAK)
    start = np.concatenate(([0], breaks[:-1] + 1)) if breaks.size else np.zeros(0, np.int64)
    end = breaks
    forced = np.zeros(start.size, bool)
    if any(p is not None for p in given):
        keep = np.ones(start.size, bool)
        starts, ends = [], []
        for document, parts in enumerate(given):
            if parts is None:
                continue
            low, high = np.searchsorted(start, document_start[document : document + 2])
            keep[low:high] = False
            sizes = np.array([len(p) + 2 for p in parts], np.int64)
            at = document_start[document] + np.concatenate(([0], np.cumsum(sizes)))
            starts.append(at[:-1])
            ends.append(at[1:] - 2)
        start = np.concatenate([start[keep], *starts])
        end = np.concatenate([end[keep], *ends])
        forced = np.concatenate([forced[keep], np.ones(start.size - int(keep.sum()), bool)])
        order = np.argsort(start, kind="stable")
        start, end, forced = start[order], end[order], forced[order]
    return start, end, forced


def _marker_length(kind: Bytes, code: NDArray[np.uint32], start: Ints, end: Ints) -> Ints:
    """Characters of a list marker with the blanks after it at the start of each line, else 0; int64[n].

    A marker is a bullet, a number of up to three digits or one letter with ")" , or "1." and the
    like, followed by white space and by something else: a line of nothing but a bullet has none.
    """
    whole = np.zeros(start.size, np.int64)
    # most lines begin with a word
    some = np.flatnonzero(start < end)
    some = some[~_is_letter(kind[start[some]]) | (code[start[some] + 1] == ord(")"))]
    start, end = start[some], end[some]
    size = kind.size

    def kind_at(k: int) -> Bytes:
        return np.where(start + k < end, kind[np.minimum(start + k, size - 1)], BREAK).astype(np.uint8)

    def code_at(k: int) -> NDArray[np.uint32]:
        return np.where(start + k < end, code[np.minimum(start + k, size - 1)], 10).astype(np.uint32)

    bullets = np.array([ord(c) for c in BULLETS], np.uint32)
    length = np.where(np.isin(code_at(0), bullets) & (kind_at(1) == SPACE), 1, 0)
    opened = (code_at(0) == ord("(")).astype(np.int64)
    digits = np.zeros(start.size, np.int64)
    for k in range(4):  # an optional bracket and up to three digits
        digit = kind_at(k) == DIGIT
        digits += digit & (digits + opened == k)
    at = digits + opened
    letter = (digits == 0) & np.where(opened == 1, _is_letter(kind_at(1)), _is_letter(kind_at(0)))
    at = at + letter
    closing = np.zeros(start.size, bool)
    for k in range(1, 5):
        here = at == k
        mark = code_at(k)
        good = (mark == ord(")")) | ((mark == ord(".")) & (digits > 0) & (opened == 0))
        closing |= here & good & (kind_at(k + 1) == SPACE)
    numbered = closing & ((digits > 0) & (digits <= 3) | letter)
    length = np.where(numbered, at + 1, length)
    # blanks after the marker belong to it
    found = np.flatnonzero(length > 0)
    at = start[found] + length[found]
    while True:
        more = (at < end[found]) & (kind[np.minimum(at, size - 1)] == SPACE)
        if not more.any():
            break
        at = at + more
    length[found] = np.where(at < end[found], at - start[found], 0)
    whole[some] = length
    return whole


def _is_letter(kind: Bytes) -> Bools:
    return (kind == LETTER) | (kind == UPPER)


def _wrapped(
    kind: Bytes,
    folded: Bytes,
    ink_start: Ints,
    ink_end: Ints,
    line_start: Ints,
    document: Ints,
    marker: Ints,
    gap: Bools,
) -> Bools:
    """Lines that go on with the paragraph of the line before; bool[lines].

    Lines are hard-wrapped when they end near one right edge (the next line's first word would not
    have fitted) and many go on in lower case: menus and lists of headlines begin with capitals. A
    block of lines can show this by itself, or the whole document for all its blocks.
    """
    n = ink_start.size
    if n < 2:
        return np.zeros(n, bool)
    right = ink_end - line_start
    pair = ~gap & (marker == 0)
    pair[0] = False
    block = np.cumsum(gap) - 1
    in_block = pair.copy()  # lines of blocks of two lines or more: the others say nothing of a width
    in_block[:-1] |= pair[1:]
    widths = []
    likely = np.zeros(n, bool)
    for run in (block, document):
        width = np.zeros(int(run[-1]) + 1, np.int64)
        np.maximum.at(width, run[in_block], right[in_block])
        widths.append(width)
        likely |= ((width >= WRAP_LOW) & (width <= WRAP_HIGH))[run]
    likely = np.flatnonzero(likely & pair)
    # length of the first word, or longer than any width
    ahead = np.minimum(ink_start[likely, None] + np.arange(WRAP_HIGH + 1), ink_end[likely, None])
    blank = (kind[ahead] == SPACE) | (kind[ahead] == BREAK) | (ahead == ink_end[likely, None])
    first_word = np.where(blank.any(axis=1), blank.argmax(axis=1), WRAP_HIGH)
    # goes on in lower case, and the line before did not end a sentence
    lower = pair & (kind[np.minimum(ink_start, kind.size - 1)] == LETTER)
    closed = np.isin(folded[np.maximum(ink_end - 1, 0)], np.frombuffer(b".!?:", np.uint8))
    lower[1:] &= ~closed[:-1]
    joined = np.zeros(n, bool)
    for run, width, pairs_low in zip((block, document), widths, (1, 4), strict=True):
        full = np.zeros(n, bool)
        full[likely] = right[likely - 1] + 1 + first_word > width[run[likely]]
        pairs, n_full, n_lower = (
            np.bincount(run[column], minlength=width.size) for column in (pair, full, lower)
        )
        # shares chosen by hand: a greedy wrap fills every line; half of English words in running
        # text are lower case at a line's start even with many names
        wrapped = (width >= WRAP_LOW) & (width <= WRAP_HIGH) & (n_full >= 0.7 * pairs)
        wrapped &= (pairs >= pairs_low) & (n_lower >= 0.4 * pairs)
        joined |= full & wrapped[run]
    return joined


def tokens_of(
    kind: Bytes,
    folded: Bytes,
    start: Ints,
    end: Ints,
    first_char: Ints,
    last_char: Ints,
    document: Ints,
    n_documents: int,
) -> tuple[Bytes, Ints, Bools, Bools, Vocabulary, Group, Group, Group]:
    """Further token columns, vocabulary and the three groups."""
    first = np.searchsorted(start, first_char)
    last = np.maximum(np.searchsorted(start, last_char), first)
    head = kind[start]
    token_kind = _TOKEN_KIND[head]
    upper = head == UPPER
    ignored = np.flatnonzero(kind == IGNORED)
    seen_start, seen_end = start, end
    if ignored.size:
        folded = np.delete(folded, ignored)
        seen_start, seen_end = start - np.searchsorted(ignored, start), end - np.searchsorted(ignored, end)
    length = seen_end - seen_start
    spaced = np.ones(start.size, bool)
    np.greater(seen_start[1:], seen_end[:-1], out=spaced[1:])
    spaced[first[last > first]] = True

    padded = np.concatenate((folded, np.zeros(16, np.uint8)))
    value = hash_bytes(padded, seen_start, length)
    unusual = np.flatnonzero(token_kind != _USUAL_KIND[padded[seen_start]])
    value[unusual] ^= _KIND * (token_kind[unusual].astype(np.uint64) + np.uint64(1))
    hashes, sample, word = _interned(value)
    size = length[sample]
    index, _ = within(seen_start[sample], size)
    vocabulary = Vocabulary(hashes, folded[index], np.cumsum(size) - size, size, token_kind[sample])

    paragraphs = Group(first_char.size, first, last, first_char, np.maximum(last_char, first_char), document)
    low = np.searchsorted(document, np.arange(n_documents))
    high = np.searchsorted(document, np.arange(n_documents), "right")
    edge = np.append(first, start.size)
    span_start = np.append(first_char, 0)[low] if first_char.size else np.zeros(n_documents, np.int64)
    span_end = np.where(high > low, np.append(last_char, 0)[high - 1], span_start)
    documents = Group(
        n_documents, edge[low], edge[high], span_start, span_end, np.zeros(n_documents, np.int64)
    )
    sentences = _sentences(start, end, token_kind, word, upper, spaced, vocabulary, paragraphs)
    return token_kind, word, upper, spaced, vocabulary, sentences, paragraphs, documents


def _interned(value: Hashes) -> tuple[Hashes, Ints, Ints]:
    """`np.unique(value, return_index=True, return_inverse=True)`, without sorting what occurs often."""
    n, bits = value.size, 16
    # each token finds the first token with the same top bits, which nearly always is the same word
    slot = (value >> np.uint64(64 - bits)).astype(np.int64)
    first_of_slot = np.full(1 << bits, -1)
    first_of_slot[slot[::-1]] = np.arange(n - 1, -1, -1)
    first = first_of_slot[slot]
    other = np.flatnonzero(value[first] != value)
    _, sample, inverse = np.unique(value[other], return_index=True, return_inverse=True)
    first[other] = other[sample[inverse]]
    sample = np.concatenate((first_of_slot[first_of_slot >= 0], other[sample]))  # two rows, each in order
    sample = sample[np.argsort(value[sample], kind="stable")]
    rank = np.zeros(n, np.int64)
    rank[sample] = np.arange(sample.size)
    return value[sample], sample, rank[first]


def _inner_marks(
    kind: Bytes, folded: Bytes, letter: Bools, digit: Bools, wordly: Bools, single: Bools
) -> Ints:
    """Marks that belong to the word around them: don't, 1,000.5, U.S (the last stop is a mark)."""
    candidate = np.flatnonzero(single[1:-1] & wordly[:-2] & wordly[2:]) + 1
    left, right = candidate - 1, candidate + 1
    stop = folded[candidate] == ord(".")
    apostrophe = (kind[candidate] == APOSTROPHE) & letter[left] & letter[right]
    number = (stop | (folded[candidate] == ord(","))) & digit[left] & digit[right]
    lone_left = ~wordly[np.maximum(candidate - 2, 0)] | (candidate < 2)
    lone_right = ~letter[np.minimum(candidate + 2, kind.size - 1)]
    initials = stop & letter[left] & letter[right] & lone_left & lone_right
    return candidate[apostrophe | number | initials]


def _sentences(
    token_start: Ints,
    token_end: Ints,
    token_kind: Bytes,
    word: Ints,
    upper: Bools,
    spaced: Bools,
    vocabulary: Vocabulary,
    paragraphs: Group,
) -> Group:
    """Sentences: a paragraph is cut after . ! ? (and closing marks) before white space and no small letter.

    A full stop does not cut after an abbreviation, an initial or letters with stops such as U.S.
    """
    n = token_start.size
    begins = np.zeros(n + 1, bool)
    begins[paragraphs.first] = True
    if n:
        head = vocabulary.letters[vocabulary.start]
        byte = head[word]
        byte[token_kind != PUNCTUATION] = 0
        # pass over further stops and closing marks that follow without white space
        at = np.flatnonzero(_STOPS[byte])
        nxt = at + 1
        for _ in range(4):
            following = np.minimum(nxt, n - 1)
            nxt = nxt + ((nxt < n) & ~spaced[following] & _CLOSES[byte[following]])
        inside = nxt < n
        at, nxt = at[inside], nxt[inside]
        # what follows: skip an opening quotation mark or bracket
        seen = np.where(_OPENS[byte[nxt]], np.minimum(nxt + 1, n - 1), nxt)
        small = (token_kind[seen] == WORD) & ~upper[seen]
        previous = np.maximum(at - 1, 0)
        full_stop = byte[at] == ord(".")
        touching = ~spaced[at]
        short = (vocabulary.length[word[previous]] == 1) & (token_kind[previous] == WORD) & upper[previous]
        dotted = (token_kind[previous] == WORD) & _has_stop(vocabulary)[word[previous]]
        known = vocabulary.among(_abbreviation_hashes())[word[previous]]
        held = full_stop & touching & (short | dotted | known)
        cut = spaced[nxt] & ~small & ~held
        begins[nxt[cut]] = True
    begins = begins[:n]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], n)
    parent = np.searchsorted(paragraphs.first, first, "right") - 1
    # empty paragraphs share a first token with the next one; searchsorted names the last of them
    start = token_start[first]
    end = token_end[last - 1] if n else token_end[:0]
    return Group(first.size, first, last, start, end, parent)


def _has_stop(vocabulary: Vocabulary) -> Bools:
    """Entries with a full stop inside (u.s, p.m); bool[v]."""
    second = np.minimum(vocabulary.start + 1, max(vocabulary.letters.size - 1, 0))
    return (vocabulary.length > 2) & (vocabulary.letters[second] == ord(".")) & (vocabulary.kind == WORD)


_HASHED_ABBREVIATIONS: list[Hashes] = []


def _abbreviation_hashes() -> Hashes:
    """Hashes of `ABBREVIATIONS`; computed once, without a batch since a batch needs them."""
    if not _HASHED_ABBREVIATIONS:
        buffer = np.frombuffer((" ".join(ABBREVIATIONS) + " " * 16).encode("ascii"), np.uint8)
        size = np.array([len(a) for a in ABBREVIATIONS], np.int64)
        _HASHED_ABBREVIATIONS.append(hash_bytes(buffer, np.cumsum(size + 1) - size - 1, size))
    return _HASHED_ABBREVIATIONS[0]
