"""The stage before all others: a stream of records in, each kept, dropped or set aside, none lost.

`run` reads files in chunks, has them judged (in this process or in several), and lets the outputs grow in the order
of the input. A chunk's outcome depends on nothing but the chunk and the plan, so it is the same in any number of
processes and after any interruption.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, NamedTuple, TypeVar

from quality import __version__, beside, clusters, lines
from quality.containers import (
    Change,
    Chunk,
    Container,
    Fault,
    Feed,
    Form,
    Lines,
    Place,
    Source,
    comes_once,
    named,
    packed,
    packing_of,
)
from quality.counts import CLASSES, Counts
from quality.decisions import NOTHING_MET, Decision, Met, Plan, decide
from quality.folders import Texts
from quality.index import Index
from quality.index_file import UnusableIndexError
from quality.journal import Journal, Output
from quality.processes import processes
from quality.records import Record
from quality.report import Threshold
from quality.scorer import Scorer, shared_model
from quality.text import Batch

Result = TypeVar("Result")

HARD_ONLY = "hard-only"
# Chunks that wait for each process: one to be taken up when it is done, and one that is done.
AHEAD = 2
# What a first pass may look for, in words, by the ending of the file that it makes.
FIRST_PASSES = {"clusters": "near-copies", "lines": "lines of many pages"}
# Bytes of a record that a line of the quarantine shows.
HEAD = 200


class Outcome(NamedTuple):
    """What becomes of a chunk: a member for each output, and its counts."""

    members: Mapping[str, bytes]
    counts: Counts


def container_of(kind: str) -> Container:
    """How a kind of file is read and written."""
    if kind in ("parquet", "warc"):
        from quality import archives

        return archives.Parquet() if kind == "parquet" else archives.Warc()
    return Lines() if kind == "jsonl" else Texts()


def policies(scorer: Scorer) -> list[str]:
    """Names that a plan's policy may have."""
    return [*scorer.policies, HARD_ONLY]


@cache
def scorer_of(
    model: str,
    policy: str,
    threshold: float | None,
    rules: tuple[str, ...],
    officials: tuple[str, ...],
    careful: bool = False,
    pages: str = "full",
    against: str | None = None,
) -> Scorer:
    """The scorer of this process, loaded once.

    Raises what `Scorer.load` raises.
    """
    own = threshold is not None or policy == HARD_ONLY
    scorer = Scorer.load(
        shared_model(model),
        policy="default" if own else policy,
        rules=rules,
        officials=officials,
        careful=careful,
        pages=pages,
        against=against,
    )
    given = scorer.policy
    if threshold is not None:
        lows = given.n_words_low, given.stop_word_share_low
        scorer.policy = Threshold(f"threshold {threshold}", threshold, threshold, *lows)
    elif own:
        scorer.policy = replace(given, name=HARD_ONLY, keep=0.0, drop=math.inf)
    return scorer


def _scorer(plan: Plan) -> Scorer:
    return scorer_of(
        plan.model,
        plan.policy,
        plan.threshold,
        plan.rules,
        plan.officials,
        plan.careful,
        plan.pages,
        plan.against,
    )


# ---- the whole run ----


