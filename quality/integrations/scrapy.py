"""Scrapy: an item pipeline that rates items as they are scraped.

ITEM_PIPELINES = {"quality.integrations.scrapy.QualityPipeline": 300}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from quality.integrations.rater import Rater, checked_verdicts, metadata


class QualityPipeline:
    """Gives items the values of `FIELDS` and drops those whose verdict is one of `QUALITY_DROP`; counts verdicts.

    Settings: `QUALITY_TEXT_FIELD` ("text"), `QUALITY_DATE_FIELD` (none), `QUALITY_DROP` ("drop"; "" annotates only),
    `QUALITY_MODEL`, `QUALITY_POLICY`, `QUALITY_RULES`, `QUALITY_OFFICIALS`. An item without a text passes as it is; one of a class of your own must declare
    the fields of `FIELDS`.
    """

    def __init__(self, crawler: Any) -> None:
        settings = crawler.settings
        self.rater = Rater(
            settings.get("QUALITY_MODEL", "default"),
            settings.get("QUALITY_POLICY", "default"),
            _listed(settings, "QUALITY_RULES"),
            _listed(settings, "QUALITY_OFFICIALS"),
        )
        self.text = settings.get("QUALITY_TEXT_FIELD", "text")
        self.date = settings.get("QUALITY_DATE_FIELD")
        self.drop = checked_verdicts(_listed(settings, "QUALITY_DROP", ["drop"]))
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """What Scrapy calls."""
        return cls(crawler)

    def process_item(self, item: Any, spider: Any = None) -> Any:
        """The item, with what was found out about it. Raises DropItem."""
        fields = ItemAdapter(item)
        if fields.get(self.text) is None:
            self.stats.inc_value("quality/without_text")
            return item
        dates = None if self.date is None else [fields.get(self.date)]
        (report,) = self.rater.reports([fields[self.text]], dates)
        self.stats.inc_value(f"quality/{report.verdict}")
        if report.verdict in self.drop:
            raise DropItem(f"quality: {' '.join(report.reasons)}")
        fields.update(metadata(report))
        return item


def _listed(settings: Any, name: str, default: Sequence[str] = ()) -> list[str]:
    """A setting that is a list, or a text parted by commas, with blanks or without."""
    return [given for one in settings.getlist(name, default) if (given := str(one).strip())]
