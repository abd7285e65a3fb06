"""Hedges and weasel words, told from their look-alikes by the word before and the word after.

"May" is a hedge in "may rise" and none in "in May"; "many" names nobody in "many believe" and is a
count in "as many as". What each word and its neighbours say for or against was learnt from sentences
marked by hand (`scripts/build_hedge.py`) and stands in `quality/data/hedge_weights.tsv`, to be read
by people: a place is found where its weights add up to more than nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from quality.columns import NUMBER, Bools, Floats, Hashes, Ints, combine, within
from quality.lexicon import DATA, WordTable
from quality.registry import rule
from quality.rules import Spans
from quality.text import Batch, hash_words, once_per_batch

WEIGHTS = DATA / "hedge_weights.tsv"

# What stands for no one word in the columns of the weights: anything, a number in figures, the sentence's edge.
ANY, FIGURE, EDGE = "*", "#", "^"
_KEYS = dict(
    zip((ANY, FIGURE, EDGE), hash_words(("whatever", "figures", "edge")) ^ np.uint64(1), strict=True)
)
# A cue with a capital within its sentence ("May", "Will") has a key of its own.
_CAPITAL = np.uint64(0x38495AB5D6E8FEB8)
# Which of word before, cue and word after each weight asks for.
SHAPES = (
    (False, True, False),
    (True, True, False),
    (False, True, True),
    (True, False, False),
    (False, False, True),
)

# Whose doubt it is: the writer's own; or another's, by verbs that give a statement to someone, with a name or one of
# the speakers, and by verbs of what was found, with one of the speakers: in science, in court, in a central bank.
FIRST_PERSON = ("i", "my", "our", "we")
TELLING = (
    "according", "acknowledged", "added", "adds", "announced", "argue", "argued", "argues", "asked", "claimed",
    "concluded", "confirmed", "estimated", "explained", "explains", "found", "held", "noted", "predicted",
    "predicts", "projected", "ruled", "said", "say", "says", "stated", "testified", "told", "tells", "warned",
    "warns", "writes", "wrote",
)  # fmt: skip
FINDING = (
    "believe", "believed", "conclude", "demonstrate", "demonstrated", "expect", "expected", "find", "hold", "holds",
    "hypothesize", "indicate", "indicated", "observe", "observed", "propose", "proposed", "show", "showed", "shows",
    "suggest", "suggested", "suggests", "think",
)  # fmt: skip
SPEAKERS = (
    "analysis", "author", "authors", "board", "committee", "court", "courts", "data", "defendant", "defendants",
    "experiment", "experiments", "findings", "indicators", "information", "judge", "judges", "measurements",
    "members", "participants", "plaintiff", "plaintiffs", "respondents", "results", "staff", "survey",
    "surveys", "tribunal",
)  # fmt: skip


@dataclass(frozen=True)
class Contexts:
    """What was learnt for one rule.

    `words` uint64[n]: the cues asked about; `weights`: what each context adds; `start`: what the sum begins with.
    """

    words: Hashes
    weights: WordTable
    start: float

    @classmethod
    def of(cls, rows: Sequence[tuple[str, str, str, float]]) -> Contexts:
        """From rows of word before, cue, word after (or `ANY`) and weight; the row of nothing but `ANY` is the start.

        Raises ValueError where a row asks for something that `SHAPES` does not hold, or for more than one word.
        """
        for before, cue, after, _ in rows:
            shape = tuple(word != ANY for word in (before, cue, after))
            if any(shape) and shape not in SHAPES:
                raise ValueError(
                    f"context {before!r} {cue!r} {after!r}: expected the cue with at most one neighbour, or one neighbour"
                )
        told = [row for row in rows if row[:3] != (ANY, ANY, ANY)]
        befores, cues, afters, weights = zip(*told, strict=True) if told else ((),) * 4
        keys = _context(_written(befores), _written(cues), _written(afters))
        order = np.argsort(keys)
        asked = hash_words(sorted({cue.lower() for cue in cues} - {ANY}))
        start = sum(row[3] for row in rows if row[:3] == (ANY, ANY, ANY))
        return cls(asked, WordTable(keys[order], np.array(weights, np.float64)[order]), float(start))

    def score(self, batch: Batch, tokens: Ints) -> Floats:
        """What the contexts of some tokens add up to, a logit; float64[k]."""
        total = np.full(tokens.size, self.start)
        for keys in contexts(batch, tokens):
            total += self.weights.look_up(keys)
        return total

    def candidates(self, batch: Batch) -> Ints:
        """Tokens that are a cue in some context, quotations left out; int64[k]."""
        tokens = np.flatnonzero(batch.vocabulary.among(self.words)[batch.token_word])
        return tokens[~batch.is_quoted[tokens]]

    def find(self, batch: Batch) -> Ints:
        """Candidates whose contexts speak for the rule; int64[k]."""
        tokens = self.candidates(batch)
        return tokens[self.score(batch, tokens) > 0]


def _written(words: Sequence[str]) -> Hashes:
    """Keys of words as they stand in a file of weights."""
    plain = hash_words([word if word in _KEYS else word.lower() for word in words])
    capital = np.array([word[:1].isupper() for word in words], bool)
    keys = np.where(capital, plain ^ _CAPITAL, plain)
    for sign, key in _KEYS.items():
        keys[np.array([word == sign for word in words], bool)] = key
    return keys


def _context(before: Hashes, cue: Hashes, after: Hashes) -> Hashes:
    return combine(combine(before, cue), after)


def contexts(batch: Batch, tokens: Ints) -> list[Hashes]:
    """Keys of the contexts of some tokens, a column for each of `SHAPES`; uint64[k] each."""
    sentences = batch.sentences
    sentence = sentences.of_token[tokens]
    first, last = sentences.first[sentence], sentences.last[sentence]
    cue = batch.vocabulary.hash[batch.token_word[tokens]]
    cue = np.where(batch.token_upper[tokens] & (tokens > first), cue ^ _CAPITAL, cue)
    columns = (
        _neighbour(batch, tokens - 1, tokens > first),
        cue,
        _neighbour(batch, tokens + 1, tokens + 1 < last),
    )
    whatever = np.full(tokens.size, _KEYS[ANY])
    return [
        _context(*(column if asked else whatever for asked, column in zip(shape, columns, strict=True)))
        for shape in SHAPES
    ]


def _neighbour(batch: Batch, tokens: Ints, inside: Bools) -> Hashes:
    """Keys of tokens next to others, where these are `inside` the same sentence."""
    tokens = np.where(inside, tokens, 0)
    word = batch.vocabulary.hash[batch.token_word[tokens]]
    keys = np.where(batch.token_kind[tokens] == NUMBER, _KEYS[FIGURE], word)
    return np.where(inside, keys, _KEYS[EDGE])


def read_weights(path: Path) -> dict[str, Contexts]:
    """The contexts of each rule in a file of weights, whose head says what its columns are.

    Raises ValueError naming the line that has other columns.
    """
    rows: dict[str, list[tuple[str, str, str, float]]] = {}
    for number, line in enumerate(path.read_text("utf8").splitlines(), 1):
        if line.startswith("# "):
            continue
        cells = line.split("\t")
        if len(cells) != 7:
            raise ValueError(
                f"{path}, line {number}: {len(cells)} columns; expected rule, before, cue, after, weight, places, share"
            )
        rows.setdefault(cells[0], []).append((cells[1], cells[2], cells[3], float(cells[4])))
    return {name: Contexts.of(own) for name, own in rows.items()}


@cache
def _learnt() -> dict[str, Contexts]:
    return read_weights(WEIGHTS)


@once_per_batch
def _hedges(batch: Batch) -> tuple[Ints, Bools]:
    """Tokens that hedge, and whether their sentence says whose doubt it is or gives something to check."""
    tokens = _learnt()["hedge.cue"].find(batch)
    sentence, of_token = np.unique(batch.sentences.of_token[tokens], return_inverse=True)
    return tokens, is_sourced(batch, sentence)[of_token]


def is_sourced(batch: Batch, sentences: Ints) -> Bools:
    """Sentences that hold a figure or say whose statement they are, if only the writer's; bool[k].

    Figures are years, sums, shares and the numbers of citations; a name is a capital within the sentence.
    """
    first = batch.sentences.first[sentences]
    inside, owner = within(first, batch.sentences.last[sentences] - first)
    word = batch.token_word[inside]

    def holds(tokens: Bools) -> Bools:
        return np.bincount(owner[tokens], minlength=sentences.size) > 0

    def one_of(words: tuple[str, ...]) -> Bools:
        return holds(batch.vocabulary.among(hash_words(words))[word])

    own = batch.vocabulary.among(hash_words(FIRST_PERSON)) | (batch.vocabulary.kind == NUMBER)
    name = holds(batch.token_upper[inside] & (inside > first[owner]))
    telling, speaker = one_of(TELLING), one_of(SPEAKERS)
    return holds(own[word]) | (telling & (name | speaker)) | (one_of(FINDING) & speaker)


@rule(
    "hedge.cue",
    tier="soft",
    title="hedged statement",
    message="marks what is said as a guess, an opinion or a possibility: «{text}»",
    why="Hedging is honest where the writer says whose doubt it is and why. Many hedges without a named source or a figure nearby leave nothing that could be checked.",
    source="szarvas2012",
    unit="per 100 words",
    hits=[
        ("The ferry may sail in May.", ["may"]),
        ("The board will likely meet again.", ["likely"]),
        ("It remains unclear who paid, and perhaps nobody did.", ["unclear", "perhaps"]),
        ("The leak appears to be small.", ["appears"]),
        ("The wreck is thought to be a trawler.", ["thought"]),
    ],
    clean=[
        "The ferry sailed on 3 May.",
        "She appeared before the court on Monday.",
        "Two witnesses said they saw the boat turn.",
        '"The ferry may sail," read the note on the door.',
        "The ferry may sail on 12 June.",
    ],
)
def hedge(batch: Batch) -> Spans:
    """Words that hedge in sentences that give nothing to check."""
    tokens, sourced = _hedges(batch)
    return Spans.of_tokens(batch, tokens[~sourced], tokens[~sourced] + 1)


@rule(
    "hedge.cue_sourced",
    tier="soft",
    title="hedge with its ground",
    message="a guess or possibility beside a figure or someone who answers for it: «{text}»",
    why="Doubt that is someone's, or that stands beside a figure or a citation, can be checked: scientists, courts and central banks write so for good reason.",
    source="szarvas2012",
    unit="per 100 words",
    hits=[
        ("The ferry may sail on 12 June.", ["may"]),
        ("The harbour master, Mara Olsen, said the ferry may sail.", ["may"]),
        ("We found that the current may carry sand.", ["may"]),
        ("The court held that the clause may bind the buyer.", ["may"]),
        ("The current may carry sand [4].", ["may"]),
        ("Our measurements suggest that the current may carry sand.", ["suggest", "may"]),
    ],
    clean=[
        "The ferry may sail to Larnsund.",
        "The harbour master said the ferry sails on 12 June.",
        "The board may meet again.",
    ],
)
def hedge_with_its_ground(batch: Batch) -> Spans:
    """Words that hedge beside a figure or a speaker."""
    tokens, sourced = _hedges(batch)
    return Spans.of_tokens(batch, tokens[sourced], tokens[sourced] + 1)


@rule(
    "hedge.weasel",
    tier="soft",
    title="number or source left open",
    message="leaves open who, how many or how often: «{text}»",
    why='"Many", "some" and "widely" claim weight without a count or a name that could be checked. A few are good prose; a text built of them tells nothing.',
    source="conll2010",
    unit="per 100 words",
    hits=[
        ("Many other inns have closed.", ["Many"]),
        ("In some countries the custom lives on.", ["some"]),
        ("The song has been widely copied.", ["widely"]),
    ],
    clean=[
        "The mill burnt down as many times as it was built.",
        "Many years later the mill burnt down.",
        "She sold some 200 boats.",
        '"In some countries the custom lives on," she said.',
        "The mill is probably haunted.",
    ],
)
def weasel(batch: Batch) -> Spans:
    """Words that leave the quantity or the source open, where they are no hedge."""
    tokens = _learnt()["hedge.weasel"].find(batch)
    tokens = tokens[~np.isin(tokens, _hedges(batch)[0])]
    return Spans.of_tokens(batch, tokens, tokens + 1)
