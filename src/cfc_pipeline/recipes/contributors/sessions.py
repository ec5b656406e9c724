"""Behind figures of sessions: feedback, its trend, who sent a form, keeping to the manual."""

from cfc_pipeline.publish.meaning import figure_of
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.session_tables import ALL_SESSIONS
from cfc_pipeline.publish.written import plain
from cfc_pipeline.recipes.contributors.inside import Connection, Inside, Row, group_of, the_row


def feedback(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, cohorts, group = group_of(con, row["academic_year"], row["cohort"])
    session = int(row["session_number"])
    which = {"level": level, "session_number": session} | group
    forms = con.execute(
        "SELECT status, count(*) FROM response WHERE kind = 'session_feedback' AND session_number = $session "
        "AND list_contains($cohorts, cohort_id) GROUP BY status ORDER BY status",
        {"session": session, "cohorts": cohorts},
    ).fetchall()
    steps = (("forms after this session", sum(n for _, n in forms)), *((f"of them {how}", n) for how, n in forms))
    if not column.group:
        return Inside(the_row(con, "feedback_summary", which).get(column.key), steps)
    questions = con.execute("SELECT DISTINCT question FROM feedback_summary").fetchall()
    question = next((text for (text,) in questions if plain(text) == column.group), None)
    result = the_row(con, "feedback_summary", which | {"question": question})
    steps = (*steps, ("with this rating", result.get("n", 0)))
    return Inside(result.get(figure_of(column.key)), steps, schools=result.get("n_schools"))


def trend(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    """The release uses sessions that it shows; the exact figure is of all."""
    level, _, group = group_of(con, row["academic_year"], row["cohort"])
    questions = con.execute("SELECT DISTINCT question FROM session_trend").fetchall()
    question = next((text for (text,) in questions if plain(text) == row["question"]), None)
    result = the_row(con, "session_trend", {"level": level, "question": question} | group)
    steps = (("cohorts", result.get("n_cohorts", 0)), ("of them sessions", result.get("n_sessions", 0)))
    return Inside(result.get(column.key), steps, note="Of all sessions; the release uses those whose mean it shows.")


def adherence(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = group_of(con, row["academic_year"], row.get("cohort"))  # cohorts are only there if agreed
    result = the_row(con, "session_adherence", {"level": level} | group)
    return Inside(result[column.key], (("sessions in the log", result["n_sessions"]), ("rated", result["n_rated"])))


def response(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = group_of(con, row["academic_year"], row["cohort"])
    session = None if row["session_number"] == ALL_SESSIONS else int(row["session_number"])
    query = "FROM session_response WHERE level = ? AND session_number IS NOT DISTINCT FROM ?"
    query += "".join(f" AND {key} = ?" for key in group)
    found = con.execute(query, [level, session, *group.values()])
    names = [name for name, *_ in found.description or ()]
    result = dict(zip(names, found.fetchall()[0], strict=True))
    steps = (("people present", result["attendance"] or 0), ("forms with any rating", result["forms"] or 0))
    note = "" if session else "Of all sessions and cohorts; totals of the release are over those that it may show."
    return Inside(result[column.key], steps, schools=result["n_schools"], note=note)
