"""Behind figures of change beside attendance."""

from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.recipes.contributors.inside import Connection, Inside, Row, measure, the_row

_NOTE = "The release has the years whose change is shown; the exact figure is over all years."


def change(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    instrument, subscale = measure(con, row)
    result = the_row(con, "attendance_change", {"level": "all", "instrument": instrument, "subscale": subscale})
    parts = (
        ("came often", result["n_often"]),
        ("came less often", result["n_less"]),
        ("not known how often they came", result["n_unknown"]),
    )
    return Inside(
        result[column.key], (("people with a score both times", sum(n for _, n in parts)), *parts), note=_NOTE
    )
