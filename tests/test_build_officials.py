"""The successions of scripts/officials: how they are read, and what is refused."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "build_officials.py"
_spec = importlib.util.spec_from_file_location("build_officials", SCRIPT)
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

LIGHT = """# The keepers of a light.
+ GB-ELM | Elmhaven | Elmhaven
= gb.light_minister | GB-ELM | Light Minister  # since the storm
2010-05-12 Ann Example; 2012-02-03 Bo Sample (acting)
2013-04 Cy Pattern; 2014-02-10 -; 2015-01-05 Ann Example
"""


def test_a_term_ends_where_the_next_begins_and_a_hole_stays_one(tmp_path):
    (tmp_path / "light.txt").write_text(LIGHT, "utf8")
    places, ((office, place, titles, terms),) = build.offices_in(tmp_path / "light.txt")
    assert (office, place) == ("gb.light_minister", "GB-ELM")
    assert titles == "Light Minister|Minister {of,for} {,the }Light"
    assert places == [{"jurisdiction": "GB-ELM", "name": "Elmhaven", "adjectives": "Elmhaven"}]
    assert terms == [
        ("2010-05-12", "2012-02-03", "Ann Example", ""),
        ("2012-02-03", "2013-04-30", "Bo Sample", "acting"),
        ("2013-04-01", "2014-02-10", "Cy Pattern", ""),
        ("2015-01-05", "", "Ann Example", ""),
    ]


def test_those_who_hold_an_office_together_stand_beside_each_other():
    listed = ["2010-05-12 Ann Example & Bo Sample (acting)", "2012-02-03 Bo Sample"]
    assert list(build.terms_of("gb.light", listed)) == [
        ("2010-05-12", "2012-02-03", "Ann Example", ""),
        ("2010-05-12", "2012-02-03", "Bo Sample", "acting"),
        ("2012-02-03", "", "Bo Sample", ""),
    ]


def test_every_file_of_the_folder_is_read_but_its_readme(tmp_path):
    (tmp_path / "Reef.txt").write_text(LIGHT, "utf8")
    (tmp_path / "README.txt").write_text("How to write a succession.", "utf8")
    places, rows = build.successions(tmp_path, [])
    assert [place["jurisdiction"] for place in places] == ["GB-ELM"]
    assert len(rows) == 4


def test_a_term_that_the_facts_begin_within_a_week_is_of_high_confidence(tmp_path):
    (tmp_path / "light.txt").write_text(LIGHT, "utf8")
    facts = [{"office": "gb.lamp", "person": "Ann Example", "start": "2010-05-15"}]
    _, rows = build.successions(tmp_path, facts)
    assert [row["confidence"] for row in rows] == ["high", "medium", "medium", "medium"]
    assert {row["asof"] for row in rows} == {"2025-06-30"}


@pytest.mark.parametrize(
    ("listed", "complaint"),
    [
        (
            ["Ann Example 2010"],
            "gb.light: cannot read 'Ann Example 2010'; a term is a day or month and a name",
        ),
        (["2012-01-01 Ann Example", "2010-01-01 Bo Sample"], "'2010-01-01 Bo Sample' stands after"),
    ],
)
def test_a_term_that_cannot_be_right_is_refused_by_name(listed, complaint):
    with pytest.raises(ValueError, match=complaint):
        list(build.terms_of("gb.light", listed))


@pytest.mark.parametrize(
    ("title", "place", "forms"),
    [
        ("Prime Minister", "GB", "Prime Minister"),
        ("Light Secretary", "GB", "Light Secretary|Secretary of State for Light"),
        ("Light Secretary", "US", "Light Secretary"),
        (
            "@ELB,Light Board:Chair",
            "GB",
            "{ELB,Light Board}{,'s} {Chair}|{Chair} of {,the }{ELB,Light Board}",
        ),
        (
            "Light Cabinet Secretary",
            "KE",
            "Light Cabinet Secretary|Cabinet Secretary for {,the }Light",
        ),
    ],
)
def test_further_forms_of_a_title_follow_from_the_first(title, place, forms):
    assert build.further_forms(title, place) == forms
