"""Plain tables, and how a file finds its reader."""

import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import TOOLS, read_export


def test_a_roster_keeps_its_headings_and_row_numbers() -> None:
    table = read_export("\ufeff\n\nEmail,School,,\n a@x.example ,North,,\n,,,\nb@x.example,,,\n".encode(), "roster.csv")

    assert table.tool == "table"
    assert table.rows.collect().rows() == [
        (4, None, None, True, False, "a@x.example", "North"),
        (5, None, None, True, False, None, None),
        (6, None, None, True, False, "b@x.example", None),
    ]
    assert not any(column.system or column.personal for column in table.columns)


def test_headings_that_our_own_columns_use_are_moved_aside() -> None:
    table = read_export(b"_row,_test,a,,a\n1,2,3,4,5\n", "odd.csv")

    assert [c.key for c in table.columns] == ["_row #2", "_test #2", "a", "column 4", "a #2"]
    assert table.rows.collect().rows() == [(2, None, None, True, False, "1", "2", "3", "4", "5")]


def test_cells_beyond_the_last_heading_are_refused_also_near_the_top() -> None:
    with pytest.raises(ExportError) as caught:
        read_export(b"email,comment\nkim@x.example,well, mostly\nx,y,\n", "roster.csv")

    assert "1 row(s)" in str(caught.value)
    assert "row 2" in str(caught.value)
    assert "mostly" not in str(caught.value)


def test_a_table_without_headings_is_refused() -> None:
    with pytest.raises(ExportError, match="no headings"):
        read_export(b",,\n" * 9 + b"a,b,c\n", "roster.csv")


def test_a_file_of_another_tool_is_refused_with_the_name_of_its_own() -> None:
    with pytest.raises(ExportError, match=r"not an export of Qualtrics; it looks like LimeSurvey"):
        read_export(b"id;submitdate;lastpage\n1;;\n", "export.csv", tool="qualtrics")


def test_any_file_can_be_read_as_a_table_when_asked() -> None:
    assert read_export(b"id;submitdate;lastpage\n1;;\n", "export.csv", tool="table").tool == "table"


def test_a_file_of_two_tools_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOLS, "surveymonkey", TOOLS["table"])

    with pytest.raises(ExportError, match="could be of SurveyMonkey or LimeSurvey"):
        read_export(b"id;submitdate;lastpage\n1;;\n", "export.csv")
    with pytest.raises(ExportError, match="--survey"):
        read_export(b"id;submitdate;lastpage\n1;;\n", "export.csv", used=["surveymonkey", "limesurvey"])


def test_a_file_of_two_tools_is_of_the_one_that_the_programme_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOLS, "surveymonkey", TOOLS["table"])

    assert (
        read_export(b"id;submitdate;lastpage\n1;;\n", "export.csv", used=["roster", "limesurvey"]).tool == "limesurvey"
    )


def test_headings_that_look_like_patterns_are_ordinary_columns():
    table = read_export(b"*,^.*$,Plain\n1,2,3\n", "synthetic.csv")
    assert [c.key for c in table.columns] == ["column 1", "column 2", "Plain"]
    assert table.rows.collect().row(0)[-3:] == ("1", "2", "3")
