"""Rows into the warehouse: what is new or changed is written, what is the same stays, all in one transaction."""

import polars as pl

from cfc_pipeline.errors import StoreError
from cfc_pipeline.warehouse.layout import key_columns
from cfc_pipeline.warehouse.store import Connection, value
from schemas.tables import TABLES

# Everything kept of a response but whether another response supersedes it: that is not its content.
RESPONSE = [c for c in TABLES["response"].to_schema().columns if c not in ("status", "content_hash")]


def replace_table(con: Connection, name: str, rows: pl.DataFrame) -> None:
    """A whole table anew, checked by its contract and sorted by its key.

    For tables that are worked out anew on every run. Raises pandera's error if rows break their contract: that is a
    defect of ours, and the transaction is undone.
    """
    contract = TABLES[name]
    con.execute(f"DELETE FROM {name}")
    if rows.height:
        _insert(con, name, contract.validate(rows).lazy().collect())


def merge_table(con: Connection, name: str, rows: pl.DataFrame) -> None:
    """Rows replace those with the same key; other rows stay: a file that was not sent again deletes nobody."""
    if rows.height == 0:
        return
    keys = key_columns(TABLES[name])
    _stage(con, "incoming", TABLES[name].validate(rows).lazy().collect())
    same = " AND ".join(f"incoming.{k} = {name}.{k}" for k in keys)
    con.execute(f"DELETE FROM {name} USING incoming WHERE {same}")
    con.execute(f"INSERT INTO {name} SELECT {', '.join(rows.columns)} FROM incoming ORDER BY {', '.join(keys)}")
    con.unregister("incoming")


def write_responses(con: Connection, rows: pl.DataFrame, comments: pl.DataFrame) -> dict[int, int]:
    """One survey's responses with their items (columns such as "brs:4"), and its comments for their fingerprint.

    Returns, for each file number, how many of its rows were in the warehouse already just as they are now.
    """
    items = [c for c in rows.columns if ":" in c]
    _stage(con, "incoming", rows)
    _stage(con, "said", comments if comments.width else pl.DataFrame(schema=_SAID))
    kept = [f"coalesce({c}::VARCHAR, '')" for c in RESPONSE] + [f"coalesce(\"{c}\"::VARCHAR, '')" for c in items]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        WITH texts AS (SELECT response_id, string_agg(comment_id, ' ' ORDER BY comment_id) ids FROM said GROUP BY ALL)
        SELECT incoming.*, md5(concat_ws(chr(31), {", ".join(kept)}, coalesce(texts.ids, ''))) AS content_hash
        FROM incoming LEFT JOIN texts USING (response_id)
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE altered AS
        SELECT response_id FROM fresh ANTI JOIN response USING (response_id, content_hash)
    """)
    same = con.execute(
        "SELECT file, count(*) FROM fresh ANTI JOIN altered USING (response_id) GROUP BY file ORDER BY file"
    ).fetchall()
    if value(con, "SELECT count(*) FROM altered"):
        remove_responses(con, "altered")
        stored = ", ".join(TABLES["response"].to_schema().columns)
        con.execute(f"INSERT INTO response SELECT {stored} FROM fresh SEMI JOIN altered USING (response_id)")
        if items:
            _insert_items(con, items)
        _check_written(con)
    con.execute("""
        UPDATE response SET status = fresh.status FROM fresh
        WHERE fresh.response_id = response.response_id AND fresh.status <> response.status
    """)
    con.unregister("incoming")
    con.unregister("said")
    return dict(same)


_SAID = {"response_id": pl.String, "comment_id": pl.String}


def _check_written(con: Connection) -> None:
    """Every response of this survey is there, as it should be.

    DuckDB can lose sight of rows inside a transaction (a DELETE, an INSERT of no rows and a large INSERT into one table,
    seen in 1.5.6 and 2.0.0), which is also why nothing here inserts nothing.
    """
    missing: int = value(con, "SELECT count(*) FROM fresh ANTI JOIN response USING (response_id, content_hash)")
    if missing:
        raise StoreError(
            "The database did not keep all responses that it was given.",
            where=f"{missing} responses",
            next_step="nothing was committed; run `cfc-pipeline ingest` again, and report this if it comes back",
        )


def _insert_items(con: Connection, items: list[str]) -> None:
    """Wide to long, an item at a time: each is one column scan, and blank answers simply have no row."""
    listed = ", ".join(f'"{c}"' for c in items)
    con.execute(f"""
        INSERT INTO item_answer
        SELECT response_id, split_part(name, ':', 1), split_part(name, ':', 2)::BIGINT, value
        FROM (UNPIVOT (SELECT response_id, {listed} FROM fresh SEMI JOIN altered USING (response_id))
              ON {listed} INTO NAME name VALUE value)
    """)


def remove_responses(con: Connection, listed: str) -> int:
    """Delete the responses whose ids are in the table `listed`, with their items. Returns how many there were."""
    count: int = value(con, f"SELECT count(*) FROM response SEMI JOIN {listed} USING (response_id)")
    if count == 0:
        return 0
    for table in ("item_answer", "response"):
        con.execute(f"DELETE FROM {table} USING {listed} WHERE {listed}.response_id = {table}.response_id")
    return count


def leave_out(con: Connection, response_ids: pl.Series) -> int:
    """Take back responses that were stored once and may not be any more: consent withdrawn, or now in quarantine."""
    _stage(con, "gone", pl.DataFrame({"response_id": response_ids}))
    count = remove_responses(con, "gone")
    con.unregister("gone")
    return count


def write_session_feedback(con: Connection) -> None:
    """Ratings of counted feedback forms under their questions' short names."""
    con.execute("DELETE FROM session_feedback")
    con.execute("""
        INSERT INTO session_feedback
        SELECT response_id, cohort_id, session_number, coalesce(short_name, instrument || ' ' || item), value
        FROM response JOIN item_answer USING (response_id) JOIN item USING (instrument, item)
        WHERE kind = 'session_feedback' AND status = 'counted'
        ORDER BY response_id, instrument, item
    """)


def known_rows(con: Connection, survey_id: str, rows: pl.DataFrame) -> dict[int, int]:
    """For rosters and session logs (`file`, `fingerprint`): how many rows of each file the last run knew already."""
    _stage(con, "incoming", rows)
    known = "(SELECT fingerprint FROM known_row WHERE survey_id = ?)"
    same = con.execute(
        f"SELECT file, count(*) FROM incoming WHERE fingerprint IN {known} GROUP BY file ORDER BY file", [survey_id]
    ).fetchall()
    con.execute("DELETE FROM known_row WHERE survey_id = ?", [survey_id])
    if rows.height:
        con.execute("INSERT INTO known_row SELECT ?, fingerprint FROM incoming ORDER BY fingerprint", [survey_id])
    con.unregister("incoming")
    return dict(same)


def _insert(con: Connection, name: str, rows: pl.DataFrame) -> None:
    _stage(con, "incoming", rows.sort(key_columns(TABLES[name])))
    con.execute(f"INSERT INTO {name} SELECT * FROM incoming")
    con.unregister("incoming")


def _stage(con: Connection, name: str, rows: pl.DataFrame) -> None:
    con.register(name, rows.to_arrow())
