"""The command line: the only place that prints, and that decides how a run ends.

Results go to standard output, everything else to standard error. What takes long to import (numpy,
the model, joblib) is imported by the command that needs it, so `quality --help` answers at once.
"""

from __future__ import annotations

import difflib
import errno
import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from quality.lexicon import Rule
    from quality.records import Record
    from quality.report import Report
    from quality.scorer import Scorer

DONE, NEGATIVE, UNREADABLE, UNUSABLE, QUARANTINED, INTERRUPTED = 0, 1, 2, 3, 4, 130

Function = TypeVar("Function", bound=Callable[..., Any])

# Bytes of input from which a progress bar is worth its line: more than a second's work.
MUCH = 8_000_000


# Why a file that could be opened cannot be written on.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


# Verbs that stand in files of their own, opened when one is asked for.
ELSEWHERE = {
    **dict.fromkeys(("evaluate", "export", "import", "models", "train"), "quality.cli_learning"),
    **dict.fromkeys(("filter",), "quality.cli_pipelines"),
    **dict.fromkeys(("index",), "quality.cli_index"),
}


class _Commands(click.Group):
    """All commands, with one place for the ways in which any of them may end before its time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        commands: dict[str, click.Command] = import_module(ELSEWHERE[cmd_name]).COMMANDS
        return commands[cmd_name]

    def invoke(self, ctx: click.Context) -> object:
        if sys.stdout is None:  # closed by the shell: >&-
            click.echo("quality: standard output is closed: there is nowhere to write to", err=True)
            ctx.exit(UNREADABLE)
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            click.echo("quality: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            let_go_of_output()  # the reader has seen enough, as `head` does
            ctx.exit(DONE)
        except OSError as error:
            if error.errno not in FULL:
                raise
            let_go_of_output()
            click.echo(f"quality: standard output cannot be written: {error.strerror}", err=True)
            ctx.exit(UNREADABLE)
        return result


def let_go_of_output() -> None:
    """Send nowhere what is still in the buffer, or Python would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Unusable(click.ClickException):
    """The model, or an index, cannot be used."""

    exit_code = UNUSABLE


def page_or_json(help: str) -> Callable[[Function], Function]:
    """The option of verbs that print a page or one JSON object."""
    choice = click.Choice(["text", "json"])
    return click.option("--format", "form", type=choice, default="text", show_default=True, help=help)


@click.group(
    cls=_Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--model",
    default="default",
    show_default=True,
    help="A model, by name (as `quality models` lists it) or folder.",
)
@click.version_option(package_name="quality", prog_name="quality", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, model: str) -> None:
    """Tell how far to trust texts, and each of their paragraphs, as source material, and why.

    \b
    To score a text:
        quality score article.txt
    To filter a stream of records:
        quality filter corpus.jsonl.gz -o kept.jsonl.gz --mode drop
    To see what is looked for:
        quality rules
        quality features
    To see whether everything is in its place:
        quality doctor

    Exit codes: 0 done; 1 a negative answer (--fail-under, a model refused); 2 wrong usage, or some input could not be
    read (the rest is scored); 3 the model is unusable; 4 records set aside under --strict; 130 interrupted.
    """
    ctx.obj = model


