"""Typeform, Formbricks, SmartSurvey and Jisc Online Surveys."""

import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable

FORMBRICKS = "No.,Response ID,Timestamp,Finished,Survey ID,Formbricks ID (internal),User ID,Tags,source,url"
FORMBRICKS += ",userAgent - browser,1. How is it?,1. How is it? - Option ID,2. Rate - calm,plan,person.email"


def export(*rows: str) -> RawTable:
    return read_export("\n".join(rows).encode(), "export.csv")


def shown(table: RawTable, *columns: str) -> list[tuple[object, ...]]:
    return table.rows.select("_record", "_submitted", "_complete", *columns).collect().rows()


def test_typeform_says_who_finished_and_writes_utc() -> None:
    table = export(
        "#,How is it?,Pauses,Talk,email,Response Type,Start Date (UTC),Stage Date (UTC),Submit Date (UTC),Network ID",
        "tok1,Good,Pauses,,a@x.example,completed,2026-01-15 10:00:00,,2026-01-15 10:05:09,abc",
        "tok2,Bad,,,,partial,2026-01-15 11:00:00,2026-01-15 11:05:00,,abc",
    )

    assert (table.tool, table.zone) == ("typeform", "UTC")
    assert shown(table, "How is it?", "Pauses") == [
        ("tok1", "2026-01-15 10:05:09", True, "Good", "Pauses"),
        ("tok2", "2026-01-15 11:05:00", False, "Bad", None),
    ]
    assert [c.key for c in table.columns if c.personal] == ["email", "Network ID"]


def test_an_older_typeform_file_without_a_response_type() -> None:
    table = export("#,How is it?,Start Date (UTC),Submit Date (UTC),Network ID", "tok1,Good,2026-01-15 10:00:00,,abc")

    assert shown(table) == [("tok1", None, False)]


def test_formbricks_columns_that_are_no_questions_are_personal() -> None:
    table = export(
        FORMBRICKS,
        "1,resp1,2026-01-15 10:05:09,Yes,s1,c1,u1,,link,https://x.example,Chrome,Good,opt1,4,Pro,a@x.example",
        "2,resp2,2026-01-15 11:05:09,No,s1,c1,u1,,link,https://x.example,Chrome,Good,opt1,,Pro,a@x.example",
    )

    assert (table.tool, table.zone) == ("formbricks", "UTC")
    assert shown(table, "2. Rate - calm") == [
        ("resp1", "2026-01-15 10:05:09", True, "4"),
        ("resp2", "2026-01-15 11:05:09", False, None),
    ]
    asked = ["1. How is it?", "1. How is it? - Option ID", "2. Rate - calm"]
    assert [c.key for c in table.columns if not c.system] == asked
    personal = ["Formbricks ID (internal)", "User ID", "source", "url", "userAgent - browser", "plan", "person.email"]
    assert [c.key for c in table.columns if c.personal] == personal


SMART = "UserID,UserNo,Name,Email,IP Address,Unique ID,Started,Ended,Time taken,Tracking link,Status"


@pytest.mark.parametrize("rows", [1, 2])
def test_smartsurvey_with_one_header_row_or_two(rows: int) -> None:
    headers = {
        1: [f"{SMART},How is it?"],
        2: [f"{SMART},How is it?,I feel,", ",,,,,,,,,,,Response,calm,heard"],
    }[rows]
    table = export(
        *headers,
        "11,1,Kim,a@x.example,192.0.2.1,,15/01/2026 10:00:00,15/01/2026 10:05:09,309,Link,Completed,Good",
        "12,2,Kim,a@x.example,192.0.2.1,,15/01/2026 11:00:00,15/01/2026 11:05:09,309,Link,Partial,Bad",
    )

    assert table.tool == "smartsurvey"
    assert shown(table, "How is it?") == [
        ("11", "15/01/2026 10:05:09", True, "Good"),
        ("12", "15/01/2026 11:05:09", False, "Bad"),
    ]
    asked = ["How is it?"] if rows == 1 else ["How is it?", "I feel | calm", "I feel | heard"]
    assert [c.key for c in table.columns if not c.system] == asked
    assert [c.key for c in table.columns if c.personal] == ["Name", "Email", "IP Address", "Unique ID", "Tracking link"]


def test_smartsurvey_with_a_status_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ExportError) as caught:
        export(f"{SMART},How is it?", "11,1,,,,,,,,,Abgeschlossen,Good")

    assert "column Status, 1 row(s)" in str(caught.value)


def test_jisc_questions_are_known_by_their_number() -> None:
    table = export(
        "Unique Response Number,1. Your code,5.a. I feel calm,9.b.iii.b.i. Why?,7. ,Notes",
        "356806-356797-33882794,ab,4,words,x,y",
    )

    assert table.tool == "jisc"
    assert [(c.key, c.text) for c in table.columns if not c.system] == [
        ("Q1", "Your code"),
        ("Q5.a", "I feel calm"),
        ("Q9.b.iii.b.i", "Why?"),
        ("Q7", ""),
        ("Notes", "Notes"),
    ]
    assert shown(table, "Q5.a") == [("356806-356797-33882794", None, True, "4")]
    assert "does not say who finished" in table.warnings[0]


def test_jisc_with_dates_and_a_status() -> None:
    table = export(
        "Response ID,Started,Completed,Status,Email,1. I feel calm,1. I feel calm",
        "r1,2026-01-15 10:00:00,2026-01-15 10:05:09,Complete,a@x.example,4,5",
        "r2,2026-01-15 10:00:00,,Partial,,4,5",
    )

    assert table.tool == "jisc"
    assert shown(table, "Q1", "Q1 #2") == [("r1", "2026-01-15 10:05:09", True, "4", "5"), ("r2", None, False, "4", "5")]
    assert [c.key for c in table.columns if c.personal] == ["Email"]


def test_numbered_questions_of_other_tools_stay_theirs() -> None:
    table = export("Response ID,Date submitted,Last page,1. I feel calm,2. Why", "1,2026-01-15 10:05:09,1,4,x")

    assert table.tool == "limesurvey"
