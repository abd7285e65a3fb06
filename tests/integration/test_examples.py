"""Examples of docs/pipelines.md do what they say: what is printed is what stands behind the line."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pipelines.md").read_text("utf8")
FIRST, *EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def adapter(code):
    return re.search(r"from quality\.integrations\.(\w+) import", code)[1]


def test_every_adapter_has_an_example():
    modules = {path.stem for path in (ROOT / "quality" / "integrations").glob("*.py")} - {"__init__", "rater"}
    assert {adapter(code) for code in EXAMPLES} == modules


@pytest.mark.parametrize("code", EXAMPLES, ids=adapter)
def test_an_example_prints_what_stands_behind_the_line(code, tmp_path):
    for package in re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE):
        pytest.importorskip(package)
    shutil.copytree(ROOT / "labelled" / "examples", tmp_path / "labelled" / "examples")
    (tmp_path / "example.py").write_text(FIRST + code, "utf8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    printed = [line for line in done.stdout.splitlines() if "INFO" not in line]
    assert printed == re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE) != []


@pytest.mark.parametrize("code", EXAMPLES, ids=adapter)
def test_an_example_takes_ten_lines_at_most(code):
    assert len([line for line in code.splitlines() if line]) <= 10
