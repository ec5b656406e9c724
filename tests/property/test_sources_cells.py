"""Whatever cells a spreadsheet can write as delimited text, the reader gives back; the fast and the exact way agree."""

import csv
import io

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import delimited
from cfc_pipeline.sources.grid import open_grid

# Quotes, delimiters and line breaks often, everything else sometimes.
MARKS = st.sampled_from(['"', ",", ";", "\t", "\n", "\r\n", "\r", " ", "a", '""', "\u00a0", "é", "–"])
CELLS = st.lists(MARKS | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3), max_size=5)
ROWS = st.lists(st.lists(CELLS.map("".join), min_size=3, max_size=3), max_size=6)
settings.register_profile("sources", derandomize=True, deadline=None, max_examples=150)
PROFILE = settings.get_profile("sources")


@PROFILE
@given(
    rows=ROWS,
    delimiter=st.sampled_from([",", ";", "\t"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_written_cells_come_back(
    rows: list[list[str]], delimiter: str, line_end: str, quoting: int, encoding: str
) -> None:
    if line_end == "\n":
        # Python 3.11 does not quote a lone carriage return then, and so writes two rows.
        rows = [[cell.replace("\r", "\n") for cell in row] for row in rows]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([["h1", "h2", "h3"], *rows, ["end", "", ""]])

    body = open_grid(text.getvalue().encode(encoding), "x.csv").body(1, ["a", "b", "c"]).collect()

    expected = [[cell.strip() or None for cell in row] for row in rows]
    assert [list(row[1:]) for row in body.rows()] == [*expected, ["end", None, None]]
    assert body["_row"].to_list() == list(range(2, len(rows) + 3))


BYTES = st.lists(
    st.sampled_from([b"a", b",", b'"', b"\n", b" ", b"\r\n", b'",', b',"', b'""', b'"\n', b"\r"]), max_size=20
)


def shown(cells: pl.LazyFrame) -> list[tuple[object, ...]]:
    stripped = [pl.col(str(position)).fill_null("").str.strip_chars() for position in range(3)]
    rows = cells.select("_row", *stripped).collect().rows()
    while rows and not any(rows[-1][1:]):
        rows.pop()
    return rows


@settings(PROFILE, max_examples=600)
@given(BYTES.map(b"".join))
def test_text_that_is_left_to_polars_is_read_as_the_csv_module_reads_it(junk: bytes) -> None:
    data = b"h,i,j\n" + junk
    if not delimited._is_regular(data, ","):
        return
    fast = delimited._fast(data, ",", 3)
    if fast is not None:
        assert shown(fast) == shown(delimited._exact(data, ",", 3, "x.csv"))


@PROFILE
@given(st.binary(max_size=80))
def test_no_bytes_do_more_than_refuse(data: bytes) -> None:
    try:
        grid = open_grid(data, "x.csv")
    except ExportError:
        return
    assert grid.body(1, []).collect().height >= 0
