"""Model folders side by side: put in place whole or not at all, promoted, rolled back, verified.

    NAME             the model in use          NAME.candidate   one that the gate refused
    NAME.previous    what NAME was before

A new folder is made beside the old one and then the two change places in one step of the file system, so a
process that is killed leaves the old model or the new one, never a half.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quality.model import KNOWN, Model, changed_files
from quality.records import Record
from quality.scorer import Scorer

CANDIDATE, PREVIOUS = ".candidate", ".previous"
# Ends of the names of folders that are still being made or are no longer needed, and of one that lost its name for a moment.
PART, ASIDE = ".part", ".aside"
# Expected values are those of another machine as well: sums of some thousand terms, in the same order.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Standing:
    """A model folder as a list shows it; `trouble` says why it cannot be loaded, None where it can."""

    name: str
    folder: Path
    digest: str
    made_by: str
    trouble: str | None


def standing(folder: Path) -> Standing:
    """What there is to say of a model folder, usable or not."""
    try:
        model = Model.load(folder)
    except (OSError, ValueError, KeyError) as error:
        return Standing(folder.name, folder, "", "", str(error))
    return Standing(folder.name, folder, model.digest, str(model.card.get("made_by", "")), None)


def models(home: Path) -> list[Standing]:
    """The models in a folder, by name."""
    cards = sorted(home.glob("*/card.json"))
    return [standing(card.parent) for card in cards if card.parent.suffix not in (PART, ASIDE)]


def told(folder: Path) -> str:
    """The model card of a model in words, and its digest.

    Raises FileNotFoundError where there is no model, ValueError where it cannot be used.
    """
    mend(folder)
    model = Model.load(folder)
    page = (folder / "README.md").read_text("utf8") if (folder / "README.md").exists() else ""
    return f"{folder}  {model.digest}\n\n{page.partition('---')[2].partition('---')[2].strip() or page}"


class NothingThereError(FileNotFoundError):
    """There is no model that could be promoted or gone back to."""


def put(folder: Path, write: Callable[[Path], None], *, keep_previous: bool = True) -> bool:
    """Let `write` fill a new folder and put it at `folder`, whole or not at all; whether anything was put.

    What was there before is kept as NAME.previous, unless it has the same digest: a model that takes its own place
    must not cost the one before. Where it has also learnt from the same texts, and is as it was made, it stays.

    Raises ValueError for a place that is no model's: a folder with other things in it, or no name.
    """
    check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    mend(folder)
    part = folder.with_name(f"{folder.name}.{os.getpid()}{PART}")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        write(part)
        is_same = _card(part).get("digest", "none") == _card(folder).get("digest")
        if is_same and _known(part) == _known(folder) and not changed_files(folder):
            return False
        _to_disk(part)
        if folder.exists():
            if keep_previous and not is_same and not folder.name.endswith(CANDIDATE):
                put(_beside(folder, PREVIOUS), lambda new: _copied(folder, new), keep_previous=False)
            _exchange(part, folder)
        else:
            os.rename(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        _swept(folder)
    return True


def _card(folder: Path) -> Mapping[str, Any]:
    """The card of a model, an empty one where there is none."""
    path = folder / "card.json"
    card: Mapping[str, Any] = json.loads(path.read_text("utf8")) if path.exists() else {}
    return card


def _known(folder: Path) -> bytes:
    """Fingerprints of the texts that a model learnt from, as they are kept."""
    path = folder / KNOWN
    return path.read_bytes() if path.exists() else b""


def check_place(folder: Path) -> None:
    """Refuse a place where a model would take the room of something else.

    Raises ValueError for a file, a folder that holds other things than a model, or a path without a name.
    """
    if folder.name in ("", ".."):
        raise ValueError(f"{folder} is no name for a model: give a folder of its own, such as models/mine")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: give a folder for the model")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "card.json").exists():
        raise ValueError(f"{folder} holds other things than a model: give a folder of its own")


def _beside(folder: Path, end: str) -> Path:
    return folder.with_name(folder.name + end)


def _copied(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)


def _to_disk(folder: Path) -> None:
    """Files of a folder are on the disk before its name is, so that a power cut leaves no empty ones."""
    for path in sorted(folder.iterdir()):
        with path.open("rb") as handle:
            os.fsync(handle.fileno())


def _swept(folder: Path) -> None:
    """Remove what killed processes left of folders in the making."""
    for path in folder.parent.glob(f"{folder.name}.*{PART}"):
        number = path.name.removesuffix(PART).rpartition(".")[2]
        if number.isdigit() and not _runs(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    if sys.platform == "win32":  # where asking would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change names in one step; where the system has no such step, by renaming.

    Then the name is free for some microseconds. A process that is killed there leaves what had the name beside it,
    whole, and `mend` gives it back.
    """
    if _exchanged(one, other):
        return
    aside = other.with_name(f"{other.name}.{os.getpid()}{ASIDE}")
    os.rename(other, aside)
    os.rename(one, other)
    os.rename(aside, one)