def run(
    plan: Plan,
    sources: Sequence[Source],
    targets: Mapping[str, Path | None],
    *,
    stdout: BinaryIO | None = None,
    feed: Feed | None = None,
    jobs: int = 1,
    resume: bool = False,
    every: float = 5.0,
    watch: Callable[[Counts], None] = lambda _: None,
) -> Counts:
    """Filter some files; `targets` says where "kept" (None: `stdout`), "dropped" and "quarantine" go, if anywhere.

    `every` so many seconds the outputs are put on the disk and a note is made from which `resume` goes on. `watch`
    hears the counts after each chunk.

    Raises what the journal raises, ArithmeticError where counts do not add up, RuntimeError where a process died,
    UnusableIndexError where the reference index cannot be used, ValueError where standard input would have to be read
    twice; in each case no output has got its name.
    """
    container = container_of(plan.kind)
    outputs = {
        name: Output(None, stream=stdout)
        if target is None
        else Output(target, named if name == "quarantine" else container.finish)
        for name, target in targets.items()
        if target is not None or name == "kept"
    }
    packing = tuple((name, packing_of(target)) for name, target in targets.items() if name in outputs)
    plan = replace(plan, packing=packing)
    for _, how in packing:
        packed(b" ", how)  # what is missing for that is told before anything is read
    if plan.first_pass and any(comes_once(source.path) for source in sources):
        named_so = " and ".join(FIRST_PASSES[name] for name in plan.first_pass)
        told = f"{named_so} are looked for before the rest"
        raise ValueError(f"{told}: standard input and pipes cannot be read twice")
    terms = _terms(plan, sources, targets)
    with Journal(outputs, terms, resume=resume, every=every) as journal:
        counts, start = Counts(), Place()
        if journal.state is not None:
            counts, start = Counts.of(journal.state["counts"]), Place(*journal.state["place"])
        watch(counts)
        if not journal.is_written:
            feed = feed or Feed()
            chunks = container.chunks(sources, start, plan.form, feed)

            def looked(n: int) -> None:
                counts.looked_through += n
                watch(counts)

            try:
                with (
                    _after_first_pass(
                        plan, sources, targets["kept"], jobs, terms, resume, feed, looked
                    ) as whole,
                    closing(_in_order(partial(judge, whole), chunks, counts.read, jobs)) as outcomes,
                ):
                    for n, end, outcome in outcomes:
                        counts.add(outcome.counts)
                        counts.read += n
                        journal.append(outcome.members, {"counts": counts.to_dict(), "place": end})
                        watch(counts)
            except KeyboardInterrupt:
                journal.save()
                raise
        counts.check()
        journal.finish()
    if targets["kept"] is not None:
        for name in plan.first_pass:
            _beside(targets["kept"], name).unlink(missing_ok=True)
    return counts


def _beside(target: Path, name: str) -> Path:
    return target.with_name(f"{target.name}.{name}")


@contextmanager
def _after_first_pass(
    plan: Plan,
    sources: Sequence[Source],
    target: Path | None,
    jobs: int,
    terms: Mapping[str, Any],
    resume: bool,
    feed: Feed,
    looked: Callable[[int], None],
) -> Iterator[Plan]:
    """The plan with the files that a first pass makes; `resume` uses those again that a run on the same terms left.

    `looked` hears after each chunk how many records were looked through.
    """
    if not plan.first_pass:
        yield plan
        return
    with TemporaryDirectory() as folder:
        place_of = {
            name: Path(folder, name) if target is None else _beside(target, name) for name in plan.first_pass
        }
        told = json.dumps(terms)
        missing = [name for name, path in place_of.items() if not (resume and beside.is_made(path, told))]
        if missing:
            chunks = container_of(plan.kind).chunks(sources, Place(), plan.form, feed)
            with ExitStack() as stack:
                hold: dict[str, Callable[[int, Any], None]] = {}
                if "clusters" in missing and plan.dedup is not None:
                    hold["clusters"] = stack.enter_context(
                        clusters.making(place_of["clusters"], told, plan.dedup)
                    )
                if "lines" in missing:
                    hold["lines"] = stack.enter_context(lines.making(place_of["lines"], told))
                signed = stack.enter_context(
                    closing(_in_order(partial(sign, plan, frozenset(missing)), chunks, 0, jobs))
                )
                for n, _, (first, some) in signed:
                    for name, take in hold.items():
                        take(first, some[name])
                    looked(n)
        where = {name: str(path) for name, path in place_of.items()}
        yield replace(plan, clusters=where.get("clusters"), lines=where.get("lines"))


