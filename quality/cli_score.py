"""The verb that scores texts on the command line.

`quality.cli` opens this file for it only; what ends a run, and how, is told there.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

import click

from quality.cli import (
    DONE,
    MUCH,
    NEGATIVE,
    UNREADABLE,
    against_option,
    careful_option,
    check_index,
    date_field_option,
    date_option,
    id_field_option,
    jobs_option,
    main,
    officials_option,
    pages_option,
    rules_option,
    scorer_of,
    terminal,
    text_field_option,
    title_field_option,
    usable,
    usable_index,
    wrong_file,
)

if TYPE_CHECKING:
    from quality.records import Record
    from quality.report import Report
    from quality.scorer import Scorer


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
@date_option
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
@careful_option
@rules_option
@officials_option
@against_option
@click.option(
    "--input",
    "kind",
    type=click.Choice(["auto", "text", "html", "jsonl"]),
    default="auto",
    show_default=True,
    help="What the input is; auto goes by file names and by how it begins.",
)
@pages_option
@text_field_option
@id_field_option
@title_field_option
@date_field_option
@jobs_option
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
    also compressed (.gz, .bz2, .xz, .zst), or - for standard input, which is read when no FILE is given. Records are scored
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
    from quality.records import FieldNames, Problem, Record, read
    from quality.render.terminal import visible
    from quality.scorer import batches

    if fail_under is not None and not fail_under >= 0:  # NaN passes every range
        raise click.BadParameter(f"{fail_under} is no number from 0 to 1", param_hint="--fail-under")
    width, color, encoding = terminal()
    task = Task(
        ctx.obj,
        form,
        policy=policy,
        rules=rules,
        officials=officials,
        careful=careful,
        pages=pages,
        against=against,
        date=date,
        with_text=with_text,
        with_roles=with_roles,
        width=width,
        color=color,
        encoding=encoding,
    )
    _check(task)
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
    form: str
    policy: str = "default"
    rules: tuple[str, ...] = ()
    officials: tuple[str, ...] = ()
    careful: bool = False
    pages: str = "full"
    against: str | None = None
    date: str | None = None
    with_text: bool = False
    with_roles: bool = False
    width: int = 80
    color: bool = False
    encoding: str = "utf-8"

    @property
    def scorer(self) -> Scorer:
        """The scorer of this process for it."""
        return scorer_of(
            self.model, self.policy, self.rules, self.officials, self.careful, self.pages, self.against
        )


@dataclass(frozen=True)
class _Result:
    """One report as it is written, and what the run as a whole wants to know of it."""

    shown: str
    verdict: str
    reliability: float | None


def _check(task: Task) -> None:
    """End at once, and rightly, where model, policy, rules, terms of office or index cannot be used."""
    usable(task.model, task.policy)
    with wrong_file("--rules"):
        scorer_of(task.model, task.policy, task.rules)
    with wrong_file("--officials", task.officials):
        scorer_of(task.model, task.policy, task.rules, task.officials)
    check_index(task.against)


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
    is_wanted = True
    # no chunk is read any more once nobody waits for results
    wanted = takewhile(lambda _: is_wanted, chunks)
    parallel = Parallel(n_jobs=jobs, return_as="generator", batch_size=1)
    found = parallel(delayed(_scored_apart)(task, chunk, os.getpid()) for chunk in wanted)
    try:
        for results in found:
            yield from results
    finally:
        # what is at work is waited for (some tenths of a second): joblib would kill the processes in the midst of it, and
        # its tracker of resources may complain of what they leave behind
        is_wanted = False
        for _ in found:
            pass


def _scored_apart(task: Task, records: Sequence[Record], first: int) -> list[_Result]:
    """Work of a process of many: Ctrl-C reaches all of them, and the `first` one ends the others.

    Where joblib cannot start processes it calls this in the first one, which must go on hearing it.
    """
    import signal

    if os.getpid() != first:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _scored(task, records)


def _scored(task: Task, records: Sequence[Record]) -> list[_Result]:
    scorer = task.scorer
    records = [record.on(task.date) for record in scorer.extracted(records)]
    reports = scorer.score_many(records, with_text=task.with_text, with_roles=task.with_roles)
    return [
        _Result(_shown(task, report, record), report.verdict, report.reliability)
        for report, record in zip(reports, records, strict=True)
    ]


def _shown(task: Task, report: Report, record: Record) -> str:
    from quality.records import SEPARATORS

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
    return line.translate({ord(c): escape for c, escape in SEPARATORS.items()})


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
