"""The command line: what it prints where, and how it ends."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import jsonschema
import pytest
from click.testing import CliRunner

import quality
from quality import cli, cli_score
from quality import filter as engine
from quality.model import Model
from quality.records import Record
from quality.report import Contribution, Finding, Paragraph, Policy, Report, RoleReasons
from quality.scorer import batches, shared_model

SCHEMA = json.loads((Path(quality.__file__).parent / "data" / "output.schema.json").read_text("utf8"))
COMMAND = [sys.executable, "-c", "from quality.cli import main; main(prog_name='quality')"]
STORY = (
    "The harbour at Brackwater reopened on Tuesday, four days after the storm, the harbour office said. "
    "Two of its three cranes are working again. The third was bent by the wind and will be taken down "
    "in June, according to the town's engineer, who put the cost of a new one at two million euros."
)


class StubScorer:
    """Says .9 of every text, .1 of one with "bad" in it, nothing of one without letters."""

    policies: ClassVar = {
        "default": Policy("default", 0.6, 0.3, 5, 0.1),
        "strict": Policy("strict", 0.95, 0.3, 5, 0.1),
    }

    def __init__(self, policy, careful=False):
        self.policy = self.policies[policy]
        self.role = "content" if careful else "boilerplate"

    @classmethod
    def load(cls, model="default", *, policy="default", rules=(), officials=(), **others):
        careful = others.pop("careful")
        assert others == {"pages": "full", "against": None}
        if model == "none":
            raise FileNotFoundError("no model 'none'; shipped are: default")
        if model == "broken":
            raise ValueError("weights.npz is not the file its card was written with")
        for path in rules:
            if "rule" not in path.read_text("utf8"):
                raise ValueError(f"{path.name}: unknown top-level keys")
        for path in officials:
            if "person" not in path.read_text("utf8"):
                raise ValueError("columns missing: person")
        return cls(policy, careful)

    def score(self, record):
        return next(self.score_many([record]))

    def extracted(self, records):
        return iter(records)

    def score_many(self, records, *, with_text=False, with_roles=False):
        for given in records:
            text = given if isinstance(given, str) else given.text
            words = any(c.isalpha() for c in text)
            reliability = (0.1 if "bad" in text else 0.9) if words else None
            found = (
                ()
                if "bad" not in text
                else (Finding("leak.chatbot", "hard", 0, 0, 3, text[:3], "a leak", {}),)
            )
            yield Report(
                id=getattr(given, "id", "1"),
                source=getattr(given, "source", ""),
                reliability=reliability,
                verdict=self.policy.verdict(reliability, n_words=9, stop_word_share=0.4, hard=bool(found)),
                policy=self.policy.name,
                as_of={"date": getattr(given, "date", None), "from": "field"},
                paragraphs=(Paragraph(0, 0, len(text), self.role, dict.fromkeys(
                    ("content", "boilerplate", "filler", "duplicate"), 0.25), reliability, None,
                    RoleReasons(-0.5, (Contribution("stop_word_share", 0.4, 0.25),)) if with_roles else None),),
                findings=found,
                contributions=(Contribution("likeness", None, 0.2),),
                intercept=0.4,
                model={"name": "default", "digest": "9f2c" * 16},
                warnings=getattr(given, "warnings", ()),
                text=text if with_text else None,
            )  # fmt: skip


@pytest.fixture
def stub(monkeypatch):
    """The command line over a scorer that needs no model."""
    module = types.ModuleType("quality.scorer")
    module.Scorer = StubScorer
    module.shared_model = lambda name: name
    module.batches = batches
    monkeypatch.setitem(sys.modules, "quality.scorer", module)
    cli.scorer_of.cache_clear()
    yield
    cli.scorer_of.cache_clear()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.txt").write_text("Ships left on Monday.")
    (tmp_path / "bad.txt").write_text("A bad text.")
    (tmp_path / "some.jsonl").write_text(
        '{"id": "a", "text": "One ship."}\n{"id": "b", "text": "bad ship"}\n'
    )
    return tmp_path


def run(*arguments, text=None):
    return CliRunner().invoke(cli.main, list(arguments), input=text)


def scores(*arguments, text=None):
    done = run("score", "--format", "jsonl", "--quiet", *arguments, text=text)
    return [json.loads(line) for line in done.stdout.splitlines()], done.exit_code, done.stderr


# ---- scoring ----


@pytest.mark.usefixtures("stub", "folder")
class TestScore:
    """`quality score` over the stub."""

    def test_texts_lines_and_standard_input_are_scored_in_their_order(self):
        reports, code, errors = scores("good.txt", "some.jsonl", "-", "bad.txt", text="From a pipe.")
        assert [(r["source"], r["id"]) for r in reports] == [
            ("good.txt", "good.txt"),
            ("some.jsonl", "a"),
            ("some.jsonl", "b"),
            ("-", "-"),
            ("bad.txt", "bad.txt"),
        ]
        assert [r["reliability"] for r in reports] == [0.9, 0.9, 0.1, 0.9, 0.1]
        assert (code, errors) == (0, "")

    def test_without_a_file_standard_input_is_read(self):
        assert scores(text="From a pipe.")[0][0]["source"] == "-"
        assert [r["id"] for r in scores(text='{"id": 4, "text": "x"}\n{"text": "y"}')[0]] == ["4", "2"]

    def test_json_is_one_array_and_jsonl_an_object_a_line(self):
        whole = json.loads(run("score", "--format", "json", "some.jsonl").stdout)
        lines = run("score", "--format", "jsonl", "some.jsonl").stdout.splitlines()
        assert whole == [json.loads(line) for line in lines]
        assert [r["id"] for r in whole] == ["a", "b"]

    def test_json_is_an_array_even_where_nothing_could_be_read(self):
        done = run("score", "--format", "json", "none.txt")
        assert json.loads(done.stdout) == []
        assert done.exit_code == 2

    def test_text_is_the_default_and_pages_are_apart(self):
        done = run("score", "good.txt", "bad.txt")
        assert done.stdout.startswith("KEEP  0.90 █████████░  good.txt")
        assert "\n\nDROP  0.10 █░░░░░░░░░  bad.txt" in done.stdout
        assert "«A b»ad text.  leak.chatbot\n      a leak\n" in done.stdout
        assert done.stderr == "quality: 2 scored: 1 keep, 1 drop\n"

    def test_one_text_needs_no_summary(self):
        assert run("score", "good.txt").stderr == ""

    def test_what_cannot_be_read_is_named_and_the_rest_is_scored(self, folder):
        (folder / "binary.txt").write_bytes(b"\x00\x01")
        (folder / "empty.txt").write_bytes(b"")
        (folder / "lines.jsonl").write_text('{"text": "One."}\n{"text"\n{"id": 3}\n{"text": "Four."}\n')
        done = run(
            "score",
            "--format",
            "jsonl",
            "none.txt",
            ".",
            "binary.txt",
            "empty.txt",
            "lines.jsonl",
            "good.txt",
        )
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["1", "4", "good.txt"]
        told = [line.removeprefix("quality: ") for line in done.stderr.splitlines()]
        assert told[:5] == [
            "none.txt: cannot be read: No such file or directory",
            ".: is a directory: name its files, such as *.txt",
            "binary.txt: looks binary (NUL bytes): expected text",
            "empty.txt: is empty: there is no text in it",
            "lines.jsonl:2: not JSON (Expecting ':' delimiter, column 8): one object per line is expected",
        ]
        assert told[5].startswith("lines.jsonl:3: no text: none of text, content, ")
        assert told[5].endswith("; see --text-field")
        assert told[6:] == ["3 scored: 3 keep, 6 not read"]
        assert done.exit_code == 2

    def test_a_text_without_words_is_in_the_output_without_a_number(self):
        (report,), code, _ = scores(text='{"text": ""}')
        assert (report["reliability"], report["verdict"], report["warnings"], code) == (
            None,
            "unsure",
            ["the text is empty"],
            0,
        )

    @pytest.mark.parametrize(
        ("files", "limit", "code"),
        [
            (["good.txt"], "0.5", 0),
            (["good.txt"], "0.9", 0),
            (["good.txt", "bad.txt"], "0.5", 1),
            (["bad.txt", "none.txt"], "0.5", 2),
            (["good.txt"], "1.5", 2),
        ],
    )
    def test_fail_under_ends_with_1_unless_something_was_unreadable(self, files, limit, code):
        assert run("score", "--fail-under", limit, *files).exit_code == code

    def test_a_text_without_a_number_is_under_any_limit(self):
        assert scores("--fail-under", "0", text='{"text": "..."}')[1] == 1
        assert scores(text='{"text": "..."}')[1] == 0

    def test_the_date_given_is_for_texts_that_have_none(self):
        lines = '{"text": "One.", "date": "2020-01-01"}\n{"text": "Two."}\n{"text": "Three.", "date": "soon"}'
        reports, _, _ = scores("--date", "2025-06-10T12:00", text=lines)
        assert [r["as_of"]["date"] for r in reports] == ["2020-01-01", "2025-06-10", None]

    def test_a_bound_that_is_no_number_is_wrong_usage(self):
        done = run("score", "--fail-under", "nan", "good.txt")
        assert done.exit_code == 2
        assert "Invalid value for --fail-under: nan is no number from 0 to 1" in done.stderr

    def test_a_wrong_date_is_wrong_usage(self):
        done = run("score", "--date", "June", "good.txt")
        assert done.exit_code == 2
        assert "Invalid value for --date: date 'June' is not a day written YYYY-MM-DD" in done.stderr

    def test_field_names_can_be_given(self):
        line = '{"key": 5, "article": "bad", "text": "good", "day": "2025-06-10"}'
        names = ("--text-field", "article", "--id-field", "key", "--date-field", "day")
        (report,), _, _ = scores(*names, text=line)
        assert (report["id"], report["reliability"], report["as_of"]["date"]) == ("5", 0.1, "2025-06-10")

    def test_a_line_of_json_is_one_line_for_readers_that_break_at_separators_of_unicode(self):
        text = "One.\u2028Two.\u2029Three.\x85Four."
        done = run("score", "--format", "jsonl", "--with-text", "-", text=text)
        (line,) = done.stdout.splitlines()
        assert json.loads(line)["text"] == text

    def test_with_text_the_json_has_the_text(self):
        assert scores("--with-text", "good.txt")[0][0]["text"] == "Ships left on Monday."
        assert "text" not in scores("good.txt")[0][0]

    def test_with_roles_the_json_has_what_spoke_for_furniture_in_each_paragraph(self):
        assert scores("--with-roles", "good.txt")[0][0]["paragraphs"][0]["boilerplate"] == {
            "intercept": -0.5,
            "contributions": [{"feature": "stop_word_share", "value": 0.4, "effect": 0.25}],
        }
        assert "boilerplate" not in scores("good.txt")[0][0]["paragraphs"][0]

    def test_careful_is_handed_on_to_the_scorer(self):
        roles = [
            scores(*options, "good.txt")[0][0]["paragraphs"][0]["role"] for options in ((), ("--careful",))
        ]
        assert roles == ["boilerplate", "content"]

    def test_the_policy_is_used_and_an_unknown_one_lists_the_known(self):
        assert scores("--policy", "strict", "good.txt")[0][0]["verdict"] == "review"
        done = run("score", "--policy", "lax", "good.txt")
        assert done.exit_code == 2
        assert "unknown policy 'lax'; the model knows default, strict" in done.stderr

    def test_a_rule_pack_that_cannot_be_read_is_wrong_usage(self, folder):
        (folder / "house.toml").write_text("x = 1")
        done = run("score", "--rules", "house.toml", "good.txt")
        assert done.exit_code == 2
        assert "Invalid value for --rules: house.toml: unknown top-level keys" in done.stderr
        assert run("score", "--rules", "none.toml", "good.txt").exit_code == 2

    def test_terms_of_office_that_cannot_be_read_are_wrong_usage(self, folder):
        (folder / "county.csv").write_text("name,office\n")
        done = run("score", "--officials", "county.csv", "good.txt")
        assert done.exit_code == 2
        assert "Invalid value for --officials: county.csv: columns missing: person" in done.stderr

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            ("none", "the model 'none' cannot be used: no model 'none'; shipped are: default"),
            (
                "broken",
                "the model 'broken' cannot be used: weights.npz is not the file its card was written with",
            ),
        ],
    )
    def test_a_model_that_cannot_be_used_ends_with_3_before_anything_is_read(self, model, message):
        done = run("--model", model, "score", "good.txt")
        assert (done.exit_code, done.stdout, done.stderr) == (3, "", f"Error: {message}\n")

    def test_half_a_surrogate_pair_goes_through(self):
        (report,), code, _ = scores("--with-text", text='{"text": "bad \\ud800"}')
        assert (report["text"], code) == ("bad \ud800", 0)

    def test_a_name_cannot_command_the_terminal(self):
        done = run("score", "\x1b[2J.txt")
        assert done.stderr == "quality: <U+001B>[2J.txt: cannot be read: No such file or directory\n"

    def test_output_that_is_no_terminal_has_no_colour(self):
        assert "\x1b" not in run("score", "bad.txt").stdout

    def test_every_report_is_as_the_schema_says(self):
        for report in scores("--with-text", "good.txt", "some.jsonl", "bad.txt")[0]:
            jsonschema.validate(report, SCHEMA)

    def test_an_interruption_ends_with_130(self, monkeypatch):
        def interrupted(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr(StubScorer, "score_many", interrupted)
        done = run("score", "good.txt")
        assert (done.exit_code, done.stderr) == (130, "quality: nothing scored\nquality: interrupted\n")
        assert run("score", "good.txt", "--quiet").stderr == "quality: interrupted\n"


@pytest.mark.usefixtures("stub")
def test_a_process_of_many_leaves_ctrl_c_to_the_first(monkeypatch):
    calls = []
    monkeypatch.setattr(signal, "signal", lambda *arguments: calls.append(arguments))
    task = cli_score.Task("default", "jsonl")
    assert cli_score._scored_apart(task, [], os.getpid() + 1) == []
    assert calls == [(signal.SIGINT, signal.SIG_IGN)]
    # joblib calls it in the first one itself where it cannot start others
    assert cli_score._scored_apart(task, [], os.getpid()) == []
    assert len(calls) == 1


# ---- the other verbs ----


def test_help_and_version_load_neither_numpy_nor_a_model():
    for option in ("--help", "--version"):
        code = (
            f"import sys\nfrom quality.cli import main\nmain([{option!r}], standalone_mode=False)\n"
            "print(sorted(sys.modules))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        loaded = done.stdout.splitlines()[-1]
        assert "'click'" in loaded
        assert "'numpy'" not in loaded


def test_the_version_is_that_of_the_package():
    assert run("--version").output == f"quality {version('quality')}\n"


def test_rules_are_listed_by_name_tier_and_title():
    lines = run("rules").output.splitlines()
    assert any(line.split()[:2] == ["leak.chatbot", "hard"] for line in lines)
    assert lines == sorted(lines)
    family = run("rules", "leak").output.splitlines()
    assert family
    assert all(line.startswith("leak.") for line in family)


def test_a_rule_is_explained_with_its_examples_and_source():
    page = run("rules", "leak.chatbot").output
    assert page.startswith("leak.chatbot: ")
    for words in (
        "hard evidence",
        "message  ",
        "outside quotations",
        "Found:",
        "Left alone:",
        "source  own:",
    ):
        assert words in page


def test_features_are_listed_and_explained_with_unit_and_examples():
    assert any(line.startswith("mean_word_length") for line in run("features").output.splitlines())
    page = run("features", "mean_word_length").output
    for words in ("mean_word_length: ", "unit    characters", "Examples:", "undefined", "source  rae2021:"):
        assert words in page


def test_a_counted_feature_is_explained_as_the_rule_it_is():
    assert run("features", "leak.chatbot").output == run("rules", "leak.chatbot").output


def test_every_contribution_of_a_report_is_explained():
    report = quality.score("Rain is expected. " * 9 + "As of my last update, no ferry had sailed.")
    names = [c.feature for c in report.contributions]
    assert {"likeness", "leak.chatbot"} <= set(names)
    for name in (*names, "strange_kind", "filler_words"):
        assert run("features", name).output.startswith(f"{name}: ")
    listed = run("features", "terms").output.splitlines()
    assert [line.split()[0] for line in listed[:3]] == ["likeness", "strange_kind", "filler_words"]
    assert (
        "term of the reliability of a text; among its `contributions`" in run("features", "likeness").output
    )


def test_an_unknown_name_brings_the_nearest():
    done = run("rules", "leak.chatbt")
    assert done.exit_code == 2
    assert "there is no rule 'leak.chatbt'; did you mean leak.chatbot" in done.stderr
    done = run("features", "qqqqqq")
    assert (done.exit_code, "`quality features` lists them" in done.stderr) == (2, True)


def test_a_rule_pack_of_ones_own_is_listed_or_says_what_is_wrong(tmp_path):
    pack = tmp_path / "house.toml"
    pack.write_text('[[rule]]\nid = "house.a"\n')
    done = run("rules", "--rules", str(pack))
    assert done.exit_code == 2
    assert "house.toml: 2 faults\n  rule 'house.a': fields missing or empty: tier" in done.stderr
    assert "rule 'house.a': needs phrases, a lexicon or patterns" in done.stderr


HOUSE = """[[rule]]
id = "house.pride"
tier = "soft"
title = "pride"
message = "a firm praises itself"
why = "It is an advertisement."
source = "own"
phrases = ["proud to announce"]
hits = [["The brewery is proud to announce a cellar.", ["HIT"]]]
clean = ["The brewery has a cellar."]
"""


def test_a_rule_of_ones_own_must_find_what_its_examples_say(tmp_path):
    pack = tmp_path / "house.toml"
    pack.write_text(HOUSE.replace("HIT", "proud to announce"))
    done = run("rules", "--rules", str(pack), "house.pride")
    assert (done.exit_code, done.stderr) == (0, f"quality: {pack}: 1 rule, 2 examples held\n")
    pack.write_text(HOUSE.replace("HIT", "nothing"))
    done = run("rules", "--rules", str(pack))
    assert done.exit_code == 2
    assert "house.toml: rule 'house.pride'" in done.stderr
    assert "finds ['proud to announce']" in " ".join(done.stderr.split())


def test_all_faults_of_a_rule_pack_are_told_at_once(tmp_path):
    pack = tmp_path / "house.toml"
    sound = HOUSE.replace("HIT", "proud to announce")
    blocks = [
        sound.replace('"soft"', '"mild"').replace('title = "pride"', 'titel = "pride"'),
        sound.replace("house.pride", "leak.chatbot").replace('"own"', '"me"'),
        sound.replace("phrases", 'anchors = ["proud"]\npatterns = ["(proud", "$who are"]\nphrases'),
        sound.replace(
            "phrases = [", 'anchors = ["proud"]\npatterns = ["(proud"]\nphrases = ["$$ 5", 7, '
        ).replace("house.pride", "house.five"),
        sound.replace("phrases", 'anchors = ["proud"]\npatterns = ["(proud"]\nphrases'),
    ]
    pack.write_text("\n".join(blocks))
    done = run("score", "--rules", str(pack), text="One.")
    assert done.exit_code == 2
    told = done.stderr.partition("house.toml: ")[2].splitlines()
    expected = (
        "8 faults",
        "rule 'house.pride': unknown fields ['titel']",
        "rule 'house.pride': fields missing or empty: title",
        "rule 'house.pride': tier is 'mild'; expected one of hard, soft",
        "rule 'house.pride': $who names no list of [words]",
        "rule 'house.five': phrases is ['$$ 5', 7, 'proud to announce']; expected a list of strings",
        "rule 'leak.chatbot' is there already",
        "'leak.chatbot': source 'me' is not in",
        "rule house.pride: pattern '(proud' is not a regular expression",
    )
    assert len(told) == len(expected)
    for line, beginning in zip(told, expected, strict=True):
        assert line.strip().startswith(beginning)


def test_all_examples_that_do_not_hold_are_told_at_once(tmp_path):
    pack = tmp_path / "house.toml"
    pack.write_text(HOUSE.replace("HIT", "nothing").replace("has a cellar", "was proud to announce it"))
    done = run("rules", "--rules", str(pack))
    assert done.exit_code == 2
    assert "house.toml: 2 faults\n  rule 'house.pride': in 'The brewery is proud" in done.stderr
    assert "\n  rule 'house.pride': in 'The brewery was proud" in done.stderr


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("house.pride", "leak.chatbot"), "rule 'leak.chatbot' is there already"),
        (("house.pride", "filler.off_topic"), "rule 'filler.off_topic' is there already"),
        (("house.pride", "officeholder.mine"), "rule 'officeholder.mine' is there already"),
        (('"own"', '"me"'), "source 'me' is not in quality/data/sources.toml"),
    ],
)
def test_a_rule_of_ones_own_has_an_id_and_a_source_of_its_own(tmp_path, change, complaint):
    pack = tmp_path / "house.toml"
    pack.write_text(HOUSE.replace("HIT", "proud to announce").replace(*change))
    done = run("rules", "--rules", str(pack))
    assert done.exit_code == 2
    assert "house.toml: " in done.stderr
    assert complaint in " ".join(done.stderr.split())
    with pytest.raises(ValueError, match=complaint.split(" is ")[0]):
        quality.Scorer.load(rules=[pack])


def test_a_pack_without_rules_is_told_as_such(tmp_path):
    (tmp_path / "house.toml").write_text("# to be written\n")
    done = run("rules", "--rules", str(tmp_path / "house.toml"))
    assert done.exit_code == 0
    assert done.stderr.endswith("house.toml: no rule in it; a rule begins with [[rule]]\n")


def test_one_pack_may_not_be_given_twice(tmp_path):
    pack = tmp_path / "house.toml"
    pack.write_text(HOUSE.replace("HIT", "proud to announce"))
    assert run("rules", "--rules", str(pack), "--rules", str(pack)).exit_code == 2


def test_who_held_an_office_is_answered_or_denied():
    done = run("officials", "US Treasury Secretary", "--on", "2019-06-10")
    assert (done.exit_code, "Steven Mnuchin" in done.output) == (0, True)
    nobody = run("officials", "US Treasury Secretary", "--on", "1400-01-01")
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert (
        "the table knows the office but nobody who was 'US Treasury Secretary' on 1400-01-01" in nobody.stderr
    )
    later = run("officials", "US Treasury Secretary", "--on", "2031-01-01")
    assert "since 2025-01-28; the table ends on 2025-12-01, later changes are not in it\n" in later.stdout
    assert run("officials", "Keeper of the Cranes", "--on", "2019-06-10").exit_code == 2
    assert run("officials", "US Treasury Secretary", "--on", "June").exit_code == 2


@pytest.mark.usefixtures("stub")
def test_the_doctor_tells_versions_data_and_model_and_ends_with_3_without_one():
    done = run("doctor")
    assert done.exit_code == 0
    for words in (
        "quality  ",
        "Python   ",
        "numpy    ",
        "data     ",
        "model    default, digest 9f2c9f2c9f2c9f2c\n",
        "policies default, strict; a sentence scores 0.90\n",
    ):
        assert words in done.stdout
    broken = run("--model", "broken", "doctor")
    assert broken.exit_code == 3
    assert "quality: the model 'broken' cannot be used: weights.npz" in broken.stderr


def test_an_unknown_verb_or_option_is_wrong_usage():
    assert run("scroe").exit_code == 2
    assert run("score", "--fromat", "json").exit_code == 2


# ---- end to end, with the shipped model ----


def test_scoring_imports_no_library_of_learning():
    code = (
        "import sys\nfrom quality.cli import main\nmain(['score', '-'], standalone_mode=False)\n"
        "print(*[m for m in ('sklearn', 'scipy', 'joblib', 'datasketch', 'textstat') if m in sys.modules],"
        " file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=STORY, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "\n")
    assert "  -  " in done.stdout


def test_a_model_is_loaded_once_for_all_that_a_run_asks_of_it(tmp_path, monkeypatch):
    loaded = []
    load = Model.load
    monkeypatch.setattr(Model, "load", lambda folder: loaded.append(folder) or load(folder))
    cli.scorer_of.cache_clear()
    shared_model.cache_clear()
    (tmp_path / "ship.txt").write_text(STORY)
    assert run("score", "--policy", "strict", "--careful", str(tmp_path / "ship.txt")).exit_code == 0
    assert [folder.name for folder in loaded] == ["default"]
    shared_model.cache_clear()
    cli.scorer_of.cache_clear()
    engine.scorer_of.cache_clear()
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": STORY}) + "\n")
    more = ("--policy", "strict", "--dedup", "best", "-o", str(tmp_path / "out.jsonl"))
    assert run("filter", str(tmp_path / "in.jsonl"), *more).exit_code == 0
    assert [folder.name for folder in loaded] == ["default", "default"]


def test_several_processes_give_what_one_gives(tmp_path):
    lines = [json.dumps({"id": k, "text": f"{STORY} It was number {k}. " * 20}) for k in range(150)]
    with gzip.open(tmp_path / "some.jsonl.gz", "wt") as handle:
        handle.write("\n".join(lines))
    arguments = ["score", "--format", "jsonl", "some.jsonl.gz", "--jobs"]
    one, two = (
        subprocess.run([*COMMAND, *arguments, n], cwd=tmp_path, capture_output=True, text=True)
        for n in ("1", "2")
    )
    assert (one.returncode, two.returncode) == (0, 0)
    assert len(one.stdout.splitlines()) == 150
    assert one.stdout == two.stdout
    assert two.stderr == one.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_closed_pipe_ends_quietly(tmp_path, jobs):
    line = json.dumps({"text": STORY * 100}) + "\n"
    (tmp_path / "some.jsonl").write_text(line * 100)
    run = subprocess.Popen(
        [*COMMAND, "score", "--quiet", "--format", "jsonl", "--jobs", jobs, "some.jsonl"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout.read(1) == b"{"
    run.stdout.close()
    errors = run.stderr.read()
    run.stderr.close()
    assert (run.wait(), errors) == (0, b"")


def test_after_a_closed_pipe_no_more_is_read_and_no_process_is_killed_at_work(monkeypatch):
    killed, n_read = [], 0
    monkeypatch.setattr(
        "joblib._parallel_backends.LokyBackend.abort_everything", lambda *_, **__: killed.append("all")
    )

    def chunks():
        nonlocal n_read
        for n_read in range(1, 100_001):  # noqa: B007 - it is counted
            yield [Record("a", "", STORY)]

    results = cli_score._results(cli_score.Task("default", "jsonl"), chunks(), 2)
    assert json.loads(next(results).shown)["verdict"] == "keep"
    results.close()
    assert killed == []
    assert n_read < 100_000


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_control_c_ends_with_130_and_no_traceback(tmp_path, jobs):
    (tmp_path / "some.jsonl").write_text((json.dumps({"text": STORY}) + "\n") * 4000)
    run = subprocess.Popen(
        [*COMMAND, "score", "--format", "jsonl", "--jobs", jobs, "some.jsonl"],
        cwd=tmp_path,
        env=os.environ | {"JOBLIB_MULTIPROCESSING": "0"},  # so that 2 jobs are done one after the other
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout.read(1) == b"{"  # it is at work, and waits for someone to read on
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate()
    assert run.returncode == 130
    assert re.fullmatch(rb"quality: (\d+) scored: \1 keep\nquality: interrupted\n", errors)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_a_full_disk_is_told_and_ends_with_2(form):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "quality", "score", "--format", form]
        done = subprocess.run(command, input=STORY, stdout=full, stderr=subprocess.PIPE, text=True)
    message = "quality: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, message)


@pytest.mark.parametrize(
    ("redirection", "message"),
    [
        (">&-", "standard output is closed: there is nowhere to write to"),
        ("<&-", "standard input is closed, and no other FILE is given"),
    ],
)
def test_closed_standard_streams_are_told_and_end_with_2(redirection, message):
    command = f"{sys.executable} -m quality score {redirection}"
    done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
