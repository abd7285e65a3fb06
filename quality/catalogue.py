"""What is known here: every rule, feature and term of the score, and a page about each."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

import quality.features  # noqa: F401 - declares them
from quality.evidence import FURNITURE, TERMS, Term
from quality.features import officials
from quality.known import RULES as INDEX_RULES
from quality.lexicon import sources
from quality.registry import CODE_RULES, FEATURES, LATE_RULES, Feature
from quality.rules import Rule, RulePack, shipped_rules
from quality.second_look import DEFINITIONS


def known_rules(own: Sequence[RulePack] = ()) -> list[Rule]:
    """Every rule, by id: those of the packs, those that need code, on officials, on roles, and of a reference index."""
    known = [r for pack in (shipped_rules(), *own) for r in pack.rules]
    known += [d.rule for d in CODE_RULES.values()] + [d.rule for d in LATE_RULES.values()]
    known += [*officials.RULES, FURNITURE, *INDEX_RULES]
    return sorted(known, key=lambda r: r.id)


def known_features() -> list[Feature]:
    """Every measured feature, by family and name."""
    return sorted(FEATURES.values(), key=lambda f: (f.family, f.name))


def known_terms() -> list[Term]:
    """Every term of the score that is no rule: those of documents, which reports give, first, those of roles last."""
    return [*TERMS, *(Term(name, "roles", definition) for name, definition in DEFINITIONS.items())]


# What is weighed from a term, and where its effect is told.
TERMS_OF = {
    "documents": "the reliability of a text; among its `contributions`, with value and effect",
    "filler": "whether a paragraph is filler; told as its `roles`",
    "paragraphs": "the reliability of a paragraph",
    "roles": "whether a paragraph is page furniture; with --with-roles among its `contributions`, with value and effect",
}


def term_page(*terms: Term) -> str:
    """What the terms of a name say, and what is weighed from each."""
    told = (f"{term.name}: {_filled(term.definition)}\n\nterm of {TERMS_OF[term.of]}" for term in terms)
    return "\n\n".join(
        [*told, "The other terms are rules (`quality rules`); docs/algorithm.md tells how they are weighed."]
    )


def rule_page(rule: Rule) -> str:
    """What a rule finds, why that counts, and its examples."""
    tier = {"hard": "hard evidence", "soft": "soft signal: never decides alone"}[rule.tier]
    parts = [
        f"{rule.id}: {rule.title}",
        f"{tier}; counted {rule.unit}" if rule.unit != "count" else f"{tier}; counted",
        f"message  {rule.message.replace('{text}', '...')}\nlooks    {_looked_for(rule)}",
        _filled(rule.why),
    ]
    if rule.hits:
        parts.append("\n".join(["Found:", *(_example(text, spans) for text, spans in rule.hits)]))
    if rule.clean:
        parts.append("\n".join(["Left alone:", *(_example(text, ()) for text in rule.clean)]))
    return "\n\n".join([*parts, f"source  {_source(rule.source)}"])


def _looked_for(rule: Rule) -> str:
    """What a rule looks for and where, in a line."""
    amounts = [(len(rule.phrases), "phrase"), (len(rule.patterns), "pattern")]
    what = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in amounts if n]
    what += [f"the entries of the lexicon {rule.lexicon}"] if rule.lexicon else []
    parts = [f"for {' and '.join(what)}" if what else "by code"]
    parts += {
        "start": ["at the start of a paragraph"],
        "whole": ["as a whole paragraph"],
        "short": ["in short paragraphs"],
    }.get(rule.where, [])
    parts += {"silent": ["outside quotation marks"], "cited": ["outside quotations"]}.get(rule.quoted, [])
    return ", ".join(parts)


def feature_page(feature: Feature) -> str:
    """What a feature measures, in what unit, and its examples."""
    of = {"both": "documents and paragraphs", "documents": "documents", "paragraphs": "paragraphs"}
    parts = [
        f"{feature.name}: {feature.definition}",
        f"unit    {feature.unit}\nof      {of[feature.of]}\nfamily  {feature.family}",
    ]
    if feature.details:
        parts.append(textwrap.dedent(f"    {feature.details}"))
    values = [f"  {value:g}  {_quoted(text)}" if value == value else f"  undefined  {_quoted(text)}"
              for text, value in feature.values]  # fmt: skip
    return "\n\n".join([*parts, "\n".join(["Examples:", *values]), f"source  {_source(feature.source)}"])


def _example(text: str, spans: Sequence[str]) -> str:
    line = f"  {_quoted(text)}"
    if spans and list(spans) != [text]:
        line += f"\n    finds {', '.join(_quoted(span) for span in spans)}"
    return line


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _filled(text: str) -> str:
    return textwrap.fill(text, 80)


def _source(key: str) -> str:
    entry = sources()[key]
    return f"{key}: {entry['title']} ({entry['licence']})"
