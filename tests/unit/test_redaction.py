"""What redaction makes of a text, exactly: that it takes what it must, and leaves what people need to read."""

import polars as pl
import pytest

from cfc_pipeline.errors import PrivacyRefusal
from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.redaction import redact, redact_file_name
from cfc_pipeline.identity.words import replace_any

NAMES = pl.Series(
    [
        "Jane Smith",
        "José O’Brien",
        "Mark Jones",
        "Grace Hope",
        "William Carter",
        "Elizabeth Hathornthwaite-Lowe",
        "Ms Robert McDonald",
        "Aurelia van der Berg",
        "Jo Ng",
        "DR. PRIYA K. RAMANATHAN",
    ]
)
SCHOOLS = pl.Series(
    [
        "St Mary's Church of England Primary School",
        "Oakfield Primary School",
        "Park School",
        "Ysgol Llŷn",
        "Château & Dale",
    ]
)
CODES = pl.Series(["HT-0042", "ox7"])


def redacted(text: str | None) -> tuple[str | None, int]:
    found = redact(pl.Series([text], dtype=pl.String), Known(NAMES, SCHOOLS, CODES))
    return found["text"][0], found["redactions"][0]


TAKEN = {
    # The roster's names, as people write them.
    "Jane was great, and jane's team too.": "[name] was great, and [name]'s team too.",
    "JANE SMITH": "[name]",
    "Jane Smith, Mark": "[name], [name]",
    "I met José O’Brien, jose obrien and O'BRIEN": "I met [name], [name] and [name]",
    "Jose\u0301 and J\u0336o\u0336s\u0336e\u0336": "[name] and [name]",
    "Ja\u200bne and Ja\u00adne and J\u2060ane": "[name] and [name] and [name]",
    "Ｊａｎｅ": "[name]",
    "Liz, Beth and Bob agree": "[name], [name] and [name] agree",
    "Will Carter came; Bill came too": "[name] came; [name] came too",
    "Thank you Hathornthwaite-Lowe": "Thank you [name]",
    "van der Berg's idea": "[name]'s idea",
    "thanks J. Smith and J Hathornthwaite": "thanks [name] and [name]",
    "jane_hathornthwaite, jane.smith, JaneSmith, jsmith": "[name], [name], [name], [name]",
    "I told Jo and Ng": "I told [name] and [name]",
    "Ask Priya or dr ramanathan": "Ask [name] or dr [name]",
    "Mc Donald and MacDonald": "[name] and [name]",
    "Jane Thompson is not on the roster": "[name] is not on the roster",
    "The Smiths": "The [name]",
    # Misspelt by a letter: missing, added, changed, swapped.
    "I saw Hathornthwite, Hathornthwaiite, Hathornthwaute and Hathornthwatie": (
        "I saw [name], [name], [name] and [name]"
    ),
    # Names that are everyday words: inside a sentence, before a surname, or doing something.
    "I asked Mark and Grace Hope.": "I asked [name] and [name].",
    "Mark was kind.": "[name] was kind.",
    "Grace Thompson left": "[name] left",
    # Strangers: after a title or a role, or by a common given name.
    "Mrs Hawthornquist and mr hawthornquist": "Mrs [name] and mr [name]",
    "Dr. A. B. de la Cruz-Núñez said": "Dr [name] said",
    "Mr. and Mrs. Bloggs": "Mr [name]",
    "Miss Trunchbull, Sir Tim Berners": "Miss [name], Sir [name]",
    "Head: Fiona Bloggs": "Head: [name]",
    "My name is Zebedee Quux": "My name is [name]",
    "Kind regards,\nZebedee": "Kind regards,\n[name]",
    "Kathryn was there": "[name] was there",
    # Schools.
    "St Mary’s is lovely": "[school] is lovely",
    "at st marys c of e primary school": "at [school]",
    "Saint Mary's Church of England Primary": "[school]",
    "St. Mary's CE Primary School, Leeds": "[school], Leeds",
    "Oakfield rocks; at oakfield primary": "[school] rocks; at [school]",
    "the park school gate": "the [school] gate",
    "Hawthorn Park Academy": "[school]",
    "Sir Isaac Newton Academy is near": "Sir [name] is near",
    "Thornbury Hill School is near": "[school] is near",
    "Ysgol Llyn, Ysgol Llŷn": "[school], [school]",
    "Chateau and Dale": "[school]",
    "all OPS staff": "all [school] staff",
    # Addresses and numbers.
    "jane.smith+x@office.school.sch.uk": "[email address]",
    "jane (at) school (dot) org or x at y dot com": "[email address] or [email address]",
    "https://x.org/jane?x=1#y (www.foo.com) foo.co.uk/a": "[web address] ([web address] [web address]",
    "follow @head_417!": "follow [web address]!",
    "203.0.113.177 and 2001:db8::8a2e:370:7334": "[web address] and [web address]",
    "07700 900417, 0191 498 0417, (0191) 498-0417": "[phone number], [phone number], [phone number]",
    "+44 (0)7700 900 417 or 0044 7700900417 ext 12": "[phone number] or [phone number]",
    "07700–900–417": "[phone number]",
    "LS6 2AB, ls62ab, SW1A 1AA, zz99 3wz": "[postcode], [postcode], [postcode], [postcode]",
    "AB 12 34 56 C and qq123456c": "[number] and [number]",
    "NHS 943 476 5919, TRN 12/34567, URN 123456": "NHS [number], TRN [number], URN [number]",
    "4929 1234 5678 9012": "[number]",
    "born 12/03/1971 or 12.3.71 or 1971-03-12": "born [date] or [date] or [date]",
    "on 3rd of March 1971, March 3, 1971": "on [date], [date]",
    "my code is ht-0042, or OX7": "my code is [code], or [code]",
    # Markup.
    "<p>Ja<b>ne</b></p><p>Smith</p>": "[name]",
    "&#74;ane &amp; &amp;#74;ane": "[name] & [name]",
    '<img src=x onerror="alert(1)" alt="Jane">Fine<script>Jane</script>': "Fine",
    "Fine <img src='Jane": "Fine <img src='[name]",
    "Fine &lt;i title='Jane'&gt;too": "Fine too",
}

