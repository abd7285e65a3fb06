"""Labels from labelling tools: what Label Studio, Prodigy, doccano and Argilla export, and tables.

A `Reader` reads a file of one of them as votes on texts. What is read of each format, and of which
version, is told in docs/labels.md; the way to a tool is `quality.learn.suggest`. `quality.learn.tasks` takes
files apart, `quality.learn.offsets` makes offsets code points: `UNITS` says what each tool counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from quality.learn.offsets import Mark, placed
from quality.learn.tasks import tasks
from quality.learn.votes import LABELS, Span, Vote, Voted
from quality.records import FieldNames, Problem, Record
from quality.report import ROLES

# Unit of the tools' offsets. Browsers count UTF-16: seen in issues 1347 of Label Studio, 2290 of doccano
# and 5729 of Argilla; Prodigy's spans are spaCy's, which are Python's.
UNITS: Mapping[str, str] = {
    "label-studio": "utf16",
    "prodigy": "codepoint",
    "doccano": "utf16",
    "argilla": "utf16",
    "csv": "codepoint",
}
TOOLS = tuple(UNITS)

# Fields of our own that travel through a tool and back; `quality_id` is the id, since tools have theirs.
TRAVELLING = ("title", "date", "url", "group", "kind", "corpus", "source", "licence")

# Names of fields of Label Studio's JSON-MIN and of Argilla's flat records that hold no answer.
_NO_ANSWER = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"}
_NO_ANSWER |= {"quality_id", "paragraphs", *TRAVELLING}

# doccano names its files by user, except that of a project in which all work on the same labels.
_NOBODY = ("all", "unknown")

# Beginnings that a spreadsheet takes for a formula, after the mark that we set before them.
FORMULA = re.compile(r"'*[=+\-@\t\r]")


class _Choice(NamedTuple):
    """A name given to a whole text, and the field that it stood in."""

    name: str
    where: str


class _Said(NamedTuple):
    """What an annotator said, in the tool's words."""

    choices: Sequence[_Choice] = ()
    marks: Sequence[Mark] = ()
    rejected: Sequence[_Choice] = ()
    annotator: object = None
    time: object = None
    task: object = None
    paragraph_labels: Sequence[str | None] | None = None


