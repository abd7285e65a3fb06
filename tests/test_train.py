"""Learning from new labels: through the command line, and part by part."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from dreams import sound, spliced

from quality.cli import main
from quality.learn import gate, merge, retrain, shelf
from quality.learn.base import Base, fingerprint, load, text_fingerprint
from quality.learn.corpora import Labelled
from quality.learn.fit import fit_signed, one_thread
from quality.learn.gate import Figure, Gate, Verdicts, calibration_error, caught, compare, ranking
from quality.learn.labels import new_ones, read_labels, refused
from quality.learn.reference import Halves
from quality.learn.train import _level
from quality.model import FillerWords, Linear, Model
from quality.scorer import Scorer

ROOT = Path(__file__).parents[1]
DEFAULT = ROOT / "models" / "default"
BASE = ROOT / "labelled" / "base"


@pytest.fixture(scope="module")
def base() -> Base:
    return load(BASE)


@pytest.fixture(scope="module")
def champion() -> Model:
    return Model.load(DEFAULT)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with a model to be replaced: the shipped one."""
    return Path(shutil.copytree(DEFAULT, tmp_path / "models" / "mine"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, champion: Model) -> None:
    """The role model is taken as shipped: learning it anew takes most of the time, and is no matter here."""
    monkeypatch.setattr(merge, "fit_roles", lambda *_: champion.boilerplate)


def test_what_is_learnt_does_not_depend_on_the_number_of_threads(base: Base) -> None:
    from threadpoolctl import threadpool_limits

    table = base.documents
    matrix, weight = table.matrix.astype(np.float64), table.weight.astype(np.float64)
    found = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads), one_thread():
            found.append(fit_signed(matrix, table.label == 1, weight, None, 1e-4, (-4.0, 0.0))[0])
    assert np.array_equal(*found)


def file_of(folder: Path, rows: list[dict[str, object]], name: str = "labels.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf8")
    return path


def without(row: dict[str, object], *names: str) -> dict[str, object]:
    return {key: value for key, value in row.items() if key not in names}


