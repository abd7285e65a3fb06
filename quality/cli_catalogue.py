"""The verbs that tell what there is on the command line: rules, features, officials, doctor.

`quality.cli` opens this file for one of them only; what ends a run, and how, is told there.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quality.cli import (
    DONE,
    NEGATIVE,
    UNREADABLE,
    UNUSABLE,
    Unusable,
    as_day,
    files_option,
    main,
    page_or_json,
    reason_of,
    say,
    say_rows,
    scorer_of,
    usable,
    wrong_file,
)

if TYPE_CHECKING:
    from quality.records import Record
    from quality.rules import Rule
    from quality.scorer import Scorer


@main.command()
@click.argument("name", required=False, metavar="[NAME | bench]")
@click.argument("where", nargs=-1, type=click.Path(exists=True), metavar="[FILE|DIR]...")
@files_option("--rules", "own", help="A rule pack of your own, to list or to check.")
@page_or_json("With bench: a table, or one JSON object.")
@click.pass_context
def rules(
    ctx: click.Context, name: str | None, where: tuple[str, ...], own: tuple[str, ...], form: str
) -> None:
    """List the rules, explain one (what it finds, why that counts, examples), or measure them.

    \b
    To list all rules:
        quality rules
    To list those of one family:
        quality rules leak
    To read about one:
        quality rules leak.chatbot
    To check a rule pack of your own:
        quality rules --rules house.toml
    To see how often each fires in reliable and in unreliable texts (JSON Lines with a label):
        quality rules bench corpora/
    """
    from quality.catalogue import known_rules, rule_page
    from quality.registry import own_packs
    from quality.render.terminal import counted

    with wrong_file("--rules"):
        packs = own_packs(map(Path, own))
    for path, pack in zip(own, packs, strict=True):
        with wrong_file("--rules", [path]):
            n, n_rules = pack.check_examples(), len(pack.rules)
        held = f"{counted(n_rules, 'rule')}, {counted(n, 'example')} held"
        told = held if n_rules else "no rule in it; a rule begins with [[rule]]"
        click.echo(f"quality: {path}: {told}", err=True)
    known = known_rules(packs)
    if name == "bench":
        ctx.exit(_bench(_scorer_with(ctx.obj, own), known, where, form))
    if where or form != "text":
        raise click.UsageError("only `quality rules bench DIR` takes folders or a --format")
    chosen = [r for r in known if name is None or r.id == name or r.id.partition(".")[0] == name]
    if not chosen:
        _unknown("rule", str(name), [r.id for r in known])
    if name == chosen[0].id:
        say(rule_page(chosen[0]))
        return
    say_rows([(r.id, r.tier, r.title) for r in chosen])


def _scorer_with(model: str, own: tuple[str, ...]) -> Scorer:
    usable(model)
    return scorer_of(model, "default", own)


def _bench(scorer: Scorer, known: Sequence[Rule], where: Sequence[str], form: str) -> int:
    """Print how often the rules fire in labelled texts; the exit code."""
    from quality.misfires import bench, table
    from quality.records import Problem, files_of_records, read_texts
    from quality.render.terminal import visible

    if not where:
        raise click.UsageError("give a folder of labelled texts, or some files: quality rules bench DIR")
    paths = files_of_records(where)
    problems: list[Problem] = []

    def records() -> Iterator[Record]:
        for item in read_texts(paths, kind="jsonl"):
            if isinstance(item, Problem):
                problems.append(item)
                click.echo(f"quality: {visible(str(item))}", err=True)
            else:
                yield item

    try:
        found = bench(scorer, known, records())
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    say(json.dumps(found.to_dict(), indent=1) if form == "json" else table(found))
    return UNREADABLE if problems else DONE


@main.command()
@click.argument("name", required=False)
def features(name: str | None) -> None:
    """List the measured features and the terms of the score, or explain one: what it measures, in what unit, examples.

    \b
    To list all features:
        quality features
    To list those of one family:
        quality features readability
    To read about one:
        quality features mean_word_length
    To see the terms of the score that are no rules:
        quality features terms
    """
    from quality.catalogue import feature_page, known_features, known_rules, known_terms, rule_page, term_page

    known, terms = known_features(), known_terms()
    pages = {rule.id: partial(rule_page, rule) for rule in known_rules()}
    # the filler model and the role model both have a word score
    pages |= {t.name: partial(term_page, *(other for other in terms if other.name == t.name)) for t in terms}
    pages |= {feature.name: partial(feature_page, feature) for feature in known}
    if name in pages:
        say(pages[name]())
        return
    rows = [(f.name, f.unit, f.definition) for f in known if name in (None, f.family)]
    rows += [(t.name, f"term of {t.of}", t.definition) for t in terms if name in (None, "terms")]
    if not rows:
        _unknown("feature", str(name), [*(f.name for f in known), *(t.name for t in terms)])
    say_rows(rows)


def _unknown(what: str, name: str, known: Sequence[str]) -> None:
    near = difflib.get_close_matches(name, known, 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"`quality {what}s` lists them"
    raise click.UsageError(f"there is no {what} {name!r}; {hint}")


@main.command()
@click.argument("title")
@click.option("--on", "day", metavar="YYYY-MM-DD", callback=as_day, help="The day; today when not given.")
@files_option("--officials", "own", help="Rows of your own, beside the shipped table; may be given again.")
@click.pass_context
def officials(ctx: click.Context, title: str, day: str | None, own: tuple[str, ...]) -> None:
    """Say who held an office on a day, as far as the table knows; exit with 1 where it knows nobody.

    \b
    To see who was Treasury Secretary of the United States in June 2025:
        quality officials "US Treasury Secretary" --on 2025-06-10
    To see all who bore the title, whatever the country:
        quality officials "finance minister" --on 2025-06-10
    """
    from datetime import date

    from quality.officeholders import OFFICEHOLDERS, OfficeTable, iso, shipped_table

    on = date.today() if day is None else date.fromisoformat(day)
    with wrong_file("--officials", own):
        table = OfficeTable.load(OFFICEHOLDERS, *map(Path, own)) if own else shipped_table()
    try:
        terms = table.holders(title, on)
    except KeyError as error:
        raise click.UsageError(str(error.args[0])) from None
    rows = []
    for term in terms:
        start, end = term.dates
        known = f"from {start} to {end}" if end else f"since {start}"
        if not end and on.toordinal() > term.asof:
            known += f"; the table ends on {iso(term.asof)}, later changes are not in it"
        rows.append((term.office, term.person, f"{known}{', acting' if term.acting else ''}"))
    if not rows:
        click.echo(f"quality: the table knows the office but nobody who was {title!r} on {on}", err=True)
        ctx.exit(NEGATIVE)
    say_rows(rows)


@main.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Say what is installed and whether it works; exit with 3 where it does not.

    \b
    To see version, model and data:
        quality doctor
    To check a model of your own:
        quality --model models/mine doctor
    """
    import platform
    from importlib.metadata import version

    import numpy as np

    from quality.catalogue import known_features, known_rules
    from quality.lexicon import DATA

    click.echo(f"quality  {version('quality')}")
    click.echo(f"Python   {platform.python_version()}")
    click.echo(f"numpy    {np.__version__}")
    failures = []
    try:
        n_rules, n_features = len(known_rules()), len(known_features())
        n_files = 0
        for path in sorted(p for p in DATA.rglob("*") if p.is_file()):
            path.read_bytes()
            n_files += 1
        click.echo(f"data     {n_files} files read: {n_rules} rules, {n_features} features")
    except (OSError, ValueError, KeyError) as error:
        failures.append(f"data cannot be used: {reason_of(error)}")
    try:
        scorer = usable(ctx.obj)
        report = scorer.score("The council met on Monday and put off its decision on the bridge.")
        click.echo(f"model    {report.model['name']}, digest {report.model['digest'][:16]}")
        click.echo(
            f"         policies {', '.join(scorer.policies)}; a sentence scores {report.reliability:.2f}"
        )
    except Unusable as error:
        failures.append(error.message)
    for failure in failures:
        click.echo(f"quality: {failure}", err=True)
    ctx.exit(UNUSABLE if failures else DONE)
