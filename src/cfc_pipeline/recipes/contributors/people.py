"""Behind counts: the flow of people, perceived impact, themes of comments, rows of files."""

from cfc_pipeline.publish.meaning import figure_of
from cfc_pipeline.publish.model import Column, PublishedTable
from cfc_pipeline.publish.theme_tables import AGREEMENT, EVERY, NO_THEME_LABEL
from cfc_pipeline.publish.written import plain
from cfc_pipeline.recipes.contributors.inside import Connection, Inside, Row, group_of, the_row
from schemas.tables.answers import NO_THEME


def flow(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = group_of(con, row["academic_year"], row["cohort"])
    result = the_row(con, "response_flow", {"level": level} | group)
    boxes = ("not_consented", "withdrawn", "paired", "pre_only", "post_only", "neither")
    labels = {c.key: c.label for c in table.columns}
    steps = ((labels[box], result[box]) for box in ("enrolled", *boxes))
    return Inside(result[column.key], tuple(steps), schools=result["n_schools"])


def impact(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    level, _, group = group_of(con, column.group, None)
    names = con.execute("SELECT instrument, item, coalesce(short_name, 'Item ' || item) FROM item").fetchall()
    wanted = [(instrument, item) for instrument, item, name in names if plain(name) == row["question"]]
    places = " OR ".join(["(instrument = ? AND item = ?)"] * len(wanted)) or "false"
    query = f"SELECT answer, n, base, percent FROM impact_distribution WHERE level = ? AND ({places})"
    query += " AND academic_year = ?" if group else ""
    found = con.execute(query, [level, *(part for one in wanted for part in one), *group.values()]).fetchall()
    mine = next((line for line in found if plain(line[0]) == row["answer"]), None)
    base = found[0][2] if found else 0
    exact = base if mine is None else mine[3] if figure_of(column.key) == "percent" else mine[1]
    return Inside(exact, (("answered the item", base), *((answer, n) for answer, n, *_ in found)))


def shares(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    year, _, role = row["who"].partition(": ")
    level, _, group = group_of(con, year, None)
    names = con.execute("SELECT instrument, item, coalesce(short_name, 'Item ' || item) FROM item").fetchall()
    instrument, item = next((i, number) for i, number, name in names if plain(name) == row["question"])
    which = {"level": level, "instrument": instrument, "item": item} | group
    roles = con.execute("SELECT DISTINCT role_group FROM impact_share").fetchall()
    which["role_group"] = next((name for (name,) in roles if name and plain(name) == role), None)
    found = the_row(con, "impact_share", which)
    steps = (
        ("answered the item", found["base"]),
        ("of them increased", found["n_increased"]),
        ("of them other answers", found["base"] - found["n_increased"]),
    )
    return Inside(found[column.key], steps, schools=found["n_schools"])


def themes(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    labels = con.execute("SELECT theme, label FROM theme").fetchall()
    names = {NO_THEME_LABEL: NO_THEME, EVERY: None} | {plain(text): theme for theme, text in labels}
    theme = names[row["theme"]]
    if column.group == AGREEMENT:
        found = the_row(con, "theme_agreement", {"theme": theme})
        return Inside(found[column.key], (("comments that both coders sorted", found["n_both"]),))
    level, _, group = group_of(con, column.group, None)
    found = the_row(con, "theme_count", {"level": level, "theme": theme} | group)
    every = the_row(con, "theme_count", {"level": level, "theme": None} | group)
    steps = (
        ("comments that were coded", every["n_comments"]),
        ("of them of this theme", found["n_comments"]),
        ("people who wrote these, at least", found["n_people"]),
    )
    return Inside(found["n_comments"], steps, schools=found["n_schools"])


def quality(con: Connection, table: PublishedTable, row: Row, column: Column) -> Inside:
    found = con.execute(
        "SELECT survey_id, outcome, reason, sum(rows)::BIGINT FROM data_quality GROUP BY ALL"
    ).fetchall()
    what = row["what"]
    mine = [(fate, reason, n) for survey, fate, reason, n in found if _about(row["scope"], what, survey, reason)]
    steps = sorted((f"{fate}: {reason}" if reason else fate, n) for fate, reason, n in mine)
    exact = sum(n for fate, _, n in mine if column.key in ("rows_in", fate))
    return Inside(exact, (("rows", sum(n for *_, n in mine)), *steps))


def _about(scope: str, what: str, survey: str, reason: str) -> bool:
    return scope == "All surveys" or what == plain(survey if scope == "Survey by survey" else reason)
