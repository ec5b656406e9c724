"""Whatever a table holds, every format reads back as it was written, and text comes back from CSV as it went in."""

import csv
import io
import tempfile
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfc_pipeline.publish.html import document, fragment, grid
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.readback import check_files
from cfc_pipeline.publish.spreadsheet import write_workbook
from cfc_pipeline.publish.tidy import csv_bytes as csv_of
from cfc_pipeline.publish.tidy import load_parquet, neutralise, restore, write_parquet
from cfc_pipeline.publish.written import as_written, plain, texts
from tests.published import WHEN, table

FEW = settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=400, derandomize=True, deadline=None)

SPICY = st.text(st.sampled_from(list("=+-@＝'\",;|\t\n <>&abc19.[]{}\u202e\u00a0")), max_size=12)
TEXT = st.one_of(st.text(max_size=20), SPICY, st.sampled_from(["[c]", "[z]", "1.5", "", " to ", "1 to 2"]))
NUMBER = st.floats(-1e6, 1e6, allow_nan=False)
HIDDEN = st.sampled_from(["SMALL_COUNT", "FEW_PEOPLE", None])
ROW = st.tuples(
    st.sampled_from(["2023/24", "2024/25", "<b>"]),
    st.one_of(st.none(), TEXT),
    st.one_of(st.integers(0, 10**9), HIDDEN),
    st.one_of(NUMBER, HIDDEN),
    st.one_of(NUMBER, HIDDEN),
    st.one_of(NUMBER, HIDDEN),
    st.one_of(st.floats(0, 1), HIDDEN),
)


@st.composite
def tables(draw: st.DrawFn) -> PublishedTable:
    base = table()
    labels = [draw(TEXT) for _ in base.columns]
    columns = tuple(
        Column(
            c.key,
            label,
            c.kind,
            draw(st.sampled_from(["", "2023/24", "A & B"])) if i > 1 else "",
            c.decimals,
            c.interval,
        )
        for i, (c, label) in enumerate(zip(base.columns, labels, strict=True))
    )
    title, note = draw(TEXT), draw(TEXT)
    return table("example", columns, draw(st.lists(ROW, max_size=6)), title=title, notes=(note,), shows=note)


@FEW
@given(tables())
def test_every_format_reads_back(original: PublishedTable) -> None:
    written = as_written(original)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tables").mkdir()
        html = document(written, fragment(written, grid(written)))
        (folder / "tables" / "example.html").write_text(html, encoding="utf-8")
        (folder / "tables" / "example.csv").write_bytes(csv_of(written))
        write_parquet(written, folder / "tables" / "example.parquet")
        write_workbook([written], folder / "tables.xlsx", title="x", about=[], when=WHEN)
        check_files([written], folder)
        again = load_parquet(folder / "tables" / "example.parquet")
    assert again.values.equals(written.values)
    assert again.hidden.equals(written.hidden)


@MANY
@given(st.one_of(SPICY, st.text()))
def test_neutralising_is_reversible_and_leaves_no_formula(text: str) -> None:
    safe = neutralise(plain(text))
    assert restore(safe) == plain(text)
    for separator in ",;|":
        for cell in safe.split(separator):
            assert not cell.strip(' "').startswith(("=", "+", "-", "@", "＝"))


@MANY
@given(st.one_of(SPICY, st.text()))
def test_cleaning_is_idempotent_and_leaves_one_line(text: str) -> None:
    clean = plain(text)
    assert plain(clean) == clean
    assert len(clean.splitlines()) <= 1
    assert not set(clean) & set("\t\r\n\x00\u202e\u2028\u00a0")


@FEW
@given(st.lists(st.integers(-(10**6), 10**6).map(lambda n: n / 100), min_size=1, max_size=5))
def test_true_numbers_are_never_changed_by_the_csv(numbers: list[float]) -> None:
    column = Column("x", "X", "number", decimals=2)
    written = as_written(table(columns=(column,), rows=[(n,) for n in numbers]))
    rows = list(csv.reader(io.StringIO(csv_of(written).decode())))[1:]
    assert [float(row[0]) for row in rows] == numbers
    assert texts(written, column) == [row[0] for row in rows]
    assert written.values["x"].dtype == pl.Float64
