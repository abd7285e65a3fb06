"""Whether the words around an official's name tell of the past, or of a work, rather than of the text's day.

A text may name whoever held an office once: in what that person did, left, wrote or received then. News
says so by grammar more often than by date: the name hangs on a thing that lasts ("letters to", "a rule
issued by"), stands in a clause that is only background ("which X signed", "because X refused"), or the
verb is in the pluperfect ("X had promised"). What the person does on the day itself reads otherwise: the
subject of the sentence, a day of the week, a coming action, a word of speech, a meeting.
"""

from __future__ import annotations

import re

BESIDE = 40  # characters looked at on either side of a mention
GOVERNOR = 240  # characters before a mention among which the word that governs it may stand

_MONTHS = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
# Works, their makers and where they are shown.
_WORK = (
    r"(?:novels?(?! corona| virus)|films?|movies?|documentar\w+|dramas?|musicals?|museum|songs?|cartoons?|ballads?"
    r"|murals?|poems?|(?:the|this|that|his|her|their|new|latest) book(?! fair| club)|the author)"
)
# A sentence that holds one of these speaks of another time, or of a work: nothing in it alarms.
_ELSEWHEN = re.compile(
    r"\b(?:the late|erstwhile|(?:years?|decades?) (?:ago|earlier|before|after|later|on)|(?:weeks|months) after the"
    r"|(?:generation|century|long) ago|remains? in (?:force|effect)|still (?:stands|applies)|\w+-era"
    r"|removed from (?:office|their|his|her)|forced (?:out|to (?:step down|resign|quit))"
    r"|last (?:century|decade)|the (?:19|20)?\d0s|back (?:in|when|then)|at the time|those (?:days|weeks|months|years)"
    r"|of that time|serv(?:ed|ing) (?:as|under)|under (?:Presidents?|Prime Ministers?|Chancellor) \w+"
    r"|first[- ]term|first administration|tenure|died|funeral|burial|buried"
    r"|memorial|eulog\w+|obituar\w+|posthumous\w*|memoirs?|autobiograph\w+|biograph\w+"
    r"|biopics?|sketch|starring|played by|portray\w*|portraits?|statue|plaque|archives?|historians?|reminisc\w+|alumn\w+"
    r"|spoof|satir\w+|impersonat\w+|impression of|fiction\w*|imagin(?:e|ed|ary)|hypothetical|if elected"
    r"|when\b[^.]{0,80}\b(?:ran|led|headed|oversaw)"
    # before and since
    r"|ever since|to this day|outli(?:ve[sd]?|ving)|outlast\w*|forg[oe]t\w*|would later|later became"
    r"|(?:after|since|before) s?he (?:fell|left|lost|quit|resigned|retired|was (?:fired|ousted|sacked))"
    r"|(?:ha[sd]|have) since|by the time|took office|came to office|in office|under (?:him|her)"
    r"|that (?:year|summer|winter|spring|autumn|decade|era)|if\b[^.]{0,60}\bhad"
    r"|(?<!at )once (?:told|said|was|had|held|ran|led|met|sat|stood|gave|wrote|made|kept|\w+ed)"
    r"|during the (?:pandemic|crisis|war|lockdown|recession|crash|outbreak|strike|invasion)"
    r"|used to|in hindsight|for (?:\w+ ){1,2}(?:years|decades) s?he"
    # books, plays, records and slips
    r"|comes? across as|villains?|the (?:tale|plot|playwright|narrator|heroine?)|myth"
    r"|(?:photo\w*|pictures?|footage|papers|notes|diar(?:y|ies)|minutes|logs|records)\b[^.,]{0,40}\bshow(?:s|ed)?"
    r"|in (?:his|her|their) (?:account|telling)|(?:best|opening|closing|final|\w+(?:st|nd|rd|th)) (?:scene"
    r"|chapter|episode)|earlier version|misstated|misidentified|misspelled|wrong (?:first )?(?:name|title|year|date))\b"
    # entries of a timeline
    rf"|^\W*on stage\b|(?:^|[.;]\s)\W{{0,3}}(?:(?:day|week|month|year) \d+|{_MONTHS}(?: \d\d?)?)\s?[:–—]",
    re.IGNORECASE,
)
# These do so where nothing says that the sentence is of the day: what is to come has durations and authors, too.
_PERHAPS_ELSEWHEN = re.compile(
    r"\b(?:predecessors?|successors?|the (?:last|only) time"
    r"|(?:for|within|lasted|lasting|after) (?:\w+ )?(?:two|three|four|five|six|seven|eight|nine|ten|several|many|\d\d?)"
    r" (?:years|decades)"
    r"|(?:at|from|until) the (?:height|start|peak|outbreak|end) of|(?:early|first|last|dying|final) (?:days|weeks|months) of"
    r"|(?:inquiry|inquest|review|audit|report|investigation|watchdog) (?:blame[sd]?|fault(?:s|ed)|clear(?:s|ed))"
    rf"|{_WORK})\b",
    re.IGNORECASE,
)
# A work named first holds whoever follows, whenever it comes out: "a film about X opens on Monday".
_IN_A_WORK = re.compile(rf"\b{_WORK}\b", re.IGNORECASE)
# These do so only right beside the mention: others are appointed, resign and die, too.
_JUST_BEFORE = re.compile(
    r"\b(?:(?:appoint|nominat|pick|tapp|choos|chos|hir|nam|replac|succeed|fir|dismiss|sack|oust|remember"
    r"|recall)\w*(?: by)?|(?:death|legacy|departure|resignation|dismissal|firing|successor|term|time|days) of"
    r"|play(?:s|ed|ing)?|pos(?:es?|ed|ing) as|impersonat(?:es?|ed|ing)|pretend(?:s|ed|ing)? to be|vs?\.|than|since|until|when|[Ii]t (?:was|took)(?: not [^,]{1,40} but)?"
    r"|(?:once|first|originally|initially|previously) \w+(?:ed|ew|ook|ought|old|ent|ave|ame|aw))"
    r"(?: the| a| [A-Z][\w.'’]*){0,2}\s*$"
)
_JUST_AFTER = re.compile(
    r"^ of (?:the|a|our) (?:[\w']+ ){0,3}(?:club|society|association|committee|branch|choir|band|league|parish|union|university|college|school|foundation)\b"
    r"|^,? (?:a |the |who is a )?(?:former|ex-|then\b(?! an?\b)|one-?time|longtime)"
    r"|^,?(?: who)?(?:['’]s)? ?(?:has |have |had |was |is )?(?:since )?"
    r"(?:resign\w*|step\w* down|quit\w*|retir\w*|die[sd]|dead|death|departure|legacy|funeral|tenure|successor"
    r"|predecessor|days?|time|years|reign|watch|fall|downfall|ouster|exit|era|once|(?:in)?famously|leaves office"
    r"|left (?:office|the (?:post|job|administration|government|department|cabinet|White House|Treasury|Fed|bank"
    r"|company))|dismissal|firing|served|back then)\b"
    r"|^(?:, (?:who )?|,? (?:who )?(?:was|is|has been|had been)(?: \w+)? )"
    r"(?:fired|sacked|ousted|dismissed|replaced|remembered)"
    r"(?:[,.;]| (?:in|by|for|from|as|on|over|last|after|when|amid)\b)|^ ran\b"
)
ROLL = 4  # semicolons from which a sentence is a roll of names, mostly of several times (alumni, laureates)

