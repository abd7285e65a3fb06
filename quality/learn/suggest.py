"""Suggestions for labelling tools: reports in the form in which a tool takes them to start from.

`suggestions` writes a file for a tool, `setup` what the tool must be told first; what a tool makes of
them reads `quality.learn.exchange`. A suggested label follows the verdict, a marked paragraph its role,
and findings are marked by the name of their rule.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from quality.learn.exchange import FORMULA, TOOLS, TRAVELLING, UNITS, suggested
from quality.learn.offsets import utf16_starts
from quality.learn.votes import LABELS, plain
from quality.records import Record
from quality.report import ROLES, Report

# What a verdict suggests as label: soft doubt is no accusation.
SUGGESTED: Mapping[str, str] = {
    "keep": "reliable",
    "drop": "unreliable",
    "review": "unclear",
    "unsure": "unclear",
}

# Start and end in the tool's unit, name, and how sure (None: a rule is not unsure).
Mark = tuple[int, int, str, float | None]


def suggestions(
    tool: str, scored: Iterable[tuple[Record, Report]], *, spans: Sequence[str] = ("roles", "findings")
) -> Iterator[str]:
    """The reports as suggestions for a tool to start from, as pieces of one file.

    `spans` says what is marked: "roles" of paragraphs, "findings". Raises ValueError for an unknown tool.
    """
    shape = {
        "label-studio": _for_label_studio,
        "prodigy": _for_prodigy,
        "doccano": _for_doccano,
        "argilla": _for_argilla,
        "csv": _for_csv,
    }.get(tool)
    if shape is None:
        raise ValueError(f"unknown tool {tool!r}; expected one of {', '.join(TOOLS)}")
    array = tool in ("label-studio", "argilla")
    yield "[" if array else ""
    if tool == "csv":
        yield _csv_row(_CSV_COLUMNS)
    for number, (record, report) in enumerate(scored):
        given = shape(_Suggestion(tool, record, report, spans))
        if tool == "csv":
            yield _csv_row([given.get(name, "") for name in _CSV_COLUMNS])
        else:
            between = (",\n" if number else "\n") if array else ""
            yield between + json_line(given) + ("" if array else "\n")
    yield "\n]\n" if array else ""


class _Suggestion:
    """What is suggested for one text, with spans in the unit of the tool."""

    def __init__(self, tool: str, record: Record, report: Report, spans: Sequence[str]) -> None:
        self.record, self.report = record, report
        self.label = SUGGESTED[report.verdict]
        self.agent = f"{report.model['name']} {report.model['digest'][:12]}"
        self._starts = utf16_starts(record.text) if UNITS[tool] == "utf16" else None
        self.roles: list[Mark] = [
            (*self._place(p.start, p.end), p.role, float(p.roles[p.role]))
            for p in report.paragraphs
            if "roles" in spans
        ]
        self.findings: list[Mark] = [
            (*self._place(f.start, f.end), f.rule, None) for f in report.findings if "findings" in spans
        ]
        self.marks = sorted([*self.roles, *self.findings], key=lambda m: (m[0], -m[1], m[2]))

    def _place(self, start: int, end: int) -> tuple[int, int]:
        return (start, end) if self._starts is None else (int(self._starts[start]), int(self._starts[end]))

    def quoted(self, start: int, end: int) -> str:
        """The text between two offsets of the tool."""
        if self._starts is None:
            return self.record.text[start:end]
        low, high = np.searchsorted(self._starts, [start, end])
        return self.record.text[low:high]

    def fields(self) -> dict[str, Any]:
        """What travels through the tool and back."""
        own = {name: getattr(self.record, name, None) or self.record.fields.get(name) for name in TRAVELLING}
        # the record's source is where it was read; only what it says of itself travels
        own["source"] = self.record.fields.get("source")
        told = {name: plain(value) for name, value in own.items()}
        return {"quality_id": self.record.id} | {n: value for n, value in told.items() if value is not None}

    def about(self) -> dict[str, Any]:
        """What is suggested beside the label, and by whom."""
        return {
            "reliability": self.report.reliability,
            "verdict": self.report.verdict,
            "model": self.agent,
        }

    def segmented(self) -> dict[str, Any]:
        """The text, and its paragraphs where they were given."""
        parts = self.record.paragraphs
        return {"text": self.record.text} | ({} if parts is None else {"paragraphs": list(parts)})


def _for_label_studio(s: _Suggestion) -> dict[str, Any]:
    chosen = {"type": "choices", "value": {"choices": [s.label]}}
    result: list[dict[str, Any]] = [{"id": "label", "from_name": "label", "to_name": "text", **chosen}]
    for tag, marks in (("roles", s.roles), ("findings", s.findings)):
        for k, (start, end, name, score) in enumerate(marks):
            value = {"start": start, "end": end, "text": s.quoted(start, end), "labels": [name]}
            item = {"id": f"{tag}-{k}", "from_name": tag, "to_name": "text", "type": "labels", "value": value}
            result.append(item | ({} if score is None else {"score": score}))
    prediction = {"model_version": s.agent, "score": s.report.reliability, "result": result}
    return {"data": s.fields() | s.about() | s.segmented(), "predictions": [prediction]}


def _for_prodigy(s: _Suggestion) -> dict[str, Any]:
    return s.segmented() | {
        "spans": [{"start": start, "end": end, "label": name} for start, end, name, _ in s.marks],
        "options": [{"id": label, "text": label} for label in LABELS],
        "accept": [s.label],
        "meta": s.fields() | s.about(),
    }


def _for_doccano(s: _Suggestion) -> dict[str, Any]:
    entities = [[start, end, name] for start, end, name, _ in s.marks]
    told = {"suggested": suggested([s.label], [(start, end, name) for start, end, name, _ in s.marks])}
    return s.segmented() | {"cats": [s.label], "entities": entities} | s.fields() | s.about() | told


def _for_argilla(s: _Suggestion) -> dict[str, Any]:
    def question(value: object, score: object) -> dict[str, Any]:
        return {"value": value, "score": score, "agent": s.agent}

    def marked(marks: Iterable[Mark]) -> dict[str, Any] | None:
        # Argilla's page counts UTF-16, but its server refuses what ends beyond the number of code points:
        # at the end of a text with emoji a mark is cut by as many characters, or left out
        limit = len(s.record.text)
        fit = [(start, min(end, limit), name, score) for start, end, name, score in marks if start < limit]
        value = [{"label": name, "start": start, "end": end} for start, end, name, _ in fit]
        scores = [score for *_, score in fit]
        return question(value, None if None in scores else scores) if value else None

    chance = s.report.reliability
    likely = chance if s.label == "reliable" or chance is None else 1 - chance
    asked = {
        "label": question(s.label, None if s.label == "unclear" else likely),
        "roles": marked(s.roles),
        "findings": marked(s.findings),
    }
    fields = {name: value for name, value in s.fields().items() if name != "quality_id"}
    return {
        "id": s.record.id,
        "fields": {"text": s.record.text},
        # Argilla refuses a metadata property without a value
        "metadata": {name: value for name, value in (fields | s.about()).items() if value is not None},
        "suggestions": {name: value for name, value in asked.items() if value is not None},
        "responses": {},
        "vectors": {},
    }


_CSV_COLUMNS = (
    *("quality_id", "text", "label", "paragraph_labels", "annotator", "time", "reliability", "verdict"),
    *("findings", *TRAVELLING, "paragraphs", "model"),
)


def _for_csv(s: _Suggestion) -> dict[str, Any]:
    parts = s.record.paragraphs
    return s.fields() | {
        "text": s.record.text,
        "label": s.label,
        "paragraph_labels": " ".join(p.role for p in s.report.paragraphs) if s.roles else "",
        "reliability": "" if s.report.reliability is None else repr(s.report.reliability),
        "verdict": s.report.verdict,
        "findings": "; ".join(f"{f.rule}: {f.text}" for f in s.report.findings) if s.findings else "",
        "paragraphs": "" if parts is None else json_line(list(parts)),
        "model": s.agent,
    }


def _csv_row(cells: Iterable[str]) -> str:
    """A row whose cells no spreadsheet takes for a formula: an apostrophe stands before what looks like one."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([f"'{c}" if FORMULA.match(c) else c for c in cells])
    return line.getvalue()


