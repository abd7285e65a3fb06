"""Builds quality/data/officeholders.csv and jurisdictions.csv from the shared fact tables.

    python scripts/build_officials.py [--facts ../shared/facts] [--out quality/data]

What it does, in this order: reads the fact tables; applies `CORRECTIONS`; adds the successions of
scripts/officials (format: README.txt there); writes titles as base forms
without their country ("Chinese Commerce Minister" becomes "Commerce Minister", the country is the
office's jurisdiction) and adds the forms of `ORGANISATIONS`; leaves out offices of the extended tier that
share no title with a core office of the fact tables; checks the result with the same function
that checks a table on loading; writes both files sorted, so that a rebuild changes only what changed.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import re
import sys
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from quality.lexicon import expand
from quality.officeholders import COLUMNS, JURISDICTION_COLUMNS, check_table

# Terms the fact tables lack or have wrong, written down where they are certain. Each line:
# office | person | start | end | status | ground. A line whose office, person and start exist already
# changes that row's end and status; any other line is a new row with the office's titles.
# Ground "list": the office's own published list of holders. "announced": the company's or government's
# own dated announcement.
CORRECTIONS = """
au.treasurer|Peter Costello|1996-03-11|2007-12-03||list
au.treasurer|Chris Bowen|2013-06-27|2013-09-18||list
bd.prime_minister|Khaleda Zia|2001-10-10|2006-10-29||list
bd.prime_minister|Sheikh Hasina|1996-06-23|2001-07-15||list; her first term was missing
ca.defence_minister|Bill Graham|2004-07-20|2006-02-05||list
ca.finance_minister|Paul Martin|1993-11-04|2002-06-02||list
ca.finance_minister|John Manley|2002-06-02|2003-12-11||list
ca.finance_minister|Ralph Goodale|2003-12-12|2006-02-05||list
ca.on.finance_minister|Jim Flaherty|2001-02-08|2002-04-14||list; bears the title of the federal office
ca.foreign_minister|Bill Graham|2002-01-16|2004-07-19||list
ca.foreign_minister|David Emerson|2008-05-27|2008-10-29||list
ca.foreign_minister|Lawrence Cannon|2008-10-30|2011-05-18||list
cn.vice_premier|Li Lanqing|1993-03-29|2003-03-17||list
cn.vice_premier|Qian Qichen|1993-03-29|2003-03-17||list
cn.vice_premier|Wu Bangguo|1995-03-17|2003-03-17||list
company.general_motors.ceo|Fritz Henderson|2009-03-30|2009-12-01||announced
company.general_motors.ceo|Ed Whitacre|2009-12-01|2010-09-01||announced
company.google.ceo|Larry Page|1998-09-04|2001-08-06||announced; first term was missing
company.kroger.ceo|Ron Sargent|2025-03-03||acting|announced
company.oracle.ceo|Safra Catz|2014-09-18|2025-09-22||announced; one of two
company.oracle.ceo|Mark Hurd|2014-09-18|2019-09-11||announced; one of two
company.oracle.ceo|Clay Magouyrk|2025-09-22|||announced; one of two
company.oracle.ceo|Mike Sicilia|2025-09-22|||announced; one of two
company.peloton.ceo|Peter Stern|2025-01-01|||announced
company.procter_gamble.ceo|A. G. Lafley|2000-06-08|2009-06-30||announced; first term was missing
company.procter_gamble.ceo|Bob McDonald|2009-07-01|2013-05-23||announced
company.procter_gamble.ceo|Shailesh Jejurikar|2026-01-01|||announced 2025-07-28
company.starbucks.ceo|Howard Schultz|1987-08-01|2000-06-01||announced; first term was missing
company.starbucks.ceo|Orin Smith|2000-06-01|2005-03-31||announced
company.starbucks.ceo|Jim Donald|2005-03-31|2008-01-07||announced
company.target.ceo|Brian Cornell|2014-08-12|2026-01-31||announced 2025-08-20
company.target.ceo|Michael Fiddelke|2026-02-01|||announced 2025-08-20
company.twitter.ceo|Jack Dorsey|2007-05-01|2008-10-16||announced; first term was missing
company.walmart.ceo|John Furner|2026-02-01|||announced 2025-11-14
company.wells_fargo.ceo|Allen Parker|2019-03-28|2019-10-21|acting|announced
company.yahoo.ceo|Jerry Yang|2007-06-18|2009-01-13||announced
company.yahoo.ceo|Carol Bartz|2009-01-13|2011-09-06||announced
company.yahoo.ceo|Scott Thompson|2012-01-04|2012-05-13||announced
de.defence_minister|Rudolf Scharping|1998-10-27|2002-07-18||list
de.defence_minister|Peter Struck|2002-07-19|2005-11-22||list
de.defence_minister|Franz Josef Jung|2005-11-22|2009-10-28||list
de.economy_minister|Wolfgang Clement|2002-10-22|2005-11-22||list
de.economy_minister|Michael Glos|2005-11-22|2009-02-10||list
de.economy_minister|Karl-Theodor zu Guttenberg|2009-02-10|2009-10-28||list
de.economy_minister|Rainer Brüderle|2009-10-28|2011-05-12||list
de.economy_minister|Philipp Rösler|2011-05-12|2013-12-17||list
de.nrw.finance_minister|Peer Steinbrück|2000-02-22|2002-11-05||list; bears the title of the federal office
de.interior_minister|Otto Schily|1998-10-27|2005-11-22||list
de.interior_minister|Wolfgang Schäuble|2005-11-22|2009-10-28||list
de.interior_minister|Thomas de Maizière|2009-10-28|2011-03-03||list; first term was missing
de.interior_minister|Hans-Peter Friedrich|2011-03-03|2013-12-17||list
de.sn.interior_minister|Thomas de Maizière|2004-11-11|2005-11-22||list; bears the title of the federal office
eg.president|Adly Mansour|2013-07-04|2014-06-08|acting|list
fr.finance_minister|Arnaud Montebourg|2014-04-02|2014-08-25||list; economy minister beside Sapin
fr.finance_minister|Emmanuel Macron|2014-08-26|2016-08-30||list; economy minister beside Sapin
eu.council_secretary_general|Javier Solana|1999-10-18|2009-12-01||list; bears a title he had before
fr.foreign_minister|Alain Juppé|1993-03-30|1995-05-18||list; first term was missing
gr.prime_minister|Kostas Karamanlis|2004-03-10|2009-10-06||list
gr.prime_minister|George Papandreou|2009-10-06|2011-11-11||list
gr.prime_minister|Lucas Papademos|2011-11-11|2012-05-16||list
gr.prime_minister|Alexis Tsipras|2015-01-26|2015-08-27||list; first term was missing
hu.prime_minister|Viktor Orbán|1998-07-06|2002-05-27||list; first term was missing
hu.prime_minister|Péter Medgyessy|2002-05-27|2004-09-29||list
hu.prime_minister|Ferenc Gyurcsány|2004-09-29|2009-04-14||list
hu.prime_minister|Gordon Bajnai|2009-04-14|2010-05-29||list
ie.taoiseach|Bertie Ahern|1997-06-26|2008-05-07||list
ie.taoiseach|Brian Cowen|2008-05-07|2011-03-09||list
il.defence_minister|Shaul Mofaz|2002-11-04|2006-05-04||list
il.defence_minister|Amir Peretz|2006-05-04|2007-06-18||list
il.defence_minister|Ehud Barak|2007-06-18|2013-03-18||list
il.defence_minister|Benjamin Netanyahu|2018-11-18|2019-11-08||list
il.foreign_minister|Tzipi Livni|2006-01-18|2009-03-31||list
il.foreign_minister|Avigdor Lieberman|2009-03-31|2012-12-18||list
il.foreign_minister|Avigdor Lieberman|2013-11-11|2015-05-06||list
il.foreign_minister|Israel Katz|2019-02-17|2020-05-17||list; first term was missing
il.foreign_minister|Gabi Ashkenazi|2020-05-17|2021-06-13||list
in.defence_minister|Jaswant Singh|2001-03-18|2001-10-21||list
in.finance_minister|P. Chidambaram|1996-06-01|1998-03-19||list; first term was missing
in.finance_minister|Yashwant Sinha|1998-03-19|2002-07-01||list
in.home_minister|Shivraj Patil|2004-05-22|2008-11-30||list
in.home_minister|P. Chidambaram|2008-11-30|2012-07-31||list
jp.chief_cabinet_secretary|Kaoru Yosano|2007-08-27|2007-09-26||list
jp.chief_cabinet_secretary|Nobutaka Machimura|2007-09-26|2008-09-24||list; the cabinet left on 24 September
jp.chief_cabinet_secretary|Takeo Kawamura|2008-09-24|2009-09-16||list
jp.chief_cabinet_secretary|Hirofumi Hirano|2009-09-16|2010-06-08||list
jp.chief_cabinet_secretary|Yukio Edano|2011-01-14|2011-09-02||list
jp.foreign_minister|Yoriko Kawaguchi|2002-02-01|2004-09-27||list
jp.foreign_minister|Taro Aso|2005-10-31|2007-08-27||list
jp.foreign_minister|Masahiko Kōmura|2007-09-26|2008-09-24||list
jp.foreign_minister|Katsuya Okada|2009-09-16|2010-09-17||list
jp.meti_minister|Yuko Obuchi|2014-09-03|2014-10-21||list
jp.meti_minister|Yoichi Miyazawa|2014-10-21|2015-10-07||list
jp.meti_minister|Motoo Hayashi|2015-10-07|2016-08-03||list
kr.president|Han Duck-soo|2024-12-14|2024-12-27|acting|list
kr.president|Choi Sang-mok|2024-12-27|2025-03-24|acting|list
kr.president|Han Duck-soo|2025-03-24|2025-05-01|acting|list
kr.president|Lee Ju-ho|2025-05-02|2025-06-04|acting|list
mx.finance_secretary|Francisco Gil Díaz|2000-12-01|2006-11-30||list
mx.finance_secretary|Agustín Carstens|2006-12-01|2009-12-09||list
mx.finance_secretary|José Antonio González Anaya|2017-11-27|2018-11-30||list
mx.finance_secretary|Carlos Urzúa|2018-12-01|2019-07-09||list
pk.prime_minister|Yousaf Raza Gilani|2008-03-25|2012-06-19||list
pk.prime_minister|Raja Pervaiz Ashraf|2012-06-22|2013-03-24||list
pk.prime_minister|Nawaz Sharif|2013-06-05|2017-07-28||list
pk.prime_minister|Shahid Khaqan Abbasi|2017-08-01|2018-05-31||list
pl.president|Aleksander Kwaśniewski|1995-12-23|2005-12-23||list
pl.president|Lech Kaczyński|2005-12-23|2010-04-10||list
pl.president|Bronisław Komorowski|2010-08-06|2015-08-06||list
pl.prime_minister|Jarosław Kaczyński|2006-07-14|2007-11-16||list
ru.finance_minister|Anton Siluanov|2011-09-27|2011-12-16|acting|list; acting before confirmed
ru.president|Vladimir Putin|1999-12-31|2000-05-07|acting|list; acting after Yeltsin resigned
tr.finance_minister|Kemal Unakıtan|2002-11-18|2009-05-01||list
tr.finance_minister|Mehmet Şimşek|2009-05-01|2015-11-24||list; first term was missing
tr.finance_minister|Naci Ağbal|2015-11-24|2018-07-10||list
tr.foreign_minister|Abdullah Gül|2003-03-14|2007-08-28||list
tr.foreign_minister|Ali Babacan|2007-08-29|2009-05-01||list
tr.foreign_minister|Ahmet Davutoğlu|2009-05-01|2014-08-28||list
us.ia.governor|Terry Branstad|1983-01-14|1999-01-15||list; first terms were missing
us.nj.governor|Phil Murphy|2018-01-16|2026-01-20||list; the source ends his term on the day he was elected again
us.nj.governor|Mikie Sherrill|2026-01-20|||list
us.pr.governor|Pedro Pierluisi|2021-01-02|2025-01-02||list
us.pr.governor|Jenniffer González-Colón|2025-01-02|||list
us.va.governor|Glenn Youngkin|2022-01-15|2026-01-17||list
us.va.governor|Abigail Spanberger|2026-01-17|||list
us.al.attorney_general|Jeff Sessions|1995-01-16|1997-01-03||list; bears the title of the federal office
us.ca.agriculture_secretary|Ann Veneman|1995-07-01|1999-01-04||list; bears the title of the federal office
us.cdc_director|Anne Schuchat|2017-01-20|2017-07-07|acting|list
us.cdc_director|Anne Schuchat|2018-01-31|2018-03-26|acting|list
us.defense_secretary|Richard Spencer|2019-07-15|2019-07-23|acting|list
us.education_secretary|Mick Zais|2021-01-08|2021-01-20|acting|list; DeVos left on 8 January
us.fbi_director|Brian Driscoll|2025-01-20|2025-02-21|acting|list
us.fcc_chair|Michael Powell|2001-01-22|2005-03-17||list
us.fcc_chair|Kevin Martin|2005-03-18|2009-01-20||list
us.fcc_chair|Julius Genachowski|2009-06-29|2013-05-17||list
us.fcc_chair|Mignon Clyburn|2013-05-18|2013-11-04|acting|list
us.fda_commissioner|Stephen Ostroff|2015-04-01|2016-02-25|acting|list
us.fda_commissioner|Stephen Ostroff|2017-01-20|2017-05-11|acting|list
us.fda_commissioner|Norman Sharpless|2019-04-05|2019-11-01|acting|list
us.fda_commissioner|Brett Giroir|2019-11-01|2019-12-17|acting|list
us.fl.attorney_general|Pam Bondi|2011-01-04|2019-01-08||list; bears the title of the federal office
us.ftc_chair|Maureen Ohlhausen|2017-01-25|2018-05-01|acting|list
us.ftc_chair|Rebecca Slaughter|2021-01-21|2021-06-15|acting|list
us.jcs_chairman|Christopher Grady|2025-02-21|2025-04-12|acting|list
us.md.labor_secretary|Thomas Perez|2007-01-17|2009-10-08||list; bears the title of the federal office
us.wh_economic_adviser|Kevin Hassett|2020-03-20|2020-07-01||announced; adviser for some months
us.nasa_administrator|Christopher Scolese|2009-01-20|2009-07-17|acting|list
us.nasa_administrator|Robert Lightfoot|2017-01-20|2018-04-23|acting|list
us.nasa_administrator|Steve Jurczyk|2021-01-20|2021-05-03|acting|list
us.sec_chair|Laura Unger|2001-02-09|2001-08-03|acting|list
us.sec_chair|Michael Piwowar|2017-01-23|2017-05-04|acting|list
us.sec_chair|Elad Roisman|2020-12-24|2021-01-20|acting|list
us.sec_chair|Allison Herren Lee|2021-01-21|2021-04-17|acting|list
us.cia_director|Michael Morell|2011-07-01|2011-09-06|acting|list
us.cia_director|Meroë Park|2017-01-20|2017-01-23|acting|list
us.fbi_director|Thomas Pickard|2001-06-25|2001-09-04|acting|list
us.transportation_secretary|Mary Peters|2006-10-17|2009-01-20||list; sworn in on 17 October
"""

# Rows that a correction above replaces with another start: office | person | start.
REMOVED = {
    ("us.education_secretary", "Mick Zais", "2021-01-07"),
    ("us.transportation_secretary", "Mary Peters", "2006-09-30"),
}

# Offices that the structured source has a second time, with other spellings of the same people.
TWICE = {
    "gb.secretary_of_state_for_international_trade",  # gb.trade_secretary
    "us.director_of_the_cia",  # us.cia_director
    "us.director_of_the_fbi",  # us.fbi_director
}

# Offices of the fact tables that scripts/officials has in full.
REPLACED = (
    "gb.chief_secretary_to_the_treasury",
    "gb.secretary_of_state_for_education",
    "in.chief_minister_of_",
    "ru.minister_of_energy",
)

# The day up to which the successions of scripts/officials are known.
WRITTEN = "2025-06-30"

# Offices new in CORRECTIONS: jurisdiction and titles.
NEW_OFFICES = {
    "ca.on.finance_minister": ("CA", "Finance Minister"),
    "de.nrw.finance_minister": ("DE", "Finance Minister"),
    "de.sn.interior_minister": ("DE", "Interior Minister"),
    "eu.council_secretary_general": ("EU", "Secretary{ ,-}General"),
    "us.ca.agriculture_secretary": ("US-CA", "Agriculture Secretary"),
    "us.md.labor_secretary": ("US-MD", "Labor Secretary"),
    "us.wh_economic_adviser": ("US", "{White House,top} economic {adviser,advisor}"),
    "us.al.attorney_general": ("US-AL", "Attorney General"),
    "us.fl.attorney_general": ("US-FL", "Attorney General"),
}

# Offices of the extended tier whose whole succession was looked through and found without a hole.
LOOKED_THROUGH = re.compile(r"us\.\w\w\.governor")
# The day up to which they were.
LOOKED_ON = "2025-12-01"

# More people hold these at once than the fact table says, or their terms rightly overlap.
SEATS = {
    "company.oracle.ceo": "2",
    "us.omb_director": "n",  # Mulvaney kept the title while Vought acted, 2019-2020
}

# Offices whose jurisdiction is a part of the country that the fact table gives.
HOMES = {"gb.scotland_first_minister": "GB-SCT"}

# Other names of persons, as news writes them.
ALIASES = {
    "Abdel Fattah el-Sisi": "Abdel Fattah al-Sisi|Abdel Fattah el-Sissi|Abdel-Fattah al-Sissi",
    "Andrii Sybiha": "Andriy Sybiha|Andrii Sybiga|Andriy Sybiga",
    "Bruno Ferrari García de Alba": "Bruno Ferrari",
    "Charles F. Conner": "Chuck Conner",
    "Eduardo Sojo Garza-Aldape": "Eduardo Sojo",
    "Ernesto Cordero Arroyo": "Ernesto Cordero",
    "Fernando Henrique Cardoso": "Henrique Cardoso",
    "Jim Yong Kim": "Jim Kim",
    "José Antonio Meade Kuribreña": "José Antonio Meade",
    "José Manuel Barroso": "José Manuel Durão Barroso",
    "Luis Videgaray Caso": "Luis Videgaray",
    "Mohamed Morsi": "Mohammed Morsi|Mohamed Mursi|Mohammed Mursi",
    "Mohammad Javad Zarif": "Mohammed Javad Zarif|Mohammad Zarif",
    "Oleksandr Syrskyi": "Oleksandr Syrsky|Oleksandr Syrskiy",
    "Oleksii Reznikov": "Oleksiy Reznikov",
    "Oleksiy Honcharuk": "Oleksii Honcharuk",
    "Prayut Chan-o-cha": "Prayuth Chan-ocha|Prayuth Chan-o-cha|Prayut Chan-ocha",
    "Sarah Huckabee Sanders": "Sarah Sanders",
    "Shehbaz Sharif": "Shahbaz Sharif",
    "Sheikh Hasina": "Sheikh Hasina Wajed",
    "Sri Mulyani Indrawati": "Sri Mulyani",
    "Sylvia Burwell": "Sylvia Mathews Burwell|Sylvia M. Burwell",
    "Tedros Adhanom Ghebreyesus": "Tedros Ghebreyesus",
    "Valerii Zaluzhnyi": "Valery Zaluzhny|Valerii Zaluzhny|Valeriy Zaluzhnyi",
    "Volodymyr Groysman": "Volodymyr Hroysman",
}

# Titles too vague to say which office is meant, or the title of another office.
DROPPED_TITLES = {
    "army chief", "australian finance minister", "central bank chief", "chinese leader", "monarch",
    "north korean leader", "top trade negotiator", "trade negotiator", "x ceo",
}  # fmt: skip

# Offices of an organisation: its names and the names of the post, from which all surface forms follow.
ORGANISATIONS = {
    "au.rba_governor": ("RBA,Reserve Bank of Australia,Reserve Bank", "Governor,chief,boss,head"),
    "br.bcb_president": ("Central Bank of Brazil,Brazilian central bank", "President,chief,head,governor"),
    "ca.boc_governor": ("Bank of Canada,BoC", "Governor,chief,head"),
    "ch.snb_chairman": ("SNB,Swiss National Bank", "Chairman,President,chief,head"),
    "cn.ndrc_chairman": ("NDRC,National Development and Reform Commission", "Chairman,head,chief,director"),
    "cn.pboc_governor": ("PBOC,People's Bank of China,Chinese central bank", "Governor,chief,head"),
    "de.bundesbank_president": ("Bundesbank", "President,chief,head,boss"),
    "eu.commission_president": ("European Commission,EU Commission,Commission", "President,chief,head"),
    "eu.council_president": ("European Council,EU Council", "President,chief,head"),
    "eu.ecb_president": ("ECB,European Central Bank", "President,chief,head,boss"),
    "eu.eurogroup_president": ("Eurogroup", "President,chief,chairman,head"),
    "eu.parliament_president": ("European Parliament,EU Parliament", "President,chief,speaker,head"),
    "fr.bdf_governor": ("Bank of France,Banque de France", "Governor,chief,head"),
    "gb.boe_governor": ("Bank of England,BoE", "Governor,chief,boss,head"),
    "iaea.director_general": ("IAEA,International Atomic Energy Agency", "Director General,chief,head"),
    "iea.executive_director": ("IEA,International Energy Agency", "Executive Director,chief,head"),
    "imf.managing_director": ("IMF,International Monetary Fund", "Managing Director,chief,head,boss"),
    "in.rbi_governor": ("RBI,Reserve Bank of India,Reserve Bank", "Governor,chief,head"),
    "it.bank_governor": ("Bank of Italy", "Governor,chief,head"),
    "jp.boj_governor": ("BOJ,Bank of Japan", "Governor,chief,head"),
    "nato.secretary_general": ("NATO", "Secretary General,chief,head,boss"),
    "oecd.secretary_general": ("OECD", "Secretary General,chief,head"),
    "ohchr.high_commissioner": (
        "UN,U.N.",
        "High Commissioner for Human Rights,human rights chief,rights chief",
    ),
    "opec.secretary_general": ("OPEC", "Secretary General,chief,head"),
    "ru.cbr_governor": ("Bank of Russia,Central Bank of Russia,Russian central bank", "Governor,chief,head"),
    "tr.cbrt_governor": ("Central Bank of Turkey,Turkish central bank", "Governor,chief,head"),
    "un.secretary_general": ("UN,U.N.,United Nations", "Secretary General,General Secretary,chief,head"),
    "us.cdc_director": ("CDC,Centers for Disease Control and Prevention", "Director,chief,head"),
    "us.cea_chair": ("CEA,Council of Economic Advisers", "Chair,Chairman,Chairwoman,head"),
    "us.cia_director": ("CIA,Central Intelligence Agency", "Director,chief,head,boss"),
    "us.epa_administrator": ("EPA,Environmental Protection Agency", "Administrator,chief,head,boss"),
    "us.fbi_director": ("FBI,Federal Bureau of Investigation", "Director,chief,head,boss"),
    "us.fcc_chair": ("FCC,Federal Communications Commission", "Chair,Chairman,Chairwoman,head"),
    "us.fda_commissioner": ("FDA,Food and Drug Administration", "Commissioner,chief,head"),
    "us.fed_chair": (
        "Fed,Federal Reserve,Federal Reserve Board",
        "Chair,Chairman,Chairwoman,chief,boss,head",
    ),
    "us.ftc_chair": ("FTC,Federal Trade Commission", "Chair,Chairman,Chairwoman,head"),
    "us.nasa_administrator": ("NASA", "Administrator,chief,head,boss"),
    "us.nec_director": (
        "NEC,National Economic Council,White House National Economic Council",
        "Director,head",
    ),
    "us.niaid_director": ("NIAID,National Institute of Allergy and Infectious Diseases", "Director,head"),
    "us.omb_director": ("OMB,Office of Management and Budget", "Director,chief,head"),
    "us.sec_chair": ("SEC,Securities and Exchange Commission", "Chair,Chairman,Chairwoman,chief,head"),
    "who.director_general": ("WHO,World Health Organization", "Director General,chief,head,boss"),
    "worldbank.president": ("World Bank", "President,chief,head,boss"),
    "wto.director_general": ("WTO,World Trade Organization", "Director General,chief,head,boss"),
}
ALL_OF = "{ORG}{,'s} {POST}|{POST} of {,the }{ORG}"
# Titles that stand without the organisation once it is known, where few others bear them.
BARE = {
    "au.rba_governor ca.boc_governor cn.pboc_governor fr.bdf_governor gb.boe_governor in.rbi_governor"
    " it.bank_governor jp.boj_governor ru.cbr_governor tr.cbrt_governor": "Governor"
    "|central bank {governor,head,chief}",
    "br.bcb_president ch.snb_chairman": "central bank {president,chairman,head,chief}",
    "un.secretary_general nato.secretary_general oecd.secretary_general"
    " opec.secretary_general": "Secretary{ ,-}General",
    "who.director_general wto.director_general iaea.director_general": "Director{ ,-}General",
    "imf.managing_director": "Managing Director",
    "us.epa_administrator us.nasa_administrator": "Administrator",
    "eu.commission_president eu.council_president": "EU chief",
    "us.cea_chair us.nec_director": "{White House,top,chief} economic {adviser,advisor}",
}

# Further base forms of some titles, wherever the first one is a title of an office.
ALSO = {
    "prime minister": "Premier|PM",
    "chief minister": "CM",
    "finance minister": "Minister {of,for} Finance",
    "economy minister": "Minister of {,the }Economy|Minister for Economic Affairs|Economics Minister",
    "foreign minister": "Minister {of,for} Foreign Affairs|Foreign Affairs Minister",
    "defence minister": "Defense Minister|Minister {of,for} {,National }{Defence,Defense}",
    "interior minister": "Minister of {,the }Interior",
    "commerce minister": "Minister of Commerce",
    "energy minister": "Minister of Energy",
    "trade minister": "Minister {of,for} Trade",
    "treasury secretary": "Secretary of Treasury|Treasury {head,boss}",
    "defense secretary": "{Defence,War} Secretary|Defense chief|Secretary of Defence|Pentagon {boss,head}",
    "defence secretary": "Secretary of State for Defence|{Defence,Defense} Minister|Defense Secretary",
    "foreign secretary": "Secretary of State for Foreign Affairs|Foreign Minister",
    "home secretary": "Secretary of State for the Home Department|Interior Minister",
    "health secretary": "Secretary of State for Health|Health Minister",
    "chancellor of the exchequer": "Finance Minister",
    "trade representative": "trade {chief,czar}|{top,chief} {,US ,U.S. }trade negotiator",
    "labor secretary": "Labour Secretary|Secretary of Labour",
    "housing secretary": "Secretary of Housing",
    "homeland security secretary": "{Homeland Security,DHS} {chief,head}"
    "|Department of Homeland Security {Secretary,head}",
    "veterans affairs secretary": "{VA,Veterans Affairs} {chief,head}",
    "national security adviser": "National Security Advisor"
    "|Assistant to the President for National Security Affairs",
    "director of national intelligence": "national intelligence chief|intelligence director|DNI",
    "secretary of state": "{US,U.S.,American} top diplomat",
    "white house budget director": "White House budget chief|Budget chief",
    "attorney general": "Attorney-General",
    "senate majority leader": "Majority Leader|Majority Leader {of,in} the Senate",
    "chairman of the joint chiefs of staff": "Joint Chiefs {Chair,of Staff Chairman}"
    "|{Chairman,Chair} of the Joint Chiefs",
    "ambassador to the united nations": "{UN,U.N.,United Nations} Ambassador|Ambassador to the {UN,U.N.}"
    "|envoy to the United Nations",
    "ceo": "chief executive|chief executive officer|chief exec|boss",
    "eu trade commissioner": "European Commissioner for Trade|EU trade boss|Commissioner for Trade",
    "eu competition commissioner": "Competition Commissioner|Commissioner for Competition",
    "eu economy commissioner": "{Economy,Economic,Economics} Commissioner",
    "eu brexit negotiator": "chief Brexit negotiator|Brexit negotiator",
    "eu foreign policy chief": "{EU,European Union}{,'s} foreign policy chief|EU diplomacy chief"
    "|High Representative{, for Foreign Affairs}",
    "vice premier": "Vice-Premier|Deputy Premier",
    "vice president": "Vice-President",
    "trade secretary": "Secretary of State for {International Trade,Business and Trade}|Trade Minister",
    "external affairs minister": "Minister for External Affairs",
    "first minister of scotland": "First Minister",
    "taoiseach": "Prime Minister|Premier|PM",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--facts", type=Path, default=here.parent / "shared" / "facts")
    parser.add_argument("--out", type=Path, default=here / "quality" / "data")
    options = parser.parse_args()

    facts = read(options.facts / "officeholders.csv")
    more, written = successions(here / "scripts" / "officials", facts)
    places = jurisdictions(read(options.facts / "jurisdictions.csv") + more, facts)
    rows = corrected([r for r in facts if not r["office"].startswith(REPLACED)])
    telling = {r["office"] for r in rows if r["tier"] == "core"}
    rows += written
    forms = {p["jurisdiction"]: [p["name"], *p["adjectives"].split("|")] for p in places}
    titles = {office: base_titles(office, listed, forms) for office, listed in titles_by_office(rows).items()}
    for row in rows:
        row["aliases"] = aliases(row["person"], row["aliases"])
        row["seats"] = SEATS.get(row["office"], row["seats"])
        if LOOKED_THROUGH.fullmatch(row["office"]):
            row |= {"tier": "core", "asof": max(LOOKED_ON, row["start"])}
        row["jurisdiction"] = HOMES.get(row["office"], row["jurisdiction"])
        row["confidence"] = row["confidence"] or "medium"
    rows.sort(key=lambda r: (r["office"], r["start"], r["person"]))
    kept = useful(titles, telling) | {r["office"] for r in written}
    rows = [r for r in rows if r["office"] in kept]
    seen: set[str] = set()
    for row in rows:  # titles stand once per office
        row["titles"] = "" if row["office"] in seen else "|".join(titles[row["office"]])
        seen.add(row["office"])
    check_table(rows, places)
    write(options.out / "officeholders.csv", COLUMNS, rows)
    write(options.out / "jurisdictions.csv", JURISDICTION_COLUMNS, places)
    offices = {r["office"] for r in rows if r["tier"] == "core"}
    print(
        f"{len(rows)} terms, {sum(r['tier'] == 'core' for r in rows)} of them core in {len(offices)} offices",
        file=sys.stderr,
    )


def useful(titles: dict[str, list[str]], core: set[str]) -> set[str]:
    """Core offices, and those others that share a title with one: they tell who else may be meant."""
    spoken = {
        office: {form.lower() for title in listed for form in expand(title)}
        for office, listed in titles.items()
    }
    shared = set().union(*(spoken[office] for office in core))
    return {office for office in spoken if spoken[office] & shared}


def successions(
    folder: Path, facts: list[dict[str, str]]
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Jurisdictions and terms written down in a folder of successions; its README.txt tells the format.

    A term is of high confidence where the fact tables have the same person begin within a week.
    """
    begun: dict[str, list[date]] = {}
    for row in facts:
        begun.setdefault(row["person"], []).append(date.fromisoformat(row["start"]))
    known = {row["office"]: row for row in facts}
    places: list[dict[str, str]] = []
    rows: list[dict[str, str]] = []
    for path in sorted(set(folder.glob("*.txt")) - {folder / "README.txt"}):
        more, offices = offices_in(path)
        places += more
        for office, place, titles, terms in offices:
            like = known.get(office, {"titles": "", "seats": "1", "jurisdiction": place})
            for start, end, person, status in terms:
                agreed = any(abs((date.fromisoformat(start) - d).days) <= 7 for d in begun.get(person, []))
                rows.append(
                    dict.fromkeys(("aliases", "note"), "")
                    | {
                        "person": person,
                        "office": office,
                        "titles": "|".join(filter(None, (titles, like["titles"]))),
                        "seats": like["seats"],
                        "jurisdiction": like["jurisdiction"],
                        "start": start,
                        "end": end,
                        "status": status,
                        "asof": max(WRITTEN, start),
                        "tier": "core",
                        "confidence": "high" if agreed else "medium",
                    }
                )
    return places, rows


