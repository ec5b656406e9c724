import polars as pl
import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.intake.cells import UNREADABLE, local_times, meaning, numbers, resolve, session_number
from tests.rawtables import raw_table


def read(cells, answers=None):
    return pl.DataFrame({"c": cells}, schema={"c": pl.String}).select(numbers("c", answers or {}))["c"].to_list()


def times(texts, order="ymd", source="Europe/London"):
    rows = pl.Series(range(2, len(texts) + 2))
    found = local_times(pl.Series(texts, dtype=pl.String), rows, order, source, "Europe/London")
    return [t and t.strftime("%Y-%m-%d %H:%M") for t in found]


def test_numbers_and_labels():
    labels = {"Never": 1, "Always": 10}
    assert read(["4", None, "Always", " never ", "ALWAYS"], labels) == [4, None, 10, 1, 10]


def test_an_answer_that_is_no_answer_is_blank_and_nothing_else_is():
    cells = pl.DataFrame({"c": ["4", "prefer not  to say", "Agree", "Don\u2019t know", "99", "98"]})
    read = numbers("c", {"Agree": 4}, ["Prefer not to say", "Don't know", "99"])
    assert cells.select(read)["c"].to_list() == [4, None, 4, None, None, 98]


def test_label_white_space_is_tidied():
    assert read(["Not\u00a0at  all", "Not at all\n\n"], {"Not at all": 0}) == [0, 0]


def test_a_listed_label_wins_over_its_digits():
    assert read(["1", "2"], {"1": 5, "2": 4}) == [5, 4]


def test_unlisted_labels_and_decimals_are_unreadable_never_guessed():
    assert read(["Agree", "3.5", "4 - Often", "99999999999"]) == [UNREADABLE] * 4


def test_zero_is_an_answer_and_blank_is_not():
    assert read(["0", None]) == [0, None]


def test_meaning_of_an_unlisted_cell_is_null():
    frame = pl.DataFrame({"c": ["Before ", "after", "later", None]})
    assert frame.select(meaning("c", {"Before": "pre", "After": "post"}))["c"].to_list() == ["pre", "post", None, None]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("3", 3),
        ("3.0", 3),
        ("Session 3", 3),
        ("3rd session", 3),
        ("3 - Soothing rhythm", 3),
        ("Session 3 of 10", 3),
        ("Session 3: 14/03/2026", 3),
        ("3rd, on 14 March 2026", 3),
        ("the one of 14 March", None),
        ("Session 14 March", None),
        ("May 3", None),
        ("14/03/2026", None),
        ("3 of 10", None),
        ("2 or 3", None),
        ("2.5", None),
        ("the last one", None),
        (None, None),
    ],
)
def test_a_sessions_number_is_read_and_never_a_day_that_stands_in_its_place(cell, number):
    frame = pl.DataFrame({"c": [cell]}, schema={"c": pl.String})
    assert frame.select(session_number(pl.col("c")))["c"].to_list() == [number]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Don't know - maybe", "Don\u2019t know \u2013 maybe"),
        ("Don\u2019t know", "don't  know"),
        ("Agr\u00e9able", "Agre\u0301able"),
        ("Very well", "Very\u200b well\u200e"),
        ("Non-stop", "Non\u2011stop"),
    ],
)
def test_what_looks_the_same_is_the_same_label_and_heading(ours, theirs):
    assert read([theirs, "Other"], {ours: 3}) == [3, UNREADABLE]
    assert pl.DataFrame({"c": [theirs]}).select(meaning("c", {ours: "pre"}))["c"].to_list() == ["pre"]
    assert resolve(raw_table([{theirs: "x", "Other": "y"}]), ours) == theirs


def test_labels_that_differ_in_a_mark_only_stay_apart():
    assert read(["1-2", "1\u20132", "1\u20142"], {"1-2": 1, "1\u20132": 2}) == [1, 2, UNREADABLE]


def test_whole_numbers_as_statistics_programs_write_them():
    assert read(["4.0", "10.00", "4.5", "4,0"]) == [4, 10, UNREADABLE, UNREADABLE]
    assert read(["4.0"], {"4": 2}) == [UNREADABLE]  # 2 or 4


def test_columns_by_key_then_by_unique_text():
    raw = raw_table([{"Q1": "x", "How  are you?": "y"}])
    assert resolve(raw, "Q1") == "Q1"
    assert resolve(raw, "how are\u00a0you?") == "How  are you?"
    assert resolve(raw, "Q9") is None


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2023-10-03 09:15:00", "dmy", "2023-10-03 09:15"),
        ("03/10/2023 09:15", "dmy", "2023-10-03 09:15"),
        ("10/3/2023 9:15:00", "mdy", "2023-10-03 09:15"),
        ("7/27/26 19:06:23", "mdy", "2026-07-27 19:06"),
        ("03/02/2024 01:02:03 PM", "mdy", "2024-03-02 13:02"),
        ("3.10.2023 09:15", "dmy", "2023-10-03 09:15"),
        ("2023/10/03 9:15:00 am GMT+1", "ymd", "2023-10-03 09:15"),
        ("2023-10-03", "ymd", "2023-10-03 00:00"),
    ],
)
def test_layouts_of_dates(text, order, expected):
    assert times([text], order) == [expected]


def test_utc_becomes_the_programmes_day():
    # 23:30 UTC in British Summer Time is the next day in London.
    assert times(["2024-06-30T23:30:00Z"]) == ["2024-07-01 00:30"]
    assert times(["2024-06-30 23:30:00"], source="UTC") == ["2024-07-01 00:30"]
    assert times(["2024-06-30T23:30:00.123+00:00"]) == ["2024-07-01 00:30"]


@pytest.mark.parametrize("night", ["2024-03-31 01:30:00", "2024-10-27 01:30:00"])
def test_the_nights_when_clocks_change_are_not_lost(night):
    assert times([night])[0].startswith(night[:10])


def test_a_day_with_dots_and_without_a_time_is_no_fraction_of_a_second():
    assert times(["03.10.2023"], "dmy") == ["2023-10-03 00:00"]


def test_a_cell_means_the_same_among_cells_of_its_form_and_among_others():
    cells = ["2023-10-03 09:15:00", "3.10.2023 09:15", "03.10.2023", "2023-10-03T09:15:00Z", "nonsense", None]
    assert times(cells, "dmy") == [found for cell in cells for found in times([cell] * 2, "dmy")[:1]]


def test_one_odd_date_is_left_for_quarantine():
    dates = ["03/10/2023 10:00"] * 30 + ["10/13/2023 10:00"]
    assert times(dates, "dmy")[-1] is None


def test_a_file_in_the_other_order_is_refused_with_a_row():
    with pytest.raises(ExportError, match="mdy order") as refusal:
        times(["10/03/2023 10:00", "10/13/2023 10:00", "10/14/2023 10:00"], "dmy")
    assert "row 3" in str(refusal.value)
    assert "10/13" not in str(refusal.value)
