"""Files as they come from downloads, spreadsheets and mail: read exactly, or refused with the place and the reason.

All values are invented. A case is its bytes and either the rows that must come out, or what the refusal must say.
"""

import gzip
import io
import tracemalloc
import zipfile
from dataclasses import dataclass

import openpyxl
import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import read_export

Row = tuple[object, ...]


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    rows: tuple[Row, ...] | None = None  # row number, then the cells
    keys: tuple[str, ...] = ()
    says: tuple[str, ...] = ()  # in the refusal, or in the warnings


def book(*rows: list[object]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.worksheets[0].append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def packed(name: str, text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, text)
    return file.getvalue()


PLAIN = "Größe,Note\n1,café – ça\n"
SEEN = ((2, "1", "café – ça"),)
LOGIN = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>a,b\n1,2</body></html>"

READ = (
    Case("UTF-8", PLAIN.encode(), SEEN),
    Case("UTF-8 with a mark", PLAIN.encode("utf-8-sig"), SEEN, ("Größe", "Note")),
    Case("UTF-16 LE", b"\xff\xfe" + PLAIN.encode("utf-16-le"), SEEN, ("Größe", "Note")),
    Case("UTF-16 BE", b"\xfe\xff" + PLAIN.encode("utf-16-be"), SEEN, ("Größe", "Note")),
    Case("UTF-16 with tabs", PLAIN.replace(",", "\t").encode("utf-16"), SEEN),
    Case("UTF-32", PLAIN.encode("utf-32"), SEEN),
    Case("Windows-1252", PLAIN.encode("cp1252"), SEEN, says=("Windows-1252",)),
    Case("one broken byte in UTF-8", b"a,b\n1,\xc3\n", ((2, "1", "Ã"),), says=("Windows-1252",)),
    Case("converted twice", "a,b\n1,caf\u00c3\u00a9\n".encode(), ((2, "1", "caf\u00c3\u00a9"),), says=("twice",)),
    Case(
        "a dash converted twice",
        "a,b\n1,x\u00e2\u20ac\u201cy\n".encode(),
        ((2, "1", "x\u00e2\u20ac\u201cy"),),
        says=("twice",),
    ),
    Case("semicolons", b"a;b\n1,5;2\n", ((2, "1,5", "2"),)),
    Case("tabs", b"a\tb\n1\t2;3,4\n", ((2, "1", "2;3,4"),)),
    Case("a line that tells Excel the separator", b"sep=;\r\na;b\r\n1;2\r\n", ((2, "1", "2"),), ("a", "b")),
    Case("line break in a cell", b'a,b\r\n1,"x\ny"\r\n2,z\r\n', ((2, "1", "x\ny"), (3, "2", "z"))),
    Case("line break in a heading", b'"a\nquestion",b\n1,2\n', ((2, "1", "2"),), ("a question", "b")),
    Case("markup in a heading", b"<b>a</b>&nbsp;b,c\n1,2\n", ((2, "1", "2"),), ("a b", "c")),
    Case("equal headings", b"a,a,a\n1,2,3\n", ((2, "1", "2", "3"),), ("a", "a #2", "a #3")),
    Case("an empty heading", b"a,,c\n1,2,3\n", ((2, "1", "2", "3"),), ("a", "column 2", "c")),
    Case("a heading like a reader's own", b"_row,_test\n1,2\n", ((2, "1", "2"),), ("_row #2", "_test #2")),
    Case("a heading like a pattern", b"*,^a$\n1,2\n", ((2, "1", "2"),), ("column 1", "column 2")),
    Case("trailing commas", b"a,b,,\n1,2,,\n", ((2, "1", "2"),), ("a", "b")),
    Case("short rows", b"a,b,c\n1\n2,3\n4,5,6\n", ((2, "1", None, None), (3, "2", "3", None), (4, "4", "5", "6"))),
    Case("an end without a line end", b"a,b\n1,2", ((2, "1", "2"),)),
    Case("cut short in a row", b"a,b,c\n1,2,3\n4,5", ((2, "1", "2", "3"), (3, "4", "5", None)), says=("cut short",)),
    Case("only carriage returns", b"a,b\r1,2\r3,4\r", ((2, "1", "2"), (3, "3", "4"))),
    Case("mixed line ends", b"a,b\r\n1,2\n3,4\r5,6\n", ((2, "1", "2"), (3, "3", "4"), (4, "5", "6"))),
    Case("a blank record at the end", b"a,b\r\n1,2\r\n\r\n", ((2, "1", "2"),)),
    Case("a blank line in between", b"a,b\n1,2\n\n3,4\n", ((2, "1", "2"), (3, None, None), (4, "3", "4"))),
    Case("a blank line above the headings", b"\na,b\n1,2\n", ((3, "1", "2"),)),
    Case("headings only", b"a,b\n", (), ("a", "b")),
    Case("one column", b"a\n1\n2\n", ((2, "1"), (3, "2"))),
    Case("doubled quotation marks", b'a,b\n"she said ""yes""",2\n', ((2, 'she said "yes"', "2"),)),
    Case("a quotation mark inside a cell", b'a,b\n5" nail,2\n', ((2, '5" nail', "2"),)),
    Case("days and ids as a spreadsheet leaves them", b"a,b\n45987,1.00E+05\n", ((2, "45987", "1.00E+05"),)),
    Case("leading zeros", b"a,b\n007,0\n", ((2, "007", "0"),)),
    Case("spaces that are not spaces", "a\u00a0b,c\n\u00a01\u00a0,\u2003\n".encode(), ((2, "1", None),), ("a b", "c")),
    Case("a formula in a cell", b"a,b\n=1+1,@x\n", ((2, "=1+1", "@x"),)),
    Case("separators of Unicode inside a cell", "a,b\nx\u2028y\x0b,2\n".encode(), ((2, "x\u2028y", "2"),)),
    Case("a wide sheet", (",".join(f"q{i}" for i in range(5000)) + "\n").encode(), ()),
    Case(
        "a workbook with gaps",
        book(["a", "b"], ["x", None], [], [1, 2.50]),
        ((2, "x", None), (3, None, None), (4, "1", "2.5")),
    ),
)

REFUSED = (
    Case("nothing", b"", says=("empty",)),
    Case("only blank lines", b"\r\n\r\n\n", says=("empty",)),
    Case("only a mark", b"\xef\xbb\xbf", says=("empty",)),
    Case("an open quotation mark", b'a,b\n1,2\n3,"x\n4,5\n', says=("quotation mark", "row 3")),
    Case("text after a quotation mark", b'a,b\n"x"y,2\n', says=("quotation mark", "row 2")),
    Case("NUL", b"a,b\n1,2\n3,\x00\n", says=("damaged", "row 3")),
    Case("UTF-16 without a mark", PLAIN.encode("utf-16-le"), says=("damaged", "row 1")),
    Case("UTF-16 cut in a letter", PLAIN.encode("utf-16")[:-1], says=("UTF-16", "damaged")),
    Case("an unquoted comma", b"a,b\n1,2\n3,x,y\n", says=("more cells", "row 3")),
    Case("a title above the headings", b"Report\na,b\n1,2\n", says=("more cells", "row 2")),
    Case("a sign-in page", LOGIN.encode(), says=("web page", "sign in")),
    Case("a sign-in page with a mark", LOGIN.encode("utf-8-sig"), says=("web page",)),
    Case("a table of a web page called .xls", b"  <html><table><tr><td>a", says=("web page",)),
    Case("an error of an interface", b'{"error": {"code": 403}}', says=("JSON",)),
    Case("a list of an interface", b'[\n  {"id": 1}]', says=("JSON",)),
    Case("a PDF", b"%PDF-1.7\n%\xe2\xe3", says=("PDF",)),
    Case("a rich text", b"{\\rtf1\\ansi a,b}", says=("text document",)),
    Case("a gzip", gzip.compress(PLAIN.encode()), says=("archive", "unpack")),
    Case("a zip with a CSV", packed("a.csv", "a,b\n"), says=("zip archive", "unpack")),
    Case("a spreadsheet of another program", packed("content.xml", "<a/>"), says=("not an .xlsx",)),
    Case("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, says=("old .xls",)),
    Case("half a workbook", book(["a"], [1])[:2000], says=("damaged",)),
    Case("an empty workbook", book(), says=("empty",)),
    Case("5,001 columns", (",".join(f"q{i}" for i in range(5001)) + "\n").encode(), says=("5,000 columns",)),
    Case("5,001 columns in quotation marks", (",".join(['"x,\n"'] * 5001) + "\n").encode(), says=("5,000 columns",)),
    Case("5,001 cells in a row", b"a,b\n1,2\n" + b"," * 5000 + b"\n", says=("5,000 columns",)),
    Case(
        "ids that a spreadsheet rounded",
        b"Respondent ID,Collector ID,Start Date,End Date,IP Address,Q\n"
        b",,,,,Response\n1.14E+11,1,05/01/2026 10:00:00 AM,05/01/2026 10:01:00 AM,,4\n"
        b"1.14E+11,1,05/01/2026 10:00:00 AM,05/01/2026 10:02:00 AM,,5\n",
        says=("rounded the ids of 2", "row 3, 4"),
    ),
)


def titles(cases: tuple[Case, ...]) -> list[str]:
    return [case.name for case in cases]


@pytest.mark.parametrize("case", READ, ids=titles(READ))
def test_a_nasty_file_is_read_as_it_is(case: Case) -> None:
    table = read_export(case.data, "export.csv", "table")

    assert table.warnings == () if not case.says else all(word in " ".join(table.warnings) for word in case.says)
    keys = [column.key for column in table.columns]
    if case.keys:
        assert keys == list(case.keys)
    if case.rows is not None:
        assert table.rows.select("_row", *keys).collect().rows() == list(case.rows)


@pytest.mark.parametrize("case", REFUSED, ids=titles(REFUSED))
def test_a_file_that_cannot_be_right_is_refused_with_its_place(case: Case) -> None:
    with pytest.raises(ExportError) as caught:
        read_export(case.data, "export.csv")

    said = str(caught.value)
    assert "export.csv" in said
    assert all(word in said for word in case.says), said
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("name", ["../../inbox/ex\x1b[2Jport.csv", "C:\\secret\\ex\u202eport.csv", "a\nb.csv"])
def test_a_file_name_cannot_move_the_cursor_or_show_a_folder(name: str) -> None:
    with pytest.raises(ExportError) as caught:
        read_export(b"", name)

    where = caught.value.where or ""
    assert where.isprintable()
    assert not {"/", "\\"} & set(where)
    assert where.endswith(".csv")


def test_a_small_file_with_millions_of_cells_costs_little() -> None:
    data = b"a" + b"," * 8_000_000 + b"\n"
    tracemalloc.start()
    with pytest.raises(ExportError, match="5,000 columns"):
        read_export(data, "export.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * len(data)
