"""The tables of comments: what they are about, and the approved ones in people's words."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cfc_pipeline.disclosure.protected import Protected
from cfc_pipeline.publish import words
from cfc_pipeline.publish.layout import About, slug
from cfc_pipeline.publish.model import ALL_YEARS, Column, PublishedTable
from schemas.tables import label
from schemas.tables.answers import NO_THEME, Theme
from schemas.tables.results import ThemeAgreement, ThemeCount

THEME = Column("theme", label(Theme, "label"), "text")
AGREEMENT = "Agreement of two coders"
EVERY = "All comments that were coded"
OTHER = "Other comments"
NO_THEME_LABEL = "No theme of the codebook"


@dataclass(frozen=True)
class Themes:
    """The codebook (as `theme`), and the two tables after disclosure control."""

    book: pl.DataFrame
    counts: Protected
    agreement: Protected

    @property
    def labels(self) -> dict[str | None, str]:
        """Of everything that has a row, in the order of the table."""
        known: dict[str | None, str] = dict(self.book.sort("position").select("theme", "label").iter_rows())
        return known | {NO_THEME: NO_THEME_LABEL, None: EVERY}

    @property
    def shown(self) -> dict[str, str]:
        """Labels of the themes whose count over all years is shown. Quotes stand under these only: how many quotes
        there are under a theme is a count as well."""
        rows = self.counts.values.filter(pl.col("level") == "all", pl.col("n_comments").is_not_null())
        return {t: text for t, text in self.labels.items() if t and t != NO_THEME and t in set(rows["theme"])}


def comment_themes(themes: Themes, about: About) -> PublishedTable:
    """Rows: the themes, comments without one, and all that were coded. Columns: years, all years, agreement."""
    order = pl.DataFrame({"theme": list(themes.labels)}, schema={"theme": pl.String})
    years = sorted(set(themes.counts.values["academic_year"].drop_nulls()))
    blocks = [(slug(year), year, pl.col("academic_year") == year) for year in years]
    blocks.append(("all", ALL_YEARS, pl.col("level") == "all"))
    values, hidden = order, order
    columns = [THEME]
    for key, group, which in blocks if themes.counts.values.height else ():
        column = Column(f"{key}_n_comments", label(ThemeCount, "n_comments"), "count", group)
        values, hidden = (
            _beside(left, rows.select(which=which), part, {"n_comments": column.key})
            for left, part, rows in (
                (values, themes.counts.values, themes.counts.values),
                (hidden, _why(themes.counts), themes.counts.values),
            )
        )
        columns.append(column)
    figures = _agreement_columns()
    names = {column.key: column.key for column in figures}
    everything = themes.agreement.values.select(which=pl.lit(True))
    values = _beside(values, everything, themes.agreement.values, names)
    hidden = _beside(hidden, everything, _why(themes.agreement), names)
    named = values.with_columns(theme=pl.Series([themes.labels[theme] for theme in values["theme"]], dtype=pl.String))
    return about.table(
        themes.counts,
        (*columns, *figures),
        (named if themes.counts.values.height else named.clear(), hidden),
        (*words.THEMES, *_definitions(themes.book)),
        name="comment_themes",
        title="What comments are about",
        shows="How many comments are of each theme of the programme's codebook. One comment may have several.",
        people="From comments that two people sorted; how many is in the row All comments that were coded.",
    )


def _agreement_columns() -> list[Column]:
    interval = "95 % interval of kappa"
    return [
        Column("n_both", label(ThemeAgreement, "n_both"), "count", AGREEMENT),
        Column("kappa", label(ThemeAgreement, "kappa"), "number", AGREEMENT, 2),
        Column("kappa_low", label(ThemeAgreement, "kappa_low"), "number", AGREEMENT, 2, interval),
        Column("kappa_high", label(ThemeAgreement, "kappa_high"), "number", AGREEMENT, 2, interval),
        Column("alpha", label(ThemeAgreement, "alpha"), "number", AGREEMENT, 2),
    ]


def _why(rows: Protected) -> pl.DataFrame:
    """The reasons, with the columns that are not figures."""
    return rows.values.drop(rows.hidden.columns).hstack(rows.hidden)


def _beside(left: pl.DataFrame, which: pl.DataFrame, rows: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    part = rows.filter(which["which"]).select("theme", *(pl.col(old).alias(new) for old, new in names.items()))
    return left.join(part, on="theme", how="left", maintain_order="left", nulls_equal=True)


def _definitions(book: pl.DataFrame) -> Sequence[str]:
    return [f"{name}: {text}" for name, text in book.sort("position").select("label", "definition").rows() if text]


def approved_comments(
    comments: pl.DataFrame, codes: pl.DataFrame, shown: dict[str, str], about: About
) -> PublishedTable:
    """Rows: what people wrote, theme by theme and question by question. Only what a person has read and approved;
    without cohort, year or role, because together with a quote they would say who wrote it. Sorted by text, which says
    nothing either. `codes` are comment_id and theme, `shown` the labels of themes that quotes may stand under."""
    approved = comments.filter(pl.col("state") == "approved")
    rows = approved.join(codes, on="comment_id", how="left")
    rows = rows.with_columns(theme=pl.col("theme").replace_strict(shown, default=OTHER, return_dtype=pl.String))
    # A quote of a theme that may be named stands there, and not among the others as well.
    named = (pl.col("theme") != OTHER).any().over("comment_id")
    rows = rows.filter((pl.col("theme") != OTHER) | ~named).select("theme", "question", "text").unique()
    place = {theme: i for i, theme in enumerate([*shown.values(), OTHER])}
    rows = rows.sort(pl.col("theme").replace_strict(place, return_dtype=pl.Int64), "question", "text")
    by = "theme and question" if shown else "question"
    columns = (Column("question", "Question", "text"), Column("text", "Comment", "text"))
    return PublishedTable(
        name="approved_comments",
        title="In people's words",
        shows=f"Comments that a person has read and approved for publication, by {by}.",
        people=f"{approved.unique(['question', 'text']).height} of {comments.height} comments.",
        rule="Names, schools and contact details were replaced by words in brackets before anyone read the comments.",
        source=about.source,
        columns=(THEME, *columns) if shown else columns,
        values=rows if shown else rows.drop("theme"),
        hidden=pl.DataFrame(),
        row_group="theme" if shown else "",
        notes=("Chosen by people, not counted: they say what was said, not how often.", *about.notes),
    )
