"""REDCap: CSV of a project's records, headed by variable names or by labels.

One row is a record, or in longitudinal and repeating projects a record's event, instrument and instance: all of them
together name a response, because the record alone is the person. A row is blank wherever a form does not belong to it;
intake excludes rows in which a survey's questions are all blank. Every form has a status and, when it is a survey, a
time stamp that reads `[not completed]` until it is sent in. Several forms can share a row: it counts as finished when
every form that has an answer in it is. Times are the server's clock. The same project's raw and labelled files name
their events differently, so keep to one of them: its duplicates would only be found by person and time point.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from cfc_pipeline.sources.columns import Field, one_row_fields, raw_table, refuse_unknown_words, system, tidy
from cfc_pipeline.sources.forms import form
from cfc_pipeline.sources.grid import Grid
from cfc_pipeline.sources.raw import RECORD, RawTable

_PLACES = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
_NOT_COMPLETED = "[not completed]"


def recognises(grid: Grid) -> bool:
    """A column that only this tool writes, or a record's id with a form's status."""
    headings = [tidy(heading) for heading in grid.header(0)]
    if any(heading.startswith("redcap_") for heading in headings):
        return True
    found = [form("redcap").find(heading) for heading in headings]
    states = [column for column in found[1:] if column and column.treatment == "complete"]
    return bool(found[0] and found[0].treatment == "record_id" and states)


def read(grid: Grid) -> RawTable:
    known = form("redcap")
    fields = _with_record(one_row_fields(grid, known))
    stamps = [field.column.key for field in fields if field.treatment == "submitted"]
    states = [field.column.key for field in fields if field.treatment == "complete"]
    sent = [pl.when(pl.col(key).str.to_lowercase() != _NOT_COMPLETED).then(pl.col(key)).alias(key) for key in stamps]
    table = raw_table(
        grid,
        known,
        _layout(fields),
        1,
        fields,
        submitted=pl.max_horizontal(sent) if sent else None,
        complete=_finished(fields, known.finished.yes),
    )
    if states:
        refuse_unknown_words(table.rows, [(key, known.finished) for key in states], grid.name)
    return replace(table, rows=table.rows.with_columns(_record(fields), *sent))


def _with_record(fields: list[Field]) -> list[Field]:
    """The first column is the record's id, whatever the project calls it."""
    first, *others = fields
    known = form("redcap").find("record_id")
    if first.treatment or known is None:
        return fields
    return [system(known, first.column.key, first.column.text), *others]


def _placed(fields: Sequence[Field]) -> dict[str, str]:
    """Key of each column that places a row within its record."""
    named = {field.column.key: form("redcap").find(field.column.text) for field in fields if field.treatment}
    return {known.name: key for key, known in named.items() if known and known.name in _PLACES}


def _layout(fields: Sequence[Field]) -> str:
    placed = _placed(fields)
    kinds = ["events"] * (_PLACES[0] in placed) + ["repeats"] * (_PLACES[2] in placed)
    raw = any(field.column.key.startswith("redcap_") or field.column.key.endswith("_complete") for field in fields)
    return f"{'variable names' if raw else 'labels'} as headings, {' and '.join(kinds) or 'one row a record'}"


def _record(fields: Sequence[Field]) -> pl.Expr:
    """The record's id alone in a classic project, else with its place after it."""
    placed = [pl.col(key).fill_null("") for key in _placed(fields).values()]
    return pl.concat_str([pl.col(RECORD), *placed], separator="|")


def _finished(fields: Sequence[Field], yes: frozenset[str]) -> pl.Expr:
    """No form with an answer in the row has another status than complete. A form's status comes after its questions."""
    done = [
        pl.all_horizontal(pl.col(asked).is_null())
        | pl.col(state).str.to_lowercase().is_in(sorted(yes)).fill_null(False)
        for state, asked in _forms(fields)
        if asked
    ]
    return pl.all_horizontal(done) if done else pl.lit(True)


def _forms(fields: Sequence[Field]) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    for field in fields:
        if field.treatment == "complete":
            yield field.column.key, asked
            asked = []
        elif (
            field.treatment is None and "___" not in field.column.key
        ):  # a box that nobody saw is 0, like an unticked one
            asked.append(field.column.key)
