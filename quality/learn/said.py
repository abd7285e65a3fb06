"""What a model says of the base's reference set and role table: roles, reliability, verdicts of every policy.

All of it is numbers (quality/learn/reference.py), weighed by the terms that scoring weighs (quality/evidence.py), so
two models can be compared without the corpora.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quality import evidence
from quality.columns import Bools, Floats, Ints
from quality.learn.base import Base
from quality.model import Model, sigmoid, total
from quality.report import VERDICTS, Policy

KEEP, REVIEW, DROP, UNSURE = map(VERDICTS.index, VERDICTS)
# What to do where a model cannot be compared.
ANOTHER = "it was made from another base, so give -o another name, or a reason with --allow-regression"


@dataclass(frozen=True)
class Said:
    """What a model says of a base's reference set and role table.

    Of documents: `reliability` float64[d], `verdict` int64[d] by policy (indices in `VERDICTS`). Of their paragraphs:
    `role` int64[q] (indices in `ROLES`), `paragraph` float64[q], their reliability. `furniture` bool[rows of the role
    table]: is it called boilerplate by its look, cues apart?
    """

    reliability: Floats
    verdict: Mapping[str, Ints]
    role: Ints
    paragraph: Floats
    furniture: Bools


def said(model: Model, base: Base) -> Said:
    """What a model says of the base's reference set.

    Likeness is the out-of-sample score of the base, plus what the model's words add to those of the base: it does not
    follow a change of roles. All texts are taken to be English.

    Raises ValueError where the model was made from another base: its terms, bins or words are not the base's.
    """
    _check(model, base)
    reference = base.reference
    chance, role = _roles(model, base)
    terms, n_content = _terms(base, role)
    names = base.documents.names
    chosen = terms[:, [names.index(name) for name in model.reliability.names]]
    evidence_logit = model.reliability.intercept + total(model.reliability.effects(chosen))
    likeness_effect = model.likeness.effect(_likeness(model, base), base.familiarity[base.reference.row])
    reliability = model.calibrated(evidence_logit + likeness_effect)
    is_hard = np.any(terms[:, [names.index(name) for name in base.hard]] > 0, axis=1)
    columns = dict(
        zip(rules_of(names), evidence.amount(reference.findings.astype(np.float64)).T, strict=True)
    )
    columns["not_content"] = 1.0 - chance[:, evidence.CONTENT]
    columns["article"] = evidence_logit[reference.document[: role.size]]
    of_paragraph = np.column_stack([columns[name] for name in model.paragraph_reliability.names])
    return Said(
        reliability,
        {name: _verdict(p, reliability, n_content, is_hard) for name, p in model.policies.items()},
        role,
        model.calibrated_paragraph(model.paragraph_reliability.logit(of_paragraph)),
        _furniture(model, base.roles.matrix) > 0,
    )


def _furniture(model: Model, bins: NDArray[np.uint8]) -> Floats:
    """Log odds of furniture of paragraphs, by the bins of the role model's columns; float64[n]."""
    return model.boilerplate.logit_of(np.ascontiguousarray(bins.T))


def _roles(model: Model, base: Base) -> tuple[Floats, Ints]:
    """As `evidence.roles`, of the paragraphs of the reference's documents."""
    reference = base.reference
    q = reference.bins.shape[0]
    names = model.filler.names
    terms = reference.terms.astype(np.float64)[:, [base.filler.names.index(name) for name in names]]
    if evidence.WORD_TERM in names and model.filler_words.weights.any():
        score = reference.paragraph_matrix() @ model.filler_words.weights
        terms[:, names.index(evidence.WORD_TERM)] = model.filler_words.term(score)
    wordless = reference.n_words[:q] == 0
    filler = np.where(wordless, 0.0, sigmoid(model.filler.logit(terms[:q])))
    boilerplate = np.where(wordless, 1.0, sigmoid(_furniture(model, reference.bins) + reference.added))
    return evidence.role_chances(reference.copied.astype(np.float64), boilerplate, filler)


