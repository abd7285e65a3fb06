"""Outputs that survive a crash: they grow under another name, and a note beside them says how far they are sound.

    OUT.partial    what has been written so far, of every output
    OUT.progress   the note: what the run was told, how far the input is used, how long each output was then
    OUT.part       what takes the place of a file or folder in one step, while it is made

Order is what makes it safe. The outputs are on the disk before the note that counts on them is; the note is
replaced in one step; and once everything is written, a last note says so before the first output gets its name. So
whenever a process dies, the outputs can be cut to the lengths of the note and the rest be done again.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, cast

try:
    import fcntl
except ImportError:  # Windows: two runs into one output are not noticed there
    fcntl = None  # type: ignore[assignment]

PARTIAL, PROGRESS, PART = ".partial", ".progress", ".part"
# Raised when the note's meaning changes, so that an old note is refused and not misread.
FORMAT = 1


class NotResumableError(ValueError):
    """An earlier run that this one cannot go on from."""


class LostOutputError(FileNotFoundError, NotResumableError):
    """An output that an earlier run had written is gone."""


class Output(NamedTuple):
    """Where members go: to a file that `finish(partial, target)` puts in place, or to a stream as they come."""

    target: Path | None
    finish: Callable[[Path, Path], None] = os.replace
    stream: BinaryIO | None = None


class Journal:
    """The outputs of one run by name, the first of them the main one, beside which the note stands.

    With `resume` it goes on from the note of an earlier run, where there is one. `is_written` says that the earlier
    run had written all and only names were missing.

    Raises NotResumableError where the earlier run was told other things (`terms`) or its outputs do not fit its note,
    OSError where an output cannot be made, BlockingIOError where another run writes it, LostOutputError (at the end)
    where one that was written is gone.
    """

    def __init__(
        self, outputs: Mapping[str, Output], terms: Mapping[str, Any], *, resume: bool, every: float
    ) -> None:
        self._outputs = {name: output for name, output in outputs.items() if output.target is not None}
        self._streams = {name: output.stream for name, output in outputs.items() if output.stream is not None}
        main = next(iter(outputs.values())).target
        self._note = None if main is None else _beside(main, PROGRESS)
        self._terms = json.loads(json.dumps(terms))
        self._every = every
        self._files: dict[str, BinaryIO] = {}
        self._paths: dict[str, Path] = {}
        self._sound: tuple[dict[str, int], Any] = {}, None
        self.is_written = False
        noted = self._noted() if resume else None
        if noted is not None:
            self._take(noted)
        try:
            self._open()
            if resume and self._noted() != noted:  # it was read before the outputs were ours
                raise BlockingIOError(errno.EWOULDBLOCK, "another run has just written it", str(self._note))
            if not self.is_written:
                self._begin()
        except BaseException:
            self._close()
            raise
        self._saved = time.monotonic()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        if kind is not None and self._note is None:  # nothing can go on from these
            for output in self._outputs.values():
                _beside(output.target, PARTIAL).unlink(missing_ok=True)

    @property
    def state(self) -> Any:
        """What the last call of `append` said, in this run or in that which it goes on from; None before the first."""
        return self._sound[1]

    def append(self, members: Mapping[str, bytes], state: object) -> None:
        """Let outputs grow by a member each; `state` (JSON values) is how far the run has come with that."""
        for name, member in members.items():
            if name in self._streams:
                _write(self._streams[name], member, "standard output")
            elif name in self._files:
                _write(self._files[name], member, self._paths[name])
        # in one step: a run may be interrupted between any two
        self._sound = {name: file.tell() for name, file in self._files.items()}, state
        if time.monotonic() - self._saved >= self._every:
            self.save()

    def save(self, *, is_written: bool = False) -> None:
        """Put outputs, then the note, on the disk."""
        if self._note is None:
            return
        for file in self._files.values():
            os.fsync(file.fileno())
        sizes, state = self._sound
        note = {
            "format": FORMAT,
            "terms": self._terms,
            "sizes": sizes,
            "state": state,
            "is_written": is_written,
        }
        replace_text(self._note, json.dumps(note))
        self._saved = time.monotonic()

    def finish(self) -> None:
        """Give the outputs their names, the main one last, and take the note away."""
        if not self.is_written:
            self.save(is_written=True)
        for file in self._files.values():
            os.fsync(file.fileno())
        for name, output in reversed(self._outputs.items()):
            assert output.target is not None
            partial = _beside(output.target, PARTIAL)
            # an earlier run may have come so far, or have unpacked a folder that only has no name yet
            if partial.exists() or _beside(output.target, PART).is_dir():
                output.finish(partial, output.target)
                sync_folder(output.target.parent)
            elif self._sound[0].get(name) and not output.target.exists():
                lost = "neither it nor what it grew as is there: begin anew without --resume"
                raise LostOutputError(errno.ENOENT, lost, str(output.target))
        if self._note is not None:
            self._note.unlink(missing_ok=True)

    def _open(self) -> None:
        """Make the outputs ours; of those that are written the ones without their names."""
        for name, output in self._outputs.items():
            self._paths[name] = _beside(output.target, PARTIAL)
            if not self.is_written or self._paths[name].exists():
                self._files[name] = _locked(self._paths[name])

    def _begin(self) -> None:
        if self._note is not None and self.state is None:
            self._note.unlink(missing_ok=True)  # it speaks of what is cut off now
        for name in self._files:
            self._cut(name)

    def _close(self) -> None:
        for file in self._files.values():
            file.close()

    def _cut(self, name: str) -> None:
        """Take off what an output holds beyond the note."""
        file, path, known = self._files[name], self._paths[name], self._sound[0].get(name, 0)
        size = os.fstat(file.fileno()).st_size
        if size < known:
            raise NotResumableError(
                f"{path} has {size} bytes, {known} are noted: begin anew without --resume"
            )
        os.ftruncate(file.fileno(), known)
        file.seek(known)
        sync_folder(path.parent)

    def _noted(self) -> Any:
        return None if self._note is None else _read_note(self._note)

    def _take(self, note: Any) -> None:
        """Go on from a note."""
        if note["format"] != FORMAT:
            raise NotResumableError(
                f"{self._note} was written by another version: begin anew without --resume"
            )
        for name, value in self._terms.items():
            if note["terms"].get(name) != value:
                raise NotResumableError(
                    f"{name} is not as it was in the run to resume ({self._note}): "
                    "give the same inputs and options, or begin anew without --resume"
                )
        self._sound, self.is_written = (note["sizes"], note["state"]), note["is_written"]


def is_all_written(main: Path) -> bool:
    """Whether an earlier run into this main output had written all, and may have named some outputs."""
    note = _read_note(_beside(main, PROGRESS))
    return note is not None and bool(note["is_written"])


def _read_note(path: Path) -> Any:
    """The note as it stands, None without any. Raises NotResumableError for what is none."""
    try:
        note = json.loads(path.read_text("utf8"))
    except FileNotFoundError:
        return None
    except ValueError:
        note = None
    if not isinstance(note, dict) or "format" not in note:
        raise NotResumableError(f"{path} is no note of a run: begin anew without --resume")
    return note


def replace_text(path: Path, text: str) -> None:
    """Let a file hold a text, the old or the new one whole whenever the process or the machine stops."""
    part = _beside(path, PART)
    with open(part, "wb", buffering=0) as file:
        _write(file, text.encode("utf8"), part)
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(path: Path) -> BinaryIO:
    """A file open for reading and writing, as it is, that no other run has open; no buffer lies between."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        file = cast(BinaryIO, os.fdopen(descriptor, "r+b", buffering=0))
        if fcntl is None:
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise BlockingIOError(errno.EWOULDBLOCK, "another run is writing it", str(path)) from None
        # between the two calls another run may have given it its name, and then it is an output
        if path.exists() and os.path.samestat(os.fstat(descriptor), os.stat(path)):
            return file
        file.close()


def _write(file: BinaryIO, data: bytes, path: Path | str) -> None:
    """All of `data`; a raw file takes what there is room for. An error names the file."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
        file.flush()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _beside(path: Path | None, ending: str) -> Path:
    assert path is not None
    return path.with_name(path.name + ending)