def quality(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quality", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def verdicts(model: Path, rows: list[dict[str, object]]) -> Counter[str]:
    given = [{"id": row["id"], "text": row["text"]} for row in rows]
    return Counter(report.verdict for report in Scorer.load(model).score_many(given))


def test_fifty_texts_of_a_new_kind_teach_it_through_the_command_line(tmp_path: Path, mine: Path) -> None:
    unseen = [spliced(k, unseen=True) for k in range(20)]
    honest = [sound(k, unseen=True) for k in range(20)]
    assert verdicts(mine, unseen) == {"keep": 20}
    labels = file_of(tmp_path, [spliced(k) for k in range(50)])
    done = quality("train", labels, "-o", mine)
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed: nothing is worse beyond its interval" in done.stdout
    after = verdicts(mine, unseen)
    assert after["keep"] <= 1
    assert after["drop"] == 0  # words alone condemn nobody
    assert verdicts(mine, honest) == {"keep": 20}
    assert quality("models", "verify", "mine", "--in", mine.parent).returncode == 0
    assert {p.name for p in mine.parent.iterdir()} == {"mine", "mine.previous"}
    card = json.loads((mine / "card.json").read_text("utf8"))
    assert card["labels"] == {"dream_book": {"unreliable": 50, "reliable": 0, "unclear": 0}}
    assert card["gate_passed"] is True
    assert "## Training" in (mine / "README.md").read_text("utf8")


def test_training_that_is_killed_while_it_writes_leaves_the_old_model(tmp_path: Path, mine: Path) -> None:
    labels = file_of(tmp_path, [spliced(k) for k in range(12)])
    command = [sys.executable, "-m", "quality", "train", str(labels), "-o", str(mine)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and not list(mine.parent.glob("*.part")):
        time.sleep(0.001)
    running.kill()
    assert running.wait() == -signal.SIGKILL
    assert Model.load(mine).digest == Model.load(DEFAULT).digest
    assert quality("models", "verify", "mine", "--in", mine.parent).returncode == 0


LOOP = """
import shutil, sys
from pathlib import Path

folder, one, other = map(Path, sys.argv[1:])
print("ready", flush=True)
while True:
    for source in (one, other):
        put(folder, lambda part: shutil.copytree(source, part, dirs_exist_ok=True))
"""


def test_a_model_is_whole_whenever_the_process_that_replaces_it_is_killed(tmp_path: Path, mine: Path) -> None:
    model = Model.load(DEFAULT)
    other = tmp_path / "other"
    replace(model, calibration=(2.0, 0.5)).save(other, {"name": "other"})
    digests = {model.digest, Model.load(other).digest}
    assert len(digests) == 2
    seen = set()
    for k in range(12):
        command = [sys.executable, "-c", LOOP, str(mine), str(DEFAULT), str(other)]
        running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(0.01 + 0.0037 * k)
        running.kill()
        running.wait()
        running.stdout.close()
        seen.add(Model.load(mine).digest)
    assert seen <= digests
    # the next one clears away what the killed ones left
    shelf.put(mine, lambda part: _copy(DEFAULT, part))
    assert {p.name for p in mine.parent.iterdir()} == {"mine", "mine.previous"}


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)


@pytest.mark.usefixtures("quick")
def test_the_same_labels_and_seed_give_the_same_model(tmp_path: Path, mine: Path) -> None:
    labels = file_of(tmp_path, [spliced(k) for k in range(20)])
    digests = [retrain.train([labels], BASE, mine.with_name(name)).digest for name in ("one", "two")]
    assert digests[0] == digests[1]
    assert (mine.with_name("one") / "golden.jsonl").read_bytes() == (
        mine.with_name("two") / "golden.jsonl"
    ).read_bytes()


@pytest.mark.usefixtures("quick")
def test_labels_of_whole_texts_move_the_wording(base: Base, champion: Model, tmp_path: Path) -> None:
    rows = [*[spliced(k) for k in range(25)], *[sound(k) for k in range(25, 50)]]
    texts, problems = read_labels([file_of(tmp_path, [without(r, "paragraph_labels") for r in rows])])
    assert not problems
    merged = merge.merge(base, texts)
    model = retrain.fit(merged.base, "mine", parts=(merged.roles, merged.filler))
    assert not model.filler_words.weights.any()
    unseen = [spliced(k, unseen=True)["text"] for k in range(20)]
    before, after = (
        np.mean([wording(report) for report in Scorer(m).score_many(unseen)]) for m in (champion, model)
    )
    assert before > 0.4
    assert after < before - 0.5
    assert compare(base, champion, model).changed <= 0.02


def wording(report: object) -> float:
    (effect,) = (c.effect for c in report.contributions if c.feature == "likeness")  # type: ignore[attr-defined]
    return float(effect)


@pytest.mark.usefixtures("quick")
def test_fewer_than_ten_filler_paragraphs_teach_no_words(base: Base, tmp_path: Path) -> None:
    texts, _ = read_labels([file_of(tmp_path, [spliced(k) for k in range(4)])])
    assert not merge.merge(base, texts).base.filler_words.weights.any()


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    figure = Figure("calibration error", 0.05, 0.04, 0.06, 0.2, more_is_better=False)
    outcome = Gate((figure,), 0.3, ("calibration error: worse",))
    monkeypatch.setattr(retrain, "compare", lambda *_, **__: outcome)


@pytest.mark.usefixtures("refusing")
def test_a_model_that_the_gate_refuses_waits_as_a_candidate(tmp_path: Path, mine: Path) -> None:
    labels = file_of(tmp_path, [spliced(k) for k in range(12)])
    shipped = Model.load(DEFAULT).digest
    run = CliRunner()
    command = ["train", str(labels), "--base", str(BASE), "-o", str(mine)]
    done = run.invoke(main, command)
    assert done.exit_code == 1
    assert "not in place" in done.output
    assert "calibration error: worse" in done.output
    assert Model.load(mine).digest == shipped
    candidate = Model.load(mine.with_name("mine.candidate"))
    home = ["--in", str(mine.parent)]
    assert run.invoke(main, ["models", "promote", "mine", *home]).exit_code == 0
    assert Model.load(mine).digest == candidate.digest
    assert run.invoke(main, ["models", "rollback", "mine", *home]).exit_code == 0
    assert Model.load(mine).digest == shipped
    assert Model.load(mine.with_name("mine.previous")).digest == candidate.digest
    overruled = run.invoke(main, [*command, "--allow-regression", "weather reports are filler here"])
    assert overruled.exit_code == 0
    card = json.loads((mine / "card.json").read_text("utf8"))
    assert (card["allow_regression"], card["gate_passed"]) == ("weather reports are filler here", False)


@pytest.mark.usefixtures("quick")
def test_what_the_model_in_place_was_taught_must_be_given_again(tmp_path: Path, mine: Path) -> None:
    taught = file_of(tmp_path, [spliced(k) for k in range(12)], "taught.jsonl")
    assert retrain.train([taught], BASE, mine).is_in_use
    other = file_of(tmp_path, [sound(k) for k in range(3)], "other.jsonl")
    outcome = retrain.train([other], BASE, mine)
    assert not outcome.is_in_use
    (objection,) = outcome.gate.objections
    assert objection.startswith(
        "the model in place has learnt 'dream_book' from labels that are not given now"
    )
    assert retrain.train([taught, other], BASE, mine).is_in_use


def test_a_model_that_weighs_nothing_is_refused_by_the_gate(base: Base, champion: Model) -> None:
    assert compare(base, champion, champion).is_passed
    assert compare(base, champion, champion).changed == 0
    blunt = Linear(
        champion.reliability.names,
        np.zeros(len(champion.reliability.names)),
        champion.reliability.intercept,
    )
    outcome = compare(base, champion, replace(champion, reliability=blunt))
    assert not outcome.is_passed
    assert any(o.startswith("unreliable texts caught at 5 %") for o in outcome.objections)
    assert outcome.changed > 0.02


def test_a_model_of_other_terms_cannot_be_compared(base: Base, champion: Model) -> None:
    other = replace(champion, reliability=Linear(("moon",), np.zeros(1), 0.0))
    (objection,) = compare(base, other, champion).objections
    assert "weighs moon" in objection


ROWS = np.arange(6)
LABEL = np.array([True, True, True, False, False, False])
EVEN = np.ones(6)


def said(*reliability: float) -> Verdicts:
    return Verdicts(np.array(reliability), np.zeros(6, np.int64), np.zeros(0, bool))


def test_ranking_counts_ties_as_half() -> None:
    assert ranking(said(0.9, 0.8, 0.5, 0.5, 0.2, 0.1), LABEL, EVEN, ROWS) == pytest.approx(8.5 / 9)
    assert np.isnan(ranking(said(0.9, 0.8, 0.5, 0.5, 0.2, 0.1), LABEL, EVEN, ROWS[:3]))


def test_caught_are_those_below_the_reliable_texts_that_may_be_lost() -> None:
    one = said(0.9, 0.8, 0.4, 0.5, 0.3, 0.1)
    assert caught(one, LABEL, EVEN, ROWS, rate=0.01) == pytest.approx(2 / 3)
    assert caught(one, LABEL, EVEN, ROWS, rate=0.5) == 1.0


def test_calibration_error_is_the_distance_of_what_is_said_and_what_is_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "N_BINS", 2)
    # below: .2 said, 0 so; above: .7 said, 1 so
    assert calibration_error(said(0.7, 0.7, 0.7, 0.2, 0.2, 0.2), LABEL, EVEN, ROWS) == pytest.approx(0.25)


