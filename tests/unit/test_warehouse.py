import os
import subprocess
import sys

import duckdb
import polars as pl
import pytest

from cfc_pipeline.errors import StoreBusy, StoreError
from cfc_pipeline.warehouse import layout
from cfc_pipeline.warehouse.migrations import MIGRATIONS
from cfc_pipeline.warehouse.snapshot import write_analysts_copy
from cfc_pipeline.warehouse.store import reading, refuse_an_older_copy, writing
from cfc_pipeline.warehouse.write import keep_only, known_rows, replace_table, write_responses
from schemas.tables import TABLES, polars_schema


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "warehouse.duckdb"


def responses(values, file=1):
    """Response rows with one item, by number."""
    rows = [
        {
            "file": file,
            "response_id": f"r-{n}",
            "survey_id": "brs-pre",
            "kind": "scale",
            "cohort_id": "a",
            "participant_id": f"p-{n}",
            "time_point": "pre",
            "session_number": None,
            "submitted_on": None,
            "complete": True,
            "status": "counted",
            "brs:1": value,
            "brs:2": None,
        }
        for n, value in values.items()
    ]
    schema = polars_schema(TABLES["response"]) | {"file": pl.Int64, "brs:1": pl.Int16, "brs:2": pl.Int16}
    return pl.DataFrame(rows, schema={c: schema[c] for c in rows[0]})


def comment(number, text="fine", state="waiting"):
    row = {
        "comment_id": f"c-{number}",
        "cohort_id": "a",
        "academic_year": "2023/24",
        "question": "helped",
        "text": text,
        "redactions": 0,
        "state": state,
    }
    return pl.DataFrame([row], schema=polars_schema(TABLES["comment"]))


NONE = pl.DataFrame()
SECRET = "s"


def test_new_unchanged_changed_and_removed_responses(path):
    with writing(path) as con:
        assert write_responses(con, responses({1: 3, 2: 4}), NONE, SECRET) == {}
        assert write_responses(con, responses({1: 3, 2: 5}), NONE, SECRET) == {1: 1}
        assert keep_only(con, pl.Series(["r-2", "r-never-there"])) == 1
    with reading(path) as con:
        assert con.execute("SELECT response_id FROM response").fetchall() == [("r-2",)]
        assert con.execute("SELECT * FROM item_answer").fetchall() == [("r-2", "brs", 1, 5)]


def test_the_same_number_under_another_item_is_a_change(path):
    mended = responses({1: 3}).rename({"brs:1": "brs:2", "brs:2": "brs:1"})
    with writing(path) as con:
        write_responses(con, responses({1: 3}), NONE, SECRET)
        assert write_responses(con, mended, NONE, SECRET) == {}
        assert con.execute("SELECT * FROM item_answer").fetchall() == [("r-1", "brs", 2, 3)]
        assert write_responses(con, mended.select(reversed(mended.columns)), NONE, SECRET) == {1: 1}


def test_a_response_without_any_items(path):
    without = responses({1: 3}).drop("brs:1", "brs:2")
    with writing(path) as con:
        assert write_responses(con, without, NONE, SECRET) == {}
        assert write_responses(con, without, NONE, SECRET) == {1: 1}
        assert write_responses(con, responses({1: 3}), NONE, SECRET) == {}


def test_a_superseded_response_keeps_its_content(path):
    with writing(path) as con:
        write_responses(con, responses({1: 3}), NONE, SECRET)
        superseded = responses({1: 3}).with_columns(status=pl.lit("superseded"))
        assert write_responses(con, superseded, NONE, SECRET) == {1: 1}
        assert con.execute("SELECT status FROM response").fetchone() == ("superseded",)


def test_an_edited_comment_is_a_change_of_its_response(path):
    said = pl.DataFrame({"response_id": ["r-1"], "comment_id": ["c-1"]})
    with writing(path) as con:
        write_responses(con, responses({1: 3}), said, SECRET)
        assert write_responses(con, responses({1: 3}), said, SECRET) == {1: 1}
        assert write_responses(con, responses({1: 3}), said.with_columns(comment_id=pl.lit("c-2")), SECRET) == {}


