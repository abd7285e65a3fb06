"""Pages of HTML: their text without what stands around it, and what they say of themselves.

`extract` is the door. A page is cut into blocks (`page`), two extractors say which of them they would keep
(`extractors`, `agreement`), and where they differ a few numbers and the role model of plain paragraphs decide
(`stack`). `metadata` reads title, author, date, address and language. Nothing of a page is run, and nothing is fetched.
"""

from quality.html.reading import Extraction, check, extract

__all__ = ["Extraction", "check", "extract"]
