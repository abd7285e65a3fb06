"""The shipped model end to end: same score in any company, terms that add up, evidence that counts."""

from __future__ import annotations

import datetime
import json
import math
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quality
from quality.catalogue import known_features, known_terms
from quality.evidence import FURNITURE
from quality.learn.corpora import own
from quality.matrices import boilerplate_effects
from quality.model import LIKENESS_LIMIT, Model, changed_files, read_arrays, seal, write_arrays
from quality.records import Record
from quality.report import Policy, Report
from quality.scorer import BESIDE, CUE_WORDS, TOLD_BY_PAGE, Scorer, load_model, shipped_models

ROOT = Path(__file__).parent.parent
TEXTS = own(ROOT / "labelled")
FARM = (ROOT / "labelled" / "examples" / "farm.txt").read_text("utf8")
FAIR = (ROOT / "labelled" / "examples" / "fair.txt").read_text("utf8")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def score(scorer: Scorer, text: str, date: str | None = "2025-08-14") -> Report:
    return scorer.score(Record(id="x", source="", text=text, date=date))


def test_a_text_has_the_same_report_in_any_batch(scorer: Scorer) -> None:
    records = [Record(id=t.id, source="", text=t.text, date=t.date) for t in TEXTS[::6]]
    together = [r.to_dict() for r in scorer.score_many(records)]
    alone = [scorer.score(record).to_dict() for record in records]
    assert together == alone


def test_intercept_and_effects_give_the_reliability_back(scorer: Scorer) -> None:
    for report in scorer.score_many(Record(id=t.id, source="", text=t.text, date=t.date) for t in TEXTS[::4]):
        logit = report.intercept + sum(c.effect for c in report.contributions)
        slope, offset = scorer.model.calibration
        assert report.reliability == pytest.approx(1 / (1 + math.exp(-slope * logit - offset)), abs=1e-12)


def test_roles_are_chances_and_the_likeliest_is_given(scorer: Scorer) -> None:
    for report in scorer.score_many([FARM, FAIR]):
        for paragraph in report.paragraphs:
            assert sum(paragraph.roles.values()) == pytest.approx(1.0)
            assert paragraph.roles[paragraph.role] == max(paragraph.roles.values())


def test_furniture_that_no_cue_gives_away_is_told_by_its_role(scorer: Scorer) -> None:
    for text, spans in FURNITURE.hits:
        found = scorer.score(text).findings
        assert [(f.rule, f.tier, f.text) for f in found] == [(FURNITURE.id, "soft", span) for span in spans]
    assert [scorer.score(text).findings for text in FURNITURE.clean] == [()]


def test_every_paragraph_of_furniture_has_one_reason_among_the_findings(scorer: Scorer) -> None:
    named = scorer.score(FARM + "\n\nRead more: Ten soups for autumn\n\n* * *")
    assert [p.role for p in named.paragraphs[-2:]] == ["boilerplate", "boilerplate"]
    last = len(named.paragraphs) - 1
    assert {f.rule for f in named.findings if f.paragraph == last - 1} == {"boilerplate.related"}
    assert not [f for f in named.findings if f.paragraph == last]  # there are no words in it


def test_reasons_for_furniture_add_up_to_its_log_odds(scorer: Scorer) -> None:
    columns = scorer.columns_of([Record(id="x", source="", text=FARM)])
    logit = scorer.model.boilerplate.logit(columns.looked) + columns.cued + columns.beside
    assert columns.cued.max() == 2.0
    paragraphs = scorer.score(FARM, with_roles=True).paragraphs
    for paragraph, expected in zip(paragraphs, logit.tolist(), strict=True):
        assert paragraph.boilerplate is not None
        effects = [c.effect for c in paragraph.boilerplate.contributions]
        assert paragraph.boilerplate.intercept + sum(effects) == pytest.approx(expected, abs=1e-9)
        assert [abs(e) for e in effects] == sorted((abs(e) for e in effects), reverse=True)


def test_every_name_that_reasons_for_furniture_may_have_is_defined(scorer: Scorer) -> None:
    names, *_ = boilerplate_effects(
        scorer.columns_of([Record(id="x", source="", text=FARM)]).looked, scorer.model.boilerplate
    )
    defined = {f.name for f in known_features()} | {t.name for t in known_terms() if t.of == "roles"}
    assert set(names) <= defined
    assert {TOLD_BY_PAGE, CUE_WORDS, BESIDE} <= defined


