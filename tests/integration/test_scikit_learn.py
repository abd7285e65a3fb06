"""scikit-learn's own checks, and those that they leave out for estimators of texts."""

import pickle

import numpy as np
import pytest

from quality.scorer import Scorer

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402

from quality.integrations.scikit_learn import QualityFeatures  # noqa: E402

# check_estimator leaves all but one out where X are texts; these need no X, or only parameters
WITHOUT_DATA = """do_not_raise_errors_in_init_or_set_params estimator_cloneable estimator_repr estimator_tags_renamed
get_params_invariance no_attributes_set_in_init parameters_default_constructible set_params""".split()


def test_check_estimator_finds_nothing():
    found = estimator_checks.check_estimator(QualityFeatures(), on_fail="raise")
    assert "passed" in {one["status"] for one in found} <= {"passed", "skipped"}


@pytest.mark.parametrize("name", WITHOUT_DATA)
def test_a_check_without_data_finds_nothing(name):
    getattr(estimator_checks, f"check_{name}")("QualityFeatures", QualityFeatures())


def test_features_are_the_terms_of_the_model(texts):
    features = QualityFeatures()
    names = features.get_feature_names_out().tolist()
    matrix = features.fit_transform(texts)
    assert (matrix.shape, matrix.dtype) == ((len(texts), len(names)), np.float64)
    assert names[:2] == ["reliability", "likeness"]
    for row, report in zip(matrix, Scorer.load().score_many(texts), strict=True):
        seen = dict(zip(names, row.tolist(), strict=True))
        told = {c.feature: c.value for c in report.contributions}
        assert {name: seen[name] for name in told} == told
        assert report.reliability is None or seen["reliability"] == report.reliability


def test_a_text_without_words_has_no_reliability():
    assert np.isnan(QualityFeatures().transform(["—"])[0, 0])


def test_a_text_has_the_same_features_in_any_company(texts):
    together = QualityFeatures().transform(texts)
    alone = np.vstack([QualityFeatures().transform([t]) for t in texts])
    np.testing.assert_array_equal(together, alone)


def test_fit_learns_nothing_and_clones_and_pickles_agree(texts):
    features = QualityFeatures().fit(texts[:2])
    wanted = features.transform(texts[:5])
    for other in (clone(features), pickle.loads(pickle.dumps(features)), QualityFeatures()):
        np.testing.assert_array_equal(other.transform(texts[:5]), wanted)


def test_it_stands_in_a_pipeline_before_a_classifier(texts):
    worded = [t for t in texts if len(t.split()) > 30]
    labels = [bool(r.hard) for r in Scorer.load().score_many(worded)]
    pipeline = make_pipeline(QualityFeatures(), StandardScaler(), LogisticRegression())
    assert pipeline.fit(worded, labels).score(worded, labels) > 0.9
    assert cross_val_score(pipeline, worded, labels, cv=2).min() > 0.5


def test_frames_come_out_where_asked_for(texts):
    pandas = pytest.importorskip("pandas")
    frame = QualityFeatures().set_output(transform="pandas").fit_transform(texts[:3])
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns)[:2] == ["reliability", "likeness"]


def test_one_text_instead_of_many_is_refused():
    with pytest.raises(ValueError, match="one text given, an iterable of texts expected"):
        QualityFeatures().fit("A text.")


def test_numbers_instead_of_texts_are_refused():
    with pytest.raises(TypeError, match="row 0 is of type int64, expected a text"):
        QualityFeatures().transform(np.array([1, 2]))
