"""An evaluation as tables and lists in words, and as a page for a terminal.

Reads the plain values that quality/learn/evaluate.py gives. The HTML page
(quality/render/evaluation_html.py) shows the same tables, so both say the same.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quality.render.terminal import TERMS, counted, visible
from quality.report import ROLES

Evaluation = Mapping[str, Any]

# How much of each table and list a terminal page shows; the HTML page and JSON have all of it.
N_TERMINAL_ROWS, N_TERMINAL_ITEMS, NAME_LENGTH, WIDTH = 12, 5, 44, 100

METRIC_NAMES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "caught_at_1": "caught at 1 %",
    "caught_at_5": "caught at 5 %",
    "brier": "Brier",
    "ece": "ECE",
}


@dataclass(frozen=True)
class Table:
    """Rows of words under a header; the first column is a name, the others are figures."""

    key: str
    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Item:
    """A text in a list: its name and figures, and why it is there."""

    head: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    """Texts to read, with why."""

    key: str
    title: str
    note: str
    items: tuple[Item, ...]


def number(value: float | None, digits: int = 3) -> str:
    """A figure, "-" where it is undefined."""
    return "-" if value is None else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """A share in percent, "-" where it is undefined."""
    return "-" if value is None else f"{100 * value:.1f} %"


def between(figure: Mapping[str, float | None] | None, digits: int = 3) -> str:
    """A figure with its 95 % interval."""
    if figure is None or figure["value"] is None:
        return "-"
    if figure["low"] is None or figure["high"] is None:
        return number(figure["value"], digits)
    return f"{number(figure['value'], digits)} ({number(figure['low'], digits)}-{number(figure['high'], digits)})"


def _share(n: int, whole: int) -> str:
    return percent(n / whole) if whole else "-"


def summary(evaluation: Evaluation) -> str:
    """What was measured, in a sentence."""
    read = evaluation["read"]
    n = read["reliable"] + read["unreliable"]
    named = evaluation["macro"]["n_corpora"]
    parts = [
        f"{counted(n, 'text')} with a label ({read['reliable']:,} reliable, {read['unreliable']:,} unreliable)"
    ]
    parts.append(
        f"in {counted(read['groups'], 'group')}; {named} of {len(evaluation['corpora'])} corpora give figures"
    )
    others = [(read["unclear"], "unclear"), (read["unlabelled"], "without a label")]
    others += [
        (read["without_words"], "without words"),
        (n_problems := read.get("problems", 0), f"problem{'s' * (n_problems != 1)} in the input"),
    ]
    rest = ", ".join(f"{count:,} {what}" for count, what in others if count)
    return f"{' '.join(parts)}{f'; left out: {rest}' if rest else ''}."


def model_line(evaluation: Evaluation) -> str:
    """Which model was measured, by which policy and seed."""
    model, policy = _model(evaluation.get("model", {})), evaluation.get("policy", "?")
    return f"Model {model}, policy {policy}, seed {evaluation['seed']}"


def _model(model: Mapping[str, Any]) -> str:
    return visible(f"{model.get('name', '?')} ({str(model.get('digest', '?'))[:12]})")


def tables(evaluation: Evaluation) -> list[Table]:
    """All tables that have a row, in the order of the page."""
    made = [
        _ranking(evaluation),
        *([_unseen(evaluation["unseen"])] if evaluation.get("unseen") else ()),
        _calibration(evaluation),
        _decisions(evaluation),
        _precision(evaluation),
        *(_compared(evaluation["compare"]) if evaluation.get("compare") else ()),
        _slices(evaluation),
        *(_paragraphs(evaluation["paragraphs"], n) for n in (8, 0)),
        *_probes(evaluation),
        _rules(evaluation),
    ]
    return [table for table in made if table.rows]


def _ranking(evaluation: Evaluation) -> Table:
    names = ("auc", "average_precision", "caught_at_1", "caught_at_5")
    rows = [
        (
            c["corpus"],
            f"{c['reliable']:,}",
            f"{c['unreliable']:,}",
            *(between(c[name]) for name in names),
            percent(c["smallest_rate"]),
        )
        for c in evaluation["corpora"]
    ]
    macro = evaluation["macro"]
    if len(rows) > 1 and macro["n_corpora"]:
        rows.append(("mean of corpora", "", "", *(between(macro[name]) for name in names), ""))
    return Table(
        "ranking",
        "Ranking",
        "How well reliability orders texts. Caught: share of unreliable texts below a line that so many of the "
        "reliable ones fall under; '-' where the smallest share the sample can show is larger. In brackets: 95 % "
        "intervals, groups drawn anew.",
        ("corpus", "reliable", "unreliable", *(METRIC_NAMES[name] for name in names), "smallest"),
        tuple(rows),
    )


def _unseen(unseen: Mapping[str, Any]) -> Table:
    return replace(
        _ranking(unseen),
        key="unseen",
        title="Ranking of texts that the model has not learnt from",
        note=f"Without the {unseen['learnt']:,} texts that are among those the model was made from. Other versions of "
        "the same story may be left.",
    )


def _calibration(evaluation: Evaluation) -> Table:
    rows = [
        (
            c["corpus"],
            between(c["brier"]),
            between(c["ece"]),
            number(c["mean_reliability"]),
            number(c["reliable_share"]),
        )
        for c in evaluation["corpora"]
    ]
    macro = evaluation["macro"]
    if len(rows) > 1 and macro["n_corpora"]:
        rows.append(("mean of corpora", between(macro["brier"]), between(macro["ece"]), "", ""))
    return Table(
        "calibration",
        "Calibration",
        "Whether a reliability of .8 is right in 8 of 10. The model's base rate is that of its own mix, not of these "
        "files: compare the last two columns before blaming it.",
        ("corpus", "Brier", "ECE", "mean reliability", "share reliable"),
        tuple(rows),
    )


def _decisions(evaluation: Evaluation) -> Table:
    rows = []
    for c in evaluation["corpora"]:
        cells = [c["corpus"]]
        for label in ("reliable", "unreliable"):
            n = c[label]
            cells += [_share(c["verdicts"][label][v], n) for v in ("drop", "review", "unsure")]
        rows.append(tuple(cells))
    return Table(
        "decisions",
        "Decisions",
        "What the policy does with the texts. The first column of figures is the one to keep small.",
        (
            "corpus",
            "reliable dropped",
            "reliable reviewed",
            "reliable unsure",
            "unreliable dropped",
            "unreliable reviewed",
            "unreliable unsure",
        ),
        tuple(rows),
    )


def _precision(evaluation: Evaluation) -> Table:
    by_flag: dict[str, list[Mapping[str, Any]]] = {}
    for row in evaluation["precision"]:
        by_flag.setdefault(row["flag"], []).append(row)
    prevalences = list(dict.fromkeys(row["prevalence"] for row in evaluation["precision"]))
    rows = [
        (
            flag,
            percent(some[0]["caught"]),
            percent(some[0]["false_alarms"]),
            *(_at_least(r["precision"], r["low"]) for r in some),
        )
        for flag, some in by_flag.items()
    ]
    return Table(
        "precision",
        "Precision where unreliable texts are rare or common",
        "Share of flagged texts that are unreliable, if so many of all texts are; shares averaged over corpora. 'At "
        "least' takes the bad end of both shares' 95 % intervals.",
        (
            "flagged",
            "unreliable caught",
            "reliable flagged",
            *(f"{100 * p:.0f} % unreliable" for p in prevalences),
        ),
        tuple(rows),
    )


def _at_least(value: float | None, low: float | None) -> str:
    return "-" if value is None else f"{number(value, 2)} (at least {number(low, 2)})"


def _compared(compared: Mapping[str, Any]) -> list[Table]:
    moves = [(f"{m['from']} to {m['to']}", f"{m['texts']:,}") for m in compared["moves"]]
    other = _model(compared.get("model", {}))
    unseen = compared.get("unseen")
    return [
        Table(
            "compare",
            f"{other} less this model",
            "Differences with paired 95 % intervals: both models on the same draws. Brier and ECE are better when lower. "
            f"The verdict changes on {percent(compared['changed'])} of the texts.",
            ("corpus", *METRIC_NAMES.values()),
            _difference_rows(compared),
        ),
        Table(
            "compare_unseen",
            f"{other} less this model, on texts that neither has learnt from",
            f"Without the {unseen['learnt']:,} texts that one of them was made from. The verdict changes on "
            f"{percent(unseen['changed'])} of the rest."
            if unseen
            else "",
            ("corpus", *METRIC_NAMES.values()),
            _difference_rows(unseen) if unseen else (),
        ),
        Table(
            "moves",
            "Verdicts that change",
            "This model's, then the other's.",
            ("verdict", "texts"),
            tuple(moves),
        ),
    ]


def _difference_rows(compared: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    rows = [(c["corpus"], *(_signed(c[name]) for name in METRIC_NAMES)) for c in compared["corpora"]]
    if len(rows) > 1:
        rows.append(("mean of corpora", *(_signed(compared["macro"][name]) for name in METRIC_NAMES)))
    return tuple(rows)


def _signed(figure: Mapping[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "-"
    parts = [f"{figure[key]:+.3f}" if figure[key] is not None else "-" for key in ("value", "low", "high")]
    return f"{parts[0]} ({parts[1]} to {parts[2]})"


def _slices(evaluation: Evaluation) -> Table:
    rows = []
    for s in evaluation["slices"]:
        against = f", with all {s['against']}" if s["against"] and s["auc"] else ""
        rows.append(
            (
                f"{s['by']}: {s['value']}{against}",
                f"{s['reliable']:,}",
                f"{s['unreliable']:,}",
                between(s["auc"]),
                between(s["caught_at_5"]),
                between(s["ece"]),
                _share(s["verdicts"]["reliable"]["drop"], s["reliable"]),
                _share(s["verdicts"]["reliable"]["review"], s["reliable"]),
                _share(s["verdicts"]["unreliable"]["drop"], s["unreliable"]),
            )
        )
    return Table(
        "slices",
        "Slices",
        "Means over the corpora with 20 texts of either label in the slice, '-' where there is none. A kind that has one "
        "label alone is measured with the texts of the other label in its corpora.",
        (
            "slice",
            "reliable",
            "unreliable",
            "AUC",
            "caught at 5 %",
            "ECE",
            "reliable dropped",
            "reliable reviewed",
            "unreliable dropped",
        ),
        tuple(rows),
    )


def _paragraphs(rows: Sequence[Mapping[str, Any]], n_words_low: int) -> Table:
    some = [row for row in rows if row["n_words_low"] == n_words_low]
    return Table(
        f"paragraphs-{n_words_low}",
        f"Paragraphs of {n_words_low} words or more" if n_words_low else "All paragraphs",
        "F1 of each role where paragraphs have labels, and the share of words of content that was called something else.",
        ("corpus", "texts", "paragraphs", *(f"{role} F1" for role in ROLES), "content words lost"),
        tuple(
            (
                row["corpus"],
                f"{row['texts']:,}",
                f"{row['paragraphs']:,}",
                *(number(row["roles"][role]["f1"]) for role in ROLES),
                percent(row["content_words_lost"]),
            )
            for row in some
        ),
    )


def _probes(evaluation: Evaluation) -> list[Table]:
    probes = evaluation.get("probes")
    if not probes or not probes["baselines"]:
        return []
    corpora = list(probes["baselines"][0]["auc"])
    scorers = probes["baselines"]
    rows = [(c, *(number(b["auc"][c]) for b in scorers)) for c in corpora]
    if len(corpora) > 1:
        rows.append(("mean of corpora", *(number(b["macro"]) for b in scorers)))
    mixed = probes["shuffled"]
    return [
        Table(
            "baselines",
            "Baselines on the same texts",
            "AUC of simple models that learn from these very labels, corpus by corpus, in other folds of groups: an advantage the model under "
            "test does not have, unless it was trained on them. Length and format say nothing of what a text says: where they "
            "come near, so may anything. With labels shuffled within each corpus this model has a mean AUC of "
            f"{number(mixed['mean'])} (95 % of {mixed['rounds']} rounds: {number(mixed['low'])} to {number(mixed['high'])}); "
            "it must be about .5.",
            ("corpus", *(b["name"] for b in scorers)),
            tuple(rows),
        )
    ]


def _rules(evaluation: Evaluation) -> Table:
    sums = {label: sum(c[label] for c in evaluation["corpora"]) for label in ("reliable", "unreliable")}
    return Table(
        "rules",
        "Findings",
        "Texts with a finding of each rule. A hard rule on reliable texts deserves a look at each of them.",
        ("rule", "tier", "reliable", "unreliable", "of reliable", "of unreliable"),
        tuple(
            (
                r["rule"],
                r["tier"],
                f"{r['reliable']:,}",
                f"{r['unreliable']:,}",
                _share(r["reliable"], sums["reliable"]),
                _share(r["unreliable"], sums["unreliable"]),
            )
            for r in evaluation["rules"]
        ),
    )


def listings(evaluation: Evaluation) -> list[Listing]:
    """All lists of texts, in the order of the page; those asked for stay, even when empty."""
    made = [
        Listing(
            "false_alarms",
            "Reliable texts with the lowest reliability",
            "Read these first: is the label wrong, or a rule?",
            tuple(map(_item, evaluation["false_alarms"])),
        ),
        Listing(
            "misses",
            "Unreliable texts with the highest reliability",
            "What the model does not see.",
            tuple(map(_item, evaluation["misses"])),
        ),
    ]
    made = [listing for listing in made if listing.items]
    if evaluation.get("suspects") is not None:
        made.append(
            Listing(
                "suspects",
                f"Labels to check ({len(evaluation['suspects'])})",
                "A simple model of the other texts is surer of the other label than it usually is of that label.",
                tuple(map(_suspect, evaluation["suspects"])),
            )
        )
    if evaluation.get("next") is not None:
        made.append(
            Listing(
                "next",
                f"Texts to label next ({len(evaluation['next'])})",
                "Half uncertain, a third unlike anything labelled, the rest at random.",
                tuple(
                    Item(
                        f"{_name(row)}: {row['reason']}",
                        (visible(row["why"]), f"begins: {visible(row['opening'])}"),
                    )
                    for row in evaluation["next"]
                ),
            )
        )
    return made


def _name(row: Mapping[str, Any]) -> str:
    return f"{visible(row['id'])} ({visible(row['corpus'])})"


def _item(row: Mapping[str, Any]) -> Item:
    head = f"{_name(row)}: reliability {number(row['reliability'])}, {row['verdict']}, {visible(row['kind'])}"
    head += ", learnt from" * bool(row.get("learnt"))
    return Item(head, _why(row))


def _suspect(row: Mapping[str, Any]) -> Item:
    head = (
        f"{_name(row)}: given {row['given']}, suggested {row['suggested']} ({number(row['probability'], 2)})"
    )
    because = [f"because of {', '.join(map(visible, row['because']))}"] if row["because"] else []
    return Item(head, (*because, *_why(row)))


def _why(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Findings in their own words, or how the text begins; then what weighed most."""
    lines = [
        f"{visible(f['rule'])} ({f['tier']}): {visible(f['message'])}"
        + ("" if f["text"] and f["text"] in f["message"] else f" “{visible(f['text'])}”")
        for f in row["findings"]
    ]
    lines.append(f"begins: {visible(row['opening'])}")
    weighed = [f"{_term(e['feature'], e['effect'])} {e['effect']:+.2f}" for e in row["effects"]]
    return (*lines, f"weighed: {'; '.join(weighed)}" if weighed else "weighed: nothing")