@main.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="A page for people, one JSON array, or one JSON object a line.",
)
@click.option(
    "--date",
    metavar="YYYY-MM-DD",
    help="The day of records without a date field; it goes before a date in the text itself.",
)
@click.option(
    "--policy",
    default="default",
    show_default=True,
    help="Thresholds for the verdict: default, strict or lenient in the shipped model (docs/output.md).",
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Exit with 1 if a text has a reliability below P, or none.",
)
@click.option("--with-text", is_flag=True, help="Put the text, and each paragraph's, into the JSON.")
@click.option("--with-roles", is_flag=True, help="Put what spoke for or against boilerplate into the JSON.")
@click.option(
    "--careful",
    is_flag=True,
    help="Call fewer paragraphs boilerplate: less of the text is lost, more furniture stays (docs/output.md).",
)
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="A rule pack of your own, beside the shipped ones; may be given again.",
)
@click.option(
    "--officials",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="Terms of office of your own, beside the shipped table; may be given again.",
)
@click.option(
    "--against",
    metavar="INDEX",
    help="A reference index (quality index): tells which texts and paragraphs are known from it.",
)
@click.option(
    "--input",
    "kind",
    type=click.Choice(["auto", "text", "html", "jsonl"]),
    default="auto",
    show_default=True,
    help="What the input is; auto goes by file names and by how it begins.",
)
@click.option(
    "--html",
    "pages",
    type=click.Choice(["full", "fast"]),
    default="full",
    show_default=True,
    help="How pages of HTML are read: with two extractors, or many times faster with one (docs/html.md).",
)
@click.option("--text-field", metavar="NAME", help="Field of a record that holds its text or paragraphs.")
@click.option("--id-field", metavar="NAME", help="Field that holds the id.")
@click.option("--title-field", metavar="NAME", help="Field that holds the title.")
@click.option("--date-field", metavar="NAME", help="Field that holds the date.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes to use; they take a second to start, which pays from some 10 MB of text.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no summary; problems are still told.")
@click.pass_context
def score(
    ctx: click.Context,
    files: tuple[str, ...],
    form: str,
    date: str | None,
    policy: str,
    fail_under: float | None,
    with_text: bool,
    with_roles: bool,
    careful: bool,
    rules: tuple[str, ...],
    officials: tuple[str, ...],
    against: str | None,
    kind: str,
    pages: str,
    text_field: str | None,
    id_field: str | None,
    title_field: str | None,
    date_field: str | None,
    jobs: int,
    quiet: bool,
) -> None:
    """Score texts: reliability, verdict, and the reasons with the words they rest on.

    FILE is a text (one document), a page of HTML, JSON Lines (.jsonl or .ndjson, one record a line), each of them
    also compressed (.gz, .xz, .zst), or - for standard input, which is read when no FILE is given. Records are scored
    a megabyte at a time: of those that trickle in through a pipe none is reported before a megabyte is there, or the end.

    \b
    To score a text of a known day:
        quality score article.txt --date 2025-06-10
    To score what another program prints:
        pdftotext report.pdf - | quality score
    To score a page, and see the text that was found in it:
        quality score page.html --format json --with-text
    To score a corpus in two processes and keep all that is known:
        quality score corpus.jsonl.gz --format jsonl --jobs 2 > scores.jsonl
    To read the text from another field:
        quality score dump.jsonl --text-field article --date-field day
    To let a build fail on a doubtful text:
        quality score --fail-under 0.5 docs/*.txt
    To add rules of your own (docs/rules.md tells how they are written):
        quality score article.txt --rules house.toml
    To add terms of office of your own (docs/officials.md):
        quality score article.txt --officials county.csv
    To see what of a text is known from texts indexed before (docs/index.md):
        quality score article.txt --against archive.index
    """
    from quality.records import FieldNames, Problem, Record, iso_day, read
    from quality.render.terminal import visible
    from quality.scorer import batches

    if fail_under is not None and not fail_under >= 0:  # NaN passes every range
        raise click.BadParameter(f"{fail_under} is no number from 0 to 1", param_hint="--fail-under")
    if date is not None:
        try:
            date = iso_day(date)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--date") from None
    task = Task(
        ctx.obj,
        policy,
        rules,
        officials,
        form,
        with_text,
        *terminal(),
        careful,
        with_roles,
        pages,
        date,
        against,
    )
    check_task(task)
    paths = files or ("-",)
    if "-" in paths and sys.stdin is None:  # closed by the shell: <&-
        raise click.UsageError("standard input is closed, and no other FILE is given")
    if "-" in paths and sys.stdin.isatty():
        click.echo("quality: reading from the terminal; end with Ctrl-D", err=True)
    names = FieldNames(id_field, text_field, title_field, date_field)
    n_problems = n_under = 0
    verdicts: list[str] = []

    with _progress(paths, quiet) as (advance, tell):

        def records() -> Iterator[Record]:
            nonlocal n_problems
            no_html: str | None = None
            for item in read(paths, kind=kind, names=names, on_bytes=advance):
                if isinstance(item, Record) and item.html is not None:
                    no_html = _no_html(pages) if no_html is None else no_html
                    if no_html:
                        named = "" if item.id == item.source else f"record {item.id}: "
                        item = Problem(item.source, None, named + no_html)
                if isinstance(item, Problem):
                    n_problems += 1
                    hint = "; see --text-field" if item.message.startswith("no text: ") else ""
                    tell(f"quality: {visible(str(item))}{hint}")
                else:
                    yield item

        def shown() -> Generator[str, None, None]:
            nonlocal n_under
            for result in _results(task, batches(records()), jobs):
                verdicts.append(result.verdict)
                n_under += result.reliability is None or result.reliability < (fail_under or 0)
                yield result.shown

        try:
            with usable_index(against), closing(shown()) as results:
                write_reports(results, form)
        except KeyboardInterrupt:
            if not quiet:
                tell(f"quality: {_summary(verdicts, n_problems)}")
            raise

    if not quiet and len(verdicts) + n_problems > 1:
        click.echo(f"quality: {_summary(verdicts, n_problems)}", err=True)
    if n_problems:
        ctx.exit(UNREADABLE)
    ctx.exit(NEGATIVE if fail_under is not None and n_under else DONE)


