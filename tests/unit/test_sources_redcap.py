"""REDCap: what names a response, when a form is finished, and columns that name people."""

import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable


def export(*rows: str) -> RawTable:
    return read_export("\n".join(rows).encode(), "export.csv")


def shown(table: RawTable, *columns: str) -> list[tuple[object, ...]]:
    return table.rows.select("_record", "_submitted", "_complete", *columns).collect().rows()


def test_a_classic_project_has_one_row_a_record() -> None:
    table = export("record_id,brs_1,brs_2,brs_complete", "1,4,2,2", "2,4,,0")

    assert table.tool == "redcap"
    assert shown(table, "brs_1") == [("1", None, True, "4"), ("2", None, False, "4")]
    assert [c.key for c in table.columns if not c.system] == ["brs_1", "brs_2"]


def test_events_and_repeats_name_a_response_together() -> None:
    table = export(
        "id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_survey_identifier,"
        "brs_timestamp,brs_1,brs_complete,feedback_timestamp,fb_1,feedback_complete",
        "1,pre_arm_1,,,a@x.example,2026-01-15 10:05:09,4,2,,,",
        "1,post_arm_1,,,a@x.example,[not completed],3,0,,,",
        "1,post_arm_1,feedback,1,a@x.example,,,,2026-01-16 10:00:00,5,2",
        "1,post_arm_1,feedback,2,a@x.example,,,,2026-02-16 10:00:00,4,2",
    )

    assert table.layout == "variable names as headings, events and repeats"
    assert shown(table) == [
        ("1|pre_arm_1||", "2026-01-15 10:05:09", True),
        ("1|post_arm_1||", None, False),
        ("1|post_arm_1|feedback|1", "2026-01-16 10:00:00", True),
        ("1|post_arm_1|feedback|2", "2026-02-16 10:00:00", True),
    ]
    assert [c.key for c in table.columns if c.personal] == ["redcap_survey_identifier"]
    assert table.rows.collect()["brs_timestamp"].to_list() == ["2026-01-15 10:05:09", None, None, None]


def test_a_form_without_an_answer_does_not_make_the_row_unfinished() -> None:
    table = export(
        "record_id,a_1,a___1,a_complete,b_1,b___1,b_complete", "1,4,1,2,,0,0", "2,4,1,2,3,0,1", "3,4,1,2,3,1,2"
    )

    assert table.rows.collect()["_complete"].to_list() == [True, False, True]


def test_labels_as_headings() -> None:
    table = export(
        "Record ID,Event Name,Survey Identifier,Survey Timestamp,I recover,Complete?,Survey Timestamp,Helped,Complete?",
        "1,Before,a@x.example,2026-01-15 10:05:09,Agree,Complete,[not completed],,Incomplete",
    )

    assert table.layout == "labels as headings, events"
    assert shown(table, "I recover") == [("1|Before", "2026-01-15 10:05:09", True, "Agree")]
    assert [c.key for c in table.columns if not c.system] == ["I recover", "Helped"]


def test_a_status_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ExportError) as caught:
        export("record_id,brs_1,brs_complete", "1,4,Terminé")

    assert "brs_complete, 1 row(s)" in str(caught.value)
    assert "Terminé" not in str(caught.value)
