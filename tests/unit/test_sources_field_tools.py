"""KoboToolbox and ODK Central: files of tools that are made for field work."""

import pytest

from cfc_pipeline.errors import ExportError
from cfc_pipeline.sources import read_export
from cfc_pipeline.sources.raw import RawTable

ODK = "SubmissionDate,meta-instanceID,g1-q1,where-Latitude,KEY,SubmitterID,SubmitterName,AttachmentsPresent"
ODK += ",AttachmentsExpected,Status,ReviewState,DeviceID,Edits,FormVersion"


def export(*rows: str) -> RawTable:
    return read_export("\n".join(rows).encode(), "export.csv")


def test_kobo_is_known_by_its_own_columns_and_keyed_by_what_survives_an_edit() -> None:
    table = export(
        "start;end;deviceid;brs/q1;choice;choice/a;choice/b;where;_where_latitude;_id;_uuid;_submission_time;"
        "_validation_status;_notes;_status;_submitted_by;__version__;_tags;_index",
        "2026-01-15T10:00:00.000-00:00;2026-01-15T10:05:00.000-00:00;dev-1;4;a b;1;1;54.9 -1.6 0 0;54.9;77;u-2;"
        "2026-01-15T10:05:09;;;submitted_via_web;kim;v1;;1",
    )

    assert (table.tool, table.zone) == ("kobo", "UTC")
    assert table.rows.select("_record", "_submitted", "brs/q1", "choice").collect().rows() == [
        ("77", "2026-01-15T10:05:09", "4", "a b")
    ]
    assert [c.key for c in table.columns if not c.system] == ["brs/q1", "choice", "choice/a", "choice/b", "where"]
    assert [c.key for c in table.columns if c.personal] == ["deviceid", "_where_latitude", "_notes", "_submitted_by"]


def test_odk_is_keyed_by_key() -> None:
    table = export(ODK, "2026-01-15T10:05:09.123Z,uuid:2,4,54.9,uuid:1,5,Kim,0,0,,,dev-1,1,v1")

    assert table.tool == "odk"
    assert table.rows.select("_record", "_submitted", "_complete", "g1-q1").collect().rows() == [
        ("uuid:1", "2026-01-15T10:05:09.123Z", True, "4")
    ]
    assert [c.key for c in table.columns if not c.system] == ["g1-q1"]
    assert [c.key for c in table.columns if c.personal] == [
        "where-Latitude",
        "SubmitterID",
        "SubmitterName",
        "DeviceID",
    ]


def test_odk_rows_that_are_still_encrypted_refuse_the_file() -> None:
    with pytest.raises(ExportError) as caught:
        export(
            ODK,
            "2026-01-15T10:05:09Z,,4,,uuid:1,5,Kim,0,0,,,,,",
            "2026-01-15T10:05:09Z,,,,uuid:2,,,,,not decrypted,,,,",
        )

    assert "1 row(s), the first is row 3" in str(caught.value)
    assert "passphrase" in str(caught.value)
