"""Votes of annotators on texts: kept one by one, made into label records, and compared.

A label record (docs/labels.md) says what is agreed: the label and the roles that more than half of
those who voted gave. Its field `votes` keeps who said what, when and with which tool, so that anyone
may decide otherwise later; `conflicts` tells from it where they differ, `agreement` how much.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from quality.records import Problem, Record
from quality.render.terminal import counted
from quality.report import ROLES
from quality.text import Batch

LABELS = ("reliable", "unreliable", "unclear")

# What is said of a text as a whole.
WHOLE = ("label", "kind")

# Share of a paragraph's characters above which what is marked in it counts for the whole: the
# guideline's "more than half" (labelled/README.md).
MARKED_SHARE_LOW = 0.5

# Below this even tentative conclusions are not warranted: Krippendorff, Content Analysis (2004), p. 241.
ALPHA_LOW = 0.67

# Texts that are cut into paragraphs together: a megabyte or so of articles.
TEXTS_AT_ONCE = 256


class Span(NamedTuple):
    """A marked stretch of a text: code points, and the name it was given."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Vote:
    """What one annotator said of one text with one tool; whatever was not said is None or empty.

    `time` is ISO 8601 in UTC, `task` the tool's own number of the text. `rejected` are names said not
    to apply. Roles come as `spans` or, where the tool gives one a paragraph, as `paragraph_labels`.
    `path` and `line` say where the vote was read, for problems with it; they are no part of what was said.
    """

    tool: str
    annotator: str | None = None
    time: str | None = None
    task: str | None = None
    label: str | None = None
    kind: str | None = None
    rejected: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    paragraph_labels: tuple[str | None, ...] | None = None
    path: str = field(default="", compare=False)
    line: int | None = field(default=None, compare=False)

    @property
    def speaks_of_whole(self) -> bool:
        """Is anything said of the text as a whole, be it a role that all of it has?"""
        return bool(self.label or self.kind or self.rejected or self.spans)

    def to_dict(self) -> dict[str, Any]:
        """The vote as an item of a record's `votes`: annotator, time and tool always, else what was said."""
        said = {
            "task": self.task,
            "label": self.label,
            "kind": self.kind,
            "rejected": list(self.rejected),
            "paragraph_labels": self.paragraph_labels and list(self.paragraph_labels),
            "spans": [list(span) for span in self.spans],
        }
        always = {"annotator": self.annotator, "time": self.time, "tool": self.tool}
        return always | {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Voted:
    """A text and the votes on it. An empty `record.id` asks for one made of the text."""

    record: Record
    votes: tuple[Vote, ...]


class Gathered(NamedTuple):
    """Texts with all votes on them, what was left out, and what else to know of their ids."""

    texts: list[Voted]
    problems: list[Problem]
    notes: list[str]


def gathered(voted: Iterable[Voted]) -> Gathered:
    """Texts with all votes on them, in the order in which they first appear, and what is refused.

    The same text is the same record wherever it comes from, under the first id that it is given; others are
    noted. A vote that is there already, to the second, is the same vote, as where files overlap; without a time
    nobody can tell, and both count. An id given to two texts is a problem: the first one keeps it, the other is
    left out.
    """
    texts: dict[str, Voted] = {}
    others: dict[str, dict[str, None]] = {}
    for one in voted:
        known = texts.get(one.record.text)
        if known and known.record.id and one.record.id not in ("", known.record.id):
            others.setdefault(known.record.id, {})[one.record.id] = None
        record = known.record if known and (known.record.id or not one.record.id) else one.record
        votes = known.votes if known else ()
        new = (vote for vote in one.votes if vote.time is None or vote not in votes)
        texts[one.record.text] = Voted(record, (*votes, *new))
    kept: dict[str, Voted] = {}
    problems = []
    for text, one in texts.items():
        name = (
            one.record.id or f"text-{hashlib.sha256(text.encode('utf8', 'surrogatepass')).hexdigest()[:16]}"
        )
        if name in kept:
            problems.append(
                Problem(one.record.source, None, f"id {name!r} is given to two texts: the second is left out")
            )
        else:
            kept[name] = replace(one, record=replace(one.record, id=name))
    notes = [f"the text {name} is also given as {', '.join(more)}: one text" for name, more in others.items()]
    return Gathered(list(kept.values()), problems, notes)


def label_records(
    voted: Sequence[Voted], *, unmarked: str | None = None
) -> Iterator[dict[str, Any] | Problem]:
    """A label record for each text with a vote, and a problem for each vote whose roles do not fit the paragraphs.

    Of such a vote counts what it says of the whole text, if anything, and the other votes count as ever.

    `unmarked` is the role that an annotator who marked some paragraphs of a text is taken to give the others,
    and of those of which nobody said anything; None leaves them open. Who marked nothing outvotes nobody.
    """
    for k in range(0, len(voted), TEXTS_AT_ONCE):
        yield from _some_label_records(voted[k : k + TEXTS_AT_ONCE], unmarked)


def _some_label_records(voted: Sequence[Voted], unmarked: str | None) -> Iterator[dict[str, Any] | Problem]:
    batch = Batch.of([v.record.text for v in voted], [v.record.paragraphs for v in voted])
    paragraphs: list[list[tuple[int, int]]] = [[] for _ in voted]
    places = zip(batch.paragraphs.parent, batch.paragraphs.start, batch.paragraphs.end, strict=True)
    for document, start, end in places:
        base = int(batch.document_start[document])
        paragraphs[document].append((int(start) - base, int(end) - base))
    for one, cut in zip(voted, paragraphs, strict=True):
        votes = []
        for vote in one.votes:
            try:
                votes.append(_with_roles(vote, cut, unmarked))
            except ValueError as error:
                rest = "they are left out, what it says of the whole text is kept"
                if vote.speaks_of_whole:
                    votes.append(_with_roles(replace(vote, paragraph_labels=None), cut, unmarked))
                else:
                    rest = "nothing else is said, so this vote is left out"
                place = vote.path or one.record.source
                yield Problem(place, vote.line, f"{one.record.id}: {error}; {rest}")
        if votes:
            yield _label_record(one.record, votes, cut, unmarked)


def _label_record(
    record: Record, votes: Sequence[Vote], cut: Sequence[tuple[int, int]], unmarked: str | None
) -> dict[str, Any]:
    fields = {
        name: plain(record.fields.get(name)) for name in ("group", "kind", "corpus", "source", "licence")
    }
    names = sorted({vote.annotator for vote in votes if vote.annotator})
    whole: dict[str, Any] = {"id": record.id}
    whole |= {"text": record.text} if record.paragraphs is None else {"paragraphs": list(record.paragraphs)}
    optional = {"title": record.title, "date": record.date, "url": record.url, "corpus": fields["corpus"]}
    whole |= {name: value for name, value in optional.items() if value is not None}
    whole |= {
        "label": "unclear",
        "kind": "imported",
        "group": fields["group"] or record.id,
        "source": fields["source"] or record.source,
        "annotator": ", ".join(names) or "unknown",
        "licence": fields["licence"] or "not stated",
        "votes": [vote.to_dict() for vote in votes],
    }
    said = dict(opinions(whole))
    whole["label"] = majority(said.pop("label", {}).values()) or "unclear"
    whole["kind"] = majority(said.pop("kind", {}).values()) or fields["kind"] or "imported"
    if said or unmarked:
        named = [said.get(f"paragraph {k}") for k in range(1, len(cut) + 1)]
        whole["paragraph_labels"] = [
            unmarked if roles is None else majority(roles.values()) for roles in named
        ]
    return whole


def plain(value: object) -> str | None:
    """A name or number as a string; None for anything else and for an empty one."""
    return (
        str(value) if value != "" and isinstance(value, str | int) and not isinstance(value, bool) else None
    )


def _with_roles(vote: Vote, cut: Sequence[tuple[int, int]], unmarked: str | None) -> Vote:
    """The vote with a role for each paragraph, told from its spans where it has none of its own."""
    given = vote.paragraph_labels
    if given is not None:
        if len(given) != len(cut):
            who = vote.annotator or "an annotator"
            raise ValueError(
                f"paragraph_labels of {who} are {len(given)}, but the text has {counted(len(cut), 'paragraph')}: "
                "one role (or none) for each line that is not empty"
            )
        return vote
    roles = [_role(vote.spans, start, end) for start, end in cut]
    return replace(vote, paragraph_labels=tuple(role or unmarked for role in roles)) if any(roles) else vote


def _role(spans: Iterable[Span], start: int, end: int) -> str | None:
    """The role that most of a paragraph is marked with; None where none has more than half, or two have."""
    covered = {}
    for role in ROLES:
        reach = start
        covered[role] = 0
        for span in sorted(s for s in spans if s.label == role):
            low, high = max(span.start, reach), min(span.end, end)
            if high > low:
                covered[role] += high - low
                reach = high
    enough = [role for role in ROLES if covered[role] > MARKED_SHARE_LOW * (end - start)]
    best = max((covered[role] for role in enough), default=0)
    first = [role for role in enough if covered[role] == best]
    return first[0] if len(first) == 1 else None


def majority(said: Iterable[str]) -> str | None:
    """What more than half of those asked said, None where there is no such thing."""
    counts = Counter(said)
    ((value, n),) = counts.most_common(1) or [("", 0)]
    return value if 2 * n > counts.total() else None


def opinions(record: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """For label, kind and each paragraph of a label record ("label", "kind", "paragraph 1", ...): who said what.

    Of several votes of one annotator on a matter the latest counts. Votes without a name are those of
    different people. Records without `votes` have no opinions.
    """
    said: dict[str, dict[str, str]] = {}
    numbered = enumerate(record.get("votes") or (), 1)
    # a stable sort: without times the order of the file counts
    for number, vote in sorted(numbered, key=lambda item: item[1].get("time") or ""):
        who = vote.get("annotator") or f"vote {number}"
        for what in WHOLE:
            if vote.get(what) is not None:
                said.setdefault(what, {})[who] = vote[what]
        for k, role in enumerate(vote.get("paragraph_labels") or (), 1):
            if role is not None:
                said.setdefault(f"paragraph {k}", {})[who] = role
    order = [name for name in WHOLE if name in said]
    order += sorted((name for name in said if name not in WHOLE), key=lambda name: int(name.split()[1]))
    yield from ((name, said[name]) for name in order)


def conflicts(record: Mapping[str, Any]) -> list[str]:
    """Where annotators of a label record differ, one line each: "label: reliable (ada), unreliable (ben)"."""
    lines = []
    for what, said in opinions(record):
        values = dict.fromkeys(said.values())
        if len(values) > 1:
            told = (f"{v} ({', '.join(sorted(w for w in said if said[w] == v))})" for v in sorted(values))
            lines.append(f"{what}: {', '.join(told)}")
    return lines


def alpha(units: Iterable[Sequence[Hashable]]) -> float:
    """Krippendorff's alpha for nominal data: 1 full agreement, 0 that of chance, negative below it.

    A unit holds the values that it was given, one an annotator; missing ones are left out, and units
    with fewer than two values do not count. NaN where nothing can be compared or all values are the
    same. Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections C and D.
    """
    agreeing = 0.0
    totals: Counter[Hashable] = Counter()
    for unit in units:
        if len(unit) > 1:
            counts = Counter(unit)
            totals += counts
            agreeing += sum(n * (n - 1) for n in counts.values()) / (len(unit) - 1)
    n = totals.total()
    expected = n * n - sum(c * c for c in totals.values())
    return 1 - (n - 1) * (n - agreeing) / expected if expected else math.nan


class Agreement(NamedTuple):
    """Alpha of one matter: all labels or roles, or one of them against the rest; units with two votes or more."""

    what: str
    alpha: float
    n_units: int


def agreement(records: Iterable[Mapping[str, Any]]) -> list[Agreement]:
    """Agreement on the label and on roles of paragraphs, each as a whole ("label") and by value ("label filler").

    Only what at least two annotators spoke of is listed.
    """
    units: dict[str, list[list[str]]] = {"label": [], "role": []}
    for record in records:
        for what, said in opinions(record):
            if len(said) > 1 and what != "kind":  # kinds are named freely
                units["label" if what == "label" else "role"].append(list(said.values()))
    found = []
    for what, values in (("label", LABELS), ("role", ROLES)):
        some = units[what]
        if some:
            found.append(Agreement(what, alpha(some), len(some)))
        for value in values:
            if any(value in unit for unit in some):
                one = [[v == value for v in unit] for unit in some]
                found.append(Agreement(f"{what} {value}", alpha(one), len(some)))
    return found


def told(records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Lines on what was imported: votes and labels, agreement, and where annotators differ."""
    if not records:
        yield "no vote was imported"
        return
    votes = [vote for record in records for vote in record["votes"]]
    names = {vote["annotator"] for vote in votes if vote["annotator"]}
    labels = Counter(record["label"] for record in records)
    by_label = ", ".join(f"{labels[label]} {label}" for label in LABELS if labels[label])
    yield f"{counted(len(records), 'text')}, {counted(len(votes), 'vote')} by {counted(len(names), 'named annotator')}: {by_label}"
    marks = Counter(name for vote in votes for _, _, name in vote.get("spans", ()) if name not in ROLES)
    # kept in the votes, but nothing learns from them: a misspelt role would be among these
    if marks:
        yield f"marks that are no role: {', '.join(f'{name} {n}' for name, n in marks.most_common())}"
    agreed = agreement(records)
    if agreed:
        yield f"agreement, as Krippendorff's alpha (1 full, 0 by chance; build on nothing below {ALPHA_LOW})"
    for a in agreed:
        value = "undefined, all are alike" if math.isnan(a.alpha) else f"{a.alpha:.2f}"
        yield f"  {a.what}: {value}, on {counted(a.n_units, 'text' if a.what.startswith('label') else 'paragraph')}"
    differing = [(record["id"], lines) for record in records if (lines := conflicts(record))]
    if differing:
        yield f"annotators differ on {counted(len(differing), 'text')}"
        yield from (f"  {name}: {line}" for name, lines in differing for line in lines)