# Names and small words on the way from a word to the mention that it governs: "to Secretary A and Secretary B".
_RUN = r"(?:[,\s]+(?:the|a|an|both|of|and|[A-Z][\w.'’&-]*)){0,12}?[,\s]*$"
_WITH = re.compile(rf"\b[Ww]ith{_RUN}")
# Days of the news, and what is yet to come.
_LATELY = re.compile(
    r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|today|tonight|tomorrow|yesterday"
    r"|this (?:week|month|morning|afternoon|evening|year)|last (?:week|month|night))\b",
    re.IGNORECASE,
)
COMING = re.compile(
    r"\b(?:will|(?:is|are|was|were) (?:slated|due|set|expected|scheduled|to|planning|preparing)|plans? to"
    r"|going to|next (?:week|month))\b"
)
# Participles, roughly.
_DONE = r"\w+(?:ed|en|un|ung|ut|lt|nt|ld|ught|wn|ade|aid|et)"
# Verbs that tell of now, whoever their subject is.
_UNDER_WAY = re.compile(
    rf"(?:\b(?:is|are)|['’]s|['’]re) (?:\w+ )?\w+ing\b|\b(?:has|have) {_DONE}\b"
    r"|\b(?:goes|comes|flies|heads|won['’]t|may|might|must|can|can(?:['’]|no)t|should)\b"
)
# Company kept on the day: whom one meets, hears and travels with is there.
_COMPANY = (
    r"(?:m[ee]t|meet(?:s|ing|ings)?|talks|spoke|speak\w*|sat|sits?|stood|stand\w*|listen\w*|discuss\w*|negotiat\w*"
    r"|talked|talking|huddled|joined|led|headed|chaired|hosted|greeted|welcomed|received|flanked|accompanied|attended|represented"
    r"|introduced|according|spokes\w+|next|call\w*|appear\w*|travel\w*|c[ao]mes?|office)"
)
# What parts words is none of their characters: else a run of apostrophes could be cut in very many ways.
_IN_COMPANY = re.compile(
    rf"\b{_COMPANY}\b[\w'’]*(?:[^\w'’]+[\w'’]+){{0,4}}?[^\w'’]+(?:of|by|to|with|between|for|from|beside|alongside|on){_RUN}"
)
_DOING = re.compile(
    r"^(?:['’]s? (?:\w+ )?(?:office|spokes\w+)|,? (?:who|whose \w+))? ?(?:also |now |still |again |\w+ly )?"
    r"(?:is|are|has|have|will|can|may|must|does|says?|said|told|tells|warns?|warned|announce[sd]?|signal+ed|signals"
    r"|add(?:s|ed)|insist(?:s|ed)|argue[sd]?|urge[sd]?|called|calls|wants|hopes|plans|plays|flies|meets|arrive[sd]?)\b"
)
# The same of any verb: the one named does something.
_ACTING = re.compile(
    r"^(?:, (?:who|which))? (?:also |now |still |again |then |\w+ly )?(?:[a-z]+(?:ed|ing|(?<![ius])s)|said|told|met|will|would|went|came"
    r"|gave|made|took|spoke|wrote|flew|held|led|put|sent|kept|began|stood|rose|sat|saw|heard|found|let|had|can|could|did|does)\b"
)
# What an officer did at a time not told, "was disbanded by Secretary X": as likely long ago. Days of the week tell.
_DONE_BY = re.compile(
    rf"\b(?:was|were|been) (?:\w+ly )?(?!{_COMPANY}\b){_DONE}(?: up| out| off| down| over)? by{_RUN}"
)
# The same beside a noun, "a rule drafted by X": such things last, and the day of the news is not theirs.
_MADE_BY = re.compile(
    rf"(?<!\bwas)(?<!\bwere)(?<!\bbeen)\s(?!{_COMPANY}\b)(?:{_DONE} (?:\w+ \w+ )?(?:by|under)|(?:agre|sign)ed with){_RUN}|^\W*{_DONE}(?: \w+){{0,2}} by{_RUN}"
)
_LASTING = (
    r"(?:rules?|orders?|memos?|memorandum|letters?|e-?mails?|messages?|telegrams?|subpoenas?|lawsuits?|suits?"
    r"|cases?|evidence|testimony|recordings?|tapes?|transcripts?|photo\w*|pictures?|decisions?|rulings?"
    r"|polic(?:y|ies)|directives?|grants?|medals?|awards?|bids?|plans?|papers|notes|diar(?:y|ies)|files|laws?"
    r"|bans?|contracts?|deals?|agreements?|treat(?:y|ies)|cuts?|reforms?|seats?|jobs?|words|lessons?|backing"
    r"|signature|visits?|speech(?:es)?|aide|adviser)"
)
_LASTING_OF = re.compile(
    rf"\b(?i:{_LASTING})(?: (?!c[ao]mes?\b)\w+){{0,2}} (?:of|by|from|to|with|between|against|beside|under){_RUN}"
)
_LASTING_OWNED = re.compile(rf"^(?: \w+)? {_LASTING}\b")
_SENDING = re.compile(r"\b(?:sen[dt]|sends|sending|wrote|writ\w+|submit\w*|deliver\w*|address\w*)\b")
_OBLIQUE = re.compile(
    r"(?:(?<!\S)[a-z][\w'’-]*,? (?:of|from|to|with|beside|between|under|against|about|for|like|unlike|on|through|behind)"
    rf"|^\W*(?:Of|From|To|With|Beside|Between|Under|Against|About|For|Like|Unlike|On|Through|Behind)){_RUN}"
)
_BACKGROUND = re.compile(
    r"(?:\b(?:[Ww]hich|[Ww]hom|[Hh]ow|[Ww]hy|[Ww]hat|[Ww]here|[Bb]ecause|[Aa]fter|[Bb]efore|[Ww]hen"
    r"|the (?:day|week|month|year|night|morning|summer|winter|spring|autumn|fall|moment))"
    rf"|\b[a-z]+ that){_RUN}"
)
# "that" after a word of speech or thought leads to what is told, not to what a thing is known by.
_TOLD_THAT = re.compile(
    r"\b(?:sa(?:id|ys?|ying)|told|tell\w*|wrote|writ\w+|kn[eo]w\w*|found|hop\w+|believ\w*|think\w*|thought|sure|clear"
    r"|report\w*|announc\w*|claim\w*|warn\w*|complain\w*|confirm\w*|argu\w*|declar\w*|insist\w*|suggest\w*|alleg\w*"
    r"|not\w*|show\w*|learn\w*|fear\w*|news|fact|word|view|so|but|and|narrative|idea|signs?)"
    rf"(?: (?!rule|law|order|deal|plan|ban)[\w'’]+){{0,5}} that{_RUN}|\w+ed that{_RUN}"
)
# Markets and people react at once: what they react to is of the day, too.
_REACTION = re.compile(
    r"\b(?:rose|rises?|fell|falls?|rallied|climb\w*|slid|drop\w*|jump\w*|slip\w*|gain\w*|surg\w*|c[ao]mes?|erupt\w*)"
    rf"(?: \w+){{0,3}} after{_RUN}"
)
_PLUPERFECT = re.compile(r"^ had (?!to\b|no\b|a\b|an\b|the\b|not\b)(?:\w+ )?\w+")
# The future seen from the past: "promised forty bridges, and this was to be one of them".
_FORESEEN = re.compile(
    r"^ (?:promised|pledged|vowed|announced|foresaw|planned)\b[^;]{0,120}?\b(?:was|were) to (?:be|have been) (?:one|the|among|part|an?)\b"
)
_WAS = re.compile(rf"\bwas{_RUN}")
_HAD_DONE = re.compile(rf"\bhad(?: [a-z]+){{1,3}}{_RUN}|\bHad{_RUN}")