def test_a_careful_scorer_takes_the_same_off_all_odds_of_furniture() -> None:
    careful, usual = Scorer.load(careful=True), Scorer.load()
    assert usual.model.careful > 0
    for one, other in zip(careful.score(FARM).paragraphs, usual.score(FARM).paragraphs, strict=True):
        assert one.roles["content"] >= other.roles["content"]
    reasons = [s.score(FARM, with_roles=True).paragraphs[0].boilerplate for s in (usual, careful)]
    assert reasons[0] is not None
    assert reasons[1] is not None
    assert reasons[0].intercept - reasons[1].intercept == pytest.approx(usual.model.careful)


def test_a_careful_scorer_takes_out_copies_and_filler_by_hard_findings_alone() -> None:
    text = "\n".join(
        [*STORY, STORY[0], "As an AI language model, I cannot tell you when the mill will be rebuilt."]
    )
    roles = [
        [p.role for p in Scorer.load(careful=careful).score(text).paragraphs] for careful in (False, True)
    ]
    assert roles[0] == ["content"] * 3 + ["duplicate", "filler"]
    assert roles[1] == ["content"] * 4 + ["filler"]
    block = Scorer.load(careful=True).score("\n".join([*STORY, *STORY])).paragraphs
    assert [p.role for p in block] == ["content"] * 3 + ["duplicate"] * 3


STORY = (
    "The mill on the Aller burned down on Sunday night, and the fire brigade of Hofen could save no more than the wheel "
    "and the two oldest of its nine stones.",
    "Its owner, Karla Brandt, said that she would rebuild it by next autumn if the county lent her half of the money, "
    "as it had done for the sawmill.",
    "The county council will meet on Thursday to decide on the loan, which three of its eleven members have said they "
    "would vote against.",
)


def test_golden_texts_score_as_when_the_model_was_made(scorer: Scorer) -> None:
    lines = (shipped_models()["default"] / "golden.jsonl").read_text("utf8").splitlines()
    assert len(lines) == 4
    for line in lines:
        row = json.loads(line)
        report = scorer.score({"id": row["id"], "text": row["text"], "date": row["date"]})
        assert report.reliability == pytest.approx(row["reliability"], abs=1e-9)
        assert report.verdict == row["verdict"]


def test_the_example_pages_are_told_apart(scorer: Scorer) -> None:
    farm, fair = score(scorer, FARM), score(scorer, FAIR)
    assert fair.verdict == "keep"
    assert farm.verdict == "drop"
    assert not fair.hard
    assert {f.rule for f in farm.hard} >= {"officeholder.anachronism", "leak.chatbot", "leak.category_tags"}
    assert farm.paragraphs[0].role == "boilerplate"
    assert farm.paragraphs[2].role == "duplicate"


LEAK = "As of my last knowledge update, I do not have any details about the outcome."
STALE = "Treasury Secretary Steven Mnuchin will present the figures next week."
FILLER = (
    "The committee on household goods has asked for a directive on the labelling of garden hoses and lawn sprinklers, "
    "and manufacturers of refrigerator seals have until spring to comment on the draft annex about packaging waste."
)


@pytest.mark.parametrize(("added", "rule"), [(LEAK, "leak.chatbot"), (STALE, "officeholder.anachronism")])
def test_one_bad_paragraph_lowers_the_score_and_is_named(scorer: Scorer, added: str, rule: str) -> None:
    sound = score(scorer, FAIR)
    spoilt = score(scorer, FAIR + "\n" + added)
    assert sound.reliability is not None
    assert spoilt.reliability is not None
    assert spoilt.reliability < sound.reliability - 0.1
    last = len(spoilt.paragraphs) - 1
    assert {(f.rule, f.paragraph) for f in spoilt.hard} == {(rule, last)}
    assert spoilt.paragraphs[last].reliability == min(p.reliability or 0.0 for p in spoilt.paragraphs)


def test_an_off_topic_paragraph_is_filler(scorer: Scorer) -> None:
    spoilt = score(scorer, FAIR + "\n" + FILLER)
    assert spoilt.paragraphs[-1].role == "filler"
    assert [p.role for p in spoilt.paragraphs[:-1]] == ["content"] * (len(spoilt.paragraphs) - 1)


def test_taking_out_a_bad_paragraph_never_lowers_the_score(scorer: Scorer) -> None:
    n_compared = 0
    for text in [
        t for t in TEXTS if t.kind in ("navigation", "off_topic_filler", "stock_phrase", "repeated_headline")
    ]:
        whole = score(scorer, text.text, text.date)
        for paragraph in whole.paragraphs:
            if paragraph.role == "content":
                continue
            less = score(scorer, text.text[: paragraph.start] + text.text[paragraph.end :], text.date)
            same = [p.role for p in less.paragraphs if p.role == "content"]
            # what a paragraph is told by the others of its page may change with one of them
            elsewhere = [(f.rule, f.text) for f in whole.findings if f.paragraph != paragraph.i]
            left = [(f.rule, f.text) for f in less.findings]
            if len(same) == sum(p.role == "content" for p in whole.paragraphs) and left == elsewhere:
                n_compared += 1
                assert (less.reliability or 0) >= (whole.reliability or 0) - 1e-9, (text.id, paragraph.i)
    assert n_compared > 50


