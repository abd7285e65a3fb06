"""Learning from new labels: through the command line, and part by part."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from dreams import sound, spliced

from quality.cli import main
from quality.learn import base as base_module
from quality.learn import gate, merge, retrain, shelf
from quality.learn.base import Base, fingerprint, load, text_fingerprint
from quality.learn.build import mixed
from quality.learn.corpora import Labelled
from quality.learn.fit import Table, fit_signed, grown, one_thread
from quality.learn.gate import Change, Figure, Gate, compare
from quality.learn.labels import new_ones, read_labels, refused
from quality.learn.reference import Halves
from quality.learn.said import said
from quality.learn.train import _level, model_card
from quality.model import KNOWN, FillerWords, Linear, Model, seal
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
    monkeypatch.setattr(merge, "fit_boilerplate", lambda *_: champion.boilerplate)


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
    assert verdicts(mine, unseen)["keep"] >= 15
    labels = file_of(tmp_path, [spliced(k) for k in range(50)])
    done = quality("train", labels, "-o", mine)
    assert (done.returncode, done.stderr) == (0, "")
    assert "passed: nothing is worse beyond the interval of the difference" in done.stdout
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

from quality.learn.shelf import put

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
        assert running.stdout.readline() == b"ready\n"
        time.sleep(0.01 + 0.0037 * k)
        running.kill()
        assert running.wait() == -signal.SIGKILL
        running.stdout.close()
        seen.add(Model.load(mine).digest)
    assert seen <= digests
    # the next one clears away what the killed ones left
    shelf.put(mine, lambda part: _copy(other, part))
    shelf.put(mine, lambda part: _copy(DEFAULT, part))
    assert {p.name for p in mine.parent.iterdir()} == {"mine", "mine.previous"}


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)


def every(step: int, table: Table) -> Table:
    """Every so many rows of a table."""
    parts = {f.name: getattr(table, f.name)[::step] for f in fields(Table) if f.name != "names"}
    return replace(table, **parts)


@pytest.fixture(scope="module")
def small(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with a tenth of the paragraphs of pages, of which roles are learnt in two seconds."""
    folder = tmp_path_factory.mktemp("small")
    base_module.save(replace(base, roles=every(10, base.roles)), folder)
    return folder