def test_a_figure_is_worse_outside_the_interval_on_the_wrong_side_only() -> None:
    assert Figure("ranking", 0.8, 0.7, 0.9, 0.69, more_is_better=True).is_worse
    assert not Figure("ranking", 0.8, 0.7, 0.9, 0.95, more_is_better=True).is_worse
    assert Figure("error", 0.1, 0.05, 0.15, 0.16, more_is_better=False).is_worse


def test_words_count_from_low_to_high() -> None:
    term = FillerWords(np.zeros(4), 1.0, 3.0).term(np.array([0.0, 1.0, 2.0, 3.0, 9.0]))
    assert term.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_half_of_the_entries_of_a_row_are_kept_at_twice_their_value() -> None:
    from scipy import sparse

    dense = np.zeros((3, 1 << 12))
    dense[0, :4000] = 1.0
    dense[2, [5, 4095]] = 0.5
    back = Halves.of(sparse.csr_matrix(dense), np.random.default_rng(0)).matrix(12).toarray()
    assert back.shape == dense.shape
    assert set(back[0]) == {0.0, 2.0}
    assert 3700 < back[0].sum() < 4300
    assert not back[1].any()
    assert not back[dense == 0].any()


def test_the_base_names_no_text_and_no_group(base: Base) -> None:
    assert base.groups.dtype == np.uint64
    assert fingerprint("own-a-TRADE") in base.groups.tolist()
    assert sum(p.stat().st_size for p in BASE.iterdir()) < 10_000_000


