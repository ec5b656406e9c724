"""What identifies a person by its form alone, in any text: addresses, numbers, dates, and names after a title.

Each pattern is replaced by one private character for its kind, so that no later pattern can match inside it, and so
that replacements can be told from brackets that people typed. Where a pattern cannot tell a harmless text from a
personal one, it takes it: too much is lost is better than too little.
"""

import yaml

from schemas import REDACTION

WORDS = yaml.load(REDACTION.read_text(encoding="utf-8"), yaml.CSafeLoader)

NAME, SCHOOL, EMAIL, PHONE, POSTCODE, WEB, NUMBER, DATE, CODE, TRUST, PLACE = (chr(0xE001 + i) for i in range(11))
PLACEHOLDERS = {
    NAME: "[name]",
    SCHOOL: "[school]",
    EMAIL: "[email address]",
    PHONE: "[phone number]",
    POSTCODE: "[postcode]",
    WEB: "[web address]",
    NUMBER: "[number]",
    DATE: "[date]",
    CODE: "[code]",
    TRUST: "[trust]",
    PLACE: "[place]",
}
UNDERSCORE = chr(0xE010)  # stands in for `_`, which regular expressions take for a letter
ANY_MARK = f"[{NAME}-{PLACE}]"

_AREAS = "|".join(sorted(WORDS["postcode_areas"].split(), key=len, reverse=True))
_MONTHS = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_ENDINGS = "(?:com|org|net|edu|gov|info|uk|eu|ie|wales|cymru|scot|london|example|test|invalid)"
_CAPITAL = r"\p{Lu}[\p{L}'-]+"
_PARTICLE = r"(?:(?i:de|da|del|van|der|den|von|la|le|du|bin|ibn|al|el)[ -])*"
_SURNAME = rf"{_PARTICLE}{_CAPITAL}"
# "Mrs" and what follows it, as far as capitals go: initials, names, particles.
_FULL_NAME = rf"(?:\p{{Lu}}\.? ?)*{_SURNAME}(?: {_SURNAME})*"
_AT = r"(?:[(\[{] ?at ?[)\]}]| at )"
_DOT = r"(?:[(\[{] ?dot ?[)\]}]| dot )"
_TITLES = "Mr|Mrs|Ms|Mx|Dr|Prof|mr|mrs|ms|mx|dr|prof|MR|MRS|DR"
_TITLES_AND_WORDS = "Miss|MISS|Professor|Sir|Dame|Lord|Lady|Revd?|Reverend|Father|Fr|Sister|Canon|Pastor|Imam|Rabbi"
_TITLES_AND_WORDS += "|Monsignor|Mgr|Deacon|PC|Sgt|Sergeant|Inspector|Cllr|Councillor|Uncle|Auntie|Aunty|Aunt"
_ROLES = (
    "head ?teacher|head|deputy(?: head)?|principal|ceo|chair|governor|send?co|coach|supervisor|facilitator|manager"
    "|teacher|colleague|name|signed|from|by|contact"
)

# In the order in which they are applied: an address must go before the number or name in it.
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"(?i)[\p{L}\p{N}._%+'-]+ ?@ ?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+", EMAIL),
    # jane (at) school (dot) org
    (rf"(?i)[\p{{L}}\p{{N}}._%+-]+ ?{_AT} ?[\p{{L}}\p{{N}}-]+(?: ?{_DOT} ?\p{{L}}+)+", EMAIL),
    (r"""(?i)\b(?:https?://|ftp://|www\.)[^\s"'<>«»\[\]]+""", WEB),
    (rf"(?i)\b(?:[\p{{L}}\p{{N}}-]+\.)+{_ENDINGS}\b(?:[/:?#]\S*)?", WEB),
    (r"(^|[^\p{L}\p{N}])@[\p{L}\p{N}_.]{2,}", "${1}" + WEB),
    # Telephone numbers: international, or 10 to 11 digits that begin with 0, however they are grouped. Before dates and
    # internet addresses, which a group of dotted digits may look like.
    (r"(?:\+|\b00)\d(?:[\s().-]{0,3}\d){7,14}(?:\s?(?i:x|ext\.?)\s?\d+)?", PHONE),
    (r"(^|[^\p{N}])\(?0(?:[\s().-]{0,3}\d){9,10}\b(?:\s?(?i:x|ext\.?)\s?\d+)?", "${1}" + PHONE),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", WEB),
    (r"(?i)\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:)+(?::[0-9a-f]{1,4})+", WEB),
    # National Insurance numbers: two letters, three pairs of digits, A to D.
    (r"(?i)\b[a-z]{2}[ -]?(?:\d{2}[ -]?){3}[a-d]\b", NUMBER),
    (rf"(?i)\b(?:{_AREAS})\d[a-z\d]?[\s-]{{0,2}}\d[abd-hjlnp-uw-z]{{2}}\b|\bgir ?0aa\b", POSTCODE),
    # Whole dates: of birth, or of something that others remember.
    (r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})\b|\b(?:19|20)\d{2}[/.-]\d{1,2}[/.-]\d{1,2}\b", DATE),
    (rf"(?i)\b\d{{1,2}}(?:st|nd|rd|th)? ?(?:of )?{_MONTHS},? ?(?:19|20)\d{{2}}\b", DATE),
    (rf"(?i)\b{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}\b", DATE),
    # NHS, card, teacher reference and account numbers, and anything else that is long enough to be one of its kind.
    (r"\b\d{3}[ -]\d{3}[ -]\d{4}\b|\b\d(?:[ -]?\d){8,}\b|\b\d{2}/\d{5}\b|\b\d{5,}\b", NUMBER),
    # Mr and the like take the next word in any case; titles that are also words need a capital after them.
    (rf"\b({_TITLES})\.? (?:{_FULL_NAME}|{_PARTICLE}\p{{L}}{{2}}[\p{{L}}'-]*)", "${1} " + NAME),
    (rf"\b({_TITLES_AND_WORDS})\.? {_FULL_NAME}", "${1} " + NAME),
    (rf"\b((?i:{_ROLES}) ?[:=] ?){_FULL_NAME}", "${1}" + NAME),
    (rf"\b((?i:my name is|(?:is|was|am|are|be) called|(?:is|was) named) ){_FULL_NAME}", "${1}" + NAME),
    (rf"\b((?i:regards|thanks|thank you|cheers|wishes|love|yours)[,.!]*\s*\n\s*){_FULL_NAME}\s*$", "${1}" + NAME),
)