def test_the_same_labels_and_seed_give_the_same_model_in_whatever_order(
    tmp_path: Path, mine: Path, small: Path
) -> None:
    rows = [
        *[spliced(k) for k in range(12)],
        *[without(sound(k), "paragraph_labels") for k in range(12, 36)],
        *[without(spliced(k), "paragraph_labels") for k in range(36, 48)],
    ]
    rows = [row | {"corpus": "mine"} for row in rows]
    outcomes = []
    for name, order in (("one", rows), ("two", random.Random(0).sample(rows, len(rows)))):
        files = [
            file_of(tmp_path, order[:20], f"b{name}.jsonl"),
            file_of(tmp_path, order[20:], f"a{name}.jsonl"),
        ]
        outcomes.append(retrain.train(files, small, mine.with_name(name), allow_regression="a small base"))
    one, two = (outcome.folder for outcome in outcomes)
    assert outcomes[0].digest == outcomes[1].digest
    assert outcomes[0].digest != Model.load(DEFAULT).digest
    for name in ("golden.jsonl", "metrics.json", KNOWN, "weights.npz"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    again = retrain.train(files, small, two, allow_regression="a small base")
    assert (again.digest, again.is_same, outcomes[1].is_same) == (outcomes[0].digest, True, False)
    assert not two.with_name("two.previous").exists()


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
    gate = compare(base, champion, model)
    assert all(not change.is_too_much for change in gate.changes)
    # such labels say nothing of roles or rules, so what else changes is little
    assert not [f for f in gate.figures if f.is_worse]


def wording(report: object) -> float:
    (effect,) = (c.effect for c in report.contributions if c.feature == "likeness")  # type: ignore[attr-defined]
    return float(effect)


@pytest.mark.usefixtures("quick")
def test_marked_furniture_becomes_rows_of_the_second_look(base: Base, tmp_path: Path) -> None:
    story = "The ferry to the island will leave from the east pier until the end of March, the harbour office said."
    row = {
        "id": "menu", "paragraphs": ["Home", story, "Follow us"], "label": "reliable", "kind": "menu", "group": "menu",
        "paragraph_labels": ["boilerplate", "content", None],
    }  # fmt: skip
    texts, problems = read_labels([file_of(tmp_path, [row])])
    assert not problems
    old, new = base.roles, merge.merge(base, texts).base.roles
    n = old.label.size
    assert new.label[n:].tolist() == [1, 0]
    assert new.names == old.names
    assert np.array_equal(new.matrix[:n], old.matrix)
    # two rows of one page weigh 1 / root 2 each, and together as the root beside the largest corpus of the base
    largest = np.bincount(old.corpus, weights=old.weight).max()
    assert new.weight[n:].sum() == pytest.approx(np.sqrt(np.sqrt(2) * largest), rel=1e-5)


@pytest.mark.usefixtures("quick")
def test_fewer_than_ten_filler_paragraphs_teach_no_words(base: Base, tmp_path: Path) -> None:
    texts, _ = read_labels([file_of(tmp_path, [spliced(k) for k in range(4)])])
    assert not merge.merge(base, texts).base.filler_words.weights.any()


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    figure = Figure("calibration error", "", 0.05, 0.2, 0.14, 0.16, more_is_better=False)
    change = Change("verdicts of policy default change", 0.3)
    outcome = Gate((figure,), (change,), ("calibration error: worse",))
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
    assert "quality models promote" in done.output
    assert "calibration error: worse" in done.output
    assert Model.load(mine).digest == shipped
    candidate = Model.load(mine.with_name("mine.candidate"))
    home = ["--in", str(mine.parent)]
    assert run.invoke(main, ["models", "promote", "mine.candidate", *home]).exit_code == 0
    assert Model.load(mine).digest == candidate.digest
    again = run.invoke(main, ["models", "promote", "mine", *home])
    assert again.exit_code == 1
    assert again.output.startswith("quality: nothing to promote: there is no ")
    assert "mine.candidate: `quality train` leaves one where the gate refuses a model" in again.output
    assert run.invoke(main, ["models", "rollback", "mine", *home]).exit_code == 0
    assert Model.load(mine).digest == shipped
    assert Model.load(mine.with_name("mine.previous")).digest == candidate.digest
    overruled = run.invoke(main, [*command, "--allow-regression", "weather reports are filler here"])
    assert overruled.exit_code == 0
    card = json.loads((mine / "card.json").read_text("utf8"))
    assert (card["allow_regression"], card["gate_passed"]) == ("weather reports are filler here", False)


@pytest.mark.usefixtures("quick")
def test_every_text_that_the_model_in_place_was_taught_must_be_given_again(
    tmp_path: Path, mine: Path
) -> None:
    rows = [spliced(k) for k in range(14)]
    assert retrain.train([file_of(tmp_path, rows, "taught.jsonl")], BASE, mine).is_in_use
    most = file_of(tmp_path, [*rows[1:], sound(20)], "most.jsonl")  # of the same kind, one of them missing
    outcome = retrain.train([most], BASE, mine)
    assert not outcome.is_in_use
    assert outcome.gate.objections == (
        "the model in place has learnt from 1 text not given now: give all label files each time",
    )
    # as they are, in other marks and another order
    again = [row | {"text": row["text"].upper()} for row in rows[::-1]]
    assert retrain.train([file_of(tmp_path, [*again, sound(20)], "again.jsonl")], BASE, mine).is_in_use
    (mine / KNOWN).write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"known\.npz is damaged"):
        retrain.train([most], BASE, mine)
    (mine / KNOWN).unlink()
    (objection,) = retrain.train([most], BASE, mine).gate.objections
    assert "nothing tells whether they are given again" in objection


def figure_of(outcome: Gate, name: str, where: str = "") -> Figure:
    (found,) = [f for f in outcome.figures if (f.name, f.where) == (name, where)]
    return found


def objections(base: Base, champion: Model, challenger: Model) -> str:
    outcome = compare(base, champion, challenger)
    assert not outcome.is_passed
    return "\n".join(outcome.objections)


