"""The stage before all others: a stream of records in, each kept, dropped or set aside, none lost.

`run` reads files in chunks, has them judged (in this process or in several), and lets the outputs grow in the order
of the input. A chunk's outcome depends on nothing but the chunk and the plan, so it is the same in any number of
processes and after any interruption.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, NamedTuple, TypeVar

from quality import __version__, clusters
from quality.clusters import Cluster
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
    Texts,
    named,
    packed,
    packing_of,
)
from quality.counts import CLASSES, Counts
from quality.index import Index, UnusableIndexError
from quality.journal import Journal, Output
from quality.records import COMMON_NAMES, Record
from quality.report import Policy, Report, Threshold, values_of
from quality.scorer import Scorer
from quality.segment import BREAKS
from quality.text import Batch

Result = TypeVar("Result")

MODES = ("annotate", "drop", "clean")
KINDS = ("jsonl", "text", "parquet", "warc")
HARD_ONLY = "hard-only"
# Chunks that wait for each process: one to be taken up when it is done, and one that is done.
AHEAD = 2
# Bytes of a record that a line of the quarantine shows.
HEAD = 200


@dataclass(frozen=True)
class Plan:
    """What is to be done with every record; all that a process needs to know.

    `threshold` overrules `policy`: what is not unsure is kept from it on and dropped below it. `careful` and `pages` are
    as of `Scorer.load`. `against` is a
    reference index, `dedup` which text of a cluster stays (`clusters.ORDERS`), `clusters` the file that says so.
    """

    kind: str = "jsonl"
    mode: str = "annotate"
    form: Form = field(default_factory=Form)
    model: str = "default"
    policy: str = "default"
    threshold: float | None = None
    rules: tuple[str, ...] = ()
    officials: tuple[str, ...] = ()
    date: str | None = None
    with_text: bool = False
    careful: bool = False
    pages: str = "full"
    packing: tuple[tuple[str, str], ...] = ()
    against: str | None = None
    dedup: str | None = None
    clusters: str | None = None


class Outcome(NamedTuple):
    """What becomes of a chunk: a member for each output, and its counts."""

    members: Mapping[str, bytes]
    counts: Counts


class Decision(NamedTuple):
    """What becomes of a record: dropped or not, and why; what is added, and its new text if it has one."""

    is_dropped: bool
    reasons: tuple[str, ...]
    quality: Mapping[str, Any]
    text: str | None
    field: str


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
        model,
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
    if plan.dedup is not None and any(source.path == "-" for source in sources):
        raise ValueError("near-copies are looked for before the rest: standard input cannot be read twice")
    terms = _terms(plan, sources, targets)
    with Journal(outputs, terms, resume=resume, every=every) as journal:
        counts, start = Counts(), Place()
        if journal.state is not None:
            counts, start = Counts.of(journal.state["counts"]), Place(*journal.state["place"])
        watch(counts)
        if not journal.is_written:
            chunks = container.chunks(sources, start, plan.form, feed or Feed())
            try:
                with (
                    _clustered(plan, sources, targets["kept"], jobs, terms if resume else None) as whole,
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
    if plan.dedup is not None and targets["kept"] is not None:
        _clusters_beside(targets["kept"]).unlink(missing_ok=True)
    return counts


def _clusters_beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.clusters")


@contextmanager
def _clustered(
    plan: Plan, sources: Sequence[Source], target: Path | None, jobs: int, terms: Mapping[str, Any] | None
) -> Iterator[Plan]:
    """The plan with the clusters of all texts; those that a run on the same `terms` left, if given, are used again."""
    if plan.dedup is None:
        yield plan
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, "clusters") if target is None else _clusters_beside(target)
        told = "" if terms is None else json.dumps(terms)
        if terms is None or not clusters.is_made(path, told):
            chunks = container_of(plan.kind).chunks(sources, Place(), plan.form, Feed())
            with closing(_in_order(partial(sign, plan), chunks, 0, jobs)) as signed:
                clusters.make(path, told, (part for _, _, some in signed for part in some), plan.dedup)
        yield replace(plan, clusters=str(path))


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
    # not by fork: threads of this process and open outputs have no business in the others
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_begin) as pool:
        waiting: deque[tuple[int, Place, Future[Result]]] = deque()
        try:
            for chunk in chunks:
                waiting.append((chunk.n, chunk.end, pool.submit(work, chunk, first)))
                first += chunk.n
                if len(waiting) > AHEAD * jobs:
                    n, end, future = waiting.popleft()
                    yield n, end, future.result()
            while waiting:
                n, end, future = waiting.popleft()
                yield n, end, future.result()
        except BrokenProcessPool:
            raise RuntimeError("a process was killed, perhaps for want of memory; use fewer --jobs") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """Ctrl-C reaches all processes, and the first one ends the others; where it was killed, they end themselves."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# ---- one chunk ----