def _terms(plan: Plan, sources: Sequence[Source], targets: Mapping[str, Path | None]) -> dict[str, Any]:
    """All that decides what comes out, to compare a run with the one it goes on from."""
    inputs = hashlib.sha256()
    for path, name in sources:
        facts = os.stat(path) if path != "-" and os.path.exists(path) else None
        known = (path, name, facts and facts.st_size, facts and facts.st_mtime_ns)
        inputs.update(json.dumps(known).encode())
    files = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (*plan.rules, *plan.officials)]
    return {
        "version": __version__,
        "model": _scorer(plan).model.digest,
        "inputs": inputs.hexdigest(),
        "options": [asdict(plan), files],
        "index": None if plan.against is None else Index(plan.against).state,
        "outputs": {name: str(target) for name, target in targets.items()},
    }


def _in_order(
    work: Callable[[Chunk, int], Result], chunks: Iterator[Chunk], first: int, jobs: int
) -> Generator[tuple[int, Place, Result], None, None]:
    """What `work` makes of each chunk and the number of its first record, in the order of the chunks.

    Only so many chunks are read ahead as keep all processes busy.
    """
    if jobs == 1:
        for chunk in chunks:
            yield chunk.n, chunk.end, work(chunk, first)
            first += chunk.n
        return
    with processes(jobs) as submit:
        waiting: deque[tuple[int, Place, Future[Result]]] = deque()
        for chunk in chunks:
            waiting.append((chunk.n, chunk.end, submit(work, chunk, first)))
            first += chunk.n
            if len(waiting) > AHEAD * jobs:
                n, end, future = waiting.popleft()
                yield n, end, future.result()
        while waiting:
            n, end, future = waiting.popleft()
            yield n, end, future.result()


# ---- one chunk ----


def sign(plan: Plan, names: Set[str], chunk: Chunk, first: int) -> tuple[int, dict[str, Any]]:
    """What a first pass keeps, by name, of the texts of a chunk whose first record has that number; and that number."""
    items = container_of(plan.kind).read(chunk, plan.form)
    places = [k for k, item in enumerate(items) if isinstance(item, Record)]
    records = [item for item in items if isinstance(item, Record)]
    reliability: list[float | None] = [None] * len(records)
    is_lost = [False] * len(records)
    if "clusters" in names and (plan.dedup == "best" or plan.mode != "annotate"):
        # what an index knows changes no number, but may leave nothing of a text
        bare = plan if plan.mode == "clean" else replace(plan, against=None)
        decided = _decided(bare, _scorer(bare), records, [NOTHING_MET] * len(records))
        reliability = [None if isinstance(one, Fault) else one.quality["reliability"] for one in decided]
        is_lost = [isinstance(one, Fault) or one.is_dropped for one in decided]
    read = _readable(_scorer(plan), records)
    batch = Batch.of([r.text for r in read], [r.paragraphs for r in read])
    kept: dict[str, Any] = {}
    if "clusters" in names:
        kept["clusters"] = clusters.sign(batch, [r.id for r in records], reliability, is_lost)
    if "lines" in names:
        kept["lines"] = lines.sign(batch, [r.url for r in read])
    return first, {name: some._replace(at=[places[k] for k in some.at]) for name, some in kept.items()}


def _readable(scorer: Scorer, records: Sequence[Record]) -> list[Record]:
    """The records with a text each, without any where it cannot be had: that is told when it is judged."""
    try:
        return list(scorer.extracted(records))
    except Exception:  # whatever it is: it may concern one record only
        if len(records) == 1:
            return [replace(records[0], text="", paragraphs=None)]
    middle = len(records) // 2
    return [*_readable(scorer, records[:middle]), *_readable(scorer, records[middle:])]


