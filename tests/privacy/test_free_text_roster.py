"""No name, school, address or code of a roster survives in free text, in any of the forms that people give them.

The roster is synthetic. Its names are unlike any word, so that a part of one in the output is a leak for certain.
"""

import itertools
import unicodedata
from urllib.parse import quote

import polars as pl
import pytest

from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.redaction import redact

FIRST = ["Quillonia", "Zoë-Ánna", "Ødger", "Siân", "Xanthippe", "Þórdís", "Brünhilde", "Mbali", "Thandiwekazi", "Jyoti"]
LAST = ["Brackthwaite", "O’Hoolihandt", "MacSprocket", "de la Vrenière", "van den Blorck", "Fitz-Gribble", "Nguyễnova"]
PEOPLE = [f"{first} {last}" for first, last in zip(FIRST, itertools.cycle(LAST), strict=False)]
SCHOOLS = [
    "Grobblewick Primary School",
    "St Swithbert's Church of England (VA) Primary School",
    "The Snorkleby Academy",
    "Our Lady of Plumthorpe R.C. Junior School",
    "Ysgol Gynradd Llanwffyn",
    "Tribbleford & Vexham Federation",
]
CODES = ["HT-0042", "XK/99-Z", "p.brack7"]
FORMS = {
    "as it is": lambda n: n,
    "capitals": str.upper,
    "small letters": str.lower,
    "without accents": lambda n: n.translate(str.maketrans("ëáØøâóíüèễ’", "eaOoaoiuee'")),
    "straight apostrophe": lambda n: n.replace("’", "'"),
    "no apostrophe": lambda n: n.replace("’", "").replace("'", ""),
    "possessive": lambda n: n + "’s",
    "possessive, straight": lambda n: n + "'s",
    "surname first": lambda n: ", ".join(reversed(n.split(" ", 1))),
    "two spaces": lambda n: n.replace(" ", "  "),
    "no-break space": lambda n: n.replace(" ", "\u00a0"),
    "line break": lambda n: n.replace(" ", "\n"),
    "soft hyphens": lambda n: "\u00ad".join(n),
    "zero-width spaces": lambda n: "\u200b".join(n),
    "underscore": lambda n: n.replace(" ", "_"),
    "full stop": lambda n: n.replace(" ", "."),
    "markup": lambda n: f"<b>{n[:3]}</b>{n[3:]}",
    "entities": lambda n: "".join(f"&#{ord(c)};" for c in n),
    "entities twice": lambda n: "".join(f"&amp;#x{ord(c):x};" for c in n),
    "full width": lambda n: "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in n),
    "decomposed": lambda n: unicodedata.normalize("NFD", n),
    "inside a link": lambda n: f"[{n}](https://example.org/{quote(n)})",
}
PLACES = [
    "{}",
    "I thank {} for this.",
    "{} helped me",
    "so said {}",
    "({}, “{}”)",
    "«{}»; {}/{}",
    "a\n{}\nb",
    "*{}*,_{}_",
]


def leaks(text: str | None, parts: list[str]) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text or "") if not unicodedata.combining(c)).casefold()
    plain = plain.replace("ø", "o").replace("þ", "th")
    return [part for part in parts if part in plain]


NAME_PARTS = [
    "quillonia",
    "anna",
    "odger",
    "sian",
    "xanthippe",
    "thordis",
    "brunhilde",
    "mbali",
    "thandiwekazi",
    "jyoti",
]
NAME_PARTS += ["brackthwaite", "hoolihandt", "sprocket", "vreniere", "blorck", "gribble", "nguyenova"]
SCHOOL_PARTS = ["grobblewick", "swithbert", "snorkleby", "plumthorpe", "llanwffyn", "tribbleford", "vexham"]


@pytest.mark.parametrize("form", FORMS)
def test_names(form: str) -> None:
    texts = [place.replace("{}", FORMS[form](person)) for place in PLACES for person in PEOPLE]
    for text in redact(pl.Series(texts), Known(pl.Series(PEOPLE), pl.Series(SCHOOLS)))["text"]:
        assert not leaks(text, NAME_PARTS)


@pytest.mark.parametrize("form", [f for f in FORMS if f not in ("surname first",)])
def test_schools(form: str) -> None:
    texts = [place.replace("{}", FORMS[form](school)) for place in PLACES for school in SCHOOLS]
    for text in redact(pl.Series(texts), Known(pl.Series(PEOPLE), pl.Series(SCHOOLS)))["text"]:
        assert not leaks(text, SCHOOL_PARTS)


def test_each_part_of_a_name_and_a_school_alone() -> None:
    words = [w.strip("()") for name in [*PEOPLE, *SCHOOLS] for w in name.split()]
    texts = [f"well, {word} knows; {word}" for word in words if len(word) > 3]
    found = redact(pl.Series(texts), Known(pl.Series(PEOPLE), pl.Series(SCHOOLS)))["text"]
    assert not [text for text in found if leaks(text, NAME_PARTS)]
    # A part of a school's name of several words is not the school's name, except where it is all there is to it.
    assert not [text for text in found if leaks(text, ["grobblewick", "snorkleby"])]


@pytest.mark.parametrize("spelt", [str, str.upper, str.lower])
def test_codes_and_addresses(spelt: object) -> None:
    assert callable(spelt)
    addresses = [f"{p.split()[0].lower()}.{p.split()[-1].lower()}@grobblewick.sch.example" for p in PEOPLE]
    texts = [f"mine is {spelt(value)}, thanks" for value in [*CODES, *addresses]]
    found = redact(pl.Series(texts), Known(pl.Series(PEOPLE), pl.Series(SCHOOLS), pl.Series(CODES)))
    assert set(found["text"]) <= {"mine is [code], thanks", "mine is [email address], thanks"}


def test_one_letter_wrong() -> None:
    """Every single slip in a surname of six letters or more, where it has its capital."""
    name = "Brackthwaite"
    dropped = [name[:i] + name[i + 1 :] for i in range(1, len(name))]
    swapped = [name[:i] + name[i + 1] + name[i] + name[i + 2 :] for i in range(1, len(name) - 1)]
    changed = [name[:i] + "x" + name[i + 1 :] for i in range(1, len(name))]
    doubled = [name[:i] + name[i] + name[i:] for i in range(1, len(name))]
    words = sorted({*dropped, *swapped, *changed, *doubled})
    for place in ("{} was there", "I met {} there"):
        found = redact(pl.Series([place.format(w) for w in words]), Known(pl.Series(PEOPLE), pl.Series(SCHOOLS)))[
            "text"
        ]
        assert set(found) == {place.format("[name]")}


def test_a_national_roster_is_no_harder_than_a_small_one() -> None:
    many = pl.Series(
        [f"Given{chr(97 + i % 26)}x{'abcdefghij'[i // 26 % 10]}{chr(97 + i // 260)} Zz" for i in range(5_000)]
    )
    schools = pl.Series([f"{s}x{chr(97 + i % 26)}{chr(97 + i // 26)} School" for i in range(600) for s in ("Aq", "Bq")])
    text = pl.Series(["I thank Quillonia Brackthwaite of Grobblewick"] * 3)
    found = redact(text, Known(pl.concat([many, pl.Series(PEOPLE)]), pl.concat([schools, pl.Series(SCHOOLS)])))
    assert set(found["text"]) == {"I thank [name] of [school]"}