def test_soft_signals_alone_never_drop(scorer: Scorer) -> None:
    reports = scorer.score_many(Record(id=t.id, source="", text=t.text, date=t.date) for t in TEXTS)
    dropped = [r for r in reports if r.verdict == "drop"]
    assert dropped
    assert all(r.hard for r in dropped)


def test_hard_negatives_are_not_dropped(scorer: Scorer) -> None:
    records = [
        Record(id=t.id, source="", text=t.text, date=t.date) for t in TEXTS if t.kind == "hard_negative"
    ]
    assert [r.id for r in scorer.score_many(records) if r.verdict == "drop"] == []


@pytest.mark.parametrize("text", ["", " \n\n", "\u200b", "..."])
def test_a_text_without_words_has_no_reliability(scorer: Scorer, text: str) -> None:
    report = score(scorer, text)
    assert report.reliability is None
    assert report.verdict == "unsure"
    assert report.contributions == ()


def test_a_page_of_menus_has_too_little_content_to_judge(scorer: Scorer) -> None:
    menu = "\n".join(
        [
            "Home",
            "Sign up for our newsletter and get the news in your inbox.",
            "Follow us on the networks and share this page with your friends.",
            "We use cookies to give you the best experience on our site.",
            "Read our privacy policy and the terms of use of this site.",
            "Contact us",
            "Copyright of this site and of all of its pages. All rights reserved.",
        ]
    )
    report = score(scorer, menu)
    assert {p.role for p in report.paragraphs} <= {"boilerplate", "duplicate"}
    assert report.verdict == "unsure"


def test_a_paragraph_without_words_has_no_reliability(scorer: Scorer) -> None:
    reliability = [p.reliability for p in score(scorer, "* * *\n\nThe council met on Monday.").paragraphs]
    assert reliability[0] is None
    assert reliability[1] is not None


def test_too_few_words_or_another_language_are_unsure(scorer: Scorer) -> None:
    short = score(scorer, "Rain fell.")
    assert (short.verdict, short.doubt) == ("unsure", "few_words")
    german = (
        "Der Rat der Stadt hat am Montag den Haushalt beschlossen und den Bau einer neuen Schule vertagt. "
        * 3
    )
    assert (score(scorer, german).verdict, score(scorer, german).doubt) == ("unsure", "not_english")
    assert score(scorer, FAIR).doubt is None


@pytest.mark.parametrize(
    ("reliability", "hard", "verdict"),
    [
        (0.9, False, "keep"),
        (0.3, False, "review"),
        (0.01, False, "review"),
        (0.01, True, "drop"),
        (None, True, "unsure"),
    ],
)
def test_a_policy_drops_only_with_hard_evidence(reliability: float | None, hard: bool, verdict: str) -> None:
    policy = Policy("p", keep=0.5, drop=0.1, n_words_low=25, stop_word_share_low=0.2)
    assert policy.verdict(reliability, n_words=100, stop_word_share=0.4, hard=hard) == verdict


def test_short_texts_are_dropped_only_on_hard_evidence() -> None:
    policy = Policy("p", keep=0.5, drop=0.1, n_words_low=25, stop_word_share_low=0.2)
    assert policy.verdict(0.05, n_words=5, stop_word_share=float("nan"), hard=False) == "unsure"
    assert policy.verdict(0.05, n_words=5, stop_word_share=0.4, hard=True) == "drop"


def test_scorers_travel_to_other_processes(scorer: Scorer) -> None:
    assert pickle.loads(pickle.dumps(scorer)).score(FAIR).to_dict() == scorer.score(FAIR).to_dict()


def test_the_package_scores_one_text() -> None:
    assert quality.score(FAIR, date="2025-08-14").verdict == "keep"


def test_the_package_lists_its_public_names() -> None:
    assert dir(quality) == ["Report", "Scorer", "__version__", "score"]


def test_unknown_models_and_policies_are_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"no model 'nowhere'.*default"):
        Scorer.load("nowhere")
    with pytest.raises(ValueError, match="unknown policy 'harsh'; this model knows default"):
        Scorer.load(policy="harsh")


