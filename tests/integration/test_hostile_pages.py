"""Pages made to cost much cost little: each is read in a process that may take 20 seconds and 2.5 GB, no more."""

import subprocess
import sys

import pytest

# An ordinary page takes some hundredths of a second, and the largest that is read whole five seconds and 1 GB.
SECONDS, BYTES = 20, 2_500_000_000

STORY = "<p>The harbour of the old town was opened again on Monday, eleven weeks after the storm had broken its wall.</p>"
CELL = "extraordinarily complicated administrative arrangements notwithstanding considerable {}"
PAGES = {
    "a million elements": "'<p>w' * 1_000_000",
    "formatting left open": "'<p>' + ''.join(f'<b id={i}>' for i in range(1_900)) + '<p>x' * 8_000",
    "ends without beginnings": "'</div>' * 60_000 + '<div>' * 60_000",
    "cells of joined rows": "'<article><table>' + ''.join('<tr>' + ''.join(f'<td>{CELL.format(5 * i + j)}</td>' "
    "for j in range(5)) + '</tr>' for i in range(10_000)) + '</table></article>'",
    "long names of attributes": "('<meta ' + 'a' * 1_990 + '>') * 1_000",
    "scripts that never end": "'<script type=\"application/ld+json\">' * 50_000 + '</script>'",
    "many links": "''.join(f'<a href=/{i}>link number {i}</a> ' for i in range(20_000))",
}
READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
resource.setrlimit(resource.RLIMIT_AS, ({bytes}, {bytes}))
import numpy as np
from quality.html import extract
STORY, CELL = {story!r}, {cell!r}
for mode in ("full", "fast"):
    (found,) = extract([{page} + STORY], [None], lambda pages: [np.ones(len(lines)) for lines in pages], mode)
    assert found.paragraphs
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits are set as Unix sets them")
@pytest.mark.parametrize("name", PAGES)
def test_a_hostile_page_takes_no_more_time_and_memory_than_a_large_one(name):
    for package in ("lxml", "trafilatura", "htmldate", "resiliparse"):
        pytest.importorskip(package)
    program = READ.format(seconds=SECONDS, bytes=BYTES, page=PAGES[name], story=STORY, cell=CELL)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr[-500:]