def test_a_model_is_no_worse_than_itself(base: Base, champion: Model) -> None:
    outcome = compare(base, champion, champion)
    assert outcome.is_passed
    assert {change.share for change in outcome.changes} == {0.0}
    assert {(f.low, f.high) for f in outcome.figures} == {(0.0, 0.0)}
    assert all(f.champion == f.challenger for f in outcome.figures)
    names = {f.name for f in outcome.figures}
    assert {
        "ranking",
        "calibration error",
        "furniture found",
        "filler found",
        "ranking of paragraphs",
    } <= names
    assert {f.where for f in outcome.figures if f.name == "furniture found"} >= {
        "",
        "corpus cleaneval",
        "corpus aeb",
    }


def test_a_model_that_weighs_nothing_is_refused(base: Base, champion: Model) -> None:
    names = champion.reliability.names
    blunt = Linear(names, np.zeros(len(names)), champion.reliability.intercept)
    told = objections(base, champion, replace(champion, reliability=blunt))
    assert "ranking, corpus own: " in told
    assert "on the right side, default, officeholder in own: " in told
    assert "verdicts of policy default change on " in told


def test_a_role_model_that_takes_content_for_furniture_is_refused(base: Base, champion: Model) -> None:
    eager = replace(champion.boilerplate, intercept=champion.boilerplate.intercept + 4)
    told = objections(base, champion, replace(champion, boilerplate=eager))
    assert "content taken for furniture, corpus cleaneval: " in told
    assert "content taken for something else: " in told
    assert "roles of paragraphs in corpus celebrity change on " in told
    shy = replace(champion.boilerplate, intercept=champion.boilerplate.intercept - 2)
    assert "furniture found, corpus wcxb_dev: " in objections(
        base, champion, replace(champion, boilerplate=shy)
    )


def test_a_filler_model_that_finds_none_is_refused(base: Base, champion: Model) -> None:
    blind = replace(champion.filler, intercept=-50.0)
    told = objections(base, champion, replace(champion, filler=blind))
    assert "filler found, corpus made: 0.000" in told


def test_a_filler_model_that_cries_wolf_is_refused(base: Base, champion: Model) -> None:
    wild = replace(champion.filler, intercept=champion.filler.intercept + 5)
    told = objections(base, champion, replace(champion, filler=wild))
    assert "sound paragraphs called filler, per 1,000" in told


def test_a_model_of_paragraphs_that_asks_nothing_is_refused(base: Base, champion: Model) -> None:
    names = champion.paragraph_reliability.names
    blunt = Linear(names, np.zeros(len(names)), 0.0)
    told = objections(base, champion, replace(champion, paragraph_reliability=blunt))
    assert "ranking of paragraphs: 0.500" in told
    assert "reliability of sound paragraphs: 0.500" in told
    assert "the reliability of paragraphs moves by 0.1 or more on " in told
    assert "verdicts" not in told


def test_every_policy_is_looked_at(base: Base, champion: Model) -> None:
    strict = replace(champion.policies["strict"], keep=0.9)
    told = objections(base, champion, replace(champion, policies={**champion.policies, "strict": strict}))
    assert "verdicts of policy strict change on " in told
    assert "reliable texts kept, strict: " in told
    assert "default" not in told
    fewer = {name: p for name, p in champion.policies.items() if name != "strict"}
    told = objections(base, champion, replace(champion, policies=fewer))
    assert told == "there is no policy 'strict', which the model in place has"


def test_what_one_corpus_loses_is_not_made_up_for_by_another(base: Base, champion: Model) -> None:
    # likeness turned over where it is learnt from one corpus alone
    at = base.documents.corpus == base.corpora.index("imbd_xsum")
    centre, score = base.likeness.centre, base.likeness_score
    turned = replace(base, likeness_score=np.where(at, 2 * centre - score, score))
    old, new = said(champion, base), said(champion, turned)
    figures = gate.Comparison(base, old, new, 0).figures()
    worse = {f.where for f in figures if f.name == "ranking" and f.is_worse}
    assert worse >= {"corpus imbd_xsum"}
    assert "corpus celebrity" not in worse
    (mean,) = [f for f in figures if (f.name, f.where) == ("ranking", "")]
    of_corpora = [f for f in figures if f.name == "ranking" and f.where.startswith("corpus ")]
    assert mean.champion == pytest.approx(np.mean([f.champion for f in of_corpora]))


