"""Outputs survive a death at any step: what is there afterwards can be gone on from, and nothing is ever half there."""

import itertools
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from quality import archives, containers, folders, journal
from quality import filter as engine
from quality.containers import Source
from quality.counts import Counts
from quality.decisions import Plan
from quality.filter import Outcome
from quality.journal import Journal, NotResumableError, Output, replace_text


class Death(BaseException):
    """What nothing in the program catches."""


@pytest.fixture
def die_at(monkeypatch):
    """Lets the process die at the n-th step that changes the disk, before it or (a write) in the middle of it."""
    steps = itertools.count()
    last = [None]

    def step():
        if next(steps) == last[0]:
            raise Death

    def before(owner, name):
        # the disk itself is not what is tested, and slow
        real = getattr(owner, name) if name != "fsync" else lambda *_: None

        def run(*given, **named):
            step()
            return real(*given, **named)

        monkeypatch.setattr(owner, name, run)

    real_write = journal._write

    def write(file, data, path):
        try:
            step()
        except Death:
            real_write(file, data[: len(data) // 2], path)
            raise
        real_write(file, data, path)

    for owner, name in [(os, "replace"), (os, "rename"), (os, "fsync"), (os, "ftruncate"), (Path, "unlink")]:
        before(owner, name)
    monkeypatch.setattr(journal, "_write", write)

    def start(n):
        nonlocal steps
        steps, last[0] = itertools.count(), n

    return start


@pytest.fixture(params=["jsonl", "text", "parquet"])
def kind(request):
    """Kinds whose outputs are put in place in different ways."""
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


@pytest.fixture
def task(kind, tmp_path, monkeypatch):
    """A run over six small records, one a chunk, of which one is dropped and one set aside without being scored."""
    for module in (containers, folders, archives):
        monkeypatch.setattr(module, "CHUNK_RECORDS", 1)
    texts = [f"text {k}" for k in range(6)]
    if kind == "parquet":
        import pyarrow
        import pyarrow.parquet

        path = tmp_path / "in.parquet"
        pyarrow.parquet.write_table(pyarrow.table({"text": texts}), path, row_group_size=4)
    elif kind == "jsonl":
        path = tmp_path / "in.jsonl"
        path.write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    else:
        path = tmp_path / "in"
        path.mkdir()
        for k, text in enumerate(texts):
            (path / f"{k}.txt").write_text(text)
    found = {"reliability": 0.5, "verdict": "keep", "policy": "p", "reasons": [], "model": "m"}

    def judge(plan, chunk, first):
        container = engine.container_of(plan.kind)
        (record,) = container.read(chunk, plan.form)
        counts = Counts()
        members = {}
        name = {"text 1": "dropped", "text 4": "quarantine"}.get(record.text, "kept")
        for output in ("kept", "dropped"):
            some = [containers.Change(0, found, None, "text")] if output == name else []
            members[output] = container.member(chunk, some, (), plan.form, "")
        members["quarantine"] = b"{}\n" if name == "quarantine" else b""
        key = {"quarantine": "quarantined"}.get(name, name)
        setattr(counts, key, 1)
        return Outcome(members, counts)

    monkeypatch.setattr(engine, "judge", judge)
    sources = folders.listed([str(path)], kind)
    ending = "" if kind == "text" else f".{kind}"

    def run(folder, resume=True):
        folder.mkdir(exist_ok=True)
        targets = {
            "kept": folder / f"out{ending}",
            "dropped": folder / f"no{ending}",
            "quarantine": folder / "q.jsonl",
        }
        return engine.run(Plan(kind), sources, targets, resume=resume, every=0)

    return run


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_run_that_dies_at_any_step_goes_on_to_the_same_bytes(task, kind, tmp_path, die_at):
    die_at(None)
    counts = task(tmp_path / "whole")
    assert str(counts) == "in 6 = kept 4 + dropped 1 + quarantined 1"
    expected = contents(tmp_path / "whole")
    assert len(expected) == {"jsonl": 3, "parquet": 3, "text": 8}[kind]
    seen_main = 0
    for n in itertools.count():
        folder = tmp_path / f"{n}"
        die_at(n)
        try:
            task(folder)
        except Death:
            named = {p.name for p in folder.iterdir() if p.suffix not in (".partial", ".progress", ".part")}
            ending = "" if kind == "text" else f".{kind}"
            if f"out{ending}" in named:  # the main output comes last, and whole
                assert named == {f"out{ending}", f"no{ending}", "q.jsonl"}
                seen_main += 1
        else:
            break
        # a second death on the way, then a life to the end
        die_at(n // 2)
        try:
            task(folder)
        except Death:
            die_at(None)
            counts = task(folder)
            assert str(counts) == "in 6 = kept 4 + dropped 1 + quarantined 1"
        assert contents(folder) == expected, n
    assert n > 40
    assert seen_main


def test_without_resume_a_run_begins_anew_whatever_is_there(task, tmp_path, die_at):
    die_at(30)
    with pytest.raises(Death):
        task(tmp_path / "a")
    die_at(None)
    task(tmp_path / "a", resume=False)
    task(tmp_path / "whole")
    assert contents(tmp_path / "a") == contents(tmp_path / "whole")


def journal_of(folder, resume=True, terms=None, every=0):
    outputs = {"kept": Output(folder / "out"), "dropped": Output(folder / "no")}
    return Journal(outputs, terms or {"policy": "a"}, resume=resume, every=every)


def test_outputs_are_cut_to_the_lengths_of_the_note(tmp_path):
    with journal_of(tmp_path) as one:
        one.append({"kept": b"1\n", "dropped": b""}, 1)
        one.append({"kept": b"2\n", "dropped": b"3\n"}, 2)
    with (tmp_path / "out.partial").open("ab") as file:
        file.write(b"half of a li")
    with journal_of(tmp_path) as two:
        assert two.state == 2
        two.append({"kept": b"4\n", "dropped": b""}, 3)
        two.finish()
    assert contents(tmp_path) == {"out": b"1\n2\n4\n", "no": b"3\n"}


def test_notes_are_made_as_often_as_was_asked(tmp_path):
    with journal_of(tmp_path, every=3600) as one:
        one.append({"kept": b"1\n"}, 1)
        assert not (tmp_path / "out.progress").exists()
        one.save()
        assert (tmp_path / "out.progress").exists()


def test_an_output_shorter_than_its_note_is_refused(tmp_path):
    with journal_of(tmp_path) as one:
        one.append({"kept": b"1\n"}, 1)
    (tmp_path / "out.partial").write_bytes(b"")
    with pytest.raises(ValueError, match="has 0 bytes, 2 are noted: begin anew without --resume"):
        journal_of(tmp_path)


def test_other_terms_and_other_versions_are_refused(tmp_path):
    with journal_of(tmp_path) as one:
        one.append({"kept": b"1\n"}, 1)
    with pytest.raises(ValueError, match="policy is not as it was in the run to resume"):
        journal_of(tmp_path, terms={"policy": "b"})
    note = json.loads((tmp_path / "out.progress").read_text())
    (tmp_path / "out.progress").write_text(json.dumps(note | {"format": 0}))
    with pytest.raises(ValueError, match="was written by another version"):
        journal_of(tmp_path)


def test_two_runs_do_not_write_one_output(tmp_path):
    with journal_of(tmp_path) as one:
        one.append({"kept": b"1\n"}, 1)
        with pytest.raises(BlockingIOError, match="another run is writing it"):
            journal_of(tmp_path, resume=False)
        assert (tmp_path / "out.progress").exists()
        one.finish()
    assert contents(tmp_path)["out"] == b"1\n"


def test_a_run_that_opened_an_output_just_before_another_named_it_leaves_that_alone(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    one = journal_of(tmp_path)
    one.append({"kept": b"1\n"}, 1)
    real = fcntl.flock

    def flock(file, how):
        monkeypatch.setattr(fcntl, "flock", real)
        one.finish()
        one.__exit__(None, None, None)
        return real(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with journal_of(tmp_path, resume=False) as two:
        two.append({"kept": b"2\n2"}, 1)
        assert contents(tmp_path)["out"] == b"1\n"


def test_a_note_that_was_used_up_meanwhile_is_not_gone_on_from(tmp_path, monkeypatch):
    with journal_of(tmp_path) as one:
        one.append({"kept": b"1\n"}, 1)
    real = journal._locked

    def locked(path):
        monkeypatch.setattr(journal, "_locked", real)
        with journal_of(tmp_path) as two:
            two.finish()
        return real(path)

    monkeypatch.setattr(journal, "_locked", locked)
    with pytest.raises(BlockingIOError, match="another run has just written it"):
        journal_of(tmp_path)
    assert contents(tmp_path)["out"] == b"1\n"


@pytest.fixture
def unnamed(tmp_path):
    """A run that died when all was written and nothing had its name."""

    def die(*_):
        raise Death

    outputs = {"kept": Output(tmp_path / "out", die)}
    with Journal(outputs, {}, resume=False, every=0) as one:
        one.append({"kept": b"1\n"}, 1)
        with pytest.raises(Death):
            one.finish()
    return {"kept": Output(tmp_path / "out")}


def test_two_runs_do_not_name_one_output(unnamed, tmp_path):
    with Journal(unnamed, {}, resume=True, every=0) as one:
        assert one.is_written
        with pytest.raises(BlockingIOError, match="another run is writing it"):
            Journal(unnamed, {}, resume=True, every=0)
        one.finish()
    assert contents(tmp_path) == {"out": b"1\n"}


def test_an_output_that_was_written_and_is_gone_is_missed(unnamed, tmp_path):
    (tmp_path / "out.partial").unlink()
    with (
        Journal(unnamed, {}, resume=True, every=0) as one,
        pytest.raises(FileNotFoundError, match="is there") as missed,
    ):
        one.finish()
    assert isinstance(missed.value, NotResumableError)
    assert (tmp_path / "out.progress").exists()


@pytest.mark.parametrize("kind", ["text"], indirect=True)
def test_a_folder_that_was_filled_meanwhile_costs_neither_it_nor_the_run(task, kind, tmp_path, monkeypatch):
    real = folders.Texts.finish

    def finish(self, partial, target):
        if target.name == "out":
            target.mkdir()
            (target / "mine").write_text("x")
        real(self, partial, target)

    monkeypatch.setattr(folders.Texts, "finish", finish)
    with pytest.raises(FileExistsError, match="has been filled meanwhile"):
        task(tmp_path / "a")
    monkeypatch.setattr(folders.Texts, "finish", real)
    with pytest.raises(FileExistsError, match="has been filled meanwhile"):
        task(tmp_path / "a")
    out = tmp_path / "a" / "out"
    assert contents(out) == {"mine": b"x"}
    out.rename(tmp_path / "mine")
    task(tmp_path / "a")
    task(tmp_path / "whole")
    assert contents(tmp_path / "a") == contents(tmp_path / "whole")


def test_a_run_into_a_pipe_leaves_no_parts_of_its_files_when_it_fails(tmp_path):
    with open(os.devnull, "wb") as stream:
        outputs = {"kept": Output(None, stream=stream), "dropped": Output(tmp_path / "no")}
        one = Journal(outputs, {}, resume=False, every=0)
        one.append({"kept": b"1\n", "dropped": b"2\n"}, 1)
        one.__exit__(Death, Death(), None)
        assert contents(tmp_path) == {}
        with Journal(outputs, {}, resume=False, every=0) as one:
            one.append({"kept": b"1\n", "dropped": b"2\n"}, 1)
            one.finish()
    assert contents(tmp_path) == {"no": b"2\n"}


def test_a_text_is_replaced_whole_or_not_at_all(tmp_path, die_at):
    path = tmp_path / "m.prom"
    die_at(None)
    replace_text(path, "old")
    seen = Counter()
    for n in itertools.count():
        die_at(n)
        try:
            replace_text(path, "new")
        except Death:
            seen[path.read_text()] += 1
            die_at(None)
            replace_text(path, "old")
        else:
            break
    assert seen == {"old": 3, "new": 1}
    assert path.read_text() == "new"


def test_sources_are_told_apart_by_what_they_hold(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("{}")
    targets = {"kept": tmp_path / "out"}
    one = engine._terms(Plan(), [Source(str(path), "a")], targets)
    assert engine._terms(Plan(), [Source(str(path), "a")], targets) == one
    path.write_text("{} ")
    assert engine._terms(Plan(), [Source(str(path), "a")], targets)["inputs"] != one["inputs"]


def test_a_run_that_begins_anew_takes_the_old_note_away_before_it_cuts_the_outputs(tmp_path):
    with journal_of(tmp_path) as one:
        one.append({"kept": b"1\n"}, 1)
    with journal_of(tmp_path, resume=False, every=3600):
        assert contents(tmp_path) == {"out.partial": b"", "no.partial": b""}
