"""pandas and Polars: a column of texts in, a frame of the columns of `FIELDS` out, row by row.

frame = frame.assign(**pandas_columns(frame["text"]))
frame = frame.hstack(polars_columns(frame["text"]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quality.integrations.rater import DEFAULT, FIELDS, Rater

if TYPE_CHECKING:
    import pandas
    import polars


def pandas_columns(
    texts: pandas.Series, dates: pandas.Series | None = None, *, rater: Rater = DEFAULT
) -> pandas.DataFrame:
    """A frame with the index of `texts`: float64 and two columns of strings."""
    import pandas

    columns = rater.columns(list(texts), None if dates is None else list(dates))
    frame = pandas.DataFrame(columns, index=texts.index, columns=list(FIELDS))
    return frame.astype({"quality_reliability": "float64"})


def polars_columns(
    texts: polars.Series, dates: polars.Series | None = None, *, rater: Rater = DEFAULT
) -> polars.DataFrame:
    """A frame with a row for each of `texts`: Float64 and two columns of String."""
    import polars

    columns = rater.columns(texts.to_list(), None if dates is None else dates.to_list())
    return polars.DataFrame(
        columns, schema=dict(zip(FIELDS, (polars.Float64, polars.String, polars.String), strict=True))
    )
