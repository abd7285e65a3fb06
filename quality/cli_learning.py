"""The verbs of learning on the command line: train, models, evaluate, import, export.

`quality.cli` opens this file for one of them only; what ends a run, and how, is told there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quality.cli import (
    DONE,
    NEGATIVE,
    UNREADABLE,
    Unusable,
    date_option,
    main,
    page_or_json,
    reason_of,
    say,
    say_rows,
    terminal,
    text_field_option,
    usable,
    wrong_file,
)

if TYPE_CHECKING:
    from quality.records import Record


@main.command()
@click.argument("labels", nargs=-1, required=True, type=click.Path(exists=True), metavar="LABELS...")
@click.option(
    "--base",
    default="labelled/base",
    show_default=True,
    help="What is known already, as numbers (docs/training.md).",
)
@click.option(
    "-o",
    "--output",
    default="models/mine",
    show_default=True,
    type=click.Path(file_okay=False),
    help="The model to replace or to make. It is compared with the one that is there, else with the shipped one.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Same labels and seed, same model.",
)
@click.option(
    "--allow-regression",
    metavar="REASON",
    help="Put the model in place though the gate refuses it; the card keeps why.",
)
@click.pass_context
def train(
    ctx: click.Context,
    labels: tuple[str, ...],
    base: str,
    output: str,
    seed: int,
    allow_regression: str | None,
) -> None:
    """Learn from labels and the base; no corpora are needed.

    LABELS are files of JSON Lines (docs/labels.md), or folders of them.

    Prints what was learnt from, what changed, and how the model compares with the one in place. Where it is worse it
    becomes NAME.candidate and the command ends with 1. Labels that contradict are listed, and nothing is learnt.

    \b
    To learn from labels of your own:
        quality train my_labels.jsonl -o models/mine
    To use what was learnt:
        quality --model models/mine score article.txt
    To put a model in place though the gate refuses it:
        quality train my_labels.jsonl -o models/mine --allow-regression "recipes are filler here"
    """
    from quality.learn.base import BaseError
    from quality.learn.retrain import LabelError, base_folder
    from quality.learn.retrain import train as learn
    from quality.learn.shelf import CANDIDATE, PREVIOUS

    if output.endswith((CANDIDATE, PREVIOUS)):
        raise click.BadParameter(f"{CANDIDATE} and {PREVIOUS} are names of ours", param_hint="-o")
    if allow_regression is not None and not allow_regression.strip():
        raise click.BadParameter("a reason in words is expected", param_hint="--allow-regression")
    folder = Path(output)
    if (folder / "card.json").exists():
        usable(output)
    if sys.stderr.isatty():
        click.echo("quality: learning; this takes about half a minute", err=True)
    try:
        outcome = learn(
            [Path(p) for p in labels], base_folder(base), folder, seed=seed, allow_regression=allow_regression
        )
    except LabelError as error:
        for reason in error.reasons:
            click.echo(f"quality: {reason}", err=True)
        click.echo(f"quality: {error}; nothing was learnt", err=True)
        ctx.exit(UNREADABLE)
    except BaseError as error:
        raise Unusable(str(error)) from None
    except (OSError, ValueError) as error:
        click.echo(f"quality: {reason_of(error)}", err=True)
        ctx.exit(UNREADABLE)
    say(outcome.page)
    where = "in place" if outcome.is_in_use else "not in place"
    if outcome.is_same:
        where += ": the same model as before, so all is left as it was"
    say(f"{outcome.folder}  {outcome.digest[:16]}  {where}")
    if not outcome.is_in_use:
        where = "" if folder.parent == Path("models") else f" --in {folder.parent}"
        say(
            f"\nIt can be tried as it is (quality --model {outcome.folder} score FILE) and put in place by quality models promote "
            f"{folder.name}{where}, or by training again with --allow-regression and a reason."
        )
    ctx.exit(DONE if outcome.is_in_use else NEGATIVE)


@main.command()
@click.argument(
    "action", type=click.Choice(["list", "show", "promote", "rollback", "verify"]), default="list"
)
@click.argument("name", required=False)
@click.option("--in", "home", default="models", show_default=True, help="The folder that holds the models.")
@click.pass_context
def models(ctx: click.Context, action: str, name: str | None, home: str) -> None:
    """List models, show one's card, put a candidate in place, go back, or verify files and golden texts.

    NAME.candidate is a model that the gate refused, NAME.previous what NAME was before. promote puts the first in the
    place of NAME; rollback lets NAME and NAME.previous change places; both end with 1 where there is no such model. verify
    ends with 1 where a file is not as it was when the model was made, or a golden text does not score so. All end with
    3 where a model cannot be used.

    \b
    To see what there is:
        quality models
    To read about one:
        quality models show default
    To put a candidate in place after all:
        quality models promote mine
    To go back to the model before:
        quality models rollback mine
    To see whether a model is what it was:
        quality models verify mine
    """
    from quality.learn import shelf
    from quality.model import changed_files
    from quality.scorer import model_folder, shipped_models

    if action == "list":
        found = {s.folder.resolve(): s for s in shelf.models(Path(home))}
        for folder in shipped_models().values():
            found.setdefault(folder.resolve(), shelf.standing(folder))
        say_rows(
            [(s.name, s.digest[:16] or "-", s.trouble or f"{s.made_by}, {s.folder}") for s in found.values()]
        )
        ctx.exit(DONE if found else NEGATIVE)
    if name is None:
        raise click.UsageError(f"say which model to {action}; `quality models` lists them")
    folder = Path(home) / name
    if not (folder / "card.json").exists() and action in ("show", "verify"):
        folder = Path(name) if (Path(name) / "card.json").exists() else model_folder(name) or folder
    try:
        if action == "promote":
            folder = Path(home) / name.removesuffix(shelf.CANDIDATE)
            say(f"{folder}  {shelf.promote(folder)[:16]}  in place")
        elif action == "rollback":
            say(f"{folder}  {shelf.roll_back(folder)[:16]}  in place")
        elif action == "verify":
            wrong = [*shelf.verify(folder), *changed_files(folder)]
            for line in wrong:
                click.echo(f"quality: {line}", err=True)
            say(
                f"{folder}: {'not as it was' if wrong else 'digest, files and golden texts are as they were'}"
            )
            ctx.exit(NEGATIVE if wrong else DONE)
        else:
            say(shelf.told(folder))
    except shelf.NothingThereError as error:
        click.echo(f"quality: nothing to {action}: {error}", err=True)
        ctx.exit(NEGATIVE)
    except (OSError, ValueError, KeyError) as error:
        raise Unusable(f"the model {name!r} cannot be used: {reason_of(error)}") from None


@main.command()
@click.argument("labels", nargs=-1, required=True, metavar="LABELS...")
@click.option("--by", default="corpus,kind,length,year", show_default=True, help="Slices to show.")
@click.option(
    "--report", type=click.Path(dir_okay=False), help="Write a page with plots (HTML) to this file."
)
@page_or_json("A page for people, or one JSON object with everything.")
@click.option("--compare", "other", metavar="MODEL", help="A second model, by name or folder.")
@click.option("--suspects", "suspected", is_flag=True, help="List labels that look wrong.")
@click.option("--next", "n_next", type=click.IntRange(min=1), metavar="N", help="List N texts to label next.")
@click.option("--policy", default="default", show_default=True, help="Thresholds for the verdict.")
@click.option("--corpus", metavar="NAME", help="Take all files as one corpus of this name.")
@click.option("--quick", is_flag=True, help="Leave out baselines and shuffled labels.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For all that is drawn."
)
@click.pass_context
def evaluate(
    ctx: click.Context,
    labels: tuple[str, ...],
    by: str,
    report: str | None,
    form: str,
    other: str | None,
    suspected: bool,
    n_next: int | None,
    policy: str,
    corpus: str | None,
    quick: bool,
    seed: int,
) -> None:
    """Measure the model on labelled texts, corpus by corpus; exit with 1 where none has a label.

    LABELS are files of records with a field label (reliable, unreliable, unclear), or folders of such files
    (docs/evaluation.md).

    \b
    To measure the model on texts of your own:
        quality evaluate mine.jsonl
    To see plots, and every text it gets most wrong:
        quality evaluate mine.jsonl --report mine.html
    To measure a model of your own beside the shipped one:
        quality evaluate mine.jsonl --compare models/mine
    To find labels that look wrong, and 50 texts to label next:
        quality evaluate mine.jsonl --suspects --next 50
    """
    from quality.learn.evaluate import SLICES, examine
    from quality.render.terminal import visible

    slices = [name.strip() for name in by.split(",") if name.strip()]
    if not set(slices) <= set(SLICES):
        raise click.BadParameter(f"{by!r}: expected some of {','.join(SLICES)}", param_hint="--by")
    if report and not Path(report).resolve().parent.is_dir():
        raise click.BadParameter(f"{report}: there is no such directory", param_hint="--report")
    for model in (ctx.obj, *([other] if other else [])):
        try:
            usable(model, policy).model.learnt_from()
        except (OSError, ValueError, KeyError) as error:
            raise Unusable(f"the model {model!r} cannot be used: {reason_of(error)}") from None
    whole = examine(
        labels,
        usable(ctx.obj, policy),
        other=usable(other, policy) if other else None,
        corpus=corpus,
        by=slices,
        seed=seed,
        probes=not quick,
        suspected=suspected,
        n_next=n_next or 0,
        tell=lambda line: click.echo(f"quality: {visible(line)}", err=True),
    )
    if form == "json":
        say(json.dumps(whole, allow_nan=False))
    else:
        from quality.render.evaluation import page

        say(page(whole, terminal()[0] if sys.stdout.isatty() else 100))
    n_problems = whole["read"]["problems"]
    if n_problems:
        click.echo(f"quality: {n_problems} problem{'s' * (n_problems > 1)} in the labels", err=True)
    if report:
        from quality.render.evaluation_html import write

        try:
            write(whole, Path(report))
        except OSError as error:
            raise click.BadParameter(
                f"{report}: cannot be written: {error.strerror}", param_hint="--report"
            ) from None
    if n_problems:
        ctx.exit(UNREADABLE)
    n_labelled = whole["read"]["reliable"] + whole["read"]["unreliable"]
    if not n_labelled and not whole["paragraphs"] and not whole.get("next"):
        click.echo("quality: there is nothing to measure: no text, and no paragraph, has a label", err=True)
        ctx.exit(NEGATIVE)


# As in quality.learn.exchange, which takes long to import.
TOOLS = ("label-studio", "prodigy", "doccano", "argilla", "csv")


@main.command("import")
@click.argument("tool", type=click.Choice(TOOLS), metavar="TOOL")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-o", "out", metavar="FILE", help="Where the labels go; standard output when not given.")
@click.option(
    "--label-map",
    multiple=True,
    metavar="THEIRS=OURS",
    help="What a name means: a label, a role, kind:NAME, or - for nothing; may be given again. "
    "!NAME is a name that was rejected.",
)
@click.option("--label-field", metavar="NAME", help="Tag, question or column that holds the label of a text.")
@click.option("--text-field", metavar="NAME", help="Field that holds the text.")
@click.option("--annotator", metavar="NAME", help="Name of annotators whom the tool does not name.")
@click.option(
    "--unmarked",
    type=click.Choice(["content", "boilerplate", "filler", "duplicate"]),
    help="Role of paragraphs in which an annotator marked nothing; open when not given.",
)
@click.option(
    "--offsets",
    "unit",
    type=click.Choice(["utf16", "codepoint"]),
    help="What offsets count, if not what the tool is known for (docs/labels.md).",
)
@click.pass_context
def import_labels(
    ctx: click.Context,
    tool: str,
    files: tuple[str, ...],
    out: str | None,
    label_map: tuple[str, ...],
    label_field: str | None,
    text_field: str | None,
    annotator: str | None,
    unmarked: str | None,
    unit: str | None,
) -> None:
    """Turn what a labelling tool exported into labels, with every vote kept, and tell how far votes agree.

    TOOL is label-studio, prodigy, doccano, argilla or csv (a table). Several files are one set of labels.

    \b
    To import a project of Label Studio:
        quality import label-studio project.json -o labels.jsonl
    To say what the names of the project mean:
        quality import prodigy ada.jsonl ben.jsonl --label-map junk=unreliable --label-map '!ok=unreliable'
    To take paragraphs that nobody marked as content:
        quality import doccano ada.jsonl ben.jsonl --unmarked content -o labels.jsonl
    """
    from quality.learn import exchange, votes
    from quality.learn.suggest import json_line
    from quality.records import Problem
    from quality.render.terminal import visible

    pairs = [given.rpartition("=") for given in label_map]
    if wrong := [given for given, (name, _, _) in zip(label_map, pairs, strict=True) if not name]:
        raise click.BadParameter(f"{wrong[0]!r} is not THEIRS=OURS", param_hint="--label-map")
    with wrong_file("--label-map"):
        meanings = {name: meaning for name, _, meaning in pairs}
        reader = exchange.Reader(tool, meanings, text_field, label_field, annotator, unit)
    read = [item for path in files for item in reader.read(path)]
    voted, refused, notes = votes.gathered(item for item in read if not isinstance(item, Problem))
    labelled = list(votes.label_records([v for v in voted if v.votes], unmarked=unmarked))
    records = [item for item in labelled if not isinstance(item, Problem)]
    problems = [item for item in (*read, *refused, *labelled) if isinstance(item, Problem)]
    if records:
        _put((json_line(record) + "\n" for record in records), out)
    for problem in problems:
        click.echo(f"quality: {visible(str(problem))}", err=True)
    for reason, n in reader.passed_over.most_common():
        click.echo(f"quality: passed over: {n} {visible(reason)}", err=True)
    for line in (*notes, *votes.told(records)):
        indent = "  " * line.startswith(" ")
        click.echo(f"quality: {indent}{visible(line)}", err=True)
    if problems:
        ctx.exit(UNREADABLE)
    ctx.exit(DONE if records else NEGATIVE)


@main.command("export")
@click.argument("tool", type=click.Choice(TOOLS), metavar="TOOL")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("-o", "out", metavar="FILE", help="Where the suggestions go; standard output when not given.")
@click.option(
    "--spans",
    type=click.Choice(["both", "roles", "findings", "none"]),
    default="both",
    show_default=True,
    help="What to mark in the text: the roles of paragraphs, findings of rules.",
)
@date_option
@click.option("--policy", default="default", show_default=True, help="Thresholds for the verdict.")
@text_field_option
@click.option("--setup", is_flag=True, help="Print what the tool must be told first, instead of suggestions.")
@click.pass_context
def export_suggestions(
    ctx: click.Context,
    tool: str,
    files: tuple[str, ...],
    out: str | None,
    spans: str,
    date: str | None,
    policy: str,
    text_field: str | None,
    setup: bool,
) -> None:
    """Score texts and write the results as suggestions for a labelling tool to start from.

    TOOL is label-studio, prodigy, doccano, argilla or csv (a table).

    \b
    To label texts in Label Studio, with what this program thinks of them to begin with:
        quality export label-studio --setup > config.xml
        quality export label-studio articles.jsonl -o tasks.json
    """
    from quality.catalogue import known_rules
    from quality.learn.suggest import setup as told_first
    from quality.learn.suggest import suggestions
    from quality.records import FieldNames, Problem, read_texts
    from quality.render.terminal import visible
    from quality.scorer import batches

    if setup:
        try:
            _put([told_first(tool, [rule.id for rule in known_rules()])], out)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        return
    if not files and (sys.stdin is None or sys.stdin.isatty()):
        raise click.UsageError("name a FILE, or send texts to standard input")
    scorer = usable(ctx.obj, policy)
    n_problems = 0

    def records() -> Iterator[Record]:
        nonlocal n_problems
        for item in read_texts(files or ("-",), names=FieldNames(text=text_field)):
            if isinstance(item, Problem):
                n_problems += 1
                click.echo(f"quality: {visible(str(item))}", err=True)
            elif not item.text.strip():  # import would refuse it
                told = Problem(item.source, item.line, f"{item.id}: the text is empty: it is left out")
                click.echo(f"quality: {visible(str(told))}", err=True)
            else:
                yield item.on(date)

    scored = (pair for some in batches(records()) for pair in zip(some, scorer.score_many(some), strict=True))
    marked = {"both": ("roles", "findings"), "none": ()}.get(spans, (spans,))
    _put(suggestions(tool, scored, spans=marked), out)
    ctx.exit(UNREADABLE if n_problems else DONE)


def _put(pieces: Iterable[str], out: str | None) -> None:
    """Write to standard output or, all or nothing, to a file."""
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
        return
    part = Path(f"{out}.part")
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece.encode("utf-8", "replace"))
        part.replace(out)
    except OSError as error:
        raise click.UsageError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