def test_one_string_instead_of_many_is_refused(scorer: Scorer) -> None:
    for one in ("text", {"text": "text"}):
        with pytest.raises(TypeError, match="use score"):
            next(scorer.score_many(one))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (5, TypeError, "record 2 is of type int, expected a string, a dict with a field text or paragraphs"),
        (None, TypeError, "record 2 is of type NoneType, expected"),
        ({"id": 7}, ValueError, "record 2: no text: none of text, content, .*; it has id$"),
        ({"text": b"bytes"}, ValueError, "record 2: field 'text' is a bytes, expected a string"),
    ],
)
def test_what_is_no_record_is_named_by_its_number(
    scorer: Scorer, given: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        list(scorer.score_many(["One ship left.", given]))
    with pytest.raises(error, match=message.replace("2", "1", 1)):
        scorer.score(given)


@pytest.mark.parametrize("day", ["2025-06-10", datetime.date(2025, 6, 10)])
def test_the_day_of_a_text_can_be_given_with_it_and_its_own_comes_first(
    scorer: Scorer, day: str | datetime.date
) -> None:
    assert scorer.score("Rain fell.", date=day).as_of == {"date": "2025-06-10", "from": "field"}
    assert quality.score("Rain fell.", date=day).as_of["date"] == "2025-06-10"
    assert scorer.score({"text": "Rain fell."}, date=day).as_of["date"] == "2025-06-10"
    dated = {"text": "Rain fell.", "date": datetime.date(2024, 2, 29)}
    assert scorer.score(dated, date=day).as_of["date"] == "2024-02-29"
    unread = {"text": "Rain fell.", "date": "early June"}
    assert scorer.score(unread, date=day).as_of["date"] is None


def copied(folder: Path) -> Path:
    for path in shipped_models()["default"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_model_with_other_weights_than_its_card_says_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    content = bytearray((folder / "weights.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "weights.npz").write_bytes(bytes(content))
    with pytest.raises(ValueError, match="are not those that the model was made with"):
        Model.load(folder)


@pytest.mark.parametrize("change", ["names", "policies"])
def test_a_card_that_would_score_otherwise_is_noticed(tmp_path: Path, change: str) -> None:
    folder = copied(tmp_path)
    card = json.loads((folder / "card.json").read_text("utf8"))
    if change == "names":
        card["names"]["reliability"][:2] = card["names"]["reliability"][1::-1]
    else:
        card["policies"]["default"]["drop"] += 0.01
    (folder / "card.json").write_text(json.dumps(card), "utf8")
    with pytest.raises(ValueError, match="are not those that the model was made with"):
        Model.load(folder)


def test_the_digest_is_that_of_what_decides_on_scores_and_verdicts(tmp_path: Path) -> None:
    model = Model.load(shipped_models()["default"])
    renamed = replace(model.reliability, names=model.reliability.names[::-1])
    milder = replace(model.policies["default"], drop=0.0)
    assert model.save(tmp_path / "told", {"name": "other", "made_by": "somebody"}) == model.digest
    for other in (
        replace(model, reliability=renamed),
        replace(model, policies={**model.policies, "default": milder}),
        replace(model, calibration=(1.0, 0.0)),
    ):
        assert other.save(tmp_path / "other", {}) != model.digest


def test_a_card_that_is_no_object_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "card.json").write_text("[]", "utf8")
    with pytest.raises(ValueError, match="has format None"):
        Model.load(folder)


def test_files_that_are_not_as_they_were_are_named(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    assert changed_files(folder) == []
    for name in ("README.md", "metrics.json", "golden.jsonl", "known.npz", "card.json"):
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert sorted(line.split(" is ")[0] for line in changed_files(folder)) == [
        str(folder / name) for name in ("README.md", "card.json", "golden.jsonl", "known.npz", "metrics.json")
    ]
    seal(folder)
    (folder / "metrics.json").unlink()
    (folder / "note.txt").write_text("mine", "utf8")
    assert changed_files(folder) == [f"{folder / 'metrics.json'} is missing"]
    (folder / "SHA256SUMS").unlink()
    assert changed_files(folder) == [
        f"{folder / 'SHA256SUMS'} is missing, so nothing tells whether the files are as they were"
    ]


def test_arrays_that_break_off_are_told_as_damaged(tmp_path: Path) -> None:
    whole = tmp_path / "whole.npz"
    write_arrays(whole, {"a": np.arange(1000), "b": np.arange(1000)})
    content = whole.read_bytes()
    for size in range(0, len(content), 97):
        (tmp_path / "part.npz").write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"part\.npz is damaged"):
            read_arrays(tmp_path / "part.npz")


def test_a_model_of_another_format_is_refused(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    card = json.loads((folder / "card.json").read_text("utf8"))
    (folder / "card.json").write_text(json.dumps(card | {"format": "quality-model/0"}), "utf8")
    with pytest.raises(ValueError, match="expected 'quality-model/5'"):
        Model.load(folder)


def test_a_saved_model_is_the_same_again(tmp_path: Path) -> None:
    folder = shipped_models()["default"]
    model = Model.load(folder)
    known = ("format", "digest", "names", "policies")
    digest = model.save(tmp_path / "again", {k: v for k, v in model.card.items() if k not in known})
    assert digest == model.digest
    assert (tmp_path / "again" / "card.json").read_bytes() == (folder / "card.json").read_bytes()


def test_texts_and_dicts_without_an_id_are_numbered_alike_from_one(scorer: Scorer) -> None:
    assert [r.id for r in scorer.score_many(["One ship left.", {"text": "Two ships left."}])] == ["1", "2"]


KEEPERS = """person,aliases,office,titles,seats,jurisdiction,start,end,status,asof,tier,confidence
Oluf Brask,,gb.crane_keeper,Keeper of the Cranes,1,GB,2001-05-01,2014-04-30,,2025-01-01,core,high
Mette Lund,,gb.crane_keeper,,1,GB,2014-05-01,,,2025-01-01,core,high
"""


def test_terms_of_office_of_ones_own_are_judged_beside_the_shipped_ones(
    scorer: Scorer, tmp_path: Path
) -> None:
    path = tmp_path / "keepers.csv"
    path.write_text(KEEPERS, "utf8")
    text = "Keeper of the Cranes Oluf Brask and Treasury Secretary Steven Mnuchin will open the new quay on Monday."
    found = {
        name: [
            f.text for f in score(one, text, "2024-06-10").findings if f.rule == "officeholder.anachronism"
        ]
        for name, one in (("own", Scorer.load(officials=[str(path)])), ("shipped", scorer))
    }
    shipped = ["Treasury Secretary Steven Mnuchin"]
    assert found == {"own": ["Keeper of the Cranes Oluf Brask", *shipped], "shipped": shipped}


def test_a_report_warns_of_a_date_that_is_not_the_texts_own() -> None:
    text = "The ferry\nBy Ada Moor | June 11, 2025\n\nRain fell on the harbour, and the ferry was late."
    far = Scorer.load().score(text, date="2019-01-01")
    assert far.as_of == {"date": "2019-01-01", "from": "field"}
    assert [w for w in far.warnings if "2025-06-11" in w] != []
    assert Scorer.load().score(text, date="2025-06-12").warnings == ()


def test_the_package_refuses_a_date_that_is_no_day() -> None:
    with pytest.raises(ValueError, match="June 2025"):
        quality.score(FAIR, date="June 2025")


def test_the_report_in_the_readme_is_the_one_that_comes_out(scorer: Scorer) -> None:
    shown = (ROOT / "README.md").read_text("utf8")
    weights = [f"{abs(c.effect):.2f}" for c in scorer.score(Record("x", "", FARM)).contributions[:4]]
    assert [w for w in weights if f"{w}  " not in shown] == []


def test_a_rule_of_ones_own_gives_no_role_whatever_it_is_called(scorer: Scorer, tmp_path: Path) -> None:
    """Its tier decides, not that its name begins as that of shipped rules of leaks and furniture does."""
    pack = tmp_path / "house.toml"
    block = (
        'tier = "soft"\ntitle = "t"\nmessage = "{text}"\nwhy = "w"\nsource = "own"\n'
        'phrases = ["the"]\nhits = [["The dog", ["The"]]]\nclean = ["A dog"]\n'
    )
    names = ("leak.chatbot_of_ours", "filler.stock_of_ours", "boilerplate.of_ours")
    pack.write_text("".join(f'[[rule]]\nid = "{name}"\n{block}' for name in names), "utf8")
    text = "\n".join(["The " * 12 + "dog barks at the mill in the valley."] * 1 + [FAIR])
    plain, ours = score(scorer, text), score(Scorer.load(rules=[pack]), text)
    assert len(ours.findings) > len(plain.findings)
    assert ours.paragraphs == plain.paragraphs
    assert (ours.reliability, ours.verdict) == (plain.reliability, plain.verdict)


def test_wording_alone_keeps_a_text_back_under_the_strict_policy_only() -> None:
    model = load_model("default")
    (worst,) = model.calibrated(np.array([model.reliability.intercept - LIKENESS_LIMIT])).tolist()
    kept = {name: worst >= policy.keep for name, policy in model.policies.items()}
    assert kept == {"default": True, "strict": False, "lenient": True}
