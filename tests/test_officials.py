"""Officials out of their time: the table, the names, the date, and every case of cases/officials.jsonl."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from quality.features import officials
from quality.features.officials import ANACHRONISM, DOUBTFUL, NEVER_HELD, RULES, find_officials
from quality.hindsight import is_background, tells_of_past
from quality.mentions import Index
from quality.officeholders import (
    COLUMNS,
    JURISDICTIONS,
    OFFICEHOLDERS,
    OfficeTable,
    check_table,
    edge_words,
    family_names,
    full_names,
    read_rows,
    shipped_table,
)
from quality.text import Batch


def cases(name):
    path = Path(__file__).parent / "cases" / name
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


CASES, KNOWN_FAILURES = cases("officials.jsonl"), cases("known_failures.jsonl")
SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
PLACES = [{"jurisdiction": "US"}, {"jurisdiction": "GB"}]
ROW = dict.fromkeys(COLUMNS, "") | {
    "person": "Ann Example",
    "office": "us.keeper",
    "titles": "Keeper of the Seal",
    "seats": "1",
    "jurisdiction": "US",
    "start": "2019-03-01",
    "end": "2021-01-20",
    "asof": "2025-12-01",
    "tier": "core",
    "confidence": "high",
}


def findings(text, on=None, index=None):
    """(rule, words, data) of each finding in one text, in the order of the text."""
    batch = Batch.of([text])
    found = []
    for rule, spans, data in find_officials(batch, [on], index).findings:
        places = zip(spans.start.tolist(), spans.end.tolist(), data, strict=True)
        found += [(start, rule.id, batch.text_of(start, end), facts) for start, end, facts in places]
    return [rest for _, *rest in sorted(found, key=lambda f: f[:2])]


def words(text, on=None):
    return [span for rule, span, _ in findings(text, on) if rule == ANACHRONISM.id]


def as_of(text, on=None):
    return find_officials(Batch.of([text]), [on]).as_of[0]


def outcome(case):
    """Surfaces expected but not found, and spans found but not expected."""
    wanted = {e["surface"] for e in case["expected"]}

    def names(finding, surface):
        _, span, data = finding
        return surface in span or data["person"] in surface or surface in data["person"]

    found = [f for f in findings(case["text"], case.get("date")) if f[0] != DOUBTFUL.id]
    missed = {w for w in wanted if not any(names(f, w) for f in found)}
    return missed, [f[1] for f in found if not any(names(f, w) for w in wanted)]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(c, id=c["id"], marks=pytest.mark.xfail(strict=True, reason=c["known_failure"]))
        if "known_failure" in c
        else pytest.param(c, id=c["id"])
        for c in CASES
    ],
)
def test_the_case_gives_just_the_findings_it_expects(case):
    assert outcome(case) == (set(), [])


def test_the_cases_give_just_the_doubtful_findings_that_they_tell_of():
    told = {
        c["id"]: [span for rule, span, _ in findings(c["text"], c.get("date")) if rule == DOUBTFUL.id]
        for c in CASES
    }
    assert {id: spans for id, spans in told.items() if spans} == {
        c["id"]: c["doubtful"] for c in CASES if "doubtful" in c
    }


@pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in KNOWN_FAILURES])
def test_a_false_alarm_that_is_known_still_rings_so_that_a_mend_is_noticed(case):
    assert case["why"]
    hard = {r.id for r in RULES if r.tier == "hard"}
    assert [span for rule, span, _ in findings(case["text"], case.get("date")) if rule in hard] == [
        case["false"]
    ]


def test_at_least_half_of_the_cases_are_traps():
    assert len(CASES) >= 250
    assert sum(not c["expected"] for c in CASES) >= len(CASES) / 2


def test_precision_and_recall_on_the_cases_are_as_promised():
    results = [outcome(c) for c in CASES]
    n_missed = sum(len(missed) for missed, _ in results)
    n_false = sum(len(extra) for _, extra in results)
    n_found = sum(len(c["expected"]) for c in CASES) - n_missed
    assert n_found / (n_found + n_false) >= 0.98
    assert n_found / (n_found + n_missed) >= 0.95


def test_rules_find_their_own_examples_and_nothing_in_the_clean_ones():
    for rule in RULES:
        for text, spans in rule.hits:
            assert tuple(span for name, span, _ in findings(text) if name == rule.id) == spans
        for text in rule.clean:
            assert findings(text) == []


# ---- the table ---------------------------------------------------------------------------------------


def test_the_shipped_table_passes_its_own_checks():
    rows = read_rows(OFFICEHOLDERS)
    check_table(rows, read_rows(JURISDICTIONS))
    assert sum(row["tier"] == "core" for row in rows) > 5400
    assert OfficeTable.load(OFFICEHOLDERS) == shipped_table()


def test_the_shipped_table_has_the_cabinet_of_june_2025():
    held = shipped_table().holders("US Treasury Secretary", date(2025, 6, 10))
    assert [t.person for t in held] == ["Scott Bessent"]


def test_holders_of_a_title_that_many_countries_have_come_from_all_of_them():
    held = shipped_table().holders("Finance Minister", date(2016, 6, 1))
    assert {"Wolfgang Schäuble", "Bill Morneau", "Arun Jaitley"} <= {t.person for t in held}


def test_holders_names_the_country_with_a_possessive_as_well():
    held = shipped_table().holders("Germany's Chancellor", date(2019, 1, 1))
    assert [t.person for t in held] == ["Angela Merkel"]


@pytest.mark.parametrize(
    ("title", "person"),
    [
        ("President of the United States", "Barack Obama"),
        ("president of france", "François Hollande"),
        ("Minister of Finance of Japan", "Taro Aso"),
    ],
)
def test_a_title_may_end_with_its_country(title, person):
    assert [t.person for t in shipped_table().holders(title, date(2016, 6, 1))] == [person]


def test_an_unknown_title_is_an_error_that_says_so():
    with pytest.raises(
        KeyError, match="no office in the table is called 'Lord High Baker', nor anything near it"
    ):
        shipped_table().holders("Lord High Baker", date(2020, 1, 1))


@pytest.mark.parametrize(
    ("title", "near"),
    [
        ("Treasury Secretray", '"US Treasury Secretary"'),
        ("Chinese Treasury Secretary", '"US Treasury Secretary"'),
        ("British Finance Minster", '"UK Finance Minister"'),
    ],
)
def test_an_unknown_title_comes_with_the_nearest_ones_and_their_countries(title, near):
    with pytest.raises(KeyError) as raised:
        shipped_table().holders(title, date(2020, 1, 1))
    assert raised.value.args[0].startswith(f"no office in the table is called {title!r}; near are {near}")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"end": "2018-01-01"}, "ends 2018-01-01, before it starts"),
        ({"jurisdiction": "XX"}, "unknown jurisdiction 'XX'"),
        ({"start": "March 2019"}, "dates are written 2025-01-31"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused_by_name(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        check_table([ROW | change], PLACES)


def test_a_row_given_twice_is_refused():
    with pytest.raises(ValueError, match="Ann Example, from 2019-03-01: given twice"):
        check_table([ROW, ROW], PLACES)


def test_two_regular_terms_in_one_seat_may_not_overlap():
    other = ROW | {"person": "Bo Sample", "start": "2020-06-01", "end": "2022-01-01"}
    with pytest.raises(ValueError, match="Ann Example and Bo Sample overlap by 233 days"):
        check_table([ROW, other], PLACES)
    check_table([ROW, other | {"status": "acting"}], PLACES)
    check_table([ROW | {"seats": "2"}, other | {"seats": "2"}], PLACES)
    together = {"start": ROW["start"], "end": ROW["end"]}
    check_table([ROW, other | together], PLACES)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match=r"lacks the columns \['asof'\]"):
        check_table([{k: v for k, v in ROW.items() if k != "asof"}], PLACES)


def written(folder, *rows):
    path = folder / "own.csv"
    lines = [",".join(COLUMNS)] + [",".join(row[c] for c in COLUMNS) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf8")
    return path


def index_of(path):
    return Index(OfficeTable.load(path))


def test_rows_of_a_user_are_found_in_texts(tmp_path):
    index = index_of(written(tmp_path, ROW, ROW | {"person": "Bo Sample", "start": "2021-01-21", "end": ""}))
    found = findings("Keeper of the Seal Ann Example spoke on Monday.", "2024-05-01", index)
    assert [span for _, span, _ in found] == ["Keeper of the Seal Ann Example"]
    assert found[0][2]["holders"] == ["Bo Sample"]
    assert findings("Keeper of the Seal Bo Sample spoke on Monday.", "2030-05-01", index) == []


def test_a_table_saved_with_a_byte_order_mark_is_read(tmp_path):
    path = written(tmp_path, ROW)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found = findings("Keeper of the Seal Ann Example spoke on Monday.", "2024-05-01", index_of(path))
    assert [span for _, span, _ in found] == ["Keeper of the Seal Ann Example"]


def test_a_table_with_semicolons_between_its_cells_and_empty_rows_is_read(tmp_path):
    path = written(tmp_path, ROW)
    table = path.read_text("utf8").replace(",", ";") + ";" * (len(COLUMNS) - 1) + "\n"
    path.write_text("\ufeff" + table, "utf8")
    found = findings("Keeper of the Seal Ann Example spoke on Monday.", "2024-05-01", index_of(path))
    assert [span for _, span, _ in found] == ["Keeper of the Seal Ann Example"]


def test_a_row_that_breaks_off_ends_with_empty_cells(tmp_path):
    path = tmp_path / "keepers.csv"
    path.write_text("person,office,end\nAnn Example,us.keeper\n", "utf8")
    assert read_rows(path) == [{"person": "Ann Example", "office": "us.keeper", "end": ""}]


def test_names_that_read_the_same_without_accents_are_both_known(tmp_path):
    other = ROW | {"person": "Ána Sample", "start": "2021-01-20", "end": "2022-03-01"}
    index = index_of(written(tmp_path, ROW | {"person": "Ana Example"}, other))
    for name in ("Ana Example", "Ana Sample"):
        found = findings(f"Keeper of the Seal {name} spoke on Monday.", "2024-05-01", index)
        assert [span for _, span, _ in found] == [f"Keeper of the Seal {name}"]


def test_a_table_without_a_term_is_refused_by_name(tmp_path):
    empty = tmp_path / "empty.csv"
    for content in ("", ",".join(COLUMNS) + "\n"):
        empty.write_text(content, "utf8")
        with pytest.raises(ValueError, match=r"no term of office in .*empty\.csv; expected a head"):
            OfficeTable.load(OFFICEHOLDERS, empty)


def test_an_office_without_a_title_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"offices without a title: us\.keeper"):
        OfficeTable.load(written(tmp_path, ROW | {"titles": ""}))


def test_rows_that_only_corroborate_raise_nothing(tmp_path):
    index = index_of(
        written(
            tmp_path,
            ROW | {"tier": "extended"},
            ROW | {"person": "Bo Sample", "start": "2021-01-21", "end": ""},
        )
    )
    assert findings("Keeper of the Seal Ann Example spoke on Monday.", "2024-05-01", index) == []


# ---- names -------------------------------------------------------------------------------------------


def test_whole_names_come_without_initials_with_short_first_names_and_turned():
    assert {"Steven T. Mnuchin", "Steven Mnuchin", "Steve Mnuchin"} <= set(
        full_names("Steven T. Mnuchin", "US")
    )
    assert "Kishida Fumio" in full_names("Fumio Kishida", "JP")
    assert "Jae-myung Lee" in full_names("Lee Jae-myung", "KR")


def test_every_form_of_a_name_begins_and_ends_with_a_word_by_which_it_is_found():
    for term in {t.person: t for t in shipped_table().terms}.values():
        known = {w.lower() for w in edge_words(term.person, *term.aliases)}
        for name in (term.person, *term.aliases):
            for form in (*full_names(name, term.jurisdiction), *family_names(name, term.jurisdiction)):
                words = [w.strip(".").lower() for w in re.split(r'[\s&,\-"()]+', form)]
                words = [w.removesuffix("'s") for w in words if w]
                assert {words[0], words[-1]} <= known, form


def test_edge_words_hold_initials_short_first_names_and_names_without_apostrophe():
    assert edge_words("J.D. O'Brien-Lee") == {"J.D", "J", "D", "O'Brien", "OBrien", "Lee"}
    assert edge_words("Ed Example") == {"Ed", "Edward", "Eddie", "Example"}


def test_family_names_keep_their_particles():
    assert family_names("Ursula von der Leyen", "EU")[0] == "von der Leyen"
    assert family_names("Robert F. Kennedy Jr.", "US")[0] == "Kennedy"
    assert family_names("Wang Yi", "CN") == ["Wang"]


# ---- the date ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("Rain fell.", "2024-02-29", {"date": "2024-02-29", "from": "field"}),
        ("Rain fell.", "2024-02-29T10:00:00Z", {"date": "2024-02-29", "from": "field"}),
        ("Rain fell.", "29 February 2024", {"date": "2024-02-29", "from": "field"}),
        ("Rain fell.", "2024", {"date": "2024-01-01", "from": "field"}),
        ("Rain fell.", "soon", {"date": None, "from": "none"}),
        ("Rain fell.", None, {"date": None, "from": "none"}),
        ("Published: 3 May 2023\n\nRain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("ROME, May 3, 2023 - Rain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("On May 3, 2023, rain fell.", None, {"date": None, "from": "none"}),
        ("By Ada Moor | May 3, 2023\n\nRain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("By Ada Moor, 3 May 2023\n\nRain fell.", None, {"date": "2023-05-03", "from": "text"}),
        (
            "Did it rain?\nWords by Ada Moor and Bo Fenn, Staff Writers • May 3, 2023 • 4 min read\n\nRain fell.",
            None,
            {"date": "2023-05-03", "from": "text"},
        ),
        ("The rain\nWed 3 May 2023 06.00 BST\n\nRain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("Wed 3 May 2023 06.00 BST\n\nRain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("May 3, 2023\n\nRain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("PORT ELM, Scotland, 3 May 2023 - Rain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("AUSTIN, Texas, May 3, 2023 /NewsWire/ -- Rain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("ROME (XY) — May 3, 2023 — Rain fell.", None, {"date": "2023-05-03", "from": "text"}),
        ("NEW ELM--(THE WIRE)--May 3, 2023-- Rain fell.", None, {"date": "2023-05-03", "from": "text"}),
        (
            "Rain in Rome\nIt fell.\nBy Ada Moor, 3 May 2023\n\nRain fell.",
            None,
            {"date": "2023-05-03", "from": "text"},
        ),
        ("By May 3, 2023: a wet spring\n\nRain fell.", None, {"date": None, "from": "none"}),
        ("By Monday, May 3, 2023: a wet spring\n\nRain fell.", None, {"date": None, "from": "none"}),
        ("Photo by Ada Moor, 3 May 2023\n\nRain fell.", None, {"date": None, "from": "none"}),
        ("The flood of 3 May 2023: what we know\n\nRain fell.", None, {"date": None, "from": "none"}),
        ("May 3, 2023: a wet day\n\nRain fell.", None, {"date": None, "from": "none"}),
        ("May 3, 2023\n\nIn 2024, the river rose again.\n\nRain fell.", None, {"date": None, "from": "none"}),
        ("May 3, 2023\n\nTwo years ago the river rose.\n\nRain fell.", None, {"date": None, "from": "none"}),
        (
            "The weir was drawn by Ada Moor, 3 May 2023 - and built.\n\nRain fell.",
            None,
            {"date": None, "from": "none"},
        ),
        (
            "May 9, 2023\n\nThe rain\nPublished: 3 May 2023\n\nRain fell.",
            None,
            {"date": "2023-05-03", "from": "text"},
        ),
        (
            "Treasury Secretary Scott Bessent spoke in Rome in May 2025, and rain fell.",
            None,
            {"date": "2025-01-28", "from": "officials", "bound": "earliest"},
        ),
        (
            "Treasury Secretary Scott Bessent spoke of rain on Monday.",
            None,
            {"date": "2025-01-28", "from": "officials", "bound": "earliest"},
        ),
    ],
)
def test_the_date_and_whence_it_comes(text, given, expected):
    assert as_of(text, given) == expected


@pytest.mark.parametrize(
    ("given", "far"),
    [("2023-05-03", False), ("2023-06-03", False), ("2023-06-04", True), ("2023-04-01", True), ("2023", False), (None, False)],
)  # fmt: skip
def test_a_date_given_that_is_over_31_days_from_the_texts_own_is_told(given, far):
    text = "ROME, May 3, 2023 - Rain fell."
    (warnings,) = find_officials(Batch.of([text]), [given]).warnings
    told = f"the date given, {given}, is not the one that the text bears at its head, 2023-05-03; the one given is used"
    assert warnings == ((told,) if far else ())


def test_a_nominee_dates_nothing():
    text = "Treasury secretary nominee Scott Bessent had coffee with two senators on the Hill."
    assert as_of(text) == {"date": None, "from": "none"}


def test_the_number_of_dates_must_be_that_of_the_texts():
    with pytest.raises(ValueError, match="2 dates but 1 documents given"):
        find_officials(Batch.of(["Rain."]), [None, None])


# ---- findings ----------------------------------------------------------------------------------------


def test_a_finding_says_who_which_office_when_and_who_held_it():
    ((_, span, data),) = findings("Treasury Secretary Steven Mnuchin spoke on Monday.", "2025-06-10")
    assert span == "Treasury Secretary Steven Mnuchin"
    assert data == {
        "message": "Steven Mnuchin was Treasury Secretary from 13 February 2017 to 20 January 2021, but the "
        "text is of 10 June 2025; Scott Bessent held it then (two sources agree on these dates).",
        "person": "Steven Mnuchin",
        "office": "us.treasury_secretary",
        "held": [["2017-02-13", "2021-01-20"]],
        "holders": ["Scott Bessent"],
        "strength": "single",
    }


def test_nobody_is_called_the_holder_where_several_hold_it_at_once():
    ((_, _, data),) = findings("Vice Premier Liu He spoke on Monday.", "2025-06-10")
    assert data["holders"] == []


def test_a_stale_official_in_a_coming_action_is_strong():
    ((_, _, data),) = findings("Treasury Secretary Steven Mnuchin will speak on Monday.", "2025-06-10")
    assert data["strength"] == "strong"


def test_two_holders_marks_the_right_one():
    text = "Treasury Secretary Scott Bessent spoke. Behind him sat Treasury Secretary Steven Mnuchin."
    found = findings(text, "2025-06-10")
    assert [(rule, span) for rule, span, _ in found] == [
        ("officeholder.two_holders", "Treasury Secretary Scott Bessent"),
        ("officeholder.anachronism", "Treasury Secretary Steven Mnuchin"),
    ]
    assert {data["person"] for *_, data in found} == {"Steven Mnuchin"}


def test_sixty_days_after_a_term_are_fine_and_sixty_one_are_not():
    sentence = "Home Secretary Amber Rudd spoke to officers in Leeds."
    assert words(sentence, "2018-06-28") == []  # she left on 29 April 2018
    assert words(sentence, "2018-06-29") == ["Home Secretary Amber Rudd"]


def test_nobody_is_early_where_the_table_does_not_know_who_held_the_office_that_day():
    text = "Dallas Fed President Lorie Logan spoke on Tuesday."
    assert words(text, "2022-05-31") == []  # nobody from October 2021 on
    assert words(text, "2021-05-31") == ["Dallas Fed President Lorie Logan"]


@pytest.mark.parametrize("rank", ["caretaker", "interim", "acting"])
def test_who_holds_an_office_for_a_while_before_the_term_is_left_alone(rank):
    text = "Slovak {}Prime Minister Ludovit Odor spoke on Tuesday."
    assert words(text.format(f"{rank} "), "2022-12-06") == []
    assert words(text.format(""), "2022-12-06") == ["Slovak Prime Minister Ludovit Odor"]


def test_who_shared_an_office_or_held_it_before_the_first_long_term_is_in_time():
    assert words("Dutch Health Minister Hugo de Jonge spoke on Tuesday.", "2018-10-02") == []
    assert words("Nepali Prime Minister Sher Bahadur Deuba spoke on Tuesday.", "2002-03-05") == []


def test_a_former_president_keeps_the_title_beside_the_present_one_too():
    text = "{}President Jakaya Kikwete opened the bridge.{}"
    beside = " President John Magufuli wants to widen it."
    for country in ("Tanzanian ", ""):
        assert words(text.format(country, beside), "2017-07-03") == []


def test_a_right_holder_with_a_family_name_counts_where_the_country_is_named():
    text = "{}President Uhuru Kenyatta opened a dam. According to {} it will be full by May."
    found = ["President Uhuru Kenyatta"]
    assert words(text.format("Kenya needs rain. ", "Mr Kibaki"), "2011-08-04") == found
    assert words(text.format("", "Mr Kibaki"), "2011-08-04") == []
    assert words(text.format("Kenya needs rain. ", "Kibaki"), "2011-08-04") == []


def test_the_secretary_general_may_be_called_general_secretary():
    text = "The General Secretary of the UN António Guterres met Ban Ki-moon on Tuesday."
    assert words(text, "2014-09-16") == ["General Secretary of the UN António Guterres"]


def test_an_open_term_proves_nothing_after_the_table_ends():
    assert words("Treasury Secretary Scott Bessent spoke.", "2035-01-01") == []


def test_a_document_is_judged_alike_alone_and_in_a_batch():
    batch = Batch.of([c["text"] for c in CASES])
    told = find_officials(batch, [c.get("date") for c in CASES])
    together = [[] for _ in CASES]
    for rule, spans, data in told.findings:
        for start, end, facts in zip(spans.start.tolist(), spans.end.tolist(), data, strict=True):
            document, offset = batch.local(start)
            together[document].append((offset, rule.id, batch.text_of(start, end), facts))
    for case, when, found in zip(CASES, told.as_of, together, strict=True):
        alone = findings(case["text"], case.get("date"))
        assert [list(f[1:]) for f in sorted(found, key=lambda f: f[:2])] == alone, case["id"]
        assert when == as_of(case["text"], case.get("date"))


def test_spans_lie_in_the_paragraph_they_name():
    batch = Batch.of([c["text"] for c in CASES])
    for _, spans, _ in find_officials(batch, [c.get("date") for c in CASES]).findings:
        assert (batch.paragraphs.start[spans.paragraph] <= spans.start).all()
        assert (batch.paragraphs.end[spans.paragraph] >= spans.end).all()


def test_no_text_at_all_gives_no_finding():
    result = find_officials(Batch.of([]))
    assert [len(spans) for _, spans, _ in result.findings] == [0, 0, 0, 0]
    assert find_officials(Batch.of([""])).as_of == ({"date": None, "from": "none"},)


def never_held(text, on):
    return [span for rule, span, _ in findings(text, on) if rule == NEVER_HELD.id]


def test_a_title_of_an_office_never_held_is_told_with_the_right_one():
    ((rule, span, data),) = findings("Defense Secretary Marco Rubio will speak on Monday.", "2025-06-10")
    assert (rule, span) == ("officeholder.never_held", "Defense Secretary Marco Rubio")
    assert data == {
        "message": "Marco Rubio was Secretary of State, not Defense Secretary, as far as is known: the text is of "
        "10 June 2025; Pete Hegseth was Defense Secretary.",
        "person": "Marco Rubio",
        "office": "us.defense_secretary",
        "holders": ["Pete Hegseth"],
    }
    assert NEVER_HELD.tier == "soft"


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("Ukrainian Prime Minister Volodymyr Zelensky said no.", "2021-06-09"),
        ("Chinese Foreign Minister Wang Wentao said no.", "2024-03-02"),
        ("U.S. Trade Representative Scott Bessent said no.", "2025-06-11"),
    ],
)
def test_a_title_mixed_up_with_that_of_a_colleague_is_found(text, on):
    assert len(never_held(text, on)) == 1


def test_a_text_is_searched_once_for_a_former_holder_however_often_it_names_one(monkeypatch):
    searched = []

    def search(batch, index, case):
        searched.append(case.person)
        return False

    monkeypatch.setattr(officials, "is_known_as_former", search)
    assert len(never_held("Defense Secretary Marco Rubio will speak.\n\n" * 5, "2025-06-10")) == 5
    assert len(words("Treasury Secretary Steven Mnuchin will speak.\n\n" * 5, "2025-06-10")) == 5
    assert searched == ["Marco Rubio", "Steven Mnuchin"]


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("Acting Defense Secretary Marco Rubio will speak on Monday.", None),  # no date
        ("Former Defense Secretary Marco Rubio spoke.", "2025-06-10"),
        ("Deputy Defense Secretary Marco Rubio spoke.", "2025-06-10"),
        ("Defense Secretary nominee Marco Rubio spoke.", "2025-06-10"),
        ("Shadow Home Secretary Yvette Cooper spoke.", "2023-06-10"),
        ("The film casts Defense Secretary Marco Rubio as a hero.", "2025-06-10"),
        ("The defense secretary, Marco Rubio and the generals met.", "2025-06-10"),  # a list
        ("Present were the treasury secretary Marco Rubio and his staff.", "2025-06-10"),  # in small letters
        ("President Marco Rubio spoke of courtesy.", "2025-06-10"),
        ("Majority Leader Kevin McCarthy spoke to members of the House.", "2018-12-04"),  # of another chamber
        ("Defense Secretary Rubio spoke.", "2025-06-10"),  # a family name alone
        ("Defense Secretary Marco Rubio spoke.", "2025-02-20"),  # the right one took office a month before
        ("Defense Secretary Marco Rubio spoke.", "2031-02-20"),  # the table has ended
        (
            "Defense Secretary Marco Rubio spoke.",
            "2016-02-20",
        ),  # in no office then: a namesake, a slip of date
        ("FBI Director Christopher A. Wray spoke.", "2018-02-20"),
    ],
)
def test_who_may_bear_a_title_unknown_to_the_table_is_left_alone(text, on):
    assert never_held(text, on) == []


@pytest.mark.parametrize(
    "rest",
    [
        "will lead the talks, which come after three years of tariffs.",
        "said on Monday that, within five years, debt will fall.",
        "told reporters on Monday that, at the end of the year, tariffs will rise.",
        "said on Monday the successor agreement will come soon.",
        "said on Monday that an audit clears the bank.",
        "said on Monday that now is the only time to act.",
        "will speak on the author of the bill.",
        "met bankers on Monday to discuss songs.",
        "will open the museum next week.",
        "said tariffs will last for ten years.",
    ],
)
def test_words_of_long_times_and_of_works_excuse_nobody_on_a_day_of_the_news(rest):
    text = f"Treasury Secretary Steven Mnuchin {rest}"
    assert words(text, "2025-06-10") == ["Treasury Secretary Steven Mnuchin"]


@pytest.mark.parametrize(
    "text",
    [
        "Treasury Secretary Steven Mnuchin kept a list of songs.",
        "Treasury Secretary Steven Mnuchin kept the ledger for ten years.",
        "A film about Treasury Secretary Steven Mnuchin will open on Monday.",
        "On Monday the author will read of a dinner with Treasury Secretary Steven Mnuchin.",
    ],
)
def test_words_of_long_times_excuse_elsewhere_and_a_work_named_first_always(text):
    assert words(text, "2025-06-10") == []


@pytest.mark.parametrize("run", ["'", "’", ". ", ".", "- ", "met ", "A ", "Had ", "; "])
def test_runs_of_one_sign_take_no_time(run):
    for word in ("met", "acting", "under", "ruled by"):
        before = f"She {word} " + run * 200 + " praise against "
        is_background(before, "Treasury Secretary Steven Mnuchin", " on")
        findings(f"{before}Treasury Secretary Steven Mnuchin spoke.", "2025-06-10")
    assert not tells_of_past(
        "She met " + "'" * 200 + " praise against ", "Treasury Secretary Steven Mnuchin", " may"
    )


# ---- the founding texts --------------------------------------------------------------------------------


@pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared/seeds is not here")
@pytest.mark.parametrize(
    ("number", "people"),
    [
        ("000", {"Steven Mnuchin"}),
        ("001", {"Larry Kudlow", "Steven Mnuchin", "Robert Lighthizer", "Wilbur Ross", "Liu He"}),
        ("002", set()),
        ("003", set()),
        ("004", set()),
    ],
)
def test_the_founding_texts_date_themselves(number, people):
    (path,) = SEEDS.glob(f"{number}_*.txt")
    assert {data["person"] for *_, data in findings(path.read_text("utf8"))} == people


@pytest.mark.parametrize("before", ["A man posing as", "A caller who pretended to be", "He impersonated"])
def test_who_plays_an_official_is_not_the_official(before):
    text = f"{before} Treasury Secretary Steven Mnuchin asked 14 pensioners for money last week, police said."
    assert findings(text, "2025-06-10") == []
