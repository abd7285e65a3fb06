"""Write docs/features.md, the table of every feature, rule and term, from their declarations.

python scripts/build_docs.py            write it
python scripts/build_docs.py --check    exit with 1 when it is not what would be written
"""

from __future__ import annotations

import sys
from pathlib import Path

from quality.catalogue import known_features, known_rules, known_terms
from quality.lexicon import sources
from quality.registry import Feature
from quality.rules import Rule

PAGE = Path(__file__).parents[1] / "docs" / "features.md"

HEAD = """\
# Features and rules

Written by `scripts/build_docs.py` from the declarations in `quality/features/`, `quality/data/rules/` and `quality/evidence.py`:
change those, then run `make docs`. More of each, with examples, tell `quality features NAME` and
`quality rules NAME`.
"""


def page() -> str:
    features, rules = known_features(), known_rules()
    used = {f.source for f in features} | {r.source for r in rules}
    listed = [(key, entry) for key, entry in sources().items() if key in used]
    return "\n".join(
        [
            HEAD,
            "## Measured features\n",
            "A number of a paragraph or document; undefined where there is nothing to measure.\n",
            "| feature | family | unit | of | source | definition |",
            "| --- | --- | --- | --- | --- | --- |",
            *(feature_row(f) for f in features),
            "\n## Rules\n",
            "A rule gives findings; their number, in its unit, is its value.\n",
            "| rule | tier | unit | source | finds | why it counts |",
            "| --- | --- | --- | --- | --- | --- |",
            *(rule_row(r) for r in rules),
            "\n## Terms of the score\n",
            "What the models weigh besides rules. Those of documents stand in a report's `contributions`, with the rules by their ids.\n",
            "| term | of | definition |",
            "| --- | --- | --- |",
            *(row(f"`{t.name}`", t.of, t.definition) for t in known_terms()),
            "\n## Sources\n",
            "| key | title | licence |",
            "| --- | --- | --- |",
            *(row(f"`{key}`", entry["title"], entry["licence"]) for key, entry in listed),
            "",
        ]
    )


def feature_row(f: Feature) -> str:
    return row(f"`{f.name}`", f.family, f.unit, f.of, f"`{f.source}`", f.definition)


def rule_row(r: Rule) -> str:
    return row(f"`{r.id}`", r.tier, r.unit, f"`{r.source}`", r.title, r.why)


def row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def main() -> int:
    written = PAGE.read_text("utf8") if PAGE.exists() else ""
    if "--check" in sys.argv[1:]:
        if written == page():
            return 0
        print("docs/features.md is not up to date: run python scripts/build_docs.py", file=sys.stderr)
        return 1
    PAGE.write_text(page(), "utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