@dataclass
class Reader:
    """Reads files that a tool exported.

    `label_map` says what the tool's names mean: a label, a role, "kind:NAME" or "-" (nothing); before a
    name "!" stands for its rejection (Prodigy). Labels and roles mean themselves. `label_field` is the
    tag, question or column that holds the label of a text, needed where several do. `annotator` is the
    name of those whom the tool does not name. `unit`, "utf16" or "codepoint", overrules `UNITS`.
    `passed_over` counts, in words, what was read and left aside.

    Raises ValueError for an unknown tool, unit or meaning.
    """

    tool: str
    label_map: Mapping[str, str] = field(default_factory=dict)
    text_field: str | None = None
    label_field: str | None = None
    annotator: str | None = None
    unit: str | None = None
    passed_over: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise ValueError(f"unknown tool {self.tool!r}; expected one of {', '.join(TOOLS)}")
        if self.unit not in (None, "utf16", "codepoint"):
            raise ValueError(f"unknown unit of offsets {self.unit!r}; expected utf16 or codepoint")
        for name, meaning in self.label_map.items():
            if (
                meaning != "-"
                and meaning not in (*LABELS, *ROLES)
                and not re.fullmatch("kind:[^:]+", meaning)
            ):
                raise ValueError(
                    f"{name}={meaning}: {meaning!r} is none of {', '.join((*LABELS, *ROLES))}, kind:NAME, -"
                )

    def read(self, path: str) -> Iterator[Voted | Problem]:
        """Texts with the votes on them, and a problem for each task or vote that cannot be used."""
        read_one = {
            "label-studio": self._label_studio,
            "prodigy": self._prodigy,
            "doccano": self._doccano,
            "argilla": self._argilla,
            "csv": self._csv,
        }[self.tool]
        for item in tasks(path, table=self.tool == "csv", warn=lambda told: self.passed_over.update([told])):
            if isinstance(item, Problem):
                yield item
                continue
            place = f"task {item.number}: " if item.line is None else ""
            try:
                record, said = read_one(path, item.fields)
                self.passed_over.update(record.warnings)  # such as a date that is no day
                votes = []
                for vote in (v for one in said for v in self._votes(record, one)):
                    if isinstance(vote, Vote):
                        votes.append(replace(vote, path=path, line=item.line))
                    else:
                        yield Problem(path, item.line, f"{place}{vote}")
                yield Voted(record, tuple(votes))
            except ValueError as error:
                yield Problem(path, item.line, f"{place}{error}")

    # --- what the tools say -------------------------------------------------------------------------

    def _label_studio(self, path: str, task: Mapping[str, Any]) -> tuple[Record, list[_Said | ValueError]]:
        if "data" not in task:
            return self._label_studio_min(path, task)
        data = _typed(task, "data", dict)
        record = self._record(path, data)
        said: list[_Said | ValueError] = []
        name = "completions" if "completions" in task else "annotations"  # the name before version 1.0
        annotations = _typed(task, name, list, []) or []
        for a, annotation in enumerate(annotations):
            try:
                where = f"{name}[{a}]"
                annotation = _object(annotation, where)
                if annotation.get("was_cancelled"):
                    self.passed_over["skipped by the annotator"] += 1
                    continue
                choices, marks = self._label_studio_result(_typed(annotation, "result", list, []), where)
                said.append(
                    _Said(
                        choices,
                        marks,
                        annotator=annotation.get("completed_by"),
                        time=annotation.get("updated_at") or annotation.get("created_at"),
                        task=task.get("id"),
                    )
                )
            except ValueError as error:
                said.append(error)
        if not annotations:
            self.passed_over["without an annotation"] += 1
        return record, said

    def _label_studio_result(self, result: Sequence[object], where: str) -> tuple[list[_Choice], list[Mark]]:
        choices: list[_Choice] = []
        marks: list[Mark] = []
        for r, given in enumerate(result):
            place = f"{where}.result[{r}]"
            item = _object(given, place)
            kind = str(item.get("type"))
            value = _typed(item, "value", dict, {}, place)
            names = value.get("choices") if kind == "choices" else value.get("labels")
            if kind not in ("choices", "labels") or names is None:
                self.passed_over[f"result of type {kind}"] += 1
                continue
            names = _strings(names, f"{place}.value.{kind}")
            if "start" in value:
                quoted = _quoted(value)
                marks += [
                    Mark(value["start"], value.get("end"), name, f"{place}.value", quoted) for name in names
                ]
            elif self.label_field in (None, item.get("from_name")):
                choices += [_Choice(name, f"{place}.value.{kind}") for name in names]
            else:
                self.passed_over[f"choice of {item.get('from_name')}"] += len(names)
        return choices, marks

    def _label_studio_min(self, path: str, row: Mapping[str, Any]) -> tuple[Record, list[_Said | ValueError]]:
        # "id" is Label Studio's own here, whatever the text came with
        record = self._record(path, {name: value for name, value in row.items() if name != "id"})
        choices: list[_Choice] = []
        marks: list[Mark] = []
        for name, value in row.items():
            parts = value if isinstance(value, list) else [value]
            if name in _NO_ANSWER or value == record.text:
                continue
            for k, part in enumerate(parts):
                where = f"{name}[{k}]" if isinstance(value, list) else name
                if isinstance(part, dict) and "start" in part:
                    marks += [
                        Mark(part["start"], part.get("end"), label, where, _quoted(part))
                        for label in _strings(part.get("labels"), f"{where}.labels")
                    ]
                elif isinstance(part, dict) and "choices" in part:
                    some = _strings(part["choices"], f"{where}.choices")
                    choices += self._wanted(name, [_Choice(choice, where) for choice in some])
                else:
                    choices += self._answers(name, part, where)
        time = row.get("updated_at") or row.get("created_at")
        return record, [_Said(choices, marks, annotator=row.get("annotator"), time=time, task=row.get("id"))]

    def _prodigy(self, path: str, task: Mapping[str, Any]) -> tuple[Record, list[_Said | ValueError]]:
        meta = task.get("meta")
        record = self._record(path, {**(meta if isinstance(meta, dict) else {}), **task})
        answer = task.get("answer")
        if answer not in ("accept", "reject", "ignore", None):
            raise ValueError(f"answer: {answer!r} is none of accept, reject, ignore")
        if answer in ("ignore", None):
            self.passed_over["ignored by the annotator" if answer else "without an answer"] += 1
            return record, []
        named = task.get("label")
        choices = [] if named is None else [_Choice(_string(named, "label"), "label")]
        options = [o for o in _typed(task, "options", list, []) if isinstance(o, dict)]
        for k, chosen in enumerate(_typed(task, "accept", list, [])):
            # numbered options are told by their text
            named_so = [o.get("text") for o in options if isinstance(chosen, int) and o.get("id") == chosen]
            choices.append(_Choice(_string((named_so or [chosen])[0], f"accept[{k}]"), f"accept[{k}]"))
        marks = []
        for k, given in enumerate(_typed(task, "spans", list, [])):
            span = _object(given, f"spans[{k}]")
            if span.get("label") is None:  # a highlighted match, as textcat.teach shows them
                self.passed_over["span without a label"] += 1
            else:
                marks.append(Mark(span.get("start"), span.get("end"), span["label"], f"spans[{k}]"))
        rejected: list[_Choice] = []
        if answer == "reject":
            rejected = [*choices, *(_Choice(_string(m.name, f"{m.where}.label"), m.where) for m in marks)]
            choices, marks = [], []
            if not rejected:
                self.passed_over["rejected by the annotator"] += 1
                return record, []
        who = task.get("_annotator_id") or task.get("_session_id")
        time, number = task.get("_timestamp"), task.get("_task_hash")
        return record, [_Said(choices, marks, rejected, who, time, number)]

    def _doccano(self, path: str, row: Mapping[str, Any]) -> tuple[Record, list[_Said | ValueError]]:
        # "id" is doccano's own, unless the text came with one
        record = self._record(path, {name: value for name, value in row.items() if name != "id"})
        choices: list[_Choice] = []
        marks: list[Mark] = []
        for name in ("label", "labels", "cats", "entities"):
            value = row.get(name)
            if isinstance(value, str):
                value = [value]
            for k, part in enumerate(_typed({name: value}, name, list, [])):
                where = f"{name}[{k}]"
                if isinstance(part, list) and len(part) == 3:
                    marks.append(Mark(part[0], part[1], part[2], where))
                elif isinstance(part, dict):
                    marks.append(
                        Mark(part.get("start_offset"), part.get("end_offset"), part.get("label"), where)
                    )
                elif isinstance(part, str):
                    choices.append(_Choice(part, where))
                else:
                    raise ValueError(f"{where}: {part!r} is neither a name nor [start, end, name]")
        stem = Path(path).stem
        if row.get("user") is None and self.annotator is None and _is_as_suggested(row, choices, marks):
            # labels that were taken in belong to whoever took them in, so the file's name is no signature
            self.passed_over["suggested, not changed, and signed by nobody"] += 1
            return record, []
        who = row.get("user") or (None if self.annotator or stem in _NOBODY else stem)
        return record, [_Said(choices, marks, annotator=who, task=row.get("id"))]

    def _argilla(self, path: str, row: Mapping[str, Any]) -> tuple[Record, list[_Said | ValueError]]:
        fields = {**_typed(row, "metadata", dict, {}), **_typed(row, "fields", dict, {})}
        record = self._record(path, {**row, **fields} if fields else row)
        said: list[_Said | ValueError] = []
        for user, status, time, answers in _argilla_answers(row):
            if status in ("discarded", "draft", "pending"):
                self.passed_over[f"response with status {status}"] += 1
                continue
            choices: list[_Choice] = []
            marks: list[Mark] = []
            for question, value in answers.items():
                for k, part in enumerate(value if isinstance(value, list) else [value]):
                    where = (
                        f"responses.{question}[{k}]" if isinstance(value, list) else f"responses.{question}"
                    )
                    if isinstance(part, dict) and "start" in part:
                        marks.append(Mark(part["start"], part.get("end"), part.get("label"), where))
                    else:
                        choices += self._answers(question, part, where)
            said.append(_Said(choices, marks, annotator=user, time=time, task=row.get("id")))
        if not said:
            self.passed_over["without a submitted response"] += 1
        return record, said

    def _csv(self, path: str, row: Mapping[str, Any]) -> tuple[Record, list[_Said | ValueError]]:
        ours = "quality_id" in row
        row = {name: _without_mark(value) if ours else value for name, value in row.items()}
        given = {name: value for name, value in row.items() if value != "" or name in ("quality_id", "id")}
        if isinstance(given.get("paragraphs"), str):
            given["paragraphs"] = _json_list(given["paragraphs"], "paragraphs")
        record = self._record(path, given)
        name = self.label_field or "label"
        if name not in row:
            raise ValueError(f"no column {name!r}: see --label-field; there is {', '.join(row)}")
        roles: list[str | None] | None = None
        if "paragraph_labels" in given:
            cell = given["paragraph_labels"]
            cells = (
                _json_list(cell, "paragraph_labels") if cell.startswith("[") else re.split(r"[|,;\s]+", cell)
            )
            roles = [self._role(r, f"paragraph_labels[{k}]") for k, r in enumerate(cells)]
        choices = [_Choice(given[name], name)] if name in given else []
        if not choices and roles is None:
            self.passed_over["without a label"] += 1
            return record, []
        who = next((given[n] for n in ("annotator", "user", "worker") if n in given), self.annotator)
        if ours and who is None:  # nobody put a name to it: it is still our own suggestion
            self.passed_over["suggested and not signed in the column annotator"] += 1
            return record, []
        time = next((given[n] for n in ("time", "timestamp", "created_at", "updated_at") if n in given), None)
        return record, [_Said(choices, annotator=who, time=time, paragraph_labels=roles)]

    # --- what that means here -----------------------------------------------------------------------

    def _record(self, path: str, fields: Mapping[str, Any]) -> Record:
        """The text and what travelled with it; the id is empty where it has none of its own."""
        record = Record.of(
            fields, 0, source=f"{self.tool}: {Path(path).name}", names=FieldNames(text=self.text_field)
        )
        if not record.text.strip():
            raise ValueError("the text is empty")
        parts = fields.get("paragraphs")
        if (
            isinstance(parts, list)
            and all(isinstance(p, str) for p in parts)
            and "\n\n".join(parts) == record.text
        ):
            record = replace(record, paragraphs=tuple(parts))
        given = [name for name in ("quality_id", "id") if name in fields]
        own = next((fields[name] for name in given if fields[name] not in (None, "")), None)
        if given and own is None:
            record = replace(
                record, warnings=(*record.warnings, f"{given[0]} without a value: made of the text")
            )
        if own is not None and (not isinstance(own, str | int) or isinstance(own, bool)):
            raise ValueError(f"{given[0]}: {_short(own)} is neither a name nor a whole number")
        return replace(record, id="" if own is None else str(own))

    def _wanted(self, name: str, choices: list[_Choice]) -> list[_Choice]:
        """The choices, where the field is one to look at."""
        if self.label_field in (None, name):
            return choices
        self.passed_over[f"answer to {name}"] += len(choices)
        return []

    def _answers(self, question: str, value: object, where: str) -> list[_Choice]:
        """A name that answers a question; prose and numbers are passed over where it is not `label_field`."""
        if value is None:
            return []
        if self.label_field == question or (self.label_field is None and question == "label"):
            return [_Choice(_string(value, where), where)]
        if self.label_field is None and isinstance(value, str) and self._known(value):
            return [_Choice(value, where)]
        self.passed_over[f"answer to {question}"] += 1
        return []

    def _known(self, name: str) -> str | None:
        """What a name means: a label, a role, "kind:NAME" or "-"; None where nobody said."""
        folded = name.strip().casefold()
        for given, meaning in self.label_map.items():
            if given.strip().casefold() == folded:
                return meaning
        return folded if folded in (*LABELS, *ROLES) else None

    def _meaning(self, name: str, where: str) -> str:
        meaning = self._known(name)
        if meaning is None:
            raise ValueError(
                f"{where}: {name!r} is none of {', '.join((*LABELS, *ROLES))}; "
                f"say what it means: --label-map '{name}=unreliable', or '{name}=-' for nothing"
            )
        return meaning

    def _role(self, name: object, where: str) -> str | None:
        if name is None or name in ("", "-"):
            return None
        meaning = self._meaning(_string(name, where), where)
        if meaning not in ROLES:
            raise ValueError(f"{where}: {name!r} is no role of a paragraph; expected {', '.join(ROLES)} or -")
        return meaning

    def _votes(self, record: Record, said: _Said | ValueError) -> Iterator[Vote | ValueError]:
        """What an annotator said as a vote, or why it is none. Where its marks cannot be placed, why, and the rest."""
        try:
            if isinstance(said, ValueError):
                raise said
            vote = self._vote(record, said)
        except ValueError as error:
            yield error
            return
        try:
            yield replace(vote, spans=tuple(sorted({*vote.spans, *self._spans(record.text, said.marks)})))
        except ValueError as error:
            if not vote.speaks_of_whole:
                yield error
                return
            # all of them: a paragraph whose mark is lost would pass for one that was left unmarked
            yield ValueError(f"{error}; the marks are left out, what is said of the whole text is kept")
            yield vote

    def _vote(self, record: Record, said: _Said) -> Vote:
        """A vote with what was said of the whole text, and its roles; the marks are left out."""
        vote = Vote(self.tool, _person(said.annotator) or self.annotator, _utc(said.time))
        meanings = [self._meaning(choice.name, choice.where) for choice in said.choices]
        rejected = []
        for choice in said.rejected:
            instead = self._known(f"!{choice.name}")
            if instead is None:
                rejected.append(self._known(choice.name) or choice.name)
            else:
                meanings.append(instead)
        labels = sorted({m for m in meanings if m in LABELS})
        if len(labels) > 1:
            where = said.choices[0].where if said.choices else "label"
            raise ValueError(f"{where}: {' and '.join(labels)} chosen at once; expected one label")
        kinds = [m.removeprefix("kind:") for m in meanings if m.startswith("kind:")]
        # a role chosen for a whole text, as where each paragraph is a task
        whole = [Span(0, len(record.text), m) for m in meanings if m in ROLES]
        return replace(
            vote,
            task=None if said.task is None else str(said.task),
            label=labels[0] if labels else None,
            kind=kinds[0] if kinds else None,
            rejected=tuple(rejected),
            spans=tuple(sorted(set(whole))),
            paragraph_labels=None if said.paragraph_labels is None else tuple(said.paragraph_labels),
        )

    def _spans(self, text: str, marks: Sequence[Mark]) -> Iterator[Span]:
        unit = self.unit or UNITS[self.tool]
        for mark, start, end in placed(text, marks, unit, is_sure=self.unit is not None):
            name = _string(mark.name, f"{mark.where}: name")
            meaning = self._known(name) or name
            if meaning != "-":
                yield Span(start, end, meaning)