def _no_html(pages: str) -> str:
    """Why pages of HTML cannot be read here, "" where they can."""
    from quality import html

    try:
        html.check(pages)
    except ModuleNotFoundError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Task:
    """What a process needs to know to score records and set the reports down."""

    model: str
    policy: str
    rules: tuple[str, ...]
    officials: tuple[str, ...]
    form: str
    with_text: bool
    width: int
    color: bool
    encoding: str
    careful: bool = False
    with_roles: bool = False
    pages: str = "full"
    date: str | None = None
    against: str | None = None


@dataclass(frozen=True)
class _Result:
    """One report as it is written, and what the run as a whole wants to know of it."""

    shown: str
    verdict: str
    reliability: float | None


@cache
def scorer_of(
    model: str,
    policy: str = "default",
    rules: tuple[str, ...] = (),
    officials: tuple[str, ...] = (),
    careful: bool = False,
    pages: str = "full",
    against: str | None = None,
) -> Scorer:
    """The scorer of this process, loaded once."""
    from quality.scorer import Scorer

    return Scorer.load(
        model,
        policy=policy,
        rules=[Path(r) for r in rules],
        officials=[Path(o) for o in officials],
        careful=careful,
        pages=pages,
        against=against,
    )


def check_task(task: Task) -> None:
    """End at once, and rightly, where model, policy, rules or terms of office cannot be used."""
    policies = usable(task.model).policies
    if task.policy not in policies:
        raise click.BadParameter(
            f"unknown policy {task.policy!r}; the model knows {', '.join(policies)}", param_hint="--policy"
        )
    with wrong_file("--rules"):
        scorer_of(task.model, task.policy, task.rules)
    with wrong_file("--officials", task.officials):
        scorer_of(task.model, task.policy, task.rules, task.officials, task.careful, task.pages)
    check_index(task.against)


def check_index(path: str | None) -> None:
    """End the run with 3 where a reference index is asked for that cannot be used."""
    if path is None:
        return
    from quality.index import Index

    with usable_index(path), Index(path) as index:
        index.state  # noqa: B018 - reading it opens the file


@contextmanager
def usable_index(path: str | None) -> Iterator[None]:
    """Ends the run with 3 where an index, if there is one, turns out not to be usable."""
    if path is None:
        yield
        return
    from quality.index import UnusableIndexError

    try:
        yield
    except UnusableIndexError as error:
        raise Unusable(f"the index {path!r} cannot be used: {error}") from None


@contextmanager
def wrong_file(option: str, paths: Sequence[str] = ()) -> Iterator[None]:
    """Ends the run as wrong usage of an option where what its files hold cannot be used, naming `paths`."""
    try:
        yield
    except (ValueError, KeyError) as error:
        where = f"{', '.join(paths)}: " if paths else ""
        raise click.BadParameter(f"{where}{reason_of(error)}", param_hint=option) from None


def usable(model: str) -> Scorer:
    """The scorer of a model with its default policy; ends the run with 3 where there is none."""
    try:
        return scorer_of(model)
    except (OSError, ValueError, KeyError) as error:
        raise Unusable(f"the model {model!r} cannot be used: {reason_of(error)}") from None


def reason_of(error: Exception) -> str:
    """What an error says."""
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)


def _results(task: Task, chunks: Iterable[list[Record]], jobs: int) -> Iterator[_Result]:
    """Results of all chunks, in order, from this process or from several."""
    if jobs == 1:
        for chunk in chunks:
            yield from _scored(task, chunk)
        return
    import warnings

    from joblib import Parallel, delayed

    # what joblib says of work that nobody waits for any more, as after `| head`
    warnings.filterwarnings("ignore", r"\d+ tasks (have been successfully|which were still)")
    parallel = Parallel(n_jobs=jobs, return_as="generator", batch_size=1)
    for results in parallel(delayed(_scored_apart)(task, chunk, os.getpid()) for chunk in chunks):
        yield from results


def _scored_apart(task: Task, records: Sequence[Record], first: int) -> list[_Result]:
    """Work of a process of many: Ctrl-C reaches all of them, and the `first` one ends the others.

    Where joblib cannot start processes it calls this in the first one, which must go on hearing it.
    """
    import signal

    if os.getpid() != first:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _scored(task, records)


def _scored(task: Task, records: Sequence[Record]) -> list[_Result]:
    scorer = scorer_of(
        task.model, task.policy, task.rules, task.officials, task.careful, task.pages, task.against
    )
    records = [_dated(record, task.date) for record in scorer.extracted(records)]
    reports = scorer.score_many(records, with_text=task.with_text, with_roles=task.with_roles)
    return [
        _Result(_shown(task, report, record), report.verdict, report.reliability)
        for report, record in zip(reports, records, strict=True)
    ]


