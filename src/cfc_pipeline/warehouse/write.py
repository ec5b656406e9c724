"""Rows into the warehouse: what is new or changed is written, what is the same stays, all in one transaction."""

import polars as pl
import pyarrow as pa

from cfc_pipeline.errors import StoreError
from cfc_pipeline.warehouse.layout import key_columns
from cfc_pipeline.warehouse.store import Connection, value
from schemas.tables import TABLES
from schemas.tables.canonical import UNREADABLE

# Everything kept of a response but whether another response supersedes it: that is not its content.
RESPONSE = [c for c in TABLES["response"].to_schema().columns if c not in ("status", "content_hash")]

_PIECE = 122_880  # rows of one of DuckDB's row groups; a frame in one piece is worked on by one processor only


def replace_table(con: Connection, name: str, rows: pl.DataFrame) -> None:
    """A whole table anew, checked by its contract and sorted by its key.

    For tables that are worked out anew on every run. Raises pandera's error if rows break their contract: that is a
    defect of ours, and the transaction is undone.
    """
    contract = TABLES[name]
    con.execute(f"DELETE FROM {name}")
    if rows.height:
        # The schema itself: a model copies all of its own every time it is asked.
        _insert(con, name, contract.to_schema().validate(rows))


def fill_table(con: Connection, name: str, query: str) -> None:
    """A whole table anew from a query over this database: for tables that are too long for `replace_table`."""
    con.execute(f"DELETE FROM {name}")
    _insert_checked(con, name, query)


def write_responses(con: Connection, rows: pl.DataFrame, comments: pl.DataFrame, secret: str) -> dict[int, int]:
    """One survey's responses with their items (columns such as "brs:4"), and its comments for their fingerprint.

    `secret` goes into the fingerprints. Without it whoever has the analysts' copy could try every comment with every
    response, and so find out whose comment it is.

    Returns, for each file number, how many of its rows were in the warehouse already just as they are now.
    """
    fresh = rows.with_columns(content_hash=_content_hashes(con, rows, comments, secret))
    _stage(con, "incoming", fresh.select("response_id"))
    stored = con.sql(
        "SELECT response_id, content_hash, status FROM response SEMI JOIN incoming USING (response_id)"
    ).pl()
    same = fresh.join(stored, on=["response_id", "content_hash"], how="inner")
    altered = fresh.join(same, on="response_id", how="anti", maintain_order="left") if same.height else fresh
    if altered.height:
        _stage(con, "incoming", altered)
        remove_responses(con, "incoming")
        _insert_checked(con, "response", f"SELECT {', '.join(TABLES['response'].to_schema().columns)} FROM incoming")
        if sheets := _sheets(altered):
            _insert_checked(con, "answer_sheet", sheets)
    _restate(con, same.filter(pl.col("status") != pl.col("status_right")))
    con.unregister("incoming")
    return dict(same.group_by("file").len().sort("file").rows())


def _content_hashes(con: Connection, rows: pl.DataFrame, comments: pl.DataFrame, secret: str) -> pl.Series:
    """One for each row, in the order of the rows."""
    items = sorted(c for c in rows.columns if ":" in c)
    told = rows.select(RESPONSE).with_columns(_said=_said(rows["response_id"], comments), _answers=_packed(rows, items))
    _stage(con, "incoming", told)
    cells = ", ".join(f"coalesce({c}::VARCHAR, '')" for c in [*RESPONSE, "_said"])
    # Not `con.execute`: what that gives has no `pl` in DuckDB 2. And no parameters: with them a result is held whole.
    con.execute("SET VARIABLE told_first = ?", [chr(31).join([secret, " ".join(items)])])
    query = f"SELECT md5(encode(concat_ws(chr(31), getvariable('told_first'), {cells})) || _answers) FROM incoming"
    return con.sql(query).pl().to_series()


def _said(response_ids: pl.Series, comments: pl.DataFrame) -> pl.Series:
    """Ids of the comments of each response. Most large files have none, and to look a million up takes time."""
    if comments.is_empty():
        return pl.repeat(None, len(response_ids), dtype=pl.String, eager=True)
    texts = comments.group_by("response_id").agg(_said=pl.col("comment_id").sort().str.join(" "))
    found = response_ids.to_frame().join(texts, on="response_id", how="left", maintain_order="left")
    return found["_said"]


