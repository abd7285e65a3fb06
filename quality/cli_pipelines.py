"""The verbs of pipelines on the command line: filter.

`quality.cli` opens this file for one of them only; what ends a run, and how, is told there.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quality.cli import (
    DONE,
    MUCH,
    NEGATIVE,
    QUARANTINED,
    UNREADABLE,
    against_option,
    careful_option,
    check_index,
    date_field_option,
    date_option,
    id_field_option,
    jobs_option,
    let_go_of_output,
    main,
    officials_option,
    pages_option,
    rules_option,
    text_field_option,
    title_field_option,
    usable,
    usable_index,
    wrong_file,
)

if TYPE_CHECKING:
    from quality.counts import Counts

# Seconds between two lines on progress where there is no terminal to draw a bar on.
LINE_SECONDS = 30.0
# Seconds between two writings of the metrics; scrapers come every fifteen at most.
METRICS_SECONDS = 5.0
# What is written for each kind of input, in words.
EXPECTED = {
    "jsonl": "one file for all inputs, such as OUT.jsonl or OUT.jsonl.gz",
    "text": "a new folder, in which the texts have the same names",
    "parquet": "one file for all inputs, such as OUT.parquet",
    "warc": "one file for all inputs, such as OUT.warc or OUT.warc.gz",
}
# Reasons that the closing lines name, most frequent first.
SHOWN = 8


@main.command()
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    metavar="OUT",
    help="Where kept records go: one file, whatever the number of inputs; of texts, even of one, a new folder. "
    "- is standard output.",
)
@click.option(
    "--mode",
    type=click.Choice(["annotate", "drop", "clean"]),
    default="annotate",
    show_default=True,
    help="Add what was found out; or leave out what is dropped as well; or take out paragraphs that are no content.",
)
@click.option(
    "--policy",
    default="default",
    show_default=True,
    help="What is dropped: by the thresholds default, strict or lenient, or hard-only: whatever has hard evidence.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Instead: whatever has a reliability below P, hard evidence or not, unless it is unsure.",
)
@click.option(
    "--dropped", metavar="FILE", help="Where dropped records go, with the reasons; else they are gone."
)
@click.option(
    "--quarantine", metavar="FILE", help="Where it is told, in JSON Lines, what could not be scored."
)
@click.option("--strict", is_flag=True, help="Exit with 4 if a record was set aside.")
@click.option(
    "--resume", is_flag=True, help="Go on where a run with the same inputs and options was stopped."
)
@jobs_option
@click.option(
    "--metrics",
    metavar="FILE",
    help="Counts in Prometheus's text format, written anew every few seconds.",
)
@click.option(
    "--key", default="quality", show_default=True, help="The field under which is written what was found out."
)
@careful_option
@against_option
@click.option(
    "--dedup",
    type=click.Choice(["first", "best"]),
    help="Tell near-copies within this run, and drop them unless --mode is annotate: all but the first of a "
    "cluster, or all but the most reliable. Reads the input twice, and scores it twice where it drops or best is asked for.",
)
@click.option(
    "--repeated-lines",
    is_flag=True,
    help="Call paragraphs boilerplate whose very words stand in many documents of a site (by address) within this run. "
    "Reads the input twice.",
)
@click.option("--with-text", is_flag=True, help="Add the text to records that have only paragraphs.")
@date_option
@click.option(
    "--input",
    "kind",
    type=click.Choice(["auto", "jsonl", "text", "parquet", "warc"]),
    default="auto",
    show_default=True,
    help="What the input is; auto goes by file names.",
)
@pages_option
@text_field_option
@id_field_option
@title_field_option
@date_field_option
@rules_option
@officials_option
@click.option(
    "--max-bytes",
    type=click.IntRange(min=1),
    default=20_000_000,
    show_default=True,
    help="A record larger than this is set aside unread.",
)
@click.option(
    "--checkpoint",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often it is noted how far the run is, for --resume.",
)
@click.option(
    "--quiet",
    is_flag=True,
    help="No progress and no summary; problems, and how many records were set aside, are still told.",
)
@click.pass_context
def filter(
    ctx: click.Context,
    inputs: tuple[str, ...],
    output: str,
    mode: str,
    policy: str,
    threshold: float | None,
    dropped: str | None,
    quarantine: str | None,
    strict: bool,
    resume: bool,
    jobs: int,
    metrics: str | None,
    key: str,
    careful: bool,
    against: str | None,
    dedup: str | None,
    repeated_lines: bool,
    with_text: bool,
    date: str | None,
    kind: str,
    pages: str,
    text_field: str | None,
    id_field: str | None,
    title_field: str | None,
    date_field: str | None,
    rules: tuple[str, ...],
    officials: tuple[str, ...],
    max_bytes: int,
    checkpoint: float,
    quiet: bool,
) -> None:
    """Stand before other stages: annotate, drop or clean the records of a stream; everything else in them stays.

    \b
    IN                               OUT (-o)
    JSON Lines (-: standard input),  one file of the same kind for all inputs;
      Parquet, WARC or WET           standard output if not given (not Parquet)
    texts or pages of HTML, even     a new folder in which they have the same names
      one, or folders of them

    JSON Lines may be compressed (.gz, .bz2, .xz, .zst). The last line says where all records went. docs/filter.md tells
    more.

    Exit codes: 0 done; 1 nothing kept; 2 wrong usage, or something could not be read or written; 3 the model is
    unusable; 4 records set aside under --strict; 130 interrupted.

    \b
    To add reliability, verdict and reasons to every record:
        quality filter corpus.jsonl -o annotated.jsonl
    To leave out what has hard evidence against it, and keep it elsewhere:
        quality filter corpus.jsonl.gz -o kept.jsonl.gz --mode drop --dropped dropped.jsonl.gz
    To take menus, filler and copied paragraphs out of the texts:
        quality filter corpus.jsonl -o clean.jsonl --mode clean
    To go on after a crash:
        quality filter corpus.jsonl -o annotated.jsonl --resume
    To keep one of each cluster of near-copies, the most reliable:
        quality filter corpus.jsonl -o kept.jsonl --mode drop --dedup best
    To take out lines that stand on many pages of a site:
        quality filter crawl.jsonl -o clean.jsonl --mode clean --repeated-lines
    To take out paragraphs that were indexed before (docs/index.md):
        quality filter new.jsonl -o clean.jsonl --mode clean --against archive.index
    To stand in a pipe:
        zcat dump.jsonl.gz | quality filter - --mode drop | gzip > kept.jsonl.gz
    """
    from quality import filter as engine
    from quality.containers import Feed, Form, comes_once, kind_of
    from quality.decisions import Plan
    from quality.folders import listed
    from quality.journal import NotResumableError
    from quality.records import FieldNames

    if threshold is not None and not threshold >= 0:  # NaN passes every range
        raise click.BadParameter(f"{threshold} is no number from 0 to 1", param_hint="--threshold")
    if threshold is not None and policy != "default":
        raise click.UsageError("give --policy or --threshold, not both")
    for option, is_given in (("--dedup", dedup is not None), ("--repeated-lines", repeated_lines)):
        if is_given and any(map(comes_once, inputs)):
            raise click.UsageError(
                f"{option} reads the input twice, which standard input and pipes cannot be"
            )
    for option, path in (("--dropped", dropped), ("--quarantine", quarantine), ("--metrics", metrics)):
        if path == "-":
            raise click.UsageError(f"{option} needs a file: only kept records can go to standard output")
    if dropped is not None and mode == "annotate":
        raise click.UsageError("--mode annotate drops nothing: --dropped needs --mode drop or clean")
    names = FieldNames(id_field, text_field, title_field, date_field)
    try:
        kinds = {kind_of(path) for path in inputs} if kind == "auto" else {kind}
        if len(kinds) > 1:
            raise ValueError(
                f"one kind of input at a time; given are {' and '.join(sorted(kinds))}: filter each by itself"
            )
        (kind,) = kinds
        sources = listed(inputs, kind)
        targets = {"kept": output, "dropped": dropped, "quarantine": quarantine}
        _check_names(targets, kind)
        places = {
            name: None if path in (None, "-") else _whole_path(str(path)) for name, path in targets.items()
        }
        measured = None if metrics is None else _whole_path(metrics)
        _check_inputs(inputs, kind, names != FieldNames())
        _check_outputs(places, inputs, kind, resume)
        others = [*rules, *officials, *([] if against is None else [against])]
        _check_written(places, measured, kind, [*inputs, *others])
        if with_text and kind == "warc":
            raise ValueError(
                "--with-text adds a field, which archives have none of: --mode clean writes texts"
            )
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    form = Form(key, names, max_bytes, mode == "clean" or with_text)
    plan = Plan(
        kind,
        mode,
        form,
        ctx.obj,
        policy,
        threshold,
        rules,
        officials,
        date,
        with_text,
        careful,
        pages,
        against=against,
        dedup=dedup,
        repeated_lines=repeated_lines,
    )
    known = engine.policies(usable(ctx.obj))
    if policy not in known:
        raise click.BadParameter(
            f"unknown policy {policy!r}; there are {', '.join(known)}", param_hint="--policy"
        )
    with wrong_file("--rules"):
        engine.scorer_of(ctx.obj, policy, threshold, rules, ())
    with wrong_file("--officials", officials):
        scorer = engine.scorer_of(ctx.obj, policy, threshold, rules, officials)
    check_index(against)
    model = {"model": scorer.model.name, "digest": scorer.model.digest[:16]}

    if plan.first_pass and not quiet:
        named = " and ".join(engine.FIRST_PASSES[name] for name in plan.first_pass)
        click.echo(f"quality: {named} are looked for first", err=True)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is written is noted
    try:
        watching = _watching(sources, quiet, measured, model, strict, 2 if plan.first_pass else 1)
        with usable_index(against), watching as (on_bytes, watch):
            counts = engine.run(
                plan,
                sources,
                places,
                stdout=sys.stdout.buffer,
                feed=Feed(sys.stdin.buffer if "-" in inputs else None, on_bytes),
                jobs=jobs,
                resume=resume,
                every=checkpoint,
                watch=watch,
            )
    except BrokenPipeError:
        raise
    except (OSError, ValueError, ArithmeticError, RuntimeError, ModuleNotFoundError) as error:
        if places["kept"] is None and isinstance(error, OSError):
            let_go_of_output()
        click.echo(f"quality: {_told(error)}", err=True)
        # a run that was refused has done nothing, and the note is of another one
        if not isinstance(error, NotResumableError | BlockingIOError) and _can_go_on(places["kept"]):
            click.echo(
                "quality: what was done is kept: the same command with --resume goes on from there", err=True
            )
        ctx.exit(UNREADABLE)
    except KeyboardInterrupt:
        if _can_go_on(places["kept"]):
            click.echo("quality: stopped; the same command with --resume goes on from there", err=True)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    for problem in counts.broken:
        click.echo(f"quality: {_visible(problem)}", err=True)
    _summarize(counts, quarantine, quiet)
    if counts.broken:
        ctx.exit(UNREADABLE)
    if strict and counts.quarantined:
        ctx.exit(QUARANTINED)
    ctx.exit(DONE if counts.kept else NEGATIVE)


def _can_go_on(main: Path | None) -> bool:
    """Whether a run into this main output left a note."""
    from quality.journal import PROGRESS

    return main is not None and main.with_name(main.name + PROGRESS).exists()


def _check_inputs(inputs: Sequence[str], kind: str, has_names: bool) -> None:
    """Raise ValueError for inputs that cannot be, before anything is read."""
    if "-" in inputs:
        if kind != "jsonl":
            raise ValueError("standard input can only be JSON Lines")
        if sys.stdin is None:  # closed by the shell: <&-
            raise ValueError("standard input is closed")
    for path in inputs:
        if path != "-" and not os.path.exists(path):
            raise ValueError(f"there is no {path}")
    if has_names and kind not in ("jsonl", "parquet"):
        raise ValueError(f"names of fields are for JSON Lines and Parquet; the input is {kind}")


def _check_names(targets: Mapping[str, str | None], kind: str) -> None:
    """Raise ValueError for a file that is named as a folder."""
    for name, path in targets.items():
        wanted = "jsonl" if name == "quarantine" else kind
        if path is not None and path.endswith("/") and wanted != "text":
            raise ValueError(f"{path} names a folder: give {EXPECTED[wanted]}")


def _check_outputs(places: Mapping[str, Path | None], inputs: Sequence[str], kind: str, resume: bool) -> None:
    """Raise ValueError for outputs that would be of another kind, or take the place of something else."""
    from quality.containers import ENDINGS, PACKINGS, comes_once, packing_of
    from quality.journal import is_all_written
    from quality.records import NOT_READ, PAGES

    main = places["kept"]
    if main is None and kind in ("text", "parquet"):
        raise ValueError(f"{kind} cannot be written to standard output: say where with -o, {EXPECTED[kind]}")
    if resume and (main is None or any(map(comes_once, inputs))):
        raise ValueError("--resume needs files, as input and as output: pipes do not come again")
    for name, path in places.items():
        if path is None:
            continue
        wanted = "jsonl" if name == "quarantine" else kind
        # lines of JSON are called .json by some, and read under that name with --input
        others = {ending: (ending,) for ending in NOT_READ if ending != ".json"}
        told = next((k for k, some in {**ENDINGS, **others}.items() if {*path.suffixes} & {*some}), None)
        if told not in (None, wanted):
            raise ValueError(
                f"{path} is named like {told}, but {wanted} goes in: outputs are of the same kind; "
                f"give {EXPECTED[wanted]}"
            )
        packing = packing_of(path)
        if packing and packing not in PACKINGS.get(wanted, (packing,)):
            raise ValueError(f"{path}: {wanted} is not written as .{packing}")
        is_named = resume and main is not None and is_all_written(main)
        if wanted == "text" and path.is_dir() and any(path.iterdir()) and not is_named:
            raise ValueError(f"{path} is there and not empty: give a new folder")
        if wanted != "text" and path.is_dir():
            raise ValueError(f"{path} is a directory: give a file, {EXPECTED[wanted]}")
        if wanted == "text" and (path.is_file() or path.suffix.lower() in (".txt", *PAGES)):
            raise ValueError(
                f"{path} names a file, but texts, even one, go into a folder: give {EXPECTED[wanted]}"
            )


def _whole_path(path: str) -> Path:
    """Where a file is to be: where a link leads, so that what is written does not take the link's place.

    Raises ValueError for a device or pipe, whose place it would take.
    """
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        told = "name a file; what is kept can go to standard output (-o -), and on from there"
        raise ValueError(f"{path} is a device or pipe, whose place a file would take: {told}")
    return Path(os.path.realpath(path)) if os.path.islink(path) else Path(path)


def _check_written(
    places: Mapping[str, Path | None], metrics: Path | None, kind: str, read: Sequence[str]
) -> None:
    """Raise ValueError where something that a run writes would take the place of what it reads, or of another thing it
    writes, and for an output in a folder that is not there.
    """
    from quality.containers import comes_once
    from quality.filter import FIRST_PASSES
    from quality.journal import PART, PARTIAL, PROGRESS

    outputs = [path for path in places.values() if path is not None]
    written = [*outputs, *([] if metrics is None else [metrics])]
    beside = [(path, ending) for path in outputs for ending in (PARTIAL, PART)]
    if places["kept"] is not None:
        own = (PROGRESS, *(f".{name}" for name in FIRST_PASSES))
        beside += [(places["kept"], more) for ending in own for more in (ending, ending + PART)]
    if metrics is not None:
        beside.append((metrics, PART))
    written += [path.with_name(path.name + ending) for path, ending in beside]
    folders = {path.resolve() for path in outputs if kind == "text" and path != places["quarantine"]}
    sources = [path for path in read if os.path.exists(path) and not comes_once(path)]
    known = {(facts.st_dev, facts.st_ino) for facts in map(os.stat, sources)}  # also of a file with two names
    read_folders = {Path(path).resolve() for path in sources if os.path.isdir(path)}
    taken = set()
    for path in written:
        real = path.resolve()
        facts = path.stat() if path.exists() else None
        if real in taken:
            raise ValueError(f"two outputs have the same name: {path}")
        if facts and (facts.st_dev, facts.st_ino) in known:
            raise ValueError(f"{path} is also read: give another name for what is written")
        if read_folders & {*real.parents}:
            raise ValueError(
                f"{path} lies in {(read_folders & {*real.parents}).pop()}, which is read: write elsewhere"
            )
        if folders & {*real.parents}:
            raise ValueError(f"{path} lies in a folder that is made at the end: write elsewhere")
        taken.add(real)
    for path in outputs:
        if not path.parent.is_dir():
            raise ValueError(f"there is no folder {path.parent} to write {path.name} into: make it first")


def _told(error: Exception) -> str:
    """An error in words, a file's with its name."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _visible(text: str) -> str:
    from quality.render.terminal import visible

    return visible(text)