def _terms(base: Base, role: Ints) -> tuple[Floats, Floats]:
    """Terms of the reference's documents where paragraphs have these roles, and their words of content.

    What depends on roles is taken anew.
    """
    reference, table = base.reference, base.documents

    def summed(values: Floats) -> Floats:
        document = reference.document[: role.size]
        return np.bincount(document, weights=values, minlength=reference.row.size).astype(np.float64)

    n_words = reference.n_words[: role.size].astype(np.float64)
    content, filler = (summed(n_words * (role == code)) for code in (evidence.CONTENT, evidence.FILLER))
    terms = table.matrix[reference.row].astype(np.float64)
    for k, name in enumerate(rules_of(table.names)):
        if name in evidence.OF_COPIES:
            n = summed(reference.findings[:, k] * (role == evidence.DUPLICATE))
            terms[:, table.names.index(name)] = evidence.amount(n)
        elif name in evidence.OF_TEXT:
            n = summed(reference.findings[:, k] * (role != evidence.BOILERPLATE))
            terms[:, table.names.index(name)] = evidence.amount(n)
        elif name not in base.hard:
            n = summed(reference.findings[:, k] * (role == evidence.CONTENT))
            terms[:, table.names.index(name)] = evidence.content_rate(n, content)
    terms[:, table.names.index(evidence.FILLER_WORDS)] = evidence.filler_amount(filler, content)
    return terms, content


def _verdict(policy: Policy, reliability: Floats, n_content: Floats, is_hard: Bools) -> Ints:
    """As `Policy.verdict`, for many English texts."""
    told = np.where(reliability >= policy.keep, KEEP, REVIEW)
    told = np.where(n_content < policy.n_words_low, UNSURE, told)
    return np.where(is_hard & (reliability < policy.drop), DROP, told)


def rules_of(names: Sequence[str]) -> list[str]:
    """Rules among the terms of documents, as the reference set counts them."""
    return [name for name in names if name != evidence.FILLER_WORDS]


def _check(model: Model, base: Base) -> None:
    """Refuse a model that weighs, cuts or reads otherwise than the base's numbers were made."""
    known = (
        (model.reliability, base.documents),
        (model.filler, base.filler),
        (model.paragraph_reliability, base.paragraphs),
    )
    unknown = [name for linear, table in known for name in linear.names if name not in table.names]
    if unknown:
        raise ValueError(f"weighs {', '.join(unknown)}, which the base does not have; {ANOTHER}")
    if model.boilerplate.names != base.roles.names or not _same(model.boilerplate.edges, base.role_edges):
        raise ValueError(f"cuts the features of paragraphs at other values than the base; {ANOTHER}")
    mine, theirs = model.likeness, base.likeness
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = [(model.first_look.words, base.first_look.words)]
    pairs += [(model.first_look.trees.leaf, base.first_look.trees.leaf)]
    pairs += [(mine.words_idf, theirs.words_idf), (mine.masked_idf, theirs.masked_idf)]
    pairs += [(mine.kind, theirs.kind)]
    if not _same(*zip(*pairs, strict=True)):
        raise ValueError(f"reads other words than the base; {ANOTHER}")


def _same(some: Sequence[NDArray[Any]], others: Sequence[NDArray[Any]]) -> bool:
    """Whether the arrays are the same but for what packing them into a file rounds off."""
    return len(some) == len(others) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=0.0)
        for a, b in zip(some, others, strict=True)
    )


def _likeness(model: Model, base: Base) -> Floats:
    """Likeness score of the reference's documents by the words of a model; float64[d]."""
    score = base.likeness_score[base.reference.row]
    mine, known = model.likeness, base.likeness
    pairs = ((mine.words, known.words), (mine.masked, known.masked))
    if _same(*zip(*pairs, strict=True)):
        return score
    streams = base.reference.streams(known)
    moved = [stream @ (a - b) for stream, (a, b) in zip(streams, pairs, strict=True)]
    return score + known.blend(*moved)
