"""The model: numbers that turn columns into roles and reliability, and every term of the sum.

    role of a paragraph   trees over its features, its neighbours' and its word score; trees over these and what the
                          page looked like to the first; then filler and duplicate by their own evidence
    reliability           intercept + bounded likeness, less where the kind of text is another than those it was
                          learnt on + evidence + structure, then calibration

A model is a folder: `card.json` (what it is, what it was made from, thresholds) and `weights.npz`
(arrays, loaded without pickle). Nothing in it can run code. Scoring needs numpy alone; learning
lives in quality/learn. Its digest stands for all of the folder that a score or verdict depends on: the
weights, the names of their columns, the policies. What else lies in it is under the sums of `SHA256SUMS`.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Floats
from quality.report import Policy
from quality.trees import Trees

FORMAT = "quality-model/5"
# The likeness moves the logit of reliability by at most this much: style classifiers do not carry
# over to unseen sources beyond AUC .81, so they must not decide (docs/results.md).
LIKENESS_LIMIT = 1.0
# Log odds (at even chances) of a text being of the kinds that the likeness was learnt on, below which it counts for
# nothing and from which it counts whole (docs/results.md).
STRANGE, FAMILIAR = -2.0, 0.0


def sigmoid(logit: Floats) -> Floats:
    """1 / (1 + exp(-logit)) without overflow; float64, same shape."""
    return 0.5 * (1.0 + np.tanh(0.5 * logit))


@dataclass(frozen=True)
class Linear:
    """A weighted sum of named terms."""

    names: tuple[str, ...]
    weights: Floats
    intercept: float

    def effects(self, matrix: Floats) -> Floats:
        """What each term adds to the logit, undefined ones nothing; float64[n, terms]."""
        return np.where(np.isnan(matrix), 0.0, matrix) * self.weights

    def logit(self, matrix: Floats) -> Floats:
        """Intercept plus the sum of effects; float64[n]."""
        return self.intercept + total(self.effects(matrix))


def total(effects: Floats) -> Floats:
    """Sum of each row, term by term in order, so that a row's sum does not depend on the others; float64[n]."""
    result = np.zeros(effects.shape[0])
    for column in range(effects.shape[1]):
        result += effects[:, column]
    return result


@dataclass(frozen=True)
class Likeness:
    """How much a text reads like the reliable side of the corpora: two scores, averaged and squashed.

    `words` and `masked` are weights of hashed n-grams (one for each bucket) with their idf. Each score is divided by
    its spread on unseen corpora. `kind` are weights of the masked n-grams, and `kind_intercept` theirs: whether a text
    is of the kinds that the likeness was learnt on at all. Outside them it says less, and far outside nothing.
    """

    words: Floats
    words_idf: Floats
    masked: Floats
    masked_idf: Floats
    kind: Floats
    kind_intercept: float
    spreads: Floats
    centre: float
    scale: float

    def effect(self, z: Floats, familiarity: Floats | float) -> Floats:
        """What a score adds to the logit: within +-`LIKENESS_LIMIT`, in proportion to familiarity; float64[n]."""
        return LIKENESS_LIMIT * familiarity * np.tanh((z - self.centre) * self.scale)

    def blend(self, words: Floats, masked: Floats) -> Floats:
        """One score from the two; higher reads more reliable; float64[n]."""
        return 0.5 * words / self.spreads[0] + 0.5 * masked / self.spreads[1]

    def familiarity(self, kind: Floats) -> Floats:
        """How far a text is of the kinds learnt on, from the sum of the weights of its kind; float64[n], 0..1."""
        return np.clip((kind + self.kind_intercept - STRANGE) / (FAMILIAR - STRANGE), 0.0, 1.0)