def _term(name: str, effect: float) -> str:
    return TERMS[name][effect < 0] if name in TERMS else visible(name)


def page(evaluation: Evaluation, width: int = WIDTH) -> str:
    """The evaluation for a terminal; long tables and lists are cut and say so."""
    width = max(width, 60)
    parts = ["\n".join([*_wrapped(model_line(evaluation), width), *_wrapped(summary(evaluation), width)])]
    if evaluation["notes"]:
        parts.append(
            "\n".join(
                line for note in evaluation["notes"] for line in _wrapped(f"Note: {visible(note)}.", width)
            )
        )
    parts += [_shown(table, width) for table in tables(evaluation)]
    for listing in listings(evaluation):
        lines = [listing.title, *_wrapped(listing.note, width)]
        for item in listing.items[: len(listing.items) if listing.key == "next" else N_TERMINAL_ITEMS]:
            lines.append(f"  {textwrap.shorten(item.head, width - 2, placeholder=' …')}")
            lines += [f"    {textwrap.shorten(line, width - 4, placeholder=' …')}" for line in item.lines]
        left = len(listing.items) - N_TERMINAL_ITEMS
        if left > 0 and listing.key != "next":
            lines.append(f"  and {left} more: --report or --format json")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width)


def _shown(table: Table, width: int) -> str:
    rows = list(table.rows)
    if table.key == "rules":  # all hard ones, of the soft ones those found in most texts
        soft = sorted(
            (r for r in rows if r[1] == "soft"), key=lambda r: -sum(_count(cell) for cell in r[2:4])
        )
        rows = [r for r in rows if r[1] == "hard" or r in soft[:N_TERMINAL_ROWS]]
    elif table.key == "slices":  # years and kinds can be many: those with a figure
        many = {by for by, n in Counter(_by(r) for r in rows).items() if n > N_TERMINAL_ROWS}
        rows = [r for r in rows if _by(r) not in many or r[3] != "-"]
    elif table.key == "moves":
        rows = rows[:N_TERMINAL_ROWS]
    lines = [table.title, *_wrapped(table.note, width)]
    lines += _columns([table.header, *rows], width) if rows else []
    left = len(table.rows) - len(rows)
    return "\n".join([*lines, f"  and {left} more: --report or --format json"] if left else lines)


