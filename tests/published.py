"""Hand-made published tables for the tests of publish/. All figures are invented; nobody is behind them."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from cfc_pipeline.programme import Cohort, Email, Programme, Smtp
from cfc_pipeline.publish.model import Column, PublishedTable

WHEN = datetime(2026, 11, 20, 3, 0, 5, tzinfo=UTC)
REASONS = {
    "SMALL_COUNT": "a count of 1 to 4, or a figure that would give one away",
    "FEW_PEOPLE": "fewer than 8 people behind a mean, SD or effect",
    "FEW_SCHOOLS": "fewer than 3 schools behind the figure",
}
RULE = "Profile default: counts of 1 to 4 are hidden; means need 8 people."
SOURCE = "Synthetic data of the tests."


def table(
    name: str = "example",
    columns: tuple[Column, ...] | None = None,
    rows: list[tuple[object, ...]] | None = None,
    **changes: object,
) -> PublishedTable:
    """A table from rows in which a Reason's name stands for a hidden cell and None for one that does not exist."""
    columns = columns or (
        Column("group", "Year", "text"),
        Column("measure", "Measure", "text"),
        Column("n", "n", "count"),
        Column("change", "Mean change", "number", decimals=1),
        Column("change_low", "from", "number", decimals=1, interval="95 % interval"),
        Column("change_high", "to", "number", decimals=1, interval="95 % interval"),
        Column("p", "p", "p", decimals=3),
    )
    rows = (
        rows
        if rows is not None
        else [
            ("2023/24", "Compassion to self", 1061, 5.24, 1.94, 8.55, 0.0031),
            ("2023/24", "Resilience", 61, -0.24, -0.61, 0.13, 0.199),
            ("2024/25", "Compassion to self", "SMALL_COUNT", "FEW_PEOPLE", "FEW_PEOPLE", "FEW_PEOPLE", "FEW_PEOPLE"),
            ("2024/25", "Resilience", 12, 0.0, None, None, 0.00001),
        ]
    )
    values = {c.key: [_value(row[i], c) for row in rows] for i, c in enumerate(columns)}
    hidden = {c.key: [_reason(row[i]) for row in rows] for i, c in enumerate(columns) if c.kind != "text"}
    settings: dict[str, object] = {
        "title": "Example",
        "shows": "An invented example.",
        "people": "From no people at all.",
        "rule": RULE,
        "source": SOURCE,
        "reasons": REASONS,
        "row_group": "group" if any(c.key == "group" for c in columns) else "",
        "notes": ("A note.",),
    }
    types = {"text": pl.String, "count": pl.Int64}
    return PublishedTable(
        name=name,
        columns=columns,
        values=pl.DataFrame(values, schema={c.key: types.get(c.kind, pl.Float64) for c in columns}),
        hidden=pl.DataFrame(hidden, schema=dict.fromkeys(hidden, pl.String)),
        **(settings | changes),  # type: ignore[arg-type]
    )


def _value(cell: object, column: Column) -> object:
    return None if column.kind != "text" and isinstance(cell, str) else cell


def _reason(cell: object) -> str | None:
    return cell if isinstance(cell, str) else None


def programme(folder: Path, *, email: bool = True) -> Programme:
    return Programme(
        name="A made-up programme",
        synthetic=True,
        cohorts=[
            Cohort(id="c1", label="Cohort 1", academic_year="2023/24", start=date(2023, 9, 4), end=date(2024, 7, 19)),
            Cohort(id="c2", label="Cohort 2", academic_year="2024/25", start=date(2024, 9, 4), end=date(2025, 7, 19)),
        ],
        email=Email(
            sender="Programme team <team@example.org>",
            to=["head@example.org", "Trustee <trustee@example.org>"],
            smtp=Smtp(host="localhost", port=2525),
        )
        if email
        else None,
        folder=folder,
    )


YEARS = ("2023/24", "2024/25", "2025/26")


