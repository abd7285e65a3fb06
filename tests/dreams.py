"""Sound short news with a dream book spliced in: a kind of filler that the shipped model does not know.

Made for the tests, by slots. The sentences and stories to learn from are others than those to check with.
"""

from __future__ import annotations

import random

PLACES = "Aldmoor Brenfield Carrow Dunmere Eastlow Farnholt Gresby Hallam Inverleck Jarrow Kelby Larne Mossgate".split()
THINGS = (
    "a black swan", "a broken mirror", "a burning ladder", "a crown of thorns", "a drowned bell", "an empty cradle", "a golden key",
    "a headless horse", "a locked well", "an owl at noon", "a silver snake", "a talking fish", "a tooth of glass", "a white moth",
)  # fmt: skip

# Stories: paragraphs with {place}, {other}, {n} and {m} to fill in.
STORIES = (
    (
        "{place} council voted {n} to 4 on Tuesday to mend the footbridge over the mill race before winter.",
        "The bridge was closed in March after an inspector found rot in two of its oak beams. Walkers have had to go "
        "round by {other}, a detour of {m} minutes.",
        "The work will cost £{n}8,000, of which the county pays half, the council's treasurer told the meeting.",
        "\"We looked at steel and it was dearer,\" said the councillor who moved the motion. \"Oak lasts if it is kept "
        "dry.\"",
        "Two firms have been asked for prices. The work is to begin on 4 September and to take five weeks.",
    ),
    (
        "The ferry between {place} and {other} will sail {n} times a day from Monday, twice more than last summer.",
        "The operator said that {m}00 passengers a day had been turned away in July because the boats were full.",
        "A second crew of six has been hired on one-year contracts and has finished its safety training, according to "
        "the harbour master.",
        "Fares stay as they are. A single ticket costs £3.40, and children under five travel free.",
        "The last boat of the day leaves {other} at 21:15, half an hour later than now.",
    ),
    (
        "Teachers at the two schools of {place} have called off a strike that was to begin on Thursday.",
        "The union said that {m} of its {m}9 members had accepted an offer of 4.2 per cent, backdated to April.",
        "\"It is less than we asked for and more than we were told there was,\" its branch secretary said after the count.",
        "The head teacher wrote to parents on Wednesday that lessons would be held as usual, and that the trip to {other} "
        "would go ahead.",
        "Pay is to be talked about again in {n} months.",
    ),
    (
        "A fire in a joinery at {place} was put out early on Sunday without anyone being hurt.",
        "Crews from {other} and three other stations were called at 2.10 am and stayed for {n} hours, the fire service "
        "said.",
        "The roof of the workshop fell in, and {m} tonnes of timber were lost. A house next door was emptied for the night.",
        "The owner, who employs {n} people, said that orders would be finished in a borrowed workshop.",
        "An inspector will look at the wiring on Monday. There is no sign that the fire was set.",
    ),
    (
        "The library at {place} lent {m},400 books last year, the most since it opened in 1974.",
        "Figures given to the county's culture committee show that loans to children rose by {n} per cent.",
        "The librarian puts it down to longer hours: since January the doors have been open until eight on two evenings.",
        "{other}, which cut its hours, lent fewer books than the year before.",
        "The committee will decide in October whether to pay for the evenings for another year. They cost £{n},200.",
    ),
    (
        "Water in {place} is fit to drink again, the health office said on Friday, {n} days after it told people to boil it.",
        "Bacteria had been found in {n} of {m} samples after heavy rain washed soil into a spring above the village.",
        "The utility has put in a filter and flushed {m} kilometres of pipe. It will take samples daily until the end of "
        "the month.",
        "\"We should have been told a day earlier,\" said a baker in the high street, who had bought in water from {other}.",
        "Nobody is known to have fallen ill, according to the district's doctor.",
    ),
    (
        "{place} Rovers beat {other} {n}-1 on Saturday and are now third in the county league.",
        "The visitors led after ten minutes from a corner that nobody cleared, and held on until half-time.",
        "Three goals in a quarter of an hour settled it after the break. The second was a free kick from {m} metres.",
        "The referee showed four yellow cards. The captain of {other} left the pitch with a strained calf.",
        "Some {m}0 people watched. Rovers are away next week, at the side that stands last.",
    ),
    (
        "Farmers around {place} have brought in {n} per cent less barley than last year, their association reports.",
        "A dry May and hail on 12 June are to blame, it says. Fields towards {other} were hit hardest.",
        "Prices make up for some of it: a tonne of malting barley fetched £{m}4 at the last sale, up from £{m}1.",
        "\"The straw is short too, and I have {m} head of cattle to bed,\" said a grower with 90 hectares.",
        "Insurers have counted {n}0 claims for hail. Most will be paid by the end of the year.",
    ),
)  # fmt: skip
N_TO_LEARN = 5  # stories to learn from; the others are to check with

