"""Off-topic filler: a paragraph that has nothing to do with the rest of its article.

A small network (`quality.topics`) turns how a paragraph stands to the others of its document (`quality.topic_inputs`) into one
probability. Where that falls short of saying so, the register of the paragraph may (`quality.registers`), or that it tells of nobody.
"""

from __future__ import annotations

import numpy as np

from quality.columns import NUMBER, WORD, Bools, Floats, Ints
from quality.registers import REGISTERS, cue_points, foreign_register
from quality.registry import rule
from quality.rules import Spans
from quality.text import Batch, once_per_batch
from quality.topic_inputs import off_topic_log_odds, shared_words

# Log odds from which a paragraph is said to stray, a soft signal: on corpora left out it marks one or two in a
# thousand honest paragraphs beside the hard rule's (seven in one corpus) and a quarter of the strange ones (docs/results.md).
ASTRAY = -1.5
# What is left of the chance where a paragraph reports something: nine of ten honest paragraphs called filler do, and one in three
# of them is none then; of strange paragraphs put into articles .06 fewer are, of fillers of nine hands one of 900 (docs/results.md).
REPORTED = 0.8


# ---- answers -----------------------------------------------------------------------------------------


def off_topic(batch: Batch) -> Floats:
    """Probability that a paragraph is off-topic, one half at the threshold of the hard rule; float64[paragraphs].

    0 where it is not judged, `REPORTED` of it where somebody did or said something, half of it where the paragraph opens
    with a quotation: filler seldom tells of anybody and quotes nobody, but an extract of another article may.
    """
    chance = np.nan_to_num(1.0 / (1.0 + np.exp(-off_topic_log_odds(batch))))
    chance = np.where(_reports(batch), REPORTED * chance, chance)
    return np.where(batch.opens_with('"'), 0.5 * chance, chance)


def _spans(batch: Batch, chosen: Bools) -> Spans:
    """Whole paragraphs, without those that open with a quotation mark."""
    paragraph = np.flatnonzero(chosen & ~batch.opens_with('"'))
    return Spans.of_paragraphs(batch, paragraph)


_STORY = (
    "Work on the new town library has stopped because the roof timbers ordered in March are a metre too "
    "short, the council's surveyor told members on Monday.\n"
    "The supplier has offered to replace the timbers at no cost, but not before the end of September, and "
    "the library cannot be closed in against the winter without them.\n"
    "Councillors agreed to keep the old library in the market hall open until the new building is ready, "
    "which the surveyor now expects in May.\n"
)
_MORE = (
    "The library was to open in October. Its shelves and reading desks have been delivered and stand in a "
    "store that the council rents for four hundred pounds a month, which the surveyor said was a further "
    "reason for haste.\n"
)
_STRANGE = (
    "Cholesterol rises when the thyroid gland is slow, and doctors advise patients to have their blood "
    "tested twice before any tablets are prescribed, since diet and weight change the result."
)
_FAR = (
    "Goalkeepers who train twice a day need more protein than outfield players, and the club's striker "
    "scored his ninth goal of the season from a penalty in the derby."
)
_TIMELESS = "A sharp plane makes light work of a warped door, and a little wax on the hinges stops the noise of an old gate."
# which tell of nobody either, but of the story's matter
_ROOFS = (
    "The timbers of the roof of a library carry the weight of snow and of slates in winter.\n"
    "A library needs a roof that is dry, and timbers in the roof that do not warp in winter.\n"
)
# page furniture is off every topic, and told as such
_SIGN_UP = " Sign up for our weekly newsletter about health. You can unsubscribe at any time."
# which a tail does not make of a strange paragraph
_SHARE = " Share this article."
_RELATED = (
    "Readers who had reserved books at the new building will be able to collect them from the market hall, "
    "the council's librarian said."
)