LEFT = [
    "Mark my words, I will grace you with hope",
    "I hope it may help. May I say so? Will they?",
    "In May or June 2025, on Monday, in 2023-24 and 2024/25",
    "We rated it 5 out of 5, then 4, 3 and 2; 10% of 250",
    "The park was quiet. Our School, The Primary School and a Senior School Leader",
    "Year 6, KS2 1st, room 12b, session 3 of 8, 9.30am to 10.15",
    "SENCO, SEND, CPD, MS Teams and SLT",
    "I rate 5 < 6 and 7 > 3, <3",
    "[name] was typed by hand",
    "Carol singing? No: carols in the hall",
    "It's the head's job to lead, and a smith's to smith",
    "Dear all: a miss is as good as a mile",
    "Ça va, naïve café",
    "😀 你好",
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_identifies_is_taken(text: str) -> None:
    assert redacted(text)[0] == TAKEN[text]


@pytest.mark.parametrize("text", LEFT)
def test_what_does_not_identify_is_left(text: str) -> None:
    assert redacted(text) == (text, 0)


def test_the_labels_of_a_roster_and_a_session_log_are_left() -> None:
    labels = ["Headteacher", "Deputy Head", "Executive Headteacher", "Head of School", "CEO of a Multi Academy Trust"]
    labels += [
        "Primary",
        "All-through",
        "Special School",
        "North East",
        "Yorkshire and the Humber",
        "London",
        "16 plus",
    ]
    labels += ["Soothing rhythm breathing; compassionate image", "Three circles, body scan"]
    assert redact(pl.Series(labels), Known(NAMES, SCHOOLS)).rows() == [(label, 0) for label in labels]


def test_replacements_are_counted_and_typed_brackets_are_not() -> None:
    assert redacted("[name] met Jane at Oakfield, 07700 900417")[1] == 3


@pytest.mark.parametrize("text", [None, "", "  \n ", "<p> </p>", "\u200b", "\ue001\ue002"])
def test_nothing_is_null_and_counts_nothing(text: str | None) -> None:
    assert redacted(text) == (None, 0)


def test_a_person_with_the_name_of_a_month_is_found_inside_a_sentence() -> None:
    roster = pl.Series(["May Young"])
    (text,) = redact(pl.Series(["I saw May Young, and then May. It was in spring."]), Known(roster, SCHOOLS))["text"]
    assert text == "I saw [name], and then [name]. It was in spring."


def test_columns_of_any_length_and_no_roster() -> None:
    nobody = pl.Series([], dtype=pl.String)
    assert redact(nobody, Known(nobody, nobody)).schema == {"text": pl.String, "redactions": pl.Int64}
    many = redact(pl.Series(["Jane", None, "Fine"]), Known(pl.Series([None, ""], dtype=pl.String), nobody))
    assert many.rows() == [("[name]", 1), (None, 0), ("Fine", 0)]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("CEAS_pre_2025-11-03.csv", "CEAS_pre_2025-11-03.csv"),
        ("Session feedback (Responses) - Form Responses 1.csv", "Session feedback (Responses) - Form Responses 1.csv"),
        ("survey_417004_R_2025.csv", "survey_417004_R_2025.csv"),
        ("pa.to.canary@office.example.org.csv", "[email address].csv"),
        ("answers_of_jane_smithers.XLSX", "answers of [name].XLSX"),
        ("answers of Jane Smithers.XLSX", "answers of [name].XLSX"),
        ("Mrs_Hawthornquist.tar.gz", "Mrs [name].gz"),
        ("../../etc/Jane.csv", "[name].csv"),
        ("Thornbury Hill School 07700 900417.csv", "[school] [phone number].csv"),
        ("a\nb\x1b[31m.csv", "a b [31m.csv"),
        ("noextension", "noextension"),
        ("", ""),
    ],
)
def test_file_names(name: str, shown: str) -> None:
    assert redact_file_name(name) == shown


def test_file_names_with_the_roster() -> None:
    assert redact_file_name("ramanathan_oakfield_primary.csv", Known(NAMES, SCHOOLS)) == "[name] [school].csv"


def test_a_search_that_fails_does_not_quote_the_names() -> None:
    with pytest.raises(PrivacyRefusal) as refusal:
        replace_any(pl.Series(["x"]), ["Canary(", "Canary["], "", "", "")
    assert "Canary" not in f"{refusal.value} {refusal.value.__cause__}"
    assert refusal.value.__suppress_context__
