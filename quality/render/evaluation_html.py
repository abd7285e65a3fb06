"""An evaluation as one HTML file: no script, nothing loaded, every word of a text escaped.

The tables and lists are those of the terminal page (quality/render/evaluation.py), with nothing left
out, and plots beside them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from quality.render import plots
from quality.render.evaluation import Evaluation, Listing, Table, listings, model_line, summary, tables
from quality.render.terminal import visible

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# Rows beyond which a table, and items beyond which a list, is folded up.
N_OPEN_ROWS, N_OPEN_ITEMS = 40, 10
# Slices in a plot: a chart of fifty years without figures says nothing.
N_BARS = 40

STYLE = """
:root { color-scheme: light dark; --page: #fdfcf9; --ink: #20242a; --faint: #666d76; --rule: #d9d6cd;
  --good: #23698f; --bad: #b4541a; --band: #9fc0d4; --head: #f1eee6; }
@media (prefers-color-scheme: dark) { :root { --page: #16191d; --ink: #e3e2dd; --faint: #9aa1aa; --rule: #363b42;
  --good: #6db3dc; --bad: #e2904f; --band: #35566b; --head: #20252b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 70rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.25rem 0 .25rem; }
h3 { font-size: .95rem; margin: 1rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 .5rem; max-width: 46rem; } p, li, dd { overflow-wrap: anywhere; }
.model, .why, figcaption { color: var(--faint); } .why { font-size: .9rem; }
.notes { border-left: 3px solid var(--bad); padding: .1rem 0 .1rem .8rem; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; background: var(--head); white-space: normal; vertical-align: bottom; min-width: 4.5rem; }
th:first-child, td:first-child { text-align: left; padding-left: .3rem; }
td:first-child { max-width: 22rem; white-space: normal; overflow-wrap: break-word; min-width: 9.5rem; }
figure { margin: 0; } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: .75rem; max-width: 54rem; }
svg { display: block; width: 100%; height: auto; } .plots svg { max-width: 20rem; } .wide { overflow-x: auto; margin-top: .75rem; } .wide svg { max-width: 40rem; min-width: 27rem; }
svg text { font: 10px system-ui, sans-serif; fill: var(--faint); } svg .label { font-size: 12px; fill: var(--ink); }
.grid { stroke: var(--rule); fill: none; } .axis { stroke: var(--faint); fill: none; }
.guide { stroke: var(--faint); stroke-dasharray: 3 3; fill: none; } .rate { stroke: var(--rule); fill: none; }
.line { stroke: var(--good); stroke-width: 2; fill: none; stroke-linejoin: round; } .dot { fill: var(--good); }
.band { stroke: var(--band); stroke-width: 6; fill: none; } .reliable { fill: var(--good); } .unreliable { fill: var(--bad); }
ol { padding-left: 1.5rem; } li { margin: .6rem 0; } ul { list-style: none; padding: 0; margin: .1rem 0; }
ul li { margin: .1rem 0; font-size: .9rem; color: var(--faint); } summary { cursor: pointer; }
@media print { :root { --page: #fff; --ink: #000; --faint: #444; --rule: #bbb; --good: #1c5a7d; --bad: #a04512;
    --band: #a9c6d8; --head: #fff; }
  body { font-size: 10pt; max-width: none; padding: 0; } table { font-size: 7.5pt; } th, td { padding: .1rem .3rem; }
  .scroll, .wide { overflow: visible; } .plots { grid-template-columns: repeat(3, 1fr); } figure, tr, li { break-inside: avoid; }
  h2, h3 { break-after: avoid; } }
"""


def html(evaluation: Evaluation) -> str:
    """The whole page."""
    title = f"Evaluation of {visible(str(evaluation.get('model', {}).get('name', 'a model')))}"
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="model">{escape(visible(model_line(evaluation)))}</p>',
        f"<p>{escape(summary(evaluation))}</p>",
        _notes(evaluation["notes"]),
    ]
    for table in tables(evaluation):
        body.append(_table(table))
        if table.key == "ranking":
            body.append(_bars("AUC of each corpus, with 95 % intervals", _of_corpora(evaluation)))
        if table.key == "calibration":
            body.append(_plots(evaluation["corpora"]))
        if table.key == "slices":
            body.append(_bars("AUC of each slice, with 95 % intervals", _of_slices(evaluation)))
    body += [_listing(listing) for listing in listings(evaluation)]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def write(evaluation: Evaluation, path: Path) -> None:
    """Write the page; a page that is there stays whole until the new one is."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as page:
            page.write(html(evaluation))
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return '<div class="notes">' + "".join(f"<p>{escape(_sentence(note))}</p>" for note in notes) + "</div>"


def _sentence(text: str) -> str:
    text = visible(text)
    return f"{text[:1].upper()}{text[1:]}."


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(visible(cell))}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    shown = f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    if len(table.rows) > N_OPEN_ROWS:
        shown = f"<details><summary>{len(table.rows)} rows</summary>{shown}</details>"
    return f'<h2 id="{table.key}">{escape(visible(table.title))}</h2><p class="why">{escape(table.note)}</p>{shown}'


def _plots(corpora: Sequence[Mapping[str, Any]]) -> str:
    """Three small plots for each corpus, never all corpora in one: pooled, they would hide each other."""
    parts = []
    for c in corpora:
        name = visible(c["corpus"])
        drawn = [plots.histogram(name, c["histogram_reliable"], c["histogram_unreliable"])]
        if c.get("diagram"):
            drawn.append(plots.reliability_diagram(name, c["diagram"]))
        if c.get("roc"):
            drawn.append(plots.roc(name, c["roc"], c["smallest_rate"]))
        figures = "".join(f"<figure>{drawing}</figure>" for drawing in drawn)
        parts.append(f'<h3>{escape(name)}</h3><div class="plots">{figures}</div>')
    note = (
        "For each corpus: texts by reliability; share that is reliable in bins of like size (on the dashed line the "
        "number is right); unreliable texts caught by reliable ones flagged, on a logarithmic axis, upright lines at 1 % and 5 %."
    )
    return f'<h2 id="plots">Corpus by corpus</h2><p class="why">{note}</p>{"".join(parts)}'


def _of_corpora(evaluation: Evaluation) -> list[tuple[str, Any]]:
    rows = [(visible(c["corpus"]), c["auc"]) for c in evaluation["corpora"]]
    return [*rows, ("mean of corpora", evaluation["macro"]["auc"])] if len(rows) > 1 else rows


def _of_slices(evaluation: Evaluation) -> list[tuple[str, Any]]:
    rows = [(f"{s['by']}: {visible(s['value'])}", s["auc"]) for s in evaluation["slices"] if s["auc"]]
    return rows[:N_BARS]


def _bars(title: str, rows: Sequence[tuple[str, Any]]) -> str:
    if not any(figure for _, figure in rows):
        return ""
    return f'<figure class="wide">{plots.bars(title, rows)}<figcaption class="why">{escape(title)}</figcaption></figure>'


def _listing(listing: Listing) -> str:
    items = [
        f"<li>{escape(item.head)}<ul>{''.join(f'<li>{escape(line)}</li>' for line in item.lines)}</ul></li>"
        for item in listing.items
    ]
    shown = f"<ol>{''.join(items[:N_OPEN_ITEMS])}</ol>" if items else "<p>None.</p>"
    if len(items) > N_OPEN_ITEMS:
        more = f'<ol start="{N_OPEN_ITEMS + 1}">{"".join(items[N_OPEN_ITEMS:])}</ol>'
        shown += f"<details><summary>{len(items) - N_OPEN_ITEMS} more</summary>{more}</details>"
    return (
        f'<h2 id="{listing.key}">{escape(listing.title)}</h2><p class="why">{escape(listing.note)}</p>{shown}'
    )