@rule(
    "filler.off_topic",
    tier="hard",
    title="off-topic paragraph",
    message="a paragraph that has nothing to do with the rest of the text",
    why="Neither its words nor its subject occur elsewhere in the text, which otherwise keeps to its own. "
    "Farms fill pages up with pieces of other texts; ask what the paragraph does here.",
    source="own",
    unit="count",
    hits=[(_STORY + _STRANGE, [_STRANGE]), (_STORY + _STRANGE + _SHARE, [_STRANGE + _SHARE])],
    clean=[
        _STORY + _RELATED,
        _STRANGE,
        _STORY + '"' + _STRANGE + '"',
        _STORY + _STRANGE + _SIGN_UP,
        _STORY + _STRANGE + " So he said.",
    ],
    in_furniture=False,
)
def off_topic_paragraph(batch: Batch) -> Spans:
    """Paragraphs at or above the threshold that report nothing."""
    return _spans(batch, _is_strange(batch))


@once_per_batch
def _is_strange(batch: Batch) -> Bools:
    """Paragraphs off the subject without a word of somebody who did or said something; bool[paragraphs].

    Nine of twelve honest paragraphs above the threshold have one, a fifth witness or a second town; no filler of the pages made
    for the project has (docs/results.md).
    """
    return (off_topic_log_odds(batch) >= 0.0) & ~_reports(batch)


def _reports(batch: Batch) -> Bools:
    """Paragraphs with a word of somebody who did or said something; bool[paragraphs]."""
    return cue_points(batch)[1] > 0


@rule(
    "filler.astray",
    tier="soft",
    title="paragraph off the subject",
    message="a paragraph that has little to do with the rest of the text",
    why="It strays further from the subject than paragraphs of honest articles mostly do. Background, "
    "a digest of several stories or a note of the editors may do so with good reason.",
    source="own",
    unit="count",
    hits=[
        (_STORY + _MORE + _FAR, [_FAR]),
        (_STORY + _STRANGE + " So he said.", [_STRANGE + " So he said."]),
    ],
    clean=[_STORY + _RELATED, _STORY + _STRANGE, _STORY + _MORE + _FAR + _SIGN_UP],
    in_furniture=False,
)
def astray_paragraph(batch: Batch) -> Spans:
    """Paragraphs below the threshold, but not by much, and those above that report something."""
    return _spans(batch, (off_topic_log_odds(batch) >= ASTRAY) & ~_is_strange(batch))


# ---- paragraphs that tell of nobody -------------------------------------------------------------------

# Log odds of being off the subject from which a paragraph that tells of nobody is reported; words in -ed it may have
# ("related", "limited"), and the share of the other paragraphs that tell something. Chosen on the reliable articles and
# the half of the made pages that was read.
TIMELESS, ENDINGS, TELLING, SHORTEST = -5.0, 1, 0.8, 8


@once_per_batch
def _tells(batch: Batch) -> Bools:
    """Paragraphs with a figure, a name, or somebody who did or said something; bool[paragraphs]."""
    group, vocabulary = batch.paragraphs, batch.vocabulary
    opens = np.zeros(batch.token_word.size + 1, bool)
    first = batch.sentences.first[batch.sentences.filled]
    opens[first] = True
    opens[first[batch.token_kind[first] != WORD] + 1] = True
    past = (vocabulary.last(1) == ord("d")) & (vocabulary.last(2) == ord("e"))
    named = batch.token_upper & ~opens[:-1] & (batch.token_kind == WORD)
    return (
        (group.sum(named | (batch.token_kind == NUMBER)) > 0)
        | (group.sum(past[batch.token_word]) > ENDINGS)
        | (cue_points(batch)[1] > 0)
    )


