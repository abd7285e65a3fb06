"""Votes: kept one by one, agreed upon by more than half, and compared by Krippendorff's alpha."""

import json
import math
import re
from pathlib import Path

import pytest

from quality.learn.corpora import own
from quality.learn.votes import (
    Agreement,
    Span,
    Vote,
    Voted,
    agreement,
    alpha,
    conflicts,
    gathered,
    label_records,
    majority,
    opinions,
    told,
)
from quality.records import Problem, Record

TEXT = "Menu\nThe bridge opened.\nIt cost six million."


def vote(who=None, label=None, **more):
    return Vote("prodigy", who, label=label, **more)


def voted(*votes, text=TEXT, id="a", **fields):
    return Voted(Record(id, "prodigy: x.jsonl", text, fields=fields), tuple(votes))


def record_of(*votes, unmarked=None, **more):
    (record,) = label_records([voted(*votes, **more)], unmarked=unmarked)
    return record


def columns(*rows):
    """The units that rows of one annotator each make; a dot is a missing vote."""
    return [[v for v in unit if v != "."] for unit in zip(*rows, strict=True)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Krippendorff (2011): two observers and two values; two observers; four observers, votes missing
        (["0100000010", "1110010000"], 0.095),
        (["aabbdcccedda", "babbbccceddd"], 0.692),
        (["123321412...", "1233224125.3", ".3332342251.", "12332441251."], 0.743),
    ],
)
def test_alpha_is_that_of_the_worked_examples(rows, expected):
    assert round(alpha(columns(*rows)), 3) == expected


def test_alpha_is_that_of_a_sum_done_by_hand():
    # n 6, three of each, four of six pairs agree: 1 - 5 (6 - 4) / (36 - 18)
    assert alpha([["a", "a"], ["a", "b"], ["b", "b"]]) == pytest.approx(4 / 9)
    # n 5, two and three; of the first unit's three votes one pair of two counts: 1 - 4 (5 - 3) / (25 - 13)
    assert alpha([["a", "a", "b"], ["b", "b"]]) == pytest.approx(1 / 3)
    assert alpha([["a", "a"], ["b", "b"]]) == 1
    assert alpha([["a", "b"], ["b", "a"]]) == pytest.approx(-0.5)


def test_alpha_is_undefined_where_nothing_can_be_compared():
    assert math.isnan(alpha([]))
    assert math.isnan(alpha([["a"], []]))
    assert math.isnan(alpha([["a", "a"], ["a", "a"]]))


def test_a_vote_without_a_partner_changes_nothing():
    assert alpha([["a", "a"], ["a", "b"], ["c"]]) == alpha([["a", "a"], ["a", "b"]])


def test_more_than_half_is_a_majority_and_half_is_not():
    assert majority(["a", "a", "b"]) == "a"
    assert majority(["a", "b"]) is None
    assert majority(["a", "b", "c"]) is None
    assert majority([]) is None


def test_every_vote_is_kept_with_its_annotator_time_and_tool():
    record = record_of(
        vote("ada", "reliable", time="2026-01-02T03:04:05Z", task="7"),
        vote("ada", "unclear"),
        vote(None, "reliable"),
    )
    assert record["votes"] == [
        {
            "annotator": "ada",
            "time": "2026-01-02T03:04:05Z",
            "tool": "prodigy",
            "task": "7",
            "label": "reliable",
        },
        {"annotator": "ada", "time": None, "tool": "prodigy", "label": "unclear"},
        {"annotator": None, "time": None, "tool": "prodigy", "label": "reliable"},
    ]


def test_the_label_is_that_of_more_than_half_and_else_unclear():
    assert (
        record_of(vote("ada", "reliable"), vote("ben", "reliable"), vote("cy", "unreliable"))["label"]
        == "reliable"
    )
    assert record_of(vote("ada", "reliable"), vote("ben", "unreliable"))["label"] == "unclear"
    assert record_of(vote("ada", spans=(Span(0, 4, "boilerplate"),)))["label"] == "unclear"


