"""Measure how fast texts are scored, beside what else one would use, in one run on the same texts.

    python scripts/bench.py                           on articles of ../shared, else on made texts
    python scripts/bench.py --documents texts.jsonl   on your own, one object with "text" a line

Every system has a process of its own with one thread, and the rounds go around: round k of every
system scores share k of the texts, so noise of the machine hits all alike and no system meets a
text twice (some cache their last texts). The first round warms up and is not counted. Rates are
megabytes of UTF-8 per second of processor time: the median round and, in brackets, the slowest and
the fastest. Compare rates of one run only. Prints Markdown for docs/results.md.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import random
import resource
import subprocess
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import accumulate
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from quality.learn import corpora

HOME = Path(__file__).parents[1]
ARTICLES = HOME / ".." / "shared" / "corpora" / "articles" / "allsides_mbfc_a.jsonl.xz"
SETTINGS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "RAYON", "NUMBA")}
SETTINGS |= {"POLARS_MAX_THREADS": "1", "HF_HUB_OFFLINE": "1", "LOGURU_LEVEL": "ERROR"}
ROUNDS = 6  # with the first, which does not count
FILTER_COPIES, FILTER_ROUNDS = (
    12,
    3,
)  # of the texts for `filter --jobs`: work beside which starting is nothing
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)  # paragraphs of a reference index
TOGETHER = 1600  # documents added at a time
LINES = 20  # paragraphs of a made text
ROUNDS_ASKED = 50  # texts that a reference index is asked about
INSTALL = "pip install 'datatrove[processing]' spacy textstat==0.7.8 scikit-learn"

Score = Callable[[list[str]], object]


# What follows gets texts to learn from, if it needs any, and gives the function whose time is taken.
def ours(texts: list[str], as_json: bool) -> Score:
    """Whole reports; `as_json` also as the bytes that `quality score --format jsonl` writes."""
    from quality.scorer import Scorer

    reports = Scorer.load().score_many
    if as_json:
        return lambda some: [json.dumps(r.to_dict(), ensure_ascii=False).encode() for r in reports(some)]
    return lambda some: list(reports(some))


def datatrove(texts: list[str]) -> Score:
    """Four filters in the order of the FineWeb recipe, with their defaults; a dropped text goes no further.

    Nothing is downloaded: words and sentences come from datatrove's default for English, a blank spaCy.
    """
    from datatrove.data import Document
    from datatrove.pipeline import filters

    names = ("GopherRepetitionFilter", "GopherQualityFilter", "C4QualityFilter", "FineWebQualityFilter")
    chain = [getattr(filters, name)() for name in names]
    return lambda some: [all(f.filter(d) is True for f in chain) for d in (Document(t, "") for t in some)]


METRICS = """flesch_reading_ease flesch_kincaid_grade gunning_fog smog_index automated_readability_index
    coleman_liau_index dale_chall_readability_score dale_chall_readability_score_v2 linsear_write_formula lix rix
    spache_readability mcalpine_eflaw difficult_words lexicon_count sentence_count syllable_count polysyllabcount
    monosyllabcount letter_count char_count reading_time text_standard""".split()


def textstat(texts: list[str], names: Sequence[str]) -> Score:
    import textstat

    functions = [getattr(textstat, name) for name in names]
    return lambda some: [[function(text) for function in functions] for text in some]


def scikit_learn(texts: list[str]) -> Score:
    """Hashed words and pairs, logistic regression; labels are made up, since only the speed matters."""
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(HashingVectorizer(ngram_range=(1, 2), n_features=2**18), LogisticRegression())
    pipeline.fit(texts, [k % 2 for k in range(len(texts))])
    return lambda some: pipeline.predict_proba(some)


REFERENCE = "datatrove: Gopher, C4, FineWeb"
SYSTEMS: dict[str, tuple[str, Callable[[list[str]], Score]]] = {
    "quality: reports": ("quality", partial(ours, as_json=False)),
    "quality: reports as JSON lines": ("quality", partial(ours, as_json=True)),
    REFERENCE: ("datatrove", datatrove),
    "textstat: 6 scores": ("textstat", partial(textstat, names=METRICS[:6])),
    "textstat: 23 metrics": ("textstat", partial(textstat, names=METRICS)),
    "scikit-learn: hashing, regression": ("scikit-learn", scikit_learn),
}


def size_of(texts: Sequence[str]) -> float:  # megabytes of UTF-8
    return sum(len(text.encode()) for text in texts) / 1e6


def read_texts(given: Path | None, megabytes: float) -> tuple[list[str], str]:
    """Texts up to a size, in a random order that is always the same, and what they are."""
    random.seed(0)
    path = given or ARTICLES
    if given or path.exists():
        texts, told = [row["text"] for row in corpora.read_rows(path)], f"texts of {path.name}"
        random.shuffle(texts)
    else:
        own = [part for text in corpora.own(HOME / "labelled") for part in text.text.split("\n") if part]
        texts = ["\n\n".join(random.choices(own, k=20)) for _ in range(int(megabytes * 1000))]
        told = "made texts (paragraphs of labelled/ drawn at random: fewer different words than in news)"
    sizes = accumulate(size_of([text]) for text in texts)
    chosen = [text for text, size in zip(texts, sizes, strict=True) if size <= megabytes]
    return chosen, f"{len(chosen):,} {told}, {size_of(chosen):.1f} MB"


def serve(name: str, shares: Sequence[list[str]], line: Connection) -> None:
    """Work of a system's process: say what is missing, if anything, then time the shares asked for."""
    try:
        score = SYSTEMS[name][1](shares[0])
    except ImportError as error:
        line.send(f"skipped ({error}); to measure it: {INSTALL}")
        return
    line.send("")
    while (k := line.recv()) is not None:
        share = shares[k]
        begun = time.process_time()
        score(share)
        line.send(time.process_time() - begun)