def labelled(name: str, text: str, label: str = "unreliable", group: str = "") -> Labelled:
    return Labelled(name, "new", group or name, label, "dream_book", text)


def test_every_label_that_contradicts_is_told(base: Base) -> None:
    text, other = "Rain fell on the fair at noon.", "The fair moved into the barn."
    problems = refused(
        [
            labelled("a", text),
            labelled("b", "Rain fell, on the fair,\n\nat NOON", "reliable"),
            labelled("c", other, group="one"),
            labelled("c", other, group="two"),
        ],
        base,
    )
    assert problems == [
        "c: the id is given 2 times; ids must differ",
        "b: reliable, but a is the same text and unreliable",
        "c: the same text as c, but in group 'two' instead of 'one': it would stand on both sides of a split",
    ]


def own_rows(path: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (ROOT / "labelled" / path).read_text("utf8").splitlines()]


def test_labels_that_contradict_the_base_or_are_held_out_are_told(base: Base) -> None:
    known, held = own_rows("sound.jsonl")[0], own_rows("held_out/sound.jsonl")[0]
    problems = refused(
        [
            labelled("a", known["text"]),
            labelled("b", held["text"], "reliable"),
            labelled("c", "A new text of an old story.", group=held["group"]),
        ],
        base,
    )
    assert problems == [
        "a: unreliable, but the base has the same text as reliable",
        "b: this text is held out to measure on; nothing may learn from it",
        f"c: group {held['group']!r} is held out to measure on; nothing may learn from it",
    ]


def test_what_the_base_holds_already_is_not_learnt_twice(base: Base) -> None:
    known = labelled("a", own_rows("sound.jsonl")[0]["text"], "reliable")
    new = labelled("b", "Rain fell on the fair at noon.")
    assert new_ones([known, new, new], base) == [new]
    assert text_fingerprint(new) == text_fingerprint(labelled("c", "rain fell -- on the fair, at noon"))


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    good = sound(0)
    path = tmp_path / "wrong.jsonl"
    lines = [
        json.dumps(good),
        "{",
        "[]",
        json.dumps(without(good, "text")),
        json.dumps(good | {"label": "true"}),
        json.dumps(good | {"paragraph_labels": ["content", "advert"]}),
        json.dumps(good | {"paragraph_labels": ["content"]}),
        json.dumps(without(good, "label")),
        json.dumps(good | {"date": "yesterday"}),
    ]
    path.write_text("\n".join(lines) + "\n", "utf8")
    return path


def test_every_line_that_is_no_label_is_told_by_its_number(wrong: Path) -> None:
    texts, problems = read_labels([wrong])
    assert [t.id for t in texts] == ["learn-0-sound"]
    told = [p.removeprefix(f"{wrong}:").split(": ", 1) for p in problems]
    assert [number for number, _ in told] == ["2", "3", "4", "5", "6", "7", "8", "9"]
    expected = (
        "Expecting property name", "a JSON array", "no text", "label 'true' is unknown",
        "paragraph label 'advert' is unknown", "1 paragraph labels for 5 paragraphs", "no label", "is not a day",
    )  # fmt: skip
    for (_, message), beginning in zip(told, expected, strict=True):
        assert beginning in message


def test_wrong_labels_end_the_command_with_2_and_change_nothing(wrong: Path, mine: Path) -> None:
    done = CliRunner().invoke(main, ["train", str(wrong), "--base", str(BASE), "-o", str(mine)])
    assert done.exit_code == 2
    assert "8 labels refused; nothing was learnt" in done.output
    assert [p.name for p in mine.parent.iterdir()] == ["mine"]


