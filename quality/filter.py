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
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, NamedTuple, TypeVar

from quality import __version__, beside, clusters, lines
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
    comes_once,
    named,
    packed,
    packing_of,
)
from quality.counts import CLASSES, Counts
from quality.folders import Texts
from quality.index import Index
from quality.index_file import UnusableIndexError
from quality.journal import Journal, Output
from quality.processes import processes
from quality.records import COMMON_NAMES, Record
from quality.report import Paragraph, Policy, Report, Threshold, values_of
from quality.scorer import Scorer, shared_model
from quality.segment import BREAKS
from quality.text import Batch

Result = TypeVar("Result")

MODES = ("annotate", "drop", "clean")
KINDS = ("jsonl", "text", "parquet", "warc")
HARD_ONLY = "hard-only"
# Chunks that wait for each process: one to be taken up when it is done, and one that is done.
AHEAD = 2
# What a first pass may look for, in words, by the ending of the file that it makes.
FIRST_PASSES = {"clusters": "near-copies", "lines": "lines of many pages"}
# Bytes of a record that a line of the quarantine shows.
HEAD = 200


@dataclass(frozen=True)
class Plan:
    """What is to be done with every record; all that a process needs to know.

    `threshold` overrules `policy`: what is not unsure is kept from it on and dropped below it. `careful` and `pages` are
    as for `Scorer.load`, `against` is a reference index. `dedup` is which text of a cluster stays (`clusters.ORDERS`),
    `clusters` the file that says so; `repeated_lines` whether lines of many pages of a site are looked for, `lines` the
    file that has them.
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
    repeated_lines: bool = False
    lines: str | None = None

    @property
    def first_pass(self) -> tuple[str, ...]:
        """What all of the input is read for before the rest; each is a file, and a field here that says where."""
        asked = {"clusters": self.dedup is not None, "lines": self.repeated_lines}
        return tuple(name for name, is_asked in asked.items() if is_asked)


class Met(NamedTuple):
    """What a first pass found out about a record: its cluster, and its paragraphs that stand in so many other documents."""

    cluster: Cluster | None = None
    repeated: Mapping[int, int] = {}


NOTHING_MET = Met()


class Outcome(NamedTuple):
    """What becomes of a chunk: a member for each output, and its counts."""

    members: Mapping[str, bytes]
    counts: Counts


class Decision(NamedTuple):
    """What becomes of a record: dropped or not, and what for; what is added, and its new text if it has one."""

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


def decide(plan: Plan, policy: Policy, report: Report, record: Record, met: Met = NOTHING_MET) -> Decision:
    """What becomes of a record by its report and what a first pass found out about it."""
    cluster = met.cluster
    if met.repeated:
        report = lines.told(report, record.text, met.repeated)
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
    # in an archive a text takes the place of the page, which only `clean` may do
    adds_text = plan.kind != "warc" and (_is_extracted(plan, record) or (plan.with_text and name is None))
    text = record.text if adds_text else None
    is_dropped = plan.mode == "drop" and report.verdict == "drop"
    # what else speaks against a text does not drop it, and is not counted as if it did
    dropped_for = reasons[:] if is_dropped else []
    if plan.mode == "clean":
        kept = kept_text(report, record)
        quality["removed"] = _removed(report, record, kept)
        if not kept.strip():
            is_dropped = True
            dropped_for.append("nothing_left")
            reasons.append("nothing_left")
        elif name is None or kept != record.text:
            text = kept
    if plan.against is not None:
        quality["duplicates"] = [values_of(one) for one in report.duplicates]
    if plan.lines is not None:
        quality["repeated"] = [{"paragraph": p, "documents": n} for p, n in met.repeated.items()]
    if cluster is not None:
        quality["cluster"] = {
            "number": cluster.kept + 1,
            "kept": cluster.id,
            "similarity": cluster.similarity,
        }
        if not cluster.stays:
            is_dropped |= plan.mode != "annotate"
            dropped_for.append("near_duplicate")
            reasons.append("near_duplicate")
    if report.warnings:
        quality["warnings"] = list(report.warnings)
    quality["model"] = report.model["digest"][:16]
    return Decision(is_dropped, tuple(dropped_for), quality, text, name or "text")


def _text_field(plan: Plan, record: Record) -> str | None:
    """The field that is the record's text; None where the text was made from paragraphs or a page."""
    asked = plan.form.names.text
    names = COMMON_NAMES["text"] if asked is None else (asked,)
    return next((name for name in names if record.fields.get(name) is record.text), None)


def _is_extracted(plan: Plan, record: Record) -> bool:
    """Whether the text was taken out of the page in the field `html`: then every mode writes it down beside that."""
    is_made = _text_field(plan, record) is None and record.fields.get("paragraphs") is None
    return is_made and isinstance(record.fields.get("html"), str)


def kept_text(report: Report, record: Record) -> str:
    """The text without paragraphs that are no content; what is kept stands as it stood.

    With a paragraph goes what stands before it on its line (a list marker). Between two that are kept stands the widest
    of the gaps that were between them, so that no two paragraphs grow together; before the first and after the last
    stands what stood there.
    """
    kept = _kept(report)
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


def _kept(report: Report) -> list[Paragraph]:
    """The paragraphs that are content; and the only one of a text that is called boilerplate for its looks alone.

    Furniture is told from a text by what stands around it: with nothing there, a short text looks like a line of a menu,
    and only words that a rule knows tell the two apart.
    """
    kept = [p for p in report.paragraphs if p.role == "content"]
    has_words_of_furniture = any(f.rule.startswith("boilerplate.") for f in report.findings)
    is_alone = [p.role for p in report.paragraphs] == ["boilerplate"]
    return list(report.paragraphs) if is_alone and not has_words_of_furniture else kept


def _n_breaks(gap: str) -> int:
    return sum(gap.count(mark) for mark in BREAKS)


def _line_start(text: str, low: int, start: int) -> int:
    """Where the line that a paragraph begins on begins, not before `low`."""
    return max(low, *(text.rfind(mark, low, start) + 1 for mark in BREAKS))


def _removed(report: Report, record: Record, kept: str) -> dict[str, int]:
    roles = Counter(p.role for p in report.paragraphs)
    roles.subtract(p.role for p in _kept(report))
    counts = {role: roles[role] for role in ("boilerplate", "filler", "duplicate")}
    return counts | {"characters": len(record.text) - len(kept)}


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
