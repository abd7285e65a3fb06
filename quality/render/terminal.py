"""A report for a person at a terminal, about one screen long.

The order is that of a careful reader: the verdict, hard evidence in its own words, soft signals
(which never decide alone), the page at a glance, what weighed most, and where to read first.
Long lists are cut and say so; `--format json` has everything. Paragraphs are counted from 1 here.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

import click

from quality.report import ROLES, Finding, Paragraph, Report

# How much of each list is shown, so that a report stays about one screen of 40 lines.
N_HARD, N_SOFT, N_EFFECTS, N_NEXT, N_WARNINGS, N_STRIPS, N_KNOWN = 4, 4, 4, 3, 2, 2, 3
WIDTH_LOW, WIDTH_HIGH = 50, 110

LETTERS = {"content": "C", "boilerplate": "B", "filler": "F", "duplicate": "D"}
COLORS = {"content": "green", "boilerplate": "blue", "filler": "red", "duplicate": "yellow"}
VERDICT_COLORS = {"keep": "green", "review": "yellow", "drop": "red", "unsure": "magenta"}

AS_OF = {
    "field": "given",
    "metadata": "by the page",
    "text": "by the text",
    "officials": "by the officials named",
}

DOUBTS = {
    "few_words": "Too few words of content to judge: take the number as a guess.",
    "not_english": "Not English, by its function words: take the number as a guess.",
}

# Terms of the model that are no rule: in words for a positive and for a negative effect.
TERMS = {
    "likeness": (
        "worded like the reliable side of the corpora",
        "worded like the unreliable side of the corpora",
    ),
    "strange_kind": (
        "of another kind than the texts wording was learnt on, so wording counts less",
        "of another kind than the texts wording was learnt on, so wording counts less",
    ),
    "filler_words": ("little filler", "filler passing as content"),
}

# Bounds of an effect on the logit: at 1.1 the odds of being reliable change threefold, at 0.4 by half.
STRONG_LOW, CLEAR_LOW, SHOWN_LOW = 1.1, 0.4, 0.05

# Reliability below which a text is more likely unreliable than not, whatever the policy makes of it.
EVEN = 0.5

# What stands in for a mark where the terminal's encoding has none.
PLAIN = str.maketrans("¶…«»“”‘’–—−·█░", "P~<>\"\"''---,#.")
QUOTED = "[«“\"‘']{}[»”\"’']"


def render(
    report: Report,
    text: str,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
    titles: Mapping[str, str] | None = None,
) -> str:
    """The report as lines for a terminal, without a line break at the end.

    `text` is what the offsets count in ("" where it is not at hand: quotations then lack context).
    `titles` names rules and features in words. Characters that `encoding` lacks are replaced.
    """
    page = _Page(min(max(width, WIDTH_LOW), WIDTH_HIGH), color)
    sections = [
        _verdict(report, page),
        _hard(report, text, page),
        _soft(report, page),
        _known(report, page),
        _strip(report, page),
        _weights(report, titles or {}, page),
        _next(report, text, page),
        _warnings(report, page),
        [
            page.dim(line)
            for line in page.wrapped("A probability, no fact-check and no proof of who wrote it.")
        ],
    ]
    return encodable("\n\n".join("\n".join(section) for section in sections if section), encoding)


def encodable(text: str, encoding: str) -> str:
    """The text with what `encoding` cannot show replaced by plainer marks, or "?"."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAIN).encode(encoding, "replace").decode(encoding)
    return text


def visible(text: str) -> str:
    """The text on one line, with control, zero-width and bidirectional characters spelt out.

    Texts come from anywhere: printed as they are, they could move the cursor or hide words.
    """
    return "".join(
        f"<U+{ord(c):04X}>" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") else c
        for c in " ".join(text.split())
    )