def _summarize(counts: Counts, quarantine: str | None, quiet: bool) -> None:
    """The closing lines on standard error: verdicts, reasons, and where all records went; if `quiet`, what was set aside alone."""
    lines = [("verdicts", counts.verdicts), ("dropped", counts.dropped_for), ("removed", counts.removed)]
    for name, some in [*([] if quiet else lines), ("quarantined", counts.quarantined_for)]:
        top = ", ".join(f"{reason} {n}" for reason, n in some.most_common(SHOWN) if n)
        if top:
            more = f", {len(some) - SHOWN} more" if len(some) > SHOWN else ""
            click.echo(f"quality: {name}: {top}{more}", err=True)
    if quiet:
        return
    if counts.quarantined and quarantine is None:
        click.echo("quality: to see what was set aside, and why: --quarantine FILE", err=True)
    click.echo(f"quality: {counts}", err=True)


@contextmanager
def _watching(
    sources: Sequence[tuple[str, str]],
    quiet: bool,
    metrics: Path | None,
    model: Mapping[str, str],
    strict: bool,
    n_passes: int,
) -> Iterator[tuple[Callable[[int], None], Callable[[Counts], None]]]:
    """Functions that hear how many bytes are used and what was counted: for a bar, or lines, and the metrics."""
    begun = time.monotonic()
    size = n_passes * sum(os.path.getsize(path) for path, _ in sources if os.path.isfile(path))
    shows_bar = not quiet and size >= MUCH and sys.stderr.isatty()
    pending = 0
    first: int | None = None
    lined = measured = begun
    last: Counts | None = None
    last_success = _last_success(metrics)

    def on_bytes(n: int) -> None:
        nonlocal pending
        pending += n

    def rate(counts: Counts) -> str:
        if counts.looked_through and not counts.read:
            return f"{counts.looked_through:,} records looked through"
        n = counts.n - (first or 0)
        return (
            f"{counts.n:,} records, {n / max(time.monotonic() - begun, 1e-9):,.0f}/s, "
            f"{counts.dropped:,} dropped, {counts.quarantined:,} set aside"
        )

    def write(counts: Counts, success: float | None) -> None:
        from quality.journal import replace_text

        if metrics is not None:
            replace_text(metrics, counts.exposition(model, success))

    def watch(counts: Counts) -> None:
        nonlocal begun, first, lined, measured, last, pending
        now = time.monotonic()
        if first is None or counts.n == first:
            begun = now  # of the pass that is timed
        if first is None:
            first = counts.n
            write(
                counts, last_success
            )  # so that a file that cannot be written stops the run before it begins
        last = counts
        if bar is not None:
            bar.update(pending, rate(counts))
            pending = 0
        elif not quiet and now - lined >= LINE_SECONDS:
            lined = now
            click.echo(f"quality: {rate(counts)}", err=True)
        if now - measured >= METRICS_SECONDS:
            measured = now
            write(counts, last_success)

    if shows_bar:
        with click.progressbar(
            length=size, label="filtering", file=sys.stderr, item_show_func=lambda told: told
        ) as bar:
            yield on_bytes, watch
    else:
        bar = None
        yield on_bytes, watch
    if last is not None:
        is_well = not last.broken and not (strict and last.quarantined)
        write(last, time.time() if is_well else last_success)


def _last_success(metrics: Path | None) -> float | None:
    """When a run last ended well, by the metrics it left; a run that fails must not take that away."""
    if metrics is None or not metrics.exists():
        return None
    from quality.counts import last_success

    return last_success(metrics.read_text("utf8"))