class _Answers(NamedTuple):
    """What one user of Argilla answered, by question; `user` is None where nobody is named."""

    user: str | None
    status: object
    time: object
    answers: dict[str, object]


def _argilla_answers(row: Mapping[str, Any]) -> list[_Answers]:
    """Who answered what, from any of the three shapes in which Argilla gives a record."""
    responses = row.get("responses")
    if isinstance(responses, list):  # of the server: one object a user
        found = []
        for k, given in enumerate(responses):
            one = _object(given, f"responses[{k}]")
            values = _typed(one, "values", dict, {}, f"responses[{k}]")
            answers = {q: v.get("value") if isinstance(v, dict) else v for q, v in values.items()}
            time = one.get("updated_at") or one.get("inserted_at")
            found.append(_Answers(_person(one.get("user_id")), one.get("status"), time, answers))
        return found
    told: list[tuple[str, int, object, object, object]] = []
    for question, given in _typed(row, "responses", dict, {}).items():  # of the client: one list a question
        for k, response in enumerate(_typed({question: given}, question, list, [], "responses")):
            one = _object(response, f"responses.{question}[{k}]")
            told.append((question, k, one.get("value"), one.get("user_id"), one.get("status")))
    for name in (n for n in row if n.endswith(".responses")):  # flat: lists of answers, users and states
        values = _typed(row, name, list, [])
        users, states = (
            _typed(row, f"{name}.{part}", list, []) or [None] * len(values) for part in ("users", "status")
        )
        if not len(users) == len(states) == len(values):
            raise ValueError(f"{name}: {len(values)} answers, {len(users)} users, {len(states)} states")
        question = name.removesuffix(".responses")
        rows = enumerate(zip(values, users, states, strict=True))
        told += [(question, k, *one) for k, one in rows]
    by_user: dict[str | int, _Answers] = {}
    for question, k, value, given_user, status in told:
        user = _person(given_user)
        theirs = by_user.setdefault(k if user is None else user, _Answers(user, status, None, {}))
        theirs.answers[question] = value
    return [*by_user.values()]