def tells_of_past(before: str, mention: str, after: str) -> bool:
    """Whether a sentence, cut into what stands before a mention, it and the rest, says itself that it is of another time."""
    sentence = before + mention + after
    return (
        _ELSEWHEN.search(sentence) is not None
        or _IN_A_WORK.search(before) is not None
        or (_PERHAPS_ELSEWHEN.search(sentence) is not None and not is_of_the_day(sentence))
        or _JUST_BEFORE.search(before[-BESIDE:]) is not None
        or _JUST_AFTER.search(after[:BESIDE]) is not None
        or sentence.count(";") >= ROLL
    )


def acts(after: str) -> bool:
    """Whether who was named right before does something: a verb follows, with "who" or without."""
    return _ACTING.search(after) is not None


def is_of_the_day(sentence: str) -> bool:
    """Whether a sentence tells of a day of the news, or of what is yet to come."""
    return COMING.search(sentence) is not None or _LATELY.search(sentence) is not None


def is_background(before: str, mention: str, after: str) -> bool:
    """Whether the mention hangs on something of the past, or its clause is background to another one.

    So may be named who was no longer in office, for what lasts; who was not there yet may not.
    """
    sentence = before + mention + after
    before = before[-GOVERNOR:]
    lately = _LATELY.search(sentence) is not None
    doing = _DOING.search(after) is not None
    ahead = doing or COMING.search(sentence) is not None
    if (
        _PLUPERFECT.search(after)
        or _HAD_DONE.search(before)
        or _DONE_BY.search(before)
        or _WAS.search(before)
    ):
        return not lately
    if _FORESEEN.search(after):
        return not lately
    if mention.endswith(("'s", "’s", "s'", "s’")) and not (lately or ahead or _UNDER_WAY.search(sentence)):
        return _LASTING_OWNED.search(after) is not None or " still " in after
    if _MADE_BY.search(before):
        return not ahead
    if _LASTING_OF.search(before):
        return not (ahead or after.startswith(" would") or _SENDING.search(before))
    if _OBLIQUE.search(before):
        beside = (
            _IN_COMPANY.search(before)
            or _UNDER_WAY.search(sentence)
            or (_WITH.search(before) and re.match(r" \w+ing\b", after))
        )
        return not (lately or ahead or beside)
    if _BACKGROUND.search(before) and not _TOLD_THAT.search(before):
        return not (ahead or _REACTION.search(before) or _LATELY.search(after))
    return False
