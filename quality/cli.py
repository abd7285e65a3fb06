"""The command line: the only place that prints, and that decides how a run ends.

Results go to standard output, everything else to standard error. What takes long to import (numpy,
the model, joblib) is imported by the command that needs it, so `quality --help` answers at once.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from quality.scorer import Scorer

DONE, NEGATIVE, UNREADABLE, UNUSABLE, QUARANTINED, INTERRUPTED = 0, 1, 2, 3, 4, 130

Function = TypeVar("Function", bound=Callable[..., Any])

# Bytes of input from which a progress bar is worth its line: more than a second's work.
MUCH = 8_000_000
# Why a file that could be opened cannot be written on.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# Where each verb stands; opened when it is asked for.
VERBS = {
    **dict.fromkeys(("doctor", "features", "officials", "rules"), "quality.cli_catalogue"),
    **dict.fromkeys(("evaluate", "export", "import", "models", "train"), "quality.cli_learning"),
    "filter": "quality.cli_pipelines",
    "index": "quality.cli_index",
    "score": "quality.cli_score",
}


class _Commands(click.Group):
    """All commands, with one place for the ways in which any of them may end before its time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in VERBS:
            import_module(VERBS[cmd_name])  # puts its verbs here
        return super().get_command(ctx, cmd_name)

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
    # numpy is imported later. More threads make scoring no faster, and wait for each other at the cost of two fifths
    # more processor time (own measurement); --jobs is what uses more cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    ctx.obj = model


# ---- options that several verbs have ----


def as_day(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The value of an option as an ISO day; ends the run as wrong usage where it is none."""
    from quality.records import iso_day

    try:
        return None if value is None else iso_day(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=param.opts[0]) from None


def files_option(*names: str, help: str) -> Callable[[Function], Function]:
    """An option that names files of the user's own, and may be given again."""
    return click.option(*names, multiple=True, type=click.Path(exists=True, dir_okay=False), help=help)


def page_or_json(help: str) -> Callable[[Function], Function]:
    """The option of verbs that print a page or one JSON object."""
    choice = click.Choice(["text", "json"])
    return click.option("--format", "form", type=choice, default="text", show_default=True, help=help)


date_option = click.option(
    "--date",
    metavar="YYYY-MM-DD",
    callback=as_day,
    help="The day of records without a date field; it goes before a date in the text itself.",
)
rules_option = files_option(
    "--rules", help="A rule pack of your own, beside the shipped ones; may be given again."
)
officials_option = files_option(
    "--officials", help="Terms of office of your own, beside the shipped table; may be given again."
)
careful_option = click.option(
    "--careful",
    is_flag=True,
    help="Call fewer paragraphs boilerplate, filler or copies: less of the text is lost, more furniture stays (docs/output.md).",
)
pages_option = click.option(
    "--html",
    "pages",
    type=click.Choice(["full", "fast"]),
    default="full",
    show_default=True,
    help="How pages of HTML are read: with two extractors, or with one, which finds the text three to six times as fast (docs/html.md).",
)
against_option = click.option(
    "--against",
    metavar="INDEX",
    help="A reference index (quality index): tells which texts and paragraphs are known from it.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes to use; they take a second to start, which pays from some 10 MB of text.",
)
text_field_option = click.option(
    "--text-field", metavar="NAME", help="Field of a record that holds its text or paragraphs."
)
id_field_option = click.option("--id-field", metavar="NAME", help="Field that holds the id.")
title_field_option = click.option("--title-field", metavar="NAME", help="Field that holds the title.")
date_field_option = click.option("--date-field", metavar="NAME", help="Field that holds the date.")


# ---- what verbs score with, and how they end ----


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
    from quality.scorer import Scorer, shared_model

    return Scorer.load(
        shared_model(model),
        policy=policy,
        rules=[Path(r) for r in rules],
        officials=[Path(o) for o in officials],
        careful=careful,
        pages=pages,
        against=against,
    )


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
    from quality.index_file import UnusableIndexError

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


def usable(model: str, policy: str = "default") -> Scorer:
    """The scorer of a model with a policy; ends the run with 3 where there is no such model, as wrong usage without the policy."""
    try:
        scorer = scorer_of(model)
    except (OSError, ValueError, KeyError) as error:
        raise Unusable(f"the model {model!r} cannot be used: {reason_of(error)}") from None
    if policy not in scorer.policies:
        raise click.BadParameter(
            f"unknown policy {policy!r}; the model knows {', '.join(scorer.policies)}", param_hint="--policy"
        )
    return scorer_of(model, policy)


def reason_of(error: Exception) -> str:
    """What an error says."""
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)


# ---- what is printed ----


def terminal() -> tuple[int, bool, str]:
    """Width, whether to colour, and encoding of standard output."""
    import shutil

    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return shutil.get_terminal_size().columns, color, sys.stdout.encoding or "ascii"


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
