"""Qualtrics: export jobs, zips, what is asked for and what an empty cell means."""

import io
import zipfile
from collections.abc import Iterator

import polars as pl
import pytest

from cfc_pipeline.errors import ConfigError, SourceError
from cfc_pipeline.programme import Fetch
from cfc_pipeline.sources.apis import qualtrics as api
from cfc_pipeline.sources.apis.answers import Answers
from cfc_pipeline.sources.raw import LEFT_BLANK, NOT_SHOWN, NOT_TICKED, TEST, RawColumn
from cfc_pipeline.sources.web import Web
from tests.servers import qualtrics as server
from tests.servers.local import Answer, Fault, Tool, running
from tests.servers.world import people


@pytest.fixture
def tool() -> Iterator[Tool]:
    with running(server, people(4)) as tool:
        yield tool


def connected(tool: Tool) -> Web:
    web = api.connect(Fetch(survey=server.SURVEY, server=tool.base), server.SECRET)
    web.sleep = lambda seconds: None
    return web


def fetched(tool: Tool, *wanted: str, since: str | None = None) -> Answers:
    web = connected(tool)
    return api.responses(web, server.SURVEY, api.questionnaire(web, server.SURVEY), set(wanted), since)


def zip_fault(archive: bytes) -> Fault:
    return lambda request, right: Answer(200, archive, {"Content-Type": "application/zip"})


def test_only_what_is_needed_is_asked_for(tool: Tool) -> None:
    fetched(tool, "QID1_2", "QID1_3", "recipientEmail", "school_code")
    options = next(request.json() for request in tool.requests if request.method == "POST")
    assert options["questionIds"] == ["QID1"]
    assert options["embeddedDataIds"] == ["school_code"]
    assert options["surveyMetadataIds"] == [
        "_recordId",
        "endDate",
        "recordedDate",
        "status",
        "finished",
        "recipientEmail",
    ]
    assert options["timeZone"] == "UTC"


def test_not_shown_left_blank_and_not_ticked_are_told_apart(tool: Tool) -> None:
    tool.world.edit(2, complete=False, answers={1: 2}, comment="")
    rows = fetched(tool, "QID1_2", "QID2_TEXT", "QID3:1", "QID3:3").rows.sort("_record")
    assert rows["QID1_2"][1] == LEFT_BLANK
    assert rows["QID2_TEXT"][1] == LEFT_BLANK
    assert rows["QID3:1"].to_list() == [NOT_TICKED, NOT_SHOWN, NOT_TICKED, NOT_TICKED]
    assert rows["QID3:3"].to_list() == ["Writing a letter", NOT_SHOWN, "Writing a letter", NOT_TICKED]


def test_somebody_who_types_an_ordinary_missing_code_has_answered(tool: Tool) -> None:
    tool.world.edit(1, comment="-99")
    assert fetched(tool, "QID2_TEXT").rows.sort("_record")["QID2_TEXT"][0] == "-99"


def test_numbers_of_choices_are_the_recodes_not_the_positions(tool: Tool) -> None:
    form = {column.key: column for column in api.questionnaire(connected(tool), server.SURVEY)}
    assert [choice.number for choice in form["QID1_1"].choices] == ["9", "10", "11", "12", "13"]
    assert form["QID1_1"].tag == "CARE_1"
    assert form["QID3:3"].tag == "Q3_3"
    assert [key for key, column in form.items() if column.personal] == [*api._PERSONAL, "school_code"]


def test_labels_are_matched_whatever_markup_and_space_the_export_leaves_in_them() -> None:
    column = RawColumn("QID1", "", choices=(api._choice("1", {"choiceText": "<b>Str</b>ongly\n agree", "recode": 5}),))
    cells = pl.DataFrame({"QID1": ["Strongly agree", "<b>Str</b>ongly\n\nagree", "Str ongly  agree", "something else"]})
    assert cells.select(api._cells(column)).to_series().to_list() == ["Str ongly agree"] * 3 + ["something else"]


def test_previews_are_tests(tool: Tool) -> None:
    tool.world.edit(3, test=True)
    assert fetched(tool, "QID1_1").rows.sort("_record")[TEST].to_list() == [False, False, True, False]
    assert api.count(connected(tool), server.SURVEY) == 4


def test_an_edit_is_found_by_the_next_fetch_and_moves_the_cursor(tool: Tool) -> None:
    first = fetched(tool, "QID2_TEXT")
    for number in range(10, 40):
        tool.world.add(number)
    later = fetched(tool, "QID2_TEXT", since=first.cursor)
    tool.world.edit(1, comment="Late thoughts")
    edited = fetched(tool, "QID2_TEXT", since=later.cursor)
    assert "Late thoughts" in edited.rows["QID2_TEXT"].to_list()
    assert len(edited.rows) < len(later.rows)
    assert edited.cursor == f"{tool.world.now:%Y-%m-%dT%H:%M:%SZ}"


def test_the_cursor_is_kept_where_nothing_is_new(tool: Tool) -> None:
    tool.world.given.clear()
    assert fetched(tool, "QID1_1", since="2026-01-05T09:00:00Z").cursor == "2026-01-05T09:00:00Z"


def test_the_address_is_needed_and_may_be_written_in_full() -> None:
    with pytest.raises(ConfigError, match="no address of its own"):
        api.connect(Fetch(survey="SV_1"), "x")
    for written in ("https://fra1.qualtrics.com", "https://fra1.qualtrics.com/API/v3/"):
        web = api.connect(Fetch(survey="SV_1", server=written), "x")
        assert web.server == "https://fra1.qualtrics.com/API/v3"


