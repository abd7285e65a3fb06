"""Sums of small decision trees, as tables of numbers.

A tree asks at each node whether a column has reached a step, and ends in one of at most sixteen leaves, whose values
are added up over all trees. No tree is walked: every node is asked of every row, a "yes" (go right) rules out the
leaves on its left, a "no" those on its right by leaving the left ones standing first, and the first leaf that stands
is the one where the row ends (the idea of QuickScorer, Lucchese et al. 2015). That is a few operations on whole
columns of 16-bit numbers.

Values are whole numbers of steps of 1/`UNIT`, so sums are exact, in any order and in any batch. So are the
contributions: along the path of a row each node changes the expected value from its own to that of the next
(Saabas 2014), and the changes of all nodes that ask one column are what the column adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality.columns import Floats, Ints

# Leaves of a tree at most: one bit of a 16-bit number for each.
LEAVES = 16
# Steps in which values are stored, for one unit of log odds: 1,000 trees are off by a fourth at the very most.
UNIT = 2048
# No bin reaches this step: a node that never goes right.
NEVER = 255
# Tables of trees, one row for each.
TABLES = ("column", "step", "left", "right", "leaf", "node")
# Rows that are asked at a time, so that what is asked stays in the cache.
ROWS = 1024


@cache
def _first_standing() -> NDArray[np.uint8]:
    """The lowest bit that is not set, for every 16-bit number; uint8[65536]."""
    gone = np.arange(1 << LEAVES)
    first = np.zeros(gone.size, np.uint8)
    for leaf in reversed(range(LEAVES)):
        first[gone >> leaf & 1 == 0] = leaf
    return first


@dataclass(frozen=True)
class Trees:
    """A sum of trees over named columns.

    A column's value falls into bin b when `edges` of it has b - 1 edges at or below it (bin 0 is for NaN). Node k of
    tree t goes right where bin `column[t, k]` is `step[t, k]` or more (uint8[trees, 15]); `left` and `right` have a
    bit for each leaf on either side (uint16[trees, 15]; 0 where there is no such node). `leaf` int16[trees, 16] and
    `node` int16[trees, 15] are values, for nodes the mean over the rows learnt from. The first node is the root.
    """

    names: tuple[str, ...]
    edges: tuple[NDArray[np.float32], ...]
    column: NDArray[np.uint8]
    step: NDArray[np.uint8]
    left: NDArray[np.uint16]
    right: NDArray[np.uint16]
    leaf: NDArray[np.int16]
    node: NDArray[np.int16]
    intercept: float

    def bins(self, matrix: Floats) -> NDArray[np.uint8]:
        """Bin of every value of float64[n, names]; uint8[names, n]."""
        return np.array([bins(matrix[:, j], edges) for j, edges in enumerate(self.edges)], np.uint8).reshape(
            len(self.edges), matrix.shape[0]
        )

    def ends(self, bins: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Leaf in which each row ends, from its bins uint8[names, n]; uint8[trees, n]."""
        n_trees, n = self.column.shape[0], bins.shape[1]
        found = np.empty((n_trees, n), np.uint8)
        for begin in range(0, n, ROWS):
            some = bins[:, begin : begin + ROWS]
            gone = np.zeros((n_trees, some.shape[1]), np.uint16)
            for k in range(self.column.shape[1]):
                goes_right = some[self.column[:, k]] >= self.step[:, k, None]
                gone |= goes_right * self.left[:, k, None]
            found[:, begin : begin + ROWS] = _first_standing()[gone]
        return found

    def logit(self, matrix: Floats) -> Floats:
        """Intercept plus the values of the leaves; float64[n]."""
        return self.logit_of(self.bins(matrix))

    def logit_of(self, bins: NDArray[np.uint8]) -> Floats:
        """The logit from bins uint8[names, n]; float64[n]."""
        place = self.ends(bins) + LEAVES * np.arange(self.leaf.shape[0])[:, None]
        return self.intercept + self.leaf.ravel()[place].sum(axis=0, dtype=np.int64) / UNIT

    def effects(self, matrix: Floats) -> tuple[Floats, float]:
        """What each column adds to the logit, float64[n, names], and what the sum begins with.

        The beginning and the effects of a row add up to its logit, but for the last bits of the sum.
        """
        ends = self.ends(self.bins(matrix))
        total = np.zeros((matrix.shape[0], len(self.names)), np.int64)
        for end, (columns, changes) in zip(ends, self._paths, strict=True):
            total[:, columns] += changes[end]
        return total / UNIT, self.intercept + int(self.node[:, :1].sum()) / UNIT

    @cached_property
    def _paths(self) -> list[tuple[Ints, Ints]]:
        """For each tree the columns it asks and what they add for each leaf; int64[k], int64[16, k]."""
        found = []
        for t in range(self.column.shape[0]):
            value_of = {
                int(self.left[t, k] | self.right[t, k]): int(self.node[t, k])
                for k in range(self.column.shape[1])
                if self.left[t, k]
            }
            value_of |= {1 << k: int(self.leaf[t, k]) for k in range(LEAVES)}
            changes = np.zeros((LEAVES, len(self.names)), np.int64)
            for k in np.flatnonzero(self.left[t]).tolist():
                for side in (int(self.left[t, k]), int(self.right[t, k])):
                    leaves = [i for i in range(LEAVES) if side >> i & 1]
                    changes[leaves, self.column[t, k]] += value_of[side] - int(self.node[t, k])
            columns = np.flatnonzero(changes.any(axis=0))
            found.append((columns, changes[:, columns]))
        return found

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """All numbers by the name they are stored under, each beginning with `prefix`."""
        tables = {key: getattr(self, key) for key in TABLES}
        tables["edges"] = np.concatenate([*self.edges, np.zeros(0, np.float32)])
        tables["n_edges"] = np.array([e.size for e in self.edges], np.int64)
        tables["intercept"] = np.array(self.intercept)
        return {f"{prefix}_{key}": array for key, array in tables.items()}

    @classmethod
    def from_arrays(cls, prefix: str, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Trees:
        """The trees that `arrays` stored. Raises KeyError where an array is missing."""
        edges = np.split(arrays[f"{prefix}_edges"], np.cumsum(arrays[f"{prefix}_n_edges"])[:-1])
        tables = {key: arrays[f"{prefix}_{key}"] for key in TABLES}
        return cls(tuple(names), tuple(edges), **tables, intercept=float(arrays[f"{prefix}_intercept"]))


def bins(values: Floats, edges: NDArray[np.float32]) -> NDArray[np.uint8]:
    """How many edges lie at or below each value, and one more, 0 for NaN; uint8[n]. Values are cut to 32 bits.

    All edges are compared: for the few dozen there are, that is faster than a search.
    """
    lowest = np.concatenate((np.array([-np.inf], np.float32), edges))
    return np.asarray(np.add.reduce(values.astype(np.float32) >= lowest[:, None], axis=0, dtype=np.uint8))