def _by(row: Sequence[str]) -> str:
    return row[0].partition(":")[0]


def _count(cell: str) -> int:
    return int(cell.replace(",", ""))


def _columns(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """A header and rows in columns; those that do not fit are set in a further block under the first column."""
    header, *rest = [[_short(visible(cell)) for cell in row] for row in rows]
    sizes = [max(len(row[k]) for row in rest) for k in range(len(header))]
    sizes = [max(size, *map(len, cell.split(" ")), 1) for size, cell in zip(sizes, header, strict=True)]
    broken = [textwrap.wrap(cell, size) for cell, size in zip(header, sizes, strict=True)]
    blocks: list[list[int]] = [[]]
    room = width - 2 - sizes[0]
    for k in range(1, len(sizes)):
        if blocks[-1] and sum(sizes[j] + 2 for j in [*blocks[-1], k]) > room:
            blocks.append([])
        blocks[-1].append(k)
    lines: list[str] = []
    for block in blocks:
        lines += [""] * bool(lines)
        height = max(len(broken[k]) for k in (0, *block))
        heads = [[""] * (height - len(some)) + some[:height] for some in broken]
        for row in [*zip(*heads, strict=True), *rest]:
            cells = "".join(f"  {row[k]:>{sizes[k]}}" for k in block)
            lines.append(f"  {row[0]:<{sizes[0]}}{cells}".rstrip())
    return lines


def _short(cell: str) -> str:
    return cell if len(cell) <= NAME_LENGTH else f"{cell[: NAME_LENGTH - 1]}…"