def json_line(value: object) -> str:
    """A value as JSON on one line, readable where UTF-8 can say it."""
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        line.encode("utf8")
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write but UTF-8 cannot
        line = json.dumps(value, allow_nan=False)
    return line


def setup(tool: str, rules: Sequence[str]) -> str:
    """What a tool must be told before it takes suggestions: labels, roles and the names of rules.

    Raises ValueError where there is nothing to tell (csv) or the tool is unknown.
    """
    if tool == "label-studio":
        tags = [("roles", ROLES), ("findings", tuple(rules))]
        marks = "\n".join(
            f'  <Labels name="{tag}" toName="text">\n'
            + "".join(f'    <Label value="{name}"/>\n' for name in names)
            + "  </Labels>"
            for tag, names in tags
        )
        choices = "".join(f'    <Choice value="{label}"/>\n' for label in LABELS)
        return (
            f'<View>\n  <Choices name="label" toName="text" choice="single">\n{choices}  </Choices>\n{marks}\n'
            '  <Text name="text" value="$text" granularity="word"/>\n</View>\n'
        )
    if tool == "doccano":
        return json_line([{"text": name} for name in (*LABELS, *ROLES, *rules)]) + "\n"
    if tool == "prodigy":
        blocks = [
            {"view_id": "spans_manual", "labels": [*ROLES, *rules]},
            {"view_id": "choice", "text": None},
        ]
        return json.dumps({"view_id": "blocks", "choice_style": "single", "blocks": blocks}, indent=2) + "\n"
    if tool == "argilla":
        span = 'rg.SpanQuestion(name="{}", field="text", labels={}, allow_overlapping=True, required=False)'
        return (
            "import argilla as rg\n\nsettings = rg.Settings(\n"
            '    fields=[rg.TextField(name="text")],\n    questions=[\n'
            f'        rg.LabelQuestion(name="label", labels={list(LABELS)}),\n'
            f"        {span.format('roles', list(ROLES))},\n"
            f"        {span.format('findings', list(rules))},\n    ],\n"
            '    metadata=[rg.FloatMetadataProperty("reliability"), rg.TermsMetadataProperty("verdict")],\n'
            "    allow_extra_metadata=True,\n)\n"
        )
    raise ValueError(f"{tool} needs no setup" if tool in TOOLS else f"unknown tool {tool!r}")
