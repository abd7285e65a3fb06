"""Imports run one way: each module names only what stands on floors below it."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "quality"
COLUMNS = {"columns", "text"}
BASE = COLUMNS | {"lexicon", "rules", "registry"}
# what each module of the package may import of it; "features" stands for any family
MAY_IMPORT = {
    "columns": set(),
    "segment": {"columns"},
    "text": {"columns", "segment"},
    "report": set(),
    "decoding": set(),
    "records": {"decoding"},
    "pattern": COLUMNS,
    "backtracking": set(),
    "lexicon": COLUMNS,
    "rules": COLUMNS | {"pattern", "backtracking", "lexicon"},
    "registry": COLUMNS | {"lexicon", "rules"},
    "minhash": COLUMNS,
    "topics": COLUMNS | {"lexicon"},
    "topic_inputs": COLUMNS | {"topics"},
    "officeholders": {"lexicon"},
    "mentions": COLUMNS | {"lexicon", "officeholders"},
    "dating": COLUMNS | {"mentions"},
    "hindsight": set(),
    "rightful": COLUMNS | {"lexicon", "dating", "hindsight", "mentions", "officeholders"},
    "copies": COLUMNS | {"lexicon"},
    "sketches": {"columns", "minhash"},
    "known": {"columns", "report", "rules", "sketches"},
    "index_file": COLUMNS | {"copies", "known", "minhash", "sketches"},
    "index": COLUMNS | {"index_file", "known", "report", "sketches"},
    "registers": COLUMNS | {"lexicon"},
    "masks": COLUMNS | {"lexicon"},
    "padding": COLUMNS | {"lexicon", "masks", "registers", "topics", "topic_inputs"},
    "section_rows": COLUMNS | {"lexicon", "rules", "topics"},
    "section_sentences": COLUMNS | {"lexicon", "rules", "section_rows"},
    "html": {"columns", "decoding", "lexicon", "records", "html"},
    "features": BASE
    | {
        "copies",
        "minhash",
        "registers",
        "masks",
        "padding",
        "section_rows",
        "section_sentences",
        "topics",
        "topic_inputs",
        "officeholders",
        "mentions",
        "dating",
        "rightful",
    },
    "evidence": BASE | {"features", "copies", "padding", "registers", "report"},
    "trees": {"columns"},
    "second_look": BASE,
    "model": BASE | {"features", "report", "trees"},
    "matrices": BASE | {"features", "evidence", "model", "second_look", "trees"},
    "scorer": BASE
    | {
        "matrices",
        "features",
        "evidence",
        "model",
        "report",
        "records",
        "officeholders",
        "mentions",
        "html",
        "index",
    },
    "journal": set(),
    "counts": set(),
    "processes": set(),
    "beside": {"sketches"},
    "clusters": COLUMNS | {"beside", "minhash", "sketches"},
    "lines": COLUMNS | {"beside", "copies", "known", "minhash", "report", "sketches"},
    "containers": {"decoding", "records"},
    "folders": {"decoding", "records", "containers", "journal"},
    "warc": {"decoding"},
    "archives": {"decoding", "records", "containers", "warc"},
    "decisions": {"segment", "evidence", "records", "report", "containers", "clusters", "lines"},
    "filter": COLUMNS
    | {
        "records",
        "report",
        "scorer",
        "containers",
        "folders",
        "decisions",
        "archives",
        "journal",
        "index",
        "index_file",
        "beside",
        "clusters",
        "lines",
        "counts",
        "processes",
    },
    "catalogue": BASE | {"features", "known", "evidence", "second_look"},
    "misfires": {"records", "rules", "scorer"},
    "render": COLUMNS | {"report", "render"},
}
MAY_IMPORT["learn"] = set(MAY_IMPORT) | {"learn"}
VERBS = {"cli_catalogue", "cli_index", "cli_learning", "cli_pipelines", "cli_score"}
MAY_IMPORT["cli"] = set(MAY_IMPORT) | VERBS
MAY_IMPORT |= {name: set(MAY_IMPORT) for name in VERBS}
# the adapters stand beside the command line, and nothing stands on them
MAY_IMPORT["integrations"] = {"columns", "records", "report", "scorer", "integrations"}
# the front door may open any room but the command line
MAY_IMPORT["__init__"] = set(MAY_IMPORT) - {"integrations", "cli"} - VERBS
MAY_IMPORT["__main__"] = {"cli"}


def imported(path):
    """Modules of the package that a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write the whole name instead of a relative import"
            names = [
                f"{node.module}.{a.name}" if node.module == "quality" else node.module for a in node.names
            ]
        names = [n for n in names if n.startswith("quality.") and n != "quality.__version__"]
        yield from (name.split(".", 1)[1] for name in names)


def test_every_module_imports_only_from_floors_below():
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).with_suffix("").parts
        assert own[0] in MAY_IMPORT, f"{path}: a new module; say in MAY_IMPORT where it stands"
        wrong = {name for name in imported(path) if name.split(".")[0] not in MAY_IMPORT[own[0]]}
        if own in (("features", "__init__"), ("render", "__init__"), ("html", "__init__")):
            wrong = {name for name in wrong if name.split(".")[0] != own[0]}
        assert not wrong, f"{path} imports {', '.join(sorted(wrong))}"


def test_adapters_share_the_rater_and_know_nothing_of_one_another():
    for path in (PACKAGE / "integrations").glob("*.py"):
        others = {name for name in imported(path) if name.startswith("integrations.")}
        assert all(name.split(".")[1] == "rater" for name in others), path


def test_adapters_are_thin():
    lengths = {
        path.stem: len(path.read_text("utf8").splitlines())
        for path in (PACKAGE / "integrations").glob("*.py")
    }
    del lengths["rater"]
    assert max(lengths.values()) <= 80, lengths
