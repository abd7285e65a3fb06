"""Pages that are generated are current, and pages that are written agree with the code."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import jsonschema
import pytest

from quality.cli import main
from quality.decisions import MODES
from quality.learn.train import POLICY_RATES
from quality.records import COMMON_NAMES
from quality.report import DOUBTS
from quality.rules import QUOTED, TIERS, UNITS, WHERE, Rule, RulePack
from quality.text import Batch

ROOT = Path(__file__).parents[1]
OUTPUT = (ROOT / "docs" / "output.md").read_text("utf8")
RULES = (ROOT / "docs" / "rules.md").read_text("utf8")
PAGES = [p for p in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if p.exists()]
SCHEMA = json.loads((ROOT / "quality" / "data" / "output.schema.json").read_text("utf8"))


def code(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def commands():
    """Every command with its name, the group itself first."""
    found = [("", main)]
    for name in main.list_commands(None):
        command = main.get_command(None, name)
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [
                (f"{name} {verb}", command.get_command(None, verb)) for verb in command.list_commands(None)
            ]
    return found


def command_lines():
    """Every line of the pages and help texts that calls quality."""
    for path in PAGES:
        for block in re.findall(r"^```.*?\n(.*?)^```", path.read_text("utf8"), re.DOTALL | re.MULTILINE):
            yield from re.findall(r"^\$? ?(quality .*)$", block, re.MULTILINE)
        yield from re.findall(r"`(quality [^`]*)`", path.read_text("utf8"))
    for _, command in commands():
        yield from re.findall(r"^\s+.*?(quality \w.*)$", command.help, re.MULTILINE)


def test_the_page_of_features_and_rules_is_current():
    script = [sys.executable, str(ROOT / "scripts" / "build_docs.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_and_option_has_a_help_text():
    for name, command in commands():
        assert command.help, f"{name} has no docstring"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts[0]} has no help"


def test_every_command_shows_at_least_one_example():
    for name, command in commands():
        assert re.search(r"^ *To .*:\n +quality ", command.help, re.MULTILINE), (
            f"{name or 'quality'} shows none"
        )


def test_every_command_line_in_the_pages_exists():
    options = {name: {o for p in c.params for o in p.opts} for name, c in commands()}
    seen = 0
    for line in command_lines():
        words = line.split(" > ")[0].split(" | ")[0].split()[1:]
        verbs = [w for w in words if w in options]
        if not verbs and not any(w.startswith("-") for w in words):
            assert not words or not words[0].isalpha(), f"no such command: {line}"
        verb = " ".join(words[:2]) if " ".join(words[:2]) in options else verbs[0] if verbs else ""
        known = options[""] | options[verb]
        unknown = [w for w in words if w.startswith("--") and w not in known | {"--help"}]
        assert not unknown, f"{line}: unknown {unknown}"
        seen += 1
    assert seen > 10


def test_the_page_on_output_describes_every_field():
    for name in SCHEMA["properties"]:
        assert re.search(rf"^\| .*`{name}`.* \|", OUTPUT, re.MULTILINE), f"{name} is missing"


def test_the_page_on_output_explains_every_doubt():
    assert all(f"`{doubt}`" in OUTPUT for doubt in DOUBTS)


def test_the_report_shown_is_as_the_schema_says():
    (shown,) = code(OUTPUT, "json")
    report = json.loads(shown)
    jsonschema.validate(report, SCHEMA)
    assert set(report) == set(SCHEMA["required"])


def test_the_page_on_output_lists_the_common_names_in_their_order():
    for names in COMMON_NAMES.values():
        assert ", ".join(f"`{name}`" for name in names) in OUTPUT


def test_the_page_on_output_lists_the_options_for_field_names():
    for option in ("--id-field", "--text-field", "--title-field", "--date-field"):
        assert f"| `{option}` |" in OUTPUT


def test_policies_are_explained_as_the_shipped_model_has_them():
    card = json.loads((ROOT / "models" / "default" / "card.json").read_text("utf8"))
    rows = [
        f"| `{name}` | {policy['keep']} | {policy['drop']} | {100 * review:g} % | {100 * drop:g} % |"
        for name, policy in card["policies"].items()
        for review, drop in [POLICY_RATES[name]]
    ]
    assert "\n".join(rows) in OUTPUT
    (option,) = (p for p in main.commands["score"].params if p.name == "policy")
    assert all(name in option.help for name in card["policies"])
    for policy in card["policies"].values():
        assert f"under {policy['n_words_low']} words of content" in OUTPUT
        assert f"under {100 * policy['stop_word_share_low']:g} in 100" in OUTPUT


def test_the_page_on_pipelines_explains_every_reason_and_mode():
    page = (ROOT / "docs" / "filter.md").read_text("utf8")
    sources = [ROOT / "quality" / f"{name}.py" for name in ("archives", "containers", "filter")]
    reasons = {
        reason for path in sources for reason in re.findall(r'Fault\([^")]*"(\w+)"', path.read_text("utf8"))
    }
    assert {"not_json", "too_large", "scoring_failed"} < reasons
    for reason in reasons:
        assert f"`{reason}`" in page, f"{reason} is missing"
    assert all(f"| `{mode}` |" in page for mode in MODES)
    for reason in ("below_keep", "below_threshold", "nothing_left"):
        assert f"`{reason}`" in OUTPUT


def test_what_filter_adds_is_shown_as_it_is():
    (shown,) = code(OUTPUT, "json filter")
    assert set(json.loads(shown)) == {"reliability", "verdict", "policy", "reasons", "model"}


def test_the_page_on_rules_describes_every_field_and_value():
    assert set(re.findall(r"^\| `(\w+)` \| ", RULES, re.MULTILINE)) == set(Rule.__dataclass_fields__)
    for value in (*UNITS, *WHERE, *TIERS, *QUOTED):
        assert f"`{value}`" in RULES, f"{value!r} is missing"


@pytest.fixture
def shown_pack(tmp_path):
    (shown,) = code(RULES, "toml")
    (tmp_path / "house.toml").write_text(shown, "utf8")
    return RulePack.load(tmp_path / "house.toml"), tomllib.loads(shown)["rule"][0]


def test_the_rule_shown_finds_what_it_says_and_nothing_else(shown_pack):
    pack, rule = shown_pack
    for text, spans in [*rule["hits"], *((text, []) for text in rule["clean"])]:
        batch = Batch.of([text])
        (found,) = pack.find(batch)
        assert [text[s:e] for s, e in zip(found.start, found.end, strict=True)] == spans


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("skip to {content,main content}", "Skip to main content", True),
        ("based on {,the} provided text", "Based on provided text.", True),
        ("based on {,the} provided text", "Based on the provided text.", True),
        ("rewrit*", "They were rewriting it.", True),
        (", experts say", "It will rain, experts say.", True),
        (", experts say", "It will rain experts say.", False),
    ],
)
def test_phrases_mean_what_the_page_says(phrase, text, found):
    assert f"| `{phrase}` |" in RULES
    rule = Rule("a.b", "soft", "t", "m", "w", "own", phrases=(phrase,))
    (spans,) = RulePack([rule]).find(Batch.of([text]))
    assert bool(len(spans)) is found


@pytest.mark.parametrize("pattern", ["(ab+)+", "x.*y", "x.+y", "(ab)*"])
def test_patterns_that_may_be_slow_are_refused_as_the_page_says(pattern, tmp_path):
    path = tmp_path / "house.toml"
    path.write_text(PACK % pattern, "utf8")
    with pytest.raises(ValueError, match="may take more than linear time"):
        RulePack.load(path)


PACK = """
[[rule]]
id = "house.slow"
tier = "soft"
title = "t"
message = "{text}"
why = "w"
source = "own"
patterns = ['%s']
anchors = ["x"]
hits = [["x", ["x"]]]
clean = ["y"]
"""
