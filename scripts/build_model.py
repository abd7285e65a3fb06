"""Train the shipped model from labelled/base; needs no corpora.

python scripts/build_model.py labelled/base models/default
"""

from __future__ import annotations

import argparse
from pathlib import Path

from quality.learn.base import load
from quality.learn.corpora import own
from quality.learn.fit import one_thread
from quality.learn.gate import compare
from quality.learn.retrain import write_metrics
from quality.learn.shelf import put
from quality.learn.train import fit, save_model
from quality.model import seal

# Own texts whose scores the model folder records, one sound and three not.
GOLDEN = (
    "own-a-TRADE-sound",
    "own-a-HEALTH-chatbot_leak",
    "own-a-POLITICS-category_tags",
    "own-b-SCIENCE-navigation",
)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("base", type=Path, nargs="?", default=Path("labelled/base"))
    options.add_argument("model", type=Path, nargs="?", default=Path("models/default"))
    options.add_argument("--own", type=Path, default=Path("labelled"))
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    base = load(given.base)
    golden = [text for text in own(given.own) if text.id in GOLDEN]
    with one_thread():
        model = fit(base, given.model.name, seed=given.seed)

    def write(part: Path) -> None:
        print(save_model(model, base, part, golden))
        # beside itself: its figures on the reference set, with their intervals
        write_metrics(part, compare(base, model, model, seed=given.seed))
        seal(part)

    put(given.model, write, keep_previous=False)


if __name__ == "__main__":
    main()