def sign(plan: Plan, chunk: Chunk, first: int) -> list[tuple[int, clusters.Signed]]:
    """What tells near-copies among the texts of a chunk whose first record has that number."""
    items = container_of(plan.kind).read(chunk, plan.form)
    places = [k for k, item in enumerate(items) if isinstance(item, Record)]
    records = [item for item in items if isinstance(item, Record)]
    reliability: list[float | None] = [None] * len(records)
    if plan.dedup == "best":
        bare = replace(plan, mode="annotate", against=None)
        decided = _decided(bare, _scorer(bare), records, [None] * len(records))
        reliability = [None if isinstance(one, Fault) else one.quality["reliability"] for one in decided]
    read = _readable(_scorer(plan), records)
    batch = Batch.of([r.text for r in read], [r.paragraphs for r in read])
    signed = clusters.sign(batch, [r.id for r in records], reliability)
    return [(first, signed._replace(at=[places[k] for k in signed.at]))]


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
    known = {} if plan.clusters is None else clusters.read(plan.clusters, first, chunk.n)
    decided = _decided(plan, _scorer(plan), records, [known.get(k) for k in places])
    found |= dict(zip(places, decided, strict=True))
    passed = [k for k, item in enumerate(items) if item is None]
    changes: dict[str, list[Change]] = {"kept": [], "dropped": []}
    lines = []
    counts = Counts(passed=len(passed))
    for k in sorted(found):
        given = found[k]
        if isinstance(given, Fault):
            lines.append(_quarantine_line(container, chunk, k, given))
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
        members["quarantine"] = packed(b"".join(lines), packing["quarantine"])
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
    plan: Plan, scorer: Scorer, records: Sequence[Record], known: Sequence[Cluster | None]
) -> list[Decision | Fault]:
    """Decisions on some records; where scoring them together fails, on each half, down to the one it fails on."""
    try:
        # those of pages get their text here
        read = [record.on(plan.date) for record in scorer.extracted(records)]
        reports = scorer.score_many(read)
        return [decide(plan, scorer.policy, *three) for three in zip(reports, read, known, strict=True)]
    except UnusableIndexError:
        raise
    except Exception as error:  # whatever it is: it may concern one record only
        if len(records) == 1:
            reason = f"scoring failed: {type(error).__name__}: {error}"
            return [Fault(None, "scoring_failed", reason, records[0].id)]
    middle = len(records) // 2
    return [
        decision
        for half in (slice(middle), slice(middle, None))
        for decision in _decided(plan, scorer, records[half], known[half])
    ]


def decide(
    plan: Plan, policy: Policy, report: Report, record: Record, cluster: Cluster | None = None
) -> Decision:
    """What becomes of a record by its report and the cluster it belongs to, if any."""
    reasons = list(report.reasons)
    if report.verdict == "drop" and isinstance(policy, Threshold):
        reasons.append("below_threshold")
    quality: dict[str, Any] = {
        "reliability": report.reliability,
        "verdict": report.verdict,
        "policy": report.policy,
        "reasons": reasons,
    }
    name = _text_field(plan, record)
    text = record.text if _is_extracted(plan, record) or (plan.with_text and name is None) else None
    is_dropped = plan.mode == "drop" and report.verdict == "drop"
    if plan.mode == "clean":
        kept = kept_text(report, record)
        quality["removed"] = _removed(report, record, kept)
        if not kept.strip():
            is_dropped = True
            reasons.append("nothing_left")
        elif name is None or kept != record.text:
            text = kept
    if plan.against is not None:
        quality["duplicates"] = [values_of(one) for one in report.duplicates]
    if cluster is not None:
        quality["cluster"] = {
            "number": cluster.kept + 1,
            "kept": cluster.id,
            "similarity": cluster.similarity,
        }
        if not cluster.stays:
            is_dropped |= plan.mode != "annotate"
            reasons.append("near_duplicate")
    if report.warnings:
        quality["warnings"] = list(report.warnings)
    quality["model"] = report.model["digest"][:16]
    return Decision(is_dropped, tuple(reasons), quality, text, name or "text")


def _text_field(plan: Plan, record: Record) -> str | None:
    """The field that is the record's text; None where the text was made from paragraphs or a page."""
    asked = plan.form.names.text
    names = COMMON_NAMES["text"] if asked is None else (asked,)
    return next((name for name in names if record.fields.get(name) is record.text), None)


def _is_extracted(plan: Plan, record: Record) -> bool:
    """Whether the text was taken out of the page in the field `html`: then every mode writes it down."""
    is_made = _text_field(plan, record) is None and record.fields.get("paragraphs") is None
    return is_made and isinstance(record.fields.get("html"), str)


def kept_text(report: Report, record: Record) -> str:
    """The text without paragraphs that are no content; what is kept stands as it stood.

    With a paragraph goes what stands before it on its line (a list marker). Between two that are kept stands the widest
    of the gaps that were between them, so that no two paragraphs grow together; before the first and after the last
    stands what stood there.
    """
    kept = [p for p in report.paragraphs if p.role == "content"]
    if record.paragraphs is not None:
        return "\n\n".join(record.paragraphs[p.i] for p in kept)
    if not kept:
        return "" if report.paragraphs else record.text
    text, ends = record.text, [0, *(p.end for p in report.paragraphs)]
    begins = [_line_start(text, ends[p.i], p.start) for p in report.paragraphs]
    gaps = [text[end:begin] for end, begin in zip(ends, begins, strict=False)]
    pieces = [gaps[0]]
    for k, p in enumerate(kept):
        if k:
            pieces.append(max(gaps[kept[k - 1].i + 1 : p.i + 1], key=_n_breaks))
        pieces.append(text[begins[p.i] : p.end])
    return "".join(pieces) + text[ends[-1] :]


def _n_breaks(gap: str) -> int:
    return sum(gap.count(mark) for mark in BREAKS)


def _line_start(text: str, low: int, start: int) -> int:
    """Where the line that a paragraph begins on begins, not before `low`."""
    return max(low, *(text.rfind(mark, low, start) + 1 for mark in BREAKS))


def _removed(report: Report, record: Record, kept: str) -> dict[str, int]:
    roles = Counter(p.role for p in report.paragraphs)
    counts = {role: roles[role] for role in ("boilerplate", "filler", "duplicate")}
    return counts | {"characters": len(record.text) - len(kept)}


def _quarantine_line(container: Container, chunk: Chunk, at: int, fault: Fault) -> bytes:
    """A line on a record that was set aside: where it stood, why, how it began, and a hash to know it again."""
    source, number, raw = container.stood(chunk, at)
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
