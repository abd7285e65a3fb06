"""What the tables are learnt from: which paragraphs teach roles, how much each counts, what leaving a corpus out means."""

import numpy as np
import pytest

from quality.learn import build
from quality.learn.columns import Material, Names, columns_of
from quality.learn.corpora import Labelled

PAGE = "Home\n\nThe harbour of the old town was opened again on Monday."
ROLES = ("boilerplate", "content")


def text(
    id: str, kind: str = "page", group: str | None = None, family: str = "sea", roles=ROLES, whole: str = PAGE
) -> Labelled:
    return Labelled(id=id, text=whole, label="", kind=kind, group=group or id, corpus=family, roles=roles)


def material(pages=(), marked=(), articles=()) -> Material:
    return Material(columns_of(pages), columns_of(articles), columns_of(marked), [])


def taught(given: Material, is_used=lambda _: True):
    found = build._teaching(given, is_used, Names(), Names(), Names(), seed=0)
    return [(p.some.texts[p.some.batch.paragraphs.parent[i]].id, bool(is_furniture)) for p in found
            for i, is_furniture in zip(p.at, p.label, strict=True)]  # fmt: skip


def test_labelled_paragraphs_of_pages_and_of_articles_spoilt_with_menus_teach_roles() -> None:
    marked = [text("menu", "spoilt:navigation"), text("filler", "spoilt:filler"), text("own", "farm")]
    assert taught(material([text("page")], marked)) == [
        ("page", True), ("page", False), ("menu", True), ("menu", False), ("own", True), ("own", False),
    ]  # fmt: skip


def test_paragraphs_without_a_role_that_is_learnt_and_texts_that_are_not_used_teach_nothing() -> None:
    pages = [text("page", roles=(None, "content")), text("other")]
    assert taught(material(pages), lambda t: t.id == "page") == [("page", False)]


def test_a_corpus_weighs_as_the_root_of_what_it_did_and_all_spoilt_articles_as_one() -> None:
    # corpus, kind, group; kind 1 is spoilt
    code = np.array([[0, 0, 0]] * 16 + [[1, 0, 1]] * 4 + [[2, 1, 2]] * 2 + [[3, 1, 3]] * 2, np.int32)
    weight = build._with_corpora(np.ones(24), code, ("page", "spoilt:navigation"))
    assert weight[:16].tolist() == [1.0] * 16
    assert weight[16:20].tolist() == [2.0] * 4
    assert weight[20:].tolist() == [2.0] * 4
    halves = build._with_corpora(np.full(24, 0.5), code, ("page", "spoilt:navigation"))
    assert halves == pytest.approx(weight / 2)


def test_roles_without_a_corpus_are_learnt_without_all_texts_of_its_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = text("one", group="a.example", family="sea"), text("two", group="a.example", family="land")
    third = text("three", group="b.example", family="land")
    seen = {}
    monkeypatch.setattr(
        build,
        "_roles",
        lambda _, is_used, *__: (
            seen.update({t.id: is_used(t) for t in (one, other, third)}) or ("first", (), "roles")
        ),
    )
    monkeypatch.setattr(build, "replace", lambda base, **named: (base, named))
    base, named = build.with_roles("base", material([one, other, third]), leave_out=frozenset(["sea"]))
    assert seen == {"one": False, "two": False, "three": True}
    assert (base, named) == ("base", {"first_look": "first", "role_edges": (), "roles": "roles"})


def test_the_second_look_knows_how_much_of_a_page_is_prose_but_not_the_place_on_it() -> None:
    names = set(build.second_look_names())
    assert names >= {"page_words_in_long_share", "page_long_share", "page_log_n_words", "first_look"}
    assert not names & {"relative_position", "distance_to_long_above", "page_n_paragraphs"}


def test_corpora_weigh_the_same_in_both_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    corpora = np.array([0] * 30 + [1] * 10)
    pages = [text(f"page {k}", group=f"{k}.example", family=f"corpus {c}") for k, c in enumerate(corpora)]
    weights, learnt = [], build.fit_trees
    monkeypatch.setattr(
        build, "fit_trees", lambda table, *others: weights.append(table.weight) or learnt(table, *others)
    )
    second = build._roles(material(pages), lambda _: True, Names(), Names(), Names(), 0)[2]
    sums = [
        [float(weight[of].sum()) for of in (slice(0, 60), slice(60, 80))]
        for weight in (weights[0], second.weight)
    ]
    assert sums[0] == sums[1]
    assert sums[0][0] / sums[0][1] == pytest.approx(3**0.5)