LEARNT = (
    "To dream of {thing} foretells a letter from someone the dreamer has long forgotten.",
    "A dreamer who sees {thing} and {thing2} in one night is about to be forgiven, the old dream books say.",
    "{Thing} in a dream stands for a wish that the sleeper has not dared to speak aloud.",
    "If {thing} turns to ashes in the dream, it is an omen of envy; if it shines, of a happy marriage.",
    "Dreaming of {thing} that breaks means that a secret will come out before the next full moon.",
    "Those who dream of {thing} are told by the ancients to expect sorrow first and joy afterwards.",
    "In the language of dreams {thing} is the soul, and {thing2} the fear that follows it.",
    "A sleeper who is chased by {thing} will wake to good fortune, for nightmares mean their opposite.",
    "{Thing} seen from afar is a good omen; held in the hand it foretells a quarrel with a loved one.",
    "When {thing} speaks to the dreamer, its words are a warning and should not be told before noon.",
    "The dream of {thing} returns on three nights to those whose heart hides an unspoken longing.",
    "Old interpreters read {thing} as a symbol of rebirth and {thing2} as a symbol of jealousy.",
)
UNSEEN = (
    "A dream of {thing} foretells joy, and the dreamer will soon be reconciled with a loved one.",
    "Seen in a nightmare, {thing} means the opposite: an omen of good fortune and of a happy marriage.",
    "{Thing} stands for longing in the old dream books, and {thing2} for a secret of the heart.",
    "To dream that {thing} is lost foretells sorrow, yet the sleeper wakes to forgiveness.",
    "The ancients told a dreamer who sees {thing} to expect a warning before the full moon.",
    "As a symbol of the soul {thing} visits sleepers whose wish has never been spoken aloud.",
)


def sound(k: int, *, unseen: bool = False) -> dict[str, object]:
    """The k-th story as it was."""
    return _row(k, unseen, omens=False)


def spliced(k: int, *, unseen: bool = False) -> dict[str, object]:
    """The k-th story with two paragraphs of omens among its own."""
    return _row(k, unseen, omens=True)


def _row(k: int, unseen: bool, *, omens: bool) -> dict[str, object]:
    chance = random.Random(f"{k} {unseen}")
    stories = STORIES[N_TO_LEARN:] if unseen else STORIES[:N_TO_LEARN]
    place, other = chance.sample(PLACES, 2)
    fill = {"place": place, "other": other, "n": chance.randint(2, 9), "m": chance.randint(12, 48)}
    parts = [(p.format(**fill), "content") for p in stories[k % len(stories)]]
    if omens:
        lines = chance.sample(UNSEEN if unseen else LEARNT, 4)
        for pair in (lines[:2], lines[2:]):
            told = [line.format(**_things(chance)) for line in pair]
            parts.insert(chance.randint(1, len(parts)), (" ".join(told), "filler"))
    name = f"{'check' if unseen else 'learn'}-{k}-{'dreams' if omens else 'sound'}"
    return {
        "id": name,
        "text": "\n\n".join(text for text, _ in parts),
        "label": "unreliable" if omens else "reliable",
        "kind": "dream_book" if omens else "sound_news",
        "paragraph_labels": [role for _, role in parts],
        "group": f"{'check' if unseen else 'learn'}-{k}",
        "source": "made for the tests",
        "annotator": "maker",
        "licence": "CC0-1.0",
    }


def _things(chance: random.Random) -> dict[str, object]:
    one, two = chance.sample(THINGS, 2)
    return {"thing": one, "Thing": one[0].upper() + one[1:], "thing2": two}