def mend(folder: Path) -> None:
    """Finish what a process that was killed among the renames of `_exchange` left half done.

    Where it had not come to give the name to the other folder, the old one gets it back. Where it had, the old one is
    NAME.previous if there is none, as `roll_back` wanted.
    """
    names = [folder] if folder.name.endswith((CANDIDATE, PREVIOUS)) else [folder, _beside(folder, PREVIOUS)]
    for aside in sorted(folder.parent.glob(f"{folder.name}.*{ASIDE}")):
        number = aside.name.removeprefix(f"{folder.name}.").removesuffix(ASIDE)
        if not number.isdigit() or _runs(int(number)):
            continue
        free = [name for name in names if not name.exists()]
        if free:
            os.rename(aside, free[0])
        else:
            shutil.rmtree(aside)


# renameat2 of Linux and renameatx_np of macOS: relative to the working folder, flag "exchange".
_HERE = {"linux": -100, "darwin": -2}
_SWAP = {"linux": ("renameat2", 2), "darwin": ("renameatx_np", 2)}


def _exchanged(one: Path, other: Path) -> bool:
    """Whether the system could do it in one step. Raises OSError where it tried and failed."""
    if sys.platform not in _SWAP:
        return False
    name, flag = _SWAP[sys.platform]
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), name)
    except AttributeError:
        return False
    here = _HERE[sys.platform]
    if function(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(flag)) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))


def promote(folder: Path) -> str:
    """Put NAME.candidate in the place of NAME; returns its digest.

    Raises NothingThereError where there is no candidate, ValueError where it cannot be used.
    """
    candidate = _beside(folder, CANDIDATE)
    mend(candidate)
    if not candidate.exists():
        raise NothingThereError(
            f"there is no {candidate}: `quality train` leaves one where the gate refuses a model"
        )
    model = Model.load(candidate)
    put(folder, lambda part: _copied(candidate, part))
    shutil.rmtree(candidate)
    return model.digest


def roll_back(folder: Path) -> str:
    """Let NAME and NAME.previous change places; returns the digest of what is in use now.

    Raises NothingThereError where there is no model before this one, ValueError where it cannot be used.
    """
    previous = _beside(folder, PREVIOUS)
    for place in (folder, previous):
        mend(place)
    if not previous.exists():
        raise NothingThereError(f"there is no model before this one, {previous}")
    model = Model.load(previous)
    if folder.exists():
        _exchange(previous, folder)
    else:
        os.rename(previous, folder)
    return model.digest


def verify(folder: Path) -> list[str]:
    """What is wrong with a model: golden texts that do not score as when it was made. Empty where all do.

    Raises FileNotFoundError where there is no model, ValueError where its digest or format is wrong.
    """
    mend(folder)
    scorer = Scorer(Model.load(folder))
    wrong = []
    for expected in golden(folder):
        report = scorer.score(Record(expected["id"], "", expected["text"], None, date=expected.get("date")))
        same = _same(report.reliability, expected["reliability"]) and report.verdict == expected["verdict"]
        if not same:
            wrong.append(
                f"{expected['id']}: {report.verdict} {report.reliability}, "
                f"expected {expected['verdict']} {expected['reliability']}"
            )
    return wrong


def golden(folder: Path) -> list[Mapping[str, Any]]:
    """Golden texts of a model with their expected values; raises ValueError where there are none."""
    path = folder / "golden.jsonl"
    if not path.exists():
        raise ValueError(f"{folder} holds no golden.jsonl to verify it by: train it anew")
    return [json.loads(line) for line in path.read_text("utf8").splitlines()]


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE
