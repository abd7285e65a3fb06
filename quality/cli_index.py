"""The verbs of the reference index on the command line: index add, query, remove, stats, verify, compact.

`quality.cli` opens this file for one of them only; what ends a run, and how, is told there.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quality.cli import (
    DONE,
    NEGATIVE,
    UNREADABLE,
    UNUSABLE,
    Function,
    id_field_option,
    main,
    page_or_json,
    say,
    scorer_of,
    text_field_option,
    usable_index,
)

if TYPE_CHECKING:
    from quality.records import FieldNames, Problem, Record

_KINDS = ("auto", "text", "jsonl", "parquet", "warc")


@main.group(no_args_is_help=True)
def index() -> None:
    """Keep a reference index: signatures of texts known already, in one file, to hold new ones against.

    Several processes may add to it at once, and read it meanwhile. docs/index.md tells more.

    \b
    To index an archive:
        quality index add archive.index archive.jsonl.gz
    To see what of new texts is known:
        quality index query archive.index new.jsonl
    To score them with that:
        quality score --against archive.index new.jsonl
    """


def _inputs(function: Function) -> Function:
    """The arguments and options of verbs that read texts."""
    options: list[Callable[[Function], Function]] = [
        click.argument("path", metavar="INDEX"),
        click.argument("files", nargs=-1, metavar="[FILE]..."),
        click.option(
            "--input",
            "kind",
            type=click.Choice(_KINDS),
            default="auto",
            show_default=True,
            help="What the input is; auto goes by file names and, on standard input, by the first character.",
        ),
        text_field_option,
        id_field_option,
        click.option("--quiet", is_flag=True, help="No closing line; problems are still told."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@index.command()
@_inputs
@click.option(
    "--permutations",
    type=click.IntRange(min=1),
    metavar="N",
    help="Numbers in a signature, when the index is made: 128, error .04; four times as many halve it.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), help="Seed of the permutations, when the index is made: 1."
)
@click.pass_context
def add(
    ctx: click.Context,
    path: str,
    files: tuple[str, ...],
    kind: str,
    text_field: str | None,
    id_field: str | None,
    quiet: bool,
    permutations: int | None,
    seed: int | None,
) -> None:
    """Add texts to INDEX, which is made if there is none.

    FILE is as for `quality score`, Parquet, WARC or WET, or a folder of texts, as for `quality filter`.

    A text whose id is there takes the place of the earlier one, so the same files may be added again, as after a
    crash. What has no id goes by the whole path of its file, with the number of its line; on standard input it is refused.
    Batches go in one by one, each whole or not at all.

    \b
    To index a corpus:
        quality index add archive.index corpus.jsonl.gz
    To index pages of a site, whose whole path is their id:
        quality index add site.index pages
    """
    from quality.index import Index
    from quality.scorer import batches
    from quality.text import Batch

    asked = {"n_permutations": permutations, "seed": seed}
    asked = {name: value for name, value in asked.items() if value is not None}
    problems = _Problems()
    with _usable(ctx, path):
        try:
            made = Index.create(path, **asked)
        except ValueError as error:
            if "bands" not in str(error):
                raise
            raise click.BadParameter(str(error), param_hint="--permutations") from None
        with made as target:
            records = problems.told_apart(problems.records(files, kind, text_field, id_field))
            added = target.add(
                (Batch.of([r.text for r in some], [r.paragraphs for r in some]), [r.identity for r in some])
                for some in batches(records)
            )
    if not quiet:
        again = f", {added.n_replaced} of them in the place of earlier ones" if added.n_replaced else ""
        click.echo(f"quality: {added.n} document{'s' * (added.n != 1)} added{again}", err=True)
    ctx.exit(UNREADABLE if problems.n else DONE)


@index.command()
@_inputs
@click.pass_context
def query(
    ctx: click.Context,
    path: str,
    files: tuple[str, ...],
    kind: str,
    text_field: str | None,
    id_field: str | None,
    quiet: bool,
) -> None:
    """Say what of some texts is known from INDEX, one JSON object a line; exit with 1 where nothing is.

    `duplicates` are indexed documents like the text (no `paragraph`) or with a paragraph like one of it, `repeated` its
    paragraphs that stand in many documents. The document of the same id does not count: it is the text itself.

    \b
    To find new texts that were there before:
        quality index query archive.index new.jsonl
    """
    from quality.index import Index
    from quality.scorer import batches
    from quality.text import Batch

    problems = _Problems()
    n = n_known = 0
    with _usable(ctx, path), Index(path) as source:
        for some in batches(problems.records(files, kind, text_field, id_field)):
            batch = Batch.of([r.text for r in some], [r.paragraphs for r in some])
            known = source.look_up(batch, [r.identity for r in some])
            for d, record in enumerate(some):
                told = {"id": record.identity, **known.to_dict(d)}
                n += 1
                n_known += bool(told["duplicates"] or told["repeated"])
                say(json.dumps(told))
    if not quiet:
        click.echo(f"quality: {n_known} of {n} known in part or whole", err=True)
    ctx.exit(UNREADABLE if problems.n else DONE if n_known else NEGATIVE)


@index.command()
@click.argument("path", metavar="INDEX")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--ids-from", type=click.File(encoding="utf8"), metavar="FILE", help="A file with one id a line."
)
@click.pass_context
def remove(ctx: click.Context, path: str, ids: tuple[str, ...], ids_from: Any) -> None:
    """Take documents out of INDEX by their ids; exit with 1 where there was none of them.

    \b
    To forget two documents:
        quality index remove archive.index a17 b3
    """
    from quality.index import Index

    wanted = [*ids, *(line.rstrip("\n") for line in ids_from or ())]
    if not wanted:
        raise click.UsageError("give ids, or a file of them with --ids-from")
    n = 0
    with _usable(ctx, path), Index(path, writes=True) as target:
        for low in range(0, len(wanted), 500):
            n += target.remove(wanted[low : low + 500])
    click.echo(f"quality: {n} of {len(wanted)} documents removed", err=True)
    ctx.exit(DONE if n else NEGATIVE)


@index.command()
@click.argument("path", metavar="INDEX")
@page_or_json("Lines, or one JSON object.")
@click.pass_context
def stats(ctx: click.Context, path: str, form: str) -> None:
    """Say what is in INDEX: how many documents and paragraphs, how many bytes, what signatures are made of.

    \b
    To see how large an index has become:
        quality index stats archive.index
    """
    from quality.index import Index

    with _usable(ctx, path), Index(path) as source:
        found = source.stats()
    if form == "json":
        say(json.dumps(found))
        return
    size = max(len(name) for name in found)
    for name, value in found.items():
        say(f"{name.replace('n_', '').replace('_', ' '):<{size}}  {value:,}" if isinstance(value, int) else
            f"{name:<{size}}  {value}")  # fmt: skip


@index.command()
@click.argument("path", metavar="INDEX")
@click.pass_context
def verify(ctx: click.Context, path: str) -> None:
    """Say whether INDEX is sound: the file, the counts, the keys, what it was made with; exit with 3 where it is not.

    \b
    To check an index after a crash or a copy:
        quality index verify archive.index
    """
    from quality.index import Index

    with usable_index(path):
        source = Index(path)
    with source:
        problems = source.problems()
    for problem in problems:
        click.echo(f"quality: {path}: {problem}", err=True)
    if not problems:
        say(f"{path}: sound")
    ctx.exit(UNUSABLE if problems else DONE)


@index.command()
@click.argument("path", metavar="INDEX")
@click.pass_context
def compact(ctx: click.Context, path: str) -> None:
    """Write INDEX anew without gaps and without what removed documents left; needs room for it twice meanwhile.

    \b
    To make an index small before it is copied:
        quality index compact archive.index
    """
    from quality.index import Index

    with _usable(ctx, path), Index(path, writes=True) as target:
        before, after = target.compact()
    say(f"{path}: {before:,} bytes before, {after:,} now")


class _Problems:
    """What could not be read: told as it is met, and counted."""

    def __init__(self) -> None:
        self.n = 0

    def tell(self, problem: Problem) -> None:
        """Tell and count one."""
        from quality.render.terminal import visible

        self.n += 1
        click.echo(f"quality: {visible(str(problem))}", err=True)

    def told_apart(self, records: Iterable[Record]) -> Iterator[Record]:
        """Those records that have an id or are in a file: what came from a pipe would take the place of what comes next."""
        from quality.records import Problem

        for record in records:
            if record.has_id or (record.source != "-" and os.path.isfile(record.source)):
                yield record
            else:
                told = "has no id, and comes from a pipe, which has no name: name a file, or write an id into each line"
                self.tell(Problem(record.source, record.line, told))

    def records(
        self, files: tuple[str, ...], kind: str, text_field: str | None, id_field: str | None
    ) -> Iterator[Record]:
        """Records of some files, standard input where none is given."""
        from quality.records import FieldNames, Problem

        paths = files or ("-",)
        if "-" in paths and sys.stdin is None:  # closed by the shell: <&-
            raise click.UsageError("standard input is closed, and no other FILE is given")
        names: FieldNames = FieldNames(id_field, text_field)
        for path in paths:
            try:
                for item in _read(path, kind, names):
                    if isinstance(item, Problem):
                        self.tell(item)
                    elif item.html is not None:
                        yield from scorer_of("default").extracted([item])
                    else:
                        yield item
            except ModuleNotFoundError as error:
                self.tell(Problem(path, None, str(error)))


def _read(path: str, kind: str, names: FieldNames) -> Iterator[Record | Problem]:
    """Texts and problems of a file as `quality score` reads it, of a table, an archive or a folder as `quality filter` does."""
    from quality.containers import ENDINGS, Fault, Feed, Form, Place
    from quality.filter import container_of
    from quality.folders import listed
    from quality.records import Problem, read

    endings = {ending.lower() for ending in Path(path).suffixes}
    held = next(
        (k for k in ("parquet", "warc") if kind == k or (kind == "auto" and endings & {*ENDINGS[k]})), ""
    )
    if os.path.isdir(path):
        held = "text"
    if not held:
        yield from read([path], kind=kind, names=names)
        return
    container, form = container_of(held), Form(key="", names=names)  # nothing is added, so no key is taken
    for chunk in container.chunks(listed([path], held), Place(), form, Feed()):
        for item in container.read(chunk, form):
            if isinstance(item, Fault):
                yield Problem(chunk.source or str(item.id), item.number, item.error)
            elif item is not None:
                yield item


@contextmanager
def _usable(ctx: click.Context, path: str) -> Iterator[None]:
    """Ends the run with 3 where the index cannot be used, with 2 where it cannot be written."""
    from quality.render.terminal import visible

    try:
        with usable_index(path):
            yield
    except BrokenPipeError:
        raise
    except OSError as error:
        click.echo(f"quality: {visible(path)} cannot be written: {error.strerror}", err=True)
        ctx.exit(UNREADABLE)