def test_responses_of_files_that_were_not_read_again_stay(path):
    with writing(path) as con:
        write_responses(con, responses({1: 3}), NONE, SECRET)
        write_responses(con, responses({2: 4}), NONE, SECRET)
        assert con.execute("SELECT count(*) FROM response").fetchone() == (2,)


def test_known_rows_of_a_roster(path):
    rows = pl.DataFrame({"file": [1, 1, 2], "fingerprint": ["k-a", "k-b", "k-c"]})
    with writing(path) as con:
        assert known_rows(con, "roster", rows) == {}
        assert known_rows(con, "roster", rows) == {1: 2, 2: 1}


def test_an_error_undoes_everything(path):
    with pytest.raises(RuntimeError), writing(path) as con:
        write_responses(con, responses({1: 3}), NONE, SECRET)
        raise RuntimeError
    with writing(path) as con:
        assert con.execute("SELECT count(*) FROM response").fetchone() == (0,)


def test_a_dry_run_leaves_no_trace(path):
    with writing(path, dry_run=True) as con:
        write_responses(con, responses({1: 3}), NONE, SECRET)
    assert not path.exists()
    with writing(path) as con:
        write_responses(con, responses({1: 3}), NONE, SECRET)
    with writing(path, dry_run=True) as con:
        keep_only(con, pl.Series(dtype=pl.String))
    with reading(path) as con:
        assert con.execute("SELECT count(*) FROM response").fetchone() == (1,)


def test_rows_that_break_their_contract_are_not_stored(path):
    with pytest.raises(Exception, match="state"), writing(path) as con:
        replace_table(con, "comment", comment(1, state="perhaps"))


def test_a_table_is_replaced_whole(path):
    row = {"session_id": "a-01", "cohort_id": "a", "session_number": 1, "attendance": 8}
    rows = pl.DataFrame([row], schema=polars_schema(TABLES["session"]))
    with writing(path) as con:
        replace_table(con, "session", rows)
        replace_table(con, "session", rows.with_columns(session_id=pl.lit("a-02")))
        assert con.execute("SELECT session_id, attendance FROM session").fetchall() == [("a-02", 8)]
        replace_table(con, "session", pl.DataFrame())
        assert con.execute("SELECT count(*) FROM session").fetchone() == (0,)


def test_a_second_writer_is_told_who_writes(path):
    with writing(path):
        script = (
            "import sys, pathlib\nfrom cfc_pipeline.errors import StoreBusy\n"
            "from cfc_pipeline.warehouse.store import writing\n"
            "try:\n  with writing(pathlib.Path(sys.argv[1])): pass\n"
            "except StoreBusy as busy: print(busy)"
        )
        told = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert "Another run is writing" in told.stdout
    assert "process " in told.stdout


def test_what_does_not_fit_into_memory_is_closed_to_others_and_gone_afterwards(path):
    overflow = path.with_name(f"{path.name}.tmp")
    overflow.mkdir(parents=True)
    (overflow / "of_a_run_that_was_killed.tmp").write_bytes(b"rows")
    with writing(path) as con:
        assert not overflow.exists()
        con.execute("SET memory_limit = '20MB'")
        con.execute("CREATE TEMP TABLE long AS SELECT hash(range)::VARCHAR AS text FROM range(2_000_000)")
        assert overflow.stat().st_mode & 0o077 == 0
        assert all(file.stat().st_mode & 0o077 == 0 for file in overflow.iterdir())
    assert not overflow.exists()


def test_a_damaged_file_and_a_newer_layout_are_refused(path, tmp_path):
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"), writing(path):
        pass
    newer = tmp_path / "newer.duckdb"
    with writing(newer) as con:
        con.execute("INSERT INTO layout_version VALUES (?)", [len(MIGRATIONS) + 2])
    with pytest.raises(StoreError, match="newer version"), writing(newer):
        pass


