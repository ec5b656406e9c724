"""publish/tidy.py: the CSV of a table."""

import csv
import io

import pytest

from cfc_pipeline.publish.model import Column
from cfc_pipeline.publish.tidy import csv_bytes, neutralise, restore
from cfc_pipeline.publish.written import as_written
from tests.published import table


def test_text_and_marks_are_quoted_numbers_are_bare_and_minus_stays_minus() -> None:
    lines = csv_bytes(as_written(table())).decode().split("\r\n")
    assert lines[0] == '"group","measure","n","change","change_low","change_high","p"'
    assert lines[2] == '"2023/24","Resilience",61,-0.2,-0.6,0.1,0.199'
    assert lines[3] == '"2024/25","Compassion to self","[c]","[c]","[c]","[c]","[c]"'
    assert lines[4] == '"2024/25","Resilience",12,0.0,"[z]","[z]",0.000'


@pytest.mark.parametrize(
    "payload",
    ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠x", "'=1", "=cmd|'/C calc'!A0"],
)
def test_what_starts_like_a_formula_gets_an_apostrophe(payload: str) -> None:
    column = Column("label", "Label", "text")
    cells = csv_bytes(as_written(table(columns=(column,), rows=[(payload,)]))).decode()
    assert list(csv.reader(io.StringIO(cells)))[1] == ["'" + payload]
    assert restore("'" + payload) == payload


@pytest.mark.parametrize("text", ["a;=1+1;b", 'a,"=1', "a| @x", "x,;=1"])
def test_a_formula_after_another_separator_is_neutralised_too(text: str) -> None:
    assert neutralise(text) != text
    for cell in neutralise(text).replace(",", ";").replace("|", ";").split(";"):
        assert not cell.strip(' "').startswith(("=", "+", "-", "@"))
    assert restore(neutralise(text)) == text


def test_ordinary_text_is_left_alone() -> None:
    for text in ("Year 5-6", "a = b", "CEAS: self", "9 to 10", "mail@example.org"):
        assert neutralise(text) == text


def test_quotes_are_doubled() -> None:
    column = Column("label", "Label", "text")
    assert csv_bytes(as_written(table(columns=(column,), rows=[('say "hi"',)]))).endswith(b'"say ""hi"""\r\n')