def _packed(rows: pl.DataFrame, items: list[str]) -> pl.Series:
    """All answers of a row in one value of two bytes each: text of a million rows takes far longer to make."""
    if not items:
        return pl.Series([b""] * rows.height, dtype=pl.Binary)
    # Contracts refuse UNREADABLE, so it can stand for a blank.
    numbers = rows.select(pl.col(items).cast(pl.Int16).fill_null(UNREADABLE)).to_numpy(order="c")
    written = pa.py_buffer(numbers.astype("<i2", copy=False))
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(2 * len(items)), rows.height, [None, written])
    return pl.Series(packed, dtype=pl.Binary)


def _sheets(rows: pl.DataFrame) -> str:
    """Query that makes one list of answers for each instrument that a response answered any item of."""
    items: dict[str, dict[int, str]] = {}
    for column in rows.columns:
        if ":" in column and rows[column].null_count() < rows.height:
            instrument, item = column.split(":")
            items.setdefault(instrument, {})[int(item)] = f'"{column}"'
    return " UNION ALL ".join(
        f"SELECT response_id, '{instrument}' AS instrument, "
        f"[{', '.join(found.get(i, 'NULL') for i in range(1, max(found) + 1))}] AS answers "
        f"FROM incoming WHERE coalesce({', '.join(found.values())}) IS NOT NULL"
        for instrument, found in items.items()
    )


def _insert_checked(con: Connection, table: str, query: str) -> None:
    """Insert by the names of columns, whose order is the contract's in a new warehouse only; and make sure that
    everything is there.

    DuckDB can lose sight of rows inside a transaction (a DELETE, an INSERT of no rows and a large INSERT into one
    table, seen in 1.5.6 and 2.0.0), which is also why nothing here inserts nothing.
    """
    before: int = value(con, f"SELECT count(*) FROM {table}")
    inserted: int = value(con, f"INSERT INTO {table} BY NAME {query}")
    missing = before + inserted - value(con, f"SELECT count(*) FROM {table}")
    if missing:
        raise StoreError(
            "The database did not keep everything that it was given.",
            where=f"{missing} rows of {table}",
            next_step="nothing was committed; run `cfc-pipeline ingest` again, and report this if it comes back",
        )


def _restate(con: Connection, rows: pl.DataFrame) -> None:
    """Responses that count now and did not, or the other way round, though nothing in them has changed."""
    if rows.height:
        _stage(con, "incoming", rows.select("response_id", "status"))
        con.execute("""
            UPDATE response SET status = incoming.status FROM incoming
            WHERE incoming.response_id = response.response_id
        """)


def remove_responses(con: Connection, listed: str) -> int:
    """Delete the responses whose ids are in the table `listed`, with their items. Returns how many there were."""
    count: int = value(con, f"SELECT count(*) FROM response SEMI JOIN {listed} USING (response_id)")
    if count == 0:
        return 0
    for table in ("answer_sheet", "response"):
        con.execute(f"DELETE FROM {table} USING {listed} WHERE {listed}.response_id = {table}.response_id")
    return count


def keep_only(con: Connection, response_ids: pl.Series) -> int:
    """Take back all other responses: consent withdrawn, now in quarantine, or stored under an entry as it was before.

    Returns how many there were.
    """
    _stage(con, "accepted", pl.DataFrame({"response_id": response_ids}))
    con.execute("CREATE TEMP TABLE gone AS SELECT response_id FROM response ANTI JOIN accepted USING (response_id)")
    count = remove_responses(con, "gone")
    con.execute("DROP TABLE gone")
    con.unregister("accepted")
    return count


def write_session_feedback(con: Connection) -> None:
    """Ratings of counted feedback forms under their questions' short names."""
    con.execute("DELETE FROM session_feedback")
    con.execute("""
        INSERT INTO session_feedback BY NAME
        SELECT response_id, cohort_id, session_number, coalesce(short_name, instrument || ' ' || item) AS question,
               value AS rating
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
    _insert_checked(con, name, "SELECT * FROM incoming")
    con.unregister("incoming")


def _stage(con: Connection, name: str, rows: pl.DataFrame) -> None:
    arrow = rows.to_arrow()
    con.register(name, pa.Table.from_batches(arrow.to_batches(max_chunksize=_PIECE), schema=arrow.schema))
