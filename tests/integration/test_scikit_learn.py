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


def test_check_estimator_finds_nothing():
    found = estimator_checks.check_estimator(QualityFeatures(), on_fail="raise")
    assert {one["status"] for one in found} <= {"passed", "skipped"}
    assert [one["check_name"] for one in found]
