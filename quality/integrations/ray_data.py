"""Ray Data: rate a dataset on many machines; each actor loads the model once.

An actor or machine that dies is replaced and its batches are rated again (Ray's own way); the outcome is that of
one process, since a text's rating does not depend on its batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quality.integrations.rater import DEFAULT, Rater

if TYPE_CHECKING:
    import pyarrow
    from ray.data import Dataset


class QualityActor:
    """For `dataset.map_batches(QualityActor, batch_format="pyarrow", concurrency=n)`: adds the columns of `FIELDS`."""

    def __init__(self, rater: Rater = DEFAULT, text: str = "text", date: str | None = None) -> None:
        self.rater, self.text, self.date = rater, text, date
        _ = rater.scorer  # loads the model now, not with the first batch

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        """The table with the columns added, replacing those of the same names."""
        import pyarrow

        texts = table[self.text].to_pylist()
        dates = None if self.date is None else table[self.date].to_pylist()
        for name, values in self.rater.columns(texts, dates).items():
            kind = pyarrow.float64() if name == "quality_reliability" else pyarrow.string()
            table = table.drop_columns([name]) if name in table.column_names else table
            table = table.append_column(name, pyarrow.array(values, kind))
        return table


def annotate(
    dataset: Dataset,
    *,
    rater: Rater = DEFAULT,
    text: str = "text",
    date: str | None = None,
    concurrency: int | tuple[int, int] = 1,
    batch_size: int = 256,
    **options: Any,
) -> Dataset:
    """The dataset with the columns of `FIELDS`, by `concurrency` actors (or so many to so many).

    `options` go to `map_batches` as they are, which refuses what it does not know.
    """
    return dataset.map_batches(
        QualityActor,
        fn_constructor_args=(rater, text, date),
        batch_format="pyarrow",
        batch_size=batch_size,
        concurrency=concurrency,
        **options,
    )