def _dated(record: Record, day: str | None) -> Record:
    """The record, with a day where it has none of its own."""
    return replace(record, date=day) if day and record.date is None and not record.has_unread_date else record


def _shown(task: Task, report: Report, record: Record) -> str:
    if task.form == "text":
        from quality.render.terminal import render

        return render(
            report,
            record.text,
            width=task.width,
            color=task.color,
            encoding=task.encoding,
            titles=_titles(),
        )
    whole = report.to_dict()
    line = json.dumps(whole, ensure_ascii=False, allow_nan=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write but UTF-8 cannot
        line = json.dumps(whole, allow_nan=False)
    # one line for every reader: these break it for some, and JSON leaves them as they are
    return line.translate({ord(c): f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"})


@cache
def _titles() -> dict[str, str]:
    """Rules and features in words."""
    from quality.catalogue import known_features, known_rules

    return {rule.id: rule.title for rule in known_rules()} | {
        feature.name: feature.definition.rstrip(".") for feature in known_features()
    }


def write_reports(shown: Iterable[str], form: str) -> None:
    """Reports to standard output, each as soon as it is there; JSON in UTF-8 whatever the terminal's."""
    if form == "text":
        for number, page in enumerate(shown):
            click.echo(f"\n{page}" if number else page, color=True)
        return
    stdout = sys.stdout.buffer
    if form == "json":
        stdout.write(b"[")
    for number, line in enumerate(shown):
        if form == "json":
            stdout.write(b",\n" if number else b"\n")
        stdout.write(line.encode("utf-8"))
        if form == "jsonl":
            stdout.write(b"\n")
    if form == "json":
        stdout.write(b"\n]\n")
    stdout.flush()


def terminal() -> tuple[int, bool, str]:
    """Width, whether to colour, and encoding of standard output."""
    import shutil

    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return shutil.get_terminal_size().columns, color, sys.stdout.encoding or "ascii"


@contextmanager
def _progress(
    paths: Sequence[str], quiet: bool
) -> Iterator[tuple[Callable[[int], None], Callable[[str], None]]]:
    """A bar on standard error, by bytes of input, where there is much to do and someone to see it.

    Gives a function that moves it and one that prints a line on standard error above it.
    """

    def tell(line: str) -> None:
        click.echo(line, err=True)

    sizes = [os.path.getsize(path) for path in paths if os.path.isfile(path)]
    if quiet or sum(sizes) < MUCH or not sys.stderr.isatty() or sys.stdout.isatty():
        yield (lambda _: None), tell
        return
    with click.progressbar(length=sum(sizes), label="scoring", file=sys.stderr) as bar:
        # back to the line's beginning, and over the bar, which is drawn again at the next step
        yield bar.update, lambda line: tell(f"\r\x1b[K{line}")


def _summary(verdicts: Sequence[str], n_problems: int) -> str:
    counts = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
    parts = [f"{n} {verdict}" for verdict, n in sorted(counts.items(), key=lambda item: -item[1])]
    if n_problems:
        parts.append(f"{n_problems} not read")
    return ": ".join(
        [f"{len(verdicts)} scored" if verdicts else "nothing scored", *filter(None, [", ".join(parts)])]
    )


@main.command()
@click.argument("name", required=False, metavar="[NAME | bench]")
@click.argument("where", nargs=-1, type=click.Path(exists=True), metavar="[FILE|DIR]...")
@click.option(
    "--rules",
    "own",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="A rule pack of your own, to list or to check.",
)
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
    pages |= {term.name: partial(term_page, term) for term in terms}
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


def say(text: str) -> None:
    """Print, whatever the terminal's encoding lacks."""
    from quality.render.terminal import encodable

    click.echo(encodable(text, sys.stdout.encoding or "ascii"))


def say_rows(rows: Sequence[tuple[str, str, str]]) -> None:
    """Rows in columns, the last one cut at the terminal's width; whole where nobody looks."""
    width, _, _ = terminal()
    first, second = (max(len(row[k]) for row in rows) for k in (0, 1))
    for row in rows:
        line = f"{row[0]:<{first}}  {row[1]:<{second}}  {row[2]}"
        say(line[:width] if sys.stdout.isatty() else line)


@main.command()
@click.argument("title")
@click.option("--on", "day", metavar="YYYY-MM-DD", help="The day; today when not given.")
@click.option(
    "--officials",
    "own",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="Rows of your own, beside the shipped table; may be given again.",
)
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
    from quality.records import iso_day

    try:
        on = date.fromisoformat(iso_day(day)) if day is not None else date.today()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--on") from None
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