def judge(plan: Plan, chunk: Chunk, first: int = 0) -> Outcome:
    """What becomes of a chunk whose first record has that number.

    A record that cannot be read or scored becomes a line of the quarantine.
    """
    begun = time.process_time()
    container = container_of(plan.kind)
    items = container.read(chunk, plan.form)
    places = [k for k, item in enumerate(items) if isinstance(item, Record)]
    records = [item for item in items if isinstance(item, Record)]
    found: dict[int, Decision | Fault] = {k: item for k, item in enumerate(items) if isinstance(item, Fault)}
    cluster_of = {} if plan.clusters is None else clusters.read(plan.clusters, first, chunk.n)
    repeated_of = {} if plan.lines is None else lines.read(plan.lines, first, chunk.n)
    met = [Met(cluster_of.get(k), repeated_of.get(k, {})) for k in places]
    decided = _decided(plan, _scorer(plan), records, met)
    found |= dict(zip(places, decided, strict=True))
    passed = [k for k, item in enumerate(items) if item is None]
    changes: dict[str, list[Change]] = {"kept": [], "dropped": []}
    aside = []
    counts = Counts(passed=len(passed))
    for k in sorted(found):
        given = found[k]
        if isinstance(given, Fault):
            aside.append(_quarantine_line(container, chunk, plan.form, k, given))
            counts.quarantined += 1
            counts.quarantined_for[given.reason] += 1
            if given.breaks_input:
                counts.broken.append(f"{chunk.source or given.id}: {given.error}")
            continue
        count(given, counts)
        change = Change(k, given.quality, given.text, given.field)
        changes["dropped" if given.is_dropped else "kept"].append(change)
    members = {
        name: container.member(chunk, changes[name], passed if name == "kept" else (), plan.form, packing)
        for name, packing in plan.packing
        if name in changes
    }
    packing = dict(plan.packing)
    if "quarantine" in packing:
        members["quarantine"] = packed(b"".join(aside), packing["quarantine"])
    counts.seconds = time.process_time() - begun
    return Outcome(members, counts)


def count(decision: Decision, counts: Counts) -> None:
    """Count a decision."""
    quality = decision.quality
    counts.verdicts[quality["verdict"]] += 1
    if decision.is_dropped:
        counts.dropped += 1
        counts.dropped_for.update(decision.reasons)
    else:
        counts.kept += 1
        counts.removed.update(quality.get("removed", {}))
    reliability = quality["reliability"]
    if reliability is not None:
        counts.total_reliability += reliability
        counts.classes[str(next(high for high in CLASSES if reliability <= high))] += 1


def _decided(
    plan: Plan, scorer: Scorer, records: Sequence[Record], met: Sequence[Met]
) -> list[Decision | Fault]:
    """Decisions on some records; where scoring them together fails, on each half, down to the one it fails on."""
    try:
        # those of pages get their text here
        read = [record.on(plan.date) for record in scorer.extracted(records)]
        reports = scorer.score_many(read)
        return [decide(plan, scorer.policy, *three) for three in zip(reports, read, met, strict=True)]
    except UnusableIndexError:
        raise
    except Exception as error:  # whatever it is: it may concern one record only
        if len(records) == 1:
            if isinstance(error, ModuleNotFoundError):  # what reading a page needs: no error of ours
                return [Fault(None, "not_text", str(error), records[0].id)]
            reason = f"scoring failed: {type(error).__name__}: {error}"
            return [Fault(None, "scoring_failed", reason, records[0].id)]
    middle = len(records) // 2
    return [
        decision
        for half in (slice(middle), slice(middle, None))
        for decision in _decided(plan, scorer, records[half], met[half])
    ]


def _quarantine_line(container: Container, chunk: Chunk, form: Form, at: int, fault: Fault) -> bytes:
    """A line on a record that was set aside: where it stood, why, how it began, and a hash to know it again."""
    source, number, raw = container.stood(chunk, at, form)
    line = {
        "source": source,
        "line": number,
        "id": fault.id,
        "reason": fault.reason,
        "error": fault.error,
        "sha256": fault.sha256 or (hashlib.sha256(raw).hexdigest() if raw else None),
        "head": raw[:HEAD].decode("utf8", "backslashreplace"),
    }
    return (json.dumps(line) + "\n").encode("ascii")
