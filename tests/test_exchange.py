"""Labelling tools: what they export is read as votes, and what is suggested to them comes back unchanged."""

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from quality import cli, cli_learning
from quality.learn.exchange import TOOLS, UNITS, Reader
from quality.learn.offsets import utf16_starts
from quality.learn.suggest import setup, suggestions
from quality.learn.votes import Span, Voted, gathered, label_records
from quality.records import Problem, Record
from quality.report import Finding, Paragraph, Report

# one emoji of one code point, one of two joined ones, a letter beyond the first plane
SHIP, DIVER, GOTHIC = "\N{SHIP}", "\N{MAN}\N{ZERO WIDTH JOINER}\N{ROCKET}", "\N{GOTHIC LETTER AHSA}"
TEXT = f"{SHIP} Menu {DIVER}\nThe ferry {GOTHIC} sails again.\nWatch this space. {SHIP}"
FERRY = TEXT.index("The")
SPACE = TEXT.index("Watch")
# the same places where every character beyond the first plane counts twice: one ship, a man and a rocket
# before the ferry, a Gothic letter more before the last line, a ship more before the end
UTF16 = {0: 0, FERRY - 1: FERRY + 2, FERRY: FERRY + 3, SPACE: SPACE + 4, len(TEXT): len(TEXT) + 5}
ROLES = (Span(0, FERRY - 1, "boilerplate"), Span(SPACE, len(TEXT), "filler"))


def marks(unit):
    place = UTF16 if unit == "utf16" else {k: k for k in UTF16}
    return [(place[s.start], place[s.end], s.label) for s in ROLES]


@pytest.fixture
def read(tmp_path):
    def reading(tool, content, *, name="export.json", **options):
        path = tmp_path / name
        if not isinstance(content, str):
            content = json.dumps(content)  # \uXXXX escapes: an emoji is two of them
        path.write_text(content, "utf8", newline="")
        reader = Reader(tool, **options)
        found = list(reader.read(str(path)))
        texts = [item for item in found if isinstance(item, Voted)]
        problems = [str(item).removeprefix(str(path)) for item in found if isinstance(item, Problem)]
        return texts, problems, dict(reader.passed_over)

    return reading


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


# --- offsets ------------------------------------------------------------------------------------------


def test_a_character_beyond_the_first_plane_is_two_units_of_utf16():
    assert utf16_starts("a\U0001f6a2b").tolist() == [0, 1, 3, 4]
    assert utf16_starts("").tolist() == [0]


