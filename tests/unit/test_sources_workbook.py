"""XLSX files: cells as text, and workbooks that must not be opened."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time

import openpyxl
import pytest
from openpyxl.chart import BarChart

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import workbook
from cfc_pipeline.sources.child import as_cells
from cfc_pipeline.sources.grid import Grid, open_grid
from cfc_pipeline.sources.opened_alone import workbook_cells


def book(*sheets: list[list[object]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for rows in sheets:
        sheet = made.create_sheet()
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(ExportError) as caught:
        open_grid(data, "export.xlsx")
    return str(caught.value)


def test_cells_become_the_text_that_people_see() -> None:
    cells = [4, 4.0, 4.5, True, datetime(2026, 3, 29, 1, 30, 5), date(2026, 1, 2), time(9, 5), " x ", None, "2026"]

    grid = open_grid(book([["h"] * len(cells), cells]), "export.xlsx")

    (row,) = grid.body(1, list("abcdefghij")).collect().rows()
    assert row == (2, "4", "4", "4.5", "TRUE", "2026-03-29 01:30:05", "2026-01-02", "09:05:00", "x", None, "2026")


def test_a_cell_that_is_true_is_not_a_number_that_is_equal_to_it() -> None:
    grid = open_grid(book([["a", "b"], [1, True], [True, 1.0], [0, False], ["1", "TRUE"]]), "export.xlsx")

    body = grid.body(1, ["a", "b"]).collect()
    assert body["a"].to_list() == ["1", "TRUE", "0", "1"]
    assert body["b"].to_list() == ["TRUE", "1", "FALSE", "TRUE"]


def test_seconds_survive_the_spreadsheet_fraction() -> None:
    moments = [
        datetime(2026, 5, 1, hour, minute, second) for hour in (0, 7, 23) for minute in (1, 59) for second in (1, 59)
    ]

    grid = open_grid(book([["when"], *[[moment] for moment in moments]]), "export.xlsx")

    assert grid.body(1, ["when"]).collect()["when"].to_list() == [str(moment) for moment in moments]


def test_long_ids_keep_all_their_digits() -> None:
    grid = open_grid(book([["id"], [114_123_456_789]]), "export.xlsx")

    assert grid.body(1, ["id"]).collect()["id"].to_list() == ["114123456789"]


def test_the_first_sheet_with_cells_is_read_and_row_numbers_are_the_spreadsheets() -> None:
    grid = open_grid(book([], [[], ["a", "b"], [], ["x", None], ["", ""]], [["other"]]), "export.xlsx")

    assert grid.body(2, ["a", "b"]).collect().rows() == [(3, None, None), (4, "x", None)]


def test_a_second_sheet_of_rows_is_never_passed_over() -> None:
    """A roster with a sheet for each cohort: nobody on the second one would be missed by anybody."""
    one, other = [["Email", "Cohort"], ["a", "b"]], [[], ["email", "Cohort ", None], ["c", "d"]]

    assert "several sheets" in refusal(book(one, [["Notes"]], other))
    assert open_grid(book(one, [["Email", "Cohort"]], [["Sum"], [2]]), "roster.xlsx").width == 2


def test_a_sheet_that_is_a_chart_is_no_table() -> None:
    made = openpyxl.load_workbook(io.BytesIO(book([["a"], ["b"]])))
    made.create_chartsheet().add_chart(BarChart())
    file = io.BytesIO()
    made.save(file)

    assert open_grid(file.getvalue(), "export.xlsx").width == 1


def test_old_and_protected_workbooks_get_advice() -> None:
    assert "save it as .xlsx" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512)


def test_other_archives_get_advice() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("answers.csv", "a,b\n")

    assert "unpack it" in refusal(file.getvalue())


@pytest.mark.parametrize("keep", [0.3, 0.95])
def test_a_workbook_that_was_cut_short_is_refused(keep: float) -> None:
    data = book([["a"], ["secret"]])

    assert "damaged" in refusal(data[: int(len(data) * keep)])


def test_an_empty_workbook_is_refused() -> None:
    assert "empty" in refusal(book([]))


def _repacked(data: bytes, change: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change.get(name, old.read(name)))
    return file.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_cells.calamine.CalamineWorkbook, "from_filelike", lambda _: pytest.fail("was opened"))
    bomb = _repacked(book([["a"]]), {"xl/worksheets/sheet1.xml": b" " * (64 << 20)})

    assert len(bomb) < 1 << 20
    assert "more than a survey can hold" in refusal(bomb)


def test_one_far_away_cell_does_not_fill_the_memory() -> None:
    # Readers hold the rectangle from the first to the last cell: here five thousand million.
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="GJH1048576"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )

    assert "more than a survey can hold" in refusal(_repacked(book([["a"]]), {"xl/worksheets/sheet1.xml": sheet}))


def test_a_declared_size_that_lies_is_refused() -> None:
    data = bytearray(book([["a"], ["b"]]))
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/worksheets/sheet1.xml"))
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")

    assert "damaged" in refusal(bytes(data))


def _sheet(cells: str, before: str = "") -> bytes:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return f'{before}<worksheet {space}><dimension ref="A1"/><sheetData>{cells}</sheetData></worksheet>'.encode()


def _hostile(sheet: bytes) -> bytes:
    return _repacked(book([["a"]]), {"xl/worksheets/sheet1.xml": sheet})


@pytest.mark.parametrize(
    "cells",
    [
        "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row><row r='1'><c r='A1'><v>1</v></c></row>",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c s="0"   r="XFD1048576"><v>1</v></c></row>',
    ],
    ids=["other quotation marks", "more spaces"],
)
def test_a_far_away_cell_that_hides_does_not_fill_our_memory(cells: str) -> None:
    assert refusal(_hostile(_sheet(cells)))


def test_cells_that_do_not_say_where_they_are_are_read_in_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = workbook.in_child
    monkeypatch.setattr(workbook, "in_child", lambda *job: opened.append(job[0]) or real(*job))

    grid = open_grid(_hostile(_sheet("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>")), "a.xlsx")

    assert grid.cells.collect().rows() == [(1, "1", "2"), (2, "3", "")]
    assert opened == ["workbook"]


def test_a_small_workbook_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "in_child", lambda *_: pytest.fail("cost a process"))

    grid = open_grid(book([[f"q{i}" for i in range(60)], *[[4] * 60 for _ in range(40)]]), "forty.xlsx")

    assert (grid.width, grid.cells.collect().height) == (60, 41)


def test_a_workbook_with_entities_is_refused() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'

    assert "damaged" in refusal(_hostile(_sheet('<row r="1"><c r="A1" t="str"><v>&b;</v></c></row>', laughs)))


def test_more_than_5000_columns_are_refused() -> None:
    assert "5,000 columns" in refusal(_hostile(_sheet('<row r="1"><c r="A1"/><c r="GJI1"><v>1</v></c></row>')))


def test_long_texts_that_could_be_in_every_cell_are_not_multiplied_here(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        workbook, "in_child", lambda *job: opened.append(job[0]) or as_cells(workbook.read_workbook(job[1]))
    )

    open_grid(_repacked(book([[1] * 10] * 40), {"docProps/app.xml": b" " * (4 << 20)}), "a.xlsx")

    assert opened == ["workbook"]


def test_files_in_a_workbook_that_share_bytes_are_refused() -> None:
    data = bytearray(book([["a"], ["b"]]))
    end = data.rfind(b"PK\x05\x06")
    start = int.from_bytes(data[end + 16 : end + 20], "little")
    size = int.from_bytes(data[start + 20 : start + 24], "little") + len(data)
    data[start + 20 : start + 24] = size.to_bytes(4, "little")

    assert "damaged" in refusal(bytes(data))


ROWS = [["When", "Q1", "Q2"], *([date(2023, 10, day), day, 2] for day in (3, 4, 5))]


def changed(change: Callable[[openpyxl.Workbook], object], *sheets: list[list[object]]) -> Grid:
    made = openpyxl.load_workbook(io.BytesIO(book(*(sheets or (ROWS,)))))
    change(made)
    file = io.BytesIO()
    made.save(file)
    return open_grid(file.getvalue(), "export.xlsx")


def hide_rows(made: openpyxl.Workbook) -> None:
    for row in (2, 4):
        made.active.row_dimensions[row].hidden = True


def test_hidden_and_filtered_rows_count_and_are_told() -> None:
    grid = changed(hide_rows)
    assert grid.cells.collect().height == 4
    assert grid.warnings == ("2 rows are hidden or filtered out in the workbook; they count like all others",)


def test_merged_cells_are_told() -> None:
    (warning,) = changed(lambda made: made.active.merge_cells("A2:A3")).warnings
    assert "only the first of them holds what they show" in warning


def break_cells(made: openpyxl.Workbook) -> None:
    sheet = made.active
    sheet["B2"], sheet["C3"] = "=1+3", "#REF!"
    sheet["B7"] = "=B6"  # dragged down too far
    assert sheet["C3"].data_type == "e"


def test_errors_and_formulas_without_a_value_are_no_blanks() -> None:
    """Programs that write workbooks without working them out leave formulas empty."""
    grid = changed(break_cells)
    assert [row[2:] for row in grid.cells.collect().rows()[:4]] == [
        ("Q1", "Q2"),
        ("#N/A", "2"),
        ("4", "#N/A"),
        ("5", "2"),
    ]
    assert grid.warnings[0].startswith("2 cells of the workbook show an error, or a formula")
    assert set(grid.cells.collect()["1"][4:]) <= {None, ""}


def test_a_text_that_a_formula_left_empty_is_blank() -> None:
    data = book([["a", "b"], ["x", "y"]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("xl/worksheets/sheet1.xml")
    cell = b'<c r="B2" t="str"><f>IF(A1="",1,"")</f><v></v></c>'
    changed_sheet = {"xl/worksheets/sheet1.xml": re.sub(rb'<c r="B2".*?</c>', cell, text)}
    assert open_grid(_repacked(data, changed_sheet), "export.xlsx").warnings == ()


def test_days_count_from_1904_in_workbooks_of_old_macs() -> None:
    def old(made: openpyxl.Workbook) -> None:
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    assert changed(old).cells.collect()["0"].to_list()[1:] == ["2023-10-03", "2023-10-04", "2023-10-05"]


def test_a_hidden_sheet_is_read_only_when_nothing_else_is_there() -> None:
    def hide_first(made: openpyxl.Workbook) -> None:
        made.worksheets[0].sheet_state = "hidden"
        made.active = 1

    assert changed(hide_first, [["List"], ["Yes"]], ROWS).width == 3
    assert changed(hide_first, ROWS, []).width == 3
    with pytest.raises(ExportError, match="several sheets with the same headings"):
        changed(hide_first, ROWS, ROWS)
