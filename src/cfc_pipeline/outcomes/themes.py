"""What comments are about: how many comments of a theme there are, from how many people, and how far two coders agree.

Forms after sessions are anonymous, and one person sends several. So people are counted from below: within a cohort,
those who are known, or the forms of one occasion, whichever is more. Schools likewise.
"""

import duckdb
import polars as pl

from cfc_pipeline.outcomes.agreement import kappa, kappa_interval, krippendorff
from cfc_pipeline.outcomes.levels import PERSON, in_order
from schemas.tables import polars_schema
from schemas.tables.answers import AGREED, NO_THEME
from schemas.tables.results import ThemeAgreement, ThemeCount

_AUTHORS = f"""
    SELECT comment_id, cohort_id, cohort.academic_year, response_id, response.participant_id AS known,
           concat_ws('|', survey_id, time_point, session_number) AS occasion, known.school_id, enrolled.schools
    FROM said JOIN response USING (response_id, cohort_id) JOIN cohort USING (cohort_id)
         LEFT JOIN ({PERSON}) AS known USING (participant_id, cohort_id)
         LEFT JOIN (SELECT cohort_id, count(DISTINCT school_id) AS schools FROM ({PERSON}) GROUP BY cohort_id)
              AS enrolled USING (cohort_id)
"""


def authors(con: duckdb.DuckDBPyConnection, comments: pl.DataFrame) -> pl.DataFrame:
    """Who wrote each comment, as far as that is known; from comment_id, response_id and cohort_id. Never stored."""
    con.register("said", comments.select("comment_id", "response_id", "cohort_id").to_arrow())
    rows = con.sql(_AUTHORS).pl()
    con.unregister("said")
    return rows


def settled(codes: pl.DataFrame) -> pl.DataFrame:
    """comment_id, theme of every comment that counts, from `comment_code`: what two settled on, else what both gave.

    A comment on which two coders have nothing in common has one row, without a theme.
    """
    agreed = codes.filter(pl.col("coder") == AGREED).select("comment_id", "theme")
    two = codes.filter(pl.col("coder") != AGREED).join(agreed, on="comment_id", how="anti")
    both = two.filter(pl.col("coder").n_unique().over("comment_id") == 2)
    shared = both.filter(pl.len().over("comment_id", "theme") == 2).select("comment_id", "theme").unique()
    nothing = both.select("comment_id").unique().join(shared, on="comment_id", how="anti")
    rest = nothing.with_columns(theme=pl.lit(None, pl.String))
    return pl.concat([agreed, shared, rest]).unique().sort("comment_id", "theme")


def theme_count(codes: pl.DataFrame, written: pl.DataFrame, themes: pl.DataFrame) -> pl.DataFrame:
    """Rows of `theme_count`: every theme in every year in which a comment was coded, over all years, and, without a
    theme, all comments that were coded."""
    found = settled(codes).join(written, on="comment_id", how="inner")
    everything = found.with_columns(theme=pl.lit(None, pl.String)).unique("comment_id")
    counted = pl.concat([found.filter(pl.col("theme").is_not_null()), everything])
    parts = [_counts(counted, "year"), _counts(counted, "all")]
    counts = pl.concat([part.select(parts[0].columns) for part in parts])
    names = pl.concat([themes.select("theme"), pl.DataFrame({"theme": [NO_THEME, None]}, schema={"theme": pl.String})])
    groups = counts.filter(pl.col("theme").is_null()).select("level", "academic_year").join(names, how="cross")
    rows = groups.join(counts, on=["level", "academic_year", "theme"], how="left", nulls_equal=True)
    return in_order(rows.with_columns(pl.col("n_comments", "n_people", "n_schools").fill_null(0)), ThemeCount)


def _counts(rows: pl.DataFrame, level: str) -> pl.DataFrame:
    year = pl.col("academic_year") if level == "year" else pl.lit(None, pl.String).alias("academic_year")
    unknown = pl.col("known").is_null()
    occasions = rows.group_by("theme", "academic_year", "cohort_id", "occasion").agg(
        forms=pl.col("response_id").filter(unknown).n_unique()
    )
    most = occasions.group_by("theme", "academic_year", "cohort_id").agg(pl.col("forms").max())
    people = rows.group_by("theme", "academic_year", "cohort_id").agg(
        known=pl.col("known").drop_nulls().n_unique(), schools=pl.col("schools").first().fill_null(0)
    )
    cohorts = people.join(most, on=["theme", "academic_year", "cohort_id"], nulls_equal=True).select(
        "theme",
        year,
        people=pl.max_horizontal("known", "forms"),
        from_forms=pl.min_horizontal("forms", "schools"),
    )
    by = ["theme", "academic_year"]
    least = cohorts.group_by(by).agg(n_people=pl.col("people").sum(), from_forms=pl.col("from_forms").max())
    comments = (
        rows.with_columns(year)
        .group_by(by)
        .agg(n_comments=pl.col("comment_id").n_unique(), schools=pl.col("school_id").drop_nulls().n_unique())
    )
    found = comments.join(least, on=by, nulls_equal=True)
    schools = pl.max_horizontal("schools", "from_forms")
    return found.select(pl.lit(level).alias("level"), *by, "n_comments", "n_people", n_schools=schools).cast(
        {"n_comments": pl.Int64, "n_people": pl.Int64, "n_schools": pl.Int64}
    )


def theme_agreement(codes: pl.DataFrame, themes: pl.DataFrame) -> pl.DataFrame:
    """Rows of `theme_agreement`, from what each of the two gave before they settled anything.

    For one theme, each comment is a yes or a no of each coder. Over all themes alpha takes the whole set of themes that
    a coder gave to a comment for one category: two sets that overlap count as different.
    """
    two = codes.filter(pl.col("coder") != AGREED)
    sets = two.group_by("comment_id", "coder").agg(pl.col("theme").unique().sort())
    pairs = sets.filter(pl.len().over("comment_id") == 2).sort("comment_id", "coder")
    given = [list(part["theme"].to_list()) for _, part in pairs.group_by("comment_id", maintain_order=True)]
    rows: list[tuple[object, ...]] = []
    if given:
        rows += [_agreement(theme, given) for theme in (*themes["theme"], NO_THEME)]
        rows.append(
            (None, len(given), None, None, None, krippendorff([[" ".join(one) for one in pair] for pair in given]))
        )
    table = pl.DataFrame(rows, schema=polars_schema(ThemeAgreement), orient="row")
    return in_order(table.with_columns(pl.col(pl.Float64).fill_nan(None)), ThemeAgreement)


def _agreement(theme: str, given: list[list[list[str]]]) -> tuple[str, int, float, float, float, float]:
    answers = [["yes" if theme in one else "no" for one in pair] for pair in given]
    first, second = ([pair[i] for pair in answers] for i in (0, 1))
    return (theme, len(given), kappa(first, second), *kappa_interval(first, second), krippendorff(answers))