def suggested(names: Sequence[str], marks: Iterable[tuple[int, int, str]]) -> str:
    """What goes out with a suggestion to a tool that does not tell suggestions from labels: names, sum of marks."""
    plain = json.dumps(sorted(map(list, marks)))
    return f"{','.join(sorted(names))} {hashlib.sha256(plain.encode('utf8')).hexdigest()[:16]}"


def _is_as_suggested(row: Mapping[str, Any], choices: Sequence[_Choice], marks: Sequence[Mark]) -> bool:
    """Whether doccano gives back what `suggested` went out with, or the half of it that the project is for."""
    went_out = row.get("suggested")
    if not isinstance(went_out, str) or not (choices or marks):
        return False
    try:
        now = suggested([c.name for c in choices], [(m.start, m.end, m.name) for m in marks])  # type: ignore[misc]
    except TypeError:  # offsets that are none are told when the vote is read
        return False
    pairs = zip(went_out.split(" "), now.split(" "), (choices, marks), strict=False)
    return all(before == after or not said for before, after, said in pairs)


# --- values -------------------------------------------------------------------------------------------


def _typed(fields: Mapping[str, Any], name: str, kind: type, default: Any = None, where: str = "") -> Any:
    """A field's value, `default` where it is absent or null. Raises ValueError where it is of another type."""
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, kind):
        expected = "an object" if kind is dict else "a list"
        raise ValueError(f"{f'{where}.' if where else ''}{name}: {_short(value)} is not {expected}")
    return value


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: {_short(value)} is not an object")
    return value


