"""The referee's own reading of the tools' exports, with csv and openpyxl; shares no code with the package."""

import csv
import fnmatch
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl

Cells = dict[str, str]
Grid = list[list[str]]


@dataclass
class Row:
    """One record of a file, with its cells under the names that programme.yaml uses."""

    number: int
    cells: Cells
    record: str = ""
    submitted: str = ""
    complete: bool = True
    test: bool = False


def open_file(path: Path, setup: dict[str, Any]) -> tuple[dict[str, Any], list[Row]]:
    """The survey entry that a file belongs to, by its name or else as the only one whose items it holds; its rows."""
    grid = open_grid(path)
    named = [e for e in setup["surveys"] if "files" in e and fnmatch.fnmatch(path.name, e["files"])]
    for entry in named or [e for e in setup["surveys"] if "files" not in e]:
        rows = READERS[entry["tool"]](grid)
        wanted = {column for scale in entry.get("scales", []) for column in scale["items"].values()}
        if named or (rows and wanted <= set(rows[0].cells)):
            return entry, rows
    raise AssertionError(f"no entry for a file of {len(grid)} rows")


def open_grid(path: Path) -> Grid:
    data = path.read_bytes()
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path, read_only=False).worksheets[0]
        return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


def tidy(text: str) -> str:
    return " ".join(text.split())


def rows_of(keys: list[str], grid: Grid, headers: int) -> Iterator[tuple[int, Cells]]:
    for number, row in enumerate(grid[headers:], start=headers + 1):
        yield number, {key: cell.strip() for key, cell in zip(keys, row, strict=False)}


def qualtrics(grid: Grid) -> list[Row]:
    """Three header rows, the third with ImportIds; or two in the old layout, where system columns are V1 to V10."""
    if any("ImportId" in cell for cell in grid[2]):
        ids = [json.loads(cell) for cell in grid[2]]
        keys = [f"{i['ImportId']}:{i['choiceId']}" if "choiceId" in i else str(i["ImportId"]) for i in ids]
        names, headers = ("_recordId", "recordedDate", "finished", "status"), 3
    else:
        keys, headers = grid[0], 2
        names = ("V1", "V9", "V10", "V7")
        keys = [text if text == "EmailAddress" else key for key, text in zip(keys, grid[1], strict=True)]
    record, submitted, finished, status = names
    return [
        Row(
            number,
            cells,
            record=cells[record],
            submitted=cells[submitted],
            complete=cells[finished] in ("1", "True"),
            test=cells[status] not in ("0", "IP Address"),
        )
        for number, cells in rows_of(keys, grid, headers)
    ]


def ms_forms(grid: Grid) -> list[Row]:
    rows = rows_of([tidy(cell) for cell in grid[0]], grid, 1)
    return [Row(n, cells, record=cells["ID"], submitted=cells["Completion time"]) for n, cells in rows]


def google_forms(grid: Grid) -> list[Row]:
    rows = rows_of([tidy(cell) for cell in grid[0]], grid, 1)
    return [Row(n, cells, submitted=cells["Timestamp"]) for n, cells in rows]


def surveymonkey(grid: Grid) -> list[Row]:
    keys, question = [], ""
    for upper, lower in zip(grid[0], grid[1], strict=True):
        question = tidy(upper) or question
        plain = tidy(lower) in ("", "Response", "Open-Ended Response")
        keys.append(question if plain else f"{question} | {tidy(lower)}")
    rows = rows_of(keys, grid, 2)
    return [Row(n, cells, record=cells["Respondent ID"], submitted=cells["End Date"]) for n, cells in rows]


def limesurvey(grid: Grid) -> list[Row]:
    """Codes or full texts as headings; a form without a day of sending in was not finished."""
    keys = [tidy(cell) for cell in grid[0]]
    full = {"Response ID": "id", "Date submitted": "submitdate", "Access code": "token"}
    keys = [full.get(key, key) for key in keys]
    rows = rows_of(keys, grid, 1)
    return [
        Row(
            number,
            cells,
            record=cells["id"],
            submitted="" if cells["submitdate"].startswith("1980-01-01") else cells["submitdate"] or cells["datestamp"],
            complete=cells["submitdate"] != "",
        )
        for number, cells in rows
        if any(cells.values())
    ]


def plain_table(grid: Grid) -> list[Row]:
    return [Row(number, cells) for number, cells in rows_of([tidy(cell) for cell in grid[0]], grid, 1)]


READERS = {
    "qualtrics": qualtrics,
    "ms_forms": ms_forms,
    "google_forms": google_forms,
    "surveymonkey": surveymonkey,
    "limesurvey": limesurvey,
    "table": plain_table,
}


def moment(text: str, entry: dict[str, Any], setup: dict[str, Any]) -> datetime | None:
    """The programme's clock; None where the text is no time in the order that the entry declares."""
    declared = entry.get("submitted", {})
    first = {"ymd": [], "mdy": ["%m/%d/%Y", "%m/%d/%y"], "dmy": ["%d/%m/%Y"]}[declared.get("order", "ymd")]
    zone = declared.get("timezone") or ("UTC" if entry["tool"] == "qualtrics" else setup["timezone"])
    stated = re.fullmatch(r"(.*) GMT([+-]\d+)?", text)
    body = stated.group(1) if stated else text
    for day in [*first, "%Y-%m-%d", "%Y/%m/%d"]:
        for clock in ("%H:%M:%S", "%I:%M:%S %p"):
            try:
                found = datetime.strptime(body, f"{day} {clock}")
            except ValueError:
                continue
            if stated:
                found = (found - timedelta(hours=int(stated.group(2) or 0))).replace(tzinfo=ZoneInfo("UTC"))
            else:
                found = found.replace(tzinfo=ZoneInfo(zone))
            return found.astimezone(ZoneInfo(setup["timezone"])).replace(tzinfo=None)
    return None