def show_rates(texts: Sequence[str]) -> None:
    """Table of all systems."""
    shares = [list(texts[k::ROUNDS]) for k in range(ROUNDS)]
    spawn = multiprocessing.get_context("spawn")
    rates: dict[str, list[float]] = {}
    lines: dict[str, Connection] = {}
    for name in SYSTEMS:
        here, there = spawn.Pipe()
        spawn.Process(target=serve, args=(name, shares, there), daemon=True).start()
        there.close()  # so that a process that dies ends the run
        if problem := here.recv():
            print(f"{name}: {problem}\n")
        else:
            rates[name], lines[name] = [], here
    for k, share in enumerate(shares):
        for name, line in lines.items():
            line.send(k)
            rates[name].append(size_of(share) / line.recv())
            print(f"round {k}: {name}: {rates[name][-1]:.2f} MB/s", file=sys.stderr)
    for line in lines.values():
        line.send(None)
    mean_size = size_of(texts) / len(texts)
    print("| system | version | MB/s | documents/s | beside datatrove |\n| --- | --- | --- | --- | --- |")
    for name, (_, *some) in rates.items():
        beside = f"{median(some) / median(rates[REFERENCE][1:]):.1f} x" if REFERENCE in rates else ""
        spread = f"{median(some):.2f} ({min(some):.2f}-{max(some):.2f})"
        print(
            f"| {name} | {version(SYSTEMS[name][0])} | {spread} | {median(some) / mean_size:,.0f} | {beside} |"
        )


def show_filter(texts: Sequence[str]) -> None:
    """What `quality filter` costs beside bare scoring, in processor time."""
    from quality import filter as stream
    from quality.containers import Source
    from quality.scorer import Scorer

    scorer = Scorer.load()
    times: dict[str, list[float]] = {
        "bare scoring": [],
        **{f"filter --mode {mode}": [] for mode in stream.MODES},
    }
    with TemporaryDirectory() as folder:
        for k in range(ROUNDS):
            share = texts[k::ROUNDS]
            lines = [json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(share)]
            source, target = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
            source.write_text("".join(lines), "utf8")
            for name, some in times.items():
                begun = time.process_time()
                if name == "bare scoring":
                    sum(1 for _ in scorer.score_many(share))
                else:
                    plan = stream.Plan(mode=name.rpartition(" ")[2])
                    stream.run(plan, [Source(str(source), "")], {"kept": target})
                some.append(time.process_time() - begun)
                print(f"round {k}: {name}: {some[-1]:.2f} s", file=sys.stderr)
        print("\n| system | MB/s | beside bare scoring, median of rounds |\n| --- | --- | --- |")
        sizes = [size_of(texts[k::ROUNDS]) for k in range(ROUNDS)]
        for name, (_, *some) in times.items():
            beside = median(a / b for a, b in zip(some, times["bare scoring"][1:], strict=True)) - 1
            rate = median(size / seconds for size, seconds in zip(sizes[1:], some, strict=True))
            print(f"| {name} | {rate:.2f} | {beside:+.1%} |")