def test_of_several_votes_of_one_annotator_the_latest_counts():
    late = vote("ada", "unreliable", time="2026-01-02T00:00:00Z")
    early = vote("ada", "reliable", time="2026-01-01T00:00:00Z")
    assert record_of(late, early)["label"] == "unreliable"
    assert record_of(vote("ada", "unreliable"), vote("ada", "reliable"))["label"] == "reliable"
    assert record_of(vote(None, "reliable"), vote(None, "unreliable"))["label"] == "unclear"


def test_the_latest_kind_of_an_annotator_counts_and_differences_are_told():
    early = vote("ada", "unreliable", kind="satire", time="2026-01-01T00:00:00Z")
    late = vote("ada", "unreliable", kind="spun", time="2026-01-02T00:00:00Z")
    assert record_of(late, early)["kind"] == "spun"
    assert record_of(early, vote("ben", kind="satire"), late, vote("cy", kind="spun"))["kind"] == "spun"
    differing = record_of(late, vote("ben", kind="satire"))
    assert differing["kind"] == "imported"
    assert conflicts(differing) == ["kind: satire (ben), spun (ada)"]
    assert agreement([differing]) == []


def test_a_paragraph_has_the_role_that_more_than_half_of_it_is_marked_with():
    bridge = TEXT.index("The")  # 18 characters
    record = record_of(vote("ada", spans=(Span(0, 4, "boilerplate"), Span(bridge, bridge + 9, "filler"))))
    assert record["paragraph_labels"] == ["boilerplate", None, None]
    record = record_of(vote("ada", spans=(Span(0, 4, "boilerplate"), Span(bridge, bridge + 11, "filler"))))
    assert record["paragraph_labels"] == ["boilerplate", "filler", None]


def test_marks_of_one_role_add_up_without_counting_twice():
    start = TEXT.index("The")
    twice = (Span(start, start + 8, "filler"), Span(start + 2, start + 8, "filler"))
    assert "paragraph_labels" not in record_of(vote("ada", spans=twice))
    added = (*twice, Span(start + 8, start + 11, "filler"))
    assert record_of(vote("ada", spans=added))["paragraph_labels"] == [None, "filler", None]


def test_a_paragraph_marked_as_two_roles_alike_has_none():
    both = (Span(0, 4, "boilerplate"), Span(0, 4, "filler"), Span(5, 24, "content"))
    assert record_of(vote("ada", spans=both))["paragraph_labels"] == [None, "content", None]


def test_unmarked_paragraphs_have_the_role_that_is_asked_for():
    marked = vote("ada", "reliable", spans=(Span(0, 4, "boilerplate"),))
    assert record_of(marked, unmarked="content")["paragraph_labels"] == ["boilerplate", "content", "content"]
    assert record_of(vote("ada", "reliable"), unmarked="content")["paragraph_labels"] == ["content"] * 3


def test_who_marked_nothing_outvotes_no_mark():
    marked = vote("ada", spans=(Span(0, 4, "boilerplate"),))
    silent = [vote("ben", "reliable"), vote("cy", "reliable"), vote("di", spans=(Span(5, 24, "filler.nod"),))]
    assert record_of(marked, *silent, unmarked="content")["paragraph_labels"] == [
        "boilerplate", "content", "content"
    ]  # fmt: skip


def test_who_marked_some_paragraphs_is_taken_to_have_seen_the_others():
    menu, bridge = Span(0, 4, "boilerplate"), Span(5, 24, "filler")
    both, one, other = (
        vote("ada", spans=(menu, bridge)),
        vote("ben", spans=(menu,)),
        vote("cy", spans=(menu,)),
    )
    assert record_of(both, one, other, unmarked="content")["paragraph_labels"][1] == "content"
    assert record_of(both, one, unmarked="content")["paragraph_labels"][1] is None
    assert record_of(both, one, other)["paragraph_labels"][1] == "filler"


def test_roles_that_do_not_line_up_with_the_paragraphs_are_a_problem():
    problem = record_of(vote("ada", paragraph_labels=("content",)))
    assert isinstance(problem, Problem)
    assert "paragraph_labels of ada are 1, but the text has 3 paragraphs" in str(problem)