def test_the_gate_weighs_the_terms_that_the_table_holds(base: Base, champion: Model) -> None:
    # the shipped model has the roles that the base was built with, so that sums over paragraphs give the table's terms
    model = champion
    weights = replace(model.reliability, weights=np.ones(len(model.reliability.names)), intercept=0.0)
    flat = replace(
        model, reliability=weights, likeness=replace(model.likeness, scale=0.0), calibration=(1.0, 0.0)
    )
    seen = said(flat, base)
    expected = base.documents.matrix[base.reference.row].astype(np.float64).sum(axis=1)
    logit = np.log(seen.reliability / (1 - seen.reliability))
    assert logit == pytest.approx(expected, abs=1e-3)


def test_a_model_made_from_another_base_cannot_be_compared(base: Base, champion: Model) -> None:
    edges = (champion.boilerplate.edges[0] + 1.0, *champion.boilerplate.edges[1:])
    others = (
        (replace(champion, reliability=Linear(("moon",), np.zeros(1), 0.0)), "weighs moon"),
        (replace(champion, boilerplate=replace(champion.boilerplate, edges=edges)), "cuts the features"),
        (
            replace(champion, first_look=replace(champion.first_look, words=champion.first_look.words + 1.0)),
            "reads other words",
        ),
    )
    for other, said_of_it in others:
        (objection,) = compare(base, other, champion).objections
        assert objection.startswith(f"the model in place cannot be compared: it {said_of_it}")


def test_a_figure_is_worse_where_all_of_the_difference_is_a_loss_that_counts() -> None:
    assert Figure("ranking", "", 0.80, 0.78, -0.03, -0.01).is_worse
    assert not Figure("ranking", "", 0.80, 0.78, -0.03, 0.0).is_worse  # perhaps none
    assert not Figure("ranking", "", 0.800, 0.797, -0.004, -0.002).is_worse  # none that counts
    assert not Figure("ranking", "", 0.80, 0.82, 0.01, 0.03).is_worse
    assert Figure("error", "", 0.10, 0.12, 0.01, 0.03, more_is_better=False).is_worse
    assert not Figure("error", "", 0.10, 0.08, -0.03, -0.01, more_is_better=False).is_worse


def test_texts_without_a_clear_label_count_as_neither(base: Base, champion: Model) -> None:
    label = base.documents.label
    unclear = label == 2
    kinds = {base.kinds[k] for k in np.unique(base.documents.kind[unclear])}
    assert (kinds, int(unclear.sum())) == ({"aggregator"}, 14)
    assert not base.documents.weight[unclear].any()
    assert base.documents.weight[~unclear].all()
    in_reference = label[base.reference.row] == 2
    assert in_reference.any()
    # whatever is said of them changes no figure of two labels
    seen = said(champion, base)
    other = replace(seen, reliability=np.where(in_reference, 1.0, seen.reliability))
    assert all(f.low == f.high == 0.0 for f in gate.Comparison(base, seen, other, 0).figures())


def test_a_kind_called_aggregator_weighs_as_it_is_labelled() -> None:
    label = np.array([0, 1, 2], np.uint8)
    code = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2]], np.int32)
    assert mixed(label, code, ("aggregator",)).tolist() == [1.0, 1.0, 0.0]


def test_a_few_new_texts_weigh_less_than_a_corpus() -> None:
    cell = np.array([0] * 5 + [1] * 10 + [2] * 100)
    is_new = np.arange(cell.size) >= 5
    factor = grown(cell, is_new)
    # old ones as ever, ten of fifty, and enough
    assert [set(factor[cell == k].tolist()) for k in range(3)] == [{1.0}, {0.2}, {1.0}]
    # one that joins a corpus of the base is one of many there
    assert grown(np.array([0, 0, 0]), np.array([False, False, True])).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.usefixtures("quick")
def test_one_text_in_a_file_of_its_own_weighs_no_more_than_a_fiftieth_of_a_corpus(
    base: Base, tmp_path: Path
) -> None:
    texts, _ = read_labels([file_of(tmp_path, [spliced(0)])])
    merged = merge.merge(base, texts).base
    documents, filler = merged.documents, merged.filler
    corpus = base.corpora.index("celebrity")
    whole = documents.weight[(documents.corpus == corpus) & (documents.label == 1)].sum()
    # reliable and unreliable are brought to the same total, which moves either side a little
    assert documents.weight[-1] / whole == pytest.approx(1 / 50, rel=0.35)
    new = np.arange(filler.label.size) >= base.filler.label.size
    assert int((new & (filler.label == 1)).sum()) == 2
    whole = filler.weight[(filler.corpus == corpus) & (filler.label == 1)].sum()
    assert filler.weight[new & (filler.label == 1)].sum() / whole == pytest.approx(2 / 50)


