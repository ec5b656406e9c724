"""Answers that come as lists in lists: a response's pages, the questions on each, the answers to each. Put in columns.

Keys of columns begin with the question's id; what can be ticked has a column for each option, `question_option`.
"""

from collections.abc import Container, Iterable, Sequence

import polars as pl

from cfc_pipeline.sources.raw import NOT_TICKED, RawColumn

_OPTION = {"id": pl.String, "key": pl.String}


def pages_with(fields: Iterable[str]) -> pl.List:
    """What `pages` of a response is read as, for answers with these fields."""
    answers = pl.List(pl.Struct(dict.fromkeys(fields, pl.String)))
    return pl.List(pl.Struct({"questions": pl.List(pl.Struct({"id": pl.String, "answers": answers}))}))


def questions(found: pl.DataFrame) -> pl.DataFrame:
    """Each question of each response: `index` (the response's), `id`, `answers`."""
    shown = each(found.with_row_index().select("index", "pages"), "pages", "questions")
    return each(shown, "questions", "id", "answers")


def each(rows: pl.DataFrame, field: str, *needed: str) -> pl.DataFrame:
    """A row for each thing in the lists of a column, with the thing's own fields beside the row's others."""
    return whole(rows.filter(pl.col(field).list.len() > 0).explode(field).unnest(field), *needed)


def whole(rows: pl.DataFrame, *needed: str) -> pl.DataFrame:
    """ValueError when a row lacks something that it must have, so that nobody's answers are taken for no answers."""
    if any(rows[name].null_count() for name in needed):
        raise ValueError("something is missing that must be there")
    return rows


def labels(form: Sequence[RawColumn]) -> dict[str, str]:
    """`question_choice`: the choice's label."""
    return {f"{c.key.split('_')[0]}_{choice.id}": choice.label for c in form for choice in c.choices}


def options(form: Sequence[RawColumn]) -> pl.DataFrame:
    """The options that can be ticked: `id` (the question's), `key`."""
    keys = [c.key for c in form if len(c.choices) == 1 and c.key.partition("_")[2] == c.choices[0].id]
    return pl.DataFrame({"id": [key.partition("_")[0] for key in keys], "key": keys}, schema=_OPTION)


def not_ticked(asked: pl.DataFrame, form: Sequence[RawColumn]) -> pl.DataFrame:
    """As `wide` wants it, for all options of these questions: what was ticked comes after it."""
    return asked.join(options(form), on="id").select("index", "key", pl.lit(NOT_TICKED).alias("said"))


def wide(
    told: pl.DataFrame, said: Iterable[pl.DataFrame], form: Sequence[RawColumn], wanted: Container[str]
) -> pl.DataFrame:
    """`told`, one row a response in their order, and a column for each key that is wanted and was answered by anybody.
    `said` has `index`, `key` and `said`; of several to one key the last counts."""
    keys = [column.key for column in form if column.key in wanted]
    here = pl.concat(said).filter(pl.col("key").is_in(keys))
    cells = here.pivot("key", index="index", values="said", aggregate_function="last")
    return told.with_row_index().join(cells, on="index", how="left")
