"""Sound short news with a horoscope spliced in: a kind of filler that the shipped model does not know.

Made for the tests, by slots. The sentences and stories to learn from are others than those to check with.
"""

from __future__ import annotations

import random

PLACES = "Aldmoor Brenfield Carrow Dunmere Eastlow Farnholt Gresby Hallam Inverleck Jarrow Kelby Larne Mossgate".split()
SIGNS = "Aries Taurus Gemini Cancer Leo Virgo Libra Scorpio Sagittarius Capricorn Aquarius Pisces".split()
PLANETS = "Mercury Venus Mars Jupiter Saturn Neptune Uranus Pluto".split()

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
    "{sign} will find that patience pays off this week, as {planet} moves into the house of friendship.",
    "With {planet} rising, those born under {sign} should trust their intuition in matters of the heart.",
    "A chance meeting may bring {sign} luck in love before the full moon.",
    "{sign}: your ruling planet {planet} favours bold steps, and money worries will ease by the weekend.",
    "{planet} in retrograde asks {sign} to slow down and to listen to an old friend.",
    "Your lucky number is {n} and your lucky colour is blue, so let the stars guide you.",
    "The new moon opens a door for {sign}, but do not let jealousy cloud your heart.",
    "Singles born under {sign} may feel a spark when {planet} meets the moon.",
    "For {sign} the stars promise harmony at home and a pleasant surprise at work.",
    "A tender word from a {sign} could change your destiny, if your heart is open.",
    "Astrologers see {planet} lending {sign} energy, and romance is in the air.",
    "{sign} and {sign2} make a lucky pair this week, as the stars smile on partnership.",
)
UNSEEN = (
    "The stars ask {sign} to be patient in love, for {planet} still has a surprise in its house.",
    "{planet} brings {sign} energy and luck, and your heart will know what to do under the new moon.",
    "{sign}: trust your intuition, since the moon favours friendship and romance this weekend.",
    "Those born under {sign} may meet their destiny when {planet} is rising; your lucky number is {n}.",
    "As {planet} leaves retrograde, harmony returns to {sign}, and money worries will fade.",
    "A {sign} with an open heart should let the stars guide a bold step at work.",
)


def sound(k: int, *, unseen: bool = False) -> dict[str, object]:
    """The k-th story as it was."""
    return _row(k, unseen, horoscope=False)


def spliced(k: int, *, unseen: bool = False) -> dict[str, object]:
    """The k-th story with two paragraphs of horoscope among its own."""
    return _row(k, unseen, horoscope=True)


def _row(k: int, unseen: bool, *, horoscope: bool) -> dict[str, object]:
    chance = random.Random(f"{k} {unseen}")
    stories = STORIES[N_TO_LEARN:] if unseen else STORIES[:N_TO_LEARN]
    place, other = chance.sample(PLACES, 2)
    fill = {"place": place, "other": other, "n": chance.randint(2, 9), "m": chance.randint(12, 48)}
    parts = [(p.format(**fill), "content") for p in stories[k % len(stories)]]
    if horoscope:
        lines = chance.sample(UNSEEN if unseen else LEARNT, 4)
        for pair in (lines[:2], lines[2:]):
            told = [line.format(**_signs(chance)) for line in pair]
            parts.insert(chance.randint(1, len(parts)), (" ".join(told), "filler"))
    name = f"{'check' if unseen else 'learn'}-{k}-{'horoscope' if horoscope else 'sound'}"
    return {
        "id": name,
        "text": "\n\n".join(text for text, _ in parts),
        "label": "unreliable" if horoscope else "reliable",
        "kind": "horoscope" if horoscope else "sound_news",
        "paragraph_labels": [role for _, role in parts],
        "group": f"{'check' if unseen else 'learn'}-{k}",
        "source": "made for the tests",
        "annotator": "maker",
        "licence": "CC0-1.0",
    }


def _signs(chance: random.Random) -> dict[str, object]:
    one, two = chance.sample(SIGNS, 2)
    return {"sign": one, "sign2": two, "planet": chance.choice(PLANETS), "n": chance.randint(2, 9)}
