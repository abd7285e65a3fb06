"""scikit-learn: the terms of the model as features for a model of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from quality.columns import Floats
from quality.integrations.rater import Rater, records
from quality.scorer import Scorer, batches


class QualityFeatures(TransformerMixin, BaseEstimator):
    """Texts to float64[texts, features]: reliability, likeness and every term of evidence.

    Nothing is learnt by `fit`. `reliability` is NaN for a text without words. Features are those of docs/algorithm.md,
    by the names under which a report tells its contributions.
    """

    def __init__(
        self, model: str = "default", rules: Sequence[str] = (), officials: Sequence[str] = ()
    ) -> None:
        self.model = model
        self.rules = rules
        self.officials = officials

    def fit(self, X: Iterable[str], y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Look whether X are texts, no more."""
        _texts(X)
        return self

    def transform(self, X: Iterable[str]) -> Floats:  # noqa: N803 - scikit-learn's name
        """Features of the texts, a row each.

        Raises ValueError for one text instead of many, TypeError for what is no text.
        """
        found = [np.empty((0, len(self.get_feature_names_out())))]
        for some in batches(records(_texts(X))):
            columns = self._scorer.columns_of(some)
            reliability = np.where(columns.n_words > 0, columns.reliability, np.nan)
            strange = 1.0 - columns.familiarity
            found.append(np.column_stack([reliability, columns.likeness, strange, columns.terms]))
        return np.vstack(found)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Names of the columns, object[features]."""
        terms = self._scorer.model.reliability.names
        return np.array(["reliability", "likeness", "strange_kind", *terms], dtype=object)

    @property
    def _scorer(self) -> Scorer:
        return Rater(self.model, rules=self.rules, officials=self.officials).scorer

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.requires_fit = False
        return tags


def _texts(given: Iterable[str]) -> list[str]:
    if isinstance(given, str):
        raise ValueError("one text given, an iterable of texts expected")
    return list(given)
