"""LimeSurvey: question codes and full headings, unfinished responses, surveys without dates."""

from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable

CODES = '"id";"submitdate";"lastpage";"startlanguage";"seed";"token";"startdate";"datestamp";"ipaddr";"refurl"'


def export(header: str, *rows: str) -> RawTable:
    # One blank record at the end, as the tool writes it.
    return read_export(("\ufeff" + "\r\n".join([header, *rows, "", ""])).encode(), "export.csv")


def answered(number: int, submitted: str, *answers: str) -> str:
    cells = [str(number), submitted, "2", "en", "123", "tok", "2026-01-02 10:00:00", "2026-01-02 10:04:00", "192.0.2.1"]
    return ";".join(f'"{cell}"' for cell in [*cells, "https://x.example", *answers])


def test_codes_are_keys_and_the_last_record_is_no_row() -> None:
    table = export(
        f'{CODES};"G01Q01";"Q02[SQ001]";"Q02[other]"',
        answered(1, "2026-01-02 10:05:00", "A1", "4", 'said ""no""\nand left'),
        answered(2, "", "", "", ""),
    )

    assert table.layout == "question codes"
    rows = table.rows.select(
        "_row", "_record", "_submitted", "_complete", "G01Q01", "Q02[SQ001]", "Q02[other]"
    ).collect()
    assert rows.rows() == [
        (2, "1", "2026-01-02 10:05:00", True, "A1", "4", 'said "no"\nand left'),
        (3, "2", "2026-01-02 10:04:00", False, None, None, None),
    ]
    assert [c.key for c in table.columns if c.personal] == ["token", "ipaddr", "refurl"]
    assert [c.option for c in table.columns if not c.system] == ["", "SQ001", "other"]


def test_surveys_without_dates_have_an_unknown_one() -> None:
    table = export('"id";"submitdate";"lastpage";"Q1"', '"1";"1980-01-01 00:00:00";"2";"A1"', '"2";"";"1";""')

    assert table.rows.select("_submitted", "_complete").collect().rows() == [(None, True), (None, False)]


def test_full_headings() -> None:
    table = export(
        '"Response ID";"Date submitted";"Last page";"Start language";"Seed";"Access code";"IP address"'
        ';"I feel; mostly [calm]";"Anything else?";"Anything else?"',
        '"1";"2026-01-02 10:05:00";"2";"en";"1";"tok";"192.0.2.1";"Often";"a";"b"',
    )

    assert table.layout == "full headings"
    asked = [c for c in table.columns if not c.system]
    assert [c.key for c in asked] == ["I feel; mostly [calm]", "Anything else?", "Anything else? #2"]
    assert (asked[0].text, asked[0].option) == ("I feel; mostly", "calm")
    assert [c.key for c in table.columns if c.personal] == ["Access code", "IP address"]


def test_the_comma_of_the_web_export_is_fine_too() -> None:
    assert export("id,submitdate,lastpage,Q1", "1,2026-01-02 10:05:00,2,A1").tool == "limesurvey"


def test_formulas_come_through_as_text() -> None:
    table = export('"id";"submitdate";"Q1"', '"1";"2026-01-02 10:05:00";"=HYPERLINK(""x"")"')

    assert table.rows.collect()["Q1"].to_list() == ['=HYPERLINK("x")']