@rule(
    "filler.timeless",
    tier="soft",
    title="paragraph that tells of nobody",
    message="a paragraph off the subject that tells of nobody and of no day, in a text that does",
    why="It names nobody, gives no figure and says of nobody what he did, while the rest of the text does, and it has "
    "little to do with that. So read pieces of guides and advertisements; a sentence that explains a term may read so as well.",
    source="own",
    unit="count",
    hits=[
        (_STORY + _MORE + _TIMELESS, [_TIMELESS]),
        (_STORY + _MORE + f"({_TIMELESS})", [f"({_TIMELESS})"]),
    ],
    clean=[
        _STORY + _MORE + _TIMELESS.replace("a warped", "a warped Larnsund"),
        _STORY + _MORE + _TIMELESS.replace("a little", "20 grams of"),
        _STORY + _MORE + _TIMELESS.replace("of a warped", "of a warped, cracked or painted"),
        _STORY + _MORE + _TIMELESS + " So the surveyor said.",
        _TIMELESS + "\n" + "A cellar should be dry and dark all year round.\n" * 3 + _TIMELESS,
        _STORY + _MORE + _ROOFS + _TIMELESS,
        _STORY + _RELATED,
    ],
    in_furniture=False,
)
def timeless_paragraph(batch: Batch) -> Spans:
    """Paragraphs off the subject that tell of nobody, where most others tell something."""
    group = batch.paragraphs
    tells, words = _tells(batch), batch.n_words(group)
    judged = words >= SHORTEST
    n, n_telling = (
        np.bincount(group.parent, weights=some, minlength=batch.n_documents)[group.parent]
        for some in (judged, judged & tells)
    )
    odds = off_topic_log_odds(batch)
    telling = n_telling >= TELLING * (n - 1)  # the paragraph itself tells nothing
    return _spans(batch, judged & ~tells & telling & (odds >= TIMELESS) & (odds < ASTRAY))


# ---- pieces of another register ----------------------------------------------------------------------

# Points of cues that a paragraph of another register has at least, and log odds of being off the subject from which so
# many count: three from -9, each further one lets the bound down by one, to -10; two, which one turn of speech gives,
# from -6 on. And the share of words in common with the rest of the text from which a paragraph is of its subject,
# unless it has more points than count. Chosen on half of the made and labelled pages, by group, and of the alarms in reliable texts: there
# 48 of 50 pieces found without this care still are, and 4 of 17 alarms are left; on the other half 42 of 43, and 4 of 6.
POINTS_LOW, POINTS_COUNTED, REGISTER_BOUND, TWO_BOUND = 2, 4, -6.0, -6.0
ITS_OWN = 0.3
# The same of notices: where a show is told of, its opening hours are told too. And points that a paragraph with somebody's word has
# at least: advice that the fire service gave. Both by honest notices that local papers print, made up to try it (six of 73 pieces of made
# pages have somebody's word, and four of these more points).
NOTICE_OWN, SAID_LOW = 0.11, 3


@once_per_batch
def _intrudes(batch: Batch) -> Ints:
    """Which register a paragraph speaks that is foreign to its text, -1 for none; int64[paragraphs]."""
    points, register = foreign_register(batch)
    # NaN, where nothing was judged, is below any bound
    bound = np.where(points > POINTS_LOW, REGISTER_BOUND - np.minimum(points, POINTS_COUNTED), TWO_BOUND)
    off = off_topic_log_odds(batch) >= bound
    shared = shared_words(batch)
    off &= (shared < ITS_OWN) | (points > POINTS_COUNTED)
    off &= (shared < NOTICE_OWN) | (register != REGISTERS.index("notice"))
    return np.where(off & (points >= np.where(_reports(batch), SAID_LOW, POINTS_LOW)), register, -1)


def _register_rule(register: str, *, intruder: str, at_home: str, **declaration: str) -> None:
    """A rule for one register, with a paragraph of it in a story and a text of its own as examples."""

    def find(batch: Batch) -> Spans:
        return _spans(batch, _intrudes(batch) == REGISTERS.index(register))

    find.__doc__ = f"Paragraphs of the register {register} in texts that speak otherwise."
    rule(
        f"filler.{register}",
        tier="soft",
        source="own",
        unit="count",
        hits=[(_STORY + _MORE + intruder, [intruder])],
        clean=[_STORY + _MORE + _RELATED, intruder, at_home + intruder, _STORY + _MORE + intruder + _SIGN_UP],
        in_furniture=False,
        **declaration,
    )(find)


