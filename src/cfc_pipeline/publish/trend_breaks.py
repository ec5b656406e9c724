"""Where trends are broken: the notes under the tables of change, and the marks that their charts draw."""

from collections.abc import Iterable, Sequence

import polars as pl

from cfc_pipeline.publish.model import Break
from schemas.tables.forms import BREAKS

_DECLARED = "Years before and after do not compare; do not read a trend across it."
_NOTES = {
    (
        "form",
        "declared",
    ): "the form changed {when}, and those who run the programme decided that answers before and after "
    "do not compare. Do not read a trend across it.",
    (
        "form",
        "possible",
    ): "questions or answers were not the same {when}. Whether they compare has not been decided; read "
    "a trend across it with care.",
    ("version", "declared"): f"the version of the questionnaire changed {{when}}. {_DECLARED}",
    ("tool", "declared"): f"the survey tool changed {{when}}. {_DECLARED}",
    (
        "tool",
        "possible",
    ): "the survey tool, or the kind of file, is not the same {when}. A form may look different there; "
    "read a trend across it with care.",
    ("recruitment", "declared"): f"how people came to take part changed {{when}}. {_DECLARED}",
}


def notes(breaks: pl.DataFrame, instruments: pl.DataFrame) -> tuple[str, ...]:
    """A note on every break in the trend of these instruments; `breaks` is as trend_break. What concerns several
    instruments is said once."""
    on = ("kind", "from_year", "to_year", "state", "detail")
    found = _of(breaks, instruments).unique(["title", *on]).sort(*on, "title", nulls_last=True)
    grouped = found.group_by(*on, maintain_order=True).agg("title")
    every = instruments["title"].n_unique()
    return tuple(_note(row, every) for row in grouped.rows(named=True))


def marks(breaks: pl.DataFrame, instruments: pl.DataFrame) -> tuple[Break, ...]:
    """One mark for each instrument and pair of years, whatever changed there."""
    found = _of(breaks, instruments).sort("title", "to_year", "from_year")
    grouped = found.group_by("title", "from_year", "to_year", maintain_order=True).agg(pl.col("kind").unique())
    return tuple(
        Break(title, before, after, _listed(kind for kind in BREAKS if kind in kinds))
        for title, before, after, kinds in grouped.rows()
    )


def _of(breaks: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    return breaks.join(instruments.select("instrument", "title").unique(), on="instrument")


def _note(row: dict[str, object], every: int) -> str:
    titles: Sequence[str] = row["title"]  # type: ignore[assignment]
    names = "Every measure here" if len(titles) == every > 1 else "; ".join(titles)
    when = _when(str(row["from_year"]), str(row["to_year"]))
    said = _NOTES[str(row["kind"]), str(row["state"])].format(when=when)
    return " ".join(filter(None, [f"{names}: {said}", str(row["detail"] or "")]))


def _when(before: str, after: str) -> str:
    return f"within {before}" if before == after else f"between {before} and {after}"


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
