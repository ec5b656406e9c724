"""Times of real files, from their bytes to what is kept: hours that are there twice or never, and day orders."""

from datetime import datetime

import pytest

from cfc_pipeline.intake.batch import File, Intake, take_in
from cfc_pipeline.measures.instruments import load_instruments
from cfc_pipeline.sources import read_export
from tests.rawtables import BRS, ROSTER, person, programme, raw_table


def taken(times: list[str], submitted: dict[str, str]) -> Intake:
    """A Google Forms file with these time stamps, one of each person."""
    plan = programme([ROSTER, BRS | {"submitted": submitted}])
    lines = [f"{time},person{n}@school.example,4,2" for n, time in enumerate(times, start=1)]
    data = "\n".join(["Timestamp,Email,Q1,Q2", *lines, ""]).encode()
    people = raw_table([person(n) for n in range(1, len(times) + 1)], tool="table")
    export = read_export(data, "answers.csv")
    files = [File("roster.csv", plan.surveys[0], people, 1), File("answers.csv", plan.surveys[1], export, 2)]
    return take_in(plan, load_instruments(), [], files)


def moments(*times: str, **submitted: str) -> list[datetime]:
    rows = taken(list(times), submitted).accepted["brs-pre"]
    return rows.sort("row")["submitted_at"].to_list()


def test_the_hour_that_does_not_exist_in_march_is_the_next_one() -> None:
    assert moments("31/03/2024 01:30:00", order="dmy") == [datetime(2024, 3, 31, 2, 30)]


def test_the_hour_that_happens_twice_in_october_is_the_first_one() -> None:
    found = moments("29/10/2023 01:30:00", "29/10/2023 00:30:00", order="dmy")
    assert found == [datetime(2023, 10, 29, 1, 30), datetime(2023, 10, 29, 0, 30)]


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("31/03/2024 00:30:00", datetime(2024, 3, 31, 0, 30)),
        ("31/03/2024 01:30:00", datetime(2024, 3, 31, 2, 30)),
        ("29/10/2023 00:30:00", datetime(2023, 10, 29, 1, 30)),
        ("29/10/2023 01:30:00", datetime(2023, 10, 29, 1, 30)),
        ("30/06/2024 23:30:00", datetime(2024, 7, 1, 0, 30)),
    ],
)
def test_a_file_in_utc_is_told_in_the_programmes_time(written: str, local: datetime) -> None:
    assert moments(written, order="dmy", timezone="UTC") == [local]


def test_one_day_in_both_orders() -> None:
    assert moments("05/10/2023 09:00:00", order="dmy") == moments("10/05/2023 09:00:00", order="mdy")


@pytest.mark.parametrize(("order", "times"), [("dmy", "10/{}/2023 09:00:00"), ("mdy", "{}/10/2023 09:00:00")])
def test_a_file_that_contradicts_its_order_is_refused_with_the_row(order: str, times: str) -> None:
    intake = taken([times.format(day) for day in (11, 12, 13, 14, 15)], {"order": order})

    ((file, refusal),) = intake.refused
    assert file.name == "answers.csv"
    assert "3 rows, the first is row 4" in str(refusal)


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_dates_that_a_spreadsheet_half_turned_around_are_refused(order: str) -> None:
    """3 October became 10 March; 25 October stayed text, because there is no 25th month."""
    texts = [f"{day}/10/2023 09:00:00" if order == "dmy" else f"10/{day}/2023 09:00:00" for day in (13, 19, 25)]
    turned = [f"2023-{day:02}-10 09:00:00" for day in (3, 5, 11)]
    ((_, refusal),) = taken(texts + turned, {"order": order}).refused
    assert "A spreadsheet has turned day and month around" in str(refusal)
    assert "3 rows, the first is row 5" in str(refusal)
    assert not taken([*texts, *turned[:2], "2023-10-20 09:00:00"], {"order": order}).refused
    assert not taken(texts + turned[:2], {"order": order}).refused


def test_a_leap_day_is_a_day_and_29_february_of_another_year_is_none() -> None:
    intake = taken(["29/02/2024 10:00:00", "29/02/2023 10:00:00"], {"order": "dmy"})
    assert intake.accepted["brs-pre"]["submitted_at"].to_list() == [datetime(2024, 2, 29, 10)]
    assert intake.quarantine[-1]["reason"].to_list() == ["date cannot be read"]
