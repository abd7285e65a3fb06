"""Sentences in which an assistant speaks to whoever asked it for a text, told by what stands together in them.

"I've kept the opening short; tell me if you'd like another ending": somebody who speaks of himself, a reader, parts
of a draft, work on it, an offer. Each of these is good English; points are added up over a sentence and the one
behind it. The cues are in quality/data/assistant.toml. Not here: wordings known by heart (rules/leak.toml).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache

import numpy as np

from quality.columns import Bools, Ints
from quality.lexicon import DATA, Phrases
from quality.registry import Counted, rule_among
from quality.rules import Spans
from quality.text import Batch, once_per_batch

# Points of a kind of cue, however many of it a sentence holds. Rounded from a logistic regression of sentences of
# assistants, written for this project, against those of reliable articles and of the controls of the shared corpora.
POINTS = {
    "self": 2,
    "reader": 1,
    "draft": 2,
    "text": 1,
    "edit": 2,
    "work": 1,
    "offer": 2,
    "limit": 3,
    "machine": 2,
    "given": 3,
    "opening": 3,
    "deliver": 2,
    "order": 2,
    "measure": 3,
    "story": -2,
}
KINDS = tuple(POINTS)
# Kinds that count at the start of a sentence only.
LEADING = ("opening", "order")
# Kinds of which a sentence needs one: nobody is spoken to without.
VOICE = ("self", "reader", "offer", "opening", "deliver", "order", "machine")
# Kinds of which it needs one as well: an invitation to the reader is none of the work.
MATTER = ("draft", "text", "edit", "work", "limit", "machine", "given", "opening", "deliver", "measure")
# Those one of which hard evidence needs: orders are given in textbooks too, and papers tell of language models.
CLEAR_VOICE = ("self", "opening", "deliver")
# Words from which on a sentence is too long for such a remark, and holds many cues by its length.
LONG = 36
# Points of a sentence, and of two that stand together, from which they are found; from the second number on they are
# hard evidence. Set so that next to none of the reliable articles and controls has a hard one (docs/results.md).
ALONE, PAIR = (5, 7), (7, 10)
# Of two together each has these at least.
PART = 3
# A text that speaks of itself and to its reader in more than this share of its other sentences, and one more, does so by
# right: a blog, a letter, a speech.
AT_HOME = 0.1
# Rules of the wordings known by heart.
KNOWN = ("leak.chatbot", "leak.assistant_manner")


@cache
def _cues() -> Phrases:
    table = tomllib.loads((DATA / "assistant.toml").read_text("utf8"))["cues"]
    return Phrases((p, k) for k, kind in enumerate(KINDS) for p in table[kind])


@once_per_batch
def _signs(batch: Batch) -> Bools:
    """Kinds of cues that each sentence holds outside quotations; bool[sentences, kinds]."""
    found, group = _cues().find(batch), batch.sentences
    sentence = group.of_token[found.first]
    leading = np.isin(found.value, [KINDS.index(kind) for kind in LEADING])
    kept = ~batch.is_cited[found.first] & (~leading | (found.first == group.first[sentence]))
    signs = np.zeros((group.n, len(KINDS)), bool)
    kept &= batch.n_words(group)[sentence] < LONG
    signs[sentence[kept], found.value[kept]] = True
    signs[:, KINDS.index("measure")] &= signs[:, KINDS.index("order")]  # else a guide to writing has them
    return signs


def _holds(signs: Bools, kinds: Sequence[str]) -> Bools:
    """Whether each row has one of some kinds; bool[n]."""
    return np.asarray(signs[:, [KINDS.index(kind) for kind in kinds]].any(axis=1))


def _points(signs: Bools) -> Ints:
    """Points of each row; none without a voice and something it speaks of."""
    return np.where(_holds(signs, VOICE) & _holds(signs, MATTER), signs @ np.array(list(POINTS.values())), 0)


@once_per_batch
def assistant_sentences(batch: Batch) -> tuple[Ints, Ints]:
    """Sentences in which an assistant speaks for certain, and those in which it may; int64[k] each.

    None in texts that are at home with such a voice (`AT_HOME`).
    """
    signs, group = _signs(batch), batch.sentences
    points = _points(signs)
    both = signs[:-1] | signs[1:]
    pair = _points(both)
    pair[(group.parent[:-1] != group.parent[1:]) | (points[:-1] < PART) | (points[1:] < PART)] = 0
    together = np.maximum(np.append(pair, 0), np.append(0, pair))
    level = np.zeros(group.n, np.int64)
    for k in range(2):
        level += (points >= ALONE[k]) | (together >= PAIR[k])
    unclear = ~_holds(signs, CLEAR_VOICE) | _holds(signs, ("order",))
    level[unclear] = np.minimum(level[unclear], 1)
    document = batch.paragraphs.parent[group.parent]
    n_other = np.bincount(document[level == 0], minlength=batch.n_documents)
    for k, voice in ((1, ("self", "reader")), (2, ("self",))):
        speaks = _holds(signs, voice) & (level == 0)
        n_speaking = np.bincount(document[speaks], minlength=batch.n_documents)
        level[(level == k) & (n_speaking > 1 + AT_HOME * n_other)[document]] = 0
    return np.flatnonzero(level == 2), np.flatnonzero(level == 1)


def _spans(batch: Batch, sentence: Ints, counted: Counted) -> Spans:
    """The sentences, those left out in which a wording known by heart tells the same."""
    of = batch.sentences
    return counted.unmet(Spans(of.start[sentence], of.end[sentence], of.parent[sentence]), *KNOWN)


# ---- rules -------------------------------------------------------------------------------------------


@rule_among(
    "leak.assistant_turn",
    tier="hard",
    title="assistant's word on the draft",
    message="somebody who was asked for this text speaks of it to whoever asked: «{text}»",
    why="Remarks on tone and length, offers of another version and regrets that something cannot be checked belong to "
    "the talk in which a text was made. Left in it, they show that nobody read it before it went online.",
    source="own",
    unit="count",
    hits=[
        (
            "The ferry is late. I've softened the headline, so tell me if you'd rather keep yours.",
            ["I've softened the headline, so tell me if you'd rather keep yours."],
        ),
    ],
    clean=[
        "The ferry is late. Tell me if you'd rather walk.",
        "The ferry is late. \"I've softened the headline, so tell me if you'd rather keep yours,\" she said.",
        "I walk. I swim. I know you. I've softened the headline, so tell me if you'd rather keep yours.",
    ],
)
def assistant_turn(batch: Batch, counted: Counted) -> Spans:
    """Sentences with enough points."""
    return _spans(batch, assistant_sentences(batch)[0], counted)


@rule_among(
    "leak.assistant_aside",
    tier="soft",
    title="aside as of an assistant",
    message="an aside to somebody who is not the reader, as assistants make it: «{text}»",
    why="It speaks of the text and to one person, in a text that otherwise does neither. An author may step forward "
    "so, which is why one alone proves nothing.",
    source="own",
    unit="count",
    hits=[
        (
            "The ferry is late. I can leave out the fares if it helps.",
            ["I can leave out the fares if it helps."],
        ),
    ],
    clean=["The ferry is late. I can swim."],
)
def assistant_aside(batch: Batch, counted: Counted) -> Spans:
    """Sentences with some points."""
    return _spans(batch, assistant_sentences(batch)[1], counted)
