"""What holds for redaction whatever people type around a name or a number."""

import re

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cfc_pipeline.identity.known import Known
from cfc_pipeline.identity.redaction import redact, redact_file_name

NAMES = pl.Series(["Quillonia Brackthwaite", "Ødger Zábrowský-Wynn", "Tuppence O’Fflynn"])
SCHOOLS = pl.Series(["Grobblewick Primary School", "St Swithbert's C of E Academy"])
ALL_PARTS = ("quillonia", "brackthwaite", "odger", "ødger", "zabrowsky", "zábrowský", "wynn", "tuppence", "fflynn")

few = settings(max_examples=60, derandomize=True, deadline=None)
spellings = st.sampled_from([str.upper, str.lower, str.title, str])
around = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)


@few
@given(st.lists(st.none() | around, max_size=8))
def test_any_texts_come_back_in_their_places_and_without_a_mark(texts: list[str | None]) -> None:
    found = redact(pl.Series(texts, dtype=pl.String), Known(NAMES, SCHOOLS))
    assert len(found) == len(texts)
    assert all(text is None or (text.strip() == text != "") for text in found["text"])
    assert not re.search(r"[\ue000-\uf8ff]", "".join(t or "" for t in found["text"]))
    assert (found["redactions"] >= 0).all()


@few
@given(around, st.sampled_from(NAMES.to_list() + SCHOOLS.to_list()), spellings, around)
def test_no_part_of_a_name_survives_in_any_surroundings(before: str, name: str, spelt: object, after: str) -> None:
    assert callable(spelt)
    (text,) = redact(pl.Series([f"{before} {spelt(name)} {after}"]), Known(NAMES, SCHOOLS))["text"]
    surroundings = f"{before} {after}".casefold()
    assume(not any(part in surroundings for part in (*ALL_PARTS, "grobblewick", "swithbert")))
    assert not [part for part in (*ALL_PARTS, "grobblewick", "swithbert") if part in (text or "").casefold()]


@few
@given(
    st.sampled_from(["7700900417", "1914980417", "2079460958"]),
    st.lists(st.sampled_from(["", " ", "-", ".", "  "]), min_size=9, max_size=9),
    st.sampled_from(["0", "+44", "+44 ", "0044 ", "(0", "+44 (0) "]),
    st.sampled_from(["ring ", "(", "tel:", "\n", "no. "]),
)
def test_a_telephone_number_is_found_however_it_is_grouped(
    number: str, gaps: list[str], start: str, before: str
) -> None:
    grouped = start + "".join(digit + gap for digit, gap in zip(number, [*gaps, ""], strict=True))
    (text,) = redact(pl.Series([f"{before}{grouped} please"]), Known(NAMES, SCHOOLS))["text"]
    assert not re.search(r"\d", text)


@few
@given(
    st.from_regex(r"[a-z][a-z0-9._%+'-]{0,20}@[a-z][a-z0-9-]{0,15}(\.[a-z]{2,8}){1,3}", fullmatch=True),
    st.sampled_from(["", "<", "(", "mailto:", "at: ", "a,", '"']),
    st.sampled_from(["", ">", ")", ".", ", or", "\n", '"']),
)
def test_no_address_survives(address: str, before: str, after: str) -> None:
    (text,) = redact(pl.Series([f"Write to {before}{address}{after} soon"]), Known(NAMES, SCHOOLS))["text"]
    assert "@" not in text
    assert text.startswith("Write to")
    assert text.endswith("soon")


@few
@given(st.permutations(["I met Quillonia", "brackthwite said no", "Brackthwite", None, "fine", "Tuppence!"]))
def test_the_order_of_the_rows_does_not_matter(texts: list[str | None]) -> None:
    found = redact(pl.Series(texts), Known(NAMES, SCHOOLS))
    again = redact(pl.Series(sorted(texts, key=str)), Known(NAMES, SCHOOLS))
    assert sorted(found.rows(), key=str) == sorted(again.rows(), key=str)


@few
@given(around)
def test_a_file_name_stays_on_one_line_and_in_its_folder(name: str) -> None:
    shown = redact_file_name(name)
    assert shown.isprintable() or not name.isprintable()
    assert "\n" not in shown