def test_busy_is_not_damaged():
    assert StoreBusy.exit_code != StoreError.exit_code


def test_every_table_and_column_is_documented_in_the_database(path):
    with writing(path):
        pass
    with reading(path) as con:
        tables = dict(con.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
        tables |= dict(con.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
        columns = con.execute("SELECT table_name, column_name, comment, data_type FROM duckdb_columns()").fetchall()
    assert set(TABLES) <= set(tables)
    assert all(tables[name] for name in TABLES)
    assert [c for c in columns if c[0] in TABLES and not c[2]] == []
    listed = layout.dictionary()
    assert {(t, c, d) for t, c, _, d in columns if t in TABLES} == set(
        listed.select("table_name", "column_name", "type").rows()
    )


def test_the_codebook_names_every_column():
    pages = layout.codebook()
    assert all(f"## {name}" in pages for name in TABLES)
    assert all(f"`{column}`" in pages for column in layout.dictionary()["column_name"])


def test_the_analysts_copy_has_no_unapproved_comment_in_any_byte(path, tmp_path):
    target = tmp_path / "analysis.duckdb"
    texts = pl.concat([comment(1, "UNAPPROVED-TEXT"), comment(2, "APPROVED-TEXT", "approved")])
    with writing(path, after=lambda con: write_analysts_copy(con, target)) as con:
        replace_table(con, "comment", texts)
    assert b"UNAPPROVED-TEXT" not in target.read_bytes()
    with reading(target) as con:
        found = con.execute("SELECT comment_id, text FROM comment ORDER BY 1").fetchall()
    assert found == [("c-1", None), ("c-2", "APPROVED-TEXT")]


def test_a_copy_of_an_earlier_version_asks_for_ingest(path):
    with writing(path) as con:
        refuse_an_older_copy(con)
        con.execute("ALTER TABLE reliable_change DROP COLUMN rule")
        with pytest.raises(StoreError, match="earlier version") as refused:
            refuse_an_older_copy(con)
    assert "cfc-pipeline ingest" in refused.value.next_step


READER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
print(con.execute("SELECT count(*) FROM response").fetchone()[0], flush=True)
sys.stdin.readline()
print(con.execute("SELECT count(*) FROM response").fetchone()[0], flush=True)
"""


def test_an_open_notebook_neither_blocks_a_run_nor_breaks(path, tmp_path):
    target = tmp_path / "analysis.duckdb"

    def run(values):
        with writing(path, after=lambda con: write_analysts_copy(con, target)) as con:
            write_responses(con, responses(values), NONE, SECRET)

    run({1: 3})
    notebook = subprocess.Popen(
        [sys.executable, "-c", READER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert notebook.stdout.readline() == "1\n"
    run({1: 3, 2: 4})
    later, _ = notebook.communicate("go on\n", timeout=60)
    assert later == "1\n"
    with duckdb.connect(str(target), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM response").fetchone() == (2,)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["analysis.duckdb"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder to a group it is not in")
def test_analysts_keep_their_access_by_the_folders_group(path, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, -1, 4242)
    data.chmod(0o2750)
    for value in (3, 4):
        with writing(path, after=lambda con: write_analysts_copy(con, data / "analysis.duckdb")) as con:
            write_responses(con, responses({1: value}), NONE, SECRET)
        copy = (data / "analysis.duckdb").stat()
        assert (copy.st_gid, copy.st_mode & 0o777) == (4242, 0o640)


def test_rows_are_in_the_order_of_their_pseudonyms(path, tmp_path):
    target = tmp_path / "analysis.duckdb"
    with writing(path, after=lambda con: write_analysts_copy(con, target)) as con:
        write_responses(con, responses({3: 3}), NONE, SECRET)
        write_responses(con, responses({1: 4}), NONE, SECRET)
    with reading(target) as con:
        assert con.execute("SELECT response_id FROM response").fetchall() == [("r-1",), ("r-3",)]