class _Page:
    """Width and colour, and how words are set with them."""

    def __init__(self, width: int, color: bool) -> None:
        self.width = width
        self.color = color

    def styled(self, text: str, **style: str | bool) -> str:
        return click.style(text, **style) if self.color else text  # type: ignore[arg-type]

    def head(self, text: str, note: str = "") -> str:
        return self.styled(text, bold=True) + (f": {self.dim(note)}" if note else "")

    def dim(self, text: str) -> str:
        return self.styled(text, dim=True)

    def marked(self, text: str) -> str:
        """Words that a finding is about: set off by colour, else by marks."""
        return self.styled(text, fg="red", bold=True) if self.color else f"«{text}»"

    def wrapped(self, text: str, indent: int = 0, n_lines: int = 2) -> list[str]:
        return textwrap.wrap(
            text,
            self.width,
            initial_indent=" " * indent,
            subsequent_indent=" " * indent,
            max_lines=n_lines,
            placeholder=" …",
        )


def _verdict(report: Report, page: _Page) -> list[str]:
    word = page.styled(report.verdict.upper(), fg=VERDICT_COLORS.get(report.verdict, "white"), bold=True)
    name = visible(report.source)
    if report.id != report.source:
        name = f"{name}: {visible(report.id)}" if name else visible(report.id)
    date, since = report.as_of.get("date"), "not before" if report.as_of.get("bound") else "as of"
    day = f"{since} {date} ({AS_OF.get(str(report.as_of.get('from')), 'given')})" if date else "no date"
    number = _number(report.reliability)
    taken = len(report.verdict) + len(number) + len(day) + (6 if report.reliability is None else 17)
    meter = f"{_meter(report.reliability)} " if report.reliability is not None else ""
    first = f"{word}  {number} {meter} {_tail(name, max(page.width - taken, 16))}  {page.dim(day)}"
    return [first, *page.wrapped(_reading(report))]


def _reading(report: Report) -> str:
    """What the verdict means for this text, in one sentence."""
    if report.reliability is None:
        return "There is no word in it, so there is nothing to judge."
    if report.verdict == "drop":
        return "Hard evidence speaks against it, and as a whole it falls below the line for dropping."
    if report.verdict == "unsure":
        return DOUBTS[str(report.doubt)]
    if report.verdict == "keep":
        if report.hard:
            return "Worth keeping; read the hard evidence first."
        if report.reliability < EVEN:
            return "No evidence is strong enough to hold it back; read it with the care that the number asks for."
        return "Worth keeping."
    if report.hard:
        return "Look at it by hand: there is hard evidence, but the whole is not below the line for dropping."
    return "Look at it by hand: nothing but soft signals speaks against it, and these never drop a text."


def counted(n: int, what: str) -> str:
    """So many of something whose plural takes an s: "1 text", "1,200 texts"."""
    return f"{n:,} {what}{'s' * (n != 1)}"


def _number(reliability: float | None) -> str:
    """Two decimals, but never a rounded 0 or 1: neither is ever certain."""
    if reliability is None:
        return "no number"
    if reliability < 0.01:
        return "<0.01"
    return ">0.99" if reliability > 0.99 else f"{reliability:.2f}"


def _meter(reliability: float) -> str:
    full = min(max(round(10 * reliability), 0), 10)
    return "█" * full + "░" * (10 - full)


def _hard(report: Report, text: str, page: _Page) -> list[str]:
    found = report.hard
    if not found:
        return []
    shown = _one_of_each(found, N_HARD)
    lines = [page.head(f"Hard evidence ({len(found)})")]
    size = max(len(str(f.paragraph + 1)) for f in shown) + 1
    for f in shown:
        place = f"  {'¶' + str(f.paragraph + 1):>{size}}  "
        quotation = _quotation(f, report, text, page.width - len(place) - len(f.rule) - 2, page)
        lines += [f"{place}{quotation}  {page.dim(f.rule)}", *page.wrapped(_message(f), len(place), 3)]
    left = Counter(f.rule for f in found)
    left.subtract(f.rule for f in shown)
    if left.total():
        rest = ", ".join(f"{rule} {n}" for rule, n in left.most_common() if n)
        lines.append(page.dim(_cut(f"  and {left.total()} more: {rest}", page.width)))
    return lines


def _one_of_each(found: Sequence[Finding], n: int) -> list[Finding]:
    """At most n findings: the first of every rule before the second of any, then in order of the text."""
    seen: Counter[str] = Counter()
    rank = []
    for k, f in enumerate(found):
        rank.append((seen[f.rule], k))
        seen[f.rule] += 1
    return [found[k] for k in sorted(k for _, k in sorted(rank)[:n])]