@dataclass(frozen=True)
class FillerWords:
    """How far the words of a paragraph exceed those of sound ones: a score of hashed words, cut to 0..1.

    The term is 0 up to `low`, what one in a thousand sound paragraphs reaches, and 1 from `high` on. Without
    weights it is 0 for every paragraph: the shipped model has none (docs/results.md), new labels can give them.
    """

    weights: Floats
    low: float
    high: float

    def term(self, score: Floats) -> Floats:
        """The term of the filler model from the sum of the weights; float64[n], 0..1."""
        return np.clip((score - self.low) / (self.high - self.low), 0.0, 1.0)


@dataclass(frozen=True)
class FirstLook:
    """What a paragraph is taken for at first sight: a score of hashed words, and trees over it and what stands around.

    Learnt once for a base: the second look (`Model.boilerplate`) is learnt from what it says of pages it has not seen.
    """

    words: Floats
    trees: Trees

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by the name they are stored under."""
        words = {
            "paragraph_words": _packed(self.words),
            "paragraph_words_scale": np.array(_scale(self.words)),
        }
        return words | self.trees.arrays("first_look")

    @classmethod
    def from_arrays(cls, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> FirstLook:
        """The first look that `arrays` stored. Raises KeyError where an array is missing."""
        words = arrays["paragraph_words"] * float(arrays["paragraph_words_scale"])
        return cls(words, Trees.from_arrays("first_look", names, arrays))


@dataclass(frozen=True)
class Model:
    """Everything that scoring needs, as numbers. Make one with `Model.load`.

    `boilerplate` is the second look at a paragraph; a careful scorer takes `careful` off the log odds of furniture.
    """

    name: str
    digest: str
    card: Mapping[str, Any]
    first_look: FirstLook
    boilerplate: Trees
    careful: float
    filler: Linear
    filler_words: FillerWords
    likeness: Likeness
    reliability: Linear
    paragraph_reliability: Linear
    calibration: tuple[float, float]
    paragraph_calibration: tuple[float, float]
    policies: Mapping[str, Policy]
    folder: Path | None = None

    def learnt_from(self) -> NDArray[np.uint64] | None:
        """Fingerprints of the texts that the model learnt from (quality/learn/base.py), None where nothing tells.

        Raises ValueError where the file that holds them is damaged.
        """
        path = None if self.folder is None else self.folder / KNOWN
        return read_arrays(path)["texts"] if path is not None and path.exists() else None

    def calibrated(self, logit: Floats) -> Floats:
        """Reliability of documents from the logit; monotone; float64[n]."""
        slope, offset = self.calibration
        return sigmoid(slope * logit + offset)

    def calibrated_paragraph(self, logit: Floats) -> Floats:
        """Reliability of paragraphs from their logit; monotone; float64[n]."""
        slope, offset = self.paragraph_calibration
        return sigmoid(slope * logit + offset)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All numbers by the name they have in weights.npz."""
        return {
            **self.first_look.arrays(),
            **self.boilerplate.arrays("boilerplate"),
            "careful": np.array(self.careful),
            "filler_weights": self.filler.weights,
            "filler_intercept": np.array(self.filler.intercept),
            **filler_words_arrays(self.filler_words),
            **likeness_arrays(self.likeness),
            "reliability_weights": self.reliability.weights,
            "reliability_intercept": np.array(self.reliability.intercept),
            "paragraph_reliability_weights": self.paragraph_reliability.weights,
            "paragraph_reliability_intercept": np.array(self.paragraph_reliability.intercept),
            "calibration": np.array(self.calibration),
            "paragraph_calibration": np.array(self.paragraph_calibration),
        }

    def names(self) -> dict[str, list[str]]:
        """Names of the columns behind each array, for the card."""
        return {
            "first_look": list(self.first_look.trees.names),
            "boilerplate": list(self.boilerplate.names),
            "filler": list(self.filler.names),
            "reliability": list(self.reliability.names),
            "paragraph_reliability": list(self.paragraph_reliability.names),
        }

    @classmethod
    def from_arrays(
        cls, name: str, digest: str, card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Model:
        """The model that `arrays` and `card` describe.

        Raises KeyError where an array or a field of the card is missing.
        """
        names = card["names"]

        def scalar(key: str) -> float:
            return float(arrays[key])

        def linear(key: str, prefix: str) -> Linear:
            return Linear(tuple(names[key]), arrays[f"{prefix}_weights"], scalar(f"{prefix}_intercept"))

        likeness = likeness_from(arrays)
        slope, offset = arrays["calibration"]
        paragraph_slope, paragraph_offset = arrays["paragraph_calibration"]
        return cls(
            name,
            digest,
            card,
            FirstLook.from_arrays(names["first_look"], arrays),
            Trees.from_arrays("boilerplate", names["boilerplate"], arrays),
            scalar("careful"),
            linear("filler", "filler"),
            filler_words_from(arrays),
            likeness,
            linear("reliability", "reliability"),
            linear("paragraph_reliability", "paragraph_reliability"),
            (float(slope), float(offset)),
            (float(paragraph_slope), float(paragraph_offset)),
            {key: Policy(key, **values) for key, values in card["policies"].items()},
        )

    def save(self, folder: Path, card: Mapping[str, Any]) -> str:
        """Write `card.json` and `weights.npz` into `folder` and return the digest.

        The same numbers and card give the same bytes. The card is written last, under a temporary
        name that is then renamed, so that a folder with a card is a whole model.
        """
        folder.mkdir(parents=True, exist_ok=True)
        weights = folder / "weights.npz"
        write_arrays(weights, self.arrays())
        policies = {
            key: {k: v for k, v in vars(policy).items() if k != "name"}
            for key, policy in self.policies.items()
        }
        whole = {"format": FORMAT, "names": self.names(), **card, "policies": policies}
        digest = _digest(weights.read_bytes(), whole)
        temporary = folder / "card.json.part"
        temporary.write_text(
            json.dumps({"digest": digest, **whole}, indent=1, ensure_ascii=False) + "\n", "utf8"
        )
        os.replace(temporary, folder / "card.json")
        return digest

    @classmethod
    def load(cls, folder: Path) -> Model:
        """The model in a folder.

        Raises FileNotFoundError where there is no card, ValueError where the card is of another
        format, or where weights and card are not those that the digest was made of.
        """
        path = folder / "card.json"
        if not path.exists():
            raise FileNotFoundError(f"no model in {folder}: card.json is missing")
        try:
            card = json.loads(path.read_text("utf8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not JSON: {error}") from error
        given = card.get("format") if isinstance(card, dict) else None
        if given != FORMAT:
            raise ValueError(f"{path} has format {given!r}, expected {FORMAT!r}: train it anew")
        try:
            content = (folder / "weights.npz").read_bytes()
        except OSError as error:
            raise ValueError(f"{folder}: weights.npz cannot be read: {error}") from error
        digest = _digest(content, card)
        if digest != card.get("digest"):
            raise ValueError(
                f"{folder}: weights.npz, or the names or policies of card.json, are not those that the model was "
                "made with; restore or train anew"
            )
        arrays = read_arrays(folder / "weights.npz")
        return replace(cls.from_arrays(folder.name, digest, card, arrays), folder=folder)


# What else lies in a model's folder: fingerprints of the texts it learnt from, and a sum of every file in the
# form that `sha256sum --check` reads.
KNOWN, SUMS = "known.npz", "SHA256SUMS"


def _digest(weights: bytes, card: Mapping[str, Any]) -> str:
    """SHA-256 of the weights and of what else in a model a score or verdict depends on."""
    told = {key: card.get(key) for key in ("format", "names", "policies")}
    plain = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(hashlib.sha256(weights).digest() + plain.encode("utf8")).hexdigest()


def seal(folder: Path) -> None:
    """Write down the sum of every file of a model's folder, so that `changed_files` can tell what became of them."""
    sums = [f"{_sum(path)}  {path.name}\n" for path in sorted(folder.iterdir()) if path.name != SUMS]
    (folder / SUMS).write_text("".join(sums), "utf8")


def changed_files(folder: Path) -> list[str]:
    """What is wrong with the files of a model's folder: those that are not as they were when it was sealed.

    A file that came later is none of the model's.
    """
    path = folder / SUMS
    if not path.exists():
        return [f"{path} is missing, so nothing tells whether the files are as they were"]
    lines = path.read_text("utf8").splitlines()
    sums = {name: given for given, _, name in (line.partition("  ") for line in lines)}
    wrong = []
    for name, given in sums.items():
        if not (folder / name).is_file():
            wrong.append(f"{folder / name} is missing")
        elif _sum(folder / name) != given:
            wrong.append(f"{folder / name} is not the file that the model was made with")
    return wrong


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def filler_words_arrays(words: FillerWords) -> dict[str, NDArray[Any]]:
    """The numbers of a filler word score by the name they are stored under."""
    return {
        "filler_words": _packed(words.weights),
        "filler_words_scale": np.array(_scale(words.weights)),
        "filler_words_low_high": np.array([words.low, words.high]),
    }


def filler_words_from(arrays: Mapping[str, NDArray[Any]]) -> FillerWords:
    """The filler word score that `filler_words_arrays` stored.

    Raises KeyError where an array is missing.
    """
    low, high = arrays["filler_words_low_high"]
    return FillerWords(arrays["filler_words"] * float(arrays["filler_words_scale"]), float(low), float(high))


def likeness_arrays(likeness: Likeness) -> dict[str, NDArray[Any]]:
    """The numbers of a likeness by the name they are stored under."""
    return {
        "likeness_words": _packed(likeness.words),
        "likeness_words_scale": np.array(_scale(likeness.words)),
        "likeness_words_idf": likeness.words_idf.astype(np.float16),
        "likeness_masked": _packed(likeness.masked),
        "likeness_masked_scale": np.array(_scale(likeness.masked)),
        "likeness_masked_idf": likeness.masked_idf.astype(np.float16),
        "likeness_kind": _packed(likeness.kind),
        "likeness_kind_scale": np.array(_scale(likeness.kind)),
        "likeness_kind_intercept": np.array(likeness.kind_intercept),
        "likeness_spreads": likeness.spreads,
        "likeness_centre_scale": np.array([likeness.centre, likeness.scale]),
    }


def likeness_from(arrays: Mapping[str, NDArray[Any]]) -> Likeness:
    """The likeness that `likeness_arrays` stored.

    Raises KeyError where an array is missing.
    """
    centre, scale = arrays["likeness_centre_scale"]
    return Likeness(
        arrays["likeness_words"] * float(arrays["likeness_words_scale"]),
        arrays["likeness_words_idf"].astype(np.float64),
        arrays["likeness_masked"] * float(arrays["likeness_masked_scale"]),
        arrays["likeness_masked_idf"].astype(np.float64),
        arrays["likeness_kind"] * float(arrays["likeness_kind_scale"]),
        float(arrays["likeness_kind_intercept"]),
        arrays["likeness_spreads"],
        float(centre),
        float(scale),
    )


def _scale(weights: Floats) -> float:
    return float(np.abs(weights).max()) / 127 if weights.size and weights.any() else 1.0


def _packed(weights: Floats) -> NDArray[np.int8]:
    """Weights in steps of 1/127 of the largest; int8."""
    return np.round(weights / _scale(weights)).astype(np.int8)


def rounded(weights: Floats) -> Floats:
    """The weights as they come back from a saved model; float64."""
    return np.asarray(_packed(weights) * _scale(weights), np.float64)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an npz.

    Raises FileNotFoundError where there is none, ValueError where it is damaged.
    """
    try:
        # opened here, since numpy leaves a file open that breaks off
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except FileNotFoundError:
        raise
    # what zip files and arrays that break off, or that are none, end in
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}): restore it") from error


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """A compressed npz whose bytes depend on the arrays alone (numpy stamps the time of day)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            entry = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as handle:
                np.lib.format.write_array(handle, np.asarray(array, order="C"), allow_pickle=False)