def test_a_vote_whose_roles_do_not_fit_costs_no_other_vote_and_keeps_its_own_label():
    found = label_records(
        [
            voted(
                vote("ada", "reliable"),
                vote("ben", "unreliable", paragraph_labels=("filler",), path="votes.csv", line=3),
                vote("cy", paragraph_labels=("filler",), path="votes.csv", line=4),
            )
        ]
    )
    ben, cy, record = found
    told = "but the text has 3 paragraphs: one role (or none) for each line that is not empty; "
    assert str(ben) == (
        f"votes.csv:3: a: paragraph_labels of ben are 1, {told}"
        "they are left out, what it says of the whole text is kept"
    )
    assert str(cy).endswith("nothing else is said, so this vote is left out")
    assert [(v["annotator"], v.get("label"), v.get("paragraph_labels")) for v in record["votes"]] == [
        ("ada", "reliable", None),
        ("ben", "unreliable", None),
    ]


def test_given_paragraphs_are_kept_as_they_were():
    record = Record("a", "x", "One\ntwo\n\nthree", paragraphs=("One\ntwo", "three"))
    (made,) = label_records([Voted(record, (vote("ada", spans=(Span(0, 7, "filler"),)),))])
    assert made["paragraphs"] == ["One\ntwo", "three"]
    assert "text" not in made
    assert made["paragraph_labels"] == ["filler", None]


def test_the_same_text_is_one_record_and_its_id_is_the_first_given():
    kept, problems, notes = gathered(
        [
            voted(vote("ada", "reliable"), id=""),
            voted(vote("ben", "unclear"), id="b"),
            voted(id="later"),
            voted(id="c", text="Else."),
        ]
    )
    assert [(v.record.id, [w.annotator for w in v.votes]) for v in kept] == [("b", ["ada", "ben"]), ("c", [])]
    assert (problems, notes) == ([], ["the text b is also given as later: one text"])


def test_a_vote_that_stands_in_two_files_is_one_vote():
    timed, untimed = vote(None, "reliable", time="2026-01-01T00:00:00Z"), vote(None, "reliable")
    (one,), *_ = gathered([voted(timed, untimed), voted(timed, untimed)])
    assert one.votes == (timed, untimed, untimed)


def test_a_text_without_an_id_has_one_that_is_always_the_same():
    (one,), *_ = gathered([voted(id="")])
    assert one.record.id == "text-7a5ad4633e4752a9"


def test_an_id_of_two_texts_is_a_problem_and_the_first_keeps_it():
    kept, problems, _ = gathered([voted(text="One."), voted(text="Two.")])
    assert [v.record.text for v in kept] == ["One."]
    assert "id 'a' is given to two texts" in str(problems[0])


def test_conflicts_say_who_said_what():
    record = record_of(
        vote("ada", "reliable", paragraph_labels=("boilerplate", "content", "content")),
        vote("ben", "unreliable", paragraph_labels=("boilerplate", "content", "filler")),
        vote("cy", "reliable", paragraph_labels=("boilerplate", None, "content")),
    )
    assert conflicts(record) == [
        "label: reliable (ada, cy), unreliable (ben)",
        "paragraph 3: content (ada, cy), filler (ben)",
    ]
    assert record["label"] == "reliable"
    assert record["paragraph_labels"] == ["boilerplate", "content", "content"]
    assert conflicts({"id": "a", "label": "reliable"}) == []


def test_opinions_are_in_the_order_of_the_text():
    roles = ("content",) * 12
    record = {
        "votes": [
            {"annotator": "ada", "paragraph_labels": list(roles)},
            {"annotator": "ada", "label": "unclear"},
        ]
    }
    assert [what for what, _ in opinions(record)] == ["label", *(f"paragraph {k}" for k in range(1, 13))]


def test_agreement_is_told_for_the_label_and_for_every_value():
    records = [
        {"votes": [{"annotator": "ada", "label": "reliable"}, {"annotator": "ben", "label": "reliable"}]},
        {"votes": [{"annotator": "ada", "label": "reliable"}, {"annotator": "ben", "label": "unclear"}]},
        {"votes": [{"annotator": "ada", "label": "unreliable"}, {"annotator": "ben", "label": "unreliable"}]},
        {"votes": [{"annotator": "ada", "label": "unreliable"}]},
    ]
    # n 6: three, two and one: 1 - 5 (6 - 4) / (36 - 14); by value 3:3 with 4 agreeing, 2:4 with 6, 1:5 with 4
    found = agreement(records)
    assert [(a.what, a.n_units) for a in found] == [
        ("label", 3), ("label reliable", 3), ("label unreliable", 3), ("label unclear", 3)
    ]  # fmt: skip
    assert [a.alpha for a in found] == [pytest.approx(v) for v in (6 / 11, 4 / 9, 1.0, 0.0)]