def _quotation(f: Finding, report: Report, text: str, width: int, page: _Page) -> str:
    """The words found, with what stands around them where there is room."""
    words = visible(f.text)
    room = width - len(words) - 4
    if room < 12 or not text:
        return page.marked(_cut(words, width - 2))
    low, high = 0, len(text)
    for p in report.paragraphs:
        if p.i == f.paragraph:
            low, high = p.start, p.end
    # a stretch longer than is shown, since white space shrinks
    before = visible(text[max(low, f.start - 2 * room) : f.start])
    after = visible(text[f.end : min(high, f.end + 2 * room)])
    left = " " if text[max(f.start - 1, 0) : f.start].isspace() and before else ""
    right = " " if text[f.end : f.end + 1].isspace() and after else ""
    share = max(room // 2, room - len(after) - len(right))
    before = _tail(before, share - len(left))
    after = _cut(after, room - len(before) - len(left) - len(right))
    return f"{before}{left}{page.marked(words)}{right}{after}"


def _message(f: Finding) -> str:
    """The message without the words found, which stand above it."""
    if not f.text:
        return visible(f.message)
    return visible(re.sub(rf"\s*:?\s*{QUOTED.format(re.escape(f.text))}", "", f.message))


def _soft(report: Report, page: _Page) -> list[str]:
    found = report.soft
    if not found:
        return []
    rules = Counter(f.rule for f in found).most_common()
    kinds = f"; {N_SOFT} of {len(rules)} kinds shown" if len(rules) > N_SOFT else ""
    lines = [page.head(f"Soft signals ({len(found)})", f"none decides alone{kinds}")]
    size = max(len(rule) for rule, _ in rules[:N_SOFT])
    for rule, n in rules[:N_SOFT]:
        of_rule = [f for f in found if f.rule == rule]
        n_paragraphs = len({f.paragraph for f in of_rule})
        amount = str(n) if n_paragraphs == 1 else f"{n} in {n_paragraphs} paragraphs"
        line = f"  {rule:<{size}}  {amount}  "
        words = dict.fromkeys(visible(f.text) for f in of_rule)
        lines.append(line + page.dim(_cut(", ".join(f"“{w}”" for w in words), page.width - len(line))))
    return lines


def _known(report: Report, page: _Page) -> list[str]:
    """Indexed documents like the text, and those with paragraphs of it, the likest first."""
    whole = [one for one in report.duplicates if one.paragraph is None]
    parts = [one for one in report.duplicates if one.paragraph is not None]
    if not report.duplicates:
        return []
    amounts = [(len(whole), "document"), (len({one.paragraph for one in parts}), "paragraph")]
    told = ", ".join(f"{n} {word}{'s' * (n > 1)}" for n, word in amounts if n)
    lines = [page.head("Known from the index", told)]
    for one in [*whole, *sorted(parts, key=lambda one: -one.similarity)][:N_KNOWN]:
        place = "whole" if one.paragraph is None else f"¶{one.paragraph + 1}"
        lines.append(_cut(f"  {place:>5}  {one.similarity:.2f}  {visible(one.id)}", page.width))
    if len(report.duplicates) > N_KNOWN:
        lines.append(page.dim(f"  and {len(report.duplicates) - N_KNOWN} more"))
    return lines


def _strip(report: Report, page: _Page) -> list[str]:
    """One letter a paragraph, in tens; on a long page one letter stands for several, the worst shown."""
    paragraphs = report.paragraphs
    if not paragraphs:
        return []
    per_line = (page.width - 2) // 11 * 10
    each = -(-len(paragraphs) // (per_line * N_STRIPS))
    hard = {f.paragraph for f in report.hard}
    cells = []
    for k in range(0, len(paragraphs), each):
        some = paragraphs[k : k + each]
        worst = max(some, key=lambda p: p.roles.get(p.role, 0.0) if p.role != "content" else -1.0)
        cells.append((worst.role, any(p.i in hard for p in some)))
    lines = [
        page.head(f"Paragraphs ({len(paragraphs)})", f"one letter is {each} of them" if each > 1 else "")
    ]
    for low in range(0, len(cells), per_line):
        row = cells[low : low + per_line]
        letters = [page.styled(LETTERS[role], fg=COLORS[role]) for role, _ in row]
        marks = ["!" if is_hard else " " for _, is_hard in row]
        lines.append("  " + _in_tens(letters))
        if "!" in marks:
            lines.append("  " + page.styled(_in_tens(marks).rstrip(), fg="red", bold=True))
    counts = Counter(p.role for p in paragraphs)
    legend = [f"{page.styled(LETTERS[r], fg=COLORS[r])} {r} {counts[r]}" for r in ROLES if counts[r]]
    lines.append("  " + " · ".join(legend + (["! hard evidence"] if hard else [])))
    return lines


def _in_tens(letters: Sequence[str]) -> str:
    return " ".join("".join(letters[k : k + 10]) for k in range(0, len(letters), 10))


def _weights(report: Report, titles: Mapping[str, str], page: _Page) -> list[str]:
    effects = [c for c in report.contributions if abs(c.effect) >= SHOWN_LOW]
    effects = sorted(effects, key=lambda c: -abs(c.effect))[:N_EFFECTS]
    if not effects or report.reliability is None:
        return []
    lines = [page.head("What weighed most")]
    for c in effects:
        size = abs(c.effect)
        much = "strongly" if size >= STRONG_LOW else "clearly" if size >= CLEAR_LOW else "slightly"
        side = f"{much} {'for' if c.effect > 0 else 'against'}"
        number = f"{'+' if c.effect > 0 else '−'}{size:.2f}"
        term = TERMS.get(c.feature)
        words = term[c.effect < 0] if term else titles.get(c.feature, c.feature.replace("_", " "))
        colored = page.styled(f"{side:<16}", fg="green" if c.effect > 0 else "red")
        lines.append(f"  {colored}  {number}  {_cut(visible(words), page.width - 27)}")
    return lines


def _next(report: Report, text: str, page: _Page) -> list[str]:
    """The paragraphs to read first: hard evidence, then passages that only look like content."""
    hard = Counter(f.paragraph for f in report.hard)
    soft = Counter(f.paragraph for f in report.soft)

    def doubt(p: Paragraph) -> tuple[int, bool, float]:
        reliability = 1.0 if p.reliability is None else p.reliability
        return (-hard[p.i], p.role != "filler", reliability)

    doubtful = [
        p
        for p in report.paragraphs
        if hard[p.i]
        or p.role == "filler"
        or (p.role == "content" and p.reliability is not None and p.reliability < 0.5)
    ]
    lines = []
    size = len(str(len(report.paragraphs))) + 1
    for p in sorted(doubtful, key=doubt)[:N_NEXT]:
        why = [f"{hard[p.i]} hard"] if hard[p.i] else []
        why += [f"{soft[p.i]} soft"] if soft[p.i] and not hard[p.i] else []
        line = f"  {'¶' + str(p.i + 1):>{size}}  {_number(p.reliability)}  {', '.join([p.role, *why])}  "
        words = visible(text[p.start : min(p.end, p.start + 2 * page.width)] or p.text or "")
        lines.append(line + (page.dim(f"“{_cut(words, page.width - len(line) - 2)}”") if words else ""))
    return [page.head("Where to look next"), *lines] if lines else []


def _warnings(report: Report, page: _Page) -> list[str]:
    if not report.warnings:
        return []
    lines = [page.head("Warnings")]
    for warning in report.warnings[:N_WARNINGS]:
        lines += page.wrapped(visible(warning), 2)
    if len(report.warnings) > N_WARNINGS:
        lines.append(page.dim(f"  and {len(report.warnings) - N_WARNINGS} more"))
    return lines


def _cut(text: str, n: int) -> str:
    """At most n characters of the beginning, cut at a word where one ends near."""
    if len(text) <= n:
        return text
    head = text[: max(n - 1, 0)]
    word = head.rpartition(" ")[0]
    return (word if len(word) > n - 15 else head) + "…"


def _tail(text: str, n: int) -> str:
    """At most n characters of the end."""
    if len(text) <= n:
        return text
    tail = text[len(text) - max(n - 1, 0) :]
    word = tail.partition(" ")[2]
    return "…" + (word if len(word) > n - 15 else tail)