def show_jobs(texts: Sequence[str]) -> None:
    """What a second process gains, in wall time: worth reading on a machine that has nothing else to do."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        lines = [json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts)]
        source.write_text("".join(lines) * FILTER_COPIES, "utf8")
        for _ in range(FILTER_ROUNDS):
            for jobs, seconds in walls.items():
                command = ["-m", "quality", "filter", str(source), "-o", str(target), "--jobs", str(jobs)]
                begun = time.perf_counter()
                subprocess.run([sys.executable, *command], cwd=HOME, stderr=subprocess.DEVNULL, check=True)
                seconds.append(time.perf_counter() - begun)
                print(f"--jobs {jobs}: {seconds[-1]:.1f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    gains = [one / two for one, two in zip(walls[1], walls[2], strict=True)]
    size = size_of(texts) * FILTER_COPIES
    print(
        f"\n{size:.0f} MB: --jobs 2 is {median(gains):.2f} times as fast ({min(gains):.2f}-{max(gains):.2f})"
    )


def show_cold() -> None:
    """Wall seconds and peak memory of new processes, each of which does what the one before does and more.

    To be run before texts are read: Linux counts what the starting process holds into the peak.
    """
    example = str(HOME / "labelled" / "examples" / "fair.txt")
    load = "import quality.scorer as s; scorer = s.Scorer.load()"
    stages = {
        "python": ["-c", "pass"],
        "and import": ["-c", "import quality.scorer"],
        "and load the model": ["-c", load],
        "and score a text": ["-c", f"{load}; scorer.score(open({example!r}, encoding='utf8').read())"],
        "all of `quality score FILE`": ["-m", "quality", "score", example],
    }
    print("| new process | seconds | MB at peak |\n| --- | --- | --- |")
    for name, arguments in stages.items():
        times = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            subprocess.run([sys.executable, *arguments], cwd=HOME, stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - begun)
        _, *some = times  # the first may have to read the disk
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6  # of the largest so far
        print(f"| {name} | {median(some):.2f} ({min(some):.2f}-{max(some):.2f}) | {peak:.0f} |")


def made_texts(n: int, seed: int) -> list[str]:
    """Texts of `LINES` paragraphs of 20 to 60 made words each; no two are alike."""
    random.seed(seed)
    words = [f"w{k:x}" for k in range(50_000)]
    sizes = [[random.randint(20, 60) for _ in range(LINES)] for _ in range(n)]
    return ["\n\n".join(" ".join(random.choices(words, k=size)) for size in some) for some in sizes]


def show_index(most: int) -> None:
    """Bytes, adding and asking of a reference index as it grows: new texts, and texts of it with a word changed.

    Texts are made and all different, which is the hardest for the index: nothing is kept once for many.
    """
    from quality.index import Index
    from quality.text import Batch

    asked = made_texts(ROUNDS_ASKED, 1)
    print("| paragraphs | documents | bytes a paragraph | compacted | paragraphs added a second, processor (wall) "
          "| ms for a new document, processor (wall, slowest) | for a changed one |\n| --- | --- | --- | --- | --- | --- | --- |")  # fmt: skip
    with TemporaryDirectory() as folder:
        path = Path(folder, "bench.index")
        with Index.create(path) as index:
            n = 0
            for size in (size for size in SIZES if size <= most):
                before, spent, walls = n, 0.0, 0.0
                while n * LINES < size:
                    upto = min(n + TOGETHER, size // LINES)
                    some = [(made_texts(100, k + 2), [f"document {k + j}" for j in range(100)]) for k in range(n, upto, 100)]  # fmt: skip
                    begun = time.process_time(), time.perf_counter()
                    index.add((Batch.of(texts), ids) for texts, ids in some)
                    spent, walls = (
                        spent + time.process_time() - begun[0],
                        walls + time.perf_counter() - begun[1],
                    )
                    n = upto
                texts = made_texts(100, n - 98)[:ROUNDS_ASKED]
                changed = [" ".join(["changed", *text.split(" ")[1:]]) for text in texts]
                told = []
                for asking in (asked, changed):
                    times, of_processor = [], []
                    for text in asking:
                        begun = time.process_time(), time.perf_counter()
                        known = index.look_up(Batch.of([text]), ["asked"])
                        of_processor.append(1e3 * (time.process_time() - begun[0]))
                        times.append(1e3 * (time.perf_counter() - begun[1]))
                        assert bool(known.of(0)) == (asking is changed)
                    told.append(f"{median(of_processor):.1f} ({median(times):.1f}, {max(times):.1f})")
                each = index.stats()["bytes"] / size
                compacted = index.compact()[1] / size
                added = (n - before) * LINES
                print(f"| {size:,} | {n:,.0f} | {each:.0f} | {compacted:.0f} | {added / spent:,.0f} ({added / walls:,.0f}) "
                      f"| {told[0]} | {told[1]} |", flush=True)  # fmt: skip


def show_profile(texts: Sequence[str]) -> None:
    """Milliseconds of processor time for a megabyte that each part takes, without the parts it calls.

    What several parts share (syllables, places of words) counts for the first that asks.
    """
    from quality import evidence, lexicon, registry, rules, scorer, text, trees

    # where a part is called from, and what it is
    parts: list[tuple[Any, str, str]] = [
        (text.Batch, "of", "batch"), (text.Places, "of", "batch: places of words"),
        (lexicon.Phrases, "find", "phrases"), (rules.RulePack, "find", "rules: patterns, conditions"),
        (scorer, "find_officials", "officials"), (evidence, "off_topic", "topic"),
        (scorer, "paragraph_rows", "roles: n-grams"), (registry, "neighbourhood", "roles: neighbours"),
        (scorer, "role_matrix", "roles: matrix, word score"), (trees.Trees, "logit", "roles: trees"),
        (trees.Trees, "bins", "roles: bins"), (scorer, "second_look_columns", "roles: the page at first sight"),
        (scorer, "document_rows", "likeness: n-grams"), (scorer, "weighted", "likeness: weights"),
        (scorer, "likeness_score", "likeness: sums"), (scorer.Scorer, "columns_of", "evidence, reliability"),
    ]  # fmt: skip
    score_many = scorer.Scorer.load().score_many
    list(score_many(texts[:50]))
    spent: defaultdict[str, float] = defaultdict(float)
    within = [0.0]  # for each part that is running: seconds of the parts it called

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            within.append(0.0)
            begun = time.process_time()
            result = function(*given, **named)
            seconds = time.process_time() - begun
            spent[part] += seconds - within.pop()
            within[-1] += seconds
            return result

        return run

    for owner, name, part in parts:
        function = timed(part, getattr(owner, name))
        setattr(owner, name, staticmethod(function) if name == "of" else function)
    for key, f in list(registry.FEATURES.items()):
        registry.FEATURES[key] = replace(f, measure=timed(f"features: {f.family}", f.measure))
    for key, rule in list(registry.CODE_RULES.items()):
        family = rule.find.__module__.rpartition(".")[2]
        registry.CODE_RULES[key] = replace(rule, find=timed(f"rules in code: {family}", rule.find))
    reports = timed("reports", lambda: list(score_many(texts)))()
    timed("reports as JSON", lambda: [json.dumps(report.to_dict()) for report in reports])()
    print("\n| part | ms/MB | share |\n| --- | --- | --- |")
    whole = sum(spent.values())
    for part, seconds in [*sorted(spent.items(), key=lambda item: -item[1]), ("all", whole)]:
        print(f"| {part} | {1e3 * seconds / size_of(texts):.1f} | {seconds / whole:.1%} |")


def main() -> None:
    options = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    options.add_argument("--documents", type=Path, help="JSON Lines, plain, .gz or .xz")
    options.add_argument("--megabytes", type=float, default=9.0, help="of text to score in all")
    options.add_argument("--only", choices=("cold", "rates", "filter", "jobs", "profile", "index"))
    options.add_argument(
        "--paragraphs", type=int, default=1_000_000, help="in the index at most; --only index"
    )
    given = options.parse_args()
    os.environ.update(SETTINGS)
    print(f"Python {platform.python_version()}, numpy {version('numpy')}, {platform.machine()}.\n")
    if given.only in (None, "cold"):
        show_cold()
    if given.only in (None, "index"):
        show_index(given.paragraphs)
    if given.only == "index":
        return
    texts, told = read_texts(given.documents, given.megabytes)
    print(f"\n{told}, one thread.\n", flush=True)
    if given.only in (None, "rates"):
        show_rates(texts)
    if given.only in (None, "filter"):
        show_filter(texts)
    if given.only in (None, "jobs"):
        show_jobs(texts)
    if given.only in (None, "profile"):
        show_profile(texts)


if __name__ == "__main__":
    main()