def test_agreement_on_paragraphs_counts_paragraphs():
    both = [{"annotator": who, "paragraph_labels": ["content", "filler", None]} for who in ("ada", "ben")]
    assert agreement([{"votes": both}]) == [
        Agreement("role", 1.0, 2), Agreement("role content", 1.0, 2), Agreement("role filler", 1.0, 2)
    ]  # fmt: skip


def test_one_annotator_alone_has_no_agreement():
    record = record_of(vote("ada", "reliable"))
    assert agreement([record]) == []
    assert list(told([record])) == ["1 text, 1 vote by 1 named annotator: 1 reliable"]


def test_what_is_told_names_every_text_on_which_annotators_differ():
    same = record_of(vote("ada", "reliable"), vote("ben", "reliable"))
    other = record_of(
        vote("ada", "reliable"), vote("ben", "unreliable", spans=(Span(0, 4, "Boilerplat"),)), id="b"
    )
    assert list(told([same, other])) == [
        "2 texts, 4 votes by 2 named annotators: 1 reliable, 1 unclear",
        "marks that are no role: Boilerplat 1",
        "agreement, as Krippendorff's alpha (1 full, 0 by chance; build on nothing below 0.67)",
        "  label: 0.00, on 2 texts",
        "  label reliable: 0.00, on 2 texts",
        "  label unreliable: 0.00, on 2 texts",
        "annotators differ on 1 text",
        "  b: label: reliable (ada), unreliable (ben)",
    ]


def test_agreement_without_any_difference_between_texts_is_told_as_undefined():
    lines = list(told([record_of(vote("ada", "reliable"), vote("ben", "reliable"))]))
    assert lines[2:] == [
        "  label: undefined, all are alike, on 1 text",
        "  label reliable: undefined, all are alike, on 1 text",
    ]


def test_a_record_with_votes_is_read_like_any_labelled_text(tmp_path):
    spans = (Span(0, 4, "boilerplate"),)
    about = {"group": "g", "kind": "navigation", "corpus": "house", "licence": "CC0-1.0"}
    record = record_of(vote("ada", "unreliable", spans=spans), **about)
    (tmp_path / "x.jsonl").write_text(json.dumps(record) + "\n", "utf8")
    (text,) = own(tmp_path)
    assert (text.id, text.group, text.label, text.kind) == ("a", "g", "unreliable", "navigation")
    assert (text.corpus, record["licence"]) == ("house", "CC0-1.0")
    assert (text.text, text.roles) == (TEXT, ("boilerplate", None, None))


def test_the_page_on_labels_names_every_field_of_a_record_and_of_a_vote():
    page = (Path(__file__).parents[1] / "docs" / "labels.md").read_text("utf8")
    said = vote(
        "ada", "reliable", kind="sound", task="1", rejected=("unclear",), spans=(Span(0, 4, "boilerplate"),)
    )
    record = record_of(said, date="2026-01-05", url="https://example.org", corpus="house")
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", page, re.MULTILINE))))
    assert {*record, *record["votes"][0]} <= named | {"votes"}


def test_groups_may_be_numbers_and_nothing_else_but_names():
    assert record_of(vote("ada", "reliable"), group=12)["group"] == "12"
    assert record_of(vote("ada", "reliable"), group=["x"])["group"] == "a"
    assert record_of(vote("ada", "reliable"), group="")["group"] == "a"


def test_votes_without_a_name_are_numbered():
    record = record_of(vote(None, "reliable"), vote(None, "unclear"))
    assert conflicts(record) == ["label: reliable (vote 1), unclear (vote 2)"]


def test_fields_that_nobody_gave_say_so():
    record = record_of(vote(None, "reliable"))
    assert {name: record[name] for name in ("kind", "group", "source", "annotator", "licence")} == {
        "kind": "imported",
        "group": "a",
        "source": "prodigy: x.jsonl",
        "annotator": "unknown",
        "licence": "not stated",
    }