def outcomes() -> PublishedTable:
    """A multi-year table: a column group for each year, then the pooled one."""
    columns = [Column("instrument", "Instrument", "text"), Column("measure", "Measure", "text")]
    for year in YEARS:
        slug = "y" + year.replace("/", "_")
        columns += [
            Column(f"{slug}_n_paired", "n", "count", year),
            Column(f"{slug}_pre_mean", "Mean before", "number", year, 1),
            Column(f"{slug}_post_mean", "Mean after", "number", year, 1),
            *_change(slug, year),
        ]
    pooled = "Pooled, all cohorts"
    columns += [Column("pooled_n_cohorts", "Cohorts", "count", pooled), Column("pooled_n_paired", "n", "count", pooled)]
    columns += _change("pooled", pooled)
    hidden, none = ("FEW_SCHOOLS",) * 6, (None,) * 5
    blocks: list[tuple[tuple[object, ...], ...]] = [
        (
            ("CEAS: compassion to self", "Engagement"),
            (31, 35.1, 38.2, 3.1, 0.9, 5.3),
            (29, 34.8, 37.5, 2.7, 0.4, 5.0),
            (12, 36.0, 38.9, 2.9, -1.1, 6.9),
            (9, 72, 2.9, 1.6, 4.2),
        ),
        (
            ("CEAS: compassion to self", "Actions"),
            (31, 22.0, 24.9, 2.9, 1.3, 4.5),
            (29, 23.1, 25.0, 1.9, 0.2, 3.6),
            hidden,
            (8, 68, 2.4, 1.3, 3.5),
        ),
        (
            ("CEAS: compassion to others", "Engagement"),
            (31, 44.0, 44.6, 0.6, -0.9, 2.1),
            (29, 43.2, 43.3, 0.1, -1.5, 1.7),
            (12, 43.7, 43.0, -0.7, -3.5, 2.1),
            (9, 72, 0.2, -0.7, 1.1),
        ),
        (
            ("Brief Resilience Scale", "Mean score"),
            (30, 3.21, 3.42, 0.21, 0.03, 0.39),
            (29, 3.3, 3.44, 0.14, -0.05, 0.33),
            (12, 3.1, 3.4, 0.3, -0.1, 0.7),
            (9, 71, 0.18, 0.07, 0.29),
        ),
        (
            ("Short Warwick-Edinburgh scale", "Score"),
            (30, 21.4, 22.9, 1.5, 0.4, 2.6),
            (28, 21.9, 22.8, 0.9, -0.2, 2.0),
            hidden,
            none,
        ),
    ]
    rows = [tuple(cell for part in row for cell in part) for row in blocks]
    return table(
        "multi_year_outcomes",
        tuple(columns),
        rows,
        title="Change before to after, year by year",
        shows="Mean change from before to after among people who answered at both times.",
        people="From 72 people; invented.",
        row_group="instrument",
        notes=("A group of people changed by so many points; nothing says that the programme was the cause.",),
    )


def _change(slug: str, group: str) -> list[Column]:
    return [
        Column(f"{slug}_mean_change", "Mean change", "number", group, 2),
        Column(f"{slug}_ci_low", "from", "number", group, 2, "95 % interval"),
        Column(f"{slug}_ci_high", "to", "number", group, 2, "95 % interval"),
    ]


def flow() -> PublishedTable:
    figures = ("enrolled", "consented", "withdrawn", "pre", "post", "paired")
    labels = ("Enrolled", "Consented", "Withdrew", "Before", "After", "Paired")
    columns = (
        Column("academic_year", "Year", "text"),
        Column("cohort", "Cohort", "text"),
        *(Column(key, label, "count") for key, label in zip(figures, labels, strict=True)),
    )
    rows: list[tuple[object, ...]] = [
        ("2023/24", "Cohort A", 14, 13, 0, 13, 11, 11),
        ("2023/24", "Cohort B", 22, 22, "SMALL_COUNT", 21, 20, 20),
        ("2023/24", "All cohorts", 36, 35, "SMALL_COUNT", 34, 31, 31),
        ("2024/25", "All cohorts", 40, 36, 5, 31, 30, 29),
        ("2025/26", "All cohorts", 15, 14, "SMALL_COUNT", "SMALL_COUNT", 12, 12),
        ("All years", "All cohorts", 91, 85, 9, 78, 73, 72),
    ]
    return table(
        "response_flow",
        columns,
        rows,
        title="Who answered, and when",
        shows="How many people enrolled, agreed, and answered before and after.",
        people="From 91 people; invented.",
        row_group="academic_year",
    )


def ratings() -> PublishedTable:
    columns = [
        Column("academic_year", "Year", "text"),
        Column("cohort", "Cohort", "text"),
        Column("session_number", "Session", "count"),
        Column("attendance", "Present", "count"),
    ]
    for slug, question in (("usefulness", "Usefulness"), ("safety", "Safety in the group")):
        columns += [
            Column(f"{slug}_n", "n", "count", question),
            Column(f"{slug}_mean", "Mean", "number", question, 2),
            Column(f"{slug}_sd", "SD", "number", question, 2),
        ]
    rows: list[tuple[object, ...]] = []
    for y, year in enumerate(YEARS):
        for cohort in ("Cohort A", "All cohorts"):
            for session in range(1, 7):
                first = (12 + session, 3.4 + 0.1 * session - 0.1 * y, 0.7)
                second = ("FEW_PEOPLE",) * 3 if (y + session) % 7 == 3 else (12 + session, 3.9 - 0.1 * y, 0.8)
                rows.append((year, cohort, session, None if session == 6 else 14 + session, *first, *second))
    return table(
        "session_feedback",
        tuple(columns),
        rows,
        title="Ratings after each session",
        shows="Mean rating from 1 to 5 of each question after each session.",
        people="From 300 forms; invented.",
        row_group="academic_year",
    )


def release_tables() -> list[PublishedTable]:
    return [flow(), outcomes(), ratings(), table("data_quality", title="What became of the files")]