def test_a_missing_base_is_told(tmp_path: Path, mine: Path) -> None:
    labels = file_of(tmp_path, [sound(0)])
    done = CliRunner().invoke(main, ["train", str(labels), "--base", str(tmp_path / "no"), "-o", str(mine)])
    assert done.exit_code == 3
    assert "no base in" in done.output


@pytest.mark.parametrize("name", ["roles.npz", "known.npz", "base.json"])
def test_a_base_that_breaks_off_is_told(tmp_path: Path, mine: Path, name: str) -> None:
    base = tmp_path / "base"
    shutil.copytree(BASE, base)
    (base / name).write_bytes((BASE / name).read_bytes()[:3000])
    labels = file_of(tmp_path, [sound(0)])
    done = CliRunner().invoke(main, ["train", str(labels), "--base", str(base), "-o", str(mine)])
    assert done.exit_code == 3
    assert f"{base / name} is " in done.output
    assert [p.name for p in mine.parent.iterdir()] == ["mine"]


def test_verify_tells_a_model_that_does_not_score_as_it_did(mine: Path) -> None:
    home = ["--in", str(mine.parent)]
    assert CliRunner().invoke(main, ["models", "verify", "mine", *home]).exit_code == 0
    lines = (mine / "golden.jsonl").read_text("utf8").splitlines()
    first = json.loads(lines[0]) | {"reliability": 0.5}
    (mine / "golden.jsonl").write_text("\n".join([json.dumps(first), *lines[1:]]) + "\n", "utf8")
    done = CliRunner().invoke(main, ["models", "verify", "mine", *home])
    assert done.exit_code == 1
    assert f"{first['id']}: " in done.output
    with (mine / "weights.npz").open("ab") as handle:
        handle.write(b"x")
    assert CliRunner().invoke(main, ["models", "verify", "mine", *home]).exit_code == 3


@pytest.mark.parametrize("name", ["card.json", "README.md", "metrics.json", "known.npz"])
def test_verify_tells_any_file_that_is_not_as_it_was(mine: Path, name: str) -> None:
    home = ["--in", str(mine.parent)]
    (mine / name).write_bytes((mine / name).read_bytes() + b"\n")
    done = CliRunner().invoke(main, ["models", "verify", "mine", *home])
    assert done.exit_code == 1
    assert f"{mine / name} is not the file that the model was made with" in done.output


def test_models_are_listed_and_shown(mine: Path) -> None:
    home = ["--in", str(mine.parent)]
    (mine.parent / "mine.1.part").mkdir()
    shutil.copy(mine / "card.json", mine.parent / "mine.1.part")
    listed = CliRunner().invoke(main, ["models", "list", *home]).output
    digest = Model.load(mine).digest
    assert f"mine     {digest[:16]}" in listed
    assert ".part" not in listed
    shown = CliRunner().invoke(main, ["models", "show", "mine", *home]).output
    assert digest in shown
    assert "Reliability of English news" in shown
    assert CliRunner().invoke(main, ["models", "show", "nobody", *home]).exit_code == 3
    assert CliRunner().invoke(main, ["models", "rollback", "mine", *home]).exit_code == 3
    assert CliRunner().invoke(main, ["models", "promote", *home]).exit_code == 2


def test_a_folder_with_other_things_in_it_is_no_place_for_a_model(tmp_path: Path) -> None:
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("precious")
    for place, said in (
        (other, "holds other things than a model"),
        (other / "chapter.txt", "is a file"),
        (Path("."), "is no name for a model"),
    ):
        with pytest.raises(ValueError, match=said):
            shelf.put(place, lambda _: None)
    assert (other / "chapter.txt").read_text() == "precious"
    assert list(tmp_path.iterdir()) == [other]


def test_a_policys_level_holds_back_its_share_of_each_corpus_in_the_mean() -> None:
    small, large = np.linspace(0.0, 0.99, 100), np.linspace(0.5, 0.999, 500)
    for share in (0.05, 0.2):
        level = _level([small, large], share)
        assert np.mean([(v < level).mean() for v in (small, large)]) == pytest.approx(share, abs=0.006)
