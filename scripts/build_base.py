"""Build labelled/base from the public corpora and the own labelled texts: numbers, no text.

python scripts/build_base.py ../shared/corpora labelled/base
"""

from __future__ import annotations

import argparse
from pathlib import Path

from quality.learn.base import save
from quality.learn.build import build
from quality.learn.corpora import own
from quality.learn.fit import one_thread
from quality.learn.material import read_material


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("corpora", type=Path)
    options.add_argument("base", type=Path, nargs="?", default=Path("labelled/base"))
    options.add_argument("--own", type=Path, default=Path("labelled"))
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    material = read_material(given.corpora, given.own, seed=given.seed)
    with one_thread():
        base = build(material, held_out=own(given.own / "held_out"), seed=given.seed)
    save(base, given.base)


if __name__ == "__main__":
    main()