@pytest.mark.parametrize("status", ["failed", "inProgress"])
def test_a_job_that_never_ends_well_is_an_error(tool: Tool, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_POLLS", 5)
    monkeypatch.setattr(server, "_progress", lambda job: server.result(percentComplete=100.0, status=status))
    with pytest.raises(SourceError, match="export that it was asked for"):
        fetched(tool, "QID1_1")


def test_a_zip_that_was_cut_off_on_its_way_is_fetched_again(tool: Tool) -> None:
    cut: Fault = lambda request, right: Answer(200, right.body[:-30], dict(right.headers))  # noqa: E731
    tool.faults.append(cut)
    assert len(fetched(tool, "QID1_1").rows) == 4
    tool.faults.extend([cut] * 10)
    with pytest.raises(SourceError, match="broke off its answer"):
        fetched(tool, "QID1_1")


def test_a_zip_with_damaged_contents_is_refused(tool: Tool) -> None:
    def damage(request: object, right: Answer) -> Answer:
        middle = len(right.body) // 2
        return Answer(200, right.body[:middle] + b"\xff\x00\xff" + right.body[middle + 3 :], dict(right.headers))

    tool.faults.append(damage)
    with pytest.raises(SourceError, match="not a zip that can be read"):
        fetched(tool, "QID1_1")


def test_a_zip_bomb_is_not_unpacked(tool: Tool) -> None:
    tool.faults.append(zip_fault(server.zipped("0" * 50_000_000)))
    web = connected(tool)
    web.most_bytes = 1_000_000
    with pytest.raises(SourceError, match="larger than allowed"):
        api.responses(web, server.SURVEY, (), set(), None)


def test_a_zip_of_several_files_is_refused(tool: Tool) -> None:
    tool.faults.append(zip_fault(server.zipped("a,b", "one.csv", "two.csv")))
    with pytest.raises(SourceError, match="2 files"):
        fetched(tool, "QID1_1")


def test_a_zip_behind_a_password_is_refused(tool: Tool) -> None:
    file = io.BytesIO(server.zipped("a,b"))
    with zipfile.ZipFile(file) as archive:
        at = archive.infolist()[0].header_offset
    locked = bytearray(file.getvalue())
    locked[at + 6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    tool.faults.append(zip_fault(bytes(locked)))
    with pytest.raises(SourceError, match="not a zip that can be read"):
        fetched(tool, "QID1_1")


def test_an_export_without_its_third_header_row_is_refused(tool: Tool) -> None:
    tool.faults.append(zip_fault(server.zipped("ResponseId,Q1\nR_1,4\n")))
    with pytest.raises(SourceError, match="header rows"):
        fetched(tool, "QID1_1")


def test_a_question_that_the_export_leaves_out_is_an_error_and_an_anonymised_person_is_not(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = server._columns
    monkeypatch.setattr(
        server, "_columns", lambda *how: [c for c in columns(*how) if c[2]["ImportId"] not in ("recipientEmail",)]
    )
    assert fetched(tool, "QID1_1", "recipientEmail").rows["recipientEmail"].null_count() == 4
    monkeypatch.setattr(server, "_columns", lambda *how: [c for c in columns(*how) if c[2]["ImportId"] != "QID1_1"])
    with pytest.raises(SourceError, match=r"left out 1 column\(s\)"):
        fetched(tool, "QID1_1")


def test_a_status_in_another_language_is_refused(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = server._cell
    monkeypatch.setattr(
        server, "_cell", lambda one, about, *how: cell(one, about, *how).replace("IP Address", "IP-Adresse")
    )
    with pytest.raises(SourceError, match="words that this version does not know"):
        fetched(tool, "QID1_1")


def test_columns_of_every_kind_have_the_ids_that_exports_use() -> None:
    def keys(kind: str, selector: str, sub: str | None = None, **parts: object) -> list[str]:
        about = {"questionType": {"type": kind, "selector": selector, "subSelector": sub}, "questionText": "T", **parts}
        return [column.key for column in api._columns("QID7", about, {"Q7_3_TEXT": other})]

    other = {"question": "QID7", "choice": "QID7.choices.3"}
    choices = {n: {"choiceText": f"Choice {n}", "recode": n} for n in ("1", "3")}
    rows = {n: {"choiceText": f"Row {n}"} for n in ("1", "2")}
    assert keys("TE", "SL") == ["QID7_TEXT"]
    assert keys("MC", "SAVR", choices=choices) == ["QID7", "QID7_3_TEXT"]
    assert keys("MC", "MAVR", choices=choices) == ["QID7:1", "QID7:3", "QID7_3_TEXT"]
    assert keys("Matrix", "Likert", "MultipleAnswer", choices={"1": choices["1"]}, subQuestions=rows) == [
        "QID7_1:1",
        "QID7_2:1",
    ]
    assert keys("Matrix", "TE", "Medium", choices={"1": choices["1"]}, subQuestions=rows) == ["QID7_1_1", "QID7_2_1"]
    assert keys("Slider", "HSLIDER", choices={"14": choices["1"]}) == ["QID7_14"]
    assert keys("DB", "TB") == []
    assert keys("Timing", "PageTimer") == []
