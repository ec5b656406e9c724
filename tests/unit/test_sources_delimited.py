"""Delimited text: encodings, delimiters, line ends and quotes, and the row that is named when one is wrong."""

import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources.grid import Grid, open_grid


def body(grid: Grid, header_rows: int = 1) -> list[tuple[object, ...]]:
    return grid.body(header_rows, [str(position) for position in range(grid.width)]).collect().rows()


def refusal(data: bytes) -> str:
    with pytest.raises(ExportError) as caught:
        open_grid(data, "export.csv")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-le with mark", "utf-16-be with mark"]
)
def test_every_encoding_gives_the_same_cells(encoding: str) -> None:
    text = "Größe,Était – ça?\n1,café\n"
    data = ("\ufeff" + text).encode(encoding.split()[0]) if "with mark" in encoding else text.encode(encoding)

    grid = open_grid(data, "export.csv")

    assert grid.head[0] == ["Größe", "Était – ça?"]
    assert body(grid) == [(2, "1", "café")]
    assert bool(grid.warnings) == (encoding == "cp1252")


def test_bytes_that_are_neither_utf8_nor_windows_are_counted_in_a_warning() -> None:
    grid = open_grid(b"a,b\n\x81\x8d,\xe4\n", "export.csv")

    assert body(grid) == [(2, "\ufffd\ufffd", "ä")]
    assert "2 bytes" in grid.warnings[0]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_and_line_end_are_found(delimiter: str, line_end: str) -> None:
    records = [["name", '"a question, with; marks"', "z"], ["one", '"line\nbreak"', ""]]
    data = line_end.join(delimiter.join(record) for record in records) + line_end

    grid = open_grid(data.encode(), "export.csv")

    assert grid.head[0] == ["name", "a question, with; marks", "z"]
    assert body(grid) == [(2, "one", "line\nbreak", None)]


def test_only_the_header_decides_the_delimiter() -> None:
    grid = open_grid(b"a;b\n1,2,3,4,5;x,y,z\n", "export.csv")

    assert body(grid) == [(2, "1,2,3,4,5", "x,y,z")]


def test_header_cells_with_line_breaks_do_not_shift_the_rows() -> None:
    grid = open_grid(b'\xef\xbb\xbf"first\n\nline","b\r\nc"\r\n"1\n2",3\r\n4,5\r\n', "export.csv")

    assert grid.head[0] == ["first\n\nline", "b\r\nc"]
    assert body(grid) == [(2, "1\n2", "3"), (3, "4", "5")]


def test_white_space_is_stripped_and_empty_is_null() -> None:
    grid = open_grid('a,b,c,d\n x ,"  ","",\u00a0y\u00a0\n'.encode(), "export.csv")

    assert body(grid) == [(2, "x", None, None, "y")]


def test_short_rows_are_padded_and_blank_rows_keep_their_number() -> None:
    grid = open_grid(b"a,b,c\n1\n\n2,3,4\n\n\n", "export.csv")

    assert body(grid) == [(2, "1", None, None), (3, None, None, None), (4, "2", "3", "4")]


def test_stray_quotes_inside_a_cell_are_text() -> None:
    # Polars pairs the two marks across rows and returns fewer rows without a word.
    grid = open_grid(b'a,b\n5" pipe,x\n6" pipe,y\n7,z\n', "export.csv")

    assert body(grid) == [(2, '5" pipe', "x"), (3, '6" pipe', "y"), (4, "7", "z")]


def test_rows_longer_than_the_heading_are_refused_by_number() -> None:
    rows = ["a,b", *["1,2"] * 8, "secret,2,extra", "1,2", "1,2,3,", "1,2,,"]

    message = refusal("\n".join(rows).encode())

    assert "2 row(s)" in message
    assert "row 10, 12" in message
    assert "secret" not in message
    assert "extra" not in message


@pytest.mark.parametrize("end", ["1,2,", "1,2,,", "1,2, ", "1,2,\n", "1,2,\r\n", '1,2,""'])
def test_an_empty_cell_too_many_is_no_cell_also_in_a_last_row_without_a_line_end(end: str) -> None:
    """Polars forgives one there and nowhere else; either way the row is read like the others."""
    grid = open_grid(("a,b\n" + "1,2\n" * 8 + end).encode(), "export.csv")
    assert body(grid)[-2:] == [(9, "1", "2"), (10, "1", "2")]


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b'a,b\n1,2\n3,"secret\n5,6\n', 3),
        (b'a,b\n1,2\n3,"sec"ret\n5,6\n', 3),
        (b"a,b\n1,2\n3,sec\0ret\n", 3),
    ],
)
def test_damage_names_the_row_and_never_the_cell(data: bytes, row: int) -> None:
    message = refusal(data)

    assert f"row {row}" in message
    assert "sec" not in message


def test_a_quote_that_is_never_closed_in_a_large_file_is_refused() -> None:
    data = b"a,b\n" + b"1,2\n" * 50_000 + b'3,"open\n' + b"1,2\n" * 50_000

    assert "row 50002" in refusal(data)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    assert "empty" in refusal(data)


def test_damaged_utf16_is_refused() -> None:
    assert "damaged" in refusal("a\tb\n1\t2\n".encode("utf-16")[:-1])


def test_rows_are_read_lazily_and_more_than_once() -> None:
    grid = open_grid(b"a,b\n" + b"1, 2\n" * 1000, "export.csv")
    rows = grid.body(1, ["a", "b"])

    assert rows.select("b").collect().height == 1000
    assert rows.collect().rows()[-1] == (1001, "1", "2")
