"""publish/readback.py: a file that differs from its table in any way stops the release."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from cfc_pipeline.errors import ReleaseError
from cfc_pipeline.publish.html import document, fragment, grid
from cfc_pipeline.publish.model import PublishedTable
from cfc_pipeline.publish.readback import check_files
from cfc_pipeline.publish.spreadsheet import write_workbook
from cfc_pipeline.publish.tidy import csv_bytes, write_parquet
from cfc_pipeline.publish.written import as_written
from tests.published import WHEN, release_tables, table


def _write(folder: Path, *tables: PublishedTable) -> list[PublishedTable]:
    written = [as_written(t) for t in tables]
    (folder / "tables").mkdir()
    for t in written:
        (folder / "tables" / f"{t.name}.html").write_text(document(t, fragment(t, grid(t))), encoding="utf-8")
        (folder / "tables" / f"{t.name}.csv").write_bytes(csv_bytes(t))
        write_parquet(t, folder / "tables" / f"{t.name}.parquet")
    write_workbook(written, folder / "tables.xlsx", title="x", about=[], when=WHEN)
    return written


def test_every_format_reads_back_as_it_was_written(tmp_path: Path) -> None:
    check_files(_write(tmp_path, *release_tables(), table("empty", rows=[])), tmp_path)


def _text(path: Path, old: str, new: str) -> None:
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode(), 1))


TAMPERINGS: dict[str, Callable[[Path], None]] = {
    "csv: another figure": lambda f: _text(f / "tables/example.csv", "-0.2", "-0.3"),
    "csv: more digits": lambda f: _text(f / "tables/example.csv", "-0.2", "-0.24"),
    "csv: hidden as absent": lambda f: _text(f / "tables/example.csv", "[c]", "[z]"),
    "csv: hidden as nothing": lambda f: _text(f / "tables/example.csv", '"[c]"', ""),
    "csv: a row less": lambda f: _text(
        f / "tables/example.csv", '"2023/24","Resilience",61,-0.2,-0.6,0.1,0.199\r\n', ""
    ),
    "csv: another column": lambda f: _text(f / "tables/example.csv", '"p"\r\n', '"p","q"\r\n'),
    "html: another figure": lambda f: _text(f / "tables/example.html", "1,061", "1,062"),
    "html: another end": lambda f: _text(f / "tables/example.html", "1.9 to 8.6", "1.9 to 8.5"),
    "html: a lost minus": lambda f: _text(f / "tables/example.html", "−0.2", "0.2"),
    "html: a shown cell": lambda f: _text(f / "tables/example.html", ">[c]<", ">3<"),
    "html: a script": lambda f: _text(f / "tables/example.html", "1,061", "1,061<script></script>"),
    "html: a comment": lambda f: _text(f / "tables/example.html", "1,061", "1,061<!-- 61 -->"),
    "html: not closed": lambda f: _text(f / "tables/example.html", "1,061</td>", "1,061"),
    "html: not escaped": lambda f: _text(f / "tables/example.html", "1,061", "1,061 & more"),
    "html: a second table": lambda f: _text(f / "tables/example.html", "</table>", "</table><table></table>"),
    "html: no table": lambda f: _text(f / "tables/example.html", "</table>", ""),
    "html: an attribute": lambda f: _text(f / "tables/example.html", "<td ", '<td onclick="x" '),
    "html: another group": lambda f: _text(f / "tables/example.html", ">2024/25<", ">2025/26<"),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_difference_stops_the_release(tmp_path: Path, tampering: str) -> None:
    written = _write(tmp_path, table())
    TAMPERINGS[tampering](tmp_path)
    with pytest.raises(ReleaseError, match="did not read back") as caught:
        check_files(written, tmp_path)
    assert tampering.split(":")[0] in str(caught.value)


def test_more_digits_in_parquet_than_in_the_tables_stop_the_release(tmp_path: Path) -> None:
    written = _write(tmp_path, table())
    path = tmp_path / "tables" / "example.parquet"
    pl.read_parquet(path).with_columns(pl.col("change") + 1e-5).write_parquet(path)
    with pytest.raises(ReleaseError, match=r"example\.parquet, table example, column change, 3 rows: 1, 2, 4"):
        check_files(written, tmp_path)


def test_another_reason_or_another_column_in_parquet_stops_the_release(tmp_path: Path) -> None:
    written = _write(tmp_path, table())
    path = tmp_path / "tables" / "example.parquet"
    original = pl.read_parquet(path)
    original.with_columns(n_hidden=pl.lit(None, pl.String)).write_parquet(path)
    with pytest.raises(ReleaseError, match="column n_hidden"):
        check_files(written, tmp_path)
    original.with_columns(person=pl.lit("p-1")).write_parquet(path)
    with pytest.raises(ReleaseError, match="columns"):
        check_files(written, tmp_path)


def test_a_formula_or_another_number_in_the_workbook_stops_the_release(tmp_path: Path) -> None:
    import openpyxl

    written = _write(tmp_path, table())
    for cell, value, message in (("C5", "=61", "a formula"), ("C5", 62, "column n"), ("D6", None, "column change")):
        book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
        book["example"][cell] = value
        book.save(tmp_path / "tables.xlsx")
        with pytest.raises(ReleaseError, match=message):
            check_files(written, tmp_path)
        book["example"][cell] = 61 if cell == "C5" else "[c]"
        book.save(tmp_path / "tables.xlsx")


def test_the_message_never_quotes_a_cell(tmp_path: Path) -> None:
    written = _write(tmp_path, table())
    wrong = replace(written[0], values=written[0].values.with_columns(measure=pl.lit("CANARY")))
    with pytest.raises(ReleaseError) as caught:
        check_files([wrong], tmp_path)
    assert "CANARY" not in str(caught.value)
    assert "Resilience" not in str(caught.value)
