"""The analysts' copy: a new file every time, moved over the old one in one step.

An analyst who has the old file open keeps reading it undisturbed; whoever opens it next sees the new one. It is written
table by table into an empty file, never copied and then cleaned: DuckDB leaves deleted values in a file's bytes.
"""

import os
from pathlib import Path

from cfc_pipeline.warehouse.layout import VIEWS, create_table, create_view, key_columns, view_query
from cfc_pipeline.warehouse.store import FILE_FORMAT, Connection
from schemas.tables import TABLES

# Columns that the analysts' copy shows differently: unapproved comments stay out of it.
_SHOWN = {"comment": "* REPLACE (CASE WHEN state = 'approved' THEN text END AS text)"}

# Rows are sorted by pseudonym, because the order of a roster or of sending in says something about people. The longest
# tables are sorted when they are written, answers within each run; sorting all of them again would be the slowest part
# of a large run. Risk accepted: the answers' order in the file says in which run they came, as `submitted_on` does to
# within days.
_SORTED_ALREADY = ("answer_sheet", "paired_support", "participant")


def write_analysts_copy(con: Connection, target: Path) -> None:
    """Write every table of the committed warehouse to `target`, atomically."""
    building = target.with_name(f".{target.name}.{os.getpid()}")
    for left_over in target.parent.glob(f".{target.name}.*"):
        left_over.unlink()
    con.execute(f"ATTACH '{str(building).replace(chr(39), chr(39) * 2)}' AS copy_ (STORAGE_VERSION '{FILE_FORMAT}')")
    try:
        con.execute("BEGIN")
        for name, contract in TABLES.items():
            if name in VIEWS:
                continue
            create_table(con, name, schema="copy_.main")
            shown = _SHOWN.get(name, "*")
            order = "" if name in _SORTED_ALREADY else f" ORDER BY {', '.join(key_columns(contract))}"
            con.execute(f"INSERT INTO copy_.main.{name} BY NAME SELECT {shown} FROM main.{name}{order}")
        for name in VIEWS:
            create_view(con, name, view_query(con, name), schema="copy_.main")
        con.execute("COMMIT")
    finally:
        con.execute("DETACH copy_")
    os.chmod(building, 0o640)
    os.replace(building, target)