@pytest.mark.parametrize(
    "text", [TEXT, "plain", "\uffff last of the first plane", "\ud83d half", f"{DIVER}{DIVER}"]
)
def test_units_are_those_of_the_encoding(text):
    encoded = [len(text[:k].encode("utf-16-le", "surrogatepass")) // 2 for k in range(len(text) + 1)]
    assert utf16_starts(text).tolist() == encoded


# --- Label Studio -------------------------------------------------------------------------------------


def annotation(who=1, choices=(), spans=(), **more):
    result = [
        {
            "id": "c",
            "from_name": "verdict",
            "to_name": "t",
            "type": "choices",
            "value": {"choices": [c]},
            "origin": "manual",
        }
        for c in choices
    ]
    for start, end, label, *quoted in spans:
        value = {"start": start, "end": end, "labels": [label]} | ({"text": quoted[0]} if quoted else {})
        result.append({"id": "s", "from_name": "role", "to_name": "t", "type": "labels", "value": value})
    times = {"created_at": "2026-03-01T10:00:00.123456Z", "updated_at": "2026-03-01T12:00:00.5+02:00"}
    return {"id": 5, "completed_by": who, "result": result, "was_cancelled": False, **times, **more}


def task(*annotations, **more):
    data = {"text": TEXT, "date": "2026-02-28", "group": "ferries"}
    return {"id": 17, "data": data, "annotations": list(annotations), "predictions": [], **more}


def test_label_studio_offsets_are_utf16_code_units(read):
    ((text,), problems, _) = read("label-studio", [task(annotation(3, ["reliable"], marks("utf16")))])
    (vote,) = text.votes
    assert problems == []
    assert vote.spans == ROLES
    assert (vote.annotator, vote.label, vote.tool, vote.task) == ("3", "reliable", "label-studio", "17")
    assert vote.time == "2026-03-01T10:00:00Z"
    assert (text.record.text, text.record.date, text.record.fields["group"]) == (
        TEXT,
        "2026-02-28",
        "ferries",
    )


def test_label_studio_versions_that_count_code_points_are_told_by_what_they_quote(read):
    quoted = [(s.start, s.end, s.label, TEXT[s.start : s.end]) for s in ROLES]
    ((text,), problems, _) = read("label-studio", [task(annotation(spans=quoted))])
    assert (problems, text.votes[0].spans) == ([], ROLES)
    plain = [(s.start, s.end, s.label) for s in ROLES]
    ((text,), _, _) = read("label-studio", [task(annotation(spans=plain))], unit="codepoint")
    assert text.votes[0].spans == ROLES


def test_a_unit_that_was_asked_for_is_not_changed(read):
    quoted = [(s.start, s.end, s.label, TEXT[s.start : s.end]) for s in ROLES]
    _, problems, _ = read("label-studio", [task(annotation(spans=quoted))], unit="utf16")
    assert "but the tool says" in problems[0]


def test_label_studio_marks_of_a_text_that_changed_are_a_problem(read):
    wrong = [(0, 6, "filler", "Another text")]
    ((text,), problems, _) = read("label-studio", [task(annotation(spans=wrong), annotation(4, ["unclear"]))])
    assert [vote.annotator for vote in text.votes] == ["4"]
    assert problems == [
        f": task 1: annotations[0].result[0].value: the offsets 0 to 6 hold '{SHIP} Men', "
        "but the tool says 'Another text': is this the text that was labelled?"
    ]


def test_a_mark_that_ends_inside_an_emoji_takes_it_whole(read):
    rocket = TEXT.index("\N{ROCKET}")
    inside = int(utf16_starts(TEXT)[rocket]) + 1
    ((text,), _, _) = read(
        "label-studio", [task(annotation(spans=[(0, inside, "filler"), (inside, inside + 2, "x")]))]
    )
    assert text.votes[0].spans == (Span(0, rocket + 1, "filler"), Span(rocket, rocket + 2, "x"))


def test_label_studio_annotators_may_be_described(read):
    who = {"id": 4, "email": "ada@example.org", "first_name": "", "last_name": ""}
    ((text,), _, _) = read("label-studio", [task(annotation(who, ["unclear"]))])
    assert text.votes[0].annotator == "ada@example.org"


def test_label_studio_skips_and_predictions_are_no_votes(read):
    predicted = [{"model_version": "m", "score": 0.5, "result": annotation(choices=["reliable"])["result"]}]
    tasks = [
        task(annotation(choices=["reliable"], was_cancelled=True), predictions=predicted),
        task(predictions=predicted),
    ]
    texts, problems, passed_over = read("label-studio", tasks)
    assert [text.votes for text in texts] == [(), ()]
    assert (problems, passed_over) == ([], {"skipped by the annotator": 1, "without an annotation": 1})


def test_label_studio_results_of_other_kinds_are_counted(read):
    rating = {"from_name": "stars", "to_name": "t", "type": "rating", "value": {"rating": 4}}
    one = annotation(choices=["reliable"])
    one["result"] += [rating, {"type": "choices", "value": {}}]
    _, problems, passed_over = read("label-studio", [task(one)])
    assert (problems, passed_over) == ([], {"result of type rating": 1, "result of type choices": 1})


def test_label_studio_json_min_has_a_row_for_each_annotation(read):
    rows = [
        {
            "id": 17, "text": TEXT, "verdict": choice, "annotator": who, "annotation_id": who, "lead_time": 3.5,
            "role": [{"start": s, "end": e, "labels": [name]} for s, e, name in marks("utf16")],
            "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T11:00:00Z", "note": "a word on it",
        }
        for who, choice in ((1, "unreliable"), (2, {"choices": ["unclear"]}))
    ]  # fmt: skip
    texts, problems, passed_over = read("label-studio", rows)
    assert [(t.votes[0].annotator, t.votes[0].label, t.votes[0].time) for t in texts] == [
        ("1", "unreliable", "2026-03-01T11:00:00Z"),
        ("2", "unclear", "2026-03-01T11:00:00Z"),
    ]
    assert [t.votes[0].spans for t in texts] == [ROLES, ROLES]
    assert [(t.record.id, t.votes[0].task) for t in texts] == [("", "17"), ("", "17")]
    assert (problems, passed_over) == ([], {"answer to note": 2})


def test_two_labels_in_one_vote_are_a_problem_that_the_field_solves(read):
    row = {
        "id": 1,
        "text": TEXT,
        "first": "reliable",
        "second": "unclear",
        "annotator": 1,
        "annotation_id": 1,
    }
    _, problems, _ = read("label-studio", [row])
    assert problems == [": task 1: first: reliable and unclear chosen at once; expected one label"]
    ((text,), problems, _) = read("label-studio", [row], label_field="second")
    assert (problems, text.votes[0].label) == ([], "unclear")


# --- Prodigy ------------------------------------------------------------------------------------------


def prodigy(answer="accept", **more):
    stamps = {"_input_hash": 11, "_task_hash": 12, "_view_id": "blocks", "_timestamp": 1772359200}
    return {
        "text": TEXT,
        "answer": answer,
        "_annotator_id": "news-ada",
        "_session_id": "news-ada",
        **stamps,
        **more,
    }


def test_prodigy_choices_and_spans_are_read_in_code_points(read):
    options = [{"id": label, "text": label} for label in ("reliable", "unreliable")]
    spans = [
        {"start": s, "end": e, "label": name, "token_start": 0, "token_end": 2}
        for s, e, name in marks("codepoint")
    ]
    ((text,), problems, _) = read(
        "prodigy", lines(prodigy(options=options, accept=["unreliable"], spans=spans))
    )
    (vote,) = text.votes
    assert problems == []
    assert (vote.label, vote.spans) == ("unreliable", ROLES)
    assert (vote.annotator, vote.time, vote.task) == ("news-ada", "2026-03-01T10:00:00Z", "12")


def test_prodigy_several_choices_may_be_a_label_and_a_kind(read):
    one = prodigy(accept=["Junk", "leak"])
    ((text,), problems, _) = read(
        "prodigy", lines(one), label_map={"junk": "unreliable", "leak": "kind:chatbot_leak"}
    )
    assert (problems, text.votes[0].label, text.votes[0].kind) == ([], "unreliable", "chatbot_leak")


def test_prodigy_numbered_options_are_told_by_their_text(read):
    options = [{"id": 0, "text": "Reliable"}, {"id": 1, "text": "Unreliable"}]
    ((text,), _, _) = read("prodigy", lines(prodigy(options=options, accept=[1])))
    assert text.votes[0].label == "unreliable"


def test_prodigy_rejecting_a_label_is_no_vote_for_another_unless_told(read):
    one = lines(prodigy("reject", label="reliable"))
    ((text,), _, _) = read("prodigy", one)
    assert (text.votes[0].label, text.votes[0].rejected) == (None, ("reliable",))
    ((text,), _, _) = read("prodigy", one, label_map={"!reliable": "unreliable"})
    assert (text.votes[0].label, text.votes[0].rejected) == ("unreliable", ())
    ((text,), _, _) = read("prodigy", lines(prodigy(label="reliable")))
    assert text.votes[0].label == "reliable"
    ((text,), problems, _) = read("prodigy", lines(prodigy("reject", label="junk")))
    assert (text.votes[0].rejected, problems) == (("junk",), [])


def test_prodigy_tasks_ignored_or_not_answered_are_counted(read):
    unanswered = {"text": TEXT, "label": "reliable"}
    texts, problems, passed_over = read(
        "prodigy", lines(prodigy("ignore", label="reliable"), unanswered, prodigy("reject"))
    )
    assert [t.votes for t in texts] == [(), (), ()]
    assert problems == []
    assert passed_over == {
        "ignored by the annotator": 1, "without an answer": 1, "rejected by the annotator": 1
    }  # fmt: skip


def test_prodigy_meta_carries_our_fields(read):
    meta = {"quality_id": "own-7", "date": "2026-01-05", "score": 0.3}
    ((text,), _, _) = read("prodigy", lines(prodigy(label="reliable", meta=meta)))
    assert (text.record.id, text.record.date) == ("own-7", "2026-01-05")


def test_a_role_chosen_for_a_whole_text_marks_all_of_it(read):
    ((text,), _, _) = read("prodigy", lines(prodigy(label="boilerplate")))
    assert text.votes[0].spans == (Span(0, len(TEXT), "boilerplate"),)


# --- doccano ------------------------------------------------------------------------------------------


def test_doccano_text_classification_is_named_by_its_file(read):
    rows = lines({"id": 3, "text": TEXT, "label": ["unreliable"], "Comments": [], "date": "2026-01-05"})
    ((text,), problems, _) = read("doccano", rows, name="ada.jsonl")
    (vote,) = text.votes
    assert (problems, vote.label, vote.annotator, vote.task) == ([], "unreliable", "ada", "3")
    assert (text.record.id, text.record.date) == ("", "2026-01-05")


def test_doccano_files_of_everybody_name_nobody(read):
    rows = lines({"id": 3, "text": TEXT, "label": ["unreliable"]})
    assert read("doccano", rows, name="all.jsonl")[0][0].votes[0].annotator is None
    assert read("doccano", rows, name="all.jsonl", annotator="ben")[0][0].votes[0].annotator == "ben"


@pytest.mark.parametrize(
    "fields",
    [
        {"label": [list(m) for m in marks("utf16")]},
        {"labels": [list(m) for m in marks("utf16")]},
        {"entities": [list(m) for m in marks("utf16")], "cats": []},
        {
            "entities": [
                {"id": 1, "label": n, "start_offset": s, "end_offset": e} for s, e, n in marks("utf16")
            ],
            "relations": [],
        },
    ],
)
def test_doccano_spans_are_utf16_under_every_name(read, fields):
    ((text,), problems, _) = read("doccano", lines({"id": 3, "text": TEXT, **fields}))
    assert (problems, text.votes[0].spans) == ([], ROLES)


def test_doccano_text_with_nothing_marked_is_still_a_vote(read):
    ((text,), _, _) = read("doccano", lines({"id": 3, "text": TEXT, "label": []}), name="ada.jsonl")
    (record,) = label_records(gathered([text])[0], unmarked="content")
    assert record["paragraph_labels"] == ["content", "content", "content"]


def test_doccano_suggestions_that_nobody_changed_or_signed_are_no_votes(read):
    task = json.loads("".join(suggestions("doccano", [(RECORD, report())])))
    cats, marked = {"label": task.pop("cats")}, {"label": task.pop("entities")}
    both = {"cats": cats["label"], "entities": marked["label"]}
    # a project is for labels or for marks, or has both
    for said in (cats, marked, both):
        rows = lines({"id": 9, **task, **said})
        ((text,), problems, passed_over) = read("doccano", rows, name="ada.jsonl")
        assert (text.votes, problems) == ((), [])
        assert passed_over == {"suggested, not changed, and signed by nobody": 1}
        for signed in ({"annotator": "ada"}, {}):
            more = {} if signed else {"user": "ada"}
            ((text,), _, _) = read(
                "doccano", lines({"id": 9, **task, **said, **more}), name="x.jsonl", **signed
            )
            assert [vote.annotator for vote in text.votes] == ["ada"]


def test_doccano_suggestions_that_were_changed_are_votes(read):
    task = json.loads("".join(suggestions("doccano", [(RECORD, report())])))
    for change in ({"cats": ["reliable"]}, {"entities": task["entities"][1:]}, {"cats": [], "entities": []}):
        ((text,), problems, _) = read("doccano", lines({"id": 9, **task, **change}), name="ada.jsonl")
        assert ([vote.annotator for vote in text.votes], problems) == (["ada"], [])


# --- Argilla ------------------------------------------------------------------------------------------

VALUE = [{"label": name, "start": start, "end": end} for start, end, name in marks("utf16")]
ARGILLA = {
    "client": {
        "id": "r1", "fields": {"text": TEXT}, "metadata": {"date": "2026-01-05"}, "vectors": {}, "_server_id": "s",
        "suggestions": {"label": {"value": "reliable", "score": 0.9, "agent": "m"}},
        "responses": {
            "label": [{"value": "unreliable", "user_id": "u1"}, {"value": "unclear", "user_id": "u2"}],
            "roles": [{"value": VALUE, "user_id": "u1"}],
            "comment": [{"value": "too thin", "user_id": "u1"}],
        },
    },
    "flat": {
        "id": "r1", "text": TEXT, "date": "2026-01-05", "_server_id": "s", "label.suggestion": "reliable",
        "label.responses": ["unreliable", "unclear", "reliable"], "label.responses.users": ["u1", "u2", "u3"],
        "label.responses.status": ["submitted", "submitted", "discarded"],
        "roles.responses": [VALUE], "roles.responses.users": ["u1"], "roles.responses.status": ["submitted"],
        "comment.responses": ["too thin"], "comment.responses.users": ["u1"], "rating.responses": None,
    },
    "server": {
        "id": "r1", "fields": {"text": TEXT}, "metadata": {"date": "2026-01-05"},
        "responses": [
            {"user_id": "u1", "status": "submitted", "updated_at": "2026-03-01T10:00:00",
             "values": {"label": {"value": "unreliable"}, "roles": {"value": VALUE}, "comment": {"value": "too thin"}}},
            {"user_id": "u2", "status": "submitted", "values": {"label": {"value": "unclear"}}},
            {"user_id": "u3", "status": "draft", "values": {"label": {"value": "reliable"}}},
            {"user_id": "u4", "status": "discarded", "values": None},
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", ARGILLA)
def test_argilla_records_of_every_shape_give_the_same_votes(read, shape):
    ((text,), problems, passed_over) = read("argilla", [ARGILLA[shape]])
    assert problems == []
    assert [(v.annotator, v.label, v.spans) for v in text.votes] == [
        ("u1", "unreliable", ROLES),
        ("u2", "unclear", ()),
    ]
    assert (text.record.id, text.record.date) == ("r1", "2026-01-05")
    assert passed_over["answer to comment"] == 1


def test_argilla_drafts_and_discards_are_no_votes(read):
    ((text,), _, passed_over) = read("argilla", lines(ARGILLA["server"]))
    assert text.votes[0].time == "2026-03-01T10:00:00Z"
    assert passed_over["response with status draft"] == 1
    assert passed_over["response with status discarded"] == 1


def test_argilla_records_without_a_response_are_counted(read):
    ((text,), problems, passed_over) = read(
        "argilla", [{"id": "r1", "fields": {"text": TEXT}, "responses": {}}]
    )
    assert (text.votes, problems, passed_over) == ((), [], {"without a submitted response": 1})


def test_argilla_users_without_a_name_are_kept_apart(read):
    row = {"id": "r1", "text": TEXT, "label.responses": ["unreliable", "unclear"]}
    ((text,), _, _) = read("argilla", [row])
    assert [(v.annotator, v.label) for v in text.votes] == [(None, "unreliable"), (None, "unclear")]


# --- CSV ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_columns_are_found_by_name(read, mark):
    out = io.StringIO()
    table = csv.writer(out, delimiter=mark)
    table.writerow(["annotator", "label", "paragraph_labels", "text", "time", "id", "date"])
    table.writerow(["ada", "Unreliable", "boilerplate - filler", TEXT, "2026-03-01 10:00", "a", "2026-01-05"])
    table.writerow(["ben", "", "boilerplate|content|filler", TEXT, "", "a", "2026-01-05"])
    table.writerow(["", "", "", TEXT, "", "a", ""])
    texts, problems, passed_over = read("csv", out.getvalue(), name="x.csv")
    assert problems == []
    votes = [vote for text in texts for vote in text.votes]
    assert [(v.annotator, v.label, v.time) for v in votes] == [
        ("ada", "unreliable", "2026-03-01T10:00:00Z"), ("ben", None, None)
    ]  # fmt: skip
    assert [v.paragraph_labels for v in votes] == [
        ("boilerplate", None, "filler"), ("boilerplate", "content", "filler")
    ]  # fmt: skip
    assert passed_over == {"without a label": 1}


def test_csv_problems_name_line_and_column(read):
    table = "text,label\nOne.,reliable\nTwo.,splendid\nThree.\n,unclear\n"
    texts, problems, _ = read("csv", table, name="x.csv")
    assert [t.record.text for t in texts] == ["One.", "Two."]
    assert problems == [
        ":3: label: 'splendid' is none of reliable, unreliable, unclear, content, boilerplate, filler, duplicate; "
        "say what it means: --label-map 'splendid=unreliable', or 'splendid=-' for nothing",
        ":4: the row has not 2 cells, as the head has",
        ":5: no text: none of text, content, body, raw_content, page_content, articleBody, maintext, paragraphs, html; it has label",
    ]


def test_csv_columns_of_other_names_can_be_said(read):
    ((text,), _, _) = read(
        "csv",
        "article,rating\nOne.,4\n",
        label_field="rating",
        text_field="article",
        label_map={"4": "reliable"},
    )
    assert (text.record.text, text.votes[0].label) == ("One.", "reliable")
    _, problems, _ = read("csv", "text,rating\nOne.,4\n")
    assert problems == [":2: no column 'label': see --label-field; there is text, rating"]


def test_a_date_that_is_no_day_is_told(read):
    ((text,), problems, passed_over) = read("csv", "text,label,date\nOne.,reliable,last week\n")
    assert (text.record.date, problems) == (None, [])
    assert passed_over == {"date 'last week' is not a day written YYYY-MM-DD; it is not used": 1}


@pytest.mark.parametrize(
    "table",
    [
        "\ufefftext;label\r\nOne, and two.;reliable\r\n;\r\n",
        "\ufeffsep=;\r\ntext;label\r\nOne, and two.;reliable\r\n",
        'text;"label, comment, and more";label\nOne, and two.;;reliable\n',
    ],
)
def test_csv_of_a_spreadsheet_is_read(read, table):
    ((text,), problems, _) = read("csv", table)
    assert (text.record.text, text.votes[0].label, problems) == ("One, and two.", "reliable", [])


def test_an_encoding_that_had_to_be_guessed_is_told(tmp_path):
    path = tmp_path / "old.csv"
    path.write_bytes("text;label\nCafé.;reliable\n".encode("cp1252"))
    reader = Reader("csv")
    (text,) = reader.read(str(path))
    assert text.record.text == "Café."
    (told,) = reader.passed_over
    assert told.startswith(f"{path}: not UTF-8")
    assert told.endswith("read as Windows-1252")


def test_csv_lines_are_those_of_the_file(read):
    _, problems, _ = read("csv", "sep=;\ntext;label\n;\nOne.;splendid\nTwo.\n")
    assert problems[0].startswith(":4: label: 'splendid'")
    assert problems[1:] == [":5: the row has not 2 cells, as the head has"]


def test_csv_roles_may_stand_between_blanks_commas_or_bars(read):
    for cell in ("content - filler", '"content,-,filler"', "content|-|filler"):
        ((text,), problems, _) = read("csv", f"text,label,paragraph_labels\nx,,{cell}\n")
        assert (problems, text.votes[0].paragraph_labels) == ([], ("content", None, "filler"))


def test_ids_without_a_value_are_told_and_ids_that_are_none_refused(read):
    ((text,), _, passed_over) = read("csv", "id,text,label\n,One.,reliable\n")
    assert (text.record.id, passed_over) == ("", {"id without a value: made of the text": 1})
    tasks = [{"data": {"quality_id": value, "text": "One."}, "annotations": []} for value in (None, ["a"], 0)]
    texts, problems, passed_over = read("label-studio", tasks)
    assert [text.record.id for text in texts] == ["", "0"]
    assert problems == [": task 2: quality_id: ['a'] is neither a name nor a whole number"]
    assert passed_over["quality_id without a value: made of the text"] == 1


def test_csv_cells_are_told_apart_by_the_head_alone(read):
    ((text,), problems, _) = read("csv", "text,label\na; b; c; d,reliable\n")
    assert (text.record.text, problems) == ("a; b; c; d", [])


def test_csv_that_breaks_off_is_told_by_line(read):
    ((text,), problems, _) = read("csv", 'text,label\nOne.,reliable\n"Two.\n')
    assert (text.record.text, problems) == ("One.", [":2: not CSV after this line: unexpected end of data"])


def test_csv_texts_may_be_long(read):
    ((text,), problems, _) = read("csv", f"text,label\n{'a ' * 100_000},reliable\n")
    assert (problems, len(text.record.text)) == ([], 200_000)


# --- what cannot be read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "content", "problem"),
    [
        ("label-studio", "[{]", ":1: not JSON (Expecting property name enclosed in double quotes)"),
        ("label-studio", "", ": is empty: there is no task in it"),
        ("label-studio", [1], ": task 1: 1 is no JSON object"),
        ("label-studio", [{"data": 1}], ": task 1: data: 1 is not an object"),
        ("label-studio", [{"data": {"text": " "}}], ": task 1: the text is empty"),
        ("label-studio", [task(1)], ": task 1: annotations[0]: 1 is not an object"),
        ("label-studio", [task(annotation(spans=[(0, 999, "filler")]))],
         f": task 1: annotations[0].result[0].value: 0 to 999 is no stretch of a text of {UTF16[len(TEXT)]} "
         "UTF-16 code units; see --offsets"),
        ("label-studio", [task(annotation(spans=[("0", 9, "filler")]))],
         ": task 1: annotations[0].result[0].value: start is '0', expected a whole number"),
        ("label-studio", [task({"result": [{"type": "choices", "value": {"choices": "reliable"}}]})],
         ": task 1: annotations[0].result[0].value.choices: 'reliable' is not a list of names"),
        ("label-studio", [task(annotation(choices=["fine"]))],
         ": task 1: annotations[0].result[0].value.choices: 'fine' is none of reliable, unreliable, unclear, content, "
         "boilerplate, filler, duplicate; say what it means: --label-map 'fine=unreliable', or 'fine=-' for nothing"),
        ("label-studio", [task(annotation(choices=["reliable"], updated_at="noon"))],
         ": task 1: time: 'noon' is neither ISO 8601 nor seconds since 1970"),
        ("prodigy", lines(prodigy(spans=[{"start": 3, "end": 3, "label": "filler"}])),
         f":1: spans[0]: 3 to 3 is no stretch of a text of {len(TEXT)} code points; see --offsets"),
        ("prodigy", lines(prodigy("yes")), ":1: answer: 'yes' is none of accept, reject, ignore"),
        ("prodigy", lines(prodigy(spans=[{"start": 3, "label": "filler"}])),
         ":1: spans[0]: end is None, expected a whole number"),
        ("prodigy", "\n{'text'}\n", ":2: not JSON (Expecting property name enclosed in double quotes): "
         "one array, or one object a line is expected"),
        ("doccano", lines({"text": TEXT, "label": [[0, 4]]}), ":1: label[0]: [0, 4] is neither a name nor [start, end, name]"),
        ("argilla", lines({"fields": {"text": TEXT}, "responses": {"label": 1}}), ":1: responses.label: 1 is not a list"),
        ("csv", "text,label,paragraph_labels\nOne.,reliable,good\n",
         ":2: paragraph_labels[0]: 'good' is none of reliable, unreliable, unclear, content, boilerplate, filler, duplicate; "
         "say what it means: --label-map 'good=unreliable', or 'good=-' for nothing"),
        ("csv", "text,label,paragraph_labels\nOne.,reliable,unclear\n",
         ":2: paragraph_labels[0]: 'unclear' is no role of a paragraph; expected content, boilerplate, filler, duplicate or -"),
    ],
)  # fmt: skip
def test_a_problem_names_task_and_field(read, tool, content, problem):
    assert read(tool, content)[1] == [problem]


def test_a_bad_task_does_not_stop_the_others(read):
    texts, problems, _ = read("prodigy", lines(prodigy("yes"), prodigy(label="reliable")) + "{\n")
    assert ([t.votes[0].label for t in texts], len(problems)) == (["reliable"], 2)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["label", "reliable"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
WHOLE = {
    "label-studio": task(annotation(3, ["reliable"], [(0, 6, "filler", TEXT[:5])])),
    "prodigy": prodigy(
        accept=[1], options=[{"id": 1, "text": "reliable"}], spans=[{"start": 0, "end": 2, "label": "x"}]
    ),
    "doccano": {"id": 3, "text": TEXT, "label": ["reliable"], "entities": [[0, 3, "filler"]], "user": "ada"},
    "argilla": ARGILLA["server"],
}


def places(value, path=()):
    """Paths to every part of a JSON value."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


@given(st.data(), st.sampled_from([*WHOLE, "flat", "client", "min"]))
def test_whatever_stands_in_a_field_is_a_vote_or_a_problem(data, name):
    row = {
        "id": 1,
        "text": TEXT,
        "verdict": "reliable",
        "role": [{"start": 0, "end": 3, "labels": ["filler"]}],
    }
    whole = json.loads(json.dumps({**WHOLE, **ARGILLA, "min": row}[name]))
    *way, last = data.draw(st.sampled_from([p for p in places(whole) if p]))
    part = whole
    for key in way:
        part = part[key]
    part[last] = data.draw(JSON)
    tool = {"flat": "argilla", "client": "argilla", "min": "label-studio"}.get(name, name)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([whole], file)
        file.flush()
        found = list(Reader(tool).read(file.name))
    assert found
    voted, *_ = gathered(item for item in found if isinstance(item, Voted))
    for record in label_records(voted):
        assert isinstance(record, dict | Problem)


def test_missing_and_packed_files_are_told(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK\3\4\0\0\0\0")
    found = [
        *Reader("doccano").read(str(tmp_path / "none")),
        *Reader("doccano").read(str(tmp_path / "x.zip")),
    ]
    assert [item.message for item in found] == [
        "cannot be read: No such file or directory",
        "cannot be read: looks binary (NUL bytes): expected text; unpack it first",
    ]


def test_a_name_can_be_said_to_mean_nothing(read):
    ((text,), problems, _) = read(
        "doccano", lines({"text": TEXT, "label": ["maybe", "reliable"]}), label_map={"Maybe": "-"}
    )
    assert (problems, text.votes[0].label) == ([], "reliable")


def test_a_meaning_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="junk=unrelaible: 'unrelaible' is none of reliable"):
        Reader("csv", {"junk": "unrelaible"})


# --- and back -----------------------------------------------------------------------------------------


def report(verdict="drop", reliability=0.125):
    places = [(0, FERRY - 1, "boilerplate"), (FERRY, SPACE - 1, "content"), (SPACE, len(TEXT), "filler")]
    return Report(
        "a", "x.jsonl", reliability, verdict, "default", {"date": None, "from": "none"},
        tuple(Paragraph(i, s, e, role, {role: 0.75}, 0.5) for i, (s, e, role) in enumerate(places)),
        (Finding("filler.stock_phrase", "soft", 2, SPACE, SPACE + 16, "Watch this space", "empty", {}),),
        (), 0.0, {"name": "default", "digest": "0123456789abcdef"},
    )  # fmt: skip


RECORD = Record(
    "a", "x.jsonl", TEXT, date="2026-02-28", fields={"group": "ferries", "licence": 4, "kind": [], "url": ""}
)
MARKED = (
    Span(0, FERRY - 1, "boilerplate"),
    Span(FERRY, SPACE - 1, "content"),
    Span(SPACE, SPACE + 16, "filler.stock_phrase"),
    Span(SPACE, len(TEXT), "filler"),
)


def accepted(tool, written):
    """What the tool would export if an annotator took every suggestion as it is."""
    if tool == "label-studio":
        tasks = json.loads(written)
        for number, one in enumerate(tasks):
            one["id"] = number
            one["annotations"] = [{"completed_by": 1, "result": one["predictions"][0]["result"]}]
        return tasks
    if tool == "argilla":
        rows = json.loads(written)
        for one in rows:
            one["responses"] = {
                q: [{"value": s["value"], "user_id": "u"}] for q, s in one["suggestions"].items()
            }
        return rows
    if tool == "prodigy":
        return lines(*({**json.loads(line), "answer": "accept"} for line in written.split("\n") if line))
    if tool == "doccano":
        return lines(*({**json.loads(line), "id": 9} for line in written.split("\n") if line))
    return written


@pytest.mark.parametrize("tool", TOOLS)
def test_suggestions_taken_as_they_are_come_back_as_they_were(read, tool):
    written = "".join(suggestions(tool, [(RECORD, report())]))
    signed = "ada" if tool in ("csv", "doccano") else None
    ((text,), problems, _) = read(tool, accepted(tool, written), annotator=signed)
    (vote,) = text.votes
    assert problems == []
    assert vote.label == "unreliable"
    assert (text.record.id, text.record.text, text.record.date) == ("a", TEXT, "2026-02-28")
    assert (text.record.fields["group"], text.record.fields["licence"]) == ("ferries", "4")
    assert not text.record.fields.get("kind")
    if tool == "argilla":  # its server refuses what ends beyond the number of code points: four are cut
        last = [Span(SPACE, len(TEXT) - 4, name) for name in ("filler", "filler.stock_phrase")]
        assert vote.spans == (*MARKED[:2], *last)
    elif tool != "csv":
        assert vote.spans == MARKED
    (record,) = label_records(gathered([text])[0])
    assert record["paragraph_labels"] == ["boilerplate", "content", "filler"]


def test_offsets_written_are_in_the_unit_of_the_tool():
    written = {tool: "".join(suggestions(tool, [(RECORD, report())])) for tool in TOOLS}
    results = json.loads(written["label-studio"])[0]["predictions"][0]["result"][1:4]
    roles = [(r["value"]["start"], r["value"]["end"]) for r in results]
    expected = {unit: [m[:2] for m in marks(unit)] for unit in ("utf16", "codepoint")}
    assert [roles[0], roles[2]] == expected["utf16"]
    assert [r["value"]["text"] for r in results] == TEXT.split("\n")
    spans = json.loads(written["prodigy"])["spans"]
    assert [(s["start"], s["end"]) for s in spans if s["label"] in ("boilerplate", "filler")] == expected[
        "codepoint"
    ]
    entities = json.loads(written["doccano"])["entities"]
    assert [(s, e) for s, e, name in entities if name in ("boilerplate", "filler")] == expected["utf16"]


@pytest.mark.parametrize(
    ("verdict", "label"),
    [("keep", "reliable"), ("drop", "unreliable"), ("review", "unclear"), ("unsure", "unclear")],
)
def test_soft_doubt_is_no_suggestion_against_a_text(verdict, label):
    (task,) = json.loads("".join(suggestions("label-studio", [(RECORD, report(verdict))])))
    assert task["predictions"][0]["result"][0]["value"] == {"choices": [label]}
    assert task["predictions"][0]["score"] == 0.125


@pytest.mark.parametrize(
    ("verdict", "reliability", "score"),
    [("keep", 0.875, 0.875), ("drop", 0.125, 0.875), ("review", 0.5, None), ("unsure", None, None)],
)
def test_a_score_is_how_sure_the_suggestion_is(verdict, reliability, score):
    scored = [(RECORD, report(verdict, reliability))]
    (row,) = json.loads("".join(suggestions("argilla", scored)))
    assert row["suggestions"]["label"]["score"] == score
    assert row["suggestions"]["roles"]["score"] == [0.75, 0.75, 0.75]
    assert row["metadata"].get("reliability") == reliability
    (task,) = json.loads("".join(suggestions("label-studio", scored)))
    results = task["predictions"][0]["result"]
    assert [item.get("score") for item in results] == [None, 0.75, 0.75, 0.75, None]


def test_only_what_is_asked_for_is_marked():
    def names(spans):
        line = "".join(suggestions("doccano", [(RECORD, report())], spans=spans))
        return [name for _, _, name in json.loads(line)["entities"]]

    assert names(()) == []
    assert names(("findings",)) == ["filler.stock_phrase"]
    assert names(("roles",)) == ["boilerplate", "content", "filler"]


@pytest.mark.parametrize("tool", ["label-studio", "prodigy", "doccano", "csv"])
def test_given_paragraphs_travel_along(read, tool):
    record = Record("a", "x", "One\ntwo\n\n=three", paragraphs=("One\ntwo", "=three"))
    unsure = Report(
        "a", "x", None, "unsure", "default", {}, (Paragraph(0, 0, 7, "content", {"content": 1.0}, None),), (), (), 0.0,
        {"name": "m", "digest": "0"},
    )  # fmt: skip
    written = "".join(suggestions(tool, [(record, unsure)]))
    ((text,), problems, _) = read(tool, accepted(tool, written), annotator="ada")
    assert (problems, text.record.paragraphs) == ([], ("One\ntwo", "=three"))


def test_csv_cells_are_no_formulas_and_come_back_as_they_were(read):
    texts = ["=SUM(A1)", "-1 degrees", "'@home", "plain 'quote'", "'quoted' at once"]
    scored = [(Record(str(k), "x", text), report()) for k, text in enumerate(texts)]
    written = "".join(suggestions("csv", scored))
    cells = [row["text"] for row in csv.DictReader(io.StringIO(written))]
    assert [row["reliability"] for row in csv.DictReader(io.StringIO(written))] == ["0.125"] * 5
    assert cells == ["'=SUM(A1)", "'-1 degrees", "''@home", "plain 'quote'", "'quoted' at once"]
    assert [t.record.text for t in read("csv", written, annotator="ada")[0]] == texts


def test_csv_rows_that_nobody_signed_are_no_votes(read):
    written = "".join(suggestions("csv", [(RECORD, report())]))
    ((text,), problems, passed_over) = read("csv", written)
    assert (text.votes, problems) == ((), [])
    assert passed_over == {"suggested and not signed in the column annotator": 1}


def test_a_mark_that_begins_beyond_what_argilla_takes_is_left_out():
    text = f"{SHIP * 4} end"
    last = Report(
        "a", "x", 0.5, "review", "default", {}, (Paragraph(0, 0, 8, "content", {"content": 1.0}, None),),
        # of eight code points: the fourth ship is at 6 of UTF-16, the blank at 8, the end at 9
        (Finding("x.y", "soft", 0, 3, 4, SHIP, "m", {}), Finding("x.z", "soft", 0, 4, 5, " ", "m", {}),
         Finding("x.y", "soft", 0, 5, 8, "end", "m", {})), (), 0.0, {"name": "m", "digest": "0"},
    )  # fmt: skip
    (row,) = json.loads("".join(suggestions("argilla", [(Record("a", "x", text), last)])))
    assert row["suggestions"]["roles"]["value"] == [{"label": "content", "start": 0, "end": 8}]
    assert row["suggestions"]["findings"]["value"] == [{"label": "x.y", "start": 6, "end": 8}]


def test_half_a_surrogate_pair_is_written_as_json_can():
    written = "".join(suggestions("prodigy", [(Record("a", "x", "\ud83d half"), report())]))
    assert json.loads(written.encode("utf8"))["text"] == "\ud83d half"


@pytest.mark.parametrize("tool", [t for t in TOOLS if t != "csv"])
def test_setup_names_every_label_role_and_rule(tool):
    told = setup(tool, ["leak.chatbot", "officeholder.anachronism"])
    for name in ("unreliable", "duplicate", "leak.chatbot", "officeholder.anachronism"):
        if tool != "prodigy" or name != "unreliable":  # its options travel with the task
            assert f'"{name}"' in told or f"'{name}'" in told
    if tool == "argilla":
        compile(told, "settings.py", "exec")


# --- the commands -------------------------------------------------------------------------------------


def run(*arguments, input=None):
    return CliRunner().invoke(cli.main, [str(a) for a in arguments], input=input)


def test_the_commands_know_the_tools():
    assert cli_learning.TOOLS == TOOLS == tuple(UNITS)


def test_the_page_on_labels_names_every_tool_and_option():
    page = (Path(__file__).parents[1] / "docs" / "labels.md").read_text("utf8")
    assert all(page.count(f"| `{tool}` |") == 2 for tool in TOOLS)
    options = {
        o
        for name in ("import", "export")
        for p in cli.main.get_command(None, name).params
        for o in p.opts
        if o[:2] == "--"
    }
    assert all(f"`{o}" in page or f" {o}" in page for o in options - {"--date", "--policy"})


def test_import_writes_records_with_votes_and_tells_agreement(tmp_path):
    for name, label in (("ada", "reliable"), ("ben", "unreliable")):
        rows = lines(
            {"id": 1, "text": TEXT, "label": [label]},
            {"id": 2, "text": "The other.", "label": ["unreliable"]},
        )
        (tmp_path / f"{name}.jsonl").write_text(rows, "utf8")
    out = tmp_path / "labels.jsonl"
    done = run("import", "doccano", tmp_path / "ada.jsonl", tmp_path / "ben.jsonl", "-o", out)
    assert (done.exit_code, done.stdout) == (0, "")
    records = [json.loads(line) for line in out.read_text("utf8").splitlines()]
    assert [(r["label"], r["annotator"], len(r["votes"])) for r in records] == [
        ("unclear", "ada, ben", 2), ("unreliable", "ada, ben", 2)
    ]  # fmt: skip
    assert records[0]["text"] == TEXT
    assert (
        "quality:   label              0.00  on 2 texts" not in done.stderr
    )  # spaces are folded for terminals
    assert "label: 0.00, on 2 texts" in done.stderr
    assert f"{records[0]['id']}: label: reliable (ada), unreliable (ben)" in done.stderr


def test_import_goes_on_after_a_bad_line_and_ends_with_two(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(lines(prodigy(label="reliable"), prodigy("yes")), "utf8")
    done = run("import", "prodigy", path)
    assert done.exit_code == 2
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == ["reliable"]
    assert f"{path}:2: answer: 'yes'" in done.stderr


def test_import_of_nothing_labelled_ends_with_one_and_writes_nothing(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps([task()]), "utf8")
    done = run("import", "label-studio", path, "-o", tmp_path / "out.jsonl")
    assert (done.exit_code, (tmp_path / "out.jsonl").exists()) == (1, False)
    assert "passed over: 1 without an annotation" in done.stderr
    assert done.stderr.endswith("quality: no vote was imported\n")


def test_import_refuses_a_map_that_maps_nothing(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("[]", "utf8")
    assert "'junk' is not THEIRS=OURS" in run("import", "csv", path, "--label-map", "junk").stderr
    done = run("import", "csv", path, "--label-map", "junk=bad")
    assert (done.exit_code, "junk=bad" in done.stderr) == (2, True)


def test_import_tells_hostile_names_without_obeying_them(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(
        lines(prodigy(label="reliable", spans=[{"start": 0, "end": 2, "label": "\x1b[2J"}])), "utf8"
    )
    done = run("import", "prodigy", path)
    assert "\x1b" not in done.stderr
    assert "<U+001B>[2J 1" in done.stderr


def test_export_and_import_are_each_other_s_way_back(tmp_path):
    texts = tmp_path / "texts.jsonl"
    texts.write_text(lines({"id": "a", "text": TEXT, "group": "g"}, {"no": 1}), "utf8")
    out = tmp_path / "tasks.json"
    done = run("export", "label-studio", texts, "-o", out, "--date", "2026-01-05")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "texts.jsonl:2: no text" in done.stderr
    out.write_text(json.dumps(accepted("label-studio", out.read_text("utf8"))), "utf8")
    back = run("import", "label-studio", out)
    assert back.exit_code == 0
    record = json.loads(back.stdout)
    assert (record["id"], record["text"], record["group"], record["date"]) == ("a", TEXT, "g", "2026-01-05")
    assert len(record["paragraph_labels"]) == 3


def test_export_reads_standard_input_and_writes_standard_output():
    done = run(
        "export", "prodigy", "--spans", "none", input=lines({"id": "a", "text": "The bridge is open."})
    )
    assert done.exit_code == 0
    row = json.loads(done.stdout)
    assert (row["text"], row["spans"], row["meta"]["quality_id"]) == ("The bridge is open.", [], "a")


def test_export_tells_what_a_tool_must_be_told_first():
    assert '<Label value="leak.chatbot"/>' in run("export", "label-studio", "--setup").stdout
    done = run("export", "csv", "--setup")
    assert (done.exit_code, "csv needs no setup" in done.stderr) == (2, True)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(lines(prodigy(label="reliable")), "utf8")
    done = run("import", "prodigy", path, "-o", tmp_path / "none" / "out.jsonl")
    assert done.exit_code == 2
    assert "cannot be written: No such file or directory" in done.stderr
