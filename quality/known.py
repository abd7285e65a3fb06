"""What a reference index, or a run of the filter, knows of some texts, and how a report tells it: duplicates, findings and roles, no number that weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quality.columns import Bools, Ints
from quality.report import Duplicate, Finding, Paragraph, Report, values_of
from quality.rules import Rule
from quality.sketches import NEAR, Copies

REPEATED = Rule(
    id="boilerplate.repeated",
    tier="soft",
    title="line of many pages",
    message="{text}: seen in many documents of the reference index, or of the site in this run",
    why="What stands on many pages that tell different things is the site's, not the article's.",
    source="own",
    unit="count",
)
NEAR_DUPLICATE = Rule(
    id="repeat.near_duplicate",
    tier="soft",
    title="paragraph known from elsewhere",
    message="{text}: much the same paragraph stands in the reference index",
    why="Who counts or learns from texts wants each passage once; printed elsewhere it is none the worse.",
    source="own",
    unit="count",
)
RULES = (REPEATED, NEAR_DUPLICATE)

# Documents from which on a line is page furniture.
FURNITURE = 20
# Share of a text's words in such lines from which on it is the text that was copied, not the page around it.
COPIED_SHARE = 0.5


def distinct_lines(parent: Ints, line: Ints, n_words: Ints) -> Ints:
    """Each document with each of its lines that have words, once, ascending; int64[n, 2].

    `parent` is the document of each line, `line` the hash of its words, `n_words` how many they are; int64[lines] each.
    """
    wordy = np.flatnonzero(n_words)
    return np.unique(np.column_stack([parent[wordy], line[wordy]]), axis=0)


def furniture(parent: Ints, n_words: Ints, seen: Ints, copies: Copies) -> Bools:
    """Lines that stand in many documents, of texts that have most of their words to themselves; bool[lines].

    `seen` int64[lines] are other documents with the very words of each, near-copies of the whole text left out. Where
    these may be more than were counted, and are many, nobody knows what is left: such a text has no furniture.
    """
    is_known = ~copies.is_cut | (copies.n < FURNITURE)
    often = (seen >= FURNITURE) & is_known[parent]
    words, repeated = (
        np.bincount(parent, weights=n_words * some, minlength=copies.n.size)
        for some in (np.ones(seen.size), often)
    )
    return often & (repeated < COPIED_SHARE * words)[parent]


@dataclass(frozen=True)
class Known:
    """What is known of the texts of a batch from an index, or from the run they are part of.

    `documents`: indexed documents like each text; `paragraphs`: indexed documents with a paragraph like each of the
    batch's; `seen` int64[p]: other documents with the very words of each, near-copies of the whole text left out;
    `is_furniture` bool[p]; `parent` int64[p]; `counted`: what `seen` counts.
    """

    documents: Sequence[Sequence[Duplicate]]
    paragraphs: Sequence[Sequence[Duplicate]]
    seen: Ints
    is_furniture: Bools
    parent: Ints
    counted: str = "documents"

    def of(self, d: int) -> tuple[Duplicate, ...]:
        """What text d resembles, as a report lists it."""
        low, high = np.searchsorted(self.parent, [d, d + 1]).tolist()
        return (*self.documents[d], *(one for some in self.paragraphs[low:high] for one in some))

    def to_dict(self, d: int) -> dict[str, Any]:
        """What is known of text d, as plain values."""
        low, high = np.searchsorted(self.parent, [d, d + 1]).tolist()
        repeated = [
            {"paragraph": p - low, "documents": int(self.seen[p])}
            for p in range(low, high)
            if self.is_furniture[p]
        ]
        return {"duplicates": [values_of(one) for one in self.of(d)], "repeated": repeated}

    def told(self, report: Report, d: int, text: str) -> Report:
        """The report on text d with what is known of it: duplicates, findings and roles, and no number that weighs.

        What a text is worth does not depend on what else somebody has indexed.
        """
        low, high = np.searchsorted(self.parent, [d, d + 1]).tolist()
        paragraphs, findings = list(report.paragraphs), list(report.findings)
        for i, p in enumerate(range(low, high)):
            copies = [one for one in self.paragraphs[p] if one.similarity >= NEAR]
            if self.is_furniture[p]:
                n = int(self.seen[p])
                message = f"seen in {n} {self.counted}"
                findings.append(_finding(REPEATED, paragraphs[i], text, message, {"documents": n}))
                paragraphs[i] = _in_role(paragraphs[i], "boilerplate", 1.0)
            elif copies:
                best = copies[0]
                message = f"much the same paragraph stands in {best.id} (similarity {best.similarity:.2f})"
                data = {"id": best.id, "similarity": best.similarity}
                findings.append(_finding(NEAR_DUPLICATE, paragraphs[i], text, message, data))
                paragraphs[i] = _in_role(paragraphs[i], "duplicate", best.similarity)
        findings.sort(key=lambda f: f.start)
        known = (*report.duplicates, *self.of(d))
        return replace(report, paragraphs=tuple(paragraphs), findings=tuple(findings), duplicates=known)


def _finding(rule: Rule, p: Paragraph, text: str, message: str, data: Mapping[str, Any]) -> Finding:
    """A finding on a whole paragraph."""
    return Finding(rule.id, rule.tier, p.i, p.start, p.end, text[p.start : p.end], message, data)


def _in_role(paragraph: Paragraph, role: str, chance: float) -> Paragraph:
    """The paragraph with that chance of a role at least, the others less in proportion."""
    if chance <= paragraph.roles[role]:
        return paragraph
    left = (1 - chance) / (1 - paragraph.roles[role])
    roles = {name: chance if name == role else value * left for name, value in paragraph.roles.items()}
    return paragraph._replace(roles=roles, role=max(roles, key=roles.__getitem__))