def offices_in(
    path: Path,
) -> tuple[list[dict[str, str]], list[tuple[str, str, str, list[tuple[str, str, str, str]]]]]:
    """Jurisdictions of a file, and each of its offices with jurisdiction, titles and terms."""
    places: list[dict[str, str]] = []
    offices: list[tuple[str, str, str, list[tuple[str, str, str, str]]]] = []
    head: list[str] = []
    listed: list[str] = []
    for line in [*path.read_text("utf8").splitlines(), "= end"]:
        line = line.partition("#")[0].strip()
        if line.startswith("+ "):
            key, name, names = (cell.strip() for cell in line[2:].split("|", 2))
            places.append({"jurisdiction": key, "name": name, "adjectives": names})
        elif line.startswith("= "):
            if head:
                office, place, titles = head
                offices.append((office, place, further_forms(titles, place), list(terms_of(office, listed))))
            head, listed = [cell.strip() for cell in line[2:].split("|", 2)], []
        elif line:
            listed += [term.strip() for term in line.split(";")]
    return places, offices


def terms_of(office: str, listed: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """Start, end, person and status of the terms of one office; see scripts/officials/README.txt."""
    for term, following in itertools.pairwise([*listed, ""]):
        written = re.fullmatch(r"(\d{4}-\d\d(?:-\d\d)?) (.+)", term)
        if written is None:
            raise ValueError(f"{office}: cannot read {term!r}; a term is a day or month and a name")
        day, people = written.groups()
        if people == "-":
            continue
        end = following.partition(" ")[0]
        if end and end <= day:
            raise ValueError(f"{office}: {following!r} stands after {term!r}; terms go by time")
        if len(end) == 7:
            end += f"-{monthrange(*map(int, end.split('-')))[1]}"
        for person in people.split(" & "):
            status = "acting" if person.endswith(" (acting)") else ""
            yield day if len(day) == 10 else f"{day}-01", end, person.removesuffix(" (acting)"), status


def further_forms(titles: str, place: str) -> str:
    """Titles with the other ways to write them: "Minister of X" beside "X Minister", and so on."""
    found: list[str] = []
    for title in filter(None, titles.split("|")):
        names, colon, posts = title.removeprefix("@").partition(":")
        if title.startswith("@") and colon:
            found += ALL_OF.replace("ORG", names).replace("POST", posts).split("|")
            continue
        found.append(title)
        if title.endswith(" Minister") and not re.search(r"\b(?:Chief|Prime|First) Minister$", title):
            found.append(f"Minister {{of,for}} {{,the }}{title.removesuffix(' Minister')}")
        if title.endswith(" Secretary") and place.startswith("GB"):
            found.append(f"Secretary of State for {title.removesuffix(' Secretary')}")
        if title.endswith(" Cabinet Secretary"):
            found.append(f"Cabinet Secretary for {{,the }}{title.removesuffix(' Cabinet Secretary')}")
    return "|".join(found)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf8", newline="") as handle:
        return list(csv.DictReader(handle))


def write(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def corrected(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows with `CORRECTIONS` applied; fails where a correction is already true of the fact table."""
    rows = [
        r for r in rows if (r["office"], r["person"], r["start"]) not in REMOVED and r["office"] not in TWICE
    ]
    known = {(r["office"], r["person"], r["start"]): r for r in rows}
    model = {r["office"]: r for r in rows}
    names = {r["person"]: r["aliases"] for r in rows}
    for line in CORRECTIONS.strip().splitlines():
        office, person, start, end, status, _ground = line.split("|")
        row = known.get((office, person, start))
        if row is not None:
            if (row["end"], row["status"]) == (end, status):
                raise ValueError(f"correction no longer needed, take it out: {line}")
            row |= {"end": end, "status": status}
            continue
        place, titles = NEW_OFFICES.get(office, ("", ""))
        like = model.get(
            office,
            {"jurisdiction": place, "titles": titles, "seats": "1", "tier": "extended", "asof": "2025-12-01"},
        )
        known_as = names.get(person, "")
        rows.append(
            dict(
                like,
                person=person,
                aliases=known_as,
                office=office,
                start=start,
                end=end,
                status=status,
                confidence="medium",
            )
        )
    return rows


def jurisdictions(places: list[dict[str, str]], rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The table of jurisdictions with the states and companies that the office table names."""
    known = {p["jurisdiction"] for p in places}
    states = {
        r["jurisdiction"]: r["titles"].split("|")[0].removeprefix("Governor of ")
        for r in rows
        if r["jurisdiction"].startswith("US-")
    }
    companies = {
        r["jurisdiction"]: company_names(r["titles"])
        for r in rows
        if r["jurisdiction"].startswith("company:")
    }
    more = [{"jurisdiction": k, "name": v, "adjectives": v} for k, v in states.items()]
    more += [
        {"jurisdiction": k, "name": k.removeprefix("company:"), "adjectives": "|".join(v)}
        for k, v in companies.items()
    ]
    return places + sorted(
        (m for m in more if m["jurisdiction"] not in known), key=lambda m: m["jurisdiction"]
    )


def company_names(titles: str) -> list[str]:
    """Names of a company in its titles: those before "CEO", except the one-letter name X."""
    names = [t.removesuffix(" CEO") for t in titles.split("|") if t.endswith(" CEO")]
    return [n for n in names if len(n) > 1]


def titles_by_office(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    listed: dict[str, list[str]] = {}
    for row in rows:
        for title in row["titles"].split("|"):
            if title and title not in listed.setdefault(row["office"], []):
                listed[row["office"]].append(title)
    return listed


def base_titles(office: str, listed: list[str], forms: dict[str, list[str]]) -> list[str]:
    """Surface forms of an office's title without its country; braces and commas as in a phrase list."""
    if office.startswith("company."):
        return ["CEO", *ALSO["ceo"].split("|")]
    found = [without_country(t, forms) for t in listed if t.lower() not in DROPPED_TITLES]
    if office == "gb.trade_secretary":  # its successor has the wider title
        found.remove("Business Secretary")
    if office in ORGANISATIONS:
        names, posts = ORGANISATIONS[office]
        posts = re.sub(r"(Secretary|Director) General", r"\1 General,\1-General", posts)
        found = [t for t in found if not any(n.lower() in t.lower() for n in names.split(","))]
        found += ALL_OF.replace("ORG", names).replace("POST", posts).split("|")
    found += [form for offices, bare in BARE.items() if office in offices.split() for form in bare.split("|")]
    found += [other for title in found for other in ALSO.get(title.lower(), "").split("|") if other]
    first = {title.lower(): title for title in reversed(found)}
    return [title for title in dict.fromkeys(found) if first[title.lower()] == title]


def without_country(title: str, forms: dict[str, list[str]]) -> str:
    """ "Chinese Commerce Minister" to "Commerce Minister"; titles of organisations stay whole."""
    keep = (
        "EU",
        "European",
        "UN",
        "U.N.",
        "NATO",
        "WTO",
        "IMF",
        "WHO",
        "IAEA",
        "OECD",
        "OPEC",
        "IEA",
        "Hong Kong",
    )
    if title.startswith(keep) or re.search(
        r"\b(Bank|Reserve|Party|Washington|United Nations|European)\b", title
    ):
        return title
    for names in forms.values():
        for name in sorted((n for n in names if n), key=len, reverse=True):
            for pattern in (
                rf"{re.escape(name)}('s)? (?=\w)",
                rf"(?<=\w) of {re.escape(name)}$",
                rf"(?<=\w) of the {re.escape(name)}$",
            ):
                shorter = (
                    re.sub(pattern, "", title, count=1)
                    if re.match(pattern, title) or pattern.endswith("$")
                    else title
                )
                if shorter != title:
                    return shorter
    return title


def aliases(person: str, listed: str) -> str:
    """Other names, without forms that hold a title or that matching makes by itself."""
    known = [a for a in listed.split("|") if a and not re.match(r"(Premier|Pope|Sir|Queen|King|Dr) ", a)]
    known += ALIASES.get(person, "").split("|")
    return "|".join(dict.fromkeys(a for a in known if a and a != person))


if __name__ == "__main__":
    main()