_register_rule(
    "regulation",
    title="piece of a regulation",
    message="a paragraph in the language of law or administration in a text that speaks otherwise",
    why="It sets out who is to submit, mark or register what, in a story about something else. Farms splice pieces "
    "of directives and committee papers into news; a text about rules speaks so throughout and is left alone.",
    intruder="In view of the timbers, the draft directive on bottle crates lays down minimum requirements for "
    "handles, and crates placed on the market are to be marked with the name of the competent authority.",
    at_home="The draft directive on crates lays down minimum requirements for handles and edges.\n"
    "Each member state is to notify its competent authority, and crates are to be marked by type.\n"
    "The annexes are to be read together with the delegated act on pallets placed on the market.\n",
)
_register_rule(
    "plug",
    title="piece of shop talk",
    message="a paragraph in the language of a shop or catalogue in a text that speaks otherwise",
    why="It praises goods, colours and prices in a story about something else: an advertisement without the word. "
    "A review, a catalogue and a consumer's guide speak so throughout and are left alone.",
    intruder="Reading is twice as pleasant in a recliner with a washable cover, available in six colours from our "
    "online shop; matching cushions start at 29 pounds, and delivery is free.",
    at_home="Our armchairs come with a washable cover and are available in six colours.\n"
    "Cushions and footstools start at 29 pounds, with free delivery from our online shop.\n"
    "The recliner with memory foam comes in black and grey, machine washable and easy to clean.\n",
)
_register_rule(
    "advice",
    title="advice out of place",
    message="a paragraph of advice for house, body or purse in a text that speaks otherwise",
    why="It tells readers how to bake, prune, save or polish in a story about something else. Farms take such tips "
    "over for length; a recipe, a guide and a column of tips advise throughout and are left alone.",
    intruder="Whoever grows tomatoes should water them little and often, best in the morning, and feed them every "
    "two weeks; the stems are tied to canes, and the lower leaves must be cut back before the first frost.",
    at_home="Sow the tomatoes in pots indoors and keep the seedlings at room temperature.\n"
    "Tomatoes should be watered every two days, best in the morning, with lukewarm water.\n"
    "Prune the side shoots twice a week and spread compost or mulch over the topsoil.\n",
)
_register_rule(
    "notice",
    title="notice out of place",
    message="a paragraph of a notice board, results page or horoscope in a text that speaks otherwise",
    why="It tells of opening hours, scores or stars in a story about something else. Farms fill pages with such "
    "notices; a list of events, a match report and a digest speak so throughout and are left alone.",
    intruder="The model railway opens its doors on the first Sunday of the month between ten and four; admission is "
    "free, children under six need an adult, and the raffle has a hamper as its prize.",
    at_home="The flea market opens its gates on the first Sunday of the month; admission is free.\n"
    "The pottery course for beginners has two places left; children under twelve pay half.\n"
    "The raffle and the tombola are drawn at noon, and the guided tour on Saturday starts at the stalls.\n",
)
_register_rule(
    "nod",
    title="nod to the story",
    message="a paragraph about something else that nods to the story",
    why="It joins another matter to the story by a phrase such as «those following this may also like to know». "
    "Farms use it to hold together what has nothing in common; a digest may do so too, and does so throughout.",
    intruder="Those following the delay of the library may also like to know that lovers of old maps can take heart "
    "from a small exhibition about canals in another county.",
    at_home="In view of the fair, friends of maps may also like to know where the canals ran.\n"
    "Speaking of canals, it should be recalled that lovers of maps take an interest in locks.\n"
    "Those interested in locks may also wish to know that owners of barges are asked to note the depth.\n",
)
