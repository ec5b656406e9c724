"""publish/spreadsheet.py, read back with openpyxl, which shares no code with its writer."""

import time
from pathlib import Path

import openpyxl
import pytest

from cfc_pipeline.publish.model import Column, headings
from cfc_pipeline.publish.spreadsheet import write_workbook
from cfc_pipeline.publish.written import as_written
from tests.published import RULE, WHEN, outcomes, release_tables, table


def _book(folder: Path, *tables: object) -> openpyxl.Workbook:
    path = folder / "tables.xlsx"
    written = [as_written(t) for t in tables]  # type: ignore[arg-type]
    write_workbook(written, path, title="A made-up programme", about=["SYNTHETIC"], when=WHEN)
    return openpyxl.load_workbook(path)


def test_a_contents_sheet_a_notes_sheet_and_one_sheet_for_each_table(tmp_path: Path) -> None:
    book = _book(tmp_path, *release_tables())
    names = [t.name for t in release_tables()]
    assert book.sheetnames == ["Contents", "Notes", *names]
    assert book["Contents"]["A2"].value == "SYNTHETIC"
    said = [(row[0].value, row[1].value) for row in book["Notes"].iter_rows(min_row=2)]
    assert {name for name, _ in said} == {"All tables", *names}
    assert [name for name, note in said if note == RULE] == ["All tables"]


def test_numbers_stay_numbers_beside_the_marks(tmp_path: Path) -> None:
    sheet = _book(tmp_path, table())["example"]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert cells[1] == ["2023/24", "Resilience", 61, -0.2, -0.6, 0.1, 0.199]
    assert cells[2] == ["2024/25", "Compassion to self", *["[c]"] * 5]
    assert cells[3] == ["2024/25", "Resilience", 12, 0, "[z]", "[z]", 0]
    assert sheet["G7"].number_format == '[<0.001]"<0.001";0.000'
    assert sheet.freeze_panes == "C4"
    assert not sheet.merged_cells.ranges


def test_only_what_says_what_a_row_is_about_stays_in_view(tmp_path: Path) -> None:
    columns = (Column("measure", "Measure", "text"), Column("n", "n", "count"), Column("possible", "Possible", "text"))
    sheet = _book(tmp_path, table("with_text_last", columns, [("Resilience", 12, "1 to 5")]))["with_text_last"]
    assert sheet.freeze_panes == "B4"


def test_every_heading_is_there_once_and_carries_its_group(tmp_path: Path) -> None:
    sheet = _book(tmp_path, outcomes())["multi_year_outcomes"]
    found = [cell.value for cell in sheet[3]]
    assert found[2] == "2023/24: n"
    assert "2023/24: 95 % interval: from" in found
    assert len(set(found)) == len(found)


def test_two_columns_of_one_label_are_told_apart() -> None:
    columns = (Column("a", "n", "count"), Column("b", "n", "count"))
    assert headings(table(columns=columns, rows=[(1, 2)])) == ["n (1)", "n (2)"]


def test_the_same_tables_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _book(tmp_path, *release_tables())
    first = (tmp_path / "tables.xlsx").read_bytes()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    _book(tmp_path, *release_tables())
    assert (tmp_path / "tables.xlsx").read_bytes() == first
