"""The terms that the models weigh: evidence and structure of paragraphs and documents, as columns.

Every term is named, is 0 where there is nothing to hold against the text, and grows with what
speaks against it. Their weights are learnt with the sign fixed, so more evidence never raises a
score, and terms of a document look at its content or at what stands beside it in proportion to its
content, so taking out a bad paragraph never lowers one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from quality.columns import Bools, Floats, Group, Ints
from quality.copies import duplicates, in_block
from quality.features.padding import padding_chance
from quality.features.template import HOLLOW
from quality.features.topic import off_topic
from quality.padding import KINDS
from quality.registers import REGISTERS
from quality.registry import BY_ROLE, Counted, neighbourhood
from quality.report import ROLES
from quality.rules import Rule, Spans
from quality.text import Batch

CONTENT, BOILERPLATE, FILLER, DUPLICATE = range(len(ROLES))


class Term(NamedTuple):
    """A term that is no rule: of what it is (documents, filler or paragraphs), and what it says, for people to read."""

    name: str
    of: str
    definition: str


# Term of the filler model that is learnt from words (`quality.model.FillerWords`).
WORD_TERM = "word_score"
# Term of documents: how much filler stands beside the content.
FILLER_WORDS = "filler_words"
# Terms of documents that the wording gives: what it adds, and what is taken off where it is not known.
LIKENESS, STRANGE_KIND = "likeness", "strange_kind"

# Every term that is no rule. Those of documents stand among a report's contributions, beside the rules by their ids.
TERMS = (
    Term(
        LIKENESS,
        "documents",
        "How far the wording of the content is that of the reliable side of the corpora rather than of the other. "
        "Its effect is bounded, within one either way.",
    ),
    Term(
        STRANGE_KIND,
        "documents",
        "How far the text is of another kind than the articles that likeness was learnt on, 0 to 1. "
        "Its effect takes that share of the likeness away, towards nothing and never beyond.",
    ),
    Term(
        FILLER_WORDS,
        "documents",
        "Words of filler in proportion to words of content, on a logarithmic scale: ln(1 + 10 filler / (content + 50)).",
    ),
    Term(
        "off_topic", "filler", "Probability that the paragraph is off the text's topic; 0 in page furniture."
    ),
    Term(
        "foreign_register",
        "filler",
        "Whether it speaks otherwise than the text, as a law, shop, adviser or notice board.",
    ),
    Term(
        "hollow",
        "filler",
        "Probability that the paragraph says nothing, by what is learnt of such paragraphs; 0 in page furniture.",
    ),
    Term(
        "spliced",
        "filler",
        "Probability that it came from another text, by its subject and manner; 0 in page furniture.",
    ),
    Term(
        "leaked_words",
        "filler",
        "Share of its characters in a chatbot's words, prompts, unfilled blanks and names of site sections, told by hard rules.",
    ),
    Term(
        "stock_words",
        "filler",
        "Share of its characters in stock phrases, from a fifth on; below it nothing.",
    ),
    Term(
        "question_stub",
        "filler",
        "A question that nothing answers, on a page that is a template filled in.",
    ),
    Term(
        "definition_line",
        "filler",
        "An opening as of an encyclopaedia or another answer, on a page that is a template filled in.",
    ),
    Term("template_heading", "filler", "A heading above such lines, or above nothing."),
    Term(
        WORD_TERM,
        "filler",
        "How far its words are those of labelled filler, 0 to 1; always 0 in the shipped model, which learnt no words.",
    ),
    Term("article", "paragraphs", "What speaks for and against the whole text, its likeness left out."),
    Term("not_content", "paragraphs", "Probability that the paragraph is furniture, filler or a copy."),
)

# Told of furniture by its role, so that every paragraph left out for it has its place and reason among the findings.
FURNITURE = Rule(
    id=BY_ROLE,
    tier="soft",
    title="page furniture by its look",
    message="page furniture by its length, its words and where on the page it stands: «{text}»",
    why="Menus, boxes and lists are worded in a thousand ways. Where no phrase gives them away, what stands around them does.",
    source="own",
    unit="count",
    hits=(
        (
            "The harbour closed on Monday after a barge lost its anchor in the storm, and nobody was hurt, the harbour master "
            "said at noon.\n\nTwo tugs held the barge off the pier until the wind fell, and the ferries sailed again in the "
            "evening, four hours late.\n\nFind a shop\n\nBakers\n\nBrewers\n\nFishmongers\n\nGreengrocers\n\nIronmongers",
            ("Find a shop", "Bakers", "Brewers", "Fishmongers", "Greengrocers", "Ironmongers"),
        ),
    ),
    clean=("The harbour closed on Monday after a barge lost its anchor, the harbour master said.",),
)

# Log odds of furniture that a paragraph gains which the cues of furniture cover whole, in proportion for less of it: on made pages of
# eight hands this wins 34 paragraphs of furniture and loses none of content (docs/results.md).
CUED = 2.0

# Log odds of furniture that a line gains among furniture and any other paragraph loses: where `AMONG` of `NEAR` neighbours on either
# side are furniture. Lines that end no sentence, titles of other stories above all, are what the look leaves in doubt; on corpora left
# out this is .002 of content F1 at as many words lost (docs/results.md).
BESIDE, APART, AMONG, NEAR = 0.3, -0.2, 0.3, 3

# Further findings of one rule in one text add nothing beyond this many.
ENOUGH = 3
# Soft rules that count by number, in copies: a headline said again is one, and one in four thousand reliable articles has it
# (docs/results.md); menus and threads name their own page as well, where it is furniture or too frequent to be a copy.
OF_COPIES = ("repeat.headline",)
# Hard rules that are soft in furniture: blanks and messages of a page's template are none of its text. Of 84 web pages of the
# shared corpora with a hard leak 21 have it there alone, of 126 made pages none.
OF_TEXT = ("leak.placeholder", "leak.assistant_turn")
# Share of a paragraph's characters in stock phrases from which they are what it is made of: .03 in 1,000 paragraphs of
# reliable articles have it, 2 in 1,000 hold some stock phrase (own count on every second of them).
STOCK = 0.2
# Near copies on a page from which on each counts less: pages made for copying their story have one or two, paragraphs of
# story that are near copies stand nine times in ten among three or more on their page (own count on the shared pages).
NEAR_COPIES = 2
# The same of exact copies where both stand in plain content, that is with less than this chance of being furniture: threads of
# a forum quote, and manuals and lists of goods say again, more often than pages copy what they had not looked at.
COPIES, PLAIN = 6, 0.3
# What stands in a sentence of the story as often as alone, and tells of a line by the share it takes: on made pages of eight hands
# 24 of 28 paragraphs of which a blank is under two fifths are content.
SLOTS = ("leak.placeholder", "leak.blank")
# Families of rules whose hard findings can make a paragraph filler or a copy.
OF_PARAGRAPHS = ("leak.", "filler.", "repeat.")
# Words added to a text's own when a rate is taken, so that one phrase in a short notice is no flood.
DAMPING = 100


def hard_rules(counted: Counted) -> list[str]:
    """Ids of the rules whose findings are hard evidence."""
    return [r.id for r in counted.rules if r.tier == "hard"]


def soft_rules(counted: Counted) -> list[str]:
    """Ids of the soft rules that speak against a text as such.

    Page furniture and doubled captions are judged by role instead, and doubt is no evidence; hedges and weasel words are as common in reliable articles
    of corpora left out as in others (docs/results.md).
    """
    no_terms = ("boilerplate.", "repeat.doubled", "hedge.cue", "hedge.weasel", "officeholder.doubtful")
    return [r.id for r in counted.rules if r.tier == "soft" and not r.id.startswith(no_terms)]


def findings_per(batch: Batch, counted: Counted, group: Group, kept: Bools | None = None) -> Floats:
    """Number of findings of each rule in each run; float64[n, rules]. `kept` bool[findings] leaves some out."""
    run = counted.paragraph if group is batch.paragraphs else batch.paragraphs.parent[counted.paragraph]
    cell = run * len(counted.rules) + counted.rule
    weights = None if kept is None else kept.astype(np.float64)
    counts = np.bincount(cell, weights=weights, minlength=group.n * len(counted.rules))
    return counts.astype(np.float64).reshape(group.n, len(counted.rules))


def amount(counts: Floats) -> Floats:
    """0, 1, 1.58, 2 for no, one, two, three or more findings."""
    return np.log2(1.0 + np.minimum(counts, ENOUGH))


def is_hard(counted: Counted, role: Ints) -> Bools:
    """Findings that are hard evidence against the text: those of hard rules, but for `OF_TEXT` in furniture; bool[findings].

    `role` int64[paragraphs] is the role of each paragraph.
    """
    hard, of_text = (
        np.array(some, bool)[counted.rule]
        for some in ([r.tier == "hard" for r in counted.rules], [r.id in OF_TEXT for r in counted.rules])
    )
    return hard & ~(of_text & (role[counted.paragraph] == BOILERPLATE))


def filler_names(counted: Counted) -> list[str]:
    """Terms of `filler_terms`."""
    rules = [r.id for r in counted.rules if r.id.startswith(HOLLOW) and not r.id.startswith(SLOTS)]
    return [
        "off_topic",
        "foreign_register",
        "hollow",
        "spliced",
        "leaked_words",
        "stock_words",
        "question_stub",
        "definition_line",
        "template_heading",
        *rules,
        WORD_TERM,
    ]


def filler_terms(batch: Batch, counted: Counted, names: Sequence[str], words: Floats | None = None) -> Floats:
    """What speaks for a paragraph being filler; float64[paragraphs, names].

    `words` float64[paragraphs] is the term of the words, 0 everywhere when not given.
    """
    amounts = amount(findings_per(batch, counted, batch.paragraphs))
    columns = {rule.id: amounts[:, k] for k, rule in enumerate(counted.rules)}
    furniture = counted.is_furniture(batch)
    columns["off_topic"] = np.where(furniture, 0.0, off_topic(batch))
    for kind in KINDS:
        columns[kind] = np.where(furniture, 0.0, padding_chance(batch, kind))
    columns["foreign_register"] = np.minimum(sum(columns[f"filler.{name}"] for name in REGISTERS), 1.0)
    # soft leaks have terms of their own only: whole honest lines are covered by them
    leaks = [r.id for r in counted.rules if r.tier == "hard" and r.id.startswith(HOLLOW[:-1])]
    columns["leaked_words"] = counted.covered(batch, *leaks)
    stock = counted.covered(batch, "filler.stock")
    columns["stock_words"] = np.where(stock >= STOCK, stock, 0.0)
    # as terms of their own: what they weigh is not bound as that of soft rules
    columns["question_stub"] = columns["filler.question_stub"]
    columns["definition_line"] = columns["filler.definition_line"]
    columns["template_heading"] = columns["filler.heading"]
    columns[WORD_TERM] = np.zeros(batch.paragraphs.n) if words is None else words
    return _chosen(columns, names)


def _chosen(columns: dict[str, Floats], names: Sequence[str]) -> Floats:
    unknown = [n for n in names if n not in columns]
    if unknown:
        raise ValueError(
            f"the model weighs {unknown}, which this version of quality does not compute: train anew"
        )
    return np.column_stack([columns[n] for n in names])


def roles(
    batch: Batch, boilerplate: Floats, filler: Floats, proved: Bools | None = None
) -> tuple[Floats, Ints]:
    """Probability of each role and the role given; float64[paragraphs, 4], int64[paragraphs].

    A copy is first of all a copy, filler is what reads like a story but is none, and furniture is
    what remains of the doubt. The role given is the likeliest; a paragraph without words is furniture.
    Where `proved` bool[paragraphs] is given, no others can be copies or filler.
    """
    wordless = batch.n_words(batch.paragraphs) == 0
    boilerplate = np.where(wordless, 1.0, boilerplate)
    filler = np.where(wordless, 0.0, filler)
    copies = copied(batch, boilerplate)
    if proved is not None:
        filler, copies = filler * proved, copies * proved
    return role_chances(copies, boilerplate, filler)


def proved_by_findings(batch: Batch, counted: Counted) -> Bools:
    """Paragraphs in which a hard finding says that they are filler or a copy; bool[paragraphs]."""
    says = np.array([r.tier == "hard" and r.id.startswith(OF_PARAGRAPHS) for r in counted.rules], bool)
    return np.bincount(counted.paragraph[says[counted.rule]], minlength=batch.paragraphs.n) > 0


def copied(batch: Batch, boilerplate: Floats) -> Floats:
    """How surely each paragraph repeats an earlier one that is no furniture itself; float64[paragraphs].

    What a menu or teaser has said before the story says it is the story's: of a copy and its original, the one that is
    left should be the one that stands in the text. Near copies, and exact ones in plain content outside copied blocks, count
    less the more of them a page has beyond `NEAR_COPIES` and `COPIES`: a meal plan, a list of functions or a thread of a forum
    repeats itself by its form.
    """
    score, original = duplicates(batch)
    parent = batch.paragraphs.parent
    doubt = np.maximum(boilerplate, boilerplate[original])
    plain = (score > 0.5) & (original >= 0) & (doubt < PLAIN) & ~in_block(batch)
    near = (score > 0.5) & (score < 1.0)
    for some, enough in ((near, NEAR_COPIES), (plain, COPIES)):
        n = np.bincount(parent, weights=some, minlength=batch.n_documents)[parent]
        score = np.where(some, score * np.minimum(1.0, enough / np.maximum(n, 1.0)), score)
    return np.where(original >= 0, score * (1.0 - boilerplate[original]), score)


def role_chances(copied: Floats, boilerplate: Floats, filler: Floats) -> tuple[Floats, Ints]:
    """As `roles`, from what speaks for each role but content, each alone."""
    # the larger of two doubts is taken whole, the other one out of what it leaves
    as_filler = np.where(filler >= boilerplate, filler, filler * (1 - boilerplate))
    as_boilerplate = np.where(filler >= boilerplate, boilerplate * (1 - filler), boilerplate)
    left = 1.0 - copied
    content = 1.0 - as_filler - as_boilerplate
    chance = np.column_stack([left * content, left * as_boilerplate, left * as_filler, copied])
    return chance, np.argmax(chance, axis=1)


def cued(batch: Batch, counted: Counted) -> Floats:
    """Log odds of furniture that the cues in each paragraph add to those of its look; float64[paragraphs]."""
    return CUED * counted.covered(batch, "boilerplate.")


def beside_furniture(batch: Batch, odds: Floats) -> Floats:
    """Log odds of furniture that a paragraph gains or loses by its neighbours; float64[paragraphs].

    `odds` float64[paragraphs] are those of all paragraphs without this. Among furniture gains what ends no sentence.
    """
    furniture = np.where(batch.n_words(batch.paragraphs) == 0, 1.0, odds > 0.0)
    (share,) = neighbourhood(batch, furniture, [f"mean {NEAR}"])
    line = ~batch.ends_with('.!?:"')
    return np.where(line & (np.nan_to_num(share) >= AMONG), BESIDE, APART)


def furniture_told(batch: Batch, counted: Counted, role: Ints) -> Counted:
    """The findings, and one of `FURNITURE` for each paragraph with words whose role is furniture though no cue says so."""
    unnamed = (role == BOILERPLATE) & (batch.n_words(batch.paragraphs) > 0)
    spans = counted.unmet(Spans.of_paragraphs(batch, np.flatnonzero(unnamed)), "boilerplate.")
    return counted.joined(Counted.of([(FURNITURE, spans, (None,) * len(spans))]))


def document_names(counted: Counted) -> list[str]:
    """Terms of `document_terms`, the likeness left out."""
    return [*hard_rules(counted), *soft_rules(counted), FILLER_WORDS]


def filler_amount(filler: Floats | Ints, content: Floats | Ints) -> Floats:
    """Words of filler in proportion to those of content, as a term; float64[n]."""
    return np.log1p(10 * filler / (content + DAMPING / 2))


def content_rate(n: Floats, content: Floats | Ints) -> Floats:
    """Findings of a soft rule per 100 words of content, as a term; float64[n]."""
    return 100 * n / (content + DAMPING)


def document_terms(batch: Batch, counted: Counted, role: Ints, names: Sequence[str]) -> Floats:
    """Evidence and structure of each document; float64[documents, names].

    Hard rules by amount where they are hard (`is_hard`), soft ones by their rate in content paragraphs, `OF_COPIES` by amount in
    copies, filler by its words in proportion to the words of content. Furniture and copies are no term: on corpora
    left out, the reliable pages had more of them (docs/results.md).
    """
    words = batch.n_words(batch.paragraphs)
    content, filler = (
        np.bincount(batch.paragraphs.parent, weights=words * (role == code), minlength=batch.n_documents)
        for code in (CONTENT, FILLER)
    )
    of_finding = role[counted.paragraph]
    hard = amount(findings_per(batch, counted, batch.documents, is_hard(counted, role)))
    copies = amount(findings_per(batch, counted, batch.documents, of_finding == DUPLICATE))
    soft = findings_per(batch, counted, batch.documents, of_finding == CONTENT)
    columns: dict[str, Floats] = {}
    for k, rule in enumerate(counted.rules):
        if rule.tier == "hard":
            columns[rule.id] = hard[:, k]
        elif rule.id in OF_COPIES:
            columns[rule.id] = copies[:, k]
        else:
            columns[rule.id] = content_rate(soft[:, k], content)
    columns[FILLER_WORDS] = filler_amount(filler, content)
    return _chosen(columns, names)


def paragraph_names(counted: Counted) -> list[str]:
    """Terms of `paragraph_terms`."""
    return ["article", "not_content", *hard_rules(counted)]


def paragraph_terms(
    batch: Batch, counted: Counted, chance: Floats, article: Floats, names: Sequence[str]
) -> Floats:
    """What each paragraph's reliability is weighed from; float64[paragraphs, names].

    `article` is the document's logit without likeness (float64[documents]), `chance` the roles'.
    """
    amounts = amount(findings_per(batch, counted, batch.paragraphs))
    columns = {rule.id: amounts[:, k] for k, rule in enumerate(counted.rules)}
    columns["not_content"] = 1.0 - chance[:, CONTENT]
    columns["article"] = article[batch.paragraphs.parent]
    return _chosen(columns, names)