def _string(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: {_short(value)} is not a name")
    return value


def _strings(value: object, where: str) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(f"{where}: {_short(value)} is not a list of names")
    return [_string(v, where) for v in value]


def _quoted(value: Mapping[str, Any]) -> str | None:
    """The text that Label Studio quotes beside offsets; it need not."""
    text = value.get("text")
    return text if isinstance(text, str) else None


def _json_list(cell: str, where: str) -> list[Any]:
    try:
        value: object = json.loads(cell)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}: not JSON ({error.msg})") from None
    if not isinstance(value, list):
        raise ValueError(f"{where}: {_short(value)} is not a list")
    return value


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 50 else shown[:47] + "..."


def _without_mark(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _person(value: object) -> str | None:
    """A name for an annotator: a name or number as it is, of a description its e-mail, name or number."""
    if isinstance(value, dict):
        value = next((value[k] for k in ("email", "username", "id") if value.get(k) is not None), None)
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    return text if text and text != "None" else None


def _utc(value: object) -> str | None:
    """A time in UTC, ISO 8601 to the second: of an ISO time (without a zone: UTC) or of seconds since 1970.

    Raises ValueError for anything else.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            time = datetime.fromtimestamp(value, UTC)
        else:
            time = datetime.fromisoformat(str(value).strip())
        time = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"time: {_short(value)} is neither ISO 8601 nor seconds since 1970") from None
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