@pytest.mark.usefixtures("quick")
def test_a_dozen_new_texts_move_the_wording_with_the_weight_of_a_quarter_of_a_corpus(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = []

    def noted(matrix, label, weight, given, penalty, columns, *, free):  # type: ignore[no-untyped-def]
        n_new = int(label.size - base.reference.teaches.sum())
        of_corpus = weight.sum() / (
            2 * np.unique(base.documents.corpus[base.reference.row[base.reference.teaches]]).size + n_new / 50
        )
        shares.append((n_new, weight[-n_new:].sum() / of_corpus))
        return np.zeros(matrix.shape[1])

    monkeypatch.setattr(merge, "fit_hashed", noted)
    rows = [without(spliced(k), "paragraph_labels") for k in range(12)]
    merge.merge(base, read_labels([file_of(tmp_path, rows)])[0])
    assert shares
    assert max(shares)[0] == 12
    for n_new, share in shares:
        assert share == pytest.approx(n_new / 50)


@pytest.mark.usefixtures("quick")
def test_the_page_tells_what_labels_weigh_and_what_they_could_not_reach(tmp_path: Path, mine: Path) -> None:
    rows = [spliced(0), *[sound(k) for k in range(1, 26)]]
    rows[0] = rows[0] | {
        "paragraph_labels": ["boilerplate" if r == "filler" else r for r in spliced(0)["paragraph_labels"]]  # type: ignore[attr-defined]
    }
    page = retrain.train([file_of(tmp_path, rows, "town.jsonl")], BASE, mine, allow_regression="a test").page
    assert "  town: reliable 0.50, unreliable 0.02\n" in page
    assert "beware: town has 1 unreliable text: a label of so few weighs next to nothing\n" in page
    assert "not: words of filler, wording (likeness), words of furniture; they are as" in page
    assert "the marked furniture teaches by its shape, place and cue words alone" in page
    alone = retrain.train([file_of(tmp_path, rows[:1], "alone.jsonl")], BASE, mine.with_name("other")).page
    assert "beware: alone has no reliable texts: " in alone


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
        "paragraph label 'advert' is unknown", "1 paragraph label for 5 paragraphs", "no label", "is not a day",
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
    assert "the folder labelled/base of the repository" in done.output


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
    back = CliRunner().invoke(main, ["models", "rollback", "mine", *home])
    assert (back.exit_code, "nothing to rollback: there is no model before this one" in back.output) == (
        1,
        True,
    )
    assert CliRunner().invoke(main, ["models", "promote", *home]).exit_code == 2


def test_the_model_card_names_a_call_that_finds_the_model() -> None:
    assert 'quality.Scorer.load("default")' in model_card(replace(Model.load(DEFAULT), name="default"), {})
    assert 'quality.Scorer.load("path/to/mine")' in model_card(replace(Model.load(DEFAULT), name="mine"), {})


@pytest.fixture
def two(tmp_path: Path, mine: Path) -> Path:
    """Beside `mine`, a model that says otherwise."""
    other = tmp_path / "other"
    shutil.copytree(mine, other)
    replace(Model.load(DEFAULT), calibration=(2.0, 0.5)).save(other, {"name": "other"})
    return other


def test_a_model_that_takes_its_own_place_does_not_cost_the_one_before(mine: Path, two: Path) -> None:
    def copied(folder: Path) -> None:
        shutil.copytree(two, folder, dirs_exist_ok=True)

    shipped, other = (Model.load(folder).digest for folder in (mine, two))
    assert shelf.put(mine, copied)
    seal(mine)
    assert not shelf.put(mine, copied)
    (two / KNOWN).write_bytes(b"of more texts")
    assert shelf.put(mine, copied)  # the same numbers, learnt from other texts
    assert (mine / KNOWN).read_bytes() == b"of more texts"
    assert (Model.load(mine).digest, Model.load(mine.with_name("mine.previous")).digest) == (other, shipped)


def test_a_model_of_the_working_folder_is_found_by_its_name(
    monkeypatch: pytest.MonkeyPatch, mine: Path, two: Path
) -> None:
    monkeypatch.chdir(mine.parent.parent)
    shutil.copytree(two, mine.parent / "default")
    assert main_output("--model", "mine", "doctor").startswith("quality ")
    assert Scorer.load("mine").model.folder == Path("models/mine")
    assert (
        Scorer.load("default").model.digest == Model.load(DEFAULT).digest
    )  # the shipped one, whatever lies about
    with pytest.raises(
        FileNotFoundError, match=r"no model 'yours': .*, nor one in models, nor shipped \(default"
    ):
        Scorer.load("yours")


def main_output(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_folders_change_places_by_renaming_where_the_system_has_no_step_for_it(
    monkeypatch: pytest.MonkeyPatch, mine: Path, two: Path
) -> None:
    monkeypatch.setattr(shelf, "_exchanged", lambda *_: False)
    old, new = Model.load(mine).digest, Model.load(two).digest
    shelf.put(mine, lambda part: _copy(two, part))
    assert (Model.load(mine).digest, Model.load(mine.with_name("mine.previous")).digest) == (new, old)
    assert shelf.roll_back(mine) == old
    assert (Model.load(mine).digest, Model.load(mine.with_name("mine.previous")).digest) == (old, new)
    assert {p.name for p in mine.parent.iterdir()} == {"mine", "mine.previous"}


# Ends itself, as kill -9 would, in the place of the rename of the given number.
KILLED = """
import os, shutil, signal, sys
from pathlib import Path

from quality.learn import shelf

folder, other, number, action = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
shelf._exchanged = lambda *_: False
rename, n = os.rename, 0

def counted(one, two):
    global n
    n += 1
    if n == number:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(one, two)

os.rename = counted
if action == "put":
    shelf.put(folder, lambda part: shutil.copytree(other, part, dirs_exist_ok=True))
else:
    shelf.roll_back(folder)
"""


def killed(*arguments: str | Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, *map(str, arguments)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_kill_among_the_renames_leaves_a_model_that_the_next_command_gives_back(
    mine: Path, two: Path, number: int
) -> None:
    old, new = Model.load(mine).digest, Model.load(two).digest
    killed(mine, two, str(number), "put")  # the first rename gives mine.previous its name
    readable = [p for p in mine.parent.iterdir() if (p / "card.json").exists()]
    assert old in {Model.load(p).digest for p in readable}
    home = ["--in", str(mine.parent)]
    verified = CliRunner().invoke(main, ["models", "verify", "mine", *home])
    assert Model.load(mine).digest == (new if number == 4 else old)
    assert verified.exit_code == (1 if number == 4 else 0)  # `two` has the golden texts of the other one
    shelf.put(mine, lambda part: _copy(two, part))
    assert {p.name for p in mine.parent.iterdir()} == {"mine", "mine.previous"}
    assert Model.load(mine).digest == new


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_kill_among_the_renames_of_a_rollback_loses_neither_model(
    mine: Path, two: Path, number: int
) -> None:
    old, new = Model.load(mine).digest, Model.load(two).digest
    shelf.put(mine, lambda part: _copy(two, part))
    killed(mine, two, str(number), "rollback")
    shelf.mend(mine)
    pair = (Model.load(mine).digest, Model.load(mine.with_name("mine.previous")).digest)
    assert pair == ((old, new) if number == 3 else (new, old))
    assert {p.name for p in mine.parent.iterdir()} == {"mine", "mine.previous"}


def test_a_folder_with_other_things_in_it_is_no_place_for_a_model(tmp_path: Path) -> None:
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("precious")
    for place, message in (
        (other, "holds other things than a model"),
        (other / "chapter.txt", "is a file"),
        (Path("."), "is no name for a model"),
    ):
        with pytest.raises(ValueError, match=message):
            shelf.put(place, lambda _: None)
    assert (other / "chapter.txt").read_text() == "precious"
    assert list(tmp_path.iterdir()) == [other]


def test_a_policys_level_holds_back_its_share_of_each_corpus_in_the_mean() -> None:
    small, large = np.linspace(0.0, 0.99, 100), np.linspace(0.5, 0.999, 500)
    for share in (0.05, 0.2):
        level = _level([small, large], share)
        assert np.mean([(v < level).mean() for v in (small, large)]) == pytest.approx(share, abs=0.006)
